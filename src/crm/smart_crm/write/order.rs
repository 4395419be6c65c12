//! What is sent for an order's parts: pure, bodies by exact names.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    path,
    write::{
        fill::{self, Rooms},
        text,
    },
};
use crate::crm::writer::Order;
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome},
    client::Kind,
    ids::CrmId,
};

/// What the section says of writing, and who owns what is written.
#[derive(Debug, Clone)]
pub(in crate::crm::smart_crm) struct Means<'a> {
    pub(in crate::crm::smart_crm) names: &'a FieldNames,
    /// The last name of whoever has none.
    pub(in crate::crm::smart_crm) contact_name: Option<&'a str>,
    /// `None`: the application user's.
    pub(in crate::crm::smart_crm) owner: Option<CrmId>,
    /// How long the organization's own columns are, where that counts.
    pub(in crate::crm::smart_crm) rooms: Rooms,
}

/// A record that is to be made, or written to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::crm::smart_crm) struct Made {
    /// The entity set.
    pub(in crate::crm::smart_crm) set: &'static str,
    pub(in crate::crm::smart_crm) id: CrmId,
    pub(in crate::crm::smart_crm) body: Value,
    /// Whether a second part completes it, and with which `statuscode`.
    pub(in crate::crm::smart_crm) completed: Option<i64>,
}

/// What carries a text that grew too long, and how long each may be.
pub(super) const DESCRIPTION: usize = 2_000;
pub(super) const NOTE: usize = 100_000;
const NOTE_SUBJECT: usize = 500;
const SUBJECT: usize = 200;
pub(super) const LAST_NAME: usize = 50;
const ACCOUNT_NAME: usize = 160;
const SALE_NAME: usize = 300;
const CASE_TITLE: usize = 200;
/// A text column that an organization adds is this long unless somebody chose otherwise.
pub(super) const ADDED: usize = 100;
const EMAIL: usize = 100;
/// `caseorigincode`: a telephone call, and what came through the site.
const BY_PHONE: i64 = 1;
const BY_WEB: i64 = 3;
/// `participationtypemask`.
const FROM: i64 = 1;
const TO: i64 = 2;

/// The id that what an order makes has: its mark's.
pub(super) fn id(order: &Order) -> CrmId {
    CrmId::Uuid(order.mark.uuid().into_bytes())
}

/// The record that an order's first part makes.
///
/// # Errors
/// [`Failure::Refused`] for an action that makes none, and for what has to hang on something and does not.
pub(in crate::crm::smart_crm) fn made(order: &Order, means: &Means<'_>) -> Result<Made, Failure> {
    let (set, mut body, completed) = match &order.action {
        Action::Create { kind, title, text, .. } => {
            (path::table(*kind).set, entity(order, means, (*kind, title, text))?, None)
        }
        Action::Task { subject, text, completed, due } => {
            let body = task(order, (subject, text, *due))?;
            (path::TASKS, body, completed.then_some(path::TASK_COMPLETED))
        }
        Action::Call { subject, text, recording } => {
            (path::PHONE_CALLS, call(order, (subject, text, *recording))?, Some(call_status(order.call.direction)))
        }
        Action::Note { text } => (path::NOTES, note(order, text)?, None),
        Action::Update { .. } | Action::Amend { .. } => {
            return Err(refused("expected an action that makes something, found one that does not"));
        }
    };
    let (of, utm, recording) = match &order.action {
        Action::Create { kind, utm, recording, .. } => (kind.word(), *utm, *recording),
        Action::Task { .. } => ("task", false, true),
        Action::Call { recording, .. } => ("call", false, *recording),
        _ => ("", false, false),
    };
    if !of.is_empty() {
        let data = data(means.names, of, &order.call);
        let wanted = |meaning: Meaning| match meaning {
            Meaning::Recording => recording,
            Meaning::CallId | Meaning::CallStatus => true,
            _ => utm,
        };
        body.extend(
            data.filter(|(meaning, ..)| wanted(*meaning)).map(|(_, name, value)| (name.to_owned(), value.into())),
        );
        if let Some(name) = means.names.of(of, Meaning::Mark) {
            body.insert(name.to_owned(), order.mark.as_str().into());
        }
    }
    if let Action::Create { kind, fields, .. } = &order.action {
        body.extend(fill::values(*kind, fields, &means.rooms));
    }
    if let Some(owner) = means.owner {
        body.insert("ownerid@odata.bind".to_owned(), bound(path::USERS_SET, owner));
    }
    Ok(Made { set, id: id(order), body: Value::Object(body), completed })
}

/// Whatever of a call has a column of its own on `of`: what for, the column, the text.
pub(super) fn data<'a>(
    names: &'a FieldNames,
    of: &'a str,
    call: &'a Call,
) -> impl Iterator<Item = (Meaning, &'a str, String)> {
    Meaning::ALL.into_iter().filter_map(move |meaning| {
        let value = meaning.told_by(call)?;
        let text = match meaning {
            // Half a link leads nowhere: the vendor says so where its column is too short for one.
            Meaning::Recording => value.to_owned(),
            // Half an id is somebody else's.
            Meaning::ClientId => fill::whole(value, ADDED)?.to_owned(),
            _ => text::cut(value, ADDED),
        };
        Some((meaning, names.of(of, meaning)?, text))
    })
}

