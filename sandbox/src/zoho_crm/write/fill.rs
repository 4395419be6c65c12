//! What is written into fields: each by its type.

use serde_json::{Map, Value};

use crate::{
    kit::Moment,
    zoho_crm::{
        field::{Field, KEPT, Type, choices},
        module::{Module, PIPELINES, stage_shown},
        record::Row,
        reply::Refusal,
        wire::{Cell, cell, read_time},
        world::World,
    },
};

/// The row with what is wanted in it.
pub(super) fn filled(world: &World, mut row: Row, wanted: &Map<String, Value>, now: Moment) -> Result<Row, Refusal> {
    for (name, value) in wanted {
        // Unknown and kept fields are left out without a word; a name is one whatever its case when read, not here.
        let Some(field) = world.field(row.module, name).filter(|field| field.name == name) else { continue };
        if KEPT.contains(&field.name) {
            continue;
        }
        put(world, &mut row, field, value, (wanted, now))?;
    }
    Ok(row)
}

fn put(
    world: &World,
    row: &mut Row,
    field: Field,
    value: &Value,
    (wanted, now): (&Map<String, Value>, Moment),
) -> Result<(), Refusal> {
    match (field.holds, field.name) {
        (Type::Owner, _) => {
            let id = linked(field.name, value)?.ok_or_else(|| Refusal::mandatory(field.name))?;
            row.owner = world.user(id).filter(|user| user.active).ok_or_else(|| Refusal::no_such_id(field.name))?.id;
        }
        (Type::Lookup, name) => link(world, row, name, (linked(name, value)?, wanted))?,
        (Type::Alarm, name) => {
            if let Some(alarm) = alarm(value, now)? {
                row.extra.insert(name, alarm);
            }
        }
        (Type::Integer | Type::Currency, name) => {
            row.extra.remove(name);
            row.extra.extend(number(field, value)?.map(|number| (name, number)));
        }
        (Type::Picklist, "Stage") => {
            let shown = text(field, value)?.unwrap_or_default();
            row.stage = stage_shown(&shown).ok_or_else(|| Refusal::invalid(field.name, "picklist"))?.shown;
        }
        (Type::Phone, name) => {
            row.phones.retain(|(known, _)| *known != name);
            row.phones.extend(text(field, value)?.map(|text| (name, text)));
        }
        (_, name) => {
            let text = text(field, value)?;
            match name {
                name if name == row.module.name_field() => row.name = text.unwrap_or_default(),
                "Email" => row.email = text,
                "Description" => row.description = text,
                name => {
                    row.extra.remove(name);
                    row.extra.extend(text.map(|text| (name, Value::String(text))));
                }
            }
        }
    }
    Ok(())
}

/// `{"id": "…"}`
fn linked(name: &str, value: &Value) -> Result<Option<u64>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::Object(_) => {
            let id = value["id"].as_str().and_then(|id| id.parse().ok());
            id.map(Some).ok_or_else(|| Refusal::invalid(name, "bigint"))
        }
        _ => Err(Refusal::invalid(name, "jsonobject")),
    }
}

fn link(
    world: &World,
    row: &mut Row,
    name: &'static str,
    (id, wanted): (Option<u64>, &Map<String, Value>),
) -> Result<(), Refusal> {
    let there = |module: Module| match id {
        Some(id) if world.live(module, id).is_none() => Err(Refusal::no_such_id(name)),
        id => Ok(id),
    };
    match name {
        "Contact_Name" => row.contact = there(Module::Contacts)?,
        "Account_Name" => row.account = there(Module::Accounts)?,
        "Who_Id" => row.who = there(Module::Contacts)?,
        _ => {
            let module =
                wanted.get("$se_module").and_then(Value::as_str).ok_or_else(|| Refusal::mandatory("$se_module"))?;
            let module =
                Module::of(module).filter(|module| !matches!(module, Module::Tasks | Module::Calls | Module::Contacts));
            let module = module.ok_or_else(|| Refusal::invalid("$se_module", "module"))?;
            row.what = there(module)?.map(|id| (module, id));
        }
    }
    Ok(())
}

