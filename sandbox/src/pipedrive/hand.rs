//! How a change of the account is made.

use super::{
    change::{ChangeError, Item},
    fields::Custom,
    record::{Deal, Lead, More, Organization, Person, Phone, Status, uuid_of, uuid_text},
    seed::Seed,
    world::{Belongs, Linked, World},
};
use crate::kit::{Moment, Source, Table};

type Changed = Result<Item, ChangeError>;

/// The account in the hands of somebody who changes it now.
#[derive(Debug)]
pub(super) struct Hand<'a> {
    world: &'a mut World,
    now: Moment,
    at_s: i64,
}

fn typed(phones: Vec<String>) -> Vec<Phone> {
    phones.into_iter().map(|value| Phone { value, label: "work".into() }).collect()
}

impl<'a> Hand<'a> {
    pub(super) fn new(world: &'a mut World, now: Moment) -> Self {
        Self { world, now, at_s: now.wall.as_second() }
    }

    fn next_id(&mut self) -> u64 {
        self.world.take_id()
    }

    fn known_user(&self, id: u64) -> Result<u64, ChangeError> {
        let known = self.world.users.iter().any(|user| user.id == id);
        known.then_some(id).ok_or(ChangeError::NoUser(id))
    }

    pub(super) fn create_person(&mut self, name: String, phones: Vec<String>, owner: u64, org: Option<u64>) -> Changed {
        let (owner, id, at_s) = (self.known_user(owner)?, self.next_id(), self.at_s);
        let phones = typed(phones);
        let (emails, custom) = (Vec::new(), Custom::new());
        let person =
            Person { id, name, owner, org, phones, emails, custom, add_s: at_s, update_s: at_s, deleted: false };
        self.world.persons.set(id, self.now.vendor, Some(person));
        Ok(Item::Person(id))
    }

    pub(super) fn create_organization(&mut self, name: String, phone: Option<String>, owner: u64) -> Changed {
        let (owner, id, at_s) = (self.known_user(owner)?, self.next_id(), self.at_s);
        let organization = Organization {
            id,
            name,
            owner,
            address: None,
            more: More::default(),
            phone,
            custom: Custom::new(),
            add_s: at_s,
            update_s: at_s,
            deleted: false,
        };
        self.world.organizations.set(id, self.now.vendor, Some(organization));
        Ok(Item::Organization(id))
    }

    pub(super) fn create_deal(&mut self, title: String, owner: u64, person: Option<u64>, org: Option<u64>) -> Changed {
        let (owner, id, at_s) = (self.known_user(owner)?, self.next_id(), self.at_s);
        let deal = Deal {
            id,
            title,
            owner,
            person,
            org,
            value: 0.into(),
            expected_close_date: None,
            status: Status::Open,
            close_s: None,
            archive_s: None,
            custom: Custom::new(),
            add_s: at_s,
            update_s: at_s,
            deleted: false,
        };
        self.world.deals.set(id, self.now.vendor, Some(deal));
        Ok(Item::Deal(id))
    }

    pub(super) fn create_lead(&mut self, title: String, owner: u64, person: Option<u64>, org: Option<u64>) -> Changed {
        let (owner, at_s) = (self.known_user(owner)?, self.at_s);
        let id = World::lead_id(self.next_id());
        let (archived, custom) = (false, Custom::new());
        let lead = Lead {
            id,
            title,
            owner,
            person,
            org,
            archived,
            expected_close_date: None,
            custom,
            add_s: at_s,
            update_s: at_s,
            deleted: false,
        };
        self.world.leads.set(id, self.now.vendor, Some(lead));
        Ok(Item::Lead(uuid_text(id)))
    }

    fn person(&mut self, id: u64, edit: impl FnOnce(&mut Person)) -> Changed {
        let found = self.world.persons.get(id).filter(|person| !person.deleted);
        let mut person = found.ok_or(ChangeError::Missing(Item::Person(id)))?;
        edit(&mut person);
        person.update_s = self.at_s;
        self.world.persons.set(id, self.now.vendor, Some(person));
        Ok(Item::Person(id))
    }

