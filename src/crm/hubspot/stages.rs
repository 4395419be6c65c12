//! What is each account's own and seldom changes: which stages are closed, which properties there are.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    path,
    send::{Payer, Question, Sender},
    status,
    wire::{Answer, Named, Object, Pipeline},
};
use crate::model::client::Kind;

/// How long it is believed.
const BELIEVED: Duration = Duration::from_secs(3_600);

/// Whether each stage of each pipeline is closed, and where what is made begins.
#[derive(Debug, Default)]
pub(super) struct Stages {
    closed: HashMap<(String, String), bool>,
    first: Option<(String, String)>,
}

impl Stages {
    /// Whether a record counts. What its stage does not say, it says itself; a stage that nobody knows is open: somebody
    /// who waits for an answer is better sent to a salesman too many than to none.
    pub(super) fn is_open(&self, kind: Kind, object: &Object) -> bool {
        if let Some(closed) = object.says_closed(kind) {
            return !closed;
        }
        let Some(stage) = object.stage(kind) else { return true };
        match self.closed.get(&stage) {
            Some(closed) => !closed,
            None => {
                tracing::debug!(%kind, pipeline = stage.0, stage = stage.1, "a stage that no pipeline has counts as open");
                true
            }
        }
    }
}

/// The account's own, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Own(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    stages: HashMap<Kind, (Instant, Arc<Stages>)>,
    properties: HashMap<Kind, (Instant, Arc<BTreeSet<String>>)>,
}

impl Own {
    /// A panic in a holder leaves one reading or another: either may be used.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stages of a kind; none for a kind without.
    ///
    /// # Cost
    /// One request an hour for deals, and one for tickets. A call waits for it only where nothing was read before.
    pub(super) async fn stages(&self, sender: &Sender, payer: Payer, kind: Kind) -> Result<Arc<Stages>, Failure> {
        if path::stage(kind).is_none() {
            return Ok(Arc::default());
        }
        let held = self.held().stages.get(&kind).cloned();
        if let Some((read_at, stages)) = held
            && (payer.is_live() || read_at.elapsed() < BELIEVED)
        {
            return Ok(stages);
        }
        let reply = sender.reply_to(payer, &Question::get(path::pipelines(&sender.base, kind))).await?;
        let answer: Answer<Pipeline> = status::judge(&reply)?;
        let first = first(&answer.results);
        let closed = answer.results.into_iter().flat_map(|pipeline| {
            let closed = move |id: &str| (pipeline.id.clone(), id.to_owned());
            pipeline.stages.into_iter().map(move |stage| (closed(&stage.id), stage.is_closed()))
        });
        let stages = Arc::new(Stages { closed: closed.collect(), first });
        self.held().stages.insert(kind, (Instant::now(), Arc::clone(&stages)));
        Ok(stages)
    }

    /// The pipeline and stage in which a deal or ticket is made; `None` for a kind without.
    ///
    /// # Errors
    /// [`Failure::Refused`] where no pipeline of the account has an open stage.
    pub(super) async fn first_stage(
        &self,
        sender: &Sender,
        payer: Payer,
        kind: Kind,
    ) -> Result<Option<(String, String)>, Failure> {
        if path::stage(kind).is_none() {
            return Ok(None);
        }
        let first = self.stages(sender, payer, kind).await?.first.clone();
        let none =
            || Failure::Refused { reason: format!("expected a pipeline of {kind}s with an open stage, found none") };
        first.map(Some).ok_or_else(none)
    }

    /// Reads the stages of a kind again when they are needed next.
    pub(super) fn forget_stages(&self, kind: Kind) {
        self.held().stages.remove(&kind);
    }

    /// Which of [`path::unsure`]'s properties a kind is known to have.
    pub(super) fn properties(&self, kind: Kind) -> Arc<BTreeSet<String>> {
        self.held().properties.get(&kind).map(|(_, names)| Arc::clone(names)).unwrap_or_default()
    }

    /// Looks which of them a kind has: a list leaves out what is not there, a search for it is refused. Where the vendor
    /// does not tell, none counts as there.
    ///
    /// # Cost
    /// One request an hour for companies, and one for contacts where fields are configured.
    pub(super) async fn look_for_properties(
        &self,
        sender: &Sender,
        payer: Payer,
        kind: Kind,
        fields: &[String],
    ) -> Result<(), Failure> {
        let names = path::unsure(kind, fields);
        let looked = |(read_at, _): &(Instant, _)| read_at.elapsed() < BELIEVED;
        if names.is_empty() || self.held().properties.get(&kind).is_some_and(looked) {
            return Ok(());
        }
        let question = Question::post(
            path::known_properties(&sender.base, path::object(kind)),
            path::known_properties_body(&names),
        );
        let reply = sender.reply_to(payer, &question).await?;
        let answer =
            if status::says_without(&reply) { Ok(None) } else { status::judge_batch::<Named>(&reply).map(Some) };
        let there = match answer {
            Ok(answer) => answer.into_iter().flat_map(|answer| answer.results).map(|named| named.name).collect(),
            Err(failure @ Failure::Refused { .. }) => {
                tracing::debug!(%kind, %failure, "it was not told which number fields can be searched");
                BTreeSet::new()
            }
            Err(failure) => return Err(failure),
        };
        self.held().properties.insert(kind, (Instant::now(), Arc::new(there)));
        Ok(())
    }
}

/// The first open stage of the account's default pipeline: the one with the vendor's own id for it, else the first.
fn first(pipelines: &[Pipeline]) -> Option<(String, String)> {
    /// Of deals, and of tickets.
    const DEFAULT: [&str; 2] = ["default", "0"];
    let mut pipelines: Vec<&Pipeline> = pipelines.iter().filter(|pipeline| !pipeline.is_archived()).collect();
    pipelines.sort_by_key(|pipeline| (!DEFAULT.contains(&pipeline.id.as_str()), pipeline.order));
    pipelines.into_iter().find_map(|pipeline| {
        let open = pipeline.stages.iter().filter(|stage| stage.takes_new_ones());
        open.min_by_key(|stage| stage.order).map(|stage| (pipeline.id.clone(), stage.id.clone()))
    })
}
