//! Writing: an order as requests, one after the other.

pub(super) mod fields;
mod find;
mod form;
mod html;
mod look;
pub(super) mod request;
mod seek;
pub(super) mod seen;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::config::FieldNames;
use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    account::{Account, Question, Sent},
    path::{self, Operation},
    read::{Pipedrive, no_such},
    status,
    wire::Envelope,
    write::{
        fields::Fields,
        request::{Made, Wanted, Written},
        seen::Seen,
    },
};
use crate::crm::quota::Purpose;
use crate::crm::writer::{FieldState, Look, Order, Receipt, Writer};
use crate::model::action::{Action, Link};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::FilePart;

/// Lists come from the database. Nowhere is it said that they show at once what was written, so they are given this long.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// The writer of one account.
pub(super) struct Pen {
    reader: Pipedrive,
    fields: Fields,
    /// What a person is called of whom nothing is known.
    nameless: Option<String>,
}

impl Pen {
    pub(super) fn new(account: Account, names: FieldNames, phone_keys: Vec<String>, nameless: Option<String>) -> Self {
        let reader = Pipedrive::new(account, phone_keys.clone());
        Self { reader, fields: Fields::new(names, phone_keys), nameless }
    }

    fn account(&self) -> &Account {
        &self.reader.account
    }

    async fn send(&self, wanted: Wanted) -> Result<String, Failure> {
        let Wanted { method, operation, id, body } = wanted;
        let url = match &id {
            Some(id) => path::one(&self.account().base, operation, checked(id)?),
            None => path::at(&self.account().base, operation),
        };
        let sent = Sent::Json(method, body);
        let question = Question { sent, ..Question::background(Purpose::Write, operation, url) };
        let answer: Envelope<Seen> = self.account().write(question).await?;
        answer.data.unwrap_or_default().id()
    }

    /// One thing by its id.
    ///
    /// # Errors
    /// [`Failure::Refused`] where it is gone.
    async fn one(&self, operation: Operation, id: &str) -> Result<Seen, Failure> {
        let url = path::one(&self.account().base, operation, checked(id)?);
        let answer: Envelope<Seen> =
            self.account().ask_for(Question::background(Purpose::Write, operation, url)).await?;
        let seen = answer.data.unwrap_or_default();
        if seen.is_gone() {
            return Err(Failure::Refused {
                reason: format!("{}: expected what is there, found it deleted", operation.path),
            });
        }
        Ok(seen)
    }

