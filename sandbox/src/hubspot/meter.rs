//! What requests cost: one of the day, and one of a window.
//!
//! # Source
//! The vendor's usage guidelines, seen 2026-11-20, and the exemptions that its descriptions mark. A refused request counts
//! nowhere here; the vendor does not say.

use std::time::Duration;

use super::options::Limits;
use crate::kit::{Clock, Daily, Moment, Quota, Reply, Rolling, SetQuota, with_headers};

/// Which window counts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// The app's ten seconds.
    General,
    /// The account's second of searches, and no other. Replies tell nothing of any limit.
    Search,
    /// None: batches of associations.
    Exempt,
}

/// The limit that was reached, by the vendor's name of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    TenSeconds,
    Second,
    Day,
}

/// What the headers of a reply say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    burst: u64,
    left: u64,
    daily: u64,
    daily_left: u64,
}

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// The account's meter.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    general: Rolling,
    search: Rolling,
    day: Daily,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            general: Rolling::new(TEN_SECONDS),
            search: Rolling::new(Duration::from_secs(1)),
            day: Daily::new(limits.daily),
            limits: limits.clone(),
        }
    }

    /// Charges a request, or says which limit it would break.
    pub(super) fn charge(&mut self, now: Moment, clock: &Clock, lane: Lane) -> Result<Option<Rate>, Policy> {
        if !self.day.has(now, 1) {
            return Err(Policy::Day);
        }
        match lane {
            Lane::General if self.general.used(now) >= self.limits.burst => return Err(Policy::TenSeconds),
            Lane::General => self.general.take(now, 1),
            Lane::Search if self.search.used(now) >= self.limits.searches => return Err(Policy::Second),
            Lane::Search => self.search.take(now, 1),
            Lane::Exempt => {}
        }
        self.day.spend(now, 1);
        let Quota { daily, used, .. } = self.day.quota(now, clock);
        let left = self.limits.burst - self.general.used(now).min(self.limits.burst);
        let rate = Rate { burst: self.limits.burst, left, daily, daily_left: daily.saturating_sub(used) };
        Ok((lane != Lane::Search).then_some(rate))
    }

    pub(super) fn quota(&mut self, now: Moment, clock: &Clock) -> Quota {
        self.day.quota(now, clock)
    }

    pub(super) fn set(&mut self, now: Moment, set: SetQuota) {
        self.day.set(now, set);
    }
}

impl Rate {
    /// The reply with what it says of the limits; of the day to a private app only.
    pub(super) fn on(self, reply: Reply, private: bool) -> Reply {
        let of_the_window = [
            ("x-hubspot-ratelimit-max", self.burst.to_string()),
            ("x-hubspot-ratelimit-remaining", self.left.to_string()),
            ("x-hubspot-ratelimit-interval-milliseconds", TEN_SECONDS.as_millis().to_string()),
        ];
        let of_the_day = [
            ("x-hubspot-ratelimit-daily", self.daily.to_string()),
            ("x-hubspot-ratelimit-daily-remaining", self.daily_left.to_string()),
        ];
        with_headers(reply, of_the_window.into_iter().chain(of_the_day.into_iter().filter(|_| private)))
    }
}
