//! What a form leaves: made by e-mail or the site's id, fields filled in, what is there completed.

use sandbox::kit::{Fault, Thing};
use sandbox::smart_crm::{Change, Entity};

use super::account::{Account, PLENTY};
use super::writing::{Written, stage};
use crate::base::problem::Placed;
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::{LONG, WriteStage, perform};
use crate::crm::failure::Failure;
use crate::crm::smart_crm::settings::prepare;
use crate::crm::writer::{Look, Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Utm},
    client::Kind,
    form::Filled,
    ids::CrmId,
    phone::PhoneKey,
};

const ANNA: &str = "Anna@acme.example";
const CONTACTS: &str = "/api/data/v9.2/contacts";

fn filled(field: &str, value: &str) -> Filled {
    Filled { field: field.to_owned(), value: value.to_owned() }
}

fn form() -> Call {
    let text = |text: &str| Some(text.to_owned());
    Call {
        client_email: text(ANNA),
        client_id: text("1234.5678"),
        utm: Utm { source: text("google"), ..Utm::default() },
        ..Call::new(Direction::In)
    }
}

fn order(step: &str, action: Action, on: Vec<Link>, call: Call) -> Order {
    let mark = Mark::of(&["acme", "form", step]);
    Order { mark, action, owner: None, on, call, zone: jiff::tz::TimeZone::UTC, audio: None }
}

fn create(kind: Kind, title: &str, fields: Vec<Filled>) -> Action {
    Action::Create { kind, title: title.to_owned(), text: String::new(), utm: true, recording: false, fields }
}

fn update(client: bool, fields: Vec<Filled>) -> Action {
    Action::Update { utm: false, call: false, client, fields }
}

fn one(stage: &Written, what: &str) -> Thing {
    let held = stage.held();
    let found: Vec<&Thing> = held.iter().filter(|thing| thing.what == what).collect();
    let [thing] = found[..] else { panic!("expected one {what}, found {found:?}") };
    thing.clone()
}

fn said<'t>(thing: &'t Thing, column: &str) -> Option<&'t str> {
    thing.fields.get(column).map(String::as_str)
}

fn set(stage: &Written, entity: &Entity, column: &str, text: Option<&str>) {
    let change = Change::SetText { entity: entity.clone(), column: column.to_owned(), text: text.map(str::to_owned) };
    stage.0.change(change);
}

fn writes(stage: &Written) -> usize {
    stage.0.requests().into_iter().filter(|asked| asked.method == "PATCH").count()
}

#[tokio::test]
async fn who_left_an_email_is_made_with_it_and_found_after_a_lost_answer_and_by_the_next_form() {
    for fault in [Fault::answer_lost(), Fault::reset()] {
        let stage = stage().await;
        let writer = stage.writer();
        let acted = matches!(fault.kind, sandbox::kit::FaultKind::AnswerLost);
        let order = order("contact", create(Kind::Contact, "", Vec::new()), Vec::new(), form());
        stage.stage(fault.on(CONTACTS).with_method("PATCH").times(1));
        let failure = writer.perform(&order, &[]).await.expect_err("a lost answer");
        assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
        assert!(writer.settles_within(&order, &[]).is_zero(), "nothing of this vendor's lags");
        let found = writer.find(&order, &[]).await.expect("an answer");
        assert_eq!(found.is_some(), acted);
        if found.is_none() {
            perform(&*writer, &order).await.expect("a contact");
        }
        let contact = one(&stage, "contact");
        assert_eq!((contact.title.as_str(), said(&contact, "emailaddress1")), (ANNA, Some(ANNA)));
        assert_eq!((said(&contact, "new_client_id"), contact.numbers.len()), (Some("1234.5678"), 0));
        for look in [Look::by_email(&ANNA.to_lowercase()), Look::by_client_id("1234.5678")] {
            let found = writer.look(&look).await.expect("an answer");
            assert_eq!(found.iter().map(|record| record.id.to_string()).collect::<Vec<_>>(), [contact.id.as_str()]);
        }
    }
}

