//! Webhooks: what is done at the account, and what is understood of what they tell.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use super::account::Account;
use crate::base::secret::Secret;
use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Unheard};
use crate::crm::pipedrive::{hooks::Plan, wire::Webhook};
use crate::crm::quota::Ledger;
use crate::model::{client::Kind, ids::CrmId};

const DAY: Duration = Duration::from_secs(86_400);
const ALL: [&str; 5] = ["person", "organization", "deal", "lead", "user"];

/// Somebody at the address who says 200 to everything.
async fn listening() -> HookTarget {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _read = stream.read(&mut [0; 4096]).await;
            let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    HookTarget::of(&Url::parse(&url).expect("a URL"), "acme", Secret::new("s3cret-s3cret-s3cret"))
}

fn spent(ledger: &Ledger) -> u64 {
    ledger.snapshot().spent.sweep
}

async fn standing(hooks: &Arc<dyn Hooks>) -> usize {
    let kept = hooks.keep().await.expect("kept");
    assert_eq!((kept.again, kept.by_hand), (DAY, None));
    kept.standing
}

#[tokio::test]
async fn what_is_missing_is_made_once_and_paid_for() {
    let account = Account::with(3, |_| {}).await;
    let (hooks, ledger) = account.hooks(listening().await);
    assert_eq!(standing(&hooks).await, 5);
    assert_eq!(spent(&ledger), 10 + 5 * 10);
    assert_eq!(standing(&hooks).await, 5);
    assert_eq!(spent(&ledger), 2 * 10 + 5 * 10, "what stands is left as it is");
    let made = account.sandbox.asked().into_iter().filter(|asked| asked.method == "POST").count();
    assert_eq!(made, 5);
}

#[tokio::test]
async fn a_changed_token_makes_them_anew_and_those_of_others_are_let_be() {
    let account = Account::with(3, |_| {}).await;
    let target = listening().await;
    let others = HookTarget { url: Url::parse(&format!("{}-other", target.url)).expect("a URL"), ..target.clone() };
    let (others, _) = account.hooks(others);
    let (hooks, ledger) = account.hooks(target.clone());
    assert_eq!((standing(&others).await, standing(&hooks).await), (5, 5));
    let changed = HookTarget { token: Secret::new("another-another-another"), ..target };
    let (renewed, second) = account.hooks(changed);
    assert_eq!(standing(&renewed).await, 5);
    assert_eq!(spent(&second), 10 + 5 * 6 + 5 * 10);
    assert_eq!((standing(&others).await, standing(&renewed).await), (5, 5));
    assert_eq!(spent(&second), 10 + 5 * 6 + 5 * 10 + 10, "each stands once");
    assert_eq!(spent(&ledger), 10 + 5 * 10);
}

#[tokio::test]
async fn an_address_that_cannot_be_reached_is_told_in_the_vendors_words() {
    let account = Account::with(3, |_| {}).await;
    let nowhere = Url::parse("http://127.0.0.1:1/").expect("a URL");
    let (hooks, _) = account.hooks(HookTarget::of(&nowhere, "acme", Secret::new("s3cret-s3cret-s3cret")));
    let failure = hooks.keep().await.expect_err("nobody is there");
    let Failure::Refused { reason } = &failure else { panic!("{failure:?}") };
    assert!(reason.contains("subscription_url") && reason.contains("non-reachable"), "{reason}");
    assert!(!reason.contains("s3cret"), "{reason}");
}

fn found(change: impl Fn(&mut Value)) -> Webhook {
    let mut webhook = json!({
        "id": 7, "subscription_url": "https://predial.example/acme/crm-changes", "event_action": "*",
        "event_object": "person", "version": "2.0", "is_active": 1, "remove_time": null, "name": "predial 1",
    });
    change(&mut webhook);
    serde_json::from_value(webhook).expect("a webhook")
}

fn plan(found: &[Webhook]) -> Plan {
    Plan::of(found, &Url::parse("https://predial.example/acme/crm-changes").expect("a URL"), "predial 1")
}

#[test]
fn of_what_stands_at_our_address_each_object_is_kept_once_and_the_rest_dropped() {
    let object = |id: u64, object: &'static str| {
        found(move |webhook| (webhook["id"], webhook["event_object"]) = (id.into(), object.into()))
    };
    let all: Vec<Webhook> = ALL.iter().zip(1..).map(|(name, id)| object(id, name)).collect();
    assert_eq!(plan(&all), Plan { standing: 5, dropped: vec![], missing: vec![] });
    let twice = [object(1, "person"), object(2, "person"), object(3, "activity")];
    assert_eq!(plan(&twice), Plan { standing: 1, dropped: vec![2, 3], missing: ALL[1..].to_vec() });
    assert_eq!(plan(&[]), Plan { standing: 0, dropped: vec![], missing: ALL.to_vec() });
}

