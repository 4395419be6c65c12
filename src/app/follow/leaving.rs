//! A project that leaves the configuration.

use super::{Tended, Tending};

impl Tending {
    /// Ends what is done for it; gives its directory to be given up.
    pub(super) fn end(&mut self, project: &str) -> Option<Tended> {
        self.staff.end(project);
        self.webhooks.end(project);
        self.reconcilers.end(project);
        self.contact_books.end(project);
        self.directories.remove(project)
    }
}
