use std::{fs, path::Path, process::Command};

use rusqlite::Connection;

use crate::journal::store::contract::{ACME, NOW, append, done, event, lease};
use crate::journal::store::{LateStore, NewEntry, SqliteStore, State, Store, StoreError};

/// A small file system of the test's own.
struct Small(tempfile::TempDir);

impl Small {
    /// `None` where this user may mount none.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|told| told.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_acknowledged_that_is_not_stored_and_it_works_again_with_room() {
    let Some(disk) = Small::mount() else {
        eprintln!("skipped: no file system may be mounted here");
        return;
    };
    // Gone, it leaves more room than the log then takes, so that the log can be put where it belongs.
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![0; 1_200 << 10]).expect("room at first");
    let store = SqliteStore::open(disk.path()).expect("a journal");
    let large = |n| NewEntry { raw: vec![b'x'; 20_000], ..event(&format!("lane-{n}"), n) };
    let mut acknowledged = Vec::new();
    let refused = loop {
        let n = u32::try_from(acknowledged.len()).expect("few");
        match store.append(large(n)).await {
            Ok(appended) => acknowledged.push(appended.id),
            Err(error) => break error,
        }
        assert!(n < 1_000, "expected the disk to be full by now");
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
    assert!(!acknowledged.is_empty());
    for n in 5_000..5_005 {
        store.append(large(n)).await.expect_err("it is still full");
    }
    // Reading goes on, and finds what was acknowledged and nothing else.
    let counts = store.counts(ACME).await.expect("read").by_state;
    assert_eq!(counts.get(&State::Received), Some(&(acknowledged.len() as u64)));

    fs::remove_file(&ballast).expect("removed");
    acknowledged.push(append(&store, large(6_000)).await);
    let leased = lease(&store, NOW).await;
    store.finish(&leased.lease, done(), NOW).await.expect("finished");
    drop(store);
    let db = Connection::open(disk.path().join("journal.sqlite")).expect("the file");
    let whole: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("looked at");
    assert_eq!(whole, "ok");
    drop(db);
    let store = SqliteStore::open(disk.path()).expect("a journal");
    for id in acknowledged {
        assert_eq!(store.show(id).await.expect("read").expect("what was acknowledged").raw.len(), 20_000);
    }
}

/// Takes all the room there is, so that not even an empty journal has some; gives the file that took it.
fn filled(disk: &Path) -> std::path::PathBuf {
    let ballast = disk.join("ballast");
    let mut file = fs::File::create(&ballast).expect("a file");
    while std::io::Write::write(&mut file, &[0; 4096]).is_ok_and(|written| written > 0) {}
    ballast
}

#[tokio::test]
async fn a_journal_that_finds_no_room_at_first_is_opened_once_there_is_some() {
    let Some(disk) = Small::mount() else {
        eprintln!("skipped: no file system may be mounted here");
        return;
    };
    let ballast = filled(disk.path());
    let store = LateStore::open(disk.path()).expect("a store that is not open yet");
    assert!(!store.is_open());
    for _ in 0..2 {
        let refused = store.append(event("lane", 1)).await.expect_err("nothing is acknowledged");
        assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
        store.try_again().expect_err("it is still full");
    }
    store.paused().await.expect_err("nor is anything read");
    fs::remove_file(&ballast).expect("removed");
    store.try_again().expect("opened");
    assert!(store.is_open());
    let id = append(&store, event("lane", 1)).await;
    assert!(store.show(id).await.expect("read").is_some());
    drop(store);
    assert!(LateStore::open(disk.path()).expect("a journal").is_open());
}

#[tokio::test]
async fn a_full_disk_keeps_a_journal_with_entries_closed_and_loses_none() {
    let Some(disk) = Small::mount() else {
        eprintln!("skipped: no file system may be mounted here");
        return;
    };
    let store = SqliteStore::open(disk.path()).expect("a journal");
    let id = append(&store, event("lane", 1)).await;
    drop(store);
    let ballast = filled(disk.path());
    let store = LateStore::open(disk.path()).expect("a store that is not open yet");
    assert!(!store.is_open());
    fs::remove_file(&ballast).expect("removed");
    store.try_again().expect("opened");
    assert!(store.show(id).await.expect("read").is_some());
}

#[tokio::test]
async fn a_damaged_journal_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("journal.sqlite"), "no database at all ".repeat(400)).expect("written");
    let error = LateStore::open(folder.path()).err().expect("a refusal");
    assert!(error.to_string().contains("found it damaged"), "{error}");
}
