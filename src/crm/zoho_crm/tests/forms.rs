//! Forms: clients who are looked for by e-mail and by client id, and who are made without a number.

use std::time::Duration;

use sandbox::kit::Thing;
use sandbox::zoho_crm::{Asked, Change, Fault, FaultKind, Item, Module};

use super::writing::{Writing, marked, names, unmarked};
use crate::base::problem::Placed;
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_forms::{found, sorted};
use crate::crm::contract_writing::{WriteStage, perform};
use crate::crm::failure::Failure;
use crate::crm::writer::{Look, Order};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction},
    client::Kind,
    form::Filled,
    ids::CrmId,
};

pub(super) fn filled(fields: &[(&str, &str)]) -> Vec<Filled> {
    let filled = |&(field, value): &(&str, &str)| Filled { field: field.to_owned(), value: value.to_owned() };
    fields.iter().map(filled).collect()
}

pub(super) fn created(kind: Kind, fields: &[(&str, &str)]) -> Action {
    let (title, text) = (String::new(), "From the site".to_owned());
    Action::Create { kind, title, text, utm: true, recording: false, fields: filled(fields) }
}

/// An order of a form whose client left this.
pub(super) fn of_form(stage: &Writing, step: &str, action: Action, (email, client_id): (&str, &str)) -> Order {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let call = Call {
        client_email: text(email),
        client_id: text(client_id),
        started: stage.order(step, action.clone(), Vec::new()).call.started,
        ..Call::new(Direction::In)
    };
    Order { call, ..stage.order(step, action, Vec::new()) }
}

async fn make(stage: &Writing, step: &str, kind: Kind, left: (&str, &str)) -> Link {
    let order = of_form(stage, step, created(kind, &[]), left);
    let parts = perform(&*stage.writer(), &order).await.expect("made");
    Link { kind, id: CrmId::parse(&parts[0]).expect("an id") }
}

#[tokio::test]
async fn who_has_the_email_is_found_in_whatever_case_with_their_deals_and_nobody_else() {
    let stage = unmarked().await;
    let writer = stage.writer();
    let contact = make(&stage, "contact", Kind::Contact, ("Anna.Ko@Site.example", "")).await;
    let lead = make(&stage, "lead", Kind::Lead, ("anna.ko@site.example", "")).await;
    for (step, email) in
        [("longer", "anna.ko@site.example.ua"), ("wider", "joanna.ko@site.example"), ("other", "a@b.c")]
    {
        make(&stage, step, Kind::Contact, (email, "")).await;
        make(&stage, &format!("{step}-lead"), Kind::Lead, (email, "")).await;
    }
    let deal = Order { on: vec![contact], ..stage.order("deal", created(Kind::Deal, &[]), Vec::new()) };
    let deal = perform(&*writer, &deal).await.expect("a deal");
    let deal = Link { kind: Kind::Deal, id: CrmId::parse(&deal[0]).expect("an id") };
    for email in ["anna.ko@site.example", "ANNA.KO@SITE.EXAMPLE"] {
        assert_eq!(found(&writer, &Look::by_email(email)).await, sorted(vec![lead, contact, deal]), "{email}");
    }
    for strange in
        ["ko@site.example", "anna_ko@site.example", "%@site.example", "anna%@site.example", "nobody@site.example", ""]
    {
        assert_eq!(found(&writer, &Look::by_email(strange)).await, [], "{strange}");
    }
}

#[tokio::test]
async fn a_seeded_contact_is_found_by_their_email() {
    let stage = unmarked().await;
    let held = |place: u64| stage.account.sandbox.client(place).expect("a client").contact_id;
    let mut hits = 0;
    for place in 0..10 {
        let links = found(&stage.writer(), &Look::by_email(&format!("Client{place}@example.com"))).await;
        let contacts: Vec<_> = links.iter().filter(|link| link.kind == Kind::Contact).map(|link| link.id).collect();
        if let [contact] = contacts[..] {
            assert_eq!(contact.to_string(), held(place));
            hits += 1;
        }
    }
    assert!(hits > 2, "some of the seed have one: {hits}");
}

