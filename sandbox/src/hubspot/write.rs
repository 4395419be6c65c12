//! Making and changing records through the API.
//!
//! # Source
//! The vendor's description for bodies and replies, its pages for what must be there. That a record with a wrong or gone
//! end of an association is not made at all, and that members the description requires are required, are guesses.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    activity::{Activity, Done, Of},
    association,
    list::{Batched, body},
    object::{Object, stages},
    property::{self, time},
    reply::{CORRELATION, Refusal},
    world::World,
};
use crate::kit::{EntityKind, Moment, Query};

type Values = BTreeMap<String, String>;
/// What is told of a change: the property that was written, none of a new record.
pub(super) type News = (Of, u64, Option<String>);

#[derive(Debug, Deserialize)]
struct Wish {
    properties: Values,
    associations: Vec<Association>,
}

#[derive(Debug, Deserialize)]
struct Association {
    to: End,
    types: Vec<Spec>,
}

#[derive(Debug, Deserialize)]
struct End {
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    association_category: String,
    association_type_id: u32,
}

#[derive(Debug, Deserialize)]
struct Edit {
    properties: Values,
}

#[derive(Debug, Deserialize)]
struct Upsert {
    inputs: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    id_property: Option<String>,
    object_write_trace_id: Option<String>,
    properties: Values,
}

/// Rows of one batch.
const MOST: usize = 100;

impl World {
    /// `POST /crm/objects/2026-03/{type}`
    pub(super) fn make(&mut self, of: Of, asked: &[u8], now: Moment) -> Result<(Value, News), Refusal> {
        let wish: Wish = body(asked)?;
        let on = self.ends(of, &wish.associations)?;
        let id = self.made(of, &wish.properties, on, now)?;
        Ok((self.written(of, id, &wish.properties), (of, id, None)))
    }

    /// `PATCH /crm/objects/2026-03/{type}/{id}`
    pub(super) fn patch(
        &mut self,
        of: Of,
        (id, query): (&str, &Query<'_>),
        asked: &[u8],
        now: Moment,
    ) -> Result<(Value, News), Refusal> {
        let Edit { properties } = body(asked)?;
        let id = self.named(of, id, query.text("idProperty"))?.ok_or(Refusal::Unknown)?;
        self.check(of, &properties, Some(id))?;
        let name = properties.keys().next().cloned();
        self.set(of, id, &properties, now);
        Ok((self.written(of, id, &properties), (of, id, name.or_else(|| Some(String::new())))))
    }

    /// `GET /crm/objects/2026-03/{type}/{id}`
    pub(super) fn one(&self, of: Of, id: &str, query: &Query<'_>) -> Result<Value, Refusal> {
        let id = self.named(of, id, query.text("idProperty"))?.ok_or(Refusal::Unknown)?;
        self.shown(of, id, &query.list("properties")).ok_or(Refusal::Unknown)
    }

    /// `POST /crm/objects/2026-03/{type}/batch/upsert`: each row is made, or changed where its value is there, or refused
    /// on its own.
    pub(super) fn upsert(&mut self, of: Of, asked: &[u8], now: Moment) -> Result<(Batched, Vec<News>), Refusal> {
        let rows = body::<Upsert>(asked)?.inputs;
        if rows.len() > MOST {
            return Err(Refusal::Invalid(format!("inputs: expected at most {MOST}, found {}", rows.len())));
        }
        let (mut results, mut errors, mut news) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let trace = row.object_write_trace_id.clone();
            match self.put(of, row, now) {
                Ok((mut result, told)) => {
                    if let Some(trace) = trace {
                        result["objectWriteTraceId"] = json!(trace);
                    }
                    results.push(result);
                    news.push(told);
                }
                Err(refusal) => {
                    let (_, category, message) = refusal.words();
                    let context = trace.map_or(json!({}), |trace| json!({"objectWriteTraceId": [trace]}));
                    errors.push(json!({
                        "status": "error", "category": category, "message": message, "context": context, "errors": [],
                        "links": {}, "id": CORRELATION,
                    }));
                }
            }
        }
        Ok((Batched::of(&results, &errors), news))
    }

    fn put(&mut self, of: Of, row: Row, now: Moment) -> Result<(Value, News), Refusal> {
        let property = row.id_property.unwrap_or_default();
        if !self.is_unique(of, &property) {
            return Err(Refusal::Invalid(format!("idProperty: {property:?} is not a unique property")));
        }
        let holder = self.holder(of, &property, &row.id);
        let mut values = row.properties;
        values.insert(property, row.id);
        let id = match holder {
            Some(id) => {
                self.check(of, &values, Some(id))?;
                self.set(of, id, &values, now);
                id
            }
            None => self.made(of, &values, Vec::new(), now)?,
        };
        let mut result = self.written(of, id, &values);
        result["new"] = json!(holder.is_none());
        Ok((result, (of, id, holder.map(|_| String::new()))))
    }

