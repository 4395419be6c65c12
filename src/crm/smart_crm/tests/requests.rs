//! What is sent, to the letter.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::writing::names;
use crate::config::FieldNames;
use crate::crm::failure::Failure;
use crate::crm::smart_crm::write::{Means, Rooms, made};
use crate::crm::writer::{Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome, Speaker, Utm},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};

const RECORDING: &str = "https://app.ringostat.com/r.ogg?token=1";
const CONTACT: &str = "/contacts(01010101-0101-0101-0101-010101010101)";
const USER: &str = "/systemusers(09090909-0909-0909-0909-090909090909)";

fn uuid(byte: u8) -> CrmId {
    CrmId::Uuid([byte; 16])
}

fn link(kind: Kind, byte: u8) -> Link {
    Link { kind, id: uuid(byte) }
}

fn call(direction: Direction) -> Call {
    Call {
        id: Some("call-1".to_owned()),
        outcome: Some(Outcome::Answered),
        status: Some("ANSWERED".to_owned()),
        client: PhoneKey::from_digits(380_671_112_233),
        company: Some("380442000000".to_owned()),
        speaker: Speaker { line: Some("anna_sip".to_owned()), ..Speaker::default() },
        started: Timestamp::from_second(1_731_315_881).ok(),
        talk: Some(Duration::from_millis(60_001)),
        total: Some(Duration::from_secs(87)),
        recording: Some(RECORDING.to_owned()),
        utm: Utm { source: Some("google".to_owned()), term: Some("ї".repeat(150)), ..Utm::default() },
        ..Call::new(direction)
    }
}

fn order(action: Action, on: &[Link], call: Call) -> Order {
    Order {
        mark: Mark::of(&["acme", "call-1", "x"]),
        action,
        owner: Some(uuid(9)),
        on: on.to_vec(),
        call,
        zone: jiff::tz::TimeZone::UTC,
        audio: None,
    }
}

fn body_with(order: &Order, names: &FieldNames, contact_name: Option<&str>) -> Value {
    let means = Means { names, contact_name, owner: order.owner, rooms: Rooms::default() };
    let made = made(order, &means).expect("a record");
    assert_eq!(made.id.to_string(), order.mark.uuid().to_string());
    made.body
}

