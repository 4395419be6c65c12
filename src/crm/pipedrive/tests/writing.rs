//! Writing into the stand-in: what is Pipedrive's own beside the suite.

use std::sync::Arc;

use sandbox::kit::Thing;
use sandbox::pipedrive::{Fault, Of, field_key};

use super::account::{Account, PLENTY};
use super::write_stage::{LONG, account, named, writer_of};
use crate::base::{clock::Clock, problem::Placed};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::Tools;
use crate::crm::contract_writing::{WriteStage, call, perform, task};
use crate::crm::failure::Failure;
use crate::crm::pipedrive::settings::prepare;
use crate::crm::quota::Ledger;
use crate::crm::token::SharedTokens;
use crate::crm::writer::{Audio, FieldState, Look, Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::Outcome,
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};
use crate::outbound::{Bounds, Outbound};

const ANNA: u64 = 101;

fn order(account: &Account, step: &str, action: Action, on: Vec<Link>) -> Order {
    let call = call(WriteStage::nobody(account));
    let mark = Mark::of(&["acme", "call", step]);
    Order { mark, action, owner: Some(ANNA.into()), on, call, zone: jiff::tz::TimeZone::UTC, audio: None }
}

fn create(kind: Kind, title: &str) -> Action {
    Action::Create {
        kind,
        title: title.to_owned(),
        text: String::new(),
        utm: true,
        recording: true,
        fields: Vec::new(),
    }
}

fn spoken(recording: bool) -> Action {
    Action::Call { subject: "Incoming call".to_owned(), text: "Who called".to_owned(), recording }
}

fn person(account: &Account) -> Link {
    Link { kind: Kind::Contact, id: account.person.into() }
}

fn things(account: &Account, what: &str) -> Vec<Thing> {
    let held = WriteStage::held(account).into_iter();
    held.filter(|thing| thing.what == what && !thing.seeded).collect()
}

fn audio() -> Audio {
    let bytes = b"OggS".repeat(250_000).into();
    Audio { file_name: "call.ogg".to_owned(), media_type: "audio/ogg".to_owned(), bytes }
}

