//! The ledger as others see it.

use std::time::Duration;

use crate::crm::quota::Purpose;

/// What was spent, by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Spent {
    /// By live questions.
    pub live: u64,
    /// By sweeps.
    pub sweep: u64,
    /// By crawls.
    pub crawl: u64,
    /// By what calls left to be written.
    #[serde(default)]
    pub write: u64,
}

impl Spent {
    /// All of it.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.live.saturating_add(self.sweep).saturating_add(self.crawl).saturating_add(self.write)
    }

    pub(super) const fn of(&self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::Live => self.live,
            Purpose::Sweep => self.sweep,
            Purpose::Crawl => self.crawl,
            Purpose::Write => self.write,
        }
    }

    pub(super) const fn add(&mut self, purpose: Purpose, cost: u64) {
        let spent = match purpose {
            Purpose::Live => &mut self.live,
            Purpose::Sweep => &mut self.sweep,
            Purpose::Crawl => &mut self.crawl,
            Purpose::Write => &mut self.write,
        };
        *spent = spent.saturating_add(cost);
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            live: self.live.saturating_add(other.live),
            sweep: self.sweep.saturating_add(other.sweep),
            crawl: self.crawl.saturating_add(other.crawl),
            write: self.write.saturating_add(other.write),
        }
    }

    pub(super) const fn minus(self, other: Self) -> Self {
        Self {
            live: self.live.saturating_sub(other.live),
            sweep: self.sweep.saturating_sub(other.sweep),
            crawl: self.crawl.saturating_sub(other.crawl),
            write: self.write.saturating_sub(other.write),
        }
    }
}

/// The ledger as operators see it. What is `None` of the day is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct QuotaView {
    /// The day's budget in the vendor's unit.
    pub daily_limit: Option<u64>,
    /// What this process spent of it; where there is no budget, since midnight UTC.
    pub spent: Spent,
    /// What is left for live questions.
    pub left: Option<u64>,
    /// What is left for sweeps.
    pub sweep_left: Option<u64>,
    /// What is left for crawls.
    pub crawl_left: Option<u64>,
    /// What is left for what calls leave to be written.
    pub write_left: Option<u64>,
    /// What the vendor last said is left of the day, less what was spent since; others may spend of it too.
    pub vendor_left: Option<u64>,
    /// What will have been spent when the day ends, if it goes on like this.
    pub forecast: u64,
    /// When the day ends, or, where any 24 hours are one, when the first of what was spent comes back; seconds since 1970
    /// UTC.
    pub resets_at_s: Option<i64>,
    /// The vendor asked for a pause; what is left of it.
    pub held: Option<Duration>,
    /// Whether that pause is for a day's budget that the vendor says is spent.
    pub day_spent: bool,
    /// How often the vendor said 429 since the start.
    pub limited: u64,
    /// How many requests are under way, where that is limited.
    pub in_flight: Option<u32>,
    /// How many may be.
    pub in_flight_limit: Option<u32>,
    /// How often a sweep can be made at the most, as it was last asked for.
    pub sweep_every: Option<Duration>,
}
