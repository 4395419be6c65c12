//! Credits in any 24 hours, and requests at once.

use std::time::Duration;

use super::options::Options;
use crate::kit::{Clock, InFlight, Moment, Quota, Rolling, SetQuota, UnderWay};

const DAY: Duration = Duration::from_secs(86_400);

/// The account's meter.
#[derive(Debug)]
pub(super) struct Meter {
    credits: u64,
    spent: Rolling,
    all: InFlight,
    sub: InFlight,
    at_once: usize,
    sub_at_once: usize,
}

/// The places a request takes while it is under way.
#[derive(Debug)]
pub(super) struct Places {
    _all: UnderWay,
    _sub: Option<UnderWay>,
}

impl Meter {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            credits: options.credits(),
            spent: Rolling::new(DAY),
            all: InFlight::default(),
            sub: InFlight::default(),
            at_once: options.at_once(),
            sub_at_once: options.limits.sub_at_once,
        }
    }

    /// Places for a request, where there are any; a heavy one takes one of the few of every edition besides.
    pub(super) fn enter(&self, heavy: bool) -> Option<Places> {
        let all = self.all.enter(self.at_once)?;
        let sub = if heavy { Some(self.sub.enter(self.sub_at_once)?) } else { None };
        Some(Places { _all: all, _sub: sub })
    }

    /// Charges, where so much is left; whether it was.
    pub(super) fn charge(&mut self, now: Moment, credits: u64) -> bool {
        if self.spent.used(now) + credits > self.credits {
            return false;
        }
        self.spent.take(now, credits);
        true
    }

    /// What is left, which is told only when half is gone.
    pub(super) fn told_left(&mut self, now: Moment) -> Option<u64> {
        let used = self.spent.used(now);
        (used * 2 > self.credits).then(|| self.credits.saturating_sub(used))
    }

    pub(super) fn quota(&mut self, now: Moment, clock: &Clock) -> Quota {
        let used = self.spent.used(now);
        Quota { daily: self.credits, used, renewed_in_s: clock.waited_s(self.spent.free_in(now)) }
    }

    pub(super) fn set(&mut self, now: Moment, set: SetQuota) {
        self.credits = set.daily.unwrap_or(self.credits);
        if let Some(used) = set.used {
            self.spent.clear();
            self.spent.take(now, used);
        }
    }
}
