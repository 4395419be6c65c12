//! The account: samples, archives, deletions, merges, and the same account from the same seed.

use std::time::Duration;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use sandbox::pipedrive::{Change, Item, Options, Pipedrive};
use serde_json::{Value, json};

use crate::support::{all, get, ids, post, sandbox};

#[tokio::test]
async fn every_sample_is_in_the_account_as_it_says() {
    let sandbox = sandbox(300).await;
    let people = all(&sandbox, "/api/v2/persons?limit=500").await;
    let firms = all(&sandbox, "/api/v2/organizations?limit=500").await;
    let deals = all(&sandbox, "/api/v2/deals?limit=500&status=open").await;
    let leads = get(&sandbox, "/v1/leads?limit=500").await.data();
    let phone = sandbox::pipedrive::ORGANIZATION_PHONE;
    for sample in sandbox.samples() {
        let typed = |value: &Value| value.as_str() == Some(sample.typed) && !sample.typed.is_empty();
        let carries =
            |person: &&Value| person["phones"].as_array().unwrap().iter().any(|number| typed(&number["value"]));
        let people: Vec<&Value> = people.iter().filter(carries).collect();
        let firms: Vec<&Value> = firms.iter().filter(|firm| typed(&firm["custom_fields"][phone])).collect();
        let of = |record: &&Value, person: &str, org: &str| {
            people.iter().any(|found| found["id"] == record[person])
                || firms.iter().any(|found| found["id"] == record[org])
        };
        let deals = deals.iter().filter(|deal| of(deal, "person_id", "org_id"));
        let leads = leads.as_array().unwrap().iter().filter(|lead| of(lead, "person_id", "organization_id"));
        let named = |kind: &'static str| {
            move |record: &Value| {
                let id = record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
                (kind, id, record["owner_id"].to_string())
            }
        };
        let mut found: Vec<_> = people.iter().map(|record| named("contact")(record)).collect();
        found.extend(firms.iter().map(|record| named("organization")(record)));
        found.extend(deals.map(named("deal")));
        found.extend(leads.map(named("lead")));
        found.sort_unstable();
        let mut expected: Vec<_> =
            sample.open.iter().map(|entity| (entity.kind.word(), entity.id.clone(), entity.owner_id.clone())).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", sample.name);
    }
}

/// The whole number behind a typed one, as somebody in Ukraine means it; none where it is no valid number. The library
/// does not take a tab for a gap.
fn meant(typed: &str) -> Option<String> {
    let number =
        PHONE_NUMBER_UTIL.parse(typed.replace('\t', " "), Some(Region::UA)).ok().filter(|number| number.is_valid())?;
    Some(number.format_as(PhoneNumberFormat::E164).trim_start_matches('+').to_owned())
}

