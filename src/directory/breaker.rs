//! The breaker before a CRM's live questions: pure, time handed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::metric::Breaker as BreakerState;

/// Leave to ask one question; to be handed back with how it ended.
#[derive(Debug)]
#[must_use = "a pass that is not settled leaves the breaker waiting for its probe"]
pub(super) struct Pass {
    probe: bool,
}

/// Opens after `limit` failures in a row; after `rest`, lets one probe through; closes when a question succeeds.
#[derive(Debug)]
pub(super) struct Breaker {
    limit: u32,
    rest: Duration,
    failures: u32,
    opened: Option<Instant>,
    probing: bool,
}

impl Breaker {
    pub(super) const fn new(limit: u32, rest: Duration) -> Self {
        Self { limit, rest, failures: 0, opened: None, probing: false }
    }

    /// Asks for leave to ask.
    pub(super) fn admit(&mut self, now: Instant) -> Option<Pass> {
        match self.state(now) {
            BreakerState::Closed => Some(Pass { probe: false }),
            BreakerState::HalfOpen if !self.probing => {
                self.probing = true;
                Some(Pass { probe: true })
            }
            BreakerState::Open | BreakerState::HalfOpen => None,
        }
    }

    /// How the question ended; `None` = it says nothing about the CRM (our own quota was spent). Returns whether this
    /// opened it.
    pub(super) fn settle(&mut self, pass: &Pass, success: Option<bool>, now: Instant) -> bool {
        if pass.probe {
            self.probing = false;
        }
        match success {
            Some(true) => {
                self.failures = 0;
                self.opened = None;
            }
            Some(false) => {
                self.failures = self.failures.saturating_add(1);
                if pass.probe || (self.opened.is_none() && self.failures >= self.limit) {
                    self.opened = Some(now);
                    return true;
                }
            }
            None => {}
        }
        false
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.opened {
            None => BreakerState::Closed,
            Some(opened) if now.duration_since(opened) < self.rest => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Breaker, BreakerState};

    const REST: Duration = Duration::from_secs(5);

    fn ask(breaker: &mut Breaker, success: Option<bool>, now: Instant) {
        let pass = breaker.admit(now).expect("leave to ask");
        breaker.settle(&pass, success, now);
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(3, REST);
        for _ in 0..3 {
            ask(&mut breaker, Some(false), now);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let now = Instant::now();
        let mut breaker = Breaker::new(3, REST);
        for success in [false, false, true, false, false] {
            ask(&mut breaker, Some(success), now);
        }
        assert_eq!(breaker.state(now), BreakerState::Closed);
        assert!(opened(now).admit(now).is_none());
    }

    #[test]
    fn after_its_rest_one_probe_goes_through_and_decides() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + REST;
        let probe = breaker.admit(later).expect("a probe");
        assert!(breaker.admit(later).is_none(), "a second question while the probe is under way");
        breaker.settle(&probe, Some(false), later);
        assert_eq!(breaker.state(later), BreakerState::Open);
        ask(&mut breaker, Some(true), later + REST);
        assert_eq!(breaker.state(later + REST), BreakerState::Closed);
    }

    #[test]
    fn a_question_that_was_under_way_when_it_opened_does_not_end_the_probe() {
        let now = Instant::now();
        let mut breaker = Breaker::new(1, REST);
        let slow = breaker.admit(now).expect("leave to ask");
        ask(&mut breaker, Some(false), now);
        let probe = breaker.admit(now + REST).expect("a probe");
        breaker.settle(&slow, Some(false), now + REST);
        assert!(breaker.admit(now + REST).is_none(), "the probe is still under way");
        breaker.settle(&probe, Some(true), now + REST);
        assert_eq!(breaker.state(now + REST), BreakerState::Closed);
    }

    #[test]
    fn a_probe_that_found_no_quota_leaves_the_next_question_to_probe() {
        let now = Instant::now();
        let mut breaker = opened(now);
        ask(&mut breaker, None, now + REST);
        assert!(breaker.admit(now + REST).is_some());
    }
}
