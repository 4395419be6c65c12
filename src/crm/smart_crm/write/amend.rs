//! Writing again onto what was made: what has to change, from what is stored. Pure.

use serde_json::{Map, Value};

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    path,
    wire::Row,
    write::{order, text},
};
use crate::crm::writer::Order;
use crate::model::action::Action;

/// Something that was made and is to be written again.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) set: &'static str,
    /// The column of its text, and what it is to say.
    text: (&'static str, String),
    /// The recording's, where the text has it.
    link: Option<String>,
    longest: usize,
    /// A column and the link that it is to have.
    recording: Option<(String, String)>,
    /// Of an activity: `statuscode` open, and completed.
    states: Option<(i64, i64)>,
    /// Whether it is to be completed in the end.
    completed: bool,
}

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// It stands as it should.
    Done,
    /// It is closed and therefore read-only: it has to be opened.
    Open(Value),
    /// What has to be written, and whether that is all.
    Write(Value, bool),
    /// It has to be completed.
    Close(i64),
}

impl Thing {
    /// # Errors
    /// [`Failure::Refused`] for what is made of nothing that could be written again.
    pub(super) fn of(to: &Action, order: &Order, names: &FieldNames) -> Result<Self, Failure> {
        let link = order.call.recording.as_deref();
        let said = |text: &str| order::description(text, link.filter(|link| text.contains(link)));
        let column = |of: &str, wanted: bool| {
            let name = names.of(of, Meaning::Recording).filter(|_| wanted)?;
            Some((name.to_owned(), link?.to_owned()))
        };
        let link_in = |text: &str| link.filter(|link| text.contains(*link)).map(str::to_owned);
        let thing = |set, of: &str, recorded: bool, said: String| Self {
            set,
            link: link_in(&said),
            text: ("description", said),
            longest: order::DESCRIPTION,
            recording: column(of, recorded),
            states: None,
            completed: false,
        };
        Ok(match to {
            Action::Create { kind, text, recording, .. } => {
                thing(path::table(*kind).set, kind.word(), *recording, said(text))
            }
            Action::Task { text, completed, .. } => Self {
                states: Some((path::TASK_OPEN, path::TASK_COMPLETED)),
                completed: *completed,
                ..thing(path::TASKS, "task", true, said(text))
            },
            Action::Call { text, recording, .. } => Self {
                states: Some((path::CALL_OPEN, order::call_status(order.call.direction))),
                completed: true,
                ..thing(path::PHONE_CALLS, "call", *recording, order::description(text, link.filter(|_| *recording)))
            },
            Action::Note { text } => {
                let said = order::note_text(text, link);
                Self {
                    link: link_in(&said),
                    text: ("notetext", said),
                    longest: order::NOTE,
                    ..thing(path::NOTES, "", false, String::new())
                }
            }
            Action::Update { .. } | Action::Amend { .. } => {
                return Err(order::refused("expected something that was made, found an action that makes nothing"));
            }
        })
    }

    /// The columns that tell how it stands.
    pub(super) fn columns(&self) -> Vec<&str> {
        let state = self.states.map(|_| path::STATE);
        let recording = self.recording.as_ref().map(|(name, _)| name.as_str());
        [self.text.0].into_iter().chain(state).chain(recording).collect()
    }

    /// What has to be done with what is stored. `parts` were done: the first of several is to open what is closed.
    ///
    /// # Errors
    /// [`Failure::Refused`] where somebody cancelled it: to write to it, it would have to become something else.
    pub(super) fn next(&self, stored: &Row, parts: usize) -> Result<Step, Failure> {
        let changes = self.changes(stored);
        let state = stored.get(path::STATE).and_then(Value::as_i64).unwrap_or(path::OPEN);
        let closes = self.completed || parts > 0;
        match (self.states, state) {
            (None, _) if changes.is_empty() => Ok(Step::Done),
            (None, _) => Ok(Step::Write(Value::Object(changes), true)),
            (Some((_, completed)), path::OPEN) if changes.is_empty() && closes => Ok(Step::Close(completed)),
            (Some(_), _) if changes.is_empty() => Ok(Step::Done),
            (Some(_), path::OPEN) => Ok(Step::Write(Value::Object(changes), !closes)),
            (Some((open, _)), path::COMPLETED) => Ok(Step::Open(order::reopening(open))),
            (Some(_), _) => Err(order::refused("somebody cancelled it in the CRM, so nothing is added to it")),
        }
    }

    fn changes(&self, stored: &Row) -> Map<String, Value> {
        let stored_text = |name: &str| stored.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut changes = Map::new();
        let (name, wanted) = &self.text;
        if let Some(text) = self.added(stored_text(name), wanted) {
            changes.insert((*name).to_owned(), text.into());
        }
        if let Some((name, link)) = self.recording.as_ref().filter(|(name, link)| stored_text(name) != link.as_str()) {
            changes.insert(name.clone(), link.clone().into());
        }
        changes
    }

    /// The text with what is missing in it; `None` where nothing is. With a recording it is the link that matters: what was
    /// cut off, or corrected by somebody, is not added again.
    fn added(&self, stored: &str, wanted: &str) -> Option<String> {
        let there = match &self.link {
            Some(link) => stored.contains(link.as_str()),
            None => stored.ends_with(text::CUT),
        };
        let merged = text::merged(stored, wanted);
        (!there && merged != stored).then(|| text::with_link(&merged, self.link.as_deref(), self.longest))
    }
}
