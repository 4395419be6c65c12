//! Addresses, costs and property names, each once.
//!
//! # Source
//! Facts of the vendor's description and pages, gathered in the specification's SOURCE.md; the tests hold every address
//! made here against that table.

use jiff::Timestamp;
use url::Url;

use crate::crm::section;
use crate::model::{client::Kind, ids::CrmId};

/// Where one of the vendor's data centres answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataCenter {
    /// The word of `crm.data_center`.
    pub(super) word: &'static str,
    /// The API.
    pub(super) desk: &'static str,
    /// The tokens.
    pub(super) accounts: &'static str,
}

const fn center(word: &'static str, desk: &'static str, accounts: &'static str) -> DataCenter {
    DataCenter { word, desk, accounts }
}

/// Those that have Zoho Desk; for the United Kingdom the vendor names no host of it.
pub(super) const DATA_CENTERS: &[DataCenter] = &[
    center("us", "desk.zoho.com", "accounts.zoho.com"),
    center("eu", "desk.zoho.eu", "accounts.zoho.eu"),
    center("in", "desk.zoho.in", "accounts.zoho.in"),
    center("au", "desk.zoho.com.au", "accounts.zoho.com.au"),
    center("jp", "desk.zoho.jp", "accounts.zoho.jp"),
    center("ca", "desk.zohocloud.ca", "accounts.zohocloud.ca"),
    center("sa", "desk.zoho.sa", "accounts.zoho.sa"),
    center("sg", "desk.zoho.sg", "accounts.zoho.sg"),
    center("ae", "desk.zoho.ae", "accounts.zoho.ae"),
    center("cn", "desk.zoho.com.cn", "accounts.zoho.com.cn"),
];

/// Where tokens are had, on the accounts' host.
pub(super) const TOKEN_PATH: &str = "/oauth/v2/token";
/// The public keys that deliveries are signed with, on the API's host.
pub(super) const JWKS_PATH: &str = "/.well-known/jwks.json";
/// The header that names the portal.
pub(super) const ORG_HEADER: &str = "orgid";
/// The scheme of the `authorization` header.
pub(super) const SCHEME: &str = "Zoho-oauthtoken";
/// The header of a delivery that says who sent it.
pub(super) const DELIVERY_HEADER: &str = "x-zdesk-jwt";

/// What can be asked: where, and for how many credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) cost: u64,
}

const fn of(path: &'static str, cost: u64) -> Operation {
    Operation { path, cost }
}

pub(super) const AGENTS: Operation = of("/api/v1/agents", 3);
pub(super) const WEBHOOKS: Operation = of("/api/v1/webhooks", 3);
pub(super) const CREATE_WEBHOOK: Operation = of("/api/v1/webhooks", 1);
pub(super) const DELETE_WEBHOOK: Operation = of("/api/v1/webhooks/{id}", 1);
const SEARCH_CONTACTS: Operation = of("/api/v1/contacts/search", 3);
const SEARCH_ACCOUNTS: Operation = of("/api/v1/accounts/search", 3);
const SEARCH_TICKETS: Operation = of("/api/v1/tickets/search", 3);
const CONTACT: Operation = of("/api/v1/contacts/{id}", 1);
const ACCOUNT: Operation = of("/api/v1/accounts/{id}", 1);
const TICKET: Operation = of("/api/v1/tickets/{id}", 1);
const CONTACTS: Operation = of("/api/v1/contacts", 1);
const ACCOUNTS: Operation = of("/api/v1/accounts", 1);
const TICKETS: Operation = of("/api/v1/tickets", 1);
const CONTACTS_LIST: Operation = of("/api/v1/contacts", 3);
const ACCOUNTS_LIST: Operation = of("/api/v1/accounts", 3);
pub(super) const TICKETS_OF_CONTACT: Operation = of("/api/v1/contacts/{id}/tickets", 3);
pub(super) const TASKS: Operation = of("/api/v1/tasks", 1);
pub(super) const TASKS_LIST: Operation = of("/api/v1/tasks", 3);
pub(super) const TASKS_OF_TICKET: Operation = of("/api/v1/tickets/{id}/tasks", 3);
pub(super) const TASK: Operation = of("/api/v1/tasks/{id}", 1);
pub(super) const CALLS: Operation = of("/api/v1/calls", 1);
pub(super) const CALLS_LIST: Operation = of("/api/v1/calls", 3);
pub(super) const CALLS_OF_TICKET: Operation = of("/api/v1/tickets/{id}/calls", 3);
pub(super) const CALL: Operation = of("/api/v1/calls/{id}", 1);
pub(super) const TICKET_COMMENTS: Operation = of("/api/v1/tickets/{id}/comments", 1);
pub(super) const TICKET_COMMENTS_LIST: Operation = of("/api/v1/tickets/{id}/comments", 3);
pub(super) const TICKET_COMMENT: Operation = of("/api/v1/tickets/{id}/comments/{id}", 1);
pub(super) const CONTACT_COMMENTS: Operation = of("/api/v1/contacts/{id}/comments", 1);
pub(super) const CONTACT_COMMENTS_LIST: Operation = of("/api/v1/contacts/{id}/comments", 3);
pub(super) const CONTACT_COMMENT: Operation = of("/api/v1/contacts/{id}/comments/{id}", 1);
pub(super) const DEPARTMENTS: Operation = of("/api/v1/departments", 3);
pub(super) const FIELDS: Operation = of("/api/v1/fields", 3);
pub(super) const CREATE_FIELD: Operation = of("/api/v1/fields", 1);
/// The cheapest there is, and the only one that needs no portal.
pub(super) const ORGANIZATIONS: Operation = of("/api/v1/organizations", 1);

