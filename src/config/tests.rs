//! Folders in, settings or problems out.

use std::{collections::BTreeMap, fs};

use super::{Examined, Overrides, Settings, examine, read};
use crate::base::problem::Problem;

const EXAMPLE: &str = include_str!("../../config/projects/acme.toml.example");

/// The smallest project that is right; `{crm}` and so on can be replaced.
const GOOD: &str = r#"token = { env = "ACME_TOKEN" }
timezone = "Europe/Kyiv"
country = "UA"
[crm]
kind = "pipedrive"
token = { env = "PIPEDRIVE_TOKEN" }
[[employee]]
name = "Anna"
crm_user = "101"
main = ["acme_anna"]
top_manager = true
[block.sales]
priority = ["contact"]
answer = "plain"
"#;

struct Folder {
    dir: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl Folder {
    fn new() -> Self {
        let environment = [
            ("ACME_TOKEN", "acme-token-0123456789"),
            ("PIPEDRIVE_TOKEN", "pipedrive-token-0123456789"),
            ("SHORT_TOKEN", "short"),
            ("BLANK_TOKEN", "with a blank"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let folder = Self { dir: tempfile::tempdir().unwrap(), environment };
        fs::create_dir(folder.dir.path().join("projects")).unwrap();
        folder
    }

    fn with(self, name: &str, text: &str) -> Self {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The text of the one project.
    fn text_of_project(&self) -> String {
        fs::read_to_string(self.dir.path().join("projects/acme.toml")).unwrap()
    }

    fn examine(&self) -> Examined {
        examine(Some(self.dir.path()), &self.environment, &Overrides::default())
    }

    fn read(&self) -> Result<Settings, Vec<Problem>> {
        read(Some(self.dir.path()), &self.environment)
    }

    /// The problems, without the folder's path.
    fn problems(&self) -> Vec<String> {
        self.listed(&self.examine().problems)
    }

    fn warnings(&self) -> Vec<String> {
        self.listed(&self.examine().warnings)
    }

    fn listed(&self, problems: &[Problem]) -> Vec<String> {
        let folder = format!("{}/", self.dir.path().display());
        problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

fn project(text: &str) -> Folder {
    Folder::new().with("projects/acme.toml", text)
}

/// The example with every commented-out key put in.
fn example_with_every_key() -> String {
    let key = |row: &str| {
        let row = row.strip_prefix("# ")?;
        let (key, _) = row.split_once(" = ")?;
        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.').then(|| row.to_owned())
    };
    EXAMPLE.lines().map(|row| key(row).unwrap_or_else(|| row.to_owned()) + "\n").collect()
}

fn example_folder(text: &str) -> Folder {
    let text = text.replace("/run/secrets/pipedrive", "pipedrive.secret").replace("\"json\"", "\"json-rpc\"");
    let mut folder = project(&text).with("projects/pipedrive.secret", "pipedrive-token-0123456789\n");
    for variable in
        ["ROUTE_TOKEN", "EVENTS_TOKEN", "FORMS_TOKEN", "CARD_TOKEN", "CHANGES_TOKEN", "CLIENT_SECRET", "RINGOSTAT_KEY"]
    {
        folder = folder.with_variable(&format!("ACME_{variable}"), &format!("{variable}-0123456789"));
    }
    folder.with_variable("ACME_REFRESH_TOKEN", "refresh-token-0123456789")
}

/// `GOOD` with one text replaced, and the problems that makes.
#[track_caller]
fn spoilt(what: &str, with: &str, problems: &[&str]) {
    assert!(GOOD.contains(what), "{what}");
    let folder = project(&GOOD.replacen(what, with, 1));
    let expected: Vec<String> = problems.iter().map(|problem| format!("projects/acme.toml:{problem}")).collect();
    assert_eq!(folder.problems(), expected);
}

mod example;
mod files;
mod forms;
mod problems;
mod process;
mod ringostat;
mod scenario;
mod secrets;
