//! The checklist of Zoho Desk's rules about writing that the stand-in keeps.

use std::time::Duration;

use sandbox::kit::{Fault, StandIn as _, Thing};
use sandbox::zoho_desk::{Change, Desk, EMPLOYEES, Item, ORG_ID};
use serde_json::{Value, json};

use crate::support::Reply;
use crate::zoho_desk::{desk, send, token};

const SALES: &str = "217301000000020001";
const SERVICE: &str = "217301000000020002";
const NOBODY: &str = "217301999999999999";

/// A client with one token.
pub(crate) struct Client<'a> {
    desk: &'a Desk,
    token: String,
}

impl<'a> Client<'a> {
    pub(crate) async fn of(desk: &'a Desk) -> Self {
        let token = token(desk).await.json()["access_token"].as_str().expect("a token").to_owned();
        Self { desk, token }
    }

    async fn ask(&self, call: &str, body: &str) -> Reply {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        send(self.desk, &format!("{method} /api/v1/{path}"), &self.token, &ORG_ID.to_string(), body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path}"), "").await
    }

    pub(crate) async fn write(&self, call: &str, body: &Value) -> Reply {
        self.ask(call, &body.to_string()).await
    }

    /// The answer to a write that is accepted.
    pub(crate) async fn written(&self, call: &str, body: &Value) -> Value {
        let reply = self.write(call, body).await;
        assert_eq!(reply.status, 200, "{call}: {}", reply.text());
        reply.json()
    }

    /// Code, and the field and type of the first error.
    pub(crate) async fn refused(&self, call: &str, body: &Value) -> (u16, String, String) {
        let reply = self.write(call, body).await;
        let json = reply.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let first = &json["errors"][0];
        let error = format!("{} {}", text(&first["fieldName"]), text(&first["errorType"]));
        (reply.status, text(&json["errorCode"]), error.trim().to_owned())
    }

    async fn contact(&self, phone: &str) -> String {
        let body = json!({"lastName": "New", "phone": phone, "ownerId": EMPLOYEES[0].to_string()});
        self.written("POST contacts", &body).await["id"].as_str().expect("an id").to_owned()
    }

    async fn ticket(&self, contact: &str) -> String {
        let body = json!({"subject": "New", "departmentId": SALES, "contactId": contact});
        self.written("POST tickets", &body).await["id"].as_str().expect("an id").to_owned()
    }
}

fn held(desk: &Desk, what: &str) -> Vec<Thing> {
    desk.held().into_iter().filter(|thing| thing.what == what).collect()
}

fn invalid(field: &str, kind: &str) -> (u16, String, String) {
    (422, "INVALID_DATA".to_owned(), format!("{field} {kind}"))
}

#[tokio::test]
async fn what_must_be_there_is_missed_by_its_name() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let contact = client.contact("+380991112233").await;
    for (call, body, missing) in [
        ("POST contacts", json!({"phone": "+380991112233"}), "/lastName"),
        ("POST contacts", json!({"lastName": " "}), "/lastName"),
        ("POST accounts", json!({}), "/accountName"),
        ("POST tickets", json!({"departmentId": SALES, "contactId": contact}), "/subject"),
        ("POST tickets", json!({"subject": "x", "contactId": contact}), "/departmentId"),
        ("POST tickets", json!({"subject": "x", "departmentId": SALES}), "/contactId"),
        ("POST tasks", json!({"subject": "x"}), "/departmentId"),
        ("POST calls", json!({"subject": "x", "departmentId": SALES}), "/contactId"),
    ] {
        assert_eq!(client.refused(call, &body).await, invalid(missing, "missing"), "{call} {body}");
    }
    let call = json!({
        "subject": "x", "departmentId": SALES, "contactId": contact, "direction": "inbound", "status": "Completed",
        "duration": "75", "startTime": "2026-11-21T09:00:00.000Z",
    });
    for name in ["direction", "status", "duration", "startTime"] {
        let mut without = call.clone();
        without.as_object_mut().expect("an object").remove(name);
        assert_eq!(client.refused("POST calls", &without).await, invalid(&format!("/{name}"), "missing"));
    }
    assert_eq!(client.ask("POST tasks", "").await.json()["errorCode"], "EMPTY_PAYLOAD");
    assert_eq!(desk.held().len(), 1);
}

