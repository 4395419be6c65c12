//! Telling: paced, patient with what passes, and rare with what does not.

use std::{collections::HashMap, fmt, io::Write, path::Path, sync::Arc, time::Duration};

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
/// How often the same entries are told before they are taken for what is in the way: some seven minutes.
const TRIES: u32 = 5;
/// The same of a part of those: how long it lasts is known by then.
const TRIES_OF_A_PART: u32 = 2;
/// Parts in a row of which nothing was taken, before it is rather the service than any entry. One entry alone among the
/// most there may be takes seven.
const MOST_IN_VAIN: u32 = 12;
/// How long an entry that is in the way is left out.
const ASIDE: Duration = Duration::from_secs(3_600);

/// A project's contact book at Ringostat.
pub struct Book {
    project: Box<str>,
    teller: Box<dyn Tells>,
    told: Told,
    /// What was in the way of the others, and until when it is left out.
    aside: HashMap<Mark, Instant>,
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
        let (project, aside, next) = (project.into(), HashMap::new(), Instant::now());
        Self { project, teller, told, aside, pause, next, metrics, failing: false }
    }

    /// Whether an entry says something else than what was told of it last, and is not left out for now.
    #[must_use]
    pub fn is_news(&self, contact: &Contact) -> bool {
        let mark = contact.mark();
        self.told.is_news(mark) && !self.aside.contains_key(&mark)
    }

    /// Whether something that was left out has its turn again. It is news from now on, and said once.
    pub fn take_due(&mut self) -> bool {
        let (now, held) = (Instant::now(), self.aside.len());
        self.aside.retain(|_, until| *until > now);
        self.aside.len() < held
    }

    /// Tells these entries, at most [`MOST_AT_ONCE`](super::MOST_AT_ONCE), however long it takes while what is in the way
    /// may pass by itself and is not of the entries. Where something in an entry is refused, the others are told without it,
    /// and it is not told again until it says something else; where Ringostat fails at an entry again and again, it is left
    /// out for an hour.
    ///
    /// # Errors
    /// Everything is refused, or nothing is taken: how long to let it be. Said once in the log, until it works again.
    pub async fn tell(&mut self, contacts: Vec<Contact>) -> Result<(), Duration> {
        let (mut parts, mut refused, mut aside) = (vec![(contacts, TRIES)], Vec::new(), 0);
        let (mut taken, mut in_vain) = (false, 0);
        while let Some((mut part, tries)) = parts.pop() {
            let Err(Trouble { failure, of_entries }) = self.tell_part(&part, tries).await else {
                (taken, in_vain) = (true, 0);
                self.metrics.add(Count::ContactsPushed, part.len() as u64);
                self.note(&part).await;
                self.works_again();
                continue;
            };
            if !of_entries {
                return Err(self.refuses(&failure));
            }
            let passes = matches!(failure, Failure::Wait { .. } | Failure::Unclear { .. });
            in_vain += u32::from(passes);
            match part.len() {
                _ if in_vain > MOST_IN_VAIN => return Err(LONGEST_PAUSE),
                2.. => {
                    let half = part.split_off(part.len() / 2);
                    let tries = if passes { TRIES_OF_A_PART } else { tries };
                    parts.extend([(half, tries), (part, tries)]);
                }
                _ if passes => {
                    aside += part.len();
                    self.aside.extend(part.iter().map(|one| (one.mark(), Instant::now() + ASIDE)));
                }
                _ => refused.extend(part.into_iter().map(|one| (one, failure.clone()))),
            }
        }
        if aside > 0 {
            tracing::warn!(project = %self.project, entries = aside, "entries that Ringostat fails at are left out for an hour");
        }
        match refused.first() {
            _ if aside > 0 && !taken => Err(LONGEST_PAUSE),
            None => Ok(()),
            Some((_, failure)) if !taken => Err(self.refuses(failure)),
            Some(_) => {
                self.leave(refused).await;
                Ok(())
            }
        }
    }

    /// Takes note of what is refused, so that it is not told again as it is.
    async fn leave(&mut self, refused: Vec<(Contact, Failure)>) {
        let (entries, reason) = (refused.len(), refused.first().map(|(_, failure)| failure.to_string()));
        tracing::warn!(project = %self.project, entries, reason, "entries that the contact book does not take");
        let refused: Vec<Contact> = refused.into_iter().map(|(one, _)| one).collect();
        self.note(&refused).await;
    }

    /// One request, again as long as what is in the way may pass by itself: an entry told twice is there once. So many
    /// times where the entries may be the reason.
    async fn tell_part(&mut self, part: &[Contact], tries: u32) -> Result<(), Trouble> {
        let (mut pause, mut left) = (FIRST_PAUSE, tries);
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
            left = left.saturating_sub(u32::from(trouble.of_entries));
            if left == 0 {
                return Err(trouble);
            }
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
