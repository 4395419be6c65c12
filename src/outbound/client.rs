//! Sending.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};

use crate::base::secret::Secret;
use crate::outbound::{
    hosts::Hosts,
    message::{self, Method, Reply, Request},
};

/// How long an idle connection is kept, so that the next question pays one round trip instead of three. Longer than the
/// shortest sweep interval (60 s): a project that sweeps keeps a connection open for its live questions.
const IDLE_CONNECTION: Duration = Duration::from_secs(300);
/// Idle connections kept per host: as many as live questions come in one burst.
const IDLE_CONNECTIONS: usize = 16;
/// How often a silent connection is probed, so that one that a middle box forgot is not found out by a call.
const PROBE_EVERY: Duration = Duration::from_secs(30);

/// How long a request may take and how much may come back; the configuration, a neighbour, has the same three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connecting.
    pub connect_timeout: Duration,
    /// One request, from its start to the last byte of its reply.
    pub request_timeout: Duration,
    /// A reply's body, at most.
    pub max_body_bytes: usize,
}

/// The one HTTP client. Cloning shares its connections.
///
/// A client as [`Outbound::new`] makes it may go nowhere; [`Outbound::limited_to`] says where.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    hosts: Arc<Hosts>,
    request_timeout: Duration,
    max_body_bytes: usize,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be made")]
