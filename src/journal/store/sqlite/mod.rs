//! The store in a file: `journal.sqlite`, SQLite with a write-ahead log, flushed with every commit.
//!
//! One thread writes, another reads, so that no list stands before an event that is to be stored. While the service runs
//! the file can be read with the `sqlite3` command.

mod append;
mod browse;
mod fault;
pub(super) mod file;
mod lanes;
mod lease;
mod line;
mod operate;
mod pause;
mod plan;
mod reconciled;
mod rows;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;

use crate::journal::store::{
    Appended, CallPlace, Claim, Counts, End, Entry, EntryId, Event, Filter, KnownCall, Lease, Leased, Made, NewEntry,
    OpenError, Paused, PausedBy, Plan, Reconciled, Resumed, Shown, State, Step, Stepped, Store, StoreError,
};

use self::line::Line;
use self::operate::Part;

/// The file's name inside the data folder.
pub const NAME: &str = "journal.sqlite";

/// The journal in one file. One process has it open to write: see to that before (the data folder's lock).
///
/// Dropped, it waits until what was asked is done and the file is closed.
pub struct SqliteStore {
    path: PathBuf,
    // Closed before the writer, which as the last one puts the log where it belongs.
    reader: Line,
    writer: Line,
    /// How often the file has been opened.
    opened: i64,
    /// How many leases were given since.
    leases: AtomicU64,
}

