//! The directory against a CRM made of values: what it knows, what it asks, and when.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{runtime::Handle, sync::Semaphore, time::Instant};

use super::{Directory, Feed, Keeping, Parts, WarmRequest, WarmState};
use crate::base::{
    clock::Clock,
    metric::{Metrics, ProjectMetrics},
};
use crate::config::{CrmSection, LiveSettings};
use crate::crm::quota::{Lane, Ledger, Limits, Pace, Purpose};
use crate::crm::{CrmUser, Cursor, Links, Matching, Page, Reader, Record, failure::Failure};
use crate::model::{
    client::{Kind, KindSet},
    ids::CrmId,
    phone::{NumberReader, PhoneKey, Readings},
};

/// A CRM of values: pages of two records, answers held back until the test lets them go.
struct Crm {
    records: Mutex<Vec<Record>>,
    changed: Mutex<Vec<Record>>,
    users: Mutex<Vec<CrmUser>>,
    /// What the next questions for the users fail with.
    users_failing: Mutex<Vec<Failure>>,
    /// What lists leave out although it is there.
    left_out: Mutex<Vec<CrmId>>,
    /// Whether answers by id lack half of those that are there.
    halves_answers: AtomicBool,
    /// What the next requests fail with, first one first.
    failing: Mutex<Vec<Failure>>,
    answers: Semaphore,
    /// Requests that go well before the next failure.
    well_for: AtomicUsize,
    asked: AtomicUsize,
    reread: AtomicUsize,
    /// Since when changes were asked for, once per sweep.
    since: Mutex<Vec<i64>>,
    /// Pages of crawls that were asked for.
    pages: AtomicUsize,
    /// Whether pages of a crawl are refused for their credentials.
    page_refused: AtomicBool,
    /// Whether every page has a cursor for a further one.
    endless: AtomicBool,
    /// What a page of a crawl costs, and who is told.
    page_costs: Mutex<Option<(Arc<Ledger>, u64)>>,
    share_allows: Mutex<Duration>,
    whole_share_allows: Mutex<Duration>,
}

#[async_trait]
impl Reader for Crm {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Contact]
    }

    fn sweep_every(&self, pace: Pace) -> Duration {
        let allowed = match pace {
            Pace::Now => &self.share_allows,
            Pace::Even => &self.whole_share_allows,
        };
        *allowed.lock().expect("not poisoned")
    }

    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        self.pages.fetch_add(1, Ordering::SeqCst);
        let costs = self.page_costs.lock().expect("not poisoned").clone();
        if let Some((ledger, cost)) = costs {
            drop(ledger.spend(Purpose::Crawl, Lane::General, cost, Duration::from_secs(1)).await?);
        }
        if self.page_refused.load(Ordering::SeqCst) {
            return Err(Failure::Credentials { reason: "401".to_owned() });
        }
        self.fail()?;
        let at: usize = cursor.map_or(0, |cursor| cursor.0.parse().expect("our own cursor"));
        let records = self.records.lock().expect("not poisoned");
        let of_kind: Vec<_> = records.iter().filter(|record| record.kind == kind).cloned().collect();
        let page: Vec<_> = of_kind.iter().skip(at).take(2).cloned().collect();
        let last = at + 2 >= of_kind.len();
        let next = (!last || self.endless.load(Ordering::SeqCst)).then(|| Cursor((at + 2).to_string()));
        // A cursor past the end finds the last page again.
        let page = if page.is_empty() { of_kind.last().cloned().into_iter().collect() } else { page };
        let left_out = self.left_out.lock().expect("not poisoned");
        Ok(Page::of_open(page.into_iter().filter(|record| !left_out.contains(&record.id)).collect(), next))
    }

    async fn changes(&self, kind: Kind, since_s: i64, _cursor: Option<&Cursor>) -> Result<Page, Failure> {
        if kind == Kind::Deal {
            self.since.lock().expect("not poisoned").push(since_s);
        }
        self.fail()?;
        let changed = self.changed.lock().expect("not poisoned");
        Ok(Page::of(changed.iter().filter(|record| record.kind == kind).cloned().collect(), None))
    }

    async fn ask(&self, _number: PhoneKey, _patience: Duration) -> Result<Vec<Record>, Failure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.expect("open").forget();
        self.fail()?;
        Ok(self.records.lock().expect("not poisoned").clone())
    }

    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        self.fail()?;
        let meant = |record: &&Record| record.kind == kind && ids.contains(&record.id);
        self.reread.fetch_add(1, Ordering::SeqCst);
        let (changed, records) =
            (self.changed.lock().expect("not poisoned"), self.records.lock().expect("not poisoned"));
        let left_out = self.left_out.lock().expect("not poisoned");
        let unlisted = records.iter().filter(|record| left_out.contains(&record.id));
        let mut found: Vec<Record> = changed.iter().chain(unlisted).filter(meant).cloned().collect();
        if self.halves_answers.load(Ordering::SeqCst) {
            found.truncate(found.len().div_ceil(2));
        }
        Ok(found)
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        let mut failing = self.users_failing.lock().expect("not poisoned");
        if let Some(failure) = failing.pop() {
            Err(failure)
        } else {
            Ok(self.users.lock().expect("not poisoned").clone())
        }
    }
}

