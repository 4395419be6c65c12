use crate::journal::store::contract::{ACME, NOW, StoreStage, append, dead, event, lease};
use crate::journal::store::{NewEntry, Reconciled, State};

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
