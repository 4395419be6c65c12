//! How far a run is, as operators are told it.

use serde::Serialize;

use super::Figures;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// None has been started.
    #[default]
    Never,
    /// Under way.
    Running,
    /// Everything was read and compared.
    Done,
    /// Everything but some windows that hold more than can be read.
    Incomplete,
    /// Ended early; what was appended stays.
    Failed,
    /// Ended early with the service, or with its project's account.
    Stopped,
}

/// A run, under way or the last.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ReconcileProgress {
    /// The run; counted from 1, 0 before the first.
    pub id: u64,
    /// How far it is.
    pub state: RunState,
    /// Whether it began by itself.
    pub automatic: bool,
    /// The calls that began at this time or later are read, RFC 3339.
    pub from: Option<String>,
    /// Those that began later are not.
    pub to: Option<String>,
    /// Rows read; one at the edge of two windows may be read twice.
    pub read: u64,
    /// Calls whose end had been told before.
    pub known: u64,
    /// Calls that are not over.
    pub in_progress: u64,
    /// Calls whose end nobody had told.
    pub appended: u64,
    /// Calls of which the list knows what had not been told.
    pub amended: u64,
    /// Rows that name no call.
    pub unreadable: u64,
    /// Requests sent.
    pub requests: u64,
    /// Windows read whole.
    pub windows: u64,
    /// Windows known to be left.
    pub left: u64,
    /// How often it had to wait for Ringostat.
    pub waits: u64,
    /// How long it has taken.
    pub seconds: f64,
    /// What it waits for, or why it ended early.
    pub reason: Option<String>,
    /// Windows of a second that hold more than can be read, the first twenty.
    pub unread: Vec<String>,
}

impl ReconcileProgress {
    pub(super) const fn add(&mut self, figures: Figures) {
        self.known += figures.known;
        self.in_progress += figures.in_progress;
        self.appended += figures.appended;
        self.amended += figures.amended;
        self.unreadable += figures.unreadable;
    }
}
