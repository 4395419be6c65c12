//! What is asked: numbers, what must be answered for each, and the request's bytes.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use rand::{Rng, rngs::SmallRng};
use serde::Deserialize;

/// What the answer to a number must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// This destination, by its place in [`Book::destinations`].
    Destination(u16),
    /// Nobody.
    Miss,
    /// This destination, or nobody where the CRM could not be asked in time.
    DestinationOrMiss(u16),
}

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The caller, digits only.
    pub caller: u64,
    /// What must come back.
    pub expected: Expected,
}

/// A number that the CRM has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The number, digits only.
    pub caller: u64,
    /// Whose it is, by its place in [`Book::destinations`]; `None` when nobody of ours owns it.
    pub destination: Option<u16>,
}

/// The numbers of the stand-in CRM.
#[derive(Debug, Default)]
pub struct Book {
    /// Every number once.
    pub known: Vec<Known>,
    /// Where calls can go.
    pub destinations: Vec<String>,
}

impl Book {
    /// So many numbers, for servers that no CRM stands behind.
    #[must_use]
    pub fn invented(numbers: usize) -> Self {
        let destinations: Vec<_> = (1..=4).map(|which| format!("acme_{which}")).collect();
        let known = (0..numbers as u64)
            .map(|place| Known { caller: 380_670_000_000 + place * 7, destination: Some((place % 4) as u16) });
        Self { known: known.collect(), destinations }
    }

    /// The body of a JSON answer.
    #[must_use]
    pub fn body(field: &str, destination: &str) -> String {
        format!("{{\"{field}\":\"{destination}\"}}")
    }

    /// Writes `CALLER BODY`, a row for each number that has a destination.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_entries(&self, path: &Path, field: &str) -> io::Result<()> {
        let bodies: Vec<_> = self.destinations.iter().map(|name| Self::body(field, name)).collect();
        let mut out = BufWriter::new(File::create(path)?);
        for known in &self.known {
            if let Some(destination) = known.destination {
                writeln!(out, "{} {}", known.caller, bodies[usize::from(destination)])?;
            }
        }
        out.flush()
    }
}

/// Numbers that no sample client has begin here.
const NOBODYS: u64 = 380_890_000_000;
/// How many of them there are.
pub const MOST_STRANGERS: u64 = 10_000_000;

/// How the numbers of a run are chosen.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Where known numbers come from.
    pub book: Arc<Book>,
    /// Of a hundred questions, how many are about numbers that the CRM has.
    pub known_percent: f64,
    /// How many others there are.
    pub strangers: u64,
    /// Whether a known number may be answered by a miss: the service has not read the CRM.
    pub may_miss: bool,
}

impl Mix {
    /// The next question, at random.
    pub fn draw(&self, dice: &mut SmallRng) -> Question {
        if self.book.known.is_empty() || dice.random::<f64>() * 100.0 >= self.known_percent {
            return Question { caller: NOBODYS + dice.random_range(0..self.strangers), expected: Expected::Miss };
        }
        let known = self.book.known[dice.random_range(0..self.book.known.len())];
        let expected = match known.destination {
            None => Expected::Miss,
            Some(destination) if self.may_miss => Expected::DestinationOrMiss(destination),
            Some(destination) => Expected::Destination(destination),
        };
        Question { caller: known.caller, expected }
    }
}

/// The form of a request, as the telephone system's settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// `GET`, parameters in the query.
    Query,
    /// `POST`, a form as body.
    Form,
    /// `POST`, a JSON object whose values are percent-encoded once more.
    Json,
    /// `POST`, JSON-RPC 2.0.
    JsonRpc,
}

/// The parts of a request that are the same for every caller, written once.
///
/// # Shape
/// Line and headers as in Ringostat's published sample; the caller is the only thing that changes, and with it the
/// body's length.
#[derive(Debug)]
pub struct Wire {
    /// Up to the caller in the query, or up to the value of `Content-Length`.
    head: Vec<u8>,
    /// The rest of the headers.
    tail: Vec<u8>,
    /// What stands before and after the caller in the body.
    body: Option<(&'static [u8], &'static [u8])>,
    /// Whether the connection is kept for further requests.
    pub kept: bool,
}

