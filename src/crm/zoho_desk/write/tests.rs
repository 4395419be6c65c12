//! Every action's request, word for word.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::request::{Wanted, Words};
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::call;
use crate::crm::failure::Failure;
use crate::crm::writer::{Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::{Direction, Outcome},
    client::Kind,
    phone::PhoneKey,
};
use crate::outbound::Method;

const RECORDING: &str = "https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken";

fn order(action: Action, on: &[(Kind, u64)]) -> Order {
    let number = PhoneKey::from_digits(380_671_112_233).expect("a number");
    Order {
        mark: Mark::of(&["acme", "call", "step"]),
        action,
        owner: Some(101.into()),
        on: on.iter().map(|&(kind, id)| Link { kind, id: id.into() }).collect(),
        call: call(number),
        zone: jiff::tz::TimeZone::UTC,
        audio: None,
    }
}

fn mark() -> String {
    Mark::of(&["acme", "call", "step"]).to_string()
}

fn request(names: &FieldNames, order: &Order) -> Result<Wanted, Failure> {
    let now = Timestamp::UNIX_EPOCH;
    Words { names, contact_name: None, department: Some(20.into()), now }.request_for(order)
}

/// Method, path with its ids, and body.
fn told(names: &FieldNames, order: &Order) -> (Method, String, Value) {
    let Wanted { method, operation, ids, body } = request(names, order).expect("a request");
    let path = ids.iter().fold(operation.path.to_owned(), |path, id| path.replacen("{id}", &id.to_string(), 1));
    (method, path, body)
}

fn none() -> FieldNames {
    FieldNames::default()
}

fn some() -> FieldNames {
    [
        (Meaning::UtmSource, "cf_utm_source"),
        (Meaning::UtmContent, "cf_utm_content"),
        (Meaning::ClientId, "cf_client_id"),
        (Meaning::CallId, "cf_call"),
        (Meaning::CallStatus, "cf_status"),
        (Meaning::Recording, "cf_recording"),
        (Meaning::Mark, "cf_mark"),
    ]
    .into_iter()
    .fold(none(), |names, (meaning, name)| names.with(None, meaning, name))
}

fn create(kind: Kind, title: &str) -> Action {
    Action::Create {
        kind,
        title: title.to_owned(),
        text: "Text".to_owned(),
        utm: true,
        recording: true,
        fields: Vec::new(),
    }
}

fn task(completed: bool) -> Action {
    let due = Timestamp::from_second(1_731_330_368).expect("a time");
    Action::Task { subject: "Call\nback".to_owned(), text: "Text".to_owned(), completed, due }
}

fn spoken() -> Action {
    Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true }
}

#[test]
fn a_contact_has_its_number_its_owner_and_a_last_name() {
    let wanted = told(&none(), &order(create(Kind::Contact, ""), &[(Kind::Organization, 7)]));
    let body = json!({
        "lastName": "+380671112233", "phone": "+380671112233", "ownerId": "101", "accountId": "7",
        "description": format!("Text\n{}", mark()),
    });
    assert_eq!(wanted, (Method::Post, "/api/v1/contacts".to_owned(), body));
    let mut named = order(create(Kind::Contact, ""), &[]);
    named.call.client_name = Some("Олена  Петренко".to_owned());
    let cf = json!({
        "cf_mark": mark(), "cf_utm_source": "google", "cf_client_id": "1234567.7654321",
        "cf_call": "ua0_-1731315881.12669683", "cf_status": "ANSWERED", "cf_recording": RECORDING,
    });
    let body = json!({
        "lastName": "Олена Петренко", "phone": "+380671112233", "ownerId": "101", "description": "Text", "cf": cf,
    });
    assert_eq!(told(&some(), &named).2, body);
}

#[test]
fn a_nameless_contact_has_the_configured_name() {
    let (names, order) = (none(), order(create(Kind::Contact, ""), &[]));
    let words = Words { names: &names, contact_name: Some("Caller"), department: None, now: Timestamp::UNIX_EPOCH };
    assert_eq!(words.request_for(&order).expect("a request").body["lastName"], "Caller");
}

#[test]
fn an_account_has_a_name_and_a_ticket_its_contact_and_department() {
    let wanted = told(&none(), &order(create(Kind::Organization, "Acme"), &[]));
    let body = json!({"accountName": "Acme", "ownerId": "101", "description": format!("Text\n{}", mark())});
    assert_eq!(wanted, (Method::Post, "/api/v1/accounts".to_owned(), body));
    let on = [(Kind::Organization, 7), (Kind::Contact, 8)];
    let wanted = told(&none(), &order(create(Kind::Ticket, "Call <1>"), &on));
    let body = json!({
        "subject": "Call <1>", "departmentId": "20", "contactId": "8", "assigneeId": "101", "channel": "Phone",
        "description": format!("Text<br>{}", mark()),
    });
    assert_eq!(wanted, (Method::Post, "/api/v1/tickets".to_owned(), body));
}

