use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
        mpsc,
    },
    time::Duration,
};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::base::{
    clock::Clock,
    metric::{Metrics, ProjectMetrics},
};
use crate::config::{self, JournalSettings, LiveSettings};
use crate::crm::failure::Failure;
use crate::crm::quota::{Ledger, Limits, Pace};
use crate::crm::writer::{FieldState, Look, Order, Receipt, Writer};
use crate::crm::{CrmUser, Cursor, Page, Reader, Record};
use crate::directory::{Directory, Feed, Parts};
use crate::journal::store::{Entry, EntryId, SqliteStore, State, Store};
use crate::journal::{Journal, Office, Offices, Taken, Telling};
use crate::model::{
    action::{Action, Link},
    call::Moment,
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};
use crate::outbound::{Bounds, Outbound};
use crate::pbx::{RecordingBounds, Recordings};
use crate::project::{Current, People, Project, compile};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
/// How long the CRM may take until it shows what was written.
pub(super) const LAG: Duration = HOUR;
pub(super) const LEASE: Duration = Duration::from_secs(600);
pub(super) const GIVE_UP: Duration = Duration::from_secs(72 * 3_600);

const PROJECT: &str = "token = { env = \"TOKEN\" }\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\nscenario = \"small\"\n\
                       retention_days = 10\n[crm]\nkind = \"hubspot\"\ntoken = { env = \"TOKEN\" }\n\
                       [[employee]]\nname = \"Anna\"\ncrm_user = \"101\"\nmain = [\"acme_anna\"]\ntop_manager = true\n\
                       [block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n";

/// Who calls is to be had as this, and the call on it.
fn scenario(kind: Kind) -> String {
    format!(
        "[[row]]\nid = \"new\"\nwhen = {{ direction = \"in\" }}\n[[row.do]]\nat = \"after-call\"\n{kind} = {{ owner = \
         \"top\" }}\n[[row.do]]\nat = \"after-call\"\ncall = {{ owner = \"top\" }}\n\
         [[row]]\nid = \"form\"\nwhen = {{ form = \"any\", client = \"new\" }}\n[[row.do]]\nat = \"form\"\n{kind} = {{ owner \
         = \"top\" }}\n[[row.do]]\nat = \"form\"\nnote = {{}}\n"
    )
}

/// A CRM that holds nobody, and does as the test says.
#[derive(Default)]
pub(super) struct Scripted {
    /// What becomes of the next requests that write; whatever is left out is carried out.
    answers: Mutex<VecDeque<Failure>>,
    /// What was asked to be written, each time.
    asked: Mutex<Vec<&'static str>>,
    /// Whether what was written is shown by now.
    shows: AtomicBool,
    /// What it has of the client, once it has.
    held: Mutex<Vec<Record>>,
    /// What calls were hung on.
    hung: Mutex<Vec<Vec<Link>>>,
    /// What was believed to be a client's when they were looked up.
    believed: Mutex<Vec<usize>>,
    /// Requests that write wait for leave, where there is something to wait for.
    leaves: Option<Semaphore>,
}

impl Scripted {
    pub(super) fn will(self, answers: impl IntoIterator<Item = Failure>) -> Self {
        self.answers.lock().expect("not poisoned").extend(answers);
        self
    }

    /// What becomes of the next request that writes, after those that were said before.
    pub(super) fn will_next(&self, answer: Failure) {
        self.answers.lock().expect("not poisoned").push_back(answer);
    }

    /// Lets no request that writes end.
    pub(super) fn holding_back() -> Self {
        Self { leaves: Some(Semaphore::new(0)), ..Self::default() }
    }

    /// Lets them end.
    pub(super) fn let_go(&self) {
        self.leaves.as_ref().expect("requests that wait").add_permits(100);
    }

    pub(super) fn shows(&self) {
        self.shows.store(true, Ordering::Relaxed);
    }

    /// It has this of the client from now on.
    pub(super) fn holds(&self, held: Vec<Record>) {
        *self.held.lock().expect("not poisoned") = held;
    }

    /// What calls were hung on, each time.
    pub(super) fn hung(&self) -> Vec<Vec<Link>> {
        self.hung.lock().expect("not poisoned").clone()
    }

    /// How often it was asked to write this.
    pub(super) fn asked(&self, what: &str) -> usize {
        self.asked.lock().expect("not poisoned").iter().filter(|asked| **asked == what).count()
    }

    /// How many records were believed to be the client's, at each look.
    pub(super) fn believed(&self) -> Vec<usize> {
        self.believed.lock().expect("not poisoned").clone()
    }
}