/// `statuscode` of a call that is over: the option set has *made* and *received* for what took place, and *canceled* for
/// what was planned and did not. A call that nobody answered took place on the line, so its direction tells here, too.
pub(super) const fn call_status(direction: Direction) -> i64 {
    match direction {
        Direction::In => path::CALL_RECEIVED,
        Direction::Out => path::CALL_MADE,
    }
}

/// What completes an activity.
pub(super) fn completion(status: i64) -> Value {
    json!({"statecode": path::COMPLETED, "statuscode": status})
}

/// What opens one again.
pub(super) fn reopening(status: i64) -> Value {
    json!({"statecode": path::OPEN, "statuscode": status})
}

/// A text for a record's description.
pub(super) fn description(text: &str, link: Option<&str>) -> String {
    text::with_link(text, link, DESCRIPTION)
}

/// A text for a note.
pub(super) fn note_text(text: &str, link: Option<&str>) -> String {
    text::with_link(text, link.filter(|link| text.contains(link)), NOTE)
}

fn entity(order: &Order, means: &Means<'_>, what: (Kind, &str, &str)) -> Result<Map<String, Value>, Failure> {
    let (kind, title, text) = what;
    let number = order.call.client.map(|client| text::number(&client.digits().to_string()));
    let mut body = Map::new();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            body.insert(name.to_owned(), value.into());
        }
    };
    let call = &order.call;
    let email = call.client_email.as_deref().and_then(email);
    let title = Some(title.trim()).filter(|title| !title.is_empty());
    // Who has left no number is told from others by the e-mail.
    let last_name = title.or(means.contact_name).or(email.filter(|_| number.is_none())).unwrap_or_default();
    let left = number.as_deref().or(email).or(call.client_id.as_deref());
    let named = || title.or(left).map(str::to_owned);
    match kind {
        Kind::Contact => set("lastname", Some(text::cut(last_name, LAST_NAME))),
        Kind::Lead => {
            set("lastname", Some(text::cut(last_name, LAST_NAME)));
            set("subject", named().map(|name| text::cut(&name, SALE_NAME)));
        }
        Kind::Organization => set("name", named().map(|name| text::cut(&name, ACCOUNT_NAME))),
        Kind::Deal => set("name", named().map(|name| text::cut(&name, SALE_NAME))),
        Kind::Ticket => set("title", named().map(|name| text::cut(&name, CASE_TITLE))),
    }
    set("description", Some(description(text, order.call.recording.as_deref().filter(|link| text.contains(link)))));
    // The first of the columns that the reader looks at: whatever calls first calls from a mobile telephone more often
    // than not, and accounts have no other.
    match kind {
        Kind::Contact | Kind::Lead => {
            set(path::EMAIL, email.map(str::to_owned));
            set(path::NUMBER, number);
        }
        Kind::Organization => set("telephone1", number),
        Kind::Deal | Kind::Ticket => {}
    }
    if kind == Kind::Ticket {
        let of_a_form = call.id.is_none() && call.status.is_none() && call.outcome.is_none();
        body.insert("caseorigincode".to_owned(), if of_a_form { BY_WEB } else { BY_PHONE }.into());
    }
    for (navigation, set, id) in parents(order, kind)? {
        body.insert(format!("{navigation}@odata.bind"), bound(set, id));
    }
    Ok(body)
}

/// An e-mail that the column for it takes: a part of one is another one.
pub(super) fn email(text: &str) -> Option<&str> {
    fill::whole(text, EMAIL)
}

type Parent = (&'static str, &'static str, CrmId);

/// What a record belongs to, by the navigation properties of its table.
fn parents(order: &Order, kind: Kind) -> Result<Vec<Parent>, Failure> {
    let of = |kind| order.on.iter().find(|link| link.kind == kind).map(|link| link.id);
    let (contact, account) = (of(Kind::Contact), of(Kind::Organization));
    let to_contact = |name| contact.map(|id| (name, path::CONTACT.set, id));
    let to_account = |name| account.map(|id| (name, path::ACCOUNT.set, id));
    let found = match kind {
        Kind::Contact => vec![to_account("parentcustomerid_account")],
        Kind::Organization => Vec::new(),
        Kind::Lead | Kind::Deal => vec![to_contact("parentcontactid"), to_account("parentaccountid")],
        // One customer only, and the vendor refuses a contact that is not its account's: the client's contact comes first.
        Kind::Ticket => match to_contact("customerid_contact").or_else(|| to_account("customerid_account")) {
            None => return Err(refused("expected a contact or an organization that the ticket is of, found none")),
            customer => vec![customer],
        },
    };
    Ok(found.into_iter().flatten().collect())
}

