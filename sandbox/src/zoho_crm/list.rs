//! Lists of records: a page at a time, by id, deleted ones.
//!
//! # Shape
//! `{"data": […], "info": {"per_page", "count", "page", "more_records", "next_page_token", …}}`; nothing found is 204
//! without a body, nothing since `If-Modified-Since` is 304. `page` leads to the first 2,000, a `next_page_token` on to
//! 100,000; it is bound to the other parameters and dies after 24 hours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    field::Field,
    module::Module,
    record::Row,
    reply::{Refusal, found, not_modified, nothing},
    wire::{Shown, read_time, record, time},
    world::World,
};
use crate::kit::{Moment, Query, Reply, Sort, Walk, append, key};

/// Records on a page, at most and by default.
const MOST: u64 = 200;
/// Records that `page` leads to.
const BY_PAGE: u64 = 2_000;
/// Records that tokens lead to.
const BY_TOKEN: u64 = 100_000;
/// Fields that may be asked for.
const MOST_FIELDS: usize = 50;
/// Ids in one request. A guess: the vendor's pages name no number.
const MOST_IDS: usize = 100;
/// The life of a page token.
const TOKEN_LIFE_S: u64 = 86_400;

/// What a list is asked.
#[derive(Debug)]
struct List {
    fields: Vec<Field>,
    per_page: u64,
    /// Records before this page.
    before: u64,
    /// Where a token says that the page begins.
    from: Option<(i64, u64)>,
    sort: Sort,
    descending: bool,
    converted: Option<bool>,
    ids: Option<Vec<u64>>,
    since_s: Option<i64>,
    /// What tokens are bound to.
    bound: u64,
}

#[derive(Serialize, Deserialize)]
struct Token {
    bound: u64,
    before: u64,
    at: i64,
    id: u64,
    made_s: u64,
}

/// `If-Modified-Since`.
fn since(headers: &HeaderMap) -> Result<Option<i64>, Refusal> {
    let Some(text) = headers.get("if-modified-since") else { return Ok(None) };
    let read = text.to_str().ok().and_then(read_time);
    read.map(Some).ok_or_else(|| Refusal::wrong_parameter("If-Modified-Since"))
}

impl List {
    fn read(
        world: &World,
        module: Module,
        (query, headers): (&Query<'_>, &HeaderMap),
        now: Moment,
    ) -> Result<Self, Refusal> {
        let fields = query.text("fields").ok_or_else(|| Refusal::missing_parameter("fields"))?;
        let named: Vec<&str> = fields.split(',').map(str::trim).collect();
        if named.len() > MOST_FIELDS {
            return Err(Refusal::limit("Fields limit exceeded", MOST_FIELDS));
        }
        let sort = match query.text("sort_by") {
            None | Some("id") => Sort::Id,
            Some("Created_Time") => Sort::AddTime,
            Some("Modified_Time") => Sort::UpdateTime,
            Some(_) => return Err(Refusal::wrong_parameter("sort_by")),
        };
        let descending = match query.text("sort_order") {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => return Err(Refusal::wrong_parameter("sort_order")),
        };
        let converted = match query.text("converted") {
            None | Some("false") => Some(false),
            Some("true") => Some(true),
            Some("both") => None,
            Some(_) => return Err(Refusal::wrong_parameter("converted")),
        };
        let per_page = per_page(query)?;
        let since_s = since(headers)?;
        let bound = bound(query, since_s);
        let mut list = Self {
            // A name that is none is left out without a word.
            fields: named.into_iter().filter_map(|name| world.field(module, name)).collect(),
            per_page,
            before: 0,
            from: None,
            sort,
            descending,
            converted: converted.filter(|_| module == Module::Leads),
            ids: ids(query)?,
            since_s,
            bound,
        };
        list.place(query, now)?;
        Ok(list)
    }

    fn place(&mut self, query: &Query<'_>, now: Moment) -> Result<(), Refusal> {
        match (query.number("page")?, query.text("page_token")) {
            (Some(_), Some(_)) => return Err(Refusal::both("page", "page_token")),
            (page, None) => {
                let page = page.unwrap_or(1).max(1);
                self.before = (page - 1) * self.per_page;
                if self.before + self.per_page > BY_PAGE {
                    return Err(Refusal::beyond_pages());
                }
            }
            (None, Some(text)) => {
                let token = URL_SAFE_NO_PAD.decode(text).ok();
                let token: Option<Token> = token.and_then(|json| serde_json::from_slice(&json).ok());
                let token = token.filter(|token| token.bound == self.bound).ok_or_else(Refusal::other_parameters)?;
                if token.made_s + TOKEN_LIFE_S <= now.vendor.as_secs() {
                    return Err(Refusal::old_token());
                }
                if token.before >= BY_TOKEN {
                    return Err(Refusal::beyond_tokens());
                }
                (self.before, self.from) = (token.before, Some((token.at, token.id)));
            }
        }
        Ok(())
    }

    fn wants(&self, row: &Row) -> bool {
        row.deleted.is_none()
            && self.converted.is_none_or(|converted| row.converted_s.is_some() == converted)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&row.id))
            // A guess, and the harder one: what changed in that very second is left out.
            && self.since_s.is_none_or(|since_s| row.update_s > since_s)
    }
}

fn per_page(query: &Query<'_>) -> Result<u64, Refusal> {
    let per_page = query.number("per_page").map_err(|_| Refusal::wrong_parameter("per_page"))?.unwrap_or(MOST);
    if per_page == 0 || per_page > MOST { Err(Refusal::wrong_parameter("per_page")) } else { Ok(per_page) }
}

