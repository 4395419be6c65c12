//! What requests cost: the day's tokens, the burst windows, and the page that comes to those who do not stop.
//!
//! # Source
//! Costs per operation: `x-token-cost` of the vendor's description. Windows, plans, headers: the vendor's page on rate
//! limiting, seen 2026-11-20. A spent day is a 429 like a spent window, with the same body and headers: the vendor
//! documents nothing that would tell one from the other.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use super::{
    clock::Moment,
    options::{Limits, Options, Plan},
};

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

/// The day's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Quota {
    /// Tokens a day.
    pub daily: u64,
    /// Of these spent today.
    pub used: u64,
    /// Until the next day begins, as somebody who waits measures it.
    pub renewed_in_s: u64,
}

/// The account's meter.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    plan: Plan,
    speed: f64,
    daily: u64,
    day: u64,
    used: u64,
    windows: HashMap<(Caller, bool), VecDeque<Duration>>,
    refusals: HashMap<Caller, VecDeque<Duration>>,
    blocked_until: HashMap<Caller, Duration>,
}

impl Meter {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            limits: options.limits.clone(),
            plan: options.plan,
            speed: options.speed,
            daily: options.daily_tokens(),
            day: 0,
            used: 0,
            windows: HashMap::new(),
            refusals: HashMap::new(),
            blocked_until: HashMap::new(),
        }
    }

    /// Charges a request, or says why it is not answered. A refused request costs no tokens.
    pub(super) fn charge(&mut self, now: Moment, caller: &Caller, price: Price) -> Verdict {
        self.renew(now);
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
        if self.used + price.tokens > self.daily {
            return self.refuse(caller, now, Rate { remaining: 0, ..rate });
        }
        self.used += price.tokens;
        self.windows.entry((caller.clone(), false)).or_default().push_back(now.vendor);
        if price.search {
            self.windows.entry((caller.clone(), true)).or_default().push_back(now.vendor);
        }
        Verdict::Pass(Rate { remaining: rate.remaining - 1, ..rate })
    }

    fn rate(&mut self, window: (Caller, bool), limit: usize, now: Moment) -> Rate {
        let span = self.limits.window;
        let requests = self.windows.entry(window).or_default();
        while requests.front().is_some_and(|&at| at + span <= now.vendor) {
            requests.pop_front();
        }
        let free = requests.front().map_or(span, |&at| at + span - now.vendor);
        let remaining = limit.saturating_sub(requests.len());
        // Rounded up, or whoever waits exactly as told would come a moment too early.
        let waited = free.div_f64(self.speed) + Duration::from_millis(999);
        Rate { limit, remaining, reset_s: waited.as_secs().max(1) }
    }

    /// Who keeps asking in spite of 429s gets the page; only API tokens do, the vendor says.
    fn refuse(&mut self, caller: &Caller, now: Moment, rate: Rate) -> Verdict {
        let refusals = self.refusals.entry(caller.clone()).or_default();
        while refusals.front().is_some_and(|&at| at + PERSISTING <= now.vendor) {
            refusals.pop_front();
        }
        refusals.push_back(now.vendor);
        if *caller == Caller::ApiToken && refusals.len() > self.limits.refusals_before_block {
            refusals.clear();
            self.blocked_until.insert(caller.clone(), now.vendor + self.limits.block);
            return Verdict::Shield;
        }
        Verdict::TooMany(rate)
    }

    fn renew(&mut self, now: Moment) {
        if self.day != now.day {
            (self.day, self.used) = (now.day, 0);
        }
    }

    pub(super) fn quota(&mut self, now: Moment) -> Quota {
        self.renew(now);
        let renewed_in_s = now.left_of_day.div_f64(self.speed).as_secs();
        Quota { daily: self.daily, used: self.used, renewed_in_s }
    }

    pub(super) fn set(&mut self, now: Moment, daily: Option<u64>, used: Option<u64>) {
        self.renew(now);
        self.daily = daily.unwrap_or(self.daily);
        self.used = used.unwrap_or(self.used);
    }
}
