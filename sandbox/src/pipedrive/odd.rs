//! Answers that are the vendor's own and yet not what they should be.

use serde_json::{Value, json};

/// A page without its second half, as if there were no more; a page with every record twice; notes of 3 MB with the first
/// record, in a member that nobody asked for.
pub(super) const ODDITIES: &[&str] = &["half_page", "page_twice", "long_notes"];
const LONG: usize = 3_000_000;

/// The page in one of these ways; what is no list stays as it is.
pub(super) fn odd(page: Vec<u8>, how: Option<&str>) -> Vec<u8> {
    let Some(how) = how else { return page };
    let Ok(mut body) = serde_json::from_slice::<Value>(&page) else { return page };
    let Some(rows) = body["data"].as_array_mut() else { return page };
    match how {
        "half_page" => rows.truncate(rows.len() / 2),
        "page_twice" => rows.extend(rows.clone()),
        _ => {
            if let Some(first) = rows.first_mut() {
                first["notes"] = json!("n".repeat(LONG));
            }
        }
    }
    body.to_string().into_bytes()
}
