//! A block: how a call at one step of a forwarding scheme is answered. Everything a reply needs is made here once.

use std::time::Duration;

use crate::model::{client::Kind, employee::Employee};
use crate::telephony::{
    FieldNames,
    ringostat::answer::{AnswerShape, Rendered},
};

/// One block, compiled.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its name: the last part of the path.
    pub name: Box<str>,
    /// Its place among the project's blocks, in the order of their names.
    pub place: u32,
    /// How its entities are walked.
    pub plan: WalkPlan,
    /// From accept to reply.
    pub deadline: Duration,
    /// The customer's own names of its parameters.
    pub fields: FieldNames,
    /// Its answers, rendered.
    pub answers: Answers,
}

/// Which entities decide, and in what order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkPlan {
    /// The kinds, the first one first.
    pub priority: Box<[Kind]>,
    /// Whether deals count through the contact.
    pub deal_via_contact: bool,
    /// Whether deals count through the organization.
    pub deal_via_organization: bool,
    /// Whether an entity without an employee of ours lets the walk go on instead of ending it.
    pub unassigned_goes_on: bool,
}

impl Block {
    /// This block with answers that lead to other employees.
    pub(super) fn with_employees(&self, employees: &[Employee]) -> Self {
        let answers = Answers::new(self.answers.shape.clone(), employees);
        Self { answers, ..self.clone() }
    }
}

/// A block's answers: one per employee, and the miss.
#[derive(Debug, Clone)]
pub struct Answers {
    shape: AnswerShape,
    hits: Vec<Rendered>,
    miss: Rendered,
}

impl Answers {
    /// Renders every answer that the block can give.
    #[must_use]
    pub fn new(shape: AnswerShape, employees: &[Employee]) -> Self {
        let first = |employee: &Employee| employee.main.first().map_or_else(|| shape.miss(), |main| shape.hit(main));
        Self { hits: employees.iter().map(first).collect(), miss: shape.miss(), shape }
    }

    /// How answers look.
    #[must_use]
    pub const fn shape(&self) -> &AnswerShape {
        &self.shape
    }

    /// The answer that sends the call to an employee's first main direction; the miss for a place nobody has.
    #[must_use]
    pub fn hit(&self, employee: usize) -> &Rendered {
        self.hits.get(employee).unwrap_or(&self.miss)
    }

    /// The answer that lets the call go on.
    #[must_use]
    pub const fn miss(&self) -> &Rendered {
        &self.miss
    }
}
