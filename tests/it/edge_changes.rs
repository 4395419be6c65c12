//! The door where CRMs deliver: what it takes, what it refuses, and that look-ups do not notice.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use predial::{
    base::metric::{Count, ProcessCount},
    server::{Arrival, Arrivals, Inboxes, Received, inbox},
};
use tokio::runtime::{Builder, Runtime};

use crate::edge_client::{Client, bare, get, ok, path, seen, with_body};
use crate::edge_desk::{Behind, Desk, KNOWN, Still, TOKEN};
use crate::stage_settings::{ANNA, process};

const JSON: &str = "application/json";
const CHALLENGE: &str = "www-authenticate: Basic realm=\"predial\"\r\n";
const MIB: usize = 1 << 20;
/// Deliveries that are held for a project.
const PLACES: usize = 32;

/// What comes in for `acme` and `fenced`, on the work's side.
struct Work {
    runtime: Runtime,
    acme: Arrivals,
    fenced: Arrivals,
}

impl Work {
    /// Puts inboxes in force.
    fn of(behind: &Behind) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ((acme_in, acme), (fenced_in, fenced)) = (inbox(), inbox());
        let inboxes: Inboxes = [("acme".into(), acme_in), ("fenced".into(), fenced_in)].into_iter().collect();
        behind.inboxes.store(Arc::new(inboxes));
        Self { runtime, acme, fenced }
    }

    fn next(&mut self) -> Arrival {
        self.runtime.block_on(self.acme.next()).expect("a delivery")
    }
}

fn target(project: &str) -> String {
    format!("/{project}/crm-changes?token={TOKEN}")
}

fn post(target: &str, body: &str) -> String {
    with_body("POST", target, JSON, body)
}

fn refused() -> String {
    bare("401 Unauthorized", CHALLENGE)
}

#[test]
fn a_delivery_comes_to_the_work_as_it_was_sent_and_is_answered_by_it() {
    let desk = Desk::warm(&process());
    let mut work = Work::of(&desk.behind);
    let basic = format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("predial:{TOKEN}")));
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    for (sent, method, at, body) in [
        (get(&format!("{}&validation=%2B1", target("acme"))), "GET", "?token=s3cret&validation=%2B1", ""),
        (post(&target("acme"), "{\"a\":1}"), "POST", "?token=s3cret", "{\"a\":1}"),
        (get("/acme/crm-changes").replace("Host", &format!("{basic}Host")), "GET", "", ""),
        (post("/acme/crm-changes", "[]").replace("Host", &format!("{bearer}Host")), "POST", "", "[]"),
    ] {
        let mut client = desk.connect();
        client.send(sent);
        let arrival = work.next();
        assert_eq!((arrival.method.as_str(), arrival.target()), (method, format!("/acme/crm-changes{at}").as_str()));
        assert_eq!((&arrival.body[..], &arrival.headers["host"]), (body.as_bytes(), &"desk".parse().expect("a value")));
        arrival.answer(Received::Taken);
        assert_eq!(client.rest(), bare("200 OK", ""), "{method} {at}");
    }
}

#[test]
fn what_is_not_genuine_is_refused_as_a_wrong_token_and_an_unknown_project_are() {
    let desk = Desk::warm(&process());
    let mut work = Work::of(&desk.behind);
    let mut client = desk.connect();
    client.send(post(&target("acme"), "{}"));
    work.next().answer(Received::NotGenuine);
    assert_eq!(client.rest(), refused());
    for path in
        ["/acme/crm-changes", "/acme/crm-changes?token=wrong", "/acme/crm-changes?token=", "/nobody/crm-changes"]
    {
        assert_eq!(desk.ask(get(path)), refused(), "{path}");
        assert_eq!(desk.ask(post(path, "{}")), refused(), "{path}");
    }
    assert_eq!(desk.ask(get(&target("nobody"))), refused());
    assert_eq!(desk.behind.metrics.counted(Count::Unauthorised), 6);
    assert_eq!(desk.behind.process.counted(ProcessCount::UnknownProject), 3);
}

#[test]
fn the_list_of_the_telephone_systems_addresses_is_not_asked() {
    let desk = Desk::warm(&process());
    let mut work = Work::of(&desk.behind);
    let mut client = desk.connect();
    client.send(get(&target("fenced")));
    work.runtime.block_on(work.fenced.next()).expect("a delivery").answer(Received::Taken);
    assert_eq!(client.rest(), bare("200 OK", ""));
}

#[test]
fn without_an_inbox_there_is_nothing_there_for_who_knows_the_token_and_a_refusal_for_others() {
    let desk = Desk::warm(&process());
    assert_eq!(desk.ask(get(&target("acme"))), bare("404 Not Found", ""));
    assert_eq!(desk.ask(post(&target("acme"), "{}")), bare("404 Not Found", ""));
    assert_eq!(desk.ask(get("/acme/crm-changes?token=wrong")), refused());
    assert_eq!(desk.ask(get("/acme/crm-changes/?token=s3cret")), bare("404 Not Found", ""));
}

#[test]
fn other_methods_are_not_allowed_whoever_asks() {
    let desk = Desk::warm(&process());
    let _work = Work::of(&desk.behind);
    for project in ["acme", "nobody"] {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let asked = get(&target(project)).replacen("GET", method, 1);
            assert_eq!(desk.ask(asked), bare("405 Method Not Allowed", "allow: GET, POST\r\n"), "{method} {project}");
        }
    }
}

