//! Writing into Pipedrive's stand-in: what is accepted, what is refused, and who sees it when.

use std::time::Duration;

use sandbox::kit::{StandIn, Thing};
use sandbox::pipedrive::{Change, Fault, Item, Of, Pipedrive, field_key};
use serde_json::{Value, json};

use crate::support::{Reply, TOKEN, all, exchange, get, ids, sandbox};
use crate::webhooks::Listener;

pub(crate) async fn send(sandbox: &Pipedrive, head: &str, body: &Value) -> Reply {
    exchange(sandbox, head, &[TOKEN], &body.to_string()).await.expect("a reply")
}

async fn made(sandbox: &Pipedrive, head: &str, body: &Value) -> Value {
    let reply = send(sandbox, head, body).await;
    assert!(matches!(reply.status, 200 | 201), "{head}: {}", reply.text());
    reply.json()["data"].clone()
}

async fn refused(sandbox: &Pipedrive, head: &str, body: &Value, words: &str) {
    let reply = send(sandbox, head, body).await;
    assert!(matches!(reply.status, 400 | 404), "{head} {body}: {}", reply.text());
    assert!(reply.text().contains(words), "{head} {body}: {}", reply.text());
    assert_eq!(reply.json()["success"], false);
}

fn held(sandbox: &Pipedrive, what: &str) -> Vec<Thing> {
    StandIn::held(sandbox).into_iter().filter(|thing| thing.what == what).collect()
}

fn called(activity: &Value) -> Value {
    json!({
        "activity_id": activity, "outcome": "connected", "from_phone_number": "+380671112233",
        "to_phone_number": "+380442000000", "start_time": "2026-11-20 10:00:00", "end_time": "2026-11-20 10:01:27",
        "duration": "75", "subject": "Incoming call", "note": "Said hello",
    })
}

const PERSON: &str = "POST /api/v2/persons";
const DEAL: &str = "POST /api/v2/deals";
const ACTIVITY: &str = "POST /api/v2/activities";
const CALL_LOG: &str = "POST /v1/callLogs";

#[tokio::test]
async fn what_is_written_is_in_the_lists_at_once_and_in_the_search_after_its_lag() {
    let sandbox = sandbox(5).await;
    let number = "+380671119988";
    let phones = json!([{"value": number, "primary": true, "label": "work"}]);
    let key = field_key(Of::Person, "UTM source");
    let body = json!({"name": "Olha", "phones": phones, "owner_id": 102, "custom_fields": {&key: "google"}});
    let person = made(&sandbox, PERSON, &body).await;
    let id = person["id"].as_u64().expect("an id");
    assert_eq!((person["owner_id"].as_u64(), person["custom_fields"][&key].as_str()), (Some(102), Some("google")));
    assert!(ids(&all(&sandbox, "/api/v2/persons?limit=500").await).contains(&id));
    assert_eq!(get(&sandbox, &format!("/api/v2/persons/{id}")).await.data()["phones"][0]["value"], number);
    let found = async |term: &str| {
        let path = format!("/api/v2/persons/search?term={term}&fields=phone,custom_fields");
        get(&sandbox, &path).await.data()["items"].as_array().expect("items").len()
    };
    assert_eq!((found("1119988").await, found("google").await), (0, 0), "not yet");
    sandbox.advance(Duration::from_secs(3));
    assert_eq!((found("1119988").await, found("google").await), (1, 1));
    let [thing] = &held(&sandbox, "contact")[..] else { panic!("expected one contact") };
    assert_eq!(
        (thing.owner.as_deref(), thing.seeded, &thing.numbers[..]),
        (Some("102"), false, &[number.to_owned()][..])
    );
    assert_eq!(thing.fields[&key], "google");
}

