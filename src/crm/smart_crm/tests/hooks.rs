//! Webhooks: registered, delivered, heard.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::Request, http::StatusCode, routing::any};
use http::{HeaderMap, HeaderValue, Method};
use sandbox::kit::StandIn;
use sandbox::smart_crm::{Change, EntityKind, Options};
use url::Url;

use super::account::{Account, Employee, id};
use crate::base::secret::Secret;
use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Unheard};
use crate::crm::smart_crm::hear::hear;
use crate::model::{client::Kind, ids::CrmId};

const TOKEN: &str = "k3y&<of>\"acme\"";
const CONTACT: &str = "6d81597f-0f9f-e711-8122-000d3aa2331c";
const ELSEWHERE: &str = "https://predial.acme.example/acme/crm-changes";

/// What was delivered, to be heard.
#[derive(Debug, Clone)]
struct Came {
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A door that keeps what comes and answers with a status.
struct Door {
    url: Url,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Door {
    async fn open(status: u16) -> Self {
        let came = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&came);
        let take = async move |request: Request| {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            let target = parts.uri.to_string();
            kept.lock().expect("no panic").push(Came { target, headers: parts.headers, body });
            StatusCode::from_u16(status).expect("a status")
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/acme/crm-changes", listener.local_addr().expect("its address"));
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(take))).await });
        Self { url: Url::parse(&url).expect("a URL"), came }
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().expect("no panic").clone()
    }
}

pub(super) fn target(url: Url) -> HookTarget {
    HookTarget { url, token: Secret::new(TOKEN) }
}

async fn registered(change: impl FnOnce(&mut Options), status: u16) -> (Account, Door, Arc<dyn Hooks>) {
    let account = Account::with(40, change).await;
    let door = Door::open(status).await;
    let hooks = account.hooks(target(door.url.clone()));
    hooks.keep().await.expect("kept");
    (account, door, hooks)
}

async fn heard(hooks: &dyn Hooks, came: &Came) -> Result<Heard, Unheard> {
    let Came { target, headers, body } = came;
    hooks.hear(&Delivery { method: &Method::POST, target, headers, body }).await
}

#[tokio::test]
async fn what_is_missing_is_registered_once_and_what_stands_is_left() {
    let account = Account::small().await;
    let hooks = account.hooks(target(Url::parse("http://127.0.0.1:9/acme/crm-changes").expect("a URL")));
    let kept = hooks.keep().await.expect("kept");
    // Five messages of five tables but for merges of opportunities, and two of users.
    assert_eq!((kept.standing, &kept.by_hand), (5 * 5 - 1 + 2, &None));
    let posted = || account.requests().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!(posted(), 1 + kept.standing);
    assert_eq!(hooks.keep().await.expect("kept"), kept);
    assert_eq!(posted(), 1 + kept.standing, "nothing twice");
}

#[tokio::test]
async fn an_application_that_may_not_register_is_told_what_to_do_by_hand() {
    let account = Account::with(10, |options| options.may_register = false).await;
    let hooks = account.hooks(target(Url::parse("http://127.0.0.1:9/acme/crm-changes").expect("a URL")));
    let kept = hooks.keep().await.expect("kept");
    let told = kept.by_hand.expect("by hand");
    assert!(
        kept.standing == 0 && told.contains("Plug-in Registration") && told.contains("prvCreateServiceEndpoint"),
        "{told}"
    );
    assert!(!told.contains(TOKEN));
}

#[tokio::test]
async fn a_public_url_with_a_port_of_its_own_cannot_be_posted_to() {
    let account = Account::small().await;
    let hooks = account.hooks(target(Url::parse("https://predial.acme.example:8443/acme/crm-changes").expect("a URL")));
    let kept = hooks.keep().await.expect("kept");
    assert!(kept.by_hand.expect("by hand").contains("443") && account.requests().is_empty());
    let hooks = account.hooks(target(Url::parse(ELSEWHERE).expect("a URL")));
    assert!(hooks.keep().await.expect("kept").by_hand.is_none());
}

#[tokio::test]
async fn a_crm_that_is_away_is_a_failure_and_no_work_for_hands() {
    let account = Account::small().await;
    let hooks = account.hooks(target(Url::parse(ELSEWHERE).expect("a URL")));
    account.sandbox.stage_fault(sandbox::smart_crm::Fault::status(503).on("/api/"));
    assert!(matches!(hooks.keep().await, Err(Failure::Wait { .. })));
}