#[tokio::test]
async fn what_a_table_demands_is_there_whatever_was_left() {
    let stage = stage().await;
    let writer = stage.writer();
    let id_only = Call { client_email: None, ..form() };
    for (step, call, subject) in [("one", form(), ANNA), ("two", id_only.clone(), "1234.5678")] {
        perform(&*writer, &order(step, create(Kind::Lead, "", Vec::new()), Vec::new(), call)).await.expect("a lead");
        assert!(stage.held().iter().any(|thing| thing.what == "lead" && thing.title == subject), "{subject}");
    }
    perform(&*writer, &order("three", create(Kind::Contact, "", Vec::new()), Vec::new(), id_only)).await.expect("made");
    assert_eq!((one(&stage, "contact").title.as_str(), said(&one(&stage, "contact"), "lastname")), ("", None));
    let long = Call { client_email: Some(format!("{}@acme.example", "a".repeat(100))), ..form() };
    let order = order("four", create(Kind::Contact, "Olha", Vec::new()), Vec::new(), long);
    perform(&*writer, &order).await.expect("a contact");
    let held = stage.held();
    let olha = held.iter().find(|thing| thing.title == "Olha").expect("the contact");
    assert_eq!(said(olha, "emailaddress1"), None, "half an e-mail is somebody else's");
}

#[tokio::test]
async fn a_form_fills_columns_of_what_is_made_over_what_they_get_anyway() {
    let stage = stage().await;
    let writer = stage.writer();
    let fields = vec![
        filled("lastname", "Shevchenko"),
        filled("firstname", "Olha"),
        filled("jobtitle", &"j".repeat(150)),
        filled("telephone2", "+38 067 111-22-44"),
        filled("new_city", "Львів"),
        filled("new_comment", &"ї".repeat(3_000)),
        filled("numberofchildren", "2"),
        filled("annualincome", "a lot"),
        filled("new_utm_source", "form"),
    ];
    let call = Call { client: PhoneKey::from_digits(380_671_112_233), ..form() };
    let order = order("contact", create(Kind::Contact, "Olha S.", fields), Vec::new(), call);
    perform(&*writer, &order).await.expect("a contact");
    let contact = one(&stage, "contact");
    assert_eq!(contact.title, "Olha Shevchenko");
    assert_eq!(contact.numbers, ["+380671112233", "+38 067 111-22-44"]);
    let expected = [
        ("new_city", Some("Львів")),
        ("numberofchildren", Some("2")),
        ("annualincome", None),
        ("new_utm_source", Some("form")),
    ];
    assert_eq!(expected.map(|(name, _)| (name, said(&contact, name))), expected);
    assert_eq!(said(&contact, "jobtitle").map(|text| text.chars().count()), Some(100));
    assert_eq!(said(&contact, "new_comment").map(|text| text.chars().count()), Some(3_000), "the room that it has");
}

#[tokio::test]
async fn a_deal_and_a_ticket_get_their_columns_and_numbers_are_numbers() {
    let stage = stage().await;
    let writer = stage.writer();
    let (contact, _) = stage.known();
    let fields =
        vec![filled("estimatedvalue", "12 500,50"), filled("name", "Doors"), filled("closeprobability", "101")];
    let deal = order("deal", create(Kind::Deal, "Form", fields), vec![contact], form());
    perform(&*writer, &deal).await.expect("a deal");
    let deal = one(&stage, "deal");
    assert_eq!((deal.title.as_str(), said(&deal, "estimatedvalue")), ("Doors", Some("12500.5")));
    assert_eq!(said(&deal, "closeprobability"), None);
    let fields = vec![filled("productserialnumber", "SN-1")];
    perform(&*writer, &order("ticket", create(Kind::Ticket, "Broken", fields), vec![contact], form()))
        .await
        .expect("made");
    let ticket = one(&stage, "ticket");
    assert_eq!((said(&ticket, "productserialnumber"), said(&ticket, "caseorigincode")), (Some("SN-1"), Some("3")));
}

