//! The records of the account, as the stand-in keeps them: one kind of record for all modules.

use std::collections::BTreeMap;

use serde_json::Value;

use super::module::Module;
use crate::kit::{self, USERS};

/// A record.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) module: Module,
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner: u64,
    /// Field and text, as somebody typed it.
    pub(super) phones: Vec<(&'static str, String)>,
    pub(super) email: Option<String>,
    pub(super) contact: Option<u64>,
    pub(super) account: Option<u64>,
    /// What is shown.
    pub(super) stage: &'static str,
    /// When a lead was converted.
    pub(super) converted_s: Option<i64>,
    pub(super) description: Option<String>,
    /// The contact of a task or call.
    pub(super) who: Option<u64>,
    /// What else a task or call is about.
    pub(super) what: Option<(Module, u64)>,
    /// Whatever else was written, by the field's name.
    pub(super) extra: BTreeMap<&'static str, Value>,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) deleted: Option<Deleted>,
}

/// How a record was deleted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deleted {
    pub(super) at_s: i64,
    /// Not in the recycle bin either.
    pub(super) permanently: bool,
}

impl Row {
    /// A record that has nothing but this.
    pub(super) const fn new(module: Module, id: u64, name: String, owner: u64, times: (i64, i64)) -> Self {
        Self {
            module,
            id,
            name,
            owner,
            phones: Vec::new(),
            email: None,
            contact: None,
            account: None,
            stage: "",
            converted_s: None,
            description: None,
            who: None,
            what: None,
            extra: BTreeMap::new(),
            add_s: times.0,
            update_s: times.1,
            deleted: None,
        }
    }

    /// Fills the module's phone fields in their order; what is beyond them is left out.
    pub(super) fn with_phones(mut self, typed: impl IntoIterator<Item = String>) -> Self {
        let custom: Vec<_> =
            self.phones.drain(..).filter(|(field, _)| !self.module.phones().any(|own| own == *field)).collect();
        self.phones = self.module.phones().zip(typed).collect();
        self.phones.extend(custom);
        self
    }

    /// What stands in a field of type phone or text.
    pub(super) fn number(&self, field: &str) -> Option<&str> {
        self.phones.iter().find(|(known, _)| *known == field).map(|(_, text)| text.as_str())
    }
}

impl kit::Record for Row {
    type Id = u64;
    fn id(&self) -> u64 {
        self.id
    }
    fn add_s(&self) -> i64 {
        self.add_s
    }
    fn update_s(&self) -> i64 {
        self.update_s
    }
}

/// A user of the account.
#[derive(Debug, Clone, serde::Serialize)]
pub struct User {
    /// The id that owners are given by.
    pub id: u64,
    /// The name.
    pub name: &'static str,
    /// The e-mail.
    pub email: String,
    /// A free text.
    pub phone: Option<&'static str>,
    /// Whether the user may log in; one who left stays the owner of what they owned.
    pub active: bool,
}

/// The id of the user at a place of [`USERS`].
pub(super) const fn user_id(place: usize) -> u64 {
    super::module::ORG + 235_010 + 10 * place as u64
}

/// The users.
pub(super) fn users() -> Vec<User> {
    let user = |(place, user): (usize, &kit::SeededUser)| User {
        id: user_id(place),
        name: user.name,
        email: user.email(),
        phone: user.phone,
        active: user.active,
    };
    USERS.iter().enumerate().map(user).collect()
}
