//! The contact book: what an agent's screen shows while it rings.
//!
//! Entries are told to Ringostat when they are new or another than what was told last, a hundred at a time and with a pause
//! between. What was told is known by digests, in memory and on the disk, so that a restart tells nothing anew. An entry
//! cannot be taken out there: whoever is deleted in the CRM stays in the book.

mod keep;
mod store;
mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use self::keep::Book;
use crate::base::secret::Secret;
use crate::outbound::{Hosts, Method, Outbound, Request};
use crate::pbx::{Access, Failure};

/// Where entries are told.
const PATH: &str = "/minicrm/contacts/sync";
/// Entries of one request.
pub const MOST_AT_ONCE: usize = 100;

/// An entry, whatever the project.
///
/// # Shape
/// One of `external_id` and `lead_id` is there. Links and names that there are none of are empty texts: the vendor's page
/// marks as nullable only the ids and the organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// What people call the client; a number where nobody is called anything.
    pub full_name: String,
    /// Which CRM it is of.
    pub origin: &'static str,
    /// The contact's or organization's id there.
    pub external_id: Option<String>,
    /// The lead's.
    pub lead_id: Option<String>,
    /// Who is responsible, by name; empty where nobody of ours is.
    pub responsible: String,
    /// The same by Ringostat's id, where it is known.
    pub staff_id: Option<String>,
    /// Where the CRM shows the contact or organization.
    pub contact_link: String,
    /// Where it shows the lead.
    pub lead_link: String,
    /// Where it shows the deal or ticket.
    pub deal_link: String,
    /// Numbers, whole and international, digits only.
    pub numbers: Vec<String>,
}

/// An entry as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    project_id: u64,
    full_name: &'a str,
    origin: &'a str,
    external_id: Option<&'a str>,
    lead_id: Option<&'a str>,
    responsible: &'a str,
    /// A number, as the staff list has it; text where it is none.
    staff_id: Option<Value>,
    contact_link: &'a str,
    lead_link: &'a str,
    deal_link: &'a str,
    google_client_id: &'a str,
    contact_directions: Vec<Direction<'a>>,
    /// Organizations are entries of their own.
    organizations: Option<Value>,
}

#[derive(Serialize)]
struct Direction<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    value: &'a str,
}

/// What was told last of an entry is known by this: whose it is, and what it said.
type Mark = (u64, u64);

impl Contact {
    fn entry(&self, project_id: u64) -> Entry<'_> {
        let staff_id = self.staff_id.as_deref().map(|id| id.parse::<u64>().map_or_else(|_| json!(id), Value::from));
        Entry {
            project_id,
            full_name: &self.full_name,
            origin: self.origin,
            external_id: self.external_id.as_deref(),
            lead_id: self.lead_id.as_deref(),
            responsible: &self.responsible,
            staff_id,
            contact_link: &self.contact_link,
            lead_link: &self.lead_link,
            deal_link: &self.deal_link,
            google_client_id: "",
            contact_directions: self
                .numbers
                .iter()
                .map(|value| Direction { kind: "phone", name: "phone", value })
                .collect(),
            organizations: None,
        }
    }

    fn mark(&self) -> Mark {
        let short = |text: &str| {
            let digest = Sha256::digest(text.as_bytes());
            digest.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
        };
        let id = self.external_id.as_deref().map_or('l', |_| 'c');
        let of =
            format!("{} {id} {}", self.origin, self.external_id.as_ref().or(self.lead_id.as_ref()).map_or("", |id| id));
        (short(&of), short(&json!(self.entry(0)).to_string()))
    }
}

/// Tells entries.
#[async_trait]
pub(super) trait Tells: Send + Sync {
    /// Tells these, at most [`MOST_AT_ONCE`].
    ///
    /// # Errors
    /// See [`Trouble`].
    async fn tell(&self, contacts: &[Contact]) -> Result<(), Trouble>;
}

/// Why entries were not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What happened.
    pub(super) failure: Failure,
    /// Whether something in the entries may be the reason, so that some of them alone may be taken.
    pub(super) of_entries: bool,
}

/// Tells entries over the network.
#[derive(Debug)]
struct Teller {
    access: Access,
    outbound: Outbound,
}

impl Teller {
    /// Goes to the account's host and nowhere else.
    fn new(access: Access, outbound: &Outbound) -> Self {
        let outbound = outbound.limited_to(Hosts::default().with_origin_of(&access.base));
        Self { access, outbound }
    }

    fn request(&self, contacts: &[Contact]) -> Request {
        let mut url = self.access.base.clone();
        url.set_path(PATH);
        let project_id = self.access.project_id;
        let entries: Vec<_> = contacts.iter().map(|contact| contact.entry(project_id)).collect();
        let body = Bytes::from(json!({ "contacts": entries }).to_string());
        let kind = ("content-type", Secret::new("application/json"));
        Request { method: Method::Post, url, headers: vec![kind], body }
            .with_header("auth-key", self.access.auth_key.clone())
            .with_header("x-project-id", Secret::new(project_id.to_string()))
    }
}

/// # Shape
/// `POST /minicrm/contacts/sync`, `{"contacts": [{"projectId", "fullName", "origin", "externalId", "leadId", "responsible",
/// "staffId", "contactLink", "leadLink", "dealLink", "googleClientId", "contactDirections": [{"type", "name", "value"}],
/// "organizations"}]}` with the headers `auth-key` and `x-project-id`. What a success says is not described: any 2xx
/// without an `error` in it, and without `"success": false`, is one.
///
/// # Cost
/// One request for up to [`MOST_AT_ONCE`] entries.
///
/// # Source
/// Ringostat's help centre, article 9221318; nothing was tried on a live account.
#[async_trait]
impl Tells for Teller {
    async fn tell(&self, contacts: &[Contact]) -> Result<(), Trouble> {
        match self.outbound.send(self.request(contacts)).await {
            Ok(reply) => wire::judge(&reply),
            Err(error) => {
                let failure = Failure::from(error);
                // What left and was not answered may be what the vendor cannot digest.
                let of_entries = matches!(failure, Failure::Unclear { .. });
                Err(Trouble { failure, of_entries })
            }
        }
    }
}

#[cfg(test)]
mod tests;
