//! Whether the columns of `[crm.fields]` are there: what the organization says of itself.

use serde::Deserialize;

use crate::config::{FIELD_OWNERS, Meaning};
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{path, session::Question, status, write::Scribe};
use crate::crm::writer::FieldState;
use crate::model::client::Kind;

/// Why predial makes no columns, and who does.
pub(super) const BY_HAND: &str = "columns are part of the organization's solutions, so predial makes none: somebody who \
                                  customizes the organization adds it as a text column and publishes it";
/// A column for links that is shorter refuses some of them.
const SHORT_FOR_LINKS: u64 = 500;

/// A column, as the organization describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    logical_name: String,
    #[serde(default)]
    attribute_type: Option<String>,
    #[serde(default)]
    is_valid_for_update: Option<bool>,
    #[serde(default)]
    max_length: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Rows {
    value: Vec<Described>,
}

impl Scribe {
    /// Every configured column of every table, and how it stands.
    ///
    /// # Cost
    /// Two requests for each table that has one.
    pub(super) async fn configured_fields(&self) -> Result<Vec<FieldState>, Failure> {
        let mut states = Vec::new();
        for of in FIELD_OWNERS {
            let names = &self.writing.names;
            let wanted: Vec<(Meaning, &str)> =
                Meaning::ALL.into_iter().filter_map(|meaning| Some((meaning, names.of(of, meaning)?))).collect();
            if wanted.is_empty() {
                continue;
            }
            let names: Vec<&str> = wanted.iter().map(|(_, name)| *name).collect();
            let (columns, texts) = (self.described(of, &names, false).await?, self.described(of, &names, true).await?);
            states.extend(wanted.into_iter().map(|(meaning, name)| {
                let find = |rows: &'_ [Described]| rows.iter().position(|row| row.logical_name == name);
                let column = find(&columns).map(|at| &columns[at]);
                let longest = find(&texts).and_then(|at| texts[at].max_length);
                FieldState {
                    of: of.to_owned(),
                    key: meaning.key().to_owned(),
                    name: name.to_owned(),
                    there: column.is_some(),
                    trouble: trouble(meaning, column, longest),
                }
            }));
        }
        Ok(states)
    }

    async fn described(&self, of: &str, names: &[&str], texts: bool) -> Result<Vec<Described>, Failure> {
        let url = path::definitions(&self.reader.session.base, logical(of), names, texts);
        let rows: Rows = status::judge(&self.reader.session.ask(&Question::unhurried(url)).await?)?;
        Ok(rows.value)
    }
}

/// The table of what a field is a field of.
fn logical(of: &str) -> &'static str {
    match of {
        "task" => path::TASK,
        "call" => path::PHONE_CALL,
        of => path::table(Kind::from_word(of).unwrap_or(Kind::Contact)).logical,
    }
}

fn trouble(meaning: Meaning, column: Option<&Described>, longest: Option<u64>) -> Option<String> {
    let Some(column) = column else { return Some(BY_HAND.to_owned()) };
    let kind = column.attribute_type.as_deref().unwrap_or("none");
    if !matches!(kind, "String" | "Memo") {
        return Some(format!("expected a column of text, found one of the type {kind}"));
    }
    if column.is_valid_for_update == Some(false) {
        return Some("expected a column that can be written, found one that cannot".to_owned());
    }
    match longest {
        Some(longest) if meaning == Meaning::Recording && longest < SHORT_FOR_LINKS => Some(format!(
            "expected room for a link of {SHORT_FOR_LINKS} characters, found {longest}: longer ones are refused"
        )),
        _ => None,
    }
}
