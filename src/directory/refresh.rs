//! Keeping the directory fresh: the first crawl, then sweeps, and the nightly crawl that notices what was deleted.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::{ToSpan, Zoned};
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    Directory,
    crawl::Ending,
    warm::{WarmRequest, WarmState},
};

use crate::base::metric::Count;

/// How long a first crawl that failed is let be before the second try, and at most before any.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(900);
/// How long a nightly crawl that failed is let be.
const NIGHTLY_AGAIN: Duration = Duration::from_secs(1_800);
const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// The users are read with every so many sweeps: somebody new is to be found the same quarter of an hour.
const USERS_EVERY: u32 = 15;
const FULL: WarmRequest = WarmRequest { full: true, force: false };
/// How often moka's housekeeping is done, well inside the 300 ms after which a caller's `get` would do it.
const HOUSEKEEPING: Duration = Duration::from_millis(100);

impl Directory {
    /// Fills the directory and keeps it fresh until `stop`. One task per project, on the work runtime.
    pub async fn keep_fresh(self: Arc<Self>, stop: CancellationToken) {
        let house = self.keep_house();
        let refresh = self.refresh();
        let (hints, wide) = (self.follow_hints(), self.follow_wide_hints());
        let snapshots = self.keep_snapshots();
        tokio::select! {
            () = house => {}
            () = hints => {}
            () = wide => {}
            () = refresh => {}
            () = snapshots => {}
            () = stop.cancelled() => {}
        }
        self.stop_warm();
    }

    async fn keep_house(&self) {
        let mut tick = interval(HOUSEKEEPING);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.cache.keep_house();
        }
    }

    async fn refresh(self: &Arc<Self>) {
        let (mut failing, mut sweeps, mut weekly) = (false, 0_u32, false);
        let mut nightly = self.begin_with(&mut failing).await;
        self.tell_rhythm(&mut weekly);
        let mut next_full = self.next_full_crawl();
        loop {
            let next_sweep = Instant::now() + self.sweep_every();
            // A crawl under way may outlive the next one's minute: that is not to be woken by over and over.
            let wake = if nightly.is_none() { next_sweep.min(next_full) } else { next_sweep };
            let adopted = tokio::select! {
                () = tokio::time::sleep_until(wake) => false,
                () = self.hints.sweep_now.notified() => false,
                () = self.adopted.notified() => true,
                ended = end_of(&mut nightly) => {
                    nightly = None;
                    self.tell_rhythm(&mut weekly);
                    let failed = ended == WarmState::Failed;
                    let again = if failed { Instant::now() + NIGHTLY_AGAIN } else { self.next_full_crawl() };
                    next_full = if failed { next_full.min(again) } else { again };
                    continue;
                }
            };
            if adopted {
                next_full = self.next_full_crawl();
            }
            if Instant::now() >= next_full && nightly.is_none() {
                next_full = self.next_full_crawl();
                // Sweeps go on while it runs: it may take hours on a small quota.
                let directory = Arc::clone(self);
                nightly = Some(tokio::spawn(async move { directory.warm_and_wait(FULL).await }));
                continue;
            }
            let _told_by_itself = self.routine_sweep(&mut failing).await;
            sweeps = sweeps.wrapping_add(1);
            if adopted || sweeps.is_multiple_of(USERS_EVERY) {
                let _told_by_the_sweeps = self.read_users(None).await;
            }
        }
    }

    /// Fills the directory, or brings the snapshot that it began with up to date: by what changed since, or, where that is
    /// too long ago for the CRM to tell, by a full crawl, which is under way when this returns.
    async fn begin_with(self: &Arc<Self>, failing: &mut bool) -> Option<JoinHandle<WarmState>> {
        let Some(age) = self.snapshot_age() else {
            self.first_crawl().await;
            return None;
        };
        let mut anew = !self.can_catch_up(age);
        if !anew {
            anew = self.routine_sweep(failing).await.is_err_and(|ending| ending.was_refused);
            let _told_by_the_sweeps = self.read_users(None).await;
        }
        if !anew {
            return None;
        }
        tracing::info!(project = %self.project, age_s = age.as_secs(), "what changed since the snapshot cannot be told; everything is read anew");
        let directory = Arc::clone(self);
        Some(tokio::spawn(async move {
            directory.first_crawl().await;
            WarmState::Done
        }))
    }

    /// Tries until the directory is complete. A crawl that failed is begun anew after a pause that grows; one that was
    /// refused or stopped would be again, and waits for the night, for another configuration, or for an operator.
    async fn first_crawl(self: &Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let state = self.warm_and_wait(FULL).await;
            let next = match state {
                WarmState::Done => return,
                WarmState::Refused | WarmState::Stopped => self.next_full_crawl(),
                WarmState::Failed | WarmState::Never | WarmState::Running => Instant::now() + pause,
            };
            pause = LONGEST_PAUSE.min(2 * pause);
            let mut progress = self.warm_progress();
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.adopted.notified() => pause = FIRST_PAUSE,
                _ = progress.wait_for(|run| run.full && run.state == WarmState::Done) => return,
            }
        }
    }

    async fn routine_sweep(&self, failing: &mut bool) -> Result<(), Ending> {
        let ended = self.sweep(None).await;
        if ended.is_err() {
            self.metrics.count(Count::SweepsFailed);
        }
        // Logged when it begins to fail and when it works again, not every minute.
        match &ended {
            Err(ending) if !*failing => {
                tracing::warn!(project = %self.project, reason = ending.reason.as_deref(), "sweeps began to fail");
            }
            Ok(()) if *failing => tracing::info!(project = %self.project, "sweeps work again"),
            _ => {}
        }
        *failing = ended.is_err();
        ended
    }

    async fn warm_and_wait(self: &Arc<Self>, request: WarmRequest) -> WarmState {
        if let Ok((id, stop)) = self.begin(request) {
            return Arc::clone(self).run(id, request, stop).await;
        }
        let mut progress = self.warm_progress();
        let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await;
        ended.map_or(WarmState::Failed, |progress| if progress.full { progress.state } else { WarmState::Failed })
    }

    /// The instant of the next full crawl, at its minute in the project's zone; a day that has no such minute takes the
    /// next. Nightly, but once a week where one costs more than the crawls' share of a day.
    fn next_full_crawl(&self) -> Instant {
        let (feed, weekly) = (self.feed(), self.crawls_weekly());
        let last_s = self.last_crawl_s.load(Ordering::Acquire);
        let now = self.clock.now();
        // A crawl begins some seconds after its minute: the week is measured from a little before it.
        let earliest_s = if weekly && last_s != 0 { last_s.saturating_add(WEEK_S - DAY_S / 2) } else { 0 };
        let earliest = jiff::Timestamp::from_second(earliest_s).map_or(now, |earliest| earliest.max(now));
        let minute = feed.section.full_crawl_at_min;
        let after_that = until_minute_of_day(&earliest.to_zoned(feed.timezone), minute);
        let until_then = Duration::try_from(earliest.duration_since(now)).unwrap_or_default();
        Instant::now() + until_then + after_that.unwrap_or(Duration::from_secs(DAY_S.unsigned_abs()))
    }

    /// Says that full crawls are weekly from now on, or nightly again.
    fn tell_rhythm(&self, weekly: &mut bool) {
        if *weekly == self.crawls_weekly() {
            return;
        }
        *weekly = !*weekly;
        let cost = self.crawl_cost.load(Ordering::Acquire);
        let share = self.feed().ledger.crawl_share();
        if *weekly {
            tracing::warn!(project = %self.project, cost, share, "a full crawl costs more than its share of a day: it comes weekly");
        } else {
            tracing::info!(project = %self.project, cost, share, "a full crawl is within its share of a day: it comes nightly");
        }
    }
}

