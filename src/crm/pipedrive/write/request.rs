//! What an order is as a request. Pure.
//!
//! # Source
//! The vendor's descriptions of v1 and v2. That persons of an activity are its participants, since `person_id` is refused:
//! users of the live API.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    path::{self, Operation},
    write::html,
};
use crate::crm::writer::Order;
use crate::model::{
    action::Link,
    call::{Call, Direction, Outcome},
    client::Kind,
    ids::CrmId,
};
use crate::outbound::Method;

/// Keys of custom fields, by what they are for.
pub(in crate::crm::pipedrive) type Keys = BTreeMap<Meaning, String>;

/// A request that changes something.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::crm::pipedrive) struct Wanted {
    pub(in crate::crm::pipedrive) method: Method,
    pub(in crate::crm::pipedrive) operation: Operation,
    /// Of what; `None` where something new is made.
    pub(in crate::crm::pipedrive) id: Option<String>,
    pub(in crate::crm::pipedrive) body: Value,
}

impl Wanted {
    const fn add(operation: Operation, body: Value) -> Self {
        Self { method: Method::Post, operation, id: None, body }
    }

    pub(in crate::crm::pipedrive) fn edit(operation: Operation, id: &str, body: Value) -> Self {
        let method = if operation.path == path::EDIT_NOTE.path { Method::Put } else { Method::Patch };
        Self { method, operation, id: Some(id.to_owned()), body }
    }
}

/// Titles, subjects and short texts, in letters.
pub(in crate::crm::pipedrive) const LONGEST_TEXT: usize = 255;

/// What an entity is made with.
#[derive(Debug, Clone, Copy)]
pub(in crate::crm::pipedrive) struct Made<'a> {
    pub(in crate::crm::pipedrive) kind: Kind,
    pub(in crate::crm::pipedrive) title: &'a str,
    pub(in crate::crm::pipedrive) utm: bool,
    pub(in crate::crm::pipedrive) recording: bool,
    /// The custom field of organizations that the number goes into.
    pub(in crate::crm::pipedrive) phone_key: Option<&'a str>,
    /// What a person is called of whom nothing is known.
    pub(in crate::crm::pipedrive) nameless: Option<&'a str>,
}

/// Makes an entity.
///
/// # Shape
/// v2: custom fields under `custom_fields`; leads, v1: beside the other members. A deal's pipeline and stage are not named:
/// the vendor takes the default pipeline's first stage.
pub(in crate::crm::pipedrive) fn create(order: &Order, made: Made<'_>, keys: &Keys) -> Result<Wanted, Failure> {
    let title = titled(order, made);
    let mut body = Map::new();
    owned(order, &mut body)?;
    let mut custom = values(order, keys, Written { utm: made.utm, call: true, recording: made.recording });
    if let Some(key) = keys.get(&Meaning::Mark) {
        custom.insert(key.clone(), order.mark.as_str().into());
    }
    let operation = match made.kind {
        Kind::Contact => {
            body.insert("name".to_owned(), title.into());
            linked(order, Kind::Organization, "org_id", &mut body);
            if let Some(number) = number(&order.call) {
                body.insert("phones".to_owned(), json!([{"value": number, "primary": true, "label": "work"}]));
            }
            if let Some(email) = &order.call.client_email {
                body.insert("emails".to_owned(), json!([{"value": email, "primary": true, "label": "work"}]));
            }
            path::ADD_PERSON
        }
        Kind::Organization => {
            body.insert("name".to_owned(), title.into());
            custom.extend(made.phone_key.map(str::to_owned).zip(number(&order.call).map(Value::from)));
            path::ADD_ORGANIZATION
        }
        Kind::Deal => {
            body.insert("title".to_owned(), title.into());
            linked(order, Kind::Contact, "person_id", &mut body);
            linked(order, Kind::Organization, "org_id", &mut body);
            path::ADD_DEAL
        }
        Kind::Lead => {
            body.insert("title".to_owned(), title.into());
            linked(order, Kind::Contact, "person_id", &mut body);
            linked(order, Kind::Organization, "organization_id", &mut body);
            if !body.contains_key("person_id") && !body.contains_key("organization_id") {
                let reason = "expected a person or an organization that the lead is of, found neither".to_owned();
                return Err(Failure::Refused { reason });
            }
            body.append(&mut custom);
            path::ADD_LEAD
        }
        Kind::Ticket => return Err(Failure::Refused { reason: "Pipedrive has no tickets".to_owned() }),
    };
    if !custom.is_empty() {
        body.insert("custom_fields".to_owned(), custom.into());
    }
    Ok(Wanted::add(operation, body.into()))
}

