//! Whether the columns of `[crm.fields]` are there: what the organization says of itself.

use serde::Deserialize;

use crate::config::{FIELD_OWNERS, Meaning};
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    path::{self, Columns},
    session::Question,
    status,
    write::{
        Scribe,
        fill::{self, Rooms},
    },
};
use crate::crm::writer::FieldState;
use crate::model::{client::Kind, form::Filled};

/// Why predial makes no columns, and who does.
pub(super) const BY_HAND: &str = "columns are part of the organization's solutions, so predial makes none: somebody who \
                                  customizes the organization adds it as a text column and publishes it";
/// The key of what forms are put into.
const CUSTOM: &str = "custom";
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
            let wanted = self.wanted(of);
            if wanted.is_empty() {
                continue;
            }
            let names: Vec<&str> = wanted.iter().map(|(_, name)| *name).collect();
            let columns = self.described(of, &names, Columns::Any).await?;
            let texts = self.described(of, &names, Columns::Lines).await?;
            states.extend(wanted.into_iter().map(|(meaning, name)| {
                let find = |rows: &'_ [Described]| rows.iter().position(|row| row.logical_name == name);
                let column = find(&columns).map(|at| &columns[at]);
                let longest = find(&texts).and_then(|at| texts[at].max_length);
                FieldState {
                    of: of.to_owned(),
                    key: meaning.map_or(CUSTOM, Meaning::key).to_owned(),
                    name: name.to_owned(),
                    there: column.is_some(),
                    trouble: trouble(meaning, column, longest),
                }
            }));
        }
        Ok(states)
    }

    /// The columns that the configuration names, each with what for; `None`: for forms. Activities are filled by none.
    fn wanted(&self, of: &'static str) -> Vec<(Option<Meaning>, &str)> {
        let names = &self.writing.names;
        let named = Meaning::ALL.into_iter().filter_map(|meaning| Some((Some(meaning), names.of(of, meaning)?)));
        let customs = names.customs(of).filter(|_| Kind::from_word(of).is_some());
        let mut wanted: Vec<(Option<Meaning>, &str)> = named.collect();
        for custom in customs {
            if !wanted.iter().any(|(_, name)| *name == custom.value) {
                wanted.push((None, &custom.value));
            }
        }
        wanted
    }

    /// How long the columns are that a form's longer texts are put into; nothing is asked where there is none.
    ///
    /// # Cost
    /// None, or two requests.
    pub(super) async fn rooms(&self, kind: Kind, fields: &[Filled]) -> Result<Rooms, Failure> {
        let names = fill::long(kind, fields);
        let mut rooms = Rooms::default();
        if names.is_empty() {
            return Ok(rooms);
        }
        for which in [Columns::Lines, Columns::Memos] {
            let described = self.described(kind.word(), &names, which).await?.into_iter();
            let known = described.filter_map(|row| Some((row.logical_name, usize::try_from(row.max_length?).ok()?)));
            rooms.0.extend(known);
        }
        Ok(rooms)
    }

    async fn described(&self, of: &str, names: &[&str], which: Columns) -> Result<Vec<Described>, Failure> {
        let url = path::definitions(&self.reader.session.base, logical(of), names, which);
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

fn trouble(meaning: Option<Meaning>, column: Option<&Described>, longest: Option<u64>) -> Option<String> {
    let Some(column) = column else { return Some(BY_HAND.to_owned()) };
    let kind = column.attribute_type.as_deref().unwrap_or("none");
    if !matches!(kind, "String" | "Memo") {
        return Some(format!("expected a column of text, found one of the type {kind}"));
    }
    if column.is_valid_for_update == Some(false) {
        return Some("expected a column that can be written, found one that cannot".to_owned());
    }
    match longest {
        Some(longest) if meaning == Some(Meaning::Recording) && longest < SHORT_FOR_LINKS => Some(format!(
            "expected room for a link of {SHORT_FOR_LINKS} characters, found {longest}: longer ones are refused"
        )),
        _ => None,
    }
}
