//! `POST /oauth/v2/token`: access tokens for a refresh token, ten in ten minutes.
//!
//! Only the `refresh_token` grant: the authorization code belongs to a person in front of a browser, who is not here.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;

use super::options::Options;
use crate::kit::{Call, Clock, Credentials, Denied, Grant, Query, Reply, Rolling, Rules, Tokens, json_reply};

/// Where tokens are had.
pub(super) const PATH: &str = "/oauth/v2/token";
/// In which so many tokens may be asked for.
const WINDOW: Duration = Duration::from_secs(600);

/// The access tokens and how many were asked for.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) tokens: Tokens,
    asked: Rolling,
    most: u64,
}

impl Issuer {
    pub(super) fn new(options: &Options) -> Self {
        let rules = Rules {
            app: options.oauth.clone(),
            credentials: Credentials::Parameters,
            grant: Grant::RefreshToken,
            prefix: "1000.sandbox.",
            life: options.limits.access_token,
            unused: None,
            most: Some(options.limits.live_tokens),
        };
        Self { tokens: Tokens::new(rules), asked: Rolling::new(WINDOW), most: options.limits.tokens }
    }

    /// Answers a request for a token. Refusals come under status 200, as users of the live API report.
    pub(super) fn answer(&mut self, call: &Call, clock: &Clock, base_url: &str) -> Reply {
        let now = clock.now();
        if self.asked.used(now) >= self.most {
            return throttled(StatusCode::BAD_REQUEST);
        }
        self.asked.take(now, 1);
        // The vendor reads parameters from the query as well as from the body.
        let text = if call.body.is_empty() {
            call.query().to_owned()
        } else {
            String::from_utf8_lossy(&call.body).into_owned()
        };
        let granted = match self.tokens.grant(now, call.headers(), &Query::read(&text)) {
            Ok(granted) => granted,
            Err(denied) => return json_reply(StatusCode::OK, json!({"error": word(denied)}).to_string()),
        };
        let reply = json!({
            "access_token": granted.token, "scope": "ZohoCRM.modules.READ", "api_domain": base_url,
            "token_type": "Bearer", "expires_in": clock.waited(granted.life).as_secs().max(1),
        });
        json_reply(StatusCode::OK, reply.to_string())
    }
}

const fn word(denied: Denied) -> &'static str {
    match denied {
        Denied::Client => "invalid_client",
        Denied::NoGrant | Denied::Unsupported => "unsupported_grant_type",
        Denied::Grant => "invalid_code",
    }
}

/// "Too many tokens", under either of the two statuses it was seen with.
pub(super) fn throttled(status: StatusCode) -> Reply {
    let description = "You have made too many requests continuously. Please try again after some time.";
    let body = json!({"error_description": description, "error": "Access Denied", "status": "failure"});
    json_reply(status, body.to_string())
}
