//! Files to checked values. Knows no CRM, no telephone system and no network: what a kind of CRM needs is checked by
//! its adapter's `prepare`, what a block may say about a CRM's kinds by `project::compile`; both report the rows kept
//! here.
//!
//! Read in this order, each over the one before: `default.toml` as compiled in, `DIR/default.toml`, variables
//! `PREDIAL__SECTION__KEY`, the command line; then `DIR/projects/*.toml`. Nothing is refused before everything has been
//! read, so that all problems come at once.

mod address;
mod block;
mod crm;
mod employee;
mod fields;
mod files;
mod forms;
mod journal;
mod names;
mod process;
mod project;
mod reference;
mod ringostat;
mod scenario;
mod section;
mod tree;

use std::{collections::BTreeSet, path::Path};

use ipnet::IpNet;

pub use self::block::BlockSettings;
pub use self::crm::{CrmSection, QuotaSettings};
pub use self::fields::{FIELD_OWNERS, FieldNames, Meaning};
pub use self::files::project_file;
pub use self::forms::{FormSettings, like_it};
pub use self::journal::JournalSettings;
pub use self::process::{
    DEFAULTS, EdgeSettings, LiveSettings, LogFormat, OpsSettings, OutboundSettings, Overrides, ProcessSettings,
    SnapshotSettings,
};
use self::project::Reading;
pub use self::project::{CardSettings, EventSettings, ProjectSettings, Tokens};
pub use self::ringostat::RingostatSection;
pub use self::scenario::{SCENARIOS, ScenarioFile, ScenarioSettings};
use self::section::{Findings, Section};
use self::tree::{Place, shortened};
use crate::base::environment::Environment;
use crate::base::problem::Problem;

/// Everything that was configured, read and checked as far as this floor can.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The process: `default.toml`, the operator's changes to it, the environment.
    pub process: ProcessSettings,
    /// One per file of `projects/`, in the order of their names.
    pub projects: Vec<ProjectSettings>,
    /// The matrices: those of the folder, and those that are compiled in and have no file of their name there.
    pub scenarios: Vec<ScenarioFile>,
}

/// What is read in the place of a project's file, as if it stood there.
#[derive(Debug, Clone, Copy)]
pub struct Instead<'t> {
    /// The project's name.
    pub project: &'t str,
    /// What its file would say.
    pub text: &'t str,
}

/// What was read, refused or not.
#[derive(Debug)]
pub struct Examined {
    /// The settings; where there are problems, as far as they could be read, only good for looking for further problems:
    /// a value that could not be read is replaced.
    pub settings: Settings,
    /// Projects whose `[crm]` could not be read whole: their adapter would only repeat what is known already.
    pub drafts: Vec<ProjectSettings>,
    /// Why they are refused, by file and row; empty when they are not.
    pub problems: Vec<Problem>,
    /// What is odd but no reason to refuse: short tokens, keys without effect.
    pub warnings: Vec<Problem>,
}

/// Reads and checks a configuration.
///
/// # Shape
/// `dir` holds `default.toml` (optional) and `projects/NAME.toml`; without one, what is compiled in and the environment
/// remain, which is refused for want of a project.
///
/// # Errors
/// Every problem of every file, by file and row.
///
/// # Cost
/// Reads files of at most 1 MiB each, 1,000 projects at most; for starts and reloads.
pub fn read(dir: Option<&Path>, environment: &dyn Environment) -> Result<Settings, Vec<Problem>> {
    let Examined { settings, problems, .. } = examine(dir, environment, &Overrides::default());
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Reads and checks a configuration, with what the command line sets; keeps what could be read although there are
/// problems, so that whoever checks further can add theirs.
#[must_use]
pub fn examine(dir: Option<&Path>, environment: &dyn Environment, overrides: &Overrides) -> Examined {
    examine_instead(dir, environment, (overrides, None))
}

/// As [`examine`], with another text in the place of a project's file.
#[must_use]
pub fn examine_instead(
    dir: Option<&Path>,
    environment: &dyn Environment,
    (overrides, instead): (&Overrides, Option<Instead<'_>>),
) -> Examined {
    let findings = Findings::new(environment);
    let mut files = files::load(&findings, dir);
    if let (Some(dir), Some(instead)) = (dir, instead) {
        files.put_instead(dir, instead);
    }
    let own = files.process.as_ref().map(|file| (file.name.as_str(), file.text.as_str()));
    let process = process::read(&findings, own, overrides);
    let mut names = BTreeSet::new();
    let (mut projects, mut drafts) = (Vec::new(), Vec::new());
    for file in &files.projects {
        let name = files::stem(&file.name);
        let place = Place::new(&file.name, 0);
        if !project::is_name(name) {
            let expected = "a name of at most 64 letters, digits, - and _ (it stands in addresses)";
            findings.problem(&place, format!("expected {expected}, found `{}`", shortened(name)));
        } else if !names.insert(name.to_lowercase()) {
            findings.problem(&place, "expected one project of this name, found a second that differs in case alone");
        }
        match project::read(&findings, (&file.name, name, &file.text), process.live.reserve) {
            Reading::Whole(settings) => projects.push(settings),
            Reading::Draft(settings) => drafts.push(settings),
            Reading::Nothing => {}
        }
    }
    let scenarios = scenarios(&findings, &files);
    let (problems, warnings) = findings.into_lists();
    Examined { settings: Settings { process, projects, scenarios }, drafts, problems, warnings }
}

/// Reads a matrix that stands in no configuration folder.
///
/// # Errors
/// Every problem of it, by the name of the file and row.
pub fn read_matrix((file, name, text): (&str, &str, &str)) -> Result<ScenarioFile, Vec<Problem>> {
    // A matrix refers to nothing.
    let environment = std::collections::BTreeMap::<String, String>::new();
    let findings = Findings::new(&environment);
    let matrix = scenario::read_file(&findings, (file, name, text));
    let (problems, _) = findings.into_lists();
    if problems.is_empty() { Ok(matrix) } else { Err(problems) }
}

fn scenarios(findings: &Findings<'_>, files: &files::Files) -> Vec<ScenarioFile> {
    let mut scenarios = Vec::new();
    for file in &files.scenarios {
        scenarios.push(scenario::read_file(findings, (&file.name, files::stem(&file.name), &file.text)));
    }
    for (name, text) in SCENARIOS {
        if !scenarios.iter().any(|known: &ScenarioFile| known.name == name) {
            scenarios
                .push(scenario::read_file(findings, (&format!("scenarios/{name}.toml (compiled in)"), name, text)));
        }
    }
    scenarios
}

/// A list of addresses and networks.
fn networks(section: &Section<'_>, key: &'static str) -> Vec<IpNet> {
    let network = |text: &str| text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)));
    let mut networks = Vec::new();
    for text in section.texts(key).unwrap_or_default() {
        match network(text.value.trim()) {
            Some(found) => networks.push(found),
            None => {
                let place = section.place_of(key).at_row(text.row);
                let found = format!("`{}`", shortened(&text.value));
                section.wrong_at(&place, key, "an address or a network, say 203.0.113.0/24", found);
            }
        }
    }
    networks
}

#[cfg(test)]
mod tests;
