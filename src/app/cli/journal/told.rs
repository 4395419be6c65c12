//! One entry, as a person reads it.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::Entry;

/// What is shown of an order.
const ORDER_LETTERS: usize = 160;

/// What the door tells of one entry; see `ops::journal`.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    entry: Entry,
    told: Option<Value>,
    raw: Value,
    judged: Option<Value>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    seq: u32,
    name: String,
    state: String,
    unclear: bool,
    parts: Vec<String>,
    receipt: Option<String>,
    sent: Option<String>,
    done: Option<String>,
    error: Option<String>,
    order: Value,
}

pub(super) fn told(shown: &Shown) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    entry(&mut text, &shown.entry)?;
    match &shown.told {
        Some(told) => each(&mut text, "told", told)?,
        // It could not be understood: then all of it, as it came.
        None => each(&mut text, "came as", &shown.raw)?,
    }
    if let Some(judged) = &shown.judged {
        judgement(&mut text, judged)?;
    }
    for of_plan in &shown.steps {
        step(&mut text, of_plan)?;
    }
    if shown.steps.is_empty() {
        writeln!(text, "steps      none")?;
    }
    Ok(text)
}

fn entry(text: &mut String, entry: &Entry) -> std::fmt::Result {
    let Entry { id, project, moment, call_id, received, reconciled, state, .. } = entry;
    let Entry { row, outcome, attempts, not_before, error, finished, .. } = entry;
    writeln!(text, "entry      {}: {} of {}", plain(id), plain(moment), plain(project))?;
    writeln!(text, "call       {}", plain(call_id.as_deref().unwrap_or("without an id")))?;
    writeln!(text, "received   {}", plain(received.as_deref().unwrap_or("at an unknown time")))?;
    if let Some(at) = reconciled {
        writeln!(text, "reconciled {}: from the telephone system's list, nobody told it", plain(at))?;
    }
    let attempts = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    write!(text, "state      {}, {attempts}", plain(state))?;
    for (word, at) in [("not before", not_before), ("finished", finished)] {
        if let Some(at) = at {
            write!(text, ", {word} {}", plain(at))?;
        }
    }
    writeln!(text)?;
    for (word, said) in [("row", row), ("outcome", outcome), ("error", error)] {
        if let Some(said) = said {
            writeln!(text, "{word:<9}  {}", plain(said))?;
        }
    }
    Ok(())
}

/// How the client was found when the call was first told of.
fn judgement(text: &mut String, judged: &Value) -> std::fmt::Result {
    let held = judged["held"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by = if judged["fresh"].as_bool().unwrap_or_default() { "by the CRM" } else { "from memory" };
    let client = if held.is_empty() { "a new client" } else { "an existing client" };
    writeln!(text, "judged     {client}, {by}")?;
    for one in held {
        let owner = scalar(&one["owner"]).map_or_else(|| "nobody's".to_owned(), |owner| format!("owner {owner}"));
        let (kind, id) = (scalar(&one["kind"]).unwrap_or_default(), scalar(&one["id"]).unwrap_or_default());
        writeln!(text, "           {kind} {id}, {owner}")?;
    }
    Ok(())
}

fn step(text: &mut String, step: &Step) -> std::fmt::Result {
    let Step { seq, name, state, unclear, parts, receipt, sent, done, error, order } = step;
    write!(text, "step {seq:<4}  {}: {}", plain(name), plain(state))?;
    if *unclear {
        write!(text, ", unclear whether it was done")?;
    }
    if let Some(receipt) = receipt {
        write!(text, ", is {} in the CRM", plain(receipt))?;
    }
    for (word, at) in [("sent", sent), ("done", done)] {
        if let Some(at) = at {
            write!(text, ", {word} {}", plain(at))?;
        }
    }
    writeln!(text)?;
    if !parts.is_empty() {
        writeln!(text, "           in parts: {}", plain(&parts.join(", ")))?;
    }
    if let Some(error) = error {
        writeln!(text, "           because: {}", plain(error))?;
    }
    writeln!(text, "           order: {}", short(&ordered(order), ORDER_LETTERS))
}

/// An order without the call, which stands above.
fn ordered(order: &Value) -> String {
    let parts = ["action", "owner", "on"].into_iter().filter_map(|part| {
        let said = flat(&order[part]);
        let said: Vec<String> = said.into_iter().map(|(key, value)| joined(&key, &value)).collect();
        (!said.is_empty()).then(|| format!("{part} {}", said.join(", ")))
    });
    let parts: Vec<String> = parts.collect();
    // Not ours, or a newer service's: as it came.
    if parts.is_empty() { order.to_string() } else { parts.join("; ") }
}

fn joined(key: &str, value: &str) -> String {
    if key.is_empty() { value.to_owned() } else { format!("{key} {value}") }
}

/// A row for each thing that is said.
fn each(text: &mut String, what: &str, value: &Value) -> std::fmt::Result {
    let mut before = what;
    for (key, value) in flat(value) {
        writeln!(text, "{before:<9}  {}", plain(&joined(&key, &value)))?;
        before = "";
    }
    Ok(())
}

/// What a value says, each thing by its path; nothing of what says nothing.
fn flat(value: &Value) -> Vec<(String, String)> {
    let inner = |key: &str, value: &Value| {
        let under = |(inner, value): (String, String)| {
            (if inner.is_empty() { key.to_owned() } else { format!("{key}.{inner}") }, value)
        };
        flat(value).into_iter().map(under).collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| inner(key, value)).collect(),
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        other => scalar(other).map(|value| (String::new(), value)).into_iter().collect(),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) | Value::Array(_) => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(plain(text)),
        other => Some(other.to_string()),
    }
}

/// A text in one line. What a terminal would take for a command came from outside, and is a blank.
pub(in crate::app::cli) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The beginning of a text, in one line.
pub(super) fn short(text: &str, letters: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= letters {
        return text;
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}
