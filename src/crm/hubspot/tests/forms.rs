//! What a form brings: looked for by e-mail and client id, put into properties, written down where nothing is.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use sandbox::hubspot::{Change, Item};
use sandbox::kit::{EntityKind, Fault, StandIn, Thing};

use super::account::{ANNA, Account, PLENTY};
use super::properties::PROPERTIES;
use super::writing::{all_fields, writer_of};
use crate::base::problem::Placed;
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::Holds;
use crate::crm::contract_writing::{call, perform};
use crate::crm::failure::Failure;
use crate::crm::hubspot::{ADAPTER, path, settings::prepare};
use crate::crm::writer::{Look, Mark, Order, Writer};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    form::Filled,
    ids::CrmId,
    phone::PhoneKey,
};

pub(super) const LAG: Duration = Duration::from_secs(10);
const EMAIL: &str = "olha@example.com";

/// Fields for where a client came from, none for the mark; and one that forms are put into.
pub(super) fn names() -> FieldNames {
    let without_mark = Meaning::ALL.into_iter().filter(|meaning| *meaning != Meaning::Mark);
    let name = |meaning: Meaning| format!("predial_{}", meaning.key());
    let mut names = without_mark.fold(FieldNames::default(), |names, of| names.with(Some("contact"), of, &name(of)));
    names.add_custom("contact", Placed::new("predial_topic".to_owned(), 30));
    names
}

/// An account with these fields whose index lags behind.
pub(super) async fn account_with(fields: FieldNames) -> (Account, Arc<dyn Writer>) {
    let account = Account::with(20, |options| options.limits.index_lag = LAG).await;
    let section = CrmSection { fields, ..account.by_token() };
    let writer = writer_of(&section, PLENTY, LAG);
    for field in writer.fields().await.expect("fields") {
        assert!(!field.there, "{field:?}");
        writer.make_field(&field).await.expect("a field");
    }
    (account, writer)
}

pub(super) fn fill(field: &str, value: &str) -> Filled {
    Filled { field: field.to_owned(), value: value.to_owned() }
}

pub(super) fn create(title: &str, fields: Vec<Filled>) -> Action {
    let (kind, title, text) = (Kind::Contact, title.to_owned(), String::new());
    Action::Create { kind, title, text, utm: true, recording: false, fields }
}

pub(super) fn update(fields: Vec<Filled>) -> Action {
    Action::Update { utm: true, call: false, client: true, fields }
}

/// An order of somebody who left no number.
pub(super) fn order(step: &str, action: Action, on: &[Link]) -> Order {
    let mut call = call(PhoneKey::from_digits(380_442_001_007).expect("a number"));
    (call.client, call.client_id) = (None, None);
    call.started = Timestamp::now().checked_add(Duration::from_secs(500)).ok();
    let mark = Mark::of(&["acme", "form", step]);
    Order { mark, action, owner: Some(ANNA.into()), on: on.to_vec(), call, zone: jiff::tz::TimeZone::UTC, audio: None }
}

pub(super) fn by_email(step: &str, action: Action, on: &[Link]) -> Order {
    let mut order = order(step, action, on);
    order.call.client_email = Some(EMAIL.to_owned());
    order
}

pub(super) fn by_id(step: &str, action: Action, id: &str) -> Order {
    let mut order = order(step, action, &[]);
    order.call.client_id = Some(id.to_owned());
    order
}

pub(super) fn contacts(account: &Account) -> Vec<Thing> {
    StandIn::held(&account.sandbox).into_iter().filter(|thing| thing.what == "contact").collect()
}

pub(super) fn value<'a>(thing: &'a Thing, name: &str) -> &'a str {
    let (first, last) = thing.title.split_once(' ').unwrap_or((&thing.title, ""));
    let number = |at: usize| thing.numbers.get(at).map(String::as_str).unwrap_or_default();
    match name {
        "firstname" => first,
        "lastname" => last,
        "dealname" => &thing.title,
        "description" => &thing.text,
        "phone" => number(0),
        "mobilephone" => number(1),
        other => thing.fields.get(other).map(String::as_str).unwrap_or_default(),
    }
}

