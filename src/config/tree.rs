//! A TOML file as values that know where they stand.
//!
//! Not `serde`: a derived reader stops at the first mismatch and forgets rows; a refusal here names all of them.
//! No `Debug`, on purpose: a tree may hold a secret that somebody wrote in plain.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use toml::de::{DeTable, DeValue};

use crate::base::problem::Problem;

/// How often the parser is asked to go on behind a row it could not read.
const PASSES: usize = 8;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) row: usize,
}

impl Place {
    pub(super) fn new(file: &str, row: usize) -> Self {
        Self { file: Arc::from(file), row }
    }

    /// Another row of the same file.
    pub(super) fn at_row(&self, row: usize) -> Self {
        Self { file: Arc::clone(&self.file), row }
    }

    pub(super) fn problem(&self, reason: impl Into<String>) -> Problem {
        Problem::new(&*self.file, self.row, reason)
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// The values TOML has.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Whole(i128),
    Fraction,
    Flag(bool),
    Time,
    List(Vec<Node>),
    Table(Table),
}

/// A section: its keys, each with where the key stands.
pub(super) type Table = BTreeMap<String, Node>;

impl Value {
    /// What it is, for *expected … found …*. Never the value itself: it may be a secret.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Whole(_) => "a whole number",
            Self::Fraction => "a number with a fraction",
            Self::Flag(_) => "true or false",
            Self::Time => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
        }
    }
}

/// A file's values, and what of it is not TOML.
pub(super) struct Parsed {
    pub(super) table: Table,
    pub(super) problems: Vec<Problem>,
}

/// Parses a file, going on behind every row that is not TOML.
///
/// # Errors
/// In [`Parsed::problems`], one per row at most; what could still be read is in the table.
pub(super) fn parse(file: &str, text: &str) -> Parsed {
    let mut left = text.to_owned();
    let mut problems: BTreeMap<usize, Problem> = BTreeMap::new();
    for _ in 0..PASSES {
        let mut broken = BTreeSet::new();
        for (row, reason) in syntax_problems(&left) {
            broken.insert(row);
            problems.entry(row).or_insert_with(|| Problem::new(file, row, reason));
        }
        // The parser gives up behind a key without a value: mend such rows, so that the next pass reads what follows.
        match mended(&left, &broken) {
            Some(better) => left = better,
            None => break,
        }
    }
    let rows = Rows::of(&left);
    let (document, _) = DeTable::parse_recoverable(&left);
    let table = Converter { file: &Arc::from(file), rows: &rows }.table(document.get_ref());
    Parsed { table, problems: problems.into_values().collect() }
}

fn syntax_problems(text: &str) -> Vec<(usize, String)> {
    let rows = Rows::of(text);
    let lines: Vec<&str> = text.lines().collect();
    let header_above = |row: usize| (1..=row).rev().find(|at| lines.get(at - 1).is_some_and(|line| is_header(line)));
    let (_, errors) = DeTable::parse_recoverable(text);
    let placed = errors.iter().map(|error| (rows.row(error.span().unwrap_or(0..0).start), error));
    let (again, other): (Vec<_>, Vec<_>) = placed.partition(|(_, error)| error.message() == "duplicate key");
    let second_sections: BTreeSet<usize> =
        again.iter().map(|(row, _)| *row).filter(|row| header_above(*row) == Some(*row)).collect();
    let mut problems = Vec::new();
    for (row, error) in again {
        let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
        if second_sections.contains(&row) && key == "crm" {
            let reason = "expected one CRM, found a second `crm`; a project has one, make a project of each";
            problems.push((row, reason.to_owned()));
        } else if second_sections.contains(&row) || !header_above(row).is_some_and(|at| second_sections.contains(&at)) {
            problems.push((row, format!("expected each key once, found `{}` again", shortened(key))));
        }
    }
    // Only the message: the error's own text quotes the row, which may hold a secret.
    let told =
        |(row, error): (usize, &toml::de::Error)| (row, format!("expected TOML, found otherwise: {}", error.message()));
    problems.extend(other.into_iter().map(told));
    problems
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

/// The text with these rows blanked or, if they are headers, closed, so that what follows them stays in its section;
/// rows of long texts are left. `None` when that changes nothing.
fn mended(text: &str, rows: &BTreeSet<usize>) -> Option<String> {
    let mut mended = String::with_capacity(text.len());
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let bare = line.trim();
        let long = bare.contains("\"\"\"") || bare.contains("'''");
        if !rows.contains(&(at + 1)) || long {
            mended.push_str(line);
            continue;
        }
        let name = |rest: &str| -> String {
            rest.trim().chars().take_while(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(*letter)).collect()
        };
        match (bare.strip_prefix("[["), bare.strip_prefix('[')) {
            (Some(rest), _) if !name(rest).is_empty() => mended.push_str(&format!("[[{}]]", name(rest))),
            (None, Some(rest)) if !name(rest).is_empty() => mended.push_str(&format!("[{}]", name(rest))),
            _ => {}
        }
        mended.push_str(if line.ends_with('\n') { "\n" } else { "" });
    }
    (mended != text).then_some(mended)
}

