//! The stand-in as the contract's suite wants it, and readers of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use sandbox::kit::{EntityKind, Fault, FaultKind};
use sandbox::zoho_desk::{
    CONTACT_PHONE, Change, Desk, EMPLOYEES, Item, Limits as Rules, ORG_ID, Options, RateLimit, StatusType,
};

use super::vendor;
use crate::base::{clock::Clock, problem::Placed, secret::Secret};
use crate::config::CrmSection;
use crate::crm::contract::{Known, Stage, Trouble, hold_bodies};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Budget, Ledger, Limits};
use crate::crm::token::SharedTokens;
use crate::crm::zoho_desk::settings::prepare;
use crate::crm::{Reader, Tools};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};
use crate::outbound::{Bounds, Outbound};

/// Two full pages of contacts and a bit.
pub(super) const CLIENTS: usize = 230;
/// The stand-in's time is this much ahead once it is staged: further than a sweep looks back, so that what was staged is
/// older than what follows.
pub(super) const AHEAD: Duration = Duration::from_secs(1_200);
pub(super) const ANNA: u64 = EMPLOYEES[0];

/// A stand-in's portal with one client added who has everything.
///
/// Dropped, it holds every request that it was asked and every reply that it gave against the table of facts.
pub(super) struct Account {
    pub(super) sandbox: Desk,
    pub(super) contact: u64,
    pub(super) firm: u64,
    pub(super) ticket: u64,
}

impl Account {
    pub(super) const NUMBER: u64 = 380_442_009_999;

    pub(super) async fn with(clients: usize, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { clients, limits: Rules::none(), keep_replies: true, ..Options::default() };
        change(&mut options);
        let sandbox = Desk::start(options).await.expect("a stand-in");
        let add = |change| sandbox.change(change).expect("a change").expect("a record");
        let (number, owner_id) = (format!("+{}", Self::NUMBER), Some(ANNA));
        let name = || "Everything".to_owned();
        let Item::Account(firm) = add(Change::CreateAccount { name: name(), phone: Some(number.clone()), owner_id })
        else {
            panic!("expected an account")
        };
        let account_id = Some(firm);
        let created = add(Change::CreateContact { name: name(), phones: vec![number], owner_id, account_id });
        let Item::Contact(contact) = created else { panic!("expected a contact") };
        let contact_id = Some(contact);
        let created = add(Change::CreateTicket { subject: name(), assignee_id: owner_id, contact_id, account_id });
        let Item::Ticket(ticket) = created else { panic!("expected a ticket") };
        sandbox.advance(AHEAD);
        Self { sandbox, contact, firm, ticket }
    }

    /// A `[crm]` section for it.
    pub(super) fn section(&self) -> CrmSection {
        CrmSection {
            base_url: Some(Placed::new(self.sandbox.base_url(), 12)),
            auth_url: Some(Placed::new(self.sandbox.auth_url(), 13)),
            client_id: Some(Placed::new("sandbox-client".to_owned(), 14)),
            client_secret: Some(Placed::new(Secret::new("sandbox-secret"), 15)),
            refresh_token: Some(Placed::new(Secret::new("sandbox-refresh"), 16)),
            org_id: Some(Placed::new(ORG_ID.to_string(), 17)),
            phone_fields: vec![Placed::new(CONTACT_PHONE.to_owned(), 18)],
            ..CrmSection::of_kind("zoho-desk")
        }
    }

    pub(super) fn tools(limits: Limits, timeout: Duration) -> Tools {
        let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 4_000_000 };
        let outbound = Outbound::new(&bounds).expect("a client");
        Tools {
            outbound,
            ledger: Arc::new(Ledger::new(limits, Clock::System)),
            tokens: SharedTokens::default(),
            clock: Clock::System,
        }
    }

    /// A reader with this quota.
    pub(super) fn reader_of(&self, limits: Limits) -> (Arc<dyn Reader>, Arc<Ledger>) {
        let tools = Self::tools(limits, Duration::from_secs(10));
        let ledger = Arc::clone(&tools.ledger);
        (prepare(&self.section()).expect("a section").reader(tools), ledger)
    }

    /// The webhooks of a project at this address.
    pub(super) fn hooks_at(&self, url: &str) -> Arc<dyn Hooks> {
        let target = HookTarget { url: url.parse().expect("a URL"), token: Secret::new("changes-token") };
        // The stand-in stamps tokens with its own time.
        let clock = Clock::following(Timestamp::now() + AHEAD);
        let tools = Tools { clock, ..Self::tools(PLENTY, Duration::from_secs(10)) };
        prepare(&self.section()).expect("a section").hooks(tools, target).expect("webhooks")
    }

    /// Paths that were asked for so far, tokens left out.
    pub(super) fn paths(&self) -> Vec<String> {
        let asked = self.sandbox.asked().into_iter().map(|asked| asked.path);
        asked.filter(|path| !path.starts_with("/oauth")).collect()
    }

    /// Every open record of the stand-in, by its own account of itself.
    fn open(&self) -> BTreeSet<(EntityKind, String)> {
        let seeded = (0..).map_while(|place| self.sandbox.client(place)).flat_map(|client| client.open);
        let named = self.sandbox.samples().into_iter().flat_map(|sample| sample.open);
        let added = [
            (EntityKind::Contact, self.contact.to_string()),
            (EntityKind::Organization, self.firm.to_string()),
            (EntityKind::Ticket, self.ticket.to_string()),
        ];
        seeded.chain(named).map(|entity| (entity.kind, entity.id)).chain(added).collect()
    }
}