#[tokio::test]
async fn what_is_typed_means_the_number_that_is_said_to_be_expected() {
    let sandbox = sandbox(5_000).await;
    for sample in sandbox.samples().into_iter().filter(|sample| !sample.typed.is_empty()) {
        assert_eq!(meant(sample.typed).as_deref(), Some(sample.number), "{}", sample.name);
    }
    for client in (0..5_000).filter_map(|place| sandbox.client(place)) {
        let numbers: Vec<String> = client.typed.iter().filter_map(|typed| meant(typed)).collect();
        assert_eq!(numbers, client.numbers, "{:?}", client.typed);
    }
    let phone = sandbox::pipedrive::ORGANIZATION_PHONE;
    let firms = all(&sandbox, "/api/v2/organizations?limit=500").await;
    let typed = firms.iter().filter_map(|firm| firm["custom_fields"][phone].as_str());
    let unreadable: Vec<_> = typed.filter(|typed| meant(typed).is_none()).collect();
    assert!(unreadable.is_empty(), "{unreadable:?}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_account_and_another_seed_another() {
    let people = async |seed| {
        let sandbox = Pipedrive::start(Options { seed, clients: 50, ..Options::default() }).await.unwrap();
        all(&sandbox, "/api/v2/persons").await
    };
    assert_eq!(people(7).await, people(7).await);
    assert_ne!(people(7).await, people(8).await);
}

#[tokio::test]
async fn a_deal_that_is_archived_leaves_the_list_for_the_archive_and_keeps_its_status() {
    let sandbox = sandbox(10).await;
    assert!(ids(&all(&sandbox, "/api/v2/deals?person_id=3").await).contains(&3));
    sandbox.change(Change::Archive { item: Item::Deal(3) }).unwrap();
    assert!(all(&sandbox, "/api/v2/deals?person_id=3").await.is_empty());
    let archived = all(&sandbox, "/api/v2/deals/archived?person_id=3&status=open").await;
    assert_eq!((&archived[0]["id"], &archived[0]["is_archived"]), (&Value::from(3), &Value::Bool(true)));
    assert_eq!(get(&sandbox, "/api/v2/deals/3").await.data()["is_archived"], true);
    sandbox.change(Change::Unarchive { item: Item::Deal(3) }).unwrap();
    assert_eq!(ids(&all(&sandbox, "/api/v2/deals?person_id=3").await), [3]);
}

#[tokio::test]
async fn a_closed_deal_stays_in_the_list_with_its_status_and_time() {
    let sandbox = sandbox(10).await;
    sandbox.change(Change::Win { deal_id: 3 }).unwrap();
    assert!(all(&sandbox, "/api/v2/deals?person_id=3&status=open").await.is_empty());
    let won = &all(&sandbox, "/api/v2/deals?person_id=3").await[0];
    assert_eq!(
        (&won["status"], &won["won_time"], &won["lost_time"]),
        (&"won".into(), &won["update_time"], &Value::Null)
    );
    sandbox.change(Change::Reopen { deal_id: 3 }).unwrap();
    assert_eq!(all(&sandbox, "/api/v2/deals?person_id=3&status=open").await[0]["close_time"], Value::Null);
}

#[tokio::test]
async fn deleted_records_leave_the_lists_and_deleted_deals_are_listed_for_thirty_days_when_asked_for() {
    let sandbox = sandbox(10).await;
    for item in [Item::Person(1), Item::Deal(3), Item::Organization(2)] {
        sandbox.change(Change::Delete { item }).unwrap();
    }
    assert!(!ids(&all(&sandbox, "/api/v2/persons").await).contains(&1));
    assert!(!ids(&all(&sandbox, "/api/v2/organizations").await).contains(&2));
    assert!(
        all(&sandbox, "/api/v2/persons?updated_since=2026-06-01T00:00:00Z").await.is_empty(),
        "no trace in a sweep"
    );
    assert_eq!(get(&sandbox, "/api/v2/persons/1").await.data()["is_deleted"], true);
    let deleted = all(&sandbox, "/api/v2/deals?status=deleted,open&person_id=3").await;
    assert_eq!((&deleted[0]["status"], &deleted[0]["is_deleted"]), (&"deleted".into(), &Value::Bool(true)));
    assert_eq!(ids(&all(&sandbox, "/api/v2/deals?status=deleted").await), [3]);
    sandbox.advance(Duration::from_secs(31 * 86_400));
    assert!(all(&sandbox, "/api/v2/deals?status=deleted").await.is_empty());
}

#[tokio::test]
async fn of_two_merged_persons_one_disappears_and_the_other_has_its_numbers_and_deals() {
    let sandbox = sandbox(40).await;
    let seeded = all(&sandbox, "/api/v2/deals").await;
    let loser = seeded.iter().filter_map(|deal| deal["person_id"].as_u64()).find(|&id| id > 1_000).unwrap();
    let theirs = ids(&all(&sandbox, &format!("/api/v2/deals?person_id={loser}")).await);
    let numbers = get(&sandbox, &format!("/api/v2/persons/{loser}")).await.data()["phones"].clone();
    sandbox.change(Change::Merge { loser: Item::Person(loser), winner: Item::Person(1) }).unwrap();
    assert_eq!(get(&sandbox, &format!("/api/v2/persons/{loser}")).await.status, 404);
    assert!(!ids(&all(&sandbox, "/api/v2/persons").await).contains(&loser));
    assert_eq!(ids(&all(&sandbox, "/api/v2/deals?person_id=1").await), theirs);
    let winner = get(&sandbox, "/api/v2/persons/1").await.data();
    let values =
        |phones: &Value| phones.as_array().unwrap().iter().map(|phone| phone["value"].clone()).collect::<Vec<_>>();
    for number in values(&numbers) {
        assert!(values(&winner["phones"]).contains(&number), "{number}");
    }
    let swept = all(&sandbox, "/api/v2/persons?updated_since=2026-06-01T00:00:00Z").await;
    assert_eq!(ids(&swept), [1], "a sweep sees the winner and no trace of the loser");
}

#[tokio::test]
async fn of_two_merged_organizations_the_winner_has_the_people_and_the_deals() {
    let sandbox = sandbox(40).await;
    let staff = ids(&all(&sandbox, "/api/v2/persons?org_id=1001").await);
    assert_eq!(staff.len(), 3);
    sandbox.change(Change::Merge { loser: Item::Organization(1_001), winner: Item::Organization(12) }).unwrap();
    assert_eq!(ids(&all(&sandbox, "/api/v2/persons?org_id=12").await), staff);
    assert!(ids(&all(&sandbox, "/api/v2/deals?org_id=12").await).contains(&12));
    assert_eq!(get(&sandbox, "/api/v2/organizations/1001").await.status, 404);
}

#[tokio::test]
async fn a_change_moves_a_record_to_the_end_of_what_was_updated() {
    let sandbox = sandbox(40).await;
    sandbox.change(Change::SetOwner { item: Item::Person(1_010), owner_id: 104 }).unwrap();
    let latest = get(&sandbox, "/api/v2/persons?sort_by=update_time&sort_direction=desc&limit=1").await.data();
    assert_eq!((&latest[0]["id"], &latest[0]["owner_id"]), (&Value::from(1_010), &Value::from(104)));
    assert!(sandbox.change(Change::SetOwner { item: Item::Person(1_010), owner_id: 7 }).is_err());
    assert!(sandbox.change(Change::Delete { item: Item::Person(77_777) }).is_err());
}

#[tokio::test]
async fn another_process_can_see_the_samples_and_change_the_account() {
    let sandbox = sandbox(10).await;
    let described = get(&sandbox, "/sandbox/samples").await.json();
    assert_eq!(described["employees"], json!([101, 102, 103, 104]));
    assert_eq!(described["samples"].as_array().unwrap().len(), sandbox.samples().len());
    let deal = json!({"change": "create_deal", "title": "New", "owner_id": 103, "person_id": 1});
    let item = post(&sandbox, "/sandbox/change", &deal).await.json();
    assert_eq!(item["kind"], "deal");
    assert_eq!(vec![item["id"].as_u64().unwrap()], ids(&all(&sandbox, "/api/v2/deals?person_id=1").await));
    let lead = json!({"change": "create_lead", "title": "New", "owner_id": 103, "person_id": 1});
    let lead = post(&sandbox, "/sandbox/change", &lead).await.json();
    let archive = json!({"change": "archive", "item": lead});
    assert_eq!(post(&sandbox, "/sandbox/change", &archive).await.json(), lead);
    assert_eq!(get(&sandbox, "/v1/leads?person_id=1").await.data(), json!([]));
    assert_eq!(get(&sandbox, "/v1/leads/archived?person_id=1").await.data()[0]["id"], lead["id"]);
    assert_eq!(post(&sandbox, "/sandbox/change", &json!({"change": "explode"})).await.status, 400);
    let client = get(&sandbox, "/sandbox/clients/3").await.json();
    assert_eq!(client["contact_id"], "1004");
    assert_eq!(get(&sandbox, "/sandbox/clients/10").await.status, 404);
}

#[tokio::test]
async fn a_stopped_stand_in_gives_its_port_back_and_starts_again_on_it() {
    let sandbox = sandbox(10).await;
    let port = sandbox.address().port();
    sandbox.stop().await;
    let again = Pipedrive::start(Options { port, ..Options::default() }).await.unwrap();
    assert_eq!(get(&again, "/v1/users/me").await.status, 200);
}
