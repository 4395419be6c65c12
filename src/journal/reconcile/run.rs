//! A run: window after window, each page compared before the next is asked for.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{ReconcileProgress, RunState};
use crate::base::metric::Count;
use crate::journal::{Journal, Office, store::StoreError};
use crate::pbx::{Calls, Failure, Page, Window, Windows};

/// What began so long before the last run's end is read again: calls that were under way, events that were still resent.
const OVERLAP: SignedDuration = SignedDuration::from_hours(3);
/// What began so lately is left to the events that tell it.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Entries that the journal has kept long enough are gone: a call so close to that is not asked for, as if it were missing.
const BEFORE_GONE: SignedDuration = SignedDuration::from_hours(1);
/// How often a request is sent that may go well the next time.
const TRIES: u32 = 4;
/// Before the second time, unless Ringostat says otherwise; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Who wants to be let be for longer ends the run.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Windows that are named.
const NAMED: usize = 20;

/// Which calls are read, by when they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// At this time or later.
    pub from: Timestamp,
    /// At this time or earlier.
    pub to: Timestamp,
}

/// Why a run was not begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One of the project is under way.
    #[error("expected no run under way, found run {0}")]
    UnderWay(u64),
    /// The project is not in force any more.
    #[error("expected a project that is in force, found none")]
    NotInForce,
    /// There is nothing between the two times.
    #[error("expected a time that is past, and a later one, found {from} and {to}")]
    Empty {
        /// As it was asked.
        from: Timestamp,
        /// The same, or now.
        to: Timestamp,
    },
    /// What was told of such calls is kept no more, and each would look as if nobody had told it.
    #[error("expected {earliest} or later (the project's retention_days), found {from}")]
    TooEarly {
        /// As it was asked.
        from: Timestamp,
        /// What can still be told apart.
        earliest: Timestamp,
    },
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Ringostat(#[from] Failure),
    #[error("the journal: {0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Incomparable(String),
}

/// Compares a project's calls with the telephone system's list. One run at a time.
pub struct Reconciler {
    journal: Arc<Journal>,
    project: Box<str>,
    /// Another one where the account or its key is another now.
    calls: RwLock<Arc<dyn Calls>>,
    progress: watch::Sender<ReconcileProgress>,
    stop: CancellationToken,
}

impl Reconciler {
    /// For a project; runs end early when `stop` is cancelled.
    #[must_use]
    pub fn new(journal: Arc<Journal>, project: &str, calls: Arc<dyn Calls>, stop: CancellationToken) -> Self {
        let (calls, progress) = (RwLock::new(calls), watch::Sender::default());
        Self { journal, project: project.into(), calls, progress, stop }
    }

    /// Reads another account's list from the next request on.
    pub fn read_from(&self, calls: Arc<dyn Calls>) {
        *self.calls.write().unwrap_or_else(PoisonError::into_inner) = calls;
    }