    /// Which record an id names; one that was merged names the other.
    fn named(&self, of: Of, id: &str, property: Option<&str>) -> Result<Option<u64>, Refusal> {
        match property {
            Some(property) if !self.is_unique(of, property) => {
                Err(Refusal::Invalid(format!("idProperty: {property:?} is not a unique property")))
            }
            Some(property) => Ok(self.holder(of, property, id)),
            None => Ok(id.parse().ok().and_then(|id| self.there(of, id))),
        }
    }

    /// The record's id where it is there; of a merged one the other's.
    pub(super) fn there(&self, of: Of, id: u64) -> Option<u64> {
        let Of::Entity(kind) = of else { return self.activities.contains_key(&(of, id)).then_some(id) };
        let id = self.merged.get(&(kind, id)).copied().unwrap_or(id);
        self.get(kind, id).filter(|object| !object.archived).map(|object| object.id)
    }

    /// Who has this value of a unique property, compared without case; archived ones have none.
    pub(super) fn holder(&self, of: Of, name: &str, wanted: &str) -> Option<u64> {
        let id = *self.values.get(&(of, name.to_owned(), wanted.to_lowercase()))?;
        let held = match of {
            Of::Entity(kind) => self.get(kind, id).filter(|object| !object.archived)?.extra.remove(name)?,
            Of::Activity(_) => self.activities.get(&(of, id))?.properties.get(name)?.clone(),
        };
        (held.to_lowercase() == wanted.to_lowercase()).then_some(id)
    }

    fn ends(&self, of: Of, asked: &[Association]) -> Result<Vec<(EntityKind, u64)>, Refusal> {
        let mut ends = Vec::new();
        for association in asked {
            for spec in &association.types {
                let target = association::target(of, spec.association_type_id);
                let to = target.filter(|_| spec.association_category == "HUBSPOT_DEFINED").ok_or_else(|| {
                    let type_id = spec.association_type_id;
                    Refusal::Invalid(format!("invalid association type {type_id} from {}", of.word()))
                })?;
                let id = association.to.id.parse().ok().and_then(|id| self.there(Of::Entity(to), id));
                let gone = || {
                    let (word, id) = (Of::Entity(to).word().to_uppercase(), &association.to.id);
                    Refusal::Invalid(format!("{word} object with id {id} does not exist or is archived."))
                };
                ends.push((to, id.ok_or_else(gone)?));
            }
        }
        Ok(ends)
    }

    fn made(&mut self, of: Of, values: &Values, on: Vec<(EntityKind, u64)>, now: Moment) -> Result<u64, Refusal> {
        self.check(of, values, None)?;
        required(of, values, &on)?;
        let id = self.next_id;
        self.next_id += 1;
        let at_s = now.wall.as_second();
        match of {
            Of::Activity(_) => {
                let done = Done { properties: Values::new(), on, add_s: at_s, update_s: at_s };
                for end in &done.on {
                    self.hanging.entry(*end).or_default().push((of, id));
                }
                self.activities.insert((of, id), done);
                self.set(of, id, values, now);
            }
            Of::Entity(kind) => {
                let mut object = Object { by_api: true, ..Object::bare(kind, id, String::new(), at_s) };
                for (to, id) in on {
                    let ends = match to {
                        EntityKind::Contact => &mut object.contacts,
                        EntityKind::Organization => &mut object.companies,
                        _ => {
                            object.others.push((to, id));
                            continue;
                        }
                    };
                    if !ends.contains(&id) {
                        ends.push(id);
                    }
                }
                self.note(of, id, values);
                values.iter().for_each(|(name, value)| write(&mut object, name, value));
                self.table_mut(kind).set(id, now.vendor, Some(object));
            }
        }
        Ok(id)
    }

    fn note(&mut self, of: Of, id: u64, values: &Values) {
        if self.touched.insert((of, id)) {
            self.by_api.push((of, id));
        }
        for (name, value) in values.iter().filter(|(name, _)| self.is_unique(of, name)).collect::<Vec<_>>() {
            self.values.insert((of, name.clone(), value.to_lowercase()), id);
        }
    }

