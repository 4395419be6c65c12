//! Secrets by reference: `{ env = "NAME" }`, `{ file = "PATH" }`. Neither a secret nor what somebody wrote in its place
//! is ever part of a problem.

use std::{fs::File, io::Read, path::Path};

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{
    section::Section,
    tree::{Node, Value},
};

/// The folder that a file's references are relative to: its own.
fn folder_of(file: &str) -> &Path {
    Path::new(file).parent().unwrap_or_else(|| Path::new(""))
}

/// A secret, at most.
const MAX_SECRET_BYTES: u64 = 4096;

const REFERENCE: &str = "a reference, { env = \"NAME\" } or { file = \"PATH\" }";

impl Section<'_> {
    /// A secret by reference.
    pub(super) fn secret(&self, key: &'static str) -> Option<Placed<Secret>> {
        let node = self.node(key, REFERENCE)?;
        let text = match &node.value {
            // Row 0: a variable of the process's own, which is a reference already.
            Value::Text(text) if node.place.row == 0 => text.clone(),
            Value::Text(_) => {
                self.wrong(key, REFERENCE, "text: secrets do not stand in this file");
                return None;
            }
            Value::Table(table) => {
                let mut reference = Section::new(self.findings, "secret", node.place.clone(), table);
                reference.path = self.name(key);
                let text = self.refer(key, &reference);
                reference.finish();
                text?
            }
            other => {
                self.wrong(key, REFERENCE, other.kind());
                return None;
            }
        };
        self.usable(key, text).map(|secret| Placed::new(secret, node.place.row))
    }

    /// A secret by reference, or `""` for none.
    pub(super) fn secret_or_nothing(&self, key: &'static str) -> Option<Placed<Secret>> {
        let empty = |node: &Node| matches!(&node.value, Value::Text(text) if text.is_empty());
        if self.node(key, REFERENCE).is_some_and(empty) {
            return None;
        }
        self.secret(key)
    }

    fn refer(&self, key: &str, reference: &Section<'_>) -> Option<String> {
        match (reference.any_text("env"), reference.any_text("file")) {
            (Some(variable), None) => self.variable_named(key, &variable.value),
            (None, Some(path)) => self.file_at(key, folder_of(&reference.place.file), &path.value),
            (Some(_), Some(_)) => {
                self.wrong(key, REFERENCE, "both");
                None
            }
            (None, None) => {
                if !reference.has("env") && !reference.has("file") {
                    self.wrong(key, REFERENCE, "neither");
                }
                None
            }
        }
    }

    fn variable_named(&self, key: &str, variable: &str) -> Option<String> {
        let named = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        let text = self.findings.environment.get(variable);
        if text.is_none() {
            // What does not look like a variable's name may be the secret itself.
            let shown = if variable.chars().all(named) { format!(" `{variable}`") } else { String::new() };
            self.wrong(key, "a variable of the environment", format_args!("the variable{shown} unset"));
        }
        text
    }

    fn file_at(&self, key: &str, folder: &Path, path: &str) -> Option<String> {
        let mut text = String::new();
        let read =
            File::open(folder.join(path)).and_then(|file| file.take(MAX_SECRET_BYTES + 2).read_to_string(&mut text));
        if let Err(why) = read {
            self.wrong(key, "a file that can be read", format_args!("otherwise: {}", why.kind()));
            return None;
        }
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// A secret goes into headers and addresses.
    fn usable(&self, key: &str, text: String) -> Option<Secret> {
        let secret = Secret::new(text);
        let text = secret.expose();
        let found = if text.is_empty() {
            "an empty one"
        } else if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_SECRET_BYTES {
            "a longer one"
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            "one with blanks or other letters"
        } else {
            return Some(secret);
        };
        self.wrong(key, format_args!("a secret of 1 to {MAX_SECRET_BYTES} visible ASCII characters"), found);
        None
    }
}
