//! `POST /oauth/token`: access tokens for a refresh token.
//!
//! Only the `refresh_token` grant: the authorization code belongs to a person in front of a browser, who is not here.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{HeaderMap, Response, StatusCode, header};
use serde_json::json;

use super::{
    options::Options,
    reply::{Body, json_reply},
};

const SCOPE: &str = "base contacts:read deals:read leads:read users:read search:read";

/// An access token that was handed out.
#[derive(Debug, Clone, Copy)]
struct Issued {
    until: Duration,
    /// Which one it was, counted from the start.
    serial: u64,
}

/// Every token that was handed out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    access: HashMap<String, Issued>,
    serial: u64,
    /// When the refresh token was last used.
    refreshed: Duration,
    /// Whether somebody uninstalled the application.
    pub(super) revoked: bool,
}

impl Tokens {
    /// How many were handed out: what was issued before is told from what came later by it.
    pub(super) const fn serial(&self) -> u64 {
        self.serial
    }

    /// The serial of a token that is still good.
    pub(super) fn good(&self, token: &str, now: Duration) -> Option<u64> {
        self.access.get(token).filter(|issued| now < issued.until).map(|issued| issued.serial)
    }

    /// Answers a request for a token.
    ///
    /// # Errors
    /// In the reply: 401 `invalid_client`; 400 `invalid_request`, `unsupported_grant_type`, or `invalid_grant` for a
    /// refresh token that is wrong, was revoked, or lay unused for too long.
    pub(super) fn grant(
        &mut self,
        options: &Options,
        now: Duration,
        base_url: &str,
        asked: (&HeaderMap, &[u8]),
    ) -> Response<Body> {
        let (headers, body) = asked;
        if !is_client(options, headers) {
            return error(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed");
        }
        let form: HashMap<_, _> = form_urlencoded::parse(body).collect();
        match form.get("grant_type").map(AsRef::as_ref) {
            None => return error(StatusCode::BAD_REQUEST, "invalid_request", "Missing parameter: grant_type"),
            Some("refresh_token") => {}
            Some(_) => return error(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant type"),
        }
        let known = form.get("refresh_token").is_some_and(|token| *token == options.oauth.refresh_token);
        if !known || self.revoked || now > self.refreshed + options.limits.refresh_token {
            return error(StatusCode::BAD_REQUEST, "invalid_grant", "Invalid grant: refresh token is invalid");
        }
        self.refreshed = now;
        self.serial += 1;
        self.access.retain(|_, issued| now < issued.until);
        let token = format!("v1u:sandbox-{:08x}", self.serial);
        let life = options.limits.access_token;
        self.access.insert(token.clone(), Issued { until: now + life, serial: self.serial });
        // A second less than it lives, as the vendor says 3599 of its hour.
        let expires_in = life.div_f64(options.speed).as_secs().saturating_sub(1).max(1);
        let reply = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": expires_in,
            "refresh_token": options.oauth.refresh_token, "scope": SCOPE, "api_domain": base_url,
        });
        json_reply(StatusCode::OK, reply.to_string())
    }
}

fn is_client(options: &Options, headers: &HeaderMap) -> bool {
    let expected = format!("{}:{}", options.oauth.client_id, options.oauth.client_secret);
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let decoded = presented.and_then(|text| text.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok());
    decoded.is_some_and(|decoded| decoded == expected.as_bytes())
}

fn error(status: StatusCode, error: &str, message: &str) -> Response<Body> {
    json_reply(status, json!({"success": false, "error": error, "message": message}).to_string())
}
