//! What is not answered, and how: each line of bad input.

use std::time::Duration;

use predial::{
    base::metric::{Count, Outcome, ProcessCount, Source},
    config::{EdgeSettings, ProcessSettings},
};

use crate::edge_client::{bare, get, get_kept, ok, path, with_body};
use crate::edge_desk::{Desk, KNOWN, NOBODY, TOKEN};
use crate::stage_settings::{ANNA, process};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const CHALLENGE: &str = "www-authenticate: Basic realm=\"predial\"\r\n";

fn with_edge(change: impl FnOnce(&mut EdgeSettings)) -> ProcessSettings {
    let mut process = process();
    change(&mut process.edge);
    process
}

/// A reply whose body is only looked at in part: reasons are sentences.
fn refused(reply: &str, status: &str, content_type: &str, body_begins: &str) {
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((reply, ""));
    let length = body.len();
    let expected =
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\ncontent-length: {length}");
    assert_eq!(head, expected, "{reply}");
    assert!(body.starts_with(body_begins) && body.contains("expected"), "{body}");
}

/// The same malformed request, in each form of answer.
fn malformed(desk: &Desk, request: impl Fn(&str) -> String) {
    let before = desk.behind.metrics.counted(Count::Malformed);
    refused(&desk.ask(request("plain")), "400 Bad Request", "text/plain", "expected");
    refused(&desk.ask(request("json")), "400 Bad Request", JSON, r#"{"error":{"code":"malformed","message":"expected"#);
    let rpc = desk.ask(request("rpc"));
    refused(&rpc, "400 Bad Request", JSON, r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"expected"#);
    assert!(rpc.ends_with(r#"},"id":null}"#), "{rpc}");
    assert_eq!(desk.behind.metrics.counted(Count::Malformed), before + 3);
}

fn at(block: &str) -> String {
    format!("/acme/route/{block}?token={TOKEN}")
}

#[test]
fn malformed_query_escapes_are_refused_in_the_blocks_form() {
    let desk = Desk::warm(&process());
    for caller in ["%zz", "%2", "%", "%ff%fe"] {
        malformed(&desk, |block| get(&path(block, caller)));
    }
}

#[test]
fn a_body_of_the_wrong_type_is_refused_in_the_blocks_form() {
    let desk = Desk::warm(&process());
    malformed(&desk, |block| with_body("POST", &at(block), "multipart/form-data; boundary=x", "--x\r\n\r\n"));
    malformed(&desk, |block| with_body("POST", &at(block), JSON, "caller=1"));
    malformed(&desk, |block| with_body("POST", &at(block), JSON, "[1,2]"));
    malformed(&desk, |block| with_body("POST", &at(block), JSON, r#"{"caller":"#));
    malformed(&desk, |block| with_body("POST", &at(block), FORM, "caller=%zz"));
}

#[test]
fn deep_json_is_refused_in_the_blocks_form() {
    let desk = Desk::warm(&process());
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    malformed(&desk, |block| with_body("POST", &at(block), JSON, &deep));
    malformed(&desk, |block| with_body("POST", &at(block), JSON, &"[".repeat(60_000)));
}

#[test]
fn json_rpc_of_an_unknown_shape_is_refused_in_the_blocks_form() {
    let desk = Desk::warm(&process());
    for body in [
        r#"{"jsonrpc":"2.0","method":"who","params":"380671112233","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"who","params":[{},{}],"id":1}"#,
        r#"[{"jsonrpc":"2.0","method":"who","params":{"caller":"380671112233"},"id":1}]"#,
    ] {
        malformed(&desk, |block| with_body("POST", &at(block), JSON, body));
    }
}

#[test]
fn what_is_no_number_is_a_miss_and_no_error() {
    let desk = Desk::warm(&process());
    let mut asked = 0;
    for caller in [
        "",
        "3806711122333806711122333806711122334444",
        "anonymous",
        "abc",
        "%F0%9F%93%9E",
        "%00",
        "380671112233%00",
        "101",
        "-1",
    ] {
        let reply = desk.ask(get(&path("plain", caller)));
        assert_eq!(reply, ok("text/plain", ""), "{caller}");
        asked += 1;
    }
    assert_eq!(desk.ask(get(&at("plain"))), ok("text/plain", ""), "no parameter at all");
    assert_eq!(desk.behind.metrics.answers(Outcome::Miss, Source::Unreadable), asked + 1);
    assert_eq!(desk.behind.crm.asked(), 0);
}

#[test]
fn of_a_repeated_parameter_the_first_that_says_something_counts() {
    let desk = Desk::warm(&process());
    let twice = |first: &str, second: &str| get(&format!("{}&caller={first}&caller={second}", at("plain")));
    assert_eq!(desk.ask(twice(KNOWN, NOBODY)), ok("text/plain", ANNA));
    assert_eq!(desk.ask(twice("", KNOWN)), ok("text/plain", ANNA));
    assert_eq!(desk.ask(twice(NOBODY, KNOWN)), ok("text/plain", ""));
}

#[test]
fn a_wrong_token_none_and_an_unknown_project_look_alike() {
    let desk = Desk::warm(&process());
    let expected = bare("401 Unauthorized", CHALLENGE);
    for path in [
        format!("/acme/route/plain?token=wrong&caller={KNOWN}"),
        format!("/acme/route/plain?caller={KNOWN}"),
        format!("/acme/route/plain?token=&caller={KNOWN}"),
        format!("/acme/route/plain?token=%zz&caller={KNOWN}"),
        format!("/nobody/route/plain?token={TOKEN}&caller={KNOWN}"),
        format!("/nobody/route/plain?caller={KNOWN}"),
        format!("/%ff/route/plain?token={TOKEN}"),
        format!("/acme/route/unknown?token=wrong&caller={KNOWN}"),
    ] {
        assert_eq!(desk.ask(get(&path)), expected, "{path}");
    }
    assert_eq!(desk.behind.metrics.counted(Count::Unauthorised), 5);
    assert_eq!(desk.behind.process.counted(ProcessCount::UnknownProject), 3);
}

#[test]
fn an_unknown_block_and_an_unknown_path_are_not_found() {
    let desk = Desk::warm(&process());
    let expected = bare("404 Not Found", "");
    for block in ["unknown", "%ff", "plain%20"] {
        assert_eq!(desk.ask(get(&path(block, KNOWN))), expected, "{block}");
    }
    assert_eq!(desk.behind.metrics.counted(Count::UnknownBlock), 3);
    for path in ["/", "/acme", "/acme/events/after-call/x", "/acme/card/x?caller=1", "/acme/route/plain/", "//"] {
        assert_eq!(desk.ask(get(path)), expected, "{path}");
    }
    assert_eq!(desk.behind.process.counted(ProcessCount::NotFound), 6);
}

#[test]
fn other_methods_are_not_allowed() {
    let desk = Desk::warm(&process());
    let expected = bare("405 Method Not Allowed", "allow: GET, POST, PUT, DELETE\r\n");
    for method in ["PATCH", "OPTIONS", "TRACE", "BREW"] {
        assert_eq!(desk.ask(get(&path("plain", KNOWN)).replacen("GET", method, 1)), expected, "{method}");
    }
    let asked_by_head = |path: &str| desk.ask(get(path).replacen("GET", "HEAD", 1));
    assert!(expected.ends_with("content-length: 0\r\n\r\n"), "{expected}");
    assert_eq!(sorted(&asked_by_head(&path("plain", KNOWN))), sorted(&expected));
    assert_eq!(sorted(&asked_by_head("/")), sorted(&bare("404 Not Found", "")));
}

/// A head's lines in no order of their own: hyper puts the length last where it writes it itself.
fn sorted(head: &str) -> Vec<&str> {
    let mut lines: Vec<_> = head.split("\r\n").collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_is_sent() {
    let desk = Desk::warm(&process());
    let expecting =
        format!("POST {} HTTP/1.1\r\nHost: desk\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n", at("plain"));
    refused(&desk.ask(expecting), "413 Payload Too Large", "text/plain", "expected a body of at most 65536 bytes");
}

#[test]
fn a_body_of_a_mebibyte_is_refused_and_its_sender_hears_of_it() {
    let desk = Desk::warm(&process());
    let body = "x".repeat(1 << 20);
    for block in ["plain", "json", "rpc"] {
        let mut client = desk.connect();
        client.send_regardless(with_body("POST", &at(block), FORM, &body));
        let reply = client.rest();
        assert!(reply.starts_with("HTTP/1.1 413 Payload Too Large\r\n") && reply.contains("65536"), "{reply}");
    }
}

#[test]
fn a_body_that_grows_too_long_without_having_said_so_is_refused() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    client.send(format!("POST {} HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n", at("json")));
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..64 {
        client.send_regardless(&chunk);
    }
    refused(&client.rest(), "413 Payload Too Large", JSON, r#"{"error":{"code":"too_large","message":"expected"#);
}

#[test]
fn a_body_of_exactly_the_limit_is_read() {
    let desk = Desk::warm(&process());
    let caller = format!("caller={KNOWN}&x=");
    let body = format!("{caller}{}", "x".repeat((64 << 10) - caller.len()));
    assert_eq!(desk.ask(with_body("POST", &at("plain"), FORM, &body)), ok("text/plain", ANNA));
}

#[test]
fn half_a_body_and_then_silence_is_a_request_time_out() {
    let desk = Desk::warm(&with_edge(|edge| edge.body_timeout = Duration::from_millis(100)));
    let half =
        |block: &str| format!("POST {} HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n\r\ncaller=3806", at(block));
    refused(&desk.ask(half("plain")), "408 Request Timeout", "text/plain", "expected the whole body within 0.1 s");
    let rpc = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"expected the whole body"#;
    refused(&desk.ask(half("rpc")), "408 Request Timeout", JSON, rpc);
}

#[test]
fn half_a_body_and_then_the_end_is_malformed() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    client.send(format!("POST {} HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n\r\ncaller=3806", at("plain")));
    client.hush();
    refused(&client.rest(), "400 Bad Request", "text/plain", "expected a whole body");
}

#[test]
fn half_a_head_and_then_silence_is_closed_without_a_word_and_holds_nobody() {
    let desk = Desk::warm(&with_edge(|edge| {
        edge.head_timeout = Duration::from_millis(300);
        edge.threads = 1;
    }));
    let (mut silent, mut slow, mut kept) = (desk.connect(), desk.connect(), desk.connect());
    slow.send("GET /acme/route/plain?token=");
    kept.send(get_kept(&path("plain", KNOWN)));
    assert!(kept.reply().ends_with(ANNA));
    kept.send("GET /acme");
    desk.wait_connections(3);
    assert_eq!(desk.ask(get(&path("plain", KNOWN))), ok("text/plain", ANNA));
    assert_eq!((silent.rest(), slow.rest(), kept.rest()), (String::new(), String::new(), String::new()));
    assert_eq!(desk.behind.process.counted(ProcessCount::HeadTimeouts), 3);
    desk.wait_connections(0);
}

#[test]
fn a_kept_connection_that_says_nothing_more_is_closed() {
    let desk = Desk::warm(&with_edge(|edge| edge.idle_timeout = Duration::from_millis(100)));
    let mut client = desk.connect();
    client.send(get_kept(&path("plain", KNOWN)));
    assert!(client.reply().ends_with(ANNA));
    assert_eq!(client.rest(), "");
    assert_eq!(desk.behind.process.counted(ProcessCount::HeadTimeouts), 0);
}

#[test]
fn what_is_no_http_is_a_bad_request_with_a_length() {
    let desk = Desk::warm(&process());
    let expected = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    for request in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nbro ken: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /\u{e9}\u{1} HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        &get(&path("plain", "+38 067 111 22 33")),
    ] {
        assert_eq!(desk.ask(request), expected, "{request:?}");
    }
    desk.wait_connections(0);
    assert_eq!(desk.behind.process.counted(ProcessCount::HeadsMalformed), 9);
}

#[test]
fn http2_on_a_kept_connection_is_a_bad_request_behind_the_answer() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    client.send(get_kept(&path("plain", KNOWN)));
    assert!(client.reply().ends_with(ANNA));
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(client.rest(), bare("400 Bad Request", ""));
}

#[test]
fn two_hosts_are_a_bad_request() {
    let desk = Desk::warm(&process());
    for hosts in ["Host: desk\r\nHost: other", "Host: desk\r\nX: y\r\nhost: desk"] {
        let mut client = desk.connect();
        client.send(format!("GET {} HTTP/1.1\r\n{hosts}\r\n\r\n", path("plain", KNOWN)));
        let reply = client.rest();
        assert_eq!(sorted(&reply), sorted(&bare("400 Bad Request", "")), "{hosts}");
    }
    assert_eq!(desk.behind.process.counted(ProcessCount::HeadsMalformed), 2);
}

#[test]
fn two_ways_to_say_where_the_body_ends_are_a_bad_request() {
    let desk = Desk::warm(&process());
    let (length, coded) = ("Content-Length: 4", "Transfer-Encoding: chunked");
    let smuggled = get(&path("plain", KNOWN));
    let refused = [[length, coded], [coded, length], ["content-LENGTH:4", "transfer-encoding: gzip, chunked"]];
    for [first, second] in refused {
        let head = format!("POST {} HTTP/1.1\r\nHost: desk\r\n{first}\r\n{second}\r\n\r\n", at("plain"));
        assert_refused(&desk, &format!("{head}0\r\n\r\n{smuggled}"));
        let mut kept = desk.connect();
        kept.send(get_kept(&path("plain", KNOWN)));
        assert!(kept.reply().ends_with(ANNA));
        let (begin, rest) = head.split_at(head.len() - 30);
        kept.send(begin);
        kept.send(rest);
        kept.send_regardless("0\r\n\r\n");
        assert_eq!(sorted(&kept.rest()), sorted(&bare("400 Bad Request", "")), "{head}");
    }
    assert_eq!(desk.behind.process.counted(ProcessCount::HeadsMalformed), 6);
}

#[track_caller]
fn assert_refused(desk: &Desk, request: &str) {
    assert_eq!(sorted(&desk.ask(request)), sorted(&bare("400 Bad Request", "")), "{request}");
}

#[test]
fn a_chunked_body_may_speak_of_lengths_and_so_may_the_request_before() {
    let desk = Desk::warm(&process());
    let body = format!("caller={KNOWN}&x=\ncontent-length: 4\r\n\r\n");
    let mut client = desk.connect();
    client.send(with_body("POST", &at("plain"), FORM, &body).replace("Connection: close\r\n", ""));
    assert!(client.reply().ends_with(ANNA));
    client.send(format!(
        "POST {} HTTP/1.1\r\nHost: desk\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        at("plain"),
        body.len()
    ));
    assert_eq!(client.rest(), ok("text/plain", ANNA));
}

#[test]
fn a_pipelined_head_with_both_is_read_by_its_chunks_and_is_the_last() {
    let desk = Desk::warm(&process());
    let (first, last) = (get_kept(&path("plain", KNOWN)), get(&path("plain", KNOWN)));
    let both = format!(
        "POST {} HTTP/1.1\r\nHost: desk\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        path("plain", NOBODY)
    );
    let mut client = desk.connect();
    client.send(format!("{first}{both}{last}"));
    assert!(client.reply().ends_with(ANNA));
    assert_eq!(client.rest(), ok("text/plain", ""));
}

#[test]
fn of_two_authorizations_the_second_does_not_open() {
    let desk = Desk::warm(&process());
    let asked = |first: &str, second: &str| {
        desk.ask(format!(
            "GET /acme/route/plain?caller={KNOWN} HTTP/1.1\r\nHost: desk\r\nAuthorization: {first}\r\n\
             Authorization: {second}\r\nConnection: close\r\n\r\n"
        ))
    };
    let right = format!("Bearer {TOKEN}");
    for (first, second) in [("Bearer wrong", right.as_str()), (&right, "Bearer wrong"), ("Basic ~", &right)] {
        assert_eq!(asked(first, second), bare("401 Unauthorized", CHALLENGE), "{first} {second}");
    }
}

#[test]
fn a_head_that_is_too_long_is_refused_and_its_sender_hears_of_it() {
    let desk = Desk::warm(&process());
    let mut client = desk.connect();
    client.send_regardless(format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000)));
    let expected = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(client.rest(), expected);
}

#[test]
fn a_refused_body_does_not_become_the_next_request() {
    let desk = Desk::warm(&process());
    let smuggled = get_kept(&path("plain", KNOWN));
    let request = format!(
        "POST /acme/route/plain?token=wrong HTTP/1.1\r\nHost: desk\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len()
    );
    assert_eq!(desk.ask(request), bare("401 Unauthorized", CHALLENGE));
}
