//! A project whose directory is warm, made of values: the same for every bench and for the count of allocations.
//!
//! Nothing is left to chance, so that two runs do the same work: the clients follow from their place, the directory's
//! hasher is fixed, and the clock begins at a given time.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up ends there")]

mod questions;
mod values;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use predial::base::clock::Clock;
use predial::base::metric::Metrics;
use predial::directory::{Directory, Parts, WarmRequest, WarmState};
use predial::project::{Block, People, compile_with};
use predial::routing::{Decision, Line, Recalled, recall};
use predial::telephony::Incoming;
use predial::telephony::ringostat::{Rendered, decode};
use tokio::runtime::{Builder, Runtime};

pub(crate) use self::questions::{QUESTIONS, Question};

/// A warm project.
pub(crate) struct World {
    /// What a call meets.
    pub(crate) line: Arc<Line>,
    /// What the directory was filled on; nothing runs there any more.
    _work: Runtime,
}

/// An answer, as the parts the door sends.
pub(crate) struct Answer<'w> {
    rendered: &'w Rendered,
    before: Bytes,
    echo: Option<Bytes>,
}

impl Answer<'_> {
    /// Whether these are the bytes of `expected`.
    pub(crate) fn is(&self, expected: &str) -> bool {
        let after = self.rendered.after.as_deref().unwrap_or_default();
        let mut rest = Some(expected.as_bytes());
        for part in [&self.before, self.echo.as_deref().unwrap_or_default(), after] {
            rest = rest.and_then(|rest| rest.strip_prefix(part));
        }
        self.rendered.status == 200 && rest.is_some_and(<[u8]>::is_empty)
    }
}

impl World {
    /// A project with this many clients, crawled to the end.
    pub(crate) fn with_clients(clients: u64) -> Self {
        let work = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let project = compile_with(&values::settings(), values::ADAPTERS).expect("a project").remove(0);
        let metrics = Metrics::new().project(&project.name);
        let directory = Directory::new(Parts {
            reader: Arc::new(values::Crm { clients }),
            kinds: values::KINDS,
            numbers: project.numbers.clone(),
            section: project.crm.section.clone(),
            timezone: project.timezone.clone(),
            live: values::live(),
            clock: Clock::following("2026-11-20T10:00:00Z".parse().expect("a time")),
            work: work.handle().clone(),
            metrics: Arc::clone(&metrics),
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
        Self { line: Arc::new(Line { project, directory, people, metrics }), _work: work }
    }

    /// The block a question is for.
    pub(crate) fn block(&self, question: &Question) -> &Block {
        self.line.project.block(question.block).expect("a block")
    }

    /// From the request's bytes to the answer's: decode, key, get, walk, encode.
    pub(crate) fn answer<'w>(&'w self, block: &'w Block, question: &Question, body: &Bytes) -> Answer<'w> {
        let incoming = Incoming { query: Some(question.query), content_type: question.content_type, body };
        let asked = decode(&incoming, &block.fields).expect("a question");
        self.known(block, asked.caller.as_deref().expect("a caller"), asked.rpc_id.as_ref())
    }

    /// From the caller's number to the answer's bytes: key, get, walk, encode.
    pub(crate) fn known<'w>(&'w self, block: &'w Block, caller: &str, rpc_id: Option<&Bytes>) -> Answer<'w> {
        let rendered = match recall(&self.line, block, caller) {
            Recalled::Decided(verdict) => match verdict.decision {
                Decision::Hit { employee, .. } => block.answers.hit(employee),
                Decision::Miss(_) => block.answers.miss(),
            },
            Recalled::Unknown { .. } => block.answers.miss(),
        };
        Answer { rendered, before: rendered.before.clone(), echo: rendered.echo(rpc_id) }
    }
}
