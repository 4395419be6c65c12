//! Plans and their steps.

use rusqlite::{Connection, ToSql};

use crate::journal::store::failure::StoreError;
use crate::journal::store::record::{EntryId, Made};
use crate::journal::store::sqlite::{fault::Fault, lease};
use crate::journal::store::work::{Lease, Plan, Stepped};

pub(super) fn save(db: &Connection, lease: &Lease, plan: &Plan) -> Result<(), Fault> {
    lease::check(db, lease)?;
    let id = lease.entry;
    let planned: bool =
        db.prepare_cached("SELECT planned FROM entry WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    if planned {
        return Err(StoreError::Planned(id).into());
    }
    db.prepare_cached("UPDATE entry SET planned = 1, returns_to = 'planned', row_id = ?2, outcome = ?3 WHERE id = ?1")?
        .execute((id, &plan.row_id, &plan.outcome))?;
    if plan.judged.is_some() {
        db.prepare_cached(
            "UPDATE call SET judged = ?2 WHERE judged IS NULL
                 AND (project, call_id) = (SELECT project, call_id FROM entry WHERE id = ?1)",
        )?
        .execute((id, &plan.judged))?;
    }
    let mut insert =
        db.prepare_cached("INSERT INTO step (entry, seq, name, mark, \"order\") VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (seq, step) in (0_u32..).zip(&plan.steps) {
        insert.execute((id, seq, &step.name, &step.mark, &step.order))?;
    }
    Ok(())
}

pub(super) fn step(db: &Connection, lease: &Lease, seq: u32, stepped: &Stepped) -> Result<(), Fault> {
    lease::check(db, lease)?;
    let id = lease.entry;
    let there = db.prepare_cached("SELECT 1 FROM step WHERE entry = ?1 AND seq = ?2")?.exists((id, seq))?;
    if !there {
        return Err(StoreError::NoStep { entry: id, seq }.into());
    }
    let (change, one, other): (&str, &dyn ToSql, &dyn ToSql) = match stepped {
        Stepped::Sent { at_ms } => ("state = 'sent', unclear = 0, sent_ms = ?3, error = ?4", at_ms, &None::<&str>),
        // The next part has not left: what it is found as is *to do*, not *sent*.
        Stepped::Part { id } => {
            ("state = 'todo', unclear = 0, parts = json_insert(parts, '$[#]', ?3), error = ?4", id, &None::<&str>)
        }
        Stepped::Done { receipt, at_ms, .. } => {
            ("state = 'done', unclear = 0, receipt = ?3, done_ms = ?4, error = NULL", receipt, at_ms)
        }
        Stepped::Unclear { error } => ("state = 'sent', unclear = 1, error = ?3 || ?4", error, &""),
        Stepped::Undone { error } => ("state = 'todo', unclear = 0, error = ?3 || ?4", error, &""),
        Stepped::Skipped { reason } => ("state = 'skipped', unclear = 0, error = ?3 || ?4", reason, &""),
        Stepped::Dead { error } => ("state = 'dead', unclear = 0, error = ?3 || ?4", error, &""),
    };
    db.prepare_cached(&format!("UPDATE step SET {change} WHERE entry = ?1 AND seq = ?2"))?
        .execute((id, seq, one, other))?;
    if let Stepped::Done { made, .. } = stepped {
        made.iter().try_for_each(|made| keep_made(db, id, made))?;
    }
    Ok(())
}

fn keep_made(db: &Connection, id: EntryId, made: &Made) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO made (project, who, kind, crm_id, at_ms)
         SELECT project, ?2, ?3, ?4, ?5 FROM entry WHERE id = ?1",
    )?
    .execute((id, &made.who, &made.kind, &made.crm_id, made.at_ms))?;
    Ok(())
}
