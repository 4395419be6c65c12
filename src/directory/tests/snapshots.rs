//! What is on disk: written, read back, refused, and caught up with.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{FULL, OLEH, Stage, contact, deal, key, staged, user};
use crate::base::{clock::Clock, metric::Count};
use crate::crm::{Matching, Record, failure::Failure};
use crate::directory::{Keeping, NoSnapshot, Origin, Shelf, WarmRequest, WarmState, Why};
use crate::model::{client::Kind, ids::CrmId};

/// A data folder, and what stands in it from one start of the service to the next.
struct Disk {
    folder: TempDir,
    origin: Origin,
    catch_up: Duration,
    keep: usize,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn disk() -> Disk {
    let origin = Origin {
        adapter: "values".to_owned(),
        account: "https://acme.example".to_owned(),
        country: "UA".to_owned(),
        phone_fields: vec!["second_phone".to_owned()],
        matching: "whole".to_owned(),
    };
    Disk { folder: tempfile::tempdir().expect("a folder"), origin, catch_up: 7 * DAY, keep: 5 }
}

impl Disk {
    fn path(&self) -> PathBuf {
        self.folder.path().join("directory/acme")
    }

    /// A service that starts `later` than the first one did; nothing is restored yet.
    fn start(&self, records: Vec<Record>, later: Duration) -> Stage {
        let first: Timestamp = "2026-11-20T10:00:00Z".parse().expect("a time");
        let now = first.checked_add(SignedDuration::try_from(later).expect("a span")).expect("a time");
        let shelf = Shelf::new(self.path(), self.keep);
        let (origin, catch_up) = (self.origin.clone(), self.catch_up);
        let keeping = Keeping { shelf, origin, every: 10 * MINUTE, catch_up };
        staged(records, Matching::Whole, Clock::following(now), Some(keeping))
    }

