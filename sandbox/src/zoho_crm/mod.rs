//! A stateful stand-in for Zoho CRM (API v8), with the vendor's rules and staged faults.
//!
//! It serves what predial reads and writes (see `route` for the endpoints and their cost) to the vendor's rules as its description
//! and pages state them and as users of the live API report them. What neither says is a guess, marked so where it stands,
//! and prefers what is harder on the client: a search compares whole words of what was typed, a search costs three
//! credits, a merged record leaves no trace, `If-Modified-Since` leaves out its own second, a reminder in the past is
//! refused.
//!
//! What is written is judged row by row (see `write`): what the module and this customer's layout demand (the company of a
//! lead, pipeline and closing date of a deal), types, lengths, unique fields, links to what is there. What people do is
//! made through `ZohoCrm::change` or `POST /sandbox/change`.
//!
//! Not here on purpose: custom views, territories, bulk reads, joins in queries, workflows, approvals, attachments, layouts'
//! sections, deleting through the API.
//!
//! # Source
//! The vendor's description v8.0 of 2025-06-27 and its pages on lists, search, queries, notifications and limits, seen
//! 2026-11-21.

mod account;
mod change;
mod coql;
mod field;
mod held;
mod list;
mod meta;
mod meter;
mod module;
mod neutral;
mod notes;
mod oauth;
mod odd;
mod options;
mod record;
mod reply;
mod route;
mod samples;
mod search;
mod seed;
mod settings;
mod watch;
mod wire;
mod world;
mod write;

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
