//! Small questions to doors for operators, the service's and the stand-in CRM's: JSON, a connection each.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Method, Request,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

/// No reply to the harness is larger.
const MOST_BODY: usize = 1 << 20;
/// Doors on loopback answer sooner.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reply.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Reads `path` at `address`.
///
/// # Errors
/// Whatever keeps a whole reply from coming; a status is no error.
pub async fn get(address: SocketAddr, path: &str) -> io::Result<Reply> {
    send(address, Method::GET, path, None).await
}

/// Sends `json` to `path` at `address`.
///
/// # Errors
/// As [`get`].
pub async fn post(address: SocketAddr, path: &str, json: &Value) -> io::Result<Reply> {
    send(address, Method::POST, path, Some(json)).await
}

/// Deletes `path` at `address`.
///
/// # Errors
/// As [`get`].
pub async fn delete(address: SocketAddr, path: &str) -> io::Result<Reply> {
    send(address, Method::DELETE, path, None).await
}

async fn send(address: SocketAddr, method: Method, path: &str, json: Option<&Value>) -> io::Result<Reply> {
    let whole = async {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // Its end shows in the reply, or in what is missing of it.
        tokio::spawn(async move { drop(connection.await) });
        let body = json.map(|json| Bytes::from(json.to_string())).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, address.to_string())
            .header(CONNECTION, "close")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(io::Error::other)?;
        let (head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
        let body = Limited::new(body, MOST_BODY).collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    };
    timeout(PATIENCE, whole).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
