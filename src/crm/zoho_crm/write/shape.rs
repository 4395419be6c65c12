//! What the customer's modules can hold: which fields there are, how long their texts may be, which of them are unique.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::zoho_crm::{
    api::{Api, Payer, Question},
    path::{self, CALLS, TASKS},
    schema::BELIEVED,
    wire::Fields,
};

/// What is written and may have fields of the customer's, each with its module.
pub(in crate::crm::zoho_crm) const OWNERS: [(&str, &str); 6] = [
    ("lead", "Leads"),
    ("contact", "Contacts"),
    ("organization", "Accounts"),
    ("deal", "Deals"),
    ("task", TASKS),
    ("call", CALLS),
];

/// What a field can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::crm::zoho_crm) struct Trait {
    /// The vendor's word for what it holds.
    pub(in crate::crm::zoho_crm) holds: String,
    /// Signs, at most; `None` where that is not told.
    pub(in crate::crm::zoho_crm) length: Option<usize>,
    /// Whether the vendor sees to it that no two records have the same in it.
    pub(in crate::crm::zoho_crm) unique: bool,
    /// The values of a list: as they are shown, which is how they are written, and as they are stored.
    pub(in crate::crm::zoho_crm) choices: Vec<(String, String)>,
}

/// A module, as far as a writer needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::crm::zoho_crm) struct Shape(BTreeMap<String, Trait>);

impl Shape {
    pub(in crate::crm::zoho_crm) fn of(fields: &Fields) -> Self {
        let each = fields.fields.iter().map(|field| {
            let unique = field.unique.as_ref().and_then(Value::as_object).is_some_and(|unique| !unique.is_empty());
            let length = field.length.filter(|length| *length > 0);
            let choices = field.pick_list_values.iter().filter_map(|choice| {
                let shown = choice.display_value.clone()?;
                Some((shown.clone(), choice.actual_value.clone().unwrap_or(shown)))
            });
            let choices = choices.collect();
            (field.api_name.clone(), Trait { holds: field.data_type.clone(), length, unique, choices })
        });
        Self(each.collect())
    }

    pub(in crate::crm::zoho_crm) fn field(&self, name: &str) -> Option<&Trait> {
        self.0.get(name)
    }

    /// The fields of a type.
    pub(in crate::crm::zoho_crm) fn of_type(&self, holds: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(_, field)| field.holds == holds).map(|(name, _)| name.as_str())
    }

    /// The most signs that a field takes: what the customer's account says, else what is usual.
    pub(in crate::crm::zoho_crm) fn limit(&self, name: &str, usual: usize) -> usize {
        self.field(name).and_then(|field| field.length).unwrap_or(usual)
    }

    /// The configured field of `owner` for that, where the module has it. Into one that is not there the vendor would write
    /// nothing without a word.
    pub(in crate::crm::zoho_crm) fn named<'n>(
        &self,
        names: &'n FieldNames,
        owner: &str,
        meaning: Meaning,
    ) -> Option<&'n str> {
        names.of(owner, meaning).filter(|name| self.field(name).is_some())
    }

    /// The field of our mark and whether it is unique. One whose values no query can compare is none.
    pub(in crate::crm::zoho_crm) fn mark<'n>(&self, names: &'n FieldNames, owner: &str) -> Option<(&'n str, bool)> {
        let name = self.named(names, owner, Meaning::Mark)?;
        let field = self.field(name).filter(|field| field.holds == "text")?;
        Some((name, field.unique))
    }
}

/// What was read of one module, and when.
type Slot = Mutex<Option<(Instant, Arc<Shape>)>>;

/// The shapes of all modules, each read when it is first needed and believed for some hours.
#[derive(Debug, Default)]
pub(in crate::crm::zoho_crm) struct Shapes([Slot; OWNERS.len()]);

impl Shapes {
    /// The shape of what is called so in the configuration.
    ///
    /// # Cost
    /// 1 credit every six hours.
    pub(in crate::crm::zoho_crm) async fn of(&self, api: &Api, owner: &str) -> Result<Arc<Shape>, Failure> {
        self.read(api, owner, false).await
    }

    /// The same, read afresh.
    pub(in crate::crm::zoho_crm) async fn fresh(&self, api: &Api, owner: &str) -> Result<Arc<Shape>, Failure> {
        self.read(api, owner, true).await
    }

    async fn read(&self, api: &Api, owner: &str, afresh: bool) -> Result<Arc<Shape>, Failure> {
        let place = OWNERS.iter().position(|(own, _)| *own == owner);
        let (place, slot) =
            place.and_then(|place| Some((place, self.0.get(place)?))).ok_or_else(|| nothing_of(owner))?;
        let mut held = slot.lock().await;
        if let Some((read, shape)) = held.as_ref().filter(|_| !afresh)
            && read.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(shape));
        }
        let fields: Option<Fields> =
            api.ask(Payer::WRITE, &Question::page(path::fields(&api.base, OWNERS[place].1))).await?;
        let shape = Arc::new(Shape::of(&fields.unwrap_or(Fields { fields: Vec::new() })));
        *held = Some((Instant::now(), Arc::clone(&shape)));
        Ok(shape)
    }
}

/// What this CRM has not.
pub(in crate::crm::zoho_crm) fn nothing_of(what: &str) -> Failure {
    Failure::Refused { reason: format!("Zoho CRM has no {what}s to write") }
}
