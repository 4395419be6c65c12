use std::{collections::BTreeSet, time::Duration};

use sandbox::pipedrive::{Change, Fault, FaultKind, Item, Options, RateLimit};

use super::account::{Account, PLENTY, account};
use crate::base::problem::Placed;
use crate::config::CrmSection;
use crate::crm::contract::contract_tests;
use crate::crm::failure::Failure;
use crate::crm::quota::{Limits, Rate, Spent};
use crate::crm::token::SharedTokens;
use crate::crm::{Cursor, Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

contract_tests!(account);

const SOON: Duration = Duration::from_secs(10);

async fn small(change: impl FnOnce(&mut Options)) -> Account {
    Account::with(20, change).await
}

fn key(digits: &str) -> PhoneKey {
    PhoneKey::from_digits(digits.parse().expect("digits")).expect("a number")
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

fn state(records: &[Record], id: CrmId) -> Option<bool> {
    records.iter().find(|record| record.id == id).map(|record| record.open)
}

#[tokio::test]
async fn every_sample_that_is_typed_in_one_piece_is_found_live_whole() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    let mut found_by_piece = 0;
    for sample in account.sandbox.samples() {
        let term = &sample.number[sample.number.len() - 7..];
        let open: BTreeSet<_> = sample.open.iter().map(|entity| (entity.kind.word(), entity.id.clone())).collect();
        let answer = reader.ask(key(sample.number), SOON).await.expect("an answer");
        let told: BTreeSet<_> =
            answer.iter().filter(|found| found.open).map(|found| (found.kind.word(), found.id.to_string())).collect();
        if sample.typed.contains(term) {
            found_by_piece += 1;
            assert_eq!(told, open, "{}", sample.name);
        } else {
            assert_eq!(told, BTreeSet::new(), "{}: what is typed apart is the crawl's", sample.name);
        }
    }
    assert!(found_by_piece >= 10, "{found_by_piece}");
}

#[tokio::test]
async fn a_live_question_is_one_search_and_costs_what_the_vendor_charges() {
    let account = small(|_| {}).await;
    let (reader, ledger) = Account::reader_of(account.by_token(), PLENTY);
    reader.ask(key("380442001001"), SOON).await.expect("an answer");
    assert_eq!(account.paths(), ["/api/v2/itemSearch"]);
    let charged: u64 = account.sandbox.asked().iter().map(|asked| asked.tokens).sum();
    assert_eq!(ledger.snapshot().spent, Spent { live: charged, sweep: 0, crawl: 0, write: 0 });
}

#[tokio::test]
async fn a_sweep_and_a_crawl_are_charged_as_the_vendor_charges_them() {
    let account = small(|_| {}).await;
    let (reader, ledger) = Account::reader_of(account.by_token(), PLENTY);
    for &kind in reader.crawl_order() {
        reader.page(kind, None).await.expect("a page");
        changes(&*reader, kind, 0).await;
    }
    reader.users().await.expect("users");
    let charged: u64 = account.sandbox.asked().iter().map(|asked| asked.tokens).sum();
    assert_eq!(ledger.snapshot().spent.total(), charged);
}

#[tokio::test]
async fn without_number_fields_organizations_cost_nothing_and_persons_alone_are_searched() {
    let account = small(|_| {}).await;
    let section = CrmSection { phone_fields: Vec::new(), ..account.by_token() };
    let (with_fields, _) = Account::reader_of(account.by_token(), PLENTY);
    let prepared = crate::crm::pipedrive::settings::prepare(&section).expect("a section");
    let ledger =
        std::sync::Arc::new(crate::crm::quota::Ledger::new(prepared.limits(), crate::base::clock::Clock::System));
    let bounds = crate::outbound::Bounds { connect_timeout: SOON, request_timeout: SOON, max_body_bytes: 4_000_000 };
    let outbound = crate::outbound::Outbound::new(&bounds).expect("a client");
    let tools = crate::crm::Tools {
        outbound,
        ledger,
        tokens: SharedTokens::default(),
        clock: crate::base::clock::Clock::System,
    };
    let reader = prepared.reader(tools);
    assert_eq!(reader.page(Kind::Organization, None).await.expect("no page").records, []);
    assert_eq!(reader.changes(Kind::Organization, 0, None).await.expect("no page").records, []);
    assert_eq!(account.paths(), [""; 0]);
    let found = reader.ask(key(&Account::NUMBER.to_string()), SOON).await.expect("an answer");
    assert!(found.iter().all(|found| found.kind != Kind::Organization) && found.len() == 3, "{found:?}");
    assert!(!with_fields.page(Kind::Organization, None).await.expect("a page").records.is_empty());
}

#[tokio::test]
async fn a_lost_and_a_deleted_deal_are_seen_to_be_gone_at_the_next_sweep() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    let since_s = jiff::Timestamp::now().as_second();
    for change in [Change::Lose { deal_id: account.deal }, Change::Delete { item: Item::Deal(3) }] {
        account.sandbox.change(change).expect("a deal");
    }
    let changed = changes(&*reader, Kind::Deal, since_s).await;
    assert_eq!((state(&changed, account.deal.into()), state(&changed, 3.into())), (Some(false), Some(false)));
}

