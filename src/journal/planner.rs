//! From what was told of a call to the steps that are to be done: judged once, decided by the matrix, stored before the
//! first of them is begun.

pub(super) mod compose;
mod form;
mod late;
pub(super) mod situation;

use std::collections::BTreeSet;

use jiff::Timestamp;

use self::compose::Composer;
pub(super) use self::form::{lane as lane_of_form, ways};
use super::facts::call_of;
use super::judge::{self, Judged, Sought};
use super::office::Office;
use super::order::StoredOrder;
use super::store::{EntryId, Leased, NewStep, Plan, State, Step, StepState, Store, StoreError};
use crate::crm::failure::Failure;
use crate::crm::writer::{Mark, Writer};
use crate::model::{
    action::Link,
    call::{Call, Moment, Outcome},
    client::Kind,
    event::Event,
    ids::CrmId,
    phone::PhoneKey,
};
use crate::scenario::{At, Situation, decide, may_create};

/// What was made for a number so lately may be missing in the CRM's search: it is read by its id.
const LATELY_MS: i64 = 86_400_000;

/// What comes of planning an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Planned {
    /// These steps, perhaps none.
    Plan(Plan),
    /// The entry belongs into another client's lane first.
    Lane(String),
}

/// Why an entry could not be planned.
#[derive(Debug)]
pub(super) enum Trouble {
    Store(StoreError),
    Crm(Failure),
    /// What is stored of it cannot be read any more.
    Unreadable(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Crm(failure)
    }
}

/// The lane of a client's calls.
pub(super) fn lane_of(number: PhoneKey) -> String {
    format!("client:{}", number.digits())
}

/// Plans entries of one project.
pub(super) struct Planner<'a> {
    pub(super) office: &'a Office,
    pub(super) writer: &'a dyn Writer,
    pub(super) store: &'a dyn Store,
    pub(super) now: Timestamp,
    /// What it is at the earliest, should the clock have been set forward.
    pub(super) earliest_ms: i64,
}

/// The outcome of a plan without steps.
fn nothing(outcome: &str) -> Planned {
    Planned::Plan(Plan { outcome: Some(outcome.to_owned()), ..Plan::default() })
}

