//! OAuth: access tokens, refreshed once however many requests need one.
//!
//! Vendors' ways differ in what else they answer; this holds what they share: the refresh grant and the client
//! credentials grant of RFC 6749. Which hosts may be spoken to is the [`Outbound`]'s list.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{sync::OwnedMutexGuard, time::Instant};
use url::Url;

use crate::base::secret::Secret;
use crate::crm::failure::Failure;
use crate::outbound::{Outbound, Reply, Request};

/// What it takes to get an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where tokens are refreshed.
    pub url: Url,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// How the application proves who it is.
    pub proof: ClientProof,
    /// What it asks with.
    pub kind: GrantKind,
}

/// How an application says its id and secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientProof {
    /// In an `Authorization: Basic` header (Pipedrive).
    Basic,
    /// As `client_id` and `client_secret` of the form (HubSpot, Zoho, Microsoft).
    Form,
}

/// What an access token is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantKind {
    /// The refresh token that a user's consent gave.
    Refresh(Secret),
    /// The application's own right to this scope; there is no refresh token.
    Client {
        /// What is asked for.
        scope: String,
    },
}

/// An access token.
#[derive(Debug)]
pub struct Access {
    /// The token, for `Authorization: Bearer`.
    pub token: Secret,
    /// Where the vendor says that requests of this account go. Not checked here: a host is allowed by the adapter.
    pub api_domain: Option<String>,
    /// From then on another is fetched, while this one still serves.
    renew_at: Instant,
    expires_at: Instant,
}

/// The access tokens of one account.
///
/// A token serves until it expires or is refused. Shortly before it expires another is fetched aside, and nobody waits
/// for that; only where there is none that serves do requests wait. There is never more than one refresh at a time, and
/// one that has begun goes on when whoever began it has given up: it may have used up the refresh token.
///
/// # Errors
/// A refresh that failed is not tried again for a while: every request of that time that needs it gets its failure.
/// Otherwise a dead refresh token would be sent once per call.
#[derive(Debug)]
pub struct Tokens {
    issuer: Arc<Issuer>,
}

/// The access tokens of everybody: who has the same credentials has the same tokens.
///
/// Projects on one account would else refresh each for itself. An issuer that hands out ten tokens in ten minutes, or ends
/// the oldest of those that live, takes that for a fault; one that hands out another refresh token each time leaves the
/// others with a dead one.
#[derive(Debug, Clone, Default)]
pub struct SharedTokens(Arc<Mutex<Vec<Weak<Tokens>>>>);

impl SharedTokens {
    /// The tokens of these credentials, for as long as anybody has use for them.
    #[must_use]
    pub fn of(&self, outbound: &Outbound, grant: &Grant) -> Arc<Tokens> {
        // A panic in a holder leaves a list, whole.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|tokens| tokens.strong_count() > 0);
        let held = known.iter().filter_map(Weak::upgrade).find(|tokens| tokens.issuer.grant == *grant);
        held.unwrap_or_else(|| {
            let tokens = Arc::new(Tokens::new(outbound.clone(), grant.clone()));
            known.push(Arc::downgrade(&tokens));
            tokens
        })
    }
}

#[derive(Debug)]
struct Issuer {
    outbound: Outbound,
    grant: Grant,
    /// What serves; never locked across an await.
    held: Mutex<Option<Arc<Access>>>,
    /// Held while a refresh is under way: whoever needs one meanwhile waits here and finds its outcome.
    turn: Arc<tokio::sync::Mutex<Turn>>,
    /// Refreshes that ended, well or not.
    ended: AtomicU64,
}

#[derive(Debug)]
struct Turn {
    kind: GrantKind,
    failed: Option<(Failure, Instant)>,
}

/// Another token is fetched this long before one expires, or after nine tenths of its life where that is later.
const AHEAD: Duration = Duration::from_secs(300);
/// What a token lives when the vendor does not say.
const USUAL_LIFE: Duration = Duration::from_secs(3_600);
/// How long refused credentials are not tried again.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// What Zoho's issuer calls being asked too often.
const THROTTLED: &str = "Access Denied";
/// How long any other failed refresh is not tried again, when the vendor does not say.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

