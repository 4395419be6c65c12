//! `/api/projects/{p}/decisions/try`: past calls through a changed configuration, from memory alone.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};

use super::{
    Desk, decisions,
    decisions::{decisions, time},
    projects::Named,
    refusal::Refusal,
};
use crate::base::problem::Problem;
use crate::journal::store::decisions::Asked;
use crate::model::phone::PhoneKey;
use crate::routing::{self, Remembered, Why};

/// A request's body, at most: a project's file is 1 MiB, and takes more as JSON.
pub(super) const MAX_BODY_BYTES: usize = 4 << 20;
/// Numbers tried, at most.
const MOST_TRIED: u64 = 100_000;
/// Taken from the record at once.
const PAGE: u32 = 1_000;
/// Differences told unless said otherwise, and at most; all are counted.
const TOLD: usize = 1_000;
const MOST_TOLD: usize = 10_000;

/// A project's file in the place of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedFile {
    /// As whoever asks names it.
    pub file: String,
    /// What stands in it; secrets are references.
    pub text: String,
}

/// A project as it is, and as it would be.
#[derive(Debug)]
pub struct AsIf {
    /// In force.
    pub now: std::sync::Arc<routing::Line>,
    /// Not in force, on the same memory.
    pub then: std::sync::Arc<routing::Line>,
    /// What should be known besides.
    pub remarks: Vec<String>,
}

/// Why nothing can be tried.
#[derive(Debug, thiserror::Error)]
pub enum TryRefused {
    /// No such project is in force.
    #[error("expected a configured project, found {project:?}")]
    UnknownProject {
        /// What was asked for.
        project: String,
    },
    /// The configuration would be refused.
    #[error("the configuration has {} problems", .0.len())]
    Configuration(Vec<Problem>),
    /// The configuration has no such project.
    #[error(
        "expected the project {project:?} in the configuration, found that it has left it: no call would be answered"
    )]
    Gone {
        /// What was asked for.
        project: String,
    },
    /// It reads another account, country or fields.
    #[error(
        "expected a [crm] that reads the same records, found another account, country or number fields: \
         nothing is known of those before a reload has read them"
    )]
    OtherDirectory,
    /// It ended without a word.
    #[error("expected the configuration to be read, found that broken off: {0}")]
    BrokenOff(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    since_s: u64,
    changed: Option<ChangedFile>,
    limit: Option<usize>,
}

/// What came of it.
#[derive(Serialize, Default)]
pub(super) struct Tried {
    since: Option<String>,
    /// Numbers, each once for each block.
    tried: u64,
    /// Calls that they made.
    calls: u64,
    /// Numbers that would be answered the same.
    same: u64,
    /// Of these, those that memory does not know: the CRM would be asked.
    unknown: u64,
    /// Numbers that would be answered otherwise.
    different: u64,
    /// Calls that they made.
    different_calls: u64,
    /// Numbers that were answered otherwise, the last time, than the configuration in force would answer now.
    changed_since: u64,
    /// Whether there were more than are tried at once.
    cut: bool,
    /// The differences, the number that called last first; so many as are told.
    differences: Vec<Difference>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
struct Difference {
    caller: String,
    block: String,
    calls: u64,
    last: Option<String>,
    now: Why,
    then: Why,
    /// What it was answered the last time, where the configuration in force would answer something else now.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Recorded>,
}

#[derive(Serialize)]
struct Recorded {
    outcome: String,
    destination: Option<String>,
}

pub(super) async fn try_out(
    State(desk): State<Desk>,
    Named(line): Named,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Tried>, Refusal> {
    let body = body.map_err(|error| Refusal::new(error.status(), "body_refused", error.body_text()))?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|error| {
        let expected = r#"{"since_s": SECONDS, "changed": {"file", "text"}, "limit": N}"#;
        Refusal::bad_request(format!("expected {expected}, found otherwise: {error}"))
    })?;
    let name = &line.project.name;
    let as_if = desk.operations.as_if(name, wanted.changed).await.map_err(refusal)?;
    let record = decisions(&desk).await?;
    let since_ms = i64::try_from(wanted.since_s.saturating_mul(1_000)).unwrap_or(i64::MAX);
    let since_ms = line.directory.clock().now().as_millisecond().saturating_sub(since_ms);
    let told = wanted.limit.unwrap_or(TOLD).min(MOST_TOLD);
    let mut tried = Tried { since: time(since_ms), ..Tried::default() };
    let mut before = None;
    loop {
        let page = record.asked(name, since_ms, (before, PAGE)).await;
        let page = page.map_err(|error| decisions::failed(&error))?;
        let Some(last) = page.last() else { break };
        before = Some((last.last.at_ms, last.last.id));
        if tried.tried >= MOST_TRIED {
            tried.cut = true;
            break;
        }
        for asked in &page {
            tried.one(asked, &as_if, told);
        }
    }
    tried.remarks = as_if.remarks;
    Ok(Json(tried))
}

impl Tried {
    fn one(&mut self, asked: &Asked, as_if: &AsIf, told: usize) {
        let Some(number) = asked.last.number.and_then(PhoneKey::from_digits) else { return };
        let block = &asked.last.answer.block;
        let now = routing::remembered(&as_if.now, block, number);
        let then = routing::remembered(&as_if.then, block, number);
        let recorded = recorded(asked, now);
        self.tried += 1;
        self.calls += asked.times;
        self.changed_since += u64::from(recorded.is_some());
        if now == then {
            self.same += 1;
            self.unknown += u64::from(now == Remembered::Unknown);
            return;
        }
        self.different += 1;
        self.different_calls += asked.times;
        if self.differences.len() < told {
            self.differences.push(Difference {
                caller: number.digits().to_string(),
                block: block.clone(),
                calls: asked.times,
                last: time(asked.last.at_ms),
                now: routing::why_remembered(&as_if.now, block, number),
                then: routing::why_remembered(&as_if.then, block, number),
                recorded,
            });
        }
    }
}

/// What was answered then, where that can be compared and differs: a CRM that could not be asked said nothing.
fn recorded(asked: &Asked, now: Remembered<'_>) -> Option<Recorded> {
    let answer = &asked.last.answer;
    let Remembered::Answered { hit, destination } = now else { return None };
    let could_not = ["late", "busy", "failed"].contains(&answer.source.as_str()) && answer.outcome != "hit";
    let same = (answer.outcome == "hit") == hit && answer.destination == destination.unwrap_or_default();
    (!could_not && !same).then(|| Recorded {
        outcome: answer.outcome.clone(),
        destination: (!answer.destination.is_empty()).then(|| answer.destination.clone()),
    })
}

fn refusal(refused: TryRefused) -> Refusal {
    let message = refused.to_string();
    match refused {
        TryRefused::UnknownProject { project } => Refusal::unknown_project(&project),
        TryRefused::Configuration(problems) => {
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "configuration_refused", message).naming_problems(problems)
        }
        TryRefused::Gone { .. } => Refusal::new(StatusCode::CONFLICT, "project_gone", message),
        TryRefused::OtherDirectory => Refusal::new(StatusCode::CONFLICT, "other_directory", message),
        TryRefused::BrokenOff(_) => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "try_broken_off", message),
    }
}
