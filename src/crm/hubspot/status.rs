//! What a reply means. Pure; nobody above looks at a status again.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::crm::failure::Failure;
use crate::crm::hubspot::wire::{Answer, Object, Refusal};
use crate::model::ids::CrmId;
use crate::outbound::Reply;

/// How long to stay away after a page of HTML: it comes from somebody in front of the vendor.
const AFTER_THE_PAGE: Duration = Duration::from_secs(60);
/// The vendor's rolling window of requests.
const TEN_SECONDS: Duration = Duration::from_secs(10);
/// The vendor's window of searches.
const SECOND: Duration = Duration::from_secs(1);
/// A record that is locked stays so for two seconds at least, the vendor says.
const LOCKED: Duration = Duration::from_secs(2);
/// A longer pause than this is no number of seconds. The vendor moves accounts for up to a day.
const LONGEST_S: u64 = 86_400;
/// Its own word for what is not there: in a batch, or as a refusal.
const NOT_FOUND: &str = "OBJECT_NOT_FOUND";
/// What it answers for one record that is not there.
pub(super) const NOT_THERE: u16 = 404;
/// Its own word for a right that the token has not.
const MISSING_SCOPES: &str = "MISSING_SCOPES";

/// What a reply says about the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) verdict: Verdict,
    /// The window takes so many more, and some of what it holds has fallen out of it then. Never with a search's reply.
    pub(super) left: Option<(u32, Duration)>,
    /// What is left of the day. Never with a search's reply, nor with OAuth.
    pub(super) day_left: Option<u64>,
}

/// Whether a request was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was not.
    Accepted,
    /// It failed for another reason, which may have come before anybody counted it.
    Neither,
    /// It was, for a moment; not before this, where that is known.
    Limited(Option<Duration>),
    /// It was, for the day; not before this, where that is said.
    DaySpent(Option<Duration>),
}

/// What a request that makes something came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// It was made, or was there with the same mark.
    New(CrmId),
    /// Another was there instead, with the same e-mail.
    There(CrmId),
}

/// Reads what a reply says about the quota.
///
/// # Units
/// `x-hubspot-ratelimit-interval-milliseconds` is the length of the rolling window, not what is left of it: a tenth of it
/// is waited for some of its requests to fall out.
pub(super) fn signal(reply: &Reply) -> Signal {
    let verdict = match reply.status {
        429 => limited(reply),
        477 => Verdict::Limited(retry_after(reply)),
        403 if !is_json(reply) => Verdict::Limited(Some(AFTER_THE_PAGE)),
        200..=299 => Verdict::Accepted,
        _ => Verdict::Neither,
    };
    let number = |name: &str| reply.header(name).and_then(|text| text.trim().parse::<u64>().ok());
    let day_left = number("x-hubspot-ratelimit-daily-remaining");
    let interval = number("x-hubspot-ratelimit-interval-milliseconds").map(Duration::from_millis);
    let left = number("x-hubspot-ratelimit-remaining").and_then(|left| u32::try_from(left).ok());
    let left = left.map(|left| (left, interval.unwrap_or(TEN_SECONDS) / 10));
    match verdict {
        Verdict::Limited(_) | Verdict::DaySpent(_) => Signal { verdict, left: None, day_left: None },
        Verdict::Accepted | Verdict::Neither => Signal { verdict, left, day_left },
    }
}

/// # Source
/// `policyName` and the official client's ten seconds. A policy that we do not know names no time.
fn limited(reply: &Reply) -> Verdict {
    let told = retry_after(reply);
    match refusal(reply).policy_name.as_deref() {
        Some("DAILY") => Verdict::DaySpent(told),
        Some("SECONDLY") => Verdict::Limited(told.or(Some(SECOND))),
        Some("TEN_SECONDLY_ROLLING") => Verdict::Limited(told.or(Some(TEN_SECONDS))),
        _ => Verdict::Limited(told),
    }
}

/// Whether it is worth while to try again with a new access token.
pub(super) fn token_refused(reply: &Reply) -> bool {
    reply.status == 401
}

/// Whether the account has nothing of the kind that was asked for, or the token may not see it.
pub(super) fn says_without(reply: &Reply) -> bool {
    match reply.status {
        404 => true,
        403 => refusal(reply).category.as_deref() == Some(MISSING_SCOPES),
        _ => false,
    }
}

