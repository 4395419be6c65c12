//! What can be associated with what, by the ids of types.
//!
//! # Source
//! The vendor's own client for all ids but the leads', of which users of the live API know the one to the main contact
//! (578). The leads' others are made up here, so that nobody can know them without asking for the labels.

use serde_json::{Value, json};

use super::activity::{Activity, Of};
use crate::kit::EntityKind::{self, Contact, Deal, Lead, Organization, Ticket};

const TASK: Of = Of::Activity(Activity::Task);
const CALL: Of = Of::Activity(Activity::Call);
const NOTE: Of = Of::Activity(Activity::Note);

/// From what, to what, the type's id, and its label where it has one. The plain one comes before the labelled.
const TYPES: [(Of, EntityKind, u32, Option<&str>); 29] = [
    (CALL, Contact, 194, None),
    (CALL, Organization, 182, None),
    (CALL, Deal, 206, None),
    (CALL, Ticket, 220, None),
    (CALL, Lead, 9_102, None),
    (TASK, Contact, 204, None),
    (TASK, Organization, 192, None),
    (TASK, Deal, 216, None),
    (TASK, Ticket, 230, None),
    (TASK, Lead, 9_101, None),
    (NOTE, Contact, 202, None),
    (NOTE, Organization, 190, None),
    (NOTE, Deal, 214, None),
    (NOTE, Ticket, 228, None),
    (NOTE, Lead, 9_103, None),
    (Of::Entity(Deal), Contact, 3, None),
    (Of::Entity(Deal), Organization, 341, None),
    (Of::Entity(Deal), Organization, 5, Some("Primary")),
    (Of::Entity(Ticket), Contact, 16, None),
    (Of::Entity(Ticket), Organization, 339, None),
    (Of::Entity(Ticket), Organization, 26, Some("Primary")),
    (Of::Entity(Ticket), Deal, 28, None),
    (Of::Entity(Contact), Organization, 279, None),
    (Of::Entity(Contact), Organization, 1, Some("Primary")),
    (Of::Entity(Contact), Deal, 4, None),
    (Of::Entity(Contact), Ticket, 15, None),
    (Of::Entity(Lead), Contact, 9_104, None),
    (Of::Entity(Lead), Contact, 578, Some("Primary Contact")),
    (Of::Entity(Lead), Organization, 9_105, None),
];

/// What an association of this type leads to.
pub(super) fn target(from: Of, type_id: u32) -> Option<EntityKind> {
    TYPES.iter().find(|(of, _, id, _)| *of == from && *id == type_id).map(|&(_, to, ..)| to)
}

/// The plain type of the way from one to the other, and the main one's where there is one; 900 where nobody asks.
pub(super) fn types(from: Of, to: Of) -> (u32, Option<u32>) {
    let (Of::Entity(to), mut ids) = (to, Vec::new()) else { return (900, None) };
    ids.extend(TYPES.iter().filter(|(of, end, ..)| (*of, *end) == (from, to)).map(|&(_, _, id, _)| id));
    (ids.first().copied().unwrap_or(900), ids.get(1).copied())
}

/// `GET /crm/associations/2026-03/{from}/{to}/labels`
pub(super) fn labels(from: Of, to: Of) -> Value {
    let Of::Entity(end) = to else { return json!({"results": []}) };
    let of_these = TYPES.iter().filter(|(of, known, ..)| (*of, *known) == (from, end));
    let label = |(_, _, id, label): &(Of, EntityKind, u32, Option<&str>)| {
        let mut told = json!({
            "category": "HUBSPOT_DEFINED", "typeId": id, "fromObjectTypeId": from.type_id(),
            "toObjectTypeId": to.type_id(),
        });
        if let Some(label) = label {
            told["label"] = json!(label);
        }
        told
    };
    json!({"results": of_these.map(label).collect::<Vec<_>>()})
}
