//! `POST /coql`: the vendor's query language, as much of it as a reader of numbers and owners may try.
//!
//! `select FIELD, … from MODULE where CONDITION [order by FIELD [asc|desc], …] [limit [OFFSET,] N] [offset N]`.
//! The vendor is strict: there is no query without `where`; two conditions may stand side by side, of more each pair is to
//! be bracketed; 25 conditions, 50 values of an `in`, 50 fields, 2,000 rows; `like` knows `%` at the ends only; an unknown
//! field is refused. Queries read the database: there is no lag. Converted leads are left out unless the condition names
//! `Converted__s`.
//!
//! # Source
//! The vendor's pages on the query language and its limits; what is said of converted leads: users' reports.

mod parse;
mod plan;
mod words;

use serde_json::{Value, json};

use super::{
    field::Field,
    module::Module,
    record::Row,
    reply::{Refusal, found, nothing},
    wire::{Cell, Shown, cell, record},
    world::World,
};
use crate::kit::{Reply, Sort, append};

/// Rows in an answer.
pub(super) const MOST_ROWS: usize = 2_000;
const MOST_OFFSET: usize = 100_000;
const MOST_FIELDS: usize = 50;
const MOST_CRITERIA: usize = 25;
const MOST_VALUES: usize = 50;
const MOST_ORDERS: usize = 10;

/// A query that can be answered.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) module: Module,
    fields: Vec<Field>,
    condition: Condition,
    orders: Vec<(Field, bool)>,
    pub(super) limit: usize,
    offset: usize,
}

/// What a row must be.
#[derive(Debug)]
enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Is(Field, Test),
}

/// What a field must be.
#[derive(Debug)]
enum Test {
    Null(bool),
    /// One of these (or none of them).
    In(Vec<Cell>, bool),
    Less(Cell, bool),
    Greater(Cell, bool),
    Like(Like, bool),
}

/// `%` at either end, or both.
#[derive(Debug)]
struct Like {
    text: String,
    open_start: bool,
    open_end: bool,
}

impl Like {
    fn fits(&self, stored: &str) -> bool {
        let stored = stored.to_lowercase();
        match (self.open_start, self.open_end) {
            (true, true) => stored.contains(&self.text),
            (true, false) => stored.ends_with(&self.text),
            (false, true) => stored.starts_with(&self.text),
            (false, false) => stored == self.text,
        }
    }
}

impl Condition {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::And(one, other) => one.holds(row) && other.holds(row),
            Self::Or(one, other) => one.holds(row) || other.holds(row),
            Self::Is(field, test) => test.holds(&cell(row, *field)),
        }
    }

    /// The same for rows before those that are wanted, too.
    fn anew(self) -> Self {
        match self {
            Self::And(one, other) => Self::And(Box::new(one.anew()), Box::new(other.anew())),
            Self::Or(one, other) => Self::Or(Box::new(one.anew()), Box::new(other.anew())),
            Self::Is(field, Test::Greater(..)) => Self::Is(field, Test::Null(false)),
            other @ Self::Is(..) => other,
        }
    }

    fn names(&self, name: &str) -> bool {
        match self {
            Self::And(one, other) | Self::Or(one, other) => one.names(name) || other.names(name),
            Self::Is(field, _) => field.name == name,
        }
    }

    fn criteria(&self) -> usize {
        match self {
            Self::And(one, other) | Self::Or(one, other) => one.criteria() + other.criteria(),
            Self::Is(..) => 1,
        }
    }
}

impl Test {
    fn holds(&self, cell: &Cell) -> bool {
        let is_null = matches!(cell, Cell::Text(None) | Cell::Time(None) | Cell::Lookup(None));
        match self {
            Self::Null(wanted) => is_null == *wanted,
            _ if is_null => false,
            Self::In(cells, wanted) => cells.contains(cell) == *wanted,
            Self::Less(other, or_equal) => before(cell, other) || *or_equal && cell == other,
            Self::Greater(other, or_equal) => before(other, cell) || *or_equal && cell == other,
            Self::Like(like, wanted) => match cell {
                Cell::Text(Some(text)) => like.fits(text) == *wanted,
                _ => false,
            },
        }
    }
}