#[tokio::test]
async fn a_change_of_owner_is_delivered_with_the_key_and_names_the_record() {
    let (account, door, hooks) = registered(|_| {}, 200).await;
    let owner_id = account.sandbox.vendor_employee();
    account.change(Change::SetOwner { entity: account.contact.clone(), owner_id });
    account.sandbox.delivered(1).await;
    let came = door.came();
    let contact = Heard::Changes(vec![Hint::Record(Kind::Contact, id(&account.contact))]);
    assert_eq!(heard(&*hooks, &came[0]).await, Ok(contact));
    assert!(came[0].target.starts_with("/acme/crm-changes?token="), "{}", came[0].target);
}

#[tokio::test]
async fn every_kind_of_change_is_heard_of_every_kind_of_record() {
    let (account, door, hooks) = registered(|_| {}, 200).await;
    let (winner, user_id) = (account.sandbox.samples(), account.sandbox.vendor_employee());
    let winner = winner.iter().find(|sample| sample.name == "contact").expect("a sample").open[0].id.clone();
    let winner = sandbox::smart_crm::Entity::new(EntityKind::Contact, winner);
    account.change(Change::SetState { entity: account.lead.clone(), state: 2, status: 4 });
    account.change(Change::Delete { entity: account.incident.clone() });
    account.change(Change::Merge { loser: account.contact.clone(), winner: winner.clone() });
    account.change(Change::SetUserActive { user_id, active: false });
    // The deal of the loser, the winner and the loser, the merge itself, beside the three others.
    account.sandbox.delivered(7).await;
    let mut hints = Vec::new();
    for came in door.came() {
        match heard(&*hooks, &came).await {
            Ok(Heard::Changes(of)) => hints.extend(of),
            other => panic!("expected changes, found {other:?}"),
        }
    }
    for hint in [
        Hint::Record(Kind::Lead, id(&account.lead)),
        Hint::Record(Kind::Ticket, id(&account.incident)),
        Hint::Record(Kind::Deal, id(&account.deal)),
        Hint::Record(Kind::Contact, id(&account.contact)),
        Hint::Record(Kind::Contact, id(&winner)),
        Hint::Users,
    ] {
        assert!(hints.contains(&hint), "{hint:?} of {hints:?}");
    }
}

#[tokio::test]
async fn a_delivery_that_was_stripped_for_its_length_still_names_its_record() {
    let (account, door, hooks) = registered(|options| options.limits.hook_bytes = 900, 200).await;
    account.change(Change::SetPhones { entity: account.contact.clone(), phones: vec!["0440000000".to_owned()] });
    account.sandbox.delivered(1).await;
    let came = &door.came()[0];
    assert!(came.headers.contains_key("x-ms-dynamics-msg-size-exceeded"));
    let contact = Heard::Changes(vec![Hint::Record(Kind::Contact, id(&account.contact))]);
    assert_eq!(heard(&*hooks, came).await, Ok(contact));
}

#[tokio::test]
async fn a_column_that_no_look_up_needs_is_not_told() {
    let (account, door, _) = registered(|_| {}, 200).await;
    let (column, text) = ("description".to_owned(), Some("n".repeat(1_000)));
    account.change(Change::SetText { entity: account.contact.clone(), column, text });
    account.change(Change::SetPhones { entity: account.contact.clone(), phones: Vec::new() });
    account.sandbox.delivered(1).await;
    assert_eq!(door.came().len(), 1);
}

