//! One entry, worked on: planned where it is not, then step by step, each noted before and after its request.

mod look;

use std::time::Duration;

use super::judge::Sought;
use super::office::Office;
use super::order::{StoredOrder, Unready};
use super::planner::{Planned, Planner, Trouble};
use super::retry::Schedule;
use super::sent::Sent;
use super::store::{End, Leased, Made, Step, StepState, Stepped, Store, StoreError};
use crate::base::{
    clock::{Clock, Steady},
    metric::{Count, WriteFailure},
};
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

/// Attempts before which nothing is given up, however old it is: what an operator has tried again, or sent after a pause, is
/// old from the beginning.
const FEWEST_ATTEMPTS: u32 = 5;

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
    /// What waits waits by this one.
    pub(super) steady: &'a Steady,
    /// When requests left.
    pub(super) sent: &'a Sent,
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
            Err(Stop::NoQuota { after, reason }) => self.not_before(after, reason, false),
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
        let end = if for_this_alone {
            self.later(leased, Some(self.settings.probe), reason.clone())
        } else {
            // Not given up, however long it takes; and not taken up again at once, should an operator's pause be in force.
            self.not_before(self.settings.probe, reason.clone(), false)
        };
        let put_back = self.store.finish(&leased.lease, end, self.clock.now().as_millisecond()).await;
        match put_back {
            Ok(()) | Err(StoreError::LeaseLost(_)) if for_this_alone => Worked::Ended,
            Ok(()) | Err(StoreError::LeaseLost(_)) => Worked::Credentials(reason),
            Err(error) => Worked::Journal(error),
        }
    }

    fn later(&self, leased: &Leased, asked: Option<Duration>, reason: String) -> End {
        if self.age_ms(leased) > ms(self.settings.give_up) && leased.entry.attempts >= FEWEST_ATTEMPTS {
            return self.dead(leased, format!("given up after {} attempts: {reason}", leased.entry.attempts));
        }
        let schedule = Schedule { first: self.settings.first_retry, longest: self.settings.longest_retry };
        self.not_before(schedule.wait(leased.entry.attempts, asked, self.dice), reason, true)
    }

    fn not_before(&self, wait: Duration, error: String, counts: bool) -> End {
        self.office.metrics.count(Count::JournalWaited);
        End::Later { not_before_ms: self.after(wait), error, counts }
    }

    /// The time after which so much has passed.
    fn after(&self, wait: Duration) -> i64 {
        self.steady.now_ms().saturating_add(ms(wait))
    }

    /// How long ago the entry came. A clock that was set forward meanwhile makes nothing old: as far as that may be told,
    /// for what came afterwards is then believed to be younger than it is.
    fn age_ms(&self, leased: &Leased) -> i64 {
        let age_ms = self.clock.now().as_millisecond().saturating_sub(leased.entry.received_ms);
        age_ms.saturating_sub(self.steady.set_forward_ms().min(ms(self.settings.give_up)))
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
            match self.planner().plan(leased).await {
                Ok(Planned::Lane(lane)) => {
                    self.store.set_lane(&leased.lease, &lane).await?;
                    return Ok(None);
                }
                Ok(Planned::Plan(plan)) => {
                    self.store.save_plan(&leased.lease, plan).await?;
                    steps = self.own_steps(leased).await?;
                }
                Err(trouble) => return Err(self.stop_of(trouble)),
            }
        }
        let call_steps = self.call_steps(leased, &steps).await?;
        self.perform_all(leased, steps, call_steps).await?;
        Ok(Some(End::Done { outcome: None }))
    }

    fn planner(&self) -> Planner<'_> {
        let Self { office, writer, store, steady, .. } = *self;
        Planner { office, writer, store, now: self.clock.now(), earliest_ms: steady.earliest_ms() }
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
            self.store.extend_lease(&leased.lease, self.after(self.settings.lease)).await?;
            let Some(step) = self.taken_over(leased, step, &known).await? else { continue };
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
            self.sent.noted(&step.mark);
            parts.push(receipt.id);
        }
        Err(Stop::Dead(format!("expected an end of the parts, found more than {MOST_PARTS}")))
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
        self.sent.leaves(&step.mark);
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
        let is_clear = !matches!(stepped, Stepped::Unclear { .. });
        self.store.step(&leased.lease, step.seq, stepped).await?;
        if is_clear {
            self.sent.noted(&step.mark);
        }
        Err(self.stop_of_failure(&failure))
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
        leased.entry.attempts >= AUDIO_ATTEMPTS && self.age_ms(leased) >= ms(AUDIO_PATIENCE)
    }

    fn stop_of(&self, trouble: Trouble) -> Stop {
        match trouble {
            Trouble::Store(error) => Stop::Journal(error),
            Trouble::Crm(failure) => self.stop_of_failure(&failure),
            Trouble::Unreadable(reason) => Stop::Dead(reason),
        }
    }

    fn stop_of_failure(&self, failure: &Failure) -> Stop {
        let reason = failure.to_string();
        let (kind, stop) = match failure {
            Failure::Wait { after, .. } => (WriteFailure::Wait, Stop::Later { asked: *after, reason }),
            Failure::NoQuota { after, .. } => (WriteFailure::NoQuota, Stop::NoQuota { after: *after, reason }),
            Failure::Unclear { .. } => (WriteFailure::Unclear, Stop::Later { asked: None, reason }),
            Failure::Refused { .. } => (WriteFailure::Refused, Stop::Dead(reason)),
            Failure::Credentials { .. } => (WriteFailure::Credentials, Stop::Credentials(reason)),
        };
        self.office.failures.count(kind);
        stop
    }

    async fn done(&self, leased: &Leased, step: &Step, (order, receipt): (&Order, Receipt)) -> Result<String, Stop> {
        let at_ms = self.clock.now().as_millisecond();
        let made = made(order, &receipt.id, at_ms);
        let stepped = Stepped::Done { receipt: receipt.id.clone(), at_ms, made };
        self.store.step(&leased.lease, step.seq, stepped).await?;
        self.sent.noted(&step.mark);
        self.office.metrics.count(Count::JournalWritten);
        // The next call of this client is a hit before the next sweep.
        if let (Action::Create { kind, .. }, Some(id)) = (&order.action, CrmId::parse(&receipt.id)) {
            self.office.directory.hear([Hint::Record(*kind, id)]);
        }
        Ok(receipt.id)
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// What was made, for whom: by everything that the client may be looked for by next.
fn made(order: &Order, id: &str, at_ms: i64) -> Vec<Made> {
    let Action::Create { kind, .. } = &order.action else { return Vec::new() };
    let call = &order.call;
    let sought = [
        call.client.map(Sought::Number),
        call.client_email.as_ref().map(|email| Sought::Email(email.to_lowercase())),
        call.client_id.clone().map(Sought::ClientId),
    ];
    let made = |sought: Sought| Made { who: sought.who(), kind: kind.word().to_owned(), crm_id: id.to_owned(), at_ms };
    sought.into_iter().flatten().map(made).collect()
}
