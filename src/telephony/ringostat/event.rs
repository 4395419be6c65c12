//! What happened: an event in any of its forms, sorted by an alias table into an [`Event`].

mod row;

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use self::row::{LIST_FIELDS, Listed, of_row};
use super::{query, request};
use crate::model::{
    call::{Direction, Moment, Speaker, Utm, says_something},
    event::Event,
};
use crate::telephony::{EventNames, Incoming, Malformed, RequestForm};

/// What a field of an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventField {
    /// The call's id.
    CallId,
    /// Who called whom.
    Type,
    /// How it ended.
    Status,
    /// The caller.
    Caller,
    /// Who was called.
    Callee,
    /// The company's number of an outgoing call.
    Outbound,
    /// The client's number, whoever called.
    Client,
    /// Who was connected.
    ConnectedWith,
    /// The employee's id at the telephone system.
    StaffId,
    /// Their e-mail.
    EmployeeEmail,
    /// Their extension.
    Extension,
    /// Their name.
    EmployeeName,
    /// When it began, exactly.
    Started,
    /// When it began, by the project's clock.
    StartedLocal,
    /// How long both spoke.
    Talk,
    /// How long the client waited.
    Wait,
    /// All of it.
    Total,
    /// Where the audio lies.
    Recording,
    /// `utm_source`
    UtmSource,
    /// `utm_medium`
    UtmMedium,
    /// `utm_campaign`
    UtmCampaign,
    /// `utm_term`
    UtmTerm,
    /// `utm_content`
    UtmContent,
    /// The client's id at the site's counter.
    ClientId,
    /// The client's e-mail.
    Email,
}

/// Every field, the key that names it in `events.fields`, and the usual names, the preferred one first.
pub const ALIASES: [(EventField, &str, &[&str]); 25] = [
    (EventField::CallId, "call_id", &["call_id", "uniqueid", "cdr_id", "id"]),
    (EventField::Type, "type", &["type", "call_type", "direction"]),
    (EventField::Status, "status", &["status", "disposition", "call_status"]),
    (EventField::Caller, "caller", &["caller", "caller_number", "callers_number", "caller_id", "e164", "number_e164"]),
    (EventField::Callee, "callee", &["callee", "dst", "destination", "call_destination"]),
    (EventField::Outbound, "outbound", &["outbound_number"]),
    (EventField::Client, "client", &["userfield", "client_mob", "phone"]),
    (EventField::ConnectedWith, "connected_with", &["connected_with"]),
    (EventField::StaffId, "employee_id", &["employee_id", "staffid", "staff_id", "employee_number"]),
    (EventField::EmployeeEmail, "employee_email", &["employee_email"]),
    (EventField::Extension, "extension", &["extension_number", "employee_extension", "employee_estension"]),
    (EventField::EmployeeName, "employee_name", &["employee_fio", "employee", "manager"]),
    (EventField::Started, "started", &["call_timestamp", "call_date_microsecond", "calldate_timestamp_micros"]),
    (EventField::StartedLocal, "date", &["call_date", "calldate", "date"]),
    (EventField::Talk, "talk", &["dialog", "billsec", "duration_conversation", "talk_time"]),
    (EventField::Wait, "wait", &["waiting", "waittime", "duration_waiting", "ringing_time"]),
    (EventField::Total, "total", &["call_duration", "duration", "duration_call"]),
    (EventField::Recording, "recording", &["recording_wav", "recording", "record_link", "call_recording", "record"]),
    (EventField::UtmSource, "utm_source", &["utm_source"]),
    (EventField::UtmMedium, "utm_medium", &["utm_medium"]),
    (EventField::UtmCampaign, "utm_campaign", &["utm_campaign"]),
    (EventField::UtmTerm, "utm_term", &["utm_term"]),
    (EventField::UtmContent, "utm_content", &["utm_content"]),
    (EventField::ClientId, "client_id", &["client_id", "clientid", "google_client_id"]),
    (EventField::Email, "email", &["email", "client_email"]),
];

/// Fields of one event, at most.
const MOST_FIELDS: usize = 1_000;
/// Objects within each other, at most.
const MOST_DEPTH: u8 = 16;
/// A value that is understood, at most; longer ones stand in the original alone.
const MOST_VALUE: usize = 4_096;

/// An event, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it says.
    pub event: Event,
    /// What tells it from every other of the project: moment, call and content, 32 hexadecimal digits. The same event
    /// again has the same.
    pub identity: String,
}

/// Reads what happened.
///
/// # Shape
/// Query, form or JSON, flat or with objects within (`additional_call_data`); an outer field goes before an inner one,
/// the query before the body, and of several names the table's first that says something. `null`, blanks and `-1` for
/// an id say nothing. Values of JSON may be percent-encoded once more. A parameter `token` is the door's and no part of
/// the event.
///
/// # Errors
/// [`Malformed`] for what cannot be read at all, and for what holds none of the fields that a call has.
///
/// # Cost
/// A tree of the body: for the journal's thread, never for a look-up's.
pub fn decode(incoming: &Incoming<'_>, moment: Moment, names: &EventNames) -> Result<Told, Malformed> {
    let fields = Fields::read(incoming)?;
    let event = fields.event(moment, names);
    if event == Event::new(moment) {
        let form = RequestForm::Query;
        let reason = Cow::Borrowed("expected a call's id, its numbers or its status, found none of these");
        return Err(Malformed { reason, form });
    }
    let identity = match &event.call_id {
        Some(call_id) => identity(moment, &[call_id.as_bytes(), &fields.normal()]),
        None => identity(moment, &[fields.query_without_token.as_bytes(), incoming.body]),
    };
    Ok(Told { event, identity })
}

