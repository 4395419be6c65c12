//! What a request is answered with where it is not answered.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::meter::Policy;
use crate::kit::{Reply, json_reply, reply};

/// The id of every error; the vendor's differ.
pub(super) const CORRELATION: &str = "aeb5f871-7f07-4993-9211-075dc63e7cbf";

/// Why an endpoint does not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A request that is not as it must be.
    Invalid(String),
    /// No such path, kind or method.
    Unknown,
    /// No or wrong credentials.
    Unauthorized,
    /// The token may not see these.
    Scopes,
    /// A contact with that e-mail is there.
    Conflict(u64),
    /// A name that is there.
    Taken(String),
}

impl Refusal {
    /// The status, the vendor's category and its words.
    pub(super) fn words(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Invalid(message) => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message.clone()),
            Self::Unknown => (StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND", "resource not found".to_owned()),
            Self::Unauthorized => {
                let message = "Authentication credentials not found.".to_owned();
                (StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION", message)
            }
            Self::Scopes => (
                StatusCode::FORBIDDEN,
                "MISSING_SCOPES",
                "This app hasn't been granted all required scopes to make this call.".to_owned(),
            ),
            Self::Conflict(id) => {
                (StatusCode::CONFLICT, "CONFLICT", format!("Contact already exists. Existing ID: {id}"))
            }
            Self::Taken(message) => (StatusCode::CONFLICT, "OBJECT_ALREADY_EXISTS", message.clone()),
        }
    }

    pub(super) fn reply(&self) -> Reply {
        let (status, category, message) = self.words();
        let body = json!({"status": "error", "message": message, "correlationId": CORRELATION, "category": category});
        json_reply(status, body.to_string())
    }
}

/// A part of a batch that did not come.
pub(super) fn missing(message: &str, context: &Value) -> Value {
    json!({
        "status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": context, "errors": [],
        "links": {},
    })
}

/// "Too much", with the name of the limit and no word of when to come again.
pub(super) fn too_many(policy: Policy) -> Reply {
    let (name, limit) = match policy {
        Policy::TenSeconds => ("TEN_SECONDLY_ROLLING", "ten_secondly_rolling"),
        Policy::Second => ("SECONDLY", "secondly"),
        Policy::Day => ("DAILY", "daily"),
    };
    let body = json!({
        "status": "error", "message": format!("You have reached your {limit} limit."), "errorType": "RATE_LIMIT",
        "correlationId": CORRELATION, "policyName": name, "requestId": "sandbox",
    });
    json_reply(StatusCode::TOO_MANY_REQUESTS, body.to_string())
}

/// "Too much" in one of the vendor's ways, as staged.
pub(super) fn over_limit(how: &str) -> Reply {
    match how {
        "daily" => too_many(Policy::Day),
        "secondly" => too_many(Policy::Second),
        "ten_secondly" => too_many(Policy::TenSeconds),
        "locked" => {
            let body = json!({"status": "error", "message": "The resource is locked.", "correlationId": CORRELATION,
                              "category": "LOCKED"});
            json_reply(StatusCode::LOCKED, body.to_string())
        }
        "migration" => {
            let body = json!({"status": "error", "message": "Migration in progress", "correlationId": CORRELATION});
            let status = StatusCode::from_u16(477).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            crate::kit::with_headers(json_reply(status, body.to_string()), [("retry-after", "7".to_owned())])
        }
        // A 429 that names no policy, from somebody in front of the API.
        _ => reply(StatusCode::TOO_MANY_REQUESTS, "text/html", "<html><body>Too Many Requests</body></html>"),
    }
}

/// The ways of [`over_limit`].
pub(super) const RATE_LIMITS: [&str; 6] = ["ten_secondly", "secondly", "daily", "locked", "migration", "bare"];
