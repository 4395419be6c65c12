//! Staged faults, by what a client sees on the wire.

use std::{io, time::Duration};

use sandbox::pipedrive::{Fault, FaultKind, Pipedrive, RateLimit};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::support::{TOKEN, exchange, get, post, sandbox};

const ME: &str = "/v1/users/me";

/// Sends a request and reads what comes until the stand-in ends the connection, in whatever way.
async fn raw(sandbox: &Pipedrive) -> (Vec<u8>, io::Result<usize>) {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(b"GET /v1/users/me HTTP/1.1\r\nhost: x\r\nx-api-token: sandbox-token\r\n\r\n").await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    (bytes, end)
}

#[tokio::test]
async fn a_delay_comes_before_the_ordinary_reply() {
    let sandbox = sandbox(10).await;
    sandbox.stage_fault(Fault::delay(Duration::from_millis(120)));
    let asked = Instant::now();
    assert_eq!(get(&sandbox, ME).await.status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_hanging_request_is_accepted_and_never_answered_and_stop_ends_it() {
    let sandbox = sandbox(10).await;
    sandbox.stage_fault(Fault::hang());
    let hanging = async {
        let (bytes, _) = raw(&sandbox).await;
        assert!(bytes.is_empty());
    };
    let others = async {
        while sandbox.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        sandbox.clear_faults();
        assert_eq!(get(&sandbox, ME).await.status, 200, "others are answered again");
        assert_eq!((sandbox.asked()[0].status, sandbox.asked()[0].fault), (None, Some("hang")));
        sandbox.stop().await;
    };
    tokio::join!(hanging, others);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_not_an_end() {
    let sandbox = sandbox(10).await;
    sandbox.stage_fault(Fault::reset().times(1));
    let (bytes, end) = raw(&sandbox).await;
    assert!(bytes.is_empty());
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(get(&sandbox, ME).await.status, 200);
}

#[tokio::test]
async fn a_status_comes_with_the_headers_and_the_body_that_were_staged() {
    let sandbox = sandbox(10).await;
    let fault = json!({"fault": "status", "status": 503, "headers": {"retry-after": "7"}, "body": "down"});
    post(&sandbox, "/sandbox/faults", &fault).await;
    let reply = get(&sandbox, ME).await;
    assert_eq!((reply.status, reply.header("retry-after"), reply.text().as_str()), (503, Some("7"), "down"));
    assert_eq!(sandbox.quota().used, 0);
    exchange(&sandbox, "DELETE /sandbox/faults", &[], "").await.unwrap();
    assert_eq!(get(&sandbox, ME).await.status, 200);
}

#[tokio::test]
async fn garbage_is_a_200_that_is_no_json() {
    let sandbox = sandbox(10).await;
    sandbox.stage_fault(Fault::new(FaultKind::Garbage));
    let reply = get(&sandbox, ME).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json; charset=utf-8")));
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
}

#[tokio::test]
async fn a_truncated_reply_promises_more_than_it_gives() {
    let sandbox = sandbox(10).await;
    let whole = get(&sandbox, ME).await;
    sandbox.stage_fault(Fault::new(FaultKind::Truncated));
    let (bytes, _) = raw(&sandbox).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", whole.body.len())), "{head}");
    assert_eq!(body.as_bytes(), &whole.body[..whole.body.len() / 2]);
}

#[tokio::test]
async fn a_dripping_reply_comes_byte_by_byte_and_whole_to_who_waits() {
    let sandbox = sandbox(10).await;
    let whole = get(&sandbox, "/v1/users/999").await;
    sandbox.stage_fault(Fault::new(FaultKind::Drip { ms: 2 }));
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let request = b"GET /v1/users/999 HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-token: sandbox-token\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    for _ in 0..5 {
        stream.read_buf(&mut bytes).await.unwrap();
    }
    assert!(!bytes.ends_with(&whole.body), "the whole came at once");
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.ends_with(&whole.body));
}

#[tokio::test]
async fn too_much_is_said_with_headers_without_them_or_by_the_shield() {
    let sandbox = sandbox(10).await;
    for (how, status, limited) in
        [(RateLimit::Headers, 429, true), (RateLimit::Bare, 429, false), (RateLimit::Cloudflare, 403, false)]
    {
        sandbox.stage_fault(Fault::rate_limit(how).times(1));
        let reply = get(&sandbox, ME).await;
        assert_eq!((reply.status, reply.header("x-ratelimit-remaining").is_some()), (status, limited), "{how:?}");
    }
    assert_eq!(sandbox.quota().used, 0);
}

#[tokio::test]
async fn an_expired_token_is_refused_until_it_is_refreshed() {
    let sandbox = sandbox(10).await;
    let form = "grant_type=refresh_token&refresh_token=sandbox-refresh";
    let refresh = async || {
        let basic = ("authorization", "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=");
        let reply = exchange(&sandbox, "POST /oauth/token/", &[basic], form).await.unwrap();
        format!("Bearer {}", reply.json()["access_token"].as_str().unwrap())
    };
    let status = async |bearer: &str| {
        exchange(&sandbox, &format!("GET {ME}"), &[("authorization", bearer)], "").await.unwrap().status
    };
    let old = refresh().await;
    assert_eq!(status(&old).await, 200);
    sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    assert_eq!((status(&old).await, get(&sandbox, ME).await.status), (401, 401));
    let new = refresh().await;
    assert_eq!((status(&new).await, status(&old).await), (200, 401));
    sandbox.clear_faults();
    assert_eq!((status(&old).await, get(&sandbox, ME).await.status), (200, 200));
}

#[tokio::test]
async fn a_fault_befalls_its_path_so_many_times_and_delays_add_to_others() {
    let sandbox = sandbox(10).await;
    sandbox.stage_fault(Fault::status(500).on("/api/v2/deals").times(2));
    sandbox.stage_fault(Fault::delay(Duration::from_millis(30)).on("/api/v2/deals").times(1));
    let asked = Instant::now();
    assert_eq!(get(&sandbox, "/api/v2/deals").await.status, 500);
    assert!(asked.elapsed() >= Duration::from_millis(30));
    assert_eq!(get(&sandbox, "/api/v2/persons").await.status, 200);
    assert_eq!(
        get(&sandbox, "/sandbox/faults").await.json(),
        json!([
            {"fault": "status", "status": 500, "headers": {}, "body": "", "path": "/api/v2/deals", "times": 1}
        ])
    );
    assert_eq!(get(&sandbox, "/api/v2/deals/3").await.status, 500);
    assert_eq!(get(&sandbox, "/api/v2/deals/3").await.status, 200);
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_by_which_headers_but_no_credentials() {
    let sandbox = sandbox(10).await;
    get(&sandbox, "/api/v2/persons?limit=2").await;
    exchange(&sandbox, "GET /api/v2/deals", &[], "").await.unwrap();
    let log = get(&sandbox, "/sandbox/log").await.json();
    assert_eq!(log.as_array().unwrap().len(), 2, "the control door is not in it");
    assert_eq!((&log[0]["path"], &log[0]["query"]), (&json!("/api/v2/persons"), &json!("limit=2")));
    assert_eq!((&log[0]["status"], &log[0]["tokens"]), (&json!(200), &json!(10)));
    assert_eq!((&log[1]["status"], &log[1]["tokens"]), (&json!(401), &json!(0)));
    assert!(log[0]["headers"].as_array().unwrap().contains(&json!("x-api-token")));
    assert!(!log.to_string().contains(TOKEN.1));
    let later = get(&sandbox, "/sandbox/log?after=1").await.json();
    assert_eq!(later.as_array().unwrap().len(), 1);
    exchange(&sandbox, "DELETE /sandbox/log", &[], "").await.unwrap();
    assert!(sandbox.asked().is_empty());
}
