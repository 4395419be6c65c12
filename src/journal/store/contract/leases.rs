use crate::journal::store::contract::{
    ACME, MINUTE, NOW, StoreStage, append, claim, dead, done, event, later, lease, lost, plan, state, try_lease,
};
use crate::journal::store::{Claim, End, Lease, NewEntry, Plan, State, StepState, Stepped, Store, StoreError};

pub(in crate::journal::store) async fn entries_of_a_lane_are_worked_on_in_order_one_at_a_time(stage: &dyn StoreStage) {
    let store = stage.open();
    let mut ids = Vec::new();
    for (lane, n) in [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)] {
        ids.push(append(&*store, event(lane, n)).await);
    }
    let (a1, b1) = (lease(&*store, NOW).await, lease(&*store, NOW).await);
    assert_eq!([a1.entry.id, b1.entry.id], [ids[0], ids[2]]);
    assert_eq!((a1.entry.state, a1.entry.attempts, a1.entry.planned), (State::Leased, 1, false));
    assert_eq!(try_lease(&*store, NOW).await, None);
    store.finish(&b1.lease, done(), NOW + 1).await.expect("finished");
    let b2 = lease(&*store, NOW).await;
    assert_eq!(b2.entry.id, ids[4]);
    store.finish(&a1.lease, dead(), NOW + 1).await.expect("finished");
    let a2 = lease(&*store, NOW).await;
    assert_eq!(a2.entry.id, ids[1]);
    store.finish(&a2.lease, done(), NOW + 1).await.expect("finished");
    assert_eq!(lease(&*store, NOW).await.entry.id, ids[3]);
    let shown = store.show(ids[0]).await.expect("read").expect("an entry").entry;
    assert_eq!((shown.state, shown.finished_ms), (State::Dead, Some(NOW + 1)));
    assert_eq!(shown.error.as_deref(), Some("400 the property \"x\" does not exist"));
    assert_eq!(store.lease(Claim { project: "other".to_owned(), ..claim(NOW) }).await.expect("an answer"), None);
}

pub(in crate::journal::store) async fn what_waits_holds_its_lane_and_no_other(stage: &dyn StoreStage) {
    let store = stage.open();
    let a1 = append(&*store, event("a", 1)).await;
    let a2 = append(&*store, event("a", 2)).await;
    let leased = lease(&*store, NOW).await;
    store.finish(&leased.lease, later(NOW + MINUTE), NOW).await.expect("finished");
    let b1 = append(&*store, event("b", 1)).await;
    assert_eq!(lease(&*store, NOW).await.entry.id, b1);
    assert_eq!(try_lease(&*store, NOW + MINUTE - 1).await, None);
    assert_eq!(store.next_wake_ms(ACME, NOW).await.expect("read"), Some(NOW + MINUTE));
    let again = lease(&*store, NOW + MINUTE).await;
    assert_eq!((again.entry.id, again.entry.attempts), (a1, 2));
    assert_eq!(again.entry.error.as_deref(), Some("429 slow down"));
    store.finish(&again.lease, done(), NOW + MINUTE).await.expect("finished");
    assert_eq!(lease(&*store, NOW + MINUTE).await.entry.id, a2);
    let shown = store.show(a1).await.expect("read").expect("an entry").entry;
    assert_eq!((shown.error, shown.not_before_ms), (None, None));
}

pub(in crate::journal::store) async fn an_attempt_that_could_not_be_made_is_waited_after_and_not_counted(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let id = append(&*store, event("a", 1)).await;
    for n in 0..3 {
        let leased = lease(&*store, NOW + n * MINUTE).await;
        assert_eq!((leased.entry.id, leased.entry.attempts), (id, 1));
        let error = "no quota".to_owned();
        let end = End::Later { not_before_ms: NOW + (n + 1) * MINUTE, error, counts: false };
        store.finish(&leased.lease, end, NOW).await.expect("finished");
        assert_eq!(try_lease(&*store, NOW + (n + 1) * MINUTE - 1).await, None);
    }
    let entry = store.show(id).await.expect("read").expect("an entry").entry;
    assert_eq!((entry.state, entry.attempts, entry.error.as_deref()), (State::Later, 0, Some("no quota")));
}

