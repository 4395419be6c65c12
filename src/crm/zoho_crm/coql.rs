//! Queries, as text.
//!
//! # Source
//! The vendor's pages on its query language: no query without a condition; two conditions may stand side by side, of more
//! each pair is bracketed; `%` at the ends of a `like` only.

use crate::crm::zoho_crm::path::{
    self, ACCOUNT, CONTACT, CREATED, DESCRIPTION, FEW_ROWS, ID, MANY_ROWS, MODIFIED, MOST_CRITERIA, MOST_VALUES, STAGE,
};
use crate::model::ids::CrmId;

/// A query, and how many rows it may bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) text: String,
    pub(super) rows: u32,
}

impl Query {
    fn new(select: &str, module: &str, condition: &str, rest: &str, rows: u32) -> Self {
        Self { text: format!("select {select} from {module} where {condition}{rest} limit {rows}"), rows }
    }
}

/// A page of a crawl: records behind this id, without those that stand in one of these stages.
pub(super) fn behind(select: &str, module: &str, id: u64, stages: &[&str]) -> Query {
    let mut condition = format!("{ID} > {id}");
    if !stages.is_empty() {
        condition = format!("({condition} and {STAGE} not in ({}))", quoted(stages.iter().copied()));
    }
    Query::new(select, module, &condition, &format!(" order by {ID} asc"), MANY_ROWS)
}

/// Where among the changes a page begins: at this second, or behind this record of that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    pub(super) at_s: i64,
    pub(super) behind: Option<u64>,
}

/// A page of what changed. The first one is short: mostly little or nothing did, and it costs a third.
pub(super) fn changed(select: &str, module: &str, since: Since) -> Query {
    let time = path::time(since.at_s);
    let (condition, rows) = match since.behind {
        None => (format!("{MODIFIED} >= '{time}'"), FEW_ROWS),
        Some(id) => (format!("({MODIFIED} > '{time}' or ({MODIFIED} = '{time}' and {ID} > {id}))"), MANY_ROWS),
    };
    Query::new(select, module, &condition, &format!(" order by {MODIFIED} asc, {ID} asc"), rows)
}

/// Records with one of these pieces in one of these fields; the usual pieces first, as many as a query may ask for.
pub(super) fn with_number(select: &str, module: &str, fields: &[String], pieces: &[String]) -> Query {
    let each = pieces.iter().flat_map(|piece| fields.iter().map(move |field| format!("{field} like '%{piece}%'")));
    // A piece is asked of all fields or of none, unless there are more fields than conditions.
    let whole = MOST_CRITERIA / fields.len().clamp(1, MOST_CRITERIA) * fields.len();
    let conditions: Vec<String> = each.take(whole.min(MOST_CRITERIA)).collect();
    Query::new(select, module, &either(&conditions), "", FEW_ROWS)
}

/// What was made since, the newest first, with its text; of those that are linked this way, where that is told. A text
/// cannot be compared in a query, only read.
pub(super) fn made_since(module: &str, linked: Option<(&str, &str)>, since_s: i64) -> Query {
    let condition = format!("{CREATED} >= '{}'", path::time(since_s));
    let (condition, rows) = match linked {
        Some((field, value)) => (format!("({field} = '{}' and {condition})", escaped(value)), FEW_ROWS),
        None => (condition, MANY_ROWS),
    };
    Query::new(&format!("{ID}, {DESCRIPTION}"), module, &condition, &format!(" order by {CREATED} desc"), rows)
}

/// Records with this in a field.
pub(super) fn with_text(module: &str, field: &str, text: &str) -> Query {
    Query::new(ID, module, &format!("{field} = '{}'", escaped(text)), "", FEW_ROWS)
}

/// Records with this in one of these fields, and what stands there; `folded`: in whatever case it is written. Whether `=`
/// tells cases apart is nowhere said; `like` does not, and cannot be asked for a percent sign.
pub(super) fn holding(module: &str, fields: &[&str], text: &str, folded: bool) -> Query {
    let select = [ID].iter().chain(fields).copied().collect::<Vec<_>>().join(", ");
    let text = escaped(text);
    let alike = folded && !text.contains('%');
    let each = fields.iter().flat_map(|field| {
        let like = alike.then(|| format!("{field} like '{text}'"));
        std::iter::once(format!("{field} = '{text}'")).chain(like)
    });
    let conditions: Vec<String> = each.take(MOST_CRITERIA).collect();
    Query::new(&select, module, &either(&conditions), "", FEW_ROWS)
}

/// A quote or a backslash would end the text or hide its end.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// Deals of these contacts and accounts; `None` where there are none.
pub(super) fn deals_of(select: &str, contacts: &[CrmId], accounts: &[CrmId]) -> Option<Query> {
    let of = |field: &str, ids: &[CrmId]| {
        let ids: Vec<String> = ids.iter().take(MOST_VALUES).map(ToString::to_string).collect();
        (!ids.is_empty()).then(|| format!("{field} in ({})", quoted(ids.iter().map(String::as_str))))
    };
    let conditions: Vec<String> = [of(CONTACT, contacts), of(ACCOUNT, accounts)].into_iter().flatten().collect();
    (!conditions.is_empty()).then(|| Query::new(select, "Deals", &either(&conditions), "", FEW_ROWS))
}

/// `(a or (b or (c or d)))`
fn either(conditions: &[String]) -> String {
    match conditions {
        [] => format!("{ID} is null"),
        [one] => one.clone(),
        [one, rest @ ..] => format!("({one} or {})", either(rest)),
    }
}

fn quoted<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.map(|text| format!("'{text}'")).collect::<Vec<_>>().join(", ")
}