#[tokio::test]
async fn who_has_the_client_id_is_found_and_nobody_where_no_field_is_configured() {
    let stage = unmarked().await;
    let contact = make(&stage, "contact", Kind::Contact, ("", "GA1.2.Ab")).await;
    let lead = make(&stage, "lead", Kind::Lead, ("", "GA1.2.Ab")).await;
    for (step, id) in [("longer", "GA1.2.Abc"), ("case", "ga1.2.ab")] {
        make(&stage, step, Kind::Contact, ("", id)).await;
    }
    assert_eq!(found(&stage.writer(), &Look::by_client_id("GA1.2.Ab")).await, sorted(vec![lead, contact]));
    assert_eq!(found(&stage.writer(), &Look::by_client_id("GA1.2")).await, []);
    let leads_only = FieldNames::default().with(Some("lead"), Meaning::ClientId, "GA_Client");
    let fieldless = Writing { account: stage.account, names: leads_only };
    assert_eq!(found(&fieldless.writer(), &Look::by_client_id("GA1.2.Ab")).await, [lead]);
    let fieldless = Writing { account: fieldless.account, names: FieldNames::default() };
    let asked = fieldless.account.paths().len();
    let look = Look { known: vec![contact], ..Look::by_client_id("GA1.2.Ab") };
    assert_eq!(found(&fieldless.writer(), &look).await, []);
    let paths = &fieldless.account.paths()[asked..];
    assert!(paths.iter().all(|path| path.ends_with("/settings/fields")), "{paths:?}");
}

#[tokio::test]
async fn quotes_backslashes_and_wildcards_of_people_find_nobody_else() {
    let stage = unmarked().await;
    let writer = stage.writer();
    let odd =
        ["o'neil@site.example", r"back\slash@site.example", "per%cent@site.example", "' or id > 0 or Email = '@x.y"];
    for (at, email) in odd[..3].iter().enumerate() {
        let contact = make(&stage, &format!("odd-{at}"), Kind::Contact, (email, "")).await;
        assert_eq!(found(&writer, &Look::by_email(email)).await, [contact], "{email}");
    }
    assert_eq!(found(&writer, &Look::by_email(odd[3])).await, []);
    for (at, id) in ["' or id > 0 or GA_Client = '", r"\", "a') or (id > 0", "%", "'"].into_iter().enumerate() {
        assert_eq!(found(&writer, &Look::by_client_id(id)).await, [], "{id}");
        let lead = make(&stage, &format!("id-{at}"), Kind::Lead, ("", id)).await;
        assert_eq!(found(&writer, &Look::by_client_id(id)).await, [lead], "{id}");
    }
}

/// One that no field can hold: the lead is made all the same, nothing of it stands in the field, and nobody is asked for.
#[tokio::test]
async fn an_id_that_the_field_cannot_hold_is_neither_written_nor_asked_for_and_the_form_is_written() {
    let stage = unmarked().await;
    let writer = stage.writer();
    let (longest, longer) = ("x".repeat(255), "x".repeat(256));
    for (at, id) in ["a\nb", "a\0b", "\u{85}", "\t", &longer, &"я".repeat(2_048)].into_iter().enumerate() {
        let lead = make(&stage, &format!("odd-{at}"), Kind::Lead, ("", id)).await;
        let asked = stage.account.paths().len();
        assert_eq!(found(&writer, &Look::by_client_id(id)).await, [], "{at}");
        assert_eq!(found(&writer, &Look { known: vec![lead], ..Look::by_client_id(id) }).await, [], "{at}");
        let paths = &stage.account.paths()[asked..];
        assert!(paths.iter().all(|path| path.ends_with("/settings/fields")), "{paths:?}");
    }
    assert!(stage.held().iter().all(|thing| thing.fields.get("GA_Client").is_none_or(String::is_empty)));
    let lead = make(&stage, "longest", Kind::Lead, ("", &longest)).await;
    assert_eq!(found(&writer, &Look::by_client_id(&longest)).await, [lead], "one that fits is one");
    let spaced = make(&stage, "spaced", Kind::Lead, ("", " GA1.2.7 ")).await;
    assert_eq!(found(&writer, &Look::by_client_id("GA1.2.7 ")).await, [spaced]);
}

