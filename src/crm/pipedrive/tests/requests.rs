//! What an order is as a request, body by body, each held against the vendor's description.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::judge::vendor;
use crate::config::Meaning;
use crate::crm::contract_writing::call;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::write::request::{
    Keys, Made, Wanted, Written, call_activity, call_log, create, note, task, update, values,
};
use crate::crm::writer::{Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::{Direction, Outcome},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};

const LEAD: &str = "adf21080-0e10-11eb-879b-05d71fb426ec";

fn link(kind: Kind, id: u64) -> Link {
    Link { kind, id: id.into() }
}

fn order(on: Vec<Link>) -> Order {
    let action = Action::Note { text: String::new() };
    let call = call(PhoneKey::from_digits(380_671_112_233).expect("a number"));
    Order {
        mark: Mark::of(&["acme", "call", "step"]),
        action,
        owner: Some(101.into()),
        on,
        call,
        zone: jiff::tz::TimeZone::UTC,
        audio: None,
    }
}

fn key(digit: u8) -> String {
    format!("{digit:040x}")
}

fn keys() -> Keys {
    let meanings = [Meaning::UtmCampaign, Meaning::ClientId, Meaning::CallStatus, Meaning::Recording, Meaning::Mark];
    meanings.into_iter().zip(1..).map(|(meaning, digit)| (meaning, key(digit))).collect()
}

const fn made(kind: Kind, title: &str) -> Made<'_> {
    Made { kind, title, utm: true, recording: true, phone_key: None, nameless: None }
}