    fn organization(&mut self, id: u64, edit: impl FnOnce(&mut Organization)) -> Changed {
        let found = self.world.organizations.get(id).filter(|organization| !organization.deleted);
        let mut organization = found.ok_or(ChangeError::Missing(Item::Organization(id)))?;
        edit(&mut organization);
        organization.update_s = self.at_s;
        self.world.organizations.set(id, self.now.vendor, Some(organization));
        Ok(Item::Organization(id))
    }

    fn deal(&mut self, id: u64, edit: impl FnOnce(&mut Deal)) -> Changed {
        let found = self.world.deals.get(id).filter(|deal| !deal.deleted);
        let mut deal = found.ok_or(ChangeError::Missing(Item::Deal(id)))?;
        edit(&mut deal);
        deal.update_s = self.at_s;
        self.world.deals.set(id, self.now.vendor, Some(deal));
        Ok(Item::Deal(id))
    }

    fn lead(&mut self, text: String, edit: impl FnOnce(&mut Lead)) -> Changed {
        let found = uuid_of(&text).and_then(|id| self.world.leads.get(id)).filter(|lead| !lead.deleted);
        let Some(mut lead) = found else { return Err(ChangeError::Missing(Item::Lead(text))) };
        edit(&mut lead);
        lead.update_s = self.at_s;
        self.world.leads.set(lead.id, self.now.vendor, Some(lead));
        Ok(Item::Lead(text))
    }

    pub(super) fn set_phones(&mut self, item: Item, phones: Vec<String>) -> Changed {
        match item {
            Item::Person(id) => self.person(id, |person| person.phones = typed(phones)),
            Item::Organization(id) => {
                self.organization(id, |organization| organization.phone = phones.into_iter().next())
            }
            found => Err(ChangeError::Unfit { expected: "a person or an organization", found }),
        }
    }

    pub(super) fn rename(&mut self, item: Item, name: &str) -> Changed {
        match item {
            Item::Person(id) => self.person(id, |person| name.clone_into(&mut person.name)),
            Item::Organization(id) => self.organization(id, |firm| name.clone_into(&mut firm.name)),
            Item::Deal(id) => self.deal(id, |deal| name.clone_into(&mut deal.title)),
            Item::Lead(id) => self.lead(id, |lead| name.clone_into(&mut lead.title)),
        }
    }

    pub(super) fn set_owner(&mut self, item: Item, owner: u64) -> Changed {
        let owner = self.known_user(owner)?;
        match item {
            Item::Person(id) => self.person(id, |person| person.owner = owner),
            Item::Organization(id) => self.organization(id, |organization| organization.owner = owner),
            Item::Deal(id) => self.deal(id, |deal| deal.owner = owner),
            Item::Lead(id) => self.lead(id, |lead| lead.owner = owner),
        }
    }

    pub(super) fn link(&mut self, item: Item, to: Option<u64>, org: Option<u64>) -> Changed {
        match item {
            Item::Person(id) => self.person(id, |person| person.org = org),
            Item::Deal(id) => self.deal(id, |deal| (deal.person, deal.org) = (to, org)),
            Item::Lead(id) => self.lead(id, |lead| (lead.person, lead.org) = (to, org)),
            found @ Item::Organization(_) => Err(ChangeError::Unfit { expected: "a person, deal or lead", found }),
        }
    }

    pub(super) fn delete(&mut self, item: Item) -> Changed {
        match item {
            Item::Person(id) => self.person(id, |person| person.deleted = true),
            Item::Organization(id) => self.organization(id, |organization| organization.deleted = true),
            Item::Deal(id) => self.deal(id, |deal| deal.deleted = true),
            Item::Lead(id) => self.lead(id, |lead| lead.deleted = true),
        }
    }

    pub(super) fn close(&mut self, id: u64, status: Status) -> Changed {
        let close_s = (status != Status::Open).then_some(self.at_s);
        self.deal(id, |deal| (deal.status, deal.close_s) = (status, close_s))
    }

