//! Every form of request, every form of answer, byte by byte.

use crate::edge_client::{bare, get, ok, path, with_body};
use crate::edge_desk::{Desk, KNOWN, NOBODY, TOKEN};
use crate::stage_settings::{ANNA, process};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Every way to ask, and the id that a JSON-RPC answer echoes.
fn requests(block: &str, caller: &str) -> Vec<(String, &'static str)> {
    let at = format!("/acme/route/{block}?token={TOKEN}");
    let rpc = |rest: &str| format!(r#"{{"jsonrpc":"2.0","method":"who",{rest}}}"#);
    let mut requests = vec![(get(&path(block, caller)), "null")];
    for method in ["GET", "POST", "PUT", "DELETE"] {
        requests.push((with_body(method, &path(block, caller), FORM, ""), "null"));
        requests.push((with_body(method, &at, FORM, &format!("call_id=us1_-1.2&caller=%2B{caller}")), "null"));
        requests.push((with_body(method, &at, JSON, &format!(r#"{{"call_id":"pkv","caller":"{caller}"}}"#)), "null"));
    }
    let post = |body: &str, id| (with_body("POST", &at, JSON, body), id);
    requests.extend([
        post(&format!(r#"{{"caller":"%2B{caller}","step_forward":"webhookNumber%3A120"}}"#), "null"),
        post(&format!(r#"{{"additional_call_data":{{"caller":"{caller}"}}}}"#), "null"),
        post(&rpc(&format!(r#""params":{{"caller":"{caller}"}},"id":17"#)), "17"),
        post(&rpc(&format!(r#""params":[{{"caller":"{caller}"}}],"id":"a\"b""#)), r#""a\"b""#),
        post(&rpc(&format!(r#""params":{{"caller":"{caller}"}}"#)), "null"),
        post(&rpc(&format!(r#""params":{{"caller":"{caller}"}},"id":null"#)), "null"),
    ]);
    requests
}

fn expect_everywhere(desk: &Desk, block: &str, caller: &str, expected: impl Fn(&str) -> String) {
    for (request, id) in requests(block, caller) {
        assert_eq!(desk.ask(&request), expected(id), "{request}");
    }
}

#[test]
fn a_plain_answer_is_the_destination_alone_whatever_was_asked_in() {
    let desk = Desk::warm(&process());
    expect_everywhere(&desk, "plain", KNOWN, |_| ok("text/plain", ANNA));
    expect_everywhere(&desk, "plain", NOBODY, |_| ok("text/plain", ""));
}

#[test]
fn a_json_answer_is_an_object_whatever_was_asked_in() {
    let desk = Desk::warm(&process());
    expect_everywhere(&desk, "json", KNOWN, |_| ok(JSON, r#"{"destination":"acme_anna"}"#));
    expect_everywhere(&desk, "json", NOBODY, |_| ok(JSON, r#"{"destination":""}"#));
}

#[test]
fn a_json_rpc_answer_echoes_the_id_whatever_was_asked_in() {
    let desk = Desk::warm(&process());
    expect_everywhere(&desk, "rpc", KNOWN, |id| {
        ok(JSON, &format!(r#"{{"jsonrpc":"2.0","result":{{"destination":"acme_anna"}},"id":{id}}}"#))
    });
    expect_everywhere(&desk, "rpc", NOBODY, |id| {
        ok(JSON, &format!(r#"{{"jsonrpc":"2.0","result":{{"destination":""}},"id":{id}}}"#))
    });
}

#[test]
fn a_json_rpc_result_may_be_the_bare_string() {
    let desk = Desk::warm(&process());
    expect_everywhere(&desk, "rpc-string", KNOWN, |id| {
        ok(JSON, &format!(r#"{{"jsonrpc":"2.0","result":"acme_anna","id":{id}}}"#))
    });
    expect_everywhere(&desk, "rpc-string", NOBODY, |id| {
        ok(JSON, &format!(r#"{{"jsonrpc":"2.0","result":"","id":{id}}}"#))
    });
}

#[test]
fn a_miss_is_answered_as_the_block_wants_it() {
    let desk = Desk::warm(&process());
    assert_eq!(desk.ask(get(&path("miss-204", NOBODY))), "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    assert_eq!(desk.ask(get(&path("miss-404", NOBODY))), bare("404 Not Found", "content-type: text/plain\r\n"));
    assert_eq!(desk.ask(get(&path("scheme", NOBODY))), ok("text/plain", "231146"));
}

#[test]
fn numbers_are_found_however_they_are_written() {
    let desk = Desk::warm(&process());
    for caller in [
        "380671112233",
        "%2B380671112233",
        "+380671112233",
        "00380671112233",
        "0671112233",
        "067%20111-22-33",
        "(067)111.22.33",
        "%22Oleh%22%20%3C380671112233%3E",
        "&quot;Oleh&quot; &lt;380671112233&gt;".replace('&', "%26").replace(' ', "%20").as_str(),
    ] {
        assert_eq!(desk.ask(get(&path("plain", caller))), ok("text/plain", ANNA), "{caller}");
    }
}

#[test]
fn a_block_may_have_any_name_in_its_escaped_form() {
    let desk = Desk::warm(&process());
    let escaped = "%D0%B2%D1%96%D0%B4%D0%B4%D1%96%D0%BB";
    assert_eq!(desk.ask(get(&path(escaped, KNOWN))), ok("text/plain", ANNA));
}

#[test]
fn the_token_is_taken_from_the_query_a_bearer_or_basics_password() {
    let desk = Desk::warm(&process());
    let asking = |authorization: &str| {
        format!(
            "GET /acme/route/plain?caller={KNOWN} HTTP/1.1\r\nHost: desk\r\nAuthorization: {authorization}\r\n\
             Connection: close\r\n\r\n"
        )
    };
    for authorization in ["Bearer s3cret", "bearer s3cret", "Basic cmluZ29zdGF0OnMzY3JldA=="] {
        assert_eq!(desk.ask(asking(authorization)), ok("text/plain", ANNA), "{authorization}");
    }
}

#[test]
fn an_old_client_is_answered_in_its_own_version_and_closed() {
    let desk = Desk::warm(&process());
    let request = format!("GET {} HTTP/1.0\r\n\r\n", path("plain", KNOWN));
    let expected = format!("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\n{ANNA}");
    assert_eq!(desk.ask(request), expected);
}

#[test]
fn a_chunked_body_is_read_and_never_answered_in_chunks() {
    let desk = Desk::warm(&process());
    let body = format!("caller={KNOWN}");
    let (first, second) = body.split_at(5);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    let request = format!(
        "POST /acme/route/plain?token={TOKEN} HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: {FORM}\r\nConnection: close\r\n\r\n{chunks}"
    );
    assert_eq!(desk.ask(request), ok("text/plain", ANNA));
}

#[test]
fn a_body_that_comes_in_pieces_is_put_together() {
    let desk = Desk::warm(&process());
    let request = with_body(
        "POST",
        &format!("/acme/route/json?token={TOKEN}"),
        JSON,
        &format!(r#"{{"padding":"{}","caller":"{KNOWN}"}}"#, "x".repeat(40_000)),
    );
    let mut client = desk.connect();
    for piece in request.as_bytes().chunks(1_000) {
        client.send(piece);
    }
    assert_eq!(client.rest(), ok(JSON, r#"{"destination":"acme_anna"}"#));
}

#[test]
fn a_client_that_waits_to_be_told_is_told_to_send_its_body() {
    let desk = Desk::warm(&process());
    let body = format!("caller={KNOWN}");
    let mut client = desk.connect();
    client.send(format!(
        "POST /acme/route/plain?token={TOKEN} HTTP/1.1\r\nHost: desk\r\nExpect: 100-continue\r\n\
         Content-Type: {FORM}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    ));
    assert_eq!(client.reply(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    assert_eq!(client.rest(), ok("text/plain", ANNA));
}