pub(super) fn link(id: &str) -> Link {
    Link { kind: Kind::Contact, id: CrmId::parse(id).expect("an id") }
}

pub(super) async fn found(writer: &dyn Writer, look: Look) -> Vec<(Kind, String)> {
    let records = writer.look(&look).await.expect("records");
    records.into_iter().map(|record| (record.kind, record.id.to_string())).collect()
}

pub(super) fn email(email: &str) -> Look {
    Look { email: Some(email.to_owned()), ..Look::default() }
}

fn client_id(id: &str) -> Look {
    Look { client_id: Some(id.to_owned()), ..Look::default() }
}

#[tokio::test]
async fn a_client_is_found_by_the_whole_e_mail_with_what_hangs_on_them_and_no_stranger() {
    let (account, writer) = account_with(names()).await;
    let mut made = Vec::new();
    for address in [EMAIL, "a.olha@example.com", "olha@example.com.ua", "o'brien+\"a*b\\c\"@example.com"] {
        let mut order = order(address, create("Olha", vec![]), &[]);
        order.call.client_email = Some(address.to_owned());
        made.extend(perform(&*writer, &order).await.expect("a contact"));
    }
    let mut deal = order("deal", create("Deal", vec![]), &[link(&made[0])]);
    deal.action = Action::Create {
        kind: Kind::Deal,
        title: "Deal".to_owned(),
        text: String::new(),
        utm: false,
        recording: false,
        fields: vec![],
    };
    let deal = perform(&*writer, &deal).await.expect("a deal");
    account.sandbox.advance(LAG);
    let hers = [(Kind::Contact, made[0].clone()), (Kind::Deal, deal[0].clone())];
    assert_eq!(found(&*writer, email(EMAIL)).await, hers);
    assert_eq!(found(&*writer, email("OLHA@Example.com")).await, hers);
    let odd = [(Kind::Contact, made[3].clone())];
    assert_eq!(found(&*writer, email("o'brien+\"a*b\\c\"@example.com")).await, odd);
    for nobody in ["*", "*@example.com", "olha@example.co", "lha@example.com", "%", "\"", "", "a\" OR \"1"] {
        assert_eq!(found(&*writer, email(nobody)).await, [], "{nobody}");
    }
    // The index still has her by the e-mail that she had.
    let other = by_email("other", update(vec![fill("email", "new@example.com")]), &[link(&made[0])]);
    perform(&*writer, &other).await.expect("another e-mail");
    assert_eq!(found(&*writer, email(EMAIL)).await, []);
    // Who is known is read by id, whatever the index says.
    let known = Look { known: vec![link(&made[1])], ..email("nobody@example.com") };
    assert_eq!(found(&*writer, known).await, [(Kind::Contact, made[1].clone())]);
}

#[tokio::test]
async fn a_client_id_is_found_to_the_letter_and_by_nobody_where_there_is_no_field() {
    let (account, writer) = account_with(names()).await;
    let ids = ["GA1.2.aB*c\"d", "GA1.2.ab*c\"d", "GA1.2.aB"];
    let mut made = Vec::new();
    for id in ids {
        made.extend(perform(&*writer, &by_id(id, create("", vec![]), id)).await.expect("a contact"));
    }
    account.sandbox.advance(LAG);
    for (id, contact) in ids.iter().zip(&made) {
        assert_eq!(found(&*writer, client_id(id)).await, [(Kind::Contact, contact.clone())]);
    }
    for nobody in ["GA1.2.*", "*", "GA1.2", "", &"9".repeat(4_000)] {
        assert_eq!(found(&*writer, client_id(nobody)).await, [], "{nobody}");
    }
    let without = writer_of(&account.by_token(), PLENTY, LAG);
    let before = account.paths().len();
    assert_eq!(found(&*without, client_id(ids[0])).await, []);
    assert_eq!(account.paths().len(), before, "nothing is asked");
    assert_eq!(value(&contacts(&account)[0], "firstname"), ids[0], "a nameless one is called by what there is");
}

