//! What a request is answered with.

use hyper::{StatusCode, header};
use serde_json::json;

use super::{limit::RateLimit, meter::Rate};
use crate::kit::{Reply, json_reply, reply, with_headers};

/// Why an endpoint does not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The second API's validation, by parameter.
    Invalid(String),
    /// The first API's, which says no more.
    BadRequest,
    /// No such record, with the vendor's word for it.
    NotFound(&'static str),
    /// The second API's, when what was sent is well formed and cannot be done.
    Bad(String),
    /// The first API's, with a status and the vendor's words.
    First(StatusCode, String),
    /// No such path or method.
    Unknown,
    /// No or wrong credentials.
    Unauthorized,
}

const SEE_DOCUMENTATION: &str = "Please check developers.pipedrive.com for more information about Pipedrive API.";

impl Refusal {
    /// A parameter of the second API that is not as it must be.
    pub(super) fn parameter(name: &str, why: &str) -> Self {
        Self::Invalid(format!("Validation failed: {name}: {why}"))
    }

    pub(super) fn reply(&self) -> Reply {
        let (status, body) = match self {
            Self::Invalid(error) => {
                let code = "ERR_SCHEMA_VALIDATION_FAILED";
                (StatusCode::BAD_REQUEST, json!({"success": false, "error": error, "code": code}))
            }
            Self::Bad(error) => {
                let code = "ERR_BAD_REQUEST";
                (StatusCode::BAD_REQUEST, json!({"success": false, "error": error, "code": code}))
            }
            Self::First(status, error) => (*status, envelope(error, SEE_DOCUMENTATION)),
            Self::BadRequest => (StatusCode::BAD_REQUEST, envelope("Bad request", SEE_DOCUMENTATION)),
            Self::NotFound(error) => (StatusCode::NOT_FOUND, envelope(error, "Object was not found.")),
            Self::Unknown => (StatusCode::NOT_FOUND, envelope("Unknown method .", SEE_DOCUMENTATION)),
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, json!({"success": false, "error": "unauthorized access", "errorCode": 401}))
            }
        };
        json_reply(status, body.to_string())
    }
}

fn envelope(error: &str, info: &str) -> serde_json::Value {
    json!({"success": false, "error": error, "error_info": info, "data": null, "additional_data": null})
}

/// The 429 of the vendor; a spent day and a spent window look the same.
pub(super) fn too_many() -> Reply {
    let body =
        json!({"success": false, "error": "request over limit", "errorCode": 429, "error_info": SEE_DOCUMENTATION});
    json_reply(StatusCode::TOO_MANY_REQUESTS, body.to_string())
}

/// The page that the vendor's shield answers with instead of the API.
pub(super) fn shield() -> Reply {
    let page = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>Access denied | api.pipedrive.com used Cloudflare to \
                restrict access</title></head>\n<body><h1>Error 1015</h1><h2>You are being rate limited</h2></body></html>\n";
    let mut reply = reply(StatusCode::FORBIDDEN, "text/html; charset=UTF-8", page);
    reply.headers_mut().insert(header::SERVER, header::HeaderValue::from_static("cloudflare"));
    reply
}

/// The reply with what is left of the window.
pub(super) fn with_rate(reply: Reply, rate: Rate) -> Reply {
    let headers = [
        ("x-ratelimit-limit", rate.limit.to_string()),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
        ("x-ratelimit-reset", rate.reset_s.to_string()),
    ];
    with_headers(reply, headers)
}

/// "Too much", as it was staged.
pub(super) fn staged_limit(how: RateLimit, limit: usize) -> Reply {
    match how {
        RateLimit::Headers => with_rate(too_many(), Rate { limit, remaining: 0, reset_s: 2 }),
        RateLimit::Bare => too_many(),
        RateLimit::Cloudflare => shield(),
    }
}
