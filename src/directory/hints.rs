//! What a vendor's webhooks said had changed, read again.
//!
//! Hints are gathered for a moment, so that a hundred changes of one import become one request, and never grow without
//! bound: past a limit they become a sweep, which finds the same changes without being told their names. A hint that
//! could not be followed is dropped after some tries: the next sweep comes anyway.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{Directory, apply::From};
use crate::base::metric::Count;
use crate::crm::failure::Failure;
use crate::crm::hooks::Hint;
use crate::crm::{MOST_REREAD, Record};
use crate::model::client::Kind;
use crate::model::ids::CrmId;

/// Hints held at once; what is beyond is a sweep's.
const MOST: usize = 10_000;
/// How long hints are gathered before the first of them is followed.
const GATHERED: Duration = Duration::from_millis(50);
/// Tries of one request, and the pause before the second; it doubles.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The users are read again no sooner than this after they were.
const USERS_PAUSE: Duration = Duration::from_secs(60);
/// A longer wait than this is left to the next sweep.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The hints that have not been followed yet.
#[derive(Debug, Default)]
pub(super) struct Hints {
    waiting: Mutex<BTreeSet<Hint>>,
    came: Notify,
    sweep: Notify,
    users: Notify,
    /// Wakes the refresh loop for a sweep before its time.
    pub(super) sweep_now: Notify,
    /// Whether webhooks that there should be tell nothing.
    silent: AtomicBool,
}

/// The longest interval of sweeps that have to find what no webhook tells, whatever is configured for those beside
/// webhooks.
const SILENT_SWEEP: Duration = Duration::from_secs(120);

impl Hints {
    fn waiting(&self) -> MutexGuard<'_, BTreeSet<Hint>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory {
    /// Takes note of what a webhook said had changed. Does not wait for it to be read.
    pub fn hear(&self, hints: impl IntoIterator<Item = Hint>) {
        let mut waiting = self.hints.waiting();
        for hint in hints {
            if waiting.len() >= MOST {
                waiting.clear();
                waiting.insert(Hint::Sweep);
            }
            waiting.insert(hint);
        }
        drop(waiting);
        self.hints.came.notify_one();
    }

    /// Takes note of whether the webhooks that there should be work. As long as they do not, sweeps come every two minutes
    /// at least, where the account's quota allows it, however slow they are configured to be beside webhooks.
    pub fn webhooks_work(&self, work: bool) {
        if self.hints.silent.swap(!work, Ordering::AcqRel) == work {
            // What was told to nobody until now is looked for, and the next sweep reckoned from then.
            self.hints.sweep_now.notify_one();
        }
    }

    /// How often changes are asked for as things are now.
    pub(super) fn sweep_every(&self) -> Duration {
        let silent = self.hints.silent.load(Ordering::Acquire);
        self.feed().sweep_every(if silent { SILENT_SWEEP } else { Duration::MAX })
    }

    /// Follows hints as long as it is polled.
    pub(super) async fn follow_hints(&self) {
        loop {
            self.hints.came.notified().await;
            tokio::time::sleep(GATHERED).await;
            let hints = std::mem::take(&mut *self.hints.waiting());
            if hints.contains(&Hint::Sweep) {
                self.hints.sweep.notify_one();
            }
            if hints.contains(&Hint::Users) {
                self.hints.users.notify_one();
            }
            let mut named: BTreeMap<Kind, Vec<CrmId>> = BTreeMap::new();
            for hint in hints {
                if let Hint::Record(kind, id) = hint {
                    named.entry(kind).or_default().push(id);
                }
            }
            // What has no number of its own first, as in a crawl.
            for &kind in self.feed().reader.crawl_order() {
                for ids in named.remove(&kind).unwrap_or_default().chunks(MOST_REREAD) {
                    self.read_again(kind, ids).await;
                }
            }
        }
    }

    /// Has what hints ask for beyond records done, as long as it is polled: at once, and what is asked for meanwhile once
    /// more after a pause.
    pub(super) async fn follow_wide_hints(&self) {
        let sweeps = async {
            loop {
                self.hints.sweep.notified().await;
                self.hints.sweep_now.notify_one();
                tokio::time::sleep(self.feed().told_sweep_every()).await;
            }
        };
        let users = async {
            loop {
                self.hints.users.notified().await;
                let _told_by_the_sweeps = self.read_users(None).await;
                tokio::time::sleep(USERS_PAUSE).await;
            }
        };
        tokio::join!(sweeps, users);
    }

    async fn read_again(&self, kind: Kind, ids: &[CrmId]) {
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            let asked_s = self.clock.now_s();
            let failure = match self.feed().reader.records(kind, ids).await {
                Ok(found) => {
                    self.health.well(self.clock.now_s());
                    self.metrics.add(Count::RecordsReread, ids.len() as u64);
                    self.replace(kind, ids, &found, asked_s);
                    return;
                }
                Err(failure) => failure,
            };
            self.health.ill(&failure, self.clock.now_s());
            let wait = match &failure {
                Failure::NoQuota { after, .. } | Failure::Wait { after: Some(after), .. } => *after,
                Failure::Wait { after: None, .. } | Failure::Unclear { .. } => pause,
                Failure::Refused { .. } | Failure::Credentials { .. } => LONGEST_WAIT + pause,
            };
            if wait > LONGEST_WAIT {
                break;
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
        }
        self.metrics.count(Count::HintsDropped);
        tracing::debug!(project = %self.project, %kind, records = ids.len(), "records could not be read again");
    }

    /// Puts in what was read again; what was not found is gone.
    fn replace(&self, kind: Kind, ids: &[CrmId], found: &[Record], asked_s: i64) {
        self.apply(found, From::Sweep);
        let gone = ids.iter().filter(|&&id| !found.iter().any(|record| record.id == id));
        self.take_out(kind, gone.copied(), asked_s);
    }
}
