//! Custom fields: which there are, under which key, and how one is made.
//!
//! `[crm.fields]` names a field by its key (40 hexadecimal digits, of one entity only) or by its name as people see it,
//! which may be the same for persons, organizations and deals. Names are looked up once and again when one is missing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    account::{Account, Question, Sent},
    path::{self, Operation},
    read::no_such,
    wire::Envelope,
    write::request::Keys,
};
use crate::crm::quota::Purpose;
use crate::crm::writer::FieldState;
use crate::model::client::Kind;
use crate::outbound::Method;

/// The kinds that have custom fields. Leads have those of deals.
const KINDS: [Kind; 4] = [Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal];

/// The key of `[crm.fields]` that names what forms are put into.
const CUSTOM: &str = "custom";
/// The types of fields that a form's texts go into.
const FILLED: [&str; 6] = ["varchar", "varchar_auto", "text", "phone", "double", "date"];

/// A field of the account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::crm::pipedrive) struct Field {
    field_name: String,
    field_code: String,
    field_type: String,
    is_custom_field: Option<bool>,
}

/// The fields that are configured, and what the account says of them.
pub(super) struct Fields {
    names: FieldNames,
    phone_keys: Vec<String>,
    /// By the path that they are listed at.
    known: Mutex<BTreeMap<&'static str, Arc<Vec<Field>>>>,
}

impl Fields {
    pub(super) fn new(names: FieldNames, phone_keys: Vec<String>) -> Self {
        Self { names, phone_keys, known: Mutex::default() }
    }

    /// The keys of everything that is configured for this kind.
    ///
    /// # Errors
    /// [`Failure::Refused`] where a name is no field's, or of several.
    ///
    /// # Cost
    /// Nothing where keys are configured; else 10 tokens, once.
    pub(super) async fn keys(&self, account: &Account, kind: Kind) -> Result<Keys, Failure> {
        let mut keys = Keys::new();
        for (meaning, name) in self.configured(kind) {
            keys.insert(meaning, self.key(account, kind, (meaning.key(), name)).await?);
        }
        Ok(keys)
    }

    fn configured(&self, kind: Kind) -> impl Iterator<Item = (Meaning, &str)> {
        Meaning::ALL.into_iter().filter_map(move |meaning| Some((meaning, self.names.of(kind.word(), meaning)?)))
    }

    async fn key(&self, account: &Account, kind: Kind, (what, name): (&str, &str)) -> Result<String, Failure> {
        if is_key(name) {
            return Ok(name.to_ascii_lowercase());
        }
        let at = listed_at(kind)?;
        let known = self.remembered(at);
        let found = known.map(|known| found_in(&known, name)).filter(|found| !matches!(found, Found::None));
        let found = match found {
            Some(found) => found,
            None => found_in(&self.read(account, at).await?, name),
        };
        let reason = match found {
            Found::One(key) => return Ok(key),
            Found::None => format!("expected a custom field {name:?}, found none"),
            Found::Several => format!("expected one custom field {name:?}, found several: its key tells which"),
        };
        Err(Failure::Refused { reason: format!("crm.fields.{}.{}: {reason}", kind.word(), what) })
    }

    /// Where the client's id at the site's counter stands; `None` where no field is configured for it.
    ///
    /// # Cost
    /// As [`Self::keys`].
    pub(super) async fn client_id(&self, account: &Account, kind: Kind) -> Result<Option<String>, Failure> {
        match self.names.of(kind.word(), Meaning::ClientId) {
            Some(name) => self.key(account, kind, (Meaning::ClientId.key(), name)).await.map(Some),
            None => Ok(None),
        }
    }

    /// The key of a field that a form is put into, and what it holds; of a key that no field has the vendor says so.
    ///
    /// # Cost
    /// 10 tokens, once.
    pub(super) async fn custom(
        &self,
        account: &Account,
        kind: Kind,
        name: &str,
    ) -> Result<(String, Option<String>), Failure> {
        let key = self.key(account, kind, (CUSTOM, name)).await?;
        let at = listed_at(kind)?;
        let of = |fields: &[Field]| {
            let field = fields.iter().find(|field| field.field_code.eq_ignore_ascii_case(&key));
            field.map(|field| field.field_type.clone())
        };
        let holds = match self.remembered(at).and_then(|known| of(&known)) {
            Some(holds) => Some(holds),
            None => of(&self.read(account, at).await?),
        };
        Ok((key, holds))
    }

    /// The first of the configured number fields that is an organization's.
    ///
    /// # Cost
    /// Nothing where none is configured; else 10 tokens, once.
    pub(super) async fn phone_of_organizations(&self, account: &Account) -> Result<Option<String>, Failure> {
        if self.phone_keys.is_empty() {
            return Ok(None);
        }
        let at = path::ORGANIZATION_FIELDS;
        let fields = match self.remembered(at) {
            Some(fields) => fields,
            None => self.read(account, at).await?,
        };
        let has = |key: &&String| fields.iter().any(|field| field.field_code.eq_ignore_ascii_case(key));
        Ok(self.phone_keys.iter().find(has).cloned())
    }

