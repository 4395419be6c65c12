//! The lines in which background requests wait: what a call left to be written in one, sweeps and crawls in the other.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout_at},
};

use crate::crm::quota::Purpose;

/// So many turns of the pacer a sweep or a crawl leaves to writes that wait, before each of its own: it is slower then
/// and never stands still.
pub(super) const YIELDS: u32 = 3;

/// First come first served, each line by itself; the one in front waits for what all of them share.
#[derive(Debug, Default)]
pub(super) struct Lines {
    writes: Mutex<()>,
    others: Mutex<()>,
    waiting: AtomicUsize,
}

/// A write that waits, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a AtomicUsize);

impl Lines {
    /// Says that a request waits, where others yield to it.
    pub(super) fn wait(&self, purpose: Purpose) -> Option<Waiting<'_>> {
        (purpose == Purpose::Write).then(|| {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            Waiting(&self.waiting)
        })
    }

    /// To be in front of its line; `None` where that is not before `until`.
    pub(super) async fn front(&self, purpose: Purpose, until: Instant) -> Option<MutexGuard<'_, ()>> {
        let line = if purpose == Purpose::Write { &self.writes } else { &self.others };
        timeout_at(until, line.lock()).await.ok()
    }

    /// Whether a request of this purpose is to yield.
    pub(super) fn yields(&self, purpose: Purpose) -> bool {
        purpose != Purpose::Write && self.waiting.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
