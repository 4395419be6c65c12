//! Rows of the tables as records.

use rusqlite::{
    Connection, OptionalExtension, Row,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef},
};

use crate::journal::store::record::{Entry, EntryId, Event, KnownCall, Made, Paused, PausedBy, State, Step, StepState};
use crate::journal::store::sqlite::fault::Fault;

/// What [`entry`] reads, in its order.
pub(super) const ENTRY: &str = "id, project, moment, call_id, identity, lane, received_ms, facts, state, planned, outcome, \
                                row_id, attempts, not_before_ms, lease_until_ms, error, finished_ms";
/// What [`step`] reads.
pub(super) const STEP: &str =
    "step.entry, seq, name, mark, \"order\", step.state, unclear, parts, receipt, sent_ms, done_ms, step.error";

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        project: row.get(1)?,
        moment: row.get(2)?,
        call_id: row.get(3)?,
        identity: row.get(4)?,
        lane: row.get(5)?,
        received_ms: row.get(6)?,
        facts: row.get(7)?,
        state: row.get(8)?,
        planned: row.get(9)?,
        outcome: row.get(10)?,
        row_id: row.get(11)?,
        attempts: row.get(12)?,
        not_before_ms: row.get(13)?,
        lease_until_ms: row.get(14)?,
        error: row.get(15)?,
        finished_ms: row.get(16)?,
    })
}

pub(super) fn step(row: &Row<'_>) -> rusqlite::Result<Step> {
    let parts: String = row.get(7)?;
    let unreadable = |error| rusqlite::Error::FromSqlConversionFailure(7, Type::Text, Box::new(error));
    Ok(Step {
        entry: row.get(0)?,
        seq: row.get(1)?,
        name: row.get(2)?,
        mark: row.get(3)?,
        order: row.get(4)?,
        state: row.get(5)?,
        unclear: row.get(6)?,
        parts: serde_json::from_str(&parts).map_err(unreadable)?,
        receipt: row.get(8)?,
        sent_ms: row.get(9)?,
        done_ms: row.get(10)?,
        error: row.get(11)?,
    })
}

pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        entry: row.get(0)?,
        moment: row.get(1)?,
        received_ms: row.get(2)?,
        facts: row.get(3)?,
        state: row.get(4)?,
    })
}

pub(super) fn made(row: &Row<'_>) -> rusqlite::Result<Made> {
    Ok(Made { who: row.get(0)?, kind: row.get(1)?, crm_id: row.get(2)?, at_ms: row.get(3)? })
}

pub(super) fn paused(row: &Row<'_>) -> rusqlite::Result<Paused> {
    Ok(Paused { project: row.get(0)?, by: row.get(1)?, since_ms: row.get(2)?, reason: row.get(3)? })
}

/// The entry of this number.
pub(super) fn entry_of(db: &Connection, id: EntryId) -> Result<Option<Entry>, Fault> {
    let mut found = db.prepare_cached(&format!("SELECT {ENTRY} FROM entry WHERE id = ?1"))?;
    Ok(found.query_row([id], entry).optional()?)
}

/// The steps of its plan, in order.
pub(super) fn steps_of(db: &Connection, id: EntryId) -> Result<Vec<Step>, Fault> {
    let mut found = db.prepare_cached(&format!("SELECT {STEP} FROM step WHERE entry = ?1 ORDER BY seq"))?;
    Ok(found.query_map([id], step)?.collect::<Result<_, _>>()?)
}

/// What is known of the entry's call.
pub(super) fn call_of(db: &Connection, entry: &Entry) -> Result<Option<KnownCall>, Fault> {
    let mut found =
        db.prepare_cached("SELECT call_id, lane, judged, first_ms FROM call WHERE project = ?1 AND call_id = ?2")?;
    Ok(found.query_row((&entry.project, &entry.call_id), known_call).optional()?)
}

pub(super) fn known_call(row: &Row<'_>) -> rusqlite::Result<KnownCall> {
    Ok(KnownCall { call_id: row.get(0)?, lane: row.get(1)?, judged: row.get(2)?, first_ms: row.get(3)? })
}

impl ToSql for EntryId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for EntryId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_word(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for StepState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for StepState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_word(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for PausedBy {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for PausedBy {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "operator" => Ok(Self::Operator),
            "credentials" => Ok(Self::Credentials),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
