//! Properties that every account has and nothing in this stand-in works with: what they take.
//!
//! # Source
//! The vendor's pages on default properties of each kind. Which words a list has an account may change; here are those it
//! begins with, as far as they are known.

use super::field::Takes;
use crate::kit::EntityKind;

const LIFECYCLE: &[&str] = &[
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];
const LEAD_STATUSES: &[&str] =
    &["NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING"];
const INDUSTRIES: &[&str] = &["COMPUTER_SOFTWARE", "CONSTRUCTION", "FURNITURE", "REAL_ESTATE", "RETAIL"];

pub(super) fn default_takes(kind: EntityKind, name: &str) -> Option<Takes> {
    Some(match (kind, name) {
        (EntityKind::Contact | EntityKind::Organization, "lifecyclestage") => Takes::Words(LIFECYCLE),
        (EntityKind::Contact | EntityKind::Organization, "hs_lead_status") => Takes::Words(LEAD_STATUSES),
        (
            EntityKind::Contact | EntityKind::Organization,
            "website" | "address" | "city" | "state" | "zip" | "country",
        )
        | (EntityKind::Contact, "fax" | "company" | "jobtitle" | "salutation" | "message")
        | (EntityKind::Organization, "about_us" | "address2")
        | (EntityKind::Deal, "hs_next_step") => Takes::Text,
        (EntityKind::Organization, "industry") => Takes::Words(INDUSTRIES),
        (EntityKind::Organization, "type") => Takes::Words(&["PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"]),
        (EntityKind::Organization, "numberofemployees" | "annualrevenue") | (EntityKind::Deal, "amount") => {
            Takes::Number
        }
        (EntityKind::Deal, "closedate") => Takes::Time,
        (EntityKind::Deal, "dealtype") => Takes::Words(&["newbusiness", "existingbusiness"]),
        (EntityKind::Deal, "hs_priority") => Takes::Words(&["low", "medium", "high"]),
        (EntityKind::Ticket, "hs_ticket_priority") => Takes::Words(&["LOW", "MEDIUM", "HIGH", "URGENT"]),
        (EntityKind::Ticket, "hs_ticket_category") => {
            Takes::Words(&["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"])
        }
        (EntityKind::Ticket, "source_type") => Takes::Words(&["CHAT", "EMAIL", "FORM", "PHONE"]),
        (EntityKind::Lead, "hs_lead_type") => Takes::Words(&["NEW_BUSINESS", "RE_ATTEMPTING", "UPSELL"]),
        (EntityKind::Lead, "hs_lead_label") => Takes::Words(&["WARM", "COLD", "HOT"]),
        _ => return None,
    })
}
