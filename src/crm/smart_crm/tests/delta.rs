//! Change tracking, and what takes its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sandbox::smart_crm::{Change, Entity, EntityKind, Fault, FaultKind};

use super::account::{Account, Employee, PLENTY, id};
use super::reading::crawl;
use crate::crm::contract::Stage;
use crate::crm::{Cursor, Reader, Record};
use crate::model::client::Kind;

/// The queries of a sweep of one kind, and what it brought.
async fn sweep(account: &Account, reader: &dyn Reader, kind: Kind, since_s: i64) -> (Vec<String>, Vec<Record>) {
    let before = account.requests().len();
    let (mut records, mut cursor): (_, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = reader.changes(kind, since_s, cursor.as_ref()).await.expect("changes");
        records.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // A token that died with the time that passed is replaced, and its request sent again.
    let asked = account.requests().into_iter().skip(before).filter(|asked| asked.status != Some(401));
    let queries = asked.map(|asked| asked.query).collect();
    (queries, records)
}

fn ways(queries: &[String]) -> Vec<&'static str> {
    let way = |query: &String| match query {
        query if query.contains("deltatoken") => "delta",
        query if query.contains("modifiedon+ge") => "modified",
        query if query.contains("filter") => "open",
        _ => "all",
    };
    queries.iter().map(way).collect()
}

/// Later than any link that was given, by the reader's clock.
fn later_s() -> i64 {
    jiff::Timestamp::now().as_second() + 3_600
}

fn delete(account: &Account, entity: &Entity) {
    account.change(Change::Delete { entity: entity.clone() });
}

#[tokio::test]
async fn after_a_crawl_sweeps_follow_the_delta_link_and_deletions_come_with_it() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    crawl(&*reader, Kind::Contact).await;
    let (queries, records) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!((ways(&queries), records.len()), (vec!["delta"], 0));
    delete(&account, &account.contact);
    let (queries, records) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["delta"]);
    assert_eq!(
        records.iter().map(|record| (record.id, record.open)).collect::<Vec<_>>(),
        [(id(&account.contact), false)]
    );
    assert!(records[0].updated_s > 0);
    let (_, records) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert!(records.is_empty(), "each change once: the chain goes on");
}

#[tokio::test]
async fn a_sweep_that_reaches_back_beyond_the_link_asks_for_modifiedon_first() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let since_s = account.now_s();
    crawl(&*reader, Kind::Deal).await;
    account.change(Change::SetState { entity: account.deal.clone(), state: 2, status: 4 });
    let (queries, records) = sweep(&account, &*reader, Kind::Deal, since_s - 3_600).await;
    assert_eq!(ways(&queries), ["modified", "delta"]);
    assert!(records.iter().any(|record| record.id == id(&account.deal) && !record.open));
}

#[tokio::test]
async fn a_table_that_is_not_tracked_is_crawled_by_what_is_open_and_swept_by_modifiedon() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let crawled = crawl(&*reader, Kind::Ticket).await;
    assert!(
        crawled.iter().any(|record| record.id == id(&account.incident)) && crawled.iter().all(|record| record.open)
    );
    let queries: Vec<_> = account.requests().into_iter().map(|asked| asked.query).collect();
    assert_eq!(ways(&queries), ["all", "open"]);
    account.change(Change::SetState { entity: account.incident.clone(), state: 1, status: 5 });
    let (queries, records) = sweep(&account, &*reader, Kind::Ticket, account.now_s() - 30).await;
    assert_eq!(ways(&queries), ["modified"]);
    assert!(records.iter().any(|record| record.id == id(&account.incident) && !record.open));
}

#[tokio::test]
async fn tracking_that_is_switched_on_later_is_used_after_the_next_crawl() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    crawl(&*reader, Kind::Ticket).await;
    account.change(Change::Track { kind: EntityKind::Ticket });
    crawl(&*reader, Kind::Ticket).await;
    let (queries, _) = sweep(&account, &*reader, Kind::Ticket, later_s()).await;
    assert_eq!(ways(&queries), ["delta"]);
}

