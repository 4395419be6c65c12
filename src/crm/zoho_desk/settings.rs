//! The `[crm]` section of a project on Zoho Desk.

use std::sync::{Arc, OnceLock};

use url::Url;

use crate::base::problem::{Placed, Problem};
use crate::config::{CrmSection, FIELD_OWNERS, FieldNames};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Budget, Limits};
use crate::crm::section;
use crate::crm::token::{ClientProof, Grant, Tokens};
use crate::crm::writer::Writer;
use crate::crm::zoho_desk::{hooks::DeskHooks, path, portal::Portal, read::Desk, write::DeskWriter};
use crate::crm::{Prepared, Reader, Tools};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::Hosts;

/// A day's credits and the requests at once of the smallest edition, which is free.
const SMALLEST_DAY: u64 = 5_000;
const SMALLEST_AT_ONCE: u32 = 5;
/// A portal's id has about eleven digits.
const LONGEST_ORG: usize = 18;
/// A last name's letters, as far as is known of every edition.
const LONGEST_NAME: usize = 80;

/// A checked section.
#[derive(Debug)]
struct Settings {
    base: Url,
    org_id: String,
    /// Below which the portal's own pages are.
    cards: Option<Url>,
    grant: Grant,
    phone_fields: Vec<String>,
    fields: FieldNames,
    contact_name: Option<String>,
    limits: Limits,
    /// One for the reader, the writer and the webhooks: the vendor hands out ten in ten minutes to all who use a refresh token.
    tokens: OnceLock<Arc<Tokens>>,
}

