//! Live questions.

use std::{collections::BTreeSet, time::Duration};

use sandbox::zoho_crm::{Change, Edition, Item, Module, PhoneSearch};

use super::account::{ANNA, Account, PLENTY};
use super::reading::{SOON, small};
use crate::crm::quota::Limits;
use crate::crm::zoho_crm::number::pieces;
use crate::crm::{Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

pub(super) fn key(digits: &str) -> PhoneKey {
    PhoneKey::from_digits(digits.parse().expect("digits")).expect("a number")
}

fn told(found: &[Record]) -> BTreeSet<(&'static str, String)> {
    found.iter().map(|record| (record.kind.word(), record.id.to_string())).collect()
}

async fn ask(reader: &dyn Reader, digits: &str) -> Vec<Record> {
    reader.ask(key(digits), SOON).await.expect("an answer")
}

#[tokio::test]
async fn every_sample_whose_text_holds_a_piece_is_found_live_whole() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let mut found_by_piece = 0;
    for sample in account.sandbox.samples() {
        let held = pieces(key(sample.number)).iter().any(|piece| sample.typed.contains(piece));
        let open: BTreeSet<_> = sample.open.iter().map(|entity| (entity.kind.word(), entity.id.clone())).collect();
        let expected = if held { open } else { BTreeSet::new() };
        assert_eq!(told(&ask(&*reader, sample.number).await), expected, "{}", sample.name);
        found_by_piece += usize::from(held);
    }
    assert!(found_by_piece >= 17, "{found_by_piece}: all but one that nobody has and one typed with tabs");
}

/// The forms that row `zc-match` is about: whoever's last nine digits are the caller's.
#[tokio::test]
async fn a_contact_is_found_however_the_last_nine_digits_were_typed() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let item = Item { module: Module::Contacts, id: account.contact };
    for typed in [
        "+380671112233",
        "0671112233",
        "380671112233",
        "067 111 22 33",
        "671112233",
        "(067) 111-22-33",
        "+38 (067) 111 22 33",
        "067-111-22-33",
        "+380 67 111 2233",
        "8 067 1112233 Olena, work",
    ] {
        account.sandbox.change(Change::SetPhones { item, phones: vec![typed.to_owned()] }).expect("changed");
        let found = ask(&*reader, "380671112233").await;
        assert!(told(&found).contains(&("contact", account.contact.to_string())), "{typed}");
    }
}

#[tokio::test]
async fn once_the_fields_are_known_a_question_is_three_requests_and_one_more_for_deals() {
    let account = small(|_| {}).await;
    let (reader, ledger) = account.reader_of(PLENTY);
    ask(&*reader, &Account::NUMBER.to_string()).await;
    account.sandbox.forget_asked();
    let before = ledger.snapshot().spent.live;
    assert_eq!(ask(&*reader, &Account::NUMBER.to_string()).await.len(), 4);
    assert_eq!(account.paths(), ["/crm/v8/coql"; 4]);
    assert_eq!(ask(&*reader, "380442001007").await, []);
    assert_eq!((account.paths().len(), ledger.snapshot().spent.live - before), (7, 7));
    assert_eq!(account.charged(), 7);
}

#[tokio::test]
async fn a_client_is_found_in_the_second_they_were_entered_since_queries_do_not_lag() {
    let account = small(|options| options.limits.index_lag = SOON * 60).await;
    let (reader, _) = account.reader_of(PLENTY);
    let found = ask(&*reader, &Account::NUMBER.to_string()).await;
    assert_eq!(found.len(), 4, "{found:?}");
}

#[tokio::test]
async fn two_clients_with_one_number_are_both_told() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let found = ask(&*reader, "380442001008").await;
    assert_eq!(found.iter().filter(|record| record.kind == Kind::Contact).count(), 2);
}

#[tokio::test]
async fn converted_leads_closed_deals_and_deleted_contacts_are_not_told() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    account.sandbox.change(Change::Convert { lead_id: account.lead }).expect("converted");
    let stage = "Виграно".to_owned();
    account.sandbox.change(Change::SetStage { deal_id: account.deal, stage }).expect("won");
    let item = Item { module: Module::Accounts, id: account.account };
    account.sandbox.change(Change::Delete { item, permanently: true }).expect("deleted");
    let found = ask(&*reader, &Account::NUMBER.to_string()).await;
    assert_eq!(told(&found), BTreeSet::from([("contact", account.contact.to_string())]));
}