#[tokio::test]
async fn what_is_of_another_type_or_unknown_is_refused_and_nothing_is_made() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let task = json!({"subject": "x", "departmentId": SALES});
    for (name, value) in [
        ("subject", json!("x".repeat(301))),
        ("subject", json!(7)),
        ("ownerId", json!("anna@acme.example")),
        ("ownerId", json!(NOBODY)),
        ("contactId", json!(NOBODY)),
        ("ticketId", json!(NOBODY)),
        ("departmentId", json!("217301000000020000")),
        ("status", json!("Done")),
        ("dueDate", json!("2026-11-21T09:00:00+02:00")),
        ("dueDate", json!("2026-11-21")),
        ("description", json!("x".repeat(65_536))),
        ("description", Value::Null),
    ] {
        let mut wrong = task.clone();
        wrong[name] = value;
        let refused = client.refused("POST tasks", &wrong).await;
        assert_eq!(refused, invalid(&format!("/{name}"), "invalid"), "{name}");
    }
    for (name, value) in [("accountId", json!("7")), ("recordingUrl", json!("https://a.example")), ("owner", json!(1))]
    {
        let mut wrong = task.clone();
        wrong[name] = value;
        assert_eq!(client.refused("POST tasks", &wrong).await.1, "UNPROCESSABLE_ENTITY", "{name}");
    }
    for cf in [json!({"cf_nowhere": "x"}), json!({"cf_pbx_mark": 7}), json!({"cf_pbx_mark": "x".repeat(101)})] {
        let mut wrong = task.clone();
        wrong["cf"] = cf.clone();
        let name = cf.as_object().and_then(|cf| cf.keys().next()).expect("a name").clone();
        assert_eq!(client.refused("POST tasks", &wrong).await, invalid(&format!("/cf/{name}"), "invalid"));
    }
    assert_eq!(client.ask("POST tasks", "[]").await.status, 422);
    assert_eq!(client.write("POST tasks/search", &task).await.status, 405);
    assert_eq!(desk.held(), Vec::new());
}

#[tokio::test]
async fn an_owner_is_somebody_who_works_there() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let body = json!({"lastName": "x", "ownerId": EMPLOYEES[1].to_string()});
    assert_eq!(client.written("POST contacts", &body).await["ownerId"], EMPLOYEES[1].to_string());
    desk.change(Change::SetAgentActive { agent_id: EMPLOYEES[1], active: false }).expect("left");
    assert_eq!(client.refused("POST contacts", &body).await, invalid("/ownerId", "invalid"));
}

#[tokio::test]
async fn nothing_makes_a_request_once_and_nobody_is_matched() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let (one, other) = (client.contact("+380991112233").await, client.contact("+380991112233").await);
    assert_ne!(one, other);
    desk.stage_fault(Fault::answer_lost().on("/api/v1/contacts").with_method("POST").times(1));
    let proof = format!("Zoho-oauthtoken {}", client.token);
    let org = ORG_ID.to_string();
    let headers = [("authorization", proof.as_str()), ("orgId", &org)];
    let body = json!({"lastName": "New"}).to_string();
    let lost = crate::support::exchange(&desk, "POST /api/v1/contacts", &headers, &body).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(held(&desk, "contact").len(), 3);
}

#[tokio::test]
async fn the_database_shows_at_once_what_the_search_shows_late() {
    let desk = desk(|options| options.limits.index_lag = Duration::from_secs(30)).await;
    let client = Client::of(&desk).await;
    let contact = client.contact("+380991112233").await;
    let ticket = client.ticket(&contact).await;
    let cf = json!({"cf": {"cf_pbx_mark": "pd1"}});
    client.written(&format!("PATCH contacts/{contact}"), &cf).await;
    let searches = [
        "contacts/search?phone=%2B380991112233".to_owned(),
        "contacts/search?customField1=cf_pbx_mark:pd1".to_owned(),
        format!("tickets/search?contactId={contact}"),
    ];
    for search in &searches {
        assert_eq!(client.get(search).await.status, 204, "{search}");
    }
    assert_eq!(client.get("contacts?sortBy=-createdTime&limit=1").await.data()[0]["id"], contact);
    assert_eq!(client.get(&format!("contacts/{contact}/tickets")).await.data()[0]["id"], ticket);
    assert_eq!(client.get(&format!("contacts/{contact}")).await.json()["cf"]["cf_pbx_mark"], "pd1");
    desk.advance(Duration::from_secs(31));
    for search in &searches {
        assert_eq!(client.get(search).await.status, 200, "{search}");
    }
}

