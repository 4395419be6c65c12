//! The account: its tables, and what is associated with what.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ops::Range,
    time::Duration,
};

use serde::Serialize;

use super::{
    activity::{Done, Of},
    field::Custom,
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
    /// Tasks, calls and notes.
    pub(super) activities: BTreeMap<(Of, u64), Done>,
    /// The account's own properties.
    pub(super) custom: BTreeMap<Of, BTreeMap<String, Custom>>,
    /// What was written through the API, in the order it first was.
    pub(super) by_api: Vec<(Of, u64)>,
    /// The same, to look in.
    pub(super) touched: HashSet<(Of, u64)>,
    /// Who was given a value of a unique property last; whether they have it still is looked up.
    pub(super) values: HashMap<(Of, String, String), u64>,
    /// The activities of each record.
    pub(super) hanging: HashMap<(EntityKind, u64), Vec<(Of, u64)>>,
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
            activities: BTreeMap::new(),
            custom: BTreeMap::new(),
            by_api: Vec::new(),
            touched: HashSet::new(),
            values: HashMap::new(),
            hanging: HashMap::new(),
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

    /// The same for anything: activities hang on records, not the other way round.
    pub(super) fn linked(&self, from: Of, id: u64, to: Of) -> Vec<u64> {
        match (from, to) {
            (Of::Entity(kind), Of::Entity(to)) => self.associated(kind, id, to),
            (Of::Entity(kind), of) => {
                let Some(id) = self.there(from, id) else { return Vec::new() };
                let hanging = self.hanging.get(&(kind, id)).into_iter().flatten();
                hanging.filter(|(known, _)| *known == of).map(|(_, id)| *id).collect()
            }
            (of, Of::Entity(to)) => {
                let on = self.activities.get(&(of, id)).map(|done| done.on.clone()).unwrap_or_default();
                let ends = on.into_iter().filter(|(kind, _)| *kind == to);
                ends.map(|(_, id)| id).filter(|&id| self.there(Of::Entity(to), id).is_some()).collect()
            }
            (Of::Activity(_), Of::Activity(_)) => Vec::new(),
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
