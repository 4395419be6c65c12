//! What is read.

use rusqlite::{Connection, Row};

use crate::journal::store::decisions::{Answer, Asked, Decision};

/// What [`decision`] reads, in its order.
const COLUMNS: &str = "decision.id, project.name, number, crm_id, at_ms,
    block, outcome, reason, employee, destination, source, entity";

pub(super) fn projects(db: &mut Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut found = db.prepare_cached("SELECT name FROM project ORDER BY name")?;
    found.query_map([], |row| row.get(0))?.collect()
}

pub(super) fn list(
    db: &mut Connection,
    project: &str,
    numbers: Option<&[u64]>,
    limit: u32,
) -> Result<Vec<Decision>, rusqlite::Error> {
    let Some(numbers) = numbers else {
        let mut found = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM decision JOIN project ON project.id = decision.project
             JOIN answer ON answer.id = decision.answer
             WHERE decision.project = (SELECT id FROM project WHERE name = ?1)
             ORDER BY at_ms DESC, decision.id DESC LIMIT ?2"
        ))?;
        return found.query_map((project, limit), decision)?.collect();
    };
    let mut listed = Vec::new();
    for number in numbers {
        let mut found = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM decision JOIN project ON project.id = decision.project
             JOIN answer ON answer.id = decision.answer
             WHERE decision.project = (SELECT id FROM project WHERE name = ?1) AND number = ?2
             ORDER BY decision.id DESC LIMIT ?3"
        ))?;
        for decision in found.query_map((project, number.cast_signed(), limit), decision)? {
            listed.push(decision?);
        }
    }
    listed.sort_by_key(|decision| std::cmp::Reverse((decision.at_ms, decision.id)));
    listed.truncate(limit as usize);
    Ok(listed)
}

/// Of each block and number the last row, found by there being none behind it: read in the order of an index, so that
/// nothing is sorted and nothing kept, and a page costs the same wherever it stands.
pub(super) fn asked(
    db: &mut Connection,
    (project, since_ms): (&str, i64),
    (before_ms, before): (i64, i64),
    limit: u32,
) -> Result<Vec<Asked>, rusqlite::Error> {
    let mut found = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, (
             SELECT count(*) FROM decision AS each JOIN answer AS its ON its.id = each.answer
             WHERE each.project = decision.project AND each.number = decision.number AND each.at_ms >= ?2
             AND its.block = answer.block)
         FROM decision JOIN project ON project.id = decision.project JOIN answer ON answer.id = decision.answer
         WHERE (decision.at_ms, decision.id) < (?3, ?5) AND decision.project = (SELECT id FROM project WHERE name = ?1)
         AND decision.at_ms >= ?2 AND decision.number IS NOT NULL
         AND NOT EXISTS (
             SELECT 1 FROM decision AS later JOIN answer AS its ON its.id = later.answer
             WHERE later.project = decision.project AND later.number = decision.number AND later.id > decision.id
             AND its.block = answer.block)
         ORDER BY decision.at_ms DESC, decision.id DESC LIMIT ?4"
    ))?;
    let one = |row: &Row<'_>| {
        let times: i64 = row.get(12)?;
        Ok(Asked { last: decision(row)?, times: times.unsigned_abs() })
    };
    found.query_map((project, since_ms, before_ms, limit, before), one)?.collect()
}

fn decision(row: &Row<'_>) -> Result<Decision, rusqlite::Error> {
    let number: Option<i64> = row.get(2)?;
    Ok(Decision {
        id: row.get(0)?,
        project: row.get(1)?,
        number: number.map(i64::cast_unsigned),
        crm_id: row.get(3)?,
        at_ms: row.get(4)?,
        answer: Answer {
            block: row.get(5)?,
            outcome: row.get(6)?,
            reason: row.get(7)?,
            employee: row.get(8)?,
            destination: row.get(9)?,
            source: row.get(10)?,
            entity: row.get(11)?,
        },
    })
}
