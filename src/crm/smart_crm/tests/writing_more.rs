//! What this vendor's writer does besides the suite.

use std::time::Duration;

use sandbox::kit::{Fault, StandIn, Thing};

use super::account::{Account, Employee, PLENTY};
use super::writing::{Written, stage};
use crate::base::problem::Placed;
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::{WriteStage, call, perform, task};
use crate::crm::failure::Failure;
use crate::crm::writer::{Mark, Order};
use crate::model::{action::Action, action::Link, client::Kind, ids::CrmId};

const LONG: Duration = Duration::from_secs(10);

fn order(stage: &Written, step: &str, action: Action) -> Order {
    let (contact, _) = stage.known();
    let mark = Mark::of(&["acme", "call", step]);
    Order {
        mark,
        action,
        owner: Some(stage.user()),
        on: vec![contact],
        call: call(stage.nobody()),
        zone: jiff::tz::TimeZone::UTC,
        audio: None,
    }
}

fn contact() -> Action {
    Action::Create {
        kind: Kind::Contact,
        title: String::new(),
        text: String::new(),
        utm: false,
        recording: false,
        fields: Vec::new(),
    }
}

fn one(stage: &Written, what: &str) -> Thing {
    let held = stage.held();
    let found: Vec<&Thing> = held.iter().filter(|thing| thing.what == what).collect();
    let [thing] = found[..] else { panic!("expected one {what}, found {found:?}") };
    thing.clone()
}

#[tokio::test]
async fn what_is_there_already_is_found_by_its_own_id_and_not_written_again() {
    let stage = stage().await;
    let writer = stage.writer();
    let order = order(&stage, "contact", contact());
    let first = writer.perform(&order, &[]).await.expect("a contact");
    assert_eq!(first.id, order.mark.uuid().to_string());
    assert_eq!(writer.perform(&order, &[]).await.expect("the same"), first);
    let statuses: Vec<_> = stage.0.requests().into_iter().filter_map(|asked| asked.status).collect();
    assert_eq!(statuses, [204, 412]);
}

#[tokio::test]
async fn a_part_that_was_done_already_is_done_once_more_without_harm() {
    let stage = stage().await;
    let writer = stage.writer();
    let order = order(&stage, "task", task(true));
    let parts = perform(&*writer, &order).await.expect("a task");
    assert_eq!(parts.len(), 2);
    assert!(writer.find(&order, &parts[..1]).await.expect("an answer").is_some_and(|receipt| receipt.whole));
    assert!(writer.perform(&order, &parts[..1]).await.expect("done already").whole);
    assert!(writer.perform(&order, &parts).await.is_err(), "there is no third part");
}

#[tokio::test]
async fn the_answer_of_a_completion_may_be_lost_and_it_is_found_by_the_state() {
    let stage = stage().await;
    let writer = stage.writer();
    let action = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
    for fault in [Fault::answer_lost(), Fault::reset()] {
        let acted = matches!(fault.kind, sandbox::kit::FaultKind::AnswerLost);
        let order = order(&stage, fault.kind.word(), action.clone());
        let parts = vec![writer.perform(&order, &[]).await.expect("an open call").id];
        stage.stage(fault.on("/api/data/v9.2/phonecalls").with_method("PATCH").times(1));
        let failure = writer.perform(&order, &parts).await.expect_err("a lost answer");
        assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
        assert_eq!(writer.find(&order, &parts).await.expect("an answer").is_some(), acted);
        assert!(writer.perform(&order, &parts).await.expect("completed").whole);
    }
    assert!(
        stage.held().iter().filter(|thing| thing.what == "call").all(|call| call.state.as_deref() == Some("Received"))
    );
}

