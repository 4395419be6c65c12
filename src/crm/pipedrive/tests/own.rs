//! The vendor's own fields, an account's, and in which shapes they are written.

use serde_json::json;

use super::judge::vendor;
use crate::base::problem::Placed;
use crate::config::{CrmSection, FieldNames};
use crate::crm::Holds;
use crate::crm::pipedrive::{ADAPTER, own, settings::prepare, write::seen::Seen};
use crate::model::client::Kind;

#[test]
fn a_key_that_is_named_for_all_is_a_problem_and_a_name_is_none() {
    let account = CrmSection {
        file: "acme.toml".to_owned(),
        base_url: Some(Placed::new("https://acme.pipedrive.com".to_owned(), 2)),
        token: Some(Placed::new(crate::base::secret::Secret::new("t"), 3)),
        ..CrmSection::of_kind("pipedrive")
    };
    let key = "ab".repeat(20);
    let with = |owner: &str, name: &str| {
        let mut fields = FieldNames::default();
        fields.add_custom(owner, Placed::new(name.to_owned(), 20));
        let told = prepare(&CrmSection { fields, ..account.clone() }).err().unwrap_or_default();
        told.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(with("contact", &key), [""; 0]);
    assert_eq!(with("contact", "Topic"), [""; 0]);
    assert!(with("contact", "").concat().contains("crm.fields.custom"));
}

#[test]
fn the_vendors_own_fields_are_those_of_its_description_in_its_shapes() {
    assert!((ADAPTER.is_custom)(&"ab".repeat(20)) && !(ADAPTER.is_custom)("Topic"));
    let holds = |kind, name| ADAPTER.own_field(kind, name).map(|field| field.holds);
    assert_eq!(holds(Kind::Contact, "phones"), Some(Holds::Phone));
    assert_eq!(holds(Kind::Deal, "value"), Some(Holds::Number));
    let Some(vendor) = vendor() else { return };
    for field in ADAPTER.own_fields {
        let path = match field.kind {
            Kind::Contact => "/api/v2/persons",
            Kind::Organization => "/api/v2/organizations",
            Kind::Deal => "/api/v2/deals",
            _ => "/v1/leads",
        };
        let value = match own::shape(field.kind, field.name).expect("a shape") {
            own::Shape::Text => json!("text"),
            own::Shape::Number => json!(1.5),
            own::Shape::Whole => json!(2),
            own::Shape::Day => json!("2026-12-01"),
            own::Shape::Inner => json!({"value": "text"}),
            own::Shape::Phone | own::Shape::Email => json!([{"value": "x", "primary": true, "label": "work"}]),
        };
        let mut body = json!({"name": "Olha", "title": "Deal", "person_id": 7});
        for other in ["name", "title", "person_id"] {
            let needed = match field.kind {
                Kind::Contact | Kind::Organization => other == "name",
                Kind::Deal | Kind::Lead | Kind::Ticket => other != "name",
            };
            if !needed {
                body.as_object_mut().expect("an object").remove(other);
            }
        }
        body[field.name] = value;
        vendor.judge_body("POST", path, &body.to_string()).unwrap_or_else(|wrong| panic!("{path} {body}: {wrong:?}"));
        body[field.name] = json!({"no": "such shape"});
        assert!(vendor.judge_body("POST", path, &body.to_string()).is_err(), "{path} {body}");
    }
}

#[test]
fn members_are_the_same_by_what_they_hold() {
    let seen: Seen = serde_json::from_value(json!({
        "value": 1200, "address": {"value": "Kyiv", "country": "Ukraine"}, "title": "Deal",
        "phones": [{"value": "", "primary": true, "label": "work"}],
    }))
    .expect("something seen");
    assert!(seen.holds("value", &json!(1200.0)) && seen.holds("address", &json!({"value": "Kyiv"})));
    assert!(!seen.holds("title", &json!("Other")) && !seen.holds("website", &json!("x")));
    assert_eq!(seen.list("phones"), [json!(null); 0]);
}
