//! Answers that are the vendor's own and yet not what they should be.

use serde_json::{Value, json};

use crate::kit::{Reply, json_reply};

/// A page without its second half, with the word that there is more or without it; a page that ends with what it began
/// with; more after every page, which leads on or always to the same one; notes of 3 MB with the first record, in a member
/// that nobody asked for; a record that a workflow keeps to itself.
pub(super) const ODDITIES: &[&str] =
    &["half-page", "cut-page", "same-page", "endless", STUCK, "long-notes", RECORD_LOCKED];
/// A query is answered as if it began with the first record, and there is more.
pub(super) const STUCK: &str = "stuck";
/// Told by what writes.
pub(super) const RECORD_LOCKED: &str = "record-locked";
const LONG: usize = 3_000_000;

/// The same page in one of these ways; what is no list of records stays as it is.
pub(super) fn odd(reply: Reply, how: Option<&str>) -> Reply {
    let Some(how) = how.filter(|how| *how != RECORD_LOCKED) else { return reply };
    let Ok(mut body) = serde_json::from_slice::<Value>(reply.body()) else { return reply };
    let more = match how {
        "half-page" | "endless" | STUCK => Some(true),
        "cut-page" => Some(false),
        _ => None,
    };
    if let Some(more) = more {
        body["info"]["more_records"] = json!(more);
    }
    let Some(rows) = body["data"].as_array_mut() else { return json_reply(reply.status(), body.to_string()) };
    match how {
        "half-page" | "cut-page" => rows.truncate(rows.len().div_ceil(2)),
        // The page before, again: what it begins with stands at its end as well.
        "same-page" => rows.extend(rows.first().cloned()),
        "long-notes" => {
            if let Some(first) = rows.first_mut() {
                first["Description"] = json!("n".repeat(LONG));
            }
        }
        _ => {}
    }
    json_reply(reply.status(), body.to_string())
}
