//! Records as they stand on disk, and back.
//!
//! # Shape
//! What is open, with its facts. What closed keeps no place: an older page that could reopen it belongs to a request of
//! the process that wrote this. What a crawl under way withholds is not stored either; the next crawl reads it again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{Facts, Place, Records, State, unreadable::OfRecord};
use crate::crm::CrmUser;
use crate::model::{
    client::Kind,
    ids::CrmId,
    phone::{NotANumber, PhoneKey},
};

/// An id as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Id {
    Number(u64),
    Uuid([u8; 16]),
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::directory) struct Stored {
    kind: u8,
    id: Id,
    owner: Option<Id>,
    created_s: i64,
    updated_s: i64,
    numbers: SmallVec<[u64; 2]>,
    contacts: SmallVec<[Id; 1]>,
    organizations: SmallVec<[Id; 1]>,
    name: Option<String>,
}

/// A record as format 1 had it: nobody had a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::directory) struct Nameless {
    kind: u8,
    id: Id,
    owner: Option<Id>,
    created_s: i64,
    updated_s: i64,
    numbers: SmallVec<[u64; 2]>,
    contacts: SmallVec<[Id; 1]>,
    organizations: SmallVec<[Id; 1]>,
}

impl From<Nameless> for Stored {
    fn from(stored: Nameless) -> Self {
        let Nameless { kind, id, owner, created_s, updated_s, numbers, contacts, organizations } = stored;
        Self { kind, id, owner, created_s, updated_s, numbers, contacts, organizations, name: None }
    }
}

/// What could not be read of a record, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::directory) struct StoredUnreadable {
    kind: u8,
    id: Id,
    count: u64,
    texts: Vec<(String, u8)>,
}

/// A user of the CRM, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::directory) struct StoredUser {
    id: Id,
    email: Option<String>,
    phone: Option<String>,
    extension: Option<String>,
    active: bool,
}

/// A stored value that is none of ours: written by another program, or by nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub(in crate::directory) struct NotOurs {
    pub(in crate::directory) expected: &'static str,
    pub(in crate::directory) found: u64,
}

/// Why a text is no number, by its place in this list: the list only ever grows at its end.
const REASONS: [NotANumber; 5] =
    [NotANumber::Missing, NotANumber::Hidden, NotANumber::Short, NotANumber::TooLong, NotANumber::Unreadable];

impl Records {
    /// Open records from the place `from` on, looking at no more than `most` places, and where to go on.
    pub(in crate::directory) fn copy(&self, from: usize, most: usize) -> (Vec<Stored>, Option<usize>) {
        let to = self.places.len().min(from.saturating_add(most));
        let places = self.places.get(from..to).unwrap_or_default();
        let stored = places.iter().filter_map(Stored::of).collect();
        (stored, (to < self.places.len()).then_some(to))
    }

    /// Makes room for what is to come; a wrong expectation costs time, nothing else.
    pub(in crate::directory) fn make_room(&mut self, records: usize, numbers: usize) {
        self.places.reserve(records);
        self.by_id.reserve(records);
        self.by_number.reserve(numbers);
    }

    /// Puts a stored record in. A record that was moved while it was written may come twice: the later one counts.
    pub(in crate::directory) fn restore(&mut self, stored: Stored) -> Result<(), NotOurs> {
        let kind = kind(stored.kind)?;
        let id = CrmId::from(stored.id);
        let facts = stored.facts()?;
        let slot = self.place(kind, id);
        let place = &mut self.places[slot as usize];
        if place.facts.is_some() {
            place.updated_s = 0;
            self.put(kind, id, State::Open(facts), 0);
            return Ok(());
        }
        place.updated_s = facts.updated_s;
        place.facts = Some(facts);
        self.open[kind as usize] += 1;
        self.link(slot);
        Ok(())
    }

    /// Every number that open records carry themselves.
    pub(in crate::directory) fn keys(&self) -> Vec<PhoneKey> {
        self.by_number.keys().copied().collect()
    }
}

