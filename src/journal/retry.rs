//! When something is tried again. Pure: the dice are handed in.

use std::time::Duration;

/// How often and how long something is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Before the second try.
    pub(super) first: Duration,
    /// Between two tries at the most; each pause is twice the one before.
    pub(super) longest: Duration,
}

/// What the CRM may ask for at the most: what is longer is a misread unit.
const LONGEST_ASKED: Duration = Duration::from_secs(86_400);

impl Schedule {
    /// How long to wait after the attempt numbered `attempt`, from 1; never less than the CRM `asked` for.
    ///
    /// `dice` from 0 to 1 spreads it by a fifth either way, so that what failed together does not come back together.
    /// What the CRM asked for is spread upwards only.
    #[must_use]
    pub(super) fn wait(&self, attempt: u32, asked: Option<Duration>, dice: f64) -> Duration {
        let dice = dice.clamp(0.0, 1.0);
        let doubled =
            self.first.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1).min(31)).unwrap_or(u32::MAX));
        let ours = doubled.min(self.longest).mul_f64(0.8 + 0.4 * dice);
        let theirs = asked.map(|asked| asked.min(LONGEST_ASKED).mul_f64(1.0 + 0.05 * dice));
        theirs.map_or(ours, |theirs| theirs.max(ours))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Schedule;

    const SCHEDULE: Schedule = Schedule { first: Duration::from_secs(5), longest: Duration::from_secs(3_600) };

    #[test]
    fn each_pause_is_twice_the_one_before_up_to_the_longest() {
        let waits: Vec<u64> = (1..=12).map(|attempt| SCHEDULE.wait(attempt, None, 0.5).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
        assert_eq!(SCHEDULE.wait(u32::MAX, None, 0.5).as_secs(), 3_600);
    }

    #[test]
    fn dice_spread_it_by_a_fifth() {
        assert_eq!(SCHEDULE.wait(1, None, 0.0), Duration::from_secs(4));
        assert_eq!(SCHEDULE.wait(1, None, 1.0), Duration::from_secs(6));
    }

    #[test]
    fn it_is_never_sooner_than_the_crm_asked_nor_later_than_a_day() {
        for dice in [0.0, 0.5, 1.0] {
            let wait = SCHEDULE.wait(1, Some(Duration::from_secs(60)), dice);
            assert!(wait >= Duration::from_secs(60) && wait <= Duration::from_secs(63), "{wait:?}");
        }
        let wait = SCHEDULE.wait(1, Some(Duration::from_secs(10_000_000)), 0.0);
        assert_eq!(wait, Duration::from_secs(86_400));
        assert_eq!(SCHEDULE.wait(5, Some(Duration::from_secs(1)), 0.5), Duration::from_secs(80));
    }
}
