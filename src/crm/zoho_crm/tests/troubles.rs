//! Tokens, quota, hosts.

use std::time::Duration;

use sandbox::zoho_crm::{Fault, FaultKind};

use super::account::{Account, PLENTY};
use super::live::key;
use super::reading::{SOON, crawl, small};
use crate::crm::failure::Failure;
use crate::crm::quota::{Budget, Limits};
use crate::model::client::Kind;

fn tokens(account: &Account) -> usize {
    account.sandbox.asked().iter().filter(|asked| asked.path.starts_with("/oauth")).count()
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_of_a_crawl_is_replaced_once_and_nobody_notices() {
    let account = Account::with(2_100, |_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let first = reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    let (page, answer, other) = tokio::join!(
        reader.page(Kind::Contact, first.next.as_ref()),
        reader.ask(key("380442001001"), SOON),
        reader.page(Kind::Deal, None)
    );
    assert!(!page.expect("a page").records.is_empty() && !answer.expect("an answer").is_empty());
    assert!(!other.expect("a page").records.is_empty());
    assert_eq!(tokens(&account), 2);
}

#[tokio::test]
async fn fifty_who_need_a_token_at_once_get_it_with_one_request() {
    let account = small(|options| options.limits.tokens = 1).await;
    let (reader, _) = account.reader_of(PLENTY);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let reader = std::sync::Arc::clone(&reader);
        tasks.spawn(async move { reader.ask(key("380442001001"), SOON * 3).await.map(|_| ()) });
    }
    for outcome in tasks.join_all().await {
        outcome.expect("an answer");
    }
    assert_eq!(tokens(&account), 1);
}

#[tokio::test]
async fn a_reader_and_its_hooks_share_the_scarce_tokens() {
    let account = small(|options| options.limits.tokens = 1).await;
    let prepared = account.prepared();
    for _ in 0..2 {
        let reader = prepared.reader(super::account::tools_of(PLENTY));
        crawl(&*reader, Kind::Contact).await.expect("a crawl");
    }
    let hooks = prepared.hooks(super::account::tools_of(PLENTY), super::hooks::target("/acme/crm-changes"));
    hooks.expect("hooks").keep().await.expect("kept");
    assert_eq!(tokens(&account), 1);
}

#[tokio::test]
async fn an_issuer_that_says_access_denied_is_to_be_waited_for_and_not_taken_for_a_dead_token() {
    for how in ["token", "token-200"] {
        let account = small(|_| {}).await;
        let (reader, _) = account.reader_of(PLENTY);
        account.sandbox.stage_fault(Fault::rate_limit(how).on("/oauth"));
        for _ in 0..3 {
            let failure = reader.page(Kind::Contact, None).await.expect_err("throttled");
            assert!(
                matches!(&failure, Failure::Wait { after: Some(after), .. } if *after >= Duration::from_secs(60)),
                "{failure:?}"
            );
        }
        assert_eq!((tokens(&account), account.paths().len()), (1, 0), "{how}");
    }
}

#[tokio::test]
async fn the_eleventh_token_in_ten_minutes_is_refused_and_a_dead_refresh_token_is_the_operators_matter() {
    let account = small(|options| options.limits.tokens = 10).await;
    let (reader, _) = account.reader_of(PLENTY);
    reader.page(Kind::Contact, None).await.expect("a page");
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    account.sandbox.set_revoked(true);
    for _ in 0..3 {
        let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
        assert!(matches!(&failure, Failure::Credentials { reason } if reason.contains("invalid_code")), "{failure:?}");
    }
    assert_eq!(tokens(&account), 2, "the first, and one more");
}

#[tokio::test]
async fn a_token_that_is_refused_whatever_it_is_does_not_use_up_the_tokens() {
    let account = small(|options| options.limits.tokens = 10).await;
    let (reader, _) = account.reader_of(PLENTY);
    let body = r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#.to_owned();
    let refused = FaultKind::Status { status: 401, headers: [].into(), body };
    account.sandbox.stage_fault(Fault::new(refused).on("/crm"));
    tokio::time::pause();
    for _ in 0..10 {
        let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
        assert!(matches!(&failure, Failure::Credentials { reason } if reason.contains("INVALID_TOKEN")), "{failure:?}");
        tokio::time::advance(Duration::from_secs(6)).await;
    }
    assert!(tokens(&account) <= 3, "{}", tokens(&account));
}

#[tokio::test]
async fn a_missing_scope_is_told_and_no_token_asked_for_because_of_it() {
    let account = small(|_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    let body = r#"{"code":"OAUTH_SCOPE_MISMATCH","details":{},"message":"invalid oauth scope","status":"error"}"#;
    let refused = FaultKind::Status { status: 401, headers: [].into(), body: body.to_owned() };
    account.sandbox.stage_fault(Fault::new(refused).on("/crm"));
    let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
    assert!(
        matches!(&failure, Failure::Credentials { reason } if reason.contains("OAUTH_SCOPE_MISMATCH")),
        "{failure:?}"
    );
    assert_eq!((tokens(&account), account.paths().len()), (1, 1));
}

#[tokio::test]
async fn a_token_answer_that_names_a_foreign_host_is_refused_and_gets_no_token() {
    let account = small(|_| {}).await;
    let elsewhere = small(|_| {}).await;
    for domain in [elsewhere.sandbox.base_url(), "https://www.zohoapis.com".to_owned(), "nowhere".to_owned()] {
        let body = format!(r#"{{"access_token":"a","expires_in":3600,"api_domain":"{domain}"}}"#);
        let kind = FaultKind::Status { status: 200, headers: [].into(), body };
        account.sandbox.clear_faults();
        account.sandbox.stage_fault(Fault::new(kind).on("/oauth"));
        let (reader, _) = account.reader_of(PLENTY);
        let failure = reader.page(Kind::Contact, None).await.expect_err("refused");
        assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("api_domain")), "{failure:?}");
    }
    assert_eq!(elsewhere.sandbox.asked(), []);
}

#[tokio::test]
async fn a_429_that_says_nothing_more_is_counted_and_holds_the_account_back() {
    let account = small(|_| {}).await;
    let (reader, ledger) = account.reader_of(PLENTY);
    account.sandbox.stage_fault(Fault::rate_limit("at-once").on("/crm").times(1));
    let failure = reader.page(Kind::Contact, None).await.expect_err("too much");
    assert!(matches!(failure, Failure::Wait { after: None, .. }), "{failure:?}");
    let view = ledger.snapshot();
    assert!(view.limited == 1 && view.held.is_some() && !view.day_spent, "{view:?}");
    let failure = reader.ask(key("380442001001"), Duration::ZERO).await.expect_err("held");
    assert!(matches!(failure, Failure::NoQuota { .. }), "{failure:?}");
    assert_eq!(account.paths().len(), 1);
}

#[tokio::test]
async fn a_429_with_no_credits_left_is_known_for_a_spent_day() {
    let account = small(|_| {}).await;
    let (reader, ledger) = account.reader_of(PLENTY);
    account.sandbox.set_credits(Some(1_000), Some(1_000));
    reader.page(Kind::Contact, None).await.expect_err("spent");
    let view = ledger.snapshot();
    assert!(view.day_spent && view.vendor_left == Some(0), "{view:?}");
}

#[tokio::test]
async fn what_the_vendor_says_is_left_counts_once_half_is_gone() {
    let account = small(|_| {}).await;
    let (reader, ledger) = account.reader_of(Limits { daily: Some(Budget::rolling(1_000)), ..PLENTY });
    account.sandbox.set_credits(Some(1_000), Some(400));
    reader.page(Kind::Deal, None).await.expect("a page");
    assert_eq!(ledger.snapshot().vendor_left, None, "not told before half is gone");
    account.sandbox.set_credits(Some(1_000), Some(600));
    reader.page(Kind::Contact, None).await.expect("a page");
    assert_eq!(ledger.snapshot().vendor_left, Some(396), "others spent 600, this reader 4");
}
