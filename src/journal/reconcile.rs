//! What the telephone system's list of calls has and the journal has not: calls whose events were lost while nobody heard
//! them, put through the same matrix as if they had been told.
//!
//! A call is missing where no event told its end. What is appended is the row as such an event, under an identity of its
//! own: read again it is known, and the event that comes after all is one more of the same call. Where the end was told
//! without the recording that the list has, or as not over, the row is appended as an amendment. Calls under way are left
//! for the next run.

mod progress;
mod run;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

pub use self::progress::{ReconcileProgress, RunState};
pub use self::run::{Range, Reconciler, Refused};
use super::intake::lane;
use super::store::{self, Filter, NewEntry, State, StoreError};
use super::{Journal, Office, facts::call_of};
use crate::base::metric::Count;
use crate::model::{call::Moment, event::Event};
use crate::project::Project;
use crate::telephony::ringostat::event::{Listed, of_row, time_of_call_id};

/// Rows that are compared and appended together: a group of the store's, and what is held twice.
const TOGETHER: usize = 256;
/// Entries that are looked at for how events name their calls.
const LOOKED_AT: u32 = 200;

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Told to the end before.
    pub(super) known: u64,
    /// Not over yet.
    pub(super) in_progress: u64,
    /// Appended: nobody had told how they ended.
    pub(super) appended: u64,
    /// Appended to what had been told.
    pub(super) amended: u64,
    /// Rows that name no call.
    pub(super) unreadable: u64,
}

/// What is to be done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    UnderWay,
    Known,
    Missing,
    Amends,
}

/// A row as it is kept: where it comes from, when it was read, and all of it.
#[derive(Serialize)]
struct Raw<'a> {
    reconciled: Origin,
    row: &'a RawValue,
}

#[derive(Serialize)]
struct Origin {
    list: &'static str,
    at: Timestamp,
}

impl Journal {
    /// Compares rows of the list with what was told, and appends what was not. When this returns, it is on the disk.
    /// `each`: what became of some of them, as often as that is known.
    ///
    /// # Errors
    /// Those of the store; what was appended before stays, and is known when the rows are read again.
    ///
    /// # Cost
    /// Holds some hundreds of rows at a time beside those that are given.
    pub(super) async fn reconcile(
        &self,
        office: &Office,
        mut rows: Vec<Box<RawValue>>,
        mut each: impl FnMut(Figures) + Send,
    ) -> Result<(), StoreError> {
        // Calls of one client in the order in which they began, as they would have been told.
        rows.sort_by_cached_key(|row| of_row(row.get()).and_then(|listed| listed.began));
        for rows in rows.chunks(TOGETHER) {
            each(self.compared(office, rows).await?);
        }
        Ok(())
    }

    async fn compared(&self, office: &Office, rows: &[Box<RawValue>]) -> Result<Figures, StoreError> {
        let mut figures = Figures::default();
        let project = &*office.project;
        let mut listed: BTreeMap<(Option<Timestamp>, String), (Listed, &RawValue)> = BTreeMap::new();
        for row in rows {
            let Some(one) = of_row(row.get()) else {
                figures.unreadable += 1;
                continue;
            };
            // Of a call that is listed twice the row that says more of how it ended, with the recording of either.
            let (one, row) = match listed.remove(&(one.began, one.call_id.clone())) {
                Some((other, before)) if says_more(&other.event, &one.event) => (with_recording(other, &one), before),
                Some((other, _)) => (with_recording(one, &other), &**row),
                None => (one, &**row),
            };
            listed.insert((one.began, one.call_id.clone()), (one, row));
        }
        let ids = listed.keys().map(|(_, call_id)| call_id.clone()).collect();
        let told = self.floor.store.events_of_calls(&project.name, ids).await?;
        let nothing = Vec::new();
        let mut due = Vec::new();
        for (one, row) in listed.into_values() {
            let verdict = verdict(&one.event, told.get(&one.call_id).unwrap_or(&nothing), project);
            match verdict {
                Verdict::UnderWay => figures.in_progress += 1,
                Verdict::Known => figures.known += 1,
                Verdict::Missing | Verdict::Amends => due.push((verdict, self.entry_of(project, one, row))),
            }
        }
        self.append_due(office, due, &mut figures).await?;
        Ok(figures)
    }

