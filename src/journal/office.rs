//! What is known of a project by those who work on its journal.

use std::{collections::BTreeMap, sync::Arc};

use crate::base::metric::{ProjectMetrics, WriteFailures};
use crate::crm::{CrmUser, writer::Writer};
use crate::directory::Directory;
use crate::model::ids::CrmId;
use crate::pbx::Recordings;
use crate::project::{People, Project};

/// A project as its journal's workers meet it. Made anew when anything of it changes; who works on an entry goes on with
/// what they began with.
pub struct Office {
    /// What is configured.
    pub project: Arc<Project>,
    /// Who is known.
    pub directory: Arc<Directory>,
    /// CRM users to employees.
    pub people: Arc<People>,
    /// The CRM's users.
    pub users: Arc<[CrmUser]>,
    /// Writes to the CRM; `None` for one that nothing is written to: its entries wait.
    pub writer: Option<Arc<dyn Writer>>,
    /// Fetches recordings.
    pub recordings: Arc<Recordings>,
    /// What is counted.
    pub metrics: Arc<ProjectMetrics>,
    /// How the CRM fails.
    pub failures: Arc<WriteFailures>,
}

impl Office {
    /// The CRM's user that an employee is.
    pub(super) fn user_of(&self, employee: usize) -> Option<CrmId> {
        self.people.user_of(employee, &self.users)
    }

    /// The CRM's user who gets what belongs to nobody.
    pub(super) fn top_user(&self) -> Option<CrmId> {
        self.project.top_manager().and_then(|top| self.user_of(top))
    }
}

/// Every project's office, by name.
#[derive(Default)]
pub struct Offices(BTreeMap<Box<str>, Arc<Office>>);

impl Offices {
    /// The office of a project.
    #[must_use]
    pub fn of(&self, project: &str) -> Option<&Arc<Office>> {
        self.0.get(project)
    }

    /// Every office.
    pub fn each(&self) -> impl Iterator<Item = &Arc<Office>> {
        self.0.values()
    }
}

impl FromIterator<Arc<Office>> for Offices {
    fn from_iter<T: IntoIterator<Item = Arc<Office>>>(offices: T) -> Self {
        Self(offices.into_iter().map(|office| (office.project.name.clone(), office)).collect())
    }
}
