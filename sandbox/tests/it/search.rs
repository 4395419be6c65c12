//! The search: stored text, lag, related items.

use std::time::Duration;

use sandbox::pipedrive::{Change, Item, Pipedrive};
use serde_json::Value;

use crate::support::{get, sandbox};

fn encoded(term: &str) -> String {
    percent_encoding::utf8_percent_encode(term, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn search(sandbox: &Pipedrive, term: &str, more: &str) -> Value {
    get(sandbox, &format!("/api/v2/itemSearch?term={}{more}", encoded(term))).await.data()
}

fn found(data: &Value, list: &str) -> Vec<String> {
    let items = data[list].as_array().expect("a list").iter().map(|scored| &scored["item"]);
    items.map(|item| format!("{} {}", item["type"].as_str().unwrap(), item["id"])).collect()
}

#[tokio::test]
async fn a_number_is_found_only_as_it_was_typed() {
    let sandbox = sandbox(100).await;
    let people = "&item_types=person&fields=phone";
    for (term, hits) in [
        ("044 200 10 06", 1),
        ("0442001006", 0),
        ("380442001006", 0),
        ("442001006", 0),
        ("200 10 06", 1),
        ("380442001001", 1),
        ("442001001", 1),
        ("+380442001001", 1),
        ("0442001001", 1),
        ("00442001001", 0),
        ("044\t200\u{a0}10\u{a0}14", 1),
        ("044 200 10 14", 0),
    ] {
        assert_eq!(found(&search(&sandbox, term, people).await, "items").len(), hits, "{term:?}");
    }
}

#[tokio::test]
async fn an_exact_match_is_of_the_whole_value_whatever_the_case() {
    let sandbox = sandbox(100).await;
    let exact = "&item_types=person&exact_match=true";
    assert_eq!(found(&search(&sandbox, "380442001001", exact).await, "items").len(), 0);
    assert_eq!(found(&search(&sandbox, "+380442001001", exact).await, "items"), ["person 1"]);
    assert_eq!(found(&search(&sandbox, "0442001013 EXT 204", exact).await, "items"), ["person 13"]);
    assert_eq!(found(&search(&sandbox, "-", exact).await, "items").len(), found_by_dash(&sandbox).await);
}

/// How many of the seeded persons have a lone dash for a number.
async fn found_by_dash(sandbox: &Pipedrive) -> usize {
    (0..100)
        .filter_map(|place| sandbox.client(place))
        .filter(|client| client.typed.iter().any(|typed| typed == "-"))
        .count()
}

#[tokio::test]
async fn a_term_needs_two_characters_unless_the_match_is_exact() {
    let sandbox = sandbox(10).await;
    let status = async |path: &str| get(&sandbox, &format!("/api/v2/itemSearch?{path}")).await.status;
    assert_eq!(status("term=1").await, 400);
    assert_eq!(status("term=1&exact_match=true").await, 200);
    assert_eq!(status("term=&exact_match=true").await, 400);
    assert_eq!(status("fields=phone").await, 400);
    assert_eq!(status("term=12&limit=101").await, 400);
    assert_eq!(status("term=12&exact_match=1").await, 400);
    assert_eq!(status("term=12&item_types=person,company").await, 400);
    assert_eq!(get(&sandbox, "/api/v2/persons/search?term=12&limit=500").await.status, 200);
}

#[tokio::test]
async fn an_organizations_number_is_in_its_custom_fields_and_not_in_a_phone_field() {
    let sandbox = sandbox(100).await;
    let firms = "&item_types=organization,person";
    assert!(found(&search(&sandbox, "(044) 200-10-02", &format!("{firms}&fields=phone")).await, "items").is_empty());
    let data = search(&sandbox, "200-10-02", &format!("{firms}&fields=phone,custom_fields")).await;
    assert_eq!(found(&data, "items"), ["organization 2"]);
    assert_eq!(data["items"][0]["item"]["custom_fields"], serde_json::json!(["(044) 200-10-02"]));
}

#[tokio::test]
async fn related_items_are_the_deals_and_leads_of_who_was_found_closed_and_archived_ones_among_them() {
    let sandbox = sandbox(100).await;
    let related = "&item_types=person,organization&search_for_related_items=true";
    let data = search(&sandbox, "200-10-18", related).await;
    assert_eq!(found(&data, "items"), ["person 18", "organization 18"]);
    let mut kinds: Vec<_> =
        found(&data, "related_items").iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["deal", "lead"]);
    let archived = search(&sandbox, "044 200 10 06", related).await;
    let deal = &archived["related_items"][0]["item"];
    assert_eq!((&deal["status"], &deal["is_archived"]), (&Value::from("won"), &Value::Bool(true)));
    let two = search(&sandbox, "380442001019", related).await;
    assert_eq!(found(&two, "related_items"), ["deal 20", "deal 19"]);
    assert!(search(&sandbox, "380442001019", "").await.get("related_items").is_none());
}

#[tokio::test]
async fn at_most_a_hundred_related_deals_come_and_they_are_the_newest() {
    let sandbox = sandbox(10).await;
    for number in 0..105 {
        let title = format!("Deal {number}");
        sandbox.change(Change::CreateDeal { title, owner_id: 101, person_id: Some(1), org_id: None }).unwrap();
    }
    sandbox.advance(Duration::from_secs(10));
    let data = search(&sandbox, "380442001001", "&search_for_related_items=true").await;
    let titles: Vec<_> =
        data["related_items"].as_array().unwrap().iter().map(|found| found["item"]["title"].clone()).collect();
    assert_eq!((titles.len(), &titles[0], &titles[99]), (100, &Value::from("Deal 104"), &Value::from("Deal 5")));
}

#[tokio::test]
async fn the_search_lags_behind_creations_changes_and_deletions() {
    let sandbox = sandbox(10).await;
    let by = async |term: &str| found(&search(&sandbox, term, "").await, "items").len();
    let phones = vec!["0990000001".to_owned()];
    let person = Change::CreatePerson { name: "New".to_owned(), phones, owner_id: 101, org_id: None };
    let item = sandbox.change(person).unwrap().unwrap();
    assert_eq!(by("0990000001").await, 0);
    sandbox.advance(Duration::from_millis(2_999));
    assert_eq!(by("0990000001").await, 0, "the lag is three seconds");
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(by("0990000001").await, 1);
    sandbox.change(Change::SetPhones { item: item.clone(), phones: vec!["0990000002".to_owned()] }).unwrap();
    assert_eq!((by("0990000001").await, by("0990000002").await), (1, 0));
    sandbox.advance(Duration::from_secs(4));
    assert_eq!((by("0990000001").await, by("0990000002").await), (0, 1));
    sandbox.change(Change::Delete { item: item.clone() }).unwrap();
    assert_eq!(by("0990000002").await, 1);
    sandbox.advance(Duration::from_secs(4));
    assert_eq!(by("0990000002").await, 0);
    assert!(matches!(item, Item::Person(_)));
}

#[tokio::test]
async fn every_seeded_number_is_found_by_what_was_typed_among_many_clients() {
    let sandbox = sandbox(200_000).await;
    for place in (0..200_000).step_by(9_973) {
        let client = sandbox.client(place).unwrap();
        for typed in client.typed.iter().filter(|typed| typed.bytes().filter(u8::is_ascii_digit).count() >= 9) {
            let data = search(&sandbox, typed, "&fields=phone&exact_match=true").await;
            assert_eq!(found(&data, "items"), [format!("person {}", client.contact_id)], "{typed:?}");
        }
    }
}

#[tokio::test]
async fn a_search_is_paged_by_a_cursor_that_is_null_at_the_end() {
    let sandbox = sandbox(2_000).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = get(&sandbox, &format!("/api/v2/itemSearch?term=Shevchenko&item_types=person{cursor}")).await;
        let page = found(&reply.data(), "items");
        assert!(page.len() <= 100);
        seen.extend(page);
        match reply.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = crate::support::all(&sandbox, "/api/v2/persons?limit=500").await;
    let named = all.iter().filter(|person| person["name"].as_str().unwrap().contains("Shevchenko")).count();
    assert!(named > 20);
    let pages: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), pages.len()), (named, named));
}
