//! Where in the changes a page begins.

use crate::crm::Cursor;
use crate::crm::failure::Failure;
use crate::crm::hubspot::wire::Object;
use crate::model::{client::Kind, ids::CrmId};

/// The vendor's search index lags behind its lists; a minute after an update is what its integrators wait.
const INDEX_LAG_MS: i64 = 60_000;

/// A search gives ten thousand finds and refuses what is beyond; and who counts finds skips some where a record that
/// changes meanwhile moves to the end. So no page is counted from the beginning: each asks for what was changed since the
/// last one on the page before. Where a whole page was changed in one millisecond, by an import say, that millisecond is
/// read by ids to its end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// What was changed then or later.
    Since { ms: i64 },
    /// What was changed then, from behind this id on.
    Within { ms: i64, behind: u64 },
}

impl Place {
    const SINCE: &str = "since";
    const WITHIN: &str = "within";

    /// Where a sweep begins, or where the page before ended.
    ///
    /// # Errors
    /// [`Failure::Refused`] for a cursor that is none of this reader's.
    pub(super) fn read(since_s: i64, cursor: Option<&Cursor>) -> Result<Self, Failure> {
        let Some(Cursor(text)) = cursor else {
            return Ok(Self::Since { ms: since_s.saturating_mul(1_000).saturating_sub(INDEX_LAG_MS).max(0) });
        };
        let words: Vec<_> = text.split(' ').collect();
        let read = match words.as_slice() {
            [Self::SINCE, ms] => ms.parse().ok().map(|ms| Self::Since { ms }),
            [Self::WITHIN, ms, id] => {
                ms.parse().ok().zip(id.parse().ok()).map(|(ms, behind)| Self::Within { ms, behind })
            }
            _ => None,
        };
        read.ok_or_else(|| {
            let found: String = text.chars().take(60).collect();
            Failure::Refused { reason: format!("expected a cursor of this reader, found {found:?}") }
        })
    }

    pub(super) fn into_cursor(self) -> Cursor {
        Cursor(match self {
            Self::Since { ms } => format!("{} {ms}", Self::SINCE),
            Self::Within { ms, behind } => format!("{} {ms} {behind}", Self::WITHIN),
        })
    }

    /// Where the page after this one begins; `None` after the last. `full`: how many make a page.
    ///
    /// # Errors
    /// [`Failure::Unclear`] for a page that leads nowhere: it holds what was not asked for.
    pub(super) fn after(self, kind: Kind, page: &[Object], full: usize) -> Result<Option<Self>, Failure> {
        let whole = page.len() >= full;
        let next = match self {
            Self::Within { ms, .. } if !whole => Some(Self::Since { ms: ms.saturating_add(1) }),
            Self::Since { .. } if !whole => None,
            Self::Within { ms, .. } => highest_id(page).map(|behind| Self::Within { ms, behind }),
            Self::Since { ms } => match page.last().and_then(|last| last.modified_ms(kind)) {
                Some(last) if last > ms => Some(Self::Since { ms: last }),
                Some(_) => Some(Self::Within { ms, behind: 0 }),
                None => return Err(astray("a change without its time")),
            },
        };
        match (self, next) {
            (Self::Within { behind, .. }, Some(Self::Within { behind: next, .. })) if next <= behind => {
                Err(astray("ids that were read before"))
            }
            (_, next) => Ok(next),
        }
    }
}

fn highest_id(page: &[Object]) -> Option<u64> {
    let ids = page.iter().filter_map(|object| match object.id() {
        Some(CrmId::Number(id)) => Some(id),
        _ => None,
    });
    ids.max()
}

fn astray(found: &str) -> Failure {
    Failure::Unclear { reason: format!("expected further changes, found {found}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Place;
    use crate::crm::Cursor;
    use crate::crm::hubspot::wire::Object;
    use crate::model::client::Kind;

    fn changed(id: u64, ms: i64) -> Object {
        let at = jiff::Timestamp::from_millisecond(ms).expect("a time").to_string();
        let object = json!({"id": id.to_string(), "properties": {"hs_lastmodifieddate": at}});
        serde_json::from_value(object).expect("an object")
    }

    fn after(place: Place, page: &[Object]) -> Option<Place> {
        place.after(Kind::Deal, page, 2).expect("further changes")
    }

    #[test]
    fn a_place_survives_its_cursor_and_nothing_else_is_one() {
        for place in [Place::Since { ms: 1_795_000_000_123 }, Place::Within { ms: 5, behind: 7 }] {
            assert_eq!(Place::read(0, Some(&place.into_cursor())), Ok(place));
        }
        for other in ["", "100", "since", "since x", "within 1", "within 1 x", "since 1 2", "no cursor of ours"] {
            assert!(Place::read(0, Some(&Cursor(other.to_owned()))).is_err(), "{other}");
        }
    }

    #[test]
    fn a_sweep_reaches_back_by_the_indexs_lag_and_never_before_1970() {
        assert_eq!(Place::read(1_000, None), Ok(Place::Since { ms: 940_000 }));
        assert_eq!(Place::read(0, None), Ok(Place::Since { ms: 0 }));
    }

    #[test]
    fn the_next_page_begins_with_the_last_ones_millisecond() {
        let page = [changed(1, 10), changed(2, 20)];
        assert_eq!(after(Place::Since { ms: 10 }, &page), Some(Place::Since { ms: 20 }));
        assert_eq!(after(Place::Since { ms: 10 }, &page[..1]), None);
    }

    #[test]
    fn a_millisecond_that_fills_pages_is_read_by_ids_to_its_end() {
        let page = [changed(8, 10), changed(9, 10)];
        let within = |behind| Place::Within { ms: 10, behind };
        assert_eq!(after(Place::Since { ms: 10 }, &page), Some(within(0)));
        assert_eq!(after(within(0), &page), Some(within(9)));
        assert_eq!(after(within(9), &page[..0]), Some(Place::Since { ms: 11 }));
    }

    #[test]
    fn a_page_that_leads_nowhere_is_an_error_and_not_read_for_ever() {
        let page = [changed(8, 10), changed(9, 10)];
        assert!(Place::Within { ms: 10, behind: 9 }.after(Kind::Deal, &page, 2).is_err());
        let timeless: Object = serde_json::from_value(json!({"id": "1"})).expect("an object");
        assert!(Place::Since { ms: 1 }.after(Kind::Deal, &[timeless], 1).is_err());
    }
}
