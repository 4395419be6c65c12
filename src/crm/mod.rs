//! The CRMs' port: what predial asks of any CRM, and the table of those it knows.
//!
//! One folder per CRM, none of which knows another. What a reply means is decided in the folder's `status.rs` and never
//! again above: the floors above see records and [`Failure`]s, no status codes.

#[cfg(test)]
mod contract;
pub mod failure;
mod pipedrive;
pub mod quota;
pub mod token;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::base::{clock::Clock, problem::Problem};
use crate::config::CrmSection;
use crate::crm::{failure::Failure, quota::Ledger};
use crate::model::{
    client::{Kind, KindSet},
    ids::CrmId,
    phone::PhoneKey,
};
use crate::outbound::Outbound;

/// A CRM that predial can be configured with.
#[derive(Debug)]
pub struct Adapter {
    /// The word of `crm.kind`.
    pub name: &'static str,
    /// The kinds this CRM has.
    pub kinds: KindSet,
    /// Checks the section without network, files or waiting.
    pub prepare: Prepare,
}

/// See [`Adapter::prepare`].
pub type Prepare = fn(&CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>>;

/// Every CRM, by the word of `crm.kind`. Adding one touches its folder, its `mod` line above and a row here.
pub static ADAPTERS: &[Adapter] = &[pipedrive::ADAPTER];

/// A checked section, ready to be connected.
pub trait Prepared: Send + Sync + std::fmt::Debug {
    /// The account whose quota is spent, as the vendor counts it: projects on one account share one ledger.
    fn account(&self) -> String;
    /// The account's quota, to be shared by everything that talks to it.
    fn ledger(&self, clock: Clock) -> Arc<Ledger>;
    /// Makes the reader. Asks nothing of the network yet: the first request does.
    fn reader(&self, tools: Tools) -> Arc<dyn Reader>;
}

/// What an adapter works with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The one HTTP client.
    pub outbound: Outbound,
    /// The account's quota.
    pub ledger: Arc<Ledger>,
    /// The time.
    pub clock: Clock,
}

/// Reads who is who in one CRM. Every method waits for quota itself (see [`Ledger`]) and spends no more than it says.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The kinds in the order a full crawl reads them: what has no number of its own first, so that a client is whole
    /// as soon as its number arrives.
    fn crawl_order(&self) -> &[Kind];
    /// How often changes can be asked for, at the most, within the account's share for it.
    fn sweep_every(&self) -> Duration;
    /// One page of a full crawl of `kind`, from the beginning (`None`) or from where the page before ended.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure>;
    /// One page of what changed in `kind` since `since_s` (seconds since 1970 UTC), records that are no longer open
    /// among them.
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure>;
    /// Everything open that carries `number`, from the account's live share. Waits for quota no longer than `patience`:
    /// where there would be none in time, [`Failure::NoQuota`] comes at once. Digits are verified by the caller of this:
    /// records whose numbers turn out to be others may be among them.
    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure>;
    /// The CRM's users.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure>;
}

/// Where the next page begins, in the vendor's own words; opaque above the adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A page of records.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The records, in the vendor's order.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// A record of the CRM, as far as a look-up needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: CrmId,
    /// Its numbers as somebody typed them.
    pub numbers: Vec<String>,
    /// The user who owns it.
    pub owner: Option<CrmId>,
    /// Whether it counts: not deleted, closed, archived or converted.
    pub open: bool,
    /// When it was created, seconds since 1970 UTC; 0 when the CRM does not say.
    pub created_s: i64,
    /// When it was last changed, seconds since 1970 UTC; 0 when the CRM does not say. A page that was under way while a
    /// newer state arrived another way must not undo it.
    pub updated_s: i64,
    /// The contact it belongs to.
    pub contact: Option<CrmId>,
    /// The organization it belongs to.
    pub organization: Option<CrmId>,
}

/// A user of the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmUser {
    /// The id that owners are given by.
    pub id: CrmId,
    /// The e-mail; compared with the case folded.
    pub email: Option<String>,
    /// A number, free text.
    pub phone: Option<String>,
    /// Whether they still work there.
    pub active: bool,
}
