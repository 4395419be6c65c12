//! What a form brings: looked for by e-mail and client id, put into fields, written down where nothing is.

use std::{sync::Arc, time::Duration};

use sandbox::kit::Thing;
use sandbox::pipedrive::{Fault, ORGANIZATION_PHONE, Of, field_key};
use serde_json::json;

use super::account::{Account, PLENTY};
use super::write_stage::{LONG, account, named, writer_of};
use crate::base::problem::Placed;
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::{WriteStage, call, perform};
use crate::crm::failure::Failure;
use crate::crm::writer::{Look, Mark, Order, Writer};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    form::Filled,
    ids::CrmId,
    phone::PhoneKey,
};

const ANNA: u64 = 101;
const LAG: Duration = Duration::from_secs(30);
const EMAIL: &str = "olha@example.com";

/// Fields for everything but the mark; and one of persons that forms are put into.
fn unmarked() -> FieldNames {
    let of = |names: FieldNames, meaning: Meaning| match named().of("contact", meaning) {
        Some(name) if meaning != Meaning::Mark => names.with(Some("contact"), meaning, name),
        _ => names,
    };
    let mut names = Meaning::ALL.into_iter().fold(FieldNames::default(), of);
    names.add_custom("contact", Placed::new("Topic".to_owned(), 30));
    names
}

/// An account whose search lags, and a writer for which the field was made.
async fn staged(names: FieldNames) -> (Account, Arc<dyn Writer>) {
    let account = account().await;
    let writer = writer_of(account.by_token(), names, PLENTY, LONG);
    for field in writer.fields().await.expect("fields").iter().filter(|field| !field.there) {
        assert_eq!((field.key.as_str(), field.name.as_str()), ("custom", "Topic"));
        writer.make_field(field).await.expect("a field");
    }
    assert!(writer.fields().await.expect("fields").iter().all(|field| field.there && field.trouble.is_none()));
    (account, writer)
}

fn fill(field: &str, value: &str) -> Filled {
    Filled { field: field.to_owned(), value: value.to_owned() }
}

fn create(kind: Kind, title: &str, fields: Vec<Filled>) -> Action {
    Action::Create { kind, title: title.to_owned(), text: String::new(), utm: true, recording: false, fields }
}

fn update(fields: Vec<Filled>) -> Action {
    Action::Update { utm: true, call: false, client: true, fields }
}

/// An order of somebody who left no number.
fn order(step: &str, action: Action, on: &[Link]) -> Order {
    let mut call = call(PhoneKey::from_digits(380_442_001_007).expect("a number"));
    (call.client, call.client_id, call.started) = (None, None, None);
    let mark = Mark::of(&["acme", "form", step]);
    Order { mark, action, owner: Some(ANNA.into()), on: on.to_vec(), call, zone: jiff::tz::TimeZone::UTC, audio: None }
}

fn by_email(step: &str, action: Action, on: &[Link]) -> Order {
    let mut order = order(step, action, on);
    order.call.client_email = Some(EMAIL.to_owned());
    order
}

fn by_id(step: &str, action: Action, id: &str) -> Order {
    let mut order = order(step, action, &[]);
    order.call.client_id = Some(id.to_owned());
    order
}

fn person(account: &Account) -> Link {
    Link { kind: Kind::Contact, id: account.person.into() }
}

fn link(id: &str) -> Link {
    Link { kind: Kind::Contact, id: CrmId::parse(id).expect("an id") }
}

fn made(account: &Account, what: &str) -> Vec<Thing> {
    let held = WriteStage::held(account).into_iter();
    held.filter(|thing| thing.what == what && !thing.seeded).collect()
}

fn thing(account: &Account, what: &str, id: &str) -> Thing {
    let found =
        WriteStage::held(account).into_iter().find(|thing| (thing.what.as_str(), thing.id.as_str()) == (what, id));
    found.expect("a thing")
}

fn value<'a>(thing: &'a Thing, name: &str) -> &'a str {
    thing.fields.get(name).map(String::as_str).unwrap_or_default()
}

