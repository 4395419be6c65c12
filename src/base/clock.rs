//! Time, handed in so that tests decide it.

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
    },
}

impl Clock {
    /// A clock for tests: it is `start` now, and passes as the runtime's (paused) time does.
    #[must_use]
    pub fn following(start: Timestamp) -> Self {
        Self::Following { start, at: Instant::now() }
    }

    /// The wall clock's time.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Following { start, at } => start.checked_add(at.elapsed()).unwrap_or(Timestamp::MAX),
        }
    }

    /// Seconds since 1970 UTC.
    #[must_use]
    pub fn now_s(self) -> i64 {
        self.now().as_second()
    }
}
