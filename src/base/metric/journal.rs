//! What is shown of a project's journal: how many entries are in which state, and how the CRM failed those who write.

use prometheus_client::{encoding::EncodeLabelSet, metrics::counter::Counter};

/// The words of the label `state`, every state of an entry; shown also where none is in it.
pub const ENTRY_STATES: [&str; 9] =
    ["received", "planned", "leased", "later", "done", "dead", "stored", "unreadable", "dropped"];

/// What a request of the journal to a CRM came to, other than being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFailure {
    /// To be asked again later, as the CRM said or its state does.
    Wait,
    /// Not sent: our share of the quota is spent.
    NoQuota,
    /// The same again would be refused again.
    Refused,
    /// The credentials are not accepted, or a right is missing.
    Credentials,
    /// The answer was lost.
    Unclear,
}

impl WriteFailure {
    /// Every kind, in the order of their discriminants.
    pub const ALL: [Self; 5] = [Self::Wait, Self::NoQuota, Self::Refused, Self::Credentials, Self::Unclear];

    /// The word of the label `failure`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::NoQuota => "no-quota",
            Self::Refused => "refused",
            Self::Credentials => "credentials",
            Self::Unclear => "unclear",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct EntryLabels {
    project: String,
    state: &'static str,
}

impl EntryLabels {
    pub(super) fn new(project: &str, state: &'static str) -> Self {
        Self { project: project.to_owned(), state }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FailureLabels {
    project: String,
    crm: &'static str,
    failure: &'static str,
}

impl FailureLabels {
    pub(super) fn new(project: &str, crm: &'static str, failure: WriteFailure) -> Self {
        Self { project: project.to_owned(), crm, failure: failure.word() }
    }
}

/// The failures of one project's writing into its CRM.
#[derive(Debug)]
pub struct WriteFailures(pub(super) [Counter; WriteFailure::ALL.len()]);

impl WriteFailures {
    /// One more.
    pub fn count(&self, failure: WriteFailure) {
        self.0[failure as usize].inc();
    }

    /// How often so far.
    #[must_use]
    pub fn counted(&self, failure: WriteFailure) -> u64 {
        self.0[failure as usize].get()
    }
}
