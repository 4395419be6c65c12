use std::time::Duration;

use serde_json::Value;

use super::reply;
use crate::crm::failure::Failure;
use crate::crm::zoho_desk::{
    status::{Verdict, judge, judge_write, not_included, says_gone, signal, token_refused},
    wire::{Contact, List},
};
use crate::outbound::Reply;

const DAY_SPENT: &str = include_str!("../fixtures/day_spent.json");
const TOO_MANY_AT_ONCE: &str = include_str!("../fixtures/too_many_at_once.json");
const TOKEN_EXPIRED: &str = include_str!("../fixtures/token_expired.json");
const OTHER_PORTAL: &str = include_str!("../fixtures/other_portal.json");
const REFUSED: &str = include_str!("../fixtures/refused_with_a_number.json");

fn failure(reply: &Reply) -> Failure {
    judge::<List<Contact>>(reply).expect_err("no answer")
}

#[test]
fn the_two_429s_are_told_apart_by_their_code() {
    let hour = Some(Duration::from_secs(3_600));
    for (headers, body, verdict) in [
        (&[("retry-after", "3600")] as &[_], DAY_SPENT, Verdict::DaySpent(hour)),
        (&[], DAY_SPENT, Verdict::DaySpent(None)),
        (&[("retry-after", "999999")], DAY_SPENT, Verdict::DaySpent(Some(Duration::from_secs(86_400)))),
        (&[], TOO_MANY_AT_ONCE, Verdict::Limited(None)),
        (&[("retry-after", "soon")], TOO_MANY_AT_ONCE, Verdict::Limited(None)),
        (&[("retry-after", "3600")], "", Verdict::Limited(hour)),
    ] {
        let limited = reply(429, headers, body);
        assert_eq!(signal(&limited).verdict, verdict, "{body}");
        assert!(matches!(failure(&limited), Failure::Wait { .. }), "{body}");
    }
}

#[test]
fn what_is_left_of_the_day_is_read_from_every_reply() {
    let headers = [("x-rate-limit-remaining-v3", "74990"), ("x-rate-limit-request-weight-v3", "3")];
    for (status, body) in [(200, r#"{"data":[]}"#), (204, ""), (422, REFUSED), (429, DAY_SPENT)] {
        assert_eq!(signal(&reply(status, &headers, body)).left, Some(74_990), "{status}");
    }
    for wrong in ["", "-1", "many"] {
        assert_eq!(signal(&reply(200, &[("x-rate-limit-remaining-v3", wrong)], "")).left, None, "{wrong}");
    }
}

#[test]
fn nothing_is_an_answer() {
    let list: List<Contact> = judge(&reply(204, &[], "")).expect("an answer");
    assert!(list.data.is_empty());
    assert!(judge::<Option<Value>>(&reply(204, &[], "")).expect("an answer").is_none());
}

#[test]
fn credentials_scopes_editions_and_other_portals_are_the_operators_matter() {
    for (status, body) in [(401, TOKEN_EXPIRED), (403, OTHER_PORTAL)] {
        let refused = reply(status, &[], body);
        assert!(matches!(failure(&refused), Failure::Credentials { .. }), "{status}");
        assert_eq!(token_refused(&refused), status == 401);
        assert_eq!(not_included(&refused).is_some(), status == 403);
    }
    let page = reply(403, &[], "<html>blocked</html>");
    assert!(matches!(failure(&page), Failure::Wait { after: Some(_), .. }));
    assert!(matches!(signal(&page).verdict, Verdict::Limited(Some(_))) && not_included(&page).is_none());
}

#[test]
fn what_the_vendor_understood_and_refused_is_refused_without_anybodys_number() {
    let Failure::Refused { reason } = failure(&reply(422, &[], REFUSED)) else { panic!("expected a refusal") };
    assert!(reason.starts_with("status 422: UNPROCESSABLE_ENTITY; ") && !reason.contains("380671112233"), "{reason}");
    for status in [400, 404, 413, 415] {
        assert!(matches!(failure(&reply(status, &[], "")), Failure::Refused { .. }), "{status}");
    }
    let moved = failure(&reply(302, &[], ""));
    assert!(matches!(&moved, Failure::Refused { reason } if reason.contains("crm.data_center")), "{moved:?}");
    assert!(says_gone(&reply(404, &[], "")) && says_gone(&reply(410, &[], "")) && !says_gone(&reply(422, &[], "")));
}

#[test]
fn a_server_in_trouble_is_to_be_waited_for() {
    for status in [408, 500, 502, 503, 504] {
        assert!(matches!(failure(&reply(status, &[], "")), Failure::Wait { after: None, .. }), "{status}");
    }
}

#[test]
fn a_200_that_is_no_answer_is_unclear() {
    let whole = r#"{"data":[{"id":"7"}],"count":1}"#;
    assert_eq!(judge::<List<Contact>>(&reply(200, &[], whole)).expect("an answer").data.len(), 1);
    for body in ["", "<html>", &whole[..20], "[]", "{}", "null", r#"{"errorCode":"X"}"#, r#"{"data":{"id":"7"}}"#] {
        assert!(matches!(failure(&reply(200, &[], body)), Failure::Unclear { .. }), "{body}");
    }
}

#[test]
fn a_write_whose_end_nobody_knows_is_unclear_and_one_that_was_turned_away_is_not() {
    let failure = |status, body| judge_write::<Option<Value>>(&reply(status, &[], body)).expect_err("no answer");
    for status in [204, 408, 500, 502, 504, 520] {
        assert!(matches!(failure(status, ""), Failure::Unclear { .. }), "{status}");
    }
    for (status, body) in [(503, ""), (429, TOO_MANY_AT_ONCE), (429, DAY_SPENT), (403, "<html>")] {
        assert!(matches!(failure(status, body), Failure::Wait { .. }), "{status}");
    }
    for (status, body) in [(401, TOKEN_EXPIRED), (403, OTHER_PORTAL)] {
        assert!(matches!(failure(status, body), Failure::Credentials { .. }), "{status}");
    }
    for status in [400, 404, 405, 413, 415, 422, 302] {
        assert!(matches!(failure(status, REFUSED), Failure::Refused { .. }), "{status}");
    }
    for body in ["", "<html>", "{}", "[]"] {
        assert!(matches!(failure(200, body), Failure::Unclear { .. }), "{body}");
    }
    assert!(judge_write::<Option<Value>>(&reply(201, &[], "{\"id\":\"7\"}")).expect("an answer").is_some());
}
