//! What people do in the CRM while somebody is looking: the changes that a test or a demo makes.

use serde::{Deserialize, Serialize};

use super::{
    module::{Module, STAGES, stage_shown},
    record::{Deleted, Row},
    world::World,
};
use crate::kit::{Moment, Source};

/// One record of the account. As JSON: `{"module": "Contacts", "id": 554023000000000012}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Of which module.
    pub module: Module,
    /// Its id.
    pub id: u64,
}

/// A change of the account. As JSON: `{"change": "set_owner", "item": {…}, "owner_id": 554023000000235020}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new record.
    Create {
        /// Of which module.
        module: Module,
        /// Last name, account name, deal name.
        name: String,
        /// The numbers, as typed; they fill the phone fields in their order.
        #[serde(default)]
        phones: Vec<String>,
        /// The owner.
        owner_id: u64,
        /// Whose deal it is.
        #[serde(default)]
        contact_id: Option<u64>,
        /// Of which account.
        #[serde(default)]
        account_id: Option<u64>,
    },
    /// Other numbers.
    SetPhones {
        /// The lead, contact or account.
        item: Item,
        /// The numbers, as typed.
        phones: Vec<String>,
    },
    /// The text of the customer's own number field, or the description.
    SetText {
        /// Whose.
        item: Item,
        /// `Viber`, `Description`.
        field: String,
        /// The new text.
        text: String,
    },
    /// Another owner.
    SetOwner {
        /// Of what.
        item: Item,
        /// The new owner.
        owner_id: u64,
    },
    /// A deal goes on to another stage.
    SetStage {
        /// The deal's id.
        deal_id: u64,
        /// The stage as it is shown.
        stage: String,
    },
    /// A lead is converted.
    Convert {
        /// The lead's id.
        lead_id: u64,
    },
    /// A record goes into the recycle bin, or beyond.
    Delete {
        /// Which.
        item: Item,
        /// Not into the recycle bin.
        #[serde(default)]
        permanently: bool,
    },
    /// Two records become one: the loser disappears from everywhere, from the list of what was deleted too (a guess, and
    /// the harder one); what belonged to it belongs to the winner.
    Merge {
        /// The one that disappears.
        loser: Item,
        /// The one that stays.
        winner: Item,
    },
    /// Somebody changes many records at once: all get the same time of change.
    MassUpdate {
        /// Of which module.
        module: Module,
        /// The first so many of the seed.
        count: u64,
    },
    /// A user leaves, or comes back.
    SetUserActive {
        /// Who.
        user_id: u64,
        /// Whether they may log in.
        active: bool,
    },
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such record, or it is deleted.
    #[error("expected an existing record, found none at {0:?}")]
    Missing(Item),
    /// There is no such user.
    #[error("expected an existing user, found none with id {0}")]
    NoUser(u64),
    /// Records of one module were expected.
    #[error("expected two records of one module, found {0:?} and {1:?}")]
    TwoModules(Item, Item),
    /// There is no such stage or field.
    #[error("expected {expected}, found {found:?}")]
    Unknown {
        /// What was expected.
        expected: &'static str,
        /// What came.
        found: String,
    },
}

/// What was done to a record, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Insert,
    Update,
    Delete,
}

/// What a change did.
pub(super) type Effects = Vec<(Item, Done)>;

