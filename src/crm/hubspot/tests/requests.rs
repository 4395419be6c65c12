//! What each action becomes, to the letter.

use std::collections::BTreeSet;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::writing::all_fields;
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::{call, task};
use crate::crm::hubspot::write::body::{Given, What, amended, called, creation, marks, properties_for, upsert};
use crate::crm::writer::{Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome},
    client::Kind,
    phone::PhoneKey,
};

fn order(action: Action) -> Order {
    let number = PhoneKey::from_digits(380_671_112_233).expect("a number");
    let (mark, call) = (Mark::of(&["acme", "1", action.word()]), call(number));
    Order { mark, action, owner: Some(101.into()), on: Vec::new(), call, zone: jiff::tz::TimeZone::UTC, audio: None }
}

fn written(order: &Order, names: &FieldNames) -> Value {
    let stage = Some(("default".to_owned(), "appointmentscheduled".to_owned()));
    let now = Timestamp::from_second(1_731_316_000).expect("a time");
    json!(properties_for(order, &Given { names, contact_name: None, stage, now, without: &BTreeSet::new() }))
}

fn create(kind: Kind, title: &str) -> Action {
    let (title, text) = (title.to_owned(), "First\nsecond <line>".to_owned());
    Action::Create { kind, title, text, utm: true, recording: true, fields: Vec::new() }
}

const LINK: &str = "https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken";

#[test]
fn a_contact_has_its_name_number_marks_and_recording_where_there_are_fields_for_them() {
    let order = order(create(Kind::Contact, "Olha Petrenko Maria"));
    let expected = json!({
        "firstname": "Olha", "lastname": "Petrenko Maria", "phone": "+380671112233", "hubspot_owner_id": "101",
        "predial_mark": order.mark.as_str(), "predial_utm_source": "google", "predial_utm_medium": "cpc",
        "predial_utm_campaign": "autumn & winter", "predial_utm_term": "купити двері",
        "predial_client_id": "1234567.7654321", "predial_call_id": "ua0_-1731315881.12669683",
        "predial_call_status": "ANSWERED", "predial_recording": LINK,
    });
    assert_eq!(written(&order, &all_fields()), expected);
    let bare =
        json!({"firstname": "Olha", "lastname": "Petrenko Maria", "phone": "+380671112233", "hubspot_owner_id": "101"});
    assert_eq!(written(&order, &FieldNames::default()), bare);
}

#[test]
fn a_contact_without_a_name_gets_the_configured_one_or_its_number_and_none_beside_an_e_mail() {
    let mut order = order(create(Kind::Contact, ""));
    assert_eq!(written(&order, &FieldNames::default())["firstname"], "+380671112233");
    let given = |contact_name| {
        let (names, now) = (&FieldNames::default(), Timestamp::UNIX_EPOCH);
        properties_for(&order, &Given { names, contact_name, stage: None, now, without: &BTreeSet::new() })
    };
    assert_eq!(given(Some("Caller"))["firstname"], "Caller");
    order.call.client_email = Some("olha@example.com".to_owned());
    let by_email = written(&order, &FieldNames::default());
    assert_eq!((by_email["email"].as_str(), by_email.get("firstname")), (Some("olha@example.com"), None));
}

#[test]
fn a_deal_begins_in_the_first_stage_and_has_the_mark_in_its_description_where_it_has_no_field() {
    let order = order(create(Kind::Deal, "Call from\n+380671112233"));
    let expected = json!({
        "dealname": "Call from +380671112233", "description": format!("First\nsecond <line>\n{}", order.mark),
        "pipeline": "default", "dealstage": "appointmentscheduled", "hubspot_owner_id": "101",
    });
    assert_eq!(written(&order, &FieldNames::default()), expected);
    let marked = written(&order, &FieldNames::default().with(Some("deal"), Meaning::Mark, "predial_mark"));
    assert_eq!((&marked["description"], &marked["predial_mark"]), (&json!("First\nsecond <line>"), &json!(order.mark)));
}

