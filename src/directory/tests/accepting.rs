//! What a crawl did not find, and whether it is gone; what it found and nobody can read.

use std::sync::atomic::Ordering;

use super::{FULL, Stage, contact, key, lost, stage};
use crate::crm::failure::Failure;
use crate::crm::{Record, number_text};
use crate::directory::WarmState;
use crate::model::{client::Kind, ids::CrmId, phone::NotANumber};

fn clients(many: u64) -> Vec<Record> {
    (0..many).map(|at| contact(at + 1, &format!("06711{at:05}"), 7)).collect()
}

fn is_known(stage: &Stage, client: u64) -> bool {
    stage.directory.known(key(380_671_100_000 + client - 1)).is_some()
}

/// Lists leave these out from now on.
fn leave_out(stage: &Stage, ids: impl Iterator<Item = u64>) {
    stage.crm.left_out.lock().expect("not poisoned").extend(ids.map(CrmId::Number));
}

fn delete(stage: &Stage, is_deleted: impl Fn(u64) -> bool) {
    let mut records = stage.crm.records.lock().expect("not poisoned");
    records.retain(|record| !matches!(record.id, CrmId::Number(id) if is_deleted(id)));
}

#[tokio::test(start_paused = true)]
async fn half_a_page_takes_nobody_out_and_who_was_deleted_goes_all_the_same() {
    let stage = stage(clients(40)).crawled().await;
    leave_out(&stage, 1..=7);
    delete(&stage, |id| id == 40);
    let stage = stage.crawled().await;
    assert_eq!(stage.crm.reread.load(Ordering::SeqCst), 2, "who was not found is asked for once more");
    assert!((1..40).all(|id| is_known(&stage, id)));
    assert!(!is_known(&stage, 40));
}

#[tokio::test(start_paused = true)]
async fn answers_by_id_that_lack_some_who_are_there_take_nobody_out_either() {
    let stage = stage(clients(40)).crawled().await;
    leave_out(&stage, 1..=7);
    stage.crm.halves_answers.store(true, Ordering::SeqCst);
    let stage = stage.crawled().await;
    assert!((1..=40).all(|id| is_known(&stage, id)));
    // It can be believed again.
    stage.crm.halves_answers.store(false, Ordering::SeqCst);
    delete(&stage, |id| id == 3);
    let stage = stage.crawled().await;
    assert!((1..=40).all(|id| is_known(&stage, id) == (id != 3)));
}

#[tokio::test(start_paused = true)]
async fn what_closed_without_a_word_is_taken_out_when_it_is_found_closed() {
    let stage = stage(clients(40)).crawled().await;
    leave_out(&stage, 1..=1);
    stage.crm.records.lock().expect("not poisoned")[0].open = false;
    let stage = stage.crawled().await;
    assert!(!is_known(&stage, 1));
}

#[tokio::test(start_paused = true)]
async fn where_more_are_missing_than_are_asked_for_the_asked_speak_for_all() {
    let stage = stage(clients(900)).crawled().await;
    delete(&stage, |id| id <= 260);
    let stage = stage.crawled().await;
    assert_eq!(stage.crm.reread.load(Ordering::SeqCst), 2, "130 of 260, a hundred in a request");
    assert!(!(1..=260).any(|id| is_known(&stage, id)));
    // Now sixty are there and not listed, among others that are gone.
    leave_out(&stage, 300..360);
    delete(&stage, |id| (360..=510).contains(&id));
    let stage = stage.crawled().await;
    assert!((300..360).all(|id| is_known(&stage, id)));
    assert!((360..=510).any(|id| is_known(&stage, id)), "not every one of them was asked for");
    let stage = stage.crawled().await;
    assert!(!(360..=510).any(|id| is_known(&stage, id)), "the next crawl asks for the rest");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_for_stays() {
    let stage = stage(clients(40)).crawled().await;
    leave_out(&stage, 1..=7);
    // The pages come: one without deals and twenty of contacts.
    stage.crm.well_for.store(21, Ordering::SeqCst);
    stage.crm.failing.lock().expect("not poisoned").extend((0..3).map(|_| lost()));
    let stage = stage.crawled().await;
    assert!((1..=40).all(|id| is_known(&stage, id)));
    assert_eq!(stage.directory.status().records[Kind::Contact.word()], 40);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_seen_any_more_is_refused_whether_it_can_be_asked_for_or_not() {
    let stage = stage(clients(40)).crawled().await;
    leave_out(&stage, 1..=40);
    stage.crm.well_for.store(21, Ordering::SeqCst);
    stage.crm.failing.lock().expect("not poisoned").push(Failure::Refused { reason: "scopes".to_owned() });
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
    assert!((1..=40).all(|id| is_known(&stage, id)));
}

#[tokio::test(start_paused = true)]
async fn five_hundred_numbers_in_one_field_are_listed_for_people_and_none_of_them_is_believed() {
    let pasted = (0..500).map(|at| format!("+38067111{at:04}")).collect::<Vec<_>>().join(", ");
    for text in [pasted.clone(), number_text(&pasted), number_text(&"ж".repeat(900))] {
        let mut client = contact(1, "0671112233", 7);
        client.numbers.push(text);
        let stage = stage(vec![client]).crawled().await;
        let listed = stage.directory.unreadable_numbers().numbers;
        assert_eq!(listed.iter().map(|number| number.why).collect::<Vec<_>>(), [NotANumber::TooLong.word()]);
        assert!(listed[0].text.len() <= 120, "its beginning");
        assert_eq!(stage.directory.status().numbers, 1, "the one that stands alone");
    }
}
