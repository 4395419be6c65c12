//! The door: connections, the log, staged faults, then the vendor.

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
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
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
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{
    control,
    fault::{Befallen, Kind},
    lock,
    log::{Asked, Outcome},
    reply::{Reply, json_reply, reply, with_headers},
    running::Shared,
    secrets,
    vendor::{Answer, Call, Vendor},
};

/// A body on its way: whole, in drops, or one that breaks off.
pub(crate) type Body = BoxBody<Bytes, io::Error>;

/// Why a connection ends without a reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Dropped {
    /// A staged reset.
    #[error("the connection is reset, as staged")]
    Reset,
    /// The request's body did not come, or was too large.
    #[error("the request's body could not be read")]
    Body,
    /// The stand-in stops.
    #[error("the stand-in stops")]
    Stopped,
}

/// Accepts connections until told to stop (or nobody is left to tell), then ends those that are open.
pub(crate) async fn accept<V: Vendor>(listener: TcpListener, shared: Arc<Shared<V>>, mut stop: watch::Receiver<bool>) {
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
    shared.ground.end_tasks().await;
}

async fn serve<V: Vendor>(stream: TcpStream, shared: Arc<Shared<V>>) {
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

async fn answer<V: Vendor>(
    shared: Arc<Shared<V>>,
    reset: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, V::MOST_BODY).collect().await.map_err(|_| Dropped::Body)?.to_bytes();
    if parts.uri.path().starts_with("/sandbox") {
        return Ok(whole(control::answer(&shared, &parts, &body)));
    }
    let for_token = V::is_for_tokens(parts.uri.path());
    let befallen = lock(&shared.ground.stage).befall(parts.method.as_str(), parts.uri.path(), for_token);
    let number = lock(&shared.ground.log).note(asked(&shared, &parts, &body, &befallen));
    let Befallen { delay, then, expired, .. } = befallen;
    let oddity = match &then {
        Some(Kind::Oddity { how }) => Some(how.clone()),
        _ => None,
    };
    let call = Call { parts, body, expired, oddity };
    let ordinary = carried_out(Arc::clone(&shared), call, (number, delay));
    let staged = async |reply: Reply, kept: Option<String>| {
        tokio::time::sleep(delay).await;
        lock(&shared.ground.log).answered(number, Outcome { status: reply.status().as_u16(), cost: 0, reply: kept });
        Ok(whole(reply))
    };
    match then {
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::Reset) => {
            tokio::time::sleep(delay).await;
            reset.store(true, Ordering::Release);
            Err(Dropped::Reset)
        }
        Some(Kind::AnswerLost) => {
            ordinary.await?;
            reset.store(true, Ordering::Release);
            Err(Dropped::Reset)
        }
        Some(Kind::Status { status, headers, body }) => staged(staged_status(status, &headers, body), None).await,
        Some(Kind::Garbage) => staged(json_reply(StatusCode::OK, "<<< not what you expected >>>"), None).await,
        Some(Kind::RateLimit { how }) => {
            // Said too early, and in the vendor's own words.
            let reply = shared.vendor.over_limit(&how);
            let kept = shared.ground.keep_replies.then(|| kept_reply(&reply, false));
            staged(reply, kept).await
        }
        Some(Kind::Truncated) => Ok(in_pieces(ordinary.await?, |bytes| truncated(&bytes))),
        Some(Kind::Drip { ms }) => Ok(in_pieces(ordinary.await?, |bytes| dripping(bytes, Duration::from_millis(ms)))),
        Some(Kind::Delay { .. } | Kind::TokenExpired | Kind::Oddity { .. }) | None => Ok(whole(ordinary.await?)),
    }
}

/// The vendor's answer. What has arrived is carried out to its end, as a vendor does it: also when whoever asked is gone
/// meanwhile.
async fn carried_out<V: Vendor>(
    shared: Arc<Shared<V>>,
    call: Call,
    (number, delay): (u64, Duration),
) -> Result<Reply, Dropped> {
    let (tell, told) = oneshot::channel();
    let own = Arc::clone(&shared);
    let for_token = V::is_for_tokens(call.path());
    shared.ground.spawn(async move {
        tokio::time::sleep(delay).await;
        let Answer { reply, cost } = Arc::clone(&own.vendor).answer(call).await;
        let kept = own.ground.keep_replies.then(|| kept_reply(&reply, for_token));
        lock(&own.ground.log).answered(number, Outcome { status: reply.status().as_u16(), cost, reply: kept });
        if tell.send(reply).is_err() {
            tracing::debug!(number, "whoever asked did not wait for the answer");
        }
    });
    told.await.map_err(|_| Dropped::Stopped)
}

fn asked<V: Vendor>(shared: &Shared<V>, parts: &Parts, body: &[u8], befallen: &Befallen) -> Asked {
    let for_token = V::is_for_tokens(parts.uri.path());
    let mut headers: Vec<String> = parts.headers.keys().map(|name| name.as_str().to_owned()).collect();
    headers.sort_unstable();
    let value = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let told = V::KEPT_HEADERS.iter().filter_map(|name| Some(((*name).to_owned(), value(name)?.to_owned()))).collect();
    let query = parts.uri.query().unwrap_or_default();
    Asked {
        number: 0,
        at: shared.ground.clock.now().wall,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: if for_token { secrets::form_without(query) } else { query.to_owned() },
        headers,
        told,
        body: secrets::kept(body, value("content-type").unwrap_or_default(), for_token),
        status: None,
        reply: None,
        tokens: 0,
        fault: befallen.word,
    }
}

fn kept_reply(reply: &Reply, for_token: bool) -> String {
    if for_token { secrets::json_without(reply.body()) } else { String::from_utf8_lossy(reply.body()).into_owned() }
}

fn staged_status(status: u16, headers: &std::collections::BTreeMap<String, String>, body: String) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
    with_headers(reply(status, "application/json", body), headers)
}

fn whole(reply: Reply) -> Response<Body> {
    reply.map(|bytes| Full::new(bytes).map_err(|never| match never {}).boxed())
}

/// The same reply with its length promised and its body handed out in another way.
fn in_pieces<S>(whole: Reply, pieces: impl FnOnce(Bytes) -> S) -> Response<Body>
where
    S: stream::Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync + 'static,
{
    let (mut parts, bytes) = whole.into_parts();
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
