//! The edge door in process, on port 0, in front of a CRM made of values.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    panic::Location,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use predial::{
    app::runtime::EdgeThreads,
    base::{
        clock::Clock,
        metric::{Metrics, Outcome, ProcessMetrics, ProjectMetrics, Source},
        problem::Placed,
    },
    config::{BlockSettings, CrmSection, LiveSettings, ProcessSettings, ProjectSettings, Settings},
    crm::{
        CrmUser, Cursor, Links, Matching, Page, Reader, Record,
        failure::Failure,
        quota::{Ledger, Limits, Pace},
    },
    directory::{Directory, Feed, Parts, WarmRequest, WarmState},
    model::{
        client::{Kind, KindSet},
        ids::CrmId,
        phone::PhoneKey,
    },
    project::{Current, People, Project, compile_with},
    routing::{Exchange, Line, Notes},
    server::{Door, Inboxes},
};
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::edge_client::Client;
use crate::edge_values::VALUES;
use crate::stage_settings::{self, block, process};

/// The token of every project.
pub(crate) const TOKEN: &str = "s3cret";
/// Anna's client.
pub(crate) const KNOWN: &str = "380671112233";
/// Nobody's number.
pub(crate) const NOBODY: &str = "380509998877";

/// Nothing takes so long: a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(30);

/// A CRM of values. Live questions hang until they are let go.
pub(crate) struct Crm {
    records: Vec<Record>,
    answers: Semaphore,
    asked: Mutex<usize>,
    asking: Condvar,
}

impl Crm {
    fn new() -> Arc<Self> {
        let contact = Record {
            kind: Kind::Contact,
            id: CrmId::Number(1),
            numbers: vec!["067 111-22-33".to_owned()],
            name: Some("Taras Bulba".to_owned()),
            owner: Some(CrmId::Number(101)),
            open: true,
            created_s: 1,
            updated_s: 0,
            contacts: Links::new(),
            organizations: Links::new(),
        };
        Arc::new(Self {
            records: vec![contact],
            answers: Semaphore::new(0),
            asked: Mutex::new(0),
            asking: Condvar::new(),
        })
    }

    /// How many questions have arrived.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().expect("not poisoned")
    }

    /// Waits until so many questions have arrived.
    pub(crate) fn wait_asked(&self, count: usize) {
        let asked = self.asked.lock().expect("not poisoned");
        let waited = self.asking.wait_timeout_while(asked, PATIENCE, |asked| *asked < count).expect("not poisoned");
        assert!(!waited.1.timed_out(), "expected {count} questions, found {}", waited.0);
    }

    /// Lets so many questions be answered.
    pub(crate) fn let_go(&self, questions: usize) {
        self.answers.add_permits(questions);
    }
}

#[async_trait]
impl Reader for Crm {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Contact]
    }

    fn sweep_every(&self, _: Pace) -> Duration {
        Duration::from_secs(60)
    }

    async fn page(&self, _: Kind, _: Option<&Cursor>) -> Result<Page, Failure> {
        Ok(Page::of(self.records.clone(), None))
    }

    async fn changes(&self, _: Kind, _: i64, _: Option<&Cursor>) -> Result<Page, Failure> {
        Ok(Page::default())
    }

    async fn ask(&self, _: PhoneKey, _: Duration) -> Result<Vec<Record>, Failure> {
        *self.asked.lock().expect("not poisoned") += 1;
        self.asking.notify_all();
        self.answers.acquire().await.expect("open").forget();
        Ok(self.records.clone())
    }

    async fn records(&self, _kind: Kind, _ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        Ok(Vec::new())
    }
}

fn section() -> CrmSection {
    CrmSection {
        max_numbers: 1_000,
        absent_max_age: Some(Duration::from_secs(86_400)),
        ..CrmSection::of_kind("values")
    }
}

