//! The rules that one file keeps or breaks by itself: sizes, names, what may panic, reserved crates, pure floors.

use super::finding::{Finding, Source};
use super::functions;
use super::scan::{self, Scan};

/// Rows of a source file that count: those before its tests.
const MAX_ROWS: usize = 400;

/// A crate that only some files of `src` may name.
struct Reserved {
    crates: &'static [&'static str],
    files: &'static [&'static str],
    /// Whether tests may name it wherever they stand.
    tests_may: bool,
}

const RESERVED: [Reserved; 5] = [
    Reserved { crates: &["moka"], files: &["src/directory/cache.rs"], tests_may: false },
    Reserved {
        crates: &["rusqlite", "sqlx", "postgres", "tokio_postgres", "diesel", "redis", "sled", "redb"],
        files: &["src/journal/store/"],
        tests_may: false,
    },
    Reserved { crates: &["reqwest"], files: &["src/outbound/", "src/app/cli.rs", "src/app/cli/"], tests_may: false },
    Reserved { crates: &["arc_swap"], files: &["src/project/mod.rs"], tests_may: false },
    Reserved { crates: &["sandbox"], files: &["src/app/"], tests_may: true },
];

/// What the pure floors may not name: words, and the ends of paths that read a clock.
const IMPURE_WORDS: [&str; 9] =
    ["async", "await", "async_trait", "tokio", "tokio_util", "hyper", "hyper_util", "Instant", "SystemTime"];
const IMPURE_PATHS: [&[&str]; 5] =
    [&["std", "env"], &["std", "fs"], &["std", "thread"], &["Timestamp", "now"], &["Zoned", "now"]];

/// A file, read.
pub(super) struct File<'a> {
    pub(super) source: &'a Source,
    pub(super) module: Vec<String>,
    pub(super) scan: Scan,
    /// Whether the whole file is compiled for tests only.
    pub(super) test: bool,
}

impl<'a> File<'a> {
    pub(super) fn read(source: &'a Source, test: bool) -> Result<Self, Finding> {
        let module = module_of(&source.path);
        let scan = scan::scan(&source.text, &module, test).map_err(|reason| Finding::new(&source.path, 0, reason))?;
        Ok(Self { source, module, scan, test })
    }

