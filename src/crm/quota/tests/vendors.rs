//! What each vendor limits in its own way.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{PATIENT, SECOND, WINDOW, assert_no_quota, ledger_at};
use crate::base::clock::Clock;
use crate::config::QuotaSettings;
use crate::crm::quota::{Budget, Lane, Leave, Ledger, Limits, Pace, Purpose, Rate};

pub(super) const NOON: &str = "2026-11-20T12:00:00Z";
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const TEN_MINUTES: Duration = Duration::from_secs(600);

/// 100 requests in 10 s; 5 searches in 1 s that do not count among them.
pub(super) const HUBSPOT: Limits = Limits {
    general: Some(Rate::new(100, Duration::from_secs(10))),
    search: Some(Rate::new(5, SECOND)),
    search_in_general: false,
    ..Limits::NONE
};

pub(super) fn of_a_day(units: u64) -> Limits {
    Limits { daily: Some(Budget::utc_day(units)), ..Limits::NONE }
}

fn at_a_time(places: u32) -> Limits {
    Limits { in_flight: Some(places), ..Limits::NONE }
}

pub(super) async fn granted(ledger: &Ledger, purpose: Purpose, lane: Lane, cost: u64) -> Leave {
    ledger.spend(purpose, lane, cost, PATIENT).await.expect("leave")
}

pub(super) async fn live_at_once(ledger: &Ledger, lane: Lane) -> Leave {
    ledger.spend(Purpose::Live, lane, 1, Duration::ZERO).await.expect("leave at once")
}

pub(super) async fn assert_refused(ledger: &Ledger, purpose: Purpose, cost: u64) -> Duration {
    let start = Instant::now();
    let after = assert_no_quota(ledger.spend(purpose, Lane::General, cost, SECOND).await);
    assert_eq!(start.elapsed(), Duration::ZERO, "refused at once");
    after
}

