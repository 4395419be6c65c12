//! The columns that forms may be put into, held against the vendor's own files.

use std::collections::BTreeSet;

use serde_json::Value;

use super::vendor::{self, FILES, vendor};
use crate::crm::beside;
use crate::crm::smart_crm::own::{self, COLUMNS, Takes};
use crate::crm::smart_crm::path;
use crate::crm::{Holds, OwnField};
use crate::model::client::Kind;

/// A column's row in the vendor's files, where they have it.
fn described(logical: &str, name: &str) -> Option<Value> {
    let folder = beside::description("dataverse")?;
    let (_, files) = FILES.iter().find(|(known, _)| *known == logical)?;
    files.iter().find_map(|file| {
        let text = std::fs::read(folder.join(format!("{file}.cdm.json"))).expect("a file");
        let file: Value = serde_json::from_slice(&text).expect("JSON");
        let members = &file["definitions"][0]["hasAttributes"][0]["attributeGroupReference"]["members"];
        members.as_array()?.iter().find(|member| member["sourceName"] == name).cloned()
    })
}

#[test]
fn every_column_is_in_the_vendors_files_with_its_type_its_length_and_its_bounds() {
    let Some(vendor) = vendor() else { return };
    for column in COLUMNS {
        let logical = path::table(column.kind).logical;
        let holds = vendor.property(logical, column.name).expect("a property");
        let Some(row) = described(logical, column.name) else {
            assert!(column.name.starts_with("address1_"), "{logical} {}: in no file", column.name);
            continue;
        };
        let bounds = [&row["minimumValue"], &row["maximumValue"]];
        let bounds = bounds.map(|bound| bound.as_str().and_then(|text| text.parse::<i64>().ok()).or(bound.as_i64()));
        match column.takes {
            Takes::Text(longest) | Takes::Whole(longest) | Takes::Phone(longest) => {
                assert_eq!(row["maximumLength"].as_u64(), Some(longest as u64), "{logical} {}", column.name);
                assert!(matches!(holds, vendor::Holds::Text(_)), "{logical} {}: {holds:?}", column.name);
                // What the files call a telephone number is one here; a pager is a text to them.
                let is_phone = row["dataType"] == "phone" || column.name == "pager";
                assert_eq!(is_phone, matches!(column.takes, Takes::Phone(_)), "{logical} {}", column.name);
            }
            Takes::Integer(least, most) => {
                assert_eq!((bounds, holds), ([Some(least), Some(most)], vendor::Holds::Whole), "{}", column.name);
            }
            Takes::Decimal(least, most) => {
                assert_eq!((bounds, holds), ([Some(least), Some(most)], vendor::Holds::Decimal), "{}", column.name);
            }
        }
    }
}

#[test]
fn a_column_stands_in_the_list_once_and_every_number_that_is_looked_for_is_a_phone_there() {
    let names: BTreeSet<(Kind, &str)> = COLUMNS.iter().map(|column| (column.kind, column.name)).collect();
    assert_eq!(names.len(), COLUMNS.len());
    let field = |kind, name: &str| own::OWN_FIELDS.iter().find(|field| (field.kind, field.name) == (kind, name));
    for table in path::TABLES {
        for number in table.numbers {
            let phone = OwnField { kind: table.kind, name: number, holds: Holds::Phone };
            assert_eq!(field(table.kind, number), Some(&phone));
        }
        let phones = own::OWN_FIELDS.iter().filter(|field| field.kind == table.kind && field.holds == Holds::Phone);
        assert_eq!(phones.count(), table.numbers.len(), "{}", table.logical);
    }
    assert_eq!(field(Kind::Deal, "estimatedvalue").map(|field| field.holds), Some(Holds::Number));
    assert_eq!(field(Kind::Contact, "jobtitle").map(|field| field.holds), Some(Holds::Text));
}

#[test]
fn a_name_with_a_publishers_prefix_is_an_organizations_own_and_no_standard_name_is() {
    for name in ["new_city", "cr123_utm_source", "acme_x", "a1_b", "publishr_x"] {
        assert!(own::is_custom(name), "{name}");
    }
    for name in ["city", "new_", "_new", "n_x", "publisher_x", "New_City", "new_city; drop", "1ab_x", "new-x", ""] {
        assert!(!own::is_custom(name), "{name}");
    }
    for (logical, files) in FILES {
        let Some(folder) = beside::description("dataverse") else { return };
        for file in files {
            let text = std::fs::read(folder.join(format!("{file}.cdm.json"))).expect("a file");
            let file: Value = serde_json::from_slice(&text).expect("JSON");
            let members = &file["definitions"][0]["hasAttributes"][0]["attributeGroupReference"]["members"];
            for name in members.as_array().into_iter().flatten().filter_map(|member| member["sourceName"].as_str()) {
                assert!(!own::is_custom(name), "{logical}: {name}");
            }
        }
    }
    assert!(COLUMNS.iter().all(|column| !own::is_custom(column.name)));
}
