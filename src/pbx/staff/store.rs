//! The last good list on disk, so that a restart knows everybody's directions before Ringostat has answered.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::pbx::{Account, staff::StaffMember};

/// Far more than the longest list takes; a file that is none of ours is not read whole.
const MAX_BYTES: u64 = 16 << 20;

/// The file of a project's list.
///
/// # Shape
/// `{"sha256": "…", "list": {"account", "read_at_s", "members"}}`; the digest is that of the list's bytes as they stand.
#[derive(Debug, Clone)]
pub struct StaffFile(PathBuf);

/// A list as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// Whose it is.
    pub(super) account: Account,
    /// When it was read, seconds since 1970 UTC.
    pub(super) read_at_s: i64,
    pub(super) members: Vec<StaffMember>,
}

#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    sha256: String,
    #[serde(borrow)]
    list: &'a RawValue,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// The operating system says no.
    #[error("expected {} to be a file this process may read and write", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// It is not what was written.
    #[error("expected a staff list in {}, found {found}", path.display())]
    Damaged { path: PathBuf, found: &'static str },
}

impl StaffFile {
    /// The file of `project` in the data folder.
    #[must_use]
    pub fn new(data: &Path, project: &str) -> Self {
        Self(data.join("staff").join(format!("{project}.json")))
    }

    /// What was stored last; `None` where nothing was.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub(super) fn load(&self) -> Result<Option<Stored>, StoreError> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unusable(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| self.unusable(error))?;
        let damaged = |found| StoreError::Damaged { path: self.0.clone(), found };
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
            return Err(damaged("a longer file than any list makes"));
        }
        let sealed: Sealed<'_> =
            serde_json::from_slice(&bytes).map_err(|_| damaged("something else, or half of one"))?;
        if digest(sealed.list) != sealed.sha256 {
            return Err(damaged("a list that does not have the digest beside it"));
        }
        serde_json::from_str(sealed.list.get()).map(Some).map_err(|_| damaged("a list of another version"))
    }

    /// Stores a list: written aside and renamed, so that there is always a whole one.
    ///
    /// # Errors
    /// The operating system's; what was stored before stays.
    ///
    /// # Cost
    /// Waits for the disk: not for a runtime's thread.
    pub(super) fn store(&self, stored: &Stored) -> Result<(), StoreError> {
        self.write(stored).map_err(|error| self.unusable(error))
    }

    fn write(&self, stored: &Stored) -> io::Result<()> {
        let list = serde_json::value::to_raw_value(stored)?;
        let text = serde_json::to_vec(&Sealed { sha256: digest(&list), list: &list })?;
        let folder = self.0.parent().unwrap_or_else(|| Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let aside = self.0.with_extension("json.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&aside, &self.0)?;
        File::open(folder)?.sync_all()
    }

    fn unusable(&self, source: io::Error) -> StoreError {
        StoreError::Unusable { path: self.0.clone(), source }
    }
}

fn digest(list: &RawValue) -> String {
    format!("{:x}", Sha256::digest(list.get().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{StaffFile, StoreError, Stored};
    use crate::pbx::{Account, staff::StaffMember};

    fn stored() -> Stored {
        let anna = StaffMember {
            staff_id: "348104".into(),
            name: "Анна \"A\" Kovalenko".into(),
            email: Some("anna@acme.example".into()),
            extension: None,
            main: vec!["acme_anna".into()],
            other: Vec::new(),
        };
        let account = Account { origin: "https://api.ringostat.net".to_owned(), project_id: 110_070 };
        Stored { account, read_at_s: 1_795_000_000, members: vec![anna] }
    }

    #[test]
    fn what_was_stored_last_is_loaded_and_nothing_where_nothing_was() {
        let data = tempfile::tempdir().unwrap();
        let file = StaffFile::new(data.path(), "acme");
        assert_eq!(file.load().unwrap(), None);
        file.store(&Stored { members: Vec::new(), ..stored() }).unwrap();
        file.store(&stored()).unwrap();
        assert_eq!(file.load().unwrap(), Some(stored()));
        let names: Vec<_> = fs::read_dir(data.path().join("staff")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["acme.json"]);
    }

    #[test]
    fn a_file_that_is_cut_changed_or_something_else_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let file = StaffFile::new(data.path(), "acme");
        file.store(&stored()).unwrap();
        let path = data.path().join("staff/acme.json");
        let whole = fs::read_to_string(&path).unwrap();
        for text in [whole[..whole.len() / 2].to_owned(), whole.replace("acme_anna", "acme_ivan"), "[]".to_owned()] {
            fs::write(&path, &text).unwrap();
            assert!(matches!(file.load(), Err(StoreError::Damaged { .. })), "{text}");
        }
        file.store(&stored()).unwrap();
        assert_eq!(file.load().unwrap(), Some(stored()));
    }

    #[test]
    fn a_list_that_cannot_be_stored_leaves_the_one_before() {
        let data = tempfile::tempdir().unwrap();
        let file = StaffFile::new(data.path(), "acme");
        file.store(&stored()).unwrap();
        fs::create_dir(data.path().join("staff/acme.json.new")).unwrap();
        let error = file.store(&Stored { members: Vec::new(), ..stored() }).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { .. }));
        assert_eq!(file.load().unwrap(), Some(stored()));
    }
}
