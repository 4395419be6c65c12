//! Writing records: `POST` and `PUT /{module}`, `PUT /{module}/{id}`, `POST /{module}/upsert`.
//!
//! # Shape
//! `{"data": [row, …], "trigger": […], "duplicate_check_fields": […]}`, a hundred rows at most. Each row is judged by itself
//! and answered in its place: `{"code": "SUCCESS", "details": {"id", …}, "status": "success"}` or an error of the same
//! shape. A field that the module has not is left out without a word.
//!
//! # Source
//! The vendor's pages on inserting, updating and upserting: lists of values take what is shown, upserts are for leads,
//! contacts, accounts and deals. Which status an answer of errors has is told differently in different places: here one
//! that failed whole has the status of its first error, a mixed one is 207.

mod fill;
mod rules;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    change::{Done, Effects, Item},
    module::Module,
    record::{Row, User},
    reply::Refusal,
    route::Write,
    wire::time,
    world::World,
};
use crate::kit::{Moment, Reply, json_reply};

pub(super) use fill::{length_s, sized};

/// Rows in one request.
const MOST_ROWS: usize = 100;

/// The rows of a request.
pub(super) fn rows(body: &[u8]) -> Result<(Vec<Map<String, Value>>, Value), Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::invalid("body", "jsonobject"))?;
    let data = body.get("data").ok_or_else(|| Refusal::mandatory("data"))?;
    let data = data.as_array().ok_or_else(|| Refusal::invalid("data", "jsonarray"))?;
    let rows: Option<Vec<Map<String, Value>>> = data.iter().map(|row| row.as_object().cloned()).collect();
    let rows = rows.filter(|rows| !rows.is_empty()).ok_or_else(|| Refusal::invalid("data", "jsonarray"))?;
    if rows.len() > MOST_ROWS { Err(Refusal::limit("Record count exceeded", MOST_ROWS)) } else { Ok((rows, body)) }
}

/// How many records a request writes: what it costs depends on it.
pub(super) fn size(body: &[u8]) -> u64 {
    rows(body).map_or(1, |(rows, _)| rows.len() as u64)
}

/// What came of a row.
pub(super) struct Written {
    pub(super) id: u64,
    pub(super) created: bool,
    /// Of an upsert: the field by which the record was found.
    pub(super) by: Option<String>,
    pub(super) upserted: bool,
    pub(super) times: (i64, i64),
}

/// Answers a request that writes records, and says what it did.
pub(super) fn records(world: &mut World, write: Write, body: &[u8], now: Moment) -> Result<(Reply, Effects), Refusal> {
    let (rows, body) = rows(body)?;
    let (Write::Insert(module) | Write::Update(module, _) | Write::Upsert(module)) = write else {
        return Err(Refusal::no_such_url());
    };
    if matches!(write, Write::Upsert(Module::Tasks | Module::Calls)) {
        return Err(Refusal::not_supported());
    }
    let checked = check_fields(world, module, &body)?;
    let mut effects = Effects::new();
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        let written = match write {
            Write::Insert(_) => insert(world, module, &row, now),
            Write::Update(_, id) => id_of(&row, id).and_then(|id| update(world, (module, id), &row, now)),
            _ => upsert(world, module, (&row, &checked), now),
        };
        if let Ok(written) = &written {
            let done = if written.created { Done::Insert } else { Done::Update };
            effects.push((Item { module, id: written.id }, done));
        }
        answers.push(written);
    }
    Ok((answered(world, &answers), effects))
}

/// Whose name stands where the vendor says who did it: a program's.
pub(super) fn actor(world: &World) -> Option<&User> {
    world.users.iter().rev().find(|user| user.active)
}

/// The answer to the rows of a request.
pub(super) fn answered(world: &World, rows: &[Result<Written, Refusal>]) -> Reply {
    let by = actor(world).map(|user| json!({"name": user.name, "id": user.id.to_string()}));
    let shown: Vec<Value> =
        rows.iter().map(|row| row.as_ref().map_or_else(Refusal::body, |row| told(row, &by))).collect();
    let failed = rows.iter().filter_map(|row| row.as_ref().err()).collect::<Vec<_>>();
    let created = rows.iter().any(|row| row.as_ref().is_ok_and(|row| row.created && !row.upserted));
    let status = match failed.first() {
        Some(first) if failed.len() == rows.len() => first.status(),
        Some(_) => StatusCode::MULTI_STATUS,
        None if created => StatusCode::CREATED,
        None => StatusCode::OK,
    };
    json_reply(status, json!({"data": shown}).to_string())
}

