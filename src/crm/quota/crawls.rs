//! What crawls cost, each for itself: projects that share an account may crawl it at the same time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering};

use super::Ledger;

/// The crawls of an account that are under way.
#[derive(Debug, Default)]
pub(super) struct Crawls(Mutex<Tally>);

#[derive(Debug, Default)]
struct Tally {
    under_way: u64,
    /// What a crawl that is always under way has paid, in thousandths of the vendor's unit.
    each_milli: u64,
}

impl Crawls {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those under way pay the same part each: their requests take turns.
    pub(super) fn pay(&self, cost: u64) {
        let mut tally = self.tally();
        let each = cost.saturating_mul(1_000) / tally.under_way.max(1);
        tally.each_milli = tally.each_milli.saturating_add(each);
    }

    pub(super) fn begin(self: &Arc<Self>) -> CrawlMeter {
        let mut tally = self.tally();
        tally.under_way += 1;
        CrawlMeter { crawls: Arc::clone(self), from_milli: tally.each_milli }
    }
}

impl Ledger {
    /// A crawl begins, and what it costs is measured.
    #[must_use]
    pub fn begin_crawl(&self) -> CrawlMeter {
        self.book().crawls.begin()
    }

    /// What the crawls of one project may spend of a day; `None` where the day has no limit.
    #[must_use]
    pub fn crawl_share(&self) -> Option<u64> {
        let share = self.book().spending.crawl_share()?;
        Some(share / self.projects.load(Ordering::Acquire))
    }
}

/// Measures what one crawl costs, as long as it is held. A reload that puts another ledger in force changes nothing of
/// it. A crawl that waits for its credentials is under way, too, and another's then seems to cost less than it does.
#[derive(Debug)]
pub struct CrawlMeter {
    crawls: Arc<Crawls>,
    from_milli: u64,
}

impl CrawlMeter {
    /// What the crawl has cost by now, in the vendor's unit.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.crawls.tally().each_milli.saturating_sub(self.from_milli).div_ceil(1_000)
    }
}

impl Drop for CrawlMeter {
    fn drop(&mut self) {
        let mut tally = self.crawls.tally();
        tally.under_way = tally.under_way.saturating_sub(1);
    }
}
