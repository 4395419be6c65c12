//! The operators' door.
//!
//! | endpoint | answer |
//! | --- | --- |
//! | `GET /live` | 200 while the process answers |
//! | `GET /ready` | 200 when calls are answered, else 503; each project's state in the body |
//! | `GET /ready?project=P` | 200 only when the project's memory has been filled, else 503; 404 |
//! | `GET /metrics` | OpenMetrics text |
//! | `GET /api/projects` | every project at a glance |
//! | `GET /api/projects/{p}` | one project: memory, last warm-up, CRM, quota, staff list; 404 |
//! | `POST /api/projects/{p}/warm` `{"full", "force"}` | 202 `{"id"}`; 409 names the run under way |
//! | `GET /api/projects/{p}/warm` | progress of the run under way or of the last |
//! | `DELETE /api/projects/{p}/warm` | stops it; 404 when none is under way |
//! | `GET /api/projects/{p}/warm/events` | progress as server-sent events: `progress`, then one `end` |
//! | `GET /api/projects/{p}/snapshots` | the generations on disk, newest first |
//! | `POST /api/projects/{p}/rollback` `{"at"}` | puts one in force; 404, 409 damaged or foreign, 503 not kept first |
//! | `GET /api/projects/{p}/numbers` | the CRM's numbers that could not be read; `Accept: text/csv` gives a table |
//! | `GET /api/projects/{p}/explain?block=&caller=` | the walk for a number |
//! | `GET /api/projects/{p}/decisions?caller=&limit=` | what calls were answered, newest first |
//! | `DELETE /api/projects/{p}/decisions?caller=` | erases that: of a number, or all of it |
//! | `POST /api/projects/{p}/decisions/try` `{"since_s", "changed": {"file", "text"}, "limit"}` | what would change; 409, 422 |
//! | `POST /api/projects/{p}/pause` `{"reason"}`, `…/resume` `{"send_stored"}` | the CRM integration off and on |
//! | `POST /api/projects/{p}/reconcile` `{"from", "to"}` | reads what nobody told from Ringostat; 202, 409 under way |
//! | `GET /api/projects/{p}/reconcile` | that run's progress, or the last one's |
//! | `POST /api/projects/{p}/scenario/try` `{"since", "matrix", "after"}` | a page of past calls through another matrix |
//! | `POST /api/projects/{p}/fields` `{"create"}` | the fields that `[crm.fields]` names, and which are there; made |
//! | `GET /api/journal?project=&state=&limit=&after=` | what happened in calls, newest first |
//! | `GET /api/journal/{id}` | one entry: as it came, how it was judged, its steps; 404 |
//! | `POST /api/journal/{id}/retry`, `…/drop` | tries again what was given up or stored; decides that it is not to be done |
//! | `POST /api/journal/retry` `{"project", "state"}` | all of a state, the dead ones unless said otherwise |
//! | `POST /api/reload` | 200, or 422 with every problem |
//!
//! Errors are `{"error": {"code", "message"}}` on every path, those of the frame (404, 405, 400, 413) among them.
//! Where a token is configured every request carries it as `Authorization: Bearer`; without one the door opens on
//! loopback only and answers only who asks by a loopback name. It must not know how a configuration is read or put in
//! force: [`Operations`] is handed in for what only the assembly can do.

mod decisions;
mod door;
mod explain;
mod guard;
mod health;
mod journal;
mod metrics;
mod numbers;
mod projects;
mod reconcile;
mod refusal;
mod reload;
mod scenario;
mod snapshots;
mod trying;
mod warm;
mod webhooks;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

pub use self::{
    door::{BindError, bind, serve},
    scenario::MatrixText,
    snapshots::{RollbackRefused, RolledBack},
    trying::{AsIf, ChangedFile, TryRefused},
    webhooks::{WebhooksState, WebhooksView},
};
use self::{guard::Guard, refusal::Refusal};
use crate::base::{metric::Metrics, problem::Problem, secret::Secret};
use crate::crm::quota::QuotaView;
use crate::journal::{Journal, Office, Range, ReconcileProgress, Refused, store::decisions::Decisions};
use crate::pbx::StaffStatus;
use crate::routing::Exchange;
use crate::scenario::Matrix;

/// A request's body, at most, but for a matrix's: the others are a few switches and times.
const MAX_BODY_BYTES: usize = 16 << 10;

