//! What a stand-in tells others over HTTP: webhooks. To loopback only; when to try again is the vendor's business.

use std::{net::IpAddr, sync::Mutex, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::watch, time::timeout};

use super::lock;

/// A reply's body beyond this many bytes is a failed delivery.
const MOST_REPLY: usize = 64 * 1024;

/// What is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `POST`, …
    pub method: Method,
    /// `http://127.0.0.1:PORT/PATH?QUERY`
    pub url: String,
    /// Headers besides `host`, `content-length` and, unless given, `content-type: application/json`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How long the vendor waits for the whole reply, on the wall clock.
    pub patience: Duration,
}

/// A delivery that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What was sent.
    pub hook: Hook,
    /// What came back: the status and the body.
    pub reply: Result<(u16, String), Undelivered>,
}

impl Delivery {
    /// The status that came back.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.reply.as_ref().ok().map(|(status, _)| *status)
    }

    /// Whether it was answered with 2xx.
    #[must_use]
    pub fn arrived(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }
}

/// Why no reply came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The address is none that a stand-in delivers to.
    #[error("expected http://127.0.0.1:PORT/…, found {0:?}")]
    Address(String),
    /// The system's or HTTP's reason.
    #[error("{0}")]
    Broken(String),
    /// No whole reply within the vendor's patience.
    #[error("no whole reply within {0:?}")]
    Late(Duration),
}

/// Everything that was delivered.
#[derive(Debug, Default)]
pub struct Hooks {
    tried: Mutex<Vec<Delivery>>,
    count: watch::Sender<usize>,
}

impl Hooks {
    /// Delivers once, and notes how it went.
    pub async fn deliver(&self, hook: Hook) -> Delivery {
        let sent = timeout(hook.patience, send(&hook)).await;
        let reply = sent.unwrap_or(Err(Undelivered::Late(hook.patience)));
        let delivery = Delivery { hook, reply };
        let count = {
            let mut tried = lock(&self.tried);
            tried.push(delivery.clone());
            tried.len()
        };
        self.count.send_replace(count);
        delivery
    }

    /// Every delivery that was tried and is over, the oldest first.
    #[must_use]
    pub fn tried(&self) -> Vec<Delivery> {
        lock(&self.tried).clone()
    }

    /// The same, once there are at least so many.
    pub async fn delivered(&self, at_least: usize) -> Vec<Delivery> {
        let mut count = self.count.subscribe();
        // The sender is this value's own, so the wait ends only by the count.
        if let Err(problem) = count.wait_for(|count| *count >= at_least).await {
            tracing::warn!(%problem, "nobody counts deliveries any more");
        }
        self.tried()
    }
}

async fn send(hook: &Hook) -> Result<(u16, String), Undelivered> {
    let (uri, authority) = address(&hook.url)?;
    let stream = TcpStream::connect(&authority).await.map_err(broken)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder().method(&hook.method).uri(path).header(header::HOST, &authority);
    if !hook.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in &hook.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(hook.body.clone()))).map_err(broken)?;
    let exchange = async {
        let reply = sender.send_request(request).await.map_err(broken)?;
        let status = reply.status().as_u16();
        let body = Limited::new(reply.into_body(), MOST_REPLY).collect().await.map_err(broken)?;
        Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
    };
    // The connection is driven for as long as the exchange takes, and closed with it.
    let exchange = std::pin::pin!(exchange);
    let connection = async {
        if let Err(problem) = connection.await {
            tracing::debug!(%problem, "a delivery's connection ended early");
        }
        std::future::pending::<Result<(u16, String), Undelivered>>().await
    };
    tokio::select! {
        reply = exchange => reply,
        never = connection => never,
    }
}

fn broken(problem: impl std::fmt::Display) -> Undelivered {
    Undelivered::Broken(problem.to_string())
}

/// The address and `host:port` of it, where it is loopback.
fn address(url: &str) -> Result<(Uri, String), Undelivered> {
    let wrong = || Undelivered::Address(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let host = uri.host().and_then(|host| host.parse::<IpAddr>().ok());
    let loopback = host.is_some_and(|address| address.is_loopback());
    let authority = uri.authority().filter(|_| loopback && uri.scheme_str() == Some("http")).ok_or_else(wrong)?;
    let authority = match authority.port() {
        Some(_) => authority.to_string(),
        None => format!("{authority}:80"),
    };
    Ok((uri, authority))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::Method;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{Hook, Hooks, Undelivered};

    fn hook(url: String) -> Hook {
        let headers = vec![("x-signature".to_owned(), "abc".to_owned())];
        Hook { method: Method::POST, url, headers, body: "[1]".to_owned(), patience: Duration::from_secs(10) }
    }

    #[tokio::test]
    async fn a_delivery_carries_its_headers_and_body_and_notes_what_came_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/crm-changes?code=1", listener.local_addr().unwrap());
        let hooks = Hooks::default();
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            while !text.ends_with("[1]") {
                let mut bytes = [0; 512];
                let read = stream.read(&mut bytes).await.unwrap();
                text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            }
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            text
        };
        let (text, delivery, all) = tokio::join!(serving, hooks.deliver(hook(url)), hooks.delivered(1));
        assert!(text.starts_with("POST /crm-changes?code=1 HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("x-signature: abc\r\n") && text.contains("content-type: application/json\r\n"), "{text}");
        assert_eq!(delivery.reply, Ok((202, "ok".to_owned())));
        assert_eq!(all, [delivery]);
    }

    #[tokio::test]
    async fn nothing_but_loopback_is_delivered_to() {
        let hooks = Hooks::default();
        for url in ["http://192.0.2.1/x", "https://127.0.0.1:1/x", "http://example.com/x", "nonsense"] {
            let delivery = hooks.deliver(hook(url.to_owned())).await;
            assert_eq!(delivery.reply, Err(Undelivered::Address(url.to_owned())));
        }
        assert_eq!(hooks.tried().len(), 4);
    }
}
