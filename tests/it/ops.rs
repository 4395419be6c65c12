//! The operators' door, byte by byte.

use std::time::Duration;

use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use predial::base::problem::Problem;
use predial::ops::{self, BindError, EdgeState, ReloadReport};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::ops_stage::{Crm, IRYNA, OLEH, Stage, endpoints};

const WARM: &str = "/api/projects/acme/warm";

#[tokio::test]
async fn the_process_is_alive_before_anything_is_ready() {
    let stage = Stage::open(Crm::answering(), None).await;
    stage.edge(EdgeState::Closed);
    let live = stage.get("/live").await;
    assert_eq!((live.status, live.json()), (200, json!({"live": true})));
    let ready = stage.get("/ready").await;
    let expected = json!({"ready": false, "edge": "closed", "journal_is_open": true, "projects": {"acme": "cold"}});
    assert_eq!((ready.status, ready.json()), (503, expected));
}

#[tokio::test]
async fn the_service_is_ready_with_its_doors_open_and_a_project_once_it_is_filled() {
    let stage = Stage::open(Crm::answering(), None).await;
    assert_eq!(stage.get("/ready").await.status, 200);
    assert_eq!(stage.get("/ready?project=acme").await.status, 503);
    let stage = stage.warmed().await;
    let ready = stage.get("/ready?project=acme").await;
    let expected = json!({"ready": true, "edge": "open", "journal_is_open": true, "projects": {"acme": "warm"}});
    assert_eq!((ready.status, ready.json()), (200, expected));
    stage.edge(EdgeState::Draining);
    assert_eq!(stage.get("/ready?project=acme").await.status, 503);
}

#[tokio::test]
async fn a_first_reading_under_way_is_told_as_warming() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    stage.post(WARM, r#"{"full":true}"#).await;
    assert_eq!(stage.get("/ready").await.json()["projects"]["acme"], "warming");
}

#[tokio::test]
async fn an_unknown_project_is_named_wherever_it_is_asked_for() {
    let stage = Stage::open(Crm::answering(), None).await;
    for path in ["/ready?project=nobody", "/api/projects/nobody", "/api/projects/nobody/explain?block=b&caller=1"] {
        let reply = stage.get(path).await;
        assert_eq!((reply.status, reply.refusal().as_str()), (404, "unknown_project"), "{path}");
        assert!(reply.body.contains("nobody"), "{reply:?}");
    }
}

