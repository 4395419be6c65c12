//! The named cases that every account of every stand-in has, whatever its seed: known numbers, known owners, known facts.
//!
//! All numbers but one are Kyiv land lines, which no seeded client has. The records behind the cases are told here once,
//! by number and by the owner's place in [`super::USERS`]; a stand-in gives them ids and writes them its own way,
//! and leaves out the kinds that its vendor has not.

use serde::Serialize;

use super::change::EntityKind;

/// 2019-06-01, before anything that is seeded.
const ADDED_S: i64 = 1_559_347_200;

/// One named case.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// What it is called.
    pub name: &'static str,
    /// What is special about it.
    pub what: &'static str,
    /// The whole number, digits only.
    pub number: &'static str,
    /// The number as it stands in the account; empty when it stands nowhere.
    pub typed: &'static str,
    /// The open entities that carry the number, the one created last first within a kind.
    pub open: Vec<OpenEntity>,
}

/// An open entity of a sample or a seeded client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenEntity {
    /// Its kind.
    pub kind: EntityKind,
    /// Its id, as the API gives it.
    pub id: String,
    /// The user who owns it, by id.
    pub owner_id: String,
    /// Whether that user takes calls.
    pub owner_is_employee: bool,
    /// Whose number it is found by: `own`, `contact` or `organization`.
    pub via: &'static str,
}

/// What is true of a seeded client now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// The contact's id.
    pub contact_id: String,
    /// The whole numbers, digits only, as the seed has them.
    pub numbers: Vec<String>,
    /// What stands in the phone fields.
    pub typed: Vec<String>,
    /// The open entities under these numbers but for the organization, the one created last first within a kind.
    pub open: Vec<OpenEntity>,
}

/// Every case: name, what, number, typed.
const CASES: [(&str, &str, &str, &str); 19] = [
    ("contact", "a contact with an employee as owner", "380442001001", "+380442001001"),
    ("second-number", "the second number of the same contact", "380442001021", "(044) 200-10-21"),
    ("organization", "an organization's number only", "380442001002", "(044) 200-10-02"),
    ("owner-left", "the contact's owner left, an open deal has another", "380442001003", "380442001003"),
    ("unassigned", "the contact's owner is no employee", "380442001004", "+380 44 200 10 04"),
    ("closed-deal", "owner left, the only deal is won", "380442001005", "0442001005"),
    ("archived-deal", "owner left, the only deal is won and archived", "380442001006", "044 200 10 06"),
    ("absent", "nobody has this number", "380442001007", ""),
    ("shared", "two contacts have this number", "380442001008", "+380442001008"),
    ("lead", "owner left, one open and one archived lead", "380442001010", "+380442001010"),
    ("archived-lead", "owner left, the only lead is archived", "380442001011", "+380442001011"),
    ("organization-deal", "an organization with a deal of its own", "380442001012", "0442001012"),
    ("extension", "typed with an extension", "380442001013", "0442001013 ext 204"),
    (
        "odd-typing",
        "tabs and no-break spaces: a search for digits misses it",
        "380442001014",
        "044\t200\u{a0}10\u{a0}14",
    ),
    ("garbage", "beside words in the phone field", "380442001015", "+380442001015"),
    ("foreign", "a number from Warsaw", "48221001016", "+48 22 100 10 16"),
    ("deleted", "the contact is deleted", "380442001017", "+380442001017"),
    ("everything", "contact, organization, deal and lead with four owners", "380442001018", "+380 (44) 200-10-18"),
    ("two-deals", "two open deals, the newer one counts", "380442001019", "+380442001019"),
];

/// A contact behind the cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleContact {
    /// Which one: below 100, to make an id of.
    pub number: u64,
    /// The owner's place in [`super::USERS`].
    pub owner: usize,
    /// As typed, the first one first.
    pub phones: Vec<&'static str>,
    /// Whether somebody deleted it.
    pub deleted: bool,
}

/// An organization behind the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleFirm {
    /// Which one.
    pub number: u64,
    /// The owner's place.
    pub owner: usize,
    /// As typed.
    pub phone: &'static str,
}

/// A deal behind the cases; a ticket where the vendor has those instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleDeal {
    /// Which one; the higher, the later.
    pub number: u64,
    /// The owner's place.
    pub owner: usize,
    /// Of which contact.
    pub contact: Option<u64>,
    /// Of which organization.
    pub firm: Option<u64>,
    /// Whether it is closed, won.
    pub won: bool,
    /// Whether it is archived.
    pub archived: bool,
}

/// A lead behind the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleLead {
    /// Which one.
    pub number: u64,
    /// The owner's place.
    pub owner: usize,
    /// Of which contact: where a lead stands by itself, it carries that contact's number instead.
    pub contact: u64,
    /// Whether it is archived; where the vendor has no archive, converted or disqualified.
    pub archived: bool,
}

/// When a record behind the cases was entered: a minute after the one of the number before.
#[must_use]
pub fn added_s(number: u64) -> i64 {
    ADDED_S + i64::try_from(number).unwrap_or(0) * 60
}

/// The number of a case as typed.
fn typed(name: &str) -> &'static str {
    CASES.iter().find(|case| case.0 == name).map_or("", |case| case.3)
}

