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
    OwnField::text(Kind::Contact, "firstname"),
    OwnField::text(Kind::Contact, "lastname"),
    OwnField::text(Kind::Contact, "email"),
    OwnField::phone(Kind::Contact, "phone"),
    OwnField::phone(Kind::Contact, "mobilephone"),
    OwnField::text(Kind::Contact, "fax"),
    OwnField::text(Kind::Contact, "company"),
    OwnField::text(Kind::Contact, "jobtitle"),
    OwnField::text(Kind::Contact, "salutation"),
    OwnField::text(Kind::Contact, "website"),
    OwnField::text(Kind::Contact, "address"),
    OwnField::text(Kind::Contact, "city"),
    OwnField::text(Kind::Contact, "state"),
    OwnField::text(Kind::Contact, "zip"),
    OwnField::text(Kind::Contact, "country"),
    OwnField::text(Kind::Contact, "message"),
    OwnField::text(Kind::Contact, "lifecyclestage"),
    OwnField::text(Kind::Contact, "hs_lead_status"),
    OwnField::text(Kind::Organization, "name"),
    OwnField::text(Kind::Organization, "domain"),
    OwnField::text(Kind::Organization, "website"),
    OwnField::phone(Kind::Organization, "phone"),
    OwnField::text(Kind::Organization, "description"),
    OwnField::text(Kind::Organization, "about_us"),
    OwnField::text(Kind::Organization, "address"),
    OwnField::text(Kind::Organization, "address2"),
    OwnField::text(Kind::Organization, "city"),
    OwnField::text(Kind::Organization, "state"),
    OwnField::text(Kind::Organization, "zip"),
    OwnField::text(Kind::Organization, "country"),
    OwnField::text(Kind::Organization, "industry"),
    OwnField::text(Kind::Organization, "type"),
    OwnField::text(Kind::Organization, "lifecyclestage"),
    OwnField::text(Kind::Organization, "hs_lead_status"),
    OwnField::number(Kind::Organization, "numberofemployees"),
    OwnField::number(Kind::Organization, "annualrevenue"),
    OwnField::text(Kind::Deal, "dealname"),
    OwnField::text(Kind::Deal, "description"),
    OwnField::text(Kind::Deal, "dealtype"),
    OwnField::text(Kind::Deal, "closedate"),
    OwnField::text(Kind::Deal, "hs_next_step"),
    OwnField::text(Kind::Deal, "hs_priority"),
    OwnField::number(Kind::Deal, "amount"),
    OwnField::text(Kind::Ticket, "subject"),
    OwnField::text(Kind::Ticket, "content"),
    OwnField::text(Kind::Ticket, "hs_ticket_priority"),
    OwnField::text(Kind::Ticket, "hs_ticket_category"),
    OwnField::text(Kind::Ticket, "source_type"),
    OwnField::text(Kind::Lead, "hs_lead_name"),
    OwnField::text(Kind::Lead, "hs_lead_type"),
    OwnField::text(Kind::Lead, "hs_lead_label"),
];

/// What a property takes; of one that is not the vendor's own, text.
pub(super) fn holds(kind: Kind, name: &str) -> Holds {
    let own = FIELDS.iter().find(|field| field.kind == kind && field.name == name);
    own.map_or(Holds::Text, |field| field.holds)
}
