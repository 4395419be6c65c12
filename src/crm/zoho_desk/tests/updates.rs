//! What a form puts into fields, of what is made and of what is there.

use sandbox::kit::{Fault, Thing};

use super::forms::{created, filled, make, of_form};
use super::settings::{problems, section};
use super::vendor::body_of;
use super::writing::{Desk, desk, every_field};
use crate::base::problem::Placed;
use crate::config::{CrmSection, FieldNames};
use crate::crm::Holds;
use crate::crm::contract_writing::{WriteStage, perform};
use crate::crm::failure::Failure;
use crate::crm::writer::Order;
use crate::crm::zoho_desk::{ADAPTER, own};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
};

fn thing(desk: &Desk, id: &str) -> Thing {
    desk.held().into_iter().find(|thing| thing.id == id).expect("what was written")
}

fn client(fields: &[(&str, &str)]) -> Action {
    Action::Update { utm: true, call: false, client: true, fields: filled(fields) }
}

fn patches(desk: &Desk) -> usize {
    desk.account.sandbox.asked().iter().filter(|asked| asked.method == "PATCH").count()
}

#[tokio::test]
async fn each_field_of_a_form_is_written_over_what_the_entity_gets_anyway_and_what_does_not_fit_is_left_out() {
    let desk = desk().await;
    let fields = [
        ("firstName", "Anna"),
        ("lastName", "Ko"),
        ("phone", "(044) 200-10-07"),
        ("mobile", "call me"),
        ("secondaryEmail", "none"),
        ("city", "  Kyiv  "),
        ("zip", "AB-12"),
        ("street", &"x".repeat(300)),
        ("cf_source", "site\nform"),
        ("cf_pbx_mark", "another's"),
        ("cf_utm_source", "form"),
        ("ownerId", "7"),
        ("description", "About <doors>"),
        ("title", " "),
    ];
    let order = desk.order("contact", created(Kind::Contact, &fields), Vec::new());
    let parts = perform(&*desk.writer(), &order).await.expect("a contact");
    let made = thing(&desk, &parts[0]);
    assert_eq!((made.title.as_str(), made.text.as_str()), ("Anna Ko", "About <doors>"));
    assert_eq!(
        (&made.numbers[..], made.owner),
        (&["+380442001007".to_owned()][..], order.owner.map(|id| id.to_string()))
    );
    let told = |name: &str| made.fields.get(name).map(String::as_str);
    assert_eq!((told("city"), told("zip"), told("secondaryEmail"), told("title")), (Some("Kyiv"), None, None, None));
    assert_eq!(told("street").map(|street| street.chars().count()), Some(250));
    assert_eq!((told("cf_source"), told("cf_utm_source")), (Some("site form"), Some("form")));
    assert_eq!(told("cf_pbx_mark"), Some(order.mark.as_str()));
    let fields = [("subject", "Doors"), ("priority", "High"), ("category", "Sales"), ("description", "A <b>\nc")];
    let ticket = desk.order("ticket", created(Kind::Ticket, &fields), vec![desk.link(Kind::Contact)]);
    let parts = perform(&*desk.writer(), &ticket).await.expect("a ticket");
    let made = thing(&desk, &parts[0]);
    assert_eq!((made.title.as_str(), made.text.as_str()), ("Doors", "A &lt;b&gt;<br>c"));
    assert_eq!((made.fields["priority"].as_str(), made.fields["category"].as_str()), ("High", "Sales"));
}