    fn remembered(&self, at: Operation) -> Option<Arc<Vec<Field>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(at.path).map(Arc::clone)
    }

    async fn read(&self, account: &Account, at: Operation) -> Result<Arc<Vec<Field>>, Failure> {
        let mut all = Vec::new();
        let mut url = path::fields(&account.base, at);
        loop {
            let page: Envelope<Vec<Field>> =
                account.ask_for(Question::background(Purpose::Write, at, url.clone())).await?;
            all.extend(page.data.unwrap_or_default());
            match page.additional_data.next_cursor.filter(|next| !next.is_empty()) {
                Some(next) => url = path::after(path::fields(&account.base, at), &next),
                None => break,
            }
        }
        let all = Arc::new(all);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(at.path, Arc::clone(&all));
        Ok(all)
    }

    /// What is configured, and whether it is there.
    pub(super) async fn states(&self, account: &Account) -> Result<Vec<FieldState>, Failure> {
        let mut fresh: BTreeMap<&'static str, Arc<Vec<Field>>> = BTreeMap::new();
        let mut states = Vec::new();
        for kind in KINDS {
            let own = self.configured(kind).map(|(meaning, name)| (meaning.key(), name));
            let customs = self.names.customs(kind.word()).map(|name| (CUSTOM, name.value.as_str()));
            for (key, name) in own.chain(customs) {
                let at = listed_at(kind)?;
                if !fresh.contains_key(at.path) {
                    fresh.insert(at.path, self.read(account, at).await?);
                }
                let known = fresh.get(at.path).map(Arc::clone).unwrap_or_default();
                states.push(state(kind, key, name, &known));
            }
        }
        Ok(states)
    }

    /// Makes a field, unless one of that name has been made meanwhile: leads' and deals' are the same.
    pub(super) async fn make(&self, account: &Account, field: &FieldState) -> Result<(), Failure> {
        let kind =
            Kind::from_word(&field.of).ok_or_else(|| refused(format!("Pipedrive has no {} fields", field.of)))?;
        if is_key(&field.name) {
            let reason = "the vendor chooses keys itself: name the field by a name of your own, or make it there";
            return Err(refused(format!("{}: {reason}", field.name)));
        }
        let at = listed_at(kind)?;
        if !matches!(found_in(&self.read(account, at).await?, &field.name), Found::None) {
            return Ok(());
        }
        let made_at = made_at(kind)?;
        let sent = Sent::Json(Method::Post, made(&field.name, &field.key));
        let url = path::at(&account.base, made_at);
        let question = Question { sent, ..Question::background(Purpose::Write, made_at, url) };
        account.write::<Value>(question).await?;
        self.read(account, at).await.map(drop)
    }
}

/// What makes a field: a text, a long one for links.
pub(in crate::crm::pipedrive) fn made(name: &str, key: &str) -> Value {
    let kind = if key == Meaning::Recording.key() { "text" } else { "varchar" };
    json!({"field_name": name, "field_type": kind})
}

enum Found {
    None,
    One(String),
    Several,
}

fn found_in(known: &[Field], name: &str) -> Found {
    let mut named = known.iter().filter(|field| field.is_custom_field != Some(false) && field.field_name == name);
    match (named.next(), named.next()) {
        (None, _) => Found::None,
        (Some(field), None) => Found::One(field.field_code.clone()),
        (Some(_), Some(_)) => Found::Several,
    }
}

fn state(kind: Kind, key: &str, name: &str, known: &[Field]) -> FieldState {
    let is_it = |field: &&Field| match is_key(name) {
        true => field.field_code.eq_ignore_ascii_case(name),
        false => field.is_custom_field != Some(false) && field.field_name == name,
    };
    let mut found = known.iter().filter(is_it);
    let first = found.next();
    let trouble = match first {
        None => is_key(name).then(|| "make it in Pipedrive, which chooses the key, or name it by a name".to_owned()),
        Some(_) if found.next().is_some() => Some("several fields have this name: its key tells which".to_owned()),
        Some(field) if key == CUSTOM => (!FILLED.contains(&field.field_type.as_str()))
            .then(|| format!("expected {}, found a field of type {}", FILLED.join(", "), field.field_type)),
        Some(field) => (!matches!(field.field_type.as_str(), "varchar" | "varchar_auto" | "text"))
            .then(|| format!("expected a text, found a field of type {}", field.field_type)),
    };
    let (of, key) = (kind.word().to_owned(), key.to_owned());
    FieldState { of, key, name: name.to_owned(), there: first.is_some(), trouble }
}

fn listed_at(kind: Kind) -> Result<Operation, Failure> {
    match kind {
        Kind::Contact => Ok(path::PERSON_FIELDS),
        Kind::Organization => Ok(path::ORGANIZATION_FIELDS),
        Kind::Deal | Kind::Lead => Ok(path::DEAL_FIELDS),
        Kind::Ticket => Err(no_such(kind)),
    }
}

fn made_at(kind: Kind) -> Result<Operation, Failure> {
    match kind {
        Kind::Contact => Ok(path::ADD_PERSON_FIELD),
        Kind::Organization => Ok(path::ADD_ORGANIZATION_FIELD),
        Kind::Deal | Kind::Lead => Ok(path::ADD_DEAL_FIELD),
        Kind::Ticket => Err(no_such(kind)),
    }
}

const fn refused(reason: String) -> Failure {
    Failure::Refused { reason }
}

/// Whether a name is a key: the vendor's 40 hexadecimal digits.
pub(in crate::crm::pipedrive) fn is_key(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
