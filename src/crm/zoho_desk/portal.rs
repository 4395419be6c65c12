//! Talking to one portal: who pays, with what token, at which place.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use url::Url;

use crate::base::secret::Secret;
use crate::crm::Tools;
use crate::crm::failure::Failure;
use crate::crm::quota::{Lane, Purpose};
use crate::crm::token::{Access, Tokens};
use crate::crm::zoho_desk::{
    path,
    status::{self, Signal, Verdict},
};
use crate::outbound::{Method, Reply, Request, SendError};

/// What a crawl or a sweep waits for its turn at most. Longer pauses are the caller's to wait out.
pub(super) const BACKGROUND_PATIENCE: Duration = Duration::from_secs(30);

/// A portal.
#[derive(Debug)]
pub(super) struct Portal {
    pub(super) base: Url,
    pub(super) org_id: String,
    pub(super) tools: Tools,
    tokens: Arc<Tokens>,
}

/// One request: who pays, how much, for how long it may wait, for what.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) purpose: Purpose,
    pub(super) cost: u64,
    pub(super) patience: Duration,
    pub(super) method: Method,
    pub(super) url: Url,
    /// JSON, where something is made.
    pub(super) body: Option<serde_json::Value>,
}

impl Question {
    /// Reads something for a crawl or a sweep.
    pub(super) const fn background(purpose: Purpose, cost: u64, url: Url) -> Self {
        Self { purpose, cost, patience: BACKGROUND_PATIENCE, method: Method::Get, url, body: None }
    }

    /// Reads something for somebody who waits no longer than that.
    pub(super) const fn within(patience: Duration, purpose: Purpose, cost: u64, url: Url) -> Self {
        Self { purpose, cost, patience, method: Method::Get, url, body: None }
    }

    /// Makes or changes something.
    pub(super) const fn writing(method: Method, cost: u64, url: Url, body: serde_json::Value) -> Self {
        Self { purpose: Purpose::Write, cost, patience: BACKGROUND_PATIENCE, method, url, body: Some(body) }
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum NoReply {
    /// It was larger than a reply may be.
    TooLarge(Failure),
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for NoReply {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<NoReply> for Failure {
    fn from(none: NoReply) -> Self {
        match none {
            NoReply::TooLarge(failure) | NoReply::Failed(failure) => failure,
        }
    }
}

impl Portal {
    pub(super) const fn new(base: Url, org_id: String, tokens: Arc<Tokens>, tools: Tools) -> Self {
        Self { base, org_id, tools, tokens }
    }

    /// Pays for a question and asks it. A refused token is replaced once; the second try is paid, too.
    pub(super) async fn reply_to(&self, question: &Question) -> Result<Reply, NoReply> {
        let access = self.tokens.access().await?;
        let reply = self.exchange(question, &access).await?;
        if !status::token_refused(&reply) {
            return Ok(reply);
        }
        let access = self.tokens.instead_of(&access).await?;
        self.exchange(question, &access).await
    }

    async fn exchange(&self, question: &Question, access: &Access) -> Result<Reply, NoReply> {
        let ledger = &self.tools.ledger;
        let _leave = ledger.spend(question.purpose, Lane::General, question.cost, question.patience).await?;
        let request = match &question.body {
            Some(body) => Request::json(question.method, question.url.clone(), body),
            None if question.method == Method::Delete => Request::delete(question.url.clone()),
            None => Request::get(question.url.clone()),
        };
        let proof = Secret::new(format!("{} {}", path::SCHEME, access.token.expose()));
        let request = request
            .with_header("accept", Secret::new("application/json"))
            .with_header("authorization", proof)
            .with_header(path::ORG_HEADER, Secret::new(self.org_id.clone()));
        let sent = Instant::now();
        let reply = self.tools.outbound.send(request).await.map_err(|error| match error {
            SendError::TooLarge { .. } => NoReply::TooLarge(error.into()),
            _ => NoReply::Failed(error.into()),
        })?;
        self.note(&status::signal(&reply), sent);
        Ok(reply)
    }

    fn note(&self, signal: &Signal, sent: Instant) {
        let ledger = &self.tools.ledger;
        match signal.verdict {
            Verdict::Accepted => ledger.note_accepted(sent),
            Verdict::DaySpent(after) => ledger.note_day_spent(after),
            Verdict::Limited(after) => ledger.note_limited(sent, after),
            Verdict::Neither => {}
        }
        if let Some(left) = signal.left {
            ledger.note_day_left(left);
        }
    }
}
