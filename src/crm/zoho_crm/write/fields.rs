//! The fields that `[crm.fields]` names: whether they are there, and making them.

use serde_json::{Value, json};

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::writer::FieldState;
use crate::crm::zoho_crm::{
    api::{Payer, Question},
    path, status,
    write::{
        Pen,
        shape::{OWNERS, Trait, nothing_of},
    },
};
use crate::outbound::Method;

/// Signs of a text that is made, and of a link.
const TEXT: usize = 255;
const LINK: usize = 450;
/// The key of the fields that forms are put into.
const CUSTOM: &str = "custom";

/// What is written of an owner: tasks and calls get no marks of campaigns, their client has them.
pub(in crate::crm::zoho_crm) fn is_written(owner: &str, meaning: Meaning) -> bool {
    !matches!(owner, "task" | "call")
        || matches!(meaning, Meaning::CallId | Meaning::CallStatus | Meaning::Recording | Meaning::Mark)
}

/// What the fields of a form go into.
pub(in crate::crm::zoho_crm) fn is_entity(owner: &str) -> bool {
    !matches!(owner, "task" | "call" | "ticket")
}

impl Pen {
    pub(super) async fn field_states(&self) -> Result<Vec<FieldState>, Failure> {
        let mut states = Vec::new();
        for (owner, _) in OWNERS {
            let named = Meaning::ALL.into_iter().filter(|&meaning| is_written(owner, meaning));
            let named: Vec<(Meaning, &str)> =
                named.filter_map(|meaning| Some((meaning, self.names.of(owner, meaning)?))).collect();
            let customs: Vec<&str> = match is_entity(owner) {
                true => self.names.customs(owner).map(|placed| placed.value.as_str()).collect(),
                false => Vec::new(),
            };
            if named.is_empty() && customs.is_empty() {
                continue;
            }
            let shape = self.shapes.fresh(&self.zoho.api, owner).await?;
            states.extend(named.into_iter().map(|(meaning, name)| {
                let field = shape.field(name);
                FieldState {
                    of: owner.to_owned(),
                    key: meaning.key().to_owned(),
                    name: name.to_owned(),
                    there: field.is_some(),
                    trouble: field.and_then(|field| trouble(field, (owner, meaning))),
                }
            }));
            states.extend(customs.into_iter().map(|name| FieldState {
                of: owner.to_owned(),
                key: CUSTOM.to_owned(),
                name: name.to_owned(),
                there: shape.field(name).is_some(),
                trouble: shape.field(name).and_then(|field| closed(&field.holds)),
            }));
        }
        Ok(states)
    }

    pub(super) async fn make_configured(&self, field: &FieldState) -> Result<(), Failure> {
        let module = OWNERS.iter().find(|(owner, _)| *owner == field.of).map(|(_, module)| *module);
        let module = module.ok_or_else(|| nothing_of(&field.of))?;
        let url = path::fields(&self.zoho.api.base, module);
        let question = Question::sending(Method::Post, url, Some(wanted(field)));
        status::written(&self.zoho.api.reply_to(Payer::WRITE, &question).await?, None)?;
        let shape = self.shapes.fresh(&self.zoho.api, &field.of).await?;
        match shape.field(&field.name) {
            Some(_) => Ok(()),
            None => Err(Failure::Refused {
                reason: format!(
                    "a field with the label {:?} was made in {module}, but the CRM gave it another API name than {}; put \
                     that into crm.fields, or rename it there",
                    label(&field.name),
                    field.name
                ),
            }),
        }
    }
}

/// Why nothing of a form goes into a field of the customer's that is there.
fn closed(holds: &str) -> Option<String> {
    const TAKEN: [&str; 15] = [
        "text",
        "textarea",
        "phone",
        "email",
        "website",
        "picklist",
        "multiselectpicklist",
        "integer",
        "bigint",
        "double",
        "currency",
        "decimal",
        "percent",
        "boolean",
        "date",
    ];
    let fits = TAKEN.contains(&holds) || holds == "datetime";
    (!fits).then(|| format!("expected a field that a form's text can go into, found one of type {holds}"))
}

/// Why a field that is there cannot be used.
fn trouble(field: &Trait, (owner, meaning): (&str, Meaning)) -> Option<String> {
    let holds = field.holds.as_str();
    let fits = match meaning {
        Meaning::Mark => holds == "text",
        Meaning::Recording => matches!(holds, "text" | "textarea" | "website"),
        _ => matches!(holds, "text" | "textarea"),
    };
    if !fits {
        return Some(format!("expected a field of text, found one of type {holds}"));
    }
    if meaning == Meaning::ClientId && holds == "textarea" && matches!(owner, "contact" | "lead") {
        return Some("expected one line, found several: it is written, but nobody can be looked for by it".to_owned());
    }
    if meaning == Meaning::Mark && !field.unique {
        return Some(
            "expected a field without duplicates, found one that allows them: lost answers are looked for, \
                     but the CRM refuses no double"
                .to_owned(),
        );
    }
    None
}

/// # Source
/// The name in the API is made of the label: blanks become underscores.
fn label(name: &str) -> String {
    name.replace('_', " ")
}

fn wanted(field: &FieldState) -> Value {
    let mark = field.key == Meaning::Mark.key();
    let mut wanted = if field.key == Meaning::Recording.key() {
        json!({"field_label": label(&field.name), "data_type": "website", "length": LINK})
    } else {
        json!({"field_label": label(&field.name), "data_type": "text", "length": TEXT})
    };
    if mark {
        wanted["unique"] = json!({"casesensitive": "false"});
    }
    json!({ "fields": [wanted] })
}
