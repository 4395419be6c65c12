//! What changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sandbox::zoho_crm::{Change, Fault, FaultKind, Item, Module};

use super::account::{Account, PLENTY};
use super::reading::small;
use crate::crm::failure::Failure;
use crate::crm::{Cursor, Reader, Record};
use crate::model::{client::Kind, ids::CrmId};

/// Every page of a sweep of one kind.
pub(super) async fn changes(reader: &dyn Reader, kind: Kind, since_s: i64) -> Vec<Record> {
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

fn state(records: &[Record], id: u64) -> Option<bool> {
    records.iter().find(|record| record.id == id.into()).map(|record| record.open)
}

fn now_s() -> i64 {
    Timestamp::now().as_second() + 30
}

#[tokio::test]
async fn however_many_change_in_one_second_each_is_told_once() {
    let account = Account::with(4_500, |_| {}).await;
    let (reader, ledger) = account.reader_of(PLENTY);
    account.sandbox.change(Change::MassUpdate { module: Module::Contacts, count: 4_500 }).expect("changed");
    let changed = changes(&*reader, Kind::Contact, now_s()).await;
    let ids: BTreeSet<CrmId> = changed.iter().map(|record| record.id).collect();
    assert!(changed.iter().all(|record| record.updated_s >= now_s()));
    assert_eq!((changed.len(), ids.len()), (4_500, 4_500));
    // 200 for one credit, then three times up to 2,000 for three; the fields and what was deleted.
    assert_eq!(ledger.snapshot().spent.sweep, 1 + 3 * 3 + 1 + 1);
}

#[tokio::test]
async fn a_quiet_sweep_costs_six_credits_and_what_was_deleted_is_looked_for_every_fourth_time() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let mut charged = Vec::new();
    for _ in 0..6 {
        account.sandbox.forget_asked();
        for &kind in reader.crawl_order() {
            assert_eq!(changes(&*reader, kind, now_s() + 3_600).await, []);
        }
        charged.push(account.charged());
    }
    assert_eq!(charged, [4 + 5 + 4, 5, 5, 5, 5 + 4, 5], "first the fields are read");
}

#[tokio::test]
async fn a_converted_lead_is_seen_to_be_gone_at_the_next_sweep() {
    let account = Account::with(2_000, |_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let since_s = now_s();
    account.sandbox.change(Change::Convert { lead_id: account.lead }).expect("converted");
    let changed = changes(&*reader, Kind::Lead, since_s).await;
    assert_eq!(state(&changed, account.lead), Some(false));
    // More of them than a page holds.
    let seeded: Vec<u64> = (1_001..1_287).map(|number| Module::Leads.id(number)).collect();
    let converted: Vec<u64> =
        (seeded.into_iter()).filter(|&lead_id| account.sandbox.change(Change::Convert { lead_id }).is_ok()).collect();
    let changed = changes(&*reader, Kind::Lead, since_s).await;
    assert!(converted.len() > 200 && converted.iter().all(|&lead| state(&changed, lead) == Some(false)));
    let pages = account.sandbox.asked().into_iter().filter(|asked| asked.query.contains("page_token=")).count();
    assert!(pages > 0, "expected pages by token");
}

#[tokio::test]
async fn what_was_deleted_is_seen_at_the_first_sweep_and_then_at_every_fourth() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let since_s = now_s();
    let delete = |module, id, permanently| {
        account.sandbox.change(Change::Delete { item: Item { module, id }, permanently }).expect("deleted");
    };
    delete(Module::Contacts, account.contact, false);
    let changed = changes(&*reader, Kind::Contact, since_s).await;
    assert_eq!(state(&changed, account.contact), Some(false));
    assert!(changed.iter().all(|record| record.updated_s >= since_s && record.numbers.is_empty()));
    delete(Module::Contacts, Module::Contacts.id(1), true);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(state(&changes(&*reader, Kind::Contact, since_s).await, Module::Contacts.id(1)));
    }
    assert_eq!(seen, [None, None, None, Some(false)]);
    for (module, id, kind) in [
        (Module::Accounts, account.account, Kind::Organization),
        (Module::Deals, account.deal, Kind::Deal),
        (Module::Leads, account.lead, Kind::Lead),
    ] {
        delete(module, id, true);
        assert_eq!(state(&changes(&*reader, kind, since_s).await, id), Some(false), "{kind}");
    }
}

