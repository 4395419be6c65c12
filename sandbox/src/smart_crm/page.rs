//! A page as it is written, and the marks in its links.

use std::hash::{DefaultHasher, Hash, Hasher};

use hyper::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    odata::Ask,
    reply::Refusal,
    row::Row,
    schema::{Schema, guid_of, guid_text},
};
use crate::kit::{Key, Reply, append, json_reply, with_headers};

/// A body this long is what three megabytes of notes in one record make.
const HEAVY: usize = 3 * 1024 * 1024;

/// Where in an entity set a request went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address<'a> {
    /// `http://127.0.0.1:PORT/api/data/v9.2/`
    pub(super) root: &'a str,
    pub(super) schema: &'static Schema,
}

impl Address<'_> {
    /// A link to the same set and query that begins elsewhere.
    pub(super) fn link(&self, rest: &str, option: &str, mark: &str) -> String {
        let mark = utf8_percent_encode(mark, NON_ALPHANUMERIC);
        let rest = if rest.is_empty() { String::new() } else { format!("{rest}&") };
        format!("{}{}?{rest}{option}={mark}", self.root, self.schema.set)
    }

    fn context(&self, ask: &Ask, delta: bool) -> String {
        let names: Vec<_> = ask.columns.iter().map(|column| column.name).collect();
        let tail = if delta { "/$delta" } else { "" };
        format!("{}$metadata#{}({}){tail}", self.root, self.schema.set, names.join(","))
    }
}

/// What stands in a `$skiptoken`: the number of the page, where it begins, and of which question it is. A link whose
/// question was changed is refused, which is a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) page: u64,
    pub(super) from: Key<Row>,
    of: u64,
}

impl Mark {
    pub(super) fn new(page: u64, from: Key<Row>, rest: &str) -> Self {
        Self { page, from, of: hash(rest) }
    }

    pub(super) fn text(&self) -> String {
        let Self { page, from: (time, id), of } = self;
        format!("<cookie pagenumber=\"{page}\" time=\"{time}\" last=\"{{{}}}\" of=\"{of:x}\"/>", guid_text(*id))
    }

    pub(super) fn read(text: &str, rest: &str) -> Result<Self, Refusal> {
        let value = |name: &str| {
            let (_, after) = text.split_once(&format!("{name}=\""))?;
            Some(after.split_once('"')?.0)
        };
        let read = || {
            let id = value("last")?.strip_prefix('{')?.strip_suffix('}')?;
            Some(Self {
                page: value("pagenumber")?.parse().ok()?,
                from: (value(" time")?.parse().ok()?, guid_of(id)?),
                of: u64::from_str_radix(value("of")?, 16).ok()?,
            })
        };
        let whole = text.starts_with("<cookie ") && text.ends_with("/>");
        let mark = read().filter(|mark| whole && mark.of == hash(rest));
        mark.ok_or_else(|| Refusal::malformed("Malformed XML in the paging cookie."))
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// One record by itself.
pub(super) fn alone(row: &Row, address: Address<'_>, ask: &Ask) -> Reply {
    let mut out = Vec::with_capacity(600);
    row.write(&mut out, &ask.columns, ask.preferences.annotated);
    let context = format!("{}/$entity", address.context(ask, false));
    let mut whole = b"{\"@odata.context\":".to_vec();
    append(&mut whole, &context);
    whole.push(b',');
    whole.extend_from_slice(&out[1..]);
    json_reply(StatusCode::OK, whole)
}

/// One entry of a page.
#[derive(Debug)]
pub(super) enum Entry {
    Row(Row),
    Deleted(u128),
}

/// A page, ready to be written.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    pub(super) next: Option<String>,
    pub(super) delta: Option<String>,
    /// Whether it is an answer to a delta link.
    pub(super) is_delta: bool,
    /// What its making took the vendor.
    pub(super) execution_ms: u64,
}

impl Page {
    /// The reply; `oddity` may make its first record heavy.
    pub(super) fn reply(&self, address: Address<'_>, ask: &Ask, oddity: Option<&str>) -> Reply {
        let mut out = Vec::with_capacity(self.entries.len() * 600 + 400);
        out.extend_from_slice(b"{\"@odata.context\":");
        append(&mut out, &address.context(ask, self.is_delta));
        if let Some(delta) = &self.delta {
            out.extend_from_slice(b",\"@odata.deltaLink\":");
            append(&mut out, delta);
        }
        out.extend_from_slice(b",\"value\":[");
        for (at, entry) in self.entries.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            match entry {
                Entry::Row(row) => row.write(&mut out, &ask.columns, ask.preferences.annotated),
                Entry::Deleted(id) => {
                    let context = format!("{}$metadata#{}/$deletedEntity", address.root, address.schema.set);
                    let id = guid_text(*id);
                    append(&mut out, &serde_json::json!({"@odata.context": context, "id": id, "reason": "deleted"}));
                }
            }
            if at == 0 && oddity == Some("heavy") {
                out.pop();
                out.extend_from_slice(b",\"description\":\"");
                out.resize(out.len() + HEAVY, b'n');
                out.extend_from_slice(b"\"}");
            }
        }
        out.push(b']');
        if let Some(next) = &self.next {
            out.extend_from_slice(b",\"@odata.nextLink\":");
            append(&mut out, next);
        }
        out.push(b'}');
        let mut applied = Vec::new();
        applied.extend(ask.preferences.page.map(|size| format!("odata.maxpagesize={size}")));
        applied.extend(self.delta.as_ref().map(|_| "odata.track-changes".to_owned()));
        with_headers(json_reply(StatusCode::OK, out), [("preference-applied", applied.join(", "))])
    }
}
