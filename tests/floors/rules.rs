//! The rules, each a function of the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::scan::{Named, Scan};
use super::{functions, list, scan};

/// Rows of a source file that count: those before its tests.
const MAX_ROWS: usize = 400;

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

/// The suite of what every adapter must do.
const CONTRACT: &str = "contract_tests";

/// What the pure floors may not name: words, and the ends of paths that read a clock.
const IMPURE_WORDS: [&str; 9] =
    ["async", "await", "async_trait", "tokio", "tokio_util", "hyper", "hyper_util", "Instant", "SystemTime"];
const IMPURE_PATHS: [&[&str]; 5] =
    [&["std", "env"], &["std", "fs"], &["std", "thread"], &["Timestamp", "now"], &["Zoned", "now"]];

/// Every finding in a tree, in the order of its files.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    match Tree::read(sources) {
        Ok(tree) => {
            let mut findings = tree.lists();
            for file in &tree.files {
                tree.file(file, &mut findings);
            }
            findings
        }
        Err(finding) => vec![finding],
    }
}

/// A file, read.
struct File<'a> {
    source: &'a Source,
    module: Vec<String>,
    scan: Scan,
    /// Whether the whole file is compiled for tests only.
    test: bool,
}

/// The tree, read, and what it says of itself.
struct Tree<'a> {
    files: Vec<File<'a>>,
    floors: BTreeMap<String, u8>,
    declared: BTreeSet<String>,
    adapters: Vec<String>,
}

impl<'a> Tree<'a> {
    fn read(sources: &'a [Source]) -> Result<Self, Finding> {
        let text = |path: &str| {
            let found = sources.iter().find(|source| source.path == path);
            found
                .map(|source| source.text.as_str())
                .ok_or_else(|| Finding::new(path, 0, "expected this file, found none"))
        };
        let in_lib = |reason| Finding::new("src/lib.rs", 0, reason);
        let lib = text("src/lib.rs")?;
        let mut tree = Self {
            files: Vec::new(),
            floors: list::floors(lib).map_err(in_lib)?,
            declared: list::declared(lib).map_err(in_lib)?,
            adapters: list::adapters(text("src/crm/mod.rs")?)
                .map_err(|reason| Finding::new("src/crm/mod.rs", 0, reason))?,
        };
        for source in sources {
            tree.files.push(File::read(source, false)?);
        }
        let test_modules: Vec<_> = (tree.files.iter())
            .flat_map(|file| file.scan.test_modules.iter().map(|module| (file.root(), module.clone())))
            .collect();
        for file in &mut tree.files {
            if test_modules.iter().any(|(root, module)| *root == file.root() && file.module.starts_with(module)) {
                *file = File::read(file.source, true)?;
            }
        }
        Ok(tree)
    }

    /// Lists that must be the same: floors and `mod` lines, folders and adapters.
    fn lists(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let listed: BTreeSet<String> = self.floors.keys().cloned().collect();
        for module in listed.symmetric_difference(&self.declared) {
            let reason =
                format!("expected the same modules as the list of floors and as mod lines, found {module} once");
            findings.push(Finding::new("src/lib.rs", 0, reason));
        }
        // A folder beside a file of its name is the rest of that file, and no adapter's.
        let paths: BTreeSet<&str> = self.files.iter().map(|file| file.source.path.as_str()).collect();
        let folders: BTreeSet<String> = (paths.iter())
            .filter_map(|path| path.strip_prefix("src/crm/")?.split_once('/').map(|(folder, _)| folder.to_owned()))
            .filter(|folder| !paths.contains(format!("src/crm/{folder}.rs").as_str()))
            .collect();
        let rows: BTreeSet<String> = self.adapters.iter().cloned().collect();
        for name in folders.symmetric_difference(&rows) {
            let reason =
                format!("expected a row of ADAPTERS for each folder and no other, found {name} on one side only");
            findings.push(Finding::new("src/crm/mod.rs", 0, reason));
        }
        findings.extend(folders.intersection(&rows).filter_map(|name| self.without_contract(name)));
        findings
    }

    /// An adapter that is not held to what all of them must do.
    fn without_contract(&self, adapter: &str) -> Option<Finding> {
        let folder = format!("src/crm/{adapter}/");
        let mut files = self.files.iter().filter(|file| file.source.path.starts_with(&folder));
        let held = files.any(|file| list::calls(&file.source.text, CONTRACT));
        let reason = || format!("expected a call of {CONTRACT}! in the adapter's tests, found none");
        (!held).then(|| Finding::new(&folder, 0, reason()))
    }

    fn file(&self, file: &File<'_>, findings: &mut Vec<Finding>) {
        let path = file.source.path.as_str();
        let mut found = |row, reason: String| findings.push(Finding::new(path, row, reason));
        file.everywhere(&mut found);
        if !["src/", "sandbox/src/", "loadtest/src/"].iter().any(|folder| path.starts_with(folder)) {
            return;
        }
        file.sizes_and_names(&mut found);
        file.panics(&mut found);
        if path == "src/main.rs" {
            file.main_names_app_only(&mut found);
        }
        if path.starts_with("sandbox/") {
            file.refuse_word("predial", "the sandbox knows nothing of predial", &mut found);
        }
        if path.starts_with("src/") {
            self.edges(file, &mut found);
            self.adapters_apart(file, &mut found);
            file.reserved(&mut found);
            let pure = file.module.first().filter(|top| *top != "base").and_then(|top| self.floors.get(top));
            if pure.is_some_and(|&floor| floor <= 1) {
                file.pure(&mut found);
            }
        }
        if !file.test {
            findings.extend(functions::check(path, &file.source.text));
        }
    }

