//! `/api/reload`.

use axum::{Json, extract::State, http::StatusCode};

use super::{Desk, ReloadReport, refusal::Refusal};

/// All of the new configuration, or none of it.
pub(super) async fn reload(State(desk): State<Desk>) -> Result<Json<ReloadReport>, Refusal> {
    // A task of its own: an operator who hangs up half way does not leave half a reload behind.
    let operations = desk.operations;
    let outcome = tokio::spawn(async move { operations.reload().await }).await;
    match outcome {
        Ok(Ok(report)) => Ok(Json(report)),
        Ok(Err(problems)) => {
            let message = format!("the configuration has {} problems; what was in force stays", problems.len());
            let refusal = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "configuration_refused", message);
            Err(refusal.naming_problems(problems))
        }
        Err(error) => {
            let message = format!("the reload was not finished: {error}");
            Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "reload_broken", message))
        }
    }
}
