//! What comes in.

use rusqlite::{Connection, OptionalExtension};

use crate::journal::store::failure::StoreError;
use crate::journal::store::record::{Appended, EntryId, NewEntry, State};
use crate::journal::store::sqlite::{fault::Fault, pause};

pub(super) fn append(db: &Connection, new: &NewEntry) -> Result<Appended, Fault> {
    if !matches!(new.state, State::Received | State::Unreadable) {
        let expected = "a new entry to be received or unreadable";
        return Err(StoreError::State { expected, found: new.state }.into());
    }
    let identity = match known(db, new)? {
        Known::Same(id, state) => return Ok(Appended { id, known: true, state }),
        Known::No(identity) => identity,
    };
    let off = pause::of(db, &new.project)?.is_some();
    let state = if off && new.state == State::Received { State::Stored } else { new.state };
    let lane = lane(db, new)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO entry (project, moment, call_id, identity, lane, received_ms, raw, facts, state, head)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9 = 'received' AND NOT EXISTS (
             SELECT 1 FROM entry WHERE project = ?1 AND lane = ?5 AND head = 1))",
    )?;
    let id = insert.insert((
        &new.project,
        &new.moment,
        &new.call_id,
        &identity,
        &lane,
        new.received_ms,
        &new.raw,
        &new.facts,
        state,
    ))?;
    Ok(Appended { id: EntryId(id), known: false, state })
}

/// Whether an entry is there already.
enum Known {
    Same(EntryId, State),
    /// It is not, and this is to be its identity.
    No(String),
}

fn known(db: &Connection, new: &NewEntry) -> Result<Known, Fault> {
    let same: Option<(EntryId, State, i64)> = match new.same_within_ms {
        None => db
            .prepare_cached("SELECT id, state, received_ms FROM entry WHERE project = ?1 AND identity = ?2")?
            .query_row((&new.project, &new.identity), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?,
        // Those that came later under it have the time behind it: `-` comes before `.`.
        Some(_) => db
            .prepare_cached(
                "SELECT id, state, received_ms FROM entry WHERE project = ?1 AND identity >= ?2 AND identity < ?2 || '.'
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row((&new.project, &new.identity), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?,
    };
    Ok(match (same, new.same_within_ms) {
        (None, _) => Known::No(new.identity.clone()),
        // A clock that was set back makes nothing new.
        (Some((.., received_ms)), Some(within)) if new.received_ms.saturating_sub(received_ms) >= within => {
            Known::No(format!("{}-{}", new.identity, new.received_ms))
        }
        (Some((id, state, _)), _) => Known::Same(id, state),
    })
}

/// The lane of the entry's call, which becomes known with it.
fn lane(db: &Connection, new: &NewEntry) -> Result<String, Fault> {
    let Some(call_id) = &new.call_id else { return Ok(new.lane.clone()) };
    let known: Option<String> = db
        .prepare_cached("SELECT lane FROM call WHERE project = ?1 AND call_id = ?2")?
        .query_row((&new.project, call_id), |row| row.get(0))
        .optional()?;
    if let Some(lane) = known {
        return Ok(lane);
    }
    db.prepare_cached("INSERT INTO call (project, call_id, lane, first_ms) VALUES (?1, ?2, ?3, ?4)")?.execute((
        &new.project,
        call_id,
        &new.lane,
        new.received_ms,
    ))?;
    Ok(new.lane.clone())
}