#[async_trait]
impl Writer for Scripted {
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        self.believed.lock().expect("not poisoned").push(look.known.len());
        Ok(self.held.lock().expect("not poisoned").clone())
    }

    async fn perform(&self, order: &Order, _: &[String]) -> Result<Receipt, Failure> {
        let what = match &order.action {
            Action::Create { kind, .. } => kind.word(),
            _ => {
                self.hung.lock().expect("not poisoned").push(order.on.clone());
                "call"
            }
        };
        self.asked.lock().expect("not poisoned").push(what);
        if let Some(leaves) = &self.leaves {
            leaves.acquire().await.expect("open").forget();
        }
        let failure = self.answers.lock().expect("not poisoned").pop_front();
        failure.map_or_else(|| Ok(Receipt { id: "7".to_owned(), whole: true }), Err)
    }

    async fn find(&self, _: &Order, _: &[String]) -> Result<Option<Receipt>, Failure> {
        let shown = self.shows.load(Ordering::Relaxed);
        Ok(shown.then(|| Receipt { id: "7".to_owned(), whole: true }))
    }

    fn settles_within(&self, _: &Order, _: &[String]) -> Duration {
        LAG
    }

    async fn check(&self) -> Result<(), Failure> {
        Ok(())
    }

    async fn fields(&self) -> Result<Vec<FieldState>, Failure> {
        Ok(Vec::new())
    }

    async fn make_field(&self, _: &FieldState) -> Result<(), Failure> {
        Ok(())
    }
}

/// Nobody is known, and nothing is read.
struct Nobody;

#[async_trait]
impl Reader for Nobody {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Contact]
    }

    fn sweep_every(&self, _: Pace) -> Duration {
        HOUR
    }

    async fn page(&self, _: Kind, _: Option<&Cursor>) -> Result<Page, Failure> {
        Ok(Page::default())
    }

    async fn changes(&self, _: Kind, _: i64, _: Option<&Cursor>) -> Result<Page, Failure> {
        Ok(Page::default())
    }

    async fn records(&self, _: Kind, _: &[CrmId]) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn ask(&self, _: PhoneKey, _: Duration) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        Ok(Vec::new())
    }
}

/// What outlives a process.
struct Place {
    folder: TempDir,
    project: Arc<Project>,
    metrics: Arc<ProjectMetrics>,
    live: LiveSettings,
    clock: Clock,
    set_ms: &'static AtomicI64,
}

/// The journal and its workers. Time passes only when the test says so.
pub(super) struct Stage {
    pub(super) crm: Arc<Scripted>,
    pub(super) journal: Arc<Journal>,
    pub(super) store: Arc<dyn Store>,
    stop: CancellationToken,
    place: Place,
    _held: mpsc::Sender<()>,
}

impl Stage {
    /// With a matrix that makes a contact.
    pub(super) fn of(crm: Scripted) -> Self {
        Self::making(Kind::Contact, crm)
    }

