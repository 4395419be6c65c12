//! `predial crm setup`: the CRM's fields that the configuration names, and which of them are there.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::json;

use super::{
    Ending, Outcome,
    arguments::{CrmArguments, CrmCommand},
    door::Door,
    print, remark,
};

/// What the door tells; see `crm::writer::FieldState`.
#[derive(Debug, Deserialize)]
struct Field {
    of: String,
    key: String,
    name: String,
    there: bool,
    trouble: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SetUp {
    fields: Vec<Field>,
    made: Vec<Field>,
    refused: Vec<Refused>,
    missing: u64,
}

#[derive(Debug, Deserialize)]
struct Refused {
    field: Field,
    why: String,
}

pub(super) async fn run(arguments: CrmArguments) -> Outcome {
    let CrmCommand::Setup { project, create, door } = arguments.command;
    let door = Door::new(door)?;
    let set_up: SetUp = door.post(door.project(&project, "fields"), &json!({ "create": create })).await?;
    print(&table(&set_up)?)?;
    for Refused { field: Field { of, key, name, .. }, why } in &set_up.refused {
        remark(&format!("predial: {of}.{key} ({name}) was not made\n  because: {why}"));
    }
    if set_up.missing == 0 {
        return Ok(Ending::Good);
    }
    let advice = if create { "make them in the CRM" } else { "--create makes them where the vendor's API can" };
    remark(&format!("{} of {} cannot be written to: {advice}", set_up.missing, set_up.fields.len()));
    Ok(Ending::Failed)
}

fn table(set_up: &SetUp) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    if set_up.fields.is_empty() {
        writeln!(text, "no fields: [crm.fields] of the project names none")?;
        return Ok(text);
    }
    writeln!(text, "{:<12}  {:<12}  {:<32}  state", "of", "key", "name")?;
    for field in &set_up.fields {
        let Field { of, key, name, there, trouble } = field;
        let made = set_up.made.iter().any(|made| (&made.of, &made.key) == (of, key));
        let state = match (there, made) {
            (true, true) => "made",
            (true, false) => "there",
            (false, _) => "missing",
        };
        write!(text, "{of:<12}  {key:<12}  {name:<32}  {state}")?;
        if let Some(trouble) = trouble {
            write!(text, ": {trouble}")?;
        }
        writeln!(text)?;
    }
    Ok(text)
}
