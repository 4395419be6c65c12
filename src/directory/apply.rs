//! From the CRM's records to clients in the cache.

use std::sync::atomic::Ordering;

use smallvec::SmallVec;

use super::{
    Directory,
    records::{Facts, Records, State, Touched},
};
use crate::base::metric::Count;
use crate::crm::Record;
use crate::model::{
    client::{Client, Kind, KindSet},
    phone::{NotANumber, PhoneKey},
};

impl Directory {
    /// Joins a page of a crawl or a sweep.
    pub(super) fn apply(&self, page: &[Record]) {
        let crawl = self.crawl.load(Ordering::Acquire);
        let mut unreadable = 0;
        let mut records = self.records();
        for record in page {
            let state = if record.open {
                State::Open(self.facts(record, &mut unreadable))
            } else {
                State::Gone { updated_s: record.updated_s }
            };
            let touched = records.put(record.kind, record.id, state, crawl);
            self.join(&records, &touched);
        }
        drop(records);
        self.metrics.add(Count::NumbersUnreadable, unreadable);
    }

    /// Joins the answer to a live question about `key`; returns whether anybody carries that number.
    ///
    /// Only records that carry the number, and what hangs on them, are taken over: a search on stored text may have
    /// found others.
    pub(super) fn apply_answer(&self, key: PhoneKey, answer: &[Record]) -> bool {
        let crawl = self.crawl.load(Ordering::Acquire);
        let mut ignored = 0;
        let mut records = self.records();
        let carriers: SmallVec<[&Record; 4]> = answer
            .iter()
            .filter(|record| record.open && self.facts(record, &mut ignored).numbers.contains(&key))
            .collect();
        let hangs = |record: &&Record| {
            let on = |kind, id| carriers.iter().any(|carrier| carrier.kind == kind && Some(carrier.id) == id);
            record.numbers.is_empty()
                && (on(Kind::Contact, record.contact) || on(Kind::Organization, record.organization))
        };
        for record in carriers.iter().copied().chain(answer.iter().filter(hangs)) {
            let state = if record.open {
                State::Open(records.complete(record.kind, record.id, self.facts(record, &mut ignored)))
            } else {
                State::Gone { updated_s: record.updated_s }
            };
            let touched = records.put(record.kind, record.id, state, crawl);
            self.join(&records, &touched);
        }
        let entities = records.entities(key);
        let found = !entities.is_empty();
        let now_s = self.clock.now_s();
        if found {
            self.cache.put(key, Client::new(entities, self.kinds, now_s));
        } else {
            self.cache.put_negative(key, now_s);
        }
        found
    }

    /// Takes out what the crawl numbered `crawl` did not see.
    pub(super) fn retire(&self, crawl: u32) {
        let mut records = self.records();
        for kind in self.kinds.iter() {
            for id in records.unseen(kind, crawl) {
                let touched = records.put(kind, id, State::Gone { updated_s: 0 }, crawl);
                self.join(&records, &touched);
            }
        }
        records.forget_gone(crawl);
    }

    /// Puts the clients of these numbers into the cache anew; under the records' lock, so that of two changes the later
    /// one is what calls see.
    fn join(&self, records: &Records, touched: &Touched) {
        for &key in touched {
            let whole = self.cache.known(key).map_or(KindSet::NONE, |client| client.whole);
            self.cache.put(key, Client::new(records.entities(key), whole, self.clock.now_s()));
            self.cache.forget_negative(key);
        }
    }

    fn facts(&self, record: &Record, unreadable: &mut u64) -> Facts {
        let mut numbers = SmallVec::<[PhoneKey; 2]>::new();
        for text in &record.numbers {
            match self.numbers.stored_all(text) {
                Ok(read) => numbers.extend(read),
                // An empty field is no mistake of anybody's.
                Err(NotANumber::Missing) => {}
                Err(_) => *unreadable += 1,
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Facts {
            numbers,
            owner: record.owner,
            created_s: record.created_s,
            updated_s: record.updated_s,
            contact: record.contact,
            organization: record.organization,
        }
    }
}
