//! Exact requests for orders. Nothing is asked of anybody here.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::writing::names;
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::{call, task};
use crate::crm::writer::{Mark, Order};
use crate::crm::zoho_crm::wire::{Fields, Pipelines, Row};
use crate::crm::zoho_crm::write::{
    body::{Ground, amended, made, note},
    shape::Shape,
    stage::{FirstStage, first_of},
    text::{cut, kept, length},
    update::{What, updated},
};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome},
    client::Kind,
    phone::PhoneKey,
};

const RECORDING: &str = "https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken";

fn number() -> PhoneKey {
    PhoneKey::from_digits(380_671_112_233).expect("a number")
}

fn link(kind: Kind, id: u64) -> Link {
    Link { kind, id: id.into() }
}

fn order(action: Action, on: Vec<Link>) -> Order {
    let zone = TimeZone::get("Europe/Kyiv").expect("a zone");
    Order { mark: Mark::of(&["a"]), action, owner: Some(7.into()), on, call: call(number()), zone, audio: None }
}

fn entity(kind: Kind, title: &str) -> Action {
    Action::Create {
        kind,
        title: title.to_owned(),
        text: "One\n<two>".to_owned(),
        utm: true,
        recording: true,
        fields: Vec::new(),
    }
}

/// A module with these fields of text; the last one of them unique.
fn shape(fields: &[&str]) -> Shape {
    let last = fields.last().copied().unwrap_or_default();
    let fields: Vec<Value> = (fields.iter())
        .map(|name| {
            let unique = if *name == last { json!({"casesensitive": "false"}) } else { json!({}) };
            json!({"api_name": name, "data_type": "text", "length": 255, "unique": unique})
        })
        .collect();
    let fields: Fields = serde_json::from_value(json!({ "fields": fields })).expect("fields");
    Shape::of(&fields)
}

fn whole() -> Shape {
    shape(&[
        "UTM_Source",
        "UTM_Medium",
        "UTM_Campaign",
        "UTM_Term",
        "UTM_Content",
        "GA_Client",
        "Ringostat_Call",
        "Ringostat_Status",
        "Ringostat_Record",
        "Predial_Mark",
    ])
}

fn row(order: &Order, names: &FieldNames, shape: &Shape) -> Value {
    Value::Object(made(order, &ground(names, shape)).expect("a row"))
}

fn ground<'g>(names: &'g FieldNames, shape: &'g Shape) -> Ground<'g> {
    let now = "2024-11-11T09:30:00Z".parse().expect("a time");
    Ground { names, contact_name: Some("Client"), shape, first: None, now }
}

fn with(mut base: Value, more: &Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    base.as_object_mut().expect("an object").extend(more);
    base
}

/// What stands in the configured fields.
fn data() -> Value {
    json!({
        "UTM_Source": "google", "UTM_Medium": "cpc", "UTM_Campaign": "autumn & winter", "UTM_Term": "купити двері",
        "GA_Client": "1234567.7654321", "Ringostat_Call": "ua0_-1731315881.12669683", "Ringostat_Status": "ANSWERED",
        "Ringostat_Record": RECORDING, "Predial_Mark": Mark::of(&["a"]).as_str(),
    })
}

#[test]
fn an_entity_has_name_number_owner_text_and_the_configured_fields() {
    let own = json!({"Owner": {"id": "7"}, "Description": "One\n<two>", "Phone": "+380671112233"});
    let lead = json!({"Last_Name": "Call", "Company": "Call"});
    assert_eq!(
        row(&order(entity(Kind::Lead, "Call"), vec![]), &names(true), &whole()),
        with(with(own.clone(), &lead), &data())
    );
    let contact = json!({"Last_Name": "Client", "Account_Name": {"id": "5"}});
    let contact_order = order(entity(Kind::Contact, ""), vec![link(Kind::Organization, 5)]);
    assert_eq!(row(&contact_order, &names(true), &whole()), with(with(own.clone(), &contact), &data()));
    let account = json!({"Account_Name": "Firm"});
    let account_order = order(entity(Kind::Organization, "Firm"), vec![]);
    assert_eq!(row(&account_order, &names(true), &whole()), with(with(own, &account), &data()));
}

