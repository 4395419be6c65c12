//! Holds what is written, and what is read for it, against the vendor's description.

use std::collections::BTreeSet;

use url::Url;

use super::{judge::vendor, vendor::fields_of};
use crate::crm::pipedrive::{
    path::{self, Operation},
    write::{
        fields::{Field, made as made_field},
        seen,
    },
};
use crate::model::{action::Link, client::Kind};

/// Each thing by its id, and lists of what was made.
#[test]
fn what_the_writer_asks_is_described_and_costs_what_the_vendor_says() {
    let Some(vendor) = vendor() else { return };
    let base = Url::parse("https://acme.pipedrive.com").expect("a URL");
    let of = |name: &'static str| Some((name, "7".to_owned()));
    let person = Link { kind: Kind::Contact, id: 7.into() };
    let firm = Link { kind: Kind::Organization, id: 7.into() };
    let newest = |operation, name| path::newest(&base, operation, 1_795_000_000, of(name).as_ref());
    let read = [
        (path::ME, path::at(&base, path::ME)),
        (path::PERSON, path::one(&base, path::PERSON, "7")),
        (path::ORGANIZATION, path::one(&base, path::ORGANIZATION, "7")),
        (path::DEAL, path::one(&base, path::DEAL, "7")),
        (path::ACTIVITY, path::one(&base, path::ACTIVITY, "7")),
        (path::NOTE, path::one(&base, path::NOTE, "7")),
        (path::CALL_LOG, path::one(&base, path::CALL_LOG, "CA7")),
        (path::CALL_LOGS, path::call_logs(&base, 50)),
        (path::DEALS, path::open_deals_of(&base, person)),
        (path::DEALS, path::open_deals_of(&base, firm)),
        (path::LEADS, path::leads_of(&base, person)),
        (path::LEADS, path::leads_of(&base, firm)),
        (path::PERSONS, path::after(path::newest(&base, path::PERSONS, 1_795_000_000, None), "eyJ9")),
        (path::DEALS, newest(path::DEALS, "person_id")),
        (path::DEALS, newest(path::DEALS, "org_id")),
        (path::ACTIVITIES, newest(path::ACTIVITIES, "deal_id")),
        (path::ACTIVITIES, newest(path::ACTIVITIES, "lead_id")),
        (path::ACTIVITIES, newest(path::ACTIVITIES, "person_id")),
        (path::ACTIVITIES, newest(path::ACTIVITIES, "org_id")),
        (path::ACTIVITIES, newest(path::ACTIVITIES, "owner_id")),
        (path::NOTES, path::newest_first(&base, path::NOTES, 1_795_000_000, of("person_id").as_ref())),
        (path::PERSON_FIELDS, path::fields(&base, path::PERSON_FIELDS)),
        (path::ORGANIZATION_FIELDS, path::fields(&base, path::ORGANIZATION_FIELDS)),
        (path::DEAL_FIELDS, path::fields(&base, path::DEAL_FIELDS)),
    ];
    let costs = |method: &str, operation: Operation| {
        let (described, _) = vendor.operation(method, operation.path).expect(operation.path);
        assert_eq!(described["x-token-cost"].as_u64(), Some(operation.cost), "{method} {}", operation.path);
    };
    for (operation, url) in read {
        vendor.judge("GET", url.path(), url.query().unwrap_or_default()).expect("as described");
        costs("GET", operation);
    }
}

#[test]
fn what_is_written_costs_what_the_vendor_says() {
    let Some(vendor) = vendor() else { return };
    let costs = |method: &str, operation: Operation| {
        let (described, _) = vendor.operation(method, operation.path).expect(operation.path);
        assert_eq!(described["x-token-cost"].as_u64(), Some(operation.cost), "{method} {}", operation.path);
    };
    for operation in [
        path::ADD_PERSON,
        path::ADD_ORGANIZATION,
        path::ADD_DEAL,
        path::ADD_LEAD,
        path::ADD_ACTIVITY,
        path::ADD_NOTE,
        path::ADD_CALL_LOG,
        path::ADD_RECORDING,
        path::ADD_PERSON_FIELD,
        path::ADD_ORGANIZATION_FIELD,
        path::ADD_DEAL_FIELD,
    ] {
        costs("POST", operation);
    }
    for operation in [path::EDIT_PERSON, path::EDIT_ORGANIZATION, path::EDIT_DEAL, path::EDIT_LEAD, path::EDIT_ACTIVITY]
    {
        costs("PATCH", operation);
    }
    costs("PUT", path::EDIT_NOTE);
    for operation in [path::ADD_PERSON_FIELD, path::ADD_ORGANIZATION_FIELD, path::ADD_DEAL_FIELD] {
        for key in ["recording", "call_id"] {
            let body = made_field("Ringostat", key).to_string();
            vendor.judge_body("POST", operation.path, &body).expect("as described");
        }
    }
}

#[test]
fn the_judge_of_bodies_refuses_what_is_not_described() {
    let Some(vendor) = vendor() else { return };
    let judge = |path: &str, body: serde_json::Value| vendor.judge_body("POST", path, &body.to_string());
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let call = r#"{"outcome": "busy", "to_phone_number": "1", "start_time": "2026-11-20 10:00:00", "end_time": "x"}"#;
    judge("/v1/callLogs", json(call)).expect("times are read by the text beside the schema");
    for (path, body) in [
        ("/api/v2/persons", r#"{"name": "O", "phone": "1"}"#),
        ("/api/v2/persons", r#"{"name": "O", "owner_id": "101"}"#),
        ("/api/v2/persons", r#"{"name": "O", "phones": [{"number": "1"}]}"#),
        ("/api/v2/persons", r#"{"name": "O", "org_id": null}"#),
        ("/api/v2/deals", r#"{"owner_id": 101}"#),
        ("/api/v2/deals", r#"{"title": "D", "0000000000000000000000000000000000000001": "x"}"#),
        ("/api/v2/activities", r#"{"done": 1}"#),
        ("/v1/notes", r#"{"person_id": 7}"#),
        ("/v1/callLogs", &call.replace("busy", "answered")),
        ("/v1/callLogs", &call.replace("outcome", "result")),
        ("/api/v2/dealFields", r#"{"field_name": "x", "field_type": "string"}"#),
    ] {
        assert!(judge(path, json(body)).is_err(), "{path} {body}");
    }
}

#[test]
fn what_is_read_of_what_was_written_is_described() {
    let Some(vendor) = vendor() else { return };
    let mut described = BTreeSet::new();
    for operation in [path::PERSONS, path::DEALS, path::LEADS, path::ACTIVITIES, path::NOTES, path::CALL_LOGS] {
        described.extend(vendor.properties(operation));
    }
    for name in seen::NAMES {
        assert!(described.contains(name), "{name}");
    }
    for operation in [path::PERSON_FIELDS, path::ORGANIZATION_FIELDS, path::DEAL_FIELDS] {
        let described = vendor.properties(operation);
        assert!(fields_of::<Field>().iter().all(|name| described.contains(*name)), "{}", operation.path);
    }
    assert_eq!(fields_of::<Field>(), ["field_name", "field_code", "field_type", "is_custom_field"]);
}
