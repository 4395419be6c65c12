//! Tasks, calls and comments: what hangs on tickets and contacts. None is seeded.
//!
//! # Source
//! The vendor's description. Lists tell neither `cf` nor `description`; that a list of a contact's tasks or calls exists is
//! nowhere described, only those of a ticket's. That a task or call may only be of its ticket's department is nowhere said:
//! so here, the harder guess.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{record::Made, route::Module, wire::time, world::World};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Tasks,
    Calls,
}

impl Kind {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "tasks" => Some(Self::Tasks),
            "calls" => Some(Self::Calls),
            _ => None,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Calls => "calls",
        }
    }

    /// Records on a page.
    pub(super) const fn most(self) -> u64 {
        match self {
            Self::Tasks => 100,
            Self::Calls => 99,
        }
    }
}

/// A task or a call.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    pub(super) id: u64,
    pub(super) kind: Kind,
    pub(super) subject: String,
    pub(super) department: u64,
    pub(super) contact: Option<u64>,
    pub(super) ticket: Option<u64>,
    pub(super) owner: Option<u64>,
    pub(super) status: String,
    /// Of a task.
    pub(super) due_s: Option<i64>,
    /// Of a call.
    pub(super) start_s: Option<i64>,
    /// Of a call.
    pub(super) seconds: Option<u64>,
    /// Of a call.
    pub(super) direction: Option<String>,
    pub(super) made: Made,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
}

impl Activity {
    /// Whether its status is of the type *Closed*.
    pub(super) fn closed(&self) -> bool {
        matches!(self.status.as_str(), "Completed" | "Missed" | "Canceled")
    }
}

/// A comment on a ticket or a contact.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) on: (Module, u64),
    pub(super) content: String,
    pub(super) content_type: String,
    pub(super) public: bool,
    pub(super) add_s: i64,
    pub(super) update_s: Option<i64>,
}

/// What was written through the API and is no record of the seed's kinds.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) activities: BTreeMap<u64, Activity>,
    pub(super) comments: BTreeMap<u64, Comment>,
    /// Everything that was written, in its order, and whether it was made then.
    pub(super) order: Vec<(Wrote, bool)>,
}

/// Something that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    Record(Module, u64),
    Activity(u64),
    Comment(u64),
}

impl World {
    /// An activity by itself, with everything that a list leaves out.
    pub(super) fn activity_json(&self, activity: &Activity) -> Value {
        let mut told = activity_listed(activity);
        told["cf"] = self.fields.told(activity.kind.word(), &activity.made);
        told["description"] = activity.made.description.clone().into();
        told["reminder"] = json!([]);
        if activity.kind == Kind::Calls {
            told["duration"] = activity.seconds.map(|seconds| seconds.to_string()).into();
        }
        told
    }
}

pub(super) fn activity_listed(activity: &Activity) -> Value {
    let id = |id: Option<u64>| id.map(|id| id.to_string());
    let mut told = json!({
        "id": activity.id.to_string(),
        "subject": activity.subject,
        "departmentId": activity.department.to_string(),
        "contactId": id(activity.contact),
        "ticketId": id(activity.ticket),
        "ownerId": id(activity.owner),
        "priority": activity.made.priority,
        "status": activity.status,
        "statusType": if activity.closed() { "Closed" } else { "Open" },
        "completedTime": activity.closed().then(|| time(activity.update_s)),
        "creatorId": super::seed::agent_id(0).to_string(),
        "createdTime": time(activity.add_s),
        "modifiedTime": time(activity.update_s),
        "isTrashed": false,
        "isSpam": false,
        "webUrl": format!("https://desk.example.com/agent/{}/{}", activity.kind.word(), activity.id),
    });
    match activity.kind {
        Kind::Tasks => told["dueDate"] = activity.due_s.map(time).into(),
        Kind::Calls => {
            told["startTime"] = activity.start_s.map(time).into();
            told["direction"] = activity.direction.clone().into();
        }
    }
    told
}

pub(super) fn comment_json(comment: &Comment) -> Value {
    let mut told = json!({
        "id": comment.id.to_string(),
        "content": comment.content,
        "encodedContent": null,
        "contentType": comment.content_type,
        "commenterId": super::seed::agent_id(0).to_string(),
        "commentedTime": time(comment.add_s),
        "modifiedTime": comment.update_s.map(time),
    });
    if comment.on.0 == Module::Tickets {
        told["isPublic"] = comment.public.into();
        told["attachments"] = json!([]);
    }
    told
}
