//! Questions asked while a call waits.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{OLEH, caller, contact, key, lost, soon, stage};
use crate::base::metric::{Breaker, Count};
use crate::crm::failure::Failure;
use crate::directory::{Asked, WarmRequest, WarmState};
use crate::model::client::Kind;

#[tokio::test(start_paused = true)]
async fn every_call_that_waits_for_one_number_joins_one_question() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let directory = Arc::clone(&stage.directory);
            tokio::spawn(async move { directory.ask(&caller(OLEH), soon()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    stage.crm.answers.add_permits(1);
    for call in calls {
        assert_eq!(call.await.expect("a call"), Asked::Found);
    }
    assert_eq!(stage.crm.asked(), 1);
    assert_eq!(stage.metrics.counted(Count::LiveJoined), 4);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_on_after_the_caller_stopped_waiting_so_that_the_next_call_is_a_hit() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Late);
    assert!(stage.directory.known(key(OLEH)).is_none());
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Found, "joins the question under way");
    assert_eq!(stage.crm.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_number_is_nobody_and_is_remembered_for_a_while() {
    let stage = stage(vec![contact(1, "0670000000", 7)]);
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Nobody);
    assert!(stage.directory.lately_not_found(key(OLEH)).is_some());
    assert!(
        stage.directory.known(key(380_670_000_000)).is_none(),
        "records that were not asked for are not taken over"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_sweep_brings_is_believed_over_what_a_question_did_not_find() {
    let stage = stage(Vec::new()).crawled().await;
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Nobody);
    stage.crm.changed.lock().expect("not poisoned").push(contact(1, "0671112233", 7));
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
    assert_eq!(stage.directory.lately_not_found(key(OLEH)), None);
}

#[tokio::test(start_paused = true)]
async fn past_the_queue_a_call_is_not_asked_for_at_all() {
    let stage = stage(Vec::new());
    for digits in [OLEH, OLEH + 1] {
        let directory = Arc::clone(&stage.directory);
        tokio::spawn(async move { directory.ask(&caller(digits), soon()).await });
    }
    tokio::task::yield_now().await;
    let began = Instant::now();
    assert_eq!(stage.directory.ask(&caller(OLEH + 2), soon()).await, Asked::Busy);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(stage.metrics.counted(Count::LiveRefusedQueue), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_open_the_breaker_and_one_probe_closes_it_again() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    *stage.crm.failing.lock().expect("not poisoned") = vec![lost(), lost()];
    stage.crm.answers.add_permits(3);
    for _ in 0..2 {
        assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Failed);
    }
    assert_eq!(stage.directory.breaker(), Breaker::Open);
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Busy);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Found);
    assert_eq!(stage.directory.breaker(), Breaker::Closed);
}

#[tokio::test(start_paused = true)]
async fn our_own_lack_of_quota_is_no_failure_of_the_crm() {
    let stage = stage(Vec::new());
    let none = Failure::NoQuota { reason: "live share".to_owned(), after: Duration::from_secs(9) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![none.clone(), none.clone(), none];
    stage.crm.answers.add_permits(3);
    for _ in 0..3 {
        assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Busy);
    }
    assert_eq!(stage.directory.breaker(), Breaker::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_joined_a_question_without_quota_asks_once_more_by_itself() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    let none = Failure::NoQuota { reason: "live share".to_owned(), after: Duration::from_secs(9) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![none];
    let hurried = {
        let directory = Arc::clone(&stage.directory);
        tokio::spawn(async move { directory.ask(&caller(OLEH), soon()).await })
    };
    let patient = {
        let directory = Arc::clone(&stage.directory);
        tokio::spawn(async move { directory.ask(&caller(OLEH), soon()).await })
    };
    tokio::task::yield_now().await;
    stage.crm.answers.add_permits(2);
    assert_eq!(hurried.await.expect("a call"), Asked::Busy);
    assert_eq!(patient.await.expect("a call"), Asked::Found);
    assert_eq!(stage.metrics.counted(Count::LiveAsked), 1, "what was never sent is not counted");
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_refuses_one_question_is_asked_the_next() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    let refused = Failure::Refused { reason: "400".to_owned() };
    *stage.crm.failing.lock().expect("not poisoned") = vec![refused.clone(), refused.clone(), refused];
    stage.crm.answers.add_permits(4);
    for _ in 0..3 {
        assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Failed);
    }
    assert_eq!(stage.directory.ask(&caller(OLEH), soon()).await, Asked::Found);
}
