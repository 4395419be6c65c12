//! What people do in the CRM while somebody is looking: the changes that a test or a demo makes.

use crate::kit::{Entity, EntityKind};

/// A change of the account. As JSON: `{"change": "set_state", "entity": {"kind": "deal", "id": "…"}, "state": 1, "status": 3}`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new record, open.
    Create {
        /// Of which kind.
        kind: EntityKind,
        /// Its name or title.
        name: String,
        /// Its numbers, as typed; those beyond the columns for them are left out.
        #[serde(default)]
        phones: Vec<String>,
        /// The user who owns it, or the team.
        owner_id: String,
        /// The contact it belongs to, where the kind has one.
        #[serde(default)]
        contact_id: Option<String>,
        /// The account it belongs to, where the kind has one.
        #[serde(default)]
        account_id: Option<String>,
    },
    /// Other numbers.
    SetPhones {
        /// The contact, account or lead.
        entity: Entity,
        /// The numbers, as typed.
        phones: Vec<String>,
    },
    /// Another text in a column.
    SetText {
        /// Whose.
        entity: Entity,
        /// Its property.
        column: String,
        /// The text, or nothing.
        text: Option<String>,
    },
    /// Another owner.
    SetOwner {
        /// Of what.
        entity: Entity,
        /// The user or the team.
        owner_id: String,
    },
    /// Another state: closed, resolved, qualified, inactive, or open again.
    SetState {
        /// Of what.
        entity: Entity,
        /// `statecode`
        state: i64,
        /// `statuscode`
        status: i64,
    },
    /// A record is deleted, without a trace but for change tracking.
    Delete {
        /// Which.
        entity: Entity,
    },
    /// Two records become one: the loser is inactive from then on and names the winner as its master.
    Merge {
        /// The one that becomes inactive.
        loser: Entity,
        /// The one that stays.
        winner: Entity,
    },
    /// A user leaves, or comes back.
    SetUserActive {
        /// Who.
        user_id: String,
        /// Whether they may log in.
        active: bool,
    },
    /// The table itself is changed: every delta link of it is dead.
    Reshape {
        /// Which table.
        kind: EntityKind,
    },
    /// Changes of a table are tracked from now on; that cannot be undone.
    Track {
        /// Which table.
        kind: EntityKind,
    },
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such record.
    #[error("expected an existing record, found none at {0:?}")]
    Missing(Entity),
    /// There is no such user or team.
    #[error("expected an existing user, found none with id {0:?}")]
    NoUser(String),
    /// The change has no meaning for this record.
    #[error("expected {expected}, found {found:?}")]
    Unfit {
        /// What the change is for.
        expected: &'static str,
        /// What it was asked for.
        found: Entity,
    },
}
