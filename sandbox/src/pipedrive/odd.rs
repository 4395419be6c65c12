//! Answers that are the vendor's own and yet not what they should be.

use serde_json::{Value, json};

use super::{list::beginning, query::Query};

/// A page without its second half, as if there were no more; a page with every record twice; a cursor after every page that
/// leads to the first one, and is the same each time or another; notes of 3 MB with the first record, in a member that
/// nobody asked for.
pub(super) const ODDITIES: &[&str] = &["half_page", "page_twice", "endless_cursor", "ever_new_cursor", "long_notes"];
const LONG: usize = 3_000_000;

/// The page in one of these ways; what is no list stays as it is.
pub(super) fn odd(page: Vec<u8>, how: Option<&str>, query: &str) -> Vec<u8> {
    let Some(how) = how else { return page };
    let Ok(mut body) = serde_json::from_slice::<Value>(&page) else { return page };
    let Some(rows) = body["data"].as_array_mut() else { return page };
    match how {
        "half_page" => rows.truncate(rows.len() / 2),
        "page_twice" => rows.extend(rows.clone()),
        "long_notes" => {
            if let Some(first) = rows.first_mut() {
                first["notes"] = json!("n".repeat(LONG));
            }
        }
        // Where there is no record, there is none that a cursor could be of.
        "ever_new_cursor" if rows.is_empty() => {}
        how => endless(&mut body["additional_data"], how == "ever_new_cursor", &Query::read(query)),
    }
    body.to_string().into_bytes()
}

/// Lists of the first API count, so theirs cannot begin anew: they only go on and on.
fn endless(beside: &mut Value, ever_new: bool, query: &Query<'_>) {
    if let Some(next) = beside.get_mut("next_cursor") {
        *next = json!(beginning(query, ever_new));
    }
    if let Some(more) = beside["pagination"].get_mut("more_items_in_collection") {
        *more = json!(true);
    }
}
