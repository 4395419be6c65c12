//! What a reply means. Pure; nobody above looks at a status again.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::crm::failure::Failure;
use crate::crm::smart_crm::wire::Refusal;
use crate::outbound::Reply;

/// Requests that the window still takes, as the vendor's header for debugging says.
const LEFT: &str = "x-ms-ratelimit-burst-remaining-xrm-requests";

/// The code of a rule that found something alike.
const ALIKE: &str = "0x80040333";

/// What a reply says about the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) verdict: Verdict,
    /// The window takes so many more, where that is said.
    pub(super) left: Option<u32>,
}

/// Whether a request was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was not.
    Accepted,
    /// It failed for another reason.
    Neither,
    /// It was, whichever of the three limits it met; not before this, where that is said.
    Limited(Option<Duration>),
}

/// Reads what a reply says about the quota.
pub(super) fn signal(reply: &Reply) -> Signal {
    let verdict = match reply.status {
        429 => Verdict::Limited(retry_after(reply)),
        200..=299 => Verdict::Accepted,
        _ => Verdict::Neither,
    };
    let left = reply.header(LEFT).and_then(|text| text.trim().parse().ok());
    Signal { verdict, left: left.filter(|_| verdict == Verdict::Accepted) }
}

/// Whether it is worth while to try again with a new access token.
pub(super) fn token_refused(reply: &Reply) -> bool {
    reply.status == 401
}

/// Whether a link to changes leads nowhere any more: older than the organization keeps changes, or the table itself was
/// changed. No text says which status that has; a link is followed as it was given, so any refusal of it means that.
pub(super) fn link_is_dead(reply: &Reply) -> bool {
    matches!(reply.status, 400 | 404 | 410)
}

/// Whether a table does not let itself be tracked: it is not switched on for it, or the application may not read all of it.
pub(super) fn tracking_refused(reply: &Reply) -> bool {
    matches!(reply.status, 400 | 403)
}

/// Whether something may not be registered by this application, or not in this form.
pub(super) fn registration_refused(reply: &Reply) -> bool {
    matches!(reply.status, 400 | 403 | 405 | 412)
}

/// The answer inside a reply, or what its absence means.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx.
/// - [`Failure::Credentials`]: 401, and 403: the application user lacks a privilege.
/// - [`Failure::Refused`]: any other 4xx (a property that the organization does not have is a 400), a redirect.
/// - [`Failure::Unclear`]: a 2xx that is not the vendor's JSON.
pub(super) fn judge<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failure> {
    passed(reply)?;
    let unclear = |found: &str| {
        Err(Failure::Unclear { reason: format!("status {}: expected an answer, found {found}", reply.status) })
    };
    match serde_json::from_slice(&reply.body) {
        Ok(answer) => Ok(answer),
        Err(error) if error.is_eof() => unclear("JSON that ends in the middle"),
        Err(error) if error.is_syntax() => unclear("no JSON"),
        Err(error) => unclear(&format!("an answer of another shape at column {}", error.column())),
    }
}

/// As [`judge`], where nothing is read of a success.
///
/// # Errors
/// As [`judge`], but for what is not the vendor's JSON.
pub(super) fn passed(reply: &Reply) -> Result<(), Failure> {
    let status = reply.status;
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500..=599 => Err(Failure::Wait { reason: words(reply), after: retry_after(reply) }),
        401 | 403 => Err(Failure::Credentials { reason: words(reply) }),
        300..=399 => {
            let reason = format!("status {status}: expected an answer, found a redirect; is crm.base_url right?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words(reply) }),
    }
}

/// What a reply to a write means: nothing of a success is read, the id is known beforehand.
///
/// # Errors
/// - [`Failure::Wait`]: 429 and 503, by which the vendor refuses to begin.
/// - [`Failure::Unclear`]: 408 and any other 5xx: it may have been carried out.
/// - [`Failure::Credentials`]: 401, and 403: the application user, or the owner, lacks a privilege.
/// - [`Failure::Refused`]: any other 4xx; 404 where what is written to, or what it hangs on, is gone.
pub(super) fn written(reply: &Reply) -> Result<(), Failure> {
    match reply.status {
        408 | 500..=502 | 504..=599 => Err(Failure::Unclear { reason: words(reply) }),
        _ => passed(reply),
    }
}

/// Whether what was to be made is there already, by the id that only we give. The same status says that a rule found
/// something alike, where an organization looks for that.
pub(super) fn is_there_already(reply: &Reply) -> bool {
    let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
    reply.status == 412 && refusal.error.code.as_deref() != Some(ALIKE)
}

/// Whether the record that was asked for is not there.
pub(super) fn is_gone(reply: &Reply) -> bool {
    reply.status == 404
}

/// Whether the vendor would not write this: what it is asked for may stand already.
pub(super) fn write_refused(reply: &Reply) -> bool {
    reply.status == 400
}

/// Seconds, kept to as they are: who comes earlier is told to wait longer.
fn retry_after(reply: &Reply) -> Option<Duration> {
    reply.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// The status and the vendor's words, short and without what may be somebody's number.
pub(super) fn words(reply: &Reply) -> String {
    const LONGEST: usize = 200;
    let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
    let said = [refusal.error.code, refusal.error.message];
    let said: Vec<_> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    let said = masked(&said.join(" "));
    match said.char_indices().nth(LONGEST) {
        _ if said.is_empty() => format!("status {}", reply.status),
        Some((end, _)) => format!("status {}: {}…", reply.status, &said[..end]),
        None => format!("status {}: {said}", reply.status),
    }
}

/// Digits in longer rows become stars, but for the vendor's codes, which begin with `0x`.
fn masked(text: &str) -> String {
    const LONGEST_ROW: usize = 5;
    let is_code = |word: &str| word.starts_with("0x") && word.len() == 10;
    let mask = |word: &str| {
        let mut out = String::with_capacity(word.len());
        let mut row = String::new();
        for letter in word.chars().chain(std::iter::once('\0')) {
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
    };
    let words = text.split(' ').map(|word| if is_code(word) { word.to_owned() } else { mask(word) });
    words.collect::<Vec<_>>().join(" ")
}
