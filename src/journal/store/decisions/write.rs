//! What is written and erased.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::journal::store::decisions::{Answer, Decision};

pub(super) fn append(db: &mut Connection, decisions: &[Decision]) -> Result<(), rusqlite::Error> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut projects = BTreeMap::new();
    {
        let mut insert = change.prepare_cached(
            "INSERT INTO decision (project, answer, number, crm_id, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for decision in decisions {
            let project = match projects.get(&decision.project) {
                Some(project) => *project,
                None => *projects.entry(&decision.project).or_insert(made_project(&change, &decision.project)?),
            };
            let answer = made_answer(&change, project, &decision.answer)?;
            let number = decision.number.map(u64::cast_signed);
            insert.execute((project, answer, number, &decision.crm_id, decision.at_ms))?;
        }
    }
    change.commit()
}

fn made_project(change: &Transaction<'_>, name: &str) -> Result<i64, rusqlite::Error> {
    change.prepare_cached("INSERT INTO project (name) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([name])?;
    change.prepare_cached("SELECT id FROM project WHERE name = ?1")?.query_row([name], |row| row.get(0))
}

fn made_answer(change: &Transaction<'_>, project: i64, answer: &Answer) -> Result<i64, rusqlite::Error> {
    let Answer { block, outcome, reason, employee, destination, source, entity } = answer;
    let its = (project, block, outcome, reason, employee, destination, source, entity);
    let known = change
        .prepare_cached(
            "SELECT id FROM answer WHERE project = ?1 AND block = ?2 AND outcome = ?3 AND reason = ?4 AND employee = ?5
             AND destination = ?6 AND source = ?7 AND entity = ?8",
        )?
        .query_row(its, |row| row.get(0))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    change
        .prepare_cached(
            "INSERT INTO answer (project, block, outcome, reason, employee, destination, source, entity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .insert(its)
}

/// What came before this time, so many at most.
pub(super) fn erase_before(
    db: &mut Connection,
    (project, before_ms): (&str, i64),
    most: u32,
) -> Result<u64, rusqlite::Error> {
    let erased = db
        .prepare_cached(
            "DELETE FROM decision WHERE id IN (SELECT id FROM decision
             WHERE project = (SELECT id FROM project WHERE name = ?1) AND at_ms < ?2 LIMIT ?3)",
        )?
        .execute((project, before_ms, most))?;
    Ok(u64::try_from(erased).unwrap_or(u64::MAX))
}

/// What came from these numbers, so many at most.
pub(super) fn erase_numbers(
    db: &mut Connection,
    project: &str,
    numbers: &[u64],
    most: u32,
) -> Result<u64, rusqlite::Error> {
    let mut erased = 0;
    for number in numbers {
        erased += db
            .prepare_cached(
                "DELETE FROM decision WHERE id IN (SELECT id FROM decision
                 WHERE project = (SELECT id FROM project WHERE name = ?1) AND number = ?2 LIMIT ?3)",
            )?
            .execute((project, number.cast_signed(), most))?;
    }
    Ok(u64::try_from(erased).unwrap_or(u64::MAX))
}

/// The names that the answers of a project hold, once no call is left that was given one.
pub(super) fn erase_names(db: &mut Connection, project: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "DELETE FROM answer WHERE project = (SELECT id FROM project WHERE name = ?1)
         AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.answer = answer.id)",
    )?
    .execute([project])?;
    Ok(())
}

/// Puts the write-ahead log where it belongs and cuts it to nothing: what has been overwritten in the file still stands
/// there. False where another program reads the file and keeps that from being done.
pub(super) fn cut_log(db: &mut Connection) -> Result<bool, rusqlite::Error> {
    let busy: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}
