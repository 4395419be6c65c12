//! The harness's own program, from outside.

#![expect(clippy::expect_used, clippy::panic, reason = "what fails in the scaffolding of a test fails the test")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use loadtest::{
    answer::Key,
    arrivals::Spread,
    bare::Plan,
    case::Load,
    connection::Door,
    question::{Book, Form, Mix, Wire},
    run::Run,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_loadtest");

/// A bare server in a process of its own; ends with its standard input.
struct Bare {
    child: Child,
    address: SocketAddr,
}

impl Bare {
    fn start(folder: &Path, plan: &Plan) -> Self {
        let file = folder.join("plan.json");
        fs::write(&file, serde_json::to_vec(plan).expect("a plan")).expect("a file");
        let mut child = Command::new(PROGRAM)
            .arg("bare")
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the harness's program");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("bare=http://").and_then(|address| address.parse().ok());
        Self { child, address: address.unwrap_or_else(|| panic!("expected an address, found {line:?}")) }
    }

    fn door(&self, key: Key, kept: bool) -> Arc<Door> {
        let wire = Wire::new(Form::Query, &self.address.to_string(), "/acme/route/sales?token=t", kept);
        Arc::new(Door { address: self.address, wires: vec![wire], key, patience: Duration::from_secs(10) })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().expect("the bare server ends");
        assert!(status.success(), "{status}");
    }
}

fn run(load: Load) -> Run {
    Run { load, length: Duration::from_millis(200), allowed: Duration::from_secs(5), seed: 1 }
}

fn loads() -> [Load; 3] {
    [
        Load::Open { rate: 200.0, spread: Spread::Poisson },
        Load::Closed { connections: 3, kept: false },
        Load::Closed { connections: 3, kept: true },
    ]
}

fn plan(body: String) -> Plan {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Plan { headers, body, entries: None, country: "UA".to_owned() }
}

#[test]
fn each_load_on_a_fixed_reply_is_answered_without_an_error() {
    let (folder, book) = (tempfile::tempdir().expect("a folder"), Arc::new(Book::invented(100)));
    let bare = Bare::start(folder.path(), &plan("{}".to_owned()));
    let mix = Mix { book, known_percent: 100.0, strangers: 1, may_miss: false };
    for load in loads() {
        let door = bare.door(Key::Fixed(b"{}".to_vec()), load.kept());
        let tally = run(load).on(&door, &mix).expect("a run");
        assert!(tally.answered > 10, "{load:?}: {} answers", tally.answered);
        assert_eq!((tally.sent, tally.errors), (tally.answered, 0), "{load:?}: {:?}", tally.faults());
        assert!(tally.rps() > 0.0);
    }
}

#[test]
fn an_answer_for_somebody_else_is_an_error_each_time() {
    let (folder, book) = (tempfile::tempdir().expect("a folder"), Arc::new(Book::invented(100)));
    let bare = Bare::start(folder.path(), &plan(Book::body("destination", "acme_1")));
    let mix = Mix { book: Arc::clone(&book), known_percent: 100.0, strangers: 1, may_miss: false };
    for load in loads() {
        let door = bare.door(Key::json("destination", &book), load.kept());
        let tally = run(load).on(&door, &mix).expect("a run");
        // One caller in four is the first employee's; for the others the fixed reply is wrong.
        assert!(tally.errors > tally.answered, "{load:?}: {} errors, {} answers", tally.errors, tally.answered);
        assert_eq!(tally.sent, tally.answered + tally.errors);
    }
}

#[test]
fn the_second_bare_server_reads_the_caller_and_looks_it_up() {
    let (folder, book) = (tempfile::tempdir().expect("a folder"), Arc::new(Book::invented(1_000)));
    let entries = folder.path().join("entries");
    book.write_entries(&entries, "destination").expect("entries");
    let bare = Bare::start(folder.path(), &Plan { entries: Some(entries), ..plan(Book::body("destination", "")) });
    let mix = Mix { book: Arc::clone(&book), known_percent: 50.0, strangers: 1_000, may_miss: false };
    for load in loads() {
        let door = bare.door(Key::json("destination", &book), load.kept());
        let tally = run(load).on(&door, &mix).expect("a run");
        assert_eq!((tally.sent, tally.errors), (tally.answered, 0), "{load:?}: {:?}", tally.faults());
        assert!(tally.hits > 0 && tally.hits < tally.answered, "{} of {} hits", tally.hits, tally.answered);
    }
}

#[test]
fn a_slip_in_a_cases_name_says_which_there_are() {
    let output = Command::new(PROGRAM).arg("stead").output().expect("the harness's program");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("expected one of ") && text.contains("steady") && text.contains("found stead"), "{text}");
}

#[test]
fn the_help_shows_how_it_is_called() {
    let output = Command::new(PROGRAM).arg("--help").output().expect("the harness's program");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert!(text.contains("cargo run --release -p loadtest -- compare") && text.contains("--quick"), "{text}");
}
