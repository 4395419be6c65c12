//! What a store keeps: entries, the steps of their plans, calls, what was made for whom, and which projects are off.

use std::{collections::BTreeMap, fmt, num::ParseIntError, str::FromStr};

use serde::{Serialize, Serializer};

/// An entry's number. Never used twice; a later entry has a higher one. Operators read it as decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub i64);

impl fmt::Display for EntryId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for EntryId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// How far an entry has come.
///
/// *Open* are those that something is still to be done for: received, planned, leased, later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Stored; what is to be done is not decided yet.
    Received,
    /// Decided, and to be done.
    Planned,
    /// A worker is at it.
    Leased,
    /// To be tried again, not before a time.
    Later,
    /// Done, or there was nothing to do: the outcome says which.
    Done,
    /// Given up, with the CRM's own words.
    Dead,
    /// Came while the project was off; waits for an operator.
    Stored,
    /// Could not be understood; kept whole.
    Unreadable,
    /// An operator decided that it is not to be done.
    Dropped,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Planned,
        Self::Leased,
        Self::Later,
        Self::Done,
        Self::Dead,
        Self::Stored,
        Self::Unreadable,
        Self::Dropped,
    ];

    /// The word that operators and the file use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Planned => "planned",
            Self::Leased => "leased",
            Self::Later => "later",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Stored => "stored",
            Self::Unreadable => "unreadable",
            Self::Dropped => "dropped",
        }
    }

    /// The state that [`State::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether something is still to be done: it then holds up what came after it in its lane.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Planned | Self::Leased | Self::Later)
    }
}

/// What comes in at a door.
///
/// # Units
/// Times, here and everywhere in the store, are milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Whose.
    pub project: String,
    /// The moment's word, or the word for a form.
    pub moment: String,
    /// The call it belongs to, where it says one.
    pub call_id: Option<String>,
    /// The same for the same event: what was stored before under it is not stored again.
    pub identity: String,
    /// Entries of one lane are worked on in order, one at a time. A call that is known keeps the lane it has.
    pub lane: String,
    /// When it came.
    pub received_ms: i64,
    /// All of it as it came.
    pub raw: Vec<u8>,
    /// What was understood of it, JSON. `None`: it could not be understood, and becomes *unreadable*.
    pub facts: Option<String>,
    /// [`State::Received`], or [`State::Unreadable`]; nothing else begins a life.
    pub state: State,
    /// How long its identity is the same thing's, where that is not for ever: what comes later under it is another.
    pub same_within_ms: Option<i64>,
}

/// What came of storing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The entry, or the one that was stored before.
    pub id: EntryId,
    /// Whether it had been stored before.
    pub known: bool,
    /// Its state now: [`State::Stored`] where the project is off.
    pub state: State,
}

/// An entry, but for the bytes it came as ([`Shown::raw`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// Whose.
    pub project: String,
    /// The moment's word, or the word for a form.
    pub moment: String,
    /// The call it belongs to.
    pub call_id: Option<String>,
    /// What an event that is the same has too.
    pub identity: String,
    /// What it is ordered by.
    pub lane: String,
    /// When it came.
    pub received_ms: i64,
    /// What was understood of it, JSON.
    pub facts: Option<String>,
    /// How far it has come.
    pub state: State,
    /// Whether its plan is stored; there may be no step in it.
    pub planned: bool,
    /// How it ended, or what the plan is: `no-row`, `no-client`, `nothing-to-do`, …
    pub outcome: Option<String>,
    /// The row of the matrix that decided.
    pub row_id: Option<String>,
    /// How often a worker took it up, this time included. A worker that died counts, one that gave it back does not.
    pub attempts: u32,
    /// When it may be tried again, of one that is [`State::Later`].
    pub not_before_ms: Option<i64>,
    /// When the lease ends, of one that is [`State::Leased`].
    pub lease_until_ms: Option<i64>,
    /// Why the last attempt failed, in the CRM's own words.
    pub error: Option<String>,
    /// When it was done, given up or dropped.
    pub finished_ms: Option<i64>,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// To be done; of several parts, the next one.
    Todo,
    /// A request may have left and its answer is not noted.
    Sent,
    /// Done.
    Done,
    /// Found not to be needed.
    Skipped,
    /// Refused by the CRM.
    Dead,
}

