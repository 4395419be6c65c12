//! What a reply means. Pure; nobody above looks at a status again.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::crm::failure::Failure;
use crate::crm::pipedrive::wire::{Envelope, Refusal};
use crate::outbound::Reply;

/// How long to stay away after a 403 page of HTML: somebody in front of the vendor has had enough of us. How long it stays
/// is nowhere said; one request a minute does not feed it.
const AFTER_THE_PAGE: Duration = Duration::from_secs(60);
/// A reset further away than this is in a unit that we do not know.
const LONGEST_RESET_S: u64 = 600;

/// What a reply says about the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) verdict: Verdict,
    /// The window takes so many more and begins anew then, where that is said. Never with [`Verdict::Limited`].
    pub(super) left: Option<(u32, Duration)>,
}

/// Whether a request was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was not.
    Accepted,
    /// It failed for another reason, which may have come before anybody counted it.
    Neither,
    /// It was; not before this, where that is said.
    Limited(Option<Duration>),
}

/// Reads what a reply says about the quota.
///
/// # Units
/// `x-ratelimit-reset` has no stated unit: taken as seconds up to ten minutes, as unknown above that.
pub(super) fn signal(reply: &Reply) -> Signal {
    let verdict = match reply.status {
        429 => Verdict::Limited(told_to_wait(reply)),
        403 if !is_json(reply) => Verdict::Limited(Some(AFTER_THE_PAGE)),
        200..=299 => Verdict::Accepted,
        _ => Verdict::Neither,
    };
    let left = || reply.header("x-ratelimit-remaining").and_then(|text| text.trim().parse().ok());
    let left = if matches!(verdict, Verdict::Limited(_)) { None } else { left().zip(reset(reply)) };
    Signal { verdict, left }
}

/// Whether it is worth while to try again with a new access token.
pub(super) fn token_refused(reply: &Reply) -> bool {
    reply.status == 401
}

/// Whether the one record that was asked for is not there any more.
pub(super) fn says_gone(reply: &Reply) -> bool {
    matches!(reply.status, 404 | 410)
}

/// Whether what was to be put there is there already.
pub(super) fn says_it_is_there(reply: &Reply) -> bool {
    reply.status == 409
}

/// The answer inside a reply, or what its absence means.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx, and the 403 page of HTML that follows 429s not heeded.
/// - [`Failure::Credentials`]: 401, 403 in the vendor's own words (a right is missing), 402 (the account is not paid for):
///   each is the operator's matter, and none goes away by asking again.
/// - [`Failure::Refused`]: any other 4xx, a redirect, `success: false` inside a 200.
/// - [`Failure::Unclear`]: a 2xx that is not the vendor's JSON.
pub(super) fn judge<T: DeserializeOwned>(reply: &Reply) -> Result<Envelope<T>, Failure> {
    let status = reply.status;
    match status {
        200..=299 => answer(reply),
        429 => Err(Failure::Wait { reason: words(reply), after: told_to_wait(reply) }),
        408 | 500..=599 => Err(Failure::Wait { reason: words(reply), after: retry_after(reply) }),
        403 if !is_json(reply) => {
            let reason = "status 403 with a page that is not the API's: blocked after too many requests".to_owned();
            Err(Failure::Wait { reason, after: Some(AFTER_THE_PAGE) })
        }
        401..=403 => Err(Failure::Credentials { reason: words(reply) }),
        300..=399 => {
            let reason = format!("status {status}: expected an answer, found a redirect; is crm.base_url right?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words(reply) }),
    }
}

/// The same for a reply to a write.
///
/// # Errors
/// As [`judge`], but for 5xx: the vendor may have acted before it failed, so these are [`Failure::Unclear`]. Only 503
/// says that nobody took the request on.
pub(super) fn judge_write<T: DeserializeOwned>(reply: &Reply) -> Result<Envelope<T>, Failure> {
    match reply.status {
        503 => judge(reply),
        500..=599 => Err(Failure::Unclear { reason: words(reply) }),
        _ => judge(reply),
    }
}

fn answer<T: DeserializeOwned>(reply: &Reply) -> Result<Envelope<T>, Failure> {
    // First the envelope alone: a refusal's `data` need not have the shape of an answer's.
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(Refusal { success: Some(true), .. }) => {}
        Ok(Refusal { success: Some(false), .. }) => return Err(Failure::Refused { reason: words(reply) }),
        Ok(_) => return Err(unclear(reply, "JSON that is no answer of this API")),
        Err(error) if error.is_eof() => return Err(unclear(reply, "JSON that ends in the middle")),
        Err(_) => return Err(unclear(reply, "no JSON")),
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| unclear(reply, &format!("an answer of another shape at column {}", error.column())))
}

fn unclear(reply: &Reply, found: &str) -> Failure {
    Failure::Unclear { reason: format!("status {}: expected an answer, found {found}", reply.status) }
}

fn is_json(reply: &Reply) -> bool {
    serde_json::from_slice::<Refusal>(&reply.body).is_ok()
}

fn told_to_wait(reply: &Reply) -> Option<Duration> {
    retry_after(reply).or_else(|| reset(reply))
}

/// Not documented by this vendor; honoured where a proxy in front of it sends one.
fn retry_after(reply: &Reply) -> Option<Duration> {
    seconds(reply.header("retry-after")?)
}

fn reset(reply: &Reply) -> Option<Duration> {
    seconds(reply.header("x-ratelimit-reset")?)
}

fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().filter(|&seconds| seconds <= LONGEST_RESET_S).map(Duration::from_secs)
}

/// The status and the vendor's words, short and without what may be somebody's number.
fn words(reply: &Reply) -> String {
    const LONGEST: usize = 200;
    let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
    let said = [refusal.code, refusal.error, refusal.error_info, refusal.errors];
    let said: Vec<_> = said.into_iter().flatten().filter_map(|value| text(&value)).collect();
    let said = masked(&said.join("; "));
    match said.char_indices().nth(LONGEST) {
        _ if said.is_empty() => format!("status {}", reply.status),
        Some((end, _)) => format!("status {}: {}…", reply.status, &said[..end]),
        None => format!("status {}: {said}", reply.status),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Null | Value::String(_) => None,
        other => Some(other.to_string()),
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
