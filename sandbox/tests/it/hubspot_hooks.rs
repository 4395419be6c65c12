//! Webhooks of HubSpot's stand-in: how much is told at once, and the vendor's rules for those who do not listen.

use std::{collections::BTreeSet, time::Duration};

use sandbox::hubspot::{Change, HubSpot, Item, Limits, Options};
use sandbox::kit::{EntityKind, Undelivered};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::webhooks::Listener;

const DAY: Duration = Duration::from_secs(86_400);
/// The first contact of the seed.
const FIRST: u64 = 1_001;

async fn telling(speed: f64, url: &str) -> HubSpot {
    let options = Options { clients: 300, speed, limits: Limits::unlimited(), ..Options::default() };
    let sandbox = HubSpot::start(options).await.expect("started");
    sandbox.change(Change::TellAt { url: Some(url.to_owned()) }).expect("a change");
    sandbox
}

fn touch(sandbox: &HubSpot, count: u64) {
    sandbox.change(Change::Touch { kind: EntityKind::Contact, first: FIRST, count }).expect("a change");
}

fn attempts(listener: &Listener) -> Vec<Value> {
    listener.told().iter().map(|told| told[0]["attemptNumber"].clone()).collect()
}

#[tokio::test]
async fn a_delivery_has_a_hundred_events_at_the_most_and_every_change_is_in_one() {
    let listener = Listener::open(vec![]).await;
    let sandbox = telling(1.0, listener.url()).await;
    touch(&sandbox, 250);
    sandbox.ground().hooks.delivered(3).await;
    let told: Vec<Vec<Value>> =
        listener.told().into_iter().map(|told| told.as_array().cloned().expect("a list")).collect();
    let mut sizes: Vec<usize> = told.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
    let ids =
        |name: &str| -> BTreeSet<u64> { told.iter().flatten().filter_map(|event| event[name].as_u64()).collect() };
    assert_eq!(ids("objectId"), (FIRST..FIRST + 250).collect());
    assert_eq!(ids("eventId").len(), 250);
}

#[tokio::test]
async fn what_is_refused_is_tried_ten_times_more_and_then_let_be() {
    let statuses = vec![500, 404, 401, 302, 429, 503, 400, 410, 502, 500, 504, 200, 500, 200];
    let listener = Listener::open(statuses).await;
    let sandbox = telling(1_000_000.0, listener.url()).await;
    touch(&sandbox, 1);
    sandbox.ground().hooks.delivered(11).await;
    assert_eq!(attempts(&listener), (0..=10).collect::<Vec<u8>>());
    // The twelfth is another's, and so is its one further try: nothing came of the first in between.
    touch(&sandbox, 1);
    sandbox.ground().hooks.delivered(12).await;
    touch(&sandbox, 1);
    sandbox.ground().hooks.delivered(14).await;
    assert_eq!(attempts(&listener)[11..], [0, 0, 1]);
    let told = listener.told();
    assert_eq!(told[0][0]["eventId"], told[10][0]["eventId"], "the same event each time");
    assert_ne!(told[0][0]["eventId"], told[11][0]["eventId"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_more_than_five_seconds_has_not_heard_and_all_tries_come_within_a_day() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let sandbox = telling(1.0, &format!("http://{}/", silent.local_addr().expect("an address"))).await;
    let began = tokio::time::Instant::now();
    touch(&sandbox, 1);
    let tried = sandbox.ground().hooks.delivered(11).await;
    assert!(began.elapsed() > DAY / 2 && began.elapsed() <= DAY, "{:?}", began.elapsed());
    let late = Undelivered::Late(Duration::from_secs(5));
    assert!(tried.iter().all(|delivery| delivery.reply == Err(late.clone())), "{tried:?}");
    tokio::time::sleep(2 * DAY).await;
    assert_eq!(sandbox.ground().hooks.tried().len(), 11);
}

#[tokio::test]
async fn a_delivery_that_fails_holds_up_no_other_so_that_order_is_lost() {
    let listener = Listener::open(vec![500]).await;
    // Tries again never come within the test.
    let sandbox = telling(0.000_1, listener.url()).await;
    for (owner_id, tried) in [(102, 1), (103, 2)] {
        let item = Item::new(EntityKind::Contact, FIRST);
        sandbox.change(Change::SetOwner { item, owner_id: Some(owner_id) }).expect("a change");
        sandbox.ground().hooks.delivered(tried).await;
    }
    assert_eq!(attempts(&listener), [0, 0]);
    assert_ne!(listener.told()[0][0]["eventId"], listener.told()[1][0]["eventId"]);
}
