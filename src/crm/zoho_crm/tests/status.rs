use super::reply;
use crate::crm::failure::Failure;
use crate::crm::zoho_crm::status::{Signal, Verdict, judge, query_refused, signal, token_refused, written};
use crate::crm::zoho_crm::wire::Rows;

const REFUSED: &str =
    r#"{"code":"INVALID_DATA","details":{"api_name":"Phone"},"message":"bad +380671112233","status":"error"}"#;

fn judged(status: u16, body: &str) -> Result<Option<usize>, Failure> {
    judge::<Rows>(&reply(status, &[], body)).map(|rows| rows.map(|rows| rows.data.len()))
}

#[test]
fn nothing_found_and_nothing_changed_are_answers() {
    assert_eq!(judged(204, ""), Ok(None));
    assert_eq!(judged(304, ""), Ok(None));
    assert_eq!(judged(200, r#"{"data":[{"id":"1"}],"info":{"more_records":false}}"#), Ok(Some(1)));
    assert_eq!(judged(200, r#"{"data":null,"info":null}"#), Ok(Some(0)));
}

#[test]
fn each_status_is_one_of_four_failures() {
    type Is = fn(&Failure) -> bool;
    let (wait, refused): (Is, Is) =
        (|failure| matches!(failure, Failure::Wait { .. }), |failure| matches!(failure, Failure::Refused { .. }));
    let (credentials, unclear): (Is, Is) = (
        |failure| matches!(failure, Failure::Credentials { .. }),
        |failure| matches!(failure, Failure::Unclear { .. }),
    );
    let limited = r#"{"code":"TOO_MANY_REQUESTS","details":{},"message":"too many","status":"error"}"#;
    let right = r#"{"code":"AUTHORIZATION_FAILED","details":{},"message":"no right","status":"error"}"#;
    for (status, body, fits) in [
        (429, limited, wait),
        (408, "", wait),
        (500, r#"{"code":"INTERNAL_ERROR","details":{},"message":"oh","status":"error"}"#, wait),
        (503, "<html>", wait),
        (401, r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#, credentials),
        (401, r#"{"code":"OAUTH_SCOPE_MISMATCH","details":{},"message":"","status":"error"}"#, credentials),
        (403, r#"{"code":"NO_PERMISSION","details":{},"message":"permission denied","status":"error"}"#, credentials),
        (400, right, credentials),
        (400, REFUSED, refused),
        (404, "", refused),
        (302, "", refused),
        (200, REFUSED, refused),
        (200, "<html>", unclear),
        (200, r#"{"data":[{"id":"#, unclear),
        (200, r#"{"data":7}"#, unclear),
        (200, "", unclear),
    ] {
        let failure = judged(status, body).expect_err(body);
        assert!(fits(&failure), "{status} {body}: {failure:?}");
    }
}

#[test]
fn the_vendors_words_are_kept_and_peoples_numbers_are_not() {
    let failure = judged(400, REFUSED).expect_err("refused").to_string();
    assert!(failure.contains("status 400: INVALID_DATA; bad +************"), "{failure}");
    assert!(failure.contains("api_name"), "{failure}");
    let long = format!(r#"{{"code":"X","message":"{}","status":"error"}}"#, "é".repeat(500));
    assert!(judged(400, &long).expect_err("refused").to_string().chars().count() < 300);
}

#[test]
fn what_is_said_of_credits_is_read_and_a_429_without_any_left_is_a_spent_day() {
    let told = |status, left: &str| signal(&reply(status, &[("x-api-credits-remaining", left)], ""));
    assert_eq!(told(200, "2100"), Signal { verdict: Verdict::Accepted, left: Some(2_100) });
    assert_eq!(told(429, "0"), Signal { verdict: Verdict::DaySpent, left: Some(0) });
    assert_eq!(told(429, "7").verdict, Verdict::Limited);
    assert_eq!(told(200, "many").left, None);
    assert_eq!(signal(&reply(429, &[], "")), Signal { verdict: Verdict::Limited, left: None });
    assert_eq!(signal(&reply(304, &[], "")).verdict, Verdict::Accepted);
    assert_eq!(signal(&reply(500, &[], "")).verdict, Verdict::Neither);
}

#[test]
fn a_token_is_refused_but_a_scope_is_missing() {
    let with = |code: &str| reply(401, &[], &format!(r#"{{"code":"{code}","status":"error"}}"#));
    assert!(token_refused(&with("INVALID_TOKEN")) && token_refused(&with("AUTHENTICATION_FAILURE")));
    assert!(!token_refused(&with("OAUTH_SCOPE_MISMATCH")));
    assert!(!token_refused(&reply(403, &[], "")));
}

#[test]
fn a_query_that_this_account_cannot_be_asked_is_told_from_other_refusals() {
    let with = |status, code: &str| query_refused(&reply(status, &[], &format!(r#"{{"code":"{code}"}}"#)));
    assert!(with(400, "INVALID_QUERY") && with(400, "SYNTAX_ERROR") && with(400, "LIMIT_EXCEEDED"));
    assert!(!with(400, "INVALID_MODULE") && !with(429, "TOO_MANY_REQUESTS") && !with(401, "INVALID_TOKEN"));
}

#[test]
fn a_row_of_a_write_is_judged_whatever_the_status_around_it() {
    type Is = fn(&Failure) -> bool;
    let (wait, refused): (Is, Is) =
        (|failure| matches!(failure, Failure::Wait { .. }), |failure| matches!(failure, Failure::Refused { .. }));
    let (credentials, unclear): (Is, Is) = (
        |failure| matches!(failure, Failure::Credentials { .. }),
        |failure| matches!(failure, Failure::Unclear { .. }),
    );
    let row = |code: &str| {
        format!(r#"{{"data":[{{"code":"{code}","details":{{"api_name":"Phone"}},"message":"no","status":"error"}}]}}"#)
    };
    for (status, body, fits) in [
        (200, row("INVALID_DATA"), refused),
        (201, row("MANDATORY_NOT_FOUND"), refused),
        (202, row("RECORD_LOCKED"), wait),
        (207, row("NO_PERMISSION"), credentials),
        (400, row("INVALID_DATA"), refused),
        (400, row("DUPLICATE_DATA"), refused),
        (200, row("INTERNAL_ERROR"), unclear),
        (400, REFUSED.to_owned(), refused),
        (200, r#"{"data":[]}"#.to_owned(), unclear),
        (201, r#"{"data":[{"code":"SUCCESS","details":{},"status":"success"}]}"#.to_owned(), unclear),
        (201, r#"{"data":[{"code":"#.to_owned(), unclear),
        (204, String::new(), unclear),
        (408, String::new(), unclear),
        (500, row("INTERNAL_ERROR"), unclear),
        (502, "<html>".to_owned(), unclear),
        (503, "<html>".to_owned(), wait),
        (429, String::new(), wait),
        (401, row("INVALID_TOKEN"), credentials),
        (404, String::new(), refused),
    ] {
        let failure = written(&reply(status, &[], &body), Some("Mark")).expect_err(&body);
        assert!(fits(&failure), "{status} {body}: {failure:?}");
    }
}

#[test]
fn what_was_made_has_an_id_and_a_double_is_ours_only_by_our_mark() {
    let made = r#"{"data":[{"code":"SUCCESS","details":{"id":"554023000000000012"},"status":"success"}]}"#;
    assert_eq!(written(&reply(201, &[], made), None), Ok(554_023_000_000_000_012));
    let double = r#"{"data":[{"code":"DUPLICATE_DATA","details":{"id":"12","api_name":"Mark"},"status":"error"}]}"#;
    assert_eq!(written(&reply(400, &[], double), Some("Mark")), Ok(12));
    for mark in [None, Some("Email")] {
        assert!(matches!(written(&reply(200, &[], double), mark), Err(Failure::Refused { .. })), "{mark:?}");
    }
}

#[test]
fn a_row_keeps_the_vendors_words_and_hides_peoples_numbers() {
    let row = r#"{"data":[{"code":"INVALID_DATA","details":{"api_name":"Phone"},"message":"+380671112233","status":"error"}]}"#;
    let failure = written(&reply(400, &[], row), None).expect_err("refused").to_string();
    assert!(
        failure.contains("INVALID_DATA") && failure.contains("api_name") && !failure.contains("380671"),
        "{failure}"
    );
}