#[tokio::test]
async fn a_task_is_done_on_arrival_and_lists_tell_neither_its_fields_nor_its_text() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let contact = client.contact("+380991112233").await;
    let ticket = client.ticket(&contact).await;
    let body = json!({
        "subject": "Call", "departmentId": SALES, "ticketId": ticket, "status": "Completed", "description": "Text",
        "dueDate": "2026-11-21T09:00:00.000Z", "ownerId": EMPLOYEES[0].to_string(), "cf": {"cf_pbx_mark": "pd1"},
    });
    let made = client.written("POST tasks", &body).await;
    assert_eq!((&made["statusType"], &made["contactId"]), (&json!("Closed"), &json!(contact)), "its ticket's");
    assert!(made["completedTime"].is_string() && made["cf"]["cf_pbx_mark"] == "pd1");
    let open = client.written("POST tasks", &json!({"subject": "x", "departmentId": SERVICE})).await;
    assert_eq!((&open["status"], &open["statusType"]), (&json!("Not Started"), &json!("Open")));
    for list in [format!("tickets/{ticket}/tasks?sortBy=-createdTime"), "tasks?sortBy=-createdTime".to_owned()] {
        let listed = client.get(&list).await.data();
        let task = listed.as_array().and_then(|all| all.iter().find(|one| one["id"] == made["id"])).expect("the task");
        assert!(task.get("cf").is_none() && task.get("description").is_none(), "{task}");
    }
    assert_eq!(client.get("tasks?sortBy=-createdTime&limit=1").await.data()[0]["id"], open["id"], "newest first");
    let elsewhere = json!({"subject": "x", "departmentId": SERVICE, "ticketId": ticket});
    assert_eq!(client.refused("POST tasks", &elsewhere).await, invalid("/ticketId", "invalid"), "another department's");
    let [done, _] = &held(&desk, "task")[..] else { panic!("expected two tasks") };
    assert_eq!((done.state.as_deref(), done.due.as_deref()), (Some("completed"), Some("2026-11-21T09:00:00.000Z")));
    assert_eq!(done.on.iter().map(|on| on.what.as_str()).collect::<Vec<_>>(), ["contact", "ticket"]);
}

#[tokio::test]
async fn a_call_keeps_seconds_and_has_no_place_for_a_recording() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let contact = client.contact("+380991112233").await;
    let mut body = json!({
        "subject": "Call", "departmentId": SALES, "contactId": contact, "direction": "outbound", "duration": "75",
        "startTime": "2026-11-21T09:00:00.000Z", "status": "Missed", "description": "https://a.example/1.ogg",
    });
    let made = client.written("POST calls", &body).await;
    assert_eq!((&made["duration"], &made["statusType"]), (&json!("75"), &json!("Closed")));
    for (name, value) in [("direction", "in"), ("status", "Answered"), ("duration", "1:15")] {
        let good = std::mem::replace(&mut body[name], json!(value));
        assert_eq!(client.refused("POST calls", &body).await, invalid(&format!("/{name}"), "invalid"));
        body[name] = good;
    }
    assert_eq!(client.get("calls?limit=100").await.status, 422, "99 and no more");
    assert_eq!(client.get("calls?limit=99").await.data().as_array().map(Vec::len), Some(1));
    let [call] = &held(&desk, "call")[..] else { panic!("expected a call") };
    assert_eq!((call.direction.as_deref(), call.seconds, &call.recording), (Some("out"), Some(75), &None));
}

#[tokio::test]
async fn a_change_changes_what_is_said_and_nobody_who_is_gone() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let sample = desk.sample("everything").expect("a sample").open;
    let contact = &sample[0].id;
    let before = client.get(&format!("contacts/{contact}")).await.json();
    let after = client.written(&format!("PATCH contacts/{contact}"), &json!({"description": "Text"})).await;
    assert_eq!((&after["description"], &after["phone"]), (&json!("Text"), &before["phone"]));
    let [changed] = &held(&desk, "contact")[..] else { panic!("expected a contact") };
    assert!(changed.seeded && changed.text == "Text");
    let trashed = Item::Contact(contact.parse().expect("an id"));
    desk.change(Change::Trash { item: trashed }).expect("trashed");
    for call in
        [format!("PATCH contacts/{contact}"), format!("PATCH tasks/{NOBODY}"), format!("PATCH tickets/{NOBODY}")]
    {
        assert_eq!(client.refused(&call, &json!({"description": "x"})).await.0, 404, "{call}");
    }
    let task = json!({"subject": "x", "departmentId": SALES, "contactId": contact});
    assert_eq!(client.refused("POST tasks", &task).await, invalid("/contactId", "invalid"));
    let ticket_id: u64 = sample[2].id.parse().expect("an id");
    desk.change(Change::Archive { ticket_id }).expect("put away");
    assert_eq!(client.refused(&format!("PATCH tickets/{ticket_id}"), &json!({"description": "x"})).await.0, 422);
}

