//! What is believed over what.

use std::time::Duration;

use super::{FULL, OLEH, caller, contact, feed_of, key, section, soon, stage};
use crate::base::problem::Placed;
use crate::crm::Record;
use crate::directory::{Asked, Feed, WarmRequest, WarmState};
use crate::model::{client::Kind, ids::CrmId};

fn many(count: u64) -> Vec<Record> {
    (0..count).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_crawl_whose_records_lost_their_numbers_is_refused_and_takes_nothing_away() {
    let stage = stage(many(10)).crawled().await;
    for record in stage.crm.records.lock().expect("not poisoned").iter_mut() {
        record.numbers.clear();
    }
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
    assert_eq!(stage.kinds_under(380_671_112_200), [Kind::Contact]);
    assert_eq!(stage.warm(WarmRequest { full: true, force: true }).await, WarmState::Done);
    assert!(stage.directory.known(key(380_671_112_200)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_number_that_one_record_lost_is_gone_once_the_crawl_is_accepted() {
    let stage = stage(many(10)).crawled().await;
    stage.crm.records.lock().expect("not poisoned")[0].numbers = vec!["0671112233".to_owned()];
    let stage = stage.crawled().await;
    assert!(stage.directory.known(key(380_671_112_200)).is_none());
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
}

#[tokio::test(start_paused = true)]
async fn of_very_few_clients_one_may_be_deleted_but_not_all() {
    let stage = stage(many(2)).crawled().await;
    stage.crm.records.lock().expect("not poisoned").truncate(1);
    let stage = stage.crawled().await;
    assert!(stage.directory.known(key(380_671_112_201)).is_none());
    stage.crm.records.lock().expect("not poisoned").clear();
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
    assert_eq!(stage.kinds_under(380_671_112_200), [Kind::Contact]);
}

#[tokio::test(start_paused = true)]
async fn a_search_that_lags_behind_undoes_nothing_that_a_list_has_dated() {
    let dated = |number: &str, owner| Record { updated_s: 500, ..contact(1, number, owner) };
    let stage = stage(vec![dated("0670000000", 8)]).crawled().await;
    // The index still has the owner and the number of before.
    *stage.crm.records.lock().expect("not poisoned") = vec![contact(1, "0671112233", 7)];
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Found);
    for number in [OLEH, 380_670_000_000] {
        let client = stage.directory.known(key(number)).expect("known");
        assert_eq!(client.entities()[0].owner, Some(CrmId::Number(8)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_lags_behind_does_not_bring_a_deleted_record_back() {
    let stage = stage(vec![Record { updated_s: 500, ..contact(1, "0671112233", 7) }]).crawled().await;
    let gone = Record { updated_s: 600, open: false, ..contact(1, "0671112233", 7) };
    stage.crm.changed.lock().expect("not poisoned").push(gone);
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    *stage.crm.records.lock().expect("not poisoned") = vec![contact(1, "0671112233", 7)];
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Nobody);
}

#[tokio::test(start_paused = true)]
async fn another_source_keeps_what_is_known_and_is_asked_from_then_on() {
    let stage = stage(vec![contact(1, "0671112233", 7)]).crawled().await;
    let sweep = Some(Placed::new(Duration::from_secs(300), 1));
    let section = crate::config::CrmSection { sweep, ..section() };
    let feed = Feed { section, ..feed_of(&stage.crm, crate::crm::quota::Limits::NONE) };
    stage.directory.adopt(feed);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
    assert_eq!(stage.directory.status().sweep_every_s, 300);
    tokio::time::advance(Duration::from_secs(590)).await;
    assert!(stage.directory.absent_as_of().is_some(), "twice the sweep");
}

#[tokio::test(start_paused = true)]
async fn a_share_that_is_used_up_does_not_stretch_how_long_an_absence_is_believed() {
    let stage = stage(Vec::new()).crawled().await;
    *stage.crm.share_allows.lock().expect("not poisoned") = Duration::from_secs(8_000);
    tokio::time::advance(Duration::from_secs(121)).await;
    assert_eq!(stage.directory.absent_as_of(), None);
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_that_was_used_up_before_the_start_or_a_reload() {
    let stage = stage(Vec::new()).crawled().await;
    *stage.crm.share_allows.lock().expect("not poisoned") = Duration::from_secs(8_000);
    *stage.crm.whole_share_allows.lock().expect("not poisoned") = Duration::from_secs(90);
    stage.directory.adopt(feed_of(&stage.crm, crate::crm::quota::Limits::NONE));
    tokio::time::advance(Duration::from_secs(170)).await;
    assert!(stage.directory.absent_as_of().is_some(), "twice what a whole share gives");
    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!(stage.directory.absent_as_of(), None);
}

#[tokio::test(start_paused = true)]
async fn a_client_learned_live_goes_stale_before_the_first_crawl_and_not_after_it() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Found);
    let client = stage.directory.known(key(OLEH)).expect("known");
    assert!(!stage.directory.is_stale(&client));
    tokio::time::advance(Duration::from_secs(121)).await;
    assert!(stage.directory.is_stale(&client));
    let stage = stage.crawled().await;
    assert!(!stage.directory.is_stale(&client));
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_lost_sight_of_a_whole_kind_is_refused_unless_forced() {
    let deals = (1..=4).map(|id| super::deal(id + 10, id, true));
    let stage = stage(many(4).into_iter().chain(deals).collect()).crawled().await;
    stage.crm.records.lock().expect("not poisoned").retain(|record| record.kind == Kind::Contact);
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
    assert_eq!(stage.directory.status().records["deal"], 4);
    assert_eq!(stage.warm(WarmRequest { full: true, force: true }).await, WarmState::Done);
    assert_eq!(stage.directory.status().records["deal"], 0);
}
