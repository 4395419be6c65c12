//! Connections: kept, pipelined, capped, drained.

use std::{
    io::ErrorKind,
    net::TcpStream,
    time::{Duration, Instant},
};

use predial::base::metric::{Outcome, ProcessCount, ProcessLevel, Source};
use predial::config::{EdgeSettings, ProcessSettings};

use crate::edge_client::{get, get_kept, ok, path, seen};
use crate::edge_desk::{Desk, KNOWN, NOBODY, Still};
use crate::stage_settings::{ANNA, process};

/// A reply that keeps its connection.
fn kept(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_kept_connection_answers_one_call_after_the_other() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    for _ in 0..100 {
        client.send(get_kept(&path("plain", KNOWN)));
        assert_eq!(client.reply(), kept(ANNA));
        client.send(get_kept(&path("plain", NOBODY)));
        assert_eq!(client.reply(), kept(""));
    }
    client.send(get(&path("plain", KNOWN)));
    assert_eq!(client.rest(), ok("text/plain", ANNA));
    assert_eq!(desk.behind.process.counted(ProcessCount::Connections), 1);
    assert_eq!(desk.behind.metrics.answers(Outcome::Hit, Source::Directory), 101);
}

#[test]
fn pipelined_calls_are_answered_in_their_order() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    let calls: Vec<&str> = [KNOWN, NOBODY, NOBODY, KNOWN].repeat(25);
    let requests: String = calls.iter().map(|caller| get_kept(&path("plain", caller))).collect();
    client.send(requests + &get(&path("plain", KNOWN)));
    let expected: String = calls.iter().map(|&caller| kept(if caller == KNOWN { ANNA } else { "" })).collect();
    assert_eq!(client.rest(), expected + &ok("text/plain", ANNA));
}

#[test]
fn a_refusal_keeps_the_connection_where_nothing_is_left_unread() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    client.send(get_kept("/acme/route/plain?token=wrong"));
    assert!(client.reply().starts_with("HTTP/1.1 401 "));
    client.send(get_kept(&path("plain", KNOWN)));
    assert_eq!(client.reply(), kept(ANNA));
}

#[test]
fn the_connection_over_the_cap_is_accepted_and_closed() {
    let mut settings = process();
    settings.edge.max_connections = 2;
    let desk = Desk::warm(&settings);
    let (first, mut second) = (desk.connect(), desk.connect());
    desk.wait_connections(2);
    assert_eq!(desk.connect().rest(), "");
    assert_eq!(desk.behind.process.counted(ProcessCount::ConnectionsOverCap), 1);
    second.send(get_kept(&path("plain", KNOWN)));
    assert_eq!(second.reply(), kept(ANNA), "those who are in are served");
    drop(first);
    desk.wait_connections(1);
    assert_eq!(desk.ask(get(&path("plain", KNOWN))), ok("text/plain", ANNA));
    drop(second);
    desk.wait_connections(0);
    assert_eq!(desk.behind.process.level(ProcessLevel::ConnectionsOpen), 0);
    assert_eq!(desk.behind.process.counted(ProcessCount::Connections), 4);
}

#[test]
fn a_drain_answers_what_is_under_way_and_closes_what_is_idle() {
    // On one thread: that the idle connection was closed then says that the others have been told, too.
    let one = process();
    let mut desk = Desk::cold(&ProcessSettings { edge: EdgeSettings { threads: 1, ..one.edge.clone() }, ..one });
    let (mut idle, mut waiting, mut fresh) = (desk.connect(), desk.connect(), desk.connect());
    idle.send(get_kept(&path("plain", "101")));
    assert_eq!(idle.reply(), kept(""));
    waiting.send(get_kept(&path("patient", KNOWN)));
    desk.behind.crm.wait_asked(1);
    desk.wait_connections(3);
    let edge = desk.edge.take().expect("open");
    edge.stop();
    assert_eq!(idle.rest(), "", "an idle connection is closed at once");
    fresh.send(get_kept(&path("plain", "101")));
    assert_eq!(fresh.rest(), kept(""), "who was let in and had not asked yet is answered");
    desk.behind.crm.let_go(1);
    assert_eq!(waiting.rest(), ok("text/plain", ANNA));
    edge.join().expect("a good end");
    assert_eq!(desk.behind.door.connections(), 0);
    let refused = TcpStream::connect(desk.address).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_a_head_that_has_begun_come_to_its_end() {
    let still = Still::warm().await;
    let mut client = still.accepted().await;
    client.send(get_kept(&path("plain", NOBODY)));
    let mut client = seen(move || (client.reply(), client).1).await;
    let request = get_kept(&path("plain", KNOWN));
    let (first_half, second_half) = request.split_at(20);
    client.send(first_half);
    still.settle().await;
    still.stop();
    still.settle().await;
    client.send(second_half);
    assert_eq!(seen(move || client.rest()).await, kept(ANNA));
}

#[test]
fn what_is_not_done_when_the_drain_is_over_is_cut() {
    let mut settings = process();
    settings.edge.drain = Duration::from_millis(100);
    let mut desk = Desk::cold(&settings);
    let mut waiting = desk.connect();
    waiting.send(get(&path("patient", KNOWN)));
    desk.behind.crm.wait_asked(1);
    let (edge, began) = (desk.edge.take().expect("open"), Instant::now());
    edge.stop();
    edge.join().expect("a good end");
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert_eq!(waiting.rest(), "");
    assert_eq!(desk.behind.door.connections(), 0, "cut connections give their places back");
}

#[test]
fn a_successor_opens_the_same_address_before_the_predecessor_closes_it() {
    let mut before = Desk::warm(&process());
    let mut settings = process();
    settings.edge.listen = before.address;
    let after = Desk::warm(&settings);
    let edge = before.edge.take().expect("open");
    edge.stop();
    edge.join().expect("a good end");
    for _ in 0..50 {
        assert_eq!(after.ask(get(&path("plain", KNOWN))), ok("text/plain", ANNA));
    }
}

#[test]
fn a_client_that_hangs_up_leaves_nothing_behind() {
    let desk = Desk::cold(&process());
    let mut client = desk.connect();
    client.send(get(&path("patient", KNOWN)));
    desk.behind.crm.wait_asked(1);
    drop(client);
    desk.behind.crm.let_go(1);
    desk.wait_connections(0);
    assert_eq!(desk.ask(get(&path("plain", KNOWN))), ok("text/plain", ANNA), "the question went on");
    assert_eq!(desk.behind.crm.asked(), 1);
}
