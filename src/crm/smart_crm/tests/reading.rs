use std::{collections::BTreeSet, time::Duration};

use sandbox::smart_crm::{Change, EntityKind, Fault};

use super::account::{Account, Employee, PLENTY, account, id};
use crate::base::problem::Placed;
use crate::config::CrmSection;
use crate::crm::contract::contract_tests;
use crate::crm::failure::Failure;
use crate::crm::quota::{Ledger, Limits, Pace};
use crate::crm::smart_crm::{path, settings::prepare};
use crate::crm::token::SharedTokens;
use crate::crm::{Cursor, Reader, Record, Tools};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};
use crate::outbound::{Bounds, Outbound};

contract_tests!(account);

const PATIENT: Duration = Duration::from_secs(10);

fn key(digits: &str) -> PhoneKey {
    PhoneKey::from_digits(digits.parse().expect("digits")).expect("a number")
}

pub(super) async fn crawl(reader: &dyn Reader, kind: Kind) -> Vec<Record> {
    let (mut records, mut cursor): (_, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = reader.page(kind, cursor.as_ref()).await.expect("a page");
        records.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            return records;
        }
    }
}

#[tokio::test]
async fn what_is_found_live_is_what_the_crawl_knows_however_it_was_typed_in_three_ways() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    for name in ["contact", "second-number", "organization", "everything", "foreign", "shared"] {
        let sample = account.sandbox.sample(name).expect(name);
        let found = reader.ask(key(sample.number), PATIENT).await.expect(name);
        let found: BTreeSet<_> = found.iter().map(|record| record.id).collect();
        for open in &sample.open {
            let wanted = CrmId::parse(&open.id).expect("a UUID");
            // What is found by a typing that ends in another grouping is the crawl's to know.
            let typed_so = path::endings(key(sample.number)).iter().any(|end| sample.typed.ends_with(end.as_str()));
            assert_eq!(found.contains(&wanted), typed_so, "{name}: {:?} {:?}", open.kind, sample.typed);
        }
    }
}

#[tokio::test]
async fn separators_that_nobody_expects_are_found_by_the_crawl_only() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let sample = account.sandbox.sample("odd-typing").expect("a sample");
    assert!(reader.ask(key(sample.number), PATIENT).await.expect("an answer").is_empty());
    let crawled = crawl(&*reader, Kind::Contact).await;
    let wanted = CrmId::parse(&sample.open[0].id).expect("a UUID");
    assert!(crawled.iter().any(|record| record.id == wanted && record.numbers == [sample.typed]));
}

#[tokio::test]
async fn a_team_owns_and_is_nobody() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let sample = account.sandbox.sample("unassigned").expect("a sample");
    let found = crawl(&*reader, Kind::Contact).await;
    let contact = found.iter().find(|record| record.id.to_string() == sample.open[0].id).expect("the contact");
    let team = contact.owner.expect("an owner");
    assert_eq!(team.to_string(), account.sandbox.team());
    assert!(reader.users().await.expect("users").iter().all(|user| user.id != team));
}

#[tokio::test]
async fn an_owner_that_left_stays_the_owner_and_is_told_as_one_who_left() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let sample = account.sandbox.sample("owner-left").expect("a sample");
    let found = reader.ask(key(sample.number), PATIENT).await.expect("an answer");
    let owner = found.iter().find(|record| record.kind == Kind::Contact).and_then(|record| record.owner);
    let users = reader.users().await.expect("users");
    assert!(users.iter().any(|user| Some(user.id) == owner && !user.active));
}

#[tokio::test]
async fn two_clients_with_one_number_are_both_found() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let sample = account.sandbox.sample("shared").expect("a sample");
    let found = reader.ask(key(sample.number), PATIENT).await.expect("an answer");
    assert_eq!(found.iter().filter(|record| record.kind == Kind::Contact).count(), 2);
}

#[tokio::test]
async fn a_record_that_was_merged_into_another_is_not_open_and_its_deals_are_the_winners() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let change = Change::Create {
        kind: EntityKind::Contact,
        name: "Again".to_owned(),
        phones: vec!["0671239876".to_owned()],
        owner_id: account.sandbox.vendor_employee(),
        contact_id: None,
        account_id: None,
    };
    let winner = account.change(change).expect("a contact");
    account.change(Change::Merge { loser: account.contact.clone(), winner: winner.clone() });
    let read = reader.records(Kind::Contact, &[id(&account.contact), id(&winner)]).await.expect("records");
    let open: Vec<_> = read.iter().filter(|record| record.open).map(|record| record.id).collect();
    assert_eq!(open, [id(&winner)]);
    let deals = reader.records(Kind::Deal, &[id(&account.deal)]).await.expect("records");
    assert_eq!(deals[0].contacts.to_vec(), [id(&winner)]);
}

