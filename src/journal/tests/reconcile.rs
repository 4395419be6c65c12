//! Runs before a list that does as the test says, on a clock that the test moves and sets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json, value::to_raw_value};
use tokio_util::sync::CancellationToken;

use crate::journal::store::{Filter, State};
use crate::journal::tests::stage::{HOUR, SECOND, Scripted, Stage};
use crate::journal::{Range, ReconcileProgress, Reconciler, Refused, RunState};
use crate::pbx::{Calls, Failure, MOST_ROWS, Page, Window};

/// The stage's clock begins at this time.
const NOW: &str = "2026-11-20T10:00:00Z";

/// What is done before an answer is made, told which request it is for.
type Before = Box<dyn Fn(&mut BTreeMap<String, (Timestamp, Value)>, usize) + Send + Sync>;

/// A list of calls by id, each with when it began and its row.
#[derive(Default)]
struct List {
    calls: Mutex<BTreeMap<String, (Timestamp, Value)>>,
    asked: Mutex<Vec<Window>>,
    failures: Mutex<Vec<Failure>>,
    before: Option<Before>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An id as the vendor makes it.
fn id(began: Timestamp, nth: usize) -> String {
    format!("ua0_-{}.{nth}", began.as_second())
}

fn row(began: Timestamp, nth: usize, status: &str) -> (String, (Timestamp, Value)) {
    let id = id(began, nth);
    let row = json!({
        "uniqueid": id, "calldate": began.to_string(), "call_type": "in", "disposition": status,
        "caller": format!("38050{:07}", nth % 1_000), "dst": "380442000000",
    });
    (id, (began, row))
}

impl List {
    fn with(self, rows: impl IntoIterator<Item = (String, (Timestamp, Value))>) -> Arc<Self> {
        self.calls.lock().unwrap().extend(rows);
        Arc::new(self)
    }

    fn put(&self, (id, row): (String, (Timestamp, Value))) {
        self.calls.lock().unwrap().insert(id, row);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap()).iter().map(ToString::to_string).collect()
    }
}

#[async_trait]
impl Calls for List {
    async fn read(&self, window: Window) -> Result<Page, Failure> {
        let nth = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(window);
            asked.len()
        };
        if let Some(failure) = self.failures.lock().unwrap().pop() {
            return Err(failure);
        }
        let mut calls = self.calls.lock().unwrap();
        if let Some(before) = &self.before {
            before(&mut calls, nth);
        }
        let zone = TimeZone::get("Europe/Kyiv").unwrap();
        let shown = |began: &Timestamp| began.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let inside = |(began, _): &&(Timestamp, Value)| {
            let began = shown(began);
            began >= window.from_text() && began <= window.to_text()
        };
        let rows: Vec<_> =
            calls.values().filter(inside).take(MOST_ROWS).map(|(_, row)| to_raw_value(row).unwrap()).collect();
        Ok(if rows.len() == MOST_ROWS { Page::Full(rows) } else { Page::Whole(rows) })
    }
}

fn reconciler(stage: &Stage, list: &Arc<List>) -> Arc<Reconciler> {
    let calls = Arc::clone(list) as Arc<dyn Calls>;
    Arc::new(Reconciler::new(Arc::clone(&stage.journal), "acme", calls, CancellationToken::new()))
}

fn range(from: &str, to: &str) -> Range {
    Range { from: at(from), to: at(to) }
}

/// Runs to the end, however long it waits.
async fn run(reconciler: &Arc<Reconciler>, range: Range) -> ReconcileProgress {
    let id = reconciler.start(range).unwrap();
    let mut progress = reconciler.progress();
    loop {
        let now = progress.borrow_and_update().clone();
        if now.state != RunState::Running {
            assert_eq!(now.id, id);
            return now;
        }
        if now.reason.is_some() {
            tokio::time::advance(SECOND).await;
        }
        tokio::task::yield_now().await;
    }
}

