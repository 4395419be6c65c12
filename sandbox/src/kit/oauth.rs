//! Access tokens: who gets one, how long it lives. How the reply looks is the vendor's business, and so is a throttle.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::HeaderMap;

use super::{clock::Moment, query::Query};

/// The application that tokens are handed out for.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The refresh token that its only customer gave it.
    pub refresh_token: String,
}

/// Where the application's id and secret may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// `authorization: Basic` only.
    Basic,
    /// `client_id` and `client_secret` among the parameters only.
    Parameters,
    /// Either.
    Either,
}

/// Which grants are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// `refresh_token`
    RefreshToken,
    /// `client_credentials`
    ClientCredentials,
}

impl Grant {
    const fn word(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// What a vendor's tokens are like.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The application that is accepted.
    pub app: App,
    /// Where it says who it is.
    pub credentials: Credentials,
    /// The grant that is accepted.
    pub grant: Grant,
    /// What every access token begins with.
    pub prefix: &'static str,
    /// How long an access token lives, in vendor time.
    pub life: Duration,
    /// How long a refresh token lives unused, where it does not live for ever.
    pub unused: Option<Duration>,
    /// How many access tokens live at once; a further one ends the oldest.
    pub most: Option<usize>,
}

/// An access token that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The token.
    pub token: String,
    /// Its life, in vendor time.
    pub life: Duration,
    /// Which one it was, counted from 1.
    pub serial: u64,
}

/// Why no token was handed out, in the words of RFC 6749.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// `invalid_client`: wrong id or secret, or in the wrong place.
    Client,
    /// `invalid_request`: no grant named.
    NoGrant,
    /// `unsupported_grant_type`
    Unsupported,
    /// `invalid_grant`: the refresh token is wrong, was revoked, or lay unused for too long; for client credentials,
    /// the application was withdrawn.
    Grant,
}

#[derive(Debug, Clone, Copy)]
struct Issued {
    until: Duration,
    serial: u64,
}

/// Every token that was handed out.
#[derive(Debug)]
pub struct Tokens {
    rules: Rules,
    access: HashMap<String, Issued>,
    serial: u64,
    /// When the refresh token was last used.
    refreshed: Duration,
    revoked: bool,
}

impl Tokens {
    /// No tokens yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, access: HashMap::new(), serial: 0, refreshed: Duration::ZERO, revoked: false }
    }

    /// How many were handed out: what was issued before is told from what came later by it.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// Uninstalls the application (no token from now on), or installs it again.
    pub const fn set_revoked(&mut self, revoked: bool) {
        self.revoked = revoked;
    }

    /// The serial of a token that is still good and was handed out after the serial `expired`.
    #[must_use]
    pub fn good(&self, token: &str, now: Moment, expired: Option<u64>) -> Option<u64> {
        let issued = self.access.get(token).filter(|issued| now.vendor < issued.until)?;
        expired.is_none_or(|until| issued.serial > until).then_some(issued.serial)
    }

    /// Hands out a token. `parameters`: a form body, or a query where the vendor reads that.
    ///
    /// # Errors
    /// [`Denied`], in this order of checks: client, grant named, grant known, grant good.
    pub fn grant(&mut self, now: Moment, headers: &HeaderMap, parameters: &Query<'_>) -> Result<Granted, Denied> {
        if !self.is_client(headers, parameters) {
            return Err(Denied::Client);
        }
        match parameters.text("grant_type") {
            None => return Err(Denied::NoGrant),
            Some(word) if word != self.rules.grant.word() => return Err(Denied::Unsupported),
            Some(_) => {}
        }
        if self.revoked || self.rules.grant == Grant::RefreshToken && !self.is_refresh(now, parameters) {
            return Err(Denied::Grant);
        }
        self.refreshed = now.vendor;
        self.serial += 1;
        self.access.retain(|_, issued| now.vendor < issued.until);
        while self.rules.most.is_some_and(|most| self.access.len() >= most) {
            let oldest = self.access.iter().min_by_key(|(_, issued)| issued.serial).map(|(token, _)| token.clone());
            let Some(oldest) = oldest else { break };
            self.access.remove(&oldest);
        }
        let (token, life) = (format!("{}{:08x}", self.rules.prefix, self.serial), self.rules.life);
        self.access.insert(token.clone(), Issued { until: now.vendor + life, serial: self.serial });
        Ok(Granted { token, life, serial: self.serial })
    }

    fn is_refresh(&self, now: Moment, parameters: &Query<'_>) -> bool {
        let known = parameters.text("refresh_token") == Some(self.rules.app.refresh_token.as_str());
        known && self.rules.unused.is_none_or(|unused| now.vendor <= self.refreshed + unused)
    }

    fn is_client(&self, headers: &HeaderMap, parameters: &Query<'_>) -> bool {
        let app = &self.rules.app;
        let told = parameters.text("client_id") == Some(app.client_id.as_str())
            && parameters.text("client_secret") == Some(app.client_secret.as_str());
        match self.rules.credentials {
            Credentials::Basic => is_basic(app, headers),
            Credentials::Parameters => told,
            Credentials::Either => told || is_basic(app, headers),
        }
    }
}

