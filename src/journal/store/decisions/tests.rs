//! The record in a file of a test's own.

use std::{fs, path::Path};

use super::{Answer, Decision, Decisions, NAME};

const NOW: i64 = 1_795_000_000_000;
const DAY: i64 = 86_400_000;
const ANNAS: u64 = 380_671_112_233;
const OTHER: u64 = 380_509_998_877;

fn decision(number: u64, block: &str, at_ms: i64) -> Decision {
    Decision {
        id: 0,
        project: "acme".to_owned(),
        number: Some(number),
        crm_id: Some("17".to_owned()),
        at_ms,
        answer: Answer {
            block: block.to_owned(),
            outcome: "hit".to_owned(),
            employee: "Anna".to_owned(),
            destination: "acme_anna".to_owned(),
            source: "directory".to_owned(),
            entity: "contact".to_owned(),
            ..Answer::default()
        },
    }
}

fn opened() -> (tempfile::TempDir, Decisions) {
    let folder = tempfile::tempdir().expect("a folder");
    let decisions = Decisions::open(folder.path()).expect("a record");
    (folder, decisions)
}

/// Whether any of the record's files holds a number as the file writes it: six bytes, the highest first.
fn holds(folder: &Path, number: u64) -> bool {
    let bytes = &number.to_be_bytes()[2..];
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let ours = files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(NAME)));
    ours.map(|path| fs::read(path).expect("a file")).any(|file| file.windows(6).any(|six| six == bytes))
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart_newest_first() {
    let (folder, decisions) = opened();
    let stored: Vec<_> = (0..5).map(|n| decision(ANNAS + n, "sales", NOW + i64::try_from(n).expect("small"))).collect();
    decisions.append(stored).await.expect("stored");
    let unread = Decision { number: None, crm_id: None, ..decision(1, "sales", NOW + 9) };
    decisions.append(vec![unread.clone()]).await.expect("stored");
    drop(decisions);
    let decisions = Decisions::open(folder.path()).expect("opened again");
    let listed = decisions.list("acme", None, 3).await.expect("a list");
    assert_eq!(listed[0], Decision { id: listed[0].id, ..unread });
    assert_eq!(listed.iter().map(|one| one.number).collect::<Vec<_>>(), [None, Some(ANNAS + 4), Some(ANNAS + 3)]);
    let one = decisions.list("acme", Some(vec![ANNAS + 1, OTHER]), 10).await.expect("a list");
    assert_eq!(one.iter().map(|one| one.at_ms).collect::<Vec<_>>(), [NOW + 1]);
    assert_eq!(decisions.list("beta", None, 3).await.expect("a list"), []);
}

#[tokio::test]
async fn each_number_is_told_once_for_each_block_with_how_often_it_was_asked_and_the_last_one_first() {
    let (_folder, decisions) = opened();
    let mut stored = Vec::new();
    for n in 0..30 {
        stored.push(decision(ANNAS + n % 3, if n % 2 == 0 { "sales" } else { "deals" }, NOW + n.cast_signed()));
    }
    // Long ago, of another project, and without a number.
    stored.push(decision(OTHER, "sales", NOW - DAY));
    stored.push(Decision { project: "beta".to_owned(), ..decision(OTHER, "sales", NOW) });
    stored.push(Decision { number: None, ..decision(1, "sales", NOW) });
    decisions.append(stored).await.expect("stored");
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = decisions.asked("acme", NOW, (before, 4)).await.expect("a page");
        let Some(last) = page.last() else { break };
        before = Some((last.last.at_ms, last.last.id));
        all.extend(page);
    }
    let told: Vec<_> = all
        .iter()
        .map(|asked| {
            let last = &asked.last;
            (last.number.expect("a number") - ANNAS, last.answer.block.as_str(), last.at_ms - NOW, asked.times)
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "deals", 29, 5),
            (1, "sales", 28, 5),
            (0, "deals", 27, 5),
            (2, "sales", 26, 5),
            (1, "deals", 25, 5),
            (0, "sales", 24, 5)
        ]
    );
    let lately = decisions.asked("acme", NOW + 25, (None, 100)).await.expect("a page");
    assert_eq!(lately.iter().map(|asked| asked.times).collect::<Vec<_>>(), [1; 5]);
}

#[tokio::test]
async fn an_erased_number_is_gone_from_the_files_to_its_last_byte_and_the_others_stay() {
    let (folder, decisions) = opened();
    // Over many pages, so that it stands within the indexes' inner pages as well.
    let stored = (0..20_000).map(|n| decision(if n % 7 == 0 { ANNAS } else { OTHER + n }, "sales", NOW)).collect();
    decisions.append(stored).await.expect("stored");
    assert!(holds(folder.path(), ANNAS) && holds(folder.path(), OTHER + 1));
    let erased = decisions.erase("acme", Some(vec![ANNAS])).await.expect("erased");
    assert_eq!((erased.decisions, erased.overwritten), (2_858, true));
    assert!(!holds(folder.path(), ANNAS), "its bytes are still there");
    assert!(holds(folder.path(), OTHER + 1));
    assert_eq!(decisions.list("acme", Some(vec![ANNAS]), 10).await.expect("a list"), []);
    let all = decisions.erase("acme", None).await.expect("erased");
    assert_eq!((all.decisions, all.overwritten), (17_142, true));
    assert!(!holds(folder.path(), OTHER + 1));
}

#[tokio::test]
async fn bytes_that_a_reader_keeps_are_not_said_to_be_gone() {
    let (folder, decisions) = opened();
    decisions.append(vec![decision(ANNAS, "sales", NOW)]).await.expect("stored");
    let other = rusqlite::Connection::open(folder.path().join(NAME)).expect("a reader");
    other.execute_batch("BEGIN; SELECT count(*) FROM decision;").expect("a transaction that reads");
    let erased = decisions.erase("acme", Some(vec![ANNAS])).await.expect("erased");
    assert_eq!((erased.decisions, erased.overwritten), (1, false));
    drop(other);
    // Asked again, there is nothing left to be erased and the bytes go.
    let again = decisions.erase("acme", Some(vec![ANNAS])).await.expect("erased");
    assert_eq!((again.decisions, again.overwritten), (0, true));
    assert!(!holds(folder.path(), ANNAS));
}

#[tokio::test]
async fn what_is_old_is_removed_of_that_project_alone() {
    let (_folder, decisions) = opened();
    let mut stored: Vec<_> =
        (0..5_000).map(|n| decision(ANNAS, "sales", NOW - DAY + i64::from(n % 2) * 2 * DAY)).collect();
    stored.push(Decision { project: "beta".to_owned(), ..decision(ANNAS, "sales", NOW - DAY) });
    decisions.append(stored).await.expect("stored");
    assert_eq!(decisions.remove_before("acme", NOW).await, Ok(2_500));
    assert_eq!(decisions.remove_before("acme", NOW).await, Ok(0));
    let left = decisions.asked("acme", 0, (None, 10)).await.expect("a page");
    assert_eq!(left.iter().map(|asked| asked.times).collect::<Vec<_>>(), [2_500]);
    assert_eq!(decisions.list("beta", None, 10).await.expect("a list").len(), 1);
    assert_eq!(decisions.projects().await.expect("projects"), ["acme", "beta"]);
}

#[tokio::test]
async fn another_programs_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(NAME);
    rusqlite::Connection::open(&path).expect("a file").execute_batch("CREATE TABLE theirs (x)").expect("a table");
    let before = fs::read(&path).expect("a file");
    assert!(Decisions::open(folder.path()).is_err());
    assert_eq!(fs::read(&path).expect("a file"), before);
}
