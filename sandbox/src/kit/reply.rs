//! What a request is answered with.

use bytes::Bytes;
use hyper::{Response, StatusCode, header};
use serde::Serialize;

/// A whole reply. How it travels (at once, in drops, broken off) is the server's business.
pub type Reply = Response<Bytes>;

/// A JSON reply.
#[must_use]
pub fn json_reply(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    reply(status, "application/json; charset=utf-8", body)
}

/// A reply of any type.
#[must_use]
pub fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    reply
}

/// The reply with further headers; those that are no headers are left out.
#[must_use]
pub fn with_headers<'a>(mut reply: Reply, headers: impl IntoIterator<Item = (&'a str, String)>) -> Reply {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse::<header::HeaderValue>()) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

/// Appends a value as JSON. Writing into memory cannot fail, and what is written here has no keys but strings.
pub fn append(out: &mut Vec<u8>, value: &impl Serialize) {
    if let Err(problem) = serde_json::to_writer(&mut *out, value) {
        tracing::error!(%problem, "a record could not be written");
    }
}
