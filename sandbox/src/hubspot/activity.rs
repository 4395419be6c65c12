//! What people do with a client: tasks, calls, notes. Made through the API only; the seed has none.

use std::collections::BTreeMap;

use super::property::{kind_of, type_id, word};
use crate::kit::EntityKind;

/// A kind of activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Activity {
    Task,
    Call,
    Note,
}

/// Anything that the vendor keeps objects of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Of {
    Entity(EntityKind),
    Activity(Activity),
}

/// An activity that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) properties: BTreeMap<String, String>,
    /// What it hangs on, as it was told.
    pub(super) on: Vec<(EntityKind, u64)>,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
}

impl Of {
    /// By the vendor's word in paths, or the id of the type.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "tasks" | "task" | "0-27" => Self::Activity(Activity::Task),
            "calls" | "call" | "0-48" => Self::Activity(Activity::Call),
            "notes" | "note" | "0-46" => Self::Activity(Activity::Note),
            other => Self::Entity(kind_of(other)?),
        })
    }

    /// The vendor's word for one of them.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Entity(kind) => word(kind),
            Self::Activity(Activity::Task) => "task",
            Self::Activity(Activity::Call) => "call",
            Self::Activity(Activity::Note) => "note",
        }
    }

    /// The id of the type.
    pub(super) const fn type_id(self) -> &'static str {
        match self {
            Self::Entity(kind) => type_id(kind),
            Self::Activity(Activity::Task) => "0-27",
            Self::Activity(Activity::Call) => "0-48",
            Self::Activity(Activity::Note) => "0-46",
        }
    }
}
