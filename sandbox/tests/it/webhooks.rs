//! Webhooks of Pipedrive's stand-in: what is told of a change, and the vendor's rules for those who do not listen.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use sandbox::pipedrive::{Change, Item, Options, Pipedrive};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{Reply, TOKEN, exchange, get};

/// Somebody who is told: answers as scripted, then 200.
pub(crate) struct Listener {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    pub(crate) async fn open(statuses: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/acme/crm-changes", listener.local_addr().unwrap());
        let (heard, mut statuses) = (Arc::new(Mutex::new(Vec::new())), VecDeque::from(statuses));
        let noting = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = String::new();
                while !whole(&text) {
                    let mut bytes = [0; 4096];
                    let read = stream.read(&mut bytes).await.unwrap_or(0);
                    text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
                }
                // The look at the address before a webhook is made is always answered well.
                let probed = text.starts_with("GET");
                let status = if probed { 200 } else { statuses.pop_front().unwrap_or(200) };
                noting.lock().unwrap().push(text);
                let reply = format!("HTTP/1.1 {status} X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(reply.as_bytes()).await;
            }
        });
        Self { url, heard }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The bodies of what was posted, in the order it came.
    pub(crate) fn told_texts(&self) -> Vec<String> {
        let posted = self.heard().into_iter().filter(|text| text.starts_with("POST"));
        posted.map(|text| text.split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
    }

    /// The same, all of it JSON.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.told_texts().iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }
}

fn whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

async fn account(speed: f64) -> Pipedrive {
    let mut options = Options { clients: 10, speed, ..Options::default() };
    options.limits.burst = Some(100_000);
    options.limits.daily_tokens = Some(1_000_000_000);
    Pipedrive::start(options).await.unwrap()
}

fn wanted(url: &str, object: &str) -> Value {
    json!({
        "subscription_url": url, "event_action": "*", "event_object": object, "name": "predial", "version": "2.0",
        "http_auth_user": "predial", "http_auth_password": "s3cret",
    })
}

async fn add(sandbox: &Pipedrive, wanted: &Value) -> Reply {
    exchange(sandbox, "POST /v1/webhooks", &[TOKEN], &wanted.to_string()).await.unwrap()
}

fn own(sandbox: &Pipedrive, owner_id: u64) {
    sandbox.change(Change::SetOwner { item: Item::Person(1), owner_id }).unwrap();
}

async fn listed(sandbox: &Pipedrive) -> Vec<Value> {
    get(sandbox, "/v1/webhooks").await.data().as_array().unwrap().clone()
}

#[tokio::test]
async fn each_kind_of_change_is_told_in_the_second_versions_form() {
    let (sandbox, listener) = (account(1.0).await, Listener::open(vec![]).await);
    for object in ["person", "deal", "lead", "user"] {
        assert_eq!(add(&sandbox, &wanted(listener.url(), object)).await.status, 201, "{object}");
    }
    let one = |change| sandbox.change(change).unwrap();
    let Some(Item::Person(made)) =
        one(Change::CreatePerson { name: "New".to_owned(), phones: vec![], owner_id: 101, org_id: None })
    else {
        panic!("a person")
    };
    let mut tried = 5;
    let mut last = async |sandbox: &Pipedrive, more: usize| {
        tried += more;
        sandbox.ground().hooks.delivered(tried).await;
        let mut told = listener.told();
        told.drain(told.len() - more..).collect::<Vec<_>>()
    };
    let created = last(&sandbox, 0).await.len();
    assert_eq!(created, 0);
    let told = listener.told().remove(0);
    assert_eq!((&told["meta"]["action"], &told["meta"]["entity"]), (&json!("create"), &json!("person")));
    assert_eq!((&told["meta"]["entity_id"], &told["data"]["id"]), (&json!(made.to_string()), &json!(made)));
    assert_eq!((&told["previous"], &told["meta"]["attempt"]), (&Value::Null, &json!(1)));
    one(Change::SetOwner { item: Item::Person(made), owner_id: 102 });
    let told = last(&sandbox, 1).await.remove(0);
    assert_eq!((&told["data"]["owner_id"], &told["previous"]["owner_id"]), (&json!(102), &json!(101)));
    assert_eq!(told["previous"].get("name"), None, "only what changed");
    one(Change::Win { deal_id: 3 });
    assert_eq!(last(&sandbox, 1).await[0]["data"]["status"], "won");
    one(Change::SetUserActive { user_id: 104, active: false });
    let told = last(&sandbox, 1).await.remove(0);
    assert_eq!((&told["meta"]["entity"], &told["data"]["active_flag"]), (&json!("user"), &json!(false)));
    one(Change::Merge { loser: Item::Person(made), winner: Item::Person(1) });
    let mut told = last(&sandbox, 2).await;
    told.sort_by_key(|told| told["meta"]["action"].to_string());
    assert_eq!(
        (&told[0]["meta"]["action"], &told[0]["meta"]["merged_from_id"]),
        (&json!("change"), &json!(made.to_string()))
    );
    assert_eq!((&told[1]["meta"]["action"], &told[1]["meta"]["merged_to_id"]), (&json!("delete"), &json!("1")));
    assert_eq!(told[1]["data"], Value::Null);
    one(Change::Rename { item: Item::Organization(2), name: "Other".to_owned() });
    one(Change::Delete { item: Item::Person(1) });
    let told = last(&sandbox, 1).await.remove(0);
    assert_eq!((&told["meta"]["entity_id"], &told["data"]), (&json!("1"), &Value::Null), "organizations are not told");
    let basic = "authorization: Basic cHJlZGlhbDpzM2NyZXQ=\r\n";
    assert!(listener.heard().iter().all(|text| text.contains(basic)), "Basic, and nothing that is signed");
}

