//! What the telephone system says at one moment of a call, sorted but not yet understood: numbers are still text, and
//! local times have no zone.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::call::{Direction, Moment, Speaker, Utm};

/// One event. What it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// At which moment it was told.
    pub moment: Moment,
    /// The telephone system's id of the call.
    #[serde(default)]
    pub call_id: Option<String>,
    /// Who called whom, where a word for it was sent.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// How it ended, in capitals with blanks: `NO ANSWER`.
    #[serde(default)]
    pub status: Option<String>,
    /// The number under which the caller is told: the client's of an incoming call, else perhaps a line of ours.
    #[serde(default)]
    pub caller: Option<String>,
    /// The number or line that was called.
    #[serde(default)]
    pub callee: Option<String>,
    /// The company's number that an outgoing call came from.
    #[serde(default)]
    pub outbound: Option<String>,
    /// The client's number, where a name says outright that it is the client's.
    #[serde(default)]
    pub client: Option<String>,
    /// Who answered or made it.
    #[serde(default)]
    pub speaker: Speaker,
    /// When the call began, where that was told exactly.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// The same by the project's wall clock, `2024-10-08 17:47:25`.
    #[serde(default)]
    pub started_local: Option<String>,
    /// How long both spoke.
    #[serde(default)]
    pub talk: Option<Duration>,
    /// How long the client waited.
    #[serde(default)]
    pub wait: Option<Duration>,
    /// All of it.
    #[serde(default)]
    pub total: Option<Duration>,
    /// Where the audio lies.
    #[serde(default)]
    pub recording: Option<String>,
    /// Where the client came from.
    #[serde(default)]
    pub utm: Utm,
    /// The client's id at the site's counter.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The client's e-mail.
    #[serde(default)]
    pub email: Option<String>,
    /// When it was read from the telephone system's list of calls, of one that nobody told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciled: Option<Timestamp>,
}

impl Event {
    /// An event that says nothing.
    #[must_use]
    pub fn new(moment: Moment) -> Self {
        Self {
            moment,
            call_id: None,
            direction: None,
            status: None,
            caller: None,
            callee: None,
            outbound: None,
            client: None,
            speaker: Speaker::default(),
            started: None,
            started_local: None,
            talk: None,
            wait: None,
            total: None,
            recording: None,
            utm: Utm::default(),
            client_id: None,
            email: None,
            reconciled: None,
        }
    }
}
