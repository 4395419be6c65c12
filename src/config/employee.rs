//! The employees of a project.

use std::collections::BTreeMap;

use crate::base::problem::Placed;
use crate::config::{section::Section, tree::shortened};
use crate::model::employee::{self, Employee};
use crate::model::phone::NumberReader;

/// Employees of a project, at most.
const MAX_EMPLOYEES: usize = 10_000;

/// How `[[employee]]` is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'n> {
    /// With a known country, directions that are numbers become whole ones.
    pub(super) numbers: Option<&'n NumberReader>,
    /// Whether Ringostat's list is to say the directions that the table leaves out.
    pub(super) staff: bool,
}

/// Reads `[[employee]]`.
pub(super) fn read(project: &Section<'_>, reading: Reading<'_>) -> Vec<Placed<Employee>> {
    let sections = project.sections("employee", "employee");
    if sections.len() > MAX_EMPLOYEES {
        project.wrong("employee", format_args!("at most {MAX_EMPLOYEES} employees"), sections.len());
        return Vec::new();
    }
    let mut seen = Seen::default();
    let employees: Vec<_> = sections.iter().map(|section| one(section, reading, &mut seen)).collect();
    top_manager(project, &sections, &employees);
    employees
}

fn one(section: &Section<'_>, reading: Reading<'_>, seen: &mut Seen) -> Placed<Employee> {
    let numbers = reading.numbers;
    let text = |key| section.text(key).map(|text| Placed::new(text.value.trim().to_owned(), text.row));
    for key in ["name", "crm_user"] {
        section.needed(key);
    }
    let (name, crm_user) = (text("name"), text("crm_user"));
    needs_directions(section, reading.staff, crm_user.as_ref());
    let main = directions(section, "main", numbers);
    if section.has("main") && main.as_ref().is_some_and(Vec::is_empty) {
        section.wrong("main", "at least one direction", "none");
    }
    let other = directions(section, "other", numbers);
    let (staff_id, email, extension) = (text("staff_id"), email(section), extension(section));

    seen.note(section, "crm_user", crm_user.as_ref());
    for (key, list) in [("main", &main), ("other", &other)] {
        list.iter().flatten().for_each(|direction| seen.note(section, key, Some(direction)));
    }
    seen.note(section, "staff_id", staff_id.as_ref());
    seen.note(section, "email", email.as_ref());
    seen.note(section, "extension", extension.as_ref());

    let boxed = |text: Option<Placed<String>>| text.map(|text| text.value.into_boxed_str());
    let list = |list: Option<Vec<Placed<String>>>| {
        list.unwrap_or_default().into_iter().map(|direction| direction.value.into_boxed_str()).collect()
    };
    let employee = Employee {
        name: boxed(name).unwrap_or_default(),
        crm_user: boxed(crm_user),
        main: list(main),
        other: list(other),
        staff_id: boxed(staff_id),
        email: boxed(email),
        extension: boxed(extension),
        top_manager: section.flag("top_manager").is_some_and(|flag| flag.value),
    };
    section.finish();
    Placed::new(employee, section.place.row)
}

/// Directions are configured, or found in Ringostat's list: then by something that tells the employee apart there.
fn needs_directions(section: &Section<'_>, staff: bool, crm_user: Option<&Placed<String>>) {
    if !staff {
        section.needed("main");
        return;
    }
    let by_address = crm_user.is_some_and(|user| user.value.contains('@'));
    if !by_address && !["main", "staff_id", "email", "extension", "other"].iter().any(|key| section.has(key)) {
        let expected = "a value, or an e-mail, staff_id, extension or other direction to find it in the staff list by";
        section.wrong("main", expected, "none");
    }
}

/// A direction is a number or a SIP login.
fn directions(section: &Section<'_>, key: &'static str, numbers: Option<&NumberReader>) -> Option<Vec<Placed<String>>> {
    let read = |direction: Placed<String>| {
        let text = direction.value.trim();
        let Some(found) = employee::direction(text, numbers) else {
            let expected = "a number or a SIP login of at most 64 letters, digits and . _ - @ :";
            let place = section.place.at_row(direction.row);
            section.wrong_at(&place, key, expected, format_args!("`{}`", shortened(text)));
            return None;
        };
        Some(Placed::new(found, direction.row))
    };
    section.texts(key).map(|list| list.into_iter().filter_map(read).collect())
}

fn email(section: &Section<'_>) -> Option<Placed<String>> {
    let email = section.text("email")?;
    let text = email.value.trim();
    let sound = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !sound || text.chars().any(char::is_whitespace) {
        section.wrong("email", "an e-mail address", "other text");
        return None;
    }
    Some(Placed::new(text.to_owned(), email.row))
}

fn extension(section: &Section<'_>) -> Option<Placed<String>> {
    let extension = section.text("extension")?;
    let text = extension.value.trim();
    if text.len() > 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        section.wrong("extension", "an internal number of 1 to 10 digits", format_args!("`{}`", shortened(text)));
        return None;
    }
    Some(Placed::new(text.to_owned(), extension.row))
}

/// Exactly one gets what belongs to nobody.
fn top_manager(project: &Section<'_>, sections: &[Section<'_>], employees: &[Placed<Employee>]) {
    let tops = sections.iter().zip(employees).filter(|(_, employee)| employee.value.top_manager);
    let mut tops = tops.map(|(section, _)| section.place_of("top_manager"));
    let Some(first) = tops.next() else {
        // Employees or marks that could not be read have their own problem.
        let unread = |section: &Section<'_>| section.has("top_manager") && !section.has_flag("top_manager");
        let none_read = sections.is_empty() && project.has("employee");
        if !none_read && !sections.iter().any(unread) {
            project.missing("exactly one employee with top_manager = true");
        }
        return;
    };
    for second in tops {
        let found = format!("a second one; the first stands in row {}", first.row);
        project.findings.problem(second, format!("employee.top_manager: expected one in a project, found {found}"));
    }
}

/// What employees are told apart by, and the row it first stood at.
#[derive(Default)]
struct Seen(BTreeMap<(&'static str, String), usize>);

impl Seen {
    /// Notes a value; one that stands already is a problem. Says only where, not what: it is a person's.
    fn note(&mut self, section: &Section<'_>, key: &'static str, value: Option<&Placed<String>>) {
        let Some(value) = value else { return };
        let space = match key {
            "main" | "other" => "direction",
            // A user given by e-mail and a colleague's e-mail would both claim the same user of the CRM.
            "crm_user" if value.value.contains('@') => "email",
            key => key,
        };
        let Some(first) = self.0.get(&(space, value.value.to_lowercase())).copied() else {
            self.0.insert((space, value.value.to_lowercase()), value.row);
            return;
        };
        let own_address = space == "email" && key == "email" && first >= section.place.row;
        if !own_address {
            let place = section.place.at_row(value.row);
            section.wrong_at(&place, key, "what stands nowhere else", format_args!("that of row {first} again"));
        }
    }
}
