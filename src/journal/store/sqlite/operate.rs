//! What operators decide, and what time does. Whatever may be many is done in parts, each of some hundreds.

use rusqlite::Connection;

use crate::journal::store::failure::{NOT_WORKED_ON, StoreError};
use crate::journal::store::record::{EntryId, State};
use crate::journal::store::sqlite::{fault::Fault, lanes, lease, rows};

/// So many make a part.
const PART: u32 = 500;
/// States that an operator can send an entry back to work from.
const RETRIED: [State; 4] = [State::Dead, State::Dropped, State::Stored, State::Later];
const NOT_RETRIED: &str = "a dead, dropped, stored or waiting entry";

/// How far something that is done in parts has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// How many were changed.
    pub(super) changed: u64,
    /// The last one that was looked at; `None`: there are no more.
    pub(super) last: Option<EntryId>,
}

pub(super) fn retry(db: &Connection, id: EntryId) -> Result<(), Fault> {
    let entry = rows::entry_of(db, id)?.ok_or(StoreError::NoEntry(id))?;
    can_be_retried(entry.state)?;
    work_again(db, id)
}

pub(super) fn can_be_retried(state: State) -> Result<(), Fault> {
    let can = RETRIED.contains(&state);
    if can { Ok(()) } else { Err(StoreError::State { expected: NOT_RETRIED, found: state }.into()) }
}

/// Makes an entry workable as if it were new.
fn work_again(db: &Connection, id: EntryId) -> Result<(), Fault> {
    db.prepare_cached("UPDATE step SET state = 'todo', error = NULL WHERE entry = ?1 AND state = 'dead'")?
        .execute([id])?;
    db.prepare_cached(
        "UPDATE entry SET state = iif(planned, 'planned', 'received'), attempts = 0, not_before_ms = NULL, error = NULL,
             finished_ms = NULL WHERE id = ?1",
    )?
    .execute([id])?;
    let (project, lane) = lease::place(db, id)?;
    lanes::settle(db, &project, &lane)
}

/// A part of the project's entries in this state that came at a time or later and stand behind `after`.
pub(super) fn retry_part(
    db: &Connection,
    (project, state): (&str, State),
    from_ms: i64,
    after: EntryId,
) -> Result<Part, Fault> {
    let found = part(db, (project, state), after)?;
    let mut changed = 0;
    for &(id, received_ms) in &found {
        if received_ms >= from_ms {
            work_again(db, id)?;
            changed += 1;
        }
    }
    Ok(Part { changed, last: last(&found) })
}

pub(super) fn drop_entry(db: &Connection, id: EntryId, now_ms: i64) -> Result<(), Fault> {
    let entry = rows::entry_of(db, id)?.ok_or(StoreError::NoEntry(id))?;
    if matches!(entry.state, State::Done | State::Dropped) {
        let expected = "an entry that is neither done nor dropped";
        return Err(StoreError::State { expected, found: entry.state }.into());
    }
    // Its worker may have a request under way: the lane stays taken until that has ended.
    if entry.state == State::Leased && entry.lease_until_ms.is_none_or(|until_ms| until_ms > now_ms) {
        return Err(StoreError::State { expected: NOT_WORKED_ON, found: entry.state }.into());
    }
    db.prepare_cached(
        "UPDATE entry SET state = 'dropped', head = 0, finished_ms = ?2, returns_to = NULL, lease = NULL,
             lease_until_ms = NULL, not_before_ms = NULL WHERE id = ?1",
    )?
    .execute((id, now_ms))?;
    lanes::settle(db, &entry.project, &entry.lane)
}

/// Removes a part of what is in this state and came before a time. They stand in the order they came: the first part
/// without an old one is the last.
pub(super) fn remove_part(
    db: &Connection,
    (project, state): (&str, State),
    before_ms: i64,
    after: EntryId,
) -> Result<Part, Fault> {
    let found = part(db, (project, state), after)?;
    let mut remove = db.prepare_cached("DELETE FROM entry WHERE id = ?1")?;
    let mut changed = 0;
    for &(id, received_ms) in &found {
        if received_ms < before_ms {
            remove.execute([id])?;
            changed += 1;
        }
    }
    Ok(Part { changed, last: if changed == 0 { None } else { last(&found) } })
}

/// Removes a part of the calls without entries and of what was made, where they are old; says whether that was all.
pub(super) fn remove_rest(db: &Connection, project: &str, before_ms: i64) -> Result<bool, Fault> {
    let calls = db
        .prepare_cached(
            "DELETE FROM call WHERE (project, call_id) IN (
                 SELECT project, call_id FROM call WHERE project = ?1 AND first_ms < ?2 AND NOT EXISTS (
                     SELECT 1 FROM entry WHERE entry.project = call.project AND entry.call_id = call.call_id)
                 LIMIT ?3)",
        )?
        .execute((project, before_ms, PART))?;
    let made = db
        .prepare_cached(
            "DELETE FROM made WHERE rowid IN (SELECT rowid FROM made WHERE project = ?1 AND at_ms < ?2 LIMIT ?3)",
        )?
        .execute((project, before_ms, PART))?;
    Ok(calls.max(made) < PART as usize)
}

type Found = Vec<(EntryId, i64)>;

fn part(db: &Connection, (project, state): (&str, State), after: EntryId) -> Result<Found, Fault> {
    let mut found = db.prepare_cached(
        "SELECT id, received_ms FROM entry WHERE project = ?1 AND state = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
    )?;
    let rows = found.query_map((project, state, after, PART), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn last(found: &Found) -> Option<EntryId> {
    found.last().filter(|_| found.len() == PART as usize).map(|&(id, _)| id)
}
