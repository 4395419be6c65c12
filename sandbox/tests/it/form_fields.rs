//! What forms are put into, and what clients are looked for by: what the stand-ins take, refuse and find.

use std::time::Duration;

use sandbox::hubspot::{HubSpot, Limits, Options};
use serde_json::{Value, json};

use crate::pipedrive_writing::send;
use crate::support::{Reply, exchange, get, sandbox};

async fn hubspot(sandbox: &HubSpot, path: &str, body: &Value) -> Reply {
    let headers = [("authorization", "Bearer sandbox-token"), ("content-type", "application/json")];
    exchange(sandbox, &format!("POST /crm/objects/2026-03/{path}"), &headers, &body.to_string()).await.expect("a reply")
}

async fn still() -> HubSpot {
    let limits = Limits { index_lag: Duration::from_secs(10), ..Limits::unlimited() };
    HubSpot::start(Options { clients: 20, still: true, limits, ..Options::default() }).await.expect("a stand-in")
}

#[tokio::test]
async fn hubspots_default_properties_take_what_they_hold_and_an_e_mail_is_one() {
    let sandbox = still().await;
    for (object, name, right, wrong) in [
        ("contacts", "email", "o'brien+x@example.com", "o'brien@localhost"),
        ("contacts", "email", "olha@example.com.ua", "olha petrenko@example.com"),
        ("contacts", "lifecyclestage", "lead", "Lead"),
        ("companies", "numberofemployees", "12", "twelve"),
        ("deals", "amount", "1200.50", "1 200"),
        ("deals", "closedate", "2026-12-01T00:00:00Z", "soon"),
        ("tickets", "hs_ticket_priority", "HIGH", "high"),
    ] {
        let made = |value: &str| {
            let mut properties = match object {
                "contacts" => json!({"firstname": "Olha"}),
                "companies" => json!({"name": "Acme"}),
                "deals" => json!({"dealname": "Deal", "dealstage": "contractsent"}),
                _ => json!({"subject": "Ticket", "hs_pipeline_stage": "1", "hs_pipeline": "0"}),
            };
            properties[name] = value.into();
            json!({"properties": properties, "associations": []})
        };
        let reply = hubspot(&sandbox, object, &made(right)).await;
        assert_eq!(reply.status, 201, "{object}.{name}: {}", reply.text());
        let reply = hubspot(&sandbox, object, &made(wrong)).await;
        assert_eq!(
            (reply.status, reply.json()["category"].clone()),
            (400, json!("VALIDATION_ERROR")),
            "{object}.{name}"
        );
    }
}

#[tokio::test]
async fn hubspots_search_compares_an_e_mail_whole_and_lags() {
    let sandbox = still().await;
    for email in ["olha@example.com", "olha@example.com.ua", "a.olha@example.com"] {
        let body = json!({"properties": {"email": email}, "associations": []});
        assert_eq!(hubspot(&sandbox, "contacts", &body).await.status, 201);
    }
    let found = async |email: &str| {
        let filter = json!({"propertyName": "email", "operator": "EQ", "value": email});
        let body = json!({
            "filterGroups": [{"filters": [filter]}], "sorts": [], "properties": ["email"], "limit": 100, "after": "0",
        });
        let reply = hubspot(&sandbox, "contacts/search", &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["total"].as_u64().expect("a number")
    };
    assert_eq!(found("olha@example.com").await, 0, "the index has not heard of her");
    sandbox.advance(Duration::from_secs(10));
    assert_eq!([found("OLHA@example.com").await, found("*@example.com").await, found("olha").await], [1, 0, 0]);
}

#[tokio::test]
async fn a_pipedrive_person_has_several_e_mails_and_each_is_found_whole() {
    let sandbox = sandbox(5).await;
    let emails = json!([
        {"value": "second@example.com", "primary": false, "label": "home"},
        {"value": "olha@example.com", "primary": true, "label": "work"},
    ]);
    let reply = send(&sandbox, "POST /api/v2/persons", &json!({"name": "Olha", "emails": emails})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["data"]["emails"][0]["value"], "olha@example.com", "the primary one first");
    assert_eq!(reply.json()["data"]["emails"][1]["primary"], false);
    sandbox.advance(Duration::from_secs(60));
    let found = async |term: &str| {
        let path = format!("/api/v2/itemSearch?term={term}&item_types=person&fields=email&exact_match=true");
        get(&sandbox, &path).await.data()["items"].as_array().expect("items").len()
    };
    assert_eq!([found("Second%40example.com").await, found("olha%40example.co").await], [1, 0]);
}

#[tokio::test]
async fn pipedrives_own_members_take_what_they_hold() {
    let sandbox = sandbox(5).await;
    let firm = json!({"name": "Acme", "address": {"value": "Kyiv"}, "website": "acme.example", "employee_count": 12});
    let reply = send(&sandbox, "POST /api/v2/organizations", &firm).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let data = reply.json()["data"].clone();
    assert_eq!((&data["address"]["value"], &data["employee_count"]), (&json!("Kyiv"), &json!(12)));
    let deal = json!({"title": "Deal", "value": 1200.5, "currency": "UAH", "expected_close_date": "2026-12-01"});
    let reply = send(&sandbox, "POST /api/v2/deals", &deal).await;
    assert_eq!((reply.status, &reply.json()["data"]["value"]), (200, &json!(1200.5)), "{}", reply.text());
    for (head, name, wrong) in [
        ("POST /api/v2/organizations", "employee_count", json!("12")),
        ("POST /api/v2/organizations", "address", json!("Kyiv")),
        ("POST /api/v2/deals", "value", json!("1200")),
        ("POST /api/v2/deals", "currency", json!("XXX")),
        ("POST /api/v2/deals", "expected_close_date", json!("soon")),
        ("POST /api/v2/persons", "job_title", json!("Director")),
    ] {
        let mut body = json!({});
        body[if head.ends_with("deals") { "title" } else { "name" }] = "x".into();
        body[name] = wrong;
        assert_eq!(send(&sandbox, head, &body).await.status, 400, "{head} {body}");
    }
}

#[tokio::test]
async fn pipedrives_custom_numbers_and_days_take_no_texts() {
    let sandbox = sandbox(5).await;
    for (kind, right, wrong) in [("double", json!(12.5), json!("12.5")), ("date", json!("2026-12-01"), json!("soon"))] {
        let field = json!({"field_name": kind, "field_type": kind});
        let field = send(&sandbox, "POST /api/v2/dealFields", &field).await;
        let key = field.json()["data"]["field_code"].as_str().expect("a key").to_owned();
        let deal = |value: &Value| json!({"title": "Deal", "custom_fields": {&key: value}});
        assert_eq!(send(&sandbox, "POST /api/v2/deals", &deal(&right)).await.status, 200, "{kind}");
        assert_eq!(send(&sandbox, "POST /api/v2/deals", &deal(&wrong)).await.status, 400, "{kind}");
    }
}
