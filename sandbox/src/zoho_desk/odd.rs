//! Pages of a search that are the vendor's own and yet not what they should be.

use serde_json::json;

use super::search::Found;

/// A page without its second half, with the word that there is more or without it; a page with every record twice; the same
/// page whatever is asked for; a page in no order; more than there is after every page; a description of 3 MB with the first
/// record.
pub(super) const ODDITIES: &[&str] =
    &["half_page", "cut_page", "page_twice", SAME_PAGE, "no_order", "endless_count", "long_notes"];
/// A search is answered as if it began with the first record of all.
pub(super) const SAME_PAGE: &str = "same_page";
const LONG: usize = 3_000_000;
/// So many are said to be there.
const MANY: usize = 1_000_000;

/// The page in one of these ways.
pub(super) fn odd(mut found: Found, how: Option<&str>) -> Found {
    let half = found.data.len().div_ceil(2);
    match how {
        Some("half_page") => found.data.truncate(half),
        Some("cut_page") => {
            found.count -= found.data.len() - half;
            found.data.truncate(half);
        }
        Some("page_twice") => found.data = found.data.into_iter().flat_map(|one| [one.clone(), one]).collect(),
        Some("no_order") => found.data.reverse(),
        Some("endless_count") => found.count = MANY,
        Some("long_notes") => {
            if let Some(first) = found.data.first_mut() {
                first["description"] = json!("n".repeat(LONG));
            }
        }
        _ => {}
    }
    found
}
