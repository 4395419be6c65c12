//! A row of Ringostat's list of calls, understood as the event that would have told the end of its call.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Fields, identity, time_of_call_id};
use crate::model::{
    call::{Direction, Moment},
    event::Event,
};
use crate::telephony::EventNames;

/// The fields of a row that are read, by the list's own names; no others are asked for.
pub const LIST_FIELDS: [&str; 21] = [
    "uniqueid",
    "calldate",
    "call_type",
    "disposition",
    "caller",
    "dst",
    "n_alias",
    "duration",
    "waittime",
    "billsec",
    "connected_with",
    "employee_number",
    "employee_fio",
    "client_id",
    "recording",
    "recording_wav",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
];

/// A call as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id; what has none belongs to no call that events could have told.
    pub call_id: String,
    /// When it began, for the order of calls.
    pub began: Option<Timestamp>,
    /// What it says, as the end of an incoming or an outgoing call would.
    pub event: Event,
    /// The same for the same call that ended the same: of a row that is read again, and of no event at a door.
    pub identity: String,
}

/// Reads a row.
///
/// # Shape
/// An object of [`LIST_FIELDS`], named and written as an event's fields are; the customer's own names are no part of it.
/// `caller` and `dst` are the client and the company's line whoever called; of an outgoing call either may be the client
/// where the other is no number or is known to be the line (`n_alias`).
///
/// # Errors
/// `None` for what is no object or names no call.
///
/// # Source
/// Ringostat's help centre, article 6312678; rows of real accounts in public code, seen 2026-11-20.
#[must_use]
pub fn of_row(row: &str) -> Option<Listed> {
    let row: Map<String, Value> = serde_json::from_str(row).ok()?;
    let mut fields = Fields { fields: Vec::new(), query_without_token: String::new() };
    for (name, value) in &row {
        // Unlike an event's, its values are not percent-encoded.
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        fields.keep(name, text).ok()?;
    }
    let mut event = fields.event(Moment::AfterCall, &EventNames::default());
    let call_id = event.call_id.clone()?;
    if event.direction == Some(Direction::Out) {
        event.moment = Moment::AfterOutgoing;
        let alias = fields.fields.iter().find(|(name, _)| name == "n_alias").map(|(_, value)| value.as_str());
        outgoing(&mut event, alias);
    }
    let told = [event.status.as_deref().unwrap_or_default(), event.recording.as_deref().unwrap_or_default()];
    let identity = identity(event.moment, &[b"reconciled", call_id.as_bytes(), told[0].as_bytes(), told[1].as_bytes()]);
    let began = time_of_call_id(&call_id).or_else(|| event.started_local.as_deref()?.parse().ok());
    Some(Listed { call_id, began, event, identity })
}

/// Says outright who the client is: the caller of an event that tells an outgoing call is one of ours.
fn outgoing(event: &mut Event, alias: Option<&str>) {
    let (caller, dst) = (event.caller.take(), event.callee.take());
    let line = alias.and_then(digits);
    let is_line = |text: &Option<String>| line.is_some() && text.as_deref().and_then(digits) == line;
    let is_number = |text: &Option<String>| text.as_deref().and_then(digits).is_some();
    let dst_is_client = is_number(&dst) && !is_line(&dst) && (!is_number(&caller) || is_line(&caller));
    (event.client, event.callee) = if dst_is_client { (dst, caller) } else { (caller, dst) };
    // A SIP login is who made the call and no line of the company's.
    if !is_number(&event.callee) {
        let login = event.callee.take();
        event.speaker.line = event.speaker.line.take().or(login);
    }
}

