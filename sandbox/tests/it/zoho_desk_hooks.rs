//! Webhooks of Zoho Desk's stand-in: what an answer does to a subscription.

use sandbox::zoho_desk::{Change, Desk, Item, ORG_ID};
use serde_json::{Value, json};

use crate::webhooks::Listener;
use crate::zoho_desk::{desk, send, token};

/// A portal with one webhook, and one of its contacts.
async fn told_at(listener: &Listener) -> (Desk, u64) {
    let desk = desk(|_| {}).await;
    let token = token(&desk).await.json()["access_token"].as_str().expect("a token").to_owned();
    let body = json!({"url": listener.url(), "subscriptions": {"Contact_Update": null}}).to_string();
    let made = send(&desk, "POST /api/v1/webhooks", &token, &ORG_ID.to_string(), &body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let contacts = send(&desk, "GET /api/v1/contacts?limit=1", &token, &ORG_ID.to_string(), "").await;
    let contact = contacts.data()[0]["id"].as_str().expect("an id").parse().expect("a number");
    (desk, contact)
}

/// Changes the contact and waits for what comes of it.
async fn change(desk: &Desk, contact: u64, owner: usize, tried: usize) {
    let owner_id = Some(sandbox::zoho_desk::EMPLOYEES[owner]);
    desk.change(Change::SetOwner { item: Item::Contact(contact), owner_id }).expect("a contact");
    desk.ground().hooks.delivered(tried).await;
}

#[tokio::test]
async fn a_410_ends_the_subscription_and_no_other_answer_does() {
    let statuses = [200, 500, 404, 401, 503, 429, 302, 200, 410];
    let listener = Listener::open(statuses.to_vec()).await;
    let (desk, contact) = told_at(&listener).await;
    // Two probes come first, the POST among them answered by the first 200.
    for (at, status) in statuses.iter().enumerate().skip(1) {
        assert_eq!(desk.webhooks().len(), 1, "before {status}");
        change(&desk, contact, at % 2, 2 + at).await;
    }
    assert_eq!(desk.ground().hooks.tried().last().and_then(sandbox::kit::Delivery::status), Some(410));
    while !desk.webhooks().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_delivery_that_fails_is_not_tried_again() {
    let listener = Listener::open(vec![200, 500]).await;
    let (desk, contact) = told_at(&listener).await;
    change(&desk, contact, 1, 3).await;
    change(&desk, contact, 0, 4).await;
    let owners: Vec<Value> = listener.told_texts().iter().skip(1).map(|text| owner(text)).collect();
    assert_eq!(owners.len(), 2, "{owners:?}");
    assert_ne!(owners[0], owners[1]);
}

fn owner(text: &str) -> Value {
    let told: Value = serde_json::from_str(text).expect("JSON");
    told[0]["payload"]["ownerId"].clone()
}