#[tokio::test]
async fn the_metrics_tell_what_stands_in_memory_now() {
    let stage = Stage::open(Crm::answering(), None).await.warmed().await;
    let reply = stage.get("/metrics").await;
    assert_eq!(reply.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    for line in [
        r#"predial_directory_numbers{project="acme"} 2.0"#,
        r#"predial_directory_records{project="acme"} 2.0"#,
        r#"predial_quota_left{project="acme"} 1000.0"#,
        r#"predial_quota_forecast{project="acme"} 0.0"#,
        r#"predial_quota_limited{project="acme"} 0.0"#,
        r#"predial_quota_held_seconds{project="acme"} 0.0"#,
        r#"predial_crawls_done_total{project="acme"} 1"#,
        r#"predial_breaker_state{project="acme"} 0.0"#,
        r#"predial_warm_up_under_way{project="acme"} 0.0"#,
        "predial_projects_in_force 1",
        "# EOF",
    ] {
        assert!(reply.body.lines().any(|found| found == line), "expected {line}, found:\n{}", reply.body);
    }
    assert!(!reply.body.contains(r#"predial_directory_complete_since_timestamp_seconds{project="acme"} NaN"#));
}

#[tokio::test]
async fn projects_are_told_with_their_memory_their_crm_and_its_quota() {
    let stage = Stage::open(Crm::answering(), None).await.warmed().await;
    let one = stage.get("/api/projects/acme").await.json();
    assert_eq!(one["state"], "warm");
    assert_eq!(one["directory"]["numbers"], 2);
    assert_eq!(one["directory"]["records"], json!({"contact": 2, "deal": 0}));
    assert_eq!(one["warm"]["state"], "done");
    assert_eq!(one["crm"]["kind"], "values");
    assert_eq!(one["crm"]["breaker"], "closed");
    let quota = &one["crm"]["quota"];
    assert_eq!(
        (&quota["daily_limit"], &quota["left"], &quota["sweep_left"]),
        (&json!(1000), &json!(1000), &json!(200))
    );
    assert_eq!((&quota["day_spent"], &quota["limited"]), (&json!(false), &json!(0)));
    for not_known in ["held_s", "vendor_left", "in_flight", "in_flight_limit"] {
        assert_eq!(quota[not_known], json!(null), "{not_known}");
    }
    assert_eq!(one["blocks"], json!(["sales"]));
    let all = stage.get("/api/projects").await.json();
    assert_eq!(all["projects"].as_array().map(Vec::len), Some(1));
    assert_eq!(all["projects"][0]["project"], "acme");
}

#[tokio::test]
async fn a_warm_up_is_started_once_and_the_second_asker_is_told_of_the_first() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    assert_eq!(stage.get(WARM).await.json()["state"], "never");
    let first = stage.post(WARM, r#"{"full":true,"force":false}"#).await;
    assert_eq!((first.status, first.json()), (202, json!({"id": 1})));
    let second = stage.post(WARM, "").await;
    assert_eq!((second.status, second.refusal().as_str()), (409, "warm_up_under_way"));
    assert_eq!(second.json()["error"]["run"], 1);
    let progress = stage.get(WARM).await.json();
    assert_eq!((&progress["id"], &progress["state"], &progress["full"]), (&json!(1), &json!("running"), &json!(true)));
    stage.crm.pages.add_permits(10);
    stage.run_over().await;
    let progress = stage.get(WARM).await.json();
    assert_eq!((&progress["state"], &progress["read"], &progress["pages"]), (&json!("done"), &json!(2), &json!(2)));
}

#[tokio::test]
async fn a_warm_up_is_stopped_once_and_an_idle_project_has_none_to_stop() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    let idle = stage.delete(WARM).await;
    assert_eq!((idle.status, idle.refusal().as_str()), (404, "no_warm_up"));
    stage.post(WARM, "{}").await;
    let stopped = stage.delete(WARM).await;
    assert_eq!((stopped.status, stopped.json()), (200, json!({"id": 1})));
    stage.run_over().await;
    assert_eq!(stage.get(WARM).await.json()["state"], "stopped");
    assert_eq!(stage.delete(WARM).await.status, 404);
}

#[tokio::test]
async fn a_warm_up_that_the_crm_refuses_tells_why() {
    let stage = Stage::open(Crm::refusing(), None).await;
    stage.post(WARM, r#"{"full":true}"#).await;
    stage.run_over().await;
    let progress = stage.get(WARM).await.json();
    assert_eq!(progress["state"], "failed");
    assert!(progress["reason"].as_str().is_some_and(|reason| reason.contains("scope missing")), "{progress}");
}

/// The events of a stream until it ends: name and data.
async fn events(stream: tokio::net::TcpStream) -> Vec<(String, serde_json::Value)> {
    let mut text = String::new();
    BufReader::new(stream).read_to_string(&mut text).await.expect("a stream that ends");
    assert!(text.to_ascii_lowercase().contains("content-type: text/event-stream"), "{text}");
    let names = text.lines().filter_map(|line| line.strip_prefix("event: ").map(str::to_owned));
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    names.zip(data.map(|data| serde_json::from_str(data).expect("JSON"))).collect()
}

fn follow() -> String {
    format!("GET {WARM}/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn events_tell_a_run_until_its_end_and_then_the_stream_ends() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    stage.post(WARM, r#"{"full":true}"#).await;
    let mut stream = BufReader::new(stage.send(&follow()).await);
    let mut line = String::new();
    while line != "event: progress\n" {
        line.clear();
        assert_ne!(stream.read_line(&mut line).await.expect("an open stream"), 0, "the stream ended before the run");
    }
    stage.crm.pages.add_permits(10);
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("a stream that ends");
    let ends: Vec<&str> = rest.lines().filter(|line| *line == "event: end").collect();
    assert_eq!(ends.len(), 1, "{rest}");
    let last = rest.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().expect("data");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    assert_eq!((&last["state"], &last["read"]), (&json!("done"), &json!(2)));
}

#[tokio::test]
async fn events_of_an_idle_project_are_one_end() {
    let stage = Stage::open(Crm::answering(), None).await;
    let told = events(stage.send(&follow()).await).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), &told[0].1["state"]), ("end", &json!("never")));
}

#[tokio::test]
async fn the_door_closes_although_somebody_follows_a_run() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    stage.post(WARM, "").await;
    let mut stream = BufReader::new(stage.send(&follow()).await);
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("a head");
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    stage.close().await;
    stream.read_to_string(&mut line).await.expect("a stream that ends in order");
}

