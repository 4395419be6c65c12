//! `/metrics`: what stands somewhere is read when it is asked for, what is counted was counted where it happened.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Desk, journal::JournalView, refusal::Refusal};
use crate::base::metric::{CONTENT_TYPE, Level, ProcessLevel};
use crate::directory::WarmState;
use crate::journal::store::State as EntryState;
use crate::routing::Line;

pub(super) async fn metrics(State(desk): State<Desk>) -> Result<Response, Refusal> {
    let exchange = desk.operations.exchange();
    for line in exchange.lines() {
        refresh(&desk, line);
        journal(&desk, line).await;
    }
    let projects = exchange.lines().count();
    desk.metrics.process().set(ProcessLevel::ProjectsInForce, i64::try_from(projects).unwrap_or(i64::MAX));
    let text = desk.metrics.encode().map_err(|error| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "not_encoded", format!("the metrics: {error}"))
    })?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

fn refresh(desk: &Desk, line: &Line) {
    let status = line.directory.status();
    let warming = line.directory.warm_progress().borrow().state == WarmState::Running;
    let complete_since = status.complete_since.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let metrics = &line.metrics;
    metrics.set(Level::DirectoryNumbers, Some(gauge(status.numbers)));
    metrics.set(Level::DirectoryRecords, Some(gauge(status.records.values().map(|&open| open as u64).sum())));
    metrics.set(Level::DirectoryAge, status.age_s.map(|age| gauge(age.unsigned_abs())));
    metrics.set(Level::DirectoryCompleteSince, complete_since.map(|at| gauge(at.as_second().unsigned_abs())));
    metrics.set(Level::WarmUpUnderWay, Some(f64::from(u8::from(warming))));
    let quota = desk.operations.quota(&line.project.name);
    metrics.set(Level::QuotaLeft, quota.and_then(|quota| quota.left).map(gauge));
    metrics.set(Level::QuotaForecast, quota.map(|quota| gauge(quota.forecast)));
    metrics.set(Level::QuotaLimited, quota.map(|quota| gauge(quota.limited)));
    metrics.set(Level::QuotaHeld, quota.map(|quota| quota.held.map_or(0.0, |held| held.as_secs_f64())));
    metrics.breaker(line.directory.breaker());
}

async fn journal(desk: &Desk, line: &Line) {
    let Some(journal) = desk.operations.journal() else { return };
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let Some(view) = JournalView::of(&journal, &line.project.name, now_ms).await else { return };
    let metrics = &line.metrics;
    metrics.set(Level::JournalOpen, Some(gauge(view.open())));
    metrics.set(Level::JournalLater, Some(gauge(view.count(EntryState::Later))));
    metrics.set(Level::JournalStored, Some(gauge(view.count(EntryState::Stored))));
    metrics.set(Level::JournalDeadNow, Some(gauge(view.count(EntryState::Dead))));
    for state in EntryState::ALL {
        metrics.entries(state.word(), gauge(view.count(state)));
    }
    metrics.set(Level::JournalOldest, Some(gauge(view.oldest_open_s().unwrap_or(0).unsigned_abs())));
    let paused = match view.paused_by() {
        None => 0.0,
        Some("operator") => 1.0,
        Some(_) => 2.0,
    };
    metrics.set(Level::JournalPaused, Some(paused));
}

/// Whole numbers stay exact up to 2^53, far above anything that is shown.
fn gauge(value: u64) -> f64 {
    value as f64
}
