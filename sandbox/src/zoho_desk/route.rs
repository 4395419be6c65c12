//! Which requests the stand-in answers, and what they cost.
//!
//! | path under `/api/v1` | credits |
//! | --- | --- |
//! | `/contacts`, `/accounts`, `/tickets`, `/tasks`, `/calls`, `/agents`, `/webhooks` | 3 as far as the 2,000th, 5 to 10,000, 10 to 50,000, 50 to 100,000, 100 above |
//! | `/contacts/search`, `/accounts/search`, `/tickets/search`, `/contacts/{id}/tickets`, `/tickets/{id}/tasks`, `/tickets/{id}/calls`, `…/comments`, `/departments`, `/fields` | 3 |
//! | `/contacts/count`, `/accounts/count`, `/tickets/count` | 50 |
//! | one of anything, `/organizations`; making, changing, deleting anything | 1 |
//!
//! # Source
//! The vendor's page on API limits as quoted, seen 2026-11-20. Whether what is refused is charged is nowhere said: it is,
//! here.

use hyper::Method;

use super::activity::Kind;

/// What the three kinds of records are called in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Accounts => "accounts",
            Self::Tickets => "tickets",
        }
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
    Create(Module),
    Update(Module, u64),
    Activities(Kind),
    ActivitiesOf(Kind, u64),
    Activity(Kind, u64),
    CreateActivity(Kind),
    UpdateActivity(Kind, u64),
    Comments(Module, u64),
    CreateComment(Module, u64),
    Comment(Module, u64, u64),
    UpdateComment(Module, u64, u64),
    Departments,
    Fields,
    CreateField,
}

impl Route {
    /// The endpoint of a path; `None`: the vendor has none there, or none that predial needs.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/api/v1/")?.split('/').collect();
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
            _ => Self::written(method, &segments).or_else(|| Self::read(method, &segments)),
        }
    }

    /// Those that read the seed's kinds.
    fn read(method: &Method, segments: &[&str]) -> Option<Self> {
        match (method, segments) {
            (&Method::GET, [module]) => Module::of(module).map(Self::List),
            (&Method::GET, [module, "search"]) => Module::of(module).map(Self::Search),
            (&Method::GET, [module, "count"]) => Module::of(module).map(Self::Count),
            (&Method::GET, [module, record]) => Some(Self::One(Module::of(module)?, id(record)?)),
            _ => None,
        }
    }

    /// Those that write, and those that read what only writing makes. A ticket's comment is changed by PATCH, a contact's
    /// by PUT.
    fn written(method: &Method, segments: &[&str]) -> Option<Self> {
        let (get, post, patch) = (method == Method::GET, method == Method::POST, method == Method::PATCH);
        match segments {
            ["departments"] if get => Some(Self::Departments),
            ["fields"] if get => Some(Self::Fields),
            ["fields"] if post => Some(Self::CreateField),
            [_, _, "comments", ..] => Self::commented(method, segments),
            ["tickets", ticket, kind] if get => Some(Self::ActivitiesOf(Kind::of(kind)?, id(ticket)?)),
            [word] if get => Kind::of(word).map(Self::Activities),
            [word] if post => Kind::of(word).map(Self::CreateActivity).or_else(|| Module::of(word).map(Self::Create)),
            [word, one] if get => Some(Self::Activity(Kind::of(word)?, id(one)?)),
            [word, one] if patch => {
                let one = id(one)?;
                let activity = Kind::of(word).map(|kind| Self::UpdateActivity(kind, one));
                activity.or_else(|| Module::of(word).map(|module| Self::Update(module, one)))
            }
            _ => None,
        }
    }

    /// Those of comments, which tickets and contacts have.
    fn commented(method: &Method, segments: &[&str]) -> Option<Self> {
        let module = Module::of(segments.first()?).filter(|module| *module != Module::Accounts)?;
        let on = id(segments.get(1)?)?;
        let changing = if module == Module::Tickets { Method::PATCH } else { Method::PUT };
        match segments.get(3..)? {
            [] if method == Method::GET => Some(Self::Comments(module, on)),
            [] if method == Method::POST => Some(Self::CreateComment(module, on)),
            [comment] if method == Method::GET => Some(Self::Comment(module, on, id(comment)?)),
            [comment] if *method == changing => Some(Self::UpdateComment(module, on, id(comment)?)),
            _ => None,
        }
    }

    /// What it costs: of a list, by how far it reads.
    pub(super) const fn credits(&self, from: u64, limit: u64) -> u64 {
        match self {
            Self::List(_) | Self::Activities(_) | Self::Agents | Self::Webhooks => match from.saturating_add(limit) {
                0..=2_000 => 3,
                2_001..=10_000 => 5,
                10_001..=50_000 => 10,
                50_001..=100_000 => 50,
                _ => 100,
            },
            Self::Search(_)
            | Self::TicketsOf(_)
            | Self::ActivitiesOf(..)
            | Self::Comments(..)
            | Self::Departments
            | Self::Fields => 3,
            Self::Count(_) => 50,
            _ => 1,
        }
    }
}

fn id(text: &str) -> Option<u64> {
    text.parse().ok()
}
