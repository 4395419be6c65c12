//! The account as the seed has it, as this vendor's records.

use super::{
    fields::Custom,
    record::{Activity, Deal, Lead, More, Organization, Person, Phone, Status, User},
};
use crate::kit::{SeededStatus, SeededUser, Source, TypedNumber, USERS};

pub(super) use crate::kit::Seed;

/// Ids up to here belong to the samples.
pub(super) const SAMPLE_IDS: u64 = 1_000;

/// The id of the user at a place of [`USERS`].
pub(super) const fn user_id(place: usize) -> u64 {
    101 + place as u64
}

fn firm_id(place: u64) -> u64 {
    SAMPLE_IDS + 1 + place
}

impl Source<Person> for Seed {
    fn places(&self) -> u64 {
        self.clients
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        self.client_times(place)
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < self.clients)
    }

    fn record(&self, place: u64) -> Option<Person> {
        let (add_s, update_s) = Source::<Person>::times(self, place);
        let phone = |typed: TypedNumber| Phone { value: typed.value, label: typed.label.into() };
        Some(Person {
            id: Source::<Person>::id(self, place),
            name: self.name(place),
            owner: user_id(self.client_owner(place)),
            org: Self::employer(place).map(firm_id),
            phones: self.phones(place).into_iter().map(phone).collect(),
            emails: self.email(place).into_iter().collect(),
            custom: Custom::new(),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

impl Source<Organization> for Seed {
    fn places(&self) -> u64 {
        self.firms()
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        self.firm_times(place)
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < Source::<Organization>::places(self))
    }

    fn record(&self, place: u64) -> Option<Organization> {
        let (add_s, update_s) = Source::<Organization>::times(self, place);
        let firm = self.firm(place);
        Some(Organization {
            id: Source::<Organization>::id(self, place),
            name: firm.name,
            owner: user_id(firm.owner),
            address: firm.address.map(str::to_owned),
            more: More::default(),
            phone: firm.phone,
            custom: Custom::new(),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

impl Source<Deal> for Seed {
    fn places(&self) -> u64 {
        self.deals()
    }

    fn id(&self, place: u64) -> u64 {
        SAMPLE_IDS + 1 + place
    }

    fn times(&self, place: u64) -> (i64, i64) {
        self.deal_times(place)
    }

    fn place(&self, id: u64) -> Option<u64> {
        id.checked_sub(SAMPLE_IDS + 1).filter(|&place| place < Source::<Deal>::places(self))
    }

    /// Deals deleted more than 30 days ago are in no list of the vendor's, so the seed has none.
    fn record(&self, place: u64) -> Option<Deal> {
        let deal = self.deal(place)?;
        let (add_s, update_s) = Source::<Deal>::times(self, place);
        let status = match deal.status {
            SeededStatus::Open => Status::Open,
            SeededStatus::Won => Status::Won,
            SeededStatus::Lost => Status::Lost,
        };
        Some(Deal {
            id: Source::<Deal>::id(self, place),
            title: deal.title,
            owner: user_id(deal.owner),
            person: Some(Source::<Person>::id(self, deal.client)),
            org: Self::employer(deal.client).map(firm_id),
            value: deal.value.into(),
            expected_close_date: None,
            status,
            close_s: (status != Status::Open).then_some(update_s),
            archive_s: deal.archived.then_some(update_s),
            custom: Custom::new(),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

impl Source<Lead> for Seed {
    fn places(&self) -> u64 {
        self.leads()
    }

    /// A UUID that grows with the place: the place in front, version and variant where they belong, the rest chance.
    fn id(&self, place: u64) -> u128 {
        let chance = u128::from(self.lead(place).chance);
        (u128::from(place) + 1) << 80 | 0x11eb_8000 << 48 | chance
    }

    fn times(&self, place: u64) -> (i64, i64) {
        self.lead_times(place)
    }

    fn place(&self, id: u128) -> Option<u64> {
        let place = u64::try_from(id >> 80).ok()?.checked_sub(1)?;
        (place < Source::<Lead>::places(self) && Source::<Lead>::id(self, place) == id).then_some(place)
    }

    fn record(&self, place: u64) -> Option<Lead> {
        let lead = self.lead(place);
        let (add_s, update_s) = Source::<Lead>::times(self, place);
        Some(Lead {
            id: Source::<Lead>::id(self, place),
            title: lead.title,
            owner: user_id(lead.owner),
            person: Some(Source::<Person>::id(self, lead.client)),
            org: Self::employer(lead.client).map(firm_id),
            archived: lead.archived,
            expected_close_date: None,
            custom: Custom::new(),
            add_s,
            update_s,
            deleted: false,
        })
    }
}

/// Nobody's: the seed has none.
impl Source<Activity> for Seed {
    fn places(&self) -> u64 {
        0
    }

    fn id(&self, place: u64) -> u64 {
        place
    }

    fn times(&self, _: u64) -> (i64, i64) {
        (0, 0)
    }

    fn place(&self, _: u64) -> Option<u64> {
        None
    }

    fn record(&self, _: u64) -> Option<Activity> {
        None
    }
}

/// The users.
pub(super) fn users() -> Vec<User> {
    let user = |(place, user): (usize, &SeededUser)| User {
        id: user_id(place),
        name: user.name.to_owned(),
        email: user.email(),
        phone: user.phone.map(str::to_owned),
        active_flag: user.active,
    };
    USERS.iter().enumerate().map(user).collect()
}
