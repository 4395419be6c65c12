//! The properties of a record: which there are, what they hold, what the vendor makes of a number.

use super::object::{Object, SECOND_PHONE, stages};
use crate::kit::EntityKind;

/// What a property holds, for comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Compared without case, and by token.
    Text,
    /// Compared as a number.
    Number,
    /// Compared as milliseconds since 1970.
    Time,
}

/// The vendor's own words for a kind, in paths.
pub(super) fn kind_of(word: &str) -> Option<EntityKind> {
    Some(match word {
        "contacts" | "contact" | "0-1" => EntityKind::Contact,
        "companies" | "company" | "0-2" => EntityKind::Organization,
        "deals" | "deal" | "0-3" => EntityKind::Deal,
        "tickets" | "ticket" | "0-5" => EntityKind::Ticket,
        "leads" | "lead" | "0-136" => EntityKind::Lead,
        _ => return None,
    })
}

/// The vendor's word for one of a kind.
pub(super) const fn word(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Contact => "contact",
        EntityKind::Organization => "company",
        EntityKind::Deal => "deal",
        EntityKind::Ticket => "ticket",
        EntityKind::Lead => "lead",
    }
}

/// The id of a kind.
pub(super) const fn type_id(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Contact => "0-1",
        EntityKind::Organization => "0-2",
        EntityKind::Deal => "0-3",
        EntityKind::Ticket => "0-5",
        EntityKind::Lead => "0-136",
    }
}

const PHONE: &str = "hs_searchable_calculated_phone_number";
const MOBILE: &str = "hs_searchable_calculated_mobile_number";

/// The texts of a kind, but for its owner.
const fn texts(kind: EntityKind) -> &'static [&'static str] {
    match kind {
        EntityKind::Contact => &["firstname", "lastname", "phone", "mobilephone", SECOND_PHONE, PHONE, MOBILE],
        EntityKind::Organization => &["name", "phone"],
        EntityKind::Deal => &["dealname", "pipeline", "dealstage", "hs_is_closed"],
        EntityKind::Ticket => &["subject", "hs_pipeline", "hs_pipeline_stage"],
        EntityKind::Lead => &["hs_lead_name", "hs_pipeline", "hs_pipeline_stage"],
    }
}

/// When a record of a kind was created, and when it was last changed.
const fn times(kind: EntityKind) -> [&'static str; 2] {
    match kind {
        EntityKind::Contact => ["createdate", "lastmodifieddate"],
        EntityKind::Lead => ["hs_createdate", "hs_lastmodifieddate"],
        _ => ["createdate", "hs_lastmodifieddate"],
    }
}

/// The type of a kind's property; `None` where it has none of the name. `calculated`: whether companies have a number that
/// is calculated to be searched.
pub(super) fn type_of(kind: EntityKind, name: &str, calculated: bool) -> Option<Type> {
    let companys = calculated && kind == EntityKind::Organization && name == PHONE;
    if name == "hubspot_owner_id" || companys || texts(kind).contains(&name) {
        Some(Type::Text)
    } else if times(kind).contains(&name) {
        Some(Type::Time)
    } else {
        (name == "hs_object_id").then_some(Type::Number)
    }
}

/// Where a contact's numbers stand, in their order.
pub(super) const PHONES: [&str; 3] = ["phone", "mobilephone", SECOND_PHONE];

/// What is given where nobody says which.
pub(super) const fn defaults(kind: EntityKind) -> &'static [&'static str] {
    match kind {
        EntityKind::Contact => &["firstname", "lastname", "createdate", "lastmodifieddate", "hs_object_id"],
        EntityKind::Organization => &["name", "createdate", "hs_lastmodifieddate", "hs_object_id"],
        EntityKind::Deal => &["dealname", "pipeline", "dealstage", "createdate", "hs_lastmodifieddate", "hs_object_id"],
        EntityKind::Ticket => {
            &["subject", "hs_pipeline", "hs_pipeline_stage", "createdate", "hs_lastmodifieddate", "hs_object_id"]
        }
        EntityKind::Lead => &["hs_lead_name", "hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
    }
}

/// A time as the vendor writes it: with milliseconds.
pub(super) fn time(at_s: i64) -> String {
    jiff::Timestamp::from_second(at_s).unwrap_or_default().to_string().replace('Z', ".000Z")
}

/// What a property of a record holds.
pub(super) fn value(object: &Object, name: &str) -> Option<String> {
    let phone = |at: usize| object.phones.get(at).filter(|typed| !typed.is_empty()).cloned();
    match name {
        "hubspot_owner_id" => object.owner.map(|id| id.to_string()),
        "hs_object_id" => Some(object.id.to_string()),
        "lastmodifieddate" | "hs_lastmodifieddate" => Some(time(object.update_s)),
        "createdate" | "hs_createdate" => Some(time(object.add_s)),
        "firstname" => object.name.split(' ').next().map(str::to_owned),
        "lastname" => object.name.split_once(' ').map(|(_, last)| last.to_owned()),
        "name" | "dealname" | "subject" | "hs_lead_name" => Some(object.name.clone()),
        "phone" => phone(0),
        "mobilephone" => phone(1),
        SECOND_PHONE => phone(2),
        PHONE => phone(0).and_then(|typed| calculated(&typed)),
        MOBILE => phone(1).and_then(|typed| calculated(&typed)),
        "pipeline" | "hs_pipeline" => Some(pipeline(object.kind).to_owned()),
        "dealstage" | "hs_pipeline_stage" => Some(object.stage.to_owned()),
        "hs_is_closed" => {
            Some(stages(object.kind).iter().any(|(id, _, closed)| *closed && *id == object.stage).to_string())
        }
        name => object.extra.get(name).cloned(),
    }
}

/// The id of a kind's only pipeline.
pub(super) const fn pipeline(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Deal => "default",
        EntityKind::Lead => "lead-pipeline-id",
        _ => "0",
    }
}

/// What the vendor makes of a number to be searched: area code and subscriber's number.
///
/// # Source
/// The vendor says that the country's code is left out, and users of the live API saw zeros at the beginning left out. A
/// code that is typed without a plus or zeros is taken for an area code here, and an extension for a part of the number:
/// guesses, on the harder side.
pub(super) fn calculated(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let abroad = if typed.trim_start().starts_with('+') { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    let national = match abroad {
        Some(whole) => ["380", "48"].iter().find_map(|code| whole.strip_prefix(code)).unwrap_or(whole),
        None => digits.as_str(),
    };
    let national = national.trim_start_matches('0');
    (!national.is_empty()).then(|| national.to_owned())
}

#[cfg(test)]
mod tests {
    use super::calculated;

    #[test]
    fn a_number_is_searched_by_what_stands_behind_its_country() {
        for typed in ["+380671112233", "00380671112233", "067 111 22 33", "+38 (067) 111-22-33", "671112233"] {
            assert_eq!(calculated(typed).as_deref(), Some("671112233"), "{typed}");
        }
        assert_eq!(calculated("00004").as_deref(), Some("4"), "as users of the live API saw it");
        assert_eq!(calculated("call after six"), None);
    }

    #[test]
    fn a_code_without_a_plus_and_an_extension_are_taken_for_parts_of_the_number() {
        assert_eq!(calculated("380671112233").as_deref(), Some("380671112233"));
        assert_eq!(calculated("0442001013 ext 204").as_deref(), Some("442001013204"));
    }
}
