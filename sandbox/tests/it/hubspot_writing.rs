//! What HubSpot is nasty about when it is written to, point by point.

use std::time::Duration;

use sandbox::hubspot::{Change, HubSpot, Item, Limits, Options};
use sandbox::kit::{EntityKind, Fault, StandIn, Thing};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};
use crate::webhooks::Listener;

const TOKEN: (&str, &str) = ("authorization", "Bearer sandbox-token");
const OBJECTS: &str = "/crm/objects/2026-03";

/// A stand-in whose time stands still and whose index lags ten seconds behind.
async fn still() -> HubSpot {
    let limits = Limits { index_lag: Duration::from_secs(10), ..Limits::unlimited() };
    HubSpot::start(Options { clients: 20, still: true, limits, ..Options::default() }).await.expect("a stand-in")
}

async fn ask(sandbox: &HubSpot, head: &str, body: &Value) -> Reply {
    let headers = [TOKEN, ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    exchange(sandbox, head, &headers, &body).await.expect("a reply")
}

async fn make(sandbox: &HubSpot, object: &str, properties: Value, associations: Value) -> Reply {
    let body = json!({"properties": properties, "associations": associations});
    ask(sandbox, &format!("POST {OBJECTS}/{object}"), &body).await
}

fn to(id: u64, type_id: u32) -> Value {
    json!({"to": {"id": id.to_string()}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]})
}