/// What tells an event that cannot be read from others.
#[must_use]
pub fn identity_of_unreadable(moment: Moment, query: &str, body: &[u8]) -> String {
    identity(moment, &[b"unreadable", query.as_bytes(), body])
}

fn identity(moment: Moment, parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new_with_prefix(moment.word());
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Every field that says something, in the order of preference: name as it was sent, value, place.
struct Fields {
    fields: Vec<(String, String)>,
    query_without_token: String,
}

impl Fields {
    fn read(incoming: &Incoming<'_>) -> Result<Self, Malformed> {
        let mut fields = Self { fields: Vec::new(), query_without_token: String::new() };
        if let Some(text) = incoming.query {
            let malformed = |reason| Malformed { reason: Cow::Borrowed(reason), form: RequestForm::Query };
            let pairs = query::pairs(text).map_err(malformed)?;
            let kept = pairs.iter().filter(|(name, _)| name != "token");
            fields.query_without_token = kept.map(|(name, value)| format!("{name}={value}&")).collect();
            fields.take(pairs).map_err(malformed)?;
        }
        match request::Body::of(incoming)? {
            None => {}
            Some(request::Body::Form(text)) => {
                let malformed = |reason| Malformed { reason: Cow::Borrowed(reason), form: RequestForm::Form };
                fields.take(query::pairs(text).map_err(malformed)?).map_err(malformed)?;
            }
            Some(request::Body::Json(text)) => {
                let malformed = |reason| Malformed { reason, form: RequestForm::Json };
                let value: Value = serde_json::from_str(text).map_err(|error| {
                    malformed(Cow::Owned(format!("expected JSON, found otherwise at column {}", error.column())))
                })?;
                fields.flatten(&value).map_err(|reason| malformed(Cow::Borrowed(reason)))?;
            }
        }
        Ok(fields)
    }

    fn take(&mut self, pairs: Vec<(String, String)>) -> Result<(), &'static str> {
        for (name, value) in pairs {
            if name != "token" {
                self.keep(&name, value)?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, value: String) -> Result<(), &'static str> {
        if self.fields.len() >= MOST_FIELDS {
            return Err("expected at most 1000 fields, found more");
        }
        if !value.trim().is_empty() {
            self.fields.push((name.to_owned(), value));
        }
        Ok(())
    }

    /// Outer fields first, then those within, level by level.
    fn flatten(&mut self, value: &Value) -> Result<(), &'static str> {
        let mut level = match value {
            Value::Object(object) => vec![object],
            Value::Array(list) => match &list[..] {
                [Value::Object(object)] => vec![object],
                _ => return Err("expected one JSON object, found an array"),
            },
            _ => return Err("expected a JSON object, found something else"),
        };
        for _ in 0..MOST_DEPTH {
            let mut inner = Vec::new();
            for (name, value) in level.into_iter().flatten() {
                match value {
                    Value::Object(object) => inner.push(object),
                    Value::String(text) => self.keep(name, query::unescaped_once_more(text).into_owned())?,
                    Value::Number(number) => self.keep(name, number.to_string())?,
                    Value::Bool(flag) => self.keep(name, if *flag { "1" } else { "0" }.to_owned())?,
                    Value::Null | Value::Array(_) => {}
                }
            }
            if inner.is_empty() {
                return Ok(());
            }
            level = inner;
        }
        Err("expected at most 16 levels of nesting, found more")
    }

    /// The fields whatever their order and however the request carried them.
    fn normal(&self) -> Vec<u8> {
        let mut sorted: BTreeMap<(String, &str), ()> = BTreeMap::new();
        for (name, value) in &self.fields {
            sorted.insert((name.to_ascii_lowercase(), value.trim()), ());
        }
        let mut normal = Vec::new();
        for ((name, value), ()) in &sorted {
            normal.extend_from_slice(name.as_bytes());
            normal.push(b'=');
            normal.extend_from_slice(value.as_bytes());
            normal.push(0);
        }
        normal
    }

    /// The first value that says something, of the name that is configured, else of the usual ones.
    fn value(&self, names: &EventNames, field: EventField) -> Option<&str> {
        let (_, _, usual) = ALIASES.iter().find(|(known, ..)| *known == field)?;
        let outright = names.of(field);
        let named = |name: &str, exact: bool| {
            let is = |found: &str| if exact { found == name } else { found.eq_ignore_ascii_case(name) };
            self.fields
                .iter()
                .find(|(found, value)| is(found) && value.len() <= MOST_VALUE)
                .map(|(_, value)| value.trim())
        };
        outright.and_then(|name| named(name, true)).or_else(|| usual.iter().find_map(|name| named(name, false)))
    }

    fn event(&self, moment: Moment, names: &EventNames) -> Event {
        let text = |field| self.value(names, field).map(str::to_owned);
        let id = |field| text(field).filter(|id| id != "-1" && id != "0");
        let seconds = |field| self.value(names, field).and_then(duration);
        Event {
            moment,
            call_id: id(EventField::CallId),
            direction: self.value(names, EventField::Type).and_then(direction),
            status: self.value(names, EventField::Status).map(status),
            caller: text(EventField::Caller),
            callee: text(EventField::Callee),
            outbound: text(EventField::Outbound),
            client: text(EventField::Client),
            speaker: Speaker {
                line: text(EventField::ConnectedWith),
                staff_id: id(EventField::StaffId),
                email: text(EventField::EmployeeEmail).filter(|email| email.contains('@')),
                extension: id(EventField::Extension),
                name: text(EventField::EmployeeName),
            },
            started: self.value(names, EventField::Started).and_then(exact_time),
            started_local: text(EventField::StartedLocal),
            talk: seconds(EventField::Talk).or_else(|| self.milliseconds(&["duration_conversation_ms"])),
            wait: seconds(EventField::Wait).or_else(|| self.milliseconds(&["duration_waiting_ms"])),
            total: seconds(EventField::Total).or_else(|| self.milliseconds(&["duration_call_ms", "duration_ms"])),
            recording: self.recording(names),
            utm: Utm {
                source: text(EventField::UtmSource).filter(|text| says_something(text)),
                medium: text(EventField::UtmMedium).filter(|text| says_something(text)),
                campaign: text(EventField::UtmCampaign).filter(|text| says_something(text)),
                term: text(EventField::UtmTerm).filter(|text| says_something(text)),
                content: text(EventField::UtmContent).filter(|text| says_something(text)),
            },
            client_id: id(EventField::ClientId).filter(|text| says_something(text)),
            email: text(EventField::Email).filter(|email| email.contains('@')),
            reconciled: None,
        }
    }

    /// The first of the names that is an address: some accounts send an id or a flag under one of them. Whether there is
    /// said to be a recording does not matter: an address may be there although `has_recording` is 0.
    fn recording(&self, names: &EventNames) -> Option<String> {
        let (.., usual) = ALIASES.iter().find(|(known, ..)| *known == EventField::Recording)?;
        let outright = names.of(EventField::Recording).into_iter();
        let names = outright.chain(usual.iter().copied());
        let found = |name: &str| {
            self.fields
                .iter()
                .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
                .find(|value| is_address(value))
                .map(str::to_owned)
        };
        names.into_iter().find_map(found)
    }

    fn milliseconds(&self, names: &[&str]) -> Option<Duration> {
        let value = |name: &&str| self.fields.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        let text = names.iter().find_map(value)?.1.trim();
        text.parse().ok().map(Duration::from_millis)
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && text.len() <= MOST_VALUE && !text.chars().any(char::is_whitespace)
}

/// An unknown word says nothing: the moment then tells who called whom.
fn direction(text: &str) -> Option<Direction> {
    match text.to_ascii_lowercase().as_str() {
        "in" | "incoming" | "inbound" | "callback" | "transitin" => Some(Direction::In),
        "out" | "outgoing" | "outbound" | "outcall" | "transitout" => Some(Direction::Out),
        _ => None,
    }
}

/// Capitals with single blanks, as the vendor's list writes them.
fn status(text: &str) -> String {
    let spaced = text.replace(['+', '_'], " ").to_uppercase();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.as_str() {
        "NOANSWER" | "NO-ANSWER" => "NO ANSWER".to_owned(),
        "NO FORWARD" | "NOFORWARD" => "NO-FORWARD".to_owned(),
        _ => words,
    }
}

/// Seconds, whole or with a fraction, or `MM:SS`, `HH:MM:SS`.
fn duration(text: &str) -> Option<Duration> {
    if text.contains(':') {
        let parts: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
        let parts = parts.filter(|parts| parts.len() <= 3)?;
        let seconds = parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(part))?;
        return Some(Duration::from_secs(seconds));
    }
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| duration.as_secs() < 10_000_000)
}

/// Seconds, milliseconds or microseconds since 1970, told apart by their size.
fn exact_time(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match number {
        1_000_000_000..=9_999_999_999 => Timestamp::from_second(number).ok(),
        1_000_000_000_000..=9_999_999_999_999 => Timestamp::from_millisecond(number).ok(),
        1_000_000_000_000_000..=9_999_999_999_999_999 => Timestamp::from_microsecond(number).ok(),
        _ => None,
    }
}

/// When a call began, as its id says: `us1_-1728427645.1098915`.
#[must_use]
pub fn time_of_call_id(call_id: &str) -> Option<Timestamp> {
    let (_, rest) = call_id.rsplit_once("_-").or_else(|| call_id.rsplit_once('-'))?;
    let seconds = rest.split('.').next()?;
    (seconds.len() == 10).then(|| exact_time(seconds)).flatten()
}

#[cfg(test)]
mod tests;
