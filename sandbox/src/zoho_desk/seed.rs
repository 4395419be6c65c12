//! The portal as the seed has it, as this vendor's records.

use super::record::{Agent, Contact, Firm, Made, StatusType, Ticket};
pub(super) use crate::kit::Seed;
use crate::kit::{SeededStatus, SeededUser, Source, USERS};

/// Ids of eighteen digits begin like this, whatever they are ids of.
const PORTAL: u64 = 217_301_000_000_000_000;
/// Numbers up to here belong to the samples.
const SAMPLES: u64 = 1_000;

/// What an id is an id of, as the distance of its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Agent = 10_000,
    Department = 20_000,
    Webhook = 30_000,
    Field = 40_000,
    Contact = 100_000_000,
    Firm = 300_000_000,
    Ticket = 500_000_000,
    Task = 700_000_000,
    Call = 800_000_000,
    Comment = 900_000_000,
}

/// The id of the one of that number.
pub(super) const fn id_of(of: Of, number: u64) -> u64 {
    PORTAL + of as u64 + number
}

/// The id of the agent at a place of [`USERS`].
pub(super) const fn agent_id(place: usize) -> u64 {
    id_of(Of::Agent, 1 + place as u64)
}

/// The departments: sales and service.
pub(super) const DEPARTMENTS: [u64; 2] = [id_of(Of::Department, 1), id_of(Of::Department, 2)];

/// The number of the first record that people create.
pub(super) const fn first_new(places: u64) -> u64 {
    SAMPLES + 1 + places
}

fn place_of(of: Of, id: u64, places: u64) -> Option<u64> {
    id.checked_sub(id_of(of, SAMPLES + 1)).filter(|&place| place < places)
}

macro_rules! places {
    ($kind:ty, $of:expr, $places:ident, $times:ident, $record:item) => {
        impl Source<$kind> for Seed {
            fn places(&self) -> u64 {
                self.$places()
            }
            fn id(&self, place: u64) -> u64 {
                id_of($of, SAMPLES + 1 + place)
            }
            fn times(&self, place: u64) -> (i64, i64) {
                self.$times(place)
            }
            fn place(&self, id: u64) -> Option<u64> {
                place_of($of, id, self.$places())
            }
            $record
        }
    };
}

/// What the kit's seed says only as a field.
trait Clients {
    fn clients(&self) -> u64;
}

impl Clients for Seed {
    fn clients(&self) -> u64 {
        self.clients
    }
}

places!(
    Contact,
    Of::Contact,
    clients,
    client_times,
    fn record(&self, place: u64) -> Option<Contact> {
        let (add_s, update_s) = self.client_times(place);
        let name = self.name(place);
        let (first_name, last_name) = name.split_once(' ').unwrap_or(("", &name));
        let mut phones = self.phones(place).into_iter().map(|typed| typed.value);
        Some(Contact {
            id: Source::<Contact>::id(self, place),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            owner: Some(agent_id(self.client_owner(place))),
            account: Self::employer(place).map(|firm| Source::<Firm>::id(self, firm)),
            phone: phones.next(),
            mobile: phones.next(),
            // Three fields: whoever has more numbers typed those beyond into the last one.
            second_phone: Some(phones.collect::<Vec<_>>().join("; ")).filter(|rest| !rest.is_empty()),
            email: self.email(place),
            notes: 0,
            add_s,
            update_s,
            trashed: false,
            made: Made::default(),
        })
    }
);

places!(
    Firm,
    Of::Firm,
    firms,
    firm_times,
    fn record(&self, place: u64) -> Option<Firm> {
        let (add_s, update_s) = self.firm_times(place);
        let firm = self.firm(place);
        Some(Firm {
            id: Source::<Firm>::id(self, place),
            name: firm.name,
            owner: Some(agent_id(firm.owner)),
            phone: firm.phone,
            street: firm.address.map(str::to_owned),
            notes: 0,
            add_s,
            update_s,
            trashed: false,
            made: Made::default(),
        })
    }
);

// The vendor has no deals: what is a deal elsewhere is a ticket here.
places!(
    Ticket,
    Of::Ticket,
    deals,
    deal_times,
    fn record(&self, place: u64) -> Option<Ticket> {
        let deal = self.deal(place)?;
        let (add_s, update_s) = self.deal_times(place);
        // An open ticket is never put away; one that the seed has so was closed before.
        let (status, status_type) = match deal.status {
            _ if deal.archived => ("Closed", StatusType::Closed),
            SeededStatus::Open => open_status(deal.value),
            SeededStatus::Won => ("Closed", StatusType::Closed),
            SeededStatus::Lost => ("Вирішено", StatusType::Closed),
        };
        Some(Ticket {
            id: Source::<Ticket>::id(self, place),
            subject: deal.title,
            assignee: Some(agent_id(deal.owner)),
            contact: Some(Source::<Contact>::id(self, deal.client)),
            account: Self::employer(deal.client).map(|firm| Source::<Firm>::id(self, firm)),
            department: DEPARTMENTS[usize::from(deal.value % 2 == 1)],
            status: status.to_owned(),
            status_type,
            notes: 0,
            add_s,
            update_s,
            archived: deal.archived,
            trashed: false,
            made: Made::default(),
        })
    }
);

/// Labels are free per department: the type alone says whether a ticket is open.
const fn open_status(dice: u32) -> (&'static str, StatusType) {
    match dice % 5 {
        0 => ("On Hold", StatusType::OnHold),
        1 => ("Чекаємо клієнта", StatusType::OnHold),
        2 => ("Escalated", StatusType::Open),
        _ => ("Open", StatusType::Open),
    }
}

/// The agents. Who takes calls has an extension, as has the program.
pub(super) fn agents() -> Vec<Agent> {
    let agent = |(place, user): (usize, &SeededUser)| Agent {
        id: agent_id(place),
        first_name: String::new(),
        last_name: user.name.to_owned(),
        email_id: user.email(),
        phone: user.phone.map(str::to_owned),
        mobile: None,
        extn: (place != 4).then(|| (101 + place).to_string()),
        status: if user.active { "ACTIVE" } else { "DISABLED" },
        zuid: 700_100 + place as u64,
        associated_department_ids: DEPARTMENTS.map(|id| id.to_string()).into(),
    };
    USERS.iter().enumerate().map(agent).collect()
}
