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
//! the link of the one before, and deletions come with it. A link is kept in memory: where a start finds a snapshot, or a
//! reload makes a new reader, the first sweep asks for `modifiedon` and reads each table once, to get a link. Sweeps go by
//! `modifiedon` alone where a table is not tracked, or the application may not read the whole of it; deletions are then
//! noticed by webhook or at the next full crawl. A link that died (seven days, or the table itself was changed) is replaced
//! as one that is not there yet, within the sweep that finds it dead.
//!
//! # Limits
//! Per user and web server: 6,000 requests, 1,200 s of execution and 52 requests at once, over five minutes; every 429 says
//! for how long, and that is kept to exactly. A day's entitlement: 25,000 requests unless `crm.quota.daily` says more, the
//! smallest pool that is told of for application users. A contact and a call cost three requests, a completed task two.
//!
//! # What is written where
//! Whatever an order makes has the UUID of its mark as its id: `PATCH /{set}(id)` with `If-None-Match: *` makes it and never
//! twice, 412 says that it is there, and `find` reads it by that id, from the database, with no lag.
//!
//! | made | as | part by part |
//! | --- | --- | --- |
//! | contact, organization, lead, deal, ticket | contact, account, lead, opportunity, incident | one |
//! | task | task about one record: the contact, else lead, deal, ticket, organization | made open; if it is done, completed |
//! | call | phonecall, likewise, with Call From and Call To | made open, completed as *made* or *received* |
//! | note | annotation, likewise | one |
//! | update | columns of each entity: `[crm.fields]`, a form's, the client's | one per entity, whose columns are read first |
//! | amendment | a closed activity is opened, written and completed again; anything else is written | up to three |
//!
//! - *Completed* is a part of its own because `statecode` is nothing that a record can be made with. It is found by the
//!   state that stands; so are the parts of an amendment, by state and text. An update is found by what it would still
//!   change.
//! - A missed call is completed, too: *canceled* in the option set is what was planned and did not take place. Its
//!   direction says whether *received* or *made*, and its length of no minutes that nobody spoke.
//! - A contact's and a lead's number goes into `mobilephone`, the first column that the reader looks at, in international
//!   form; an account's into `telephone1`, its first.
//! - Without a name the last name is left out, or is `crm.contact_name`.
//! - An owner is the order's, else `crm.system_user` (an id, or an e-mail or login that is asked for once), else the
//!   application's user.
//! - A recording's link stands in the description, which has 2,000 characters: other text is cut for it, the link never.
//!   What somebody else wrote there meanwhile stays, the link is added below. It stands in the column for it, too, where
//!   one is configured. Other columns get 100 characters at most, which is what a text column has by default.
//! - A client is found by e-mail in any of the three columns, by the site's id in the one that is configured: `eq`, and told
//!   apart by us, since the vendor looks past case. Both are written whole or not at all.
//! - A form's text is cut to its column: the vendor's own by the list in `own`, another that gets more than 100 characters by
//!   what the organization says of it. An update writes name, number and e-mail where a contact or lead has none; a last name
//!   that is `crm.contact_name`, or the number or e-mail, only stands for one.
//! - The mark is written as text only where a column is named for it; nothing looks for it there.
//!
//! # Cards
//! `{base_url}/main.aspx?appid={app}&pagetype=entityrecord&etn={table}&id={guid}`, as Microsoft's page on opening a form by
//! its address has it; without `appid` the user's own choice of app. Not tried on a live organization.
//!
//! # Absent on purpose
//! - `$batch`: each request in it counts.
//! - Metadata while reading: what is not tracked says so when it is asked to be. `fields` asks for columns.
//! - Making columns: they are part of the organization's solutions.
//! - A task or a note on several records: this vendor hangs it on one.
//! - A team as the owner of what is written: orders name users.
//! - A task that somebody completed, whose opening for a late recording lost its answer, stays open unless it was to be
//!   completed anyway: nothing stored tells the two apart. One that somebody cancelled is refused a late recording.
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
mod look;
mod own;
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
    own_fields: own::OWN_FIELDS,
    is_custom: own::is_custom,
    prepare: settings::prepare,
};
