//! The account: its tables, and what is related to what.

use std::{collections::BTreeSet, time::Duration};

use super::{
    field::Field,
    module::Module,
    notes::Note,
    record::{Row, User, users},
    samples,
    seed::{Part, SAMPLE_NUMBERS},
};
use crate::kit::{Seed, Source, Table};

/// The account.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    leads: Table<Row, Part>,
    contacts: Table<Row, Part>,
    accounts: Table<Row, Part>,
    deals: Table<Row, Part>,
    tasks: Table<Row, Part>,
    calls: Table<Row, Part>,
    /// In the order of their ids.
    pub(super) notes: Vec<Note>,
    /// Fields that were made through the API.
    pub(super) made: Vec<(Module, Field)>,
    /// What was written through the API, in that order: of which module, which, and whether it was there before.
    pub(super) written: Vec<(Option<Module>, u64, bool)>,
    pub(super) users: Vec<User>,
    /// The number of the next record that is created.
    pub(super) next: u64,
}

impl World {
    pub(super) fn new(seed: Seed, lag: Duration) -> Self {
        let table = |module| Table::new(Part { seed, module }, lag);
        let mut world = Self {
            seed,
            leads: table(Module::Leads),
            contacts: table(Module::Contacts),
            accounts: table(Module::Accounts),
            deals: table(Module::Deals),
            tasks: table(Module::Tasks),
            calls: table(Module::Calls),
            notes: Vec::new(),
            made: Vec::new(),
            written: Vec::new(),
            users: users(),
            next: SAMPLE_NUMBERS + 1 + seed.deals().max(seed.clients),
        };
        samples::install(&mut world);
        world
    }

    pub(super) const fn table(&self, module: Module) -> &Table<Row, Part> {
        match module {
            Module::Leads => &self.leads,
            Module::Contacts => &self.contacts,
            Module::Accounts => &self.accounts,
            Module::Deals => &self.deals,
            Module::Tasks => &self.tasks,
            Module::Calls => &self.calls,
        }
    }

    pub(super) const fn table_mut(&mut self, module: Module) -> &mut Table<Row, Part> {
        match module {
            Module::Leads => &mut self.leads,
            Module::Contacts => &mut self.contacts,
            Module::Accounts => &mut self.accounts,
            Module::Deals => &mut self.deals,
            Module::Tasks => &mut self.tasks,
            Module::Calls => &mut self.calls,
        }
    }

    /// The record as it is, where it is not deleted.
    pub(super) fn live(&self, module: Module, id: u64) -> Option<Row> {
        self.table(module).get(id).filter(|row| row.deleted.is_none())
    }

    /// The fields of a module, those that were made since the start among them.
    pub(super) fn fields(&self, module: Module) -> Vec<Field> {
        let made = self.made.iter().filter(|(of, _)| *of == module).map(|(_, field)| *field);
        module.fields().chain(made).collect()
    }

    /// A field by its name.
    pub(super) fn field(&self, module: Module, name: &str) -> Option<Field> {
        self.fields(module).into_iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Ids of records of a module whose numbers may contain these digits; `None`: too many to say.
    pub(super) fn by_digits(&self, module: Module, digits: &[u8]) -> Option<BTreeSet<u64>> {
        let table = self.table(module);
        let places = match module {
            Module::Contacts => self.seed.clients_by_digits(digits)?,
            Module::Accounts => self.seed.organizations_by_digits(digits)?,
            Module::Leads => {
                let clients = self.seed.clients_by_digits(digits)?;
                clients.into_iter().flat_map(|client| Seed::leads_of(&(client..client + 1))).collect()
            }
            Module::Deals | Module::Tasks | Module::Calls => Vec::new(),
        };
        let seeded = places.into_iter().map(|place| Source::<Row>::id(table.source(), place));
        Some(seeded.chain(table.changed_ids()).collect())
    }

    /// Ids of records of a module that may have this e-mail, whole.
    pub(super) fn by_email(&self, module: Module, email: &str) -> BTreeSet<u64> {
        let table = self.table(module);
        let place = self.seed.client_by_email(email).filter(|_| module == Module::Contacts);
        let seeded = place.map(|place| Source::<Row>::id(table.source(), place));
        seeded.into_iter().chain(table.changed_ids()).collect()
    }

    /// Ids of the deals that may belong to a contact or an account.
    pub(super) fn deals_of(&self, owner: Module, id: u64) -> BTreeSet<u64> {
        let place = Source::<Row>::place(self.table(owner).source(), id);
        let clients = match (owner, place) {
            (Module::Contacts, Some(place)) => place..place + 1,
            (Module::Accounts, Some(place)) => Seed::clients_of(place),
            _ => 0..0,
        };
        let source = self.deals.source();
        let seeded = Seed::deals_of(&clients).map(|place| Source::<Row>::id(source, place));
        seeded.chain(self.deals.changed_ids()).collect()
    }
}
