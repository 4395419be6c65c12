//! From a generation on disk to a directory that answers.

use std::{
    fs::File,
    io::{self, BufReader},
    num::NonZeroUsize,
    sync::{Arc, atomic::Ordering, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Keeper,
    format::{Batch, Damage, Header, Reader},
    shelf::{Name, Shelved},
    told,
};
use crate::base::metric::Count;
use crate::crm::CrmUser;
use crate::directory::{
    Directory,
    records::{Records, stored::NotOurs, unreadable::OfRecord},
};
use crate::model::{client::KindSet, phone::PhoneKey};

/// Batches read ahead of those that are being put in.
const AHEAD: usize = 16;
/// A record takes no less on disk: a header that promises more than the file can hold is not believed.
const LEAST_BYTES: u64 = 8;

/// A generation that was put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its name.
    pub at: String,
    /// When the last sweep it knows of began, seconds since 1970 UTC.
    pub last_sweep_s: i64,
    /// Numbers it held.
    pub numbers: usize,
    /// Open records it held.
    pub records: usize,
    /// How long reading it took.
    pub took: Duration,
}

/// A generation as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// Its name, which is when it was made: `20261121T033000.123Z`.
    pub at: String,
    /// Its size.
    pub bytes: u64,
    /// Why it was made; none where its header cannot be read.
    pub why: Option<&'static str>,
    /// Numbers in it.
    pub numbers: Option<u64>,
    /// Open records in it.
    pub records: Option<u64>,
    /// Users of the CRM in it.
    pub users: Option<u64>,
    /// Unreadable numbers in it.
    pub unreadable: Option<u64>,
    /// The state of the CRM that it holds, RFC 3339.
    pub as_of: Option<String>,
    /// When the full crawl before it began, RFC 3339.
    pub last_crawl: Option<String>,
    /// Why it cannot be put in force, as far as its header tells.
    pub problem: Option<String>,
}

