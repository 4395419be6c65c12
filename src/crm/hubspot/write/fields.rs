//! The properties that `[crm.fields]` names: whether they are there, and making them.

use serde_json::json;

use crate::config::{FIELD_OWNERS, Meaning};
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    path,
    send::{Payer, Question},
    status,
    wire::{Answer, Group, Property},
    write::{Writing, body::What},
};
use crate::crm::writer::FieldState;
use crate::model::client::Kind;

/// What tasks and calls have fields for.
const OF_ACTIVITIES: [Meaning; 4] = [Meaning::CallId, Meaning::CallStatus, Meaning::Recording, Meaning::Mark];

/// The key of `[crm.fields]` that names what forms are put into.
const CUSTOM: &str = "custom";

/// Where the vendor itself puts what the account makes.
const USUAL_GROUPS: [&str; 4] = ["contactinformation", "companyinformation", "dealinformation", "ticketinformation"];

/// What `[crm.fields]` calls an owner.
fn what(owner: &str) -> Option<What> {
    match owner {
        "task" => Some(What::Task),
        "call" => Some(What::Call),
        kind => Kind::from_word(kind).map(What::Entity),
    }
}

/// What an owner has fields for.
fn meanings(what: What) -> &'static [Meaning] {
    if matches!(what, What::Entity(_)) { &Meaning::ALL } else { &OF_ACTIVITIES }
}

impl Writing {
    /// # Cost
    /// One request for each owner that a field is named for.
    pub(super) async fn field_states(&self) -> Result<Vec<FieldState>, Failure> {
        let mut states = Vec::new();
        for owner in FIELD_OWNERS {
            let Some(what) = what(owner) else { continue };
            let mut named: Vec<(Option<Meaning>, &str)> = meanings(what)
                .iter()
                .filter_map(|&meaning| Some((Some(meaning), what.field(&self.names, meaning)?)))
                .collect();
            if matches!(what, What::Entity(_)) {
                named.extend(self.names.customs(owner).map(|name| (None, name.value.as_str())));
            }
            if named.is_empty() {
                continue;
            }
            let Some(there) = self.properties(what, &named).await? else { continue };
            states.extend(named.into_iter().map(|(meaning, name)| {
                let found = there.iter().find(|property| property.name == name);
                let trouble = found.and_then(|property| trouble(meaning, property));
                FieldState {
                    of: owner.to_owned(),
                    key: meaning.map_or(CUSTOM, Meaning::key).to_owned(),
                    name: name.to_owned(),
                    there: found.is_some(),
                    trouble,
                }
            }));
        }
        Ok(states)
    }

    /// Those that are there; `None` for leads where the account has none.
    async fn properties(
        &self,
        what: What,
        named: &[(Option<Meaning>, &str)],
    ) -> Result<Option<Vec<Property>>, Failure> {
        let sender = &self.hubspot.sender;
        let mut names: Vec<&str> = named.iter().map(|(_, name)| *name).collect();
        names.sort_unstable();
        names.dedup();
        let url = path::known_properties(&sender.base, what.object());
        let question = Question::post(url, path::known_properties_body(&names));
        let reply = sender.reply_to(Payer::WRITE, &question).await?;
        if what == What::Entity(Kind::Lead) && status::says_without(&reply) {
            return Ok(None);
        }
        status::judge_batch::<Property>(&reply).map(|answer| Some(answer.results))
    }

    /// Makes a text that is unique where it is the mark, in the kind's usual group of properties, else in its first.
    ///
    /// # Cost
    /// Two requests.
    pub(super) async fn made_field(&self, field: &FieldState) -> Result<(), Failure> {
        let sender = &self.hubspot.sender;
        let Some(what) = what(&field.of) else {
            return Err(Failure::Refused { reason: format!("expected what has fields, found {:?}", field.of) });
        };
        let question = Question::get(path::groups(&sender.base, what.object()));
        let groups: Answer<Group> = status::judge(&sender.reply_to(Payer::WRITE, &question).await?)?;
        let mut there = groups.results.iter().filter(|group| group.archived != Some(true));
        let first = there.clone().next();
        let group = there.find(|group| USUAL_GROUPS.contains(&group.name.as_str())).or(first).ok_or_else(|| {
            let reason = format!("expected a group of properties of {}, found none", what.object());
            Failure::Refused { reason }
        })?;
        let body = json!({
            "name": field.name, "label": field.name, "type": "string", "fieldType": "text", "groupName": group.name,
            "hasUniqueValue": field.key == Meaning::Mark.key(), "description": format!("predial: {}", field.key),
        });
        let question = Question::post(path::properties_of(&sender.base, what.object()), body);
        status::judge_write::<Property>(&sender.reply_to(Payer::WRITE, &question).await?).map(drop)
    }
}

/// Why a property that is there cannot be used. What a form is put into may hold anything: the vendor reads texts.
fn trouble(meaning: Option<Meaning>, property: &Property) -> Option<String> {
    if meaning == Some(Meaning::Mark) && property.unique != Some(true) {
        return Some(
            "expected a property with unique values, found one without; that cannot be changed later".to_owned(),
        );
    }
    if property.is_read_only() {
        return Some("expected a property that can be written, found one that is read only".to_owned());
    }
    let other = property.kind.as_deref().filter(|kind| meaning.is_some() && *kind != "string");
    other.map(|kind| format!("expected a property that holds text, found one of the type {kind}"))
}