#[tokio::test]
async fn an_update_fills_in_whatever_stands_there_and_the_same_again_sends_nothing() {
    let stage = stage().await;
    let writer = stage.writer();
    let contact = stage.0.contact.clone();
    set(&stage, &contact, "jobtitle", Some("Buyer"));
    let fields = vec![
        filled("jobtitle", "Director"),
        filled("new_city", "Львів"),
        filled("new_comment", &"ї".repeat(5_000)),
        filled("annualincome", "1500"),
        filled("numberofchildren", "none"),
    ];
    let order = order("update", update(false, fields), vec![stage.known().0], form());
    perform(&*writer, &order).await.expect("an update");
    let written = one(&stage, "contact");
    let expected = [("jobtitle", Some("Director")), ("new_city", Some("Львів")), ("annualincome", Some("1500"))];
    assert_eq!(expected.map(|(name, _)| (name, said(&written, name))), expected);
    assert_eq!(said(&written, "new_comment").map(|text| text.chars().count()), Some(4_000));
    assert_eq!((said(&written, "emailaddress1"), said(&written, "lastname")), (None, None), "no client was asked for");
    assert!(writer.find(&order, &[]).await.expect("an answer").is_some_and(|receipt| receipt.whole));
    let before = writes(&stage);
    perform(&*writer, &order).await.expect("nothing to do");
    assert_eq!((writes(&stage), one(&stage, "contact")), (before, written));
}

#[tokio::test]
async fn name_number_and_email_are_written_each_only_where_there_is_none() {
    let call = Call { client: PhoneKey::from_digits(380_671_112_233), client_name: Some("Olha".to_owned()), ..form() };
    // Which columns are full, and which of the three are written then.
    for (full, expected) in [
        (vec![], [Some("Olha"), Some("+380671112233"), Some(ANNA)]),
        (vec![("firstname", "Petro")], [None, Some("+380671112233"), Some(ANNA)]),
        (vec![("fullname", "Petro Ivanenko")], [None, Some("+380671112233"), Some(ANNA)]),
        (vec![("telephone3", "044 200 10 01")], [Some("Olha"), None, Some(ANNA)]),
        (vec![("emailaddress2", "petro@acme.example")], [Some("Olha"), Some("+380671112233"), None]),
        (vec![("lastname", "P."), ("pager", "1"), ("emailaddress3", "p@x.example")], [None, None, None]),
    ] {
        let stage = stage().await;
        let writer = stage.writer();
        for entity in [stage.0.contact.clone(), stage.0.lead.clone()] {
            for column in ["fullname", "mobilephone"] {
                set(&stage, &entity, column, None);
            }
            for (column, text) in full.iter().filter(|(column, _)| entity == stage.0.contact || *column != "pager") {
                set(&stage, &entity, column, Some(text));
            }
        }
        let link = |kind, entity: &Entity| Link { kind, id: CrmId::parse(&entity.id).expect("a UUID") };
        let on = vec![link(Kind::Contact, &stage.0.contact), link(Kind::Deal, &stage.0.deal)];
        let order = order("update", update(true, Vec::new()), on, call.clone());
        perform(&*writer, &order).await.expect("an update");
        let after = stage.held();
        assert!(after.iter().all(|thing| thing.what == "contact"), "a deal has no client: {after:?}");
        let written = stage.0.requests().into_iter().filter(|asked| asked.method == "PATCH").map(|asked| asked.body);
        let bodies: Vec<serde_json::Value> =
            written.map(|body| serde_json::from_str(body.as_deref().expect("a body")).expect("JSON")).collect();
        let sent = |name: &str| bodies.iter().find_map(|body| body.get(name)?.as_str());
        assert_eq!([sent("lastname"), sent("mobilephone"), sent("emailaddress1")], expected, "{full:?}");
        let before = writes(&stage);
        perform(&*writer, &order).await.expect("nothing to do");
        assert_eq!(writes(&stage), before, "{full:?}");
    }
}

