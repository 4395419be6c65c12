//! A stand-in's own door, for programs that are not in the same process. No credentials, no faults, not in the log.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /sandbox/samples` | the named cases, and what the vendor has to say to be configured |
//! | `GET /sandbox/clients/{place}` | what is true of a seeded client, counted from 0 |
//! | `GET /sandbox/log[?after=N]`, `DELETE` | what was asked |
//! | `GET`, `POST`, `DELETE /sandbox/faults` | what is staged; stages one; clears them all |
//! | `POST /sandbox/change` | changes the account in the vendor's words; answers with the record it was about |
//! | `POST /sandbox/neutral` | changes it in the words that every stand-in knows (see `Neutral`) |
//! | `GET /sandbox/held` | what was made or changed through the API (see `Thing`) |
//! | `GET`, `POST /sandbox/quota` | what is left; `{"daily": …, "used": …}` or the vendor's own |
//! | `POST /sandbox/clock` | `{"advance_ms": …}`: both times move on |
//! | `POST /sandbox/oauth` | `{"revoked": true}`: the application is uninstalled, or installed again |

use std::time::Duration;

use hyper::{Method, StatusCode, http::request::Parts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    change::Neutral,
    fault::{Fault, Kind},
    lock,
    query::Query,
    reply::{Reply, append, json_reply},
    running::Shared,
    vendor::Vendor,
};

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
pub(crate) fn answer<V: Vendor>(shared: &Shared<V>, parts: &Parts, body: &[u8]) -> Reply {
    let Shared { ground, vendor } = shared;
    let path = parts.uri.path().trim_start_matches("/sandbox").trim_matches('/');
    match (&parts.method, path) {
        (&Method::GET, "samples") => ok(&vendor.described()),
        (&Method::GET, "log") => match Query::read(parts.uri.query().unwrap_or_default()).number("after") {
            Ok(after) => ok(&lock(&ground.log).after(after.unwrap_or(0))),
            Err(_) => wrong("expected after=NUMBER"),
        },
        (&Method::DELETE, "log") => {
            lock(&ground.log).clear();
            done()
        }
        (&Method::GET, "faults") => ok(&lock(&ground.stage).staged()),
        (&Method::POST, "faults") => with(body, |fault| stage(shared, fault)),
        (&Method::DELETE, "faults") => {
            lock(&ground.stage).clear();
            done()
        }
        (&Method::POST, "change") => with(body, |change: V::Change| match vendor.change(change) {
            Ok(changed) => ok(&changed),
            Err(problem) => wrong(&problem.to_string()),
        }),
        (&Method::POST, "neutral") => with(body, |change: Neutral| match vendor.change_neutral(change) {
            Ok(changed) => ok(&changed),
            Err(problem) => wrong(&problem.to_string()),
        }),
        (&Method::GET, "held") => ok(&vendor.held()),
        (&Method::GET, "quota") => ok(&vendor.quota()),
        (&Method::POST, "quota") => with(body, |set: V::SetQuota| {
            vendor.set_quota(set);
            ok(&vendor.quota())
        }),
        (&Method::POST, "clock") => with(body, |set: SetClock| {
            ground.clock.advance(Duration::from_millis(set.advance_ms));
            done()
        }),
        (&Method::POST, "oauth") => with(body, |set: SetOAuth| {
            vendor.set_revoked(set.revoked);
            done()
        }),
        (&Method::GET, path) => match path.strip_prefix("clients/").and_then(|place| place.parse().ok()) {
            Some(place) => vendor.client(place).map_or_else(|| missing(path), |client| ok(&client)),
            None => missing(path),
        },
        _ => missing(path),
    }
}

fn stage<V: Vendor>(shared: &Shared<V>, fault: Fault) -> Reply {
    let (how, known) = match &fault.kind {
        Kind::RateLimit { how } => (how, V::RATE_LIMITS),
        Kind::Oddity { how } => (how, V::ODDITIES),
        _ => {
            shared.stage(fault);
            return done();
        }
    };
    if !known.contains(&how.as_str()) {
        return wrong(&format!("expected one of {known:?}, found {how:?}"));
    }
    shared.stage(fault);
    done()
}

fn with<T: DeserializeOwned>(body: &[u8], then: impl FnOnce(T) -> Reply) -> Reply {
    match serde_json::from_slice(body) {
        Ok(value) => then(value),
        Err(problem) => wrong(&problem.to_string()),
    }
}

fn ok(value: &impl Serialize) -> Reply {
    let mut out = Vec::new();
    append(&mut out, value);
    json_reply(StatusCode::OK, out)
}

fn done() -> Reply {
    ok(&json!({"done": true}))
}

fn wrong(reason: &str) -> Reply {
    json_reply(StatusCode::BAD_REQUEST, json!({"error": reason}).to_string())
}

fn missing(path: &str) -> Reply {
    json_reply(StatusCode::NOT_FOUND, json!({"error": format!("nothing at /sandbox/{path}")}).to_string())
}
