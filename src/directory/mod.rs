//! Who is known: the memory of one project, how it is filled, kept fresh, and asked.
//!
//! A call reads `cache` and nothing else. Everything here that writes runs on the work runtime: the full crawl
//! (`crawl`), the sweep of changes (`refresh`), and questions asked while a call waits (`live`). It does not know
//! blocks, priorities, employees or telephone systems: what a client means for a call is decided above.

mod accept;
mod apply;
mod breaker;
mod cache;
mod crawl;
mod health;
mod hints;
mod live;
mod numbers;
mod pages;
mod records;
mod refresh;
mod snapshot;
mod status;
mod warm;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
};

use self::{
    cache::Cache, crawl::Unfinished, health::Seen, hints::Hints, live::Live, records::Records, snapshot::Keeper,
    warm::Run,
};
pub use self::{
    health::Health,
    live::Asked,
    numbers::{UnreadableNumber, UnreadableNumbers},
    records::bearers::Bearer,
    snapshot::{
        Generation, Keeping, NoSnapshot, NotWritten, Origin, Restored, RestoredStatus, Shelf, SnapshotStatus, Why,
    },
    status::DirectoryStatus,
    warm::{AlreadyRunning, WarmProgress, WarmRequest, WarmState},
};
use crate::base::{clock::Clock, metric::ProjectMetrics};
use crate::config::{CrmSection, LiveSettings};
use crate::crm::quota::{Ledger, Pace};
use crate::crm::{CrmUser, Matching, Reader};
use crate::model::{
    client::{Client, KindSet},
    phone::{NumberReader, PhoneKey},
};

/// What a directory is made of.
pub struct Parts {
    /// The project, for logs.
    pub project: Box<str>,
    /// Where what is known comes from.
    pub feed: Feed,
    /// The kinds it has.
    pub kinds: KindSet,
    /// When a stored number is a caller's.
    pub matching: Matching,
    /// Reads the CRM's numbers, with the project's country.
    pub numbers: NumberReader,
    /// Settings of live questions.
    pub live: LiveSettings,
    /// The time.
    pub clock: Clock,
    /// The runtime that everything but reading runs on.
    pub work: Handle,
    /// What is counted.
    pub metrics: Arc<ProjectMetrics>,
    /// How it is kept on disk; `None` = not at all.
    pub keeping: Option<Keeping>,
}

/// Where what is known comes from, and how it is fetched. A reload may change it and keep what is known, see
/// [`Directory::adopt`].
#[derive(Clone)]
pub struct Feed {
    /// The CRM.
    pub reader: Arc<dyn Reader>,
    /// The project's settings of the CRM.
    pub section: CrmSection,
    /// The account's quota, which the reader spends: what a full crawl costs is measured by it.
    pub ledger: Arc<Ledger>,
    /// The zone of the nightly crawl.
    pub timezone: jiff::tz::TimeZone,
}

impl Feed {
    /// As configured, every minute by default, and `longest` at the most; slower where the account's share for it says so.
    fn sweep_every(&self, longest: Duration) -> Duration {
        self.wanted_every().min(longest).max(self.reader.sweep_every(Pace::Now))
    }

    /// A share that is used up stretches the sweeps, and must not stretch with them how long an old absence is believed.
    fn absent_max_age(&self) -> Duration {
        let usual = || self.wanted_every().max(self.reader.sweep_every(Pace::Even));
        self.section.absent_max_age.unwrap_or_else(|| 2 * usual())
    }

    /// How soon after one sweep that webhooks asked for another may come: an import, of which more is told than is held,
    /// must not spend a day's share in minutes.
    fn told_sweep_every(&self) -> Duration {
        TOLD_SWEEP.max(self.reader.sweep_every(Pace::Even))
    }

    fn wanted_every(&self) -> Duration {
        self.section.sweep.as_ref().map_or(SWEEP, |sweep| sweep.value)
    }
}

