//! The records behind the named cases, as this vendor's.

use super::{
    row::{Cell, Row},
    schema::{self, guid_text},
    seed::{link, owner, owner_id, sample_id},
    world::World,
};
use crate::kit::{self, EntityKind, OpenEntity, Sample, SampleContact, SampleDeal, SampleFirm, SampleLead, added_s};

/// The contact of the case that has everything: here it has an incident besides.
const EVERYTHING: u64 = 18;
const INCIDENT_OWNER: usize = 1;

/// The cases with what is expected of them: a lead stands by itself and carries its number itself.
pub(super) fn samples() -> Vec<Sample> {
    let entity = |kind, number| Some((kind, guid_text(sample_id(kind, number))));
    let mut samples = kit::samples(entity, |place| guid_text(owner_id(place)));
    for sample in &mut samples {
        for open in &mut sample.open {
            if open.kind == EntityKind::Lead {
                open.via = "own";
            }
        }
        if sample.name == "everything" {
            sample.open.push(OpenEntity {
                kind: EntityKind::Ticket,
                id: guid_text(sample_id(EntityKind::Ticket, EVERYTHING)),
                owner_id: guid_text(owner_id(INCIDENT_OWNER)),
                owner_is_employee: true,
                via: "contact",
            });
        }
    }
    samples
}

fn row(kind: EntityKind, number: u64, owner_place: usize) -> Row {
    let at = added_s(number);
    Row::new(schema::of(kind), sample_id(kind, number), (at, at)).with("_ownerid_value", owner(owner_place))
}

fn contact(sample: &SampleContact) -> Row {
    let name = Cell::Text(format!("Sample Person {}", sample.number));
    let mut row = row(EntityKind::Contact, sample.number, sample.owner).with("fullname", name).with_state(0, 1);
    row.set_numbers(sample.phones.iter().map(|&typed| typed.to_owned()));
    row
}

fn account(sample: SampleFirm) -> Row {
    let name = Cell::Text(format!("Sample Organization {}", sample.number));
    let mut row = row(EntityKind::Organization, sample.number, sample.owner).with("name", name).with_state(0, 1);
    row.set_numbers([sample.phone.to_owned()]);
    row
}

fn opportunity(sample: SampleDeal) -> Row {
    let (state, status) = if sample.won { (1, 3) } else { (0, 1) };
    let contact = sample.contact.map(|number| link(EntityKind::Contact, sample_id(EntityKind::Contact, number)));
    let firm = sample.firm.map(|number| link(EntityKind::Organization, sample_id(EntityKind::Organization, number)));
    let name = Cell::Text(format!("Sample deal {}", sample.number));
    let mut row = row(EntityKind::Deal, sample.number, sample.owner).with("name", name).with_state(state, status);
    row.set("_customerid_value", contact.clone().or_else(|| firm.clone()));
    row.set("_parentcontactid_value", contact);
    row.set("_parentaccountid_value", firm);
    row
}

fn lead(sample: SampleLead, contacts: &[SampleContact]) -> Row {
    let (state, status) = if sample.archived { (1, 3) } else { (0, 1) };
    let name = Cell::Text(format!("Sample lead {}", sample.number));
    let mut row = row(EntityKind::Lead, sample.number, sample.owner).with("fullname", name).with_state(state, status);
    let whose = contacts.iter().find(|contact| contact.number == sample.contact);
    row.set_numbers(whose.iter().flat_map(|contact| &contact.phones).map(|&typed| typed.to_owned()));
    row
}

fn incident() -> Row {
    let customer = link(EntityKind::Contact, sample_id(EntityKind::Contact, EVERYTHING));
    row(EntityKind::Ticket, EVERYTHING, INCIDENT_OWNER)
        .with("title", Cell::Text("Sample incident".to_owned()))
        .with("_customerid_value", customer)
        .with_state(0, 1)
}

/// Puts the records behind the cases into an account.
pub(super) fn install(world: &mut World) {
    let contacts = kit::contacts();
    for sample in contacts.iter().filter(|sample| !sample.deleted) {
        world.table_mut(EntityKind::Contact).set_from_the_start(contact(sample));
    }
    kit::firms()
        .into_iter()
        .for_each(|firm| world.table_mut(EntityKind::Organization).set_from_the_start(account(firm)));
    kit::deals().into_iter().for_each(|deal| world.table_mut(EntityKind::Deal).set_from_the_start(opportunity(deal)));
    for sample in kit::leads() {
        world.table_mut(EntityKind::Lead).set_from_the_start(lead(sample, &contacts));
    }
    world.table_mut(EntityKind::Ticket).set_from_the_start(incident());
}
