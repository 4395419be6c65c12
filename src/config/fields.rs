//! `[crm.fields]`: the CRM's own names of the fields that a call's data go into.

use std::collections::BTreeMap;

use crate::base::problem::Placed;
use crate::config::{section::Section, tree::shortened};
use crate::model::call::Call;

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// `utm_source`
    UtmSource,
    /// `utm_medium`
    UtmMedium,
    /// `utm_campaign`
    UtmCampaign,
    /// `utm_term`
    UtmTerm,
    /// `utm_content`
    UtmContent,
    /// The client's id at the site's counter.
    ClientId,
    /// The telephone system's id of the call.
    CallId,
    /// How the call ended, in the telephone system's word.
    CallStatus,
    /// The recording's link.
    Recording,
    /// Our own mark of what we made, by which it is found again after an answer that was lost.
    Mark,
}

impl Meaning {
    /// Every meaning.
    pub const ALL: [Self; 10] = [
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
        Self::UtmTerm,
        Self::UtmContent,
        Self::ClientId,
        Self::CallId,
        Self::CallStatus,
        Self::Recording,
        Self::Mark,
    ];

    /// The UTM marks, which are written only while all of them are empty (row `pd-utm`).
    pub const UTM: [Self; 5] = [Self::UtmSource, Self::UtmMedium, Self::UtmCampaign, Self::UtmTerm, Self::UtmContent];

    /// What is known of where a client came from: written together with the UTM marks.
    pub const ORIGIN: [Self; 6] =
        [Self::UtmSource, Self::UtmMedium, Self::UtmCampaign, Self::UtmTerm, Self::UtmContent, Self::ClientId];

    /// What a call says for this field; `None` where it says nothing, and for the mark, which is of a step.
    #[must_use]
    pub fn told_by(self, call: &Call) -> Option<&str> {
        let told = match self {
            Self::UtmSource => &call.utm.source,
            Self::UtmMedium => &call.utm.medium,
            Self::UtmCampaign => &call.utm.campaign,
            Self::UtmTerm => &call.utm.term,
            Self::UtmContent => &call.utm.content,
            Self::ClientId => &call.client_id,
            Self::CallId => &call.id,
            Self::CallStatus => &call.status,
            Self::Recording => &call.recording,
            Self::Mark => return None,
        };
        told.as_deref().filter(|told| !told.is_empty())
    }

    /// The key of `[crm.fields]`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::UtmSource => "utm_source",
            Self::UtmMedium => "utm_medium",
            Self::UtmCampaign => "utm_campaign",
            Self::UtmTerm => "utm_term",
            Self::UtmContent => "utm_content",
            Self::ClientId => "client_id",
            Self::CallId => "call_id",
            Self::CallStatus => "call_status",
            Self::Recording => "recording",
            Self::Mark => "mark",
        }
    }
}

/// What can be written and may name fields of its own.
pub const FIELD_OWNERS: [&str; 7] = ["lead", "contact", "organization", "deal", "ticket", "task", "call"];

/// `[crm.fields]` but for `phone`: what is not named is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldNames {
    /// By whose field it is (`""` = of all) and what it is for.
    named: BTreeMap<(&'static str, Meaning), Placed<String>>,
    /// Fields that forms may be put into, each with whose it is (`""` = of all).
    custom: Vec<(&'static str, Placed<String>)>,
}

impl FieldNames {
    /// The CRM's name of the field of `owner` (one of [`FIELD_OWNERS`]) for that: its own, else the one for all.
    #[must_use]
    pub fn of(&self, owner: &str, meaning: Meaning) -> Option<&str> {
        self.placed(owner, meaning).map(|placed| placed.value.as_str())
    }

    /// The same, and where it stands.
    #[must_use]
    pub fn placed(&self, owner: &str, meaning: Meaning) -> Option<&Placed<String>> {
        let own =
            FIELD_OWNERS.into_iter().find(|known| *known == owner).and_then(|owner| self.named.get(&(owner, meaning)));
        own.or_else(|| self.named.get(&("", meaning)))
    }

    /// Fields of `owner` that an account has made itself, and that forms are put into: `custom`.
    pub fn customs(&self, owner: &str) -> impl Iterator<Item = &Placed<String>> {
        self.custom.iter().filter(move |(of, _)| of.is_empty() || *of == owner).map(|(_, name)| name)
    }

    /// One more of these.
    pub fn add_custom(&mut self, owner: &str, name: Placed<String>) {
        if let Some(owner) = FIELD_OWNERS.into_iter().find(|known| *known == owner) {
            self.custom.push((owner, name));
        }
    }

    /// Every name as it was given: whose it is (`None` = of all), what for, the name and its row.
    pub fn given(&self) -> impl Iterator<Item = (Option<&'static str>, Meaning, &Placed<String>)> {
        self.named.iter().map(|((owner, meaning), name)| ((!owner.is_empty()).then_some(*owner), *meaning, name))
    }

    /// These names and one more; for tests and demonstrations.
    #[must_use]
    pub fn with(mut self, owner: Option<&'static str>, meaning: Meaning, name: &str) -> Self {
        self.named.insert((owner.unwrap_or(""), meaning), Placed::new(name.to_owned(), 0));
        self
    }

    pub(super) fn without_rows(&self) -> Self {
        let moved =
            |(key, name): (&(&'static str, Meaning), &Placed<String>)| (*key, Placed::new(name.value.clone(), 0));
        let custom = self.custom.iter().map(|(of, name)| (*of, Placed::new(name.value.clone(), 0))).collect();
        Self { named: self.named.iter().map(moved).collect(), custom }
    }
}

/// Reads what `[crm.fields]` says besides `phone`.
pub(super) fn read(fields: &Section<'_>) -> FieldNames {
    let mut names = FieldNames::default();
    read_one(fields, "", &mut names);
    for owner in FIELD_OWNERS {
        if let Some(own) = fields.section(owner, "crm.fields.entity") {
            read_one(&own, owner, &mut names);
            own.finish();
        }
    }
    names
}

fn read_one(section: &Section<'_>, owner: &'static str, names: &mut FieldNames) {
    let custom = section.texts("custom").unwrap_or_default();
    names.custom.extend(custom.into_iter().map(|name| (owner, Placed::new(name.value.trim().to_owned(), name.row))));
    for meaning in Meaning::ALL {
        let Some(name) = section.text(meaning.key()) else { continue };
        let trimmed = name.value.trim();
        if trimmed.is_empty() || trimmed.chars().any(char::is_control) {
            section.wrong(meaning.key(), "a field's name", format_args!("`{}`", shortened(&name.value)));
            continue;
        }
        names.named.insert((owner, meaning), Placed::new(trimmed.to_owned(), name.row));
    }
}
