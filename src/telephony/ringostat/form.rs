//! A form of the site: whatever it was sent as, to names and values.

use std::borrow::Cow;

use encoding_rs::Encoding;
use percent_encoding::percent_decode;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    event::{ALIASES, EventField},
    request,
};
use crate::model::form::Form;
use crate::telephony::{Incoming, Malformed, RequestForm};

/// Fields of one form, at most.
const MOST_FIELDS: usize = 1_000;
/// Objects within each other, at most.
const MOST_DEPTH: u8 = 16;
/// The door's and the browser's own fields, no part of what was filled in.
const NOT_FILLED_IN: [&str; 2] = ["token", "_charset_"];

/// A part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The value's bytes; of a file its name.
    pub value: Vec<u8>,
}

/// Reads a form.
///
/// # Shape
/// The query, and beside it an urlencoded body, a JSON one, or the `parts` of a multipart one. JSON: an object, fields of
/// objects within it beside its own, each of a list's values a value of its own; or a list of `{"name", "value"}`. Text
/// is UTF-8, else what the Content-Type or a field `_charset_` says, else `charset`, the project's; a value that is none
/// of these is left out, for nobody could read it.
///
/// # Errors
/// [`Malformed`] for what cannot be read at all, and for a form without any field.
pub fn decode(
    incoming: &Incoming<'_>,
    parts: Option<Vec<Part>>,
    charset: Option<&'static Encoding>,
) -> Result<Form, Malformed> {
    let shape = shape_of(incoming, parts.is_some());
    let malformed = |reason| Malformed { reason, form: shape };
    let mut raw = Vec::new();
    take_pairs(&mut raw, incoming.query.unwrap_or_default().as_bytes());
    let declared = incoming.content_type.and_then(charset_of);
    let mut reading = Reading { charsets: [declared, charset], form: Form::default() };
    if let Some(parts) = parts {
        raw.extend(parts.into_iter().map(|part| (part.name.into_bytes(), part.value)));
    } else if shape == RequestForm::Json {
        let text = reading.text(incoming.body.trim_ascii());
        let text = text.ok_or_else(|| malformed("expected JSON in UTF-8, found other bytes".into()))?;
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            malformed(format!("expected JSON, found otherwise at column {}", error.column()).into())
        })?;
        reading.flatten("", &value, 0).map_err(|reason| malformed(reason.into()))?;
    } else {
        take_pairs(&mut raw, incoming.body.trim_ascii());
    }
    let named = raw.iter().find(|(name, _)| name == b"_charset_").and_then(|(_, value)| Encoding::for_label(value));
    reading.charsets[0] = reading.charsets[0].or(named);
    reading.take(&raw).map_err(|reason| malformed(reason.into()))?;
    if reading.form.fields.is_empty() {
        return Err(malformed("expected a form's fields, found none".into()));
    }
    Ok(reading.form)
}

fn shape_of(incoming: &Incoming<'_>, in_parts: bool) -> RequestForm {
    let typed = incoming.content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    match incoming.body.trim_ascii().first() {
        None => RequestForm::Query,
        Some(_) if in_parts => RequestForm::Form,
        Some(b'{' | b'[') => RequestForm::Json,
        Some(_) if request::says_json(typed) => RequestForm::Json,
        Some(_) => RequestForm::Form,
    }
}

