//! Crawls, records by id, users.

use std::{collections::BTreeSet, time::Duration};

use sandbox::zoho_crm::{Change, EMPLOYEES, Fault, Item, Module, Options};

use super::account::{Account, PLENTY, account};
use crate::crm::contract::contract_tests;
use crate::crm::failure::Failure;
use crate::crm::quota::Limits;
use crate::crm::{Cursor, LONGEST_NUMBER, Reader, Record};
use crate::model::{client::Kind, ids::CrmId};

contract_tests!(account);

pub(super) const SOON: Duration = Duration::from_secs(10);

pub(super) async fn small(change: impl FnOnce(&mut Options)) -> Account {
    Account::with(20, change).await
}

/// Every page of a crawl.
pub(super) async fn crawl(reader: &dyn Reader, kind: Kind) -> Result<Vec<Record>, Failure> {
    let (mut records, mut cursor) = (Vec::new(), None::<Cursor>);
    loop {
        let page = reader.page(kind, cursor.as_ref()).await?;
        records.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(records);
        }
    }
}

fn ids(records: &[Record]) -> BTreeSet<CrmId> {
    records.iter().map(|record| record.id).collect()
}

#[tokio::test]
async fn a_crawl_takes_three_credits_for_two_thousand_records() {
    let account = account().await;
    let (reader, ledger) = account.reader_of(PLENTY);
    assert!(crawl(&*reader, Kind::Contact).await.expect("a crawl").len() > 4_000);
    assert_eq!(account.paths(), ["/crm/v8/settings/fields", "/crm/v8/coql", "/crm/v8/coql", "/crm/v8/coql"]);
    assert_eq!((account.charged(), ledger.snapshot().spent.crawl), (10, 10));
}

#[tokio::test]
async fn a_crawl_and_a_sweep_are_charged_as_the_vendor_charges_them() {
    let account = small(|_| {}).await;
    let (reader, ledger) = account.reader_of(PLENTY);
    for &kind in reader.crawl_order() {
        crawl(&*reader, kind).await.expect("a crawl");
        super::sweeping::changes(&*reader, kind, 0).await;
    }
    reader.users().await.expect("users");
    assert_eq!(ledger.snapshot().spent.total(), account.charged());
}

#[tokio::test]
async fn a_deal_is_open_by_its_stage_whatever_the_customer_calls_it() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let id = CrmId::from(account.deal);
    for (stage, open) in [
        ("Новий запит", true),
        ("Identify Decision Makers", true),
        // No forecast counts it, but it is not closed.
        ("Чекаємо", true),
        ("Виграно", false),
        ("Closed-Lost to Competition", false),
        // A name with quotes cannot be named in a query: it comes with the page and is left out here.
        ("Customer's \"no\"", false),
    ] {
        account.sandbox.change(Change::SetStage { deal_id: account.deal, stage: stage.to_owned() }).expect("a stage");
        assert_eq!(ids(&crawl(&*reader, Kind::Deal).await.expect("a crawl")).contains(&id), open, "{stage}");
        let read = reader.records(Kind::Deal, &[id]).await.expect("records");
        assert_eq!(read.iter().map(|deal| deal.open).collect::<Vec<_>>(), [open], "{stage}");
    }
}

#[tokio::test]
async fn numbers_are_read_of_every_phone_field_and_of_the_configured_one() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let item = Item { module: Module::Contacts, id: account.contact };
    let phones = ["1111111", "2222222", "3333333", "4444444", "5555555"].map(str::to_owned).to_vec();
    account.sandbox.change(Change::SetPhones { item, phones: phones.clone() }).expect("changed");
    let (field, text) = ("Viber".to_owned(), "6666666".to_owned());
    account.sandbox.change(Change::SetText { item, field, text }).expect("changed");
    let found = crawl(&*reader, Kind::Contact).await.expect("a crawl");
    let contact = found.iter().find(|record| record.id == account.contact.into()).expect("the contact");
    assert_eq!(
        contact.numbers.iter().map(String::as_str).collect::<Vec<_>>(),
        ["1111111", "2222222", "3333333", "4444444", "5555555", "6666666"]
    );
    let firm = Item { module: Module::Accounts, id: account.account };
    let phones = vec!["7777777".to_owned(), "8888888".to_owned()];
    account.sandbox.change(Change::SetPhones { item: firm, phones: phones.clone() }).expect("changed");
    let found = reader.records(Kind::Organization, &[account.account.into()]).await.expect("records");
    assert_eq!(found[0].numbers, phones, "a phone field that the customer added to accounts");
}

