//! What requests cost: the day's tokens, the burst windows, and the page that comes to those who do not stop.
//!
//! # Source
//! Costs per operation: `x-token-cost` of the vendor's description. Windows, plans, headers: the vendor's page on rate
//! limiting, seen 2026-11-20. A spent day is a 429 like a spent window, with the same body and headers: the vendor
//! documents nothing that would tell one from the other.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::options::{Limits, Options, Plan};
use crate::kit::{Daily, Ground, Moment, Quota, Rolling, SetQuota};

/// 429s are counted over this long before the 403 page.
const PERSISTING: Duration = Duration::from_secs(10);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    ApiToken,
    OAuth(String),
}

/// What a request costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    pub(super) tokens: u64,
    /// Whether the search's own window counts it too.
    pub(super) search: bool,
}

/// What the rate headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) limit: usize,
    pub(super) remaining: usize,
    /// Whole seconds until the window is free again, at least one.
    pub(super) reset_s: u64,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is answered, and was charged.
    Pass(Rate),
    /// 429.
    TooMany(Rate),
    /// 403, the shield's page.
    Shield,
}

/// The account's meter.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    plan: Plan,
    ground: Arc<Ground>,
    daily: Daily,
    windows: HashMap<(Caller, bool), Rolling>,
    refusals: HashMap<Caller, Rolling>,
    blocked_until: HashMap<Caller, Duration>,
}

impl Meter {
    pub(super) fn new(options: &Options, ground: Arc<Ground>) -> Self {
        Self {
            limits: options.limits.clone(),
            plan: options.plan,
            ground,
            daily: Daily::new(options.daily_tokens()),
            windows: HashMap::new(),
            refusals: HashMap::new(),
            blocked_until: HashMap::new(),
        }
    }

    /// Charges a request, or says why it is not answered. A refused request costs no tokens.
    pub(super) fn charge(&mut self, now: Moment, caller: &Caller, price: Price) -> Verdict {
        if self.blocked_until.get(caller).is_some_and(|&until| now.vendor < until) {
            return Verdict::Shield;
        }
        let by_oauth = matches!(caller, Caller::OAuth(_));
        let general = self.limits.burst.unwrap_or_else(|| self.plan.burst(by_oauth));
        let mut rate = self.rate((caller.clone(), false), general, now);
        if price.search {
            let searches = self.rate((caller.clone(), true), self.limits.search_burst, now);
            if searches.remaining <= rate.remaining {
                rate = searches;
            }
        }
        if rate.remaining == 0 {
            return self.refuse(caller, now, rate);
        }
        if !self.daily.has(now, price.tokens) {
            return self.refuse(caller, now, Rate { remaining: 0, ..rate });
        }
        self.daily.spend(now, price.tokens);
        self.window((caller.clone(), false)).take(now, 1);
        if price.search {
            self.window((caller.clone(), true)).take(now, 1);
        }
        Verdict::Pass(Rate { remaining: rate.remaining - 1, ..rate })
    }

    fn window(&mut self, whose: (Caller, bool)) -> &mut Rolling {
        let span = self.limits.window;
        self.windows.entry(whose).or_insert_with(|| Rolling::new(span))
    }

    fn rate(&mut self, window: (Caller, bool), limit: usize, now: Moment) -> Rate {
        let requests = self.window(window);
        let used = usize::try_from(requests.used(now)).unwrap_or(usize::MAX);
        let free_in = requests.free_in(now);
        Rate { limit, remaining: limit.saturating_sub(used), reset_s: self.ground.clock.waited_s(free_in) }
    }

    /// Who keeps asking in spite of 429s gets the page; only API tokens do, the vendor says.
    fn refuse(&mut self, caller: &Caller, now: Moment, rate: Rate) -> Verdict {
        let refusals = self.refusals.entry(caller.clone()).or_insert_with(|| Rolling::new(PERSISTING));
        refusals.take(now, 1);
        let counted = usize::try_from(refusals.used(now)).unwrap_or(usize::MAX);
        if *caller == Caller::ApiToken && counted > self.limits.refusals_before_block {
            refusals.clear();
            self.blocked_until.insert(caller.clone(), now.vendor + self.limits.block);
            return Verdict::Shield;
        }
        Verdict::TooMany(rate)
    }

    pub(super) fn quota(&mut self, now: Moment) -> Quota {
        self.daily.quota(now, &self.ground.clock)
    }

    pub(super) fn set(&mut self, now: Moment, set: SetQuota) {
        self.daily.set(now, set);
    }
}