#[tokio::test]
async fn a_lead_is_made_of_a_person_with_deals_fields_and_found_again_by_its_mark() {
    let account = account().await;
    let writer = account.writer();
    let lead = order(&account, "lead", create(Kind::Lead, "A lead"), vec![person(&account)]);
    let again = Order { mark: Mark::of(&["other"]), ..lead.clone() };
    account.stage(Fault::answer_lost().on("/v1/leads").with_method("POST").times(1));
    let failure = writer.perform(&lead, &[]).await.expect_err("a lost answer");
    assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
    let found = writer.find(&lead, &[]).await.expect("an answer").expect("the lead");
    assert!(found.whole);
    assert_eq!(writer.find(&again, &[]).await, Ok(None));
    let [thing] = &things(&account, "lead")[..] else { panic!("expected one lead") };
    assert_eq!((thing.id.clone(), thing.owner.as_deref()), (found.id, Some("101")));
    assert_eq!(thing.fields[&field_key(Of::Deal, "UTM campaign")], "autumn & winter");
    assert_eq!(thing.fields[&field_key(Of::Deal, "Made by")], lead.mark.as_str());
    assert!(thing.on.iter().any(|on| on.what == "contact" && on.id == account.person.to_string()));
    let alone = order(&account, "alone", create(Kind::Lead, "A lead"), Vec::new());
    let refused = writer.perform(&alone, &[]).await.expect_err("a lead of nobody");
    assert!(matches!(refused, Failure::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_call_is_an_activity_then_a_call_log_then_its_recording() {
    let account = account().await;
    let writer = account.writer();
    let on = vec![person(&account), Link { kind: Kind::Deal, id: account.deal.into() }];
    let mut order = order(&account, "call", spoken(true), on);
    order.call.client = PhoneKey::from_digits(Account::NUMBER);
    let first = writer.perform(&order, &[]).await.expect("an activity");
    let parts = [first.id];
    assert!(!first.whole && !writer.wants_audio(&order, &parts));
    let second = writer.perform(&order, &parts).await.expect("a call log");
    assert!(!second.whole);
    let parts = [parts[0].clone(), second.id];
    assert!(writer.wants_audio(&order, &parts));
    order.audio = Some(audio());
    assert_eq!(writer.find(&order, &parts).await, Ok(None), "nothing is uploaded yet");
    let third = writer.perform(&order, &parts).await.expect("a recording");
    assert_eq!((third.id.clone(), third.whole), (parts[1].clone(), true));
    assert_eq!(writer.find(&order, &parts).await, Ok(Some(third.clone())));
    assert_eq!(writer.perform(&order, &parts).await, Ok(third), "one that is there already is no failure");
    let [call] = &things(&account, "call")[..] else { panic!("expected one call") };
    assert_eq!(call.fields["activity_id"], parts[0]);
    assert_eq!((call.seconds, call.audio_bytes), (Some(75), Some(1_000_000)));
    assert_eq!((call.fields["outcome"].as_str(), call.direction.as_deref()), ("connected", Some("in")));
    assert_eq!(call.fields["from_phone_number"], format!("+{}", Account::NUMBER));
    assert_eq!(call.fields["to_phone_number"], "+380442000000");
    assert_eq!(call.due.as_deref(), Some("2024-11-11T09:04:00Z"));
    assert_eq!(call.owner.as_deref(), Some("101"));
    assert!(call.text.contains(order.mark.as_str()));
}

#[tokio::test]
async fn a_call_without_a_recording_or_whose_recording_cannot_be_had_ends_with_its_call_log() {
    let account = account().await;
    let writer = account.writer();
    let mut silent = order(&account, "silent", spoken(true), vec![person(&account)]);
    silent.call.recording = None;
    silent.call.outcome = Some(Outcome::Missed);
    let parts = perform(&*writer, &silent).await.expect("a call");
    assert_eq!(parts.len(), 2);
    assert_eq!(things(&account, "call")[0].fields["outcome"], "no_answer");
    let lost = order(&account, "lost", spoken(true), vec![person(&account)]);
    let mut parts = Vec::new();
    for _ in 0..2 {
        parts.push(writer.perform(&lost, &parts).await.expect("a part").id);
    }
    let last = writer.perform(&lost, &parts).await.expect("nothing to do");
    assert_eq!((last.id, last.whole), (parts[1].clone(), true));
    assert_eq!(things(&account, "call")[1].audio_bytes, None);
}

/// Every part's answer is lost in turn, and the call is there once, recording and all.
#[tokio::test]
async fn each_part_of_a_call_whose_answer_was_lost_is_found() {
    let account = account().await;
    let writer = account.writer();
    for (before, path) in [(0, "/api/v2/activities"), (1, "/v1/callLogs"), (2, "/v1/callLogs")] {
        // So many others that ours is on no page that is read first.
        for other in 0..60 {
            let other = order(&account, &format!("other {before} {other}"), spoken(false), vec![person(&account)]);
            perform(&*writer, &other).await.expect("another call");
        }
        let mut order = order(&account, &format!("call {before}"), spoken(true), vec![person(&account)]);
        order.audio = Some(audio());
        let mut parts = Vec::new();
        while parts.len() < before {
            parts.push(writer.perform(&order, &parts).await.expect("a part").id);
        }
        account.stage(Fault::answer_lost().on(path).with_method("POST").times(1));
        let failure = writer.perform(&order, &parts).await.expect_err("a lost answer");
        assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
        account.clear();
        let found = writer.find(&order, &parts).await.expect("an answer").expect("what was made");
        assert_eq!(found.whole, before == 2, "{before}");
        parts.push(found.id);
        while parts.len() < 3 {
            parts.push(writer.perform(&order, &parts).await.expect("a part").id);
        }
        let calls = things(&account, "call");
        let own = calls.iter().filter(|call| call.text.contains(order.mark.as_str()));
        assert_eq!(own.map(|call| call.audio_bytes).collect::<Vec<_>>(), [Some(1_000_000)]);
    }
    assert_eq!((things(&account, "call").len(), things(&account, "task").len()), (3 * 61, 0));
}

#[tokio::test]
async fn a_call_log_that_never_came_is_not_found() {
    let account = account().await;
    let writer = account.writer();
    let order = order(&account, "call", spoken(false), vec![person(&account)]);
    let parts = [writer.perform(&order, &[]).await.expect("an activity").id];
    account.stage(Fault::reset().on("/v1/callLogs").with_method("POST").times(1));
    writer.perform(&order, &parts).await.expect_err("a lost request");
    account.clear();
    assert_eq!(writer.find(&order, &parts).await, Ok(None));
}

#[tokio::test]
async fn what_people_wrote_into_a_note_outlives_an_amendment() {
    let account = account().await;
    let writer = account.writer();
    let made = order(&account, "task", task(false), vec![person(&account)]);
    let parts = perform(&*writer, &made).await.expect("a task");
    let url = format!("/api/v2/activities/{}", parts[0]);
    let note = "Anna was here<br>Call of 380…";
    let written = account.ask("PATCH", &url, &serde_json::json!({"note": note})).await;
    assert_eq!(written, 200);
    account.sandbox.forget_asked();
    let to = Box::new(task(false));
    let amend = order(&account, "amend", Action::Amend { id: parts[0].clone(), to }, vec![person(&account)]);
    assert_eq!(writer.find(&amend, &[]).await, Ok(None));
    perform(&*writer, &amend).await.expect("an amendment");
    let [thing] = &things(&account, "task")[..] else { panic!("expected one task") };
    assert!(thing.text.starts_with(note) && thing.text.contains("1.ogg?token=a&amp;b=c"), "{}", thing.text);
    assert!(writer.find(&amend, &[]).await.expect("an answer").is_some(), "nothing is missing any more");
}

/// An account that has no field for marks: what was made since the call began is recognised by what it is.
#[tokio::test]
async fn without_a_field_for_marks_a_person_is_found_by_number_and_the_rest_by_title() {
    let account = account().await;
    let writer = writer_of(account.by_token(), FieldNames::default(), PLENTY, LONG);
    let firm = order(&account, "firm", create(Kind::Organization, "Дверний світ"), Vec::new());
    let contact = order(&account, "contact", create(Kind::Contact, ""), Vec::new());
    let deal = order(&account, "deal", create(Kind::Deal, "Call of a client"), vec![person(&account)]);
    for order in [&firm, &contact, &deal] {
        assert_eq!(writer.find(order, &[]).await, Ok(None));
        let made = writer.perform(order, &[]).await.expect("an entity");
        assert_eq!(writer.find(order, &[]).await, Ok(Some(made)));
    }
    let [thing] = &things(&account, "contact")[..] else { panic!("expected one person") };
    assert_eq!((thing.title.as_str(), thing.numbers.as_slice()), ("+380442001007", &["+380442001007".to_owned()][..]));
    let [thing] = &things(&account, "organization")[..] else { panic!("expected one organization") };
    assert_eq!(thing.numbers, ["+380442001007"], "in the configured field that is an organization's");
}

#[tokio::test]
async fn an_update_writes_each_entity_in_a_part_of_its_own_and_says_when_nothing_is_left() {
    let account = account().await;
    let writer = account.writer();
    let on = vec![
        person(&account),
        Link { kind: Kind::Deal, id: account.deal.into() },
        Link { kind: Kind::Lead, id: CrmId::parse(&account.lead).expect("an id") },
    ];
    let update =
        order(&account, "update", Action::Update { utm: true, call: true, client: false, fields: Vec::new() }, on);
    assert_eq!(writer.find(&update, &[]).await, Ok(None));
    assert_eq!(perform(&*writer, &update).await.expect("an update").len(), 3);
    assert!(writer.find(&update, &[]).await.expect("an answer").is_some());
    let held = WriteStage::held(&account);
    for (what, of) in [("contact", Of::Person), ("deal", Of::Deal), ("lead", Of::Deal)] {
        let thing = held.iter().find(|thing| thing.what == what).expect(what);
        assert!(thing.seeded && thing.fields[&field_key(of, "Call status")] == "ANSWERED", "{thing:?}");
        assert!(thing.fields[&field_key(of, "Recording")].ends_with("token=t0ken"));
        assert!(!thing.fields.contains_key(&field_key(of, "UTM content")));
    }
    account.sandbox.forget_asked();
    let nothing = writer_of(account.by_token(), FieldNames::default(), PLENTY, LONG);
    let receipts = perform(&*nothing, &update).await.expect("nothing to write");
    assert_eq!(receipts[0], account.person.to_string());
    assert_eq!(account.paths(), [""; 0], "nothing is configured, nothing is asked");
}

#[tokio::test]
async fn fields_that_are_missing_are_made_once_and_used_by_their_name() {
    let account = account().await;
    let fields = FieldNames::default().with(Some("deal"), Meaning::CallId, "Ringostat call").with(
        Some("lead"),
        Meaning::CallId,
        "Ringostat call",
    );
    let writer = writer_of(account.by_token(), fields, PLENTY, LONG);
    let missing = |states: &[FieldState]| states.iter().filter(|state| !state.there).count();
    let states = writer.fields().await.expect("an answer");
    assert_eq!((states.len(), missing(&states)), (2, 2));
    let on = vec![Link { kind: Kind::Deal, id: account.deal.into() }];
    let update =
        order(&account, "update", Action::Update { utm: false, call: true, client: false, fields: Vec::new() }, on);
    let Err(Failure::Refused { reason }) = writer.perform(&update, &[]).await else { panic!("expected a refusal") };
    assert!(reason.starts_with("crm.fields.deal.call_id: expected a custom field \"Ringostat call\""), "{reason}");
    for state in &states {
        writer.make_field(state).await.expect("a field");
    }
    let states = writer.fields().await.expect("an answer");
    assert_eq!(missing(&states), 0);
    assert!(states.iter().all(|state| state.trouble.is_none()), "one serves both: {states:?}");
    perform(&*writer, &update).await.expect("an update");
    let held = WriteStage::held(&account);
    assert!(held[0].fields.values().any(|value| value == "ua0_-1731315881.12669683"), "{held:?}");
}

#[tokio::test]
async fn a_key_that_no_field_has_cannot_be_made_and_the_reason_is_told() {
    let account = account().await;
    let fields = FieldNames::default().with(Some("contact"), Meaning::Mark, &"ab".repeat(20));
    let writer = writer_of(account.by_token(), fields, PLENTY, LONG);
    let states = writer.fields().await.expect("an answer");
    assert!(!states[0].there && states[0].trouble.is_some(), "{states:?}");
    assert!(matches!(writer.make_field(&states[0]).await, Err(Failure::Refused { .. })));
    let contact = order(&account, "contact", create(Kind::Contact, "Somebody"), Vec::new());
    let Err(Failure::Refused { reason }) = writer.perform(&contact, &[]).await else { panic!("expected a refusal") };
    assert!(reason.contains("is not allowed for this request"), "{reason}");
}

#[tokio::test]
async fn a_server_error_leaves_a_write_unclear_and_a_forbidden_one_is_the_operators_matter() {
    let account = account().await;
    let order = order(&account, "task", task(false), vec![person(&account)]);
    for (status, unclear) in [(500, true), (502, true), (504, true), (503, false), (429, false)] {
        account.stage(Fault::status(status).on("/api/v2/activities").with_method("POST"));
        let failure = account.writer().perform(&order, &[]).await.expect_err("a failure");
        assert_eq!(matches!(failure, Failure::Unclear { .. }), unclear, "{status}: {failure:?}");
        assert_eq!(matches!(failure, Failure::Wait { .. }), !unclear, "{status}: {failure:?}");
        account.clear();
    }
}

#[tokio::test]
async fn with_oauth_reader_and_writer_share_one_access_token() {
    let account = account().await;
    let field = Placed::new(sandbox::pipedrive::ORGANIZATION_PHONE.to_owned(), 20);
    let section = CrmSection { phone_fields: vec![field], fields: named(), ..account.by_oauth() };
    let bounds = Bounds { connect_timeout: LONG, request_timeout: LONG, max_body_bytes: 4_000_000 };
    let outbound = Outbound::new(&bounds).expect("a client");
    let tools = Tools {
        outbound,
        ledger: Arc::new(Ledger::new(PLENTY, Clock::System)),
        tokens: SharedTokens::default(),
        clock: Clock::System,
    };
    let prepared = prepare(&section).expect("a section");
    let (reader, writer) = (prepared.reader(tools.clone()), prepared.writer(tools).expect("a writer"));
    reader.users().await.expect("users");
    writer.check().await.expect("accepted");
    perform(&*writer, &order(&account, "task", task(true), vec![person(&account)])).await.expect("a task");
    let tokens = account.sandbox.asked().into_iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn a_look_finds_what_the_search_does_not_show_yet_and_nothing_that_is_gone() {
    let account = account().await;
    let writer = account.writer();
    let number = PhoneKey::from_digits(Account::NUMBER);
    let deal = order(&account, "deal", create(Kind::Deal, "New"), vec![person(&account)]);
    let made = writer.perform(&deal, &[]).await.expect("a deal");
    let look = Look { number, ..Look::default() };
    let found = writer.look(&look).await.expect("an answer");
    let has =
        |found: &[crate::crm::Record], kind, id| found.iter().any(|record| (record.kind, record.id) == (kind, id));
    let id = CrmId::parse(&made.id).expect("an id");
    assert!(has(&found, Kind::Deal, id), "through its person, though the search lags: {found:?}");
    assert!(has(&found, Kind::Lead, CrmId::parse(&account.lead).expect("an id")));
    assert!(has(&found, Kind::Organization, account.organization.into()));
    account.sandbox.change(sandbox::pipedrive::Change::Win { deal_id: account.deal }).expect("a deal");
    let item = sandbox::pipedrive::Item::Lead(account.lead.clone());
    account.sandbox.change(sandbox::pipedrive::Change::Archive { item }).expect("a lead");
    let known = vec![Link { kind: Kind::Deal, id: account.deal.into() }];
    let found = writer.look(&Look { number, known, ..Look::default() }).await.expect("an answer");
    assert!(!has(&found, Kind::Deal, account.deal.into()) && has(&found, Kind::Deal, id), "{found:?}");
    assert!(!found.iter().any(|record| record.kind == Kind::Lead), "{found:?}");
}

#[tokio::test]
async fn a_late_recording_of_a_call_is_uploaded_and_one_of_an_entity_goes_into_its_field() {
    let account = account().await;
    let writer = account.writer();
    let mut silent = order(&account, "call", spoken(true), vec![person(&account)]);
    silent.call.recording = None;
    let parts = perform(&*writer, &silent).await.expect("a call");
    let log = parts.last().expect("a part").clone();
    let mut late = order(&account, "late", Action::Amend { id: log.clone(), to: Box::new(spoken(true)) }, Vec::new());
    let first = writer.perform(&late, &[]).await.expect("nothing is missing in the note");
    assert!(!first.whole && writer.wants_audio(&late, std::slice::from_ref(&first.id)));
    late.audio = Some(audio());
    let last = writer.perform(&late, &[first.id]).await.expect("a recording");
    assert_eq!((last.id, last.whole), (log, true));
    assert_eq!(things(&account, "call")[0].audio_bytes, Some(1_000_000));
    let to = Box::new(create(Kind::Deal, "whatever"));
    let deal = order(&account, "deal", Action::Amend { id: account.deal.to_string(), to }, Vec::new());
    assert_eq!(writer.find(&deal, &[]).await, Ok(None));
    perform(&*writer, &deal).await.expect("an amendment");
    assert!(writer.find(&deal, &[]).await.expect("an answer").is_some());
    let held = WriteStage::held(&account);
    let deal = held.iter().find(|thing| thing.what == "deal").expect("the deal");
    assert_eq!(deal.title, "Everything's", "its title is people's");
    assert!(deal.fields[&field_key(Of::Deal, "Recording")].ends_with("token=t0ken"));
}
