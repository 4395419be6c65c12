//! The day's budget and its shares.

use std::time::Duration;

use jiff::tz::Offset;

use crate::crm::failure::Failure;
use crate::crm::quota::{
    Budget, Day, DayMemo, Limits, Purpose, Spent,
    memo::Kept,
    no_quota,
    rolling::{self, Hours},
};

/// By what of a day the interval between sweeps is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// By what is left of the sweeps' share now.
    Now,
    /// By the whole share over the whole day, whatever is spent of it.
    Even,
}

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const DAY: Duration = Duration::from_secs(86_400);

/// What was spent of the day.
///
/// # Units
/// Times are milliseconds since 1970 by the vendor's clock; durations that are told are ours (see [`Limits::faster`]).
#[derive(Debug, Clone)]
pub(super) struct Spending {
    limits: Limits,
    count: Count,
    /// Since when something could be spent: the start of the process, or the day's beginning.
    counted_from_ms: i64,
    told: Option<Told>,
}

#[derive(Debug, Clone)]
enum Count {
    Midnight { spent: Spent, ends_ms: i64 },
    Rolling(Hours),
}

/// What the vendor says is left of the day.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// As it was said.
    said: u64,
    /// Less what was spent since.
    left: u64,
    at_ms: i64,
}

impl Spending {
    pub(super) fn new(limits: Limits, now_ms: i64) -> Self {
        let day = limits.daily.map_or(Day::Midnight { utc_offset: Offset::UTC }, |budget| budget.day);
        let count = match day {
            Day::Midnight { utc_offset } => {
                Count::Midnight { spent: Spent::default(), ends_ms: next_midnight(now_ms, utc_offset) }
            }
            Day::Rolling => Count::Rolling(Hours::default()),
        };
        Self { limits, count, counted_from_ms: now_ms, told: None }
    }

    /// Begins a new day where one has begun. A clock that was set back keeps the day: it is the safer side.
    pub(super) fn turn(&mut self, now_ms: i64) {
        match &mut self.count {
            Count::Midnight { spent, ends_ms } if now_ms >= *ends_ms => {
                let days = (now_ms - *ends_ms).div_euclid(DAY_MS);
                self.counted_from_ms = *ends_ms + days * DAY_MS;
                *ends_ms = self.counted_from_ms + DAY_MS;
                *spent = Spent::default();
                self.told = None;
            }
            Count::Midnight { .. } => {}
            Count::Rolling(hours) => {
                hours.turn(now_ms);
                // Others' units come back unseen: what is not said again within the hour is no longer so.
                self.told = self.told.filter(|told| now_ms - told.at_ms < HOUR_MS);
            }
        }
    }

    /// Adds what was spent on the same day under other limits, and what the vendor said of it.
    pub(super) fn carry_over(&mut self, before: &Self, now_ms: i64) {
        let mine = self.spent().total();
        match (&mut self.count, &before.count) {
            (Count::Midnight { spent, ends_ms }, Count::Midnight { spent: more, ends_ms: theirs }) => {
                *spent = spent.plus(*more);
                *ends_ms = *theirs;
                self.counted_from_ms = before.counted_from_ms;
            }
            (Count::Rolling(hours), Count::Rolling(more)) => {
                hours.carry_over(more);
                self.counted_from_ms = before.counted_from_ms;
            }
            (Count::Midnight { spent, .. }, Count::Rolling(more)) => *spent = spent.plus(more.spent()),
            (Count::Rolling(hours), Count::Midnight { spent, .. }) => hours.add(*spent, now_ms),
        }
        let theirs = before.told.map(|told| Told { left: told.left.saturating_sub(mine), ..told });
        self.told = self.told.or(theirs);
    }

    pub(super) fn memo(&self) -> DayMemo {
        let counted_from_ms = self.counted_from_ms;
        DayMemo(match &self.count {
            Count::Midnight { spent, ends_ms } => Kept::Midnight { spent: *spent, counted_from_ms, ends_ms: *ends_ms },
            Count::Rolling(hours) => Kept::Rolling { hours: hours.each(), counted_from_ms },
        })
    }

    /// Adds what was spent on the same day before the process was started. A memo of another day, or of another kind of
    /// day, says nothing about this one.
    pub(super) fn recall(&mut self, memo: &DayMemo, now_ms: i64) {
        match (&mut self.count, &memo.0) {
            (Count::Midnight { spent, .. }, Kept::Midnight { spent: before, counted_from_ms, ends_ms })
                if (now_ms + 1..=now_ms + DAY_MS).contains(ends_ms) =>
            {
                *spent = spent.plus(*before);
                self.counted_from_ms = self.counted_from_ms.min(*counted_from_ms).max(ends_ms - DAY_MS);
            }
            (Count::Rolling(hours), Kept::Rolling { hours: before, counted_from_ms }) => {
                hours.carry_over(&Hours::recalled(before.clone(), now_ms));
                self.counted_from_ms = self.counted_from_ms.min(*counted_from_ms);
            }
            _ => {}
        }
    }

