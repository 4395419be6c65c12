use crate::journal::store::contract::{
    ACME, MINUTE, NOW, StoreStage, append, dead, done, event, later, lease, lost, plan, state, try_lease,
};
use crate::journal::store::{
    EntryId, Filter, Made, NewEntry, Paused, PausedBy, Resumed, State, StepState, Stepped, Store, StoreError,
};

fn pause(by: PausedBy, since_ms: i64) -> Paused {
    Paused { project: ACME.to_owned(), by, since_ms, reason: format!("{} said so", by.word()) }
}

pub(in crate::journal::store) async fn while_a_project_is_off_events_are_stored_and_what_was_begun_is_finished(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let begun = append(&*store, event("a", 1)).await;
    let waiting = append(&*store, event("b", 1)).await;
    let first = lease(&*store, NOW).await;
    store.save_plan(&first.lease, plan(&["contact"])).await.expect("saved");
    store.release(&first.lease).await.expect("given back");
    store.pause(pause(PausedBy::Credentials, NOW)).await.expect("off");
    assert_eq!(try_lease(&*store, NOW).await, None, "nothing can be written without credentials");
    store.pause(pause(PausedBy::Operator, NOW + 5)).await.expect("off");
    let off = store.append(event("c", 1)).await.expect("stored");
    assert_eq!((off.state, off.known), (State::Stored, false));
    let unreadable = NewEntry { state: State::Unreadable, ..event("d", 1) };
    assert_eq!(store.append(unreadable).await.expect("stored").state, State::Unreadable);
    let other = NewEntry { project: "other".to_owned(), ..event("c", 1) };
    assert_eq!(store.append(other).await.expect("stored").state, State::Received);

    drop(store);
    let store = stage.open();
    let off = Paused { since_ms: NOW, ..pause(PausedBy::Operator, NOW) };
    assert_eq!(store.paused().await.expect("read"), [off]);
    let leased = lease(&*store, NOW).await;
    assert_eq!(leased.entry.id, begun);
    store.finish(&leased.lease, done(), NOW).await.expect("finished");
    assert_eq!(try_lease(&*store, NOW).await, None);
    let on = store.resume(ACME, PausedBy::Operator, None).await.expect("on");
    assert_eq!(on, Resumed { was_paused: true, sent: 0 });
    let leased = lease(&*store, NOW).await;
    assert_eq!(leased.entry.id, waiting, "it came while the project was on");
    assert_eq!(try_lease(&*store, NOW).await, None, "what is stored stays stored");
    assert_eq!(store.resume(ACME, PausedBy::Operator, None).await.expect("on"), Resumed::default());
    assert_eq!(store.append(event("c", 2)).await.expect("stored").state, State::Received);
}

pub(in crate::journal::store) async fn turned_on_with_what_was_stored_it_is_sent_from_a_time_on_in_order(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    store.pause(pause(PausedBy::Operator, NOW)).await.expect("off");
    let mut ids = Vec::new();
    // More than one part of it.
    for n in 0..1_200 {
        ids.push(store.append(event(["a", "b"][n as usize % 2], n)));
    }
    let ids: Vec<EntryId> =
        futures_util::future::join_all(ids).await.into_iter().map(|stored| stored.expect("stored").id).collect();
    let on = store.resume(ACME, PausedBy::Operator, Some(NOW + 10)).await.expect("on");
    assert_eq!(on, Resumed { was_paused: true, sent: 1_190 });
    let counts = store.counts(ACME).await.expect("read").by_state;
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(State::Received, 1_190), (State::Stored, 10)]);
    for &id in &ids[10..30] {
        let leased = lease(&*store, NOW).await;
        assert_eq!(leased.entry.id, id);
        store.finish(&leased.lease, done(), NOW).await.expect("finished");
    }
    let again = store.resume(ACME, PausedBy::Operator, Some(0)).await.expect("on");
    assert_eq!(again, Resumed { was_paused: false, sent: 10 });
    assert_eq!(lease(&*store, NOW).await.entry.id, ids[0]);
}

