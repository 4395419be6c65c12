//! What memory answers for a number, under one configuration and under another: the same code as a call, and no question
//! of the CRM.

use serde::Serialize;

use super::{
    Line,
    explain::Told,
    noted::destination,
    resolve::{Recalled, recall, recall_with},
    verdict::{Decision, Verdict},
};
use crate::model::phone::PhoneKey;
use crate::project::Block;

/// What a telephone system would hear, as far as memory knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remembered<'l> {
    /// A call is sent there, or, with `None`, goes on by itself.
    Answered {
        /// Whether somebody is responsible.
        hit: bool,
        /// What is dialled.
        destination: Option<&'l str>,
    },
    /// Memory does not know the number well enough: the CRM would be asked.
    Unknown,
    /// There is no such block: the call would be refused.
    NoBlock,
}

/// The same, with what led to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Why {
    /// `hit`, `miss`, `unknown` (would be asked), `no-block`.
    pub outcome: &'static str,
    /// What is dialled.
    pub destination: Option<String>,
    /// The employee.
    pub employee: Option<String>,
    /// The kind of the entity that decided.
    pub entity: Option<&'static str>,
    /// Its id in the CRM.
    pub id: Option<String>,
    /// Its owner, a user of the CRM.
    pub owner: Option<String>,
    /// Why it decided; see [`super::Explained`].
    pub fate: Option<&'static str>,
    /// Why it is a miss.
    pub reason: Option<String>,
}

/// What a call from this number would be answered from memory.
///
/// # Cost
/// That of [`recall`].
#[must_use]
pub fn remembered<'l>(line: &'l Line, block: &str, number: PhoneKey) -> Remembered<'l> {
    let Some(block) = line.project.block(block) else { return Remembered::NoBlock };
    match recall(line, block, Some(&written(number))) {
        Recalled::Unknown { .. } => Remembered::Unknown,
        Recalled::Decided(verdict) => Remembered::Answered {
            hit: matches!(verdict.decision, Decision::Hit { .. }),
            destination: destination(&line.project, block, &verdict.decision),
        },
    }
}

/// As [`remembered`], and why.
#[must_use]
pub fn why_remembered(line: &Line, block: &str, number: PhoneKey) -> Why {
    let Some(block) = line.project.block(block) else { return Why { outcome: "no-block", ..Why::default() } };
    let mut told = Told::default();
    match recall_with(line, block, Some(&written(number)), &mut told) {
        Recalled::Unknown { .. } => Why { outcome: "unknown", ..Why::default() },
        Recalled::Decided(verdict) => decided(line, block, (&verdict, &told)),
    }
}

fn decided(line: &Line, block: &Block, (verdict, told): (&Verdict, &Told)) -> Why {
    let employee = match verdict.decision {
        Decision::Hit { employee, .. } => line.project.employees.get(employee),
        Decision::Miss(_) => None,
    };
    let met = verdict.entity().and_then(|kind| told.decided_at(kind));
    Why {
        outcome: verdict.outcome().word(),
        destination: destination(&line.project, block, &verdict.decision).map(str::to_owned),
        employee: employee.map(|employee| employee.name.to_string()),
        entity: verdict.entity().map(|kind| kind.word()),
        id: met.map(|met| met.id.clone()),
        owner: met.and_then(|met| met.owner.clone()),
        fate: met.map(|met| met.fate.word()),
        reason: verdict.reason(),
    }
}

/// Whole and international, as it is known: no country has to be guessed.
fn written(number: PhoneKey) -> String {
    format!("+{}", number.digits())
}
