//! The records behind the named cases, as this vendor's.

use super::{
    record::{Contact, Firm, Made, StatusType, Ticket},
    seed::{DEPARTMENTS, Of, agent_id, id_of},
    world::World,
};
use crate::kit::{self, EntityKind, Sample, SampleContact, SampleDeal, SampleFirm, added_s};

/// Agents who take calls; the others left or are programs.
pub const EMPLOYEES: [u64; 4] = [agent_id(0), agent_id(1), agent_id(2), agent_id(3)];

/// The cases with what is expected of them.
pub(super) fn samples() -> Vec<Sample> {
    let entity = |kind, number: u64| match kind {
        EntityKind::Contact => Some((kind, id_of(Of::Contact, number).to_string())),
        EntityKind::Organization => Some((kind, id_of(Of::Firm, number).to_string())),
        EntityKind::Deal => Some((EntityKind::Ticket, id_of(Of::Ticket, number).to_string())),
        EntityKind::Lead | EntityKind::Ticket => None,
    };
    kit::samples(entity, |place| agent_id(place).to_string())
}

fn contact(sample: &SampleContact) -> Contact {
    let at = added_s(sample.number);
    let phone = |place: usize| sample.phones.get(place).map(|&typed| typed.to_owned());
    Contact {
        id: id_of(Of::Contact, sample.number),
        first_name: "Sample".to_owned(),
        last_name: format!("Person {}", sample.number),
        owner: Some(agent_id(sample.owner)),
        account: None,
        phone: phone(0),
        mobile: phone(1),
        second_phone: phone(2),
        email: None,
        notes: 0,
        add_s: at,
        update_s: at,
        trashed: sample.deleted,
        made: Made::default(),
    }
}

fn firm(sample: SampleFirm) -> Firm {
    let at = added_s(sample.number);
    Firm {
        id: id_of(Of::Firm, sample.number),
        name: format!("Sample Organization {}", sample.number),
        owner: Some(agent_id(sample.owner)),
        phone: Some(sample.phone.to_owned()),
        street: None,
        notes: 0,
        add_s: at,
        update_s: at,
        trashed: false,
        made: Made::default(),
    }
}

fn ticket(sample: SampleDeal) -> Ticket {
    let at = added_s(sample.number);
    let status_type = if sample.won { StatusType::Closed } else { StatusType::Open };
    Ticket {
        id: id_of(Of::Ticket, sample.number),
        subject: format!("Sample ticket {}", sample.number),
        assignee: Some(agent_id(sample.owner)),
        contact: sample.contact.map(|number| id_of(Of::Contact, number)),
        account: sample.firm.map(|number| id_of(Of::Firm, number)),
        department: DEPARTMENTS[0],
        status: if sample.won { "Closed" } else { "Open" }.to_owned(),
        status_type,
        notes: 0,
        add_s: at,
        update_s: at,
        archived: sample.archived,
        trashed: false,
        made: Made::default(),
    }
}

/// Puts the records behind the cases into a portal.
pub(super) fn install(world: &mut World) {
    kit::contacts().iter().for_each(|sample| world.contacts.set_from_the_start(contact(sample)));
    kit::firms().into_iter().for_each(|sample| world.firms.set_from_the_start(firm(sample)));
    kit::deals().into_iter().for_each(|sample| world.tickets.set_from_the_start(ticket(sample)));
}