#[test]
fn companies_tickets_and_leads_have_their_own_names_for_the_same() {
    let of = |kind| written(&order(create(kind, "Title")), &FieldNames::default());
    let company = of(Kind::Organization);
    assert_eq!((&company["name"], &company["phone"]), (&json!("Title"), &json!("+380671112233")));
    assert!(company["description"].as_str().is_some_and(|text| text.contains("\npd")));
    let ticket = of(Kind::Ticket);
    assert_eq!((&ticket["subject"], &ticket["hs_pipeline"]), (&json!("Title"), &json!("default")));
    assert!(ticket["content"].as_str().is_some_and(|text| text.contains("\npd")));
    assert_eq!(of(Kind::Lead), json!({"hs_lead_name": "Title", "hubspot_owner_id": "101"}));
}

#[test]
fn a_task_is_due_to_the_millisecond_and_says_its_text_in_html() {
    let order = order(task(false));
    let address = "https://app.ringostat.com/recordings/1.ogg?token=a&amp;b=c";
    let expected = json!({
        "hs_task_subject": "Call back & ask <why>", "hs_task_status": "NOT_STARTED", "hs_task_type": "CALL",
        "hs_task_body": format!("Call of 380…<br><a href=\"{address}\">{address}</a><br>{}", order.mark),
        "hs_timestamp": "1731330368000", "hubspot_owner_id": "101",
    });
    assert_eq!(written(&order, &FieldNames::default()), expected);
    let done = Order { action: task(true), ..order };
    assert_eq!(written(&done, &FieldNames::default())["hs_task_status"], "COMPLETED");
}

fn spoken(recording: bool) -> Action {
    Action::Call { subject: "Incoming call".to_owned(), text: "Text".to_owned(), recording }
}

#[test]
fn a_call_has_its_numbers_direction_length_outcome_and_recording() {
    let order = order(spoken(true));
    let expected = json!({
        "hs_call_title": "Incoming call", "hs_call_body": "Text", "hs_timestamp": "1731315881000",
        "hs_call_direction": "INBOUND", "hs_call_from_number": "+380671112233", "hs_call_to_number": "+380442000000",
        "hs_call_duration": "75000", "hs_call_status": "COMPLETED", "hs_call_source": "INTEGRATIONS_PLATFORM",
        "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "hs_call_recording_url": LINK,
        "hubspot_owner_id": "101", "predial_mark": order.mark.as_str(), "predial_recording": LINK,
        "predial_call_id": "ua0_-1731315881.12669683", "predial_call_status": "ANSWERED",
    });
    assert_eq!(written(&order, &all_fields()), expected);
}

#[test]
fn a_call_says_how_it_ended_in_the_vendors_words() {
    let told = |outcome, status: &str| {
        let mut order = order(spoken(false));
        order.call = Call { outcome, status: Some(status.to_owned()), ..order.call };
        written(&order, &FieldNames::default())
    };
    for (outcome, status, expected, disposition) in [
        (Outcome::Missed, "NO ANSWER", "NO_ANSWER", "73a0d17f-1163-4015-bdd5-ec830791da20"),
        (Outcome::Missed, "BUSY", "BUSY", "9d9162e7-6cf3-4944-bf63-4dff82258764"),
        (Outcome::Missed, "FAILED FORBIDDEN DESTINATION", "FAILED", "73a0d17f-1163-4015-bdd5-ec830791da20"),
        (Outcome::Voicemail, "VOICEMAIL", "NO_ANSWER", "b2cf5968-551e-4856-9783-52b3da59a7d0"),
    ] {
        let values = told(Some(outcome), status);
        assert_eq!(
            (&values["hs_call_status"], &values["hs_call_disposition"]),
            (&json!(expected), &json!(disposition))
        );
        assert_eq!(values.get("hs_call_recording_url"), None);
    }
    assert_eq!(told(None, "IN PROGRESS")["hs_call_status"], "IN_PROGRESS");
}

