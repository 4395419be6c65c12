//! Warm-ups: the full crawl page by page, and the sweep of what changed. One run of either kind at a time is what an
//! operator can start and follow; the nightly crawl and the first one are the same run, started by ourselves.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Directory, Feed, apply::From};
use crate::base::metric::Count;
use crate::crm::{Cursor, Page, failure::Failure};
use crate::model::client::Kind;

/// What kind of warm-up is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WarmRequest {
    /// Everything, instead of what changed since the last.
    pub full: bool,
    /// Accept a result that shrinks the directory past its guard.
    pub force: bool,
}

/// How far a warm-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WarmState {
    /// None has been started.
    Never,
    /// Under way.
    Running,
    /// Ended well.
    Done,
    /// Ended by a failure; what had been read stays.
    Failed,
    /// Read to the end and not accepted: it would have shrunk the directory too much, or grown it past its limit.
    Refused,
    /// Stopped by an operator or by the service's end.
    Stopped,
}

/// A warm-up's progress.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WarmProgress {
    /// The run; counted from 1, 0 before the first.
    pub id: u64,
    /// How far it is.
    pub state: WarmState,
    /// Whether it reads everything.
    pub full: bool,
    /// The kind it is reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Records read.
    pub read: u64,
    /// Records expected, where known: a CRM without totals lets us know from the crawl before only.
    pub expected: Option<u64>,
    /// Pages read.
    pub pages: u64,
    /// How often it had to wait for the CRM or its quota.
    pub waits: u64,
    /// How long it has taken.
    pub seconds: f64,
    /// Why it is waiting, or why it ended as it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl WarmProgress {
    pub(super) const fn never() -> Self {
        Self {
            id: 0,
            state: WarmState::Never,
            full: false,
            kind: None,
            read: 0,
            expected: None,
            pages: 0,
            waits: 0,
            seconds: 0.0,
            reason: None,
        }
    }
}

/// A warm-up is under way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected no warm-up under way, found run {id}")]
pub struct AlreadyRunning {
    /// The run that is under way.
    pub id: u64,
}

/// The run under way.
#[derive(Debug)]
pub(super) struct Run {
    id: u64,
    stop: CancellationToken,
}

/// How a run ended.
pub(super) struct Ending {
    pub(super) state: WarmState,
    pub(super) reason: Option<String>,
}

impl Ending {
    const DONE: Self = Self { state: WarmState::Done, reason: None };

    fn refused(reason: String) -> Self {
        Self { state: WarmState::Refused, reason: Some(reason) }
    }
}

/// What a step of a run ends early with.
type Step<T> = Result<T, Ending>;

/// How much a request of a run is waited for.
#[derive(Clone, Copy)]
struct Patience {
    /// Failures in a row, of one page, that end the run.
    tries: u32,
    /// The longest wait the CRM or our quota may ask for.
    longest_told: Duration,
}

/// A crawl has hours, and what it has read so far to lose.
const CRAWLING: Patience = Patience { tries: 10, longest_told: Duration::MAX };
/// The next sweep asks for the same and more: one that cannot go on gives its place up.
const SWEEPING: Patience = Patience { tries: 3, longest_told: Duration::from_secs(30) };
/// So few numbers may always be lost, unless they are all there were: of three clients one may well be deleted.
const FEW: u64 = 3;
/// The longest wait between two tries of a page.
const LONGEST_WAIT: Duration = Duration::from_secs(900);

impl Directory {
    /// Starts a warm-up on the work runtime.
    ///
    /// # Errors
    /// [`AlreadyRunning`] names the run that is under way.
    pub fn warm(self: &Arc<Self>, request: WarmRequest) -> Result<u64, AlreadyRunning> {
        // There is nothing that could have changed since: what an incomplete directory needs is a crawl.
        let complete = self.complete_since_s.load(Ordering::Acquire) != 0;
        let request = WarmRequest { full: request.full || !complete, ..request };
        let (id, stop) = self.begin(request)?;
        let directory = Arc::clone(self);
        self.work.spawn(async move { directory.run(id, request, stop).await });
        Ok(id)
    }

    /// The progress of the warm-up under way or of the last one.
    #[must_use]
    pub fn warm_progress(&self) -> watch::Receiver<WarmProgress> {
        self.progress.subscribe()
    }

    /// Stops the warm-up under way; `false` when there is none.
    pub fn stop_warm(&self) -> bool {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.as_ref().inspect(|run| run.stop.cancel()).is_some()
    }

