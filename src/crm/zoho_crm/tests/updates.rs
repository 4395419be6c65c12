//! What a form puts into fields, of what is made and of what is there.

use std::collections::BTreeMap;

use sandbox::kit::Thing;

use super::forms::{created, filled, of_form};
use super::judge;
use super::settings::{in_data_center, problems};
use super::writing::{Writing, marked, names, unmarked};
use crate::base::problem::Placed;
use crate::config::{CrmSection, FieldNames};
use crate::crm::Holds;
use crate::crm::contract_writing::{WriteStage, perform};
use crate::crm::writer::Order;
use crate::crm::zoho_crm::{ADAPTER, own, path::module, wire::Fields, write::shape::Shape};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
};

fn thing(stage: &Writing, id: CrmId) -> Thing {
    stage.held().into_iter().find(|thing| thing.id == id.to_string()).expect("what was written")
}

async fn make(stage: &Writing, step: &str, action: Action, left: (&str, &str)) -> Thing {
    let parts = perform(&*stage.writer(), &of_form(stage, step, action, left)).await.expect("made");
    thing(stage, CrmId::parse(&parts[0]).expect("an id"))
}

fn client(fields: &[(&str, &str)]) -> Action {
    Action::Update { utm: true, call: false, client: true, fields: filled(fields) }
}

fn sorted(thing: &Thing) -> Vec<&str> {
    let mut numbers: Vec<&str> = thing.numbers.iter().map(String::as_str).collect();
    numbers.sort_unstable();
    numbers
}

/// What the stand-in said of the module of a kind.
fn shape(stage: &Writing, kind: Kind) -> Shape {
    let query = format!("module={}", module(kind).expect("a module"));
    let asked = stage.account.sandbox.asked();
    let told = asked.iter().find(|asked| asked.path.ends_with("/settings/fields") && asked.query == query);
    let reply = told.and_then(|asked| asked.reply.as_deref()).expect("the fields");
    Shape::of(&serde_json::from_str::<Fields>(reply).expect("fields"))
}

/// How often something was written, by whatever way.
fn writes(stage: &Writing) -> usize {
    stage.account.sandbox.asked().iter().filter(|asked| asked.method == "PUT").count()
}

#[tokio::test]
async fn each_field_of_a_form_is_written_as_its_field_takes_it_over_what_the_entity_gets_anyway() {
    let stage = unmarked().await;
    let fields = [
        ("First_Name", " Anna "),
        ("Last_Name", "Ko"),
        ("Company", "Acme"),
        ("Phone", "(044) 200-10-07"),
        ("Mobile", "+48 600 100 200"),
        ("Website", "acme.example"),
        ("Lead_Source", "web download"),
        ("No_of_Employees", "12"),
        ("Annual_Revenue", "1 500,50"),
        ("Description", "About <doors>"),
        ("UTM_Source", "form"),
        ("City", ""),
    ];
    let order = stage.order("lead", created(Kind::Lead, &fields), Vec::new());
    let parts = perform(&*stage.writer(), &order).await.expect("a lead");
    let lead = thing(&stage, CrmId::parse(&parts[0]).expect("an id"));
    assert_eq!(lead.title, "Ko");
    assert_eq!(lead.text, format!("About <doors>\n\n{}", order.mark), "found again by its mark");
    assert_eq!(sorted(&lead), ["+380442001007", "+48 600 100 200"]);
    let told = |name: &str| lead.fields.get(name).map(String::as_str);
    let expected = [
        ("First_Name", Some("Anna")),
        ("Company", Some("Acme")),
        ("Website", Some("https://acme.example")),
        ("Lead_Source", Some("Web Download")),
        ("No_of_Employees", Some("12")),
        ("Annual_Revenue", Some("1500.5")),
        ("UTM_Source", Some("form")),
        ("UTM_Medium", Some("cpc")),
        ("City", None),
    ];
    assert_eq!(expected.map(|(name, _)| (name, told(name))), expected);
}