#[test]
fn what_does_not_serve_is_dropped_and_what_is_not_said_is_taken_for_right() {
    for (member, value) in [
        ("version", json!("1.0")),
        ("event_action", json!("added")),
        ("is_active", json!(0)),
        ("is_active", json!(false)),
        ("name", json!("predial 2")),
    ] {
        let found = found(|webhook| webhook[member] = value.clone());
        assert_eq!(plan(&[found]).dropped, [7], "{member}");
    }
    for member in ["version", "is_active", "name", "remove_time"] {
        let found = found(|webhook| drop(webhook.as_object_mut().map(|webhook| webhook.remove(member))));
        assert_eq!(plan(&[found]).standing, 1, "{member}");
    }
    for (member, value) in [("subscription_url", json!("https://other.example/")), ("remove_time", json!("2026-11-20"))]
    {
        let found = found(|webhook| webhook[member] = value.clone());
        assert_eq!(plan(&[found]), plan(&[]), "{member}: none of ours, or gone");
    }
}

async fn hear(method: Method, body: &str) -> Result<Heard, Unheard> {
    let account = Account::with(1, |_| {}).await;
    let (hooks, _) = account.hooks(listening().await);
    let (headers, target) = (HeaderMap::new(), "/acme/crm-changes");
    hooks.hear(&Delivery { method: &method, target, headers: &headers, body: body.as_bytes() }).await
}

async fn told(meta: Value) -> Result<Heard, Unheard> {
    hear(Method::POST, &json!({"meta": meta, "data": {"phones": 7}, "previous": null}).to_string()).await
}

fn record(kind: Kind, id: u64) -> Hint {
    Hint::Record(kind, CrmId::Number(id))
}

#[tokio::test]
async fn an_event_names_the_record_to_read_again_and_a_merge_both_and_what_they_owned() {
    for (entity, kind) in [("person", Kind::Contact), ("organization", Kind::Organization), ("deal", Kind::Deal)] {
        for id in [json!("7"), json!(7)] {
            let heard = told(json!({"action": "change", "entity": entity, "entity_id": id})).await;
            assert_eq!(heard, Ok(Heard::Changes(vec![record(kind, 7)])), "{entity}");
        }
    }
    let uuid = "adf21080-0e10-11eb-879b-05d71fb426ec";
    let lead = CrmId::parse(uuid).expect("a UUID");
    let heard = told(json!({"action": "delete", "entity": "lead", "entity_id": uuid})).await;
    assert_eq!(heard, Ok(Heard::Changes(vec![Hint::Record(Kind::Lead, lead)])));
    for (member, first, other) in [("merged_to_id", 7, 8), ("merged_from_id", 8, 7)] {
        let mut meta = json!({"action": "delete", "entity": "person", "entity_id": first.to_string()});
        meta[member] = other.to_string().into();
        let both = vec![record(Kind::Contact, first), record(Kind::Contact, other), Hint::Sweep];
        assert_eq!(told(meta).await, Ok(Heard::Changes(both)));
    }
    assert_eq!(told(json!({"entity": "user", "entity_id": "101"})).await, Ok(Heard::Changes(vec![Hint::Users])));
    assert_eq!(told(json!({"entity": "note", "entity_id": "1"})).await, Ok(Heard::Changes(vec![])));
}

#[tokio::test]
async fn what_looks_whether_somebody_is_there_is_a_probe() {
    for (method, body) in [(Method::GET, ""), (Method::GET, "{}"), (Method::POST, "")] {
        assert_eq!(hear(method, body).await, Ok(Heard::Probe));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_said_without_what_stood_in_it() {
    let first_version = json!({"v": 1, "meta": {"action": "updated", "object": "person", "id": 380_671_112_233_u64}});
    for body in [
        first_version.to_string(),
        r#"{"meta":{"entity":"person","entity_id":"380671112233x"}}"#.to_owned(),
        r#"{"meta":{"entity":380671112233,"entity_id":"7"}}"#.to_owned(),
        r#"{"meta":{"entity":"person","entity_id":"380671112233"#.to_owned(),
        "380671112233".to_owned(),
        "[]".to_owned(),
    ] {
        let Err(Unheard::Unreadable { found }) = hear(Method::POST, &body).await else { panic!("{body}") };
        assert!(!found.contains("380671112233"), "{found}");
    }
}
