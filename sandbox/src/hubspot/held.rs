//! What was made or changed through the API, in words that are no vendor's.

use super::{
    activity::{Activity, Done, Of},
    object::Object,
    world::World,
};
use crate::kit::{EntityKind, Reference, Thing};

/// The property that holds a kind's text.
const TEXTS: [&str; 2] = ["description", "content"];

impl World {
    /// Everything, in the order it was first written.
    pub(super) fn held(&self) -> Vec<Thing> {
        let thing = |&(of, id): &(Of, u64)| match of {
            Of::Entity(kind) => self.get(kind, id).filter(|object| !object.archived).map(|object| entity(&object)),
            Of::Activity(activity) => self.activities.get(&(of, id)).map(|done| act(activity, id, done)),
        };
        self.by_api.iter().filter_map(thing).collect()
    }
}

fn references(ends: impl Iterator<Item = (EntityKind, u64)>) -> Vec<Reference> {
    let reference =
        |(kind, id): (EntityKind, u64)| Reference { what: kind.word().to_owned(), id: id.to_string(), role: None };
    let mut references: Vec<Reference> = ends.map(reference).collect();
    references.sort();
    references.dedup();
    references
}

fn entity(object: &Object) -> Thing {
    let contacts = object.contacts.iter().map(|&id| (EntityKind::Contact, id));
    let companies = object.companies.iter().map(|&id| (EntityKind::Organization, id));
    let state = match object.kind {
        EntityKind::Deal | EntityKind::Ticket => Some(if object.is_open() { "open" } else { "closed" }.to_owned()),
        _ => None,
    };
    let mut fields = object.extra.clone();
    let text = TEXTS.iter().find_map(|name| fields.remove(*name)).unwrap_or_default();
    Thing {
        what: object.kind.word().to_owned(),
        id: object.id.to_string(),
        seeded: !object.by_api,
        owner: object.owner.map(|id| id.to_string()),
        on: references(contacts.chain(companies).chain(object.others.iter().copied())),
        title: object.name.clone(),
        text,
        state,
        numbers: object.phones.iter().filter(|typed| !typed.is_empty()).cloned().collect(),
        fields,
        ..Thing::default()
    }
}

fn act(activity: Activity, id: u64, done: &Done) -> Thing {
    let mut fields = done.properties.clone();
    let mut take = |name: &str| fields.remove(name);
    let owner = take("hubspot_owner_id");
    let bare = Thing { id: id.to_string(), owner, on: references(done.on.iter().copied()), ..Thing::default() };
    let thing = match activity {
        Activity::Task => Thing {
            what: "task".to_owned(),
            title: take("hs_task_subject").unwrap_or_default(),
            text: take("hs_task_body").unwrap_or_default(),
            state: Some(
                if take("hs_task_status").as_deref() == Some("COMPLETED") { "completed" } else { "open" }.to_owned(),
            ),
            due: take("hs_timestamp").map(|told| moment(&told)),
            ..bare
        },
        Activity::Call => Thing {
            what: "call".to_owned(),
            title: take("hs_call_title").unwrap_or_default(),
            text: take("hs_call_body").unwrap_or_default(),
            state: take("hs_call_status"),
            direction: take("hs_call_direction").map(|told| if told == "INBOUND" { "in" } else { "out" }.to_owned()),
            seconds: take("hs_call_duration").and_then(|told| told.parse::<u64>().ok()).map(|ms| ms / 1_000),
            recording: take("hs_call_recording_url"),
            numbers: ["hs_call_from_number", "hs_call_to_number"].into_iter().filter_map(&mut take).collect(),
            ..bare
        },
        Activity::Note => Thing { what: "note".to_owned(), text: take("hs_note_body").unwrap_or_default(), ..bare },
    };
    Thing { fields, ..thing }
}

/// Milliseconds since 1970 as RFC 3339; what is no number as it is.
fn moment(told: &str) -> String {
    let ms = told.parse().ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    ms.map_or_else(|| told.to_owned(), |at| at.to_string())
}
