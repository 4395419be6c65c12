//! The portal: its tables, and what belongs to what.

use std::{collections::BTreeSet, time::Duration};

use super::{
    activity::Written,
    fields::Fields,
    record::{Agent, Contact, Firm, StatusType, Ticket},
    samples,
    seed::{Seed, agents, first_new},
};
use crate::kit::{Client, EntityKind, OpenEntity, Record, Source, Table};

/// The portal.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    pub(super) contacts: Table<Contact, Seed>,
    pub(super) firms: Table<Firm, Seed>,
    pub(super) tickets: Table<Ticket, Seed>,
    pub(super) agents: Vec<Agent>,
    pub(super) fields: Fields,
    pub(super) written: Written,
    /// The number of the next record that is created.
    pub(super) next: u64,
}

impl World {
    pub(super) fn new(seed: Seed, lag: Duration, fields: Fields) -> Self {
        let mut world = Self {
            seed,
            contacts: Table::new(seed, lag),
            firms: Table::new(seed, lag),
            tickets: Table::new(seed, lag),
            agents: agents(),
            fields,
            written: Written::default(),
            next: first_new(Source::<Ticket>::places(&seed)),
        };
        samples::install(&mut world);
        world
    }

    /// Ids of the tickets that may be a contact's: where the seed has them, and whatever was changed.
    pub(super) fn tickets_of(&self, contact: u64) -> BTreeSet<u64> {
        let place = Source::<Contact>::place(&self.seed, contact);
        let places = place.map_or(0..0, |place| Seed::deals_of(&(place..place + 1)));
        let seeded = places.map(|place| Source::<Ticket>::id(&self.seed, place));
        seeded.chain(self.tickets.changed_ids()).collect()
    }

    /// Ids of the tickets that may be an account's.
    pub(super) fn tickets_of_firm(&self, firm: u64) -> BTreeSet<u64> {
        let clients = Source::<Firm>::place(&self.seed, firm).map_or(0..0, Seed::clients_of);
        let seeded = Seed::deals_of(&clients).map(|place| Source::<Ticket>::id(&self.seed, place));
        seeded.chain(self.tickets.changed_ids()).collect()
    }

    /// What is true of a seeded client; `None` for a place that is empty or a contact in the trash.
    pub(super) fn client(&self, place: u64) -> Option<Client> {
        if place >= self.seed.clients {
            return None;
        }
        let contact = self.contacts.get(Source::<Contact>::id(&self.seed, place)).filter(|contact| !contact.trashed)?;
        let entity = |kind, id: u64, owner: Option<u64>, via| OpenEntity {
            kind,
            id: id.to_string(),
            owner_id: owner.map(|id| id.to_string()).unwrap_or_default(),
            owner_is_employee: owner.is_some_and(|id| samples::EMPLOYEES.contains(&id)),
            via,
        };
        let mut tickets: Vec<Ticket> =
            self.tickets_of(contact.id).into_iter().filter_map(|id| self.tickets.get(id)).collect();
        tickets.retain(|ticket| {
            let open = ticket.status_type != StatusType::Closed && !ticket.trashed && !ticket.archived;
            ticket.contact == Some(contact.id) && open
        });
        tickets.sort_unstable_by_key(|ticket| std::cmp::Reverse((ticket.add_s(), ticket.id)));
        let mut open = vec![entity(EntityKind::Contact, contact.id, contact.owner, "own")];
        open.extend(tickets.iter().map(|ticket| entity(EntityKind::Ticket, ticket.id, ticket.assignee, "contact")));
        Some(Client {
            contact_id: contact.id.to_string(),
            numbers: self.seed.whole_numbers(place),
            typed: [contact.phone, contact.mobile, contact.second_phone].into_iter().flatten().collect(),
            open,
        })
    }
}