pub(in crate::journal::store) async fn neither_first_attempts_nor_retries_starve(stage: &dyn StoreStage) {
    let store = stage.open();
    for n in 0..6 {
        append(&*store, event(&format!("old-{n}"), 1)).await;
    }
    for n in 0..6 {
        let leased = lease(&*store, NOW).await;
        store.finish(&leased.lease, later(NOW + 10 - n), NOW).await.expect("finished");
    }
    for n in 0..6 {
        append(&*store, event(&format!("new-{n}"), 1)).await;
    }
    let mut lanes = Vec::new();
    for n in 0..6 {
        let claim = Claim { retries_first: n % 2 == 0, ..claim(NOW + 10) };
        lanes.push(store.lease(claim).await.expect("an answer").expect("an entry").entry.lane);
    }
    // Of those that wait the one whose time came first, of the others the oldest.
    assert_eq!(lanes, ["old-5", "new-0", "old-4", "new-1", "old-3", "new-2"]);
    let mut rest = 0;
    while store.lease(Claim { retries_first: true, ..claim(NOW + 10) }).await.expect("an answer").is_some() {
        rest += 1;
    }
    assert_eq!(rest, 6, "either kind is taken where there is none of the other");
}

/// Everything that a worker can write.
async fn write_everything(store: &dyn Store, lease: &Lease) {
    let entry = lease.entry;
    lost(store.extend_lease(lease, NOW + 99 * MINUTE).await, entry);
    lost(store.release(lease).await, entry);
    lost(store.set_lane(lease, "z").await, entry);
    lost(store.save_plan(lease, plan(&["task-open"])).await, entry);
    for stepped in [
        Stepped::Sent { at_ms: NOW },
        Stepped::Part { id: "1".to_owned() },
        Stepped::Done { receipt: "1".to_owned(), at_ms: NOW, made: Vec::new() },
        Stepped::Unclear { error: "lost".to_owned() },
        Stepped::Undone { error: "429".to_owned() },
        Stepped::Skipped { reason: "there".to_owned() },
        Stepped::Dead { error: "400".to_owned() },
    ] {
        lost(store.step(lease, 0, stepped).await, entry);
    }
    for end in [done(), dead(), later(NOW)] {
        lost(store.finish(lease, end, NOW).await, entry);
    }
}

pub(in crate::journal::store) async fn a_lease_that_is_over_is_given_to_another_and_the_first_writes_nothing_any_more(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let id = append(&*store, event("a", 1)).await;
    let first = lease(&*store, NOW).await;
    store.save_plan(&first.lease, plan(&["contact"])).await.expect("saved");
    assert_eq!(try_lease(&*store, NOW + MINUTE - 1).await, None);
    assert_eq!(store.next_wake_ms(ACME, NOW).await.expect("read"), Some(NOW + MINUTE));
    // Over, but nobody else's yet.
    store.step(&first.lease, 0, Stepped::Sent { at_ms: NOW + MINUTE }).await.expect("noted");
    let second = lease(&*store, NOW + MINUTE).await;
    assert_eq!((second.entry.id, second.entry.attempts, second.entry.planned), (id, 2, true));
    assert!(second.steps[0].unclear, "the first worker's request may have arrived");
    let before = store.show(id).await.expect("read");
    write_everything(&*store, &first.lease).await;
    assert_eq!(store.show(id).await.expect("read"), before);
    store.finish(&second.lease, done(), NOW).await.expect("finished");
    write_everything(&*store, &second.lease).await;
    assert_eq!(state(&*store, id).await, State::Done);
}

