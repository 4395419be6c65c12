//! What the vendor does not take of a form: it is left out, the rest is written, and nothing is doubled.

use std::{sync::Arc, time::Duration};

use sandbox::kit::{StandIn, Thing};
use serde_json::json;
use url::Url;

use super::account::{Account, PLENTY};
use super::forms::{LAG, account_with, by_email, by_id, contacts, create, email, fill, found, link, lost, names};
use super::forms::{order, update, value};
use super::writing::{all_fields, writer_of};
use crate::base::secret::Secret;
use crate::config::{CrmSection, FieldNames};
use crate::crm::contract_writing::perform;
use crate::crm::failure::Failure;
use crate::crm::writer::{Order, Writer};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    form::Filled,
    phone::PhoneKey,
};
use crate::outbound::{Bounds, Hosts, Method, Outbound, Request};

/// An e-mail that lacks its end.
const TYPO: &str = "ivan@gmail";
/// One that looks right and that the vendor knows better of.
const REFUSED: &str = "ivan@ymail.con";

/// Somebody made a property that holds numbers, by hand.
async fn add_number(account: &Account, object: &str, name: &str, group: &str) {
    let bounds = Bounds { connect_timeout: LAG, request_timeout: LAG, max_body_bytes: 8_000_000 };
    let url = format!("{}/crm/properties/2026-03/{object}", account.sandbox.base_url());
    let url = Url::parse(&url).expect("an address");
    let outbound = Outbound::new(&bounds).expect("a client").limited_to(Hosts::default().with_origin_of(&url));
    let body = json!({
        "name": name, "label": name, "type": "number", "fieldType": "number", "groupName": group,
        "hasUniqueValue": false, "description": "",
    });
    let request =
        Request::json(Method::Post, url, &body).with_header("authorization", Secret::new("Bearer sandbox-token"));
    let reply = outbound.send(request).await.expect("a reply");
    assert_eq!(reply.status, 201, "{reply:?}");
}

/// Accounts with fields but for a mark, and with all of them; both with a number for rooms.
async fn accounts() -> Vec<(Account, Arc<dyn Writer>)> {
    let mut accounts = Vec::new();
    for fields in [names(), all_fields()] {
        let (account, writer) = account_with(fields).await;
        add_number(&account, "contacts", "predial_rooms", "contactinformation").await;
        accounts.push((account, writer));
    }
    accounts
}

fn of_kind(kind: Kind, mut order: Order) -> Order {
    if let Action::Create { kind: made, text, .. } = &mut order.action {
        (*made, *text) = (kind, "Text".to_owned());
    }
    order
}

/// Wrong in every way beside what is right.
fn mixed(address: &str) -> Vec<Filled> {
    vec![
        fill("email", address),
        fill("predial_rooms", "many"),
        fill("lifecyclestage", "Somebody who asked"),
        fill("jobtitle", "Director"),
        fill("city", "Kyiv"),
    ]
}

/// Creations or changes that were asked for since.
fn writes(account: &Account, before: usize) -> usize {
    let asked = account.sandbox.asked();
    let is_write = |path: &str| path.contains("/crm/objects/") && !path.contains("search") && !path.contains("read");
    asked[before..].iter().filter(|asked| asked.method != "GET" && is_write(&asked.path)).count()
}

#[tokio::test]
async fn a_new_contact_gets_all_of_a_form_but_what_the_vendor_does_not_take() {
    for (account, writer) in accounts().await {
        for (at, address) in [TYPO, REFUSED].into_iter().enumerate() {
            let before = account.sandbox.asked().len();
            perform(&*writer, &order(address, create("Ivan", mixed(address)), &[])).await.expect("a contact");
            assert_eq!(writes(&account, before), 2, "once refused, once taken");
            let made = &contacts(&account)[at];
            let of = |name| value(made, name);
            assert_eq!(
                [of("firstname"), of("email"), of("predial_rooms"), of("lifecyclestage"), of("jobtitle"), of("city")],
                ["Ivan", "", "", "", "Director", "Kyiv"]
            );
        }
        let right = vec![fill("predial_rooms", "3"), fill("lifecyclestage", "lead"), fill("email", "ivan@ymail.com")];
        perform(&*writer, &order("right", create("Ivan", right), &[])).await.expect("a contact");
        let made = &contacts(&account)[2];
        assert_eq!(
            ["predial_rooms", "lifecyclestage", "email"].map(|name| value(made, name)),
            ["3", "lead", "ivan@ymail.com"]
        );
    }
}

