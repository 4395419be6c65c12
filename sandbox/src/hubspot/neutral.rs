//! Changes that every stand-in knows, in this vendor's words.

use super::change::{Change, Item};
use crate::kit::{Entity, EntityKind, Neutral, NotChanged};

/// The vendor's own change.
///
/// # Errors
/// Ids that are none, a contact or company that would be closed.
pub(super) fn own(change: Neutral) -> Result<Change, NotChanged> {
    Ok(match change {
        Neutral::SetOwner { entity, owner_id } => {
            Change::SetOwner { item: item(&entity)?, owner_id: Some(number(&owner_id)?) }
        }
        Neutral::SetPhones { entity, phones } => Change::SetPhones { item: item(&entity)?, phones },
        Neutral::CreateContact { name, phones, owner_id } => Change::Create {
            kind: EntityKind::Contact,
            name,
            phones,
            owner_id: Some(number(&owner_id)?),
            contacts: Vec::new(),
            companies: Vec::new(),
        },
        Neutral::Delete { entity } => Change::Archive { item: item(&entity)? },
        Neutral::Close { entity } => {
            let item = item(&entity)?;
            match item.kind {
                EntityKind::Deal => Change::SetStage { item, stage: "closedwon".to_owned() },
                EntityKind::Ticket => Change::SetStage { item, stage: "4".to_owned() },
                EntityKind::Lead => Change::Archive { item },
                EntityKind::Contact | EntityKind::Organization => {
                    return Err(NotChanged::unfit("a deal, a ticket or a lead", &entity));
                }
            }
        }
        Neutral::SetUserActive { user_id, active } => Change::SetUserActive { user_id: number(&user_id)?, active },
    })
}

fn item(entity: &Entity) -> Result<Item, NotChanged> {
    Ok(Item { kind: entity.kind, id: number(&entity.id)? })
}

fn number(id: &str) -> Result<u64, NotChanged> {
    id.parse().map_err(|_| NotChanged(format!("expected a number as an id, found {id:?}")))
}
