//! What a worker asks of a store, and tells it.

use crate::journal::store::record::{Entry, EntryId, KnownCall, Made, NewStep, Step};

/// A worker's right to an entry. Whatever it writes is checked against it: one whose lease ended and was given to another
/// writes nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The entry.
    pub entry: EntryId,
    /// No other lease's, of this process or an earlier one.
    token: String,
}

impl Lease {
    /// A lease that a store gives.
    pub(super) const fn new(entry: EntryId, token: String) -> Self {
        Self { entry, token }
    }

    /// What tells it from others.
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

/// What a worker is ready to take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Of which project.
    pub project: String,
    /// Now.
    pub now_ms: i64,
    /// For how long.
    pub lease_ms: i64,
    /// Whether what was tried before comes before what was not. To be said every other time: neither starves then.
    pub retries_first: bool,
}

/// An entry to be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The right to it.
    pub lease: Lease,
    /// The entry.
    pub entry: Entry,
    /// Its call, where it has one.
    pub call: Option<KnownCall>,
    /// The steps of its plan. Those that were `sent` when an earlier worker left off are marked unclear.
    pub steps: Vec<Step>,
}

/// What was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The situation, JSON. What the call was judged before stays.
    pub judged: Option<String>,
    /// The row of the matrix that decided.
    pub row_id: Option<String>,
    /// What can be said of it already.
    pub outcome: Option<String>,
    /// What is to be done, in order.
    pub steps: Vec<NewStep>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stepped {
    /// A request is about to leave. Stored before it does: a step found so is unclear.
    Sent {
        /// Now.
        at_ms: i64,
    },
    /// A part is done, the step is not.
    Part {
        /// The part's id.
        id: String,
    },
    /// Done.
    Done {
        /// The id of what was made or written.
        receipt: String,
        /// Now.
        at_ms: i64,
        /// What was made for the client, by all that they are known by, to be told by
        /// [`Store::made_for`](super::Store::made_for).
        made: Vec<Made>,
    },
    /// The answer was lost: it is looked for before it is done again.
    Unclear {
        /// What is known.
        error: String,
    },
    /// Surely not carried out, and to be tried again.
    Undone {
        /// Why.
        error: String,
    },
    /// Not needed, as was seen when its turn came.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Refused.
    Dead {
        /// In the CRM's own words.
        error: String,
    },
}

/// How a worker is through with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing is left to do.
    Done {
        /// What it came to; `None` leaves what the plan said.
        outcome: Option<String>,
    },
    /// To be tried again.
    Later {
        /// Not earlier than this.
        not_before_ms: i64,
        /// Why it has to be.
        error: String,
        /// Whether the attempt counts: what nobody could have tried does not.
        counts: bool,
    },
    /// Given up.
    Dead {
        /// In the CRM's own words.
        error: String,
    },
}
