//! Which requests the stand-in answers, and what they cost.
//!
//! | path | tokens |
//! | --- | --- |
//! | `/api/v2/persons`, `/organizations`, `/deals` | 10 |
//! | `/api/v2/deals/archived` | 20 |
//! | `/api/v2/persons/{id}`, `/organizations/{id}`, `/deals/{id}` | 1 |
//! | `/api/v2/itemSearch`, `/persons/search`, `/organizations/search` | 20 |
//! | `/v1/leads`, `/v1/users` | 20 |
//! | `/v1/leads/archived` | 40 |
//! | `/v1/leads/{id}`, `/v1/users/{id}`, `/v1/users/me` | 2 |
//! | `/api/v2/activities`; one | 10; 1 |
//! | `/api/v2/personFields`, `/organizationFields`, `/dealFields` | 10 |
//! | `/v1/notes`, `/v1/callLogs`; one | 20; 2 |
//! | `POST` and `PATCH` of the second API | 5 |
//! | `POST`, `PATCH` and `PUT` of the first API | 10 |
//! | `/v1/webhooks` and `POST` of it; `DELETE /v1/webhooks/{id}` | 10; 6 |
//!
//! The first API answers under `/api/v1` as well, the second under `/api/v2` only.

use hyper::Method;

use super::{fields::Of, meter::Price, write::Write};

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Persons,
    Person(u64),
    Organizations,
    Organization(u64),
    Deals,
    ArchivedDeals,
    Deal(u64),
    ItemSearch,
    PersonSearch,
    OrganizationSearch,
    Leads,
    ArchivedLeads,
    Lead(String),
    Users,
    User(u64),
    Me,
    Activities,
    Activity(u64),
    Fields(Of),
    Notes,
    Note(u64),
    CallLogs,
    CallLog(String),
    Write(Write),
    Webhooks,
    AddWebhook,
    RemoveWebhook(u64),
}

impl Route {
    /// The endpoint of a path; `None`: the vendor has none there, or none that predial needs.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if *method != Method::GET {
            return match segments.as_slice() {
                ["api", "v2", rest @ ..] => Self::written_second(method, rest),
                ["api", "v1", rest @ ..] | ["v1", rest @ ..] => Self::written_first(method, rest),
                _ => None,
            };
        }
        match segments.as_slice() {
            ["api", "v2", rest @ ..] => Self::second(rest),
            ["api", "v1", rest @ ..] | ["v1", rest @ ..] => Self::first(rest),
            _ => None,
        }
    }

    fn written_second(method: &Method, rest: &[&str]) -> Option<Self> {
        let write = match (method, rest) {
            (&Method::POST, ["persons"]) => Write::AddPerson,
            (&Method::PATCH, ["persons", id]) => Write::Person(id.parse().ok()?),
            (&Method::POST, ["organizations"]) => Write::AddOrganization,
            (&Method::PATCH, ["organizations", id]) => Write::Organization(id.parse().ok()?),
            (&Method::POST, ["deals"]) => Write::AddDeal,
            (&Method::PATCH, ["deals", id]) => Write::Deal(id.parse().ok()?),
            (&Method::POST, ["activities"]) => Write::AddActivity,
            (&Method::PATCH, ["activities", id]) => Write::Activity(id.parse().ok()?),
            (&Method::POST, [fields]) => Write::AddField(of(fields)?),
            _ => return None,
        };
        Some(Self::Write(write))
    }

    fn written_first(method: &Method, rest: &[&str]) -> Option<Self> {
        let write = match (method, rest) {
            (&Method::POST, ["webhooks"]) => return Some(Self::AddWebhook),
            (&Method::DELETE, ["webhooks", id]) => return Some(Self::RemoveWebhook(id.parse().ok()?)),
            (&Method::POST, ["leads"]) => Write::AddLead,
            (&Method::PATCH, ["leads", id]) => Write::Lead((*id).to_owned()),
            (&Method::POST, ["notes"]) => Write::AddNote,
            (&Method::PUT, ["notes", id]) => Write::Note(id.parse().ok()?),
            (&Method::POST, ["callLogs"]) => Write::AddCallLog,
            (&Method::POST, ["callLogs", id, "recordings"]) => Write::Recording((*id).to_owned()),
            _ => return None,
        };
        Some(Self::Write(write))
    }

    fn second(rest: &[&str]) -> Option<Self> {
        Some(match rest {
            ["persons"] => Self::Persons,
            ["persons", "search"] => Self::PersonSearch,
            ["persons", id] => Self::Person(id.parse().ok()?),
            ["organizations"] => Self::Organizations,
            ["organizations", "search"] => Self::OrganizationSearch,
            ["organizations", id] => Self::Organization(id.parse().ok()?),
            ["deals"] => Self::Deals,
            ["deals", "archived"] => Self::ArchivedDeals,
            ["deals", id] => Self::Deal(id.parse().ok()?),
            ["itemSearch"] => Self::ItemSearch,
            ["activities"] => Self::Activities,
            ["activities", id] => Self::Activity(id.parse().ok()?),
            [fields] => Self::Fields(of(fields)?),
            _ => return None,
        })
    }

    fn first(rest: &[&str]) -> Option<Self> {
        Some(match rest {
            ["leads"] => Self::Leads,
            ["leads", "archived"] => Self::ArchivedLeads,
            ["leads", id] => Self::Lead((*id).to_owned()),
            ["users"] => Self::Users,
            ["users", "me"] => Self::Me,
            ["users", id] => Self::User(id.parse().ok()?),
            ["webhooks"] => Self::Webhooks,
            ["notes"] => Self::Notes,
            ["notes", id] => Self::Note(id.parse().ok()?),
            ["callLogs"] => Self::CallLogs,
            ["callLogs", id] => Self::CallLog((*id).to_owned()),
            _ => return None,
        })
    }

    /// What it costs.
    pub(super) const fn price(&self) -> Price {
        let (tokens, search) = match self {
            Self::Persons
            | Self::Organizations
            | Self::Deals
            | Self::Activities
            | Self::Fields(_)
            | Self::Webhooks
            | Self::AddWebhook => (10, false),
            Self::RemoveWebhook(_) => (6, false),
            Self::ArchivedDeals | Self::Leads | Self::Users | Self::Notes | Self::CallLogs => (20, false),
            Self::Person(_) | Self::Organization(_) | Self::Deal(_) | Self::Activity(_) => (1, false),
            Self::ItemSearch | Self::PersonSearch | Self::OrganizationSearch => (20, true),
            Self::ArchivedLeads => (40, false),
            Self::Lead(_) | Self::User(_) | Self::Me | Self::Note(_) | Self::CallLog(_) => (2, false),
            Self::Write(write) => (write.tokens(), false),
        };
        Price { tokens, search }
    }
}

fn of(fields: &str) -> Option<Of> {
    match fields {
        "personFields" => Some(Of::Person),
        "organizationFields" => Some(Of::Organization),
        "dealFields" => Some(Of::Deal),
        _ => None,
    }
}