#[tokio::test]
async fn a_lead_is_found_by_its_own_client_id() {
    let names = FieldNames::default().with(Some("lead"), Meaning::ClientId, "predial_client_id");
    let (account, writer) = account_with(names).await;
    let mut lead = by_id("lead", create("Lead", vec![]), "77.88");
    lead.on = vec![Link { kind: Kind::Contact, id: account.contact.into() }];
    if let Action::Create { kind, .. } = &mut lead.action {
        *kind = Kind::Lead;
    }
    let made = perform(&*writer, &lead).await.expect("a lead");
    account.sandbox.advance(LAG);
    assert_eq!(found(&*writer, client_id("77.88")).await, [(Kind::Lead, made[0].clone())]);
}

/// Loses the answer of a creation that is carried out, and does what the journal does then.
pub(super) async fn lost(account: &Account, writer: &dyn Writer, order: &Order) {
    account.sandbox.stage_fault(Fault::answer_lost().on("/crm/objects/").with_method("POST").times(1));
    assert!(matches!(writer.perform(order, &[]).await, Err(Failure::Unclear { .. })));
    account.sandbox.clear_faults();
    account.sandbox.advance(writer.settles_within(order, &[]));
    let receipt = writer.find(order, &[]).await.expect("an answer").expect("found");
    assert!(receipt.whole, "{receipt:?}");
}

#[tokio::test]
async fn a_creation_by_e_mail_or_client_id_whose_answer_was_lost_is_found_and_not_doubled() {
    for fields in [names(), all_fields()] {
        let (account, writer) = account_with(fields).await;
        lost(&account, &*writer, &by_email("one", create("", vec![]), &[])).await;
        lost(&account, &*writer, &by_id("two", create("", vec![]), "77.88")).await;
        let over = vec![fill("email", "other@example.com")];
        lost(&account, &*writer, &by_email("three", create("Olha", over), &[])).await;
        assert_eq!(contacts(&account).len(), 3);
        let never = by_email("four", create("", vec![fill("email", "never@example.com")]), &[]);
        assert_eq!(writer.find(&never, &[]).await, Ok(None));
    }
}

#[tokio::test]
async fn a_form_is_put_over_what_a_contact_gets_anyway_and_its_number_stays_whole() {
    let (account, writer) = account_with(names()).await;
    let mut order = by_email("one", create("Olha Petrenko", vec![]), &[]);
    order.call.client = PhoneKey::from_digits(380_671_112_233);
    let fields = vec![
        fill("firstname", "Olga"),
        fill("phone", "067 111 22 33"),
        fill("jobtitle", "Director \"R&D\""),
        fill("predial_topic", "Doors <b>"),
        fill("lifecyclestage", "lead"),
    ];
    order.action = create("Olha Petrenko", fields);
    perform(&*writer, &order).await.expect("a contact");
    let [contact] = &contacts(&account)[..] else { panic!("expected one contact") };
    let of = |name| value(contact, name);
    assert_eq!(
        [of("firstname"), of("lastname"), of("phone"), of("jobtitle"), of("predial_topic"), of("email")],
        ["Olga", "Petrenko", "+380671112233", "Director \"R&D\"", "Doors <b>", EMAIL]
    );
    // Another number than the client's: that one keeps a place.
    let mut second = order.clone();
    (second.mark, second.call.client_email) = (Mark::of(&["second"]), None);
    second.call.client = PhoneKey::from_digits(380_671_112_244);
    second.action = create("", vec![fill("phone", "+48 22 123 45 67"), fill("lastname", "Nowak")]);
    lost(&account, &*writer, &second).await;
    let contact = &contacts(&account)[1];
    let of = |name| value(contact, name);
    assert_eq!([of("phone"), of("mobilephone"), contact.title.trim()], ["+48 22 123 45 67", "+380671112244", "Nowak"]);
}

