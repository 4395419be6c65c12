//! `predial pause` and `predial resume`: a project's writing to its CRM, off and on.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{PauseArguments, ResumeArguments},
    door::Door,
    print,
};

#[derive(Debug, Deserialize)]
struct Resumed {
    was_paused: bool,
    sent: u64,
}

pub(super) async fn pause(arguments: PauseArguments) -> Outcome {
    let PauseArguments { project, reason, door } = arguments;
    let door = Door::new(door)?;
    let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    let _paused: Value = door.post(door.project(&project, "pause"), &body).await?;
    print(&format!("{project} is off: what is told of its calls is stored, and nothing new is written to its CRM\n"))
}

pub(super) async fn resume(arguments: ResumeArguments) -> Outcome {
    let ResumeArguments { project, send_stored, keep_stored, door } = arguments;
    let door = Door::new(door)?;
    // Neither said: the project's own configuration decides.
    let body = if send_stored || keep_stored { json!({ "send_stored": send_stored }) } else { json!({}) };
    let Resumed { was_paused, sent } = door.post(door.project(&project, "resume"), &body).await?;
    let before = if was_paused { "is on" } else { "was on already" };
    print(&format!("{project} {before}; {sent} stored {} sent\n", if sent == 1 { "entry is" } else { "entries are" }))
}
