//! Lists and batches.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    activity::Of,
    association,
    property::{Type, defaults, kind_of, type_of},
    reply::{Refusal, missing},
    wire::{self, Wanted},
    world::World,
};
use crate::kit::{EntityKind, Query, Walk};

/// Records of a list's page, and ids of a batch; the vendor's description names neither figure.
const MOST: usize = 100;
/// Owners of a page.
const MOST_OWNERS: usize = 500;
/// Ids of a batch of associations: a guess.
const MOST_ASSOCIATED: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    inputs: Vec<Input>,
    properties: Vec<String>,
    #[serde(rename = "propertiesWithHistory")]
    _properties_with_history: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Associations {
    inputs: Vec<Input>,
}

#[derive(Debug, Deserialize)]
struct Input {
    id: String,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    inputs: Vec<Named>,
    #[serde(rename = "archived")]
    _archived: bool,
    #[serde(rename = "dataSensitivity")]
    _data_sensitivity: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

/// A whole batch, or one of which a part is missing.
pub(super) struct Batched {
    pub(super) body: Value,
    pub(super) whole: bool,
}

impl Batched {
    pub(super) fn of(results: &[Value], errors: &[Value]) -> Self {
        Self { body: wire::batch(results, errors), whole: errors.is_empty() }
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::Invalid(message.into())
}

pub(super) fn body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|problem| invalid(format!("Invalid input JSON: {problem}")))
}

fn limit(query: &Query<'_>, default: usize, most: usize) -> Result<usize, Refusal> {
    let limit = query.number("limit").map_err(|problem| invalid(format!("limit: {problem}")))?;
    let limit = limit.map_or(default, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if (1..=most).contains(&limit) { Ok(limit) } else { Err(invalid(format!("limit: expected 1 to {most}"))) }
}

fn archived(query: &Query<'_>) -> Result<bool, Refusal> {
    match query.text("archived") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(invalid("archived: expected true or false")),
    }
}

impl World {
    /// Properties that are not there are left out without a word, here and in lists.
    pub(super) fn wanted(&self, kind: EntityKind, named: &[&str]) -> Wanted {
        let names = if named.is_empty() { defaults(kind) } else { named };
        let names = names.iter().filter(|name| self.type_of(kind, name, true).is_some());
        Wanted { properties: names.map(|&name| name.to_owned()).collect(), ..Wanted::default() }
    }

    /// The type of a kind's property, the account's own among them.
    pub(super) fn type_of(&self, kind: EntityKind, name: &str, calculated: bool) -> Option<Type> {
        let written = || self.has_property(Of::Entity(kind), name) && !name.starts_with("hs_searchable");
        type_of(kind, name, calculated).or_else(|| written().then_some(Type::Text))
    }

    /// `GET /crm/objects/2026-03/{type}`, in the order of ids. Unknown parameters are ignored.
    pub(super) fn list(
        &self,
        kind: EntityKind,
        query: &Query<'_>,
        notes: bool,
        links: usize,
    ) -> Result<Value, Refusal> {
        let (limit, archived) = (limit(query, 10, MOST)?, archived(query)?);
        let from = match query.text("after") {
            None => 0,
            Some(after) => after.parse().map_err(|_| invalid("after: not a cursor of this list"))?,
        };
        let mut wanted = self.wanted(kind, &query.list("properties"));
        wanted.associations = query.list("associations").into_iter().filter_map(kind_of).collect();
        let walk = Walk { from: Some((0, from)), ..Walk::default() };
        let mut objects = self.table(kind).walk(&walk).filter(|object| object.archived == archived);
        let page: Vec<_> = objects.by_ref().take(limit).collect();
        let mut results = Vec::with_capacity(page.len());
        for (at, object) in page.iter().enumerate() {
            let mut written = wire::object(object, &Wanted { notes: notes && at == 0, ..wanted.clone() });
            for &to in &wanted.associations {
                if let Some(linked) = wire::linked(self, object, to, links) {
                    written["associations"][plural(to)] = linked;
                }
            }
            results.push(written);
        }
        let mut list = json!({"results": results});
        if let Some(next) = objects.next() {
            let after = next.id.to_string();
            list["paging"] =
                json!({"next": {"after": after, "link": format!("https://api.hubapi.com/?after={after}")}});
        }
        Ok(list)
    }

    /// `POST /crm/objects/2026-03/{type}/batch/read`. One that was merged answers as the one it became.
    pub(super) fn batch(&self, of: Of, asked: &[u8], query: &Query<'_>) -> Result<Batched, Refusal> {
        let (batch, archived) = (body::<Batch>(asked)?, archived(query)?);
        let ids = ids(&batch.inputs, MOST)?;
        let names: Vec<&str> = batch.properties.iter().map(String::as_str).collect();
        let (mut results, mut gone) = (Vec::new(), Vec::new());
        for id in ids {
            match self.either(of, id, archived).and_then(|id| self.shown(of, id, &names)) {
                Some(shown) => results.push(shown),
                None => gone.push(id.to_string()),
            }
        }
        let told =
            format!("Could not get some {} objects, they may be deleted or not exist.", of.word().to_uppercase());
        let error = (!gone.is_empty()).then(|| missing(&told, &json!({"ids": gone})));
        Ok(Batched::of(&results, error.as_slice()))
    }

