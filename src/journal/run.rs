//! A project's workers: as many clients at once as are allowed, each entry leased, worked on and left as it stands.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::office::{Office, Offices};
use super::resend;
use super::sent::Sent;
use super::store::{Claim, Leased, Paused, PausedBy, Store, StoreError};
use super::turns::Turns;
use super::worker::{Worked, Worker};
use crate::base::{
    clock::{Clock, Steady},
    dice,
};
use crate::config::JournalSettings;
use crate::project::Current;

/// How often a project with nothing to do looks again, whatever it was told.
const IDLE: Duration = Duration::from_secs(60);
/// After the journal itself could not be written.
const JOURNAL_TROUBLE: Duration = Duration::from_secs(5);

/// What the workers of all projects share.
pub(super) struct Floor {
    pub(super) store: Arc<dyn Store>,
    pub(super) offices: Arc<Current<Offices>>,
    pub(super) settings: JournalSettings,
    pub(super) clock: Clock,
    /// What waits waits by this one.
    pub(super) steady: Steady,
    /// When requests left.
    pub(super) sent: Sent,
    /// Entries under way.
    pub(super) under_way: TaskTracker,
    /// Who is at which entry.
    pub(super) turns: Turns,
}

/// Works on a project's entries until told to stop.
pub(super) async fn run(floor: Arc<Floor>, project: Box<str>, wake: Arc<Notify>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(floor.settings.workers));
    let mut retries_first = false;
    while !stop.is_cancelled() {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let office = floor.offices.load().of(&project).cloned();
        let Some(office) = office.filter(|office| office.writer.is_some()) else {
            drop(place);
            idle(&wake, &stop, IDLE).await;
            continue;
        };
        if let Some(wait) = floor.credentials_refused(&office).await {
            drop(place);
            idle(&wake, &stop, wait).await;
            continue;
        }
        retries_first = !retries_first;
        // Asked for when the next one comes due by the same time: none falls in between.
        let now_ms = floor.steady.now_ms();
        match floor.lease(&project, (now_ms, retries_first)).await {
            Ok(Some(leased)) => {
                let (floor, wake) = (Arc::clone(&floor), Arc::clone(&wake));
                let tracker = floor.under_way.clone();
                tracker.spawn(async move {
                    floor.work(&office, leased).await;
                    drop(place);
                    // Its lane may have another, and a place is free.
                    wake.notify_one();
                });
            }
            Ok(None) => {
                drop(place);
                let wait = floor.until_next(&project, now_ms).await;
                idle(&wake, &stop, wait).await;
            }
            Err(error) => {
                drop(place);
                tracing::error!(%project, %error, "the journal cannot be worked on");
                idle(&wake, &stop, JOURNAL_TROUBLE).await;
            }
        }
    }
}

async fn idle(wake: &Notify, stop: &CancellationToken, at_most: Duration) {
    tokio::select! {
        _ = timeout(at_most, wake.notified()) => {}
        () = stop.cancelled() => {}
    }
}

impl Floor {
    async fn lease(&self, project: &str, (now_ms, retries_first): (i64, bool)) -> Result<Option<Leased>, StoreError> {
        let lease_ms = i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX);
        self.store.lease(Claim { project: project.to_owned(), now_ms, lease_ms, retries_first }).await
    }

    async fn until_next(&self, project: &str, now_ms: i64) -> Duration {
        let next = self.store.next_wake_ms(project, now_ms).await.ok().flatten();
        let wait = next.map_or(IDLE, |at_ms| Duration::from_millis(u64::try_from(at_ms - now_ms).unwrap_or(0)));
        wait.clamp(Duration::from_millis(1), IDLE)
    }

    /// How long to wait where the project's credentials are refused; tries them when their time has come.
    async fn credentials_refused(&self, office: &Office) -> Option<Duration> {
        let project = &*office.project.name;
        let paused = self.store.paused().await.unwrap_or_default();
        let refused = paused.iter().any(|paused| paused.project == project && paused.by == PausedBy::Credentials);
        if !refused {
            return None;
        }
        let writer = office.writer.as_ref()?;
        match writer.check().await {
            Ok(()) => {
                let now = self.clock.now();
                let send = office.project.resend_after_pause.then(|| resend::from(now, &office.project.timezone));
                let resumed = self.store.resume(project, PausedBy::Credentials, send).await;
                tracing::warn!(project, ?resumed, "the CRM accepts the credentials again: writing goes on");
                resumed.is_err().then_some(self.settings.probe)
            }
            Err(failure) => {
                tracing::debug!(project, %failure, "the CRM still does not accept the credentials");
                Some(self.settings.probe)
            }
        }
    }

    async fn work(&self, office: &Office, leased: Leased) {
        let Some(writer) = &office.writer else { return };
        let _turn = self.turns.at(leased.entry.id).await;
        let worker = Worker {
            office,
            writer: &**writer,
            store: &*self.store,
            settings: &self.settings,
            clock: self.clock,
            steady: &self.steady,
            sent: &self.sent,
            dice: dice::roll(),
        };
        let project = &*office.project.name;
        let lease = leased.lease.clone();
        match worker.work(leased).await {
            Worked::Ended => {}
            Worked::Credentials(reason) => {
                tracing::error!(
                    project,
                    reason,
                    "the CRM does not accept the credentials: writing pauses until it does"
                );
                let since_ms = self.clock.now().as_millisecond();
                let by = PausedBy::Credentials;
                let pause = Paused { project: project.to_owned(), by, since_ms, reason };
                if let Err(error) = self.store.pause(pause).await {
                    tracing::error!(project, %error, "the pause could not be noted");
                }
            }
            Worked::Journal(error) => {
                tracing::error!(project, %error, "the journal could not be written; the entry is taken up again");
                sleep(JOURNAL_TROUBLE).await;
                // Given back, it is taken up when there is room again and not when the lease is over; what was sent
                // meanwhile and could not be noted is looked for then. A lease that is not given back ends by itself.
                if let Err(error) = self.store.release(&lease).await {
                    tracing::debug!(project, %error, "the entry could not be given back either");
                }
            }
        }
    }
}
