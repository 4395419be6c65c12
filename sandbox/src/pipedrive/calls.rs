//! `/v1/callLogs` and their recordings.
//!
//! # Source
//! The vendor's description: what is required, and in which words its lack is told; that an activity that is named is
//! converted and then decides whom the call is about; that a list is of one user's; that a second recording is a 409.
//! Times are read in the form that the text gives, not in that of the schema. Not said there, and so made harder on the
//! client: a second conversion makes a second call log; the list begins with the oldest; only the caller's own are in it.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    body::{Body, Wrong},
    notes::offset_page,
    query::Query,
    record::{Activity, CallLog, uuid_text},
    reply::Refusal,
    wire,
    world::World,
    write::{ME, Outcome, Written},
    write_first::in_first_words,
};
use crate::kit::{Moment, roll};

const OUTCOMES: [&str; 6] = ["connected", "no_answer", "left_message", "left_voicemail", "wrong_number", "busy"];
const MOST: u64 = 50;

fn missing() -> Refusal {
    Refusal::First(StatusCode::NOT_FOUND, "A resource required for this operation was not found.".to_owned())
}

impl World {
    pub(super) fn add_call_log(&mut self, body: &Body, now: Moment) -> Outcome {
        let needed = |name| body.needed(name).map_err(|wrong: Wrong| wrong.first());
        let text = |name| body.text(name).map_err(Wrong::first);
        let outcome = needed("outcome")?;
        if !OUTCOMES.contains(&outcome.as_str()) {
            return Err(Wrong::new("outcome", "must be one of the described values").first());
        }
        let (to, start_s, end_s) = (needed("to_phone_number")?, time(body, "start_time")?, time(body, "end_time")?);
        let duration = text("duration")?;
        if duration.as_ref().is_some_and(|text| text.parse::<u64>().is_err()) {
            return Err(Wrong::new("duration", "must be seconds").first());
        }
        let user = self.owner(body, "user_id").map_err(in_first_words)?.unwrap_or(ME);
        let (activity, made) = self.activity_of_call(body, now)?;
        let id = format!("CA{:016x}{:010x}", roll(0xca11, activity.id, 0), self.take_id());
        let log = CallLog {
            id,
            activity: activity.id,
            user,
            outcome,
            from: text("from_phone_number")?,
            to,
            duration,
            start_s,
            end_s,
            audio: None,
        };
        let data = log.shown(&activity);
        let told = self.keep_activity(activity, made, now);
        self.call_logs.push(log);
        Ok(Written { data: Some(data), ..told })
    }

    /// The activity that is converted, or a new one. Subject and note of the call log replace its own.
    fn activity_of_call(&mut self, body: &Body, now: Moment) -> Result<(Activity, bool), Refusal> {
        let named = body.number("activity_id").map_err(Wrong::first)?;
        let mut activity = match named {
            Some(id) => self.activities.get(id).ok_or_else(missing)?,
            None => Activity::made(ME, now.wall.as_second()),
        };
        if activity.kind != "call" {
            return Err(Wrong::new("activity_id", "must refer to a call type activity").first());
        }
        if named.is_none() {
            activity.persons = self.linked_person(body, "person_id").map_err(in_first_words)?.into_iter().collect();
            activity.org = self.linked_organization(body, "org_id").map_err(in_first_words)?;
            activity.deal = self.linked_deal(body).map_err(in_first_words)?;
            activity.lead = self.linked_lead(body).map_err(in_first_words)?;
            activity.id = self.take_id();
        }
        if let Some(subject) = body.text("subject").map_err(Wrong::first)? {
            activity.subject = subject;
        }
        activity.note = body.text("note").map_err(Wrong::first)?.or(activity.note);
        (activity.done, activity.update_s) = (true, now.wall.as_second());
        Ok((activity, named.is_none()))
    }

    /// `POST /v1/callLogs/{id}/recordings`: `multipart/form-data` with a `file`.
    pub(super) fn add_recording(&mut self, id: &str, body: &[u8], content_type: &str) -> Outcome {
        let log = self.call_logs.iter_mut().find(|log| log.id == id).ok_or_else(missing)?;
        if log.audio.is_some() {
            let error = "A recording for this call already exists".to_owned();
            return Err(Refusal::First(StatusCode::CONFLICT, error));
        }
        let size = file(body, content_type).ok_or_else(|| Wrong::new("file", "is required").first())?;
        log.audio = Some(size);
        Ok(Written { status: StatusCode::OK, data: None, about: None })
    }

    /// `GET /v1/callLogs`
    pub(super) fn list_call_logs(&self, query: &Query<'_>) -> Result<Vec<u8>, Refusal> {
        let number = |name| query.number(name).map_err(|_| Refusal::BadRequest);
        let (limit, start) = (number("limit")?.unwrap_or(MOST).clamp(1, MOST), number("start")?.unwrap_or(0));
        let (skipped, size) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(1));
        let mut own = self.call_logs.iter().filter(|log| log.user == ME).skip(skipped);
        let data: Vec<Value> = own.by_ref().take(size).map(|log| self.shown_call(log)).collect();
        Ok(offset_page(&data, (start, limit), own.next().is_some()))
    }

    /// `GET /v1/callLogs/{id}`
    pub(super) fn one_call_log(&self, id: &str) -> Result<Vec<u8>, Refusal> {
        let log = self.call_logs.iter().find(|log| log.id == id).ok_or_else(missing)?;
        let mut out = Vec::new();
        wire::append(&mut out, &json!({"success": true, "data": self.shown_call(log)}));
        Ok(out)
    }

    fn shown_call(&self, log: &CallLog) -> Value {
        self.activities.get(log.activity).map(|activity| log.shown(&activity)).unwrap_or_default()
    }
}

impl CallLog {
    fn shown(&self, activity: &Activity) -> Value {
        let mut shown = json!({
            "id": self.id, "activity_id": self.activity, "subject": activity.subject, "duration": self.duration,
            "outcome": self.outcome, "from_phone_number": self.from, "to_phone_number": self.to,
            "has_recording": self.audio.is_some(), "start_time": wire::time_ms(self.start_s),
            "end_time": wire::time_ms(self.end_s), "user_id": self.user, "company_id": 1, "note": activity.note,
            "person_id": activity.persons.first(), "org_id": activity.org, "deal_id": activity.deal,
            "lead_id": activity.lead.map(uuid_text),
        });
        if let Some(members) = shown.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        shown
    }
}

/// `YYYY-MM-DD HH:MM:SS`, UTC, and nothing else.
fn time(body: &Body, name: &str) -> Result<i64, Refusal> {
    let text = body.needed(name).map_err(Wrong::first)?;
    let read = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).ok();
    let read = read.and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC).ok());
    read.map(|at| at.timestamp().as_second())
        .ok_or_else(|| Wrong::new(name, "must be a time in the format YYYY-MM-DD HH:MM:SS").first())
}

/// How large the part `file` is; `None` where there is none, or an empty one, or one without a file name.
fn file(body: &[u8], content_type: &str) -> Option<u64> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=")?.trim_matches('"');
    let rest = body.strip_prefix(format!("--{boundary}\r\n").as_bytes())?;
    let head_end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&rest[..head_end]).ok()?;
    let named = head.contains("form-data;") && head.contains("name=\"file\"") && head.contains("filename=\"");
    let content = rest[head_end + 4..].strip_suffix(format!("\r\n--{boundary}--\r\n").as_bytes())?;
    (named && !content.is_empty()).then_some(content.len() as u64)
}
