//! `/api/projects/{p}/decisions`: what calls were answered, and the erasure of that. Shows numbers: they are the
//! operator's question.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Desk, projects::Named, refusal::Refusal};
use crate::journal::store::decisions::{Decision, Decisions, DecisionsError};
use crate::routing::Line;

/// Calls of one list unless said otherwise, and at most.
const LISTED: u32 = 100;
const MOST_LISTED: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    caller: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgotten {
    caller: Option<String>,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Named(line): Named,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Wanted { caller, limit }) = wanted.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let numbers = caller.map(|caller| numbers(&line, &caller)).transpose()?;
    let limit = limit.unwrap_or(LISTED).clamp(1, MOST_LISTED);
    let listed = decisions(&desk).await?.list(&line.project.name, numbers, limit).await;
    let listed: Vec<Value> = listed.map_err(|error| failed(&error))?.iter().map(told).collect();
    Ok(Json(json!({ "decisions": listed })))
}

/// Erases without a trace, whether the project is configured or was once.
pub(super) async fn forget(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    forgotten: Result<Query<Forgotten>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Forgotten { caller }) = forgotten.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let line = desk.operations.exchange().line(&name).cloned();
    let decisions = decisions(&desk).await?;
    let numbers = match (&line, &caller) {
        (Some(line), Some(caller)) => Some(numbers(line, caller)?),
        (None, Some(_)) => return Err(Refusal::unknown_project(&name)),
        (_, None) => None,
    };
    if line.is_none() && !decisions.projects().await.map_err(|error| failed(&error))?.contains(&name) {
        return Err(Refusal::unknown_project(&name));
    }
    let erased = decisions.erase(&name, numbers).await.map_err(|error| failed(&error))?;
    tracing::warn!(project = name, erased = erased.decisions, "an operator erased what calls were answered");
    Ok(Json(json!({ "erased": erased.decisions, "overwritten": erased.overwritten })))
}

/// What a caller's number may have been understood as.
pub(super) fn numbers(line: &Line, caller: &str) -> Result<Vec<u64>, Refusal> {
    let readings = line.project.numbers.readings(caller);
    let readings = readings.map_err(|why| Refusal::bad_request(format!("caller: {why}")))?;
    Ok(readings.iter().map(|number| number.digits()).collect())
}

pub(super) async fn decisions(desk: &Desk) -> Result<Arc<Decisions>, Refusal> {
    let closed = || {
        let message = "expected an open record of decisions, found none (the log says why)";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "decisions_closed", message)
    };
    desk.operations.decisions().await.ok_or_else(closed)
}

pub(super) fn failed(error: &DecisionsError) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "decisions_failed", error.to_string())
}

/// # Shape
/// What does not apply is null. Numbers are text: they are names, and some readers round large integers.
fn told(decision: &Decision) -> Value {
    let or_null = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let answer = &decision.answer;
    json!({
        "at": time(decision.at_ms),
        "block": answer.block,
        "caller": decision.number.map(|number| number.to_string()),
        "outcome": answer.outcome,
        "reason": or_null(&answer.reason),
        "employee": or_null(&answer.employee),
        "destination": or_null(&answer.destination),
        "source": answer.source,
        "entity": or_null(&answer.entity),
        "id": decision.crm_id,
    })
}

pub(super) fn time(at_ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(at_ms).ok().map(|at| at.to_string())
}
