//! `predial reconcile`: has calls that nobody told read from the telephone system's list, and shows it until it ends.

use std::time::Duration;

use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Ending, Outcome,
    arguments::ReconcileArguments,
    door::{Door, DoorError},
    print, remark,
    run::{Progressing, Started, follow},
};

/// What the door tells; see `journal::ReconcileProgress`.
#[derive(Debug, Deserialize)]
struct Progress {
    id: u64,
    state: String,
    read: u64,
    known: u64,
    in_progress: u64,
    appended: u64,
    amended: u64,
    unreadable: u64,
    requests: u64,
    windows: u64,
    left: u64,
    waits: u64,
    seconds: f64,
    reason: Option<String>,
    unread: Vec<String>,
}

pub(super) async fn run(arguments: ReconcileArguments) -> Outcome {
    let ReconcileArguments { project, from, to, door } = arguments;
    let door = Door::new(door)?;
    let url = door.project(&project, "reconcile");
    let id = loop {
        match door.post::<Started>(url.clone(), &json!({ "from": from, "to": to })).await {
            Ok(started) => break started.id,
            // Of other calls perhaps: this one's turn comes after it.
            Err(DoorError::Refused { run: Some(id), .. }) => {
                remark(&format!("run {id} is under way: waiting for its end"));
                followed(&door, &url, id).await?;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let progress = followed(&door, &url, id).await?;
    ended(&project, id, &progress)
}

async fn followed(door: &Door, url: &Url, id: u64) -> Result<Progress, DoorError> {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    let seen = follow(door, url, id, |progress| spinner.set_message(beside(progress))).await;
    spinner.finish_and_clear();
    seen
}

impl Progressing for Progress {
    fn id(&self) -> u64 {
        self.id
    }

    fn is_under_way(&self) -> bool {
        self.state == "running"
    }
}

fn beside(progress: &Progress) -> String {
    let Progress { read, appended, windows, left, seconds, .. } = progress;
    let mut text = format!("{read} calls, {appended} of them missing, {windows} windows, {left} left, {seconds:.0} s");
    if let Some(reason) = &progress.reason {
        text.push_str(&format!(", waiting: {reason}"));
    }
    text
}

fn ended(project: &str, id: u64, progress: &Progress) -> Outcome {
    if progress.id != id {
        remark(&format!(
            "predial: expected run {id} of {project} to be told of until its end, found run {}: was the service restarted?",
            progress.id
        ));
        return Ok(Ending::Failed);
    }
    let Progress { state, read, known, in_progress, appended, amended, unreadable, .. } = progress;
    let Progress { requests, windows, waits, seconds, .. } = progress;
    let told = format!(
        "run {id} of {project}: {read} read, {known} known, {in_progress} in progress, {appended} appended, {amended} \
         amended, {unreadable} unreadable; {requests} requests, {windows} windows, {waits} waits, {seconds:.1} s"
    );
    if state == "done" {
        return print(&format!("done: {told}\n"));
    }
    let reason = progress.reason.as_deref().map_or_else(String::new, |reason| format!("\n  because: {reason}"));
    let unread: String = progress.unread.iter().map(|window| format!("\n  not read whole: {window}")).collect();
    remark(&format!("predial: {state}: {told}{reason}{unread}"));
    Ok(Ending::Failed)
}