    /// In one group of the store's, in order.
    async fn append_due(
        &self,
        office: &Office,
        due: Vec<(Verdict, NewEntry)>,
        figures: &mut Figures,
    ) -> Result<(), StoreError> {
        if due.is_empty() {
            return Ok(());
        }
        let appending = due.into_iter().map(async |(verdict, entry)| (verdict, self.floor.store.append(entry).await));
        let mut outcome = Ok(());
        for (verdict, appended) in join_all(appending).await {
            match (appended, verdict) {
                (Ok(appended), _) if appended.known => figures.known += 1,
                (Ok(_), Verdict::Amends) => figures.amended += 1,
                (Ok(_), _) => figures.appended += 1,
                (Err(error), _) => outcome = Err(error),
            }
        }
        office.metrics.add(Count::ReconciledCalls, figures.appended);
        office.metrics.add(Count::ReconciledAmendments, figures.amended);
        self.wake(&office.project.name);
        outcome
    }

    fn entry_of(&self, project: &Project, listed: Listed, row: &RawValue) -> NewEntry {
        let now = self.floor.clock.now();
        let Listed { call_id, identity, event, .. } = listed;
        let event = Event { reconciled: Some(now), ..event };
        let origin = Origin { list: "GET /calls/list", at: now };
        NewEntry {
            project: project.name.to_string(),
            moment: event.moment.word().to_owned(),
            lane: lane(project, Some(&event), &identity),
            call_id: Some(call_id),
            identity,
            received_ms: now.as_millisecond(),
            raw: serde_json::to_vec(&Raw { reconciled: origin, row }).unwrap_or_default(),
            facts: serde_json::to_string(&event).ok(),
            state: State::Received,
            same_within_ms: None,
        }
    }

    /// Why rows cannot be compared with what was told, where that is so: the project's events name their calls otherwise
    /// than the list, or not at all, and every call would look as if nobody had told it.
    pub(super) async fn incomparable(
        &self,
        project: &str,
        rows: &[Box<RawValue>],
    ) -> Result<Option<String>, StoreError> {
        let listed = rows.iter().take(TOGETHER).filter_map(|row| of_row(row.get())).map(|listed| listed.call_id);
        let Some(sample) = listed.into_iter().find(|call_id| time_of_call_id(call_id).is_some()) else {
            return Ok(None);
        };
        let filter =
            Filter { project: Some(project.to_owned()), limit: LOOKED_AT, newest_first: true, ..Filter::default() };
        let entries = self.floor.store.list(filter).await?;
        let told_at_the_door = |entry: &&store::Entry| {
            let event = entry.facts.as_deref().and_then(|facts| serde_json::from_str::<Event>(facts).ok());
            event.is_some_and(|event| is_end(event.moment) && event.reconciled.is_none())
        };
        let told: Vec<Option<&str>> =
            entries.iter().filter(told_at_the_door).map(|entry| entry.call_id.as_deref()).collect();
        let alike = |call_id: &&str| time_of_call_id(call_id).is_some();
        if told.is_empty() || told.iter().flatten().any(alike) {
            return Ok(None);
        }
        let found = told.iter().flatten().next().map_or("events without a call's id", |call_id| call_id);
        Ok(Some(format!(
            "expected events that name their call as the list does ({sample}), found {found}: what nobody told could not \
             be told from what somebody did"
        )))
    }
}

const fn is_end(moment: Moment) -> bool {
    matches!(moment, Moment::AfterCall | Moment::AfterOutgoing)
}

fn verdict(listed: &Event, told: &[store::Event], project: &Project) -> Verdict {
    let talked = |talk: Option<std::time::Duration>| talk.is_some_and(|talk| !talk.is_zero());
    let over = |status: Option<&str>, talk| project.matrix.statuses.outcome(status, talked(talk)).is_some();
    if !over(listed.status.as_deref(), listed.talk) {
        return Verdict::UnderWay;
    }
    let read = |event: &store::Event| serde_json::from_str::<Event>(event.facts.as_deref()?).ok();
    let told: Vec<Event> = told.iter().filter_map(read).collect();
    if !told.iter().any(|event| is_end(event.moment)) {
        return Verdict::Missing;
    }
    let call = call_of(&told, &project.numbers, &project.timezone);
    let recorded = call.recording.is_none() && listed.recording.is_some();
    if recorded || !over(call.status.as_deref(), call.talk) { Verdict::Amends } else { Verdict::Known }
}

/// Whether the first of two rows of a call tells more of it: the longer talk, then the longer call.
fn says_more(one: &Event, other: &Event) -> bool {
    (one.talk, one.total) > (other.talk, other.total)
}

fn with_recording(mut listed: Listed, other: &Listed) -> Listed {
    if listed.event.recording.is_none() && other.event.recording.is_some() {
        listed.event.recording.clone_from(&other.event.recording);
        listed.identity.clone_from(&other.identity);
    }
    listed
}