#[tokio::test]
async fn a_text_in_a_number_is_left_out_and_a_description_keeps_its_mark() {
    let (account, writer) = account_with(names()).await;
    let deal = |step: &str, amount: &str| {
        let fields = vec![fill("amount", amount), fill("description", "From the site"), fill("dealname", "Door")];
        let mut order = by_email(step, create("Deal", fields), &[]);
        if let Action::Create { kind, .. } = &mut order.action {
            *kind = Kind::Deal;
        }
        order
    };
    for (step, amount) in [("one", "1200.50"), ("two", "about 1000"), ("three", "inf")] {
        lost(&account, &*writer, &deal(step, amount)).await;
    }
    let deals: Vec<Thing> = StandIn::held(&account.sandbox).into_iter().filter(|thing| thing.what == "deal").collect();
    let amounts: Vec<&str> = deals.iter().map(|deal| value(deal, "amount")).collect();
    assert_eq!(amounts, ["1200.50", "", ""]);
    assert!(value(&deals[0], "description").starts_with("From the site\npd"), "{:?}", deals[0]);
    assert_eq!(value(&deals[0], "dealname"), "Door");
}

#[tokio::test]
async fn an_update_writes_what_the_form_says_and_of_the_client_only_what_is_not_there_and_once() {
    let (account, writer) = account_with(names()).await;
    let on = [Link { kind: Kind::Contact, id: account.contact.into() }];
    let mut order = by_email("one", update(vec![fill("jobtitle", "Director"), fill("predial_topic", "Doors")]), &on);
    order.call.client = PhoneKey::from_digits(380_671_112_233);
    order.call.client_name = Some("Somebody Else".to_owned());
    order.call.client_id = Some("77.88".to_owned());
    perform(&*writer, &order).await.expect("written");
    let once = contacts(&account);
    let of = |name| value(&once[0], name);
    // Name and number are what people wrote; the e-mail was missing.
    assert_eq!([of("firstname"), of("lastname"), of("phone")], ["Everything", "Everywhere", "+380442009999"]);
    assert_eq!(
        [of("email"), of("jobtitle"), of("predial_topic"), of("predial_client_id")],
        [EMAIL, "Director", "Doors", "77.88"]
    );
    perform(&*writer, &order).await.expect("written again");
    assert_eq!(contacts(&account), once);
    // What a person puts right stays, what the form says again does not wait for a place.
    order.call.client_email = Some("later@example.com".to_owned());
    order.action = update(vec![fill("jobtitle", "Owner")]);
    perform(&*writer, &order).await.expect("written");
    let later = contacts(&account);
    assert_eq!([value(&later[0], "email"), value(&later[0], "jobtitle")], [EMAIL, "Owner"]);
}

#[tokio::test]
async fn a_nameless_contact_gets_name_and_number_and_an_e_mail_that_another_has_is_left_out() {
    let (account, writer) = account_with(names()).await;
    let taken = perform(&*writer, &by_email("one", create("Olha", vec![]), &[])).await.expect("a contact");
    let bare = order("two", create("", vec![fill("email", "bare@example.com")]), &[]);
    let bare = perform(&*writer, &bare).await.expect("a contact");
    let mut order =
        by_email("three", update(vec![fill("email", EMAIL), fill("jobtitle", "Director")]), &[link(&bare[0])]);
    order.call.client = PhoneKey::from_digits(380_671_112_233);
    order.call.client_name = Some("Anna Koval".to_owned());
    perform(&*writer, &order).await.expect("written");
    let contacts = contacts(&account);
    let thing = |id: &str| contacts.iter().find(|thing| thing.id == id).expect("a contact");
    let of = |name| value(thing(&bare[0]), name);
    assert_eq!(
        [of("firstname"), of("lastname"), of("phone"), of("email"), of("jobtitle")],
        ["Anna", "Koval", "+380671112233", "bare@example.com", "Director"]
    );
    assert_eq!(value(thing(&taken[0]), "email"), EMAIL);
}

