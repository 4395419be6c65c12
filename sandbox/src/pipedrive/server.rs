//! The door: connections, faults, credentials, the meter, then the endpoint.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{self, HeaderValue},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    Shared, control,
    fault::{Befallen, Kind, RateLimit},
    lock,
    log::Asked,
    meter::{Caller, Rate, Verdict},
    query::Query,
    read,
    reply::{Body, Refusal, json_reply, reply, shield, too_many},
    route::Route,
    search::{Index, Search},
};

/// Requests of this vendor's API that predial needs have no large bodies.
const MOST_BODY: usize = 256 * 1024;

/// Why a connection ends without a reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum Dropped {
    /// A staged reset.
    #[error("the connection is reset, as staged")]
    Reset,
    /// The request's body did not come, or was too large.
    #[error("the request's body could not be read")]
    Body,
}

/// Accepts connections until told to stop (or nobody is left to tell), then ends those that are open.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { open.spawn(serve(stream, Arc::clone(&shared))); }
                Err(problem) => {
                    tracing::warn!(%problem, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
    }
    open.shutdown().await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(problem) = stream.set_nodelay(true) {
        tracing::debug!(%problem, "no TCP_NODELAY");
    }
    let reset = Arc::new(AtomicBool::new(false));
    let line = Line { stream, reset: Arc::clone(&reset) };
    let service = service_fn(move |request| answer(Arc::clone(&shared), Arc::clone(&reset), request));
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(line), service).await;
    if let Err(problem) = served {
        tracing::debug!(%problem, "a connection ended early");
    }
}

/// A connection that can be made to end with a reset instead of a goodbye.
#[derive(Debug)]
struct Line {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Line {
    /// A socket that is closed while it lingers for no time at all is reset.
    fn drop(&mut self) {
        if self.reset.load(Ordering::Acquire) {
            let lingering = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
            if let Err(problem) = lingering {
                tracing::warn!(%problem, "a connection could not be reset");
            }
        }
    }
}

async fn answer(
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let (parts, body) = request.into_parts();
    if parts.uri.path().starts_with("/sandbox") {
        return Ok(control::answer(&shared, &parts, &body_of(body).await?));
    }
    let befallen = lock(&shared.stage).befall(parts.uri.path());
    let number = lock(&shared.log).note(asked(&shared, &parts, &befallen));
    tokio::time::sleep(befallen.delay).await;
    let (reply, tokens) = match befallen.then {
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::Reset) => {
            reset.store(true, Ordering::Release);
            return Err(Dropped::Reset);
        }
        Some(Kind::Status { status, headers, body }) => (staged_status(status, &headers, body), 0),
        Some(Kind::Garbage) => (json_reply(StatusCode::OK, "<<< not what you expected >>>"), 0),
        Some(Kind::RateLimit { how }) => (staged_limit(&shared, how), 0),
        Some(Kind::Truncated) => {
            let (whole, tokens) = ordinary(&shared, &parts, body, befallen.expired).await?;
            (in_pieces(whole, |bytes| truncated(&bytes)).await, tokens)
        }
        Some(Kind::Drip { ms }) => {
            let (whole, tokens) = ordinary(&shared, &parts, body, befallen.expired).await?;
            (in_pieces(whole, |bytes| dripping(bytes, Duration::from_millis(ms))).await, tokens)
        }
        Some(Kind::Delay { .. } | Kind::TokenExpired) | None => {
            ordinary(&shared, &parts, body, befallen.expired).await?
        }
    };
    lock(&shared.log).answered(number, reply.status().as_u16(), tokens);
    Ok(reply)
}

fn asked(shared: &Shared, parts: &Parts, befallen: &Befallen) -> Asked {
    let mut headers: Vec<String> = parts.headers.keys().map(|name| name.as_str().to_owned()).collect();
    headers.sort_unstable();
    Asked {
        number: 0,
        at: shared.clock.now().wall,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        status: None,
        tokens: 0,
        fault: befallen.word,
    }
}

async fn body_of(body: Incoming) -> Result<Bytes, Dropped> {
    let whole = Limited::new(body, MOST_BODY).collect().await.map_err(|_| Dropped::Body)?;
    Ok(whole.to_bytes())
}