    async fn made<'a>(&'a self, action: &'a Action, key: &'a mut Option<String>) -> Result<Option<Made<'a>>, Failure> {
        let &Action::Create { kind, ref title, utm, recording, .. } = action else { return Ok(None) };
        if kind == Kind::Organization {
            *key = self.fields.phone_of_organizations(self.account()).await?;
        }
        let (phone_key, nameless) = (key.as_deref(), self.nameless.as_deref());
        Ok(Some(Made { kind, title, utm, recording, phone_key, nameless }))
    }

    /// Parts: the activity; the call log that it becomes; the recording, where there is one.
    async fn call_part(
        &self,
        order: &Order,
        (subject, text): (&str, &str),
        parts: &[String],
    ) -> Result<Receipt, Failure> {
        match parts {
            [] => {
                let id = self.send(request::call_activity(order, subject, text)?).await?;
                Ok(Receipt { id, whole: false })
            }
            [activity] => {
                let now = self.account().tools.clock.now();
                let id = self.send(request::call_log(order, subject, text, (activity, now))).await?;
                Ok(Receipt { id, whole: !uploads(order) })
            }
            [_, log, ..] => self.upload(order, log).await,
        }
    }

    /// Puts the recording to a call log. Without the recording (it could not be fetched) there is nothing to do: its link
    /// stands in the note.
    async fn upload(&self, order: &Order, log: &str) -> Result<Receipt, Failure> {
        let done = Receipt { id: log.to_owned(), whole: true };
        let Some(audio) = &order.audio else { return Ok(done) };
        let file = FilePart {
            name: "file",
            file_name: audio.file_name.clone(),
            media_type: audio.media_type.clone(),
            bytes: audio.bytes.clone(),
        };
        let url = path::one(&self.account().base, path::ADD_RECORDING, checked(log)?);
        let question = Question::background(Purpose::Write, path::ADD_RECORDING, url);
        let reply = self.account().reply_to(&Question { sent: Sent::File(file), ..question }).await?;
        if status::says_it_is_there(&reply) {
            return Ok(done);
        }
        status::judge_write::<Value>(&reply).map(|_| done)
    }

    /// Parts: one for each entity.
    async fn update_part(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure> {
        let on = nth(order, parts)?;
        let delta = self.delta(order, on).await?;
        if !delta.is_empty() {
            self.send(request::edit(on, delta.own, delta.custom)?).await?;
        }
        Ok(Receipt { id: on.id.to_string(), whole: parts.len() + 1 >= order.on.len() })
    }

    /// What is still missing of an amendment's first part, as a request.
    async fn amendment(&self, order: &Order, id: &str, to: &Action) -> Result<Option<Wanted>, Failure> {
        let edit_note = |seen: &Seen, text: &str, (operation, id, member): (Operation, &str, &str)| {
            let added = html::added_to(seen.note(), text)?;
            let mut body = Map::new();
            body.insert(member.to_owned(), added.into());
            Some(Wanted::edit(operation, id, body.into()))
        };
        match to {
            Action::Task { text, .. } => {
                let seen = self.one(path::ACTIVITY, id).await?;
                Ok(edit_note(&seen, text, (path::EDIT_ACTIVITY, id, "note")))
            }
            Action::Call { text, .. } => {
                let log = self.one(path::CALL_LOG, id).await?;
                let Some(activity) = log.activity() else { return Ok(None) };
                let seen = self.one(path::ACTIVITY, &activity).await?;
                Ok(edit_note(&seen, text, (path::EDIT_ACTIVITY, &activity, "note")))
            }
            Action::Note { text } => {
                let seen = self.one(path::NOTE, id).await?;
                Ok(edit_note(&seen, text, (path::EDIT_NOTE, id, "content")))
            }
            &Action::Create { kind, recording, .. } => {
                let id = CrmId::parse(id).map(|id| Link { kind, id }).ok_or_else(|| no_id(id))?;
                let keys = self.fields.keys(self.account(), kind).await?;
                let mut values = request::values(order, &keys, Written { recording, ..Written::default() });
                if !values.is_empty() {
                    let seen = self.one(one_of(kind)?, &id.id.to_string()).await?;
                    values.retain(|key, value| value.as_str() != Some(seen.custom(key)));
                }
                if values.is_empty() { Ok(None) } else { request::update(id, values).map(Some) }
            }
            Action::Update { .. } | Action::Amend { .. } => {
                Err(Failure::Refused { reason: format!("expected something that was made, found an {}", to.word()) })
            }
        }
    }

    /// Parts: what it says; of a call with a recording, then the recording.
    async fn amend_part(&self, order: &Order, (id, to): (&str, &Action), parts: &[String]) -> Result<Receipt, Failure> {
        if !parts.is_empty() {
            return self.upload(order, id).await;
        }
        if let Some(wanted) = self.amendment(order, id, to).await? {
            self.send(wanted).await?;
        }
        Ok(Receipt { id: id.to_owned(), whole: !uploads(order) })
    }
}

