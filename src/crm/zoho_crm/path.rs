//! Addresses, costs and property names, each once.
//!
//! # Source
//! The vendor's description v8.0: paths and parameters, which the tests hold every address made here against. Names of
//! records' fields stand in no description: they are the vendor's pages'.

use jiff::Timestamp;
use url::form_urlencoded::Serializer;
use url::{Url, UrlQuery};

use crate::crm::section;
use crate::model::client::Kind;
use crate::model::ids::CrmId;

/// The path under which everything is.
const VERSION: &str = "/crm/v8";
/// Where tokens are refreshed.
pub(super) const TOKEN: &str = "/oauth/v2/token";
/// The word before an access token.
pub(super) const SCHEME: &str = "Zoho-oauthtoken";
/// Lists: only what changed since.
pub(super) const SINCE: &str = "if-modified-since";
/// What is left of the credits; told only when half of them are gone.
pub(super) const CREDITS_LEFT: &str = "x-api-credits-remaining";

/// Every record's.
pub(super) const ID: &str = "id";
/// Every record's.
pub(super) const OWNER: &str = "Owner";
/// Every record's.
pub(super) const CREATED: &str = "Created_Time";
/// Every record's.
pub(super) const MODIFIED: &str = "Modified_Time";
/// Leads': whether it is converted.
pub(super) const CONVERTED: &str = "Converted__s";
/// Deals'.
pub(super) const STAGE: &str = "Stage";
/// Deals': the contact.
pub(super) const CONTACT: &str = "Contact_Name";
/// Deals' and contacts': the account. Accounts': what they are called.
pub(super) const ACCOUNT: &str = "Account_Name";

/// Leads' and contacts'.
pub(super) const FIRST_NAME: &str = "First_Name";
/// Leads' and contacts'; the name, where only one part of it is known.
pub(super) const LAST_NAME: &str = "Last_Name";

/// What a kind's records are called, in the order it is said. Deals have titles.
pub(super) const fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Lead | Kind::Contact => &[FIRST_NAME, LAST_NAME],
        Kind::Organization => &[ACCOUNT],
        Kind::Deal | Kind::Ticket => &[],
    }
}

/// Whatever has a text.
pub(super) const DESCRIPTION: &str = "Description";
/// Tasks' and calls': the contact.
pub(super) const WHO: &str = "Who_Id";
/// Tasks' and calls': what else they are about.
pub(super) const WHAT: &str = "What_Id";
/// A lead's, a contact's, an account's main number.
pub(super) const PHONE: &str = "Phone";
/// A lead's, a contact's main e-mail.
pub(super) const EMAIL: &str = "Email";
/// The module of tasks.
pub(super) const TASKS: &str = "Tasks";
/// The module of calls.
pub(super) const CALLS: &str = "Calls";
/// The module of notes.
pub(super) const NOTES: &str = "Notes";

/// Records on a page of a list, and finds in an answer of a search.
pub(super) const PAGE: u32 = 200;
/// Rows of a query that cost one credit, and the most there can be.
pub(super) const FEW_ROWS: u32 = 200;
/// The most rows of a query.
pub(super) const MANY_ROWS: u32 = 2_000;
/// Fields that a request may name, at most.
pub(super) const MOST_FIELDS: usize = 50;
/// Number fields that may be configured: those of the vendor and what a record is made of come on top.
pub(super) const MOST_CONFIGURED_FIELDS: usize = 20;
/// Values of an `in`, at most.
pub(super) const MOST_VALUES: usize = 50;
/// Conditions of a query, at most.
pub(super) const MOST_CRITERIA: usize = 25;

/// What a request costs, in credits.
pub(super) mod credits {
    use super::{FEW_ROWS, MANY_ROWS};

    /// A page of a list, of users, of fields' metadata, of what was deleted; the channels.
    pub(in crate::crm::zoho_crm) const PAGE: u64 = 1;
    /// A search. The vendor's pages say 1 here and 3 there.
    pub(in crate::crm::zoho_crm) const SEARCH: u64 = 3;

    /// A query of at most so many rows, whatever comes of it.
    pub(in crate::crm::zoho_crm) const fn query(rows: u32) -> u64 {
        match rows {
            0..=FEW_ROWS => 1,
            _ if rows < MANY_ROWS / 2 => 2,
            _ => 3,
        }
    }
}

/// The module of a kind; `None` where this CRM has no such thing.
pub(super) const fn module(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Lead => Some("Leads"),
        Kind::Contact => Some("Contacts"),
        Kind::Organization => Some("Accounts"),
        Kind::Deal => Some("Deals"),
        Kind::Ticket => None,
    }
}

/// The kind of a module that is read.
pub(super) fn kind(module: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|&kind| self::module(kind) == Some(module))
}

/// Where queries are asked.
pub(super) fn coql(base: &Url) -> Url {
    at(base, "/coql")
}

