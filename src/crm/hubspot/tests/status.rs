use std::time::Duration;

use serde_json::Value;

use super::reply;
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    status::{Made, Verdict, judge, judge_batch, judge_made, judge_upsert, judge_write, says_without, signal},
    wire::{Answer, Object},
};

const RATE_LIMITED: &str = include_str!("../fixtures/rate_limited.json");
const SCOPES_MISSING: &str = include_str!("../fixtures/scopes_missing.json");
const DEALS_HALF_MISSING: &str = include_str!("../fixtures/deals_half_missing.json");

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

fn failure(status: u16, headers: &[(&str, &str)], body: &str) -> Failure {
    judge::<Value>(&reply(status, headers, body)).expect_err("a failure")
}

#[test]
fn a_429_is_told_apart_by_its_policy() {
    let policy = |name: &str| RATE_LIMITED.replace("TEN_SECONDLY_ROLLING", name);
    let verdict = |name: &str, headers: &[(&str, &str)]| signal(&reply(429, headers, &policy(name))).verdict;
    assert_eq!(verdict("TEN_SECONDLY_ROLLING", &[]), Verdict::Limited(seconds(10)));
    assert_eq!(verdict("SECONDLY", &[]), Verdict::Limited(seconds(1)));
    assert_eq!(verdict("DAILY", &[]), Verdict::DaySpent(None));
    assert_eq!(verdict("MONTHLY", &[]), Verdict::Limited(None));
    assert_eq!(verdict("SECONDLY", &[("retry-after", "3")]), Verdict::Limited(seconds(3)), "not promised, but kept");
    assert_eq!(signal(&reply(429, &[], "<html>")).verdict, Verdict::Limited(None));
}

#[test]
fn a_migration_is_waited_out_as_long_as_it_is_said_to_take() {
    let told = [("retry-after", "3600")];
    assert_eq!(signal(&reply(477, &told, "{}")).verdict, Verdict::Limited(seconds(3600)));
    assert!(matches!(failure(477, &told, "{}"), Failure::Wait { after, .. } if after == seconds(3600)));
    assert!(matches!(failure(477, &[("retry-after", "9999999")], "{}"), Failure::Wait { after: None, .. }));
}

#[test]
fn what_is_left_is_read_of_an_answer_and_not_of_a_refusal() {
    let headers = [
        ("x-hubspot-ratelimit-remaining", "12"),
        ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
        ("x-hubspot-ratelimit-daily-remaining", "249000"),
    ];
    let told = signal(&reply(200, &headers, "{}"));
    assert_eq!((told.left, told.day_left), (Some((12, Duration::from_secs(1))), Some(249_000)));
    let refused = signal(&reply(429, &headers, RATE_LIMITED));
    assert_eq!((refused.left, refused.day_left), (None, None));
    let search = signal(&reply(200, &[], "{}"));
    assert_eq!((search.left, search.day_left), (None, None));
}

#[test]
fn each_refusal_is_one_of_the_four_failures() {
    for status in [408, 423, 500, 502, 503, 504, 521] {
        assert!(matches!(failure(status, &[], ""), Failure::Wait { .. }), "{status}");
    }
    assert!(matches!(failure(423, &[], "{}"), Failure::Wait { after, .. } if after == seconds(2)));
    assert!(matches!(failure(401, &[], "{}"), Failure::Credentials { .. }));
    assert!(matches!(failure(403, &[], SCOPES_MISSING), Failure::Credentials { .. }));
    assert!(matches!(failure(403, &[], "<html>"), Failure::Wait { .. }));
    for status in [301, 400, 404, 409, 414] {
        assert!(matches!(failure(status, &[], "{}"), Failure::Refused { .. }), "{status}");
    }
    for body in ["<<<", "", r#"{"results": ["#, r#"{"results": 7}"#, "[]"] {
        let unclear = judge::<Answer<Object>>(&reply(200, &[], body)).expect_err(body);
        assert!(matches!(unclear, Failure::Unclear { .. }), "{body}");
    }
}

