//! `POST /oauth/2026-03/token`: access tokens for a refresh token, the application's id and secret in the form.
//!
//! Only the `refresh_token` grant: the authorization code belongs to a person in front of a browser, who is not here.

use hyper::StatusCode;
use serde_json::json;

use super::{options::Options, reply::CORRELATION};
use crate::kit::{Call, Clock, Credentials, Denied, Grant, Query, Reply, Rules, Tokens, json_reply};

/// What the vendor's tokens are like.
pub(super) fn rules(options: &Options) -> Rules {
    Rules {
        app: options.oauth.clone(),
        credentials: Credentials::Parameters,
        grant: Grant::RefreshToken,
        prefix: "CKsandbox-",
        life: options.limits.access_token,
        unused: None,
        most: None,
    }
}

/// Answers a request for a token, or refuses it with 400 in the vendor's own words.
pub(super) fn answer(tokens: &mut Tokens, call: &Call, clock: &Clock) -> Reply {
    let body = String::from_utf8_lossy(&call.body);
    let parameters = Query::read(&body);
    let granted = match tokens.grant(clock.now(), call.headers(), &parameters) {
        Ok(granted) => granted,
        Err(denied) => return refused(denied),
    };
    let reply = json!({
        "access_token": granted.token, "token_type": "bearer", "token_use": "access_token",
        "expires_in": clock.waited(granted.life).as_secs().max(1), "refresh_token": parameters.text("refresh_token"),
        "hub_id": 62515, "scopes": ["oauth", "crm.objects.contacts.read"], "user_id": 101,
    });
    json_reply(StatusCode::OK, reply.to_string())
}

fn refused(denied: Denied) -> Reply {
    let (status, message) = match denied {
        Denied::Client => ("BAD_CLIENT_ID", "missing or unknown client id"),
        Denied::NoGrant | Denied::Unsupported => ("BAD_GRANT_TYPE", "missing or unknown grant type"),
        Denied::Grant => ("BAD_REFRESH_TOKEN", "missing or invalid refresh token"),
    };
    let body = json!({"status": status, "message": message, "correlationId": CORRELATION, "requestId": "sandbox"});
    json_reply(StatusCode::BAD_REQUEST, body.to_string())
}
