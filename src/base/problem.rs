//! What is wrong with a configuration, and where.

use std::fmt;

/// One problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// The file, as the operator named it.
    pub file: String,
    /// The row, counted from 1; 0 when the file as a whole is meant.
    pub row: usize,
    /// What was expected and what was found.
    pub reason: String,
}

impl Problem {
    /// A problem at a row of a file.
    #[must_use]
    pub fn new(file: impl Into<String>, row: usize, reason: impl Into<String>) -> Self {
        Self { file: file.into(), row, reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.row, self.reason)
    }
}

/// A value and the row it stands at, so that a later check can say where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its row, counted from 1; 0 for a default.
    pub row: usize,
}

impl<T> Placed<T> {
    /// `value` at `row`.
    pub const fn new(value: T, row: usize) -> Self {
        Self { value, row }
    }
}
