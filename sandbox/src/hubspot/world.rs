//! The account: its tables, and what is associated with what.

use std::{collections::BTreeSet, collections::HashMap, ops::Range, time::Duration};

use serde::Serialize;

use super::{
    object::{Object, Seeded, user_id},
    samples,
};
use crate::kit::{EntityKind, Seed, Source, Table, USERS};

/// A user, whom the vendor calls an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The id that `hubspot_owner_id` refers to.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// Whether they still work there.
    pub active: bool,
}

/// The account.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    tables: [Table<Object, Seeded>; 5],
    pub(super) owners: Vec<Owner>,
    /// Who became whom.
    pub(super) merged: HashMap<(EntityKind, u64), u64>,
    /// The id of the next record that is created, of whatever kind.
    pub(super) next_id: u64,
    /// Where changes are told, as entered in the app's settings.
    pub(super) target: Option<String>,
    /// The number of the next event that is told.
    pub(super) next_event: u64,
}

const KINDS: [EntityKind; 5] =
    [EntityKind::Contact, EntityKind::Organization, EntityKind::Deal, EntityKind::Lead, EntityKind::Ticket];

const fn at(kind: EntityKind) -> usize {
    match kind {
        EntityKind::Contact => 0,
        EntityKind::Organization => 1,
        EntityKind::Deal => 2,
        EntityKind::Lead => 3,
        EntityKind::Ticket => 4,
    }
}

impl World {
    pub(super) fn new(seed: Seed, lag: Duration) -> Self {
        let owner = |(place, user): (usize, &crate::kit::SeededUser)| Owner {
            id: user_id(place),
            name: user.name.to_owned(),
            email: user.email(),
            active: user.active,
        };
        let mut world = Self {
            seed,
            tables: KINDS.map(|kind| Table::new(Seeded { seed, kind }, lag)),
            owners: USERS.iter().enumerate().map(owner).collect(),
            merged: HashMap::new(),
            next_id: 100_000_001 + seed.deals(),
            target: None,
            next_event: 1,
        };
        samples::install(&mut world);
        world
    }

    pub(super) const fn table(&self, kind: EntityKind) -> &Table<Object, Seeded> {
        &self.tables[at(kind)]
    }

    pub(super) const fn table_mut(&mut self, kind: EntityKind) -> &mut Table<Object, Seeded> {
        &mut self.tables[at(kind)]
    }

    /// The record, archived or not.
    pub(super) fn get(&self, kind: EntityKind, id: u64) -> Option<Object> {
        self.table(kind).get(id)
    }

    /// Ids of what is associated with a record, among `to`; archived ones left out.
    pub(super) fn associated(&self, kind: EntityKind, id: u64, to: EntityKind) -> Vec<u64> {
        let named = |object: &Object| match to {
            EntityKind::Contact => Some(object.contacts.clone()),
            EntityKind::Organization => Some(object.companies.clone()),
            EntityKind::Deal | EntityKind::Lead | EntityKind::Ticket => None,
        };
        let object = self.get(kind, id).filter(|object| !object.archived);
        let Some(object) = object else { return Vec::new() };
        let forward = matches!(kind, EntityKind::Deal | EntityKind::Lead | EntityKind::Ticket)
            || (kind, to) == (EntityKind::Contact, EntityKind::Organization);
        let there = |kind, id: &u64| self.get(kind, *id).is_some_and(|object| !object.archived);
        match named(&object) {
            Some(ids) if forward => ids.into_iter().filter(|id| there(to, id)).collect(),
            _ => self.belonging(kind, id, to),
        }
    }

    /// Ids of the records of `to` that belong to this contact or company.
    fn belonging(&self, kind: EntityKind, id: u64, to: EntityKind) -> Vec<u64> {
        let table = self.table(to);
        let clients = self.clients(kind, id);
        let places: Range<u64> = match to {
            EntityKind::Deal => Seed::deals_of(&clients),
            EntityKind::Lead => Seed::leads_of(&clients),
            EntityKind::Ticket | EntityKind::Contact => clients,
            EntityKind::Organization => 0..0,
        };
        let seeded = places.map(|place| table.source().id(place));
        let ids: BTreeSet<u64> = seeded.chain(table.changed_ids()).collect();
        let belongs = |object: &Object| {
            let named = if kind == EntityKind::Contact { &object.contacts } else { &object.companies };
            !object.archived && named.contains(&id)
        };
        ids.into_iter().filter(|&id| table.get(id).as_ref().is_some_and(belongs)).collect()
    }

    /// The seed's places of the clients behind a contact or a company.
    fn clients(&self, kind: EntityKind, id: u64) -> Range<u64> {
        let Some(place) = self.table(kind).source().place(id) else { return 0..0 };
        match kind {
            EntityKind::Contact => place..place + 1,
            EntityKind::Organization => {
                let clients = Seed::clients_of(place);
                clients.start..clients.end.min(self.seed.clients)
            }
            EntityKind::Deal | EntityKind::Lead | EntityKind::Ticket => 0..0,
        }
    }
}
