use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Budget, Lane, Ledger, Limits, Pace, Purpose, Rate, Spent};
use crate::base::clock::Clock;
use crate::crm::failure::Failure;

const PATIENT: Duration = Duration::from_secs(86_400 * 2);
const WINDOW: Duration = Duration::from_secs(2);
const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits {
        daily: Some(Budget::utc_day(30_000)),
        general: Some(Rate::new(20, WINDOW)),
        search: Some(Rate::new(10, WINDOW)),
        ..Limits::NONE
    }
}

fn ledger_at(time: &str, limits: Limits) -> Arc<Ledger> {
    let start: Timestamp = time.parse().expect(time);
    Arc::new(Ledger::new(limits, Clock::following(start)))
}

fn ledger() -> Arc<Ledger> {
    ledger_at("2026-11-20T00:00:00Z", limits())
}

async fn live(ledger: &Ledger, patience: Duration) -> Result<(), Failure> {
    ledger.spend(Purpose::Live, Lane::Search, 20, patience).await.map(drop)
}

async fn crawl(ledger: &Ledger) -> Result<(), Failure> {
    ledger.spend(Purpose::Crawl, Lane::General, 10, PATIENT).await.map(drop)
}

async fn sweep(ledger: &Ledger, cost: u64) {
    drop(ledger.spend(Purpose::Sweep, Lane::General, cost, PATIENT).await.expect("within the share"));
}

