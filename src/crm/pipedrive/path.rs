//! Addresses, costs and property names, each once.
//!
//! # Source
//! The vendor's descriptions of v1 and v2, 2026-08-18: paths, parameters, `x-token-cost`. The tests hold every address
//! made here against them.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::crm::quota::Lane;
use crate::crm::section;
use crate::model::{action::Link, client::Kind, ids::CrmId, phone::PhoneKey};

/// What can be asked: where, for how many tokens, in which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) cost: u64,
    pub(super) lane: Lane,
}

const fn list(path: &'static str, cost: u64) -> Operation {
    Operation { path, cost, lane: Lane::General }
}

pub(super) const PERSONS: Operation = list("/api/v2/persons", 10);
pub(super) const ORGANIZATIONS: Operation = list("/api/v2/organizations", 10);
pub(super) const DEALS: Operation = list("/api/v2/deals", 10);
pub(super) const ARCHIVED_DEALS: Operation = list("/api/v2/deals/archived", 20);
pub(super) const SEARCH: Operation = Operation { path: "/api/v2/itemSearch", cost: 20, lane: Lane::Search };
pub(super) const LEADS: Operation = list("/v1/leads", 20);
pub(super) const LEAD: Operation = list("/v1/leads/{id}", 2);
pub(super) const ARCHIVED_LEADS: Operation = list("/v1/leads/archived", 40);
pub(super) const USERS: Operation = list("/v1/users", 20);
pub(super) const WEBHOOKS: Operation = list("/v1/webhooks", 10);
pub(super) const ADD_WEBHOOK: Operation = list("/v1/webhooks", 10);
pub(super) const DROP_WEBHOOK: Operation = list("/v1/webhooks/{id}", 6);

pub(super) const ME: Operation = list("/v1/users/me", 2);
pub(super) const ADD_PERSON: Operation = list("/api/v2/persons", 5);
pub(super) const ADD_ORGANIZATION: Operation = list("/api/v2/organizations", 5);
pub(super) const ADD_DEAL: Operation = list("/api/v2/deals", 5);
pub(super) const ADD_LEAD: Operation = list("/v1/leads", 10);
pub(super) const ADD_ACTIVITY: Operation = list("/api/v2/activities", 5);
pub(super) const ADD_NOTE: Operation = list("/v1/notes", 10);
pub(super) const ADD_CALL_LOG: Operation = list("/v1/callLogs", 10);
pub(super) const ADD_RECORDING: Operation = list("/v1/callLogs/{id}/recordings", 10);
pub(super) const PERSON: Operation = list("/api/v2/persons/{id}", 1);
pub(super) const ORGANIZATION: Operation = list("/api/v2/organizations/{id}", 1);
pub(super) const DEAL: Operation = list("/api/v2/deals/{id}", 1);
pub(super) const ACTIVITY: Operation = list("/api/v2/activities/{id}", 1);
pub(super) const NOTE: Operation = list("/v1/notes/{id}", 2);
pub(super) const CALL_LOG: Operation = list("/v1/callLogs/{id}", 2);
pub(super) const EDIT_PERSON: Operation = list("/api/v2/persons/{id}", 5);
pub(super) const EDIT_ORGANIZATION: Operation = list("/api/v2/organizations/{id}", 5);
pub(super) const EDIT_DEAL: Operation = list("/api/v2/deals/{id}", 5);
pub(super) const EDIT_LEAD: Operation = list("/v1/leads/{id}", 10);
pub(super) const EDIT_ACTIVITY: Operation = list("/api/v2/activities/{id}", 5);
pub(super) const EDIT_NOTE: Operation = list("/v1/notes/{id}", 10);
pub(super) const ACTIVITIES: Operation = list("/api/v2/activities", 10);
pub(super) const NOTES: Operation = list("/v1/notes", 20);
pub(super) const CALL_LOGS: Operation = list("/v1/callLogs", 20);
pub(super) const PERSON_FIELDS: Operation = list("/api/v2/personFields", 10);
pub(super) const ORGANIZATION_FIELDS: Operation = list("/api/v2/organizationFields", 10);
pub(super) const DEAL_FIELDS: Operation = list("/api/v2/dealFields", 10);
pub(super) const ADD_PERSON_FIELD: Operation = list("/api/v2/personFields", 5);
pub(super) const ADD_ORGANIZATION_FIELD: Operation = list("/api/v2/organizationFields", 5);
pub(super) const ADD_DEAL_FIELD: Operation = list("/api/v2/dealFields", 5);

/// How often webhooks are looked at: one that fails for three days is deleted.
pub(super) const WEBHOOKS_EVERY: Duration = Duration::from_secs(86_400);

/// Where tokens are refreshed, when the configuration does not say otherwise.
pub(super) const TOKEN_URL: &str = "https://oauth.pipedrive.com/oauth/token";
/// The path that is meant when the configuration gives a bare host for it.
pub(super) const TOKEN_PATH: &str = "/oauth/token";
/// The hosts of accounts are under it.
pub(super) const DOMAIN: &str = "pipedrive.com";
/// The header of an API token.
pub(super) const TOKEN_HEADER: &str = "x-api-token";

