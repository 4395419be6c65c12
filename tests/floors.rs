//! The floors of `src/lib.rs` and the rules of the house, checked on the sources themselves; and the checks, checked on
//! small bad sources.

mod floors {
    pub(crate) mod finding;
    pub(crate) mod functions;
    pub(crate) mod list;
    pub(crate) mod one_file;
    pub(crate) mod rules;
    pub(crate) mod scan;
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::floors::{finding::Source, rules::check};

    #[test]
    fn the_sources_keep_to_the_floors_and_the_rules() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = Vec::new();
        for folder in ["src", "sandbox", "loadtest", "tests", "benches"] {
            read(root, &root.join(folder), &mut sources);
        }
        assert!(sources.len() > 20, "found {} sources only", sources.len());
        let findings: Vec<String> = check(&sources).iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
    }

    fn read(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(root, &path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                sources.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }

    const LIB: &str = "//! ```text\n//! 4  directory · project    known / configured\n//! 3  crm   port\n\
        //! 2  outbound  HTTP\n//! 1  telephony  pure\n//! 0  base · model   facts\n//! ```\n\
        pub mod base; pub mod crm; pub mod directory; pub mod model; pub mod outbound; pub mod project; pub mod telephony;";
    const CRM: &str = "pub mod one; pub mod two; pub static ADAPTERS: &[&Adapter] = &[&one::ADAPTER, &two::ADAPTER];";

    /// What is found when `path` holds `text` in a small tree that is otherwise as it should be.
    fn found_in(path: &str, text: &str) -> Vec<String> {
        let tree = [
            ("src/lib.rs", LIB),
            ("src/main.rs", "use std::process::ExitCode; fn main() -> ExitCode { predial::app::main() }"),
            ("src/crm/mod.rs", CRM),
            ("src/crm/one/mod.rs", "use crate::outbound::Outbound; use super::Adapter; mod wire;"),
            ("src/crm/one/wire.rs", "use crate::crm::one::path; use super::wire; fn f() { base::tokio() }"),
            ("src/crm/one/tests.rs", "use crate::crm::contract::contract_tests; contract_tests!(account);"),
            ("src/crm/two/mod.rs", "use crate::{model::client};"),
            ("src/crm/two/tests.rs", "crate::crm::contract::contract_tests!(account);"),
            ("src/crm/quota.rs", "mod day;"),
            ("src/crm/quota/day.rs", ""),
            ("src/directory/cache.rs", "use moka::sync::Cache; use crate::crm::Reader;"),
            ("src/project/mod.rs", "use arc_swap::ArcSwap;"),
            ("src/outbound/mod.rs", "use reqwest::Client;"),
            ("src/base/clock.rs", "use std::time::Instant; async fn f() {}"),
            ("src/model/phone.rs", "/// Not `todo!`, nor tokio. \nfn f() -> &'static str { \"x.unwrap()\" }"),
            (
                "src/telephony/mod.rs",
                "use crate::model::phone; #[cfg(test)] mod tests { fn f() { std::fs::read(x).unwrap(); } }",
            ),
            ("sandbox/src/lib.rs", "#[cfg(test)] mod tests;"),
            ("sandbox/src/tests.rs", "fn f() { x.unwrap(); panic!() }"),
        ];
        let mut sources: Vec<Source> = tree.into_iter().filter(|(name, _)| *name != path).map(source).collect();
        sources.push(source((path, text)));
        check(&sources).iter().map(ToString::to_string).collect()
    }

    fn source((path, text): (&str, &str)) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    /// Asserts that `text` at `path` breaks one rule, once, and that the finding says `reason`.
    #[track_caller]
    fn refused(path: &str, text: &str, reason: &str) {
        let findings = found_in(path, text);
        assert!(
            findings.len() == 1 && findings[0].contains(reason),
            "expected one finding with {reason:?}, found {findings:#?}"
        );
        assert!(findings[0].starts_with(path), "expected it at {path}, found {findings:?}");
    }

    #[track_caller]
    fn accepted(path: &str, text: &str) {
        assert_eq!(found_in(path, text), Vec::<String>::new());
    }

    #[test]
    fn a_tree_that_keeps_the_rules_has_no_findings() {
        accepted("src/model/mod.rs", "pub mod phone;");
    }

    #[test]
    fn an_import_from_above_or_from_a_neighbour_is_found_however_it_is_written() {
        let above = "expected imports from below floor 1, found crm of floor 3";
        refused("src/telephony/mod.rs", "use crate::crm::Reader;", above);
        refused("src/telephony/mod.rs", "fn f(x: Vec<crate::crm::Reader>) {}", above);
        refused("src/telephony/mod.rs", "fn f() { format!(\"{}\", crate::crm::name()); }", above);
        refused("src/telephony/mod.rs", "use super::crm::Reader;", above);
        refused("src/telephony/mod.rs", "use self::super::crm::Reader;", above);
        refused("src/telephony/mod.rs", "macro_rules! m { () => { $crate::crm::f() } }", above);
        refused("src/telephony/mod.rs", "struct S { #[serde(default = \"crate::crm::f\")] x: u8 }", above);
        refused("src/telephony/mod.rs", "#[derive(crate::crm::Derive)] struct S;", above);
        refused("src/telephony/read/deep.rs", "mod inner { pub use crate::crm::{self}; }", above);
        refused("src/telephony/mod.rs", "#[cfg(test)] mod tests { use crate::crm::Reader; }", above);
        refused("src/model/mod.rs", "use crate::base::secret;", "below floor 0, found base of floor 0");
        refused("src/project/mod.rs", "use crate::directory::Known;", "below floor 4, found directory of floor 4");
        accepted(
            "src/telephony/mod.rs",
            "use crate::model::{phone::PhoneKey, ids}; use crate::telephony::x; mod x { use super::y; }",
        );
    }

    #[test]
    fn an_edge_that_would_be_hidden_is_refused() {
        refused("src/crm/one/wire.rs", "use crate::{model::ids, base::secret};", "one top-level module in a group");
        refused("src/crm/one/wire.rs", "use super::super::Adapter;", "found super::super");
        refused("src/crm/one/wire.rs", "use super::{super::Adapter, path};", "found super::super");
        refused("src/crm/one/wire.rs", "use crate::*;", "the crate's root as a whole");
        refused("src/telephony/mod.rs", "use super::*;", "the crate's root as a whole");
        refused("src/telephony/mod.rs", "use crate as all;", "the crate's root as a whole");
        refused("src/telephony/mod.rs", "use crate::Reader;", "found crate::Reader");
        refused("src/telephony/mod.rs", "#[path = \"../crm/one/wire.rs\"] mod wire;", "a module where its name says");
        refused("src/telephony/mod.rs", "include!(\"x.rs\");", "found include!");
        refused("src/odd/mod.rs", "", "found odd");
        refused("src/main.rs", "fn main() { predial::crm::f() }", "main to name predial::app only");
    }

    #[test]
    fn the_list_of_floors_and_the_mod_lines_are_the_same() {
        refused("src/lib.rs", &LIB.replace("pub mod outbound;", ""), "found outbound once");
        refused("src/lib.rs", &format!("{LIB} pub mod journal;"), "found journal once");
        refused("src/lib.rs", &LIB.replace("base · model", "base · base"), "found base twice");
    }

    #[test]
    fn the_folders_of_crm_are_the_rows_of_the_table() {
        refused("src/crm/mod.rs", &CRM.replace(", &two::ADAPTER", ""), "found two on one side only");
        refused(
            "src/crm/mod.rs",
            &CRM.replace("&two::ADAPTER", "&two::ADAPTER, &three::ADAPTER"),
            "found three on one side",
        );
        let findings = found_in("src/crm/three/mod.rs", "");
        assert!(findings.len() == 1 && findings[0].contains("found three on one side only"), "{findings:?}");
    }

    #[test]
    fn every_adapter_is_held_to_the_contract() {
        for text in ["", "// contract_tests!(account);", "use crate::crm::contract::contract_tests; other!(account);"] {
            let findings = found_in("src/crm/one/tests.rs", text);
            let expected = "src/crm/one/:0: expected a call of contract_tests! in the adapter's tests";
            assert!(findings.len() == 1 && findings[0].starts_with(expected), "{findings:?}");
        }
    }

    #[test]
    fn adapters_name_neither_each_other_nor_are_they_named_from_above() {
        refused("src/crm/one/wire.rs", "use crate::crm::two::wire;", "found two");
        refused("src/crm/one/mod.rs", "use super::two::wire; mod wire;", "found two");
        refused("src/crm/one/wire.rs", "use crate::crm::{Reader, two};", "found two");
        refused("src/project/mod.rs", "use crate::crm::one::ADAPTER;", "found one");
        accepted(
            "src/crm/two/mod.rs",
            "use super::Adapter; use crate::crm::two::wire; use crate::crm::failure::Failure;",
        );
    }

    #[test]
    fn a_reserved_crate_is_refused_elsewhere() {
        refused("src/directory/live.rs", "use moka::sync::Cache;", "expected moka in src/directory/cache.rs only");
        refused("src/directory/live.rs", "fn f() { ::moka::sync::Cache::new(1) }", "expected moka");
        refused("src/directory/live.rs", "use {moka::sync::Cache, std::sync::Arc};", "expected moka");
        refused(
            "src/directory/mod.rs",
            "fn f(x: rusqlite::Connection) {}",
            "expected rusqlite in src/journal/store/ only",
        );
        refused("src/crm/one/wire.rs", "#[cfg(test)] mod tests { use reqwest::Client; }", "expected reqwest");
        refused("src/project/reload.rs", "use arc_swap::ArcSwap;", "expected arc_swap in src/project/mod.rs only");
        refused("src/directory/mod.rs", "use sandbox::pipedrive;", "expected sandbox in src/app/ only");
        refused("sandbox/src/pbx.rs", "use predial::model;", "the sandbox knows nothing of predial");
        accepted("src/crm/one/wire.rs", "#[cfg(test)] mod tests { use sandbox::pipedrive; }");
        accepted("src/directory/mod.rs", "fn f(redis: u8) -> u8 { redis }");
    }

    #[test]
    fn the_pure_floors_wait_for_nothing_and_read_neither_clock_nor_world() {
        for impure in [
            "async fn f() {}",
            "fn f() { x.await }",
            "use tokio::sync::Notify;",
            "use hyper::Method;",
            "use std::{env, fmt};",
            "fn f() { std::fs::read(p) }",
            "use std::time::Instant;",
            "use std::time::{Duration, SystemTime};",
            "fn f() { jiff::Timestamp::now() }",
            "use std::thread;",
        ] {
            refused("src/model/mod.rs", impure, "nothing but pure code");
            refused("src/telephony/x.rs", impure, "nothing but pure code");
            accepted("src/base/x.rs", impure);
            accepted("src/crm/one/wire.rs", impure);
        }
        accepted("src/model/mod.rs", "use std::time::Duration; use jiff::Timestamp;");
    }

    #[test]
    fn what_may_panic_is_found_outside_tests() {
        for (panics, what) in [
            ("fn f() { x.unwrap(); }", "found unwrap"),
            ("fn f() { x.expect(\"y\"); }", "found expect"),
            ("fn f() { format!(\"{}\", x.unwrap()); }", "found unwrap"),
            ("fn f() { x.map(Result::unwrap); }", "found Result::unwrap"),
            ("fn f() { x.unwrap_err(); }", "found unwrap_err"),
            ("fn f() { panic!(\"y\"); }", "found panic"),
            ("fn f() { std::panic!(\"y\"); }", "found panic"),
            ("#[cfg(test)] use x::y; fn f() { x.unwrap(); }", "found unwrap"),
            ("#[cfg(test)] mod tests { fn g() {} } fn f() { x.unwrap(); }", "found unwrap"),
        ] {
            refused("src/crm/one/wire.rs", panics, what);
            refused("sandbox/src/pbx.rs", panics, what);
            refused("loadtest/src/main.rs", panics, what);
        }
        accepted(
            "src/crm/one/wire.rs",
            "#[expect(clippy::panic, reason = \"x\")] fn f() { x.unwrap_or(1); catch_unwind(panic::f) }",
        );
        accepted("src/crm/one/wire.rs", "#[cfg(test)] mod tests { fn f() { x.unwrap(); panic!() } }");
        let excused = "#[expect(clippy::unwrap_used, reason = \"constant\")]\nfn f() { x.unwrap(); }";
        accepted("loadtest/src/main.rs", excused);
        refused("src/crm/one/wire.rs", excused, "found unwrap");
        refused("loadtest/src/main.rs", &excused.replace('\n', "\n\n\n\n"), "found unwrap");
        accepted("src/crm/one/wire.rs", "#[cfg(test)] #[derive(Debug)] pub(crate) fn f() { x.unwrap(); }");
    }

    #[test]
    fn switched_off_lints_and_tests_and_unfinished_work_are_found_everywhere() {
        for path in ["src/model/mod.rs", "tests/it/main.rs", "benches/lookup.rs", "loadtest/src/main.rs"] {
            refused(path, "#[allow(dead_code)] fn f() {}", "found #[allow]");
            refused(path, "#![allow(dead_code)]", "found #[allow]");
            refused(path, "#[cfg_attr(test, allow(dead_code))] fn f() {}", "found #[allow]");
            refused(path, "#[cfg(test)] mod tests { #[test] #[ignore] fn f() {} }", "found #[ignore]");
            refused(path, "#[test] #[ignore = \"slow\"] fn f() {}", "found #[ignore]");
            refused(path, "fn f() { todo!() }", "found todo!");
            refused(path, "fn f() { core::unimplemented!() }", "found unimplemented!");
        }
    }

    #[test]
    fn files_functions_and_parameters_have_a_size() {
        let rows = |count: usize| "// row\n".repeat(count);
        let declared = format!("#[cfg(test)]\nmod tests;\n{}", rows(399));
        let with_tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", rows(400), rows(300));
        for path in ["src/model/mod.rs", "sandbox/src/pbx.rs", "loadtest/src/main.rs"] {
            refused(path, &rows(401), "at most 400 rows before the tests, found 401");
            refused(path, &declared, "found 401");
            accepted(path, &with_tests);
            accepted(path, &format!("fn f() {{\n{}}}", rows(58)));
            refused(path, &format!("fn f() {{\n{}}}", rows(59)), "at most 60 rows, found 61 in f");
            refused(path, &format!("impl X {{ fn f(\n) {{\n{}}} }}", rows(58)), "found 61 in f");
            refused(path, &format!("trait X {{ fn f() {{\n{}}} }}", rows(59)), "found 61 in f");
            refused(path, "fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}", "at most 5 parameters, found 6 in f");
            refused(path, "trait X { fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8); }", "found 6 in f");
            accepted(path, "impl X { fn f(&self, a: u8, b: u8, c: u8, d: u8, e: u8) {} }");
            accepted(path, &format!("#[cfg(test)]\nmod tests {{ fn f() {{\n{}}} }}", rows(59)));
        }
        accepted("sandbox/src/tests.rs", &rows(500));
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        for path in ["src/model/utils.rs", "src/model/phone_helper.rs", "src/crm/one/common/mod.rs"] {
            refused(path, "", "a name that says what it is for");
        }
        refused("src/model/mod.rs", "struct CallManager;", "found manager in CallManager");
        refused("src/model/mod.rs", "fn parse_helper() {}", "found helper in parse_helper");
        refused("src/model/mod.rs", "mod common { }", "found common in common");
        accepted("src/model/mod.rs", "fn top_manager() {} struct TopManager; fn managed() {} fn utility_bill() {}");
    }

    #[test]
    fn what_is_no_rust_is_said_and_not_passed_over() {
        refused("src/model/mod.rs", "fn f( {", "expected Rust");
    }
}
