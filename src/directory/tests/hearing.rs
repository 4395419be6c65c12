//! What webhooks say, read again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{OLEH, Stage, contact, deal, key, lost, stage};
use crate::base::metric::Count;
use crate::crm::hooks::Hint;
use crate::crm::{CrmUser, Record};
use crate::model::{client::Kind, ids::CrmId};

const CONTACT: Hint = Hint::Record(Kind::Contact, CrmId::Number(1));

/// A directory that is kept fresh, with a contact and its deal.
async fn kept() -> Stage {
    let stage = stage(vec![contact(1, "0671112233", 7), deal(5, 1, true)]).crawled().await;
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop));
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage
}

fn owner(stage: &Stage) -> Option<CrmId> {
    stage.directory.known(key(OLEH)).and_then(|client| client.entities().first().and_then(|entity| entity.owner))
}

fn now(stage: &Stage, records: Vec<Record>) {
    *stage.crm.changed.lock().expect("not poisoned") = records;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_heard_is_known_within_two_seconds() {
    let stage = kept().await;
    now(&stage, vec![contact(1, "0671112233", 8)]);
    stage.directory.hear([CONTACT]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(owner(&stage), Some(CrmId::Number(8)));
    assert_eq!(stage.metrics.counted(Count::RecordsReread), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_hints_of_one_kind_are_one_request() {
    let stage = kept().await;
    now(&stage, (1..=100).map(|id| contact(id, &format!("0671112{id:03}"), 8)).collect());
    stage.directory.hear((1..=100).map(|id| Hint::Record(Kind::Contact, CrmId::Number(id))));
    stage.directory.hear([CONTACT]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.crm.reread.load(Ordering::SeqCst), 1);
    assert_eq!(stage.directory.status().records["contact"], 100);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_not_found_any_more_is_gone_and_an_older_page_does_not_bring_it_back() {
    let stage = kept().await;
    now(&stage, Vec::new());
    stage.directory.hear([CONTACT]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(stage.directory.known(key(OLEH)).is_none());
    now(&stage, vec![Record { updated_s: 5, ..contact(1, "0671112233", 7) }]);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(stage.directory.known(key(OLEH)).is_none(), "a page that was under way is older");
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_cannot_be_followed_is_tried_again_and_then_left_to_the_sweep() {
    let stage = kept().await;
    now(&stage, vec![contact(1, "0671112233", 8)]);
    stage.crm.failing.lock().expect("not poisoned").push(lost());
    stage.directory.hear([CONTACT]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(owner(&stage), Some(CrmId::Number(8)), "the second try");
    now(&stage, vec![contact(1, "0671112233", 9)]);
    stage.crm.failing.lock().expect("not poisoned").extend((0..4).map(|_| lost()));
    stage.directory.hear([CONTACT]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!((owner(&stage), stage.metrics.counted(Count::HintsDropped)), (Some(CrmId::Number(8)), 1));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(owner(&stage), Some(CrmId::Number(9)));
}

#[tokio::test(start_paused = true)]
async fn more_hints_than_are_held_become_a_sweep() {
    let stage = kept().await;
    now(&stage, vec![contact(1, "0671112233", 8)]);
    stage.directory.hear((1_000..12_000).map(|id| Hint::Record(Kind::Contact, CrmId::Number(id))));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(owner(&stage), Some(CrmId::Number(8)));
    assert!(stage.crm.reread.load(Ordering::SeqCst) <= 10, "what was held after that is read by name");
}

/// The sweeps that come of being asked for one every tenth of a second, in ten minutes.
async fn sweeps_asked_for_all_the_time(whole_share_allows: Duration) -> usize {
    let stage = kept().await;
    *stage.crm.whole_share_allows.lock().expect("not poisoned") = whole_share_allows;
    let sweeps = || stage.crm.since.lock().expect("not poisoned").len();
    let before = sweeps();
    for _ in 0..6_000 {
        stage.directory.hear([Hint::Sweep]);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    sweeps() - before
}

#[tokio::test(start_paused = true)]
async fn sweeps_that_are_asked_for_all_the_time_come_at_the_accounts_pace() {
    let of_plenty = sweeps_asked_for_all_the_time(Duration::ZERO).await;
    assert!((55..=65).contains(&of_plenty), "one in ten seconds, found {of_plenty}");
    let of_little = sweeps_asked_for_all_the_time(Duration::from_secs(300)).await;
    assert!((10..=13).contains(&of_little), "the minute's own and hardly one more, found {of_little}");
}

#[tokio::test(start_paused = true)]
async fn users_that_changed_are_read_again() {
    let stage = kept().await;
    let anna = CrmUser { email: Some("anna@acme.example".to_owned()), ..super::user(7) };
    stage.crm.users.lock().expect("not poisoned").push(anna);
    stage.directory.hear([Hint::Users]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.directory.users().borrow().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_told_of_before_it_is_shown_comes_with_the_next_sweep() {
    let stage = kept().await;
    now(&stage, Vec::new());
    stage.directory.hear([Hint::Record(Kind::Contact, CrmId::Number(2))]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    now(&stage, vec![Record { updated_s: 5, ..contact(2, "0671112244", 8) }]);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(stage.kinds_under(380_671_112_244), [Kind::Contact]);
}

#[tokio::test(start_paused = true)]
async fn what_a_full_crawl_finds_again_is_there_again() {
    let stage = kept().await;
    now(&stage, Vec::new());
    stage.directory.hear([CONTACT]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(stage.directory.known(key(OLEH)).is_none());
    let found = vec![Record { updated_s: 5, ..contact(1, "0671112233", 7) }];
    *stage.crm.records.lock().expect("not poisoned") = found;
    let stage = stage.crawled().await;
    assert_eq!(owner(&stage), Some(CrmId::Number(7)));
}
