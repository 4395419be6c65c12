//! The vendor's standard columns that a form may be put into, each with what it takes, and which names are an
//! organization's own.
//!
//! # Source
//! The Common Data Model's files for names, lengths and bounds; the tests hold each row against them. Option sets, lookups,
//! dates and flags are left out: a form's text is none of these.

use crate::crm::smart_crm::settings::is_column;
use crate::crm::{Holds, OwnField};
use crate::model::client::Kind;

/// A standard column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) takes: Takes,
}

/// What a column takes.
///
/// # Units
/// Lengths are code units of UTF-16, as the vendor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Words: what is longer is cut.
    Text(usize),
    /// An address, a code: a part of it would be another one, so what is longer is left out.
    Whole(usize),
    /// A telephone number; likewise.
    Phone(usize),
    /// A whole number between these.
    Integer(i64, i64),
    /// A number between these. Of money, two places are written.
    Decimal(i64, i64),
}

const fn text(kind: Kind, name: &'static str, longest: usize) -> Column {
    Column { kind, name, takes: Takes::Text(longest) }
}

const fn whole(kind: Kind, name: &'static str, longest: usize) -> Column {
    Column { kind, name, takes: Takes::Whole(longest) }
}

const fn phone(kind: Kind, name: &'static str, longest: usize) -> Column {
    Column { kind, name, takes: Takes::Phone(longest) }
}

const fn integer(kind: Kind, name: &'static str, (least, most): (i64, i64)) -> Column {
    Column { kind, name, takes: Takes::Integer(least, most) }
}

const fn decimal(kind: Kind, name: &'static str, (least, most): (i64, i64)) -> Column {
    Column { kind, name, takes: Takes::Decimal(least, most) }
}