impl Planner<'_> {
    /// Decides what is to be done about an entry.
    pub(super) async fn plan(&self, leased: &Leased) -> Result<Planned, Trouble> {
        if leased.entry.moment == Moment::Form.word() {
            return self.plan_form(leased).await;
        }
        let own = event_of(leased.entry.facts.as_deref())?;
        let (events, given_up) = self.events(leased, &own).await?;
        let project = &self.office.project;
        let call = call_of(&events, &project.numbers, &project.timezone);
        let Some(number) = call.client.filter(|number| !project.is_an_employees(*number)) else {
            return Ok(nothing("no-client"));
        };
        let told_end = events.iter().any(|event| At::of(event.moment) == Some(At::AfterCall));
        let over = told_end && self.outcome(&call, At::AfterCall).is_some();
        let Some(at) = At::of(own.moment) else { return self.late_alone(leased, (&call, over)).await };
        // A call whose first moment did not say the number has a lane of its own until it is known.
        if leased.entry.lane != lane_of(number) {
            return Ok(Planned::Lane(lane_of(number)));
        }
        let outcome = self.outcome(&call, at);
        if at == At::AfterCall && outcome.is_none() {
            return Ok(nothing("in-progress"));
        }
        // What is written says how the call ended, once it has.
        let call = Call { outcome: outcome.filter(|_| at == At::AfterCall), ..call };
        let steps = self.steps(leased).await?;
        let done = done(&steps, &given_up);
        let (judged, now_held) = self.judged(leased, (&call, number), (outcome, at), (&steps, &done)).await?;
        let situation = self.situation(&call, outcome, &judged);
        self.decided(leased, (call, at, over), (judged, now_held, situation), (&steps, &done))
    }

    fn decided(
        &self,
        leased: &Leased,
        (call, at, over): (Call, At, bool),
        (judged, now_held, situation): (Judged, Judged, Situation),
        (steps, done): (&[Step], &BTreeSet<String>),
    ) -> Result<Planned, Trouble> {
        let decision = decide(&self.office.project.matrix, &situation, at, done);
        let judged_text = serde_json::to_string(&judged).ok();
        let ended = call.ended().unwrap_or(self.now);
        let composer = Composer { office: self.office, call: &call, judged: &judged, form: None, over: ended };
        let mut orders = composer.orders(&decision.due, &now_held, steps)?;
        let enriches = decision.due.iter().any(|due| due.what.enriches());
        if !enriches {
            // What is written now says all that is known anyway.
            orders.extend(late::orders((&call, over), steps));
        }
        let outcome = match (&decision.row, orders.is_empty()) {
            (_, false) => None,
            (Some(_), true) if enriches && at == At::AfterCall => Some("nothing-to-enrich"),
            (_, true) if enriches => Some("waiting"),
            (None, true) if decision.open => Some("waiting"),
            (None, true) => Some("no-row"),
            (Some(_), true) => Some("nothing-to-do"),
        };
        Ok(Planned::Plan(Plan {
            judged: judged_text,
            row_id: decision.row.map(|row| row.id.clone()),
            outcome: outcome.map(str::to_owned),
            steps: new_steps(leased, orders),
        }))
    }

    /// A moment that no matrix knows may bring the recording or the UTM marks all the same.
    async fn late_alone(&self, leased: &Leased, told: (&Call, bool)) -> Result<Planned, Trouble> {
        let orders = late::orders(told, &self.steps(leased).await?);
        if orders.is_empty() {
            return Ok(nothing("nothing-to-do"));
        }
        Ok(Planned::Plan(Plan { steps: new_steps(leased, orders), ..Plan::default() }))
    }

    /// Everything told of the call, or the entry alone where it names none; and which of its entries were given up.
    async fn events(&self, leased: &Leased, own: &Event) -> Result<(Vec<Event>, BTreeSet<EntryId>), Trouble> {
        let Some(call_id) = &leased.entry.call_id else { return Ok((vec![own.clone()], BTreeSet::new())) };
        let told = self.store.events_of_call(&leased.entry.project, call_id).await?;
        let given_up = told.iter().filter(|event| event.state == State::Dead).map(|event| event.entry).collect();
        Ok((told.iter().filter_map(|event| event_of(event.facts.as_deref()).ok()).collect(), given_up))
    }

    async fn steps(&self, leased: &Leased) -> Result<Vec<Step>, Trouble> {
        match &leased.entry.call_id {
            Some(call_id) => Ok(self.store.steps_of_call(&leased.entry.project, call_id).await?),
            None => Ok(leased.steps.clone()),
        }
    }

    /// How the call ended, as far as this moment knows: whoever takes a call has answered it.
    fn outcome(&self, call: &Call, at: At) -> Option<Outcome> {
        match at {
            At::BeforeCall | At::Form => None,
            At::PickUp => Some(Outcome::Answered),
            At::AfterCall => situation::outcome_of(&self.office.project.matrix, call),
        }
    }

    /// How the call was judged, and what the client has now.
    ///
    /// Memory's word is enough where nothing is going to be made. Where a row may make something, the CRM is asked: when
    /// the call is judged, and again whenever something is about to be made or was to be and was not, because another call
    /// of the client, or a person, may have made it meanwhile. So may another integration what a row enriches.
    async fn judged(
        &self,
        leased: &Leased,
        (call, number): (&Call, PhoneKey),
        (outcome, at): (Option<Outcome>, At),
        (steps, done): (&[Step], &BTreeSet<String>),
    ) -> Result<(Judged, Judged), Trouble> {
        let kept = leased.call.as_ref().and_then(|known| known.judged.as_deref());
        let kept = kept.and_then(|text| serde_json::from_str::<Judged>(text).ok());
        let matrix = &self.office.project.matrix;
        if let Some(kept) = kept {
            let situation = self.situation(call, outcome, &kept);
            let due = decide(matrix, &situation, at, done).due;
            let makes = due.iter().any(|due| due.what.creates_entity() || due.what.enriches());
            // What was to be made and was not, perhaps somebody has made by hand.
            let unmade = steps.iter().any(|step| !is_done(step) && Kind::from_word(&step.name).is_some());
            let now_held = if makes || unmade { self.look(leased, number).await? } else { kept.clone() };
            return Ok((kept, now_held));
        }
        if let Some(remembered) = judge::remembered(self.office, number) {
            let open = self.situation(call, outcome, &remembered);
            let enriches = decide(matrix, &open, at, done).due.iter().any(|due| due.what.enriches());
            if !may_create(matrix, &open) && !enriches {
                return Ok((remembered.clone(), remembered));
            }
        }
        let looked_up = self.look(leased, number).await?;
        Ok((looked_up.clone(), looked_up))
    }

    /// What the client has now, as the CRM and the journal say.
    pub(super) async fn look(&self, leased: &Leased, number: PhoneKey) -> Result<Judged, Trouble> {
        self.look_for(leased, &Sought::Number(number)).await
    }

    /// The same for a plan that is taken up later: of a form by whatever its client has left. `None` of a call whose client
    /// has no number.
    pub(super) async fn look_again(
        &self,
        leased: &Leased,
        number: Option<PhoneKey>,
    ) -> Result<Option<Judged>, Trouble> {
        if leased.entry.moment == Moment::Form.word() {
            return self.form_held(leased).await;
        }
        match number {
            Some(number) => Ok(Some(self.look(leased, number).await?)),
            None => Ok(None),
        }
    }

    /// The same of somebody who is looked for by whatever they have left.
    async fn look_for(&self, leased: &Leased, sought: &Sought) -> Result<Judged, Trouble> {
        let since_ms = self.earliest_ms.saturating_sub(LATELY_MS);
        let made = self.store.made_for(&leased.entry.project, &sought.who(), since_ms).await?;
        let link = |made: &super::store::Made| {
            Some(Link { kind: Kind::from_word(&made.kind)?, id: CrmId::parse(&made.crm_id)? })
        };
        let made = made.iter().filter_map(link).collect();
        Ok(match sought {
            Sought::Number(number) => judge::looked_up(self.office, self.writer, *number, made).await?,
            _ => judge::sought(self.writer, sought, made).await?,
        })
    }

    fn situation(&self, call: &Call, outcome: Option<Outcome>, judged: &Judged) -> Situation {
        situation::situation(self.office, call, outcome, judged)
    }
}