#[tokio::test]
async fn a_new_deal_gets_all_of_a_form_but_a_wrong_date_and_a_wrong_option() {
    for (account, writer) in accounts().await {
        let fields = vec![fill("closedate", "27.11.2026"), fill("dealtype", "A new one"), fill("amount", "1200.50")];
        let on = [link(&account.contact.to_string())];
        let deal = of_kind(Kind::Deal, order("deal", create("Deal", fields), &on));
        perform(&*writer, &deal).await.expect("a deal");
        let deals: Vec<Thing> = StandIn::held(&account.sandbox).into_iter().filter(|it| it.what == "deal").collect();
        let [deal] = &deals[..] else { panic!("expected one deal, found {deals:?}") };
        assert_eq!(
            ["closedate", "dealtype", "amount", "dealname"].map(|name| value(deal, name)),
            ["", "", "1200.50", "Deal"]
        );
    }
}

#[tokio::test]
async fn an_update_and_a_contact_that_was_there_get_all_but_what_the_vendor_does_not_take() {
    for (account, writer) in accounts().await {
        let made = perform(&*writer, &by_id("made", create("Anna", vec![]), "77.88")).await.expect("a contact");
        for address in [TYPO, REFUSED] {
            let mut order = order(address, update(mixed(address)), &[link(&made[0])]);
            order.call.client_email = Some(address.to_owned());
            order.call.client = PhoneKey::from_digits(380_671_112_233);
            perform(&*writer, &order).await.expect("written");
        }
        let contact = contacts(&account).into_iter().find(|it| it.id == made[0]).expect("the contact");
        let of = |name| value(&contact, name);
        assert_eq!(
            [
                of("firstname"),
                of("email"),
                of("predial_rooms"),
                of("lifecyclestage"),
                of("jobtitle"),
                of("city"),
                of("phone")
            ],
            ["Anna", "", "", "", "Director", "Kyiv", "+380671112233"]
        );
        // By its e-mail it is there, and the rest comes in a second part.
        let there = perform(&*writer, &by_email("there", create("Olha", vec![]), &[])).await.expect("a contact");
        let again = by_email("again", create("Olha", mixed_without_email()), &[]);
        assert_eq!(perform(&*writer, &again).await.expect("joined").last(), there.last());
        let joined = contacts(&account).into_iter().find(|it| it.id == there[0]).expect("the contact");
        assert_eq!(["predial_rooms", "jobtitle", "city"].map(|name| value(&joined, name)), ["", "Director", "Kyiv"]);
        // A date of a deal.
        let deal = Link { kind: Kind::Deal, id: account.deal.into() };
        let fields = vec![fill("closedate", "tomorrow"), fill("dealtype", "newbusiness"), fill("hs_priority", "soon")];
        perform(&*writer, &order("deal", update(fields), &[deal])).await.expect("written");
        let written = StandIn::held(&account.sandbox).into_iter().find(|it| it.what == "deal").expect("the deal");
        assert_eq!(["closedate", "dealtype", "hs_priority"].map(|name| value(&written, name)), ["", "newbusiness", ""]);
    }
}

fn mixed_without_email() -> Vec<Filled> {
    mixed(TYPO).into_iter().filter(|filled| filled.field != "email").collect()
}

