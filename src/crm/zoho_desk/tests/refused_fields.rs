//! Values of a form that only the portal can judge: the type of a custom field, the values of a list.

use sandbox::kit::{Fault, FaultKind, Thing};

use super::forms::{created, filled, make};
use super::reply;
use super::writing::{Desk, desk};
use crate::crm::contract_writing::{WriteStage, perform};
use crate::crm::failure::Failure;
use crate::crm::writer::Order;
use crate::crm::zoho_desk::status::refused_fields;
use crate::model::{
    action::{Action, Link},
    client::Kind,
};

fn thing(desk: &Desk, id: &str) -> Thing {
    desk.held().into_iter().find(|thing| thing.id == id).expect("what was written")
}

fn asked(desk: &Desk, method: &str) -> usize {
    let asked = desk.account.sandbox.asked();
    asked.iter().filter(|asked| asked.method == method && asked.path.starts_with("/api/v1/")).count()
}

async fn made(desk: &Desk, kind: Kind, fields: &[(&str, &str)], on: Vec<Link>) -> (Order, Thing) {
    let order = desk.order(kind.word(), created(kind, fields), on);
    let parts = perform(&*desk.writer(), &order).await.expect("made");
    (order, thing(desk, &parts[0]))
}

#[tokio::test]
async fn what_a_custom_field_does_not_take_is_left_out_and_the_rest_of_the_form_is_made() {
    let desk = desk().await;
    let fields = [
        ("cf_visit_on", "tomorrow"),
        ("cf_guests", "a dozen"),
        ("cf_size", "Huge"),
        ("cf_source", "site"),
        ("city", "Kyiv"),
        ("description", "About doors"),
    ];
    let (order, contact) = made(&desk, Kind::Contact, &fields, Vec::new()).await;
    assert_eq!(asked(&desk, "POST"), 4, "one field at a time, as the vendor names them");
    let told = |name: &str| contact.fields.get(name).map(String::as_str);
    assert_eq!((told("cf_visit_on"), told("cf_guests"), told("cf_size")), (None, None, None));
    assert_eq!((told("cf_source"), told("city"), contact.text.as_str()), (Some("site"), Some("Kyiv"), "About doors"));
    assert_eq!((told("cf_pbx_mark"), told("cf_utm_source")), (Some(order.mark.as_str()), Some("google")));
    assert_eq!(contact.owner, order.owner.map(|id| id.to_string()));
    assert!(desk.writer().find(&order, &[]).await.expect("an answer").is_some(), "found again by its mark");
    assert_eq!(desk.held().len(), 1);
}

#[tokio::test]
async fn what_custom_fields_take_is_written_at_once() {
    let desk = desk().await;
    let fields = [("cf_visit_on", "2026-11-28"), ("cf_guests", "12"), ("cf_size", "Large")];
    let (_, firm) = made(&desk, Kind::Organization, &fields, Vec::new()).await;
    assert_eq!(asked(&desk, "POST"), 1);
    for (name, value) in fields {
        assert_eq!(firm.fields[name], value);
    }
}

#[tokio::test]
async fn a_lists_value_that_is_none_gives_back_what_is_ours() {
    let desk = desk().await;
    let fields = [("channel", "Pigeon"), ("priority", "Whenever"), ("category", "Sales"), ("cf_guests", "many")];
    let (order, ticket) = made(&desk, Kind::Ticket, &fields, vec![desk.link(Kind::Contact)]).await;
    let told = |name: &str| ticket.fields.get(name).map(String::as_str);
    assert_eq!((told("channel"), told("priority"), told("category")), (Some("Phone"), None, Some("Sales")));
    assert_eq!((told("cf_guests"), told("cf_pbx_mark")), (None, Some(order.mark.as_str())));
}

#[tokio::test]
async fn an_update_writes_what_is_taken_and_the_same_again_does_no_more() {
    let desk = desk().await;
    let contact = make(&desk, "contact", Kind::Contact, ("", "GA1.2.3")).await;
    let fields = filled(&[("cf_visit_on", "soon"), ("city", "Kyiv"), ("cf_size", "?"), ("cf_source", "site")]);
    let update = Action::Update { utm: true, call: true, client: true, fields };
    let order = desk.order("update", update, vec![contact]);
    for _ in 0..2 {
        perform(&*desk.writer(), &order).await.expect("updated");
        let now = thing(&desk, &contact.id.to_string());
        let told = |name: &str| now.fields.get(name).map(String::as_str);
        assert_eq!((told("cf_visit_on"), told("cf_size")), (None, None));
        assert_eq!(
            (told("city"), told("cf_source"), told("cf_utm_source")),
            (Some("Kyiv"), Some("site"), Some("google"))
        );
    }
}

#[tokio::test]
async fn a_form_of_many_values_that_are_not_taken_is_made_with_what_it_says_after_a_few_times() {
    let desk = desk().await;
    let body = |name: &str| {
        let error = serde_json::json!({"fieldName": format!("/{name}"), "errorType": "invalid", "errorMessage": ""});
        serde_json::json!({"errorCode": "INVALID_DATA", "message": "invalid", "errors": [error]}).to_string()
    };
    let names = ["cf_a", "cf_b", "cf_c", "cf_d", "cf_e", "cf_f"];
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, "x")).collect();
    fields.push(("description", "About doors"));
    let (_, contact) = made(&desk, Kind::Contact, &fields, Vec::new()).await;
    assert_eq!((contact.text.as_str(), asked(&desk, "POST")), ("About doors", 6));
    // What is not of the form is nobody's to leave out.
    let order = desk.order("owner", created(Kind::Contact, &[("city", "Kyiv")]), Vec::new());
    let refused = FaultKind::Status { status: 422, headers: Default::default(), body: body("ownerId") };
    desk.stage(Fault::new(refused).on("/api/v1/contacts").with_method("POST".to_owned()).times(9));
    let failure = perform(&*desk.writer(), &order).await.expect_err("refused");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("ownerId")), "{failure:?}");
    assert_eq!(asked(&desk, "POST"), 7, "not sent again");
}

#[test]
fn the_fields_of_a_refusal_are_named_without_their_places_and_of_no_other_reply() {
    let body = r#"{"errorCode":"INVALID_DATA","message":"m","errors":[{"fieldName":"/cf/cf_size","errorType":"invalid"},
        {"fieldName":"/priority","errorType":"invalid"},{"errorType":"invalid"},{"fieldName":"/"}]}"#;
    assert_eq!(refused_fields(&reply(422, &[], body)), ["cf_size", "priority"]);
    for (status, body) in [(400, body), (500, body), (422, "{}"), (422, "<html>"), (422, r#"{"errors":"x"}"#)] {
        assert_eq!(refused_fields(&reply(status, &[], body)), Vec::<String>::new(), "{status} {body}");
    }
}
