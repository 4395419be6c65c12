//! The CRMs' port: what predial asks of any CRM, and the table of those it knows.
//!
//! One folder per CRM, none of which knows another. What a reply means is decided in the folder's `status.rs` and never
//! again above: the floors above see records and [`Failure`]s, no status codes.

#[cfg(test)]
mod beside;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod contract_forms;
#[cfg(test)]
mod contract_trouble;
#[cfg(test)]
mod contract_writing;
pub mod failure;
pub mod hooks;
mod hubspot;
mod pipedrive;
pub mod quota;
mod section;
mod smart_crm;
pub mod token;
pub mod writer;
mod zoho_crm;
mod zoho_desk;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use smallvec::SmallVec;

use crate::base::{clock::Clock, problem::Problem};
use crate::config::CrmSection;
use crate::crm::failure::Failure;
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Ledger, Limits, Pace};
use crate::crm::token::SharedTokens;
use crate::crm::writer::Writer;
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
    /// How a caller's number may differ from the one that is stored and still be the same.
    pub matching: Matching,
    /// The CRM's own fields that a form may be put into. Fields that an account has made itself are not among them.
    pub own_fields: &'static [OwnField],
    /// Whether a name can only be that of a field which an account has made itself.
    pub is_custom: fn(&str) -> bool,
    /// Checks the section without network, files or waiting.
    pub prepare: Prepare,
}

/// A field that every account of a CRM has and that may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnField {
    /// What it is a field of.
    pub kind: Kind,
    /// The CRM's own name of it.
    pub name: &'static str,
    /// What it takes.
    pub holds: Holds,
}

impl OwnField {
    /// One that takes text.
    #[must_use]
    pub const fn text(kind: Kind, name: &'static str) -> Self {
        Self { kind, name, holds: Holds::Text }
    }

    /// One that takes a number.
    #[must_use]
    pub const fn number(kind: Kind, name: &'static str) -> Self {
        Self { kind, name, holds: Holds::Number }
    }

    /// One that takes a telephone number.
    #[must_use]
    pub const fn phone(kind: Kind, name: &'static str) -> Self {
        Self { kind, name, holds: Holds::Phone }
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// A number; a text that is none is left out.
    Number,
    /// A telephone number: a client is looked for by what a form puts into it.
    Phone,
}

impl Adapter {
    /// The CRM's own field of that name.
    #[must_use]
    pub fn own_field(&self, kind: Kind, name: &str) -> Option<&'static OwnField> {
        self.own_fields.iter().find(|field| field.kind == kind && field.name == name)
    }
}

/// When a stored number is a caller's. Whole international numbers are compared first, in every CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Only then.
    Whole,
    /// Else by the last nine digits, of several the one that has the longest end in common (rows `zd-match`, `zc-match`).
    LastNine,
}

/// See [`Adapter::prepare`].
pub type Prepare = fn(&CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>>;

/// Every CRM, by the word of `crm.kind`. Adding one touches its folder, its `mod` line above and a row here.
pub static ADAPTERS: &[Adapter] =
    &[hubspot::ADAPTER, pipedrive::ADAPTER, smart_crm::ADAPTER, zoho_crm::ADAPTER, zoho_desk::ADAPTER];

/// A checked section, ready to be connected.
pub trait Prepared: Send + Sync + std::fmt::Debug {
    /// The account whose quota is spent, as the vendor counts it: projects on one account share one ledger.
    fn account(&self) -> String;
    /// What the account may do. The ledger made of it is shared by everything that talks to the account.
    fn limits(&self) -> Limits;
    /// Makes the reader. Asks nothing of the network yet: the first request does.
    fn reader(&self, tools: Tools) -> Arc<dyn Reader>;
    /// Makes the writer; `None` for a CRM that nothing is written to. Asks nothing of the network yet.
    fn writer(&self, tools: Tools) -> Option<Arc<dyn Writer>> {
        let _ = tools;
        None
    }
    /// Makes what keeps and hears the vendor's webhooks. `None` where the vendor or what is configured has none.
    fn hooks(&self, tools: Tools, target: HookTarget) -> Option<Arc<dyn Hooks>> {
        let _ = (tools, target);
        None
    }
    /// Where the vendor's own pages show a record: made of what is configured and the id, of nothing that the CRM or a
    /// caller says. `None` where what is configured does not tell the address.
    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        let _ = (kind, id);
        None
    }
}

