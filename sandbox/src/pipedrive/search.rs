//! The vendor's search: `/api/v2/itemSearch`, `/persons/search`, `/organizations/search`. Not here: `/itemSearch/field`.
//!
//! Terms are compared with the stored text as it was typed, letter by letter but for the case: nothing is normalised.
//! The index lags behind (see `Limits::index_lag`): new records are not found yet, deleted ones still are, and what is
//! found is shown as it was. Organizations, deals and leads have no phone field to search in, only custom fields.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    fields::Custom,
    query::Query,
    record::{Deal, Lead, Organization, Person, uuid_text},
    reply::Refusal,
    seed::Seed,
    wire,
    world::{Belongs, Linked, World},
};
use crate::kit::{Record, Source, Table};

/// Related deals, leads or persons of each item found, the newest first.
const MOST_RELATED: usize = 100;
/// A term with this many digits can only be part of a number: nothing else that is seeded has as many.
const DIGITS_OF_A_NUMBER: usize = 9;
/// Where only numbers are searched, so many digits lead to few enough places.
const ENOUGH_OF_A_NUMBER: usize = 7;

const TYPES: &[&str] = &["deal", "person", "organization", "product", "lead", "file", "mail_attachment", "project"];
const FIELDS: &[&str] =
    &["address", "code", "custom_fields", "email", "name", "notes", "phone", "title", "description"];

/// What is looked for.
#[derive(Debug)]
pub(super) struct Search {
    term: String,
    digits: Vec<u8>,
    matching: Matching,
    types: Vec<&'static str>,
    fields: Vec<&'static str>,
    related: bool,
    organization: Option<u64>,
    limit: usize,
    start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matching {
    Anywhere,
    Exact,
}

fn known(words: &[&str], all: &'static [&'static str]) -> Vec<&'static str> {
    let asked = |word: &&&'static str| words.is_empty() || words.contains(*word);
    all.iter().filter(asked).copied().collect()
}

impl Search {
    /// `GET /api/v2/itemSearch`: at most 100 a page.
    pub(super) fn items(query: &Query<'_>) -> Result<Self, Refusal> {
        query.only(&[&[
            "term",
            "item_types",
            "fields",
            "search_for_related_items",
            "exact_match",
            "include_fields",
            "limit",
            "cursor",
        ]])?;
        query.words("include_fields", &["deal.cc_email", "person.picture", "product.price"])?;
        let types = known(&query.words("item_types", TYPES)?, TYPES);
        let fields = known(&query.words("fields", FIELDS)?, FIELDS);
        let related = query.flag("search_for_related_items")?;
        Ok(Self { related, ..Self::read(query, types, fields, 100)? })
    }

    /// `GET /api/v2/persons/search`: at most 500 a page.
    pub(super) fn persons(query: &Query<'_>) -> Result<Self, Refusal> {
        query.only(&[&["term", "fields", "exact_match", "organization_id", "include_fields", "limit", "cursor"]])?;
        query.words("include_fields", &["person.picture"])?;
        let searchable = &["custom_fields", "email", "notes", "phone", "name"];
        let fields = known(&query.words("fields", searchable)?, searchable);
        let organization = query.number("organization_id")?;
        Ok(Self { organization, ..Self::read(query, vec!["person"], fields, 500)? })
    }

    /// `GET /api/v2/organizations/search`: at most 500 a page.
    pub(super) fn organizations(query: &Query<'_>) -> Result<Self, Refusal> {
        query.only(&[&["term", "fields", "exact_match", "limit", "cursor"]])?;
        let searchable = &["address", "custom_fields", "notes", "name"];
        let fields = known(&query.words("fields", searchable)?, searchable);
        Self::read(query, vec!["organization"], fields, 500)
    }

    fn read(
        query: &Query<'_>,
        types: Vec<&'static str>,
        fields: Vec<&'static str>,
        most: u64,
    ) -> Result<Self, Refusal> {
        let matching = if query.flag("exact_match")? { Matching::Exact } else { Matching::Anywhere };
        let term = query.text("term").ok_or_else(|| Refusal::parameter("term", "is required"))?.to_lowercase();
        let least = if matching == Matching::Exact { 1 } else { 2 };
        if term.chars().count() < least {
            return Err(Refusal::parameter("term", &format!("expected at least {least} characters")));
        }
        let digits = term.bytes().filter(u8::is_ascii_digit).collect();
        let (limit, start) = (query.limit(most)?, start(query)?);
        Ok(Self { term, digits, matching, types, fields, related: false, organization: None, limit, start })
    }

    fn hits(&self, field: &str, stored: Option<&str>) -> bool {
        let Some(stored) = stored.filter(|_| self.fields.contains(&field)) else { return false };
        match self.matching {
            Matching::Exact => stored.to_lowercase() == self.term,
            Matching::Anywhere => stored.to_lowercase().contains(&self.term),
        }
    }

    fn hits_custom(&self, custom: &Custom) -> bool {
        custom.values().any(|value| self.hits("custom_fields", value.as_str()))
    }

