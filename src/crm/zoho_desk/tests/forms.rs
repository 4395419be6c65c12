//! Forms: clients who are looked for by e-mail and by client id, and who are made without a number.

use sandbox::kit::{Fault, FaultKind};
use sandbox::zoho_desk::{Change, Item};

use super::writing::{Desk, LAG, desk, every_field};
use crate::config::FieldNames;
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
pub(super) fn of_form(desk: &Desk, step: &str, action: Action, (email, client_id): (&str, &str)) -> Order {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let order = desk.order(step, action, Vec::new());
    let call = Call {
        client_email: text(email),
        client_id: text(client_id),
        started: order.call.started,
        ..Call::new(Direction::In)
    };
    Order { call, ..order }
}

pub(super) async fn make(desk: &Desk, step: &str, kind: Kind, left: (&str, &str)) -> Link {
    let order = of_form(desk, step, created(kind, &[]), left);
    let parts = perform(&*desk.writer(), &order).await.expect("made");
    Link { kind, id: CrmId::parse(&parts[0]).expect("an id") }
}

#[tokio::test]
async fn who_has_the_email_is_found_in_whatever_case_with_their_open_tickets_and_nobody_else() {
    let desk = desk().await;
    let writer = desk.writer();
    let contact = make(&desk, "contact", Kind::Contact, ("Anna.Ko@Site.example", "")).await;
    for (step, email) in [("longer", "anna.ko@site.example.ua"), ("wider", "joanna.ko@site.example")] {
        let stranger = make(&desk, step, Kind::Contact, (email, "")).await;
        let theirs = Order { on: vec![stranger], ..of_form(&desk, "theirs", created(Kind::Ticket, &[]), (email, "")) };
        perform(&*writer, &theirs).await.expect("a ticket");
    }
    let ticket = of_form(&desk, "ticket", created(Kind::Ticket, &[]), ("anna.ko@site.example", ""));
    let ticket = perform(&*writer, &Order { on: vec![contact], ..ticket }).await.expect("a ticket");
    let ticket = Link { kind: Kind::Ticket, id: CrmId::parse(&ticket[0]).expect("an id") };
    let made = Look { known: vec![contact, ticket], ..Look::by_email("anna.ko@site.example") };
    assert_eq!(found(&writer, &Look::by_email("anna.ko@site.example")).await, [], "not indexed yet");
    assert_eq!(found(&writer, &made).await, sorted(vec![contact, ticket]), "read by id");
    desk.advance(LAG);
    for email in ["anna.ko@site.example", "ANNA.KO@SITE.EXAMPLE"] {
        assert_eq!(found(&writer, &Look::by_email(email)).await, sorted(vec![contact, ticket]), "{email}");
    }
    for strange in ["ko@site.example", "anna*", "anna.ko@site.exam", "*@site.example", "${notempty}", "a,b@c.de", ""] {
        assert_eq!(found(&writer, &Look::by_email(strange)).await, [], "{strange}");
    }
    assert_eq!(desk.held().iter().find(|thing| thing.what == "ticket").expect("one").fields["channel"], "Web");
}

#[tokio::test]
async fn who_has_the_client_id_is_found_and_nobody_where_no_field_is_configured() {
    let desk = desk().await;
    let writer = desk.writer();
    let contact = make(&desk, "contact", Kind::Contact, ("", "GA1.2.Ab")).await;
    let odd = ["it's, or", "abc*", "a:b:c", "a & b=c?#", "back\\slash\"%"];
    let mut made = Vec::new();
    for (at, id) in ["GA1.2.Abc", "ga1.2.ab"].into_iter().chain(odd).enumerate() {
        made.push(make(&desk, &format!("other-{at}"), Kind::Contact, ("", id)).await);
    }
    desk.advance(LAG);
    assert_eq!(found(&writer, &Look::by_client_id("GA1.2.Ab")).await, [contact]);
    for (id, link) in odd.into_iter().zip(&made[2..]) {
        assert_eq!(found(&writer, &Look::by_client_id(id)).await, [*link], "{id}");
    }
    for strange in ["GA1.2", "${notempty}", "${empty}", "GA1*", "*", ",", "x,GA1.2.Ab"] {
        assert_eq!(found(&writer, &Look::by_client_id(strange)).await, [], "{strange}");
    }
    let fieldless = Desk { account: desk.account, names: FieldNames::default() };
    let before = fieldless.account.paths().len();
    let look = Look { known: vec![contact], ..Look::by_client_id("GA1.2.Ab") };
    assert_eq!(found(&fieldless.writer(), &look).await, []);
    assert_eq!(fieldless.account.paths().len(), before, "nobody is asked");
}

