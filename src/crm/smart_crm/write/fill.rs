//! What a form puts into columns: texts as each column takes them. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::crm::smart_crm::{
    own::{self, Takes},
    write::{order, text},
};
use crate::model::{client::Kind, form::Filled};

/// How long the organization's own columns may be where that was asked: those that a longer text is put into than one has
/// room for by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::crm::smart_crm) struct Rooms(pub(in crate::crm::smart_crm) BTreeMap<String, usize>);

/// The columns and their values. A value that a column does not take is left out; of several for one column the last
/// counts.
pub(super) fn values(kind: Kind, fields: &[Filled], rooms: &Rooms) -> Map<String, Value> {
    let value = |filled: &Filled| Some((filled.field.clone(), value(kind, filled, rooms)?));
    fields.iter().filter_map(value).collect()
}

/// The organization's own columns that get a longer text than they have room for by themselves.
pub(super) fn long(kind: Kind, fields: &[Filled]) -> Vec<&str> {
    let is_long = |filled: &&Filled| {
        own::column(kind, &filled.field).is_none() && text::units(filled.value.trim()) > order::ADDED
    };
    let mut names: Vec<&str> = fields.iter().filter(is_long).map(|filled| filled.field.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a column has this value already. Numbers are compared as such: 1500 comes back as 1500.0.
pub(super) fn stands(stored: Option<&Value>, wanted: &Value) -> bool {
    match (stored, wanted) {
        (Some(Value::Number(stored)), Value::Number(wanted)) => stored.as_f64() == wanted.as_f64(),
        (stored, wanted) => stored == Some(wanted),
    }
}

fn value(kind: Kind, filled: &Filled, rooms: &Rooms) -> Option<Value> {
    let typed = filled.value.trim();
    if typed.is_empty() {
        return None;
    }
    let takes = own::column(kind, &filled.field).map(|column| column.takes);
    match takes.unwrap_or_else(|| Takes::Text(rooms.0.get(&filled.field).copied().unwrap_or(order::ADDED))) {
        Takes::Text(longest) => Some(text::cut(typed, longest).into()),
        Takes::Whole(longest) | Takes::Phone(longest) => whole(typed, longest).map(Value::from),
        Takes::Integer(least, most) => {
            let number: i64 = plain(typed)?.parse().ok()?;
            (least..=most).contains(&number).then(|| number.into())
        }
        Takes::Decimal(least, most) => decimal(typed, (least, most)),
    }
}

/// The text, where there is room for all of it.
pub(super) fn whole(text: &str, longest: usize) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty() && text::units(text) <= longest)
}

/// A number with two places at most, as whole hundredths are read: no rounding on the way that would differ next time.
fn decimal(typed: &str, (least, most): (i64, i64)) -> Option<Value> {
    const HUNDREDTHS: i64 = 100;
    let plain = plain(typed)?;
    let (whole, places) = plain.split_once('.').unwrap_or((&plain, ""));
    let negative = whole.starts_with('-');
    let whole: i64 = whole.parse().ok()?;
    let kept: String = places.chars().chain("00".chars()).take(2).collect();
    let up = i64::from(places.as_bytes().get(2).is_some_and(|digit| *digit >= b'5'));
    let part = kept.parse::<i64>().ok()? + up;
    let part = if negative { -part } else { part };
    let hundredths = whole.checked_mul(HUNDREDTHS)?.checked_add(part)?;
    if hundredths < least.checked_mul(HUNDREDTHS)? || hundredths > most.checked_mul(HUNDREDTHS)? {
        return None;
    }
    if hundredths % HUNDREDTHS == 0 {
        return Some((hundredths / HUNDREDTHS).into());
    }
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, part) = (hundredths.abs() / HUNDREDTHS, hundredths.abs() % HUNDREDTHS);
    format!("{sign}{whole}.{part:02}").parse::<f64>().ok().map(Value::from)
}