#[tokio::test(start_paused = true)]
async fn calls_have_a_place_when_crawls_have_taken_theirs() {
    let ledger = ledger_at(NOON, at_a_time(5));
    let mut crawls = Vec::new();
    for _ in 0..4 {
        crawls.push(granted(&ledger, Purpose::Crawl, Lane::General, 1).await);
    }
    assert_no_quota(ledger.spend(Purpose::Sweep, Lane::General, 1, SECOND).await);
    let call = live_at_once(&ledger, Lane::Search).await;
    assert_eq!((ledger.snapshot().in_flight, ledger.snapshot().in_flight_limit), (Some(5), Some(5)));
    drop(call);
    drop(live_at_once(&ledger, Lane::Search).await);
    drop(crawls.pop());
    crawls.push(granted(&ledger, Purpose::Crawl, Lane::General, 1).await);
    assert_eq!(ledger.snapshot().in_flight, Some(4));
    let of_dataverse = ledger_at(NOON, at_a_time(52));
    let mut crawls = Vec::new();
    for _ in 0..37 {
        crawls.push(granted(&of_dataverse, Purpose::Crawl, Lane::General, 1).await);
    }
    assert_no_quota(of_dataverse.spend(Purpose::Crawl, Lane::General, 1, SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_becomes_free_goes_to_the_call_that_waits_before_the_crawl_that_came_first() {
    let ledger = ledger_at(NOON, at_a_time(2));
    let (crawl, call) =
        (granted(&ledger, Purpose::Crawl, Lane::General, 1).await, live_at_once(&ledger, Lane::Search).await);
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for purpose in [Purpose::Crawl, Purpose::Live] {
        let (ledger, order) = (Arc::clone(&ledger), Arc::clone(&order));
        tasks.spawn(async move {
            let leave = granted(&ledger, purpose, Lane::General, 1).await;
            order.lock().expect("not poisoned").push(purpose);
            tokio::time::sleep(SECOND).await;
            drop(leave);
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(crawl);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(*order.lock().expect("not poisoned"), [Purpose::Live]);
    drop(call);
    tasks.join_all().await;
    assert_eq!(*order.lock().expect("not poisoned"), [Purpose::Live, Purpose::Crawl]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_place_in_time_is_refused_and_costs_nothing() {
    let ledger = ledger_at(NOON, Limits { in_flight: Some(1), ..of_a_day(100) });
    let held = live_at_once(&ledger, Lane::Search).await;
    let start = Instant::now();
    assert_no_quota(ledger.spend(Purpose::Live, Lane::Search, 7, SECOND).await);
    assert_eq!((start.elapsed(), ledger.snapshot().spent.live), (SECOND, 1));
    // What is hopeless does not wait for a place first.
    ledger.note_limited(Instant::now(), Some(60 * SECOND));
    assert_eq!(assert_refused(&ledger, Purpose::Live, 7).await, 60 * SECOND);
    drop(held);
    assert_eq!(ledger.snapshot().in_flight, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gives_up_waiting_leaves_the_place_to_others() {
    let ledger = ledger_at(NOON, at_a_time(1));
    let held = live_at_once(&ledger, Lane::Search).await;
    let waiting = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move { granted(&ledger, Purpose::Live, Lane::Search, 1).await }
    });
    let crawling = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move { granted(&ledger, Purpose::Crawl, Lane::General, 1).await }
    });
    tokio::time::sleep(SECOND).await;
    drop(held);
    waiting.abort();
    let _aborted = waiting.await;
    drop(tokio::time::timeout(SECOND, crawling).await.expect("in time").expect("no panic"));
    assert_eq!(ledger.snapshot().in_flight, Some(0));
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_count_under_other_limits_too() {
    let before = ledger_at(NOON, Limits { in_flight: Some(2), ..of_a_day(100) });
    let held = (live_at_once(&before, Lane::Search).await, live_at_once(&before, Lane::Search).await);
    let now = ledger_at(NOON, Limits { in_flight: Some(2), ..of_a_day(200) });
    now.carry_over(&before);
    assert_no_quota(now.spend(Purpose::Live, Lane::Search, 1, SECOND).await);
    drop(held);
    drop(live_at_once(&now, Lane::Search).await);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_named_is_kept_to_the_moment_also_when_it_is_long() {
    for pause in [Duration::from_millis(299_001), Duration::from_secs(1_234)] {
        let ledger = ledger_at(NOON, Limits { general: Some(Rate::new(6_000, 300 * SECOND)), ..Limits::NONE });
        let start = Instant::now();
        ledger.note_limited(start, Some(pause));
        assert_eq!(ledger.snapshot().held, Some(pause));
        drop(granted(&ledger, Purpose::Crawl, Lane::General, 1).await);
        assert_eq!(start.elapsed(), pause);
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_question_looks_whether_a_long_pause_is_over_but_not_where_that_would_lengthen_it() {
    let pause = Duration::from_secs(1_234);
    for (named, looked) in [(false, TEN_MINUTES), (true, pause)] {
        let ledger = ledger_at(NOON, Limits { general: Some(Rate::new(6_000, 300 * SECOND)), ..Limits::NONE });
        let start = Instant::now();
        if named {
            ledger.note_named(start, pause);
        } else {
            ledger.note_limited(start, Some(pause));
        }
        drop(granted(&ledger, Purpose::Live, Lane::General, 1).await);
        assert_eq!(start.elapsed(), looked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_faster_vendor_has_shorter_windows_days_and_pauses() {
    let limits =
        Limits { general: Some(Rate::new(20, WINDOW)), search: Some(Rate::new(10, WINDOW)), ..of_a_day(1_000) };
    let ledger = ledger_at("2026-11-20T00:00:00Z", limits.faster(10.0).faster(2.0));
    let start = Instant::now();
    for _ in 0..11 {
        drop(granted(&ledger, Purpose::Live, Lane::Search, 1).await);
    }
    assert_eq!(start.elapsed(), Duration::from_millis(105), "a twentieth of 2.1 s");
    ledger.note_limited(Instant::now(), None);
    assert_eq!(ledger.snapshot().held, Some(Duration::from_millis(100)));
    assert_eq!(ledger.sweep_interval(1, Pace::Now), Duration::from_millis(21_600), "200 in 72 minutes");
    tokio::time::sleep_until(start + Duration::from_millis(4_319_900)).await;
    assert_eq!(ledger.snapshot().spent.live, 11);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(ledger.snapshot().spent.live, 0);
}

#[tokio::test(start_paused = true)]
async fn what_crawls_have_cost_is_summed_over_days_and_limits() {
    let clock = Clock::following(NOON.parse().expect("a time"));
    let before = Ledger::new(of_a_day(1_000), clock);
    let crawl = before.begin_crawl();
    drop(granted(&before, Purpose::Crawl, Lane::General, 250).await);
    tokio::time::sleep(24 * HOUR).await;
    drop(granted(&before, Purpose::Crawl, Lane::General, 50).await);
    drop(granted(&before, Purpose::Sweep, Lane::General, 50).await);
    let now = Ledger::new(of_a_day(2_000), clock);
    now.carry_over(&before);
    drop(granted(&now, Purpose::Crawl, Lane::General, 40).await);
    assert_eq!(crawl.spent(), 340);
    assert_eq!((before.crawl_share(), now.crawl_share()), (Some(300), Some(600)));
}

#[tokio::test(start_paused = true)]
async fn crawls_of_one_account_at_the_same_time_are_not_booked_for_each_other() {
    let ledger = Ledger::new(of_a_day(10_000), Clock::following(NOON.parse().expect("a time")));
    let first = ledger.begin_crawl();
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 100).await);
    let second = ledger.begin_crawl();
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 60).await);
    assert_eq!((first.spent(), second.spent()), (130, 30));
    drop(second);
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 10).await);
    assert_eq!(first.spent(), 140);
}

#[tokio::test(start_paused = true)]
async fn projects_of_one_account_have_each_their_part_of_its_day() {
    let ledger = Ledger::new(of_a_day(1_000), Clock::following(NOON.parse().expect("a time")));
    let (alone, share) = (ledger.sweep_interval(50, Pace::Even), ledger.crawl_share());
    ledger.shared_by(3);
    assert_eq!(ledger.sweep_interval(50, Pace::Even), 3 * alone);
    assert_eq!((share, ledger.crawl_share()), (Some(300), Some(100)));
}

#[test]
fn a_larger_plan_s_bursts_are_as_configured_and_no_limit_stays_none() {
    let quota = QuotaSettings { burst: Some(190), in_flight: Some(20), ..QuotaSettings::default() };
    let hubspot = HUBSPOT.as_configured(&quota);
    assert_eq!(hubspot.general, Some(Rate::new(190, Duration::from_secs(10))));
    assert_eq!((hubspot.search, hubspot.in_flight), (HUBSPOT.search, None));
    let zoho = at_a_time(5).as_configured(&quota);
    assert_eq!((zoho.general, zoho.in_flight), (None, Some(20)));
}
