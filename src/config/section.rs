//! A section being read: typed getters that note what is wrong and go on.
//!
//! Every getter marks its key as known, so the set of known keys is what was asked for, and [`Section::finish`] can say
//! which keys nobody asked for.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fmt,
};

use crate::base::environment::Environment;
use crate::base::problem::{Placed, Problem};
use crate::config::{
    names,
    tree::{Node, Place, Table, Value, shortened},
};

/// A text of a configuration, at most.
const MAX_TEXT_BYTES: usize = 1024;

/// Entries of a list of texts, at most.
const MAX_ITEMS: usize = 1000;

/// What is found while files are read.
pub(super) struct Findings<'e> {
    pub(super) environment: &'e dyn Environment,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    /// Files that are not TOML throughout: what seems to be missing in them may only be unreadable.
    torn: RefCell<BTreeSet<String>>,
}

impl<'e> Findings<'e> {
    pub(super) const fn new(environment: &'e dyn Environment) -> Self {
        Self {
            environment,
            problems: RefCell::new(Vec::new()),
            warnings: RefCell::new(Vec::new()),
            torn: RefCell::new(BTreeSet::new()),
        }
    }

    pub(super) fn problem(&self, place: &Place, reason: impl Into<String>) {
        self.problems.borrow_mut().push(place.problem(reason));
    }

    pub(super) fn warn(&self, place: &Place, reason: impl Into<String>) {
        self.warnings.borrow_mut().push(place.problem(reason));
    }

    /// Takes over what the parser found wrong with a file.
    pub(super) fn torn(&self, file: &str, problems: Vec<Problem>) {
        if !problems.is_empty() {
            self.torn.borrow_mut().insert(file.to_owned());
            self.problems.borrow_mut().extend(problems);
        }
    }

    /// How many problems there are by now.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    /// Problems and warnings, each by file and row, nothing twice.
    pub(super) fn into_lists(self) -> (Vec<Problem>, Vec<Problem>) {
        let ordered = |list: RefCell<Vec<Problem>>| {
            let list: BTreeSet<Problem> = list.into_inner().into_iter().collect();
            list.into_iter().collect()
        };
        (ordered(self.problems), ordered(self.warnings))
    }
}

/// The numbers a key may have.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) min: u64,
    pub(super) max: u64,
    /// What it counts: `milliseconds`, `bytes`, `connections`.
    pub(super) unit: &'static str,
}

impl Range {
    pub(super) const fn new(min: u64, max: u64, unit: &'static str) -> Self {
        Self { min, max, unit }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {} {}", self.min, self.max, self.unit)
    }
}

/// A key the reader knows, and what it wants there.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) key: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "held against default.toml by a test"))]
    pub(super) expected: String,
}

/// One section of a file.
pub(super) struct Section<'a> {
    pub(super) findings: &'a Findings<'a>,
    /// Which section it is, for the lists of `names`: `block`.
    kind: &'static str,
    /// What it is called in problems: `block.sales`; empty for a file's top.
    pub(super) path: String,
    pub(super) place: Place,
    table: &'a Table,
    known: RefCell<Vec<Known>>,
    began_with: Cell<usize>,
}

impl<'a> Section<'a> {
    pub(super) fn new(findings: &'a Findings<'a>, kind: &'static str, place: Place, table: &'a Table) -> Self {
        let began_with = Cell::new(findings.count());
        Self { findings, kind, path: String::new(), place, table, known: RefCell::default(), began_with }
    }

