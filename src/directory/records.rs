//! The CRM's records as the directory holds them, and how they join into clients.
//!
//! Deals, leads and tickets have no number of their own: they are found through their contact or organization, whose
//! records may arrive before or after them. So every record has a place, known or only referred to, and links run from
//! a contact or organization to what hangs on it. Only the background touches this; calls read the cache.

pub(super) mod bearers;
pub(super) mod stored;
pub(super) mod unreadable;

use std::{collections::HashMap, sync::Arc};

use foldhash::quality::FixedState;
use smallvec::SmallVec;

use self::unreadable::Unreadable;
use crate::crm::Links;
use crate::model::{
    client::{Client, Entity, Kind, KindSet, Via},
    ids::CrmId,
    phone::PhoneKey,
};

/// Numbers touched by a change: their clients have to be joined again.
pub(super) type Touched = SmallVec<[PhoneKey; 4]>;

type Slot = u32;

/// What the directory needs of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) numbers: SmallVec<[PhoneKey; 2]>,
    /// Shared with the clients that bear it.
    pub(super) name: Option<Arc<str>>,
    pub(super) owner: Option<CrmId>,
    pub(super) created_s: i64,
    pub(super) updated_s: i64,
    pub(super) contacts: Links,
    pub(super) organizations: Links,
}

/// The state of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It counts.
    Open(Facts),
    /// It does not any more: closed, archived, deleted.
    Gone {
        /// When that happened, seconds since 1970 UTC; 0 = not known.
        updated_s: i64,
    },
}

#[derive(Debug)]
struct Place {
    kind: Kind,
    id: CrmId,
    /// `None`: only referred to, closed, or gone.
    facts: Option<Facts>,
    /// What hangs on this contact or organization.
    hanging: Vec<Slot>,
    /// The crawl that saw it last.
    seen: u32,
    /// The CRM's time of the last change applied, kept when the record closes: an older page must not reopen it.
    updated_s: i64,
}

/// Every record of one project.
#[derive(Debug, Default)]
pub(super) struct Records {
    places: Vec<Place>,
    by_id: HashMap<(Kind, CrmId), Slot, FixedState>,
    by_number: HashMap<PhoneKey, SmallVec<[Slot; 2]>, FixedState>,
    open: [usize; Kind::ALL.len()],
    /// Places that stand empty, to be used again.
    free: Vec<Slot>,
    /// What the crawl under way read of records that had more numbers before: put in when it is accepted.
    withheld: HashMap<(Kind, CrmId), Facts, FixedState>,
    /// What was not found when it was read again, since the last crawl began.
    missing: Vec<Slot>,
    /// Grows with every change of what a snapshot would hold.
    changes: u64,
    unreadable: Unreadable,
}

impl Records {
    /// Open records of a kind.
    pub(super) fn open_of(&self, kind: Kind) -> usize {
        self.open[kind as usize]
    }

    /// Open records of all kinds.
    pub(super) fn open(&self) -> usize {
        self.open.iter().sum()
    }

    /// Numbers that open records carry themselves.
    pub(super) fn numbers(&self) -> usize {
        self.by_number.len()
    }

