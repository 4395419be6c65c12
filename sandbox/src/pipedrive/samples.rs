//! The named cases that every account has, whatever its seed: known numbers, known owners, known facts.
//!
//! All numbers but one are Kyiv land lines, which no seeded client has.

use super::{
    record::{Deal, Lead, Organization, Person, Phone, Status, uuid_text},
    world::World,
};

/// Users who take calls; the others left or are programs.
pub const EMPLOYEES: [u64; 4] = [101, 102, 103, 104];

/// One named case.
#[derive(Debug, Clone, serde::Serialize)]
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

/// An open entity of a sample.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OpenEntity {
    /// `contact`, `organization`, `deal` or `lead`.
    pub kind: &'static str,
    /// Its id, as the API gives it.
    pub id: String,
    /// The user who owns it.
    pub owner_id: u64,
    /// Whether that user is one of [`EMPLOYEES`].
    pub owner_is_employee: bool,
    /// Whose number it is found by: `own`, `contact` or `organization`.
    pub via: &'static str,
}

/// 2019-06-01, before anything that is seeded.
const ADDED_S: i64 = 1_559_347_200;

/// Every case: name, what, number, typed. The records behind them are in [`install`].
const CASES: [(&str, &str, &str, &str); 19] = [
    ("contact", "a person with an employee as owner", "380442001001", "+380442001001"),
    ("second-number", "the second number of the same person", "380442001021", "(044) 200-10-21"),
    ("organization", "an organization's custom phone field only", "380442001002", "(044) 200-10-02"),
    ("owner-left", "the person's owner left, an open deal has another", "380442001003", "380442001003"),
    ("unassigned", "the person's owner is no employee", "380442001004", "+380 44 200 10 04"),
    ("closed-deal", "owner left, the only deal is won", "380442001005", "0442001005"),
    ("archived-deal", "owner left, the only deal is won and archived", "380442001006", "044 200 10 06"),
    ("absent", "nobody has this number", "380442001007", ""),
    ("shared", "two persons have this number", "380442001008", "+380442001008"),
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
    ("deleted", "the person is deleted", "380442001017", "+380442001017"),
    ("everything", "contact, organization, deal and lead with four owners", "380442001018", "+380 (44) 200-10-18"),
    ("two-deals", "two open deals, the newer one counts", "380442001019", "+380442001019"),
];

const fn sample_lead(number: u128) -> u128 {
    0xffff_0000_0000 << 80 | 0x11eb_8000 << 48 | number
}

/// The cases with what is expected of them.
pub(super) fn samples() -> Vec<Sample> {
    let sample =
        |(name, what, number, typed): (&'static str, _, _, _)| Sample { name, what, number, typed, open: open(name) };
    CASES.into_iter().map(sample).collect()
}

fn open(name: &str) -> Vec<OpenEntity> {
    let entity = |kind, id: String, owner_id, via| {
        let owner_is_employee = EMPLOYEES.contains(&owner_id);
        OpenEntity { kind, id, owner_id, owner_is_employee, via }
    };
    let contact = |id: u64, owner| entity("contact", id.to_string(), owner, "own");
    let organization = |id: u64, owner| entity("organization", id.to_string(), owner, "own");
    let deal = |id: u64, owner| entity("deal", id.to_string(), owner, "contact");
    let lead = |id, owner| entity("lead", uuid_text(sample_lead(id)), owner, "contact");
    match name {
        "contact" | "second-number" => vec![contact(1, 101)],
        "organization" => vec![organization(2, 102)],
        "owner-left" => vec![contact(3, 105), deal(3, 103)],
        "unassigned" => vec![contact(4, 106)],
        "closed-deal" => vec![contact(5, 105)],
        "archived-deal" => vec![contact(6, 105)],
        "shared" => vec![contact(9, 104), contact(8, 101)],
        "lead" => vec![contact(10, 105), lead(10, 102)],
        "archived-lead" => vec![contact(11, 105)],
        "organization-deal" => vec![organization(12, 106), entity("deal", "12".to_owned(), 104, "organization")],
        "extension" => vec![contact(13, 103)],
        "odd-typing" => vec![contact(14, 104)],
        "garbage" => vec![contact(15, 102)],
        "foreign" => vec![contact(16, 101)],
        "everything" => vec![contact(18, 101), organization(18, 104), deal(18, 102), lead(18, 103)],
        "two-deals" => vec![contact(19, 105), deal(20, 103), deal(19, 102)],
        _ => Vec::new(),
    }
}

fn typed(name: &str) -> &'static str {
    CASES.iter().find(|case| case.0 == name).map_or("", |case| case.3)
}

