//! Channels of Zoho CRM's stand-in.

use sandbox::zoho_crm::{Change, EMPLOYEES, Item, Module};
use serde_json::{Value, json};

use crate::zoho_crm::{Client, DAY};

fn channel(change: impl FnOnce(&mut Value)) -> Value {
    let mut channel = json!({
        "channel_id": "1000", "events": ["Contacts.all", "Deals.edit"], "token": "t",
        "notify_url": "http://127.0.0.1:9/crm-changes?token=door", "notify_on_related_action": false,
    });
    change(&mut channel);
    channel
}

#[tokio::test]
async fn a_channel_lives_an_hour_unless_told_and_a_week_at_the_most() {
    let client = Client::of(|_| {}).await;
    let in_s = |s: i64| {
        let at = client.sandbox.ground().clock.now().wall.as_second() + s;
        let at = jiff::Timestamp::from_second(at).unwrap();
        Value::from(at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
    };
    for (expiry, lives_s) in [(Value::Null, 3_600), (in_s(8 * 86_400), 3_600), (in_s(6 * 86_400), 6 * 86_400)] {
        let reply = client.watch("POST", &channel(|channel| channel["channel_expiry"] = expiry.clone())).await;
        let told = reply.json()["watch"][0]["details"]["events"][0]["channel_expiry"].as_str().unwrap().to_owned();
        let told: jiff::Timestamp = told.parse().unwrap();
        let lives = told.as_second() - client.sandbox.ground().clock.now().wall.as_second();
        assert_eq!((reply.status, lives), (201, lives_s), "{expiry}");
    }
    assert_eq!(client.get("/actions/watch?channel_id=1000").await.json()["watch"].as_array().unwrap().len(), 2);
    assert_eq!(client.get("/actions/watch?channel_id=1001").await.status, 204);
    client.sandbox.advance(6 * DAY);
    assert_eq!(client.sandbox.channels(), 0, "dead without a word");
}

#[tokio::test]
async fn what_is_wrong_with_a_channel_stands_in_a_row_of_a_202() {
    let client = Client::of(|_| {}).await;
    let with = |name: &str, value: Value| channel(|channel| channel[name] = value);
    for (channel, refused) in [
        (with("token", json!("x".repeat(51))), "INVALID_DATA"),
        (with("events", json!(["Contacts.read"])), "INVALID_DATA"),
        (with("events", Value::Null), "MANDATORY_NOT_FOUND"),
        (with("notify_url", json!("http://example.com/")), "INVALID_DATA"),
        (with("channel_expiry", json!("2020-01-01T00:00:00+00:00")), "INVALID_DATA"),
    ] {
        let reply = client.watch("POST", &channel).await;
        assert_eq!((reply.status, &reply.json()["watch"][0]["code"]), (202, &json!(refused)), "{channel}");
    }
    let reply = client.watch("PUT", &channel(|_| {})).await;
    assert_eq!((reply.status, &reply.json()["watch"][0]["code"]), (202, &json!("NOT_SUBSCRIBED")));
}

#[tokio::test]
async fn a_channel_tells_of_what_it_watches_once_and_repeats_its_token() {
    let client = Client::of(|_| {}).await;
    client.watch("POST", &channel(|_| {})).await;
    let owner = |module, number| {
        let item = Item { module, id: Module::id(module, number) };
        client.sandbox.change(Change::SetOwner { item, owner_id: EMPLOYEES[1] }).unwrap();
    };
    owner(Module::Leads, 10);
    owner(Module::Contacts, 1);
    owner(Module::Deals, 3);
    let change = Change::Create {
        module: Module::Deals,
        name: "New".to_owned(),
        phones: vec![],
        owner_id: EMPLOYEES[0],
        contact_id: None,
        account_id: None,
    };
    client.sandbox.change(change).unwrap();
    let item = Item { module: Module::Contacts, id: Module::Contacts.id(3) };
    client.sandbox.change(Change::Delete { item, permanently: false }).unwrap();
    let mut told: Vec<_> = (client.sandbox.ground().hooks.delivered(3).await.iter())
        .map(|delivery| {
            assert_eq!(delivery.hook.url, "http://127.0.0.1:9/crm-changes?token=door");
            let body: Value = serde_json::from_str(&delivery.hook.body).unwrap();
            assert_eq!((&body["channel_id"], &body["token"]), (&json!("1000"), &json!("t")));
            (body["module"].as_str().unwrap().to_owned(), body["operation"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort_unstable();
    let told: Vec<_> = told.iter().map(|(module, operation)| (module.as_str(), operation.as_str())).collect();
    assert_eq!(
        told,
        [("Contacts", "delete"), ("Contacts", "update"), ("Deals", "update")],
        "leads and new deals are not watched"
    );
}
