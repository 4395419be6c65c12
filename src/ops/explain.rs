//! `/api/projects/{p}/explain`: the same code as a call. Shows the number asked for: it is the operator's question.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::Deserialize;

use super::{Desk, projects::Named, refusal::Refusal};
use crate::routing::{self, Explained};

#[derive(Deserialize)]
pub(super) struct Asked {
    block: String,
    caller: String,
}

pub(super) async fn explain(
    State(desk): State<Desk>,
    Named(line): Named,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Explained>, Refusal> {
    let Query(Asked { block: name, caller }) = asked.map_err(|error| {
        Refusal::bad_request(format!("expected ?block=B&caller=N, found otherwise: {}", error.body_text()))
    })?;
    let block = line.project.block(&name).ok_or_else(|| {
        let blocks: Vec<&str> = line.project.blocks().map(|block| &*block.name).collect();
        let message = format!("expected a block of the project ({}), found {name:?}", blocks.join(", "));
        Refusal::new(StatusCode::NOT_FOUND, "unknown_block", message)
    })?;
    Ok(Json(routing::explain(&line, block, &caller, desk.reserve).await))
}
