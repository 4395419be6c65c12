//! The archived ones: where a sweep reads among them, and how often it does.

use std::sync::{Mutex, PoisonError};

use crate::crm::Cursor;
use crate::crm::failure::Failure;

/// What the vendor's clock may differ from ours.
const CLOCKS_DIFFER_S: i64 = 120;
/// How far the first look among the archived reaches back before the sweep's own beginning: sweeps of the process before
/// this one may have left it out.
const BEFORE_THE_FIRST_S: i64 = 2 * 3_600;
/// Every so many sweeps also look among what was archived: that costs more than all the rest, and an archived deal that
/// counts a little longer does less harm than a new client who is learned of later.
pub(super) const ARCHIVED_EVERY: u32 = 4;
/// Where in a sweep a page begins: the listed ones come first, then the archived ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Listed(String),
    Archived {
        since_s: i64,
        /// When this look began: up to then the archived ones are known when it ends.
        begun_s: i64,
        at: String,
    },
}

impl Place {
    const ARCHIVED: &str = "archived";

    pub(super) fn into_cursor(self) -> Cursor {
        match self {
            Self::Listed(at) => Cursor(format!("listed {at}")),
            Self::Archived { since_s, begun_s, at } => Cursor(format!("{} {since_s} {begun_s} {at}", Self::ARCHIVED)),
        }
    }

    pub(super) fn read(cursor: Option<&Cursor>) -> Result<Self, Failure> {
        let Some(Cursor(text)) = cursor else { return Ok(Self::Listed(String::new())) };
        if let Some(at) = text.strip_prefix("listed ") {
            return Ok(Self::Listed(at.to_owned()));
        }
        let mut words = text.splitn(4, ' ');
        let number = |words: &mut std::str::SplitN<'_, char>| words.next().and_then(|word| word.parse().ok());
        if words.next() == Some(Self::ARCHIVED)
            && let (Some(since_s), Some(begun_s)) = (number(&mut words), number(&mut words))
            && let Some(at) = words.next()
        {
            return Ok(Self::Archived { since_s, begun_s, at: at.to_owned() });
        }
        Err(Failure::Refused { reason: format!("expected a cursor of this reader, found {text:?}") })
    }
}

/// When to look among the archived ones of a kind, and since when.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    /// Sweeps since the last whole look.
    sweeps: u32,
    /// Up to when the archived ones are known.
    known_until_s: Option<i64>,
}

impl Turn {
    /// Counts a sweep; since when to look, if it is time to. A look that fails half way stays due.
    pub(super) fn due(&self, since_s: i64) -> Option<i64> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.sweeps = turns.sweeps.saturating_add(1);
        match turns.known_until_s {
            None => Some(since_s.saturating_sub(BEFORE_THE_FIRST_S)),
            Some(known) => (turns.sweeps >= ARCHIVED_EVERY).then(|| known.min(since_s)),
        }
    }

    pub(super) fn done(&self, begun_s: i64) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *turns = Turns { sweeps: 0, known_until_s: Some(begun_s.saturating_sub(CLOCKS_DIFFER_S)) };
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Turn};
    use crate::crm::Cursor;

    #[test]
    fn a_place_survives_its_cursor() {
        let places = [
            Place::Listed("eyJpZCI6N30=".to_owned()),
            Place::Archived { since_s: -5, begun_s: 1_800_000_000, at: String::new() },
            Place::Archived { since_s: 7, begun_s: 8, at: "a b".to_owned() },
        ];
        for place in places {
            assert_eq!(Place::read(Some(&place.clone().into_cursor())), Ok(place));
        }
        assert_eq!(Place::read(None), Ok(Place::Listed(String::new())));
        for other in ["", "eyJ9", "archived", "archived 1", "archived x 2 ", "archived 1 2"] {
            assert!(Place::read(Some(&Cursor(other.to_owned()))).is_err(), "{other}");
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
