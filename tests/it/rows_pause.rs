//! The rows of what comes while a project is off, before each of the CRMs.

use serde_json::{Value, json};

use crate::changes_stage::Stage;
use crate::crm_rows::ROWS;
use crate::rows_stage::{Telling, print, stage, stage_with_workers};

/// Two clients that no CRM knows, and one who calls afterwards.
const FIRST: &str = "380442001007";
const SECOND: &str = "380931230001";
const THIRD: &str = "380931230002";
/// Who fills in a form of the site.
const VISITOR: &str = "380931230003";

/// Tells of an answered call of a client; says how many moments that were.
async fn call(stage: &Stage, call_id: &str, number: &str) -> usize {
    let by = Some("acme_bohdan");
    let telling = Telling { call_id, number, direction: "in", status: "ANSWERED", by, recording: None };
    let moments = telling.moments();
    for (moment, told) in &moments {
        let heard = stage.tell(moment, told).await;
        assert_eq!(heard["status"], "stored", "{} {moment}: {heard}", stage.row.name);
    }
    moments.len()
}

/// The first client calls twice and another between, while the project is off: nothing is written.
async fn called_while_off(stage: &Stage) -> usize {
    let paused = stage.ops("POST", "/api/projects/acme/pause", &json!({"reason": "moved"})).await;
    assert_eq!(paused, json!({"paused": true}), "{}", stage.row.name);
    let mut moments = call(stage, "call-1", FIRST).await;
    moments += call(stage, "call-2", SECOND).await;
    moments += call(stage, "call-3", FIRST).await;
    assert_eq!(stage.form(&json!({"name": "Visitor", "tel": VISITOR})).await, "stored", "{}", stage.row.name);
    moments += 1;
    let view = stage.view().await;
    assert_eq!(view["journal"]["by_state"], json!({"stored": moments}), "{}: {view}", stage.row.name);
    assert_eq!(new_things(stage), 0, "{}", stage.row.name);
    moments
}

fn new_things(stage: &Stage) -> usize {
    stage.crm().held().iter().filter(|thing| !thing.seeded).count()
}

/// What was made under a number.
fn made_for(stage: &Stage, number: &str) -> Vec<String> {
    let digits = |text: &String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let held = stage.crm().held();
    let whose = held.iter().filter(|thing| !thing.seeded && ["lead", "contact"].contains(&thing.what.as_str()));
    whose.filter(|thing| thing.numbers.iter().any(|typed| digits(typed) == number)).map(|it| it.what.clone()).collect()
}

async fn resume(stage: &Stage, body: Value) -> Value {
    stage.ops("POST", "/api/projects/acme/resume", &body).await
}

async fn entries(stage: &Stage) -> Vec<Value> {
    let listed = stage.ops("GET", "/api/journal?project=acme", &Value::Null).await;
    let mut entries = listed["entries"].as_array().expect("entries").clone();
    entries.reverse();
    entries
}

/// Entries of these calls end in the order they came.
fn in_order(entries: &[Value], calls: &[&str]) {
    let of = entries.iter().filter(|entry| calls.iter().any(|call| entry["call_id"] == *call));
    let time =
        |entry: &Value| entry["finished"].as_str().expect("finished").parse::<jiff::Timestamp>().expect("a time");
    let finished: Vec<jiff::Timestamp> = of.map(time).collect();
    assert!(finished.is_sorted(), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_resend() {
    for row in ROWS {
        let stage = stage(row.name, "").await;
        let moments = called_while_off(&stage).await;
        let resumed = resume(&stage, json!({"send_stored": true})).await;
        assert_eq!(resumed, json!({"was_paused": true, "sent": moments}), "{}", row.name);
        stage.settled().await;
        let done = entries(&stage).await;
        assert!(done.iter().all(|entry| entry["state"] == "done"), "{}: {done:?}", row.name);
        in_order(&done, &["call-1", "call-3"]);
        // The second call of the first client came when there was one already.
        for number in [FIRST, SECOND, VISITOR] {
            assert_eq!(made_for(&stage, number).len(), 1, "{} {number}: {:?}", row.name, stage.crm().held());
        }
        print(&format!("pd-resend {}", row.name), &stage.crm().held());
        let (before, view) = (new_things(&stage), stage.view().await);
        assert_eq!(view["journal"]["paused_by"], Value::Null, "{}: {view}", row.name);
        let again = resume(&stage, json!({"send_stored": true})).await;
        assert_eq!(again, json!({"was_paused": false, "sent": 0}), "{}", row.name);
        stage.settled().await;
        assert_eq!(new_things(&stage), before, "{}", row.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_is_sent_the_oldest_first_whoever_called() {
    for row in ROWS {
        // One after the other, so that there is an order to be seen.
        let stage = stage_with_workers(row.name, 1).await;
        stage.ops("POST", "/api/projects/acme/pause", &json!({"reason": "moved"})).await;
        let calls = ["call-1", "call-2", "call-3", "call-4"];
        // Not in the order of their numbers, which nothing may go by.
        for (call_id, number) in calls.into_iter().zip([THIRD, FIRST, SECOND, FIRST]) {
            call(&stage, call_id, number).await;
        }
        resume(&stage, json!({"send_stored": true})).await;
        stage.settled().await;
        let done = entries(&stage).await;
        assert!(done.iter().all(|entry| entry["state"] == "done"), "{}: {done:?}", row.name);
        let told: Vec<&str> = done.iter().map(|entry| entry["call_id"].as_str().expect("a call")).collect();
        assert!(told.is_sorted() && told.len() > calls.len(), "{}: listed as they came: {told:?}", row.name);
        in_order(&done, &calls);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_resend_off() {
    for row in ROWS {
        let stage = stage(row.name, "").await;
        let moments = called_while_off(&stage).await;
        let resumed = resume(&stage, json!({"send_stored": false})).await;
        assert_eq!(resumed, json!({"was_paused": true, "sent": 0}), "{}", row.name);
        call(&stage, "call-4", THIRD).await;
        stage.settled().await;
        assert_eq!(made_for(&stage, THIRD).len(), 1, "{}: {:?}", row.name, stage.crm().held());
        let view = stage.view().await;
        assert_eq!(view["journal"]["by_state"]["stored"], moments, "{}: {view}", row.name);
        for number in [FIRST, SECOND, VISITOR] {
            assert!(made_for(&stage, number).is_empty(), "{} {number}", row.name);
        }
        for entry in entries(&stage).await.iter().filter(|entry| entry["call_id"] == "call-2") {
            let id = entry["id"].as_str().expect("an id");
            let retried = stage.ops("POST", &format!("/api/journal/{id}/retry"), &Value::Null).await;
            assert_eq!(retried, json!({"id": id, "retried": 1}), "{}", row.name);
        }
        stage.settled().await;
        assert_eq!(made_for(&stage, SECOND).len(), 1, "{}: {:?}", row.name, stage.crm().held());
        assert!(made_for(&stage, FIRST).is_empty(), "{}", row.name);
        print(&format!("pd-resend-off {}", row.name), &stage.crm().held());
    }
}
