//! Staff lists: begun, kept and ended as projects are configured, and joined with their employees.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Follow, Tending};
use crate::pbx::{Access, Reader, Staff, StaffFile, StaffMember, StaffStatus};
use crate::project::Project;

/// The lists that are kept, by project.
#[derive(Default)]
pub(super) struct StaffLists(BTreeMap<Box<str>, Kept>);

/// What belongs to one list.
struct Kept {
    access: Access,
    staff: Arc<Staff>,
    stop: CancellationToken,
}

type Members = watch::Receiver<Arc<[StaffMember]>>;

impl StaffLists {
    /// Who stands on a project's list, where it is read with this access.
    pub(super) fn members_of(&self, project: &str, access: &Access) -> Option<Arc<[StaffMember]>> {
        let kept = self.0.get(project).filter(|kept| kept.access == *access)?;
        Some(Arc::clone(&kept.staff.members().borrow()))
    }

    /// Ends a project's list; what is stored of it stays.
    pub(super) fn end(&mut self, project: &str) {
        if let Some(kept) = self.0.remove(project) {
            kept.stop.cancel();
        }
    }
}

impl Follow {
    /// How a project's staff list is; `None` where it has none.
    pub(crate) fn staff(&self, project: &str) -> Option<StaffStatus> {
        self.tending().staff.0.get(project).map(|kept| kept.staff.status())
    }

    /// The project with what its staff list holds now. The list is begun, kept or ended as the project says.
    ///
    /// # Cost
    /// Reads a small file when the list is begun; Ringostat is not waited for.
    pub(super) fn with_staff(self: &Arc<Self>, tending: &mut Tending, project: Arc<Project>) -> Arc<Project> {
        let section = project.ringostat.as_ref().filter(|section| section.staff);
        let Some(access) = section.and_then(Access::of) else {
            tending.staff.end(&project.name);
            return project;
        };
        let kept = tending.staff.0.get(&project.name);
        let staff = match kept {
            Some(kept) if kept.access == access => Arc::clone(&kept.staff),
            before => {
                let before = before.map(|kept| Arc::clone(&kept.staff));
                self.begin_staff(tending, &project.name, access, before.as_deref())
            }
        };
        let members = Arc::clone(&staff.members().borrow());
        Arc::new(project.with_staff(&members).project)
    }

    fn begin_staff(
        self: &Arc<Self>,
        tending: &mut Tending,
        name: &str,
        access: Access,
        before: Option<&Staff>,
    ) -> Arc<Staff> {
        let reader = Reader::new(access.clone(), &self.means.outbound);
        let file = StaffFile::new(&self.means.process.data, name);
        let staff = Arc::new(Staff::new(name, reader, file, self.means.clock, before));
        let stop = self.stop.child_token();
        // Before anything can change them: a receiver made later would take the first list for seen.
        let members = staff.members();
        let matching = Arc::clone(self).match_staff(name.into(), Arc::downgrade(&staff), members, stop.clone());
        self.means.work.spawn(matching);
        self.means.work.spawn(Arc::clone(&staff).keep_fresh(stop.clone()));
        tending.staff.end(name);
        tending.staff.0.insert(name.into(), Kept { access, staff: Arc::clone(&staff), stop });
        staff
    }

    /// Makes a project's employees anew whenever its staff list changes.
    async fn match_staff(
        self: Arc<Self>,
        name: Box<str>,
        staff: Weak<Staff>,
        mut members: Members,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                changed = members.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            let listed = members.borrow_and_update().clone();
            let Some(staff) = staff.upgrade() else { return };
            self.meet_staff(&name, &staff, &listed);
        }
    }

    fn meet_staff(&self, name: &str, staff: &Arc<Staff>, members: &[StaffMember]) {
        let mut tending = self.tending();
        if !tending.staff.0.get(name).is_some_and(|kept| Arc::ptr_eq(&kept.staff, staff)) {
            return;
        }
        let before = self.current.load_full();
        let Some(line) = before.line(name) else { return };
        let joined = line.project.with_staff(members);
        let project = Arc::new(joined.project);
        let (employees, not_dialled) = (project.employees.len(), project.without_direction().count());
        tracing::info!(project = name, members = members.len(), employees, "the staff list is in force");
        if not_dialled > 0 {
            // Once per change of the list, not once per call.
            tracing::warn!(project = name, employees = not_dialled, "employees without a main direction: not dialled");
        }
        if joined.unreadable > 0 {
            let directions = joined.unreadable;
            tracing::warn!(
                project = name,
                directions,
                "directions of the staff list that are no number and no SIP login"
            );
        }
        let users = Arc::clone(&line.directory.users().borrow());
        let met = self.line(project, Arc::clone(&line.directory), &users);
        self.replace(&mut tending, &before, &met);
    }
}