/// A number as people type one, as `-1500.5`: blanks between its digits left out, one comma or dot before its places.
/// `None` of what is none, and of what may be two: a comma before three digits parts thousands for some and places for
/// others.
fn plain(typed: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, rest) = typed.strip_prefix('-').map_or(("", typed), |rest| ("-", rest));
    let rest: String = rest.chars().filter(|letter| !letter.is_whitespace()).collect();
    let Some((whole, places)) = rest.split_once(['.', ',']) else {
        return digits(&rest).then(|| format!("{sign}{rest}"));
    };
    let unclear = rest.contains(',') && places.len() == 3;
    (digits(whole) && digits(places) && !unclear).then(|| format!("{sign}{whole}.{places}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Rooms, long, stands, value, values};
    use crate::model::{client::Kind, form::Filled};

    fn filled(field: &str, value: &str) -> Filled {
        Filled { field: field.to_owned(), value: value.to_owned() }
    }

    fn one(kind: Kind, field: &str, text: &str) -> Option<Value> {
        value(kind, &filled(field, text), &Rooms::default())
    }

    #[test]
    fn a_column_for_numbers_gets_a_number_and_none_of_a_text() {
        let sum = |text: &str| one(Kind::Deal, "estimatedvalue", text);
        for (text, number) in [
            ("1500", json!(1500)),
            (" 12 000,50 ", json!(12000.5)),
            ("12\u{a0}000.5", json!(12000.5)),
            ("-0.25", json!(-0.25)),
            ("0.005", json!(0.01)),
            ("1.995", json!(2)),
            ("1500.00", json!(1500)),
            ("1.234", json!(1.23)),
        ] {
            assert_eq!(sum(text), Some(number), "{text}");
        }
        for text in
            ["", "many", "1,500", "1e5", "NaN", "inf", "0x10", "1.2.3", "--1", "1500 UAH", "٣", "9999999999999999999"]
        {
            assert_eq!(sum(text), None, "{text}");
        }
        let count = |text: &str| one(Kind::Organization, "numberofemployees", text);
        assert_eq!(count("1 200"), Some(json!(1200)));
        assert_eq!([count("-1"), count("1.5"), count("1000000001"), count("a dozen")], [None, None, None, None]);
        assert_eq!(one(Kind::Deal, "closeprobability", "101"), None);
    }

    #[test]
    fn words_are_cut_to_their_column_and_half_an_address_is_none() {
        let cut = one(Kind::Contact, "jobtitle", &"j".repeat(150)).expect("a title");
        assert_eq!(cut.as_str().map(|text| text.encode_utf16().count()), Some(100));
        let email = format!("{}@acme.example", "a".repeat(100));
        assert_eq!(one(Kind::Contact, "emailaddress1", &email), None);
        assert_eq!(one(Kind::Lead, "mobilephone", "+38 (067) 111-22-33"), Some(json!("+38 (067) 111-22-33")));
        assert_eq!(one(Kind::Lead, "mobilephone", "+38 (067) 111-22-33 ext. 5"), None);
        assert_eq!(
            one(Kind::Contact, "mobilephone", "+38 (067) 111-22-33 ext. 5").as_ref().map(Value::is_string),
            Some(true)
        );
        assert_eq!(one(Kind::Contact, "jobtitle", "  "), None);
    }

    #[test]
    fn an_organizations_own_column_has_the_room_that_it_says_or_what_one_has_by_itself() {
        let long_text = "ї".repeat(300);
        let fields = [filled("new_comment", &long_text), filled("new_note", &long_text), filled("new_short", "short")];
        assert_eq!(long(Kind::Contact, &fields), ["new_comment", "new_note"]);
        let rooms = Rooms([("new_comment".to_owned(), 250)].into());
        let values = values(Kind::Contact, &fields, &rooms);
        let lengths = fields.iter().map(|filled| values[&filled.field].as_str().expect("a text").chars().count());
        assert_eq!(lengths.collect::<Vec<_>>(), [250, 100, 5]);
        assert!(long(Kind::Contact, &[filled("description", &long_text)]).is_empty());
    }

    #[test]
    fn a_number_stands_however_it_is_written() {
        assert!(stands(Some(&json!(1500.0)), &json!(1500)));
        assert!(!stands(Some(&json!(1500.01)), &json!(1500)));
        assert!(!stands(Some(&Value::Null), &json!("x")) && !stands(None, &json!("x")));
        assert!(stands(Some(&json!("x")), &json!("x")));
    }
}