fn said(key: &str, headers: &[(&'static str, &str)], body: &str) -> Result<Heard, Unheard> {
    asked(&Method::POST, &format!("/acme/crm-changes?{key}"), headers, body)
}

fn asked(method: &Method, target: &str, headers: &[(&'static str, &str)], body: &str) -> Result<Heard, Unheard> {
    let value = |value: &str| HeaderValue::from_str(value).expect("a header");
    let headers: HeaderMap =
        headers.iter().map(|(name, text)| (http::HeaderName::from_static(name), value(text))).collect();
    hear(&Delivery { method, target, headers: &headers, body: body.as_bytes() }, &Secret::new("k3y"))
}

fn update() -> String {
    format!(
        r#"{{"MessageName":"Update","PrimaryEntityName":"contact","PrimaryEntityId":"{CONTACT}","InputParameters":[]}}"#
    )
}

fn contact() -> Heard {
    Heard::Changes(vec![Hint::Record(Kind::Contact, CrmId::parse(CONTACT).expect("a UUID"))])
}

#[test]
fn the_key_opens_under_both_names_and_as_a_bearer_and_a_forged_one_never() {
    for key in ["token=k3y", "code=k3y", "a=b&code=k3y"] {
        assert_eq!(said(key, &[], &update()), Ok(contact()), "{key}");
    }
    assert_eq!(said("", &[("authorization", "Bearer k3y")], &update()), Ok(contact()));
    assert_eq!(said("", &[("authorization", "Basic Y3JtOmszeQ==")], &update()), Ok(contact()));
    for key in ["", "token=", "token=k3", "code=k3yy", "key=k3y", "token=other&x=k3y"] {
        assert!(matches!(said(key, &[], &update()), Err(Unheard::NotGenuine { .. })), "{key}");
    }
    assert!(matches!(said("", &[("authorization", "Bearer other")], &update()), Err(Unheard::NotGenuine { .. })));
}

#[test]
fn a_look_whether_somebody_is_there_is_answered_as_one() {
    assert_eq!(asked(&Method::GET, "/acme/crm-changes?token=k3y", &[], ""), Ok(Heard::Probe));
    assert!(matches!(asked(&Method::GET, "/acme/crm-changes", &[], ""), Err(Unheard::NotGenuine { .. })));
}

#[test]
fn what_cannot_be_read_is_told_and_what_names_no_record_asks_for_a_sweep() {
    for body in ["", "<html>", "[]", "7", "{}", r#"{"PrimaryEntityName":7}"#] {
        assert!(matches!(said("token=k3y", &[], body), Err(Unheard::Unreadable { .. })), "{body}");
    }
    let sweep = Ok(Heard::Changes(vec![Hint::Sweep]));
    for body in [
        r#"{"PrimaryEntityName":"contact"}"#,
        r#"{"PrimaryEntityName":"contact","PrimaryEntityId":null}"#,
        r#"{"PrimaryEntityName":"contact","PrimaryEntityId":"00000000-0000-0000-0000-000000000000"}"#,
        r#"{"PrimaryEntityName":"contact","PrimaryEntityId":"12"}"#,
    ] {
        assert_eq!(said("token=k3y", &[], body), sweep, "{body}");
    }
    assert_eq!(said("token=k3y", &[("x-ms-dynamics-msg-size-exceeded", "true")], "<cut"), sweep);
}

#[test]
fn another_table_is_nobodys_matter_and_a_users_change_is_told() {
    let of = |logical: &str| update().replace("contact", logical);
    assert_eq!(said("token=k3y", &[], &of("salesorder")), Ok(Heard::Changes(Vec::new())));
    assert_eq!(said("token=k3y", &[], &of("systemuser")), Ok(Heard::Changes(vec![Hint::Users])));
    let nameless = r#"{"PrimaryEntityId":"6d81597f-0f9f-e711-8122-000d3aa2331c"}"#;
    assert_eq!(said("token=k3y", &[("x-ms-dynamics-entity-name", "contact")], nameless), Ok(contact()));
}

#[test]
fn a_delivery_that_comes_again_or_late_says_no_more_than_that_a_record_is_to_be_read() {
    // Nothing in it is believed but the id, so a replay does no harm beyond one reading.
    assert_eq!(said("token=k3y", &[], &update()), said("token=k3y", &[], &update()));
}

#[test]
fn a_merge_names_both_or_asks_for_a_sweep_where_it_was_stripped() {
    let merge = |parameters: &str| {
        let text = update().replace("Update", "Merge");
        said("token=k3y", &[], &text.replace("\"InputParameters\":[]", &format!("\"InputParameters\":{parameters}")))
    };
    let Heard::Changes(winner) = contact() else { panic!("expected changes") };
    let loser = "7d81597f-0f9f-e711-8122-000d3aa2331c";
    let both = vec![winner[0], Hint::Record(Kind::Contact, CrmId::parse(loser).expect("a UUID"))];
    assert_eq!(merge(&format!(r#"[{{"key":"SubordinateId","value":"{loser}"}}]"#)), Ok(Heard::Changes(both)));
    for stripped in ["null", "[]"] {
        assert_eq!(merge(stripped), Ok(Heard::Changes(vec![winner[0], Hint::Sweep])));
    }
}