#[test]
fn a_deal_says_where_it_begins_when_it_ends_and_whose_it_is() {
    let on = vec![link(Kind::Contact, 4), link(Kind::Organization, 5)];
    let (names, shape) = (FieldNames::default(), Shape::default());
    let first = FirstStage { pipeline: Some("Standard".to_owned()), stage: "New".to_owned() };
    let order = order(entity(Kind::Deal, "Deal"), on);
    assert!(made(&order, &ground(&names, &shape)).is_err(), "without a stage");
    let made = made(&order, &Ground { first: Some(&first), ..ground(&names, &shape) }).expect("a row");
    let text = format!("One\n<two>\n\n{}", order.mark);
    assert_eq!(
        Value::Object(made),
        json!({
            "Deal_Name": "Deal", "Stage": "New", "Pipeline": "Standard", "Closing_Date": "2024-12-11",
            "Contact_Name": {"id": "4"}, "Account_Name": {"id": "5"}, "Owner": {"id": "7"}, "Description": text,
        })
    );
}

#[test]
fn a_nameless_client_has_their_own_name_else_the_configured_one_else_the_number() {
    let (names, shape) = (FieldNames::default(), Shape::default());
    let named = |name: Option<&str>, contact_name| {
        let mut order = order(entity(Kind::Contact, ""), vec![]);
        order.call.client_name = name.map(str::to_owned);
        made(&order, &Ground { contact_name, ..ground(&names, &shape) }).expect("a row")["Last_Name"].clone()
    };
    assert_eq!(named(Some("Olha"), Some("Client")), "Olha");
    assert_eq!(named(None, Some("Client")), "Client");
    assert_eq!(named(Some(" "), None), "+380671112233");
}

#[test]
fn a_task_is_due_on_a_day_and_reminded_of_in_time_if_it_is_open_and_not_past() {
    let names = FieldNames::default();
    let task_row = |order: &Order| row(order, &names, &Shape::default());
    let open = order(task(false), vec![link(Kind::Contact, 4), link(Kind::Deal, 6)]);
    let text = format!("Call of 380…\nhttps://app.ringostat.com/recordings/1.ogg?token=a&b=c\n\n{}", open.mark);
    let base = json!({
        "Subject": "Call back & ask <why>", "Due_Date": "2024-11-11", "Who_Id": {"id": "4"}, "What_Id": {"id": "6"},
        "$se_module": "Deals", "Owner": {"id": "7"}, "Description": text,
    });
    let alarm = json!({
        "Status": "Not Started",
        "Remind_At": {"ALARM": "FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:2024-11-11T15:06:08+02:00"},
    });
    assert_eq!(task_row(&open), with(base.clone(), &alarm));
    let done = order(task(true), vec![link(Kind::Contact, 4), link(Kind::Deal, 6)]);
    assert_eq!(task_row(&done), with(base, &json!({"Status": "Completed"})));
    let mut late = order(task(false), vec![]);
    if let Action::Task { due, .. } = &mut late.action {
        *due = Timestamp::from_second(1_731_000_000).expect("a time");
    }
    assert_eq!(task_row(&late).get("Remind_At"), None);
}

fn written_call(change: impl FnOnce(&mut Call), on: Vec<Link>) -> Value {
    let action = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
    let mut order = order(action, on);
    order.owner = None;
    change(&mut order.call);
    row(&order, &names(true), &whole())
}

#[test]
fn a_call_says_who_called_whom_when_for_how_long_and_where_the_recording_is() {
    let fields = json!({
        "Ringostat_Call": "ua0_-1731315881.12669683", "Ringostat_Status": "ANSWERED", "Ringostat_Record": RECORDING,
        "Predial_Mark": Mark::of(&["a"]).as_str(), "Subject": "Call", "Description": "Text",
        "Voice_Recording__s": RECORDING, "Call_Start_Time": "2024-11-11T11:04:41+02:00",
    });
    let inbound = json!({
        "Call_Type": "Inbound", "Call_Duration": "01:15", "Caller_ID": "+380671112233",
        "Dialled_Number": "+380442000000", "What_Id": {"id": "3"}, "$se_module": "Leads",
    });
    let on = vec![link(Kind::Lead, 3), link(Kind::Contact, 4)];
    assert_eq!(written_call(|_| {}, on), with(fields.clone(), &inbound));
    let outbound = json!({
        "Call_Type": "Outbound", "Call_Duration": "00:00", "Caller_ID": "+380442000000",
        "Dialled_Number": "+380671112233", "Outgoing_Call_Status": "Completed", "Who_Id": {"id": "4"},
        "What_Id": {"id": "5"}, "$se_module": "Accounts",
    });
    let out = |call: &mut Call| (call.direction, call.talk) = (Direction::Out, None);
    let on = vec![link(Kind::Contact, 4), link(Kind::Organization, 5)];
    assert_eq!(written_call(out, on), with(fields, &outbound));
    let missed = written_call(|call| call.outcome = Some(Outcome::Missed), vec![]);
    assert_eq!((&missed["Call_Type"], missed.get("Call_Duration")), (&json!("Missed"), None));
}

