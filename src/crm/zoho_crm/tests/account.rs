//! The stand-in as the contract's suite wants it, and readers of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use sandbox::zoho_crm::{CUSTOM_NUMBER, Change, EMPLOYEES, Fault, FaultKind, Item, Module, Options, ZohoCrm};

use crate::base::{clock::Clock, problem::Placed, secret::Secret};
use crate::config::CrmSection;
use crate::crm::contract::{Known, Stage, Trouble, hold_bodies};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Budget, Ledger, Limits};
use crate::crm::token::SharedTokens;
use crate::crm::zoho_crm::settings::prepare;
use crate::crm::{Prepared, Reader, Tools};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};
use crate::outbound::{Bounds, Outbound};

/// Two full pages of contacts and a bit.
const CLIENTS: usize = 4_100;
/// The stand-in's time is this much ahead once it is staged, so that what was staged is older than what follows.
const AHEAD: Duration = Duration::from_secs(60);
pub(super) const ANNA: u64 = EMPLOYEES[0];

/// A stand-in's account with one client added who has everything.
pub(super) struct Account {
    pub(super) sandbox: ZohoCrm,
    pub(super) contact: u64,
    pub(super) account: u64,
    pub(super) deal: u64,
    pub(super) lead: u64,
}

impl Account {
    pub(super) const NUMBER: u64 = 380_442_009_999;

    pub(super) async fn with(clients: usize, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { clients, keep_replies: true, ..Options::default() };
        options.limits.index_lag = Duration::ZERO;
        options.limits.credits = Some(1_000_000);
        options.limits.tokens = 1_000;
        change(&mut options);
        let sandbox = ZohoCrm::start(options).await.expect("a stand-in");
        let number = vec![format!("+{}", Self::NUMBER)];
        let add = |module, phones, contact_id, account_id| {
            let name = "Everything".to_owned();
            let change = Change::Create { module, name, phones, owner_id: ANNA, contact_id, account_id };
            sandbox.change(change).expect("a change").expect("a record").id
        };
        let account = add(Module::Accounts, number.clone(), None, None);
        let contact = add(Module::Contacts, number.clone(), None, Some(account));
        let lead = add(Module::Leads, number, None, None);
        let deal = add(Module::Deals, Vec::new(), Some(contact), Some(account));
        sandbox.advance(AHEAD);
        Self { sandbox, contact, account, deal, lead }
    }

    /// A `[crm]` section for the stand-in, with the contacts' custom field.
    pub(super) fn section(&self) -> CrmSection {
        section(&self.sandbox.base_url(), &self.sandbox.auth_url())
    }

    /// A reader with this quota.
    pub(super) fn reader_of(&self, limits: Limits) -> (Arc<dyn Reader>, Arc<Ledger>) {
        self.reader_within(limits, Duration::from_secs(10))
    }

    fn reader_within(&self, limits: Limits, timeout: Duration) -> (Arc<dyn Reader>, Arc<Ledger>) {
        let (tools, ledger) = tools(limits, timeout);
        (self.prepared().reader(tools), ledger)
    }

    pub(super) fn prepared(&self) -> Arc<dyn Prepared> {
        prepare(&self.section()).expect("a section")
    }

    /// What keeps the channels, pointed at `target`.
    pub(super) fn hooks(&self, target: HookTarget) -> Arc<dyn Hooks> {
        let (tools, _) = tools(PLENTY, Duration::from_secs(10));
        self.prepared().hooks(tools, target).expect("hooks")
    }

    /// Paths that were asked for so far, tokens left out.
    pub(super) fn paths(&self) -> Vec<String> {
        let asked = self.sandbox.asked().into_iter().map(|asked| asked.path);
        asked.filter(|path| !path.starts_with("/oauth")).collect()
    }

    /// What was charged so far.
    pub(super) fn charged(&self) -> u64 {
        self.sandbox.asked().iter().map(|asked| asked.tokens).sum()
    }

    /// Every open record of the stand-in, by its own account of itself.
    fn open(&self) -> BTreeSet<(&'static str, String)> {
        let seeded = (0..).map_while(|place| self.sandbox.client(place)).flat_map(|client| client.open);
        let named = self.sandbox.samples().into_iter().flat_map(|sample| sample.open);
        let added =
            [("contact", self.contact), ("organization", self.account), ("deal", self.deal), ("lead", self.lead)];
        let added = added.map(|(kind, id)| (kind, id.to_string()));
        seeded.chain(named).map(|entity| (entity.kind.word(), entity.id)).chain(added).collect()
    }
}

/// A `[crm]` section for a stand-in.
pub(super) fn section(base: &str, auth: &str) -> CrmSection {
    CrmSection {
        file: "acme.toml".to_owned(),
        row: 10,
        base_url: Some(Placed::new(base.to_owned(), 12)),
        auth_url: Some(Placed::new(auth.to_owned(), 13)),
        client_id: Some(Placed::new("sandbox-client".to_owned(), 14)),
        client_secret: Some(Placed::new(Secret::new("sandbox-secret"), 15)),
        refresh_token: Some(Placed::new(Secret::new("sandbox-refresh"), 16)),
        phone_fields: vec![Placed::new(CUSTOM_NUMBER.to_owned(), 20)],
        ..CrmSection::of_kind("zoho-crm")
    }
}

