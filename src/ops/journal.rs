//! `/api/journal…`: what happened in calls and what is written of it; and a project's writing turned off and on.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::StatusCode,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Desk, projects::Named, refusal::Refusal};
use crate::crm::{failure::Failure, writer::FieldState};
use crate::journal::Journal;
use crate::journal::store::{Entry, EntryId, Filter, Shown, State as EntryState, Step, StoreError};

/// Entries of one list unless said otherwise, and at most.
const LISTED: u32 = 100;
const MOST_LISTED: u32 = 1_000;

/// How many entries a project has, and whether it is written to.
#[derive(Serialize)]
pub(super) struct JournalView {
    /// By state, those in which there are some.
    by_state: BTreeMap<&'static str, u64>,
    /// How long the oldest waits for which something is still to be done.
    oldest_open_s: Option<i64>,
    /// By whom the project is off: `operator`, `credentials`.
    paused_by: Option<&'static str>,
    /// Since when.
    paused_since: Option<String>,
    /// Why.
    paused_reason: Option<String>,
}

impl JournalView {
    /// What stands in the journal of a project; `None` where it cannot be read.
    pub(super) async fn of(journal: &Journal, project: &str, now_ms: i64) -> Option<Self> {
        let counts = journal.counts(project).await.ok()?;
        let paused = journal.store().paused().await.ok()?.into_iter().find(|paused| paused.project == project);
        Some(Self {
            by_state: counts.by_state.iter().map(|(state, count)| (state.word(), *count)).collect(),
            oldest_open_s: counts.oldest_open_ms.map(|at_ms| now_ms.saturating_sub(at_ms).max(0) / 1_000),
            paused_by: paused.as_ref().map(|paused| paused.by.word()),
            paused_since: paused.as_ref().and_then(|paused| time(paused.since_ms)),
            paused_reason: paused.map(|paused| paused.reason),
        })
    }

    /// The number of entries in a state.
    pub(super) fn count(&self, state: EntryState) -> u64 {
        self.by_state.get(state.word()).copied().unwrap_or(0)
    }

    /// Those that something is still to be done for.
    pub(super) fn open(&self) -> u64 {
        EntryState::ALL.into_iter().filter(|state| state.is_open()).map(|state| self.count(state)).sum()
    }

    pub(super) const fn oldest_open_s(&self) -> Option<i64> {
        self.oldest_open_s
    }

    pub(super) const fn paused_by(&self) -> Option<&'static str> {
        self.paused_by
    }
}

/// An entry in a list.
#[derive(Serialize)]
struct Listed {
    id: EntryId,
    project: String,
    moment: String,
    call_id: Option<String>,
    received: Option<String>,
    /// When it was read from the telephone system's list, of one that nobody told.
    reconciled: Option<String>,
    state: &'static str,
    row: Option<String>,
    outcome: Option<String>,
    attempts: u32,
    not_before: Option<String>,
    error: Option<String>,
    finished: Option<String>,
}

impl From<Entry> for Listed {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            project: entry.project,
            moment: entry.moment,
            call_id: entry.call_id,
            received: time(entry.received_ms),
            reconciled: entry.facts.as_deref().and_then(reconciled),
            state: entry.state.word(),
            row: entry.row_id,
            outcome: entry.outcome,
            attempts: entry.attempts,
            not_before: entry.not_before_ms.and_then(time),
            error: entry.error,
            finished: entry.finished_ms.and_then(time),
        }
    }
}

/// When the event was read from the telephone system's list.
fn reconciled(facts: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Event {
        reconciled: Option<String>,
    }
    serde_json::from_str::<Event>(facts).ok()?.reconciled
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    project: Option<String>,
    state: Option<String>,
    limit: Option<u32>,
    after: Option<i64>,
}