/// The contacts behind the cases.
#[must_use]
pub fn contacts() -> Vec<SampleContact> {
    let one = |(number, owner, name): (u64, usize, &str)| SampleContact {
        number,
        owner,
        phones: vec![typed(name)],
        deleted: name == "deleted",
    };
    let people = [
        (3, 4, "owner-left"),
        (4, 5, "unassigned"),
        (5, 4, "closed-deal"),
        (6, 4, "archived-deal"),
        (8, 0, "shared"),
        (9, 3, "shared"),
        (10, 4, "lead"),
        (11, 4, "archived-lead"),
        (13, 2, "extension"),
        (14, 3, "odd-typing"),
        (16, 0, "foreign"),
        (17, 0, "deleted"),
        (18, 0, "everything"),
        (19, 4, "two-deals"),
    ];
    let mut contacts: Vec<SampleContact> = people.into_iter().map(one).collect();
    let two = |number, owner, phones| SampleContact { number, owner, phones, deleted: false };
    contacts.push(two(1, 0, vec![typed("contact"), typed("second-number")]));
    contacts.push(two(15, 1, vec!["call after 6", typed("garbage")]));
    contacts
}

/// The organizations behind the cases.
#[must_use]
pub fn firms() -> Vec<SampleFirm> {
    let firm = |(number, owner, name)| SampleFirm { number, owner, phone: typed(name) };
    [(2, 1, "organization"), (12, 5, "organization-deal"), (18, 3, "everything")].into_iter().map(firm).collect()
}

/// The deals behind the cases.
#[must_use]
pub fn deals() -> Vec<SampleDeal> {
    let open = |number, owner, contact| SampleDeal { number, owner, contact, firm: None, won: false, archived: false };
    vec![
        open(3, 2, Some(3)),
        SampleDeal { won: true, ..open(5, 2, Some(5)) },
        SampleDeal { won: true, archived: true, ..open(6, 2, Some(6)) },
        SampleDeal { firm: Some(12), ..open(12, 3, None) },
        open(18, 1, Some(18)),
        open(19, 1, Some(19)),
        open(20, 2, Some(19)),
    ]
}

/// The leads behind the cases.
#[must_use]
pub fn leads() -> Vec<SampleLead> {
    let lead = |(number, owner, contact, archived)| SampleLead { number, owner, contact, archived };
    [(10, 1, 10, false), (9, 2, 10, true), (11, 1, 11, true), (18, 2, 18, false)].into_iter().map(lead).collect()
}

/// The open entities of a case, as numbers: kind, number, the owner's place, via.
fn open(name: &str) -> Vec<(EntityKind, u64, usize, &'static str)> {
    use EntityKind::{Contact, Deal, Lead, Organization};
    match name {
        "contact" | "second-number" => vec![(Contact, 1, 0, "own")],
        "organization" => vec![(Organization, 2, 1, "own")],
        "owner-left" => vec![(Contact, 3, 4, "own"), (Deal, 3, 2, "contact")],
        "unassigned" => vec![(Contact, 4, 5, "own")],
        "closed-deal" => vec![(Contact, 5, 4, "own")],
        "archived-deal" => vec![(Contact, 6, 4, "own")],
        "shared" => vec![(Contact, 9, 3, "own"), (Contact, 8, 0, "own")],
        "lead" => vec![(Contact, 10, 4, "own"), (Lead, 10, 1, "contact")],
        "archived-lead" => vec![(Contact, 11, 4, "own")],
        "organization-deal" => vec![(Organization, 12, 5, "own"), (Deal, 12, 3, "organization")],
        "extension" => vec![(Contact, 13, 2, "own")],
        "odd-typing" => vec![(Contact, 14, 3, "own")],
        "garbage" => vec![(Contact, 15, 1, "own")],
        "foreign" => vec![(Contact, 16, 0, "own")],
        "everything" => vec![
            (Contact, 18, 0, "own"),
            (Organization, 18, 3, "own"),
            (Deal, 18, 1, "contact"),
            (Lead, 18, 2, "contact"),
        ],
        "two-deals" => vec![(Contact, 19, 4, "own"), (Deal, 20, 2, "contact"), (Deal, 19, 1, "contact")],
        _ => Vec::new(),
    }
}

/// The cases as one account has them. `entity` makes a kind and an id of a kind and a number, `None` where the vendor
/// has nothing of the kind; `user` an id of a place in [`super::USERS`].
#[must_use]
pub fn samples(
    entity: impl Fn(EntityKind, u64) -> Option<(EntityKind, String)>,
    user: impl Fn(usize) -> String,
) -> Vec<Sample> {
    let of = |(kind, number, owner, via)| {
        let (kind, id) = entity(kind, number)?;
        Some(OpenEntity { kind, id, owner_id: user(owner), owner_is_employee: owner < 4, via })
    };
    let sample = |(name, what, number, typed): (&'static str, _, _, _)| {
        let open = open(name).into_iter().filter_map(of).collect();
        Sample { name, what, number, typed, open }
    };
    CASES.into_iter().map(sample).collect()
}
