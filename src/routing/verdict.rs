//! What was decided, and how we know.

use crate::base::metric::Outcome;
pub use crate::base::metric::Source;
use crate::model::{
    client::Kind,
    ids::CrmId,
    phone::{NotANumber, PhoneKey},
};

/// Why a call goes on to the next forwarding block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissReason {
    /// No open entity of the block's kinds carries the number.
    Nobody,
    /// The first entity found has no owner.
    NoOwner(Kind),
    /// The first entity found has an owner who is no employee of ours.
    NotOurs(Kind),
    /// The first entity found has an owner who is an employee of ours without a main direction.
    NoDirection(Kind),
    /// The CRM had not answered in time.
    Late,
    /// The CRM could not be asked.
    Busy,
    /// The CRM failed.
    Failed,
    /// There is no number to look up.
    Unreadable(NotANumber),
}

impl MissReason {
    /// The kind of the entity whose owner makes it a miss.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::NoOwner(kind) | Self::NotOurs(kind) | Self::NoDirection(kind) => Some(kind),
            Self::Nobody | Self::Late | Self::Busy | Self::Failed | Self::Unreadable(_) => None,
        }
    }
}

/// Whether somebody is responsible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// An employee of ours is.
    Hit {
        /// Their place among the project's employees.
        employee: usize,
        /// The entity that decided.
        kind: Kind,
        /// Its id in the CRM.
        id: CrmId,
    },
    /// Nobody is.
    Miss(MissReason),
}

/// A decision, and how we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether somebody is responsible.
    pub decision: Decision,
    /// Where that comes from.
    pub source: Source,
    /// The time of the knowledge it rests on, seconds since 1970 UTC, where it rests on any.
    pub as_of_s: Option<i64>,
    /// The caller's number, as it was understood; `None` where there is none to look up.
    pub number: Option<PhoneKey>,
}

impl Verdict {
    pub(super) const fn miss(reason: MissReason, source: Source, number: Option<PhoneKey>) -> Self {
        Self { decision: Decision::Miss(reason), source, as_of_s: None, number }
    }

    /// Hit or miss.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self.decision {
            Decision::Hit { .. } => Outcome::Hit,
            Decision::Miss(_) => Outcome::Miss,
        }
    }

    /// The kind of the entity that decided, for a hit and for a miss because of its owner.
    #[must_use]
    pub const fn entity(&self) -> Option<Kind> {
        match self.decision {
            Decision::Hit { kind, .. } => Some(kind),
            Decision::Miss(reason) => reason.kind(),
        }
    }

    /// The id of the entity that a call was sent by.
    #[must_use]
    pub const fn entity_id(&self) -> Option<CrmId> {
        match self.decision {
            Decision::Hit { id, .. } => Some(id),
            Decision::Miss(_) => None,
        }
    }

    /// How old the knowledge is at `now_s`, seconds.
    #[must_use]
    pub const fn age_s(&self, now_s: i64) -> Option<i64> {
        match self.as_of_s {
            Some(as_of_s) if now_s > as_of_s => Some(now_s - as_of_s),
            Some(_) => Some(0),
            None => None,
        }
    }
}
