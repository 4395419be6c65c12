//! Writing where no property is configured for the mark, and where the vendor has something to say.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use sandbox::hubspot::{Change, Item};
use sandbox::kit::{EntityKind, Fault, FaultKind, StandIn, Thing};
use serde_json::Value;

use super::account::{ANNA, Account, PLENTY};
use super::writing::{all_fields, writer_of};
use crate::config::CrmSection;
use crate::crm::contract_writing::{call, perform, task};
use crate::crm::failure::Failure;
use crate::crm::token::SharedTokens;
use crate::crm::writer::{Look, Mark, Order, Writer};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    phone::PhoneKey,
};

const LAG: Duration = Duration::from_secs(10);

/// An account whose index lags behind, and a writer without fields.
async fn lagging() -> (Account, Arc<dyn Writer>) {
    let account = Account::with(20, |options| options.limits.index_lag = LAG).await;
    let writer = writer_of(&account.by_token(), PLENTY, Duration::from_secs(10));
    (account, writer)
}

fn number() -> PhoneKey {
    PhoneKey::from_digits(380_442_001_007).expect("a number")
}

fn order(step: &str, action: Action, on: &[Link]) -> Order {
    let mark = Mark::of(&["acme", "1", step]);
    let mut call = call(number());
    // Now, as the stand-in has it: a little ahead.
    call.started = Timestamp::now().checked_add(Duration::from_secs(500)).ok();
    Order { mark, action, owner: Some(ANNA.into()), on: on.to_vec(), call, zone: jiff::tz::TimeZone::UTC, audio: None }
}

fn create(kind: Kind) -> Action {
    let (title, text) = ("Title".to_owned(), "Text".to_owned());
    Action::Create { kind, title, text, utm: false, recording: false, fields: Vec::new() }
}

fn contact(account: &Account) -> Link {
    Link { kind: Kind::Contact, id: account.contact.into() }
}

fn held(account: &Account, what: &str) -> Vec<Thing> {
    StandIn::held(&account.sandbox).into_iter().filter(|thing| thing.what == what).collect()
}

/// Loses the answer of an order that the vendor carries out, and says whether it is found at once and in time.
async fn lost(account: &Account, writer: &dyn Writer, order: &Order) -> [bool; 2] {
    account.sandbox.stage_fault(Fault::answer_lost().on("/crm/objects/").with_method("POST").times(1));
    assert!(matches!(writer.perform(order, &[]).await, Err(Failure::Unclear { .. })));
    account.sandbox.clear_faults();
    let at_once = writer.find(order, &[]).await.expect("an answer").is_some();
    account.sandbox.advance(writer.settles_within(order, &[]));
    [at_once, writer.find(order, &[]).await.expect("an answer").is_some_and(|receipt| receipt.whole)]
}

#[tokio::test]
async fn what_hangs_on_somebody_is_found_by_the_mark_in_its_text_before_the_index_knows_it() {
    let (account, writer) = lagging().await;
    let note = Action::Note { text: "Text".to_owned() };
    let spoken = Action::Call { subject: "Call".to_owned(), text: String::new(), recording: true };
    for (step, action) in [
        ("task", task(false)),
        ("note", note),
        ("call", spoken),
        ("deal", create(Kind::Deal)),
        ("ticket", create(Kind::Ticket)),
    ] {
        let order = order(step, action, &[contact(&account)]);
        assert_eq!(lost(&account, &*writer, &order).await, [true, true], "{step}");
        let other = Order { mark: Mark::of(&["another"]), ..order };
        assert_eq!(writer.find(&other, &[]).await, Ok(None), "{step}");
        assert_eq!(writer.settles_within(&other, &[]), Duration::from_secs(10), "{step}: it may be under way still");
    }
}