fn blocks() -> BTreeMap<String, Placed<BlockSettings>> {
    let blocks = [
        ("plain", block("plain")),
        ("json", block("json")),
        ("rpc", block("json-rpc")),
        ("rpc-string", BlockSettings { result_string: true, ..block("json-rpc") }),
        ("miss-204", BlockSettings { miss_status: 204, ..block("json") }),
        ("miss-404", BlockSettings { miss_status: 404, ..block("plain") }),
        ("scheme", BlockSettings { miss_destination: Some("231146".to_owned()), ..block("plain") }),
        ("patient", BlockSettings { deadline: Duration::from_secs(50), ..block("plain") }),
        ("відділ", block("plain")),
    ];
    blocks.into_iter().map(|(name, block)| (name.to_owned(), Placed::new(block, 1))).collect()
}

fn project(name: &str, allow: &[&str]) -> ProjectSettings {
    ProjectSettings {
        allow: allow.iter().map(|net| net.parse().expect("a net")).collect(),
        crm: section(),
        blocks: blocks(),
        ..stage_settings::project(name, TOKEN)
    }
}

/// The door and what stands behind it: `acme` for everybody, `fenced` for 203.0.113.0/24 alone.
pub(crate) struct Behind {
    pub(crate) door: Arc<Door>,
    pub(crate) crm: Arc<Crm>,
    /// Those of `acme`.
    pub(crate) metrics: Arc<ProjectMetrics>,
    /// Those of `fenced`.
    pub(crate) fenced: Arc<ProjectMetrics>,
    pub(crate) process: Arc<ProcessMetrics>,
    /// Where CRMs deliver: nowhere, until a test says otherwise.
    pub(crate) inboxes: Arc<Current<Inboxes>>,
    /// What is in force.
    pub(crate) exchange: Arc<Current<Exchange>>,
    /// Where calls leave what they were answered: the first two thousand.
    pub(crate) notes: Arc<Notes>,
}

impl Behind {
    /// Nothing is known yet: every number is asked for live.
    pub(crate) fn cold(process: &ProcessSettings, clock: Clock, work: &Handle) -> Self {
        let settings = Settings {
            process: process.clone(),
            projects: vec![project("acme", &[]), project("fenced", &["203.0.113.0/24"])],
            scenarios: Vec::new(),
        };
        let projects = compile_with(&settings, VALUES).expect("settings without problems");
        let (crm, metrics) = (Crm::new(), Metrics::new());
        let notes = Arc::new(Notes::new(2_000));
        let lines = projects.into_iter().map(|project| {
            let number = notes.number(&project);
            let line = line(project, &crm, &metrics, &settings.process.live, clock, work);
            Arc::new(Line { number, ..line })
        });
        let lines = lines.inspect(|line| notes.know(line));
        let exchange = Arc::new(Current::new(Arc::new(Exchange::new(lines))));
        let inboxes = Arc::new(Current::new(Arc::<Inboxes>::default()));
        let door = Door::new(Arc::clone(&exchange), process, metrics.process(), clock);
        let door = Arc::new(door.with_inboxes(Arc::clone(&inboxes)).with_notes(Arc::clone(&notes)));
        let (acme, fenced, process) = (metrics.project("acme"), metrics.project("fenced"), metrics.process());
        Self { door, crm, metrics: acme, fenced, process, inboxes, exchange, notes }
    }

    /// Everything the CRM has is known.
    pub(crate) async fn warm(self) -> Self {
        for line in self.exchange.load_full().lines() {
            let directory = &line.directory;
            directory.warm(WarmRequest { full: true, force: false }).expect("none under way");
            let mut progress = directory.warm_progress();
            let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await.expect("progress");
            assert_eq!(ended.state, WarmState::Done);
        }
        self
    }
}

#[expect(clippy::too_many_arguments, reason = "the desk hands every part of a line over once, here")]
fn line(
    project: Arc<Project>,
    crm: &Arc<Crm>,
    metrics: &Metrics,
    live: &LiveSettings,
    clock: Clock,
    work: &Handle,
) -> Line {
    let metrics = metrics.project(&project.name);
    let directory = Directory::new(Parts {
        project: project.name.clone(),
        feed: Feed {
            reader: Arc::clone(crm) as Arc<dyn Reader>,
            section: project.crm.section.clone(),
            ledger: Arc::new(Ledger::new(Limits::NONE, Clock::System)),
            timezone: project.timezone.clone(),
        },
        kinds: KindSet::of(&[Kind::Contact]),
        matching: Matching::Whole,
        numbers: project.numbers.clone(),
        live: live.clone(),
        clock,
        work: work.clone(),
        metrics: Arc::clone(&metrics),
        keeping: None,
    });
    let people = Arc::new(People::match_users(&project.employees, &[], &project.numbers));
    Line { number: 0, project, directory, people, metrics }
}

