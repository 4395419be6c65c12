//! Who has this e-mail, or this id at the site's counter: found in the index, believed from the database.

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    email::is_email,
    path,
    read::HubSpot,
    send::{Payer, Question},
    status,
    wire::{Answer, Object},
};
use crate::crm::writer::Look;
use crate::model::{client::Kind, ids::CrmId};

/// A value that the vendor can be asked for, at most, in bytes: a search takes three thousand characters in all. No
/// counter's id and no e-mail is as long.
const LONGEST: usize = 1_000;

/// A property and what it is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted<'a> {
    name: &'a str,
    value: &'a str,
    /// Whether the case of letters counts.
    exact: bool,
}

impl<'a> Wanted<'a> {
    pub(super) const fn email(value: &'a str) -> Self {
        Self { name: path::EMAIL, value, exact: false }
    }

    pub(super) const fn exactly(name: &'a str, value: &'a str) -> Self {
        Self { name, value, exact: true }
    }

    /// What of a kind a look is after. What cannot be written as an e-mail nobody has.
    pub(super) fn of(look: &'a Look, names: &'a FieldNames, kind: Kind) -> Vec<Self> {
        let email = look.email.as_deref().map(str::trim).filter(|email| kind == Kind::Contact && is_email(email));
        let field =
            matches!(kind, Kind::Contact | Kind::Lead).then(|| names.of(kind.word(), Meaning::ClientId)).flatten();
        let client_id = field.zip(look.client_id.as_deref()).map(|(name, id)| Self::exactly(name, id));
        email.map(Self::email).into_iter().chain(client_id).collect()
    }

    /// Whether the vendor lets one record alone have it.
    pub(super) const fn is_unique(&self) -> bool {
        !self.exact
    }

    fn is_in(&self, object: &Object) -> bool {
        object.property(self.name).is_some_and(|held| {
            if self.exact { held == self.value } else { held.trim().to_lowercase() == self.value.trim().to_lowercase() }
        })
    }
}

impl HubSpot {
    /// The records of a kind that hold it. The index may be of yesterday: who was found is read again by id, and what does
    /// not hold it then is a stranger.
    ///
    /// # Cost
    /// A search, and a request where somebody is found.
    pub(super) async fn holders(&self, kind: Kind, wanted: Wanted<'_>, payer: Payer) -> Result<Vec<Object>, Failure> {
        let value = wanted.value.trim();
        if value.is_empty() || value.len() > LONGEST {
            return Ok(Vec::new());
        }
        let body = path::holders(kind, wanted.name, value);
        let question = Question::search(path::search(&self.sender.base, path::object(kind)), body);
        let reply = self.sender.reply_to(payer, &question).await?;
        let answer: Answer<Object> = match status::judge(&reply) {
            // Some accounts have no leads, and a field that is named for all may be one that leads do not have.
            Err(_) if kind == Kind::Lead && status::says_without(&reply) => return Ok(Vec::new()),
            Err(Failure::Refused { .. }) if kind == Kind::Lead => return Ok(Vec::new()),
            answer => answer?,
        };
        let ids: Vec<CrmId> = answer.results.iter().filter_map(Object::id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut names = path::properties(kind, &self.phone_fields);
        if !names.contains(&wanted.name) {
            names.push(wanted.name);
        }
        let question =
            Question::post(path::batch(&self.sender.base, path::object(kind)), path::texts_body(&names, &ids));
        let answer: Answer<Object> = status::judge_batch(&self.sender.reply_to(payer, &question).await?)?;
        let same = |object: &Object| object.id().is_some_and(|id| ids.contains(&id)) && wanted.is_in(object);
        Ok(answer.results.into_iter().filter(same).collect())
    }
}
