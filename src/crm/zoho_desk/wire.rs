//! What of Zoho Desk's answers is read.
//!
//! Everything but an id may be missing or null. Ids are text, or numbers in older answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::crm::zoho_desk::path::Axis;
use crate::crm::{CrmUser, Links, Record, name_text, number_text};
use crate::model::{client::Kind, ids::CrmId};

/// A page of a list or a search; nothing at all where the answer was 204.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct List<T> {
    #[serde(default = "Vec::new", deserialize_with = "null_is_none")]
    pub(super) data: Vec<T>,
    /// How many a search found, where it says so.
    #[serde(default, deserialize_with = "count")]
    pub(super) count: Option<usize>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { data: Vec::new(), count: None }
    }
}

/// What says why an answer is none.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default, rename = "errorCode")]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<Value>,
    #[serde(default)]
    pub(super) errors: Option<Value>,
}

/// What every kind of record is read as.
pub(super) trait Wire: for<'de> Deserialize<'de> {
    /// The record; `None` where its id is none.
    fn record(self, fields: &[String]) -> Option<Record>;
    /// When it was created or changed; `None` where that is not said.
    fn second(&self, axis: Axis) -> Option<i64>;
    /// Whether it is in the trash.
    fn gone(&self) -> bool;
}

/// A contact.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    #[serde(deserialize_with = "id")]
    id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    owner_id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    account_id: Option<CrmId>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
    created_time: Option<Value>,
    modified_time: Option<Value>,
    #[serde(default, deserialize_with = "null_is_none")]
    cf: BTreeMap<String, Value>,
    is_trashed: Option<Value>,
    is_deleted: Option<Value>,
}

/// An account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    #[serde(deserialize_with = "id")]
    id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    owner_id: Option<CrmId>,
    account_name: Option<String>,
    phone: Option<String>,
    created_time: Option<Value>,
    modified_time: Option<Value>,
    #[serde(default, deserialize_with = "null_is_none")]
    cf: BTreeMap<String, Value>,
    is_trashed: Option<Value>,
    is_deleted: Option<Value>,
}

/// A ticket. A search names its account inside its contact, one ticket by itself beside it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticket {
    #[serde(deserialize_with = "id")]
    id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    assignee_id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    contact_id: Option<CrmId>,
    #[serde(default, deserialize_with = "id")]
    account_id: Option<CrmId>,
    contact: Option<TicketContact>,
    status_type: Option<String>,
    created_time: Option<Value>,
    modified_time: Option<Value>,
    is_trashed: Option<Value>,
    is_deleted: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TicketContact {
    account: Option<TicketAccount>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TicketAccount {
    #[serde(default, deserialize_with = "id")]
    id: Option<CrmId>,
}

/// An agent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent {
    #[serde(deserialize_with = "id")]
    id: Option<CrmId>,
    email_id: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
    extn: Option<String>,
    status: Option<String>,
}

/// A webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    #[serde(deserialize_with = "id")]
    pub(super) id: Option<CrmId>,
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "null_is_none")]
    pub(super) subscriptions: BTreeMap<String, Value>,
    pub(super) ignore_source_id: Option<String>,
    pub(super) is_enabled: Option<bool>,
}

impl Wire for Contact {
    fn record(self, fields: &[String]) -> Option<Record> {
        let open = !self.gone();
        let own = self.phone.into_iter().chain(self.mobile);
        Some(Record {
            kind: Kind::Contact,
            id: self.id?,
            numbers: own.filter(|text| !text.is_empty()).chain(custom(&self.cf, fields)).collect(),
            name: name_text([self.first_name.as_deref(), self.last_name.as_deref()]),
            owner: self.owner_id,
            open,
            created_s: seconds(self.created_time.as_ref()).unwrap_or(0),
            updated_s: seconds(self.modified_time.as_ref()).unwrap_or(0),
            contacts: Links::new(),
            organizations: self.account_id.into_iter().collect(),
        })
    }

    fn second(&self, axis: Axis) -> Option<i64> {
        on_axis(axis, self.created_time.as_ref(), self.modified_time.as_ref())
    }

    fn gone(&self) -> bool {
        says_yes(self.is_trashed.as_ref()) || says_yes(self.is_deleted.as_ref())
    }
}