#[tokio::test]
async fn a_name_that_only_stands_for_one_gives_way_and_a_leads_is_its_own() {
    let call = Call { client_name: Some("Olha".to_owned()), ..form() };
    let number = format!("+{}", Account::NUMBER);
    for (stored, email, gives_way) in [
        ("Client", None, true),
        (number.as_str(), None, true),
        ("anna@acme.example", Some(ANNA), true),
        ("380", None, false),
        ("Client", Some("other@acme.example"), true),
        ("Petro", None, false),
        ("other@acme.example", Some(ANNA), false),
    ] {
        let stage = stage().await;
        let mut section = stage.section();
        section.contact_name = Some(Placed::new("Client".to_owned(), 1));
        let writer = Written::writer_of(&section, PLENTY, LONG);
        let lead = stage.0.lead.clone();
        for (column, text) in [("lastname", Some(stored)), ("fullname", Some(stored)), ("emailaddress1", email)] {
            set(&stage, &lead, column, text);
        }
        let on = vec![Link { kind: Kind::Lead, id: CrmId::parse(&lead.id).expect("a UUID") }];
        perform(&*writer, &order("update", update(true, Vec::new()), on, call.clone())).await.expect("an update");
        let held = stage.held();
        let named = held.iter().any(|thing| said(thing, "lastname") == Some("Olha"));
        assert_eq!(named, gives_way, "{stored}: {held:?}");
    }
}

#[tokio::test]
async fn an_update_that_says_nothing_asks_nothing() {
    let stage = stage().await;
    let before = stage.0.requests().len();
    let on = vec![stage.known().0];
    let nobody = Call::new(Direction::In);
    for action in [update(true, Vec::new()), update(false, vec![filled("numberofchildren", "many")])] {
        let order = order("update", action, on.clone(), nobody.clone());
        perform(&*stage.writer(), &order).await.expect("done");
        assert!(stage.writer().find(&order, &[]).await.expect("an answer").is_some());
    }
    assert_eq!(stage.0.requests().len(), before);
}

#[tokio::test]
async fn an_updates_lost_answer_is_found_by_what_stands_there() {
    for fault in [Fault::answer_lost(), Fault::reset()] {
        let stage = stage().await;
        let writer = stage.writer();
        let acted = matches!(fault.kind, sandbox::kit::FaultKind::AnswerLost);
        let order = order("update", update(true, vec![filled("new_city", "Kyiv")]), vec![stage.known().0], form());
        stage.stage(fault.on(CONTACTS).with_method("PATCH").times(1));
        assert!(matches!(writer.perform(&order, &[]).await, Err(Failure::Unclear { .. })));
        assert_eq!(writer.find(&order, &[]).await.expect("an answer").is_some(), acted);
        perform(&*writer, &order).await.expect("an update");
        assert_eq!(said(&one(&stage, "contact"), "new_city"), Some("Kyiv"));
    }
}

#[tokio::test]
async fn columns_that_forms_are_put_into_are_looked_after_like_any_other() {
    let stage = stage().await;
    let mut section = stage.0.section();
    section.fields = FieldNames::default().with(None, Meaning::UtmSource, "new_utm_source");
    for name in ["new_city", "new_nowhere", "new_utm_source"] {
        section.fields.add_custom("contact", Placed::new(name.to_owned(), 7));
    }
    section.fields.add_custom("task", Placed::new("new_city".to_owned(), 7));
    let writer = Written::writer_of(&section, PLENTY, LONG);
    let fields = writer.fields().await.expect("an answer");
    let customs: Vec<(&str, &str, bool)> = fields
        .iter()
        .filter(|field| field.key == "custom")
        .map(|field| (field.of.as_str(), field.name.as_str(), field.there))
        .collect();
    assert_eq!(customs, [("contact", "new_city", true), ("contact", "new_nowhere", false)]);
    let missing = fields.iter().find(|field| field.name == "new_nowhere").expect("told of");
    assert!(missing.trouble.is_some());
    assert!(matches!(writer.make_field(missing).await, Err(Failure::Refused { .. })));
}

#[test]
fn the_names_of_such_columns_are_checked_and_told_of_once() {
    let mut section = super::settings::section("https://acme.crm4.dynamics.com");
    section.fields.add_custom("contact", Placed::new("new_city".to_owned(), 7));
    prepare(&section).expect("no problem");
    for (at, wrong) in ["New City", "description", "x' or 1", ""].into_iter().enumerate() {
        let mut section = section.clone();
        section.fields.add_custom("contact", Placed::new(wrong.to_owned(), 20 + at));
        let problems: Vec<String> =
            prepare(&section).err().unwrap_or_default().iter().map(ToString::to_string).collect();
        assert!(
            problems.len() == 1 && problems[0].contains("crm.fields.contact.custom") && problems[0].contains(wrong),
            "{wrong:?}: {problems:?}"
        );
    }
}
