//! The file: opened, looked at before anything is written, brought to the format of today.

use std::{fs, io, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::journal::store::failure::OpenError;

/// What a file is for.
pub(in crate::journal::store) struct Form {
    /// What makes a format of the one before; the first makes the first. So many there are, the last of them is written:
    /// `PRAGMA user_version`.
    pub(in crate::journal::store) formats: &'static [&'static str],
    /// Stands in the file's header and says whose it is.
    pub(in crate::journal::store) application: i64,
    /// How it is written.
    pub(in crate::journal::store) pragmas: &'static str,
}

impl Form {
    fn known(&self) -> i64 {
        i64::try_from(self.formats.len()).unwrap_or(i64::MAX)
    }
}

/// The journal: `pred`, flushed with every commit.
pub(super) const JOURNAL: Form = Form {
    formats: &[include_str!("schema.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")],
    application: 0x7072_6564,
    pragmas: "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
};

/// A file up to this size is read whole before it is trusted: some tenths of a second.
const CHECKED_WHOLE: u64 = 64 << 20;
/// How long another program may hold the file before a commit is given up.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pages in the write-ahead log before they are put where they belong. A page that changed often is put there once.
const CHECKPOINT_PAGES: u32 = 4_000;
/// What the log is cut back to, in bytes.
const LOG_BYTES: u32 = 64 << 20;
const STATEMENTS: usize = 128;

/// Opens the file for writing, making it where it is missing.
pub(in crate::journal::store) fn open(path: &Path, form: &Form) -> Result<Connection, OpenError> {
    let missing = |source: io::Error| {
        let (path, how) = (path.to_owned(), source.to_string());
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OpenError::Full { path, how },
            _ => OpenError::Unusable { path, how },
        }
    };
    make(path).map_err(missing)?;
    let size = fs::metadata(path).map_err(missing)?.len();
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| told(path, &error))?;
    look(&db, (path, size), form)?;
    prepare(&db, form).map_err(|error| told(path, &error))?;
    Ok(db)
}

/// Opens the file for reading, beside a connection that writes.
pub(in crate::journal::store) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| told(path, &error))
}

fn connect(path: &Path, how: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, how | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// Makes the file where it is missing, for this user alone: it holds clients' data. Its companions take its rights.
fn make(path: &Path) -> io::Result<()> {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Refuses what must not be written to.
fn look(db: &Connection, (path, size): (&Path, u64), form: &Form) -> Result<(), OpenError> {
    let number = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| told(path, &error));
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables > 0 && number("PRAGMA application_id")? != form.application {
        return Err(OpenError::Other { path: path.to_owned() });
    }
    let known = form.known();
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if size <= CHECKED_WHOLE {
        let how: String =
            db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| told(path, &error))?;
        if how != "ok" {
            return Err(OpenError::Damaged { path: path.to_owned(), how });
        }
    }
    Ok(())
}

/// Brings the file to today's format.
fn prepare(db: &Connection, form: &Form) -> Result<(), rusqlite::Error> {
    db.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; {} PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA journal_size_limit = {LOG_BYTES};",
        form.pragmas
    ))?;
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let behind = usize::try_from(found).unwrap_or_default();
    for (format, change) in (1..).zip(form.formats).skip(behind) {
        db.execute_batch(&format!(
            "BEGIN IMMEDIATE; {change}; PRAGMA application_id = {}; PRAGMA user_version = {format}; COMMIT;",
            form.application
        ))?;
    }
    Ok(())
}

fn told(path: &Path, error: &rusqlite::Error) -> OpenError {
    let (path, how) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, how },
        Some(ErrorCode::DiskFull) => OpenError::Full { path, how },
        // What is shared beside the log could not be made larger.
        _ if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE) => {
            OpenError::Full { path, how }
        }
        _ => OpenError::Unusable { path, how },
    }
}
