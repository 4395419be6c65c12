//! What a reply means. Pure; nobody above looks at a status again.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::crm::failure::Failure;
use crate::crm::zoho_desk::wire::Refusal;
use crate::outbound::Reply;

/// The day's credits are spent.
const DAY_SPENT: &str = "THRESHOLD_EXCEEDED";
/// What the vendor tells to wait at most: until its midnight.
const LONGEST_S: u64 = 86_400;
/// How long to stay away after a refusal that is not the API's own: somebody in front of it.
const AFTER_A_PAGE: Duration = Duration::from_secs(60);

/// What a reply says about the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) verdict: Verdict,
    /// Credits that are left of the day.
    pub(super) left: Option<u64>,
}

/// Whether a request was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was not.
    Accepted,
    /// It failed for another reason.
    Neither,
    /// The day's credits are spent, for so long where that is said.
    DaySpent(Option<Duration>),
    /// Too many at once; or a 429 of a sort that nobody knows, which may say how long to wait.
    Limited(Option<Duration>),
}

/// Reads what a reply says about the quota. Of the two 429s `errorCode` tells which it is, and `Retry-After` comes with
/// one of them only.
///
/// # Units
/// `Retry-After`: seconds. `X-Rate-Limit-Remaining-v3`: credits.
pub(super) fn signal(reply: &Reply) -> Signal {
    let verdict = match reply.status {
        429 if code(reply).as_deref() == Some(DAY_SPENT) => Verdict::DaySpent(retry_after(reply)),
        429 => Verdict::Limited(retry_after(reply)),
        403 if !is_json(reply) => Verdict::Limited(Some(AFTER_A_PAGE)),
        200..=299 => Verdict::Accepted,
        _ => Verdict::Neither,
    };
    let left = reply.header("x-rate-limit-remaining-v3").and_then(|text| text.trim().parse().ok());
    Signal { verdict, left }
}

/// Whether it is worth while to try again with a new access token.
pub(super) const fn token_refused(reply: &Reply) -> bool {
    reply.status == 401
}

/// Whether a request is refused since another record has the same in this field.
pub(super) fn is_duplicate(reply: &Reply, field: &str) -> bool {
    errors(reply).iter().any(|error| error["errorType"] == "duplicate" && error["fieldName"] == field)
}

/// The fields for which a request is refused, without where they stand in its body.
pub(super) fn refused_fields(reply: &Reply) -> Vec<String> {
    let errors = errors(reply);
    let names = errors.iter().filter_map(|error| error["fieldName"].as_str()?.rsplit('/').next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// What is wrong with the properties of a request.
fn errors(reply: &Reply) -> Vec<Value> {
    let refusal = || serde_json::from_slice::<Refusal>(&reply.body).ok();
    match (reply.status == 422).then(refusal).flatten().and_then(|refusal| refusal.errors) {
        Some(Value::Array(errors)) => errors,
        _ => Vec::new(),
    }
}

/// Whether the one record that was asked for is not there any more.
pub(super) const fn says_gone(reply: &Reply) -> bool {
    matches!(reply.status, 404 | 410)
}

/// Why something that the edition or the grant does not include was refused, in the vendor's words; `None` for any other
/// reply. Only for what the reading can do without.
pub(super) fn not_included(reply: &Reply) -> Option<String> {
    (reply.status == 403 && is_json(reply)).then(|| words(reply))
}

/// The answer inside a reply, or what its absence means. 204 is an answer with nothing in it.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx (a portal's id that is none of the vendor's is a 500, too), and a 403 that is
///   not the API's own.
/// - [`Failure::Credentials`]: 401, and 403 in the vendor's words: a scope, the portal or the edition.
/// - [`Failure::Refused`]: any other 4xx, a redirect.
/// - [`Failure::Unclear`]: a 200 that is not the vendor's JSON.
pub(super) fn judge<T: DeserializeOwned + Default>(reply: &Reply) -> Result<T, Failure> {
    let status = reply.status;
    match status {
        204 => Ok(T::default()),
        200..=299 => answer(reply),
        408 | 429 | 500..=599 => Err(Failure::Wait { reason: words(reply), after: retry_after(reply) }),
        403 if !is_json(reply) => {
            let reason = "status 403 with a page that is not the API's".to_owned();
            Err(Failure::Wait { reason, after: Some(AFTER_A_PAGE) })
        }
        401 | 403 => Err(Failure::Credentials { reason: words(reply) }),
        300..=399 => {
            let reason =
                format!("status {status}: expected an answer, found a redirect; is crm.data_center the right one?");
            Err(Failure::Refused { reason })
        }
        _ => Err(Failure::Refused { reason: words(reply) }),
    }
}

/// The same of a request that writes. What the vendor has taken up and not answered may be done.
///
/// # Errors
/// As [`judge`], but:
/// - [`Failure::Unclear`]: 408 and any 5xx except 503: nowhere is it promised that nothing was done.
/// - [`Failure::Wait`]: 429 and 503, which turn a request away.
pub(super) fn judge_write<T: DeserializeOwned + Default>(reply: &Reply) -> Result<T, Failure> {
    match reply.status {
        204 => Err(Failure::Unclear { reason: "status 204: expected what was written, found nothing".to_owned() }),
        408 | 500..=502 | 504..=599 => Err(Failure::Unclear { reason: words(reply) }),
        _ => judge(reply),
    }
}

fn answer<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failure> {
    let unclear = |found: &str| Failure::Unclear {
        reason: format!("status {}: expected an answer, found {found}", reply.status),
    };
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(Value::Object(object)) if object.contains_key("data") || object.contains_key("id") => {}
        Ok(_) => return Err(unclear("JSON that is no answer of this API")),
        Err(error) if error.is_eof() => return Err(unclear("JSON that ends in the middle")),
        Err(_) => return Err(unclear("no JSON")),
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| unclear(&format!("an answer of another shape at column {}", error.column())))
}

fn code(reply: &Reply) -> Option<String> {
    serde_json::from_slice::<Refusal>(&reply.body).ok()?.code
}

fn is_json(reply: &Reply) -> bool {
    serde_json::from_slice::<Refusal>(&reply.body).is_ok()
}

fn retry_after(reply: &Reply) -> Option<Duration> {
    let seconds = reply.header("retry-after")?.trim().parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_S)))
}

/// The status and the vendor's words, short and without what may be somebody's number.
fn words(reply: &Reply) -> String {
    const LONGEST: usize = 200;
    let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    let said = [refusal.code, refusal.message.and_then(text), refusal.errors.and_then(text)];
    let said: Vec<String> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    let said = masked(&said.join("; "));
    match said.char_indices().nth(LONGEST) {
        _ if said.is_empty() => format!("status {}", reply.status),
        Some((end, _)) => format!("status {}: {}…", reply.status, &said[..end]),
        None => format!("status {}: {said}", reply.status),
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
