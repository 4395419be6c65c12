//! What is configured and connected: checked projects, and the one place that holds what is in force.
//!
//! Knows nothing of who is known (the directory, its neighbour) and nothing of HTTP.

mod block;
mod compile;
mod forms;
mod people;
mod scenario;
mod speaker;
mod staff;

use std::{collections::BTreeMap, ops::Deref, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use encoding_rs::Encoding;
use ipnet::IpNet;

pub use self::{
    block::{Answers, Block, WalkPlan},
    compile::{Configured, compile, compile_with, configure, configure_instead},
    people::People,
    staff::Joined,
};
use crate::base::secret::Seal;
use crate::config::{CrmSection, EventSettings, Meaning, RingostatSection};
use crate::crm::{Adapter, Prepared, hooks::HookTarget, quota::Limits};
use crate::forms::Mapping;
use crate::model::{client::Kind, employee::Employee, phone::NumberReader};
use crate::scenario::Matrix;
pub use crate::telephony::ringostat::answer::AnswerShape;

/// What is in force, swapped as a whole. A request loads it once and sees one world to its end.
#[derive(Debug)]
pub struct Current<T>(ArcSwap<T>);

impl<T> Current<T> {
    /// Holds `first` until something else is stored.
    #[must_use]
    pub fn new(first: Arc<T>) -> Self {
        Self(ArcSwap::new(first))
    }

    /// What is in force now.
    ///
    /// # Cost
    /// No lock, no allocation, not even a count of references; the guard is for the length of one request.
    pub fn load(&self) -> impl Deref<Target = Arc<T>> {
        self.0.load()
    }

    /// What is in force now, to be kept.
    #[must_use]
    pub fn load_full(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Puts `next` in force; who loaded what was before goes on with it.
    pub fn store(&self, next: Arc<T>) {
        self.0.store(next);
    }
}

/// One project, checked and compiled.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name: the first part of every path.
    pub name: Box<str>,
    /// What opens its doors.
    pub doors: Doors,
    /// Addresses that may ask; empty = all.
    pub allow: Vec<IpNet>,
    /// Its time zone.
    pub timezone: jiff::tz::TimeZone,
    /// Reads numbers with its country.
    pub numbers: NumberReader,
    /// The configured ones in the order of the file, then those of the staff list; elsewhere an employee is their place
    /// in this list.
    pub employees: Vec<Employee>,
    /// As their file says, whatever the staff list does.
    configured: Vec<Employee>,
    /// Its CRM.
    pub crm: CrmSetup,
    /// Where its CRM is told to deliver changes; only where the outside's address of this service is configured.
    pub webhooks: Option<HookTarget>,
    /// Ringostat's own API, where it is to be asked.
    pub ringostat: Option<RingostatSection>,
    /// What is written after a call.
    pub matrix: Arc<Matrix>,
    /// How long who asks for a client's card waits for the CRM.
    pub card_deadline: Duration,
    /// How events are read.
    pub events: EventSettings,
    /// How forms are read, and what they go into.
    pub forms: Arc<Mapping>,
    /// What a form that is not in UTF-8 and does not say so is written in.
    pub form_charset: Option<&'static Encoding>,
    /// Whether what was stored during a pause is sent when it ends without a word about that.
    pub resend_after_pause: bool,
    /// How long what is done stays in the journal.
    pub retention: Duration,
    /// How long it is kept what calls were answered; zero = it is not recorded.
    pub decisions_kept: Duration,
    blocks: BTreeMap<Box<str>, Block>,
}

impl Project {
    /// The block of that name.
    #[must_use]
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.get(name)
    }

    /// Employees to whom no call is sent, because nothing says their main directions.
    pub fn without_direction(&self) -> impl Iterator<Item = &Employee> {
        self.employees.iter().filter(|employee| employee.main.is_empty())
    }

    /// Whether the CRM keeps its clients' ids at the site's counter: there is a field for them.
    #[must_use]
    pub fn keeps_client_ids(&self) -> bool {
        let field = |kind: Kind| self.crm.section.fields.of(kind.word(), Meaning::ClientId);
        [Kind::Contact, Kind::Lead]
            .into_iter()
            .filter(|kind| self.crm.adapter.kinds.has(*kind))
            .any(|kind| field(kind).is_some())
    }

    /// The block in that place.
    #[must_use]
    pub fn block_at(&self, place: u32) -> Option<&Block> {
        self.blocks.values().find(|block| block.place == place)
    }

    /// Every block, by name.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.values()
    }
}

/// The seals of a project's tokens, one per door.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    /// `/{project}/route/…`
    pub route: Seal,
    /// `/{project}/events/…`
    pub events: Seal,
    /// `/{project}/forms`
    pub forms: Seal,
    /// `/{project}/card`
    pub card: Seal,
    /// `/{project}/crm-changes`
    pub changes: Seal,
}

/// A project's CRM, checked and ready to be connected.
#[derive(Debug, Clone)]
pub struct CrmSetup {
    /// Which CRM.
    pub adapter: &'static Adapter,
    /// What was configured.
    pub section: CrmSection,
    /// What its adapter made of that.
    pub prepared: Arc<dyn Prepared>,
    /// The country numbers are read with.
    pub country: Box<str>,
    /// The zone of the nightly crawl.
    pub timezone: Box<str>,
}

impl CrmSetup {
    /// Whether a reload may keep the directory: the same records are read and understood the same way. Credentials,
    /// schedule and limits may change; what is known does not by that.
    #[must_use]
    pub fn same_directory_as(&self, other: &Self) -> bool {
        let fields =
            |setup: &Self| setup.section.phone_fields.iter().map(|field| field.value.clone()).collect::<Vec<_>>();
        self.adapter.name == other.adapter.name
            && self.prepared.account() == other.prepared.account()
            && self.country == other.country
            && fields(self) == fields(other)
    }

    /// What the account may do, as its plan is configured.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.prepared.limits().as_configured(&self.section.quota)
    }

    /// Whether nothing changed at all, wherever in their files both stand.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.country == other.country
            && self.timezone == other.timezone
            && self.section.says_the_same_as(&other.section)
    }
}
