//! What was spent in the last 24 hours, by the hour.

use std::{collections::VecDeque, time::Duration};

use crate::crm::quota::Spent;

const HOUR_MS: i64 = 3_600_000;
/// An hour counts from its beginning until it lies a whole day back: the one under way and 24 before it.
const COUNTED: i64 = 25;

/// How long what was spent may count at the most.
pub(super) const LONGEST: Duration = Duration::from_secs(25 * 3_600);

/// What was spent, in hours counted from 1970. What was spent within an hour counts as spent at its end, so that we never
/// believe in units that have not come back: the window is up to an hour longer than the vendor's.
#[derive(Debug, Clone, Default)]
pub(super) struct Hours {
    /// Oldest first, each later than the one before, none empty.
    hours: VecDeque<(i64, Spent)>,
}

impl Hours {
    pub(super) fn turn(&mut self, now_ms: i64) {
        let under_way = now_ms.div_euclid(HOUR_MS);
        while self.hours.front().is_some_and(|&(hour, _)| hour.saturating_add(COUNTED) <= under_way) {
            self.hours.pop_front();
        }
    }

    /// A clock that was set back adds to the last hour known: it is the safer side.
    pub(super) fn add(&mut self, spent: Spent, now_ms: i64) {
        let under_way = now_ms.div_euclid(HOUR_MS);
        match self.hours.back_mut() {
            Some((hour, known)) if *hour >= under_way => *known = known.plus(spent),
            _ => self.hours.push_back((under_way, spent)),
        }
    }

    pub(super) fn spent(&self) -> Spent {
        self.hours.iter().fold(Spent::default(), |sum, &(_, spent)| sum.plus(spent))
    }

    /// When it is that less is spent, each time with what is still spent then.
    pub(super) fn coming_back(&self) -> impl Iterator<Item = (i64, Spent)> {
        self.hours.iter().scan(self.spent(), |spent, &(hour, of_it)| {
            *spent = spent.minus(of_it);
            Some((counts_until_ms(hour), *spent))
        })
    }

    /// Since when what is counted could be spent.
    pub(super) const fn from_ms(now_ms: i64) -> i64 {
        (now_ms.div_euclid(HOUR_MS) + 1 - COUNTED).saturating_mul(HOUR_MS)
    }

    /// Every hour with what was spent in it.
    pub(super) fn each(&self) -> Vec<(i64, Spent)> {
        self.hours.iter().copied().collect()
    }

    /// Hours as they were kept; those ahead of now are none.
    pub(super) fn recalled(mut hours: Vec<(i64, Spent)>, now_ms: i64) -> Self {
        hours.retain(|&(hour, _)| hour <= now_ms.div_euclid(HOUR_MS));
        let mut recalled = Self::default();
        recalled.carry_over(&Self { hours: hours.into() });
        recalled.turn(now_ms);
        recalled
    }

    pub(super) fn carry_over(&mut self, before: &Self) {
        let mut hours: Vec<_> = self.hours.iter().chain(&before.hours).copied().collect();
        hours.sort_unstable_by_key(|&(hour, _)| hour);
        self.hours.clear();
        for (hour, spent) in hours {
            self.add(spent, hour.saturating_mul(HOUR_MS));
        }
    }
}

/// When what was spent within an hour comes back.
pub(super) const fn counts_until_ms(hour: i64) -> i64 {
    hour.saturating_add(COUNTED).saturating_mul(HOUR_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{HOUR_MS, Hours, Spent};

    const DAY_MS: i64 = 24 * HOUR_MS;

    fn crawl(crawl: u64) -> Spent {
        Spent { crawl, ..Spent::default() }
    }

    proptest! {
        #[test]
        fn what_was_spent_counts_for_a_day_at_least_and_for_an_hour_more_at_most(
            spends in proptest::collection::vec((0_i64..5 * HOUR_MS, 1_u64..100), 1..60),
        ) {
            let (mut hours, mut now, mut log) = (Hours::default(), 1_700_000_000_000, Vec::new());
            for (gap, cost) in spends {
                now += gap;
                hours.turn(now);
                hours.add(crawl(cost), now);
                log.push((now, cost));
                let within = |length: i64| log.iter().filter(|(at, _)| at + length > now).map(|(_, cost)| cost).sum::<u64>();
                let spent = hours.spent().crawl;
                assert!((within(DAY_MS)..=within(DAY_MS + HOUR_MS)).contains(&spent));
            }
        }
    }

    #[test]
    fn it_comes_back_hour_by_hour() {
        let mut hours = Hours::default();
        hours.add(crawl(5), HOUR_MS / 2);
        hours.add(crawl(7), HOUR_MS);
        let coming: Vec<_> = hours.coming_back().map(|(at, spent)| (at / HOUR_MS, spent.crawl)).collect();
        assert_eq!(coming, [(25, 7), (26, 0)]);
        hours.turn(25 * HOUR_MS - 1);
        assert_eq!(hours.spent().crawl, 12);
        hours.turn(25 * HOUR_MS);
        assert_eq!(hours.spent().crawl, 7);
    }
}