/// Checks a section without network, files or waiting.
///
/// # Errors
/// Every problem, each with its row.
pub(super) fn prepare(section: &CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>> {
    let mut problems = Vec::new();
    let places = data_center(section, &mut problems);
    let base = base_url(section, places, &mut problems);
    let grant = grant(section, places, &mut problems);
    let org_id = org_id(section, &mut problems);
    let cards = section::card_base(section, &mut problems);
    let phone_fields = phone_fields(section, &mut problems);
    let fields = call_fields(section, &mut problems);
    let contact_name = contact_name(section, &mut problems);
    let used = ["base_url", "auth_url", "client_id", "client_secret", "refresh_token", "data_center", "org_id"];
    section::nothing_else(section, &used, &mut problems);
    match (base, grant, org_id) {
        (Some(base), Some(grant), Some(org_id)) if problems.is_empty() => {
            let (limits, tokens) = (limits(section), OnceLock::new());
            Ok(Arc::new(Settings { base, org_id, cards, grant, phone_fields, fields, contact_name, limits, tokens }))
        }
        _ => Err(problems),
    }
}

impl Prepared for Settings {
    /// Credits belong to the portal, at its data centre.
    fn account(&self) -> String {
        format!("{} {}", self.base.origin().ascii_serialization(), self.org_id)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn reader(&self, tools: Tools) -> Arc<dyn Reader> {
        Arc::new(Desk::new(self.portal(tools), self.phone_fields.clone()))
    }

    fn writer(&self, tools: Tools) -> Option<Arc<dyn Writer>> {
        let desk = Desk::new(self.portal(tools), self.phone_fields.clone());
        Some(Arc::new(DeskWriter::new(desk, self.fields.clone(), self.contact_name.clone())))
    }

    fn hooks(&self, tools: Tools, target: HookTarget) -> Option<Arc<dyn Hooks>> {
        Some(Arc::new(DeskHooks::new(self.portal(tools), target)))
    }

    /// `None` without `crm.card_base_url`: addresses hold the portal's name, and nothing that is configured besides tells it.
    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        path::card(self.cards.as_ref()?, kind, id).map(String::from)
    }
}

impl Settings {
    fn portal(&self, tools: Tools) -> Portal {
        let hosts = Hosts::default().with_origin_of(&self.base).with_origin_of(&self.grant.url);
        let outbound = tools.outbound.limited_to(hosts);
        let tokens = self.tokens.get_or_init(|| tools.tokens.of(&outbound, &self.grant));
        Portal::new(self.base.clone(), self.org_id.clone(), Arc::clone(tokens), Tools { outbound, ..tools })
    }
}

fn limits(section: &CrmSection) -> Limits {
    let smallest = Limits {
        daily: Some(Budget::utc_day(section.quota.daily.unwrap_or(SMALLEST_DAY))),
        in_flight: Some(SMALLEST_AT_ONCE),
        ..Limits::shared_as(&section.quota)
    };
    smallest.as_configured(&section.quota)
}

/// The hosts of the data centre; none where both addresses are named.
fn data_center(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<&'static path::DataCenter> {
    let words = || path::DATA_CENTERS.iter().map(|center| center.word).collect::<Vec<_>>().join(", ");
    let Some(placed) = &section.data_center else {
        if section.base_url.is_none() || section.auth_url.is_none() {
            let reason = format!("crm.data_center: expected one of {}, found none", words());
            problems.push(Problem::new(&section.file, section.row, reason));
        }
        return None;
    };
    let found = path::DATA_CENTERS.iter().find(|center| center.word == placed.value.trim());
    if found.is_none() {
        let told: String = placed.value.chars().take(20).collect();
        let reason = format!("crm.data_center: expected one of {}, found {told:?}", words());
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
    found
}

fn base_url(
    section: &CrmSection,
    places: Option<&'static path::DataCenter>,
    problems: &mut Vec<Problem>,
) -> Option<Url> {
    match &section.base_url {
        Some(placed) => section::origin("crm.base_url", placed, section, problems),
        None => Url::parse(&format!("https://{}", places?.desk)).ok(),
    }
}

fn grant(
    section: &CrmSection,
    places: Option<&'static path::DataCenter>,
    problems: &mut Vec<Problem>,
) -> Option<Grant> {
    let row = section::oauth_row(section).unwrap_or(section.row);
    let vendor = places.map(|center| format!("https://{}{}", center.accounts, path::TOKEN_PATH)).unwrap_or_default();
    let url = section::token_url(section, &vendor, path::TOKEN_PATH, problems);
    // Told whatever the address is, so that all of a section is told at once.
    let placeholder = Url::parse("https://accounts.zoho.com").ok()?;
    let (place, known) = url.map_or((placeholder, false), |url| (url, true));
    section::refreshed(section, row, ClientProof::Form, place, problems).filter(|_| known)
}

/// # Source
/// A portal's id is a number; what is none is answered with a 500 that says nothing.
fn org_id(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    let problem = |row: usize, found: &str| {
        let expected = "the portal's number (Zoho Desk: Setup, Developer Space, API), not that of Zoho CRM";
        Problem::new(&section.file, row, format!("crm.org_id: expected {expected}, found {found}"))
    };
    let Some(Placed { value, row }) = &section.org_id else {
        problems.push(problem(section.row, "none"));
        return None;
    };
    let text = value.trim();
    let number = !text.is_empty() && text.len() <= LONGEST_ORG && text.bytes().all(|byte| byte.is_ascii_digit());
    if !number {
        let told: String = text.chars().take(30).collect();
        problems.push(problem(*row, &format!("{told:?}")));
    }
    number.then(|| text.to_owned())
}

/// # Source
/// The API's names of custom fields begin with `cf_`.
fn phone_fields(section: &CrmSection, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for placed in &section.phone_fields {
        let name = placed.value.trim();
        if is_custom(name) {
            names.push(name.to_owned());
        } else {
            let found: String = name.chars().take(60).collect();
            let reason =
                format!("crm.fields.phone: expected a field's API name, say \"cf_second_phone\", found {found:?}");
            problems.push(Problem::new(&section.file, placed.row, reason));
        }
    }
    names
}

pub(super) fn is_custom(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.len() > 3 && name.len() <= 100 && name.starts_with("cf_") && name.bytes().all(word)
}

/// The fields that a call's data go into: custom ones, each for one thing, of what this CRM has.
fn call_fields(section: &CrmSection, problems: &mut Vec<Problem>) -> FieldNames {
    let mut seen: Vec<(Option<&str>, &str)> = Vec::new();
    for (owner, meaning, name) in section.fields.given() {
        let key = owner.map_or_else(|| meaning.key().to_owned(), |owner| format!("{owner}.{}", meaning.key()));
        let mut refuse = |reason: String| {
            problems.push(Problem::new(&section.file, name.row, format!("crm.fields.{key}: {reason}")));
        };
        if owner.is_some_and(|owner| ["lead", "deal"].contains(&owner)) {
            refuse("expected a field of what Zoho Desk has: contact, organization, ticket, task, call".to_owned());
        } else if !is_custom(&name.value) {
            let found: String = name.value.chars().take(60).collect();
            refuse(format!("expected a custom field's API name, say \"cf_utm_source\", found {found:?}"));
        } else if seen.contains(&(owner, &name.value)) {
            refuse(format!(
                "expected a field of its own, found {}, which is named for something else, too",
                name.value
            ));
        }
        seen.push((owner, &name.value));
    }
    check_customs(section, problems);
    section.fields.clone()
}

/// The same of fields that forms are put into.
fn check_customs(section: &CrmSection, problems: &mut Vec<Problem>) {
    let of_all: Vec<&Placed<String>> = section.fields.customs("").collect();
    let of_all_too = |name: &&Placed<String>| of_all.iter().any(|of_all| std::ptr::eq(*of_all, *name));
    let own = FIELD_OWNERS.into_iter().flat_map(|owner| {
        let own = section.fields.customs(owner).filter(|name| !of_all_too(name));
        own.map(move |name| (format!("crm.fields.{owner}.custom"), owner, name))
    });
    for (key, owner, name) in of_all.iter().map(|name| ("crm.fields.custom".to_owned(), "", *name)).chain(own) {
        let reason = if ["lead", "deal", "task", "call"].contains(&owner) {
            format!("{key}: expected a field of what a form is written into here: contact, organization, ticket")
        } else if !is_custom(&name.value) {
            let found: String = name.value.chars().take(60).collect();
            format!("{key}: expected a custom field's API name, say \"cf_colour\", found {found:?}")
        } else {
            continue;
        };
        problems.push(Problem::new(&section.file, name.row, reason));
    }
}

fn contact_name(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    let placed = section.contact_name.as_ref()?;
    let name = placed.value.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let reason = format!("crm.contact_name: expected a name of at most {LONGEST_NAME} letters, found another");
        problems.push(Problem::new(&section.file, placed.row, reason));
        return None;
    }
    Some(name.to_owned())
}
