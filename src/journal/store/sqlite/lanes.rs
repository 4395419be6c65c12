//! Whose turn it is in a lane.
//!
//! Of every lane with open entries one is marked as its *head*: the one that is leased, else the oldest. The index of heads
//! is what workers choose from, so that choosing costs the same however many wait behind them.

use rusqlite::{Connection, OptionalExtension};

use crate::journal::store::record::{EntryId, State};
use crate::journal::store::sqlite::fault::Fault;

/// Finds the lane's head anew, after an entry came into the lane that was not the last, or left it. One that left has lost
/// its mark with that.
pub(super) fn settle(db: &Connection, project: &str, lane: &str) -> Result<(), Fault> {
    let head: Option<(EntryId, State)> = db
        .prepare_cached("SELECT id, state FROM entry WHERE project = ?1 AND lane = ?2 AND head = 1")?
        .query_row((project, lane), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if matches!(head, Some((_, State::Leased))) {
        return Ok(());
    }
    let oldest: Option<EntryId> = db
        .prepare_cached("SELECT id FROM entry WHERE project = ?1 AND lane = ?2 AND open = 1 ORDER BY id LIMIT 1")?
        .query_row((project, lane), |row| row.get(0))
        .optional()?;
    let head = head.map(|(id, _)| id);
    if head != oldest {
        let mut mark = db.prepare_cached("UPDATE entry SET head = ?2 WHERE id = ?1")?;
        if let Some(head) = head {
            mark.execute((head, 0))?;
        }
        if let Some(oldest) = oldest {
            mark.execute((oldest, 1))?;
        }
    }
    Ok(())
}
