//! Writes down what calls were answered: from the ring that they leave it in to the file, every second, by the runtime of
//! everything that is not a call.
//!
//! Whatever the disk does, calls are answered: what finds no room in the ring or on the disk is not recorded, which is
//! counted.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::base::clock::{Clock, Steady};
use crate::base::metric::Count;
use crate::journal::store::decisions::{Answer, Decision, Decisions, DecisionsError};
use crate::project::Current;
use crate::routing::{Decided, Exchange, Notes};

/// Answers that wait to be written, at most: a quarter of a second of 65,000 calls a second, in 1.7 MiB.
pub(super) const ROOM: usize = 16_384;
/// How often it is looked whether they have become many.
const LOOKED_EVERY: Duration = Duration::from_millis(250);
/// How often they are written, looked at so many times.
const WRITTEN_AT: u32 = 4;
/// In one transaction, at most.
const BATCH: usize = 4_096;
/// How often a file that could not be opened is tried again.
const OPENED_AGAIN_EVERY: Duration = Duration::from_secs(60);
/// How often old ones are removed.
const TIDIED_EVERY: Duration = Duration::from_secs(3_600);
/// How long those of a project are kept that has left the configuration.
const KEPT_OF_OTHERS: Duration = Duration::from_secs(14 * 86_400);

/// Keeps the record.
pub(crate) struct Record {
    folder: PathBuf,
    notes: Arc<Notes>,
    exchange: Arc<Current<Exchange>>,
    file: OnceLock<Arc<Decisions>>,
    /// Held while answers are on their way from the ring to the file: what is erased must not come after.
    under_way: Mutex<()>,
    clock: Clock,
    steady: Steady,
}

impl Record {
    pub(super) fn new(folder: PathBuf, notes: Arc<Notes>, exchange: Arc<Current<Exchange>>) -> Arc<Self> {
        let (clock, file, under_way) = (Clock::System, OnceLock::new(), Mutex::default());
        Arc::new(Self { folder, notes, exchange, file, under_way, clock, steady: Steady::new(clock) })
    }

    /// Opens the file unless it is open. It is never a reason not to answer calls.
    ///
    /// # Cost
    /// Blocks on the disk: not for a runtime's thread.
    pub(super) fn open(&self) {
        if self.file.get().is_some() {
            return;
        }
        match Decisions::open(&self.folder) {
            // Another was quicker: then theirs counts.
            Ok(file) => drop(self.file.set(Arc::new(file))),
            Err(error) => tracing::error!(%error, "calls are answered; what they were answered is not recorded"),
        }
    }

    /// Writes every second, or sooner where there is much, until told to stop.
    pub(super) async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut looked = 0;
        let mut tried = Instant::now();
        while stop.run_until_cancelled(sleep(LOOKED_EVERY)).await.is_some() {
            looked += 1;
            if looked >= WRITTEN_AT || self.notes.is_half_full() {
                looked = 0;
                self.write_out().await;
            }
            if self.file.get().is_none() && tried.elapsed() >= OPENED_AGAIN_EVERY {
                tried = Instant::now();
                let this = Arc::clone(&self);
                let _opened = tokio::task::spawn_blocking(move || this.open()).await;
            }
        }
    }

    /// Removes what has been kept long enough, until told to stop.
    pub(super) async fn tidy(self: Arc<Self>, stop: CancellationToken) {
        loop {
            match self.remove_old().await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "answers to calls have been kept long enough"),
                Err(error) => tracing::error!(%error, "the record of decisions could not be tidied"),
            }
            if stop.run_until_cancelled(sleep(TIDIED_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn remove_old(&self) -> Result<u64, DecisionsError> {
        let Some(file) = self.file.get() else { return Ok(0) };
        let kept: BTreeMap<Box<str>, Duration> = {
            let exchange = self.exchange.load();
            exchange.lines().map(|line| (line.project.name.clone(), line.project.decisions_kept)).collect()
        };
        // A clock that was set forward removes nothing before its time.
        let now_ms = self.steady.earliest_ms();
        let mut removed = 0;
        for project in file.projects().await? {
            let kept = kept.get(&*project).copied().unwrap_or(KEPT_OF_OTHERS);
            let age_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
            let before_ms = if kept.is_zero() { i64::MAX } else { now_ms.saturating_sub(age_ms) };
            removed += file.remove_before(&project, before_ms).await?;
        }
        Ok(removed)
    }

    /// Writes what waits now, after what is being written.
    pub(super) async fn write_out(&self) {
        let _turn = self.under_way.lock().await;
        loop {
            let taken = self.notes.take(BATCH);
            if taken.is_empty() {
                return;
            }
            self.write(&taken).await;
        }
    }

    /// The file, with everything in it that calls were answered until now; `None` where it could not be opened.
    pub(super) async fn whole(&self) -> Option<Arc<Decisions>> {
        self.write_out().await;
        self.file.get().cloned()
    }

    async fn write(&self, taken: &[Decided]) {
        let (now, now_ms) = (Instant::now(), self.clock.now().as_millisecond());
        let told = |decided: &Decided| {
            let ago = now.saturating_duration_since(decided.at).as_millis();
            told(decided, now_ms.saturating_sub(i64::try_from(ago).unwrap_or(i64::MAX)))
        };
        let written = match self.file.get() {
            Some(file) => file.append(taken.iter().map(told).collect()).await,
            None => Err(DecisionsError::closed()),
        };
        let count = if written.is_ok() { Count::DecisionsWritten } else { Count::DecisionsDropped };
        for decided in taken {
            decided.metrics.count(count);
        }
        if let Err(error) = written {
            tracing::warn!(%error, calls = taken.len(), "what calls were answered is not recorded");
        }
    }
}

fn told(decided: &Decided, at_ms: i64) -> Decision {
    let or_empty = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let verdict = &decided.verdict;
    Decision {
        id: 0,
        project: decided.project.name.to_string(),
        number: decided.number().map(|number| number.digits()),
        crm_id: verdict.entity_id().map(|id| id.to_string()),
        at_ms,
        answer: Answer {
            block: or_empty(decided.block()),
            outcome: verdict.outcome().word().to_owned(),
            reason: verdict.reason().unwrap_or_default(),
            employee: or_empty(decided.employee()),
            destination: or_empty(decided.destination()),
            source: verdict.source.word().to_owned(),
            entity: or_empty(verdict.entity().map(|kind| kind.word())),
        },
    }
}