impl Wire {
    /// Requests of one form to `path`, which ends with the token's parameter, at `host`.
    #[must_use]
    pub fn new(form: Form, host: &str, path: &str, kept: bool) -> Self {
        let shared = format!("Host: {host}\r\nOrigin: {host}\r\nUser-Agent: ringostat HTTP Client v1.1\r\n");
        let end = if kept { "\r\n\r\n" } else { "\r\nConnection: close\r\n\r\n" };
        let post = |kind| format!("POST {path} HTTP/1.1\r\n{shared}Content-Type: {kind}\r\nContent-Length: ");
        let (head, tail, body) = match form {
            Form::Query => {
                let rest = shared.trim_end();
                (format!("GET {path}&call_id=us1_-1728.77&caller="), format!(" HTTP/1.1\r\n{rest}{end}"), None)
            }
            Form::Form => (post("application/x-www-form-urlencoded"), end.to_owned(), Some(FORM)),
            Form::Json => (post("application/json"), end.to_owned(), Some(JSON)),
            Form::JsonRpc => (post("application/json"), end.to_owned(), Some(JSON_RPC)),
        };
        Self { head: head.into_bytes(), tail: tail.into_bytes(), body, kept }
    }

    /// Writes the request about `caller` into `buffer`, which is emptied first.
    pub fn write(&self, caller: u64, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.head);
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(caller).as_bytes();
        let Some((before, after)) = self.body else {
            buffer.extend_from_slice(digits);
            buffer.extend_from_slice(&self.tail);
            return;
        };
        let length = before.len() + digits.len() + after.len();
        buffer.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        for part in [&self.tail, before, digits, after] {
            buffer.extend_from_slice(part);
        }
    }
}

const FORM: (&[u8], &[u8]) = (b"call_id=us1_-1728.77&caller=%2B", b"");
const JSON: (&[u8], &[u8]) = (br#"{"call_id":"pkv","step_forward":"webhookNumber%3A120","caller":"%2B"#, br#""}"#);
const JSON_RPC: (&[u8], &[u8]) =
    (br#"{"jsonrpc":"2.0","method":"who","params":{"call_id":"pkv","caller":""#, br#""},"id":7}"#);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rand::{SeedableRng, rngs::SmallRng};

    use super::{Book, Expected, Form, Known, Mix, Question, Wire};

    fn text(form: Form, kept: bool) -> String {
        let mut buffer = b"left over".to_vec();
        Wire::new(form, "127.0.0.1:8080", "/acme/route/sales?token=t", kept).write(380_671_112_233, &mut buffer);
        String::from_utf8(buffer).expect("requests are text")
    }

    #[test]
    fn a_query_closes_its_connection_as_ringostats_client_does() {
        assert_eq!(
            text(Form::Query, false),
            "GET /acme/route/sales?token=t&call_id=us1_-1728.77&caller=380671112233 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\
             Origin: 127.0.0.1:8080\r\nUser-Agent: ringostat HTTP Client v1.1\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_kept_query_does_not_ask_to_close() {
        assert!(!text(Form::Query, true).contains("Connection"));
        assert!(text(Form::Query, true).ends_with("v1.1\r\n\r\n"));
    }

    #[test]
    fn the_length_of_a_body_is_said() {
        for form in [Form::Form, Form::Json, Form::JsonRpc] {
            let text = text(form, false);
            let (head, body) = text.split_once("\r\n\r\n").expect("a body");
            assert!(head.contains(&format!("Content-Length: {}\r\nConnection: close", body.len())), "{text}");
            assert!(body.contains("380671112233"), "{text}");
        }
    }

    #[test]
    fn shares_of_a_mix_are_kept_and_nobodys_numbers_are_misses() {
        let known = vec![Known { caller: 380_671_112_233, destination: Some(0) }];
        let book = Arc::new(Book { known, destinations: vec!["acme_anna".to_owned()] });
        let mix = Mix { book, known_percent: 25.0, strangers: 10, may_miss: false };
        let mut dice = SmallRng::seed_from_u64(1);
        let hit = Question { caller: 380_671_112_233, expected: Expected::Destination(0) };
        let drawn: Vec<_> = (0..10_000).map(|_| mix.draw(&mut dice)).collect();
        let hits = drawn.iter().filter(|&&question| question == hit).count();
        assert!((2300..2700).contains(&hits), "{hits} of 10,000, expected a quarter");
        assert!(drawn.iter().filter(|&&question| question != hit).all(|question| question.expected == Expected::Miss));
    }
}
