//! The vendor's own fields that a form may be put into, and the shape in which each is written.
//!
//! # Source
//! The vendor's descriptions of v2 and, for leads, v1. Not here: what only accounts with contact sync have (job title,
//! birthday, postal address, notes of a person), the value of a lead, which needs a currency beside it, and what says where
//! in a pipeline something stands: a form must not move a deal back.

use crate::crm::{Holds, OwnField};
use crate::model::client::Kind;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is, on one line of at most 255 letters.
    Text,
    /// A JSON number.
    Number,
    /// The same without a fraction.
    Whole,
    /// `YYYY-MM-DD`
    Day,
    /// `{"value": …}`
    Inner,
    /// One more of a person's numbers.
    Phone,
    /// One more of a person's e-mails.
    Email,
}

const ALL: [(Kind, &str, Shape); 15] = [
    (Kind::Contact, "name", Shape::Text),
    (Kind::Contact, "phones", Shape::Phone),
    (Kind::Contact, "emails", Shape::Email),
    (Kind::Organization, "name", Shape::Text),
    (Kind::Organization, "address", Shape::Inner),
    (Kind::Organization, "website", Shape::Text),
    (Kind::Organization, "linkedin", Shape::Text),
    (Kind::Organization, "annual_revenue", Shape::Whole),
    (Kind::Organization, "employee_count", Shape::Whole),
    (Kind::Deal, "title", Shape::Text),
    (Kind::Deal, "value", Shape::Number),
    (Kind::Deal, "currency", Shape::Text),
    (Kind::Deal, "expected_close_date", Shape::Day),
    (Kind::Lead, "title", Shape::Text),
    (Kind::Lead, "expected_close_date", Shape::Day),
];

/// Every one of them.
pub(super) static FIELDS: [OwnField; ALL.len()] = {
    let mut fields = [OwnField { kind: Kind::Contact, name: "", holds: Holds::Text }; ALL.len()];
    let mut at = 0;
    while at < ALL.len() {
        let (kind, name, shape) = ALL[at];
        let holds = match shape {
            Shape::Number | Shape::Whole => Holds::Number,
            Shape::Phone => Holds::Phone,
            Shape::Text | Shape::Day | Shape::Inner | Shape::Email => Holds::Text,
        };
        fields[at] = OwnField { kind, name, holds };
        at += 1;
    }
    fields
};

/// How a field of that name is written; `None` for one that is not the vendor's own.
pub(super) fn shape(kind: Kind, name: &str) -> Option<Shape> {
    ALL.iter().find(|(of, own, _)| *of == kind && *own == name).map(|(_, _, shape)| *shape)
}