    /// The vendor says what is left of the day.
    ///
    /// Within one day that can only fall. Where it rises by more than answers which overtake each other explain, the
    /// vendor's day has turned before ours: ours begins anew then, and ends when theirs does.
    pub(super) fn note_left(&mut self, left: u64, now_ms: i64) {
        let tenth = self.limits.daily.map(|budget| budget.units / 10);
        let risen = self.told.zip(tenth).is_some_and(|(told, tenth)| left > told.said.saturating_add(tenth));
        if let Count::Midnight { spent, ends_ms } = &mut self.count
            && risen
        {
            *spent = Spent::default();
            *ends_ms = now_ms.saturating_add(DAY_MS);
            self.counted_from_ms = now_ms;
        }
        self.told = Some(Told { said: left, left, at_ms: now_ms });
    }

    /// The vendor's word has proved to hold no longer.
    pub(super) const fn forget_told(&mut self) {
        self.told = None;
    }

    pub(super) fn vendor_left(&self) -> Option<u64> {
        self.told.map(|told| told.left)
    }

    pub(super) fn spent(&self) -> Spent {
        match &self.count {
            Count::Midnight { spent, .. } => *spent,
            Count::Rolling(hours) => hours.spent(),
        }
    }

    /// When something comes back; `None` where nothing is spent that could.
    pub(super) fn resets_at_ms(&self) -> Option<i64> {
        match &self.count {
            Count::Midnight { ends_ms, .. } => self.limits.daily.map(|_| *ends_ms),
            Count::Rolling(hours) => hours.coming_back().next().map(|(at_ms, _)| at_ms),
        }
    }

    /// What `purpose` may still spend today; `None` where the day has no limit. Live questions may spend all that is left;
    /// sweeps and crawls at most their share, writes whatever is left of the others', but for the sweeps': none of them
    /// the live questions' reserve.
    pub(super) fn left(&self, purpose: Purpose) -> Option<u64> {
        let ours = self.limits.daily.map(|budget| self.left_of(budget, self.spent(), purpose, self.vendor_left()));
        ours.or(self.vendor_left())
    }

    fn left_of(&self, Budget { units, .. }: Budget, spent: Spent, purpose: Purpose, told: Option<u64>) -> u64 {
        let left = units.saturating_sub(spent.total());
        let left = told.map_or(left, |told| left.min(told));
        let unreserved = left.saturating_sub(share_left(units, self.limits.live_percent, spent.live));
        let share = match purpose {
            Purpose::Live => return left,
            Purpose::Write => {
                return unreserved.saturating_sub(share_left(units, self.limits.sweep_percent, spent.sweep));
            }
            Purpose::Sweep => share(units, self.limits.sweep_percent),
            Purpose::Crawl => share(units, self.limits.crawl_percent),
        };
        share.saturating_sub(spent.of(purpose)).min(unreserved)
    }

    pub(super) fn crawl_share(&self) -> Option<u64> {
        self.limits.daily.map(|budget| share(budget.units, self.limits.crawl_percent))
    }

    /// # Errors
    /// [`Failure::NoQuota`] with the time until there is enough again.
    pub(super) fn afford(&self, purpose: Purpose, cost: u64, now_ms: i64) -> Result<(), Failure> {
        if self.left(purpose).is_none_or(|left| cost <= left) {
            return Ok(());
        }
        let share = match purpose {
            Purpose::Live => "the day's budget",
            Purpose::Sweep => "the sweeps' share of the day",
            Purpose::Crawl => "the crawls' share of the day",
            Purpose::Write => "what the day leaves for writing",
        };
        Err(no_quota(&format!("{share} is spent"), self.limits.here(self.until(purpose, cost, now_ms))))
    }

    /// Whether it is the vendor's word alone that stands against what a live question costs.
    pub(super) fn is_refused_by_the_vendor_alone(&self, cost: u64) -> bool {
        let ours = self.limits.daily.map(|budget| budget.units.saturating_sub(self.spent().total()));
        ours.is_none_or(|left| cost <= left) && self.vendor_left().is_some_and(|left| cost > left)
    }

    pub(super) fn pay(&mut self, purpose: Purpose, cost: u64, now_ms: i64) {
        let mut paid = Spent::default();
        paid.add(purpose, cost);
        match &mut self.count {
            Count::Midnight { spent, .. } => *spent = spent.plus(paid),
            Count::Rolling(hours) => hours.add(paid, now_ms),
        }
        if let Some(told) = &mut self.told {
            told.left = told.left.saturating_sub(cost);
        }
    }

