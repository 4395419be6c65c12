//! The servers that ours is held against: hyper and nothing else, one single-threaded runtime per core, each with a
//! listener of its own (SO_REUSEPORT), as our door has them.
//!
//! The first always gives the same reply, with the headers that ours has. The second decodes the request as ours does
//! and takes the answer out of a moka cache with as many numbers: what remains between it and ours is ours.

use std::{
    convert::Infallible,
    fs,
    io::{self, BufRead, Read},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use moka::sync::Cache;
use predial::model::phone::{NumberReader, PhoneKey};
use predial::telephony::{FieldNames, Incoming as Asked, ringostat::decode};
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that wait to be accepted, as at our door.
const BACKLOG: i32 = 4096;

/// What a bare server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Headers beside those that hyper adds.
    pub headers: Vec<(String, String)>,
    /// The body of the fixed reply.
    pub body: String,
    /// For the second server: a file of numbers, `CALLER BODY` a row, answered by that body; others by `body`.
    pub entries: Option<PathBuf>,
    /// The country whose national numbers are read.
    pub country: String,
}

enum Answerer {
    Fixed(Bytes),
    Get { cache: Cache<PhoneKey, Bytes, foldhash::fast::RandomState>, reader: NumberReader, miss: Bytes },
}

struct Server {
    headers: HeaderMap,
    answerer: Answerer,
}

/// Serves until the standard input ends: the harness holds its other end, so no server outlives the harness.
///
/// # Errors
/// A plan that cannot be read, or no port.
pub fn serve(plan: &Path) -> io::Result<()> {
    let plan: Plan = serde_json::from_slice(&fs::read(plan)?).map_err(io::Error::other)?;
    let server = Arc::new(Server::new(&plan)?);
    let cores = std::thread::available_parallelism()?.get();
    let first = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..cores {
        listeners.push(listen(address)?);
    }
    for listener in listeners {
        let (server, runtime) = (Arc::clone(&server), runtime()?);
        std::thread::spawn(move || runtime.block_on(accept(listener, server)));
    }
    if let Answerer::Get { cache, .. } = &server.answerer {
        let (cache, runtime) = (cache.clone(), runtime()?);
        std::thread::spawn(move || runtime.block_on(maintain(cache)));
    }
    crate::report::say(&format!("bare=http://{address}"))?;
    io::stdin().lock().read_to_end(&mut Vec::new()).map(|_| ())
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

async fn accept(listener: std::net::TcpListener, server: Arc<Server>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: those under way must end first.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let answer = service_fn(|request| server.answer(request));
            // What goes wrong with a connection is seen, and counted, at its other end.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// moka has no thread of its own: without this a `get` would pay for its maintenance, here as in the service.
async fn maintain(cache: Cache<PhoneKey, Bytes, foldhash::fast::RandomState>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        cache.run_pending_tasks();
    }
}

impl Server {
    fn new(plan: &Plan) -> io::Result<Self> {
        let mut headers = HeaderMap::new();
        for (name, value) in &plan.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
            headers.append(name, HeaderValue::from_str(value).map_err(io::Error::other)?);
        }
        let body = Bytes::from(plan.body.clone());
        let answerer = match &plan.entries {
            None => Answerer::Fixed(body),
            Some(entries) => Answerer::Get {
                cache: read_entries(entries)?,
                reader: NumberReader::new(&plan.country).ok_or_else(|| io::Error::other("expected a country"))?,
                miss: body,
            },
        };
        Ok(Self { headers, answerer })
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let body = match &self.answerer {
            Answerer::Fixed(body) => body.clone(),
            Answerer::Get { cache, reader, miss } => {
                let (head, body) = request.into_parts();
                let body = match head.method {
                    Method::GET => Bytes::new(),
                    _ => body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default(),
                };
                let asked = Asked {
                    query: head.uri.query(),
                    content_type: head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()),
                    body: &body,
                };
                found(cache, reader, &asked).unwrap_or_else(|| miss.clone())
            }
        };
        let mut response = Response::new(Full::new(body));
        *response.headers_mut() = self.headers.clone();
        Ok(response)
    }
}

fn found(
    cache: &Cache<PhoneKey, Bytes, foldhash::fast::RandomState>,
    reader: &NumberReader,
    asked: &Asked<'_>,
) -> Option<Bytes> {
    let request = decode(asked, &FieldNames::default()).ok()?;
    let key = reader.quick(request.caller.as_deref()?).ok()?;
    cache.get(&key)
}

fn read_entries(path: &Path) -> io::Result<Cache<PhoneKey, Bytes, foldhash::fast::RandomState>> {
    let cache = Cache::builder().build_with_hasher(foldhash::fast::RandomState::default());
    for row in io::BufReader::new(fs::File::open(path)?).lines() {
        let row = row?;
        let entry = row.split_once(' ').and_then(|(caller, body)| {
            let key = PhoneKey::from_digits(caller.parse().ok()?)?;
            Some((key, Bytes::copy_from_slice(body.as_bytes())))
        });
        let (key, body) = entry.ok_or_else(|| io::Error::other("expected a number and a body in each row"))?;
        cache.insert(key, body);
    }
    cache.run_pending_tasks();
    Ok(cache)
}
