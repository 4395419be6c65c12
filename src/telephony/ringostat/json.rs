//! A JSON or JSON-RPC body, read in one pass that keeps wanted fields only.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Finds, Place, Wanted};
use crate::telephony::{FieldNames, Malformed, RequestForm};

/// Objects and arrays within each other, at most.
const MAX_DEPTH: u8 = 16;
/// Members and elements of one body, at most.
const MAX_MEMBERS: u32 = 10_000;
/// A JSON-RPC id, at most; it is echoed.
const MAX_ID_BYTES: usize = 256;

/// Digits of a number that is written with a fraction or an exponent, at most.
const MAX_DIGITS: usize = 40;

/// What a body turned out to be.
pub(super) struct Found<'a> {
    pub(super) form: RequestForm,
    /// The raw `id` of a JSON-RPC call; a slice of the text.
    pub(super) rpc_id: Option<&'a str>,
}

/// Collects what is wanted of the JSON in `text`.
///
/// A call is told from a plain object by its `jsonrpc`, or by a `method` that is a string beside `params`. Of a call only
/// `params` is searched: its `id` is the question's, not the telephone call's.
pub(super) fn collect<'a>(finds: &mut Finds<'a>, names: &FieldNames, text: &'a str) -> Result<Found<'a>, Malformed> {
    let mut reading = Reading::new(names);
    let read = reading.outermost(text);
    let Reading { flat, params, rpc, .. } = reading;
    let form = if rpc.is_call() { RequestForm::JsonRpc } else { RequestForm::Json };
    read.map_err(|reason| Malformed { reason, form })?;
    if form == RequestForm::Json {
        finds.merge(flat);
        finds.merge(params);
        return Ok(Found { form, rpc_id: None });
    }
    rpc.check().map_err(|reason| Malformed { reason: Cow::Borrowed(reason), form })?;
    finds.merge(params);
    Ok(Found { form, rpc_id: rpc.id })
}

/// What tells a JSON-RPC call from a plain object; all raw JSON.
#[derive(Default)]
struct Rpc<'a> {
    version: Option<&'a str>,
    method: Option<&'a str>,
    params: Params,
    id: Option<&'a str>,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Params {
    #[default]
    Absent,
    OneObject,
    Other,
}

impl Rpc<'_> {
    fn is_call(&self) -> bool {
        let has_method = self.method.is_some_and(|raw| raw.starts_with('"'));
        self.version.is_some() || (has_method && self.params != Params::Absent)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.version.is_some_and(|raw| raw != "\"2.0\"") {
            return Err("expected \"jsonrpc\" to be \"2.0\", found something else");
        }
        if !self.method.is_some_and(|raw| raw.starts_with('"')) {
            return Err("expected \"method\" to be a string, found something else");
        }
        if self.params == Params::Other {
            return Err("expected \"params\" to be an object or an array of one object, found something else");
        }
        let Some(id) = self.id else { return Ok(()) };
        if id.len() > MAX_ID_BYTES {
            return Err("expected an \"id\" of at most 256 bytes, found a longer one");
        }
        match id.as_bytes().first() {
            Some(b'"' | b'-' | b'0'..=b'9' | b'n') => Ok(()),
            _ => Err("expected \"id\" to be a number, a string or null, found something else"),
        }
    }
}

/// The state of one body.
struct Reading<'a, 'n> {
    names: &'n FieldNames,
    members: u32,
    /// Finds outside `params`.
    flat: Finds<'a>,
    /// Finds within `params`.
    params: Finds<'a>,
    rpc: Rpc<'a>,
}

impl<'a, 'n> Reading<'a, 'n> {
    fn new(names: &'n FieldNames) -> Self {
        Self { names, members: 0, flat: Finds::default(), params: Finds::default(), rpc: Rpc::default() }
    }

