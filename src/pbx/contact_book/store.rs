//! What was told last, on the disk: a digest for each entry.
//!
//! # Shape
//! ```text
//! file  = frame …
//! frame = length (u32) · payload · CRC-32 of the payload (u32)
//! ```
//! Little endian. The first payload says what the file is and whose account's; each other one is pairs of 64 bits, whose
//! entry and what it said, appended when the entries were taken; of one entry's the last counts. What follows a frame that
//! is torn or damaged is not believed: those entries are told again. For the same reason nothing here waits for the disk:
//! what a power cut loses is told again.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use foldhash::fast::FixedState;

use super::Mark;
use crate::pbx::Account;

const FORMAT: &str = "predial contact book 1";
/// Pairs that may stand in a file beyond twice those that count, before it is written anew.
const SLACK: usize = 10_000;
/// Pairs of one frame, when a file is written anew.
const FRAME: usize = 4_096;

/// What was told, and the file that says so.
#[derive(Debug)]
pub(super) struct Told {
    known: HashMap<u64, u64, FixedState>,
    /// `None` where nothing can be written: what is told is then told again after a restart.
    file: Option<Arc<File>>,
}

impl Told {
    /// The file of a project in the data folder.
    pub(super) fn path(data: &Path, project: &str) -> PathBuf {
        data.join("contact-book").join(format!("{project}.told"))
    }

    /// Nothing told, nothing written.
    #[cfg(test)]
    pub(super) fn nothing() -> Self {
        Self { known: HashMap::default(), file: None }
    }

    /// What a file says of this account; what it says of another one is forgotten.
    ///
    /// # Errors
    /// None that stops anything: whatever is wrong is told in the log, and what is not known to be told is told again.
    ///
    /// # Cost
    /// Reads the file, 16 bytes an entry: not for a runtime's thread.
    pub(super) fn open(project: &str, path: &Path, account: &Account) -> Self {
        let mut told = Self { known: HashMap::default(), file: None };
        let opened = told.read(path, account).and_then(|whole| match whole {
            Some(length) => append_from(path, length),
            None => told.anew(path, account),
        });
        match opened {
            Ok(file) => told.file = Some(Arc::new(file)),
            Err(error) => {
                tracing::error!(project, %error, "what is told to the contact book is not stored: a restart tells it again");
            }
        }
        told
    }

    /// Whether what an entry says is not what was told last.
    pub(super) fn is_news(&self, (whose, said): Mark) -> bool {
        self.known.get(&whose) != Some(&said)
    }

    /// Takes note of what was told; gives what is to be written, and where.
    pub(super) fn note(&mut self, marks: &[Mark]) -> Option<(Arc<File>, Vec<u8>)> {
        self.known.extend(marks.iter().copied());
        let mut bytes = Vec::new();
        frame(&mut bytes, &payload(marks));
        Some((Arc::clone(self.file.as_ref()?), bytes))
    }

    /// How many bytes of the file are good; `None` where it is to be begun anew.
    fn read(&mut self, path: &Path, account: &Account) -> io::Result<Option<u64>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut rest, mut pairs) = (&bytes[..], 0);
        match next(&mut rest) {
            Some(head) if head == header(account) => {}
            _ => return Ok(None),
        }
        let mut good = bytes.len() - rest.len();
        while let Some(payload) = next(&mut rest).filter(|payload| payload.len().is_multiple_of(16)) {
            for pair in payload.chunks_exact(16) {
                let (whose, said) = pair.split_at(8);
                let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
                self.known.insert(number(whose), number(said));
                pairs += 1;
            }
            good = bytes.len() - rest.len();
        }
        Ok((pairs <= 2 * self.known.len() + SLACK).then_some(good as u64))
    }

    /// Writes the file anew with what is known, aside and renamed.
    fn anew(&self, path: &Path, account: &Account) -> io::Result<File> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let aside = path.with_extension("told.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        let mut bytes = Vec::new();
        frame(&mut bytes, &header(account));
        let marks: Vec<Mark> = self.known.iter().map(|(&whose, &said)| (whose, said)).collect();
        for marks in marks.chunks(FRAME) {
            frame(&mut bytes, &payload(marks));
        }
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        File::open(folder)?.sync_all()?;
        Ok(file)
    }
}