impl StepState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Todo, Self::Sent, Self::Done, Self::Skipped, Self::Dead];

    /// The word that operators and the file use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
        }
    }

    /// The state that [`StepState::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A step of a plan that is to be stored. Its place in the plan, from 0, is its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// What it is called in the plan: `contact`, `deal`, `task-open`, `call`, …
    pub name: String,
    /// What it is found by in the CRM.
    pub mark: String,
    /// The order, JSON; the store does not look into it.
    pub order: String,
}

/// A step of a stored plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whose plan it is of.
    pub entry: EntryId,
    /// Its place in the plan, from 0.
    pub seq: u32,
    /// What it is called in the plan.
    pub name: String,
    /// What it is found by in the CRM.
    pub mark: String,
    /// The order, JSON.
    pub order: String,
    /// How far it has come.
    pub state: StepState,
    /// Whether the CRM may have done it, or its next part, without our knowing: it is looked for before it is done again.
    pub unclear: bool,
    /// The ids of the parts that are done.
    pub parts: Vec<String>,
    /// The id of what was made or written, once it is done.
    pub receipt: Option<String>,
    /// When a request last left for it.
    pub sent_ms: Option<i64>,
    /// When it was done.
    pub done_ms: Option<i64>,
    /// Why it failed last.
    pub error: Option<String>,
}

/// What is known of a call beside its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCall {
    /// The telephone system's id of it.
    pub call_id: String,
    /// The lane of its entries.
    pub lane: String,
    /// The situation, JSON, once it has been judged.
    pub judged: Option<String>,
    /// When the first of it came.
    pub first_ms: i64,
}

/// Where a call stands in the order in which calls became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct CallPlace {
    /// When the first of it came.
    pub first_ms: i64,
    /// The telephone system's id of it.
    pub call_id: String,
}

/// One moment of a call, as [`Store::events_of_call`](super::Store::events_of_call) tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The entry.
    pub entry: EntryId,
    /// The moment's word.
    pub moment: String,
    /// When it came.
    pub received_ms: i64,
    /// What was understood of it, JSON.
    pub facts: Option<String>,
    /// How far it has come.
    pub state: State,
}

/// How far a project's calls have been compared with the telephone system's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconciled {
    /// What began earlier is nobody's business here: it may have been handled before there was a journal.
    pub since_ms: i64,
    /// Everything that began earlier has been compared.
    pub until_ms: i64,
}

/// Something that a step made for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What the client is known by: their number's digits, `email:…`, `client-id:…`.
    pub who: String,
    /// The kind's word.
    pub kind: String,
    /// The CRM's id of it.
    pub crm_id: String,
    /// When.
    pub at_ms: i64,
}

/// What a project is off by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PausedBy {
    /// An operator, until an operator says otherwise.
    Operator,
    /// The CRM refuses the credentials, until it takes them again.
    Credentials,
}

impl PausedBy {
    /// The word that operators and the file use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Credentials => "credentials",
        }
    }
}

/// A project that is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Which.
    pub project: String,
    /// By what.
    pub by: PausedBy,
    /// Since when.
    pub since_ms: i64,
    /// Why, for a person to read.
    pub reason: String,
}

/// What came of turning a project on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Whether it had been off, and is on now.
    pub was_paused: bool,
    /// How many stored entries have become workable.
    pub sent: u64,
}

/// All of an entry, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The entry.
    pub entry: Entry,
    /// It as it came.
    pub raw: Vec<u8>,
    /// Its call.
    pub call: Option<KnownCall>,
    /// The steps of its plan.
    pub steps: Vec<Step>,
}

/// Which entries are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this project; `None` = of all.
    pub project: Option<String>,
    /// In this state; `None` = in any.
    pub state: Option<State>,
    /// Those behind this one, in the order of the list.
    pub after: Option<EntryId>,
    /// At most so many.
    pub limit: u32,
    /// The last one first.
    pub newest_first: bool,
}

/// How many entries a project has, by state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Only states that some are in.
    pub by_state: BTreeMap<State, u64>,
    /// When the oldest that is still open came.
    pub oldest_open_ms: Option<i64>,
}
