//! What each vendor limits in its own way.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, tz};
use tokio::time::Instant;

use super::{PATIENT, SECOND, WINDOW, assert_no_quota, ledger_at};
use crate::base::clock::Clock;
use crate::config::QuotaSettings;
use crate::crm::quota::{Budget, Day, Lane, Leave, Ledger, Limits, Purpose, Rate, Spent};

const NOON: &str = "2026-11-20T12:00:00Z";
const HOUR: Duration = Duration::from_secs(3_600);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// 100 requests in 10 s; 5 searches in 1 s that do not count among them.
const HUBSPOT: Limits = Limits {
    general: Some(Rate::new(100, Duration::from_secs(10))),
    search: Some(Rate::new(5, SECOND)),
    search_in_general: false,
    ..Limits::NONE
};

fn of_a_day(units: u64) -> Limits {
    Limits { daily: Some(Budget::utc_day(units)), ..Limits::NONE }
}

fn at_a_time(places: u32) -> Limits {
    Limits { in_flight: Some(places), ..Limits::NONE }
}

async fn granted(ledger: &Ledger, purpose: Purpose, lane: Lane, cost: u64) -> Leave {
    ledger.spend(purpose, lane, cost, PATIENT).await.expect("leave")
}

async fn live_at_once(ledger: &Ledger, lane: Lane) -> Leave {
    ledger.spend(Purpose::Live, lane, 1, Duration::ZERO).await.expect("leave at once")
}

async fn assert_refused(ledger: &Ledger, purpose: Purpose, cost: u64) -> Duration {
    let start = Instant::now();
    let after = assert_no_quota(ledger.spend(purpose, Lane::General, cost, SECOND).await);
    assert_eq!(start.elapsed(), Duration::ZERO, "refused at once");
    after
}

#[tokio::test(start_paused = true)]
async fn of_any_24_hours_what_was_spent_comes_back_no_earlier_and_an_hour_later_at_most() {
    let rolling = Limits { daily: Some(Budget::rolling(1_000)), ..Limits::NONE };
    let ledger = ledger_at("2026-11-20T12:20:00Z", rolling);
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 200).await);
    tokio::time::sleep(3 * HOUR).await;
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 100).await);
    let after = assert_refused(&ledger, Purpose::Crawl, 150).await;
    assert_eq!(after, 21 * HOUR + 40 * 60 * SECOND, "24 hours after the end of the hour of the first");
    let resets = ledger.snapshot().resets_at_s.expect("something is spent");
    assert_eq!(Timestamp::from_second(resets).expect("a time").to_string(), "2026-11-21T13:00:00Z");
    // Over midnight nothing comes back.
    tokio::time::sleep(after - SECOND).await;
    assert_refused(&ledger, Purpose::Crawl, 150).await;
    tokio::time::sleep(SECOND).await;
    assert_eq!((ledger.snapshot().spent.crawl, ledger.snapshot().crawl_left), (100, Some(200)));
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 200).await);
}

