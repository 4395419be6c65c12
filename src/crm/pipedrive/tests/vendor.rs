//! Holds what is read, its costs and property names against the vendor's description.

use serde::de::{Deserialize, Deserializer, Visitor, value::Error as ValueError};
use url::Url;

use super::judge::{ALARMS, FalseAlarm, OfBodies, fits, is_made_of, vendor};
use crate::base::secret::Secret;
use crate::crm::hooks::HookTarget;
use crate::crm::pipedrive::{
    hooks::added,
    path::{self, Operation, Part},
    wire::{Additional, Deal, Lead, Meta, Organization, Person, User, Webhook},
};
use crate::model::client::Kind;

/// Those that only read.
fn every_request() -> Vec<(Operation, Url)> {
    let base = Url::parse("https://acme.pipedrive.com").expect("a URL");
    let key = "ab".repeat(20);
    let since = Part { since_s: Some(1_795_000_000), cursor: Some("eyJpZCI6N30="), ..Part::default() };
    let fields = Part { custom_fields: Some(&key), ..since };
    let open = Part { status: Some(path::OPEN), ..Part::default() };
    let all = Part { status: Some(path::ANY_STATUS), ..since };
    vec![
        (path::PERSONS, path::part(&base, path::PERSONS, Part::default())),
        (path::PERSONS, path::part(&base, path::PERSONS, since)),
        (path::ORGANIZATIONS, path::part(&base, path::ORGANIZATIONS, fields)),
        (path::DEALS, path::part(&base, path::DEALS, open)),
        (path::DEALS, path::part(&base, path::DEALS, all)),
        (path::ARCHIVED_DEALS, path::part(&base, path::ARCHIVED_DEALS, all)),
        (path::PERSONS, path::part(&base, path::PERSONS, Part { ids: Some("7,8"), ..Part::default() })),
        (path::LEAD, path::lead(&base, crate::model::ids::CrmId::Uuid([7; 16]))),
        (path::LEADS, path::leads(&base, None, 0)),
        (path::LEADS, path::leads(&base, Some(1_795_000_000), 490)),
        (path::ARCHIVED_LEADS, path::archived_leads(&base, 0)),
        (path::USERS, path::users(&base)),
        (path::LEADS, path::newest_first(&base, path::LEADS, 1_795_000_000, Some(&("person_id", "7".to_owned())))),
        (path::WEBHOOKS, path::at(&base, path::WEBHOOKS)),
        (path::SEARCH, path::search(&base, "1112233", false)),
        (path::SEARCH, path::search(&base, "1112233", true)),
        (path::SEARCH, path::exactly(&base, "o'b&term=\"*@example.com", &[Kind::Contact], "email")),
        (path::SEARCH, path::exactly(&base, "1.2", &[Kind::Contact, Kind::Lead], "custom_fields")),
    ]
}

#[test]
fn every_request_is_one_that_the_vendor_describes_and_costs_what_it_says() {
    let Some(vendor) = vendor() else { return };
    for (operation, url) in every_request() {
        assert!(is_made_of(url.path(), operation.path), "{url}");
        vendor.judge("GET", url.path(), url.query().unwrap_or_default()).expect("as described");
        let (described, _) = vendor.operation("GET", operation.path).expect(operation.path);
        assert_eq!(described["x-token-cost"].as_u64(), Some(operation.cost), "{}", operation.path);
    }
}

#[test]
fn webhooks_are_made_and_taken_away_as_the_vendor_describes_for_what_it_says() {
    let Some(vendor) = vendor() else { return };
    let base = Url::parse("https://acme.pipedrive.com").expect("a URL");
    let url = path::webhook(&base, 7);
    assert_eq!(url.path(), "/v1/webhooks/7");
    vendor.judge("DELETE", url.path(), "").expect("as described");
    for (method, operation) in [("POST", path::ADD_WEBHOOK), ("DELETE", path::DROP_WEBHOOK)] {
        let (described, _) = vendor.operation(method, operation.path).expect(operation.path);
        assert_eq!(described["x-token-cost"].as_u64(), Some(operation.cost), "{}", operation.path);
    }
    let target = HookTarget::of(&base, "acme", Secret::new("s3cret"));
    let body = added(&target, "predial 0a1b2c3d", "person");
    vendor.judge_body("POST", path::ADD_WEBHOOK.path, &body.to_string()).expect("as described");
    for (name, wrong) in [
        ("event_object", "persons".into()),
        ("event_action", "added".into()),
        ("version", "2".into()),
        ("name", "n".repeat(256).into()),
        ("name", serde_json::Value::Null),
        ("user_ids", "7".into()),
    ] {
        let mut body = body.clone();
        body[name] = wrong;
        assert!(vendor.judge_body("POST", path::ADD_WEBHOOK.path, &body.to_string()).is_err(), "{body}");
    }
}

