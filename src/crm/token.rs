//! OAuth: access tokens, refreshed once however many requests need one.
//!
//! Vendors' ways differ in what else they answer; this holds what they share: the refresh grant of RFC 6749 with the
//! client's id and secret as Basic credentials. Which hosts may be spoken to is the [`Outbound`]'s list.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::base::secret::Secret;
use crate::crm::failure::Failure;
use crate::outbound::{Outbound, Reply, Request};

/// What it takes to get an access token.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Where tokens are refreshed.
    pub url: Url,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// What the user's consent gave.
    pub refresh_token: Secret,
}

/// An access token.
#[derive(Debug)]
pub struct Access {
    /// The token, for `Authorization: Bearer`.
    pub token: Secret,
    /// Where the vendor says that requests of this account go. Not checked here: a host is allowed by the adapter.
    pub api_domain: Option<String>,
    until: Instant,
}

/// The access tokens of one account.
///
/// # Errors
/// A refresh that failed is not tried again for a while: every request of that time gets its failure. Otherwise a dead
/// refresh token would be sent once per call.
#[derive(Debug)]
pub struct Tokens {
    outbound: Outbound,
    grant: Grant,
    /// Held while a refresh is under way: whoever comes meanwhile waits here and finds its outcome.
    state: Mutex<State>,
    /// Refreshes that ended, well or not.
    ended: AtomicU64,
}

#[derive(Debug)]
struct State {
    refresh_token: Secret,
    access: Option<Arc<Access>>,
    failed: Option<(Failure, Instant)>,
}

/// A token is renewed this long before it expires, or after nine tenths of its life where that is later.
const AHEAD: Duration = Duration::from_secs(300);
/// What a token lives when the vendor does not say.
const USUAL_LIFE: Duration = Duration::from_secs(3_600);
/// How long refused credentials are not tried again.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// How long any other failed refresh is not tried again, when the vendor does not say.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

impl Tokens {
    /// No token yet: the first request gets one.
    #[must_use]
    pub fn new(outbound: Outbound, grant: Grant) -> Self {
        let state = State { refresh_token: grant.refresh_token.clone(), access: None, failed: None };
        Self { outbound, grant, state: Mutex::new(state), ended: AtomicU64::new(0) }
    }

    /// A token that is good for a while yet.
    ///
    /// # Errors
    /// [`Failure::Credentials`] when the refresh token is not accepted; else as for any request.
    ///
    /// # Cost
    /// One request to the token's address per life of a token; none of the account's quota.
    pub async fn access(&self) -> Result<Arc<Access>, Failure> {
        self.get(|access| Instant::now() < access.until).await
    }

    /// Another token than `refused`, which the vendor did not accept though it should still be good.
    ///
    /// # Errors
    /// As [`Tokens::access`].
    pub async fn instead_of(&self, refused: &Arc<Access>) -> Result<Arc<Access>, Failure> {
        self.get(|access| !Arc::ptr_eq(access, refused)).await
    }

    /// Dropped half way, nothing is remembered of the attempt; the next one asks again.
    async fn get(&self, good: impl Fn(&Arc<Access>) -> bool) -> Result<Arc<Access>, Failure> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(access) = state.access.as_ref().filter(|access| good(access)) {
            return Ok(Arc::clone(access));
        }
        let waited = self.ended.load(Ordering::Acquire) != seen;
        if let Some((failure, until)) = state.failed.as_ref()
            && (waited || Instant::now() < *until)
        {
            return Err(failure.clone());
        }
        let outcome = self.refresh(&state.refresh_token).await;
        self.ended.fetch_add(1, Ordering::Release);
        match outcome {
            Ok(answer) => {
                if let Some(next) = answer.refresh_token {
                    state.refresh_token = Secret::new(next);
                }
                state.failed = None;
                let access = Arc::new(access_of(answer.access_token, answer.api_domain, answer.expires_in));
                state.access = Some(Arc::clone(&access));
                Ok(access)
            }
            Err(failure) => {
                state.failed = Some((failure.clone(), Instant::now() + pause_after(&failure)));
                Err(failure)
            }
        }
    }

    async fn refresh(&self, refresh_token: &Secret) -> Result<Answer, Failure> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
        let credentials = format!("{}:{}", self.grant.client_id, self.grant.client_secret.expose());
        let basic = Secret::new(format!("Basic {}", STANDARD.encode(credentials)));
        let request = Request::form(self.grant.url.clone(), &fields)
            .with_header("accept", Secret::new("application/json"))
            .with_header("authorization", basic);
        let reply = self.outbound.send(request).await?;
        judge(&reply)
    }
}

