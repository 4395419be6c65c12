use crate::journal::store::contract::{ACME, NOW, StoreStage, append, dead, event, lease};
use crate::journal::store::{CallPlace, NewEntry, Plan, Reconciled, State};

pub(in crate::journal::store) async fn the_events_of_many_calls_are_told_at_once_each_with_its_own(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    let begun = NewEntry { moment: "before-call".to_owned(), ..event("a", 1) };
    append(&*store, begun).await;
    append(&*store, event("a", 2)).await;
    append(&*store, event("b", 1)).await;
    append(&*store, event("c", 1)).await;
    append(&*store, NewEntry { project: "other".to_owned(), ..event("d", 1) }).await;
    let given_up = lease(&*store, NOW).await;
    store.finish(&given_up.lease, dead(), NOW).await.expect("finished");
    let asked = ["call-b", "call-a", "call-d", "call-a", "nobody"].map(str::to_owned).to_vec();
    let told = store.events_of_calls(ACME, asked).await.expect("read");
    assert_eq!(told.keys().collect::<Vec<_>>(), ["call-a", "call-b"]);
    for (call_id, events) in &told {
        assert_eq!(*events, store.events_of_call(ACME, call_id).await.expect("read"), "{call_id}");
    }
    let told: Vec<_> = told["call-a"].iter().map(|event| (event.moment.as_str(), event.state)).collect();
    assert_eq!(told, [("before-call", State::Dead), ("after-call", State::Received)]);
    assert!(store.events_of_calls(ACME, Vec::new()).await.expect("read").is_empty());
}

pub(in crate::journal::store) async fn until_when_a_project_is_reconciled_is_kept_and_never_set_back(
    stage: &dyn StoreStage,
) {
    let store = stage.open();
    assert_eq!(store.reconciled(ACME).await.expect("read"), None);
    for (until_ms, kept_ms) in [(NOW, NOW), (NOW + 9, NOW + 9), (NOW + 5, NOW + 9)] {
        store.set_reconciled(ACME, until_ms).await.expect("noted");
        let kept = Reconciled { since_ms: NOW, until_ms: kept_ms };
        assert_eq!(store.reconciled(ACME).await.expect("read"), Some(kept));
    }
    drop(store);
    let store = stage.open();
    assert_eq!(store.reconciled(ACME).await.expect("read").map(|kept| kept.until_ms), Some(NOW + 9));
    assert_eq!(store.reconciled("other").await.expect("read"), None);
}

pub(in crate::journal::store) async fn calls_are_listed_from_a_time_on_page_by_page(stage: &dyn StoreStage) {
    let store = stage.open();
    // Of two that came at once the ids decide.
    for (lane, at_ms) in [("c", 5), ("a", 5), ("b", 3), ("e", 9), ("d", 1)] {
        append(&*store, NewEntry { received_ms: NOW + at_ms, ..event(lane, 1) }).await;
    }
    append(&*store, NewEntry { call_id: None, ..event("alone", 1) }).await;
    append(&*store, NewEntry { project: "other".to_owned(), ..event("f", 4) }).await;
    let leased = lease(&*store, NOW).await;
    let judged = Some("{}".to_owned());
    store.save_plan(&leased.lease, Plan { judged: judged.clone(), ..Plan::default() }).await.expect("saved");
    let (mut after, mut told) = (None, Vec::new());
    loop {
        let page = store.calls_since(ACME, NOW + 3, after, 2).await.expect("read");
        let Some(last) = page.last() else { break };
        after = Some(CallPlace { first_ms: last.first_ms, call_id: last.call_id.clone() });
        assert!(page.len() <= 2);
        told.extend(page);
    }
    let places: Vec<_> = told.iter().map(|call| (call.call_id.as_str(), call.first_ms - NOW)).collect();
    assert_eq!(places, [("call-b", 3), ("call-a", 5), ("call-c", 5), ("call-e", 9)]);
    let judged_now: Vec<_> = told.iter().filter(|call| call.judged == judged).map(|call| &*call.call_id).collect();
    assert_eq!(judged_now, ["call-c"], "the entry that came first was judged");
}
