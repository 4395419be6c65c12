//! Lists of the second API: persons, organizations, deals.
//!
//! # Shape
//! `{"success": true, "data": […], "additional_data": {"next_cursor": … or null at the end}}`. The cursor marks the
//! first record of the next page by what the list is sorted by, as the vendor's sample cursors do when decoded.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{query::Query, reply::Refusal, seed::Seed};
use crate::kit::{Record, Sort, Source, Table, Walk, key};

/// The vendor's most records a page.
const MOST: u64 = 500;
const MOST_IDS: usize = 100;
const MOST_CUSTOM_FIELDS: usize = 15;

/// Parameters that every list has.
pub(super) const LIST: &[&str] = &[
    "filter_id",
    "ids",
    "owner_id",
    "updated_since",
    "updated_until",
    "sort_by",
    "sort_direction",
    "include_fields",
    "custom_fields",
    "include_option_labels",
    "include_labels",
    "limit",
    "cursor",
];
/// Parameters of one record.
pub(super) const SINGLE: &[&str] = &["include_fields", "custom_fields", "include_option_labels", "include_labels"];

/// What every list may be asked.
#[derive(Debug)]
pub(super) struct List<'q> {
    pub(super) limit: usize,
    pub(super) ids: Option<Vec<u64>>,
    pub(super) owner: Option<u64>,
    pub(super) fields: Fields<'q>,
    pub(super) sort: Sort,
    pub(super) descending: bool,
    pub(super) since_s: Option<i64>,
    pub(super) until_s: Option<i64>,
    from: Option<(i64, u64)>,
}

/// Which fields a record is written with.
#[derive(Debug)]
pub(super) struct Fields<'q> {
    /// Custom fields by key; all when empty.
    pub(super) custom: Vec<&'q str>,
    /// Fields that are only written when asked for.
    pub(super) included: Vec<&'q str>,
}

impl<'q> Fields<'q> {
    pub(super) fn read(query: &'q Query<'_>, includable: &[&str]) -> Result<Self, Refusal> {
        query.flag("include_option_labels")?;
        query.flag("include_labels")?;
        let custom = query.list("custom_fields");
        if custom.len() > MOST_CUSTOM_FIELDS {
            let why = format!("expected at most {MOST_CUSTOM_FIELDS} keys, found {}", custom.len());
            return Err(Refusal::parameter("custom_fields", &why));
        }
        Ok(Self { custom, included: query.words("include_fields", includable)? })
    }
}

impl<'q> List<'q> {
    pub(super) fn read(query: &'q Query<'_>, includable: &[&str]) -> Result<Self, Refusal> {
        if query.number("filter_id")?.is_some() {
            return Err(Refusal::parameter("filter_id", "filter not found"));
        }
        let (sort, descending) = order(query)?;
        Ok(Self {
            limit: query.limit(MOST)?,
            ids: ids(query)?,
            owner: query.number("owner_id")?,
            fields: Fields::read(query, includable)?,
            sort,
            descending,
            since_s: query.time_s("updated_since")?,
            until_s: query.time_s("updated_until")?,
            from: query.text("cursor").map(|text| Cursor::read(text, sort, descending)).transpose()?,
        })
    }

    /// The walk through a table that the list is.
    pub(super) fn walk<R: Record<Id = u64>>(&self, places: Option<std::ops::Range<u64>>) -> Walk<R> {
        let Self { sort, descending, since_s, until_s, from, .. } = *self;
        Walk { sort, descending, from, since_s, until_s, places }
    }

