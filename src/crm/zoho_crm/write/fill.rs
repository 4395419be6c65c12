//! What a form's fields are written as, each as its field takes it. Pure.
//!
//! One value that its field cannot take would refuse the whole record: it is left out, and the record is made.

use jiff::{Timestamp, civil::Date};
use serde_json::{Number, Value, json};

use crate::crm::writer::Order;
use crate::crm::zoho_crm::{
    own,
    path::DESCRIPTION,
    write::{
        body::{self, Ground, Row},
        shape::Trait,
        text,
    },
};
use crate::crm::{Holds, OwnField};
use crate::model::{client::Kind, form::Filled};

/// Signs of a text, where the account does not say.
const LONGEST: usize = 255;
/// Digits at the end by which two ways of writing a number are the same (row `zc-match`).
const SAME_END: usize = 9;

/// Puts every field of the form into the row that takes it, over what stands there. The text that is described and our mark
/// are not among them: they are written elsewhere.
pub(super) fn put(row: &mut Row, order: &Order, (kind, fields): (Kind, &[Filled]), ground: &Ground<'_>) {
    let mark = ground.shape.mark(ground.names, kind.word()).map(|(name, _)| name);
    for Filled { field, value } in fields {
        if Some(field.as_str()) == mark || field == DESCRIPTION {
            continue;
        }
        if let Some(value) = taken(order, (kind, field), value, ground) {
            row.insert(field.clone(), value);
        }
    }
}

/// What the form puts into the description.
pub(super) fn description(fields: &[Filled]) -> Option<&str> {
    fields.iter().find(|filled| filled.field == DESCRIPTION).map(|filled| filled.value.as_str())
}

/// What a field takes of a text; `None` where that is nothing, and for one that the module has not.
fn taken(order: &Order, (kind, name): (Kind, &str), value: &str, ground: &Ground<'_>) -> Option<Value> {
    let (value, known) = (value.trim(), ground.shape.field(name));
    if value.is_empty() {
        return None;
    }
    let holds = match known {
        Some(field) => field.holds.as_str(),
        // One of the vendor's that this profile does not see: it leaves it out itself.
        None => word(own::FIELDS.iter().find(|own| own.kind == kind && own.name == name)?),
    };
    let most = ground.shape.limit(name, LONGEST);
    let fits = |text: &str| text.chars().count() <= most;
    match holds {
        "integer" | "bigint" | "double" | "currency" | "decimal" | "percent" => {
            number(value, matches!(holds, "integer" | "bigint")).map(Value::Number)
        }
        "boolean" => flag(value).map(Value::Bool),
        "date" => value.parse::<Date>().ok().map(|day| json!(day.to_string())),
        "datetime" => value.parse::<Timestamp>().ok().map(|at| json!(text::moment(at, &order.zone))),
        "phone" => Some(phone(order, value)).filter(|number| is_phone(number) && fits(number)).map(Value::String),
        "email" => Some(value).filter(|email| body::is_email(email) && fits(email)).map(|email| json!(email)),
        "website" => address(value).filter(|address| fits(address)).map(Value::String),
        "picklist" => known.and_then(|field| choice(field, value)).map(Value::String),
        "multiselectpicklist" => known.and_then(|field| choice(field, value)).map(|choice| json!([choice])),
        "text" | "textarea" | "" => Some(json!(text::cut(value, most))),
        // A lookup, a file, what the vendor counts itself.
        _ => None,
    }
}

const fn word(own: &OwnField) -> &'static str {
    match own.holds {
        Holds::Text => "text",
        Holds::Number => "double",
        Holds::Phone => "phone",
    }
}

/// `1500`, `1 500,50`; `None` for what is no number.
fn number(text: &str, whole: bool) -> Option<Number> {
    let plain: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let plain = if plain.contains('.') { plain } else { plain.replacen(',', ".", 1) };
    if !plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.')) {
        return None;
    }
    match plain.parse::<i64>() {
        Ok(number) => Some(number.into()),
        Err(_) if whole => None,
        Err(_) => plain.parse().ok().and_then(Number::from_f64),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "так" | "да" => Some(true),
        "false" | "no" | "off" | "0" | "ні" | "нет" => Some(false),
        _ => None,
    }
}

/// The client's own number as the vendor is told it, another as it was typed.
fn phone(order: &Order, typed: &str) -> String {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (given, own) = (digits(typed), body::number(order));
    let same = |own: &String| {
        let own = digits(own);
        own == given || given.len() >= SAME_END && own.ends_with(&given[given.len() - SAME_END..])
    };
    own.filter(same).unwrap_or_else(|| typed.to_owned())
}

fn is_phone(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn address(text: &str) -> Option<String> {
    if text.contains(char::is_whitespace) || !text.contains('.') {
        return None;
    }
    let whole = text.starts_with("https://") || text.starts_with("http://");
    Some(if whole { text.to_owned() } else { format!("https://{text}") })
}

/// The value of a list as it is shown.
fn choice(field: &Trait, text: &str) -> Option<String> {
    let wanted = text.to_lowercase();
    let is = |(shown, stored): &&(String, String)| shown.to_lowercase() == wanted || stored.to_lowercase() == wanted;
    field.choices.iter().find(is).map(|(shown, _)| shown.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{address, flag, number};

    #[test]
    fn a_number_is_one_however_it_is_typed_and_a_text_is_none() {
        let read = |text: &str| number(text, false).map(|number| json!(number));
        assert_eq!(read("1500"), Some(json!(1500)));
        assert_eq!(read("1 500,50"), Some(json!(1500.5)));
        assert_eq!(read("-2.5"), Some(json!(-2.5)));
        for wrong in ["", "many", "12 doors", "1e9", "NaN", "inf", "1.2.3", "1,2,3", "+-1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!((number("2,5", true), number("25", true)), (None, Some(25.into())));
    }

    #[test]
    fn an_address_has_a_scheme_and_a_flag_is_said_in_words() {
        assert_eq!(address("acme.example").as_deref(), Some("https://acme.example"));
        assert_eq!(address("http://acme.example/a?b").as_deref(), Some("http://acme.example/a?b"));
        assert_eq!((address("none"), address("my site.example")), (None, None));
        assert_eq!((flag("Так"), flag("off"), flag("perhaps")), (Some(true), Some(false), None));
    }
}
