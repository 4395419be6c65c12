//! From an order to the vendor's request. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::writer::Order;
use crate::crm::zoho_desk::{
    path::{self, Operation},
    read::no_such,
    write::{fill, text},
};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};
use crate::outbound::Method;

/// The labels that a portal comes with.
const COMPLETED: &str = "Completed";
const NOT_STARTED: &str = "Not Started";

/// What is known beside the order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    /// The custom fields.
    pub(super) names: &'a FieldNames,
    /// The last name of somebody who told none.
    pub(super) contact_name: Option<&'a str>,
    /// Where tickets, tasks and calls go; nothing of the kind is made without.
    pub(super) department: Option<CrmId>,
    /// For a call that does not say when it began.
    pub(super) now: Timestamp,
}

/// A request that writes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) method: Method,
    pub(super) operation: Operation,
    /// The ids in its path.
    pub(super) ids: Vec<CrmId>,
    pub(super) body: Value,
}

impl Words<'_> {
    /// The request of an order that takes one: any but [`Action::Update`].
    ///
    /// # Errors
    /// [`Failure::Refused`] for what the vendor has not: a kind, a ticket or a call without a contact.
    pub(super) fn request_for(&self, order: &Order) -> Result<Wanted, Failure> {
        match &order.action {
            Action::Create { kind, title, text, utm, recording, fields } => {
                let operation = path::making(*kind).ok_or_else(|| no_such(*kind))?;
                let mut body = match kind {
                    Kind::Ticket => self.ticket(order, title)?,
                    Kind::Organization => self.account(order, title)?,
                    _ => self.contact(order, title)?,
                };
                let mut custom = self.custom(of(*kind), order, (*utm, *recording));
                let filling = fill::filling(self.names, order, (*kind, fields));
                custom.extend(filling.custom);
                let said = filling.said.as_ref().unwrap_or(text);
                self.described(&mut body, (of(*kind), order), (said, *recording), custom);
                body.extend(filling.own);
                Ok(made(operation, Vec::new(), body))
            }
            Action::Task { .. } | Action::Call { .. } => self.activity(order),
            Action::Note { text } => note(order, text),
            Action::Amend { id, to } => self.amendment(order, (id, to)),
            Action::Update { .. } => Err(refused("expected an order of one request, found an update")),
        }
    }

    fn contact(&self, order: &Order, title: &str) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        body.insert("lastName".to_owned(), text::line(&self.name(order, title)?, text::NAME).into());
        if let Some(number) = order.call.client {
            body.insert("phone".to_owned(), international(number).into());
        }
        if let Some(email) = fill::email(order) {
            body.insert("email".to_owned(), email.into());
        }
        put_id(&mut body, "ownerId", order.owner);
        put_id(&mut body, "accountId", first(&order.on, Kind::Organization));
        Ok(body)
    }

    fn account(&self, order: &Order, title: &str) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        body.insert("accountName".to_owned(), text::line(&self.name(order, title)?, text::ACCOUNT_NAME).into());
        put_id(&mut body, "ownerId", order.owner);
        Ok(body)
    }

    /// A title, else the client's name, else the configured one, else the number, the e-mail, the id at the site's counter.
    fn name(&self, order: &Order, title: &str) -> Result<String, Failure> {
        let told = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        let number = || order.call.client.map(international);
        let named = told(title)
            .or_else(|| order.call.client_name.as_deref().and_then(told))
            .or_else(|| self.contact_name.map(str::to_owned))
            .or_else(number)
            .or_else(|| order.call.client_email.as_deref().and_then(told))
            .or_else(|| order.call.client_id.as_deref().and_then(told));
        named.ok_or_else(|| refused("expected a name, a number, an e-mail or a client id, found none of them"))
    }

    fn ticket(&self, order: &Order, title: &str) -> Result<Map<String, Value>, Failure> {
        let contact = first(&order.on, Kind::Contact)
            .ok_or_else(|| refused("expected the contact whose ticket it is, found none"))?;
        let mut body = Map::new();
        body.insert("subject".to_owned(), text::line(&self.name(order, title)?, text::TICKET_SUBJECT).into());
        put_id(&mut body, "departmentId", Some(self.there()?));
        put_id(&mut body, "contactId", Some(contact));
        put_id(&mut body, "assigneeId", order.owner);
        // What has no call's id was a form of the site.
        body.insert("channel".to_owned(), if order.call.id.is_some() { "Phone" } else { "Web" }.into());
        Ok(body)
    }

    fn there(&self) -> Result<CrmId, Failure> {
        self.department.ok_or_else(|| refused("expected a department that is enabled, found none"))
    }

    fn activity(&self, order: &Order) -> Result<Wanted, Failure> {
        let (contact, ticket) = (first(&order.on, Kind::Contact), first(&order.on, Kind::Ticket));
        let mut body = Map::new();
        put_id(&mut body, "departmentId", Some(self.there()?));
        put_id(&mut body, "contactId", contact);
        put_id(&mut body, "ticketId", ticket);
        put_id(&mut body, "ownerId", order.owner);
        let (operation, owner, said, recording) = match &order.action {
            Action::Task { subject, text, completed, due } => {
                body.insert("subject".to_owned(), text::line(subject, text::SUBJECT).into());
                body.insert("status".to_owned(), if *completed { COMPLETED } else { NOT_STARTED }.into());
                body.insert("dueDate".to_owned(), time(*due).into());
                (path::TASKS, "task", text, false)
            }
            Action::Call { subject, text, recording } => {
                if contact.is_none() {
                    return Err(refused("expected the contact whose call it is, found none"));
                }
                body.insert("subject".to_owned(), text::line(subject, text::SUBJECT).into());
                self.spoken(&mut body, &order.call);
                (path::CALLS, "call", text, *recording)
            }
            _ => return Err(refused("expected a task or a call, found something else")),
        };
        // A task's link stands in its text; its field is filled whenever there is one.
        let custom = self.custom(owner, order, (false, recording || owner == "task"));
        self.described(&mut body, (owner, order), (said, recording), custom);
        Ok(made(operation, Vec::new(), body))
    }

    /// # Units
    /// `duration`: seconds. `startTime`: UTC.
    fn spoken(&self, body: &mut Map<String, Value>, call: &Call) {
        let direction = if call.direction == Direction::In { "inbound" } else { "outbound" };
        let status = match call.outcome {
            Some(Outcome::Answered) | None => COMPLETED,
            Some(Outcome::Missed | Outcome::Voicemail) => "Missed",
        };
        let talked = call.talk.or(call.total).unwrap_or_default();
        body.insert("direction".to_owned(), direction.into());
        body.insert("startTime".to_owned(), time(call.started.unwrap_or(self.now)).into());
        body.insert("duration".to_owned(), talked.as_secs().to_string().into());
        body.insert("status".to_owned(), status.into());
    }

    fn amendment(&self, order: &Order, (id, to): (&str, &Action)) -> Result<Wanted, Failure> {
        let id = CrmId::parse(id).ok_or_else(|| refused("expected the id of what is amended, found none"))?;
        let (operation, owner, said, recording) = match to {
            Action::Create { kind, text, recording, .. } => {
                (path::one_of(*kind).ok_or_else(|| no_such(*kind))?, of(*kind), text, *recording)
            }
            Action::Task { text, .. } => (path::TASK, "task", text, true),
            Action::Call { text, recording, .. } => (path::CALL, "call", text, *recording),
            Action::Note { text } => {
                let (kind, on) = noted(order)?;
                let (method, operation) = match kind {
                    Kind::Ticket => (Method::Patch, path::TICKET_COMMENT),
                    _ => (Method::Put, path::CONTACT_COMMENT),
                };
                return Ok(Wanted { method, operation, ids: vec![on, id], body: comment(kind, order, text).into() });
            }
            Action::Update { .. } | Action::Amend { .. } => {
                return Err(refused("expected what was made, found an update or an amendment"));
            }
        };
        let mut custom = Map::new();
        if recording {
            self.put_recording(owner, &order.call, &mut custom);
        }
        let mut body = Map::new();
        self.described(&mut body, (owner, order), (said, recording && owner != "task"), custom);
        Ok(Wanted { method: Method::Patch, operation, ids: vec![id], body: body.into() })
    }

    /// Adds the description and the custom fields. The mark stands in its field, else below the text; the recording's
    /// link in its field, else, where it is wanted and too long for that, in the text.
    fn described(
        &self,
        body: &mut Map<String, Value>,
        (owner, order): (&str, &Order),
        (said, recording): (&str, bool),
        custom: Map<String, Value>,
    ) {
        let named = |meaning| self.names.of(owner, meaning);
        let mark = named(Meaning::Mark).is_none().then(|| order.mark.as_str());
        let link = order.call.recording.as_deref();
        let homeless = match named(Meaning::Recording) {
            Some(name) => !custom.contains_key(name),
            None => owner == "call",
        };
        let missing = link.filter(|link| recording && homeless && !said.contains(link));
        let said = missing.map_or_else(|| said.to_owned(), |link| format!("{}\n{link}", said.trim_end()));
        let whole = if owner == "ticket" { text::whole_html } else { text::whole };
        let description = whole(&said, link, mark, text::DESCRIPTION);
        if !description.is_empty() {
            body.insert("description".to_owned(), description.into());
        }
        if !custom.is_empty() {
            body.insert("cf".to_owned(), custom.into());
        }
    }

    /// The custom fields of something that is made.
    fn custom(&self, owner: &str, order: &Order, (utm, recording): (bool, bool)) -> Map<String, Value> {
        let mut custom = Map::new();
        put(&mut custom, self.names.of(owner, Meaning::Mark), Some(order.mark.as_str()));
        if utm {
            custom.extend(self.utm(owner, &order.call));
        }
        custom.extend(self.call_data(owner, &order.call));
        if recording {
            self.put_recording(owner, &order.call, &mut custom);
        }
        custom
    }

    /// The UTM marks and the client's id.
    pub(super) fn utm(&self, owner: &str, call: &Call) -> Map<String, Value> {
        self.told(owner, call, &Meaning::ORIGIN)
    }

    /// The call's id and how it ended.
    pub(super) fn call_data(&self, owner: &str, call: &Call) -> Map<String, Value> {
        self.told(owner, call, &[Meaning::CallId, Meaning::CallStatus])
    }

    fn told(&self, owner: &str, call: &Call, meanings: &[Meaning]) -> Map<String, Value> {
        let mut custom = Map::new();
        for meaning in meanings {
            put(&mut custom, self.names.of(owner, *meaning), meaning.told_by(call));
        }
        custom
    }

    /// The recording's link, where it fits: half a link is none.
    pub(super) fn put_recording(&self, owner: &str, call: &Call, custom: &mut Map<String, Value>) {
        let fits = Meaning::Recording.told_by(call).filter(|link| link.chars().count() <= text::CUSTOM);
        put(custom, self.names.of(owner, Meaning::Recording), fits);
    }
}

