//! From the CRM's records to clients in the cache.

use std::sync::{Arc, atomic::Ordering};

use smallvec::SmallVec;

use super::{
    Directory,
    records::{
        Facts, Records, State, Touched,
        unreadable::{Unread, shortened},
    },
};
use crate::base::metric::Count;
use crate::crm::{LONGEST_NUMBER, Matching, Record};
use crate::model::ids::CrmId;
use crate::model::{
    client::{Kind, KindSet},
    phone::{NotANumber, PhoneKey, Readings},
};

/// Where a page comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A full crawl, which may still be refused.
    Crawl,
    /// A sweep: changes that somebody made.
    Sweep,
}

impl Directory {
    /// Joins a page of a crawl or a sweep; says whether it held anything that this crawl had not seen, or that was not
    /// known.
    pub(super) fn apply(&self, page: &[Record], from: From) -> bool {
        let crawl = self.crawl.load(Ordering::Acquire);
        let read: Vec<_> = page.iter().map(|record| self.facts(record)).collect();
        let unreadable = read.iter().map(|(_, unread)| unread.len() as u64).sum();
        let (mut touched, mut news) = (Touched::new(), false);
        let mut records = self.records();
        for (record, (facts, unread)) in page.iter().zip(read) {
            let (kind, id) = (record.kind, record.id);
            news |= from == From::Crawl && !records.was_seen(kind, id, crawl);
            records.note_unreadable((kind, id), record.updated_s, unread);
            let changed = match (record.open, from) {
                (true, From::Crawl) => records.put_crawled(kind, id, facts, crawl),
                (true, From::Sweep) => records.put(kind, id, State::Open(facts), crawl),
                (false, _) => records.put(kind, id, State::Gone { updated_s: record.updated_s }, crawl),
            };
            news |= from == From::Sweep && !changed.is_empty();
            touched.extend(changed);
        }
        self.join(&records, touched);
        drop(records);
        self.metrics.add(Count::NumbersUnreadable, unreadable);
        news
    }

    /// Joins the answer to a live question about a caller; returns whether anybody carries one of the numbers that the
    /// caller's can be.
    ///
    /// Only records that carry such a number, and what hangs on them, are taken over: a search on stored text may have
    /// found others.
    pub(super) fn apply_answer(&self, readings: &Readings, answer: &[Record]) -> bool {
        let crawl = self.crawl.load(Ordering::Acquire);
        let asked = readings.as_slice();
        let open = answer.iter().filter(|record| record.open);
        let read: Vec<_> = open.map(|record| (record, self.facts(record).0)).collect();
        let is_meant = |number: &PhoneKey| {
            let alike = |key: &PhoneKey| key.last_nine().is_some() && key.last_nine() == number.last_nine();
            asked.contains(number) || (self.matching == Matching::LastNine && asked.iter().any(alike))
        };
        let carries = |facts: &Facts| facts.numbers.iter().any(is_meant);
        let carriers: Vec<_> =
            read.iter().filter(|(_, facts)| carries(facts)).map(|(record, _)| (record.kind, record.id)).collect();
        let carried = read.iter().flat_map(|(_, facts)| facts.numbers.iter().filter(|&number| is_meant(number)));
        let mut meant: Touched = asked.iter().chain(carried).copied().collect();
        meant.sort_unstable();
        meant.dedup();
        let mut touched = Touched::new();
        let mut records = self.records();
        for (record, facts) in read {
            let on = |kind, ids: &[_]| ids.iter().any(|&id| carriers.contains(&(kind, id)));
            let hangs = on(Kind::Contact, &record.contacts) || on(Kind::Organization, &record.organizations);
            if carries(&facts) || (record.numbers.is_empty() && hangs) {
                touched.extend(records.learn((record.kind, record.id), facts, &meant, crawl));
            }
        }
        self.join(&records, touched);
        let now_s = self.clock.now_s();
        let mut found = false;
        for key in meant {
            let client = records.client(key, self.kinds, now_s);
            if !client.entities().is_empty() {
                found = true;
                self.cache.put(key, client);
            }
        }
        if !found {
            self.cache.put_negative(readings.first(), now_s);
        }
        found
    }

    /// Takes out records that were asked for at `asked_s` and not found.
    pub(super) fn take_out(&self, kind: Kind, ids: impl Iterator<Item = CrmId>, asked_s: i64) {
        let crawl = self.crawl.load(Ordering::Acquire);
        let mut records = self.records();
        let mut touched = Touched::new();
        // One that was never here is not gone: the CRM may tell of a new record before it shows it.
        for id in ids.filter(|&id| records.holds(kind, id)).collect::<Vec<_>>() {
            touched.extend(records.put(kind, id, State::Gone { updated_s: 0 }, crawl));
            records.not_before(kind, id, asked_s);
        }
        self.join(&records, touched);
    }

    /// Accepts the crawl numbered `crawl`: what it did not see is taken out, but for what `stays`.
    pub(super) fn retire(&self, crawl: u32, stays: impl Fn((Kind, CrmId)) -> bool) {
        let mut records = self.records();
        let mut touched = records.release_withheld(crawl);
        for kind in self.kinds.iter() {
            for id in records.unseen(kind, crawl).into_iter().filter(|&id| !stays((kind, id))) {
                touched.extend(records.put(kind, id, State::Gone { updated_s: 0 }, crawl));
            }
        }
        self.join(&records, touched);
        records.forget_gone(crawl);
    }

    /// Puts the clients of these numbers into the cache anew, each once however many records of a page carry it; under
    /// the records' lock, so that of two changes the later one is what calls see.
    fn join(&self, records: &Records, mut touched: Touched) {
        touched.sort_unstable();
        touched.dedup();
        for key in touched {
            let whole = self.cache.known(key).map_or(KindSet::NONE, |client| client.whole);
            self.cache.put(key, records.client(key, whole, self.clock.now_s()));
            self.cache.forget_negative(key);
        }
    }

    /// What a record says, and which of its numbers could not be read.
    fn facts(&self, record: &Record) -> (Facts, Vec<Unread>) {
        let (mut numbers, mut unread) = (SmallVec::<[PhoneKey; 2]>::new(), Vec::new());
        for text in &record.numbers {
            if text.len() > LONGEST_NUMBER {
                unread.push((shortened(text), NotANumber::TooLong));
                continue;
            }
            match self.numbers.stored_all(text) {
                Ok(read) => numbers.extend(read),
                // An empty field is no mistake of anybody's.
                Err(NotANumber::Missing) => {}
                Err(why) => unread.push((shortened(text), why)),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let facts = Facts {
            numbers,
            name: record.name.as_deref().map(Arc::from),
            owner: record.owner,
            created_s: record.created_s,
            updated_s: record.updated_s,
            contacts: record.contacts.clone(),
            organizations: record.organizations.clone(),
        };
        (facts, unread)
    }
}