async fn found(writer: &dyn Writer, look: Look) -> Vec<(Kind, String)> {
    let records = writer.look(&look).await.expect("records");
    let mut found: Vec<_> = records.into_iter().map(|record| (record.kind, record.id.to_string())).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_client_is_found_by_the_whole_e_mail_with_what_hangs_on_them_and_no_stranger() {
    let (account, writer) = staged(unmarked()).await;
    let odd = "o'brien+\"a*b%c&term=x\"@example.com";
    let mut people = Vec::new();
    for address in [EMAIL, "a.olha@example.com", "olha@example.com.ua", odd] {
        let mut order = order(address, create(Kind::Contact, "Olha", vec![]), &[]);
        order.call.client_email = Some(address.to_owned());
        people.extend(perform(&*writer, &order).await.expect("a person"));
    }
    let deal = order("deal", create(Kind::Deal, "Deal", vec![]), &[link(&people[0])]);
    let deal = perform(&*writer, &deal).await.expect("a deal");
    assert_eq!(found(&*writer, Look::by_email(EMAIL)).await, [], "the search lags");
    account.advance(LAG);
    let hers = [(Kind::Contact, people[0].clone()), (Kind::Deal, deal[0].clone())];
    assert_eq!(found(&*writer, Look::by_email(EMAIL)).await, hers);
    assert_eq!(found(&*writer, Look::by_email("OLHA@Example.com")).await, hers);
    assert_eq!(found(&*writer, Look::by_email(odd)).await, [(Kind::Contact, people[3].clone())]);
    for nobody in ["*", "%", "olha@example.co", "lha@example.com", "@example.com", "\"", "", "x&fields=name"] {
        assert_eq!(found(&*writer, Look::by_email(nobody)).await, [], "{nobody}");
    }
    // The search still has her by the e-mail that she had.
    let url = format!("/api/v2/persons/{}", people[0]);
    assert_eq!(account.ask("PATCH", &url, &json!({"emails": [{"value": "new@example.com"}]})).await, 200);
    account.sandbox.forget_asked();
    assert_eq!(found(&*writer, Look::by_email(EMAIL)).await, []);
    let known = Look { known: vec![link(&people[1])], ..Look::by_email("nobody@example.com") };
    assert_eq!(found(&*writer, known).await, [(Kind::Contact, people[1].clone())]);
}

#[tokio::test]
async fn a_client_id_is_found_to_the_letter_and_by_nobody_where_there_is_no_field() {
    let (account, writer) = staged(unmarked()).await;
    let long = "7".repeat(300);
    let ids = ["GA1.2.aB*c\"d", "GA1.2.ab*c\"d", "GA1.2.aB", &long];
    let mut people = Vec::new();
    for id in ids {
        people.extend(perform(&*writer, &by_id(id, create(Kind::Contact, "", vec![]), id)).await.expect("a person"));
    }
    account.advance(LAG);
    for (id, person) in ids.iter().zip(&people) {
        assert_eq!(found(&*writer, Look::by_client_id(id)).await, [(Kind::Contact, person.clone())], "{id}");
    }
    for nobody in ["GA1.2.*", "*", "GA1.2", "", "Olha"] {
        assert_eq!(found(&*writer, Look::by_client_id(nobody)).await, [], "{nobody}");
    }
    assert_eq!(thing(&account, "contact", &people[0]).title, ids[0], "a nameless one is called by what there is");
    account.sandbox.forget_asked();
    let without = writer_of(account.by_token(), FieldNames::default(), PLENTY, LONG);
    assert_eq!(found(&*without, Look::by_client_id(ids[0])).await, []);
    assert_eq!(account.paths(), [""; 0], "nothing is asked");
}

#[tokio::test]
async fn a_lead_is_found_by_its_own_client_id() {
    let (account, writer) = staged(named()).await;
    let mut lead =
        by_id("lead", create(Kind::Lead, "A lead", vec![fill("expected_close_date", "2026-12-01")]), "77.88");
    lead.on = vec![person(&account)];
    let lead = perform(&*writer, &lead).await.expect("a lead");
    account.advance(LAG);
    assert_eq!(found(&*writer, Look::by_client_id("77.88")).await, [(Kind::Lead, lead[0].clone())]);
}

/// Loses the answer of a creation that is carried out, and does what the journal does then.
async fn lost(account: &Account, writer: &dyn Writer, order: &Order) {
    account.stage(Fault::answer_lost().on("/api/v2/").with_method("POST").times(1));
    assert!(matches!(writer.perform(order, &[]).await, Err(Failure::Unclear { .. })));
    account.clear();
    account.advance(writer.settles_within(order, &[]));
    assert!(writer.find(order, &[]).await.expect("an answer").expect("found").whole);
}

#[tokio::test]
async fn a_creation_by_e_mail_or_client_id_whose_answer_was_lost_is_found_and_not_doubled() {
    for names in [unmarked(), named()] {
        let (account, writer) = staged(names).await;
        lost(&account, &*writer, &by_email("one", create(Kind::Contact, "", vec![]), &[])).await;
        lost(&account, &*writer, &by_id("two", create(Kind::Contact, "", vec![]), "77.88")).await;
        let over = vec![fill("emails", "other@example.com"), fill("name", "Olha Petrenko")];
        lost(&account, &*writer, &order("three", create(Kind::Contact, "Olha", over), &[])).await;
        assert_eq!(made(&account, "contact").len(), 3);
        let mut never = by_email("four", create(Kind::Contact, "", vec![]), &[]);
        never.call.client_email = Some("never@example.com".to_owned());
        assert_eq!(writer.find(&never, &[]).await, Ok(None));
        assert_eq!(writer.find(&by_id("five", create(Kind::Contact, "", vec![]), "77"), &[]).await, Ok(None));
    }
}

#[tokio::test]
async fn a_form_is_put_over_what_a_person_gets_anyway_and_numbers_and_e_mails_beside_the_clients_own() {
    let (account, writer) = staged(unmarked()).await;
    let mut form = by_email("one", create(Kind::Contact, "Olha", vec![]), &[]);
    form.call.client = PhoneKey::from_digits(380_671_112_233);
    let fields = vec![
        fill("name", "Olga Petrenko"),
        fill("phones", "+48 22 123 45 67"),
        fill("emails", "work@example.com"),
        fill("Topic", "Doors <b> \"best\""),
        fill(&field_key(Of::Person, "UTM term"), "over"),
    ];
    form.action = create(Kind::Contact, "Olha", fields);
    lost(&account, &*writer, &form).await;
    let [contact] = &made(&account, "contact")[..] else { panic!("expected one person") };
    assert_eq!(contact.title, "Olga Petrenko");
    assert_eq!(contact.numbers, ["+380671112233", "+48 22 123 45 67"]);
    assert_eq!(value(contact, "emails"), "olha@example.com,work@example.com");
    assert_eq!(value(contact, &field_key(Of::Person, "UTM term")), "over");
    assert!(contact.fields.values().any(|value| value == "Doors <b> \"best\""), "{contact:?}");
    // The client's own number, however it was typed, is there once and as every number is written.
    let mut again = form.clone();
    again.mark = Mark::of(&["again"]);
    again.action =
        create(Kind::Contact, "Olha", vec![fill("phones", "067 111-22-33"), fill("emails", "OLHA@example.com")]);
    perform(&*writer, &again).await.expect("a person");
    let contact = &made(&account, "contact")[1];
    assert_eq!((contact.numbers.join(","), value(contact, "emails")), ("+380671112233".to_owned(), EMAIL));
}

#[tokio::test]
async fn numbers_are_json_numbers_and_a_text_or_a_day_that_is_none_is_left_out() {
    let (account, writer) = staged(unmarked()).await;
    let deal = |step: &str, value: &str, day: &str| {
        let fields = vec![fill("value", value), fill("expected_close_date", day), fill("title", step)];
        order(step, create(Kind::Deal, "Deal", fields), &[person(&account)])
    };
    for (step, amount, day) in
        [("one", "1200.50", "2026-12-01"), ("two", "about 1000", "soon"), ("three", "1200", ""), ("four", "inf", "1")]
    {
        lost(&account, &*writer, &deal(step, amount, day)).await;
    }
    let deals: Vec<Thing> = made(&account, "deal");
    let told: Vec<[&str; 3]> = deals
        .iter()
        .map(|deal| [deal.title.as_str(), value(deal, "value"), value(deal, "expected_close_date")])
        .collect();
    assert_eq!(told, [["one", "1200.5", "2026-12-01"], ["two", "0", ""], ["three", "1200", ""], ["four", "0", ""]]);
    let fields = vec![
        fill("employee_count", "12.6"),
        fill("annual_revenue", "much"),
        fill("website", "https://acme.example/?a=b&c"),
        fill("address", "Kyiv, Khreshchatyk 1"),
        fill(ORGANIZATION_PHONE, "+380 44 200 00 01"),
    ];
    perform(&*writer, &order("firm", create(Kind::Organization, "Acme", fields), &[])).await.expect("an organization");
    let [firm] = &made(&account, "organization")[..] else { panic!("expected one organization") };
    assert_eq!(
        [value(firm, "employee_count"), value(firm, "annual_revenue"), value(firm, "website"), value(firm, "address")],
        ["13", "", "https://acme.example/?a=b&c", "Kyiv, Khreshchatyk 1"]
    );
    assert_eq!(firm.numbers, ["+380 44 200 00 01"]);
}

#[tokio::test]
async fn an_accounts_own_number_gets_a_number_and_its_day_a_day() {
    let account = account().await;
    let mut names = FieldNames::default();
    for (name, kind) in [("Budget", "double"), ("When", "date"), ("Which", "enum")] {
        let field = json!({"field_name": name, "field_type": kind});
        assert_eq!(account.ask("POST", "/api/v2/dealFields", &field).await, 200);
        names.add_custom("deal", Placed::new(name.to_owned(), 30));
    }
    account.sandbox.forget_asked();
    let writer = writer_of(account.by_token(), names, PLENTY, LONG);
    let states = writer.fields().await.expect("fields");
    let troubled: Vec<&str> = states.iter().filter(|state| state.trouble.is_some()).map(|s| s.name.as_str()).collect();
    assert_eq!((states.len(), troubled), (3, vec!["Which"]));
    for (step, budget, day) in [("one", "1200.50", "2026-12-01"), ("two", "much", "soon")] {
        let fields = vec![fill("Budget", budget), fill("When", day), fill("Which", "this")];
        perform(&*writer, &order(step, create(Kind::Deal, step, fields), &[person(&account)])).await.expect("a deal");
    }
    let told = made(&account, "deal").into_iter().map(|deal| {
        let own = deal.fields.into_iter().filter(|(name, _)| name.len() == 40);
        let mut values: Vec<String> = own.map(|(_, value)| value).collect();
        values.sort();
        values
    });
    let told: Vec<Vec<String>> = told.collect();
    assert_eq!(told, [vec!["1200.5".to_owned(), "2026-12-01".to_owned()], vec![]]);
}

#[tokio::test]
async fn an_update_writes_what_the_form_says_and_of_the_client_only_what_is_not_there_and_once() {
    let (account, writer) = staged(unmarked()).await;
    let on = [person(&account)];
    let fields = vec![fill("Topic", "Doors"), fill("phones", "+48 22 123 45 67")];
    let mut form = by_email("one", update(fields), &on);
    form.call.client = PhoneKey::from_digits(380_671_112_233);
    form.call.client_name = Some("Somebody Else".to_owned());
    form.call.client_id = Some("77.88".to_owned());
    assert_eq!(writer.find(&form, &[]).await, Ok(None));
    perform(&*writer, &form).await.expect("written");
    let id = account.person.to_string();
    let once = thing(&account, "contact", &id);
    // Name and number are what people wrote; the e-mail was missing.
    assert_eq!(once.title, "Everything");
    assert_eq!(once.numbers, ["+380442009999", "+48 22 123 45 67"]);
    assert_eq!(value(&once, "emails"), EMAIL);
    assert_eq!(value(&once, &field_key(Of::Person, "Client id")), "77.88");
    assert!(once.fields.values().any(|value| value == "Doors"), "{once:?}");
    assert!(writer.find(&form, &[]).await.expect("an answer").is_some(), "nothing is left");
    account.sandbox.forget_asked();
    perform(&*writer, &form).await.expect("nothing to write");
    let asked = account.sandbox.asked();
    assert!(asked.iter().all(|asked| asked.method == "GET"), "the same again writes nothing");
    assert_eq!(thing(&account, "contact", &id), once);
    // What a person has stays, what a form says again does not wait for a place.
    form.call.client_email = Some("later@example.com".to_owned());
    form.call.client_id = Some("99.99".to_owned());
    form.action = update(vec![fill("Topic", "Windows")]);
    perform(&*writer, &form).await.expect("written");
    let later = thing(&account, "contact", &id);
    assert_eq!(value(&later, "emails"), EMAIL);
    assert_eq!(value(&later, &field_key(Of::Person, "Client id")), "77.88");
    assert!(later.fields.values().any(|value| value == "Windows"), "{later:?}");
}

#[tokio::test]
async fn a_person_without_a_number_gets_the_clients_and_a_deal_no_client() {
    let (account, writer) = staged(unmarked()).await;
    let bare = perform(&*writer, &by_id("bare", create(Kind::Contact, "Anna", vec![]), "1.2")).await.expect("a person");
    let deal = Link { kind: Kind::Deal, id: account.deal.into() };
    let mut form = by_email("one", update(vec![]), &[link(&bare[0]), deal]);
    form.call.client = PhoneKey::from_digits(380_671_112_233);
    form.call.client_name = Some("Somebody Else".to_owned());
    perform(&*writer, &form).await.expect("written");
    let contact = thing(&account, "contact", &bare[0]);
    assert_eq!((contact.title.as_str(), contact.numbers.as_slice()), ("Anna", &["+380671112233".to_owned()][..]));
    assert_eq!(value(&contact, "emails"), EMAIL);
    assert!(made(&account, "deal").is_empty());
    account.sandbox.forget_asked();
    let nothing = Order { on: vec![deal], action: update(vec![fill("value", "much")]), ..form };
    perform(&*writer, &nothing).await.expect("done");
    assert_eq!(account.paths(), [""; 0], "nothing to write, nothing is asked");
}

#[tokio::test]
async fn a_field_that_is_not_there_is_refused_by_name_before_anything_is_made() {
    let (account, writer) = staged(unmarked()).await;
    let contact = by_email("one", create(Kind::Contact, "Olha", vec![fill("No such field", "x")]), &[]);
    let Err(Failure::Refused { reason }) = writer.perform(&contact, &[]).await else { panic!("expected a refusal") };
    assert!(reason.starts_with("crm.fields.contact.custom: expected a custom field \"No such field\""), "{reason}");
    assert_eq!(made(&account, "contact"), []);
}