#[tokio::test]
async fn comments_hang_on_tickets_and_contacts_and_are_changed_each_in_its_own_way() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let contact = client.contact("+380991112233").await;
    let ticket = client.ticket(&contact).await;
    let body = json!({"content": "Text", "contentType": "plainText"});
    for (on, method, other) in
        [(format!("tickets/{ticket}"), "PATCH", "PUT"), (format!("contacts/{contact}"), "PUT", "PATCH")]
    {
        let made = client.written(&format!("POST {on}/comments"), &body).await;
        let one = format!("{on}/comments/{}", made["id"].as_str().expect("an id"));
        let changed = json!({"content": "Changed", "contentType": "plainText"});
        assert_eq!(client.write(&format!("{other} {one}"), &changed).await.status, 405, "{one}");
        assert_eq!(client.written(&format!("{method} {one}"), &changed).await["content"], "Changed");
        assert_eq!(client.get(&format!("{on}/comments?sortBy=-commentedTime")).await.data()[0]["content"], "Changed");
    }
    let public = json!({"content": "x", "isPublic": true});
    assert_eq!(client.written(&format!("POST tickets/{ticket}/comments"), &public).await["isPublic"], true);
    assert_eq!(client.refused(&format!("POST contacts/{contact}/comments"), &public).await.1, "UNPROCESSABLE_ENTITY");
    let long = json!({"content": "x".repeat(32_001)});
    assert_eq!(client.refused(&format!("POST tickets/{ticket}/comments"), &long).await, invalid("/content", "invalid"));
    assert_eq!(client.refused(&format!("POST tickets/{NOBODY}/comments"), &body).await.0, 404);
    assert_eq!(client.get(&format!("tickets/{NOBODY}/comments")).await.status, 404);
    assert_eq!(held(&desk, "note").len(), 3);
}

#[tokio::test]
async fn fields_have_the_names_that_follow_from_their_labels() {
    let desk = desk(|options| options.call_fields = false).await;
    let client = Client::of(&desk).await;
    let names = |reply: &Reply| {
        let data = reply.data();
        data.as_array()
            .into_iter()
            .flatten()
            .map(|one| one["apiName"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let before: Vec<String> = names(&client.get("fields?module=contacts").await);
    let seeded = ["cf_second_phone", "cf_source", "cf_visit_on", "cf_guests", "cf_size"];
    assert_eq!(before, seeded);
    let body = json!({"displayLabel": "PBX mark", "type": "Text", "maxLength": "255"});
    let made = client.write("POST fields?module=contacts", &body).await;
    assert_eq!((made.status, &made.json()["apiName"]), (201, &json!("cf_pbx_mark")));
    assert_eq!(client.refused("POST fields?module=contacts", &body).await, invalid("/displayLabel", "duplicate"));
    assert_eq!(client.get("fields").await.status, 422);
    assert_eq!(client.get("fields?module=contacts&fieldName=x").await.status, 422);
    let told = client.written("POST contacts", &json!({"lastName": "x", "cf": {"cf_pbx_mark": "pd1"}})).await;
    let mut expected: serde_json::Map<String, Value> =
        seeded.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    expected.insert("cf_pbx_mark".to_owned(), json!("pd1"));
    assert_eq!(told["cf"], Value::Object(expected));
}

#[tokio::test]
async fn the_default_department_is_told_and_one_that_is_switched_off_takes_nothing() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let enabled = client.get("departments?isEnabled=true").await.data();
    let told: Vec<_> = enabled.as_array().into_iter().flatten().map(|one| (&one["id"], &one["isDefault"])).collect();
    assert_eq!(told, [(&json!(SALES), &json!(false)), (&json!(SERVICE), &json!(true))]);
    assert_eq!(client.get("departments").await.data().as_array().map(Vec::len), Some(3));
    assert_eq!(client.get("departments?enabled=true").await.status, 422);
}

#[tokio::test]
async fn writing_costs_a_credit_and_lists_cost_three_whether_they_are_refused_or_not() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let contact = client.contact("+380991112233").await;
    let ticket = client.ticket(&contact).await;
    let weight = |reply: &Reply| reply.header("x-rate-limit-request-weight-v3").map(str::to_owned);
    for (call, credits) in [
        ("POST contacts".to_owned(), "1"),
        ("POST calls".to_owned(), "1"),
        (format!("PATCH contacts/{contact}"), "1"),
        ("GET tasks".to_owned(), "3"),
        ("GET calls".to_owned(), "3"),
        (format!("GET tickets/{ticket}/tasks"), "3"),
        (format!("GET tickets/{ticket}/comments"), "3"),
        ("GET departments".to_owned(), "3"),
        ("GET fields?module=tasks".to_owned(), "3"),
    ] {
        let body = if call.starts_with("GET") { String::new() } else { "{}".to_owned() };
        assert_eq!(weight(&client.ask(&call, &body).await).as_deref(), Some(credits), "{call}");
    }
}
