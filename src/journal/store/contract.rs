//! What every store must do, as a suite: a store's tests stage it as a [`StoreStage`] and name it in [`store_tests`].

pub(super) mod calls;
#[expect(clippy::cognitive_complexity, reason = "each tells one story, a step after the other")]
pub(super) mod leases;
#[expect(clippy::cognitive_complexity, reason = "each tells one story, a step after the other")]
pub(super) mod operators;
pub(super) mod reconciled;
pub(super) mod walk;

use std::sync::Arc;

use crate::journal::store::{Appended, Claim, End, EntryId, Leased, NewEntry, NewStep, Plan, State, Store, StoreError};

/// A place where a store keeps things.
pub(super) trait StoreStage {
    /// Opens it. Whatever was opened before has been dropped.
    fn open(&self) -> Arc<dyn Store>;
}

/// All times of the suite are near this one.
pub(super) const NOW: i64 = 1_763_600_000_000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const ACME: &str = "acme";

/// An event of a lane, the `n`th of it, of the call that is called as the lane is.
pub(super) fn event(lane: &str, n: u32) -> NewEntry {
    NewEntry {
        project: ACME.to_owned(),
        moment: "after-call".to_owned(),
        call_id: Some(format!("call-{lane}")),
        identity: format!("{lane}-{n}"),
        lane: lane.to_owned(),
        received_ms: NOW + i64::from(n),
        raw: format!("caller={lane}&n={n}\0\u{ff}").into_bytes(),
        facts: Some(format!("{{\"n\":{n}}}")),
        state: State::Received,
        same_within_ms: None,
    }
}

pub(super) async fn append(store: &dyn Store, new: NewEntry) -> EntryId {
    let Appended { id, known, .. } = store.append(new).await.expect("stored");
    assert!(!known, "expected a new entry, found {id} known");
    id
}

pub(super) fn claim(now_ms: i64) -> Claim {
    Claim { project: ACME.to_owned(), now_ms, lease_ms: MINUTE, retries_first: false }
}

/// The next entry that may be worked on at this time.
pub(super) async fn try_lease(store: &dyn Store, now_ms: i64) -> Option<Leased> {
    store.lease(claim(now_ms)).await.expect("an answer")
}

pub(super) async fn lease(store: &dyn Store, now_ms: i64) -> Leased {
    try_lease(store, now_ms).await.expect("an entry to be worked on")
}

pub(super) fn plan(names: &[&str]) -> Plan {
    let step = |name: &&str| NewStep {
        name: (*name).to_owned(),
        mark: format!("mark-{name}"),
        order: format!("{{\"make\":\"{name}\"}}"),
    };
    Plan { row_id: Some("hs-in-ok-new".to_owned()), steps: names.iter().map(step).collect(), ..Plan::default() }
}

pub(super) fn done() -> End {
    End::Done { outcome: None }
}

pub(super) fn dead() -> End {
    End::Dead { error: "400 the property \"x\" does not exist".to_owned() }
}

pub(super) fn later(not_before_ms: i64) -> End {
    End::Later { not_before_ms, error: "429 slow down".to_owned(), counts: true }
}

pub(super) async fn state(store: &dyn Store, id: EntryId) -> State {
    store.show(id).await.expect("read").expect("an entry").entry.state
}

#[track_caller]
pub(super) fn lost<T: std::fmt::Debug>(found: Result<T, StoreError>, entry: EntryId) {
    assert_eq!(found.expect_err("a lease that is lost"), StoreError::LeaseLost(entry));
}

/// The suite as tests of the module it is named in: `store_tests!(a function that makes a stage)`.
macro_rules! store_tests {
    ($stage:path) => {
        crate::journal::store::contract::store_tests! { $stage;
            calls: an_event_is_stored_once_under_its_identity_and_whole,
            calls: a_call_keeps_its_lane_whatever_later_events_say,
            calls: what_cannot_be_understood_is_kept_and_never_worked_on,
            calls: events_and_steps_of_a_call_are_told_in_order,
            reconciled: the_events_of_many_calls_are_told_at_once_each_with_its_own,
            reconciled: until_when_a_project_is_reconciled_is_kept_and_never_set_back,
            reconciled: calls_are_listed_from_a_time_on_page_by_page,
            calls: a_call_is_judged_once,
            calls: the_same_within_a_time_is_known_and_later_another,
            calls: what_was_made_for_a_client_is_told_with_the_receipt,
            calls: events_at_the_same_moment_are_all_stored,
            leases: entries_of_a_lane_are_worked_on_in_order_one_at_a_time,
            leases: what_waits_holds_its_lane_and_no_other,
            leases: an_attempt_that_could_not_be_made_is_waited_after_and_not_counted,
            leases: neither_first_attempts_nor_retries_starve,
            leases: a_lease_that_is_over_is_given_to_another_and_the_first_writes_nothing_any_more,
            leases: a_lease_ends_with_the_process_and_what_was_sent_is_unclear,
            leases: a_clock_that_was_set_back_holds_up_nothing_new_and_nothing_planned,
            leases: a_lease_can_be_prolonged_and_given_back,
            leases: a_plan_is_stored_whole_and_once,
            leases: a_step_goes_through_its_parts,
            leases: a_call_put_into_another_lane_waits_for_its_turn_there,
            operators: while_a_project_is_off_events_are_stored_and_what_was_begun_is_finished,
            operators: turned_on_with_what_was_stored_it_is_sent_from_a_time_on_in_order,
            operators: the_credentials_coming_back_do_not_end_an_operators_pause,
            operators: a_dead_entry_is_retried_as_if_it_were_new_and_what_is_done_stays,
            operators: a_retried_entry_waits_for_the_one_of_its_lane_that_is_worked_on,
            operators: everything_in_a_state_is_retried_once_also_when_there_is_much,
            operators: an_entry_that_a_worker_is_at_is_not_dropped_and_keeps_its_lane,
            operators: an_entry_whose_lease_is_over_can_be_dropped_and_its_worker_writes_nothing,
            operators: what_is_old_and_not_open_is_removed,
            operators: lists_go_both_ways_and_on_where_they_ended,
            walk: whatever_is_done_lanes_keep_their_order_and_the_counts_are_true,
        }
    };
    ($stage:path; $($part:ident: $name:ident,)*) => {$(
        #[tokio::test]
        async fn $name() {
            crate::journal::store::contract::$part::$name(&$stage()).await;
        }
    )*};
}
pub(super) use store_tests;
