//! What a telephone system asks and how it is answered: bytes to facts and back.
//!
//! Pure, and ignorant of projects, CRMs and numbers: a caller is the text that was sent, which
//! [`NumberReader`](crate::model::phone::NumberReader) reads. The form of a request and the form of its answer are two
//! independent choices of the customer's; nothing here concludes from the one to the other.

pub mod ringostat;

use std::borrow::Cow;

use bytes::Bytes;

use self::ringostat::event::EventField;

/// How a request carries its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestForm {
    /// In the URL alone.
    Query,
    /// In an urlencoded body.
    Form,
    /// In a JSON object.
    Json,
    /// In the `params` of a JSON-RPC 2.0 call.
    JsonRpc,
}

impl RequestForm {
    /// The word that logs and metrics use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Form => "form",
            Self::Json => "json",
            Self::JsonRpc => "json-rpc",
        }
    }
}

/// How a block is answered: its `answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerForm {
    /// The destination alone, as text.
    Plain,
    /// A JSON object with the destination in one field.
    Json,
    /// A JSON-RPC 2.0 response.
    JsonRpc,
}

impl AnswerForm {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Json, Self::JsonRpc];

    /// The word that configuration uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Json => "json",
            Self::JsonRpc => "json-rpc",
        }
    }

    /// The form that [`AnswerForm::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}

/// The customer's own names of a block's parameters, where the usual ones do not find them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldNames {
    /// The parameter with the caller's number. Compared exactly; preferred to every usual name, wherever it stands.
    pub caller: Option<Box<str>>,
    /// The parameter with the call's id.
    pub call_id: Option<Box<str>>,
}

/// The customer's own names of an event's fields: `events.fields`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventNames(std::collections::BTreeMap<EventField, Box<str>>);

impl EventNames {
    /// The names, each of a field.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = (EventField, Box<str>)>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The name of a field, where it is given; compared exactly.
    #[must_use]
    pub fn of(&self, field: EventField) -> Option<&str> {
        self.0.get(&field).map(|name| &**name)
    }
}

/// The parts of an HTTP request that can carry parameters.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// What follows the `?`, still escaped.
    pub query: Option<&'a str>,
    /// The `Content-Type`, with its parameters.
    pub content_type: Option<&'a str>,
    /// The whole body; already capped by the door.
    pub body: &'a Bytes,
}

/// A question: who is responsible for this caller?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest<'a> {
    /// How it was asked.
    pub form: RequestForm,
    /// The caller's number as it was sent; `None` when no parameter carries one.
    pub caller: Option<Cow<'a, str>>,
    /// The telephone system's id of the call.
    pub call_id: Option<Cow<'a, str>>,
    /// JSON-RPC: the `id` as raw JSON (a number, a string or `null`), to be echoed. A slice of the body.
    pub rpc_id: Option<Bytes>,
}

/// Why a request is no question at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Malformed {
    /// What was expected and what was found; safe to send back.
    pub reason: Cow<'static, str>,
    /// How the request seemed to be meant.
    pub form: RequestForm,
}