#[tokio::test]
async fn what_was_completed_is_opened_written_and_completed_again_whichever_answer_is_lost() {
    for lost in 0..3_usize {
        let stage = stage().await;
        let writer = stage.writer();
        let action =
            |text: &str, recording| Action::Call { subject: "Call".to_owned(), text: text.to_owned(), recording };
        let mut first = order(&stage, "call", action("Own words", false));
        first.call.recording = None;
        let id = perform(&*writer, &first).await.expect("a call").pop().expect("a part");
        let amend = order(&stage, "amend", Action::Amend { id, to: Box::new(action("Own words", true)) });
        let mut parts: Vec<String> = Vec::new();
        for number in 0.. {
            if number == lost {
                stage.stage(Fault::answer_lost().on("/api/data/v9.2/phonecalls").with_method("PATCH").times(1));
                assert!(matches!(writer.perform(&amend, &parts).await, Err(Failure::Unclear { .. })));
            }
            let receipt = match writer.find(&amend, &parts).await.expect("an answer") {
                Some(receipt) if number >= lost => receipt,
                _ => writer.perform(&amend, &parts).await.expect("a part"),
            };
            parts.push(receipt.id);
            if receipt.whole {
                break;
            }
            assert!(number < 5, "expected an end");
        }
        let call = one(&stage, "call");
        assert_eq!(call.state.as_deref(), Some("Received"), "{lost}: {call:?}");
        let link = amend.call.recording.as_deref().expect("a link");
        assert_eq!(
            (call.text.matches(link).count(), call.text.matches("Own words").count()),
            (1, 1),
            "{lost}: {call:?}"
        );
        assert_eq!(call.fields.get("new_recording").map(String::as_str), Some(link));
        let again = writer.perform(&amend, &[]).await.expect("nothing to do");
        assert!(again.whole && again.id == call.id);
    }
}

#[tokio::test]
async fn what_somebody_wrote_into_an_open_task_or_a_note_stays_and_the_link_is_added() {
    let stage = stage().await;
    let writer = stage.writer();
    for action in [task(false), Action::Note { text: "Text".to_owned() }] {
        let mut first = order(&stage, action.word(), action.clone());
        first.call.recording = None;
        let id = perform(&*writer, &first).await.expect("made").pop().expect("a part");
        let link = first.call.recording.clone().unwrap_or_else(|| "https://app.ringostat.com/late.ogg".to_owned());
        let to = match action {
            Action::Task { subject, text, completed, due } => {
                Action::Task { subject, text: format!("{text}\n{link}"), completed, due }
            }
            _ => Action::Note { text: format!("Text\n{link}") },
        };
        let mut amend = order(&stage, "amend", Action::Amend { id: id.clone(), to: Box::new(to) });
        amend.call.recording = Some(link.clone());
        assert_eq!(perform(&*writer, &amend).await.expect("amended"), std::slice::from_ref(&id), "one part");
        let held = stage.held();
        let thing = held.iter().find(|thing| thing.id == id).expect("the thing");
        assert!(
            thing.text.ends_with(&link)
                && thing.text.matches("Call of 380").count() + thing.text.matches("Text").count() == 1,
            "{thing:?}"
        );
        assert_ne!(thing.state.as_deref(), Some("completed"));
    }
}

#[tokio::test]
async fn what_is_gone_is_refused_and_made_again_by_nobody() {
    let stage = stage().await;
    let writer = stage.writer();
    let id = stage.missing(Kind::Contact);
    let amend = order(&stage, "amend", Action::Amend { id: id.to_string(), to: Box::new(task(true)) });
    let mut update =
        order(&stage, "update", Action::Update { utm: true, call: true, client: false, fields: Vec::new() });
    update.on = vec![Link { kind: Kind::Contact, id }];
    let created = order(&stage, "task", task(true));
    for (order, parts) in [(amend, vec![]), (update, vec![]), (created, vec!["x".to_owned()])] {
        let failure = writer.perform(&order, &parts).await.expect_err("gone");
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
    }
    assert_eq!(stage.held(), Vec::new());
}

#[tokio::test]
async fn an_update_writes_each_entity_as_a_part_and_nothing_where_nothing_is_named() {
    let stage = stage().await;
    let writer = stage.writer();
    let mut update =
        order(&stage, "update", Action::Update { utm: true, call: true, client: false, fields: Vec::new() });
    update.on.push(Link { kind: Kind::Deal, id: CrmId::parse(&stage.0.deal.id).expect("a UUID") });
    let parts = perform(&*writer, &update).await.expect("an update");
    assert_eq!(parts, [stage.0.contact.id.clone(), stage.0.deal.id.clone()]);
    for what in ["contact", "deal"] {
        assert_eq!(one(&stage, what).fields.get("new_call_status").map(String::as_str), Some("ANSWERED"));
    }
    let found = writer.find(&update, &parts[..1]).await.expect("an answer").expect("written");
    assert!(found.whole && found.id == parts[1]);
    let before = stage.0.requests().len();
    let bare = Written::writer_of(&stage.0.section(), PLENTY, LONG);
    assert_eq!(perform(&*bare, &update).await.expect("nothing to do"), parts);
    assert_eq!(stage.0.requests().len(), before);
}