fn body(order: &Order) -> Value {
    body_with(order, &FieldNames::default(), None)
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

#[test]
fn a_contact_has_its_number_its_owner_and_no_last_name_unless_one_is_configured() {
    let order = order(create(Kind::Contact, ""), &[link(Kind::Organization, 2)], call(Direction::In));
    let expected = json!({
        "mobilephone": "+380671112233",
        "description": "Text",
        "parentcustomerid_account@odata.bind": "/accounts(02020202-0202-0202-0202-020202020202)",
        "ownerid@odata.bind": USER,
    });
    assert_eq!(body(&order), expected);
    let mut named = expected;
    named["lastname"] = "Client".into();
    assert_eq!(body_with(&order, &FieldNames::default(), Some("Client")), named);
}

#[test]
fn the_other_entities_have_what_their_tables_demand() {
    let on = [link(Kind::Organization, 2), link(Kind::Contact, 1)];
    let of = |kind, title: &str| body(&order(create(kind, title), &on, call(Direction::In)));
    let account = "/accounts(02020202-0202-0202-0202-020202020202)";
    let name =
        json!({"name": "Acme", "telephone1": "+380671112233", "description": "Text", "ownerid@odata.bind": USER});
    assert_eq!(of(Kind::Organization, "Acme"), name);
    let lead = json!({
        "subject": "Olha", "lastname": "Olha", "mobilephone": "+380671112233", "description": "Text",
        "parentcontactid@odata.bind": CONTACT, "parentaccountid@odata.bind": account, "ownerid@odata.bind": USER,
    });
    assert_eq!(of(Kind::Lead, "Olha"), lead);
    let deal = json!({
        "name": "Sale", "description": "Text", "parentcontactid@odata.bind": CONTACT,
        "parentaccountid@odata.bind": account, "ownerid@odata.bind": USER,
    });
    assert_eq!(of(Kind::Deal, "Sale"), deal);
    let ticket = json!({
        "title": "Case", "description": "Text", "caseorigincode": 1, "customerid_contact@odata.bind": CONTACT,
        "ownerid@odata.bind": USER,
    });
    assert_eq!(of(Kind::Ticket, "Case"), ticket);
    // What the table demands is there whatever the matrix says.
    assert_eq!(of(Kind::Lead, "")["subject"], "+380671112233");
    assert_eq!(of(Kind::Deal, "x".repeat(400).as_str())["name"].as_str().expect("a text").chars().count(), 300);
    let nobodys = order(create(Kind::Ticket, "Case"), &[], call(Direction::In));
    let means = Means { names: &FieldNames::default(), contact_name: None, owner: None, rooms: Rooms::default() };
    assert!(matches!(made(&nobodys, &means), Err(Failure::Refused { .. })));
}

#[test]
fn a_calls_data_go_into_the_columns_that_are_named_and_a_link_is_never_cut() {
    let mut call = call(Direction::In);
    call.recording = Some(format!("https://app.ringostat.com/{}", "x".repeat(300)));
    let body = body_with(&order(create(Kind::Contact, ""), &[], call.clone()), &names(), None);
    assert_eq!(body["new_utm_source"], "google");
    assert_eq!(body["new_utm_term"].as_str().expect("a text").chars().count(), 100);
    assert_eq!(body["new_recording"].as_str(), call.recording.as_deref());
    assert_eq!((&body["new_call_id"], &body["new_call_status"]), (&"call-1".into(), &"ANSWERED".into()));
    assert_eq!(body["new_mark"].as_str().map(str::len), Some(34));
    assert!(body.get("new_utm_medium").is_none() && body.get("new_client_id").is_none());
    let action = Action::Create {
        kind: Kind::Contact,
        title: String::new(),
        text: String::new(),
        utm: false,
        recording: false,
        fields: Vec::new(),
    };
    let bare = body_with(&order(action, &[], call), &names(), None);
    assert!(bare.get("new_utm_source").is_none() && bare.get("new_recording").is_none());
}

#[test]
fn a_task_hangs_on_the_contact_and_is_due_to_the_second() {
    let due = Timestamp::from_millisecond(1_731_330_368_900).expect("a time");
    let text = format!("Call back\n{RECORDING}");
    let action = Action::Task { subject: "s".repeat(300), text: text.clone(), completed: true, due };
    let order = order(action, &[link(Kind::Deal, 3), link(Kind::Contact, 1)], call(Direction::In));
    let expected = json!({
        "subject": format!("{}…", "s".repeat(199)), "description": text, "scheduledend": "2024-11-11T13:06:08Z",
        "regardingobjectid_contact_task@odata.bind": CONTACT, "ownerid@odata.bind": USER,
    });
    assert_eq!(body(&order), expected);
    let means = Means { names: &FieldNames::default(), contact_name: None, owner: None, rooms: Rooms::default() };
    assert_eq!(made(&order, &means).expect("a task").completed, Some(5));
    let nowhere = Order { on: Vec::new(), ..order };
    assert!(matches!(made(&nowhere, &means), Err(Failure::Refused { .. })));
}

fn phone_call(call: Call, owner: Option<CrmId>) -> (Value, Option<i64>) {
    let action = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
    let order = Order { owner, ..order(action, &[link(Kind::Contact, 1)], call) };
    let means = Means { names: &FieldNames::default(), contact_name: None, owner, rooms: Rooms::default() };
    let made = made(&order, &means).expect("a call");
    (made.body, made.completed)
}

#[test]
fn an_incoming_call_is_from_the_contact_to_who_spoke_and_its_number_is_ours() {
    let (body, completed) = phone_call(call(Direction::In), Some(uuid(9)));
    let expected = json!({
        "subject": "Call", "description": format!("Text\n{RECORDING}"), "directioncode": false,
        "actualdurationminutes": 2, "phonenumber": "+380442000000",
        "actualstart": "2024-11-11T09:04:41Z", "actualend": "2024-11-11T09:06:08Z",
        "regardingobjectid_contact_phonecall@odata.bind": CONTACT,
        "phonecall_activity_parties": [
            {"partyid_contact@odata.bind": CONTACT, "participationtypemask": 1},
            {"partyid_systemuser@odata.bind": USER, "participationtypemask": 2},
        ],
        "ownerid@odata.bind": USER,
    });
    assert_eq!((body, completed), (expected, Some(4)));
}

#[test]
fn an_outgoing_call_is_from_who_spoke_to_the_contact_and_its_number_is_the_clients() {
    let (body, completed) = phone_call(call(Direction::Out), Some(uuid(9)));
    assert_eq!(
        (&body["directioncode"], &body["phonenumber"], completed),
        (&true.into(), &"+380671112233".into(), Some(2))
    );
    let expected = json!([
        {"partyid_contact@odata.bind": CONTACT, "participationtypemask": 2},
        {"partyid_systemuser@odata.bind": USER, "participationtypemask": 1},
    ]);
    assert_eq!(body["phonecall_activity_parties"], expected);
}

#[test]
fn a_side_that_is_no_user_is_an_address() {
    let ours = |call: Call, owner| phone_call(call, owner).0["phonecall_activity_parties"][1].clone();
    let unknown = ours(call(Direction::In), None);
    assert_eq!(unknown, json!({"addressused": "anna_sip", "participationtypemask": 2}));
    for outcome in [Outcome::Missed, Outcome::Voicemail] {
        // Whoever is responsible: they were not called, the company's number was.
        let missed = Call { outcome: Some(outcome), talk: None, ..call(Direction::In) };
        let number = json!({"addressused": "+380442000000", "participationtypemask": 2});
        assert_eq!(ours(missed.clone(), Some(uuid(9))), number);
        assert_eq!(phone_call(missed, None).0["actualdurationminutes"], 0);
    }
    let tried = Call { outcome: Some(Outcome::Missed), ..call(Direction::Out) };
    assert_eq!(ours(tried, Some(uuid(9))), json!({"partyid_systemuser@odata.bind": USER, "participationtypemask": 1}));
    let silent = Call { speaker: Speaker::default(), ..call(Direction::Out) };
    assert_eq!(ours(silent, None), json!({"addressused": "+380442000000", "participationtypemask": 1}));
}

#[test]
fn a_note_has_its_text_and_its_first_line_as_subject() {
    let action = Action::Note { text: "First <line>\nsecond".to_owned() };
    let order = order(action, &[link(Kind::Contact, 1)], call(Direction::In));
    let expected = json!({
        "subject": "First <line>", "notetext": "First <line>\nsecond", "objectid_contact@odata.bind": CONTACT,
        "ownerid@odata.bind": USER,
    });
    assert_eq!(body(&order), expected);
}