    pub(super) fn begin(&self, request: WarmRequest) -> Result<(u64, CancellationToken), AlreadyRunning> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = run.as_ref() {
            return Err(AlreadyRunning { id: run.id });
        }
        let id = self.last_run.fetch_add(1, Ordering::AcqRel) + 1;
        let stop = CancellationToken::new();
        *run = Some(Run { id, stop: stop.clone() });
        let expected = request.full.then(|| self.records().open() as u64).filter(|&expected| expected > 0);
        self.progress.send_replace(WarmProgress {
            id,
            state: WarmState::Running,
            full: request.full,
            expected,
            ..WarmProgress::never()
        });
        Ok((id, stop))
    }

    pub(super) async fn run(self: Arc<Self>, id: u64, request: WarmRequest, stop: CancellationToken) -> WarmState {
        let _end = EndOfRun(&self);
        let began = Instant::now();
        let work = async {
            if request.full { self.crawl_all(began, request.force).await } else { self.sweep(Some(began)).await }
        };
        let ending = tokio::select! {
            ending = work => ending.map_or_else(|ending| ending, |()| Ending::DONE),
            () = stop.cancelled() => Ending { state: WarmState::Stopped, reason: None },
        };
        if request.full && ending.state != WarmState::Done {
            self.metrics.count(Count::CrawlsFailed);
        }
        if let Some(reason) = &ending.reason {
            let project = &self.project;
            tracing::warn!(%project, run = id, full = request.full, state = ?ending.state, reason, "a warm-up did not end well");
        } else {
            let progress = self.progress.borrow();
            tracing::info!(
                project = %self.project, run = id, full = request.full, state = ?ending.state, read = progress.read, pages = progress.pages,
                waits = progress.waits, took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                "a warm-up ended"
            );
        }
        self.tell(Some(began), |progress| {
            progress.state = ending.state;
            progress.reason.clone_from(&ending.reason);
            progress.kind = None;
        });
        ending.state
    }

    /// Reads everything, then takes out what is no longer there.
    async fn crawl_all(&self, began: Instant, force: bool) -> Step<()> {
        let began_s = self.clock.now_s();
        let crawl = self.crawl.fetch_add(1, Ordering::AcqRel) + 1;
        self.records().begin_crawl();
        let feed = self.feed();
        self.read_users(Some(began)).await?;
        for &kind in feed.reader.crawl_order() {
            self.read_kind(&feed, kind, Some(began), None).await?;
            self.crawled.store(self.crawled().with(kind).bits(), Ordering::Release);
        }
        self.guard_against_shrinking(&feed, crawl, force)?;
        self.retire(crawl);
        self.cache.keep_house();
        self.last_crawl_s.store(began_s, Ordering::Release);
        self.last_sweep_s.fetch_max(began_s, Ordering::AcqRel);
        if self.complete_since_s.load(Ordering::Acquire) == 0 {
            self.complete_since_s.store(self.clock.now_s(), Ordering::Release);
        }
        self.metrics.count(Count::CrawlsDone);
        Ok(())
    }

    /// Reads what changed since the last sweep that got to its end, with a minute's overlap for clocks that differ. A
    /// routine sweep is no run: it shows no progress and stands in no warm-up's way.
    pub(super) async fn sweep(&self, began: Option<Instant>) -> Step<()> {
        let began_s = self.clock.now_s();
        let since_s = self.last_sweep_s.load(Ordering::Acquire) - OVERLAP_S;
        let feed = self.feed();
        for &kind in feed.reader.crawl_order() {
            self.read_kind(&feed, kind, began, Some(since_s)).await?;
        }
        self.last_sweep_s.fetch_max(began_s, Ordering::AcqRel);
        self.metrics.count(Count::SweepsDone);
        Ok(())
    }

    async fn read_kind(&self, feed: &Feed, kind: Kind, began: Option<Instant>, since_s: Option<i64>) -> Step<()> {
        self.tell(began, |progress| progress.kind = Some(kind.word()));
        let mut cursor: Option<Cursor> = None;
        loop {
            let Page { records, next } = match since_s {
                None => self.patiently(began, CRAWLING, || feed.reader.page(kind, cursor.as_ref())).await?,
                Some(since_s) => {
                    self.patiently(began, SWEEPING, || feed.reader.changes(kind, since_s, cursor.as_ref())).await?
                }
            };
            self.apply(&records, if since_s.is_some() { From::Sweep } else { From::Crawl });
            self.metrics.count(Count::CrawlPages);
            self.metrics.add(Count::CrawlRecords, records.len() as u64);
            self.tell(began, |progress| {
                progress.pages += 1;
                progress.read += records.len() as u64;
            });
            let held = self.records().numbers() as u64;
            let limit = feed.section.max_numbers;
            if held > limit {
                return Err(Ending::refused(format!(
                    "expected at most {limit} numbers (crm.max_numbers), found {held}"
                )));
            }
            if next.is_some() && next == cursor {
                return Err(Ending {
                    state: WarmState::Failed,
                    reason: Some(format!("expected a further page of {kind}s, found the same cursor again")),
                });
            }
            cursor = next;
            if cursor.is_none() {
                return Ok(());
            }
            // A page is joined without awaiting; other tasks of this runtime get their turn between two.
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn read_users(&self, began: Option<Instant>) -> Step<()> {
        let reader = self.feed().reader;
        let users = self.patiently(began, SWEEPING, || reader.users()).await?;
        self.users.send_if_modified(|held| {
            // An empty answer never takes the users away: calls would find no employee any more.
            if users.is_empty() && !held.is_empty() {
                tracing::warn!(project = %self.project, held = held.len(), "the CRM named no users; those held stay");
                return false;
            }
            let changed = held[..] != users[..];
            if changed {
                *held = users.into();
            }
            changed
        });
        Ok(())
    }

    fn guard_against_shrinking(&self, feed: &Feed, crawl: u32, force: bool) -> Step<()> {
        let records = self.records();
        let (lost, held) = (records.numbers_lost(crawl) as u64, records.numbers() as u64);
        let percent = u64::from(feed.section.shrink_guard_percent);
        let few = lost <= FEW && lost < held;
        if force || few || lost * 100 <= held * percent {
            return Ok(());
        }
        Err(Ending::refused(format!(
            "expected a crawl to lose at most {percent} % of the numbers (crm.shrink_guard_percent), found {lost} of {held}; \
             nothing was taken out, --force accepts it"
        )))
    }

    /// Asks until the CRM answers: what it says about waiting is kept, and failures without a word are tried a few
    /// times more.
    async fn patiently<T, F>(&self, began: Option<Instant>, patience: Patience, mut ask: impl FnMut() -> F) -> Step<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut failures = 0;
        loop {
            let failure = match ask().await {
                Ok(answer) => {
                    self.tell(began, |progress| progress.reason = None);
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let told = match &failure {
                Failure::NoQuota { after, .. } | Failure::Wait { after: Some(after), .. } => Some(*after),
                Failure::Wait { after: None, .. } | Failure::Unclear { .. } => None,
                Failure::Refused { .. } | Failure::Credentials { .. } => {
                    return Err(Ending { state: WarmState::Failed, reason: Some(failure.to_string()) });
                }
            };
            failures += u32::from(told.is_none());
            if failures >= patience.tries || told.is_some_and(|told| told > patience.longest_told) {
                return Err(Ending { state: WarmState::Failed, reason: Some(failure.to_string()) });
            }
            let wait = told.unwrap_or_else(|| Duration::from_millis(500) * 2_u32.pow(failures));
            self.tell(began, |progress| {
                progress.waits += 1;
                progress.reason = Some(failure.to_string());
            });
            self.metrics.count(Count::CrawlWaits);
            tokio::time::sleep(wait.clamp(Duration::from_millis(100), LONGEST_WAIT)).await;
        }
    }

    /// Changes the progress of a run; a routine sweep has none to show (`began` is `None`).
    fn tell(&self, began: Option<Instant>, change: impl FnOnce(&mut WarmProgress)) {
        let Some(began) = began else { return };
        self.progress.send_modify(|progress| {
            change(progress);
            progress.seconds = began.elapsed().as_secs_f64();
        });
    }
}

/// Seconds a sweep reaches back before the one before it.
const OVERLAP_S: i64 = 60;

/// Frees the place of the run however its task ends.
struct EndOfRun<'a>(&'a Arc<Directory>);

impl Drop for EndOfRun<'_> {
    fn drop(&mut self) {
        *self.0.run.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.progress.send_if_modified(|progress| {
            let cut = progress.state == WarmState::Running;
            if cut {
                progress.state = WarmState::Stopped;
            }
            cut
        });
    }
}
