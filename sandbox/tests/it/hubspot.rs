//! What HubSpot is nasty about, point by point.

use std::time::Duration;

use sandbox::hubspot::{Change, HubSpot, Item, Limits, Options};
use sandbox::kit::EntityKind;
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

const TOKEN: (&str, &str) = ("authorization", "Bearer sandbox-token");
const CONTACTS: &str = "/crm/objects/2026-03/contacts";

/// A stand-in whose time stands still.
async fn still(limits: Limits) -> HubSpot {
    let options = Options { clients: 300, still: true, limits, ..Options::default() };
    HubSpot::start(options).await.expect("a stand-in")
}

async fn unlimited() -> HubSpot {
    still(Limits { index_lag: Duration::ZERO, ..Limits::unlimited() }).await
}

async fn get(sandbox: &HubSpot, target: &str) -> Reply {
    exchange(sandbox, &format!("GET {target}"), &[TOKEN], "").await.expect("a reply")
}

async fn post(sandbox: &HubSpot, target: &str, body: &Value) -> Reply {
    let headers = [TOKEN, ("content-type", "application/json")];
    exchange(sandbox, &format!("POST {target}"), &headers, &body.to_string()).await.expect("a reply")
}

/// A search for contacts that hold a value.
fn holding(name: &str, operator: &str, value: &str) -> Value {
    let filters = json!([{"propertyName": name, "operator": operator, "value": value}]);
    json!({"filterGroups": [{"filters": filters}], "sorts": [], "properties": ["phone"], "limit": 10, "after": "0"})
}

