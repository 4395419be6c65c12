//! HubSpot.
//!
//! # What maps to what
//! | ours | HubSpot's |
//! | --- | --- |
//! | contact | contact; numbers in `phone`, `mobilephone` and the configured properties |
//! | organization | company; numbers in `phone` and the configured properties |
//! | deal | deal, `hs_is_closed` not true, else its stage's `isClosed` not true; through its contacts and companies |
//! | ticket | ticket, its stage's `ticketState` not `CLOSED`; through its contacts and companies |
//! | lead | lead, not archived; through its contacts and companies |
//! | employee | owner; by id or e-mail, it has no number |
//!
//! What is archived counts as deleted. A record may belong to several contacts and companies; the main one comes first.
//!
//! # What is written where
//! | ours | HubSpot's | found again by, with a `mark` property / without |
//! | --- | --- | --- |
//! | contact | contact; `phone` as `+380…`, a name of the client's, `crm.contact_name` or the number | the property / its number and that it came since the call began, from the index: after a minute |
//! | organization | company; `phone`, `description` | the property / the mark in `description`, from the index: after a minute |
//! | deal, ticket | deal, ticket in the default pipeline's first open stage; `description`, `content` | the property / the mark in the text, among what hangs on the same; without anything, from the index |
//! | lead | lead; no text, no number; the account's own type of association, the main contact's first | the property / its name, among the contact's leads since the call began |
//! | task | task, due to the millisecond, `CALL`, done on arrival where it is completed | the property / the mark in the body, among what hangs on the same |
//! | call | call; times in ms, numbers, direction from our side, disposition, `hs_call_recording_url` for https, else the link in the body | as task |
//! | note | note | the mark in the body: notes have no configured properties |
//!
//! A `mark` property has unique values: the vendor's database answers by it at once, and refuses it a second time. What
//! hangs on nothing is put by it (batch/upsert, which takes no associations); what hangs on something is made with its
//! associations in one request, so that nothing is ever left hanging on nothing. Without the property the mark is what
//! the table says; what is read by association comes from the vendor's database, and a request that was lost is given
//! ten seconds to land first. A task, call or note that hangs on nothing is not made without a `mark` property.
//!
//! A contact that the vendor refuses because its e-mail is there is that contact; a second part gives it the number. UTM
//! marks are written while all of them are empty, read just before. What is written again (a late recording) leaves title,
//! state and owner alone. Texts that are stored as HTML are escaped, at most 65,536 bytes, links and mark kept.
//!
//! # Forms
//! Clients are looked for by `email` and by the property that is configured for the client id: by a search, then read again
//! by id. What a form is put into is written over what the entity gets anyway, the client's own number as every number
//! is; a number that takes the place of the client's in `phone` leaves `mobilephone` to that. Without a `mark` property a
//! contact without a number is found again by its e-mail, which the vendor takes once, else by its client id, else by its
//! name: exactly that, no number and no e-mail beside it, the same client id or none, and made since the form came; from
//! the index, after a minute. Two forms of one name at one time that say nothing else of who they are may be taken for one
//! then, and only where an answer was lost. Who says nothing but what is no e-mail is called by that.
//!
//! What cannot be written is left out, and the record is made: what is no e-mail, no number, and what the vendor refuses
//! by name (a word for a date, what is no option of a list, a rule of the account's own, a property that is gone). The rest
//! is sent again, three times at most; a refusal makes nothing. What is not a form's is never left out, but for the
//! client's e-mail: where the owner or the mark is refused, too, the whole is. The log names the property, not the value.
//!
//! An e-mail that another contact has is left out of an update. Second e-mails (`hs_additional_emails`) are not looked for: a
//! contact that has one is found when the vendor refuses another with it.
//!
//! # Versions
//! 2026-03 for every endpoint, in [`path::VERSION`]; the versions before dates end in September 2027.
//!
//! # Limits
//! The day: 250,000 requests of an account on the smallest plans, shared by all of its apps. Any 10 s: 100 of a private
//! app, 110 of a public one. Searches: 5 a second and account, which count in no other window and whose replies tell
//! nothing of any. A 429 names its limit in `policyName` and promises no time.
//!
//! # Cards
//! `https://app.hubspot.com/contacts/{portal}/record/0-1/{id}`: 0-1 contact, 0-2 company, 0-3 deal, 0-5 ticket, 0-136 lead;
//! accounts outside North America have another host. None without `crm.org_id`. In no description; not tried on a live
//! account.
//!
//! # Absent on purpose
//! - Uploading recordings: the vendor takes an address. Its own player wants `.mp3` or `.wav`, which is not checked.
//! - The inbound-call endpoint of calling extensions: for apps of its developer platform only.
//! - Meetings and e-mails, archiving, changing owners or stages: no row asks for them.
//! - Archived and merged records: no search shows them, and the list of archived ones is neither dated nor ordered by
//!   time, so that every look would read all of it. They are noticed by webhook, else by the next full crawl.
//! - A deal, ticket or lead that was only given to another contact: that changes no date that a search could ask for. It
//!   is noticed by webhook, else by its next change or the next full crawl.
//! - Numbers of leads: they have none that the vendor describes, and are found through their contacts.
//! - The vendor's journal of changes and its snapshots: for apps of its developer platform only.
//! - Live, numbers that the vendor does not calculate as we expect (an extension behind them, say): only the crawl knows.
//!
//! # Source
//! The vendor's descriptions of 2026-03 as published 2026-08-21, its client's property names, and its pages on limits,
//! searches and request validation, read 2026-11-20; nothing was tried on a live account.

mod ask;
mod email;
mod hooks;
mod links;
mod own;
mod path;
mod place;
mod read;
mod seek;
mod send;
mod settings;
mod stages;
mod status;
mod wire;
mod write;
mod wrong;

#[cfg(test)]
mod tests;

use crate::crm::{Adapter, Matching};
use crate::model::client::{Kind, KindSet};

/// The row for [`crate::crm::ADAPTERS`].
pub(super) const ADAPTER: Adapter = Adapter {
    name: "hubspot",
    kinds: KindSet::of(&[Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal, Kind::Ticket]),
    matching: Matching::Whole,
    own_fields: &own::FIELDS,
    is_custom: |_| false,
    prepare: settings::prepare,
};
