//! The list of calls, `GET /calls/list`.

use std::collections::{BTreeMap, HashMap};

use hyper::StatusCode;
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::kit::{Query, Reply, append, json_reply, reply};

/// Rows of one answer, at most.
pub const MOST_ROWS: usize = 6_500;

/// The fields that a row can have.
pub(super) const FIELDS: [&str; 38] = [
    "calldate",
    "caller",
    "caller_number",
    "dst",
    "n_alias",
    "pool_name",
    "disposition",
    "category_mark",
    "duration",
    "duration_ms",
    "call_type",
    "waittime",
    "billsec",
    "connected_with",
    "call_counter",
    "proper_flag",
    "repeated_flag",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "uniqueid",
    "category_number",
    "employee_number",
    "employee_fio",
    "employee_mark",
    "client_id",
    "remote_ip",
    "refferrer",
    "landing",
    "recording",
    "recording_wav",
    "call_card",
    "additional_number",
    "has_recording",
    "scheme_name",
    "department",
];

/// What a request may say.
const PARAMETERS: [&str; 7] = ["export_type", "from", "to", "fields", "filters", "merge", "order"];
/// The fields of a row where none are named.
const USUAL: [&str; 5] = ["calldate", "caller", "dst", "disposition", "billsec"];

/// A call on the list.
///
/// As JSON: `{"uniqueid": "ua0_-1731315881.1", "began": "2024-11-11T09:04:41Z", "fields": {"call_type": "in", …}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedCall {
    /// Its id.
    pub uniqueid: String,
    /// When it began: `calldate`, to the second.
    pub began: Timestamp,
    /// Everything else that its row says, by the list's names.
    #[serde(default)]
    pub fields: Map<String, Value>,
}

/// The calls in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct List {
    calls: BTreeMap<(Timestamp, String), ListedCall>,
    /// When each began, by id.
    began: HashMap<String, Timestamp>,
}

impl List {
    /// A call is there, or is another now.
    pub(super) fn put(&mut self, call: ListedCall) {
        if let Some(before) = self.began.insert(call.uniqueid.clone(), call.began) {
            self.calls.remove(&(before, call.uniqueid.clone()));
        }
        self.calls.insert((call.began, call.uniqueid.clone()), call);
    }

    /// The answer to a request.
    pub(super) fn answer(&self, query: &str, zone: &TimeZone, now: Timestamp) -> Reply {
        let query = Query::read(query);
        if let Some(unknown) = query.unknown(&[&PARAMETERS]) {
            return incorrect("parameter", unknown);
        }
        if query.text("export_type") != Some("json") {
            return text(
                StatusCode::NOT_IMPLEMENTED,
                "expected export_type=json: this stand-in makes no CSV".to_owned(),
            );
        }
        let named = query.list("fields");
        if let Some(unknown) = named.iter().find(|name| !FIELDS.contains(name)) {
            return incorrect("field", unknown);
        }
        if let Some(used) = ["filters", "merge", "order"].into_iter().find(|name| query.text(name).is_some()) {
            return text(StatusCode::NOT_IMPLEMENTED, format!("expected no {used}: this stand-in knows none"));
        }
        let day_ago = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
        let bounds = [("from", day_ago), ("to", now)].map(|(name, usual)| match query.text(name) {
            Some(text) => DateTime::strptime("%Y-%m-%d %H:%M:%S", text).map_err(|_| name),
            None => Ok(zone.to_datetime(usual)),
        });
        let [Ok(from), Ok(to)] = bounds else { return incorrect("field", "from or to") };
        let fields = if named.is_empty() { USUAL.to_vec() } else { named };
        let rows = self.within(from, to, zone).map(|call| row(call, &fields, zone)).collect::<Vec<_>>();
        let mut body = Vec::new();
        append(&mut body, &rows);
        json_reply(StatusCode::OK, body)
    }

    /// By the wall clock, both ends counted in; as many as an answer can have.
    fn within<'l>(
        &'l self,
        from: DateTime,
        to: DateTime,
        zone: &'l TimeZone,
    ) -> impl Iterator<Item = &'l ListedCall> + 'l {
        let began = move |call: &ListedCall| zone.to_datetime(call.began);
        let inside = move |call: &&ListedCall| {
            let began = began(call).with().subsec_nanosecond(0).build();
            began.is_ok_and(|began| began >= from && began <= to)
        };
        // A wall clock shows no time more than a day away from any zone's.
        let day = SignedDuration::from_hours(24);
        let at = |at: DateTime| at.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp());
        let first = at(from).checked_sub(day).unwrap_or(Timestamp::MIN);
        let last = at(to).checked_add(day).unwrap_or(Timestamp::MAX);
        let near = self.calls.range((first, String::new())..).take_while(move |((began, _), _)| *began <= last);
        near.map(|(_, call)| call).filter(inside).take(MOST_ROWS)
    }
}

/// One row, its fields in the order in which they were asked for; what a call does not say is null.
fn row(call: &ListedCall, fields: &[&str], zone: &TimeZone) -> Map<String, Value> {
    let value = |name: &str| match name {
        "uniqueid" => Value::from(call.uniqueid.as_str()),
        "calldate" => Value::from(call.began.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%z").to_string()),
        name => call.fields.get(name).cloned().unwrap_or(Value::Null),
    };
    fields.iter().map(|name| ((*name).to_owned(), value(name))).collect()
}

/// A text inside a 200, which is harder on who reads it than a status: of that nothing is said.
fn incorrect(what: &str, name: &str) -> Reply {
    text(StatusCode::OK, format!("incorrect {what}: {name}"))
}

fn text(status: StatusCode, text: String) -> Reply {
    reply(status, "text/html; charset=utf-8", text)
}
