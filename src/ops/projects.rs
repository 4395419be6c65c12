//! `/api/projects` and what a path's project is.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::request,
};
use serde::Serialize;

use super::{Desk, WebhooksView, journal::JournalView, refusal::Refusal};
use crate::crm::quota::{QuotaView, Spent};
use crate::directory::{Directory, DirectoryStatus, WarmProgress, WarmState};
use crate::pbx::StaffStatus;
use crate::routing::Line;

/// The line of the project that a path names.
pub(super) struct Named(pub(super) Arc<Line>);

impl FromRequestParts<Desk> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut request::Parts, desk: &Desk) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, desk).await;
        let Path(name) = path.map_err(|error| Refusal::bad_request(error.body_text()))?;
        desk.operations.exchange().line(&name).cloned().map(Self).ok_or_else(|| Refusal::unknown_project(&name))
    }
}

/// How far a project's memory can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ProjectState {
    /// Nothing has been read yet and nothing is being read.
    Cold,
    /// The first reading is under way; numbers already read are answered.
    Warming,
    /// Complete as a snapshot knew it; nothing has been read since.
    Snapshot,
    /// Complete and fresh: what is not known is absent.
    Warm,
    /// Complete once, but changes have not been read lately: what is not known is asked.
    Stale,
}

impl ProjectState {
    pub(super) fn of(directory: &Directory) -> Self {
        Self::told(&directory.status(), directory.warm_progress().borrow().state)
    }

    fn told(status: &DirectoryStatus, warm_up: WarmState) -> Self {
        match (&status.complete_since, warm_up) {
            (Some(_), _) if status.snapshot.answering => Self::Snapshot,
            (Some(_), _) if status.absent_is_known => Self::Warm,
            (Some(_), _) => Self::Stale,
            (None, WarmState::Running) => Self::Warming,
            (None, _) => Self::Cold,
        }
    }

    /// Whether a whole crawl has filled the memory, here or before a restart.
    pub(super) const fn is_filled(self) -> bool {
        matches!(self, Self::Warm | Self::Stale | Self::Snapshot)
    }
}

/// A project at a glance.
#[derive(Serialize)]
pub(super) struct ProjectView {
    project: String,
    state: ProjectState,
    crm: CrmView,
    directory: DirectoryStatus,
    warm: WarmProgress,
    blocks: Vec<String>,
    employees: usize,
    /// Employees to whom no call is sent, because nothing says their main directions.
    employees_without_direction: Vec<String>,
    /// How changes are told by the CRM.
    webhooks: Option<WebhooksView>,
    /// Ringostat's staff list; none where it is not read.
    staff: Option<StaffStatus>,
    /// What happened in calls and is written of it; none where no journal can be read.
    journal: Option<JournalView>,
    /// Active users of the CRM who are no employee of the project: their clients' calls are misses.
    unmatched_users: Vec<String>,
}

#[derive(Serialize)]
struct CrmView {
    kind: &'static str,
    breaker: &'static str,
    quota: Option<Quota>,
}

/// The account's quota, in the vendor's unit; what is `null` of the day is not limited.
#[derive(Serialize)]
struct Quota {
    daily_limit: Option<u64>,
    spent: Spent,
    left: Option<u64>,
    sweep_left: Option<u64>,
    crawl_left: Option<u64>,
    write_left: Option<u64>,
    /// What the vendor says is left, less what was spent since.
    vendor_left: Option<u64>,
    forecast: u64,
    resets_at: Option<String>,
    /// The vendor asked for a pause: what is left of it.
    held_s: Option<f64>,
    day_spent: bool,
    limited: u64,
    in_flight: Option<u32>,
    in_flight_limit: Option<u32>,
    /// How often a sweep can be made at the most.
    sweep_every_s: Option<f64>,
}

impl From<QuotaView> for Quota {
    fn from(view: QuotaView) -> Self {
        let resets_at = view.resets_at_s.and_then(|at_s| jiff::Timestamp::from_second(at_s).ok());
        Self {
            daily_limit: view.daily_limit,
            spent: view.spent,
            left: view.left,
            sweep_left: view.sweep_left,
            crawl_left: view.crawl_left,
            write_left: view.write_left,
            vendor_left: view.vendor_left,
            forecast: view.forecast,
            resets_at: resets_at.map(|at| at.to_string()),
            held_s: view.held.as_ref().map(Duration::as_secs_f64),
            day_spent: view.day_spent,
            limited: view.limited,
            in_flight: view.in_flight,
            in_flight_limit: view.in_flight_limit,
            sweep_every_s: view.sweep_every.as_ref().map(Duration::as_secs_f64),
        }
    }
}

async fn view(desk: &Desk, line: &Line) -> ProjectView {
    let directory = line.directory.status();
    let warm = line.directory.warm_progress().borrow().clone();
    let journal = match desk.operations.journal() {
        Some(journal) => JournalView::of(&journal, &line.project.name, jiff::Timestamp::now().as_millisecond()).await,
        None => None,
    };
    ProjectView {
        journal,
        project: line.project.name.to_string(),
        state: ProjectState::told(&directory, warm.state),
        crm: CrmView {
            kind: line.project.crm.adapter.name,
            breaker: directory.breaker,
            quota: desk.operations.quota(&line.project.name).map(Quota::from),
        },
        directory,
        warm,
        blocks: line.project.blocks().map(|block| block.name.to_string()).collect(),
        employees: line.project.employees.len(),
        employees_without_direction: line.project.without_direction().map(|one| one.name.to_string()).collect(),
        webhooks: desk.operations.webhooks(&line.project.name),
        staff: desk.operations.staff(&line.project.name),
        unmatched_users: line.people.unmatched().iter().map(ToString::to_string).collect(),
    }
}

/// Every project.
pub(super) async fn all(State(desk): State<Desk>) -> Json<Projects> {
    let exchange = desk.operations.exchange();
    let mut projects = Vec::new();
    for line in exchange.lines() {
        projects.push(view(&desk, line).await);
    }
    Json(Projects { projects })
}

/// Every project at a glance.
#[derive(Serialize)]
pub(super) struct Projects {
    projects: Vec<ProjectView>,
}

/// One project.
pub(super) async fn one(State(desk): State<Desk>, Named(line): Named) -> Json<ProjectView> {
    Json(view(&desk, &line).await)
}
