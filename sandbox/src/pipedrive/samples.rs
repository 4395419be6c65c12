//! The records behind the named cases, as this vendor's.

use super::{
    fields::Custom,
    record::{Deal, Lead, More, Organization, Person, Phone, Status, uuid_text},
    seed::user_id,
    world::World,
};
use crate::kit::{self, EntityKind, Sample, SampleContact, SampleDeal, SampleFirm, SampleLead, added_s};

/// Users who take calls; the others left or are programs.
pub const EMPLOYEES: [u64; 4] = [user_id(0), user_id(1), user_id(2), user_id(3)];

fn lead_id(number: u64) -> u128 {
    0xffff_0000_0000 << 80 | 0x11eb_8000 << 48 | u128::from(number)
}

/// The cases with what is expected of them.
pub(super) fn samples() -> Vec<Sample> {
    let entity = |kind, number: u64| match kind {
        EntityKind::Contact | EntityKind::Organization | EntityKind::Deal => Some((kind, number.to_string())),
        EntityKind::Lead => Some((kind, uuid_text(lead_id(number)))),
        EntityKind::Ticket => None,
    };
    kit::samples(entity, |place| user_id(place).to_string())
}

fn person(sample: SampleContact) -> Person {
    let at = added_s(sample.number);
    let phone = |value: &str| Phone { value: value.to_owned(), label: "work".into() };
    Person {
        id: sample.number,
        name: format!("Sample Person {}", sample.number),
        owner: user_id(sample.owner),
        org: None,
        phones: sample.phones.into_iter().map(phone).collect(),
        emails: Vec::new(),
        custom: Custom::new(),
        add_s: at,
        update_s: at,
        deleted: sample.deleted,
    }
}

fn organization(sample: SampleFirm) -> Organization {
    let at = added_s(sample.number);
    Organization {
        id: sample.number,
        name: format!("Sample Organization {}", sample.number),
        owner: user_id(sample.owner),
        address: None,
        more: More::default(),
        phone: Some(sample.phone.to_owned()),
        custom: Custom::new(),
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

fn deal(sample: SampleDeal) -> Deal {
    let at = added_s(sample.number);
    Deal {
        id: sample.number,
        title: format!("Sample deal {}", sample.number),
        owner: user_id(sample.owner),
        person: sample.contact,
        org: sample.firm,
        value: 1_000.into(),
        expected_close_date: None,
        status: if sample.won { Status::Won } else { Status::Open },
        close_s: sample.won.then_some(at),
        archive_s: sample.archived.then(|| added_s(0) + 3_600),
        custom: Custom::new(),
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

fn lead(sample: SampleLead) -> Lead {
    let at = added_s(sample.number);
    Lead {
        id: lead_id(sample.number),
        title: format!("Sample lead {}", sample.number),
        owner: user_id(sample.owner),
        person: Some(sample.contact),
        org: None,
        archived: sample.archived,
        expected_close_date: None,
        custom: Custom::new(),
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

/// Puts the records behind the cases into an account.
pub(super) fn install(world: &mut World) {
    kit::contacts().into_iter().for_each(|sample| world.persons.set_from_the_start(person(sample)));
    kit::firms().into_iter().for_each(|sample| world.organizations.set_from_the_start(organization(sample)));
    kit::deals().into_iter().for_each(|sample| world.deals.set_from_the_start(deal(sample)));
    kit::leads().into_iter().for_each(|sample| world.leads.set_from_the_start(lead(sample)));
}