/// Why a generation is not answered from.
#[derive(Debug, thiserror::Error)]
pub enum NoSnapshot {
    /// The project keeps nothing on disk.
    #[error("expected a project that is kept on disk, found one that is not")]
    NotKept,
    /// There is none at that time.
    #[error("expected a snapshot of {wanted}, found {found}")]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// The file is damaged, or of a newer format.
    #[error("snapshot {at} is refused: {reason}")]
    Damaged {
        /// The generation.
        at: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// It is of another account, another CRM, other fields, another country.
    #[error("snapshot {at} is refused: {reason}")]
    Foreign {
        /// The generation.
        at: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// The folder cannot be read.
    #[error("expected to read the folder of snapshots")]
    Folder(#[from] io::Error),
}

/// What was read of a file, whole.
struct Loaded {
    records: Records,
    users: Vec<CrmUser>,
}

/// Why a file was given up.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Damage(#[from] Damage),
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    #[error("expected reading to end, found it broken off")]
    BrokenOff,
}

impl Directory {
    /// Puts the newest generation that is whole and ours in force; each that is refused is told in the log. For a
    /// directory that nobody asks yet.
    ///
    /// # Cost
    /// Blocks on the disk and keeps the cores busy, about a second for a million numbers: not for a runtime's thread.
    pub fn restore(&self) -> Option<Restored> {
        let keeper = self.keeper.as_ref()?;
        let names = keeper.keeping.shelf.names();
        let names = names.inspect_err(|error| {
            tracing::error!(project = %self.project, %error, "the folder of snapshots cannot be read");
        });
        names.ok()?.iter().find_map(|name| {
            self.put_in_force(keeper, name)
                .inspect_err(|refused| {
                    self.metrics.count(Count::SnapshotsRefused);
                    tracing::warn!(project = %self.project, reason = told(refused), "a snapshot is not answered from");
                })
                .ok()
        })
    }

    /// Puts the generation in force that `at` names, see [`Directory::find_snapshot`].
    ///
    /// # Errors
    /// See [`NoSnapshot`]; nothing was changed.
    ///
    /// # Cost
    /// As [`Directory::restore`].
    pub fn restore_at(&self, at: &str) -> Result<Restored, NoSnapshot> {
        let keeper = self.keeper.as_ref().ok_or(NoSnapshot::NotKept)?;
        self.put_in_force(keeper, &find(&keeper.keeping.shelf.names()?, Some(at))?)
    }

    /// The name of the generation that `at` means: its name, or a time (RFC 3339), for the newest made until then;
    /// without one, the newest there is.
    ///
    /// # Errors
    /// See [`NoSnapshot`].
    pub fn find_snapshot(&self, at: Option<&str>) -> Result<String, NoSnapshot> {
        let keeper = self.keeper.as_ref().ok_or(NoSnapshot::NotKept)?;
        Ok(find(&keeper.keeping.shelf.names()?, at)?.to_string())
    }

    /// Every generation on disk, newest first.
    ///
    /// # Errors
    /// See [`NoSnapshot`].
    ///
    /// # Cost
    /// Reads the files' headers: not for a runtime's thread.
    pub fn generations(&self) -> Result<Vec<Generation>, NoSnapshot> {
        let keeper = self.keeper.as_ref().ok_or(NoSnapshot::NotKept)?;
        Ok(keeper.keeping.shelf.shelved()?.into_iter().map(|shelved| self.generation(keeper, shelved)).collect())
    }

    /// How old the knowledge is that a snapshot gave and nothing has brought up to date yet; none where there is none.
    pub(in crate::directory) fn snapshot_age(&self) -> Option<Duration> {
        let age_s = self.clock.now_s() - self.last_sweep_s.load(Ordering::Acquire);
        self.answers_from_snapshot().then(|| Duration::from_secs(u64::try_from(age_s).unwrap_or(0)))
    }

    /// Whether knowledge of that age is brought up to date by what changed since. Names that a snapshot of an older format
    /// lacks are not.
    pub(in crate::directory) fn can_catch_up(&self, age: Duration) -> bool {
        let can = |keeper: &Keeper| age <= keeper.keeping.catch_up && !keeper.nameless.load(Ordering::Acquire);
        self.keeper.as_ref().is_some_and(can)
    }

    fn generation(&self, keeper: &Keeper, shelved: Shelved) -> Generation {
        let Shelved { name, bytes, header } = shelved;
        let time = |at_s: i64| jiff::Timestamp::from_second(at_s).ok().map(|at| at.to_string());
        let problem = match &header {
            Ok(header) => self.foreign(keeper, header),
            Err(damage) => Some(told(damage)),
        };
        let header = header.ok();
        let header = header.as_ref();
        Generation {
            at: name.to_string(),
            bytes,
            why: header.map(|header| header.why.word()),
            numbers: header.map(|header| header.numbers),
            records: header.map(|header| header.records),
            users: header.map(|header| header.users),
            unreadable: header.map(|header| header.unreadable),
            as_of: header.and_then(|header| time(header.last_sweep_s)),
            last_crawl: header.and_then(|header| time(header.last_crawl_s)),
            problem,
        }
    }

    /// What speaks against a snapshot that is whole.
    fn foreign(&self, keeper: &Keeper, header: &Header) -> Option<String> {
        let (ours, theirs) = (&keeper.keeping.origin, &header.origin);
        let fields = |fields: &[String]| format!("[{}]", fields.join(", "));
        let pairs = [
            ("crm.kind", ours.adapter.clone(), theirs.adapter.clone()),
            ("the account", ours.account.clone(), theirs.account.clone()),
            ("country", ours.country.clone(), theirs.country.clone()),
            ("crm.fields.phone", fields(&ours.phone_fields), fields(&theirs.phone_fields)),
            ("numbers matched", ours.matching.clone(), theirs.matching.clone()),
        ];
        if let Some((what, ours, theirs)) = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs) {
            return Some(format!("{what}: expected {ours}, found {theirs}"));
        }
        let words = |kinds: KindSet| kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
        let kinds = KindSet::from_bits(header.kinds);
        if kinds.and(self.kinds) != kinds {
            return Some(format!("expected the kinds {}, found {}", words(self.kinds), words(kinds)));
        }
        let limit = self.feed().section.max_numbers;
        (header.numbers > limit)
            .then(|| format!("expected at most {limit} numbers (crm.max_numbers), found {}", header.numbers))
    }

    fn put_in_force(&self, keeper: &Keeper, name: &Name) -> Result<Restored, NoSnapshot> {
        let began = Instant::now();
        let damaged = |trouble: Trouble| NoSnapshot::Damaged { at: name.to_string(), reason: told(&trouble) };
        let (bytes, header, reader) = keeper.keeping.shelf.open(name).map_err(|damage| damaged(damage.into()))?;
        if let Some(reason) = self.foreign(keeper, &header) {
            return Err(NoSnapshot::Foreign { at: name.to_string(), reason });
        }
        let nameless = reader.is_nameless();
        let Loaded { records, users } = load(reader, &header, bytes).map_err(damaged)?;
        self.join_all(&records, header.last_sweep_s);
        let restored = Restored {
            at: name.to_string(),
            last_sweep_s: header.last_sweep_s,
            numbers: records.numbers(),
            records: records.open(),
            took: began.elapsed(),
        };
        self.take_over(keeper, &header, records, users);
        keeper.nameless.store(nameless, Ordering::Release);
        let mark = self.mark();
        let mut state = keeper.state();
        (state.written, state.newest) = (Some(mark), Some(name.to_string()));
        state.restored = Some(restored.clone());
        drop(state);
        tracing::info!(
            project = %self.project, at = %name, numbers = restored.numbers, records = restored.records,
            took_ms = u64::try_from(restored.took.as_millis()).unwrap_or(u64::MAX),
            age_s = self.clock.now_s() - header.last_sweep_s, "answering from a snapshot"
        );
        Ok(restored)
    }

    fn take_over(&self, keeper: &Keeper, header: &Header, records: Records, users: Vec<CrmUser>) {
        let freed = std::mem::replace(&mut *self.records(), records);
        drop(freed);
        self.users.send_replace(Arc::from(users));
        self.crawled.store(header.kinds, Ordering::Release);
        self.crawl_cost.store(header.crawl_cost, Ordering::Release);
        self.last_crawl_s.store(header.last_crawl_s, Ordering::Release);
        self.last_sweep_s.store(header.last_sweep_s, Ordering::Release);
        keeper.restored_sweep_s.store(header.last_sweep_s, Ordering::Release);
        self.complete_since_s.store(header.complete_since_s, Ordering::Release);
        self.cache.keep_house();
    }

    /// Puts every client into the cache, on all cores: nothing else is done meanwhile.
    fn join_all(&self, records: &Records, as_of_s: i64) {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        // A power of two that divides 10^9: numbers that end in the same nine digits stay on one thread.
        let threads: u64 = if cores >= 4 {
            4
        } else if cores >= 2 {
            2
        } else {
            1
        };
        let keys = records.keys();
        thread::scope(|scope| {
            for share in 0..threads {
                let keys = keys.iter().filter(move |key| key.digits() % threads == share);
                scope.spawn(move || self.join_some(records, keys, as_of_s));
            }
        });
    }

    fn join_some<'a>(&self, records: &Records, keys: impl Iterator<Item = &'a PhoneKey>, as_of_s: i64) {
        for &key in keys {
            self.cache.put(key, records.client(key, KindSet::NONE, as_of_s));
        }
    }
}

