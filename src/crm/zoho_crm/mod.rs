//! Zoho CRM.
//!
//! # What maps to what
//! | ours | Zoho's |
//! | --- | --- |
//! | lead | Leads, not converted; they carry numbers of their own |
//! | contact | Contacts; through `Account_Name` to an organization |
//! | organization | Accounts |
//! | deal | Deals whose stage's forecast type is not closed; through `Contact_Name` and `Account_Name` |
//! | employee | user; by id or e-mail |
//!
//! Numbers stand in every field of type phone that the fields' metadata names, and in the configured ones. Which stages
//! are closed stands there as well, since every customer names their own; a stage that is in neither list counts as open.
//!
//! # Versions
//! v8. The hosts of the account's data centre, see [`data_center`]; the API's is told again with every access token.
//!
//! # Limits
//! Credits in any 24 hours by edition and users, 5,000 at the least, shared by everybody who talks to the organisation;
//! what is left is told only after half is gone. Requests under way: 5 at the least, 10 queries and searches in any
//! edition; there is no limit per second. A 429 says neither which limit it was nor for how long. Ten access tokens in ten
//! minutes.
//!
//! # How it is read
//! Lists are read by query (2,000 rows for 3 credits where a list takes 10, no end at 100,000), each page from the last
//! one's id, changes from the last one's time and id, so that nothing is skipped however much changed in one second.
//! Converted leads, which queries leave out, and what was deleted come from lists.
//!
//! A live question asks three queries at once whose conditions compare the stored text with ways of writing the last
//! digits, see [`number`]. Queries read the database: a client is found in the second they were entered, where the search
//! would lag. Should the vendor refuse such a query (fields that are encrypted cannot be compared), its search by phone is
//! asked instead, and from then on.
//!
//! # How it is written
//! | ours | Zoho's |
//! | --- | --- |
//! | lead | Leads: `Last_Name` (the title, else the client's name, else `crm.contact_name`, else the number), `Company` the same, since layouts demand one |
//! | contact, organization | Contacts: `Last_Name` as above, `Account_Name`; Accounts: `Account_Name` |
//! | deal | Deals: in the first open stage of the default pipeline, closed 30 days after the call |
//! | task | Tasks: `Status` *Not Started* or *Completed*, `Due_Date` the day in the project's zone, `Remind_At` the minute of what is open and not past |
//! | call | Calls: *Inbound*, *Outbound*, *Missed*; `Call_Duration` `mm:ss`; `Voice_Recording__s` |
//! | note | Notes: one for each thing it is about |
//!
//! A contact goes into `Who_Id`, a deal or else an account into `What_Id`; a lead into `What_Id` and nothing beside it.
//! Numbers are written `+380671112233`. Lists of values take what is shown, not what is stored. Texts stay plain. What is
//! too long is cut, never the recording's link or the mark. The owner of a call is told when it is made: it cannot be
//! changed afterwards. Workflows run as for what people write: no `trigger` is sent, so nothing of the customer's is left
//! out.
//!
//! Fields of the customer's are looked up in the metadata first (a credit per module, every six hours): the vendor leaves
//! out unknown ones without a word.
//!
//! What a form fills in is written as its field takes it: numbers and yes or no as such, days as days, of lists the value
//! that is shown. A value that the field cannot take is left out; it would refuse the record. A client's name, number and
//! e-mail are written into a contact or lead that has none; a name without a letter is none, and neither is one that we
//! gave for want of another.
//!
//! Who left no number is looked for by a query on every field of e-mails, or on the client id's, whose rows are compared
//! again here; where e-mails are encrypted by the vendor's search and then by id. A client id in a field of several lines
//! finds nobody: such a field cannot be compared.
//!
//! ## Once
//! | what | mark | found again by |
//! | --- | --- | --- |
//! | entities, where `crm.fields` names a unique field for it | in that field, and made by upsert on it: a second try is the same record | query on the field |
//! | tasks, calls, where it does | in that field; the vendor has no upsert for them, a double is refused with the first one's id | query on the field |
//! | any of them without such a field | the last line of `Description` | query for what was made since the day before the call, for the same number, contact, deal or lead, whose texts are read |
//! | notes | the last line | list of the record's notes |
//! | updates, amendments | none | not at all: to write them again does the same |
//!
//! Without a field for the mark, what was made for somebody without a number is looked for by its e-mail, else by the client's
//! id. All of that reads the database; no answer here comes from the search. A request whose answer was lost may still be at
//! work for some seconds: so long nothing is believed to be missing.
//!
//! # Cards
//! `https://crm.zoho.{tld}/crm/org{number}/tab/{module}/{id}`, without the organisation's segment where `crm.org_id` is no
//! number. None where neither `crm.data_center` nor `crm.card_base_url` says where. In no description; not tried on a live
//! account.
//!
//! # Absent on purpose
//! - Marks of campaigns in tasks and calls: their client has them.
//! - Uploads: the recording is a link.
//! - Roles of contacts in deals, products, campaigns.
//! - Merged records: where their end is not told by a notification or the list of deleted ones, they stay until the next
//!   full crawl.
//! - Contacts who only have a role in a deal: that is another request per deal.
//!
//! # Source
//! The vendor's description v8.0 of 2025-06-27 and its pages on lists, search, queries, notifications, tokens and limits,
//! read 2026-11-21, and on inserting, upserting, fields and tasks, read 2026-11-27; nothing was tried on a live account.

mod api;
mod coql;
mod data_center;
mod hooks;
mod number;
mod own;
mod path;
mod read;
mod schema;
mod settings;
mod status;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use crate::crm::{Adapter, Matching};
use crate::model::client::{Kind, KindSet};

/// The row for [`crate::crm::ADAPTERS`].
pub(super) const ADAPTER: Adapter = Adapter {
    name: "zoho-crm",
    kinds: KindSet::of(&[Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal]),
    matching: Matching::LastNine,
    own_fields: own::FIELDS,
    is_custom: |_| false,
    prepare: settings::prepare,
};