pub(in crate::journal::store) async fn a_lease_ends_with_the_process_and_what_was_sent_is_unclear(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let planned = append(&*store, event("a", 1)).await;
    let waited = append(&*store, event("b", 1)).await;
    let fresh = append(&*store, event("c", 1)).await;
    let first = lease(&*store, NOW).await;
    store.save_plan(&first.lease, plan(&["contact", "deal", "task-open"])).await.expect("saved");
    let receipt = Stepped::Done { receipt: "7".to_owned(), at_ms: NOW, made: Vec::new() };
    for (seq, stepped) in [(0, Stepped::Sent { at_ms: NOW }), (0, receipt), (1, Stepped::Sent { at_ms: NOW + 1 })] {
        store.step(&first.lease, seq, stepped).await.expect("noted");
    }
    let second = lease(&*store, NOW).await;
    store.finish(&second.lease, later(NOW + MINUTE), NOW).await.expect("finished");
    store.lease(Claim { retries_first: true, ..claim(NOW + MINUTE - 1) }).await.expect("read").expect("fresh");
    let second = lease(&*store, NOW + MINUTE).await;
    assert_eq!(second.entry.id, planned, "its lease is over and it was due before");
    lease(&*store, NOW + MINUTE).await;
    drop(store);

    let store = stage.open();
    assert_eq!(state(&*store, planned).await, State::Planned);
    assert_eq!(state(&*store, waited).await, State::Later);
    assert_eq!(state(&*store, fresh).await, State::Received);
    lost(store.finish(&first.lease, done(), NOW).await, planned);
    let found = lease(&*store, NOW).await;
    assert_eq!((found.entry.id, found.entry.attempts), (planned, 3));
    assert_ne!(found.lease, second.lease, "no lease is given twice");
    let told: Vec<_> = found.steps.iter().map(|step| (step.state, step.unclear, step.receipt.as_deref())).collect();
    assert_eq!(
        told,
        [(StepState::Done, false, Some("7")), (StepState::Sent, true, None), (StepState::Todo, false, None)]
    );
    assert_eq!(found.steps[1].sent_ms, Some(NOW + 1));
}

pub(in crate::journal::store) async fn a_clock_that_was_set_back_holds_up_nothing_new_and_nothing_planned(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let planned = append(&*store, event("a", 1)).await;
    let first = lease(&*store, NOW).await;
    store.save_plan(&first.lease, plan(&["task"])).await.expect("stored");
    store.release(&first.lease).await.expect("given back");
    let new = append(&*store, event("b", 1)).await;
    let day_before = NOW - 24 * 60 * MINUTE;
    let leased = [lease(&*store, day_before).await, lease(&*store, day_before).await].map(|leased| leased.entry.id);
    assert_eq!(leased, [planned, new]);
    assert_eq!(try_lease(&*store, day_before).await, None);
}

pub(in crate::journal::store) async fn a_lease_can_be_prolonged_and_given_back(stage: &dyn StoreStage) {
    let store = stage.open();
    let id = append(&*store, event("a", 1)).await;
    let first = lease(&*store, NOW).await;
    store.extend_lease(&first.lease, NOW + 5 * MINUTE).await.expect("prolonged");
    assert_eq!(try_lease(&*store, NOW + 4 * MINUTE).await, None);
    store.release(&first.lease).await.expect("given back");
    let entry = store.show(id).await.expect("read").expect("an entry").entry;
    assert_eq!((entry.state, entry.attempts, entry.lease_until_ms), (State::Received, 0, None));
    let second = lease(&*store, NOW).await;
    store.save_plan(&second.lease, plan(&["contact"])).await.expect("saved");
    store.release(&second.lease).await.expect("given back");
    assert_eq!(state(&*store, id).await, State::Planned);
    let third = lease(&*store, NOW).await;
    store.finish(&third.lease, later(NOW + MINUTE), NOW).await.expect("finished");
    let fourth = lease(&*store, NOW + MINUTE).await;
    store.release(&fourth.lease).await.expect("given back");
    let entry = store.show(id).await.expect("read").expect("an entry").entry;
    assert_eq!((entry.state, entry.attempts), (State::Later, 1));
    lost(store.release(&fourth.lease).await, id);
}

pub(in crate::journal::store) async fn a_plan_is_stored_whole_and_once(stage: &dyn StoreStage) {
    let store = stage.open();
    let id = append(&*store, event("a", 1)).await;
    let leased = lease(&*store, NOW).await;
    let decided = Plan { outcome: Some("nothing-to-do".to_owned()), ..plan(&["contact", "deal"]) };
    store.save_plan(&leased.lease, decided).await.expect("saved");
    assert_eq!(store.save_plan(&leased.lease, plan(&["task"])).await, Err(StoreError::Planned(id)));
    let shown = store.show(id).await.expect("read").expect("an entry");
    assert_eq!((shown.entry.state, shown.entry.planned), (State::Leased, true));
    assert_eq!(shown.entry.row_id.as_deref(), Some("hs-in-ok-new"));
    let told: Vec<_> = shown.steps.iter().map(|step| (step.seq, step.mark.as_str(), step.order.as_str())).collect();
    assert_eq!(told, [(0, "mark-contact", "{\"make\":\"contact\"}"), (1, "mark-deal", "{\"make\":\"deal\"}")]);
    store.finish(&leased.lease, done(), NOW).await.expect("finished");
    let entry = store.show(id).await.expect("read").expect("an entry").entry;
    assert_eq!(entry.outcome.as_deref(), Some("nothing-to-do"), "what the plan said stays");
}