    pub(super) fn archive(&mut self, item: Item, archived: bool) -> Changed {
        let archive_s = archived.then_some(self.at_s);
        match item {
            Item::Deal(id) => self.deal(id, |deal| deal.archive_s = archive_s),
            Item::Lead(id) => self.lead(id, |lead| lead.archived = archived),
            found => Err(ChangeError::Unfit { expected: "a deal or a lead", found }),
        }
    }

    /// The winner keeps its own data and gets the loser's numbers besides; what belonged to the loser is the winner's.
    pub(super) fn merge(&mut self, loser: Item, winner: Item) -> Changed {
        match (loser, winner) {
            (Item::Person(from), Item::Person(to)) if from != to => self.merge_persons(from, to),
            (Item::Organization(from), Item::Organization(to)) if from != to => self.merge_organizations(from, to),
            (Item::Deal(from), Item::Deal(to)) if from != to => {
                self.deal(from, |_| {})?;
                self.deal(to, |_| {})?;
                self.world.deals.set(from, self.now.vendor, None);
                Ok(Item::Deal(to))
            }
            (_, found) => Err(ChangeError::Unfit { expected: "two different persons, organizations or deals", found }),
        }
    }

    fn merge_persons(&mut self, from: u64, to: u64) -> Changed {
        let found = self.world.persons.get(from).filter(|person| !person.deleted);
        let loser = found.ok_or(ChangeError::Missing(Item::Person(from)))?;
        self.person(to, |winner| {
            let known: Vec<String> = winner.phones.iter().map(|phone| phone.value.clone()).collect();
            winner.phones.extend(loser.phones.into_iter().filter(|phone| !known.contains(&phone.value)));
            winner.org = winner.org.or(loser.org);
            let more = loser.emails.into_iter().filter(|email| !winner.emails.contains(email)).collect::<Vec<_>>();
            winner.emails.extend(more);
        })?;
        self.world.persons.set(from, self.now.vendor, None);
        for id in self.owned(&self.world.deals, Belongs::Person(from)) {
            self.deal(id, |deal| deal.person = Some(to))?;
        }
        for id in self.owned(&self.world.leads, Belongs::Person(from)) {
            self.lead(uuid_text(id), |lead| lead.person = Some(to))?;
        }
        Ok(Item::Person(to))
    }

    fn merge_organizations(&mut self, from: u64, to: u64) -> Changed {
        let found = self.world.organizations.get(from).filter(|organization| !organization.deleted);
        let loser = found.ok_or(ChangeError::Missing(Item::Organization(from)))?;
        self.organization(to, |winner| winner.phone = winner.phone.take().or(loser.phone))?;
        let staff = self.world.staff(from);
        self.world.organizations.set(from, self.now.vendor, None);
        for id in staff {
            self.person(id, |person| person.org = Some(to))?;
        }
        for id in self.owned(&self.world.deals, Belongs::Organization(from)) {
            self.deal(id, |deal| deal.org = Some(to))?;
        }
        for id in self.owned(&self.world.leads, Belongs::Organization(from)) {
            self.lead(uuid_text(id), |lead| lead.org = Some(to))?;
        }
        Ok(Item::Organization(to))
    }

    /// Ids of what belongs to somebody now and is not deleted.
    fn owned<R: Linked>(&self, table: &Table<R, Seed>, whose: Belongs) -> Vec<R::Id>
    where
        Seed: Source<R>,
    {
        let belongs = |id: &R::Id| table.get(*id).is_some_and(|record| record.belongs(whose) && !record.deleted());
        self.world.candidates(table, whose).into_iter().filter(belongs).collect()
    }

    pub(super) fn set_user_active(&mut self, id: u64, active: bool) -> Result<(), ChangeError> {
        let user = self.world.users.iter_mut().find(|user| user.id == id).ok_or(ChangeError::NoUser(id))?;
        user.active_flag = active;
        Ok(())
    }
}
