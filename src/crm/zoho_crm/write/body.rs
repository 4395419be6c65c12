//! What is written: from an order to one request. Pure.

use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::writer::Order;
use crate::crm::zoho_crm::{
    path::{self, ACCOUNT, CALLS, CONTACT, DESCRIPTION, EMAIL, LAST_NAME, OWNER, PHONE, STAGE, TASKS, WHAT, WHO},
    write::{
        fill,
        shape::{Shape, nothing_of},
        stage::FirstStage,
        text,
    },
};
use crate::model::{
    action::{Action, Link},
    call::{Direction, Outcome},
    client::Kind,
};

/// Signs of a text, where the account does not say.
pub(in crate::crm::zoho_crm) const LONGEST_TEXT: usize = 32_000;
const LONGEST_SUBJECT: usize = 255;
pub(super) const LONGEST_NAME: usize = 80;
const LONGEST_EMAIL: usize = 100;
const LONGEST_TITLE: usize = 120;
const LONGEST_FIELD: usize = 255;
/// A deal has to be closed some day: so long after the call, where nobody says otherwise.
const CLOSED_AFTER_DAYS: i64 = 30;

/// What is known besides the order.
#[derive(Debug, Clone, Copy)]
pub(in crate::crm::zoho_crm) struct Ground<'g> {
    pub(in crate::crm::zoho_crm) names: &'g FieldNames,
    pub(in crate::crm::zoho_crm) contact_name: Option<&'g str>,
    /// Of the module that is written.
    pub(in crate::crm::zoho_crm) shape: &'g Shape,
    /// Of a deal.
    pub(in crate::crm::zoho_crm) first: Option<&'g FirstStage>,
    pub(in crate::crm::zoho_crm) now: Timestamp,
}

/// A record, by the names of its fields.
pub(in crate::crm::zoho_crm) type Row = Map<String, Value>;

/// What `action` makes: the module's word in the configuration and the record; `None` for what makes no record with fields.
pub(in crate::crm::zoho_crm) fn made(order: &Order, ground: &Ground<'_>) -> Result<Row, Failure> {
    let mut row = match &order.action {
        Action::Create { kind, title, text, utm, recording, fields: filled } => {
            let mut row = entity(order, (*kind, title), ground)?;
            described(&mut row, order, (kind.word(), fill::description(filled).unwrap_or(text)), ground);
            fields(&mut row, order, kind.word(), (*utm, *recording), ground);
            fill::put(&mut row, order, (*kind, filled), ground);
            row
        }
        Action::Task { subject, text, completed, due } => {
            let mut row = task(order, subject, (*completed, *due), ground);
            described(&mut row, order, ("task", text), ground);
            fields(&mut row, order, "task", (false, true), ground);
            row
        }
        Action::Call { subject, text, recording } => {
            let mut row = call(order, subject, *recording, ground);
            described(&mut row, order, ("call", text), ground);
            fields(&mut row, order, "call", (false, *recording), ground);
            row
        }
        other => return Err(nothing_of(other.word())),
    };
    if let Some(owner) = order.owner {
        row.insert(OWNER.to_owned(), json!({"id": owner.to_string()}));
    }
    Ok(row)
}

/// The fields of something that was made in which the recording is written again.
pub(in crate::crm::zoho_crm) fn amended(order: &Order, to: &Action, ground: &Ground<'_>) -> Result<Row, Failure> {
    let mut row = Row::new();
    let (owner, recording) = match to {
        Action::Create { kind, recording, .. } => (kind.word(), *recording),
        Action::Task { .. } => ("task", true),
        Action::Call { recording, .. } => ("call", *recording),
        other => return Err(nothing_of(other.word())),
    };
    if recording {
        field(&mut row, order, owner, Meaning::Recording, ground);
        if owner == "call" {
            recorded(&mut row, order, ground);
        }
    }
    Ok(row)
}

/// The text of a note.
pub(in crate::crm::zoho_crm) fn note(order: &Order, text: &str, mark: bool) -> String {
    text::kept(text, order.call.recording.as_deref(), mark.then(|| order.mark.as_str()), LONGEST_TEXT)
}

/// The number as the vendor is told it.
pub(in crate::crm::zoho_crm) fn number(order: &Order) -> Option<String> {
    Some(format!("+{}", order.call.client?.digits()))
}

/// Our mark where it has to stand in the text, for want of a field.
pub(in crate::crm::zoho_crm) fn text_mark<'o>(order: &'o Order, owner: &str, ground: &Ground<'_>) -> Option<&'o str> {
    ground.shape.mark(ground.names, owner).is_none().then(|| order.mark.as_str())
}

