//! Whether a list that goes on and on still brings anything.
//!
//! What was sent decides, not what was new to us: thousands of closed deals in a row bring a crawl further although none
//! of them counts, and records that a webhook told of meanwhile are known before their page comes.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hash, Hasher},
};

use foldhash::quality::FixedState;

use crate::crm::Page;

/// Pages in a row that may come again before the cursor is taken to be endless.
const MOST_AGAIN: u32 = 100;
/// The same for pages that never came before and hold nothing but what is known: somebody edited fields that we do not
/// read.
const MOST_KNOWN: u32 = 10_000;
/// The same for pages without a row: vendors filter a page after they have cut it.
const MOST_EMPTY: u32 = 1_000;
/// Pages that are recognised when they come again.
const MOST_REMEMBERED: usize = 100_000;

/// The pages of one kind that came so far.
///
/// # Cost
/// Eight bytes a page and the table around them, at most 100,000 pages.
#[derive(Debug, Default)]
pub(super) struct Pages {
    came: HashSet<u64, FixedState>,
    again: u32,
    known: u32,
    empty: u32,
}

impl Pages {
    /// Takes note of a page that is not the last. `news` says whether it held a record that was not known.
    ///
    /// # Errors
    /// What was found instead of an end.
    pub(super) fn came(&mut self, page: &Page, news: bool) -> Result<(), &'static str> {
        let is_empty = page.records.is_empty() && page.left_out.is_empty();
        let is_first = self.remember(mark(page, is_empty));
        self.again = if is_first { 0 } else { self.again + 1 };
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        self.known = if news || !page.left_out.is_empty() { 0 } else { self.known + 1 };
        if self.again > MOST_AGAIN || self.known > MOST_KNOWN {
            return Err("the same pages again");
        }
        if self.empty > MOST_EMPTY { Err("page after page without a record") } else { Ok(()) }
    }

    /// Whether this page never came before.
    fn remember(&mut self, mark: u64) -> bool {
        if self.came.len() < MOST_REMEMBERED { self.came.insert(mark) } else { !self.came.contains(&mark) }
    }
}

/// What a page is recognised by: the records on it; where there are none, the page that it leads to.
fn mark(page: &Page, is_empty: bool) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    if is_empty {
        page.next.as_ref().map(|next| &next.0).hash(&mut hasher);
    }
    page.records.iter().for_each(|record| record.id.hash(&mut hasher));
    page.left_out.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{MOST_AGAIN, MOST_EMPTY, MOST_REMEMBERED, Pages};
    use crate::crm::{Cursor, Page};
    use crate::model::ids::CrmId;

    /// A page of closed records.
    fn closed(ids: [u64; 2], next: u64) -> Page {
        let left_out = ids.map(CrmId::Number).to_vec();
        Page { left_out, ..Page::of(Vec::new(), Some(Cursor(next.to_string()))) }
    }

    fn empty(next: u64) -> Page {
        Page::of(Vec::new(), Some(Cursor(next.to_string())))
    }

    /// How many of these pages come before it is told that there is no end.
    fn until_told(pages: impl Iterator<Item = Page>) -> usize {
        let mut came = Pages::default();
        pages.take_while(|page| came.came(page, false).is_ok()).count()
    }

    #[test]
    fn pages_of_closed_records_may_follow_each_other_for_as_long_as_they_are_others() {
        let pages = (0..50_000).map(|at| closed([2 * at, 2 * at + 1], at));
        assert_eq!(until_told(pages), 50_000);
    }

    #[test]
    fn a_round_of_pages_is_told_although_every_cursor_is_another() {
        let pages = (0..).map(|at| closed([at % 7, 99], at));
        assert_eq!(until_told(pages), 7 + MOST_AGAIN as usize);
    }

    #[test]
    fn empty_pages_end_when_their_cursors_come_again_or_there_are_too_many_of_them() {
        assert_eq!(until_told((0..).map(|at| empty(at % 7))), 7 + MOST_AGAIN as usize);
        assert_eq!(until_told((0..).map(empty)), MOST_EMPTY as usize);
        assert_eq!(until_told((0..900).map(empty)), 900);
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_a_round_is_told_beyond_it() {
        let all = MOST_REMEMBERED as u64 + 10;
        let mut came = Pages::default();
        for at in 0..all {
            assert!(came.came(&closed([at, at], at), false).is_ok());
        }
        assert_eq!(came.came.len(), MOST_REMEMBERED);
        let again = (0..all).take_while(|&at| came.came(&closed([at, at], all + at), false).is_ok()).count();
        assert_eq!(again, MOST_AGAIN as usize);
    }
}
