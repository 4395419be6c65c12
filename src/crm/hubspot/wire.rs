//! What of HubSpot's answers is read.
//!
//! Everything but an id may be missing or null; every property is text, whatever its type.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use smallvec::SmallVec;

use crate::crm::hubspot::path;
use crate::crm::{CrmUser, Links, Record, name_text, number_text};
use crate::model::{client::Kind, ids::CrmId};

/// A list, a search or a batch: records, where the next page begins, what did not come.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<T> {
    pub(super) results: Vec<T>,
    #[serde(default)]
    pub(super) paging: Option<Paging>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) errors: Vec<Missing>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Paging {
    next: Option<Next>,
}

#[derive(Debug, Deserialize)]
struct Next {
    after: String,
}

impl Paging {
    /// Where the next page begins.
    pub(super) fn after(self) -> Option<String> {
        self.next.map(|next| next.after)
    }
}

/// Why a part of a batch did not come.
#[derive(Debug, Deserialize)]
pub(super) struct Missing {
    pub(super) category: Option<String>,
    pub(super) message: Option<String>,
}

/// What says why an answer is no success.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    pub(super) message: Option<String>,
    pub(super) category: Option<String>,
    #[serde(rename = "correlationId")]
    pub(super) correlation_id: Option<String>,
    #[serde(rename = "policyName")]
    pub(super) policy_name: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) errors: Vec<Detail>,
}

/// More about one thing that is wrong.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Detail {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) context: Context,
}

/// What it is about.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Context {
    #[serde(rename = "propertyName", default, deserialize_with = "one_or_more")]
    pub(super) property_names: Vec<String>,
}

/// A text, or a list of which the texts count.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(one) => vec![one],
        Value::Array(more) => more.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    })
}

/// A record of any kind.
#[derive(Debug, Deserialize)]
pub(super) struct Object {
    id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    properties: BTreeMap<String, Value>,
    #[serde(rename = "createdAt")]
    created_at: Option<String>,
    #[serde(rename = "updatedAt")]
    updated_at: Option<String>,
    archived: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    associations: BTreeMap<String, Linked>,
}

/// What a record of a list belongs to, of one kind.
#[derive(Debug, Default, Deserialize)]
struct Linked {
    #[serde(default, deserialize_with = "null_is_default")]
    results: Vec<LinkedId>,
    paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
struct LinkedId {
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What one record is associated with.
#[derive(Debug, Deserialize)]
pub(super) struct Associated {
    pub(super) from: From,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) to: Vec<To>,
    pub(super) paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
pub(super) struct From {
    pub(super) id: String,
}

/// The other end of an association.
#[derive(Debug, Deserialize)]
pub(super) struct To {
    /// A number in what the vendor sends, a text in its description.
    #[serde(rename = "toObjectId")]
    id: Value,
    #[serde(rename = "associationTypes", default, deserialize_with = "null_is_default")]
    types: Vec<AssociationType>,
}

#[derive(Debug, Deserialize)]
struct AssociationType {
    #[serde(rename = "typeId")]
    type_id: Option<u32>,
}

/// A pipeline of deals or tickets.
#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) stages: Vec<Stage>,
    #[serde(rename = "displayOrder", default)]
    pub(super) order: i64,
    archived: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stage {
    pub(super) id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    metadata: StageMetadata,
    #[serde(rename = "displayOrder", default)]
    pub(super) order: i64,
    archived: Option<bool>,
    #[serde(rename = "writePermissions")]
    permissions: Option<String>,
}

/// All texts.
#[derive(Debug, Default, Deserialize)]
struct StageMetadata {
    #[serde(rename = "isClosed")]
    is_closed: Option<Value>,
    #[serde(rename = "ticketState")]
    ticket_state: Option<String>,
}

/// A property of a kind.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

/// An owner: a user, or a queue.
#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    id: String,
    email: Option<String>,
    archived: Option<bool>,
}

/// A property of a kind as it is described.
#[derive(Debug, Deserialize)]
pub(super) struct Property {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(rename = "hasUniqueValue")]
    pub(super) unique: Option<bool>,
    #[serde(rename = "modificationMetadata")]
    modification: Option<Modification>,
}

#[derive(Debug, Deserialize)]
struct Modification {
    #[serde(rename = "readOnlyValue")]
    read_only: Option<bool>,
}

/// What properties stand in.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) archived: Option<bool>,
}

/// A type of associations.
#[derive(Debug, Deserialize)]
pub(super) struct Label {
    category: Option<String>,
    #[serde(rename = "typeId")]
    pub(super) type_id: u32,
    label: Option<String>,
}

impl Property {
    /// Whether its value is the vendor's to set.
    pub(super) fn is_read_only(&self) -> bool {
        self.modification.as_ref().and_then(|told| told.read_only) == Some(true)
    }
}

impl Label {
    /// Whether every account has it.
    pub(super) fn is_vendors(&self) -> bool {
        self.category.as_deref() == Some("HUBSPOT_DEFINED")
    }

    /// Whether it is the one to the main record.
    pub(super) fn is_main(&self) -> bool {
        self.label.as_deref().is_some_and(|label| label.starts_with("Primary"))
    }

    /// Whether it says nothing but that there is an association.
    pub(super) fn is_plain(&self) -> bool {
        self.label.as_deref().is_none_or(str::is_empty)
    }
}

