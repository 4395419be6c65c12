//! Bad days of the vendor's.

use sandbox::smart_crm::{Change, Fault, FaultKind};

use super::account::{Account, PLENTY, id};
use super::reading::crawl;
use crate::crm::contract::Stage;
use crate::crm::failure::Failure;
use crate::model::client::Kind;

async fn paged() -> Account {
    Account::with(100, |options| options.limits.page = 30).await
}

#[tokio::test]
async fn half_a_page_is_followed_by_the_other_half() {
    let account = paged().await;
    let (reader, _) = account.reader_with(PLENTY);
    account.sandbox.stage_fault(Fault::oddity("short_page").on("/api/data/v9.2/contacts").times(1));
    let ids: std::collections::BTreeSet<_> =
        crawl(&*reader, Kind::Contact).await.iter().map(|record| record.id).collect();
    let (whole, _) = account.reader_with(PLENTY);
    assert_eq!(ids.len(), crawl(&*whole, Kind::Contact).await.len());
}

#[tokio::test]
async fn a_page_that_comes_twice_is_read_twice_and_nothing_is_skipped() {
    let account = paged().await;
    let (reader, _) = account.reader_with(PLENTY);
    account.sandbox.stage_fault(Fault::oddity("twice").on("/api/data/v9.2/contacts").times(1));
    let mut ids: Vec<_> = crawl(&*reader, Kind::Contact).await.iter().map(|record| record.id).collect();
    let read = ids.len();
    ids.sort_unstable();
    ids.dedup();
    let (whole, _) = account.reader_with(PLENTY);
    assert_eq!(ids.len(), crawl(&*whole, Kind::Contact).await.len());
    assert!(read > ids.len());
}

#[tokio::test]
async fn a_next_page_that_is_the_same_again_ends_the_crawl() {
    let account = paged().await;
    let (reader, _) = account.reader_with(PLENTY);
    account.sandbox.stage_fault(Fault::oddity("endless").on("/api/data/v9.2/contacts"));
    let mut cursor = None;
    for _ in 0..5 {
        match reader.page(Kind::Contact, cursor.as_ref()).await {
            Ok(page) => cursor = page.next,
            Err(failure) => {
                assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
                return;
            }
        }
    }
    panic!("expected an end");
}

#[tokio::test]
async fn a_next_page_at_another_host_is_never_asked_for() {
    let account = paged().await;
    let (reader, _) = account.reader_with(PLENTY);
    account.sandbox.stage_fault(Fault::oddity("foreign_link").on("/api/data/v9.2/contacts"));
    let failure = reader.page(Kind::Contact, None).await.expect_err("a link elsewhere");
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
}

#[tokio::test]
async fn three_megabytes_of_notes_in_a_record_do_not_keep_it_from_being_read() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    account.sandbox.stage_fault(Fault::oddity("heavy").on("/api/data/v9.2/contacts").times(1));
    let page = reader.page(Kind::Contact, None).await.expect("a page");
    assert!(page.records.len() > 40 && page.records.iter().all(|record| record.numbers.len() <= 7));
}

#[tokio::test]
async fn what_is_no_number_is_handed_on_as_it_was_typed() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let phones = vec!["call after 6".to_owned(), "-".to_owned(), "+380671112233".to_owned()];
    account.change(Change::SetPhones { entity: account.contact.clone(), phones: phones.clone() });
    let read = reader.records(Kind::Contact, &[id(&account.contact)]).await.expect("records");
    assert_eq!(read[0].numbers, phones);
}

#[tokio::test]
async fn a_client_has_no_more_numbers_than_there_are_columns() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let phones = (0..500).map(|number| format!("0442{number:06}")).collect();
    account.change(Change::SetPhones { entity: account.contact.clone(), phones });
    let read = reader.records(Kind::Contact, &[id(&account.contact)]).await.expect("records");
    assert_eq!(read[0].numbers.len(), 7);
}

#[tokio::test]
async fn a_token_that_expires_in_mid_crawl_is_replaced_once() {
    let account = paged().await;
    let (reader, _) = account.reader_with(PLENTY);
    let first = reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    reader.page(Kind::Contact, first.next.as_ref()).await.expect("a page with another token");
    assert_eq!(tokens(&account), 2);
    let statuses: Vec<_> = account.requests().into_iter().filter_map(|asked| asked.status).collect();
    assert_eq!(statuses, [200, 401, 200]);
}

fn tokens(account: &Account) -> usize {
    account.sandbox.asked().iter().filter(|asked| asked.path.ends_with("/token")).count()
}

#[tokio::test]
async fn a_token_endpoint_that_wants_a_pause_is_not_asked_again_at_once() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    let path = format!("/{}", sandbox::smart_crm::TENANT);
    account.sandbox.stage_fault(Fault::status(429).on(path));
    for _ in 0..5 {
        let failure = reader.page(Kind::Contact, None).await.expect_err("no token");
        assert!(matches!(failure, Failure::Wait { .. }), "{failure:?}");
    }
    assert_eq!((tokens(&account), account.asked()), (1, 0));
}

#[tokio::test]
async fn credentials_withdrawn_in_mid_crawl_are_told_as_such() {
    let account = paged().await;
    let (reader, _) = account.reader_with(PLENTY);
    let first = reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.set_revoked(true);
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    let failure = reader.page(Kind::Contact, first.next.as_ref()).await.expect_err("no access");
    assert!(matches!(failure, Failure::Credentials { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_application_that_may_not_read_everything_still_reads_what_it_may() {
    let account = Account::small().await;
    let (reader, _) = account.reader_with(PLENTY);
    // The first question of a crawl is for a tracked reading; the second is not.
    account.sandbox.stage_fault(Fault::status(403).on("/api/data/v9.2/contacts").times(1));
    let page = reader.page(Kind::Contact, None).await.expect("a page");
    assert!(!page.records.is_empty());
}
