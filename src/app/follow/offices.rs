//! What is put in force for calls, and with it what the journal's workers meet.

use std::{collections::BTreeMap, sync::Arc};

use super::{Follow, Tending};
use crate::base::problem::Problem;
use crate::journal::{Office, Offices};
use crate::ops::MatrixText;
use crate::pbx::{RecordingBounds, Recordings};
use crate::project::{Current, Project};
use crate::routing::{Exchange, Line};
use crate::scenario::Matrix;

/// Where recordings lie where no project says so.
const RECORDINGS: &str = "app.ringostat.com";

/// Who fetches recordings, by project: one that goes on keeps the distance between two downloads.
#[derive(Default)]
pub(super) struct Fetchers(BTreeMap<Box<str>, (RecordingBounds, Arc<Recordings>)>);

impl Follow {
    /// What the journal's workers meet.
    pub(crate) fn offices(&self) -> Arc<Current<Offices>> {
        Arc::clone(&self.means.offices)
    }

    /// A project's matrix as the configuration folder has it now, or with another text in the place of its file. Nothing is
    /// put in force.
    ///
    /// # Errors
    /// Every problem found.
    ///
    /// # Cost
    /// Reads the folder: not for a runtime's thread.
    pub(crate) fn matrix(&self, project: &str, text: Option<&MatrixText>) -> Result<Arc<Matrix>, Vec<Problem>> {
        let configured = self.means.overrides.configured(&*self.means.environment)?;
        configured.matrix(project, text.map(|text| (text.file.as_str(), text.text.as_str())))
    }

    /// Puts an exchange in force, and the offices that go with it. With `tending` held.
    pub(super) fn bring_in_force(&self, tending: &mut Tending, exchange: Exchange) {
        let offices: Offices = exchange.lines().map(|line| self.office(tending, line)).collect();
        let names: Vec<Box<str>> = exchange.lines().map(|line| line.project.name.clone()).collect();
        self.current.store(Arc::new(exchange));
        self.means.offices.store(Arc::new(offices));
        if let Some(journal) = &self.means.journal {
            journal.work_for(names.iter().map(|name| &**name), &self.stop);
        }
    }

    fn office(&self, tending: &mut Tending, line: &Line) -> Arc<Office> {
        let recordings = self.fetcher(tending, &line.project);
        Arc::new(Office {
            project: Arc::clone(&line.project),
            directory: Arc::clone(&line.directory),
            people: Arc::clone(&line.people),
            users: Arc::clone(&line.directory.users().borrow()),
            writer: tending.directories.get(&line.project.name).and_then(|tended| tended.writer.clone()),
            recordings,
            metrics: Arc::clone(&line.metrics),
            failures: self.means.metrics.write_failures(&line.project.name, line.project.crm.adapter.name),
        })
    }

    fn fetcher(&self, tending: &mut Tending, project: &Project) -> Arc<Recordings> {
        let settings = &self.means.process.journal;
        let hosts = project.ringostat.as_ref().map(|section| section.recording_hosts.clone());
        let bounds = RecordingBounds {
            hosts: hosts.unwrap_or_else(|| vec![RECORDINGS.to_owned()]),
            max_bytes: settings.max_recording_bytes,
            gap: settings.recording_gap,
        };
        if let Some((known, recordings)) = tending.fetchers.0.get(&project.name)
            && *known == bounds
        {
            return Arc::clone(recordings);
        }
        let recordings = Arc::new(Recordings::new(&self.means.outbound, bounds.clone()));
        tending.fetchers.0.insert(project.name.clone(), (bounds, Arc::clone(&recordings)));
        recordings
    }
}