#[tokio::test]
async fn what_nobody_owns_is_the_configured_users_who_is_asked_for_once() {
    let stage = stage().await;
    let mut section = stage.section();
    let (user, name) = (stage.0.sandbox.employees()[1].clone(), "bohdan");
    let email = user_email(&stage, &user).await;
    assert!(email.contains(name), "{email}");
    section.system_user = Some(Placed::new(email.to_uppercase(), 1));
    let writer = Written::writer_of(&section, PLENTY, LONG);
    for step in ["one", "two"] {
        let mut order = order(&stage, step, contact());
        order.owner = None;
        perform(&*writer, &order).await.expect("a contact");
    }
    assert!(stage.held().iter().all(|thing| thing.owner.as_deref() == Some(user.as_str())), "{:?}", stage.held());
    let asked = stage.0.requests().into_iter().filter(|asked| asked.path.ends_with("/systemusers"));
    assert_eq!(asked.count(), 2, "once by this test, once by the writer");
    section.system_user = Some(Placed::new("o'nobody@acme.example".to_owned(), 1));
    let mut order = order(&stage, "three", contact());
    order.owner = None;
    let failure = perform(&*Written::writer_of(&section, PLENTY, LONG), &order).await.expect_err("nobody");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("crm.system_user")), "{failure:?}");
}

async fn user_email(stage: &Written, id: &str) -> String {
    let (reader, _) = stage.0.reader_with(PLENTY);
    let users = reader.users().await.expect("users");
    let user = users.into_iter().find(|user| user.id.to_string() == id).expect("the user");
    user.email.expect("an e-mail")
}

#[tokio::test]
async fn an_organization_that_demands_a_last_name_is_told_of_with_the_setting_that_gives_one() {
    let stage = Written(Account::with(40, |options| options.demands_last_name = true).await);
    let order = order(&stage, "contact", contact());
    let failure = perform(&*stage.writer(), &order).await.expect_err("nameless");
    let told = matches!(&failure, Failure::Refused { reason } if reason.contains("crm.contact_name") && reason.contains("lastname"));
    assert!(told, "{failure:?}");
    let mut section = stage.section();
    section.contact_name = Some(Placed::new("Client".to_owned(), 1));
    perform(&*Written::writer_of(&section, PLENTY, LONG), &order).await.expect("a contact");
    assert_eq!(one(&stage, "contact").title, "Client");
}

#[tokio::test]
async fn a_column_that_is_not_there_or_does_not_fit_is_told_and_not_made() {
    let stage = stage().await;
    let mut section = stage.0.section();
    section.fields = FieldNames::default()
        .with(Some("contact"), Meaning::Recording, "new_call_id")
        .with(Some("contact"), Meaning::CallId, "new_nowhere")
        .with(Some("call"), Meaning::Recording, "new_recording")
        .with(Some("task"), Meaning::CallStatus, "percentcomplete");
    let writer = Written::writer_of(&section, PLENTY, LONG);
    let fields = writer.fields().await.expect("an answer");
    let told: Vec<(&str, bool, bool)> =
        fields.iter().map(|field| (field.name.as_str(), field.there, field.trouble.is_some())).collect();
    let expected = [
        ("new_nowhere", false, true),
        ("new_call_id", true, true),
        ("percentcomplete", true, true),
        ("new_recording", true, false),
    ];
    assert_eq!(told, expected);
    let failure = writer.make_field(&fields[0]).await.expect_err("refused");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("new_nowhere")), "{failure:?}");
}

#[tokio::test]
async fn reader_and_writer_of_a_project_share_one_access_token() {
    let stage = stage().await;
    let prepared = crate::crm::smart_crm::settings::prepare(&stage.section()).expect("a section");
    let tools = || Account::tools(PLENTY, LONG).0;
    prepared.reader(tools()).users().await.expect("users");
    prepared.writer(tools()).expect("a writer").check().await.expect("accepted");
    let tokens = stage.0.sandbox.asked().into_iter().filter(|asked| asked.path.ends_with("/token"));
    assert_eq!(tokens.count(), 1);
    assert!(!stage.0.sandbox.vendor_employee().is_empty());
}

#[tokio::test]
async fn a_refusal_tells_the_vendors_words_with_numbers_masked() {
    let stage = stage().await;
    let mut order = order(&stage, "note", Action::Note { text: "x".to_owned() });
    order.on = vec![Link { kind: Kind::Contact, id: stage.missing(Kind::Contact) }];
    let failure = perform(&*stage.writer(), &order).await.expect_err("gone");
    let told =
        matches!(&failure, Failure::Refused { reason } if reason.contains("0x80040217") && reason.contains("404"));
    assert!(told, "{failure:?}");
}
