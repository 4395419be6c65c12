//! What a request is answered with.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{Response, StatusCode, header};
use serde_json::json;

/// A body: a whole page, or one that comes in pieces or breaks off.
pub(super) type Body = BoxBody<Bytes, std::io::Error>;

/// Why an endpoint does not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The second API's validation, by parameter.
    Invalid(String),
    /// The first API's, which says no more.
    BadRequest,
    /// No such record, with the vendor's word for it.
    NotFound(&'static str),
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

    pub(super) fn reply(&self) -> Response<Body> {
        let (status, body) = match self {
            Self::Invalid(error) => {
                let code = "ERR_SCHEMA_VALIDATION_FAILED";
                (StatusCode::BAD_REQUEST, json!({"success": false, "error": error, "code": code}))
            }
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

/// A JSON reply.
pub(super) fn json_reply(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    reply(status, "application/json; charset=utf-8", body)
}

/// A reply of any type.
pub(super) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut reply = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed());
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    reply
}

/// The 429 of the vendor; a spent day and a spent window look the same.
pub(super) fn too_many() -> Response<Body> {
    let body =
        json!({"success": false, "error": "request over limit", "errorCode": 429, "error_info": SEE_DOCUMENTATION});
    json_reply(StatusCode::TOO_MANY_REQUESTS, body.to_string())
}

/// The page that the vendor's shield answers with instead of the API.
pub(super) fn shield() -> Response<Body> {
    let page = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>Access denied | api.pipedrive.com used Cloudflare to \
                restrict access</title></head>\n<body><h1>Error 1015</h1><h2>You are being rate limited</h2></body></html>\n";
    let mut reply = reply(StatusCode::FORBIDDEN, "text/html; charset=UTF-8", page);
    reply.headers_mut().insert(header::SERVER, header::HeaderValue::from_static("cloudflare"));
    reply
}
