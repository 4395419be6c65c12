//! What of Zoho's answers is read.
//!
//! Everything but an id may be missing or null. Records are read as maps: which of their fields there are is the
//! customer's matter, see [`Schema`].

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::crm::failure::Failure;
use crate::crm::zoho_crm::{
    path::{self, ACCOUNT, CONTACT, CONVERTED, CREATED, ID, MODIFIED, OWNER, STAGE},
    schema::Schema,
};
use crate::crm::{CrmUser, Links, Record, name_text, number_text};
use crate::model::{client::Kind, ids::CrmId};

/// A page of records, of whatever request.
#[derive(Debug, Deserialize)]
pub(super) struct Rows {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) data: Vec<Row>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) info: Info,
}

/// Where the next page is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Info {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) more_records: bool,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

/// What says why an answer is no success: alone, or in a row.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) details: Option<Value>,
}

impl Refusal {
    /// The id that is told with it: of what was made, or of what stands in its way.
    pub(super) fn id(&self) -> Option<u64> {
        id(self.details.as_ref()?.get("id")?)
    }

    /// The field that it is about.
    pub(super) fn field(&self) -> Option<&str> {
        self.details.as_ref()?.get("api_name")?.as_str()
    }

    pub(super) fn is_error(&self) -> bool {
        self.status.as_deref() == Some("error")
    }
}

/// A page of what was deleted.
#[derive(Debug, Deserialize)]
pub(super) struct Deletions {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) data: Vec<Deletion>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) info: Info,
}

/// A record that was deleted.
#[derive(Debug, Deserialize)]
pub(super) struct Deletion {
    id: String,
    deleted_time: Option<String>,
}

/// A page of users.
#[derive(Debug, Deserialize)]
pub(super) struct Users {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) users: Vec<User>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) info: Info,
}

/// A user.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    id: String,
    email: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
}

/// A module's fields.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) fields: Vec<Field>,
}

/// A field.
#[derive(Debug, Deserialize)]
pub(super) struct Field {
    pub(super) api_name: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) data_type: String,
    /// Signs that it holds at most.
    #[serde(default)]
    pub(super) length: Option<usize>,
    /// An object, empty where two records may have the same in it.
    #[serde(default)]
    pub(super) unique: Option<Value>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) pick_list_values: Vec<Choice>,
}

/// A value that a field may have; of stages, how they count in forecasts.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    pub(super) display_value: Option<String>,
    pub(super) actual_value: Option<String>,
    pub(super) forecast_type: Option<String>,
    /// Its place among the others.
    #[serde(default)]
    pub(super) sequence_number: Option<i64>,
    /// An object with a name here, a number there.
    pub(super) forecast_category: Option<Value>,
}

/// A module's layouts.
#[derive(Debug, Deserialize)]
pub(super) struct Layouts {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) layouts: Vec<Layout>,
}

/// A layout.
#[derive(Debug, Deserialize)]
pub(super) struct Layout {
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) visible: Option<bool>,
}

/// A layout's pipelines.
#[derive(Debug, Deserialize)]
pub(super) struct Pipelines {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) pipeline: Vec<Pipeline>,
}

/// A pipeline and its stages.
#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    pub(super) display_value: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) default: bool,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) maps: Vec<Choice>,
}

/// What came of rows that were written: each a success or an error.
#[derive(Debug, Deserialize)]
pub(super) struct Outcomes {
    #[serde(default, deserialize_with = "null_is_default", alias = "fields")]
    pub(super) data: Vec<Refusal>,
}

/// The channels of notifications that stand.
#[derive(Debug, Deserialize)]
pub(super) struct Watched {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) watch: Vec<Event>,
}

/// What a channel tells of one module.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) channel_id: Option<Value>,
    pub(super) channel_expiry: Option<String>,
    pub(super) notify_url: Option<String>,
    pub(super) token: Option<String>,
    pub(super) resource_name: Option<String>,
}

