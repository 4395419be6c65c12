//! What happens after the dial: everything that is told of a call is kept here before it is acknowledged, and done from
//! here, once, however often it has to be tried.
//!
//! An event is stored whole and acknowledged ([`Journal::take`]). In the background it is planned: what is known of the
//! call is put together (`facts`), its client is judged once (`judge`), the project's matrix says what is due, and the
//! steps are stored (`planner`) before the first is done (`worker`). Entries of one client are worked on in order, one at
//! a time; a lease is never an open transaction.

mod facts;
mod intake;
mod judge;
mod office;
mod order;
mod planner;
mod reconcile;
pub mod resend;
mod retry;
mod run;
mod sent;
pub mod store;
#[cfg(test)]
mod tests;
mod trial;
mod turns;
mod worker;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::Notify};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::intake::{Taken, Telling};
pub use self::office::{Office, Offices};
pub use self::reconcile::{Range, ReconcileProgress, Reconciler, Refused, RunState};
use self::run::Floor;
use self::sent::Sent;
use self::store::{Counts, EntryId, Paused, PausedBy, Resumed, State, Store, StoreError};
pub use self::trial::{Pair, Tried, TriedCall};
use self::turns::Turns;
use crate::base::clock::{Clock, Steady};
use crate::config::JournalSettings;
use crate::project::Current;

/// The journal, and those who work on it.
pub struct Journal {
    floor: Arc<Floor>,
    work: Handle,
    crews: Mutex<BTreeMap<Box<str>, Crew>>,
}

/// A project's workers.
struct Crew {
    wake: Arc<Notify>,
    stop: CancellationToken,
}

impl Journal {
    /// A journal in this store. Nobody works on it yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        offices: Arc<Current<Offices>>,
        settings: JournalSettings,
        (clock, work): (Clock, Handle),
    ) -> Self {
        let floor = Floor {
            store,
            offices,
            settings,
            clock,
            steady: Steady::new(clock),
            sent: Sent::default(),
            under_way: TaskTracker::new(),
            turns: Turns::default(),
        };
        Self { floor: Arc::new(floor), work, crews: Mutex::default() }
    }

    /// The store, for those who look into it.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.floor.store
    }

    /// Lets these projects' entries be worked on, and no others': what belongs to a project that has left waits. Those of
    /// projects that are worked on already are woken, for something of them may have changed.
    pub fn work_for<'p>(&self, projects: impl IntoIterator<Item = &'p str>, stop: &CancellationToken) {
        let mut crews = self.crews.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *crews);
        for project in projects {
            let crew = before.remove(project).unwrap_or_else(|| self.crew(project, stop));
            crew.wake.notify_one();
            crews.insert(project.into(), crew);
        }
        for crew in before.into_values() {
            crew.stop.cancel();
        }
    }

    fn crew(&self, project: &str, stop: &CancellationToken) -> Crew {
        let (wake, stop) = (Arc::new(Notify::new()), stop.child_token());
        self.work.spawn(run::run(Arc::clone(&self.floor), project.into(), Arc::clone(&wake), stop.clone()));
        Crew { wake, stop }
    }

    /// Waits until what is under way has ended, this long at the most. Nobody must take up more meanwhile: the workers
    /// have been told to stop.
    pub async fn drain(&self, at_most: Duration) {
        self.floor.under_way.close();
        if tokio::time::timeout(at_most, self.floor.under_way.wait()).await.is_err() {
            let entries = self.floor.under_way.len();
            tracing::warn!(entries, "writes were still under way; the next start looks what became of them");
        }
    }

    /// Wakes a project's workers.
    pub fn wake(&self, project: &str) {
        let crews = self.crews.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(crew) = crews.get(project) {
            crew.wake.notify_one();
        }
    }

    /// Turns a project's writing off by an operator's word.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn pause(&self, project: &str, reason: &str) -> Result<(), StoreError> {
        let since_ms = self.floor.clock.now().as_millisecond();
        let pause = Paused { project: project.to_owned(), by: PausedBy::Operator, since_ms, reason: reason.to_owned() };
        self.floor.store.pause(pause).await
    }

    /// Turns it on again. `send_stored`: whether what was stored meanwhile is sent, of today and the two days before;
    /// `None` = as the project is configured.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(&self, project: &str, send_stored: Option<bool>) -> Result<Resumed, StoreError> {
        let office = self.floor.offices.load().of(project).cloned();
        let configured = office.as_ref().is_some_and(|office| office.project.resend_after_pause);
        let zone = office.map_or(jiff::tz::TimeZone::UTC, |office| office.project.timezone.clone());
        let send = send_stored.unwrap_or(configured).then(|| resend::from(self.floor.clock.now(), &zone));
        let resumed = self.floor.store.resume(project, PausedBy::Operator, send).await?;
        self.wake(project);
        Ok(resumed)
    }

    /// How many entries a project has, by state, and the age of the oldest open one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn counts(&self, project: &str) -> Result<Counts, StoreError> {
        self.floor.store.counts(project).await
    }

    /// Removes what every project has kept long enough. A clock that was set forward removes nothing before its time.
    ///
    /// # Errors
    /// Those of the store; what was removed before stays removed.
    pub async fn tidy(&self) -> Result<u64, StoreError> {
        let now_ms = self.floor.steady.earliest_ms();
        let kept: Vec<(String, i64)> = {
            let offices = self.floor.offices.load();
            let age = |office: &Arc<Office>| i64::try_from(office.project.retention.as_millis()).unwrap_or(i64::MAX);
            offices.each().map(|office| (office.project.name.to_string(), age(office))).collect()
        };
        let mut removed = 0;
        for (project, age_ms) in kept {
            removed += self.floor.store.remove_before(&project, now_ms.saturating_sub(age_ms)).await?;
        }
        Ok(removed)
    }

    /// Makes every entry of a state workable again, the oldest first; says how many.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn retry_all(&self, project: Option<&str>, state: State) -> Result<u64, StoreError> {
        let count = self.floor.store.retry_all(project, state).await?;
        self.wake_all();
        Ok(count)
    }

    /// Decides that an entry is not to be done (any more).
    ///
    /// # Errors
    /// Those of [`Store::drop_entry`]; also where a worker of this process is at it although its lease is over, as it is
    /// when the clock has jumped.
    pub async fn drop_entry(&self, id: EntryId) -> Result<(), StoreError> {
        if self.floor.turns.is_taken(id) {
            return Err(StoreError::State { expected: store::NOT_WORKED_ON, found: State::Leased });
        }
        self.floor.store.drop_entry(id, self.floor.steady.now_ms()).await?;
        // Its lane may have another.
        self.wake_all();
        Ok(())
    }

    /// Wakes everybody.
    pub fn wake_all(&self) {
        let crews = self.crews.lock().unwrap_or_else(PoisonError::into_inner);
        for crew in crews.values() {
            crew.wake.notify_one();
        }
    }
}