#[tokio::test]
async fn a_contact_is_found_by_its_number_when_the_index_knows_it_and_one_from_before_the_call_is_not() {
    let (account, writer) = lagging().await;
    let mut order = order("contact", create(Kind::Contact), &[]);
    assert_eq!(lost(&account, &*writer, &order).await, [false, true]);
    assert_eq!(writer.settles_within(&order, &[]), Duration::from_secs(60));
    order.call.started = Timestamp::now().checked_add(Duration::from_secs(3_600)).ok();
    assert_eq!(writer.find(&order, &[]).await, Ok(None));
}

#[tokio::test]
async fn what_hangs_on_nobody_is_found_by_the_mark_when_the_index_knows_it() {
    let (account, writer) = lagging().await;
    for kind in [Kind::Organization, Kind::Deal] {
        let order = order(kind.word(), create(kind), &[]);
        assert_eq!(lost(&account, &*writer, &order).await, [false, true], "{kind}");
        let other = Order { mark: Mark::of(&["another"]), ..order };
        assert_eq!(writer.find(&other, &[]).await, Ok(None), "{kind}");
    }
}

#[tokio::test]
async fn a_task_that_could_never_be_found_again_is_not_made() {
    let (account, writer) = lagging().await;
    let failure = perform(&*writer, &order("task", task(false), &[])).await.expect_err("refused");
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
    assert_eq!(held(&account, "task"), []);
}

#[tokio::test]
async fn a_lead_hangs_on_its_main_contact_by_the_accounts_own_type_and_is_found_there() {
    let (account, writer) = lagging().await;
    let lead = order("lead", create(Kind::Lead), &[contact(&account)]);
    assert_eq!(lost(&account, &*writer, &lead).await, [true, true]);
    let [made] = &held(&account, "lead")[..] else { panic!("expected one lead") };
    assert_eq!((made.on[0].what.as_str(), made.on[0].id.clone()), ("contact", account.contact.to_string()));
    let asked = account.sandbox.asked();
    let body = asked.iter().rev().find(|asked| asked.method == "POST" && asked.path.ends_with("/leads"));
    assert!(body.and_then(|asked| asked.body.as_deref()).is_some_and(|body| body.contains(":578")), "{body:?}");
    let on_lead = Link { kind: Kind::Lead, id: crate::model::ids::CrmId::parse(&made.id).expect("an id") };
    for step in ["one", "two"] {
        perform(&*writer, &order(step, task(false), &[on_lead])).await.expect("a task");
    }
    assert!(held(&account, "task").iter().all(|task| task.on[0].what == "lead"));
    let labels = account.paths().into_iter().filter(|path| path.ends_with("tasks/leads/labels")).count();
    assert_eq!(labels, 1, "asked once");
}

#[tokio::test]
async fn a_contact_that_has_the_e_mail_already_is_the_client_and_gets_the_number() {
    let (account, writer) = lagging().await;
    let marked = writer_of(&CrmSection { fields: all_fields(), ..account.by_token() }, PLENTY, LAG);
    for field in marked.fields().await.expect("fields") {
        marked.make_field(&field).await.expect("a field");
    }
    let mut first = order("first", create(Kind::Contact), &[]);
    (first.call.client, first.call.client_email) = (None, Some("olha@example.com".to_owned()));
    let made = perform(&*writer, &first).await.expect("a contact");
    // Refused inside a batch and on its own.
    for writer in [&marked, &writer] {
        let mut second = order("second", create(Kind::Contact), &[]);
        second.call.client_email = Some("OLHA@example.com".to_owned());
        let parts = perform(&**writer, &second).await.expect("the same contact");
        assert_eq!(parts, [made[0].clone(), made[0].clone()]);
        let [contact] = &held(&account, "contact")[..] else { panic!("expected one contact") };
        assert_eq!(contact.numbers, ["+380442001007"]);
    }
}

