//! Sending: an access token, the account's quota, a reply.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::base::secret::Secret;
use crate::crm::Tools;
use crate::crm::failure::Failure;
use crate::crm::quota::{Lane, Purpose};
use crate::crm::smart_crm::{
    path,
    status::{self, Signal, Verdict},
};
use crate::crm::token::{Access, Tokens};
use crate::outbound::{Method, Reply, Request};

/// What a crawl or a sweep waits for its turn at most. Longer pauses are the caller's to wait out.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(30);
/// Whatever is asked is one request of the account's.
pub(super) const COST: u64 = 1;
/// The vendor's window slides: some of it is free again after this. What is left of it is one server's of several.
const WINDOW_MOVES: Duration = Duration::from_secs(10);

/// Talks to one organization.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) base: Url,
    tokens: Tokens,
    pub(super) tools: Tools,
}

/// One request: who pays, how long it may wait, what for.
pub(super) struct Question {
    purpose: Purpose,
    patience: Duration,
    url: Url,
    prefer: String,
    /// What is created, where it is not a question.
    body: Option<serde_json::Value>,
}

impl Question {
    /// A question of a crawl or a sweep.
    pub(super) fn background(purpose: Purpose, url: Url) -> Self {
        Self { purpose, patience: BACKGROUND_PATIENCE, url, prefer: prefer(path::PAGE, false), body: None }
    }

    /// The same, of which the last page gives a link to what changes later.
    pub(super) fn tracked(purpose: Purpose, url: Url) -> Self {
        Self { prefer: prefer(path::PAGE, true), ..Self::background(purpose, url) }
    }

    /// A question that a call waits for.
    pub(super) fn live(url: Url, patience: Duration) -> Self {
        Self { purpose: Purpose::Live, patience, url, prefer: prefer(path::FOUND, false), body: None }
    }

    /// Something to be created.
    pub(super) fn create(url: Url, body: serde_json::Value) -> Self {
        Self { body: Some(body), ..Self::background(Purpose::Crawl, url) }
    }
}

/// What every request prefers: pages of that size, and lookups that say which table they point into. Pages after the first
/// are asked for in the same words, since no text says that a link remembers them.
fn prefer(page: u32, tracked: bool) -> String {
    let track = if tracked { "odata.track-changes," } else { "" };
    format!("{track}odata.maxpagesize={page},odata.include-annotations=\"{}\"", path::ANNOTATION)
}

impl Session {
    pub(super) const fn new(base: Url, tokens: Tokens, tools: Tools) -> Self {
        Self { base, tokens, tools }
    }

    /// Pays for a question and asks it. A refused token is replaced once.
    pub(super) async fn ask(&self, question: &Question) -> Result<Reply, Failure> {
        let until = Instant::now() + question.patience;
        let access = self.tokens.access().await?;
        let reply = self.exchange(question, &access, until).await?;
        if !status::token_refused(&reply) {
            return Ok(reply);
        }
        let access = self.tokens.instead_of(&access).await?;
        self.exchange(question, &access, until).await
    }

    async fn exchange(&self, question: &Question, access: &Access, until: Instant) -> Result<Reply, Failure> {
        let ledger = &self.tools.ledger;
        let patience = until.saturating_duration_since(Instant::now());
        let _leave = ledger.spend(question.purpose, Lane::General, COST, patience).await?;
        let url = question.url.clone();
        let request = match &question.body {
            None => Request::get(url).with_header("prefer", Secret::new(question.prefer.as_str())),
            Some(body) => Request::json(Method::Post, url, body),
        };
        let request = request
            .with_header("accept", Secret::new("application/json"))
            .with_header("odata-version", Secret::new("4.0"))
            .with_header("odata-maxversion", Secret::new("4.0"))
            .with_header("if-none-match", Secret::new("null"))
            .with_header("authorization", Secret::new(format!("Bearer {}", access.token.expose())));
        let sent = Instant::now();
        let reply = self.tools.outbound.send(request).await?;
        let Signal { verdict, left } = status::signal(&reply);
        match verdict {
            Verdict::Accepted => ledger.note_accepted(sent),
            Verdict::Limited(after) => ledger.note_limited(sent, after),
            Verdict::Neither => {}
        }
        if let Some(left) = left {
            ledger.note_left(Lane::General, left, WINDOW_MOVES);
        }
        Ok(reply)
    }
}