#[tokio::test]
async fn what_was_there_and_is_changed_is_held_as_seeded_and_null_empties_a_field() {
    let sandbox = sandbox(5).await;
    let key = field_key(Of::Deal, "Call id");
    let deal = all(&sandbox, "/api/v2/deals?limit=500").await[0]["id"].clone();
    let head = format!("PATCH /api/v2/deals/{deal}");
    made(&sandbox, &head, &json!({"custom_fields": {&key: "c1"}})).await;
    assert_eq!(held(&sandbox, "deal")[0].fields[&key], "c1");
    assert!(held(&sandbox, "deal")[0].seeded);
    made(&sandbox, &head, &json!({"custom_fields": {&key: null}})).await;
    assert!(!held(&sandbox, "deal")[0].fields.contains_key(&key));
    refused(&sandbox, "PATCH /api/v2/deals/99999999", &json!({"title": "x"}), "not found").await;
}

#[tokio::test]
async fn the_second_api_refuses_what_is_not_described_missing_or_of_another_type() {
    let sandbox = sandbox(5).await;
    let key = field_key(Of::Person, "UTM source");
    let deals = field_key(Of::Deal, "UTM source");
    for (body, words) in [
        (json!({}), "name: is required"),
        (json!({"name": " "}), "name: is required"),
        (json!({"name": 7}), "name: expected a string"),
        (json!({"name": "O", "phone": "+380671112233"}), "Parameter 'phone' is not allowed"),
        (json!({"name": "O", &key: "google"}), "is not allowed for this request"),
        (json!({"name": "O", "phones": "+380671112233"}), "phones: expected an array"),
        (json!({"name": "O", "phones": [{"value": ""}]}), "value: is required"),
        (json!({"name": "O", "owner_id": 999}), "User 999 not found"),
        (json!({"name": "O", "owner_id": "101"}), "owner_id: expected an integer"),
        (json!({"name": "O", "org_id": 999_999}), "Organization 999999 not found"),
        (json!({"name": "O", "custom_fields": {&deals: "google"}}), "is not allowed"),
        (json!({"name": "O", "custom_fields": {&key: 7}}), "expected a varchar"),
        (json!({"name": "O", "custom_fields": {&key: "x".repeat(256)}}), "expected a varchar"),
    ] {
        refused(&sandbox, PERSON, &body, words).await;
    }
    assert_eq!(send(&sandbox, "POST /v1/persons", &json!({"name": "O"})).await.status, 404, "gone since August");
    refused(&sandbox, DEAL, &json!({"owner_id": 101}), "title: is required").await;
    refused(&sandbox, DEAL, &json!({"title": "D", "person_id": 999_999}), "Person 999999 not found").await;
    refused(&sandbox, "POST /api/v2/organizations", &json!({"owner_id": 101}), "name: is required").await;
    assert!(StandIn::held(&sandbox).is_empty());
}

#[tokio::test]
async fn somebody_who_left_owns_nothing_new_and_who_is_deleted_gets_nothing() {
    let sandbox = sandbox(5).await;
    sandbox.change(Change::SetUserActive { user_id: 102, active: false }).expect("a user");
    sandbox.change(Change::Delete { item: Item::Person(1) }).expect("a person");
    refused(&sandbox, PERSON, &json!({"name": "O", "owner_id": 102}), "not active").await;
    refused(&sandbox, DEAL, &json!({"title": "D", "person_id": 1}), "Person 1 not found").await;
    refused(&sandbox, "PATCH /api/v2/persons/1", &json!({"name": "O"}), "not found").await;
}

