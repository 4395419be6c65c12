use std::sync::Arc;

use crate::journal::store::contract::{
    ACME, MINUTE, NOW, StoreStage, append, done, event, later, lease, plan, state, try_lease,
};
use crate::journal::store::{Made, NewEntry, Plan, State, Stepped, StoreError};

pub(in crate::journal::store) async fn an_event_is_stored_once_under_its_identity_and_whole(stage: &dyn StoreStage) {
    let store = stage.open();
    let new = event("380501", 1);
    let id = append(&*store, new.clone()).await;
    let again = store.append(NewEntry { received_ms: NOW + 99, ..new.clone() }).await.expect("an answer");
    assert_eq!((again.id, again.known, again.state), (id, true, State::Received));
    let other = append(&*store, NewEntry { project: "other".to_owned(), ..new.clone() }).await;
    assert_ne!(other, id);

    drop(store);
    let store = stage.open();
    let again = store.append(new.clone()).await.expect("an answer");
    assert_eq!((again.id, again.known), (id, true));
    let shown = store.show(id).await.expect("read").expect("the entry");
    assert_eq!(shown.raw, new.raw);
    let entry = shown.entry;
    assert_eq!((entry.project, entry.moment, entry.call_id), (new.project, new.moment, new.call_id));
    assert_eq!((entry.facts, entry.received_ms, entry.attempts), (new.facts, new.received_ms, 0));
}

pub(in crate::journal::store) async fn a_call_keeps_its_lane_whatever_later_events_say(stage: &dyn StoreStage) {
    let store = stage.open();
    let first = append(&*store, event("380501", 1)).await;
    let second = append(&*store, NewEntry { lane: "380999".to_owned(), ..event("380501", 2) }).await;
    let alone = append(&*store, NewEntry { call_id: None, ..event("380777", 1) }).await;
    let shown = store.show(second).await.expect("read").expect("the entry");
    assert_eq!(shown.entry.lane, "380501");
    let call = shown.call.expect("its call");
    assert_eq!((call.lane.as_str(), call.first_ms, call.judged), ("380501", NOW + 1, None));
    let leased = [lease(&*store, NOW).await, lease(&*store, NOW).await];
    assert_eq!(leased.each_ref().map(|leased| leased.entry.id), [first, alone]);
    assert_eq!(leased.each_ref().map(|leased| leased.call.is_some()), [true, false]);
}

pub(in crate::journal::store) async fn what_cannot_be_understood_is_kept_and_never_worked_on(stage: &dyn StoreStage) {
    let store = stage.open();
    let new = NewEntry { state: State::Unreadable, facts: None, call_id: None, ..event("380501", 1) };
    let id = append(&*store, new.clone()).await;
    assert_eq!(try_lease(&*store, NOW).await, None);
    assert_eq!(store.show(id).await.expect("read").expect("the entry").raw, new.raw);
    let refused = store.retry(id).await.expect_err("nothing to be retried");
    assert!(matches!(refused, StoreError::State { found: State::Unreadable, .. }), "{refused}");
    let refused = store.append(NewEntry { state: State::Done, ..event("380502", 1) }).await;
    assert!(matches!(refused, Err(StoreError::State { found: State::Done, .. })), "{refused:?}");
}

pub(in crate::journal::store) async fn events_and_steps_of_a_call_are_told_in_order(stage: &dyn StoreStage) {
    let store = stage.open();
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(append(&*store, event("380501", n)).await);
    }
    append(&*store, event("380502", 1)).await;
    for names in [&["contact", "deal"][..], &["call"]] {
        let leased = lease(&*store, NOW).await;
        assert_eq!(leased.entry.lane, "380501");
        store.save_plan(&leased.lease, plan(names)).await.expect("saved");
        store.finish(&leased.lease, done(), NOW).await.expect("finished");
    }
    let events = store.events_of_call(ACME, "call-380501").await.expect("read");
    assert_eq!(events.iter().map(|event| event.entry).collect::<Vec<_>>(), ids);
    let told: Vec<_> = events.iter().map(|event| (event.received_ms, event.facts.as_deref(), event.state)).collect();
    let facts = [Some("{\"n\":1}"), Some("{\"n\":2}"), Some("{\"n\":3}")];
    assert_eq!(
        told,
        [(NOW + 1, facts[0], State::Done), (NOW + 2, facts[1], State::Done), (NOW + 3, facts[2], State::Received)]
    );
    let steps = store.steps_of_call(ACME, "call-380501").await.expect("read");
    let told: Vec<_> = steps.iter().map(|step| (step.entry, step.seq, step.name.as_str())).collect();
    assert_eq!(told, [(ids[0], 0, "contact"), (ids[0], 1, "deal"), (ids[1], 0, "call")]);
    assert_eq!(store.events_of_call("other", "call-380501").await.expect("read"), []);
}