impl World {
    /// Makes a change.
    pub(super) fn change(&mut self, change: Change, now: Moment) -> Result<Effects, ChangeError> {
        match change {
            Change::Create { module, name, phones, owner_id, contact_id, account_id } => {
                self.is_user(owner_id)?;
                let id = module.id(self.next);
                self.next += 1;
                let at_s = now.wall.as_second();
                let row = Row::new(module, id, name, owner_id, (at_s, at_s)).with_phones(phones);
                let stage = if module == Module::Deals { STAGES[0].shown } else { "" };
                let row = Row { stage, contact: contact_id, account: account_id, ..row };
                self.table_mut(module).set(id, now.vendor, Some(row));
                Ok(vec![(Item { module, id }, Done::Insert)])
            }
            Change::SetPhones { item, phones } => self.edit(item, now, |row| Ok(row.with_phones(phones))),
            Change::SetText { item, field, text } => self.edit(item, now, |row| with_text(row, &field, text)),
            Change::SetOwner { item, owner_id } => {
                self.is_user(owner_id)?;
                self.edit(item, now, |row| Ok(Row { owner: owner_id, ..row }))
            }
            Change::SetStage { deal_id, stage } => {
                let unknown = ChangeError::Unknown { expected: "a stage as it is shown", found: stage.clone() };
                let stage = stage_shown(&stage).ok_or(unknown)?.shown;
                self.edit(Item { module: Module::Deals, id: deal_id }, now, |row| Ok(Row { stage, ..row }))
            }
            Change::Convert { lead_id } => {
                let converted_s = Some(now.wall.as_second());
                self.edit(Item { module: Module::Leads, id: lead_id }, now, |row| Ok(Row { converted_s, ..row }))
            }
            Change::Delete { item, permanently } => {
                let deleted = Some(Deleted { at_s: now.wall.as_second(), permanently });
                self.edit(item, now, |row| Ok(Row { deleted, ..row }))?;
                Ok(vec![(item, Done::Delete)])
            }
            Change::Merge { loser, winner } => self.merge(loser, winner, now),
            Change::MassUpdate { module, count } => self.mass_update(module, count, now),
            Change::SetUserActive { user_id, active } => {
                let user = self.users.iter_mut().find(|user| user.id == user_id);
                user.ok_or(ChangeError::NoUser(user_id))?.active = active;
                Ok(Vec::new())
            }
        }
    }

    fn is_user(&self, id: u64) -> Result<(), ChangeError> {
        self.user(id).map(drop).ok_or(ChangeError::NoUser(id))
    }

    fn edit(
        &mut self,
        item: Item,
        now: Moment,
        edit: impl FnOnce(Row) -> Result<Row, ChangeError>,
    ) -> Result<Effects, ChangeError> {
        let row = self.live(item.module, item.id).ok_or(ChangeError::Missing(item))?;
        let row = Row { update_s: now.wall.as_second(), ..edit(row)? };
        self.table_mut(item.module).set(item.id, now.vendor, Some(row));
        Ok(vec![(item, Done::Update)])
    }

    fn merge(&mut self, loser: Item, winner: Item, now: Moment) -> Result<Effects, ChangeError> {
        if loser.module != winner.module {
            return Err(ChangeError::TwoModules(loser, winner));
        }
        self.live(loser.module, loser.id).ok_or(ChangeError::Missing(loser))?;
        let mut effects = self.edit(winner, now, Ok)?;
        for id in self.deals_of(loser.module, loser.id) {
            let moved = |own: Option<u64>| if own == Some(loser.id) { Some(winner.id) } else { own };
            let Some(deal) = self.live(Module::Deals, id) else { continue };
            if deal.contact == Some(loser.id) || deal.account == Some(loser.id) {
                let deal = Row { contact: moved(deal.contact), account: moved(deal.account), ..deal };
                effects.extend(self.edit(Item { module: Module::Deals, id }, now, |_| Ok(deal))?);
            }
        }
        self.table_mut(loser.module).set(loser.id, now.vendor, None);
        effects.push((loser, Done::Delete));
        Ok(effects)
    }

    fn mass_update(&mut self, module: Module, count: u64, now: Moment) -> Result<Effects, ChangeError> {
        let source = self.table(module).source();
        let ids: Vec<u64> =
            (0..count.min(Source::<Row>::places(source))).map(|place| Source::<Row>::id(source, place)).collect();
        let mut effects = Vec::new();
        for id in ids.into_iter().filter(|&id| self.live(module, id).is_some()).collect::<Vec<_>>() {
            effects.extend(self.edit(Item { module, id }, now, Ok)?);
        }
        Ok(effects)
    }
}

fn with_text(mut row: Row, field: &str, text: String) -> Result<Row, ChangeError> {
    let known = row.module.fields().find(|known| known.name == field);
    match known {
        Some(known) if known.name == "Description" => row.description = Some(text),
        Some(known) if known.custom => {
            row.phones.retain(|(name, _)| *name != known.name);
            row.phones.push((known.name, text));
        }
        _ => {
            return Err(ChangeError::Unknown {
                expected: "Description or a field of the customer's",
                found: field.to_owned(),
            });
        }
    }
    Ok(row)
}
