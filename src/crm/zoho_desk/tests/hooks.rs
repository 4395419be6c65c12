//! Webhooks: kept, heard, and not believed.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::Method, http::StatusCode};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sandbox::zoho_desk::{Change, ClaimUnit, Edition, Item, ORG_ID};
use tokio::net::TcpListener;

use super::account::{ANNA, Account, PLENTY};
use crate::base::secret::Secret;
use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Unheard};
use crate::crm::writer::{Mark, Order};
use crate::crm::zoho_desk::settings::prepare;
use crate::model::{
    action::Action,
    call::{Call, Direction},
    client::Kind,
    ids::CrmId,
};

/// A request as our door has it.
#[derive(Debug, Clone)]
struct Came {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

/// Where the vendor delivers: answers everything with a status and keeps it.
struct Door {
    url: String,
    came: Arc<Mutex<Vec<Came>>>,
    answer: Arc<Mutex<StatusCode>>,
}

type Kept = (Arc<Mutex<Vec<Came>>>, Arc<Mutex<StatusCode>>);

impl Door {
    async fn open() -> Self {
        let came = Arc::<Mutex<Vec<Came>>>::default();
        let answer = Arc::new(Mutex::new(StatusCode::OK));
        let keep = |State((came, answer)): State<Kept>, method: Method, headers: HeaderMap, body: Bytes| async move {
            came.lock().expect("whole").push(Came { method, headers, body });
            *answer.lock().expect("whole")
        };
        let app = Router::new().fallback(keep).with_state((Arc::clone(&came), Arc::clone(&answer)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/acme/crm-changes", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, came, answer }
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().expect("whole").clone()
    }
}

async fn hear(hooks: &dyn Hooks, came: &Came) -> Result<Heard, Unheard> {
    let Came { method, headers, body } = came;
    hooks.hear(&Delivery { method, target: "/acme/crm-changes", headers, body }).await
}

async fn small() -> Account {
    Account::with(20, |_| {}).await
}

/// A portal whose webhook stands, and what was delivered after a change of the known contact's owner.
async fn delivered() -> (Account, Arc<dyn Hooks>, Came) {
    let (account, door) = (small().await, Door::open().await);
    let hooks = account.hooks_at(&door.url);
    hooks.keep().await.expect("webhooks");
    let item = Item::Contact(account.contact);
    account.sandbox.change(Change::SetOwner { item, owner_id: Some(ANNA + 1) }).expect("a contact");
    account.sandbox.ground().hooks.delivered(3).await;
    let came = door.came().pop().expect("a delivery");
    (account, hooks, came)
}

fn with_token(came: &Came, token: &str) -> Came {
    let mut headers = came.headers.clone();
    headers.insert("x-zdesk-jwt", token.parse().expect("a header"));
    Came { headers, ..came.clone() }
}

fn is_not_genuine(heard: &Result<Heard, Unheard>, words: &str) {
    assert!(matches!(heard, Err(Unheard::NotGenuine { found }) if found.contains(words)), "{words}: {heard:?}");
}

#[tokio::test]
async fn one_webhook_is_registered_and_both_probes_are_heard_as_such() {
    let (account, door) = (small().await, Door::open().await);
    let hooks = account.hooks_at(&door.url);
    let kept = hooks.keep().await.expect("webhooks");
    assert_eq!((kept.standing, kept.by_hand.is_none()), (1, true));
    let webhooks = account.sandbox.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0].url, format!("{}?token=changes-token", door.url));
    assert!(webhooks[0].ignore_source_id.is_some() && webhooks[0].subscriptions.contains_key("Ticket_Delete"));
    let probes = door.came();
    assert_eq!(probes.iter().map(|came| came.method.clone()).collect::<Vec<_>>(), [Method::GET, Method::POST]);
    for probe in &probes {
        assert_eq!(hear(&*hooks, probe).await, Ok(Heard::Probe));
    }
}

#[tokio::test]
async fn the_reader_and_the_webhooks_share_their_access_token() {
    let (account, door) = (small().await, Door::open().await);
    let prepared = prepare(&account.section()).expect("a section");
    let tools = Account::tools(PLENTY, Duration::from_secs(10));
    let target = HookTarget { url: door.url.parse().expect("a URL"), token: Secret::new("changes-token") };
    let (reader, hooks) = (prepared.reader(tools.clone()), prepared.hooks(tools, target).expect("webhooks"));
    reader.users().await.expect("users");
    hooks.keep().await.expect("webhooks");
    let tokens = account.sandbox.asked().iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn what_stands_is_left_as_it_is_and_what_does_not_serve_is_replaced() {
    let (account, door) = (small().await, Door::open().await);
    account.hooks_at(&door.url).keep().await.expect("webhooks");
    let first = account.sandbox.webhooks();
    let again = account.hooks_at(&door.url);
    again.keep().await.expect("webhooks");
    assert_eq!(account.sandbox.webhooks()[0].id, first[0].id, "another process finds it again");
    let id = first[0].id;
    account.sandbox.ground().hooks.delivered(2).await;
    // Somebody switches it off, as the vendor's own pages allow it.
    account.sandbox.vendor().set_webhook_enabled(id, false);
    again.keep().await.expect("webhooks");
    let now = account.sandbox.webhooks();
    assert!(now.len() == 1 && now[0].is_enabled && now[0].id >= id, "{now:?}");
}

#[tokio::test]
async fn a_subscription_that_a_410_ended_is_made_anew_and_heard() {
    let (account, door) = (small().await, Door::open().await);
    let hooks = account.hooks_at(&door.url);
    hooks.keep().await.expect("webhooks");
    let first = account.sandbox.webhooks()[0].id;
    let owned = |owner_id| {
        let item = Item::Contact(account.contact);
        account.sandbox.change(Change::SetOwner { item, owner_id: Some(owner_id) }).expect("a contact");
    };
    *door.answer.lock().expect("whole") = StatusCode::GONE;
    owned(ANNA + 1);
    while !account.sandbox.webhooks().is_empty() {
        tokio::task::yield_now().await;
    }
    *door.answer.lock().expect("whole") = StatusCode::OK;
    assert_eq!(hooks.keep().await.expect("webhooks").standing, 1);
    let now = account.sandbox.webhooks();
    assert!(now.len() == 1 && now[0].id != first, "{now:?}");
    owned(ANNA);
    account.sandbox.ground().hooks.delivered(6).await;
    let contact = Hint::Record(Kind::Contact, account.contact.into());
    assert_eq!(hear(&*hooks, &door.came().pop().expect("a delivery")).await, Ok(Heard::Changes(vec![contact])));
}

#[tokio::test]
async fn other_projects_webhooks_are_not_touched() {
    let (account, one, other) = (small().await, Door::open().await, Door::open().await);
    account.hooks_at(&one.url).keep().await.expect("webhooks");
    account.hooks_at(&other.url).keep().await.expect("webhooks");
    account.hooks_at(&one.url).keep().await.expect("webhooks");
    assert_eq!(account.sandbox.webhooks().len(), 2);
}

#[tokio::test]
async fn an_edition_without_webhooks_is_told_and_stops_nothing() {
    let account = Account::with(20, |options| options.edition = Edition::Standard).await;
    let kept = account.hooks_at("https://predial.acme.example/acme/crm-changes").keep().await.expect("an answer");
    assert_eq!(kept.standing, 0);
    assert!(kept.by_hand.expect("a word").contains("LICENSE_ACCESS_LIMITED"));
}

#[tokio::test]
async fn a_door_that_does_not_answer_the_probes_is_told_in_the_vendors_words() {
    let (account, door) = (small().await, Door::open().await);
    *door.answer.lock().expect("whole") = StatusCode::UNAUTHORIZED;
    let failure = account.hooks_at(&door.url).keep().await.expect_err("refused");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("/url")), "{failure:?}");
}

