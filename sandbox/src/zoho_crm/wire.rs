//! Records as the vendor writes them.
//!
//! # Units
//! Times in the organisation's zone, which is two hours east of Greenwich all year: `2026-11-20T12:00:00+02:00`.

use jiff::{Timestamp, tz};
use serde_json::{Map, Value, json};

use super::{
    field::{Field, Type},
    module::Module,
    record::Row,
    world::World,
};

/// What a query compares and a record shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(Option<String>),
    Number(u64),
    Time(Option<i64>),
    Bool(bool),
    Lookup(Option<u64>),
    /// What is shown as it was written and compared with nothing.
    Shown(Value),
}

/// A record's field.
pub(super) fn cell(row: &Row, field: Field) -> Cell {
    let text = |text: Option<&str>| Cell::Text(text.map(str::to_owned));
    if let Some(written) = row.extra.get(field.name) {
        return match written {
            Value::String(text) if field.holds == Type::DateTime => Cell::Time(read_time(text)),
            Value::String(text) => Cell::Text(Some(text.clone())),
            Value::Bool(is) => Cell::Bool(*is),
            other => Cell::Shown(other.clone()),
        };
    }
    match field.name {
        "id" => Cell::Number(row.id),
        "Owner" => Cell::Lookup(Some(row.owner)),
        "Created_Time" => Cell::Time(Some(row.add_s)),
        "Modified_Time" => Cell::Time(Some(row.update_s)),
        "Converted__s" => Cell::Bool(row.converted_s.is_some()),
        "Converted_Date_Time" => Cell::Time(row.converted_s),
        "Contact_Name" => Cell::Lookup(row.contact),
        "Account_Name" if field.holds == Type::Lookup => Cell::Lookup(row.account),
        "Who_Id" => Cell::Lookup(row.who),
        "What_Id" => Cell::Lookup(row.what.map(|(_, id)| id)),
        "Stage" => text(Some(row.stage)),
        "Email" => text(row.email.as_deref()),
        "Company" => text(Some(&row.name)),
        "Description" => text(row.description.as_deref()),
        name if name == row.module.name_field() => text(Some(&row.name)),
        name => text(row.number(name)),
    }
}

/// How lookups are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// In a list: owners with their e-mail.
    List,
    /// In the answer of a query: without.
    Query,
}

/// A record with these fields, and its id.
pub(super) fn record(world: &World, row: &Row, fields: &[Field], shown: Shown) -> Value {
    let mut members = Map::with_capacity(fields.len() + 1);
    for &field in fields {
        let value = match cell(row, field) {
            Cell::Text(text) => json!(text),
            Cell::Number(number) => json!(number.to_string()),
            Cell::Time(at_s) => json!(at_s.map(time)),
            Cell::Bool(is) => json!(is),
            Cell::Lookup(None) => Value::Null,
            Cell::Lookup(Some(id)) if field.holds == Type::Owner => owner(world, id, shown),
            Cell::Lookup(Some(id)) => linked(world, row, field.name, id),
            Cell::Shown(value) => value,
        };
        members.insert(field.name.to_owned(), value);
    }
    members.insert("id".to_owned(), json!(row.id.to_string()));
    Value::Object(members)
}

fn owner(world: &World, id: u64, shown: Shown) -> Value {
    let user = world.user(id);
    let name = user.map(|user| user.name);
    match shown {
        Shown::List => json!({"name": name, "id": id.to_string(), "email": user.map(|user| &user.email)}),
        Shown::Query => json!({"name": name, "id": id.to_string()}),
    }
}

/// A record that is gone leaves its id behind in those that belonged to it.
fn linked(world: &World, row: &Row, field: &str, id: u64) -> Value {
    let module = match (field, row.what) {
        ("Contact_Name" | "Who_Id", _) => Module::Contacts,
        ("What_Id", Some((module, _))) => module,
        _ => Module::Accounts,
    };
    let name = world.live(module, id).map(|row| row.name);
    json!({"name": name, "id": id.to_string()})
}

/// # Units
/// Seconds since 1970 UTC to ISO 8601 in the organisation's zone.
pub(super) fn time(at_s: i64) -> String {
    let at = Timestamp::from_second(at_s).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(tz::TimeZone::fixed(tz::offset(2))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Reads a time as strictly as the vendor's examples write it: whole seconds, an offset in digits.
pub(super) fn read_time(text: &str) -> Option<i64> {
    let whole = text.len() == 25 && text.as_bytes()[10] == b'T' && matches!(text.as_bytes()[19], b'+' | b'-');
    text.parse::<Timestamp>().ok().filter(|_| whole).map(Timestamp::as_second)
}