    /// A service that was filled, wrote a snapshot and is gone.
    async fn left_by(&self, records: Vec<Record>) -> String {
        let stage = self.start(records, Duration::ZERO).crawled().await;
        stage.directory.save(Why::Crawl).expect("written").expect("something to write")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("a folder");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
        names.sort_unstable();
        names
    }
}

fn clients() -> Vec<Record> {
    let mut strange = contact(2, "call me", 7);
    strange.numbers.push("0671112234".to_owned());
    strange.numbers.push("12".to_owned());
    vec![contact(1, "067 111-22-33", 7), strange, deal(5, 1, true), deal(6, 2, false)]
}

#[tokio::test(start_paused = true)]
async fn a_start_answers_what_was_known_before_any_crm_is_reached() {
    let disk = disk();
    let before = disk.start(clients(), Duration::ZERO);
    *before.crm.users.lock().expect("not poisoned") = vec![user(7)];
    let before = before.crawled().await;
    let made = before.directory.save(Why::Crawl).expect("written");
    let after = disk.start(Vec::new(), 30 * MINUTE);
    let restored = after.directory.restore().expect("a snapshot");
    assert_eq!((Some(&restored.at), restored.numbers, restored.records), (made.as_ref(), 2, 3));
    assert_eq!(after.kinds_under(OLEH), [Kind::Contact, Kind::Deal]);
    let (known, held) = (after.directory.known(key(OLEH)), before.directory.known(key(OLEH)));
    assert_eq!(known.map(|client| client.entities().to_vec()), held.map(|client| client.entities().to_vec()));
    assert_eq!(after.directory.users().borrow().to_vec(), [user(7)]);
    assert_eq!(after.directory.unreadable_numbers(), before.directory.unreadable_numbers());
    assert_eq!(after.directory.crawled(), before.directory.crawled());
    assert_eq!((after.crm.asked(), after.crm.pages.load(Ordering::SeqCst)), (0, 0));
    let status = after.directory.status();
    assert_eq!((status.snapshot.answering, status.age_s, status.numbers), (true, Some(1800), 2));
}

#[tokio::test(start_paused = true)]
async fn absent_is_no_fact_after_a_restore_until_a_sweep_was_good() {
    let disk = disk();
    disk.left_by(clients()).await;
    // So young that its last sweep would still be believed in the process that made it.
    let after = disk.start(clients(), Duration::from_secs(5));
    after.directory.restore().expect("a snapshot");
    assert_eq!(after.directory.absent_as_of(), None);
    assert_eq!(after.warm(WarmRequest::default()).await, WarmState::Done);
    assert!(after.directory.absent_as_of().is_some());
    assert!(!after.directory.status().snapshot.answering);
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_is_read_from_where_the_snapshot_stood_and_no_crawl_is_made() {
    let disk = disk();
    disk.left_by(clients()).await;
    let after = disk.start(clients(), 3 * 60 * MINUTE);
    let stood_s = after.directory.restore().expect("a snapshot").last_sweep_s;
    *after.crm.changed.lock().expect("not poisoned") = vec![contact(1, "0671112233", 9)];
    let stop = CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&after.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(*after.crm.since.lock().expect("not poisoned"), [stood_s - 60]);
    assert_eq!(after.crm.pages.load(Ordering::SeqCst), 0);
    let client = after.directory.known(key(OLEH)).expect("known");
    assert_eq!(client.of_kind(Kind::Contact).next().and_then(|contact| contact.owner), Some(CrmId::Number(9)));
    stop.cancel();
    fresh.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_too_old_to_catch_up_with_answers_while_everything_is_read_anew() {
    let disk = disk();
    disk.left_by(clients()).await;
    let mut now = clients();
    now.remove(0);
    let after = disk.start(now, 8 * DAY);
    after.directory.restore().expect("a snapshot");
    assert_eq!(after.kinds_under(OLEH), [Kind::Contact, Kind::Deal]);
    let stop = CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&after.directory).keep_fresh(stop.clone()));
    let mut progress = after.directory.warm_progress();
    progress.wait_for(|run| run.full && run.state == WarmState::Done).await.expect("a crawl");
    assert!(after.directory.known(key(OLEH)).is_none(), "deleted meanwhile");
    stop.cancel();
    fresh.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_the_format_before_answers_while_everything_is_read_anew_for_its_names() {
    let disk = Disk { origin: Origin { phone_fields: Vec::new(), ..disk().origin }, ..disk() };
    fs::create_dir_all(disk.path()).expect("a folder");
    let before = include_bytes!("../snapshot/fixtures/format_1.snapshot");
    fs::write(disk.path().join("20261118T060640.000Z.snapshot"), before).expect("written");
    let after = disk.start(clients(), Duration::ZERO);
    after.directory.restore().expect("a snapshot");
    let name = || after.directory.known(key(OLEH)).and_then(|client| client.name().map(str::to_owned));
    assert_eq!((after.kinds_under(OLEH), name()), (vec![Kind::Contact, Kind::Deal], None));
    let stop = CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&after.directory).keep_fresh(stop.clone()));
    let mut progress = after.directory.warm_progress();
    progress.wait_for(|run| run.full && run.state == WarmState::Done).await.expect("a crawl");
    assert_eq!(name().as_deref(), Some("Client 1"));
    stop.cancel();
    fresh.await.expect("no panic");
    after.directory.save(Why::Crawl).expect("written").expect("something to write");
    let again = disk.start(Vec::new(), MINUTE);
    again.directory.restore().expect("a snapshot");
    assert_eq!(again.directory.known(key(OLEH)).expect("known").name(), Some("Client 1"));
    assert!(again.directory.can_catch_up(MINUTE));
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_cannot_tell_what_changed_since_is_read_anew() {
    let disk = disk();
    disk.left_by(clients()).await;
    let after = disk.start(clients(), DAY);
    after.directory.restore().expect("a snapshot");
    let too_far = Failure::Refused { reason: "the filter reaches too far back".to_owned() };
    after.crm.failing.lock().expect("not poisoned").push(too_far);
    let stop = CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&after.directory).keep_fresh(stop.clone()));
    let mut progress = after.directory.warm_progress();
    progress.wait_for(|run| run.full && run.state == WarmState::Done).await.expect("a crawl");
    assert!(after.directory.absent_as_of().is_some());
    stop.cancel();
    fresh.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_crawl_after_a_restore_takes_out_what_is_gone_within_its_guard() {
    let disk = disk();
    let many: Vec<_> = (0..10).map(|at| contact(at + 1, &format!("067111220{at}"), 7)).collect();
    disk.left_by(many.clone()).await;
    let after = disk.start(many[..6].to_vec(), DAY);
    after.directory.restore().expect("a snapshot");
    assert_eq!(after.warm(FULL).await, WarmState::Refused);
    assert!(after.directory.known(key(380_671_112_209)).is_some());
    *after.crm.records.lock().expect("not poisoned") = many[..9].to_vec();
    assert_eq!(after.warm(FULL).await, WarmState::Done);
    assert!(after.directory.known(key(380_671_112_209)).is_none());
}

