//! Metrics: every name once, typed, registered before the first call.
//!
//! A project's handles are made when the project is compiled ([`Metrics::project`]); counting afterwards is an atomic
//! addition into an array indexed by a small enum: no lock, no look-up of labels, no allocation, so it may stand on the
//! call's path. The library's own histogram takes a lock per observation, therefore `reply` keeps one of atomics.
//!
//! This module must not know what is counted: it never reads a directory, a ledger or a clock.

mod journal;
mod names;
mod process;
mod reply;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

pub use self::journal::{ENTRY_STATES, WriteFailure, WriteFailures};
pub use self::names::{Count, Level, ProcessCount, ProcessLevel};
pub use self::process::ProcessMetrics;
use self::{
    journal::{EntryLabels, FailureLabels},
    names::Name,
    reply::ReplyTime,
};

/// Before every name.
const PREFIX: &str = "predial";

/// The media type of [`Metrics::encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a call was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A destination of an employee.
    Hit,
    /// None.
    Miss,
}

impl Outcome {
    /// Both, in the order of their discriminants.
    pub const ALL: [Self; 2] = [Self::Hit, Self::Miss];

    /// The word of the label `outcome`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

/// How an answer is known, or why it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The directory holds the number.
    Directory,
    /// The CRM was asked, now or shortly before.
    Live,
    /// The directory is complete and does not hold the number.
    Absent,
    /// The CRM's answer would have come after the deadline.
    Late,
    /// The CRM was not asked: no quota, breaker open, too many questions under way.
    Busy,
    /// The CRM was asked and failed.
    Failed,
    /// There was no number to ask for.
    Unreadable,
}

impl Source {
    /// Every source, in the order of their discriminants.
    pub const ALL: [Self; 7] =
        [Self::Directory, Self::Live, Self::Absent, Self::Late, Self::Busy, Self::Failed, Self::Unreadable];

    /// The word of the label `source` and of the header `x-predial-source`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Live => "live",
            Self::Absent => "absent",
            Self::Late => "late",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The breaker of a project's CRM, as the gauge shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// Questions pass.
    Closed,
    /// One probe is under way.
    HalfOpen,
    /// No question passes.
    Open,
}

impl Breaker {
    /// The word operators read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }

    const fn level(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProjectLabels {
    project: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    project: String,
    outcome: &'static str,
    source: &'static str,
}

type LevelGauge = Gauge<f64, std::sync::atomic::AtomicU64>;
type Answers = [[Counter; Source::ALL.len()]; Outcome::ALL.len()];

/// Every metric of the process.
pub struct Metrics {
    registry: Registry,
    answers: Family<AnswerLabels, Counter>,
    reply: Family<ProjectLabels, ReplyTime>,
    counts: [Family<ProjectLabels, Counter>; Count::ALL.len()],
    levels: [Family<ProjectLabels, LevelGauge>; Level::ALL.len()],
    entries: Family<EntryLabels, LevelGauge>,
    failures: Family<FailureLabels, Counter>,
    /// The CRMs that projects have written into, so that both can be forgotten.
    written: Mutex<BTreeSet<(String, &'static str)>>,
    process: Arc<ProcessMetrics>,
}

impl Metrics {
    /// Registers every name.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let answers = Family::default();
        registry.register("answers", "Calls answered, by outcome and by how the answer is known", answers.clone());
        let reply = Family::default();
        registry.register(
            "reply_seconds",
            "From the connection's accept (later requests: their first byte) to the reply",
            reply.clone(),
        );
        let counts = Count::ALL.map(|count| registered(&mut registry, count.name(), Family::default()));
        let levels = Level::ALL.map(|level| registered(&mut registry, level.name(), Family::default()));
        let (entries, failures) = (Family::default(), Family::default());
        registry.register("journal_entries", "Entries of the journal, by state", entries.clone());
        registry.register(
            "journal_failures",
            "Requests of the journal that a CRM did not carry out, by CRM and by what came instead",
            failures.clone(),
        );
        let process = ProcessMetrics {
            counts: ProcessCount::ALL.map(|count| registered(&mut registry, count.name(), Counter::default())),
            levels: ProcessLevel::ALL.map(|level| registered(&mut registry, level.name(), Gauge::default())),
        };
        let (written, process) = (Mutex::default(), Arc::new(process));
        Self { registry, answers, reply, counts, levels, entries, failures, written, process }
    }

    /// The handles of one project; asked again, the same counters. Allocates: for compiling a project, not for a call.
    pub fn project(&self, name: &str) -> Arc<ProjectMetrics> {
        let labels = ProjectLabels { project: name.to_owned() };
        let answers = Outcome::ALL.map(|outcome| {
            Source::ALL.map(|source| self.answers.get_or_create_owned(&answer_labels(name, outcome, source)))
        });
        let levels = Level::ALL.map(|level| {
            let family = &self.levels[level as usize];
            let known = family.get(&labels).is_some();
            let gauge = family.get_or_create_owned(&labels);
            if !known && level.is_unknown_at_first() {
                gauge.set(f64::NAN);
            }
            gauge
        });
        Arc::new(ProjectMetrics {
            answers,
            reply: self.reply.get_or_create_owned(&labels),
            counts: Count::ALL.map(|count| self.counts[count as usize].get_or_create_owned(&labels)),
            levels,
            entries: ENTRY_STATES.map(|state| self.entries.get_or_create_owned(&EntryLabels::new(name, state))),
        })
    }

    /// Counts how a project's CRM fails those who write into it; asked again, the same counters.
    pub fn write_failures(&self, project: &str, crm: &'static str) -> Arc<WriteFailures> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert((project.to_owned(), crm));
        let counter = |failure| self.failures.get_or_create_owned(&FailureLabels::new(project, crm, failure));
        Arc::new(WriteFailures(WriteFailure::ALL.map(counter)))
    }

    /// Forgets a project that is no longer configured. Handles still held go on counting, unseen.
    pub fn forget(&self, name: &str) {
        let labels = ProjectLabels { project: name.to_owned() };
        for outcome in Outcome::ALL {
            for source in Source::ALL {
                self.answers.remove(&answer_labels(name, outcome, source));
            }
        }
        self.reply.remove(&labels);
        for family in &self.counts {
            family.remove(&labels);
        }
        for family in &self.levels {
            family.remove(&labels);
        }
        for state in ENTRY_STATES {
            self.entries.remove(&EntryLabels::new(name, state));
        }
        self.written.lock().unwrap_or_else(PoisonError::into_inner).retain(|(project, crm)| {
            let is_forgotten = project == name;
            for failure in WriteFailure::ALL.into_iter().filter(|_| is_forgotten) {
                self.failures.remove(&FailureLabels::new(project, crm, failure));
            }
            !is_forgotten
        });
    }

    /// What belongs to no project.
    #[must_use]
    pub fn process(&self) -> Arc<ProcessMetrics> {
        Arc::clone(&self.process)
    }

    /// Everything in OpenMetrics' text form, which Prometheus reads; see [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// Never in practice: writing to a `String` does not fail.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn registered<M>(registry: &mut Registry, name: Name, metric: M) -> M
where
    M: prometheus_client::registry::Metric + Clone,
{
    registry.register(name.text, name.help, metric.clone());
    metric
}

fn answer_labels(project: &str, outcome: Outcome, source: Source) -> AnswerLabels {
    AnswerLabels { project: project.to_owned(), outcome: outcome.word(), source: source.word() }
}

/// One project's handles. Every method but [`ProjectMetrics::hold`] is one or two atomic operations on shared memory.
#[derive(Debug)]
pub struct ProjectMetrics {
    answers: Answers,
    reply: ReplyTime,
    counts: [Counter; Count::ALL.len()],
    levels: [LevelGauge; Level::ALL.len()],
    entries: [LevelGauge; ENTRY_STATES.len()],
}

impl ProjectMetrics {
    /// So many entries of the journal are in the state of [`ENTRY_STATES`] that this word is.
    pub fn entries(&self, state: &str, now: f64) {
        if let Some(at) = ENTRY_STATES.iter().position(|known| *known == state) {
            self.entries[at].set(now);
        }
    }

    /// A call was answered.
    pub fn answered(&self, outcome: Outcome, source: Source) {
        self.answers[outcome as usize][source as usize].inc();
    }

    /// How long the reply took, from the connection's accept.
    pub fn reply_took(&self, took: std::time::Duration) {
        self.reply.observe(took);
    }

    /// A reply left after its deadline.
    pub fn deadline_overrun(&self) {
        self.count(Count::DeadlineOverruns);
    }

    /// One more.
    pub fn count(&self, what: Count) {
        self.counts[what as usize].inc();
    }

    /// `more` more.
    pub fn add(&self, what: Count, more: u64) {
        self.counts[what as usize].inc_by(more);
    }

    /// How often so far.
    #[must_use]
    pub fn counted(&self, what: Count) -> u64 {
        self.counts[what as usize].get()
    }

    /// How many calls were answered so.
    #[must_use]
    pub fn answers(&self, outcome: Outcome, source: Source) -> u64 {
        self.answers[outcome as usize][source as usize].get()
    }

    /// Where it stands now; `None` is shown as *not known* (`NaN`).
    pub fn set(&self, what: Level, now: Option<f64>) {
        self.levels[what as usize].set(now.unwrap_or(f64::NAN));
    }

    /// Where it stands; `NaN` while not known.
    #[must_use]
    pub fn level(&self, what: Level) -> f64 {
        self.levels[what as usize].get()
    }

    /// The breaker's state.
    pub fn breaker(&self, now: Breaker) {
        self.levels[Level::Breaker as usize].set(now.level());
    }

    /// One more under way, until the returned guard is dropped.
    #[must_use]
    pub fn hold(&self, what: Level) -> Held {
        let gauge = self.levels[what as usize].clone();
        gauge.inc();
        Held { gauge }
    }
}

/// Keeps a gauge one higher; dropped, it falls back.
#[derive(Debug)]
pub struct Held {
    gauge: LevelGauge,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

#[cfg(test)]
mod tests;