/// The answer to a request for channels: errors stand in rows of a success.
#[derive(Debug, Deserialize)]
pub(super) struct Enabled {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) watch: Vec<Refusal>,
}

/// A notification.
#[derive(Debug, Deserialize)]
pub(super) struct Notification {
    pub(super) channel_id: Option<Value>,
    pub(super) token: Option<String>,
    pub(super) module: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) ids: Vec<Value>,
}

/// A record, by the names of its fields.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Row(Map<String, Value>);

impl Row {
    /// Its id.
    ///
    /// # Errors
    /// [`Failure::Unclear`] for a record without one: there is no going on from it.
    pub(super) fn id(&self) -> Result<u64, Failure> {
        match self.0.get(ID).and_then(Value::as_str).and_then(CrmId::parse) {
            Some(CrmId::Number(id)) => Ok(id),
            _ => {
                Err(Failure::Unclear { reason: "expected a record with an id in digits, found one without".to_owned() })
            }
        }
    }

    /// When it was last changed, seconds since 1970 UTC; 0 where that is not told.
    pub(super) fn modified_s(&self) -> i64 {
        seconds(self.text(MODIFIED))
    }

    /// The stage of a deal.
    pub(super) fn stage(&self) -> Option<&str> {
        self.text(STAGE)
    }

    /// The record as a look-up needs it.
    ///
    /// # Errors
    /// As [`Row::id`].
    pub(super) fn record(&self, kind: Kind, schema: &Schema) -> Result<Record, Failure> {
        let open = match kind {
            Kind::Lead => self.0.get(CONVERTED).and_then(Value::as_bool) != Some(true),
            Kind::Deal => schema.is_open(self.stage()),
            _ => true,
        };
        let link = |name: &str| self.lookup(name).into_iter().collect::<Links>();
        Ok(Record {
            kind,
            id: CrmId::Number(self.id()?),
            numbers: schema.numbers().iter().filter_map(|field| self.number(field)).collect(),
            name: name_text(path::names(kind).iter().map(|name| self.text(name))),
            owner: self.lookup(OWNER),
            open,
            created_s: seconds(self.text(CREATED)),
            updated_s: self.modified_s(),
            contacts: if kind == Kind::Deal { link(CONTACT) } else { Links::new() },
            organizations: if matches!(kind, Kind::Deal | Kind::Contact) { link(ACCOUNT) } else { Links::new() },
        })
    }

    /// Whatever stands in a field.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// What stands in a field of text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn lookup(&self, name: &str) -> Option<CrmId> {
        CrmId::parse(self.0.get(name)?.get("id")?.as_str()?)
    }

    /// What stands in a field for a number.
    fn number(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(number_text(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl Deletion {
    /// The record as it no longer is; `None` for an id that is none.
    pub(super) fn record(&self, kind: Kind) -> Option<Record> {
        Some(Record {
            kind,
            id: CrmId::parse(&self.id)?,
            numbers: Vec::new(),
            name: None,
            owner: None,
            open: false,
            created_s: 0,
            updated_s: seconds(self.deleted_time.as_deref()),
            contacts: Links::new(),
            organizations: Links::new(),
        })
    }
}

impl User {
    /// `None` for an id that is none.
    pub(super) fn user(self, active: bool) -> Option<CrmUser> {
        let phone = [self.mobile, self.phone].into_iter().flatten().find(|text| !text.trim().is_empty());
        Some(CrmUser { id: CrmId::parse(&self.id)?, email: self.email, phone, extension: None, active })
    }
}

/// # Units
/// ISO 8601 to seconds; 0 for what is absent or none.
pub(super) fn seconds(time: Option<&str>) -> i64 {
    time.and_then(|time| time.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second)
}

/// The number of a channel, which comes as text or as a number.
pub(super) fn channel(value: Option<&Value>) -> Option<u64> {
    id(value?)
}

/// An id, which comes as text or as a number.
pub(super) fn id(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}