    /// How long until there is `cost` for `purpose` again by the vendor's clock: the day's end; or the hour whose end
    /// brings it back, where what the vendor said is not believed any longer by then.
    fn until(&self, purpose: Purpose, cost: u64, now_ms: i64) -> Duration {
        let (hours, budget) = match (&self.count, self.limits.daily) {
            (Count::Midnight { ends_ms, .. }, _) => return between(now_ms, *ends_ms),
            (Count::Rolling(hours), budget) => (hours, budget.unwrap_or(Budget::rolling(u64::MAX))),
        };
        let fits = |spent| self.left_of(budget, spent, purpose, None) >= cost;
        let ours = || hours.coming_back().find(|&(_, spent)| fits(spent)).map(|(at_ms, _)| at_ms);
        let at_ms = if fits(hours.spent()) { self.told.map(|told| told.at_ms + HOUR_MS) } else { ours() };
        at_ms.map_or(rolling::LONGEST, |at_ms| between(now_ms, at_ms))
    }

    /// How long a day that the vendor calls spent may last where it does not say.
    pub(super) fn remaining(&self, now_ms: i64) -> Duration {
        self.limits.here(match &self.count {
            Count::Midnight { ends_ms, .. } => between(now_ms, *ends_ms),
            Count::Rolling(_) => Duration::from_secs(3_600),
        })
    }

    /// See [`super::Ledger::sweep_interval`].
    pub(super) fn sweep_interval(&self, each: u64, pace: Pace, now_ms: i64) -> Duration {
        let Some(Budget { units, .. }) = self.limits.daily else { return Duration::ZERO };
        let share = share(units, self.limits.sweep_percent);
        // Of a day of which nothing is spent, both are the same.
        let left = if pace == Pace::Even { u64::MAX } else { self.left(Purpose::Sweep).unwrap_or(0) };
        self.limits.here(match &self.count {
            Count::Midnight { ends_ms, .. } => {
                let remaining = between(now_ms, *ends_ms);
                let even = divide(DAY, share, each).unwrap_or(DAY);
                let rest = divide(remaining, left, each).unwrap_or(remaining);
                even.max(rest).min(DAY)
            }
            Count::Rolling(_) => {
                let even = divide(rolling::LONGEST, share, each).unwrap_or(DAY);
                let rest = if each > left { self.until(Purpose::Sweep, each, now_ms) } else { Duration::ZERO };
                even.max(rest).min(DAY)
            }
        })
    }

    /// What will have been spent at the day's end at the pace of the day so far; of any 24 hours, what they come to at the
    /// pace of those counted.
    pub(super) fn forecast(&self, now_ms: i64) -> u64 {
        let spent = self.spent().total();
        let (from_ms, ahead, so_far) = match &self.count {
            Count::Midnight { ends_ms, .. } => (self.counted_from_ms, between(now_ms, *ends_ms), spent),
            Count::Rolling(_) => (self.counted_from_ms.max(Hours::from_ms(now_ms)), DAY, 0),
        };
        // The first minutes say little about a day: at least an hour is taken as their measure.
        let counted = between(from_ms, now_ms).as_secs().max(3_600);
        let rest = u128::from(spent) * u128::from(ahead.as_secs()) / u128::from(counted);
        so_far.saturating_add(u64::try_from(rest).unwrap_or(u64::MAX))
    }
}

fn next_midnight(now_ms: i64, utc_offset: Offset) -> i64 {
    let offset_ms = i64::from(utc_offset.seconds()) * 1_000;
    ((now_ms + offset_ms).div_euclid(DAY_MS) + 1) * DAY_MS - offset_ms
}

fn between(from_ms: i64, to_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(to_ms.saturating_sub(from_ms)).unwrap_or(0))
}

fn share(units: u64, percent: u8) -> u64 {
    let share = u128::from(units) * u128::from(percent.min(100)) / 100;
    u64::try_from(share).unwrap_or(u64::MAX)
}

fn share_left(units: u64, percent: u8, spent: u64) -> u64 {
    share(units, percent).saturating_sub(spent)
}

/// The interval at which `each` may be spent so that `budget` lasts for `time`; `None` where it does not pay even once.
fn divide(time: Duration, budget: u64, each: u64) -> Option<Duration> {
    if each > budget {
        return None;
    }
    let ms = time.as_millis().checked_mul(u128::from(each))?.div_ceil(u128::from(budget.max(1)));
    u64::try_from(ms).ok().map(Duration::from_millis)
}
