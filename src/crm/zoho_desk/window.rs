//! Where a page of everything, or of what changed, begins: how nothing is skipped though a search ends at its thousandth
//! record.
//!
//! A page begins at the second at which the one before ended, and holds what comes from there on in the order of time. So
//! what goes away or comes meanwhile moves nothing out of sight, and no offset is needed, except where more records than a
//! page holds share one second. Those are read by offset, with an overlap; and where they are more than an offset reaches,
//! that second is read along the other time instead.
//!
//! Some records come twice. A page that is not full ends it, unless the vendor says that there are more.

use crate::crm::Cursor;
use crate::crm::failure::Failure;
use crate::crm::zoho_desk::path::{Axis, FURTHEST, PAGE, Stretch};

/// Before the vendor's time.
pub(super) const BEGINNING_S: i64 = 946_684_800;
/// Records that a page by offset repeats of the one before, against those that go away meanwhile.
const OVERLAP: usize = 10;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Along what.
    axis: Axis,
    at: Step,
    /// Until when; what comes later is the next sweep's.
    until_s: i64,
    /// Within the second of `at`: along the other axis.
    within: Option<Step>,
}

/// From when, and how many of that second were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    second: i64,
    skip: usize,
}

impl Place {
    /// The first page.
    pub(super) const fn first(axis: Axis, from_s: i64, until_s: i64) -> Self {
        Self { axis, at: Step { second: from_s, skip: 0 }, until_s, within: None }
    }

    /// What is to be asked for.
    pub(super) fn stretch(&self, limit: usize) -> Stretch {
        match self.within {
            None => Stretch {
                order: self.axis,
                along: (self.at.second, self.until_s),
                across: None,
                from: self.at.skip,
                limit,
            },
            Some(within) => Stretch {
                order: self.axis.other(),
                along: (within.second, self.until_s.max(self.at.second)),
                across: Some((self.at.second, self.at.second)),
                from: within.skip,
                limit,
            },
        }
    }

    /// Where the page after this one begins, `None` after the last. `seconds`: the page's records on the axis it is in
    /// the order of; `limit`: how many were asked for; `count`: how many the vendor says there are.
    ///
    /// # Errors
    /// [`Failure::Unclear`] for a page in no order or from another time; [`Failure::Refused`] where more than a thousand
    /// records share both times to the second, so that some could not be read.
    pub(super) fn next(&self, seconds: &[i64], limit: usize, count: Option<usize>) -> Result<Option<Self>, Failure> {
        let step = self.within.unwrap_or(self.at);
        let Some(last) = in_order(seconds, step.second)? else { return Ok(self.after()) };
        let read = step.skip + seconds.len();
        if seconds.len() < limit && count.is_none_or(|count| count <= read) {
            return Ok(self.after());
        }
        let next = if last > step.second {
            Step { second: last, skip: 0 }
        } else {
            let overlap = if seconds.len() > 2 * OVERLAP { OVERLAP } else { 0 };
            Step { second: step.second, skip: read - overlap }
        };
        match (next.skip > FURTHEST, self.within) {
            (false, None) => Ok(Some(Self { at: next, ..*self })),
            (false, Some(_)) => Ok(Some(Self { within: Some(next), ..*self })),
            (true, None) => {
                let within = Some(Step { second: BEGINNING_S, skip: 0 });
                Ok(Some(Self { at: Step { skip: 0, ..self.at }, within, ..*self }))
            }
            (true, Some(_)) => {
                let reason = format!("more than {FURTHEST} records were created and changed in the same two seconds");
                Err(Failure::Refused { reason })
            }
        }
    }

    /// After the last page: of a second, on to the next one.
    const fn after(&self) -> Option<Self> {
        let second = self.at.second + 1;
        if self.within.is_none() || second > self.until_s {
            return None;
        }
        Some(Self { axis: self.axis, at: Step { second, skip: 0 }, until_s: self.until_s, within: None })
    }

    pub(super) fn into_cursor(self) -> Cursor {
        let word = match self.axis {
            Axis::Created => CREATED,
            Axis::Modified => MODIFIED,
        };
        let Step { second, skip } = self.at;
        let mut text = format!("{word} {} {second} {skip}", self.until_s);
        if let Some(Step { second, skip }) = self.within {
            text.push_str(&format!(" {second} {skip}"));
        }
        Cursor(text)
    }

    /// # Errors
    /// [`Failure::Refused`] for what is no place of this axis.
    pub(super) fn read(Cursor(text): &Cursor, axis: Axis) -> Result<Self, Failure> {
        let refused = || Failure::Refused { reason: format!("expected a cursor of this reader, found {text:?}") };
        let words: Vec<&str> = text.split(' ').collect();
        let second = |word: &str| word.parse::<i64>().map_err(|_| refused());
        let step = |of: &str, skip: &str| {
            let skip = skip.parse().ok().filter(|&skip| skip <= FURTHEST).ok_or_else(refused)?;
            Ok::<_, Failure>(Step { second: second(of)?, skip })
        };
        let (word, until, at, within) = match words.as_slice() {
            [word, until, of, skip] => (word, until, step(of, skip)?, None),
            [word, until, of, skip, of_within, skip_within] => {
                (word, until, step(of, skip)?, Some(step(of_within, skip_within)?))
            }
            _ => return Err(refused()),
        };
        let place = Self { axis, at, until_s: second(until)?, within };
        let own = match axis {
            Axis::Created => CREATED,
            Axis::Modified => MODIFIED,
        };
        if *word == own { Ok(place) } else { Err(refused()) }
    }
}

const CREATED: &str = "created";
const MODIFIED: &str = "modified";

/// The last of a page's seconds, if they are in order and not before the page's beginning.
fn in_order(seconds: &[i64], from: i64) -> Result<Option<i64>, Failure> {
    let unclear =
        |found: &str| Failure::Unclear { reason: format!("expected a page in the order of time, found {found}") };
    if seconds.iter().any(|&second| second < from - 1) {
        return Err(unclear("one from another time"));
    }
    if !seconds.is_sorted() {
        return Err(unclear("one in another"));
    }
    Ok(seconds.last().copied())
}

/// The sizes of a page, tried one after the other where a page is larger than a reply may be.
pub(super) const LIMITS: [usize; 4] = [PAGE, 20, 4, 1];