#[tokio::test]
async fn an_activity_hangs_on_its_participants_and_times_are_to_the_minute() {
    let sandbox = sandbox(5).await;
    let body = json!({
        "subject": "Call back", "type": "call", "owner_id": 103, "due_date": "2026-11-20", "due_time": "14:05",
        "participants": [{"person_id": 1, "primary": false}, {"person_id": 3, "primary": true}], "note": "<b>x</b>",
    });
    let activity = made(&sandbox, ACTIVITY, &body).await;
    assert_eq!((activity["person_id"].as_u64(), activity["due_time"].as_str()), (Some(3), Some("14:05:00")));
    let id = activity["id"].as_u64().expect("an id");
    for (path, there) in [
        ("/api/v2/activities?person_id=3&sort_by=add_time&sort_direction=desc", true),
        ("/api/v2/activities?person_id=1", false),
        ("/api/v2/activities?owner_id=103&done=false", true),
        ("/api/v2/activities?done=true", false),
    ] {
        assert_eq!(ids(&all(&sandbox, path).await).contains(&id), there, "{path}");
    }
    let [task] = &held(&sandbox, "task")[..] else { panic!("expected one task") };
    assert_eq!((task.state.as_deref(), task.due.as_deref()), (Some("open"), Some("2026-11-20T14:05:00Z")));
    assert_eq!(task.on.iter().map(|on| on.id.as_str()).collect::<Vec<_>>(), ["1", "3"]);
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    for (name, value, words) in [
        ("person_id", json!(3), "'person_id' is a read-only field. Add a primary participant"),
        ("due_time", json!("2 pm"), "due_time"),
        ("due_date", json!("20.11.2026"), "due_date"),
        ("done", json!(1), "done: expected a boolean"),
        ("type", json!("chat"), "type"),
        ("participants", json!([{"person_id": 999_999, "primary": true}]), "Person 999999 not found"),
        ("deal_id", json!(999_999), "Deal 999999 not found"),
        ("custom_fields", json!({}), "is not allowed"),
    ] {
        refused(&sandbox, ACTIVITY, &with(name, value), words).await;
    }
    let lead = get(&sandbox, "/v1/leads?limit=1").await.data()[0]["id"].clone();
    let deal = all(&sandbox, "/api/v2/deals?limit=500").await[0]["id"].clone();
    let mut both = with("lead_id", lead);
    both["deal_id"] = deal;
    refused(&sandbox, ACTIVITY, &both, "not to both").await;
}

#[tokio::test]
async fn a_call_log_converts_its_activity_and_takes_one_recording() {
    let sandbox = sandbox(5).await;
    let phones = json!([{"value": "+380671112233", "primary": true, "label": "work"}]);
    let person = made(&sandbox, PERSON, &json!({"name": "Olha", "phones": phones})).await["id"].clone();
    let participants = json!([{"person_id": person, "primary": true}]);
    let body = json!({"subject": "x", "type": "call", "owner_id": 102, "participants": participants, "done": false});
    let activity = made(&sandbox, ACTIVITY, &body).await["id"].clone();
    let log = made(&sandbox, CALL_LOG, &called(&activity)).await;
    assert_eq!((&log["activity_id"], &log["person_id"], &log["has_recording"]), (&activity, &person, &json!(false)));
    let [call] = &held(&sandbox, "call")[..] else { panic!("expected one call") };
    assert!(held(&sandbox, "task").is_empty(), "it is no task any more");
    assert_eq!((call.direction.as_deref(), call.seconds, call.owner.as_deref()), (Some("in"), Some(75), Some("102")));
    let shown = get(&sandbox, &format!("/api/v2/activities/{activity}")).await.data();
    assert_eq!((shown["done"].as_bool(), shown["note"].as_str()), (Some(true), Some("Said hello")));
    let id = log["id"].as_str().expect("text");
    let head = format!("POST /v1/callLogs/{id}/recordings");
    let kind = ("content-type", "multipart/form-data; boundary=b");
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.ogg\"\r\n\r\nOggS\r\n--b--\r\n";
    let upload = async |head: &str, kind: (&'static str, &'static str), body: &str| {
        exchange(&sandbox, head, &[TOKEN, kind], body).await.expect("a reply").status
    };
    let json_kind = ("content-type", "application/json");
    assert_eq!(upload(&head, json_kind, "{\"file\": \"OggS\"}").await, 400);
    assert_eq!(upload(&head, kind, &part.replace("\"file\"", "\"audio\"")).await, 400);
    assert_eq!(upload(&head, kind, &part.replace("--b--", "")).await, 400, "broken off");
    assert_eq!(upload("POST /v1/callLogs/CA0/recordings", kind, part).await, 404);
    assert_eq!(upload(&head, kind, part).await, 200);
    assert_eq!(upload(&head, kind, part).await, 409, "one is there already");
    assert_eq!(get(&sandbox, &format!("/v1/callLogs/{id}")).await.data()["has_recording"], true);
    assert_eq!(held(&sandbox, "call")[0].audio_bytes, Some(4));
}