impl Tokens {
    /// No token yet: the first request gets one.
    #[must_use]
    pub fn new(outbound: Outbound, grant: Grant) -> Self {
        let turn = Turn { kind: grant.kind.clone(), failed: None };
        let turn = Arc::new(tokio::sync::Mutex::new(turn));
        let issuer = Issuer { outbound, grant, held: Mutex::new(None), turn, ended: AtomicU64::new(0) };
        Self { issuer: Arc::new(issuer) }
    }

    /// A token that has not expired.
    ///
    /// # Errors
    /// [`Failure::Credentials`] when there is none and the refresh token is not accepted; else as for any request.
    ///
    /// # Cost
    /// One request to the token's address per life of a token; none of the account's quota.
    pub async fn access(&self) -> Result<Arc<Access>, Failure> {
        match self.issuer.serving() {
            Some(access) => {
                if access.is_due() {
                    self.refresh_aside();
                }
                Ok(access)
            }
            None => self.wait_for_one().await,
        }
    }

    /// Another token than `refused`, which the vendor did not accept though it should still be good.
    ///
    /// # Errors
    /// As [`Tokens::access`].
    pub async fn instead_of(&self, refused: &Arc<Access>) -> Result<Arc<Access>, Failure> {
        self.issuer.held().take_if(|held| Arc::ptr_eq(held, refused));
        self.wait_for_one().await
    }

    /// Begins a refresh that nobody waits for, unless one is under way or failed a moment ago.
    fn refresh_aside(&self) {
        let Ok(turn) = Arc::clone(&self.issuer.turn).try_lock_owned() else { return };
        // One that ended since the caller looked has left a token that is not due.
        let due = self.issuer.serving().is_none_or(|access| access.is_due());
        if !due || turn.recent_failure().is_some() {
            return;
        }
        let refreshing = Arc::clone(&self.issuer).take_turn(turn);
        tokio::spawn(async move {
            if let Err(failure) = refreshing.await {
                tracing::warn!(%failure, "an access token that expires soon was not renewed");
            }
        });
    }

    async fn wait_for_one(&self) -> Result<Arc<Access>, Failure> {
        let seen = self.issuer.ended.load(Ordering::Acquire);
        let turn = Arc::clone(&self.issuer.turn).lock_owned().await;
        if let Some(access) = self.issuer.serving() {
            return Ok(access);
        }
        let waited = self.issuer.ended.load(Ordering::Acquire) != seen;
        let failure = if waited { turn.failed.as_ref().map(|(failure, _)| failure) } else { turn.recent_failure() };
        if let Some(failure) = failure {
            return Err(failure.clone());
        }
        let refreshing = tokio::spawn(Arc::clone(&self.issuer).take_turn(turn));
        refreshing
            .await
            .unwrap_or_else(|error| Err(Failure::Unclear { reason: format!("refreshing the token: {error}") }))
    }
}

impl Turn {
    fn recent_failure(&self) -> Option<&Failure> {
        self.failed.as_ref().filter(|(_, until)| Instant::now() < *until).map(|(failure, _)| failure)
    }
}