#[tokio::test]
async fn what_a_field_cannot_take_is_left_out_and_the_record_is_made() {
    let stage = marked().await;
    let fields = [
        ("Amount", "a lot"),
        ("Probability", "2.5"),
        ("Closing_Date", "soon"),
        ("Type", "No such type"),
        ("Contact_Name", "7"),
        ("Owner", "7"),
        ("Predial_Mark", "another's"),
        ("No_Such_Field", "x"),
        ("Next_Step", &"x".repeat(200)),
    ];
    let order = stage.order("deal", created(Kind::Deal, &fields), vec![stage.contact()]);
    let parts = perform(&*stage.writer(), &order).await.expect("a deal");
    let deal = thing(&stage, CrmId::parse(&parts[0]).expect("an id"));
    for left_out in ["Amount", "Probability", "Type", "No_Such_Field"] {
        assert_eq!(deal.fields.get(left_out), None, "{left_out}");
    }
    assert_eq!(deal.fields["Closing_Date"], "2024-12-11");
    assert_eq!(deal.fields["Predial_Mark"], order.mark.as_str());
    assert_eq!(deal.fields["Next_Step"].chars().count(), 100);
    assert_eq!(deal.owner, order.owner.map(|owner| owner.to_string()));
    let wrong = [("Email", "none"), ("Secondary_Email", "me"), ("Phone", "call me"), ("Date_of_Birth", "1999-02-30")];
    let contact = make(&stage, "contact", created(Kind::Contact, &wrong), ("anna@site.example", "")).await;
    assert_eq!(
        (contact.fields.get("Email").map(String::as_str), contact.numbers.len()),
        (Some("anna@site.example"), 0)
    );
    assert_eq!((contact.fields.get("Secondary_Email"), contact.fields.get("Date_of_Birth")), (None, None));
}

#[tokio::test]
async fn a_clients_own_data_fill_what_is_empty_and_the_same_again_writes_nothing() {
    let stage = unmarked().await;
    for kind in [Kind::Contact, Kind::Lead] {
        let made = make(&stage, &format!("{kind}"), created(kind, &[]), ("", "GA1.2.3")).await;
        let on = vec![Link { kind, id: CrmId::parse(&made.id).expect("an id") }];
        let mut order =
            Order { on, ..stage.order(&format!("{kind}-update"), client(&[("Twitter", "anna")]), Vec::new()) };
        order.call.client_id = Some("GA1.2.3".to_owned());
        order.call.client_name = Some("Anna Ko".to_owned());
        order.call.client_email = Some("anna@site.example".to_owned());
        let before = writes(&stage);
        for _ in 0..2 {
            perform(&*stage.writer(), &order).await.expect("updated");
            let now = thing(&stage, CrmId::parse(&made.id).expect("an id"));
            assert_eq!((now.title.as_str(), &now.numbers[..]), ("Anna Ko", &["+380442001007".to_owned()][..]));
            let told = ["Email", "Twitter", "UTM_Source"].map(|name| now.fields[name].clone());
            assert_eq!(told, ["anna@site.example", "anna", "google"]);
        }
        assert_eq!(writes(&stage) - before, 1, "{kind}: the same again sends nothing");
    }
}

#[tokio::test]
async fn what_a_person_has_put_right_stays_and_a_forms_field_is_written_whatever_stands_there() {
    let stage = unmarked().await;
    let fields =
        [("First_Name", "Olha"), ("Last_Name", "Koval"), ("Mobile", "+48 600 100 200"), ("Secondary_Email", "o@k.pl")];
    let made = make(&stage, "contact", created(Kind::Contact, &fields), ("", "")).await;
    let on = vec![Link { kind: Kind::Contact, id: CrmId::parse(&made.id).expect("an id") }];
    let mut order = Order { on, ..stage.order("update", client(&[("Mailing_City", "Kyiv")]), Vec::new()) };
    order.call.client_name = Some("Somebody".to_owned());
    order.call.client_email = Some("anna@site.example".to_owned());
    perform(&*stage.writer(), &order).await.expect("updated");
    let now = thing(&stage, CrmId::parse(&made.id).expect("an id"));
    assert_eq!((now.title.as_str(), &now.numbers[..]), ("Koval", &["+48 600 100 200".to_owned()][..]));
    assert_eq!((now.fields.get("Email"), now.fields["Mailing_City"].as_str()), (None, "Kyiv"));
    order.action = client(&[("Mailing_City", "Lviv"), ("Last_Name", "Kovalenko"), ("Description", "Moved")]);
    perform(&*stage.writer(), &order).await.expect("updated");
    let now = thing(&stage, CrmId::parse(&made.id).expect("an id"));
    assert_eq!(
        (now.title.as_str(), now.fields["Mailing_City"].as_str(), now.text.as_str()),
        ("Kovalenko", "Lviv", "Moved")
    );
}

