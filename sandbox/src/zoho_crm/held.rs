//! What was written, in the words of all stand-ins.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    field::{KEPT, Type},
    module::{Module, stage_shown},
    notes::Note,
    record::Row,
    samples::kind,
    wire::{Cell, cell, time},
    world::World,
    write::length_s,
};
use crate::kit::{Reference, Thing};

/// Everything that was written through the API and is still there.
pub(super) fn held(world: &World) -> Vec<Thing> {
    let each = world.written.iter().filter_map(|(module, id, seeded)| match module {
        Some(module) => world.live(*module, *id).map(|row| record(world, &row, *seeded)),
        None => world.notes.iter().find(|note| note.id == *id).map(note),
    });
    each.collect()
}

fn word(module: Module) -> &'static str {
    match module {
        Module::Tasks => "task",
        Module::Calls => "call",
        module => kind(module).map_or("", |kind| kind.word()),
    }
}

fn reference(module: Module, id: u64) -> Reference {
    Reference { what: word(module).to_owned(), id: id.to_string(), role: None }
}

fn note(note: &Note) -> Thing {
    Thing {
        what: "note".to_owned(),
        id: note.id.to_string(),
        owner: Some(note.owner.to_string()),
        on: vec![reference(note.on.0, note.on.1)],
        title: note.title.clone().unwrap_or_default(),
        text: note.content.clone(),
        ..Thing::default()
    }
}

fn record(world: &World, row: &Row, seeded: bool) -> Thing {
    let text = |name: &str| row.extra.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut on: Vec<Reference> =
        [row.contact, row.who].into_iter().flatten().map(|id| reference(Module::Contacts, id)).collect();
    on.extend(row.account.map(|id| reference(Module::Accounts, id)));
    on.extend(row.what.map(|(module, id)| reference(module, id)));
    on.sort();
    let incoming = text("Call_Type").map(|word| if word == "Outbound" { "out" } else { "in" }.to_owned());
    Thing {
        what: word(row.module).to_owned(),
        id: row.id.to_string(),
        seeded,
        owner: Some(row.owner.to_string()),
        on,
        title: row.name.clone(),
        text: row.description.clone().unwrap_or_default(),
        state: state(row),
        due: reminder(row).or_else(|| text("Due_Date")),
        direction: incoming,
        seconds: text("Call_Duration").as_deref().and_then(length_s),
        recording: text("Voice_Recording__s"),
        audio_bytes: None,
        numbers: row.phones.iter().map(|(_, number)| number.clone()).collect(),
        fields: fields(world, row),
    }
}

fn state(row: &Row) -> Option<String> {
    let text = |name: &str| row.extra.get(name).and_then(Value::as_str);
    let word = match row.module {
        Module::Tasks if text("Status") == Some("Completed") => "completed",
        Module::Tasks => "open",
        Module::Calls => text("Call_Type")?,
        Module::Deals if stage_shown(row.stage).is_some_and(|stage| stage.forecast == "Open") => "open",
        Module::Deals => "closed",
        _ => return None,
    };
    Some(word.to_owned())
}

/// When somebody is reminded of a task, which is all that is kept of it to the minute.
fn reminder(row: &Row) -> Option<String> {
    let rule = row.extra.get("Remind_At")?["ALARM"].as_str()?;
    rule.split(';').find_map(|part| part.strip_prefix("TRIGGER=DATE-TIME:")).map(str::to_owned)
}

/// What stands in no member of its own.
fn fields(world: &World, row: &Row) -> BTreeMap<String, String> {
    const TOLD: [&str; 5] = ["Description", "Stage", "Owner", "Voice_Recording__s", "Remind_At"];
    let mut fields = BTreeMap::new();
    for field in world.fields(row.module) {
        let told = TOLD.contains(&field.name) || KEPT.contains(&field.name) || field.name == row.module.name_field();
        if told || matches!(field.holds, Type::Lookup | Type::Phone) {
            continue;
        }
        let text = match cell(row, field) {
            Cell::Text(text) => text,
            Cell::Time(at_s) => at_s.map(time),
            Cell::Bool(is) => Some(is.to_string()),
            Cell::Shown(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        fields.extend(text.filter(|text| !text.is_empty()).map(|text| (field.name.to_owned(), text)));
    }
    if row.module == Module::Deals {
        fields.insert("Stage".to_owned(), row.stage.to_owned());
    }
    fields
}