#[tokio::test(start_paused = true)]
async fn sweeps_of_any_24_hours_come_evenly_and_not_before_enough_has_come_back() {
    let ledger = ledger_at(NOON, Limits { daily: Some(Budget::rolling(10_000)), ..Limits::NONE });
    // 2,000 in 25 hours: 40 of 50.
    assert_eq!(ledger.sweep_interval(50), Duration::from_secs(2_250));
    assert_eq!(ledger.snapshot().sweep_every, Some(Duration::from_secs(2_250)));
    drop(granted(&ledger, Purpose::Sweep, Lane::General, 1_980).await);
    assert_eq!(ledger.sweep_interval(50), 24 * HOUR);
    tokio::time::sleep(20 * HOUR).await;
    assert_eq!(ledger.sweep_interval(50), 5 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_day_that_ends_at_the_vendors_midnight_ends_there() {
    let day = Day::Midnight { utc_offset: tz::offset(-8) };
    let ledger = ledger_at(NOON, Limits { daily: Some(Budget { units: 100, day }), ..Limits::NONE });
    drop(granted(&ledger, Purpose::Live, Lane::General, 100).await);
    assert_eq!(assert_refused(&ledger, Purpose::Live, 1).await, 20 * HOUR);
    tokio::time::sleep(20 * HOUR).await;
    assert_eq!(ledger.snapshot().left, Some(100));
}

#[tokio::test(start_paused = true)]
async fn where_the_day_has_no_limit_nothing_is_refused_and_what_is_spent_is_shown() {
    let ledger = ledger_at(NOON, Limits::NONE);
    for purpose in [Purpose::Live, Purpose::Sweep, Purpose::Crawl] {
        drop(granted(&ledger, purpose, Lane::Search, 1_000_000).await);
    }
    let view = ledger.snapshot();
    assert_eq!(view.spent.total(), 3_000_000);
    assert_eq!((view.daily_limit, view.left, view.crawl_left, view.resets_at_s), (None, None, None, None));
    assert_eq!((ledger.sweep_interval(50), ledger.crawl_share()), (Duration::ZERO, None));
}

#[tokio::test(start_paused = true)]
async fn searches_with_a_window_of_their_own_do_not_wait_for_the_requests() {
    let ledger = ledger_at(NOON, HUBSPOT);
    for _ in 0..30 {
        drop(live_at_once(&ledger, Lane::General).await);
    }
    assert_no_quota(ledger.spend(Purpose::Live, Lane::General, 1, SECOND).await);
    ledger.note_left(Lane::General, 0, Duration::from_secs(9));
    for _ in 0..5 {
        drop(live_at_once(&ledger, Lane::Search).await);
    }
    assert_no_quota(ledger.spend(Purpose::Live, Lane::Search, 1, SECOND).await);
    // Where they share one, nothing left is nothing for either.
    let shared = ledger_at(NOON, Limits { search_in_general: true, ..HUBSPOT });
    shared.note_left(Lane::General, 0, Duration::from_secs(9));
    assert_no_quota(shared.spend(Purpose::Live, Lane::Search, 1, SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn searches_of_sweeps_leave_four_of_five_to_calls_at_any_time() {
    let ledger = ledger_at(NOON, HUBSPOT);
    let sweeping = Arc::clone(&ledger);
    let start = Instant::now();
    let sweeps = tokio::spawn(async move {
        for _ in 0..20 {
            drop(granted(&sweeping, Purpose::Sweep, Lane::Search, 1).await);
        }
    });
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(1_730)).await;
        for _ in 0..4 {
            drop(live_at_once(&ledger, Lane::Search).await);
        }
    }
    sweeps.await.expect("no panic");
    assert!(start.elapsed() < 30 * SECOND, "neither do calls stop the sweeps: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn with_everybody_at_work_no_window_of_either_kind_holds_more_than_it_may() {
    let ledger = ledger_at(NOON, HUBSPOT);
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for purpose in [Purpose::Live, Purpose::Sweep, Purpose::Crawl] {
        for lane in [Lane::General, Lane::Search] {
            for _ in 0..70 {
                let ledger = Arc::clone(&ledger);
                tasks.spawn(async move {
                    drop(granted(&ledger, purpose, lane, 1).await);
                    (begun.elapsed(), lane)
                });
            }
        }
    }
    let mut starts = tasks.join_all().await;
    starts.sort_unstable_by_key(|&(at, _)| at);
    for (lane, rate) in [(Lane::General, HUBSPOT.general), (Lane::Search, HUBSPOT.search)] {
        let rate = rate.expect("a rate");
        let of_it: Vec<_> = starts.iter().filter(|(_, of)| *of == lane).map(|&(at, _)| at).collect();
        let most = rate.requests as usize;
        assert!((most..of_it.len()).all(|at| of_it[at] - of_it[at - most] >= rate.window), "{lane:?}");
    }
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
            ledger.note_named(start, pause)
        } else {
            ledger.note_limited(start, Some(pause))
        }
        drop(granted(&ledger, Purpose::Live, Lane::General, 1).await);
        assert_eq!(start.elapsed(), looked);
    }
}

#[tokio::test(start_paused = true)]
async fn the_vendors_word_of_what_is_left_is_believed_where_it_is_less_and_not_where_it_is_more() {
    let ledger = ledger_at(NOON, of_a_day(1_000));
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 100).await);
    ledger.note_day_left(5_000);
    assert_eq!((ledger.snapshot().left, ledger.snapshot().vendor_left), (Some(900), Some(5_000)));
    ledger.note_day_left(400);
    drop(granted(&ledger, Purpose::Live, Lane::General, 10).await);
    let view = ledger.snapshot();
    assert_eq!((view.left, view.vendor_left), (Some(390), Some(390)));
    assert_eq!((view.sweep_left, view.crawl_left), (Some(100), Some(100)), "calls' reserve of 290 is kept");
    tokio::time::sleep(12 * HOUR).await;
    assert_eq!((ledger.snapshot().left, ledger.snapshot().vendor_left), (Some(1_000), None), "a new day");
}

#[tokio::test(start_paused = true)]
async fn where_the_vendors_word_rises_its_day_has_turned_and_ours_turns_with_it() {
    let ledger = ledger_at(NOON, of_a_day(1_000));
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 300).await);
    ledger.note_day_left(600);
    ledger.note_day_left(650);
    assert_eq!(ledger.snapshot().spent.crawl, 300, "answers that overtook each other");
    ledger.note_day_left(1_000);
    let view = ledger.snapshot();
    assert_eq!((view.spent, view.left, view.crawl_left), (Spent::default(), Some(1_000), Some(300)));
    let resets = Timestamp::from_second(view.resets_at_s.expect("a time")).expect("a time");
    assert_eq!(resets.to_string(), "2026-11-21T12:00:00Z");
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 300).await);
    tokio::time::sleep(13 * HOUR).await;
    assert_eq!(ledger.snapshot().spent.crawl, 300, "midnight is not when the day turns");
}

