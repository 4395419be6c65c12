//! `predial journal`: what happened in calls, what was written of it, and what operators decide about it.

mod told;

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};

pub(super) use self::told::plain;
use self::told::{Shown, short};
use super::{
    Outcome,
    arguments::{JournalArguments, JournalCommand, JournalEntryArguments, JournalListArguments, JournalRetryArguments},
    door::Door,
    print, remark,
};

/// What is shown of an error in a table.
const ERROR_LETTERS: usize = 80;

/// What the door tells of an entry; see `ops::journal`.
#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    project: String,
    moment: String,
    call_id: Option<String>,
    received: Option<String>,
    reconciled: Option<String>,
    state: String,
    row: Option<String>,
    outcome: Option<String>,
    attempts: u32,
    not_before: Option<String>,
    error: Option<String>,
    finished: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    entries: Vec<Entry>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Retried {
    retried: u64,
}

pub(super) async fn run(arguments: JournalArguments) -> Outcome {
    match arguments.command {
        JournalCommand::List(arguments) => list(arguments).await,
        JournalCommand::Show(JournalEntryArguments { id, door }) => {
            let door = Door::new(door)?;
            let shown: Shown = door.get(door.journal([id.as_str()])).await?;
            print(&told::told(&shown)?)
        }
        JournalCommand::Retry(arguments) => retry(arguments).await,
        JournalCommand::Drop(JournalEntryArguments { id, door }) => {
            let door = Door::new(door)?;
            let _dropped: Value = door.post(door.journal([id.as_str(), "drop"]), &json!({})).await?;
            print(&format!("entry {id} is dropped: nothing (more) is written of it\n"))
        }
    }
}

async fn list(arguments: JournalListArguments) -> Outcome {
    let JournalListArguments { project, state, limit, after, door } = arguments;
    let door = Door::new(door)?;
    let mut url = door.journal([]);
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", &limit.to_string());
        for (key, value) in [("project", &project), ("state", &state), ("after", &after)] {
            if let Some(value) = value {
                query.append_pair(key, value);
            }
        }
    }
    let listed: Listed = door.get(url).await?;
    let outcome = print(&table(&listed.entries)?);
    if let Some(after) = listed.after {
        remark(&format!("there may be more: --after {after} shows what came before"));
    }
    outcome
}

async fn retry(arguments: JournalRetryArguments) -> Outcome {
    let JournalRetryArguments { id, state, project, door } = arguments;
    let door = Door::new(door)?;
    let (url, body) = match id {
        Some(id) => (door.journal([id.as_str(), "retry"]), json!({})),
        None => (door.journal(["retry"]), json!({ "state": state, "project": project })),
    };
    let Retried { retried } = door.post(url, &body).await?;
    print(&format!("{retried} {} again\n", if retried == 1 { "entry is tried" } else { "entries are tried" }))
}

fn table(entries: &[Entry]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    if entries.is_empty() {
        writeln!(text, "no entries")?;
        return Ok(text);
    }
    let head = ["id", "received", "project", "moment", "call", "state", "row or outcome", "attempts", "error"];
    let mut rows: Vec<[String; 9]> = vec![head.map(str::to_owned)];
    rows.extend(entries.iter().map(row));
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; 9] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(text)
}

fn row(entry: &Entry) -> [String; 9] {
    let or_dash = |text: Option<&str>| plain(text.unwrap_or("-"));
    [
        plain(&entry.id),
        or_dash(entry.received.as_deref()),
        plain(&entry.project),
        plain(&format!("{}{}", entry.moment, if entry.reconciled.is_some() { " (reconciled)" } else { "" })),
        or_dash(entry.call_id.as_deref()),
        plain(&entry.state),
        or_dash(entry.row.as_deref().or(entry.outcome.as_deref())),
        entry.attempts.to_string(),
        short(entry.error.as_deref().unwrap_or_default(), ERROR_LETTERS),
    ]
}
