//! The rules that take the whole tree: lists that must be the same, which module may name which.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Source};
use super::one_file::File;
use super::scan::Named;
use super::{functions, list};

/// The suite of what every adapter must do.
const CONTRACT: &str = "contract_tests";

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
