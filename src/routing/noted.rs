//! What calls were answered, noted on their way: a value of fixed size is put into a ring, and who writes it down takes
//! it out again, in a time of its own.
//!
//! A call pays for one push. The names that belong to what it left (project, block, employee) are found when it is taken
//! out, in the project that was in force then: a reload may have put another in force meanwhile.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crossbeam_queue::ArrayQueue;
use tokio::time::Instant;

use super::{
    Line,
    verdict::{Decision, Verdict},
};
use crate::base::metric::{Count, ProjectMetrics};
use crate::model::phone::PhoneKey;
use crate::project::{Block, Project};

/// One answer, as a call leaves it.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    /// [`Line::number`]
    line: u64,
    /// [`Block::place`]
    block: u32,
    /// When its request began: the clock on the wall is not asked on a call's way.
    at: Instant,
    verdict: Verdict,
}

/// One answer, with the project it was given in.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The project, as it was then.
    pub project: Arc<Project>,
    /// What is counted of it.
    pub metrics: Arc<ProjectMetrics>,
    /// When the request began.
    pub at: Instant,
    /// What was decided.
    pub verdict: Verdict,
    block: u32,
}

/// The ring, and the projects that what is in it belongs to.
///
/// One ring for all threads: a push takes 9 ns, as much as into a ring of a thread's own, and at the worst twice that
/// while another thread does nothing else.
pub struct Notes {
    ring: ArrayQueue<Noted>,
    last: AtomicU64,
    lines: Mutex<BTreeMap<u64, Known>>,
}

/// A line that may still be answered from, or was until lately.
struct Known {
    line: Weak<Line>,
    project: Arc<Project>,
    metrics: Arc<ProjectMetrics>,
}

impl Notes {
    /// A ring for so many.
    ///
    /// # Cost
    /// All of its memory at once, some 100 bytes each; a push takes none.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { ring: ArrayQueue::new(most.max(1)), last: AtomicU64::new(0), lines: Mutex::default() }
    }

    /// The number of a line that is being made; 0 for a project whose decisions are not kept.
    #[must_use]
    pub fn number(&self, project: &Project) -> u64 {
        if project.decisions_kept.is_zero() { 0 } else { self.last.fetch_add(1, Relaxed) + 1 }
    }

    /// Lets what a line decides be told with its names. Before calls meet the line.
    pub fn know(&self, line: &Arc<Line>) {
        if line.number != 0 {
            let (project, metrics) = (Arc::clone(&line.project), Arc::clone(&line.metrics));
            self.lines().insert(line.number, Known { line: Arc::downgrade(line), project, metrics });
        }
    }

    /// Notes an answer; where there is no room for it, that is counted and nothing else.
    ///
    /// # Cost
    /// One write into memory that is there: no lock, no allocation, no count of references.
    pub fn note(&self, line: &Line, block: &Block, (verdict, at): (&Verdict, Instant)) {
        if line.number == 0 {
            return;
        }
        let noted = Noted { line: line.number, block: block.place, at, verdict: *verdict };
        if self.ring.push(noted).is_err() {
            line.metrics.count(Count::DecisionsDropped);
        }
    }

    /// Whether half of the room is taken.
    #[must_use]
    pub fn is_half_full(&self) -> bool {
        self.ring.len() * 2 >= self.ring.capacity()
    }

    /// Takes out so many at most, the oldest first. Fewer: there were no more, and lines that nobody is answered from any
    /// longer have been forgotten.
    ///
    /// # Cost
    /// By one at a time: who takes them out keeps their order.
    pub fn take(&self, most: usize) -> Vec<Decided> {
        let mut lines = self.lines();
        // Before the ring is emptied: who held one of these may have pushed until it let go.
        let over: Vec<u64> =
            lines.iter().filter(|(_, known)| known.line.strong_count() == 0).map(|(number, _)| *number).collect();
        let mut taken = Vec::new();
        while taken.len() < most {
            let Some(noted) = self.ring.pop() else {
                for number in over {
                    lines.remove(&number);
                }
                break;
            };
            if let Some(known) = lines.get(&noted.line) {
                taken.push(Decided {
                    project: Arc::clone(&known.project),
                    metrics: Arc::clone(&known.metrics),
                    at: noted.at,
                    verdict: noted.verdict,
                    block: noted.block,
                });
            }
        }
        taken
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<u64, Known>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Notes").field("waiting", &self.ring.len()).finish_non_exhaustive()
    }
}

impl Decided {
    /// The block's name.
    #[must_use]
    pub fn block(&self) -> Option<&str> {
        self.project.block_at(self.block).map(|block| &*block.name)
    }

    /// The employee the call was sent to.
    #[must_use]
    pub fn employee(&self) -> Option<&str> {
        let Decision::Hit { employee, .. } = self.verdict.decision else { return None };
        self.project.employees.get(employee).map(|employee| &*employee.name)
    }

    /// Where the call was sent: the employee's first main direction, or the block's `miss_destination`.
    #[must_use]
    pub fn destination(&self) -> Option<&str> {
        let block = self.project.block_at(self.block)?;
        destination(&self.project, block, &self.verdict.decision)
    }

    /// The caller's number.
    #[must_use]
    pub const fn number(&self) -> Option<PhoneKey> {
        self.verdict.number
    }
}

/// Where a decision sends a call.
pub(super) fn destination<'p>(project: &'p Project, block: &'p Block, decision: &Decision) -> Option<&'p str> {
    match *decision {
        Decision::Hit { employee, .. } => project.employees.get(employee)?.main.first().map(|main| &**main),
        Decision::Miss(_) => block.answers.shape().miss_destination.as_deref(),
    }
}
