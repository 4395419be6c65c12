//! What a reply means. Pure.

use std::{fmt, marker::PhantomData, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::outbound::Reply;
use crate::pbx::{Failure, staff::StaffMember};

/// People on a list, at most: as many as a project may have employees.
const MAX_MEMBERS: usize = 10_000;
/// Directions of one person, at most; more is no answer of this API.
const MAX_DIRECTIONS: usize = 100;
/// A pause further away than this is in a unit that we do not know.
const LONGEST_PAUSE_S: u64 = 3_600;

/// The list inside a reply, or what its absence means.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx.
/// - [`Failure::Credentials`]: 401, 403.
/// - [`Failure::Refused`]: any other status that is not 2xx; an `error` inside a 2xx.
/// - [`Failure::Unclear`]: a 2xx that is not the answer's JSON, or one of another shape.
pub(super) fn judge(reply: &Reply) -> Result<Vec<StaffMember>, Failure> {
    let status = reply.status;
    let words = || format!("status {status}{}", said(&reply.body).map_or_else(String::new, |said| format!(": {said}")));
    match status {
        200..=299 => answer(reply),
        408 | 429 | 500..=599 => Err(Failure::Wait { reason: words(), after: retry_after(reply) }),
        401 | 403 => Err(Failure::Credentials { reason: words() }),
        300..=399 => {
            let reason = format!("status {status}: expected an answer, found a redirect; is ringostat.base_url right?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words() }),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Value>,
}

fn answer(reply: &Reply) -> Result<Vec<StaffMember>, Failure> {
    let unclear = |found: String| Failure::Unclear {
        reason: format!("status {}: expected a staff list, found {found}", reply.status),
    };
    let envelope: Envelope<'_> = serde_json::from_slice(&reply.body).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => unclear("JSON that ends in the middle".to_owned()),
        serde_json::error::Category::Data => unclear("JSON that is no answer of this API".to_owned()),
        _ => unclear("no JSON".to_owned()),
    })?;
    if let Some(error) = &envelope.error {
        return Err(Failure::Refused { reason: told(error) });
    }
    let Some(result) = envelope.result else { return Err(unclear("an answer without a result".to_owned())) };
    // Only where it is wrong: the text of the error may quote a name.
    let rows: Rows<Member> = serde_json::from_str(result.get())
        .map_err(|error| unclear(format!("a result of another shape at column {}", error.column())))?;
    if rows.0.len() > MAX_MEMBERS {
        let reason = format!("expected a list of at most {MAX_MEMBERS}, found {}", rows.0.len());
        return Err(Failure::Refused { reason });
    }
    rows.0
        .into_iter()
        .map(|(key, member)| member.told(key))
        .collect::<Option<_>>()
        .ok_or_else(|| unclear(format!("somebody without a staffId, or with more than {MAX_DIRECTIONS} directions")))
}

/// Somebody on the list; only what is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    staff_id: Option<Text>,
    fio: Option<Text>,
    email: Option<Text>,
    extension_number: Option<Text>,
    /// `main` and `additional`. Must be there: a list without directions is another list.
    directions: Rows<Rows<Direction>>,
}

#[derive(Deserialize)]
struct Direction {
    direction: Option<Text>,
}

impl Member {
    /// `None` without an id.
    fn told(self, key: Option<String>) -> Option<StaffMember> {
        let staff_id = filled(self.staff_id).or_else(|| filled(key.map(Text)))?;
        let email = filled(self.email);
        let name = filled(self.fio).or_else(|| email.clone()).unwrap_or_else(|| staff_id.clone());
        let (mut main, mut other) = (Vec::new(), Vec::new());
        for (key, list) in self.directions.0 {
            let of_kind = match key.as_deref() {
                Some("main") => &mut main,
                Some("additional") => &mut other,
                _ => continue,
            };
            of_kind.extend(list.0.into_iter().filter_map(|(_, direction)| filled(direction.direction)));
        }
        (main.len() + other.len() <= MAX_DIRECTIONS).then_some(StaffMember {
            staff_id,
            name,
            email,
            extension: filled(self.extension_number),
            main,
            other,
        })
    }
}

fn filled(text: Option<Text>) -> Option<Box<str>> {
    let text = text?.0;
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

/// A text that is now and then written as a number.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Text;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        from.deserialize_any(Reads)
    }
}

/// A list as PHP writes it: an object with each row's key, or a bare list, which an empty one always is. In the order it
/// is written in.
struct Rows<T>(Vec<(Option<String>, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reads<T> {
            type Value = Rows<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object or a list")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Rows<T>, M::Error> {
                let mut rows = Vec::new();
                while let Some((key, row)) = map.next_entry::<String, T>()? {
                    rows.push((Some(key), row));
                }
                Ok(Rows(rows))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Rows<T>, S::Error> {
                let mut rows = Vec::new();
                while let Some(row) = list.next_element()? {
                    rows.push((None, row));
                }
                Ok(Rows(rows))
            }
        }
        from.deserialize_any(Reads(PhantomData))
    }
}

fn said(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Envelope<'_>>(body).ok()?.error.as_ref().map(told)
}

/// Code and message of an `error`, short.
pub(in crate::pbx) fn told(error: &Value) -> String {
    const LONGEST: usize = 200;
    let code = error.get("code").filter(|code| !code.is_null()).map(|code| format!("code {code}"));
    let message = error.get("message").or(Some(error)).and_then(Value::as_str).map(str::to_owned);
    let words: Vec<String> = [code, message].into_iter().flatten().collect();
    let words = if words.is_empty() { "an error without words".to_owned() } else { words.join(": ") };
    words.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// How long the vendor wants to be let be, where it says so in seconds.
pub(in crate::pbx) fn retry_after(reply: &Reply) -> Option<Duration> {
    let seconds = reply.header("retry-after")?.trim().parse().ok();
    seconds.filter(|&seconds| seconds <= LONGEST_PAUSE_S).map(Duration::from_secs)
}
