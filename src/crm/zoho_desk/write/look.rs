//! A fresh look at one client, before anything is made for them.

use std::collections::BTreeSet;

use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::quota::Purpose;
use crate::crm::writer::Look;
use crate::crm::zoho_desk::{
    ask::carriers,
    path::{self, Newest},
    portal::BACKGROUND_PATIENCE,
    write::{DeskWriter, told::Listed},
};
use crate::model::{client::Kind, ids::CrmId};

/// Pages of one contact's tickets.
const MOST_PAGES: usize = 5;

/// What is believed to be theirs of a kind.
pub(super) fn known_of(look: &Look, kind: Kind) -> BTreeSet<CrmId> {
    look.known.iter().filter(|link| link.kind == kind).map(|link| link.id).collect()
}

impl DeskWriter {
    /// Found as a live question finds it and then read by id; the tickets of the contacts from the database, since the
    /// search does not show yet what was made a moment ago.
    ///
    /// # Cost
    /// A live question's 9 to 15 credits, 3 for each contact, 1 for everything that was found or is known.
    pub(super) async fn look_for(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        if look.number.is_none() && (look.email.is_some() || look.client_id.is_some()) {
            return match self.sought(look) {
                Some(sought) => self.look_otherwise(look, &sought).await,
                None => Ok(Vec::new()),
            };
        }
        let found = match look.number {
            Some(number) => self.desk.ask_for(Purpose::Write, number, BACKGROUND_PATIENCE).await?,
            None => Vec::new(),
        };
        let of = |kind: Kind| {
            let found = found.iter().filter(move |one| one.kind == kind).map(|one| one.id);
            found.chain(known_of(look, kind)).collect::<BTreeSet<_>>()
        };
        let mut records = self.read(Kind::Contact, of(Kind::Contact)).await?;
        let mut tickets = of(Kind::Ticket);
        let carriers = look.number.map(|number| carriers(&records, number)).unwrap_or_default();
        let known = |id: &CrmId| look.known.iter().any(|link| (link.kind, link.id) == (Kind::Contact, *id));
        for contact in records.iter().map(|one| one.id).filter(|id| carriers.contains(id) || known(id)) {
            tickets.extend(self.open_tickets_of(contact).await?);
        }
        records.extend(self.read(Kind::Organization, of(Kind::Organization)).await?);
        records.extend(self.read(Kind::Ticket, tickets).await?);
        records.retain(|record| record.open);
        Ok(records)
    }

    pub(super) async fn read(&self, kind: Kind, ids: BTreeSet<CrmId>) -> Result<Vec<Record>, Failure> {
        let ids: Vec<CrmId> = ids.into_iter().collect();
        self.desk.records_for(Purpose::Write, kind, &ids).await
    }

    pub(super) async fn open_tickets_of(&self, contact: CrmId) -> Result<Vec<CrmId>, Failure> {
        let operation = path::TICKETS_OF_CONTACT;
        let list = path::one(&self.desk.portal.base, operation, contact);
        let mut tickets = Vec::new();
        for page in 0..MOST_PAGES {
            let url = path::listed(list.clone(), Newest::AsItIs, page * path::PAGE, path::PAGE);
            let Some(listed) = self.list::<Listed>(operation.cost, url).await? else { break };
            let closed = |one: &Listed| {
                one.status_type.as_deref().is_some_and(|word| word.trim().eq_ignore_ascii_case("closed"))
            };
            tickets.extend(listed.iter().filter(|one| !closed(one)).filter_map(|one| one.id));
            if listed.len() < path::PAGE {
                break;
            }
        }
        Ok(tickets)
    }
}