    /// The record that is there, or, asked for those, archived.
    fn either(&self, of: Of, id: u64, archived: bool) -> Option<u64> {
        match of {
            Of::Entity(kind) if archived => self.get(kind, id).filter(|object| object.archived).map(|object| object.id),
            of => self.there(of, id).filter(|_| !archived),
        }
    }

    /// `POST /crm/associations/2026-03/{from}/{to}/batch/read`. Who is associated with nothing is an error of the batch.
    pub(super) fn associations(&self, (from, to): (Of, Of), asked: &[u8], page: usize) -> Result<Batched, Refusal> {
        let inputs = body::<Associations>(asked)?.inputs;
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for (id, input) in ids(&inputs, MOST_ASSOCIATED)?.into_iter().zip(&inputs) {
            let begin = input.after.as_deref().map_or(Ok(0), str::parse).map_err(|_| invalid("after: not a cursor"))?;
            let others = self.linked(from, id, to);
            if others.is_empty() {
                let told = format!("No {} is associated with {} {id}.", to.word(), from.word());
                let context = json!({"fromObjectId": [id.to_string()], "toObjectType": [to.word()]});
                errors.push(missing(&told, &context));
                continue;
            }
            let ends = others.iter().enumerate().skip(begin).take(page).map(|(at, id)| end((from, to), at, *id));
            let mut result = json!({"from": {"id": id.to_string()}, "to": ends.collect::<Vec<_>>()});
            if others.len() > begin + page {
                result["paging"] = json!({"next": {"after": (begin + page).to_string()}});
            }
            results.push(result);
        }
        Ok(Batched::of(&results, &errors))
    }

    /// `POST /crm/properties/2026-03/{type}/batch/read`
    pub(super) fn properties(&self, of: Of, asked: &[u8], calculated: bool) -> Result<Batched, Refusal> {
        let named = body::<Properties>(asked)?.inputs;
        let is_there = |named: &&Named| match of {
            Of::Entity(kind) => self.type_of(kind, &named.name, calculated).is_some(),
            of => self.has_property(of, &named.name),
        };
        let (there, gone): (Vec<_>, Vec<_>) = named.iter().partition(is_there);
        let results: Vec<Value> = there.into_iter().map(|named| self.property(of, &named.name)).collect();
        let error = |named: &Named| missing("Property does not exist.", &json!({"name": [named.name]}));
        let errors: Vec<Value> = gone.into_iter().map(error).collect();
        Ok(Batched::of(&results, &errors))
    }

    /// `GET /crm/owners/2026-03`
    pub(super) fn list_owners(&self, query: &Query<'_>) -> Result<Value, Refusal> {
        let (limit, archived) = (limit(query, MOST, MOST_OWNERS)?, archived(query)?);
        let behind = match query.text("after") {
            None => 0,
            Some(after) => after.parse::<u64>().map_err(|_| invalid("after: not a cursor of this list"))?,
        };
        let email = query.text("email");
        let mut owners = self.owners.iter().filter(|owner| {
            owner.active != archived && owner.id > behind && email.is_none_or(|email| owner.email == email)
        });
        let page: Vec<_> = owners.by_ref().take(limit).collect();
        let mut list = json!({"results": page.iter().map(|owner| wire::owner(owner)).collect::<Vec<_>>()});
        if let (Some(last), Some(_)) = (page.last(), owners.next()) {
            list["paging"] = json!({"next": {"after": last.id.to_string()}});
        }
        Ok(list)
    }
}

fn ids(inputs: &[Input], most: usize) -> Result<Vec<u64>, Refusal> {
    if inputs.len() > most {
        return Err(invalid(format!("inputs: expected at most {most}, found {}", inputs.len())));
    }
    inputs.iter().map(|input| input.id.parse().map_err(|_| invalid("id: expected a number"))).collect()
}

/// One end of an association: the first company is the main one, and named so besides.
fn end((from, to): (Of, Of), at: usize, id: u64) -> Value {
    let (plain, main) = association::types(from, to);
    let spec = |type_id: u32| json!({"category": "HUBSPOT_DEFINED", "typeId": type_id});
    let mut types = vec![spec(plain)];
    types.extend(main.filter(|_| at == 0).map(spec));
    // A number in what users of the live API see, a text in the description: here as described.
    json!({"toObjectId": id.to_string(), "associationTypes": types})
}

/// The vendor's word for a kind in lists.
pub(super) const fn plural(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Contact => "contacts",
        EntityKind::Organization => "companies",
        EntityKind::Deal => "deals",
        EntityKind::Ticket => "tickets",
        EntityKind::Lead => "leads",
    }
}