    /// Imports go downwards.
    fn edges(&self, file: &File<'_>, found: &mut impl FnMut(usize, String)) {
        let Some(from) = file.module.first() else { return };
        let Some(floor) = self.floors.get(from) else {
            return found(1, format!("expected a module of the list of floors, found {from}"));
        };
        for named in &file.scan.paths {
            let tops: BTreeSet<String> =
                named.leaves.iter().filter_map(|leaf| top(leaf, &named.place.module)).collect();
            if tops.len() > 1 {
                found(named.place.row, "expected one top-level module in a group, found several".into());
            }
            for to in &tops {
                match self.floors.get(to) {
                    _ if to == from => {}
                    Some(below) if below < floor => {}
                    Some(other) => {
                        let reason = format!("expected imports from below floor {floor}, found {to} of floor {other}");
                        found(named.place.row, reason);
                    }
                    None => {
                        found(named.place.row, format!("expected a module of the list of floors, found crate::{to}"));
                    }
                }
            }
            hidden_edge(named, found);
        }
    }

    /// Adapters do not name each other, and nobody above names an adapter.
    fn adapters_apart(&self, file: &File<'_>, found: &mut impl FnMut(usize, String)) {
        if file.source.path == "src/crm/mod.rs" {
            return;
        }
        for named in &file.scan.paths {
            for leaf in named.leaves.iter().filter_map(|leaf| absolute(leaf, &named.place.module)) {
                let [crm, adapter, ..] = leaf.as_slice() else { continue };
                if crm == "crm" && self.adapters.contains(adapter) && !named.place.module.starts_with(&leaf[..2]) {
                    let reason =
                        format!("expected an adapter to be named by its own folder and the table, found {adapter}");
                    found(named.place.row, reason);
                }
            }
        }
    }
}

impl<'a> File<'a> {
    fn read(source: &'a Source, test: bool) -> Result<Self, Finding> {
        let module = module_of(&source.path);
        let scan = scan::scan(&source.text, &module, test).map_err(|reason| Finding::new(&source.path, 0, reason))?;
        Ok(Self { source, module, scan, test })
    }

    /// The folder its crate's sources stand in.
    fn root(&self) -> &'a str {
        self.source.path.split_once("src/").map_or("", |(root, _)| root)
    }

    /// What no Rust file of the repository may hold, tests and benches among them.
    fn everywhere(&self, found: &mut impl FnMut(usize, String)) {
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

    fn sizes_and_names(&self, found: &mut impl FnMut(usize, String)) {
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

    fn panics(&self, found: &mut impl FnMut(usize, String)) {
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

    fn reserved(&self, found: &mut impl FnMut(usize, String)) {
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

    fn pure(&self, found: &mut impl FnMut(usize, String)) {
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
    fn main_names_app_only(&self, found: &mut impl FnMut(usize, String)) {
        for named in &self.scan.paths {
            for leaf in
                named.leaves.iter().filter(|leaf| leaf[0] == "predial" && leaf.get(1).is_none_or(|top| top != "app"))
            {
                found(named.place.row, format!("expected main to name predial::app only, found {}", leaf.join("::")));
            }
        }
    }

    fn refuse_word(&self, refused: &str, why: &str, found: &mut impl FnMut(usize, String)) {
        for word in self.scan.words.iter().filter(|word| word.text == refused) {
            found(word.place.row, format!("{why}, found {refused}"));
        }
    }
}

/// `super::super`, a glob of the root, or another name for it.
fn hidden_edge(named: &Named, found: &mut impl FnMut(usize, String)) {
    for leaf in &named.leaves {
        let names: Vec<&str> = leaf.iter().map(String::as_str).skip_while(|name| *name == "self").collect();
        let at_root =
            names.first() == Some(&"crate") || names.first() == Some(&"super") && named.place.module.len() == 1;
        if names.starts_with(&["super", "super"]) {
            found(named.place.row, "expected a path from crate, found super::super".into());
        }
        if at_root && (names.get(1) == Some(&"*") || names.len() == 1 && named.renamed) {
            found(named.place.row, "expected a module by its name, found the crate's root as a whole".into());
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

/// The path from the crate's root, where it can be told.
fn absolute(leaf: &[String], module: &[String]) -> Option<Vec<String>> {
    let after_self = leaf.iter().take_while(|name| *name == "self").count();
    let (first, rest) = leaf[after_self..].split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "super" => module.split_last().map(|(_, above)| above.iter().chain(rest).cloned().collect()),
        _ => None,
    }
}

/// The top-level module a path leads to.
fn top(leaf: &[String], module: &[String]) -> Option<String> {
    absolute(leaf, module)?.into_iter().next().filter(|name| name != "*")
}
