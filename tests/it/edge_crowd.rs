//! Ten thousand connections at once, from a process of their own, at a door in a process of its own.
//!
//! The processes are this binary again, told by the environment which test to be. Three kinds of clients make the crowd:
//! one third says nothing, one third stops within its head, one third has asked once and keeps its connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use predial::{
    app::runtime::make_room,
    base::environment::{Environment, ProcessEnvironment},
};

use crate::edge_client::{Client, get, get_kept, ok, path};
use crate::edge_desk::{Desk, KNOWN};
use crate::stage_settings::{ANNA, process};

/// How many are wanted, and how few will do where the system has no descriptors for more.
const WANTED: usize = 10_000;
const FEWEST: usize = 4_000;
/// What one connection may cost the door: hyper's buffer of 8 KiB, room for a reply, 4 KiB of tasks' and requests' state,
/// and half as much again for the allocator. Measured: 16.6 KiB.
const BYTES_PER_CONNECTION: usize = 24 << 10;
/// What tells a process of this binary its part.
const PART: &str = "PREDIAL_TEST_CROWD";

#[test]
fn ten_thousand_connections_at_once_leave_look_ups_answered_and_memory_bounded() {
    let mut door = Part::start("the_door", "");
    let address: SocketAddr = door.line().parse().expect("an address");
    let look_up = || {
        let mut client = Client::connect(address);
        client.send(get(&path("plain", KNOWN)));
        assert_eq!(client.rest(), ok("text/plain", ANNA));
    };
    look_up();
    let before = door.resident_bytes();
    let mut crowd = Part::start("the_crowd", &address.to_string());
    let count: usize = crowd.line().parse().expect("a count");
    if count < WANTED {
        println!("only {count} connections of {WANTED}: the system has no descriptors for more");
    }
    assert!(count >= FEWEST, "expected at least {FEWEST} connections, found descriptors for {count}");
    assert_eq!(door.told("open"), count.to_string(), "all are open at once");
    for _ in 0..200 {
        look_up();
    }
    let grown = door.resident_bytes().saturating_sub(before);
    let each = grown / count;
    println!("{count} connections hold {grown} bytes, {each} each");
    assert!(each <= BYTES_PER_CONNECTION, "expected at most {BYTES_PER_CONNECTION} bytes a connection, found {each}");
    assert_eq!(crowd.told("finish"), count.to_string(), "every one of them is answered in the end");
    crowd.end();
    assert_eq!(door.told("empty"), "0");
    door.end();
}

/// A process that plays a part.
struct Part {
    child: Child,
    tell: ChildStdin,
    hear: BufReader<ChildStdout>,
}

impl Part {
    fn start(part: &str, word: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args([&format!("edge_crowd::{part}"), "--exact", "--nocapture", "--test-threads", "1"])
            .env(PART, word)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let (tell, hear) = (child.stdin.take().expect("its input"), child.stdout.take().expect("its output"));
        Self { child, tell, hear: BufReader::new(hear) }
    }

    /// What it says next; the test harness it runs in says things, too.
    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.hear.read_line(&mut line).expect("text") > 0, "expected a word, found the end of the part");
            if let Some((_, said)) = line.split_once(SAYS) {
                return said.trim().to_owned();
            }
        }
    }

    fn told(&mut self, word: &str) -> String {
        writeln!(self.tell, "{word}").expect("it listens");
        self.line()
    }

    fn resident_bytes(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
        let kib: usize = resident.trim().trim_end_matches(" kB").parse().expect("a number of kB");
        kib << 10
    }

    fn end(mut self) {
        drop(self.tell);
        assert!(self.child.wait().expect("an end").success());
    }
}

/// Before what a part says.
const SAYS: &str = "part says: ";

fn say(what: impl std::fmt::Display) {
    writeln!(std::io::stdout(), "{SAYS}{what}").expect("it is heard");
}

/// A part of the test above, which starts it; nothing without the word that tells it to be played.
#[test]
fn the_door() {
    if ProcessEnvironment.get(PART).is_none() {
        return;
    }
    let mut settings = process();
    settings.edge.max_connections = WANTED + 100;
    settings.edge.head_timeout = Duration::from_secs(600);
    settings.edge.idle_timeout = Duration::from_secs(600);
    make_room(settings.edge.max_connections).expect("limits");
    let desk = Desk::warm(&settings);
    say(desk.address);
    for word in std::io::stdin().lines() {
        if word.expect("a word") == "empty" {
            desk.wait_connections(0);
        }
        say(desk.behind.door.connections());
    }
}

/// A part of the test above, which starts it; nothing without the word that tells it to be played.
#[test]
fn the_crowd() {
    let Some(address) = ProcessEnvironment.get(PART) else { return };
    let room = usize::try_from(make_room(WANTED).expect("limits")).expect("a number").saturating_sub(100);
    let mut crowd: Vec<TcpStream> = (0..WANTED.min(room))
        .map(|_| {
            let stream = TcpStream::connect(&address).expect("a connection");
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
            stream
        })
        .collect();
    let request = get_kept(&path("plain", KNOWN));
    let (first_half, second_half) = request.split_at(30);
    for (at, stream) in crowd.iter_mut().enumerate() {
        match at % 3 {
            0 => {}
            1 => stream.write_all(first_half.as_bytes()).expect("sent"),
            _ => assert!(answered(stream, &request)),
        }
    }
    say(crowd.len());
    std::io::stdin().read_line(&mut String::new()).expect("a word");
    let asked = crowd.iter_mut().enumerate().map(|(at, stream)| match at % 3 {
        1 => answered(stream, second_half),
        _ => answered(stream, &request),
    });
    say(asked.filter(|&answered| answered).count());
}

/// Sends and reads one reply, whose length is known: only its date changes.
fn answered(stream: &mut TcpStream, request: &str) -> bool {
    stream.write_all(request.as_bytes()).expect("sent");
    let shape = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\
                 \r\n\r\nacme_anna";
    let mut reply = vec![0; shape.len()];
    stream.read_exact(&mut reply).is_ok() && reply.starts_with(&shape.as_bytes()[..40]) && reply.ends_with(b"acme_anna")
}