#[tokio::test]
async fn words_in_a_phone_field_are_passed_on_and_of_what_is_too_long_for_a_number_the_beginning() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let item = Item { module: Module::Contacts, id: account.contact };
    let five_hundred = (0..500).map(|at| format!("+38044200{at:04}")).collect::<Vec<_>>().join(", ");
    for (field, text) in [("Viber", five_hundred), ("Description", "x".repeat(3_000_000))] {
        let change = Change::SetText { item, field: field.to_owned(), text };
        account.sandbox.change(change).expect("changed");
    }
    let phones = vec!["call after 6".to_owned(), "12".to_owned()];
    account.sandbox.change(Change::SetPhones { item, phones: phones.clone() }).expect("changed");
    let read = reader.records(Kind::Contact, &[account.contact.into()]).await.expect("3 MB of notes are not asked for");
    let [first, second, long] = &read[0].numbers[..] else { panic!("expected three, found {:?}", read[0].numbers) };
    assert_eq!([first, second], [&phones[0], &phones[1]]);
    assert!(long.starts_with("+380442000000") && long.len() == LONGEST_NUMBER + 1);
    assert_eq!(crawl(&*reader, Kind::Contact).await.expect("a crawl").len(), 20 + 15 + 1);
}

#[tokio::test]
async fn an_owner_who_left_still_owns_and_is_told_as_one_who_left() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let users = reader.users().await.expect("users");
    let left = users.iter().find(|user| !user.active).expect("one who left").id;
    assert_eq!(users.iter().filter(|user| user.active).count(), 5);
    let anna = users.iter().find(|user| user.id == EMPLOYEES[0].into()).expect("Anna");
    assert_eq!((anna.email.as_deref(), anna.phone.as_deref()), (Some("anna@acme.example"), Some("0671112233")));
    let found = crawl(&*reader, Kind::Contact).await.expect("a crawl");
    let owned = found.iter().find(|record| record.numbers == ["380442001003"]).expect("the sample");
    assert_eq!(owned.owner, Some(left));
}

#[tokio::test]
async fn records_read_again_show_what_was_converted_and_miss_what_is_gone() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    account.sandbox.change(Change::Convert { lead_id: account.lead }).expect("converted");
    let read = reader.records(Kind::Lead, &[account.lead.into()]).await.expect("records");
    assert_eq!(read.iter().map(|lead| lead.open).collect::<Vec<_>>(), [false]);
    let item = Item { module: Module::Contacts, id: account.contact };
    account.sandbox.change(Change::Delete { item, permanently: false }).expect("deleted");
    assert_eq!(reader.records(Kind::Contact, &[account.contact.into()]).await, Ok(Vec::new()));
    assert_eq!(reader.records(Kind::Contact, &[]).await, Ok(Vec::new()));
}

#[tokio::test]
async fn half_a_page_and_a_page_with_a_record_twice_bring_everybody_all_the_same() {
    for how in ["half-page", "same-page", "endless"] {
        let account = small(|_| {}).await;
        let (reader, _) = account.reader_of(PLENTY);
        let whole = ids(&crawl(&*reader, Kind::Contact).await.expect("a crawl"));
        account.sandbox.stage_fault(Fault::oddity(how).on("/crm/v8/coql"));
        assert_eq!(ids(&crawl(&*reader, Kind::Contact).await.expect(how)), whole, "{how}");
    }
}

#[tokio::test]
async fn the_places_under_way_are_never_more_than_the_smallest_edition_has() {
    let account = small(|options| {
        options.limits.at_once = Some(5);
        options.limits.work = Duration::from_millis(20);
    })
    .await;
    let (reader, ledger) = account.reader_of(Limits { live_percent: 30, ..PLENTY });
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..30 {
        let reader = std::sync::Arc::clone(&reader);
        tasks.spawn(async move {
            match at % 2 {
                0 => reader.page(Kind::Contact, None).await.map(|_| ()),
                _ => reader.ask(super::live::key("380442001001"), SOON * 3).await.map(|_| ()),
            }
        });
    }
    for outcome in tasks.join_all().await {
        outcome.expect("a place for everybody in time");
    }
    assert_eq!(ledger.snapshot().limited, 0);
    assert!(account.sandbox.asked().iter().all(|asked| asked.status != Some(429)));
}
