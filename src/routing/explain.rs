//! The walk for a number, told to a person: the same code as a call, with somebody listening.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::time::Instant;

use super::{
    Line,
    resolve::{recall_with, resolve_with},
    trail::{Fate, Trail},
    verdict::{Decision, MissReason, Verdict},
};
use crate::model::{
    client::{Entity, Kind},
    phone::PhoneKey,
};
use crate::project::Block;

/// Everything that led to an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The project.
    pub project: String,
    /// The block.
    pub block: String,
    /// The number as it was asked.
    pub caller: String,
    /// The numbers looked up, in order.
    pub keys: Vec<KeyTried>,
    /// The kinds that are walked, in order.
    pub priority: Vec<&'static str>,
    /// The entities met, and why each decided or did not.
    pub entities: Vec<EntityMet>,
    /// Kinds that are not known completely yet, so that the CRM had to be asked.
    pub not_yet_known: Vec<&'static str>,
    /// `hit` or `miss`.
    pub outcome: &'static str,
    /// Why it is a miss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The employee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee: Option<String>,
    /// What is dialled: the employee's first main direction, or the block's `miss_destination`.
    pub destination: Option<String>,
    /// The entity that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<&'static str>,
    /// Where the answer comes from.
    pub source: &'static str,
    /// How old the knowledge is, seconds.
    pub age_s: Option<i64>,
    /// How long it took, microseconds.
    pub took_us: u64,
    /// The deadline in force, milliseconds.
    pub deadline_ms: u64,
}

/// A number looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyTried {
    /// Whole and international, digits only.
    pub number: u64,
    /// Whether memory knows it.
    pub known: bool,
}

/// An entity met on the walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntityMet {
    /// What it is.
    pub kind: &'static str,
    /// Its id in the CRM.
    pub id: String,
    /// Its owner, a user of the CRM.
    pub owner: Option<String>,
    /// When it was created, RFC 3339.
    pub created: Option<String>,
    pub(super) fate: Fate,
}

#[derive(Default)]
pub(super) struct Told {
    keys: Vec<KeyTried>,
    entities: Vec<EntityMet>,
    unsure: Vec<&'static str>,
}

impl Told {
    /// The entity of a kind that the walk ended at, whether with its owner or without one.
    pub(super) fn decided_at(&self, kind: Kind) -> Option<&EntityMet> {
        self.entities.iter().find(|met| met.kind == kind.word() && met.fate.is_last())
    }
}

impl Trail for Told {
    fn tried(&mut self, key: PhoneKey, known: bool) {
        self.keys.push(KeyTried { number: key.digits(), known });
    }

    fn met(&mut self, entity: &Entity, fate: Fate) {
        let created = jiff::Timestamp::from_second(entity.created_s).ok().filter(|_| entity.created_s != 0);
        let met = EntityMet {
            kind: entity.kind.word(),
            id: entity.id.to_string(),
            owner: entity.owner.map(|owner| owner.to_string()),
            created: created.map(|at| at.to_string()),
            fate,
        };
        if !self.entities.contains(&met) {
            self.entities.push(met);
        }
    }

    fn unsure(&mut self, kind: Kind) {
        if !self.unsure.contains(&kind.word()) {
            self.unsure.push(kind.word());
        }
    }
}

/// Decides as a call would, within the block's deadline, and tells how.
///
/// # Cost
/// That of a call: it may ask the CRM once.
pub async fn explain(line: &Arc<Line>, block: &Block, caller: &str, reserve: Duration) -> Explained {
    let began = Instant::now();
    let mut told = Told::default();
    let answer_by = began + block.deadline.saturating_sub(reserve);
    let recalled = recall_with(line, block, Some(caller), &mut told);
    let verdict = resolve_with(line, block, recalled, Some(answer_by), &mut told).await;
    let took = began.elapsed();
    let employee = match verdict.decision {
        Decision::Hit { employee, .. } => line.project.employees.get(employee),
        Decision::Miss(_) => None,
    };
    let miss_destination = block.answers.shape().miss_destination.as_deref();
    Explained {
        project: line.project.name.to_string(),
        block: block.name.to_string(),
        caller: caller.to_owned(),
        keys: told.keys,
        priority: block.plan.priority.iter().map(|kind| kind.word()).collect(),
        entities: told.entities,
        not_yet_known: told.unsure,
        outcome: if employee.is_some() { "hit" } else { "miss" },
        reason: verdict.reason(),
        employee: employee.map(|employee| employee.name.to_string()),
        destination: employee
            .and_then(|employee| employee.main.first())
            .map(ToString::to_string)
            .or_else(|| miss_destination.map(str::to_owned)),
        entity: verdict.entity().map(Kind::word),
        source: verdict.source.word(),
        age_s: verdict.age_s(line.directory.clock().now_s()),
        took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        deadline_ms: u64::try_from(block.deadline.as_millis()).unwrap_or(u64::MAX),
    }
}

impl Verdict {
    /// Why it is a miss, in a sentence.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let Decision::Miss(reason) = self.decision else { return None };
        Some(match reason {
            MissReason::Nobody => "no open entity of the block's kinds carries the number".to_owned(),
            MissReason::NoOwner(kind) => format!("the {kind} found has no owner"),
            MissReason::NotOurs(kind) => format!("the {kind}'s owner is no employee of this project"),
            MissReason::NoDirection(kind) => {
                format!(
                    "the {kind}'s owner is an employee without a main direction: neither configured nor in the staff list"
                )
            }
            MissReason::Late => "the CRM had not answered in time".to_owned(),
            MissReason::Busy => {
                "the CRM could not be asked: no quota in time, its breaker is open, or too many questions are under way"
                    .to_owned()
            }
            MissReason::Failed => "the CRM was asked and failed".to_owned(),
            MissReason::Unreadable(what) => what.to_string(),
        })
    }
}