#[tokio::test]
async fn where_ids_cannot_be_compared_in_queries_who_is_known_is_found_and_the_look_does_not_fail() {
    let stage = unmarked().await;
    let contact = make(&stage, "contact", Kind::Contact, ("", "GA1.2.3")).await;
    let stranger = make(&stage, "stranger", Kind::Contact, ("", "GA1.2.4")).await;
    let body = r#"{"code":"INVALID_QUERY","details":{},"message":"invalid query formed","status":"error"}"#.to_owned();
    let refused = FaultKind::Status { status: 400, headers: Default::default(), body };
    stage.stage(Fault::new(refused).on("/crm/v8/coql").times(4));
    assert_eq!(found(&stage.writer(), &Look::by_client_id("GA1.2.3")).await, []);
    let known = Look { known: vec![contact, stranger], ..Look::by_client_id("GA1.2.3") };
    // The deals of whoever is found are asked for with a query as well.
    stage.clear();
    let body = r#"{"code":"INVALID_QUERY","details":{},"message":"invalid query formed","status":"error"}"#.to_owned();
    let refused = FaultKind::Status { status: 400, headers: Default::default(), body };
    stage.stage(Fault::new(refused).on("/crm/v8/coql").times(2));
    assert_eq!(found(&stage.writer(), &known).await, [contact]);
}

#[tokio::test]
async fn what_is_known_is_answered_while_it_has_the_email_and_with_what_hangs_on_it() {
    let stage = unmarked().await;
    let writer = stage.writer();
    let firm = make(&stage, "firm", Kind::Organization, ("", "")).await;
    let other_firm = make(&stage, "other-firm", Kind::Organization, ("", "")).await;
    let order = of_form(&stage, "contact", created(Kind::Contact, &[]), ("anna@site.example", ""));
    let parts = perform(&*writer, &Order { on: vec![firm], ..order }).await.expect("a contact");
    let contact = Link { kind: Kind::Contact, id: CrmId::parse(&parts[0]).expect("an id") };
    let stranger = make(&stage, "stranger", Kind::Contact, ("olga@site.example", "")).await;
    let gone = Link { kind: Kind::Lead, id: stage.missing(Kind::Lead) };
    let known = vec![firm, other_firm, contact, stranger, stage.contact(), gone];
    let look = Look { known, ..Look::by_email("anna@site.example") };
    assert_eq!(found(&writer, &look).await, sorted(vec![firm, contact]));
    let CrmId::Number(id) = contact.id else { panic!("a number") };
    let item = Item { module: Module::Contacts, id };
    stage.account.sandbox.change(Change::Delete { item, permanently: false }).expect("deleted");
    assert_eq!(found(&writer, &look).await, []);
}

/// Where e-mails are encrypted, the vendor's search is asked, which finds strangers by the beginning of theirs and lags.
#[tokio::test]
async fn where_emails_cannot_be_compared_in_queries_the_search_is_asked_and_verified() {
    let stage = unmarked().await;
    let contact = make(&stage, "contact", Kind::Contact, ("anna@site.example", "")).await;
    make(&stage, "stranger", Kind::Contact, ("anna@site.example.ua", "")).await;
    let body = r#"{"code":"INVALID_QUERY","details":{},"message":"invalid query formed","status":"error"}"#.to_owned();
    let refused = || {
        let refused = FaultKind::Status { status: 400, headers: Default::default(), body: body.clone() };
        stage.stage(Fault::new(refused).on("/crm/v8/coql").times(2));
    };
    refused();
    assert_eq!(found(&stage.writer(), &Look::by_email("anna@site.example")).await, [], "not indexed yet");
    stage.clear();
    refused();
    let known = Look { known: vec![contact], ..Look::by_email("anna@site.example") };
    assert_eq!(found(&stage.writer(), &known).await, [contact]);
    stage.clear();
    stage.advance(Duration::from_secs(601));
    refused();
    assert_eq!(found(&stage.writer(), &Look::by_email("anna@site.example")).await, [contact]);
}

