//! An order as the vendor's properties and bodies. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{FieldNames, Meaning};
use crate::crm::hubspot::{
    email::is_email,
    path,
    write::{form, text},
};
use crate::crm::writer::Order;
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome},
    client::Kind,
};

/// Properties by name; every value is a text.
pub(in crate::crm::hubspot) type Values = BTreeMap<String, String>;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::crm::hubspot) enum What {
    Entity(Kind),
    Task,
    Call,
    Note,
}

/// What an order does not say.
pub(in crate::crm::hubspot) struct Given<'a> {
    pub(in crate::crm::hubspot) names: &'a FieldNames,
    /// The name of a contact that has none.
    pub(in crate::crm::hubspot) contact_name: Option<&'a str>,
    /// Pipeline and stage of a deal or ticket.
    pub(in crate::crm::hubspot) stage: Option<(String, String)>,
    pub(in crate::crm::hubspot) now: Timestamp,
    /// What of the form and of the client's e-mail the vendor did not take, by property.
    pub(in crate::crm::hubspot) without: &'a BTreeSet<String>,
}

impl What {
    /// What the action makes; `None` for one that makes nothing.
    pub(in crate::crm::hubspot) const fn of(action: &Action) -> Option<Self> {
        match action {
            Action::Create { kind, .. } => Some(Self::Entity(*kind)),
            Action::Task { .. } => Some(Self::Task),
            Action::Call { .. } => Some(Self::Call),
            Action::Note { .. } => Some(Self::Note),
            Action::Update { .. } | Action::Amend { .. } => None,
        }
    }

    /// The vendor's word in paths.
    pub(in crate::crm::hubspot) const fn object(self) -> &'static str {
        match self {
            Self::Entity(kind) => path::object(kind),
            Self::Task => "tasks",
            Self::Call => "calls",
            Self::Note => "notes",
        }
    }

    /// By which it has fields in the configuration; notes have none.
    const fn owner(self) -> Option<&'static str> {
        match self {
            Self::Entity(kind) => Some(kind.word()),
            Self::Task => Some("task"),
            Self::Call => Some("call"),
            Self::Note => None,
        }
    }

    /// The configured property for that.
    pub(in crate::crm::hubspot) fn field(self, names: &FieldNames, meaning: Meaning) -> Option<&str> {
        names.of(self.owner()?, meaning)
    }

    /// The property that holds its text.
    pub(in crate::crm::hubspot) const fn text(self) -> Option<&'static str> {
        match self {
            Self::Entity(Kind::Deal | Kind::Organization) => Some("description"),
            Self::Entity(Kind::Ticket) => Some("content"),
            Self::Entity(Kind::Contact | Kind::Lead) => None,
            Self::Task => Some("hs_task_body"),
            Self::Call => Some("hs_call_body"),
            Self::Note => Some("hs_note_body"),
        }
    }

    /// Whether that text is HTML.
    pub(in crate::crm::hubspot) const fn is_html(self) -> bool {
        matches!(self, Self::Task | Self::Call | Self::Note)
    }

    /// The vendor's own type of an association to that; `None`: it is to be asked for.
    ///
    /// # Source
    /// The association types of the vendor's own client, 13.5.0.
    pub(in crate::crm::hubspot) const fn association(self, to: Kind) -> Option<u32> {
        match (self, to) {
            (Self::Call, Kind::Contact) => Some(194),
            (Self::Call, Kind::Organization) => Some(182),
            (Self::Call, Kind::Deal) => Some(206),
            (Self::Call, Kind::Ticket) => Some(220),
            (Self::Task, Kind::Contact) => Some(204),
            (Self::Task, Kind::Organization) => Some(192),
            (Self::Task, Kind::Deal) => Some(216),
            (Self::Task, Kind::Ticket) => Some(230),
            (Self::Note, Kind::Contact) => Some(202),
            (Self::Note, Kind::Organization) => Some(190),
            (Self::Note, Kind::Deal) => Some(214),
            (Self::Note, Kind::Ticket) => Some(228),
            (Self::Entity(Kind::Deal), Kind::Contact) => Some(3),
            (Self::Entity(Kind::Deal), Kind::Organization) => Some(341),
            (Self::Entity(Kind::Ticket), Kind::Contact) => Some(16),
            (Self::Entity(Kind::Ticket), Kind::Organization) => Some(339),
            (Self::Entity(Kind::Ticket), Kind::Deal) => Some(28),
            (Self::Entity(Kind::Contact), Kind::Organization) => Some(279),
            _ => None,
        }
    }
}

