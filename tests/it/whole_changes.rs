//! How soon a change of the CRM is answered by, where it is told by webhook and where it is not.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use jiff::Timestamp;
use sandbox::hubspot::signed;
use sandbox::kit::{Entity, EntityKind, Fault, Hooks, Neutral, Sample};
use serde_json::{Value, json};

use crate::changes_stage::{CHANGES, OTHER_CHANGES, Setup, Stage, TOKEN};
use crate::crm_rows::{ROWS, Row};

/// What is told by webhook is answered within this.
const BY_WEBHOOK: Duration = Duration::from_secs(2);
/// Longer than the pause after webhooks could not be looked at.
const AGAIN: Duration = Duration::from_secs(100);
/// The shortest sweep that can be configured.
const SWEEP_S: u64 = 10;

/// Every row at once.
async fn for_each<F: Future>(one: impl Fn(&'static Row) -> F) -> Vec<F::Output> {
    join_all(ROWS.iter().map(one)).await
}

fn sample(stage: &Stage, name: &str) -> Sample {
    stage.crm().sample(name).expect(name)
}

/// The contact that a case is about.
fn contact(sample: &Sample) -> Entity {
    let contact = sample.open.iter().find(|entity| entity.kind == EntityKind::Contact).expect("a contact");
    Entity::new(EntityKind::Contact, contact.id.clone())
}

/// Gives a case's contact to somebody else; says how long it took until that was answered.
async fn given(stage: &Stage, name: &str, to: usize) -> Duration {
    let (sample, owner_id) = (sample(stage, name), stage.crm().employees()[to].clone());
    stage.crm().change_neutral(Neutral::SetOwner { entity: contact(&sample), owner_id }).expect("changed");
    stage.answered(sample.number, ["acme_anna", "acme_bohdan", "acme_oksana", "acme_petro"][to]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_owner_that_is_told_by_webhook_is_answered_within_two_seconds() {
    let measured = for_each(async |row| {
        let stage = Stage::of(row, Setup::default()).await;
        assert_eq!(stage.ask(sample(&stage, "contact").number).await, ("acme_anna".to_owned(), "directory".to_owned()));
        // Those that are made by hand are not relied on before they have told something.
        let by_hand = stage.view().await["webhooks"]["state"] == "by_hand";
        sweeps_every(&stage, if by_hand { 120 } else { 86_400 }).await;
        let mut took = Vec::new();
        for to in [1, 2, 3, 0, 1] {
            took.push(given(&stage, "contact", to).await);
        }
        sweeps_every(&stage, 86_400).await;
        assert!(stage.counted("predial_changes_heard_total").await >= 5, "{}", row.name);
        assert_eq!(stage.counted("predial_changes_refused_total").await, 0, "{}", row.name);
        (row.name, took)
    });
    for (name, took) in measured.await {
        println!("{name}: a change of owner is answered {took:?} after it is made");
        assert!(took.iter().all(|&took| took < BY_WEBHOOK), "{name}: {took:?}");
    }
}

async fn sweeps_every(stage: &Stage, seconds: u64) {
    stage.until("the interval of sweeps", |view| view["directory"]["sweep_every_s"] == seconds).await;
}

/// Waits for the end of a sweep, and then as long as this.
async fn after_a_sweep(stage: &Stage, by: Duration) {
    let swept = stage.counted("predial_sweeps_done_total").await;
    while stage.counted("predial_sweeps_done_total").await == swept {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A whole service on its own runtimes: its time cannot be paused.
    tokio::time::sleep(by).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_owner_that_nobody_tells_is_answered_within_one_sweep() {
    let measured = for_each(async |row| {
        let stage = Stage::of(row, Setup { public: false, sweep_s: SWEEP_S, ..Setup::default() }).await;
        let view = stage.view().await;
        assert_eq!(view["webhooks"]["state"], "off", "{view}");
        assert_eq!(stage.deliver(CHANGES, "POST", "{}").await, 404, "{}", row.name);
        // Just after a sweep the whole interval is to come; just before the next, that one comes too soon for what the
        // CRM shows late, and it is one more interval.
        after_a_sweep(&stage, Duration::ZERO).await;
        let after = given(&stage, "contact", 1).await;
        after_a_sweep(&stage, Duration::from_secs(SWEEP_S - 1)).await;
        let before = given(&stage, "contact", 2).await;
        let sweep_s = stage.view().await["directory"]["sweep_every_s"].as_u64().unwrap_or_default();
        (row.name, [after, before], Duration::from_secs(sweep_s), stage.started.lag)
    });
    for (name, took, sweep, lag) in measured.await {
        println!(
            "{name}: a change of owner just after a sweep, and just before one, is answered after {took:?}; {sweep:?}, {lag:?}"
        );
        // What an account's day gives may stretch the sweeps a little, and a little differently each time.
        let shortest = Duration::from_secs(SWEEP_S);
        let sweep = if sweep > shortest { 2 * shortest } else { shortest };
        // What was to be seen at a sweep is answered by it; what was not, by the next.
        assert!(took.iter().all(|&took| took < sweep + lag + BY_WEBHOOK), "{name}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_and_merges_are_told_too() {
    let measured = for_each(async |row| {
        let stage = Stage::of(row, Setup::default()).await;
        let (kept, gone) = (sample(&stage, "extension"), sample(&stage, "odd-typing"));
        stage.crm().change_neutral(Neutral::Delete { entity: contact(&gone) }).expect("deleted");
        let deleted = stage.answered(gone.number, "").await;
        assert_eq!(stage.ask(gone.number).await.1, "absent", "{}", row.name);
        let merged = sample(&stage, "foreign");
        assert_eq!(stage.ask(merged.number).await.0, "acme_anna", "{}", row.name);
        (stage.started.merge)(&contact(&merged).id, &contact(&kept).id);
        let took = stage.answered(merged.number, row.merged).await;
        assert_eq!(stage.ask(kept.number).await.0, "acme_oksana", "{}", row.name);
        (row.name, deleted, took)
    });
    for (name, deleted, merged) in measured.await {
        println!("{name}: a deletion is known after {deleted:?}, a merge after {merged:?}");
        assert!(deleted < BY_WEBHOOK && merged < BY_WEBHOOK, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_token_is_refused_and_who_knows_nothing_else_changes_nothing() {
    for_each(async |row| {
        let stage = Stage::of(row, Setup::default()).await;
        for token in ["", "wrong", TOKEN] {
            assert_eq!(stage.deliver(token, "POST", row.forged.0).await, 401, "{}: {token:?}", row.name);
            assert_eq!(stage.deliver(token, "GET", "").await, 401, "{}: {token:?}", row.name);
        }
        assert_eq!(stage.deliver(CHANGES, "GET", "").await, row.probe, "{}", row.name);
        assert_eq!(stage.deliver(CHANGES, "POST", row.forged.0).await, row.forged.1, "{}", row.name);
        if row.forged.1 == 401 {
            assert!(stage.counted("predial_changes_refused_total").await >= 1, "{}", row.name);
        }
        // What is true of the CRM is answered, whatever was claimed; and what it tells is still heard.
        given(&stage, "contact", 1).await;
        assert_eq!(stage.deliver(CHANGES, "PUT", "{}").await, 405, "{}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_leaves_webhooks_as_they_are_until_their_token_changes() {
    for_each(async |row| {
        let stage = Stage::of(row, Setup::default()).await;
        stage.crm().forget_asked();
        stage.reload(Setup::default()).await;
        given(&stage, "contact", 1).await;
        let hooks = ["webhooks", "actions/watch", "serviceendpoints"];
        let about = |path: &str| hooks.iter().any(|hook| path.contains(hook));
        let asked: Vec<String> = stage.crm().asked().into_iter().map(|asked| asked.path).collect();
        assert!(!asked.iter().any(|path| about(path)), "{}: {asked:?}", row.name);
        stage.reload(Setup { changes: OTHER_CHANGES, ..Setup::default() }).await;
        assert_eq!(stage.deliver(CHANGES, "GET", "").await, 401, "{}", row.name);
        assert_eq!(stage.deliver(OTHER_CHANGES, "GET", "").await, row.probe, "{}", row.name);
        stage.reload(Setup { public: false, ..Setup::default() }).await;
        assert_eq!(stage.deliver(CHANGES, "GET", "").await, 404, "{}", row.name);
        assert_eq!(stage.view().await["webhooks"]["state"], "off", "{}", row.name);
    })
    .await;
}

/// Ids of the contacts that HubSpot's stand-in was asked for in a batch, each with how often.
fn read_again(stage: &Stage) -> BTreeMap<u64, usize> {
    let mut read = BTreeMap::new();
    for asked in stage.crm().asked().iter().filter(|asked| asked.path.ends_with("/contacts/batch/read")) {
        let body: Value = serde_json::from_str(asked.body.as_deref().expect("a body")).expect("JSON");
        let inputs = body["inputs"].as_array().expect("inputs").clone();
        for id in inputs.iter().filter_map(|input| input["id"].as_str()?.parse().ok()) {
            *read.entry(id).or_default() += 1;
        }
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_events_with_doubles_and_in_no_order_read_each_record_again_once() {
    let row = ROWS.iter().find(|row| row.name == "hubspot").expect("a row");
    let stage = Stage::of(row, Setup::default()).await;
    let anna = &stage.crm().employees()[0];
    let mut contacts = Vec::new();
    for place in 0..20 {
        let (number, owner_id) = (format!("38099123{place:04}"), anna.clone());
        let phones = vec![format!("+{number}")];
        let created = Neutral::CreateContact { name: "New".to_owned(), phones, owner_id };
        let contact = stage.crm().change_neutral(created).expect("created").expect("a contact");
        stage.answered(&number, "acme_anna").await;
        contacts.push(contact.id.parse::<u64>().expect("a number"));
    }
    stage.crm().forget_asked();
    // Five of each: seven steps on in a list of twenty meet every place before they meet one again.
    let event = |place: usize| {
        json!({
            "eventId": 9_000 + place % 60, "subscriptionId": 7, "portalId": 62_515, "appId": 54_321,
            "occurredAt": 1_795_000_000_000_u64 - (place as u64 * 37) % 100, "attemptNumber": place % 2,
            "subscriptionType": "contact.propertyChange", "objectId": contacts[place * 7 % 20],
            "propertyName": "hubspot_owner_id", "propertyValue": "", "changeSource": "CRM",
        })
    };
    let batch = Value::from_iter((0..100).map(event)).to_string();
    let now_ms = Timestamp::now().as_millisecond();
    let delivery = Hooks::default().deliver(signed("sandbox-secret", &stage.door(), batch, now_ms)).await;
    assert_eq!(delivery.status(), Some(200), "{delivery:?}");
    // What is told later is read later.
    given(&stage, "contact", 1).await;
    let mut read = read_again(&stage);
    read.retain(|id, _| contacts.contains(id));
    assert_eq!(read, contacts.iter().map(|id| (*id, 1)).collect());
    assert_eq!(stage.counted("predial_changes_refused_total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_webhooks_fail_sweeps_come_every_two_minutes() {
    // At HubSpot nothing is asked for: they are made by hand.
    let asked = ROWS.iter().filter(|row| row.name != "hubspot");
    join_all(asked.map(async |row| {
        let stage = Stage::of(row, Setup::default()).await;
        sweeps_every(&stage, 86_400).await;
        stage.crm().stage_fault(Fault::status(500));
        stage.reload(Setup { changes: OTHER_CHANGES, ..Setup::default() }).await;
        stage.until("they fail", |view| view["webhooks"]["state"] == "failing").await;
        sweeps_every(&stage, 120).await;
        stage.crm().clear_faults();
        // Looked at again after a minute.
        stage.until_within(AGAIN, "they stand", |view| view["webhooks"]["state"] == "standing").await;
        sweeps_every(&stage, 86_400).await;
    }))
    .await;
}
