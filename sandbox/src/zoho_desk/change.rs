//! What people do in the portal while somebody is looking: the changes that a test or a demo makes.

use super::{
    record::{Agent, Contact, Entry, Firm, Made, StatusType, Ticket, Touched},
    seed::{DEPARTMENTS, Of, Seed, id_of},
    world::World,
};
use crate::kit::{Moment, Source, Table};

/// One record of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Item {
    /// A contact.
    Contact(u64),
    /// An account.
    Account(u64),
    /// A ticket.
    Ticket(u64),
    /// An agent.
    Agent(u64),
}

/// A change of the portal. As JSON: `{"change": "set_owner", "item": {"kind": "contact", "id": 217…}, "owner_id": 217…}`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new contact.
    CreateContact {
        /// The last name.
        name: String,
        /// `phone`, `mobile` and the custom field, as typed.
        phones: Vec<String>,
        /// The owner.
        owner_id: Option<u64>,
        /// Where they work.
        #[serde(default)]
        account_id: Option<u64>,
    },
    /// A new account.
    CreateAccount {
        /// The name.
        name: String,
        /// `phone`, as typed.
        #[serde(default)]
        phone: Option<String>,
        /// The owner.
        owner_id: Option<u64>,
    },
    /// A new open ticket.
    CreateTicket {
        /// The subject.
        subject: String,
        /// Who is to resolve it.
        assignee_id: Option<u64>,
        /// Whose it is.
        #[serde(default)]
        contact_id: Option<u64>,
        /// Of which account.
        #[serde(default)]
        account_id: Option<u64>,
    },
    /// Another owner, or none; of a ticket, another assignee.
    SetOwner {
        /// Of what.
        item: Item,
        /// Who.
        owner_id: Option<u64>,
    },
    /// Other numbers for a contact or an account; what is beyond the fields is left out.
    SetPhones {
        /// Whose.
        item: Item,
        /// As typed.
        phones: Vec<String>,
    },
    /// Another status of a ticket.
    SetStatus {
        /// Which.
        ticket_id: u64,
        /// The label.
        status: String,
        /// What it is a kind of.
        status_type: StatusType,
    },
    /// The vendor puts a closed ticket away.
    Archive {
        /// Which.
        ticket_id: u64,
    },
    /// So many letters of notes.
    Describe {
        /// What.
        item: Item,
        /// How many.
        letters: usize,
    },
    /// Into the trash.
    Trash {
        /// What.
        item: Item,
    },
    /// A contact becomes another: it goes into the trash, its tickets to the other.
    Merge {
        /// The one that disappears.
        loser_id: u64,
        /// The one that stays.
        winner_id: u64,
    },
    /// The first so many contacts of the seed are saved at the same moment, as an import or a mass update does it.
    TouchContacts {
        /// How many.
        first: u64,
    },
    /// An agent leaves, or comes back.
    SetAgentActive {
        /// Who.
        agent_id: u64,
        /// Whether they may log in.
        active: bool,
    },
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such record, or it is in the trash.
    #[error("expected an existing record, found none at {0:?}")]
    Missing(Item),
    /// The change has no meaning for this kind of record.
    #[error("expected {expected}, found {found:?}")]
    Unfit {
        /// What the change is for.
        expected: &'static str,
        /// What it was asked for.
        found: Item,
    },
}

/// What happened to a record, as webhooks call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Add,
    Update,
    Delete,
}

/// What was done: every record it was about.
pub(super) type Done = Vec<(Item, Event)>;