/// What the vendor answers, and what it charged.
async fn ordinary(
    shared: &Arc<Shared>,
    parts: &Parts,
    body: Incoming,
    expired: Option<u64>,
) -> Result<(Response<Body>, u64), Dropped> {
    let path = parts.uri.path();
    if path.trim_end_matches('/') == "/oauth/token" && parts.method == hyper::Method::POST {
        let body = body_of(body).await?;
        let asked = (&parts.headers, body.as_ref());
        let reply = lock(&shared.tokens).grant(&shared.options, shared.clock.now().vendor, &shared.base_url, asked);
        return Ok((reply, 0));
    }
    let Some(caller) = caller(shared, &parts.headers, expired) else {
        return Ok((Refusal::Unauthorized.reply(), 0));
    };
    let Some(route) = Route::of(&parts.method, path) else { return Ok((Refusal::Unknown.reply(), 0)) };
    let price = route.price();
    let verdict = lock(&shared.meter).charge(shared.clock.now(), &caller, price);
    Ok(match verdict {
        Verdict::Shield => (shield(), 0),
        Verdict::TooMany(rate) => (with_rate(too_many(), rate), 0),
        Verdict::Pass(rate) => {
            let query = parts.uri.query().unwrap_or_default().to_owned();
            let shared = Arc::clone(shared);
            // A page may have to look at every client, so it is made where it keeps nobody's runtime waiting.
            let made = tokio::task::spawn_blocking(move || page(&shared, &route, &query)).await;
            let page = made.unwrap_or(Err(Refusal::Unknown));
            let reply = page.map_or_else(|refusal| refusal.reply(), |page| json_reply(StatusCode::OK, page));
            (with_rate(reply, rate), price.tokens)
        }
    })
}

fn caller(shared: &Shared, headers: &HeaderMap, expired: Option<u64>) -> Option<Caller> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(token) = text(header::HeaderName::from_static("x-api-token")) {
        return (token == shared.options.api_token && expired.is_none()).then_some(Caller::ApiToken);
    }
    let token = text(header::AUTHORIZATION)?.strip_prefix("Bearer ")?;
    let serial = lock(&shared.tokens).good(token, shared.clock.now().vendor)?;
    expired.is_none_or(|until| serial > until).then(|| Caller::OAuth(token.to_owned()))
}

fn page(shared: &Shared, route: &Route, query: &str) -> Result<Vec<u8>, Refusal> {
    let world = read(&shared.world);
    let query = Query::read(query);
    let search = |search: Search| Ok(Index { world: &world, now: shared.clock.now().vendor }.answer(&search));
    match route {
        Route::Persons => world.list_persons(&query),
        Route::Person(id) => world.one_person(*id, &query),
        Route::Organizations => world.list_organizations(&query),
        Route::Organization(id) => world.one_organization(*id, &query),
        Route::Deals => world.list_deals(&query, false, shared.clock.now()),
        Route::ArchivedDeals => world.list_deals(&query, true, shared.clock.now()),
        Route::Deal(id) => world.one_deal(*id, &query),
        Route::Leads => world.list_leads(&query, false),
        Route::ArchivedLeads => world.list_leads(&query, true),
        Route::Lead(id) => world.one_lead(id),
        Route::Users => Ok(world.list_users()),
        Route::User(id) => world.one_user(*id),
        Route::Me => world.me(),
        Route::ItemSearch => search(Search::items(&query)?),
        Route::PersonSearch => search(Search::persons(&query)?),
        Route::OrganizationSearch => search(Search::organizations(&query)?),
    }
}

fn with_rate(mut reply: Response<Body>, rate: Rate) -> Response<Body> {
    let headers = [
        ("x-ratelimit-limit", rate.limit.to_string()),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
        ("x-ratelimit-reset", rate.reset_s.to_string()),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

fn staged_status(status: u16, headers: &std::collections::BTreeMap<String, String>, body: String) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = reply(status, "application/json", body);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse::<HeaderValue>()) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

fn staged_limit(shared: &Shared, how: RateLimit) -> Response<Body> {
    let limit = shared.options.limits.burst.unwrap_or_else(|| shared.options.plan.burst(false));
    match how {
        RateLimit::Headers => with_rate(too_many(), Rate { limit, remaining: 0, reset_s: 2 }),
        RateLimit::Bare => too_many(),
        RateLimit::Cloudflare => shield(),
    }
}

/// The same reply with its length promised and its body handed out in another way.
async fn in_pieces<S>(whole: Response<Body>, pieces: impl FnOnce(Bytes) -> S) -> Response<Body>
where
    S: stream::Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync + 'static,
{
    let (mut parts, body) = whole.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, StreamBody::new(pieces(bytes)).boxed())
}

/// The first half, then an end. Between the two the connection gets a chance to send what it has.
fn truncated(bytes: &Bytes) -> impl stream::Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync + use<> {
    let half = bytes.slice(..bytes.len() / 2);
    stream::unfold(Some(half), |left| async move {
        match left {
            Some(half) if !half.is_empty() => Some((Ok(Frame::data(half)), Some(Bytes::new()))),
            Some(_) => {
                tokio::task::yield_now().await;
                Some((Err(io::Error::other("the reply ends here, as staged")), None))
            }
            None => None,
        }
    })
}

fn dripping(
    bytes: Bytes,
    every: Duration,
) -> impl stream::Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync + 'static {
    stream::unfold(bytes, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(every).await;
        let drop = left.split_to(1);
        Some((Ok(Frame::data(drop)), left))
    })
}