/// Which entries are to be tried again: of a project, or all; by default the dead ones.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Retried {
    project: Option<String>,
    state: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Paused {
    reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Resumed {
    send_stored: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct SetUp {
    create: bool,
}

pub(super) type Body = Result<Bytes, BytesRejection>;

pub(super) async fn list(
    State(desk): State<Desk>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(asked) = asked.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let state = asked.state.as_deref().map(state).transpose()?;
    let limit = asked.limit.unwrap_or(LISTED).clamp(1, MOST_LISTED);
    let filter = Filter { project: asked.project, state, after: asked.after.map(EntryId), limit, newest_first: true };
    let entries = journal(&desk)?.store().list(filter).await.map_err(|error| refusal(&error))?;
    let next = (entries.len() >= limit as usize).then(|| entries.last().map(|entry| entry.id)).flatten();
    let entries: Vec<Listed> = entries.into_iter().map(Listed::from).collect();
    Ok(Json(json!({ "entries": entries, "after": next })))
}

pub(super) async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let id = entry_id(&id)?;
    let shown = journal(&desk)?.store().show(id).await.map_err(|error| refusal(&error))?;
    shown.map(|shown| Json(whole(shown))).ok_or_else(|| refusal(&StoreError::NoEntry(id)))
}

pub(super) async fn retry(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let (id, journal) = (entry_id(&id)?, journal(&desk)?);
    journal.store().retry(id).await.map_err(|error| refusal(&error))?;
    journal.wake_all();
    Ok(Json(json!({ "id": id, "retried": 1 })))
}

pub(super) async fn drop_one(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let id = entry_id(&id)?;
    journal(&desk)?.drop_entry(id).await.map_err(|error| refusal(&error))?;
    Ok(Json(json!({ "id": id, "dropped": 1 })))
}

pub(super) async fn retry_all(State(desk): State<Desk>, body: Body) -> Result<Json<Value>, Refusal> {
    let Retried { project, state: word } = read(body, r#"{"project": NAME, "state": STATE}"#)?;
    let state = word.as_deref().map_or(Ok(EntryState::Dead), state)?;
    let count = journal(&desk)?.retry_all(project.as_deref(), state).await.map_err(|error| refusal(&error))?;
    Ok(Json(json!({ "retried": count })))
}

pub(super) async fn pause(State(desk): State<Desk>, Named(line): Named, body: Body) -> Result<Json<Value>, Refusal> {
    let Paused { reason } = read(body, r#"{"reason": TEXT}"#)?;
    let reason = reason.unwrap_or_else(|| "an operator said so".to_owned());
    journal(&desk)?.pause(&line.project.name, &reason).await.map_err(|error| refusal(&error))?;
    tracing::warn!(project = %line.project.name, reason, "writing to the CRM is off");
    Ok(Json(json!({ "paused": true })))
}

pub(super) async fn resume(State(desk): State<Desk>, Named(line): Named, body: Body) -> Result<Json<Value>, Refusal> {
    let Resumed { send_stored } = read(body, r#"{"send_stored": true or false}"#)?;
    let resumed = journal(&desk)?.resume(&line.project.name, send_stored).await.map_err(|error| refusal(&error))?;
    tracing::warn!(project = %line.project.name, sent = resumed.sent, "writing to the CRM is on");
    Ok(Json(json!({ "was_paused": resumed.was_paused, "sent": resumed.sent })))
}

/// The fields that `[crm.fields]` names: which are there, and with `create` those that are not, made.
pub(super) async fn set_up(State(desk): State<Desk>, Named(line): Named, body: Body) -> Result<Json<Value>, Refusal> {
    let SetUp { create } = read(body, r#"{"create": true or false}"#)?;
    let office = desk.operations.office(&line.project.name);
    let writer = office.as_ref().and_then(|office| office.writer.clone());
    let unwritten =
        || Refusal::new(StatusCode::CONFLICT, "not_written", "expected a CRM that is written to, found none");
    let writer = writer.ok_or_else(unwritten)?;
    let fields = writer.fields().await.map_err(|failure| crm_refusal(&failure))?;
    let mut made: Vec<FieldState> = Vec::new();
    let mut refused: Vec<Value> = Vec::new();
    for field in fields.iter().filter(|field| create && !field.there) {
        match writer.make_field(field).await {
            Ok(()) => made.push(field.clone()),
            Err(failure) => refused.push(json!({ "field": field, "why": failure.to_string() })),
        }
    }
    let fields =
        if made.is_empty() { fields } else { writer.fields().await.map_err(|failure| crm_refusal(&failure))? };
    let missing = fields.iter().filter(|field| !field.there || field.trouble.is_some()).count();
    Ok(Json(json!({ "fields": fields, "made": made, "refused": refused, "missing": missing })))
}

fn whole(shown: Shown) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let step = |step: &Step| {
        json!({
            "seq": step.seq,
            "name": step.name,
            "mark": step.mark,
            "state": step.state.word(),
            "unclear": step.unclear,
            "parts": step.parts,
            "receipt": step.receipt,
            "sent": step.sent_ms.and_then(time),
            "done": step.done_ms.and_then(time),
            "error": step.error,
            "order": parsed(&step.order),
        })
    };
    let told = shown.entry.facts.as_deref().map(parsed);
    let raw = std::str::from_utf8(&shown.raw).map_or(Value::Null, parsed);
    let judged = shown.call.as_ref().and_then(|call| call.judged.as_deref()).map(parsed);
    let steps: Vec<Value> = shown.steps.iter().map(step).collect();
    json!({ "entry": Listed::from(shown.entry), "told": told, "raw": raw, "judged": judged, "steps": steps })
}

pub(super) fn journal(desk: &Desk) -> Result<Arc<Journal>, Refusal> {
    let closed =
        || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "journal_closed", "expected an open journal, found none");
    desk.operations.journal().ok_or_else(closed)
}

fn entry_id(text: &str) -> Result<EntryId, Refusal> {
    text.parse().map_err(|_| Refusal::bad_request(format!("expected an entry's number, found {text:?}")))
}

fn state(word: &str) -> Result<EntryState, Refusal> {
    let words = || EntryState::ALL.map(EntryState::word).join(", ");
    EntryState::from_word(word)
        .ok_or_else(|| Refusal::bad_request(format!("expected one of {}, found {word:?}", words())))
}

/// The body's object; nothing is one without members.
pub(super) fn read<T: DeserializeOwned + Default>(body: Body, expected: &str) -> Result<T, Refusal> {
    let body = body.map_err(|error| Refusal::new(error.status(), "body_refused", error.body_text()))?;
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    // An object and nothing else: serde would take `[]` for a struct whose fields all have defaults.
    serde_json::from_slice::<serde_json::Map<String, Value>>(&body)
        .and_then(|object| T::deserialize(Value::Object(object)))
        .map_err(|error| Refusal::bad_request(format!("expected {expected}, found otherwise: {error}")))
}

pub(super) fn refusal(error: &StoreError) -> Refusal {
    let (status, code) = match error {
        StoreError::NoEntry(_) | StoreError::NoStep { .. } => (StatusCode::NOT_FOUND, "unknown_entry"),
        StoreError::State { .. } | StoreError::Planned(_) | StoreError::LeaseLost(_) => {
            (StatusCode::CONFLICT, "wrong_state")
        }
        StoreError::Full(_) | StoreError::Failed(_) | StoreError::Closed => {
            (StatusCode::SERVICE_UNAVAILABLE, "journal_failed")
        }
    };
    Refusal::new(status, code, error.to_string())
}

fn crm_refusal(failure: &Failure) -> Refusal {
    Refusal::new(StatusCode::BAD_GATEWAY, "crm_failed", failure.to_string())
}

fn time(at_ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(at_ms).ok().map(|at| at.to_string())
}
