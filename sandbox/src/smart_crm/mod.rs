//! A stateful stand-in for SMART CRM, which is Microsoft Dataverse under its Web API v9.2, with the vendor's rules and
//! staged faults.
//!
//! It serves what predial reads and writes and the webhooks it registers (see `route`). What the vendor's texts say is kept: strict
//! property names, pages of 5,000 at most and links that are followed as they are, change tracking with delta links that
//! die after seven days, three kinds of 429 that all say `Retry-After`, one retry of a webhook. What they do not say is a
//! guess, marked so where it stands, and prefers what is harder on the client: a table that is not tracked refuses to be,
//! a delta link knows nothing from before the last page of the reading that gave it, a link that was touched is refused.
//!
//! Written through the API are records, phone calls with their parties, tasks and notes (see `writing`); whatever else
//! happens in the organization is made through `SmartCrm::change` or `POST /sandbox/change`.
//!
//! Not here on purpose: `$batch`, `$expand` of records, `FetchXML`, Dataverse search, deleting through the API, alternate
//! keys, making columns, rules that find duplicates (this vendor looks for them only where a header asks for it).
//!
//! # Source
//! Microsoft's pages on change tracking, webhooks and limits, and the Common Data Model files for names, types and
//! lengths; seen 2026-11-20 and 2026-11-21.

mod account;
mod activities;
mod body;
mod change;
mod definitions;
mod delta;
mod endpoints;
mod filter;
mod hand;
mod held;
mod list;
mod meter;
mod neutral;
mod notice;
mod oauth;
mod odata;
mod options;
mod page;
mod reply;
mod route;
mod row;
mod samples;
mod schema;
mod seed;
mod standard;
mod world;
mod writing;

pub use account::{Account, Described};
pub use change::{Change, ChangeError};
pub use options::{Limits, Options, TENANT};
pub use schema::{CLOSED_LISTS, ClosedList};

pub use crate::kit::{App, Asked, Client, Entity, EntityKind, Fault, FaultKind, OpenEntity, Quota, Sample};
use crate::kit::{Running, Source};

/// A stand-in for SMART CRM that is running.
pub type SmartCrm = Running<Account>;

impl Running<Account> {
    /// The users: id and whether they may log in.
    #[must_use]
    pub fn users(&self) -> Vec<(String, bool)> {
        self.vendor().users()
    }

    /// The id of the team that owns what nobody owns.
    #[must_use]
    pub fn team(&self) -> String {
        schema::guid_text(seed::team_id())
    }

    /// How many accounts (organizations) are seeded.
    #[must_use]
    pub fn seeded_accounts(&self) -> u64 {
        let part = self.vendor().part(EntityKind::Organization);
        part.places()
    }
}
