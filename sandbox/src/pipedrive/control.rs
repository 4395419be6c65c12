//! The stand-in's own door, for programs that are not in the same process. No credentials, no faults, not in the log.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /sandbox/samples` | the named cases, the users, the employees, the key of the organizations' phone field |
//! | `GET /sandbox/clients/{place}` | what is true of a seeded client, counted from 0 |
//! | `GET /sandbox/log[?after=N]`, `DELETE` | what was asked |
//! | `GET`, `POST`, `DELETE /sandbox/faults` | what is staged; stages one; clears them all |
//! | `POST /sandbox/change` | changes the account (see `Change`); answers with the record it was about |
//! | `GET`, `POST /sandbox/quota` | the day's tokens; `{"daily": …, "used": …}`, either |
//! | `POST /sandbox/clock` | `{"advance_ms": …}`: both times move on |
//! | `POST /sandbox/oauth` | `{"revoked": true}`: the application is uninstalled, or installed again |

use std::time::Duration;

use hyper::{Method, Response, StatusCode, http::request::Parts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Shared,
    change::Change,
    fault::Fault,
    query::Query,
    reply::{Body, json_reply},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetQuota {
    daily: Option<u64>,
    used: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    advance_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetOAuth {
    revoked: bool,
}

/// Answers a request for `/sandbox/…`.
pub(super) fn answer(shared: &Shared, parts: &Parts, body: &[u8]) -> Response<Body> {
    let path = parts.uri.path().trim_start_matches("/sandbox").trim_matches('/');
    match (&parts.method, path) {
        (&Method::GET, "samples") => ok(&shared.described()),
        (&Method::GET, "log") => match Query::read(parts.uri.query().unwrap_or_default()).number("after") {
            Ok(after) => ok(&shared.asked_after(after.unwrap_or(0))),
            Err(_) => wrong("expected after=NUMBER"),
        },
        (&Method::DELETE, "log") => {
            shared.forget_asked();
            done()
        }
        (&Method::GET, "faults") => ok(&shared.staged()),
        (&Method::POST, "faults") => with(body, |fault: Fault| {
            shared.stage(fault);
            done()
        }),
        (&Method::DELETE, "faults") => {
            shared.clear_faults();
            done()
        }
        (&Method::POST, "change") => with(body, |change: Change| match shared.change(change) {
            Ok(item) => ok(&item),
            Err(problem) => wrong(&problem.to_string()),
        }),
        (&Method::GET, "quota") => ok(&shared.quota()),
        (&Method::POST, "quota") => with(body, |set: SetQuota| {
            shared.set_quota(set.daily, set.used);
            ok(&shared.quota())
        }),
        (&Method::POST, "clock") => with(body, |set: SetClock| {
            shared.clock.advance(Duration::from_millis(set.advance_ms));
            done()
        }),
        (&Method::POST, "oauth") => with(body, |set: SetOAuth| {
            shared.set_revoked(set.revoked);
            done()
        }),
        (&Method::GET, path) => match path.strip_prefix("clients/").and_then(|place| place.parse().ok()) {
            Some(place) => shared.client(place).map_or_else(|| missing(path), |client| ok(&client)),
            None => missing(path),
        },
        _ => missing(path),
    }
}

fn with<T: DeserializeOwned>(body: &[u8], then: impl FnOnce(T) -> Response<Body>) -> Response<Body> {
    match serde_json::from_slice(body) {
        Ok(value) => then(value),
        Err(problem) => wrong(&problem.to_string()),
    }
}

fn ok(value: &impl Serialize) -> Response<Body> {
    let mut out = Vec::new();
    super::wire::append(&mut out, value);
    json_reply(StatusCode::OK, out)
}

fn done() -> Response<Body> {
    ok(&json!({"done": true}))
}

fn wrong(reason: &str) -> Response<Body> {
    json_reply(StatusCode::BAD_REQUEST, json!({"error": reason}).to_string())
}

fn missing(path: &str) -> Response<Body> {
    json_reply(StatusCode::NOT_FOUND, json!({"error": format!("nothing at /sandbox/{path}")}).to_string())
}
