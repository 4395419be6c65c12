//! The data folder belongs to one process at a time.
//!
//! The lock is the operating system's: it ends with the process however that ends, so a file left behind by a crash
//! locks nobody out. What is written into the file only tells who holds it.

use std::{
    fmt,
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

/// The file's name inside the data folder.
const NAME: &str = "lock";
/// More than a holder ever writes; a file that is none of ours is not read whole.
const MAX_BYTES: u64 = 200;

/// Holds a data folder until it is dropped.
#[derive(Debug)]
pub struct DataLock {
    /// The operating system's lock is this handle's; closing it frees the folder.
    _file: File,
    path: PathBuf,
}

/// Who holds a lock, as its file says.
///
/// # Shape
/// `pid=4711 started=2026-11-20T03:30:00Z`, one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process's id.
    pub pid: u32,
    /// When it took the lock, RFC 3339.
    pub started: String,
}

impl Holder {
    fn parse(text: &str) -> Option<Self> {
        let (pid, started) = text.trim().strip_prefix("pid=")?.split_once(" started=")?;
        let printable = started.chars().all(|letter| letter.is_ascii_graphic());
        printable.then_some(())?;
        Some(Self { pid: pid.parse().ok()?, started: started.to_owned() })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "pid={} started={}", self.pid, self.started)
    }
}

/// Why a data folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("expected the data folder {} to be free, found it held by {}", folder.display(), told(holder.as_ref()))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// Who has it; `None` while they have not yet written their name.
        holder: Option<Holder>,
    },
    /// The folder or the file cannot be used.
    #[error("expected {} to be a file this process may write and lock", path.display())]
    Unusable {
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn told(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "a process that has not written its name yet".to_owned(),
        |holder| format!("process {} since {}", holder.pid, holder.started),
    )
}

impl DataLock {
    /// Takes the folder, making it where it is missing: readable by this user alone, since it will hold clients' data.
    ///
    /// # Errors
    /// [`LockError::Held`] names the holder; it is not waited for.
    pub fn take(folder: &Path, now: Timestamp) -> Result<Self, LockError> {
        let path = folder.join(NAME);
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| LockError::Unusable { path, source }
        };
        make(folder).map_err(unusable(folder))?;
        // Not truncated: until the lock is ours, the text is the holder's.
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(unusable(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: folder.to_owned(), holder: read(&file) });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(&path)(source)),
        }
        let holder = Holder { pid: std::process::id(), started: format!("{now:.0}") };
        match write(&mut file, &holder) {
            // The lock is ours all the same; only who holds it is not told.
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                tracing::error!(path = %path.display(), %error, "the disk is full");
            }
            written => written.map_err(unusable(&path))?,
        }
        Ok(Self { _file: file, path })
    }

    /// The file that is locked.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn make(folder: &Path) -> io::Result<()> {
    if fs::metadata(folder).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn read(file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Holder::parse(&text)
}

fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{holder}")?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::Timestamp;

    use super::{DataLock, Holder, LockError};

    fn now() -> Timestamp {
        "2026-11-20T03:30:00Z".parse().expect("a time")
    }

    #[test]
    fn a_folder_held_is_refused_and_its_holder_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = DataLock::take(folder.path(), now()).expect("a free folder");
        // A second handle of one process conflicts as one of another process does.
        let error = DataLock::take(folder.path(), now()).expect_err("a folder that is held");
        let text = error.to_string();
        assert!(text.contains(&format!("process {} since 2026-11-20T03:30:00Z", std::process::id())), "{text}");
        drop(held);
        DataLock::take(folder.path(), now()).expect("a folder that is free again");
    }

    #[test]
    fn what_a_crash_left_behind_locks_nobody_out_and_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = "pid=99999999 started=2020-01-01T00:00:00Z and much more than that";
        fs::write(folder.path().join("lock"), left).expect("a file");
        let lock = DataLock::take(folder.path(), now()).expect("a free folder");
        let text = fs::read_to_string(lock.path()).expect("a file");
        assert_eq!(text, format!("pid={} started=2026-11-20T03:30:00Z\n", std::process::id()));
    }

    #[test]
    fn a_missing_folder_is_made_for_this_user_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("deep/data");
        let _lock = DataLock::take(&data, now()).expect("a new folder");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&data).expect("the folder").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn a_folder_that_is_a_file_is_unusable_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        fs::write(&data, "").expect("a file");
        let error = DataLock::take(&data, now()).expect_err("a file in the folder's place");
        assert!(matches!(&error, LockError::Unusable { path, .. } if *path == data), "{error:?}");
    }

    #[test]
    fn a_text_that_is_none_of_ours_names_nobody() {
        for text in ["", "pid=", "pid=x started=y", "pid=1", "pid=1 started=\u{1b}[31m"] {
            assert_eq!(Holder::parse(text), None, "{text:?}");
        }
    }
}
