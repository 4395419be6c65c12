//! The journal at the operators' door: what is listed, shown, tried again and dropped, pauses, and fields.

use std::collections::BTreeMap;

use sandbox::kit::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::ROWS;
use crate::ops_stage::{Reply, asked};
use crate::rows_stage::{Telling, stage};

/// Names of fields that no account has yet.
const UNMADE: &str = "fields = { utm_source = \"Predial source\", mark = \"Predial mark\" }";
const NEW: &str = "380442001007";

async fn ask(stage: &Stage, method: &str, target: &str, body: &str) -> Reply {
    let head = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    asked(stage.ops_address(), &format!("{head}content-length: {}\r\n\r\n{body}", body.len())).await
}

async fn list(stage: &Stage, query: &str) -> Value {
    stage.ops("GET", &format!("/api/journal{query}"), &Value::Null).await
}

fn ids(listed: &Value) -> Vec<String> {
    let entries = listed["entries"].as_array().expect("entries");
    entries.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()).collect()
}

/// Tells of the end of a call; gives the entry's number.
async fn tell(stage: &Stage, call_id: &str) -> String {
    let by = Some("acme_bohdan");
    let told = Telling { call_id, number: NEW, direction: "in", status: "ANSWERED", by, recording: None };
    let heard = stage.tell("after-call", &told.after()).await;
    assert_eq!(heard["status"], "stored", "{heard}");
    heard["id"].as_str().expect("an id").to_owned()
}

async fn paused() -> Stage {
    let stage = stage("pipedrive", "").await;
    assert_eq!(ask(&stage, "POST", "/api/projects/acme/pause", "").await.status, 200);
    stage
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.refusal().as_str()), (status, code), "{reply:?}");
}