    /// How often anything changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Puts a record's state in, as the crawl numbered `crawl` or anything since saw it. Returns the numbers whose
    /// clients change by it. A state older than the one held is ignored.
    pub(super) fn put(&mut self, kind: Kind, id: CrmId, state: State, crawl: u32) -> Touched {
        let (updated_s, facts) = match state {
            State::Open(facts) => (facts.updated_s, Some(facts)),
            State::Gone { updated_s } => (updated_s, None),
        };
        let slot = self.place(kind, id);
        let place = &mut self.places[slot as usize];
        place.seen = crawl;
        if updated_s != 0 && updated_s < place.updated_s {
            return Touched::new();
        }
        place.updated_s = place.updated_s.max(updated_s);
        if facts.is_none() {
            self.unreadable.forget((kind, id));
        }
        let place = &self.places[slot as usize];
        if place.facts == facts {
            return Touched::new();
        }
        self.changes += 1;
        let mut touched = self.reach(slot);
        self.unlink(slot);
        let before = std::mem::replace(&mut self.places[slot as usize].facts, facts);
        self.link(slot);
        let now = self.places[slot as usize].facts.is_some();
        match (before.is_some(), now) {
            (false, true) => self.open[kind as usize] += 1,
            (true, false) => self.open[kind as usize] -= 1,
            _ => {}
        }
        touched.extend(self.reach(slot));
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Whether the crawl numbered `crawl`, or anything since it began, saw a record.
    pub(super) fn was_seen(&self, kind: Kind, id: CrmId, crawl: u32) -> bool {
        self.by_id.get(&(kind, id)).is_some_and(|&slot| self.places[slot as usize].seen == crawl)
    }

    /// Whether a record is held and counts.
    pub(super) fn holds(&self, kind: Kind, id: CrmId) -> bool {
        self.by_id.get(&(kind, id)).is_some_and(|&slot| self.places[slot as usize].facts.is_some())
    }

    /// Believes no state of a record that is older than this: a page under way may still show what is gone. Until the next
    /// full crawl: what that finds is there, whatever the CRM's clock says.
    pub(super) fn not_before(&mut self, kind: Kind, id: CrmId, updated_s: i64) {
        if let Some(&slot) = self.by_id.get(&(kind, id)) {
            let place = &mut self.places[slot as usize];
            place.updated_s = place.updated_s.max(updated_s);
            self.missing.push(slot);
        }
    }

    /// Begins a crawl: nothing is withheld yet, and what was missing once may be found again.
    pub(super) fn begin_crawl(&mut self) {
        self.withheld.clear();
        for slot in std::mem::take(&mut self.missing) {
            let place = &mut self.places[slot as usize];
            if place.facts.is_none() {
                place.updated_s = 0;
            }
        }
    }

    /// As [`Records::put`], for a page of a crawl: numbers that the record had stay with it until the crawl is accepted,
    /// because a crawl that has lost what its token may no longer see must be refusable.
    pub(super) fn put_crawled(&mut self, kind: Kind, id: CrmId, facts: Facts, crawl: u32) -> Touched {
        let held = self.by_id.get(&(kind, id)).and_then(|&slot| self.places[slot as usize].facts.as_ref());
        let loses = held.is_some_and(|held| held.numbers.iter().any(|number| !facts.numbers.contains(number)));
        let mut shown = facts;
        if let Some(held) = held.filter(|_| loses) {
            let numbers = held.numbers.clone();
            self.withheld.insert((kind, id), shown.clone());
            shown.numbers.extend(numbers);
            shown.numbers.sort_unstable();
            shown.numbers.dedup();
        }
        self.put(kind, id, State::Open(shown), crawl)
    }

    /// Puts in what the accepted crawl withheld. What changed since is newer and stays.
    pub(super) fn release_withheld(&mut self, crawl: u32) -> Touched {
        let mut touched = Touched::new();
        for ((kind, id), facts) in std::mem::take(&mut self.withheld) {
            touched.extend(self.put(kind, id, State::Open(facts), crawl));
        }
        touched
    }

    /// Puts in what a search found, which knows less than a list does and lags behind it: it adds a record that was not
    /// known, and the number that was asked for to one that was; it changes nothing that a list has dated.
    pub(super) fn learn(&mut self, who: (Kind, CrmId), facts: Facts, asked: &[PhoneKey], crawl: u32) -> Touched {
        let (kind, id) = who;
        let place = self.by_id.get(&(kind, id)).map(|&slot| &self.places[slot as usize]);
        let Some(place) = place.filter(|place| place.updated_s != 0) else {
            let facts = self.complete(kind, id, facts);
            return self.put(kind, id, State::Open(facts), crawl);
        };
        let Some(mut held) = place.facts.clone() else { return Touched::new() };
        let seen = place.seen;
        held.numbers.extend(facts.numbers.iter().copied().filter(|number| asked.contains(number)));
        held.numbers.sort_unstable();
        held.numbers.dedup();
        self.put(kind, id, State::Open(held), seen)
    }

    /// `facts`, with what the record is known to have and a search's answer left out.
    fn complete(&self, kind: Kind, id: CrmId, facts: Facts) -> Facts {
        let held = self.by_id.get(&(kind, id)).and_then(|&slot| self.places[slot as usize].facts.as_ref());
        let Some(held) = held else { return facts };
        Facts {
            name: facts.name.or_else(|| held.name.clone()),
            created_s: if facts.created_s == 0 { held.created_s } else { facts.created_s },
            contacts: if facts.contacts.is_empty() { held.contacts.clone() } else { facts.contacts },
            organizations: if facts.organizations.is_empty() {
                held.organizations.clone()
            } else {
                facts.organizations
            },
            ..facts
        }
    }

    /// The open records of `kind` that the crawl numbered `crawl` did not see.
    pub(super) fn unseen(&self, kind: Kind, crawl: u32) -> Vec<CrmId> {
        let unseen = |place: &&Place| place.kind == kind && place.facts.is_some() && place.seen != crawl;
        self.places.iter().filter(unseen).map(|place| place.id).collect()
    }

    /// The numbers that would be lost if the crawl numbered `crawl` were accepted: it saw none of the records that carry
    /// them, or saw them without.
    pub(super) fn numbers_lost(&self, crawl: u32) -> usize {
        let loses = |slot: Slot, number: &PhoneKey| {
            let place = &self.places[slot as usize];
            let withheld = || self.withheld.get(&(place.kind, place.id));
            place.seen != crawl || withheld().is_some_and(|facts| !facts.numbers.contains(number))
        };
        self.by_number.iter().filter(|(number, slots)| slots.iter().all(|&slot| loses(slot, number))).count()
    }

    /// Gives back the places of what neither counts nor is referred to and was not seen by the crawl numbered `crawl` nor
    /// since: deals that closed long ago would pile up. Until then a closed record keeps its place, so that an older page
    /// cannot reopen it.
    pub(super) fn forget_gone(&mut self, crawl: u32) {
        for (slot, place) in (0..).zip(&mut self.places) {
            let gone = place.facts.is_none() && place.hanging.is_empty() && place.seen != crawl;
            if gone && self.by_id.remove(&(place.kind, place.id)).is_some() {
                self.free.push(slot);
            }
        }
    }

    /// The open entities under a number: the records that carry it, and what hangs on them.
    pub(super) fn entities(&self, key: PhoneKey) -> Vec<Entity> {
        let mut entities = Vec::new();
        for &slot in self.by_number.get(&key).into_iter().flatten() {
            let carrier = &self.places[slot as usize];
            entities.extend(carrier.entity(Via::Own));
            let via = if carrier.kind == Kind::Organization { Via::Organization } else { Via::Contact };
            entities.extend(carrier.hanging.iter().filter_map(|&at| self.places[at as usize].entity(via)));
        }
        entities
    }

    /// The client of a number.
    pub(super) fn client(&self, key: PhoneKey, whole: KindSet, as_of_s: i64) -> Arc<Client> {
        let named = |entity: &Entity| self.name_of(entity.kind, entity.id);
        Client::named(self.entities(key), whole, as_of_s, named)
    }

    fn name_of(&self, kind: Kind, id: CrmId) -> Option<Arc<str>> {
        let slot = *self.by_id.get(&(kind, id))?;
        self.places[slot as usize].facts.as_ref()?.name.clone()
    }

    fn place(&mut self, kind: Kind, id: CrmId) -> Slot {
        if let Some(&slot) = self.by_id.get(&(kind, id)) {
            return slot;
        }
        let place = Place { kind, id, facts: None, hanging: Vec::new(), seen: 0, updated_s: 0 };
        let slot = if let Some(slot) = self.free.pop() {
            self.places[slot as usize] = place;
            slot
        } else {
            self.places.push(place);
            // Four thousand million records are beyond `max_numbers`, which refuses a crawl long before.
            Slot::try_from(self.places.len() - 1).unwrap_or(Slot::MAX)
        };
        self.by_id.insert((kind, id), slot);
        slot
    }

    /// The numbers this record's state shows under: its own, or those of what it hangs on.
    fn reach(&self, slot: Slot) -> Touched {
        let place = &self.places[slot as usize];
        let Some(facts) = &place.facts else { return Touched::new() };
        let mut touched: Touched = facts.numbers.iter().copied().collect();
        for anchor in place.anchors() {
            let anchor = self.by_id.get(&anchor).and_then(|&slot| self.places[slot as usize].facts.as_ref());
            touched.extend(anchor.into_iter().flat_map(|facts| facts.numbers.iter().copied()));
        }
        touched
    }

    fn link(&mut self, slot: Slot) {
        let place = &self.places[slot as usize];
        let Some(facts) = &place.facts else { return };
        for key in facts.numbers.clone() {
            self.by_number.entry(key).or_default().push(slot);
        }
        for (kind, id) in self.places[slot as usize].anchors() {
            let anchor = self.place(kind, id);
            self.places[anchor as usize].hanging.push(slot);
        }
    }

    fn unlink(&mut self, slot: Slot) {
        let place = &self.places[slot as usize];
        let Some(facts) = &place.facts else { return };
        let anchors = place.anchors();
        for key in facts.numbers.clone() {
            if let Some(carriers) = self.by_number.get_mut(&key) {
                carriers.retain(|at| *at != slot);
                if carriers.is_empty() {
                    self.by_number.remove(&key);
                }
            }
        }
        for anchor in anchors {
            if let Some(&at) = self.by_id.get(&anchor) {
                self.places[at as usize].hanging.retain(|hanging| *hanging != slot);
            }
        }
    }
}

impl Place {
    fn entity(&self, via: Via) -> Option<Entity> {
        let facts = self.facts.as_ref()?;
        Some(Entity { kind: self.kind, id: self.id, owner: facts.owner, created_s: facts.created_s, via })
    }