/// Reads a file to its end: one thread decodes, this one puts in.
fn load(mut reader: Reader<BufReader<File>>, header: &Header, bytes: u64) -> Result<Loaded, Trouble> {
    let mut loaded = Loaded { records: Records::default(), users: Vec::new() };
    let promised = |many: u64| usize::try_from(many.min(bytes / LEAST_BYTES)).unwrap_or(0);
    loaded.records.make_room(promised(header.records), promised(header.numbers));
    let (send, receive) = mpsc::sync_channel(AHEAD);
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            while let Some(batch) = reader.batch()? {
                if send.send(batch).is_err() {
                    break;
                }
            }
            Ok::<_, Damage>(())
        });
        for batch in receive {
            loaded.take(batch)?;
        }
        reading.join().map_err(|_| Trouble::BrokenOff)??;
        Ok::<_, Trouble>(())
    })?;
    Ok(loaded)
}

impl Loaded {
    fn take(&mut self, batch: Batch) -> Result<(), NotOurs> {
        match batch {
            Batch::Records(records) => records.into_iter().try_for_each(|stored| self.records.restore(stored)),
            Batch::Users(users) => {
                self.users.extend(users.into_iter().map(CrmUser::from));
                Ok(())
            }
            Batch::Unreadable(unreadable) => unreadable.into_iter().try_for_each(|stored| {
                self.records.restore_unreadable(OfRecord::try_from(stored)?);
                Ok(())
            }),
            Batch::End(_) => Ok(()),
        }
    }
}

fn find(names: &[Name], at: Option<&str>) -> Result<Name, NoSnapshot> {
    let wanted = || at.unwrap_or("any time").to_owned();
    let found = || match (names.last(), names.first()) {
        (Some(oldest), Some(newest)) => format!("{} from {oldest} to {newest}", names.len()),
        _ => "none at all".to_owned(),
    };
    let unknown = || NoSnapshot::Unknown { wanted: wanted(), found: found() };
    let Some(at) = at else { return names.first().cloned().ok_or_else(unknown) };
    if let Some(name) = Name::parse(at) {
        return if names.contains(&name) { Ok(name) } else { Err(unknown()) };
    }
    let until = Name::of(at.parse::<jiff::Timestamp>().map_err(|_| unknown())?);
    names.iter().find(|&name| *name <= until).cloned().ok_or_else(unknown)
}
