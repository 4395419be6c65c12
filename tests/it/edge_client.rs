//! A client of the edge door that sends and sees bytes.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use crate::edge_desk::TOKEN;

/// Nothing takes so long: a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client sees, on a thread of its own.
pub(crate) async fn seen<T: Send + 'static>(client: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(client).await.expect("a client")
}

/// A client that sends and sees bytes.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("sent");
    }

    /// Sends while the server may already have closed.
    pub(crate) fn send_regardless(&mut self, bytes: impl AsRef<[u8]>) {
        // The test looks at what comes back.
        let _ = self.0.write_all(bytes.as_ref());
    }

    /// Closes the writing half.
    pub(crate) fn hush(&self) {
        self.0.shutdown(Shutdown::Write).expect("closed");
    }

    /// One reply, by its Content-Length, without its date.
    pub(crate) fn reply(&mut self) -> String {
        let mut read = Vec::new();
        let body_at = loop {
            if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            read.push(self.byte());
        };
        let head = String::from_utf8(read.clone()).expect("a head of text").to_lowercase();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        while read.len() < body_at + length {
            read.push(self.byte());
        }
        undated(&read)
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.0.read_exact(&mut byte).expect("a byte of a reply");
        byte[0]
    }

    /// Everything until the end, without dates. A reset is an end, too.
    pub(crate) fn rest(&mut self) -> String {
        let mut read = Vec::new();
        let mut room = [0; 4096];
        loop {
            match self.0.read(&mut room) {
                Ok(0) => break,
                Ok(length) => read.extend_from_slice(&room[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => panic!("expected an end, found {error} after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        undated(&read)
    }
}

/// A reply without its date, which has to be there and to look like one.
fn undated(reply: &[u8]) -> String {
    let text = String::from_utf8(reply.to_vec()).expect("a reply of text");
    let mut kept = String::new();
    for line in text.split_inclusive("\r\n") {
        match line.strip_prefix("date: ") {
            Some(date) => assert!(date.len() == 31 && date.ends_with(" GMT\r\n"), "{date:?}"),
            None => kept.push_str(line),
        }
    }
    kept
}

/// `GET`, as Ringostat sends it.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: desk\r\nUser-Agent: ringostat HTTP Client v1.1\r\nConnection: close\r\n\r\n")
}

/// `GET` that keeps its connection.
pub(crate) fn get_kept(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: desk\r\n\r\n")
}

/// A request with a body, as Ringostat sends it.
pub(crate) fn with_body(method: &str, path: &str, content_type: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: desk\r\nOrigin: desk\r\nUser-Agent: ringostat HTTP Client v1.1\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The path of a block of `acme`, with its token and a caller.
pub(crate) fn path(block: &str, caller: &str) -> String {
    format!("/acme/route/{block}?token={TOKEN}&caller={caller}")
}

/// The last reply of a connection: 200 with a body of this type.
pub(crate) fn ok(content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A reply without a body that ends its connection.
pub(crate) fn bare(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: 0\r\n\r\n")
}