    /// What this record hangs on. A contact does not hang on its organization: an organization counts by its own
    /// number.
    fn anchors(&self) -> SmallVec<[(Kind, CrmId); 2]> {
        let mut anchors = SmallVec::new();
        if let Some(facts) = &self.facts
            && matches!(self.kind, Kind::Deal | Kind::Lead | Kind::Ticket)
        {
            anchors.extend(facts.contacts.iter().map(|id| (Kind::Contact, *id)));
            anchors.extend(facts.organizations.iter().map(|id| (Kind::Organization, *id)));
        }
        anchors
    }
}

#[cfg(test)]
mod tests {
    use smallvec::SmallVec;

    use super::{Facts, Records, State};
    use crate::model::{
        client::{Kind, Via},
        ids::CrmId,
        phone::PhoneKey,
    };

    fn key(digits: u64) -> PhoneKey {
        PhoneKey::from_digits(digits).expect("a key")
    }

    const GONE: State = State::Gone { updated_s: 0 };

    fn facts(numbers: &[u64], contact: Option<u64>, organization: Option<u64>) -> State {
        State::Open(Facts {
            numbers: numbers.iter().map(|&number| key(number)).collect::<SmallVec<_>>(),
            name: None,
            owner: Some(CrmId::Number(9)),
            created_s: 1,
            updated_s: 0,
            contacts: contact.map(CrmId::Number).into_iter().collect(),
            organizations: organization.map(CrmId::Number).into_iter().collect(),
        })
    }