/// How often changes are asked for where nothing is configured and the account's quota allows it.
const SWEEP: Duration = Duration::from_secs(60);
/// Places that are looked at under one lock for who carries numbers.
const BEARERS: usize = 1_024;
/// The pause after a sweep that webhooks asked for, where the account's quota allows it.
const TOLD_SWEEP: Duration = Duration::from_secs(10);

/// The memory of one project.
pub struct Directory {
    cache: Cache,
    /// Joined by the background only; held for the length of one page, never across an await.
    records: Mutex<Records>,
    live: Live,
    project: Box<str>,
    /// Read by the background and for the length of a clone only.
    feed: RwLock<Feed>,
    /// Wakes the background when the feed was changed.
    adopted: Notify,
    /// Wakes a crawl that waits for credentials.
    adopted_in_mid_crawl: Notify,
    kinds: KindSet,
    matching: Matching,
    numbers: NumberReader,
    clock: Clock,
    work: Handle,
    metrics: Arc<ProjectMetrics>,
    /// Kinds that a crawl has read to their end, as [`KindSet::bits`].
    crawled: AtomicU8,
    /// When the first full crawl ended, seconds since 1970 UTC; 0 = never.
    complete_since_s: AtomicI64,
    /// When the last full crawl that was accepted began; 0 = never.
    last_crawl_s: AtomicI64,
    /// How old the last good sweep may be for *absent* to be a fact, seconds.
    absent_max_age_s: AtomicU64,
    /// When the last sweep that got to its end began: what we know is at least as new as this; 0 = never.
    last_sweep_s: AtomicI64,
    /// The number of the crawl that marks what it sees.
    crawl: AtomicU32,
    users: watch::Sender<Arc<[CrmUser]>>,
    progress: watch::Sender<WarmProgress>,
    run: Mutex<Option<Run>>,
    /// The full crawl that ended before its end, to be gone on with.
    unfinished: Mutex<Option<Unfinished>>,
    /// What the last full crawl cost, in the vendor's unit; 0 = not known.
    crawl_cost: AtomicU64,
    hints: Hints,
    health: Seen,
    keeper: Option<Keeper>,
    last_run: AtomicU64,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Directory").field("project", &self.project).finish_non_exhaustive()
    }
}