pub(in crate::journal::store) async fn a_call_is_judged_once(stage: &dyn StoreStage) {
    let store = stage.open();
    append(&*store, event("380501", 1)).await;
    append(&*store, event("380501", 2)).await;
    append(&*store, NewEntry { project: "other".to_owned(), ..event("380501", 1) }).await;
    for (judged, before) in
        [("{\"client\":\"new\"}", None), ("{\"client\":\"existing\"}", Some("{\"client\":\"new\"}"))]
    {
        let leased = lease(&*store, NOW).await;
        assert_eq!(leased.call.expect("a call").judged.as_deref(), before);
        let plan = Plan { judged: Some(judged.to_owned()), ..plan(&[]) };
        store.save_plan(&leased.lease, plan).await.expect("saved");
        let call = store.show(leased.entry.id).await.expect("read").expect("an entry").call.expect("a call");
        assert_eq!(call.judged.as_deref(), Some("{\"client\":\"new\"}"));
        store.finish(&leased.lease, done(), NOW).await.expect("finished");
    }
}

pub(in crate::journal::store) async fn the_same_within_a_time_is_known_and_later_another(stage: &dyn StoreStage) {
    let store = stage.open();
    let form = |received_ms| NewEntry { call_id: None, received_ms, same_within_ms: Some(MINUTE), ..event("form", 1) };
    let first = append(&*store, form(NOW)).await;
    for at_ms in [NOW, NOW + MINUTE - 1, NOW - MINUTE] {
        let again = store.append(form(at_ms)).await.expect("an answer");
        assert!(again.known && again.id == first, "{at_ms}: {again:?}");
    }
    let second = append(&*store, form(NOW + MINUTE)).await;
    let again = store.append(form(NOW + 2 * MINUTE - 1)).await.expect("an answer");
    assert!(again.known && again.id == second, "{again:?}");
    append(&*store, form(NOW + 3 * MINUTE)).await;
    // Another's identity is another's, whatever it begins with.
    append(&*store, NewEntry { identity: "form-12".to_owned(), ..form(NOW) }).await;
    append(&*store, NewEntry { identity: "form-0".to_owned(), ..form(NOW) }).await;
}

pub(in crate::journal::store) async fn what_was_made_for_a_client_is_told_with_the_receipt(stage: &dyn StoreStage) {
    let store = stage.open();
    append(&*store, event("380501", 1)).await;
    let leased = lease(&*store, NOW).await;
    store.save_plan(&leased.lease, plan(&["contact", "deal"])).await.expect("saved");
    let made = |kind: &str, at_ms| Made {
        who: "380501".to_owned(),
        kind: kind.to_owned(),
        crm_id: format!("{kind}-7"),
        at_ms,
    };
    for (seq, kind) in (0..).zip(["contact", "deal"]) {
        let at_ms = NOW + i64::from(seq);
        let done = Stepped::Done { receipt: format!("{kind}-7"), at_ms, made: vec![made(kind, at_ms)] };
        store.step(&leased.lease, seq, done).await.expect("noted");
    }
    let told = store.made_for(ACME, "380501", NOW).await.expect("read");
    assert_eq!(told, [made("contact", NOW), made("deal", NOW + 1)]);
    assert_eq!(store.made_for(ACME, "380501", NOW + 1).await.expect("read"), [made("deal", NOW + 1)]);
    assert_eq!(store.made_for(ACME, "380502", NOW).await.expect("read"), []);
    assert_eq!(store.made_for("other", "380501", NOW).await.expect("read"), []);
    let lost = Stepped::Done { receipt: "x".to_owned(), at_ms: NOW, made: vec![made("task", NOW + 2)] };
    store.finish(&leased.lease, later(NOW), NOW).await.expect("finished");
    store.step(&leased.lease, 1, lost).await.expect_err("a lease that is lost");
    assert_eq!(store.made_for(ACME, "380501", NOW).await.expect("read").len(), 2);
}

pub(in crate::journal::store) async fn events_at_the_same_moment_are_all_stored(stage: &dyn StoreStage) {
    let store = stage.open();
    let mut under_way = Vec::new();
    for n in 0..300 {
        // Every event comes twice at once.
        for _ in 0..2 {
            let store = Arc::clone(&store);
            under_way.push(tokio::spawn(async move { store.append(event(&format!("38050{}", n % 7), n)).await }));
        }
    }
    let (mut new, mut known) = (0, 0);
    for appended in under_way {
        let appended = appended.await.expect("an end").expect("stored");
        *(if appended.known { &mut known } else { &mut new }) += 1;
    }
    assert_eq!((new, known), (300, 300));
    drop(store);
    let store = stage.open();
    let counts = store.counts(ACME).await.expect("read");
    assert_eq!(counts.by_state.into_iter().collect::<Vec<_>>(), [(State::Received, 300)]);
    assert_eq!(counts.oldest_open_ms, Some(NOW));
    let first = lease(&*store, NOW).await.entry.id;
    assert_eq!(state(&*store, first).await, State::Leased);
}
