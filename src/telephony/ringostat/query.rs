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

/// Every pair of a query or form, escapes undone, in its order. A value that is not UTF-8 is left out; a leading `+`
/// before a digit is a number's own.
///
/// # Errors
/// The reason, fit to be sent back.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut pairs = Vec::new();
    for (at, pair) in text.split('&').enumerate() {
        if at >= MAX_PAIRS {
            return Err("expected at most 1000 parameters, found more");
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        check_escapes(name)?;
        check_escapes(value)?;
        if let (Some(name), Some(value)) = (unescape(name).filter(|name| !name.is_empty()), number(value)) {
            pairs.push((name.into_owned(), value.into_owned()));
        }
    }
    Ok(pairs)
}

/// Undoes one more percent-encoding of a value that was no longer escaped by its form. A `+` stays a `+`; what is no
/// escape, or gives no UTF-8, stays as it is: not every account encodes its values.
pub(super) fn unescaped_once_more(value: &str) -> Cow<'_, str> {
    if check_escapes(value).is_err() {
        return Cow::Borrowed(value);
    }
    percent_encoding::percent_decode_str(value).decode_utf8().unwrap_or(Cow::Borrowed(value))
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
    let own_plus = bytes.first() == Some(&b'+') && bytes.get(1).is_some_and(u8::is_ascii_digit);
    unescape_after(usize::from(own_plus), value)
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
    unescape_after(0, text)
}

/// The same, but for the first `kept` bytes.
fn unescape_after(kept: usize, text: &str) -> Option<Cow<'_, str>> {
    let bytes = text.as_bytes();
    if !bytes.iter().skip(kept).any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = if byte == b'%' { bytes.get(at + 1..at + 3).and_then(value_of) } else { None };
        plain.push(match escaped {
            Some(value) => value,
            None if byte == b'+' && at >= kept => b' ',
            None => byte,
        });
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

fn value_of(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}
