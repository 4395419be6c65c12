use std::{iter::repeat_n, time::Duration};

use crate::crm::failure::Failure;
use crate::journal::store::{State, StoreError};
use crate::journal::tests::stage::{GIVE_UP, HOUR, LAG, LEASE, SECOND, Scripted, Stage};

fn lost() -> Failure {
    Failure::Unclear { reason: "the answer was lost".to_owned() }
}

fn busy() -> Failure {
    Failure::Wait { reason: "503".to_owned(), after: None }
}

/// How long the project keeps what is over.
const RETENTION: Duration = Duration::from_secs(10 * 86_400);

#[tokio::test(start_paused = true)]
async fn set_forward_it_does_not_have_a_write_believed_lost_before_the_crm_would_show_it() {
    let stage = Stage::of(Scripted::default().will([lost()]));
    let id = stage.called(1).await;
    stage.put_off(id, 1).await;
    stage.set(5);
    stage.pass(10 * SECOND).await;
    let waits = stage.put_off(id, 2).await;
    assert!(waits.error.as_deref().is_some_and(|why| why.contains("not clear yet")), "{waits:?}");
    assert_eq!(stage.crm.asked("contact"), 1);
    stage.crm.shows();
    stage.pass(2 * LAG).await;
    stage.done(id).await;
    assert_eq!((stage.crm.asked("contact"), stage.crm.asked("call")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_sent_is_looked_for_as_long_as_if_it_had_just_left() {
    let stage = Stage::of(Scripted::default().will([lost()]));
    let id = stage.called(1).await;
    stage.put_off(id, 1).await;
    stage.set(5);
    let stage = stage.again().await;
    stage.pass(10 * SECOND).await;
    stage.put_off(id, 2).await;
    assert_eq!(stage.crm.asked("contact"), 1);
    // Not found by then it is believed not to be there.
    stage.pass(2 * LAG).await;
    stage.done(id).await;
    assert_eq!((stage.crm.asked("contact"), stage.crm.asked("call")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn set_back_it_keeps_nothing_waiting_longer_than_was_meant() {
    let stage = Stage::of(Scripted::default().will([busy(), busy()]));
    let id = stage.called(1).await;
    stage.put_off(id, 1).await;
    stage.set(-5);
    stage.pass(10 * SECOND).await;
    // Put off by the clock that was set, too.
    stage.put_off(id, 2).await;
    assert_eq!(stage.crm.asked("contact"), 2);
    stage.pass(SECOND).await;
    assert_eq!(stage.entry(id).await.attempts, 2, "the second pause is twice the first");
    stage.pass(20 * SECOND).await;
    stage.done(id).await;
}

#[tokio::test(start_paused = true)]
async fn set_forward_it_ends_a_lease_and_the_request_under_way_is_neither_overtaken_nor_repeated() {
    let stage = Stage::of(Scripted::holding_back());
    let first = stage.called(1).await;
    let next = stage.called(2).await;
    stage.until(first, |entry| entry.planned && entry.state == State::Leased).await;
    while stage.crm.asked("contact") == 0 {
        tokio::task::yield_now().await;
    }
    stage.set(5);
    stage.pass(60 * SECOND).await;
    let again = stage.until(first, |entry| entry.attempts == 2).await;
    assert_eq!(again.state, State::Leased);
    let refused = stage.journal.drop_entry(first).await.expect_err("a request is under way");
    assert!(matches!(refused, StoreError::State { found: State::Leased, .. }), "{refused}");
    assert_eq!((stage.crm.asked("contact"), stage.entry(next).await.state), (1, State::Received));
    // It lands; whoever sent it may not note it any more, and who may looks for it.
    stage.crm.shows();
    stage.crm.let_go();
    stage.done(first).await;
    stage.done(next).await;
    assert_eq!(stage.crm.asked("call"), 2);
    // The second call asked the CRM and was told of nobody: it makes a client of its own, and no step is done twice.
    assert_eq!(stage.crm.asked("contact"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lease_lasts_as_long_as_it_says_when_the_clock_is_set_back() {
    let stage = Stage::of(Scripted::holding_back());
    let id = stage.called(1).await;
    stage.until(id, |entry| entry.planned && entry.state == State::Leased).await;
    stage.set(-5);
    stage.pass(LEASE + 61 * SECOND).await;
    stage.until(id, |entry| entry.attempts == 2).await;
    stage.crm.shows();
    stage.crm.let_go();
    stage.done(id).await;
    assert_eq!(stage.crm.asked("contact"), 1);
}

#[tokio::test(start_paused = true)]
async fn set_forward_it_gives_nothing_up_and_what_has_been_tried_for_days_is() {
    let stage = Stage::of(Scripted::default().will(repeat_n(busy(), 100)));
    let id = stage.called(1).await;
    let mut attempts = 1;
    while attempts < 8 {
        stage.put_off(id, attempts).await;
        stage.pass(HOUR).await;
        attempts += 1;
    }
    stage.put_off(id, attempts).await;
    stage.set(70);
    stage.pass(2 * HOUR).await;
    stage.put_off(id, attempts + 1).await;
    stage.pass(GIVE_UP).await;
    let dead = stage.until(id, |entry| entry.state == State::Dead).await;
    assert!(dead.error.as_deref().is_some_and(|why| why.contains("given up") && why.contains("503")), "{dead:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_old_when_it_is_tried_again_has_some_attempts_all_the_same() {
    let stage = Stage::of(Scripted::default().will([busy(), busy()]));
    stage.journal.pause("acme", "moved").await.expect("off");
    let id = stage.called(1).await;
    stage.pass(2 * GIVE_UP).await;
    stage.journal.resume("acme", None).await.expect("on");
    stage.journal.retry_all(Some("acme"), State::Stored).await.expect("workable");
    stage.put_off(id, 1).await;
    stage.pass(HOUR).await;
    stage.put_off(id, 2).await;
    stage.pass(HOUR).await;
    stage.done(id).await;
}

#[tokio::test(start_paused = true)]
async fn set_forward_it_removes_nothing_before_its_time() {
    let stage = Stage::of(Scripted::default());
    let id = stage.called(1).await;
    stage.done(id).await;
    stage.set(40 * 24);
    assert_eq!(stage.journal.tidy().await.expect("tidied"), 0);
    stage.pass(RETENTION + HOUR).await;
    assert_eq!(stage.journal.tidy().await.expect("tidied"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_for_longer_than_the_project_keeps_it_is_removed_and_nothing_else() {
    let stage = Stage::of(Scripted::default().will([Failure::Refused { reason: "no".to_owned() }]));
    let dead = stage.called(1).await;
    stage.until(dead, |entry| entry.state == State::Dead).await;
    let done = stage.called(2).await;
    stage.done(done).await;
    stage.crm.will_next(busy());
    let late = stage.called(3).await;
    stage.put_off(late, 1).await;
    // Behind it in the lane, and not to be planned while the project is off; what comes then is only stored.
    let open = stage.called(4).await;
    stage.journal.pause("acme", "moved").await.expect("off");
    let stored = stage.called(5).await;
    stage.pass(RETENTION - HOUR).await;
    stage.done(late).await;
    let young = stage.called(6).await;
    assert_eq!(stage.journal.tidy().await.expect("tidied"), 0, "an hour before");
    stage.pass(2 * HOUR).await;
    assert_eq!(stage.journal.tidy().await.expect("tidied"), 4, "an hour after");
    for (id, there) in [(dead, false), (done, false), (late, false), (open, true), (stored, false), (young, true)] {
        assert_eq!(stage.store.show(id).await.expect("read").is_some(), there, "{id:?}");
    }
    assert_eq!((stage.entry(open).await.state, stage.entry(young).await.state), (State::Received, State::Stored));
    stage.pass(RETENTION).await;
    assert_eq!(stage.journal.tidy().await.expect("tidied"), 1, "what is open is kept however old it is");
    // On again, it is done.
    stage.journal.resume("acme", Some(false)).await.expect("on");
    stage.done(open).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_made_just_now_is_known_whatever_the_clock_says() {
    for hours in [30, -30] {
        let stage = Stage::of(Scripted::default());
        stage.done(stage.called(1).await).await;
        stage.set(hours);
        stage.done(stage.called(2).await).await;
        assert_eq!(stage.crm.believed(), [0, 1], "{hours} hours");
    }
}
