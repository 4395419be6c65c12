//! What of Pipedrive's answers is read.
//!
//! Everything but an id may be missing or null: the vendor's description types as present what is null in practice.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::crm::{CrmUser, Links, Record, name_text, number_text};
use crate::model::{client::Kind, ids::CrmId};

/// The envelope of every answer; whether it is a success is [`Refusal`]'s to say.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: Option<T>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) additional_data: Additional,
}

/// What says why an answer is no success.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) success: Option<bool>,
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(default)]
    pub(super) error_info: Option<Value>,
    #[serde(default)]
    pub(super) code: Option<Value>,
    /// Of webhooks: what is wrong, by member.
    #[serde(default)]
    pub(super) errors: Option<Value>,
}

/// Where the next page is: a cursor in v2, a position in v1.
///
/// # Source
/// v1 gives `more_items_in_collection` directly by its description and inside `pagination` by its pages; both are read.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Additional {
    #[serde(default)]
    pub(super) next_cursor: Option<String>,
    #[serde(default)]
    more_items_in_collection: Option<bool>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Debug, Default, Deserialize)]
struct Pagination {
    #[serde(default)]
    more_items_in_collection: Option<bool>,
}

impl Additional {
    /// v1: whether there are more.
    pub(super) fn more(&self) -> bool {
        let inner = self.pagination.as_ref().and_then(|pagination| pagination.more_items_in_collection);
        self.more_items_in_collection.or(inner).unwrap_or(false)
    }
}

/// v2 persons.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    id: u64,
    name: Option<String>,
    owner_id: Option<u64>,
    org_id: Option<u64>,
    add_time: Option<String>,
    update_time: Option<String>,
    is_deleted: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    phones: Vec<Phone>,
    #[serde(default, deserialize_with = "null_is_default")]
    custom_fields: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Phone {
    value: Option<String>,
}

/// v2 organizations.
#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    id: u64,
    name: Option<String>,
    owner_id: Option<u64>,
    add_time: Option<String>,
    update_time: Option<String>,
    is_deleted: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    custom_fields: BTreeMap<String, Value>,
}

/// v2 deals, archived ones too.
#[derive(Debug, Deserialize)]
pub(super) struct Deal {
    id: u64,
    owner_id: Option<u64>,
    person_id: Option<u64>,
    org_id: Option<u64>,
    add_time: Option<String>,
    update_time: Option<String>,
    status: Option<String>,
    is_archived: Option<bool>,
    is_deleted: Option<bool>,
}

/// v1 leads, archived ones too.
#[derive(Debug, Deserialize)]
pub(super) struct Lead {
    id: String,
    owner_id: Option<u64>,
    person_id: Option<u64>,
    organization_id: Option<u64>,
    add_time: Option<String>,
    update_time: Option<String>,
    is_archived: Option<bool>,
}

/// v1 users.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    id: u64,
    email: Option<String>,
    phone: Option<String>,
    active_flag: Option<bool>,
    is_deleted: Option<bool>,
}

/// v1 webhooks.
#[derive(Debug, Deserialize)]
pub(super) struct Webhook {
    pub(super) id: u64,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) subscription_url: String,
    #[serde(default, deserialize_with = "null_is_default")]
    event_action: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) event_object: String,
    version: Option<String>,
    /// 1 or 0.
    is_active: Option<Value>,
    pub(super) remove_time: Option<Value>,
    name: Option<String>,
}

impl Webhook {
    /// Whether it tells what is wanted of it. What the vendor does not say of it is taken for right: it could not be made
    /// better by making it anew.
    pub(super) fn serves(&self, action: &str, version: &str, name: &str) -> bool {
        let is = |found: &Option<String>, wanted: &str| found.as_deref().is_none_or(|found| found == wanted);
        let off = matches!(&self.is_active, Some(Value::Bool(false)))
            || self.is_active.as_ref().is_some_and(|active| active.as_i64() == Some(0));
        self.event_action == action && is(&self.version, version) && is(&self.name, name) && !off
    }
}

/// What a webhook tells; of the record itself nothing is read.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    pub(super) meta: Meta,
}

/// Of what kind and which record.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    pub(super) entity: String,
    pub(super) entity_id: Value,
    /// With the delete of a merge: into which.
    pub(super) merged_to_id: Option<Value>,
    /// With the change of a merge: which is gone.
    pub(super) merged_from_id: Option<Value>,
}

/// The answer of a search.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Found {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) items: Vec<Hit>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) related_items: Vec<Hit>,
}

/// One find: an item of any type. The ids of leads are text.
#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    item: Item,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: Value,
    #[serde(rename = "type")]
    kind: String,
    /// A person's or an organization's; deals and leads have titles.
    name: Option<String>,
    owner: Option<Named>,
    person: Option<Named>,
    organization: Option<Named>,
    status: Option<String>,
    is_archived: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    phones: Vec<Option<String>>,
    #[serde(default, deserialize_with = "null_is_default")]
    custom_fields: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: Option<u64>,
}