    fn outermost(&mut self, text: &'a str) -> Result<(), Cow<'static, str>> {
        match text.as_bytes().first() {
            Some(b'{') => {}
            Some(b'[') => {
                return Err(Cow::Borrowed("expected one JSON object, found an array: batches are not answered"));
            }
            _ => return Err(Cow::Borrowed("expected a JSON object, found something else")),
        }
        self.descend(text, Spot { depth: 0, within: Within::Body }).map_err(|error| Cow::Owned(said(&error)))
    }

    fn descend(&mut self, raw: &'a str, spot: Spot) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(raw);
        Value { reading: self, spot }.deserialize(&mut json)?;
        json.end()
    }

    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.members += 1;
        if self.members > MAX_MEMBERS {
            return Err(E::custom("expected at most 10000 members, found more"));
        }
        Ok(())
    }

    /// Keeps a wanted member's value, or looks into it.
    fn offer(&mut self, wanted: Wanted, raw: &'a str, spot: Spot) -> Result<(), serde_json::Error> {
        let first = raw.as_bytes().first();
        let text = match first {
            Some(b'"') => unescape(serde_json::from_str::<Text<'a>>(raw)?.0),
            Some(b'-' | b'0'..=b'9') => Cow::Borrowed(raw),
            Some(b'{' | b'[') => return self.descend(raw, spot.inner()),
            _ => return Ok(()),
        };
        let finds = if spot.within == Within::Params { &mut self.params } else { &mut self.flat };
        if first == Some(&b'"') {
            finds.offer(wanted, text);
            return Ok(());
        }
        // A call's id is echoed as it came; a fraction or an exponent is no part of anybody's telephone number.
        if let Some(whole) = integer(raw) {
            finds.offer(wanted.caller_alone(), whole);
        }
        finds.offer(wanted.call_id_alone(), text);
        Ok(())
    }

    fn params(&mut self, raw: &'a str, spot: Spot) -> Result<(), serde_json::Error> {
        let inner = Spot { within: Within::Params, ..spot.inner() };
        self.rpc.params = Params::Other;
        match raw.as_bytes().first() {
            Some(b'{') => {
                self.rpc.params = Params::OneObject;
                self.descend(raw, inner)
            }
            Some(b'[') => {
                let Sole(Some(sole)) = serde_json::from_str(raw)? else { return Ok(()) };
                if sole.starts_with('{') {
                    self.rpc.params = Params::OneObject;
                }
                self.descend(sole, inner.inner())
            }
            _ => Ok(()),
        }
    }
}

/// Where in the body one is.
#[derive(Clone, Copy)]
struct Spot {
    depth: u8,
    within: Within,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Body,
    Params,
    /// An array: counted and checked, not searched, for its elements have no order of preference.
    Array,
}

impl Spot {
    const fn inner(self) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self }
    }
}

/// Any value that is not kept itself; objects in it are searched.
struct Value<'r, 'a, 'n> {
    reading: &'r mut Reading<'a, 'n>,
    spot: Spot,
}

impl<'a> DeserializeSeed<'a> for Value<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl Value<'_, '_, '_> {
    fn check_depth<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.spot.depth >= MAX_DEPTH {
            return Err(E::custom("expected at most 16 levels of nesting, found more"));
        }
        Ok(())
    }
}

