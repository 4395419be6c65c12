//! One entry, worked on: planned where it is not, then step by step, each noted before and after its request.

use std::time::Duration;

use tracing::debug;

use super::office::Office;
use super::order::{StoredOrder, Unready};
use super::planner::{Planned, Planner, Trouble};
use super::retry::Schedule;
use super::store::{End, Leased, Made, Step, StepState, Stepped, Store, StoreError};
use crate::base::{clock::Clock, metric::Count};
use crate::config::JournalSettings;
use crate::crm::failure::Failure;
use crate::crm::hooks::Hint;
use crate::crm::writer::{Audio, Order, Receipt, Writer};
use crate::model::{action::Action, ids::CrmId};
use crate::pbx;

/// Parts of one order, at most: more is an adapter that never ends.
const MOST_PARTS: usize = 16;

/// Attempts after which a recording that still cannot be fetched is left out: the client's next calls wait behind it.
const AUDIO_ATTEMPTS: u32 = 6;
/// And so long after the event came at the earliest: attempts that ended with the process, or for another reason, count and
/// were no fault of the recording's.
const AUDIO_PATIENCE: Duration = Duration::from_secs(300);

/// How the work on an entry ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Worked {
    /// As far as it goes for now.
    Ended,
    /// The CRM does not accept the credentials: the project's writing is to pause.
    Credentials(String),
    /// The journal could not be written.
    Journal(StoreError),
}

/// Works on leased entries of one project.
pub(super) struct Worker<'a> {
    pub(super) office: &'a Office,
    pub(super) writer: &'a dyn Writer,
    pub(super) store: &'a dyn Store,
    pub(super) settings: &'a JournalSettings,
    pub(super) clock: Clock,
    /// From 0 to 1.
    pub(super) dice: f64,
}

/// What stops an entry for now or for good.
enum Stop {
    Later {
        asked: Option<Duration>,
        reason: String,
    },
    /// Our own quota: no failure of the entry's, however often.
    NoQuota {
        after: Duration,
        reason: String,
    },
    Dead(String),
    Credentials(String),
    Journal(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Journal(error)
    }
}

