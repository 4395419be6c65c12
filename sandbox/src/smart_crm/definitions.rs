//! What the organization says of its own columns: `EntityDefinitions(LogicalName='…')/Attributes`.
//!
//! # Shape
//! `LogicalName`, `AttributeType`, `IsValidForUpdate`; behind a cast to a type of texts, and only there, `MaxLength`.

use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    activities::Set,
    reply::Refusal,
    schema::{Column, SYSTEM_USER, Schema, Type},
};
use crate::kit::{Call, Query, Reply, json_reply};

const LINES: &str = "/Microsoft.Dynamics.CRM.StringAttributeMetadata";
const MEMOS: &str = "/Microsoft.Dynamics.CRM.MemoAttributeMetadata";
const BASE: [&str; 3] = ["LogicalName", "AttributeType", "IsValidForUpdate"];

/// The reply, where the path is one of definitions.
pub(super) fn answer(call: &Call, path: &str) -> Option<Result<Reply, Refusal>> {
    let rest = path.strip_prefix("EntityDefinitions(LogicalName='")?;
    let (logical, rest) = rest.split_once("')/Attributes")?;
    let cast = match rest {
        "" => None,
        LINES => Some(false),
        MEMOS => Some(true),
        _ => return None,
    };
    Some(list(call, logical, cast))
}

fn schema(logical: &str) -> Option<&'static Schema> {
    let kinds = super::schema::KINDS.map(Set::Records);
    let sets = kinds.into_iter().chain([Set::PhoneCalls, Set::Tasks, Set::Notes]);
    sets.map(Set::schema).chain([&SYSTEM_USER]).find(|schema| schema.logical == logical)
}

/// Of one type of texts only, where it is said which: those of several lines, or of one.
fn list(call: &Call, logical: &str, memos: Option<bool>) -> Result<Reply, Refusal> {
    if call.method() != Method::GET {
        return Err(Refusal::no_privilege("prvCreateAttribute"));
    }
    let cast = memos.is_some();
    let schema = schema(logical).ok_or_else(|| Refusal::not_found(logical))?;
    let query = Query::read(call.query());
    if let Some(name) = query.unknown(&[&["$select", "$filter"]]) {
        return Err(Refusal::malformed(format!("The query parameter {name} is not supported.")));
    }
    let names: Vec<&str> = query.text("$select").map_or_else(|| BASE.to_vec(), |text| text.split(',').collect());
    if let Some(unknown) = names.iter().find(|name| !(BASE.contains(name) || cast && **name == "MaxLength")) {
        return Err(Refusal::no_property(unknown, "AttributeMetadata"));
    }
    let wanted: Option<Vec<&str>> = query.text("$filter").map(named).transpose()?;
    let taken = |column: &&'static Column| {
        let is_text = matches!(column.holds, Type::Text(_));
        memos.is_none_or(|memos| is_text && is_memo(column.name) == memos)
            && wanted.as_ref().is_none_or(|names| names.contains(&attribute(column.name)))
    };
    let rows: Vec<Value> = schema.all().filter(taken).map(|column| row(column, &names)).collect();
    Ok(json_reply(StatusCode::OK, json!({"value": rows}).to_string()))
}

fn named(filter: &str) -> Result<Vec<&str>, Refusal> {
    names(filter).ok_or_else(|| Refusal::malformed("this stand-in filters by LogicalName eq only"))
}

fn names(filter: &str) -> Option<Vec<&str>> {
    filter.split(" or ").map(|part| part.strip_prefix("LogicalName eq '")?.strip_suffix('\'')).collect()
}

/// Texts of several lines are of a type of their own.
fn is_memo(name: &str) -> bool {
    matches!(name, "description" | "notetext" | "new_comment")
}

/// The attribute's name: a lookup's property is another one.
fn attribute(name: &str) -> &str {
    name.strip_prefix('_').and_then(|name| name.strip_suffix("_value")).unwrap_or(name)
}

fn row(column: &Column, names: &[&str]) -> Value {
    let kind = match column.holds {
        Type::Text(_) if is_memo(column.name) => "Memo",
        Type::Text(_) => "String",
        Type::Whole | Type::Count(_) => "Integer",
        Type::Money(..) => "Money",
        Type::Flag => "Boolean",
        Type::Time => "DateTime",
        Type::Key => "Uniqueidentifier",
        Type::Lookup => "Lookup",
    };
    let writable =
        !matches!(column.holds, Type::Key) && !matches!(column.name, "createdon" | "modifiedon" | "fullname");
    let longest = match column.holds {
        Type::Text(longest) => json!(longest),
        _ => Value::Null,
    };
    let mut row = Map::new();
    for &name in names {
        let value = match name {
            "LogicalName" => json!(attribute(column.name)),
            "AttributeType" => json!(kind),
            "IsValidForUpdate" => json!(writable),
            _ => longest.clone(),
        };
        row.insert(name.to_owned(), value);
    }
    Value::Object(row)
}