    /// Places of a seeded kind that may hit; `None`: all of them may.
    fn places(&self, of_number: impl FnOnce(&[u8]) -> Option<Vec<u64>>) -> Option<Vec<u64>> {
        let only_numbers = self.fields.iter().all(|field| matches!(*field, "phone" | "custom_fields"));
        let enough = if only_numbers { ENOUGH_OF_A_NUMBER } else { DIGITS_OF_A_NUMBER };
        if self.digits.len() < enough { None } else { of_number(&self.digits) }
    }
}

/// The search's own cursor: how many items were shown.
fn start(query: &Query<'_>) -> Result<usize, Refusal> {
    let Some(cursor) = query.text("cursor") else { return Ok(0) };
    let decode = |text: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        text.strip_prefix("start:")?.parse().ok()
    };
    decode(cursor).ok_or_else(|| Refusal::parameter("cursor", "invalid cursor"))
}

fn cursor(start: usize) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(format!("start:{start}"))
}

/// One item found.
#[derive(Debug)]
enum Found {
    Person(Person),
    Organization(Organization),
    Deal(Deal),
    Lead(Lead),
}

/// The account as its search index has it at one moment.
pub(super) struct Index<'a> {
    pub(super) world: &'a World,
    pub(super) now: std::time::Duration,
}

