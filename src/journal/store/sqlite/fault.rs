//! What SQLite says, in the store's words.

use rusqlite::ErrorCode;

use crate::journal::store::failure::StoreError;

/// Why a piece of work ended.
#[derive(Debug)]
pub(super) enum Fault {
    /// It has an answer that is an error; nothing has been changed.
    Answer(StoreError),
    /// SQLite failed: what has been changed has to be undone.
    Sqlite(rusqlite::Error),
}

impl Fault {
    /// Whether another program holds the file.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
    }

    /// The same for who asked.
    pub(super) fn told(&self) -> StoreError {
        match self {
            Self::Answer(error) => error.clone(),
            Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                StoreError::Full(error.to_string())
            }
            Self::Sqlite(error) => StoreError::Failed(error.to_string()),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        fault.told()
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