fn is_basic(app: &App, headers: &HeaderMap) -> bool {
    let expected = format!("{}:{}", app.client_id, app.client_secret);
    let presented = headers.get(hyper::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let decoded = presented.and_then(|text| text.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok());
    decoded.is_some_and(|decoded| decoded == expected.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::HeaderMap;

    use super::{App, Credentials, Denied, Grant, Rules, Tokens};
    use crate::kit::{Clock, Query};

    fn tokens(grant: Grant, most: Option<usize>) -> Tokens {
        let app =
            App { client_id: "me".to_owned(), client_secret: "secret".to_owned(), refresh_token: "again".to_owned() };
        let (life, credentials) = (Duration::from_secs(60), Credentials::Parameters);
        Tokens::new(Rules { app, credentials, grant, prefix: "t-", life, unused: None, most })
    }

    #[test]
    fn client_credentials_in_the_form_get_a_token_that_dies() {
        let (clock, mut tokens) = (Clock::start(1.0, true), tokens(Grant::ClientCredentials, None));
        let mut ask = |form: &str| tokens.grant(clock.now(), &HeaderMap::new(), &Query::read(form));
        assert_eq!(ask("grant_type=client_credentials&client_id=me&client_secret=wrong"), Err(Denied::Client));
        assert_eq!(ask("client_id=me&client_secret=secret"), Err(Denied::NoGrant));
        assert_eq!(ask("grant_type=refresh_token&client_id=me&client_secret=secret"), Err(Denied::Unsupported));
        let granted = ask("grant_type=client_credentials&client_id=me&client_secret=secret").unwrap();
        assert_eq!(tokens.good(&granted.token, clock.now(), None), Some(1));
        assert_eq!(tokens.good(&granted.token, clock.now(), Some(1)), None, "a staged expiry");
        clock.advance(Duration::from_secs(60));
        assert_eq!(tokens.good(&granted.token, clock.now(), None), None);
    }

    #[test]
    fn one_token_more_than_may_live_ends_the_oldest() {
        let (clock, mut tokens) = (Clock::start(1.0, true), tokens(Grant::RefreshToken, Some(2)));
        let form = "grant_type=refresh_token&client_id=me&client_secret=secret&refresh_token=again";
        let mut ask = || tokens.grant(clock.now(), &HeaderMap::new(), &Query::read(form)).unwrap().token;
        let all = [ask(), ask(), ask()];
        let good = all.each_ref().map(|token| tokens.good(token, clock.now(), None));
        assert_eq!(good, [None, Some(2), Some(3)]);
        tokens.set_revoked(true);
        assert_eq!(tokens.grant(clock.now(), &HeaderMap::new(), &Query::read(form)), Err(Denied::Grant));
    }
}
