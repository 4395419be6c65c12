//! The operators' door on port 0, before one project `acme` whose CRM is made of values and answers page by page, as
//! the test lets it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use predial::base::clock::Clock;
use predial::base::metric::Metrics;
use predial::base::problem::{Placed, Problem};
use predial::base::secret::Secret;
use predial::config::{BlockSettings, CrmSection, ProjectSettings, Settings};
use predial::crm::quota::{Budget, Ledger, Limits, Pace, QuotaView};
use predial::crm::{
    Adapter, CrmUser, Cursor, Links, Matching, Page, Prepared, Reader, Record, Tools, failure::Failure,
};
use predial::directory::{Directory, Feed, Parts};
use predial::model::client::{Kind, KindSet};
use predial::model::ids::CrmId;
use predial::model::phone::PhoneKey;
use predial::ops::{self, EdgeState, Operations, ReloadReport, RollbackRefused, RolledBack, WebhooksView};
use predial::pbx::StaffStatus;
use predial::project::{People, Project, compile_with};
use predial::routing::{Exchange, Line};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::stage_settings;

/// The client everybody asks for, Anna's.
pub(crate) const OLEH: &str = "380671112233";
/// A client whose owner is no employee.
pub(crate) const IRYNA: &str = "380509998877";

const KINDS: KindSet = KindSet::of(&[Kind::Contact, Kind::Deal]);
const ADAPTERS: &[Adapter] = &[Adapter {
    name: "values",
    kinds: KINDS,
    matching: Matching::Whole,
    own_fields: &[],
    is_custom: |_| false,
    prepare: |_| Ok(Arc::new(Values)),
}];

#[derive(Debug)]
struct Values;

impl Prepared for Values {
    fn account(&self) -> String {
        "values".to_owned()
    }

    fn limits(&self) -> Limits {
        limits()
    }

    fn reader(&self, _tools: Tools) -> Arc<dyn Reader> {
        Arc::new(Crm::answering())
    }
}

fn limits() -> Limits {
    Limits { daily: Some(Budget::utc_day(1_000)), ..Limits::NONE }
}

/// A CRM of two contacts; each page waits for leave.
pub(crate) struct Crm {
    pub(crate) pages: Semaphore,
    refuses: bool,
}

impl Crm {
    pub(crate) fn answering() -> Self {
        Self { pages: Semaphore::new(Semaphore::MAX_PERMITS), refuses: false }
    }

    pub(crate) fn holding_back() -> Self {
        Self { pages: Semaphore::new(0), refuses: false }
    }

    pub(crate) fn refusing() -> Self {
        Self { refuses: true, ..Self::answering() }
    }

    async fn leave(&self) -> Result<(), Failure> {
        self.pages.acquire().await.expect("open").forget();
        if self.refuses { Err(Failure::Refused { reason: "scope missing".to_owned() }) } else { Ok(()) }
    }
}

#[async_trait]
impl Reader for Crm {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Contact]
    }

    fn sweep_every(&self, _: Pace) -> Duration {
        Duration::from_secs(60)
    }

    async fn page(&self, kind: Kind, _cursor: Option<&Cursor>) -> Result<Page, Failure> {
        self.leave().await?;
        let records = if kind == Kind::Contact { vec![contact(1, OLEH, 101), contact(2, IRYNA, 999)] } else { vec![] };
        Ok(Page::of(records, None))
    }

    async fn changes(&self, _kind: Kind, _since_s: i64, _cursor: Option<&Cursor>) -> Result<Page, Failure> {
        self.leave().await?;
        Ok(Page::default())
    }

    async fn ask(&self, _number: PhoneKey, _patience: Duration) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn records(&self, _kind: Kind, _ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        Ok(Vec::new())
    }
}

fn contact(id: u64, number: &str, owner: u64) -> Record {
    Record {
        kind: Kind::Contact,
        id: CrmId::Number(id),
        numbers: vec![number.to_owned()],
        name: None,
        owner: Some(CrmId::Number(owner)),
        open: true,
        created_s: 1_700_000_000,
        updated_s: 0,
        contacts: Links::new(),
        organizations: Links::new(),
    }
}

/// What the assembly does, as the test decides it.
struct Staged {
    exchange: Arc<Exchange>,
    ledger: Ledger,
    edge: Mutex<EdgeState>,
    reload: Mutex<Result<ReloadReport, Vec<Problem>>>,
}

#[async_trait]
impl Operations for Staged {
    fn exchange(&self) -> Arc<Exchange> {
        Arc::clone(&self.exchange)
    }

    fn quota(&self, project: &str) -> Option<QuotaView> {
        self.exchange.line(project).map(|_| self.ledger.snapshot())
    }

    fn webhooks(&self, _: &str) -> Option<WebhooksView> {
        Some(WebhooksView::off("nobody has any here"))
    }

    fn staff(&self, _: &str) -> Option<StaffStatus> {
        None
    }

    fn edge(&self) -> EdgeState {
        *self.edge.lock().expect("not poisoned")
    }

    async fn reload(&self) -> Result<ReloadReport, Vec<Problem>> {
        self.reload.lock().expect("not poisoned").clone()
    }

    async fn roll_back(&self, project: &str, at: Option<String>) -> Result<RolledBack, RollbackRefused> {
        let directory = Arc::clone(&self.exchange.line(project).expect("the project of the path").directory);
        let at = directory.find_snapshot(at.as_deref()).map_err(RollbackRefused::NoSnapshot)?;
        Ok(RolledBack { at, kept_as: None, numbers: 0, records: 0 })
    }
}

