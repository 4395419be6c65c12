//! What the stand-in answers to writes, held against the vendor's own description.

use sandbox::pipedrive::Pipedrive;
use serde_json::{Value, json};

use crate::description::Description;
use crate::support::{TOKEN, exchange, sandbox};

#[tokio::test]
async fn writes_are_answered_and_cost_as_the_vendor_describes() {
    let Some(description) = Description::read() else { return };
    hold_what_is_written(&description).await;
}

/// Everything that writes, and what reads it: the reply and its price.
pub(crate) async fn hold_what_is_written(description: &Description) {
    let sandbox = sandbox(20).await;
    let spent = sandbox.quota().used;
    let mut holder = Holder { description, sandbox, spent };
    let made = entities_and_activities(&mut holder).await;
    leads_notes_and_call_logs(&mut holder, made).await;
}

struct Holder<'a> {
    description: &'a Description,
    sandbox: Pipedrive,
    spent: u64,
}

/// A person, an organization, a deal and an activity, by their ids.
struct Made {
    person: Value,
    firm: Value,
    deal: Value,
    activity: Value,
}

impl Holder<'_> {
    async fn held(&mut self, head: &str, template: &str, body: Value) -> Value {
        let reply = exchange(&self.sandbox, head, &[TOKEN], &body.to_string()).await.unwrap();
        assert_eq!(self.description.wrongs(template, &reply), [""; 0], "{head}: {}", reply.text());
        let cost = self.sandbox.quota().used - self.spent;
        self.spent += cost;
        assert_eq!(self.description.operation(template)["x-token-cost"].as_u64(), Some(cost), "{head}");
        reply.json()["data"].clone()
    }
}

async fn entities_and_activities(holder: &mut Holder<'_>) -> Made {
    let phones = json!([{"value": "+380671112233", "primary": true, "label": "work"}]);
    let person =
        holder.held("POST /api/v2/persons", "post /api/v2/persons", json!({"name": "O B", "phones": phones})).await;
    let person = person["id"].clone();
    holder.held(&format!("PATCH /api/v2/persons/{person}"), "patch /api/v2/persons/{id}", json!({"name": "O C"})).await;
    let firm =
        holder.held("POST /api/v2/organizations", "post /api/v2/organizations", json!({"name": "F"})).await["id"]
            .clone();
    holder
        .held(&format!("PATCH /api/v2/organizations/{firm}"), "patch /api/v2/organizations/{id}", json!({"name": "G"}))
        .await;
    let body = json!({"title": "D", "person_id": person});
    let deal = holder.held("POST /api/v2/deals", "post /api/v2/deals", body).await["id"].clone();
    holder.held(&format!("PATCH /api/v2/deals/{deal}"), "patch /api/v2/deals/{id}", json!({"title": "E"})).await;
    let body = json!({
        "subject": "x", "type": "call", "participants": [{"person_id": person, "primary": true}], "deal_id": deal,
        "due_date": "2026-11-20", "due_time": "10:00", "note": "n",
    });
    let activity = holder.held("POST /api/v2/activities", "post /api/v2/activities", body).await["id"].clone();
    let path = format!("/api/v2/activities/{activity}");
    holder.held(&format!("PATCH {path}"), "patch /api/v2/activities/{id}", json!({"done": true})).await;
    holder.held(&format!("GET {path}"), "/api/v2/activities/{id}", Value::Null).await;
    holder.held("GET /api/v2/activities?limit=500", "/api/v2/activities", Value::Null).await;
    for fields in ["personFields", "organizationFields", "dealFields"] {
        let body = json!({"field_name": "New", "field_type": "text"});
        holder.held(&format!("POST /api/v2/{fields}"), &format!("post /api/v2/{fields}"), body).await;
        holder.held(&format!("GET /api/v2/{fields}?limit=3"), &format!("/api/v2/{fields}"), Value::Null).await;
    }
    Made { person, firm, deal, activity }
}

async fn leads_notes_and_call_logs(holder: &mut Holder<'_>, made: Made) {
    let Made { person, firm, deal, activity } = made;
    let lead = holder.held("POST /v1/leads", "post /leads", json!({"title": "L", "person_id": person})).await;
    let lead = lead["id"].as_str().unwrap().to_owned();
    holder.held(&format!("PATCH /v1/leads/{lead}"), "patch /leads/{id}", json!({"title": "M"})).await;
    let note = json!({"content": "n", "person_id": person, "deal_id": deal, "org_id": firm, "lead_id": lead});
    let note = holder.held("POST /v1/notes", "post /notes", note).await["id"].clone();
    holder.held(&format!("PUT /v1/notes/{note}"), "put /notes/{id}", json!({"content": "m"})).await;
    // Of a person alone.
    let body = json!({
        "subject": "y", "type": "call", "participants": [{"person_id": person, "primary": true}],
        "due_date": "2026-11-20", "due_time": "10:00", "note": "n",
    });
    holder.held("POST /api/v2/activities", "post /api/v2/activities", body).await;
    holder.held("POST /v1/notes", "post /notes", json!({"content": "n", "person_id": person})).await;
    holder.held(&format!("GET /v1/notes/{note}"), "get /notes/{id}", Value::Null).await;
    holder.held("GET /v1/notes", "get /notes", Value::Null).await;
    let call = json!({
        "activity_id": activity, "outcome": "busy", "to_phone_number": "+380671112233", "duration": "0",
        "start_time": "2026-11-20 10:00:00", "end_time": "2026-11-20 10:00:00",
    });
    let log = holder.held("POST /v1/callLogs", "post /callLogs", call.clone()).await["id"].as_str().unwrap().to_owned();
    holder.held("POST /v1/callLogs", "post /callLogs", json!({})).await;
    holder.held("POST /v1/callLogs", "post /callLogs", json!({"activity_id": 999_999, "outcome": "busy"})).await;
    holder.held(&format!("GET /v1/callLogs/{log}"), "get /callLogs/{id}", Value::Null).await;
    holder.held("GET /v1/callLogs/CA0", "get /callLogs/{id}", Value::Null).await;
    holder.held("GET /v1/callLogs", "get /callLogs", Value::Null).await;
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
