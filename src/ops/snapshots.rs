//! `/api/projects/{p}/snapshots` and `/api/projects/{p}/rollback`: the generations on disk, and one of them put in force.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};

use super::{Desk, projects::Named, refusal::Refusal};
use crate::directory::{Generation, NoSnapshot, NotWritten, SnapshotStatus};

/// What a rollback did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolledBack {
    /// The generation that is in force.
    pub at: String,
    /// The generation that was in force, so that this can be undone; none where no crawl had completed it.
    pub kept_as: Option<String>,
    /// Numbers known now.
    pub numbers: usize,
    /// Open records known now.
    pub records: usize,
}

/// Why nothing was rolled back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackRefused {
    /// The project was taken out of the configuration meanwhile.
    #[error("expected a configured project, found {project:?}")]
    UnknownProject {
        /// What was asked for.
        project: String,
    },
    /// There is no such generation.
    #[error(transparent)]
    NoSnapshot(NoSnapshot),
    /// There is, and it cannot be answered from.
    #[error(transparent)]
    Unusable(NoSnapshot),
    /// What is in force could not be kept: a rollback that cannot be undone is not done.
    #[error("expected to keep what is in force first, found that it cannot be written")]
    NotWritten(#[source] NotWritten),
    /// It ended without a word.
    #[error("expected the rollback to end, found it broken off: {0}")]
    BrokenOff(String),
}

/// The generations of a project.
#[derive(Serialize)]
pub(super) struct Generations {
    /// What is in force of them.
    in_force: SnapshotStatus,
    /// Newest first.
    snapshots: Vec<Generation>,
}

/// Which generation is wanted: its name or a time; without one, the newest.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    at: Option<String>,
}

pub(super) async fn list(Named(line): Named) -> Result<Json<Generations>, Refusal> {
    let in_force = line.directory.status().snapshot;
    let directory = Arc::clone(&line.directory);
    // Reads the files' headers: not for a runtime's thread.
    let snapshots = tokio::task::spawn_blocking(move || directory.generations()).await;
    match snapshots {
        Ok(Ok(snapshots)) => Ok(Json(Generations { in_force, snapshots })),
        Ok(Err(refused)) => Err(no_snapshot(&refused)),
        Err(error) => Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "not_listed", error.to_string())),
    }
}

pub(super) async fn roll_back(
    State(desk): State<Desk>,
    Named(line): Named,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RolledBack>, Refusal> {
    let body = body.map_err(|error| Refusal::new(error.status(), "body_refused", error.body_text()))?;
    let wanted = if body.is_empty() { Wanted::default() } else { read(&body)? };
    desk.operations.roll_back(&line.project.name, wanted.at).await.map(Json).map_err(|refused| refusal(&refused))
}

fn read(body: &[u8]) -> Result<Wanted, Refusal> {
    // An object and nothing else: serde would take `[]` for a struct whose fields all have defaults.
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body);
    object
        .and_then(|object| Wanted::deserialize(serde_json::Value::Object(object)))
        .map_err(|error| Refusal::bad_request(format!("expected {{\"at\": TIME}}, found otherwise: {error}")))
}

fn refusal(refused: &RollbackRefused) -> Refusal {
    match refused {
        RollbackRefused::UnknownProject { project } => Refusal::unknown_project(project),
        RollbackRefused::NoSnapshot(refused) | RollbackRefused::Unusable(refused) => no_snapshot(refused),
        RollbackRefused::NotWritten(cause) => {
            let message = format!("{refused}: {}", with_cause(cause));
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "snapshot_not_written", message)
        }
        RollbackRefused::BrokenOff(_) => {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "rollback_broken_off", refused.to_string())
        }
    }
}

fn no_snapshot(refused: &NoSnapshot) -> Refusal {
    let (status, code) = match refused {
        NoSnapshot::NotKept | NoSnapshot::Unknown { .. } => (StatusCode::NOT_FOUND, "unknown_snapshot"),
        NoSnapshot::Damaged { .. } => (StatusCode::CONFLICT, "snapshot_damaged"),
        NoSnapshot::Foreign { .. } => (StatusCode::CONFLICT, "snapshot_foreign"),
        NoSnapshot::Folder(_) => (StatusCode::SERVICE_UNAVAILABLE, "snapshots_unreadable"),
    };
    Refusal::new(status, code, with_cause(refused))
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", with_cause(cause)))
}