impl Person {
    pub(super) fn record(self, fields: &[String]) -> Record {
        let own = self.phones.into_iter().filter_map(|phone| phone.value);
        Record {
            kind: Kind::Contact,
            id: CrmId::Number(self.id),
            numbers: own.chain(fields_texts(&self.custom_fields, fields)).collect(),
            name: name_text([self.name.as_deref()]),
            owner: self.owner_id.map(CrmId::Number),
            open: self.is_deleted != Some(true),
            created_s: seconds(self.add_time.as_deref()),
            updated_s: seconds(self.update_time.as_deref()),
            contacts: Links::new(),
            organizations: self.org_id.map(CrmId::Number).into_iter().collect(),
        }
    }
}

impl Organization {
    pub(super) fn record(self, fields: &[String]) -> Record {
        Record {
            kind: Kind::Organization,
            id: CrmId::Number(self.id),
            numbers: fields_texts(&self.custom_fields, fields).collect(),
            name: name_text([self.name.as_deref()]),
            owner: self.owner_id.map(CrmId::Number),
            open: self.is_deleted != Some(true),
            created_s: seconds(self.add_time.as_deref()),
            updated_s: seconds(self.update_time.as_deref()),
            contacts: Links::new(),
            organizations: Links::new(),
        }
    }
}

impl Deal {
    pub(super) fn record(self) -> Record {
        let gone = self.is_archived == Some(true) || self.is_deleted == Some(true);
        Record {
            kind: Kind::Deal,
            id: CrmId::Number(self.id),
            numbers: Vec::new(),
            name: None,
            owner: self.owner_id.map(CrmId::Number),
            open: self.status.as_deref() == Some("open") && !gone,
            created_s: seconds(self.add_time.as_deref()),
            updated_s: seconds(self.update_time.as_deref()),
            contacts: self.person_id.map(CrmId::Number).into_iter().collect(),
            organizations: self.org_id.map(CrmId::Number).into_iter().collect(),
        }
    }
}

impl Lead {
    /// `None` for an id that is no UUID.
    pub(super) fn record(self) -> Option<Record> {
        Some(Record {
            kind: Kind::Lead,
            id: CrmId::parse(&self.id)?,
            numbers: Vec::new(),
            name: None,
            owner: self.owner_id.map(CrmId::Number),
            open: self.is_archived != Some(true),
            created_s: seconds(self.add_time.as_deref()),
            updated_s: seconds(self.update_time.as_deref()),
            contacts: self.person_id.map(CrmId::Number).into_iter().collect(),
            organizations: self.organization_id.map(CrmId::Number).into_iter().collect(),
        })
    }
}

impl User {
    pub(super) fn user(self) -> CrmUser {
        CrmUser {
            id: CrmId::Number(self.id),
            email: self.email,
            phone: self.phone,
            extension: None,
            active: self.active_flag != Some(false) && self.is_deleted != Some(true),
        }
    }
}

impl Hit {
    /// `None` for what a look-up has no use for.
    ///
    /// # Units
    /// A find has neither time: both are 0. Of several deals of one owner's the highest id then counts as the last.
    pub(super) fn record(self) -> Option<Record> {
        let item = self.item;
        let kind = match item.kind.as_str() {
            "person" => Kind::Contact,
            "organization" => Kind::Organization,
            "deal" => Kind::Deal,
            "lead" => Kind::Lead,
            _ => return None,
        };
        let status_open = kind != Kind::Deal || item.status.as_deref() == Some("open");
        let id = |named: Option<Named>| named.and_then(|named| named.id).map(CrmId::Number);
        let typed = item.phones.into_iter().flatten();
        let carries = matches!(kind, Kind::Contact | Kind::Organization);
        let custom = item.custom_fields.iter().filter(|_| carries).flat_map(texts);
        Some(Record {
            kind,
            id: item_id(&item.id)?,
            numbers: typed.chain(custom).collect(),
            name: name_text([item.name.as_deref().filter(|_| carries)]),
            owner: id(item.owner),
            open: status_open && item.is_archived != Some(true),
            created_s: 0,
            updated_s: 0,
            contacts: id(item.person).into_iter().collect(),
            organizations: id(item.organization).into_iter().collect(),
        })
    }
}

fn item_id(id: &Value) -> Option<CrmId> {
    match id {
        Value::Number(number) => number.as_u64().map(CrmId::Number),
        Value::String(text) => CrmId::parse(text),
        _ => None,
    }
}

/// The texts of the custom fields of these keys.
fn fields_texts(fields: &BTreeMap<String, Value>, keys: &[String]) -> impl Iterator<Item = String> {
    keys.iter().filter_map(|key| fields.get(key)).flat_map(texts)
}

/// A custom field's value as text: as it is, or inside `value`, or several of either.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![number_text(text)],
        Value::Number(number) => vec![number.to_string()],
        Value::Object(object) => object.get("value").filter(|inner| !inner.is_object()).map(texts).unwrap_or_default(),
        Value::Array(values) => values.iter().filter(|inner| !inner.is_array()).flat_map(texts).collect(),
        _ => Vec::new(),
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
