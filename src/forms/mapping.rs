//! Which field of a form is which, and where in the CRM it goes.

use std::collections::BTreeMap;

use super::variable::{Variable, utm};
use crate::model::{
    call::{Utm, says_something},
    client::Kind,
    form::{Filled, Form},
};

/// A value that goes into the CRM, at most, in bytes; the rest stands in the original alone.
const MOST_VALUE: usize = 4_096;
/// A name, at most, in letters.
const MOST_NAME: usize = 120;
/// An e-mail, at most, in bytes.
const MOST_EMAIL: usize = 254;
/// Texts that may be the visitor's number, at most.
const MOST_PHONES: usize = 32;

/// The fields that numbers are looked for in before all others.
const PHONES: [&str; 2] = ["tel", "phone"];
const NAMES: &[&str] = &["name", "fio", "full_name", "fullname", "your-name", "client_name", "contact_name"];
const FIRST_NAMES: &[&str] = &["first_name", "firstname", "first-name"];
const LAST_NAMES: &[&str] = &["last_name", "lastname", "last-name", "surname"];
const EMAILS: &[&str] = &["email", "e-mail", "e_mail", "mail", "your-email", "client_email", "user_email"];

/// How a project reads forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The site's own names of what is matched by itself; tried before the usual ones.
    pub names: Names,
    /// What else is written, by what it is written into, in the order of the file.
    pub rows: BTreeMap<Kind, Vec<MappedField>>,
    /// Names of form fields that a row puts into a field of the CRM that holds numbers, in the order of the file: a client
    /// is looked for by these, too.
    pub mapped_phones: Vec<String>,
}

/// See [`Mapping::names`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The visitor's name.
    pub name: Vec<String>,
    /// Their number.
    pub phone: Vec<String>,
    /// Their e-mail.
    pub email: Vec<String>,
    /// Their id at the site's counter.
    pub client_id: Vec<String>,
}

/// A field of the CRM and what goes into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// The CRM's own name of it.
    pub field: String,
    /// What goes into it.
    pub source: Source,
}

/// See [`MappedField`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The first of these form fields that is there.
    Form(Vec<String>),
    /// What the telephone system knows.
    Ringostat(Variable),
    /// Always the same.
    Constant(String),
}

/// Who filled a form in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visitor {
    /// What may be their number, as it was typed, in the order in which they are looked for.
    pub phones: Vec<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
    /// Their id at the site's counter.
    pub client_id: Option<String>,
    /// Where they came from.
    pub utm: Utm,
}

impl Mapping {
    /// Who filled the form in.
    #[must_use]
    pub fn visitor(&self, form: &Form) -> Visitor {
        let first = |own: &[String], usual: &[&str]| {
            let names = own.iter().map(String::as_str).chain(usual.iter().copied());
            let mut values = names.flat_map(|name| form.values(name)).map(str::trim);
            values.find(|value| says_something(value)).map(str::to_owned)
        };
        let email = first(&self.names.email, EMAILS).filter(|email| is_email(email));
        let client_id = first(&self.names.client_id, Variable::ClientId.names());
        Visitor {
            phones: self.phones(form),
            name: first(&self.names.name, NAMES).or_else(|| both_names(form)).map(|name| named(&name)),
            email,
            client_id: client_id.map(|id| shortened(&id).to_owned()),
            utm: utm(form),
        }
    }

    /// What goes into fields of a kind of entity. Of several rows for one field, the first that has something.
    #[must_use]
    pub fn filled(&self, kind: Kind, form: &Form) -> Vec<Filled> {
        let mut filled: Vec<Filled> = Vec::new();
        for row in self.rows.get(&kind).into_iter().flatten() {
            let value = match &row.source {
                Source::Form(names) => form.first(names.iter().map(String::as_str)),
                Source::Ringostat(variable) => variable.told_by(form),
                Source::Constant(text) => Some(text.as_str()),
            };
            let value = value.map(|value| shortened(value.trim())).filter(|value| !value.is_empty());
            if let Some(value) = value.filter(|_| !filled.iter().any(|known| known.field == row.field)) {
                filled.push(Filled { field: row.field.clone(), value: value.to_owned() });
            }
        }
        filled
    }

    /// `tel` before `phone`, both before what the project names.
    fn phones(&self, form: &Form) -> Vec<String> {
        let own = self.names.phone.iter().chain(&self.mapped_phones).map(String::as_str);
        let mut phones: Vec<String> = Vec::new();
        for name in PHONES.into_iter().chain(own) {
            for value in form.values(name) {
                let value = value.trim();
                if !value.is_empty() && phones.len() < MOST_PHONES && !phones.iter().any(|known| known == value) {
                    phones.push(value.to_owned());
                }
            }
        }
        phones
    }
}

