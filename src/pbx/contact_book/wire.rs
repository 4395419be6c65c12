//! What a reply means. Pure.

use serde_json::Value;

use crate::outbound::Reply;
use crate::pbx::{
    Failure,
    contact_book::Trouble,
    staff::wire::{retry_after, told},
};

/// Whether the entries were taken.
///
/// # Errors
/// - [`Failure::Wait`]: 408, 429, any 5xx; of the entries perhaps where it is not 429: what the vendor stumbles over, it does
///   not tell from its own troubles.
/// - [`Failure::Credentials`]: 401, 403.
/// - [`Failure::Refused`]: any other status that is not 2xx, of the entries where it is 400, 413 or 422; an `error` inside
///   a 2xx, which may be about the key as well: of the whole, then.
pub(super) fn judge(reply: &Reply) -> Result<(), Trouble> {
    let status = reply.status;
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let error = body.get("error").filter(|error| !matches!(error, Value::Null | Value::Bool(false)));
    let failed = || body.get("success").filter(|&success| *success == Value::Bool(false)).map(|_| &body);
    let said = error.or_else(failed);
    let said = said.map(told);
    let reason = format!("status {status}{}", said.as_ref().map_or_else(String::new, |said| format!(": {said}")));
    let failure = match status {
        200..=299 if said.is_none() => return Ok(()),
        408 | 429 | 500..=599 => Failure::Wait { reason, after: retry_after(reply) },
        401 | 403 => Failure::Credentials { reason },
        _ => Failure::Refused { reason },
    };
    Err(Trouble { failure, of_entries: matches!(status, 400 | 408 | 413 | 422 | 500..=599) })
}
