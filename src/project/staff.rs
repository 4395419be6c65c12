//! Employees as configured and the telephone system's staff list, made one.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;
use crate::model::employee::{self, Employee};
use crate::model::phone::NumberReader;
use crate::pbx::StaffMember;

/// A project with its staff list in it.
#[derive(Debug)]
pub struct Joined {
    /// The project: its employees, and the answers that lead to them.
    pub project: Project,
    /// Directions of the list that are neither a number nor a SIP login, and are left out.
    pub unreadable: usize,
}

impl Project {
    /// This project with those employees that its configuration and a staff list make together.
    ///
    /// What is configured outright stands; what is left out there comes from the list; who stands on the list alone is an
    /// employee too, after the configured ones. An empty list gives the employees as configured.
    ///
    /// # Cost
    /// Some microseconds per direction, and each block's answers are rendered anew; once per change of the list.
    #[must_use]
    pub fn with_staff(&self, staff: &[StaffMember]) -> Joined {
        let (employees, unreadable) = join(&self.configured, staff, &self.numbers);
        let blocks = self.blocks.iter().map(|(name, block)| (name.clone(), block.with_employees(&employees))).collect();
        let project = Self { employees, blocks, ..self.clone() };
        Joined { project, unreadable }
    }
}

/// Somebody on the list with directions as they are dialled.
struct Listed<'s> {
    member: &'s StaffMember,
    main: Vec<Box<str>>,
    other: Vec<Box<str>>,
}

fn join(configured: &[Employee], staff: &[StaffMember], numbers: &NumberReader) -> (Vec<Employee>, usize) {
    let mut unreadable = 0;
    let mut dialled = |texts: &[Box<str>]| -> Vec<Box<str>> {
        let mut directions: Vec<Box<str>> = Vec::new();
        for text in texts {
            match employee::direction(text, Some(numbers)).map(Into::into) {
                Some(direction) if directions.contains(&direction) => {}
                Some(direction) => directions.push(direction),
                None => unreadable += 1,
            }
        }
        directions
    };
    let listed: Vec<_> = staff
        .iter()
        .map(|member| Listed { member, main: dialled(&member.main), other: dialled(&member.other) })
        .collect();
    let matched = Matching::of(configured, &listed);
    let mut employees: Vec<_> = configured.to_vec();
    for (at, listed) in listed.into_iter().enumerate() {
        match matched.get(&at).and_then(|&employee| employees.get_mut(employee)) {
            Some(employee) => complete(employee, listed),
            None => employees.push(unconfigured(listed)),
        }
    }
    (employees, unreadable)
}

/// What is left out of the table comes from the list. Main directions of the list that the table does not dial still tell
/// who answered.
fn complete(employee: &mut Employee, listed: Listed<'_>) {
    let Listed { member, main, other } = listed;
    let own_main = !employee.main.is_empty();
    if employee.other.is_empty() {
        employee.other = other;
        let undialled = main.iter().filter(|direction| own_main && !employee.main.contains(direction));
        employee.other.extend(undialled.cloned());
        employee.other.retain(|direction| !employee.main.contains(direction));
    }
    if !own_main {
        employee.main = main;
    }
    employee.staff_id.get_or_insert_with(|| member.staff_id.clone());
    employee.email = employee.email.take().or_else(|| member.email.clone());
    employee.extension = employee.extension.take().or_else(|| member.extension.clone());
}

fn unconfigured(listed: Listed<'_>) -> Employee {
    let Listed { member, main, other } = listed;
    Employee {
        name: member.name.clone(),
        crm_user: None,
        main,
        other,
        staff_id: Some(member.staff_id.clone()),
        email: member.email.clone(),
        extension: member.extension.clone(),
        top_manager: false,
    }
}

/// Who of the list is which of the configured employees.
struct Matching {
    /// Place on the list to place in the table.
    found: BTreeMap<usize, usize>,
    /// Places in the table that are taken.
    taken: BTreeSet<usize>,
}

impl Matching {
    /// By Ringostat's id, then by e-mail, then by extension, then by a direction that both have. Whoever is found is
    /// looked for no further; what several share tells nobody apart.
    fn of(configured: &[Employee], listed: &[Listed<'_>]) -> BTreeMap<usize, usize> {
        let mut matching = Self { found: BTreeMap::new(), taken: BTreeSet::new() };
        let text = |text: Option<&str>| text.map(folded).into_iter().collect();
        matching.by(
            configured.iter().map(|employee| text(employee.staff_id.as_deref())),
            listed.iter().map(|listed| text(Some(&listed.member.staff_id))),
        );
        matching.by(configured.iter().map(addresses), listed.iter().map(|listed| text(listed.member.email.as_deref())));
        matching.by(
            configured.iter().map(|employee| text(employee.extension.as_deref())),
            listed.iter().map(|listed| text(listed.member.extension.as_deref())),
        );
        matching.by(
            configured.iter().map(|employee| directions(&employee.main, &employee.other)),
            listed.iter().map(|listed| directions(&listed.main, &listed.other)),
        );
        matching.found
    }

    /// Matches those who share a key with one another and with nobody else who is still open.
    fn by(&mut self, configured: impl Iterator<Item = Keys>, listed: impl Iterator<Item = Keys>) {
        let mut employees: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (at, keys) in configured.enumerate().filter(|(at, _)| !self.taken.contains(at)) {
            for key in keys {
                employees.entry(key).or_default().insert(at);
            }
        }
        let mut claims: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (at, keys) in listed.enumerate().filter(|(at, _)| !self.found.contains_key(at)) {
            let of: BTreeSet<usize> = keys.iter().filter_map(|key| employees.get(key)).flatten().copied().collect();
            if let (Some(&employee), 1) = (of.first(), of.len()) {
                claims.entry(employee).or_default().insert(at);
            }
        }
        for (employee, claims) in claims {
            if let (Some(&at), 1) = (claims.first(), claims.len()) {
                self.found.insert(at, employee);
                self.taken.insert(employee);
            }
        }
    }
}

/// What somebody may be recognised by, folded.
type Keys = BTreeSet<String>;

fn addresses(employee: &Employee) -> Keys {
    let user = employee.crm_user.as_deref().filter(|user| user.contains('@'));
    [user, employee.email.as_deref()].into_iter().flatten().map(folded).collect()
}

fn directions(main: &[Box<str>], other: &[Box<str>]) -> Keys {
    main.iter().chain(other).map(|direction| folded(direction)).collect()
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests;
