//! What vendors count: requests in a window, credits a day, requests at once. All in vendor time.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::clock::{Clock, Moment};

/// A window that rolls: what was taken falls out when the span is over.
#[derive(Debug)]
pub struct Rolling {
    span: Duration,
    taken: VecDeque<(Duration, u64)>,
    sum: u64,
}

impl Rolling {
    /// An empty window.
    #[must_use]
    pub const fn new(span: Duration) -> Self {
        Self { span, taken: VecDeque::new(), sum: 0 }
    }

    /// How much is taken at `now`.
    pub fn used(&mut self, now: Moment) -> u64 {
        while let Some(&(at, weight)) = self.taken.front()
            && at + self.span <= now.vendor
        {
            self.taken.pop_front();
            self.sum -= weight;
        }
        self.sum
    }

    /// Vendor time until the oldest falls out; the whole span where there is none.
    #[must_use]
    pub fn free_in(&self, now: Moment) -> Duration {
        self.taken.front().map_or(self.span, |&(at, _)| (at + self.span).saturating_sub(now.vendor))
    }

    /// Takes.
    pub fn take(&mut self, now: Moment, weight: u64) {
        self.sum += weight;
        self.taken.push_back((now.vendor, weight));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.taken.clear();
        self.sum = 0;
    }
}

/// Windows that follow one another from the start of the vendor's time: all that was taken is free at once.
#[derive(Debug)]
pub struct Fixed {
    span: Duration,
    window: u128,
    used: u64,
}

impl Fixed {
    /// An empty window.
    #[must_use]
    pub const fn new(span: Duration) -> Self {
        Self { span, window: 0, used: 0 }
    }

    /// How much is taken at `now`.
    pub const fn used(&mut self, now: Moment) -> u64 {
        let window = now.vendor.as_nanos() / self.span.as_nanos();
        if self.window != window {
            (self.window, self.used) = (window, 0);
        }
        self.used
    }

    /// Vendor time until the next window.
    #[must_use]
    pub fn free_in(&self, now: Moment) -> Duration {
        let gone = now.vendor.as_nanos() % self.span.as_nanos();
        self.span.saturating_sub(Duration::from_nanos(u64::try_from(gone).unwrap_or(u64::MAX)))
    }

    /// Takes.
    pub const fn take(&mut self, now: Moment, weight: u64) {
        self.used(now);
        self.used += weight;
    }
}

/// The day's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Quota {
    /// So much a day.
    pub daily: u64,
    /// Of this spent today.
    pub used: u64,
    /// Until the next day begins, as somebody who waits measures it.
    pub renewed_in_s: u64,
}

/// `POST /sandbox/quota` of most stand-ins.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetQuota {
    /// So much a day.
    pub daily: Option<u64>,
    /// Of this spent today.
    pub used: Option<u64>,
}

/// A budget that is whole again with each of the vendor's days (UTC).
#[derive(Debug)]
pub struct Daily {
    daily: u64,
    day: u64,
    used: u64,
}

impl Daily {
    /// A whole budget.
    #[must_use]
    pub const fn new(daily: u64) -> Self {
        Self { daily, day: 0, used: 0 }
    }

    /// Whether so much is left.
    pub const fn has(&mut self, now: Moment, cost: u64) -> bool {
        self.renew(now);
        self.used + cost <= self.daily
    }

    /// Spends, whatever is left.
    pub const fn spend(&mut self, now: Moment, cost: u64) {
        self.renew(now);
        self.used += cost;
    }

    const fn renew(&mut self, now: Moment) {
        if self.day != now.day {
            (self.day, self.used) = (now.day, 0);
        }
    }

    /// What is left.
    pub fn quota(&mut self, now: Moment, clock: &Clock) -> Quota {
        self.renew(now);
        let renewed_in_s = clock.waited(now.left_of_day).as_secs();
        Quota { daily: self.daily, used: self.used, renewed_in_s }
    }

    /// Sets what is left.
    pub fn set(&mut self, now: Moment, set: SetQuota) {
        self.renew(now);
        self.daily = set.daily.unwrap_or(self.daily);
        self.used = set.used.unwrap_or(self.used);
    }
}

/// Requests that are answered at once.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<AtomicUsize>);

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub struct UnderWay(Arc<AtomicUsize>);

impl InFlight {
    /// One more, where that makes at most `most`.
    #[must_use]
    pub fn enter(&self, most: usize) -> Option<UnderWay> {
        let one_more = |now: usize| (now < most).then_some(now + 1);
        let entered = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        entered.is_ok().then(|| UnderWay(Arc::clone(&self.0)))
    }

    /// How many there are.
    #[must_use]
    pub fn now(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Daily, Fixed, InFlight, Rolling, SetQuota};
    use crate::kit::{Clock, Moment};

    fn at(clock: &Clock, s: u64) -> Moment {
        Moment { vendor: Duration::from_secs(s), day: s / 86_400, ..clock.now() }
    }

    #[test]
    fn a_rolling_window_frees_what_was_taken_a_span_ago_and_a_fixed_one_all_at_its_end() {
        let clock = Clock::start(1.0, true);
        let (mut rolling, mut fixed) = (Rolling::new(Duration::from_secs(10)), Fixed::new(Duration::from_secs(10)));
        for (s, weight) in [(8, 2), (9, 3)] {
            rolling.take(at(&clock, s), weight);
            fixed.take(at(&clock, s), weight);
        }
        assert_eq!((rolling.used(at(&clock, 9)), fixed.used(at(&clock, 9))), (5, 5));
        assert_eq!(
            (rolling.free_in(at(&clock, 9)), fixed.free_in(at(&clock, 9))),
            (Duration::from_secs(9), Duration::from_secs(1))
        );
        assert_eq!((rolling.used(at(&clock, 17)), fixed.used(at(&clock, 10))), (5, 0));
        assert_eq!((rolling.used(at(&clock, 18)), rolling.used(at(&clock, 19))), (3, 0));
    }

    #[test]
    fn a_day_is_spent_until_the_next_begins() {
        let clock = Clock::start(1.0, true);
        let mut daily = Daily::new(10);
        daily.spend(at(&clock, 1), 8);
        assert!(daily.has(at(&clock, 2), 2) && !daily.has(at(&clock, 2), 3));
        daily.set(at(&clock, 2), SetQuota { daily: Some(11), used: None });
        assert!(daily.has(at(&clock, 2), 3));
        assert!(daily.has(at(&clock, 86_400), 11), "another day");
    }

    #[test]
    fn no_more_are_in_flight_than_may_be_and_each_that_ends_makes_room() {
        let in_flight = InFlight::default();
        let one = in_flight.enter(2);
        let other = in_flight.enter(2);
        assert!(one.is_some() && other.is_some() && in_flight.enter(2).is_none());
        drop(one);
        assert_eq!(in_flight.now(), 1);
        assert!(in_flight.enter(2).is_some());
    }
}