#[tokio::test(start_paused = true)]
async fn of_a_damaged_snapshot_nothing_is_used_and_the_one_before_answers() {
    let disk = disk();
    let good = disk.left_by(clients()).await;
    let bad = disk.left_by(vec![contact(9, "0671112299", 7)]).await;
    assert!(good < bad, "{good} {bad}");
    let path = disk.path().join(format!("{bad}.snapshot"));
    let mut bytes = fs::read(&path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("written");
    let after = disk.start(Vec::new(), MINUTE);
    assert_eq!(after.directory.restore().map(|restored| restored.at), Some(good));
    assert!(after.directory.known(key(380_671_112_299)).is_none());
    assert_eq!(after.metrics.counted(Count::SnapshotsRefused), 1);
    let refused = after.directory.restore_at(&bad).expect_err("a damaged one");
    assert!(matches!(&refused, NoSnapshot::Damaged { at, .. } if *at == bad), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_something_else_is_refused_by_what_it_is_of() {
    let mut disk = disk();
    let made = disk.left_by(clients()).await;
    let ours = disk.origin.clone();
    let others = [
        (Origin { account: "https://other.example".to_owned(), ..ours.clone() }, "the account: expected https://other"),
        (Origin { country: "PL".to_owned(), ..ours.clone() }, "country: expected PL, found UA"),
        (Origin { adapter: "hubspot".to_owned(), ..ours.clone() }, "crm.kind: expected hubspot, found values"),
        (Origin { phone_fields: Vec::new(), ..ours }, "crm.fields.phone: expected [], found [second_phone]"),
    ];
    for (other, reason) in others {
        disk.origin = other;
        let after = disk.start(Vec::new(), MINUTE);
        assert!(after.directory.restore().is_none());
        let refused = after.directory.restore_at(&made).expect_err("a foreign one").to_string();
        assert!(refused.contains(reason), "{refused}");
        assert_eq!(
            after.directory.generations().expect("a folder")[0].problem.as_deref().map(|it| it.contains(reason)),
            Some(true)
        );
        assert!(after.directory.known(key(OLEH)).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn one_is_written_after_each_crawl_and_then_only_of_what_changed() {
    let disk = disk();
    let stage = disk.start(clients(), Duration::ZERO);
    assert_eq!(stage.directory.save(Why::Stop).expect("nothing to write"), None, "no crawl has completed it");
    let stop = CancellationToken::new();
    let fresh = tokio::spawn(Arc::clone(&stage.directory).keep_fresh(stop.clone()));
    tokio::time::sleep(MINUTE).await;
    assert_eq!(stage.metrics.counted(Count::SnapshotsWritten), 1, "the first crawl's");
    tokio::time::sleep(30 * MINUTE).await;
    assert_eq!(stage.metrics.counted(Count::SnapshotsWritten), 1, "sweeps found nothing new");
    *stage.crm.changed.lock().expect("not poisoned") = vec![contact(1, "0671112233", 9)];
    tokio::time::sleep(30 * MINUTE).await;
    assert_eq!(stage.metrics.counted(Count::SnapshotsWritten), 2);
    stop.cancel();
    fresh.await.expect("no panic");
    let whys: Vec<_> = stage.directory.generations().expect("a folder").iter().map(|one| one.why).collect();
    assert_eq!(whys, [Some("change"), Some("crawl")]);
    assert!(stage.directory.save(Why::Stop).expect("written").is_some(), "its age has changed at least");
    assert_eq!(stage.directory.save(Why::Stop).expect("nothing to write"), None);
}

#[tokio::test(start_paused = true)]
async fn no_more_generations_stay_than_wanted() {
    let disk = Disk { keep: 3, ..disk() };
    let stage = disk.start(clients(), Duration::ZERO).crawled().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.extend(stage.directory.save(Why::Crawl).expect("written"));
    }
    let kept: Vec<_> = made[2..].iter().map(|name| format!("{name}.snapshot")).collect();
    assert_eq!(disk.names(), kept);
}

/// The kernel's own "no space left on device" for whoever writes to this.
fn fill(aside: &Path) {
    symlink("/dev/full", aside).expect("a link");
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_counted_and_survived() {
    let disk = disk();
    let made = disk.left_by(clients()).await;
    let stage = disk.start(clients(), MINUTE).crawled().await;
    fill(&disk.path().join("writing.part"));
    let error = stage.directory.save(Why::Crawl).expect_err("a full disk");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("No space left"), "{cause}");
    assert_eq!(stage.metrics.counted(Count::SnapshotsFailed), 1);
    assert!(stage.directory.status().snapshot.failing.is_some_and(|reason| reason.contains("No space left")));
    assert_eq!(disk.names(), [format!("{made}.snapshot")], "those there are stay, and nothing half written");
    assert_eq!(stage.kinds_under(OLEH), [Kind::Contact, Kind::Deal]);
    assert!(stage.directory.save(Why::Crawl).expect("room again").is_some());
    assert_eq!(stage.directory.status().snapshot.failing, None);
}

#[tokio::test(start_paused = true)]
async fn a_file_where_the_folder_should_be_is_told_and_survived() {
    let disk = disk();
    fs::write(disk.folder.path().join("directory"), "in the way").expect("written");
    let stage = disk.start(clients(), Duration::ZERO);
    assert!(stage.directory.restore().is_none());
    let stage = stage.crawled().await;
    stage.directory.save(Why::Crawl).expect_err("no folder to be had");
    assert_eq!(stage.metrics.counted(Count::SnapshotsFailed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_time_means_the_newest_made_until_then() {
    let disk = disk();
    let one = disk.left_by(clients()).await;
    let other = disk.start(clients(), 5 * MINUTE).crawled().await;
    let other_made = other.directory.save(Why::Crawl).expect("written").expect("something");
    let find = |at: Option<&str>| other.directory.find_snapshot(at);
    assert_eq!(find(None).expect("the newest"), other_made);
    assert_eq!(find(Some(&one)).expect("by its name"), one);
    assert_eq!(find(Some("2026-11-20T12:03:00+02:00")).expect("by a time"), one);
    for unknown in ["2026-11-19T00:00:00Z", "20261120T100000.001Z", "yesterday"] {
        let refused = find(Some(unknown)).expect_err(unknown).to_string();
        assert!(refused.contains(unknown) && refused.contains(&one), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_listed_until_it_is_put_right() {
    let disk = disk();
    let stage = disk.start(clients(), Duration::ZERO).crawled().await;
    let listed = |stage: &Stage| {
        let unreadable = stage.directory.unreadable_numbers();
        let told = unreadable.numbers.iter().map(|it| format!("{} {} {:?} {}", it.kind, it.id, it.text, it.why));
        told.collect::<Vec<_>>()
    };
    assert_eq!(listed(&stage), ["contact 2 \"call me\" unreadable", "contact 2 \"12\" short"]);
    assert_eq!(stage.directory.status().unreadable_numbers, 2);
    *stage.crm.changed.lock().expect("not poisoned") = vec![contact(2, "0671112234", 7)];
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    assert_eq!(listed(&stage), [] as [&str; 0]);
    let stage = disk.start(clients(), Duration::ZERO).crawled().await;
    *stage.crm.changed.lock().expect("not poisoned") = vec![Record { open: false, ..contact(2, "", 7) }];
    assert_eq!(stage.warm(WarmRequest::default()).await, WarmState::Done);
    assert_eq!(listed(&stage), [] as [&str; 0], "the record is gone");
}
