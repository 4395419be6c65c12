//! Ringostat's contact book: told of everybody once, then of what changes, whatever happens in between.

use std::time::{Duration, Instant};

use sandbox::{
    kit::{Fault, FaultKind},
    pipedrive::{Change, Item, Options, Pipedrive},
    ringostat_api::{Options as ApiOptions, RingostatApi},
};
use serde_json::{Value, json};

use crate::whole_stage::{ProjectFile, Whole};

const BLOCKS: &str = "
[block.sales]
priority = [\"contact\", \"organization\", \"deal\"]
answer = \"plain\"
";
const SYNC: &str = "/minicrm/contacts/sync";
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

fn file(crm: &Pipedrive, api: &RingostatApi, key: &str, on: bool) -> ProjectFile {
    let base_url = api.base_url();
    let section = format!(
        "[ringostat]\nproject_id = \"110070\"\nauth_key = {{ env = \"{key}\" }}\ncontact_book = {on}\n\
         contact_book_pause_s = 1\nbase_url = \"{base_url}\"\n"
    );
    ProjectFile::new(crm.base_url(), &format!("{section}{BLOCKS}"))
}

/// The service, warm, before a CRM and an empty contact book.
async fn warmed(key: &str, on: bool) -> (Whole, RingostatApi) {
    let crm = Pipedrive::start(Options { clients: 150, ..Options::default() }).await.expect("a stand-in");
    let api = RingostatApi::start(ApiOptions::default()).await.expect("a stand-in");
    let file = file(&crm, &api, key, on);
    let whole = Whole::of(crm, &file).await;
    whole.until_warm("acme").await;
    (whole, api)
}

/// Waits until the book's requests and entries are as wanted; gives both.
async fn until(api: &RingostatApi, what: &str, wanted: impl Fn(&[Vec<Value>], &[Value]) -> bool) {
    let began = Instant::now();
    loop {
        let (told, held) = (told(api), api.vendor().contacts());
        if wanted(&told, &held) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {} requests, {} entries", told.len(), held.len());
        // A whole service on its own runtimes: its time cannot be paused, only polled.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The entries of each request since it was last forgotten what was asked.
fn told(api: &RingostatApi) -> Vec<Vec<Value>> {
    let asked = api.asked().into_iter().filter(|asked| asked.path == SYNC);
    let entries = |body: Option<String>| -> Vec<Value> {
        let body: Value = serde_json::from_str(&body.expect("a body that is kept")).expect("JSON");
        body["contacts"].as_array().expect("a list").clone()
    };
    asked.map(|asked| entries(asked.body)).collect()
}

/// Makes somebody else responsible for the client of the case `contact`, and has the change swept.
async fn give_to(whole: &Whole, owner_id: u64) {
    whole.crm.change(Change::SetOwner { item: Item::Person(1), owner_id }).expect("a person");
    let ended = whole.warm("acme", "{\"full\":false}").await;
    assert_eq!(ended["state"], "done", "{ended}");
}

fn responsible(held: &[Value]) -> Option<&str> {
    held.iter().find(|entry| entry["externalId"] == "1")?["responsible"].as_str()
}

async fn told_all(api: &RingostatApi) -> usize {
    // The last request is the one that is not full.
    until(api, "everybody", |told, _| told.last().is_some_and(|last| last.len() < 100)).await;
    api.vendor().contacts().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_once_and_then_who_changed_even_after_a_restart() {
    let (mut whole, api) = warmed("RINGOSTAT", true).await;
    let all = told_all(&api).await;
    let requests = told(&api);
    assert!(all > 150 && requests.iter().map(Vec::len).sum::<usize>() == all, "{all}");
    assert!(requests.iter().all(|request| request.len() <= 100));
    let held = api.vendor().contacts();
    let number = whole.crm.sample("contact").expect("a sample").number;
    let contact = held.iter().find(|entry| entry["externalId"] == "1").expect("the contact");
    let link = format!("{}/person/1", whole.crm.base_url());
    assert_eq!((&contact["origin"], &contact["contactLink"]), (&json!("pipedrive"), &json!(link)));
    let direction = json!([{"type": "phone", "name": "phone", "value": number}]);
    assert_eq!((&contact["contactDirections"][0], &contact["projectId"]), (&direction[0], &json!(110_070)));
    let before = responsible(&held).expect("somebody").to_owned();
    assert!(contact["fullName"].as_str().is_some_and(|name| !name.is_empty() && name != number), "{contact}");

    api.forget_asked();
    give_to(&whole, 102).await;
    until(&api, "the new owner", |told, held| !told.is_empty() && responsible(held) != Some(&*before)).await;
    assert_eq!(told(&api).iter().map(Vec::len).collect::<Vec<_>>(), [1], "who changed, and nobody else");

    whole.restart().await;
    whole.until_warm("acme").await;
    api.forget_asked();
    give_to(&whole, 101).await;
    until(&api, "the owner of before", |_, held| responsible(held) == Some(&*before)).await;
    assert_eq!(told(&api).iter().map(Vec::len).collect::<Vec<_>>(), [1], "a restart tells nobody anew");
    assert_eq!(api.vendor().contacts().len(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_that_is_limited_is_told_later_and_calls_are_answered_meanwhile() {
    let (whole, api) = warmed("RINGOSTAT", false).await;
    api.stage_fault(Fault::new(FaultKind::RateLimit { how: "retry_after".to_owned() }).times(2));
    whole.deploy(&[("acme", &file(&whole.crm, &api, "RINGOSTAT", true))]).await;
    until(&api, "a request", |told, _| !told.is_empty()).await;
    let number = whole.crm.sample("contact").expect("a sample").number;
    assert_eq!(whole.ask("sales", number).await.body, "acme_anna");
    let all = told_all(&api).await;
    assert!(all > 150);
    let counted = |body: &str, name: &str| -> u64 {
        let line =
            body.lines().find_map(|line| line.strip_prefix(&format!("predial_{name}_total{{project=\"acme\"}} ")));
        line.and_then(|count| count.parse().ok()).unwrap_or_default()
    };
    let all = u64::try_from(all).expect("small");
    whole.wait_for("/metrics", |body| counted(body, "contact_book_pushed") == all).await;
    let body = whole.ops("/metrics").await.body;
    assert_eq!(counted(&body, "contact_book_failed"), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_is_tried_once_and_another_one_at_once() {
    let (whole, api) = warmed("RINGOSTAT_REFUSED", true).await;
    until(&api, "a request", |told, _| !told.is_empty()).await;
    give_to(&whole, 102).await;
    give_to(&whole, 101).await;
    assert_eq!((told(&api).len(), api.vendor().contacts().len()), (1, 0), "nothing that changes makes it tried again");
    whole.deploy(&[("acme", &file(&whole.crm, &api, "RINGOSTAT", true))]).await;
    until(&api, "everybody", |_, held| held.len() > 150).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nobody_is_told() {
    let (whole, api) = warmed("RINGOSTAT", false).await;
    give_to(&whole, 102).await;
    assert_eq!(api.asked().len(), 0);
    assert!(!whole.data().join("contact-book").exists());
}
