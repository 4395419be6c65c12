//! The account as the seed has it, as this vendor's records.

use super::{
    row::{Cell, Row},
    schema::{self, SYSTEM_USER},
};
use crate::kit::{EntityKind, Seed, SeededStatus, SeededUser, Source, TypedNumber, USERS, roll};

/// Ids below this belong to the samples.
pub(super) const SAMPLE_IDS: u64 = 1_000;
/// The first of those that are created later.
const LATER: u64 = 0xffff_0000_0000;
/// The owner's place that stands for a team here: what nobody owns belongs to one.
const TEAM: usize = 5;

/// An id that grows with the number: the number in front, version and variant where they belong, the rest chance.
fn guid(tag: u64, number: u64) -> u128 {
    let chance = u128::from(roll(4_711, tag, number) & 0xffff_ffff_ffff);
    u128::from(number) << 80 | 0x11ee << 64 | u128::from(0x8000 | tag) << 48 | chance
}

const fn tag(kind: EntityKind) -> u64 {
    match kind {
        EntityKind::Contact => 1,
        EntityKind::Organization => 2,
        EntityKind::Deal => 3,
        EntityKind::Lead => 4,
        EntityKind::Ticket => 5,
    }
}

/// The id of a record behind the samples.
pub(super) fn sample_id(kind: EntityKind, number: u64) -> u128 {
    guid(tag(kind), number)
}

/// The id of the `number`th record that is created later.
pub(super) fn later_id(kind: EntityKind, number: u64) -> u128 {
    guid(tag(kind), LATER + number)
}

/// The id of something that is no record: an endpoint, a step, a message.
pub(super) fn other_id(tag: u64, number: u64) -> u128 {
    guid(0x20 + tag, number)
}

/// The id of the user at a place of [`USERS`].
pub(super) fn user_id(place: usize) -> u128 {
    guid(0x10, place as u64 + 1)
}

/// The id of the team.
pub(super) fn team_id() -> u128 {
    guid(0x11, 1)
}

/// The owner at a place of [`USERS`]: a user, or the team.
pub(super) fn owner(place: usize) -> Cell {
    if place == TEAM { Cell::Lookup(team_id(), "team") } else { Cell::Lookup(user_id(place), SYSTEM_USER.logical) }
}

/// The id of the owner at a place.
pub(super) fn owner_id(place: usize) -> u128 {
    if place == TEAM { team_id() } else { user_id(place) }
}

/// A lookup of a kind.
pub(super) fn link(kind: EntityKind, id: u128) -> Cell {
    Cell::Lookup(id, schema::of(kind).logical)
}

/// The seeded records of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) seed: Seed,
    pub(super) kind: EntityKind,
}

impl Part {
    /// The id of a record of another kind.
    fn other(&self, kind: EntityKind, place: u64) -> u128 {
        Self { kind, ..*self }.id(place)
    }

    fn customer(&self, client: u64) -> Cell {
        link(EntityKind::Contact, self.other(EntityKind::Contact, client))
    }

    fn employer(&self, client: u64) -> Option<Cell> {
        let place = Seed::employer(client)?;
        Some(link(EntityKind::Organization, self.other(EntityKind::Organization, place)))
    }

    fn contact(&self, row: Row, place: u64) -> Row {
        let mut row = row
            .with("fullname", Cell::Text(self.seed.name(place)))
            .with_text("emailaddress1", self.seed.email(place))
            .with("_ownerid_value", owner(self.seed.client_owner(place)))
            .with_state(0, 1);
        row.set_numbers(self.seed.phones(place).into_iter().map(|TypedNumber { value, .. }| value));
        row.set("_parentcustomerid_value", self.employer(place));
        row
    }

    fn account(&self, row: Row, place: u64) -> Row {
        let firm = self.seed.firm(place);
        let mut row =
            row.with("name", Cell::Text(firm.name)).with("_ownerid_value", owner(firm.owner)).with_state(0, 1);
        row.set_numbers(firm.phone);
        row
    }

