//! The directory against a CRM made of values: what it knows, what it asks, and when.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{runtime::Handle, sync::Semaphore, time::Instant};

use super::{Asked, Directory, Parts, WarmRequest, WarmState};
use crate::base::{
    clock::Clock,
    metric::{Breaker, Count, Metrics, ProjectMetrics},
    problem::Placed,
};
use crate::config::{CrmSection, LiveSettings, QuotaSettings};
use crate::crm::{CrmUser, Cursor, Page, Reader, Record, failure::Failure};
use crate::model::{
    client::{Kind, KindSet},
    ids::CrmId,
    phone::{NumberReader, PhoneKey},
};

/// A CRM of values: pages of two records, answers held back until the test lets them go.
struct Crm {
    records: Mutex<Vec<Record>>,
    changed: Mutex<Vec<Record>>,
    users: Mutex<Vec<CrmUser>>,
    /// What the next requests fail with, first one first.
    failing: Mutex<Vec<Failure>>,
    answers: Semaphore,
    asked: AtomicUsize,
    share_allows: Mutex<Duration>,
}

#[async_trait]
impl Reader for Crm {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Contact]
    }

    fn sweep_every(&self) -> Duration {
        *self.share_allows.lock().expect("not poisoned")
    }

    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        self.fail()?;
        let at: usize = cursor.map_or(0, |cursor| cursor.0.parse().expect("our own cursor"));
        let records = self.records.lock().expect("not poisoned");
        let of_kind: Vec<_> = records.iter().filter(|record| record.kind == kind).cloned().collect();
        let page: Vec<_> = of_kind.iter().skip(at).take(2).cloned().collect();
        let next = (at + 2 < of_kind.len()).then(|| Cursor((at + 2).to_string()));
        Ok(Page { records: page, next })
    }

    async fn changes(&self, kind: Kind, _since_s: i64, _cursor: Option<&Cursor>) -> Result<Page, Failure> {
        self.fail()?;
        let changed = self.changed.lock().expect("not poisoned");
        Ok(Page { records: changed.iter().filter(|record| record.kind == kind).cloned().collect(), next: None })
    }

    async fn ask(&self, _number: PhoneKey, _patience: Duration) -> Result<Vec<Record>, Failure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.expect("open").forget();
        self.fail()?;
        Ok(self.records.lock().expect("not poisoned").clone())
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        Ok(self.users.lock().expect("not poisoned").clone())
    }
}

impl Crm {
    fn fail(&self) -> Result<(), Failure> {
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
        owner: Some(CrmId::Number(owner)),
        open: true,
        created_s: 1,
        updated_s: 0,
        contact: None,
        organization: None,
    }
}

fn deal(id: u64, contact_id: u64, open: bool) -> Record {
    Record {
        kind: Kind::Deal,
        numbers: Vec::new(),
        open,
        contact: Some(CrmId::Number(contact_id)),
        ..contact(id, "", 7)
    }
}

struct Stage {
    crm: Arc<Crm>,
    directory: Arc<Directory>,
    metrics: Arc<ProjectMetrics>,
}

fn section() -> CrmSection {
    CrmSection {
        file: "acme.toml".to_owned(),
        row: 1,
        kind: Placed::new("values".to_owned(), 1),
        base_url: None,
        auth_url: None,
        token: None,
        client_id: None,
        client_secret: None,
        refresh_token: None,
        sweep: None,
        full_crawl_at_min: 210,
        max_numbers: 1_000,
        shrink_guard_percent: 30,
        absent_max_age: None,
        quota: QuotaSettings { daily: None, sweep_percent: 20, crawl_percent: 30, live_percent: 30 },
        phone_fields: Vec::new(),
    }
}

fn stage(records: Vec<Record>) -> Stage {
    let crm = Arc::new(Crm {
        records: Mutex::new(records),
        changed: Mutex::default(),
        users: Mutex::default(),
        failing: Mutex::default(),
        answers: Semaphore::new(0),
        asked: AtomicUsize::new(0),
        share_allows: Mutex::default(),
    });
    let metrics = Metrics::new().project("acme");
    let directory = Directory::new(Parts {
        reader: Arc::clone(&crm) as Arc<dyn Reader>,
        kinds: KindSet::of(&[Kind::Contact, Kind::Deal]),
        numbers: NumberReader::new("UA").expect("a country"),
        section: section(),
        timezone: jiff::tz::TimeZone::UTC,
        live: LiveSettings {
            queue: 2,
            reserve: Duration::from_millis(20),
            negative_entries: 100,
            negative_ttl: Duration::from_secs(60),
            breaker_failures: 2,
            breaker_open: Duration::from_secs(5),
        },
        clock: Clock::following("2026-11-20T10:00:00Z".parse().expect("a time")),
        work: Handle::current(),
        metrics: Arc::clone(&metrics),
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

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(500)
}

const OLEH: u64 = 380_671_112_233;
const FULL: WarmRequest = WarmRequest { full: true, force: false };

#[tokio::test(start_paused = true)]
async fn a_crawl_knows_clients_and_from_then_on_who_is_absent() {
    let stage = stage(vec![contact(1, "067 111-22-33", 7), deal(5, 1, true)]);
    assert_eq!(stage.directory.absent_as_of(), None);
    let stage = stage.crawled().await;
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact, Kind::Deal]);
    assert!(stage.directory.absent_as_of().is_some());
    assert_eq!(stage.directory.crawled(), KindSet::of(&[Kind::Contact, Kind::Deal]));
}