/// The search of a kind; `None` for one that this CRM lacks.
pub(super) const fn search_of(kind: Kind) -> Option<Operation> {
    match kind {
        Kind::Contact => Some(SEARCH_CONTACTS),
        Kind::Organization => Some(SEARCH_ACCOUNTS),
        Kind::Ticket => Some(SEARCH_TICKETS),
        Kind::Deal | Kind::Lead => None,
    }
}

/// One record of a kind, from the database.
pub(super) const fn one_of(kind: Kind) -> Option<Operation> {
    match kind {
        Kind::Contact => Some(CONTACT),
        Kind::Organization => Some(ACCOUNT),
        Kind::Ticket => Some(TICKET),
        Kind::Deal | Kind::Lead => None,
    }
}

/// Where one of a kind is made.
pub(super) const fn making(kind: Kind) -> Option<Operation> {
    match kind {
        Kind::Contact => Some(CONTACTS),
        Kind::Organization => Some(ACCOUNTS),
        Kind::Ticket => Some(TICKETS),
        Kind::Deal | Kind::Lead => None,
    }
}

/// All of a kind, from the database; tickets are listed by their contact.
pub(super) const fn list_of(kind: Kind) -> Option<Operation> {
    match kind {
        Kind::Contact => Some(CONTACTS_LIST),
        Kind::Organization => Some(ACCOUNTS_LIST),
        Kind::Ticket | Kind::Deal | Kind::Lead => None,
    }
}

/// Records on a page of a list of calls, one less than of anything else.
pub(super) const CALLS_PAGE: usize = 99;
/// Records on a page of a search, at most.
pub(super) const PAGE: usize = 100;
/// The furthest that a page of a search may begin.
pub(super) const FURTHEST: usize = 999;
/// Values that one parameter may have.
pub(super) const MOST_VALUES: usize = 30;
/// Agents on a page.
pub(super) const AGENTS_PAGE: usize = 200;

/// What a search goes along: the order, and the range that is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Created,
    Modified,
}

impl Axis {
    const fn range(self) -> &'static str {
        match self {
            Self::Created => "createdTimeRange",
            Self::Modified => "modifiedTimeRange",
        }
    }

    const fn order(self) -> &'static str {
        match self {
            Self::Created => "createdTime",
            Self::Modified => "modifiedTime",
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Created => Self::Modified,
            Self::Modified => Self::Created,
        }
    }
}

/// A page of what was created or changed in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// What the page is in the order of.
    pub(super) order: Axis,
    /// From and until, seconds since 1970 UTC, both in it; on that axis.
    pub(super) along: (i64, i64),
    /// The same on the other axis, where that narrows it.
    pub(super) across: Option<(i64, i64)>,
    /// How many of it come before the page.
    pub(super) from: usize,
    /// How many are on it.
    pub(super) limit: usize,
}

pub(super) fn stretch(base: &Url, search: Operation, stretch: &Stretch) -> Url {
    let Stretch { order, along, across, from, limit } = *stretch;
    let mut url = at(base, search);
    {
        let mut query = url.query_pairs_mut();
        query.append_pair(order.range(), &range(along));
        if let Some(across) = across {
            query.append_pair(order.other().range(), &range(across));
        }
        query.append_pair("sortBy", order.order());
        query.append_pair("from", &from.to_string()).append_pair("limit", &limit.to_string());
    }
    url
}

/// Where a number is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberField {
    Phone,
    Mobile,
}

/// Who has one of these texts in a number field, the one created last first.
pub(super) fn by_number(base: &Url, search: Operation, field: NumberField, renderings: &[String]) -> Url {
    let name = match field {
        NumberField::Phone => "phone",
        NumberField::Mobile => "mobile",
    };
    newest(base, search, name, &renderings.join(","))
}

/// Who has an e-mail that the vendor takes for this one, the one created last first.
pub(super) fn by_email(base: &Url, email: &str) -> Url {
    newest(base, SEARCH_CONTACTS, "email", email)
}

