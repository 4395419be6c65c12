//! What is not granted: one envelope for every error of this door.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::base::problem::Problem;

/// An error as it is answered.
///
/// # Shape
/// `{"error": {"code", "message"}}`; besides, `run` names the warm-up in the way, `problems` those of a configuration.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    /// For programs; never changes once used.
    code: &'static str,
    /// For people.
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a Body,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, body: Body { code, message: message.into(), run: None, problems: Vec::new() } }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "expected one of this door's paths, found none of them")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "expected a method of the header allow, found another",
        )
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(super) fn unknown_project(name: &str) -> Self {
        let message = format!("expected a configured project (GET /api/projects lists them), found {name:?}");
        Self::new(StatusCode::NOT_FOUND, "unknown_project", message)
    }

    pub(super) fn naming_run(mut self, id: u64) -> Self {
        self.body.run = Some(id);
        self
    }

    pub(super) fn naming_problems(mut self, problems: Vec<Problem>) -> Self {
        self.body.problems = problems;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Envelope { error: &self.body })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
