//! `GET /{module}/search`: by phone and by e-mail; by other things it finds nothing here.
//!
//! What is compared is the stored text, see [`PhoneSearch`]; nothing is normalised. An e-mail is found by its beginning. The index lags behind: a new record is
//! not found yet, a deleted one still is, and what is found is shown as it was.

use serde_json::{Value, json};

use super::{
    field::Field,
    module::Module,
    options::PhoneSearch,
    record::Row,
    reply::{Refusal, found, nothing},
    wire::{Shown, record},
    world::World,
};
use crate::kit::{Moment, Query, Reply, append};

const MOST: u64 = 200;
/// Finds that can be had of one search.
const BY_PAGE: u64 = 2_000;
/// So many digits lead to few enough records.
const ENOUGH_DIGITS: usize = 7;

/// Answers a search.
pub(super) fn search(
    world: &World,
    module: Module,
    query: &Query<'_>,
    compare: PhoneSearch,
    now: Moment,
) -> Result<Reply, Refusal> {
    let given = ["criteria", "email", "phone", "word"].into_iter().find(|name| query.text(name).is_some());
    let term = match given {
        None => return Err(Refusal::missing_parameter("criteria")),
        Some(name @ ("phone" | "email")) => query.text(name).unwrap_or_default().trim().to_owned(),
        Some(_) => return Ok(nothing()),
    };
    let by_email = given == Some("email");
    if term.chars().count() < 2 || term.contains(['(', ')', ',']) {
        return Err(Refusal::wrong_parameter(if by_email { "email" } else { "phone" }));
    }
    let per_page = query.number("per_page").map_err(|_| Refusal::wrong_parameter("per_page"))?.unwrap_or(MOST);
    let page = query.number("page")?.unwrap_or(1).max(1);
    if per_page == 0 || per_page > MOST {
        return Err(Refusal::wrong_parameter("per_page"));
    }
    if page * per_page > BY_PAGE {
        return Err(Refusal::search_limit());
    }
    let converted = match query.text("converted") {
        None | Some("false") => Some(false),
        Some("true") => Some(true),
        Some("both") => None,
        Some(_) => return Err(Refusal::wrong_parameter("converted")),
    };
    let wanted = |row: &Row| {
        row.deleted.is_none()
            && converted.is_none_or(|converted| row.converted_s.is_some() == converted)
            && match by_email {
                true => has_email(row, &term),
                false => {
                    module.phones().filter_map(|field| row.number(field)).any(|stored| hits(stored, &term, compare))
                }
            }
    };
    let rows = indexed(world, module, if by_email { "" } else { &term }, now).filter(wanted);
    let fields: Vec<Field> = match query.text("fields") {
        Some(named) => named.split(',').filter_map(|name| world.field(module, name.trim())).collect(),
        None => world.fields(module),
    };
    let (from, size) = (usize::try_from((page - 1) * per_page).unwrap_or(0), usize::try_from(per_page).unwrap_or(0));
    let mut rows = rows.skip(from);
    let shown: Vec<Value> = rows.by_ref().take(size).map(|row| record(world, &row, &fields, Shown::List)).collect();
    if shown.is_empty() {
        return Ok(nothing());
    }
    let more = rows.next().is_some();
    let info = json!({"per_page": per_page, "count": shown.len(), "page": page, "more_records": more});
    let mut out = Vec::new();
    append(&mut out, &json!({"data": shown, "info": info}));
    Ok(found(out))
}

/// Whether an e-mail begins so: how the vendor compares is not documented, and this is looser than it needs to be.
fn has_email(row: &Row, term: &str) -> bool {
    let second = row.extra.get("Secondary_Email").and_then(Value::as_str);
    let term = term.to_lowercase();
    row.email.as_deref().into_iter().chain(second).any(|email| email.to_lowercase().starts_with(&term))
}

fn hits(stored: &str, term: &str, compare: PhoneSearch) -> bool {
    match compare {
        PhoneSearch::Contains => stored.contains(term),
        PhoneSearch::Words => stored.trim() == term || stored.split_whitespace().any(|word| word == term),
    }
}

fn indexed<'w>(world: &'w World, module: Module, term: &str, now: Moment) -> Box<dyn Iterator<Item = Row> + 'w> {
    let table = world.table(module);
    let digits: Vec<u8> = term.bytes().filter(u8::is_ascii_digit).collect();
    let few = if digits.len() < ENOUGH_DIGITS { None } else { world.by_digits(module, &digits) };
    match few {
        Some(ids) => Box::new(ids.into_iter().rev().filter_map(move |id| table.indexed(id, now.vendor))),
        None => {
            let all = crate::kit::Walk { descending: true, ..crate::kit::Walk::default() };
            Box::new(table.walk(&all).filter_map(move |row| table.indexed(row.id, now.vendor)))
        }
    }
}