#[test]
fn a_refusal_keeps_the_vendors_words_and_nobodys_number() {
    let Failure::Credentials { reason } = failure(403, &[], SCOPES_MISSING) else { panic!("expected credentials") };
    assert!(reason.contains("MISSING_SCOPES") && reason.contains("2b5c1a3d-0000-4000-8000-0000000000aa"), "{reason}");
    assert!(!reason.contains("380671112233"), "{reason}");
}

#[test]
fn only_what_is_not_there_may_be_missing_in_a_batch() {
    let other = judge_batch::<Object>(&reply(207, &[], DEALS_HALF_MISSING)).expect_err("a failure");
    assert!(matches!(&other, Failure::Unclear { reason } if reason.contains("INTERNAL_ERROR")), "{other:?}");
    let gone = DEALS_HALF_MISSING.replace("INTERNAL_ERROR", "OBJECT_NOT_FOUND");
    assert_eq!(judge_batch::<Object>(&reply(207, &[], &gone)).expect("a batch").results.len(), 1);
}

#[test]
fn an_account_without_leads_is_told_from_one_whose_token_is_not_good() {
    assert!(says_without(&reply(403, &[], SCOPES_MISSING)) && says_without(&reply(404, &[], "{}")));
    assert!(!says_without(&reply(401, &[], "{}")) && !says_without(&reply(403, &[], "<html>")));
    assert!(!says_without(&reply(200, &[], "{}")));
}

#[test]
fn a_server_error_leaves_a_write_unclear_but_for_the_one_that_says_nobody_was_there() {
    let write = |status: u16, body: &str| judge_write::<Value>(&reply(status, &[], body)).expect_err("a failure");
    for status in [408, 500, 502, 504, 521] {
        assert!(matches!(write(status, ""), Failure::Unclear { .. }), "{status}");
    }
    assert!(matches!(write(503, ""), Failure::Wait { .. }));
    assert!(matches!(write(429, RATE_LIMITED), Failure::Wait { .. }));
    assert!(matches!(write(423, "{}"), Failure::Wait { .. }));
    assert!(matches!(write(401, "{}"), Failure::Credentials { .. }));
    assert!(matches!(write(400, "{}"), Failure::Refused { .. }));
    assert!(matches!(write(201, "<<<"), Failure::Unclear { .. }), "it was carried out");
}

#[test]
fn what_was_made_has_an_id_and_an_e_mail_that_is_there_names_its_contact() {
    let made = |status: u16, body: &str| judge_made(&reply(status, &[], body));
    assert_eq!(made(201, r#"{"id": "7"}"#), Ok(Made::New(7.into())));
    assert!(matches!(made(201, r#"{"id": "x"}"#), Err(Failure::Unclear { .. })));
    let there = r#"{"category": "CONFLICT", "message": "Contact already exists. Existing ID: 123456789012"}"#;
    assert_eq!(made(409, there), Ok(Made::There(123_456_789_012.into())));
    assert!(matches!(made(409, r#"{"category": "CONFLICT", "message": "taken"}"#), Err(Failure::Refused { .. })));
}

#[test]
fn a_row_that_is_refused_inside_a_batch_is_no_success() {
    let upsert = |status: u16, body: &str| judge_upsert(&reply(status, &[], body));
    assert_eq!(upsert(200, r#"{"results": [{"id": "7", "new": true}]}"#), Ok(Made::New(7.into())));
    let row = |category: &str, message: &str| {
        upsert(
            207,
            &serde_json::json!({"results": [], "errors": [{"category": category, "message": message}]}).to_string(),
        )
    };
    let refused = row("VALIDATION_ERROR", "380671112233 is wrong");
    assert!(matches!(&refused, Err(Failure::Refused { reason }) if reason.contains("is wrong")), "{refused:?}");
    assert!(!format!("{refused:?}").contains("380671112233"), "{refused:?}");
    assert!(matches!(row("INTERNAL_ERROR", "later"), Err(Failure::Unclear { .. })));
    assert_eq!(row("CONFLICT", "Contact already exists. Existing ID: 9"), Ok(Made::There(9.into())));
    assert!(matches!(upsert(200, r#"{"results": []}"#), Err(Failure::Unclear { .. })));
    assert!(matches!(upsert(400, "{}"), Err(Failure::Refused { .. })));
}
