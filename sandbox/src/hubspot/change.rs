//! What people do in the CRM while somebody is looking: the changes that a test or a demo makes.

use serde_json::{Value, json};

use super::{
    object::{Object, in_three, stages},
    property::{type_id, word},
    world::World,
};
use crate::kit::{EntityKind, Moment};

/// One record of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// Its kind.
    pub kind: EntityKind,
    /// Its id.
    pub id: u64,
}

impl Item {
    /// The record of that kind and id.
    #[must_use]
    pub const fn new(kind: EntityKind, id: u64) -> Self {
        Self { kind, id }
    }
}

/// A change of the account. As JSON: `{"change": "set_owner", "item": {"kind": "contact", "id": 1}, "owner_id": 102}`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new record.
    Create {
        /// Its kind.
        kind: EntityKind,
        /// The name.
        name: String,
        /// The numbers, as typed: phone, mobile, the custom property; of a company the first one counts.
        #[serde(default)]
        phones: Vec<String>,
        /// The owner.
        #[serde(default)]
        owner_id: Option<u64>,
        /// Whose it is, the main one first.
        #[serde(default)]
        contacts: Vec<u64>,
        /// Of which companies.
        #[serde(default)]
        companies: Vec<u64>,
    },
    /// Other numbers.
    SetPhones {
        /// Whose.
        item: Item,
        /// The numbers, as typed.
        phones: Vec<String>,
    },
    /// Another owner, or none.
    SetOwner {
        /// Of what.
        item: Item,
        /// The new owner.
        owner_id: Option<u64>,
    },
    /// A deal or a ticket is moved to another stage: `closedwon`, `4`, …
    SetStage {
        /// Which.
        item: Item,
        /// The stage's id.
        stage: String,
    },
    /// A record is given to others. That changes no date of it: a guess, on the harder side.
    Associate {
        /// Which.
        item: Item,
        /// Whose it is then.
        contacts: Vec<u64>,
        /// Of which companies.
        companies: Vec<u64>,
    },
    /// A record is deleted, which the vendor calls archived.
    Archive {
        /// Which.
        item: Item,
    },
    /// An archived record is back.
    Restore {
        /// Which.
        item: Item,
    },
    /// Two records become one: who asks for the loser gets the winner.
    Merge {
        /// The one that disappears.
        loser: Item,
        /// The one that stays.
        winner: Item,
    },
    /// An import changes many records in one instant.
    Touch {
        /// Of this kind.
        kind: EntityKind,
        /// From this id on; those that are not there are left out.
        first: u64,
        /// So many ids.
        count: u64,
    },
    /// A user leaves, or comes back.
    SetUserActive {
        /// Who.
        user_id: u64,
        /// Whether they work there.
        active: bool,
    },
    /// Where the app tells of changes from now on; nowhere if absent.
    TellAt {
        /// The whole address.
        #[serde(default)]
        url: Option<String>,
    },
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such record, or it is archived.
    #[error("expected an existing record, found none at {0:?}")]
    Missing(Item),
    /// There is no such user.
    #[error("expected an existing user, found none with id {0}")]
    NoUser(u64),
    /// There is no such stage.
    #[error("expected a stage of the kind, found {0:?}")]
    NoStage(String),
    /// The change has no meaning for this record.
    #[error("expected {expected}, found {found:?}")]
    Unfit {
        /// What the change is for.
        expected: &'static str,
        /// What it was asked for.
        found: Item,
    },
}

/// Where to tell it, and what.
pub(super) type Told = Option<(String, Vec<Value>)>;
type Changed = Result<(Item, Value), ChangeError>;

