//! Crawls, sweeps and their schedule.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{FULL, OLEH, contact, deal, feed_of, key, lost, section, stage};
use crate::base::problem::Placed;
use crate::config::CrmSection;
use crate::crm::{CrmUser, failure::Failure, quota::Limits};
use crate::directory::{Feed, WarmRequest, WarmState};
use crate::model::{
    client::{Kind, KindSet},
    ids::CrmId,
};

#[tokio::test(start_paused = true)]
async fn a_crawl_knows_clients_and_from_then_on_who_is_absent() {
    let stage = stage(vec![contact(1, "067 111-22-33", 7), deal(5, 1, true)]);
    assert_eq!(stage.directory.absent_as_of(), None);
    let stage = stage.crawled().await;
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact, Kind::Deal]);
    assert!(stage.directory.absent_as_of().is_some());
    assert_eq!(stage.directory.crawled(), KindSet::of(&[Kind::Contact, Kind::Deal]));
}

#[tokio::test(start_paused = true)]
async fn absent_is_no_fact_any_more_once_the_last_good_sweep_is_too_old() {
    let stage = stage(vec![contact(1, "0671112233", 7)]).crawled().await;
    tokio::time::advance(Duration::from_secs(121)).await;
    assert_eq!(stage.directory.absent_as_of(), None);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact], "who is known stays known");
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    assert!(stage.directory.absent_as_of().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_brings_changes_and_takes_closed_deals_out() {
    let stage = stage(vec![contact(1, "0671112233", 7), deal(5, 1, true)]).crawled().await;
    *stage.crm.changed.lock().expect("not poisoned") = vec![contact(1, "0671112233", 8), deal(5, 1, false)];
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    let client = stage.directory.known(key(OLEH)).expect("known");
    assert_eq!(client.entities().len(), 1);
    assert_eq!(client.entities()[0].owner, Some(CrmId::Number(8)));
}

#[tokio::test(start_paused = true)]
async fn what_a_later_crawl_does_not_find_is_taken_out() {
    let many: Vec<_> = (0..10).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect();
    let stage = stage(many).crawled().await;
    stage.crm.records.lock().expect("not poisoned").remove(0);
    let stage = stage.crawled().await;
    assert!(stage.directory.known(key(380_671_112_200)).is_none());
    assert!(stage.directory.known(key(380_671_112_201)).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_would_lose_too_much_is_refused_unless_forced() {
    let many: Vec<_> = (0..10).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect();
    let stage = stage(many).crawled().await;
    stage.crm.records.lock().expect("not poisoned").truncate(6);
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
    assert!(stage.directory.known(key(380_671_112_209)).is_some());
    let reason = stage.directory.warm_progress().borrow().reason.clone().expect("a reason");
    assert!(reason.contains("found 4 of 10"), "{reason}");
    assert_eq!(stage.warm(WarmRequest { full: true, force: true }).await, WarmState::Done);
    assert!(stage.directory.known(key(380_671_112_209)).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_of_users_never_takes_the_users_away() {
    let stage = stage(Vec::new());
    let anna = CrmUser { id: CrmId::Number(7), email: None, phone: None, extension: None, active: true };
    stage.crm.users.lock().expect("not poisoned").push(anna);
    let stage = stage.crawled().await;
    stage.crm.users.lock().expect("not poisoned").clear();
    let stage = stage.crawled().await;
    assert_eq!(stage.directory.users().borrow().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_waits_as_the_crm_says_and_goes_on_where_it_was() {
    let stage = stage((0..5).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect());
    let told = Failure::Wait { reason: "429".to_owned(), after: Some(Duration::from_secs(40)) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![told, lost()];
    let began = Instant::now();
    let stage = stage.crawled().await;
    assert!(began.elapsed() >= Duration::from_secs(40));
    let progress = stage.directory.warm_progress().borrow().clone();
    assert_eq!((progress.read, progress.pages, progress.waits), (5, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn a_second_warm_up_is_refused_naming_the_first_which_can_be_stopped() {
    let stage = stage(Vec::new());
    let told = Failure::Wait { reason: "429".to_owned(), after: Some(Duration::from_secs(600)) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![told];
    let id = stage.directory.warm(FULL).expect("none under way");
    assert_eq!(stage.directory.warm(FULL).expect_err("one under way").id, id);
    assert!(stage.directory.stop_warm());
    let mut progress = stage.directory.warm_progress();
    let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await.expect("a progress").clone();
    assert_eq!(ended.state, WarmState::Stopped);
    assert!(!stage.directory.stop_warm());
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_would_grow_past_its_limit_refuses_the_crawl() {
    let stage = stage((0..1_002).map(|at| contact(at + 1, &format!("06711{at:05}"), 7)).collect());
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
}

#[tokio::test(start_paused = true)]
async fn it_fills_itself_again_after_a_bad_start_and_sweeps_from_then_on() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    *stage.crm.failing.lock().expect("not poisoned") = vec![Failure::Refused { reason: "no".to_owned() }];
    let stop = tokio_util::sync::CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
    stage.crm.changed.lock().expect("not poisoned").push(contact(2, "0671112244", 7));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(stage.kinds_under(380_671_112_244), [Kind::Contact]);
    let records: BTreeMap<_, _> = stage.directory.status().records;
    assert_eq!(records["contact"], 2);
    stop.cancel();
    fresh.await.expect("it stops");
}

#[tokio::test(start_paused = true)]
async fn sweeps_come_every_minute_and_more_rarely_where_the_quota_says_so() {
    let stage = stage(Vec::new());
    assert_eq!(stage.directory.status().sweep_every_s, 60);
    *stage.crm.share_allows.lock().expect("not poisoned") = Duration::from_secs(720);
    assert_eq!(stage.directory.status().sweep_every_s, 720);
}

#[tokio::test(start_paused = true)]
async fn sweeps_that_are_slow_beside_webhooks_come_every_two_minutes_as_long_as_those_fail() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    let slow = CrmSection { sweep: Some(Placed::new(Duration::from_secs(3_600), 1)), ..section() };
    stage.directory.adopt(Feed { section: slow, ..feed_of(&stage.crm, Limits::NONE) });
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(Duration::from_secs(600)).await;
    let changed = |number| stage.crm.changed.lock().expect("not poisoned").push(contact(2, number, 7));
    changed("0671112244");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(stage.kinds_under(380_671_112_244), [], "the webhooks would tell");
    // In the middle of the hour.
    stage.directory.webhooks_work(false);
    tokio::time::sleep(Duration::from_secs(121)).await;
    assert_eq!(stage.kinds_under(380_671_112_244), [Kind::Contact]);
    assert_eq!(stage.directory.status().sweep_every_s, 120);
    *stage.crm.share_allows.lock().expect("not poisoned") = Duration::from_secs(720);
    assert_eq!(stage.directory.status().sweep_every_s, 720, "no more than the account allows");
    stage.directory.webhooks_work(true);
    assert_eq!(stage.directory.status().sweep_every_s, 3_600);
    stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_first_crawl_that_was_refused_is_not_repeated_until_the_night() {
    let stage = stage((0..1_002).map(|at| contact(at + 1, &format!("06711{at:05}"), 7)).collect());
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let progress = stage.directory.warm_progress().borrow().clone();
    assert_eq!((progress.id, progress.state), (1, WarmState::Refused));
    stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_sweep_without_quota_gives_its_place_up_instead_of_waiting_for_midnight() {
    let stage = stage(vec![contact(1, "0671112233", 7)]).crawled().await;
    let none = Failure::NoQuota { reason: "the sweeps' share".to_owned(), after: Duration::from_secs(40_000) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![none];
    let began = Instant::now();
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Failed);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn somebody_new_in_the_crm_is_known_within_a_quarter_of_an_hour() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let anna = CrmUser { id: CrmId::Number(7), email: None, phone: None, extension: None, active: true };
    stage.crm.users.lock().expect("not poisoned").push(anna);
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    assert_eq!(stage.directory.users().borrow().len(), 1);
    stop.cancel();
}
