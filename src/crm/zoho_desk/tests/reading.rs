use std::{collections::BTreeSet, time::Duration};

use sandbox::kit::{Fault, FaultKind};
use sandbox::zoho_desk::{Change, Item, RateLimit, StatusType};

use super::account::{ANNA, Account, CLIENTS, PLENTY, account};
use crate::base::problem::Placed;
use crate::config::CrmSection;
use crate::crm::contract::{Stage, contract_tests};
use crate::crm::failure::Failure;
use crate::crm::quota::{Limits, Spent};
use crate::crm::zoho_desk::{ask::renderings, settings::prepare};
use crate::crm::{Cursor, Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

contract_tests!(account);

const SOON: Duration = Duration::from_secs(10);

async fn small() -> Account {
    Account::with(20, |_| {}).await
}

fn key(digits: &str) -> PhoneKey {
    PhoneKey::from_digits(digits.parse().expect("digits")).expect("a number")
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

fn ids(records: &[Record]) -> BTreeSet<CrmId> {
    records.iter().map(|record| record.id).collect()
}

fn charged(account: &Account) -> u64 {
    account.sandbox.asked().iter().map(|asked| asked.tokens).sum()
}

#[test]
fn a_number_is_looked_for_in_every_way_of_typing_it_in_one_piece() {
    let texts = renderings(key("380671112233"));
    for text in ["+380671112233", "380671112233", "00380671112233", "0671112233", "671112233"] {
        assert!(texts.contains(&text.to_owned()), "{text}: {texts:?}");
    }
    assert!(renderings(key("12125551234")).contains(&"2125551234".to_owned()));
    assert!(texts.len() <= 30 && texts.iter().collect::<BTreeSet<_>>().len() == texts.len(), "{texts:?}");
    assert!(renderings(key("1234567")).iter().all(|text| text.len() >= 6));
}

#[tokio::test]
async fn every_sample_that_is_typed_in_one_piece_is_found_live_whole() {
    let account = small().await;
    let (reader, _) = account.reader_of(PLENTY);
    let mut found_by_piece = 0;
    for sample in account.sandbox.samples() {
        let open: BTreeSet<_> = sample.open.iter().map(|entity| (entity.kind.word(), entity.id.clone())).collect();
        let answer = reader.ask(key(sample.number), SOON).await.expect("an answer");
        let told: BTreeSet<_> =
            answer.iter().filter(|found| found.open).map(|found| (found.kind.word(), found.id.to_string())).collect();
        if renderings(key(sample.number)).contains(&sample.typed.to_owned()) {
            found_by_piece += 1;
            assert_eq!(told, open, "{}", sample.name);
        } else if sample.name != "garbage" {
            assert_eq!(told, BTreeSet::new(), "{}: what is typed apart is the crawl's", sample.name);
        }
    }
    assert!(found_by_piece >= 8, "{found_by_piece}");
}

#[tokio::test]
async fn a_mobile_is_found_too_and_who_has_none_costs_three_searches() {
    let account = small().await;
    let (reader, ledger) = account.reader_of(PLENTY);
    let item = Item::Contact(account.contact);
    let phones = vec!["044 1".to_owned(), "0671112233".to_owned()];
    account.sandbox.change(Change::SetPhones { item, phones }).expect("a contact");
    let found = reader.ask(key("380671112233"), SOON).await.expect("an answer");
    assert!(found.iter().any(|found| found.id == CrmId::Number(account.contact)));
    assert!(found.iter().any(|found| found.id == CrmId::Number(account.ticket)));
    assert_eq!(account.paths().len(), 4, "three searches, and the contact's tickets");
    account.sandbox.forget_asked();
    assert!(reader.ask(key("380442001007"), SOON).await.expect("an answer").is_empty());
    assert_eq!(account.paths().len(), 3);
    assert_eq!(ledger.snapshot().spent, Spent { live: 12 + 9, sweep: 0, crawl: 0, write: 0 });
}

#[tokio::test]
async fn a_sweep_and_a_crawl_are_charged_as_the_vendor_charges_them() {
    let account = account().await;
    let (reader, ledger) = account.reader_of(PLENTY);
    for &kind in reader.crawl_order() {
        crawl(&*reader, kind).await.expect("a crawl");
        changes(&*reader, kind, account.now_s()).await;
    }
    reader.records(Kind::Contact, &[account.contact.into()]).await.expect("records");
    reader.users().await.expect("users");
    assert_eq!(ledger.snapshot().spent.total(), charged(&account));
}

#[tokio::test]
async fn a_crawl_of_contacts_costs_three_credits_a_hundred() {
    let account = Account::with(2_000, |_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let read = crawl(&*reader, Kind::Contact).await.expect("a crawl");
    assert!(ids(&read).len() > 2_000);
    assert!(charged(&account) <= 3 * 23, "{}", charged(&account));
}

#[tokio::test]
async fn three_thousand_that_were_saved_in_one_moment_are_all_among_the_changes() {
    let account = Account::with(3_000, |_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    account.sandbox.change(Change::TouchContacts { first: 3_000 }).expect("touched");
    let changed = changes(&*reader, Kind::Contact, account.now_s()).await;
    assert_eq!(ids(&changed).len(), 3_000);
}

#[tokio::test]
async fn what_is_on_hold_is_open_and_what_is_closed_or_put_away_is_not() {
    let account = small().await;
    let (reader, _) = account.reader_of(PLENTY);
    let (ticket_id, since_s) = (account.ticket, account.now_s());
    let open = |records: &[Record]| {
        records.iter().find(|record| record.id == CrmId::Number(ticket_id)).map(|record| record.open)
    };
    let set = |status: &str, status_type| {
        let status = status.to_owned();
        account.sandbox.change(Change::SetStatus { ticket_id, status, status_type }).expect("a ticket");
    };
    for (status, status_type, is_open) in
        [("Closed", StatusType::OnHold, true), ("Open", StatusType::Closed, false), ("Новий", StatusType::Open, true)]
    {
        set(status, status_type);
        assert_eq!(open(&changes(&*reader, Kind::Ticket, since_s).await), Some(is_open), "{status}");
        let crawled = crawl(&*reader, Kind::Ticket).await.expect("a crawl");
        assert_eq!(open(&crawled), is_open.then_some(true), "{status}");
    }
    set("Closed", StatusType::Closed);
    account.sandbox.change(Change::Archive { ticket_id }).expect("a ticket");
    let again = reader.records(Kind::Ticket, &[ticket_id.into()]).await.expect("records");
    assert_eq!(open(&again), Some(false), "put away, and read by its id all the same");
}

#[tokio::test]
async fn who_is_in_the_trash_is_gone_when_read_again_and_at_the_next_crawl() {
    let account = small().await;
    let (reader, _) = account.reader_of(PLENTY);
    for item in [Item::Contact(account.contact), Item::Account(account.firm), Item::Ticket(account.ticket)] {
        account.sandbox.change(Change::Trash { item }).expect("trashed");
    }
    for (kind, id) in
        [(Kind::Contact, account.contact), (Kind::Organization, account.firm), (Kind::Ticket, account.ticket)]
    {
        assert_eq!(reader.records(kind, &[id.into()]).await.expect("records"), [], "{kind}");
        assert!(!ids(&crawl(&*reader, kind).await.expect("a crawl")).contains(&id.into()), "{kind}");
    }
}

#[tokio::test]
async fn a_merged_contact_is_gone_and_its_tickets_are_the_others() {
    let account = small().await;
    let (reader, _) = account.reader_of(PLENTY);
    let winner = account.add_contact(key("380442001007")).await;
    let CrmId::Number(winner_id) = winner else { panic!("expected a number") };
    account.sandbox.change(Change::Merge { loser_id: account.contact, winner_id }).expect("merged");
    assert_eq!(reader.records(Kind::Contact, &[account.contact.into()]).await.expect("records"), []);
    let changed = changes(&*reader, Kind::Ticket, account.now_s()).await;
    let ticket = changed.iter().find(|record| record.id == CrmId::Number(account.ticket)).expect("the ticket");
    assert_eq!(ticket.contacts.first(), Some(&winner));
}

#[tokio::test]
async fn what_the_index_shows_late_is_seen_by_a_sweep_that_comes_late() {
    let account = Account::with(20, |options| options.limits.index_lag = Duration::from_secs(120)).await;
    let (reader, _) = account.reader_of(PLENTY);
    let since_s = account.now_s();
    let id = account.add_contact(key("380442001007")).await;
    assert_eq!(ids(&changes(&*reader, Kind::Contact, since_s).await), BTreeSet::new(), "not yet");
    assert_eq!(
        ids(&reader.records(Kind::Contact, &[id]).await.expect("records")),
        BTreeSet::from([id]),
        "read by its id"
    );
    account.sandbox.advance(Duration::from_secs(130));
    // The next sweep asks from where the last one began.
    assert_eq!(ids(&changes(&*reader, Kind::Contact, since_s + 60).await), BTreeSet::from([id]));
}

#[tokio::test]
async fn an_expired_access_token_is_replaced_once_in_the_middle_of_a_crawl_and_nobody_notices() {
    let account = account().await;
    let (reader, _) = account.reader_of(PLENTY);
    let first = reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    let (next, other) =
        tokio::join!(reader.page(Kind::Contact, first.next.as_ref()), reader.ask(key("380442001001"), SOON));
    assert!(!next.expect("a page").records.is_empty() && !other.expect("an answer").is_empty());
    let tokens = account.sandbox.asked().into_iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 2);
}

#[tokio::test]
async fn an_issuer_that_says_access_denied_is_waited_for_and_not_asked_again_at_once() {
    for under_200 in [false, true] {
        let account = Account::with(20, |options| {
            (options.limits.tokens_in_ten_minutes, options.limits.throttled_under_200) = (0, under_200);
        })
        .await;
        let (reader, _) = account.reader_of(PLENTY);
        for _ in 0..3 {
            let failure = reader.page(Kind::Contact, None).await.expect_err("no token");
            assert!(matches!(&failure, Failure::Wait { after: Some(_), .. }), "{failure:?}");
        }
        assert_eq!(account.sandbox.asked().len(), 1, "asked once");
    }
}

#[tokio::test]
async fn a_dead_refresh_token_and_a_foreign_portal_are_the_operators_matter() {
    let account = small().await;
    account.sandbox.set_revoked(true);
    let (reader, _) = account.reader_of(PLENTY);
    let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
    assert!(matches!(&failure, Failure::Credentials { reason } if reason.contains("invalid_code")), "{failure:?}");
    account.sandbox.set_revoked(false);
    let section = CrmSection { org_id: Some(Placed::new("7".to_owned(), 17)), ..account.section() };
    let reader = prepare(&section).expect("a section").reader(Account::tools(PLENTY, SOON));
    let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
    assert!(
        matches!(&failure, Failure::Credentials { reason } if reason.contains("OAUTH_ORG_MISMATCH")),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_day_that_the_vendor_says_is_spent_is_over_for_background_work() {
    let account = small().await;
    let (reader, ledger) = account.reader_of(PLENTY);
    account.sandbox.stage_fault(Fault::rate_limit(RateLimit::DaySpent).on("/api").times(1));
    let failure = reader.page(Kind::Contact, None).await.expect_err("too much");
    assert!(matches!(&failure, Failure::Wait { after: Some(after), .. } if !after.is_zero()), "{failure:?}");
    assert!(ledger.snapshot().day_spent);
    assert!(matches!(reader.changes(Kind::Contact, 0, None).await, Err(Failure::NoQuota { .. })));
    assert_eq!(account.paths().len(), 1);
}

#[tokio::test]
async fn too_many_at_once_is_a_short_pause_and_no_spent_day() {
    let account = small().await;
    let (reader, ledger) = account.reader_of(PLENTY);
    account.sandbox.stage_fault(Fault::rate_limit(RateLimit::Concurrency).on("/api").times(1));
    let failure = reader.page(Kind::Contact, None).await.expect_err("too much");
    assert!(matches!(&failure, Failure::Wait { after: None, .. }), "{failure:?}");
    let view = ledger.snapshot();
    assert!(!view.day_spent && view.held.is_some_and(|held| held <= SOON), "{view:?}");
}

/// The ledger of the smallest edition, five requests at a time, against a stand-in that takes no more and a while for each.
#[tokio::test]
async fn within_the_vendors_places_nobody_is_told_that_they_are_too_many() {
    let account = Account::with(20, |options| {
        (options.limits.at_once, options.limits.takes) = (Some(5), Duration::from_millis(20));
    })
    .await;
    let (reader, ledger) = account.reader_of(Limits { in_flight: Some(5), ..PLENTY });
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..12 {
        let reader = std::sync::Arc::clone(&reader);
        tasks.spawn(async move {
            match at % 2 {
                0 => reader.ask(key("380442001018"), SOON).await.map(drop),
                _ => reader.page(Kind::Contact, None).await.map(drop),
            }
        });
    }
    for outcome in tasks.join_all().await {
        outcome.expect("within the places");
    }
    assert_eq!(ledger.snapshot().limited, 0);
    assert!(account.sandbox.asked().iter().all(|asked| matches!(asked.status, Some(200 | 204))));
}

#[tokio::test]
async fn what_others_spent_of_the_day_is_heard_from_every_reply() {
    let account = small().await;
    let (reader, ledger) = account.reader_of(PLENTY);
    account.sandbox.vendor().spend(999_000_000);
    reader.page(Kind::Contact, None).await.expect("a page");
    let left = ledger.snapshot().vendor_left.expect("told");
    assert!(left <= 1_000_000, "{left}");
}

#[tokio::test]
async fn half_a_page_and_a_page_twice_lose_nobody() {
    let account = account().await;
    let (reader, _) = account.reader_of(PLENTY);
    account.sandbox.stage_fault(Fault::oddity("half_page").on("/api").times(2));
    assert_eq!(ids(&crawl(&*reader, Kind::Contact).await.expect("a crawl")).len(), account.expected(Kind::Contact));
    // The same page again comes to whoever asks for it twice, and goes on from the same place. Not the first one: where the
    // crawl ends is the time at which that is asked for.
    let first = reader.page(Kind::Contact, None).await.expect("a page").next;
    let [one, again] = [(), ()].map(|()| reader.page(Kind::Contact, first.as_ref()));
    let (one, again) = (one.await.expect("a page"), again.await.expect("a page"));
    assert!(!one.records.is_empty());
    assert_eq!((ids(&one.records), &one.next), (ids(&again.records), &again.next));
}

#[tokio::test]
async fn a_vendor_that_never_ends_or_has_no_order_does_not_keep_us_reading() {
    for oddity in ["same_page", "no_order"] {
        let account = account().await;
        let (reader, _) = account.reader_of(PLENTY);
        account.sandbox.stage_fault(Fault::oddity(oddity).on("/api"));
        let failure = crawl(&*reader, Kind::Contact).await.expect_err(oddity);
        assert!(matches!(failure, Failure::Unclear { .. }), "{oddity}: {failure:?}");
        assert!(account.paths().len() < 5, "{oddity}");
    }
}

#[tokio::test]
async fn three_megabytes_of_notes_are_read_past() {
    let account = account().await;
    let (reader, _) = account.reader_of(PLENTY);
    for item in [Item::Contact(account.contact), Item::Ticket(account.ticket)] {
        account.sandbox.change(Change::Describe { item, letters: 3_000_000 }).expect("described");
    }
    let another = Item::Contact(217_301_000_100_000_001);
    account.sandbox.change(Change::Describe { item: another, letters: 3_000_000 }).expect("described");
    for kind in [Kind::Contact, Kind::Ticket] {
        assert_eq!(ids(&crawl(&*reader, kind).await.expect("a crawl")).len(), account.expected(kind), "{kind}");
    }
    assert_eq!(CLIENTS, 230);
}

#[tokio::test]
async fn a_field_full_of_numbers_is_told_as_it_stands_and_what_is_no_number_too() {
    let account = small().await;
    let (reader, _) = account.reader_of(PLENTY);
    let many: Vec<String> = (0..500).map(|at| format!("0671{at:06}")).collect();
    let phones = vec![many.join(", "), "call after 6".to_owned()];
    let item = Item::Contact(account.contact);
    account.sandbox.change(Change::SetPhones { item, phones: phones.clone() }).expect("a contact");
    let read = reader.records(Kind::Contact, &[account.contact.into()]).await.expect("records");
    assert_eq!(read[0].numbers, phones);
}

#[tokio::test]
async fn nobodys_ticket_and_an_agent_who_left_are_told_as_they_are() {
    let account = small().await;
    let (reader, _) = account.reader_of(PLENTY);
    account.sandbox.change(Change::SetOwner { item: Item::Ticket(account.ticket), owner_id: None }).expect("a ticket");
    account.sandbox.change(Change::SetAgentActive { agent_id: ANNA, active: false }).expect("an agent");
    let read = reader.records(Kind::Ticket, &[account.ticket.into()]).await.expect("records");
    assert_eq!(read[0].owner, None);
    let users = reader.users().await.expect("users");
    let anna = users.iter().find(|user| user.id == CrmId::Number(ANNA)).expect("Anna");
    assert!(!anna.active && anna.extension.as_deref() == Some("101"));
}