pub(in crate::journal::store) async fn the_credentials_coming_back_do_not_end_an_operators_pause(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    store.pause(pause(PausedBy::Operator, NOW)).await.expect("off");
    store.pause(pause(PausedBy::Credentials, NOW + 1)).await.expect("off");
    assert_eq!(store.paused().await.expect("read"), [pause(PausedBy::Operator, NOW)]);
    append_stored(&*store).await;
    let still_off = store.resume(ACME, PausedBy::Credentials, Some(0)).await.expect("an answer");
    assert_eq!(still_off, Resumed::default());
    assert_eq!(store.paused().await.expect("read").len(), 1);
    store.resume(ACME, PausedBy::Operator, None).await.expect("on");
    store.pause(pause(PausedBy::Credentials, NOW + 2)).await.expect("off");
    let on = store.resume(ACME, PausedBy::Credentials, Some(0)).await.expect("on");
    assert_eq!(on, Resumed { was_paused: true, sent: 1 });
    assert_eq!(store.paused().await.expect("read"), []);
}

async fn append_stored(store: &dyn Store) {
    assert_eq!(store.append(event("a", 1)).await.expect("stored").state, State::Stored);
}

pub(in crate::journal::store) async fn a_dead_entry_is_retried_as_if_it_were_new_and_what_is_done_stays(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let id = append(&*store, event("a", 1)).await;
    let leased = lease(&*store, NOW).await;
    store.save_plan(&leased.lease, plan(&["contact", "deal", "task"])).await.expect("saved");
    let receipt = Stepped::Done { receipt: "7".to_owned(), at_ms: NOW, made: Vec::new() };
    let unclear = Stepped::Unclear { error: "lost".to_owned() };
    let refused = Stepped::Dead { error: "400".to_owned() };
    for (seq, stepped) in [(0, receipt), (1, unclear), (2, refused)] {
        store.step(&leased.lease, seq, stepped).await.expect("noted");
    }
    let taken = store.retry(id).await.expect_err("a worker is at it");
    assert!(matches!(taken, StoreError::State { found: State::Leased, .. }), "{taken}");
    store.finish(&leased.lease, dead(), NOW).await.expect("finished");
    store.retry(id).await.expect("retried");
    let shown = store.show(id).await.expect("read").expect("an entry");
    let entry = &shown.entry;
    assert_eq!((entry.state, entry.attempts, entry.finished_ms), (State::Planned, 0, None));
    assert_eq!(entry.error, None);
    let told: Vec<_> = shown.steps.iter().map(|step| (step.state, step.unclear)).collect();
    assert_eq!(told, [(StepState::Done, false), (StepState::Sent, true), (StepState::Todo, false)]);

    let again = lease(&*store, NOW).await;
    store.finish(&again.lease, later(NOW + MINUTE), NOW).await.expect("finished");
    store.retry(id).await.expect("retried at once");
    let again = lease(&*store, NOW).await;
    store.finish(&again.lease, done(), NOW).await.expect("finished");
    let over = store.retry(id).await.expect_err("it is done");
    assert!(matches!(over, StoreError::State { found: State::Done, .. }), "{over}");
    assert_eq!(store.retry(EntryId(99)).await, Err(StoreError::NoEntry(EntryId(99))));
}

pub(in crate::journal::store) async fn a_retried_entry_waits_for_the_one_of_its_lane_that_is_worked_on(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let a1 = append(&*store, event("a", 1)).await;
    let a2 = append(&*store, event("a", 2)).await;
    let a3 = append(&*store, event("a", 3)).await;
    let first = lease(&*store, NOW).await;
    store.finish(&first.lease, dead(), NOW).await.expect("finished");
    let second = lease(&*store, NOW).await;
    assert_eq!(second.entry.id, a2);
    store.retry(a1).await.expect("retried");
    assert_eq!(try_lease(&*store, NOW).await, None, "one at a time");
    store.release(&second.lease).await.expect("given back");
    for id in [a1, a2, a3] {
        let leased = lease(&*store, NOW).await;
        assert_eq!(leased.entry.id, id, "older than what was given back");
        store.finish(&leased.lease, done(), NOW).await.expect("finished");
    }
}