async fn state(stage: &Stage, id: &str) -> String {
    let shown = stage.ops("GET", &format!("/api/journal/{id}"), &Value::Null).await;
    shown["entry"]["state"].as_str().expect("a state").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_listed_newest_first_by_state_and_page_by_page() {
    let stage = paused().await;
    let mut told = Vec::new();
    for call in ["call-1", "call-2", "call-3"] {
        told.push(tell(&stage, call).await);
    }
    let unreadable = stage.tell("after-call", &json!("not a call")).await;
    assert_eq!(unreadable["status"], "unreadable", "{unreadable}");
    told.push(unreadable["id"].as_str().expect("an id").to_owned());
    told.reverse();
    let all = list(&stage, "").await;
    assert_eq!((ids(&all), &all["after"]), (told.clone(), &Value::Null));
    assert_eq!(ids(&list(&stage, "?state=stored").await), told[1..]);
    assert_eq!(ids(&list(&stage, "?state=unreadable&project=acme").await), told[..1]);
    assert!(ids(&list(&stage, "?project=nobody").await).is_empty());
    assert!(ids(&list(&stage, "?state=dead").await).is_empty());
    let page = list(&stage, "?limit=3").await;
    assert_eq!((ids(&page), page["after"].as_str()), (told[..3].to_vec(), Some(told[2].as_str())));
    assert_eq!(ids(&list(&stage, &format!("?limit=3&after={}", told[2])).await), told[3..]);
    for query in ["?state=asleep", "?limit=many", "?after=x", "?colour=red"] {
        refused(&ask(&stage, "GET", &format!("/api/journal{query}"), "").await, 400, "bad_request");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_shows_what_was_told_how_it_was_judged_and_its_steps() {
    let stage = stage("pipedrive", "").await;
    let id = tell(&stage, "call-1").await;
    stage.settled().await;
    let shown = stage.ops("GET", &format!("/api/journal/{id}"), &Value::Null).await;
    assert_eq!((&shown["entry"]["state"], &shown["entry"]["attempts"]), (&json!("done"), &json!(1)), "{shown}");
    assert_eq!((&shown["told"]["call_id"], &shown["judged"]["held"]), (&json!("call-1"), &json!([])), "{shown}");
    assert!(shown["raw"]["body"].as_str().is_some_and(|body| body.contains("ANSWERED")), "{shown}");
    assert!(!shown.to_string().contains(crate::changes_stage::TOKEN), "the door's token is kept: {shown}");
    let steps = shown["steps"].as_array().expect("steps");
    assert!(!steps.is_empty() && steps.iter().all(|step| step["state"] == "done"), "{shown}");
    assert!(steps.iter().all(|step| step["receipt"].is_string() && step["done"].is_string()), "{shown}");
    refused(&ask(&stage, "GET", "/api/journal/999999", "").await, 404, "unknown_entry");
    refused(&ask(&stage, "GET", "/api/journal/first", "").await, 400, "bad_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_tried_again_or_dropped_is_refused_with_its_reason() {
    let stage = paused().await;
    let id = tell(&stage, "call-1").await;
    let (retry, drop) = (format!("/api/journal/{id}/retry"), format!("/api/journal/{id}/drop"));
    assert_eq!(ask(&stage, "POST", &drop, "").await.json(), json!({"id": id, "dropped": 1}));
    assert_eq!(state(&stage, &id).await, "dropped");
    refused(&ask(&stage, "POST", &drop, "").await, 409, "wrong_state");
    assert_eq!(ask(&stage, "POST", &retry, "").await.json(), json!({"id": id, "retried": 1}));
    // The project is off: workable, and nobody works on it.
    assert_eq!(state(&stage, &id).await, "received");
    refused(&ask(&stage, "POST", &retry, "").await, 409, "wrong_state");
    let unreadable = stage.tell("after-call", &json!("not a call")).await["id"].as_str().expect("an id").to_owned();
    refused(&ask(&stage, "POST", &format!("/api/journal/{unreadable}/retry"), "").await, 409, "wrong_state");
    for what in ["retry", "drop"] {
        refused(&ask(&stage, "POST", &format!("/api/journal/999999/{what}"), "").await, 404, "unknown_entry");
        refused(&ask(&stage, "POST", &format!("/api/journal/first/{what}"), "").await, 400, "bad_request");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_worker_is_at_is_not_dropped_and_the_clients_next_call_waits_for_it() {
    let stage = stage("pipedrive", "").await;
    let slow = Fault::new(FaultKind::Delay { ms: 1_500 }).with_method("POST").on("/api/v2/persons");
    stage.crm().stage_fault(slow.times(1));
    let (first, second) = (tell(&stage, "call-1").await, tell(&stage, "call-2").await);
    stage.until("a worker is at it", |view| view["journal"]["by_state"]["leased"] == 1).await;
    let refusal = ask(&stage, "POST", &format!("/api/journal/{first}/drop"), "").await;
    refused(&refusal, 409, "wrong_state");
    let said = refusal.json()["error"]["message"].as_str().expect("a message").to_owned();
    assert!(said.contains("no worker is at") && said.contains("found leased"), "{said}");
    assert_eq!(state(&stage, &second).await, "received", "the client's next call waits");
    stage.settled().await;
    assert_eq!((state(&stage, &first).await, state(&stage, &second).await), ("done".to_owned(), "done".to_owned()));
    let held = stage.crm().held();
    let made = |what: &str| held.iter().filter(|thing| !thing.seeded && thing.what == what).count();
    assert_eq!((made("contact"), made("call")), (1, 2), "one client, each call once: {held:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_a_state_are_tried_again_and_no_others() {
    let stage = paused().await;
    let stored = [tell(&stage, "call-1").await, tell(&stage, "call-2").await];
    let dropped = tell(&stage, "call-3").await;
    ask(&stage, "POST", &format!("/api/journal/{dropped}/drop"), "").await;
    let retry = async |body: &str| ask(&stage, "POST", "/api/journal/retry", body).await;
    assert_eq!(retry("").await.json(), json!({"retried": 0}), "the dead ones, of which there are none");
    assert_eq!(retry(r#"{"state":"stored","project":"nobody"}"#).await.json(), json!({"retried": 0}));
    assert_eq!(retry(r#"{"state":"stored","project":"acme"}"#).await.json(), json!({"retried": 2}));
    for id in &stored {
        assert_eq!(state(&stage, id).await, "received");
    }
    assert_eq!(state(&stage, &dropped).await, "dropped");
    assert_eq!(retry(r#"{"state":"dropped"}"#).await.json(), json!({"retried": 1}));
    refused(&retry(r#"{"state":"done"}"#).await, 409, "wrong_state");
    for body in [r#"{"state":"asleep"}"#, r#"{"id":1}"#, "[]", "{"] {
        refused(&retry(body).await, 400, "bad_request");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_seen_with_its_reason_and_ends_as_was_said_or_is_configured() {
    let stage = stage("pipedrive", "resend_after_pause = true").await;
    let off = async |body: &str| ask(&stage, "POST", "/api/projects/acme/pause", body).await;
    let on = async |body: &str| ask(&stage, "POST", "/api/projects/acme/resume", body).await.json();
    assert_eq!(off(r#"{"reason":"the CRM is being moved"}"#).await.json(), json!({"paused": true}));
    let view = stage.view().await;
    assert_eq!(
        (&view["journal"]["paused_by"], &view["journal"]["paused_reason"]),
        (&json!("operator"), &json!("the CRM is being moved")),
        "{view}"
    );
    tell(&stage, "call-1").await;
    assert_eq!(on(r#"{"send_stored":false}"#).await, json!({"was_paused": true, "sent": 0}));
    assert_eq!(stage.view().await["journal"]["paused_by"], Value::Null);
    off("").await;
    tell(&stage, "call-2").await;
    // Nothing was said: the project's own word, for everything that is stored.
    assert_eq!(on("").await, json!({"was_paused": true, "sent": 2}));
    assert_eq!(on("{}").await, json!({"was_paused": false, "sent": 0}));
    stage.settled().await;
    for body in [r#"{"send_stored":"yes"}"#, r#"{"send":true}"#, "[]"] {
        refused(&ask(&stage, "POST", "/api/projects/acme/resume", body).await, 400, "bad_request");
    }
    refused(&off(r#"{"reason":1}"#).await, 400, "bad_request");
    for what in ["pause", "resume", "fields"] {
        refused(&ask(&stage, "POST", &format!("/api/projects/nobody/{what}"), "").await, 404, "unknown_project");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configured_fields_are_told_and_made_once() {
    let row = ROWS.iter().find(|row| row.name == "pipedrive").expect("a CRM");
    let setup = Setup { public: false, crm: UNMADE, ..Setup::default() };
    let stage = Stage::of(row, setup).await;
    let target = "/api/projects/acme/fields";
    let before = ask(&stage, "POST", target, "").await.json();
    let count = before["fields"].as_array().expect("fields").len();
    assert!(count > 0 && before["missing"] == count && before["made"] == json!([]), "{before}");
    let made = ask(&stage, "POST", target, r#"{"create":true}"#).await.json();
    assert_eq!((&made["missing"], &made["refused"]), (&json!(0), &json!([])), "{made}");
    assert_eq!(made["made"].as_array().expect("fields").len(), count, "{made}");
    let again = ask(&stage, "POST", target, r#"{"create":true}"#).await.json();
    assert_eq!((&again["missing"], &again["made"]), (&json!(0), &json!([])), "{again}");
    refused(&ask(&stage, "POST", target, r#"{"create":1}"#).await, 400, "bad_request");
}

/// The lines of `/metrics` with this name, by the last of their labels.
async fn measured(stage: &Stage, name: &str) -> BTreeMap<String, f64> {
    let text = ask(stage, "GET", "/metrics", "").await.body;
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("\"} "));
    let labels = lines.map(|(labels, value)| (labels.rsplit('"').next().expect("a label").to_owned(), value));
    labels.map(|(label, value)| (label, value.parse().expect("a number"))).collect()
}

fn table(of: &[(&str, f64)]) -> BTreeMap<String, f64> {
    of.iter().map(|&(label, value)| (label.to_owned(), value)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_the_oldest_and_every_failure_are_measured_also_where_there_is_none() {
    let stage = stage("pipedrive", "").await;
    let states = ["received", "planned", "leased", "later", "done", "dead", "stored", "unreadable", "dropped"];
    let none = table(&states.map(|state| (state, 0.0)));
    assert_eq!(measured(&stage, "predial_journal_entries").await, none);
    let failures = table(&["wait", "no-quota", "refused", "credentials", "unclear"].map(|kind| (kind, 0.0)));
    assert_eq!(measured(&stage, "predial_journal_failures_total").await, failures);
    assert_eq!(measured(&stage, "predial_journal_oldest_seconds").await, table(&[("acme", 0.0)]));
    let text = ask(&stage, "GET", "/metrics", "").await.body;
    assert!(text.contains("predial_journal_failures_total{project=\"acme\",crm=\"pipedrive\",failure=\"wait\"} 0"));

    stage.crm().stage_fault(Fault::status(503).with_method("POST").on("/api/v2/persons"));
    tell(&stage, "call-1").await;
    stage.tell("after-call", &json!("not a call")).await;
    stage.until("it waits a second", |view| view["journal"]["oldest_open_s"].as_i64() >= Some(1)).await;
    let found = measured(&stage, "predial_journal_entries").await;
    assert_eq!((found["unreadable"], found["done"], found.values().sum::<f64>()), (1.0, 0.0, 2.0), "{found:?}");
    assert!(measured(&stage, "predial_journal_oldest_seconds").await["acme"] >= 1.0);
    let tried = measured(&stage, "predial_journal_failures_total").await;
    assert!(tried["wait"] >= 1.0 && tried.values().sum::<f64>() == tried["wait"], "{tried:?}");

    stage.crm().clear_faults();
    let refusal = r#"{"success":false,"error":"the name is poisoned"}"#;
    let kind = FaultKind::Status { status: 400, headers: BTreeMap::new(), body: refusal.to_owned() };
    stage.crm().stage_fault(Fault::new(kind).with_method("POST").on("/api/v2/persons"));
    stage.until("it is given up", |view| view["journal"]["by_state"]["dead"] == 1).await;
    let found = measured(&stage, "predial_journal_entries").await;
    assert_eq!((found["dead"], found["unreadable"], found.values().sum::<f64>()), (1.0, 1.0, 2.0), "{found:?}");
    assert_eq!(measured(&stage, "predial_journal_failures_total").await["refused"], 1.0);
    assert_eq!(measured(&stage, "predial_journal_oldest_seconds").await["acme"], 0.0);
}
