//! A stateful stand-in for Pipedrive, with the vendor's rules and staged faults.
//!
//! It serves what predial reads (see `route` for the endpoints and their cost, `kit` for its own door) to the
//! vendor's rules as its description of the API states them and as users of the live API report them. What neither
//! says is a guess, marked so where it stands, and prefers what is harder on the client: unknown parameters are refused
//! by the second API, a spent day looks like a spent window, a deleted record can still be read by its id.
//!
//! What is written through the API (`write`, `write_first`, `activity`, `calls`, `fields`) is in the lists at once, in the
//! search after its lag, and told of by webhooks like what people do, which is `Pipedrive::change` or
//! `POST /sandbox/change`. Members that the vendor would take and that nobody here writes are refused, so that nothing
//! is lost unseen.
//!
//! Not here on purpose: saved filters, participants of deals, visibility groups, deleting through the API, scopes.
//!
//! # Source
//! Pipedrive's API descriptions, v1 and v2, of 2026-08; its pages on rate limiting and on the second API; both seen
//! 2026-11-20.

mod account;
mod activity;
mod body;
mod calls;
mod change;
mod event;
mod fields;
mod first;
mod hand;
mod held;
mod limit;
mod list;
mod meter;
mod neutral;
mod notes;
mod oauth;
mod odd;
mod options;
mod query;
mod record;
mod reply;
mod route;
mod samples;
mod search;
mod second;
mod seed;
mod webhooks;
mod wire;
mod world;
mod write;
mod write_first;

pub use account::{Account, Described};
pub use change::{Change, ChangeError, Item};
pub use fields::{FIELDS, Of, field_key};
pub use limit::RateLimit;
pub use options::{Limits, Options, Plan};
pub use record::{Status, User};
pub use samples::EMPLOYEES;
pub use wire::{ORGANIZATION_PHONE, ORGANIZATION_TAX_NUMBER};

pub use crate::kit::{App as OAuthApp, Asked, Client, Fault, FaultKind, OpenEntity, Quota, Sample};
use crate::kit::{Running, SetQuota, Vendor};

/// A stand-in for Pipedrive that is running.
pub type Pipedrive = Running<Account>;

impl Running<Account> {
    /// The users.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.vendor().users()
    }

    /// Sets the day's tokens, or how many of them are spent.
    pub fn set_quota(&self, daily: Option<u64>, used: Option<u64>) {
        self.vendor().set_quota(SetQuota { daily, used });
    }
}
