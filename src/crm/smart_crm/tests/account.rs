//! The stand-in as the contract's suite wants it, and readers of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use sandbox::smart_crm::{
    Asked, Change, Entity, EntityKind, Fault, FaultKind, Limits as VendorLimits, Options, SmartCrm,
};

use super::{settings, vendor};
use crate::base::{clock::Clock, problem::Placed};
use crate::config::CrmSection;
use crate::crm::contract::{Known, Stage, Trouble, hold_bodies};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Budget, Ledger, Limits, Rate};
use crate::crm::smart_crm::settings::prepare;
use crate::crm::token::SharedTokens;
use crate::crm::{Reader, Tools};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};
use crate::outbound::{Bounds, Outbound};

/// Two full pages of contacts and a bit.
const CLIENTS: usize = 1_030;
/// The stand-in's pages are shorter than the vendor's, so that a few records fill several.
const PAGE: usize = 500;
/// The stand-in's time is this much ahead once it is staged, so that what was staged is older than what follows.
const AHEAD: Duration = Duration::from_secs(60);

/// A stand-in's organization with one client added who has everything.
///
/// Dropped, it holds every request that it was asked against the vendor's files.
pub(super) struct Account {
    pub(super) sandbox: SmartCrm,
    pub(super) contact: Entity,
    pub(super) account: Entity,
    pub(super) deal: Entity,
    pub(super) lead: Entity,
    pub(super) incident: Entity,
}

impl Account {
    pub(super) const NUMBER: u64 = 380_442_009_999;

    /// The same, as a key.
    pub(super) fn number() -> PhoneKey {
        PhoneKey::from_digits(Self::NUMBER).expect("a number")
    }

    pub(super) async fn with(clients: usize, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { clients, keep_replies: true, limits: VendorLimits::none(), ..Options::default() };
        options.limits.page = PAGE;
        change(&mut options);
        let sandbox = SmartCrm::start(options).await.expect("a stand-in");
        let anna = sandbox.vendor_employee();
        let add = |kind, phones, contact: Option<&Entity>, account: Option<&Entity>| {
            let id = |entity: Option<&Entity>| entity.map(|entity| entity.id.clone());
            let change = Change::Create {
                kind,
                name: "Everything".to_owned(),
                phones,
                owner_id: anna.clone(),
                contact_id: id(contact),
                account_id: id(account),
            };
            sandbox.change(change).expect("a change").expect("a record")
        };
        let number = || vec![format!("+{}", Self::NUMBER)];
        let account = add(EntityKind::Organization, number(), None, None);
        let contact = add(EntityKind::Contact, number(), None, Some(&account));
        let deal = add(EntityKind::Deal, Vec::new(), Some(&contact), Some(&account));
        let lead = add(EntityKind::Lead, number(), Some(&contact), None);
        let incident = add(EntityKind::Ticket, Vec::new(), Some(&contact), Some(&account));
        sandbox.advance(AHEAD);
        Self { sandbox, contact, account, deal, lead, incident }
    }

    /// A small one.
    pub(super) async fn small() -> Self {
        Self::with(40, |_| {}).await
    }

    /// A `[crm]` section for it.
    pub(super) fn section(&self) -> CrmSection {
        CrmSection {
            auth_url: Some(Placed::new(self.sandbox.auth_url(), 13)),
            ..settings::section(&self.sandbox.base_url())
        }
    }

    pub(super) fn tools(limits: Limits, timeout: Duration) -> (Tools, Arc<Ledger>) {
        let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 16_000_000 };
        let outbound = Outbound::new(&bounds).expect("a client");
        let ledger = Arc::new(Ledger::new(limits, Clock::System));
        (Tools { outbound, ledger: Arc::clone(&ledger), tokens: SharedTokens::default(), clock: Clock::System }, ledger)
    }

    /// A reader with this quota.
    pub(super) fn reader_with(&self, limits: Limits) -> (Arc<dyn Reader>, Arc<Ledger>) {
        let (tools, ledger) = Self::tools(limits, Duration::from_secs(30));
        (prepare(&self.section()).expect("a section").reader(tools), ledger)
    }

    /// Hooks that are to be delivered there.
    pub(super) fn hooks(&self, target: HookTarget) -> Arc<dyn Hooks> {
        let (tools, _) = Self::tools(PLENTY, Duration::from_secs(30));
        prepare(&self.section()).expect("a section").hooks(tools, target).expect("hooks")
    }

    /// Requests that arrived so far, those for tokens left out.
    pub(super) fn requests(&self) -> Vec<Asked> {
        self.sandbox.asked().into_iter().filter(|asked| asked.path.starts_with("/api/")).collect()
    }

    pub(super) fn change(&self, change: Change) -> Option<Entity> {
        self.sandbox.change(change).expect("a change")
    }

    /// Every open record of the stand-in, by its own account of itself.
    fn open(&self) -> BTreeSet<(&'static str, String)> {
        let seeded = (0..).map_while(|place| self.sandbox.client(place)).flat_map(|client| client.open);
        let named = self.sandbox.samples().into_iter().flat_map(|sample| sample.open);
        let added = [&self.contact, &self.account, &self.deal, &self.lead, &self.incident];
        let added = added.into_iter().map(|entity| (entity.kind.word(), entity.id.clone()));
        seeded.chain(named).map(|entity| (entity.kind.word(), entity.id)).chain(added).collect()
    }
}