#[tokio::test]
async fn a_clients_own_data_fill_what_is_empty_and_the_same_again_writes_nothing() {
    let desk = desk().await;
    let contact = make(&desk, "contact", Kind::Contact, ("", "GA1.2.3")).await;
    let mut order = desk.order("update", client(&[("city", "Kyiv"), ("cf_source", "site")]), vec![contact]);
    order.call.client_id = Some("GA1.2.3".to_owned());
    order.call.client_name = Some("Anna Ko".to_owned());
    order.call.client_email = Some("anna@site.example".to_owned());
    assert_eq!(desk.writer().find(&order, &[]).await.expect("an answer"), None);
    for _ in 0..2 {
        perform(&*desk.writer(), &order).await.expect("updated");
        let now = thing(&desk, &contact.id.to_string());
        assert_eq!((now.title.as_str(), &now.numbers[..]), ("Anna Ko", &["+380442001007".to_owned()][..]));
        let told = ["email", "city", "cf_source", "cf_utm_source"].map(|name| now.fields[name].clone());
        assert_eq!(told, ["anna@site.example", "Kyiv", "site", "google"]);
        assert!(desk.writer().find(&order, &[]).await.expect("an answer").is_some());
    }
    assert_eq!(patches(&desk), 1, "the same again sends nothing");
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_found_and_one_that_never_arrived_is_not() {
    let desk = desk().await;
    for (fault, done) in [(Fault::answer_lost(), true), (Fault::reset(), false)] {
        let step = format!("contact-{done}");
        let contact = make(&desk, &step, Kind::Contact, ("", step.as_str())).await;
        let mut order = desk.order("update", client(&[("city", "Kyiv")]), vec![contact]);
        order.call.client_name = Some("Anna Ko".to_owned());
        desk.stage(fault.on("/api/v1/contacts").with_method("PATCH".to_owned()).times(1));
        let failure = perform(&*desk.writer(), &order).await.expect_err("a lost answer");
        assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
        desk.clear();
        assert_eq!(desk.writer().find(&order, &[]).await.expect("an answer").is_some(), done);
    }
}

#[tokio::test]
async fn what_a_person_has_put_right_stays_and_a_forms_field_is_written_whatever_stands_there() {
    let desk = desk().await;
    let fields = [("firstName", "Olha"), ("mobile", "+48 600 100 200"), ("secondaryEmail", "o@koval.pl")];
    let order = of_form(&desk, "contact", created(Kind::Contact, &fields), ("", "GA1.2.3"));
    let made = perform(&*desk.writer(), &order).await.expect("a contact");
    let contact = Link { kind: Kind::Contact, id: CrmId::parse(&made[0]).expect("an id") };
    let mut order = desk.order("update", client(&[("city", "Kyiv")]), vec![contact]);
    order.call.client_id = Some("GA1.2.3".to_owned());
    order.call.client_name = Some("Somebody".to_owned());
    order.call.client_email = Some("anna@site.example".to_owned());
    perform(&*desk.writer(), &order).await.expect("updated");
    let now = thing(&desk, &made[0]);
    assert_eq!((now.title.as_str(), &now.numbers[..]), ("Olha GA1.2.3", &["+48 600 100 200".to_owned()][..]));
    assert_eq!((now.fields.get("email"), now.fields["city"].as_str()), (None, "Kyiv"));
    order.action = client(&[("city", "Lviv"), ("lastName", "Koval"), ("description", "Moved")]);
    perform(&*desk.writer(), &order).await.expect("updated");
    let now = thing(&desk, &made[0]);
    assert_eq!((now.title.as_str(), now.fields["city"].as_str(), now.text.as_str()), ("Olha Koval", "Lviv", "Moved"));
}

#[tokio::test]
async fn an_email_that_another_contact_has_does_not_keep_the_rest_from_being_written() {
    let desk = desk().await;
    make(&desk, "other", Kind::Contact, ("anna@site.example", "")).await;
    let contact = make(&desk, "contact", Kind::Contact, ("", "GA1.2.3")).await;
    let mut order = desk.order("update", client(&[("city", "Kyiv")]), vec![contact]);
    order.call.client_email = Some("anna@site.example".to_owned());
    perform(&*desk.writer(), &order).await.expect("updated");
    let now = thing(&desk, &contact.id.to_string());
    assert_eq!((now.fields.get("email"), now.fields["city"].as_str()), (None, "Kyiv"));
}

#[tokio::test]
async fn an_update_that_has_nothing_to_write_sends_nothing() {
    let desk = Desk::new(FieldNames::default()).await;
    let ticket = desk.link(Kind::Ticket);
    let update = |fields: &[(&str, &str)]| desk.order("update", client(fields), vec![ticket]);
    perform(&*desk.writer(), &update(&[])).await.expect("nothing");
    perform(&*desk.writer(), &update(&[("phone", "none"), ("no_such", "x"), ("cf_source", " ")]))
        .await
        .expect("nothing");
    assert_eq!(desk.account.paths(), Vec::<String>::new(), "a ticket has no number, name or e-mail of a client");
    perform(&*desk.writer(), &update(&[("category", "Sales")])).await.expect("updated");
    assert_eq!((patches(&desk), thing(&desk, &ticket.id.to_string()).fields["category"].as_str()), (1, "Sales"));
    let gone = Link { kind: Kind::Contact, id: desk.missing(Kind::Contact) };
    let failure = perform(&*desk.writer(), &Order { on: vec![gone], ..update(&[]) }).await.expect_err("gone");
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_accounts_own_fields_are_looked_for_made_and_written() {
    let mut names = every_field();
    for name in ["cf_colour", "cf_source"] {
        names.add_custom("contact", Placed::new(name.to_owned(), 3));
    }
    let desk = Desk::new(names).await;
    let writer = desk.writer();
    let custom = |states: &[crate::crm::writer::FieldState]| -> Vec<_> {
        let custom = states.iter().filter(|state| state.key == "custom");
        custom.map(|state| (state.of.clone(), state.name.clone(), state.there, state.trouble.clone())).collect()
    };
    let states = writer.fields().await.expect("fields");
    let of = |name: &str, there| ("contact".to_owned(), name.to_owned(), there, None::<String>);
    assert_eq!(custom(&states), [of("cf_colour", false), of("cf_source", true)]);
    let missing = states.iter().find(|state| !state.there).expect("the colour");
    writer.make_field(missing).await.expect("made");
    assert_eq!(custom(&writer.fields().await.expect("fields")), [of("cf_colour", true), of("cf_source", true)]);
    let order = of_form(&desk, "contact", created(Kind::Contact, &[("cf_colour", "red")]), ("", "GA1.2.3"));
    let made = perform(&*writer, &order).await.expect("a contact");
    assert_eq!(thing(&desk, &made[0]).fields["cf_colour"], "red");
}

#[test]
fn a_name_of_an_own_field_that_can_be_none_is_told() {
    let mut fields = FieldNames::default();
    for (owner, name, row) in
        [("contact", "cf_good", 3), ("ticket", "Colour", 4), ("deal", "cf_a", 5), ("task", "cf_b", 6)]
    {
        fields.add_custom(owner, Placed::new(name.to_owned(), row));
    }
    let found = problems(&CrmSection { fields, ..section() });
    let of_ours = "expected a field of what a form is written into here: contact, organization, ticket";
    assert_eq!(
        found,
        [
            format!("projects/acme.toml:5: crm.fields.deal.custom: {of_ours}"),
            "projects/acme.toml:4: crm.fields.ticket.custom: expected a custom field's API name, say \"cf_colour\", found \
             \"Colour\""
                .to_owned(),
            format!("projects/acme.toml:6: crm.fields.task.custom: {of_ours}"),
        ]
    );
}

#[test]
fn every_own_field_is_described_of_what_is_made_and_written_once() {
    for own in own::FIELDS {
        let call = match own.kind {
            Kind::Contact => "POST /api/v1/contacts",
            Kind::Organization => "POST /api/v1/accounts",
            _ => "POST /api/v1/tickets",
        };
        for call in [call.to_owned(), format!("{}/{{id}}", call.replace("POST", "PATCH"))] {
            assert!(body_of(&call).contains(&own.name.to_owned()), "{call}: {}", own.name);
        }
        assert_eq!(own::FIELDS.iter().filter(|other| (other.kind, other.name) == (own.kind, own.name)).count(), 1);
    }
    let holds = |kind, name: &str| ADAPTER.own_field(kind, name).map(|own| own.holds);
    assert_eq!(holds(Kind::Contact, "mobile"), Some(Holds::Phone));
    assert_eq!((holds(Kind::Ticket, "phone"), holds(Kind::Contact, "city")), (Some(Holds::Phone), Some(Holds::Text)));
    assert!((ADAPTER.is_custom)("cf_colour") && !(ADAPTER.is_custom)("colour") && !(ADAPTER.is_custom)("cf_a b"));
}
