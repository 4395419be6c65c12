//! What is looked at, and what is found.

use std::fmt;

/// A source file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Its path from the repository's root.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
}

/// A rule that is broken, and where.
#[derive(Debug)]
pub(crate) struct Finding {
    path: String,
    row: usize,
    reason: String,
}

impl Finding {
    pub(crate) fn new(path: &str, row: usize, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), row, reason: reason.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.row, self.reason)
    }
}
