//! `POST /oauth/token`: access tokens for a refresh token.
//!
//! Only the `refresh_token` grant: the authorization code belongs to a person in front of a browser, who is not here.

use hyper::StatusCode;
use serde_json::json;

use super::options::Options;
use crate::kit::{Call, Clock, Credentials, Denied, Grant, Query, Reply, Rules, Tokens, json_reply};

const SCOPE: &str = "base contacts:read deals:read leads:read users:read search:read";

/// What the vendor's tokens are like.
pub(super) fn rules(options: &Options) -> Rules {
    Rules {
        app: options.oauth.clone(),
        credentials: Credentials::Basic,
        grant: Grant::RefreshToken,
        prefix: "v1u:sandbox-",
        life: options.limits.access_token,
        unused: Some(options.limits.refresh_token),
        most: None,
    }
}

/// Answers a request for a token: 401 `invalid_client`; 400 `invalid_request`, `unsupported_grant_type` or
/// `invalid_grant`.
pub(super) fn answer(tokens: &mut Tokens, call: &Call, clock: &Clock, base_url: &str) -> Reply {
    let body = String::from_utf8_lossy(&call.body);
    let parameters = Query::read(&body);
    let granted = match tokens.grant(clock.now(), call.headers(), &parameters) {
        Ok(granted) => granted,
        Err(denied) => return refused(denied),
    };
    // A second less than it lives, as the vendor says 3599 of its hour.
    let expires_in = clock.waited(granted.life).as_secs().saturating_sub(1).max(1);
    let reply = json!({
        "access_token": granted.token, "token_type": "Bearer", "expires_in": expires_in,
        "refresh_token": parameters.text("refresh_token"), "scope": SCOPE, "api_domain": base_url,
    });
    json_reply(StatusCode::OK, reply.to_string())
}

fn refused(denied: Denied) -> Reply {
    let (status, error, message) = match denied {
        Denied::Client => (StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed"),
        Denied::NoGrant => (StatusCode::BAD_REQUEST, "invalid_request", "Missing parameter: grant_type"),
        Denied::Unsupported => (StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant type"),
        Denied::Grant => (StatusCode::BAD_REQUEST, "invalid_grant", "Invalid grant: refresh token is invalid"),
    };
    json_reply(status, json!({"success": false, "error": error, "message": message}).to_string())
}