/// Every one.
pub(super) const COLUMNS: [Column; 86] = [
    text(Kind::Contact, "salutation", 100),
    text(Kind::Contact, "firstname", 50),
    text(Kind::Contact, "middlename", 50),
    text(Kind::Contact, "lastname", 50),
    text(Kind::Contact, "nickname", 100),
    text(Kind::Contact, "jobtitle", 100),
    text(Kind::Contact, "department", 100),
    text(Kind::Contact, "managername", 100),
    text(Kind::Contact, "assistantname", 100),
    text(Kind::Contact, "description", 2_000),
    whole(Kind::Contact, "emailaddress1", 100),
    whole(Kind::Contact, "emailaddress2", 100),
    whole(Kind::Contact, "emailaddress3", 100),
    whole(Kind::Contact, "websiteurl", 200),
    text(Kind::Contact, "address1_line1", 250),
    text(Kind::Contact, "address1_city", 80),
    text(Kind::Contact, "address1_stateorprovince", 50),
    text(Kind::Contact, "address1_postalcode", 20),
    text(Kind::Contact, "address1_country", 80),
    phone(Kind::Contact, "mobilephone", 50),
    phone(Kind::Contact, "telephone1", 50),
    phone(Kind::Contact, "telephone2", 50),
    phone(Kind::Contact, "telephone3", 50),
    phone(Kind::Contact, "assistantphone", 50),
    phone(Kind::Contact, "managerphone", 50),
    phone(Kind::Contact, "pager", 50),
    decimal(Kind::Contact, "annualincome", (0, 100_000_000_000_000)),
    integer(Kind::Contact, "numberofchildren", (0, 1_000_000_000)),
    text(Kind::Lead, "subject", 300),
    text(Kind::Lead, "salutation", 100),
    text(Kind::Lead, "firstname", 50),
    text(Kind::Lead, "middlename", 50),
    text(Kind::Lead, "lastname", 50),
    text(Kind::Lead, "jobtitle", 100),
    text(Kind::Lead, "companyname", 100),
    text(Kind::Lead, "qualificationcomments", 2_000),
    text(Kind::Lead, "description", 2_000),
    whole(Kind::Lead, "emailaddress1", 100),
    whole(Kind::Lead, "emailaddress2", 100),
    whole(Kind::Lead, "emailaddress3", 100),
    whole(Kind::Lead, "websiteurl", 200),
    text(Kind::Lead, "address1_line1", 250),
    text(Kind::Lead, "address1_city", 80),
    text(Kind::Lead, "address1_stateorprovince", 50),
    text(Kind::Lead, "address1_postalcode", 20),
    text(Kind::Lead, "address1_country", 80),
    phone(Kind::Lead, "mobilephone", 20),
    phone(Kind::Lead, "telephone1", 50),
    phone(Kind::Lead, "telephone2", 50),
    phone(Kind::Lead, "telephone3", 50),
    phone(Kind::Lead, "address1_telephone1", 50),
    phone(Kind::Lead, "address1_telephone2", 50),
    phone(Kind::Lead, "address1_telephone3", 50),
    decimal(Kind::Lead, "budgetamount", (0, 1_000_000_000_000)),
    decimal(Kind::Lead, "estimatedamount", (0, 1_000_000_000_000)),
    decimal(Kind::Lead, "revenue", (0, 100_000_000_000_000)),
    integer(Kind::Lead, "numberofemployees", (0, 1_000_000)),
    text(Kind::Organization, "name", 160),
    whole(Kind::Organization, "accountnumber", 20),
    text(Kind::Organization, "description", 2_000),
    whole(Kind::Organization, "emailaddress1", 100),
    whole(Kind::Organization, "emailaddress2", 100),
    whole(Kind::Organization, "emailaddress3", 100),
    whole(Kind::Organization, "websiteurl", 200),
    text(Kind::Organization, "address1_line1", 250),
    text(Kind::Organization, "address1_city", 80),
    text(Kind::Organization, "address1_stateorprovince", 50),
    text(Kind::Organization, "address1_postalcode", 20),
    text(Kind::Organization, "address1_country", 80),
    phone(Kind::Organization, "telephone1", 50),
    phone(Kind::Organization, "telephone2", 50),
    phone(Kind::Organization, "telephone3", 50),
    decimal(Kind::Organization, "revenue", (0, 100_000_000_000_000)),
    integer(Kind::Organization, "numberofemployees", (0, 1_000_000_000)),
    text(Kind::Deal, "name", 300),
    text(Kind::Deal, "currentsituation", 2_000),
    text(Kind::Deal, "customerneed", 2_000),
    text(Kind::Deal, "proposedsolution", 2_000),
    text(Kind::Deal, "qualificationcomments", 2_000),
    text(Kind::Deal, "description", 2_000),
    decimal(Kind::Deal, "budgetamount", (0, 1_000_000_000_000)),
    decimal(Kind::Deal, "estimatedvalue", (-1_000_000_000_000, 1_000_000_000_000)),
    integer(Kind::Deal, "closeprobability", (0, 100)),
    text(Kind::Ticket, "title", 200),
    whole(Kind::Ticket, "productserialnumber", 100),
    text(Kind::Ticket, "description", 2_000),
];

/// The same, as the port wants them.
pub(super) const OWN_FIELDS: &[OwnField] = &own_fields(&COLUMNS);

const fn own_fields<const N: usize>(columns: &[Column; N]) -> [OwnField; N] {
    let mut fields = [OwnField { kind: Kind::Contact, name: "", holds: Holds::Text }; N];
    let mut at = 0;
    while at < N {
        let Column { kind, name, takes } = columns[at];
        let holds = match takes {
            Takes::Text(_) | Takes::Whole(_) => Holds::Text,
            Takes::Phone(_) => Holds::Phone,
            Takes::Integer(..) | Takes::Decimal(..) => Holds::Number,
        };
        fields[at] = OwnField { kind, name, holds };
        at += 1;
    }
    fields
}

/// The standard column of that name.
pub(super) fn column(kind: Kind, name: &str) -> Option<&'static Column> {
    static ALL: [Column; COLUMNS.len()] = COLUMNS;
    ALL.iter().find(|column| column.kind == kind && column.name == name)
}

/// Whether a name can only be that of a column which somebody has added: whoever publishes one puts a prefix of two to eight
/// letters and digits and an underscore before its name. Some standard names look the same.
pub(super) fn is_custom(name: &str) -> bool {
    const STANDARD: [&str; 8] =
        ["address1", "address2", "address3", "revenue", "aging30", "aging60", "aging90", "totaltax"];
    let Some((prefix, rest)) = name.split_once('_') else { return false };
    is_column(name) && (2..=8).contains(&prefix.len()) && !rest.is_empty() && !STANDARD.contains(&prefix)
}
