//! One exchange with a server over a plain TCP connection, as Ringostat's client does it: connect, one write, the whole
//! answer, then the server's close.
//!
//! # Ports
//! The server closes first, as asked, and the harness reads up to that close: `TIME_WAIT` stays on the server's side,
//! under the listening port, and the harness's own port is free at once. So one source address carries tens of
//! thousands of connections a second. Where the harness gives up it resets the connection, for the same reason.

use std::{net::SocketAddr, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::{
    answer::{Key, read},
    question::{Question, Wire},
    tally::Fault,
};

/// A server, and what it is asked and must answer.
#[derive(Debug)]
pub struct Door {
    /// Where it listens.
    pub address: SocketAddr,
    /// One per form that is used, in turn.
    pub wires: Vec<Wire>,
    /// What it must answer.
    pub key: Key,
    /// How long the harness waits, for the answer and the close, before it gives up; well past the deadline, so that
    /// *late* is seen as late.
    pub patience: Duration,
}

/// When a right answer was whole, and whether it named a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its last byte arrived.
    pub at: Instant,
    /// It named a destination.
    pub hit: bool,
}

/// The memory of one asker, used again for every exchange.
#[derive(Debug, Default)]
pub struct Scratch {
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Door {
    /// Asks over a connection of its own.
    ///
    /// # Errors
    /// A [`Fault`] for everything that is not a right and whole answer.
    pub async fn ask(&self, question: Question, scratch: &mut Scratch) -> Result<Seen, Fault> {
        let (mut stream, mut answered) = (None, false);
        let whole = async {
            let connecting = TcpStream::connect(self.address).await.map_err(|error| Fault::Connect(error.kind()))?;
            let stream = stream.insert(connecting);
            let (seen, _) = self.exchange(stream, question, scratch).await?;
            answered = true;
            closed(stream).await.map(|()| seen)
        };
        let outcome = timeout(self.patience, whole).await;
        let outcome = outcome.unwrap_or(Err(if answered { Fault::NotClosed } else { Fault::Silent }));
        if let (Err(_), Some(stream)) = (&outcome, &stream) {
            // Without this the harness's port would wait a minute. When it fails, a port is lost for that minute.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        outcome
    }

    /// Asks over `kept`, connecting where there is no connection; leaves none behind after a fault or a close.
    ///
    /// # Errors
    /// A [`Fault`] for everything that is not a right and whole answer.
    pub async fn ask_kept(
        &self,
        kept: &mut Option<TcpStream>,
        question: Question,
        scratch: &mut Scratch,
    ) -> Result<Seen, Fault> {
        let whole = async {
            let mut stream = match kept.take() {
                Some(stream) => stream,
                None => TcpStream::connect(self.address).await.map_err(|error| Fault::Connect(error.kind()))?,
            };
            let (seen, closes) = self.exchange(&mut stream, question, scratch).await?;
            Ok((stream, seen, closes))
        };
        let (stream, seen, closes) = timeout(self.patience, whole).await.unwrap_or(Err(Fault::Silent))?;
        if !closes {
            *kept = Some(stream);
        }
        Ok(seen)
    }

    fn wire(&self, question: Question) -> &Wire {
        // Callers are random, so the forms are; no second dice in the way.
        let place = usize::try_from(question.caller).unwrap_or(0) % self.wires.len();
        &self.wires[place]
    }

    async fn exchange(
        &self,
        stream: &mut TcpStream,
        question: Question,
        scratch: &mut Scratch,
    ) -> Result<(Seen, bool), Fault> {
        let broken = |error: std::io::Error| Fault::Broken(error.kind());
        self.wire(question).write(question.caller, &mut scratch.request);
        stream.write_all(&scratch.request).await.map_err(broken)?;
        scratch.reply.clear();
        scratch.reply.reserve(2048);
        loop {
            if stream.read_buf(&mut scratch.reply).await.map_err(broken)? == 0 {
                return Err(Fault::Cut);
            }
            if let Some(reply) = read(&scratch.reply)? {
                let at = Instant::now();
                let hit = self.key.check(&reply, question.expected)?;
                return Ok((Seen { at, hit }, reply.closes));
            }
        }
    }
}

async fn closed(stream: &mut TcpStream) -> Result<(), Fault> {
    let mut more = [0_u8; 64];
    match stream.read(&mut more).await {
        Ok(0) => Ok(()),
        Ok(_) => Err(Fault::Wrong("bytes after the answer".to_owned())),
        Err(error) => Err(Fault::Broken(error.kind())),
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, time::Duration};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{Door, Scratch, Seen};
    use crate::{
        answer::Key,
        question::{Expected, Form, Question, Wire},
        tally::Fault,
    };

    const QUESTION: Question = Question { caller: 380_671_112_233, expected: Expected::Destination(0) };
    const RIGHT: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";

    fn door(address: std::net::SocketAddr, kept: bool) -> Door {
        let wires = vec![Wire::new(Form::Query, "predial.example", "/acme/route/sales?token=t", kept)];
        Door { address, wires, key: Key::Fixed(b"{}".to_vec()), patience: Duration::from_secs(5) }
    }

    /// Asks a server that sends `bytes` and then closes, or, where it is to `hold`, keeps the connection open.
    async fn answered_with(bytes: &'static str, hold: bool) -> Result<Seen, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut door = door(listener.local_addr().expect("an address"), false);
        if hold {
            door.patience = Duration::from_millis(30);
        }
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0_u8; 1024];
            assert_ne!(stream.read(&mut request).await.expect("a request"), 0);
            stream.write_all(bytes.as_bytes()).await.expect("the harness listens");
            if hold { Some(stream) } else { None }
        });
        let outcome = door.ask(QUESTION, &mut Scratch::default()).await;
        drop(server.await);
        outcome
    }

    #[tokio::test]
    async fn a_whole_right_answer_and_a_close_is_no_fault() {
        assert!(answered_with(RIGHT, false).await.is_ok_and(|seen| seen.hit));
    }

    #[tokio::test]
    async fn every_other_end_is_a_fault() {
        assert_eq!(answered_with("", false).await, Err(Fault::Cut));
        assert_eq!(answered_with("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", false).await, Err(Fault::Cut));
        assert_eq!(answered_with("", true).await, Err(Fault::Silent));
        assert_eq!(answered_with(RIGHT, true).await, Err(Fault::NotClosed));
        let somebody_else = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n[]";
        assert!(matches!(answered_with(somebody_else, false).await, Err(Fault::Wrong(_))));
    }

    #[tokio::test]
    async fn a_door_that_is_shut_is_a_fault() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let outcome = door(address, false).ask(QUESTION, &mut Scratch::default()).await;
        assert_eq!(outcome, Err(Fault::Connect(ErrorKind::ConnectionRefused)));
    }

    #[tokio::test]
    async fn a_kept_connection_is_used_again_until_the_server_closes_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let door = door(listener.local_addr().expect("an address"), true);
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("one connection");
            let mut request = [0_u8; 1024];
            for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", RIGHT] {
                assert_ne!(stream.read(&mut request).await.expect("a request"), 0);
                stream.write_all(answer.as_bytes()).await.expect("the harness listens");
            }
        });
        let (mut kept, mut scratch) = (None, Scratch::default());
        assert!(door.ask_kept(&mut kept, QUESTION, &mut scratch).await.is_ok());
        assert!(kept.is_some());
        assert!(door.ask_kept(&mut kept, QUESTION, &mut scratch).await.is_ok());
        assert!(kept.is_none(), "the second answer said close");
        server.await.expect("the server saw two requests on one connection");
    }
}
