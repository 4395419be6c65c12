//! When requests left, by a clock that nobody sets: whether the CRM would show by now what it may have written.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Longer than any vendor takes to show what was written.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(86_400);

/// The requests of this process whose end is not noted.
#[derive(Debug)]
pub(super) struct Sent {
    /// What an earlier process sent counts from here: the wall clock may have been set since.
    began: Instant,
    left: Mutex<HashMap<String, Instant>>,
}

impl Default for Sent {
    fn default() -> Self {
        Self { began: Instant::now(), left: Mutex::default() }
    }
}

impl Sent {
    /// A request is about to leave for the step of this mark.
    pub(super) fn leaves(&self, mark: &str) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|_, at| at.elapsed() < FORGOTTEN_AFTER);
        left.insert(mark.to_owned(), Instant::now());
    }

    /// What became of it is noted in the journal.
    pub(super) fn noted(&self, mark: &str) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(mark);
    }

    /// How long ago it left, at the least.
    pub(super) fn since(&self, mark: &str) -> Duration {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.get(mark).unwrap_or(&self.began).elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Sent;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_left_counts_from_then_and_what_an_earlier_process_sent_from_the_beginning() {
        let sent = Sent::default();
        tokio::time::advance(60 * SECOND).await;
        sent.leaves("a");
        tokio::time::advance(SECOND).await;
        assert_eq!((sent.since("a"), sent.since("b")), (SECOND, 61 * SECOND));
        sent.leaves("a");
        assert_eq!(sent.since("a"), Duration::ZERO, "again");
        sent.noted("a");
        tokio::time::advance(2 * super::FORGOTTEN_AFTER).await;
        sent.leaves("c");
        assert!(sent.since("a") > super::FORGOTTEN_AFTER);
    }
}
