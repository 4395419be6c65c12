//! Webhooks: registered and renewed at the vendors, and what they deliver handed on to the directories.
//!
//! A project's webhooks outlive a reload that changes nothing of its `[crm]`, its public address and its token. Whatever
//! happens to them, sweeps go on: webhooks make the directory fresh sooner and are never what it depends on.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Follow, Tending};
use crate::base::metric::{Count, ProjectMetrics};
use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Kept, Unheard};
use crate::crm::{Prepared, Tools};
use crate::directory::Directory;
use crate::ops::{WebhooksState, WebhooksView};
use crate::project::Project;
use crate::server::{Arrival, Arrivals, Inbox, Inboxes, Received, inbox};

/// The bounds of the pause between two looks at a vendor's side, whatever the vendor's part says.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(86_400);
/// The longest pause after a failure, unless the vendor asks for more.
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(3_600);
/// Deliveries that are not believed are logged once in this time.
const QUIET: Duration = Duration::from_secs(60);

/// The projects' webhooks, by name.
#[derive(Default)]
pub(super) struct Webhooks(BTreeMap<Box<str>, Standing>);

/// What belongs to the webhooks of one project.
struct Standing {
    target: HookTarget,
    prepared: Arc<dyn Prepared>,
    inbox: Inbox,
    view: Arc<View>,
    stop: CancellationToken,
}

/// How they are, for operators.
struct View(Mutex<WebhooksView>);

impl View {
    fn now(&self) -> MutexGuard<'_, WebhooksView> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Webhooks {
    /// Ends a project's webhooks on our side. At the vendor they stay: what they deliver is refused from now on.
    pub(super) fn end(&mut self, project: &str) {
        if let Some(standing) = self.0.remove(project) {
            standing.stop.cancel();
        }
    }

    /// The doors' ends of all of them.
    pub(super) fn inboxes(&self) -> Inboxes {
        self.0.iter().map(|(name, standing)| (name.clone(), standing.inbox.clone())).collect()
    }
}

impl Follow {
    /// How a project's webhooks are; `None` for a project that is not in force.
    pub(crate) fn webhooks(&self, project: &str) -> Option<WebhooksView> {
        let tending = self.tending();
        if let Some(standing) = tending.webhooks.0.get(project) {
            return Some(standing.view.now().clone());
        }
        let exchange = self.current.load_full();
        let reason = match &exchange.line(project)?.project.webhooks {
            None => "no public_url is configured",
            Some(_) => "this CRM has none, or what is configured of it does not allow any",
        };
        Some(WebhooksView::off(reason))
    }

    /// The doors are open: vendors that look whether somebody is there find us.
    pub(crate) fn doors_are_open(&self) {
        self.opened.send_replace(true);
    }

    /// Begins, keeps or ends a project's webhooks, as it says. Its directory has been seen to before.
    pub(super) fn tend_webhooks(self: &Arc<Self>, tending: &mut Tending, project: &Project) {
        let Some(tended) = tending.directories.get(&project.name) else {
            return tending.webhooks.end(&project.name);
        };
        let Some(target) = &project.webhooks else {
            // How slow sweeps may be where there are to be no webhooks is the operator's word.
            tended.directory.webhooks_work(true);
            return tending.webhooks.end(&project.name);
        };
        // Made anew with every change of what is configured of the CRM.
        let prepared = Arc::clone(&tended.prepared);
        let same = |standing: &Standing| standing.target == *target && Arc::ptr_eq(&standing.prepared, &prepared);
        if tending.webhooks.0.get(&project.name).is_some_and(same) {
            return;
        }
        let ledger = Arc::clone(&tended.ledger);
        let tokens = tending.accounts.tokens.clone();
        let tools = Tools { outbound: self.means.outbound.clone(), ledger, tokens, clock: self.means.clock };
        tending.webhooks.end(&project.name);
        // Until they are seen to.
        tended.directory.webhooks_work(false);
        let Some(hooks) = prepared.hooks(tools, target.clone()) else { return };
        let (inbox, arrivals) = inbox();
        let first =
            WebhooksView { state: WebhooksState::Waiting, standing: 0, by_hand: None, reason: None, next: None };
        let (view, stop) = (Arc::new(View(Mutex::new(first))), self.stop.child_token());
        let keeper = Keeper {
            project: project.name.clone(),
            directory: Arc::downgrade(&tended.directory),
            hooks,
            follow: Arc::clone(self),
            view: Arc::clone(&view),
            heard: AtomicBool::new(false),
            metrics: self.means.metrics.project(&project.name),
        };
        let (opened, stopped) = (self.opened.subscribe(), stop.clone());
        self.means.work.spawn(async move {
            tokio::select! {
                () = keeper.keep(opened) => {}
                () = keeper.hear(arrivals) => {}
                () = stopped.cancelled() => {}
            }
        });
        tending
            .webhooks
            .0
            .insert(project.name.clone(), Standing { target: target.clone(), prepared, inbox, view, stop });
    }
}

