//! What operators are told about a directory.

use std::sync::atomic::Ordering;

use serde::Serialize;

use super::{Directory, health::Health, snapshot::SnapshotStatus};
use crate::base::metric::Breaker;
use crate::model::client::Kind;

/// A directory at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct DirectoryStatus {
    /// Numbers known.
    pub numbers: u64,
    /// Open records by kind.
    pub records: std::collections::BTreeMap<&'static str, usize>,
    /// When the first full crawl ended, RFC 3339; none before.
    pub complete_since: Option<String>,
    /// Seconds since the state of the CRM that we hold; none before the first crawl.
    pub age_s: Option<i64>,
    /// Seconds since the last full crawl began.
    pub last_crawl_age_s: Option<i64>,
    /// Whether a number that is not known counts as absent now.
    pub absent_is_known: bool,
    /// How the CRM did when it was last asked in the background.
    pub crm: Health,
    /// `nightly`; `weekly` where a full crawl costs more than the crawls' share of a day.
    pub full_crawls: &'static str,
    /// What the last full crawl cost, in the vendor's unit.
    pub crawl_cost: Option<u64>,
    /// How often changes are asked for, seconds.
    pub sweep_every_s: u64,
    /// Numbers of the CRM that could not be read, of the records held.
    pub unreadable_numbers: usize,
    /// How it stands on disk.
    pub snapshot: SnapshotStatus,
    /// Live questions under way.
    pub live_under_way: usize,
    /// `closed`, `open` or `half-open`.
    pub breaker: &'static str,
}

impl Directory {
    /// The directory at a glance.
    #[must_use]
    pub fn status(&self) -> DirectoryStatus {
        let now_s = self.clock.now_s();
        let since = |at_s: i64| (at_s != 0).then_some(now_s - at_s);
        let complete_since_s = self.complete_since_s.load(Ordering::Acquire);
        self.cache.keep_house();
        let records = self.records();
        let open = |kind: Kind| (kind.word(), records.open_of(kind));
        DirectoryStatus {
            numbers: self.cache.numbers(),
            records: self.kinds.iter().map(open).collect(),
            complete_since: jiff::Timestamp::from_second(complete_since_s)
                .ok()
                .filter(|_| complete_since_s != 0)
                .map(|at| at.to_string()),
            age_s: since(self.last_sweep_s.load(Ordering::Acquire)),
            last_crawl_age_s: since(self.last_crawl_s.load(Ordering::Acquire)),
            absent_is_known: self.absent_as_of().is_some(),
            crm: self.health.health(),
            full_crawls: if self.crawls_weekly() { "weekly" } else { "nightly" },
            crawl_cost: Some(self.crawl_cost.load(Ordering::Acquire)).filter(|&cost| cost > 0),
            sweep_every_s: self.sweep_every().as_secs(),
            unreadable_numbers: records.unreadable(),
            snapshot: self.snapshot_status(),
            live_under_way: self.live.under_way(),
            breaker: self.live.breaker_state().word(),
        }
    }

    /// The breaker before live questions.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.live.breaker_state()
    }
}
