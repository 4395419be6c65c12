//! Numbers of the CRM that could not be read, by the record they stand in: for people who put them right.
//!
//! The texts of so many are kept; of those beyond, how many. A record that changes, closes or goes takes its own along,
//! so the list is what stands in the CRM now and not what was ever met.

use std::{collections::BTreeMap, ops::Bound};

use super::Records;
use crate::model::{client::Kind, ids::CrmId, phone::NotANumber};

/// Texts kept, of all records together.
const MOST_LISTED: usize = 20_000;
/// Of one record: notes pasted into a field are one mistake, not a thousand.
const MOST_OF_A_RECORD: usize = 20;
/// Of one text, in bytes; a number takes less, and what is longer is recognised by its beginning.
const MOST_OF_A_TEXT: usize = 120;

/// A text of a number field, and why it is no number.
pub(in crate::directory) type Unread = (Box<str>, NotANumber);

type Who = (Kind, CrmId);

/// What could not be read.
#[derive(Debug, Default)]
pub(in crate::directory) struct Unreadable {
    by_record: BTreeMap<Who, Held>,
    listed: usize,
    total: usize,
}

#[derive(Debug)]
struct Held {
    count: usize,
    texts: Box<[Unread]>,
}

/// One record's, as they are listed and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::directory) struct OfRecord {
    pub(in crate::directory) kind: Kind,
    pub(in crate::directory) id: CrmId,
    /// How many there are; the texts of some may be missing.
    pub(in crate::directory) count: usize,
    pub(in crate::directory) texts: Vec<Unread>,
}

impl Unreadable {
    fn note(&mut self, who: Who, texts: Vec<Unread>) {
        let count = texts.len();
        self.put(who, count, texts);
    }

    fn put(&mut self, who: Who, count: usize, mut texts: Vec<Unread>) {
        self.forget(who);
        if count == 0 {
            return;
        }
        texts.truncate(MOST_OF_A_RECORD.min(MOST_LISTED - self.listed));
        self.listed += texts.len();
        self.total = self.total.saturating_add(count);
        self.by_record.insert(who, Held { count, texts: texts.into() });
    }

    pub(super) fn forget(&mut self, who: Who) {
        if let Some(held) = self.by_record.remove(&who) {
            self.listed -= held.texts.len();
            self.total = self.total.saturating_sub(held.count);
        }
    }
}

impl Records {
    /// Notes what could not be read of a record, in the place of what was noted of it before. Comes before the record's
    /// state is put in: like that, it is ignored where something newer is held.
    pub(in crate::directory) fn note_unreadable(&mut self, who: Who, updated_s: i64, texts: Vec<Unread>) {
        let newer = self.by_id.get(&who).is_some_and(|&slot| updated_s < self.places[slot as usize].updated_s);
        if updated_s == 0 || !newer {
            self.changes += u64::from(!texts.is_empty() || self.unreadable.by_record.contains_key(&who));
            self.unreadable.note(who, texts);
        }
    }

    /// Puts in what was stored of a record.
    pub(in crate::directory) fn restore_unreadable(&mut self, stored: OfRecord) {
        let OfRecord { kind, id, count, texts } = stored;
        self.unreadable.put((kind, id), count.max(texts.len()), texts);
    }

    /// How many could not be read.
    pub(in crate::directory) fn unreadable(&self) -> usize {
        self.unreadable.total
    }

    /// What could not be read of the records after `after`, by kind and id, at most `most` records.
    pub(in crate::directory) fn unreadable_after(&self, after: Option<Who>, most: usize) -> Vec<OfRecord> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let further = self.unreadable.by_record.range((from, Bound::Unbounded)).take(most);
        let told =
            |(&(kind, id), held): (&Who, &Held)| OfRecord { kind, id, count: held.count, texts: held.texts.to_vec() };
        further.map(told).collect()
    }
}

/// A text as it is kept: its beginning.
pub(in crate::directory) fn shortened(text: &str) -> Box<str> {
    let mut end = text.len().min(MOST_OF_A_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

#[cfg(test)]
mod tests {
    use super::{MOST_LISTED, Records, Unread, shortened};
    use crate::model::{client::Kind, ids::CrmId, phone::NotANumber};

    fn who(id: u64) -> (Kind, CrmId) {
        (Kind::Contact, CrmId::Number(id))
    }

    fn texts(many: usize) -> Vec<Unread> {
        vec![("call me".into(), NotANumber::Unreadable); many]
    }

    #[test]
    fn a_record_that_was_put_right_leaves_the_list() {
        let mut records = Records::default();
        records.note_unreadable(who(1), 0, texts(2));
        records.note_unreadable(who(2), 0, texts(1));
        assert_eq!((records.unreadable(), records.unreadable.listed), (3, 3));
        records.note_unreadable(who(1), 0, texts(0));
        assert_eq!(records.unreadable(), 1);
        assert_eq!(records.unreadable_after(None, 10)[0].id, CrmId::Number(2));
    }

    #[test]
    fn what_is_beyond_the_bound_is_counted_and_listed_when_there_is_room() {
        let mut records = Records::default();
        let many = MOST_LISTED as u64 + 5;
        for id in 1..=many {
            records.note_unreadable(who(id), 0, texts(1));
        }
        assert_eq!((records.unreadable() as u64, records.unreadable.listed), (many, MOST_LISTED));
        records.note_unreadable(who(1), 0, texts(0));
        records.note_unreadable(who(many), 0, texts(1));
        assert_eq!((records.unreadable() as u64, records.unreadable.listed), (many - 1, MOST_LISTED));
    }

    #[test]
    fn the_list_goes_on_after_where_it_stopped() {
        let mut records = Records::default();
        for id in 1..=5 {
            records.note_unreadable(who(id), 0, texts(1));
        }
        let ids = |after, most| {
            records.unreadable_after(after, most).iter().map(|of| of.id.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((ids(None, 2), ids(Some(who(2)), 9)), ("1 2".to_owned(), "3 4 5".to_owned()));
    }

    #[test]
    fn a_long_text_is_kept_by_its_beginning_in_whole_letters() {
        let text = shortened(&"ж".repeat(1_000_000));
        assert_eq!(text.chars().count(), 60);
    }
}