/// The door, open.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) crm: Arc<Crm>,
    staged: Arc<Staged>,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Stage {
    pub(crate) async fn open(crm: Crm, token: Option<&str>) -> Self {
        let crm = Arc::new(crm);
        let (staged, parts, stop) = staged(&crm, token);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = ops::bind(loopback, token.is_some()).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let served = tokio::spawn(ops::serve(listener, ops::router(parts), stop.clone()));
        Self { address, crm, staged, stop, served }
    }

    pub(crate) fn edge(&self, state: EdgeState) {
        *self.staged.edge.lock().expect("not poisoned") = state;
    }

    pub(crate) fn reload_gives(&self, outcome: Result<ReloadReport, Vec<Problem>>) {
        *self.staged.reload.lock().expect("not poisoned") = outcome;
    }

    pub(crate) fn directory(&self) -> &Arc<Directory> {
        &self.staged.exchange.line("acme").expect("the project").directory
    }

    /// Fills the memory, as an operator would.
    pub(crate) async fn warmed(self) -> Self {
        assert_eq!(self.post("/api/projects/acme/warm", r#"{"full":true}"#).await.status, 202);
        self.run_over().await;
        self
    }

    /// Waits until no warm-up is under way.
    pub(crate) async fn run_over(&self) {
        let mut progress = self.directory().warm_progress();
        let over = progress.wait_for(|progress| progress.state != predial::directory::WarmState::Running).await;
        over.expect("a directory that lives");
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        self.ask(&format!("{head}content-length: {}\r\n\r\n{body}", body.len())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask(&format!("DELETE {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await
    }

    pub(crate) async fn send(&self, request: &str) -> TcpStream {
        sent(self.address, request).await
    }

    /// Sends a request that closes its connection; reads all of the answer.
    pub(crate) async fn ask(&self, request: &str) -> Reply {
        asked(self.address, request).await
    }

    /// Closes the door and waits until it is closed.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.served.await.expect("an orderly end");
    }
}

fn staged(crm: &Arc<Crm>, token: Option<&str>) -> (Arc<Staged>, ops::Parts, CancellationToken) {
    let clock = Clock::System;
    let metrics = Arc::new(Metrics::new());
    let settings = settings();
    let project = compile_with(&settings, ADAPTERS).expect("a configuration without problems").remove(0);
    let line = line(&project, crm, &settings, &metrics, clock);
    let staged = Arc::new(Staged {
        exchange: Arc::new(Exchange::new([line])),
        ledger: Ledger::new(limits(), clock),
        edge: Mutex::new(EdgeState::Open),
        reload: Mutex::new(Ok(ReloadReport::default())),
    });
    let stop = CancellationToken::new();
    let parts = ops::Parts {
        operations: Arc::clone(&staged) as Arc<dyn Operations>,
        metrics,
        token: token.map(Secret::new),
        reserve: Duration::from_millis(20),
        stop: stop.clone(),
    };
    (staged, parts, stop)
}

/// The endpoints without a socket.
pub(crate) fn endpoints() -> axum::Router {
    ops::router(staged(&Arc::new(Crm::answering()), None).1)
}

fn line(project: &Arc<Project>, crm: &Arc<Crm>, settings: &Settings, metrics: &Metrics, clock: Clock) -> Arc<Line> {
    let metrics = metrics.project(&project.name);
    let directory = Directory::new(Parts {
        project: project.name.clone(),
        feed: Feed {
            reader: Arc::clone(crm) as Arc<dyn Reader>,
            section: project.crm.section.clone(),
            ledger: Arc::new(Ledger::new(Limits::NONE, Clock::System)),
            timezone: project.timezone.clone(),
        },
        kinds: project.crm.adapter.kinds,
        matching: Matching::Whole,
        numbers: project.numbers.clone(),
        live: settings.process.live.clone(),
        clock,
        work: Handle::current(),
        metrics: Arc::clone(&metrics),
        keeping: None,
    });
    let people = Arc::new(People::match_users(&project.employees, &[], &project.numbers));
    Arc::new(Line { number: 0, project: Arc::clone(project), directory, people, metrics })
}

fn settings() -> Settings {
    Settings { process: stage_settings::process(), projects: vec![project()], scenarios: Vec::new() }
}

fn project() -> ProjectSettings {
    let priority = ["contact", "deal"].map(|kind| Placed::new(kind.to_owned(), 1)).into();
    let block = BlockSettings { priority, ..stage_settings::block("plain") };
    ProjectSettings {
        crm: section(),
        blocks: [("sales".to_owned(), Placed::new(block, 1))].into(),
        ..stage_settings::project("acme", "edge")
    }
}

fn section() -> CrmSection {
    CrmSection { max_numbers: 1_000, ..CrmSection::of_kind("values") }
}

async fn sent(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a door");
    stream.write_all(request.as_bytes()).await.expect("an open connection");
    stream
}

/// Sends a request that closes its connection to any door; reads all of the answer.
pub(crate) async fn asked(address: SocketAddr, request: &str) -> Reply {
    let mut stream = sent(address, request).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("an answer");
    Reply::parse(&String::from_utf8(bytes).expect("text"))
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("a head, found {text:?}"));
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("a status line, found {head:?}"));
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("JSON, found {self:?}: {error}"))
    }

    /// The error's code, after checking that the envelope holds a code, a message and nothing unknown.
    #[track_caller]
    pub(crate) fn refusal(&self) -> String {
        let json = self.json();
        let error = json["error"].as_object().unwrap_or_else(|| panic!("an error, found {self:?}"));
        assert_eq!(json.as_object().map(serde_json::Map::len), Some(1), "{self:?}");
        let known = ["code", "message", "run", "problems"];
        assert!(error.keys().all(|key| known.contains(&key.as_str())), "{self:?}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{self:?}");
        error["code"].as_str().expect("a code").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