/// The answer inside a reply, or what its absence means.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 423, 429, 477, any 5xx, and a page of HTML with 403.
/// - [`Failure::Credentials`]: 401, 403 in the vendor's own words (a right is missing).
/// - [`Failure::Refused`]: any other 4xx, a redirect.
/// - [`Failure::Unclear`]: a 2xx that is not the vendor's JSON.
pub(super) fn judge<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failure> {
    let status = reply.status;
    match status {
        200..=299 => serde_json::from_slice(&reply.body).map_err(|error| unclear(reply, &error)),
        408 | 423 | 429 | 477 | 500..=599 => Err(Failure::Wait { reason: words(reply), after: after(reply) }),
        403 if !is_json(reply) => {
            let reason = "status 403 with a page that is not the API's".to_owned();
            Err(Failure::Wait { reason, after: Some(AFTER_THE_PAGE) })
        }
        401 | 403 => Err(Failure::Credentials { reason: words(reply) }),
        300..=399 => {
            let reason = format!("status {status}: expected an answer, found a redirect; is crm.base_url right?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words(reply) }),
    }
}

/// The same for a batch, of which a part may be missing because it is not there.
///
/// # Errors
/// As [`judge`]; [`Failure::Unclear`] where a part did not come for another reason: what came would look like all there is.
pub(super) fn judge_batch<T: DeserializeOwned>(reply: &Reply) -> Result<Answer<T>, Failure> {
    let answer: Answer<T> = judge(reply)?;
    let other = answer.errors.iter().find(|missing| missing.category.as_deref() != Some(NOT_FOUND));
    match other {
        None => Ok(answer),
        Some(missing) => {
            let found = missing.category.as_deref().unwrap_or("no category");
            let found: String = found.chars().take(60).collect();
            let reason = format!("status {}: expected a whole batch, found a part missing: {found}", reply.status);
            Err(Failure::Unclear { reason })
        }
    }
}

/// As [`judge`], for a request that changes something.
///
/// # Errors
/// [`Failure::Unclear`] besides for 408 and any 5xx but 503: the vendor says that these come from its side, and not that
/// nothing was done. 503 says that nobody was there to do it.
pub(super) fn judge_write<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failure> {
    match reply.status {
        503 => judge(reply),
        408 | 500..=599 => Err(Failure::Unclear { reason: words(reply) }),
        _ => judge(reply),
    }
}

/// What a request for one new record came to.
///
/// # Errors
/// As [`judge_write`].
pub(super) fn judge_made(reply: &Reply) -> Result<Made, Failure> {
    if let Some(id) = conflicting(reply) {
        return Ok(Made::There(id));
    }
    let object: Object = judge_write(reply)?;
    object.id().map(Made::New).ok_or_else(|| idless(reply))
}

/// The same for a batch of one row, which may be refused inside a 207.
///
/// # Errors
/// As [`judge_write`]; [`Failure::Refused`] for a row that the vendor found wrong, [`Failure::Unclear`] for one that failed
/// for another reason.
pub(super) fn judge_upsert(reply: &Reply) -> Result<Made, Failure> {
    if let Some(id) = conflicting(reply) {
        return Ok(Made::There(id));
    }
    let answer: Answer<Object> = judge_write(reply)?;
    if let Some(object) = answer.results.first() {
        return object.id().map(Made::New).ok_or_else(|| idless(reply));
    }
    let Some(row) = answer.errors.into_iter().next() else { return Err(idless(reply)) };
    if let Some(id) = row.message.as_deref().and_then(existing_id) {
        return Ok(Made::There(id));
    }
    let category = row.category.unwrap_or_default();
    let said = format!("{category}; {}", row.message.unwrap_or_default());
    let reason = format!("status {}: {}", reply.status, short(&said));
    match category.as_str() {
        "VALIDATION_ERROR" | "CONFLICT" | NOT_FOUND => Err(Failure::Refused { reason }),
        _ => Err(Failure::Unclear { reason }),
    }
}

fn idless(reply: &Reply) -> Failure {
    Failure::Unclear { reason: format!("status {}: expected a record with an id, found none", reply.status) }
}

/// The contact that a refusal names as being there.
fn conflicting(reply: &Reply) -> Option<CrmId> {
    if reply.status != 409 {
        return None;
    }
    refusal(reply).message.as_deref().and_then(existing_id)
}

/// The id in the vendor's words about a contact that is there.
fn existing_id(message: &str) -> Option<CrmId> {
    let (_, id) = message.split_once("Existing ID:")?;
    let digits: String = id.trim_start().chars().take_while(char::is_ascii_digit).collect();
    CrmId::parse(&digits)
}

fn unclear(reply: &Reply, error: &serde_json::Error) -> Failure {
    let found = match error.classify() {
        serde_json::error::Category::Eof => "JSON that ends in the middle".to_owned(),
        serde_json::error::Category::Data => format!("an answer of another shape at column {}", error.column()),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "no JSON".to_owned(),
    };
    Failure::Unclear { reason: format!("status {}: expected an answer, found {found}", reply.status) }
}

fn refusal(reply: &Reply) -> Refusal {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

fn is_json(reply: &Reply) -> bool {
    serde_json::from_slice::<Refusal>(&reply.body).is_ok()
}

fn after(reply: &Reply) -> Option<Duration> {
    match reply.status {
        423 => retry_after(reply).or(Some(LOCKED)),
        429 => match limited(reply) {
            Verdict::Limited(after) | Verdict::DaySpent(after) => after,
            Verdict::Accepted | Verdict::Neither => None,
        },
        _ => retry_after(reply),
    }
}

/// Promised with 477 only.
fn retry_after(reply: &Reply) -> Option<Duration> {
    let text = reply.header("retry-after")?;
    text.trim().parse().ok().filter(|&seconds| seconds <= LONGEST_S).map(Duration::from_secs)
}

/// The status and the vendor's words, short and without what may be somebody's number.
fn words(reply: &Reply) -> String {
    let Refusal { message, category, correlation_id, policy_name, .. } = refusal(reply);
    let said: Vec<_> = [category, policy_name, message].into_iter().flatten().filter(|said| !said.is_empty()).collect();
    let said = short(&said.join("; "));
    // The vendor's support asks for it.
    let id = correlation_id.map(|id| id.chars().take(40).collect::<String>());
    match (said.is_empty(), id) {
        (true, None) => format!("status {}", reply.status),
        (true, Some(id)) => format!("status {} (correlation {id})", reply.status),
        (false, None) => format!("status {}: {said}", reply.status),
        (false, Some(id)) => format!("status {}: {said} (correlation {id})", reply.status),
    }
}

/// Not too long, and without what may be somebody's number.
fn short(said: &str) -> String {
    const LONGEST: usize = 200;
    masked(said).chars().take(LONGEST).collect()
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
