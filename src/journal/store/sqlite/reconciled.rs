//! Until when projects are reconciled.

use rusqlite::{Connection, OptionalExtension};

use crate::journal::store::record::Reconciled;
use crate::journal::store::sqlite::fault::Fault;

pub(super) fn of(db: &Connection, project: &str) -> Result<Option<Reconciled>, Fault> {
    let mut found = db.prepare_cached("SELECT since_ms, until_ms FROM reconciled WHERE project = ?1")?;
    let row = found.query_row([project], |row| Ok(Reconciled { since_ms: row.get(0)?, until_ms: row.get(1)? }));
    Ok(row.optional()?)
}

pub(super) fn set(db: &Connection, project: &str, until_ms: i64) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO reconciled (project, since_ms, until_ms) VALUES (?1, ?2, ?2)
         ON CONFLICT DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
    )?
    .execute((project, until_ms))?;
    Ok(())
}
