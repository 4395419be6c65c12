//! A stateful stand-in for Zoho Desk, with the vendor's rules and staged faults.
//!
//! It serves what predial reads and writes (see `route` for the endpoints and their cost, `kit` for its own door) to the vendor's
//! rules as its description and pages state them and as users of the live API report them. What neither says is a guess,
//! marked so where it stands, and prefers what is harder on the client: numbers are searched as they were typed, an
//! unknown parameter is refused, ranges of time hold neither of their ends, a webhook's address must answer both probes,
//! what is refused is charged.
//!
//! It is the accounts server and the API in one: `/oauth/v2/token` beside `/api/v1`. Deals of the seed are tickets here.
//!
//! Written is to the vendor's rules, too (see `writing`, `activities`, `body`): no key makes a request once, nothing is matched
//! or merged, and what was written is in the database at once and in the search when its index has seen it.
//!
//! Not here on purpose: teams, layouts, the trash, searching tasks and calls, webhooks of them. What people do is done through
//! `Desk::change` or `POST /sandbox/change`.
//!
//! # Source
//! The vendor's description in its repository zoho/zohodesk-oas, its page on the API and that on webhooks as quoted; seen
//! 2026-11-20.

mod activities;
mod activity;
mod ask;
mod body;
mod change;
mod fields;
mod held;
mod jwt;
mod limit;
mod neutral;
mod oauth;
mod odd;
mod options;
mod portal;
mod record;
mod reply;
mod route;
mod samples;
mod search;
mod seed;
mod webhook;
mod wire;
mod world;
mod writing;
mod written;

pub use change::{Change, ChangeError, Item};
pub use fields::CALL_FIELDS;
pub use jwt::ClaimUnit;
pub use limit::RateLimit;
pub use options::{Edition, Limits, Options};
pub use portal::{Described, Portal};
pub use record::{Agent, StatusType};
pub use samples::EMPLOYEES;
pub use webhook::Webhook;
pub use wire::CONTACT_PHONE;

use crate::kit::{Running, lock};

/// The portal's id unless another is asked for.
pub const ORG_ID: u64 = 60_001_280_952;

/// A stand-in for Zoho Desk that is running.
pub type Desk = Running<Portal>;

impl Running<Portal> {
    /// The agents.
    #[must_use]
    pub fn agents(&self) -> Vec<Agent> {
        self.vendor().agents()
    }

    /// The webhooks that stand.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.vendor().webhooks()
    }

    /// From now on deliveries are signed with another key, and only that one is published.
    pub fn rotate_signing_key(&self) {
        lock(&self.vendor().signer).rotate();
    }

    /// The unit of the times in deliveries' tokens.
    pub fn set_claim_unit(&self, unit: ClaimUnit) {
        lock(&self.vendor().signer).unit = unit;
    }

    /// The token that a delivery of this webhook would carry, stamped so many seconds from now.
    #[must_use]
    pub fn delivery_token(&self, org_id: u64, webhook_id: u64, from_now_s: i64) -> Option<String> {
        let now_s = self.ground().clock.now().wall.as_second() + from_now_s;
        lock(&self.vendor().signer).token(jwt::Claims { org_id, webhook_id, now_s })
    }
}