impl Wire for Account {
    fn record(self, fields: &[String]) -> Option<Record> {
        let open = !self.gone();
        let own = self.phone.into_iter().filter(|text| !text.is_empty());
        Some(Record {
            kind: Kind::Organization,
            id: self.id?,
            numbers: own.chain(custom(&self.cf, fields)).collect(),
            name: name_text([self.account_name.as_deref()]),
            owner: self.owner_id,
            open,
            created_s: seconds(self.created_time.as_ref()).unwrap_or(0),
            updated_s: seconds(self.modified_time.as_ref()).unwrap_or(0),
            contacts: Links::new(),
            organizations: Links::new(),
        })
    }

    fn second(&self, axis: Axis) -> Option<i64> {
        on_axis(axis, self.created_time.as_ref(), self.modified_time.as_ref())
    }

    fn gone(&self) -> bool {
        says_yes(self.is_trashed.as_ref()) || says_yes(self.is_deleted.as_ref())
    }
}

impl Wire for Ticket {
    /// Open is what is not closed: *On Hold* counts, and so does a type that nobody knows yet.
    fn record(self, _: &[String]) -> Option<Record> {
        let open = !self.gone() && !self.closed();
        let account = self.contact.and_then(|contact| contact.account).and_then(|account| account.id);
        Some(Record {
            kind: Kind::Ticket,
            id: self.id?,
            numbers: Vec::new(),
            name: None,
            owner: self.assignee_id,
            open,
            created_s: seconds(self.created_time.as_ref()).unwrap_or(0),
            updated_s: seconds(self.modified_time.as_ref()).unwrap_or(0),
            contacts: self.contact_id.into_iter().collect(),
            organizations: self.account_id.or(account).into_iter().collect(),
        })
    }

    fn second(&self, axis: Axis) -> Option<i64> {
        on_axis(axis, self.created_time.as_ref(), self.modified_time.as_ref())
    }

    fn gone(&self) -> bool {
        says_yes(self.is_trashed.as_ref()) || says_yes(self.is_deleted.as_ref())
    }
}

impl Ticket {
    fn closed(&self) -> bool {
        let word = self.status_type.as_deref().unwrap_or_default().trim();
        let known = ["open", "on hold", "onhold", "closed"].iter().any(|known| word.eq_ignore_ascii_case(known));
        if !known {
            tracing::debug!(ticket = ?self.id, status_type = word, "a ticket's status is of no known type: it counts");
        }
        word.eq_ignore_ascii_case("closed")
    }
}

impl Agent {
    /// `None` where the id is none. Both numbers are told, one text holding both.
    pub(super) fn user(self) -> Option<CrmUser> {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let numbers: Vec<String> = filled(self.phone).into_iter().chain(filled(self.mobile)).collect();
        Some(CrmUser {
            id: self.id?,
            email: filled(self.email_id),
            phone: (!numbers.is_empty()).then(|| numbers.join(", ")),
            extension: filled(self.extn),
            active: self.status.is_none_or(|word| !word.eq_ignore_ascii_case("disabled")),
        })
    }
}

fn on_axis(axis: Axis, created: Option<&Value>, modified: Option<&Value>) -> Option<i64> {
    seconds(match axis {
        Axis::Created => created,
        Axis::Modified => modified,
    })
}

/// The texts of the custom fields of these names.
fn custom(cf: &BTreeMap<String, Value>, names: &[String]) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(number_text(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    names.iter().filter_map(|name| cf.get(name)).filter_map(text).collect()
}

/// A flag is `true`, or the text of it.
fn says_yes(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// # Units
/// RFC 3339, or milliseconds since 1970 as the description's examples of lists have it; to seconds, rounded down.
pub(super) fn seconds(time: Option<&Value>) -> Option<i64> {
    match time? {
        Value::String(text) => match text.parse::<i64>() {
            Ok(ms) => Some(ms.div_euclid(1_000)),
            Err(_) => text.parse::<Timestamp>().ok().map(|time| time.as_millisecond().div_euclid(1_000)),
        },
        Value::Number(ms) => ms.as_i64().map(|ms| ms.div_euclid(1_000)),
        _ => None,
    }
}

pub(super) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CrmId>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::String(text)) => CrmId::parse(&text),
        Some(Value::Number(number)) => number.as_u64().map(CrmId::Number),
        _ => None,
    })
}

fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        _ => None,
    })
}

pub(super) fn null_is_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}