#[tokio::test]
async fn a_mark_that_is_there_already_is_the_thing_itself() {
    let account = Account::with(20, |_| {}).await;
    let writer = writer_of(&CrmSection { fields: all_fields(), ..account.by_token() }, PLENTY, LAG);
    for field in writer.fields().await.expect("fields") {
        writer.make_field(&field).await.expect("a field");
    }
    for (what, action, on) in [
        ("task", task(false), vec![contact(&account)]),
        ("deal", create(Kind::Deal), vec![contact(&account)]),
        ("contact", create(Kind::Contact), vec![]),
    ] {
        let order = order(what, action, &on);
        let parts = perform(&*writer, &order).await.expect("made");
        assert_eq!(perform(&*writer, &order).await, Ok(parts), "{what}");
        assert_eq!(held(&account, what).len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_property_that_is_not_there_is_refused_with_the_vendors_words_and_named_by_fields() {
    let account = Account::with(20, |_| {}).await;
    let section = CrmSection { fields: all_fields(), ..account.by_token() };
    let writer = writer_of(&section, PLENTY, LAG);
    let failure = perform(&*writer, &order("task", task(false), &[contact(&account)])).await.expect_err("refused");
    let Failure::Refused { reason } = &failure else { panic!("{failure:?}") };
    assert!(reason.contains("VALIDATION_ERROR") && reason.contains("predial_"), "{reason}");
    let missing = writer.fields().await.expect("fields");
    assert!(missing.iter().all(|field| !field.there));
    assert!(missing.iter().any(|field| (field.of.as_str(), field.key.as_str()) == ("task", "mark")));
    assert!(!missing.iter().any(|field| (field.of.as_str(), field.key.as_str()) == ("task", "utm_source")));
    let mut plain = missing[0].clone();
    (plain.of, plain.key, plain.name) = ("task".to_owned(), "recording".to_owned(), "predial_mark".to_owned());
    writer.make_field(&plain).await.expect("a field");
    let told = writer.fields().await.expect("fields");
    let mark = told.iter().find(|field| (field.of.as_str(), field.key.as_str()) == ("task", "mark")).expect("the mark");
    assert!(mark.there && mark.trouble.as_deref().is_some_and(|trouble| trouble.contains("unique")), "{mark:?}");
    assert!(matches!(writer.make_field(&plain).await, Err(Failure::Refused { .. })), "it is there");
}

#[tokio::test]
async fn an_owner_who_left_is_refused_and_a_server_error_leaves_a_write_unclear() {
    let (account, writer) = lagging().await;
    let mut order = order("task", task(false), &[contact(&account)]);
    order.owner = Some(105.into());
    let failure = perform(&*writer, &order).await.expect_err("refused");
    assert!(
        matches!(&failure, Failure::Refused { reason } if reason.contains("hubspot_owner_id") || reason.contains("OWNER")),
        "{failure:?}"
    );
    order.owner = None;
    account.sandbox.stage_fault(Fault::status(502).on("/crm/objects/2026-03/tasks"));
    assert!(matches!(perform(&*writer, &order).await, Err(Failure::Unclear { .. })));
    account.sandbox.clear_faults();
    account.sandbox.stage_fault(Fault::rate_limit("locked"));
    assert!(matches!(perform(&*writer, &order).await, Err(Failure::Wait { .. })));
    account.sandbox.clear_faults();
    assert_eq!(held(&account, "task"), []);
}

#[tokio::test]
async fn a_look_does_not_show_who_is_gone_though_the_index_still_does_and_shows_what_hangs_on_who_is_known() {
    let (account, writer) = lagging().await;
    let known = PhoneKey::from_digits(Account::NUMBER).expect("a number");
    let item = Item::new(EntityKind::Contact, account.contact);
    let look = |number, known| Look { number, known, ..Look::default() };
    let all = writer.look(&look(None, vec![contact(&account)])).await.expect("records");
    for (kind, id) in [
        (Kind::Contact, account.contact),
        (Kind::Deal, account.deal),
        (Kind::Ticket, account.ticket),
        (Kind::Lead, account.lead),
    ] {
        assert!(all.iter().any(|record| (record.kind, record.id) == (kind, id.into())), "{kind}: {all:?}");
    }
    account.change(Change::Archive { item });
    let found = writer.look(&look(Some(known), vec![contact(&account)])).await.expect("records");
    assert!(!found.iter().any(|record| record.kind == Kind::Contact), "{found:?}");
    let closed = Item::new(EntityKind::Deal, account.deal);
    account.change(Change::SetStage { item: closed, stage: "closedwon".to_owned() });
    let deal = Link { kind: Kind::Deal, id: account.deal.into() };
    assert_eq!(writer.look(&look(None, vec![deal])).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_update_writes_every_entity_and_nothing_where_nothing_is_configured() {
    let (account, writer) = lagging().await;
    let on = [contact(&account), Link { kind: Kind::Deal, id: account.deal.into() }];
    let order = order("update", Action::Update { utm: true, call: true, client: false, fields: Vec::new() }, &on);
    let before = account.paths().len();
    let ids: Vec<String> = on.iter().map(|link| link.id.to_string()).collect();
    assert_eq!(perform(&*writer, &order).await, Ok(ids.clone()));
    assert_eq!(account.paths().len(), before, "nothing is asked");
    let marked = writer_of(&CrmSection { fields: all_fields(), ..account.by_token() }, PLENTY, LAG);
    for field in marked.fields().await.expect("fields") {
        marked.make_field(&field).await.expect("a field");
    }
    assert_eq!(perform(&*marked, &order).await, Ok(ids));
    for what in ["contact", "deal"] {
        let [thing] = &held(&account, what)[..] else { panic!("expected one {what}") };
        let value = |name: &str| thing.fields.get(name).cloned().unwrap_or_default();
        assert_eq!(
            (value("predial_utm_source"), value("predial_call_status")),
            ("google".to_owned(), "ANSWERED".to_owned())
        );
    }
    assert_eq!(marked.find(&order, &[]).await, Ok(None));
    let nothing = Order { on: Vec::new(), ..order };
    assert!(matches!(perform(&*marked, &nothing).await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn reader_and_writer_share_their_access_tokens_and_what_they_read_of_the_account() {
    use crate::base::clock::Clock;
    use crate::crm::Tools;
    use crate::crm::quota::Ledger;
    use crate::outbound::{Bounds, Outbound};
    let account = Account::with(20, |_| {}).await;
    let prepared = crate::crm::hubspot::settings::prepare(&account.by_oauth()).expect("a section");
    let bounds = Bounds { connect_timeout: LAG, request_timeout: LAG, max_body_bytes: 8_000_000 };
    let outbound = Outbound::new(&bounds).expect("a client");
    let tools = Tools {
        outbound,
        ledger: Arc::new(Ledger::new(PLENTY, Clock::System)),
        tokens: SharedTokens::default(),
        clock: Clock::System,
    };
    let (reader, writer) = (prepared.reader(tools.clone()), prepared.writer(tools).expect("a writer"));
    reader.page(Kind::Deal, None).await.expect("a page");
    perform(&*writer, &order("deal", create(Kind::Deal), &[contact(&account)])).await.expect("a deal");
    let asked: Vec<String> = account.sandbox.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked.iter().filter(|path| path.starts_with("/oauth")).count(), 1);
    assert_eq!(asked.iter().filter(|path| path.ends_with("/pipelines/2026-03/deals")).count(), 1);
    // A refused token is replaced once, and the write is not carried out twice.
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired).times(1));
    perform(&*writer, &order("again", create(Kind::Deal), &[contact(&account)])).await.expect("a deal");
    assert_eq!(held(&account, "deal").len(), 2);
    let bodies: Vec<Value> =
        account.sandbox.asked().iter().filter_map(|asked| serde_json::from_str(asked.body.as_deref()?).ok()).collect();
    let made = bodies.iter().filter(|body| body["associations"].is_array()).count();
    assert_eq!(made, 3, "one of them refused");
}
