//! Where a request goes.
//!
//! | path below `/api/data/v9.2/` | is |
//! | --- | --- |
//! | `contacts`, `accounts`, `leads`, `opportunities`, `incidents` | lists, tracked lists, what changed; `POST` makes one |
//! | `phonecalls`, `tasks`, `annotations` | lists; `POST` makes one |
//! | any of these and `(id)` | one record; `PATCH` makes or changes it |
//! | `systemusers` | the users |
//! | `WhoAmI` | who asks |
//! | `EntityDefinitions(LogicalName='…')/Attributes`, the same cast to texts | columns (`definitions`) |
//! | `serviceendpoints`, `…(id)/serviceendpoint_sdkmessageprocessingstep`, `sdkmessagefilters`, `sdkmessageprocessingsteps` | webhooks (`endpoints`) |

use super::{activities::Set, schema::guid_of};

/// The API's root.
pub(super) const ROOT: &str = "/api/data/v9.2/";

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Set(Set),
    One(Set, u128),
    Users,
    WhoAmI,
    Other(String),
}

impl Route {
    /// `None` outside of the API.
    pub(super) fn of(path: &str) -> Option<Self> {
        let below = path.strip_prefix(ROOT)?;
        Some(match below {
            "systemusers" => Self::Users,
            "WhoAmI" => Self::WhoAmI,
            below => Self::set(below).unwrap_or_else(|| Self::Other(below.to_owned())),
        })
    }

    fn set(below: &str) -> Option<Self> {
        match below.split_once('(') {
            None => Set::of(below).map(Self::Set),
            Some((set, rest)) => Some(Self::One(Set::of(set)?, guid_of(rest.strip_suffix(')')?)?)),
        }
    }
}
