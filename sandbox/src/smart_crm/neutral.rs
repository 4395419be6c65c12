//! Changes that every stand-in knows, in this vendor's words.

use super::change::Change;
use crate::kit::{EntityKind, Neutral, NotChanged};

/// The vendor's own change.
///
/// # Errors
/// A contact or an account cannot be closed.
pub(super) fn own(change: Neutral) -> Result<Change, NotChanged> {
    Ok(match change {
        Neutral::SetOwner { entity, owner_id } => Change::SetOwner { entity, owner_id },
        Neutral::SetPhones { entity, phones } => Change::SetPhones { entity, phones },
        Neutral::CreateContact { name, phones, owner_id } => {
            let kind = EntityKind::Contact;
            Change::Create { kind, name, phones, owner_id, contact_id: None, account_id: None }
        }
        Neutral::Delete { entity } => Change::Delete { entity },
        Neutral::Close { entity } => {
            let (state, status) = match entity.kind {
                EntityKind::Deal | EntityKind::Lead => (1, 3),
                EntityKind::Ticket => (1, 5),
                EntityKind::Contact | EntityKind::Organization => {
                    return Err(NotChanged::unfit("a deal, a lead or a ticket", &entity));
                }
            };
            Change::SetState { entity, state, status }
        }
        Neutral::SetUserActive { user_id, active } => Change::SetUserActive { user_id, active },
    })
}
