//! `/live` and `/ready`.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Desk, EdgeState, projects::ProjectState, refusal::Refusal};

/// The process answers.
pub(super) async fn live() -> Response {
    Json(json!({ "live": true })).into_response()
}

#[derive(Deserialize)]
pub(super) struct Asked {
    project: Option<String>,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    edge: EdgeState,
    journal_is_open: bool,
    projects: BTreeMap<String, ProjectState>,
}

/// Whether calls are answered and what happens in them is stored; with a project, whether they are answered from memory.
pub(super) async fn ready(
    State(desk): State<Desk>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(Asked { project }) = asked.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let exchange = desk.operations.exchange();
    let edge = desk.operations.edge();
    let lines = exchange.lines().filter(|line| project.as_deref().is_none_or(|name| name == &*line.project.name));
    let projects: BTreeMap<_, _> =
        lines.map(|line| (line.project.name.to_string(), ProjectState::of(&line.directory))).collect();
    if let Some(name) = project.as_deref().filter(|&name| !projects.contains_key(name)) {
        return Err(Refusal::unknown_project(name));
    }
    let filled = project.is_none() || projects.values().all(|state| state.is_filled());
    let journal_is_open = desk.operations.journal_is_open();
    let ready = edge == EdgeState::Open && journal_is_open && filled;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(Readiness { ready, edge, journal_is_open, projects })).into_response())
}
