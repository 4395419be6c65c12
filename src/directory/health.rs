//! How the CRM does, as far as the background has lately seen it. Operators read it; nothing is decided by it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::crm::failure::Failure;

/// How the CRM did when it was last asked in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// `unknown` before the first answer, `ok`, `waiting` (it or its quota told us to wait), `refused`, `credentials`
    /// (an operator has to give others), `unreachable`.
    pub state: &'static str,
    /// In the CRM's words where it had any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
}

/// See [`Health`].
#[derive(Debug)]
pub(super) struct Seen(Mutex<Health>);

impl Seen {
    pub(super) const fn nothing() -> Self {
        Self(Mutex::new(Health { state: "unknown", reason: None, since: None }))
    }

    /// The CRM answered with what was asked for.
    pub(super) fn well(&self, now_s: i64) {
        self.turn("ok", None, now_s);
    }

    /// It did not.
    pub(super) fn ill(&self, failure: &Failure, now_s: i64) {
        let state = match failure {
            Failure::Wait { .. } | Failure::NoQuota { .. } => "waiting",
            Failure::Refused { .. } => "refused",
            Failure::Credentials { .. } => "credentials",
            Failure::Unclear { .. } => "unreachable",
        };
        self.turn(state, Some(failure.to_string()), now_s);
    }

    pub(super) fn health(&self) -> Health {
        self.held().clone()
    }

    fn turn(&self, state: &'static str, reason: Option<String>, now_s: i64) {
        let mut held = self.held();
        if held.state != state {
            held.since = jiff::Timestamp::from_second(now_s).ok().map(|at| at.to_string());
            held.state = state;
        }
        held.reason = reason;
    }

    fn held(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
