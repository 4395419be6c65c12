//! The memory calls are answered from: moka caches, and the only place that names moka.
//!
//! The first holds every number the CRM told us about and never forgets by itself: an eviction would turn *unknown*
//! into *absent*. The second holds, bounded and for a short time, numbers that a live question did not find. For CRMs
//! that compare the last nine digits a third leads from those to the whole numbers: a number that is known as a whole,
//! which is the usual case, stays one `get`, and a client looks the same for every CRM.

use std::{sync::Arc, time::Duration};

use foldhash::quality::FixedState;
use moka::{policy::EvictionPolicy, sync::Cache as Moka};

use crate::crm::Matching;
use crate::model::{client::Client, phone::PhoneKey};

/// Hashes keys the same way in every process, so that instruction counts can be compared between runs. Keys are
/// integers that come from the CRM; only the bounded negative cache holds what callers choose.
type Hasher = FixedState;

/// What is known by number.
#[derive(Debug)]
pub(super) struct Cache {
    known: Moka<PhoneKey, Arc<Client>, Hasher>,
    negative: Moka<PhoneKey, i64, Hasher>,
    /// Last nine digits to the known numbers that end in them. Written under the records' lock like everything known.
    tails: Option<Moka<u32, Arc<[PhoneKey]>, Hasher>>,
}

impl Cache {
    /// An empty memory whose negative half holds `negative_entries` for `negative_ttl`.
    pub(super) fn new(negative_entries: u64, negative_ttl: Duration, matching: Matching) -> Self {
        let tails = (matching == Matching::LastNine)
            .then(|| Moka::builder().eviction_policy(EvictionPolicy::lru()).build_with_hasher(FixedState::default()));
        Self {
            known: Moka::builder().eviction_policy(EvictionPolicy::lru()).build_with_hasher(FixedState::default()),
            negative: Moka::builder()
                .max_capacity(negative_entries)
                .time_to_live(negative_ttl)
                .eviction_policy(EvictionPolicy::lru())
                .build_with_hasher(FixedState::default()),
            tails,
        }
    }

    /// The client of a number.
    ///
    /// # Cost
    /// Allocates nothing and takes no lock of ours; the client is shared, not copied.
    pub(super) fn known(&self, key: PhoneKey) -> Option<Arc<Client>> {
        self.known.get(&key)
    }

    /// When the CRM was last asked for this number and found nothing, seconds since 1970 UTC; `None` when it was not
    /// asked lately.
    pub(super) fn negative(&self, key: PhoneKey) -> Option<i64> {
        self.negative.get(&key)
    }

    /// Puts a client under a number; one without entities is taken out.
    pub(super) fn put(&self, key: PhoneKey, client: Arc<Client>) {
        if client.entities().is_empty() {
            self.known.invalidate(&key);
            self.put_tail(key, false);
        } else {
            self.known.insert(key, client);
            self.negative.invalidate(&key);
            self.put_tail(key, true);
        }
    }

    /// The known numbers that end in the same nine digits; none where the CRM compares whole numbers.
    ///
    /// # Cost
    /// One `get`; the list is shared, not copied.
    pub(super) fn alike(&self, key: PhoneKey) -> Option<Arc<[PhoneKey]>> {
        self.tails.as_ref()?.get(&key.last_nine()?)
    }

    fn put_tail(&self, key: PhoneKey, known: bool) {
        let (Some(tails), Some(tail)) = (&self.tails, key.last_nine()) else { return };
        let held = tails.get(&tail).unwrap_or_default();
        if held.contains(&key) == known {
            return;
        }
        let others = held.iter().copied().filter(|&other| other != key);
        let keys: Arc<[PhoneKey]> = others.chain(known.then_some(key)).collect();
        if keys.is_empty() {
            tails.invalidate(&tail);
        } else {
            tails.insert(tail, keys);
        }
    }

    /// Remembers that the CRM found nothing.
    pub(super) fn put_negative(&self, key: PhoneKey, as_of_s: i64) {
        self.negative.insert(key, as_of_s);
    }

    /// Forgets that the CRM found nothing.
    pub(super) fn forget_negative(&self, key: PhoneKey) {
        self.negative.invalidate(&key);
    }

    /// Does moka's housekeeping here instead of inside a caller's `get`, which pays for it when 300 ms have passed.
    pub(super) fn keep_house(&self) {
        self.known.run_pending_tasks();
        self.negative.run_pending_tasks();
        if let Some(tails) = &self.tails {
            tails.run_pending_tasks();
        }
    }

    /// Numbers known; exact after [`Cache::keep_house`].
    pub(super) fn numbers(&self) -> u64 {
        self.known.entry_count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Cache;
    use crate::crm::Matching;
    use crate::model::{
        client::{Client, Entity, Kind, KindSet, Via},
        ids::CrmId,
        phone::PhoneKey,
    };

    fn key(digits: u64) -> PhoneKey {
        PhoneKey::from_digits(digits).expect("a key")
    }

    #[test]
    fn nothing_known_is_ever_forgotten_by_itself() {
        let cache = Cache::new(10, Duration::from_secs(60), Matching::Whole);
        let entity = Entity { kind: Kind::Contact, id: CrmId::Number(1), owner: None, created_s: 0, via: Via::Own };
        for number in 1..=20_000 {
            cache.put(key(number), Client::new(vec![entity], KindSet::NONE, 0));
        }
        cache.keep_house();
        assert_eq!(cache.numbers(), 20_000);
        assert!((1..=20_000).all(|number| cache.known(key(number)).is_some()));
    }

    #[test]
    fn negative_answers_are_bounded() {
        let cache = Cache::new(100, Duration::from_secs(60), Matching::Whole);
        for number in 1..=10_000 {
            cache.put_negative(key(number), 5);
        }
        cache.keep_house();
        let kept = (1..=10_000).filter(|&number| cache.negative(key(number)).is_some()).count();
        assert!((1..=100).contains(&kept), "{kept}");
    }

    #[test]
    fn a_client_without_entities_is_not_known() {
        let cache = Cache::new(10, Duration::from_secs(60), Matching::Whole);
        let entity = Entity { kind: Kind::Contact, id: CrmId::Number(1), owner: None, created_s: 0, via: Via::Own };
        cache.put(key(1), Client::new(vec![entity], KindSet::NONE, 0));
        cache.put(key(1), Client::new(Vec::new(), KindSet::NONE, 0));
        assert!(cache.known(key(1)).is_none());
    }
}
