//! The day's budget and its shares.

use std::time::Duration;

use crate::crm::{
    failure::Failure,
    quota::{Limits, Purpose, Spent, no_quota},
};

/// A day, in seconds.
const DAY_S: i64 = 86_400;

/// What was spent since the day began.
///
/// # Units
/// The day is the UTC day. Vendors say "midnight of the server's time zone" and not which one it is; where theirs begins
/// later than ours, their 429 holds us until it does.
#[derive(Debug, Clone)]
pub(super) struct Day {
    limits: Limits,
    pub(super) spent: Spent,
    /// Which day, counted from 1970.
    number: i64,
    /// Since when something could be spent today: the day's beginning, or the start of the process.
    counted_from_s: i64,
}

impl Day {
    pub(super) const fn new(limits: Limits, now_s: i64) -> Self {
        let spent = Spent { live: 0, sweep: 0, crawl: 0 };
        Self { limits, spent, number: now_s.div_euclid(DAY_S), counted_from_s: now_s }
    }

    /// Begins a new day where one has begun. A clock that was set back keeps the day: it is the safer side.
    pub(super) fn turn(&mut self, now_s: i64) {
        let number = now_s.div_euclid(DAY_S);
        if number > self.number {
            self.number = number;
            self.spent = Spent::default();
            self.counted_from_s = number.saturating_mul(DAY_S);
        }
    }

    /// Adds what was spent on the same day under other limits. A later day than ours is a clock set back: it is kept.
    pub(super) fn carry_over(&mut self, before: &Self) {
        if before.number < self.number {
            return;
        }
        let Spent { live, sweep, crawl } = before.spent;
        self.spent.live = self.spent.live.saturating_add(live);
        self.spent.sweep = self.spent.sweep.saturating_add(sweep);
        self.spent.crawl = self.spent.crawl.saturating_add(crawl);
        self.number = before.number;
        self.counted_from_s = before.counted_from_s;
    }

    pub(super) const fn ends_at_s(&self) -> i64 {
        (self.number + 1).saturating_mul(DAY_S)
    }

    /// What `purpose` may still spend today. Live questions may spend all that is left; the others at most their share,
    /// and never the live questions' reserve.
    pub(super) fn left(&self, purpose: Purpose) -> u64 {
        let left = self.limits.daily.saturating_sub(self.spent.total());
        let reserve = self.share(self.limits.live_percent).saturating_sub(self.spent.live);
        let within = |percent, spent: u64| self.share(percent).saturating_sub(spent).min(left.saturating_sub(reserve));
        match purpose {
            Purpose::Live => left,
            Purpose::Sweep => within(self.limits.sweep_percent, self.spent.sweep),
            Purpose::Crawl => within(self.limits.crawl_percent, self.spent.crawl),
        }
    }

    pub(super) fn afford(&self, purpose: Purpose, cost: u64, now_s: i64) -> Result<(), Failure> {
        if cost <= self.left(purpose) {
            return Ok(());
        }
        let share = match purpose {
            Purpose::Live => "the day's budget",
            Purpose::Sweep => "the sweeps' share of the day",
            Purpose::Crawl => "the crawls' share of the day",
        };
        Err(no_quota(&format!("{share} is spent"), self.remaining(now_s)))
    }

    pub(super) fn pay(&mut self, purpose: Purpose, cost: u64, now_s: i64) -> Result<(), Failure> {
        self.afford(purpose, cost, now_s)?;
        let spent = match purpose {
            Purpose::Live => &mut self.spent.live,
            Purpose::Sweep => &mut self.spent.sweep,
            Purpose::Crawl => &mut self.spent.crawl,
        };
        *spent = spent.saturating_add(cost);
        Ok(())
    }

    /// See [`super::Ledger::sweep_interval`].
    pub(super) fn sweep_interval(&self, each: u64, now_s: i64) -> Duration {
        let (day, remaining) = (Duration::from_secs(DAY_S.unsigned_abs()), self.remaining(now_s));
        let even = divide(day, self.share(self.limits.sweep_percent), each).unwrap_or(day);
        let rest = divide(remaining, self.left(Purpose::Sweep), each).unwrap_or(remaining);
        even.max(rest).min(day)
    }

    /// What will have been spent at the day's end at the pace of the day so far.
    pub(super) fn forecast(&self, now_s: i64) -> u64 {
        let spent = self.spent.total();
        // The first minutes say little about a day: at least an hour is taken as their measure.
        let counted = u64::try_from(now_s.saturating_sub(self.counted_from_s)).unwrap_or(0).max(3_600);
        let rest = u128::from(spent) * u128::from(self.remaining(now_s).as_secs()) / u128::from(counted);
        spent.saturating_add(u64::try_from(rest).unwrap_or(u64::MAX))
    }

    fn remaining(&self, now_s: i64) -> Duration {
        Duration::from_secs(u64::try_from(self.ends_at_s().saturating_sub(now_s)).unwrap_or(0))
    }

    fn share(&self, percent: u8) -> u64 {
        let share = u128::from(self.limits.daily) * u128::from(percent.min(100)) / 100;
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

/// The interval at which `each` may be spent so that `budget` lasts for `time`; `None` where it does not pay even once.
fn divide(time: Duration, budget: u64, each: u64) -> Option<Duration> {
    if each > budget {
        return None;
    }
    let ms = time.as_millis().checked_mul(u128::from(each))?.div_ceil(u128::from(budget.max(1)));
    u64::try_from(ms).ok().map(Duration::from_millis)
}
