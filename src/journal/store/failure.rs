//! What may go wrong with the journal's store.

use std::path::PathBuf;

use crate::journal::store::record::{EntryId, State};

/// What an entry has to be to be dropped while a worker is at it.
pub(in crate::journal) const NOT_WORKED_ON: &str =
    "an entry that no worker is at (what is under way ends within the time-out of a request: ask again then)";

/// Why a store could not do what it was asked. Whatever was asked has left nothing behind then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The lease is over and was given to another, or an operator took the entry away: whatever the worker still holds of
    /// it is no longer its own to write.
    #[error("expected the lease of entry {0} to be this worker's, found it ended")]
    LeaseLost(EntryId),
    /// There is no such entry.
    #[error("expected an entry {0}, found none")]
    NoEntry(EntryId),
    /// The entry's plan has no such step.
    #[error("expected a step {seq} of entry {entry}, found none")]
    NoStep {
        /// Whose plan.
        entry: EntryId,
        /// Which step.
        seq: u32,
    },
    /// Not in this state.
    #[error("expected {expected}, found {}", found.word())]
    State {
        /// What it would have to be.
        expected: &'static str,
        /// What it is.
        found: State,
    },
    /// The entry has a plan: what was decided is not decided again.
    #[error("expected entry {0} to have no plan yet, found one")]
    Planned(EntryId),
    /// No room on the disk. Works again once there is some.
    #[error("expected room for the journal, found the disk full: {0}")]
    Full(String),
    /// The disk, or the file on it.
    #[error("expected the journal to be read and written, found: {0}")]
    Failed(String),
    /// The store's thread has ended.
    #[error("expected an open journal, found it closed")]
    Closed,
}

/// Why a journal's file could not be opened. It is left as it was found.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer predial has written it.
    #[error("expected the journal {} in format {known} or older, found {found}: written by a newer predial", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that is understood.
        known: i64,
    },
    /// It is no journal of predial.
    #[error("expected a journal of predial in {}, found another program's database", path.display())]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged, or no database at all.
    #[error("expected the journal {} to be whole, found it damaged: {how}; move it aside to begin a new one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        how: String,
    },
    /// The disk has no room for what is written when it is opened. Works again once there is some.
    #[error("expected room for the journal {}, found the disk full: {how}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// In the system's words.
        how: String,
    },
    /// It cannot be used.
    #[error("expected {} to be a file this process may read and write, found: {how}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        how: String,
    },
}