fn assert_no_quota<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> Duration {
    match outcome {
        Err(Failure::NoQuota { after, .. }) => after,
        other => panic!("expected no quota, found {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn ten_live_questions_start_at_once_and_the_next_waits_for_the_window() {
    let (ledger, start) = (ledger(), Instant::now());
    for _ in 0..10 {
        live(&ledger, SECOND).await.expect("a slot");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    live(&ledger, Duration::from_secs(3)).await.expect("a slot later");
    assert!((Duration::from_millis(2_000)..Duration::from_millis(2_200)).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_live_question_that_would_come_too_late_is_refused_at_once_and_costs_nothing() {
    let (ledger, start) = (ledger(), Instant::now());
    for _ in 0..10 {
        live(&ledger, SECOND).await.expect("a slot");
    }
    let spent = ledger.snapshot().spent;
    assert!(assert_no_quota(live(&ledger, SECOND).await) > SECOND);
    assert_eq!((start.elapsed(), ledger.snapshot().spent), (Duration::ZERO, spent));
}

#[tokio::test(start_paused = true)]
async fn a_live_question_never_waits_behind_a_crawl() {
    let ledger = ledger();
    let crawling = Arc::clone(&ledger);
    let crawls = tokio::spawn(async move {
        for _ in 0..100 {
            crawl(&crawling).await.expect("a slot");
        }
    });
    tokio::time::sleep(Duration::from_millis(950)).await;
    let start = Instant::now();
    for _ in 0..10 {
        live(&ledger, Duration::ZERO).await.expect("a slot at once");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    crawls.await.expect("the crawl ends");
}

#[tokio::test(start_paused = true)]
async fn with_both_at_work_no_rolling_window_of_the_vendor_holds_more_than_it_may() {
    let ledger = ledger_at("2026-11-20T00:00:00Z", Limits { daily: Some(Budget::utc_day(10_000_000)), ..limits() });
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for kind in [Purpose::Live, Purpose::Crawl, Purpose::Sweep] {
        for _ in 0..60 {
            let ledger = Arc::clone(&ledger);
            let lane = if kind == Purpose::Live { Lane::Search } else { Lane::General };
            tasks.spawn(async move {
                drop(ledger.spend(kind, lane, 10, PATIENT).await.expect("a slot"));
                (begun.elapsed(), lane)
            });
        }
    }
    let mut starts = tasks.join_all().await;
    starts.sort_unstable_by_key(|&(at, _)| at);
    for &(from, _) in &starts {
        let within: Vec<_> =
            starts.iter().filter(|(at, _)| (from..from + Duration::from_secs(2)).contains(at)).collect();
        assert!(within.len() <= 20, "{} in the window from {from:?}", within.len());
        assert!(within.iter().filter(|(_, lane)| *lane == Lane::Search).count() <= 10);
    }
    // Neither side is slower than it must be: 60 in windows of 10, 120 in windows of 10.
    assert!(starts.last().is_some_and(|(at, _)| *at < Duration::from_secs(28)));
}

#[tokio::test(start_paused = true)]
async fn a_crawl_ends_at_its_share_and_goes_on_the_next_day() {
    let ledger = ledger();
    for _ in 0..900 {
        crawl(&ledger).await.expect("within 30 %");
    }
    let after = assert_no_quota(crawl(&ledger).await);
    assert!(after > Duration::from_secs(86_000) && after <= Duration::from_secs(86_400), "{after:?}");
    live(&ledger, SECOND).await.expect("live questions have their own");
    sweep(&ledger, 10).await;
    tokio::time::sleep(after).await;
    crawl(&ledger).await.expect("a new day");
    assert_eq!(ledger.snapshot().spent, Spent { live: 0, sweep: 0, crawl: 10, write: 0 });
}

#[tokio::test(start_paused = true)]
async fn live_questions_may_spend_all_that_is_left_and_nobody_their_reserve() {
    let small = Limits { daily: Some(Budget::utc_day(1_000)), sweep_percent: 100, crawl_percent: 100, ..limits() };
    let ledger = ledger_at("2026-11-20T12:00:00Z", small);
    for _ in 0..70 {
        crawl(&ledger).await.expect("up to the reserve");
    }
    assert_no_quota(crawl(&ledger).await);
    for _ in 0..15 {
        live(&ledger, PATIENT).await.expect("the reserve");
    }
    let after = assert_no_quota(live(&ledger, PATIENT).await);
    assert!(after < Duration::from_secs(43_200), "{after:?}");
    assert_eq!(ledger.snapshot().left, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_429_with_a_time_holds_everybody_until_then() {
    let (ledger, start) = (ledger(), Instant::now());
    ledger.note_limited(Instant::now(), Some(Duration::from_secs(5)));
    assert_no_quota(live(&ledger, SECOND).await);
    assert_eq!(ledger.snapshot().held, Some(Duration::from_secs(5)));
    crawl(&ledger).await.expect("after the pause");
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    live(&ledger, Duration::ZERO).await.expect("after the pause");
}

#[tokio::test(start_paused = true)]
async fn pauses_after_429s_without_a_time_double_up_to_ten_minutes_and_an_answer_ends_that() {
    let ledger = ledger();
    let mut pauses = Vec::new();
    for _ in 0..12 {
        ledger.note_limited(Instant::now(), None);
        let held = ledger.snapshot().held.expect("held");
        pauses.push(held.as_secs());
        tokio::time::sleep(held).await;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]);
    ledger.note_accepted(Instant::now());
    ledger.note_limited(Instant::now(), None);
    assert_eq!(ledger.snapshot().held, Some(Duration::from_secs(2)));
    assert_eq!(ledger.snapshot().limited, 13);
}

#[tokio::test(start_paused = true)]
async fn ten_429s_to_questions_asked_at_once_are_one_pause_and_the_next_ten_double_it_once() {
    let ledger = ledger();
    let ten_at_once = async || {
        let sent = Instant::now();
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            ledger.note_limited(sent, None);
        }
        (Instant::now() - sent, ledger.snapshot().held.expect("held"))
    };
    for pause in [2, 4, 8] {
        let (took, held) = ten_at_once().await;
        assert_eq!(took + held, Duration::from_millis(20) + pause * SECOND, "counted from the first");
        tokio::time::sleep(held).await;
    }
    assert_eq!(ledger.snapshot().limited, 30);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_pause_neither_prolongs_it_nor_ends_the_row_unless_it_names_a_time() {
    let (ledger, before) = (ledger(), Instant::now());
    ledger.note_limited(before, None);
    tokio::time::sleep(Duration::from_secs(3)).await;
    ledger.note_limited(before, None);
    ledger.note_accepted(before);
    assert_eq!(ledger.snapshot().held, None);
    ledger.note_limited(before, Some(SECOND));
    assert_eq!(ledger.snapshot().held, Some(SECOND));
    tokio::time::sleep(SECOND).await;
    ledger.note_limited(Instant::now(), None);
    assert_eq!(ledger.snapshot().held, Some(4 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_nobody_can_mean_is_looked_at_every_ten_minutes() {
    let ledger = ledger();
    ledger.note_limited(Instant::now(), Some(Duration::from_secs(1_800_000_000)));
    assert_eq!(ledger.snapshot().held, Some(Duration::from_secs(86_400)));
    assert_no_quota(live(&ledger, 599 * SECOND).await);
    tokio::time::sleep(600 * SECOND).await;
    live(&ledger, Duration::ZERO).await.expect("a look");
    assert_no_quota(live(&ledger, 599 * SECOND).await);
    ledger.note_accepted(Instant::now());
    assert_eq!(ledger.snapshot().held, None);
    live(&ledger, Duration::ZERO).await.expect("it is over");
    crawl(&ledger).await.expect("for all");
}

#[tokio::test(start_paused = true)]
async fn what_live_questions_have_used_already_is_not_kept_for_them() {
    let (ledger, start) = (ledger(), Instant::now());
    for _ in 0..10 {
        live(&ledger, Duration::ZERO).await.expect("a slot");
    }
    ledger.note_left(Lane::General, 3, SECOND);
    crawl(&ledger).await.expect("a slot");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn few_left_in_the_vendors_window_pause_the_crawl_none_left_pause_calls_too() {
    let (ledger, start) = (ledger(), Instant::now());
    ledger.note_left(Lane::General, 9, SECOND);
    live(&ledger, Duration::ZERO).await.expect("nine are left for calls");
    crawl(&ledger).await.expect("later");
    assert_eq!(start.elapsed(), SECOND);
    ledger.note_left(Lane::Search, 0, SECOND);
    assert_no_quota(live(&ledger, Duration::from_millis(500)).await);
    ledger.note_left(Lane::Search, 0, Duration::from_secs(1900));
    assert_eq!(ledger.snapshot().held, Some(Duration::from_millis(2_100)), "no longer than the window");
}

#[tokio::test(start_paused = true)]
async fn a_background_request_without_patience_is_refused_while_the_crm_wants_a_pause() {
    let ledger = ledger();
    ledger.note_limited(Instant::now(), Some(Duration::from_secs(60)));
    let outcome = ledger.spend(Purpose::Sweep, Lane::General, 10, SECOND).await;
    assert_eq!(assert_no_quota(outcome), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_comes_as_often_as_the_share_says() {
    let rich = ledger_at("2026-11-20T00:00:00Z", Limits { daily: Some(Budget::utc_day(1_000_000)), ..limits() });
    // 200,000 a day: 4,000 sweeps of 50.
    assert_eq!(rich.sweep_interval(50, Pace::Now), Duration::from_millis(21_600));
    // 6,000 a day: 120 sweeps of 50, one every 720 s.
    assert_eq!(ledger().sweep_interval(50, Pace::Now), Duration::from_secs(720));
    let none = ledger_at("2026-11-20T00:00:00Z", Limits { sweep_percent: 0, ..limits() });
    assert_eq!(none.sweep_interval(50, Pace::Now), Duration::from_secs(86_400));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_is_never_faster_than_the_days_pace_and_slower_when_too_much_is_spent() {
    let noon = ledger_at("2026-11-20T12:00:00Z", limits());
    assert_eq!(noon.sweep_interval(50, Pace::Now), Duration::from_secs(720));
    for _ in 0..100 {
        sweep(&noon, 50).await;
    }
    // 1,000 are left for half a day.
    assert!(noon.sweep_interval(50, Pace::Now) > Duration::from_secs(2_100));
    for _ in 0..20 {
        sweep(&noon, 50).await;
    }
    assert_eq!(noon.sweep_interval(50, Pace::Even), Duration::from_secs(720));
    let till_midnight = noon.sweep_interval(50, Pace::Now);
    assert!(till_midnight > Duration::from_secs(43_000) && till_midnight <= Duration::from_secs(43_200));
}

#[tokio::test(start_paused = true)]
async fn the_view_says_what_is_left_and_what_the_day_will_come_to() {
    let ledger = ledger_at("2026-11-20T00:00:00Z", limits());
    for _ in 0..5 {
        live(&ledger, SECOND).await.expect("a slot");
    }
    tokio::time::sleep(Duration::from_secs(6 * 3_600)).await;
    let view = ledger.snapshot();
    assert_eq!((view.daily_limit, view.left, view.forecast), (Some(30_000), Some(29_900), 400));
    assert_eq!((view.sweep_left, view.crawl_left), (Some(6_000), Some(9_000)));
    assert_eq!(
        Timestamp::from_second(view.resets_at_s.expect("a time")).expect("a time").to_string(),
        "2026-11-21T00:00:00Z"
    );
}

#[tokio::test(start_paused = true)]
async fn other_limits_do_not_begin_the_day_anew() {
    let start: Timestamp = "2026-11-20T06:00:00Z".parse().expect("a time");
    let clock = Clock::following(start);
    let before = Ledger::new(limits(), clock);
    for _ in 0..10 {
        live(&before, SECOND).await.expect("a slot");
    }
    crawl(&before).await.expect("a slot");
    tokio::time::sleep(Duration::from_secs(6 * 3_600)).await;
    live(&before, SECOND).await.expect("a slot");
    before.note_limited(Instant::now(), Some(Duration::from_secs(5)));
    let now = Ledger::new(Limits { daily: Some(Budget::utc_day(60_000)), ..limits() }, clock);
    now.carry_over(&before);
    let (old, new) = (before.snapshot(), now.snapshot());
    assert_eq!(new.spent, Spent { live: 220, sweep: 0, crawl: 10, write: 0 });
    assert_eq!((new.held, new.limited, new.forecast), (Some(Duration::from_secs(5)), 1, old.forecast));
    assert_eq!((new.daily_limit, new.left, new.crawl_left), (Some(60_000), Some(59_770), Some(17_990)));
    // A smaller budget than what is spent leaves nothing, and the next day is a whole one.
    let small = Ledger::new(Limits { daily: Some(Budget::utc_day(100)), ..limits() }, clock);
    small.carry_over(&before);
    assert_no_quota(live(&small, PATIENT).await);
    tokio::time::sleep(Duration::from_secs(12 * 3_600)).await;
    assert_eq!((small.snapshot().left, small.snapshot().spent), (Some(100), Spent::default()));
}

#[tokio::test(start_paused = true)]
async fn other_limits_do_not_empty_the_burst_window() {
    let before = ledger();
    for _ in 0..8 {
        live(&before, Duration::ZERO).await.expect("a slot");
    }
    let wide = ledger();
    wide.carry_over(&before);
    for _ in 0..2 {
        live(&wide, Duration::ZERO).await.expect("two of ten are free");
    }
    assert_no_quota(live(&wide, SECOND).await);
    let narrow = ledger_at("2026-11-20T00:00:00Z", Limits { search: Some(Rate::new(3, WINDOW)), ..limits() });
    narrow.carry_over(&before);
    assert_no_quota(live(&narrow, SECOND).await);
    live(&narrow, Duration::from_secs(3)).await.expect("after the window");
}

mod days;
mod restart;
mod searches;
mod vendors;
