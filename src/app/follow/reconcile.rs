//! Reconciling: begun, kept and ended as projects are configured, by itself after the start and every hour.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Follow, Tending};
use crate::base::dice;
use crate::journal::{Range, ReconcileProgress, Reconciler, Refused};
use crate::pbx::{Access, CallsReader};
use crate::project::Project;

/// How often what is new is compared, give or take a tenth: projects that began together do not ask together for ever.
const EVERY: Duration = Duration::from_secs(3_600);
/// After the first run that ended early; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(300);

/// Who compares each project's calls.
#[derive(Default)]
pub(super) struct Reconcilers(BTreeMap<Box<str>, Kept>);

/// What belongs to one project.
struct Kept {
    access: Access,
    reconciler: Arc<Reconciler>,
    stop: CancellationToken,
    /// Ends what runs by itself, where it does.
    hourly: Option<CancellationToken>,
}

impl Reconcilers {
    /// Ends a project's; what is noted of it stays.
    pub(super) fn end(&mut self, project: &str) {
        if let Some(kept) = self.0.remove(project) {
            kept.stop.cancel();
        }
    }
}

impl Follow {
    /// Begins a run of calls that began between two times; `None` where the project names no account of Ringostat's API.
    pub(crate) fn reconcile(&self, project: &str, range: Range) -> Option<Result<u64, Refused>> {
        let reconciler = self.tending().reconcilers.0.get(project).map(|kept| Arc::clone(&kept.reconciler))?;
        let _inside = self.means.work.enter();
        Some(reconciler.start(range))
    }

    /// A project's run under way, or its last.
    pub(crate) fn reconciling(&self, project: &str) -> Option<ReconcileProgress> {
        self.tending().reconcilers.0.get(project).map(|kept| kept.reconciler.progress().borrow().clone())
    }

    /// Who compares the project's calls is begun, kept or ended as the project says.
    pub(super) fn tend_reconciler(&self, tending: &mut Tending, project: &Project) {
        let section = project.ringostat.as_ref();
        let (Some(access), Some(journal)) = (section.and_then(Access::of), &self.means.journal) else {
            return tending.reconcilers.end(&project.name);
        };
        let calls = || Arc::new(CallsReader::new(access.clone(), &self.means.outbound));
        let same_account = |kept: &Kept| kept.access.account() == access.account();
        if !tending.reconcilers.0.get(&project.name).is_some_and(same_account) {
            tending.reconcilers.end(&project.name);
            let stop = self.stop.child_token();
            let reconciler = Arc::new(Reconciler::new(Arc::clone(journal), &project.name, calls(), stop.child_token()));
            let kept = Kept { access: access.clone(), reconciler, stop, hourly: None };
            tending.reconcilers.0.insert(project.name.clone(), kept);
        }
        let Some(kept) = tending.reconcilers.0.get_mut(&project.name) else { return };
        if kept.access != access {
            kept.reconciler.read_from(calls());
            kept.access = access;
        }
        match (section.is_some_and(|section| section.reconcile), kept.hourly.take()) {
            (true, Some(stop)) => kept.hourly = Some(stop),
            (true, None) => {
                let stop = kept.stop.child_token();
                let (opened, reconciler) = (self.opened.subscribe(), Arc::clone(&kept.reconciler));
                let hourly = async move {
                    let mut opened = opened;
                    // Before the doors are open nothing is in force.
                    if opened.wait_for(|open| *open).await.is_ok() {
                        every_hour(&reconciler).await;
                    }
                };
                let ended = stop.clone();
                self.means.work.spawn(async move { ended.run_until_cancelled(hourly).await });
                kept.hourly = Some(stop);
            }
            (false, Some(stop)) => stop.cancel(),
            (false, None) => {}
        }
    }
}

async fn every_hour(reconciler: &Reconciler) {
    let mut pause = FIRST_PAUSE;
    loop {
        let next = match reconciler.catch_up().await {
            Ok(()) => {
                pause = FIRST_PAUSE;
                EVERY.mul_f64(0.9 + 0.2 * dice::roll())
            }
            Err(after) => {
                let next = pause.max(after.unwrap_or_default());
                pause = EVERY.min(2 * pause);
                next
            }
        };
        tokio::time::sleep(next).await;
    }
}