    fn opportunity(&self, row: Row, place: u64) -> Option<Row> {
        let deal = self.seed.deal(place)?;
        let (state, status) = match deal.status {
            SeededStatus::Open => (0, 1 + i64::from(deal.value % 8 == 0)),
            SeededStatus::Won => (1, 3),
            SeededStatus::Lost => (2, 4),
        };
        // What is archived elsewhere is closed here: this vendor has no archive.
        let (state, status) = if deal.archived && state == 0 { (2, 5) } else { (state, status) };
        let mut row = row
            .with("name", Cell::Text(deal.title))
            .with("_ownerid_value", owner(deal.owner))
            .with("_parentcontactid_value", self.customer(deal.client))
            .with_state(state, status);
        let employer = self.employer(deal.client);
        row.set("_customerid_value", Some(employer.clone().unwrap_or_else(|| self.customer(deal.client))));
        row.set("_parentaccountid_value", employer);
        Some(row)
    }

    /// A lead stands by itself: it carries the numbers of the client that it would become.
    fn lead(&self, row: Row, place: u64) -> Row {
        let lead = self.seed.lead(place);
        let (state, status) = if lead.archived { (1, 3) } else { (0, 1) };
        let mut row = row
            .with("fullname", Cell::Text(lead.title))
            .with("_ownerid_value", owner(lead.owner))
            .with_state(state, status);
        row.set_numbers(self.seed.phones(lead.client).into_iter().map(|typed| typed.value));
        row
    }

    fn incident(&self, row: Row, place: u64) -> Option<Row> {
        let ticket = self.seed.ticket(place)?;
        let (state, status) = if ticket.open { (0, 1) } else { (1, 5) };
        let row = row
            .with("title", Cell::Text(ticket.title))
            .with("_ownerid_value", owner(ticket.owner))
            .with("_customerid_value", self.customer(place));
        Some(row.with_state(state, status))
    }
}

impl Source<Row> for Part {
    fn places(&self) -> u64 {
        match self.kind {
            EntityKind::Contact | EntityKind::Ticket => self.seed.clients,
            EntityKind::Organization => self.seed.firms(),
            EntityKind::Deal => self.seed.deals(),
            EntityKind::Lead => self.seed.leads(),
        }
    }

    fn id(&self, place: u64) -> u128 {
        guid(tag(self.kind), SAMPLE_IDS + place)
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

    fn place(&self, id: u128) -> Option<u64> {
        let place = u64::try_from(id >> 80).ok()?.checked_sub(SAMPLE_IDS)?;
        (place < self.places() && self.id(place) == id).then_some(place)
    }

    fn record(&self, place: u64) -> Option<Row> {
        let row = Row::new(schema::of(self.kind), self.id(place), self.times(place));
        match self.kind {
            EntityKind::Contact => Some(self.contact(row, place)),
            EntityKind::Organization => Some(self.account(row, place)),
            EntityKind::Deal => self.opportunity(row, place),
            EntityKind::Lead => Some(self.lead(row, place)),
            EntityKind::Ticket => self.incident(row, place),
        }
    }
}

/// The users. The sixth is an application user: it can log in and answers no telephone.
pub(super) fn users() -> Vec<Row> {
    let user = |(place, user): (usize, &SeededUser)| {
        let mut row = Row::new(&SYSTEM_USER, user_id(place), (1_546_300_800, 1_546_300_800))
            .with("fullname", Cell::Text(user.name.to_owned()))
            .with("domainname", Cell::Text(user.email()))
            .with("internalemailaddress", Cell::Text(user.email()))
            .with("isdisabled", Cell::Flag(!user.active))
            .with("accessmode", Cell::Whole(if place == TEAM { 4 } else { 0 }));
        // Who has a number has it in one column or the other.
        let column = if place.is_multiple_of(2) { "mobilephone" } else { "address1_telephone1" };
        row.set(column, user.phone.map(|phone| Cell::Text(phone.to_owned())));
        row
    };
    USERS.iter().enumerate().map(user).collect()
}