#[tokio::test]
async fn what_was_archived_between_two_looks_is_seen_at_the_fourth_sweep() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    let since_s = jiff::Timestamp::now().as_second();
    let lead = CrmId::parse(&account.lead).expect("a UUID");
    changes(&*reader, Kind::Deal, since_s).await;
    changes(&*reader, Kind::Lead, since_s).await;
    for item in [Item::Deal(account.deal), Item::Lead(account.lead.clone())] {
        account.sandbox.change(Change::Archive { item }).expect("archived");
    }
    account.sandbox.forget_asked();
    let (mut deals, mut leads) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        deals.push(state(&changes(&*reader, Kind::Deal, since_s).await, account.deal.into()));
        leads.push(state(&changes(&*reader, Kind::Lead, since_s).await, lead));
    }
    assert_eq!(deals, [None, None, None, Some(false)]);
    assert_eq!(leads, [None, None, None, Some(false)]);
    let archived = account.paths().into_iter().filter(|path| path.ends_with("/archived"));
    assert_eq!(archived.collect::<BTreeSet<_>>().len(), 2);
}

#[tokio::test]
async fn a_number_that_changed_is_among_the_changes_with_the_new_one_only() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    let since_s = jiff::Timestamp::now().as_second() + 30;
    for item in [Item::Person(account.person), Item::Organization(account.organization)] {
        account.sandbox.change(Change::SetPhones { item, phones: vec!["0445".to_owned()] }).expect("changed");
    }
    for kind in [Kind::Contact, Kind::Organization] {
        let changed = changes(&*reader, kind, since_s).await;
        assert_eq!(changed.iter().map(|record| &record.numbers[..]).collect::<Vec<_>>(), [["0445"]], "{kind}");
    }
}

#[tokio::test]
async fn an_expired_access_token_is_replaced_once_and_nobody_notices() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_oauth(), PLENTY);
    reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    let (one, other) = tokio::join!(reader.page(Kind::Deal, None), reader.ask(key("380442001001"), SOON));
    assert!(!one.expect("a page").records.is_empty() && !other.expect("an answer").is_empty());
    let tokens = account.sandbox.asked().into_iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 2);
}

#[tokio::test]
async fn an_uninstalled_application_is_the_operators_matter_after_one_try() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_oauth(), PLENTY);
    reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    account.sandbox.set_revoked(true);
    for _ in 0..3 {
        let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
        assert!(matches!(&failure, Failure::Credentials { reason } if reason.contains("invalid_grant")), "{failure:?}");
    }
    let asked = account.sandbox.asked();
    assert_eq!(asked.iter().filter(|asked| asked.path.starts_with("/oauth")).count(), 2, "the first, and one more");
}

#[tokio::test]
async fn a_token_answer_that_names_a_foreign_host_is_refused_and_gets_no_token() {
    let account = small(|_| {}).await;
    let elsewhere = small(|_| {}).await;
    for domain in [elsewhere.sandbox.base_url(), "https://acme.pipedrive.com".to_owned(), "nowhere".to_owned()] {
        let body = format!(r#"{{"access_token":"a","expires_in":3599,"api_domain":"{domain}"}}"#);
        let kind = FaultKind::Status { status: 200, headers: [].into(), body };
        account.sandbox.clear_faults();
        account.sandbox.stage_fault(Fault::new(kind).on("/oauth"));
        let (reader, _) = Account::reader_of(account.by_oauth(), PLENTY);
        let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
        assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("api_domain")), "{failure:?}");
    }
    assert_eq!(elsewhere.sandbox.asked(), []);
}

#[tokio::test]
async fn a_refused_api_token_is_not_tried_again_by_itself() {
    let account = small(|_| {}).await;
    let token = Some(Placed::new(crate::base::secret::Secret::new("wrong"), 13));
    let (reader, _) = Account::reader_of(CrmSection { token, ..account.by_token() }, PLENTY);
    assert!(matches!(reader.page(Kind::Contact, None).await, Err(Failure::Credentials { .. })));
    assert_eq!(account.paths(), ["/api/v2/persons"]);
}

