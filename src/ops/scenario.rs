//! `/api/projects/{p}/scenario/try`: past calls through another matrix, touching no CRM.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use jiff::{SignedDuration, Timestamp, civil::Time};
use serde::Deserialize;

use super::{
    Desk,
    journal::{Body, journal, read, refusal},
    projects::Named,
    reconcile::time,
    refusal::Refusal,
};
use crate::journal::{Tried, store::CallPlace};

/// A request's body, at most: a matrix of a mebibyte, its letters escaped.
pub(super) const MAX_BODY_BYTES: usize = 4 << 20;

/// Which calls, and through which matrix: without one, through what lies in the configuration folder now.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    /// `7d`, `12h`, `30m`, or a time.
    since: Option<String>,
    matrix: Option<MatrixText>,
    /// Where the page begins, as the page before it says.
    after: Option<CallPlace>,
}

/// A matrix as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixText {
    /// The file, as the operator names it.
    pub file: String,
    /// All of it.
    pub text: String,
}

/// One page of calls.
pub(super) async fn try_matrix(
    State(desk): State<Desk>,
    Named(line): Named,
    body: Body,
) -> Result<Json<Tried>, Refusal> {
    let Asked { since, matrix, after } =
        read(body, r#"{"since": "7d", "matrix": {"file": NAME, "text": TEXT}, "after": PLACE}"#)?;
    let since = since.ok_or_else(|| Refusal::bad_request("expected since, say \"7d\", found none"))?;
    let since = match ago(&since) {
        Some(ago) => Timestamp::now().checked_sub(ago).unwrap_or(Timestamp::MIN),
        None => time(&since, &line.project.timezone, Time::midnight())?,
    };
    let project = &*line.project.name;
    let journal = journal(&desk)?;
    let closed = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_in_force", "expected a project in force");
    let office = desk.operations.office(project).ok_or_else(closed)?;
    let matrix = desk.operations.matrix(project, matrix).await.map_err(|problems| {
        let message = format!("the matrix has {} problems; nothing was tried", problems.len());
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "matrix_refused", message).naming_problems(problems)
    })?;
    let tried = journal.try_matrix(&office, &matrix, since.as_millisecond(), after).await;
    tried.map(Json).map_err(|error| refusal(&error))
}

/// `7d`, `12h`, `30m`.
fn ago(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let unit_s = match text.chars().last()? {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u64 = text.get(..text.len() - 1)?.parse().ok()?;
    SignedDuration::try_from(Duration::from_secs(count.checked_mul(unit_s)?)).ok()
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn how_long_ago_is_a_number_of_days_hours_or_minutes() {
        let seconds = |text| ago(text).map(|ago| ago.as_secs());
        assert_eq!([seconds("7d"), seconds(" 12h"), seconds("30m")], [Some(604_800), Some(43_200), Some(1_800)]);
        for text in ["", "d", "-1d", "7w", "7", "2026-11-20", "99999999999999999999d"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
