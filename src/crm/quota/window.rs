//! A rolling window, counted exactly.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// At most so many starts in any stretch of the window's length. Starts are taken in order and may lie ahead: whoever
/// took one waits for it.
#[derive(Debug, Clone)]
pub(super) struct Window {
    most: usize,
    length: Duration,
    /// The last starts, oldest first; never more than `most`.
    starts: VecDeque<Instant>,
}

impl Window {
    pub(super) fn new(most: u32, length: Duration) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        Self { most, length, starts: VecDeque::new() }
    }

    /// How many starts the window that ends `now` still takes.
    pub(super) fn free(&self, now: Instant) -> u32 {
        let taken = self.starts.len() - self.starts.partition_point(|&start| start + self.length <= now);
        u32::try_from(self.most.saturating_sub(taken)).unwrap_or(u32::MAX)
    }

    /// The earliest start from `earliest` on.
    pub(super) fn next(&self, earliest: Instant) -> Instant {
        let after_last = self.starts.back().map_or(earliest, |&last| last.max(earliest));
        let full = self.starts.len() >= self.most;
        match self.starts.front() {
            Some(&oldest) if full => after_last.max(oldest + self.length),
            _ => after_last,
        }
    }

    /// Takes the start that [`Window::next`] gave.
    pub(super) fn take(&mut self, start: Instant) {
        if self.starts.len() >= self.most {
            self.starts.pop_front();
        }
        self.starts.push_back(start);
    }

    /// Takes in the starts of another window, which may have been of another size.
    pub(super) fn carry_over(&mut self, before: &Self) {
        let mut starts: Vec<_> = self.starts.iter().chain(&before.starts).copied().collect();
        starts.sort_unstable();
        let too_many = starts.len().saturating_sub(self.most);
        self.starts = starts.into_iter().skip(too_many).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{Strategy, proptest};
    use tokio::time::Instant;

    use super::Window;

    const LENGTH: Duration = Duration::from_millis(2100);

    proptest! {
        #[test]
        fn no_stretch_of_the_windows_length_holds_more_and_order_is_kept(
            most in 1_u32..12,
            gaps in proptest::collection::vec((0_u64..600).prop_map(Duration::from_millis), 1..80),
        ) {
            let mut window = Window::new(most, LENGTH);
            let mut now = Instant::now();
            let mut taken = Vec::new();
            for gap in gaps {
                now += gap;
                let start = window.next(now);
                window.take(start);
                assert!(start >= now && taken.last().is_none_or(|&last| start >= last));
                taken.push(start);
            }
            let most = most as usize;
            assert!((most..taken.len()).all(|at| taken[at] - taken[at - most] >= LENGTH));
        }
    }

    #[test]
    fn a_whole_window_may_start_at_once_and_the_next_when_the_first_has_left() {
        let (now, mut window) = (Instant::now(), Window::new(3, LENGTH));
        for _ in 0..3 {
            assert_eq!(window.next(now), now);
            window.take(now);
        }
        assert_eq!((window.next(now), window.free(now)), (now + LENGTH, 0));
        assert_eq!(window.free(now + LENGTH), 3);
    }
}
