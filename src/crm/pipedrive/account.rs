//! The account: who asks, who pays, and how a request proves whose it is.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::base::secret::Secret;
use crate::crm::Tools;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    path::{self, Operation},
    status::{self, Signal, Verdict},
    wire::Envelope,
};
use crate::crm::quota::Purpose;
use crate::crm::token::{Access, Tokens};
use crate::outbound::{FilePart, Method, Reply, Request, SendError};

/// What a crawl or a sweep waits for its turn at most. Longer pauses are the caller's to wait out.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(30);

/// How requests prove who they are from.
#[derive(Debug)]
pub(super) enum Auth {
    /// An API token.
    Token(Secret),
    /// Access tokens of 60 minutes, shared by all who ask for the project: one refresh may end another's token.
    OAuth(Arc<Tokens>),
}

/// One account, as requests are sent to it.
pub(super) struct Account {
    pub(super) base: Url,
    pub(super) auth: Auth,
    pub(super) tools: Tools,
}

/// One request: who pays, for how long it may wait, for what.
pub(super) struct Question {
    pub(super) purpose: Purpose,
    pub(super) operation: Operation,
    pub(super) patience: Duration,
    pub(super) url: Url,
    pub(super) sent: Sent,
}

/// What is done with the resource.
pub(super) enum Sent {
    Nothing,
    /// Creates or changes.
    Json(Method, Value),
    /// Uploads.
    File(FilePart),
    /// Takes it away.
    Delete,
}

impl Question {
    pub(super) const fn background(purpose: Purpose, operation: Operation, url: Url) -> Self {
        Self { purpose, operation, patience: BACKGROUND_PATIENCE, url, sent: Sent::Nothing }
    }

    /// A write whose answer was too large to be read has been carried out all the same.
    fn lost(&self, error: SendError) -> Failure {
        match error {
            SendError::TooLarge { .. } if !matches!(self.sent, Sent::Nothing) => {
                Failure::Unclear { reason: error.with_causes() }
            }
            other => other.into(),
        }
    }
}

impl Account {
    /// Pays for a question, asks it and reads its answer. With OAuth a refused token is replaced once.
    pub(super) async fn ask_for<T: DeserializeOwned>(&self, question: Question) -> Result<Envelope<T>, Failure> {
        status::judge(&self.reply_to(&question).await?)
    }

    /// The same for a request that changes something: where the vendor may have done it, that is unclear.
    pub(super) async fn write<T: DeserializeOwned>(&self, question: Question) -> Result<Envelope<T>, Failure> {
        status::judge_write(&self.reply_to(&question).await?)
    }

    pub(super) async fn reply_to(&self, question: &Question) -> Result<Reply, Failure> {
        match &self.auth {
            Auth::Token(token) => {
                let proof = (path::TOKEN_HEADER, token.clone());
                self.exchange(question, question.url.clone(), proof).await
            }
            Auth::OAuth(tokens) => {
                let access = tokens.access().await?;
                let reply = self.exchange_with(question, &access).await?;
                if !status::token_refused(&reply) {
                    return Ok(reply);
                }
                let access = tokens.instead_of(&access).await?;
                self.exchange_with(question, &access).await
            }
        }
    }

    /// Asks with an access token, at the host that came with it.
    async fn exchange_with(&self, question: &Question, access: &Access) -> Result<Reply, Failure> {
        let mut url = question.url.clone();
        if let Some(domain) = &access.api_domain {
            let domain = self.allowed(domain)?;
            let moved = url.set_scheme(domain.scheme()).is_ok()
                && url.set_host(domain.host_str()).is_ok()
                && url.set_port(domain.port()).is_ok();
            if !moved {
                return Err(Failure::Refused { reason: format!("expected an address in api_domain, found {domain}") });
            }
        }
        let proof = ("authorization", Secret::new(format!("Bearer {}", access.token.expose())));
        self.exchange(question, url, proof).await
    }

    fn allowed(&self, domain: &str) -> Result<Url, Failure> {
        let url = Url::parse(domain).ok().filter(|url| self.tools.outbound.allows(url));
        url.ok_or_else(|| {
            let found: String = domain.chars().take(100).collect();
            let reason = format!("expected an api_domain under {} or crm.base_url, found {found:?}", path::DOMAIN);
            Failure::Refused { reason }
        })
    }

    async fn exchange(&self, question: &Question, url: Url, proof: (&'static str, Secret)) -> Result<Reply, Failure> {
        let Operation { lane, cost, .. } = question.operation;
        let ledger = &self.tools.ledger;
        let _leave = ledger.spend(question.purpose, lane, cost, question.patience).await?;
        let request = match &question.sent {
            Sent::Nothing => Request::get(url),
            Sent::Json(method, body) => Request::json(*method, url, body),
            Sent::File(file) => Request::multipart(url, file),
            Sent::Delete => Request::delete(url),
        };
        let request = request.with_header("accept", Secret::new("application/json")).with_header(proof.0, proof.1);
        let sent = Instant::now();
        let reply = self.tools.outbound.send(request).await.map_err(|error| question.lost(error))?;
        let Signal { verdict, left } = status::signal(&reply);
        match verdict {
            Verdict::Accepted => ledger.note_accepted(sent),
            Verdict::Limited(after) => ledger.note_limited(sent, after),
            Verdict::Neither => {}
        }
        if let Some((left, resets)) = left {
            ledger.note_left(lane, left, resets);
        }
        Ok(reply)
    }
}