impl Stored {
    fn of(place: &Place) -> Option<Self> {
        let facts = place.facts.as_ref()?;
        Some(Self {
            kind: place.kind as u8,
            id: place.id.into(),
            owner: facts.owner.map(Id::from),
            created_s: facts.created_s,
            updated_s: facts.updated_s,
            numbers: facts.numbers.iter().map(|number| number.digits()).collect(),
            contacts: facts.contacts.iter().copied().map(Id::from).collect(),
            organizations: facts.organizations.iter().copied().map(Id::from).collect(),
            name: facts.name.as_deref().map(str::to_owned),
        })
    }

    fn facts(self) -> Result<Facts, NotOurs> {
        let number = |&found: &u64| {
            PhoneKey::from_digits(found).ok_or(NotOurs { expected: "a number of 1 to 15 digits", found })
        };
        Ok(Facts {
            numbers: self.numbers.iter().map(number).collect::<Result<_, _>>()?,
            name: self.name.map(Arc::from),
            owner: self.owner.map(CrmId::from),
            created_s: self.created_s,
            updated_s: self.updated_s,
            contacts: self.contacts.into_iter().map(CrmId::from).collect(),
            organizations: self.organizations.into_iter().map(CrmId::from).collect(),
        })
    }
}

impl From<&OfRecord> for StoredUnreadable {
    fn from(of: &OfRecord) -> Self {
        let place = |why: &NotANumber| REASONS.iter().position(|reason| reason == why).unwrap_or(REASONS.len() - 1);
        let text = |(text, why): &(Box<str>, NotANumber)| (text.to_string(), u8::try_from(place(why)).unwrap_or(0));
        Self {
            kind: of.kind as u8,
            id: of.id.into(),
            count: of.count as u64,
            texts: of.texts.iter().map(text).collect(),
        }
    }
}

impl TryFrom<StoredUnreadable> for OfRecord {
    type Error = NotOurs;

    fn try_from(stored: StoredUnreadable) -> Result<Self, NotOurs> {
        let text = |(text, why): (String, u8)| {
            let reason = REASONS.get(usize::from(why)).copied();
            let unknown = NotOurs { expected: "a reason of this version", found: u64::from(why) };
            Ok((text.into_boxed_str(), reason.ok_or(unknown)?))
        };
        Ok(Self {
            kind: kind(stored.kind)?,
            id: stored.id.into(),
            count: usize::try_from(stored.count).unwrap_or(usize::MAX),
            texts: stored.texts.into_iter().map(text).collect::<Result<_, NotOurs>>()?,
        })
    }
}

impl From<&CrmUser> for StoredUser {
    fn from(user: &CrmUser) -> Self {
        let CrmUser { id, email, phone, extension, active } = user;
        let (email, phone, extension) = (email.clone(), phone.clone(), extension.clone());
        Self { id: (*id).into(), email, phone, extension, active: *active }
    }
}

impl From<StoredUser> for CrmUser {
    fn from(stored: StoredUser) -> Self {
        let StoredUser { id, email, phone, extension, active } = stored;
        Self { id: id.into(), email, phone, extension, active }
    }
}

impl From<CrmId> for Id {
    fn from(id: CrmId) -> Self {
        match id {
            CrmId::Number(number) => Self::Number(number),
            CrmId::Uuid(bytes) => Self::Uuid(bytes),
        }
    }
}

impl From<Id> for CrmId {
    fn from(id: Id) -> Self {
        match id {
            Id::Number(number) => Self::Number(number),
            Id::Uuid(bytes) => Self::Uuid(bytes),
        }
    }
}

fn kind(stored: u8) -> Result<Kind, NotOurs> {
    let kind = Kind::ALL.get(usize::from(stored)).copied();
    kind.ok_or(NotOurs { expected: "a kind of this version", found: u64::from(stored) })
}
