//! The CRM's own fields that a form may be put into.
//!
//! # Source
//! The vendor's pages on records (its description names no field of any); the tests hold the list against theirs. Left out:
//! lookups, what the vendor keeps itself, and where a deal stands: a stage that its pipeline has not would refuse the deal.

use crate::crm::{Holds, OwnField};
use crate::model::client::Kind;

const fn text(kind: Kind, name: &'static str) -> OwnField {
    OwnField { kind, name, holds: Holds::Text }
}

const fn number(kind: Kind, name: &'static str) -> OwnField {
    OwnField { kind, name, holds: Holds::Number }
}

const fn phone(kind: Kind, name: &'static str) -> OwnField {
    OwnField { kind, name, holds: Holds::Phone }
}

/// See [`crate::crm::Adapter::own_fields`].
pub(super) const FIELDS: &[OwnField] = &[
    text(Kind::Lead, "Salutation"),
    text(Kind::Lead, "First_Name"),
    text(Kind::Lead, "Last_Name"),
    text(Kind::Lead, "Company"),
    text(Kind::Lead, "Designation"),
    text(Kind::Lead, "Email"),
    text(Kind::Lead, "Secondary_Email"),
    phone(Kind::Lead, "Phone"),
    phone(Kind::Lead, "Mobile"),
    text(Kind::Lead, "Fax"),
    text(Kind::Lead, "Website"),
    text(Kind::Lead, "Lead_Source"),
    text(Kind::Lead, "Lead_Status"),
    text(Kind::Lead, "Industry"),
    text(Kind::Lead, "Rating"),
    number(Kind::Lead, "No_of_Employees"),
    number(Kind::Lead, "Annual_Revenue"),
    text(Kind::Lead, "Skype_ID"),
    text(Kind::Lead, "Twitter"),
    text(Kind::Lead, "Street"),
    text(Kind::Lead, "City"),
    text(Kind::Lead, "State"),
    text(Kind::Lead, "Zip_Code"),
    text(Kind::Lead, "Country"),
    text(Kind::Lead, "Description"),
    text(Kind::Contact, "Salutation"),
    text(Kind::Contact, "First_Name"),
    text(Kind::Contact, "Last_Name"),
    text(Kind::Contact, "Title"),
    text(Kind::Contact, "Department"),
    text(Kind::Contact, "Email"),
    text(Kind::Contact, "Secondary_Email"),
    phone(Kind::Contact, "Phone"),
    phone(Kind::Contact, "Mobile"),
    phone(Kind::Contact, "Home_Phone"),
    phone(Kind::Contact, "Other_Phone"),
    phone(Kind::Contact, "Asst_Phone"),
    text(Kind::Contact, "Assistant"),
    text(Kind::Contact, "Fax"),
    text(Kind::Contact, "Date_of_Birth"),
    text(Kind::Contact, "Lead_Source"),
    text(Kind::Contact, "Skype_ID"),
    text(Kind::Contact, "Twitter"),
    text(Kind::Contact, "Mailing_Street"),
    text(Kind::Contact, "Mailing_City"),
    text(Kind::Contact, "Mailing_State"),
    text(Kind::Contact, "Mailing_Zip"),
    text(Kind::Contact, "Mailing_Country"),
    text(Kind::Contact, "Other_Street"),
    text(Kind::Contact, "Other_City"),
    text(Kind::Contact, "Other_State"),
    text(Kind::Contact, "Other_Zip"),
    text(Kind::Contact, "Other_Country"),
    text(Kind::Contact, "Description"),
    text(Kind::Organization, "Account_Name"),
    text(Kind::Organization, "Account_Site"),
    text(Kind::Organization, "Account_Type"),
    phone(Kind::Organization, "Phone"),
    text(Kind::Organization, "Fax"),
    text(Kind::Organization, "Website"),
    text(Kind::Organization, "Industry"),
    text(Kind::Organization, "Ownership"),
    text(Kind::Organization, "Rating"),
    text(Kind::Organization, "Ticker_Symbol"),
    number(Kind::Organization, "Employees"),
    number(Kind::Organization, "Annual_Revenue"),
    text(Kind::Organization, "Billing_Street"),
    text(Kind::Organization, "Billing_City"),
    text(Kind::Organization, "Billing_State"),
    text(Kind::Organization, "Billing_Code"),
    text(Kind::Organization, "Billing_Country"),
    text(Kind::Organization, "Shipping_Street"),
    text(Kind::Organization, "Shipping_City"),
    text(Kind::Organization, "Shipping_State"),
    text(Kind::Organization, "Shipping_Code"),
    text(Kind::Organization, "Shipping_Country"),
    text(Kind::Organization, "Description"),
    text(Kind::Deal, "Deal_Name"),
    text(Kind::Deal, "Closing_Date"),
    text(Kind::Deal, "Next_Step"),
    text(Kind::Deal, "Type"),
    text(Kind::Deal, "Lead_Source"),
    number(Kind::Deal, "Amount"),
    number(Kind::Deal, "Expected_Revenue"),
    number(Kind::Deal, "Probability"),
    text(Kind::Deal, "Description"),
];
