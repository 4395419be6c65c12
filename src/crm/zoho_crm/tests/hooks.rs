//! Channels, and what they deliver.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use sandbox::zoho_crm::{Change, Fault, FaultKind, Item, Module};
use url::Url;

use super::account::{Account, PLENTY};
use super::reading::small;
use crate::base::{clock::Clock, secret::Secret};
use crate::crm::Tools;
use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Unheard};
use crate::model::client::Kind;

/// Where nobody listens: what is delivered is looked at all the same.
pub(super) fn target(path: &str) -> HookTarget {
    let url = Url::parse(&format!("http://127.0.0.1:9{path}")).expect("a URL");
    HookTarget { url, token: Secret::new("d0or-t0ken-of-whatever-length-an-operator-thought-fit-for-it") }
}

/// The same hooks, as if so much time had passed.
pub(super) fn later(account: &Account, by: Duration) -> Arc<dyn Hooks> {
    let tools = super::account::tools_of(PLENTY);
    let clock = Clock::following(Timestamp::now().checked_add(by).expect("a time"));
    account.prepared().hooks(Tools { clock, ..tools }, target("/acme/crm-changes")).expect("hooks")
}

fn sent(account: &Account) -> Vec<String> {
    let asked = account.sandbox.asked().into_iter().filter(|asked| asked.path.ends_with("/watch"));
    asked.map(|asked| asked.method).filter(|method| method != "GET").collect()
}

async fn hear(hooks: &dyn Hooks, method: &Method, body: &str) -> Result<Heard, Unheard> {
    let headers = HeaderMap::new();
    hooks.hear(&Delivery { method, target: "/acme/crm-changes", headers: &headers, body: body.as_bytes() }).await
}

#[tokio::test]
async fn a_channel_is_made_once_and_left_alone_while_it_has_days_to_live() {
    let account = small(|_| {}).await;
    let hooks = account.hooks(target("/acme/crm-changes"));
    for _ in 0..3 {
        let kept = hooks.keep().await.expect("kept");
        assert_eq!((kept.standing, kept.again, kept.by_hand), (1, Duration::from_secs(86_400), None));
    }
    assert_eq!((sent(&account), account.sandbox.channels()), (vec!["POST".to_owned()], 1));
    account.hooks(target("/other/crm-changes")).keep().await.expect("kept");
    assert_eq!(account.sandbox.channels(), 2, "another project has its own");
}

#[tokio::test]
async fn a_channel_is_renewed_before_it_dies_and_made_again_if_it_did() {
    const DAY: Duration = Duration::from_secs(86_400);
    let account = small(|_| {}).await;
    later(&account, Duration::ZERO).keep().await.expect("kept");
    let hour = Duration::from_secs(3_600);
    account.sandbox.advance(DAY + hour);
    later(&account, DAY + hour).keep().await.expect("kept");
    account.sandbox.advance(5 * DAY);
    assert_eq!(account.sandbox.channels(), 1, "without the renewal it would be dead by now");
    account.sandbox.advance(3 * DAY);
    assert_eq!(account.sandbox.channels(), 0);
    later(&account, 10 * DAY).keep().await.expect("kept");
    assert_eq!(sent(&account), ["POST", "PUT", "POST"]);
}

#[tokio::test]
async fn a_channel_tells_of_all_four_modules_not_of_related_ones_and_bears_a_token_of_forty_signs() {
    let account = small(|_| {}).await;
    account.hooks(target("/acme/crm-changes")).keep().await.expect("kept");
    let asked =
        account.sandbox.asked().into_iter().find(|asked| asked.method == "POST" && asked.path.ends_with("/watch"));
    let body: serde_json::Value = serde_json::from_str(&asked.expect("a request").body.expect("a body")).expect("JSON");
    let channel = &body["watch"][0];
    assert_eq!(channel["events"], serde_json::json!(["Leads.all", "Contacts.all", "Accounts.all", "Deals.all"]));
    assert_eq!(channel["notify_on_related_action"], false);
    assert_eq!(channel["token"].as_str().map(str::len), Some(40));
    let expiry: Timestamp = channel["channel_expiry"].as_str().expect("a time").parse().expect("a time");
    assert!(expiry.as_second() - Timestamp::now().as_second() < 7 * 86_400);
    let url = channel["notify_url"].as_str().expect("a URL");
    assert!(url.starts_with("http://127.0.0.1:9/acme/crm-changes?token=d0or-"), "{url}");
}