/// What only the assembly can do, or knows.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Every project in force.
    fn exchange(&self) -> Arc<Exchange>;
    /// The quota of a project's CRM account; `None` for a project that is not in force.
    fn quota(&self, project: &str) -> Option<QuotaView>;
    /// How a project's webhooks are; `None` for a project that is not in force.
    fn webhooks(&self, project: &str) -> Option<WebhooksView>;
    /// How a project's staff list is; `None` for a project that reads none.
    fn staff(&self, project: &str) -> Option<StaffStatus>;
    /// Whether calls are taken.
    fn edge(&self) -> EdgeState;
    /// Reads the configuration again and puts all of it in force, or none.
    ///
    /// # Errors
    /// Every problem found; what was in force stays.
    async fn reload(&self) -> Result<ReloadReport, Vec<Problem>>;
    /// Puts a generation of a project's directory in force: the one that `at` names, or the newest.
    ///
    /// # Errors
    /// See [`RollbackRefused`]; what was in force stays.
    async fn roll_back(&self, project: &str, at: Option<String>) -> Result<RolledBack, RollbackRefused>;
    /// A project, and the same as it would be were the configuration on disk in force, with a file in the place of its own
    /// where there is one.
    ///
    /// # Errors
    /// See [`TryRefused`]; nothing is put in force.
    async fn as_if(&self, project: &str, changed: Option<ChangedFile>) -> Result<AsIf, TryRefused> {
        let _ = changed;
        Err(TryRefused::UnknownProject { project: project.to_owned() })
    }
    /// What happened in calls; `None` where no journal is open.
    fn journal(&self) -> Option<Arc<Journal>> {
        None
    }
    /// Whether what happens in calls can be stored.
    fn journal_is_open(&self) -> bool {
        true
    }
    /// What calls were answered, the last one included; `None` where no record is open.
    async fn decisions(&self) -> Option<Arc<Decisions>> {
        None
    }
    /// Begins to compare a project's calls with the telephone system's list; `None` where the project names no account.
    fn reconcile(&self, project: &str, range: Range) -> Option<Result<u64, Refused>> {
        let _ = (project, range);
        None
    }
    /// How far that is; `None` as there.
    fn reconciling(&self, project: &str) -> Option<ReconcileProgress> {
        let _ = project;
        None
    }
    /// A project's matrix as the configuration folder has it now, or with this text in the place of its file.
    ///
    /// # Errors
    /// Every problem found.
    async fn matrix(&self, project: &str, text: Option<MatrixText>) -> Result<Arc<Matrix>, Vec<Problem>> {
        let _ = text;
        Err(vec![Problem::new(project, 0, "expected a configuration folder, found none")])
    }
    /// A project as those who write meet it.
    fn office(&self, project: &str) -> Option<Arc<Office>> {
        let _ = project;
        None
    }
}

/// The telephone system's door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EdgeState {
    /// Not open yet.
    Closed,
    /// Calls are answered.
    Open,
    /// Calls under way are finished, new ones are not taken.
    Draining,
}

/// What a reload put in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReloadReport {
    /// Every project in force now.
    pub projects: Vec<String>,
    /// Those that were not before.
    pub added: Vec<String>,
    /// Those that are no more.
    pub removed: Vec<String>,
    /// Those whose memory starts empty, because what is read from their CRM changed.
    pub emptied: Vec<String>,
}

/// What the door is made of.
pub struct Parts {
    /// What only the assembly can do.
    pub operations: Arc<dyn Operations>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What opens the door; `None` on loopback only.
    pub token: Option<Secret>,
    /// How long before its deadline a call's reply goes out at the latest; `explain` keeps to it.
    pub reserve: Duration,
    /// Cancelled when the door closes: ends the streams of events.
    pub stop: CancellationToken,
}

/// What every endpoint works with.
#[derive(Clone)]
struct Desk {
    operations: Arc<dyn Operations>,
    metrics: Arc<Metrics>,
    reserve: Duration,
    stop: CancellationToken,
}

/// Room for a project's file.
fn large() -> DefaultBodyLimit {
    DefaultBodyLimit::max(trying::MAX_BODY_BYTES)
}

/// The endpoints, behind the guard.
pub fn router(parts: Parts) -> Router {
    let Parts { operations, metrics, token, reserve, stop } = parts;
    let guard = Guard::new(token.as_ref(), metrics.process());
    let desk = Desk { operations, metrics, reserve, stop };
    Router::new()
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/api/projects", get(projects::all))
        .route("/api/projects/{project}", get(projects::one))
        .route("/api/projects/{project}/warm", get(warm::progress).post(warm::start).delete(warm::stop))
        .route("/api/projects/{project}/warm/events", get(warm::events))
        .route("/api/projects/{project}/snapshots", get(snapshots::list))
        .route("/api/projects/{project}/rollback", post(snapshots::roll_back))
        .route("/api/projects/{project}/numbers", get(numbers::list))
        .route("/api/projects/{project}/explain", get(explain::explain))
        .route("/api/projects/{project}/decisions", get(decisions::list).delete(decisions::forget))
        .route("/api/projects/{project}/decisions/try", post(trying::try_out).layer(large()))
        .route("/api/projects/{project}/pause", post(journal::pause))
        .route("/api/projects/{project}/resume", post(journal::resume))
        .route("/api/projects/{project}/reconcile", get(reconcile::progress).post(reconcile::start))
        .route(
            "/api/projects/{project}/scenario/try",
            post(scenario::try_matrix).layer(DefaultBodyLimit::max(scenario::MAX_BODY_BYTES)),
        )
        .route("/api/projects/{project}/fields", post(journal::set_up))
        .route("/api/journal", get(journal::list))
        .route("/api/journal/retry", post(journal::retry_all))
        .route("/api/journal/{id}", get(journal::show))
        .route("/api/journal/{id}/retry", post(journal::retry))
        .route("/api/journal/{id}/drop", post(journal::drop_one))
        .route("/api/reload", post(reload::reload))
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(guard, guard::keep))
        .with_state(desk)
}
