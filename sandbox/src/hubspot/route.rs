//! Which requests the stand-in answers.
//!
//! | request | counted by |
//! | --- | --- |
//! | `GET /crm/objects/2026-03/{type}` | the app's ten seconds |
//! | `POST /crm/objects/2026-03/{type}/batch/read` | the app's ten seconds |
//! | `POST /crm/objects/2026-03/{type}/search` | the account's second of searches |
//! | `POST /crm/associations/2026-03/{type}/{type}/batch/read` | no window |
//! | `GET /crm/owners/2026-03` | the app's ten seconds |
//! | `GET /crm/pipelines/2026-03/{type}` | the app's ten seconds |
//! | `POST /crm/properties/2026-03/{type}/batch/read` | the app's ten seconds |
//!
//! Each costs one of the day's requests. Other versions are not answered.

use hyper::Method;

use super::{meter::Lane, property::kind_of};
use crate::kit::EntityKind;

const VERSION: &str = "2026-03";

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    List(EntityKind),
    Batch(EntityKind),
    Search(EntityKind),
    Associations(EntityKind, EntityKind),
    Properties(EntityKind),
    Pipelines(EntityKind),
    Owners,
}

impl Route {
    /// The endpoint of a path; `None`: the vendor has none there, or none that predial needs.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (["crm", family, version], rest) = segments.split_at_checked(3)? else { return None };
        if *version != VERSION {
            return None;
        }
        Some(match (method.as_str(), *family, rest) {
            ("GET", "objects", [kind]) => Self::List(kind_of(kind)?),
            ("POST", "objects", [kind, "batch", "read"]) => Self::Batch(kind_of(kind)?),
            ("POST", "objects", [kind, "search"]) => Self::Search(kind_of(kind)?),
            ("POST", "associations", [from, to, "batch", "read"]) => Self::Associations(kind_of(from)?, kind_of(to)?),
            ("POST", "properties", [kind, "batch", "read"]) => Self::Properties(kind_of(kind)?),
            ("GET", "pipelines", [kind]) => Self::Pipelines(kind_of(kind)?),
            ("GET", "owners", []) => Self::Owners,
            _ => return None,
        })
    }

    /// Which window counts it.
    pub(super) const fn lane(self) -> Lane {
        match self {
            Self::Search(_) => Lane::Search,
            Self::Associations(..) => Lane::Exempt,
            _ => Lane::General,
        }
    }

    /// Whether it gives records of a kind, or what hangs on them.
    pub(super) fn is_of(self, kind: EntityKind) -> bool {
        match self {
            Self::List(of) | Self::Batch(of) | Self::Search(of) | Self::Properties(of) | Self::Pipelines(of) => {
                of == kind
            }
            Self::Associations(from, to) => from == kind || to == kind,
            Self::Owners => false,
        }
    }
}
