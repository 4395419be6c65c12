//! What the walk tells about itself. On a call nobody listens, and the compiler leaves the telling out.

use serde::Serialize;

use crate::model::{
    client::{Entity, Kind},
    phone::PhoneKey,
};

/// Why an entity decided or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fate {
    /// It decides.
    Decides,
    /// Its kind is not in the block's priority.
    NotInPriority,
    /// An entity of an earlier kind decided.
    LaterKind,
    /// Another of its kind was created later.
    OlderOfItsKind,
    /// Deals are not counted through what it was found by (`deal_via`).
    ViaNotCounted,
    /// It has no owner.
    NoOwner,
    /// Its owner is no employee of ours.
    OwnerNotOurs,
    /// Its owner is an employee of ours without a main direction.
    OwnerWithoutDirection,
}

impl Fate {
    /// The word it is told by.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Decides => "decides",
            Self::NotInPriority => "not-in-priority",
            Self::LaterKind => "later-kind",
            Self::OlderOfItsKind => "older-of-its-kind",
            Self::ViaNotCounted => "via-not-counted",
            Self::NoOwner => "no-owner",
            Self::OwnerNotOurs => "owner-not-ours",
            Self::OwnerWithoutDirection => "owner-without-direction",
        }
    }

    /// Whether an entity with this fate settles its kind.
    pub(super) const fn is_last(self) -> bool {
        matches!(self, Self::Decides | Self::NoOwner | Self::OwnerNotOurs | Self::OwnerWithoutDirection)
    }
}

/// Listens to a walk.
pub(super) trait Trail {
    /// A number was looked up.
    fn tried(&mut self, _key: PhoneKey, _known: bool) {}
    /// An entity was looked at.
    fn met(&mut self, _entity: &Entity, _fate: Fate) {}
    /// No entity of a kind was found, and it is not sure that there is none.
    fn unsure(&mut self, _kind: Kind) {}
}

/// Nobody listens.
impl Trail for () {}
