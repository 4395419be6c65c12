//! The stand-in as the contract's suite wants it, and readers of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use sandbox::hubspot::{Change, HubSpot, Item, Limits as VendorLimits, Options, SECOND_PHONE};
use sandbox::kit::{EntityKind, Fault, FaultKind};

use super::vendor::vendor;
use crate::base::{clock::Clock, problem::Placed, secret::Secret};
use crate::config::CrmSection;
use crate::crm::contract::{Known, Stage, Trouble, hold_bodies};
use crate::crm::hubspot::settings::prepare;
use crate::crm::quota::{Budget, Ledger, Limits};
use crate::crm::token::SharedTokens;
use crate::crm::{Reader, Tools};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};
use crate::outbound::{Bounds, Outbound};

/// Two full pages of contacts and a bit.
const CLIENTS: usize = 230;
/// The stand-in's time is this much ahead once it is staged, so that what was staged is older than what follows, and than
/// what a sweep reaches back for the index's lag.
const AHEAD: Duration = Duration::from_secs(600);
pub(super) const ANNA: u64 = 101;

/// A stand-in's account with one client added who has everything.
///
/// Dropped, it holds every request that it was asked, and every reply it gave, against the vendor's description.
pub(super) struct Account {
    pub(super) sandbox: HubSpot,
    pub(super) contact: u64,
    pub(super) company: u64,
    pub(super) deal: u64,
    pub(super) ticket: u64,
    pub(super) lead: u64,
}

/// More than anybody asks for here.
pub(super) const PLENTY: Limits = Limits { daily: Some(Budget::utc_day(1_000_000)), ..Limits::NONE };

pub(super) fn kind_of(kind: EntityKind) -> Kind {
    Kind::from_word(kind.word()).expect("a kind of both")
}

impl Account {
    pub(super) const NUMBER: u64 = 380_442_009_999;

    pub(super) async fn with(clients: usize, change: impl FnOnce(&mut Options)) -> Self {
        let limits = VendorLimits { index_lag: Duration::ZERO, ..VendorLimits::unlimited() };
        let mut options = Options { clients, limits, keep_replies: true, ..Options::default() };
        change(&mut options);
        let sandbox = HubSpot::start(options).await.expect("a stand-in");
        let add = |kind, phones: Vec<String>, contacts: Vec<u64>, companies: Vec<u64>| {
            let name = "Everything Everywhere".to_owned();
            let change = Change::Create { kind, name, phones, owner_id: Some(ANNA), contacts, companies };
            sandbox.change(change).expect("a change").expect("a record").id
        };
        let number = || vec![format!("+{}", Self::NUMBER)];
        let company = add(EntityKind::Organization, number(), vec![], vec![]);
        let contact = add(EntityKind::Contact, number(), vec![], vec![company]);
        let of_both = |kind| add(kind, vec![], vec![contact], vec![company]);
        let (deal, ticket, lead) = (of_both(EntityKind::Deal), of_both(EntityKind::Ticket), of_both(EntityKind::Lead));
        sandbox.advance(AHEAD);
        Self { sandbox, contact, company, deal, ticket, lead }
    }

    /// A `[crm]` section for a private app's token.
    pub(super) fn by_token(&self) -> CrmSection {
        CrmSection {
            file: "projects/acme.toml".to_owned(),
            base_url: Some(Placed::new(self.sandbox.base_url(), 12)),
            token: Some(Placed::new(Secret::new("sandbox-token"), 13)),
            phone_fields: vec![Placed::new(SECOND_PHONE.to_owned(), 20)],
            ..CrmSection::of_kind("hubspot")
        }
    }

    /// A `[crm]` section for OAuth.
    pub(super) fn by_oauth(&self) -> CrmSection {
        CrmSection {
            token: None,
            auth_url: Some(Placed::new(self.sandbox.auth_url(), 13)),
            client_id: Some(Placed::new("sandbox-client".to_owned(), 14)),
            client_secret: Some(Placed::new(Secret::new("sandbox-secret"), 15)),
            refresh_token: Some(Placed::new(Secret::new("sandbox-refresh"), 16)),
            ..self.by_token()
        }
    }

    /// A reader by this section, with this quota.
    pub(super) fn reader_of(section: &CrmSection, limits: Limits) -> (Arc<dyn Reader>, Arc<Ledger>) {
        Self::reader_within(section, limits, Duration::from_secs(10))
    }

