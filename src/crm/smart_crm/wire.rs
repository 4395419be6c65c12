//! What of the vendor's answers is read.
//!
//! A record is read by the names that `path` asked for; everything but its id may be null, and stays away where the
//! organization keeps it from the application.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::crm::smart_crm::path::{self, Custom, Table, Target};
use crate::crm::{CrmUser, Links, Record, name_text, number_text};
use crate::model::ids::CrmId;

/// A list: a page of it, and where it goes on.
#[derive(Debug, Deserialize)]
pub(super) struct List {
    pub(super) value: Vec<Row>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta: Option<String>,
}

/// One record, or the trace of one that was deleted.
pub(super) type Row = Map<String, Value>;

/// Why an answer is none.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) error: Words,
}

/// The vendor's words.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Words {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

/// What the context of a deleted record ends in.
const DELETED: &str = "/$deletedEntity";

/// A record of a table; `None` where it has no id.
pub(super) fn record(row: &Row, table: &'static Table, custom: &Custom) -> Option<Record> {
    let number = |column: &str| {
        let typed = row.get(column)?;
        let typed = typed.as_str().map(str::to_owned).or_else(|| typed.as_u64().map(|number| number.to_string()))?;
        (!typed.trim().is_empty()).then(|| number_text(&typed))
    };
    let (mut contacts, mut organizations) = (Links::new(), Links::new());
    for &(column, target) in table.links {
        let Some(id) = id(row, column) else { continue };
        let (to_contact, to_account) = points_to(row, column, target);
        if to_contact && !contacts.contains(&id) {
            contacts.push(id);
        }
        if to_account && !organizations.contains(&id) {
            organizations.push(id);
        }
    }
    Some(Record {
        kind: table.kind,
        id: id(row, table.id)?,
        numbers: path::numbers(table, custom).filter_map(number).collect(),
        name: name_text(table.name.into_iter().map(|column| row.get(column).and_then(Value::as_str))),
        owner: id(row, path::OWNER),
        open: row.get(path::STATE).and_then(Value::as_i64) == Some(path::OPEN),
        created_s: seconds(row, path::CREATED),
        updated_s: seconds(row, path::MODIFIED),
        contacts,
        organizations,
    })
}

/// The id of a record that was deleted, where the row says no more than that.
pub(super) fn deleted(row: &Row) -> Option<CrmId> {
    let context = row.get("@odata.context")?.as_str()?;
    context.ends_with(DELETED).then(|| id(row, "id")).flatten()
}

/// A record that is gone.
pub(super) fn gone(id: CrmId, table: &'static Table, now_s: i64) -> Record {
    Record {
        kind: table.kind,
        id,
        numbers: Vec::new(),
        name: None,
        owner: None,
        open: false,
        created_s: 0,
        updated_s: now_s,
        contacts: Links::new(),
        organizations: Links::new(),
    }
}

/// A user; `None` where the row has no id.
pub(super) fn user(row: &Row) -> Option<CrmUser> {
    let text =
        |column: &str| row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(CrmUser {
        id: id(row, path::USER_ID)?,
        email: text(path::USER_EMAIL),
        phone: path::USER_PHONES.iter().find_map(|column| text(column)),
        extension: None,
        active: row.get(path::USER_DISABLED).and_then(Value::as_bool) != Some(true),
    })
}

/// Whether a lookup leads to a contact and whether to an account. Without the annotation, both: ids are never shared
/// between tables, so the one that is not meant finds nobody.
fn points_to(row: &Row, column: &str, target: Target) -> (bool, bool) {
    let logical = row.get(&format!("{column}@{}", path::ANNOTATION)).and_then(Value::as_str);
    let (may_contact, may_account) = (target != Target::Account, target != Target::Contact);
    match logical {
        Some(logical) => {
            (may_contact && logical == path::CONTACT.logical, may_account && logical == path::ACCOUNT.logical)
        }
        None => (may_contact, may_account),
    }
}

fn id(row: &Row, column: &str) -> Option<CrmId> {
    CrmId::parse(row.get(column)?.as_str()?)
}

/// # Units
/// RFC 3339 to seconds; 0 for what is absent or none.
fn seconds(row: &Row, column: &str) -> i64 {
    let text = row.get(column).and_then(Value::as_str);
    text.and_then(|text| text.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second)
}
