//! How Ringostat tells of a call: which moments, under which names, in which form.

use sandbox::pbx::{Ask, Form};
use serde_json::{Map, Value, json};

use super::stage::TOKEN;

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Somebody spoke.
    Answered,
    /// Nobody took it.
    Missed,
    /// The client left a message.
    Voicemail,
}

impl Outcome {
    /// As Ringostat says it.
    const fn status(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::Missed => "NO ANSWER",
            Self::Voicemail => "VOICEMAIL",
        }
    }
}

/// Whether there is audio.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    /// None.
    Never,
    /// Its link stands in what is told after the call.
    AtOnce,
    /// What is told after the call is told again with the link, when the call has long been written.
    Late,
}

/// The form of what is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One JSON object.
    Json,
    /// JSON with an object within, as the older webhooks.
    Nested,
    /// A form as body.
    Form,
    /// Everything in the URL.
    Query,
    /// No call at all: a form that a visitor of the site filled in.
    Site,
}

/// A call, as far as what is told depends on it.
pub(super) struct Telling<'a> {
    /// The project whose door it is.
    pub(super) project: &'a str,
    /// Ringostat's id of it.
    pub(super) call_id: &'a str,
    /// The client's number.
    pub(super) number: &'a str,
    /// Whether we called.
    pub(super) out: bool,
    /// How it ended.
    pub(super) result: Outcome,
    /// The line that answered or called.
    pub(super) line: Option<&'a str>,
    /// Where the audio lies, where that is known.
    pub(super) recording: Option<&'a str>,
    /// In which form.
    pub(super) shape: Shape,
}

/// The company's number.
const OURS: &str = "380442000000";

impl Telling<'_> {
    /// What is told of the whole call: the moment, and the request to `host`.
    pub(super) fn moments(&self, host: &str) -> Vec<(&'static str, Vec<u8>)> {
        if self.shape == Shape::Site {
            return vec![(super::following::FORM, self.filled_in(host))];
        }
        if self.out {
            return vec![self.after(host)];
        }
        let number = self.number;
        let before = json!({
            "call_type": "in", "callers_number": number, "number_e164": format!("+{number}"), "destination": OURS,
            "call_id": self.call_id, "project_id": "110070",
        });
        let mut moments = vec![("before-call", self.request(host, "before-call", before))];
        if self.result == Outcome::Answered {
            let picked_up = json!({
                "type": "in", "caller_number": number, "number_e164": format!("+{number}"), "destination": OURS,
                "connected_with": self.line, "status": null, "recording": null, "employee_id": null,
                "duration_conversation": null, "call_id": self.call_id, "project_id": "110070",
            });
            moments.push(("pick-up", self.request(host, "pick-up", picked_up)));
        }
        moments.push(self.after(host));
        moments
    }

    /// What is told when it is over.
    pub(super) fn after(&self, host: &str) -> (&'static str, Vec<u8>) {
        let moment = if self.out { "after-outgoing" } else { "after-call" };
        (moment, self.request(host, moment, self.over()))
    }

    /// What the site sends: the number as a visitor types it.
    fn filled_in(&self, host: &str) -> Vec<u8> {
        let typed = self.number.strip_prefix("38").unwrap_or(self.number);
        let fields = [
            ("name", "Maria Koval"),
            ("tel", typed),
            ("email", "maria.koval@visitor.example"),
            ("message", "Call me back, please"),
            ("utm_source", "google"),
            ("utm_medium", "(none)"),
            ("client_id", "1234567.7654322"),
        ];
        let ask = Ask::new(Form::Form, format!("/{}/forms", self.project)).token(TOKEN);
        fields.into_iter().fold(ask, |ask, (name, value)| ask.field(name, value)).bytes(host)
    }

    fn over(&self) -> Value {
        let spoken = if self.result == Outcome::Answered { 75 } else { 0 };
        let mut over = json!({
            "call_id": self.call_id, "type": if self.out { "out" } else { "in" }, "status": self.result.status(),
            "call_duration": spoken + 12, "waiting": 12, "dialog": spoken, "utm_source": "google", "utm_medium": "cpc",
            "utm_campaign": "autumn", "utm_term": "(not set)", "utm_content": null, "client_id": "1234567.7654321",
            "recording_wav": self.recording, "has_recording": if self.recording.is_some() { "1" } else { "0" },
            "connected_with": self.line, "project_id": "110070",
        });
        if self.out {
            over["caller"] = json!(self.line);
            over["callee"] = json!(self.number);
            over["outbound_number"] = json!(OURS);
        } else {
            over["caller"] = json!(format!("\"{0}\" <{0}>", self.number));
            over["callee"] = json!(OURS);
        }
        over
    }

    fn request(&self, host: &str, moment: &str, told: Value) -> Vec<u8> {
        let path = format!("/{}/events/{moment}", self.project);
        let form = match self.shape {
            Shape::Json => return json_request(host, &format!("{path}?token={TOKEN}"), &told),
            Shape::Nested => return json_request(host, &format!("{path}?token={TOKEN}"), &nested(told)),
            Shape::Form => Form::Form,
            Shape::Query | Shape::Site => Form::Query,
        };
        let mut ask = Ask::new(form, path).token(TOKEN);
        for (name, value) in told.as_object().into_iter().flatten() {
            ask = ask.field(name, value.as_str().map_or_else(|| plain(value), str::to_owned));
        }
        ask.bytes(host)
    }
}

/// What is no text: `null` says nothing.
fn plain(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

/// The same under the names of the older webhooks: the call's own outside, what is known of it within.
fn nested(told: Value) -> Value {
    const NAMES: [(&str, &str); 10] = [
        ("callers_number", "userfield"),
        ("caller_number", "userfield"),
        ("caller", "userfield"),
        ("number_e164", "E164"),
        ("destination", "dst"),
        ("callee", "dst"),
        ("type", "call_type"),
        ("status", "disposition"),
        ("dialog", "billsec"),
        ("call_duration", "duration"),
    ];
    let Value::Object(flat) = told else { return told };
    let (mut outside, mut within) = (Map::new(), Map::new());
    for (name, value) in flat {
        if name == "call_id" {
            outside.insert("uniqueid".to_owned(), value);
            continue;
        }
        let renamed = NAMES.iter().find(|(new, _)| *new == name).map_or(name, |(_, old)| (*old).to_owned());
        within.insert(renamed, value);
    }
    outside.insert("additional_call_data".to_owned(), Value::Object(within));
    Value::Object(outside)
}

/// A request with JSON as body, as Ringostat's client sends one.
pub(super) fn json_request(host: &str, target: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: ringostat HTTP Client v1.1\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