/// How the crawl of the night ended; never where there is none.
async fn end_of(nightly: &mut Option<JoinHandle<WarmState>>) -> WarmState {
    match nightly {
        Some(nightly) => nightly.await.unwrap_or(WarmState::Stopped),
        None => std::future::pending().await,
    }
}

fn until_minute_of_day(now: &Zoned, minute: u16) -> Option<Duration> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    let today = now.date().at(hour, minute, 0, 0).to_zoned(now.time_zone().clone()).ok()?;
    let next = if today.timestamp() > now.timestamp() {
        today
    } else {
        now.date().checked_add(1.day()).ok()?.at(hour, minute, 0, 0).to_zoned(now.time_zone().clone()).ok()?
    };
    Duration::try_from(now.duration_until(&next)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Zoned;

    use super::until_minute_of_day;

    fn at(text: &str) -> Zoned {
        text.parse().expect("a zoned time")
    }

    #[test]
    fn the_nightly_crawl_is_today_when_its_minute_is_still_to_come() {
        let now = at("2026-11-20T03:00:00[Europe/Kyiv]");
        assert_eq!(until_minute_of_day(&now, 210), Some(Duration::from_secs(30 * 60)));
    }

    #[test]
    fn and_tomorrow_when_it_has_passed_whatever_the_clocks_do_that_night() {
        let now = at("2026-10-24T04:30:00[Europe/Kyiv]");
        assert_eq!(until_minute_of_day(&now, 270), Some(Duration::from_secs(25 * 3600)));
    }
}
