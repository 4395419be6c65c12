//! The directory on disk: what was known last, so that a start needs no CRM, and a bad day can be rolled back.
//!
//! A generation is written after every accepted full crawl, now and then when something has changed, and when the service
//! is stopped; only ever of a directory that a crawl has completed. Its times are taken before its records, so what it
//! holds is at least as new as it says, and the sweep that follows a restore begins early enough. Records are copied a
//! few at a time under their lock, which no call takes; two of them may be of different moments, each is whole.

mod format;
mod restore;
mod shelf;

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use self::format::{Batch, Header, Writer};
pub use self::{
    format::{Origin, Why},
    restore::{Generation, NoSnapshot, Restored},
    shelf::{NotWritten, Shelf},
};
use super::{
    Directory, WarmProgress, WarmState,
    records::stored::{StoredUnreadable, StoredUser},
};
use crate::base::metric::Count;
use crate::crm::CrmUser;

/// Places looked at under one lock, and records of one frame at the most.
const SLICE: usize = 1_024;

/// How a directory is kept on disk.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Where.
    pub shelf: Arc<Shelf>,
    /// What it is of.
    pub origin: Origin,
    /// How often it is written where something has changed.
    pub every: Duration,
    /// How old a snapshot's last sweep may be for what changed since to be enough; past it, everything is read anew.
    pub catch_up: Duration,
}

/// Keeps one directory on disk.
#[derive(Debug)]
pub(super) struct Keeper {
    keeping: Keeping,
    /// Another directory is in force: this one's knowledge must not become the newest generation.
    closed: AtomicBool,
    /// The last sweep of the snapshot that is answered from, until a sweep of our own: 0 = none.
    restored_sweep_s: AtomicI64,
    /// What was restored had no names: they come with everything read anew.
    nameless: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    written: Option<Mark>,
    /// The newest generation that was written or restored.
    newest: Option<String>,
    /// Why the last one could not be written; none when it could.
    failing: Option<String>,
    restored: Option<Restored>,
}

/// What a generation was written of, to tell whether anything has changed since.
#[derive(Debug, Clone)]
struct Mark {
    changes: u64,
    last_sweep_s: i64,
    users: Arc<[CrmUser]>,
}

impl Mark {
    fn is_of_the_same(&self, other: &Self) -> bool {
        self.changes == other.changes && Arc::ptr_eq(&self.users, &other.users)
    }
}

/// How a directory stands on disk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SnapshotStatus {
    /// Whether calls are answered from a snapshot that no sweep has brought up to date yet.
    pub answering: bool,
    /// The snapshot that this process, or a rollback, began with.
    pub restored: Option<RestoredStatus>,
    /// The newest generation that was written or restored.
    pub newest: Option<String>,
    /// Why the last one could not be written; none when it could.
    pub failing: Option<String>,
}

/// See [`SnapshotStatus::restored`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestoredStatus {
    /// The generation.
    pub at: String,
    /// Seconds since the state of the CRM that it held.
    pub age_s: i64,
    /// Milliseconds that reading it took.
    pub took_ms: u64,
}

