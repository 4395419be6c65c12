//! The records behind the named cases, as this vendor's.

use super::{
    module::{Module, STAGES},
    record::{Deleted, Row, user_id},
    world::World,
};
use crate::kit::{self, EntityKind, Sample, added_s};

/// Users who take calls; the others left or are programs.
pub const EMPLOYEES: [u64; 4] = [user_id(0), user_id(1), user_id(2), user_id(3)];

/// The module of a kind.
pub(super) const fn module(kind: EntityKind) -> Option<Module> {
    match kind {
        EntityKind::Lead => Some(Module::Leads),
        EntityKind::Contact => Some(Module::Contacts),
        EntityKind::Organization => Some(Module::Accounts),
        EntityKind::Deal => Some(Module::Deals),
        EntityKind::Ticket => None,
    }
}

/// The kind of a module; `None` for what hangs on others.
pub(super) const fn kind(module: Module) -> Option<EntityKind> {
    match module {
        Module::Leads => Some(EntityKind::Lead),
        Module::Contacts => Some(EntityKind::Contact),
        Module::Accounts => Some(EntityKind::Organization),
        Module::Deals => Some(EntityKind::Deal),
        Module::Tasks | Module::Calls => None,
    }
}

/// The cases with what is expected of them. A lead here stands by itself and carries the number as its own.
pub(super) fn samples() -> Vec<Sample> {
    let entity = |kind, number: u64| module(kind).map(|module| (kind, module.id(number).to_string()));
    let mut samples = kit::samples(entity, |place| user_id(place).to_string());
    let leads = samples.iter_mut().flat_map(|sample| &mut sample.open).filter(|open| open.kind == EntityKind::Lead);
    leads.for_each(|lead| lead.via = "own");
    samples
}

fn row(module: Module, number: u64, owner: usize, name: String) -> Row {
    Row::new(module, module.id(number), name, user_id(owner), (added_s(number), added_s(number)))
}

/// Puts the records behind the cases into an account.
pub(super) fn install(world: &mut World) {
    for sample in kit::contacts() {
        let row = row(Module::Contacts, sample.number, sample.owner, format!("Sample Person {}", sample.number));
        let deleted = sample.deleted.then_some(Deleted { at_s: row.update_s, permanently: false });
        let row = Row { deleted, ..row }.with_phones(sample.phones.into_iter().map(str::to_owned));
        world.table_mut(Module::Contacts).set_from_the_start(row);
    }
    for sample in kit::firms() {
        let row = row(Module::Accounts, sample.number, sample.owner, format!("Sample Firm {}", sample.number));
        world.table_mut(Module::Accounts).set_from_the_start(row.with_phones([sample.phone.to_owned()]));
    }
    for sample in kit::deals() {
        let row = row(Module::Deals, sample.number, sample.owner, format!("Sample deal {}", sample.number));
        let stage = STAGES[if sample.won { 4 } else { 0 }].shown;
        let contact = sample.contact.map(|number| Module::Contacts.id(number));
        let account = sample.firm.map(|number| Module::Accounts.id(number));
        world.table_mut(Module::Deals).set_from_the_start(Row { stage, contact, account, ..row });
    }
    let contacts = kit::contacts();
    for sample in kit::leads() {
        let row = row(Module::Leads, sample.number, sample.owner, format!("Sample Lead {}", sample.number));
        let converted_s = sample.archived.then_some(row.update_s);
        let phones = contacts.iter().find(|contact| contact.number == sample.contact);
        let phones = phones.into_iter().flat_map(|contact| &contact.phones).map(|text| (*text).to_owned());
        world.table_mut(Module::Leads).set_from_the_start(Row { converted_s, ..row }.with_phones(phones));
    }
}