async fn found(sandbox: &HubSpot, body: &Value) -> Vec<String> {
    let reply = post(sandbox, &format!("{CONTACTS}/search"), body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let results = reply.json()["results"].as_array().cloned().unwrap_or_default();
    results.iter().filter_map(|found| found["id"].as_str().map(str::to_owned)).collect()
}

fn changed(sandbox: &HubSpot, change: Change) -> Option<Item> {
    sandbox.change(change).expect("a change")
}

#[tokio::test]
async fn a_page_of_a_list_is_a_hundred_at_the_most_and_leads_to_the_next() {
    let sandbox = unlimited().await;
    assert_eq!(get(&sandbox, &format!("{CONTACTS}?limit=101")).await.status, 400);
    let (mut seen, mut after) = (0, None::<String>);
    loop {
        let more = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let page = get(&sandbox, &format!("{CONTACTS}?limit=100{more}")).await.json();
        seen += page["results"].as_array().map_or(0, Vec::len);
        after = page["paging"]["next"]["after"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 300 + 15, "the samples but for the archived one");
    assert_eq!(get(&sandbox, &format!("{CONTACTS}?after=garbage")).await.status, 400);
}

#[tokio::test]
async fn a_property_or_parameter_that_is_not_there_is_left_out_of_a_list_without_a_word() {
    let sandbox = unlimited().await;
    let page = get(&sandbox, &format!("{CONTACTS}?limit=1&properties=phone,phoen&colour=red")).await.json();
    let properties = page["results"][0]["properties"].as_object().cloned().expect("properties");
    assert_eq!(properties.keys().collect::<Vec<_>>(), ["phone"]);
}

#[tokio::test]
async fn a_search_for_a_property_that_is_not_there_is_refused_and_companies_have_no_calculated_number() {
    let sandbox = unlimited().await;
    let misspelt = post(&sandbox, &format!("{CONTACTS}/search"), &holding("phoen", "EQ", "1")).await;
    assert_eq!((misspelt.status, misspelt.json()["category"].clone()), (400, json!("VALIDATION_ERROR")));
    let calculated = holding("hs_searchable_calculated_phone_number", "EQ", "442001002");
    assert_eq!(post(&sandbox, "/crm/objects/2026-03/companies/search", &calculated).await.status, 400);
}

#[tokio::test]
async fn a_number_is_found_without_its_countrys_code_and_not_with_it() {
    let sandbox = unlimited().await;
    let name = "hs_searchable_calculated_phone_number";
    assert_eq!(found(&sandbox, &holding(name, "EQ", "442001001")).await, ["1"]);
    assert_eq!(found(&sandbox, &holding(name, "EQ", "380442001001")).await, [""; 0]);
    assert_eq!(found(&sandbox, &holding("phone", "CONTAINS_TOKEN", "*442001001")).await, ["1"]);
    // Typed apart, a piece of the text is not the number.
    assert_eq!(found(&sandbox, &holding("phone", "CONTAINS_TOKEN", "*442001004")).await, [""; 0]);
}

#[tokio::test]
async fn a_search_has_its_bounds() {
    let sandbox = unlimited().await;
    let with = |name: &str, value: Value| {
        let mut body = holding("phone", "HAS_PROPERTY", "");
        body[name] = value;
        body
    };
    let group = holding("phone", "HAS_PROPERTY", "")["filterGroups"][0].clone();
    for wrong in [
        with("limit", json!(201)),
        with("after", json!("9991")),
        with("after", json!(0)),
        with("filterGroups", json!([group, group, group, group, group, group])),
        with("sorts", json!(["phone", "hs_object_id"])),
        with("sorts", json!([{"propertyName": "phoen", "direction": "ASCENDING"}])),
        holding("phone", "LIKE", "1"),
        holding("lastmodifieddate", "GTE", "yesterday"),
    ] {
        assert_eq!(post(&sandbox, &format!("{CONTACTS}/search"), &wrong).await.status, 400, "{wrong}");
    }
    let mut short = holding("phone", "HAS_PROPERTY", "");
    short.as_object_mut().expect("an object").remove("after");
    assert_eq!(post(&sandbox, &format!("{CONTACTS}/search"), &short).await.status, 400, "its members are required");
}

#[tokio::test]
async fn the_search_lags_behind_and_never_shows_what_is_archived() {
    let sandbox = still(Limits { index_lag: Duration::from_secs(10), ..Limits::unlimited() }).await;
    let search = holding("hs_searchable_calculated_phone_number", "EQ", "442009999");
    let (kind, owner_id) = (EntityKind::Contact, Some(101));
    let (contacts, companies) = (Vec::new(), Vec::new());
    let phones = vec!["+380442009999".to_owned()];
    let created = Change::Create { kind, name: "New".to_owned(), phones, owner_id, contacts, companies };
    let item = changed(&sandbox, created).expect("a contact");
    assert_eq!(found(&sandbox, &search).await, [""; 0]);
    sandbox.advance(Duration::from_secs(10));
    assert_eq!(found(&sandbox, &search).await, [item.id.to_string()]);
    changed(&sandbox, Change::Archive { item });
    assert_eq!(found(&sandbox, &search).await.len(), 1, "not heard of yet");
    sandbox.advance(Duration::from_secs(10));
    assert_eq!(found(&sandbox, &search).await, [""; 0]);
    let archived = get(&sandbox, &format!("{CONTACTS}?archived=true&limit=100")).await.json();
    let ids: Vec<_> = archived["results"].as_array().into_iter().flatten().map(|one| one["id"].clone()).collect();
    assert!(ids.contains(&json!(item.id.to_string())), "{ids:?}");
}

#[tokio::test]
async fn five_searches_a_second_and_no_word_of_it_before_the_429() {
    let sandbox = still(Limits { index_lag: Duration::ZERO, ..Limits::default() }).await;
    let (target, body) = (format!("{CONTACTS}/search"), holding("phone", "HAS_PROPERTY", ""));
    for _ in 0..5 {
        let reply = post(&sandbox, &target, &body).await;
        assert_eq!(reply.status, 200);
        assert!(reply.headers.iter().all(|(name, _)| !name.contains("ratelimit")), "{:?}", reply.headers);
    }
    let refused = post(&sandbox, &target, &body).await;
    assert_eq!((refused.status, refused.json()["policyName"].clone()), (429, json!("SECONDLY")));
    assert_eq!(refused.header("retry-after"), None);
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(post(&sandbox, &target, &body).await.status, 200);
}

#[tokio::test]
async fn a_hundred_requests_in_ten_seconds_but_for_associations_and_the_day_besides() {
    let sandbox = still(Limits { burst: 3, ..Limits::default() }).await;
    let list = format!("{CONTACTS}?limit=1");
    for left in ["2", "1", "0"] {
        let reply = get(&sandbox, &list).await;
        assert_eq!((reply.status, reply.header("x-hubspot-ratelimit-remaining")), (200, Some(left)));
        assert!(reply.header("x-hubspot-ratelimit-daily-remaining").is_some());
    }
    assert_eq!(get(&sandbox, &list).await.json()["policyName"], json!("TEN_SECONDLY_ROLLING"));
    let associations = "/crm/associations/2026-03/contacts/deals/batch/read";
    assert_eq!(post(&sandbox, associations, &json!({"inputs": [{"id": "3"}]})).await.status, 200);
    sandbox.advance(Duration::from_secs(10));
    assert_eq!(get(&sandbox, &list).await.status, 200);
    sandbox.set_quota(Some(5), None);
    assert_eq!(get(&sandbox, &list).await.json()["policyName"], json!("DAILY"));
}

#[tokio::test]
async fn who_was_merged_answers_as_the_other_and_what_is_gone_is_an_error_of_the_batch() {
    let sandbox = unlimited().await;
    let of = |id| Item::new(EntityKind::Contact, id);
    changed(&sandbox, Change::Merge { loser: of(3), winner: of(1) });
    let body =
        json!({"inputs": [{"id": "3"}, {"id": "777777777"}], "properties": ["phone"], "propertiesWithHistory": []});
    let reply = post(&sandbox, &format!("{CONTACTS}/batch/read"), &body).await;
    let batch = reply.json();
    assert_eq!((reply.status, batch["numErrors"].clone()), (207, json!(1)));
    assert_eq!(batch["results"][0]["id"], json!("1"));
    assert_eq!(batch["results"].as_array().map(Vec::len), Some(1));
    // What belonged to the one belongs to the other.
    let deals = json!({"inputs": [{"id": "1"}]});
    let reply = post(&sandbox, "/crm/associations/2026-03/contacts/deals/batch/read", &deals).await;
    assert_eq!(reply.json()["results"][0]["to"][0]["toObjectId"], json!("3"));
    let too_many: Vec<Value> = (0..101).map(|id| json!({"id": id.to_string()})).collect();
    let body = json!({"inputs": too_many, "properties": [], "propertiesWithHistory": []});
    assert_eq!(post(&sandbox, &format!("{CONTACTS}/batch/read"), &body).await.status, 400);
}

#[tokio::test]
async fn what_belongs_to_nobody_is_an_error_of_a_batch_of_associations() {
    let sandbox = unlimited().await;
    let body = json!({"inputs": [{"id": "1"}, {"id": "3"}]});
    let reply = post(&sandbox, "/crm/associations/2026-03/contacts/deals/batch/read", &body).await;
    let batch = reply.json();
    assert_eq!((reply.status, batch["errors"][0]["category"].clone()), (207, json!("OBJECT_NOT_FOUND")));
    assert_eq!(batch["results"][0]["from"]["id"], json!("3"));
}

#[tokio::test]
async fn a_change_of_associations_changes_no_date() {
    let sandbox = unlimited().await;
    let before = get(&sandbox, "/crm/objects/2026-03/deals?limit=1&after=3").await.json()["results"][0].clone();
    let item = Item::new(EntityKind::Deal, 3);
    sandbox.advance(Duration::from_secs(60));
    changed(&sandbox, Change::Associate { item, contacts: vec![1, 3], companies: vec![2] });
    let target = "/crm/objects/2026-03/deals?limit=1&after=3&associations=contacts,companies";
    let after = get(&sandbox, target).await.json()["results"][0].clone();
    assert_eq!(before["updatedAt"], after["updatedAt"]);
    assert_eq!(after["associations"]["contacts"]["results"].as_array().map(Vec::len), Some(2));
    let companies = after["associations"]["companies"]["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(companies.len(), 2, "the main one stands there twice: {companies:?}");
}

#[tokio::test]
async fn who_left_is_among_the_archived_owners_only() {
    let sandbox = unlimited().await;
    let ids = async |archived: bool| {
        let owners = get(&sandbox, &format!("/crm/owners/2026-03?archived={archived}")).await.json();
        let results = owners["results"].as_array().cloned().unwrap_or_default();
        results.iter().filter_map(|owner| owner["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(ids(false).await, ["101", "102", "103", "104", "106"]);
    assert_eq!(ids(true).await, ["105"]);
}

#[tokio::test]
async fn tokens_are_had_with_the_client_in_the_form_and_live_half_an_hour() {
    let sandbox = unlimited().await;
    let form = |secret: &str| {
        format!(
            "grant_type=refresh_token&client_id=sandbox-client&client_secret={secret}&refresh_token=sandbox-refresh"
        )
    };
    let ask = async |form: String| {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        exchange(&sandbox, "POST /oauth/2026-03/token", &headers, &form).await.expect("a reply")
    };
    let wrong = ask(form("wrong")).await;
    assert_eq!((wrong.status, wrong.json()["status"].clone()), (400, json!("BAD_CLIENT_ID")));
    let granted = ask(form("sandbox-secret")).await.json();
    assert_eq!(granted["expires_in"], json!(1_800));
    let bearer = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    let list = async || {
        let head = format!("GET {CONTACTS}");
        exchange(&sandbox, &head, &[("authorization", &bearer)], "").await.expect("a reply")
    };
    let reply = list().await;
    assert_eq!((reply.status, reply.header("x-hubspot-ratelimit-daily-remaining")), (200, None));
    sandbox.advance(Duration::from_secs(1_800));
    assert_eq!(list().await.status, 401);
    sandbox.set_revoked(true);
    assert_eq!(ask(form("sandbox-secret")).await.json()["status"], json!("BAD_REFRESH_TOKEN"));
}

#[tokio::test]
async fn other_versions_and_kinds_are_not_there_and_leads_only_where_the_plan_has_them() {
    let sandbox = unlimited().await;
    for target in ["/crm/v3/objects/contacts", "/crm/objects/2025-09/contacts", "/crm/objects/2026-03/people"] {
        assert_eq!(get(&sandbox, target).await.status, 404, "{target}");
    }
    assert_eq!(get(&sandbox, "/crm/objects/2026-03/0-3?limit=1").await.status, 200);
    let options = Options { clients: 10, leads: false, ..Options::default() };
    let starter = HubSpot::start(options).await.expect("a stand-in");
    let refused = get(&starter, "/crm/objects/2026-03/leads").await;
    assert_eq!((refused.status, refused.json()["category"].clone()), (403, json!("MISSING_SCOPES")));
}