/// Records on a page: a page costs the same however many are on it.
pub(super) const PAGE: u32 = 500;
/// Finds in one answer of a search, at most.
const FOUND: u32 = 100;
/// Custom fields that can be named in one request.
pub(super) const MOST_CUSTOM_FIELDS: usize = 15;
/// Leads that a page repeats of the one before: pages are counted by position, and one that is archived meanwhile moves
/// all others up.
pub(super) const LEADS_OVERLAP: u64 = 10;

/// A page of a v2 list: how it is narrowed, and where it begins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part<'a> {
    /// Only what changed since, seconds since 1970 UTC; inclusive.
    pub(super) since_s: Option<i64>,
    /// Statuses of deals, comma separated.
    pub(super) status: Option<&'static str>,
    /// Keys of custom fields, comma separated.
    pub(super) custom_fields: Option<&'a str>,
    /// Only these, comma separated.
    pub(super) ids: Option<&'a str>,
    /// Where the page before ended.
    pub(super) cursor: Option<&'a str>,
}

/// A crawl takes open deals.
pub(super) const OPEN: &str = "open";
/// Changes take all, so that closed and deleted ones are seen to be.
pub(super) const ANY_STATUS: &str = "open,won,lost,deleted";

/// A page of a v2 list, by id, so that changes during the reading neither skip nor repeat.
pub(super) fn part(base: &Url, operation: Operation, part: Part<'_>) -> Url {
    let mut url = at(base, operation);
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", &PAGE.to_string()).append_pair("sort_by", "id");
        query.append_pair("sort_direction", "asc");
        let since = part.since_s.map(time);
        let pairs = [
            ("status", part.status),
            ("updated_since", since.as_deref()),
            ("custom_fields", part.custom_fields),
            ("ids", part.ids),
            ("cursor", part.cursor),
        ];
        query.extend_pairs(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))));
    }
    url
}

/// A page of leads that are not archived, in the order they were created.
pub(super) fn leads(base: &Url, since_s: Option<i64>, start: u64) -> Url {
    let mut url = at(base, LEADS);
    url.query_pairs_mut().append_pair("limit", &PAGE.to_string()).append_pair("start", &start.to_string());
    if let Some(since_s) = since_s {
        url.query_pairs_mut().append_pair("updated_since", &time(since_s));
    }
    url
}

/// One lead, archived or not.
pub(super) fn lead(base: &Url, id: CrmId) -> Url {
    let mut url = at(base, LEAD);
    url.set_path(&LEAD.path.replace("{id}", &id.to_string()));
    url
}

/// A page of archived leads, the one changed last first: there is no other way to ask for recent ones only.
pub(super) fn archived_leads(base: &Url, start: u64) -> Url {
    let mut url = at(base, ARCHIVED_LEADS);
    url.query_pairs_mut()
        .append_pair("limit", &PAGE.to_string())
        .append_pair("start", &start.to_string())
        .append_pair("sort", "update_time DESC");
    url
}

/// One webhook.
pub(super) fn webhook(base: &Url, id: u64) -> Url {
    let mut url = at(base, DROP_WEBHOOK);
    url.set_path(&DROP_WEBHOOK.path.replace("{id}", &id.to_string()));
    url
}

/// One thing by its id, which is a number, a UUID or letters and digits.
pub(super) fn one(base: &Url, operation: Operation, id: &str) -> Url {
    let mut url = at(base, operation);
    url.set_path(&operation.path.replace("{id}", id));
    url
}

/// What is open of a person or an organization, the newest first.
pub(super) fn open_deals_of(base: &Url, whose: Link) -> Url {
    let mut url = at(base, DEALS);
    let name = if whose.kind == Kind::Organization { "org_id" } else { "person_id" };
    url.query_pairs_mut()
        .append_pair("limit", &PAGE.to_string())
        .append_pair("sort_by", "add_time")
        .append_pair("sort_direction", "desc")
        .append_pair("status", OPEN)
        .append_pair(name, &whose.id.to_string());
    url
}

/// Leads of a person or an organization that are not archived.
pub(super) fn leads_of(base: &Url, whose: Link) -> Url {
    let mut url = at(base, LEADS);
    let name = if whose.kind == Kind::Organization { "organization_id" } else { "person_id" };
    url.query_pairs_mut().append_pair("limit", &PAGE.to_string()).append_pair(name, &whose.id.to_string());
    url
}

/// A page of a v2 list, what was made last first: what has changed since, narrowed by one more name and value.
pub(super) fn newest(base: &Url, operation: Operation, since_s: i64, of: Option<&(&str, String)>) -> Url {
    let mut url = at(base, operation);
    url.query_pairs_mut()
        .append_pair("limit", &PAGE.to_string())
        .append_pair("sort_by", "add_time")
        .append_pair("sort_direction", "desc")
        .append_pair("updated_since", &time(since_s))
        .extend_pairs(of.map(|(name, value)| (*name, value)));
    url
}

