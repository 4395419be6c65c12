//! The files of a configuration folder.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::config::{Instead, section::Findings, tree::Place};

/// A file, at most.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Projects of a process, at most.
const MAX_PROJECTS: usize = 1000;

/// A file that was read.
pub(super) struct Text {
    /// As the operator named it.
    pub(super) name: String,
    pub(super) text: String,
}

/// The files there are.
#[derive(Default)]
pub(super) struct Files {
    pub(super) process: Option<Text>,
    /// In the order of their names.
    pub(super) projects: Vec<Text>,
    /// The same, of matrices.
    pub(super) scenarios: Vec<Text>,
}

/// Reads the folder's files. What is no `.toml` (examples, an editor's leftovers) is none of ours.
pub(super) fn load(findings: &Findings<'_>, dir: Option<&Path>) -> Files {
    let Some(dir) = dir else {
        findings.problem(&Place::new("projects", 0), "expected a configuration folder with a project, found none");
        return Files::default();
    };
    let mut files = Files::default();
    if !dir.is_dir() {
        findings.problem(&place(dir), "expected a folder, found none");
        return files;
    }
    let process = dir.join("default.toml");
    if process.exists() {
        files.process = text(findings, &process);
    }
    let folder = dir.join("projects");
    let mut names = toml_files(findings, &folder);
    if names.is_empty() {
        findings.problem(&place(&folder), "expected at least one project, NAME.toml, found none");
    }
    if names.len() > MAX_PROJECTS {
        let found = format!("expected at most {MAX_PROJECTS} projects, found {}", names.len());
        findings.problem(&place(&folder), found);
        names.truncate(MAX_PROJECTS);
    }
    files.projects = names.iter().filter_map(|name| text(findings, name)).collect();
    let scenarios = toml_files(findings, &dir.join("scenarios"));
    files.scenarios = scenarios.iter().filter_map(|name| text(findings, name)).collect();
    files
}

impl Files {
    /// Puts a text in the place of a project's file.
    pub(super) fn put_instead(&mut self, dir: &Path, instead: Instead<'_>) {
        let own = Text { name: project_file(dir, instead.project), text: instead.text.to_owned() };
        match self.projects.iter_mut().find(|file| stem(&file.name) == instead.project) {
            Some(file) => *file = own,
            None => self.projects.push(own),
        }
    }
}

/// A project's file, as problems name it.
#[must_use]
pub fn project_file(dir: &Path, project: &str) -> String {
    dir.join("projects").join(format!("{project}.toml")).display().to_string()
}

/// The name of a file without its folder and ending.
pub(super) fn stem(name: &str) -> &str {
    Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

fn place(path: &Path) -> Place {
    Place::new(&path.display().to_string(), 0)
}

fn toml_files(findings: &Findings<'_>, folder: &Path) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(why) => {
            findings.problem(&place(folder), format!("expected a folder that can be read, found otherwise: {why}"));
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for entry in entries {
        match entry.map(|entry| entry.path()) {
            Ok(path) if path.extension().is_some_and(|ending| ending == "toml") && !path.is_dir() => names.push(path),
            Ok(_) => {}
            Err(why) => {
                findings.problem(&place(folder), format!("expected a folder that can be read, found otherwise: {why}"));
            }
        }
    }
    names.sort();
    names
}

fn text(findings: &Findings<'_>, path: &Path) -> Option<Text> {
    let place = place(path);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    if let Err(why) = read {
        findings.problem(&place, format!("expected a file that can be read, found otherwise: {why}"));
        return None;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        findings.problem(&place, format!("expected at most {MAX_FILE_BYTES} bytes, found more"));
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(Text { name: place.file.to_string(), text }),
        Err(error) => {
            let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let row = sound.split(|byte| *byte == b'\n').count();
            findings.problem(&place.at_row(row), "expected UTF-8, found other bytes");
            None
        }
    }
}
