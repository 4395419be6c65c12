//! A telephone system that asks as Ringostat does, before it dials.
//!
//! Bytes are written by hand and read by hand: what is under test is what a hand-written HTTP client of a telephone
//! system can live with. One connection per question, no keep-alive, no redirect followed, no chunk understood.
//!
//! # Source
//! Ringostat's help articles on the webhook forwarding number (sample request, settings, encodings), seen 2026-11-20.

mod answer;
mod ask;

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

pub use answer::{AnswerForm, NoDestination};
pub use ask::{Ask, Form, Id, Params, Token};

/// A reply has no more than this.
const MOST_REPLY: usize = 1024 * 1024;

/// A telephone system that asks at one address.
#[derive(Debug, Clone)]
pub struct Pbx {
    address: SocketAddr,
    host: String,
    patience: Duration,
}

/// A reply, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, exactly as long as `content-length` says.
    pub body: Vec<u8>,
    /// From the first attempt to connect to the last byte of the body.
    pub took: Duration,
}

impl Pbx {
    /// A telephone system that waits ten seconds for an answer.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, host: address.to_string(), patience: Duration::from_secs(10) }
    }

    /// Waits no longer than this for an answer.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Says this in `Host` and `Origin` instead of the address.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the system says about the connection; `TimedOut` when patience ends; `InvalidData` for a reply that a
    /// telephone system could not read: no length, chunks, a redirect, a compressed body, more bytes than promised;
    /// `UnexpectedEof` for fewer.
    pub async fn ask(&self, ask: &Ask) -> io::Result<Heard> {
        self.send(&ask.bytes(&self.host)).await
    }

    /// Sends any bytes, and waits for an answer to them.
    ///
    /// # Errors
    /// As [`Pbx::ask`].
    pub async fn send(&self, request: &[u8]) -> io::Result<Heard> {
        let began = Instant::now();
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            stream.write_all(request).await?;
            hear(&mut stream).await
        };
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {:?}", self.patience));
        let mut heard = timeout(self.patience, exchange).await.map_err(late)??;
        heard.took = began.elapsed();
        Ok(heard)
    }
}

async fn hear(stream: &mut TcpStream) -> io::Result<Heard> {
    let mut bytes = Vec::with_capacity(1_024);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut bytes).await?;
    };
    let mut heard = head(&bytes[..end])?;
    let length = heard.length()?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        more(stream, &mut body).await?;
    }
    if body.len() > length {
        return Err(unreadable(format!("expected {length} bytes of body, found {} and more", body.len())));
    }
    heard.body = body;
    Ok(heard)
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    if bytes.len() > MOST_REPLY {
        return Err(unreadable(format!("expected a reply of at most {MOST_REPLY} bytes, found more")));
    }
    if stream.read_buf(bytes).await? == 0 {
        let text = format!("the reply ends after {} bytes", bytes.len());
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
    }
    Ok(())
}

fn unreadable(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

fn head(bytes: &[u8]) -> io::Result<Heard> {
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable("expected a head in ASCII"))?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| unreadable(format!("expected a status line, found {first:?}")))?;
    let header = |line: &str| {
        let pair = line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        pair.ok_or_else(|| unreadable(format!("expected a header, found {line:?}")))
    };
    let headers = lines.map(header).collect::<io::Result<_>>()?;
    Ok(Heard { status, headers, body: Vec::new(), took: Duration::ZERO })
}

impl Heard {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The length of the body, as promised.
    fn length(&self) -> io::Result<usize> {
        for name in ["transfer-encoding", "content-encoding", "location"] {
            if let Some(value) = self.header(name) {
                return Err(unreadable(format!("expected no {name}, found {value:?}")));
            }
        }
        match (self.status, self.header("content-length")) {
            (204, None) => Ok(0),
            (204, Some(length)) => Err(unreadable(format!("expected a 204 without length, found {length}"))),
            (_, Some(length)) => length.parse().map_err(|_| unreadable(format!("expected a length, found {length:?}"))),
            (_, None) => Err(unreadable("expected a content-length, found none")),
        }
    }
}