#[test]
fn a_body_of_a_mebibyte_is_taken_and_one_byte_more_is_not() {
    let desk = Desk::warm(&process());
    let mut work = Work::of(&desk.behind);
    let mut client = desk.connect();
    client.send(post(&target("acme"), &"x".repeat(MIB)));
    let arrival = work.next();
    assert_eq!(arrival.body.len(), MIB);
    arrival.answer(Received::Taken);
    assert_eq!(client.rest(), bare("200 OK", ""));
    let too_large = bare("413 Payload Too Large", "");
    assert_eq!(desk.ask(post(&target("acme"), &"x".repeat(MIB + 1))), too_large);
    let head = format!("POST {} HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n", target("acme"));
    let mut client = desk.connect();
    client.send(head);
    client.send_regardless(format!("{:x}\r\n{}\r\n0\r\n\r\n", MIB + 1, "x".repeat(MIB + 1)));
    assert_eq!(client.rest(), too_large);
    assert_eq!(desk.behind.metrics.counted(Count::Malformed), 2);
}

#[test]
fn when_nothing_more_can_be_held_it_is_answered_well_and_the_work_is_told_once() {
    let desk = Desk::warm(&process());
    let mut work = Work::of(&desk.behind);
    let mut clients: Vec<Client> = (0..PLACES).map(|_| desk.connect()).collect();
    clients.iter_mut().for_each(|client| client.send(post(&target("acme"), "{}")));
    let began = Instant::now();
    while work.acme.waiting() < PLACES {
        assert!(began.elapsed() < Duration::from_secs(30), "expected {PLACES}, found {}", work.acme.waiting());
        std::thread::yield_now();
    }
    assert!(!work.acme.overran());
    for _ in 0..2 {
        assert_eq!(desk.ask(post(&target("acme"), "{}")), bare("200 OK", ""));
    }
    assert!(work.acme.overran());
    assert!(!work.acme.overran(), "said once");
    for _ in 0..100 {
        assert_eq!(desk.ask(get(&path("plain", KNOWN))), ok("text/plain", ANNA), "look-ups do not notice");
    }
    (0..PLACES).for_each(|_| work.next().answer(Received::Taken));
    for client in &mut clients {
        assert_eq!(client.rest(), bare("200 OK", ""));
    }
}

#[test]
fn an_inbox_that_nobody_empties_any_more_says_come_again_until_there_is_another() {
    let desk = Desk::warm(&process());
    let gone = || bare("503 Service Unavailable", "");
    let mut work = Work::of(&desk.behind);
    let mut client = desk.connect();
    client.send(post(&target("acme"), "{}"));
    drop(work.next());
    assert_eq!(client.rest(), gone(), "taken, and given up");
    drop(work);
    assert_eq!(desk.ask(post(&target("acme"), "{}")), gone());
    let mut work = Work::of(&desk.behind);
    let mut client = desk.connect();
    client.send(post(&target("acme"), "{}"));
    work.next().answer(Received::Taken);
    assert_eq!(client.rest(), bare("200 OK", ""));
}

/// One vendor takes 410 for the end of its subscription.
#[test]
fn whatever_becomes_of_a_delivery_nobody_is_told_that_the_door_is_gone() {
    let desk = Desk::warm(&process());
    let delivered = |target: &str| desk.ask(post(target, "[]"));
    let (acme, wrong, nobody) = (target("acme"), "/acme/crm-changes?token=wrong", target("nobody"));
    let mut answers = [&*acme, wrong, &*nobody, "/acme/crm-changes", "/acme/crm-changes/x"].map(delivered).to_vec();
    let mut work = Work::of(&desk.behind);
    answers.extend([wrong, &*nobody].map(delivered));
    answers.push(desk.ask(get(&acme).replacen("GET", "DELETE", 1)));
    answers.push(desk.ask(post(&acme, &"x".repeat(MIB + 1))));
    for word in [Some(Received::Taken), Some(Received::NotGenuine), None] {
        let mut client = desk.connect();
        client.send(post(&acme, "[]"));
        let arrival = work.next();
        match word {
            Some(word) => arrival.answer(word),
            None => drop(arrival),
        }
        answers.push(client.rest());
    }
    drop(work);
    answers.push(delivered(&acme));
    let status = |answer: &String| answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let statuses: Vec<u16> = answers.iter().filter_map(status).collect();
    assert_eq!(statuses, [404, 401, 401, 401, 404, 401, 401, 405, 413, 200, 401, 503, 503]);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_is_kept_waiting_for_two_seconds_and_a_body_for_its_time() {
    let still = Still::warm().await;
    let (inbox, mut arrivals) = inbox();
    still.behind.inboxes.store(Arc::new([("acme".into(), inbox)].into_iter().collect()));
    let mut client = still.accepted().await;
    client.send(post(&target("acme"), "{}"));
    let arrival = arrivals.next().await.expect("a delivery");
    still.settle().await;
    still.pass(1_990).await;
    still.pass(20).await;
    assert_eq!(seen(move || client.rest()).await, bare("200 OK", ""));
    arrival.answer(Received::NotGenuine);
    let mut client = still.accepted().await;
    client.send(post(&target("acme"), "{\"a\":").replace("Content-Length: 5", "Content-Length: 6"));
    still.settle().await;
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(seen(move || client.rest()).await, bare("408 Request Timeout", ""));
}
