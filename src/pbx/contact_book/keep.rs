//! Telling: paced, patient with what passes, and rare with what does not.

use std::{fmt, io::Write, path::Path, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::base::metric::{Count, ProjectMetrics};
use crate::outbound::Outbound;
use crate::pbx::{
    Access, Failure,
    contact_book::{Contact, Mark, Teller, Tells, Trouble, store::Told},
};

/// How long Ringostat is let be after the first failure that may pass by itself; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// And so long at the most.
const LONGEST_PAUSE: Duration = Duration::from_secs(900);
/// How long it is let be after it refused everything: that does not pass by itself.
const RARELY: Duration = Duration::from_secs(3_600);

/// A project's contact book at Ringostat.
pub struct Book {
    project: Box<str>,
    teller: Box<dyn Tells>,
    told: Told,
    /// Between two requests, at least.
    pause: Duration,
    /// Not before.
    next: Instant,
    metrics: Arc<ProjectMetrics>,
    failing: bool,
}

impl Book {
    /// The book of an account, with what was told it before.
    ///
    /// # Cost
    /// Reads a file, 16 bytes an entry: not for a runtime's thread.
    #[must_use]
    pub fn open(
        project: &str,
        access: Access,
        (outbound, data): (&Outbound, &Path),
        pause: Duration,
        metrics: Arc<ProjectMetrics>,
    ) -> Self {
        let told = Told::open(project, &Told::path(data, project), &access.account());
        Self::with(project, Box::new(Teller::new(access, outbound)), told, pause, metrics)
    }

    pub(super) fn with(
        project: &str,
        teller: Box<dyn Tells>,
        told: Told,
        pause: Duration,
        metrics: Arc<ProjectMetrics>,
    ) -> Self {
        Self { project: project.into(), teller, told, pause, next: Instant::now(), metrics, failing: false }
    }

    /// Whether an entry says something else than what was told of it last.
    #[must_use]
    pub fn is_news(&self, contact: &Contact) -> bool {
        self.told.is_news(contact.mark())
    }

    /// Tells these entries, at most [`MOST_AT_ONCE`](super::MOST_AT_ONCE), however long it takes while what is in the way
    /// may pass by itself. Where something in an entry is refused, the others are told without it, and it is not told again
    /// until it says something else.
    ///
    /// # Errors
    /// Everything is refused: how long to let it be. Said once in the log, until it works again.
    pub async fn tell(&mut self, contacts: Vec<Contact>) -> Result<(), Duration> {
        let (mut parts, mut refused, mut taken) = (vec![contacts], Vec::new(), false);
        while let Some(mut part) = parts.pop() {
            match self.tell_part(&part).await {
                Ok(()) => {
                    taken = true;
                    self.metrics.add(Count::ContactsPushed, part.len() as u64);
                    self.note(&part).await;
                    self.works_again();
                }
                Err(Trouble { of_entries: true, .. }) if part.len() > 1 => {
                    let half = part.split_off(part.len() / 2);
                    parts.push(half);
                    parts.push(part);
                }
                Err(Trouble { failure, of_entries: true }) => {
                    refused.extend(part.into_iter().map(|one| (one, failure.clone())));
                }
                Err(Trouble { failure, .. }) => return Err(self.refuses(&failure)),
            }
        }
        let Some((_, failure)) = refused.first() else { return Ok(()) };
        if !taken {
            return Err(self.refuses(failure));
        }
        let (entries, reason) = (refused.len(), failure.to_string());
        tracing::warn!(project = %self.project, entries, reason, "entries that the contact book does not take");
        let refused: Vec<Contact> = refused.into_iter().map(|(one, _)| one).collect();
        self.note(&refused).await;
        Ok(())
    }

    /// One request, again as long as what is in the way may pass by itself: an entry told twice is there once.
    async fn tell_part(&mut self, part: &[Contact]) -> Result<(), Trouble> {
        let mut pause = FIRST_PAUSE;
        loop {
            sleep_until(self.next).await;
            let outcome = self.teller.tell(part).await;
            self.next = Instant::now() + self.pause;
            let Err(trouble) = outcome else { return Ok(()) };
            self.metrics.add(Count::ContactsFailed, part.len() as u64);
            let after = match &trouble.failure {
                Failure::Wait { after, .. } => after.unwrap_or(pause),
                Failure::Unclear { .. } => pause,
                Failure::Refused { .. } | Failure::Credentials { .. } => return Err(trouble),
            };
            self.fails(&trouble.failure);
            self.next = Instant::now() + after.max(self.pause).min(LONGEST_PAUSE.max(self.pause));
            pause = LONGEST_PAUSE.min(2 * pause);
        }
    }

    /// What is told, in memory and, as far as there is room, on the disk.
    async fn note(&mut self, part: &[Contact]) {
        let marks: Vec<Mark> = part.iter().map(Contact::mark).collect();
        let Some((file, bytes)) = self.told.note(&marks) else { return };
        let written = tokio::task::spawn_blocking(move || (&*file).write_all(&bytes)).await;
        if let Ok(Err(error)) = written {
            tracing::error!(project = %self.project, %error, "what was told to the contact book was not stored: a restart tells it again");
        }
    }

    fn refuses(&mut self, failure: &Failure) -> Duration {
        self.fails(failure);
        RARELY
    }

    /// Logged when it begins to fail and when it works again, not at every request.
    fn fails(&mut self, failure: &Failure) {
        if !self.failing {
            tracing::warn!(project = %self.project, reason = %failure, "the contact book began to fail; it is told again later");
        }
        self.failing = true;
    }

    fn works_again(&mut self) {
        if std::mem::take(&mut self.failing) {
            tracing::info!(project = %self.project, "the contact book is told again");
        }
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Book").field("project", &self.project).finish_non_exhaustive()
    }
}
