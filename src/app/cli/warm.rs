//! `predial warm`: starts a warm-up, or joins the one under way, and shows it until it ends.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Ending, Outcome,
    arguments::WarmArguments,
    door::{Door, DoorError},
    print, remark,
    run::{Progressing, Started, follow},
};

/// What the door tells; see `directory::WarmProgress`.
#[derive(Debug, Deserialize)]
struct Progress {
    id: u64,
    state: State,
    kind: Option<String>,
    read: u64,
    expected: Option<u64>,
    pages: u64,
    waits: u64,
    seconds: f64,
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Never,
    Running,
    Done,
    Failed,
    Refused,
    Stopped,
}

pub(super) async fn run(arguments: WarmArguments) -> Outcome {
    let door = Door::new(arguments.door)?;
    let url = door.project(&arguments.project, "warm");
    let wanted = json!({ "full": arguments.full, "force": arguments.force });
    let id = match door.post::<Started>(url.clone(), &wanted).await {
        Ok(started) => started.id,
        Err(DoorError::Refused { run: Some(id), .. }) => {
            remark(&format!("run {id} is under way already: following it, --full and --force do not change it"));
            id
        }
        Err(error) => return Err(error.into()),
    };
    let progress = followed(&door, &url, id).await?;
    ended(&arguments.project, id, &progress)
}

async fn followed(door: &Door, url: &Url, id: u64) -> Result<Progress, DoorError> {
    let bar = Bar::new();
    let seen = follow(door, url, id, |progress| bar.show(progress)).await;
    bar.clear();
    seen
}

impl Progressing for Progress {
    fn id(&self) -> u64 {
        self.id
    }

    fn is_under_way(&self) -> bool {
        self.state == State::Running
    }
}

fn ended(project: &str, id: u64, progress: &Progress) -> Outcome {
    let Progress { state, read, pages, waits, seconds, .. } = progress;
    if progress.id != id {
        let found = if *state == State::Never { "none".to_owned() } else { format!("run {}", progress.id) };
        remark(&format!(
            "predial: expected run {id} of {project} to be told of until its end, found {found}: was the service restarted?"
        ));
        return Ok(Ending::Failed);
    }
    let told = format!("run {id} of {project}, {read} records in {pages} pages, {waits} waits, {seconds:.1} s");
    if *state == State::Done {
        return print(&format!("done: {told}\n"));
    }
    let word = match state {
        State::Refused => "refused",
        State::Stopped => "stopped",
        _ => "failed",
    };
    let reason = progress.reason.as_deref().map_or_else(String::new, |reason| format!("\n  because: {reason}"));
    remark(&format!("predial: {word}: {told}{reason}"));
    Ok(Ending::Failed)
}

/// A bar where the total is known, counts beside a spinner where it is not; nothing where nobody looks.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    fn show(&self, progress: &Progress) {
        let template = if progress.expected.is_some() {
            "{spinner} [{bar:30}] {human_pos}/{human_len} records, {wide_msg}"
        } else {
            "{spinner} {human_pos} records, {wide_msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        // A crawl may find more than there were the last time.
        if let Some(expected) = progress.expected {
            self.0.set_length(expected.max(progress.read));
        }
        self.0.set_position(progress.read);
        self.0.set_message(beside(progress));
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn beside(progress: &Progress) -> String {
    let mut text = format!("{} pages, {:.0} s", progress.pages, progress.seconds);
    if let Some(kind) = &progress.kind {
        text.push_str(&format!(", reading {kind}s"));
    }
    if progress.waits > 0 {
        text.push_str(&format!(", {} waits", progress.waits));
    }
    if let Some(reason) = &progress.reason {
        text.push_str(&format!(", waiting: {reason}"));
    }
    text
}