/// A link that the vendor does not know any more, and how it came to that.
async fn dies(spoil: impl FnOnce(&Account)) {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    crawl(&*reader, Kind::Contact).await;
    spoil(&account);
    account.change(Change::SetPhones { entity: account.contact.clone(), phones: vec!["0440000001".to_owned()] });
    let (queries, records) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["delta", "modified", "all"], "dead, by time instead, another link");
    assert!(records.iter().any(|record| record.numbers == ["0440000001"]));
    let (queries, _) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["delta"], "the other link");
}

#[tokio::test]
async fn a_delta_link_that_expired_is_replaced_within_the_sweep() {
    dies(|account| account.sandbox.advance(Duration::from_secs(8 * 86_400))).await;
}

#[tokio::test]
async fn a_delta_link_of_a_table_that_was_changed_itself_is_replaced_within_the_sweep() {
    dies(|account| drop(account.change(Change::Reshape { kind: EntityKind::Contact }))).await;
}

#[tokio::test]
async fn a_sweep_that_broke_off_is_followed_by_the_same_link_again() {
    let account = Account::with(40, |options| options.limits.page = 2).await;
    let (reader, _) = account.reader_with(PLENTY);
    crawl(&*reader, Kind::Contact).await;
    let since_s = later_s();
    for number in 0..3 {
        add(&account, number);
    }
    let first = reader.changes(Kind::Contact, since_s, None).await.expect("a page");
    assert!(first.records.len() == 2 && first.next.is_some());
    account.sandbox.stage_fault(Fault::status(503).on("/api/").times(1));
    reader.changes(Kind::Contact, since_s, first.next.as_ref()).await.expect_err("unavailable");
    let (_, records) = sweep(&account, &*reader, Kind::Contact, since_s).await;
    assert_eq!(records.len(), 3, "nothing is skipped");
}

#[tokio::test]
async fn more_changes_than_a_page_in_one_second_are_all_seen_by_time_and_by_link() {
    let account = Account::with(40, |options| options.limits.page = 3).await;
    let (reader, _) = account.reader_with(PLENTY);
    let since_s = account.now_s();
    for number in 0..10 {
        add(&account, number);
    }
    let (queries, records) = sweep(&account, &*reader, Kind::Contact, since_s).await;
    assert_eq!(ways(&queries[..5]), ["modified", "modified", "modified", "modified", "all"], "and then for a link");
    assert_eq!(records.iter().take(10).map(|record| record.id).collect::<BTreeSet<_>>().len(), 10);
    assert!(records[..10].iter().all(|record| record.created_s >= since_s));
    for number in 10..20 {
        add(&account, number);
    }
    delete(&account, &account.contact);
    let (queries, records) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert!(queries.iter().all(|query| query.contains("deltatoken")), "{queries:?}");
    assert_eq!(records.len(), 11);
}

#[tokio::test]
async fn without_a_crawl_the_first_sweep_gets_a_link_and_deletions_come_with_the_next() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let (queries, _) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["modified", "all"]);
    delete(&account, &account.contact);
    let (queries, records) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["delta"]);
    assert!(records.iter().any(|record| record.id == id(&account.contact) && !record.open));
    let (queries, _) = sweep(&account, &*reader, Kind::Ticket, later_s()).await;
    assert_eq!(ways(&queries), ["modified", "all"], "not tracked");
    let (queries, _) = sweep(&account, &*reader, Kind::Ticket, later_s()).await;
    assert_eq!(ways(&queries), ["modified"], "and not tried again");
}

#[tokio::test]
async fn a_table_that_was_read_to_its_end_without_a_link_is_not_read_for_one_again() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let kind = FaultKind::Status { status: 200, headers: BTreeMap::new(), body: r#"{"value":[]}"#.to_owned() };
    account.sandbox.stage_fault(Fault::new(kind).on("/api/data/v9.2/contacts").times(2));
    let (queries, _) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["modified", "all"]);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3_600)).await;
    tokio::time::resume();
    let (queries, _) = sweep(&account, &*reader, Kind::Contact, later_s()).await;
    assert_eq!(ways(&queries), ["modified"]);
}

fn add(account: &Account, number: u32) {
    account.change(Change::Create {
        kind: EntityKind::Contact,
        name: format!("New {number}"),
        phones: vec![format!("044210{number:04}")],
        owner_id: account.sandbox.vendor_employee(),
        contact_id: None,
        account_id: None,
    });
}