fn id(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// Refused, and in which words.
fn refused(reply: &Reply) -> String {
    assert_eq!((reply.status, reply.json()["category"].clone()), (400, json!("VALIDATION_ERROR")), "{}", reply.text());
    reply.json()["message"].as_str().expect("a message").to_owned()
}

async fn unique(sandbox: &HubSpot, object: &str, name: &str, unique: bool) -> Reply {
    let groups = ask(sandbox, &format!("GET /crm/properties/2026-03/{object}/groups"), &Value::Null).await.json();
    let own = |group: &&Value| group["name"] != "another_group";
    let group = groups["results"].as_array().into_iter().flatten().find(own).expect("a group")["name"].clone();
    let body = json!({
        "name": name, "label": name, "type": "string", "fieldType": "text", "groupName": group, "hasUniqueValue": unique,
    });
    ask(sandbox, &format!("POST /crm/properties/2026-03/{object}"), &body).await
}

fn held(sandbox: &HubSpot, what: &str) -> Vec<Thing> {
    StandIn::held(sandbox).into_iter().filter(|thing| thing.what == what).collect()
}

#[tokio::test]
async fn every_value_is_a_text_and_both_members_are_required() {
    let sandbox = still().await;
    let head = format!("POST {OBJECTS}/deals");
    let properties = json!({"dealname": "Deal", "dealstage": "contractsent"});
    for wrong in [
        json!({"properties": properties}),
        json!({"associations": []}),
        json!({"properties": {"dealname": 7, "dealstage": "contractsent"}, "associations": []}),
        json!({"properties": {"dealname": null, "dealstage": "contractsent"}, "associations": []}),
    ] {
        refused(&ask(&sandbox, &head, &wrong).await);
    }
    assert_eq!(make(&sandbox, "deals", properties, json!([])).await.status, 201);
}

#[tokio::test]
async fn what_must_be_there_must_be_there() {
    let sandbox = still().await;
    for (object, properties) in [
        ("contacts", json!({"phone": "+380671112233"})),
        ("companies", json!({"phone": "+380671112233"})),
        ("deals", json!({"dealname": "Deal"})),
        ("deals", json!({"dealstage": "contractsent"})),
        ("tickets", json!({"subject": "Ticket"})),
        ("leads", json!({"hs_lead_name": "Lead of nobody"})),
        ("tasks", json!({"hs_task_subject": "Task"})),
        ("calls", json!({"hs_call_title": "Call"})),
        ("notes", json!({"hs_note_body": "Note"})),
    ] {
        assert!(refused(&make(&sandbox, object, properties, json!([])).await).contains("Required"), "{object}");
    }
    assert_eq!(StandIn::held(&sandbox), []);
}

#[tokio::test]
async fn a_property_or_value_that_is_not_the_vendors_is_refused_by_name() {
    let sandbox = still().await;
    for (name, value) in [
        ("phoen", "1"),
        ("hs_task_status", "DONE"),
        ("hs_timestamp", "tomorrow"),
        ("hubspot_owner_id", "777"),
        ("hubspot_owner_id", "105"),
        ("hs_lastmodifieddate", "2026-01-01T00:00:00Z"),
    ] {
        let mut properties = json!({"hs_timestamp": "1731330368000"});
        properties[name] = json!(value);
        let words = refused(&make(&sandbox, "tasks", properties, json!([])).await);
        assert!(words.contains(&format!("\"name\":\"{name}\"")), "{words}");
    }
    for (name, value) in [
        ("hs_call_recording_url", "http://pbx.acme.example/1.wav"),
        ("hs_call_status", "ANSWERED"),
        ("hs_call_disposition", "Connected"),
        ("hs_call_duration", "1:15"),
        ("hs_call_direction", "IN"),
    ] {
        let mut properties = json!({"hs_timestamp": "1731330368000"});
        properties[name] = json!(value);
        refused(&make(&sandbox, "calls", properties, json!([])).await);
    }
    let long = json!({"hs_timestamp": "1731330368000", "hs_note_body": "x".repeat(65_537)});
    refused(&make(&sandbox, "notes", long, json!([])).await);
    refused(&make(&sandbox, "deals", json!({"dealname": "Deal", "dealstage": "sold"}), json!([])).await);
}

#[tokio::test]
async fn what_hangs_on_something_that_is_gone_or_by_a_wrong_type_is_not_made() {
    let sandbox = still().await;
    let task = json!({"hs_timestamp": "1731330368000"});
    for wrong in [to(99_999_999, 204), to(1, 205), to(1, 3)] {
        refused(&make(&sandbox, "tasks", task.clone(), json!([to(3, 204), wrong])).await);
    }
    sandbox.change(Change::Archive { item: Item::new(EntityKind::Contact, 3) }).expect("a change");
    refused(&make(&sandbox, "tasks", task.clone(), json!([to(3, 204)])).await);
    assert_eq!(held(&sandbox, "task"), []);
    assert_eq!(make(&sandbox, "tasks", task, json!([to(1, 204), to(3, 216)])).await.status, 201);
}

#[tokio::test]
async fn what_was_written_is_in_the_database_at_once_and_in_the_index_when_the_lag_is_over() {
    let sandbox = still().await;
    let properties =
        json!({"firstname": "Olha", "lastname": "Petrenko", "phone": "+380442009999", "hubspot_owner_id": "102"});
    let contact = id(&make(&sandbox, "contacts", properties, json!([])).await);
    let deal = json!({"dealname": "Deal", "dealstage": "contractsent", "description": "mark pd1"});
    let deal = id(&make(&sandbox, "deals", deal, json!([to(contact, 3)])).await);
    let task = id(&make(
        &sandbox,
        "tasks",
        json!({"hs_timestamp": "1731330368000", "hs_task_body": "mark pd2"}),
        json!([to(contact, 204)]),
    )
    .await);
    let read =
        ask(&sandbox, &format!("GET {OBJECTS}/contacts/{contact}?properties=firstname,phone,email"), &Value::Null)
            .await;
    assert_eq!(read.json()["properties"], json!({"firstname": "Olha", "phone": "+380442009999", "email": null}));
    for (to, made) in [("deals", deal), ("tasks", task)] {
        let asked = json!({"inputs": [{"id": contact.to_string()}]});
        let found =
            ask(&sandbox, &format!("POST /crm/associations/2026-03/contacts/{to}/batch/read"), &asked).await.json();
        assert_eq!(found["results"][0]["to"][0]["toObjectId"], json!(made.to_string()), "{to}");
    }
    let body =
        json!({"inputs": [{"id": task.to_string()}], "properties": ["hs_task_body"], "propertiesWithHistory": []});
    let batch = ask(&sandbox, &format!("POST {OBJECTS}/tasks/batch/read"), &body).await.json();
    assert_eq!(batch["results"][0]["properties"]["hs_task_body"], json!("mark pd2"));
    let search = |name: &str, operator: &str, value: &str| {
        let filters = json!([{"filters": [{"propertyName": name, "operator": operator, "value": value}]}]);
        json!({"filterGroups": filters, "sorts": [], "properties": [name], "limit": 10, "after": "0"})
    };
    let searches = [
        ("contacts", search("hs_searchable_calculated_phone_number", "EQ", "442009999")),
        ("deals", search("description", "CONTAINS_TOKEN", "pd1")),
    ];
    for found in [0, 1] {
        for (object, search) in &searches {
            let reply = ask(&sandbox, &format!("POST {OBJECTS}/{object}/search"), search).await;
            assert_eq!(reply.json()["total"], json!(found), "{object}: {}", reply.text());
        }
        sandbox.advance(Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_change_is_of_what_is_written_and_an_empty_text_takes_a_value_away() {
    let sandbox = still().await;
    let head = format!("PATCH {OBJECTS}/contacts/3");
    let body =
        json!({"properties": {"firstname": "Olha", "email": "olha@example.com", "mobilephone": "+380671112233"}});
    assert_eq!(ask(&sandbox, &head, &body).await.status, 200);
    let [contact] = &held(&sandbox, "contact")[..] else { panic!("expected one contact") };
    assert!(contact.seeded && contact.numbers.contains(&"+380671112233".to_owned()), "{contact:?}");
    let gone = json!({"properties": {"email": "", "mobilephone": ""}});
    assert_eq!(ask(&sandbox, &head, &gone).await.status, 200);
    let [contact] = &held(&sandbox, "contact")[..] else { panic!("expected one contact") };
    assert!(!contact.numbers.contains(&"+380671112233".to_owned()) && contact.fields.is_empty(), "{contact:?}");
    let nobody = ask(&sandbox, &format!("PATCH {OBJECTS}/contacts/99999999"), &gone).await;
    assert_eq!((nobody.status, nobody.json()["category"].clone()), (404, json!("OBJECT_NOT_FOUND")));
    refused(&ask(&sandbox, &head, &json!({"properties": {"phoen": "1"}})).await);
}

#[tokio::test]
async fn an_e_mail_is_one_contacts_and_the_other_is_told_whose() {
    let sandbox = still().await;
    let contact = id(&make(&sandbox, "contacts", json!({"email": "olha@example.com"}), json!([])).await);
    let again = make(&sandbox, "contacts", json!({"email": "Olha@Example.com", "firstname": "O"}), json!([])).await;
    assert_eq!((again.status, again.json()["category"].clone()), (409, json!("CONFLICT")));
    assert_eq!(again.json()["message"], json!(format!("Contact already exists. Existing ID: {contact}")));
}

#[tokio::test]
async fn a_unique_value_is_one_records_whatever_the_index_knows() {
    let sandbox = still().await;
    assert_eq!(unique(&sandbox, "tasks", "mark", true).await.status, 201);
    assert_eq!(unique(&sandbox, "tasks", "mark", true).await.status, 409, "the name is taken");
    assert_eq!(unique(&sandbox, "tasks", "plain", false).await.status, 201);
    assert_eq!(unique(&sandbox, "tasks", "No Name", false).await.status, 400);
    let task = json!({"hs_timestamp": "1731330368000", "mark": "pd1", "plain": "pd1"});
    let made = id(&make(&sandbox, "tasks", task.clone(), json!([])).await);
    let words = refused(&make(&sandbox, "tasks", task, json!([])).await);
    assert!(words.contains("CONFLICTING_UNIQUE_VALUE"), "{words}");
    let by = async |name: &str, value: &str| {
        ask(&sandbox, &format!("GET {OBJECTS}/tasks/{value}?idProperty={name}"), &Value::Null).await
    };
    assert_eq!(by("mark", "PD1").await.json()["id"], json!(made.to_string()));
    assert_eq!(by("mark", "pd2").await.status, 404);
    assert_eq!(by("plain", "pd1").await.status, 400, "it is not unique");
}

#[tokio::test]
async fn a_batch_by_a_unique_value_makes_changes_or_refuses_row_by_row() {
    let sandbox = still().await;
    unique(&sandbox, "contacts", "mark", true).await;
    let rows = |rows: &[(&str, Value)]| {
        let row = |(id, properties): &(&str, Value)| json!({"id": id, "idProperty": "mark", "properties": properties, "objectWriteTraceId": id});
        json!({"inputs": rows.iter().map(row).collect::<Vec<_>>()})
    };
    let head = format!("POST {OBJECTS}/contacts/batch/upsert");
    let first = ask(&sandbox, &head, &rows(&[("pd1", json!({"firstname": "Olha"}))])).await;
    assert_eq!((first.status, first.json()["results"][0]["new"].clone()), (200, json!(true)), "{}", first.text());
    let both = rows(&[("pd1", json!({"lastname": "P"})), ("pd2", json!({"firstname": "A", "phoen": "1"}))]);
    let second = ask(&sandbox, &head, &both).await;
    assert_eq!(second.status, 207);
    let told = second.json();
    assert_eq!(
        (&told["results"][0]["new"], &told["results"][0]["id"]),
        (&json!(false), &first.json()["results"][0]["id"])
    );
    assert_eq!(
        (&told["errors"][0]["category"], &told["errors"][0]["context"]["objectWriteTraceId"]),
        (&json!("VALIDATION_ERROR"), &json!(["pd2"]))
    );
    let [contact] = &held(&sandbox, "contact")[..] else { panic!("expected one contact") };
    assert_eq!(contact.title, "Olha P");
    let by_name = json!({"inputs": [{"id": "Olha", "idProperty": "firstname", "properties": {}}]});
    let not_unique = ask(&sandbox, &head, &by_name).await;
    assert_eq!((not_unique.status, not_unique.json()["results"].clone()), (207, json!([])));
}

#[tokio::test]
async fn a_write_lands_though_its_answer_is_lost_and_costs_what_every_request_costs() {
    let sandbox = still().await;
    let before = StandIn::held(&sandbox).len();
    sandbox.stage_fault(Fault::answer_lost().on(format!("{OBJECTS}/notes")).with_method("POST").times(1));
    let body = json!({"properties": {"hs_timestamp": "1731330368000", "hs_note_body": "<b>n</b>"}, "associations": [to(3, 202)]});
    let headers = [TOKEN, ("content-type", "application/json")];
    exchange(&sandbox, &format!("POST {OBJECTS}/notes"), &headers, &body.to_string()).await.expect_err("no answer");
    assert_eq!(StandIn::held(&sandbox).len(), before + 1);
    assert_eq!((held(&sandbox, "note")[0].text.as_str(), held(&sandbox, "note")[0].on.len()), ("<b>n</b>", 1));
    let used = sandbox.quota().used;
    let reply = make(&sandbox, "notes", json!({"hs_timestamp": "1731330368000"}), json!([])).await;
    assert!(reply.header("x-hubspot-ratelimit-remaining").is_some());
    assert_eq!(sandbox.quota().used, used + 1);
}

#[tokio::test]
async fn leads_have_types_of_association_that_nobody_knows_without_asking() {
    let sandbox = still().await;
    let labels = ask(&sandbox, "GET /crm/associations/2026-03/leads/contacts/labels", &Value::Null).await.json();
    let types: Vec<_> = labels["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["typeId"].as_u64(), one["label"].as_str()))
        .collect();
    assert_eq!(types, [(Some(9_104), None), (Some(578), Some("Primary Contact"))]);
    let lead = json!({"hs_lead_name": "Lead"});
    assert_eq!(make(&sandbox, "leads", lead.clone(), json!([to(3, 578)])).await.status, 201);
    let options = Options { clients: 10, leads: false, ..Options::default() };
    let starter = HubSpot::start(options).await.expect("a stand-in");
    assert_eq!(make(&starter, "leads", lead, json!([to(3, 578)])).await.json()["category"], json!("MISSING_SCOPES"));
}

#[tokio::test]
async fn what_is_written_is_told_of_as_what_people_change() {
    let sandbox = still().await;
    let door = Listener::open(vec![]).await;
    sandbox.change(Change::TellAt { url: Some(door.url().to_owned()) }).expect("a change");
    let contact = id(&make(&sandbox, "contacts", json!({"firstname": "Olha"}), json!([])).await);
    make(&sandbox, "tasks", json!({"hs_timestamp": "1731330368000"}), json!([to(contact, 204)])).await;
    ask(&sandbox, &format!("PATCH {OBJECTS}/contacts/{contact}"), &json!({"properties": {"lastname": "P"}})).await;
    sandbox.ground().hooks.delivered(2).await;
    let mut told: Vec<String> = door
        .told()
        .iter()
        .flat_map(|told| told.as_array().cloned().unwrap_or_default())
        .map(|event| format!("{} {}", event["subscriptionType"], event["objectId"]))
        .collect();
    told.sort();
    let expected = [format!("\"contact.creation\" {contact}"), format!("\"contact.propertyChange\" {contact}")];
    assert_eq!(told, expected, "and nothing of tasks");
}
