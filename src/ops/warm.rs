//! `/api/projects/{p}/warm`: start, follow and stop a warm-up.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::StatusCode,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Desk, projects::Named, refusal::Refusal};
use crate::directory::{WarmProgress, WarmRequest, WarmState};

/// Events of one stream are at least this far apart: pages may come faster than anybody looks.
const EVENTS_APART: Duration = Duration::from_millis(100);

/// What a warm-up is to do; each switch is off unless it is given.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    full: bool,
    force: bool,
}

/// A run.
#[derive(Serialize)]
pub(super) struct Run {
    id: u64,
}

pub(super) async fn start(
    Named(line): Named,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Run>), Refusal> {
    let body = body.map_err(|error| Refusal::new(error.status(), "body_refused", error.body_text()))?;
    let wanted = if body.is_empty() { Wanted::default() } else { read(&body)? };
    let request = WarmRequest { full: wanted.full, force: wanted.force };
    match line.directory.warm(request) {
        Ok(id) => {
            let project = &*line.project.name;
            tracing::info!(
                project,
                run = id,
                full = request.full,
                force = request.force,
                "an operator starts a warm-up"
            );
            Ok((StatusCode::ACCEPTED, Json(Run { id })))
        }
        Err(running) => {
            let refusal = Refusal::new(StatusCode::CONFLICT, "warm_up_under_way", running.to_string());
            Err(refusal.naming_run(running.id))
        }
    }
}

fn read(body: &[u8]) -> Result<Wanted, Refusal> {
    // An object and nothing else: serde would take `[]` for a struct whose fields all have defaults.
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body);
    object.and_then(|object| Wanted::deserialize(serde_json::Value::Object(object))).map_err(|error| {
        Refusal::bad_request(format!("expected {{\"full\": bool, \"force\": bool}}, found otherwise: {error}"))
    })
}

pub(super) async fn progress(Named(line): Named) -> Json<WarmProgress> {
    Json(line.directory.warm_progress().borrow().clone())
}

pub(super) async fn stop(Named(line): Named) -> Result<Json<Run>, Refusal> {
    let id = line.directory.warm_progress().borrow().id;
    if line.directory.stop_warm() {
        tracing::info!(project = &*line.project.name, run = id, "an operator stops a warm-up");
        return Ok(Json(Run { id }));
    }
    let message = "expected a warm-up under way, found none";
    Err(Refusal::new(StatusCode::NOT_FOUND, "no_warm_up", message))
}

/// The progress until the run ends: `progress` events, then one `end`. Without a run under way, the `end` alone.
pub(super) async fn events(
    State(desk): State<Desk>,
    Named(line): Named,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let told = told(line.directory.warm_progress()).map(|progress| Ok(event(&progress)));
    let open = told.take_until(desk.stop.cancelled_owned());
    Sse::new(open).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn event(progress: &WarmProgress) -> Event {
    let name = if progress.state == WarmState::Running { "progress" } else { "end" };
    // A progress is numbers and words: it always becomes JSON.
    let data = serde_json::to_string(progress).unwrap_or_default();
    Event::default().event(name).id(progress.id.to_string()).data(data)
}

/// One run's progress, as often as it changes and somebody can look, its end included.
fn told(progress: watch::Receiver<WarmProgress>) -> impl Stream<Item = WarmProgress> {
    let run = progress.borrow().id;
    stream::unfold(Some((progress, false)), move |from| async move {
        let (mut progress, further) = from?;
        if further {
            tokio::time::sleep(EVENTS_APART).await;
            progress.changed().await.ok()?;
        }
        let now = progress.borrow_and_update().clone();
        // Another run has begun since: the end of the one that was followed is past telling.
        if now.id != run {
            return None;
        }
        let rest = (now.state == WarmState::Running).then_some((progress, true));
        Some((now, rest))
    })
}
