//! Addresses, bodies and property names, each once.
//!
//! # Source
//! The vendor's descriptions, 2026-03: paths, parameters, bodies. Property names stand in none of them; they are those of
//! the vendor's own client and pages. The tests hold every request made here against the one and a closed list of the
//! other.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::Url;

use crate::crm::section;
use crate::model::phone::PhoneKey;
use crate::model::{client::Kind, ids::CrmId};

/// The dated version of every family of endpoints. One lives for eighteen months; those before dates end in 2027.
pub(super) const VERSION: &str = "2026-03";
/// Where accounts are, when the configuration does not say otherwise.
pub(super) const ORIGIN: &str = "https://api.hubapi.com";

/// Records on a page of a list.
pub(super) const PAGE: u32 = 100;
/// Records on a page of a search.
pub(super) const SEARCH_PAGE: usize = 200;
/// Finds of a live question, of a kind: a number that more carry is nobody's.
const FOUND: usize = 100;
/// Ids in one batch, of records and of associations.
pub(super) const BATCH: usize = 100;
/// Fields of one's own that a live question can look in: a search takes five groups of filters, two are the vendor's own.
pub(super) const MOST_PHONE_FIELDS: usize = 3;

/// The owner of any record.
pub(super) const OWNER: &str = "hubspot_owner_id";
/// Whether a deal is closed, won or lost.
pub(super) const DEAL_CLOSED: &str = "hs_is_closed";
const ID: &str = "hs_object_id";
pub(super) const PHONE: &str = "phone";
pub(super) const EMAIL: &str = "email";
/// A lead's only text.
pub(super) const LEAD_NAME: &str = "hs_lead_name";
pub(super) const MOBILE: &str = "mobilephone";
/// What the vendor makes of [`PHONE`] to be searched.
const SEARCHABLE_PHONE: &str = "hs_searchable_calculated_phone_number";
const SEARCHABLE_MOBILE: &str = "hs_searchable_calculated_mobile_number";

/// What the vendor calls a kind in its paths and associations.
pub(super) const fn object(kind: Kind) -> &'static str {
    match kind {
        Kind::Lead => "leads",
        Kind::Contact => "contacts",
        Kind::Organization => "companies",
        Kind::Deal => "deals",
        Kind::Ticket => "tickets",
    }
}

/// When a record was last changed, to the millisecond.
pub(super) const fn modified(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "lastmodifieddate",
        _ => "hs_lastmodifieddate",
    }
}

/// The pipeline and the stage of a deal or ticket.
pub(super) const fn stage(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Deal => Some(("pipeline", "dealstage")),
        Kind::Ticket => Some(("hs_pipeline", "hs_pipeline_stage")),
        _ => None,
    }
}

/// The vendor's own number fields of a kind.
pub(super) const fn numbers(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contact => &[PHONE, MOBILE],
        Kind::Organization => &[PHONE],
        _ => &[],
    }
}

/// What a kind's records are called, in the order it is said. Leads, deals and tickets have titles.
pub(super) const fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contact => &["firstname", "lastname"],
        Kind::Organization => &["name"],
        Kind::Lead | Kind::Deal | Kind::Ticket => &[],
    }
}

/// What of a kind is read, fields of one's own among it.
pub(super) fn properties(kind: Kind, fields: &[String]) -> Vec<&str> {
    let mut names = vec![OWNER, modified(kind)];
    names.extend(self::names(kind));
    names.extend(numbers(kind));
    if !numbers(kind).is_empty() {
        names.extend(fields.iter().map(String::as_str));
    }
    if kind == Kind::Deal {
        names.push(DEAL_CLOSED);
    }
    names.extend(stage(kind).into_iter().flat_map(|(pipeline, stage)| [pipeline, stage]));
    names
}

/// What a kind's records belong to and are found through.
pub(super) const fn belongs_to(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Lead | Kind::Deal | Kind::Ticket => &[Kind::Contact, Kind::Organization],
        Kind::Contact | Kind::Organization => &[],
    }
}

/// Where tokens are refreshed.
pub(super) fn token_path() -> String {
    format!("/oauth/{VERSION}/token")
}

/// A page of all records of a kind, what they belong to among it.
pub(super) fn list(base: &Url, kind: Kind, fields: &[String], after: Option<&str>) -> Url {
    let mut url = at(base, &format!("/crm/objects/{VERSION}/{}", object(kind)));
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", &PAGE.to_string());
        query.append_pair("properties", &properties(kind, fields).join(","));
        let linked: Vec<_> = belongs_to(kind).iter().map(|&kind| object(kind)).collect();
        if !linked.is_empty() {
            query.append_pair("associations", &linked.join(","));
        }
        if let Some(after) = after {
            query.append_pair("after", after);
        }
    }
    url
}

