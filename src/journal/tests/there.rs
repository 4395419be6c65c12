use std::time::Duration;

use crate::crm::{Links, Record, failure::Failure};
use crate::journal::store::{State, StepState};
use crate::journal::tests::stage::{GIVE_UP, HOUR, SECOND, Scripted, Stage};
use crate::model::{action::Link, client::Kind, ids::CrmId};

const ID: CrmId = CrmId::Number(42);

fn busy() -> Failure {
    Failure::Wait { reason: "503".to_owned(), after: None }
}

fn refused() -> Failure {
    Failure::Refused { reason: "the name is poisoned".to_owned() }
}

fn no_quota() -> Failure {
    Failure::NoQuota { reason: "the day is spent".to_owned(), after: HOUR }
}

fn record(kind: Kind, id: CrmId) -> Record {
    Record {
        kind,
        id,
        numbers: vec!["+380501110001".to_owned()],
        name: None,
        owner: None,
        open: true,
        created_s: 1_795_000_000,
        updated_s: 0,
        contacts: Links::new(),
        organizations: Links::new(),
    }
}

/// Somebody has made this for the client, with whom it hangs on.
fn made_by_hand(kind: Kind) -> Vec<Record> {
    if !matches!(kind, Kind::Deal | Kind::Ticket) {
        return vec![record(kind, ID)];
    }
    let contact = CrmId::Number(9);
    let hangs = Record { numbers: Vec::new(), contacts: Links::from_iter([contact]), ..record(kind, ID) };
    vec![record(Kind::Contact, contact), hangs]
}

#[tokio::test(start_paused = true)]
async fn what_somebody_made_between_the_plan_and_the_work_is_taken_and_not_made_again() {
    for kind in Kind::ALL {
        let stage = Stage::making(kind, Scripted::default().will([busy()]));
        let id = stage.called(1).await;
        stage.put_off(id, 1).await;
        stage.crm.holds(made_by_hand(kind));
        stage.pass(10 * SECOND).await;
        stage.done(id).await;
        assert_eq!(stage.crm.asked(kind.word()), 1, "{kind}: only what was not carried out");
        assert_eq!(stage.crm.hung(), [[Link { kind, id: ID }]], "{kind}");
        let steps = stage.store.show(id).await.expect("read").expect("an entry").steps;
        assert_eq!((steps[0].state, steps[0].receipt.as_deref()), (StepState::Done, Some("42")), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_made_before_a_forms_late_work_is_taken_although_the_client_left_no_number() {
    for kind in Kind::ALL {
        let stage = Stage::making(kind, Scripted::default().will([busy()]));
        let id = stage.filled_in().await;
        stage.put_off(id, 1).await;
        stage.crm.holds(made_by_hand(kind));
        stage.pass(10 * SECOND).await;
        stage.done(id).await;
        assert_eq!(stage.crm.asked(kind.word()), 1, "{kind}: only what was not carried out");
        assert_eq!(stage.crm.hung(), [[Link { kind, id: ID }]], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_form_once_the_first_is_forgotten_has_a_mark_of_its_own() {
    let stage = Stage::of(Scripted::default());
    let mut marks = Vec::new();
    for hours in [0, 1] {
        stage.set(hours);
        let id = stage.filled_in().await;
        stage.done(id).await;
        let steps = stage.store.show(id).await.expect("read").expect("an entry").steps;
        marks.push(steps.into_iter().map(|step| (step.name, step.mark)).collect::<Vec<_>>());
        assert_eq!(stage.store.remove_before("acme", i64::MAX).await, Ok(1));
    }
    assert_eq!(marks[0].len(), 2, "{marks:?}");
    assert!(marks[0].iter().all(|mark| !marks[1].contains(mark)), "{marks:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_clients_next_call_made_meanwhile_is_taken_by_the_one_that_is_tried_again() {
    for kind in Kind::ALL {
        let stage = Stage::making(kind, Scripted::default().will([refused()]));
        let first = stage.called(1).await;
        stage.until(first, |entry| entry.state == State::Dead).await;
        let second = stage.called(2).await;
        stage.done(second).await;
        assert_eq!(stage.crm.asked(kind.word()), 2, "{kind}: refused, and made by the next call");
        stage.crm.holds(made_by_hand(kind));
        stage.store.retry(first).await.expect("workable");
        stage.journal.wake_all();
        stage.done(first).await;
        assert_eq!((stage.crm.asked(kind.word()), stage.crm.asked("call")), (2, 2), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_quota_for_however_long_nothing_is_given_up_and_no_attempt_is_counted() {
    let days = GIVE_UP.as_secs() / 3_600 + 10;
    let hours = usize::try_from(days).expect("a few");
    let spent = std::iter::repeat_n(no_quota(), hours);
    let stage = Stage::of(Scripted::default().will(spent.chain(std::iter::repeat_n(busy(), 4))));
    let id = stage.called(1).await;
    for n in 1..=hours {
        stage.put_off(id, 0).await;
        assert_eq!(stage.crm.asked("contact"), n);
        stage.pass(HOUR).await;
        stage.until(id, |_| stage.crm.asked("contact") > n).await;
    }
    // The first attempt that was one, and some more: what has waited so long is not given up at its first failure.
    for attempt in 1..=4 {
        let entry = stage.put_off(id, attempt).await;
        assert_eq!(entry.finished_ms, None);
        stage.pass(Duration::from_secs(7_200)).await;
    }
    stage.done(id).await;
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_the_crm_asked_for_is_kept_although_the_schedule_would_be_sooner() {
    let asked = Duration::from_secs(90);
    let slow_down = Failure::Wait { reason: "429".to_owned(), after: Some(asked) };
    let stage = Stage::of(Scripted::default().will([slow_down]));
    let id = stage.called(1).await;
    stage.put_off(id, 1).await;
    stage.pass(asked - 5 * SECOND).await;
    let entry = stage.entry(id).await;
    assert_eq!((entry.state, stage.crm.asked("contact")), (State::Later, 1), "not before it was asked to");
    stage.pass(10 * SECOND + asked / 2).await;
    stage.done(id).await;
    assert_eq!(stage.crm.asked("contact"), 2);
}
