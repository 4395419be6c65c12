//! The edge door in front of a world, and a telephone system that asks it through a real socket.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up, or is answered wrongly, ends there")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use predial::base::metric::Metrics;
use predial::project::Current;
use predial::routing::Exchange;
use predial::server::{Door, listen};

use crate::world::{Question, World, process};

/// The door onto a world, with the settings a service starts with, and the listener it is to be served on.
pub(crate) fn door(world: &World) -> (SocketAddr, TcpListener, Arc<Door>) {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1).expect("a listener").remove(0);
    let address = listener.local_addr().expect("an address");
    let exchange = Arc::new(Current::new(Arc::new(Exchange::new([Arc::clone(&world.line)]))));
    let door = Door::new(exchange, &process(), Metrics::new().process(), world.line.directory.clock());
    (address, listener, Arc::new(door))
}

/// A question as the telephone system writes it.
pub(crate) fn request(question: &Question, connection: &str) -> Vec<u8> {
    let method = if question.body.is_empty() { "GET" } else { "POST" };
    let typed = question.content_type.map_or_else(String::new, |typed| {
        format!("Content-Type: {typed}\r\nContent-Length: {}\r\n", question.body.len())
    });
    let (block, query, body) = (question.block, question.query, question.body);
    format!(
        "{method} /acme/route/{block}?{query} HTTP/1.1\r\nHost: predial.example\r\nOrigin: predial.example\r\n\
         User-Agent: ringostat HTTP Client v1.1\r\n{typed}Connection: {connection}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A connection of the telephone system's.
pub(crate) struct Caller {
    stream: TcpStream,
    reply: Vec<u8>,
}

impl Caller {
    /// Connects.
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, reply: vec![0; 4096] }
    }

    /// Asks and reads the whole reply, which must be a 200 with `answer` for a body.
    pub(crate) fn ask(&mut self, request: &[u8], answer: &str) {
        self.stream.write_all(request).expect("a question");
        let mut held = 0;
        loop {
            let read = self.stream.read(&mut self.reply[held..]).expect("a reply");
            assert!(read > 0, "the connection was closed after {:?}", String::from_utf8_lossy(&self.reply[..held]));
            held += read;
            let reply = &self.reply[..held];
            if let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n")
                && held >= head + 4 + answer.len()
            {
                let right = reply.starts_with(b"HTTP/1.1 200 OK\r\n") && &reply[head + 4..] == answer.as_bytes();
                assert!(right, "expected {answer:?}, found {:?}", String::from_utf8_lossy(reply));
                return;
            }
        }
    }
}