    /// The folder its crate's sources stand in.
    pub(super) fn root(&self) -> &'a str {
        self.source.path.split_once("src/").map_or("", |(root, _)| root)
    }

    /// What no Rust file of the repository may hold, tests and benches among them.
    pub(super) fn everywhere(&self, found: &mut impl FnMut(usize, String)) {
        for attribute in &self.scan.attributes {
            let instead = match attribute.name.as_str() {
                "allow" => "#[expect(lint, reason)]",
                "ignore" => "a test that runs",
                "path" if self.source.path.starts_with("src/") => "a module where its name says",
                _ => continue,
            };
            found(attribute.place.row, format!("expected {instead}, found #[{}]", attribute.name));
        }
        for word in self.scan.words.iter().filter(|word| word.called_as_macro) {
            if ["todo", "unimplemented"].contains(&word.text.as_str()) {
                found(word.place.row, format!("expected something done, found {}!", word.text));
            }
        }
    }

    pub(super) fn sizes_and_names(&self, found: &mut impl FnMut(usize, String)) {
        let rows = counted_rows(&self.source.text);
        if !self.test && rows > MAX_ROWS {
            found(MAX_ROWS, format!("expected at most {MAX_ROWS} rows before the tests, found {rows}"));
        }
        for part in self.source.path.split('/').map(|part| part.trim_end_matches(".rs")) {
            if let Some(word) = functions::empty_word(part) {
                found(0, format!("expected a name that says what it is for, found {word}"));
            }
        }
    }

    pub(super) fn panics(&self, found: &mut impl FnMut(usize, String)) {
        for word in self.scan.words.iter().filter(|word| !word.place.test) {
            let text = word.text.as_str();
            if self.excused(word.place.row) {
                continue;
            }
            let method = word.called_as_method && ["unwrap", "expect", "unwrap_err", "expect_err"].contains(&text);
            if method || word.called_as_macro && text == "panic" {
                found(word.place.row, format!("expected an error that is handled, found {text}"));
            }
        }
        for named in self.scan.paths.iter().filter(|named| !named.place.test) {
            for [holder, method] in named.leaves.iter().filter_map(|leaf| leaf.last_chunk::<2>()) {
                if ["Option", "Result"].contains(&holder.as_str()) && ["unwrap", "expect"].contains(&method.as_str()) {
                    found(named.place.row, format!("expected an error that is handled, found {holder}::{method}"));
                }
            }
        }
        for word in self.scan.words.iter().filter(|word| word.called_as_macro && word.text == "include") {
            found(word.place.row, "expected sources where the floors can be read, found include!".into());
        }
    }

    /// Whether a tool (never the service) gives clippy a reason for what stands at `row`, in the rows right above it.
    fn excused(&self, row: usize) -> bool {
        let near = |begins: usize| (begins..=begins + 3).contains(&row);
        let excuses = |attribute: &scan::Attribute| attribute.name == "expect" && near(attribute.place.row);
        !self.source.path.starts_with("src/") && self.scan.attributes.iter().any(excuses)
    }

    pub(super) fn reserved(&self, found: &mut impl FnMut(usize, String)) {
        for rule in &RESERVED {
            if rule
                .files
                .iter()
                .any(|&file| self.source.path == file || file.ends_with('/') && self.source.path.starts_with(file))
            {
                continue;
            }
            for word in &self.scan.words {
                if rule.crates.contains(&word.text.as_str())
                    && !(word.place.test && rule.tests_may)
                    && self.is_path(&word.text)
                {
                    let reason = format!("expected {} in {} only, found it here", word.text, rule.files.join(", "));
                    found(word.place.row, reason);
                }
            }
        }
    }

    /// Whether the file uses `word` as the beginning of a path, and not only as somebody's name.
    fn is_path(&self, word: &str) -> bool {
        let begins = |leaf: &Vec<String>| leaf.len() > 1 && leaf[0] == word;
        self.scan.paths.iter().any(|named| named.leaves.iter().any(begins))
    }

    pub(super) fn pure(&self, found: &mut impl FnMut(usize, String)) {
        for word in self.scan.words.iter().filter(|word| !word.place.test) {
            if IMPURE_WORDS.contains(&word.text.as_str()) {
                found(word.place.row, format!("expected nothing but pure code on this floor, found {}", word.text));
            }
        }
        for named in self.scan.paths.iter().filter(|named| !named.place.test) {
            for leaf in &named.leaves {
                if IMPURE_PATHS.iter().any(|path| leaf.windows(path.len()).any(|part| part == *path)) {
                    let reason = format!("expected nothing but pure code on this floor, found {}", leaf.join("::"));
                    found(named.place.row, reason);
                }
            }
        }
    }

    /// `main` reads arguments and the exit code; everything else is `app`'s.
    pub(super) fn main_names_app_only(&self, found: &mut impl FnMut(usize, String)) {
        for named in &self.scan.paths {
            for leaf in
                named.leaves.iter().filter(|leaf| leaf[0] == "predial" && leaf.get(1).is_none_or(|top| top != "app"))
            {
                found(named.place.row, format!("expected main to name predial::app only, found {}", leaf.join("::")));
            }
        }
    }

    pub(super) fn refuse_word(&self, refused: &str, why: &str, found: &mut impl FnMut(usize, String)) {
        for word in self.scan.words.iter().filter(|word| word.text == refused) {
            found(word.place.row, format!("{why}, found {refused}"));
        }
    }
}

/// The rows before the first module of tests; a single item for tests, or their declaration, does not end the count.
fn counted_rows(text: &str) -> usize {
    let rows: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
    rows.windows(2).position(begins).unwrap_or(rows.len())
}

/// The module a file is, from its crate's root.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs");
    let parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
    match parts.split_last() {
        Some((last, folders)) if ["mod", "lib", "main"].contains(&last.as_str()) => folders.to_vec(),
        _ => parts,
    }
}