#[test]
fn the_judge_refuses_what_is_not_described() {
    let Some(vendor) = vendor() else { return };
    for (path, query) in [
        ("/api/v2/people", ""),
        ("/v1/persons", ""),
        ("/persons", ""),
        ("/api/v2/persons", "status=open"),
        ("/api/v2/persons", "limit=many"),
        ("/api/v2/persons", "sort_by=name"),
        ("/api/v2/persons", "limit=1&limit=2"),
        ("/api/v2/deals", "status=open,archived"),
        ("/api/v2/itemSearch", "fields=phone"),
        ("/api/v2/itemSearch", "term=1&fields=phones"),
        ("/api/v2/itemSearch", "term=1&search_for_related_items=1"),
        ("/v1/leads/archived", "updated_since=2026-01-01T00:00:00Z"),
        ("/v1/leads/archived", "sort=update_time DOWN"),
    ] {
        assert!(vendor.judge("GET", path, query).is_err(), "{path}?{query}");
    }
}

#[test]
fn every_override_is_needed() {
    let Some(vendor) = vendor() else { return };
    let queries: Vec<_> = every_request().into_iter().map(|(_, url)| url).collect();
    for FalseAlarm { at: inner, what: name, reason, .. } in &ALARMS.request {
        let needed = queries.iter().any(|url| {
            let Ok((operation, found)) = vendor.operation("GET", url.path()) else { return false };
            let described = operation["parameters"].as_sequence().into_iter().flatten();
            let schema = described.filter(|known| known["name"] == name.as_str()).map(|known| &known["schema"]).next();
            let mut values = url.query_pairs().filter(|(sent, _)| sent == name);
            found == *inner && schema.is_some_and(|schema| values.any(|(_, value)| fits(schema, &value, None).is_err()))
        });
        assert!(needed, "{inner} {name}: {reason}");
    }
    for OfBodies { at, what, reason } in &ALARMS.body {
        let (operation, _) = vendor.operation("POST", &format!("/v1{at}")).expect(at);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"][what.as_str()];
        assert_eq!(schema["format"].as_str(), Some("date-time"), "{at} {what}: {reason}");
    }
}

#[test]
fn every_property_that_is_read_is_one_that_the_vendor_describes() {
    let Some(vendor) = vendor() else { return };
    let holds = |operation: Operation, read: &[&str]| {
        let described = vendor.properties(operation);
        for name in read {
            assert!(described.contains(*name), "{}: {name}", operation.path);
        }
    };
    holds(path::PERSONS, fields_of::<Person>());
    holds(path::ORGANIZATIONS, fields_of::<Organization>());
    holds(path::DEALS, fields_of::<Deal>());
    holds(path::ARCHIVED_DEALS, fields_of::<Deal>());
    holds(path::LEADS, fields_of::<Lead>());
    holds(path::USERS, fields_of::<User>());
    holds(path::WEBHOOKS, fields_of::<Webhook>());
    holds(path::PERSONS, &["next_cursor", "success", "data", "additional_data", "value"]);
    holds(path::SEARCH, &["items", "related_items", "item", "owner", "person", "organization", "phones"]);
    holds(path::SEARCH, &["id", "name", "type", "status", "is_archived", "custom_fields"]);
}

/// The closed list: who reads another property adds it here, having looked it up.
#[test]
fn the_properties_read_are_these() {
    assert_eq!(
        fields_of::<Person>(),
        ["id", "name", "owner_id", "org_id", "add_time", "update_time", "is_deleted", "phones", "custom_fields"]
    );
    assert_eq!(
        fields_of::<Organization>(),
        ["id", "name", "owner_id", "add_time", "update_time", "is_deleted", "custom_fields"]
    );
    assert_eq!(
        fields_of::<Deal>(),
        ["id", "owner_id", "person_id", "org_id", "add_time", "update_time", "status", "is_archived", "is_deleted"]
    );
    assert_eq!(
        fields_of::<Lead>(),
        ["id", "owner_id", "person_id", "organization_id", "add_time", "update_time", "is_archived"]
    );
    assert_eq!(fields_of::<User>(), ["id", "email", "phone", "active_flag", "is_deleted"]);
    assert_eq!(
        fields_of::<Webhook>(),
        ["id", "subscription_url", "event_action", "event_object", "version", "is_active", "remove_time", "name"]
    );
    // Of the guide to webhooks; the description does not have what is delivered.
    assert_eq!(fields_of::<Meta>(), ["entity", "entity_id", "merged_to_id", "merged_from_id"]);
    assert_eq!(fields_of::<Additional>(), ["next_cursor", "more_items_in_collection", "pagination"]);
}

/// The property names that a type reads, as serde hands them to a deserializer.
pub(super) fn fields_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    assert!(T::deserialize(Names(&mut fields)).is_err(), "names are not a value");
    fields
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(serde::de::Error::custom("expected a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ValueError> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only names are wanted"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