/// A page of leads or notes, what was made last first.
pub(super) fn newest_first(base: &Url, operation: Operation, since_s: i64, of: Option<&(&str, String)>) -> Url {
    let mut url = at(base, operation);
    url.query_pairs_mut()
        .append_pair("limit", &PAGE.to_string())
        .append_pair("sort", "add_time DESC")
        .append_pair("updated_since", &time(since_s))
        .extend_pairs(of.map(|(name, value)| (*name, value)));
    url
}

/// Where a page of a list that is paged by position begins.
pub(super) fn from(mut url: Url, start: u64) -> Url {
    url.query_pairs_mut().append_pair("start", &start.to_string());
    url
}

/// Where a page of a list that is paged by cursor begins.
pub(super) fn after(mut url: Url, cursor: &str) -> Url {
    url.query_pairs_mut().append_pair("cursor", cursor);
    url
}

/// Call logs on a page, at most.
pub(super) const CALL_LOGS_PAGE: u64 = 50;

/// A page of the call logs of whose the credentials are.
pub(super) fn call_logs(base: &Url, start: u64) -> Url {
    let mut url = at(base, CALL_LOGS);
    url.query_pairs_mut().append_pair("limit", &CALL_LOGS_PAGE.to_string());
    from(url, start)
}

/// Everything that is a field, as far as one page goes.
pub(super) fn fields(base: &Url, operation: Operation) -> Url {
    let mut url = at(base, operation);
    url.query_pairs_mut().append_pair("limit", &PAGE.to_string());
    url
}

/// All users at once: this list has no pages.
pub(super) fn users(base: &Url) -> Url {
    at(base, USERS)
}

/// Everything about a number in one question: persons (and organizations, where they have number fields) whose stored
/// text holds `term`, and the deals and leads of what is found.
pub(super) fn search(base: &Url, term: &str, organizations: bool) -> Url {
    let (types, fields) =
        if organizations { ("person,organization", "phone,custom_fields") } else { ("person", "phone") };
    let mut url = at(base, SEARCH);
    url.query_pairs_mut()
        .append_pair("term", term)
        .append_pair("item_types", types)
        .append_pair("fields", fields)
        .append_pair("search_for_related_items", "true")
        .append_pair("limit", &FOUND.to_string());
    url
}

/// Persons and leads of whom a field is exactly this, but for the case: one of the vendor's names for what is searched.
pub(super) fn exactly(base: &Url, term: &str, kinds: &[Kind], field: &str) -> Url {
    let types: Vec<&str> = kinds.iter().map(|kind| if *kind == Kind::Lead { "lead" } else { "person" }).collect();
    let mut url = at(base, SEARCH);
    url.query_pairs_mut()
        .append_pair("term", term)
        .append_pair("item_types", &types.join(","))
        .append_pair("fields", field)
        .append_pair("exact_match", "true")
        .append_pair("limit", &FOUND.to_string());
    url
}

/// What is searched for when `number` calls: its last seven digits, never reaching into the country's code.
///
/// The vendor compares with the text as it was typed and normalises nothing, so the one rendering that a question may
/// have must be a piece that most ways of typing leave whole. A shorter end of the number is contained wherever a longer
/// one is, and in more: `+380671112233`, `0671112233`, `671112233`, `067 1112233`, `+38(067)1112233` all hold `1112233`,
/// where nine digits would miss the last two. Seven is also where it stays selective: among a million numbers one in ten
/// shares its end by chance, and what does is dropped when digits are verified. With four, a large account's answer would
/// not fit its hundred places. Missed: separators inside the last seven, `067 111-22-33`. The crawl knows those.
///
/// `exact_match` is not sent: it would compare the whole text.
pub(super) fn term(number: PhoneKey) -> String {
    /// No country's code is longer, so the rest is the number as it is typed inside the country, too.
    const LONGEST_CODE: usize = 3;
    const WANTED: usize = 7;
    const LEAST: usize = 4;
    let digits = number.digits().to_string();
    let taken = digits.len().saturating_sub(LONGEST_CODE).clamp(LEAST, WANTED).min(digits.len());
    digits[digits.len() - taken..].to_owned()
}

/// Where the vendor's own pages show a record.
pub(super) fn card(base: &Url, kind: Kind, id: CrmId) -> Option<Url> {
    let id = id.to_string();
    match kind {
        Kind::Contact => section::below(base, &["person", &id]),
        Kind::Organization => section::below(base, &["organization", &id]),
        Kind::Deal => section::below(base, &["deal", &id]),
        Kind::Lead => section::below(base, &["leads", "inbox", &id]),
        Kind::Ticket => None,
    }
}

/// The operation at `base`, whatever path `base` has: it is an origin, as `settings` checks.
pub(super) fn at(base: &Url, operation: Operation) -> Url {
    let mut url = base.clone();
    url.set_path(operation.path);
    url
}

/// # Units
/// RFC 3339 in UTC, whole seconds.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