impl Directory {
    /// An empty memory. Nothing is asked of the CRM until [`Directory::keep_fresh`] or a call does.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            cache: Cache::new(parts.live.negative_entries, parts.live.negative_ttl, parts.matching),
            records: Mutex::default(),
            live: Live::new(&parts.live),
            project: parts.project,
            absent_max_age_s: AtomicU64::new(parts.feed.absent_max_age().as_secs()),
            feed: RwLock::new(parts.feed),
            adopted: Notify::new(),
            adopted_in_mid_crawl: Notify::new(),
            kinds: parts.kinds,
            matching: parts.matching,
            numbers: parts.numbers,
            clock: parts.clock,
            work: parts.work,
            metrics: parts.metrics,
            crawled: AtomicU8::new(0),
            complete_since_s: AtomicI64::new(0),
            last_crawl_s: AtomicI64::new(0),
            last_sweep_s: AtomicI64::new(0),
            crawl: AtomicU32::new(0),
            users: watch::Sender::new(Arc::from([])),
            progress: watch::Sender::new(WarmProgress::never()),
            run: Mutex::default(),
            unfinished: Mutex::default(),
            crawl_cost: AtomicU64::new(0),
            hints: Hints::default(),
            health: Seen::nothing(),
            keeper: parts.keeping.map(Keeper::new),
            last_run: AtomicU64::new(0),
        })
    }

    /// The client of a number.
    ///
    /// # Cost
    /// One moka `get`: no allocation, no lock of ours, no await.
    #[must_use]
    pub fn known(&self, key: PhoneKey) -> Option<Arc<Client>> {
        self.cache.known(key)
    }

    /// The known number that is the caller's by the CRM's own rule, where whole numbers know nobody: of those that end
    /// in the same nine digits the one that has the longest end in common, then the one whose client was created last.
    ///
    /// # Cost
    /// One moka `get`, and one for every known number with that end where there are several; no allocation, no lock of
    /// ours, no await. Nothing where the CRM compares whole numbers.
    #[must_use]
    pub fn alike(&self, key: PhoneKey) -> Option<PhoneKey> {
        let keys = self.cache.alike(key)?;
        if let [only] = keys[..] {
            return Some(only);
        }
        let created_s =
            |key| self.cache.known(key).and_then(|client| client.entities().iter().map(|it| it.created_s).max());
        keys.iter().copied().max_by_key(|&known| (known.shared_ending(key), created_s(known), known))
    }

    /// When the CRM was lately asked for this number and found nothing, seconds since 1970 UTC.
    #[must_use]
    pub fn lately_not_found(&self, key: PhoneKey) -> Option<i64> {
        self.cache.negative(key)
    }

    /// The kinds that a crawl has read to their end: that a client has no entity of such a kind is knowledge.
    #[must_use]
    pub fn crawled(&self) -> KindSet {
        KindSet::from_bits(self.crawled.load(Ordering::Acquire))
    }

    /// Whether a number that is not known is *absent*: a full crawl is complete, and the last good sweep is ours, not that
    /// of the snapshot we began with, and not too old.
    /// Gives the time our knowledge is of, seconds since 1970 UTC.
    #[must_use]
    pub fn absent_as_of(&self) -> Option<i64> {
        if self.complete_since_s.load(Ordering::Acquire) == 0 || self.answers_from_snapshot() {
            return None;
        }
        let as_of_s = self.last_sweep_s.load(Ordering::Acquire);
        let oldest_s = self.clock.now_s().saturating_sub_unsigned(self.absent_max_age_s.load(Ordering::Acquire));
        (as_of_s >= oldest_s).then_some(as_of_s)
    }

    /// The time at least of which every client is known, seconds since 1970 UTC: the last good sweep's, 0 before the first
    /// crawl is complete.
    #[must_use]
    pub fn swept_as_of_s(&self) -> i64 {
        if self.complete_since_s.load(Ordering::Acquire) == 0 { 0 } else { self.last_sweep_s.load(Ordering::Acquire) }
    }

    /// Whether a client learned live is to be asked for again: nothing keeps it fresh before the first crawl is complete.
    #[must_use]
    pub fn is_stale(&self, client: &Client) -> bool {
        if client.whole == KindSet::NONE || self.complete_since_s.load(Ordering::Acquire) != 0 {
            return false;
        }
        let oldest_s = self.clock.now_s().saturating_sub_unsigned(self.absent_max_age_s.load(Ordering::Acquire));
        client.as_of_s < oldest_s
    }

    /// Goes on with another reader, other credentials, another schedule or other limits for the same account's records:
    /// what is known stays, and the next sweep comes at once.
    pub fn adopt(&self, feed: Feed) {
        self.absent_max_age_s.store(feed.absent_max_age().as_secs(), Ordering::Release);
        *self.feed.write().unwrap_or_else(PoisonError::into_inner) = feed;
        self.adopted.notify_one();
        self.adopted_in_mid_crawl.notify_waiters();
    }

    /// How often anything has changed of who is known: the same again, and nothing has.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.records().changes()
    }

    /// Everybody who carries a number, a slice at a time: those from `from` on, the first one is 0, and where to go on.
    ///
    /// # Cost
    /// Holds the records, which no call takes, for the length of a thousand places.
    #[must_use]
    pub fn bearers(&self, from: usize) -> (Vec<Bearer>, Option<usize>) {
        self.records().bearers(from, BEARERS)
    }

    /// The CRM's users, and every change of them.
    #[must_use]
    pub fn users(&self) -> watch::Receiver<Arc<[CrmUser]>> {
        self.users.subscribe()
    }

    /// The time as this directory has it.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    fn feed(&self) -> Feed {
        self.feed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        // A panic while a page was joined leaves records that the next crawl puts right.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
