//! Ringostat's list of calls: what of the vendor's ways the stand-in keeps.

use jiff::Timestamp;
use sandbox::{
    kit::{Fault, FaultKind},
    ringostat_api::{Change, ListedCall, MOST_ROWS, Options, RingostatApi},
};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

const KEY: (&str, &str) = ("Auth-key", "sandbox-ringostat-key");
const PROJECT: (&str, &str) = ("x-project-id", "110070");
/// 11:04:41 by the project's clock.
const BEGAN: &str = "2024-11-11T09:04:41Z";

fn call(nth: usize, began: &str) -> ListedCall {
    let fields = json!({ "call_type": "in", "disposition": "PROPER", "caller": "380671112233", "billsec": 75 });
    let fields = fields.as_object().unwrap().clone();
    ListedCall { uniqueid: format!("ua0_-1731315881.{nth}"), began: began.parse().unwrap(), fields }
}

async fn with_calls(calls: Vec<ListedCall>) -> RingostatApi {
    let api = RingostatApi::start(Options::default()).await.unwrap();
    api.change(Change::Calls { calls }).unwrap();
    api
}

async fn asked(api: &RingostatApi, headers: &[(&str, &str)], query: &str) -> Reply {
    exchange(api, &format!("GET /calls/list?{query}"), headers, "").await.unwrap()
}

async fn listed(api: &RingostatApi, query: &str) -> Vec<Value> {
    let reply = asked(api, &[KEY, PROJECT], &format!("export_type=json&{query}")).await;
    assert_eq!(reply.status, 200);
    reply.json().as_array().unwrap_or_else(|| panic!("a list")).clone()
}

#[tokio::test]
async fn calls_are_listed_by_the_projects_wall_clock_with_the_fields_that_are_named() {
    let api = with_calls(vec![call(2, "2024-11-11T09:04:42Z"), call(1, BEGAN)]).await;
    let fields = "fields=uniqueid,calldate,caller,recording_wav";
    for (from, to, found) in [("11:04:41", "11:04:42", 2), ("11:04:42", "11:59:59", 1), ("09:04:00", "10:59:59", 0)] {
        let rows = listed(&api, &format!("{fields}&from=2024-11-11+{from}&to=2024-11-11+{to}")).await;
        assert_eq!(rows.len(), found, "{from} {to}");
    }
    let first = &listed(&api, &format!("{fields}&from=2024-11-11+00:00:00&to=2024-11-12+00:00:00")).await[0];
    let expected = json!({
        "uniqueid": "ua0_-1731315881.1", "calldate": "2024-11-11T11:04:41+0200", "caller": "380671112233",
        "recording_wav": null,
    });
    assert_eq!(*first, expected);
}

#[tokio::test]
async fn without_times_the_last_day_is_listed_and_a_call_that_changes_is_listed_once() {
    let now = Timestamp::now();
    let ago = |hours| now.checked_sub(jiff::SignedDuration::from_hours(hours)).unwrap().to_string();
    let api = with_calls(vec![call(1, &ago(30)), call(2, &ago(20))]).await;
    let ids = async || {
        let rows = listed(&api, "fields=uniqueid,disposition").await;
        rows.iter().map(|row| (row["uniqueid"].to_string(), row["disposition"].to_string())).collect::<Vec<_>>()
    };
    let id = "\"ua0_-1731315881.2\"".to_owned();
    assert_eq!(ids().await, [(id.clone(), "\"PROPER\"".to_owned())]);
    let mut other = call(2, &ago(19));
    other.fields["disposition"] = json!("BUSY");
    api.change(Change::Calls { calls: vec![other] }).unwrap();
    assert_eq!(ids().await, [(id, "\"BUSY\"".to_owned())]);
}

#[tokio::test]
async fn an_answer_has_six_and_a_half_thousand_rows_at_the_most() {
    let api = with_calls((0..=MOST_ROWS).map(|nth| call(nth, BEGAN)).collect()).await;
    let rows = listed(&api, "fields=uniqueid&from=2024-11-11+11:00:00&to=2024-11-11+12:00:00").await;
    assert_eq!((MOST_ROWS, rows.len()), (6_500, MOST_ROWS));
}

#[tokio::test]
async fn a_wrong_field_is_a_text_and_who_does_not_know_key_and_project_is_refused() {
    let api = with_calls(Vec::new()).await;
    for query in ["export_type=json&fields=uniqueid,nope", "export_type=json&from=yesterday", "export_type=json&x=1"] {
        let reply = asked(&api, &[KEY, PROJECT], query).await;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(reply.status == 200 && text.starts_with("incorrect "), "{query}: {} {text}", reply.status);
    }
    for query in ["", "export_type=csv", "export_type=json&merge=1"] {
        assert_eq!(asked(&api, &[KEY, PROJECT], query).await.status, 501, "{query}");
    }
    for headers in [&[PROJECT][..], &[KEY], &[("auth-key", "wrong"), PROJECT], &[KEY, ("x-project-id", "1")]] {
        assert_eq!(asked(&api, headers, "export_type=json").await.status, 403, "{headers:?}");
    }
    let twice = asked(&api, &[KEY, PROJECT], "export_type=json&auth-key=sandbox-ringostat-key").await;
    assert_eq!(twice.status, 403);
    api.set_revoked(true);
    assert_eq!(asked(&api, &[KEY, PROJECT], "export_type=json").await.status, 403);
}

#[tokio::test]
async fn staged_faults_befall_the_list_and_it_is_odd_in_its_own_ways() {
    let api = with_calls(Vec::new()).await;
    let get = async || asked(&api, &[KEY, PROJECT], "export_type=json").await;
    api.stage_fault(Fault::rate_limit("retry_after").times(1).on("/calls/list"));
    let reply = get().await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("2")));
    for (how, body) in [("incorrect_field", "incorrect field: uniqueid"), ("no_list", "{\"calls\":[]}")] {
        api.stage_fault(Fault::oddity(how).times(1));
        assert_eq!(String::from_utf8_lossy(&get().await.body), body);
    }
    api.stage_fault(Fault::new(FaultKind::TokenExpired).times(1));
    assert_eq!(get().await.status, 403);
    assert_eq!(get().await.json(), json!([]));
}

#[tokio::test]
async fn the_control_door_puts_calls_onto_the_list() {
    let api = with_calls(Vec::new()).await;
    let body =
        json!({ "change": "calls", "calls": [{ "uniqueid": "ua0_-1.1", "began": BEGAN, "fields": { "dst": "1" } }] });
    let put = exchange(&api, "POST /sandbox/change", &[], &body.to_string()).await.unwrap();
    assert_eq!((put.status, put.json()), (200, json!(1)));
    let rows = listed(&api, "fields=dst&from=2024-11-11+00:00:00&to=2024-11-12+00:00:00").await;
    assert_eq!(rows, [json!({ "dst": "1" })]);
}
