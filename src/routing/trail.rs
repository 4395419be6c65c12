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
