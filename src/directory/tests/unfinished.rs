//! Crawls that are interrupted: by credentials, by a CRM that goes away, by a cursor without an end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{FULL, Stage, contact, deal, feed_of, lost, stage};
use crate::base::metric::Count;
use crate::crm::{Record, failure::Failure, quota::Budget, quota::Limits};
use crate::directory::{WarmProgress, WarmState};

fn clients() -> impl Iterator<Item = Record> {
    (0..5).map(|at| contact(at + 1, &format!("067111220{at}"), 7))
}

fn five() -> Stage {
    stage(clients().collect())
}

fn withdrawn() -> Failure {
    Failure::Credentials { reason: "401".to_owned() }
}

async fn progress(stage: &Stage, wanted: impl FnMut(&WarmProgress) -> bool) -> WarmProgress {
    let mut progress = stage.directory.warm_progress();
    progress.wait_for(wanted).await.expect("a progress").clone()
}

#[tokio::test(start_paused = true)]
async fn credentials_withdrawn_in_mid_crawl_pause_it_and_it_goes_on_when_they_work_again() {
    let stage = five();
    *stage.crm.failing.lock().expect("not poisoned") = vec![withdrawn(), withdrawn()];
    stage.directory.warm(FULL).expect("none under way");
    let paused = progress(&stage, |progress| progress.paused).await;
    assert_eq!(paused.state, WarmState::Running);
    assert!(paused.reason.expect("a reason").contains("credentials"));
    assert_eq!(stage.directory.status().crm.state, "credentials");
    let done = progress(&stage, |progress| progress.state != WarmState::Running).await;
    assert_eq!((done.state, done.read, done.pages, done.paused), (WarmState::Done, 5, 4, false));
    assert_eq!(stage.directory.status().crm.state, "ok");
    assert!(stage.directory.absent_as_of().is_some());
}