#[test]
fn a_task_is_due_in_utc_and_its_status_says_whether_it_is_done() {
    let wanted = told(&none(), &order(task(true), &[(Kind::Contact, 8), (Kind::Ticket, 9)]));
    let body = json!({
        "subject": "Call back", "departmentId": "20", "contactId": "8", "ticketId": "9", "ownerId": "101",
        "status": "Completed", "dueDate": "2024-11-11T13:06:08.000Z", "description": format!("Text\n{}", mark()),
    });
    assert_eq!(wanted, (Method::Post, "/api/v1/tasks".to_owned(), body));
    let open = told(&some(), &order(task(false), &[])).2;
    assert_eq!((&open["status"], &open["description"]), (&json!("Not Started"), &json!("Text")));
    let cf = json!({
        "cf_mark": mark(), "cf_call": "ua0_-1731315881.12669683", "cf_status": "ANSWERED", "cf_recording": RECORDING,
    });
    assert_eq!(open["cf"], cf);
}

#[test]
fn a_call_has_its_direction_its_beginning_its_seconds_and_its_link() {
    let wanted = told(&none(), &order(spoken(), &[(Kind::Contact, 8)]));
    let body = json!({
        "subject": "Call", "departmentId": "20", "contactId": "8", "ownerId": "101", "direction": "inbound",
        "startTime": "2024-11-11T09:04:41.000Z", "duration": "75", "status": "Completed",
        "description": format!("Text\n{RECORDING}\n{}", mark()),
    });
    assert_eq!(wanted, (Method::Post, "/api/v1/calls".to_owned(), body));
    let mut missed = order(spoken(), &[(Kind::Contact, 8)]);
    (missed.call.direction, missed.call.outcome) = (Direction::Out, Some(Outcome::Missed));
    (missed.call.talk, missed.call.total, missed.call.started, missed.owner) = (None, None, None, None);
    let body = told(&some(), &missed).2;
    assert_eq!((&body["direction"], &body["status"]), (&json!("outbound"), &json!("Missed")));
    assert_eq!((&body["duration"], &body["startTime"]), (&json!("0"), &json!("1970-01-01T00:00:00.000Z")));
    assert_eq!((&body["description"], body.get("ownerId")), (&json!("Text"), None), "the link stands in its field");
}

#[test]
fn a_note_is_put_on_the_ticket_where_there_is_one_and_is_not_for_the_client() {
    let note = || Action::Note { text: "Line <1>\nline 2".to_owned() };
    let content = format!("Line <1>\nline 2\n{}", mark());
    let wanted = told(&some(), &order(note(), &[(Kind::Contact, 8), (Kind::Ticket, 9)]));
    let body = json!({"content": content, "contentType": "plainText", "isPublic": false});
    assert_eq!(wanted, (Method::Post, "/api/v1/tickets/9/comments".to_owned(), body));
    let wanted = told(&some(), &order(note(), &[(Kind::Contact, 8)]));
    let body = json!({"content": content, "contentType": "plainText"});
    assert_eq!(wanted, (Method::Post, "/api/v1/contacts/8/comments".to_owned(), body));
}

#[test]
fn what_is_amended_is_changed_by_its_id_and_in_nothing_else() {
    let amended = |to: Action, on: &[(Kind, u64)]| {
        told(&none(), &order(Action::Amend { id: "77".to_owned(), to: Box::new(to) }, on))
    };
    let described = |text: &str| json!({"description": format!("{text}\n{}", mark())});
    let cases = [
        (create(Kind::Contact, ""), "/api/v1/contacts/77", described("Text")),
        (create(Kind::Organization, ""), "/api/v1/accounts/77", described("Text")),
        (task(true), "/api/v1/tasks/77", described("Text")),
        (spoken(), "/api/v1/calls/77", described(&format!("Text\n{RECORDING}"))),
    ];
    for (to, path, body) in cases {
        assert_eq!(amended(to, &[(Kind::Contact, 8)]), (Method::Patch, path.to_owned(), body));
    }
    let note = || Action::Note { text: "Text".to_owned() };
    let (method, path, _) = amended(note(), &[(Kind::Contact, 8)]);
    assert_eq!((method, path.as_str()), (Method::Put, "/api/v1/contacts/8/comments/77"));
    let (method, path, _) = amended(note(), &[(Kind::Ticket, 9)]);
    assert_eq!((method, path.as_str()), (Method::Patch, "/api/v1/tickets/9/comments/77"));
    let amend = Action::Amend { id: "77".to_owned(), to: Box::new(task(true)) };
    let body = told(&some(), &order(amend, &[])).2;
    assert_eq!(body, json!({"description": "Text", "cf": {"cf_recording": RECORDING}}));
}

#[test]
fn what_cannot_be_made_is_refused_with_a_reason() {
    let amend = |id: &str, to| Action::Amend { id: id.to_owned(), to: Box::new(to) };
    for (action, on) in [
        (create(Kind::Deal, "Deal"), Vec::new()),
        (create(Kind::Lead, "Lead"), Vec::new()),
        (create(Kind::Ticket, "Ticket"), Vec::new()),
        (spoken(), vec![(Kind::Ticket, 9)]),
        (Action::Note { text: "Text".to_owned() }, vec![(Kind::Organization, 7)]),
        (amend("none", task(true)), Vec::new()),
        (amend("77", amend("78", task(true))), Vec::new()),
    ] {
        assert!(matches!(request(&none(), &order(action, &on)), Err(Failure::Refused { .. })));
    }
    let (names, order) = (none(), order(task(true), &[]));
    let nowhere = Words { names: &names, contact_name: None, department: None, now: Timestamp::UNIX_EPOCH };
    assert!(matches!(nowhere.request_for(&order), Err(Failure::Refused { .. })));
}
