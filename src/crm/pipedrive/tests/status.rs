use std::time::Duration;

use serde_json::Value;

use super::reply;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::status::{Verdict, judge, judge_write, signal, token_refused};
use crate::outbound::Reply;

const RATE_LIMITED: &str = include_str!("../fixtures/rate_limited.json");
const BLOCKED: &str = include_str!("../fixtures/blocked.html");
const RIGHT_MISSING: &str = include_str!("../fixtures/right_missing.json");
const TOKEN_EXPIRED: &str = include_str!("../fixtures/token_expired.json");
const REFUSED_INSIDE_200: &str = include_str!("../fixtures/refused_inside_200.json");

fn failure(reply: &Reply) -> Failure {
    judge::<Value>(reply).expect_err("no answer")
}

#[test]
fn a_429_is_to_be_waited_out_for_as_long_as_its_headers_say() {
    let told = [("x-ratelimit-limit", "20"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2")];
    for (headers, after) in [
        (told.as_slice(), Some(Duration::from_secs(2))),
        (&[], None),
        (&[("retry-after", "7"), ("x-ratelimit-reset", "2")], Some(Duration::from_secs(7))),
        (&[("x-ratelimit-reset", "1800000000")], None),
        (&[("retry-after", "Fri, 20 Nov 2026 23:00:00 GMT")], None),
    ] {
        let limited = reply(429, headers, RATE_LIMITED);
        assert!(matches!(failure(&limited), Failure::Wait { after: found, .. } if found == after), "{headers:?}");
        let signal = signal(&limited);
        assert_eq!((signal.verdict, signal.left), (Verdict::Limited(after), None), "{headers:?}");
    }
}

#[test]
fn a_403_page_is_to_be_waited_out_long_and_a_403_in_the_vendors_words_is_a_missing_right() {
    let blocked = reply(403, &[("content-type", "text/html")], BLOCKED);
    assert!(matches!(failure(&blocked), Failure::Wait { after: Some(after), .. } if after.as_secs() >= 60));
    assert!(matches!(signal(&blocked).verdict, Verdict::Limited(Some(_))));
    // The body decides: a page that calls itself JSON is still a page.
    let disguised = reply(403, &[("content-type", "application/json")], BLOCKED);
    assert!(matches!(failure(&disguised), Failure::Wait { .. }));
    let missing = reply(403, &[("content-type", "application/json")], RIGHT_MISSING);
    assert_eq!(
        failure(&missing),
        Failure::Credentials {
            reason: "status 403: Scope and URL mismatch; Please check developers.pipedrive.com".to_owned()
        }
    );
    assert_eq!(signal(&missing).verdict, Verdict::Neither);
}

#[test]
fn refused_credentials_and_an_unpaid_account_are_the_operators_matter() {
    for status in [401, 402] {
        let refused = reply(status, &[], TOKEN_EXPIRED);
        assert!(matches!(failure(&refused), Failure::Credentials { .. }), "{status}");
        assert_eq!(token_refused(&refused), status == 401);
    }
}

#[test]
fn what_the_vendor_understood_and_refused_is_refused() {
    for status in [400, 404, 409, 410, 422] {
        let refused = reply(status, &[], RIGHT_MISSING);
        assert!(matches!(failure(&refused), Failure::Refused { .. }), "{status}");
    }
    let moved = failure(&reply(302, &[], ""));
    assert!(matches!(&moved, Failure::Refused { reason } if reason.contains("crm.base_url")), "{moved:?}");
}

#[test]
fn a_server_in_trouble_is_to_be_waited_for() {
    for status in [408, 500, 502, 503, 504, 520] {
        assert!(matches!(failure(&reply(status, &[], BLOCKED)), Failure::Wait { after: None, .. }), "{status}");
    }
    let told = reply(503, &[("retry-after", "30")], "");
    assert!(matches!(failure(&told), Failure::Wait { after: Some(after), .. } if after.as_secs() == 30));
}

#[test]
fn a_200_can_be_a_failure_and_nobodys_number_stands_in_its_reason() {
    let refused = failure(&reply(200, &[], REFUSED_INSIDE_200));
    let Failure::Refused { reason } = refused else { panic!("expected a refusal, found {refused:?}") };
    assert_eq!(reason, "status 200: ERR_SCHEMA_VALIDATION_FAILED; term: expected other than +************");
}

#[test]
fn a_200_that_is_no_answer_is_unclear() {
    let whole = r#"{"success":true,"data":[]}"#;
    assert!(judge::<Vec<Value>>(&reply(200, &[], whole)).is_ok());
    let misshapen = r#"{"success":true,"data":{"a":1}}"#;
    for body in ["", BLOCKED, &whole[..20], "[]", "{}", "null", r#"{"data":[]}"#, misshapen] {
        let found = judge::<Vec<Value>>(&reply(200, &[], body)).expect_err(body);
        assert!(matches!(found, Failure::Unclear { .. }), "{body}: {found:?}");
    }
}

#[test]
fn long_words_of_the_vendor_are_cut_between_letters() {
    let body = serde_json::json!({"success": false, "error": "ї".repeat(5_000)}).to_string();
    let Failure::Refused { reason } = failure(&reply(400, &[], &body)) else { panic!("expected a refusal") };
    assert!(reason.chars().count() < 230 && reason.ends_with('…'));
}

#[test]
fn the_remainder_of_the_window_is_read_where_it_is_whole() {
    let whole = [("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "1")];
    let left = |status, headers: &[(&str, &str)]| signal(&reply(status, headers, "")).left;
    for status in [200, 404, 500] {
        assert_eq!(left(status, &whole), Some((3, Duration::from_secs(1))), "{status}");
        assert_eq!(left(status, &whole[..1]), None);
        assert_eq!(left(status, &[("x-ratelimit-remaining", "-1"), whole[1]]), None);
    }
}

#[test]
fn only_an_answer_shows_that_the_vendor_takes_requests_again() {
    for status in [200, 201, 204] {
        assert_eq!(signal(&reply(status, &[], "")).verdict, Verdict::Accepted, "{status}");
    }
    for status in [302, 400, 401, 404, 408, 500, 502, 503] {
        assert_eq!(signal(&reply(status, &[], "")).verdict, Verdict::Neither, "{status}");
    }
}

#[test]
fn what_a_write_may_have_done_is_unclear_and_what_nobody_took_on_is_to_be_waited_out() {
    let of = |status, body: &str| judge_write::<Value>(&reply(status, &[], body)).expect_err("no answer");
    for status in [500, 502, 504] {
        assert!(matches!(of(status, "{}"), Failure::Unclear { .. }), "{status}");
        assert!(matches!(failure(&reply(status, &[], "{}")), Failure::Wait { .. }), "reading is asked again: {status}");
    }
    for status in [408, 429, 503] {
        assert!(matches!(of(status, "{}"), Failure::Wait { .. }), "{status}");
    }
    assert!(matches!(of(403, BLOCKED), Failure::Wait { .. }));
    for (status, body) in [(200, "not JSON"), (201, ""), (200, "{\"success\": true, \"data\"")] {
        assert!(matches!(of(status, body), Failure::Unclear { .. }), "{status} {body}");
    }
}

#[test]
fn what_a_write_is_refused_with_is_the_vendors_word_or_the_credentials() {
    let of = |status, body: &str| judge_write::<Value>(&reply(status, &[], body)).expect_err("no answer");
    for (status, body) in [(401, TOKEN_EXPIRED), (403, RIGHT_MISSING), (402, "{}")] {
        assert!(matches!(of(status, body), Failure::Credentials { .. }), "{status}");
    }
    let gone = r#"{"success":false,"error":"Person 380671112233 not found","code":"ERR_BAD_REQUEST"}"#;
    let Failure::Refused { reason } = of(400, gone) else { panic!("expected a refusal") };
    assert_eq!(reason, "status 400: ERR_BAD_REQUEST; Person ************ not found");
    for status in [302, 404, 409, 410, 413, 422] {
        assert!(matches!(of(status, "{}"), Failure::Refused { .. }), "{status}");
    }
}
