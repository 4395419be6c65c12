//! What vendors call a day, and what they say of it.

use std::time::Duration;

use jiff::{Timestamp, tz};
use tokio::time::Instant;

use super::vendors::{HOUR, NOON, TEN_MINUTES, assert_refused, granted, live_at_once, of_a_day};
use super::{SECOND, ledger_at};
use crate::crm::quota::{Budget, Day, Lane, Limits, Pace, Purpose, Spent};

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
    assert_eq!(ledger.sweep_interval(50, Pace::Now), Duration::from_secs(2_250));
    assert_eq!(ledger.snapshot().sweep_every, Some(Duration::from_secs(2_250)));
    drop(granted(&ledger, Purpose::Sweep, Lane::General, 1_980).await);
    assert_eq!(ledger.sweep_interval(50, Pace::Now), 24 * HOUR);
    assert_eq!(ledger.sweep_interval(50, Pace::Even), Duration::from_secs(2_250), "whatever is spent");
    assert_eq!(ledger.snapshot().sweep_every, Some(24 * HOUR), "what operators see is how things are");
    tokio::time::sleep(20 * HOUR).await;
    assert_eq!(ledger.sweep_interval(50, Pace::Now), 5 * HOUR);
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
    assert_eq!((ledger.sweep_interval(50, Pace::Now), ledger.crawl_share()), (Duration::ZERO, None));
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