#[async_trait]
impl Writer for Pen {
    /// # Cost
    /// 20 tokens of a search, 10 for each kind that is found or known, 30 for each person and organization that is open. By
    /// e-mail or client id 10 more where persons are found, and 2 for each lead.
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        self.looked(look).await
    }

    /// # Cost
    /// 5 or 10 tokens; what is read before: 1 or 2.
    async fn perform(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure> {
        let whole = |id| Receipt { id, whole: true };
        match &order.action {
            Action::Create { kind, .. } => {
                let mut key = None;
                let made = self.made(&order.action, &mut key).await?.ok_or_else(|| no_such(*kind))?;
                let keys = self.fields.keys(self.account(), *kind).await?;
                self.send(self.creation(order, made, &keys).await?).await.map(whole)
            }
            Action::Task { subject, text, completed, due } => {
                self.send(request::task(order, subject, text, (*completed, *due))?).await.map(whole)
            }
            Action::Call { subject, text, .. } => self.call_part(order, (subject, text), parts).await,
            Action::Note { text } => self.send(request::note(order, text)).await.map(whole),
            Action::Update { .. } => self.update_part(order, parts).await,
            Action::Amend { id, to } => self.amend_part(order, (id, to), parts).await,
        }
    }

    /// # Cost
    /// 10 or 20 tokens a page of what was made since the call began; of a call's later parts 2, or 20 a page.
    async fn find(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure> {
        let receipt = |whole: bool| move |id| Receipt { id, whole };
        match (&order.action, parts) {
            (Action::Create { .. }, _) => {
                let mut key = None;
                let Some(made) = self.made(&order.action, &mut key).await? else { return Ok(None) };
                Ok(self.made_entity(order, made).await?.map(receipt(true)))
            }
            (Action::Task { .. }, _) => Ok(self.made_activity(order).await?.map(receipt(true))),
            (Action::Note { .. }, _) => Ok(self.made_note(order).await?.map(receipt(true))),
            (Action::Call { .. }, []) => Ok(self.made_activity(order).await?.map(receipt(false))),
            (Action::Call { .. }, [activity]) => {
                Ok(self.made_call_log(order, activity).await?.map(receipt(!uploads(order))))
            }
            (Action::Call { .. }, [_, log, ..]) => self.uploaded(log).await,
            (Action::Update { .. }, _) => {
                let on = nth(order, parts)?;
                let nothing_left = self.delta(order, on).await?.is_empty();
                let whole = parts.len() + 1 >= order.on.len();
                Ok(nothing_left.then(|| Receipt { id: on.id.to_string(), whole }))
            }
            (Action::Amend { id, to }, []) => {
                let nothing_left = self.amendment(order, id, to).await?.is_none();
                Ok(nothing_left.then(|| Receipt { id: id.clone(), whole: !uploads(order) }))
            }
            (Action::Amend { id, .. }, _) => self.uploaded(id).await,
        }
    }

    fn settles_within(&self, _: &Order, _: &[String]) -> Duration {
        SETTLES_WITHIN
    }

    fn wants_audio(&self, order: &Order, parts: &[String]) -> bool {
        let before = if matches!(order.action, Action::Amend { .. }) { 1 } else { 2 };
        parts.len() == before && uploads(order)
    }

    /// # Cost
    /// 2 tokens.
    async fn check(&self) -> Result<(), Failure> {
        let url = path::at(&self.account().base, path::ME);
        self.account().ask_for::<Value>(Question::background(Purpose::Write, path::ME, url)).await.map(drop)
    }

    /// # Cost
    /// 10 tokens each of persons', organizations' and deals' fields, where any is named.
    async fn fields(&self) -> Result<Vec<FieldState>, Failure> {
        self.fields.states(self.account()).await
    }

    /// # Cost
    /// 5 tokens, and 20 for looking before and after.
    async fn make_field(&self, field: &FieldState) -> Result<(), Failure> {
        self.fields.make(self.account(), field).await
    }
}

impl Pen {
    async fn uploaded(&self, log: &str) -> Result<Option<Receipt>, Failure> {
        let seen = self.one(path::CALL_LOG, log).await?;
        Ok(seen.has_recording().then(|| Receipt { id: log.to_owned(), whole: true }))
    }
}

/// Whether the order's last part uploads a recording.
fn uploads(order: &Order) -> bool {
    let call = |action: &Action| matches!(action, Action::Call { recording: true, .. });
    let wanted = match &order.action {
        Action::Amend { to, .. } => call(to),
        action => call(action),
    };
    wanted && order.call.recording.is_some()
}

/// The entity that the next part is about.
fn nth(order: &Order, parts: &[String]) -> Result<Link, Failure> {
    let none = || Failure::Refused { reason: "expected an entity to write into, found none".to_owned() };
    order.on.get(parts.len()).or(order.on.last()).copied().ok_or_else(none)
}

fn one_of(kind: Kind) -> Result<Operation, Failure> {
    match kind {
        Kind::Contact => Ok(path::PERSON),
        Kind::Organization => Ok(path::ORGANIZATION),
        Kind::Deal => Ok(path::DEAL),
        Kind::Lead => Ok(path::LEAD),
        Kind::Ticket => Err(no_such(kind)),
    }
}

/// An id as it may stand in a path.
fn checked(id: &str) -> Result<&str, Failure> {
    let fine = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    fine.then_some(id).ok_or_else(|| no_id(id))
}

fn no_id(id: &str) -> Failure {
    Failure::Refused { reason: format!("expected an id of this CRM, found {id:?}") }
}
