//! Directories and their generations on disk: restored before they are in force, saved at the end, rolled back.

use std::{collections::BTreeMap, sync::Arc, sync::PoisonError};

use super::{Follow, Made, Tending};
use crate::crm::Matching;
use crate::directory::{Keeping, NoSnapshot, NotWritten, Origin, Shelf, Why};
use crate::ops::{RollbackRefused, RolledBack};
use crate::project::Project;

/// The folder of the directories, inside the data folder.
const FOLDER: &str = "directory";

impl Follow {
    /// Makes the directories that `projects` need and do not have, each as its newest snapshot knows it.
    ///
    /// # Cost
    /// Blocks on the disk: not for a runtime's thread.
    pub(super) fn make_missing(&self, projects: &[Arc<Project>]) -> BTreeMap<Box<str>, Made> {
        let before = self.current.load_full();
        let has_none = |project: &&Arc<Project>| {
            before.line(&project.name).is_none_or(|line| !line.project.crm.same_directory_as(&project.crm))
        };
        let mut missing = BTreeMap::new();
        for project in projects.iter().filter(has_none) {
            let made = self.make(&mut self.tending(), project);
            // Told in the log; without one the directory fills from its CRM.
            let _restored = made.directory.restore();
            missing.insert(project.name.clone(), made);
        }
        missing
    }

    pub(super) fn keeping(&self, tending: &mut Tending, project: &Project) -> Keeping {
        let settings = &self.means.process.snapshot;
        let folder = self.means.process.data.join(FOLDER).join(&*project.name);
        let shelf = tending.shelves.entry(project.name.clone()).or_insert_with(|| Shelf::new(folder, settings.keep));
        let crm = &project.crm;
        Keeping {
            shelf: Arc::clone(shelf),
            origin: Origin {
                adapter: crm.adapter.name.to_owned(),
                account: crm.prepared.account(),
                country: crm.country.to_string(),
                phone_fields: crm.section.phone_fields.iter().map(|field| field.value.clone()).collect(),
                matching: match crm.adapter.matching {
                    Matching::Whole => "whole",
                    Matching::LastNine => "by the last nine digits",
                }
                .to_owned(),
            },
            every: settings.every,
            catch_up: settings.catch_up,
        }
    }

    /// Writes a snapshot of every directory, because the service ends. What could not be written stands in the log.
    ///
    /// # Cost
    /// Blocks on the disk: not for a runtime's thread.
    pub(crate) fn save_all(&self) {
        let directories: Vec<_> =
            self.tending().directories.values().map(|tended| Arc::clone(&tended.directory)).collect();
        for directory in directories {
            let _told = directory.save(Why::Stop);
        }
    }

    /// Puts a generation of a project's directory in the place of the one in force, which is written as a generation
    /// first. Sweeps go on from where that generation stood.
    ///
    /// # Errors
    /// See [`RollbackRefused`]; what was in force stays.
    ///
    /// # Cost
    /// Blocks on the disk: not for a runtime's thread.
    pub(crate) fn roll_back(self: &Arc<Self>, name: &str, at: Option<&str>) -> Result<RolledBack, RollbackRefused> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || RollbackRefused::UnknownProject { project: name.to_owned() };
        let line = self.current.load_full().line(name).cloned().ok_or_else(unknown)?;
        // Before the one in force becomes the newest itself.
        let at = line.directory.find_snapshot(at)?;
        let kept_as = line.directory.save(Why::BeforeRollback)?;
        line.directory.close_snapshots();
        let put_back = || -> Result<_, RollbackRefused> {
            let made = self.make(&mut self.tending(), &line.project);
            let restored = made.directory.restore_at(&at)?;
            // A restart is to begin with what was rolled back to.
            made.directory.save(Why::Rollback)?;
            Ok((made, restored))
        };
        let (made, restored) = put_back().inspect_err(|_| line.directory.reopen_snapshots())?;
        let mut tending = self.tending();
        let before = self.current.load_full();
        // What a reload or the staff list made of the project since is kept.
        let project = before.line(name).map(|line| Arc::clone(&line.project)).ok_or_else(unknown)?;
        let directory = self.begin(&mut tending, &project, made);
        let users = Arc::clone(&directory.users().borrow());
        let rolled_back = self.line(project, directory, &users);
        self.replace(&mut tending, &before, &rolled_back);
        drop(tending);
        tracing::warn!(project = name, at, kept_as, "an operator rolled the directory back");
        Ok(RolledBack { at, kept_as, numbers: restored.numbers, records: restored.records })
    }
}

impl From<NoSnapshot> for RollbackRefused {
    fn from(refused: NoSnapshot) -> Self {
        match refused {
            NoSnapshot::Unknown { .. } | NoSnapshot::NotKept => Self::NoSnapshot(refused),
            NoSnapshot::Damaged { .. } | NoSnapshot::Foreign { .. } | NoSnapshot::Folder(_) => Self::Unusable(refused),
        }
    }
}

impl From<NotWritten> for RollbackRefused {
    fn from(failed: NotWritten) -> Self {
        Self::NotWritten(failed)
    }
}
