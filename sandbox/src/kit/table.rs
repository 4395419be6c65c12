//! One kind of records: those that follow from the seed, and over them those that were changed since.

use std::{borrow::Borrow, collections::BTreeMap, ops::Range, time::Duration};

/// What every record has.
pub trait Record: Clone {
    /// The vendor's id; ids grow with the time of creation in what is seeded.
    type Id: Copy + Ord + std::fmt::Debug;
    /// Its id.
    fn id(&self) -> Self::Id;
    /// When it was created, seconds since 1970 UTC.
    fn add_s(&self) -> i64;
    /// When it was last changed.
    fn update_s(&self) -> i64;
}

/// Seeded records of one kind, made when asked for.
///
/// Places run from 0 to [`Source::places`]; id, time of creation and time of change never fall from one place to the
/// next, so that every order the vendor sorts by is the order of places and a page begins by bisection.
pub trait Source<R: Record> {
    /// How many places there are.
    fn places(&self) -> u64;
    /// The id at a place.
    fn id(&self, place: u64) -> R::Id;
    /// Times of creation and change, seconds since 1970 UTC.
    fn times(&self, place: u64) -> (i64, i64);
    /// The place an id would have; it may be empty.
    fn place(&self, id: R::Id) -> Option<u64>;
    /// The record; `None` where the seed left the place empty.
    fn record(&self, place: u64) -> Option<R>;
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Id.
    Id,
    /// Time of creation, then id.
    AddTime,
    /// Time of change, then id.
    UpdateTime,
}

/// Where a record stands in a list.
pub type Key<R> = (i64, <R as Record>::Id);

/// Which part of a table to walk through, and how.
#[derive(Debug)]
pub struct Walk<R: Record> {
    /// The order.
    pub sort: Sort,
    /// Whether it is the other way round.
    pub descending: bool,
    /// The first record's key; those before it are left out.
    pub from: Option<Key<R>>,
    /// Only records changed at this second or later.
    pub since_s: Option<i64>,
    /// Only records changed before this second.
    pub until_s: Option<i64>,
    /// Only these places of the seed; changed records are looked at all the same.
    pub places: Option<Range<u64>>,
}

impl<R: Record> Default for Walk<R> {
    fn default() -> Self {
        Self { sort: Sort::Id, descending: false, from: None, since_s: None, until_s: None, places: None }
    }
}

/// The states of one changed record, the oldest first, each with the time from which the search sees it; `None` = gone
/// without a trace.
type Versions<R> = Vec<(Duration, Option<R>)>;

/// A kind of records.
#[derive(Debug)]
pub struct Table<R: Record, S> {
    source: S,
    changed: BTreeMap<R::Id, Versions<R>>,
    /// How long after a change the search still sees what was before.
    lag: Duration,
}

impl<R: Record, S: Source<R>> Table<R, S> {
    /// The records of a source; the search sees a change so long after it.
    #[must_use]
    pub const fn new(source: S, lag: Duration) -> Self {
        Self { source, changed: BTreeMap::new(), lag }
    }

    /// Where the seeded ones come from.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// The record as it is.
    #[must_use]
    pub fn get(&self, id: R::Id) -> Option<R> {
        match self.changed.get(&id) {
            Some(versions) => versions.last()?.1.clone(),
            None => self.seeded(id),
        }
    }

    /// The record as the search index has it at `now`.
    #[must_use]
    pub fn indexed(&self, id: R::Id, now: Duration) -> Option<R> {
        let seen = self.changed.get(&id).and_then(|versions| versions.iter().rev().find(|(from, _)| *from <= now));
        match seen {
            Some((_, state)) => state.clone(),
            None => self.seeded(id),
        }
    }

    fn seeded(&self, id: R::Id) -> Option<R> {
        self.source.record(self.source.place(id)?)
    }

    /// Sets a record's state at `now`; the search sees it when the lag is over.
    pub fn set(&mut self, id: R::Id, now: Duration, state: Option<R>) {
        let versions = self.changed.entry(id).or_default();
        // Of what the index already sees, only the newest is ever asked for again.
        let seen = versions.iter().take_while(|(from, _)| *from <= now).count();
        versions.drain(..seen.saturating_sub(1));
        versions.push((now + self.lag, state));
    }