pub(in crate::journal::store) async fn everything_in_a_state_is_retried_once_also_when_there_is_much(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let others = append(&*store, NewEntry { project: "other".to_owned(), ..event("z", 1) }).await;
    let events = (0..1_001).map(|n| store.append(event(&format!("lane-{n}"), n)));
    for stored in futures_util::future::join_all(events).await {
        stored.expect("stored");
    }
    for id in 1..=1_002 {
        store.drop_entry(EntryId(id), NOW).await.expect("dropped");
    }
    assert_eq!(store.retry_all(Some(ACME), State::Dead).await.expect("none"), 0);
    assert_eq!(store.retry_all(Some(ACME), State::Dropped).await.expect("retried"), 1_001);
    assert_eq!(state(&*store, others).await, State::Dropped);
    assert_eq!(store.retry_all(None, State::Dropped).await.expect("retried"), 1);
    let refused = store.retry_all(None, State::Received).await.expect_err("no state to retry from");
    assert!(matches!(refused, StoreError::State { found: State::Received, .. }), "{refused}");
    assert_eq!(store.counts(ACME).await.expect("read").by_state.get(&State::Received), Some(&1_001));
}

pub(in crate::journal::store) async fn an_entry_that_a_worker_is_at_is_not_dropped_and_keeps_its_lane(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let a1 = append(&*store, event("a", 1)).await;
    let a2 = append(&*store, event("a", 2)).await;
    let leased = lease(&*store, NOW).await;
    let refused = store.drop_entry(a1, NOW + 3).await.expect_err("a worker is at it");
    assert!(matches!(refused, StoreError::State { found: State::Leased, .. }), "{refused}");
    assert!(refused.to_string().contains("no worker is at"), "{refused}");
    assert_eq!(try_lease(&*store, NOW + 3).await, None, "what it has under way is not overtaken");
    // Refused, it has changed nothing: the worker goes on.
    store.finish(&leased.lease, later(NOW + MINUTE), NOW + 4).await.expect("finished");
    store.drop_entry(a1, NOW + 5).await.expect("dropped");
    let entry = store.show(a1).await.expect("read").expect("an entry").entry;
    assert_eq!((entry.state, entry.finished_ms), (State::Dropped, Some(NOW + 5)));
    let refused = store.drop_entry(a1, NOW).await.expect_err("dropped already");
    assert!(matches!(refused, StoreError::State { found: State::Dropped, .. }), "{refused}");
    assert_eq!(lease(&*store, NOW + 5).await.entry.id, a2, "its lane goes on");
}

pub(in crate::journal::store) async fn an_entry_whose_lease_is_over_can_be_dropped_and_its_worker_writes_nothing(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let a1 = append(&*store, event("a", 1)).await;
    let a2 = append(&*store, event("a", 2)).await;
    let leased = lease(&*store, NOW).await;
    store.drop_entry(a1, NOW + MINUTE).await.expect("dropped");
    lost(store.finish(&leased.lease, done(), NOW + MINUTE).await, a1);
    assert_eq!(state(&*store, a1).await, State::Dropped);
    assert_eq!(lease(&*store, NOW + MINUTE).await.entry.id, a2);
}

