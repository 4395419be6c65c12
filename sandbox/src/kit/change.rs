//! Changes that every stand-in knows, in words that are no vendor's.

use serde::{Deserialize, Serialize};

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A person.
    Contact,
    /// A firm.
    Organization,
    /// A deal, opportunity, potential.
    Deal,
    /// A lead.
    Lead,
    /// A ticket, incident.
    Ticket,
}

impl EntityKind {
    /// The word that the JSON uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Organization => "organization",
            Self::Deal => "deal",
            Self::Lead => "lead",
            Self::Ticket => "ticket",
        }
    }
}

/// One record of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its kind.
    pub kind: EntityKind,
    /// Its id, as the API gives it, as text.
    pub id: String,
}

impl Entity {
    /// The record of that kind and id.
    #[must_use]
    pub fn new(kind: EntityKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// A change that every stand-in knows.
///
/// As JSON: `{"change": "set_owner", "entity": {"kind": "contact", "id": "1"}, "owner_id": "102"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Neutral {
    /// Another owner.
    SetOwner {
        /// Of what.
        entity: Entity,
        /// The new owner.
        owner_id: String,
    },
    /// Other numbers.
    SetPhones {
        /// The contact, organization or lead.
        entity: Entity,
        /// The numbers, as typed; those beyond the fields that the vendor has are left out.
        phones: Vec<String>,
    },
    /// A new contact.
    CreateContact {
        /// The name.
        name: String,
        /// The numbers, as typed.
        phones: Vec<String>,
        /// The owner.
        owner_id: String,
    },
    /// A record is deleted.
    Delete {
        /// Which.
        entity: Entity,
    },
    /// A deal is won, a ticket is closed, a lead is converted or archived.
    Close {
        /// Which.
        entity: Entity,
    },
    /// A user leaves, or comes back.
    SetUserActive {
        /// Who.
        user_id: String,
        /// Whether they may log in.
        active: bool,
    },
}

/// Why a neutral change was not made: the vendor's own reason, or a kind it has not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotChanged(pub String);

impl NotChanged {
    /// The change has no meaning for this record.
    #[must_use]
    pub fn unfit(expected: &str, found: &Entity) -> Self {
        Self(format!("expected {expected}, found the {} {:?}", found.kind.word(), found.id))
    }

    /// The vendor's own reason.
    #[must_use]
    pub fn because(reason: &impl std::error::Error) -> Self {
        Self(reason.to_string())
    }
}