/// Everything a new thing gets.
///
/// # Units
/// `hs_timestamp`: UTC milliseconds, when a task is due, when a call began. `hs_call_duration`: what both spoke, in
/// milliseconds.
pub(in crate::crm::hubspot) fn properties_for(order: &Order, given: &Given<'_>) -> Values {
    let mut values = Values::new();
    let Some(what) = What::of(&order.action) else { return values };
    let (names, call) = (given.names, &order.call);
    let mark_field = what.field(names, Meaning::Mark);
    let in_text = mark_field.is_none().then(|| order.mark.as_str());
    let mut set = |name: &str, value: String| drop(values.insert(name.to_owned(), value));
    if let Some(owner) = order.owner {
        set(path::OWNER, owner.to_string());
    }
    if let Some(name) = mark_field {
        set(name, order.mark.to_string());
    }
    match &order.action {
        Action::Create { kind, title, text, utm, recording, .. } => {
            entity(&mut set, (*kind, title), call, given);
            if let Some(name) = what.text() {
                set(name, text::plain(text, in_text));
            }
            if *utm {
                marks(names, what, call).into_iter().for_each(|(name, value)| set(&name, value));
            }
            called(names, what, call, *recording).into_iter().for_each(|(name, value)| set(&name, value));
        }
        Action::Task { subject, text, completed, due } => {
            set("hs_task_subject", text::title(subject));
            set("hs_task_body", text::html(text, in_text));
            set("hs_timestamp", due.as_millisecond().to_string());
            set("hs_task_status", if *completed { "COMPLETED" } else { "NOT_STARTED" }.to_owned());
            set("hs_task_type", "CALL".to_owned());
            let told = call.recording.as_deref().is_some_and(|link| text.contains(link));
            called(names, what, call, told).into_iter().for_each(|(name, value)| set(&name, value));
        }
        Action::Call { subject, text, recording } => {
            set("hs_call_title", text::title(subject));
            set("hs_timestamp", call.started.unwrap_or(given.now).as_millisecond().to_string());
            telephone(&mut set, call);
            let (text, link) = spoken(text, call, *recording);
            set("hs_call_body", text::html(&text, in_text));
            if let Some(link) = link {
                set("hs_call_recording_url", link);
            }
            called(names, what, call, *recording).into_iter().for_each(|(name, value)| set(&name, value));
        }
        Action::Note { text } => {
            set("hs_note_body", text::html(text, in_text));
            set("hs_timestamp", call.ended().unwrap_or(given.now).as_millisecond().to_string());
        }
        Action::Update { .. } | Action::Amend { .. } => {}
    }
    form::put(&mut values, order, given);
    values
}

/// A contact without a name gets the configured one, else its number, else what else there is: the vendor wants a name or
/// an e-mail. One that has nothing but what cannot be written as an e-mail is called by that, so that it is not lost.
fn entity(set: &mut impl FnMut(&str, String), (kind, title): (Kind, &str), call: &Call, given: &Given<'_>) {
    let title = text::title(title);
    let number = call.client.map(|client| format!("+{}", client.digits()));
    let known = || number.clone().or_else(|| call.client_email.clone()).or_else(|| call.client_id.clone());
    let nameless = || given.contact_name.map(str::to_owned).or_else(known).unwrap_or_default();
    match kind {
        Kind::Contact => {
            let email = call.client_email.as_deref();
            let written = email.filter(|email| is_email(email) && !given.without.contains(path::EMAIL));
            let nameless = || match (written, email) {
                (Some(_), _) => given.contact_name.unwrap_or_default().to_owned(),
                (None, Some(typed)) if call.client.is_none() => text::title(typed),
                (None, _) => nameless(),
            };
            let name = if title.is_empty() { nameless() } else { title };
            let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
            for (name, value) in [("firstname", first), ("lastname", last)] {
                if !value.is_empty() {
                    set(name, value.to_owned());
                }
            }
            if let Some(email) = written {
                set(path::EMAIL, email.to_owned());
            }
        }
        Kind::Organization => set("name", if title.is_empty() { nameless() } else { title }),
        Kind::Deal => set("dealname", if title.is_empty() { nameless() } else { title }),
        Kind::Ticket => set("subject", if title.is_empty() { nameless() } else { title }),
        Kind::Lead => set(path::LEAD_NAME, if title.is_empty() { nameless() } else { title }),
    }
    if let (Kind::Contact | Kind::Organization, Some(number)) = (kind, number) {
        set(path::PHONE, number);
    }
    if let (Some((pipeline, stage)), Some((pipeline_id, stage_id))) = (path::stage(kind), &given.stage) {
        set(pipeline, pipeline_id.clone());
        set(stage, stage_id.clone());
    }
}

/// Direction is the vendor's user's, ours that is.
fn telephone(set: &mut impl FnMut(&str, String), call: &Call) {
    let client = call.client.map(|client| format!("+{}", client.digits()));
    let company = call.company.as_deref().map(international);
    let (direction, from, to) = match call.direction {
        Direction::In => ("INBOUND", client, company),
        Direction::Out => ("OUTBOUND", company, client),
    };
    set("hs_call_direction", direction.to_owned());
    for (name, number) in [("hs_call_from_number", from), ("hs_call_to_number", to)] {
        if let Some(number) = number {
            set(name, number);
        }
    }
    if let Some(talk) = call.talk {
        set("hs_call_duration", talk.as_millis().to_string());
    }
    let (status, disposition) = ended(call);
    set("hs_call_status", status.to_owned());
    if let Some(disposition) = disposition {
        set("hs_call_disposition", disposition.to_owned());
    }
    set("hs_call_source", "INTEGRATIONS_PLATFORM".to_owned());
}

