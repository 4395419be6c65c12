//! What an operator gets to put right in the CRM: its numbers that could not be read.

use serde::Serialize;

use super::Directory;
use crate::model::phone::NotANumber;

/// A number of the CRM that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadableNumber {
    /// The record's kind.
    pub kind: &'static str,
    /// The record's id.
    pub id: String,
    /// What stands there; of a long text, its beginning.
    pub text: String,
    /// Why it is no number: `short`, `too_long`, `hidden` or `unreadable`.
    pub why: &'static str,
}

/// Every number of the CRM that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadableNumbers {
    /// How many there are.
    pub total: usize,
    /// How many of them are not listed, because there are too many.
    pub beyond: usize,
    /// By kind and id.
    pub numbers: Vec<UnreadableNumber>,
}

/// Records looked at under one lock.
const SLICE: usize = 1_024;

impl Directory {
    /// The numbers of the CRM that could not be read, as its records stand now.
    #[must_use]
    pub fn unreadable_numbers(&self) -> UnreadableNumbers {
        let (mut numbers, mut after) = (Vec::new(), None);
        loop {
            let slice = self.records().unreadable_after(after, SLICE);
            let Some(last) = slice.last() else { break };
            after = Some((last.kind, last.id));
            numbers.extend(slice.into_iter().flat_map(|of| {
                let (kind, id) = (of.kind.word(), of.id.to_string());
                let number = move |(text, why): (Box<str>, NotANumber)| UnreadableNumber {
                    kind,
                    id: id.clone(),
                    text: text.into_string(),
                    why: why.word(),
                };
                of.texts.into_iter().map(number)
            }));
        }
        let total = self.records().unreadable().max(numbers.len());
        UnreadableNumbers { total, beyond: total - numbers.len(), numbers }
    }
}
