//! `name=value&name=value`, as a query and as an urlencoded body.

use std::borrow::Cow;

use super::fields::{Finds, Place, Wanted};
use crate::telephony::FieldNames;

/// Parameters of one query or form, at most.
const MAX_PAIRS: usize = 1_000;

/// Collects what is wanted of `text`.
///
/// Every escape must be sound, also in parameters that nobody wants; UTF-8 is asked only of names and values that are
/// used, so that an advertising parameter in an old encoding does not cost a call its answer.
///
/// # Errors
/// The reason, fit to be sent back.
///
/// # Cost
/// Allocates only for a name or wanted value with an escape in it.
pub(super) fn collect<'a>(
    finds: &mut Finds<'a>,
    names: &FieldNames,
    text: &'a str,
    place: Place,
) -> Result<(), &'static str> {
    for (at, pair) in text.split('&').enumerate() {
        if at >= MAX_PAIRS {
            return Err("expected at most 1000 parameters, found more");
        }
        if pair.is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        check_escapes(name)?;
        check_escapes(value)?;
        let Some(name) = unescape(name) else { continue };
        let Some(wanted) = Wanted::of(names, &name, place, 0) else { continue };
        if finds.wants(wanted) {
            let value = if wanted.is_caller() { number(value) } else { unescape(value) };
            finds.offer(wanted, value.ok_or("expected UTF-8 behind the percent escapes, found other bytes")?);
        }
    }
    Ok(())
}

/// The first non-empty value of the parameter `name`; `None` also where its escapes make no sense.
pub(super) fn first<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(found, value)| !value.is_empty() && unescape(found).is_some_and(|found| found == name))
        .find_map(|(_, value)| check_escapes(value).ok().and_then(|()| unescape(value)))
}

/// A number's value: a leading `+` before a digit is the number's own, not a space that was escaped.
fn number(value: &str) -> Option<Cow<'_, str>> {
    let bytes = value.as_bytes();
    if bytes.first() != Some(&b'+') || !bytes.get(1).is_some_and(u8::is_ascii_digit) {
        return unescape(value);
    }
    match unescape(&value[1..])? {
        Cow::Borrowed(_) => Some(Cow::Borrowed(value)),
        Cow::Owned(rest) => Some(Cow::Owned(format!("+{rest}"))),
    }
}

fn check_escapes(text: &str) -> Result<(), &'static str> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            Some(_) => return Err("expected two hexadecimal digits after %, found something else"),
            None => return Err("expected two hexadecimal digits after %, found the end"),
        }
    }
    Ok(())
}

/// Undoes the escapes, `+` as a space; `None` for what is not UTF-8 then.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
}