#[tokio::test]
async fn a_genuine_delivery_names_what_is_to_be_read_again() {
    let (account, hooks, came) = delivered().await;
    let contact = Hint::Record(Kind::Contact, account.contact.into());
    assert_eq!(hear(&*hooks, &came).await, Ok(Heard::Changes(vec![contact])));
}

#[tokio::test]
async fn deletes_accounts_tickets_and_agents_are_told_too() {
    let (account, door) = (small().await, Door::open().await);
    let hooks = account.hooks_at(&door.url);
    hooks.keep().await.expect("webhooks");
    for change in [
        Change::Trash { item: Item::Contact(account.contact) },
        Change::SetPhones { item: Item::Account(account.firm), phones: vec!["1".to_owned()] },
        Change::SetOwner { item: Item::Ticket(account.ticket), owner_id: None },
        Change::SetAgentActive { agent_id: ANNA, active: false },
    ] {
        account.sandbox.change(change).expect("a change");
    }
    account.sandbox.ground().hooks.delivered(6).await;
    let mut hints = Vec::new();
    for came in &door.came()[2..] {
        match hear(&*hooks, came).await {
            Ok(Heard::Changes(some)) => hints.extend(some),
            other => panic!("expected changes, found {other:?}"),
        }
    }
    let record = |kind, id: u64| Hint::Record(kind, CrmId::Number(id));
    assert_eq!(
        hints,
        [
            record(Kind::Contact, account.contact),
            record(Kind::Organization, account.firm),
            record(Kind::Ticket, account.ticket),
            Hint::Users,
        ]
    );
}

