//! Keeping the directory fresh: the first crawl, then sweeps, and the nightly crawl that notices what was deleted.

use std::{sync::Arc, time::Duration};

use jiff::{ToSpan, Zoned};
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    Directory,
    crawl::{WarmRequest, WarmState},
};

use crate::base::metric::Count;

/// How long a first crawl that failed is let be before the second try, and at most before any.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(900);
/// How long a nightly crawl that failed is let be.
const NIGHTLY_AGAIN: Duration = Duration::from_secs(1_800);
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
        tokio::select! {
            () = house => {}
            () = refresh => {}
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
        self.first_crawl().await;
        let (mut failing, mut sweeps) = (false, 0_u32);
        let mut next_full = self.next_full_crawl();
        let mut nightly: Option<JoinHandle<WarmState>> = None;
        loop {
            let next_sweep = Instant::now() + self.feed().sweep_every();
            let adopted = tokio::select! {
                () = tokio::time::sleep_until(next_sweep.min(next_full)) => false,
                () = self.adopted.notified() => true,
            };
            if adopted {
                next_full = self.next_full_crawl();
            }
            if let Some(ended) = nightly.take_if(|nightly| nightly.is_finished())
                && matches!(ended.await, Ok(WarmState::Failed))
            {
                next_full = next_full.min(Instant::now() + NIGHTLY_AGAIN);
            }
            if Instant::now() >= next_full && nightly.is_none() {
                next_full = self.next_full_crawl();
                // Sweeps go on while it runs: it may take hours on a small quota.
                let directory = Arc::clone(self);
                nightly = Some(tokio::spawn(async move { directory.warm_and_wait(FULL).await }));
                continue;
            }
            self.routine_sweep(&mut failing).await;
            sweeps = sweeps.wrapping_add(1);
            if adopted || sweeps.is_multiple_of(USERS_EVERY) {
                let _told_by_the_sweeps = self.read_users(None).await;
            }
        }
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

    async fn routine_sweep(&self, failing: &mut bool) {
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
    }

    async fn warm_and_wait(self: &Arc<Self>, request: WarmRequest) -> WarmState {
        if let Ok((id, stop)) = self.begin(request) {
            return Arc::clone(self).run(id, request, stop).await;
        }
        let mut progress = self.warm_progress();
        let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await;
        ended.map_or(WarmState::Failed, |progress| if progress.full { progress.state } else { WarmState::Failed })
    }

    /// The instant of the next nightly crawl, in the project's zone; a day that has no such minute takes the next.
    fn next_full_crawl(&self) -> Instant {
        let feed = self.feed();
        let now = self.clock.now().to_zoned(feed.timezone);
        let wait = until_minute_of_day(&now, feed.section.full_crawl_at_min).unwrap_or(Duration::from_secs(86_400));
        Instant::now() + wait
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
