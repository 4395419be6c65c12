//! Which requests the stand-in answers, and what they cost.
//!
//! | path under `/api/v1` | credits |
//! | --- | --- |
//! | `/contacts`, `/accounts`, `/tickets`, `/agents`, `/webhooks` | 3 as far as the 2,000th, 5 to 10,000, 10 to 50,000, 50 to 100,000, 100 above |
//! | `/contacts/search`, `/accounts/search`, `/tickets/search`, `/contacts/{id}/tickets` | 3 |
//! | `/contacts/count`, `/accounts/count`, `/tickets/count` | 50 |
//! | one record, one agent, one webhook, `/organizations`; making, changing, deleting a webhook | 1 |
//!
//! # Source
//! The vendor's page on API limits as quoted, seen 2026-11-20. Whether what is refused is charged is nowhere said: it is,
//! here.

use hyper::Method;

/// What the three kinds of records are called in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    Contacts,
    Accounts,
    Tickets,
}

impl Module {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "contacts" => Self::Contacts,
            "accounts" => Self::Accounts,
            "tickets" => Self::Tickets,
            _ => return None,
        })
    }
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    List(Module),
    Search(Module),
    Count(Module),
    One(Module, u64),
    TicketsOf(u64),
    Agents,
    Agent(u64),
    Organizations,
    Webhooks,
    CreateWebhook,
    Webhook(u64),
    UpdateWebhook(u64),
    DeleteWebhook(u64),
}

impl Route {
    /// The endpoint of a path; `None`: the vendor has none there, or none that predial needs.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/api/v1/")?.split('/').collect();
        let id = |text: &str| text.parse::<u64>().ok();
        match (method, segments.as_slice()) {
            (&Method::GET, ["agents"]) => Some(Self::Agents),
            (&Method::GET, ["agents", agent]) => id(agent).map(Self::Agent),
            (&Method::GET, ["organizations"]) => Some(Self::Organizations),
            (&Method::GET, ["webhooks"]) => Some(Self::Webhooks),
            (&Method::POST, ["webhooks"]) => Some(Self::CreateWebhook),
            (&Method::GET, ["webhooks", webhook]) => id(webhook).map(Self::Webhook),
            (&Method::PATCH, ["webhooks", webhook]) => id(webhook).map(Self::UpdateWebhook),
            (&Method::DELETE, ["webhooks", webhook]) => id(webhook).map(Self::DeleteWebhook),
            (&Method::GET, ["contacts", contact, "tickets"]) => id(contact).map(Self::TicketsOf),
            (&Method::GET, [module]) => Module::of(module).map(Self::List),
            (&Method::GET, [module, "search"]) => Module::of(module).map(Self::Search),
            (&Method::GET, [module, "count"]) => Module::of(module).map(Self::Count),
            (&Method::GET, [module, record]) => Some(Self::One(Module::of(module)?, id(record)?)),
            _ => None,
        }
    }

    /// What it costs: of a list, by how far it reads.
    pub(super) const fn credits(&self, from: u64, limit: u64) -> u64 {
        match self {
            Self::List(_) | Self::Agents | Self::Webhooks => match from.saturating_add(limit) {
                0..=2_000 => 3,
                2_001..=10_000 => 5,
                10_001..=50_000 => 10,
                50_001..=100_000 => 50,
                _ => 100,
            },
            Self::Search(_) | Self::TicketsOf(_) => 3,
            Self::Count(_) => 50,
            _ => 1,
        }
    }
}