fn both_names(form: &Form) -> Option<String> {
    let of = |names: &[&'static str]| form.first(names.iter().copied()).map(str::trim).unwrap_or_default();
    let both = format!("{} {}", of(FIRST_NAMES), of(LAST_NAMES)).trim().to_owned();
    (!both.is_empty()).then_some(both)
}

fn named(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_NAME).collect()
}

fn is_email(text: &str) -> bool {
    let sound = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@');
    text.len() <= MOST_EMAIL && text.split_once('@').is_some_and(|(user, host)| sound(user) && sound(host))
}

/// As much of a text as goes into the CRM.
pub(super) fn shortened(text: &str) -> &str {
    let end = (0..=MOST_VALUE.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{MappedField, Mapping, Names, Source, Visitor};
    use crate::forms::Variable;
    use crate::model::{client::Kind, form::Form};

    fn form(fields: &[(&str, &str)]) -> Form {
        Form { fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn name_numbers_and_email_are_matched_by_themselves_and_words_for_nothing_are_nothing() {
        let visitor = Mapping::default().visitor(&form(&[
            ("Phone", "044 200 00 00"),
            ("TEL", " +38 (067) 111-22-33 "),
            ("first_name", "Anna"),
            ("last_name", " Ko"),
            ("E-mail", "anna@acme.example"),
            ("utm_source", "google"),
            ("utm_medium", "(none)"),
            ("clientId", "17.42"),
        ]));
        assert_eq!(visitor.phones, ["+38 (067) 111-22-33", "044 200 00 00"]);
        assert_eq!((visitor.name, visitor.email), (text("Anna Ko"), text("anna@acme.example")));
        assert_eq!((visitor.utm.source, visitor.utm.medium, visitor.client_id), (text("google"), None, text("17.42")));
    }

    #[test]
    fn numbers_are_looked_for_in_tel_then_phone_then_what_is_mapped() {
        let mapping = Mapping {
            names: Names { phone: vec!["mobile".to_owned()], ..Names::default() },
            mapped_phones: vec!["viber".to_owned(), "tel".to_owned()],
            ..Mapping::default()
        };
        let visitor =
            mapping.visitor(&form(&[("viber", "4"), ("mobile", "3"), ("phone", "2"), ("tel", "1"), ("fax", "5")]));
        assert_eq!(visitor.phones, ["1", "2", "3", "4"]);
    }

    #[test]
    fn what_is_no_email_is_none_and_an_empty_form_is_nobodys() {
        for wrong in ["anna", "a b@c", "@c", "a@", "a@b@c"] {
            assert_eq!(Mapping::default().visitor(&form(&[("email", wrong)])).email, None, "{wrong}");
        }
        assert_eq!(Mapping::default().visitor(&form(&[("colour", "red")])), Visitor::default());
    }

    #[test]
    fn a_field_takes_the_first_form_field_that_is_there_a_variable_or_a_constant() {
        let row = |field: &str, source| MappedField { field: field.to_owned(), source };
        let names = |names: &[&str]| Source::Form(names.iter().map(|&name| name.to_owned()).collect());
        let rows = vec![
            row("city", names(&["town", "city"])),
            row("source", Source::Ringostat(Variable::UtmSource)),
            row("page", Source::Ringostat(Variable::Page)),
            row("origin", Source::Constant("site".to_owned())),
            row("missing", names(&["colour"])),
            row("city", Source::Constant("nowhere".to_owned())),
        ];
        let mapping = Mapping { rows: [(Kind::Contact, rows)].into(), ..Mapping::default() };
        let form = form(&[("city", " Kyiv "), ("utm_source", "google"), ("page", "(not set)")]);
        let filled: Vec<_> = mapping.filled(Kind::Contact, &form).into_iter().map(|it| (it.field, it.value)).collect();
        let expected = [("city", "Kyiv"), ("source", "google"), ("origin", "site")];
        assert_eq!(filled, expected.map(|(field, value)| (field.to_owned(), value.to_owned())));
        assert_eq!(mapping.filled(Kind::Deal, &form), []);
    }

    #[test]
    fn a_value_of_a_megabyte_is_cut_between_letters() {
        let long = "ї".repeat(1 << 19);
        let rows = vec![MappedField { field: "note".to_owned(), source: Source::Form(vec!["note".to_owned()]) }];
        let mapping = Mapping { rows: [(Kind::Contact, rows)].into(), ..Mapping::default() };
        let filled = mapping.filled(Kind::Contact, &form(&[("note", &long)]));
        assert_eq!(filled[0].value.len(), super::MOST_VALUE);
    }
}
