//! The burst limits: what live questions and background requests may start in a window, each lane by itself.

use std::time::Duration;

use governor::{
    Quota as Pace, RateLimiter,
    clock::Clock as _,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::Instant;

use crate::crm::quota::{Lane, Limits, Purpose, Rate, window::Window};

/// Of the searches in a window, sweeps and crawls may make one in so many.
const CRAWLED_SEARCHES: u32 = 5;

/// What is counted exactly. A lane without a window has no limit.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    /// The live questions' part of the requests.
    live: Option<Window>,
    /// Every search, whoever makes it.
    searches: Option<Window>,
    /// Those of background requests: all but the live questions' part, for what a call left to be written.
    background_searches: Option<Window>,
    /// Those of them that sweeps and crawls make.
    crawled_searches: Option<Window>,
    search_in_general: bool,
}

impl Lanes {
    pub(super) fn new(limits: &Limits) -> Self {
        let window = |rate: Rate, most| Window::new(most, limits.kept(rate));
        let background = |rate: Rate| rate.requests.saturating_sub(limits.live_searches(rate)).max(1);
        let crawled = |rate: Rate| (rate.requests / CRAWLED_SEARCHES).max(1);
        Self {
            live: limits.general.map(|rate| window(rate, limits.live_general(rate))),
            searches: limits.search.map(|rate| window(rate, rate.requests)),
            background_searches: limits.search.map(|rate| window(rate, background(rate))),
            crawled_searches: limits.search.map(|rate| window(rate, crawled(rate))),
            search_in_general: limits.search_in_general || limits.search.is_none(),
        }
    }

    /// Whether a request of this lane counts in the general window.
    pub(super) const fn counts_in_general(&self, lane: Lane) -> bool {
        matches!(lane, Lane::General) || self.search_in_general
    }

    /// The earliest start of a live question from `earliest` on.
    pub(super) fn next_live(&self, lane: Lane, earliest: Instant) -> Instant {
        // Each later or equal; a start that a window allows it allows later as well.
        let search = self.searches.as_ref().filter(|_| lane == Lane::Search);
        let start = search.map_or(earliest, |searches| searches.next(earliest));
        let live = self.live.as_ref().filter(|_| self.counts_in_general(lane));
        live.map_or(start, |live| live.next(start))
    }

    /// Takes the start that [`Lanes::next_live`] gave.
    pub(super) fn take_live(&mut self, lane: Lane, start: Instant) {
        if self.counts_in_general(lane) {
            take(&mut self.live, start);
        }
        if lane == Lane::Search {
            take(&mut self.searches, start);
        }
    }

    /// The earliest start of a background request from `earliest` on, as far as it is counted exactly.
    pub(super) fn next_background(&self, purpose: Purpose, lane: Lane, earliest: Instant) -> Instant {
        let crawled = self.crawled_searches.as_ref().filter(|_| purpose != Purpose::Write);
        let windows = [self.searches.as_ref(), self.background_searches.as_ref(), crawled];
        let windows = windows.into_iter().flatten().filter(|_| lane == Lane::Search);
        windows.map(|window| window.next(earliest)).max().unwrap_or(earliest)
    }

    pub(super) fn take_background(&mut self, purpose: Purpose, lane: Lane, start: Instant) {
        if lane == Lane::Search {
            take(&mut self.searches, start);
            take(&mut self.background_searches, start);
            if purpose != Purpose::Write {
                take(&mut self.crawled_searches, start);
            }
        }
    }

    /// How many more requests live questions may yet make in the window that ends `now`.
    pub(super) fn live_may_need(&self, now: Instant) -> u32 {
        self.live.as_ref().map_or(0, |live| live.free(now))
    }

    /// Takes in the starts seen under other limits.
    pub(super) fn carry_over(&mut self, before: &Self) {
        let pairs = [
            (&mut self.live, &before.live),
            (&mut self.searches, &before.searches),
            (&mut self.background_searches, &before.background_searches),
            (&mut self.crawled_searches, &before.crawled_searches),
        ];
        for (window, before) in pairs {
            if let (Some(window), Some(before)) = (window, before) {
                window.carry_over(before);
            }
        }
    }
}

fn take(window: &mut Option<Window>, start: Instant) {
    if let Some(window) = window {
        window.take(start);
    }
}

/// Spaces background requests evenly over what live questions leave of the general window.
#[derive(Debug)]
pub(super) struct Pacer {
    limiter: RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>,
    gap: Duration,
}

impl Pacer {
    /// `None` where the vendor limits no window.
    pub(super) fn new(limits: &Limits) -> Option<Self> {
        let general = limits.general?;
        let background = general.requests.saturating_sub(limits.live_general(general)).max(1);
        let gap = gap(background, limits.kept(general));
        let pace = Pace::with_period(gap).unwrap_or_else(|| Pace::per_second(std::num::NonZeroU32::MIN));
        Some(Self { limiter: RateLimiter::direct_with_clock(pace, RuntimeClock(Instant::now())), gap })
    }

    /// From one turn to the next.
    pub(super) const fn gap(&self) -> Duration {
        self.gap
    }

    /// Takes the turn that has come, or says how long until it does.
    pub(super) fn wait(&self) -> Duration {
        match self.limiter.check() {
            Ok(()) => Duration::ZERO,
            // The pacer counts in nanoseconds, the runtime's timer in milliseconds.
            Err(not_until) => not_until.wait_time_from(self.limiter.clock().now()).max(Duration::from_millis(1)),
        }
    }
}

/// One request at a time, `most` in a window: the first at its start, the others after it.
fn gap(most: u32, window: Duration) -> Duration {
    let gaps = most.saturating_sub(1).max(1);
    (window / gaps).max(Duration::from_millis(1))
}

/// Governor's time is the runtime's, so that a test that pauses one pauses both.
#[derive(Debug, Clone)]
struct RuntimeClock(Instant);

impl governor::clock::Clock for RuntimeClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}
