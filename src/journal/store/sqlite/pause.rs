//! Projects that are off.

use rusqlite::{Connection, OptionalExtension};

use crate::journal::store::record::{Paused, PausedBy};
use crate::journal::store::sqlite::{fault::Fault, rows};

/// What a project is off by.
pub(super) fn of(db: &Connection, project: &str) -> Result<Option<PausedBy>, Fault> {
    let mut found = db.prepare_cached("SELECT by FROM paused WHERE project = ?1")?;
    Ok(found.query_row([project], |row| row.get(0)).optional()?)
}

pub(super) fn pause(db: &Connection, pause: &Paused) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO paused (project, by, since_ms, reason) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET by = excluded.by, reason = excluded.reason
         WHERE by = 'credentials' OR excluded.by = 'operator'",
    )?
    .execute((&pause.project, pause.by, pause.since_ms, &pause.reason))?;
    Ok(())
}

/// Whether this word ends the pause, if there is one.
pub(super) fn may_end(db: &Connection, project: &str, by: PausedBy) -> Result<bool, Fault> {
    Ok(by == PausedBy::Operator || of(db, project)? != Some(PausedBy::Operator))
}

/// Ends the pause and says whether there was one.
pub(super) fn end(db: &Connection, project: &str) -> Result<bool, Fault> {
    Ok(db.prepare_cached("DELETE FROM paused WHERE project = ?1")?.execute([project])? > 0)
}

pub(super) fn list(db: &Connection) -> Result<Vec<Paused>, Fault> {
    let mut found = db.prepare_cached("SELECT project, by, since_ms, reason FROM paused ORDER BY project")?;
    Ok(found.query_map([], rows::paused)?.collect::<Result<_, _>>()?)
}