/// More than anybody asks for here.
pub(super) const PLENTY: Limits =
    Limits { daily: Some(Budget::utc_day(1_000_000)), sweep_percent: 30, in_flight: Some(20), ..Limits::NONE };

/// For the suite.
pub(super) async fn account() -> Account {
    Account::with(CLIENTS, |_| {}).await
}

#[async_trait]
impl Stage for Account {
    fn reader_within(&self, timeout: Duration) -> Arc<dyn Reader> {
        prepare(&self.section()).expect("a section").reader(Self::tools(PLENTY, timeout))
    }

    fn spent_reader(&self) -> Arc<dyn Reader> {
        self.reader_of(Limits { daily: Some(Budget::utc_day(0)), ..PLENTY }).0
    }

    fn known(&self) -> Known {
        Known {
            number: PhoneKey::from_digits(Self::NUMBER).expect("a number"),
            open: BTreeSet::from([
                (Kind::Contact, self.contact.into()),
                (Kind::Organization, self.firm.into()),
                (Kind::Ticket, self.ticket.into()),
            ]),
        }
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn lacking(&self) -> Kind {
        Kind::Deal
    }

    fn missing(&self, _: Kind) -> CrmId {
        CrmId::Number(217_301_999_999_999_999)
    }

    fn expected(&self, kind: Kind) -> usize {
        let named = self.open().iter().filter(|(known, _)| known.word() == kind.word()).count();
        // Seeded organizations stand in nobody's account of themselves: one for every eight clients.
        let seeded = if kind == Kind::Organization { CLIENTS.div_ceil(8) } else { 0 };
        named + seeded
    }

    fn users(&self) -> BTreeSet<(CrmId, bool)> {
        self.sandbox.agents().into_iter().map(|agent| (agent.id.into(), agent.active())).collect()
    }

    /// Contacts by phone, by mobile, accounts; then tickets of both.
    fn live_requests(&self) -> usize {
        5
    }

    async fn close(&self) -> (Kind, CrmId) {
        let (ticket_id, status) = (self.ticket, "Вирішено".to_owned());
        let change = Change::SetStatus { ticket_id, status, status_type: StatusType::Closed };
        self.sandbox.change(change).expect("a ticket");
        (Kind::Ticket, self.ticket.into())
    }

    async fn add_contact(&self, number: PhoneKey) -> CrmId {
        let (name, phones) = ("New".to_owned(), vec![format!("+{}", number.digits())]);
        let change = Change::CreateContact { name, phones, owner_id: Some(ANNA), account_id: None };
        match self.sandbox.change(change) {
            Ok(Some(Item::Contact(id))) => id.into(),
            other => panic!("expected a contact, found {other:?}"),
        }
    }

    fn now_s(&self) -> i64 {
        (Timestamp::now() + AHEAD).as_second()
    }

    async fn stage(&self, trouble: Trouble) {
        let fault = match trouble {
            Trouble::Credentials => {
                self.sandbox.set_revoked(true);
                Fault::new(FaultKind::TokenExpired)
            }
            Trouble::RateLimited => Fault::rate_limit(RateLimit::Concurrency).on("/api"),
            Trouble::Unavailable => Fault::status(503),
            Trouble::Hang => Fault::hang(),
            Trouble::Reset => Fault::reset(),
            Trouble::Garbage => Fault::new(FaultKind::Garbage),
            Trouble::Truncated => Fault::new(FaultKind::Truncated),
            Trouble::Gone => return self.sandbox.stop().await,
        };
        self.sandbox.stage_fault(fault);
    }

    fn asked(&self) -> usize {
        self.paths().len()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        hold_bodies(&self.sandbox);
        for asked in self.sandbox.asked() {
            if !asked.path.starts_with("/oauth") && !asked.path.starts_with("/.well-known") {
                vendor::judge(&asked).expect("as the vendor describes it");
            }
        }
    }
}
