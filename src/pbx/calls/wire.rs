//! What a reply means. Pure.

use serde_json::value::RawValue;

use super::{MOST_ROWS, Page};
use crate::outbound::Reply;
use crate::pbx::{Failure, staff::retry_after};

/// What is shown of a text that came in the place of a list.
const SHOWN: usize = 200;

/// The rows inside a reply, or what their absence means.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx.
/// - [`Failure::Credentials`]: 401, 403.
/// - [`Failure::Refused`]: any other status that is not 2xx; a text about an incorrect field.
/// - [`Failure::Unclear`]: a 2xx that is no array.
pub(super) fn judge(reply: &Reply) -> Result<Page, Failure> {
    let status = reply.status;
    let words = || format!("status {status}{}", said(&reply.body));
    match status {
        200..=299 => page(reply),
        408 | 429 | 500..=599 => Err(Failure::Wait { reason: words(), after: retry_after(reply) }),
        401 | 403 => Err(Failure::Credentials { reason: words() }),
        300..=399 => {
            let reason = format!("status {status}: expected a list, found a redirect; is ringostat.base_url right?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words() }),
    }
}

fn page(reply: &Reply) -> Result<Page, Failure> {
    match serde_json::from_slice::<Vec<Box<RawValue>>>(&reply.body) {
        Ok(rows) if rows.len() >= MOST_ROWS => Ok(Page::Full(rows)),
        Ok(rows) => Ok(Page::Whole(rows)),
        Err(error) => Err(instead(reply, &error)),
    }
}

/// What came in the place of a list. The text of a list that ends in the middle holds numbers: it is not shown.
fn instead(reply: &Reply, error: &serde_json::Error) -> Failure {
    let status = reply.status;
    if reply.body.to_ascii_lowercase().windows(15).take(4_096).any(|part| part == b"incorrect field") {
        return Failure::Refused { reason: format!("status {status}{}", said(&reply.body)) };
    }
    let found = match error.classify() {
        serde_json::error::Category::Eof => "JSON that ends in the middle".to_owned(),
        serde_json::error::Category::Data => "JSON that is no array".to_owned(),
        _ => format!("no JSON{}", said(&reply.body)),
    };
    Failure::Unclear { reason: format!("status {status}: expected a list of calls, found {found}") }
}

/// A text of the vendor's, short; nothing of what may be a list.
fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN)]);
    let text: String = text.trim().chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    if text.is_empty() || text.starts_with('[') { String::new() } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MOST_ROWS, Page, judge};
    use crate::outbound::Reply;
    use crate::pbx::Failure;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: vec![("retry-after".to_owned(), "7".to_owned())], body: body.to_owned().into() }
    }

    #[test]
    fn fewer_rows_than_an_answer_can_have_are_all_and_as_many_may_not_be() {
        let rows = |count: usize| format!("[{}]", vec!["{\"uniqueid\":\"1\"}"; count].join(","));
        assert!(matches!(judge(&reply(200, "[]")), Ok(Page::Whole(rows)) if rows.is_empty()));
        assert!(matches!(judge(&reply(200, &rows(MOST_ROWS - 1))), Ok(Page::Whole(rows)) if rows.len() == 6_499));
        assert!(matches!(judge(&reply(200, &rows(MOST_ROWS))), Ok(Page::Full(rows)) if rows.len() == 6_500));
    }

    #[test]
    fn a_status_or_a_text_in_the_place_of_a_list_says_what_is_to_be_done_about_it() {
        let wait = Failure::Wait { reason: "status 429: {}".to_owned(), after: Some(Duration::from_secs(7)) };
        assert_eq!(judge(&reply(429, "{}")).unwrap_err(), wait);
        assert!(matches!(judge(&reply(503, "")), Err(Failure::Wait { .. })));
        for status in [401, 403] {
            assert!(matches!(judge(&reply(status, "")), Err(Failure::Credentials { .. })));
        }
        let incorrect = judge(&reply(200, "Incorrect field: nope")).unwrap_err();
        assert_eq!(incorrect, Failure::Refused { reason: "status 200: Incorrect field: nope".to_owned() });
        assert!(matches!(judge(&reply(302, "")), Err(Failure::Refused { reason }) if reason.contains("redirect")));
        assert!(matches!(judge(&reply(404, "")), Err(Failure::Refused { .. })));
        for (body, found) in [("{}", "no array"), ("<html>", "no JSON: <html>"), ("[{\"caller\":\"3806711", "middle")] {
            let error = judge(&reply(200, body)).unwrap_err().to_string();
            assert!(error.contains(found) && !error.contains("3806711"), "{error}");
        }
    }
}
