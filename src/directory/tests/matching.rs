//! Numbers that are the same by the CRM's own rule.

use super::{FULL, OLEH, caller, contact, key, soon, stage, stage_of};
use crate::crm::Matching;
use crate::directory::{Asked, WarmState};
use crate::model::client::Kind;

/// The same last nine digits as [`OLEH`], under another country's code.
const ABROAD: u64 = 48_671_112_233;

#[tokio::test(start_paused = true)]
async fn where_the_last_nine_digits_count_a_number_with_another_beginning_is_found() {
    let stage = stage_of(vec![contact(1, "+48671112233", 7)], Matching::LastNine).crawled().await;
    assert!(stage.directory.known(key(OLEH)).is_none());
    assert_eq!(stage.directory.alike(key(OLEH)), Some(key(ABROAD)));
    assert_eq!(stage.directory.alike(key(380_671_112_234)), None);
}

#[tokio::test(start_paused = true)]
async fn where_whole_numbers_count_it_is_not() {
    let stage = stage(vec![contact(1, "+48671112233", 7)]).crawled().await;
    assert_eq!(stage.directory.alike(key(OLEH)), None);
}

#[tokio::test(start_paused = true)]
async fn of_several_the_longest_end_in_common_wins_then_the_client_created_last() {
    let first = crate::crm::Record { created_s: 10, ..contact(1, "+48671112233", 7) };
    let longer = crate::crm::Record { created_s: 5, ..contact(2, "+7 067 111 22 33", 7) };
    let second = crate::crm::Record { created_s: 20, ..contact(3, "+49671112233", 7) };
    let stage = stage_of(vec![first.clone(), longer, second.clone()], Matching::LastNine).crawled().await;
    assert_eq!(stage.directory.alike(key(10_671_112_233)), Some(key(70_671_112_233)));
    let stage = stage_of(vec![first, second], Matching::LastNine).crawled().await;
    assert_eq!(stage.directory.alike(key(OLEH)), Some(key(49_671_112_233)));
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_is_not_alike_any_more() {
    let others = (2..9).map(|id| contact(id, &format!("067555000{id}"), 7));
    let records = others.chain([contact(1, "+48671112233", 7)]).collect();
    let stage = stage_of(records, Matching::LastNine).crawled().await;
    stage.crm.records.lock().expect("not poisoned").pop();
    assert_eq!(stage.warm(FULL).await, WarmState::Done);
    assert_eq!(stage.directory.alike(key(OLEH)), None);
}

#[tokio::test(start_paused = true)]
async fn a_live_answer_with_the_same_last_nine_digits_is_an_answer() {
    let stage = stage_of(vec![contact(1, "+48671112233", 7), contact(2, "0671112234", 7)], Matching::LastNine);
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Found);
    assert_eq!(stage.directory.alike(key(OLEH)), Some(key(ABROAD)));
    assert_eq!(stage.kinds_under(ABROAD), [Kind::Contact]);
    assert!(stage.directory.known(key(380_671_112_234)).is_none(), "another number than was asked for");
}
