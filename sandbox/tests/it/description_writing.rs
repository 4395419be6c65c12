//! What the stand-in answers to writes, held against the vendor's own description.

use serde_json::{Value, json};

use crate::description::Description;
use crate::support::{TOKEN, exchange, sandbox};

/// Members of an activity that are null where there is nothing, though declared without `nullable`: as those of the
/// other kinds, the change of the vendor's own SDK 32.0.0.
const NULLS: [&str; 11] = [
    "busy",
    "conference_meeting_client",
    "conference_meeting_id",
    "conference_meeting_url",
    "duration",
    "lead_id",
    "location",
    "marked_as_done_time",
    "priority",
    "project_id",
    "public_description",
];

fn is_excused(wrong: &str) -> bool {
    let Some((path, what)) = wrong.split_once(": ") else { return false };
    let member = path.rsplit('/').next().unwrap_or_default();
    what.starts_with("null is not of type") && NULLS.contains(&member)
}

/// Everything that writes, and what reads it: the reply and its price.
#[tokio::test]
async fn writes_are_answered_and_cost_as_the_vendor_describes() {
    let Some(description) = Description::read() else { return };
    let sandbox = sandbox(20).await;
    let mut spent = sandbox.quota().used;
    let mut held = async |head: &str, template: &str, body: Value| {
        let reply = exchange(&sandbox, head, &[TOKEN], &body.to_string()).await.unwrap();
        let wrongs: Vec<String> =
            description.wrongs(template, &reply).into_iter().filter(|wrong| !is_excused(wrong)).collect();
        assert_eq!(wrongs, [""; 0], "{head}: {}", reply.text());
        let cost = sandbox.quota().used - spent;
        spent += cost;
        assert_eq!(description.operation(template)["x-token-cost"].as_u64(), Some(cost), "{head}");
        reply.json()["data"].clone()
    };
    let phones = json!([{"value": "+380671112233", "primary": true, "label": "work"}]);
    let person = held("POST /api/v2/persons", "post /api/v2/persons", json!({"name": "O B", "phones": phones})).await;
    let person = person["id"].clone();
    held(&format!("PATCH /api/v2/persons/{person}"), "patch /api/v2/persons/{id}", json!({"name": "O C"})).await;
    let firm =
        held("POST /api/v2/organizations", "post /api/v2/organizations", json!({"name": "F"})).await["id"].clone();
    held(&format!("PATCH /api/v2/organizations/{firm}"), "patch /api/v2/organizations/{id}", json!({"name": "G"}))
        .await;
    let body = json!({"title": "D", "person_id": person});
    let deal = held("POST /api/v2/deals", "post /api/v2/deals", body).await["id"].clone();
    held(&format!("PATCH /api/v2/deals/{deal}"), "patch /api/v2/deals/{id}", json!({"title": "E"})).await;
    let body = json!({
        "subject": "x", "type": "call", "participants": [{"person_id": person, "primary": true}], "deal_id": deal,
        "due_date": "2026-11-20", "due_time": "10:00", "note": "n",
    });
    let activity = held("POST /api/v2/activities", "post /api/v2/activities", body).await["id"].clone();
    let path = format!("/api/v2/activities/{activity}");
    held(&format!("PATCH {path}"), "patch /api/v2/activities/{id}", json!({"done": true})).await;
    held(&format!("GET {path}"), "/api/v2/activities/{id}", Value::Null).await;
    held("GET /api/v2/activities?limit=500", "/api/v2/activities", Value::Null).await;
    for fields in ["personFields", "organizationFields", "dealFields"] {
        let body = json!({"field_name": "New", "field_type": "text"});
        held(&format!("POST /api/v2/{fields}"), &format!("post /api/v2/{fields}"), body).await;
        held(&format!("GET /api/v2/{fields}?limit=3"), &format!("/api/v2/{fields}"), Value::Null).await;
    }
    let lead = held("POST /v1/leads", "post /leads", json!({"title": "L", "person_id": person})).await;
    let lead = lead["id"].as_str().unwrap().to_owned();
    held(&format!("PATCH /v1/leads/{lead}"), "patch /leads/{id}", json!({"title": "M"})).await;
    let note = json!({"content": "n", "person_id": person, "deal_id": deal, "org_id": firm, "lead_id": lead});
    let note = held("POST /v1/notes", "post /notes", note).await["id"].clone();
    held(&format!("PUT /v1/notes/{note}"), "put /notes/{id}", json!({"content": "m"})).await;
    held(&format!("GET /v1/notes/{note}"), "get /notes/{id}", Value::Null).await;
    held("GET /v1/notes", "get /notes", Value::Null).await;
    let call = json!({
        "activity_id": activity, "outcome": "busy", "to_phone_number": "+380671112233", "duration": "0",
        "start_time": "2026-11-20 10:00:00", "end_time": "2026-11-20 10:00:00",
    });
    let log = held("POST /v1/callLogs", "post /callLogs", call.clone()).await["id"].as_str().unwrap().to_owned();
    held("POST /v1/callLogs", "post /callLogs", json!({})).await;
    held("POST /v1/callLogs", "post /callLogs", json!({"activity_id": 999_999, "outcome": "busy"})).await;
    held(&format!("GET /v1/callLogs/{log}"), "get /callLogs/{id}", Value::Null).await;
    held("GET /v1/callLogs/CA0", "get /callLogs/{id}", Value::Null).await;
    held("GET /v1/callLogs", "get /callLogs", Value::Null).await;
}

#[tokio::test]
async fn a_call_log_of_no_activity_makes_its_own_and_its_recording_is_answered_as_described() {
    let Some(description) = Description::read() else { return };
    let sandbox = sandbox(20).await;
    let call = json!({
        "person_id": 3, "outcome": "connected", "to_phone_number": "+380671112233", "duration": "7",
        "start_time": "2026-11-20 10:00:00", "end_time": "2026-11-20 10:00:07",
    });
    let reply = exchange(&sandbox, "POST /v1/callLogs", &[TOKEN], &call.to_string()).await.unwrap();
    assert_eq!(description.wrongs("post /callLogs", &reply), [""; 0]);
    let log = reply.json()["data"].clone();
    assert!(log["activity_id"].is_u64() && log["person_id"] == 3, "{log}");
    let path = format!("POST /v1/callLogs/{}/recordings", log["id"].as_str().unwrap());
    let kind = ("content-type", "multipart/form-data; boundary=b");
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.ogg\"\r\n\r\nOggS\r\n--b--\r\n";
    for (status, cost) in [(200, 10), (409, 10)] {
        let before = sandbox.quota().used;
        let reply = exchange(&sandbox, &path, &[TOKEN, kind], part).await.unwrap();
        assert_eq!((reply.status, sandbox.quota().used - before), (status, cost));
        assert_eq!(description.wrongs("post /callLogs/{id}/recordings", &reply), [""; 0]);
    }
}
