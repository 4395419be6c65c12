//! What all stand-ins are made of.
//!
//! To make a new one, `sandbox/src/VENDOR/`:
//! 1. *Options* (`options.rs`): a struct with `port`, `clients`, `seed`, `speed`, `still`, `keep_replies` and what the
//!    vendor has besides.
//! 2. *Records* (`record.rs`): structs that are [`Record`]s; where the seed has them, `impl Source<Contact> for Seed`
//!    with ids and times that never fall from place to place. [`Seed`] says who the client at a place is: name, owner,
//!    numbers as typed, employer, deal, lead. A `World` holds a [`Table`] for each kind, the users ([`USERS`]), and at
//!    the start the records behind the named cases ([`contacts`], [`firms`], [`deals`], [`leads`] →
//!    `Table::set_from_the_start`).
//! 3. *The account*: a struct with `Arc<Ground>`, `RwLock<World>`, the meter ([`Rolling`], [`Fixed`], [`Daily`],
//!    [`InFlight`]) and [`Tokens`], and `impl Vendor` for it. [`Vendor::answer`] gets a whole request, faults over, and
//!    authorises, charges and answers it, requests for tokens among them; a page that may walk through every client is
//!    made in `spawn_blocking`. Limits and lags are in [`Moment::vendor`] time; what a header tells a client to wait is
//!    [`Clock::waited_s`].
//! 4. `pub type Vendor = kit::Running<Account>` in `mod.rs`; what tests need besides is `impl Running<Account>`.
//! 5. Webhooks: `ground.spawn(async move { ground.hooks.deliver(…).await })` after a change; trying again is the
//!    vendor's business, and so is waiting between two tries (`tokio::time::sleep(ground.clock.waited(…))`).
//! 6. `sandbox/src/cli/VENDOR.rs` with the arguments, and two lines in `main.rs`.
//!
//! Faults, log, control door (`control`), start and stop come with [`Running`]; [`StandIn`] is the face that tests,
//! demo and load cases loop over. `sandbox/src/pipedrive` is the model.

mod bodies;
mod change;
mod clock;
mod control;
mod dice;
mod fault;
mod ground;
mod held;
mod hooks;
mod log;
mod meter;
mod names;
mod numbers;
mod oauth;
mod query;
mod reply;
mod running;
mod samples;
mod secrets;
mod seed;
mod seeded;
mod server;
mod table;
mod vendor;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use bodies::{Bodies, Body, Form, Of as BodyOf, answer};
pub use change::{Entity, EntityKind, Neutral, NotChanged};
pub use clock::{Clock, Moment};
pub use dice::{pick, roll};
pub use fault::{Fault, Kind as FaultKind};
pub use ground::Ground;
pub use held::{Reference, Thing};
pub use hooks::{Delivery, Hook, Hooks, Undelivered};
pub use log::Asked;
pub use meter::{Daily, Fixed, InFlight, Quota, Rolling, SetQuota, UnderWay};
pub use oauth::{App, Credentials, Denied, Grant, Granted, Rules, Tokens};
pub use query::{NoNumber, Query};
pub use reply::{Reply, append, json_reply, reply, with_headers};
pub use running::{Running, StandIn};
pub use samples::{
    Client, OpenEntity, Sample, SampleContact, SampleDeal, SampleFirm, SampleLead, added_s, contacts, deals, firms,
    leads, samples,
};
pub use seed::Seed;
pub use seeded::{SeededDeal, SeededFirm, SeededLead, SeededStatus, SeededTicket, SeededUser, TypedNumber, USERS};
pub use table::{Key, Record, Sort, Source, Table, Walk, key};
pub use vendor::{Answer, Basics, Call, Vendor};

/// A lock whose holder may have panicked: what it guards is consistent between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same for one of many readers.
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// The same for the only writer.
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