#[test]
fn marks_of_campaigns_go_into_an_entity_only_where_there_are_none_and_calls_always() {
    let order = order(Action::Update { utm: true, call: true, client: false, fields: Vec::new() }, vec![]);
    let (names, shape) = (names(true), whole());
    let ground = ground(&names, &shape);
    let into = |(utm, call), has_utm| {
        let what = What { utm, call, client: false, fields: &[] };
        let stands = if has_utm { json!({"UTM_Term": "doors"}) } else { json!({"UTM_Term": " ", "UTM_Source": null}) };
        let stands: Row = serde_json::from_value(stands).expect("a row");
        Value::Object(updated(&order, (Kind::Contact, &[]), what, Some(&stands), &ground))
    };
    let mut all = data();
    all.as_object_mut().expect("an object").remove("Predial_Mark");
    assert_eq!(into((true, true), false), all);
    let own = json!({
        "Ringostat_Call": "ua0_-1731315881.12669683", "Ringostat_Status": "ANSWERED", "Ringostat_Record": RECORDING,
    });
    assert_eq!(into((true, true), true), own);
    assert_eq!(into((true, false), true), json!({}));
}

#[test]
fn an_amendment_writes_the_recording_and_nothing_else() {
    let (names, shape) = (names(true), whole());
    let to = Action::Call { subject: "Other".to_owned(), text: "Now".to_owned(), recording: true };
    let order = order(Action::Amend { id: "9".to_owned(), to: Box::new(to.clone()) }, vec![]);
    assert_eq!(
        Value::Object(amended(&order, &to, &ground(&names, &shape)).expect("a row")),
        json!({"Voice_Recording__s": RECORDING, "Ringostat_Record": RECORDING})
    );
    assert_eq!(note(&order, "A <note>", true), format!("A <note>\n\n{}", order.mark));
}

#[test]
fn into_a_field_that_the_module_has_not_nothing_is_written_and_the_mark_stands_in_the_text() {
    let lead = order(entity(Kind::Lead, "Call"), vec![]);
    let made = row(&lead, &names(true), &shape(&["UTM_Source", "Last_Name"]));
    assert_eq!((made.get("UTM_Source"), made.get("UTM_Medium")), (Some(&json!("google")), None));
    assert!(made["Description"].as_str().expect("a text").ends_with(lead.mark.as_str()));
    let long = order(entity(Kind::Lead, &"é".repeat(300)), vec![]);
    let name = row(&long, &FieldNames::default(), &Shape::default())["Last_Name"].as_str().expect("a name").to_owned();
    assert_eq!((name.chars().count(), name.chars().last()), (80, Some('…')));
    let short = FieldNames::default().with(None, Meaning::UtmSource, "Last_Name");
    assert!(row(&lead, &short, &Shape::default()).get("UTM_Source").is_none());
}

#[test]
fn a_text_that_is_too_long_keeps_the_link_and_the_mark() {
    let text = format!("{}\n{RECORDING}\n{}", "a".repeat(500), "b".repeat(500));
    let short = kept(&text, Some(RECORDING), Some("pd1"), 200);
    assert_eq!(short.chars().count(), 200);
    assert!(short.contains(RECORDING) && short.ends_with("\n\npd1"), "{short}");
    assert_eq!(kept("", None, Some("pd1"), 200), "pd1");
    assert_eq!(kept("Text", Some(RECORDING), None, 200), "Text");
    assert_eq!(cut("abcd", 4), "abcd");
    assert_eq!(length(std::time::Duration::from_secs(5_400)), "90:00");
}

#[test]
fn a_deal_begins_in_the_first_open_stage_by_its_place() {
    let pipelines: Pipelines = serde_json::from_value(json!({"pipeline": [
        {"display_value": "Other", "default": false, "maps": [{"display_value": "X", "forecast_type": "Open"}]},
        {"display_value": "Main", "default": true, "maps": [
            {"display_value": "Late", "forecast_type": "Open", "sequence_number": 3},
            {"display_value": "Won", "forecast_type": "Closed Won", "sequence_number": 1},
            {"display_value": "Нова", "actual_value": "Qualification", "forecast_type": "Open", "sequence_number": 2},
        ]},
    ]}))
    .expect("pipelines");
    let main = FirstStage { pipeline: Some("Main".to_owned()), stage: "Нова".to_owned() };
    assert_eq!(first_of(&pipelines.pipeline), Some(main));
    assert_eq!(first_of(&[]), None);
}
