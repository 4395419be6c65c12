//! The account as the seed has it, whichever vendor it is with: clients, organizations, deals, leads, tickets, users.
//!
//! Nothing is kept but the seed and the number of clients: everything follows from a place when it is asked for. A
//! stand-in makes its records of it and gives them ids.

use std::ops::Range;

use super::{
    dice::{pick, roll},
    names::{FIRMS, FIRST, LAST},
    numbers::{FOREIGN, LANDLINE, MOBILE, typed, typed_abroad},
    seeded::{SeededDeal, SeededFirm, SeededLead, SeededStatus, SeededTicket, TypedNumber},
};

/// Numbers a client may have of the mobile plan.
const NUMBERS: u64 = 3;
/// Clients between two organizations; the first three of them work there.
const CLIENTS_PER_ORGANIZATION: u64 = 8;
const EMPLOYED: u64 = 3;
/// So few may all be looked at: that is less work than to think of every number that contains seven digits.
const FEW: u64 = 100;
const DEALS_PER_CLIENT: u64 = 2;
/// Every how many clients there is a lead.
const CLIENTS_PER_LEAD: u64 = 7;
/// The first client was entered at the beginning of 2020, the last one six years later.
const BEGIN_S: i64 = 1_577_836_800;
const YEARS_S: u64 = 6 * 365 * 86_400;
/// From creation to the last change.
const SETTLED_S: i64 = 3 * 86_400;

const GARBAGE: [&str; 6] = ["call after 6", "не дзвонити", "-", "n/a", "12", "see notes"];
const LABELS: [&str; 3] = ["work", "mobile", "home"];

/// What a roll is for. Two rolls for different things must not depend on each other.
#[derive(Clone, Copy)]
enum For {
    Name = 1,
    Owner,
    Numbers,
    Habit,
    Garbage,
    Email,
    FirmNumber,
    Deal,
    DealOwner,
    Lead,
    Ticket,
}

/// The seeded account.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// What everything follows from.
    pub seed: u64,
    /// How many clients there are.
    pub clients: u64,
}

impl Seed {
    const fn roll(&self, what: For, place: u64) -> u64 {
        roll(self.seed, what as u64, place)
    }

    fn owner(&self, what: For, place: u64) -> usize {
        match self.roll(what, place) % 100 {
            dice @ 0..88 => usize::try_from(dice % 4).unwrap_or(0),
            88..95 => 4,
            _ => 5,
        }
    }

    /// When client `place` was entered.
    fn entered_s(&self, place: u64) -> i64 {
        let step = YEARS_S / self.clients.max(1);
        BEGIN_S + i64::try_from(place * step).unwrap_or(0)
    }

    /// The client's name, first name and last name.
    #[must_use]
    pub fn name(&self, place: u64) -> String {
        let dice = self.roll(For::Name, place);
        format!("{} {}", pick(&FIRST, dice), pick(&LAST, dice >> 16))
    }

    /// The owner of the client, as a place in [`super::USERS`].
    #[must_use]
    pub fn client_owner(&self, place: u64) -> usize {
        self.owner(For::Owner, place)
    }

    /// The client's e-mail.
    #[must_use]
    pub fn email(&self, place: u64) -> Option<String> {
        (self.roll(For::Email, place) % 10 < 6).then(|| format!("client{place}@example.com"))
    }

    /// The client with that e-mail, in whatever case it is written.
    #[must_use]
    pub fn client_by_email(&self, email: &str) -> Option<u64> {
        let email = email.to_lowercase();
        let place: u64 = email.strip_prefix("client")?.strip_suffix("@example.com")?.parse().ok()?;
        (place < self.clients && self.email(place)? == email).then_some(place)
    }

    /// When the client was entered and last changed, seconds since 1970 UTC. Never falls from place to place.
    #[must_use]
    pub fn client_times(&self, place: u64) -> (i64, i64) {
        settled(self.entered_s(place))
    }

