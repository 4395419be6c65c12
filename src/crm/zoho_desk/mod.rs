//! Zoho Desk.
//!
//! # What maps to what
//! | ours | Zoho Desk's |
//! | --- | --- |
//! | contact | contact; numbers in `phone`, `mobile` and the configured custom fields; its owner is `ownerId` |
//! | organization | account; `phone` and the configured custom fields; `ownerId` |
//! | ticket | ticket of which `statusType` is not *Closed* (*On Hold* counts); `assigneeId`, through `contactId` |
//! | employee | agent; by id, e-mail, number, and last by the extension `extn`, which no other of the CRMs has |
//!
//! # Versions
//! v1, the only one. `https://desk.zoho.{data centre}/api/v1`, which the token answer's `api_domain` is *not*: that host
//! does not serve this API.
//!
//! # Limits
//! The day: 5,000 credits on the free edition, otherwise a base and so many per agent, shared by everybody who talks to
//! the portal; every reply tells what is left of them. At once: 5 requests on the free edition, 25 on the largest. Two
//! 429s, told apart by `errorCode`: `THRESHOLD_EXCEEDED` with `Retry-After` (the day is spent) and `TOO_MANY_REQUESTS`
//! without (too many at once).
//!
//! # How everything is read
//! By searching stretches of time, three credits a hundred records, instead of by lists, whose price grows with the
//! distance from their beginning:
//!
//! | contacts | lists | searches |
//! | --- | --- | --- |
//! | 2,000 | 60 | 60 |
//! | 10,000 | 460 | 300 |
//! | 50,000 | 4,460 | 1,500 |
//! | 100,000 | 29,460 | 3,000 |
//!
//! A list's reply, besides, lacks the time of change and the custom fields. See [`window`] for how nothing is skipped. A
//! search reads an index that lags: a sweep looks back further than it is asked to ([`read::LAG_S`]), and a crawl that
//! missed what was made a moment ago is followed by a sweep.
//!
//! Tickets are read whatever their status is: that the filter `${open}` covers those on hold is nowhere said.
//!
//! # Absent on purpose
//! - No `write.rs`: nothing is written yet; it comes with the journal.
//! - What is in the trash, and who was merged: no list tells. By webhook, else at the next full crawl.
//! - Custom fields in a live question: one more search each; the crawl knows them.
//! - Several ways of typing with spaces or brackets in a live question: the crawl knows those, too.
//! - A ticket's own `phone`: a ticket is found through its contact.
//!
//! # Source
//! The vendor's description of its API in its own repository (zoho/zohodesk-oas, read in text), its page on the API and
//! that on webhooks as quoted; 2026-11-20. Nothing was tried on a live portal.

mod ask;
mod hooks;
mod jwt;
mod path;
mod portal;
mod read;
mod settings;
mod status;
mod window;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use crate::crm::{Adapter, Matching};
use crate::model::client::{Kind, KindSet};

/// The row for [`crate::crm::ADAPTERS`].
pub(super) const ADAPTER: Adapter = Adapter {
    name: "zoho-desk",
    kinds: KindSet::of(&[Kind::Contact, Kind::Organization, Kind::Ticket]),
    matching: Matching::LastNine,
    prepare: settings::prepare,
};
