//! A project as it would be under another configuration. Nothing is put in force, begun or asked.

use std::sync::Arc;

use super::Follow;
use crate::config::Instead;
use crate::ops::{AsIf, ChangedFile, TryRefused};
use crate::pbx::Access;
use crate::project::{self, Configured, People, Project};
use crate::routing::Line;

impl Follow {
    /// A project as calls meet it, and as they would meet it were the configuration on disk in force: with this file, where
    /// there is one, in the place of the project's own. Secrets are those of this process; none is sent anywhere.
    ///
    /// # Errors
    /// See [`TryRefused`].
    ///
    /// # Cost
    /// Reads the configuration's files: not for a runtime's thread.
    pub(crate) fn as_if(&self, name: &str, changed: Option<&ChangedFile>) -> Result<AsIf, TryRefused> {
        let unknown = || TryRefused::UnknownProject { project: name.to_owned() };
        let now = self.current.load_full().line(name).cloned().ok_or_else(unknown)?;
        let instead = changed.map(|changed| Instead { project: name, text: &changed.text });
        let overrides = &self.means.overrides;
        let Configured { projects, mut problems, .. } = overrides.examined(&*self.means.environment, instead);
        if !problems.is_empty() {
            let own = overrides.project_file(name);
            if let (Some(own), Some(changed)) = (own, changed) {
                // As whoever asked names it.
                let theirs = problems.iter_mut().filter(|problem| problem.file == own);
                theirs.for_each(|problem| problem.file.clone_from(&changed.file));
            }
            return Err(TryRefused::Configuration(problems));
        }
        let gone = || TryRefused::Gone { project: name.to_owned() };
        let project = projects.into_iter().find(|project| *project.name == *name).ok_or_else(gone)?;
        if !now.project.crm.same_directory_as(&project.crm) {
            return Err(TryRefused::OtherDirectory);
        }
        let mut remarks = Vec::new();
        let project = self.with_known_staff(project, &mut remarks);
        for block in project.blocks() {
            let other = now.project.block(&block.name).map(|block| block.answers.shape());
            let alike = |shape: &project::AnswerShape| project::AnswerShape { miss_destination: None, ..shape.clone() };
            if other.is_some_and(|other| alike(other) != alike(block.answers.shape())) {
                remarks.push(format!("block {}: every answer would have another form or status", block.name));
            }
        }
        let users = Arc::clone(&now.directory.users().borrow());
        let people = Arc::new(People::match_users(&project.employees, &users, &project.numbers));
        let (directory, metrics) = (Arc::clone(&now.directory), Arc::clone(&now.metrics));
        // No call meets it, so that nothing it decides is noted.
        let then = Arc::new(Line { number: 0, project, directory, people, metrics });
        Ok(AsIf { now, then, remarks })
    }

    /// The project with its staff list, as far as that is being read.
    fn with_known_staff(&self, project: Arc<Project>, remarks: &mut Vec<String>) -> Arc<Project> {
        let section = project.ringostat.as_ref().filter(|section| section.staff);
        let Some(access) = section.and_then(Access::of) else { return project };
        if let Some(members) = self.tending().staff.members_of(&project.name, &access) {
            return Arc::new(project.with_staff(&members).project);
        }
        remarks.push("its staff list is not being read yet: employees are as the file alone says".to_owned());
        project
    }
}