    fn reader_within(section: &CrmSection, limits: Limits, timeout: Duration) -> (Arc<dyn Reader>, Arc<Ledger>) {
        let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 8_000_000 };
        let outbound = Outbound::new(&bounds).expect("a client");
        let ledger = Arc::new(Ledger::new(limits, Clock::System));
        let tools =
            Tools { outbound, ledger: Arc::clone(&ledger), tokens: SharedTokens::default(), clock: Clock::System };
        (prepare(section).expect("a section").reader(tools), ledger)
    }

    /// Paths that were asked for so far, tokens left out.
    pub(super) fn paths(&self) -> Vec<String> {
        let asked = self.sandbox.asked().into_iter().map(|asked| asked.path);
        asked.filter(|path| !path.starts_with("/oauth")).collect()
    }

    pub(super) fn change(&self, change: Change) -> Option<Item> {
        self.sandbox.change(change).expect("a change")
    }

    /// Every open record of the stand-in, by its own account of itself.
    fn open(&self) -> BTreeSet<(Kind, String)> {
        let seeded = (0..).map_while(|place| self.sandbox.client(place)).flat_map(|client| client.open);
        let named = self.sandbox.samples().into_iter().flat_map(|sample| sample.open);
        let known = self.known().open.into_iter().map(|(kind, id)| (kind, id.to_string()));
        seeded.chain(named).map(|entity| (kind_of(entity.kind), entity.id)).chain(known).collect()
    }
}

/// For the suite.
pub(super) async fn account() -> Account {
    Account::with(CLIENTS, |_| {}).await
}

#[async_trait]
impl Stage for Account {
    fn reader_within(&self, timeout: Duration) -> Arc<dyn Reader> {
        Self::reader_within(&self.by_token(), PLENTY, timeout).0
    }

    fn spent_reader(&self) -> Arc<dyn Reader> {
        Self::reader_of(&self.by_token(), Limits { daily: Some(Budget::utc_day(0)), ..PLENTY }).0
    }

    fn known(&self) -> Known {
        Known {
            number: PhoneKey::from_digits(Self::NUMBER).expect("a number"),
            open: BTreeSet::from([
                (Kind::Contact, self.contact.into()),
                (Kind::Organization, self.company.into()),
                (Kind::Deal, self.deal.into()),
                (Kind::Ticket, self.ticket.into()),
                (Kind::Lead, self.lead.into()),
            ]),
        }
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    /// HubSpot has every kind that there is.
    fn lacking(&self) -> Kind {
        Kind::Ticket
    }

    fn missing(&self, _: Kind) -> CrmId {
        CrmId::Number(99_999_999_999)
    }

    fn expected(&self, kind: Kind) -> usize {
        let named = self.open().iter().filter(|(known, _)| *known == kind).count();
        // Seeded companies stand in nobody's account of themselves: one for every eight clients.
        let seeded = if kind == Kind::Organization { CLIENTS.div_ceil(8) } else { 0 };
        named + seeded
    }

    fn users(&self) -> BTreeSet<(CrmId, bool)> {
        self.sandbox.owners().into_iter().map(|owner| (owner.id.into(), owner.active)).collect()
    }

    /// The vendor searches one kind at a time: two searches. What hangs on contacts and on companies is told kind by kind,
    /// by ids: six requests. What these are, kind by kind again: three. And the stages of tickets, the first time.
    fn live_requests(&self) -> usize {
        2 + 6 + 3 + 2
    }

    async fn close(&self) -> (Kind, CrmId) {
        let item = Item::new(EntityKind::Deal, self.deal);
        self.change(Change::SetStage { item, stage: "closedlost".to_owned() });
        (Kind::Deal, self.deal.into())
    }

    async fn add_contact(&self, number: PhoneKey) -> CrmId {
        let phones = vec![format!("+{}", number.digits())];
        let (kind, name) = (EntityKind::Contact, "New".to_owned());
        let change =
            Change::Create { kind, name, phones, owner_id: Some(ANNA), contacts: Vec::new(), companies: Vec::new() };
        self.change(change).expect("a contact").id.into()
    }

    fn now_s(&self) -> i64 {
        (Timestamp::now() + AHEAD).as_second()
    }

    async fn stage(&self, trouble: Trouble) {
        let fault = match trouble {
            Trouble::Credentials => Fault::new(FaultKind::TokenExpired),
            Trouble::RateLimited => Fault::rate_limit("ten_secondly"),
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
        let Some(vendor) = vendor() else { return };
        for asked in &self.sandbox.asked() {
            assert_eq!(vendor.judge(asked).wrongs, [""; 0], "{} {}?{}", asked.method, asked.path, asked.query);
        }
    }
}
