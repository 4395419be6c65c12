//! One record of any table.

use std::io::Write;

use jiff::Timestamp;

use super::schema::{Column, Schema, Type, guid_text};
use crate::kit::{Record, append};

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Whole(i64),
    /// Hundredths of a currency's unit.
    Money(i64),
    Flag(bool),
    Time(i64),
    Id(u128),
    /// Another record, and its table's logical name.
    Lookup(u128, &'static str),
}

/// A record: what is not among the cells is null.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) schema: &'static Schema,
    pub(super) id: u128,
    pub(super) cells: Vec<(&'static str, Cell)>,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
}

impl Record for Row {
    type Id = u128;

    fn id(&self) -> u128 {
        self.id
    }

    fn add_s(&self) -> i64 {
        self.add_s
    }

    fn update_s(&self) -> i64 {
        self.update_s
    }
}

impl Row {
    pub(super) fn new(schema: &'static Schema, id: u128, (add_s, update_s): (i64, i64)) -> Self {
        Self { schema, id, cells: Vec::with_capacity(12), add_s, update_s }
    }

    pub(super) fn with(mut self, column: &'static str, cell: Cell) -> Self {
        self.set(column, Some(cell));
        self
    }

    pub(super) fn with_text(self, column: &'static str, text: Option<String>) -> Self {
        match text {
            Some(text) => self.with(column, Cell::Text(text)),
            None => self,
        }
    }

    /// State and status of it.
    pub(super) fn with_state(self, state: i64, status: i64) -> Self {
        self.with("statecode", Cell::Whole(state)).with("statuscode", Cell::Whole(status))
    }

    pub(super) fn set(&mut self, column: &'static str, cell: Option<Cell>) {
        self.cells.retain(|(name, _)| *name != column);
        self.cells.extend(cell.map(|cell| (column, cell)));
    }

    /// What stands in a column; nothing is null.
    pub(super) fn get(&self, column: &Column) -> Option<Cell> {
        match (column.holds, column.name) {
            (Type::Key, _) => Some(Cell::Id(self.id)),
            (_, "createdon") => Some(Cell::Time(self.add_s)),
            (_, "modifiedon") => Some(Cell::Time(self.update_s)),
            (_, name) => self.cells.iter().find(|(known, _)| *known == name).map(|(_, cell)| cell.clone()),
        }
    }

    pub(super) fn whole(&self, column: &str) -> Option<i64> {
        self.cells.iter().find_map(|(name, cell)| match cell {
            Cell::Whole(number) if *name == column => Some(*number),
            _ => None,
        })
    }

    pub(super) fn lookup(&self, column: &str) -> Option<u128> {
        self.cells.iter().find_map(|(name, cell)| match cell {
            Cell::Lookup(id, _) if *name == column => Some(*id),
            _ => None,
        })
    }

    /// What stands in the columns for numbers.
    pub(super) fn numbers(&self) -> Vec<String> {
        let text = |name: &&'static str| {
            self.cells.iter().find_map(|(known, cell)| match cell {
                Cell::Text(text) if known == name => Some(text.clone()),
                _ => None,
            })
        };
        self.schema.phones.iter().filter_map(text).collect()
    }

    /// Puts numbers into the columns for them, each into the next that it fits; those beyond are left out.
    pub(super) fn set_numbers(&mut self, numbers: impl IntoIterator<Item = String>) {
        for &column in self.schema.phones {
            self.set(column, None);
        }
        let mut free = self.schema.phones.iter();
        for number in numbers {
            let length = number.chars().count();
            let fits = |name: &&'static str| match self.schema.column(name).map(|column| column.holds) {
                Some(Type::Text(longest)) => length <= longest,
                _ => false,
            };
            let Some(&column) = free.by_ref().find(|name| fits(name)) else { return };
            self.set(column, Some(Cell::Text(number)));
        }
    }

    /// Appends the record as the API writes it: the etag, the columns asked for, and always the id.
    pub(super) fn write(&self, out: &mut Vec<u8>, columns: &[&'static Column], annotated: bool) {
        // Writing into memory cannot fail.
        let _ = write!(out, "{{\"@odata.etag\":\"W/\\\"{}\\\"\"", self.update_s);
        let key = self.schema.key();
        if !columns.contains(&key) {
            self.write_property(out, key, annotated);
        }
        for column in columns {
            self.write_property(out, column, annotated);
        }
        out.push(b'}');
    }

    fn write_property(&self, out: &mut Vec<u8>, column: &Column, annotated: bool) {
        let cell = self.get(column);
        if let (Some(Cell::Lookup(_, logical)), true) = (&cell, annotated) {
            let name = column.name;
            let _ = write!(out, ",\"{name}@Microsoft.Dynamics.CRM.lookuplogicalname\":\"{logical}\"");
        }
        let _ = write!(out, ",\"{}\":", column.name);
        match cell {
            None => out.extend_from_slice(b"null"),
            Some(Cell::Text(text)) => append(out, &text),
            Some(Cell::Whole(number)) => append(out, &number),
            Some(Cell::Money(hundredths)) => append(out, &money(hundredths)),
            Some(Cell::Flag(flag)) => append(out, &flag),
            Some(Cell::Time(at_s)) => append(out, &time(at_s)),
            Some(Cell::Id(id) | Cell::Lookup(id, _)) => append(out, &guid_text(id)),
        }
    }
}

/// A sum as the API writes it: a number with places, whole or not.
#[expect(clippy::cast_precision_loss, reason = "sums are smaller than what a float tells apart to the hundredth")]
pub(super) fn money(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

/// A moment as the API writes it: RFC 3339, whole seconds, UTC.
pub(super) fn time(at_s: i64) -> String {
    Timestamp::from_second(at_s).unwrap_or_default().to_string()
}
