//! Pipedrive.
//!
//! # What maps to what
//! | ours | Pipedrive's |
//! | --- | --- |
//! | contact | person; numbers in `phones`, and in the configured custom fields that persons have |
//! | organization | organization; numbers in the configured custom fields of type *phone*: it has none of its own |
//! | deal | deal, `status` open, not archived, not deleted; through `person_id` and `org_id` |
//! | lead | lead, not archived; through `person_id` and `organization_id`. Converted ones are gone from the list |
//! | employee | user; by id or e-mail |
//!
//! # What is written where
//! | ours | Pipedrive's | the mark stands in |
//! | --- | --- | --- |
//! | contact, organization, deal | person, organization, deal; UTM marks and the recording's link in custom fields | the field that `[crm.fields] mark` names |
//! | lead | lead (v1), with the custom fields of deals; of a person or an organization, or it is refused | the same |
//! | task | activity of type `call`, done or not, due to the minute in UTC | its note, as the last line |
//! | call | the same, done; then the call log that it becomes; then the recording, uploaded to that | its note; then the activity's id; then that there is a recording |
//! | note | note (v1) | itself, as the last line |
//!
//! A deal goes into the default pipeline's first stage because none is named. A description of an entity has no place
//! here and is not written. The recording's link stands in the note in any case; where the audio could not be had, the
//! call ends with its call log. An amendment adds what is missing to a note and takes nothing away: people write there.
//!
//! # Once
//! The vendor has no idempotency key, no upsert and no unique field. After an answer that was lost what was made since
//! the call began is read from the *lists*, the newest first: they come from the database, where the search lags. Without
//! a field for marks a person is recognised by the number and anything else by its title, among what was made since the
//! call began; two calls of one client at a time could then be taken for one. The list of call logs is that of the
//! credentials' user only, so call logs are made for nobody else; the activity's owner is who it should be.
//!
//! # Forms
//! Clients are looked for by `emails` and by the custom field that is configured for the client id: by an exact search, then
//! read again by id. A number or an e-mail of a form goes beside the client's own. Numbers and days are written as such, a
//! text that is none is left out; what is of a type that texts do not go into (a choice, say) is left out, too, and named
//! by `fields`. Without a field for marks a person without a number is recognised by the e-mail, else by the client id.
//!
//! # Changes
//! Webhooks of the second version, one per kind and one for users, made by us where `public_url` is configured, with the
//! project's token as the password of Basic; the vendor signs nothing. They tell of deletions and merges, too. What is
//! told while a webhook is banned is lost; those that an account's owner may not see are never told. OAuth: the scope
//! `admin`.
//!
//! # Versions
//! v2 for persons, organizations, deals, activities, fields and search; v1 for leads, notes, call logs, users and webhooks,
//! which v2 does not have. v1 of the others is out of support since 2026-08-01.
//!
//! # Rights
//! An API token has its user's: who may see and own everything that is written. OAuth: the scopes `base`,
//! `contacts:full`, `deals:full`, `leads:full`, `activities:full`, `users:read`, `search:read`, `phone-integration` (call
//! logs), `admin` (webhooks, making fields).
//!
//! # Limits
//! The day: 30,000 tokens × the plan's multiplier × seats, shared by everybody who talks to the account; no header tells
//! what is left. Any 2 s: 20 requests with an API token, 80 with OAuth, on the smallest plan; 10 searches on every plan.
//! A 429 looks the same for both; who goes on after it gets a page of HTML with 403 instead of an answer.
//!
//! # Cards
//! `{base_url}/person/{id}`, `/organization/{id}`, `/deal/{id}`, `/leads/inbox/{uuid}`: what the vendor's own pages have in
//! their addresses, in no description; nothing was tried on a live account.
//!
//! # Absent on purpose
//! - Whose a note or a call log is: only an administrator may name another than whose the credentials are.
//! - Custom fields of activities: the API has none.
//! - A person who only takes part in a deal is not found through it: that is another request per deal.
//! - Deletions of persons and organizations, and merges, where there are no webhooks: `updated_since` does not show them.
//!   They stay until the next full crawl. Deleted *deals* are shown, for 30 days, and noticed.
//! - Converted leads vanish from the list without a trace: the same.
//! - More than one rendering per live question, see [`path::term`]: a number that was typed with separators inside its
//!   last seven digits is not found live, only by the crawl.
//!
//! # Source
//! The vendor's descriptions of v1 and v2 of 2026-08-18 and its pages on limits, read 2026-11-20; nothing was tried on a
//! live account.

mod account;
mod hooks;
mod own;
mod path;
mod read;
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
    name: "pipedrive",
    kinds: KindSet::of(&[Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal]),
    matching: Matching::Whole,
    own_fields: &own::FIELDS,
    is_custom: write::fields::is_key,
    prepare: settings::prepare,
};
