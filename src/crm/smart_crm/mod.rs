//! SMART CRM: Microsoft Dataverse, Web API v9.2.
//!
//! # What maps to what
//! | ours | Dataverse's |
//! | --- | --- |
//! | contact | contact, active; numbers in seven columns and in those of `[crm.fields] phone` |
//! | organization | account, active; numbers in three columns and in the configured ones |
//! | lead | lead, open; by numbers of its own, and through its parent contact and account |
//! | deal | opportunity, open; through its parent contact and account, and its customer |
//! | ticket | incident, active; through its customer and its primary contact |
//! | employee | systemuser, by id or `internalemailaddress`; a team owns as a user does, and is nobody's employee |
//!
//! Every id is a UUID. Numbers are texts as somebody typed them: the vendor normalises nothing.
//!
//! # Freshness
//! Where a table's changes are tracked, the nightly crawl reads all of it and ends with a *delta link*; every sweep follows
//! the link of the one before, and deletions come with it. A link is kept in memory: after a restart, or after a reload that
//! makes a new reader, sweeps ask for `modifiedon` instead, until the next full crawl, which a start begins with, has given
//! another link. They do the same where a table is not tracked, or the application may not read the whole of it; deletions
//! are then noticed by webhook or at the next full crawl. A link that died (seven days, or the table itself was changed) is
//! replaced within the sweep that finds it dead: first by `modifiedon`, then by reading the table anew.
//!
//! # Limits
//! Per user and web server: 6,000 requests, 1,200 s of execution and 52 requests at once, over five minutes; every 429 says
//! for how long, and that is kept to exactly. A day's entitlement: 25,000 requests unless `crm.quota.daily` says more, the
//! smallest pool that is told of for application users.
//!
//! # Absent on purpose
//! - No `write.rs`: nothing is written yet; it comes with the journal. `crm.system_user` is checked and kept for it.
//! - `$batch`: each request in it counts.
//! - Metadata: what is not tracked says so when it is asked to be.
//! - A live question follows no second page: more than 100 of a table with the same last seven digits are cut off.
//! - Numbers typed in other groupings than [`path::endings`] knows, or with an extension, are not found live.
//!
//! # Source
//! Microsoft's pages on the Web API, change tracking, limits and webhooks, the Common Data Model's files of 2024-02-23,
//! read 2026-11-20 and 2026-11-21; nothing was tried on a live organization.

mod ask;
mod delta;
mod hear;
mod hooks;
mod path;
mod read;
mod session;
mod settings;
mod status;
mod wire;
mod write;
mod writing;

#[cfg(test)]
mod tests;

use crate::crm::{Adapter, Matching};
use crate::model::client::{Kind, KindSet};

/// The row for [`crate::crm::ADAPTERS`].
pub(super) const ADAPTER: Adapter = Adapter {
    name: "smart-crm",
    kinds: KindSet::of(&Kind::ALL),
    matching: Matching::Whole,
    prepare: settings::prepare,
};
