//! What is to be done in a CRM, in no vendor's words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{client::Kind, form::Filled, ids::CrmId};

/// One thing to be done in the CRM. Whose it becomes and what it hangs on stands beside it.
///
/// Texts are plain: lines ended by `\n`, links as they are. Where a vendor takes HTML, its adapter writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Makes an entity. What it hangs on are links of it: a deal's contact and organization, a contact's organization.
    Create {
        /// What is made.
        kind: Kind,
        /// The person's name, or the title of a deal or ticket. Empty where the matrix says that there is none.
        title: String,
        /// What stands in its description, where it has one.
        text: String,
        /// Whether the call's UTM marks and its client id are written.
        utm: bool,
        /// Whether the recording's link is written, into the field that is configured for it.
        recording: bool,
        /// What a form's fields are put into besides. A field that the entity gets anyway takes what stands here.
        #[serde(default)]
        fields: Vec<Filled>,
    },
    /// Makes a task on what it hangs on.
    Task {
        /// Its title.
        subject: String,
        /// What it says, the recording's link among it.
        text: String,
        /// Whether it is done on arrival.
        completed: bool,
        /// When it is due.
        due: Timestamp,
    },
    /// Writes the call itself into the CRM's record of calls.
    Call {
        /// Its title.
        subject: String,
        /// What it says; the recording's link where the vendor has no place of its own for it.
        text: String,
        /// Whether the recording is written.
        recording: bool,
    },
    /// Writes a note onto what it hangs on.
    Note {
        /// What it says.
        text: String,
    },
    /// Writes the call's data into fields of entities that are there.
    Update {
        /// The UTM marks and the client id, and these only while every UTM field of the entity is empty (row `pd-utm`).
        utm: bool,
        /// The call's id, status, recording, each into the field that is configured for it.
        call: bool,
        /// The client's name, number and e-mail, each where a contact or lead has none: what a person has put right stays.
        #[serde(default)]
        client: bool,
        /// What a form's fields are put into, whatever stands there.
        #[serde(default)]
        fields: Vec<Filled>,
    },
    /// Writes something that was made again, because the recording has come since.
    Amend {
        /// Its id, as its receipt says.
        id: String,
        /// What was made, as it is to be now. Never an [`Action::Amend`].
        to: Box<Self>,
    },
}

impl Action {
    /// The word for what is done; the journal names steps by it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Create { kind, .. } => kind.word(),
            Self::Task { completed: true, .. } => "task-completed",
            Self::Task { completed: false, .. } => "task-open",
            Self::Call { .. } => "call",
            Self::Note { .. } => "note",
            Self::Update { .. } => "update",
            Self::Amend { .. } => "amend",
        }
    }
}

/// An entity that something hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// What it is.
    pub kind: Kind,
    /// Its id in the CRM.
    pub id: CrmId,
}