#[tokio::test]
async fn a_column_of_the_organizations_own_is_read_and_searched() {
    let account = Account::small().await;
    let field = Placed::new("contact.new_whatsapp".to_owned(), 20);
    let reader = reader_of(&CrmSection { phone_fields: vec![field], ..account.section() });
    let text = Some("+380 50 765-43-21".to_owned());
    let column = "new_whatsapp".to_owned();
    account.change(Change::SetText { entity: account.contact.clone(), column, text });
    let found = reader.ask(key("380507654321"), PATIENT).await.expect("an answer");
    let kinds: BTreeSet<_> = found.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, BTreeSet::from([Kind::Contact, Kind::Deal, Kind::Ticket, Kind::Lead]));
    assert!(found.iter().any(|record| record.numbers.iter().any(|number| number == "+380 50 765-43-21")));
}

#[tokio::test]
async fn a_column_that_the_organization_does_not_have_is_refused_in_the_vendors_words() {
    let account = Account::small().await;
    let field = Placed::new("contact.new_mobil".to_owned(), 20);
    let reader = reader_of(&CrmSection { phone_fields: vec![field], ..account.section() });
    let Err(Failure::Refused { reason }) = reader.page(Kind::Contact, None).await else { panic!("expected a refusal") };
    assert!(reason.contains("new_mobil"), "{reason}");
    assert!(reader.page(Kind::Lead, None).await.is_ok(), "other tables are not asked for it");
}

fn reader_of(section: &CrmSection) -> std::sync::Arc<dyn Reader> {
    use crate::base::clock::Clock;
    let (connect_timeout, request_timeout) = (Duration::from_secs(30), Duration::from_secs(30));
    let outbound = Outbound::new(&Bounds { connect_timeout, request_timeout, max_body_bytes: 16_000_000 });
    let ledger = std::sync::Arc::new(Ledger::new(PLENTY, Clock::System));
    let tools =
        Tools { outbound: outbound.expect("a client"), ledger, tokens: SharedTokens::default(), clock: Clock::System };
    prepare(section).expect("a section").reader(tools)
}

#[tokio::test]
async fn a_live_question_asks_three_tables_and_three_more_where_somebody_was_found() {
    let account = Account::small().await;
    let (reader, ledger) = account.reader_with(PLENTY);
    reader.ask(key("380442001007"), PATIENT).await.expect("nobody");
    assert_eq!(account.requests().len(), 3);
    reader.ask(key(&Account::NUMBER.to_string()), PATIENT).await.expect("somebody");
    assert_eq!(account.requests().len(), 9);
    assert_eq!(ledger.snapshot().spent.live, 9);
}

#[tokio::test]
async fn a_quiet_sweep_costs_a_request_a_table_and_its_pace_follows() {
    let account = Account::small().await;
    let daily = Some(crate::crm::quota::Budget::rolling(25_000));
    let (reader, _) = account.reader_with(Limits { daily, sweep_percent: 20, ..PLENTY });
    let every = reader.sweep_every(Pace::Now);
    assert!((80..=120).contains(&every.as_secs()), "{every:?}");
}

#[tokio::test]
async fn of_every_kind_of_429_the_pause_is_kept_exactly() {
    for how in ["requests", "execution", "concurrent"] {
        let account = Account::small().await;
        let (reader, ledger) = account.reader_with(PLENTY);
        account.sandbox.stage_fault(Fault::rate_limit(how).on("/api/").times(1));
        let failure = reader.page(Kind::Contact, None).await.expect_err("too much");
        let told = Duration::from_secs(7);
        assert!(matches!(failure, Failure::Wait { after: Some(after), .. } if after == told), "{how}: {failure:?}");
        let held = ledger.snapshot().held.expect("a pause");
        assert!(held <= told && held > told - Duration::from_secs(5), "{how}: {held:?}");
        let before = account.requests().len();
        let live = reader.ask(key("380442001007"), Duration::ZERO).await;
        assert!(matches!(live, Err(Failure::NoQuota { .. })), "{how}: {live:?}");
        assert_eq!(account.requests().len(), before, "{how}");
    }
}

#[test]
fn a_number_is_looked_for_by_its_last_seven_digits_in_three_typings() {
    assert_eq!(path::endings(key("380671112233")), ["1112233", "111-22-33", "111 22 33"]);
    assert_eq!(path::endings(key("4812345")), ["2345"], "never into the country's code");
}