    /// The numbers of client `place` as they really are, digits only, the first one first.
    #[must_use]
    pub fn whole_numbers(&self, place: u64) -> Vec<String> {
        let mut numbers: Vec<String> =
            (0..self.mobiles(place)).map(|which| MOBILE.whole(self.seed, place * NUMBERS + which)).collect();
        if self.has_foreign(place) {
            numbers.push(FOREIGN.whole(self.seed, place));
        }
        numbers
    }

    fn mobiles(&self, place: u64) -> u64 {
        match self.roll(For::Numbers, place) % 100 {
            0..2 => 0,
            2..58 => 1,
            58..86 => 2,
            _ => NUMBERS,
        }
    }

    fn has_foreign(&self, place: u64) -> bool {
        self.roll(For::Numbers, place) >> 32 & 0b1_1111 == 0
    }

    /// What stands in the phone fields of client `place`, the first one first.
    #[must_use]
    pub fn phones(&self, place: u64) -> Vec<TypedNumber> {
        let phone = |value, which: u64| TypedNumber { value, label: pick(&LABELS, which) };
        let mut phones: Vec<TypedNumber> = (0..self.mobiles(place))
            .map(|which| place * NUMBERS + which)
            .map(|at| phone(typed(MOBILE.national(self.seed, at), self.roll(For::Habit, at)), at))
            .collect();
        if self.has_foreign(place) {
            phones.push(phone(typed_abroad(FOREIGN.national(self.seed, place), self.roll(For::Habit, place)), 2));
        }
        let dice = self.roll(For::Garbage, place);
        if phones.is_empty() || dice.is_multiple_of(50) {
            phones.push(phone(pick(&GARBAGE, dice >> 8).to_owned(), 0));
        }
        phones
    }

    /// The place of the organization that client `place` works for.
    #[must_use]
    pub const fn employer(place: u64) -> Option<u64> {
        if place % CLIENTS_PER_ORGANIZATION < EMPLOYED { Some(place / CLIENTS_PER_ORGANIZATION) } else { None }
    }

    fn firm_number(&self, place: u64) -> Option<u64> {
        (self.roll(For::FirmNumber, place) % 10 < 7).then(|| LANDLINE.national(self.seed, place))
    }

