//! Change tracking of SMART CRM's stand-in.

use std::time::Duration;

use sandbox::kit::EntityKind;
use sandbox::smart_crm::Change;
use serde_json::json;

use crate::smart_crm::{Stage, TRACK, token};

#[tokio::test]
async fn a_delta_link_shows_what_changed_and_what_was_deleted_and_nothing_twice() {
    let stage = Stage::with(|options| options.limits.page = 4).await;
    let (rows, delta) = stage.all("contacts?$select=fullname", &[TRACK]).await;
    assert!(rows.len() > 20 && delta.is_string());
    let (added, gone) = (stage.create(EntityKind::Contact, &[]), stage.create(EntityKind::Contact, &[]));
    stage.crm.change(Change::Delete { entity: gone.clone() }).expect("deleted");
    let page = stage.follow(delta.as_str().expect("a link"), &[]).await.json();
    assert!(page["@odata.context"].as_str().expect("a context").ends_with("/$delta"));
    let value = page["value"].as_array().expect("a list");
    assert_eq!((value.len(), value[0]["contactid"].clone()), (2, json!(added.id)));
    assert_eq!((value[1]["id"].clone(), value[1]["reason"].clone()), (json!(gone.id), json!("deleted")));
    let again = stage.follow(page["@odata.deltaLink"].as_str().expect("a link"), &[]).await.json();
    assert_eq!(again["value"], json!([]));
}

#[tokio::test]
async fn tracking_knows_no_filter_order_or_top_and_not_every_table() {
    let stage = Stage::start().await;
    for below in ["contacts?$filter=statecode%20eq%200", "contacts?$orderby=modifiedon", "contacts?$top=5"] {
        let reply = stage.get(below, &[TRACK]).await;
        assert!(reply.status == 400 && reply.text().contains("Change Tracking"), "{below}: {}", reply.text());
    }
    assert_eq!(stage.get("incidents", &[TRACK]).await.status, 400);
    stage.crm.change(Change::Track { kind: EntityKind::Ticket }).expect("tracked");
    assert!(stage.get("incidents", &[TRACK]).await.json()["@odata.deltaLink"].is_string());
}

#[tokio::test]
async fn a_reading_that_does_not_ask_for_tracking_to_its_end_gets_no_link() {
    let stage = Stage::with(|options| options.limits.page = 30).await;
    let first = stage.get("contacts?$select=fullname", &[TRACK]).await.json();
    let next = first["@odata.nextLink"].as_str().expect("a link");
    assert!(stage.follow(next, &[]).await.json()["@odata.deltaLink"].is_null());
    assert!(stage.follow(next, &[TRACK]).await.json()["@odata.deltaLink"].is_string());
}

#[tokio::test]
async fn a_delta_link_dies_after_seven_days_and_when_its_table_changes() {
    let stage = Stage::start().await;
    let (_, delta) = stage.all("leads?$select=fullname", &[TRACK]).await;
    let delta = delta.as_str().expect("a link").to_owned();
    assert_eq!(stage.follow(&delta, &[]).await.status, 200);
    stage.crm.change(Change::Reshape { kind: EntityKind::Lead }).expect("changed");
    let reply = stage.follow(&delta, &[]).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (400, json!("0x80044352")));
    let (_, delta) = stage.all("leads?$select=fullname", &[TRACK]).await;
    stage.crm.advance(Duration::from_secs(7 * 86_400 + 1));
    let fresh = Stage { token: token(&stage.crm).await, crm: stage.crm };
    let reply = fresh.follow(delta.as_str().expect("a link"), &[]).await;
    assert_eq!(reply.json()["error"]["code"], "0x80044352");
}
