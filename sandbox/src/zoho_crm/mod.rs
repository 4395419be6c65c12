//! A stateful stand-in for Zoho CRM (API v8), with the vendor's rules and staged faults.
//!
//! It serves what predial reads (see `route` for the endpoints and their cost) to the vendor's rules as its description
//! and pages state them and as users of the live API report them. What neither says is a guess, marked so where it stands,
//! and prefers what is harder on the client: a search compares whole words of what was typed, a search costs three
//! credits, a merged record leaves no trace, `If-Modified-Since` leaves out its own second.
//!
//! Not here on purpose: writing records through the API, custom views, territories, bulk reads, joins in queries, layouts
//! and pipelines (the fields' metadata tells the stages as well). Changes are made through `ZohoCrm::change` or
//! `POST /sandbox/change`.
//!
//! # Source
//! The vendor's description v8.0 of 2025-06-27 and its pages on lists, search, queries, notifications and limits, seen
//! 2026-11-21.

mod account;
mod change;
mod coql;
mod list;
mod meta;
mod meter;
mod module;
mod neutral;
mod oauth;
mod options;
mod record;
mod reply;
mod route;
mod samples;
mod search;
mod seed;
mod watch;
mod wire;
mod world;

pub use account::{Account, Described};
pub use change::{Change, ChangeError, Item};
pub use module::{CUSTOM_NUMBER, Module};
pub use options::{Edition, Limits, Options, PhoneSearch};
pub use record::User;
pub use samples::EMPLOYEES;

pub use crate::kit::{App as OAuthApp, Asked, Client, Fault, FaultKind, OpenEntity, Quota, Sample};
use crate::kit::{Running, SetQuota, Vendor};

/// A stand-in for Zoho CRM that is running.
pub type ZohoCrm = Running<Account>;

impl Running<Account> {
    /// The users.
    #[must_use]
    pub fn crm_users(&self) -> Vec<User> {
        self.vendor().users()
    }

    /// How many notification channels stand.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.vendor().channels()
    }

    /// Sets the credits of any 24 hours, or how many of them are spent.
    pub fn set_credits(&self, daily: Option<u64>, used: Option<u64>) {
        self.vendor().set_quota(SetQuota { daily, used });
    }
}