/// What tells a form from another: all that was filled in, whatever its order. The telephone system's own time of sending is
/// no part of it, for a form that is sent twice differs by that; a `date` or `time` is what a visitor may have chosen.
#[must_use]
pub fn identity(form: &Form) -> String {
    let times = [EventField::Started, EventField::StartedLocal];
    let is_time = |name: &str| {
        let mut names = ALIASES.iter().filter(|(field, ..)| times.contains(field)).flat_map(|(.., names)| *names);
        name != "date" && names.any(|time| time.eq_ignore_ascii_case(name))
    };
    let mut fields: Vec<(String, &str)> =
        form.fields.iter().map(|(name, value)| (name.to_lowercase(), value.trim())).collect();
    fields.retain(|(name, _)| !is_time(name));
    fields.sort_unstable();
    let mut digest = Sha256::new_with_prefix("form");
    for (name, value) in &fields {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((value.len() as u64).to_be_bytes());
        digest.update(value);
    }
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of names and values, escapes undone. An escape that is none is text.
fn take_pairs(raw: &mut Vec<(Vec<u8>, Vec<u8>)>, text: &[u8]) {
    let unescaped = |text: &[u8]| -> Vec<u8> {
        let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
        percent_decode(&spaced).collect()
    };
    for pair in text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).take(MOST_FIELDS + 1) {
        let at = pair.iter().position(|&byte| byte == b'=');
        let (name, value) = at.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        raw.push((unescaped(name), unescaped(value)));
    }
}

/// The charset that a Content-Type names.
fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    let parameter = |text: &str| {
        let (name, value) = text.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    };
    let label = content_type.split(';').skip(1).find_map(parameter)?;
    Encoding::for_label(label.as_bytes())
}

struct Reading {
    /// Tried after UTF-8: bytes beyond ASCII that are UTF-8 by chance do not occur in people's texts.
    charsets: [Option<&'static Encoding>; 2],
    form: Form,
}

impl Reading {
    fn text<'t>(&self, bytes: &'t [u8]) -> Option<Cow<'t, str>> {
        let other = |charset: &'static Encoding| charset.decode_without_bom_handling_and_without_replacement(bytes);
        let own = std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        own.or_else(|| self.charsets.iter().flatten().find_map(|charset| other(charset)))
    }

    fn take(&mut self, raw: &[(Vec<u8>, Vec<u8>)]) -> Result<(), &'static str> {
        for (name, value) in raw {
            if let (Some(name), Some(value)) = (self.text(name), self.text(value)) {
                let (name, value) = (name.into_owned(), value.into_owned());
                self.keep(&name, value)?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, value: String) -> Result<(), &'static str> {
        let name = name.trim();
        if name.is_empty() || NOT_FILLED_IN.contains(&name) || value.trim().is_empty() {
            return Ok(());
        }
        if self.form.fields.len() >= MOST_FIELDS {
            return Err("expected at most 1000 fields, found more");
        }
        self.form.fields.push((name.to_owned(), value));
        Ok(())
    }

    fn flatten(&mut self, name: &str, value: &Value, depth: u8) -> Result<(), &'static str> {
        if depth > MOST_DEPTH {
            return Err("expected at most 16 levels of nesting, found more");
        }
        match value {
            Value::Null => Ok(()),
            Value::String(text) => self.keep(name, text.clone()),
            Value::Number(number) => self.keep(name, number.to_string()),
            Value::Bool(flag) => self.keep(name, if *flag { "1" } else { "0" }.to_owned()),
            Value::Array(list) => list.iter().try_for_each(|item| match named(item) {
                Some((name, value)) => self.flatten(name, value, depth + 1),
                None => self.flatten(name, item, depth + 1),
            }),
            Value::Object(object) => object.iter().try_for_each(|(name, value)| self.flatten(name, value, depth + 1)),
        }
    }
}