impl Issuer {
    /// A panic in a holder leaves one token or another: either may be used.
    fn held(&self) -> MutexGuard<'_, Option<Arc<Access>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serving(&self) -> Option<Arc<Access>> {
        self.held().as_ref().filter(|access| Instant::now() < access.expires_at).map(Arc::clone)
    }

    async fn take_turn(self: Arc<Self>, mut turn: OwnedMutexGuard<Turn>) -> Result<Arc<Access>, Failure> {
        let outcome = self.refresh(&turn.kind).await;
        self.ended.fetch_add(1, Ordering::Release);
        match outcome {
            Ok(answer) => {
                if let (Some(next), GrantKind::Refresh(token)) = (answer.refresh_token, &mut turn.kind) {
                    *token = Secret::new(next);
                }
                turn.failed = None;
                let access = Arc::new(access_of(answer.access_token, answer.api_domain, answer.expires_in));
                *self.held() = Some(Arc::clone(&access));
                Ok(access)
            }
            Err(failure) => {
                turn.failed = Some((failure.clone(), Instant::now() + pause_after(&failure)));
                Err(failure)
            }
        }
    }

    async fn refresh(&self, kind: &GrantKind) -> Result<Answer, Failure> {
        let (id, secret) = (self.grant.client_id.as_str(), &self.grant.client_secret);
        let mut fields = match kind {
            GrantKind::Refresh(token) => vec![("grant_type", "refresh_token"), ("refresh_token", token.expose())],
            GrantKind::Client { scope } => vec![("grant_type", "client_credentials"), ("scope", scope)],
        };
        if self.grant.proof == ClientProof::Form {
            fields.extend([("client_id", id), ("client_secret", secret.expose())]);
        }
        let mut request =
            Request::form(self.grant.url.clone(), &fields).with_header("accept", Secret::new("application/json"));
        if self.grant.proof == ClientProof::Basic {
            let credentials = STANDARD.encode(format!("{id}:{}", secret.expose()));
            request = request.with_header("authorization", Secret::new(format!("Basic {credentials}")));
        }
        let reply = self.outbound.send(request).await?;
        judge(&reply)
    }
}

fn access_of(token: String, api_domain: Option<String>, expires_in: Option<u64>) -> Access {
    let life = expires_in.map_or(USUAL_LIFE, Duration::from_secs).min(Duration::from_secs(86_400));
    let now = Instant::now();
    let renew_at = now + life.saturating_sub(AHEAD).max(life / 10 * 9);
    Access { token: Secret::new(token), api_domain, renew_at, expires_at: now + life }
}

impl Access {
    fn is_due(&self) -> bool {
        Instant::now() >= self.renew_at
    }
}

