//! The journal's store: what came in is on the disk before it is acknowledged, and what was decided and done is there
//! before the next thing is done.
//!
//! # Shape
//! An *entry* is one event at the door. It has a *lane*, the client: the entries of a lane are worked on in the order they
//! came, one at a time. A worker *leases* an entry, stores its *plan*, and notes each *step* of it before and after the
//! request. When the process dies the lease is over, and the next worker finds everything noted.
//!
//! # Errors
//! What failed has left nothing behind, and what was answered is on the disk. What was asked and not answered (the caller
//! went away, the process died) may have been done.

pub mod decisions;
pub mod failure;
pub mod late;
pub mod record;
pub mod sqlite;
pub mod work;

#[cfg(test)]
mod contract;

use std::collections::BTreeMap;

use async_trait::async_trait;

pub(super) use self::failure::NOT_WORKED_ON;
pub use self::failure::{OpenError, StoreError};
pub use self::late::LateStore;
pub use self::record::{
    Appended, CallPlace, Counts, Entry, EntryId, Event, Filter, KnownCall, Made, NewEntry, NewStep, Paused, PausedBy,
    Reconciled, Resumed, Shown, State, Step, StepState,
};
pub use self::sqlite::SqliteStore;
pub use self::work::{Claim, End, Lease, Leased, Plan, Stepped};

