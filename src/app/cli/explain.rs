//! `predial explain`: the walk for a number, as a person reads it.

use std::fmt::Write;

use serde::Deserialize;

use super::{Ending, Outcome, arguments::ExplainArguments, door::Door, print};

/// What the door tells; see `routing::Explained`.
#[derive(Debug, Deserialize)]
struct Explained {
    project: String,
    block: String,
    caller: String,
    keys: Vec<Key>,
    priority: Vec<String>,
    entities: Vec<Entity>,
    not_yet_known: Vec<String>,
    outcome: String,
    reason: Option<String>,
    employee: Option<String>,
    destination: Option<String>,
    entity: Option<String>,
    source: String,
    age_s: Option<i64>,
    took_us: u64,
    deadline_ms: u64,
}

#[derive(Debug, Deserialize)]
struct Key {
    number: u64,
    known: bool,
}

#[derive(Debug, Deserialize)]
struct Entity {
    kind: String,
    id: String,
    owner: Option<String>,
    created: Option<String>,
    fate: String,
}

pub(super) async fn run(arguments: ExplainArguments) -> Outcome {
    let door = Door::new(arguments.door)?;
    let mut url = door.project(&arguments.project, "explain");
    url.query_pairs_mut().append_pair("block", &arguments.block).append_pair("caller", &arguments.caller);
    let explained: Explained = door.get(url).await?;
    print(&told(&explained)?)?;
    Ok(if explained.outcome == "hit" { Ending::Good } else { Ending::Miss })
}

fn told(explained: &Explained) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let Explained { project, block, caller, .. } = explained;
    writeln!(text, "project    {project}, block {block}")?;
    writeln!(text, "caller     {caller}")?;
    for Key { number, known } in &explained.keys {
        writeln!(text, "looked up  {number}: {}", if *known { "known" } else { "not known" })?;
    }
    writeln!(text, "walked     {}", explained.priority.join(", "))?;
    for Entity { kind, id, owner, created, fate } in &explained.entities {
        let owner = owner.as_deref().map_or_else(|| "nobody's".to_owned(), |owner| format!("owner {owner}"));
        let created = created.as_deref().unwrap_or("at an unknown time");
        writeln!(text, "found      {kind} {id}, {owner}, created {created}: {}", because(fate))?;
    }
    if !explained.not_yet_known.is_empty() {
        writeln!(text, "not known  {}", explained.not_yet_known.join(", "))?;
    }
    let destination = explained.destination.as_deref().unwrap_or("none");
    match &explained.employee {
        Some(employee) => {
            let by = explained.entity.as_deref().unwrap_or("nothing");
            writeln!(text, "answer     {destination}: {employee}, by {by}")?;
        }
        None => {
            let reason = explained.reason.as_deref().unwrap_or("nobody is responsible");
            writeln!(text, "answer     {destination}: {reason}")?;
        }
    }
    let age = explained.age_s.map_or_else(String::new, |age| format!(", {age} s old"));
    writeln!(text, "source     {}{age}", explained.source)?;
    let took_ms = std::time::Duration::from_micros(explained.took_us).as_secs_f64() * 1000.0;
    writeln!(text, "took       {took_ms:.3} ms of {} ms", explained.deadline_ms)?;
    Ok(text)
}

/// A fate in a sentence. One this program does not know (the service may be newer) is printed as it came.
pub(super) fn because(fate: &str) -> &str {
    match fate {
        "decides" => "decides",
        "not-in-priority" => "its kind is not in the block's priority",
        "later-kind" => "an earlier kind decided",
        "older-of-its-kind" => "another of its kind was created later",
        "via-not-counted" => "deal_via does not count what it was found by",
        "no-owner" => "it has no owner",
        "owner-without-direction" => "its owner is an employee without a main direction",
        "owner-not-ours" => "its owner is no employee of this project",
        other => other,
    }
}