#[tokio::test]
async fn a_forged_delivery_is_not_believed() {
    let (account, hooks, came) = delivered().await;
    let token = came.headers["x-zdesk-jwt"].to_str().expect("text").to_owned();
    let webhook = account.sandbox.webhooks()[0].id;
    let parts: Vec<&str> = token.split('.').collect();
    let forged = |header: &str, claims: &str| {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode(claims), parts[2])
    };
    let claims = format!(r#"{{"iss":"orgId:{ORG_ID}","aud":"webhookId:{webhook}","exp":4102444800}}"#);
    let other_claims = forged(r#"{"alg":"RS256","kid":"sandbox-1"}"#, &claims);
    is_not_genuine(&hear(&*hooks, &with_token(&came, &other_claims)).await, "signature");
    let none = forged(r#"{"alg":"none","kid":"sandbox-1"}"#, &claims);
    is_not_genuine(&hear(&*hooks, &with_token(&came, &none)).await, "RS256");
    let hs256 = forged(r#"{"alg":"HS256","kid":"sandbox-1"}"#, &claims);
    is_not_genuine(&hear(&*hooks, &with_token(&came, &hs256)).await, "RS256");
    let unknown = forged(r#"{"alg":"RS256","kid":"mine"}"#, &claims);
    is_not_genuine(&hear(&*hooks, &with_token(&came, &unknown)).await, "a key");
    for nonsense in ["", "a", "a.b", "a.b.c", &"a".repeat(10_000)] {
        let heard = hear(&*hooks, &with_token(&came, nonsense)).await;
        assert!(matches!(heard, Err(Unheard::NotGenuine { .. })), "{nonsense}");
    }
    let unsigned = Came { headers: HeaderMap::new(), ..came };
    is_not_genuine(&hear(&*hooks, &unsigned).await, "no token");
}

#[tokio::test]
async fn another_portals_or_webhooks_token_is_not_believed_and_the_body_cannot_name_another() {
    let (account, hooks, came) = delivered().await;
    let webhook = account.sandbox.webhooks()[0].id;
    let of = |org_id, webhook_id| account.sandbox.delivery_token(org_id, webhook_id, 0).expect("a token");
    is_not_genuine(&hear(&*hooks, &with_token(&came, &of(ORG_ID + 1, webhook))).await, "another portal");
    is_not_genuine(&hear(&*hooks, &with_token(&came, &of(ORG_ID, webhook + 1))).await, "another webhook");
    let body = r#"[{"eventType":"Contact_Update","orgId":"7","payload":{"id":"1"}}]"#;
    let foreign = Came { body: body.into(), ..with_token(&came, &of(ORG_ID, webhook)) };
    is_not_genuine(&hear(&*hooks, &foreign).await, "another portal");
}

#[tokio::test]
async fn a_replayed_delivery_is_believed_until_its_token_expires_and_no_longer() {
    let (account, hooks, came) = delivered().await;
    let webhook = account.sandbox.webhooks()[0].id;
    let made = |before_s: i64| account.sandbox.delivery_token(ORG_ID, webhook, -before_s).expect("a token");
    for unit in [ClaimUnit::Milliseconds, ClaimUnit::Seconds] {
        account.sandbox.set_claim_unit(unit);
        assert!(hear(&*hooks, &with_token(&came, &made(200))).await.is_ok(), "{unit:?}");
        is_not_genuine(&hear(&*hooks, &with_token(&came, &made(1_000))).await, "expired");
        is_not_genuine(&hear(&*hooks, &with_token(&came, &made(-1_000))).await, "future");
    }
}

#[tokio::test]
async fn a_key_that_is_new_is_fetched_and_an_unknown_one_only_once_a_minute() {
    let (account, hooks, came) = delivered().await;
    let webhook = account.sandbox.webhooks()[0].id;
    let fetched = || account.paths().iter().filter(|path| path.ends_with("jwks.json")).count();
    hear(&*hooks, &came).await.expect("genuine");
    hear(&*hooks, &came).await.expect("genuine");
    assert_eq!(fetched(), 1, "kept");
    account.sandbox.rotate_signing_key();
    let rotated = with_token(&came, &account.sandbox.delivery_token(ORG_ID, webhook, 0).expect("a token"));
    for _ in 0..3 {
        is_not_genuine(&hear(&*hooks, &rotated).await, "a key");
    }
    assert_eq!(fetched(), 1, "asked a moment ago");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    hear(&*hooks, &rotated).await.expect("genuine");
    is_not_genuine(&hear(&*hooks, &came).await, "a key");
    assert_eq!(fetched(), 2);
}

#[tokio::test]
async fn a_genuine_token_over_what_cannot_be_read_is_told_apart_from_a_forgery() {
    let (_account, hooks, came) = delivered().await;
    for body in ["", "{}", "[1]", "<html>", "[{\"eventType\":"] {
        let unreadable = Came { body: body.into(), ..came.clone() };
        assert!(matches!(hear(&*hooks, &unreadable).await, Err(Unheard::Unreadable { .. })), "{body}");
    }
    let others =
        r#"[{"eventType":"Ticket_Comment_Add","payload":{"id":"1"}},{"payload":null},{"eventType":"KBSection_Add"}]"#;
    let others = Came { body: others.into(), ..came.clone() };
    assert_eq!(hear(&*hooks, &others).await, Ok(Heard::Changes(Vec::new())));
    let nameless = r#"[{"eventType":"Contact_Delete","payload":null}]"#;
    let nameless = Came { body: nameless.into(), ..came };
    assert_eq!(hear(&*hooks, &nameless).await, Ok(Heard::Changes(vec![Hint::Sweep])));
}

#[tokio::test]
async fn what_the_writer_makes_is_told_like_what_people_make() {
    let (account, door) = (small().await, Door::open().await);
    let hooks = account.hooks_at(&door.url);
    hooks.keep().await.expect("webhooks");
    let writer =
        prepare(&account.section()).expect("a section").writer(Account::tools(PLENTY, Duration::from_secs(10)));
    let (kind, title, text) = (Kind::Contact, "New".to_owned(), String::new());
    let order = Order {
        mark: Mark::of(&["acme", "1", "contact"]),
        action: Action::Create { kind, title, text, utm: false, recording: false, fields: Vec::new() },
        owner: Some(ANNA.into()),
        on: Vec::new(),
        call: Call::new(Direction::In),
        zone: jiff::tz::TimeZone::UTC,
        audio: None,
    };
    let made = writer.expect("a writer").perform(&order, &[]).await.expect("a contact");
    account.sandbox.ground().hooks.delivered(3).await;
    let told = hear(&*hooks, &door.came().pop().expect("a delivery")).await;
    let contact = Hint::Record(Kind::Contact, CrmId::parse(&made.id).expect("an id"));
    assert_eq!(told, Ok(Heard::Changes(vec![contact])));
}
