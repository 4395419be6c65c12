//! A client that hides nothing: one connection per request, bytes in, bytes out.

use std::io;

use sandbox::{
    kit::{Asked, Bodies, Running, Vendor, answer},
    pipedrive::{Options, Pipedrive},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const TOKEN: (&str, &str) = ("x-api-token", "sandbox-token");

/// A reply as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|problem| panic!("{problem}: {self:?}"))
    }

    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()["data"].clone()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn next_cursor(&self) -> Option<String> {
        self.json()["additional_data"]["next_cursor"].as_str().map(str::to_owned)
    }
}

/// Sends a request and reads until the stand-in closes.
pub(crate) async fn exchange<V: Vendor>(
    sandbox: &Running<V>,
    head: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(sandbox.address()).await?;
    let mut request = format!("{head} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let reply = parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no whole head"))?;
    hold(sandbox, head, &reply);
    Ok(reply)
}

/// Holds a refusal, a token, and no token against the vendor's closed lists.
fn hold<V: Vendor>(sandbox: &Running<V>, head: &str, reply: &Reply) {
    judged(sandbox, head, reply).transpose().unwrap_or_else(|wrong| panic!("{wrong}"));
}

/// The place of the list that a reply fits, where it is one that lists are for; a status that was staged is not the
/// vendor's.
pub(crate) fn judged<V: Vendor>(sandbox: &Running<V>, head: &str, reply: &Reply) -> Option<Result<usize, String>> {
    let bodies = Bodies::of::<V>().expect("lists");
    let path = head.split_once(' ')?.1.split('?').next()?;
    let of = answer(V::is_for_tokens(path), reply.status, &reply.text());
    let of = of.filter(|_| !bodies.body.is_empty() && !path.starts_with("/sandbox"))?;
    let asked = sandbox.asked();
    let same = |asked: &&Asked| asked.path == path && asked.status == Some(reply.status);
    let genuine = asked.iter().rev().find(same).is_some_and(|asked| matches!(asked.fault, None | Some("rate_limit")));
    genuine.then(|| bodies.judge(of, reply.status, path, &reply.text()))
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let (first, rest) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Reply { status, headers: rest.lines().filter_map(header).collect(), body: bytes[end + 4..].to_vec() })
}

pub(crate) async fn get(sandbox: &Pipedrive, path: &str) -> Reply {
    exchange(sandbox, &format!("GET {path}"), &[TOKEN], "").await.expect("a reply")
}

pub(crate) async fn post(sandbox: &Pipedrive, path: &str, body: &Value) -> Reply {
    exchange(sandbox, &format!("POST {path}"), &[], &body.to_string()).await.expect("a reply")
}

/// A stand-in with so many clients, whose time stands still, and no limit that a test about something else would meet.
pub(crate) async fn sandbox(clients: usize) -> Pipedrive {
    let mut options = Options { clients, still: true, ..Options::default() };
    options.limits.burst = Some(100_000);
    options.limits.search_burst = 100_000;
    options.limits.daily_tokens = Some(1_000_000_000);
    Pipedrive::start(options).await.expect("started")
}

/// Every record of a list of the second API, page by page.
pub(crate) async fn all(sandbox: &Pipedrive, path: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let from = cursor.map(|cursor| format!("{joint}cursor={cursor}")).unwrap_or_default();
        let reply = get(sandbox, &format!("{path}{from}")).await;
        records.extend(reply.data().as_array().expect("a list").iter().cloned());
        match reply.next_cursor() {
            Some(next) => cursor = Some(next),
            None => return records,
        }
    }
}

pub(crate) fn ids(records: &[Value]) -> Vec<u64> {
    records.iter().map(|record| record["id"].as_u64().expect("an id")).collect()
}
