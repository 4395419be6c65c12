use std::{fs, sync::Arc, time::Duration};

use rusqlite::{Connection, StatementStatus};

use crate::journal::store::contract::{NOW, append, event, lease};
use crate::journal::store::sqlite::fault::Fault;
use crate::journal::store::sqlite::line::Line;
use crate::journal::store::{SqliteStore, Store, StoreError};

/// How many commits stand in a write-ahead log: frames whose header says how large the file is after them.
fn commits(log: &[u8]) -> usize {
    log[32..].chunks_exact(24 + 4_096).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn events_that_wait_share_a_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(SqliteStore::open(folder.path()).expect("a journal"));
    let log = || fs::read(folder.path().join("journal.sqlite-wal")).expect("the log");
    append(&*store, event("first", 0)).await;
    let before = commits(&log());
    let other = Connection::open(store.path()).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let appended: Vec<_> = (0..200)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.append(event(&format!("lane-{n}"), n)).await })
        })
        .collect();
    // The runtime has one thread: each is in the line when this one has its turn again.
    tokio::task::yield_now().await;
    other.execute_batch("ROLLBACK").expect("let go");
    for appended in appended {
        appended.await.expect("an end").expect("stored");
    }
    let shared = commits(&log()) - before;
    assert!((1..=4).contains(&shared), "expected 200 events in a few commits, found {shared}");
}

#[tokio::test]
async fn who_waits_longer_than_another_program_may_hold_the_file_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a journal");
    let other = Connection::open(store.path()).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let refused = store.append(event("a", 1)).await.expect_err("the file is held");
    assert!(matches!(&refused, StoreError::Failed(how) if how.contains("locked")), "{refused}");
    assert_eq!(store.counts("acme").await.expect("reading goes on").by_state.len(), 0);
    other.execute_batch("ROLLBACK").expect("let go");
    append(&store, event("a", 1)).await;
}

#[tokio::test]
async fn what_fails_takes_nobody_with_it_who_came_at_the_same_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Connection::open(folder.path().join("x")).expect("a database");
    db.execute_batch("CREATE TABLE t (n INTEGER UNIQUE)").expect("a table");
    let line = Line::writer(db).expect("a thread");
    let (go, held) = std::sync::mpsc::channel::<()>();
    let mut waited = false;
    // Done again where it shares a transaction with the one that fails.
    let first = line.ask(move |_| {
        let go = std::mem::replace(&mut waited, true) || held.recv_timeout(Duration::from_secs(10)).is_ok();
        if go { Ok(()) } else { Err(StoreError::Closed.into()) }
    });
    let insert = |n: i64| {
        line.ask(move |db: &Connection| -> Result<i64, Fault> {
            db.execute("INSERT INTO t VALUES (?1)", [n])?;
            // The third has done half of its work when it fails.
            db.execute("INSERT INTO t VALUES (?1)", [if n == 3 { 3 } else { n + 100 }])?;
            Ok(n)
        })
    };
    let rest = futures_util::future::join_all((1..=5).map(insert));
    let (first, rest, ()) = tokio::join!(first, rest, async { go.send(()).expect("the thread waits") });
    first.expect("done");
    let told: Vec<_> = rest.into_iter().map(|one| one.is_ok()).collect();
    assert_eq!(told, [true, true, false, true, true]);
    let found = line.ask(|db| Ok(db.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(found.await, Ok(8));
}

#[tokio::test]
async fn an_answer_whose_asker_went_away_is_done_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a journal");
    {
        let asked = store.append(event("a", 1));
        tokio::pin!(asked);
        // In the line, and given up before it is answered, or answered at once.
        let _polled = futures_util::poll!(&mut asked);
    }
    assert_eq!(lease(&store, NOW).await.entry.identity, "a-1");
}

/// What is looked for must be found by an index, in its order: else it costs more with every entry that waits.
#[tokio::test]
async fn whatever_a_worker_asks_for_is_found_by_an_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a journal");
    for n in 0..2_000 {
        store.append(event(&format!("lane-{}", n % 1_000), n)).await.expect("stored");
    }
    let db = Connection::open(store.path()).expect("the file");
    for sql in [
        "SELECT due_ms, id FROM entry WHERE project = 'acme' AND head = 1 AND planned = 0 AND retry = 0 AND due_ms <= 9
         ORDER BY due_ms, id LIMIT 1",
        "SELECT min(due_ms) FROM entry WHERE project = 'acme' AND head = 1 AND planned = 0 AND retry = 0 AND due_ms > 9",
        "SELECT id FROM entry WHERE project = 'acme' AND lane = 'lane-7' AND head = 1",
        "SELECT id FROM entry WHERE project = 'acme' AND lane = 'lane-7' AND open = 1 ORDER BY id LIMIT 1",
        "SELECT id FROM entry WHERE project = 'acme' AND identity = 'x'",
        "SELECT id FROM entry WHERE project = 'acme' AND call_id = 'call-lane-7' ORDER BY id",
        "SELECT id FROM entry WHERE project = 'acme' AND state = 'stored' AND id > 5 ORDER BY id LIMIT 500",
        "SELECT who FROM made WHERE project = 'acme' AND who = '7' AND at_ms >= 5 ORDER BY at_ms, rowid",
        "SELECT call_id FROM call WHERE project = 'acme' AND first_ms < 5 LIMIT 500",
    ] {
        let mut statement = db.prepare(sql).expect("a statement");
        let mut rows = statement.query([]).expect("an answer");
        while rows.next().expect("a row").is_some() {}
        drop(rows);
        let cost = (
            statement.get_status(StatementStatus::FullscanStep),
            statement.get_status(StatementStatus::Sort),
            statement.get_status(StatementStatus::VmStep) < 100,
        );
        assert_eq!(cost, (0, 0, true), "{sql}");
    }
}