fn person(id: u64, owner: u64, phones: &[&str]) -> Person {
    let phone = |value: &&str| Phone { value: (*value).to_owned(), label: "work" };
    let at = ADDED_S + i64::try_from(id).unwrap_or(0) * 60;
    Person {
        id,
        name: format!("Sample Person {id}"),
        owner,
        org: None,
        phones: phones.iter().map(phone).collect(),
        email: None,
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

fn organization(id: u64, owner: u64, phone: &str) -> Organization {
    let at = ADDED_S + i64::try_from(id).unwrap_or(0) * 60;
    Organization {
        id,
        name: format!("Sample Organization {id}"),
        owner,
        address: None,
        phone: Some(phone.to_owned()),
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

fn deal(id: u64, owner: u64, person: Option<u64>, org: Option<u64>) -> Deal {
    let at = ADDED_S + i64::try_from(id).unwrap_or(0) * 60;
    Deal {
        id,
        title: format!("Sample deal {id}"),
        owner,
        person,
        org,
        value: 1_000,
        status: Status::Open,
        close_s: None,
        archive_s: None,
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

fn lead(id: u128, owner: u64, person: u64, archived: bool) -> Lead {
    let at = ADDED_S + i64::try_from(id).unwrap_or(0) * 60;
    Lead {
        id: sample_lead(id),
        title: format!("Sample lead {id}"),
        owner,
        person: Some(person),
        org: None,
        archived,
        add_s: at,
        update_s: at,
        deleted: false,
    }
}

/// Puts the records behind the cases into an account.
pub(super) fn install(world: &mut World) {
    install_persons(world);
    for (id, owner, name) in [(2, 102, "organization"), (12, 106, "organization-deal"), (18, 104, "everything")] {
        world.organizations.set_from_the_start(organization(id, owner, typed(name)));
    }
    let won = |deal: Deal| Deal { status: Status::Won, close_s: Some(deal.add_s), ..deal };
    for deal in [
        deal(3, 103, Some(3), None),
        won(deal(5, 103, Some(5), None)),
        won(Deal { archive_s: Some(ADDED_S + 3_600), ..deal(6, 103, Some(6), None) }),
        deal(12, 104, None, Some(12)),
        deal(18, 102, Some(18), None),
        deal(19, 102, Some(19), None),
        deal(20, 103, Some(19), None),
    ] {
        world.deals.set_from_the_start(deal);
    }
    for lead in [lead(10, 102, 10, false), lead(9, 103, 10, true), lead(11, 102, 11, true), lead(18, 103, 18, false)] {
        world.leads.set_from_the_start(lead);
    }
}

fn install_persons(world: &mut World) {
    let people: [(u64, u64, &str); 14] = [
        (3, 105, "owner-left"),
        (4, 106, "unassigned"),
        (5, 105, "closed-deal"),
        (6, 105, "archived-deal"),
        (8, 101, "shared"),
        (9, 104, "shared"),
        (10, 105, "lead"),
        (11, 105, "archived-lead"),
        (13, 103, "extension"),
        (14, 104, "odd-typing"),
        (16, 101, "foreign"),
        (17, 101, "deleted"),
        (18, 101, "everything"),
        (19, 105, "two-deals"),
    ];
    for (id, owner, name) in people {
        let deleted = name == "deleted";
        world.persons.set_from_the_start(Person { deleted, ..person(id, owner, &[typed(name)]) });
    }
    world.persons.set_from_the_start(person(1, 101, &[typed("contact"), typed("second-number")]));
    world.persons.set_from_the_start(person(15, 102, &["call after 6", typed("garbage")]));
}
