//! Reading a reply, and holding it against what it must be. A load run that does not check its answers measures errors.

use httparse::{EMPTY_HEADER, Response, Status};

use crate::{
    question::{Book, Expected},
    tally::Fault,
};

/// A whole reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
    /// Whether the server says that it closes.
    pub closes: bool,
}

/// Reads a reply from what has arrived; `None` while more must come.
///
/// # Errors
/// [`Fault::Wrong`] for what is not HTTP, has no `Content-Length` (CONTRACT promises one), or goes on after its body.
pub fn read(arrived: &[u8]) -> Result<Option<Reply<'_>>, Fault> {
    let mut headers = [EMPTY_HEADER; 24];
    let mut response = Response::new(&mut headers);
    let head = match response.parse(arrived) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(Fault::Wrong(format!("not HTTP: {error}"))),
    };
    let status = response.code.unwrap_or(0);
    let (mut length, mut closes) = ((status == 204).then_some(0), false);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
        } else if header.name.eq_ignore_ascii_case("connection") {
            closes = header.value.eq_ignore_ascii_case(b"close");
        }
    }
    let Some(length) = length else {
        return Err(Fault::Wrong(format!("status {status}, expected a content-length found none")));
    };
    let body = &arrived[head..];
    match body.len().cmp(&length) {
        std::cmp::Ordering::Less => Ok(None),
        std::cmp::Ordering::Equal => Ok(Some(Reply { status, body, closes })),
        std::cmp::Ordering::Greater => Err(Fault::Wrong(format!("expected {length} bytes of body, found more"))),
    }
}

/// The bodies that answers must have, byte for byte.
#[derive(Debug)]
pub enum Key {
    /// Always this one: a server with a fixed reply.
    Fixed(Vec<u8>),
    /// A redirection, whoever is asked about: everybody has a card.
    Moved,
    /// By the question.
    ByQuestion {
        /// One per destination of the book.
        hits: Vec<Vec<u8>>,
        /// The body of a miss.
        miss: Vec<u8>,
    },
}

impl Key {
    /// The bodies of a block that answers JSON with `field`.
    #[must_use]
    pub fn json(field: &str, book: &Book) -> Self {
        let body = |destination: &str| Book::body(field, destination).into_bytes();
        Self::ByQuestion { hits: book.destinations.iter().map(|name| body(name)).collect(), miss: body("") }
    }

    /// Whether `reply` names a destination.
    ///
    /// # Errors
    /// [`Fault::Wrong`] when it is not what it must be.
    pub fn check(&self, reply: &Reply<'_>, expected: Expected) -> Result<bool, Fault> {
        let status = if matches!(self, Self::Moved) { 302 } else { 200 };
        if reply.status != status {
            return Err(Fault::Wrong(format!("expected status {status}, found {}", reply.status)));
        }
        let (hits, miss) = match self {
            Self::Fixed(body) => return same(reply.body, body).map(|()| true),
            Self::Moved => return same(reply.body, b"").map(|()| true),
            Self::ByQuestion { hits, miss } => (hits, miss),
        };
        match expected {
            Expected::Destination(at) => same(reply.body, &hits[usize::from(at)]).map(|()| true),
            Expected::Miss => same(reply.body, miss).map(|()| false),
            Expected::DestinationOrMiss(_) if reply.body == miss => Ok(false),
            Expected::DestinationOrMiss(at) => same(reply.body, &hits[usize::from(at)]).map(|()| true),
        }
    }
}

fn same(found: &[u8], expected: &[u8]) -> Result<(), Fault> {
    if found == expected {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    Err(Fault::Wrong(format!("expected {} found {}", text(expected), text(found))))
}

#[cfg(test)]
mod tests {
    use super::{Key, Reply, read};
    use crate::{
        question::{Book, Expected},
        tally::Fault,
    };

    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nconnection: close\r\nContent-Length: 2\r\n\r\n{}";

    fn key() -> Key {
        Key::json(
            "destination",
            &Book { known: Vec::new(), destinations: vec!["anna".to_owned(), "bohdan".to_owned()] },
        )
    }

    fn reply(status: u16, body: &str) -> Reply<'_> {
        Reply { status, body: body.as_bytes(), closes: true }
    }

    #[test]
    fn a_reply_is_whole_at_its_last_byte_and_not_before() {
        for cut in 0..ANSWER.len() {
            assert_eq!(read(&ANSWER[..cut]), Ok(None), "after {cut} bytes");
        }
        assert_eq!(read(ANSWER), Ok(Some(reply(200, "{}"))));
        assert!(read(&[ANSWER, b"x"].concat()).is_err(), "a byte too many is wrong");
    }

    #[test]
    fn a_reply_without_length_is_wrong_but_204_needs_none() {
        assert!(read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok_and(|reply| reply.is_some()));
        assert!(read(b"220 mail.example ESMTP\r\n").is_err());
    }

    #[test]
    fn a_card_is_a_redirection_and_nothing_else() {
        assert_eq!(Key::Moved.check(&reply(302, ""), Expected::Miss), Ok(true));
        for wrong in [reply(404, ""), reply(200, ""), reply(302, "x")] {
            assert!(Key::Moved.check(&wrong, Expected::Destination(0)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_that_names_somebody_else_is_an_error() {
        let key = key();
        assert_eq!(key.check(&reply(200, r#"{"destination":"anna"}"#), Expected::Destination(0)), Ok(true));
        assert_eq!(key.check(&reply(200, r#"{"destination":""}"#), Expected::Miss), Ok(false));
        for (wrong, expected) in [
            (reply(200, r#"{"destination":"bohdan"}"#), Expected::Destination(0)),
            (reply(200, r#"{"destination":""}"#), Expected::Destination(0)),
            (reply(200, r#"{"destination":"anna"}"#), Expected::Miss),
            (reply(500, r#"{"destination":"anna"}"#), Expected::Destination(0)),
        ] {
            assert!(matches!(key.check(&wrong, expected), Err(Fault::Wrong(_))), "{wrong:?}");
        }
    }

    #[test]
    fn where_the_crm_could_not_be_asked_a_miss_will_do_but_nobody_else_will() {
        let (key, expected) = (key(), Expected::DestinationOrMiss(1));
        assert_eq!(key.check(&reply(200, r#"{"destination":"bohdan"}"#), expected), Ok(true));
        assert_eq!(key.check(&reply(200, r#"{"destination":""}"#), expected), Ok(false));
        assert!(key.check(&reply(200, r#"{"destination":"anna"}"#), expected).is_err());
    }
}
