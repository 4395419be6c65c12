//! The stand-in as the contract's suite wants it, and readers of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use sandbox::pipedrive::{Change, Fault, FaultKind, Item, Options, Pipedrive, RateLimit};

use super::{judge::vendor, settings};
use crate::base::{clock::Clock, problem::Placed, secret::Secret};
use crate::config::CrmSection;
use crate::crm::contract::{Known, Stage, Trouble, hold_bodies};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::pipedrive::settings::prepare;
use crate::crm::quota::{Budget, Ledger, Limits, Rate};
use crate::crm::token::SharedTokens;
use crate::crm::{Reader, Tools};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};
use crate::outbound::{Bounds, Outbound};

/// Two full pages of persons and a bit.
const CLIENTS: usize = 1_030;
/// The stand-in's time is this much ahead once it is staged, so that what was staged is older than what follows.
const AHEAD: Duration = Duration::from_secs(60);
const ANNA: u64 = 101;

/// A stand-in's account with one client added who has everything.
///
/// Dropped, it holds every request that it was asked against the vendor's description.
pub(super) struct Account {
    pub(super) sandbox: Pipedrive,
    pub(super) person: u64,
    pub(super) organization: u64,
    pub(super) deal: u64,
    pub(super) lead: String,
}

impl Account {
    pub(super) const NUMBER: u64 = 380_442_009_999;

    pub(super) async fn with(clients: usize, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { clients, keep_replies: true, ..Options::default() };
        options.limits.index_lag = Duration::ZERO;
        options.limits.burst = Some(10_000);
        options.limits.search_burst = 1_000;
        change(&mut options);
        let sandbox = Pipedrive::start(options).await.expect("a stand-in");
        let add = |change| sandbox.change(change).expect("a change").expect("a record");
        let number = format!("+{}", Self::NUMBER);
        let (name, title) = (|| "Everything".to_owned(), || "Everything's".to_owned());
        let Item::Organization(organization) =
            add(Change::CreateOrganization { name: name(), phone: Some(number.clone()), owner_id: ANNA })
        else {
            panic!("expected an organization")
        };
        let org_id = Some(organization);
        let Item::Person(person) =
            add(Change::CreatePerson { name: name(), phones: vec![number], owner_id: ANNA, org_id })
        else {
            panic!("expected a person")
        };
        let person_id = Some(person);
        let Item::Deal(deal) = add(Change::CreateDeal { title: title(), owner_id: ANNA, person_id, org_id }) else {
            panic!("expected a deal")
        };
        let Item::Lead(lead) = add(Change::CreateLead { title: title(), owner_id: ANNA, person_id, org_id }) else {
            panic!("expected a lead")
        };
        sandbox.advance(AHEAD);
        Self { sandbox, person, organization, deal, lead }
    }

    /// A `[crm]` section for an API token.
    pub(super) fn by_token(&self) -> CrmSection {
        let token = Some(Placed::new(Secret::new("sandbox-token"), 13));
        CrmSection { token, ..settings::section(&self.sandbox.base_url()) }
    }

    /// A `[crm]` section for OAuth.
    pub(super) fn by_oauth(&self) -> CrmSection {
        CrmSection {
            auth_url: Some(Placed::new(self.sandbox.auth_url(), 13)),
            client_id: Some(Placed::new("sandbox-client".to_owned(), 14)),
            client_secret: Some(Placed::new(Secret::new("sandbox-secret"), 15)),
            refresh_token: Some(Placed::new(Secret::new("sandbox-refresh"), 16)),
            ..settings::with_oauth(&self.sandbox.base_url())
        }
    }

    /// A reader by this section, with this quota; its number field is the stand-in's.
    pub(super) fn reader_of(section: CrmSection, limits: Limits) -> (Arc<dyn Reader>, Arc<Ledger>) {
        Self::reader_within(section, limits, Duration::from_secs(10))
    }

    fn reader_within(section: CrmSection, limits: Limits, timeout: Duration) -> (Arc<dyn Reader>, Arc<Ledger>) {
        let field = Placed::new(sandbox::pipedrive::ORGANIZATION_PHONE.to_owned(), 20);
        let section = CrmSection { phone_fields: vec![field], ..section };
        let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 4_000_000 };
        let outbound = Outbound::new(&bounds).expect("a client");
        let ledger = Arc::new(Ledger::new(limits, Clock::System));
        let tools =
            Tools { outbound, ledger: Arc::clone(&ledger), tokens: SharedTokens::default(), clock: Clock::System };
        (prepare(&section).expect("a section").reader(tools), ledger)
    }

    /// The webhooks of this account, and the quota they are paid from.
    pub(super) fn hooks(&self, target: HookTarget) -> (Arc<dyn Hooks>, Arc<Ledger>) {
        let timeout = Duration::from_secs(10);
        let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 4_000_000 };
        let outbound = Outbound::new(&bounds).expect("a client");
        let ledger = Arc::new(Ledger::new(PLENTY, Clock::System));
        let tools =
            Tools { outbound, ledger: Arc::clone(&ledger), tokens: SharedTokens::default(), clock: Clock::System };
        (prepare(&self.by_token()).expect("a section").hooks(tools, target).expect("webhooks"), ledger)
    }

    /// Paths that were asked for so far, tokens left out.
    pub(super) fn paths(&self) -> Vec<String> {
        let asked = self.sandbox.asked().into_iter().map(|asked| asked.path);
        asked.filter(|path| !path.starts_with("/oauth")).collect()
    }

    /// What somebody else does through the API; the status of the answer.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &serde_json::Value) -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: sandbox\r\nx-api-token: sandbox-token\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(self.sandbox.address()).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("a reply");
        reply.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// Every open record of the stand-in, by its own account of itself.
    fn open(&self) -> BTreeSet<(&'static str, String)> {
        let seeded = (0..).map_while(|place| self.sandbox.client(place)).flat_map(|client| client.open);
        let named = self.sandbox.samples().into_iter().flat_map(|sample| sample.open);
        let added = [
            ("contact", self.person.to_string()),
            ("organization", self.organization.to_string()),
            ("deal", self.deal.to_string()),
            ("lead", self.lead.clone()),
        ];
        seeded.chain(named).map(|entity| (entity.kind.word(), entity.id)).chain(added).collect()
    }
}

