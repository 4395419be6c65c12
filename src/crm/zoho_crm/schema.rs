//! What the customer's modules are made of: which fields hold numbers, which stages are closed.

use std::{
    collections::BTreeMap,
    sync::{self, Arc, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::crm::zoho_crm::{
    path::{self, ACCOUNT, CONTACT, CONVERTED, CREATED, ID, MODIFIED, MOST_FIELDS, OWNER, STAGE},
    wire::{Choice, Fields},
};
use crate::model::client::Kind;

/// What is known of a module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Schema {
    numbers: Vec<String>,
    /// Whether a stage is closed, by what is shown and by what is stored: it is not documented which of them a record has.
    closed: BTreeMap<String, bool>,
    /// The fields to ask for, comma separated.
    pub(super) select: String,
}

impl Schema {
    /// What the metadata says of the module of a kind.
    pub(super) fn of(kind: Kind, fields: &Fields, configured: &[String]) -> Self {
        let known = |name: &str| fields.fields.iter().any(|field| field.api_name == name);
        let own: &[&str] = match kind {
            Kind::Lead => &[CONVERTED],
            Kind::Contact => &[ACCOUNT],
            Kind::Deal => &[STAGE, CONTACT, ACCOUNT],
            _ => &[],
        };
        let numbers = fields.fields.iter().filter(|field| field.data_type == "phone").map(|field| &field.api_name);
        let configured = configured.iter().filter(|name| known(name));
        let mut wanted: Vec<String> = Vec::new();
        for name in numbers.chain(configured).filter(|_| kind != Kind::Deal) {
            if !wanted.contains(name) {
                wanted.push(name.clone());
            }
        }
        // A record's own fields are there by nature; those that may be missing are asked for where the metadata has them,
        // since a query that names an unknown field is refused.
        let own = own.iter().filter(|name| **name != CONVERTED || known(name));
        let own = own.chain(path::names(kind).iter().filter(|name| known(name)));
        let mut select: Vec<&str> = [ID, OWNER, CREATED, MODIFIED].into_iter().chain(own.copied()).collect();
        wanted.truncate(MOST_FIELDS - select.len());
        select.extend(wanted.iter().map(String::as_str));
        let select = select.join(", ");
        let stages = fields.fields.iter().filter(|field| kind == Kind::Deal && field.api_name == STAGE);
        let mut closed = BTreeMap::new();
        for choice in stages.flat_map(|field| &field.pick_list_values) {
            let names = [&choice.actual_value, &choice.display_value].into_iter().flatten();
            closed.extend(names.map(|name| (name.clone(), is_closed(choice))));
        }
        Self { numbers: wanted, closed, select }
    }

    /// The fields that hold numbers.
    pub(super) fn numbers(&self) -> &[String] {
        &self.numbers
    }

    /// The fields of a list, which are named without spaces.
    pub(super) fn listed(&self) -> String {
        self.select.replace(' ', "")
    }

    /// Whether a deal in this stage is open. One in a stage that is not known is.
    pub(super) fn is_open(&self, stage: Option<&str>) -> bool {
        stage.and_then(|stage| self.closed.get(stage)) != Some(&true)
    }

    /// Whether the stage is in no list.
    pub(super) fn is_unknown(&self, stage: &str) -> bool {
        !self.closed.contains_key(stage)
    }

    /// Closed stages that a query can name: as many as it may, without those that would have to be escaped.
    pub(super) fn closed_stages(&self) -> Vec<&str> {
        let closed = self.closed.iter().filter(|(name, closed)| **closed && !name.contains(['\'', '"', '\\', '%']));
        closed.map(|(name, _)| name.as_str()).take(path::MOST_VALUES).collect()
    }
}

/// The type of the forecast decides; where it is not told, its category: what is *omitted* of forecasts is mostly lost.
pub(super) fn is_closed(choice: &Choice) -> bool {
    if let Some(forecast) = &choice.forecast_type {
        return forecast.to_lowercase().starts_with("closed");
    }
    let category = choice.forecast_category.as_ref().and_then(|category| category.get("name")).and_then(Value::as_str);
    matches!(category, Some("Closed" | "Omitted"))
}

/// How long what was read is believed.
pub(super) const BELIEVED: Duration = Duration::from_secs(6 * 3_600);
/// How long it is believed although a record or a new crawl says that it may be old.
const DOUBTED: Duration = Duration::from_secs(600);

/// What was read of one module, and when.
#[derive(Debug, Default)]
pub(super) struct Slot {
    known: sync::Mutex<Option<(Instant, Arc<Schema>)>>,
    reading: Mutex<()>,
}

impl Slot {
    /// What is known, if it will do: never waits for who reads it anew.
    pub(super) fn known(&self, need: Need) -> Option<Arc<Schema>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(read, _)| need.is_met(*read)).map(|(_, schema)| Arc::clone(schema))
    }

    /// The turn to read it: one reads for all who wait.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.reading.lock().await
    }

    /// Takes note of what was read just now.
    pub(super) fn note(&self, schema: Arc<Schema>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), schema));
    }
}

/// Who asks, and how new what they are told must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A call waits: anything that was ever read will do.
    Anything,
    /// A page among others.
    Believed,
    /// A new crawl, or a record that does not fit.
    Fresh,
}

impl Need {
    /// Whether what was read then will do.
    fn is_met(self, read: Instant) -> bool {
        match self {
            Self::Anything => true,
            Self::Believed => read.elapsed() < BELIEVED,
            Self::Fresh => read.elapsed() < DOUBTED,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{BELIEVED, DOUBTED, Need, Schema, Slot};

    #[tokio::test(start_paused = true)]
    async fn a_call_does_not_wait_for_who_reads_the_fields_anew() {
        let slot = Slot::default();
        assert_eq!(slot.known(Need::Anything), None);
        slot.note(Arc::default());
        let known = Some(Arc::new(Schema::default()));
        let _reading = slot.turn().await;
        for (after, fresh, believed) in [(DOUBTED, None, known.clone()), (BELIEVED, None, None)] {
            tokio::time::advance(after + Duration::from_secs(1)).await;
            assert_eq!(slot.known(Need::Fresh), fresh);
            assert_eq!(slot.known(Need::Believed), believed);
            assert_eq!(slot.known(Need::Anything), known);
        }
    }
}