#[tokio::test]
async fn explain_tells_the_walk_and_the_answer_of_a_call() {
    let stage = Stage::open(Crm::answering(), None).await.warmed().await;
    let hit = stage.get("/api/projects/acme/explain?block=sales&caller=%2B380+67+111-22-33").await;
    assert_eq!(hit.status, 200);
    let hit = hit.json();
    assert_eq!(hit["caller"], "+380 67 111-22-33");
    assert_eq!(hit["keys"], json!([{"number": 380_671_112_233_u64, "known": true}]));
    assert_eq!((&hit["outcome"], &hit["employee"]), (&json!("hit"), &json!("Anna")));
    assert_eq!((&hit["destination"], &hit["source"]), (&json!("acme_anna"), &json!("directory")));
    assert_eq!((&hit["entities"][0]["id"], &hit["entities"][0]["fate"]), (&json!("1"), &json!("decides")));
    let miss = stage.get(&format!("/api/projects/acme/explain?block=sales&caller={IRYNA}")).await.json();
    assert_eq!((&miss["outcome"], &miss["entities"][0]["fate"]), (&json!("miss"), &json!("owner-not-ours")));
}

#[tokio::test]
async fn explain_without_its_parameters_says_which_it_expects() {
    let stage = Stage::open(Crm::answering(), None).await;
    for (query, status, code) in [
        ("", 400, "bad_request"),
        ("?block=sales", 400, "bad_request"),
        ("?caller=1", 400, "bad_request"),
        ("?block=other&caller=1", 404, "unknown_block"),
    ] {
        let reply = stage.get(&format!("/api/projects/acme/explain{query}")).await;
        assert_eq!((reply.status, reply.refusal().as_str()), (status, code), "{query}");
    }
}

#[tokio::test]
async fn a_reload_tells_what_is_in_force_or_every_problem() {
    let stage = Stage::open(Crm::answering(), None).await;
    let report = ReloadReport { projects: vec!["acme".to_owned()], ..ReloadReport::default() };
    stage.reload_gives(Ok(report));
    let done = stage.post("/api/reload", "").await;
    let expected = json!({"projects": ["acme"], "added": [], "removed": [], "emptied": []});
    assert_eq!((done.status, done.json()), (200, expected));
    stage.reload_gives(Err(vec![Problem::new("acme.toml", 3, "one"), Problem::new("acme.toml", 9, "two")]));
    let refused = stage.post("/api/reload", "").await;
    assert_eq!((refused.status, refused.refusal().as_str()), (422, "configuration_refused"));
    let problems = &refused.json()["error"]["problems"];
    assert_eq!(problems[1], json!({"file": "acme.toml", "row": 9, "reason": "two"}));
    assert_eq!(problems.as_array().map(Vec::len), Some(2));
}