/// The body, judged.
fn body(wanted: Wanted) -> Value {
    let path = wanted.operation.path.replace("{id}", wanted.id.as_deref().unwrap_or_default());
    if let Some(vendor) = vendor() {
        vendor.judge_body(wanted.method.word(), &path, &wanted.body.to_string()).expect("as described");
    }
    wanted.body
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn custom(order: &Order) -> Value {
    json!({
        key(1): "autumn & winter", key(2): "1234567.7654321", key(3): "ANSWERED", key(5): order.mark.as_str(),
        key(4): "https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken",
    })
}

#[test]
fn a_person_has_the_number_in_international_form_and_is_called_by_it_where_no_name_is_known() {
    let mut order = order(vec![link(Kind::Organization, 9)]);
    order.call.client_email = Some("o@example.com".to_owned());
    let wanted = create(&order, made(Kind::Contact, ""), &keys()).expect("a request");
    let mut expected = json!({
        "name": "+380671112233", "owner_id": 101, "org_id": 9, "custom_fields": custom(&order),
        "phones": [{"value": "+380671112233", "primary": true, "label": "work"}],
        "emails": [{"value": "o@example.com", "primary": true, "label": "work"}],
    });
    assert_eq!(body(wanted), expected);
    order.call.client_name = Some("Olha".to_owned());
    let wanted = create(&order, made(Kind::Contact, " "), &keys()).expect("a request");
    expected["name"] = "Olha".into();
    assert_eq!(body(wanted), expected);
    order.call.client_name = None;
    let nameless = Made { nameless: Some("Somebody"), ..made(Kind::Contact, "") };
    let wanted = create(&order, nameless, &Keys::new()).expect("a request");
    assert_eq!((&wanted.body["name"], wanted.body.get("custom_fields")), (&"Somebody".into(), None));
}

#[test]
fn an_organization_has_its_number_in_the_field_that_is_its_own() {
    let order = Order { owner: None, ..order(Vec::new()) };
    let phone = key(9);
    let made =
        Made {
            phone_key: Some(&phone), utm: false, recording: false, ..made(Kind::Organization, "Дверний світ")
        };
    let wanted = create(&order, made, &Keys::new()).expect("a request");
    assert_eq!(body(wanted), json!({"name": "Дверний світ", "custom_fields": {phone: "+380671112233"}}));
}

#[test]
fn a_deal_names_neither_pipeline_nor_stage_and_a_lead_has_the_fields_beside_the_rest() {
    let on = vec![link(Kind::Contact, 7)];
    let order = order(on);
    let wanted = create(&order, made(Kind::Deal, "Call"), &keys()).expect("a request");
    let expected = json!({"title": "Call", "owner_id": 101, "person_id": 7, "custom_fields": custom(&order)});
    assert_eq!(body(wanted), expected);
    let wanted = create(&order, made(Kind::Lead, "Call"), &keys()).expect("a request");
    let mut expected = custom(&order);
    (expected["title"], expected["owner_id"], expected["person_id"]) = ("Call".into(), 101.into(), 7.into());
    assert_eq!(body(wanted), expected);
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is_sent() {
    let reason = |order: &Order, kind| match create(order, made(kind, "x"), &keys()) {
        Err(Failure::Refused { reason }) => reason,
        other => panic!("expected a refusal, found {other:?}"),
    };
    assert!(reason(&order(Vec::new()), Kind::Lead).contains("a person or an organization"));
    assert!(reason(&order(Vec::new()), Kind::Ticket).contains("no tickets"));
    let foreign = Order { owner: Some(CrmId::Uuid([7; 16])), ..order(Vec::new()) };
    assert!(reason(&foreign, Kind::Deal).contains("owner"));
}

#[test]
fn a_task_is_an_activity_with_participants_due_to_the_minute_in_utc() {
    let order = order(vec![link(Kind::Contact, 7), link(Kind::Contact, 8), link(Kind::Deal, 5)]);
    let wanted = task(&order, "Call back", "A & B\nhttps://x.example/r", (false, at("2026-11-20T14:05:59Z")));
    let note = format!("A &amp; B<br><a href=\"https://x.example/r\">https://x.example/r</a><br>[{}]", order.mark);
    let expected = json!({
        "subject": "Call back", "type": "call", "owner_id": 101, "done": false, "deal_id": 5, "note": note,
        "due_date": "2026-11-20", "due_time": "14:05",
        "participants": [{"person_id": 7, "primary": true}, {"person_id": 8, "primary": false}],
    });
    assert_eq!(body(wanted.expect("a request")), expected);
    let lead = Link { kind: Kind::Lead, id: CrmId::parse(LEAD).expect("an id") };
    let of_lead = Order { on: vec![lead], ..order };
    let wanted = task(&of_lead, &"x".repeat(300), "", (true, at("2026-11-20T14:05:59Z"))).expect("a request");
    assert_eq!((&wanted.body["lead_id"], &wanted.body["done"]), (&LEAD.into(), &true.into()));
    assert_eq!(wanted.body["subject"].as_str().map(|subject| subject.chars().count()), Some(255));
    body(wanted);
}

#[test]
fn a_call_is_a_done_activity_and_a_log_with_utc_times_and_seconds() {
    let order = order(vec![link(Kind::Contact, 7)]);
    let activity = body(call_activity(&order, "Incoming", "Text").expect("a request"));
    let note = format!("Text<br>[{}]", order.mark);
    let expected = json!({
        "subject": "Incoming", "type": "call", "owner_id": 101, "done": true, "note": note, "duration": "00:02",
        "due_date": "2024-11-11", "due_time": "09:04", "participants": [{"person_id": 7, "primary": true}],
    });
    assert_eq!(activity, expected);
    let log = body(call_log(&order, "Incoming", "Text", ("55", at("2026-11-20T00:00:00Z"))));
    let expected = json!({
        "activity_id": 55, "subject": "Incoming", "outcome": "connected", "note": note, "duration": "75",
        "from_phone_number": "+380671112233", "to_phone_number": "+380442000000",
        "start_time": "2024-11-11 09:04:41", "end_time": "2024-11-11 09:06:08",
    });
    assert_eq!(log, expected);
}

#[test]
fn a_log_says_who_was_called_whatever_is_known_and_how_it_ended() {
    let mut order = order(Vec::new());
    let log = |order: &Order| body(call_log(order, "x", "", ("55", at("2026-11-20T00:00:00Z"))));
    order.call.direction = Direction::Out;
    let outgoing = log(&order);
    assert_eq!(
        (&outgoing["from_phone_number"], &outgoing["to_phone_number"]),
        (&"+380442000000".into(), &"+380671112233".into())
    );
    (order.call.direction, order.call.company, order.call.started) = (Direction::In, None, None);
    let unknown = log(&order);
    assert_eq!(unknown["to_phone_number"], "+380671112233", "somebody was called");
    assert_eq!(
        (&unknown["start_time"], &unknown["end_time"]),
        (&"2026-11-20 00:00:00".into(), &"2026-11-20 00:00:00".into())
    );
    order.call.speaker.line = Some("acme_anna".to_owned());
    assert_eq!(log(&order)["to_phone_number"], "acme_anna");
    for (outcome, status, word) in [
        (Some(Outcome::Answered), "ANSWERED", "connected"),
        (Some(Outcome::Voicemail), "VOICEMAIL", "left_voicemail"),
        (Some(Outcome::Missed), "BUSY", "busy"),
        (Some(Outcome::Missed), "NO ANSWER", "no_answer"),
        (None, "IN PROGRESS", "no_answer"),
    ] {
        (order.call.outcome, order.call.status) = (outcome, Some(status.to_owned()));
        assert_eq!(log(&order)["outcome"], word, "{status}");
    }
    order.call.talk = Some(Duration::from_secs(3_661));
    assert_eq!(call_activity(&order, "x", "").expect("a request").body["duration"], "01:02");
}

#[test]
fn a_note_hangs_on_everything_it_is_about() {
    let order = order(vec![link(Kind::Contact, 7), link(Kind::Deal, 5), link(Kind::Organization, 9)]);
    let content = format!("Said &lt;no&gt;<br>[{}]", order.mark);
    let expected = json!({"content": content, "person_id": 7, "deal_id": 5, "org_id": 9});
    assert_eq!(body(note(&order, "Said <no>")), expected);
}

#[test]
fn an_update_goes_to_the_kinds_own_place_and_texts_fit_their_fields() {
    let mut order = order(Vec::new());
    order.call.utm.campaign = Some("к".repeat(300));
    let all = values(&order, &keys(), Written { utm: true, call: true, recording: true });
    let letters = |digit| all[&key(digit)].as_str().map(|text| text.chars().count());
    assert_eq!((letters(1), all.len()), (Some(255), 4));
    let none = values(&order, &keys(), Written::default());
    assert!(none.is_empty());
    let lead = Link { kind: Kind::Lead, id: CrmId::parse(LEAD).expect("an id") };
    for (on, path) in [
        (link(Kind::Contact, 7), "/api/v2/persons/{id}"),
        (link(Kind::Organization, 7), "/api/v2/organizations/{id}"),
        (link(Kind::Deal, 7), "/api/v2/deals/{id}"),
        (lead, "/v1/leads/{id}"),
    ] {
        let wanted = update(on, all.clone()).expect("a request");
        assert_eq!((wanted.operation.path, wanted.id.clone()), (path, Some(on.id.to_string())));
        let expected = if on.kind == Kind::Lead { json!(all) } else { json!({"custom_fields": all}) };
        assert_eq!(body(wanted), expected);
    }
}