#[tokio::test]
async fn a_contact_that_has_the_e_mail_already_gets_what_the_form_says_and_keeps_its_name() {
    let (account, writer) = account_with(names()).await;
    perform(&*writer, &by_email("one", create("Olha", vec![]), &[])).await.expect("a contact");
    account.sandbox.advance(LAG);
    let mut second = by_email("two", create("Somebody", vec![fill("jobtitle", "Director")]), &[]);
    second.call.client_name = Some("Somebody".to_owned());
    perform(&*writer, &second).await.expect("the same contact");
    let [contact] = &contacts(&account)[..] else { panic!("expected one contact") };
    assert_eq!([value(contact, "firstname"), value(contact, "jobtitle")], ["Olha", "Director"]);
    // Where that answer was lost, too, what it does not have yet is still to come.
    second.call.started = Timestamp::now().checked_add(Duration::from_secs(3_600)).ok();
    let receipt = writer.find(&second, &[]).await.expect("an answer").expect("found");
    assert_eq!((receipt.id, receipt.whole), (contact.id.clone(), false));
}

#[tokio::test]
async fn an_update_that_has_nothing_to_write_sends_nothing() {
    let (account, writer) = account_with(FieldNames::default()).await;
    let item = Item::new(EntityKind::Deal, account.deal);
    account.change(Change::SetOwner { item, owner_id: None });
    let before = account.paths().len();
    let deal = Link { kind: Kind::Deal, id: account.deal.into() };
    let nothing = update(vec![fill("amount", "no number")]);
    perform(&*writer, &by_email("one", nothing, &[deal])).await.expect("done");
    perform(&*writer, &order("two", update(vec![]), &[link(&account.contact.to_string())])).await.expect("done");
    assert_eq!(account.paths().len(), before);
}

#[test]
fn names_of_what_forms_are_put_into_are_checked_each_once() {
    let section = |names: FieldNames| CrmSection {
        fields: names,
        ..CrmSection {
            file: "acme.toml".to_owned(),
            token: Some(Placed::new(crate::base::secret::Secret::new("t"), 3)),
            ..CrmSection::of_kind("hubspot")
        }
    };
    let mut names = FieldNames::default();
    names.add_custom("contact", Placed::new("Second Phone".to_owned(), 20));
    names.add_custom("deal", Placed::new("topic".to_owned(), 21));
    let problems = prepare(&section(names)).expect_err("a problem");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("Second Phone") && told[0].contains("20"), "{told:?}");
}

#[test]
fn the_vendors_own_fields_are_in_the_closed_list_and_its_numbers_and_phones_are_told_apart() {
    for field in ADAPTER.own_fields {
        let object = path::object(field.kind);
        let (_, known) = PROPERTIES.into_iter().find(|(kind, _)| *kind == object).expect("a kind");
        assert!(known.contains(&field.name), "{object}: {}", field.name);
        let same = ADAPTER.own_fields.iter().filter(|other| (other.kind, other.name) == (field.kind, field.name));
        assert_eq!(same.count(), 1, "{object}: {}", field.name);
        let phone = path::numbers(field.kind).contains(&field.name);
        assert_eq!(field.holds == Holds::Phone, phone, "{object}: {}", field.name);
    }
    assert_eq!(ADAPTER.own_field(Kind::Deal, "amount").map(|field| field.holds), Some(Holds::Number));
    assert!(!(ADAPTER.is_custom)("topic"));
}