#[tokio::test(start_paused = true)]
async fn where_the_vendor_says_nothing_is_left_a_call_looks_every_ten_minutes_and_nobody_else() {
    let ledger = ledger_at(NOON, of_a_day(1_000));
    ledger.note_day_left(0);
    assert_refused(&ledger, Purpose::Live, 1).await;
    tokio::time::sleep(TEN_MINUTES).await;
    assert_refused(&ledger, Purpose::Sweep, 1).await;
    let sent = Instant::now();
    drop(live_at_once(&ledger, Lane::Search).await);
    assert_refused(&ledger, Purpose::Live, 1).await;
    ledger.note_accepted(sent);
    drop(live_at_once(&ledger, Lane::Search).await);
    drop(granted(&ledger, Purpose::Sweep, Lane::General, 1).await);
}

#[tokio::test(start_paused = true)]
async fn what_the_vendor_said_of_any_24_hours_is_believed_for_an_hour() {
    let ledger = ledger_at(NOON, Limits { daily: Some(Budget::rolling(1_000)), ..Limits::NONE });
    ledger.note_day_left(0);
    assert_eq!(assert_refused(&ledger, Purpose::Crawl, 1).await, HOUR);
    tokio::time::sleep(HOUR).await;
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 1).await);
}

#[tokio::test(start_paused = true)]
async fn a_day_that_the_vendor_calls_spent_holds_all_and_a_call_looks_every_ten_minutes() {
    let ledger = ledger_at(NOON, of_a_day(1_000));
    ledger.note_day_spent(Some(20 * HOUR));
    assert_eq!((ledger.snapshot().held, ledger.snapshot().day_spent), (Some(20 * HOUR), true));
    for _ in 0..3 {
        assert_refused(&ledger, Purpose::Live, 1).await;
        assert_refused(&ledger, Purpose::Crawl, 1).await;
        tokio::time::sleep(TEN_MINUTES).await;
        drop(live_at_once(&ledger, Lane::Search).await);
        ledger.note_day_spent(Some(19 * HOUR));
    }
    assert_refused(&ledger, Purpose::Live, 1).await;
    tokio::time::sleep(TEN_MINUTES).await;
    let sent = Instant::now();
    drop(live_at_once(&ledger, Lane::Search).await);
    ledger.note_accepted(sent);
    assert_eq!((ledger.snapshot().held, ledger.snapshot().day_spent), (None, false));
    drop(granted(&ledger, Purpose::Crawl, Lane::General, 1).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_what_was_sent_before_does_not_end_a_spent_day() {
    let (ledger, before) = (ledger_at(NOON, of_a_day(1_000)), Instant::now());
    ledger.note_day_spent(Some(20 * HOUR));
    ledger.note_accepted(before);
    assert!(ledger.snapshot().day_spent);
}

#[tokio::test(start_paused = true)]
async fn a_spent_day_without_a_time_lasts_until_the_day_ends_and_of_any_24_hours_an_hour() {
    let ledger = ledger_at(NOON, of_a_day(1_000));
    ledger.note_day_spent(None);
    assert_eq!(ledger.snapshot().held, Some(12 * HOUR));
    let rolling = ledger_at(NOON, Limits { daily: Some(Budget::rolling(1_000)), ..Limits::NONE });
    rolling.note_day_spent(None);
    assert_eq!(rolling.snapshot().held, Some(HOUR));
    rolling.note_day_spent(Some(100 * HOUR));
    assert_eq!(rolling.snapshot().held, Some(24 * HOUR), "no day is longer");
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
    assert_eq!(ledger.sweep_interval(1), Duration::from_millis(21_600), "200 in 72 minutes");
    tokio::time::sleep_until(start + Duration::from_millis(4_319_900)).await;
    assert_eq!(ledger.snapshot().spent.live, 11);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(ledger.snapshot().spent.live, 0);
}

#[tokio::test(start_paused = true)]
async fn what_crawls_have_cost_is_summed_over_days_and_limits() {
    let clock = Clock::following(NOON.parse().expect("a time"));
    let before = Ledger::new(of_a_day(1_000), clock);
    drop(granted(&before, Purpose::Crawl, Lane::General, 250).await);
    tokio::time::sleep(24 * HOUR).await;
    drop(granted(&before, Purpose::Crawl, Lane::General, 50).await);
    drop(granted(&before, Purpose::Sweep, Lane::General, 50).await);
    let now = Ledger::new(of_a_day(2_000), clock);
    now.carry_over(&before);
    assert_eq!((before.crawl_spent(), now.crawl_spent()), (300, 300));
    assert_eq!((before.crawl_share(), now.crawl_share()), (Some(300), Some(600)));
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