#[tokio::test]
async fn another_owner_number_and_stage_are_told() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let since_s = now_s();
    let item = Item { module: Module::Contacts, id: account.contact };
    let owner_id = sandbox::zoho_crm::EMPLOYEES[2];
    account.sandbox.change(Change::SetOwner { item, owner_id }).expect("changed");
    account.sandbox.change(Change::SetPhones { item, phones: vec!["0445".to_owned()] }).expect("changed");
    let changed = changes(&*reader, Kind::Contact, since_s).await;
    let contact = changed.iter().find(|record| record.id == account.contact.into()).expect("the contact");
    assert_eq!((contact.owner, &contact.numbers[..]), (Some(owner_id.into()), &["0445".to_owned()][..]));
    let stage = "Customer's \"no\"".to_owned();
    account.sandbox.change(Change::SetStage { deal_id: account.deal, stage }).expect("lost");
    assert_eq!(state(&changes(&*reader, Kind::Deal, since_s).await, account.deal), Some(false));
}

#[tokio::test]
async fn a_stage_that_nobody_knows_is_open_and_has_the_stages_read_again() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    changes(&*reader, Kind::Deal, now_s()).await;
    let row = format!(r#"{{"id":"{}","Stage":"Brand new","Modified_Time":"2026-11-20T12:00:00+02:00"}}"#, account.deal);
    let body = format!(r#"{{"data":[{row}],"info":{{"count":1,"more_records":false}}}}"#);
    let kind = FaultKind::Status { status: 200, headers: [].into(), body };
    account.sandbox.stage_fault(Fault::new(kind).on("/crm/v8/coql"));
    let changed = changes(&*reader, Kind::Deal, now_s()).await;
    assert_eq!((state(&changed, account.deal), changed[0].updated_s), (Some(true), 1_795_168_800));
}

#[tokio::test]
async fn a_vendor_that_repeats_a_page_does_not_keep_us_reading() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let row = r#"{"id":"7","Modified_Time":"2026-11-20T12:00:00+02:00"}"#;
    let body = format!(r#"{{"data":[{row}],"info":{{"count":1,"more_records":true,"next_page_token":"again"}}}}"#);
    changes(&*reader, Kind::Lead, now_s()).await;
    let kind = FaultKind::Status { status: 200, headers: [].into(), body };
    account.sandbox.stage_fault(Fault::new(kind));
    let next = reader.changes(Kind::Lead, 0, None).await.expect("a page").next;
    assert!(matches!(reader.changes(Kind::Lead, 0, next.as_ref()).await, Err(Failure::Unclear { .. })));
    let cursor = Cursor("converted 0 again".to_owned());
    assert!(matches!(reader.changes(Kind::Lead, 0, Some(&cursor)).await, Err(Failure::Unclear { .. })));
    let next = reader.page(Kind::Lead, Some(&Cursor("6".to_owned()))).await.expect("a page").next;
    assert!(matches!(reader.page(Kind::Lead, next.as_ref()).await, Err(Failure::Unclear { .. })));
}

#[tokio::test]
async fn a_cursor_of_converted_leads_is_no_cursor_of_contacts() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let cursor = Cursor("converted 0 ".to_owned());
    assert!(matches!(reader.changes(Kind::Contact, 0, Some(&cursor)).await, Err(Failure::Refused { .. })));
    assert_eq!(account.paths(), [""; 0]);
}
