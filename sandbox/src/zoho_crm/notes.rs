//! Notes: `POST` and `PUT /Notes`, `PUT /Notes/{id}`, `GET /{module}/{id}/Notes`, `GET /Notes?ids=`. They have no fields of the customer's.

use serde_json::{Map, Value, json};

use super::{
    module::Module,
    reply::{Refusal, found, nothing},
    wire::time,
    world::World,
    write::{Written, actor, answered, rows, sized},
};
use crate::kit::{Moment, Query, Reply, append};

/// The last digit of a note's id.
const DIGIT: u64 = 7;
const MOST_CONTENT: usize = 32_000;
const MOST_TITLE: usize = 120;

/// A note.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) id: u64,
    pub(super) on: (Module, u64),
    pub(super) owner: u64,
    pub(super) title: Option<String>,
    pub(super) content: String,
    add_s: i64,
    update_s: i64,
}

/// Answers a request that writes notes.
pub(super) fn write(
    world: &mut World,
    id: Option<u64>,
    is_new: bool,
    body: &[u8],
    now: Moment,
) -> Result<Reply, Refusal> {
    let (rows, _) = rows(body)?;
    let answers: Vec<Result<Written, Refusal>> =
        (rows.iter()).map(|row| if is_new { insert(world, row, now) } else { update(world, id, row, now) }).collect();
    Ok(answered(world, &answers))
}

fn text(row: &Map<String, Value>, name: &str, most: usize) -> Result<Option<String>, Refusal> {
    match row.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => sized(name, most, text).map(|()| Some(text.clone())),
        Some(_) => Err(Refusal::invalid(name, "text")),
    }
}

fn insert(world: &mut World, row: &Map<String, Value>, now: Moment) -> Result<Written, Refusal> {
    let parent =
        row.get("Parent_Id").filter(|parent| parent.is_object()).ok_or_else(|| Refusal::mandatory("Parent_Id"))?;
    let module =
        parent["module"]["api_name"].as_str().and_then(Module::of).ok_or_else(|| Refusal::mandatory("module"))?;
    let id =
        parent["id"].as_str().and_then(|id| id.parse().ok()).ok_or_else(|| Refusal::invalid("Parent_Id", "bigint"))?;
    world.live(module, id).ok_or_else(|| Refusal::no_such_id("Parent_Id"))?;
    let title = text(row, "Note_Title", MOST_TITLE)?;
    let content = text(row, "Note_Content", MOST_CONTENT)?.filter(|content| !content.is_empty());
    let content = content.ok_or_else(|| Refusal::mandatory("Note_Content"))?;
    let own = super::module::ORG + world.next * 10 + DIGIT;
    world.next += 1;
    let (owner, at_s) = (actor(world).map_or(0, |user| user.id), now.wall.as_second());
    world.notes.push(Note { id: own, on: (module, id), owner, title, content, add_s: at_s, update_s: at_s });
    world.written.push((None, own, false));
    Ok(Written { id: own, created: true, by: None, upserted: false, times: (at_s, at_s) })
}

fn update(world: &mut World, id: Option<u64>, row: &Map<String, Value>, now: Moment) -> Result<Written, Refusal> {
    let own = || row.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let id = id.or_else(own).ok_or_else(|| Refusal::mandatory("id"))?;
    let (title, content) = (text(row, "Note_Title", MOST_TITLE)?, text(row, "Note_Content", MOST_CONTENT)?);
    let note = world.notes.iter_mut().find(|note| note.id == id).ok_or_else(|| Refusal::no_such_id("id"))?;
    note.title = title.or_else(|| note.title.take());
    if let Some(content) = content.filter(|content| !content.is_empty()) {
        note.content = content;
    }
    note.update_s = now.wall.as_second();
    Ok(Written { id, created: false, by: None, upserted: false, times: (note.add_s, note.update_s) })
}

/// The notes of a record, the newest first.
pub(super) fn of(world: &World, (module, id): (Module, u64), query: &Query<'_>) -> Result<Reply, Refusal> {
    let fields = query.text("fields").ok_or_else(|| Refusal::missing_parameter("fields"))?;
    let per_page = query.number("per_page").map_err(|_| Refusal::wrong_parameter("per_page"))?.unwrap_or(200);
    let page = query.number("page")?.unwrap_or(1).max(1);
    if per_page == 0 || per_page > 200 {
        return Err(Refusal::wrong_parameter("per_page"));
    }
    world.live(module, id).ok_or_else(|| Refusal::no_such_id("id"))?;
    let notes: Vec<&Note> = world.notes.iter().rev().filter(|note| note.on == (module, id)).collect();
    let size = usize::try_from(per_page).unwrap_or(0);
    let from = usize::try_from(page - 1).unwrap_or(0).saturating_mul(size);
    let shown: Vec<Value> = notes.iter().skip(from).take(size).map(|note| value(note, fields)).collect();
    if shown.is_empty() {
        return Ok(nothing());
    }
    let more = notes.len() > from + size;
    let info = json!({"per_page": per_page, "count": shown.len(), "page": page, "more_records": more});
    let mut out = Vec::new();
    append(&mut out, &json!({"data": shown, "info": info}));
    Ok(found(out))
}

/// Notes by their ids; those that are gone are left out, and where none is left there is nothing.
pub(super) fn by_id(world: &World, query: &Query<'_>) -> Result<Reply, Refusal> {
    let fields = query.text("fields").ok_or_else(|| Refusal::missing_parameter("fields"))?;
    let ids = query.text("ids").ok_or_else(|| Refusal::missing_parameter("ids"))?;
    let ids: Vec<u64> = ids.split(',').filter_map(|id| id.trim().parse().ok()).collect();
    let shown: Vec<Value> =
        world.notes.iter().filter(|note| ids.contains(&note.id)).map(|note| value(note, fields)).collect();
    if shown.is_empty() {
        return Ok(nothing());
    }
    let info = json!({"per_page": 200, "count": shown.len(), "page": 1, "more_records": false});
    let mut out = Vec::new();
    append(&mut out, &json!({"data": shown, "info": info}));
    Ok(found(out))
}

fn value(note: &Note, fields: &str) -> Value {
    let mut members = Map::new();
    for name in fields.split(',').map(str::trim) {
        let value = match name {
            "Note_Title" => json!(note.title),
            "Note_Content" => json!(note.content),
            "Created_Time" => json!(time(note.add_s)),
            "Modified_Time" => json!(time(note.update_s)),
            _ => continue,
        };
        members.insert(name.to_owned(), value);
    }
    members.insert("id".to_owned(), json!(note.id.to_string()));
    Value::Object(members)
}
