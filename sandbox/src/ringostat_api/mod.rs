//! A stateful stand-in for Ringostat's own API: what the telephone system can be asked, where `pbx` is how it asks.
//!
//! | request | does |
//! | --- | --- |
//! | `POST /api/json-rpc`, `getProjectStaffListAndDirections` | the staff of the account's one project and their directions |
//! | `GET /calls/list` | calls that began between two times by the project's wall clock, 6,500 at the most; JSON alone |
//! | `POST /minicrm/contacts/sync` | entries of the contact book; what it holds, [`Account::contacts`] says |
//! | `GET /recordings/{id}.ogg?token=…` | the audio of a call, of any id; 429 where two follow each other within 1.5 s |
//!
//! The key goes into the header `auth-key`. Help centre and public code say how requests, filters and answers look, and
//! that refusals of this API come inside a 200. How a wrong key or an unknown project is refused they do not say: here
//! inside a 200 too, which is harder on the client than a status. An empty result is PHP's `[]`. Ids come as numbers at
//! one place and as text at another.
//!
//! Of the list of calls they say the parameters, the limit, the names of fields and that an unknown one is answered by a
//! text; not whether an end is counted in (here both are), nor how a wrong key is refused (here by a status).
//!
//! Not here on purpose: filters, order and merging of calls, CSV, the contact book's organizations, who is online. How long a recording's token lives is not said: here as
//! long as the stand-in.
//!
//! # Source
//! Ringostat's help centre, articles 9188142 and 6312685; answers of real accounts in public code, seen 2026-11-20.

mod account;
mod calls;
mod contact_book;
mod recordings;
mod rpc;
mod staff;

pub use account::{Account, Change, Described, NotThere, Options};
pub use calls::{ListedCall, MOST_ROWS};
pub use recordings::RECORDING_BYTES;
pub use staff::Member;

use crate::kit::Running;

/// A stand-in for Ringostat's API that is running.
pub type RingostatApi = Running<Account>;
