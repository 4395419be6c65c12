//! Which row fits, and what of it is due.

use std::collections::BTreeSet;

use super::{At, Do, Matrix, Row, Situation};
use crate::model::call::Outcome;

/// What is due at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'m> {
    /// The row that fits; `None` where none does, or where it is not known yet which.
    pub row: Option<&'m Row>,
    /// What is to be done now, in the order in which it is to be made.
    pub due: Vec<Due<'m>>,
    /// Whether a row may yet fit, once more is known.
    pub open: bool,
}

/// One thing that is due, and the name of its step, which no other step of the call has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due<'m> {
    /// `contact`, `task-open`, `task-open-2`.
    pub name: String,
    /// What is done.
    pub what: &'m Do,
}

/// Decides what is due at `at`. `done` names the steps that the call has already.
///
/// A voicemail for which there is no row of its own is a missed call. Before the call's end several rows may still fit:
/// what all of them want by now is done, the rest waits until one is left.
#[must_use]
pub fn decide<'m>(matrix: &'m Matrix, situation: &Situation, at: At, done: &BTreeSet<String>) -> Decision<'m> {
    let mut rows = fitting(matrix, situation);
    if rows.is_empty() && situation.outcome == Some(Outcome::Voicemail) {
        rows = fitting(matrix, &Situation { outcome: Some(Outcome::Missed), ..*situation });
    }
    let Some((&first, others)) = rows.split_first() else {
        return Decision { row: None, due: Vec::new(), open: false };
    };
    let certain = situation.outcome.is_some();
    let mut due: Vec<Due<'m>> = named(first).filter(|due| due.what.at <= at && !done.contains(&due.name)).collect();
    if !certain {
        let wanted = |row: &Row, due: &Due<'m>| row.does.iter().any(|other| other == due.what);
        due.retain(|due| others.iter().all(|row| wanted(row, due)));
    }
    due.sort_by_key(|due| due.what.rank());
    Decision { row: certain.then_some(first), due, open: !certain }
}

/// Whether a row that fits, or may yet once more is known, makes an entity at any moment of the call.
#[must_use]
pub fn may_create(matrix: &Matrix, situation: &Situation) -> bool {
    let open = Situation { outcome: None, answerer: None, ..*situation };
    matrix.rows.iter().filter(|row| row.when.may_fit(&open)).any(|row| row.does.iter().any(Do::creates_entity))
}

/// The rows that fit: one where all is known, those that may yet where it is not.
fn fitting<'m>(matrix: &'m Matrix, situation: &Situation) -> Vec<&'m Row> {
    let rows = matrix.rows.iter().filter(|row| row.when.may_fit(situation));
    if situation.outcome.is_some() { rows.take(1).collect() } else { rows.collect() }
}

/// What a row does, each with the name of its step.
fn named(row: &Row) -> impl Iterator<Item = Due<'_>> {
    row.does.iter().enumerate().map(|(at, what)| {
        let word = what.word();
        let before = row.does.iter().take(at).filter(|other| other.word() == word).count();
        let name = if before == 0 { word.to_owned() } else { format!("{word}-{}", before + 1) };
        Due { name, what }
    })
}