fn access_of(token: String, api_domain: Option<String>, expires_in: Option<u64>) -> Access {
    let life = expires_in.map_or(USUAL_LIFE, Duration::from_secs).min(Duration::from_secs(86_400));
    let until = Instant::now() + life.saturating_sub(AHEAD).max(life / 10 * 9);
    Access { token: Secret::new(token), api_domain, until }
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
        200 => serde_json::from_slice(&reply.body)
            .map_err(|_| Failure::Unclear { reason: reason("expected an access token, found something else") }),
        400 | 401 | 403 => Err(Failure::Credentials { reason: reason(&format!("status {}", reply.status)) }),
        429 | 500..=599 => {
            let after = reply.header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
            let after = after.map(|after| after.min(AFTER_REFUSAL));
            Err(Failure::Wait { reason: reason(&format!("status {}", reply.status)), after })
        }
        status => Err(Failure::Refused { reason: reason(&format!("status {status}")) }),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use axum::{Router, http::HeaderMap, routing::post};
    use tokio::sync::Semaphore;
    use url::Url;

    use super::{Grant, Tokens};
    use crate::base::secret::Secret;
    use crate::crm::failure::Failure;
    use crate::outbound::{Bounds, Hosts, Outbound};

    /// Answers refreshes with a fixed status and body, a permit of `gate` each.
    struct Issuer {
        asked: Arc<AtomicUsize>,
        gate: Arc<Semaphore>,
        tokens: Arc<Tokens>,
    }

    async fn issuer(status: u16, body: &'static str, permits: usize) -> Issuer {
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(permits)));
        let (counter, entrance) = (Arc::clone(&asked), Arc::clone(&gate));
        let answer = async move |headers: HeaderMap, form: String| {
            assert_eq!(headers["authorization"], "Basic Y2xpZW50OnMzY3JldA==");
            assert_eq!(form, "grant_type=refresh_token&refresh_token=r3fresh");
            let number = counter.fetch_add(1, Ordering::SeqCst);
            entrance.acquire().await.expect("open").forget();
            let status = axum::http::StatusCode::from_u16(status).expect("a status");
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
            refresh_token: Secret::new("r3fresh"),
        };
        Issuer { asked, gate, tokens: Arc::new(Tokens::new(outbound, grant)) }
    }

    impl Issuer {
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

    const GOOD: &str = r#"{"access_token":"a{n}","token_type":"Bearer","expires_in":3599,"refresh_token":"r3fresh"}"#;

    #[tokio::test]
    async fn however_many_need_a_token_one_refresh_gets_it() {
        let issuer = issuer(200, GOOD, 0).await;
        let got = issuer.fifty_at_once().await;
        assert!(got.iter().all(|token| token.as_deref() == Ok("a0")), "{got:?}");
        assert_eq!(issuer.asked(), 1);
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
    async fn a_token_is_renewed_a_little_before_it_expires() {
        let issuer = issuer(200, GOOD, 50).await;
        issuer.tokens.access().await.expect("a token");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(3_200)).await;
        issuer.tokens.access().await.expect("the same");
        assert_eq!(issuer.asked(), 1);
        tokio::time::advance(Duration::from_secs(150)).await;
        tokio::time::resume();
        let renewed = issuer.tokens.access().await.expect("another");
        assert_eq!((renewed.token.expose(), issuer.asked()), ("a1", 2));
    }

    #[tokio::test]
    async fn what_is_no_token_is_not_taken_for_one() {
        for (status, body, is_expected) in [
            (200, "<html>", (|failure| matches!(failure, Failure::Unclear { .. })) as fn(&Failure) -> bool),
            (200, r#"{"token":"a"}"#, |failure| matches!(failure, Failure::Unclear { .. })),
            (401, r#"{"error":"invalid_client"}"#, |failure| matches!(failure, Failure::Credentials { .. })),
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