/// Records by their ids.
pub(super) fn batch(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/objects/{VERSION}/{object}/batch/read"))
}

/// The body of [`batch`].
pub(super) fn batch_body(kind: Kind, fields: &[String], ids: &[CrmId]) -> Value {
    json!({"inputs": inputs(ids), "properties": properties(kind, fields), "propertiesWithHistory": []})
}

/// What `from`s belong to, or have hanging on them.
pub(super) fn associations(base: &Url, from: &str, to: &str) -> Url {
    at(base, &format!("/crm/associations/{VERSION}/{from}/{to}/batch/read"))
}

/// The body of [`associations`]: ids, each with where its page begins.
pub(super) fn associations_body(asked: &[(CrmId, Option<String>)]) -> Value {
    let input = |(id, after): &(CrmId, Option<String>)| match after {
        Some(after) => json!({"id": id.to_string(), "after": after}),
        None => json!({"id": id.to_string()}),
    };
    json!({"inputs": asked.iter().map(input).collect::<Vec<_>>()})
}

/// A search.
pub(super) fn search(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/objects/{VERSION}/{object}/search"))
}

/// Objects of a kind, to make one.
pub(super) fn objects(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/objects/{VERSION}/{object}"))
}

/// The page of contacts that is cheapest.
pub(super) fn any_contact(base: &Url) -> Url {
    let mut url = objects(base, object(Kind::Contact));
    url.query_pairs_mut().append_pair("limit", "1");
    url
}

/// One object, to read these properties of it or to change it.
pub(super) fn one(base: &Url, object: &str, id: &str, properties: &[&str]) -> Url {
    let mut url = at(base, &format!("/crm/objects/{VERSION}/{object}/{id}"));
    if !properties.is_empty() {
        url.query_pairs_mut().append_pair("properties", &properties.join(","));
    }
    url
}

/// The object with this value of a unique property.
pub(super) fn by_unique(base: &Url, object: &str, property: &str, value: &str) -> Url {
    let mut url = one(base, object, value, &[]);
    url.query_pairs_mut().append_pair("idProperty", property);
    url
}

/// Objects that are made, or changed where a unique property's value is there.
pub(super) fn upsert(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/objects/{VERSION}/{object}/batch/upsert"))
}

/// The types of associations from one to the other.
pub(super) fn labels(base: &Url, from: &str, to: &str) -> Url {
    at(base, &format!("/crm/associations/{VERSION}/{from}/{to}/labels"))
}

/// The properties of a kind, to make one.
pub(super) fn properties_of(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/properties/{VERSION}/{object}"))
}

/// What a kind's properties stand in.
pub(super) fn groups(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/properties/{VERSION}/{object}/groups"))
}

/// The body of [`batch`] for a few properties.
pub(super) fn texts_body(names: &[&str], ids: &[CrmId]) -> Value {
    json!({"inputs": inputs(ids), "properties": names, "propertiesWithHistory": []})
}

/// The body of a search for a mark in a text.
pub(super) fn marked(text: &str, mark: &str) -> Value {
    let filters = json!([{"filters": [filter(text, "CONTAINS_TOKEN", mark)]}]);
    searching(&filters, &json!([]), &[text], FOUND)
}

/// The body of a search for who has this value of a property, which is told with them.
pub(super) fn holders(kind: Kind, name: &str, value: &str) -> Value {
    let filters = json!([{"filters": [filter(name, "EQ", value)]}]);
    searching(&filters, &json!([]), &[modified(kind), name], FOUND)
}

/// The body of a search for contacts that have this value and changed since, and what is told of them.
pub(super) fn holders_since((name, value): (&str, &str), since_ms: i64, told: &[&str]) -> Value {
    let filters = [filter(name, "EQ", value), filter(modified(Kind::Contact), "GTE", &since_ms.to_string())];
    searching(&json!([{"filters": filters}]), &json!([]), told, FOUND)
}

/// The pipelines of deals or tickets, with their stages.
pub(super) fn pipelines(base: &Url, kind: Kind) -> Url {
    at(base, &format!("/crm/pipelines/{VERSION}/{}", object(kind)))
}

/// What a live question would look in and a kind may not have: of companies nobody says that the vendor makes a number
/// of theirs to be searched, and fields of one's own are one kind's or the other's.
pub(super) fn unsure(kind: Kind, fields: &[String]) -> Vec<&str> {
    let own = fields.iter().map(String::as_str);
    match kind {
        Kind::Contact => own.collect(),
        Kind::Organization => own.chain([SEARCHABLE_PHONE]).collect(),
        _ => Vec::new(),
    }
}

