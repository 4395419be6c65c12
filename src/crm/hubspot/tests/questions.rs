//! What is asked, and how a number is asked for.

use std::collections::BTreeSet;

use serde_json::json;

use crate::crm::hubspot::path;
use crate::model::client::Kind;
use crate::model::phone::PhoneKey;

fn key(digits: u64) -> PhoneKey {
    PhoneKey::from_digits(digits).expect("a number")
}

#[test]
fn a_number_is_asked_for_without_its_countrys_code_and_as_somebody_forgot_the_plus() {
    let fields = ["second_phone".to_owned(), "other".to_owned()];
    let there = BTreeSet::from(["second_phone".to_owned()]);
    let asked = path::carriers(Kind::Contact, &fields, key(380_671_112_233), &there);
    let forms = json!(["671112233", "380671112233"]);
    let any = |name: &str| json!({"filters": [{"propertyName": name, "operator": "IN", "values": forms}]});
    let ends = json!({"propertyName": "second_phone", "operator": "CONTAINS_TOKEN", "value": "*671112233"});
    assert_eq!(
        asked["filterGroups"],
        json!([
            any("hs_searchable_calculated_phone_number"),
            any("hs_searchable_calculated_mobile_number"),
            {"filters": [ends]},
        ]),
    );
    // Italy's numbers keep their zero, the vendor does not.
    let asked = path::carriers(Kind::Contact, &[], key(390_612_345_678), &BTreeSet::new());
    assert_eq!(asked["filterGroups"][0]["filters"][0]["values"], json!(["0612345678", "612345678", "390612345678"]));
}

#[test]
fn companies_are_asked_for_what_they_are_known_to_have() {
    let unknown = path::carriers(Kind::Organization, &[], key(380_671_112_233), &BTreeSet::new());
    let filter = &unknown["filterGroups"][0]["filters"][0];
    assert_eq!((&filter["propertyName"], &filter["operator"]), (&json!("phone"), &json!("CONTAINS_TOKEN")));
    let there = BTreeSet::from(["hs_searchable_calculated_phone_number".to_owned()]);
    let known = path::carriers(Kind::Organization, &[], key(380_671_112_233), &there);
    assert_eq!(known["filterGroups"][0]["filters"][0]["propertyName"], json!("hs_searchable_calculated_phone_number"));
}