#[tokio::test]
async fn an_update_that_has_nothing_to_write_sends_nothing() {
    let stage = Writing::with(FieldNames::default()).await;
    let deal = Link { kind: Kind::Deal, id: stage.account.deal.into() };
    let update = |fields: &[(&str, &str)]| stage.order("update", client(fields), vec![deal]);
    let receipt = stage.writer().perform(&update(&[]), &[]).await.expect("a receipt");
    assert!(receipt.whole);
    assert_eq!(stage.account.paths(), Vec::<String>::new(), "a deal has no number, name or e-mail of a client");
    perform(&*stage.writer(), &update(&[("Amount", "many"), ("No_Such_Field", "x")])).await.expect("nothing of it");
    assert_eq!(writes(&stage), 0);
    perform(&*stage.writer(), &update(&[("Amount", "7")])).await.expect("updated");
    assert_eq!(thing(&stage, deal.id).fields["Amount"], "7");
}

#[tokio::test]
async fn an_accounts_own_fields_are_looked_for_made_and_written() {
    let mut fields = names(false);
    fields.add_custom("contact", Placed::new("Favourite_Colour".to_owned(), 3));
    fields.add_custom("contact", Placed::new("Account_Name".to_owned(), 3));
    fields.add_custom("deal", Placed::new("Ringostat_Status".to_owned(), 4));
    let stage = Writing::with(fields).await;
    let writer = stage.writer();
    let custom = |states: Vec<crate::crm::writer::FieldState>| -> Vec<_> {
        let custom = states.into_iter().filter(|state| state.key == "custom");
        custom.map(|state| (state.of, state.name, state.there, state.trouble.is_some())).collect()
    };
    let expected = [
        ("contact", "Favourite_Colour", false, false),
        ("contact", "Account_Name", true, true),
        ("deal", "Ringostat_Status", true, false),
    ];
    let owned = |(of, name, there, trouble): (&str, &str, bool, bool)| (of.to_owned(), name.to_owned(), there, trouble);
    let states = writer.fields().await.expect("an answer");
    assert_eq!(custom(states.clone()), expected.map(owned));
    let colour = states.iter().find(|state| !state.there).expect("one that is missing");
    writer.make_field(colour).await.expect("made");
    let states = custom(writer.fields().await.expect("an answer"));
    assert!(states.iter().all(|(_, _, there, _)| *there), "{states:?}");
    let contact = make(&stage, "contact", created(Kind::Contact, &[("Favourite_Colour", "red")]), ("", "")).await;
    assert_eq!(contact.fields["Favourite_Colour"], "red");
}

#[test]
fn a_name_of_an_own_field_that_can_be_none_is_told() {
    let mut fields = FieldNames::default();
    for (owner, name, row) in
        [("contact", "Good_One", 3), ("contact", "Bad One", 4), ("ticket", "Any", 5), ("task", "Any", 6)]
    {
        fields.add_custom(owner, Placed::new(name.to_owned(), row));
    }
    let problems = problems(&CrmSection { fields, ..in_data_center("eu") });
    assert_eq!(
        problems,
        [
            "acme.toml:4: crm.fields.contact.custom: expected a field's API name, say Favourite_Colour, found \"Bad One\"",
            "acme.toml:5: crm.fields.ticket.custom: expected nothing, since zoho-crm has no tickets, found one",
            "acme.toml:6: crm.fields.task.custom: expected nothing, since no form is written into a task, found one",
        ]
    );
}

/// No description of the vendor's names them: held against the names from its pages, and the stand-in's types.
#[tokio::test]
async fn every_own_field_is_one_of_the_vendors_and_takes_what_the_list_says() {
    let stage = unmarked().await;
    stage.writer().fields().await.expect("every module's");
    let types: BTreeMap<&str, Holds> =
        [("phone", Holds::Phone), ("integer", Holds::Number), ("currency", Holds::Number)].into();
    for owner in [Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal] {
        let shape = shape(&stage, owner);
        for field in own::FIELDS.iter().filter(|field| field.kind == owner) {
            assert!(judge::FIELDS.contains(&field.name), "{}", field.name);
            let holds = &shape.field(field.name).unwrap_or_else(|| panic!("{owner} has no {}", field.name)).holds;
            assert_eq!(
                types.get(holds.as_str()).copied().unwrap_or(Holds::Text),
                field.holds,
                "{owner}: {}",
                field.name
            );
            let same = own::FIELDS.iter().filter(|other| (other.kind, other.name) == (owner, field.name)).count();
            assert_eq!(same, 1, "{owner}: {}", field.name);
        }
        let phones = shape.of_type("phone").filter(|name| *name != "Second_Phone");
        for name in phones {
            assert_eq!(ADAPTER.own_field(owner, name).map(|field| field.holds), Some(Holds::Phone), "{owner}: {name}");
        }
    }
    assert!(!(ADAPTER.is_custom)("Favourite_Colour"));
}