#[tokio::test]
async fn what_is_known_is_answered_while_it_has_the_email_and_with_what_hangs_on_it() {
    let desk = desk().await;
    let writer = desk.writer();
    let firm = make(&desk, "firm", Kind::Organization, ("anna@site.example", "")).await;
    let other_firm = make(&desk, "other-firm", Kind::Organization, ("anna@site.example", "")).await;
    let order = of_form(&desk, "contact", created(Kind::Contact, &[]), ("anna@site.example", ""));
    let parts = perform(&*writer, &Order { on: vec![firm], ..order }).await.expect("a contact");
    let contact = Link { kind: Kind::Contact, id: CrmId::parse(&parts[0]).expect("an id") };
    let stranger = make(&desk, "stranger", Kind::Contact, ("olga@site.example", "")).await;
    let gone = Link { kind: Kind::Contact, id: desk.missing(Kind::Contact) };
    let known = vec![firm, other_firm, contact, stranger, desk.link(Kind::Ticket), desk.link(Kind::Contact), gone];
    let look = Look { known, ..Look::by_email("anna@site.example") };
    assert_eq!(found(&writer, &look).await, sorted(vec![firm, contact]));
    let CrmId::Number(id) = contact.id else { panic!("a number") };
    desk.account.sandbox.change(Change::Trash { item: Item::Contact(id) }).expect("trashed");
    assert_eq!(found(&writer, &look).await, []);
}

/// Whatever somebody left, and whether the mark has a field or not.
#[tokio::test]
async fn who_was_made_without_a_number_although_the_answer_was_lost_is_found_and_not_doubled() {
    let marked = every_field();
    let unmarked = FieldNames::default().with(None, crate::config::Meaning::ClientId, "cf_client_id");
    for names in [marked, unmarked] {
        let desk = Desk::new(names).await;
        let mut made = 0;
        for (at, left) in [("anna", ""), ("", "GA1.2.3"), ("olga", "GA1.2.4")].into_iter().enumerate() {
            for fault in [Fault::answer_lost(), Fault::reset()] {
                let acted = matches!(fault.kind, FaultKind::AnswerLost);
                let step = format!("{at}-{acted}");
                let email = if left.0.is_empty() { String::new() } else { format!("{}{acted}@site.example", left.0) };
                let order = of_form(&desk, &step, created(Kind::Contact, &[]), (email.as_str(), left.1));
                let (path, method) = desk.door_of(&order.action);
                desk.stage(fault.on(path).with_method(method).times(1));
                let writer = desk.writer();
                let failure = perform(&*writer, &order).await.expect_err("a lost answer");
                assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
                desk.clear();
                desk.advance(writer.settles_within(&order, &[]));
                let again = writer.find(&order, &[]).await.expect("an answer");
                assert_eq!(again.is_some(), acted, "{step}");
                if again.is_none() {
                    perform(&*writer, &order).await.expect("made");
                    assert!(writer.find(&order, &[]).await.expect("an answer").is_some());
                }
                made += 1;
            }
        }
        assert_eq!(desk.held().len(), made, "one of each");
    }
}

/// The search lags: it says that nobody has the e-mail, and the vendor refuses another contact with it.
#[tokio::test]
async fn who_has_nothing_but_an_email_that_a_contact_has_is_that_contact_once_the_search_shows_them() {
    let desk = desk().await;
    let writer = desk.writer();
    let contact = make(&desk, "first", Kind::Contact, ("anna@site.example", "")).await;
    let order = of_form(&desk, "second", created(Kind::Contact, &[]), ("Anna@site.example", ""));
    let failure = perform(&*writer, &order).await.expect_err("not shown yet");
    assert!(matches!(&failure, Failure::Wait { after: Some(after), .. } if *after <= LAG), "{failure:?}");
    desk.advance(LAG);
    assert_eq!(perform(&*writer, &order).await.expect("them"), [contact.id.to_string()]);
    assert_eq!(desk.held().len(), 1);
}

#[tokio::test]
async fn who_has_a_number_is_made_without_an_email_that_another_contact_has() {
    let desk = desk().await;
    make(&desk, "first", Kind::Contact, ("anna@site.example", "")).await;
    let mut order = desk.order("second", created(Kind::Contact, &[]), Vec::new());
    order.call.client_email = Some("anna@site.example".to_owned());
    let writer = desk.writer();
    let parts = perform(&*writer, &order).await.expect("a contact");
    let again = writer.find(&order, &[]).await.expect("an answer").expect("found");
    assert_eq!(vec![again.id], parts);
    let held = desk.held();
    let second = held.iter().find(|thing| thing.id == parts[0]).expect("the second");
    assert_eq!((second.fields.get("email"), &second.numbers[..]), (None, &["+380442001007".to_owned()][..]));
}

#[tokio::test]
async fn somebody_nameless_is_called_by_their_email_else_by_their_client_id() {
    let desk = desk().await;
    make(&desk, "email", Kind::Contact, ("anna@site.example", "GA1.2.3")).await;
    make(&desk, "id", Kind::Contact, ("", "GA1.2.4")).await;
    make(&desk, "odd", Kind::Contact, ("anna@nowhere", "")).await;
    let told: Vec<_> = desk.held().into_iter().map(|thing| (thing.title, thing.fields.get("email").cloned())).collect();
    let email = |text: &str| Some(text.to_owned());
    let expected = [
        ("anna@site.example".to_owned(), email("anna@site.example")),
        ("GA1.2.4".to_owned(), None),
        ("anna@nowhere".to_owned(), None),
    ];
    assert_eq!(told, expected);
}
