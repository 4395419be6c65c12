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
//! # What is written where, and how it is found again
//! The vendor has no key that makes a request once, no upsert and no ids of ours. Everything that is made carries the
//! order's mark: in the custom field that `[crm.fields] mark` names for it, else as the last line of its text.
//!
//! | ours | Zoho Desk's | found again among |
//! | --- | --- | --- |
//! | contact | `lastName` (title, the client's name, `crm.contact_name`, the number, the e-mail, the id at the site's counter), `phone`, `email`, `ownerId`, `accountId` | the newest contacts with the number, without one with the e-mail |
//! | organization | account: `accountName`, `ownerId` | the newest accounts |
//! | ticket | `subject`, `contactId`, `assigneeId`, `channel` *Phone*, of a form *Web*; `description` as HTML | its contact's tickets |
//! | task | `status` *Completed* or *Not Started*, `dueDate`, `ownerId`, `contactId`, `ticketId` | its ticket's tasks, else the newest of its contact |
//! | call | `direction`, `startTime`, `duration`, `status` *Completed* or *Missed*, `contactId`; the link in a field or the text | its ticket's calls, else the newest of its contact |
//! | note | a comment on the ticket (not public), else on the contact | its comments |
//! | update | a form's fields; UTM marks and, in a contact, the client's own data after a look at what is there | by its id: what would be set is set |
//! | amendment | `description`, the recording's field, a comment's `content` | by its id |
//!
//! Those lists read the database and show at once what was made; they tell neither text nor custom fields, so that
//! what may be it, made since the call began, is read by its id. The search is asked only where a thousand contacts are
//! newer than the call. *Not found* is believed after ten seconds: a request without an answer may still be under way.
//!
//! A ticket goes into the portal's default department, else the first that is enabled, and what hangs on a ticket into its
//! ticket's: asked for once, and again after a refusal. A note's mark stands in its text always: it has no fields.
//!
//! Lengths: a custom field 100 characters, a subject 300 (a ticket's 255), a name 80, a text 65,535 bytes, a comment 32,000;
//! what is longer is cut, never a recording's link nor the mark. A link that its field cannot hold goes into the text; an
//! update, which has none, is refused.
//!
//! Who left no number is searched for by `email` or, in the configured field, by `customField1`; whoever is found is compared
//! here, in the search's answer and again by id. An e-mail that is not of the vendor's pattern is neither written nor asked
//! for. Where an e-mail is refused since another contact has it, the rest is written without; who has nothing but that
//! e-mail *is* that contact. A form's value that its field cannot take is left out; it would refuse the whole request. What only the portal knows, the
//! type of a custom field and the values of a list, its refusal says: the same is sent again without that field.
//!
//! # Cards
//! `{crm.card_base_url}/contacts/details/{id}`, `/accounts/details/{id}`, `/tickets/details/{id}` below the portal's agent
//! pages, `https://desk.zoho.{tld}/agent/{portal}/all`: the portal's name is in no setting of the API, so none without that
//! one. In no description; not tried on a live account.
//!
//! # Absent on purpose
//! - A ticket made with its contact in one request: the vendor matches by e-mail or makes another contact.
//! - `recordingUrl` of a call: newer descriptions have it, the facts do not; a property that is not known refuses the call.
//! - Labels of statuses other than those a portal comes with: the API does not tell a portal's own.
//! - A contact's or organization's number in an account: it is the person's.
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
mod own;
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
    own_fields: own::FIELDS,
    is_custom: settings::is_custom,
    prepare: settings::prepare,
};