    /// One page: the records of `walk` that are wanted, written by `write`.
    pub(super) fn page<R: Record<Id = u64>>(
        &self,
        table: &Table<R, Seed>,
        walk: &Walk<R>,
        wanted: impl Fn(&R) -> bool,
        write: impl Fn(&mut Vec<u8>, &R),
    ) -> Vec<u8>
    where
        Seed: Source<R>,
    {
        let mut records: Box<dyn Iterator<Item = R>> = match &self.ids {
            Some(ids) => Box::new(self.by_ids(table, ids).into_iter()),
            None => Box::new(table.walk(walk)),
        };
        let mut wanted = records.by_ref().filter(|record| wanted(record));
        let mut out = Vec::with_capacity(self.limit.min(100) * 600);
        out.extend_from_slice(br#"{"success":true,"data":["#);
        for (at, record) in wanted.by_ref().take(self.limit).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write(&mut out, &record);
        }
        let next = wanted.next().map(|record| Cursor::of(self.sort, self.descending, key(self.sort, &record)));
        out.extend_from_slice(br#"],"additional_data":{"next_cursor":"#);
        super::wire::append(&mut out, &next);
        out.extend_from_slice(b"}}");
        out
    }

    fn by_ids<R: Record<Id = u64>>(&self, table: &Table<R, Seed>, ids: &[u64]) -> Vec<R>
    where
        Seed: Source<R>,
    {
        let mut records: Vec<R> = ids.iter().filter_map(|&id| table.get(id)).collect();
        records.retain(|record| {
            let at = key(self.sort, record);
            self.since_s.is_none_or(|since| record.update_s() >= since)
                && self.until_s.is_none_or(|until| record.update_s() < until)
                && self.from.is_none_or(|from| if self.descending { at <= from } else { at >= from })
        });
        records.sort_unstable_by_key(|record| key(self.sort, record));
        records.dedup_by_key(|record| record.id());
        if self.descending {
            records.reverse();
        }
        records
    }
}

/// What a list is sorted by, and whether backwards.
fn order(query: &Query<'_>) -> Result<(Sort, bool), Refusal> {
    let sorts = [("id", Sort::Id), ("add_time", Sort::AddTime), ("update_time", Sort::UpdateTime)];
    let sort = query.word("sort_by", &sorts)?.unwrap_or(Sort::Id);
    let descending = query.word("sort_direction", &[("asc", false), ("desc", true)])?.unwrap_or(false);
    Ok((sort, descending))
}

/// A cursor of the first page: always the same, or, `ever_new`, another than the one that was asked for.
pub(super) fn beginning(query: &Query<'_>, ever_new: bool) -> Option<String> {
    let (sort, descending) = order(query).ok()?;
    let before = |value: &i64| if descending { *value > i64::MAX / 2 } else { *value < 0 };
    let asked = query.text("cursor").filter(|_| ever_new).and_then(|text| Cursor::read(text, sort, descending).ok());
    let step = asked.map(|(value, _)| value).filter(before).unwrap_or(if descending { i64::MAX } else { 0 });
    Some(Cursor::of(sort, descending, (step - 1, if descending { u64::MAX } else { 0 })))
}

fn ids(query: &Query<'_>) -> Result<Option<Vec<u64>>, Refusal> {
    let list = query.list("ids");
    if list.is_empty() {
        return Ok(None);
    }
    if list.len() > MOST_IDS {
        return Err(Refusal::parameter("ids", &format!("expected at most {MOST_IDS}, found {}", list.len())));
    }
    let ids: Result<Vec<u64>, _> = list.into_iter().map(str::parse).collect();
    ids.map(Some).map_err(|_| Refusal::parameter("ids", "expected integers"))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cursor {
    field: String,
    field_value: i64,
    sort_direction: String,
    id: u64,
}

impl Cursor {
    fn of(sort: Sort, descending: bool, (field_value, id): (i64, u64)) -> String {
        let (field, sort_direction) = Self::words(sort, descending);
        let cursor = Self { field, field_value, sort_direction, id };
        let mut json = Vec::new();
        super::wire::append(&mut json, &cursor);
        URL_SAFE_NO_PAD.encode(json)
    }

    fn read(text: &str, sort: Sort, descending: bool) -> Result<(i64, u64), Refusal> {
        let cursor: Option<Self> =
            URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        let fits =
            |cursor: &Self| (cursor.field.clone(), cursor.sort_direction.clone()) == Self::words(sort, descending);
        let cursor = cursor.filter(fits).ok_or_else(|| Refusal::parameter("cursor", "invalid cursor"))?;
        Ok((cursor.field_value, cursor.id))
    }

    fn words(sort: Sort, descending: bool) -> (String, String) {
        let field = match sort {
            Sort::Id => "id",
            Sort::AddTime => "add_time",
            Sort::UpdateTime => "update_time",
        };
        (field.to_owned(), if descending { "desc" } else { "asc" }.to_owned())
    }
}