    fn under(records: &Records, number: u64) -> Vec<(Kind, CrmId, Via)> {
        records.entities(key(number)).iter().map(|entity| (entity.kind, entity.id, entity.via)).collect()
    }

    const DEAL: (Kind, CrmId, Via) = (Kind::Deal, CrmId::Number(5), Via::Contact);
    const PERSON: (Kind, CrmId, Via) = (Kind::Contact, CrmId::Number(1), Via::Own);

    #[test]
    fn a_deal_that_arrives_before_its_contact_is_found_once_the_contact_is_there() {
        let mut records = Records::default();
        assert!(records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(1), None), 1).is_empty());
        let touched = records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 1);
        assert_eq!(touched.as_slice(), [key(100_000_001)]);
        assert_eq!(under(&records, 100_000_001), [PERSON, DEAL]);
    }

    #[test]
    fn a_deal_that_closes_leaves_its_contacts_number() {
        let mut records = Records::default();
        records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 1);
        records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(1), None), 1);
        let touched = records.put(Kind::Deal, CrmId::Number(5), GONE, 1);
        assert_eq!(touched.as_slice(), [key(100_000_001)]);
        assert_eq!(under(&records, 100_000_001), [PERSON]);
        assert_eq!((records.open_of(Kind::Deal), records.open()), (0, 1));
    }

    #[test]
    fn a_deal_that_moves_to_another_contact_moves_between_their_numbers() {
        let mut records = Records::default();
        records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 1);
        records.put(Kind::Contact, CrmId::Number(2), facts(&[100_000_002], None, None), 1);
        records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(1), None), 1);
        let touched = records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(2), None), 1);
        assert_eq!(touched.as_slice(), [key(100_000_001), key(100_000_002)]);
        assert!(!under(&records, 100_000_001).contains(&DEAL));
        assert!(under(&records, 100_000_002).contains(&DEAL));
    }

    #[test]
    fn a_contact_whose_number_changes_takes_its_deals_along() {
        let mut records = Records::default();
        records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 1);
        records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(1), None), 1);
        let touched = records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_003], None, None), 1);
        assert_eq!(touched.as_slice(), [key(100_000_001), key(100_000_003)]);
        assert!(under(&records, 100_000_001).is_empty());
        assert_eq!(under(&records, 100_000_003), [PERSON, DEAL]);
    }

    #[test]
    fn an_organizations_deal_shows_under_its_number_as_found_through_it() {
        let mut records = Records::default();
        records.put(Kind::Organization, CrmId::Number(3), facts(&[100_000_009], None, None), 1);
        records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(1), Some(3)), 1);
        assert!(under(&records, 100_000_009).contains(&(Kind::Deal, CrmId::Number(5), Via::Organization)));
    }

    #[test]
    fn a_state_older_than_the_one_held_is_ignored() {
        let mut records = Records::default();
        let dated = |owner: u64, updated_s| {
            let State::Open(facts) = facts(&[100_000_001], None, None) else { unreachable!("an open record") };
            State::Open(Facts { owner: Some(CrmId::Number(owner)), updated_s, ..facts })
        };
        records.put(Kind::Contact, CrmId::Number(1), dated(7, 200), 1);
        assert!(records.put(Kind::Contact, CrmId::Number(1), dated(6, 100), 1).is_empty());
        assert_eq!(records.entities(key(100_000_001))[0].owner, Some(CrmId::Number(7)));
        records.put(Kind::Contact, CrmId::Number(1), State::Gone { updated_s: 300 }, 1);
        assert!(records.put(Kind::Contact, CrmId::Number(1), dated(7, 200), 1).is_empty());
        assert_eq!(records.open(), 0);
    }

    #[test]
    fn what_is_gone_since_the_crawl_before_gives_its_place_back() {
        let mut records = Records::default();
        records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 1);
        records.put(Kind::Deal, CrmId::Number(5), GONE, 1);
        records.put(Kind::Deal, CrmId::Number(6), facts(&[], Some(2), None), 1);
        records.forget_gone(1);
        assert!(records.free.is_empty(), "seen by the crawl before: an older page may still come");
        records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 2);
        records.forget_gone(2);
        assert_eq!(records.free.len(), 1, "the closed deal; the open one and what it refers to stay");
        records.put(Kind::Deal, CrmId::Number(7), facts(&[], Some(1), None), 2);
        assert!(records.free.is_empty());
        assert_eq!(under(&records, 100_000_001), [PERSON, (Kind::Deal, CrmId::Number(7), Via::Contact)]);
    }

    #[test]
    fn what_a_crawl_did_not_see_is_named_by_kind() {
        let mut records = Records::default();
        records.put(Kind::Contact, CrmId::Number(1), facts(&[100_000_001], None, None), 1);
        records.put(Kind::Contact, CrmId::Number(2), facts(&[100_000_002], None, None), 2);
        records.put(Kind::Deal, CrmId::Number(5), facts(&[], Some(1), None), 1);
        assert_eq!(records.unseen(Kind::Contact, 2), [CrmId::Number(1)]);
        assert_eq!(records.numbers_lost(2), 1);
    }
}
