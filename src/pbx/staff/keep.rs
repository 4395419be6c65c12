//! Keeping the list: read at the start and every quarter of an hour, held whatever comes.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::base::clock::Clock;
use crate::pbx::{
    Account, Failure,
    staff::{Lists, StaffFile, StaffMember, store::Stored},
};

/// How often the list is read. Somebody new is to be found the same quarter of an hour, as with the CRM's users.
const EVERY: Duration = Duration::from_secs(900);
/// How long Ringostat is let be after the first failure that may pass by itself; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// A project's staff list: the last one that was good.
///
/// A list on which nobody has a main direction is no list as far as calls are concerned: it changes nothing that is held,
/// and neither does one that could not be read.
pub struct Staff {
    project: Box<str>,
    account: Account,
    lists: Box<dyn Lists>,
    file: StaffFile,
    clock: Clock,
    held: watch::Sender<Arc<[StaffMember]>>,
    known: Mutex<Known>,
}

/// What operators are told.
#[derive(Debug, Clone, Default)]
struct Known {
    state: StaffState,
    read_at_s: Option<i64>,
    failing: Option<String>,
}

/// Where the list held comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StaffState {
    /// There is none: calls are answered with what is configured.
    #[default]
    Never,
    /// From the data folder, as it was before the start.
    Stored,
    /// From Ringostat.
    Read,
}

/// A staff list at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffStatus {
    /// Where the list held comes from.
    pub state: StaffState,
    /// People on it.
    pub members: usize,
    /// When it was read, RFC 3339.
    pub read_at: Option<String>,
    /// Why the last reading was of no use; none while it was.
    pub failing: Option<String>,
}

impl Staff {
    /// A list that holds what `before` held of the same account, otherwise what was stored.
    ///
    /// # Cost
    /// Reads a small file: not for a runtime's thread.
    #[must_use]
    pub fn new(project: &str, reader: super::Reader, file: StaffFile, clock: Clock, before: Option<&Self>) -> Self {
        let account = reader.access.account();
        Self::with(project, (account, Box::new(reader)), file, clock, before)
    }

    pub(super) fn with(
        project: &str,
        (account, lists): (Account, Box<dyn Lists>),
        file: StaffFile,
        clock: Clock,
        before: Option<&Self>,
    ) -> Self {
        let (members, known) = match before.filter(|before| before.account == account) {
            Some(before) => (Arc::clone(&before.held.borrow()), before.known().clone()),
            None => stored(project, &account, &file),
        };
        let held = watch::Sender::new(members);
        Self { project: project.into(), account, lists, file, clock, held, known: Mutex::new(known) }
    }

    /// Who is on the list, now and whenever it changes; empty while there is none.
    #[must_use]
    pub fn members(&self) -> watch::Receiver<Arc<[StaffMember]>> {
        self.held.subscribe()
    }

    /// The list at a glance.
    #[must_use]
    pub fn status(&self) -> StaffStatus {
        let known = self.known().clone();
        let at = |at_s| jiff::Timestamp::from_second(at_s).ok().map(|at| at.to_string());
        StaffStatus {
            state: known.state,
            members: self.held.borrow().len(),
            read_at: known.read_at_s.and_then(at),
            failing: known.failing,
        }
    }

    /// Keeps the list fresh until `stop`. One task per project, on the work runtime.
    pub async fn keep_fresh(self: Arc<Self>, stop: CancellationToken) {
        tokio::select! {
            () = self.read_on() => {}
            () = stop.cancelled() => {}
        }
    }

    async fn read_on(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let outcome = self.lists.read().await;
            let next = match &outcome {
                Ok(_) | Err(Failure::Refused { .. } | Failure::Credentials { .. }) => {
                    pause = FIRST_PAUSE;
                    EVERY
                }
                Err(failure) => {
                    let after = if let Failure::Wait { after: Some(after), .. } = failure { *after } else { pause };
                    let next = after.max(pause).min(EVERY);
                    pause = EVERY.min(2 * pause);
                    next
                }
            };
            match outcome {
                Ok(members) if members.iter().any(|member| !member.main.is_empty()) => self.take(members).await,
                Ok(members) => {
                    let found = if members.is_empty() { "none" } else { "additional ones at most" };
                    self.fails(&format!("expected employees with main directions on the list, found {found}"));
                }
                Err(failure) => self.fails(&failure.to_string()),
            }
            tokio::time::sleep(next).await;
        }
    }

    /// Takes a good list over, and has it stored.
    async fn take(&self, members: Vec<StaffMember>) {
        let read_at_s = self.clock.now_s();
        let recovered = {
            let mut known = self.known();
            known.state = StaffState::Read;
            known.read_at_s = Some(read_at_s);
            known.failing.take().is_some()
        };
        if recovered {
            tracing::info!(project = %self.project, "the staff list can be read again");
        }
        let stored = Stored { account: self.account.clone(), read_at_s, members };
        self.held.send_if_modified(|held| {
            let changed = **held != *stored.members;
            if changed {
                *held = stored.members.clone().into();
            }
            changed
        });
        let file = self.file.clone();
        // Waits for the disk.
        let stored = tokio::task::spawn_blocking(move || file.store(&stored)).await;
        if let Ok(Err(error)) = stored {
            let error = &error as &dyn std::error::Error;
            tracing::error!(project = %self.project, error, "the staff list was not stored: a restart will not know it");
        }
    }

    /// Logged when it begins to fail and when it works again, not every quarter of an hour.
    fn fails(&self, reason: &str) {
        let members = self.held.borrow().len();
        let began = self.known().failing.replace(reason.to_owned()).is_none();
        if began {
            tracing::warn!(project = %self.project, reason, members, "the staff list began to fail; what is held stays");
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was stored of this account.
fn stored(project: &str, account: &Account, file: &StaffFile) -> (Arc<[StaffMember]>, Known) {
    match file.load() {
        Ok(Some(stored)) if stored.account == *account => {
            let read_at_s = Some(stored.read_at_s);
            return (stored.members.into(), Known { state: StaffState::Stored, read_at_s, failing: None });
        }
        Ok(Some(stored)) => {
            tracing::info!(project, stored = %stored.account, now = %account, "the stored staff list is another account's");
        }
        Ok(None) => {}
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(project, error, "the stored staff list is not used");
        }
    }
    (Arc::default(), Known::default())
}

impl fmt::Debug for Staff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Staff").field("project", &self.project).finish_non_exhaustive()
    }
}