fn pause_after(failure: &Failure) -> Duration {
    match failure {
        Failure::Credentials { .. } | Failure::Refused { .. } => AFTER_REFUSAL,
        Failure::Wait { after: Some(after), .. } => *after,
        _ => AFTER_FAILURE,
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    api_domain: Option<String>,
}

#[derive(serde::Deserialize)]
struct Refusal {
    error: Option<String>,
}

/// What a reply of the token's address means: RFC 6749, 5.1 and 5.2.
fn judge(reply: &Reply) -> Result<Answer, Failure> {
    let code = || serde_json::from_slice::<Refusal>(&reply.body).ok().and_then(|refusal| refusal.error);
    let reason = |what: &str| match code() {
        Some(code) => format!("refreshing the token: {what} ({})", code.chars().take(60).collect::<String>()),
        None => format!("refreshing the token: {what}"),
    };
    match reply.status {
        // Zoho throttles with this under 400 or 200, and tells a dead refresh token under 200.
        200 | 400 if code().is_some_and(|code| code == THROTTLED) => {
            Err(Failure::Wait { reason: reason("too many tokens were asked for"), after: Some(AFTER_REFUSAL) })
        }
        200 if code().is_some() => Err(Failure::Credentials { reason: reason("refused under status 200") }),
        200 => serde_json::from_slice(&reply.body)
            .map_err(|_| Failure::Unclear { reason: reason("expected an access token, found something else") }),
        // The issuer's own refusals are JSON; a page comes from what stands in front of it, and knows no credentials.
        403 if !is_object(&reply.body) => {
            let reason = reason("status 403 with a page that is not the issuer's");
            Err(Failure::Wait { reason, after: Some(AFTER_REFUSAL) })
        }
        400 | 401 | 403 => Err(Failure::Credentials { reason: reason(&format!("status {}", reply.status)) }),
        408 | 429 | 500..=599 => {
            let after = reply.header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
            let after = after.map(|after| after.min(AFTER_REFUSAL));
            Err(Failure::Wait { reason: reason(&format!("status {}", reply.status)), after })
        }
        status => Err(Failure::Refused { reason: reason(&format!("status {status}")) }),
    }
}

fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use axum::{Router, http::HeaderMap, routing::post};
    use tokio::sync::Semaphore;
    use url::Url;

    use super::{ClientProof, Grant, GrantKind, SharedTokens, Tokens};
    use crate::base::secret::Secret;
    use crate::crm::failure::Failure;
    use crate::outbound::{Bounds, Hosts, Outbound};

    /// Answers refreshes with a status and body, a permit of `gate` each.
    struct Stage {
        answer: Arc<Mutex<(u16, &'static str)>>,
        asked: Arc<AtomicUsize>,
        gate: Arc<Semaphore>,
        tokens: Arc<Tokens>,
    }

    async fn issuer(status: u16, body: &'static str, permits: usize) -> Stage {
        let staged = Arc::new(Mutex::new((status, body)));
        let now = Arc::clone(&staged);
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(permits)));
        let (counter, entrance) = (Arc::clone(&asked), Arc::clone(&gate));
        let answer = async move |headers: HeaderMap, form: String| {
            assert_eq!(headers["authorization"], "Basic Y2xpZW50OnMzY3JldA==");
            assert_eq!(form, "grant_type=refresh_token&refresh_token=r3fresh");
            let number = counter.fetch_add(1, Ordering::SeqCst);
            entrance.acquire().await.expect("open").forget();
            let (status, body) = *now.lock().expect("no panic");
            let status = http::StatusCode::from_u16(status).expect("a status");
            (status, body.replace("{n}", &number.to_string()))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new().route("/oauth/token", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let url = Url::parse(&format!("http://{address}/oauth/token")).expect("url");
        let bounds = Bounds {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            max_body_bytes: 100_000,
        };
        let outbound = Outbound::new(&bounds).expect("a client").limited_to(Hosts::default().with_origin_of(&url));
        let grant = Grant {
            url,
            client_id: "client".to_owned(),
            client_secret: Secret::new("s3cret"),
            proof: ClientProof::Basic,
            kind: GrantKind::Refresh(Secret::new("r3fresh")),
        };
        Stage { answer: staged, asked, gate, tokens: Arc::new(Tokens::new(outbound, grant)) }
    }

    impl Stage {
        /// A token that expires in `left`; what is asked from now on is answered with this.
        async fn with_a_token_for(left: Duration, status: u16, body: &'static str, permits: usize) -> Self {
            let issuer = issuer(200, GOOD, 1).await;
            assert_eq!(issuer.access().await.as_deref(), Ok("a0"));
            *issuer.answer.lock().expect("no panic") = (status, body);
            issuer.gate.add_permits(permits);
            pass(Duration::from_secs(3_599) - left).await;
            issuer
        }

        async fn access(&self) -> Result<String, Failure> {
            self.tokens.access().await.map(|access| access.token.expose().to_owned())
        }

        /// Until so many refreshes have come and the last of them ended.
        async fn after(&self, refreshes: usize) {
            let ended = || self.tokens.issuer.ended.load(Ordering::Acquire) == refreshes as u64;
            let reached = async {
                while !ended() {
                    tokio::task::yield_now().await;
                }
                drop(self.tokens.issuer.turn.lock().await);
            };
            tokio::time::timeout(Duration::from_secs(20), reached).await.expect("in time");
            assert_eq!(self.asked(), refreshes);
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }

        /// Fifty requests that need a token at the same time, let go when the first refresh is under way.
        async fn fifty_at_once(&self) -> Vec<Result<String, Failure>> {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..50 {
                let tokens = Arc::clone(&self.tokens);
                tasks.spawn(async move { tokens.access().await.map(|access| access.token.expose().to_owned()) });
            }
            while self.asked() == 0 {
                tokio::task::yield_now().await;
            }
            self.gate.add_permits(50);
            tasks.join_all().await
        }
    }

    async fn pass(time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    const GOOD: &str = r#"{"access_token":"a{n}","token_type":"Bearer","expires_in":3599,"refresh_token":"r3fresh"}"#;

    #[tokio::test]
    async fn however_many_need_a_token_one_refresh_gets_it() {
        let issuer = issuer(200, GOOD, 0).await;
        let got = issuer.fifty_at_once().await;
        assert!(got.iter().all(|token| token.as_deref() == Ok("a0")), "{got:?}");
        assert_eq!(issuer.asked(), 1);
    }

    #[tokio::test]
    async fn whoever_has_the_same_credentials_has_the_same_tokens_and_nobody_else_has() {
        let issuer = issuer(200, GOOD, 50).await;
        let (outbound, grant) = (&issuer.tokens.issuer.outbound, &issuer.tokens.issuer.grant);
        let shared = SharedTokens::default();
        let (one, other) = (shared.of(outbound, grant), shared.clone().of(outbound, &grant.clone()));
        let (first, second) = tokio::join!(one.access(), other.access());
        assert_eq!(first.expect("a token").token.expose(), second.expect("a token").token.expose());
        assert_eq!(issuer.asked(), 1);
        let elsewhere = Url::parse("http://127.0.0.1:9/oauth/token").expect("url");
        for different in [
            Grant { url: elsewhere, ..grant.clone() },
            Grant { client_id: "other".to_owned(), ..grant.clone() },
            Grant { client_secret: Secret::new("other"), ..grant.clone() },
            Grant { proof: ClientProof::Form, ..grant.clone() },
            Grant { kind: GrantKind::Refresh(Secret::new("other")), ..grant.clone() },
            Grant { kind: GrantKind::Client { scope: "r3fresh".to_owned() }, ..grant.clone() },
        ] {
            assert!(!Arc::ptr_eq(&one, &shared.of(outbound, &different)), "{different:?}");
        }
        drop((one, other));
        let later = shared.of(outbound, grant).access().await.expect("a token");
        assert_eq!((later.token.expose(), issuer.asked()), ("a1", 2), "nobody kept the first");
    }

    #[tokio::test]
    async fn a_refresh_that_fails_fails_for_all_who_waited_and_for_a_while() {
        let issuer = issuer(400, r#"{"error":"invalid_grant"}"#, 0).await;
        let got = issuer.fifty_at_once().await;
        let dead = |outcome: &Result<_, Failure>| matches!(outcome, Err(Failure::Credentials { reason }) if reason.contains("invalid_grant"));
        assert!(got.iter().all(dead), "{got:?}");
        assert!(matches!(issuer.tokens.access().await, Err(Failure::Credentials { .. })));
        assert_eq!(issuer.asked(), 1);
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once_whoever_says_so() {
        let issuer = issuer(200, GOOD, 50).await;
        let first = issuer.tokens.access().await.expect("a token");
        let (one, other) = tokio::join!(issuer.tokens.instead_of(&first), issuer.tokens.instead_of(&first));
        let (one, other) = (one.expect("another"), other.expect("another"));
        assert_eq!((one.token.expose(), other.token.expose()), ("a1", "a1"));
        assert_eq!(issuer.asked(), 2);
    }

    #[tokio::test]
    async fn a_token_is_renewed_a_little_before_it_expires_and_serves_meanwhile() {
        let issuer = Stage::with_a_token_for(Duration::from_secs(310), 200, GOOD, 50).await;
        assert_eq!((issuer.access().await.as_deref(), issuer.asked()), (Ok("a0"), 1));
        pass(Duration::from_secs(20)).await;
        assert_eq!(issuer.access().await.as_deref(), Ok("a0"));
        issuer.after(2).await;
        assert_eq!(issuer.access().await.as_deref(), Ok("a1"));
    }

    #[tokio::test]
    async fn an_issuer_that_fails_in_the_last_minutes_costs_nothing_until_the_token_is_dead() {
        for (status, body) in [(503, ""), (403, "<html>"), (400, r#"{"error":"invalid_grant"}"#)] {
            let issuer = Stage::with_a_token_for(Duration::from_secs(200), status, body, 50).await;
            for refreshes in [2, 3] {
                assert_eq!(issuer.access().await.as_deref(), Ok("a0"), "{status}");
                issuer.after(refreshes).await;
                assert_eq!((issuer.access().await.as_deref(), issuer.asked()), (Ok("a0"), refreshes), "not at once");
                pass(Duration::from_secs(70)).await;
            }
            pass(Duration::from_secs(60)).await;
            issuer.access().await.expect_err("expired");
            assert_eq!(issuer.asked(), 4);
            *issuer.answer.lock().expect("no panic") = (200, GOOD);
            pass(Duration::from_secs(61)).await;
            assert_eq!(issuer.access().await.as_deref(), Ok("a4"), "{status}");
        }
    }

    #[tokio::test]
    async fn an_issuer_that_hangs_in_the_last_minutes_is_waited_for_by_nobody() {
        let issuer = Stage::with_a_token_for(Duration::from_secs(200), 200, GOOD, 0).await;
        assert_eq!(issuer.access().await.as_deref(), Ok("a0"));
        // Let go after the first fifty have their token, so none of them can have waited for it.
        for _ in 0..50 {
            assert_eq!(issuer.access().await.as_deref(), Ok("a0"));
        }
        issuer.gate.add_permits(1);
        issuer.after(2).await;
        assert_eq!(issuer.access().await.as_deref(), Ok("a1"));
    }

    #[tokio::test]
    async fn a_refused_token_is_never_served_again_even_if_there_is_no_other() {
        let issuer = Stage::with_a_token_for(Duration::from_secs(3_000), 503, "", 50).await;
        let refused = issuer.tokens.access().await.expect("a token");
        assert!(matches!(issuer.tokens.instead_of(&refused).await, Err(Failure::Wait { .. })));
        assert!(matches!(issuer.access().await, Err(Failure::Wait { .. })));
        assert_eq!(issuer.asked(), 2);
    }

    #[tokio::test]
    async fn a_refresh_goes_on_when_the_call_that_began_it_has_given_up() {
        let issuer = issuer(200, GOOD, 0).await;
        let tokens = Arc::clone(&issuer.tokens);
        let call = tokio::spawn(async move { tokens.access().await.map(|_| ()) });
        while issuer.asked() == 0 {
            tokio::task::yield_now().await;
        }
        call.abort();
        assert!(call.await.is_err_and(|error| error.is_cancelled()));
        issuer.gate.add_permits(50);
        assert_eq!((issuer.access().await.as_deref(), issuer.asked()), (Ok("a0"), 1));
    }

    #[tokio::test]
    async fn what_is_no_token_is_not_taken_for_one() {
        for (status, body, is_expected) in [
            (200, "<html>", (|failure| matches!(failure, Failure::Unclear { .. })) as fn(&Failure) -> bool),
            (200, r#"{"token":"a"}"#, |failure| matches!(failure, Failure::Unclear { .. })),
            (401, r#"{"error":"invalid_client"}"#, |failure| matches!(failure, Failure::Credentials { .. })),
            (403, r#"{"error":"access_denied"}"#, |failure| matches!(failure, Failure::Credentials { .. })),
            (403, "<html>blocked</html>", |failure| matches!(failure, Failure::Wait { after: Some(_), .. })),
            (403, "", |failure| matches!(failure, Failure::Wait { .. })),
            (502, "<html>bad gateway</html>", |failure| matches!(failure, Failure::Wait { .. })),
            (429, "", |failure| matches!(failure, Failure::Wait { .. })),
            (503, "", |failure| matches!(failure, Failure::Wait { .. })),
            (404, "", |failure| matches!(failure, Failure::Refused { .. })),
        ] {
            let issuer = issuer(status, body, 1).await;
            let failure = issuer.tokens.access().await.expect_err(body);
            assert!(is_expected(&failure), "{status} {body}: {failure:?}");
        }
    }
}
