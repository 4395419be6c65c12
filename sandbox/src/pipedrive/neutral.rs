//! Changes that every stand-in knows, in this vendor's words.

use super::change::{Change, Item};
use crate::kit::{Entity, EntityKind, Neutral, NotChanged};

/// The vendor's own change.
///
/// # Errors
/// Ids that are none, kinds that the vendor has not, leads that would be closed.
pub(super) fn own(change: Neutral) -> Result<Change, NotChanged> {
    Ok(match change {
        Neutral::SetOwner { entity, owner_id } => {
            Change::SetOwner { item: item(&entity)?, owner_id: number(&owner_id)? }
        }
        Neutral::SetPhones { entity, phones } => Change::SetPhones { item: item(&entity)?, phones },
        Neutral::CreateContact { name, phones, owner_id } => {
            Change::CreatePerson { name, phones, owner_id: number(&owner_id)?, org_id: None }
        }
        Neutral::Delete { entity } => Change::Delete { item: item(&entity)? },
        Neutral::Close { entity } => match item(&entity)? {
            Item::Deal(deal_id) => Change::Win { deal_id },
            lead @ Item::Lead(_) => Change::Archive { item: lead },
            Item::Person(_) | Item::Organization(_) => return Err(NotChanged::unfit("a deal or a lead", &entity)),
        },
        Neutral::SetUserActive { user_id, active } => Change::SetUserActive { user_id: number(&user_id)?, active },
    })
}

/// A record in words that every stand-in knows.
pub(super) fn entity(item: Item) -> Entity {
    match item {
        Item::Person(id) => Entity::new(EntityKind::Contact, id.to_string()),
        Item::Organization(id) => Entity::new(EntityKind::Organization, id.to_string()),
        Item::Deal(id) => Entity::new(EntityKind::Deal, id.to_string()),
        Item::Lead(id) => Entity::new(EntityKind::Lead, id),
    }
}

fn item(entity: &Entity) -> Result<Item, NotChanged> {
    Ok(match entity.kind {
        EntityKind::Contact => Item::Person(number(&entity.id)?),
        EntityKind::Organization => Item::Organization(number(&entity.id)?),
        EntityKind::Deal => Item::Deal(number(&entity.id)?),
        EntityKind::Lead => Item::Lead(entity.id.clone()),
        EntityKind::Ticket => return Err(NotChanged::unfit("a kind that the vendor has", entity)),
    })
}

fn number(id: &str) -> Result<u64, NotChanged> {
    id.parse().map_err(|_| NotChanged(format!("expected a number as an id, found {id:?}")))
}