fn asking(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn with_a_token_every_path_wants_it_those_that_do_not_exist_among_them() {
    let stage = Stage::open(Crm::answering(), Some("s3cret")).await;
    for path in ["/live", "/ready", "/metrics", "/api/projects", "/api/projects/acme/warm/events", "/nowhere"] {
        let none = stage.ask(&asking(path, "host: ops.example\r\n")).await;
        assert_eq!((none.status, none.refusal().as_str()), (401, "unauthorised"), "{path}");
        assert_eq!(none.header("www-authenticate"), Some("bearer"));
    }
    for wrong in ["Bearer s3cre", "Bearer s3crets", "Bearer", "Basic czNjcmV0", "s3cret"] {
        let reply = stage.ask(&asking("/live", &format!("host: x\r\nauthorization: {wrong}\r\n"))).await;
        assert_eq!(reply.status, 401, "{wrong}");
        assert!(!reply.body.contains("s3cret"), "{reply:?}");
    }
    let right = stage.ask(&asking("/live", "host: ops.example\r\nauthorization: Bearer s3cret\r\n")).await;
    assert_eq!(right.status, 200, "any host may be named with a token");
    let query = stage.ask(&asking("/live?token=s3cret", "host: x\r\n")).await;
    assert_eq!(query.status, 401, "a token in the address would stand in logs");
    let metrics = stage.ask(&asking("/metrics", "host: x\r\nauthorization: Bearer s3cret\r\n")).await;
    assert!(metrics.body.contains("predial_ops_unauthorised_total 12"), "{}", metrics.body);
}

#[tokio::test]
async fn beyond_loopback_the_door_does_not_open_without_a_token() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let listen = listen.parse().expect("an address");
        let error = ops::bind(listen, false).await.expect_err("a door that stays closed");
        assert!(matches!(error, BindError::TokenMissing { .. }), "{error:?}");
        assert!(error.to_string().starts_with("expected ops.token"), "{error}");
    }
    ops::bind("0.0.0.0:0".parse().expect("an address"), true).await.expect("a door with a token");
    ops::bind("127.0.0.1:0".parse().expect("an address"), false).await.expect("a door on loopback");
}

#[tokio::test]
async fn without_a_token_no_web_page_may_use_the_operators_browser() {
    let stage = Stage::open(Crm::answering(), None).await;
    for headers in [
        "host: evil.example\r\n",
        "host: 127.0.0.1.evil.example:8081\r\n",
        "",
        "host: localhost\r\norigin: https://evil.example\r\n",
        "host: localhost\r\norigin: null\r\n",
        "host: localhost\r\nsec-fetch-site: cross-site\r\n",
    ] {
        let reply = stage.ask(&asking("/api/projects", headers)).await;
        assert_eq!((reply.status, reply.refusal().as_str()), (403, "foreign_request"), "{headers:?}");
    }
    for headers in ["host: 127.0.0.1:8081\r\n", "host: [::1]:1\r\nsec-fetch-site: none\r\n"] {
        let reply = stage.ask(&asking("/api/projects", headers)).await;
        assert_eq!(reply.status, 200, "{headers:?}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn every_error_comes_in_one_envelope() {
    let stage = Stage::open(Crm::answering(), None).await;
    for path in ["/", "/api", "/api/projects/", "/api/projects/acme/nothing", "/metrics/"] {
        let reply = stage.get(path).await;
        assert_eq!((reply.status, reply.refusal().as_str()), (404, "not_found"), "{path}");
    }
    let method = stage.post("/live", "").await;
    assert_eq!((method.status, method.refusal().as_str()), (405, "method_not_allowed"));
    assert_eq!(method.header("allow"), Some("get,head"));
    for body in ["{", "[]", "null", r#"{"full":1}"#, r#"{"fill":true}"#, "full=true"] {
        let reply = stage.post(WARM, body).await;
        assert_eq!((reply.status, reply.refusal().as_str()), (400, "bad_request"), "{body}");
    }
    let bad_path = stage.get("/api/projects/%FF").await;
    assert_eq!((bad_path.status, bad_path.refusal().as_str()), (400, "bad_request"));
    let large = stage.post(WARM, &" ".repeat(20 << 10)).await;
    assert_eq!((large.status, large.refusal().as_str()), (413, "body_refused"));
    assert_eq!(stage.get(WARM).await.json()["state"], "never", "none of these started a warm-up");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_waited_for_no_longer_than_half_a_minute() {
    let began = tokio::time::Instant::now();
    let never = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
    let request = http::Request::post(WARM)
        .header("host", "localhost")
        .body(axum::body::Body::from_stream(never))
        .expect("a request");
    let reply = TowerToHyperService::new(endpoints()).call(request).await.expect("an answer");
    assert_eq!(reply.status(), 503);
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}

#[tokio::test]
async fn a_head_without_end_is_refused_and_the_door_stays_open() {
    let stage = Stage::open(Crm::answering(), None).await;
    let reply = stage.ask(&asking("/live", &format!("host: localhost\r\nx-filler: {}\r\n", "x".repeat(40_000)))).await;
    assert_eq!(reply.status, 431);
    assert_eq!(stage.get("/live").await.status, 200);
    assert_eq!(stage.get(&format!("/api/projects/acme/explain?block=sales&caller={OLEH}")).await.status, 200);
}
