//! What a request is answered with.
//!
//! # Source
//! Codes of errors: the vendor's own description and its page. Which of them goes with a header that is missing is
//! nowhere said: a guess.

use hyper::StatusCode;
use serde_json::json;

use super::limit::RateLimit;
use crate::kit::{Reply, json_reply, reply, with_headers};

/// Why an endpoint does not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 422: a parameter or a property is not as it must be.
    Unprocessable(String),
    /// 422 with the field: `invalid`, `missing`, `duplicate`.
    Invalid(&'static str, &'static str),
    /// 422: a custom field that is none, or a value that is none of it.
    Custom(String),
    /// 422: no body.
    Empty,
    /// 404
    NotFound,
    /// 405
    Method,
    /// 401: no credentials that are any.
    Unauthorized,
    /// 401: an access token that is not good any more.
    Token,
    /// 403: another portal's.
    Portal,
    /// 403: the edition has it not.
    Edition,
    /// 500: what comes of an `orgId` that is no number.
    Opaque,
}

impl Refusal {
    /// A parameter that is not as it must be.
    pub(super) fn parameter(name: &str, why: &str) -> Self {
        Self::Unprocessable(format!("The value passed for the '{name}' parameter is invalid: {why}"))
    }

    pub(super) fn reply(&self) -> Reply {
        let (status, code, message) = match self {
            Self::Unprocessable(message) => (422, "UNPROCESSABLE_ENTITY", message.as_str()),
            Self::Invalid(field, kind) => return invalid(field, kind),
            Self::Custom(field) => return invalid(&format!("cf/{field}"), "invalid"),
            Self::Empty => (422, "EMPTY_PAYLOAD", "The request has no payload."),
            Self::NotFound => (404, "URL_NOT_FOUND", "The URL you've requested cannot be located on the server."),
            Self::Method => (405, "METHOD_NOT_ALLOWED", "The requested HTTP method is not allowed for this URL."),
            Self::Unauthorized => (401, "UNAUTHORIZED", "You are not authenticated to perform this operation."),
            Self::Token => (401, "INVALID_OAUTH", "The OAuth Token you provided is invalid."),
            Self::Portal => (403, "OAUTH_ORG_MISMATCH", "The OAuth token does not belong to this organization."),
            Self::Edition => (403, "LICENSE_ACCESS_LIMITED", "Your edition does not include this feature."),
            Self::Opaque => (500, "INTERNAL_SERVER_ERROR", "An internal server error occurred."),
        };
        error(status, code, message)
    }
}

fn invalid(field: &str, kind: &str) -> Reply {
    let body = json!({
        "errorCode": "INVALID_DATA", "message": "The data is invalid due to validation restrictions",
        "errors": [{"fieldName": format!("/{field}"), "errorType": kind, "errorMessage": ""}],
    });
    json_reply(StatusCode::UNPROCESSABLE_ENTITY, body.to_string())
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_reply(status, json!({"errorCode": code, "message": message}).to_string())
}

/// 204: what an empty list and an empty search are.
pub(super) fn nothing() -> Reply {
    let mut empty = reply(StatusCode::NO_CONTENT, "application/json", "");
    empty.headers_mut().remove(hyper::header::CONTENT_TYPE);
    empty
}

/// One of the two 429s: the day is spent, for so many seconds, or too many requests are under way.
pub(super) fn too_many(how: RateLimit, day_left_s: u64) -> Reply {
    match how {
        RateLimit::DaySpent => {
            let spent = error(429, "THRESHOLD_EXCEEDED", "You have exceeded the maximum API credits for the day.");
            with_headers(spent, [("retry-after", day_left_s.to_string())])
        }
        RateLimit::Concurrency => error(429, "TOO_MANY_REQUESTS", "Too many requests are being processed."),
    }
}

/// The reply with what it cost and what is left of the day.
pub(super) fn with_credits(reply: Reply, weight: u64, left: u64) -> Reply {
    let headers =
        [("x-rate-limit-request-weight-v3", weight.to_string()), ("x-rate-limit-remaining-v3", left.to_string())];
    with_headers(reply, headers)
}
