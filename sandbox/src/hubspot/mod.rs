//! A stateful stand-in for HubSpot, with the vendor's rules and staged faults.
//!
//! It serves what predial reads and writes (see `route` for the endpoints and what counts them, `kit` for its own door) to the
//! vendor's rules as its description of the API states them and as users of the live API report them. What neither says is
//! a guess, marked so where it stands, and prefers what is harder on the client: a search without all of its members is
//! refused, companies have no number calculated to be searched, an association changes no date, many records share one
//! instant.
//!
//! Not here on purpose: versions other than 2026-03, free text searches, searches for tasks, calls and notes, archiving
//! and associating through the API, exports, the journal of changes. What people change is changed through
//! `HubSpot::change` or `POST /sandbox/change`; it and what is written through the API is told of at the address that
//! `Change::TellAt` names, as an app's settings would.
//!
//! # Source
//! HubSpot's API descriptions of 2026-03; its pages on usage, searches, webhooks and request validation; both seen
//! 2026-11-20.

mod account;
mod activity;
mod association;
mod change;
mod default;
mod field;
mod filter;
mod held;
mod hooks;
mod list;
mod meter;
mod neutral;
mod oauth;
mod object;
mod options;
mod property;
mod reply;
mod route;
mod samples;
mod search;
mod wire;
mod world;
mod write;
mod writing;

pub use account::{Account, Described};
pub use change::{Change, ChangeError, Item};
pub use hooks::signed;
pub use object::SECOND_PHONE;
pub use options::{Limits, Options};
pub use samples::EMPLOYEES;
pub use world::Owner;

use crate::kit::{Running, SetQuota, Vendor};

/// A stand-in for HubSpot that is running.
pub type HubSpot = Running<Account>;

impl Running<Account> {
    /// The users.
    #[must_use]
    pub fn owners(&self) -> Vec<Owner> {
        self.vendor().owners()
    }

    /// Sets the day's requests, or how many of them are spent.
    pub fn set_quota(&self, daily: Option<u64>, used: Option<u64>) {
        self.vendor().set_quota(SetQuota { daily, used });
    }
}