#[tokio::test]
async fn where_queries_do_not_compare_numbers_the_search_is_asked_and_remembered() {
    let account = small(|options| options.like_on_phones = false).await;
    let (reader, _) = account.reader_of(PLENTY);
    let found = ask(&*reader, &Account::NUMBER.to_string()).await;
    assert_eq!(found.len(), 4, "{found:?}");
    account.sandbox.forget_asked();
    assert_eq!(ask(&*reader, &Account::NUMBER.to_string()).await.len(), 4);
    let asked = account.sandbox.asked();
    let searches: Vec<_> = asked.iter().filter(|asked| asked.path.ends_with("/search")).collect();
    assert_eq!((searches.len(), asked.len()), (3, 4), "one way of writing finds everybody; then the deals");
    assert!(searches.iter().all(|asked| asked.query.contains("phone=%2B380442009999")), "{searches:?}");
}

#[tokio::test]
async fn the_search_finds_nobody_with_204_and_tries_the_last_nine_digits_next() {
    let account = small(|options| options.like_on_phones = false).await;
    let (reader, _) = account.reader_of(PLENTY);
    assert_eq!(ask(&*reader, "380442001007").await, []);
    let asked = account.sandbox.asked();
    let searches = asked.iter().filter(|asked| asked.path.ends_with("/search"));
    assert!(searches.clone().all(|asked| asked.status == Some(204)));
    assert_eq!(searches.filter(|asked| asked.query.contains("phone=442001007")).count(), 3);
    // As the vendor says of comparing texts elsewhere, nine digits are found inside what was typed.
    let account = small(|options| {
        (options.like_on_phones, options.phone_search) = (false, PhoneSearch::Contains);
    })
    .await;
    let (reader, _) = account.reader_of(PLENTY);
    let found = ask(&*reader, "380442001005").await;
    assert!(found.iter().any(|record| record.numbers == ["0442001005"]), "{found:?}");
}

#[tokio::test]
async fn a_deal_is_found_through_its_account_too() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let phones = vec!["044 300 20 10".to_owned()];
    let add = |module, phones, account_id| {
        let (name, owner_id) = ("Firm".to_owned(), ANNA);
        let change = Change::Create { module, name, phones, owner_id, contact_id: None, account_id };
        account.sandbox.change(change).expect("a change").expect("a record").id
    };
    let firm = add(Module::Accounts, phones, None);
    let deal = add(Module::Deals, Vec::new(), Some(firm));
    let found = ask(&*reader, "380443002010").await;
    let links: Vec<_> = found.iter().map(|record| (record.id, record.organizations.to_vec())).collect();
    assert_eq!(links, [(CrmId::from(firm), vec![]), (CrmId::from(deal), vec![CrmId::from(firm)])]);
}

#[tokio::test]
async fn eight_calls_at_once_are_answered_within_the_most_queries_that_any_edition_allows() {
    let account = small(|options| {
        options.edition = Edition::Enterprise;
        options.limits.work = Duration::from_millis(100);
    })
    .await;
    let (reader, ledger) = account.reader_of(Limits { in_flight: Some(10), ..PLENTY });
    ask(&*reader, &Account::NUMBER.to_string()).await;
    account.sandbox.forget_asked();
    let questions = (0..8).map(|_| reader.ask(key(&Account::NUMBER.to_string()), SOON));
    for found in futures_util::future::join_all(questions).await {
        assert_eq!(found.expect("an answer").len(), 4);
    }
    let asked = account.sandbox.asked();
    assert!(asked.iter().all(|asked| asked.status == Some(200)), "{asked:#?}");
    // All of them were asked, three modules and the deals each, and some at the same time.
    assert_eq!(asked.iter().filter(|asked| asked.path == "/crm/v8/coql").count(), 32);
    assert_eq!(ledger.snapshot().in_flight, Some(0));
}