    fn below(&self, kind: &'static str, path: String, node: &Node, table: &'a Table) -> Section<'a> {
        Section { path, ..Section::new(self.findings, kind, node.place.clone(), table) }
    }

    /// Which section it is.
    pub(super) const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The whole name of a key of this section.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether nothing was wrong since the section was opened.
    pub(super) fn sound(&self) -> bool {
        self.findings.count() == self.began_with.get()
    }

    /// The place of a key, the section's where the key is absent.
    pub(super) fn place_of(&self, key: &str) -> &Place {
        self.table.get(key).map_or(&self.place, |node| &node.place)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a key is true or false.
    pub(super) fn has_flag(&self, key: &str) -> bool {
        matches!(self.table.get(key).map(|node| &node.value), Some(Value::Flag(_)))
    }

    /// How many entries a key's list has; `None` where it is no list.
    pub(super) fn list_len(&self, key: &str) -> Option<usize> {
        match self.table.get(key).map(|node| &node.value) {
            Some(Value::List(items)) => Some(items.len()),
            _ => None,
        }
    }

    /// Notes a problem at a key.
    pub(super) fn wrong(&self, key: &str, expected: impl fmt::Display, found: impl fmt::Display) {
        self.wrong_at(self.place_of(key), key, expected, found);
    }

    pub(super) fn wrong_at(&self, place: &Place, key: &str, expected: impl fmt::Display, found: impl fmt::Display) {
        self.findings.problem(place, format!("{}: expected {expected}, found {found}", self.name(key)));
    }

    /// The value of a key, marked as known.
    pub(super) fn node(&self, key: &'static str, expected: impl fmt::Display) -> Option<&'a Node> {
        self.known.borrow_mut().push(Known { key, expected: expected.to_string() });
        self.table.get(key)
    }

    /// The value of a key that has no default.
    pub(super) fn needed(&self, key: &'static str) {
        let renamed = || self.table.keys().any(|old| names::renamed(self.kind, old).is_some_and(|new| new == key));
        let torn = || self.findings.torn.borrow().contains(&*self.place.file);
        if !self.has(key) && !renamed() && !torn() {
            self.findings.problem(&self.place, format!("{}: expected a value, found none", self.name(key)));
        }
    }

    /// Says that something is missing, unless the file is not TOML throughout.
    pub(super) fn missing(&self, what: impl fmt::Display) {
        if !self.findings.torn.borrow().contains(&*self.place.file) {
            self.findings.problem(&self.place, format!("expected {what}, found none"));
        }
    }

    pub(super) fn text_of(&self, key: &str, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) if text.len() > MAX_TEXT_BYTES => {
                let limit = format_args!("at most {MAX_TEXT_BYTES} bytes long");
                self.wrong_at(&node.place, key, limit, format_args!("{}", text.len()));
                None
            }
            Value::Text(text) if text.chars().any(char::is_control) => {
                self.wrong_at(&node.place, key, "text without control characters", "one");
                None
            }
            Value::Text(text) => Some(text.clone()),
            other => {
                let hint = if matches!(other, Value::Whole(_)) { "; write it in quotes" } else { "" };
                self.wrong_at(&node.place, key, "text", format_args!("{}{hint}", other.kind()));
                None
            }
        }
    }

    /// Text, perhaps empty.
    pub(super) fn any_text(&self, key: &'static str) -> Option<Placed<String>> {
        let node = self.node(key, "text")?;
        self.text_of(key, node).map(|text| Placed::new(text, node.place.row))
    }

    /// Text that says something.
    pub(super) fn text(&self, key: &'static str) -> Option<Placed<String>> {
        let text = self.any_text(key)?;
        if text.value.trim().is_empty() {
            self.wrong(key, "text", "nothing in it");
            return None;
        }
        Some(text)
    }

    pub(super) fn number(&self, key: &'static str, range: Range) -> Option<Placed<u64>> {
        let node = self.node(key, range)?;
        let found = match &node.value {
            Value::Whole(number) => match u64::try_from(*number) {
                Ok(number) if (range.min..=range.max).contains(&number) => {
                    return Some(Placed::new(number, node.place.row));
                }
                _ if *number == i128::MAX || *number == i128::MIN => "a number beyond 128 bits".to_owned(),
                _ => number.to_string(),
            },
            other => other.kind().to_owned(),
        };
        self.wrong_at(&node.place, key, format_args!("a whole number, {range}"), found);
        None
    }

    /// One of some numbers.
    pub(super) fn number_of(&self, key: &'static str, numbers: &[u16]) -> Option<u16> {
        let expected = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let node = self.node(key, &expected)?;
        let found = match &node.value {
            Value::Whole(found) => match numbers.iter().find(|number| i128::from(**number) == *found) {
                Some(number) => return Some(*number),
                None => found.to_string(),
            },
            other => other.kind().to_owned(),
        };
        self.wrong_at(&node.place, key, format_args!("one of {expected}"), found);
        None
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<Placed<bool>> {
        let node = self.node(key, "true or false")?;
        if let Value::Flag(flag) = node.value {
            return Some(Placed::new(flag, node.place.row));
        }
        self.wrong_at(&node.place, key, "true or false", node.value.kind());
        None
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<Placed<T>> {
        let expected = names::one_of(words.iter().map(|(word, _)| *word));
        let node = self.node(key, &expected)?;
        let text = self.text_of(key, node)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(Placed::new(*value, node.place.row));
        }
        let near = names::near(&text, words.iter().map(|(word, _)| *word));
        self.wrong(key, expected, format_args!("`{}`{near}", shortened(&text)));
        None
    }

    /// A list of texts, none of them empty.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<Placed<String>>> {
        let node = self.node(key, "a list of texts")?;
        let Value::List(items) = &node.value else {
            self.wrong_at(&node.place, key, "a list of texts", node.value.kind());
            return None;
        };
        if items.len() > MAX_ITEMS {
            self.wrong_at(&node.place, key, format_args!("at most {MAX_ITEMS} entries"), items.len());
            return None;
        }
        let text = |item: &Node| {
            let text = self.text_of(key, item)?;
            if text.trim().is_empty() {
                self.wrong_at(&item.place, key, "a list of texts", "an empty one in it");
                return None;
            }
            Some(Placed::new(text, item.place.row))
        };
        Some(items.iter().filter_map(text).collect())
    }

    /// A section below this one.
    pub(super) fn section(&self, key: &'static str, kind: &'static str) -> Option<Section<'a>> {
        let node = self.node(key, "a section")?;
        let Value::Table(table) = &node.value else {
            self.wrong_at(&node.place, key, "a section", node.value.kind());
            return None;
        };
        Some(self.below(kind, self.name(key), node, table))
    }

    /// The sections of `[[key]]`.
    pub(super) fn sections(&self, key: &'static str, kind: &'static str) -> Vec<Section<'a>> {
        let Some(node) = self.node(key, "a list of sections") else { return Vec::new() };
        let Value::List(items) = &node.value else {
            let found = format!("{}; write `[[{key}]]`", node.value.kind());
            self.wrong_at(&node.place, key, "a list of sections", found);
            return Vec::new();
        };
        let section = |item: &'a Node| match &item.value {
            Value::Table(table) => Some(self.below(kind, self.name(key), item, table)),
            other => {
                self.wrong_at(&item.place, key, "a list of sections", other.kind());
                None
            }
        };
        items.iter().filter_map(section).collect()
    }

    /// The sections of `[key.NAME]`, each with its name.
    pub(super) fn named(&self, key: &'static str, kind: &'static str) -> Vec<(&'a str, Section<'a>)> {
        let Some(whole) = self.section(key, kind) else { return Vec::new() };
        let section = |(name, node): (&'a String, &'a Node)| match &node.value {
            Value::Table(table) => Some((name.as_str(), self.below(kind, whole.name(name), node, table))),
            other => {
                let path = whole.name(&shortened(name));
                let reason = format!("{path}: expected a section, found {}; write `[{key}.NAME]`", other.kind());
                self.findings.problem(&node.place, reason);
                None
            }
        };
        whole.table.iter().filter_map(section).collect()
    }

    /// Says which keys nobody asked for. The last thing to be called.
    pub(super) fn finish(&self) -> Vec<Known> {
        let known = self.known.borrow();
        for (key, node) in self.table {
            if !known.iter().any(|known| known.key == key) {
                let reason = names::unknown(self.kind, &self.path, key, known.iter().map(|known| known.key));
                self.findings.problem(&node.place, reason);
            }
        }
        known.clone()
    }
}
