//! What calls were answered: `decisions.sqlite`, beside the journal and never in its way.
//!
//! A file of its own, because the journal's flushes are what events wait for. Nothing waits for this one: it is written
//! in batches with `synchronous = NORMAL`, by which a crash of the machine costs the last seconds and never the file. What
//! is erased is overwritten (`secure_delete`), and the write-ahead log that still holds it is put where it belongs and cut
//! to nothing.

mod read;
mod write;

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

use crate::journal::store::{
    OpenError,
    sqlite::file::{self, Form},
};

/// The file's name inside the data folder.
pub const NAME: &str = "decisions.sqlite";

/// `preD`.
const FORM: Form = Form {
    formats: &[include_str!("schema.sql")],
    application: 0x7072_6544,
    pragmas: "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;",
};

/// Rows that are removed at once: what is to be written meanwhile has its turn in between.
const PIECE: u32 = 2_000;

/// One call's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its place in the record; what is stored gives it.
    pub id: i64,
    /// The project.
    pub project: String,
    /// The caller's number, digits only; `None` where there was none to look up.
    pub number: Option<u64>,
    /// The id in the CRM of the entity that decided.
    pub crm_id: Option<String>,
    /// When the call came.
    pub at_ms: i64,
    /// What it was answered.
    pub answer: Answer,
}

/// What a call was answered. What does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The block.
    pub block: String,
    /// `hit` or `miss`.
    pub outcome: String,
    /// Why it is a miss.
    pub reason: String,
    /// The employee's name.
    pub employee: String,
    /// What is dialled.
    pub destination: String,
    /// `directory`, `live`, `absent`, `late`, `busy`, `failed`, `unreadable`.
    pub source: String,
    /// The kind of the entity that decided.
    pub entity: String,
}

/// A number that a block was asked for, once however often it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The last time.
    pub last: Decision,
    /// How often.
    pub times: u64,
}

/// Why the record could not be written or read. Nothing has been changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the record of decisions to be written and read, found: {0}")]
pub struct DecisionsError(String);

impl DecisionsError {
    /// The file is not open: it could not be, and is tried again.
    #[must_use]
    pub fn closed() -> Self {
        Self("the file is not open".to_owned())
    }
}

/// What an erasure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Calls that are no longer recorded.
    pub decisions: u64,
    /// Whether their bytes are gone from the files as well; they are not while another program reads them.
    pub overwritten: bool,
}

/// The record, in one file. One process has it open to write: see to that before (the data folder's lock).
pub struct Decisions {
    path: PathBuf,
    // Closed before the writer, which as the last one puts the log where it belongs.
    reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Connection>>,
}

impl Decisions {
    /// Opens the record of a data folder, making the file where it is missing.
    ///
    /// # Errors
    /// Whatever is refused is left as it was found.
    ///
    /// # Cost
    /// Blocks on the disk: not for a runtime's thread.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(NAME);
        let writer = file::open(&path, &FORM)?;
        let reader = file::open_to_read(&path)?;
        let [reader, writer] = [reader, writer].map(|db| Arc::new(Mutex::new(db)));
        Ok(Self { path, reader, writer })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stores these, all or none; their ids are given by that.
    ///
    /// # Errors
    /// [`DecisionsError`], as of all that follow.
    pub async fn append(&self, decisions: Vec<Decision>) -> Result<(), DecisionsError> {
        on(&self.writer, move |db| write::append(db, &decisions)).await
    }

    /// Erases what is recorded of a project, or of some numbers in it.
    pub async fn erase(&self, project: &str, numbers: Option<Vec<u64>>) -> Result<Erased, DecisionsError> {
        let mut decisions = 0;
        loop {
            let (project, numbers) = (project.to_owned(), numbers.clone());
            let erased = on(&self.writer, move |db| match numbers {
                Some(numbers) => write::erase_numbers(db, &project, &numbers, PIECE),
                None => write::erase_before(db, (&project, i64::MAX), PIECE),
            });
            match erased.await? {
                0 => break,
                erased => decisions += erased,
            }
        }
        if numbers.is_none() {
            let project = project.to_owned();
            on(&self.writer, move |db| write::erase_names(db, &project)).await?;
        }
        Ok(Erased { decisions, overwritten: on(&self.writer, write::cut_log).await? })
    }

    /// Removes what came before this time; says how much.
    pub async fn remove_before(&self, project: &str, before_ms: i64) -> Result<u64, DecisionsError> {
        let mut removed = 0;
        loop {
            let project = project.to_owned();
            let piece = on(&self.writer, move |db| write::erase_before(db, (&project, before_ms), PIECE));
            match piece.await? {
                0 => return Ok(removed),
                more => removed += more,
            }
        }
    }

    /// The projects of which anything was recorded.
    pub async fn projects(&self) -> Result<Vec<String>, DecisionsError> {
        on(&self.reader, read::projects).await
    }

    /// What is recorded, newest first: of a project, or of some numbers in it.
    pub async fn list(
        &self,
        project: &str,
        numbers: Option<Vec<u64>>,
        limit: u32,
    ) -> Result<Vec<Decision>, DecisionsError> {
        let project = project.to_owned();
        on(&self.reader, move |db| read::list(db, &project, numbers.as_deref(), limit)).await
    }

    /// A page of the numbers that were asked for at this time or later, the last one first, each once for each block.
    /// `before`: the time and the id of the last one of the page before.
    pub async fn asked(
        &self,
        project: &str,
        since_ms: i64,
        (before, limit): (Option<(i64, i64)>, u32),
    ) -> Result<Vec<Asked>, DecisionsError> {
        let project = project.to_owned();
        let before = before.unwrap_or((i64::MAX, i64::MAX));
        on(&self.reader, move |db| read::asked(db, (&project, since_ms), before, limit)).await
    }
}

/// Does this with a connection, on a thread that may wait.
async fn on<T: Send + 'static>(
    db: &Arc<Mutex<Connection>>,
    work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
) -> Result<T, DecisionsError> {
    let db = Arc::clone(db);
    let done = tokio::task::spawn_blocking(move || {
        // A transaction that was left by a panic is undone when the next begins.
        let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut db)
    });
    match done.await {
        Ok(done) => done.map_err(|error| DecisionsError(error.to_string())),
        Err(error) => Err(DecisionsError(error.to_string())),
    }
}
