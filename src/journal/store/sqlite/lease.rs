//! Who works on what.

use rusqlite::{Connection, OptionalExtension};

use crate::journal::store::failure::StoreError;
use crate::journal::store::record::{EntryId, PausedBy};
use crate::journal::store::sqlite::{fault::Fault, lanes, pause, rows};
use crate::journal::store::work::{Claim, End, Lease, Leased};

/// Ends every lease: those who held them are gone. Gives the number of this opening.
pub(super) fn begin(db: &Connection) -> Result<i64, Fault> {
    let change = db.unchecked_transaction()?;
    let leased: Vec<(String, String)> = db
        .prepare(
            "SELECT project, lane FROM entry
             WHERE project IN (SELECT project FROM tally WHERE state = 'leased' AND count > 0) AND state = 'leased'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (project, lane) in leased {
        db.prepare_cached(
            "UPDATE entry SET state = returns_to, returns_to = NULL, lease = NULL, lease_until_ms = NULL
             WHERE project = ?1 AND lane = ?2 AND head = 1 AND state = 'leased'",
        )?
        .execute((&project, &lane))?;
        // An operator may have put another before it meanwhile.
        lanes::settle(db, &project, &lane)?;
    }
    db.execute("UPDATE opened SET times = times + 1", [])?;
    let times = db.query_row("SELECT times FROM opened", [], |row| row.get(0))?;
    change.commit()?;
    Ok(times)
}

pub(super) fn lease(db: &Connection, claim: &Claim, token: &str) -> Result<Option<Leased>, Fault> {
    let Some(id) = next(db, claim)? else { return Ok(None) };
    db.prepare_cached(
        "UPDATE entry SET returns_to = CASE state WHEN 'leased' THEN returns_to ELSE state END, state = 'leased',
             lease = ?2, lease_until_ms = ?3, attempts = attempts + 1 WHERE id = ?1",
    )?
    .execute((id, token, claim.now_ms.saturating_add(claim.lease_ms)))?;
    // Whoever sent it did not live to note the answer.
    db.prepare_cached("UPDATE step SET unclear = 1 WHERE entry = ?1 AND state = 'sent'")?.execute([id])?;
    let entry = rows::entry_of(db, id)?.ok_or(StoreError::NoEntry(id))?;
    let call = rows::call_of(db, &entry)?;
    Ok(Some(Leased { lease: Lease::new(id, token.to_owned()), call, steps: rows::steps_of(db, id)?, entry }))
}

/// The entry whose turn it is.
fn next(db: &Connection, claim: &Claim) -> Result<Option<EntryId>, Fault> {
    let planned: &[bool] = match pause::of(db, &claim.project)? {
        None => &[true, false],
        Some(PausedBy::Operator) => &[true],
        Some(PausedBy::Credentials) => &[],
    };
    let mut found = db.prepare_cached(
        "SELECT due_ms, id FROM entry WHERE project = ?1 AND head = 1 AND planned = ?2 AND retry = ?3 AND due_ms <= ?4
         ORDER BY due_ms, id LIMIT 1",
    )?;
    for retry in [claim.retries_first, !claim.retries_first] {
        let mut first: Option<(i64, EntryId)> = None;
        for planned in planned {
            let values = (&claim.project, planned, retry, claim.now_ms);
            let one = found.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            first = first.into_iter().chain(one).min();
        }
        if let Some((_, id)) = first {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Refuses a lease that is no longer its holder's.
pub(super) fn check(db: &Connection, lease: &Lease) -> Result<(), Fault> {
    let mut found = db.prepare_cached("SELECT 1 FROM entry WHERE id = ?1 AND lease = ?2")?;
    if found.exists((lease.entry, lease.token()))? { Ok(()) } else { Err(StoreError::LeaseLost(lease.entry).into()) }
}

pub(super) fn extend(db: &Connection, lease: &Lease, until_ms: i64) -> Result<(), Fault> {
    check(db, lease)?;
    db.prepare_cached("UPDATE entry SET lease_until_ms = ?2 WHERE id = ?1")?.execute((lease.entry, until_ms))?;
    Ok(())
}

/// Gives an entry back; its lane's turn may then be another's, that an operator has put before it meanwhile.
pub(super) fn release(db: &Connection, lease: &Lease) -> Result<(), Fault> {
    check(db, lease)?;
    db.prepare_cached(
        "UPDATE entry SET state = returns_to, returns_to = NULL, lease = NULL, lease_until_ms = NULL,
             attempts = max(attempts - 1, 0) WHERE id = ?1",
    )?
    .execute([lease.entry])?;
    let (project, lane) = place(db, lease.entry)?;
    lanes::settle(db, &project, &lane)
}

pub(super) fn set_lane(db: &Connection, lease: &Lease, lane: &str) -> Result<(), Fault> {
    release(db, lease)?;
    let (project, from) = place(db, lease.entry)?;
    let call: Option<String> =
        db.prepare_cached("SELECT call_id FROM entry WHERE id = ?1")?.query_row([lease.entry], |row| row.get(0))?;
    if let Some(call) = call {
        db.prepare_cached("UPDATE call SET lane = ?3 WHERE project = ?1 AND call_id = ?2")?
            .execute((&project, &call, lane))?;
        db.prepare_cached("UPDATE entry SET lane = ?3, head = 0 WHERE project = ?1 AND call_id = ?2")?
            .execute((&project, &call, lane))?;
    } else {
        db.prepare_cached("UPDATE entry SET lane = ?2, head = 0 WHERE id = ?1")?.execute((lease.entry, lane))?;
    }
    lanes::settle(db, &project, &from)?;
    lanes::settle(db, &project, lane)
}

pub(super) fn finish(db: &Connection, lease: &Lease, end: &End, now_ms: i64) -> Result<(), Fault> {
    check(db, lease)?;
    let (state, head, finished_ms) = match end {
        End::Done { .. } => ("done", 0, Some(now_ms)),
        End::Dead { .. } => ("dead", 0, Some(now_ms)),
        End::Later { .. } => ("later", 1, None),
    };
    let (outcome, error, not_before_ms) = match end {
        End::Done { outcome } => (outcome.as_ref(), None, None),
        End::Dead { error } => (None, Some(error), None),
        End::Later { not_before_ms, error, .. } => (None, Some(error), Some(*not_before_ms)),
    };
    let uncounted = matches!(end, End::Later { counts: false, .. });
    db.prepare_cached(
        "UPDATE entry SET state = ?2, head = ?3, finished_ms = ?4, outcome = coalesce(?5, outcome), error = ?6,
             not_before_ms = ?7, attempts = max(attempts - ?8, 0), returns_to = NULL, lease = NULL, lease_until_ms = NULL
             WHERE id = ?1",
    )?
    .execute((lease.entry, state, head, finished_ms, outcome, error, not_before_ms, uncounted))?;
    let (project, lane) = place(db, lease.entry)?;
    lanes::settle(db, &project, &lane)
}

/// An entry's project and lane.
pub(super) fn place(db: &Connection, id: EntryId) -> Result<(String, String), Fault> {
    let mut found = db.prepare_cached("SELECT project, lane FROM entry WHERE id = ?1")?;
    let place = found.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    place.ok_or_else(|| StoreError::NoEntry(id).into())
}

/// When the next entry's time comes, later than now.
pub(super) fn next_wake(db: &Connection, project: &str, now_ms: i64) -> Result<Option<i64>, Fault> {
    let mut found = db.prepare_cached(
        "SELECT min(due_ms) FROM entry WHERE project = ?1 AND head = 1 AND planned = ?2 AND retry = ?3 AND due_ms > ?4",
    )?;
    let mut first: Option<i64> = None;
    for (planned, retry) in [(false, false), (false, true), (true, false), (true, true)] {
        let one: Option<i64> = found.query_row((project, planned, retry, now_ms), |row| row.get(0))?;
        first = first.into_iter().chain(one).min();
    }
    Ok(first)
}
