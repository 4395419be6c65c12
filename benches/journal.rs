//! How many events the journal stores durably in a second, and what the disk's bare flush takes in the same run:
//! `cargo bench --bench journal`.
//!
//! Below the bound the bench fails. The file is below `target`, on a real disk. Behind `--` may stand how many events. All of them wait while some are then
//! taken up, one at a time.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench that cannot be set up ends there; it prints")]

use std::{
    env,
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use predial::journal::store::{Claim, End, NewEntry, SqliteStore, State, Store};

/// So many store at the same moment.
const APPENDERS: usize = 64;
const FLUSHES: usize = 300;
const LEASES: usize = 500;
/// Stored durably.
const LEAST_A_SECOND: f64 = 5_000.0;
const NOW: i64 = 1_763_600_000_000;

/// An event as they are: some hundreds of bytes, three to a call, a client each.
fn event(n: u32) -> NewEntry {
    let call = n / 3;
    let raw = format!("call_id=ua0_-1731315881.{call}&caller=38067{call:07}&n={n}&{}", "utm_source=google&".repeat(30));
    NewEntry {
        project: "acme".to_owned(),
        moment: "after-call".to_owned(),
        call_id: Some(format!("ua0_-1731315881.{call}")),
        // As even over the index as a hash would be.
        identity: format!("{:016x}{n:016x}", u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        lane: format!("38067{call:07}"),
        received_ms: NOW + i64::from(n),
        facts: Some(format!("{{\"n\":{n},\"status\":\"ANSWERED\",\"client\":38067{call:07}}}")),
        raw: raw.into_bytes(),
        state: State::Received,
        same_within_ms: None,
    }
}

/// A page written and flushed, so many times.
fn flushes(folder: &Path, took: &mut Vec<Duration>) {
    let mut file = File::create(folder.join("flushed")).expect("a file");
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&[0x5a; 4_096]).and_then(|()| file.sync_data()).expect("written");
        took.push(began.elapsed());
    }
}

async fn appends(store: &Arc<SqliteStore>, events: u32) -> Vec<Duration> {
    let next = Arc::new(AtomicU32::new(0));
    let appender = || {
        let (store, next) = (Arc::clone(store), Arc::clone(&next));
        tokio::spawn(async move {
            let mut took = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= events {
                    return took;
                }
                let began = Instant::now();
                store.append(event(n)).await.expect("stored");
                took.push(began.elapsed());
            }
        })
    };
    let appenders: Vec<_> = (0..APPENDERS).map(|_| appender()).collect();
    let mut took = Vec::new();
    for appender in appenders {
        took.extend(appender.await.expect("an end"));
    }
    took
}

/// Takes entries up and ends them, one after the other, with all the others waiting.
async fn leases(store: &SqliteStore) -> Vec<Duration> {
    let mut took = Vec::new();
    for n in 0..LEASES {
        let claim = Claim { project: "acme".to_owned(), now_ms: NOW, lease_ms: 60_000, retries_first: n % 2 == 0 };
        let began = Instant::now();
        let leased = store.lease(claim).await.expect("an answer").expect("an entry");
        took.push(began.elapsed());
        store.finish(&leased.lease, End::Done { outcome: None }, NOW).await.expect("finished");
    }
    took
}

fn print(what: &str, took: &mut [Duration]) {
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    println!("{what:<10} p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));
}

fn main() {
    // Cargo adds words of its own.
    let mut given = env::args().filter_map(|argument| argument.parse().ok());
    let events: u32 = given.next().unwrap_or(100_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let work = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let store = Arc::new(SqliteStore::open(folder.path()).expect("a journal"));
    let mut flushed = Vec::new();
    flushes(folder.path(), &mut flushed);
    let began = Instant::now();
    let mut appended = work.block_on(appends(&store, events));
    let seconds = began.elapsed().as_secs_f64();
    flushes(folder.path(), &mut flushed);
    let mut leased = work.block_on(leases(&store));
    print("flush", &mut flushed);
    print("append", &mut appended);
    print("lease", &mut leased);
    let a_second = f64::from(events) / seconds;
    println!("stored     {a_second:.0} events a second, {events} in {seconds:.2} s");
    if a_second < LEAST_A_SECOND {
        println!("MISSED     expected at least {LEAST_A_SECOND} events a second");
        std::process::exit(1);
    }
}