fn task(order: &Order, (subject, text, due): (&str, &str, Timestamp)) -> Result<Map<String, Value>, Failure> {
    let mut body =
        activity(subject, &description(text, order.call.recording.as_deref().filter(|link| text.contains(link))));
    body.insert("scheduledend".to_owned(), seconds(due));
    let (navigation, target) = regarding(order, "regardingobjectid", "_task")?;
    body.insert(navigation, target);
    Ok(body)
}

fn call(order: &Order, (subject, text, recording): (&str, &str, bool)) -> Result<Map<String, Value>, Failure> {
    let call = &order.call;
    let link = call.recording.as_deref().filter(|_| recording);
    let mut body = activity(subject, &description(text, link));
    body.insert("directioncode".to_owned(), (call.direction == Direction::Out).into());
    body.insert("actualdurationminutes".to_owned(), minutes(call).into());
    let known = [
        ("phonenumber", call.dialled().map(|digits| text::number(&digits).into())),
        ("actualstart", call.started.map(seconds)),
        ("actualend", call.ended().map(seconds)),
    ];
    body.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let (navigation, target) = regarding(order, "regardingobjectid", "_phonecall")?;
    body.insert(navigation, target);
    body.insert("phonecall_activity_parties".to_owned(), parties(order));
    Ok(body)
}

/// Minutes of talk, begun ones whole.
fn minutes(call: &Call) -> u64 {
    let talk = call.talk.unwrap_or_default();
    (talk.as_secs() + u64::from(talk.subsec_nanos() > 0)).div_ceil(60)
}

fn note(order: &Order, text: &str) -> Result<Map<String, Value>, Failure> {
    let text = note_text(text, order.call.recording.as_deref());
    let first = text.lines().next().unwrap_or_default();
    let mut body = Map::new();
    body.insert("subject".to_owned(), text::cut(first, NOTE_SUBJECT).into());
    body.insert("notetext".to_owned(), text.into());
    let (navigation, target) = regarding(order, "objectid", "")?;
    body.insert(navigation, target);
    Ok(body)
}

fn activity(subject: &str, description: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("subject".to_owned(), text::cut(subject, SUBJECT).into());
    if !description.is_empty() {
        body.insert("description".to_owned(), description.into());
    }
    body
}

/// The one record that an activity or a note is about: the client's contact, else the next best.
fn regarding(order: &Order, name: &str, suffix: &str) -> Result<(String, Value), Failure> {
    const ORDER: [Kind; 5] = [Kind::Contact, Kind::Lead, Kind::Deal, Kind::Ticket, Kind::Organization];
    let found = ORDER.into_iter().find_map(|kind| order.on.iter().find(|link| link.kind == kind));
    let Link { kind, id } = found.ok_or_else(|| refused("expected something that it is about, found nothing"))?;
    let table = path::table(*kind);
    Ok((format!("{name}_{}{suffix}@odata.bind", table.logical), bound(table.set, *id)))
}

/// Call From and Call To: who made the call and who was called. The client's contact is one side; the other is the user who
/// spoke, or the address that stands for one.
fn parties(order: &Order) -> Value {
    let call = &order.call;
    let contact = order.on.iter().find(|link| link.kind == Kind::Contact);
    let number = call.client.map(|client| text::number(&client.digits().to_string()));
    let client = match contact {
        Some(link) => Some(json!({"partyid_contact@odata.bind": bound(path::CONTACT.set, link.id)})),
        None => number.map(|number| json!({"addressused": number})),
    };
    let (client_mask, our_mask) = match call.direction {
        Direction::In => (FROM, TO),
        Direction::Out => (TO, FROM),
    };
    let mut sides: Vec<Value> = Vec::new();
    for (side, mask) in [(client, client_mask), (ours(order), our_mask)] {
        if let Some(mut side) = side {
            side["participationtypemask"] = mask.into();
            sides.push(side);
        }
    }
    sides.into()
}

/// Our side of a call. Nobody answered an incoming call that was missed, whoever is responsible for it: the company's
/// number was called.
fn ours(order: &Order) -> Option<Value> {
    const ADDRESS: usize = 200;
    let call = &order.call;
    let unanswered =
        call.direction == Direction::In && matches!(call.outcome, Some(Outcome::Missed | Outcome::Voicemail));
    let company = call.company.as_deref().map(text::number);
    let address = if unanswered { company } else { call.speaker.line.as_deref().map(text::number).or(company) };
    match order.owner.filter(|_| !unanswered) {
        Some(user) => Some(json!({"partyid_systemuser@odata.bind": bound(path::USERS_SET, user)})),
        None => address.map(|address| json!({"addressused": text::cut(&address, ADDRESS)})),
    }
}

fn bound(set: &str, id: CrmId) -> Value {
    format!("/{set}({id})").into()
}

/// # Units
/// UTC, whole seconds: the vendor keeps no others.
fn seconds(at: Timestamp) -> Value {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string().into()
}

pub(super) fn refused(reason: &str) -> Failure {
    Failure::Refused { reason: reason.to_owned() }
}
