//! Changes that every stand-in knows, in this vendor's words.

use super::{
    change::{Change, Item},
    module::{Module, STAGES},
    samples,
};
use crate::kit::{Entity, Neutral, NotChanged};

/// The vendor's own change.
///
/// # Errors
/// Ids that are none, kinds that the vendor has not, what cannot be closed.
pub(super) fn own(change: Neutral) -> Result<Change, NotChanged> {
    Ok(match change {
        Neutral::SetOwner { entity, owner_id } => {
            Change::SetOwner { item: item(&entity)?, owner_id: number(&owner_id)? }
        }
        Neutral::SetPhones { entity, phones } => Change::SetPhones { item: item(&entity)?, phones },
        Neutral::CreateContact { name, phones, owner_id } => {
            let (module, owner_id) = (Module::Contacts, number(&owner_id)?);
            Change::Create { module, name, phones, owner_id, contact_id: None, account_id: None }
        }
        Neutral::Delete { entity } => Change::Delete { item: item(&entity)?, permanently: false },
        Neutral::Close { entity } => match item(&entity)? {
            Item { module: Module::Deals, id } => Change::SetStage { deal_id: id, stage: STAGES[4].shown.to_owned() },
            Item { module: Module::Leads, id } => Change::Convert { lead_id: id },
            _ => return Err(NotChanged::unfit("a deal or a lead", &entity)),
        },
        Neutral::SetUserActive { user_id, active } => Change::SetUserActive { user_id: number(&user_id)?, active },
    })
}

/// The record in the words of all.
pub(super) fn entity(item: Item) -> Option<Entity> {
    Some(Entity::new(samples::kind(item.module)?, item.id.to_string()))
}

fn item(entity: &Entity) -> Result<Item, NotChanged> {
    let module = samples::module(entity.kind).ok_or_else(|| NotChanged::unfit("a kind that this CRM has", entity))?;
    Ok(Item { module, id: number(&entity.id)? })
}

fn number(text: &str) -> Result<u64, NotChanged> {
    text.parse().map_err(|_| NotChanged(format!("expected an id in digits, found {text:?}")))
}