/// Goes on behind what is good.
fn append_from(path: &Path, length: u64) -> io::Result<File> {
    let file = File::options().append(true).open(path)?;
    file.set_len(length)?;
    Ok(file)
}

fn header(account: &Account) -> Vec<u8> {
    format!("{FORMAT}\n{account}").into_bytes()
}

fn payload(marks: &[Mark]) -> Vec<u8> {
    marks.iter().flat_map(|(whose, said)| [whose.to_le_bytes(), said.to_le_bytes()]).flatten().collect()
}

fn frame(bytes: &mut Vec<u8>, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
}

/// The payload of the next frame; `None` at the end, and where it is not what was written.
fn next<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (payload, behind) = behind.split_at_checked(length)?;
    let (sum, behind) = behind.split_first_chunk::<4>()?;
    if crc32fast::hash(payload) != u32::from_le_bytes(*sum) {
        return None;
    }
    *rest = behind;
    Some(payload)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::Told;
    use crate::pbx::Account;

    fn account(project_id: u64) -> Account {
        Account { origin: "https://api.ringostat.net".to_owned(), project_id }
    }

    fn note(told: &mut Told, marks: &[(u64, u64)]) {
        let (file, bytes) = told.note(marks).expect("a file");
        (&*file).write_all(&bytes).expect("written");
    }

    #[test]
    fn what_was_told_is_known_after_a_restart_and_of_one_entry_the_last_counts() {
        let data = tempfile::tempdir().expect("a folder");
        let path = Told::path(data.path(), "acme");
        let mut told = Told::open("acme", &path, &account(1));
        assert!(told.is_news((1, 10)));
        note(&mut told, &[(1, 10), (2, 20)]);
        note(&mut told, &[(1, 11)]);
        for _ in 0..2 {
            let mut again = Told::open("acme", &path, &account(1));
            assert!(!again.is_news((1, 11)) && !again.is_news((2, 20)));
            assert!(again.is_news((1, 10)) && again.is_news((3, 30)));
            note(&mut again, &[(4, 40)]);
        }
        assert!(Told::open("acme", &path, &account(2)).is_news((2, 20)), "another account knows nothing of it");
    }

    #[test]
    fn what_stands_behind_damage_is_told_again_and_written_again() {
        let data = tempfile::tempdir().expect("a folder");
        let path = Told::path(data.path(), "acme");
        let mut told = Told::open("acme", &path, &account(1));
        note(&mut told, &[(1, 10)]);
        note(&mut told, &[(2, 20)]);
        let whole = fs::read(&path).expect("a file");
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).expect("written");
            let mut torn = Told::open("acme", &path, &account(1));
            assert!(torn.is_news((2, 20)), "at {cut}");
            note(&mut torn, &[(2, 20)]);
            assert!(!Told::open("acme", &path, &account(1)).is_news((2, 20)), "at {cut}");
        }
        let second = whole.len() - 10;
        let flipped: Vec<u8> = whole.iter().enumerate().map(|(at, &byte)| byte ^ u8::from(at == second)).collect();
        fs::write(&path, flipped).expect("written");
        let damaged = Told::open("acme", &path, &account(1));
        assert!(!damaged.is_news((1, 10)) && damaged.is_news((2, 20)));
    }

    #[test]
    fn a_file_that_has_grown_by_changes_is_written_anew() {
        let data = tempfile::tempdir().expect("a folder");
        let path = Told::path(data.path(), "acme");
        let mut told = Told::open("acme", &path, &account(1));
        for said in 0..12_000 {
            note(&mut told, &[(1, said)]);
        }
        let grown = fs::metadata(&path).expect("a file").len();
        assert!(!Told::open("acme", &path, &account(1)).is_news((1, 11_999)));
        let written = fs::metadata(&path).expect("a file").len();
        assert!(written < 200 && grown > 100_000, "{grown}, then {written}");
        assert!(!Told::open("acme", &path, &account(1)).is_news((1, 11_999)));
    }

    #[test]
    fn a_folder_that_cannot_be_written_stops_nothing() {
        let data = tempfile::tempdir().expect("a folder");
        fs::write(data.path().join("contact-book"), "in the way").expect("written");
        let mut told = Told::open("acme", &Told::path(data.path(), "acme"), &account(1));
        assert!(told.note(&[(1, 10)]).is_none() && !told.is_news((1, 10)));
    }
}
