//! A warm-up as operators start it, follow it and stop it. What it reads is the crawl's or the sweep's matter.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Directory;

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
    /// Whether it waits for credentials that the CRM accepts.
    pub paused: bool,
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
            paused: false,
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
}

/// Frees the place of the run however its task ends.
pub(super) struct EndOfRun<'a>(pub(super) &'a Arc<Directory>);

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