impl Pipeline {
    /// Whether it was put away.
    pub(super) fn is_archived(&self) -> bool {
        self.archived == Some(true)
    }
}

impl Stage {
    /// Whether something may be made in it.
    pub(super) fn takes_new_ones(&self) -> bool {
        let barred = matches!(self.permissions.as_deref(), Some("READ_ONLY" | "INTERNAL_ONLY"));
        !(barred || self.archived == Some(true) || self.is_closed())
    }

    /// Whether what is in this stage is done.
    pub(super) fn is_closed(&self) -> bool {
        let told = self.metadata.is_closed.as_ref().and_then(text);
        told.as_deref() == Some("true") || self.metadata.ticket_state.as_deref() == Some("CLOSED")
    }
}

impl Object {
    /// `None` for an id that is no number.
    pub(super) fn id(&self) -> Option<CrmId> {
        CrmId::parse(&self.id)
    }

    /// What a property holds; `None` for nothing.
    pub(super) fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).and_then(text).filter(|text| !text.is_empty())
    }

    /// When it was last changed as searches compare it, milliseconds since 1970 UTC.
    pub(super) fn modified_ms(&self, kind: Kind) -> Option<i64> {
        let told = self.property(path::modified(kind)).or_else(|| self.updated_at.clone())?;
        told.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    }

    /// When it was made, milliseconds since 1970 UTC; `None` where that is not told.
    pub(super) fn created_ms(&self) -> Option<i64> {
        self.created_at.as_deref()?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    }

    /// The pipeline and stage it is in.
    pub(super) fn stage(&self, kind: Kind) -> Option<(String, String)> {
        let (pipeline, stage) = path::stage(kind)?;
        Some((self.property(pipeline).unwrap_or_default(), self.property(stage)?))
    }

    /// What it says itself of being closed; `None` where it says nothing.
    pub(super) fn says_closed(&self, kind: Kind) -> Option<bool> {
        if self.archived == Some(true) {
            return Some(true);
        }
        match kind {
            Kind::Deal => match self.property(path::DEAL_CLOSED).as_deref() {
                Some("true") => Some(true),
                Some("false") => Some(false),
                _ => None,
            },
            Kind::Ticket => None,
            Kind::Lead | Kind::Contact | Kind::Organization => Some(false),
        }
    }

    /// What it belongs to of this kind, as a list tells it; `None` where the list tells a part only.
    pub(super) fn linked(&self, to: Kind) -> Option<Links> {
        let Some(linked) = self.associations.get(path::object(to)) else { return Some(Links::new()) };
        if linked.paging.as_ref().is_some_and(|paging| paging.next.is_some()) {
            return None;
        }
        // The main one is told twice: with and without this ending.
        let is_main = |link: &&LinkedId| link.kind.as_deref().is_some_and(|kind| !kind.ends_with("_unlabeled"));
        let (main, others): (Vec<_>, Vec<_>) = linked.results.iter().partition(is_main);
        Some(once(main.into_iter().chain(others).filter_map(|link| CrmId::parse(&link.id))))
    }

    /// The record; `None` for an id that is no number.
    pub(super) fn record(&self, kind: Kind, fields: &[String], open: bool) -> Option<Record> {
        let own = path::numbers(kind).iter().copied();
        let further = fields.iter().map(String::as_str).filter(|_| !path::numbers(kind).is_empty());
        let typed = own.chain(further).filter_map(|name| self.property(name));
        let called: Vec<_> = path::names(kind).iter().map(|name| self.property(name)).collect();
        Some(Record {
            kind,
            id: self.id()?,
            numbers: typed.map(|text| number_text(&text)).collect(),
            name: name_text(called.iter().map(Option::as_deref)),
            owner: self.property(path::OWNER).and_then(|id| CrmId::parse(&id)),
            open,
            created_s: seconds(self.created_at.as_deref()),
            updated_s: seconds(self.updated_at.as_deref()),
            contacts: Links::new(),
            organizations: Links::new(),
        })
    }
}

impl Associated {
    /// The other ends, the main one first.
    pub(super) fn others(&self) -> Links {
        /// Contact, deal and ticket to their main company.
        const MAIN: [u32; 3] = [1, 5, 26];
        let is_main = |to: &&To| to.types.iter().any(|kind| kind.type_id.is_some_and(|id| MAIN.contains(&id)));
        let (main, others): (Vec<_>, Vec<_>) = self.to.iter().partition(is_main);
        once(main.into_iter().chain(others).filter_map(|to| text(&to.id).and_then(|id| CrmId::parse(&id))))
    }
}

impl Owner {
    /// `None` for an id that is no number.
    pub(super) fn user(self) -> Option<CrmUser> {
        let id = CrmId::parse(&self.id)?;
        Some(CrmUser { id, email: self.email, phone: None, extension: None, active: self.archived != Some(true) })
    }
}

/// Each id once, in their order.
pub(super) fn once(ids: impl Iterator<Item = CrmId>) -> Links {
    let mut links: Links = SmallVec::new();
    for id in ids {
        if !links.contains(&id) {
            links.push(id);
        }
    }
    links
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// # Units
/// RFC 3339 to seconds; 0 for what is absent or none.
fn seconds(time: Option<&str>) -> i64 {
    time.and_then(|time| time.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second)
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}
