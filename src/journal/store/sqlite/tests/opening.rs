use std::{fs, path::Path, process::Command};

use rusqlite::Connection;

use crate::journal::store::contract::{append, event};
use crate::journal::store::{NewEntry, OpenError, SqliteStore, Store};

fn refused(folder: &Path) -> OpenError {
    let path = folder.join("journal.sqlite");
    let before = fs::read(&path).expect("a file");
    let error = SqliteStore::open(folder).err().expect("a file that is refused");
    assert_eq!(fs::read(&path).expect("the file"), before, "it is left as it was found");
    error
}

#[tokio::test]
async fn a_newer_predials_journal_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(SqliteStore::open(folder.path()).expect("a journal"));
    let db = Connection::open(folder.path().join("journal.sqlite")).expect("a database");
    db.pragma_update(None, "user_version", 99).expect("written");
    drop(db);
    let error = refused(folder.path());
    let OpenError::Newer { found: 99, known, .. } = error else { panic!("{error}") };
    let said = format!("in format {known} or older, found 99: written by a newer predial");
    assert!(error.to_string().contains(&said), "{error}");
}

/// A journal as the first format had it, with what was made for a client.
#[tokio::test]
async fn a_journal_of_the_first_format_is_brought_to_todays_with_all_that_was_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Connection::open(folder.path().join("journal.sqlite")).expect("a database");
    let made = "INSERT INTO made VALUES ('acme', 380671112233, 'contact', '17', 5)";
    db.execute_batch(include_str!("../schema.sql")).and_then(|()| db.execute_batch(made)).expect("a journal");
    db.execute_batch("PRAGMA application_id = 1886545252; PRAGMA user_version = 1").expect("written");
    drop(db);
    let store = SqliteStore::open(folder.path()).expect("a journal");
    let told = store.made_for("acme", "380671112233", 0).await.expect("read");
    assert_eq!(told.iter().map(|made| made.crm_id.as_str()).collect::<Vec<_>>(), ["17"]);
}

#[tokio::test]
async fn an_older_predials_journal_is_brought_to_todays_format_with_all_that_it_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Connection::open(folder.path().join("journal.sqlite")).expect("a database");
    db.execute_batch(include_str!("../schema.sql")).expect("the first format");
    db.pragma_update(None, "application_id", 0x7072_6564).expect("written");
    db.pragma_update(None, "user_version", 1).expect("written");
    db.execute_batch(
        "INSERT INTO entry (project, moment, identity, lane, received_ms, state, raw)
         VALUES ('acme', 'after-call', 'before', 'lane', 1, 'stored', 'raw')",
    )
    .expect("an entry");
    drop(db);
    for _ in 0..2 {
        let store = SqliteStore::open(folder.path()).expect("a journal");
        let known = store.append(NewEntry { identity: "before".to_owned(), ..event("lane", 1) }).await.expect("read");
        assert!(known.known, "{known:?}");
        store.set_reconciled("acme", 7).await.expect("noted");
    }
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Connection::open(folder.path().join("journal.sqlite")).expect("a database");
    db.execute_batch("CREATE TABLE songs (name TEXT)").expect("a table");
    drop(db);
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Other { .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_journal_is_refused_and_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.sqlite");
    fs::write(&path, "caller=380501234567&n=1\n".repeat(400)).expect("written");
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");

    fs::remove_file(&path).expect("removed");
    let store = SqliteStore::open(folder.path()).expect("a journal");
    for n in 0..200 {
        append(&store, event(&format!("lane-{n}"), n)).await;
    }
    drop(store);
    let whole = fs::read(&path).expect("the file");
    let pages = whole.len() / 4_096;
    for place in [pages / 3, pages / 2, pages - 1].map(|page| page * 4_096) {
        let mut damaged = whole.clone();
        damaged[place..place + 512].fill(0xa5);
        fs::write(&path, damaged).expect("written");
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("move it aside to begin a new one"), "{error}");
    }
    fs::write(&path, &whole).expect("written");
    drop(SqliteStore::open(folder.path()).expect("a journal that is whole again"));
    fs::write(&path, &whole[..whole.len() / 2]).expect("cut off");
    assert!(matches!(refused(folder.path()), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = SqliteStore::open(&folder.path().join("gone")).err().expect("no folder");
    assert!(error.to_string().contains("gone/journal.sqlite"), "{error}");
}

#[tokio::test]
async fn only_its_user_may_read_the_file_and_its_companions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a journal");
    append(&store, event("a", 1)).await;
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path()).expect("a folder") {
        let file = file.expect("a file");
        assert_eq!(file.metadata().expect("its facts").permissions().mode() & 0o777, 0o600, "{file:?}");
        names.push(file.file_name());
    }
    names.sort();
    assert_eq!(names, ["journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"]);
}

#[tokio::test]
async fn the_file_can_be_read_with_sqlite3_while_it_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a journal");
    append(&store, event("a", 1)).await;
    let asked = "SELECT project, moment, state FROM entry; PRAGMA journal_mode; PRAGMA integrity_check";
    let Ok(told) = Command::new("sqlite3").arg(store.path()).arg(asked).output() else {
        eprintln!("skipped: there is no sqlite3 here");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&told.stdout), "acme|after-call|received\nwal\nok\n");
    append(&store, event("a", 2)).await;
}
