//! The folder of one project's snapshots, oldest to newest by name: written aside, renamed, thinned out.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufReader, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp, tz::Offset};

use super::format::{Damage, Header, Reader, Why};

/// What a generation's name ends in.
const EXTENSION: &str = "snapshot";
/// Where a generation stands until it is whole. One name for all: what a crash left is overwritten by the next.
const ASIDE: &str = "writing.part";
/// A generation's name, UTC to the millisecond: sorts by age.
const NAME: &str = "%Y%m%dT%H%M%S%.3fZ";
const NAME_LENGTH: usize = 20;
/// The newest ones, which are kept whatever they were made for: should the last be damaged, the one before it is fresh.
const NEWEST: usize = 2;
const WRITE_BYTES: usize = 256 << 10;

/// One project's generations on disk. Held by whichever directory of the project is in force, and by the one before it
/// until that is gone, so that two never write at once.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    keep: usize,
    writing: Mutex<()>,
}

/// The name of a generation: `20261121T033000.123Z`, when it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

/// A generation as it stands on disk.
#[derive(Debug)]
pub(super) struct Shelved {
    pub(super) name: Name,
    pub(super) bytes: u64,
    pub(super) header: Result<Header, Damage>,
}

/// Leave to write, one at a time.
pub(super) struct Held<'a> {
    shelf: &'a Shelf,
    _one_at_a_time: MutexGuard<'a, ()>,
}

/// Why a generation was not written. Those that were there still are.
#[derive(Debug, thiserror::Error)]
#[error("expected to write {}", path.display())]
pub struct NotWritten {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Name {
    pub(super) fn of(at: Timestamp) -> Self {
        Self(at.strftime(NAME).to_string())
    }

    /// Reads a generation's name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let name = Self(text.to_owned());
        // Written anew it has to be the same: what merely resembles a name sorts otherwise.
        (text.len() == NAME_LENGTH && name.made().is_some_and(|made| Self::of(made) == name)).then_some(name)
    }

    /// When it was made.
    pub(super) fn made(&self) -> Option<Timestamp> {
        let civil = jiff::civil::DateTime::strptime(NAME, &self.0).ok()?;
        Offset::UTC.to_timestamp(civil).ok()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Shelf {
    /// The generations in `folder`, of which `keep` stay. Touches nothing yet.
    #[must_use]
    pub fn new(folder: PathBuf, keep: usize) -> Arc<Self> {
        Arc::new(Self { folder, keep, writing: Mutex::default() })
    }

    /// Waits until nobody else writes.
    pub(super) fn hold(&self) -> Held<'_> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        Held { shelf: self, _one_at_a_time }
    }

    pub(super) fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }

    /// The names, newest first. A folder that is not there has none.
    pub(super) fn names(&self) -> io::Result<Vec<Name>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(EXTENSION)?.strip_suffix('.'));
            names.extend(name.and_then(Name::parse));
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        Ok(names)
    }

    /// Every generation with its header, newest first.
    pub(super) fn shelved(&self) -> io::Result<Vec<Shelved>> {
        let names = self.names()?;
        let shelved = names.into_iter().map(|name| {
            let (bytes, header) = match self.open(&name) {
                Ok((bytes, header, _)) => (bytes, Ok(header)),
                Err(damage) => (fs::metadata(self.path(&name)).map_or(0, |found| found.len()), Err(damage)),
            };
            Shelved { name, bytes, header }
        });
        Ok(shelved.collect())
    }

    /// Opens a generation: its size, its header, and the rest.
    pub(super) fn open(&self, name: &Name) -> Result<(u64, Header, Reader<BufReader<File>>), Damage> {
        let file = File::open(self.path(name))?;
        let bytes = file.metadata()?.len();
        let (header, reader) = Reader::new(BufReader::with_capacity(WRITE_BYTES, file))?;
        Ok((bytes, header, reader))
    }
}

impl Held<'_> {
    /// Writes a generation: aside, synced, renamed, the folder synced; then those that are too many go.
    pub(super) fn write(
        &self,
        now: Timestamp,
        fill: impl FnOnce(BufWriter<File>) -> io::Result<BufWriter<File>>,
    ) -> Result<Name, NotWritten> {
        let aside = self.shelf.folder.join(ASIDE);
        let failed = |source| NotWritten { path: aside.clone(), source };
        let written = self.aside(&aside, fill).and_then(|()| self.rename(&aside, now));
        let name = written.map_err(|error| {
            // What could not be finished takes room that the next try needs.
            let _ = fs::remove_file(&aside);
            failed(error)
        })?;
        self.thin_out();
        Ok(name)
    }

    fn aside(&self, aside: &Path, fill: impl FnOnce(BufWriter<File>) -> io::Result<BufWriter<File>>) -> io::Result<()> {
        let folder = &self.shelf.folder;
        if !folder.is_dir() {
            // Clients' data: nobody else's to read.
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            folder.parent().map_or(Ok(()), sync)?;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(aside)?;
        let mut written = fill(BufWriter::with_capacity(WRITE_BYTES, file))?;
        written.flush()?;
        written.get_ref().sync_all()
    }

    fn rename(&self, aside: &Path, now: Timestamp) -> io::Result<Name> {
        let newest = self.shelf.names()?.first().and_then(Name::made);
        // A clock that was set back must not make the newest look old.
        let after = newest.and_then(|newest| newest.checked_add(SignedDuration::from_millis(1)).ok());
        let name = Name::of(after.map_or(now, |after| after.max(now)));
        fs::rename(aside, self.shelf.path(&name))?;
        sync(&self.shelf.folder)?;
        Ok(name)
    }

    fn thin_out(&self) {
        let shelved = self.shelf.shelved().unwrap_or_default();
        let lasting = |shelved: &Shelved| {
            let why = shelved.header.as_ref().map(|header| header.why);
            matches!(why, Ok(Why::Crawl | Why::BeforeRollback | Why::Rollback))
        };
        let lasting: Vec<_> = shelved.iter().map(lasting).collect();
        for at in surplus(&lasting, self.shelf.keep) {
            let path = self.shelf.path(&shelved[at].name);
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "a snapshot that is too many could not be removed");
            }
        }
    }
}

/// Which generations, newest first, are too many. The newest stay; of the others, those that a crawl or a rollback made
/// before those made because something had changed: else all that is kept would be of the last hour, and what is
/// noticed in the morning could not be rolled back.
fn surplus(lasting: &[bool], keep: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..lasting.len()).collect();
    order.sort_by_key(|&at| (at >= NEWEST, at >= NEWEST && !lasting[at]));
    order.split_off(order.len().min(keep))
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{Name, surplus};

    #[test]
    fn a_name_is_a_time_and_sorts_as_it() {
        let at = |text: &str| Name::of(text.parse().expect("a time"));
        let (one, other) = (at("2026-11-21T03:30:00.5Z"), at("2026-11-21T03:30:01Z"));
        assert_eq!((one.to_string().as_str(), one < other), ("20261121T033000.500Z", true));
        assert_eq!(Name::parse("20261121T033000.500Z"), Some(one));
        for wrong in ["20261121T033000Z", "20261321T033000.500Z", "../../../etc/passwd0", ""] {
            assert_eq!(Name::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_newest_stay_and_of_the_older_ones_those_of_crawls() {
        assert_eq!(surplus(&[false, false, false, true, false, true], 4), [2, 4]);
        assert_eq!(surplus(&[false; 4], 3), [3]);
        assert_eq!(surplus(&[true; 3], 5), [] as [usize; 0]);
        assert_eq!(surplus(&[true, false, true], 1), [1, 2]);
    }
}
