//! Writing onto entities that are there: what has to change, from what is stored. Pure.

use serde_json::{Map, Value};

use crate::config::Meaning;
use crate::crm::smart_crm::{
    path::{self, Custom},
    wire::Row,
    write::{Means, fill, order, text},
};
use crate::crm::writer::Order;
use crate::model::{action::Action, client::Kind};

const NAMES: [&str; 3] = ["fullname", "firstname", "lastname"];

/// An update of one entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update<'a> {
    pub(super) kind: Kind,
    pub(super) order: &'a Order,
    pub(super) means: &'a Means<'a>,
    pub(super) custom: &'a Custom,
}

impl<'a> Update<'a> {
    /// The columns that it has to know of.
    pub(super) fn columns(&self) -> Vec<String> {
        let Action::Update { utm, call, .. } = self.order.action else { return Vec::new() };
        let wanted = |meaning: &Meaning| match meaning {
            Meaning::Mark => false,
            Meaning::CallId | Meaning::CallStatus | Meaning::Recording => call,
            _ => utm,
        };
        let named = Meaning::ALL.into_iter().filter(wanted);
        let named = named.filter_map(|meaning| self.means.names.of(self.kind.word(), meaning));
        let mut columns: Vec<String> = named.map(str::to_owned).collect();
        if self.tells_of_the_client() {
            let known = NAMES.into_iter().chain(path::EMAILS).chain(self.number_columns());
            columns.extend(known.map(str::to_owned));
        }
        columns.extend(self.filled().into_iter().map(|(name, _)| name));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// What has to be written: the UTM marks and the client's id only while every UTM column is empty, the call's own data
    /// where they differ, what is known of the client where the entity has none, and what a form filled in, whatever stands
    /// there.
    pub(super) fn changes(&self, stored: &Row) -> Map<String, Value> {
        let mut changes = self.data(stored);
        if self.tells_of_the_client() {
            changes.extend(self.client(stored));
        }
        for (name, value) in self.filled() {
            if fill::stands(stored.get(&name), &value) {
                changes.remove(&name);
            } else {
                changes.insert(name, value);
            }
        }
        changes
    }

    fn data(&self, stored: &Row) -> Map<String, Value> {
        let Action::Update { utm, call, .. } = self.order.action else { return Map::new() };
        let (of, names) = (self.kind.word(), self.means.names);
        let is_empty = |meaning| names.of(of, meaning).is_none_or(|name| said(stored, name).is_empty());
        let utm = utm && Meaning::UTM.into_iter().all(is_empty);
        let wanted = |(meaning, name, value): &(Meaning, &str, String)| match meaning {
            Meaning::CallId | Meaning::CallStatus | Meaning::Recording => call && said(stored, name) != value,
            Meaning::ClientId => utm && said(stored, name) != value,
            _ => utm,
        };
        let changes = order::data(names, of, &self.order.call).filter(wanted);
        changes.map(|(_, name, value)| (name.to_owned(), value.into())).collect()
    }

    /// Name, number and e-mail, each where there is none.
    fn client(&self, stored: &Row) -> Map<String, Value> {
        let call = &self.order.call;
        let is_blank = |name: &str| said(stored, name).trim().is_empty();
        let name = call.client_name.as_deref().map(str::trim).filter(|name| !name.is_empty() && self.nameless(stored));
        let number = call.client.filter(|_| self.number_columns().all(is_blank));
        let email = call.client_email.as_deref().filter(|_| path::EMAILS.into_iter().all(is_blank));
        let known = [
            ("lastname", name.map(|name| text::cut(name, order::LAST_NAME))),
            (path::NUMBER, number.map(|number| text::number(&number.digits().to_string()))),
            (path::EMAIL, email.and_then(order::email).map(str::to_owned)),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
    }

    /// Whether it has no name, or one that only stands for one: what the setting gives whoever has none, or the number or
    /// e-mail that it was made with.
    fn nameless(&self, stored: &Row) -> bool {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let stands_for_one = |name: &str| {
            let is_number = !name.chars().any(char::is_alphabetic) && !digits(name).is_empty();
            Some(name) == self.means.contact_name
                || path::EMAILS.iter().any(|column| said(stored, column).trim().to_lowercase() == name.to_lowercase())
                || is_number && self.number_columns().any(|column| digits(said(stored, column)) == digits(name))
        };
        NAMES.iter().map(|column| said(stored, column).trim()).all(|name| name.is_empty() || stands_for_one(name))
    }

    fn number_columns(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        path::numbers(path::table(self.kind), self.custom)
    }

    fn tells_of_the_client(&self) -> bool {
        let call = &self.order.call;
        let tells = call.client.is_some() || call.client_name.is_some() || call.client_email.is_some();
        matches!(self.order.action, Action::Update { client: true, .. })
            && matches!(self.kind, Kind::Contact | Kind::Lead)
            && tells
    }

    fn filled(&self) -> Map<String, Value> {
        match &self.order.action {
            Action::Update { fields, .. } => fill::values(self.kind, fields, &self.means.rooms),
            _ => Map::new(),
        }
    }
}

fn said<'a>(stored: &'a Row, name: &str) -> &'a str {
    stored.get(name).and_then(Value::as_str).unwrap_or_default()
}