pub(in crate::journal::store) async fn what_is_old_and_not_open_is_removed(stage: &dyn StoreStage) {
    let store = stage.open();
    let finished = append(&*store, event("a", 1)).await;
    let open = append(&*store, event("b", 2)).await;
    let young = append(&*store, event("c", 100)).await;
    let leased = lease(&*store, NOW).await;
    store.save_plan(&leased.lease, plan(&["contact"])).await.expect("saved");
    let made = Made { who: "7".to_owned(), kind: "contact".to_owned(), crm_id: "1".to_owned(), at_ms: NOW + 3 };
    let receipt = Stepped::Done { receipt: "1".to_owned(), at_ms: NOW + 3, made: vec![made] };
    store.step(&leased.lease, 0, receipt).await.expect("noted");
    store.finish(&leased.lease, done(), NOW + 500).await.expect("finished");
    store.drop_entry(young, NOW).await.expect("dropped");
    store.append(NewEntry { project: "other".to_owned(), state: State::Unreadable, ..event("a", 1) }).await.expect("x");

    assert_eq!(store.remove_before(ACME, NOW + 1).await.expect("removed"), 0);
    assert_eq!(store.remove_before(ACME, NOW + 100).await.expect("removed"), 1);
    assert_eq!(store.show(finished).await.expect("read"), None);
    assert_eq!(store.made_for(ACME, "7", 0).await.expect("read"), []);
    assert_eq!(store.steps_of_call(ACME, "call-a").await.expect("read"), []);
    assert_eq!((state(&*store, open).await, state(&*store, young).await), (State::Received, State::Dropped));
    assert_eq!(store.counts("other").await.expect("read").by_state.len(), 1);
    // Its call is forgotten with it: what comes now begins one.
    let again = append(&*store, NewEntry { lane: "new".to_owned(), ..event("a", 1) }).await;
    assert!(again > young, "numbers are not used twice");
    let shown = store.show(again).await.expect("read").expect("an entry");
    assert_eq!(shown.call.expect("a call").lane, "new");

    let many = (1_000..2_100).map(|n| store.append(NewEntry { state: State::Unreadable, ..event("m", n) }));
    for stored in futures_util::future::join_all(many).await {
        stored.expect("stored");
    }
    assert_eq!(store.remove_before(ACME, NOW + 5_000).await.expect("removed"), 1_101);
    let left = store.counts(ACME).await.expect("read").by_state;
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(State::Received, 2)]);
}

pub(in crate::journal::store) async fn lists_go_both_ways_and_on_where_they_ended(stage: &dyn StoreStage) {
    let store = stage.open();
    let mut ids = Vec::new();
    for n in 0..6 {
        let project = ["acme", "other"][n as usize % 2].to_owned();
        ids.push(append(&*store, NewEntry { project, ..event(&format!("l{n}"), n) }).await);
    }
    for id in &ids[..3] {
        store.drop_entry(*id, NOW).await.expect("dropped");
    }
    let listed = async |filter: Filter| -> Vec<EntryId> {
        store.list(filter).await.expect("read").into_iter().map(|entry| entry.id).collect()
    };
    let all = Filter { limit: 10, ..Filter::default() };
    assert_eq!(listed(all.clone()).await, ids);
    let mut reversed = ids.clone();
    reversed.reverse();
    assert_eq!(listed(Filter { newest_first: true, ..all.clone() }).await, reversed);
    let page = Filter { limit: 2, after: Some(ids[1]), ..all.clone() };
    assert_eq!(listed(page.clone()).await, ids[2..4]);
    assert_eq!(listed(Filter { newest_first: true, after: Some(ids[4]), ..page }).await, [ids[3], ids[2]]);
    let dropped = Filter { state: Some(State::Dropped), ..all.clone() };
    assert_eq!(listed(dropped.clone()).await, ids[..3]);
    assert_eq!(listed(Filter { project: Some("other".to_owned()), ..dropped }).await, [ids[1]]);
    assert_eq!(listed(Filter { project: Some("acme".to_owned()), ..all.clone() }).await, [ids[0], ids[2], ids[4]]);
    assert_eq!(listed(Filter { project: Some("nobody".to_owned()), ..all }).await, []);
}