#[tokio::test]
async fn what_is_not_answered_well_is_tried_four_times_and_then_let_be() {
    let (sandbox, listener) = (account(1_000.0).await, Listener::open(vec![500, 302, 404, 503]).await);
    add(&sandbox, &wanted(listener.url(), "person")).await;
    own(&sandbox, 102);
    sandbox.ground().hooks.delivered(5).await;
    let attempts: Vec<Value> = listener.told().iter().map(|told| told["meta"]["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2, 3, 4]);
    own(&sandbox, 103);
    sandbox.ground().hooks.delivered(6).await;
    assert_eq!(listener.told().last().unwrap()["data"]["owner_id"], 103, "the event of before is lost");
    assert_eq!(listed(&sandbox).await[0]["last_http_status"], 200);
}

#[tokio::test]
async fn ten_first_tries_that_failed_ban_a_webhook_and_what_happens_then_is_never_told() {
    let statuses = vec![500; 10];
    // Tries again never come within the test: only first tries are counted.
    let (sandbox, listener) = (account(0.000_1).await, Listener::open(statuses).await);
    add(&sandbox, &wanted(listener.url(), "person")).await;
    for tried in 1..=10 {
        own(&sandbox, 101 + tried % 2);
        sandbox.ground().hooks.delivered(1 + usize::try_from(tried).unwrap()).await;
    }
    own(&sandbox, 103);
    sandbox.advance(Duration::from_secs(29 * 60));
    own(&sandbox, 104);
    sandbox.advance(Duration::from_secs(60));
    own(&sandbox, 102);
    sandbox.ground().hooks.delivered(12).await;
    let owners: Vec<Value> = listener.told().iter().skip(10).map(|told| told["data"]["owner_id"].clone()).collect();
    assert_eq!(owners, [102]);
}

#[tokio::test]
async fn a_webhook_that_never_succeeds_for_three_days_is_deleted() {
    let (sandbox, listener) = (account(0.000_1).await, Listener::open(vec![200, 500]).await);
    add(&sandbox, &wanted(listener.url(), "person")).await;
    sandbox.advance(Duration::from_secs(2 * 86_400));
    own(&sandbox, 102);
    sandbox.ground().hooks.delivered(2).await;
    assert_eq!(listed(&sandbox).await[0]["last_http_status"], 200);
    sandbox.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(listed(&sandbox).await.len(), 1, "a success two days ago");
    sandbox.advance(Duration::from_secs(86_400));
    assert_eq!(listed(&sandbox).await.len(), 0);
}

#[tokio::test]
async fn an_address_that_redirects_or_where_nobody_is_gets_no_webhook() {
    let sandbox = account(1.0).await;
    for url in ["http://127.0.0.1:1/acme/crm-changes", "https://api.pipedrive.com/v1/x", "nonsense"] {
        let reply = add(&sandbox, &wanted(url, "person")).await;
        assert_eq!(
            (reply.status, &reply.json()["errors"]["subscription_url"][0]),
            (400, &json!("invalid or non-reachable URL"))
        );
    }
    assert_eq!(listed(&sandbox).await.len(), 0);
}

#[tokio::test]
async fn what_the_description_does_not_allow_is_refused_and_so_is_the_forty_first() {
    let (sandbox, listener) = (account(1.0).await, Listener::open(vec![]).await);
    for (member, value) in [
        ("event_object", json!("persons")),
        ("event_action", json!("added")),
        ("version", json!("3.0")),
        ("name", Value::Null),
        ("name", json!("n".repeat(256))),
        ("subscription_url", json!(7)),
    ] {
        let mut wanted = wanted(listener.url(), "person");
        wanted[member] = value;
        let reply = add(&sandbox, &wanted).await;
        assert_eq!(reply.status, 400, "{wanted}");
        assert!(reply.json()["errors"][member].is_array(), "{}", reply.text());
    }
    for _ in 0..40 {
        assert_eq!(add(&sandbox, &wanted(listener.url(), "person")).await.status, 201);
    }
    assert_eq!(add(&sandbox, &wanted(listener.url(), "person")).await.status, 400);
}