impl World {
    /// Makes a change and says which record it was about, and what is to be told of it.
    pub(super) fn change(&mut self, change: Change, now: Moment) -> Result<(Option<Item>, Told), ChangeError> {
        let changed = match change {
            Change::Create { kind, name, phones, owner_id, contacts, companies } => {
                let object = Object { phones: in_three(phones), contacts, companies, ..self.new_one(kind, name, now) };
                self.create(object, owner_id, now)
            }
            Change::SetPhones { item, phones } => {
                self.edit(item, "phone", now, |object| object.phones = in_three(phones))
            }
            Change::SetOwner { item, owner_id } => {
                self.known(owner_id)?;
                self.edit(item, "hubspot_owner_id", now, |object| object.owner = owner_id)
            }
            Change::SetStage { item, stage } => {
                let known = stages(item.kind).iter().find(|(id, ..)| *id == stage);
                let id = known.ok_or(ChangeError::NoStage(stage))?.0;
                self.edit(item, "dealstage", now, |object| object.stage = id)
            }
            Change::Associate { item, contacts, companies } => self.associate(item, contacts, companies, now),
            Change::Archive { item } => {
                self.edit(item, "", now, |object| object.archived = true)?;
                Ok((item, json!({"subscriptionType": told(item.kind, "deletion")})))
            }
            Change::Restore { item } => self.restore(item, now),
            Change::Merge { loser, winner } => self.merge(loser, winner, now),
            Change::Touch { kind, first, count } => {
                let ids = (first..first.saturating_add(count)).filter(|&id| self.get(kind, id).is_some());
                let ids: Vec<u64> = ids.collect();
                let mut events = Vec::new();
                for id in ids {
                    let (item, event) = self.edit(Item { kind, id }, "", now, |_| {})?;
                    events.extend(self.told(item, event, now).into_iter().flat_map(|(_, events)| events));
                }
                return Ok((None, self.target.clone().map(|target| (target, events))));
            }
            Change::SetUserActive { user_id, active } => {
                let owner = self.owners.iter_mut().find(|owner| owner.id == user_id);
                owner.ok_or(ChangeError::NoUser(user_id))?.active = active;
                return Ok((None, None));
            }
            Change::TellAt { url } => {
                self.target = url;
                return Ok((None, None));
            }
        };
        let (item, event) = changed?;
        Ok((Some(item), self.told(item, event, now)))
    }

    fn known(&self, owner: Option<u64>) -> Result<(), ChangeError> {
        match owner.filter(|id| !self.owners.iter().any(|owner| owner.id == *id)) {
            Some(id) => Err(ChangeError::NoUser(id)),
            None => Ok(()),
        }
    }

    fn new_one(&mut self, kind: EntityKind, name: String, now: Moment) -> Object {
        self.next_id += 1;
        Object::bare(kind, self.next_id - 1, name, now.wall.as_second())
    }

    fn create(&mut self, object: Object, owner: Option<u64>, now: Moment) -> Changed {
        self.known(owner)?;
        let item = Item { kind: object.kind, id: object.id };
        self.table_mut(item.kind).set(item.id, now.vendor, Some(Object { owner, ..object }));
        Ok((item, json!({"subscriptionType": told(item.kind, "creation")})))
    }

    fn edit(&mut self, item: Item, property: &str, now: Moment, edit: impl FnOnce(&mut Object)) -> Changed {
        let found = self.get(item.kind, item.id).filter(|object| !object.archived);
        let mut object = found.ok_or(ChangeError::Missing(item))?;
        edit(&mut object);
        object.update_s = now.wall.as_second();
        self.table_mut(item.kind).set(item.id, now.vendor, Some(object));
        let what = told(item.kind, "propertyChange");
        Ok((item, json!({"subscriptionType": what, "propertyName": property, "propertyValue": ""})))
    }

    fn associate(&mut self, item: Item, contacts: Vec<u64>, companies: Vec<u64>, now: Moment) -> Changed {
        if item.kind == EntityKind::Organization {
            return Err(ChangeError::Unfit { expected: "what belongs to others", found: item });
        }
        let found = self.get(item.kind, item.id).filter(|object| !object.archived);
        let mut object = found.ok_or(ChangeError::Missing(item))?;
        let to = contacts.first().map(|&id| (EntityKind::Contact, id));
        let to = to.or_else(|| companies.first().map(|&id| (EntityKind::Organization, id)));
        (object.contacts, object.companies) = (contacts, companies);
        self.table_mut(item.kind).set(item.id, now.vendor, Some(object));
        let (to, to_id) = to.unwrap_or((EntityKind::Contact, 0));
        let what = format!("{}_TO_{}", word(item.kind).to_uppercase(), word(to).to_uppercase());
        Ok((
            item,
            json!({"subscriptionType": told(item.kind, "associationChange"), "associationType": what,
                   "fromObjectId": item.id, "toObjectId": to_id, "associationRemoved": to_id == 0}),
        ))
    }

