//! The vendor's own properties that a form may be put into.
//!
//! # Source
//! The description lists no properties: the names are those of the vendor's pages on default properties of each kind and
//! of its own client. Whose value is the vendor's to set, and what says where in a pipeline something stands, is not here:
//! a form must not move a deal back.

use crate::crm::{Holds, OwnField};
use crate::model::client::Kind;

/// Every one of them.
pub(super) static FIELDS: [OwnField; 51] = [
    text(Kind::Contact, "firstname"),
    text(Kind::Contact, "lastname"),
    text(Kind::Contact, "email"),
    phone(Kind::Contact, "phone"),
    phone(Kind::Contact, "mobilephone"),
    text(Kind::Contact, "fax"),
    text(Kind::Contact, "company"),
    text(Kind::Contact, "jobtitle"),
    text(Kind::Contact, "salutation"),
    text(Kind::Contact, "website"),
    text(Kind::Contact, "address"),
    text(Kind::Contact, "city"),
    text(Kind::Contact, "state"),
    text(Kind::Contact, "zip"),
    text(Kind::Contact, "country"),
    text(Kind::Contact, "message"),
    text(Kind::Contact, "lifecyclestage"),
    text(Kind::Contact, "hs_lead_status"),
    text(Kind::Organization, "name"),
    text(Kind::Organization, "domain"),
    text(Kind::Organization, "website"),
    phone(Kind::Organization, "phone"),
    text(Kind::Organization, "description"),
    text(Kind::Organization, "about_us"),
    text(Kind::Organization, "address"),
    text(Kind::Organization, "address2"),
    text(Kind::Organization, "city"),
    text(Kind::Organization, "state"),
    text(Kind::Organization, "zip"),
    text(Kind::Organization, "country"),
    text(Kind::Organization, "industry"),
    text(Kind::Organization, "type"),
    text(Kind::Organization, "lifecyclestage"),
    text(Kind::Organization, "hs_lead_status"),
    number(Kind::Organization, "numberofemployees"),
    number(Kind::Organization, "annualrevenue"),
    text(Kind::Deal, "dealname"),
    text(Kind::Deal, "description"),
    text(Kind::Deal, "dealtype"),
    text(Kind::Deal, "closedate"),
    text(Kind::Deal, "hs_next_step"),
    text(Kind::Deal, "hs_priority"),
    number(Kind::Deal, "amount"),
    text(Kind::Ticket, "subject"),
    text(Kind::Ticket, "content"),
    text(Kind::Ticket, "hs_ticket_priority"),
    text(Kind::Ticket, "hs_ticket_category"),
    text(Kind::Ticket, "source_type"),
    text(Kind::Lead, "hs_lead_name"),
    text(Kind::Lead, "hs_lead_type"),
    text(Kind::Lead, "hs_lead_label"),
];

const fn text(kind: Kind, name: &'static str) -> OwnField {
    OwnField { kind, name, holds: Holds::Text }
}

const fn number(kind: Kind, name: &'static str) -> OwnField {
    OwnField { kind, name, holds: Holds::Number }
}

const fn phone(kind: Kind, name: &'static str) -> OwnField {
    OwnField { kind, name, holds: Holds::Phone }
}

/// What a property takes; of one that is not the vendor's own, text.
pub(super) fn holds(kind: Kind, name: &str) -> Holds {
    let own = FIELDS.iter().find(|field| field.kind == kind && field.name == name);
    own.map_or(Holds::Text, |field| field.holds)
}