/// What an adapter works with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The one HTTP client.
    pub outbound: Outbound,
    /// The account's quota.
    pub ledger: Arc<Ledger>,
    /// The access tokens, shared by those who have the same credentials.
    pub tokens: SharedTokens,
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
    fn sweep_every(&self, pace: Pace) -> Duration;
    /// One page of a full crawl of `kind`, from the beginning (`None`) or from where the page before ended.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure>;
    /// One page of what changed in `kind` since `since_s` (seconds since 1970 UTC), records that are no longer open
    /// among them.
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure>;
    /// The records of `kind` with these ids as they are now, whether open or not, paid from the sweeps' share. An id that
    /// is missing in the answer is gone: deleted, merged into another, or not ours to see. At most
    /// [`MOST_REREAD`] ids.
    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure>;
    /// Everything open that carries `number`, from the account's live share. Waits for quota no longer than `patience`:
    /// where there would be none in time, [`Failure::NoQuota`] comes at once. Digits are verified by the caller of this:
    /// records whose numbers turn out to be others may be among them.
    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure>;
    /// The CRM's users.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure>;
}

/// Records that are read again at once, at most.
pub const MOST_REREAD: usize = 100;

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
    /// What the vendor sent besides and a crawl leaves out because it does not count. A page of closed deals is not a page
    /// without rows: by these ids a crawl tells pages that bring it further from a cursor that does not.
    pub left_out: Vec<CrmId>,
}

impl Page {
    /// Everything the vendor sent.
    #[must_use]
    pub fn of(records: Vec<Record>, next: Option<Cursor>) -> Self {
        Self { records, next, left_out: Vec::new() }
    }

    /// Those of them that are open.
    #[must_use]
    pub fn of_open(records: Vec<Record>, next: Option<Cursor>) -> Self {
        let (records, closed): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.open);
        Self { records, next, left_out: closed.into_iter().map(|record| record.id).collect() }
    }
}

/// The longest text that can be a number, or a few, in bytes. What is longer is for people to put right.
pub const LONGEST_NUMBER: usize = 1_000;

/// The text of a number field as a record has it: where it is longer than [`LONGEST_NUMBER`] its beginning, which is too
/// long as well, so that nobody takes it for a number and people are told of it.
#[must_use]
pub fn number_text(text: &str) -> String {
    let mut end = text.len().min(LONGEST_NUMBER + 1);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text[..end].to_owned()
}

/// The longest name that is kept, in characters.
pub const LONGEST_NAME: usize = 120;

/// A name made of these parts: a space between them, nothing that is no letter of a line, [`LONGEST_NAME`] at most.
/// `None` where they say nothing.
#[must_use]
pub fn name_text<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> Option<String> {
    let words =
        parts.into_iter().flatten().flat_map(|part| part.split(|sign: char| sign.is_whitespace() || sign.is_control()));
    let mut name = String::new();
    let mut left = LONGEST_NAME;
    for word in words.filter(|word| !word.is_empty()) {
        let gap = usize::from(!name.is_empty());
        if left <= gap {
            break;
        }
        name.push_str(&" "[..gap]);
        let taken = word.char_indices().nth(left - gap).map_or(word, |(end, _)| &word[..end]);
        name.push_str(taken);
        left -= gap + taken.chars().count();
    }
    (!name.is_empty()).then_some(name)
}

/// A record of the CRM, as far as a look-up needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: CrmId,
    /// Its numbers as somebody typed them, see [`number_text`].
    pub numbers: Vec<String>,
    /// What people call who it is, see [`name_text`]: a person or an organization. Deals and tickets have titles, and those
    /// are nobody's names.
    pub name: Option<String>,
    /// The user who owns it.
    pub owner: Option<CrmId>,
    /// Whether it counts: not deleted, closed, archived or converted.
    pub open: bool,
    /// When it was created, seconds since 1970 UTC; 0 when the CRM does not say.
    pub created_s: i64,
    /// When it was last changed, seconds since 1970 UTC; 0 when the CRM does not say. A page that was under way while a
    /// newer state arrived another way must not undo it.
    pub updated_s: i64,
    /// The contacts it belongs to. Some CRMs know several; the first is the vendor's main one where it has one.
    pub contacts: Links,
    /// The organizations it belongs to.
    pub organizations: Links,
}

/// Ids of what a record belongs to.
pub type Links = SmallVec<[CrmId; 1]>;

/// A user of the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmUser {
    /// The id that owners are given by.
    pub id: CrmId,
    /// The e-mail; compared with the case folded.
    pub email: Option<String>,
    /// A number, free text.
    pub phone: Option<String>,
    /// The telephone extension, where the CRM knows it.
    pub extension: Option<String>,
    /// Whether they still work there.
    pub active: bool,
}
