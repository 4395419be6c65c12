//! The account: its tables, its users, what changed.

use std::{collections::BTreeMap, time::Duration};

use super::{
    activities::{Party, Set},
    delta::Logged,
    options::Options,
    row::Row,
    samples,
    schema::KINDS,
    seed::{Part, users},
};
use crate::kit::{EntityKind, Seed, Table};

/// The account.
#[derive(Debug)]
pub(super) struct World {
    tables: [Table<Row, Part>; 5],
    pub(super) users: Vec<Row>,
    /// The number of the next record that is created.
    pub(super) next: u64,
    /// Every change, the oldest first: its place plus one is its version.
    pub(super) log: Vec<Logged>,
    /// Kinds whose changes are tracked.
    pub(super) tracking: Vec<EntityKind>,
    /// The version at which a table itself was changed last.
    pub(super) reshaped: BTreeMap<EntityKind, u64>,
    pub(super) delta_life: Duration,
    /// Records a page at most.
    pub(super) page: usize,
    /// Phone calls, tasks and notes.
    pub(super) side: BTreeMap<(Set, u128), Row>,
    /// Who takes part in a phone call.
    pub(super) parties: BTreeMap<u128, Vec<Party>>,
    /// What was written through the API, in the order it was first.
    pub(super) written: Vec<Written>,
    /// Whether nobody is taken without a last name.
    pub(super) demands_last_name: bool,
}

/// A record that was written through the API.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) set: Set,
    pub(super) id: u128,
    /// Whether it was not there before.
    pub(super) made: bool,
    pub(super) columns: Vec<&'static str>,
}

impl World {
    pub(super) fn new(options: &Options) -> Self {
        let seed = Seed { seed: options.seed, clients: options.clients as u64 };
        let mut world = Self {
            tables: KINDS.map(|kind| Table::new(Part { seed, kind }, Duration::ZERO)),
            users: users(),
            next: 1,
            log: Vec::new(),
            tracking: options.tracked.clone(),
            reshaped: BTreeMap::new(),
            delta_life: options.limits.delta_link,
            page: options.limits.page,
            side: BTreeMap::new(),
            parties: BTreeMap::new(),
            written: Vec::new(),
            demands_last_name: options.demands_last_name,
        };
        samples::install(&mut world);
        world
    }

    pub(super) const fn table(&self, kind: EntityKind) -> &Table<Row, Part> {
        &self.tables[place(kind)]
    }

    pub(super) const fn table_mut(&mut self, kind: EntityKind) -> &mut Table<Row, Part> {
        &mut self.tables[place(kind)]
    }

    /// The id of a record created now is made of this number.
    pub(super) const fn next(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// The place in [`KINDS`].
const fn place(kind: EntityKind) -> usize {
    match kind {
        EntityKind::Contact => 0,
        EntityKind::Organization => 1,
        EntityKind::Deal => 2,
        EntityKind::Lead => 3,
        EntityKind::Ticket => 4,
    }
}
