//! What every connection of a stand-in shares, and what both of its doors can do with it.

use std::sync::{Mutex, PoisonError, RwLock};

use serde::Serialize;

use super::{
    change::{Change, ChangeError, Item},
    clock::Clock,
    fault::{Fault, Stage},
    lock,
    log::{Asked, Log},
    meter::{Meter, Quota},
    oauth::Tokens,
    options::Options,
    read,
    record::{Deal, Lead, Person, Status, User, uuid_text},
    samples::{EMPLOYEES, OpenEntity, Sample, samples},
    seed::Seed,
    table::Source,
    wire::ORGANIZATION_PHONE,
    world::{Belongs, Linked, World},
};

/// The stand-in's state. The locks are held for the length of one page at most and never across a wait.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) base_url: String,
    pub(super) clock: Clock,
    pub(super) world: RwLock<World>,
    pub(super) meter: Mutex<Meter>,
    pub(super) tokens: Mutex<Tokens>,
    pub(super) stage: Mutex<Stage>,
    pub(super) log: Mutex<Log>,
}

/// What is true of a seeded client now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// The person's id.
    pub person_id: u64,
    /// The whole numbers, digits only, as the seed has them.
    pub numbers: Vec<String>,
    /// What stands in the phone field.
    pub typed: Vec<String>,
    /// The open entities under these numbers but for the organization, the one created last first within a kind.
    pub open: Vec<OpenEntity>,
}

/// What somebody needs to know to be configured for this account.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// The key of the organizations' custom field of type phone.
    pub organization_phone_field: &'static str,
    /// Users who take calls.
    pub employees: [u64; 4],
    /// All users.
    pub users: Vec<User>,
    /// The named cases.
    pub samples: Vec<Sample>,
}

impl Shared {
    pub(super) fn new(options: Options, base_url: String) -> Self {
        let seed = Seed { seed: options.seed, clients: options.clients as u64 };
        Self {
            base_url,
            clock: Clock::start(options.speed, options.still),
            world: RwLock::new(World::new(seed, options.limits.index_lag)),
            meter: Mutex::new(Meter::new(&options)),
            tokens: Mutex::default(),
            stage: Mutex::default(),
            log: Mutex::default(),
            options,
        }
    }

    pub(super) fn described(&self) -> Described {
        Described {
            organization_phone_field: ORGANIZATION_PHONE,
            employees: EMPLOYEES,
            users: read(&self.world).users.clone(),
            samples: samples(),
        }
    }

    pub(super) fn stage(&self, fault: Fault) {
        let serial = lock(&self.tokens).serial();
        lock(&self.stage).stage(fault, serial);
    }

    pub(super) fn staged(&self) -> Vec<Fault> {
        lock(&self.stage).staged()
    }

    pub(super) fn clear_faults(&self) {
        lock(&self.stage).clear();
    }

    pub(super) fn asked_after(&self, number: u64) -> Vec<Asked> {
        lock(&self.log).after(number)
    }

    pub(super) fn forget_asked(&self) {
        lock(&self.log).clear();
    }

    pub(super) fn change(&self, change: Change) -> Result<Option<Item>, ChangeError> {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        world.change(change, self.clock.now())
    }

    pub(super) fn quota(&self) -> Quota {
        lock(&self.meter).quota(self.clock.now())
    }

    pub(super) fn set_quota(&self, daily: Option<u64>, used: Option<u64>) {
        lock(&self.meter).set(self.clock.now(), daily, used);
    }

    pub(super) fn set_revoked(&self, revoked: bool) {
        lock(&self.tokens).revoked = revoked;
    }

    pub(super) fn client(&self, place: u64) -> Option<Client> {
        let world = read(&self.world);
        if place >= world.seed.clients {
            return None;
        }
        let person = world.persons.get(Source::<Person>::id(&world.seed, place)).filter(|person| !person.deleted)?;
        let entity = |kind, id, owner_id, via| {
            let owner_is_employee = EMPLOYEES.contains(&owner_id);
            OpenEntity { kind, id, owner_id, owner_is_employee, via }
        };
        let whose = Belongs::Person(person.id);
        let deals = world.newest::<Deal>(&world.deals, whose);
        let deals = deals.iter().filter(|deal| deal.status == Status::Open && deal.archive_s.is_none());
        let leads = world.newest::<Lead>(&world.leads, whose);
        let leads = leads.iter().filter(|lead| !lead.archived);
        let mut open = vec![entity("contact", person.id.to_string(), person.owner, "own")];
        open.extend(deals.map(|deal| entity("deal", deal.id.to_string(), deal.owner, "contact")));
        open.extend(leads.map(|lead| entity("lead", uuid_text(lead.id), lead.owner, "contact")));
        Some(Client {
            person_id: person.id,
            numbers: world.seed.whole_numbers(place),
            typed: person.phones.into_iter().map(|phone| phone.value).collect(),
            open,
        })
    }
}

impl World {
    /// What belongs to somebody and is not deleted, the one created last first, then the highest id.
    fn newest<R: Linked>(&self, table: &super::table::Table<R, Seed>, whose: Belongs) -> Vec<R>
    where
        Seed: Source<R>,
    {
        let ids = self.candidates(table, whose).into_iter();
        let belongs = |record: &R| record.belongs(whose) && !record.deleted();
        let mut records: Vec<R> = ids.filter_map(|id| table.get(id)).filter(belongs).collect();
        records.sort_unstable_by_key(|record| std::cmp::Reverse((record.add_s(), record.id())));
        records
    }
}
