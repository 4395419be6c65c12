//! What counts on when a process has ended and another begun.

use std::time::Duration;

use super::{PATIENT, ledger_at, limits};
use crate::crm::quota::{Budget, DayMemo, Lane, Ledger, Limits, Purpose, Spent};

const ROLLING: Limits = Limits { daily: Some(Budget::rolling(1_000)), ..Limits::NONE };
const HOUR: Duration = Duration::from_secs(3_600);

async fn spend(ledger: &Ledger, purpose: Purpose, cost: u64) {
    drop(ledger.spend(purpose, Lane::General, cost, PATIENT).await.expect("leave"));
}

/// What a memo says after a while on disk.
fn kept(ledger: &Ledger) -> DayMemo {
    let text = serde_json::to_string(&ledger.memo()).expect("JSON");
    serde_json::from_str(&text).expect("the same")
}

#[tokio::test(start_paused = true)]
async fn what_was_spent_today_counts_after_a_restart_and_not_the_day_after() {
    let before = ledger_at("2026-11-20T06:00:00Z", limits());
    spend(&before, Purpose::Crawl, 3_000).await;
    spend(&before, Purpose::Live, 600).await;
    let memo = kept(&before);
    let later = ledger_at("2026-11-20T07:00:00Z", limits());
    spend(&later, Purpose::Sweep, 30).await;
    later.recall(&memo);
    let view = later.snapshot();
    assert_eq!((view.spent, view.left), (Spent { live: 600, sweep: 30, crawl: 3_000, write: 0 }, Some(26_370)));
    assert_eq!(view.forecast, 3_630 * 18, "counted since six");
    let next_day = ledger_at("2026-11-21T00:00:00Z", limits());
    next_day.recall(&memo);
    assert_eq!(next_day.snapshot().spent, Spent::default());
    // A clock that was wrong then by more than a day.
    let earlier = ledger_at("2026-11-18T00:00:00Z", limits());
    earlier.recall(&memo);
    assert_eq!(earlier.snapshot().spent, Spent::default());
}

#[tokio::test(start_paused = true)]
async fn of_any_24_hours_each_hour_comes_back_when_it_would_have_without_a_restart() {
    let before = ledger_at("2026-11-20T12:30:00Z", ROLLING);
    spend(&before, Purpose::Crawl, 100).await;
    tokio::time::sleep(2 * HOUR).await;
    spend(&before, Purpose::Crawl, 50).await;
    let memo = kept(&before);
    for (at, spent) in [("2026-11-21T12:59:59Z", 150), ("2026-11-21T13:00:00Z", 50), ("2026-11-21T15:00:00Z", 0)] {
        let later = ledger_at(at, ROLLING);
        later.recall(&memo);
        assert_eq!(later.snapshot().spent.crawl, spent, "{at}");
        assert_eq!(memo.is_over(at.parse::<jiff::Timestamp>().expect("a time").as_millisecond()), spent == 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_memo_of_another_kind_of_day_says_nothing() {
    let before = ledger_at("2026-11-20T12:00:00Z", ROLLING);
    spend(&before, Purpose::Crawl, 100).await;
    let later = ledger_at("2026-11-20T12:00:00Z", limits());
    later.recall(&kept(&before));
    assert_eq!(later.snapshot().spent, Spent::default());
}

#[tokio::test(start_paused = true)]
async fn hours_that_nobody_can_have_counted_do_not_stop_a_ledger() {
    let lie = r#"{"rolling":{"hours":[[9223372036854775807,{"live":1,"sweep":0,"crawl":0}],
        [-9223372036854775808,{"live":7,"sweep":0,"crawl":0}]],"counted_from_ms":9223372036854775807}}"#;
    let memo: DayMemo = serde_json::from_str(lie).expect("of that shape");
    let ledger = ledger_at("2026-11-20T12:00:00Z", ROLLING);
    ledger.recall(&memo);
    assert_eq!((ledger.snapshot().spent, memo.is_over(0)), (Spent::default(), false));
    let lie =
        r#"{"midnight":{"spent":{"live":1,"sweep":0,"crawl":0},"counted_from_ms":0,"ends_ms":-9223372036854775808}}"#;
    let ledger = ledger_at("2026-11-20T12:00:00Z", limits());
    ledger.recall(&serde_json::from_str(lie).expect("of that shape"));
    assert_eq!(ledger.snapshot().spent, Spent::default());
}