    /// Sets a record that the search knows from the beginning.
    pub fn set_from_the_start(&mut self, record: R) {
        self.changed.insert(record.id(), vec![(Duration::ZERO, Some(record))]);
    }

    /// Ids that were ever changed.
    pub fn changed_ids(&self) -> impl Iterator<Item = R::Id> {
        self.changed.keys().copied()
    }

    /// The records of a list, in its order, made one by one.
    pub fn walk<'a>(&'a self, walk: &Walk<R>) -> impl Iterator<Item = R> + use<'a, R, S> {
        let states = self.changed.values().filter_map(|versions| versions.last()?.1.as_ref());
        self.merged(walk, ordered(states.collect(), walk))
    }

    /// The same as the search index has them at `now`: for vendors whose search knows ranges of time.
    pub fn walk_indexed<'a>(&'a self, walk: &Walk<R>, now: Duration) -> impl Iterator<Item = R> + use<'a, R, S> {
        let states = self.changed.keys().filter_map(|&id| self.indexed(id, now));
        self.merged(walk, ordered(states.collect(), walk))
    }

    /// What was not changed, and among it, in their places, what was.
    fn merged<'a, T: Borrow<R> + 'a>(
        &'a self,
        walk: &Walk<R>,
        changed: Vec<T>,
    ) -> impl Iterator<Item = R> + use<'a, R, S, T> {
        let (sort, descending) = (walk.sort, walk.descending);
        let before = move |one: &Key<R>, other: &Key<R>| if descending { one > other } else { one < other };
        let places = self.bisect(walk);
        let places: Box<dyn Iterator<Item = u64>> = if descending { Box::new(places.rev()) } else { Box::new(places) };
        let untouched = move |&place: &u64| !self.changed.contains_key(&self.source.id(place));
        let mut seeded = places.filter(untouched).filter_map(|place| self.source.record(place)).peekable();
        let mut changed = changed.into_iter().peekable();
        std::iter::from_fn(move || match (seeded.peek(), changed.peek()) {
            (Some(one), Some(other)) if before(&key(sort, other.borrow()), &key(sort, one)) => next(&mut changed),
            (None, _) => next(&mut changed),
            (Some(_), _) => seeded.next(),
        })
    }

    fn bisect(&self, walk: &Walk<R>) -> Range<u64> {
        let source = &self.source;
        let updated = |place: u64| source.times(place).1;
        let key_at = |place: u64| match walk.sort {
            Sort::Id => (0, source.id(place)),
            Sort::AddTime => (source.times(place).0, source.id(place)),
            Sort::UpdateTime => (updated(place), source.id(place)),
        };
        let whole = 0..source.places();
        let mut range = walk.places.clone().unwrap_or_else(|| whole.clone());
        range.end = range.end.min(whole.end);
        if let Some(since) = walk.since_s {
            range.start = range.start.max(first(whole.end, |place| updated(place) >= since));
        }
        if let Some(until) = walk.until_s {
            range.end = range.end.min(first(whole.end, |place| updated(place) >= until));
        }
        match walk.from {
            Some(from) if walk.descending => range.end = range.end.min(first(whole.end, |place| key_at(place) > from)),
            Some(from) => range.start = range.start.max(first(whole.end, |place| key_at(place) >= from)),
            None => {}
        }
        range
    }
}

fn next<R: Clone, T: Borrow<R>>(changed: &mut impl Iterator<Item = T>) -> Option<R> {
    changed.next().map(|record| record.borrow().clone())
}

/// Those of the changed records that are asked for, in the list's order.
fn ordered<R: Record, T: Borrow<R>>(mut records: Vec<T>, walk: &Walk<R>) -> Vec<T> {
    records.retain(|record| {
        let (record, at) = (record.borrow(), key(walk.sort, record.borrow()));
        walk.since_s.is_none_or(|since| record.update_s() >= since)
            && walk.until_s.is_none_or(|until| record.update_s() < until)
            && walk.from.is_none_or(|from| if walk.descending { at <= from } else { at >= from })
    });
    records.sort_unstable_by_key(|record| key(walk.sort, record.borrow()));
    if walk.descending {
        records.reverse();
    }
    records
}

