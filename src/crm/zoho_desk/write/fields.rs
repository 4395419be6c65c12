//! The custom fields that the configuration names: whether they are there, and making them.

use serde_json::json;

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::writer::FieldState;
use crate::crm::zoho_desk::{
    path,
    portal::Question,
    write::{DeskWriter, request::refused, told::Field},
};
use crate::outbound::Method;

/// What may have fields of its own here, and the vendor's word for it.
const OWNERS: [(&str, &str); 5] = [
    ("contact", "contacts"),
    ("organization", "accounts"),
    ("ticket", "tickets"),
    ("task", "tasks"),
    ("call", "calls"),
];
/// What is written into tasks and calls.
const OF_ACTIVITIES: [Meaning; 4] = [Meaning::CallId, Meaning::CallStatus, Meaning::Recording, Meaning::Mark];
/// Types that hold any text.
const TEXTS: [&str; 4] = ["Text", "Textarea", "LargeText", "URL"];
/// Types that no text can be put into.
const CLOSED: [&str; 4] = ["LookUp", "Formula", "AutoNumber", "Boolean"];
/// The length of a field that is made; the longest there is.
const LENGTH: &str = "255";
/// A mark's letters.
const MARK: u64 = 34;

impl DeskWriter {
    /// # Cost
    /// 3 credits for each kind that a field is named for.
    pub(super) async fn field_states(&self) -> Result<Vec<FieldState>, Failure> {
        let mut states = Vec::new();
        for (owner, module) in OWNERS {
            let written =
                |meaning: &Meaning| ["task", "call"].contains(&owner).then(|| OF_ACTIVITIES.contains(meaning));
            let named = Meaning::ALL.into_iter().filter(|meaning| written(meaning).unwrap_or(true));
            let named: Vec<(Meaning, &str)> =
                named.filter_map(|meaning| Some((meaning, self.names.of(owner, meaning)?))).collect();
            let customs: Vec<&str> = match ["task", "call"].contains(&owner) {
                true => Vec::new(),
                false => self.names.customs(owner).map(|placed| placed.value.as_str()).collect(),
            };
            if named.is_empty() && customs.is_empty() {
                continue;
            }
            let url = path::fields(&self.desk.portal.base, module);
            let known = self.list::<Field>(path::FIELDS.cost, url).await?.unwrap_or_default();
            states.extend(named.into_iter().map(|(meaning, name)| state(owner, meaning, name, &known)));
            states.extend(customs.into_iter().map(|name| custom(owner, name, &known)));
        }
        Ok(states)
    }

    /// # Errors
    /// [`Failure::Refused`] also where the vendor gives it another name than the configuration does: names follow from
    /// labels, and what else they follow from is nowhere said.
    pub(super) async fn make_one(&self, field: &FieldState) -> Result<(), Failure> {
        let owner = OWNERS.into_iter().find(|(owner, _)| *owner == field.of);
        let (_, module) = owner.ok_or_else(|| refused("expected a field of what Zoho Desk has, found another's"))?;
        let label = field.name.strip_prefix("cf_").unwrap_or(&field.name).replace('_', " ");
        let body = json!({"displayLabel": label, "type": "Text", "maxLength": LENGTH});
        let url = path::fields(&self.desk.portal.base, module);
        let made: Field = self.write(&Question::writing(Method::Post, path::CREATE_FIELD.cost, url, body)).await?;
        match made.api_name {
            Some(name) if name == field.name => Ok(()),
            Some(name) => Err(refused(&format!("expected a field {}, found that it was made as {name}", field.name))),
            None => Err(Failure::Unclear { reason: "expected the new field's name, found none".to_owned() }),
        }
    }
}

/// A field that forms are put into.
fn custom(owner: &str, name: &str, known: &[Field]) -> FieldState {
    let field = known.iter().find(|field| field.api_name.as_deref() == Some(name));
    let kind = field.and_then(|field| field.kind.as_deref());
    let closed = kind.filter(|kind| CLOSED.iter().any(|closed| closed.eq_ignore_ascii_case(kind)));
    FieldState {
        of: owner.to_owned(),
        key: "custom".to_owned(),
        name: name.to_owned(),
        there: field.is_some(),
        trouble: closed.map(|kind| format!("expected a field that takes a text, found one of the type {kind}")),
    }
}

fn state(owner: &str, meaning: Meaning, name: &str, known: &[Field]) -> FieldState {
    let field = known.iter().find(|field| field.api_name.as_deref() == Some(name));
    let trouble = field.and_then(|field| {
        let kind = field.kind.as_deref().unwrap_or("Text");
        if !TEXTS.contains(&kind) {
            return Some(format!("expected a text, found a field of the type {kind}"));
        }
        let short = meaning == Meaning::Mark && field.most().is_some_and(|most| most < MARK);
        short.then(|| format!("expected room for {MARK} letters, found less"))
    });
    FieldState {
        of: owner.to_owned(),
        key: meaning.key().to_owned(),
        name: name.to_owned(),
        there: field.is_some(),
        trouble,
    }
}