/// Which contacts have this in a custom field, the one created last first.
pub(super) fn by_custom(base: &Url, field: &str, text: &str) -> Url {
    newest(base, SEARCH_CONTACTS, "customField1", &format!("{field}:{text}"))
}

/// Whose tickets are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Contact,
    Account,
}

/// The tickets of these contacts or accounts, at most [`MOST_VALUES`] of them, the one created last first.
pub(super) fn tickets_of(base: &Url, whose: Whose, ids: &[CrmId]) -> Url {
    let name = match whose {
        Whose::Contact => "contactId",
        Whose::Account => "accountId",
    };
    let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    newest(base, SEARCH_TICKETS, name, &ids)
}

/// What any search of a live question costs.
pub(super) const LIVE_SEARCH: Operation = SEARCH_TICKETS;

fn newest(base: &Url, search: Operation, name: &str, values: &str) -> Url {
    let mut url = at(base, search);
    url.query_pairs_mut()
        .append_pair(name, values)
        .append_pair("sortBy", "-createdTime")
        .append_pair("limit", &PAGE.to_string());
    url
}

/// One record, or one webhook.
pub(super) fn one(base: &Url, operation: Operation, id: CrmId) -> Url {
    of_these(base, operation, &[id])
}

/// An operation on what these are the ids of, in the order its path names them.
pub(super) fn of_these(base: &Url, operation: Operation, ids: &[CrmId]) -> Url {
    let path = ids.iter().fold(operation.path.to_owned(), |path, id| path.replacen("{id}", &id.to_string(), 1));
    let mut url = base.clone();
    url.set_path(&path);
    url
}

/// The order of a list that begins with what is newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newest {
    /// A contact's tickets have no other order, or none that is described.
    AsItIs,
    Created,
    Commented,
}

/// A page of a list, what is newest first.
pub(super) fn listed(url: Url, newest: Newest, from: usize, limit: usize) -> Url {
    let mut url = url;
    {
        let mut query = url.query_pairs_mut();
        match newest {
            Newest::AsItIs => {}
            Newest::Created => drop(query.append_pair("sortBy", "-createdTime")),
            Newest::Commented => drop(query.append_pair("sortBy", "-commentedTime")),
        }
        query.append_pair("from", &from.to_string()).append_pair("limit", &limit.to_string());
    }
    url
}

/// The departments that are enabled.
pub(super) fn departments(base: &Url) -> Url {
    let mut url = at(base, DEPARTMENTS);
    url.query_pairs_mut().append_pair("isEnabled", "true").append_pair("limit", &AGENTS_PAGE.to_string());
    url
}

/// The fields of a module, and where one is made.
pub(super) fn fields(base: &Url, module: &str) -> Url {
    let mut url = at(base, FIELDS);
    url.query_pairs_mut().append_pair("module", module);
    url
}

/// A page of the agents of a status.
pub(super) fn agents(base: &Url, status: &str, from: usize) -> Url {
    let mut url = at(base, AGENTS);
    url.query_pairs_mut()
        .append_pair("status", status)
        .append_pair("from", &from.to_string())
        .append_pair("limit", &AGENTS_PAGE.to_string());
    url
}

/// All webhooks: this list has no pages.
pub(super) fn webhooks(base: &Url) -> Url {
    at(base, WEBHOOKS)
}

/// The public keys.
pub(super) fn jwks(base: &Url) -> Url {
    at(base, of(JWKS_PATH, 0))
}

/// Where the vendor's own pages show a record: `portal` is below what `crm.card_base_url` names.
pub(super) fn card(portal: &Url, kind: Kind, id: CrmId) -> Option<Url> {
    let id = id.to_string();
    match kind {
        Kind::Contact => section::below(portal, &["contacts", "details", &id]),
        Kind::Organization => section::below(portal, &["accounts", "details", &id]),
        Kind::Ticket => section::below(portal, &["tickets", "details", &id]),
        Kind::Deal | Kind::Lead => None,
    }
}

/// The operation at `base`, whatever path `base` has: it is an origin, as `settings` checks.
pub(super) fn at(base: &Url, operation: Operation) -> Url {
    let mut url = base.clone();
    url.set_path(operation.path);
    url
}

/// Both ends are stretched by a little: whether the vendor counts them in is nowhere said.
///
/// # Units
/// `yyyy-MM-ddThh:mm:ss.SSSZ`, UTC. Records are stamped with whole seconds, or, as far as can be told, with milliseconds
/// that are not shown.
fn range((from_s, until_s): (i64, i64)) -> String {
    let (before, after) = (from_s.saturating_mul(1_000) - 1, until_s.saturating_add(1).saturating_mul(1_000));
    format!("{},{}", time(before), time(after))
}

fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
