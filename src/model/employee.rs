//! The people calls are sent to.

use crate::model::phone::NumberReader;

/// An employee of the project: as configured, or as the telephone system lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// How people call them.
    pub name: Box<str>,
    /// The user of the CRM they are: an id or an e-mail. None for somebody whom the telephone system's list alone names.
    pub crm_user: Option<Box<str>>,
    /// Directions that are dialled, the first one first. Numbers are digits only. Empty where the telephone system's list
    /// is to say it and does not: no call is sent to them.
    pub main: Vec<Box<str>>,
    /// Directions that are never dialled; they tell who answered.
    pub other: Vec<Box<str>>,
    /// Ringostat's id of the employee.
    pub staff_id: Option<Box<str>>,
    /// The e-mail, the second way to match a CRM's user.
    pub email: Option<Box<str>>,
    /// The internal number.
    pub extension: Option<Box<str>>,
    /// Whether this is the one who gets what belongs to nobody.
    pub top_manager: bool,
}

/// A direction as it is dialled: numbers in digits only, whole where the country's rules say so; a SIP login as it is.
///
/// # Errors
/// `None` for what is neither a number nor a SIP login of at most 64 letters, digits and `. _ - @ :`.
#[must_use]
pub fn direction(text: &str, numbers: Option<&NumberReader>) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let written_as_number = text.chars().all(|letter| letter.is_ascii_digit() || " +-().".contains(letter));
    if written_as_number && (1..=20).contains(&digits.len()) {
        let whole = numbers.and_then(|numbers| numbers.stored(text).ok());
        return Some(whole.map_or(digits, |key| key.digits().to_string()));
    }
    let login = |letter: char| letter.is_ascii_alphanumeric() || "._-@:".contains(letter);
    (!written_as_number && text.len() <= 64 && text.chars().all(login)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::direction;
    use crate::model::phone::NumberReader;

    #[test]
    fn numbers_are_dialled_in_whole_digits_and_logins_as_they_are() {
        let numbers = NumberReader::new("UA");
        for (text, dialled) in [
            ("+380 (67) 111-22-33", Some("380671112233")),
            ("067 111 22 33", Some("380671112233")),
            ("101", Some("101")),
            ("acme_anna", Some("acme_anna")),
            ("anna@pbx.acme.example", Some("anna@pbx.acme.example")),
            ("anna kovalenko", None),
            ("", None),
            ("+", None),
            ("123456789012345678901", None),
        ] {
            assert_eq!(direction(text, numbers.as_ref()).as_deref(), dialled, "{text}");
        }
    }
}
