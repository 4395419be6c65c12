//! Time, handed in so that tests decide it.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use tokio::time::Instant;

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stood at `start` when the runtime's clock stood at `at` and follows it: with the runtime's time
    /// paused, a test moves both together.
    Following {
        /// The time it was.
        start: Timestamp,
        /// The runtime's instant it was then.
        at: Instant,
        /// By how many milliseconds somebody has set it since.
        set_ms: Option<&'static AtomicI64>,
    },
}

impl Clock {
    /// A clock for tests: it is `start` now, and passes as the runtime's (paused) time does.
    #[must_use]
    pub fn following(start: Timestamp) -> Self {
        Self::Following { start, at: Instant::now(), set_ms: None }
    }

    /// The same, which can be set forward and back as a machine's can, by so many milliseconds. What is added to lives for
    /// as long as the process.
    #[must_use]
    pub fn settable(start: Timestamp) -> (Self, &'static AtomicI64) {
        let set_ms: &'static AtomicI64 = Box::leak(Box::default());
        (Self::Following { start, at: Instant::now(), set_ms: Some(set_ms) }, set_ms)
    }

    /// The wall clock's time.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Following { start, at, set_ms } => {
                let set_ms = set_ms.map_or(0, |set_ms| set_ms.load(Ordering::Relaxed));
                let now = start.checked_add(at.elapsed()).unwrap_or(Timestamp::MAX);
                now.checked_add(jiff::SignedDuration::from_millis(set_ms)).unwrap_or(now)
            }
        }
    }

    /// Seconds since 1970 UTC.
    #[must_use]
    pub fn now_s(self) -> i64 {
        self.now().as_second()
    }
}

/// The wall clock's time for those who wait until one, whatever becomes of the wall clock: it may be set forward and back
/// by hours, and what lasts a minute lasts a minute.
///
/// # Units
/// Milliseconds since 1970 UTC.
#[derive(Debug)]
pub struct Steady {
    clock: Clock,
    began_ms: i64,
    at: Instant,
    /// How far ahead of the time that passed the wall clock was seen at the most.
    ahead_ms: AtomicI64,
}

impl Steady {
    /// Begins with what the clock says now.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let began_ms = clock.now().as_millisecond();
        Self { clock, began_ms, at: Instant::now(), ahead_ms: AtomicI64::new(0) }
    }

    /// The wall clock's time that is never set back: until when something waits is said by it and compared with it.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let passed_ms = self.passed_ms();
        let ahead_ms = self.clock.now().as_millisecond().saturating_sub(passed_ms);
        passed_ms.saturating_add(self.ahead_ms.fetch_max(ahead_ms, Ordering::Relaxed).max(ahead_ms))
    }

    /// What it is at the earliest: the wall clock's time, or that at the beginning and what has passed since. For those
    /// who would forget too much by a clock that is ahead.
    #[must_use]
    pub fn earliest_ms(&self) -> i64 {
        self.clock.now().as_millisecond().min(self.passed_ms())
    }

    /// How far the wall clock has been set forward since the beginning.
    #[must_use]
    pub fn set_forward_ms(&self) -> i64 {
        self.clock.now().as_millisecond().saturating_sub(self.passed_ms()).max(0)
    }

    fn passed_ms(&self) -> i64 {
        self.began_ms.saturating_add(i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::Ordering, time::Duration};

    use jiff::Timestamp;

    use super::{Clock, Steady};

    const HOUR_MS: i64 = 3_600_000;

    #[tokio::test(start_paused = true)]
    async fn what_lasts_a_minute_lasts_a_minute_while_the_wall_clock_is_set_forward_and_back() {
        let (clock, set_ms) = Clock::settable(Timestamp::from_second(1_795_000_000).expect("a time"));
        let steady = Steady::new(clock);
        let began_ms = steady.now_ms();
        assert_eq!((began_ms, steady.earliest_ms()), (1_795_000_000_000, 1_795_000_000_000));
        set_ms.store(-5 * HOUR_MS, Ordering::Relaxed);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(steady.now_ms(), began_ms + 60_000);
        assert_eq!(steady.earliest_ms(), began_ms + 60_000 - 5 * HOUR_MS);
        // Ahead, it is followed: whoever waits is let go and nobody waits for hours.
        set_ms.store(3 * HOUR_MS, Ordering::Relaxed);
        let ahead_ms = steady.now_ms();
        assert_eq!((ahead_ms, steady.set_forward_ms()), (began_ms + 60_000 + 3 * HOUR_MS, 3 * HOUR_MS));
        assert_eq!(steady.earliest_ms(), began_ms + 60_000);
        // And when that is taken back, what was said by it holds.
        set_ms.store(0, Ordering::Relaxed);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((steady.now_ms(), steady.set_forward_ms()), (ahead_ms + 60_000, 0));
    }
}