#[tokio::test]
async fn told_to_wait_the_account_sends_nothing_meanwhile() {
    let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let told = FaultKind::Status { status: 429, headers, body: String::new() };
    for kind in [told, FaultKind::RateLimit { how: RateLimit::Cloudflare.into() }] {
        let account = small(|_| {}).await;
        let (reader, ledger) = Account::reader_of(account.by_token(), PLENTY);
        account.sandbox.stage_fault(Fault::new(kind.clone()).times(1));
        let failure = reader.ask(key("380442001001"), Duration::ZERO).await.expect_err("too much");
        assert!(matches!(failure, Failure::Wait { .. }), "{kind:?}: {failure:?}");
        assert!(ledger.snapshot().held.is_some(), "{kind:?}");
        let failure = reader.ask(key("380442001001"), Duration::ZERO).await.expect_err("held");
        assert!(matches!(failure, Failure::NoQuota { .. }), "{kind:?}: {failure:?}");
        assert_eq!(account.paths().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_429_that_says_nothing_more_is_counted_too() {
    let account = small(|_| {}).await;
    let (reader, ledger) = Account::reader_of(account.by_token(), PLENTY);
    account.sandbox.stage_fault(Fault::rate_limit(RateLimit::Bare).times(1));
    let failure = reader.ask(key("380442001001"), Duration::ZERO).await.expect_err("too much");
    assert!(matches!(failure, Failure::Wait { after: None, .. }), "{failure:?}");
    assert_eq!(ledger.snapshot().limited, 1);
}

#[tokio::test]
async fn ten_questions_refused_at_once_pause_the_account_as_briefly_as_one() {
    let account = small(|_| {}).await;
    let (reader, ledger) = Account::reader_of(account.by_token(), PLENTY);
    account.sandbox.stage_fault(Fault::rate_limit(RateLimit::Bare).times(10));
    let mut asked: [_; 10] = std::array::from_fn(|_| Box::pin(reader.ask(key("380442001001"), Duration::ZERO)));
    // Each is polled, and so has its slot, before the first answer is looked at.
    let first = std::future::poll_fn(|context| {
        let polled: Vec<_> = asked.iter_mut().map(|asking| asking.as_mut().poll(context)).collect();
        std::task::Poll::Ready(polled)
    });
    assert!(first.await.iter().all(std::task::Poll::is_pending));
    for asking in asked {
        let failure = asking.await.expect_err("too much");
        assert!(matches!(failure, Failure::Wait { after: None, .. }), "{failure:?}");
    }
    let view = ledger.snapshot();
    assert!(view.limited == 10 && view.held.is_none_or(|held| held <= Duration::from_secs(2)), "{view:?}");
}

/// The stand-in's window is half as long as ours here: how late a busy machine delivers a request must not decide.
#[tokio::test]
async fn within_the_vendors_windows_the_vendor_never_says_too_much() {
    let account = small(|options| {
        (options.limits.burst, options.limits.search_burst) = (Some(20), 10);
        options.limits.window = Duration::from_secs(1);
    })
    .await;
    let in_window = |requests| Some(Rate::new(requests, Duration::from_secs(2)));
    let vendors = Limits { general: in_window(20), search: in_window(10), ..PLENTY };
    let (reader, ledger) = Account::reader_of(account.by_token(), vendors);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..15 {
        let reader = std::sync::Arc::clone(&reader);
        tasks.spawn(async move { reader.ask(key("380442001001"), SOON).await.map(|_| ()) });
    }
    for _ in 0..8 {
        let reader = std::sync::Arc::clone(&reader);
        tasks.spawn(async move { reader.page(Kind::Contact, None).await.map(|_| ()) });
    }
    for outcome in tasks.join_all().await {
        outcome.expect("within the windows");
    }
    assert_eq!(ledger.snapshot().limited, 0);
    assert!(account.sandbox.asked().iter().all(|asked| asked.status == Some(200)));
}

#[tokio::test]
async fn a_vendor_that_repeats_a_cursor_does_not_keep_us_reading() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    let body = r#"{"success":true,"data":[{"id":1}],"additional_data":{"next_cursor":"eyJpZCI6N30"}}"#.to_owned();
    let kind = FaultKind::Status { status: 200, headers: [].into(), body };
    account.sandbox.stage_fault(Fault::new(kind));
    let next = reader.page(Kind::Contact, None).await.expect("a page").next;
    assert!(matches!(reader.page(Kind::Contact, next.as_ref()).await, Err(Failure::Unclear { .. })));
}

#[tokio::test]
async fn half_a_page_is_what_there_is_and_a_page_twice_no_more_than_once() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    let page = async || reader.page(Kind::Contact, None).await.expect("a page").records;
    let ids = |records: &[Record]| records.iter().map(|record| record.id).collect::<BTreeSet<_>>();
    let whole = page().await;
    account.sandbox.stage_fault(Fault::oddity("half_page").times(1));
    assert_eq!(page().await.len(), whole.len() / 2, "what the vendor leaves out is the shrink guard's matter");
    account.sandbox.stage_fault(Fault::oddity("page_twice").times(1));
    let twice = page().await;
    assert_eq!((twice.len(), ids(&twice)), (2 * whole.len(), ids(&whole)));
}

#[tokio::test]
async fn three_megabytes_of_notes_are_read_past_and_five_hundred_numbers_are_read() {
    let account = small(|_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), PLENTY);
    account.sandbox.stage_fault(Fault::oddity("long_notes").times(1));
    assert!(!reader.page(Kind::Contact, None).await.expect("a page").records.is_empty());
    let phones: Vec<String> = (0..500).map(|at| format!("+38067{at:07}")).collect();
    account.sandbox.change(Change::SetPhones { item: Item::Person(1), phones: phones.clone() }).expect("a person");
    let read = reader.records(Kind::Contact, &[CrmId::from(1)]).await.expect("records");
    assert_eq!(read[0].numbers, phones);
}
