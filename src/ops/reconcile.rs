//! `/api/projects/{p}/reconcile`: calls that nobody told are read from the telephone system's list.

use axum::{Json, extract::State, http::StatusCode};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Desk,
    journal::{Body, read},
    projects::Named,
    refusal::Refusal,
};
use crate::journal::{Range, ReconcileProgress, Refused};

/// The end of a day.
const LAST_SECOND: Time = Time::constant(23, 59, 59, 0);

/// Which calls, by when they began. RFC 3339; without an offset by the project's clock; a date alone is all of that day.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
}

pub(super) async fn start(
    State(desk): State<Desk>,
    Named(line): Named,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    const EXPECTED: &str = r#"{"from": TIME, "to": TIME}"#;
    let Asked { from, to } = read(body, EXPECTED)?;
    let (Some(from), Some(to)) = (from, to) else {
        return Err(Refusal::bad_request(format!("expected {EXPECTED}, found one of them missing")));
    };
    let zone = &line.project.timezone;
    let range = Range { from: time(&from, zone, Time::midnight())?, to: time(&to, zone, LAST_SECOND)? };
    let project = &*line.project.name;
    match desk.operations.reconcile(project, range).ok_or_else(|| without_account(project))? {
        Ok(id) => {
            tracing::info!(project, run = id, from = %range.from, to = %range.to, "an operator has calls reconciled");
            Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))))
        }
        Err(refused @ Refused::UnderWay(id)) => {
            Err(Refusal::new(StatusCode::CONFLICT, "reconcile_under_way", refused.to_string()).naming_run(id))
        }
        Err(refused @ Refused::NotInForce) => {
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_in_force", refused.to_string()))
        }
        Err(refused @ (Refused::Empty { .. } | Refused::TooEarly { .. })) => {
            Err(Refusal::bad_request(format!("from and to: {refused}")))
        }
    }
}

pub(super) async fn progress(State(desk): State<Desk>, Named(line): Named) -> Result<Json<ReconcileProgress>, Refusal> {
    let project = &*line.project.name;
    desk.operations.reconciling(project).map(Json).ok_or_else(|| without_account(project))
}

fn without_account(project: &str) -> Refusal {
    let message =
        format!("expected ringostat.project_id and ringostat.auth_key of {project}, found one of them missing");
    Refusal::new(StatusCode::CONFLICT, "no_account", message)
}

/// A time, as people write one. `at`: when on a day that is named alone.
pub(super) fn time(text: &str, zone: &TimeZone, at: Time) -> Result<Timestamp, Refusal> {
    let text = text.trim();
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Ok(exact);
    }
    let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    let civil = date.map(|date| date.to_datetime(at)).or_else(|| text.parse::<DateTime>().ok());
    let found = civil.and_then(|civil| zone.to_zoned(civil).ok()).map(|zoned| zoned.timestamp());
    found.ok_or_else(|| {
        Refusal::bad_request(format!(
            "expected a time such as 2026-11-20T09:00:00Z, 2026-11-20 09:00 (the project's clock) or 2026-11-20, found \
             {text:?}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use jiff::{civil::Time, tz::TimeZone};

    use super::{LAST_SECOND, time};

    #[test]
    fn a_time_is_exact_or_by_the_projects_clock_and_a_day_is_all_of_it() {
        let zone = TimeZone::get("Europe/Kyiv").unwrap();
        let read = |text, at| time(text, &zone, at).ok().map(|at| at.to_string());
        for (text, from, to) in [
            ("2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z"),
            ("2026-11-20T09:00:00+01:00", "2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z"),
            ("2026-11-20 09:00", "2026-11-20T07:00:00Z", "2026-11-20T07:00:00Z"),
            ("2026-11-20T09:00:30", "2026-11-20T07:00:30Z", "2026-11-20T07:00:30Z"),
            ("2026-11-20", "2026-11-19T22:00:00Z", "2026-11-20T21:59:59Z"),
        ] {
            assert_eq!(read(text, Time::midnight()).as_deref(), Some(from), "{text}");
            assert_eq!(read(text, LAST_SECOND).as_deref(), Some(to), "{text}");
        }
        assert_eq!(read("yesterday", Time::midnight()), None);
    }
}