impl Crm {
    fn fail(&self) -> Result<(), Failure> {
        let well = self.well_for.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if well.is_ok() {
            return Ok(());
        }
        let mut failing = self.failing.lock().expect("not poisoned");
        if failing.is_empty() { Ok(()) } else { Err(failing.remove(0)) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn lost() -> Failure {
    Failure::Unclear { reason: "connection lost".to_owned() }
}

fn contact(id: u64, number: &str, owner: u64) -> Record {
    Record {
        kind: Kind::Contact,
        id: CrmId::Number(id),
        numbers: vec![number.to_owned()],
        name: Some(format!("Client {id}")),
        owner: Some(CrmId::Number(owner)),
        open: true,
        created_s: 1,
        updated_s: 0,
        contacts: Links::new(),
        organizations: Links::new(),
    }
}

fn deal(id: u64, contact_id: u64, open: bool) -> Record {
    Record {
        kind: Kind::Deal,
        numbers: Vec::new(),
        open,
        contacts: Links::from_elem(CrmId::Number(contact_id), 1),
        ..contact(id, "", 7)
    }
}

struct Stage {
    crm: Arc<Crm>,
    directory: Arc<Directory>,
    metrics: Arc<ProjectMetrics>,
}

fn section() -> CrmSection {
    CrmSection { max_numbers: 1_000, ..CrmSection::of_kind("values") }
}

fn feed_of(crm: &Arc<Crm>, limits: Limits) -> Feed {
    Feed {
        reader: Arc::clone(crm) as Arc<dyn Reader>,
        section: section(),
        ledger: Arc::new(Ledger::new(limits, clock())),
        timezone: jiff::tz::TimeZone::UTC,
    }
}

fn clock() -> Clock {
    Clock::following("2026-11-20T10:00:00Z".parse().expect("a time"))
}

fn user(id: u64) -> CrmUser {
    CrmUser { id: CrmId::Number(id), email: None, phone: None, extension: None, active: true }
}

fn stage(records: Vec<Record>) -> Stage {
    stage_of(records, Matching::Whole)
}

fn stage_of(records: Vec<Record>, matching: Matching) -> Stage {
    staged(records, matching, clock(), None)
}

fn staged(records: Vec<Record>, matching: Matching, clock: Clock, keeping: Option<Keeping>) -> Stage {
    let crm = Arc::new(Crm {
        records: Mutex::new(records),
        changed: Mutex::default(),
        users: Mutex::default(),
        users_failing: Mutex::default(),
        left_out: Mutex::default(),
        halves_answers: AtomicBool::default(),
        failing: Mutex::default(),
        answers: Semaphore::new(0),
        asked: AtomicUsize::new(0),
        share_allows: Mutex::default(),
        whole_share_allows: Mutex::default(),
        endless: AtomicBool::new(false),
        page_refused: AtomicBool::new(false),
        well_for: AtomicUsize::new(0),
        page_costs: Mutex::default(),
        reread: AtomicUsize::new(0),
        since: Mutex::default(),
        pages: AtomicUsize::new(0),
    });
    let metrics = Metrics::new().project("acme");
    let directory = Directory::new(Parts {
        project: "acme".into(),
        feed: feed_of(&crm, Limits::NONE),
        kinds: KindSet::of(&[Kind::Contact, Kind::Deal]),
        matching,
        numbers: NumberReader::new("UA").expect("a country"),
        live: LiveSettings {
            queue: 2,
            reserve: Duration::from_millis(20),
            negative_entries: 100,
            negative_ttl: Duration::from_secs(60),
            breaker_failures: 2,
            breaker_open: Duration::from_secs(5),
        },
        clock,
        work: Handle::current(),
        metrics: Arc::clone(&metrics),
        keeping,
    });
    Stage { crm, directory, metrics }
}

impl Stage {
    async fn warm(&self, request: WarmRequest) -> WarmState {
        self.directory.warm(request).expect("none under way");
        let mut progress = self.directory.warm_progress();
        progress.wait_for(|progress| progress.state != WarmState::Running).await.expect("a progress").state
    }

    async fn crawled(self) -> Self {
        assert_eq!(self.warm(WarmRequest { full: true, force: false }).await, WarmState::Done);
        self
    }

    fn kinds_under(&self, digits: u64) -> Vec<Kind> {
        let client = self.directory.known(key(digits));
        client.iter().flat_map(|client| client.entities()).map(|entity| entity.kind).collect()
    }
}

fn key(digits: u64) -> PhoneKey {
    PhoneKey::from_digits(digits).expect("a key")
}

fn caller(digits: u64) -> Readings {
    NumberReader::new("UA").expect("a country").readings(&digits.to_string()).expect("a number")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(500)
}

const OLEH: u64 = 380_671_112_233;
const FULL: WarmRequest = WarmRequest { full: true, force: false };

mod accepting;
mod asking;
mod crawling;
mod hearing;
mod matching;
mod snapshots;
mod trust;
mod unfinished;
