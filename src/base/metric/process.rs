//! What is counted and measured for the process.

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use super::names::{ProcessCount, ProcessLevel};

/// What belongs to no project.
#[derive(Debug)]
pub struct ProcessMetrics {
    pub(super) counts: [Counter; ProcessCount::ALL.len()],
    pub(super) levels: [Gauge; ProcessLevel::ALL.len()],
}

impl ProcessMetrics {
    /// One more.
    pub fn count(&self, what: ProcessCount) {
        self.counts[what as usize].inc();
    }

    /// How often so far.
    #[must_use]
    pub fn counted(&self, what: ProcessCount) -> u64 {
        self.counts[what as usize].get()
    }

    /// One more; pair it with [`ProcessMetrics::fell`] in a guard's drop.
    pub fn rose(&self, what: ProcessLevel) {
        self.levels[what as usize].inc();
    }

    /// One less.
    pub fn fell(&self, what: ProcessLevel) {
        self.levels[what as usize].dec();
    }

    /// Where it stands now.
    pub fn set(&self, what: ProcessLevel, now: i64) {
        self.levels[what as usize].set(now);
    }

    /// Where it stands.
    #[must_use]
    pub fn level(&self, what: ProcessLevel) -> i64 {
        self.levels[what as usize].get()
    }
}