/// Text for a problem: one line, not longer than a line.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let clean = |text: &mut dyn Iterator<Item = char>| text.flat_map(char::escape_debug).collect::<String>();
    if text.chars().count() <= MOST {
        return clean(&mut text.chars());
    }
    clean(&mut text.chars().take(MOST)) + "…"
}

/// Where the rows of a text begin.
struct Rows(Vec<usize>);

impl Rows {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The row, counted from 1, of a byte.
    fn row(&self, at: usize) -> usize {
        self.0.partition_point(|&begin| begin <= at)
    }
}

struct Converter<'a> {
    file: &'a Arc<str>,
    rows: &'a Rows,
}

impl Converter<'_> {
    fn node(&self, at: usize, value: &DeValue<'_>) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(digits) => Value::Whole(whole(digits.as_str(), digits.radix())),
            DeValue::Float(_) => Value::Fraction,
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(_) => Value::Time,
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.node(item.span().start, item.get_ref())).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { place: Place { file: Arc::clone(self.file), row: self.rows.row(at) }, value }
    }

    /// Keys stand where they are written, not where their value's section was opened.
    fn table(&self, table: &DeTable<'_>) -> Table {
        let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let key_text: &std::borrow::Cow<'_, str> = key.get_ref();
            (key_text.to_string(), self.node(key.span().start, value.get_ref()))
        };
        table.iter().map(entry).collect()
    }
}

/// The number; what has no room in 128 bits is out of every range anyway.
fn whole(digits: &str, radix: u32) -> i128 {
    i128::from_str_radix(digits, radix).unwrap_or(if digits.starts_with('-') { i128::MIN } else { i128::MAX })
}

#[cfg(test)]
mod tests {
    use super::{Value, parse, shortened};

    fn complaints(text: &str) -> Vec<String> {
        parse("f", text).problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_row_that_is_not_toml_is_named_and_the_rest_is_still_read() {
        let parsed = parse("f", "a = json\nq q\nzz =\n[crm\nk = 1\nlast = 2\n");
        let rows: Vec<usize> = parsed.problems.iter().map(|problem| problem.row).collect();
        assert_eq!(rows, [1, 2, 3, 4]);
        let Some(Value::Table(crm)) = parsed.table.get("crm").map(|node| &node.value) else { panic!("crm is lost") };
        assert!(matches!(crm.get("last").map(|node| &node.value), Some(Value::Whole(2))));
    }

    #[test]
    fn a_key_written_twice_is_named_and_a_second_crm_section_says_what_to_do() {
        assert_eq!(
            complaints("a = 1\na = 2\n[crm]\nx = 1\n[crm]\ny = 1\n"),
            [
                "f:2: expected each key once, found `a` again",
                "f:5: expected one CRM, found a second `crm`; a project has one, make a project of each",
            ]
        );
    }

    #[test]
    fn a_problem_of_syntax_does_not_quote_the_row() {
        assert!(!complaints("token = s3cr3t\n").concat().contains("s3cr3t"));
    }

    #[test]
    fn keys_items_and_sections_know_their_rows() {
        let table = parse("f", "a = [\n 1,\n 2]\n[[e]]\nn = 1\n\n[[e]]\nn = 2\n[b.c]\nx.y = 1\n").table;
        let Value::List(items) = &table["a"].value else { panic!("a is a list") };
        assert_eq!(items.iter().map(|node| node.place.row).collect::<Vec<_>>(), [2, 3]);
        let Value::List(sections) = &table["e"].value else { panic!("e is a list") };
        assert_eq!(sections.iter().map(|node| node.place.row).collect::<Vec<_>>(), [4, 7]);
        assert_eq!(table["b"].place.row, 9);
    }

    #[test]
    fn a_number_too_large_for_any_range_is_kept_as_out_of_range() {
        let table = parse("f", "a = 99999999999999999999999999999999999999999999\n").table;
        assert!(matches!(table["a"].value, Value::Whole(i128::MAX)));
    }

    #[test]
    fn a_quoted_text_stays_on_one_line() {
        assert_eq!(shortened("a\nb\u{0}"), "a\\nb\\0");
        assert_eq!(shortened(&"x".repeat(61)).chars().count(), 61);
    }
}
