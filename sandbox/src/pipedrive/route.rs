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
//! | `/v1/webhooks` and `POST` of it; `DELETE /v1/webhooks/{id}` | 10; 6 |
//!
//! The first API answers under `/api/v1` as well, the second under `/api/v2` only.

use hyper::Method;

use super::meter::Price;

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
    Webhooks,
    AddWebhook,
    RemoveWebhook(u64),
}

impl Route {
    /// The endpoint of a path; `None`: the vendor has none there, or none that predial needs.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if *method != Method::GET {
            let (["api", "v1", rest @ ..] | ["v1", rest @ ..]) = segments.as_slice() else { return None };
            return match (method, rest) {
                (&Method::POST, ["webhooks"]) => Some(Self::AddWebhook),
                (&Method::DELETE, ["webhooks", id]) => Some(Self::RemoveWebhook(id.parse().ok()?)),
                _ => None,
            };
        }
        match segments.as_slice() {
            ["api", "v2", rest @ ..] => Self::second(rest),
            ["api", "v1", rest @ ..] | ["v1", rest @ ..] => Self::first(rest),
            _ => None,
        }
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
            _ => return None,
        })
    }

    /// What it costs.
    pub(super) const fn price(&self) -> Price {
        let (tokens, search) = match self {
            Self::Persons | Self::Organizations | Self::Deals | Self::Webhooks | Self::AddWebhook => (10, false),
            Self::RemoveWebhook(_) => (6, false),
            Self::ArchivedDeals | Self::Leads | Self::Users => (20, false),
            Self::Person(_) | Self::Organization(_) | Self::Deal(_) => (1, false),
            Self::ItemSearch | Self::PersonSearch | Self::OrganizationSearch => (20, true),
            Self::ArchivedLeads => (40, false),
            Self::Lead(_) | Self::User(_) | Self::Me => (2, false),
        };
        Price { tokens, search }
    }
}
