use std::{fs, path::Path, process::Command};

use rusqlite::Connection;

use crate::journal::store::contract::{ACME, NOW, append, done, event, lease};
use crate::journal::store::{NewEntry, SqliteStore, State, Store, StoreError};

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
