//! A project whose directory is warm, made of values: the same for every bench and for the count of allocations.
//!
//! Nothing is left to chance, so that two runs do the same work: the clients follow from their place, the directory's
//! hasher is fixed, and the clock begins at a given time.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up ends there")]

mod questions;
mod values;

use std::sync::Arc;
use std::time::Duration;

use predial::base::clock::Clock;
use predial::base::metric::Metrics;
use predial::crm::Matching;
use predial::crm::quota::{Ledger, Limits};
use predial::directory::{Directory, Feed, Parts, WarmRequest, WarmState};
use predial::project::{People, compile_with};
use predial::routing::{Line, Notes};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

pub(crate) use self::questions::{QUESTIONS, Question};
pub(crate) use self::values::process;

/// More calls than any count of allocations has.
const NOTED: usize = 1 << 18;

/// A warm project.
pub(crate) struct World {
    /// What a call meets.
    pub(crate) line: Arc<Line>,
    /// Where it leaves what it was answered; soon full, as nobody takes it out.
    pub(crate) notes: Notes,
    /// When every call came.
    pub(crate) at: Instant,
    /// What the directory was filled on; nothing runs there any more.
    _work: Runtime,
}

impl World {
    /// A project with this many clients, crawled to the end.
    pub(crate) fn with_clients(clients: u64) -> Self {
        let work = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let project = compile_with(&values::settings(), values::ADAPTERS).expect("a project").remove(0);
        let metrics = Metrics::new().project(&project.name);
        let directory = Directory::new(Parts {
            project: project.name.clone(),
            feed: Feed {
                reader: Arc::new(values::Crm { clients }),
                section: project.crm.section.clone(),
                ledger: Arc::new(Ledger::new(Limits::NONE, Clock::System)),
                timezone: project.timezone.clone(),
            },
            kinds: values::KINDS,
            matching: Matching::Whole,
            numbers: project.numbers.clone(),
            live: process().live,
            clock: Clock::following("2026-11-20T10:00:00Z".parse().expect("a time")),
            work: work.handle().clone(),
            metrics: Arc::clone(&metrics),
            keeping: None,
        });
        let state = work.block_on(async {
            directory.warm(WarmRequest { full: true, force: false }).expect("none under way");
            let mut progress = directory.warm_progress();
            let ended = tokio::time::timeout(
                Duration::from_secs(600),
                progress.wait_for(|progress| progress.state != WarmState::Running),
            );
            ended.await.expect("an end").expect("a progress").state
        });
        assert_eq!(state, WarmState::Done);
        let people = Arc::new(People::match_users(&project.employees, &[], &project.numbers));
        let notes = Notes::new(NOTED);
        let number = notes.number(&project);
        let line = Arc::new(Line { number, project, directory, people, metrics });
        notes.know(&line);
        Self { line, notes, at: Instant::now(), _work: work }
    }
}