/// `{"ALARM": "FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:2026-11-20T12:00:00+02:00"}`. A guess, and the harder one: one in
/// the past is refused.
fn alarm(value: &Value, now: Moment) -> Result<Option<Value>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    let wrong = || Refusal::invalid("Remind_At", "jsonobject");
    let rule = value["ALARM"].as_str().ok_or_else(wrong)?;
    let at = rule.split(';').find_map(|part| part.strip_prefix("TRIGGER=DATE-TIME:")).and_then(read_time);
    let acts = rule.split(';').any(|part| matches!(part, "ACTION=POPUP" | "ACTION=EMAIL" | "ACTION=EMAILANDPOPUP"));
    if !acts || at.ok_or_else(wrong)? < now.wall.as_second() {
        return Err(wrong());
    }
    Ok(Some(value.clone()))
}

/// The number of a field that holds one; the text of one is none.
fn number(field: Field, value: &Value) -> Result<Option<Value>, Refusal> {
    let fits = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => field.holds == Type::Currency || number.is_i64(),
        _ => false,
    };
    if fits { Ok(Some(value.clone())) } else { Err(Refusal::invalid(field.name, field.holds.word())) }
}

/// The text of a field that holds one, as long as it may be and of its shape. An empty one is none.
pub(crate) fn text(field: Field, value: &Value) -> Result<Option<String>, Refusal> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text,
        _ => return Err(Refusal::invalid(field.name, field.holds.word())),
    };
    sized(field.name, field.length, text)?;
    let shaped = match field.holds {
        Type::Email => text.contains('@') && !text.contains(' '),
        Type::Website => text.starts_with("https://") || text.starts_with("http://"),
        Type::Phone => text.bytes().any(|byte| byte.is_ascii_digit()),
        Type::DateTime => read_time(text).is_some(),
        Type::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        Type::Picklist if field.name == "Pipeline" => PIPELINES.iter().any(|(name, _)| name == text),
        Type::Picklist if field.name == "Stage" => stage_shown(text).is_some(),
        Type::Picklist => choices(field.name).contains(&text.as_str()),
        Type::Text if field.name == "Call_Duration" => length_s(text).is_some(),
        Type::Text | Type::TextArea => true,
        _ => false,
    };
    if shaped { Ok(Some(text.clone())) } else { Err(Refusal::invalid(field.name, field.holds.word())) }
}

/// Refuses what is too long.
pub(crate) fn sized(name: &str, most: usize, text: &str) -> Result<(), Refusal> {
    if text.chars().count() > most { Err(Refusal::too_long(name, most)) } else { Ok(()) }
}

/// # Units
/// `mm:ss` to seconds: what implementers send; the vendor's pages speak of hours and minutes.
pub(crate) fn length_s(text: &str) -> Option<u64> {
    let (minutes, seconds) = text.split_once(':')?;
    let two = seconds.len() == 2 && minutes.len() >= 2;
    let (minutes, seconds): (u64, u64) = (minutes.parse().ok()?, seconds.parse().ok()?);
    (two && seconds < 60).then_some(minutes * 60 + seconds)
}

/// The fields that the vendor compares by itself in an upsert.
pub(super) fn usual_checks(module: Module) -> Vec<String> {
    let own: &[&str] = match module {
        Module::Leads | Module::Contacts => &["Email"],
        Module::Accounts => &["Account_Name"],
        Module::Deals => &["Deal_Name"],
        Module::Tasks | Module::Calls => &[],
    };
    own.iter().map(|name| (*name).to_owned()).collect()
}

/// Another record with the same in a unique field, or in one of those that an upsert is to compare.
pub(super) fn twin(world: &World, row: &Row, checked: Option<&[String]>) -> Option<(&'static str, u64)> {
    let table = world.table(row.module);
    let compared = |field: &Field| checked.map_or(field.unique, |names| names.iter().any(|name| name == field.name));
    for field in world.fields(row.module).into_iter().filter(compared) {
        let Cell::Text(Some(own)) = cell(row, field) else { continue };
        let same = |other: &Row| {
            let text = cell(other, field);
            other.id != row.id
                && other.deleted.is_none()
                && matches!(text, Cell::Text(Some(text)) if text.to_lowercase() == own.to_lowercase())
        };
        // What is only written by programs stands in no seeded record.
        let twin = if field.custom {
            table.changed_ids().filter_map(|id| table.get(id)).find(same)
        } else {
            table.walk(&crate::kit::Walk::default()).find(same)
        };
        if let Some(twin) = twin {
            return Some((field.name, twin.id));
        }
    }
    None
}
