//! The folder and its files.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use super::{EXAMPLE, Folder, GOOD, project, spoilt};
use crate::base::problem::Problem;
use crate::config::read;

#[test]
fn a_file_that_is_not_toml_throughout_is_not_said_to_lack_what_could_not_be_read() {
    spoilt(
        "timezone = \"Europe/Kyiv\"",
        "timezone = Europe/Kyiv",
        &["2: expected TOML, found otherwise: string values must be quoted, expected literal string"],
    );
}

#[test]
fn problems_of_all_files_come_together() {
    let folder = Folder::new()
        .with("default.toml", "[edge]\nthreads = 999\n")
        .with("projects/acme.toml", &GOOD.replace("\"UA\"", "\"Ukraine\""))
        .with("projects/beta.toml", &GOOD.replace("\"contact\"", "\"client\""))
        .with("projects/g√mma.toml", GOOD)
        .with("projects/notes.txt", "none of ours")
        .with("scenarios/own.toml", "[[row]]\nid = \"x\"\n");
    assert_eq!(
        folder.problems(),
        [
            "default.toml:2: edge.threads: expected a whole number, 0 to 256 threads, found 999",
            "projects/acme.toml:3: country: expected a country's two letters, say UA, found `Ukraine`",
            "projects/beta.toml:13: block.sales.priority: expected one of `lead`, `contact`, `organization`, `deal`, \
         `ticket`, found `client`",
            "projects/g√mma.toml:0: expected a name of at most 64 letters, digits, - and _ (it stands in addresses), found \
         `g√mma`",
            "scenarios/own.toml:1: row.when: expected a value, found none",
        ]
    );
}

#[test]
fn two_names_that_differ_in_case_alone_are_one_project() {
    let folder = Folder::new().with("projects/Acme.toml", GOOD).with("projects/acme.toml", GOOD);
    assert_eq!(
        folder.problems(),
        ["projects/acme.toml:0: expected one project of this name, found a second that differs in case alone",]
    );
}

#[test]
fn a_folder_without_projects_a_missing_folder_and_none_are_refused() {
    assert_eq!(Folder::new().problems(), ["projects:0: expected at least one project, NAME.toml, found none"]);
    let environment = BTreeMap::new();
    let missing = read(Some(Path::new("not-there")), &environment).unwrap_err();
    assert_eq!(missing, [Problem::new("not-there", 0, "expected a folder, found none")]);
    let none = read(None, &environment).unwrap_err();
    assert_eq!(none, [Problem::new("projects", 0, "expected a configuration folder with a project, found none")]);
}

#[test]
fn files_are_read_up_to_a_size_and_in_utf_8_only() {
    let long = format!("# {}\n{GOOD}", "x".repeat(1024 * 1024));
    assert_eq!(project(&long).problems(), ["projects/acme.toml:0: expected at most 1048576 bytes, found more"]);
    let folder = project("");
    fs::write(folder.dir.path().join("projects/acme.toml"), b"a = 1\nb = \"\xff\"\n").unwrap();
    assert_eq!(folder.problems(), ["projects/acme.toml:2: expected UTF-8, found other bytes"]);
}

proptest::proptest! {
    #[test]
    fn a_file_with_anything_in_it_is_refused_by_row_and_never_by_a_panic(
        at in 0..EXAMPLE.chars().count(),
        cut in 0_usize..80,
        put in "([\\[\\]{}=\"'#.,\n \\\\a-z0-9_\u{0}é-]|\"\"\"){0,12}",
    ) {
        let kept: String = EXAMPLE.chars().take(at).collect();
        let text = kept + &put + &EXAMPLE.chars().skip(at + cut).collect::<String>();
        let environment = BTreeMap::new();
        let findings = crate::config::Findings::new(&environment);
        crate::config::project::read(&findings, ("f.toml", "f", &text), Duration::from_millis(20));
        let (problems, _) = findings.into_lists();
        let rows = text.lines().count() + 1;
        proptest::prop_assert!(problems.iter().all(|problem| (1..=rows).contains(&problem.row)), "{problems:?}");
        // Neither the variable nor the file of the example's secrets is there.
        proptest::prop_assert!(!problems.is_empty());
    }
}