/// How it ended, and what came of it by the ids that every account of the vendor begins with.
fn ended(call: &Call) -> (&'static str, Option<&'static str>) {
    const BUSY: &str = "9d9162e7-6cf3-4944-bf63-4dff82258764";
    const CONNECTED: &str = "f240bbac-87c9-4f6e-bf70-924b57d47db7";
    const LEFT_VOICEMAIL: &str = "b2cf5968-551e-4856-9783-52b3da59a7d0";
    const NO_ANSWER: &str = "73a0d17f-1163-4015-bdd5-ec830791da20";
    let word = call.status.as_deref().unwrap_or_default();
    match call.outcome {
        Some(Outcome::Answered) => ("COMPLETED", Some(CONNECTED)),
        Some(Outcome::Voicemail) => ("NO_ANSWER", Some(LEFT_VOICEMAIL)),
        Some(Outcome::Missed) if word == "BUSY" => ("BUSY", Some(BUSY)),
        Some(Outcome::Missed) if word.starts_with("FAILED") => ("FAILED", Some(NO_ANSWER)),
        Some(Outcome::Missed) => ("NO_ANSWER", Some(NO_ANSWER)),
        None => ("IN_PROGRESS", None),
    }
}

/// Whole numbers get their plus; extensions are left as they are.
fn international(digits: &str) -> String {
    let whole = (10..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole { format!("+{digits}") } else { digits.to_owned() }
}

/// The call's text, and the link where the vendor has a place for it: it takes safe addresses only, others stand in the
/// text.
fn spoken(text: &str, call: &Call, recording: bool) -> (String, Option<String>) {
    let Some(link) = call.recording.clone().filter(|_| recording) else { return (text.to_owned(), None) };
    if link.starts_with("https://") {
        return (text.to_owned(), Some(link));
    }
    if text.contains(&link) {
        (text.to_owned(), None)
    } else {
        (format!("{text}\n{link}").trim_start().to_owned(), None)
    }
}

/// The UTM marks and the client's id, as far as there are fields and values.
pub(in crate::crm::hubspot) fn marks(names: &FieldNames, what: What, call: &Call) -> Values {
    filled(names, what, call, &Meaning::ORIGIN)
}

/// The call's id and status, and its recording where that is wanted.
pub(in crate::crm::hubspot) fn called(names: &FieldNames, what: What, call: &Call, recording: bool) -> Values {
    let mut values = filled(names, what, call, &[Meaning::CallId, Meaning::CallStatus]);
    if recording {
        values.extend(recorded(names, what, call));
    }
    values
}

fn recorded(names: &FieldNames, what: What, call: &Call) -> Values {
    filled(names, what, call, &[Meaning::Recording])
}

fn filled(names: &FieldNames, what: What, call: &Call, meanings: &[Meaning]) -> Values {
    let pair = |meaning: &Meaning| Some((what.field(names, *meaning)?.to_owned(), meaning.told_by(call)?.to_owned()));
    meanings.iter().filter_map(pair).collect()
}

/// What is written again of something that was made: its text and the recording. What people may have changed since, its
/// state say, is left as it is.
pub(in crate::crm::hubspot) fn amended(to: &Action, call: &Call, names: &FieldNames) -> Option<(What, Values)> {
    let what = What::of(to)?;
    let mut values = Values::new();
    match to {
        Action::Create { text, recording, .. } => {
            if let Some(name) = what.text().filter(|_| !text.is_empty()) {
                values.insert(name.to_owned(), text::plain(text, None));
            }
            if *recording {
                values.extend(recorded(names, what, call));
            }
        }
        Action::Task { text, .. } => {
            values.insert("hs_task_body".to_owned(), text::html(text, None));
            values.extend(recorded(names, what, call));
        }
        Action::Call { text, recording, .. } => {
            let (text, link) = spoken(text, call, *recording);
            values.insert("hs_call_body".to_owned(), text::html(&text, None));
            values.extend(link.map(|link| ("hs_call_recording_url".to_owned(), link)));
            if *recording {
                values.extend(recorded(names, what, call));
            }
        }
        Action::Note { text } => drop(values.insert("hs_note_body".to_owned(), text::html(text, None))),
        Action::Update { .. } | Action::Amend { .. } => return None,
    }
    Some((what, values))
}

/// The body of a request that makes something: with what it hangs on.
pub(in crate::crm::hubspot) fn creation(values: &Values, on: &[(Link, u32)]) -> Value {
    let association = |(link, type_id): &(Link, u32)| {
        json!({
            "to": {"id": link.id.to_string()},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
        })
    };
    json!({"properties": values, "associations": on.iter().map(association).collect::<Vec<_>>()})
}

/// The body of a request that makes something, or changes it where the mark is there.
pub(in crate::crm::hubspot) fn upsert(values: &Values, mark_field: &str, order: &Order) -> Value {
    let mark = order.mark.as_str();
    let values: Values =
        values.iter().filter(|(name, _)| *name != mark_field).map(|(n, v)| (n.clone(), v.clone())).collect();
    json!({"inputs": [{"id": mark, "idProperty": mark_field, "properties": values, "objectWriteTraceId": mark}]})
}
