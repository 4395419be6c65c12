//! From a caller's number to a verdict: memory first, the CRM where memory does not know.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Line,
    trail::Trail,
    verdict::{Decision, MissReason, Source, Verdict},
    walk::{Walked, walk},
};
use crate::directory::Asked;
use crate::model::phone::{NotANumber, PhoneKey, Readings};
use crate::project::Block;

/// What memory says.
#[derive(Debug, Clone, Copy)]
pub enum Recalled {
    /// It knows.
    Decided(Verdict),
    /// It does not: the CRM would have to be asked.
    Unknown {
        /// What the caller's number can be, the likeliest first.
        readings: Readings,
        /// What would be decided on the little that is known, for the case that the CRM cannot be asked.
        on_what_is_known: Option<Verdict>,
    },
}

/// Answers from memory.
///
/// # Cost
/// On a hit: one fold of digits, one `get`, one walk over a handful of entities. No await, no lock of ours, no
/// allocation. The slow readings of an odd number are tried only when the quick one is not known.
#[must_use]
pub fn recall(line: &Line, block: &Block, caller: Option<&str>) -> Recalled {
    recall_with(line, block, caller, &mut ())
}

/// Decides after [`recall`], asking the CRM until `answer_by` where memory did not know; with `None`, from memory alone.
///
/// # Errors
/// None: whatever happens is a [`Verdict`], by `answer_by` at the latest.
///
/// # Cost
/// Nothing where memory knew; otherwise at most one question of the CRM, joined by every call that waits for the
/// same number, and not cut off when this call stops waiting.
pub async fn resolve(line: &Arc<Line>, block: &Block, recalled: Recalled, answer_by: Option<Instant>) -> Verdict {
    resolve_with(line, block, recalled, answer_by, &mut ()).await
}

pub(super) async fn resolve_with(
    line: &Line,
    block: &Block,
    recalled: Recalled,
    answer_by: Option<Instant>,
    trail: &mut impl Trail,
) -> Verdict {
    let (readings, on_what_is_known) = match recalled {
        Recalled::Decided(verdict) => return verdict,
        Recalled::Unknown { readings, on_what_is_known } => (readings, on_what_is_known),
    };
    let number = readings.first();
    let failing = |reason, source| on_what_is_known.unwrap_or(Verdict::miss(reason, source, Some(number)));
    let Some(answer_by) = answer_by.filter(|&answer_by| answer_by > Instant::now()) else {
        return failing(MissReason::Late, Source::Late);
    };
    match line.directory.ask(&readings, answer_by).await {
        Asked::Found => found(line, block, &readings, trail),
        Asked::Nobody => on_what_is_known.unwrap_or_else(|| nobody(line, number)),
        Asked::Late => failing(MissReason::Late, Source::Late),
        Asked::Busy => failing(MissReason::Busy, Source::Busy),
        Asked::Failed => failing(MissReason::Failed, Source::Failed),
    }
}

pub(super) fn recall_with(line: &Line, block: &Block, caller: Option<&str>, trail: &mut impl Trail) -> Recalled {
    let Some(caller) = caller else { return Recalled::Decided(unreadable(NotANumber::Missing)) };
    let quick = match line.project.numbers.quick(caller) {
        Ok(quick) => quick,
        Err(reason) => return Recalled::Decided(unreadable(reason)),
    };
    let mut on_what_is_known = None;
    if let Some(recalled) = look_up(line, block, quick, trail, &mut on_what_is_known) {
        return Recalled::Decided(recalled);
    }
    let readings = match line.project.numbers.readings(caller) {
        Ok(readings) => readings,
        Err(reason) => return Recalled::Decided(unreadable(reason)),
    };
    for key in readings.iter().filter(|&key| key != quick) {
        if let Some(recalled) = look_up(line, block, key, trail, &mut on_what_is_known) {
            return Recalled::Decided(recalled);
        }
    }
    if let Some(recalled) = look_alike(line, block, &readings, trail, &mut on_what_is_known) {
        return Recalled::Decided(recalled);
    }
    if on_what_is_known.is_none() {
        if let Some(as_of_s) = line.directory.absent_as_of() {
            let absent = Verdict::miss(MissReason::Nobody, Source::Absent, Some(quick));
            return Recalled::Decided(Verdict { as_of_s: Some(as_of_s), ..absent });
        }
        if let Some(as_of_s) = line.directory.lately_not_found(readings.first()) {
            let nobody = Verdict::miss(MissReason::Nobody, Source::Live, Some(quick));
            return Recalled::Decided(Verdict { as_of_s: Some(as_of_s), ..nobody });
        }
    }
    Recalled::Unknown { readings, on_what_is_known }
}

/// One number in memory; `None` when it is not known, or not well enough to decide.
fn look_up(
    line: &Line,
    block: &Block,
    key: PhoneKey,
    trail: &mut impl Trail,
    on_what_is_known: &mut Option<Verdict>,
) -> Option<Verdict> {
    let client = line.directory.known(key);
    trail.tried(key, client.is_some());
    let client = client?;
    let as_of_s = client.as_of_s.max(line.directory.swept_as_of_s());
    let verdict = |decision| Verdict { decision, source: Source::Directory, as_of_s: Some(as_of_s), number: Some(key) };
    let who_is = |owner| line.who_is(owner);
    match walk(&block.plan, &client, line.directory.crawled(), who_is, trail) {
        Walked::Decided(decision) if line.directory.is_stale(&client) => {
            on_what_is_known.get_or_insert(verdict(decision));
            None
        }
        Walked::Decided(decision) => Some(verdict(decision)),
        Walked::Unsure { on_what_is_known: decision } => {
            if matches!(decision, Decision::Hit { .. }) {
                on_what_is_known.get_or_insert(verdict(decision));
            }
            None
        }
    }
}

/// The number that is the caller's by the CRM's own rule, where none of the readings is known as a whole.
fn look_alike(
    line: &Line,
    block: &Block,
    readings: &Readings,
    trail: &mut impl Trail,
    on_what_is_known: &mut Option<Verdict>,
) -> Option<Verdict> {
    let alike = |key: PhoneKey| line.directory.alike(key).map(|known| (known.shared_ending(key), known));
    let (_, known) = readings.iter().filter_map(alike).max()?;
    if readings.iter().any(|key| line.directory.known(key).is_some()) {
        return None;
    }
    // It was the caller's number that was asked for.
    let ours = |verdict| Verdict { number: Some(readings.first()), ..verdict };
    let recalled = look_up(line, block, known, trail, on_what_is_known);
    *on_what_is_known = on_what_is_known.map(ours);
    recalled.map(ours)
}

/// The CRM has just told who carries the number: the directory knows now.
fn found(line: &Line, block: &Block, readings: &Readings, trail: &mut impl Trail) -> Verdict {
    let mut on_what_is_known = None;
    let decided = readings.iter().find_map(|key| look_up(line, block, key, trail, &mut on_what_is_known));
    let decided = decided.or_else(|| look_alike(line, block, readings, trail, &mut on_what_is_known));
    let verdict = decided.or(on_what_is_known).unwrap_or_else(|| nobody(line, readings.first()));
    Verdict { source: Source::Live, ..verdict }
}

fn nobody(line: &Line, number: PhoneKey) -> Verdict {
    let as_of_s = Some(line.directory.clock().now_s());
    Verdict { as_of_s, ..Verdict::miss(MissReason::Nobody, Source::Live, Some(number)) }
}

const fn unreadable(reason: NotANumber) -> Verdict {
    Verdict::miss(MissReason::Unreadable(reason), Source::Unreadable, None)
}
