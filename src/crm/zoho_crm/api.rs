//! One request: paid for, signed, sent to the host that the token came with, judged.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use crate::base::secret::Secret;
use crate::crm::Tools;
use crate::crm::failure::Failure;
use crate::crm::quota::{Lane, Purpose};
use crate::crm::token::{Access, Tokens};
use crate::crm::zoho_crm::{
    coql::Query,
    path::{self, credits},
    status::{self, Signal, Verdict},
};
use crate::outbound::{Method, Reply, Request};

/// What a crawl, a sweep or a write waits for its turn at most. Longer pauses are the caller's to wait out.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(30);
/// How long after a token was replaced another refusal is believed: ten tokens in ten minutes are soon gone.
const REPLACED_LATELY: Duration = Duration::from_secs(60);

/// The way to one account.
pub(super) struct Api {
    pub(super) base: Url,
    tokens: Arc<Tokens>,
    pub(super) tools: Tools,
    /// When a refused token was last replaced.
    replaced: Mutex<Option<Instant>>,
}

/// Who pays, and for how long a request may wait for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payer {
    purpose: Purpose,
    patience: Duration,
}

impl Payer {
    pub(super) const SWEEP: Self = Self { purpose: Purpose::Sweep, patience: BACKGROUND_PATIENCE };
    pub(super) const WRITE: Self = Self { purpose: Purpose::Write, patience: BACKGROUND_PATIENCE };
    pub(super) const CRAWL: Self = Self { purpose: Purpose::Crawl, patience: BACKGROUND_PATIENCE };

    pub(super) const fn live(patience: Duration) -> Self {
        Self { purpose: Purpose::Live, patience }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    method: Method,
    url: Url,
    credits: u64,
    since: Option<String>,
    body: Option<Value>,
}

impl Question {
    /// A page of anything.
    pub(super) const fn page(url: Url) -> Self {
        Self { method: Method::Get, url, credits: credits::PAGE, since: None, body: None }
    }

    /// A page of what changed since.
    pub(super) fn page_since(url: Url, since_s: i64) -> Self {
        // A second earlier: whether the second itself is among what changed since is not documented.
        Self { since: Some(path::time(since_s.saturating_sub(1))), ..Self::page(url) }
    }

    /// A search.
    pub(super) fn search(url: Url) -> Self {
        Self { credits: credits::SEARCH, ..Self::page(url) }
    }

    /// A query.
    pub(super) fn query(base: &Url, query: &Query) -> Self {
        let body = Some(json!({"select_query": query.text}));
        Self { credits: credits::query(query.rows), ..Self::sending(Method::Post, path::coql(base), body) }
    }

    /// Something that is sent.
    pub(super) const fn sending(method: Method, url: Url, body: Option<Value>) -> Self {
        Self { method, url, credits: credits::PAGE, since: None, body }
    }
}

impl Api {
    pub(super) const fn new(base: Url, tokens: Arc<Tokens>, tools: Tools) -> Self {
        Self { base, tokens, tools, replaced: Mutex::new(None) }
    }

    /// Asks and reads the answer; `None` where there is nothing.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        payer: Payer,
        question: &Question,
    ) -> Result<Option<T>, Failure> {
        status::judge(&self.reply_to(payer, question).await?)
    }

    /// Asks; a refused access token is replaced once.
    pub(super) async fn reply_to(&self, payer: Payer, question: &Question) -> Result<Reply, Failure> {
        let access = self.tokens.access().await?;
        let reply = self.exchange(payer, question, &access).await?;
        if !status::token_refused(&reply) || !self.may_replace() {
            return Ok(reply);
        }
        let access = self.tokens.instead_of(&access).await?;
        self.exchange(payer, question, &access).await
    }

    /// Whether a refused token is to be replaced. Those who are refused together with the first replace it together: the
    /// tokens see to it that one refresh serves all.
    fn may_replace(&self) -> bool {
        const TOGETHER: Duration = Duration::from_secs(5);
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        let since = replaced.map(|at| at.elapsed());
        if since.is_none_or(|since| since >= REPLACED_LATELY) {
            *replaced = Some(Instant::now());
            return true;
        }
        since.is_some_and(|since| since < TOGETHER)
    }

    async fn exchange(&self, payer: Payer, question: &Question, access: &Access) -> Result<Reply, Failure> {
        let url = self.at_home(&question.url, access)?;
        let ledger = &self.tools.ledger;
        let _leave = ledger.spend(payer.purpose, Lane::General, question.credits, payer.patience).await?;
        let mut request = match &question.body {
            Some(body) => Request::json(question.method, url, body),
            None => Request { method: question.method, ..Request::get(url) },
        };
        let proof = Secret::new(format!("{} {}", path::SCHEME, access.token.expose()));
        request = request.with_header("accept", Secret::new("application/json")).with_header("authorization", proof);
        if let Some(since) = &question.since {
            request = request.with_header(path::SINCE, Secret::new(since.clone()));
        }
        let sent = Instant::now();
        let reply = self.tools.outbound.send(request).await?;
        self.note(status::signal(&reply), sent);
        Ok(reply)
    }

    fn note(&self, signal: Signal, sent: Instant) {
        let ledger = &self.tools.ledger;
        if let Some(left) = signal.left {
            ledger.note_day_left(left);
        }
        match signal.verdict {
            Verdict::Accepted => ledger.note_accepted(sent),
            Verdict::Limited => ledger.note_limited(sent, None),
            Verdict::DaySpent => ledger.note_day_spent(None),
            Verdict::Neither => {}
        }
    }

    /// The address at the host that came with the token.
    fn at_home(&self, url: &Url, access: &Access) -> Result<Url, Failure> {
        let Some(domain) = &access.api_domain else { return Ok(url.clone()) };
        let foreign = || {
            let found: String = domain.chars().take(100).collect();
            let reason = format!(
                "expected an api_domain of the data centre or crm.base_url, found {found:?}; is crm.data_center right?"
            );
            Failure::Refused { reason }
        };
        let home = Url::parse(domain).ok().filter(|home| self.tools.outbound.allows(home)).ok_or_else(foreign)?;
        let mut url = url.clone();
        let moved = url.set_scheme(home.scheme()).is_ok()
            && url.set_host(home.host_str()).is_ok()
            && url.set_port(home.port()).is_ok();
        if moved { Ok(url) } else { Err(foreign()) }
    }
}