/// More than anybody asks for here.
pub(super) const PLENTY: Limits = Limits {
    daily: Some(Budget::utc_day(1_000_000)),
    sweep_percent: 30,
    general: Some(Rate::new(10_000, Duration::from_secs(1))),
    search: Some(Rate::new(1_000, Duration::from_secs(1))),
    ..Limits::NONE
};

/// For the suite.
pub(super) async fn account() -> Account {
    Account::with(CLIENTS, |_| {}).await
}

#[async_trait]
impl Stage for Account {
    fn reader_within(&self, timeout: Duration) -> Arc<dyn Reader> {
        Self::reader_within(self.by_token(), PLENTY, timeout).0
    }

    fn spent_reader(&self) -> Arc<dyn Reader> {
        Self::reader_of(self.by_token(), Limits { daily: Some(Budget::utc_day(0)), ..PLENTY }).0
    }

    fn known(&self) -> Known {
        let lead = CrmId::parse(&self.lead).expect("a UUID");
        Known {
            number: PhoneKey::from_digits(Self::NUMBER).expect("a number"),
            open: BTreeSet::from([
                (Kind::Contact, self.person.into()),
                (Kind::Organization, self.organization.into()),
                (Kind::Deal, self.deal.into()),
                (Kind::Lead, lead),
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
        match kind {
            Kind::Lead => CrmId::Uuid([7; 16]),
            _ => CrmId::Number(99_999_999_999),
        }
    }

    fn expected(&self, kind: Kind) -> usize {
        let named = self.open().iter().filter(|(known, _)| *known == kind.word()).count();
        // Seeded organizations stand in nobody's account of themselves: one for every eight clients.
        let seeded = if kind == Kind::Organization { CLIENTS.div_ceil(8) } else { 0 };
        named + seeded
    }

    fn users(&self) -> BTreeSet<(CrmId, bool)> {
        self.sandbox.users().into_iter().map(|user| (user.id.into(), user.active_flag)).collect()
    }

    async fn close(&self) -> (Kind, CrmId) {
        self.sandbox.change(Change::Win { deal_id: self.deal }).expect("a deal");
        (Kind::Deal, self.deal.into())
    }

    async fn add_contact(&self, number: PhoneKey) -> CrmId {
        let phones = vec![format!("+{}", number.digits())];
        let change = Change::CreatePerson { name: "New".to_owned(), phones, owner_id: ANNA, org_id: None };
        match self.sandbox.change(change) {
            Ok(Some(Item::Person(id))) => id.into(),
            other => panic!("expected a person, found {other:?}"),
        }
    }

    fn now_s(&self) -> i64 {
        (Timestamp::now() + AHEAD).as_second()
    }

    async fn stage(&self, trouble: Trouble) {
        let fault = match trouble {
            Trouble::Credentials => Fault::new(FaultKind::TokenExpired),
            Trouble::RateLimited => Fault::rate_limit(RateLimit::Headers),
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
        const HEADERS: [&str; 5] = ["accept", "authorization", "host", "user-agent", "x-api-token"];
        const WITH_A_BODY: [&str; 2] = ["content-length", "content-type"];
        if std::thread::panicking() {
            return;
        }
        hold_bodies(&self.sandbox);
        for asked in self.sandbox.asked() {
            let token = asked.path.starts_with("/oauth");
            for name in &asked.headers {
                let body = token || asked.method != "GET";
                let known = HEADERS.contains(&name.as_str()) || body && WITH_A_BODY.contains(&name.as_str());
                assert!(known, "{}: header {name}", asked.path);
            }
            if let Some(vendor) = vendor().filter(|_| !token) {
                vendor.judge(&asked.method, &asked.path, &asked.query).expect("a request as the vendor describes it");
                if let Some(body) = asked.body.as_ref().filter(|_| asked.method != "DELETE") {
                    vendor.judge_body(&asked.method, &asked.path, body).expect("a body as the vendor describes it");
                }
                vendor.judge_reply(&asked).expect("a reply as the vendor describes it");
            }
        }
    }
}