impl Worker<'_> {
    /// Works on an entry until it is done, waits, or is given up.
    pub(super) async fn work(&self, leased: Leased) -> Worked {
        let outcome = self.attempt(&leased).await;
        let ended = match outcome {
            Ok(None) | Err(Stop::Journal(StoreError::LeaseLost(_))) => return Worked::Ended,
            Ok(Some(end)) => end,
            Err(Stop::Credentials(reason)) => return self.without_right(&leased, reason).await,
            Err(Stop::Journal(error)) => return Worked::Journal(error),
            Err(Stop::Later { asked, reason }) => self.later(&leased, asked, reason),
            Err(Stop::NoQuota { after, reason }) => self.not_before(after, reason),
            Err(Stop::Dead(reason)) => self.dead(&leased, reason),
        };
        match self.store.finish(&leased.lease, ended, self.clock.now().as_millisecond()).await {
            Ok(()) | Err(StoreError::LeaseLost(_)) => Worked::Ended,
            Err(error) => Worked::Journal(error),
        }
    }

    /// The CRM says that a right is missing. Where it accepts the credentials otherwise, the right is missing for this one
    /// thing: it waits like anything else that is refused for now, and the others go on. Else the project pauses, and the
    /// entry waits for the next probe.
    async fn without_right(&self, leased: &Leased, reason: String) -> Worked {
        self.office.metrics.count(Count::JournalCredentials);
        let for_this_alone = self.writer.check().await.is_ok();
        let now_ms = self.clock.now().as_millisecond();
        let end = if for_this_alone {
            self.later(leased, Some(self.settings.probe), reason.clone())
        } else {
            // Not given up, however long it takes; and not taken up again at once, should an operator's pause be in force.
            let probe_ms = i64::try_from(self.settings.probe.as_millis()).unwrap_or(i64::MAX);
            End::Later { not_before_ms: now_ms.saturating_add(probe_ms), error: reason.clone() }
        };
        let put_back = self.store.finish(&leased.lease, end, now_ms).await;
        match put_back {
            Ok(()) | Err(StoreError::LeaseLost(_)) if for_this_alone => Worked::Ended,
            Ok(()) | Err(StoreError::LeaseLost(_)) => Worked::Credentials(reason),
            Err(error) => Worked::Journal(error),
        }
    }

    fn later(&self, leased: &Leased, asked: Option<Duration>, reason: String) -> End {
        let now_ms = self.clock.now().as_millisecond();
        let give_up_ms = i64::try_from(self.settings.give_up.as_millis()).unwrap_or(i64::MAX);
        if now_ms.saturating_sub(leased.entry.received_ms) > give_up_ms {
            return self.dead(leased, format!("given up after {} attempts: {reason}", leased.entry.attempts));
        }
        let schedule = Schedule { first: self.settings.first_retry, longest: self.settings.longest_retry };
        self.not_before(schedule.wait(leased.entry.attempts, asked, self.dice), reason)
    }

    fn not_before(&self, wait: Duration, reason: String) -> End {
        self.office.metrics.count(Count::JournalWaited);
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        End::Later { not_before_ms: self.clock.now().as_millisecond().saturating_add(wait_ms), error: reason }
    }

    fn dead(&self, leased: &Leased, reason: String) -> End {
        self.office.metrics.count(Count::JournalDead);
        let (project, entry) = (&self.office.project.name, leased.entry.id);
        tracing::warn!(%project, %entry, reason, "an entry of the journal is given up");
        End::Dead { error: reason }
    }

    /// `None` where the entry was given back.
    async fn attempt(&self, leased: &Leased) -> Result<Option<End>, Stop> {
        let mut steps = leased.steps.clone();
        if !leased.entry.planned {
            let planner =
                Planner { office: self.office, writer: self.writer, store: self.store, now: self.clock.now() };
            match planner.plan(leased).await {
                Ok(Planned::Lane(lane)) => {
                    self.store.set_lane(&leased.lease, &lane).await?;
                    return Ok(None);
                }
                Ok(Planned::Plan(plan)) => {
                    self.store.save_plan(&leased.lease, plan).await?;
                    steps = self.own_steps(leased).await?;
                }
                Err(trouble) => return Err(stop_of(trouble)),
            }
        }
        let call_steps = self.call_steps(leased, &steps).await?;
        self.perform_all(leased, steps, call_steps).await?;
        Ok(Some(End::Done { outcome: None }))
    }

    async fn own_steps(&self, leased: &Leased) -> Result<Vec<Step>, Stop> {
        let shown = self.store.show(leased.entry.id).await?;
        Ok(shown.map(|shown| shown.steps).unwrap_or_default())
    }

    /// Every step of the call: what one hangs on may have been made at an earlier moment.
    async fn call_steps(&self, leased: &Leased, own: &[Step]) -> Result<Vec<Step>, Stop> {
        match &leased.entry.call_id {
            Some(call_id) if !own.is_empty() => Ok(self.store.steps_of_call(&leased.entry.project, call_id).await?),
            _ => Ok(own.to_vec()),
        }
    }

    async fn perform_all(&self, leased: &Leased, own: Vec<Step>, mut known: Vec<Step>) -> Result<(), Stop> {
        for step in own {
            if matches!(step.state, StepState::Done | StepState::Skipped) {
                continue;
            }
            let lease_ms = i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX);
            let until_ms = self.clock.now().as_millisecond().saturating_add(lease_ms);
            self.store.extend_lease(&leased.lease, until_ms).await?;
            let order = StoredOrder::read(&step.order)
                .and_then(|order| order.ready(&step.mark, &known, self.office.project.timezone.clone()));
            let order = match order {
                Ok(order) => order,
                Err(Unready::NotMade(reason) | Unready::NoOrder(reason)) => {
                    let error = reason.clone();
                    self.store.step(&leased.lease, step.seq, Stepped::Dead { error }).await?;
                    return Err(Stop::Dead(reason));
                }
            };
            let receipt = match self.there_by_now(leased, &step, &order).await? {
                Some(there) => self.done(leased, &step, (&order, there)).await?,
                None => self.perform(leased, &step, order).await?,
            };
            let done = Step { state: StepState::Done, receipt: Some(receipt), ..step };
            known.retain(|other| (other.entry, other.seq) != (done.entry, done.seq));
            known.push(done);
        }
        Ok(())
    }

    /// What an old plan would make and the client has by now: another of their calls, or a person, made it since. A plan
    /// that was made just now has looked already; of what may have been made by this very step the mark tells.
    async fn there_by_now(&self, leased: &Leased, step: &Step, order: &Order) -> Result<Option<Receipt>, Stop> {
        let Action::Create { kind, .. } = order.action else { return Ok(None) };
        let Some(number) = order.call.client.filter(|_| leased.entry.planned) else { return Ok(None) };
        if step.unclear || !step.parts.is_empty() {
            return Ok(None);
        }
        let planner = Planner { office: self.office, writer: self.writer, store: self.store, now: self.clock.now() };
        let held = planner.look(leased, number).await.map_err(stop_of)?;
        Ok(held.of_kind(kind).map(|there| Receipt { id: there.id.to_string(), whole: true }))
    }

    /// Every part of a step that is not done; gives the step's receipt.
    async fn perform(&self, leased: &Leased, step: &Step, mut order: Order) -> Result<String, Stop> {
        let mut parts = step.parts.clone();
        let mut unclear = step.unclear;
        while parts.len() < MOST_PARTS {
            let found = if unclear { self.look_for(leased, (step, &order), &parts).await? } else { None };
            unclear = false;
            let receipt = match found {
                Some(receipt) => receipt,
                None => self.send(leased, step, (&mut order, &parts)).await?,
            };
            if receipt.whole {
                return self.done(leased, step, (&order, receipt)).await;
            }
            self.store.step(&leased.lease, step.seq, Stepped::Part { id: receipt.id.clone() }).await?;
            parts.push(receipt.id);
        }
        Err(Stop::Dead(format!("expected an end of the parts, found more than {MOST_PARTS}")))
    }

    /// What may have been done although its answer was lost, once the CRM shows it if it was.
    async fn look_for(
        &self,
        leased: &Leased,
        (step, order): (&Step, &Order),
        parts: &[String],
    ) -> Result<Option<Receipt>, Stop> {
        let settles = self.writer.settles_within(order, parts);
        let since_ms = self.clock.now().as_millisecond().saturating_sub(step.sent_ms.unwrap_or(0));
        let passed = Duration::from_millis(u64::try_from(since_ms).unwrap_or(0));
        let found = match self.writer.find(order, parts).await {
            Ok(found) => found,
            // Looking changes nothing: what is unclear stays so.
            Err(failure) => return Err(stop_of_failure(&failure)),
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

    async fn send(
        &self,
        leased: &Leased,
        step: &Step,
        (order, parts): (&mut Order, &[String]),
    ) -> Result<Receipt, Stop> {
        order.audio = self.audio(leased, order, parts).await?;
        let at_ms = self.clock.now().as_millisecond();
        self.store.step(&leased.lease, step.seq, Stepped::Sent { at_ms }).await?;
        let failure = match self.writer.perform(order, parts).await {
            Ok(receipt) => return Ok(receipt),
            Err(failure) => failure,
        };
        let error = failure.to_string();
        let stepped = match &failure {
            Failure::Wait { .. } | Failure::NoQuota { .. } | Failure::Credentials { .. } => Stepped::Undone { error },
            Failure::Refused { .. } => Stepped::Dead { error },
            Failure::Unclear { .. } => Stepped::Unclear { error },
        };
        self.store.step(&leased.lease, step.seq, stepped).await?;
        Err(stop_of_failure(&failure))
    }

    /// The recording, where the vendor takes the audio itself. One that cannot be had is left out: its link is written.
    async fn audio(&self, leased: &Leased, order: &Order, parts: &[String]) -> Result<Option<Audio>, Stop> {
        let Some(link) = order.call.recording.as_deref().filter(|_| self.writer.wants_audio(order, parts)) else {
            return Ok(None);
        };
        match self.office.recordings.fetch(link).await {
            Ok(pbx::Recording { file_name, media_type, bytes }) => Ok(Some(Audio { file_name, media_type, bytes })),
            Err(failure) if self.does_without(leased) || matches!(failure, pbx::Failure::Refused { .. }) => {
                let project = &self.office.project.name;
                tracing::warn!(%project, %failure, "a recording is left out; its link is written");
                Ok(None)
            }
            Err(pbx::Failure::Wait { reason, after }) => Err(Stop::Later { asked: after, reason }),
            Err(failure) => Err(Stop::Later { asked: None, reason: failure.to_string() }),
        }
    }

    /// Whether a recording that still cannot be fetched is left out.
    fn does_without(&self, leased: &Leased) -> bool {
        let age_ms = self.clock.now().as_millisecond().saturating_sub(leased.entry.received_ms);
        let patience_ms = i64::try_from(AUDIO_PATIENCE.as_millis()).unwrap_or(i64::MAX);
        leased.entry.attempts >= AUDIO_ATTEMPTS && age_ms >= patience_ms
    }

    async fn done(&self, leased: &Leased, step: &Step, (order, receipt): (&Order, Receipt)) -> Result<String, Stop> {
        let at_ms = self.clock.now().as_millisecond();
        let made = made(order, &receipt.id, at_ms);
        let stepped = Stepped::Done { receipt: receipt.id.clone(), at_ms, made };
        self.store.step(&leased.lease, step.seq, stepped).await?;
        self.office.metrics.count(Count::JournalWritten);
        // The next call of this client is a hit before the next sweep.
        if let (Action::Create { kind, .. }, Some(id)) = (&order.action, CrmId::parse(&receipt.id)) {
            self.office.directory.hear([Hint::Record(*kind, id)]);
        }
        Ok(receipt.id)
    }
}

fn made(order: &Order, id: &str, at_ms: i64) -> Option<Made> {
    let Action::Create { kind, .. } = &order.action else { return None };
    let number = order.call.client?.digits();
    Some(Made { number, kind: kind.word().to_owned(), crm_id: id.to_owned(), at_ms })
}

fn stop_of(trouble: Trouble) -> Stop {
    match trouble {
        Trouble::Store(error) => Stop::Journal(error),
        Trouble::Crm(failure) => stop_of_failure(&failure),
        Trouble::Unreadable(reason) => Stop::Dead(reason),
    }
}

fn stop_of_failure(failure: &Failure) -> Stop {
    let reason = failure.to_string();
    match failure {
        Failure::Wait { after, .. } => Stop::Later { asked: *after, reason },
        Failure::NoQuota { after, .. } => Stop::NoQuota { after: *after, reason },
        Failure::Unclear { .. } => Stop::Later { asked: None, reason },
        Failure::Refused { .. } => Stop::Dead(reason),
        Failure::Credentials { .. } => Stop::Credentials(reason),
    }
}
