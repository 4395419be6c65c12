//! A whole day's calls that nobody told, reconciled with flat memory and no more requests than the list's limit makes of
//! them.
//!
//! The service is a process of its own, so that what it holds can be told from what the stand-in does, and its project is
//! off: nothing but reading, comparing and storing is measured.
//!
//! In full, 100,000 calls: `RECONCILE=full cargo test --release --test it reconcile_many -- --nocapture`.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use predial::base::environment::{Environment, ProcessEnvironment};
use sandbox::ringostat_api::{Change, ListedCall, MOST_ROWS, Options, RingostatApi};
use serde_json::{Map, Value, json};

use crate::cli::ACME;
use crate::cli_serve::Served;

/// Of `cli::configured`.
const KEY: &str = "fedcba9876543210fedc";
/// What a process may grow by that holds a page of rows at a time: the answer, its rows, and what SQLite keeps in memory.
const GROWTH_KIB: u64 = 64 * 1024;
/// How long the calls took to come.
const SPAN_S: usize = 72_000;

fn calls() -> usize {
    match ProcessEnvironment.get("RECONCILE") {
        Some(form) if form == "full" => 100_000,
        _ => 20_000,
    }
}

/// A row as long as real ones are.
fn call(nth: usize, began: Timestamp) -> ListedCall {
    let recording =
        format!("https://app.ringostat.com/recordings/{nth:032}.wav?token=0123456789abcdef0123456789abcdef");
    let fields = json!({
        "call_type": "in", "disposition": "PROPER", "caller": format!("38050{:07}", nth % 5_000), "dst": "380442000000",
        "n_alias": "Site", "duration": 87, "waittime": 12, "billsec": 75, "connected_with": "acme_anna",
        "employee_number": "348104", "employee_fio": "Anna Kovalenko", "client_id": "1234567890.1234567890",
        "recording_wav": recording, "utm_source": "google", "utm_medium": "cpc", "utm_campaign": "autumn-2026-brand",
        "utm_term": "buy a telephone system for a small company", "utm_content": "ad-42|headline-7|position-1",
    });
    let fields: Map<String, Value> = fields.as_object().expect("an object").clone();
    ListedCall { uniqueid: format!("ua0_-{}.{nth:08}", began.as_second()), began, fields }
}

/// Runs to the end; gives the last progress and the most memory that was seen meanwhile.
async fn run(served: &Served, range: &Value) -> (Value, u64) {
    const TARGET: &str = "/api/projects/acme/reconcile";
    let id = served.operate(202, ("POST", TARGET), range).await["id"].clone();
    let (began, mut most_kib) = (Instant::now(), 0);
    loop {
        let progress = served.operate(200, ("GET", TARGET), &Value::Null).await;
        most_kib = most_kib.max(served.resident_kib());
        if progress["id"] == id && progress["state"] != "running" {
            return (progress, most_kib);
        }
        assert!(began.elapsed() < Duration::from_secs(600), "{progress}");
        // A process of its own: its time cannot be paused, only polled.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many requests were for calls, and how many of those were full and read again in halves: another begins where they
/// did and ends earlier.
fn requests(api: &RingostatApi) -> (usize, usize) {
    let bounds = |query: &str| {
        let value = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
            pair.expect("a time")
        };
        (value("from"), value("to"))
    };
    let asked: Vec<(String, String)> = api
        .take_answered()
        .iter()
        .filter(|asked| asked.path == "/calls/list")
        .map(|asked| bounds(&asked.query))
        .collect();
    let windows: BTreeSet<&(String, String)> = asked.iter().collect();
    let is_split = |(from, to): &&(String, String)| windows.iter().any(|(other, end)| other == from && end < to);
    (asked.len(), asked.iter().filter(is_split).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_are_reconciled_with_flat_memory_and_as_few_requests_as_the_limit_allows() {
    let many = calls();
    let options = Options { auth_key: KEY.to_owned(), ..Options::default() };
    let api = RingostatApi::start(options).await.expect("a stand-in");
    let first = Timestamp::now().checked_sub(SignedDuration::from_secs(80_000)).expect("a time");
    let began = |nth: usize| first + SignedDuration::from_secs(i64::try_from(nth * SPAN_S / many).expect("seconds"));
    api.change(Change::Calls { calls: (0..many).map(|nth| call(nth, began(nth))).collect() }).expect("listed");
    let section = format!(
        "[ringostat]\nproject_id = \"110070\"\nauth_key = {{ env = \"ACME_CRM\" }}\nbase_url = \"{}\"\n\n[[employee]]",
        api.base_url()
    );
    let data = tempfile::tempdir().expect("a folder");
    let (_configured, served) = Served::open(&ACME.replace("[[employee]]", &section), data.path()).await;
    served.operate(200, ("POST", "/api/projects/acme/pause"), &json!({})).await;
    let last = first + SignedDuration::from_secs(i64::try_from(SPAN_S).expect("seconds"));
    let range = json!({ "from": first.to_string(), "to": last.to_string() });
    let before_kib = served.resident_kib();
    let at = Instant::now();
    let (told, most_kib) = run(&served, &range).await;
    let took = at.elapsed();
    let (asked, splits) = requests(&api);
    let grown_kib = most_kib.saturating_sub(before_kib);
    println!(
        "{many} calls in {took:.1?}: {asked} requests, {splits} of them split; {before_kib} KiB before, {most_kib} KiB at \
         most; {told}"
    );
    assert_eq!((&told["state"], &told["appended"]), (&json!("done"), &json!(many)), "{told}");
    assert_eq!(told["requests"], json!(asked), "{told}");
    assert!(asked <= many.div_ceil(MOST_ROWS) + splits, "{asked} requests, {splits} of them split");
    assert!(grown_kib <= GROWTH_KIB, "grown by {grown_kib} KiB from {before_kib} KiB");
    let view = served.operate(200, ("GET", "/api/projects/acme"), &Value::Null).await;
    assert_eq!(view["journal"]["by_state"], json!({ "stored": many }), "{view}");

    // And again: all of it is known, and no more is held.
    let (again, most_kib) = run(&served, &range).await;
    assert_eq!((&again["known"], &again["appended"]), (&told["read"], &json!(0)), "{again}");
    let grown_kib = most_kib.saturating_sub(before_kib);
    assert!(grown_kib <= GROWTH_KIB, "grown by {grown_kib} KiB from {before_kib} KiB");
    assert_eq!(served.signalled("TERM").await, Some(0));
}