impl Keeper {
    pub(super) fn new(keeping: Keeping) -> Self {
        let (closed, restored_sweep_s) = (AtomicBool::new(false), AtomicI64::new(0));
        Self { keeping, closed, restored_sweep_s, nameless: AtomicBool::new(false), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a generation made for this reason would hold anything that the last one does not.
    fn wants(&self, why: Why, mark: &Mark) -> bool {
        let state = self.state();
        let Some(written) = &state.written else { return true };
        match why {
            Why::Crawl | Why::BeforeRollback | Why::Rollback => true,
            Why::Change => !written.is_of_the_same(mark),
            // How old our knowledge is has changed in any case.
            Why::Stop => !written.is_of_the_same(mark) || written.last_sweep_s != mark.last_sweep_s,
        }
    }
}

impl Directory {
    /// Writes a generation, and says which; none where there is nothing to write: no folder, no crawl completed yet,
    /// nothing changed.
    ///
    /// # Errors
    /// [`NotWritten`]: the disk is full, say. Told in the log and in the status once; the generations there are stay.
    ///
    /// # Cost
    /// Blocks on the disk: not for a runtime's thread.
    pub fn save(&self, why: Why) -> Result<Option<String>, NotWritten> {
        let Some(keeper) = &self.keeper else { return Ok(None) };
        let shelf = keeper.keeping.shelf.hold();
        let mark = self.mark();
        let complete = self.complete_since_s.load(Ordering::Acquire) != 0;
        if !complete || keeper.closed.load(Ordering::Acquire) || !keeper.wants(why, &mark) {
            return Ok(None);
        }
        let header = self.header(keeper, why, &mark);
        let began = std::time::Instant::now();
        let written = shelf.write(self.clock.now(), |out| self.write(out, &header, &mark.users));
        drop(shelf);
        let mut state = keeper.state();
        match &written {
            Ok(name) => {
                let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                let (project, why, records) = (&self.project, why.word(), header.records);
                tracing::info!(%project, at = %name, why, records, took_ms, "a snapshot was written");
                self.metrics.count(Count::SnapshotsWritten);
                (state.written, state.newest, state.failing) = (Some(mark), Some(name.to_string()), None);
            }
            Err(error) => {
                let reason = told(error);
                if state.failing.is_none() {
                    // Once, until one succeeds: it is tried again every few minutes.
                    tracing::error!(project = %self.project, reason, "a snapshot could not be written; those there are stay");
                }
                self.metrics.count(Count::SnapshotsFailed);
                state.failing = Some(reason);
            }
        }
        drop(state);
        written.map(|name| Some(name.to_string()))
    }

    /// Writes no generation from now on; waits for the one that is being written. Another directory is to be in force.
    pub fn close_snapshots(&self) {
        let Some(keeper) = &self.keeper else { return };
        let _nobody_writes = keeper.keeping.shelf.hold();
        keeper.closed.store(true, Ordering::Release);
    }

    /// Undoes [`Directory::close_snapshots`]: this directory stays in force after all.
    pub fn reopen_snapshots(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.closed.store(false, Ordering::Release);
        }
    }

    /// Writes generations as long as it is polled: after every full crawl, and every so often.
    pub(super) async fn keep_snapshots(self: &Arc<Self>) {
        let Some(keeper) = &self.keeper else { return std::future::pending().await };
        let mut progress = self.warm_progress();
        let mut crawl = 0;
        loop {
            let crawled = async {
                let done = |run: &WarmProgress| run.full && run.state == WarmState::Done && run.id > crawl;
                progress.wait_for(done).await.map(|run| run.id)
            };
            let why = tokio::select! {
                Ok(run) = crawled => {
                    crawl = run;
                    Why::Crawl
                }
                () = tokio::time::sleep(keeper.keeping.every) => Why::Change,
            };
            let directory = Arc::clone(self);
            let _told_by_save = tokio::task::spawn_blocking(move || directory.save(why)).await;
        }
    }

    pub(super) fn snapshot_status(&self) -> SnapshotStatus {
        let Some(keeper) = &self.keeper else {
            return SnapshotStatus { answering: false, restored: None, newest: None, failing: None };
        };
        let state = keeper.state();
        let restored = state.restored.as_ref().map(|restored| RestoredStatus {
            at: restored.at.clone(),
            age_s: self.clock.now_s() - restored.last_sweep_s,
            took_ms: u64::try_from(restored.took.as_millis()).unwrap_or(u64::MAX),
        });
        SnapshotStatus {
            answering: self.answers_from_snapshot(),
            restored,
            newest: state.newest.clone(),
            failing: state.failing.clone(),
        }
    }

    /// Whether nothing has brought the snapshot that we began with up to date yet: until then an unknown number is asked
    /// for, however young the snapshot is.
    pub(super) fn answers_from_snapshot(&self) -> bool {
        let Some(keeper) = &self.keeper else { return false };
        let restored_s = keeper.restored_sweep_s.load(Ordering::Acquire);
        restored_s != 0 && restored_s == self.last_sweep_s.load(Ordering::Acquire)
    }

    fn mark(&self) -> Mark {
        let last_sweep_s = self.last_sweep_s.load(Ordering::Acquire);
        Mark { changes: self.records().changes(), last_sweep_s, users: Arc::clone(&self.users.borrow()) }
    }

    fn header(&self, keeper: &Keeper, why: Why, mark: &Mark) -> Header {
        let records = self.records();
        Header {
            origin: keeper.keeping.origin.clone(),
            why,
            kinds: self.crawled().bits(),
            made_s: self.clock.now_s(),
            complete_since_s: self.complete_since_s.load(Ordering::Acquire),
            last_crawl_s: self.last_crawl_s.load(Ordering::Acquire),
            last_sweep_s: mark.last_sweep_s,
            crawl_cost: self.crawl_cost.load(Ordering::Acquire),
            numbers: records.numbers() as u64,
            records: records.open() as u64,
            users: mark.users.len() as u64,
            unreadable: records.unreadable() as u64,
        }
    }

    /// Writes what is known, a slice at a time.
    fn write<W: Write>(&self, out: W, header: &Header, users: &[CrmUser]) -> io::Result<W> {
        let mut writer = Writer::new(out, header)?;
        writer.batch(&Batch::Users(users.iter().map(StoredUser::from).collect()))?;
        let mut from = Some(0);
        while let Some(at) = from {
            let (records, next) = self.records().copy(at, SLICE);
            writer.batch(&Batch::Records(records))?;
            from = next;
        }
        let mut after = None;
        loop {
            let unreadable = self.records().unreadable_after(after, SLICE);
            let Some(last) = unreadable.last() else { break };
            after = Some((last.kind, last.id));
            writer.batch(&Batch::Unreadable(unreadable.iter().map(StoredUnreadable::from).collect()))?;
        }
        writer.end()
    }
}

/// An error and what caused it, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
