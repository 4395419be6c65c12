//! `POST /oauth/v2/token` of the accounts server: access tokens for a refresh token.
//!
//! Only the refresh grant: the authorization code belongs to a person in front of a browser, who is not here. The answer
//! names an `api_domain` that does not serve this API, as the vendor's does.
//!
//! # Source
//! The vendor's pages on OAuth as quoted; that it says "no" under 200, and "Access Denied" under 400 or 200, is what users
//! of the live API report.

use std::{sync::Mutex, time::Duration};

use hyper::StatusCode;
use serde_json::json;

use super::options::{Limits, Options};
use crate::kit::{Call, Clock, Credentials, Denied, Grant, Query, Reply, Rolling, Rules, Tokens, json_reply, lock};

const SCOPE: &str = "Desk.tickets.READ Desk.contacts.READ Desk.accounts.READ Desk.search.READ Desk.basic.READ \
                     Desk.settings.READ Desk.webhooks.ALL";

/// Who hands out access tokens.
#[derive(Debug)]
pub(super) struct Issuer {
    tokens: Mutex<Tokens>,
    handed_out: Mutex<Rolling>,
    limits: Limits,
}

impl Issuer {
    pub(super) fn new(options: &Options) -> Self {
        let rules = Rules {
            app: options.oauth.clone(),
            credentials: Credentials::Parameters,
            grant: Grant::RefreshToken,
            prefix: "1000.sandbox-",
            life: options.limits.access_token,
            unused: None,
            most: Some(10),
        };
        let ten_minutes = Rolling::new(Duration::from_secs(600));
        Self {
            tokens: Mutex::new(Tokens::new(rules)),
            handed_out: Mutex::new(ten_minutes),
            limits: options.limits.clone(),
        }
    }

    pub(super) fn serial(&self) -> u64 {
        lock(&self.tokens).serial()
    }

    pub(super) fn set_revoked(&self, revoked: bool) {
        lock(&self.tokens).set_revoked(revoked);
    }

    /// Whether a request carries an access token that is good.
    pub(super) fn knows(&self, token: &str, clock: &Clock, expired: Option<u64>) -> bool {
        lock(&self.tokens).good(token, clock.now(), expired).is_some()
    }

    /// Answers a request for a token.
    pub(super) fn answer(&self, call: &Call, clock: &Clock) -> Reply {
        let now = clock.now();
        if lock(&self.handed_out).used(now) >= self.limits.tokens_in_ten_minutes {
            return self.throttled();
        }
        let body = String::from_utf8_lossy(&call.body);
        let parameters = Query::read(&body);
        match lock(&self.tokens).grant(now, call.headers(), &parameters) {
            Ok(granted) => {
                lock(&self.handed_out).take(now, 1);
                let expires_in = clock.waited_s(granted.life);
                let reply = json!({
                    "access_token": granted.token, "scope": SCOPE, "api_domain": "https://www.zohoapis.com",
                    "token_type": "Bearer", "expires_in": expires_in,
                });
                json_reply(StatusCode::OK, reply.to_string())
            }
            Err(denied) => {
                let word = match denied {
                    Denied::Client => "invalid_client",
                    Denied::NoGrant | Denied::Unsupported => "unsupported_grant_type",
                    Denied::Grant => "invalid_code",
                };
                json_reply(StatusCode::OK, json!({"error": word}).to_string())
            }
        }
    }

    fn throttled(&self) -> Reply {
        let status = if self.limits.throttled_under_200 { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let said = "You have made too many requests continuously. Please try again after some time.";
        let body = json!({"error": "Access Denied", "error_description": said, "status": "failure"});
        json_reply(status, body.to_string())
    }
}
