//! The account as the seed has it: clients, organizations, deals, leads and users.
//!
//! Nothing is kept but the seed and the number of clients: every record is made from its place when it is asked for.

use super::{
    dice::{pick, roll},
    numbers::{FOREIGN, LANDLINE, MOBILE, typed, typed_abroad},
    record::{Deal, Lead, Organization, Person, Phone, Status, User},
    table::Source,
};

/// Ids up to here belong to the samples.
pub(super) const SAMPLE_IDS: u64 = 1_000;
/// Numbers a client may have of the mobile plan.
const NUMBERS: u64 = 3;
/// Clients between two organizations; the first three of them work there.
const CLIENTS_PER_ORGANIZATION: u64 = 8;
const EMPLOYED: u64 = 3;
const DEALS_PER_CLIENT: u64 = 2;
/// Every how many clients there is a lead.
const CLIENTS_PER_LEAD: u64 = 7;
/// The first client was entered at the beginning of 2020, the last one six years later.
const BEGIN_S: i64 = 1_577_836_800;
const YEARS_S: u64 = 6 * 365 * 86_400;
/// From creation to the last change.
const SETTLED_S: i64 = 3 * 86_400;

const FIRST: [&str; 24] = [
    "Anna",
    "Bohdan",
    "Олена",
    "Іван",
    "Petro",
    "Марія",
    "Oksana",
    "Andrii",
    "Ihor",
    "Наталія",
    "Sofia",
    "Дмитро",
    "Yulia",
    "Тарас",
    "Viktor",
    "Галина",
    "Roman",
    "Леся",
    "Maksym",
    "Ірина",
    "Pavlo",
    "Світлана",
    "Denys",
    "Kateryna",
];
const LAST: [&str; 24] = [
    "Shevchenko",
    "Коваленко",
    "Bondarenko",
    "Ткаченко",
    "Kravchenko",
    "Олійник",
    "Lysenko",
    "Мельник",
    "Savchenko",
    "Rudenko",
    "Марченко",
    "Petrenko",
    "Гончар",
    "Klymenko",
    "Павленко",
    "Moroz",
    "Сидоренко",
    "Kozak",
    "Білик",
    "Tymoshenko",
    "Дячук",
    "Zinchenko",
    "Романюк",
    "O'Brien",
];
const FIRMS: [&str; 12] = [
    "Vector",
    "Зоря",
    "Lotus Trade",
    "Меблі Плюс",
    "Agro Light",
    "Ромашка",
    "NordStar",
    "Будсервіс",
    "Optima",
    "Кит",
    "Dental House",
    "Автосвіт",
];
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
}

/// The seeded account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed {
    pub(super) seed: u64,
    pub(super) clients: u64,
}

impl Seed {
    const fn roll(&self, what: For, place: u64) -> u64 {
        roll(self.seed, what as u64, place)
    }

    /// When client `place` was entered.
    fn entered_s(&self, place: u64) -> i64 {
        let step = YEARS_S / self.clients.max(1);
        BEGIN_S + i64::try_from(place * step).unwrap_or(0)
    }

    fn owner(&self, what: For, place: u64) -> u64 {
        match self.roll(what, place) % 100 {
            dice @ 0..88 => 101 + dice % 4,
            88..95 => 105,
            _ => 106,
        }
    }

    fn name(&self, place: u64) -> String {
        let dice = self.roll(For::Name, place);
        format!("{} {}", pick(&FIRST, dice), pick(&LAST, dice >> 16))
    }