impl<'a> Visitor<'a> for Value<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        self.check_depth()?;
        let Self { reading, spot } = self;
        while let Some(Text(name)) = map.next_key::<Text<'a>>()? {
            reading.count()?;
            let outermost = spot.depth == 0;
            let wanted = match spot.within {
                Within::Array => None,
                Within::Body | Within::Params => Wanted::of(reading.names, &name, Place::Body, spot.depth),
            };
            let special = outermost && matches!(name.as_ref(), "jsonrpc" | "method" | "params" | "id");
            if !special && wanted.is_none() {
                map.next_value_seed(Value { reading: &mut *reading, spot: spot.inner() })?;
                continue;
            }
            let raw = map.next_value::<&'a RawValue>()?.get();
            match name.as_ref() {
                "jsonrpc" if outermost => reading.rpc.version = Some(raw),
                "method" if outermost => reading.rpc.method = Some(raw),
                "id" if outermost => reading.rpc.id = Some(raw),
                "params" if outermost => reading.params(raw, spot).map_err(M::Error::custom)?,
                _ => {}
            }
            if let Some(wanted) = wanted {
                reading.offer(wanted, raw, spot).map_err(M::Error::custom)?;
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<(), S::Error> {
        self.check_depth()?;
        let Self { reading, spot } = self;
        let spot = Spot { within: Within::Array, ..spot.inner() };
        while seq.next_element_seed(Value { reading: &mut *reading, spot })?.is_some() {
            reading.count()?;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A string that is borrowed where it holds no escape.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The only element of an array, raw; `None` when it has none or several.
struct Sole<'a>(Option<&'a str>);

impl<'a> serde::Deserialize<'a> for Sole<'a> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(SoleVisitor)
    }
}

struct SoleVisitor;

impl<'a> Visitor<'a> for SoleVisitor {
    type Value = Sole<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<Sole<'a>, S::Error> {
        let first = seq.next_element::<&'a RawValue>()?;
        let mut more = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Sole(first.filter(|_| !more).map(RawValue::get)))
    }
}

/// A JSON number's value in digits: `380.0` and `3.8e2` are 380, however many digits there are; `None` where it is no
/// integer, or one too long to be anybody's number.
fn integer(raw: &str) -> Option<Cow<'_, str>> {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if mantissa == raw && fraction.is_empty() {
        return Some(Cow::Borrowed(raw));
    }
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let digits = format!("{whole}{fraction}");
    let point = exponent.parse::<i32>().ok()?.checked_add(i32::try_from(whole.len()).ok()?)?;
    let point = usize::try_from(point).ok().filter(|&point| point <= MAX_DIGITS)?;
    let (whole, fraction) = digits.split_at(point.min(digits.len()));
    if fraction.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let padded = format!("{whole:0<point$}");
    let trimmed = padded.trim_start_matches('0');
    Some(Cow::Owned(format!("{sign}{}", if trimmed.is_empty() { "0" } else { trimmed })))
}

/// Undoes one more percent-encoding. A `+` stays a `+`; what is no escape, or gives no UTF-8, stays as it is: not every
/// account encodes its values.
fn unescape(value: Cow<'_, str>) -> Cow<'_, str> {
    if !value.contains('%') {
        return value;
    }
    match percent_encoding::percent_decode_str(&value).decode_utf8() {
        Ok(text) => Cow::Owned(text.into_owned()),
        Err(_) => value,
    }
}

/// The parser's complaint, without what it would quote of the body: a number of somebody may stand there.
fn said(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Eof => format!("expected more JSON, found the end at column {}", error.column()),
        Category::Data => error.to_string(),
        Category::Syntax | Category::Io => format!("expected JSON, found something else at column {}", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn an_integral_number_is_its_digits_however_it_is_written() {
        let rows = [
            ("380442001001", "380442001001"),
            ("380442001001.0", "380442001001"),
            ("380442001001.000", "380442001001"),
            ("3.80442001001e11", "380442001001"),
            ("3.80442001001E+11", "380442001001"),
            ("0.380442001001e12", "380442001001"),
            ("38044200100100e-2", "380442001001"),
            ("38e2", "3800"),
            ("123456789012345678901.0", "123456789012345678901"),
            ("-1", "-1"),
            ("-1.0", "-1"),
            ("0.0", "0"),
        ];
        for (raw, expected) in rows {
            assert_eq!(integer(raw).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn what_is_no_integer_or_endless_is_nothing() {
        for raw in [
            "380442001001.5",
            "380442001001.00000000000000001",
            "3.80442001001e10",
            "380442001001e-13",
            "1e41",
            "1e2147483647",
            "1e99999999999",
            "1e-99999999999",
        ] {
            assert_eq!(integer(raw), None, "{raw}");
        }
    }
}
