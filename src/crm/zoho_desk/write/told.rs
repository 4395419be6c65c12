//! What of the answers is read when something is written: what a list tells, what one thing by itself tells.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::crm::failure::Failure;
use crate::crm::zoho_desk::wire::{id, null_is_none, seconds};
use crate::model::ids::CrmId;

/// One of a list: contacts, accounts, tickets, tasks, calls. Neither description nor custom fields are told there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::crm::zoho_desk) struct Listed {
    #[serde(deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    pub(super) contact_id: Option<CrmId>,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) status_type: Option<String>,
    pub(super) created_time: Option<Value>,
}

/// One thing by itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::crm::zoho_desk) struct Whole {
    #[serde(default, deserialize_with = "id")]
    pub(super) department_id: Option<CrmId>,
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    pub(super) cf: BTreeMap<String, Value>,
}

/// A contact, by itself or in a search: who they are. Of anything else: its custom fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::crm::zoho_desk) struct Person {
    #[serde(deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    secondary_email: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    cf: BTreeMap<String, Value>,
}

/// What may have been written into a thing since: its text, and the fields that are ours.
#[derive(Debug, Deserialize)]
pub(in crate::crm::zoho_desk) struct Text {
    description: Option<String>,
    content: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    cf: BTreeMap<String, Value>,
}

impl Text {
    /// A comment's, else the description.
    pub(super) fn text(&self) -> &str {
        self.content.as_deref().or(self.description.as_deref()).unwrap_or_default()
    }

    /// Whether all of these custom fields stand there.
    pub(super) fn has_fields(&self, fields: &Value) -> bool {
        fields.as_object().into_iter().flatten().all(|(name, value)| self.cf.get(name) == Some(value))
    }
}

/// A comment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::crm::zoho_desk) struct Comment {
    #[serde(deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
    pub(super) content: Option<String>,
}

/// What was written: its id, whatever else is told.
#[derive(Debug, Default, Deserialize)]
pub(in crate::crm::zoho_desk) struct Written {
    #[serde(default, deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
}

/// A department.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::crm::zoho_desk) struct Department {
    #[serde(deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
    pub(super) is_enabled: Option<bool>,
    pub(super) is_default: Option<bool>,
}

/// A field of a module.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::crm::zoho_desk) struct Field {
    pub(super) api_name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) max_length: Option<Value>,
}

/// A portal.
#[derive(Debug, Deserialize)]
pub(in crate::crm::zoho_desk) struct Organization {
    #[serde(deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
}

/// What may be there or gone.
#[derive(Debug, Deserialize)]
#[serde(transparent, bound = "T: Deserialize<'de>")]
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl Listed {
    /// When it was made; `None` where that is not said.
    pub(super) fn created_s(&self) -> Option<i64> {
        seconds(self.created_time.as_ref())
    }
}

impl Whole {
    /// A custom field's text; empty where there is none.
    pub(super) fn custom(&self, name: &str) -> &str {
        self.cf.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Person {
    /// # Errors
    /// [`Failure::Unclear`] for what is none.
    pub(super) fn of(there: &Value) -> Result<Self, Failure> {
        shaped(there.clone())
    }

    /// A custom field's text; empty where there is none.
    pub(super) fn custom(&self, name: &str) -> &str {
        self.cf.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The e-mails, those that are empty left out.
    pub(super) fn emails(&self) -> impl Iterator<Item = &str> {
        filled([&self.email, &self.secondary_email])
    }

    /// Whether there is any number.
    pub(super) fn has_number(&self) -> bool {
        filled([&self.phone, &self.mobile]).next().is_some()
    }

    /// The last name of somebody who has no first one.
    pub(super) fn only_name(&self) -> Option<&str> {
        let first = filled([&self.first_name, &None]).next();
        first.is_none().then(|| self.last_name.as_deref().unwrap_or_default().trim())
    }
}

fn filled(texts: [&Option<String>; 2]) -> impl Iterator<Item = &str> {
    texts.into_iter().flatten().map(String::as_str).filter(|text| !text.trim().is_empty())
}

/// A value as what it is expected to be.
///
/// # Errors
/// [`Failure::Unclear`] for another shape.
pub(super) fn shaped<T: serde::de::DeserializeOwned>(there: Value) -> Result<T, Failure> {
    serde_json::from_value(there)
        .map_err(|_| Failure::Unclear { reason: "expected one thing of the portal, found another shape".to_owned() })
}

impl Field {
    /// How long its values may be, where that is said.
    pub(super) fn most(&self) -> Option<u64> {
        match self.max_length.as_ref()? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}