impl Index<'_> {
    /// Answers a search.
    pub(super) fn answer(&self, search: &Search) -> Vec<u8> {
        let mut found = Vec::new();
        for kind in &search.types {
            match *kind {
                "person" => found.extend(self.persons(search).into_iter().map(Found::Person)),
                "organization" => found.extend(self.organizations(search).into_iter().map(Found::Organization)),
                "deal" => found.extend(self.deals(search).into_iter().map(Found::Deal)),
                "lead" => found.extend(self.leads(search).into_iter().map(Found::Lead)),
                _ => {}
            }
        }
        let more = found.len() > search.start + search.limit;
        let page: Vec<Found> = found.into_iter().skip(search.start).take(search.limit).collect();
        let items: Vec<Value> = page.iter().map(|found| scored(&self.item(found), 0.5)).collect();
        let mut data = json!({"items": items});
        if search.related {
            data["related_items"] = self.related(&page).into();
        }
        let next = more.then(|| cursor(search.start + search.limit));
        let mut out = Vec::new();
        wire::append(&mut out, &json!({"success": true, "data": data, "additional_data": {"next_cursor": next}}));
        out
    }

    fn persons(&self, search: &Search) -> Vec<Person> {
        let places = search.places(|digits| self.world.seed.clients_by_digits(digits));
        let hit = |person: &Person| {
            !person.deleted
                && search.organization.is_none_or(|org| person.org == Some(org))
                && (search.hits("name", Some(&person.name))
                    || person.emails.iter().any(|email| search.hits("email", Some(email)))
                    || person.phones.iter().any(|phone| search.hits("phone", Some(&phone.value)))
                    || search.hits_custom(&person.custom))
        };
        self.find(&self.world.persons, places, hit)
    }

    fn organizations(&self, search: &Search) -> Vec<Organization> {
        let places = search.places(|digits| self.world.seed.organizations_by_digits(digits));
        let hit = |firm: &Organization| {
            !firm.deleted
                && (search.hits("name", Some(&firm.name))
                    || search.hits("address", firm.address.as_deref())
                    || search.hits("custom_fields", firm.phone.as_deref())
                    || search.hits_custom(&firm.custom))
        };
        self.find(&self.world.organizations, places, hit)
    }

    fn deals(&self, search: &Search) -> Vec<Deal> {
        let places = search.places(|_| Some(Vec::new()));
        self.find(&self.world.deals, places, |deal| {
            !deal.deleted && (search.hits("title", Some(&deal.title)) || search.hits_custom(&deal.custom))
        })
    }

    fn leads(&self, search: &Search) -> Vec<Lead> {
        let places = search.places(|_| Some(Vec::new()));
        self.find(&self.world.leads, places, |lead| {
            !lead.deleted && (search.hits("title", Some(&lead.title)) || search.hits_custom(&lead.custom))
        })
    }

    fn find<R: Record>(&self, table: &Table<R, Seed>, places: Option<Vec<u64>>, hit: impl Fn(&R) -> bool) -> Vec<R>
    where
        Seed: Source<R>,
    {
        let source = table.source();
        let places: Box<dyn Iterator<Item = u64>> = match places {
            Some(places) => Box::new(places.into_iter()),
            None => Box::new(0..Source::<R>::places(source)),
        };
        let changed: BTreeSet<R::Id> = table.changed_ids().collect();
        let untouched = places.filter(|&place| !changed.contains(&Source::<R>::id(source, place)));
        let seeded = untouched.filter_map(|place| Source::<R>::record(source, place)).filter(&hit);
        let later = changed.iter().filter_map(|&id| table.indexed(id, self.now)).filter(&hit);
        seeded.chain(later).collect()
    }

    /// The newest deals and leads of every person and organization found, and the newest persons of every organization.
    fn related(&self, page: &[Found]) -> Vec<Value> {
        let mut shown: BTreeSet<(&'static str, u128)> = BTreeSet::new();
        let mut related = Vec::new();
        for found in page {
            let whose = match found {
                Found::Person(person) => Belongs::Person(person.id),
                Found::Organization(firm) => Belongs::Organization(firm.id),
                Found::Deal(_) | Found::Lead(_) => continue,
            };
            let deals = self.newest(&self.world.deals, whose).into_iter().map(Found::Deal);
            let leads = self.newest(&self.world.leads, whose).into_iter().map(Found::Lead);
            let people = self.newest_staff(whose).into_iter().map(Found::Person);
            for found in deals.chain(leads).chain(people) {
                if shown.insert(found.identity()) {
                    related.push(scored(&self.item(&found), 0.0));
                }
            }
        }
        related
    }

    fn newest<R: Linked>(&self, table: &Table<R, Seed>, whose: Belongs) -> Vec<R>
    where
        Seed: Source<R>,
    {
        let ids = self.world.candidates(table, whose).into_iter();
        let mut records: Vec<R> = ids
            .filter_map(|id| table.indexed(id, self.now))
            .filter(|record| record.belongs(whose) && !record.deleted())
            .collect();
        records.sort_unstable_by_key(|record| std::cmp::Reverse((record.add_s(), record.id())));
        records.truncate(MOST_RELATED);
        records
    }

    fn newest_staff(&self, whose: Belongs) -> Vec<Person> {
        let Belongs::Organization(firm) = whose else { return Vec::new() };
        let ids = self.world.staff(firm).into_iter();
        let mut people: Vec<Person> = ids.filter_map(|id| self.world.persons.indexed(id, self.now)).collect();
        people.sort_unstable_by_key(|person| std::cmp::Reverse((person.add_s, person.id)));
        people.truncate(MOST_RELATED);
        people
    }

    fn item(&self, found: &Found) -> Value {
        match found {
            Found::Person(person) => self.person_item(person),
            Found::Organization(firm) => json!({
                "id": firm.id, "type": "organization", "name": firm.name, "address": firm.address, "visible_to": 3,
                "owner": {"id": firm.owner}, "notes": [],
                "custom_fields": firm.phone.as_deref().into_iter().chain(texts(&firm.custom)).collect::<Vec<_>>(),
            }),
            Found::Deal(deal) => json!({
                "id": deal.id, "type": "deal", "title": deal.title, "value": deal.value, "currency": "UAH",
                "status": wire::status(deal), "visible_to": 3, "owner": {"id": deal.owner},
                "stage": {"id": 1, "name": "Lead In"}, "person": self.person_of(deal.person),
                "organization": self.organization_of(deal.org), "custom_fields": texts(&deal.custom).collect::<Vec<_>>(),
                "notes": [],
                "is_archived": deal.archive_s.is_some(),
            }),
            Found::Lead(lead) => {
                let person = lead.person.and_then(|id| self.world.persons.indexed(id, self.now));
                let phones: Vec<_> =
                    person.iter().flat_map(|person| &person.phones).map(|phone| &phone.value).collect();
                json!({
                    "id": uuid_text(lead.id), "type": "lead", "title": lead.title, "owner": {"id": lead.owner},
                    "person": self.person_of(lead.person), "organization": self.organization_of(lead.org),
                    "phones": phones, "emails": person.iter().flat_map(|person| &person.emails).collect::<Vec<_>>(),
                    "custom_fields": texts(&lead.custom).collect::<Vec<_>>(), "notes": [], "value": null, "currency": null, "visible_to": 3,
                    "is_archived": lead.archived,
                })
            }
        }
    }

    fn person_item(&self, person: &Person) -> Value {
        json!({
            "id": person.id, "type": "person", "name": person.name,
            "phones": person.phones.iter().map(|phone| &phone.value).collect::<Vec<_>>(),
            "emails": person.emails, "visible_to": 3, "owner": {"id": person.owner},
            "organization": self.organization_of(person.org), "custom_fields": texts(&person.custom).collect::<Vec<_>>(),
            "notes": [],
        })
    }

    fn person_of(&self, id: Option<u64>) -> Value {
        let person = id.and_then(|id| self.world.persons.indexed(id, self.now));
        person.map_or(Value::Null, |person| json!({"id": person.id, "name": person.name}))
    }

    fn organization_of(&self, id: Option<u64>) -> Value {
        let firm = id.and_then(|id| self.world.organizations.indexed(id, self.now));
        firm.map_or(Value::Null, |firm| json!({"id": firm.id, "name": firm.name, "address": firm.address}))
    }
}

impl Found {
    fn identity(&self) -> (&'static str, u128) {
        match self {
            Self::Person(person) => ("person", person.id.into()),
            Self::Organization(firm) => ("organization", firm.id.into()),
            Self::Deal(deal) => ("deal", deal.id.into()),
            Self::Lead(lead) => ("lead", lead.id),
        }
    }
}

fn texts(custom: &Custom) -> impl Iterator<Item = &str> {
    custom.values().filter_map(Value::as_str)
}

fn scored(item: &Value, score: f64) -> Value {
    json!({"result_score": score, "item": item})
}
