use std::{collections::BTreeSet, time::Duration};

use sandbox::hubspot::{Change, Item};
use sandbox::kit::{EntityKind, Fault, FaultKind};

use super::account::{ANNA, Account, PLENTY, account, kind_of};
use crate::base::{problem::Placed, secret::Secret};
use crate::config::CrmSection;
use crate::crm::contract::contract_tests;
use crate::crm::failure::Failure;
use crate::crm::quota::{Limits, Rate, Spent};
use crate::crm::{Cursor, LONGEST_NUMBER, Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

contract_tests!(account);

const SOON: Duration = Duration::from_secs(10);

async fn small() -> Account {
    Account::with(20, |_| {}).await
}

fn key(digits: &str) -> PhoneKey {
    PhoneKey::from_digits(digits.parse().expect("digits")).expect("a number")
}

fn now_s(account: &Account) -> i64 {
    crate::crm::contract::Stage::now_s(account)
}

async fn changes(reader: &dyn Reader, kind: Kind, since_s: i64) -> Vec<Record> {
    let (mut records, mut cursor) = (Vec::new(), None::<Cursor>);
    loop {
        let page = reader.changes(kind, since_s, cursor.as_ref()).await.expect("changes");
        records.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            return records;
        }
    }
}

async fn crawl(reader: &dyn Reader, kind: Kind) -> Result<Vec<Record>, Failure> {
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

fn numbers(of: impl IntoIterator<Item = u64>) -> BTreeSet<CrmId> {
    of.into_iter().map(CrmId::Number).collect()
}

#[tokio::test]
async fn every_sample_is_found_live_whole_but_for_what_the_vendor_reads_otherwise() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    // The company's list is what tells whether its numbers can be searched as contacts' can.
    reader.page(Kind::Organization, None).await.expect("a page");
    for sample in account.sandbox.samples() {
        let open: BTreeSet<_> = sample.open.iter().map(|entity| (kind_of(entity.kind), entity.id.clone())).collect();
        let answer = reader.ask(key(sample.number), SOON).await.expect("an answer");
        let told = answer.iter().filter(|found| found.open).map(|found| (found.kind, found.id.to_string()));
        let told: BTreeSet<_> = told.collect();
        let missed: BTreeSet<_> = open.difference(&told).map(|(kind, _)| *kind).collect();
        let expected = match sample.name {
            // An extension is taken for a part of the number, and companies are searched by pieces of what was typed.
            "extension" => BTreeSet::from([Kind::Contact]),
            "organization" | "everything" => BTreeSet::from([Kind::Organization]),
            _ => BTreeSet::new(),
        };
        assert_eq!(missed, expected, "{}", sample.name);
        assert!(told.is_subset(&open), "{}: {told:?}", sample.name);
    }
}

#[tokio::test]
async fn companies_whose_numbers_are_calculated_are_found_however_they_were_typed() {
    let account = Account::with(20, |options| options.company_numbers = true).await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let found = async |reader: &dyn Reader| reader.ask(key("380442001002"), SOON).await.expect("an answer").len();
    assert_eq!(found(&*reader).await, 0, "nobody knows yet that they are");
    reader.page(Kind::Organization, None).await.expect("a page");
    assert_eq!(found(&*reader).await, 1);
}

#[tokio::test]
async fn a_live_question_for_nobody_is_two_searches_and_for_somebody_three_rounds() {
    let account = small().await;
    let (reader, ledger) = Account::reader_of(&account.by_token(), PLENTY);
    reader.ask(key("380442001007"), SOON).await.expect("an answer");
    let paths: BTreeSet<_> = account.paths().into_iter().collect();
    let searches = ["/crm/objects/2026-03/companies/search", "/crm/objects/2026-03/contacts/search"];
    assert_eq!(paths, searches.map(str::to_owned).into());
    assert_eq!(ledger.snapshot().spent, Spent { live: 2, sweep: 0, crawl: 0, write: 0 });
    account.sandbox.forget_asked();
    let found = reader.ask(key(&Account::NUMBER.to_string()), SOON).await.expect("an answer");
    let deal = found.iter().find(|record| record.kind == Kind::Deal).expect("a deal");
    assert_eq!(numbers([account.contact]), deal.contacts.iter().copied().collect());
    assert_eq!(numbers([account.company]), deal.organizations.iter().copied().collect());
    let spent = u64::try_from(account.paths().len()).expect("few");
    assert_eq!(ledger.snapshot().spent.live, 2 + spent, "every request is charged once");
}

#[tokio::test]
async fn a_deal_belongs_to_all_of_its_contacts_the_main_company_first() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let item = Item::new(EntityKind::Deal, account.deal);
    account.change(Change::Associate {
        item,
        contacts: vec![account.contact, 1, 3],
        companies: vec![account.company, 2],
    });
    let crawled = crawl(&*reader, Kind::Deal).await.expect("a crawl");
    let reread = reader.records(Kind::Deal, &[account.deal.into()]).await.expect("records");
    for records in [&crawled, &reread] {
        let deal = records.iter().find(|record| record.id == account.deal.into()).expect("the deal");
        assert_eq!(deal.contacts.iter().copied().collect::<BTreeSet<_>>(), numbers([account.contact, 1, 3]));
        assert_eq!(deal.organizations.as_slice(), [account.company.into(), 2.into()], "the main one first");
    }
}

