//! The `[journal]` section of the process.

use std::time::Duration;

use crate::config::{
    process::{count, milliseconds, number, seconds},
    section::{Range, Section},
};

/// What happened in calls, and what is written of it.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalSettings {
    /// Clients whose calls are worked on at once, per project.
    pub workers: usize,
    /// How long a worker may be silent before its work is given to another.
    pub lease: Duration,
    /// How soon after a failure it is tried again.
    pub first_retry: Duration,
    /// How long between two tries at the most; each waits twice as long as the one before.
    pub longest_retry: Duration,
    /// How long after it came something is tried at the most.
    pub give_up: Duration,
    /// How often credentials that are not accepted are tried.
    pub probe: Duration,
    /// A recording that is uploaded, at most.
    pub max_recording_bytes: usize,
    /// How long between two downloads of recordings, at least.
    pub recording_gap: Duration,
}

/// Reads the section. What is wrong is noted and replaced by its smallest value.
pub(super) fn read(journal: &Section<'_>) -> JournalSettings {
    let hours = number(journal, "give_up_h", Range::new(1, 8_760, "hours"));
    let mebibytes = count(journal, "max_recording_mib", Range::new(1, 1_024, "MiB"));
    JournalSettings {
        workers: count(journal, "workers", Range::new(1, 64, "clients")),
        lease: seconds(journal, "lease_s", 10, 3_600),
        first_retry: seconds(journal, "first_retry_s", 1, 3_600),
        longest_retry: seconds(journal, "longest_retry_s", 1, 86_400),
        give_up: Duration::from_secs(hours * 3_600),
        probe: seconds(journal, "probe_s", 1, 3_600),
        max_recording_bytes: mebibytes << 20,
        recording_gap: milliseconds(journal, "recording_gap_ms", 0, 60_000),
    }
}