#[tokio::test(start_paused = true)]
async fn other_credentials_are_tried_at_once() {
    let stage = five();
    *stage.crm.failing.lock().expect("not poisoned") = vec![withdrawn()];
    stage.directory.warm(FULL).expect("none under way");
    progress(&stage, |progress| progress.paused).await;
    let began = tokio::time::Instant::now();
    stage.directory.adopt(feed_of(&stage.crm, Limits::NONE));
    progress(&stage, |progress| progress.state == WarmState::Done).await;
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_failed_is_gone_on_with_where_it_ended() {
    let stage = five();
    // The first page of contacts comes, then nothing for longer than a crawl is patient.
    stage.crm.failing.lock().expect("not poisoned").extend((0..10).map(|_| lost()));
    stage.crm.well_for.store(2, Ordering::SeqCst);
    assert_eq!(stage.warm(FULL).await, WarmState::Failed);
    assert_eq!(progress(&stage, |_| true).await.read, 2);
    assert_eq!(stage.warm(FULL).await, WarmState::Done);
    let rest = progress(&stage, |_| true).await;
    assert_eq!((rest.read, rest.pages), (3, 2), "the first page and the deals are not read again");
    assert_eq!(stage.directory.status().numbers, 5);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_failed_long_ago_is_begun_anew() {
    let stage = five();
    stage.crm.failing.lock().expect("not poisoned").extend((0..10).map(|_| lost()));
    stage.crm.well_for.store(2, Ordering::SeqCst);
    assert_eq!(stage.warm(FULL).await, WarmState::Failed);
    tokio::time::advance(Duration::from_secs(3_601)).await;
    assert_eq!(stage.warm(FULL).await, WarmState::Done);
    assert_eq!(progress(&stage, |_| true).await.read, 5);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_without_an_end_ends_the_crawl_and_takes_nothing_out() {
    let stage = stage([deal(50, 1, true)].into_iter().chain(clients()).collect());
    stage.crm.endless.store(true, Ordering::SeqCst);
    assert_eq!(stage.warm(FULL).await, WarmState::Failed);
    let ended = progress(&stage, |_| true).await;
    assert!(ended.reason.expect("a reason").contains("the same pages again"));
    assert!(ended.pages < 250, "{}", ended.pages);
}

#[tokio::test(start_paused = true)]
async fn pages_of_closed_deals_in_a_row_are_no_endless_cursor() {
    let closed = (0..300).map(|at| deal(1_000 + at, 1, false));
    let stage = stage(closed.chain([deal(5, 1, true), contact(1, "0671112233", 7)]).collect()).crawled().await;
    let done = progress(&stage, |_| true).await;
    assert_eq!((done.read, done.pages), (2, 152));
}

#[tokio::test(start_paused = true)]
async fn a_crawl_whose_users_could_not_be_read_keeps_the_place_of_the_one_before() {
    let stage = five();
    stage.crm.failing.lock().expect("not poisoned").extend((0..10).map(|_| lost()));
    stage.crm.well_for.store(2, Ordering::SeqCst);
    assert_eq!(stage.warm(FULL).await, WarmState::Failed);
    stage.crm.users_failing.lock().expect("not poisoned").push(Failure::Refused { reason: "no".to_owned() });
    assert_eq!(stage.warm(FULL).await, WarmState::Failed);
    assert_eq!(stage.warm(FULL).await, WarmState::Done);
    let rest = progress(&stage, |_| true).await;
    assert_eq!((rest.read, rest.pages), (3, 2), "the first page and the deals are not read again");
}

#[tokio::test(start_paused = true)]
async fn crawls_become_weekly_where_one_costs_more_than_its_share_of_a_day() {
    let stage = five();
    let limits = Limits { daily: Some(Budget::utc_day(100)), ..Limits::NONE };
    let feed = feed_of(&stage.crm, limits);
    let ledger = Arc::clone(&feed.ledger);
    stage.directory.adopt(feed);
    *stage.crm.page_costs.lock().expect("not poisoned") = Some((Arc::clone(&ledger), 5));
    assert_eq!(stage.warm(FULL).await, WarmState::Done);
    let status = stage.directory.status();
    assert_eq!((status.full_crawls, status.crawl_cost), ("nightly", Some(20)), "30 are a day's share");
    tokio::time::advance(Duration::from_secs(86_400)).await;
    *stage.crm.page_costs.lock().expect("not poisoned") = Some((Arc::clone(&ledger), 8));
    let crawl = stage.warm(FULL).await;
    assert_eq!(crawl, WarmState::Done, "it waits for the next day's share");
    assert_eq!(stage.directory.status().full_crawls, "weekly");
    assert!(ledger.snapshot().spent.total() <= 30, "within the day's share");
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_outlives_the_next_night_does_not_make_sweeps_follow_each_other_without_a_pause() {
    let stage = five();
    tokio::spawn(Arc::clone(&stage.directory).keep_fresh(tokio_util::sync::CancellationToken::new()));
    progress(&stage, |progress| progress.state == WarmState::Done).await;
    stage.crm.page_refused.store(true, Ordering::SeqCst);
    // It is ten: one crawl is due at five past and waits for credentials, the next one's minute comes meanwhile.
    for minute in [5, 10] {
        let mut feed = feed_of(&stage.crm, Limits::NONE);
        feed.section.full_crawl_at_min = 10 * 60 + minute;
        stage.directory.adopt(feed);
        tokio::time::sleep(Duration::from_secs(6 * 60)).await;
    }
    assert!(progress(&stage, |_| true).await.paused);
    let before = stage.metrics.counted(Count::SweepsDone);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let sweeps = stage.metrics.counted(Count::SweepsDone) - before;
    assert!((8..=11).contains(&sweeps), "{sweeps}");
}

#[tokio::test(start_paused = true)]
async fn every_night_has_its_crawl_however_rare_sweeps_are() {
    let stage = five();
    let mut feed = feed_of(&stage.crm, Limits::NONE);
    feed.section.sweep = Some(crate::base::problem::Placed::new(Duration::from_secs(86_400), 1));
    stage.directory.adopt(feed);
    tokio::spawn(Arc::clone(&stage.directory).keep_fresh(tokio_util::sync::CancellationToken::new()));
    progress(&stage, |progress| progress.state == WarmState::Done).await;
    tokio::time::sleep(Duration::from_secs(3 * 86_400)).await;
    assert_eq!(stage.metrics.counted(Count::CrawlsDone), 4, "the first one and three nights");
}
