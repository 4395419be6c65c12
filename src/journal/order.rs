//! A step as it is stored: an order in which what is made by steps before it stands by their names.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::store::{Step, StepState};
use crate::crm::writer::{Mark, Order};
use crate::model::{
    action::{Action, Link},
    call::Call,
    client::Kind,
    ids::CrmId,
};

/// What an order hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Target {
    /// An entity that is there.
    There(Link),
    /// What a step of the same call makes, or has made.
    Made {
        /// What it is.
        kind: Kind,
        /// The step's name.
        step: String,
    },
}

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredOrder {
    /// What is to be done.
    pub(super) action: Action,
    /// Whose it becomes.
    pub(super) owner: Option<CrmId>,
    /// What it hangs on.
    pub(super) on: Vec<Target>,
    /// The call.
    pub(super) call: Call,
    /// Whether the row wants the recording with it.
    pub(super) wants_recording: bool,
}

/// What stands in the way of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unready {
    /// What it hangs on was not made and will not be.
    NotMade(String),
    /// What is stored is not an order of ours.
    NoOrder(String),
}

impl StoredOrder {
    /// As the store keeps it.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As the store kept it.
    pub(super) fn read(text: &str) -> Result<Self, Unready> {
        serde_json::from_str(text).map_err(|error| Unready::NoOrder(format!("expected an order, found none: {error}")))
    }

    /// The order with what it hangs on found among the steps of the call.
    pub(super) fn ready(self, mark: &str, steps: &[Step], zone: TimeZone) -> Result<Order, Unready> {
        let mut on = Vec::new();
        for target in &self.on {
            match target {
                Target::There(link) => on.push(*link),
                Target::Made { kind, step } => on.push(made(*kind, step, steps)?),
            }
        }
        on.sort_unstable();
        on.dedup();
        let mark = Mark::stored(mark);
        let Self { action, owner, call, .. } = self;
        Ok(Order { mark, action, owner, on, call, zone, audio: None })
    }
}

fn made(kind: Kind, name: &str, steps: &[Step]) -> Result<Link, Unready> {
    let step = steps.iter().find(|step| step.name == name && step.state == StepState::Done);
    let id = step.and_then(|step| step.receipt.as_deref()).and_then(CrmId::parse);
    id.map(|id| Link { kind, id }).ok_or_else(|| {
        let left = steps.iter().rfind(|step| step.name == name);
        let by = left.map(|step| format!(" by entry {}: {}", step.entry, step.error.as_deref().unwrap_or("not done")));
        Unready::NotMade(format!("the {name} that it hangs on was not made{}", by.unwrap_or_default()))
    })
}
