//! The stage that a new deal begins in: the first open one of the default pipeline.

use std::sync::Arc;

use tokio::{sync::Mutex, time::Instant};

use crate::crm::failure::Failure;
use crate::crm::zoho_crm::{
    api::{Api, Payer, Question},
    path::{self, STAGE},
    schema::{BELIEVED, is_closed},
    wire::{Choice, Fields, Layout, Layouts, Pipeline, Pipelines},
};

/// Where a new deal begins. Lists of values are written as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::crm::zoho_crm) struct FirstStage {
    /// `None` where the account tells of no pipelines.
    pub(in crate::crm::zoho_crm) pipeline: Option<String>,
    pub(in crate::crm::zoho_crm) stage: String,
}

/// What was read, and when.
#[derive(Debug, Default)]
pub(in crate::crm::zoho_crm) struct FirstStages(Mutex<Option<(Instant, Arc<FirstStage>)>>);

impl FirstStages {
    /// # Cost
    /// 2 credits every six hours; 3 where there are no pipelines.
    ///
    /// # Errors
    /// [`Failure::Refused`] where no stage of deals is open.
    pub(in crate::crm::zoho_crm) async fn of(&self, api: &Api) -> Result<Arc<FirstStage>, Failure> {
        let mut held = self.0.lock().await;
        if let Some((_, first)) = held.as_ref().filter(|(read, _)| read.elapsed() < BELIEVED) {
            return Ok(Arc::clone(first));
        }
        let piped = match piped(api).await {
            // Without the right, or where the account has none, the list of all stages serves.
            Err(Failure::Refused { .. } | Failure::Credentials { .. }) => None,
            read => read?,
        };
        let first = match piped {
            Some(first) => first,
            None => listed(api).await?,
        };
        let first = Arc::new(first);
        *held = Some((Instant::now(), Arc::clone(&first)));
        Ok(first)
    }
}

async fn piped(api: &Api) -> Result<Option<FirstStage>, Failure> {
    let question = Question::page(path::layouts(&api.base, "Deals"));
    let Some(layouts) = api.ask::<Layouts>(Payer::WRITE, &question).await? else { return Ok(None) };
    let Some(layout) = layout(&layouts.layouts) else { return Ok(None) };
    let question = Question::page(path::pipelines(&api.base, layout));
    let pipelines: Option<Pipelines> = api.ask(Payer::WRITE, &question).await?;
    Ok(pipelines.and_then(|pipelines| first_of(&pipelines.pipeline)))
}

/// The first layout that is in use.
fn layout(layouts: &[Layout]) -> Option<&str> {
    let used = |layout: &&Layout| {
        layout.visible != Some(false) && layout.status.as_deref().is_none_or(|status| status == "active")
    };
    layouts.iter().find(used)?.id.as_deref()
}

/// The first open stage of the default pipeline, else of the first.
pub(in crate::crm::zoho_crm) fn first_of(pipelines: &[Pipeline]) -> Option<FirstStage> {
    let pipeline = pipelines.iter().find(|pipeline| pipeline.default).or_else(|| pipelines.first())?;
    let stage = first_open(&pipeline.maps)?;
    Some(FirstStage { pipeline: pipeline.display_value.clone(), stage })
}

fn first_open(stages: &[Choice]) -> Option<String> {
    let open = stages.iter().filter(|stage| !is_closed(stage) && stage.display_value.is_some());
    open.min_by_key(|stage| stage.sequence_number.unwrap_or(i64::MAX))?.display_value.clone()
}

async fn listed(api: &Api) -> Result<FirstStage, Failure> {
    let fields: Option<Fields> = api.ask(Payer::WRITE, &Question::page(path::fields(&api.base, "Deals"))).await?;
    let fields = fields.map(|fields| fields.fields).unwrap_or_default();
    let stages = fields.iter().find(|field| field.api_name == STAGE).map_or(&[][..], |field| &field.pick_list_values);
    let stage = first_open(stages).ok_or_else(|| Failure::Refused {
        reason: "expected an open stage of deals, found none; is the scope settings.fields.READ granted?".to_owned(),
    })?;
    Ok(FirstStage { pipeline: None, stage })
}