fn told(row: &Written, by: &Option<Value>) -> Value {
    let mut told = json!({
        "code": "SUCCESS", "status": "success", "message": if row.created { "record added" } else { "record updated" },
        "details": {
            "id": row.id.to_string(), "Created_Time": time(row.times.0), "Modified_Time": time(row.times.1),
            "Created_By": by, "Modified_By": by,
        },
    });
    if row.upserted {
        told["action"] = json!(if row.created { "insert" } else { "update" });
    }
    if let Some(field) = &row.by {
        told["duplicate_field"] = json!(field);
    }
    told
}

fn check_fields(world: &World, module: Module, body: &Value) -> Result<Vec<String>, Refusal> {
    let named: Vec<&str> = match body.get("duplicate_check_fields") {
        None | Some(Value::Null) => return Ok(fill::usual_checks(module)),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(_) => return Err(Refusal::invalid("duplicate_check_fields", "jsonarray")),
    };
    // One that is neither the vendor's nor unique cannot be checked.
    let known = |name: &&str| {
        world.field(module, name).is_some_and(|field| field.unique)
            || fill::usual_checks(module).contains(&(*name).to_owned())
    };
    match named.iter().find(|name| !known(name)) {
        Some(stray) => Err(Refusal::invalid("duplicate_check_fields", stray)),
        None => Ok(named.into_iter().map(str::to_owned).collect()),
    }
}

fn id_of(row: &Map<String, Value>, addressed: Option<u64>) -> Result<u64, Refusal> {
    let own = || row.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    addressed.or_else(own).ok_or_else(|| Refusal::mandatory("id"))
}

fn insert(world: &mut World, module: Module, wanted: &Map<String, Value>, now: Moment) -> Result<Written, Refusal> {
    let owner = actor(world).map_or(0, |user| user.id);
    let at_s = now.wall.as_second();
    let row = Row::new(module, module.id(world.next), String::new(), owner, (at_s, at_s));
    let row = fill::filled(world, row, wanted, now)?;
    rules::whole(&row, wanted, true)?;
    if let Some((field, id)) = fill::twin(world, &row, None) {
        return Err(Refusal::duplicate(field, id));
    }
    world.next += 1;
    Ok(stored(world, row, (true, false), now))
}

fn update(
    world: &mut World,
    (module, id): (Module, u64),
    wanted: &Map<String, Value>,
    now: Moment,
) -> Result<Written, Refusal> {
    let old = world.live(module, id).ok_or_else(|| Refusal::no_such_id("id"))?;
    if old.converted_s.is_some() {
        return Err(Refusal::converted());
    }
    rules::may_change(&old, wanted)?;
    let row = Row { update_s: now.wall.as_second(), ..fill::filled(world, old, wanted, now)? };
    rules::whole(&row, wanted, false)?;
    if let Some((field, id)) = fill::twin(world, &row, None) {
        return Err(Refusal::duplicate(field, id));
    }
    Ok(stored(world, row, (false, false), now))
}

fn upsert(
    world: &mut World,
    module: Module,
    (wanted, checked): (&Map<String, Value>, &[String]),
    now: Moment,
) -> Result<Written, Refusal> {
    let probe = fill::filled(world, Row::new(module, 0, String::new(), 0, (0, 0)), wanted, now)?;
    let Some((field, id)) = fill::twin(world, &probe, Some(checked)) else {
        return Ok(Written { upserted: true, ..insert(world, module, wanted, now)? });
    };
    let by = Some(field.to_owned());
    Ok(Written { upserted: true, by, ..update(world, (module, id), wanted, now)? })
}

fn stored(world: &mut World, row: Row, (created, upserted): (bool, bool), now: Moment) -> Written {
    let (id, module, times) = (row.id, row.module, (row.add_s, row.update_s));
    let known = world.written.iter().any(|(of, known, _)| *of == Some(module) && *known == id);
    if !known {
        world.written.push((Some(module), id, !created));
    }
    world.table_mut(module).set(id, now.vendor, Some(row));
    Written { id, created, by: None, upserted, times }
}
