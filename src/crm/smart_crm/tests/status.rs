use std::time::Duration;

use super::reply;
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    status::{Verdict, is_there_already, judge, signal, written},
    wire::List,
};

const LIMITED: &str = include_str!("../fixtures/rate_limited_execution.json");

fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> Result<List, Failure> {
    judge(&reply(status, headers, body))
}

#[test]
fn every_limit_is_to_be_waited_out_for_exactly_as_long_as_is_said() {
    for code in ["0x80072322", "0x80072321", "0x80072326"] {
        let body = LIMITED.replace("0x80072321", code);
        let after = Some(Duration::from_secs(17));
        let told = reply(429, &[("retry-after", "17")], &body);
        assert_eq!(signal(&told).verdict, Verdict::Limited(after));
        let Err(Failure::Wait { reason, after: found }) = judge::<List>(&told) else { panic!("expected a wait") };
        assert!(found == after && reason.contains(code), "{reason}");
    }
    assert_eq!(signal(&reply(429, &[], "")).verdict, Verdict::Limited(None));
}

#[test]
fn what_the_window_still_takes_is_read_of_answers_only() {
    let header = [("x-ms-ratelimit-burst-remaining-xrm-requests", "5999")];
    assert_eq!(signal(&reply(200, &header, "{}")).left, Some(5_999));
    assert_eq!(signal(&reply(429, &header, "{}")).left, None);
    assert_eq!(signal(&reply(200, &[], "{}")).left, None);
}

#[test]
fn a_missing_privilege_is_the_operators_matter_and_an_unknown_property_is_refused() {
    let privilege = include_str!("../fixtures/privilege_missing.json");
    let Err(Failure::Credentials { reason }) = judged(403, &[], privilege) else { panic!("expected credentials") };
    assert!(reason.contains("0x80040220"), "{reason}");
    let property = include_str!("../fixtures/property_unknown.json");
    let Err(Failure::Refused { reason }) = judged(400, &[], property) else { panic!("expected a refusal") };
    assert!(reason.contains("new_mobil"), "{reason}");
}

#[test]
fn what_is_no_answer_is_unclear_and_what_passes_is_to_be_waited_for() {
    for body in ["<html>", "{\"value\":[", "[]", "{}", "{\"value\":7}", ""] {
        assert!(matches!(judged(200, &[], body), Err(Failure::Unclear { .. })), "{body}");
    }
    for status in [408, 500, 502, 503, 504] {
        let after = Some(Duration::from_secs(3));
        let found = judged(status, &[("retry-after", "3")], "");
        assert!(matches!(found, Err(Failure::Wait { after: told, .. }) if told == after), "{status}");
    }
    assert!(matches!(judged(401, &[], ""), Err(Failure::Credentials { .. })));
    assert!(matches!(judged(302, &[], ""), Err(Failure::Refused { .. })));
    assert!(judged(200, &[], "{\"value\":[]}").is_ok());
}

#[test]
fn a_number_in_the_vendors_words_is_masked_and_its_code_is_not() {
    let body = r#"{"error":{"code":"0x80060888","message":"A syntax error at '380671112233' in the filter."}}"#;
    let Err(Failure::Refused { reason }) = judged(400, &[], body) else { panic!("expected a refusal") };
    assert!(!reason.contains("380671112233") && reason.contains("0x80060888"), "{reason}");
}

#[test]
fn a_write_is_waited_for_only_where_the_vendor_refused_to_begin() {
    let judged = |status, body: &str| written(&reply(status, &[("retry-after", "3")], body));
    for status in [200, 201, 204] {
        assert_eq!(judged(status, ""), Ok(()), "{status}");
    }
    let after = Some(Duration::from_secs(3));
    for status in [429, 503] {
        assert!(matches!(judged(status, ""), Err(Failure::Wait { after: told, .. }) if told == after), "{status}");
    }
    for status in [408, 500, 502, 504, 520] {
        assert!(matches!(judged(status, ""), Err(Failure::Unclear { .. })), "{status}");
    }
    for status in [401, 403] {
        assert!(matches!(judged(status, ""), Err(Failure::Credentials { .. })), "{status}");
    }
    let gone = r#"{"error":{"code":"0x80040217","message":"contact With Id = 0a1b2c3d-1111-4222-8333-444455556666 Does Not Exist"}}"#;
    for status in [302, 400, 404, 405, 412, 413] {
        assert!(matches!(judged(status, gone), Err(Failure::Refused { .. })), "{status}");
    }
}

#[test]
fn what_is_there_already_is_told_from_what_a_rule_finds_alike() {
    let told = |status, code: &str| {
        is_there_already(&reply(status, &[], &format!(r#"{{"error":{{"code":"{code}","message":"x"}}}}"#)))
    };
    assert!(told(412, "0x80040237") && told(412, "0x80060892") && told(412, ""));
    assert!(!told(412, "0x80040333") && !told(400, "0x80040237") && !told(204, ""));
}
