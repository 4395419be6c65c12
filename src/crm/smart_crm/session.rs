//! Sending: an access token, the account's quota, a reply.

use std::{sync::Arc, time::Duration};

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
    /// One cache for whatever talks to the organization.
    tokens: Arc<Tokens>,
    pub(super) tools: Tools,
}

/// One request: who pays, how long it may wait, what for.
pub(super) struct Question {
    purpose: Purpose,
    patience: Duration,
    url: Url,
    prefer: String,
    /// What is sent, where it is not a question.
    sent: Sent,
}

/// What a request carries besides its address.
enum Sent {
    Nothing,
    /// Something to be created under an id of the vendor's.
    Post(serde_json::Value),
    /// Something to be made under the id in the address, and only where there is none.
    Make(serde_json::Value),
    /// Something to be written to the record in the address, and only where there is one.
    Change(serde_json::Value),
}

impl Question {
    /// A question of a crawl or a sweep.
    pub(super) fn background(purpose: Purpose, url: Url) -> Self {
        Self { purpose, patience: BACKGROUND_PATIENCE, url, prefer: prefer(path::PAGE, false), sent: Sent::Nothing }
    }

    /// The same, of which the last page gives a link to what changes later.
    pub(super) fn tracked(purpose: Purpose, url: Url) -> Self {
        Self { prefer: prefer(path::PAGE, true), ..Self::background(purpose, url) }
    }

    /// A question that a call waits for.
    pub(super) fn live(url: Url, patience: Duration) -> Self {
        Self { purpose: Purpose::Live, patience, url, prefer: prefer(path::FOUND, false), sent: Sent::Nothing }
    }

    /// Something to be created.
    pub(super) fn create(url: Url, body: serde_json::Value) -> Self {
        Self { sent: Sent::Post(body), ..Self::background(Purpose::Crawl, url) }
    }

    /// A record to be made; 412 where it is there.
    pub(super) fn make(url: Url, body: serde_json::Value) -> Self {
        Self { sent: Sent::Make(body), ..Self::background(Purpose::Write, url) }
    }

    /// A record to be written to; 404 where it is not there.
    pub(super) fn change(url: Url, body: serde_json::Value) -> Self {
        Self { sent: Sent::Change(body), ..Self::background(Purpose::Write, url) }
    }

    /// A question that is asked as a call's is, and that nobody waits for.
    pub(super) fn unhurried(url: Url) -> Self {
        Self { prefer: prefer(path::FOUND, false), ..Self::background(Purpose::Write, url) }
    }
}

/// What every request prefers: pages of that size, and lookups that say which table they point into. Pages after the first
/// are asked for in the same words, since no text says that a link remembers them.
fn prefer(page: u32, tracked: bool) -> String {
    let track = if tracked { "odata.track-changes," } else { "" };
    format!("{track}odata.maxpagesize={page},odata.include-annotations=\"{}\"", path::ANNOTATION)
}

impl Session {
    pub(super) const fn new(base: Url, tokens: Arc<Tokens>, tools: Tools) -> Self {
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
        let json = |method, body| Request::json(method, url.clone(), body);
        // Where there is no condition the vendor wants that said, so that no proxy answers from its memory.
        let (request, condition) = match &question.sent {
            Sent::Nothing => {
                let asked = Request::get(url.clone()).with_header("prefer", Secret::new(question.prefer.as_str()));
                (asked, ("if-none-match", "null"))
            }
            Sent::Post(body) => (json(Method::Post, body), ("if-none-match", "null")),
            Sent::Make(body) => (json(Method::Patch, body), ("if-none-match", "*")),
            Sent::Change(body) => (json(Method::Patch, body), ("if-match", "*")),
        };
        let request = request
            .with_header("accept", Secret::new("application/json"))
            .with_header("odata-version", Secret::new("4.0"))
            .with_header("odata-maxversion", Secret::new("4.0"))
            .with_header(condition.0, Secret::new(condition.1))
            .with_header("authorization", Secret::new(format!("Bearer {}", access.token.expose())));
        let sent = Instant::now();
        let reply = self.tools.outbound.send(request).await?;
        let Signal { verdict, left } = status::signal(&reply);
        match verdict {
            Verdict::Accepted => ledger.note_accepted(sent),
            Verdict::Limited(Some(after)) => ledger.note_named(sent, after),
            Verdict::Limited(None) => ledger.note_limited(sent, None),
            Verdict::Neither => {}
        }
        if let Some(left) = left {
            ledger.note_left(Lane::General, left, WINDOW_MOVES);
        }
        Ok(reply)
    }
}
