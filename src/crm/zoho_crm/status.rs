//! What a reply means. Pure; nobody above looks at a status again.

use serde::de::DeserializeOwned;

use crate::crm::failure::Failure;
use crate::crm::zoho_crm::path;
use crate::crm::zoho_crm::wire::{Outcomes, Refusal};
use crate::outbound::Reply;

/// What a reply says about the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) verdict: Verdict,
    /// So many credits are left, where that is said.
    pub(super) left: Option<u64>,
}

/// Whether a request was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was not.
    Accepted,
    /// It failed for another reason, which may have come before anybody counted it.
    Neither,
    /// Too many at a time, or the day's credits are gone: the vendor says neither which nor for how long.
    Limited,
    /// The day's credits are gone.
    DaySpent,
}

/// Reads what a reply says about the quota.
pub(super) fn signal(reply: &Reply) -> Signal {
    let left = reply.header(path::CREDITS_LEFT).and_then(|text| text.trim().parse().ok());
    let verdict = match reply.status {
        429 if left == Some(0) => Verdict::DaySpent,
        429 => Verdict::Limited,
        200..=299 | 304 => Verdict::Accepted,
        _ => Verdict::Neither,
    };
    Signal { verdict, left }
}

/// Whether it is worth while to try again with a new access token. A missing scope stays missing.
pub(super) fn token_refused(reply: &Reply) -> bool {
    reply.status == 401 && code(reply) != "OAUTH_SCOPE_MISMATCH"
}

/// Whether a query is one that this account cannot be asked: a field that cannot be compared this way, or is not there.
pub(super) fn query_refused(reply: &Reply) -> bool {
    reply.status == 400 && matches!(code(reply).as_str(), "INVALID_QUERY" | "SYNTAX_ERROR" | "LIMIT_EXCEEDED")
}

/// The answer inside a reply; `None` where there is nothing: 204, and 304 to [`path::SINCE`].
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx.
/// - [`Failure::Credentials`]: 401, 403, and 400 where the vendor names a right: each is the operator's matter.
/// - [`Failure::Refused`]: any other 4xx, a redirect, an error inside a 2xx.
/// - [`Failure::Unclear`]: a 2xx that is not the vendor's JSON.
pub(super) fn judge<T: DeserializeOwned>(reply: &Reply) -> Result<Option<T>, Failure> {
    let status = reply.status;
    match status {
        204 | 304 => Ok(None),
        200..=299 => answer(reply).map(Some),
        408 | 429 | 500..=599 => Err(Failure::Wait { reason: words(reply), after: None }),
        401 | 403 => Err(Failure::Credentials { reason: words(reply) }),
        400 if code(reply) == "AUTHORIZATION_FAILED" => Err(Failure::Credentials { reason: words(reply) }),
        300..=399 => {
            let reason = format!("status {status}: expected an answer, found a redirect; is crm.data_center right?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words(reply) }),
    }
}

/// The id of what a request made or changed: rows are judged one by one, here the only one.
///
/// A value that another record has already, in the field of our mark (`mark`), is our own record: it was made before.
///
/// # Errors
/// - [`Failure::Wait`]: 429, 503, and a record that somebody's process holds: nothing was done.
/// - [`Failure::Credentials`]: as [`judge`], and a row that names a right.
/// - [`Failure::Unclear`]: 408 and any other 5xx, and a success that is none of the vendor's: it may have been done.
/// - [`Failure::Refused`]: everything else.
pub(super) fn written(reply: &Reply, mark: Option<&str>) -> Result<u64, Failure> {
    let status = reply.status;
    let row = serde_json::from_slice::<Outcomes>(&reply.body).ok().and_then(|rows| rows.data.into_iter().next());
    match (status, row) {
        (408 | 500..=502 | 504..=599, _) => Err(Failure::Unclear { reason: words(reply) }),
        (200..=299 | 400, Some(row)) => outcome(reply, row, mark),
        _ => match judge::<Outcomes>(reply) {
            Ok(_) => Err(unclear(reply, "none of what was written")),
            Err(failure) => Err(failure),
        },
    }
}

fn outcome(reply: &Reply, row: Refusal, mark: Option<&str>) -> Result<u64, Failure> {
    let code = row.code.clone().unwrap_or_default();
    if !row.is_error() && code == "SUCCESS" {
        return row.id().ok_or_else(|| unclear(reply, "a success without an id"));
    }
    let ours = code == "DUPLICATE_DATA" && mark.is_some() && row.field() == mark;
    if let Some(id) = row.id().filter(|_| ours) {
        return Ok(id);
    }
    let reason = said(reply.status, row);
    Err(match code.as_str() {
        "RECORD_LOCKED" | "TOO_MANY_REQUESTS" => Failure::Wait { reason, after: None },
        "INTERNAL_ERROR" | "INTERNAL_SERVER_ERROR" | "" => Failure::Unclear { reason },
        "NO_PERMISSION" | "AUTHORIZATION_FAILED" | "OAUTH_SCOPE_MISMATCH" => Failure::Credentials { reason },
        _ => Failure::Refused { reason },
    })
}

fn answer<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failure> {
    // First the envelope alone: a refusal inside a success need not have the shape of an answer.
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(refusal) if refusal.is_error() => return Err(Failure::Refused { reason: words(reply) }),
        Ok(_) => {}
        Err(error) if error.is_eof() => return Err(unclear(reply, "JSON that ends in the middle")),
        Err(_) => return Err(unclear(reply, "no JSON")),
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| unclear(reply, &format!("an answer of another shape at column {}", error.column())))
}

fn unclear(reply: &Reply, found: &str) -> Failure {
    Failure::Unclear { reason: format!("status {}: expected an answer, found {found}", reply.status) }
}

fn code(reply: &Reply) -> String {
    serde_json::from_slice::<Refusal>(&reply.body).ok().and_then(|refusal| refusal.code).unwrap_or_default()
}

/// The status and the vendor's words, short and without what may be somebody's number.
fn words(reply: &Reply) -> String {
    said(reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

fn said(status: u16, refusal: Refusal) -> String {
    const LONGEST: usize = 200;
    let details = refusal.details.filter(|details| details.as_object().is_some_and(|details| !details.is_empty()));
    let said = [refusal.code, refusal.message, details.map(|details| details.to_string())];
    let said = masked(&said.into_iter().flatten().collect::<Vec<_>>().join("; "));
    match said.char_indices().nth(LONGEST) {
        _ if said.is_empty() => format!("status {status}"),
        Some((end, _)) => format!("status {status}: {}…", &said[..end]),
        None => format!("status {status}: {said}"),
    }
}

/// Digits in longer rows become stars.
fn masked(text: &str) -> String {
    const LONGEST_ROW: usize = 5;
    let mut out = String::with_capacity(text.len());
    let mut row = String::new();
    for letter in text.chars().chain(std::iter::once('\0')) {
        if letter.is_ascii_digit() {
            row.push(letter);
            continue;
        }
        if row.len() > LONGEST_ROW {
            out.extend(std::iter::repeat_n('*', row.len()));
        } else {
            out.push_str(&row);
        }
        row.clear();
        if !letter.is_control() {
            out.push(letter);
        }
    }
    out
}