/// Keeps the journal. Every answer about a change means that it is durable.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores what came in.
    ///
    /// One whose identity is known, and was not too long ago to be the same ([`NewEntry::same_within_ms`]), is not stored
    /// again; the answer names the earlier one. The first entry of a call makes
    /// the call known, with its lane; later ones take that lane whatever they say. While the project is off, a readable
    /// one is [`State::Stored`].
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Failed`]: it is not stored.
    async fn append(&self, new: NewEntry) -> Result<Appended, StoreError>;

    /// Takes up the next entry that may be worked on: the oldest that was never tried, or of those that were, the one
    /// whose time came first. Never one whose lane has an earlier open entry, or one that is being worked on. A lease that
    /// is over counts as an attempt.
    ///
    /// While the project is off, by an operator: only what is planned already. While its credentials are refused: nothing.
    ///
    /// # Cost
    /// The same with one entry waiting and with 100,000.
    async fn lease(&self, claim: Claim) -> Result<Option<Leased>, StoreError>;

    /// Prolongs a lease: it ends at this time.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], as of all that follow and take a lease. A lease that is over but was given to nobody
    /// else is still good.
    async fn extend_lease(&self, lease: &Lease, until_ms: i64) -> Result<(), StoreError>;

    /// Gives an entry back as it was, the attempt not counted; what was stored of it since stays.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Puts an entry and its call, with all the call's entries, into another lane, and gives it back as
    /// [`Store::release`] does: its turn in the new lane may be another.
    async fn set_lane(&self, lease: &Lease, lane: &str) -> Result<(), StoreError>;

    /// Stores what was decided, all of it or nothing. The worker keeps the lease.
    ///
    /// # Errors
    /// [`StoreError::Planned`] where there is a plan.
    async fn save_plan(&self, lease: &Lease, plan: Plan) -> Result<(), StoreError>;

    /// Notes what became of a step. What a step made for a client is stored with its receipt or not at all.
    ///
    /// # Errors
    /// [`StoreError::NoStep`].
    async fn step(&self, lease: &Lease, seq: u32, stepped: Stepped) -> Result<(), StoreError>;

    /// Ends the work on an entry and the lease.
    async fn finish(&self, lease: &Lease, end: End, now_ms: i64) -> Result<(), StoreError>;

    /// Everything that was told of a call, in the order it came.
    async fn events_of_call(&self, project: &str, call_id: &str) -> Result<Vec<Event>, StoreError>;

    /// [`Store::events_of_call`] of each of these calls that anything was told of.
    ///
    /// # Cost
    /// As many look-ups as there are calls, in one turn of who reads: to be asked for some hundreds at a time.
    async fn events_of_calls(
        &self,
        project: &str,
        call_ids: Vec<String>,
    ) -> Result<BTreeMap<String, Vec<Event>>, StoreError>;

    /// The calls of which something came at this time or later, the first one first; those behind `after`, and at most
    /// `limit`.
    async fn calls_since(
        &self,
        project: &str,
        since_ms: i64,
        after: Option<CallPlace>,
        limit: u32,
    ) -> Result<Vec<KnownCall>, StoreError>;

    /// Until when a project's calls have been compared with the telephone system's list; `None` where never.
    async fn reconciled(&self, project: &str) -> Result<Option<Reconciled>, StoreError>;

    /// Notes until when they have been. The first time also says since when; it is never set back.
    async fn set_reconciled(&self, project: &str, until_ms: i64) -> Result<(), StoreError>;

    /// The steps of all of a call's entries, in the order of the entries and their plans.
    async fn steps_of_call(&self, project: &str, call_id: &str) -> Result<Vec<Step>, StoreError>;

    /// What was made for a client, by what they are known by, at this time or later, the first one first.
    async fn made_for(&self, project: &str, who: &str, since_ms: i64) -> Result<Vec<Made>, StoreError>;

    /// Turns a project off. One that is off stays so since when it was; an operator's word replaces that of the
    /// credentials and not the other way round.
    async fn pause(&self, pause: Paused) -> Result<(), StoreError>;

    /// Turns a project on again. [`PausedBy::Operator`] ends any pause, [`PausedBy::Credentials`] one of the credentials
    /// only, and does nothing while an operator's is on.
    ///
    /// With `send_from_ms`, what was stored while it was off and came at this time or later becomes workable, before
    /// anything that comes in afterwards; also of a project that is on already. They keep their numbers, and so their order.
    ///
    /// # Cost
    /// Some hundreds at a time, so that what comes in has its turn in between. All of these that go on in parts (this,
    /// [`Store::retry_all`], [`Store::remove_before`]) have done a part of it when they fail, and can be asked again.
    async fn resume(&self, project: &str, by: PausedBy, send_from_ms: Option<i64>) -> Result<Resumed, StoreError>;

    /// The projects that are off.
    async fn paused(&self) -> Result<Vec<Paused>, StoreError>;

    /// Lists entries in the order of their numbers.
    async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError>;

    /// All of one entry.
    async fn show(&self, id: EntryId) -> Result<Option<Shown>, StoreError>;

    /// Makes an entry workable at once that is dead, dropped, stored or waiting, as if it were new: no attempts counted,
    /// refused steps to be done again. What is done stays done, and what is unclear unclear.
    ///
    /// # Errors
    /// [`StoreError::NoEntry`]; [`StoreError::State`] where it is none of these.
    async fn retry(&self, id: EntryId) -> Result<(), StoreError>;

    /// [`Store::retry`] of everything that is in this state now, the oldest first; says how many.
    ///
    /// # Errors
    /// [`StoreError::State`] for a state that cannot be retried.
    async fn retry_all(&self, project: Option<&str>, state: State) -> Result<u64, StoreError>;

    /// Decides that an entry is not to be done (any more).
    ///
    /// # Errors
    /// [`StoreError::NoEntry`]; [`StoreError::State`] where it is done or dropped, and where a worker is at it: what that
    /// one has under way at the CRM may not be overtaken by what comes next in the lane. A lease that is over holds nothing.
    async fn drop_entry(&self, id: EntryId, now_ms: i64) -> Result<(), StoreError>;

    /// How many entries the project has, by state.
    ///
    /// # Cost
    /// Kept as entries change, not counted: fit for being asked often.
    async fn counts(&self, project: &str) -> Result<Counts, StoreError>;

    /// Removes what came before this time and is not open, and of calls and what was made what is older and has no entry
    /// left; says how many entries.
    async fn remove_before(&self, project: &str, before_ms: i64) -> Result<u64, StoreError>;

    /// When the next entry becomes workable by itself, later than now: its time comes, or a lease is over. For a worker
    /// that [`Store::lease`] gave nothing at this `now_ms`.
    async fn next_wake_ms(&self, project: &str, now_ms: i64) -> Result<Option<i64>, StoreError>;
}
