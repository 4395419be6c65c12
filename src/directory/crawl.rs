//! Warm-ups: the full crawl page by page, and the sweep of what changed. One run of either kind at a time is what an
//! operator can start and follow; the nightly crawl and the first one are the same run, started by ourselves.

use std::{
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Directory,
    apply::From,
    pages::Pages,
    warm::{EndOfRun, WarmProgress, WarmRequest, WarmState},
};
use crate::base::metric::Count;
use crate::crm::{Cursor, Reader, failure::Failure};
use crate::model::client::Kind;

/// How a run ended.
pub(super) struct Ending {
    pub(super) state: WarmState,
    pub(super) reason: Option<String>,
    /// The CRM understood what was asked and refused it.
    pub(super) was_refused: bool,
}

impl Ending {
    const DONE: Self = Self { state: WarmState::Done, reason: None, was_refused: false };
    const STOPPED: Self = Self { state: WarmState::Stopped, ..Self::DONE };

    pub(super) fn refused(reason: String) -> Self {
        Self { state: WarmState::Refused, reason: Some(reason), was_refused: false }
    }

    fn failed(reason: String) -> Self {
        Self { state: WarmState::Failed, reason: Some(reason), was_refused: false }
    }
}

/// A full crawl that ended before its end.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// Its number, by which records know that it saw them.
    crawl: u32,
    began_s: i64,
    /// What it had cost, in the vendor's unit.
    cost: u64,
    /// Kinds that it read to their end.
    done: usize,
    /// Where it ended in the kind after them.
    place: Option<Cursor>,
    ended_at: Instant,
}

/// What a step of a run ends early with.
pub(super) type Step<T> = Result<T, Ending>;

/// How much a request of a run is waited for.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// Failures in a row, of one page, that end the run.
    tries: u32,
    /// The longest wait the CRM or our quota may ask for.
    longest_told: Duration,
    /// Whether credentials that are not accepted are waited for.
    waits_for_credentials: bool,
}

/// A crawl has hours, and what it has read so far to lose.
const CRAWLING: Patience = Patience { tries: 10, longest_told: Duration::MAX, waits_for_credentials: true };
/// The next sweep asks for the same and more: one that cannot go on gives its place up.
pub(super) const SWEEPING: Patience =
    Patience { tries: 3, longest_told: Duration::from_secs(30), waits_for_credentials: false };
/// The longest wait between two tries of a page.
const LONGEST_WAIT: Duration = Duration::from_secs(900);
/// How long credentials that are not accepted are let be at first; it doubles.
const FIRST_REFUSAL: Duration = Duration::from_secs(30);
/// How long a crawl that failed can be gone on with: vendors forget cursors, and what it read grows old.
const GONE_ON_WITHIN: Duration = Duration::from_secs(3_600);

