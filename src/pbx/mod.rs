//! Ringostat's own API: what predial asks of the telephone system, not what it is asked by it.
//!
//! | what | request |
//! | --- | --- |
//! | staff | `POST /api/json-rpc`, `getProjectStaffListAndDirections` |
//! | the contact book | `POST /minicrm/contacts/sync` |
//! | a recording | `GET` of the link that an event brought |
//! | calls | `GET /calls/list` |
//!
//! The key goes into the header `auth-key`; in the query as well it makes the gateway refuse. Knows no CRM and no project:
//! who of the staff is which employee is decided above.

mod calls;
mod contact_book;
mod failure;
mod recording;
mod staff;

use std::fmt;

use url::Url;

pub use self::calls::{Calls, CallsReader, MOST_ROWS, Page, Window, Windows};
pub use self::contact_book::{Book, Contact, MOST_AT_ONCE};
pub use self::failure::Failure;
pub use self::recording::{Recording, RecordingBounds, Recordings};
pub use self::staff::{Reader, Staff, StaffFile, StaffMember, StaffState, StaffStatus};
use crate::base::secret::Secret;
use crate::config::RingostatSection;

/// Where Ringostat's API answers.
const VENDOR: &str = "https://api.ringostat.net";

/// An account of Ringostat's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    base: Url,
    project_id: u64,
    auth_key: Secret,
}

impl Access {
    /// What a section says; `None` where it names no project or no key.
    #[must_use]
    pub fn of(section: &RingostatSection) -> Option<Self> {
        let base = section.base_url.clone().or_else(|| Url::parse(VENDOR).ok())?;
        Some(Self { base, project_id: section.project_id?, auth_key: section.auth_key.clone()? })
    }

    /// Which account it is, whatever the key: what was read of one account says nothing of another.
    #[must_use]
    pub fn account(&self) -> Account {
        Account { origin: self.base.origin().ascii_serialization(), project_id: self.project_id }
    }
}

/// A project at Ringostat.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    origin: String,
    project_id: u64,
}

impl fmt::Display for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "project {} at {}", self.project_id, self.origin)
    }
}