/// A module's fields: their types, and the values of lists.
pub(super) fn fields(base: &Url, module: &str) -> Url {
    let mut url = at(base, "/settings/fields");
    url.query_pairs_mut().append_pair("module", module);
    url
}

/// A module's layouts.
pub(super) fn layouts(base: &Url, module: &str) -> Url {
    let mut url = at(base, "/settings/layouts");
    url.query_pairs_mut().append_pair("module", module);
    url
}

/// The pipelines of a layout of deals.
pub(super) fn pipelines(base: &Url, layout: &str) -> Url {
    let mut url = at(base, "/settings/pipeline");
    url.query_pairs_mut().append_pair("layout_id", layout);
    url
}

/// Where records of a module are made.
pub(super) fn made(base: &Url, module: &str) -> Url {
    at(base, &format!("/{module}"))
}

/// Where records are made unless there is one with the same in a field that tells.
pub(super) fn upserted(base: &Url, module: &str) -> Url {
    at(base, &format!("/{module}/upsert"))
}

/// Where one record is changed.
pub(super) fn changed(base: &Url, module: &str, id: u64) -> Url {
    at(base, &format!("/{module}/{id}"))
}

/// The notes of a record.
pub(super) fn notes_of(base: &Url, module: &str, id: CrmId, page: u32) -> Url {
    let mut url = at(base, &format!("/{module}/{id}/{NOTES}"));
    paged(&mut url, page).append_pair("fields", "id,Note_Content");
    url
}

/// Records by their ids, converted leads among them.
pub(super) fn by_id(base: &Url, module: &str, fields: &str, ids: &[CrmId]) -> Url {
    let mut url = records(base, module, fields);
    let named = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    url.query_pairs_mut().append_pair("ids", &named);
    if module == "Leads" {
        url.query_pairs_mut().append_pair("converted", "both");
    }
    url
}

/// Leads that are converted, the one changed first first; with [`SINCE`]. From where the page before ended.
pub(super) fn converted(base: &Url, fields: &str, token: Option<&str>) -> Url {
    let mut url = records(base, "Leads", fields);
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("converted", "true").append_pair("sort_by", MODIFIED).append_pair("sort_order", "asc");
        if let Some(token) = token {
            query.append_pair("page_token", token);
        }
    }
    url
}

fn records(base: &Url, module: &str, fields: &str) -> Url {
    let mut url = at(base, &format!("/{module}"));
    url.query_pairs_mut().append_pair("fields", fields).append_pair("per_page", &PAGE.to_string());
    url
}

/// What was deleted, the one deleted last first; with [`SINCE`].
pub(super) fn deleted(base: &Url, module: &str, page: u32) -> Url {
    let mut url = at(base, &format!("/{module}/deleted"));
    paged(&mut url, page).append_pair("type", "all");
    url
}

/// Records with a number that the vendor takes for this one. A plus sign is written `%2B`: bare, it would be a space.
pub(super) fn search(base: &Url, module: &str, fields: &str, phone: &str) -> Url {
    let mut url = at(base, &format!("/{module}/search"));
    paged(&mut url, 1).append_pair("phone", phone).append_pair("fields", fields);
    url
}

/// Records with an e-mail that the vendor takes for this one.
pub(super) fn search_email(base: &Url, module: &str, email: &str) -> Url {
    let mut url = at(base, &format!("/{module}/search"));
    paged(&mut url, 1).append_pair("email", email).append_pair("fields", ID);
    url
}

/// Users who work there, or who left.
pub(super) fn users(base: &Url, active: bool, page: u32) -> Url {
    let mut url = at(base, "/users");
    paged(&mut url, page).append_pair("type", if active { "ActiveUsers" } else { "DeactiveUsers" });
    url
}

/// Where channels of notifications are kept.
pub(super) fn watch(base: &Url, channel: Option<u64>) -> Url {
    let mut url = at(base, "/actions/watch");
    if let Some(channel) = channel {
        paged(&mut url, 1).append_pair("channel_id", &channel.to_string());
    }
    url
}

/// Where the vendor's own pages show a record; `organisation` is a segment of its own, or none.
pub(super) fn card(pages: &Url, organisation: Option<&str>, kind: Kind, id: CrmId) -> Option<Url> {
    let (module, id) = (module(kind)?, id.to_string());
    let of = section::below(pages, &["crm"])?;
    let of = organisation.map_or(Some(of.clone()), |organisation| section::below(&of, &[organisation]))?;
    section::below(&of, &["tab", module, &id])
}

fn paged(url: &mut Url, page: u32) -> Serializer<'_, UrlQuery<'_>> {
    let mut query = url.query_pairs_mut();
    query.append_pair("page", &page.to_string()).append_pair("per_page", &PAGE.to_string());
    query
}

fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{VERSION}{path}"));
    url
}

/// # Units
/// ISO 8601 in whole seconds with the offset in digits: the vendor takes neither fractions nor `Z`.
pub(super) fn time(at_s: i64) -> String {
    let at = Timestamp::from_second(at_s).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
