//! Sending a request: who pays, who it is from, what the reply says about the quota.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::base::secret::Secret;
use crate::crm::Tools;
use crate::crm::failure::Failure;
use crate::crm::hubspot::status::{self, Signal, Verdict};
use crate::crm::quota::{Lane, Purpose};
use crate::crm::token::{Access, Tokens};
use crate::outbound::{Method, Reply, Request};

/// What a crawl, a sweep or a write waits for its turn at most. Longer pauses are the caller's to wait out.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(30);

/// How requests prove who they are from.
#[derive(Debug)]
pub(super) enum Auth {
    /// A private app's token, which does not expire.
    Token(Secret),
    /// Access tokens of 30 minutes, the project's one set of them.
    OAuth(Arc<Tokens>),
}

/// Sends requests of one account.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) base: Url,
    pub(super) auth: Auth,
    pub(super) tools: Tools,
}

/// Who pays, and until when a request may wait for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payer {
    purpose: Purpose,
    until: Option<Instant>,
}

impl Payer {
    pub(super) const SWEEP: Self = Self { purpose: Purpose::Sweep, until: None };
    pub(super) const CRAWL: Self = Self { purpose: Purpose::Crawl, until: None };
    pub(super) const WRITE: Self = Self { purpose: Purpose::Write, until: None };

    /// A call that waits no longer than this, however many requests its question takes.
    pub(super) fn live(patience: Duration) -> Self {
        Self { purpose: Purpose::Live, until: Some(Instant::now() + patience.min(BACKGROUND_PATIENCE)) }
    }

    /// Whether a call waits.
    pub(super) fn is_live(self) -> bool {
        self.purpose == Purpose::Live
    }

    fn patience(self) -> Duration {
        self.until.map_or(BACKGROUND_PATIENCE, |until| until.saturating_duration_since(Instant::now()))
    }
}

/// One request.
#[derive(Debug)]
pub(super) struct Question {
    method: Method,
    lane: Lane,
    url: Url,
    body: Option<Value>,
}

impl Question {
    pub(super) const fn get(url: Url) -> Self {
        Self { method: Method::Get, lane: Lane::General, url, body: None }
    }

    pub(super) const fn post(url: Url, body: Value) -> Self {
        Self { method: Method::Post, lane: Lane::General, url, body: Some(body) }
    }

    /// Changes what is at `url`.
    pub(super) const fn patch(url: Url, body: Value) -> Self {
        Self { method: Method::Patch, lane: Lane::General, url, body: Some(body) }
    }

    /// Searches have a limit of their own and count in no other.
    pub(super) const fn search(url: Url, body: Value) -> Self {
        Self { method: Method::Post, lane: Lane::Search, url, body: Some(body) }
    }
}

impl Sender {
    /// Pays for a question, asks it, and gives the reply whatever it says. With OAuth a refused token is replaced once.
    pub(super) async fn reply_to(&self, payer: Payer, question: &Question) -> Result<Reply, Failure> {
        match &self.auth {
            Auth::Token(token) => self.exchange(payer, question, token).await,
            Auth::OAuth(tokens) => {
                let access = tokens.access().await?;
                let reply = self.exchange_with(payer, question, &access).await?;
                if !status::token_refused(&reply) {
                    return Ok(reply);
                }
                let access = tokens.instead_of(&access).await?;
                self.exchange_with(payer, question, &access).await
            }
        }
    }

    async fn exchange_with(&self, payer: Payer, question: &Question, access: &Access) -> Result<Reply, Failure> {
        self.exchange(payer, question, &access.token).await
    }

    async fn exchange(&self, payer: Payer, question: &Question, token: &Secret) -> Result<Reply, Failure> {
        let ledger = &self.tools.ledger;
        let _leave = ledger.spend(payer.purpose, question.lane, 1, payer.patience()).await?;
        let request = match &question.body {
            Some(body) => Request::json(question.method, question.url.clone(), body),
            None => Request::get(question.url.clone()),
        };
        let request = request
            .with_header("accept", Secret::new("application/json"))
            .with_header("authorization", Secret::new(format!("Bearer {}", token.expose())));
        let sent = Instant::now();
        let reply = self.tools.outbound.send(request).await?;
        let Signal { verdict, left, day_left } = status::signal(&reply);
        match verdict {
            Verdict::Accepted => ledger.note_accepted(sent),
            Verdict::Limited(after) => ledger.note_limited(sent, after),
            Verdict::DaySpent(after) => ledger.note_day_spent(after),
            Verdict::Neither => {}
        }
        if let Some((left, resets)) = left {
            ledger.note_left(Lane::General, left, resets);
        }
        if let Some(left) = day_left {
            ledger.note_day_left(left);
        }
        Ok(reply)
    }
}
