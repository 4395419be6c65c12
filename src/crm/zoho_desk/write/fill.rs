//! What a form's fields are written as, each as its field takes it. Pure.
//!
//! One value that its field cannot take would refuse the whole record: it is left out, and the record is made. What only
//! the portal knows, the type of a custom field and the values of a list, it says by refusing: see [`super::unsent`].

use serde_json::{Map, Value};

use crate::config::{FieldNames, Meaning};
use crate::crm::writer::Order;
use crate::crm::zoho_desk::{
    own,
    write::{
        request::{international, of},
        text,
    },
};
use crate::model::{client::Kind, form::Filled};

/// Digits at the end by which two ways of writing a number are the same (row `zd-match`).
const SAME_END: usize = 9;
/// The longest e-mail.
const EMAIL: usize = 255;

/// Fields by where they stand in a body.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// The vendor's own.
    pub(super) own: Map<String, Value>,
    /// Those of `cf`.
    pub(super) custom: Map<String, Value>,
    /// What is described.
    pub(super) said: Option<String>,
}

/// What these fields of an entity take of the form. Our mark is not among them.
pub(super) fn filling(names: &FieldNames, order: &Order, (kind, fields): (Kind, &[Filled])) -> Filling {
    let mut filling = Filling::default();
    let mark = names.of(of(kind), Meaning::Mark);
    for Filled { field, value } in fields.iter().filter(|filled| !filled.value.trim().is_empty()) {
        if field == "description" {
            filling.said = Some(value.trim().to_owned());
        } else if field.starts_with("cf_") {
            if Some(field.as_str()) != mark {
                filling.custom.insert(field.clone(), text::line(value, text::CUSTOM).into());
            }
        } else if let Some(value) = own::of(kind, field).and_then(|own| taken(order, own, value.trim())) {
            filling.own.insert(field.clone(), value.into());
        }
    }
    filling
}

fn taken(order: &Order, own: &own::Own, value: &str) -> Option<String> {
    let fits = |text: &String| text.chars().count() <= own.most;
    match own.name {
        "phone" | "mobile" => {
            let number = number(order, value);
            Some(number).filter(|number| number.bytes().any(|byte| byte.is_ascii_digit())).filter(fits)
        }
        "email" | "secondaryEmail" => Some(value).filter(|email| is_email(email)).map(str::to_owned),
        // Described as a number, of as many digits as that has.
        "zip" => Some(value.to_owned()).filter(|zip| zip.len() < 10 && zip.bytes().all(|byte| byte.is_ascii_digit())),
        _ => Some(text::line(value, own.most)),
    }
}

/// The client's own number as the vendor is told it, another as it was typed.
fn number(order: &Order, typed: &str) -> String {
    let given: String = typed.chars().filter(char::is_ascii_digit).collect();
    let same = |number: &String| {
        number[1..] == given || given.len() >= SAME_END && number.ends_with(&given[given.len() - SAME_END..])
    };
    order.call.client.map(international).filter(same).unwrap_or_else(|| text::line(typed, usize::MAX))
}

/// The e-mail that the client left, where the vendor takes it.
pub(super) fn email(order: &Order) -> Option<&str> {
    order.call.client_email.as_deref().map(str::trim).filter(|email| is_email(email))
}

/// # Source
/// The description's pattern: no quotes, wildcards or commas, a host with a dot, letters at its end.
pub(super) fn is_email(text: &str) -> bool {
    let word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let Some((user, host)) = text.split_once('@') else { return false };
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    let label = |label: &str| {
        let bare = |end: Option<char>| end.is_some_and(|end| end.is_ascii_alphanumeric());
        let inner = label.chars().all(|sign| word(sign) || sign == '-');
        inner && bare(label.chars().next()) && bare(label.chars().next_back())
    };
    text.len() <= EMAIL
        && user.starts_with(word)
        && user.chars().all(|sign| word(sign) || "+-.'&~".contains(sign))
        && labels.split('.').all(label)
        && (2..=22).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn an_email_is_what_the_vendor_takes_for_one() {
        for good in ["anna@site.example", "o'neil+a_1@a-b.site.example", "_a&b~c@x.ua"] {
            assert!(is_email(good), "{good}");
        }
        for wrong in [
            "anna",
            "@site.example",
            "anna@site",
            "anna@site.e",
            "anna@.example",
            "anna@-a.example",
            "a,b@c.de",
            "a*@c.de",
            "+a@c.de",
            "a b@c.de",
            "\"a\"@c.de",
            "a@b@c.de",
            "анна@c.de",
            "${empty}",
            "a@c.d3",
        ] {
            assert!(!is_email(wrong), "{wrong}");
        }
        assert!(!is_email(&format!("{}@c.de", "a".repeat(251))));
    }
}