fn ids(query: &Query<'_>) -> Result<Option<Vec<u64>>, Refusal> {
    let named = query.list("ids");
    if named.is_empty() {
        return Ok(None);
    }
    if named.len() > MOST_IDS {
        return Err(Refusal::limit("given ids limit exceeded", MOST_IDS));
    }
    let ids: Result<Vec<u64>, _> = named.into_iter().map(str::parse).collect();
    ids.map(Some).map_err(|_| Refusal::wrong_parameter("ids"))
}

/// A number for the parameters but for the place (FNV-1a).
fn bound(query: &Query<'_>, since_s: Option<i64>) -> u64 {
    let own = query.pairs().filter(|(name, _)| !matches!(*name, "page" | "page_token"));
    let text: String = own.flat_map(|(name, value)| [name, "=", value, "&"]).collect();
    let bytes = text.bytes().chain(since_s.unwrap_or(0).to_be_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Answers a request for a list.
pub(super) fn list(
    world: &World,
    module: Module,
    (query, headers): (&Query<'_>, &HeaderMap),
    now: Moment,
) -> Result<Reply, Refusal> {
    let list = List::read(world, module, (query, headers), now)?;
    let walk = Walk {
        sort: list.sort,
        descending: list.descending,
        from: list.from,
        since_s: list.since_s,
        ..Walk::default()
    };
    let table = world.table(module);
    let rows: Box<dyn Iterator<Item = Row>> = match &list.ids {
        Some(ids) => {
            let mut rows: Vec<Row> = ids.iter().filter_map(|&id| table.get(id)).collect();
            rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
            rows.dedup_by_key(|row| row.id);
            Box::new(rows.into_iter())
        }
        None => Box::new(table.walk(&walk)),
    };
    let skip = if list.from.is_some() { 0 } else { list.before };
    let mut rows = rows.filter(|row| list.wants(row)).skip(usize::try_from(skip).unwrap_or(usize::MAX));
    let page: Vec<Value> = (rows.by_ref().take(usize::try_from(list.per_page).unwrap_or(0)))
        .map(|row| record(world, &row, &list.fields, Shown::List))
        .collect();
    if page.is_empty() {
        return Ok(if list.since_s.is_some() { not_modified() } else { nothing() });
    }
    Ok(written(&page, &list, rows.next().as_ref(), now))
}

fn written(page: &[Value], list: &List, next: Option<&Row>, now: Moment) -> Reply {
    let token = next.map(|row| {
        let (at, id) = key(list.sort, row);
        let token =
            Token { bound: list.bound, before: list.before + list.per_page, at, id, made_s: now.vendor.as_secs() };
        let mut json = Vec::new();
        append(&mut json, &token);
        URL_SAFE_NO_PAD.encode(json)
    });
    let expiry = token.as_ref().map(|_| time(now.wall.as_second() + 86_400));
    let sort_by = match list.sort {
        Sort::Id => "id",
        Sort::AddTime => "Created_Time",
        Sort::UpdateTime => "Modified_Time",
    };
    let mut out = Vec::with_capacity(page.len() * 400);
    let info = json!({
        "call": false, "per_page": list.per_page, "next_page_token": token, "count": page.len(), "sort_by": sort_by,
        "page": list.before / list.per_page + 1, "previous_page_token": null, "page_token_expiry": expiry,
        "sort_order": if list.descending { "desc" } else { "asc" }, "email": false, "more_records": next.is_some(),
    });
    append(&mut out, &json!({"data": page, "info": info}));
    found(out)
}

/// `GET /{module}/deleted`: the one deleted last first; those in the recycle bin by name.
pub(super) fn deleted(world: &World, module: Module, query: &Query<'_>, headers: &HeaderMap) -> Result<Reply, Refusal> {
    let permanently = match query.text("type") {
        None | Some("all") => None,
        Some("recycle") => Some(false),
        Some("permanent") => Some(true),
        Some(_) => return Err(Refusal::pattern("type")),
    };
    let (per_page, since_s) = (per_page(query)?, since(headers)?);
    let page = query.number("page")?.unwrap_or(1).max(1);
    let table = world.table(module);
    let mut rows: Vec<(i64, bool, Row)> = (table.changed_ids().filter_map(|id| table.get(id)))
        .filter_map(|row| row.deleted.map(|deleted| (deleted.at_s, deleted.permanently, row)))
        .filter(|(at_s, is, _)| {
            permanently.is_none_or(|wanted| *is == wanted) && since_s.is_none_or(|since| *at_s > since)
        })
        .collect();
    rows.sort_unstable_by_key(|(at_s, _, row)| std::cmp::Reverse((*at_s, row.id)));
    let (from, size) =
        (usize::try_from((page - 1) * per_page).unwrap_or(usize::MAX), usize::try_from(per_page).unwrap_or(0));
    let by = world.users.first();
    let shown: Vec<Value> = (rows.iter().skip(from).take(size))
        .map(|(at_s, permanently, row)| {
            let by = by.filter(|_| !permanently).map(|user| json!({"name": user.name, "id": user.id.to_string()}));
            json!({
                "deleted_by": by, "id": row.id.to_string(), "created_by": by, "deleted_time": time(*at_s),
                "display_name": (!permanently).then_some(&row.name),
                "type": if *permanently { "permanent" } else { "recycle" },
            })
        })
        .collect();
    if shown.is_empty() {
        return Ok(if since_s.is_some() { not_modified() } else { nothing() });
    }
    let more = rows.len() > from + size;
    let info = json!({"per_page": per_page, "count": shown.len(), "page": page, "more_records": more});
    let mut out = Vec::new();
    append(&mut out, &json!({"data": shown, "info": info}));
    Ok(found(out))
}
