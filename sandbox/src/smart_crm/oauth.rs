//! `POST /{tenant}/oauth2/v2.0/token`: access tokens for the application itself.
//!
//! # Source
//! RFC 6749 and Microsoft's samples for client credentials; the numbers of its refusals are from clients' reports.

use hyper::StatusCode;
use serde_json::json;

use super::options::{Options, TENANT};
use crate::kit::{Call, Clock, Credentials, Denied, Grant, Query, Reply, Rules, Tokens, json_reply};

/// What the vendor's tokens are like.
pub(super) fn rules(options: &Options) -> Rules {
    Rules {
        app: options.app.clone(),
        credentials: Credentials::Parameters,
        grant: Grant::ClientCredentials,
        prefix: "eyJ0sandbox.",
        life: options.limits.access_token,
        unused: None,
        most: None,
    }
}

/// Whether a path asks for a token of any directory.
pub(super) fn is_for_tokens(path: &str) -> bool {
    path.ends_with("/oauth2/v2.0/token")
}

/// Answers a request for a token. The scope must be the organization's own, `/.default` behind it.
pub(super) fn answer(tokens: &mut Tokens, call: &Call, clock: &Clock, base_url: &str) -> Reply {
    let body = String::from_utf8_lossy(&call.body);
    let parameters = Query::read(&body);
    if call.path() != format!("/{TENANT}/oauth2/v2.0/token") {
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "AADSTS90002: Tenant not found.");
    }
    let denied = match tokens.grant(clock.now(), call.headers(), &parameters) {
        Ok(_) if parameters.text("scope") != Some(format!("{base_url}/.default").as_str()) => {
            let told = "AADSTS70011: The provided value for the input parameter 'scope' is not valid.";
            return refused(StatusCode::BAD_REQUEST, "invalid_scope", told);
        }
        Ok(granted) => {
            let expires_in = clock.waited(granted.life).as_secs().saturating_sub(1).max(1);
            let reply = json!({
                "token_type": "Bearer", "expires_in": expires_in, "ext_expires_in": expires_in,
                "access_token": granted.token,
            });
            return json_reply(StatusCode::OK, reply.to_string());
        }
        Err(denied) => denied,
    };
    match denied {
        Denied::Client => {
            refused(StatusCode::UNAUTHORIZED, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        }
        Denied::NoGrant => {
            refused(StatusCode::BAD_REQUEST, "invalid_request", "AADSTS900144: 'grant_type' is missing.")
        }
        Denied::Unsupported => {
            refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        }
        Denied::Grant => {
            refused(StatusCode::BAD_REQUEST, "unauthorized_client", "AADSTS700016: Application was not found.")
        }
    }
}

fn refused(status: StatusCode, error: &str, description: &str) -> Reply {
    json_reply(status, json!({"error": error, "error_description": description}).to_string())
}
