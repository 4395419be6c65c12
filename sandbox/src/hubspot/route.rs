//! Which requests the stand-in answers.
//!
//! | request | counted by |
//! | --- | --- |
//! | `GET /crm/objects/2026-03/{type}` | the app's ten seconds |
//! | `POST /crm/objects/2026-03/{type}/batch/read` | the app's ten seconds |
//! | `POST /crm/objects/2026-03/{type}/search` | the account's second of searches |
//! | `POST /crm/associations/2026-03/{type}/{type}/batch/read` | no window |
//! | `GET /crm/associations/2026-03/{type}/{type}/labels` | no window |
//! | `POST /crm/objects/2026-03/{type}`, `…/batch/upsert` | the app's ten seconds |
//! | `GET`, `PATCH /crm/objects/2026-03/{type}/{id}` | the app's ten seconds |
//! | `GET /crm/owners/2026-03` | the app's ten seconds |
//! | `GET /crm/pipelines/2026-03/{type}` | the app's ten seconds |
//! | `POST /crm/properties/2026-03/{type}`, `…/batch/read`, `GET …/groups` | the app's ten seconds |
//!
//! Each costs one of the day's requests. Other versions are not answered.

use hyper::Method;

use super::{activity::Of, meter::Lane, property::kind_of};
use crate::kit::EntityKind;

const VERSION: &str = "2026-03";

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    List(EntityKind),
    Batch(Of),
    Search(EntityKind),
    Associations(Of, Of),
    Labels(Of, Of),
    Properties(Of),
    Groups(Of),
    Pipelines(EntityKind),
    Owners,
    One(Of, String),
    Make(Of),
    Patch(Of, String),
    Upsert(Of),
    MakeProperty(Of),
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
            ("POST", "objects", [of]) => Self::Make(Of::named(of)?),
            ("GET", "objects", [of, id]) => Self::One(Of::named(of)?, (*id).to_owned()),
            ("PATCH", "objects", [of, id]) => Self::Patch(Of::named(of)?, (*id).to_owned()),
            ("POST", "objects", [of, "batch", "read"]) => Self::Batch(Of::named(of)?),
            ("POST", "objects", [of, "batch", "upsert"]) => Self::Upsert(Of::named(of)?),
            ("POST", "objects", [kind, "search"]) => Self::Search(kind_of(kind)?),
            ("POST", "associations", [from, to, "batch", "read"]) => {
                Self::Associations(Of::named(from)?, Of::named(to)?)
            }
            ("GET", "associations", [from, to, "labels"]) => Self::Labels(Of::named(from)?, Of::named(to)?),
            ("POST", "properties", [of]) => Self::MakeProperty(Of::named(of)?),
            ("POST", "properties", [of, "batch", "read"]) => Self::Properties(Of::named(of)?),
            ("GET", "properties", [of, "groups"]) => Self::Groups(Of::named(of)?),
            ("GET", "pipelines", [kind]) => Self::Pipelines(kind_of(kind)?),
            ("GET", "owners", []) => Self::Owners,
            _ => return None,
        })
    }

    /// Which window counts it.
    pub(super) const fn lane(&self) -> Lane {
        match self {
            Self::Search(_) => Lane::Search,
            Self::Associations(..) | Self::Labels(..) => Lane::Exempt,
            _ => Lane::General,
        }
    }

    /// Whether it changes something.
    pub(super) const fn writes(&self) -> bool {
        matches!(self, Self::Make(_) | Self::Patch(..) | Self::Upsert(_) | Self::MakeProperty(_))
    }

    /// Whether it gives records of a kind, or what hangs on them.
    pub(super) fn is_of(&self, kind: EntityKind) -> bool {
        match self {
            Self::List(of) | Self::Search(of) | Self::Pipelines(of) => *of == kind,
            Self::Batch(of) | Self::Properties(of) | Self::Groups(of) | Self::Make(of) | Self::Upsert(of) => {
                *of == Of::Entity(kind)
            }
            Self::One(of, _) | Self::Patch(of, _) | Self::MakeProperty(of) => *of == Of::Entity(kind),
            Self::Associations(from, to) | Self::Labels(from, to) => [from, to].contains(&&Of::Entity(kind)),
            Self::Owners => false,
        }
    }
}