    /// With a matrix that makes this.
    pub(super) fn making(kind: Kind, crm: Scripted) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        };
        write("projects/acme.toml", PROJECT);
        write("scenarios/small.toml", &scenario(kind));
        let environment: BTreeMap<String, String> = [("TOKEN".to_owned(), "0123456789abcdef".to_owned())].into();
        let settings = config::read(Some(folder.path()), &environment).expect("a configuration");
        let project = compile(&settings).expect("a project").remove(0);
        let (clock, set_ms) = Clock::settable("2026-11-20T10:00:00Z".parse().expect("a time"));
        let metrics = Metrics::new().project("acme");
        Self::begin(Place { folder, project, metrics, live: settings.process.live, clock, set_ms }, Arc::new(crm))
    }

    fn begin(place: Place, crm: Arc<Scripted>) -> Self {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(place.folder.path()).expect("a journal"));
        let offices = Arc::new(Current::new(Arc::new([office(&place, &crm)].into_iter().collect::<Offices>())));
        let journal = Journal::new(Arc::clone(&store), offices, settings(), (place.clock, Handle::current()));
        let journal = Arc::new(journal);
        let stop = CancellationToken::new();
        journal.work_for(["acme"], &stop);
        Self { crm, journal, store, stop, place, _held: time_held() }
    }

    /// The process ends and another one takes its place on the same file.
    pub(super) async fn again(self) -> Self {
        let Self { crm, journal, store, stop, place, .. } = self;
        stop.cancel();
        drop(journal);
        while Arc::strong_count(&store) > 1 {
            tokio::task::yield_now().await;
        }
        drop(store);
        Self::begin(place, crm)
    }

    /// Somebody new called and nobody answered, the `nth` time.
    pub(super) async fn called(&self, nth: u32) -> EntryId {
        let body = format!(
            "{{\"call_id\":\"call-{nth}\",\"type\":\"in\",\"caller\":\"380501110001\",\"callee\":\"380442000000\",\
             \"status\":\"NO ANSWER\"}}"
        );
        let content_type = Some("application/json".to_owned());
        let telling = Telling { moment: Moment::AfterCall, query: None, content_type, body: body.into() };
        match self.journal.take(&self.place.project, &self.place.metrics, telling).await.expect("stored") {
            Taken::Stored(id) => id.parse().expect("a number"),
            other => panic!("expected it stored, found {other:?}"),
        }
    }

    /// Somebody who leaves an e-mail and no number filled in a form.
    pub(super) async fn filled_in(&self) -> EntryId {
        let body = "name=Maria&email=maria%40visitor.example".into();
        let telling = Telling { moment: Moment::Form, query: None, content_type: None, body };
        match self.journal.take(&self.place.project, &self.place.metrics, telling).await.expect("stored") {
            Taken::Stored(id) => id.parse().expect("a number"),
            other => panic!("expected it stored, found {other:?}"),
        }
    }

    /// The wall clock is set: by so many hours off where it would be.
    pub(super) fn set(&self, hours: i64) {
        self.place.set_ms.store(hours * 3_600_000, Ordering::Relaxed);
    }

    /// So much passes, once everybody waits.
    pub(super) async fn pass(&self, time: Duration) {
        for _ in 0..20 {
            // What was asked before has been answered then, by the thread that writes and by the one that reads.
            let none = self.store.retry(EntryId(0)).await;
            assert!(none.is_err() && self.store.show(EntryId(0)).await.is_ok());
        }
        tokio::time::advance(time).await;
    }

    /// Waits until an entry is as wanted, while no time passes.
    pub(super) async fn until(&self, id: EntryId, wanted: impl Fn(&Entry) -> bool) -> Entry {
        let mut entry = self.entry(id).await;
        for _ in 0..20_000 {
            if wanted(&entry) {
                return entry;
            }
            tokio::task::yield_now().await;
            entry = self.entry(id).await;
        }
        panic!("not as wanted: {entry:?}")
    }

    /// Waits until it was tried so often and is put off.
    pub(super) async fn put_off(&self, id: EntryId, attempts: u32) -> Entry {
        self.until(id, |entry| entry.state == State::Later && entry.attempts == attempts).await
    }

    pub(super) async fn done(&self, id: EntryId) -> Entry {
        self.until(id, |entry| entry.state == State::Done).await
    }

    pub(super) async fn entry(&self, id: EntryId) -> Entry {
        self.store.show(id).await.expect("read").expect("an entry").entry
    }
}

fn office(place: &Place, crm: &Arc<Scripted>) -> Arc<Office> {
    let Place { project, metrics, live, clock, .. } = place;
    let directory = Directory::new(Parts {
        project: project.name.clone(),
        feed: Feed {
            reader: Arc::new(Nobody) as Arc<dyn Reader>,
            section: project.crm.section.clone(),
            ledger: Arc::new(Ledger::new(Limits::NONE, *clock)),
            timezone: project.timezone.clone(),
        },
        kinds: project.crm.adapter.kinds,
        matching: project.crm.adapter.matching,
        numbers: project.numbers.clone(),
        live: live.clone(),
        clock: *clock,
        work: Handle::current(),
        metrics: Arc::clone(metrics),
        keeping: None,
    });
    let bounds = Bounds { connect_timeout: SECOND, request_timeout: SECOND, max_body_bytes: 1 };
    let outbound = Outbound::new(&bounds).expect("a client");
    Arc::new(Office {
        project: Arc::clone(project),
        directory,
        people: Arc::new(People::match_users(&project.employees, &[], &project.numbers)),
        users: Arc::default(),
        writer: Some(Arc::clone(crm) as Arc<dyn Writer>),
        recordings: Arc::new(Recordings::new(
            &outbound,
            RecordingBounds { hosts: Vec::new(), max_bytes: 1, gap: SECOND },
        )),
        metrics: Arc::clone(metrics),
        failures: Metrics::new().write_failures("acme", "hubspot"),
    })
}

fn settings() -> JournalSettings {
    JournalSettings {
        workers: 2,
        lease: LEASE,
        first_retry: 5 * SECOND,
        longest_retry: HOUR,
        give_up: GIVE_UP,
        probe: SECOND,
        max_recording_bytes: 1,
        recording_gap: SECOND,
    }
}

/// Keeps paused time from passing by itself while the store's thread is waited for: the runtime counts as busy.
fn time_held() -> mpsc::Sender<()> {
    let (hold, held) = mpsc::channel();
    tokio::task::spawn_blocking(move || {
        let _ended = held.recv();
    });
    hold
}