    fn restore(&mut self, item: Item, now: Moment) -> Changed {
        let mut object = self.get(item.kind, item.id).ok_or(ChangeError::Missing(item))?;
        (object.archived, object.update_s) = (false, now.wall.as_second());
        self.table_mut(item.kind).set(item.id, now.vendor, Some(object));
        Ok((item, json!({"subscriptionType": told(item.kind, "restore")})))
    }

    /// The winner keeps its own data and gets the loser's numbers where it has places for them; what belonged to the loser
    /// is the winner's. The loser's id leads to the winner.
    fn merge(&mut self, loser: Item, winner: Item, now: Moment) -> Changed {
        if loser.kind != winner.kind || loser.id == winner.id {
            return Err(ChangeError::Unfit { expected: "two different records of one kind", found: winner });
        }
        let gone = self.get(loser.kind, loser.id).filter(|object| !object.archived);
        let gone = gone.ok_or(ChangeError::Missing(loser))?;
        self.edit(winner, "", now, |object| {
            let new: Vec<String> = gone.phones.iter().filter(|typed| !object.phones.contains(typed)).cloned().collect();
            object.phones.extend(new);
            object.phones = in_three(std::mem::take(&mut object.phones));
        })?;
        for kind in [EntityKind::Contact, EntityKind::Deal, EntityKind::Lead, EntityKind::Ticket] {
            for id in self.associated(loser.kind, loser.id, kind) {
                let Some(mut object) = self.get(kind, id) else { continue };
                for id in object.contacts.iter_mut().filter(|id| loser.kind == EntityKind::Contact && **id == loser.id)
                {
                    *id = winner.id;
                }
                for id in object.companies.iter_mut() {
                    if loser.kind == EntityKind::Organization && *id == loser.id {
                        *id = winner.id;
                    }
                }
                self.table_mut(kind).set(id, now.vendor, Some(object));
            }
        }
        self.hand_over((loser.kind, loser.id), (winner.kind, winner.id));
        self.table_mut(loser.kind).set(loser.id, now.vendor, None);
        self.merged.insert((loser.kind, loser.id), winner.id);
        let event = json!({
            "subscriptionType": told(winner.kind, "merge"), "primaryObjectId": winner.id,
            "mergedObjectIds": [loser.id], "newObjectId": winner.id, "numberOfPropertiesMoved": 1,
        });
        Ok((winner, event))
    }

    /// What was done with the one was done with the other.
    fn hand_over(&mut self, loser: (EntityKind, u64), winner: (EntityKind, u64)) {
        let hanging = self.hanging.remove(&loser).unwrap_or_default();
        for name in &hanging {
            let done = self.activities.get_mut(name);
            done.into_iter().flat_map(|done| &mut done.on).filter(|end| **end == loser).for_each(|end| *end = winner);
        }
        self.hanging.entry(winner).or_default().extend(hanging);
    }

    /// The event with what every event has, and where to tell it.
    pub(super) fn told(&mut self, item: Item, mut event: Value, now: Moment) -> Told {
        let target = self.target.clone()?;
        let number = self.next_event;
        self.next_event += 1;
        let common = json!({
            "eventId": number, "subscriptionId": 7, "portalId": 62_515, "appId": 54_321, "changeSource": "CRM",
            "occurredAt": now.wall.as_millisecond(), "attemptNumber": 0, "objectTypeId": type_id(item.kind),
        });
        if let (Value::Object(event), Value::Object(common)) = (&mut event, common) {
            event.extend(common);
            if !event.contains_key("fromObjectId") {
                event.insert("objectId".to_owned(), json!(item.id));
            }
        }
        Some((target, vec![event]))
    }
}

/// The vendor's name of an event. Leads have none of their own.
pub(super) fn told(kind: EntityKind, verb: &str) -> String {
    match kind {
        EntityKind::Lead => format!("object.{verb}"),
        kind => format!("{}.{verb}", word(kind)),
    }
}