#[test]
fn an_outgoing_call_goes_from_the_company_to_the_client_and_an_extension_keeps_its_digits() {
    let mut order = order(spoken(false));
    order.call.direction = Direction::Out;
    let values = written(&order, &FieldNames::default());
    assert_eq!(
        (&values["hs_call_from_number"], &values["hs_call_to_number"]),
        (&json!("+380442000000"), &json!("+380671112233"))
    );
    order.call.company = Some("101".to_owned());
    assert_eq!(written(&order, &FieldNames::default())["hs_call_from_number"], "101");
}

#[test]
fn a_recording_that_is_not_safe_to_fetch_stands_in_the_text() {
    let mut order = order(spoken(true));
    order.call.recording = Some("http://pbx.acme.example/1.wav".to_owned());
    let values = written(&order, &FieldNames::default());
    assert_eq!(values.get("hs_call_recording_url"), None);
    assert!(values["hs_call_body"].as_str().is_some_and(|text| text.contains("http://pbx.acme.example/1.wav")));
}

#[test]
fn a_note_bears_the_time_at_which_the_call_ended() {
    let order = order(Action::Note { text: "a < b".to_owned() });
    let expected = json!({
        "hs_note_body": format!("a &lt; b<br>{}", order.mark), "hs_timestamp": "1731315968000",
        "hubspot_owner_id": "101",
    });
    // Notes have no fields of their own, whatever is configured for all.
    assert_eq!(written(&order, &all_fields()), expected);
    assert_eq!(
        order.call.ended().map(|at| at.as_second()),
        Some(1_731_315_881 + Duration::from_secs(87).as_secs() as i64)
    );
}

#[test]
fn what_is_written_again_leaves_the_state_and_the_title_alone() {
    let call = order(task(true)).call;
    let again = |to: &Action| amended(to, &call, &all_fields()).map(|(what, values)| (what, json!(values)));
    let (what, values) = again(&task(true)).expect("a task");
    assert_eq!(what, What::Task);
    assert_eq!(
        values.as_object().map(|values| values.keys().collect::<Vec<_>>()),
        Some(vec![&"hs_task_body".to_owned(), &"predial_recording".to_owned()])
    );
    let (_, values) = again(&spoken(true)).expect("a call");
    assert_eq!((&values["hs_call_recording_url"], values.get("hs_call_status")), (&json!(LINK), None));
    let (_, values) = again(&create(Kind::Deal, "Title")).expect("a deal");
    assert_eq!(values, json!({"description": "First\nsecond <line>", "predial_recording": LINK}));
    let (_, values) = again(&create(Kind::Contact, "Title")).expect("a contact");
    assert_eq!(values, json!({"predial_recording": LINK}));
    assert_eq!(again(&Action::Update { utm: true, call: true, client: false, fields: Vec::new() }), None);
}

#[test]
fn fields_are_written_only_where_they_are_named_and_values_are_there() {
    let call = order(task(true)).call;
    let names = FieldNames::default()
        .with(Some("deal"), Meaning::UtmSource, "src")
        .with(Some("deal"), Meaning::UtmContent, "content")
        .with(None, Meaning::CallId, "call");
    assert_eq!(json!(marks(&names, What::Entity(Kind::Deal), &call)), json!({"src": "google"}));
    assert_eq!(json!(marks(&names, What::Entity(Kind::Contact), &call)), json!({}));
    let id = json!({"call": "ua0_-1731315881.12669683"});
    assert_eq!(json!(called(&names, What::Entity(Kind::Contact), &call, true)), id);
}

#[test]
fn bodies_are_as_the_vendor_describes_them() {
    let order = order(task(false));
    let values = [("predial_mark".to_owned(), order.mark.to_string()), ("a".to_owned(), "b".to_owned())].into();
    let deal = Link { kind: Kind::Deal, id: 7.into() };
    let expected = json!({
        "properties": {"predial_mark": order.mark, "a": "b"},
        "associations": [{
            "to": {"id": "7"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 216}],
        }],
    });
    assert_eq!(creation(&values, &[(deal, 216)]), expected);
    let row = json!({
        "id": order.mark, "idProperty": "predial_mark", "properties": {"a": "b"}, "objectWriteTraceId": order.mark,
    });
    assert_eq!(upsert(&values, "predial_mark", &order), json!({"inputs": [row]}));
}
