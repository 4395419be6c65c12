//! Which requests the stand-in answers, and what they cost.
//!
//! | path under `/crm/v8` | credits |
//! | --- | --- |
//! | `GET /{module}`, `/{module}/deleted`, `/users`, `/settings/fields` | 1 |
//! | `GET /{module}/search` | 3: the vendor's pages say 1 or 3 |
//! | `POST /coql` | 1, 2 or 3 by the limit |
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
    Watch,
}

const VERSION: &str = "/crm/v8/";

impl Route {
    pub(super) fn of(method: &Method, path: &str, query: &str) -> Option<Self> {
        let path = path.strip_prefix(VERSION)?.trim_end_matches('/');
        let get = *method == Method::GET;
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["coql"] if *method == Method::POST => Some(Self::Coql),
            ["users"] if get => Some(Self::Users),
            ["settings", "fields"] if get => Some(Self::Fields),
            ["actions", "watch"] => Some(Self::Watch),
            [module] if get => Some(Self::List(Module::of(module)?, Query::read(query).text("sort_by").is_some())),
            [module, "deleted"] if get => Module::of(module).map(Self::Deleted),
            [module, "search"] if get => Module::of(module).map(Self::Search),
            _ => None,
        }
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
