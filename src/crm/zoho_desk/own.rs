//! The CRM's own fields that a form may be put into.
//!
//! # Source
//! The vendor's description of contacts, accounts and tickets; the tests hold the list against the table of it. Left out:
//! ids, a ticket's state, and what the description contradicts itself about (`facebook`, `twitter`, `annualrevenue`).

use crate::crm::{Holds, OwnField};
use crate::model::client::Kind;

/// A field and how long its values may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) most: usize,
}

const fn own(kind: Kind, name: &'static str, most: usize) -> Own {
    Own { kind, name, most }
}

/// Every field with its length.
pub(super) const LENGTHS: [Own; 33] = [
    own(Kind::Contact, "firstName", 40),
    own(Kind::Contact, "lastName", 80),
    own(Kind::Contact, "email", 255),
    own(Kind::Contact, "secondaryEmail", 255),
    own(Kind::Contact, "phone", 50),
    own(Kind::Contact, "mobile", 50),
    own(Kind::Contact, "title", 100),
    own(Kind::Contact, "street", 250),
    own(Kind::Contact, "city", 30),
    own(Kind::Contact, "state", 30),
    own(Kind::Contact, "zip", 30),
    own(Kind::Contact, "country", 30),
    own(Kind::Contact, "description", 65_535),
    own(Kind::Organization, "accountName", 200),
    own(Kind::Organization, "phone", 50),
    own(Kind::Organization, "email", 255),
    own(Kind::Organization, "fax", 30),
    own(Kind::Organization, "website", 120),
    own(Kind::Organization, "industry", 100),
    own(Kind::Organization, "street", 250),
    own(Kind::Organization, "city", 30),
    own(Kind::Organization, "state", 30),
    own(Kind::Organization, "code", 30),
    own(Kind::Organization, "country", 30),
    own(Kind::Organization, "description", 65_535),
    own(Kind::Ticket, "subject", 255),
    own(Kind::Ticket, "phone", 50),
    own(Kind::Ticket, "email", 255),
    own(Kind::Ticket, "priority", 100),
    own(Kind::Ticket, "channel", 100),
    own(Kind::Ticket, "classification", 100),
    own(Kind::Ticket, "category", 100),
    own(Kind::Ticket, "description", 65_535),
];

/// See [`crate::crm::Adapter::own_fields`].
pub(super) const FIELDS: &[OwnField] = &fields();

const fn fields() -> [OwnField; LENGTHS.len()] {
    let mut fields = [OwnField { kind: Kind::Contact, name: "", holds: Holds::Text }; LENGTHS.len()];
    let mut at = 0;
    while at < LENGTHS.len() {
        let Own { kind, name, .. } = LENGTHS[at];
        let holds = if matches!(name.as_bytes(), b"phone" | b"mobile") { Holds::Phone } else { Holds::Text };
        fields[at] = OwnField { kind, name, holds };
        at += 1;
    }
    fields
}

/// The field of that name.
pub(super) fn of(kind: Kind, name: &str) -> Option<&'static Own> {
    LENGTHS.iter().find(|own| own.kind == kind && own.name == name)
}