pub struct BuildError(#[source] reqwest::Error);

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Refused by us: not a host that the configuration names. Nothing was sent.
    #[error("expected a host that the configuration names, found {place}")]
    HostNotAllowed {
        /// Where it was to go.
        place: String,
    },
    /// Refused by us: the request cannot be written down. Nothing was sent.
    #[error("the request to {place} cannot be written: {reason}")]
    Malformed {
        /// Where it was to go.
        place: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// No connection was made, so nothing was sent.
    #[error("no connection to {place}")]
    NotConnected {
        /// Where it was to go.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No whole reply came in time. The request may have been carried out.
    #[error("no whole reply of {place} within {after:?}")]
    TimedOut {
        /// Where it went.
        place: String,
        /// The time-out.
        after: Duration,
    },
    /// The connection broke before the reply was whole. The request may have been carried out.
    #[error("the reply of {place} was lost")]
    Lost {
        /// Where it went.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The reply's body is larger than the cap; what was read of it was dropped.
    #[error("expected at most {limit} bytes of {place}, found more")]
    TooLarge {
        /// Where it came from.
        place: String,
        /// The cap.
        limit: usize,
    },
}

impl SendError {
    /// What went wrong, with everything that led to it, in one line.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl Outbound {
    /// A client that may go nowhere yet.
    ///
    /// TLS is rustls with ring and the machine's root certificates. Where the machine has none (a bare container) the
    /// client trusts nobody, says so once, and still speaks plain http where the configuration names it.
    ///
    /// # Errors
    /// The TLS set-up is not usable.
    pub fn new(bounds: &Bounds) -> Result<Self, BuildError> {
        // Err means that a provider is installed already: by another project's client, or by a test.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder(bounds).build().or_else(|error| {
            tracing::warn!(error = &error as &dyn Error, "no root certificates: https requests to CRMs will fail");
            builder(bounds).tls_certs_only([]).build()
        });
        Ok(Self {
            client: client.map_err(BuildError)?,
            hosts: Arc::default(),
            request_timeout: bounds.request_timeout,
            max_body_bytes: bounds.max_body_bytes,
        })
    }

    /// The same client, allowed to go to `hosts` and nowhere else.
    #[must_use]
    pub fn limited_to(&self, hosts: Hosts) -> Self {
        Self { hosts: Arc::new(hosts), ..self.clone() }
    }

    /// The same client, which takes replies of at most so many bytes.
    #[must_use]
    pub fn with_body_cap(&self, max_body_bytes: usize) -> Self {
        Self { max_body_bytes, ..self.clone() }
    }

    /// Whether a request may go to `url`.
    #[must_use]
    pub fn allows(&self, url: &url::Url) -> bool {
        self.hosts.allow(url)
    }

    /// Sends one request and reads its whole reply.
    ///
    /// Dropping the future closes the connection; the request may have been carried out by then.
    ///
    /// # Errors
    /// See [`SendError`]; a reply of any status is `Ok`.
    ///
    /// # Cost
    /// One round trip where a connection is kept, otherwise those of TCP and TLS before it.
    pub async fn send(&self, request: Request) -> Result<Reply, SendError> {
        let place = message::place(&request.url);
        if !self.hosts.allow(&request.url) {
            return Err(SendError::HostNotAllowed { place });
        }
        let after = self.request_timeout;
        let started = tokio::time::Instant::now();
        let told = format!("{request:?}");
        let outcome = match tokio::time::timeout(after, self.exchange(request, &place)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(SendError::TimedOut { place, after }),
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(reply) => tracing::debug!(request = told, status = reply.status, took_ms, "a CRM answered"),
            Err(error) => tracing::debug!(request = told, error = error as &dyn Error, took_ms, "no answer of a CRM"),
        }
        outcome
    }

    async fn exchange(&self, request: Request, place: &str) -> Result<Reply, SendError> {
        let lost = |error: reqwest::Error| {
            let (place, connect) = (place.to_owned(), error.is_connect());
            let source = Box::new(error.without_url());
            if connect { SendError::NotConnected { place, source } } else { SendError::Lost { place, source } }
        };
        let request = written(request).map_err(|reason| SendError::Malformed { place: place.to_owned(), reason })?;
        let response = self.client.execute(request).await.map_err(lost)?;
        let status = response.status().as_u16();
        let headers = message::kept(response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let body = self.body(response, place, lost).await?;
        Ok(Reply { status, headers, body })
    }

    /// Reads the body piece by piece and stops at the cap, whatever length was announced.
    async fn body(
        &self,
        mut response: reqwest::Response,
        place: &str,
        lost: impl Fn(reqwest::Error) -> SendError,
    ) -> Result<Bytes, SendError> {
        let limit = self.max_body_bytes;
        let too_large = || SendError::TooLarge { place: place.to_owned(), limit };
        let announced = response.content_length().unwrap_or(0);
        if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(too_large());
        }
        let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(piece) = response.chunk().await.map_err(&lost)? {
            if piece.len() > limit - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }
}

fn builder(bounds: &Bounds) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("predial/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(bounds.connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .tcp_keepalive(PROBE_EVERY)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PROBE_EVERY)
        .http2_keep_alive_timeout(bounds.connect_timeout)
        .http2_keep_alive_while_idle(true)
}

fn written(request: Request) -> Result<reqwest::Request, &'static str> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut out = reqwest::Request::new(method, request.url);
    for (name, value) in request.headers {
        out.headers_mut().append(name, header_value(&value)?);
    }
    if !request.body.is_empty() {
        *out.body_mut() = Some(request.body.into());
    }
    Ok(out)
}

fn header_value(value: &Secret) -> Result<reqwest::header::HeaderValue, &'static str> {
    let mut value = reqwest::header::HeaderValue::from_str(value.expose())
        .map_err(|_| "expected a header value of visible characters, found others")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use url::Url;

    use super::{Outbound, SendError};
    use crate::base::secret::Secret;
    use crate::outbound::{Bounds, Hosts, Request};

    const LIMIT: usize = 1000;

    fn client_for(address: SocketAddr, timeout: Duration) -> (Outbound, Url) {
        let bounds =
            Bounds { connect_timeout: Duration::from_secs(5), request_timeout: timeout, max_body_bytes: LIMIT };
        let base = Url::parse(&format!("http://{address}/api?term=1112233")).expect("url");
        let outbound = Outbound::new(&bounds).expect("a client");
        (outbound.limited_to(Hosts::default().with_origin_of(&base)), base)
    }

    /// A server that answers every request with `answer` and then closes the connection or not; counts connections.
    async fn server(answer: &'static [u8], keep: bool) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
                        if head.ends_with(b"\r\n\r\n") {
                            head.clear();
                            if stream.write_all(answer).await.is_err() || !keep {
                                return;
                            }
                        }
                    }
                });
            }
        });
        (address, connections)
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_reply_of_any_status_is_a_reply_and_connections_are_kept() {
        let answer = b"HTTP/1.1 429 Too Many\r\nRetry-After: 2\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}";
        let (address, connections) = server(answer, true).await;
        let (outbound, url) = client_for(address, LONG);
        for _ in 0..5 {
            let reply = outbound.send(Request::get(url.clone())).await.expect("a reply");
            assert_eq!((reply.status, reply.header("retry-after"), &reply.body[..]), (429, Some("2"), &b"{}"[..]));
            assert_eq!(reply.header("set-cookie"), None);
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let (address, _) = server(answer, true).await;
        let (outbound, url) = client_for(address, LONG);
        assert_eq!(outbound.send(Request::get(url)).await.expect("a reply").status, 302);
    }

    #[tokio::test]
    async fn a_host_that_nobody_configured_is_refused_before_anything_is_sent() {
        let (address, connections) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true).await;
        let (outbound, url) = client_for(address, LONG);
        let nowhere = outbound.limited_to(Hosts::default());
        let error = nowhere.send(Request::get(url)).await.expect_err("refused");
        assert!(matches!(&error, SendError::HostNotAllowed { place } if !place.contains("1112233")), "{error:?}");
        assert_eq!(connections.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_body_over_the_cap_is_dropped_announced_or_not() {
        let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
        let mut streamed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..3 {
            streamed.extend_from_slice(b"190\r\n");
            streamed.extend_from_slice(&[b'a'; 0x190]);
            streamed.extend_from_slice(b"\r\n");
        }
        // No last chunk follows: only the cap can end the reading.
        for answer in [announced.as_slice(), streamed.leak()] {
            let (address, _) = server(answer, true).await;
            let (outbound, url) = client_for(address, LONG);
            let error = outbound.send(Request::get(url)).await.expect_err("too large");
            assert!(matches!(error, SendError::TooLarge { limit: LIMIT, .. }), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_truncated_body_and_a_dropped_connection_are_lost() {
        for answer in [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\"".as_slice(), b""] {
            let (address, _) = server(answer, false).await;
            let (outbound, url) = client_for(address, LONG);
            let error = outbound.send(Request::get(url)).await.expect_err("lost");
            assert!(matches!(error, SendError::Lost { .. }), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_server_that_hangs_in_head_or_body_times_out() {
        for answer in [b"".as_slice(), b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\""] {
            let (address, _) = server(answer, true).await;
            let (outbound, url) = client_for(address, Duration::from_millis(200));
            let error = outbound.send(Request::get(url)).await.expect_err("late");
            assert!(matches!(error, SendError::TimedOut { .. }), "{error:?}");
        }
    }

    #[tokio::test]
    async fn nobody_listening_is_not_connected_and_no_text_holds_the_query() {
        let address = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            listener.local_addr().expect("its address")
        };
        let (outbound, url) = client_for(address, LONG);
        let error = outbound.send(Request::get(url)).await.expect_err("nobody");
        assert!(matches!(error, SendError::NotConnected { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("1112233"));
    }

    #[tokio::test]
    async fn a_secret_that_is_no_header_value_is_refused_unprinted() {
        let (outbound, url) = client_for(([127, 0, 0, 1], 9).into(), LONG);
        let request = Request::get(url).with_header("x-api-token", Secret::new("s3cret\nx"));
        let error = outbound.send(request).await.expect_err("refused");
        assert!(matches!(error, SendError::Malformed { .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"));
    }
}
