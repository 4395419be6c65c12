//! Which requests the stand-in answers, and what they cost.
//!
//! | path under `/crm/v8` | credits |
//! | --- | --- |
//! | `GET /{module}`, `/{module}/deleted`, `/{module}/{id}/Notes`, `/Notes`, `/users`, `/settings/fields`, `/layouts`, `/pipeline` | 1 |
//! | `GET /{module}/search` | 3: the vendor's pages say 1 or 3 |
//! | `POST /coql` | 1, 2 or 3 by the limit |
//! | `POST` and `PUT /{module}`, `PUT /{module}/{id}`, `POST /{module}/upsert`, the same of `/Notes` | 1 for ten records |
//! | `POST /settings/fields` | 1 |
//! | `GET`, `POST`, `PUT`, `DELETE /actions/watch` | 1 |

use hyper::Method;

use super::module::Module;
use crate::kit::Query;

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    List(Module, bool),
    Deleted(Module),
    Search(Module),
    Coql,
    Users,
    Fields,
    Layouts,
    Pipelines,
    Watch,
    /// The notes of a record.
    NotesOf(Module, u64),
    /// Notes by their ids.
    Notes,
    Write(Write),
}

/// An endpoint that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Insert(Module),
    /// The record of this id, or those that the rows name.
    Update(Module, Option<u64>),
    Upsert(Module),
    InsertNotes,
    UpdateNotes(Option<u64>),
    MakeField,
}

const VERSION: &str = "/crm/v8/";

impl Route {
    pub(super) fn of(method: &Method, path: &str, query: &str) -> Option<Self> {
        let path = path.strip_prefix(VERSION)?.trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        match *method {
            Method::GET => Self::read(&parts, query),
            Method::POST | Method::PUT => Self::write(*method == Method::POST, &parts),
            _ => (parts == ["actions", "watch"]).then_some(Self::Watch),
        }
    }

    fn read(parts: &[&str], query: &str) -> Option<Self> {
        match *parts {
            ["users"] => Some(Self::Users),
            ["settings", "fields"] => Some(Self::Fields),
            ["settings", "layouts"] => Some(Self::Layouts),
            ["settings", "pipeline"] => Some(Self::Pipelines),
            ["actions", "watch"] => Some(Self::Watch),
            ["Notes"] => Some(Self::Notes),
            [module] => Some(Self::List(Module::of(module)?, Query::read(query).text("sort_by").is_some())),
            [module, "deleted"] => Module::of(module).map(Self::Deleted),
            [module, "search"] => Module::of(module).map(Self::Search),
            [module, id, "Notes"] => Some(Self::NotesOf(Module::of(module)?, id.parse().ok()?)),
            _ => None,
        }
    }

    fn write(posted: bool, parts: &[&str]) -> Option<Self> {
        let write = match *parts {
            ["coql"] if posted => return Some(Self::Coql),
            ["actions", "watch"] => return Some(Self::Watch),
            ["settings", "fields"] if posted => Write::MakeField,
            ["Notes"] if posted => Write::InsertNotes,
            ["Notes"] => Write::UpdateNotes(None),
            ["Notes", id] if !posted => Write::UpdateNotes(Some(id.parse().ok()?)),
            [module] if posted => Write::Insert(Module::of(module)?),
            [module] => Write::Update(Module::of(module)?, None),
            [module, "upsert"] if posted => Write::Upsert(Module::of(module)?),
            [module, id] if !posted => Write::Update(Module::of(module)?, Some(id.parse().ok()?)),
            _ => return None,
        };
        Some(Self::Write(write))
    }

    /// What it costs, where the request's body does not say.
    pub(super) const fn credits(self) -> u64 {
        match self {
            Self::Search(_) => 3,
            _ => 1,
        }
    }

    /// Whether it counts among the few at once of every edition.
    pub(super) const fn is_heavy(self) -> bool {
        matches!(self, Self::Coql | Self::Search(_) | Self::List(_, true))
    }
}
