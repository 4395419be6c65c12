//! A stateful stand-in for Pipedrive, with the vendor's rules and staged faults.
//!
//! It serves what predial reads (see `route` for the endpoints and their cost, `kit` for its own door) to the
//! vendor's rules as its description of the API states them and as users of the live API report them. What neither
//! says is a guess, marked so where it stands, and prefers what is harder on the client: unknown parameters are refused
//! by the second API, a spent day looks like a spent window, a deleted record can still be read by its id.
//!
//! Not here on purpose: writing records through the API, saved filters, participants, visibility groups. Changes are made
//! through `Pipedrive::change` or `POST /sandbox/change`, and told of by webhooks.
//!
//! # Source
//! Pipedrive's API descriptions, v1 and v2, of 2026-08; its pages on rate limiting and on the second API; both seen
//! 2026-11-20.

mod account;
mod change;
mod event;
mod first;
mod hand;
mod limit;
mod list;
mod meter;
mod neutral;
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

pub use account::{Account, Described};
pub use change::{Change, ChangeError, Item};
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
