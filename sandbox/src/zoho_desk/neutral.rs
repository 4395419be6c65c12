//! Changes that every stand-in knows, in this vendor's words.

use super::{
    change::{Change, Item},
    record::StatusType,
};
use crate::kit::{Entity, EntityKind, Neutral, NotChanged};

/// The vendor's own change.
///
/// # Errors
/// Ids that are none, kinds that the vendor has not, what cannot be closed.
pub(super) fn own(change: Neutral) -> Result<Change, NotChanged> {
    Ok(match change {
        Neutral::SetOwner { entity, owner_id } => {
            Change::SetOwner { item: item(&entity)?, owner_id: Some(number(&owner_id)?) }
        }
        Neutral::SetPhones { entity, phones } => Change::SetPhones { item: item(&entity)?, phones },
        Neutral::CreateContact { name, phones, owner_id } => {
            Change::CreateContact { name, phones, owner_id: Some(number(&owner_id)?), account_id: None }
        }
        Neutral::Delete { entity } => Change::Trash { item: item(&entity)? },
        Neutral::Close { entity } => match item(&entity)? {
            Item::Ticket(ticket_id) => {
                Change::SetStatus { ticket_id, status: "Closed".to_owned(), status_type: StatusType::Closed }
            }
            _ => return Err(NotChanged::unfit("a ticket", &entity)),
        },
        Neutral::SetUserActive { user_id, active } => Change::SetAgentActive { agent_id: number(&user_id)?, active },
    })
}

/// A record in words that every stand-in knows; of an agent, none.
pub(super) fn entity(item: Item) -> Option<Entity> {
    let (kind, id) = match item {
        Item::Contact(id) => (EntityKind::Contact, id),
        Item::Account(id) => (EntityKind::Organization, id),
        Item::Ticket(id) => (EntityKind::Ticket, id),
        Item::Agent(_) => return None,
    };
    Some(Entity::new(kind, id.to_string()))
}

fn item(entity: &Entity) -> Result<Item, NotChanged> {
    let id = number(&entity.id)?;
    match entity.kind {
        EntityKind::Contact => Ok(Item::Contact(id)),
        EntityKind::Organization => Ok(Item::Account(id)),
        EntityKind::Ticket => Ok(Item::Ticket(id)),
        EntityKind::Deal | EntityKind::Lead => Err(NotChanged::unfit("a kind that the vendor has", entity)),
    }
}

fn number(id: &str) -> Result<u64, NotChanged> {
    id.parse().map_err(|_| NotChanged(format!("expected a number as an id, found {id:?}")))
}
