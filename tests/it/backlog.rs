//! A backlog drains as fast as the vendor's limit lets it and no faster, every call once, with flat memory.
//!
//! The service is a process of its own, so that what it holds can be told from what the stand-in does. Calls are told at
//! its door while the project is off, and sent when it goes on again. The time that is expected is made of the vendor's
//! limit and of what the stand-in was asked, and of nothing that the service says.
//!
//! In full, 100,000 calls: `BACKLOG=full cargo test --release --test it backlog -- --nocapture`.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use predial::base::environment::{Environment, ProcessEnvironment};
use sandbox::{
    kit::{EntityKind, StandIn},
    smart_crm::{Limits, Options, SmartCrm},
};
use serde_json::{Value, json};

use crate::cli_serve::Served;
use crate::crm_rows::{ROWS, crm_section, employees};
use crate::rows_stage::Telling;
use crate::whole_stage::ask_at;

/// The vendor's window.
const WINDOW: Duration = Duration::from_secs(300);
/// Of a hundred requests, how many are kept for calls.
const LIVE_PERCENT: u64 = 30;
const CLIENTS: usize = 500;
/// Told at the same moment.
const TELLERS: usize = 16;
/// What a process may grow by that holds no more than it did: caches that fill, a page of entries at a time.
const GROWTH_KIB: u64 = 32 * 1024;
/// Of `cli::configured`.
const TOKEN: &str = "0123456789abcdef0123";

/// How much is stored, and what the vendor takes in a window.
#[derive(Debug, Clone, Copy)]
struct Backlog {
    calls: usize,
    requests: u64,
}

impl Backlog {
    /// The short form, for CI; or, where the environment's `BACKLOG` is `full`, twenty times as much, for a release
    /// build. A request in 7 ms is the most there: a timer wakes on whole milliseconds, and at twice as many requests the
    /// time would be made of what it oversleeps.
    fn as_asked_for() -> Self {
        match ProcessEnvironment.get("BACKLOG") {
            Some(form) if form == "full" => Self { calls: 100_000, requests: 60_000 },
            _ => Self { calls: 5_000, requests: 34_000 },
        }
    }

    fn project(self, crm: &dyn StandIn, secret: &Path) -> String {
        let row = ROWS.iter().find(|row| row.name == "smart-crm").expect("a CRM");
        // What `ROWS` refers to stands in the environment; here in a file.
        let credentials = row.credentials.replace("{ env = \"APP\" }", &format!("{{ file = {secret:?} }}"));
        let section = crm_section(row, crm, &credentials);
        let section = section.replace(row.quota, &format!("quota = {{ daily = 10000000, burst = {} }}", self.requests));
        format!(
            "token = {{ env = \"ACME_TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\n{section}\
             sweep_s = 86400\n\n{}[block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n",
            employees(crm)
        )
    }

    /// How long the vendor's limit lets so many requests take.
    fn expected(self, requests: usize) -> Duration {
        let ours = self.requests - self.requests * LIVE_PERCENT / 100;
        WINDOW.div_f64(f64::from(u32::try_from(ours).expect("a count"))) * u32::try_from(requests).expect("a count")
    }
}

/// Looks at the project until it is as wanted; gives the most memory that was seen meanwhile.
async fn until(served: &Served, within: Duration, mut wanted: impl FnMut(&Value) -> bool) -> u64 {
    let (began, mut most_kib) = (Instant::now(), 0);
    loop {
        let view = served.operate(200, ("GET", "/api/projects/acme"), &Value::Null).await;
        most_kib = most_kib.max(served.resident_kib());
        if wanted(&view) {
            return most_kib;
        }
        assert!(began.elapsed() < within, "not within {within:?}: {view}");
        // A process of its own: its time cannot be paused, only polled.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Tells of one call after another, of each client in turn, from several connections at once.
async fn tell(served: &Served, numbers: &[String], calls: usize) {
    let edge = served.edge.parse().expect("an address");
    join_all((0..TELLERS).map(async |teller| {
        for call in (teller..calls).step_by(TELLERS) {
            let call_id = format!("ua0_-1731315881.{call}");
            let telling = Telling {
                call_id: &call_id,
                number: &numbers[call % numbers.len()],
                direction: "in",
                status: "ANSWERED",
                by: Some("acme_bohdan"),
                recording: None,
            };
            let body = telling.after().to_string();
            let request = format!(
                "POST /acme/events/after-call?token={TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let heard = ask_at(edge, &request).await;
            assert!(heard.status == 200 && heard.body.contains("\"stored\""), "{}: {}", heard.status, heard.body);
        }
    }))
    .await;
}

/// Numbers of the clients whom the CRM has as contacts.
fn numbers(crm: &SmartCrm) -> Vec<String> {
    let clients = (0..CLIENTS as u64).filter_map(|place| crm.client(place));
    let known = clients.filter(|client| client.open.iter().any(|open| open.kind == EntityKind::Contact));
    known.filter_map(|client| client.numbers.first().cloned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_drains_at_the_quotas_pace_each_call_once_and_with_flat_memory() {
    let backlog = Backlog::as_asked_for();
    let limits = Limits { requests: backlog.requests, ..Limits::none() };
    let options = Options { clients: CLIENTS, limits, ..Options::default() };
    let crm = Arc::new(SmartCrm::start(options).await.expect("a stand-in"));
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, &Options::default().app.client_secret).expect("a file");
    let (_configured, served) = Served::open(&backlog.project(&*crm, &secret), &folder.path().join("data")).await;
    let warm = |view: &Value| view["directory"]["absent_is_known"] == true;
    until(&served, Duration::from_secs(60), warm).await;

    served.operate(200, ("POST", "/api/projects/acme/pause"), &json!({})).await;
    tell(&served, &numbers(&crm), backlog.calls).await;
    let stored = json!({ "stored": backlog.calls });
    let before_kib = until(&served, Duration::from_secs(10), |view| view["journal"]["by_state"] == stored).await;
    crm.forget_asked();

    let began = Instant::now();
    served.operate(200, ("POST", "/api/projects/acme/resume"), &json!({ "send_stored": true })).await;
    let done = json!({ "done": backlog.calls });
    let (mut requests, mut refused) = (0, 0);
    let most_kib = until(&served, Duration::from_secs(3_600), |view| {
        // The stand-in remembers a hundred thousand requests at the most: counted as they come.
        let asked = crm.take_answered();
        requests += asked.len();
        refused += asked.iter().filter(|asked| asked.status == Some(429)).count();
        view["journal"]["by_state"] == done
    })
    .await;
    let took = began.elapsed();

    assert!(requests >= backlog.calls, "each call takes one at least, found {requests}");
    let expected = backlog.expected(requests);
    let (ratio, grown_kib) = (took.as_secs_f64() / expected.as_secs_f64(), most_kib.saturating_sub(before_kib));
    println!(
        "{} calls, {requests} requests in {took:.1?}, the quota says {expected:.1?} (× {ratio:.3}), {refused} refused; \
         {before_kib} KiB before, {most_kib} KiB at most",
        backlog.calls
    );
    let calls = crm.held().iter().filter(|thing| !thing.seeded && thing.what == "call").count();
    assert_eq!((calls, refused), (backlog.calls, 0), "calls in the CRM, and answers of 429");
    assert!((0.75..=1.25).contains(&ratio), "{requests} requests took {took:?}, expected {expected:?}");
    assert!(grown_kib <= GROWTH_KIB, "grown by {grown_kib} KiB from {before_kib} KiB");
    crm.stop().await;
    assert_eq!(served.signalled("TERM").await, Some(0));
}
