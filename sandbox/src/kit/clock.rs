//! A stand-in's time.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

/// Two times in one. *Wall* is the time records are stamped with, the same that a client of the stand-in sees on its own
/// clock. *Vendor* is how long the vendor has been running: it passes `speed` times as fast, and everything the vendor
/// measures (burst windows, the day of the token budget, the life of access tokens, the lag of the search index) is
/// measured in it. So `speed` divides all of them alike, and whoever waits as told waits that much less.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    started_at: Timestamp,
    speed: f64,
    still: bool,
    /// By how much a test moved both times, in milliseconds.
    moved_ms: AtomicU64,
}

/// One moment of both times.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Vendor time since the start.
    pub vendor: Duration,
    /// What records are stamped with.
    pub wall: Timestamp,
    /// The vendor's day, counted from 1970 in vendor time.
    pub day: u64,
    /// Vendor time until the next one.
    pub left_of_day: Duration,
}

const DAY_S: u64 = 86_400;

impl Clock {
    pub(crate) fn start(speed: f64, still: bool) -> Self {
        Self { started: Instant::now(), started_at: Timestamp::now(), speed, still, moved_ms: AtomicU64::new(0) }
    }

    /// Both times, now.
    #[must_use]
    pub fn now(&self) -> Moment {
        let moved = Duration::from_millis(self.moved_ms.load(Ordering::Acquire));
        let real = if self.still { Duration::ZERO } else { self.started.elapsed() };
        let vendor = real.mul_f64(self.speed) + moved;
        let wall = self.started_at.checked_add(real + moved).unwrap_or(Timestamp::MAX);
        let started = Duration::from_secs(u64::try_from(self.started_at.as_second()).unwrap_or(0));
        let day_s = (started + vendor).as_secs();
        let left_of_day = Duration::from_secs(DAY_S - day_s % DAY_S);
        Moment { vendor, wall, day: day_s / DAY_S, left_of_day }
    }

    /// How long somebody waits, on their own clock, for so much vendor time to pass.
    #[must_use]
    pub fn waited(&self, vendor: Duration) -> Duration {
        vendor.div_f64(self.speed)
    }

    /// The same in whole seconds, rounded up and at least one: whoever waits exactly as told does not come too early.
    #[must_use]
    pub fn waited_s(&self, vendor: Duration) -> u64 {
        (self.waited(vendor) + Duration::from_millis(999)).as_secs().max(1)
    }

    /// Lets both times pass without waiting.
    pub fn advance(&self, by: Duration) {
        self.moved_ms.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }
}