    /// The places of clients whose typed numbers may contain `term`; `None`: too many to say.
    #[must_use]
    pub fn clients_by_digits(&self, term: &[u8]) -> Option<Vec<u64>> {
        if self.clients <= FEW {
            return Some((0..self.clients).collect());
        }
        let mobiles = MOBILE.places(self.seed, term)?.into_iter().map(|at| at / NUMBERS);
        let mut places: Vec<u64> = mobiles.chain(FOREIGN.places(self.seed, term)?).collect();
        places.retain(|&place| place < self.clients);
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// The same for organizations.
    #[must_use]
    pub fn organizations_by_digits(&self, term: &[u8]) -> Option<Vec<u64>> {
        if self.firms() <= FEW {
            return Some((0..self.firms()).collect());
        }
        let mut places = LANDLINE.places(self.seed, term)?;
        places.retain(|&place| place < self.firms());
        Some(places)
    }

    /// Places of the clients of the organization at `place`.
    #[must_use]
    pub const fn clients_of(place: u64) -> Range<u64> {
        let first = place * CLIENTS_PER_ORGANIZATION;
        first..first + EMPLOYED
    }

    /// Places of the deals of clients.
    #[must_use]
    pub const fn deals_of(clients: &Range<u64>) -> Range<u64> {
        clients.start * DEALS_PER_CLIENT..clients.end * DEALS_PER_CLIENT
    }

    /// Places of the leads of clients.
    #[must_use]
    pub const fn leads_of(clients: &Range<u64>) -> Range<u64> {
        clients.start.div_ceil(CLIENTS_PER_LEAD)..clients.end.div_ceil(CLIENTS_PER_LEAD)
    }

    /// How many organizations there are.
    #[must_use]
    pub const fn firms(&self) -> u64 {
        self.clients.div_ceil(CLIENTS_PER_ORGANIZATION)
    }

    /// When the organization was entered and last changed.
    #[must_use]
    pub fn firm_times(&self, place: u64) -> (i64, i64) {
        self.client_times(place * CLIENTS_PER_ORGANIZATION)
    }

    /// The organization at a place below [`Seed::firms`].
    #[must_use]
    pub fn firm(&self, place: u64) -> SeededFirm {
        let dice = self.roll(For::FirmNumber, place);
        SeededFirm {
            name: format!("{} {}", pick(&FIRMS, dice >> 8), place + 1),
            owner: self.owner(For::FirmNumber, place),
            phone: self.firm_number(place).map(|national| typed(national, dice >> 24)),
            address: (dice >> 16).is_multiple_of(2).then_some("вул. Хрещатик, 22, Київ"),
        }
    }

    /// How many places there are for deals.
    #[must_use]
    pub const fn deals(&self) -> u64 {
        self.clients * DEALS_PER_CLIENT
    }

    /// When the deal was entered and last changed.
    #[must_use]
    pub fn deal_times(&self, place: u64) -> (i64, i64) {
        settled(self.entered_s(place / DEALS_PER_CLIENT) + 1 + i64::from(place % DEALS_PER_CLIENT == 1))
    }

    /// The deal at a place below [`Seed::deals`]: two clients in five have one, one in eight a second one.
    #[must_use]
    pub fn deal(&self, place: u64) -> Option<SeededDeal> {
        let dice = self.roll(For::Deal, place);
        if dice % 1_000 >= if place.is_multiple_of(DEALS_PER_CLIENT) { 400 } else { 125 } {
            return None;
        }
        let client = place / DEALS_PER_CLIENT;
        Some(SeededDeal {
            client,
            title: format!("{} deal", self.name(client)),
            owner: self.owner(For::DealOwner, place),
            value: u32::try_from(dice >> 24 & 0xFFFF).unwrap_or(0),
            status: match dice >> 16 & 0b1111 {
                0..9 => SeededStatus::Open,
                9..13 => SeededStatus::Won,
                _ => SeededStatus::Lost,
            },
            archived: (dice >> 40).is_multiple_of(20),
        })
    }

    /// How many leads there are.
    #[must_use]
    pub const fn leads(&self) -> u64 {
        self.clients.div_ceil(CLIENTS_PER_LEAD)
    }

    /// When the lead was entered and last changed.
    #[must_use]
    pub fn lead_times(&self, place: u64) -> (i64, i64) {
        settled(self.entered_s(place * CLIENTS_PER_LEAD) + 1)
    }

    /// The lead at a place below [`Seed::leads`].
    #[must_use]
    pub fn lead(&self, place: u64) -> SeededLead {
        let client = place * CLIENTS_PER_LEAD;
        SeededLead {
            client,
            title: format!("{} lead", self.name(client)),
            owner: self.owner(For::Lead, place),
            archived: place % 4 == 1,
            chance: self.roll(For::Lead, place) >> 16,
        }
    }

    /// When the ticket of client `place` was entered and last changed.
    #[must_use]
    pub fn ticket_times(&self, place: u64) -> (i64, i64) {
        settled(self.entered_s(place) + 3)
    }

    /// The ticket of client `place`: one client in five has one, and two in three of those are open. For vendors that
    /// have tickets besides deals; where they have them instead, the deals are the tickets.
    #[must_use]
    pub fn ticket(&self, place: u64) -> Option<SeededTicket> {
        let dice = self.roll(For::Ticket, place);
        dice.is_multiple_of(5).then(|| SeededTicket {
            title: format!("{} ticket", self.name(place)),
            owner: self.owner(For::Ticket, place),
            open: !(dice >> 16).is_multiple_of(3),
        })
    }
}

const fn settled(add_s: i64) -> (i64, i64) {
    (add_s, add_s + SETTLED_S)
}
