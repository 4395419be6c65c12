//! What is read.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use crate::journal::store::record::{
    CallPlace, Counts, Entry, EntryId, Event, Filter, KnownCall, Made, Shown, State, Step,
};
use crate::journal::store::sqlite::{fault::Fault, rows};

pub(super) fn events_of_call(db: &Connection, project: &str, call_id: &str) -> Result<Vec<Event>, Fault> {
    let mut found = db.prepare_cached(
        "SELECT id, moment, received_ms, facts, state FROM entry WHERE project = ?1 AND call_id = ?2 ORDER BY id",
    )?;
    Ok(found.query_map((project, call_id), rows::event)?.collect::<Result<_, _>>()?)
}

pub(super) fn events_of_calls(
    db: &Connection,
    project: &str,
    call_ids: &[String],
) -> Result<BTreeMap<String, Vec<Event>>, Fault> {
    let mut calls = BTreeMap::new();
    for call_id in call_ids {
        let events = events_of_call(db, project, call_id)?;
        if !events.is_empty() {
            calls.insert(call_id.clone(), events);
        }
    }
    Ok(calls)
}

pub(super) fn calls_since(
    db: &Connection,
    project: &str,
    since_ms: i64,
    (after, limit): (Option<&CallPlace>, u32),
) -> Result<Vec<KnownCall>, Fault> {
    let mut found = db.prepare_cached(
        "SELECT call_id, lane, judged, first_ms FROM call WHERE project = ?1 AND first_ms >= ?2
             AND (first_ms, call_id) > (?3, ?4) ORDER BY first_ms, call_id LIMIT ?5",
    )?;
    let (behind_ms, behind) = after.map_or((i64::MIN, ""), |after| (after.first_ms, after.call_id.as_str()));
    let from_ms = since_ms.max(behind_ms);
    Ok(found.query_map((project, from_ms, behind_ms, behind, limit), rows::known_call)?.collect::<Result<_, _>>()?)
}

pub(super) fn steps_of_call(db: &Connection, project: &str, call_id: &str) -> Result<Vec<Step>, Fault> {
    let mut found = db.prepare_cached(&format!(
        "SELECT {} FROM entry JOIN step ON step.entry = entry.id WHERE project = ?1 AND call_id = ?2 ORDER BY id, seq",
        rows::STEP
    ))?;
    Ok(found.query_map((project, call_id), rows::step)?.collect::<Result<_, _>>()?)
}

pub(super) fn made_for(db: &Connection, project: &str, who: &str, since_ms: i64) -> Result<Vec<Made>, Fault> {
    let mut found = db.prepare_cached(
        "SELECT who, kind, crm_id, at_ms FROM made WHERE project = ?1 AND who = ?2 AND at_ms >= ?3
         ORDER BY at_ms, rowid",
    )?;
    Ok(found.query_map((project, who, since_ms), rows::made)?.collect::<Result<_, _>>()?)
}

pub(super) fn show(db: &Connection, id: EntryId) -> Result<Option<Shown>, Fault> {
    let Some(entry) = rows::entry_of(db, id)? else { return Ok(None) };
    let raw = db.prepare_cached("SELECT raw FROM entry WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    Ok(Some(Shown { raw, call: rows::call_of(db, &entry)?, steps: rows::steps_of(db, id)?, entry }))
}

/// Read from each project and state apart, which have an index in the order of the numbers, and put together.
pub(super) fn list(db: &Connection, filter: &Filter) -> Result<Vec<Entry>, Fault> {
    let states = State::ALL.into_iter().filter(|&state| filter.state.is_none_or(|only| only == state));
    let mut entries = Vec::new();
    for state in states {
        let projects = match &filter.project {
            Some(project) => vec![project.clone()],
            None => projects_with(db, state)?,
        };
        for project in projects {
            page(db, filter, (&project, state), &mut entries)?;
        }
    }
    entries.sort_by_key(|entry| entry.id);
    if filter.newest_first {
        entries.reverse();
    }
    entries.truncate(filter.limit as usize);
    Ok(entries)
}

fn page(
    db: &Connection,
    filter: &Filter,
    (project, state): (&str, State),
    entries: &mut Vec<Entry>,
) -> Result<(), Fault> {
    let (behind, order, edge) = if filter.newest_first { ("<", "DESC", i64::MAX) } else { (">", "ASC", 0) };
    let mut found = db.prepare_cached(&format!(
        "SELECT {} FROM entry WHERE project = ?1 AND state = ?2 AND id {behind} ?3 ORDER BY id {order} LIMIT ?4",
        rows::ENTRY
    ))?;
    let after = filter.after.map_or(edge, |id| id.0);
    for entry in found.query_map((project, state, after, filter.limit), rows::entry)? {
        entries.push(entry?);
    }
    Ok(())
}

/// The projects that have any in this state.
pub(super) fn projects_with(db: &Connection, state: State) -> Result<Vec<String>, Fault> {
    let mut found = db.prepare_cached("SELECT project FROM tally WHERE state = ?1 AND count > 0")?;
    Ok(found.query_map([state], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

pub(super) fn counts(db: &Connection, project: &str) -> Result<Counts, Fault> {
    let mut counts = Counts::default();
    let mut found = db.prepare_cached("SELECT state, count FROM tally WHERE project = ?1 AND count > 0")?;
    for row in found.query_map([project], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (state, count): (State, i64) = row?;
        counts.by_state.insert(state, count.unsigned_abs());
    }
    let mut first =
        db.prepare_cached("SELECT received_ms FROM entry WHERE project = ?1 AND state = ?2 ORDER BY id LIMIT 1")?;
    for state in counts.by_state.keys().filter(|state| state.is_open()) {
        let one: Option<i64> = first.query_row((project, state), |row| row.get(0)).optional()?;
        counts.oldest_open_ms = counts.oldest_open_ms.into_iter().chain(one).min();
    }
    Ok(counts)
}
