//! What a call was, in the words of the matrices.

use crate::journal::judge::Judged;
use crate::journal::office::Office;
use crate::model::call::{Call, Direction, Outcome};
use crate::scenario::{Answerer, Matrix, Situation};

/// The situation, as far as it is known.
pub(in crate::journal) fn situation(
    office: &Office,
    call: &Call,
    outcome: Option<Outcome>,
    judged: &Judged,
) -> Situation {
    let spoke = outcome == Some(Outcome::Answered) || call.direction == Direction::Out;
    Situation {
        direction: call.direction,
        outcome,
        client: judged.client(),
        has: judged.has(),
        answerer: spoke.then(|| answerer(office, call, judged)),
        form: None,
    }
}

/// How a call ended whose end was told; `None` where that says that it has not.
pub(in crate::journal) fn outcome_of(matrix: &Matrix, call: &Call) -> Option<Outcome> {
    let talked = call.talk.is_some_and(|talk| !talk.is_zero());
    matrix.statuses.outcome(call.status.as_deref(), talked)
}

fn answerer(office: &Office, call: &Call, judged: &Judged) -> Answerer {
    let Some(speaker) = office.project.speaker(&call.speaker) else { return Answerer::Unknown };
    let responsible = judged.responsible().and_then(|owner| office.people.employee_of(owner));
    let responsible = responsible.or_else(|| office.project.top_manager());
    if !judged.held.is_empty() && responsible == Some(speaker) { Answerer::Owner } else { Answerer::Other }
}