/// Which of some properties a kind has.
pub(super) fn known_properties(base: &Url, object: &str) -> Url {
    at(base, &format!("/crm/properties/{VERSION}/{object}/batch/read"))
}

/// The body of [`known_properties`].
pub(super) fn known_properties_body(names: &[&str]) -> Value {
    let inputs: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    json!({"inputs": inputs, "archived": false, "dataSensitivity": "non_sensitive"})
}

/// A page of the account's users as owners, those who are there or those who left.
pub(super) fn owners(base: &Url, archived: bool, after: Option<&str>) -> Url {
    let mut url = at(base, &format!("/crm/owners/{VERSION}"));
    url.query_pairs_mut().append_pair("limit", &PAGE.to_string()).append_pair("archived", &archived.to_string());
    if let Some(after) = after {
        url.query_pairs_mut().append_pair("after", after);
    }
    url
}

/// The body of a search for what was changed at `since_ms` or later, the oldest change first.
pub(super) fn since(kind: Kind, fields: &[String], since_ms: i64) -> Value {
    let filters = json!([filter(modified(kind), "GTE", &since_ms.to_string())]);
    searching(
        &json!([{"filters": filters}]),
        &json!([ascending(modified(kind))]),
        &properties(kind, fields),
        SEARCH_PAGE,
    )
}

/// The body of a search for what was changed in this one millisecond, from behind that id on.
pub(super) fn within(kind: Kind, fields: &[String], at_ms: i64, behind: u64) -> Value {
    let at = at_ms.to_string();
    let filters = json!([
        filter(modified(kind), "GTE", &at),
        filter(modified(kind), "LTE", &at),
        filter(ID, "GT", &behind.to_string()),
    ]);
    searching(&json!([{"filters": filters}]), &json!([ascending(ID)]), &properties(kind, fields), SEARCH_PAGE)
}

/// The body of a live question: who carries `number`. `there`: which of [`unsure`]'s properties the kind has.
///
/// The vendor makes of a stored number what it takes for area code and subscriber's number and compares that, so the
/// number is asked for without its country's code. Where somebody typed the code without a plus, nothing tells it from an
/// area code: so the whole digits are asked for as well, and without the zeros that an area code may begin with, which
/// the vendor drops. Fields of one's own have nothing calculated: they hold the digits in one piece or are not found.
pub(super) fn carriers(kind: Kind, fields: &[String], number: PhoneKey, there: &BTreeSet<String>) -> Value {
    let national = number.without_country_code();
    let mut forms = vec![national.clone(), national.trim_start_matches('0').to_owned(), number.digits().to_string()];
    forms.dedup();
    let any = |name: &str| json!({"filters": [{"propertyName": name, "operator": "IN", "values": forms}]});
    let ends = |name: &str| json!({"filters": [filter(name, "CONTAINS_TOKEN", &format!("*{national}"))]});
    let mut groups = match kind {
        Kind::Contact => vec![any(SEARCHABLE_PHONE), any(SEARCHABLE_MOBILE)],
        _ if there.contains(SEARCHABLE_PHONE) => vec![any(SEARCHABLE_PHONE)],
        _ => vec![ends(PHONE)],
    };
    groups.extend(fields.iter().filter(|name| there.contains(*name)).map(|name| ends(name)));
    searching(&json!(groups), &json!([]), &properties(kind, fields), FOUND)
}

/// Every member is required by the vendor's description, the first page's `after` among them.
fn searching(groups: &Value, sorts: &Value, properties: &[&str], limit: usize) -> Value {
    json!({"filterGroups": groups, "sorts": sorts, "properties": properties, "limit": limit, "after": "0"})
}

fn filter(name: &str, operator: &str, value: &str) -> Value {
    json!({"propertyName": name, "operator": operator, "value": value})
}

fn ascending(name: &str) -> Value {
    json!({"propertyName": name, "direction": "ASCENDING"})
}

fn inputs(ids: &[CrmId]) -> Vec<Value> {
    ids.iter().map(|id| json!({"id": id.to_string()})).collect()
}

/// Where the vendor's own pages are, of accounts in North America: those elsewhere have a host of their own.
pub(super) const PAGES: &str = "https://app.hubspot.com";

/// Where the vendor's own pages show a record.
pub(super) fn card(pages: &Url, portal: &str, kind: Kind, id: CrmId) -> Option<Url> {
    let object = match kind {
        Kind::Contact => "0-1",
        Kind::Organization => "0-2",
        Kind::Deal => "0-3",
        Kind::Ticket => "0-5",
        Kind::Lead => "0-136",
    };
    section::below(pages, &["contacts", portal, "record", object, &id.to_string()])
}

/// `path` at `base`, whatever path `base` has: it is an origin, as `settings` checks.
fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}
