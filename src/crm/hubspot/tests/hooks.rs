use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use sandbox::hubspot::{Change, Item, signed};
use sandbox::kit::{EntityKind, Hook};
use url::Url;

use super::account::Account;
use crate::base::{clock::Clock, secret::Secret};
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Unheard};
use crate::crm::hubspot::hooks::Deliveries;
use crate::model::{client::Kind, ids::CrmId};

const SECRET: &str = "s3cret";
const PUBLIC: &str = "https://predial.acme.example/acme/crm-changes";
const TARGET: &str = "/acme/crm-changes?token=t%2F0";
const NOW_MS: i64 = 1_795_000_000_000;

fn hooks_at(url: &str) -> Deliveries {
    let url = Url::parse(url).expect("a URL");
    let target = HookTarget { url, token: Secret::new("t/0") };
    let now = Timestamp::from_millisecond(NOW_MS).expect("a time");
    Deliveries::new(&Secret::new(SECRET), target, Clock::following(now))
}

async fn hear(hooks: &Deliveries, target: &str, hook: &Hook) -> Result<Heard, Unheard> {
    let mut headers = HeaderMap::new();
    for (name, value) in &hook.headers {
        let name = name.parse::<HeaderName>().expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    let delivery = Delivery { method: &Method::POST, target, headers: &headers, body: hook.body.as_bytes() };
    hooks.hear(&delivery).await
}

/// As the vendor signs it: with the address's own encoding taken back.
fn genuine(body: &str) -> Hook {
    signed(SECRET, &format!("{PUBLIC}?token=t/0"), body.to_owned(), NOW_MS)
}

fn record(kind: Kind, id: u64) -> Hint {
    Hint::Record(kind, CrmId::Number(id))
}

async fn hints(body: &str) -> Vec<Hint> {
    match hear(&hooks_at(PUBLIC), TARGET, &genuine(body)).await {
        Ok(Heard::Changes(hints)) => hints,
        other => panic!("expected changes, found {other:?}"),
    }
}

#[tokio::test]
async fn what_the_vendor_signed_is_believed() {
    let body = r#"[{"eventId":1,"subscriptionType":"contact.creation","objectId":5}]"#;
    assert_eq!(hints(body).await, [record(Kind::Contact, 5)]);
}

#[tokio::test]
async fn an_address_is_signed_with_its_encoding_taken_back_or_as_it_was_called() {
    for called in ["?token=t/0", "?token=t%2F0"] {
        let hook = signed(SECRET, &format!("{PUBLIC}{called}"), "[]".to_owned(), NOW_MS);
        assert_eq!(hear(&hooks_at(PUBLIC), TARGET, &hook).await, Ok(Heard::Changes(Vec::new())), "{called}");
    }
    let elsewhere = signed(SECRET, "https://evil.example/acme/crm-changes?token=t/0", "[]".to_owned(), NOW_MS);
    assert!(matches!(hear(&hooks_at(PUBLIC), TARGET, &elsewhere).await, Err(Unheard::NotGenuine { .. })));
}

#[tokio::test]
async fn what_is_forged_changed_or_unsigned_is_not_heard() {
    let (hooks, body) = (hooks_at(PUBLIC), r#"[{"subscriptionType":"deal.deletion","objectId":7}]"#);
    let forged = signed("another", &format!("{PUBLIC}?token=t/0"), body.to_owned(), NOW_MS);
    let changed = Hook { body: body.replace('7', "8"), ..genuine(body) };
    let unsigned = Hook { headers: Vec::new(), ..genuine(body) };
    let mut garbled = genuine(body);
    garbled.headers[0].1 = "not base64!".to_owned();
    for hook in [forged, changed, unsigned, garbled] {
        assert!(matches!(hear(&hooks, TARGET, &hook).await, Err(Unheard::NotGenuine { .. })), "{hook:?}");
    }
}

#[tokio::test]
async fn what_is_repeated_after_five_minutes_is_not_heard_nor_what_comes_from_ahead() {
    let at = |ms: i64| signed(SECRET, &format!("{PUBLIC}?token=t/0"), "[]".to_owned(), ms);
    for (ms, believed) in [(-300_000, true), (-300_001, false), (300_000, true), (300_001, false)] {
        tokio::time::pause();
        let heard = hear(&hooks_at(PUBLIC), TARGET, &at(NOW_MS + ms)).await;
        assert_eq!(heard.is_ok(), believed, "{ms}: {heard:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn what_is_signed_and_no_list_of_events_is_unreadable() {
    for body in ["", "{}", "[7]", "<xml/>"] {
        let heard = hear(&hooks_at(PUBLIC), TARGET, &genuine(body)).await;
        assert!(matches!(heard, Err(Unheard::Unreadable { .. })), "{body}: {heard:?}");
    }
}

#[tokio::test]
async fn every_event_names_the_records_to_be_read_again() {
    let body = r#"[
        {"subscriptionType": "contact.propertyChange", "objectId": 5, "propertyName": "phone"},
        {"subscriptionType": "contact.propertyChange", "objectId": 5, "propertyName": "mobilephone"},
        {"eventType": "object.creation", "objectTypeId": "0-136", "objectId": "6"},
        {"subscriptionType": "ticket.deletion", "objectId": 7},
        {"subscriptionType": "company.merge", "primaryObjectId": 8, "mergedObjectIds": [9, 10], "newObjectId": 11},
        {"subscriptionType": "deal.associationChange", "associationType": "DEAL_TO_CONTACT", "fromObjectId": 12, "toObjectId": 5},
        {"subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_TICKET", "fromObjectId": 5, "toObjectId": 13},
        {"subscriptionType": "product.creation", "objectId": 99}
    ]"#;
    let mut expected = vec![
        record(Kind::Contact, 5),
        record(Kind::Lead, 6),
        record(Kind::Ticket, 7),
        record(Kind::Ticket, 13),
        record(Kind::Deal, 12),
        record(Kind::Organization, 8),
        record(Kind::Organization, 9),
        record(Kind::Organization, 10),
        record(Kind::Organization, 11),
    ];
    expected.sort_unstable();
    assert_eq!(hints(body).await, expected);
    assert_eq!(hints(r#"[{"subscriptionType": "contact.merge"}]"#).await, [Hint::Sweep]);
}

#[tokio::test]
async fn nothing_is_registered_and_the_operator_is_told_what_to_enter() {
    let kept = hooks_at(PUBLIC).keep().await.expect("kept");
    let by_hand = kept.by_hand.expect("a task");
    assert!(by_hand.contains(PUBLIC) && !by_hand.contains("t/0"), "{by_hand}");
    assert_eq!(kept.standing, 0);
}

#[tokio::test]
async fn what_the_stand_in_tells_of_is_understood() {
    let account = Account::with(20, |_| {}).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/acme/crm-changes", listener.local_addr().expect("its address"));
    let url = Some(format!("{address}?token=t0"));
    account.change(Change::TellAt { url });
    // Nobody answers: what counts is what was sent.
    drop(listener);
    let item = Item::new(EntityKind::Deal, account.deal);
    account.change(Change::SetOwner { item, owner_id: Some(102) });
    let contact = Item::new(EntityKind::Contact, 1);
    account.change(Change::Merge { loser: contact, winner: Item::new(EntityKind::Contact, account.contact) });
    let told = account.sandbox.ground().hooks.delivered(2).await;
    let now = Timestamp::now() + Duration::from_secs(600);
    let target = HookTarget { url: Url::parse(&address).expect("a URL"), token: Secret::new("t0") };
    let clock = Clock::following(now);
    let hooks = Deliveries::new(&Secret::new("sandbox-secret"), target, clock);
    let mut heard = Vec::new();
    for delivery in told {
        match hear(&hooks, "/acme/crm-changes?token=t0", &delivery.hook).await {
            Ok(Heard::Changes(hints)) => heard.extend(hints),
            other => panic!("expected changes, found {other:?}"),
        }
    }
    for hint in [record(Kind::Deal, account.deal), record(Kind::Contact, 1), record(Kind::Contact, account.contact)] {
        assert!(heard.contains(&hint), "{hint:?} in {heard:?}");
    }
}