    /// The run under way, or the last.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<ReconcileProgress> {
        self.progress.subscribe()
    }

    /// Begins a run of calls that began between two times; says which. It goes on in the background.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn start(self: &Arc<Self>, range: Range) -> Result<u64, Refused> {
        let now = self.journal.floor.clock.now();
        let office = self.office().ok_or(Refused::NotInForce)?;
        let range = Range { to: range.to.min(now), ..range };
        let earliest = earliest(&office, now);
        if range.from < earliest {
            return Err(Refused::TooEarly { from: range.from, earliest });
        }
        if range.from >= range.to {
            return Err(Refused::Empty { from: range.from, to: range.to });
        }
        let id = self.begin(range, false)?;
        let own = Arc::clone(self);
        self.journal.work.spawn(async move { own.run(&office, range).await });
        Ok(id)
    }

    /// Reads what has begun since the last time that this went well, if that is due; says how long Ringostat wants to be
    /// let be where it does. The first time ever nothing is read: what was before may have been handled by others.
    ///
    /// # Errors
    /// `Some` time to wait, or `None` where nothing is known, of a run that ended early or could not begin.
    pub async fn catch_up(&self) -> Result<(), Option<Duration>> {
        let office = self.office().ok_or(None)?;
        let range = match self.due(&office).await {
            Ok(range) => range,
            Err(error) => {
                self.failed(&office, &error.to_string());
                return Err(None);
            }
        };
        let Some(range) = range else { return Ok(()) };
        // An operator's run may be under way.
        self.begin(range, true).map_err(|_| None)?;
        self.run(&office, range).await?;
        let until = self.journal.floor.store.set_reconciled(&self.project, range.to.as_millisecond()).await;
        until.map_err(|error| {
            tracing::error!(project = %self.project, %error, "until when calls are reconciled was not noted");
            None
        })
    }

    async fn due(&self, office: &Office) -> Result<Option<Range>, StoreError> {
        // A clock that was set forward must not say that what is to come has been read.
        let now_ms = self.journal.floor.steady.earliest_ms();
        let store = &self.journal.floor.store;
        let Some(before) = store.reconciled(&self.project).await? else {
            store.set_reconciled(&self.project, now_ms).await?;
            return Ok(None);
        };
        let at = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN);
        let (now, since, until) = (at(now_ms), at(before.since_ms), at(before.until_ms));
        let to = now.checked_sub(FRESH).unwrap_or(now);
        let from = until.checked_sub(OVERLAP).unwrap_or(until).max(since).max(earliest(office, now));
        Ok((from < to).then_some(Range { from, to }))
    }

    fn office(&self) -> Option<Arc<Office>> {
        self.journal.floor.offices.load().of(&self.project).cloned()
    }

    fn begin(&self, range: Range, automatic: bool) -> Result<u64, Refused> {
        let mut begun = Err(Refused::NotInForce);
        self.progress.send_if_modified(|progress| {
            if progress.state == RunState::Running {
                begun = Err(Refused::UnderWay(progress.id));
                return false;
            }
            let id = progress.id + 1;
            let (from, to) = (Some(range.from.to_string()), Some(range.to.to_string()));
            *progress = ReconcileProgress { id, state: RunState::Running, automatic, from, to, ..Default::default() };
            begun = Ok(id);
            true
        });
        begun
    }

    /// Reads and compares it all; what it came to is told, logged and counted.
    async fn run(&self, office: &Office, range: Range) -> Result<(), Option<Duration>> {
        let began = Instant::now();
        let _stopped_unless_it_ends = UnderWay(&self.progress);
        let outcome = self.stop.run_until_cancelled(self.windows(office, range, began)).await;
        let (state, reason, after) = match &outcome {
            None => (RunState::Stopped, Some("the service or the project's account ends".to_owned()), None),
            Some(Err(Broken::Ringostat(Failure::Wait { reason, after }))) => {
                (RunState::Failed, Some(format!("Ringostat is to be asked again later: {reason}")), *after)
            }
            Some(Err(broken)) => (RunState::Failed, Some(broken.to_string()), None),
            Some(Ok(())) if self.progress.borrow().unread.is_empty() => (RunState::Done, None, None),
            Some(Ok(())) => {
                (RunState::Incomplete, Some("some seconds hold more calls than can be read".to_owned()), None)
            }
        };
        self.progress.send_modify(|progress| {
            (progress.state, progress.reason) = (state, reason.clone());
            progress.seconds = began.elapsed().as_secs_f64();
        });
        let told = self.progress.borrow().clone();
        let ReconcileProgress { read, known, in_progress, appended, amended, requests, .. } = told;
        let project = &*self.project;
        tracing::info!(project, read, known, in_progress, appended, amended, requests, ?state, "calls are reconciled");
        if state == RunState::Done {
            office.metrics.count(Count::ReconciliationsDone);
            return Ok(());
        }
        self.failed(office, &format!("{} {}", reason.unwrap_or_default(), told.unread.join(", ")));
        // What cannot be read today cannot be read tomorrow: everything else was.
        if state == RunState::Incomplete { Ok(()) } else { Err(after) }
    }

    fn failed(&self, office: &Office, reason: &str) {
        office.metrics.count(Count::ReconciliationsFailed);
        tracing::warn!(project = %self.project, reason = reason.trim(), "calls could not all be reconciled");
    }

    async fn windows(&self, office: &Office, range: Range, began: Instant) -> Result<(), Broken> {
        let mut windows = Windows::new(Window::of(range.from, range.to, &office.project.timezone));
        let mut compared = false;
        while let Some(window) = windows.next() {
            let (rows, whole) = match self.page(window).await? {
                Page::Whole(rows) => (rows, true),
                Page::Full(rows) if !windows.halve(window) => (rows, false),
                Page::TooLarge if !windows.halve(window) => (Vec::new(), false),
                Page::Full(_) | Page::TooLarge => continue,
            };
            if !compared && !rows.is_empty() {
                if let Some(reason) = self.journal.incomparable(&self.project, &rows).await? {
                    return Err(Broken::Incomparable(reason));
                }
                compared = true;
            }
            self.progress.send_modify(|progress| {
                progress.read += rows.len() as u64;
                progress.left = windows.left() as u64;
                if !whole && progress.unread.len() < NAMED {
                    progress.unread.push(window.to_string());
                }
            });
            let each = |figures| {
                self.progress.send_modify(|progress| {
                    progress.add(figures);
                    progress.seconds = began.elapsed().as_secs_f64();
                });
            };
            self.journal.reconcile(office, rows, each).await?;
            self.progress.send_modify(|progress| progress.windows += u64::from(whole));
        }
        Ok(())
    }

    /// One window, asked for as often as it may go well the next time.
    async fn page(&self, window: Window) -> Result<Page, Failure> {
        let mut pause = FIRST_PAUSE;
        for tries in 1.. {
            let calls = Arc::clone(&self.calls.read().unwrap_or_else(PoisonError::into_inner));
            self.progress.send_modify(|progress| progress.requests += 1);
            let failure = match calls.read(window).await {
                Ok(page) => return Ok(page),
                Err(failure) => failure,
            };
            let wait = match &failure {
                Failure::Wait { after, .. } => pause.max(after.unwrap_or_default()),
                Failure::Unclear { .. } => pause,
                Failure::Refused { .. } | Failure::Credentials { .. } => return Err(failure),
            };
            if tries >= TRIES || wait > LONGEST_PAUSE {
                return Err(failure);
            }
            self.progress.send_modify(|progress| {
                progress.waits += 1;
                progress.reason = Some(failure.to_string());
            });
            tokio::time::sleep(wait).await;
            self.progress.send_modify(|progress| progress.reason = None);
            pause *= 2;
        }
        Err(Failure::Unclear { reason: "asked more often than can be counted".to_owned() })
    }
}

/// A run whose future is dropped has stopped.
struct UnderWay<'a>(&'a watch::Sender<ReconcileProgress>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_if_modified(|progress| {
            let stopped = progress.state == RunState::Running;
            if stopped {
                progress.state = RunState::Stopped;
            }
            stopped
        });
    }
}

/// The first call whose events are surely kept.
fn earliest(office: &Office, now: Timestamp) -> Timestamp {
    let kept = SignedDuration::try_from(office.project.retention).unwrap_or(SignedDuration::MAX);
    now.checked_sub(kept).and_then(|at| at.checked_add(BEFORE_GONE)).unwrap_or(Timestamp::MIN)
}

impl fmt::Debug for Reconciler {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reconciler").field("project", &self.project).finish_non_exhaustive()
    }
}
