//! `predial snapshot`: the generations of a project's memory on disk.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::json;

use super::{
    Outcome,
    arguments::{SnapshotArguments, SnapshotCommand},
    door::Door,
    print,
};

/// What the door tells; see `ops::snapshots`.
#[derive(Debug, Deserialize)]
struct Generations {
    in_force: InForce,
    snapshots: Vec<Generation>,
}

#[derive(Debug, Deserialize)]
struct InForce {
    newest: Option<String>,
    failing: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Generation {
    at: String,
    bytes: u64,
    why: Option<String>,
    numbers: Option<u64>,
    as_of: Option<String>,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RolledBack {
    at: String,
    kept_as: Option<String>,
    numbers: u64,
    records: u64,
}

pub(super) async fn run(arguments: SnapshotArguments) -> Outcome {
    match arguments.command {
        SnapshotCommand::List { project, door } => {
            let door = Door::new(door)?;
            let generations: Generations = door.get(door.project(&project, "snapshots")).await?;
            print(&table(&generations)?)
        }
        SnapshotCommand::Rollback { project, at, door } => {
            let door = Door::new(door)?;
            let body = at.map_or_else(|| json!({}), |at| json!({ "at": at }));
            let RolledBack { at, kept_as, numbers, records } =
                door.post(door.project(&project, "rollback"), &body).await?;
            let undo = kept_as.map_or_else(
                || "what was in force was not complete, and is not kept".to_owned(),
                |kept| format!("what was in force is {kept}"),
            );
            print(&format!("in force   {at}: {numbers} numbers, {records} open records\nto undo    {undo}\n"))
        }
    }
}

fn table(generations: &Generations) -> Result<String, std::fmt::Error> {
    let Generations { in_force, snapshots } = generations;
    let mut text = String::new();
    if snapshots.is_empty() {
        writeln!(text, "no snapshots yet: the first is written once a full crawl is complete")?;
    } else {
        writeln!(text, "{:<20}  {:<15}  {:>9}  {:>11}  as of", "at", "why", "numbers", "bytes")?;
    }
    for Generation { at, bytes, why, numbers, as_of, problem } in snapshots {
        let (why, numbers) =
            (why.as_deref().unwrap_or("?"), numbers.map_or_else(|| "?".to_owned(), |it| it.to_string()));
        let as_of = as_of.as_deref().unwrap_or("?");
        write!(text, "{at:<20}  {why:<15}  {numbers:>9}  {bytes:>11}  {as_of}")?;
        if in_force.newest.as_ref() == Some(at) {
            write!(text, "  (the last written or restored)")?;
        }
        if let Some(problem) = problem {
            write!(text, "  refused: {problem}")?;
        }
        writeln!(text)?;
    }
    if let Some(failing) = &in_force.failing {
        writeln!(text, "the last could not be written: {failing}")?;
    }
    Ok(text)
}