#[tokio::test]
async fn a_second_conversion_makes_a_second_call_log_and_the_oldest_is_listed_first() {
    let sandbox = sandbox(5).await;
    let activity = made(&sandbox, ACTIVITY, &json!({"subject": "x", "type": "call"})).await["id"].clone();
    let first = made(&sandbox, CALL_LOG, &called(&activity)).await["id"].clone();
    let second = made(&sandbox, CALL_LOG, &called(&activity)).await["id"].clone();
    assert_ne!(first, second);
    assert_eq!(held(&sandbox, "call").len(), 2, "nobody keeps it from being there twice");
    let mut theirs = called(&activity);
    theirs["user_id"] = json!(102);
    made(&sandbox, CALL_LOG, &theirs).await;
    let listed = get(&sandbox, "/v1/callLogs?limit=500").await;
    let listed = listed.json()["data"].as_array().expect("a list").clone();
    assert_eq!(listed.iter().map(|log| &log["id"]).collect::<Vec<_>>(), [&first, &second], "one's own only");
    let page = get(&sandbox, "/v1/callLogs?limit=1").await.json();
    assert_eq!(page["additional_data"]["pagination"]["more_items_in_collection"], true);
}

#[tokio::test]
async fn a_call_log_says_what_is_wrong_with_it() {
    let sandbox = sandbox(5).await;
    let call = made(&sandbox, ACTIVITY, &json!({"subject": "x", "type": "call"})).await["id"].clone();
    let task = made(&sandbox, ACTIVITY, &json!({"subject": "x", "type": "task"})).await["id"].clone();
    let with = |name: &str, value: Value| {
        let mut body = called(&call);
        body[name] = value;
        body
    };
    for (name, value, words) in [
        ("outcome", json!(""), "\\\"outcome\\\" is required"),
        ("outcome", json!("answered"), "outcome"),
        ("to_phone_number", json!(null), "to_phone_number"),
        ("start_time", json!("2026-11-20T10:00:00Z"), "YYYY-MM-DD HH:MM:SS"),
        ("duration", json!("1:15"), "duration"),
        ("activity_id", json!(999_999), "A resource required for this operation was not found."),
        ("activity_id", task, "must refer to a call type activity"),
    ] {
        refused(&sandbox, CALL_LOG, &with(name, value), words).await;
    }
}

#[tokio::test]
async fn a_lead_is_somebodys_and_keeps_deals_fields_beside_the_others() {
    let sandbox = sandbox(5).await;
    let key = field_key(Of::Deal, "UTM source");
    let reply = send(&sandbox, "POST /v1/leads", &json!({"title": "L", "person_id": 3, &key: "google"})).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let lead = reply.json()["data"].clone();
    assert_eq!(lead[&key], "google");
    let head = format!("PATCH /v1/leads/{}", lead["id"].as_str().expect("a UUID"));
    assert_eq!(made(&sandbox, &head, &json!({&key: "bing"})).await[&key], "bing");
    refused(&sandbox, "POST /v1/leads", &json!({"title": "L"}), "must be linked").await;
    refused(&sandbox, "POST /v1/leads", &json!({"person_id": 3}), "is required").await;
    refused(&sandbox, "POST /v1/leads", &json!({"title": "L", "person_id": 999_999}), "not found").await;
    refused(&sandbox, "POST /v1/leads", &json!({"title": "L", "person_id": 3, "custom_fields": {}}), "custom_fields")
        .await;
    assert_eq!(held(&sandbox, "lead").len(), 1);
}

#[tokio::test]
async fn a_note_is_attached_to_something_and_not_endless() {
    let sandbox = sandbox(5).await;
    let note = made(&sandbox, "POST /v1/notes", &json!({"content": "<b>x</b>", "person_id": 3})).await;
    let head = format!("PUT /v1/notes/{}", note["id"]);
    assert_eq!(made(&sandbox, &head, &json!({"content": "y"})).await["content"], "y");
    assert_eq!(get(&sandbox, "/v1/notes?person_id=3&sort=add_time%20DESC").await.data()[0]["content"], "y");
    assert!(get(&sandbox, "/v1/notes?person_id=2").await.data().as_array().expect("a list").is_empty());
    refused(&sandbox, "POST /v1/notes", &json!({"content": "x"}), "must be attached").await;
    refused(&sandbox, "POST /v1/notes", &json!({"person_id": 3}), "is required").await;
    refused(&sandbox, "POST /v1/notes", &json!({"content": "x".repeat(100_001), "person_id": 3}), "100 KB").await;
    assert_eq!(held(&sandbox, "note")[0].on[0].id, "3");
}