/// Whatever somebody left, and whether the mark has a field or not.
#[tokio::test]
async fn who_was_made_without_a_number_although_the_answer_was_lost_is_found_and_not_doubled() {
    let left = [("anna@site.example", ""), ("", "GA1.2.3"), ("olga@site.example", "GA1.2.4")];
    for stage in [marked().await, unmarked().await] {
        let mut doors = Vec::new();
        for (kind, module) in [(Kind::Contact, "contact"), (Kind::Lead, "lead")] {
            for (at, left) in left.into_iter().enumerate() {
                for fault in [Fault::answer_lost(), Fault::reset()] {
                    let acted = matches!(fault.kind, FaultKind::AnswerLost);
                    let step = format!("{module}-{at}-{acted}");
                    let order = of_form(&stage, &step, created(kind, &[]), left);
                    let (path, method) = stage.door_of(&order.action);
                    stage.stage(fault.on(path).with_method(method).times(1));
                    let writer = stage.writer();
                    let failure = perform(&*writer, &order).await.expect_err("a lost answer");
                    assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
                    stage.clear();
                    stage.advance(writer.settles_within(&order, &[]));
                    let again = writer.find(&order, &[]).await.expect("an answer");
                    assert_eq!(again.is_some(), acted, "{step}");
                    if again.is_none() {
                        perform(&*writer, &order).await.expect("made");
                        assert!(writer.find(&order, &[]).await.expect("an answer").is_some());
                    }
                    doors.push(step);
                }
            }
        }
        assert_eq!(stage.held().len(), doors.len(), "one of each");
    }
}

#[tokio::test]
async fn somebody_nameless_is_called_by_their_email_else_by_their_client_id() {
    let stage = Writing::with(names(false)).await;
    make(&stage, "email", Kind::Lead, ("anna@site.example", "GA1.2.3")).await;
    make(&stage, "id", Kind::Contact, ("", "GA1.2.4")).await;
    let held = stage.held();
    let told =
        |thing: &Thing| (thing.title.clone(), thing.fields.get("Email").cloned(), thing.fields["GA_Client"].clone());
    assert_eq!(
        told(&held[0]),
        ("anna@site.example".to_owned(), Some("anna@site.example".to_owned()), "GA1.2.3".to_owned())
    );
    assert_eq!(told(&held[1]), ("GA1.2.4".to_owned(), None, "GA1.2.4".to_owned()));
    assert!(held.iter().all(|thing| thing.numbers.is_empty()));
}

/// Everything that forms ask of the vendor, for its description's judge.
pub(super) async fn everything() -> Vec<Asked> {
    let mut fields = names(false);
    fields.add_custom("contact", Placed::new("Favourite_Colour".to_owned(), 3));
    let stage = Writing::with(fields).await;
    let writer = stage.writer();
    let text =
        [("First_Name", "Anna"), ("Website", "site.example"), ("No_of_Employees", "12"), ("Annual_Revenue", "1,5")];
    let order = of_form(&stage, "lead", created(Kind::Lead, &text), ("anna@site.example", "GA1.2.3"));
    let parts = perform(&*writer, &order).await.expect("a lead");
    writer.find(&order, &[]).await.expect("an answer");
    let lead = Link { kind: Kind::Lead, id: CrmId::parse(&parts[0]).expect("an id") };
    for look in [Look::by_email("anna@site.example"), Look::by_client_id("GA1.2.3")] {
        writer.look(&Look { known: vec![lead, stage.contact()], ..look }).await.expect("an answer");
    }
    let update = Action::Update { utm: true, call: false, client: true, fields: filled(&[("Mailing_City", "Kyiv")]) };
    let update = of_form(&stage, "update", update, ("anna@site.example", ""));
    perform(&*writer, &Order { on: vec![stage.contact()], ..update }).await.expect("updated");
    stage.advance(Duration::from_secs(601));
    let body = r#"{"code":"INVALID_QUERY","details":{},"message":"invalid query formed","status":"error"}"#.to_owned();
    let refused = FaultKind::Status { status: 400, headers: Default::default(), body };
    stage.stage(Fault::new(refused).on("/crm/v8/coql").times(2));
    writer.look(&Look::by_email("anna@site.example")).await.expect("an answer");
    stage.account.sandbox.asked()
}
