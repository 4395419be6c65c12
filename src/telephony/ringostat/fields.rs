//! Which parameter is which: names are the customer's, so the usual ones are tried in order of preference.

use std::borrow::Cow;

use crate::telephony::FieldNames;

/// Names that carry the caller's number, the preferred one first. Compared without regard to case.
pub const CALLER: &[&str] = &[
    "caller",
    "caller_number",
    "callers_number",
    "caller_id",
    "userfield",
    "e164",
    "number_e164",
    "phone",
    "client_mob",
];

/// Names that carry the call's id, the preferred one first. Compared without regard to case.
pub const CALL_ID: &[&str] = &["call_id", "uniqueid", "cdr_id", "id"];

/// How good a find is; the lowest wins and the first of equals stays.
///
/// # Shape
/// A name the block gives outright beats every usual one; then the query beats the body, then an outer object an inner
/// one, then the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    usual: bool,
    place: Place,
    depth: u8,
    row: u8,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Query,
    Body,
}

/// The caller or the call's id: which of them a name means, and how good a find it would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    caller: Option<Rank>,
    call_id: Option<Rank>,
}

impl Wanted {
    /// Whether `name`, found at `place` and so deep, means anything to us.
    pub(super) fn of(names: &FieldNames, name: &str, place: Place, depth: u8) -> Option<Self> {
        let caller = rank(names.caller.as_deref(), CALLER, name, (place, depth));
        let call_id = rank(names.call_id.as_deref(), CALL_ID, name, (place, depth));
        (caller.is_some() || call_id.is_some()).then_some(Self { caller, call_id })
    }

    /// The same, as far as the caller's number goes.
    pub(super) const fn caller_alone(self) -> Self {
        Self { caller: self.caller, call_id: None }
    }

    /// The same, as far as the call's id goes.
    pub(super) const fn call_id_alone(self) -> Self {
        Self { caller: None, call_id: self.call_id }
    }

    /// Whether the caller's number is meant.
    pub(super) const fn is_caller(&self) -> bool {
        self.caller.is_some()
    }
}

fn rank(outright: Option<&str>, table: &[&str], name: &str, (place, depth): (Place, u8)) -> Option<Rank> {
    if outright == Some(name) {
        return Some(Rank { usual: false, place, depth, row: 0 });
    }
    let row = table.iter().position(|usual| usual.eq_ignore_ascii_case(name))?;
    Some(Rank { usual: true, place, depth, row: u8::try_from(row).ok()? })
}

/// The best finds so far.
#[derive(Debug, Default)]
pub(super) struct Finds<'a> {
    caller: Option<(Rank, Cow<'a, str>)>,
    call_id: Option<(Rank, Cow<'a, str>)>,
}

impl<'a> Finds<'a> {
    /// Whether a value under this name could still be better than what was found.
    pub(super) fn wants(&self, wanted: Wanted) -> bool {
        beats(&self.caller, wanted.caller) || beats(&self.call_id, wanted.call_id)
    }

    /// Keeps `value` where it is the best so far. A blank value counts as absent, so that the next name is tried.
    pub(super) fn offer(&mut self, wanted: Wanted, value: Cow<'a, str>) {
        if value.trim().is_empty() {
            return;
        }
        let (for_caller, for_call_id) = (beats(&self.caller, wanted.caller), beats(&self.call_id, wanted.call_id));
        if for_caller && for_call_id {
            self.caller = wanted.caller.map(|rank| (rank, value.clone()));
            self.call_id = wanted.call_id.map(|rank| (rank, value));
        } else if for_caller {
            self.caller = wanted.caller.map(|rank| (rank, value));
        } else if for_call_id {
            self.call_id = wanted.call_id.map(|rank| (rank, value));
        }
    }

    /// Takes over what `other` has found better.
    pub(super) fn merge(&mut self, other: Self) {
        if let Some((rank, value)) = other.caller {
            self.offer(Wanted { caller: Some(rank), call_id: None }, value);
        }
        if let Some((rank, value)) = other.call_id {
            self.offer(Wanted { caller: None, call_id: Some(rank) }, value);
        }
    }

    /// The caller and the call's id.
    pub(super) fn into_values(self) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        (self.caller.map(|(_, value)| value), self.call_id.map(|(_, value)| value))
    }
}

fn beats(found: &Option<(Rank, Cow<'_, str>)>, offered: Option<Rank>) -> bool {
    match (found, offered) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some((rank, _)), Some(offered)) => offered < *rank,
    }
}