/// The door, open, on threads of its own.
pub(crate) struct Desk {
    pub(crate) behind: Behind,
    pub(crate) address: SocketAddr,
    pub(crate) edge: Option<EdgeThreads>,
    _work: tokio::runtime::Runtime,
}

impl Desk {
    /// Everything known.
    pub(crate) fn warm(process: &ProcessSettings) -> Self {
        Self::open(process, true)
    }

    /// Nothing known.
    pub(crate) fn cold(process: &ProcessSettings) -> Self {
        Self::open(process, false)
    }

    fn open(process: &ProcessSettings, warm: bool) -> Self {
        let work = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("work");
        let behind = Behind::cold(process, Clock::System, work.handle());
        let behind = if warm { work.block_on(behind.warm()) } else { behind };
        let edge =
            EdgeThreads::start(&behind.door, process.edge.listen, process.edge.threads).expect("an address to bind");
        Self { behind, address: edge.address(), edge: Some(edge), _work: work }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own, and everything that comes back until the connection is closed.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut client = self.connect();
        client.send(request);
        client.rest()
    }

    /// Waits until so many connections are open.
    #[track_caller]
    pub(crate) fn wait_connections(&self, count: usize) {
        let began = std::time::Instant::now();
        while self.behind.door.connections() != count {
            let found = self.behind.door.connections();
            assert!(began.elapsed() < PATIENCE, "expected {count} connections, found {found}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(edge) = &self.edge {
            edge.stop();
        }
    }
}

/// The door where time stands still until the test lets it pass.
///
/// Clients block on threads of their own; while one does, tokio does not let the time run ahead by itself.
pub(crate) struct Still {
    pub(crate) behind: Behind,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
}

impl Still {
    pub(crate) async fn warm() -> Self {
        let behind = Self::behind(&process()).warm().await;
        Self::open(behind, &process())
    }

    pub(crate) fn cold(process: &ProcessSettings) -> Self {
        Self::open(Self::behind(process), process)
    }

    fn behind(process: &ProcessSettings) -> Behind {
        let clock = Clock::following("2026-11-20T10:00:00Z".parse().expect("a time"));
        Behind::cold(process, clock, &Handle::current())
    }

    fn open(behind: Behind, process: &ProcessSettings) -> Self {
        let listener = predial::server::listen(process.edge.listen, 1).expect("an address to bind").remove(0);
        let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
        tokio::spawn(predial::server::serve(listener, Arc::clone(&behind.door), stop.clone()));
        Self { behind, address, stop }
    }

    /// A connection that the door has accepted: its time runs.
    pub(crate) async fn accepted(&self) -> Client {
        let before = self.behind.door.connections();
        let client = Client::connect(self.address);
        self.until(|behind| behind.door.connections() > before).await;
        client
    }

    /// Waits, without letting time pass, until something is so.
    #[track_caller]
    pub(crate) fn until(&self, holds: impl Fn(&Behind) -> bool) -> impl Future<Output = ()> {
        let (began, asked_at) = (std::time::Instant::now(), Location::caller());
        async move {
            while !holds(&self.behind) {
                assert!(began.elapsed() < PATIENCE, "{asked_at}: expected what was waited for, found it never was");
                tokio::task::yield_now().await;
            }
        }
    }

    /// Lets everything happen that can happen without time passing.
    pub(crate) async fn settle(&self) {
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass, and happen what then happens.
    pub(crate) async fn pass(&self, ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
        self.settle().await;
    }

    pub(crate) fn answers(&self, outcome: Outcome, source: Source) -> u64 {
        self.behind.metrics.answers(outcome, source)
    }

    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}
