//! The body of a request that writes, read as strictly as the vendor does.

use hyper::StatusCode;
use serde_json::{Map, Number, Value};

use super::{
    record::{uuid_of, uuid_text},
    reply::Refusal,
    world::World,
};

/// A member that is not as it must be, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    name: String,
    why: String,
}

impl Wrong {
    pub(super) fn new(name: &str, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), why: why.into() }
    }

    /// In the first API's words.
    pub(super) fn first(self) -> Refusal {
        Refusal::First(StatusCode::BAD_REQUEST, format!("\"{}\" {}", self.name, self.why))
    }
}

/// In the second API's words.
impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::parameter(&wrong.name, &wrong.why)
    }
}

/// A JSON object.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Wrong> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(Wrong::new("body", "must be an object")),
        }
    }

    pub(super) const fn of(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Refuses members that are not known.
    pub(super) fn only(&self, known: impl Fn(&str) -> bool) -> Result<(), Wrong> {
        match self.0.keys().find(|name| !known(name)) {
            Some(name) => Err(Wrong::new(name, format!("Parameter '{name}' is not allowed for this request"))),
            None => Ok(()),
        }
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn read_as<T>(&self, name: &str, what: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Wrong> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| Wrong::new(name, format!("expected {what}")))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        self.read_as(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A text that is there and not empty.
    pub(super) fn needed(&self, name: &str) -> Result<String, Wrong> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Wrong::new(name, "is required"))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        self.read_as(name, "an integer", Value::as_u64)
    }

    pub(super) fn real(&self, name: &str) -> Result<Option<Number>, Wrong> {
        self.read_as(name, "a number", |value| value.as_number().cloned())
    }

    /// `YYYY-MM-DD`
    pub(super) fn day(&self, name: &str) -> Result<Option<String>, Wrong> {
        let day = |value: &Value| Some(value.as_str()?.parse::<jiff::civil::Date>().ok()?.to_string());
        self.read_as(name, "a day", day)
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Wrong> {
        self.read_as(name, "a boolean", Value::as_bool)
    }

    pub(super) fn uuid(&self, name: &str) -> Result<Option<u128>, Wrong> {
        self.read_as(name, "a UUID", |value| value.as_str().and_then(uuid_of))
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, Wrong> {
        self.read_as(name, "an object", |value| value.as_object().cloned())
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<Self>>, Wrong> {
        let objects = |value: &Value| {
            let list = value.as_array()?.iter();
            list.map(|one| one.as_object().cloned().map(Self)).collect()
        };
        self.read_as(name, "an array of objects", objects)
    }
}

/// What a record is given to, where it is there. The vendor's words for what is not are a guess.
impl World {
    /// A user who may still log in.
    pub(super) fn owner(&self, body: &Body, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(id) = body.number(name)? else { return Ok(None) };
        let known = self.users.iter().any(|user| user.id == id && user.active_flag);
        known.then_some(Some(id)).ok_or_else(|| Refusal::Bad(format!("User {id} not found or not active")))
    }

    pub(super) fn linked_person(&self, body: &Body, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(id) = body.number(name)? else { return Ok(None) };
        self.living_person(id).map(Some)
    }

    pub(super) fn living_person(&self, id: u64) -> Result<u64, Refusal> {
        let there = self.persons.get(id).is_some_and(|person| !person.deleted);
        there.then_some(id).ok_or_else(|| Refusal::Bad(format!("Person {id} not found")))
    }

    pub(super) fn linked_organization(&self, body: &Body, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(id) = body.number(name)? else { return Ok(None) };
        let there = self.organizations.get(id).is_some_and(|firm| !firm.deleted);
        there.then_some(Some(id)).ok_or_else(|| Refusal::Bad(format!("Organization {id} not found")))
    }

    pub(super) fn linked_deal(&self, body: &Body) -> Result<Option<u64>, Refusal> {
        let Some(id) = body.number("deal_id")? else { return Ok(None) };
        let there = self.deals.get(id).is_some_and(|deal| !deal.deleted);
        there.then_some(Some(id)).ok_or_else(|| Refusal::Bad(format!("Deal {id} not found")))
    }

    pub(super) fn linked_lead(&self, body: &Body) -> Result<Option<u128>, Refusal> {
        let Some(id) = body.uuid("lead_id")? else { return Ok(None) };
        let there = self.leads.get(id).is_some_and(|lead| !lead.deleted);
        there.then_some(Some(id)).ok_or_else(|| Refusal::Bad(format!("Lead {} not found", uuid_text(id))))
    }
}