impl World {
    /// Makes a change.
    pub(super) fn change(&mut self, change: Change, now: Moment) -> Result<Done, ChangeError> {
        match change {
            Change::CreateContact { name, phones, owner_id, account_id } => {
                Ok(self.create_contact(name, phones, (owner_id, account_id), now))
            }
            Change::CreateAccount { name, phone, owner_id } => Ok(self.create_firm(name, phone, owner_id, now)),
            Change::CreateTicket { subject, assignee_id, contact_id, account_id } => {
                Ok(self.create_ticket(subject, assignee_id, (contact_id, account_id), now))
            }
            Change::SetOwner { item, owner_id } => self.touch(item, now, |touched| *touched.owner = owner_id),
            Change::SetPhones { item, phones } => self.set_phones(item, phones, now),
            Change::SetStatus { ticket_id, status, status_type } => self.on_ticket(ticket_id, now, |ticket| {
                (ticket.status, ticket.status_type) = (status, status_type);
            }),
            Change::Archive { ticket_id } => self.on_ticket(ticket_id, now, |ticket| ticket.archived = true),
            Change::Describe { item, letters } => self.touch(item, now, |touched| *touched.notes = letters),
            Change::Trash { item } => {
                self.touch(item, now, |touched| *touched.trashed = true)?;
                Ok(vec![(item, Event::Delete)])
            }
            Change::Merge { loser_id, winner_id } => self.merge(loser_id, winner_id, now),
            Change::TouchContacts { first } => {
                let ids: Vec<u64> =
                    (0..first.min(self.seed.clients)).map(|place| Source::<Contact>::id(&self.seed, place)).collect();
                for &id in &ids {
                    let _still_there = edit(&mut self.contacts, id, now, |_| {});
                }
                Ok(ids.into_iter().map(|id| (Item::Contact(id), Event::Update)).collect())
            }
            Change::SetAgentActive { agent_id, active } => self.on_agent(agent_id, |agent| {
                agent.status = if active { "ACTIVE" } else { "DISABLED" };
            }),
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn create_contact(
        &mut self,
        name: String,
        phones: Vec<String>,
        (owner, account): (Option<u64>, Option<u64>),
        now: Moment,
    ) -> Done {
        let (id, at) = (id_of(Of::Contact, self.number()), now.wall.as_second());
        let mut phones = phones.into_iter();
        let contact = Contact {
            id,
            first_name: String::new(),
            last_name: name,
            owner,
            account,
            phone: phones.next(),
            mobile: phones.next(),
            second_phone: phones.next(),
            email: None,
            notes: 0,
            add_s: at,
            update_s: at,
            trashed: false,
            made: Made::default(),
        };
        self.contacts.set(id, now.vendor, Some(contact));
        vec![(Item::Contact(id), Event::Add)]
    }

    fn create_firm(&mut self, name: String, phone: Option<String>, owner: Option<u64>, now: Moment) -> Done {
        let (id, at) = (id_of(Of::Firm, self.number()), now.wall.as_second());
        let (street, notes, trashed) = (None, 0, false);
        let (update_s, made) = (at, Made::default());
        let firm = Firm { id, name, owner, phone, street, notes, add_s: at, update_s, trashed, made };
        self.firms.set(id, now.vendor, Some(firm));
        vec![(Item::Account(id), Event::Add)]
    }

    fn create_ticket(
        &mut self,
        subject: String,
        assignee: Option<u64>,
        (contact, account): (Option<u64>, Option<u64>),
        now: Moment,
    ) -> Done {
        let (id, at) = (id_of(Of::Ticket, self.number()), now.wall.as_second());
        let ticket = Ticket {
            id,
            subject,
            assignee,
            contact,
            account,
            department: DEPARTMENTS[0],
            status: "Open".to_owned(),
            status_type: StatusType::Open,
            notes: 0,
            add_s: at,
            update_s: at,
            archived: false,
            trashed: false,
            made: Made::default(),
        };
        self.tickets.set(id, now.vendor, Some(ticket));
        vec![(Item::Ticket(id), Event::Add)]
    }

    /// Changes what records of every kind have.
    fn touch(&mut self, item: Item, now: Moment, change: impl FnOnce(Touched<'_>)) -> Result<Done, ChangeError> {
        let found = match item {
            Item::Contact(id) => edit(&mut self.contacts, id, now, |contact| change(contact.touched())),
            Item::Account(id) => edit(&mut self.firms, id, now, |firm| change(firm.touched())),
            Item::Ticket(id) => edit(&mut self.tickets, id, now, |ticket| change(ticket.touched())),
            Item::Agent(_) => return Err(ChangeError::Unfit { expected: "a contact, account or ticket", found: item }),
        };
        found.map(|()| vec![(item, Event::Update)]).ok_or(ChangeError::Missing(item))
    }

    fn set_phones(&mut self, item: Item, phones: Vec<String>, now: Moment) -> Result<Done, ChangeError> {
        let mut phones = phones.into_iter();
        let found = match item {
            Item::Contact(id) => edit(&mut self.contacts, id, now, |contact| {
                (contact.phone, contact.mobile, contact.second_phone) = (phones.next(), phones.next(), phones.next());
            }),
            Item::Account(id) => edit(&mut self.firms, id, now, |firm| firm.phone = phones.next()),
            Item::Ticket(_) | Item::Agent(_) => {
                return Err(ChangeError::Unfit { expected: "a contact or an account", found: item });
            }
        };
        found.map(|()| vec![(item, Event::Update)]).ok_or(ChangeError::Missing(item))
    }

    fn on_ticket(&mut self, id: u64, now: Moment, change: impl FnOnce(&mut Ticket)) -> Result<Done, ChangeError> {
        let item = Item::Ticket(id);
        let found = edit(&mut self.tickets, id, now, change);
        found.map(|()| vec![(item, Event::Update)]).ok_or(ChangeError::Missing(item))
    }

    fn on_agent(&mut self, id: u64, change: impl FnOnce(&mut Agent)) -> Result<Done, ChangeError> {
        let item = Item::Agent(id);
        let agent = self.agents.iter_mut().find(|agent| agent.id == id).ok_or(ChangeError::Missing(item))?;
        change(agent);
        Ok(vec![(item, Event::Update)])
    }

    fn merge(&mut self, loser: u64, winner: u64, now: Moment) -> Result<Done, ChangeError> {
        edit(&mut self.contacts, winner, now, |_| {}).ok_or(ChangeError::Missing(Item::Contact(winner)))?;
        edit(&mut self.contacts, loser, now, |contact| contact.trashed = true)
            .ok_or(ChangeError::Missing(Item::Contact(loser)))?;
        let mut done = vec![(Item::Contact(winner), Event::Update), (Item::Contact(loser), Event::Delete)];
        for id in self.tickets_of(loser) {
            if self.tickets.get(id).is_some_and(|ticket| ticket.contact == Some(loser)) {
                done.extend(self.on_ticket(id, now, |ticket| ticket.contact = Some(winner))?);
            }
        }
        Ok(done)
    }
}

/// Changes a record that is not in the trash; `None` where there is none.
fn edit<R: Entry>(table: &mut Table<R, Seed>, id: u64, now: Moment, change: impl FnOnce(&mut R)) -> Option<()>
where
    Seed: Source<R>,
{
    let mut record = table.get(id).filter(|record| !record.trashed())?;
    change(&mut record);
    *record.touched().update_s = now.wall.as_second();
    table.set(id, now.vendor, Some(record));
    Some(())
}
