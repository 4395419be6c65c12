//! Searches, of which there are few: who may make how many.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::vendors::{HUBSPOT, NOON, granted, live_at_once};
use super::{SECOND, assert_no_quota, ledger_at};
use crate::crm::quota::{Lane, Ledger, Limits, Purpose};

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

/// How many requests of this purpose begin within a minute while there are always more.
async fn begun_in_a_minute(ledger: &Arc<Ledger>, purpose: Purpose, lane: Lane) -> usize {
    let (until, mut begun) = (Instant::now() + 60 * SECOND, 0);
    while Instant::now() < until {
        drop(granted(ledger, purpose, lane, 1).await);
        begun += 1;
    }
    begun
}

#[tokio::test(start_paused = true)]
async fn what_calls_left_to_be_written_searches_with_all_that_live_questions_leave() {
    let ledger = ledger_at(NOON, HUBSPOT);
    let alone = begun_in_a_minute(&ledger, Purpose::Write, Lane::Search).await;
    assert!((160..=170).contains(&alone), "three of five in any 1.1 s, found {alone} in a minute");
    tokio::time::sleep(10 * SECOND).await;
    let (writes, sweeps) = tokio::join!(
        begun_in_a_minute(&ledger, Purpose::Write, Lane::Search),
        begun_in_a_minute(&ledger, Purpose::Sweep, Lane::Search)
    );
    assert!(writes >= 105, "two of the three at the least, found {writes}");
    assert!(sweeps >= 20, "sweeps do not stand still, found {sweeps}");
    assert!(writes + sweeps >= 160, "nothing is left unused: {writes} and {sweeps}");
}

#[tokio::test(start_paused = true)]
async fn searches_of_writes_and_sweeps_leave_two_of_five_to_calls_at_any_time() {
    let ledger = ledger_at(NOON, HUBSPOT);
    let mut background = tokio::task::JoinSet::new();
    for purpose in [Purpose::Write, Purpose::Write, Purpose::Sweep, Purpose::Crawl] {
        let ledger = Arc::clone(&ledger);
        background.spawn(async move { begun_in_a_minute(&ledger, purpose, Lane::Search).await });
    }
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(2_730)).await;
        for _ in 0..2 {
            drop(live_at_once(&ledger, Lane::Search).await);
        }
    }
    assert!(background.join_all().await.iter().sum::<usize>() > 100, "neither do calls stop the others");
}

#[tokio::test(start_paused = true)]
async fn a_crawl_leaves_three_turns_of_four_to_writes_that_wait_and_has_all_when_none_does() {
    let ledger = ledger_at(NOON, HUBSPOT);
    let alone = begun_in_a_minute(&ledger, Purpose::Crawl, Lane::General).await;
    let (writes, crawled) = tokio::join!(
        begun_in_a_minute(&ledger, Purpose::Write, Lane::General),
        begun_in_a_minute(&ledger, Purpose::Crawl, Lane::General)
    );
    assert!(writes + crawled + 4 >= alone, "nothing is left unused: {writes} and {crawled} of {alone}");
    assert!((alone * 7 / 10..=alone * 8 / 10).contains(&writes), "{writes} of {alone}");
    assert!(crawled >= alone / 5, "it does not stand still: {crawled} of {alone}");
}
