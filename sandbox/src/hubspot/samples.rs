//! The records behind the named cases, as this vendor's.

use super::{
    object::{Object, user_id},
    world::World,
};
use crate::kit::{self, EntityKind, Sample, added_s};

/// Users who take calls; the others left or are programs.
pub const EMPLOYEES: [u64; 4] = [user_id(0), user_id(1), user_id(2), user_id(3)];

/// The cases with what is expected of them. None is about tickets.
pub(super) fn samples() -> Vec<Sample> {
    let entity = |kind, number: u64| (kind != EntityKind::Ticket).then(|| (kind, number.to_string()));
    kit::samples(entity, |place| user_id(place).to_string())
}

/// Puts the records behind the cases into an account.
pub(super) fn install(world: &mut World) {
    let object = |kind, number: u64, owner: usize| {
        let name = format!("Sample {number}");
        Object { owner: Some(user_id(owner)), ..Object::bare(kind, number, name, added_s(number)) }
    };
    let mut install = |object: Object| world.table_mut(object.kind).set_from_the_start(object);
    for sample in kit::contacts() {
        let phones = sample.phones.into_iter().map(str::to_owned).collect();
        let bare = object(EntityKind::Contact, sample.number, sample.owner);
        install(Object { phones, archived: sample.deleted, ..bare });
    }
    for sample in kit::firms() {
        let bare = object(EntityKind::Organization, sample.number, sample.owner);
        install(Object { phones: vec![sample.phone.to_owned()], ..bare });
    }
    for sample in kit::deals() {
        let bare = object(EntityKind::Deal, sample.number, sample.owner);
        install(Object {
            contacts: sample.contact.into_iter().collect(),
            companies: sample.firm.into_iter().collect(),
            stage: if sample.won { "closedwon" } else { bare.stage },
            archived: sample.archived,
            ..bare
        });
    }
    for sample in kit::leads() {
        let bare = object(EntityKind::Lead, sample.number, sample.owner);
        install(Object { contacts: vec![sample.contact], archived: sample.archived, ..bare });
    }
}