impl SqliteStore {
    /// Opens the journal of a data folder, making the file where it is missing. Every lease of an earlier process ends.
    ///
    /// # Errors
    /// Whatever is refused is left as it was found: a file that is damaged, another program's, or a newer predial's.
    ///
    /// # Cost
    /// Reads a file of up to 64 MiB whole; of a larger one damage is noticed where it is met. SQLite knows damage of its
    /// own structure; a text whose letters have changed on the disk is read as it stands.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(NAME);
        let unusable = |how: String| OpenError::Unusable { path: path.clone(), how };
        let db = file::open(&path, &file::JOURNAL)?;
        let opened = lease::begin(&db).map_err(|fault| match fault.told() {
            StoreError::Full(how) => OpenError::Full { path: path.clone(), how },
            error => unusable(error.to_string()),
        })?;
        let reader = Line::reader(file::open_to_read(&path)?).map_err(|error| unusable(error.to_string()))?;
        let writer = Line::writer(db).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { path, reader, writer, opened, leases: AtomicU64::new(0) })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes workable what is in this state and came at a time or later, a part at a time.
    async fn work_again(&self, project: &str, state: State, from_ms: i64) -> Result<u64, StoreError> {
        let mut sum = 0;
        let mut after = Some(EntryId(0));
        while let Some(behind) = after {
            let project = project.to_owned();
            let part = self.writer.ask(move |db| operate::retry_part(db, (&project, state), from_ms, behind)).await?;
            sum += part.changed;
            after = part.last;
        }
        Ok(sum)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, new: NewEntry) -> Result<Appended, StoreError> {
        self.writer.ask(move |db| append::append(db, &new)).await
    }

    async fn lease(&self, claim: Claim) -> Result<Option<Leased>, StoreError> {
        let token = format!("{}.{}", self.opened, self.leases.fetch_add(1, Ordering::Relaxed));
        self.writer.ask(move |db| lease::lease(db, &claim, &token)).await
    }

    async fn extend_lease(&self, lease: &Lease, until_ms: i64) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.writer.ask(move |db| lease::extend(db, &lease, until_ms)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.writer.ask(move |db| lease::release(db, &lease)).await
    }

    async fn set_lane(&self, lease: &Lease, lane: &str) -> Result<(), StoreError> {
        let (lease, lane) = (lease.clone(), lane.to_owned());
        self.writer.ask(move |db| lease::set_lane(db, &lease, &lane)).await
    }

    async fn save_plan(&self, lease: &Lease, plan: Plan) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.writer.ask(move |db| plan::save(db, &lease, &plan)).await
    }

    async fn step(&self, lease: &Lease, seq: u32, stepped: Stepped) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.writer.ask(move |db| plan::step(db, &lease, seq, &stepped)).await
    }

    async fn finish(&self, lease: &Lease, end: End, now_ms: i64) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.writer.ask(move |db| lease::finish(db, &lease, &end, now_ms)).await
    }

    async fn events_of_call(&self, project: &str, call_id: &str) -> Result<Vec<Event>, StoreError> {
        let (project, call_id) = (project.to_owned(), call_id.to_owned());
        self.reader.ask(move |db| browse::events_of_call(db, &project, &call_id)).await
    }

    async fn events_of_calls(
        &self,
        project: &str,
        call_ids: Vec<String>,
    ) -> Result<BTreeMap<String, Vec<Event>>, StoreError> {
        let project = project.to_owned();
        self.reader.ask(move |db| browse::events_of_calls(db, &project, &call_ids)).await
    }

    async fn calls_since(
        &self,
        project: &str,
        since_ms: i64,
        after: Option<CallPlace>,
        limit: u32,
    ) -> Result<Vec<KnownCall>, StoreError> {
        let project = project.to_owned();
        self.reader.ask(move |db| browse::calls_since(db, &project, since_ms, (after.as_ref(), limit))).await
    }

    async fn reconciled(&self, project: &str) -> Result<Option<Reconciled>, StoreError> {
        let project = project.to_owned();
        self.reader.ask(move |db| reconciled::of(db, &project)).await
    }

    async fn set_reconciled(&self, project: &str, until_ms: i64) -> Result<(), StoreError> {
        let project = project.to_owned();
        self.writer.ask(move |db| reconciled::set(db, &project, until_ms)).await
    }

    async fn steps_of_call(&self, project: &str, call_id: &str) -> Result<Vec<Step>, StoreError> {
        let (project, call_id) = (project.to_owned(), call_id.to_owned());
        self.reader.ask(move |db| browse::steps_of_call(db, &project, &call_id)).await
    }

    async fn made_for(&self, project: &str, who: &str, since_ms: i64) -> Result<Vec<Made>, StoreError> {
        let (project, who) = (project.to_owned(), who.to_owned());
        self.reader.ask(move |db| browse::made_for(db, &project, &who, since_ms)).await
    }

    async fn pause(&self, pause: Paused) -> Result<(), StoreError> {
        self.writer.ask(move |db| pause::pause(db, &pause)).await
    }

    async fn resume(&self, project: &str, by: PausedBy, send_from_ms: Option<i64>) -> Result<Resumed, StoreError> {
        let mut resumed = Resumed::default();
        let mut after = send_from_ms.map(|_| EntryId(0));
        loop {
            let project = project.to_owned();
            let (was_paused, part) = (self.writer)
                .ask(move |db| {
                    if !pause::may_end(db, &project, by)? {
                        return Ok((false, Part::default()));
                    }
                    let part = match (after, send_from_ms) {
                        (Some(after), Some(from_ms)) => {
                            operate::retry_part(db, (&project, State::Stored), from_ms, after)?
                        }
                        _ => Part::default(),
                    };
                    // With the last part, so that nothing that comes in gets before what was stored.
                    Ok((part.last.is_none() && pause::end(db, &project)?, part))
                })
                .await?;
            resumed = Resumed { was_paused, sent: resumed.sent + part.changed };
            after = part.last;
            if after.is_none() {
                return Ok(resumed);
            }
        }
    }

    async fn paused(&self) -> Result<Vec<Paused>, StoreError> {
        self.reader.ask(pause::list).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        self.reader.ask(move |db| browse::list(db, &filter)).await
    }

    async fn show(&self, id: EntryId) -> Result<Option<Shown>, StoreError> {
        self.reader.ask(move |db| browse::show(db, id)).await
    }

    async fn retry(&self, id: EntryId) -> Result<(), StoreError> {
        self.writer.ask(move |db| operate::retry(db, id)).await
    }

    async fn retry_all(&self, project: Option<&str>, state: State) -> Result<u64, StoreError> {
        operate::can_be_retried(state)?;
        let projects = match project {
            Some(project) => vec![project.to_owned()],
            None => self.reader.ask(move |db| browse::projects_with(db, state)).await?,
        };
        let mut sum = 0;
        for project in projects {
            sum += self.work_again(&project, state, i64::MIN).await?;
        }
        Ok(sum)
    }

    async fn drop_entry(&self, id: EntryId, now_ms: i64) -> Result<(), StoreError> {
        self.writer.ask(move |db| operate::drop_entry(db, id, now_ms)).await
    }

    async fn counts(&self, project: &str) -> Result<Counts, StoreError> {
        let project = project.to_owned();
        self.reader.ask(move |db| browse::counts(db, &project)).await
    }

    async fn remove_before(&self, project: &str, before_ms: i64) -> Result<u64, StoreError> {
        let mut sum = 0;
        for state in State::ALL.into_iter().filter(|state| !state.is_open()) {
            let mut after = Some(EntryId(0));
            while let Some(behind) = after {
                let project = project.to_owned();
                let part =
                    self.writer.ask(move |db| operate::remove_part(db, (&project, state), before_ms, behind)).await?;
                sum += part.changed;
                after = part.last;
            }
        }
        loop {
            let project = project.to_owned();
            if self.writer.ask(move |db| operate::remove_rest(db, &project, before_ms)).await? {
                return Ok(sum);
            }
        }
    }

    async fn next_wake_ms(&self, project: &str, now_ms: i64) -> Result<Option<i64>, StoreError> {
        let project = project.to_owned();
        self.reader.ask(move |db| lease::next_wake(db, &project, now_ms)).await
    }
}