#[tokio::test(start_paused = true)]
async fn absent_is_no_fact_any_more_once_the_last_good_sweep_is_too_old() {
    let stage = stage(vec![contact(1, "0671112233", 7)]).crawled().await;
    tokio::time::advance(Duration::from_secs(121)).await;
    assert_eq!(stage.directory.absent_as_of(), None);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact], "who is known stays known");
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    assert!(stage.directory.absent_as_of().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_brings_changes_and_takes_closed_deals_out() {
    let stage = stage(vec![contact(1, "0671112233", 7), deal(5, 1, true)]).crawled().await;
    *stage.crm.changed.lock().expect("not poisoned") = vec![contact(1, "0671112233", 8), deal(5, 1, false)];
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    let client = stage.directory.known(key(OLEH)).expect("known");
    assert_eq!(client.entities().len(), 1);
    assert_eq!(client.entities()[0].owner, Some(CrmId::Number(8)));
}

#[tokio::test(start_paused = true)]
async fn what_a_later_crawl_does_not_find_is_taken_out() {
    let many: Vec<_> = (0..10).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect();
    let stage = stage(many).crawled().await;
    stage.crm.records.lock().expect("not poisoned").remove(0);
    let stage = stage.crawled().await;
    assert!(stage.directory.known(key(380_671_112_200)).is_none());
    assert!(stage.directory.known(key(380_671_112_201)).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_would_lose_too_much_is_refused_unless_forced() {
    let many: Vec<_> = (0..10).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect();
    let stage = stage(many).crawled().await;
    stage.crm.records.lock().expect("not poisoned").truncate(6);
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
    assert!(stage.directory.known(key(380_671_112_209)).is_some());
    let reason = stage.directory.warm_progress().borrow().reason.clone().expect("a reason");
    assert!(reason.contains("found 4 of 10"), "{reason}");
    assert_eq!(stage.warm(WarmRequest { full: true, force: true }).await, WarmState::Done);
    assert!(stage.directory.known(key(380_671_112_209)).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_of_users_never_takes_the_users_away() {
    let stage = stage(Vec::new());
    let anna = CrmUser { id: CrmId::Number(7), email: None, phone: None, active: true };
    stage.crm.users.lock().expect("not poisoned").push(anna);
    let stage = stage.crawled().await;
    stage.crm.users.lock().expect("not poisoned").clear();
    let stage = stage.crawled().await;
    assert_eq!(stage.directory.users().borrow().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_waits_as_the_crm_says_and_goes_on_where_it_was() {
    let stage = stage((0..5).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect());
    let told = Failure::Wait { reason: "429".to_owned(), after: Some(Duration::from_secs(40)) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![told, lost()];
    let began = Instant::now();
    let stage = stage.crawled().await;
    assert!(began.elapsed() >= Duration::from_secs(40));
    let progress = stage.directory.warm_progress().borrow().clone();
    assert_eq!((progress.read, progress.pages, progress.waits), (5, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_not_accepted_end_a_crawl_at_once() {
    let stage = stage(Vec::new());
    let refused = Failure::Credentials { reason: "401".to_owned() };
    *stage.crm.failing.lock().expect("not poisoned") = vec![refused];
    assert_eq!(stage.warm(FULL).await, WarmState::Failed);
    assert_eq!(stage.directory.absent_as_of(), None);
}

#[tokio::test(start_paused = true)]
async fn a_second_warm_up_is_refused_naming_the_first_which_can_be_stopped() {
    let stage = stage(Vec::new());
    let told = Failure::Wait { reason: "429".to_owned(), after: Some(Duration::from_secs(600)) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![told];
    let id = stage.directory.warm(FULL).expect("none under way");
    assert_eq!(stage.directory.warm(FULL).expect_err("one under way").id, id);
    assert!(stage.directory.stop_warm());
    let mut progress = stage.directory.warm_progress();
    let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await.expect("a progress").clone();
    assert_eq!(ended.state, WarmState::Stopped);
    assert!(!stage.directory.stop_warm());
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_would_grow_past_its_limit_refuses_the_crawl() {
    let stage = stage((0..1_002).map(|at| contact(at + 1, &format!("06711{at:05}"), 7)).collect());
    assert_eq!(stage.warm(FULL).await, WarmState::Refused);
}

#[tokio::test(start_paused = true)]
async fn every_call_that_waits_for_one_number_joins_one_question() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let directory = Arc::clone(&stage.directory);
            tokio::spawn(async move { directory.ask(key(OLEH), soon()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    stage.crm.answers.add_permits(1);
    for call in calls {
        assert_eq!(call.await.expect("a call"), Asked::Found);
    }
    assert_eq!(stage.crm.asked(), 1);
    assert_eq!(stage.metrics.counted(Count::LiveJoined), 4);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_on_after_the_caller_stopped_waiting_so_that_the_next_call_is_a_hit() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Late);
    assert!(stage.directory.known(key(OLEH)).is_none());
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Found, "joins the question under way");
    assert_eq!(stage.crm.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_number_is_nobody_and_is_remembered_for_a_while() {
    let stage = stage(vec![contact(1, "0670000000", 7)]);
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Nobody);
    assert!(stage.directory.lately_not_found(key(OLEH)).is_some());
    assert!(
        stage.directory.known(key(380_670_000_000)).is_none(),
        "records that were not asked for are not taken over"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_sweep_brings_is_believed_over_what_a_question_did_not_find() {
    let stage = stage(Vec::new());
    stage.crm.answers.add_permits(1);
    assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Nobody);
    stage.crm.changed.lock().expect("not poisoned").push(contact(1, "0671112233", 7));
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
    assert_eq!(stage.directory.lately_not_found(key(OLEH)), None);
}

#[tokio::test(start_paused = true)]
async fn past_the_queue_a_call_is_not_asked_for_at_all() {
    let stage = stage(Vec::new());
    for digits in [OLEH, OLEH + 1] {
        let directory = Arc::clone(&stage.directory);
        tokio::spawn(async move { directory.ask(key(digits), soon()).await });
    }
    tokio::task::yield_now().await;
    let began = Instant::now();
    assert_eq!(stage.directory.ask(key(OLEH + 2), soon()).await, Asked::Busy);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(stage.metrics.counted(Count::LiveRefusedQueue), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_open_the_breaker_and_one_probe_closes_it_again() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    *stage.crm.failing.lock().expect("not poisoned") = vec![lost(), lost()];
    stage.crm.answers.add_permits(3);
    for _ in 0..2 {
        assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Failed);
    }
    assert_eq!(stage.directory.breaker(), Breaker::Open);
    assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Busy);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Found);
    assert_eq!(stage.directory.breaker(), Breaker::Closed);
}

#[tokio::test(start_paused = true)]
async fn our_own_lack_of_quota_is_no_failure_of_the_crm() {
    let stage = stage(Vec::new());
    let none = Failure::NoQuota { reason: "live share".to_owned(), after: Duration::from_secs(9) };
    *stage.crm.failing.lock().expect("not poisoned") = vec![none.clone(), none.clone(), none];
    stage.crm.answers.add_permits(3);
    for _ in 0..3 {
        assert_eq!(stage.directory.ask(key(OLEH), soon()).await, Asked::Busy);
    }
    assert_eq!(stage.directory.breaker(), Breaker::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_fills_itself_again_after_a_bad_start_and_sweeps_from_then_on() {
    let stage = stage(vec![contact(1, "0671112233", 7)]);
    *stage.crm.failing.lock().expect("not poisoned") = vec![Failure::Refused { reason: "no".to_owned() }];
    let stop = tokio_util::sync::CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact]);
    stage.crm.changed.lock().expect("not poisoned").push(contact(2, "0671112244", 7));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(stage.kinds_under(380_671_112_244), [Kind::Contact]);
    let records: BTreeMap<_, _> = stage.directory.status().records;
    assert_eq!(records["contact"], 2);
    stop.cancel();
    fresh.await.expect("it stops");
}

#[tokio::test(start_paused = true)]
async fn sweeps_come_every_minute_and_more_rarely_where_the_quota_says_so() {
    let stage = stage(Vec::new());
    assert_eq!(stage.directory.status().sweep_every_s, 60);
    *stage.crm.share_allows.lock().expect("not poisoned") = Duration::from_secs(720);
    assert_eq!(stage.directory.status().sweep_every_s, 720);
}