/// Changes custom fields of an entity.
pub(in crate::crm::pipedrive) fn update(on: Link, custom: Map<String, Value>) -> Result<Wanted, Failure> {
    edit(on, Map::new(), custom)
}

/// Changes members of an entity's own, and custom fields.
pub(in crate::crm::pipedrive) fn edit(
    on: Link,
    own: Map<String, Value>,
    mut custom: Map<String, Value>,
) -> Result<Wanted, Failure> {
    let operation = match on.kind {
        Kind::Contact => path::EDIT_PERSON,
        Kind::Organization => path::EDIT_ORGANIZATION,
        Kind::Deal => path::EDIT_DEAL,
        Kind::Lead => path::EDIT_LEAD,
        Kind::Ticket => return Err(Failure::Refused { reason: "Pipedrive has no tickets".to_owned() }),
    };
    let mut body = own;
    if on.kind == Kind::Lead {
        body.append(&mut custom);
    } else if !custom.is_empty() {
        body.insert("custom_fields".to_owned(), custom.into());
    }
    Ok(Wanted::edit(operation, &on.id.to_string(), body.into()))
}

/// Makes a task: an activity of type call.
///
/// # Units
/// `due_date` and `due_time` are UTC, to the minute.
pub(in crate::crm::pipedrive) fn task(
    order: &Order,
    subject: &str,
    text: &str,
    (done, due): (bool, Timestamp),
) -> Result<Wanted, Failure> {
    let mut body = activity(order, subject, text)?;
    body.insert("done".to_owned(), done.into());
    when(due, &mut body);
    Ok(Wanted::add(path::ADD_ACTIVITY, body.into()))
}

/// The first part of a call: the activity that the call log is made of.
///
/// # Units
/// `duration` is `HH:MM`, rounded up.
pub(in crate::crm::pipedrive) fn call_activity(order: &Order, subject: &str, text: &str) -> Result<Wanted, Failure> {
    let mut body = activity(order, subject, text)?;
    body.insert("done".to_owned(), true.into());
    if let Some(started) = order.call.started {
        when(started, &mut body);
    }
    if let Some(talk) = order.call.talk {
        let minutes = talk.as_secs().div_ceil(60).min(99 * 60);
        body.insert("duration".to_owned(), format!("{:02}:{:02}", minutes / 60, minutes % 60).into());
    }
    Ok(Wanted::add(path::ADD_ACTIVITY, body.into()))
}

/// The second part: the call log, which the activity becomes. Whose it is is not said: only who may change the account's
/// settings may make one for another.
///
/// # Units
/// Times are `YYYY-MM-DD HH:MM:SS`, UTC, as the text of the description says and not its schema; `duration` is seconds as
/// text. A call whose beginning is not known is taken to have begun `now`.
pub(in crate::crm::pipedrive) fn call_log(
    order: &Order,
    subject: &str,
    text: &str,
    (activity, now): (&str, Timestamp),
) -> Wanted {
    let call = &order.call;
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let started = call.started.unwrap_or(now);
    let (from, to) = numbers(call);
    let mut body = json!({
        "activity_id": activity.parse::<u64>().ok(), "subject": shortened(subject, LONGEST_TEXT),
        "outcome": outcome(call), "to_phone_number": to, "start_time": time(started),
        "end_time": time(call.ended().unwrap_or(started)), "note": html::written(text, order.mark.as_str()),
        "duration": call.talk.unwrap_or(Duration::ZERO).as_secs().to_string(),
    });
    if let Some(from) = from {
        body["from_phone_number"] = from.into();
    }
    Wanted::add(path::ADD_CALL_LOG, body)
}

/// Writes a note. Whose it is is not said: only an administrator may name another.
pub(in crate::crm::pipedrive) fn note(order: &Order, text: &str) -> Wanted {
    let mut body = Map::new();
    body.insert("content".to_owned(), html::written(text, order.mark.as_str()).into());
    for (kind, name) in
        [(Kind::Contact, "person_id"), (Kind::Organization, "org_id"), (Kind::Deal, "deal_id"), (Kind::Lead, "lead_id")]
    {
        linked(order, kind, name, &mut body);
    }
    Wanted::add(path::ADD_NOTE, body.into())
}

/// What of a call goes into fields.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::crm::pipedrive) struct Written {
    pub(in crate::crm::pipedrive) utm: bool,
    pub(in crate::crm::pipedrive) call: bool,
    pub(in crate::crm::pipedrive) recording: bool,
}