/// `{"name": "tel", "value": "…"}`, as scripts of sites write forms.
fn named(item: &Value) -> Option<(&str, &Value)> {
    let object = item.as_object()?;
    Some((object.get("name")?.as_str()?, object.get("value")?))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use encoding_rs::{Encoding, WINDOWS_1251};

    use super::{Part, decode, identity};
    use crate::model::form::Form;
    use crate::telephony::{Incoming, Malformed};

    fn read(typed: &str, query: &str, body: &[u8], charset: Option<&'static Encoding>) -> Result<Form, Malformed> {
        let body = Bytes::copy_from_slice(body);
        decode(&Incoming { query: Some(query), content_type: Some(typed), body: &body }, None, charset)
    }

    fn fields(form: &Form) -> Vec<(&str, &str)> {
        let mut fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.sort_unstable();
        fields
    }

    #[test]
    fn a_form_is_the_same_in_a_query_a_body_json_and_parts() {
        let expected = [("tel", "+380 67"), ("ім'я", "Анна")];
        let encoded = b"tel=%2B380+67&%D1%96%D0%BC%27%D1%8F=%D0%90%D0%BD%D0%BD%D0%B0&empty=&token=secret";
        let query = std::str::from_utf8(encoded).expect("ASCII");
        assert_eq!(fields(&read("", query, b"", None).expect("a form")), expected);
        assert_eq!(fields(&read("application/x-www-form-urlencoded", "", encoded, None).expect("a form")), expected);
        let json = r#"{"tel": "+380 67", "more": {"ім'я": "Анна", "none": null}, "token": "secret"}"#;
        assert_eq!(fields(&read("application/json", "", json.as_bytes(), None).expect("a form")), expected);
        let json = r#"[{"name": "tel", "value": "+380 67"}, {"name": "ім'я", "value": ["Анна"]}]"#;
        assert_eq!(fields(&read("text/plain", "", json.as_bytes(), None).expect("a form")), expected);
        let part = |(name, value): (&str, &str)| Part { name: name.to_owned(), value: value.as_bytes().to_vec() };
        let body = Bytes::from_static(b"--x");
        let incoming = Incoming { query: None, content_type: None, body: &body };
        assert_eq!(fields(&decode(&incoming, Some(expected.map(part).to_vec()), None).expect("a form")), expected);
    }

    #[test]
    fn another_charset_is_read_where_it_is_said_by_the_request_the_form_or_the_project() {
        let cyrillic = b"name=\xc0\xed\xed\xe0";
        let said = "application/x-www-form-urlencoded; charset=\"windows-1251\"";
        assert_eq!(fields(&read(said, "", cyrillic, None).expect("a form")), [("name", "Анна")]);
        assert_eq!(fields(&read("", "", cyrillic, Some(WINDOWS_1251)).expect("a form")), [("name", "Анна")]);
        let in_form = b"_charset_=windows-1251&name=%C0%ED%ED%E0";
        assert_eq!(fields(&read("", "", in_form, None).expect("a form")), [("name", "Анна")]);
        // What is UTF-8 is UTF-8 although another is said.
        let wrong = "name=Анна".as_bytes();
        assert_eq!(fields(&read(said, "", wrong, None).expect("a form")), [("name", "Анна")]);
        // Nobody can read the name; the number is there all the same.
        let unsaid = b"tel=067&name=\xc0\xed\xed\xe0";
        assert_eq!(fields(&read("", "", unsaid, None).expect("a form")), [("tel", "067")]);
    }

    #[test]
    fn a_form_without_a_field_and_what_is_no_form_are_refused() {
        let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
        let many = "a=1&".repeat(1_001);
        for (typed, body) in
            [("", ""), ("application/json", "{}"), ("application/json", "{"), ("", "token=x"), ("", &deep), ("", &many)]
        {
            let error = read(typed, "", body.as_bytes(), None).expect_err("no form");
            assert!(error.to_string().starts_with("expected"), "{error}");
        }
        assert_eq!(read("", "", "a=1&".repeat(200).as_bytes(), None).expect("a form").fields.len(), 200);
    }

    #[test]
    fn a_form_that_is_sent_again_is_the_same_whatever_the_order_and_the_time() {
        let form = |body: &str| identity(&read("", "", body.as_bytes(), None).expect("a form"));
        assert_eq!(form("tel=067&name=A&call_date=2026-11-27"), form("Name=A&tel=067&call_date=2026-11-28"));
        assert_ne!(form("tel=067&name=A&date=2026-11-27"), form("tel=067&name=A&date=2026-11-28"), "a booking");
        assert_ne!(form("tel=067&name=A"), form("tel=067&name=B"));
    }
}
