//! Decide now: who is responsible for a caller.
//!
//! [`recall`] answers from memory, without waiting; [`resolve`] asks the CRM where memory does not know, and is back by
//! the time it was given. The walk itself (`walk`) is pure. Knows neither HTTP nor the forms of questions and answers.

mod card;
mod compare;
mod explain;
mod noted;
mod resolve;
mod trail;
mod verdict;
mod walk;

use std::{collections::BTreeMap, sync::Arc};

use self::walk::Owner;
pub use self::{
    card::{Card, card},
    compare::{Remembered, Why, remembered, why_remembered},
    explain::{Explained, explain},
    noted::{Decided, Noted, Notes},
    resolve::{Recalled, recall, resolve},
    verdict::{Decision, MissReason, Source, Verdict},
};
use crate::base::metric::ProjectMetrics;
use crate::directory::Directory;
use crate::model::ids::CrmId;
use crate::project::{People, Project};

/// One project as calls meet it: what is configured, who is known, and who of the CRM's users is who of ours.
#[derive(Debug)]
pub struct Line {
    /// Which one of all that have been in force, given by [`Notes::number`]; 0 = what it decides is not noted.
    pub number: u64,
    /// What is configured.
    pub project: Arc<Project>,
    /// Who is known. Outlives a reload that does not change what is read from the CRM.
    pub directory: Arc<Directory>,
    /// CRM users to employees; made anew when either changes.
    pub people: Arc<People>,
    /// What is counted.
    pub metrics: Arc<ProjectMetrics>,
}

impl Line {
    /// Who an owner of the CRM's records is to us.
    ///
    /// # Cost
    /// A binary search; no lock, no allocation.
    fn who_is(&self, owner: CrmId) -> Owner {
        let Some(at) = self.people.employee_of(owner) else { return Owner::Stranger };
        let dialled = self.project.employees.get(at).is_some_and(|employee| !employee.main.is_empty());
        if dialled { Owner::Ours(at) } else { Owner::WithoutDirection }
    }
}

/// Every project, as one picture: a request loads it once and sees one world to its end.
#[derive(Debug, Default)]
pub struct Exchange {
    lines: BTreeMap<Box<str>, Arc<Line>>,
}

impl Exchange {
    /// An exchange of these lines.
    #[must_use]
    pub fn new(lines: impl IntoIterator<Item = Arc<Line>>) -> Self {
        Self { lines: lines.into_iter().map(|line| (line.project.name.clone(), line)).collect() }
    }

    /// The line of a project.
    #[must_use]
    pub fn line(&self, project: &str) -> Option<&Arc<Line>> {
        self.lines.get(project)
    }

    /// Every line, by the projects' names.
    pub fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.lines.values()
    }
}
