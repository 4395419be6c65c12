//! The store in a file whose disk may have been full when the service started: it is opened once there is room.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use async_trait::async_trait;

use super::{
    Appended, CallPlace, Claim, Counts, End, Entry, EntryId, Event, Filter, KnownCall, Lease, Leased, Made, NewEntry,
    OpenError, Paused, PausedBy, Plan, Reconciled, Resumed, Shown, SqliteStore, State, Step, Stepped, Store,
    StoreError,
};

/// A [`SqliteStore`] that may not be open yet: until it is, whatever is asked of it is answered by
/// [`StoreError::Full`], and nothing is acknowledged.
pub struct LateStore {
    folder: PathBuf,
    opened: OnceLock<SqliteStore>,
}

impl LateStore {
    /// Opens the journal of a data folder. Where the disk has no room for that, the store is there and is not open.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`] but [`OpenError::Full`]: what is damaged or a newer predial's does not mend itself.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let store = Self { folder: folder.to_owned(), opened: OnceLock::new() };
        match store.try_again() {
            Ok(()) => Ok(store),
            Err(error @ OpenError::Full { .. }) => {
                tracing::error!(%error, "calls are answered; what is told of them is refused until there is room");
                Ok(store)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the file unless it is open. By one caller at a time.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`].
    ///
    /// # Cost
    /// As there: not for a runtime's thread.
    pub fn try_again(&self) -> Result<(), OpenError> {
        if !self.is_open() {
            let opened = SqliteStore::open(&self.folder)?;
            // Another was quicker: then theirs counts.
            let _second = self.opened.set(opened);
        }
        Ok(())
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.opened.get().is_some()
    }

    fn file(&self) -> Result<&SqliteStore, StoreError> {
        self.opened.get().ok_or_else(|| StoreError::Full("the journal is not open yet".to_owned()))
    }
}

#[async_trait]
impl Store for LateStore {
    async fn append(&self, new: NewEntry) -> Result<Appended, StoreError> {
        self.file()?.append(new).await
    }

    async fn lease(&self, claim: Claim) -> Result<Option<Leased>, StoreError> {
        self.file()?.lease(claim).await
    }

    async fn extend_lease(&self, lease: &Lease, until_ms: i64) -> Result<(), StoreError> {
        self.file()?.extend_lease(lease, until_ms).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.file()?.release(lease).await
    }

    async fn set_lane(&self, lease: &Lease, lane: &str) -> Result<(), StoreError> {
        self.file()?.set_lane(lease, lane).await
    }

    async fn save_plan(&self, lease: &Lease, plan: Plan) -> Result<(), StoreError> {
        self.file()?.save_plan(lease, plan).await
    }

    async fn step(&self, lease: &Lease, seq: u32, stepped: Stepped) -> Result<(), StoreError> {
        self.file()?.step(lease, seq, stepped).await
    }

    async fn finish(&self, lease: &Lease, end: End, now_ms: i64) -> Result<(), StoreError> {
        self.file()?.finish(lease, end, now_ms).await
    }

    async fn events_of_call(&self, project: &str, call_id: &str) -> Result<Vec<Event>, StoreError> {
        self.file()?.events_of_call(project, call_id).await
    }

    async fn events_of_calls(
        &self,
        project: &str,
        call_ids: Vec<String>,
    ) -> Result<BTreeMap<String, Vec<Event>>, StoreError> {
        self.file()?.events_of_calls(project, call_ids).await
    }

    async fn calls_since(
        &self,
        project: &str,
        since_ms: i64,
        after: Option<CallPlace>,
        limit: u32,
    ) -> Result<Vec<KnownCall>, StoreError> {
        self.file()?.calls_since(project, since_ms, after, limit).await
    }

    async fn reconciled(&self, project: &str) -> Result<Option<Reconciled>, StoreError> {
        self.file()?.reconciled(project).await
    }

    async fn set_reconciled(&self, project: &str, until_ms: i64) -> Result<(), StoreError> {
        self.file()?.set_reconciled(project, until_ms).await
    }

    async fn steps_of_call(&self, project: &str, call_id: &str) -> Result<Vec<Step>, StoreError> {
        self.file()?.steps_of_call(project, call_id).await
    }

    async fn made_for(&self, project: &str, who: &str, since_ms: i64) -> Result<Vec<Made>, StoreError> {
        self.file()?.made_for(project, who, since_ms).await
    }

    async fn pause(&self, pause: Paused) -> Result<(), StoreError> {
        self.file()?.pause(pause).await
    }

    async fn resume(&self, project: &str, by: PausedBy, send_from_ms: Option<i64>) -> Result<Resumed, StoreError> {
        self.file()?.resume(project, by, send_from_ms).await
    }

    async fn paused(&self) -> Result<Vec<Paused>, StoreError> {
        self.file()?.paused().await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        self.file()?.list(filter).await
    }

    async fn show(&self, id: EntryId) -> Result<Option<Shown>, StoreError> {
        self.file()?.show(id).await
    }

    async fn retry(&self, id: EntryId) -> Result<(), StoreError> {
        self.file()?.retry(id).await
    }

    async fn retry_all(&self, project: Option<&str>, state: State) -> Result<u64, StoreError> {
        self.file()?.retry_all(project, state).await
    }

    async fn drop_entry(&self, id: EntryId, now_ms: i64) -> Result<(), StoreError> {
        self.file()?.drop_entry(id, now_ms).await
    }

    async fn counts(&self, project: &str) -> Result<Counts, StoreError> {
        self.file()?.counts(project).await
    }

    async fn remove_before(&self, project: &str, before_ms: i64) -> Result<u64, StoreError> {
        self.file()?.remove_before(project, before_ms).await
    }

    async fn next_wake_ms(&self, project: &str, now_ms: i64) -> Result<Option<i64>, StoreError> {
        self.file()?.next_wake_ms(project, now_ms).await
    }
}