/// What a reader works with.
pub(super) fn tools_of(limits: Limits) -> Tools {
    tools(limits, Duration::from_secs(10)).0
}

pub(super) fn tools(limits: Limits, timeout: Duration) -> (Tools, Arc<Ledger>) {
    let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 4_000_000 };
    let outbound = Outbound::new(&bounds).expect("a client");
    let ledger = Arc::new(Ledger::new(limits, Clock::System));
    (Tools { outbound, ledger: Arc::clone(&ledger), tokens: SharedTokens::default(), clock: Clock::System }, ledger)
}

/// More than anybody asks for here, and the vendor's smallest number of requests at once.
pub(super) const PLENTY: Limits =
    Limits { daily: Some(Budget::rolling(1_000_000)), in_flight: Some(5), sweep_percent: 30, ..Limits::NONE };

/// For the suite.
pub(super) async fn account() -> Account {
    Account::with(CLIENTS, |_| {}).await
}

#[async_trait]
impl Stage for Account {
    fn reader_within(&self, timeout: Duration) -> Arc<dyn Reader> {
        self.reader_within(PLENTY, timeout).0
    }

    fn spent_reader(&self) -> Arc<dyn Reader> {
        self.reader_of(Limits { daily: Some(Budget::rolling(0)), ..PLENTY }).0
    }

    fn known(&self) -> Known {
        Known {
            number: PhoneKey::from_digits(Self::NUMBER).expect("a number"),
            open: BTreeSet::from([
                (Kind::Contact, self.contact.into()),
                (Kind::Organization, self.account.into()),
                (Kind::Deal, self.deal.into()),
                (Kind::Lead, self.lead.into()),
            ]),
        }
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn lacking(&self) -> Kind {
        Kind::Ticket
    }

    fn missing(&self, kind: Kind) -> CrmId {
        let module = match kind {
            Kind::Lead => Module::Leads,
            Kind::Contact => Module::Contacts,
            Kind::Organization => Module::Accounts,
            _ => Module::Deals,
        };
        module.id(99_999_999).into()
    }

    fn expected(&self, kind: Kind) -> usize {
        let named = self.open().iter().filter(|(known, _)| *known == kind.word()).count();
        // Seeded accounts stand in nobody's account of themselves: one for every eight clients.
        let seeded = if kind == Kind::Organization { CLIENTS.div_ceil(8) } else { 0 };
        named + seeded
    }

    fn users(&self) -> BTreeSet<(CrmId, bool)> {
        self.sandbox.crm_users().into_iter().map(|user| (user.id.into(), user.active)).collect()
    }

    /// Three modules and one question for the deals; the first time the fields of each of the four are read as well.
    fn live_requests(&self) -> usize {
        8
    }

    async fn close(&self) -> (Kind, CrmId) {
        let stage = "Closed-Lost to Competition".to_owned();
        self.sandbox.change(Change::SetStage { deal_id: self.deal, stage }).expect("a deal");
        (Kind::Deal, self.deal.into())
    }

    async fn add_contact(&self, number: PhoneKey) -> CrmId {
        let phones = vec![format!("+{}", number.digits())];
        let (module, name) = (Module::Contacts, "New".to_owned());
        let change = Change::Create { module, name, phones, owner_id: ANNA, contact_id: None, account_id: None };
        let Item { id, .. } = self.sandbox.change(change).expect("a change").expect("a contact");
        id.into()
    }

    fn now_s(&self) -> i64 {
        (Timestamp::now() + AHEAD).as_second()
    }

    async fn stage(&self, trouble: Trouble) {
        let fault = match trouble {
            // Tokens that were handed out are refused, and no others are handed out.
            Trouble::Credentials => {
                self.sandbox.set_revoked(true);
                Fault::new(FaultKind::TokenExpired)
            }
            Trouble::RateLimited => Fault::rate_limit("at-once").on("/crm"),
            Trouble::Unavailable => Fault::status(503).on("/crm"),
            Trouble::Hang => Fault::hang().on("/crm"),
            Trouble::Reset => Fault::reset().on("/crm"),
            Trouble::Garbage => Fault::new(FaultKind::Garbage).on("/crm"),
            Trouble::Truncated => Fault::new(FaultKind::Truncated).on("/crm"),
            Trouble::Gone => return self.sandbox.stop().await,
        };
        self.sandbox.stage_fault(fault);
    }

    fn asked(&self) -> usize {
        self.paths().len()
    }
}

impl Drop for Account {
    /// Holds every request that was asked, and what was answered, against the vendor's description.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        hold_bodies(&self.sandbox);
        let Some(judge) = super::judge::judge() else { return };
        for asked in
            self.sandbox.asked().iter().filter(|asked| asked.path.starts_with("/crm/") && asked.fault.is_none())
        {
            judge.judge(asked).expect("as the vendor describes it");
        }
    }
}