/// Keeps one project's webhooks.
struct Keeper {
    project: Box<str>,
    /// The one that these webhooks were begun for; it may not be in force yet.
    directory: Weak<Directory>,
    hooks: Arc<dyn Hooks>,
    follow: Arc<Follow>,
    view: Arc<View>,
    /// Whether something genuine was delivered: what was set up by hand is not seen in any other way.
    heard: AtomicBool,
    metrics: Arc<ProjectMetrics>,
}

impl Keeper {
    /// Looks at the vendor's side again and again, once the doors are open.
    async fn keep(&self, mut opened: watch::Receiver<bool>) {
        if opened.wait_for(|open| *open).await.is_err() {
            return;
        }
        let mut failed = 0;
        loop {
            let pause = match self.hooks.keep().await {
                Ok(kept) => {
                    failed = 0;
                    let pause = jittered(kept.again.clamp(SHORTEST, LONGEST), &self.project, 0).max(SHORTEST);
                    self.stands(kept, pause);
                    pause
                }
                Err(failure) => {
                    failed += 1;
                    let pause = after(&failure, &self.project, failed);
                    self.fails(&failure, pause);
                    pause
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn stands(&self, kept: Kept, pause: Duration) {
        let Kept { standing, by_hand, .. } = kept;
        let next = self.at(pause);
        let mut view = self.view.now();
        let changed = view.standing != standing || view.by_hand != by_hand || view.reason.is_some();
        if changed || view.state == WebhooksState::Waiting {
            match &by_hand {
                Some(by_hand) => {
                    tracing::warn!(project = %self.project, standing, by_hand, "webhooks: something is to be done by hand");
                }
                None => tracing::info!(project = %self.project, standing, "webhooks stand"),
            }
        }
        let state = if standing == 0 && by_hand.is_some() { WebhooksState::ByHand } else { WebhooksState::Standing };
        *view = WebhooksView { state, standing, by_hand, reason: None, next };
        drop(view);
        self.tell_whether_they_work();
    }

    fn fails(&self, failure: &Failure, pause: Duration) {
        let (reason, next) = (Some(failure.to_string()), self.at(pause));
        let mut view = self.view.now();
        if view.reason != reason {
            tracing::warn!(project = %self.project, %failure, "webhooks could not be looked after; sweeps go on");
        }
        (view.state, view.reason, view.next) = (WebhooksState::Failing, reason, next);
        drop(view);
        self.tell_whether_they_work();
    }

    /// Sweeps must not rely on webhooks that may not be there.
    fn tell_whether_they_work(&self) {
        let work = {
            let view = self.view.now();
            let stand = matches!(view.state, WebhooksState::Standing | WebhooksState::ByHand);
            stand && (view.by_hand.is_none() || self.heard.load(Ordering::Acquire))
        };
        if let Some(directory) = self.directory.upgrade() {
            directory.webhooks_work(work);
        }
    }

    fn at(&self, pause: Duration) -> Option<String> {
        self.follow.means.clock.now().checked_add(pause).ok().map(|at| at.to_string())
    }

    /// Reads what is delivered, one after the other: at most one thread at a time is kept by a project's deliveries.
    async fn hear(&self, mut arrivals: Arrivals) {
        let mut told: Option<Instant> = None;
        while let Some(arrival) = arrivals.next().await {
            if arrivals.overran() {
                tracing::warn!(project = %self.project, "more was delivered than could be taken; a sweep looks for it");
                self.pass_on([Hint::Sweep]);
            }
            let Err(unheard) = self.hear_one(arrival).await else { continue };
            self.metrics.count(Count::ChangesRefused);
            if told.is_none_or(|told| told.elapsed() >= QUIET) {
                told = Some(Instant::now());
                tracing::warn!(project = %self.project, %unheard, "a delivery of the CRM was not heeded");
            }
        }
    }

    async fn hear_one(&self, arrival: Arrival) -> Result<(), Unheard> {
        let Arrival { method, headers, body, .. } = &arrival;
        let delivery = Delivery { method, target: arrival.target(), headers, body };
        let heard = self.hooks.hear(&delivery).await;
        let refused = matches!(heard, Err(Unheard::NotGenuine { .. }));
        if heard.is_ok() && !self.heard.swap(true, Ordering::AcqRel) {
            self.tell_whether_they_work();
        }
        // Before the records are read again: vendors wait seconds, and hold it against us.
        arrival.answer(if refused { Received::NotGenuine } else { Received::Taken });
        match heard? {
            Heard::Probe => tracing::debug!(project = %self.project, "the CRM looked whether somebody is there"),
            Heard::Changes(hints) => {
                self.metrics.add(Count::ChangesHeard, hints.len() as u64);
                self.pass_on(hints);
            }
        }
        Ok(())
    }

    /// To the directory that is in force now.
    fn pass_on(&self, hints: impl IntoIterator<Item = Hint>) {
        let exchange = self.follow.current.load_full();
        if let Some(line) = exchange.line(&self.project) {
            line.directory.hear(hints);
        }
    }
}

/// How long to wait after so many failures in a row: longer each time, and never less than the vendor asked for.
fn after(failure: &Failure, project: &str, failed: u32) -> Duration {
    let pause = SHORTEST.saturating_mul(1 << failed.saturating_sub(1).min(10)).min(LONGEST_AFTER_FAILURE);
    let told = match failure {
        Failure::NoQuota { after, .. } | Failure::Wait { after: Some(after), .. } => (*after).min(LONGEST),
        _ => Duration::ZERO,
    };
    // Shorter by chance, but never than what was asked for.
    jittered(pause, project, failed).max(told)
}

/// A pause made up to a tenth shorter, by what depends on the project and the turn alone: projects that began together
/// do not come together for ever.
fn jittered(pause: Duration, project: &str, turn: u32) -> Duration {
    let mut hasher = DefaultHasher::new();
    (project, turn).hash(&mut hasher);
    pause - pause.mul_f64((hasher.finish() % 1_000) as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LONGEST, LONGEST_AFTER_FAILURE, SHORTEST, after, jittered};
    use crate::crm::failure::Failure;

    #[test]
    fn failures_are_let_be_longer_each_time_and_as_long_as_the_vendor_says() {
        let lost = Failure::Unclear { reason: String::new() };
        let pauses: Vec<Duration> = (1..40).map(|failed| after(&lost, "acme", failed)).collect();
        assert!(pauses[0] >= SHORTEST.mul_f64(0.9) && pauses[0] <= SHORTEST, "{:?}", pauses[0]);
        assert!(pauses[..6].windows(2).all(|two| two[0] < two[1]), "{pauses:?}");
        assert!(pauses[6..].iter().all(|&pause| pause >= LONGEST_AFTER_FAILURE.mul_f64(0.9)), "{pauses:?}");
        assert!(pauses.iter().all(|&pause| pause <= LONGEST_AFTER_FAILURE), "{pauses:?}");
        let told = |after| Failure::Wait { reason: String::new(), after: Some(after) };
        assert_eq!(after(&told(Duration::from_secs(7_200)), "acme", 1), Duration::from_secs(7_200));
        assert_eq!(after(&told(Duration::from_secs(1 << 40)), "acme", 1), LONGEST);
    }

    #[test]
    fn projects_that_began_together_do_not_come_together() {
        let pauses: Vec<Duration> = ["acme", "bravo", "cargo"].map(|name| jittered(LONGEST, name, 0)).to_vec();
        assert!(pauses.iter().all(|&pause| pause <= LONGEST && pause >= LONGEST.mul_f64(0.9)), "{pauses:?}");
        assert!(pauses[0] != pauses[1] && pauses[1] != pauses[2], "{pauses:?}");
    }
}