#[tokio::test]
async fn what_is_ours_is_never_left_out() {
    for (account, writer) in accounts().await {
        let mut order = order("left", create("Ivan", mixed(TYPO)), &[]);
        order.owner = Some(105.into());
        let before = account.sandbox.asked().len();
        let failure = perform(&*writer, &order).await.expect_err("the owner left");
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
        assert_eq!((contacts(&account).len(), writes(&account, before)), (0, 1), "asked once, made nothing");
    }
}

#[tokio::test]
async fn a_contact_with_nothing_but_a_wrong_e_mail_is_called_by_it_and_not_doubled() {
    for (account, writer) in accounts().await {
        let typed = [TYPO, REFUSED, "petro@mail"];
        let by_email = |address: &str| {
            let mut order = order(address, create("", vec![]), &[]);
            order.call.client_email = Some(address.to_owned());
            order
        };
        lost(&account, &*writer, &by_email(TYPO)).await;
        // Taken at the second try only, it is found as if that answer had been lost.
        let made = perform(&*writer, &by_email(REFUSED)).await.expect("a contact");
        account.sandbox.advance(writer.settles_within(&by_email(REFUSED), &[]));
        let receipt = writer.find(&by_email(REFUSED), &[]).await.expect("an answer").expect("found");
        assert_eq!((&receipt.id, receipt.whole), (&made[0], true));
        let by_form = order("form", create("", vec![fill("email", typed[2])]), &[]);
        lost(&account, &*writer, &by_form).await;
        let made = contacts(&account);
        let called: Vec<_> = made.iter().map(|it| (value(it, "firstname"), value(it, "email"))).collect();
        assert_eq!(called, typed.map(|address| (address, "")));
    }
}

#[tokio::test]
async fn a_namesake_with_something_of_their_own_is_not_taken_for_who_has_nothing_but_a_name() {
    let (account, writer) = account_with(names()).await;
    perform(&*writer, &by_email("one", create("Olha Petrenko", vec![]), &[])).await.expect("a contact");
    perform(&*writer, &by_id("two", create("Olha Petrenko", vec![]), "77.88")).await.expect("a contact");
    let mut numbered = order("three", create("Olha Petrenko", vec![]), &[]);
    numbered.call.client = PhoneKey::from_digits(380_671_112_233);
    perform(&*writer, &numbered).await.expect("a contact");
    perform(&*writer, &order("four", create("Olha", vec![]), &[])).await.expect("a contact");
    account.sandbox.advance(Duration::from_secs(60));
    let mut bare = order("five", create("Olha Petrenko", vec![]), &[]);
    bare.call.started = numbered.call.started;
    bare.call.client_email = Some(TYPO.to_owned());
    assert_eq!(writer.find(&bare, &[]).await, Ok(None));
    bare.call.client_id = Some("77.88".to_owned());
    assert!(writer.find(&bare, &[]).await.expect("an answer").is_some(), "by the client id");
    // One from before the form is somebody else's.
    lost(&account, &*writer, &order("six", create("Olha Petrenko", vec![]), &[])).await;
    let mut later = order("seven", create("Olha Petrenko", vec![]), &[]);
    later.call.started = later.call.started.and_then(|came| came.checked_add(Duration::from_secs(3_600)).ok());
    assert_eq!(writer.find(&later, &[]).await, Ok(None));
    assert_eq!(contacts(&account).len(), 5);
}

#[tokio::test]
async fn nobody_is_looked_for_by_what_is_no_e_mail() {
    let account = Account::with(20, |_| {}).await;
    let section = CrmSection { fields: FieldNames::default(), ..account.by_token() };
    let writer = writer_of(&section, PLENTY, LAG);
    let before = account.paths().len();
    for address in [TYPO, "ivan", "", "@", "i van@gmail.com"] {
        assert_eq!(found(&*writer, email(address)).await, [], "{address}");
    }
    assert_eq!(account.paths().len(), before, "nothing is asked");
}
