//! Lists: pages, cursors, times, parameters.

use serde_json::Value;

use crate::support::{TOKEN, all, exchange, get, ids, sandbox};

#[tokio::test]
async fn a_crawl_by_cursor_sees_every_person_once_and_ends_with_a_null_cursor() {
    let sandbox = sandbox(1_234).await;
    let people = all(&sandbox, "/api/v2/persons?limit=500").await;
    let ids = ids(&people);
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    // Seventeen sample cases have persons; one of the persons is deleted.
    assert_eq!(ids.len(), 1_234 + 15);
    let last = get(&sandbox, "/api/v2/persons?limit=1&sort_direction=desc&ids=1").await;
    assert_eq!(last.json()["additional_data"]["next_cursor"], Value::Null);
}

#[tokio::test]
async fn pages_have_at_most_500_records_and_100_unless_asked() {
    let sandbox = sandbox(1_000).await;
    let length = async |path: &str| get(&sandbox, path).await.data().as_array().unwrap().len();
    assert_eq!(length("/api/v2/persons").await, 100);
    assert_eq!(length("/api/v2/persons?limit=500").await, 500);
    for limit in ["501", "0", "-1", "many"] {
        let reply = get(&sandbox, &format!("/api/v2/persons?limit={limit}")).await;
        assert_eq!((reply.status, &reply.json()["success"]), (400, &Value::Bool(false)), "{limit}");
        assert_eq!(reply.json()["code"], "ERR_SCHEMA_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_order_only() {
    let sandbox = sandbox(100).await;
    let cursor = get(&sandbox, "/api/v2/persons?limit=5").await.next_cursor().unwrap();
    assert_eq!(get(&sandbox, &format!("/api/v2/persons?limit=5&cursor={cursor}")).await.status, 200);
    for wrong in [format!("{cursor}&sort_by=update_time"), "bm9uc2Vuc2U".to_owned(), "%20".to_owned()] {
        assert_eq!(get(&sandbox, &format!("/api/v2/persons?limit=5&cursor={wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn updated_since_is_inclusive_and_updated_until_exclusive() {
    let sandbox = sandbox(50).await;
    let people = all(&sandbox, "/api/v2/persons?sort_by=update_time").await;
    let at = people[40]["update_time"].as_str().unwrap();
    let since = all(&sandbox, &format!("/api/v2/persons?sort_by=update_time&updated_since={at}")).await;
    let until = all(&sandbox, &format!("/api/v2/persons?sort_by=update_time&updated_until={at}")).await;
    assert_eq!(ids(&since), ids(&people[40..]));
    assert_eq!(ids(&until), ids(&people[..40]));
}

#[tokio::test]
async fn a_time_with_fractions_of_a_second_is_refused_by_the_second_api_and_taken_by_the_first() {
    let sandbox = sandbox(10).await;
    let reply = get(&sandbox, "/api/v2/deals?updated_since=2025-01-01T00:00:00.000Z").await;
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("not a valid datetime"));
    assert_eq!(get(&sandbox, "/v1/leads?updated_since=2025-01-01T00:00:00.000Z").await.status, 200);
}

#[tokio::test]
async fn unknown_parameters_and_words_are_refused_by_the_second_api_and_ignored_by_the_first() {
    let sandbox = sandbox(10).await;
    for path in [
        "/api/v2/persons?phone=1",
        "/api/v2/persons?sort_by=name",
        "/api/v2/persons?include_fields=phone",
        "/api/v2/persons?include_labels=1",
        "/api/v2/persons?filter_id=7",
        "/api/v2/deals?status=closed",
        "/api/v2/deals?owner_id=anna",
        "/api/v2/organizations?person_id=1",
    ] {
        assert_eq!(get(&sandbox, path).await.status, 400, "{path}");
    }
    assert_eq!(get(&sandbox, "/v1/leads?cursor=x&archived_status=archived").await.status, 200);
    assert_eq!(get(&sandbox, "/v1/leads?owner_id=anna").await.status, 400);
}

#[tokio::test]
async fn at_most_fifteen_custom_fields_can_be_asked_for_and_only_those_come() {
    let sandbox = sandbox(10).await;
    let key = sandbox::pipedrive::ORGANIZATION_PHONE;
    let firm = get(&sandbox, &format!("/api/v2/organizations/2?custom_fields={key}")).await.data();
    assert_eq!(firm["custom_fields"], serde_json::json!({key: "(044) 200-10-02"}));
    let all_fields = get(&sandbox, "/api/v2/organizations/2").await.data();
    assert_eq!(all_fields["custom_fields"].as_object().unwrap().len(), 2);
    let keys = vec![key; 16].join(",");
    assert_eq!(get(&sandbox, &format!("/api/v2/organizations?custom_fields={keys}")).await.status, 400);
}

#[tokio::test]
async fn included_fields_are_counted_from_the_account() {
    let sandbox = sandbox(10).await;
    let fields = "open_deals_count,won_deals_count,notes_count,next_activity_id";
    let person = get(&sandbox, &format!("/api/v2/persons/19?include_fields={fields}")).await.data();
    assert_eq!((&person["open_deals_count"], &person["won_deals_count"]), (&Value::from(2), &Value::from(0)));
    assert_eq!((&person["notes_count"], &person["next_activity_id"]), (&Value::from(0), &Value::Null));
    let won = get(&sandbox, &format!("/api/v2/persons/5?include_fields={fields}")).await.data();
    assert_eq!((&won["open_deals_count"], &won["won_deals_count"]), (&Value::from(0), &Value::from(1)));
    assert!(get(&sandbox, "/api/v2/persons/5").await.data().get("open_deals_count").is_none());
}

#[tokio::test]
async fn up_to_a_hundred_records_can_be_asked_for_by_id_and_unknown_ids_are_left_out() {
    let sandbox = sandbox(10).await;
    assert_eq!(ids(&all(&sandbox, "/api/v2/persons?ids=8,1,999999,17&limit=1").await), [1, 8]);
    let many = vec!["1"; 101].join(",");
    assert_eq!(get(&sandbox, &format!("/api/v2/persons?ids={many}")).await.status, 400);
}

#[tokio::test]
async fn lists_of_deals_are_filtered_by_person_organization_owner_and_status() {
    let sandbox = sandbox(400).await;
    let deals = all(&sandbox, "/api/v2/deals?limit=500").await;
    let deal = deals.iter().find(|deal| deal["id"].as_u64() > Some(1_000) && !deal["org_id"].is_null()).unwrap();
    for (parameter, field) in [("person_id", "person_id"), ("org_id", "org_id"), ("owner_id", "owner_id")] {
        let value = deal[field].as_u64().unwrap();
        let found = all(&sandbox, &format!("/api/v2/deals?{parameter}={value}")).await;
        let expected: Vec<_> = deals.iter().filter(|deal| deal[field].as_u64() == Some(value)).cloned().collect();
        assert_eq!(ids(&found), ids(&expected), "{parameter}");
    }
    let closed = all(&sandbox, "/api/v2/deals?status=won,lost").await;
    let expected: Vec<_> = deals.iter().filter(|deal| deal["status"] != "open").cloned().collect();
    assert!(!closed.is_empty());
    assert_eq!(ids(&closed), ids(&expected));
}

#[tokio::test]
async fn leads_are_paged_by_offset_oldest_first_and_archived_ones_are_elsewhere() {
    let sandbox = sandbox(700).await;
    let (mut start, mut leads) = (0, Vec::new());
    loop {
        let reply = get(&sandbox, &format!("/v1/leads?limit=30&start={start}")).await;
        let page = reply.data().as_array().unwrap().clone();
        leads.extend(page);
        let pagination = reply.json()["additional_data"]["pagination"].clone();
        assert_eq!(reply.json()["additional_data"]["more_items_in_collection"], pagination["more_items_in_collection"]);
        match pagination["next_start"].as_u64() {
            Some(next) => start = next,
            None => break,
        }
    }
    assert!(leads.iter().all(|lead| lead["is_archived"] == false));
    let times: Vec<_> = leads.iter().map(|lead| lead["add_time"].as_str().unwrap().to_owned()).collect();
    assert!(times.is_sorted());
    let archived = get(&sandbox, "/api/v1/leads/archived?limit=500").await.data();
    let archived = archived.as_array().unwrap();
    assert!(archived.iter().all(|lead| lead["is_archived"] == true));
    // A hundred seeded ones, and four of the samples.
    assert_eq!((leads.len() + archived.len(), archived.len()), (104, 27));
}

#[tokio::test]
async fn users_come_all_at_once_and_the_one_who_left_is_inactive() {
    let sandbox = sandbox(10).await;
    let users = get(&sandbox, "/v1/users").await.data();
    let users: Vec<_> =
        users.as_array().unwrap().iter().map(|user| (user["id"].clone(), user["active_flag"].clone())).collect();
    assert_eq!(users.len(), 6);
    assert!(users.contains(&(105.into(), false.into())) && users.contains(&(101.into(), true.into())));
    let me = get(&sandbox, "/v1/users/me").await.data();
    assert_eq!((&me["id"], &me["company_domain"]), (&Value::from(101), &Value::from("acme")));
    assert_eq!(get(&sandbox, "/v1/users/999").await.status, 404);
}

#[tokio::test]
async fn without_the_right_token_there_is_a_401_and_the_second_api_has_one_prefix_only() {
    let sandbox = sandbox(10).await;
    let wrong: [&[(&str, &str)]; 4] =
        [&[], &[("x-api-token", "wrong")], &[("authorization", "Bearer wrong")], &[("authorization", "sandbox-token")]];
    for headers in wrong {
        let reply = exchange(&sandbox, "GET /api/v2/persons", headers, "").await.unwrap();
        assert_eq!((reply.status, &reply.json()["success"]), (401, &Value::Bool(false)), "{headers:?}");
    }
    assert_eq!(get(&sandbox, "/v1/users/me?api_token=x").await.status, 200);
    let by_query = exchange(&sandbox, "GET /v1/users/me?api_token=sandbox-token", &[], "").await.unwrap();
    assert_eq!(by_query.status, 401);
    assert_eq!(get(&sandbox, "/v2/persons").await.status, 404);
    assert_eq!(exchange(&sandbox, "DELETE /api/v2/persons/1", &[TOKEN], "").await.unwrap().status, 404);
}
