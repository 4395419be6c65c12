//! Making, changing and listing tasks, calls and comments.
//!
//! # Source
//! The vendor's description and the facts beside it: a task made with the status *Completed* is closed, a call needs a
//! contact, its length is in seconds, times are in UTC with a `Z`. Labels of a task's status are free per portal; these
//! are those it comes with.

use serde_json::Value;

use super::{
    activity::{Activity, Comment, Kind, activity_listed, comment_json},
    ask::{How, strict},
    body::Body,
    record::Made,
    reply::Refusal,
    route::Module,
    seed::{DEPARTMENTS, Of, id_of},
    world::World,
    writing::put_or_clear,
};
use crate::kit::{Moment, Query};

const TASK: &[&str] = &[
    "subject",
    "departmentId",
    "contactId",
    "ticketId",
    "ownerId",
    "status",
    "priority",
    "dueDate",
    "description",
    "cf",
];
const CALL: &[&str] = &[
    "subject",
    "departmentId",
    "contactId",
    "ticketId",
    "ownerId",
    "status",
    "priority",
    "startTime",
    "duration",
    "direction",
    "description",
    "cf",
];
const TASK_STATUSES: [&str; 5] = ["Not Started", "In Progress", "Completed", "Deferred", "Canceled"];
const CALL_STATUSES: [&str; 5] = ["Scheduled", "In Progress", "Completed", "Missed", "Canceled"];
const PRIORITIES: [&str; 3] = ["High", "Normal", "Low"];
/// The longest comment.
const LONGEST_COMMENT: usize = 32_000;
/// Comments on a page.
const MOST_COMMENTS: u64 = 100;

impl World {
    pub(super) fn make_activity(&mut self, kind: Kind, bytes: &[u8], now: Moment) -> Result<u64, Refusal> {
        let (body, of) = match kind {
            Kind::Tasks => (Body::read(bytes, TASK)?, Of::Task),
            Kind::Calls => (Body::read(bytes, CALL)?, Of::Call),
        };
        body.needs(match kind {
            Kind::Tasks => &["subject", "departmentId"],
            Kind::Calls => &["subject", "departmentId", "contactId", "direction", "startTime", "duration", "status"],
        })?;
        let (id, at) = (id_of(of, self.number()), now.wall.as_second());
        let mut activity = Activity {
            id,
            kind,
            subject: String::new(),
            department: DEPARTMENTS[0],
            contact: None,
            ticket: None,
            owner: None,
            status: TASK_STATUSES[0].to_owned(),
            due_s: None,
            start_s: None,
            seconds: None,
            direction: None,
            made: Made::default(),
            add_s: at,
            update_s: at,
        };
        self.write_activity(&mut activity, &body)?;
        self.written.activities.insert(id, activity);
        Ok(id)
    }

    pub(super) fn change_activity(&mut self, kind: Kind, id: u64, bytes: &[u8], now: Moment) -> Result<(), Refusal> {
        let known = match kind {
            Kind::Tasks => TASK,
            Kind::Calls => CALL,
        };
        let mut activity = self.activity(kind, id).cloned().ok_or(Refusal::NotFound)?;
        self.write_activity(&mut activity, &Body::read(bytes, known)?)?;
        activity.update_s = now.wall.as_second();
        self.written.activities.insert(id, activity);
        Ok(())
    }

    pub(super) fn activity(&self, kind: Kind, id: u64) -> Option<&Activity> {
        self.written.activities.get(&id).filter(|activity| activity.kind == kind)
    }

    fn write_activity(&self, activity: &mut Activity, body: &Body) -> Result<(), Refusal> {
        if let Some(subject) = body.text("subject", 300)? {
            activity.subject = subject;
        }
        if let Some(department) = self.department(body)? {
            activity.department = department;
        }
        if let Some(contact) = self.contact(body)? {
            activity.contact = Some(contact.id);
        }
        if let Some(id) = body.number("ticketId")? {
            let ticket = self.tickets.get(id).filter(|ticket| !ticket.trashed && !ticket.archived);
            let ticket = ticket.filter(|ticket| ticket.department == activity.department);
            let ticket = ticket.ok_or(Refusal::Invalid("ticketId", "invalid"))?;
            activity.ticket = Some(id);
            activity.contact = activity.contact.or(ticket.contact);
        }
        if let Some(owner) = self.agent(body, "ownerId")? {
            activity.owner = Some(owner);
        }
        let statuses = match activity.kind {
            Kind::Tasks => &TASK_STATUSES,
            Kind::Calls => &CALL_STATUSES,
        };
        if let Some(status) = body.word("status", statuses)? {
            activity.status = status;
        }
        put_or_clear(&mut activity.made.priority, body.word("priority", &PRIORITIES)?);
        activity.due_s = body.time("dueDate")?.or(activity.due_s);
        activity.start_s = body.time("startTime")?.or(activity.start_s);
        activity.seconds = body.number("duration")?.or(activity.seconds);
        put_or_clear(&mut activity.direction, body.word("direction", &["inbound", "outbound"])?);
        self.write_made(&mut activity.made, body, activity.kind.word())
    }