fn entity(order: &Order, (kind, title): (Kind, &str), ground: &Ground<'_>) -> Result<Row, Failure> {
    let mut row = Row::new();
    let named = |most_of: &str, usual| text::cut(&name(order, title, ground), ground.shape.limit(most_of, usual));
    match kind {
        Kind::Lead => {
            put(&mut row, LAST_NAME, &named(LAST_NAME, LONGEST_NAME));
            put(&mut row, "Company", &named("Company", LONGEST_NAME));
        }
        Kind::Contact => {
            put(&mut row, LAST_NAME, &named(LAST_NAME, LONGEST_NAME));
            linked(&mut row, ACCOUNT, order.on.iter().find(|link| link.kind == Kind::Organization));
        }
        Kind::Organization => put(&mut row, ACCOUNT, &named(ACCOUNT, LONGEST_NAME)),
        Kind::Deal => {
            put(&mut row, "Deal_Name", &named("Deal_Name", LONGEST_TITLE));
            let first = ground.first.ok_or_else(|| nothing_of("stage of deal"))?;
            put(&mut row, STAGE, &first.stage);
            if let Some(pipeline) = &first.pipeline {
                put(&mut row, "Pipeline", pipeline);
            }
            let begun = order.call.started.unwrap_or(ground.now);
            let closed = begun.to_zoned(order.zone.clone()).saturating_add(CLOSED_AFTER_DAYS.days()).timestamp();
            put(&mut row, "Closing_Date", &text::day(closed, &order.zone));
            linked(&mut row, CONTACT, order.on.iter().find(|link| link.kind == Kind::Contact));
            linked(&mut row, ACCOUNT, order.on.iter().find(|link| link.kind == Kind::Organization));
        }
        Kind::Ticket => return Err(nothing_of("ticket")),
    }
    if kind != Kind::Deal {
        number(order).into_iter().for_each(|number| put(&mut row, PHONE, &number));
    }
    if let Some(email) = email(order, ground.shape).filter(|_| matches!(kind, Kind::Lead | Kind::Contact)) {
        put(&mut row, EMAIL, email);
    }
    Ok(row)
}

/// A name that is never empty: the vendor demands one.
fn name(order: &Order, title: &str, ground: &Ground<'_>) -> String {
    let call = &order.call;
    let id = || call.client_id.as_deref().filter(|id| is_sound(id)).map(str::to_owned);
    let number = number(order).or_else(|| call.client_email.clone()).or_else(id);
    let given = [Some(title), call.client_name.as_deref(), ground.contact_name];
    let given = given.into_iter().flatten().map(str::trim).find(|name| !name.is_empty()).map(str::to_owned);
    given.or(number).unwrap_or_else(|| "?".to_owned())
}

/// The e-mail that the client left, where the vendor's field takes it.
pub(super) fn email<'o>(order: &'o Order, shape: &Shape) -> Option<&'o str> {
    let email = order.call.client_email.as_deref()?.trim();
    let fits = email.chars().count() <= shape.limit(EMAIL, LONGEST_EMAIL);
    Some(email).filter(|email| fits && is_email(email))
}

pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')) && !text.contains(' ')
}

fn task(order: &Order, subject: &str, (completed, due): (bool, Timestamp), ground: &Ground<'_>) -> Row {
    let mut row = Row::new();
    put(&mut row, "Subject", &text::cut(subject, ground.shape.limit("Subject", LONGEST_SUBJECT)));
    put(&mut row, "Status", if completed { "Completed" } else { "Not Started" });
    put(&mut row, "Due_Date", &text::day(due, &order.zone));
    // A day is all that the due date keeps; the reminder has the minute. There is none for what is past.
    if !completed && due > ground.now {
        let at = text::moment(due, &order.zone);
        let alarm = format!("FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:{at}");
        row.insert("Remind_At".to_owned(), json!({ "ALARM": alarm }));
    }
    about(&mut row, &order.on);
    row
}

fn call(order: &Order, subject: &str, recording: bool, ground: &Ground<'_>) -> Row {
    let (mut row, call) = (Row::new(), &order.call);
    let subject = if subject.trim().is_empty() { "Call" } else { subject };
    put(&mut row, "Subject", &text::cut(subject, ground.shape.limit("Subject", LONGEST_SUBJECT)));
    let missed = call.direction == Direction::In && !matches!(call.outcome, None | Some(Outcome::Answered));
    let (word, client, ours) = match call.direction {
        Direction::In if missed => ("Missed", "Caller_ID", "Dialled_Number"),
        Direction::In => ("Inbound", "Caller_ID", "Dialled_Number"),
        Direction::Out => ("Outbound", "Dialled_Number", "Caller_ID"),
    };
    put(&mut row, "Call_Type", word);
    put(&mut row, "Call_Start_Time", &text::moment(call.started.unwrap_or(ground.now), &order.zone));
    if !missed {
        put(&mut row, "Call_Duration", &text::length(call.talk.unwrap_or_default()));
    }
    if call.direction == Direction::Out {
        put(&mut row, "Outgoing_Call_Status", "Completed");
    }
    number(order).into_iter().for_each(|number| put(&mut row, client, &number));
    call.company.iter().for_each(|company| put(&mut row, ours, &format!("+{}", company.trim_start_matches('+'))));
    if recording {
        recorded(&mut row, order, ground);
    }
    about(&mut row, &order.on);
    row
}