#[tokio::test]
async fn a_deal_of_more_contacts_than_a_page_shows_belongs_to_all_of_them() {
    let account = Account::with(20, |options| options.limits.association_page = 2).await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let (item, contacts) = (Item::new(EntityKind::Deal, account.deal), vec![account.contact, 1, 3, 4, 5]);
    account.change(Change::Associate { item, contacts: contacts.clone(), companies: Vec::new() });
    let crawled = crawl(&*reader, Kind::Deal).await.expect("a crawl");
    let reread = reader.records(Kind::Deal, &[account.deal.into()]).await.expect("records");
    for records in [crawled, reread] {
        let deal = records.into_iter().find(|record| record.id == account.deal.into()).expect("the deal");
        assert_eq!(deal.contacts.iter().copied().collect::<BTreeSet<_>>(), numbers(contacts.iter().copied()));
    }
}

/// More than three pages of one second, between two pages of others: nothing is skipped.
#[tokio::test]
async fn an_import_that_changes_very_many_at_once_is_swept_whole() {
    let account = Account::with(900, |_| {}).await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let since_s = now_s(&account) - 2;
    account.change(Change::Touch { kind: EntityKind::Contact, first: 1_001, count: 700 });
    account.sandbox.advance(Duration::from_secs(120));
    account.change(Change::Touch { kind: EntityKind::Contact, first: 1_701, count: 150 });
    let changed = changes(&*reader, Kind::Contact, since_s).await;
    let ids: BTreeSet<_> = changed.iter().map(|record| record.id).collect();
    assert_eq!(ids, numbers(1_001..1_851));
    let asked = account.sandbox.asked().into_iter().filter(|asked| asked.path.ends_with("/search")).count();
    assert!(asked <= 10, "{asked}");
}

#[tokio::test]
async fn a_closed_ticket_is_seen_to_be_closed_and_an_archived_record_is_gone() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let since_s = now_s(&account);
    account.change(Change::SetStage { item: Item::new(EntityKind::Ticket, account.ticket), stage: "4".to_owned() });
    let changed = changes(&*reader, Kind::Ticket, since_s).await;
    assert_eq!(
        changed.iter().map(|record| (record.id, record.open)).collect::<Vec<_>>(),
        [(account.ticket.into(), false)]
    );
    for (kind, id) in [(EntityKind::Lead, account.lead), (EntityKind::Contact, account.contact)] {
        account.change(Change::Archive { item: Item::new(kind, id) });
        assert_eq!(reader.records(kind_of(kind), &[id.into()]).await.expect("records"), []);
    }
}

#[tokio::test]
async fn who_was_merged_is_gone_although_the_vendor_answers_with_the_other() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let (loser, winner) = (Item::new(EntityKind::Contact, 1), Item::new(EntityKind::Contact, account.contact));
    account.change(Change::Merge { loser, winner });
    assert_eq!(reader.records(Kind::Contact, &[1.into()]).await.expect("records"), []);
    let both = reader.records(Kind::Contact, &[1.into(), account.contact.into()]).await.expect("records");
    assert!(!both.is_empty() && both.iter().all(|record| record.id == account.contact.into()), "{both:?}");
}

#[tokio::test]
async fn an_account_without_leads_is_crawled_swept_and_asked_all_the_same() {
    let account = Account::with(20, |options| options.leads = false).await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    for &kind in reader.crawl_order() {
        let crawled = crawl(&*reader, kind).await.expect("a crawl");
        assert_eq!(crawled.is_empty(), kind == Kind::Lead, "{kind}");
        changes(&*reader, kind, 0).await;
    }
    let found = reader.ask(key(&Account::NUMBER.to_string()), SOON).await.expect("an answer");
    assert_eq!(found.len(), 4);
}

#[tokio::test]
async fn an_expired_access_token_is_replaced_once_and_nobody_notices() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_oauth(), PLENTY);
    reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    let (one, other) = tokio::join!(reader.page(Kind::Deal, None), reader.ask(key("380442001001"), SOON));
    assert!(!one.expect("a page").records.is_empty() && !other.expect("an answer").is_empty());
    let tokens = account.sandbox.asked().into_iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 2);
}

#[tokio::test]
async fn an_uninstalled_application_and_a_withdrawn_token_are_the_operators_matter() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_oauth(), PLENTY);
    account.sandbox.set_revoked(true);
    let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
    assert!(matches!(failure, Failure::Credentials { .. }), "{failure:?}");
    let token = Some(Placed::new(Secret::new("wrong"), 13));
    let (reader, _) = Account::reader_of(&CrmSection { token, ..account.by_token() }, PLENTY);
    account.sandbox.forget_asked();
    assert!(matches!(reader.page(Kind::Contact, None).await, Err(Failure::Credentials { .. })));
    assert_eq!(account.paths().len(), 1);
}