    /// A page of all of a kind, or of those of a ticket; without custom fields and descriptions.
    pub(super) fn activities(&self, kind: Kind, ticket: Option<u64>, query: &Query<'_>) -> Result<Vec<Value>, Refusal> {
        if let Some(ticket) = ticket {
            self.tickets.get(ticket).filter(|ticket| !ticket.trashed).ok_or(Refusal::NotFound)?;
        }
        strict(query, &[&["from", "limit", "sortBy", "orgId"]])?;
        let how = How::read(query, u64::MAX, kind.most(), &["createdTime"])?;
        let of = |activity: &&Activity| activity.kind == kind && (ticket.is_none() || activity.ticket == ticket);
        let mut found: Vec<&Activity> = self.written.activities.values().filter(of).collect();
        found.sort_unstable_by_key(|activity| (activity.add_s, activity.id));
        if how.descending {
            found.reverse();
        }
        Ok(found.into_iter().skip(how.from).take(how.limit).map(activity_listed).collect())
    }

    pub(super) fn make_comment(&mut self, on: (Module, u64), bytes: &[u8], now: Moment) -> Result<u64, Refusal> {
        self.commented(on)?;
        let (id, at) = (id_of(Of::Comment, self.number()), now.wall.as_second());
        let mut comment = Comment {
            id,
            on,
            content: String::new(),
            content_type: "html".to_owned(),
            public: false,
            add_s: at,
            update_s: None,
        };
        write_comment(&mut comment, bytes)?;
        self.written.comments.insert(id, comment);
        Ok(id)
    }

    pub(super) fn change_comment(
        &mut self,
        (on, id): ((Module, u64), u64),
        bytes: &[u8],
        now: Moment,
    ) -> Result<(), Refusal> {
        self.commented(on)?;
        let mut comment = self.comment(on, id).cloned().ok_or(Refusal::NotFound)?;
        write_comment(&mut comment, bytes)?;
        comment.update_s = Some(now.wall.as_second());
        self.written.comments.insert(id, comment);
        Ok(())
    }

    pub(super) fn comment(&self, on: (Module, u64), id: u64) -> Option<&Comment> {
        self.written.comments.get(&id).filter(|comment| comment.on == on)
    }

    /// A page of the comments on something: a ticket's the oldest first, a contact's the newest.
    pub(super) fn comments(&self, on: (Module, u64), query: &Query<'_>) -> Result<Vec<Value>, Refusal> {
        self.commented(on)?;
        strict(query, &[&["from", "limit", "sortBy", "orgId"]])?;
        let how = How::read(query, u64::MAX, MOST_COMMENTS, &["commentedTime"])?;
        let mut found: Vec<&Comment> = self.written.comments.values().filter(|comment| comment.on == on).collect();
        if how.descending || query.text("sortBy").is_none() && on.0 == Module::Contacts {
            found.reverse();
        }
        Ok(found.into_iter().skip(how.from).take(how.limit).map(comment_json).collect())
    }

    /// Whether what is to be commented on is there.
    fn commented(&self, (module, id): (Module, u64)) -> Result<(), Refusal> {
        let there = match module {
            Module::Contacts => self.contacts.get(id).is_some_and(|contact| !contact.trashed),
            Module::Tickets => self.tickets.get(id).is_some_and(|ticket| !ticket.trashed),
            Module::Accounts => false,
        };
        there.then_some(()).ok_or(Refusal::NotFound)
    }
}

fn write_comment(comment: &mut Comment, bytes: &[u8]) -> Result<(), Refusal> {
    let known: &[&str] = match comment.on.0 {
        Module::Tickets => &["content", "contentType", "isPublic"],
        _ => &["content", "contentType"],
    };
    let body = Body::read(bytes, known)?;
    body.needs(&["content"])?;
    comment.content = body.text("content", LONGEST_COMMENT)?.unwrap_or_default();
    comment.content_type =
        body.word("contentType", &["plainText", "html"])?.unwrap_or_else(|| comment.content_type.clone());
    comment.public = body.flag("isPublic")?.unwrap_or(comment.public);
    Ok(())
}
