//! The deadline: from when it runs, and that a reply goes out before it whatever the CRM does.

use std::time::Duration;

use predial::base::metric::{Count, Outcome, Source};

use crate::edge_client::{get, get_kept, ok, path, seen};
use crate::edge_desk::{KNOWN, NOBODY, Still};
use crate::stage_settings::{ANNA, process};

const OTHER: &str = "380445556677";

fn traced(path: &str) -> String {
    get(path).replacen("Connection", "x-predial-trace: 1\r\nConnection", 1)
}

fn missed(source: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-predial-source: {source}\r\nconnection: close\r\n\
         content-length: 0\r\n\r\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_hangs_gives_a_miss_twenty_milliseconds_before_the_deadline() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    client.send(traced(&path("plain", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(779).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 0, "there was time left to wait for the CRM");
    still.pass(2).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 1);
    assert_eq!(seen(move || client.rest()).await, missed("late"));
    assert_eq!(still.behind.metrics.counted(Count::DeadlineOverruns), 0);
}

#[tokio::test(start_paused = true)]
async fn the_question_goes_on_after_the_reply_so_that_the_next_call_is_a_hit() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    client.send(get(&path("plain", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(800).await;
    assert_eq!(seen(move || client.rest()).await, ok("text/plain", ""));
    still.behind.crm.let_go(1);
    still.settle().await;
    let mut client = still.accepted().await;
    client.send(get(&path("plain", KNOWN)));
    assert_eq!(seen(move || client.rest()).await, ok("text/plain", ANNA));
    assert_eq!(still.behind.crm.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_answers_in_time_is_waited_for() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    client.send(get(&path("plain", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(700).await;
    still.behind.crm.let_go(1);
    assert_eq!(seen(move || client.rest()).await, ok("text/plain", ANNA));
    assert_eq!(still.answers(Outcome::Hit, Source::Live), 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_runs_from_the_accept_and_a_late_head_is_answered_from_memory_alone() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    still.pass(781).await;
    client.send(traced(&path("plain", KNOWN)));
    assert_eq!(seen(move || client.rest()).await, missed("late"));
    assert_eq!(still.behind.crm.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_head_took_is_taken_off_the_crms_time() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    still.pass(500).await;
    client.send(get(&path("plain", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(279).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 0);
    still.pass(2).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_body_is_answered_from_memory_alone_and_is_no_overrun_of_ours() {
    let still = Still::warm().await;
    let mut client = still.accepted().await;
    let body = format!("caller={KNOWN}");
    let path = path("plain", "").replace("&caller=", "");
    let (head, length) = (format!("POST {path} HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n"), body.len());
    client.send(format!("{head}Content-Length: {length}\r\n\r\n"));
    still.settle().await;
    still.pass(5_000).await;
    client.send(body);
    assert_eq!(seen(move || client.rest()).await, ok("text/plain", ANNA));
    assert_eq!(still.behind.crm.asked(), 0);
    assert_eq!(still.behind.metrics.counted(Count::DeadlineOverruns), 0);
}

#[tokio::test(start_paused = true)]
async fn on_a_kept_connection_the_deadline_runs_from_the_first_byte() {
    let still = Still::cold(&process());
    still.behind.crm.let_go(1);
    let mut client = still.accepted().await;
    client.send(get_kept(&path("plain", OTHER)));
    let client = seen(move || (client.reply(), client).1).await;
    still.pass(30_000).await;
    let (mut client, request) = (client, get(&path("plain", NOBODY)));
    let (first, rest) = request.split_at(1);
    client.send(first);
    still.settle().await;
    still.pass(300).await;
    client.send(rest);
    still.until(|behind| behind.crm.asked() == 2).await;
    still.pass(479).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 0, "idle time does not count");
    still.pass(2).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 1, "the time its head took does");
    assert_eq!(seen(move || client.rest()).await, ok("text/plain", ""));
}

#[tokio::test(start_paused = true)]
async fn pipelined_calls_are_all_answered_within_the_deadline_of_the_read_that_brought_them() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    client.send(format!("{}{}", get_kept(&path("plain", KNOWN)), get(&path("plain", NOBODY))));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(781).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 2);
    assert_eq!(still.behind.crm.asked(), 1);
    let kept = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(seen(move || client.rest()).await, format!("{kept}{}", ok("text/plain", "")));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_arrives_while_the_one_before_waits_has_its_own_first_byte() {
    let still = Still::cold(&process());
    let mut client = still.accepted().await;
    client.send(get_kept(&path("plain", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(300).await;
    client.send(get(&path("plain", NOBODY)));
    still.settle().await;
    still.pass(481).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 1);
    still.until(|behind| behind.crm.asked() == 2).await;
    still.pass(298).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 1);
    still.pass(2).await;
    assert_eq!(still.answers(Outcome::Miss, Source::Late), 2);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closed_its_own_half_is_still_answered() {
    let still = Still::cold(&process());
    for request in [get(&path("plain", KNOWN)), get_kept(&path("plain", NOBODY))] {
        let asked = still.behind.crm.asked();
        let mut client = still.accepted().await;
        client.send(&request);
        client.hush();
        still.until(|behind| behind.crm.asked() == asked + 1).await;
        still.settle().await;
        still.behind.crm.let_go(1);
        let reply = seen(move || client.rest()).await;
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    }
    assert_eq!(still.answers(Outcome::Hit, Source::Live), 1);
    still.until(|behind| behind.door.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn the_trace_says_where_an_answer_comes_from_to_those_who_ask_only() {
    let still = Still::warm().await;
    still.pass(7_000).await;
    let mut client = still.accepted().await;
    client.send(traced(&path("plain", KNOWN)));
    let hit = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-predial-source: directory\r\n\
               x-predial-entity: contact\r\nx-predial-age: 7\r\nconnection: close\r\ncontent-length: 9\r\n\r\nacme_anna";
    assert_eq!(seen(move || client.rest()).await, hit);
    let mut client = still.accepted().await;
    client.send(traced(&path("plain", NOBODY)));
    let absent = missed("absent").replacen("absent\r\n", "absent\r\nx-predial-age: 7\r\n", 1);
    assert_eq!(seen(move || client.rest()).await, absent);
    let mut client = still.accepted().await;
    client.send(traced(&path("plain", "anonymous")));
    assert_eq!(seen(move || client.rest()).await, missed("unreadable"));
    let mut client = still.accepted().await;
    client.send(traced(&path("plain", KNOWN)).replacen("trace: 1", "trace: 0", 1));
    assert_eq!(seen(move || client.rest()).await, ok("text/plain", ANNA));
}

#[tokio::test(start_paused = true)]
async fn too_many_questions_under_way_are_a_miss_at_once() {
    let mut settings = process();
    settings.live.queue = 1;
    let still = Still::cold(&settings);
    let mut waiting = still.accepted().await;
    waiting.send(get(&path("plain", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    let mut client = still.accepted().await;
    client.send(traced(&path("plain", NOBODY)));
    assert_eq!(seen(move || client.rest()).await, missed("busy"));
    still.stop();
}

#[tokio::test(start_paused = true)]
async fn silent_clients_have_their_time_and_no_more() {
    let mut settings = process();
    settings.edge.head_timeout = Duration::from_secs(5);
    let still = Still::cold(&settings);
    let mut silent = still.accepted().await;
    let mut slow = still.accepted().await;
    slow.send("GET /acme/route/plain?tok");
    still.pass(4_900).await;
    slow.send("en=");
    still.settle().await;
    assert_eq!(still.behind.door.connections(), 2);
    still.pass(102).await;
    assert_eq!(still.behind.door.connections(), 0, "a byte now and then buys no time");
    assert_eq!(seen(move || (silent.rest(), slow.rest())).await, (String::new(), String::new()));
}