#[tokio::test]
async fn what_changed_is_heard_as_a_record_to_be_read_again() {
    let account = small(|_| {}).await;
    let hooks = account.hooks(target("/acme/crm-changes"));
    hooks.keep().await.expect("kept");
    let owner_id = sandbox::zoho_crm::EMPLOYEES[1];
    for (module, id, kind) in [
        (Module::Contacts, account.contact, Kind::Contact),
        (Module::Deals, account.deal, Kind::Deal),
        (Module::Leads, account.lead, Kind::Lead),
        (Module::Accounts, account.account, Kind::Organization),
    ] {
        let before = account.sandbox.ground().hooks.tried().len();
        account.sandbox.change(Change::SetOwner { item: Item { module, id }, owner_id }).expect("changed");
        let delivered = account.sandbox.ground().hooks.delivered(before + 1).await;
        let body = &delivered.last().expect("a delivery").hook.body;
        let hint = Hint::Record(kind, id.into());
        assert_eq!(hear(&*hooks, &Method::POST, body).await, Ok(Heard::Changes(vec![hint])));
        // The same again, however late, is the same hint: it is read again, nothing more.
        assert_eq!(hear(&*hooks, &Method::POST, body).await, Ok(Heard::Changes(vec![hint])));
    }
}

#[tokio::test]
async fn a_delivery_with_another_token_or_of_another_channel_is_not_believed() {
    let account = small(|_| {}).await;
    let (hooks, others) = (account.hooks(target("/acme/crm-changes")), account.hooks(target("/other/crm-changes")));
    hooks.keep().await.expect("kept");
    let item = Item { module: Module::Contacts, id: account.contact };
    account.sandbox.change(Change::SetOwner { item, owner_id: sandbox::zoho_crm::EMPLOYEES[1] }).expect("changed");
    let delivered = account.sandbox.ground().hooks.delivered(1).await;
    let body: serde_json::Value = serde_json::from_str(&delivered[0].hook.body).expect("JSON");
    let not_genuine = |heard: Result<Heard, Unheard>| matches!(heard, Err(Unheard::NotGenuine { .. }));
    assert!(not_genuine(hear(&*others, &Method::POST, &body.to_string()).await));
    for (name, value) in [
        ("token", serde_json::json!("guessed")),
        ("token", serde_json::json!("")),
        ("token", serde_json::json!(null)),
        ("channel_id", serde_json::json!("1")),
        ("channel_id", serde_json::json!(null)),
    ] {
        let mut forged = body.clone();
        forged[name] = value;
        assert!(not_genuine(hear(&*hooks, &Method::POST, &forged.to_string()).await), "{name}");
    }
    let mut numbered = body.clone();
    numbered["channel_id"] = body["channel_id"].as_str().and_then(|id| id.parse::<u64>().ok()).into();
    assert!(hear(&*hooks, &Method::POST, &numbered.to_string()).await.is_ok(), "its number may come as one");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_as_such_and_what_is_not_ours_to_read_is_nothing() {
    let account = small(|_| {}).await;
    let hooks = account.hooks(target("/acme/crm-changes"));
    hooks.keep().await.expect("kept");
    let item = Item { module: Module::Contacts, id: account.contact };
    account.sandbox.change(Change::SetOwner { item, owner_id: sandbox::zoho_crm::EMPLOYEES[1] }).expect("changed");
    let delivered = account.sandbox.ground().hooks.delivered(1).await;
    let genuine: serde_json::Value = serde_json::from_str(&delivered[0].hook.body).expect("JSON");
    let with = |name: &str, value: serde_json::Value| {
        let mut body = genuine.clone();
        body[name] = value;
        body.to_string()
    };
    for body in ["<html>".to_owned(), "[]".to_owned(), with("ids", serde_json::json!(["Anna"]))] {
        assert!(matches!(hear(&*hooks, &Method::POST, &body).await, Err(Unheard::Unreadable { .. })), "{body}");
    }
    let nothing = Ok(Heard::Changes(Vec::new()));
    assert_eq!(hear(&*hooks, &Method::POST, &with("module", serde_json::json!("Tasks"))).await, nothing);
    let many: Vec<String> = (1..=101).map(|id: u64| id.to_string()).collect();
    let sweep = Ok(Heard::Changes(vec![Hint::Sweep]));
    assert_eq!(hear(&*hooks, &Method::POST, &with("ids", serde_json::json!(many))).await, sweep);
    assert_eq!(hear(&*hooks, &Method::POST, "").await, Ok(Heard::Probe));
    assert_eq!(hear(&*hooks, &Method::GET, "").await, Ok(Heard::Probe));
}

#[tokio::test]
async fn a_refusal_in_a_row_of_a_success_is_a_refusal() {
    let account = small(|_| {}).await;
    let hooks = account.hooks(target("/acme/crm-changes"));
    let row = r#"{"code":"INVALID_DATA","details":{},"message":"invalid data","status":"error"}"#;
    let body = format!(r#"{{"watch":[{row}]}}"#);
    let kind = FaultKind::Status { status: 202, headers: [].into(), body };
    account.sandbox.stage_fault(Fault::new(kind).on("/crm/v8/actions/watch"));
    let failure = hooks.keep().await.expect_err("refused");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("INVALID_DATA")), "{failure:?}");
}
