//! What a worker looks at before it sends: whether the thing is there already, by whoever's doing.

use tracing::debug;

use super::{Stop, Worker};
use crate::crm::writer::{Order, Receipt};
use crate::journal::store::{Leased, Step, StepState, Stepped};
use crate::model::action::Action;

impl Worker<'_> {
    /// The step as far as another entry of the call has come with it: what was given up is planned anew by what came later,
    /// and may be tried again itself. `None` where it is done.
    pub(super) async fn taken_over(&self, leased: &Leased, step: Step, known: &[Step]) -> Result<Option<Step>, Stop> {
        let mut taken = step;
        for twin in known.iter().filter(|other| other.entry != leased.entry.id) {
            if twin.mark != taken.mark {
                continue;
            }
            if twin.state == StepState::Done {
                let reason = format!("done with entry {}", twin.entry);
                self.store.step(&leased.lease, taken.seq, Stepped::Skipped { reason }).await?;
                return Ok(None);
            }
            for id in twin.parts.iter().skip(taken.parts.len()) {
                self.store.step(&leased.lease, taken.seq, Stepped::Part { id: id.clone() }).await?;
            }
            if twin.parts.len() > taken.parts.len() {
                taken = Step { parts: twin.parts.clone(), unclear: false, state: StepState::Todo, ..taken };
            }
            if twin.state == StepState::Sent && twin.parts.len() == taken.parts.len() {
                taken = Step { unclear: true, ..taken };
            }
        }
        Ok(Some(taken))
    }

    /// What an old plan would make and the client has by now: another of their calls, or a person, made it since. A plan
    /// that was made just now has looked already; of what may have been made by this very step the mark tells.
    pub(super) async fn there_by_now(
        &self,
        leased: &Leased,
        step: &Step,
        order: &Order,
    ) -> Result<Option<Receipt>, Stop> {
        let Action::Create { kind, .. } = order.action else { return Ok(None) };
        if !leased.entry.planned || step.unclear || !step.parts.is_empty() {
            return Ok(None);
        }
        let held = self.planner().look_again(leased, order.call.client).await;
        let held = held.map_err(|trouble| self.stop_of(trouble))?;
        Ok(held
            .as_ref()
            .and_then(|held| held.of_kind(kind))
            .map(|there| Receipt { id: there.id.to_string(), whole: true }))
    }

    /// What may have been done although its answer was lost, once the CRM shows it if it was.
    pub(super) async fn look_for(
        &self,
        leased: &Leased,
        (step, order): (&Step, &Order),
        parts: &[String],
    ) -> Result<Option<Receipt>, Stop> {
        let settles = self.writer.settles_within(order, parts);
        // Not by the wall clock: set forward, it would have us believe that there is nothing to be found.
        let passed = self.sent.since(&step.mark);
        let found = match self.writer.find(order, parts).await {
            Ok(found) => found,
            // Looking changes nothing: what is unclear stays so.
            Err(failure) => return Err(self.stop_of_failure(&failure)),
        };
        if found.is_none() && passed < settles {
            let reason = "whether it was written is not clear yet: the CRM shows what is new only after a while";
            return Err(Stop::Later { asked: Some(settles.saturating_sub(passed)), reason: reason.to_owned() });
        }
        if found.is_some() {
            let (project, entry) = (&self.office.project.name, leased.entry.id);
            debug!(%project, %entry, step = step.name, "found what was written although its answer was lost");
        }
        Ok(found)
    }
}
