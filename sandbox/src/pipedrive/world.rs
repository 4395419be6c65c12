//! The account: its tables, and what is related to what.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

use super::{
    fields::Fields,
    held::Written,
    record::{Activity, CallLog, Deal, Lead, Note, Organization, Person, User},
    samples,
    seed::{SAMPLE_IDS, Seed, users},
};
use crate::kit::{Record, Source, Table};

/// The account.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    pub(super) persons: Table<Person, Seed>,
    pub(super) organizations: Table<Organization, Seed>,
    pub(super) deals: Table<Deal, Seed>,
    pub(super) leads: Table<Lead, Seed>,
    pub(super) activities: Table<Activity, Seed>,
    pub(super) notes: BTreeMap<u64, Note>,
    /// In the order they were made.
    pub(super) call_logs: Vec<CallLog>,
    pub(super) fields: Fields,
    /// What was written through the API.
    pub(super) written: Written,
    pub(super) users: Vec<User>,
    /// The id of the next record that is created.
    pub(super) next_id: u64,
}

/// What a deal or a lead belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    Person(u64),
    Organization(u64),
}

/// What can be asked whom it belongs to.
pub(super) trait Linked: Record {
    fn person(&self) -> Option<u64>;
    fn organization(&self) -> Option<u64>;
    fn deleted(&self) -> bool;
    /// Where the seed keeps those of these clients.
    fn places(clients: &Range<u64>) -> Range<u64>;

    fn belongs(&self, to: Belongs) -> bool {
        match to {
            Belongs::Person(id) => self.person() == Some(id),
            Belongs::Organization(id) => self.organization() == Some(id),
        }
    }
}

macro_rules! linked {
    ($($kind:ty, $places:path);+) => {$(
        impl Linked for $kind {
            fn person(&self) -> Option<u64> {
                self.person
            }
            fn organization(&self) -> Option<u64> {
                self.org
            }
            fn deleted(&self) -> bool {
                self.deleted
            }
            fn places(clients: &Range<u64>) -> Range<u64> {
                $places(clients)
            }
        }
    )+};
}
linked!(Deal, Seed::deals_of; Lead, Seed::leads_of);

impl World {
    pub(super) fn new(seed: Seed, lag: Duration) -> Self {
        let mut world = Self {
            seed,
            persons: Table::new(seed, lag),
            organizations: Table::new(seed, lag),
            deals: Table::new(seed, lag),
            leads: Table::new(seed, lag),
            activities: Table::new(seed, lag),
            notes: BTreeMap::new(),
            call_logs: Vec::new(),
            fields: Fields::of_the_account(),
            written: Written::default(),
            users: users(),
            next_id: SAMPLE_IDS + 1 + Source::<Deal>::places(&seed),
        };
        samples::install(&mut world);
        world
    }

    /// The id of what is made next.
    pub(super) const fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// The UUID of a lead that was made later.
    pub(super) const fn lead_id(number: u64) -> u128 {
        0xfffe_0000_0000 << 80 | 0x11eb_8000 << 48 | number as u128
    }

    /// The seed's places of the clients behind a person or an organization; empty for those that were created later.
    pub(super) fn clients(&self, whose: Belongs) -> Range<u64> {
        match whose {
            Belongs::Person(id) => Source::<Person>::place(&self.seed, id).map_or(0..0, |place| place..place + 1),
            Belongs::Organization(id) => Source::<Organization>::place(&self.seed, id).map_or(0..0, Seed::clients_of),
        }
    }

    /// Ids of everything of one kind that may belong to somebody: where the seed has it, and whatever was changed.
    pub(super) fn candidates<R: Linked>(&self, table: &Table<R, Seed>, whose: Belongs) -> BTreeSet<R::Id>
    where
        Seed: Source<R>,
    {
        let seeded = R::places(&self.clients(whose)).map(|place| Source::<R>::id(table.source(), place));
        seeded.chain(table.changed_ids()).collect()
    }

    /// Ids of the persons who work for an organization.
    pub(super) fn staff(&self, organization: u64) -> Vec<u64> {
        let seeded =
            self.clients(Belongs::Organization(organization)).map(|place| Source::<Person>::id(&self.seed, place));
        let works =
            |id: &u64| self.persons.get(*id).is_some_and(|person| person.org == Some(organization) && !person.deleted);
        let ids: BTreeSet<u64> = seeded.chain(self.persons.changed_ids()).collect();
        ids.into_iter().filter(works).collect()
    }
}
