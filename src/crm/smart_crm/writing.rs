//! What a `[crm]` section says of writing: whose things become, what nameless contacts are called, columns.

use crate::base::problem::{Placed, Problem};
use crate::config::{CrmSection, FIELD_OWNERS, FieldNames, Meaning};
use crate::crm::smart_crm::settings::{LONGEST_COLUMN, is_column};
use crate::model::ids::CrmId;

/// Characters of a last name.
const LONGEST_NAME: usize = 50;

/// Columns that are written for what they are: a call's data in one of them would be overwritten, or overwrite.
const TAKEN: [&str; 21] = [
    "subject",
    "description",
    "name",
    "title",
    "lastname",
    "firstname",
    "fullname",
    "mobilephone",
    "emailaddress1",
    "telephone1",
    "phonenumber",
    "directioncode",
    "actualdurationminutes",
    "actualstart",
    "actualend",
    "scheduledend",
    "caseorigincode",
    "statecode",
    "statuscode",
    "ownerid",
    "notetext",
];

/// What is known of writing before anything is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Writing {
    pub(super) names: FieldNames,
    pub(super) contact_name: Option<String>,
    pub(super) system_user: Option<SystemUser>,
}

/// The user that what nobody else owns becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SystemUser {
    Id(CrmId),
    /// An e-mail or a login: asked for once.
    Name(String),
}

/// The user that what is written belongs to where nobody else does.
pub(super) fn system_user(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<SystemUser> {
    const LONGEST: usize = 200;
    let placed = section.system_user.as_ref()?;
    let text = placed.value.trim();
    if let Some(id @ CrmId::Uuid(_)) = CrmId::parse(text) {
        return Some(SystemUser::Id(id));
    }
    let named = text.contains(['@', '\\']) && text.len() <= LONGEST && !text.chars().any(char::is_control);
    if !named {
        let found: String = text.chars().take(60).collect();
        let reason = format!("crm.system_user: expected a user's id (a UUID), e-mail or login, found {found:?}");
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
    named.then(|| SystemUser::Name(text.to_owned()))
}

/// The last name of a contact that has none.
pub(super) fn contact_name(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    let placed = section.contact_name.as_ref()?;
    let name = placed.value.trim();
    let count = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&count) {
        let reason = format!("crm.contact_name: expected 1 to {LONGEST_NAME} characters, found {count}");
        problems.push(Problem::new(&section.file, placed.row, reason));
        return None;
    }
    Some(name.to_owned())
}

/// The columns that a call's data go into: logical names, each for one thing on one table.
pub(super) fn names(section: &CrmSection, problems: &mut Vec<Problem>) -> FieldNames {
    let names = &section.fields;
    let mut refuse = |row: usize, key: String, reason: String| {
        problems.push(Problem::new(&section.file, row, format!("{key}: {reason}")));
    };
    for (of, meaning, placed) in names.given() {
        let key = key(of, meaning);
        if let Some(reason) = wrong(&placed.value) {
            refuse(placed.row, key, reason);
        }
    }
    customs(names, &mut refuse);
    let mut told = Vec::new();
    for of in FIELD_OWNERS {
        let all = Meaning::ALL.into_iter().filter_map(|meaning| Some((meaning, names.placed(of, meaning)?)));
        let mut seen: Vec<&str> = Vec::new();
        for (meaning, placed) in all {
            let again = seen.contains(&placed.value.as_str());
            seen.push(&placed.value);
            // Names for all tables are met once per table.
            if again && !told.contains(&(placed.row, meaning)) {
                told.push((placed.row, meaning));
                let reason = format!("expected each column for one thing, found {:?} for two", placed.value);
                refuse(placed.row, key(Some(of), meaning), reason);
            }
        }
    }
    names.clone()
}

fn key(of: Option<&str>, meaning: Meaning) -> String {
    let of = of.map(|of| format!(".{of}")).unwrap_or_default();
    format!("crm.fields{of}.{}", meaning.key())
}

/// What is wrong with a column's name.
fn wrong(name: &str) -> Option<String> {
    let found: String = name.chars().take(LONGEST_COLUMN).collect();
    if !is_column(name) {
        return Some(format!("expected a column's logical name, say \"new_utm_source\", found {found:?}"));
    }
    TAKEN.contains(&name).then(|| format!("expected a column of the organization's own, found {found:?}"))
}

/// The columns that forms are put into: what is given for all tables is told of once.
fn customs(names: &FieldNames, refuse: &mut impl FnMut(usize, String, String)) {
    let mut told: Vec<&Placed<String>> = Vec::new();
    for of in FIELD_OWNERS {
        for placed in names.customs(of) {
            let Some(reason) = wrong(&placed.value).filter(|_| !told.contains(&placed)) else { continue };
            told.push(placed);
            let of_all = FIELD_OWNERS.iter().all(|of| names.customs(of).any(|other| other == placed));
            let of = if of_all { String::new() } else { format!(".{of}") };
            refuse(placed.row, format!("crm.fields{of}.custom"), reason);
        }
    }
}
