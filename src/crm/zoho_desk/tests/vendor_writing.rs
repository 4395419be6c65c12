//! The judge's part about writing: values in bodies, and the properties that are read of what was written.

use sandbox::kit::Asked;
use serde_json::{Value, json};

use super::vendor::{asked, fields_of, judge};
use crate::crm::zoho_desk::write::told::{Comment, Department, Field, Listed, Organization, Person, Whole, Written};

/// What is wrong with the values of a body, by the names of its properties.
pub(super) fn body_alarms(body: &Value) -> Vec<String> {
    let Some(body) = body.as_object() else { return Vec::new() };
    let text = |value: &Value, most: usize| value.as_str().is_some_and(|text| text.chars().count() <= most);
    let time = |text: &str| text.len() == 24 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let custom = |fields: &Value| {
        let sound = |(name, value): (&String, &Value)| name.starts_with("cf_") && text(value, 100);
        fields.as_object().is_some_and(|fields| fields.iter().all(sound))
    };
    let wrong = |(name, value): (&String, &Value)| {
        let fits = match name.as_str() {
            "ignoreSourceId" | "isPublic" | "subscriptions" | "includeEventsFrom" | "isEnabled" => true,
            "cf" => custom(value),
            "description" => text(value, 65_535),
            "content" => text(value, 32_000),
            "subject" => text(value, 300),
            "lastName" | "accountName" => text(value, 200),
            "phone" | "mobile" => text(value, 50),
            "dueDate" | "startTime" => value.as_str().is_some_and(time),
            "duration" | "maxLength" => value.as_str().is_some_and(digits),
            "direction" => ["inbound", "outbound"].contains(&value.as_str().unwrap_or_default()),
            "contentType" => ["plainText", "html"].contains(&value.as_str().unwrap_or_default()),
            id if id.ends_with("Id") => value.as_str().is_some_and(digits),
            _ => text(value, 500),
        };
        (!fits).then(|| format!("{name} is no value of it"))
    };
    body.iter().filter_map(wrong).collect()
}

/// The properties that are read when something is written, each of them one that the table has.
pub(super) fn hold(holds: impl Fn(&str, &[&str])) {
    let all = fields_of::<Listed>();
    let of = |left_out: &[&str]| all.iter().copied().filter(|name| !left_out.contains(name)).collect::<Vec<_>>();
    holds("contact-listed", &of(&["contactId", "statusType"]));
    holds("account-listed", &of(&["contactId", "statusType"]));
    holds("ticket-listed", all);
    holds("task-listed", &of(&["phone", "email"]));
    holds("call-listed", &of(&["phone", "email"]));
    holds("task", fields_of::<Whole>());
    holds("call", fields_of::<Whole>());
    holds("ticket", fields_of::<Whole>());
    holds("contact", &["description", "cf"]);
    holds("contact", fields_of::<Person>());
    holds("account", &["description", "cf"]);
    holds("comment", fields_of::<Comment>());
    holds("department", fields_of::<Department>());
    holds("field", fields_of::<Field>());
    holds("organization", fields_of::<Organization>());
}

/// The closed list: who reads another property adds it here, having looked it up.
#[test]
fn the_properties_read_when_something_is_written_are_these() {
    assert_eq!(fields_of::<Listed>(), ["id", "contactId", "phone", "email", "statusType", "createdTime"]);
    assert_eq!(fields_of::<Whole>(), ["departmentId", "description", "cf"]);
    let person = ["id", "firstName", "lastName", "email", "secondaryEmail", "phone", "mobile", "cf"];
    assert_eq!(fields_of::<Person>(), person);
    assert_eq!(fields_of::<Comment>(), ["id", "content"]);
    assert_eq!(fields_of::<Written>(), ["id"]);
    assert_eq!(fields_of::<Department>(), ["id", "isEnabled", "isDefault"]);
    assert_eq!(fields_of::<Field>(), ["apiName", "type", "maxLength"]);
    assert_eq!(fields_of::<Organization>(), ["id"]);
}

#[test]
fn a_body_that_the_vendor_would_not_take_is_caught() {
    let good =
        json!({"subject": "Call", "departmentId": "7", "dueDate": "2024-11-11T13:06:08.000Z", "cf": {"cf_a": "b"}});
    let judged = |body: &Value| judge(&Asked { body: Some(body.to_string()), ..asked("POST /api/v1/tasks", "") });
    assert_eq!(judged(&good), Ok(()));
    for (name, value) in [
        ("subject", json!("x".repeat(301))),
        ("departmentId", json!(7)),
        ("dueDate", json!("2024-11-11T13:06:08+02:00")),
        ("cf", json!({"cf_a": 7})),
        ("cf", json!({"cf_a": "x".repeat(101)})),
        ("cf", json!({"a": "b"})),
        ("accountId", json!("7")),
        ("descripton", json!("misspelt")),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        assert!(judged(&wrong).is_err(), "{wrong}");
    }
    let mut without = good;
    without.as_object_mut().expect("an object").remove("departmentId");
    assert!(judged(&without).expect_err("no department").contains("departmentId is missing"));
}
