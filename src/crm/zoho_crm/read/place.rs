//! Where in a crawl or a sweep a page begins, and when a sweep looks among what was deleted.

use std::sync::{Mutex, PoisonError};

use crate::crm::Cursor;
use crate::crm::failure::Failure;
use crate::crm::zoho_crm::coql::Since;

/// What the vendor's clock may differ from ours.
const CLOCKS_DIFFER_S: i64 = 120;
/// How far the first look among what was deleted reaches back before the sweep's own beginning: sweeps of the process
/// before this one may have left it out.
const BEFORE_THE_FIRST_S: i64 = 2 * 3_600;
/// Every so many sweeps also look among what was deleted: that costs as much as all the rest, and somebody who was deleted
/// and counts a little longer does less harm than somebody new who is learned of later.
pub(super) const DELETED_EVERY: u32 = 4;

/// Where in a sweep a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Among what changed.
    Changed {
        /// Since when the whole sweep looks.
        begun_s: i64,
        since: Since,
    },
    /// Among the leads that were converted.
    Converted { begun_s: i64, token: Option<String> },
    /// Among what was deleted.
    Deleted {
        since_s: i64,
        /// When this look began: up to then what was deleted is known when it ends.
        looked_s: i64,
        page: u32,
    },
}

impl Place {
    pub(super) fn into_cursor(self) -> Cursor {
        Cursor(match self {
            Self::Changed { begun_s, since: Since { at_s, behind } } => {
                format!("changed {begun_s} {at_s} {}", behind.unwrap_or(0))
            }
            Self::Converted { begun_s, token } => format!("converted {begun_s} {}", token.unwrap_or_default()),
            Self::Deleted { since_s, looked_s, page } => format!("deleted {since_s} {looked_s} {page}"),
        })
    }

    /// The place of a cursor; without one, the beginning of a sweep since then.
    pub(super) fn read(cursor: Option<&Cursor>, since_s: i64) -> Result<Self, Failure> {
        let Some(Cursor(text)) = cursor else {
            return Ok(Self::Changed { begun_s: since_s, since: Since { at_s: since_s, behind: None } });
        };
        Self::parse(text).ok_or_else(|| no_place(text))
    }

    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["changed", begun_s, at_s, id] => {
                let since = Since { at_s: at_s.parse().ok()?, behind: Some(id.parse().ok()?) };
                Some(Self::Changed { begun_s: begun_s.parse().ok()?, since })
            }
            ["converted", begun_s, token] => {
                let token = (!token.is_empty()).then(|| (*token).to_owned());
                Some(Self::Converted { begun_s: begun_s.parse().ok()?, token })
            }
            ["deleted", since_s, looked_s, page] => {
                let (since_s, looked_s) = (since_s.parse().ok()?, looked_s.parse().ok()?);
                Some(Self::Deleted { since_s, looked_s, page: page.parse().ok()? })
            }
            _ => None,
        }
    }
}

/// The id behind which a page of a crawl begins.
pub(super) fn behind(cursor: Option<&Cursor>) -> Result<u64, Failure> {
    let Some(Cursor(text)) = cursor else { return Ok(0) };
    text.parse().map_err(|_| no_place(text))
}

pub(super) fn no_place(text: &str) -> Failure {
    let found: String = text.chars().take(60).collect();
    Failure::Refused { reason: format!("expected a cursor of this reader, found {found:?}") }
}

/// When to look among what was deleted of a kind, and since when.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    /// Sweeps since the last whole look.
    sweeps: u32,
    /// Up to when what was deleted is known.
    known_until_s: Option<i64>,
}

impl Turn {
    /// Counts a sweep; since when to look, if it is time to. A look that fails half way stays due.
    pub(super) fn due(&self, since_s: i64) -> Option<i64> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.sweeps = turns.sweeps.saturating_add(1);
        match turns.known_until_s {
            None => Some(since_s.saturating_sub(BEFORE_THE_FIRST_S)),
            Some(known) => (turns.sweeps >= DELETED_EVERY).then(|| known.min(since_s)),
        }
    }

    pub(super) fn done(&self, looked_s: i64) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *turns = Turns { sweeps: 0, known_until_s: Some(looked_s.saturating_sub(CLOCKS_DIFFER_S)) };
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Turn};
    use crate::crm::Cursor;
    use crate::crm::zoho_crm::coql::Since;

    #[test]
    fn a_place_survives_its_cursor() {
        let places = [
            Place::Changed { begun_s: -5, since: Since { at_s: 1_800_000_000, behind: Some(554_023_000_000_000_012) } },
            Place::Converted { begun_s: 7, token: None },
            Place::Converted { begun_s: 7, token: Some("c8582xx9e7c7".to_owned()) },
            Place::Deleted { since_s: 7, looked_s: 8, page: 3 },
        ];
        for place in places {
            assert_eq!(Place::read(Some(&place.clone().into_cursor()), 1), Ok(place));
        }
        let first = Place::Changed { begun_s: 9, since: Since { at_s: 9, behind: None } };
        assert_eq!(Place::read(None, 9), Ok(first));
        for other in ["", "17", "changed", "changed 1 2 x", "converted", "converted 1", "deleted 1 2", "deleted 1 2 -3"]
        {
            assert!(Place::read(Some(&Cursor(other.to_owned())), 9).is_err(), "{other}");
        }
    }

    #[test]
    fn the_first_sweep_looks_back_further_and_then_every_fourth_where_the_last_look_ended() {
        let turn = Turn::default();
        assert_eq!(turn.due(100_000), Some(92_800));
        assert_eq!(turn.due(100_000), Some(92_800), "a look that did not end stays due");
        turn.done(100_060);
        assert_eq!([turn.due(100_100), turn.due(100_200), turn.due(100_300)], [None; 3]);
        assert_eq!(turn.due(100_400), Some(99_940));
        turn.done(100_460);
        assert_eq!(turn.due(100_500), None);
    }
}