fn before(one: &Cell, other: &Cell) -> bool {
    match (one, other) {
        (Cell::Number(one), Cell::Number(other)) => one < other,
        (Cell::Time(one), Cell::Time(other)) => one < other,
        _ => false,
    }
}

impl Query {
    /// Reads a request's body.
    pub(super) fn read(body: &[u8], world: &World, like_on_phones: bool) -> Result<Self, Refusal> {
        let body: Option<Value> = serde_json::from_slice(body).ok();
        let text = body.as_ref().and_then(|body| body["select_query"].as_str()).ok_or_else(|| Refusal::syntax("{"))?;
        let query = parse::query(text, world, like_on_phones)?;
        if query.condition.criteria() > MOST_CRITERIA {
            return Err(Refusal::limit("Maximum criteria limit exceeded", MOST_CRITERIA));
        }
        Ok(query)
    }

    /// The same from the beginning, whatever it was to begin behind.
    pub(super) fn anew(self) -> Self {
        Self { condition: self.condition.anew(), ..self }
    }

    /// What it costs: by the rows it may bring, not by those it does.
    pub(super) const fn credits(&self) -> u64 {
        match self.limit {
            0..=200 => 1,
            201..=1_000 => 2,
            _ => 3,
        }
    }

    /// Answers it.
    pub(super) fn answer(&self, world: &World) -> Reply {
        let all_leads = self.condition.names("Converted__s");
        let wanted =
            |row: &Row| row.deleted.is_none() && (all_leads || row.converted_s.is_none()) && self.condition.holds(row);
        let mut rows = self.rows(world, &wanted);
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if rows.is_empty() {
            return nothing();
        }
        let shown: Vec<Value> = rows.iter().map(|row| record(world, row, &self.fields, Shown::Query)).collect();
        let mut out = Vec::with_capacity(rows.len() * 300);
        append(&mut out, &json!({"data": shown, "info": {"count": shown.len(), "more_records": more}}));
        found(out)
    }

    /// One more than the limit, where there is one.
    fn rows(&self, world: &World, wanted: &dyn Fn(&Row) -> bool) -> Vec<Row> {
        let table = world.table(self.module);
        if let Some(ids) = plan::ids(&self.condition, self.module, world) {
            let rows = ids.into_iter().filter_map(|id| table.get(id)).filter(|row| wanted(row));
            return self.sorted(rows.collect());
        }
        let walk = plan::walk(&self.condition, &self.orders);
        match walk {
            Some(walk) => table.walk(&walk).filter(|row| wanted(row)).skip(self.offset).take(self.limit + 1).collect(),
            None => self.sorted(table.walk(&crate::kit::Walk::default()).filter(|row| wanted(row)).collect()),
        }
    }

    fn sorted(&self, mut rows: Vec<Row>) -> Vec<Row> {
        let compare = |one: &Row, other: &Row| {
            let by = |(field, descending): &(Field, bool)| {
                let order = order(&cell(one, *field), &cell(other, *field));
                if *descending { order.reverse() } else { order }
            };
            let orders = self.orders.iter().map(by).find(|order| order.is_ne());
            orders.unwrap_or_else(|| one.id.cmp(&other.id))
        };
        rows.sort_unstable_by(compare);
        rows.into_iter().skip(self.offset).take(self.limit + 1).collect()
    }
}

fn order(one: &Cell, other: &Cell) -> std::cmp::Ordering {
    match (one, other) {
        (Cell::Number(one), Cell::Number(other)) => one.cmp(other),
        (Cell::Time(one), Cell::Time(other)) => one.cmp(other),
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        _ => std::cmp::Ordering::Equal,
    }
}

/// What a sort of the table is, of these orders; `None` where it has none.
fn sort_of(orders: &[(Field, bool)]) -> Option<(Sort, bool)> {
    let named: Vec<(&str, bool)> = orders.iter().map(|(field, descending)| (field.name, *descending)).collect();
    match named.as_slice() {
        [] => Some((Sort::Id, false)),
        [("id", descending)] => Some((Sort::Id, *descending)),
        [("Modified_Time", descending)] => Some((Sort::UpdateTime, *descending)),
        [("Modified_Time", one), ("id", other)] if one == other => Some((Sort::UpdateTime, *one)),
        [("Created_Time", descending)] => Some((Sort::AddTime, *descending)),
        _ => None,
    }
}