    fn set(&mut self, of: Of, id: u64, values: &Values, now: Moment) {
        self.note(of, id, values);
        match of {
            Of::Activity(_) => {
                let Some(done) = self.activities.get_mut(&(of, id)) else { return };
                done.update_s = now.wall.as_second();
                for (name, value) in values {
                    keep(&mut done.properties, name, value);
                }
            }
            Of::Entity(kind) => {
                let Some(mut object) = self.get(kind, id) else { return };
                object.update_s = now.wall.as_second();
                values.iter().for_each(|(name, value)| write(&mut object, name, value));
                self.table_mut(kind).set(id, now.vendor, Some(object));
            }
        }
    }

    /// A record with what was written just now.
    fn written(&self, of: Of, id: u64, values: &Values) -> Value {
        let names: Vec<&str> = values.keys().map(String::as_str).collect();
        self.shown(of, id, &names).unwrap_or_default()
    }

    /// A record, and of it these properties; what the kind has not is left out.
    pub(super) fn shown(&self, of: Of, id: u64, names: &[&str]) -> Option<Value> {
        match of {
            Of::Entity(kind) => Some(super::wire::object(&self.get(kind, id)?, &self.wanted(kind, names))),
            Of::Activity(_) => {
                let done = self.activities.get(&(of, id))?;
                let defaults = ["hs_createdate", "hs_lastmodifieddate", "hs_object_id"];
                let names = if names.is_empty() { &defaults } else { names };
                let mut properties = Map::new();
                for name in names.iter().filter(|name| self.has_property(of, name)) {
                    let value = match *name {
                        "hs_object_id" => Some(id.to_string()),
                        "hs_createdate" => Some(time(done.add_s)),
                        "hs_lastmodifieddate" => Some(time(done.update_s)),
                        name => done.properties.get(name).cloned(),
                    };
                    properties.insert((*name).to_owned(), value.map_or(Value::Null, Value::from));
                }
                Some(json!({
                    "id": id.to_string(), "properties": properties, "createdAt": time(done.add_s),
                    "updatedAt": time(done.update_s), "archived": false,
                }))
            }
        }
    }
}

/// What a new record must have.
fn required(of: Of, values: &Values, on: &[(EntityKind, u64)]) -> Result<(), Refusal> {
    let has = |name: &str| values.get(name).is_some_and(|value| !value.is_empty());
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    let (there, told) = match of {
        Of::Entity(EntityKind::Contact) => {
            (any(&["email", "firstname", "lastname"]), "at least one of email, firstname, lastname")
        }
        Of::Entity(EntityKind::Organization) => (any(&["name", "domain"]), "at least one of name, domain"),
        Of::Entity(EntityKind::Deal) => (has("dealname") && has("dealstage"), "dealname and dealstage"),
        Of::Entity(EntityKind::Ticket) => (has("subject") && has("hs_pipeline_stage"), "subject and hs_pipeline_stage"),
        Of::Entity(EntityKind::Lead) => {
            (has("hs_lead_name") && !on.is_empty(), "hs_lead_name and an associated contact or company")
        }
        Of::Activity(Activity::Task | Activity::Call | Activity::Note) => (has("hs_timestamp"), "hs_timestamp"),
    };
    if there {
        Ok(())
    } else {
        Err(Refusal::Invalid(format!("Error creating {}. Required: {told}", of.word().to_uppercase())))
    }
}

/// An empty text takes a value away.
fn keep(values: &mut Values, name: &str, value: &str) {
    if value.is_empty() {
        values.remove(name);
    } else {
        values.insert(name.to_owned(), value.to_owned());
    }
}

fn write(object: &mut Object, name: &str, value: &str) {
    if let Some(at) = property::PHONES.iter().position(|known| *known == name) {
        if object.phones.len() <= at {
            object.phones.resize(at + 1, String::new());
        }
        value.clone_into(&mut object.phones[at]);
        return;
    }
    match name {
        "hubspot_owner_id" => object.owner = value.parse().ok(),
        "pipeline" | "hs_pipeline" => {}
        "dealstage" | "hs_pipeline_stage" => {
            let known = stages(object.kind).iter().find(|(id, ..)| *id == value);
            object.stage = known.map_or(object.stage, |(id, ..)| id);
        }
        "name" | "dealname" | "subject" | "hs_lead_name" => value.clone_into(&mut object.name),
        "firstname" | "lastname" => {
            let (first, last) = object.name.split_once(' ').unwrap_or((object.name.as_str(), ""));
            let (first, last) = if name == "firstname" { (value, last) } else { (first, value) };
            object.name = format!("{first} {last}").trim_end().to_owned();
        }
        _ => keep(&mut object.extra, name, value),
    }
}
