//! Where a request goes.
//!
//! | path below `/api/data/v9.2/` | is |
//! | --- | --- |
//! | `contacts`, `accounts`, `leads`, `opportunities`, `incidents` | lists, tracked lists, what changed |
//! | `systemusers` | the users |
//! | `WhoAmI` | who asks |
//! | `serviceendpoints`, `…(id)/serviceendpoint_sdkmessageprocessingstep`, `sdkmessagefilters`, `sdkmessageprocessingsteps` | webhooks (`endpoints`) |

use super::schema;
use crate::kit::EntityKind;

/// The API's root.
pub(super) const ROOT: &str = "/api/data/v9.2/";

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Records(EntityKind),
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
            set => schema::kind_of_set(set).map_or_else(|| Self::Other(set.to_owned()), Self::Records),
        })
    }
}