pub(in crate::journal::store) async fn a_step_goes_through_its_parts(stage: &dyn StoreStage) {
    let store = stage.open();
    let id = append(&*store, event("a", 1)).await;
    let lease = lease(&*store, NOW).await.lease;
    store.save_plan(&lease, plan(&["call", "task", "note", "deal"])).await.expect("saved");
    let found = |seq: usize| {
        let store = &store;
        async move { store.show(id).await.expect("read").expect("an entry").steps.swap_remove(seq) }
    };
    let missing = store.step(&lease, 4, Stepped::Sent { at_ms: NOW }).await;
    assert_eq!(missing, Err(StoreError::NoStep { entry: id, seq: 4 }));
    let note = async |seq, stepped| store.step(&lease, seq, stepped).await.expect("noted");

    note(0, Stepped::Sent { at_ms: NOW }).await;
    note(0, Stepped::Part { id: "p\"1".to_owned() }).await;
    let step = found(0).await;
    assert_eq!((step.state, step.unclear, step.sent_ms), (StepState::Todo, false, Some(NOW)));
    note(0, Stepped::Sent { at_ms: NOW + 1 }).await;
    note(0, Stepped::Unclear { error: "no answer".to_owned() }).await;
    let step = found(0).await;
    assert_eq!((step.state, step.unclear, step.error.as_deref()), (StepState::Sent, true, Some("no answer")));
    note(0, Stepped::Part { id: "p2".to_owned() }).await;
    note(0, Stepped::Sent { at_ms: NOW + 2 }).await;
    note(0, Stepped::Undone { error: "429".to_owned() }).await;
    let step = found(0).await;
    assert_eq!((step.state, step.unclear, step.error.as_deref()), (StepState::Todo, false, Some("429")));
    note(0, Stepped::Sent { at_ms: NOW + 3 }).await;
    note(0, Stepped::Done { receipt: "p3".to_owned(), at_ms: NOW + 4, made: Vec::new() }).await;
    let step = found(0).await;
    assert_eq!((step.state, step.done_ms, step.error), (StepState::Done, Some(NOW + 4), None));
    assert_eq!((step.parts, step.receipt.as_deref()), (vec!["p\"1".to_owned(), "p2".to_owned()], Some("p3")));

    note(1, Stepped::Skipped { reason: "there already".to_owned() }).await;
    note(2, Stepped::Dead { error: "400".to_owned() }).await;
    assert_eq!((found(1).await.state, found(2).await.state), (StepState::Skipped, StepState::Dead));
    assert_eq!(found(3).await.state, StepState::Todo, "others are as they were");
}

pub(in crate::journal::store) async fn a_call_put_into_another_lane_waits_for_its_turn_there(stage: &dyn StoreStage) {
    let store = stage.open();
    let b1 = append(&*store, event("b", 1)).await;
    let x1 = append(&*store, event("x", 1)).await;
    let x2 = append(&*store, event("x", 2)).await;
    let stays = append(&*store, NewEntry { call_id: Some("another".to_owned()), ..event("x", 3) }).await;
    let b = lease(&*store, NOW).await;
    let x = lease(&*store, NOW).await;
    assert_eq!([b.entry.id, x.entry.id], [b1, x1]);
    store.set_lane(&x.lease, "b").await.expect("moved");
    lost(store.release(&x.lease).await, x1);
    assert_eq!(lease(&*store, NOW).await.entry.id, stays, "what stays in the old lane has its turn");
    assert_eq!(try_lease(&*store, NOW).await, None, "the new lane is being worked on");
    let x3 = append(&*store, event("x", 4)).await;
    store.finish(&b.lease, done(), NOW).await.expect("finished");
    for id in [x1, x2, x3] {
        let leased = lease(&*store, NOW).await;
        assert_eq!((leased.entry.id, leased.entry.lane.as_str(), leased.entry.attempts), (id, "b", 1));
        assert_eq!(leased.call.expect("a call").lane, "b");
        assert_eq!(try_lease(&*store, NOW).await, None);
        store.finish(&leased.lease, done(), NOW).await.expect("finished");
    }
}
