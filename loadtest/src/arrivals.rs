//! When requests are due. Pure: no clock, so that a test reads the whole schedule.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde::Deserialize;

/// How the gaps between two requests are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Every gap is the same.
    Constant,
    /// Calls come independently of each other, as callers do: gaps are exponential, and bursts happen.
    Poisson,
}

/// The moments requests are due, counted from the start of the run; endless.
#[derive(Debug)]
pub struct Schedule {
    spread: Spread,
    gap_s: f64,
    due_s: f64,
    dice: SmallRng,
}

impl Schedule {
    /// `rate` requests a second. The same seed gives the same moments, so that two servers get the same load.
    #[must_use]
    pub fn new(spread: Spread, rate: f64, seed: u64) -> Self {
        Self { spread, gap_s: 1.0 / rate, due_s: 0.0, dice: SmallRng::seed_from_u64(seed) }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let due = Duration::from_secs_f64(self.due_s);
        self.due_s += match self.spread {
            Spread::Constant => self.gap_s,
            Spread::Poisson => -self.gap_s * (1.0 - self.dice.random::<f64>()).ln(),
        };
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Schedule, Spread};

    #[test]
    fn a_constant_rate_has_equal_gaps() {
        let due: Vec<_> = Schedule::new(Spread::Constant, 4.0, 1).take(3).collect();
        assert_eq!(due, [0, 250, 500].map(Duration::from_millis));
    }

    #[test]
    fn poisson_arrivals_keep_the_rate_and_vary_the_gaps() {
        let due: Vec<_> =
            Schedule::new(Spread::Poisson, 1000.0, 7).take(100_001).map(|due| due.as_secs_f64()).collect();
        let gaps: Vec<_> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        #[expect(clippy::cast_precision_loss, reason = "a hundred thousand is exact")]
        let (mean, short) = (due[100_000] / 100_000.0, gaps.iter().filter(|&&gap| gap < 0.001).count() as f64 / 1e5);
        assert!((mean - 0.001).abs() < 0.000_02, "mean gap {mean} s");
        assert!((short - 0.632).abs() < 0.01, "{short} of the gaps are below the mean, expected 1 - 1/e");
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let take = |seed| Schedule::new(Spread::Poisson, 500.0, seed).take(50).collect::<Vec<_>>();
        assert_eq!(take(3), take(3));
        assert_ne!(take(3), take(4));
    }
}