impl Directory {
    pub(super) async fn run(self: Arc<Self>, id: u64, request: WarmRequest, stop: CancellationToken) -> WarmState {
        let _end = EndOfRun(&self);
        let began = Instant::now();
        let work = async {
            if request.full { self.crawl_all(began, request.force).await } else { self.sweep(Some(began)).await }
        };
        let ending = tokio::select! {
            ending = work => ending.map_or_else(|ending| ending, |()| Ending::DONE),
            () = stop.cancelled() => Ending::STOPPED,
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

    /// Reads everything, then takes out what is no longer there. Goes on where a crawl that failed lately ended.
    async fn crawl_all(&self, began: Instant, force: bool) -> Step<()> {
        let meter = self.feed().ledger.begin_crawl();
        // First: where this fails, the place that a crawl before this one had reached stays as it is.
        self.read_users(Some(began)).await?;
        let Unfinished { crawl, began_s, cost, done, mut place, .. } = self.begin_crawl();
        let order = self.feed().reader.crawl_order().to_vec();
        for (at, &kind) in order.iter().enumerate().skip(done) {
            let mut reached = place.take();
            let ended = self.read_kind(kind, Some(began), None, &mut reached).await;
            if let Err(ending) = ended {
                // What failed for a while is gone on with; a cursor that the CRM refuses would be refused again.
                let kept = ending.state == WarmState::Failed && !ending.was_refused;
                let ended_at = Instant::now();
                let cost = cost + meter.spent();
                let unfinished = Unfinished { crawl, began_s, cost, done: at, place: reached, ended_at };
                *self.unfinished() = kept.then_some(unfinished);
                return Err(ending);
            }
            self.crawled.store(self.crawled().with(kind).bits(), Ordering::Release);
        }
        let staying = self.ask_for_unseen(crawl, began).await;
        let feed = self.feed();
        self.guard_against_shrinking(&feed, crawl, force)?;
        self.retire(crawl, |who| !force && staying.contains(&who));
        self.cache.keep_house();
        self.crawl_cost.store(cost + meter.spent(), Ordering::Release);
        self.last_crawl_s.store(began_s, Ordering::Release);
        self.last_sweep_s.fetch_max(began_s, Ordering::AcqRel);
        if self.complete_since_s.load(Ordering::Acquire) == 0 {
            self.complete_since_s.store(self.clock.now_s(), Ordering::Release);
        }
        self.metrics.count(Count::CrawlsDone);
        Ok(())
    }

    fn begin_crawl(&self) -> Unfinished {
        let held = self.unfinished().take();
        if let Some(unfinished) = held.filter(|unfinished| unfinished.ended_at.elapsed() <= GONE_ON_WITHIN) {
            tracing::info!(project = %self.project, kinds_done = unfinished.done, "a crawl goes on where it ended");
            return unfinished;
        }
        let crawl = self.crawl.fetch_add(1, Ordering::AcqRel) + 1;
        self.records().begin_crawl();
        Unfinished { crawl, began_s: self.clock.now_s(), cost: 0, done: 0, place: None, ended_at: Instant::now() }
    }

    fn unfinished(&self) -> MutexGuard<'_, Option<Unfinished>> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether full crawls cost more than the crawls' share of a day, so that they come once a week.
    pub(super) fn crawls_weekly(&self) -> bool {
        let cost = self.crawl_cost.load(Ordering::Acquire);
        self.feed().ledger.crawl_share().is_some_and(|share| cost > share)
    }

    /// Reads what changed since the last sweep that got to its end, with a minute's overlap for clocks that differ. A
    /// routine sweep is no run: it shows no progress and stands in no warm-up's way.
    pub(super) async fn sweep(&self, began: Option<Instant>) -> Step<()> {
        let began_s = self.clock.now_s();
        let last_s = self.last_sweep_s.load(Ordering::Acquire);
        // A clock that was ahead and was put right: what changed meanwhile is asked for all the same.
        let since_s =
            if last_s > began_s + OVERLAP_S { began_s - WHEN_SET_BACK_S } else { last_s.min(began_s) } - OVERLAP_S;
        for kind in self.feed().reader.crawl_order().to_vec() {
            self.read_kind(kind, began, Some(since_s), &mut None).await?;
        }
        self.last_sweep_s.store(began_s, Ordering::Release);
        self.metrics.count(Count::SweepsDone);
        Ok(())
    }

    /// Reads a kind from where `place` says to its end; `place` moves on with every page. The reader is the one in force
    /// at every page, so that a crawl goes on with other credentials.
    async fn read_kind(
        &self,
        kind: Kind,
        began: Option<Instant>,
        since_s: Option<i64>,
        place: &mut Option<Cursor>,
    ) -> Step<()> {
        self.tell(began, |progress| progress.kind = Some(kind.word()));
        let mut pages = Pages::default();
        loop {
            let cursor = place.as_ref();
            let page = match since_s {
                None => {
                    self.patiently(began, CRAWLING, |reader| async move { reader.page(kind, cursor).await }).await?
                }
                Some(since_s) => {
                    let ask = |reader: Arc<dyn Reader>| async move { reader.changes(kind, since_s, cursor).await };
                    self.patiently(began, SWEEPING, ask).await?
                }
            };
            let from = if since_s.is_some() { From::Sweep } else { From::Crawl };
            let news = self.apply(&page.records, from);
            self.count_page(began, page.records.len() as u64);
            self.guard_against_growing()?;
            if page.next.is_none() {
                *place = None;
                return Ok(());
            }
            let further = if page.next == *place { Err("the same page again") } else { pages.came(&page, news) };
            further.map_err(|found| Ending::failed(format!("expected an end of the {kind}s, found {found}")))?;
            *place = page.next;
            // A page is joined without awaiting; other tasks of this runtime get their turn between two.
            tokio::task::yield_now().await;
        }
    }

    fn count_page(&self, began: Option<Instant>, records: u64) {
        self.metrics.count(Count::CrawlPages);
        self.metrics.add(Count::CrawlRecords, records);
        self.tell(began, |progress| {
            progress.pages += 1;
            progress.read += records;
        });
    }

    fn guard_against_growing(&self) -> Step<()> {
        let (held, limit) = (self.records().numbers() as u64, self.feed().section.max_numbers);
        if held <= limit {
            return Ok(());
        }
        Err(Ending::refused(format!("expected at most {limit} numbers (crm.max_numbers), found {held}")))
    }

    pub(super) async fn read_users(&self, began: Option<Instant>) -> Step<()> {
        let users = self.patiently(began, SWEEPING, |reader| async move { reader.users().await }).await?;
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

    /// Asks until the CRM answers: what it says about waiting is kept, and failures without a word are tried a few
    /// times more. A crawl waits for credentials, too: for others from the operator, or for the CRM to take these again.
    pub(super) async fn patiently<T, F>(
        &self,
        began: Option<Instant>,
        patience: Patience,
        ask: impl Fn(Arc<dyn Reader>) -> F,
    ) -> Step<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let (mut failures, mut refusals) = (0, 0);
        loop {
            let failure = match ask(self.feed().reader).await {
                Ok(answer) => {
                    self.answered(began, refusals > 0);
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            self.health.ill(&failure, self.clock.now_s());
            let told = match &failure {
                Failure::NoQuota { after, .. } | Failure::Wait { after: Some(after), .. } => Some(*after),
                Failure::Wait { after: None, .. } | Failure::Unclear { .. } => None,
                Failure::Credentials { .. } if patience.waits_for_credentials => {
                    refusals += 1;
                    self.wait_for_credentials(began, refusals, &failure).await;
                    continue;
                }
                Failure::Refused { .. } | Failure::Credentials { .. } => {
                    return Err(Ending { was_refused: true, ..Ending::failed(failure.to_string()) });
                }
            };
            failures += u32::from(told.is_none());
            if failures >= patience.tries || told.is_some_and(|told| told > patience.longest_told) {
                return Err(Ending::failed(failure.to_string()));
            }
            let wait = told.unwrap_or_else(|| Duration::from_millis(500) * 2_u32.pow(failures));
            self.wait_told(began, &failure);
            tokio::time::sleep(wait.clamp(Duration::from_millis(100), LONGEST_WAIT)).await;
        }
    }

    async fn wait_for_credentials(&self, began: Option<Instant>, refusals: u32, failure: &Failure) {
        if refusals == 1 {
            tracing::error!(project = %self.project, %failure, "the crawl is paused until the credentials are accepted");
        }
        self.tell(began, |progress| progress.paused = true);
        self.wait_told(began, failure);
        let wait = FIRST_REFUSAL.saturating_mul(2_u32.saturating_pow(refusals - 1)).min(LONGEST_WAIT);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.adopted_in_mid_crawl.notified() => {}
        }
    }

    fn wait_told(&self, began: Option<Instant>, failure: &Failure) {
        self.tell(began, |progress| {
            progress.waits += 1;
            progress.reason = Some(failure.to_string());
        });
        self.metrics.count(Count::CrawlWaits);
    }

    fn answered(&self, began: Option<Instant>, after_refusals: bool) {
        if after_refusals {
            tracing::info!(project = %self.project, "the credentials are accepted again: the crawl goes on");
        }
        self.health.well(self.clock.now_s());
        self.tell(began, |progress| {
            progress.reason = None;
            progress.paused = false;
        });
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
/// Seconds it reaches back where the last one was in the future: clocks are seldom wrong by more than a day.
const WHEN_SET_BACK_S: i64 = 86_400;