/// The digits of what is written as a number, perhaps behind a name; nothing of a SIP login.
fn digits(text: &str) -> Option<String> {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(inner, _)| inner);
    let is_written_so = |letter: char| letter.is_ascii_digit() || " +-().".contains(letter);
    let digits: String = inner.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 5 && inner.chars().all(is_written_so)).then_some(digits)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Listed, of_row};
    use crate::model::call::{Direction, Moment};

    fn row(changed: &Value) -> Value {
        let mut row = json!({
            "uniqueid": "ua0_-1731315881.12669683", "calldate": "2024-11-11T11:04:41+0200", "call_type": "in",
            "disposition": "PROPER", "caller": "380671112233", "dst": "380442000000", "n_alias": "Site",
            "duration": "87", "waittime": 12, "billsec": "75", "connected_with": "acme_anna",
            "employee_number": "348104", "employee_fio": "Anna", "client_id": "1.2", "recording": "1",
            "recording_wav": "https://app.ringostat.com/recordings/1.wav?token=t", "utm_source": "(not set)",
            "utm_medium": "cpc", "utm_campaign": null,
        });
        for (name, value) in changed.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    }

    fn listed(changed: &Value) -> Listed {
        of_row(&row(changed).to_string()).unwrap()
    }

    #[test]
    fn a_row_says_what_the_event_at_the_end_of_its_call_would() {
        let Listed { call_id, began, event, .. } = listed(&json!({}));
        assert_eq!(call_id, "ua0_-1731315881.12669683");
        assert_eq!(began.map(|began| began.as_second()), Some(1_731_315_881));
        assert_eq!((event.moment, event.direction), (Moment::AfterCall, Some(Direction::In)));
        assert_eq!((event.status.as_deref(), event.caller.as_deref()), (Some("PROPER"), Some("380671112233")));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!([event.total, event.wait, event.talk], [seconds(87), seconds(12), seconds(75)]);
        let speaker = event.speaker;
        assert_eq!((speaker.line.as_deref(), speaker.staff_id.as_deref()), (Some("acme_anna"), Some("348104")));
        assert_eq!(event.recording.as_deref(), Some("https://app.ringostat.com/recordings/1.wav?token=t"));
        assert_eq!((event.utm.source, event.utm.medium.as_deref()), (None, Some("cpc")));
    }

    #[test]
    fn the_client_of_an_outgoing_call_is_who_is_no_line_of_ours() {
        let client = "380671112233";
        for changed in [
            json!({ "caller": client, "dst": "380442000000" }),
            json!({ "caller": "acme_anna", "dst": client }),
            json!({ "caller": "+380 44 200-00-00", "dst": client, "n_alias": "380442000000" }),
            json!({ "caller": format!("\"Ivan\" <{client}>"), "dst": "380442000000" }),
            json!({ "caller": client, "dst": "acme_anna" }),
        ] {
            let mut changed = changed;
            changed["call_type"] = json!("out");
            changed["connected_with"] = Value::Null;
            let event = listed(&changed).event;
            assert_eq!(event.moment, Moment::AfterOutgoing, "{changed}");
            assert!(event.client.as_deref().is_some_and(|text| text.contains(client)), "{changed}: {event:?}");
            assert_eq!(event.caller, None, "nobody of ours is the client: {changed}");
            assert_ne!(event.callee.as_deref(), Some("acme_anna"), "{changed}");
        }
        let by = listed(&json!({ "call_type": "out", "caller": "acme_anna", "dst": client, "connected_with": null }));
        assert_eq!(by.event.speaker.line.as_deref(), Some("acme_anna"));
    }

    #[test]
    fn a_row_has_the_same_identity_however_often_it_is_read_and_another_once_it_says_more() {
        let first = listed(&json!({ "recording_wav": null }));
        assert_eq!(listed(&json!({ "recording_wav": null, "duration": 88 })).identity, first.identity);
        assert_ne!(listed(&json!({})).identity, first.identity);
        assert_ne!(listed(&json!({ "recording_wav": null, "disposition": "ANSWERED" })).identity, first.identity);
    }

    #[test]
    fn when_a_call_began_is_its_ids_word_and_else_the_lists() {
        let other = listed(&json!({ "uniqueid": "abc" }));
        assert_eq!(other.began.map(|began| began.as_second()), Some(1_731_315_881));
        assert_eq!(listed(&json!({ "uniqueid": "abc", "calldate": "soon" })).began, None);
    }

    #[test]
    fn what_names_no_call_is_none() {
        for row in ["[]", "7", "{", "{\"caller\": \"380671112233\"}", "{\"uniqueid\": \"-1\"}", "{\"uniqueid\": null}"]
        {
            assert_eq!(of_row(row), None, "{row}");
        }
    }
}