const fn is_done(step: &Step) -> bool {
    matches!(step.state, StepState::Done | StepState::Skipped)
}

/// The names of what needs not be planned any more. What an entry that was given up has left undone is planned anew, for
/// what comes later may hang on it; under the same mark, so that whichever of the two is worked on first does it.
fn done(steps: &[Step], given_up: &BTreeSet<EntryId>) -> BTreeSet<String> {
    let counts = |step: &&Step| is_done(step) || !given_up.contains(&step.entry);
    steps.iter().filter(counts).map(|step| step.name.clone()).collect()
}

/// The steps of these orders, each with the mark that is its own.
fn new_steps(leased: &Leased, orders: Vec<(String, StoredOrder)>) -> Vec<NewStep> {
    let entry = &leased.entry;
    let of = entry.call_id.clone().unwrap_or_else(|| entry.identity.clone());
    // The same form again is another once the first is forgotten, and must not be found as what that one made.
    let of = if entry.moment == Moment::Form.word() { format!("{of}-{}", entry.received_ms) } else { of };
    let step = |(name, order): (String, StoredOrder)| {
        let mark = Mark::of(&[&entry.project, &of, &name]);
        NewStep { mark: mark.as_str().to_owned(), order: order.text(), name }
    };
    orders.into_iter().map(step).collect()
}

fn event_of(facts: Option<&str>) -> Result<Event, Trouble> {
    let unreadable = |why: String| Trouble::Unreadable(format!("expected what an event says, found {why}"));
    serde_json::from_str(facts.ok_or_else(|| unreadable("nothing".to_owned()))?)
        .map_err(|error| unreadable(error.to_string()))
}