/// The stand-in's first employee.
pub(super) trait Employee {
    fn vendor_employee(&self) -> String;
}

impl Employee for SmartCrm {
    fn vendor_employee(&self) -> String {
        use sandbox::kit::Vendor;
        self.vendor().employees()[0].clone()
    }
}

pub(super) fn id(entity: &Entity) -> CrmId {
    CrmId::parse(&entity.id).expect("a UUID")
}

/// More than anybody asks for here.
pub(super) const PLENTY: Limits = Limits {
    daily: Some(Budget::rolling(1_000_000)),
    sweep_percent: 30,
    general: Some(Rate::new(10_000, Duration::from_secs(1))),
    ..Limits::NONE
};

/// For the suite.
pub(super) async fn account() -> Account {
    Account::with(CLIENTS, |_| {}).await
}

#[async_trait]
impl Stage for Account {
    fn reader_within(&self, timeout: Duration) -> Arc<dyn Reader> {
        let (tools, _) = Self::tools(PLENTY, timeout);
        prepare(&self.section()).expect("a section").reader(tools)
    }

    fn spent_reader(&self) -> Arc<dyn Reader> {
        self.reader_with(Limits { daily: Some(Budget::rolling(0)), ..PLENTY }).0
    }

    fn known(&self) -> Known {
        Known {
            number: PhoneKey::from_digits(Self::NUMBER).expect("a number"),
            open: BTreeSet::from([
                (Kind::Contact, id(&self.contact)),
                (Kind::Organization, id(&self.account)),
                (Kind::Deal, id(&self.deal)),
                (Kind::Lead, id(&self.lead)),
                (Kind::Ticket, id(&self.incident)),
            ]),
        }
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    /// This CRM has every kind that there is.
    fn lacking(&self) -> Kind {
        Kind::Ticket
    }

    fn missing(&self, _: Kind) -> CrmId {
        CrmId::Uuid([7; 16])
    }

    fn expected(&self, kind: Kind) -> usize {
        let named = self.open().iter().filter(|(known, _)| *known == kind.word()).count();
        // Seeded accounts stand in nobody's account of themselves.
        let seeded = if kind == Kind::Organization { self.sandbox.seeded_accounts() } else { 0 };
        named + usize::try_from(seeded).expect("a few")
    }

    fn users(&self) -> BTreeSet<(CrmId, bool)> {
        let users = self.sandbox.users().into_iter();
        users.map(|(id, active)| (CrmId::parse(&id).expect("a UUID"), active)).collect()
    }

    /// Three tables by their numbers; what belongs to whom is found, in three more.
    fn live_requests(&self) -> usize {
        6
    }

    async fn close(&self) -> (Kind, CrmId) {
        self.change(Change::SetState { entity: self.deal.clone(), state: 1, status: 3 });
        (Kind::Deal, id(&self.deal))
    }

    async fn add_contact(&self, number: PhoneKey) -> CrmId {
        let change = Change::Create {
            kind: EntityKind::Contact,
            name: "New".to_owned(),
            phones: vec![format!("+{}", number.digits())],
            owner_id: self.sandbox.vendor_employee(),
            contact_id: None,
            account_id: None,
        };
        id(&self.change(change).expect("a contact"))
    }

    fn now_s(&self) -> i64 {
        (Timestamp::now() + AHEAD).as_second()
    }

    async fn stage(&self, trouble: Trouble) {
        let fault = match trouble {
            Trouble::Credentials => Fault::new(FaultKind::TokenExpired),
            Trouble::RateLimited => Fault::rate_limit("requests"),
            Trouble::Unavailable => Fault::status(503),
            Trouble::Hang => Fault::hang(),
            Trouble::Reset => Fault::reset(),
            Trouble::Garbage => Fault::new(FaultKind::Garbage),
            Trouble::Truncated => Fault::new(FaultKind::Truncated),
            Trouble::Gone => return self.sandbox.stop().await,
        };
        self.sandbox.stage_fault(fault.on("/api/"));
        if trouble == Trouble::Credentials {
            self.sandbox.set_revoked(true);
        }
    }

    fn asked(&self) -> usize {
        self.requests().len()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            hold_bodies(&self.sandbox);
            self.requests().iter().for_each(vendor::judge);
        }
    }
}
