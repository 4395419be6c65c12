//! What webhooks tell of a change: one event per record, in the form of the second version.

use serde_json::{Map, Value, json};

use super::{
    change::{Change, Item},
    record::{uuid_of, uuid_text},
    wire,
    world::World,
};
use crate::kit::{Moment, roll};

/// What happened to a record.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// `create`, `change`, `delete`
    pub(super) action: &'static str,
    /// `person`, `organization`, `deal`, `lead`, `user`, `activity`, `note`
    pub(super) entity: &'static str,
    id: String,
    /// With the delete of a merge the survivor, with the change of one the record that is gone.
    merged: Option<(&'static str, String)>,
    source: &'static str,
    data: Value,
    previous: Value,
    at: Moment,
}

/// Somebody or something that events are about.
#[derive(Debug, Clone)]
pub(super) enum About {
    Record(Item),
    User(u64),
    Activity(u64),
    Note(u64),
}

impl About {
    const fn entity(&self) -> &'static str {
        match self {
            Self::Record(Item::Person(_)) => "person",
            Self::Record(Item::Organization(_)) => "organization",
            Self::Record(Item::Deal(_)) => "deal",
            Self::Record(Item::Lead(_)) => "lead",
            Self::User(_) => "user",
            Self::Activity(_) => "activity",
            Self::Note(_) => "note",
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Record(Item::Person(id) | Item::Organization(id) | Item::Deal(id))
            | Self::User(id)
            | Self::Activity(id)
            | Self::Note(id) => id.to_string(),
            Self::Record(Item::Lead(id)) => id.clone(),
        }
    }
}

/// A change that is about to be made, and what its records look like before.
///
/// What a merge moves from one record to the other (deals of the loser) is told of by no event of its own: the vendor's
/// pages name two events for a merge, so no more are sent.
#[derive(Debug)]
pub(super) struct Before {
    about: Vec<(About, Value)>,
    kind: Kind,
    /// `app` or `api`
    source: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Change,
    Delete,
    Merge,
}

impl Before {
    /// Looks at what a change is about.
    pub(super) fn of(change: &Change, world: &World) -> Self {
        let record = |item: &Item| About::Record(item.clone());
        let (kind, about) = match change {
            Change::CreatePerson { .. }
            | Change::CreateOrganization { .. }
            | Change::CreateDeal { .. }
            | Change::CreateLead { .. } => (Kind::Create, Vec::new()),
            Change::Delete { item } => (Kind::Delete, vec![record(item)]),
            Change::Merge { loser, winner } => (Kind::Merge, vec![record(loser), record(winner)]),
            Change::SetUserActive { user_id, .. } => (Kind::Change, vec![About::User(*user_id)]),
            Change::Win { deal_id } | Change::Lose { deal_id } | Change::Reopen { deal_id } => {
                (Kind::Change, vec![About::Record(Item::Deal(*deal_id))])
            }
            Change::SetPhones { item, .. }
            | Change::Rename { item, .. }
            | Change::SetOwner { item, .. }
            | Change::Link { item, .. }
            | Change::Archive { item }
            | Change::Unarchive { item } => (Kind::Change, vec![record(item)]),
        };
        Self { about: about.into_iter().map(|about| world.seen(about)).collect(), kind, source: "app" }
    }

    /// Looks at what is about to be written through the API; `None`: something new.
    pub(super) fn written(about: Option<About>, world: &World) -> Self {
        let kind = if about.is_some() { Kind::Change } else { Kind::Create };
        Self { about: about.into_iter().map(|about| world.seen(about)).collect(), kind, source: "api" }
    }

    /// What is told once the change has been made; `made` is what was created.
    pub(super) fn events(self, world: &World, made: Option<&About>, at: Moment) -> Vec<Event> {
        let source = self.source;
        let event = |action, about: &About, before: &Value, merged| {
            let data = if action == "delete" { Value::Null } else { world.shown(about) };
            let previous = if action == "change" { changed(before, &data) } else { before.clone() };
            Event { action, entity: about.entity(), id: about.id(), merged, source, data, previous, at }
        };
        match (self.kind, self.about.as_slice()) {
            (Kind::Create, _) => made.iter().map(|about| event("create", about, &Value::Null, None)).collect(),
            (Kind::Merge, [(loser, lost), (winner, won)]) => vec![
                event("delete", loser, lost, Some(("merged_to_id", winner.id()))),
                event("change", winner, won, Some(("merged_from_id", loser.id()))),
            ],
            (kind, about) => {
                let action = if kind == Kind::Delete { "delete" } else { "change" };
                about.iter().map(|(about, before)| event(action, about, before, None)).collect()
            }
        }
    }
}

impl Event {
    /// The body of a delivery.
    ///
    /// # Source
    /// The members and the place of `merged_to_id` and `merged_from_id`: the vendor's guide to the second version, seen
    /// 2026-11-21. Ids are text in `meta`, and so are the company's and the users'.
    pub(super) fn body(&self, webhook_id: u64, attempt: usize) -> String {
        let id = |what| {
            let of = (self.id.len() as u64) << 32 | webhook_id;
            let half =
                |more: u64| u128::from(roll(u64::try_from(self.at.vendor.as_nanos()).unwrap_or(0), what + more, of));
            uuid_text(half(0) << 64 | half(1))
        };
        let mut meta = json!({
            "action": self.action, "company_id": "1", "correlation_id": id(1), "entity": self.entity,
            "entity_id": self.id, "id": id(3), "is_bulk_edit": false, "timestamp": self.at.wall.to_string(),
            "type": "general", "user_id": "101", "version": "2.0", "webhook_id": webhook_id.to_string(),
            "webhook_owner_id": "101", "change_source": self.source, "permitted_user_ids": ["101", "102", "103", "104"],
            "attempt": attempt, "host": "acme.pipedrive.com",
        });
        if let (Some((name, with)), Some(meta)) = (&self.merged, meta.as_object_mut()) {
            meta.insert((*name).to_owned(), json!(with));
        }
        json!({"meta": meta, "data": self.data, "previous": self.previous}).to_string()
    }
}

/// The members of `before` that are others in `after`.
fn changed(before: &Value, after: &Value) -> Value {
    let differs = |(name, value): &(&String, &Value)| after.get(name.as_str()) != Some(*value);
    let members = before.as_object().into_iter().flatten().filter(differs);
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

impl World {
    fn seen(&self, about: About) -> (About, Value) {
        let state = self.shown(&about);
        (about, state)
    }

    /// A record as an event shows it; null where there is none.
    fn shown(&self, about: &About) -> Value {
        let written = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            serde_json::from_slice(&out).unwrap_or(Value::Null)
        };
        match about {
            About::Record(Item::Person(id)) => {
                self.persons.get(*id).map(|person| written(&|out| wire::person(out, &person, &[])))
            }
            About::Record(Item::Organization(id)) => {
                self.organizations.get(*id).map(|firm| written(&|out| wire::organization(out, &firm, &[])))
            }
            About::Record(Item::Deal(id)) => {
                self.deals.get(*id).map(|deal| written(&|out| wire::deal(out, &deal, &[])))
            }
            About::Record(Item::Lead(id)) => {
                uuid_of(id).and_then(|id| self.leads.get(id)).map(|lead| wire::lead(&lead))
            }
            About::Activity(id) => self.activities.get(*id).map(|activity| activity.shown()),
            About::Note(id) => self.notes.get(id).map(|note| note.shown(self)),
            About::User(id) => self.users.iter().find(|user| user.id == *id).map(|user| wire::user(user, false)),
        }
        .unwrap_or(Value::Null)
    }
}