#[tokio::test]
async fn a_field_that_is_made_has_a_key_of_the_vendors_choosing_and_is_writable() {
    let sandbox = sandbox(5).await;
    let head = "POST /api/v2/dealFields";
    let field = made(&sandbox, head, &json!({"field_name": "Ringostat call", "field_type": "varchar"})).await;
    let key = field["field_code"].as_str().expect("a key").to_owned();
    assert_eq!(key.len(), 40);
    made(&sandbox, DEAL, &json!({"title": "D", "custom_fields": {&key: "c1"}})).await;
    let listed = get(&sandbox, "/api/v2/dealFields?limit=500").await.data();
    assert!(listed.as_array().expect("a list").iter().any(|field| field["field_code"] == key.as_str()));
    refused(&sandbox, head, &json!({"field_name": "x"}), "field_type: is required").await;
    refused(&sandbox, head, &json!({"field_name": "x", "field_type": "string"}), "field_type").await;
    let other = made(&sandbox, head, &json!({"field_name": "Ringostat call", "field_type": "text"})).await;
    assert_ne!(other["field_code"], key.as_str(), "two may have one name");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_has_landed_and_one_that_was_reset_has_not() {
    let sandbox = sandbox(5).await;
    let body = json!({"name": "Olha"});
    for (fault, count) in [(Fault::reset(), 0), (Fault::answer_lost(), 1)] {
        sandbox.stage_fault(fault.on("/api/v2/persons").with_method("POST").times(1));
        assert!(exchange(&sandbox, PERSON, &[TOKEN], &body.to_string()).await.is_err());
        assert_eq!(held(&sandbox, "contact").len(), count);
    }
}

#[tokio::test]
async fn webhooks_tell_of_what_the_api_wrote_and_say_so() {
    let sandbox = sandbox(5).await;
    let somewhere = Listener::open(vec![]).await;
    let wanted = json!({
        "subscription_url": somewhere.url(), "event_action": "*", "event_object": "*", "name": "n", "version": "2.0",
    });
    assert_eq!(send(&sandbox, "POST /v1/webhooks", &wanted).await.status, 201);
    let person = made(&sandbox, PERSON, &json!({"name": "Olha"})).await["id"].clone();
    made(&sandbox, &format!("PATCH /api/v2/persons/{person}"), &json!({"name": "Olha B."})).await;
    made(&sandbox, ACTIVITY, &json!({"subject": "x", "type": "call"})).await;
    sandbox.ground().hooks.delivered(4).await;
    let mut told: Vec<String> = somewhere
        .told()
        .iter()
        .map(|told| format!("{} {} {}", told["meta"]["action"], told["meta"]["entity"], told["meta"]["change_source"]))
        .collect();
    told.sort();
    let expected =
        ["\"change\" \"person\" \"api\"", "\"create\" \"activity\" \"api\"", "\"create\" \"person\" \"api\""];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn writes_are_charged_and_refused_when_the_day_is_spent() {
    let sandbox = sandbox(5).await;
    let spent = async |head: &str, body: &Value| {
        let before = sandbox.quota().used;
        send(&sandbox, head, body).await;
        sandbox.quota().used - before
    };
    assert_eq!(spent(PERSON, &json!({"name": "Olha"})).await, 5);
    assert_eq!(spent("POST /v1/notes", &json!({"content": "x", "person_id": 3})).await, 10);
    sandbox.set_quota(Some(10), Some(10));
    assert_eq!(send(&sandbox, PERSON, &json!({"name": "Olha"})).await.status, 429);
    assert_eq!(exchange(&sandbox, PERSON, &[], "{}").await.expect("a reply").status, 401);
    assert_eq!(held(&sandbox, "contact").len(), 1);
}