/// A record's place in a list that is sorted by `sort`.
pub fn key<R: Record>(sort: Sort, record: &R) -> Key<R> {
    let time = match sort {
        Sort::Id => 0,
        Sort::AddTime => record.add_s(),
        Sort::UpdateTime => record.update_s(),
    };
    (time, record.id())
}

/// The first place of `0..end` at which `holds`, which never ceases to hold after it began.
fn first(end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = u64::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Record, Sort, Source, Table, Walk, key};

    #[derive(Clone, Debug, PartialEq)]
    struct Even(u64, i64);

    impl Record for Even {
        type Id = u64;
        fn id(&self) -> u64 {
            self.0
        }
        fn add_s(&self) -> i64 {
            0
        }
        fn update_s(&self) -> i64 {
            self.1
        }
    }

    /// Ids 0 to 9 of which the even ones exist, changed at ten times their id.
    struct Evens;

    impl Source<Even> for Evens {
        fn places(&self) -> u64 {
            10
        }
        fn id(&self, place: u64) -> u64 {
            place
        }
        fn times(&self, place: u64) -> (i64, i64) {
            (0, i64::try_from(place).unwrap() * 10)
        }
        fn place(&self, id: u64) -> Option<u64> {
            (id < 10).then_some(id)
        }
        fn record(&self, place: u64) -> Option<Even> {
            place.is_multiple_of(2).then(|| Even(place, self.times(place).1))
        }
    }

    fn ids(table: &Table<Even, Evens>, walk: &Walk<Even>) -> Vec<u64> {
        table.walk(walk).map(|record| record.0).collect()
    }

    fn changed() -> Table<Even, Evens> {
        let mut table = Table::new(Evens, Duration::from_secs(5));
        table.set(4, Duration::from_secs(1), Some(Even(4, 999)));
        table.set(6, Duration::from_secs(1), None);
        table.set(7, Duration::from_secs(1), Some(Even(7, 35)));
        table
    }

    #[test]
    fn a_walk_shows_changed_records_in_their_places_and_gone_ones_not() {
        assert_eq!(ids(&changed(), &Walk::default()), [0, 2, 4, 7, 8]);
        assert_eq!(ids(&changed(), &Walk { descending: true, ..Walk::default() }), [8, 7, 4, 2, 0]);
        assert_eq!(ids(&changed(), &Walk { sort: Sort::UpdateTime, ..Walk::default() }), [0, 2, 7, 8, 4]);
    }

    #[test]
    fn a_walk_begins_at_the_cursor_in_both_directions() {
        let from = |sort, id, time, descending| Walk { sort, descending, from: Some((time, id)), ..Walk::default() };
        assert_eq!(ids(&changed(), &from(Sort::Id, 4, 0, false)), [4, 7, 8]);
        assert_eq!(ids(&changed(), &from(Sort::Id, 4, 0, true)), [4, 2, 0]);
        assert_eq!(ids(&changed(), &from(Sort::UpdateTime, 7, 35, true)), [7, 2, 0]);
    }

    #[test]
    fn since_is_inclusive_and_until_is_not() {
        let walk = Walk { since_s: Some(20), until_s: Some(80), ..Walk::default() };
        assert_eq!(ids(&changed(), &walk), [2, 7]);
    }

    #[test]
    fn the_index_sees_a_change_when_the_lag_is_over() {
        let table = changed();
        assert_eq!(table.indexed(4, Duration::from_secs(5)).map(|record| record.1), Some(40));
        assert_eq!(table.indexed(4, Duration::from_secs(6)).map(|record| record.1), Some(999));
        assert_eq!(table.indexed(6, Duration::from_secs(5)).map(|record| record.1), Some(60));
        assert_eq!(table.indexed(6, Duration::from_secs(6)), None);
        let seen =
            |s| table.walk_indexed(&Walk::default(), Duration::from_secs(s)).map(|one| one.0).collect::<Vec<_>>();
        assert_eq!((seen(5), seen(6)), (vec![0, 2, 4, 6, 8], vec![0, 2, 4, 7, 8]));
        assert_eq!(key(Sort::Id, &table.get(4).unwrap()), (0, 4));
    }
}
