//! What people do in the CRM while somebody is looking: the changes that a test or a demo makes.

use super::{hand::Hand, record::Status, world::World};
use crate::kit::Moment;

/// One record of the account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Item {
    /// A person.
    Person(u64),
    /// An organization.
    Organization(u64),
    /// A deal.
    Deal(u64),
    /// A lead, by its UUID.
    Lead(String),
}

/// A change of the account. As JSON: `{"change": "set_owner", "item": {"kind": "person", "id": 1}, "owner_id": 102}`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new person.
    CreatePerson {
        /// The name.
        name: String,
        /// The numbers, as typed.
        phones: Vec<String>,
        /// The owner.
        owner_id: u64,
        /// Where they work.
        #[serde(default)]
        org_id: Option<u64>,
    },
    /// A new organization.
    CreateOrganization {
        /// The name.
        name: String,
        /// The custom phone field, as typed.
        #[serde(default)]
        phone: Option<String>,
        /// The owner.
        owner_id: u64,
    },
    /// A new open deal.
    CreateDeal {
        /// The title.
        title: String,
        /// The owner.
        owner_id: u64,
        /// Whose deal it is.
        #[serde(default)]
        person_id: Option<u64>,
        /// Of which organization.
        #[serde(default)]
        org_id: Option<u64>,
    },
    /// A new lead.
    CreateLead {
        /// The title.
        title: String,
        /// The owner.
        owner_id: u64,
        /// Whose lead it is.
        #[serde(default)]
        person_id: Option<u64>,
        /// Of which organization.
        #[serde(default)]
        org_id: Option<u64>,
    },
    /// Other numbers for a person, or another one (or none) for an organization's phone field.
    SetPhones {
        /// The person or organization.
        item: Item,
        /// The numbers, as typed; of an organization the first one counts.
        phones: Vec<String>,
    },
    /// Another name or title.
    Rename {
        /// Whose.
        item: Item,
        /// The new one.
        name: String,
    },
    /// Another owner.
    SetOwner {
        /// Of what.
        item: Item,
        /// The new owner.
        owner_id: u64,
    },
    /// A deal or lead is given to another person or organization.
    Link {
        /// The deal or lead; for a person, only `org_id` counts.
        item: Item,
        /// The person, or nobody.
        #[serde(default)]
        person_id: Option<u64>,
        /// The organization, or none.
        #[serde(default)]
        org_id: Option<u64>,
    },
    /// A record is deleted.
    Delete {
        /// Which.
        item: Item,
    },
    /// Two persons, two organizations or two deals become one: the loser disappears without a trace in the lists, what
    /// belonged to it belongs to the winner.
    Merge {
        /// The one that disappears.
        loser: Item,
        /// The one that stays.
        winner: Item,
    },
    /// A deal is won.
    Win {
        /// Its id.
        deal_id: u64,
    },
    /// A deal is lost.
    Lose {
        /// Its id.
        deal_id: u64,
    },
    /// A closed deal is open again.
    Reopen {
        /// Its id.
        deal_id: u64,
    },
    /// A deal or lead is archived.
    Archive {
        /// Which.
        item: Item,
    },
    /// A deal or lead is taken out of the archive.
    Unarchive {
        /// Which.
        item: Item,
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
    /// The change has no meaning for this kind of record.
    #[error("expected {expected}, found {found:?}")]
    Unfit {
        /// What the change is for.
        expected: &'static str,
        /// What it was asked for.
        found: Item,
    },
}

impl World {
    /// Makes a change and says which record it was about; of a user, none.
    pub(super) fn change(&mut self, change: Change, now: Moment) -> Result<Option<Item>, ChangeError> {
        let mut hand = Hand::new(self, now);
        let item = match change {
            Change::CreatePerson { name, phones, owner_id, org_id } => {
                hand.create_person(name, phones, owner_id, org_id)
            }
            Change::CreateOrganization { name, phone, owner_id } => hand.create_organization(name, phone, owner_id),
            Change::CreateDeal { title, owner_id, person_id, org_id } => {
                hand.create_deal(title, owner_id, person_id, org_id)
            }
            Change::CreateLead { title, owner_id, person_id, org_id } => {
                hand.create_lead(title, owner_id, person_id, org_id)
            }
            Change::SetPhones { item, phones } => hand.set_phones(item, phones),
            Change::Rename { item, name } => hand.rename(item, &name),
            Change::SetOwner { item, owner_id } => hand.set_owner(item, owner_id),
            Change::Link { item, person_id, org_id } => hand.link(item, person_id, org_id),
            Change::Delete { item } => hand.delete(item),
            Change::Merge { loser, winner } => hand.merge(loser, winner),
            Change::Win { deal_id } => hand.close(deal_id, Status::Won),
            Change::Lose { deal_id } => hand.close(deal_id, Status::Lost),
            Change::Reopen { deal_id } => hand.close(deal_id, Status::Open),
            Change::Archive { item } => hand.archive(item, true),
            Change::Unarchive { item } => hand.archive(item, false),
            Change::SetUserActive { user_id, active } => return hand.set_user_active(user_id, active).map(|()| None),
        };
        item.map(Some)
    }
}