async fn ends(stage: &Stage) -> Vec<(String, bool)> {
    let filter = Filter { limit: 200_000, ..Filter::default() };
    let entries = stage.store.list(filter).await.unwrap();
    let reconciled = |facts: &str| facts.contains("\"reconciled\":\"2026");
    let told = |entry: crate::journal::store::Entry| {
        (entry.call_id.unwrap_or_default(), entry.facts.as_deref().is_some_and(reconciled))
    };
    entries.into_iter().map(told).collect()
}

#[tokio::test(start_paused = true)]
async fn what_nobody_told_is_appended_once_and_what_is_under_way_is_left_for_the_next_run() {
    let stage = Stage::of(Scripted::default());
    let began = at("2026-11-20T08:00:00Z");
    let list = List::default().with([row(began, 1, "NO ANSWER"), row(began, 2, "IN PROGRESS")]);
    let reconciler = reconciler(&stage, &list);
    let hour = range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z");
    let first = run(&reconciler, hour).await;
    assert_eq!((first.state, first.read, first.appended, first.in_progress), (RunState::Done, 2, 1, 1));
    let again = run(&reconciler, hour).await;
    assert_eq!((again.appended, again.known, again.in_progress), (0, 1, 1));
    list.put(row(began, 2, "PROPER"));
    let ended = run(&reconciler, hour).await;
    assert_eq!((ended.appended, ended.known, ended.in_progress), (1, 1, 0));
    assert_eq!(ends(&stage).await, [(id(began, 1), true), (id(began, 2), true)]);
    assert_eq!(list.asked(), ["2026-11-20 09:30:00 to 2026-11-20 10:30:00"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_the_list_has_and_nobody_told_amends_the_call_once() {
    let stage = Stage::of(Scripted::default());
    let began = at("2026-11-20T08:00:00Z");
    let list = List::default().with([row(began, 1, "PROPER")]);
    let reconciler = reconciler(&stage, &list);
    let hour = range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z");
    run(&reconciler, hour).await;
    let mut recorded = row(began, 1, "PROPER");
    recorded.1.1["recording_wav"] = json!("https://app.ringostat.com/recordings/1.wav?token=a");
    list.put(recorded.clone());
    let amended = run(&reconciler, hour).await;
    assert_eq!((amended.amended, amended.appended, amended.known), (1, 0, 0));
    // Under another token, as it may be listed the next time.
    recorded.1.1["recording_wav"] = json!("https://app.ringostat.com/recordings/1.wav?token=b");
    list.put(recorded);
    assert_eq!(run(&reconciler, hour).await.known, 1);
    assert_eq!(ends(&stage).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_listed_twice_is_appended_once_with_what_the_longer_row_says() {
    let stage = Stage::of(Scripted::default());
    let began = at("2026-11-20T08:00:00Z");
    let (id, (_, mut short)) = row(began, 1, "NO ANSWER");
    let (_, (_, mut long)) = row(began, 1, "PROPER");
    short["recording_wav"] = json!("https://app.ringostat.com/recordings/1.wav?token=a");
    (short["billsec"], long["billsec"]) = (json!(0), json!(30));
    for rows in [[&short, &long], [&long, &short]] {
        let stage = Stage::of(Scripted::default());
        let list = List::default();
        let rows = rows.iter().enumerate().map(|(nth, &row)| (format!("{nth}"), (began, row.clone())));
        let reconciler = reconciler(&stage, &list.with(rows));
        let told = run(&reconciler, range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z")).await;
        assert_eq!((told.read, told.appended), (2, 1));
        let events = stage.store.events_of_call("acme", &id).await.unwrap();
        let facts = events[0].facts.as_deref().unwrap();
        assert!(facts.contains("\"PROPER\"") && facts.contains("recordings/1.wav"), "{facts}");
    }
    drop(stage);
}

/// Calls are added before and behind where the run is, and end, while it reads.
#[tokio::test(start_paused = true)]
async fn a_list_that_changes_while_it_is_read_loses_no_call_and_doubles_none() {
    let stage = Stage::of(Scripted::default());
    let first = at("2026-11-20T06:00:00Z");
    let began = move |nth: usize| first + SignedDuration::from_secs(i64::try_from(nth).unwrap());
    let status = |nth: usize| if nth.is_multiple_of(50) { "IN PROGRESS" } else { "NO ANSWER" };
    let before = move |calls: &mut BTreeMap<String, (Timestamp, Value)>, nth: usize| {
        // Everybody who was under way has hung up, and somebody called meanwhile, at the beginning and at the end.
        calls.extend((0..8_000).step_by(50).map(|call| row(began(call), call, "PROPER")));
        calls.extend([row(began(7_999), 9_000 + nth, "PROPER"), row(began(0), 19_000 + nth, "PROPER")]);
    };
    let list = List { before: Some(Box::new(before)), ..List::default() };
    let list = list.with((0..8_000).map(|nth| row(began(nth), nth, status(nth))));
    let reconciler = reconciler(&stage, &list);
    let whole = range("2026-11-20T05:30:00Z", "2026-11-20T09:00:00Z");
    let told = run(&reconciler, whole).await;
    assert_eq!((told.state, told.requests), (RunState::Done, 3), "one that is full, and two halves");
    // What came behind where the run was is read by the next.
    run(&reconciler, whole).await;
    let mut found: Vec<String> = ends(&stage).await.into_iter().map(|(id, _)| id).collect();
    found.sort();
    let mut listed: Vec<String> = list.calls.lock().unwrap().keys().cloned().collect();
    // Since the last page was made.
    listed.retain(|id| found.contains(id) || !id.ends_with(".19006"));
    assert_eq!(found.len(), listed.len());
    assert_eq!(found, listed);
}

#[tokio::test(start_paused = true)]
async fn a_second_that_holds_more_than_an_answer_is_named_and_everything_else_goes_on() {
    let stage = Stage::of(Scripted::default());
    let crowded = at("2026-11-20T08:00:00Z");
    let rows = (0..MOST_ROWS).map(|nth| row(crowded, nth, "NO ANSWER"));
    let others = ["2026-11-20T07:40:00Z", "2026-11-20T08:20:00Z"].map(|began| row(at(began), 90_000, "NO ANSWER"));
    let list = List::default().with(rows.chain(others));
    let told = run(&reconciler(&stage, &list), range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z")).await;
    assert_eq!((told.state, told.appended), (RunState::Incomplete, 6_502));
    assert!(!told.unread.is_empty(), "{told:?}");
    assert!(told.unread.iter().all(|second| second.contains("2026-11-20 10:00:00")), "{:?}", told.unread);
}

#[tokio::test(start_paused = true)]
async fn what_may_go_well_the_next_time_is_asked_again_after_as_long_as_ringostat_says() {
    let stage = Stage::of(Scripted::default());
    let list = List::default().with([row(at("2026-11-20T08:00:00Z"), 1, "PROPER")]);
    let wait = Failure::Wait { reason: "status 429".to_owned(), after: Some(Duration::from_secs(40)) };
    let unclear = Failure::Unclear { reason: "no JSON".to_owned() };
    list.failures.lock().unwrap().extend([unclear, wait]);
    let reconciler = reconciler(&stage, &list);
    let began = tokio::time::Instant::now();
    let told = run(&reconciler, range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z")).await;
    assert_eq!((told.state, told.requests, told.waits, told.appended), (RunState::Done, 3, 2, 1));
    assert!((41..60).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    for failure in [
        Failure::Credentials { reason: "status 403".to_owned() },
        Failure::Wait { reason: "status 503".to_owned(), after: Some(HOUR) },
    ] {
        list.failures.lock().unwrap().push(failure.clone());
        let told = run(&reconciler, range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z")).await;
        assert_eq!((told.state, told.requests), (RunState::Failed, 1), "{failure}");
        assert!(told.reason.is_some_and(|reason| reason.contains("status ")), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn by_itself_it_reads_nothing_from_before_the_first_time_and_then_every_gap_with_an_overlap() {
    let stage = Stage::of(Scripted::default());
    let list = Arc::new(List::default());
    let reconciler = reconciler(&stage, &list);
    reconciler.catch_up().await.unwrap();
    assert_eq!(list.asked(), [""; 0], "nothing is asked the first time");
    stage.set(1);
    tokio::time::advance(HOUR).await;
    reconciler.catch_up().await.unwrap();
    assert_eq!(list.asked(), ["2026-11-20 12:00:00 to 2026-11-20 12:55:00"], "a clock that is ahead is not believed");
    stage.set(0);
    tokio::time::advance(24 * HOUR).await;
    list.failures.lock().unwrap().push(Failure::Credentials { reason: "status 403".to_owned() });
    reconciler.catch_up().await.unwrap_err();
    reconciler.catch_up().await.unwrap();
    let gap = "2026-11-20 12:00:00 to 2026-11-21 12:55:00";
    assert_eq!(list.asked(), [gap; 2], "a run that failed leaves the mark where it was");
    tokio::time::advance(HOUR).await;
    reconciler.catch_up().await.unwrap();
    assert_eq!(list.asked(), ["2026-11-21 09:55:00 to 2026-11-21 13:55:00"]);
    // Longer than the journal keeps anything.
    tokio::time::advance(30 * 24 * HOUR).await;
    reconciler.catch_up().await.unwrap();
    assert_eq!(list.asked(), ["2026-12-11 15:00:00 to 2026-12-21 13:55:00"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_tell_what_is_missing_is_not_begun() {
    let stage = Stage::of(Scripted::default());
    let list = List::default().with([row(at("2026-11-20T08:00:00Z"), 1, "PROPER")]);
    let reconciler = reconciler(&stage, &list);
    let too_early = reconciler.start(range("2026-11-10T10:30:00Z", NOW)).unwrap_err();
    assert_eq!(too_early, Refused::TooEarly { from: at("2026-11-10T10:30:00Z"), earliest: at("2026-11-10T11:00:00Z") });
    let to_come = reconciler.start(range("2026-11-20T10:30:00Z", "2026-11-20T11:00:00Z"));
    assert!(matches!(to_come, Err(Refused::Empty { .. })), "{to_come:?}");
    let id = reconciler.start(range("2026-11-20T07:00:00Z", NOW)).unwrap();
    assert_eq!(reconciler.start(range("2026-11-20T07:00:00Z", NOW)), Err(Refused::UnderWay(id)));
}

#[tokio::test(start_paused = true)]
async fn events_that_name_their_calls_otherwise_than_the_list_end_the_run_before_anything_is_appended() {
    let stage = Stage::of(Scripted::default());
    let list = List::default().with([row(at("2026-11-20T08:00:00Z"), 1, "PROPER")]);
    stage.called(1).await;
    let told = run(&reconciler(&stage, &list), range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z")).await;
    assert_eq!((told.state, told.appended), (RunState::Failed, 0));
    let reason = told.reason.unwrap();
    assert!(reason.contains("found call-1") && reason.contains("ua0_-"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn while_the_project_is_off_what_is_reconciled_is_stored() {
    let stage = Stage::of(Scripted::default());
    stage.journal.pause("acme", "moving").await.unwrap();
    let list = List::default().with([row(at("2026-11-20T08:00:00Z"), 1, "PROPER")]);
    run(&reconciler(&stage, &list), range("2026-11-20T07:30:00Z", "2026-11-20T08:30:00Z")).await;
    let counts = stage.store.counts("acme").await.unwrap();
    assert_eq!(counts.by_state.into_iter().collect::<Vec<_>>(), [(State::Stored, 1)]);
}