#[tokio::test]
async fn every_kind_of_too_much_is_heeded_as_long_as_its_policy_says() {
    for (how, least, most) in
        [("secondly", 0, 1), ("ten_secondly", 8, 10), ("migration", 5, 7), ("bare", 1, 2), ("daily", 60, 86_400)]
    {
        let account = small().await;
        let (reader, ledger) = Account::reader_of(&account.by_token(), PLENTY);
        account.sandbox.stage_fault(Fault::rate_limit(how));
        let failure = reader.page(Kind::Contact, None).await.expect_err("too much");
        assert!(matches!(failure, Failure::Wait { .. }), "{how}: {failure:?}");
        let view = ledger.snapshot();
        let held = view.held.map_or(0, |held| held.as_secs());
        assert!(view.day_spent || (least..=most).contains(&held), "{how}: {view:?}");
        assert_eq!(view.day_spent, how == "daily", "{how}: {view:?}");
    }
}

#[tokio::test]
async fn within_the_vendors_limits_the_vendor_never_says_too_much() {
    let account = Account::with(20, |options| (options.limits.searches, options.limits.burst) = (5, 100)).await;
    // The vendor's second is half as long as ours here: how late a busy machine delivers must not decide.
    let (general, search) = (Rate::new(100, SOON), Rate::new(5, Duration::from_secs(2)));
    let limits = Limits { general: Some(general), search: Some(search), search_in_general: false, ..PLENTY };
    let (reader, ledger) = Account::reader_of(&account.by_token(), limits);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let reader = std::sync::Arc::clone(&reader);
        tasks.spawn(async move { reader.ask(key("380442001001"), SOON).await.map(|_| ()) });
    }
    for outcome in tasks.join_all().await {
        outcome.expect("within the limits");
    }
    assert_eq!(ledger.snapshot().limited, 0);
}

#[tokio::test]
async fn a_page_that_comes_twice_or_never_ends_or_is_cut_in_half_is_read_as_far_as_it_can_be() {
    let account = Account::with(230, |_| {}).await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let whole: BTreeSet<_> = crawl(&*reader, Kind::Contact).await.expect("a crawl").iter().map(|one| one.id).collect();
    account.sandbox.stage_fault(Fault::oddity("page_twice").times(1));
    let twice = crawl(&*reader, Kind::Contact).await.expect("a crawl");
    assert_eq!(twice.iter().map(|one| one.id).collect::<BTreeSet<_>>(), whole);
    assert!(twice.len() > whole.len());
    account.sandbox.stage_fault(Fault::oddity("endless_cursor"));
    let endless = tokio::time::timeout(SOON, crawl(&*reader, Kind::Contact)).await.expect("an end");
    assert!(matches!(endless, Err(Failure::Unclear { .. })), "{endless:?}");
    account.sandbox.clear_faults();
    account.sandbox.stage_fault(Fault::oddity("half_page").times(1));
    let half = crawl(&*reader, Kind::Contact).await.expect("a crawl");
    assert!(half.len() < whole.len(), "what the vendor leaves out is not there: the shrink guard's matter");
}

#[tokio::test]
async fn three_million_letters_of_notes_and_five_hundred_numbers_are_read() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    account.sandbox.stage_fault(Fault::oddity("long_notes").times(1));
    assert!(!crawl(&*reader, Kind::Contact).await.expect("a crawl").is_empty());
    let phones: Vec<String> = (0..500).map(|at| format!("+38067{at:07}")).collect();
    let item = Item::new(EntityKind::Contact, account.contact);
    account.change(Change::SetPhones { item, phones });
    let read = reader.records(Kind::Contact, &[account.contact.into()]).await.expect("records");
    let [.., third] = &read[0].numbers[..] else { panic!("expected three, found {:?}", read[0].numbers) };
    assert!(third.starts_with("+380670000002") && third.len() > LONGEST_NUMBER, "too long still, for people to see");
}

#[tokio::test]
async fn two_with_one_number_words_for_a_number_and_an_owner_who_left_are_told_as_they_are() {
    let account = small().await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    let shared = reader.ask(key("380442001008"), SOON).await.expect("an answer");
    assert_eq!(shared.iter().map(|record| record.id).collect::<BTreeSet<_>>(), numbers([8, 9]));
    let contacts = crawl(&*reader, Kind::Contact).await.expect("a crawl");
    let garbage = contacts.iter().find(|record| record.id == 15.into()).expect("a sample");
    assert_eq!(garbage.numbers, ["call after 6", "+380442001015"]);
    account.change(Change::SetUserActive { user_id: ANNA, active: false });
    let users = reader.users().await.expect("users");
    assert!(users.iter().any(|user| user.id == ANNA.into() && !user.active && user.email.is_some()));
    assert_eq!(garbage.owner, Some(102.into()));
}
