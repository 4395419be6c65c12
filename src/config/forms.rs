//! The `[forms]` section: how forms of the site are read, and which of the CRM's fields they go into.

use encoding_rs::Encoding;

use crate::base::problem::Placed;
use crate::config::{names, section::Section, tree::shortened};
use crate::forms::{MappedField, Names, Source, Variable};
use crate::model::client::Kind;

/// A constant, at most, in bytes.
const MOST_CONSTANT: usize = 4_096;

/// The `[forms]` section of a project.
#[derive(Debug, Clone, Default)]
pub struct FormSettings {
    /// The site's own names of what is matched by itself.
    pub names: Names,
    /// What a form that is not in UTF-8 and does not say so is written in.
    pub charset: Option<&'static Encoding>,
    /// The rows, by what they are for, in the order of the file. Whether the CRM has the field is its adapter's to say.
    pub rows: Vec<(Kind, Placed<MappedField>)>,
}

/// Reads `[forms]`.
pub(super) fn read(project: &Section<'_>) -> FormSettings {
    let Some(forms) = project.section("forms", "forms") else { return FormSettings::default() };
    let names = Names {
        name: list(&forms, "name"),
        phone: list(&forms, "phone"),
        email: list(&forms, "email"),
        client_id: list(&forms, "client_id"),
    };
    let charset = charset(&forms);
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        for row in forms.sections(kind.word(), "forms.row") {
            rows.extend(read_row(&row).map(|field| (kind, Placed::new(field, row.place.row))));
            row.finish();
        }
    }
    forms.finish();
    FormSettings { names, charset, rows }
}

/// Form field names, separated by commas.
fn list(section: &Section<'_>, key: &'static str) -> Vec<String> {
    let Some(text) = section.text(key) else { return Vec::new() };
    let names: Vec<String> =
        text.value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.is_empty() {
        let found = format_args!("`{}`", shortened(&text.value));
        section.wrong(key, "names of form fields, separated by commas", found);
    }
    names
}

fn charset(section: &Section<'_>) -> Option<&'static Encoding> {
    let text = section.text("charset")?;
    let found = Encoding::for_label(text.value.trim().as_bytes());
    if found.is_none() {
        let expected = "a charset's name, say windows-1251";
        section.wrong("charset", expected, format_args!("`{}`", shortened(&text.value)));
    }
    found
}

/// *CRM field ← Ringostat variable | form field names | constant.*
fn read_row(row: &Section<'_>) -> Option<MappedField> {
    row.needed("field");
    let field = row.text("field").map(|field| field.value.trim().to_owned());
    if field.as_ref().is_some_and(|field| field.is_empty() || field.chars().any(char::is_control)) {
        row.wrong("field", "the CRM's own name of a field", "none");
        return None;
    }
    let given = ["form", "ringostat", "constant"].iter().filter(|key| row.has(key)).count();
    if given != 1 {
        let expected = "one of form, ringostat, constant";
        row.findings.problem(&row.place, format!("{}: expected {expected}, found {given} of them", row.path));
        return None;
    }
    let source = if row.has("form") {
        Source::Form(list(row, "form"))
    } else if row.has("ringostat") {
        Source::Ringostat(variable(row)?)
    } else {
        let text = row.text("constant")?;
        if text.value.trim().is_empty() || text.value.len() > MOST_CONSTANT {
            let expected = format_args!("a text of at most {MOST_CONSTANT} bytes");
            row.wrong("constant", expected, format_args!("one of {}", text.value.len()));
            return None;
        }
        Source::Constant(text.value)
    };
    Some(MappedField { field: field?, source })
}

fn variable(row: &Section<'_>) -> Option<Variable> {
    let words = Variable::ALL.map(|(variable, word, _)| (word, variable));
    row.choice("ringostat", &words).map(|placed| placed.value)
}

/// What to say of a name that the CRM does not have: what it has that is like it.
#[must_use]
pub fn like_it<'w>(found: &str, known: impl Iterator<Item = &'w str>) -> String {
    names::near(found, known)
}