fn recorded(row: &mut Row, order: &Order, ground: &Ground<'_>) {
    const FIELD: &str = "Voice_Recording__s";
    const USUAL: usize = 450;
    // A link that was cut leads nowhere; it stands in the text in any case.
    let fits = |link: &&String| link.chars().count() <= ground.shape.limit(FIELD, USUAL);
    order.call.recording.iter().filter(fits).for_each(|link| put(row, FIELD, link));
}

/// What a task or call is about: a lead stands alone, a contact beside a deal or else its account.
fn about(row: &mut Row, on: &[Link]) {
    let find = |kind: Kind| on.iter().find(|link| link.kind == kind);
    let what = find(Kind::Lead).or_else(|| find(Kind::Deal)).or_else(|| find(Kind::Organization));
    if find(Kind::Lead).is_none() {
        linked(row, WHO, find(Kind::Contact));
    }
    if let Some(what) = what {
        linked(row, WHAT, Some(what));
        path::module(what.kind).into_iter().for_each(|module| put(row, "$se_module", module));
    }
}

fn described(row: &mut Row, order: &Order, (owner, text): (&str, &str), ground: &Ground<'_>) {
    let mark = text_mark(order, owner, ground);
    let most = ground.shape.limit(DESCRIPTION, LONGEST_TEXT);
    let text = text::kept(text, order.call.recording.as_deref(), mark, most);
    if !text.is_empty() {
        put(row, DESCRIPTION, &text);
    }
}

/// The configured fields of something that is made.
fn fields(row: &mut Row, order: &Order, owner: &str, (utm, recording): (bool, bool), ground: &Ground<'_>) {
    let own = Meaning::ORIGIN.into_iter().filter(|_| utm);
    let recording = Some(Meaning::Recording).filter(|_| recording);
    let calls = [Meaning::CallId, Meaning::CallStatus].into_iter().chain(recording);
    for meaning in own.chain(calls) {
        field(row, order, owner, meaning, ground);
    }
    if let Some((name, _)) = ground.shape.mark(ground.names, owner) {
        put(row, name, order.mark.as_str());
    }
}

pub(super) fn field(row: &mut Row, order: &Order, owner: &str, meaning: Meaning, ground: &Ground<'_>) {
    let Some(name) = ground.shape.named(ground.names, owner, meaning) else { return };
    let Some(value) = meaning.told_by(&order.call) else { return };
    let most = ground.shape.limit(name, LONGEST_FIELD);
    match meaning {
        // Cut, either would be another one.
        Meaning::Recording if value.chars().count() > most => {}
        Meaning::ClientId if !holds_id(value, name, ground.shape) => {}
        Meaning::Recording => put(row, name, value),
        Meaning::ClientId => put(row, name, value.trim()),
        _ => put(row, name, &text::cut(value, most)),
    }
}

/// Whether a field takes this id from the site's counter, as it is.
pub(super) fn holds_id(id: &str, field: &str, shape: &Shape) -> bool {
    is_sound(id) && id.trim().chars().count() <= shape.limit(field, LONGEST_FIELD).min(LONGEST_FIELD)
}

/// Whether a text of one line says anything.
fn is_sound(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

fn put(row: &mut Row, name: &str, value: &str) {
    row.insert(name.to_owned(), Value::String(value.to_owned()));
}

fn linked(row: &mut Row, name: &str, to: Option<&Link>) {
    if let Some(link) = to {
        row.insert(name.to_owned(), json!({"id": link.id.to_string()}));
    }
}

/// The module's word in the configuration of what an action makes.
pub(in crate::crm::zoho_crm) const fn owner(action: &Action) -> Option<&'static str> {
    match action {
        Action::Create { kind, .. } => Some(kind.word()),
        Action::Task { .. } => Some("task"),
        Action::Call { .. } => Some("call"),
        Action::Note { .. } | Action::Update { .. } | Action::Amend { .. } => None,
    }
}

/// The module that an action makes a record of.
pub(in crate::crm::zoho_crm) const fn module(action: &Action) -> Option<&'static str> {
    match action {
        Action::Create { kind, .. } => path::module(*kind),
        Action::Task { .. } => Some(TASKS),
        Action::Call { .. } => Some(CALLS),
        Action::Note { .. } | Action::Update { .. } | Action::Amend { .. } => None,
    }
}
