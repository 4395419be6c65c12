//! The records of the account, and how the seed has them. All kinds are of one shape, as the vendor's are.

use std::collections::BTreeMap;

use crate::kit::{EntityKind, Record, Seed, SeededStatus, Source};

/// Ids up to here belong to the samples.
pub(super) const SAMPLE_IDS: u64 = 1_000;
/// A custom property of contacts for further numbers; companies have none of the name.
pub const SECOND_PHONE: &str = "second_phone";

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: EntityKind,
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner: Option<u64>,
    /// Of a contact: phone, mobile, the custom property. Of a company: phone.
    pub(super) phones: Vec<String>,
    /// What it belongs to, the main one first.
    pub(super) contacts: Vec<u64>,
    pub(super) companies: Vec<u64>,
    /// What else it is associated with, as the API told it.
    pub(super) others: Vec<(EntityKind, u64)>,
    /// Texts that were written through the API and have no place of their own here, by the property's name.
    pub(super) extra: BTreeMap<String, String>,
    /// Whether it was made through the API.
    pub(super) by_api: bool,
    /// Of deals and tickets.
    pub(super) stage: &'static str,
    pub(super) add_s: i64,
    /// Whole seconds: more records share one instant than at the vendor, which is harder.
    pub(super) update_s: i64,
    pub(super) archived: bool,
}

impl Record for Object {
    type Id = u64;
    fn id(&self) -> u64 {
        self.id
    }
    fn add_s(&self) -> i64 {
        self.add_s
    }
    fn update_s(&self) -> i64 {
        self.update_s
    }
}

/// The stages of the account's only pipelines: id, label, whether it is closed.
pub(super) const fn stages(kind: EntityKind) -> &'static [(&'static str, &'static str, bool)] {
    match kind {
        EntityKind::Deal => &[
            ("appointmentscheduled", "Appointment Scheduled", false),
            ("contractsent", "Contract Sent", false),
            ("closedwon", "Closed Won", true),
            ("closedlost", "Closed Lost", true),
        ],
        EntityKind::Ticket => &[
            ("1", "New", false),
            ("2", "Waiting on contact", false),
            ("3", "Waiting on us", false),
            ("4", "Closed", true),
        ],
        EntityKind::Lead => &[("new-stage-id", "New", false)],
        EntityKind::Contact | EntityKind::Organization => &[],
    }
}

/// The first stage of a kind; none for a kind without.
pub(super) fn first_stage(kind: EntityKind) -> &'static str {
    stages(kind).first().map_or("", |(id, ..)| id)
}

/// The id of the user at a place of the seed's list.
pub(super) const fn user_id(place: usize) -> u64 {
    101 + place as u64
}

impl Object {
    /// An open record with no numbers that belongs to nobody.
    pub(super) fn bare(kind: EntityKind, id: u64, name: String, at_s: i64) -> Self {
        Self {
            kind,
            id,
            name,
            owner: None,
            phones: Vec::new(),
            contacts: Vec::new(),
            companies: Vec::new(),
            others: Vec::new(),
            extra: BTreeMap::new(),
            by_api: false,
            stage: first_stage(kind),
            add_s: at_s,
            update_s: at_s,
            archived: false,
        }
    }

    /// Whether it counts.
    pub(super) fn is_open(&self) -> bool {
        !self.archived && !stages(self.kind).iter().any(|(id, _, closed)| *closed && *id == self.stage)
    }
}

/// The seed's records of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seeded {
    pub(super) seed: Seed,
    pub(super) kind: EntityKind,
}

impl Source<Object> for Seeded {
    fn places(&self) -> u64 {
        match self.kind {
            EntityKind::Contact | EntityKind::Ticket => self.seed.clients,
            EntityKind::Organization => self.seed.firms(),
            EntityKind::Deal => self.seed.deals(),
            EntityKind::Lead => self.seed.leads(),
        }
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        match self.kind {
            EntityKind::Contact => self.seed.client_times(place),
            EntityKind::Organization => self.seed.firm_times(place),
            EntityKind::Deal => self.seed.deal_times(place),
            EntityKind::Lead => self.seed.lead_times(place),
            EntityKind::Ticket => self.seed.ticket_times(place),
        }
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < self.places())
    }

    fn record(&self, place: u64) -> Option<Object> {
        let (add_s, update_s) = self.times(place);
        let bare = |name| Object { update_s, ..Object::bare(self.kind, self.id(place), name, add_s) };
        let of_client = |client: u64, name, owner, stage, archived| {
            let companies = Seed::employer(client).into_iter().map(|firm| SAMPLE_IDS + 1 + firm).collect();
            let contacts = vec![SAMPLE_IDS + 1 + client];
            Object { owner: Some(user_id(owner)), contacts, companies, stage, archived, ..bare(name) }
        };
        let seed = &self.seed;
        Some(match self.kind {
            EntityKind::Contact => Object {
                owner: Some(user_id(seed.client_owner(place))),
                phones: in_three(seed.phones(place).into_iter().map(|typed| typed.value).collect()),
                companies: Seed::employer(place).into_iter().map(|firm| SAMPLE_IDS + 1 + firm).collect(),
                ..bare(seed.name(place))
            },
            EntityKind::Organization => {
                let firm = seed.firm(place);
                let phones = firm.phone.into_iter().collect();
                Object { owner: Some(user_id(firm.owner)), phones, ..bare(firm.name) }
            }
            EntityKind::Deal => {
                let deal = seed.deal(place)?;
                let stage = match deal.status {
                    SeededStatus::Open => "appointmentscheduled",
                    SeededStatus::Won => "closedwon",
                    SeededStatus::Lost => "closedlost",
                };
                of_client(deal.client, deal.title, deal.owner, stage, deal.archived)
            }
            EntityKind::Lead => {
                let lead = seed.lead(place);
                of_client(lead.client, lead.title, lead.owner, first_stage(self.kind), lead.archived)
            }
            EntityKind::Ticket => {
                let ticket = seed.ticket(place)?;
                of_client(place, ticket.title, ticket.owner, if ticket.open { "1" } else { "4" }, false)
            }
        })
    }
}

/// Numbers as they fit the three properties: those beyond stand in the last one together.
pub(super) fn in_three(mut phones: Vec<String>) -> Vec<String> {
    if phones.len() > 3 {
        let last = phones.split_off(2).join("; ");
        phones.push(last);
    }
    phones
}