/// The values of a call's data, by key. What is not known or has no field is not among them.
pub(in crate::crm::pipedrive) fn values(order: &Order, keys: &Keys, written: Written) -> Map<String, Value> {
    let wanted = |meaning: &Meaning| match meaning {
        Meaning::CallId | Meaning::CallStatus => written.call,
        Meaning::Recording => written.recording,
        _ => written.utm,
    };
    let value = |meaning: Meaning| {
        let told = meaning.told_by(&order.call)?;
        // Half a link leads nowhere.
        let value = if meaning == Meaning::Recording { told.to_owned() } else { shortened(told, LONGEST_TEXT) };
        Some((keys.get(&meaning)?.clone(), Value::from(value)))
    };
    Meaning::ALL.into_iter().filter(wanted).filter_map(value).collect()
}

fn activity(order: &Order, subject: &str, text: &str) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    owned(order, &mut body)?;
    body.insert("subject".to_owned(), shortened(subject, LONGEST_TEXT).into());
    body.insert("type".to_owned(), "call".into());
    body.insert("note".to_owned(), html::written(text, order.mark.as_str()).into());
    linked(order, Kind::Deal, "deal_id", &mut body);
    if !body.contains_key("deal_id") {
        linked(order, Kind::Lead, "lead_id", &mut body);
    }
    linked(order, Kind::Organization, "org_id", &mut body);
    let persons = order.on.iter().filter(|link| link.kind == Kind::Contact);
    let persons: Vec<Value> =
        persons.enumerate().map(|(at, link)| json!({"person_id": id(link.id), "primary": at == 0})).collect();
    if !persons.is_empty() {
        body.insert("participants".to_owned(), persons.into());
    }
    Ok(body)
}

fn when(at: Timestamp, body: &mut Map<String, Value>) {
    body.insert("due_date".to_owned(), at.strftime("%Y-%m-%d").to_string().into());
    body.insert("due_time".to_owned(), at.strftime("%H:%M").to_string().into());
}

fn owned(order: &Order, body: &mut Map<String, Value>) -> Result<(), Failure> {
    match order.owner {
        None => Ok(()),
        Some(owner @ CrmId::Number(_)) => {
            body.insert("owner_id".to_owned(), id(owner));
            Ok(())
        }
        Some(CrmId::Uuid(_)) => {
            Err(Failure::Refused { reason: "expected a number as the owner's id, found a UUID".to_owned() })
        }
    }
}

fn linked(order: &Order, kind: Kind, name: &str, body: &mut Map<String, Value>) {
    if let Some(link) = order.on.iter().find(|link| link.kind == kind) {
        body.insert(name.to_owned(), id(link.id));
    }
}

fn id(id: CrmId) -> Value {
    match id {
        CrmId::Number(number) => number.into(),
        CrmId::Uuid(_) => id.to_string().into(),
    }
}

/// A person needs a name and everything else a title: where there is none, what is known stands there.
fn titled(order: &Order, made: Made<'_>) -> String {
    let call = &order.call;
    let known = [Some(made.title), call.client_name.as_deref().filter(|_| made.kind == Kind::Contact)];
    let known = known.into_iter().chain([made.nameless.filter(|_| made.kind == Kind::Contact)]).flatten();
    let text = known.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned);
    let text = text.or_else(|| number(call)).or_else(|| call.client_email.clone()).or_else(|| call.client_id.clone());
    shortened(&text.unwrap_or_else(|| "?".to_owned()), LONGEST_TEXT)
}

/// International form without separators.
pub(in crate::crm::pipedrive) fn number(call: &Call) -> Option<String> {
    call.client.map(|client| format!("+{}", client.digits()))
}

/// Who called and who was called. The vendor wants to know the latter of every call: where our number is not known, the
/// line that answered, else the client's.
fn numbers(call: &Call) -> (Option<String>, String) {
    let client = number(call);
    let company = call.company.as_deref().map(|digits| format!("+{}", digits.trim_start_matches('+')));
    let company = company.or_else(|| call.speaker.line.clone());
    let (from, to) = match call.direction {
        Direction::In => (client, company),
        Direction::Out => (company, client),
    };
    let to = to.or_else(|| from.clone()).unwrap_or_else(|| "?".to_owned());
    (from, to)
}

fn outcome(call: &Call) -> &'static str {
    match call.outcome {
        Some(Outcome::Answered) => "connected",
        Some(Outcome::Voicemail) => "left_voicemail",
        Some(Outcome::Missed) if call.status.as_deref() == Some("BUSY") => "busy",
        Some(Outcome::Missed) | None => "no_answer",
    }
}

pub(in crate::crm::pipedrive) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