    /// The numbers of client `place` as they really are, digits only, the first one first.
    pub(super) fn whole_numbers(&self, place: u64) -> Vec<String> {
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

    fn phones(&self, place: u64) -> Vec<Phone> {
        let phone = |value, which: u64| Phone { value, label: pick(&LABELS, which) };
        let mut phones: Vec<Phone> = (0..self.mobiles(place))
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
    const fn employer(place: u64) -> Option<u64> {
        if place % CLIENTS_PER_ORGANIZATION < EMPLOYED { Some(place / CLIENTS_PER_ORGANIZATION) } else { None }
    }

    fn firm_number(&self, place: u64) -> Option<u64> {
        (self.roll(For::FirmNumber, place) % 10 < 7).then(|| LANDLINE.national(self.seed, place))
    }

    /// The places of clients whose typed numbers may contain `term`; `None`: too many to say.
    pub(super) fn clients_by_digits(&self, term: &[u8]) -> Option<Vec<u64>> {
        let mobiles = MOBILE.places(self.seed, term)?.into_iter().map(|at| at / NUMBERS);
        let mut places: Vec<u64> = mobiles.chain(FOREIGN.places(self.seed, term)?).collect();
        places.retain(|&place| place < self.clients);
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// The same for organizations.
    pub(super) fn organizations_by_digits(&self, term: &[u8]) -> Option<Vec<u64>> {
        let mut places = LANDLINE.places(self.seed, term)?;
        places.retain(|&place| place < Source::<Organization>::places(self));
        Some(places)
    }

    /// Places of the clients of the organization at `place`.
    pub(super) const fn clients_of(place: u64) -> std::ops::Range<u64> {
        let first = place * CLIENTS_PER_ORGANIZATION;
        first..first + EMPLOYED
    }

    /// Places of the deals of clients.
    pub(super) const fn deals_of(clients: &std::ops::Range<u64>) -> std::ops::Range<u64> {
        clients.start * DEALS_PER_CLIENT..clients.end * DEALS_PER_CLIENT
    }

    /// Places of the leads of clients.
    pub(super) const fn leads_of(clients: &std::ops::Range<u64>) -> std::ops::Range<u64> {
        clients.start.div_ceil(CLIENTS_PER_LEAD)..clients.end.div_ceil(CLIENTS_PER_LEAD)
    }
}

impl Source<Person> for Seed {
    fn places(&self) -> u64 {
        self.clients
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        let add_s = self.entered_s(place);
        (add_s, add_s + SETTLED_S)
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < self.clients)
    }

    fn record(&self, place: u64) -> Option<Person> {
        let (add_s, update_s) = Source::<Person>::times(self, place);
        let with_email = self.roll(For::Email, place) % 10 < 6;
        Some(Person {
            id: Source::<Person>::id(self, place),
            name: self.name(place),
            owner: self.owner(For::Owner, place),
            org: Self::employer(place).map(|firm| SAMPLE_IDS + 1 + firm),
            phones: self.phones(place),
            email: with_email.then(|| format!("client{place}@example.com")),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

impl Source<Organization> for Seed {
    fn places(&self) -> u64 {
        self.clients.div_ceil(CLIENTS_PER_ORGANIZATION)
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        Source::<Person>::times(self, place * CLIENTS_PER_ORGANIZATION)
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < Source::<Organization>::places(self))
    }

    fn record(&self, place: u64) -> Option<Organization> {
        let (add_s, update_s) = Source::<Organization>::times(self, place);
        let dice = self.roll(For::FirmNumber, place);
        Some(Organization {
            id: Source::<Organization>::id(self, place),
            name: format!("{} {}", pick(&FIRMS, dice >> 8), place + 1),
            owner: self.owner(For::FirmNumber, place),
            address: (dice >> 16).is_multiple_of(2).then(|| "вул. Хрещатик, 22, Київ".to_owned()),
            phone: self.firm_number(place).map(|national| typed(national, dice >> 24)),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

impl Source<Deal> for Seed {
    fn places(&self) -> u64 {
        self.clients * DEALS_PER_CLIENT
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        let add_s = self.entered_s(place / DEALS_PER_CLIENT) + 1 + i64::from(place % DEALS_PER_CLIENT == 1);
        (add_s, add_s + SETTLED_S)
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < Source::<Deal>::places(self))
    }

    /// Two clients in five have a deal, one in eight a second one. Deals deleted more than 30 days ago are in no list of
    /// the vendor's, so the seed has none.
    fn record(&self, place: u64) -> Option<Deal> {
        let dice = self.roll(For::Deal, place);
        if dice % 1_000 >= if place.is_multiple_of(DEALS_PER_CLIENT) { 400 } else { 125 } {
            return None;
        }
        let client = place / DEALS_PER_CLIENT;
        let (add_s, update_s) = Source::<Deal>::times(self, place);
        let status = match dice >> 16 & 0b1111 {
            0..9 => Status::Open,
            9..13 => Status::Won,
            _ => Status::Lost,
        };
        Some(Deal {
            id: Source::<Deal>::id(self, place),
            title: format!("{} deal", self.name(client)),
            owner: self.owner(For::DealOwner, place),
            person: Some(Source::<Person>::id(self, client)),
            org: Self::employer(client).map(|firm| SAMPLE_IDS + 1 + firm),
            value: u32::try_from(dice >> 24 & 0xFFFF).unwrap_or(0),
            status,
            close_s: (status != Status::Open).then_some(update_s),
            archive_s: (dice >> 40).is_multiple_of(20).then_some(update_s),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

impl Source<Lead> for Seed {
    fn places(&self) -> u64 {
        self.clients.div_ceil(CLIENTS_PER_LEAD)
    }

    /// A UUID that grows with the place: the place in front, version and variant where they belong, the rest chance.
    fn id(&self, place: u64) -> u128 {
        let chance = u128::from(self.roll(For::Lead, place) >> 16);
        (u128::from(place) + 1) << 80 | 0x11eb_8000 << 48 | chance
    }

    fn times(&self, place: u64) -> (i64, i64) {
        let add_s = self.entered_s(place * CLIENTS_PER_LEAD) + 1;
        (add_s, add_s + SETTLED_S)
    }

    fn place(&self, id: u128) -> Option<u64> {
        let place = u64::try_from(id >> 80).ok()?.checked_sub(1)?;
        (place < Source::<Lead>::places(self) && Source::<Lead>::id(self, place) == id).then_some(place)
    }

    fn record(&self, place: u64) -> Option<Lead> {
        let client = place * CLIENTS_PER_LEAD;
        let (add_s, update_s) = Source::<Lead>::times(self, place);
        Some(Lead {
            id: Source::<Lead>::id(self, place),
            title: format!("{} lead", self.name(client)),
            owner: self.owner(For::Lead, place),
            person: Some(Source::<Person>::id(self, client)),
            org: Self::employer(client).map(|firm| SAMPLE_IDS + 1 + firm),
            archived: place % 4 == 1,
            add_s,
            update_s,
            deleted: false,
        })
    }
}

/// The users: four who take calls, one who left, and one that is a program.
pub(super) fn users() -> Vec<User> {
    let user = |id, name: &str, phone: Option<&str>, active_flag| User {
        id,
        name: name.to_owned(),
        email: format!("{}@acme.example", name.to_lowercase()),
        phone: phone.map(str::to_owned),
        active_flag,
    };
    vec![
        user(101, "Anna", Some("0671112233"), true),
        user(102, "Bohdan", Some("+380 50 999 88 77"), true),
        user(103, "Oksana", None, true),
        user(104, "Petro", None, true),
        user(105, "Ihor", Some("0630000000"), false),
        user(106, "Robot", None, true),
    ]
}