/// Whose fields they are, in the words of `[crm.fields]`.
pub(super) const fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "contact",
        Kind::Organization => "organization",
        Kind::Ticket => "ticket",
        Kind::Deal => "deal",
        Kind::Lead => "lead",
    }
}

/// The first of that kind.
pub(super) fn first(on: &[Link], kind: Kind) -> Option<CrmId> {
    on.iter().find(|link| link.kind == kind).map(|link| link.id)
}

/// What a note is put on: the ticket, else the contact.
pub(super) fn noted(order: &Order) -> Result<(Kind, CrmId), Failure> {
    let on = |kind| first(&order.on, kind).map(|id| (kind, id));
    on(Kind::Ticket)
        .or_else(|| on(Kind::Contact))
        .ok_or_else(|| refused("expected a ticket or a contact to comment on, found neither"))
}

fn note(order: &Order, said: &str) -> Result<Wanted, Failure> {
    let (kind, on) = noted(order)?;
    let operation = if kind == Kind::Ticket { path::TICKET_COMMENTS } else { path::CONTACT_COMMENTS };
    Ok(made(operation, vec![on], comment(kind, order, said)))
}

fn comment(kind: Kind, order: &Order, said: &str) -> Map<String, Value> {
    let content = text::whole(said, order.call.recording.as_deref(), Some(order.mark.as_str()), text::COMMENT);
    let mut body = Map::new();
    body.insert("content".to_owned(), content.into());
    body.insert("contentType".to_owned(), "plainText".into());
    if kind == Kind::Ticket {
        // The client does not see it.
        body.insert("isPublic".to_owned(), json!(false));
    }
    body
}

/// International, without separators.
pub(super) fn international(number: PhoneKey) -> String {
    format!("+{}", number.digits())
}

pub(super) fn refused(reason: &str) -> Failure {
    Failure::Refused { reason: reason.to_owned() }
}

fn made(operation: Operation, ids: Vec<CrmId>, body: Map<String, Value>) -> Wanted {
    Wanted { method: Method::Post, operation, ids, body: body.into() }
}

fn put_id(body: &mut Map<String, Value>, name: &str, id: Option<CrmId>) {
    if let Some(id) = id {
        body.insert(name.to_owned(), id.to_string().into());
    }
}

fn put(custom: &mut Map<String, Value>, name: Option<&str>, value: Option<&str>) {
    let value = value.map(|value| text::line(value, text::CUSTOM)).filter(|value| !value.is_empty());
    if let (Some(name), Some(value)) = (name, value) {
        custom.insert(name.to_owned(), value.into());
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
