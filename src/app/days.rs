//! What accounts have spent today, kept on disk, so that a restart gives nobody a second day.
//!
//! The file is a help and never a condition: one that is damaged or cannot be written is told in the log, and the day is
//! counted from zero, as after a crash in the first minute.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::crm::quota::DayMemo;

/// The file's name inside the data folder.
const NAME: &str = "quota.json";
/// More than thousands of accounts come to; what is longer is none of ours.
const MAX_BYTES: u64 = 10_000_000;

/// What every account has spent, by a digest of its name: addresses of customers stand in no file that needs none.
#[derive(Debug)]
pub(super) struct Days {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    memos: BTreeMap<String, DayMemo>,
    /// What the file says.
    stored: Vec<u8>,
}

impl Days {
    /// Reads what the process before this one has kept in the data folder.
    pub(super) fn open(folder: &Path) -> Self {
        let path = folder.join(NAME);
        let memos = read(&path).unwrap_or_else(|error| {
            let (path, error) = (path.display(), error.to_string());
            tracing::warn!(%path, %error, "expected what accounts have spent today; counted from zero");
            BTreeMap::new()
        });
        Self { path, kept: Mutex::new(Kept { memos, stored: Vec::new() }) }
    }

    /// What an account has spent, as far as it is known.
    pub(super) fn memo(&self, account: &str) -> Option<DayMemo> {
        self.kept().memos.get(&digest(account)).cloned()
    }

    /// Keeps what an account has spent, for the next [`Days::store`].
    pub(super) fn note(&self, account: &str, memo: DayMemo) {
        self.kept().memos.insert(digest(account), memo);
    }

    /// Stores what is known, if that is news, and forgets days that are over. A failure is told in the log.
    ///
    /// # Cost
    /// Waits for the disk: not for a runtime's thread.
    pub(super) fn store(&self, now_ms: i64) {
        let mut kept = self.kept();
        kept.memos.retain(|_, memo| !memo.is_over(now_ms));
        let outcome = serde_json::to_vec(&kept.memos).map_err(io::Error::from).and_then(|text| {
            if text != kept.stored {
                self.write(&text)?;
                kept.stored = text;
            }
            Ok(())
        });
        if let Err(error) = outcome {
            tracing::warn!(path = %self.path.display(), %error, "what accounts have spent today was not stored");
        }
    }

    /// Written aside and renamed, so that there is always a whole one.
    fn write(&self, text: &[u8]) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let aside = self.path.with_extension("json.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&aside, &self.path)?;
        File::open(folder)?.sync_all()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> io::Result<BTreeMap<String, DayMemo>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        opened => opened?,
    };
    let mut text = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

fn digest(account: &str) -> String {
    format!("{:x}", Sha256::digest(account))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::{Days, NAME};
    use crate::base::clock::Clock;
    use crate::crm::quota::{Budget, DayMemo, Lane, Ledger, Limits, Purpose};

    const NOON: &str = "2026-11-20T12:00:00Z";
    const ACCOUNT: &str = "https://acme.pipedrive.com";

    fn ms(time: &str) -> i64 {
        time.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
    }

    async fn spent(cost: u64) -> DayMemo {
        let limits = Limits { daily: Some(Budget::utc_day(1_000)), ..Limits::NONE };
        let ledger = Ledger::new(limits, Clock::following(NOON.parse().expect("a time")));
        drop(ledger.spend(Purpose::Live, Lane::Search, cost, Duration::ZERO).await.expect("leave"));
        ledger.memo()
    }

    #[tokio::test]
    async fn what_was_stored_is_known_to_the_next_and_names_no_account() {
        let folder = tempfile::tempdir().expect("a folder");
        let days = Days::open(&folder.path().join("data"));
        assert_eq!(days.memo(ACCOUNT), None);
        days.note(ACCOUNT, spent(7).await);
        days.store(ms(NOON));
        let next = Days::open(&folder.path().join("data"));
        assert_eq!((next.memo(ACCOUNT), next.memo("another")), (Some(spent(7).await), None));
        let text = fs::read_to_string(folder.path().join("data").join(NAME)).expect("a file");
        assert!(!text.contains("acme"), "{text}");
    }

    #[tokio::test]
    async fn only_news_are_written_and_a_day_that_is_over_is_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let (days, path) = (Days::open(folder.path()), folder.path().join(NAME));
        days.note(ACCOUNT, spent(7).await);
        days.store(ms(NOON));
        fs::remove_file(&path).expect("it was written");
        days.store(ms(NOON));
        assert!(!path.exists(), "nothing new");
        days.note(ACCOUNT, spent(8).await);
        days.store(ms(NOON));
        assert!(path.exists());
        days.store(ms("2026-11-21T00:00:00Z"));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "{}");
    }

    #[tokio::test]
    async fn a_damaged_file_is_ignored_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        for damage in ["", "{", "[1]", r#"{"a":{"midnight":{}}}"#, "\0\0\0"] {
            fs::write(folder.path().join(NAME), damage).expect("written");
            let days = Days::open(folder.path());
            assert_eq!(days.memo(ACCOUNT), None, "{damage:?}");
            days.note(ACCOUNT, spent(7).await);
            days.store(ms(NOON));
            assert!(Days::open(folder.path()).memo(ACCOUNT).is_some(), "{damage:?}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_stops_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("data"), "a file").expect("written");
        let days = Days::open(&folder.path().join("data"));
        days.note(ACCOUNT, spent(7).await);
        days.store(ms(NOON));
        assert!(days.memo(ACCOUNT).is_some(), "known as long as the process lives");
    }
}
