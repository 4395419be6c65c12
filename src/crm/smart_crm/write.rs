//! Writing: an order's parts, one request each.

mod amend;
mod fields;
mod fill;
mod order;
mod text;
mod update;

pub(super) use self::fill::Rooms;
pub(super) use self::order::{Means, made};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    path,
    read::SmartCrm,
    session::Question,
    status,
    wire::{self, List, Row},
    write::{
        amend::{Step, Thing},
        update::Update,
    },
    writing::{SystemUser, Writing},
};
use crate::crm::writer::{FieldState, Look, Order, Receipt, Writer};
use crate::model::{
    action::{Action, Link},
    ids::CrmId,
};

/// The writer of one organization.
#[derive(Debug)]
pub(super) struct Scribe {
    reader: SmartCrm,
    writing: Writing,
    /// Whom the name in `crm.system_user` means.
    system_user: OnceCell<CrmId>,
}

impl Scribe {
    pub(super) fn new(reader: SmartCrm, writing: Writing) -> Self {
        Self { reader, writing, system_user: OnceCell::new() }
    }

    /// Whose an order's things become: the order's owner, else the configured user, else the application's.
    async fn owner(&self, order: &Order) -> Result<Option<CrmId>, Failure> {
        match (order.owner, &self.writing.system_user) {
            (Some(owner), _) => Ok(Some(owner)),
            (None, None) => Ok(None),
            (None, Some(SystemUser::Id(id))) => Ok(Some(*id)),
            (None, Some(SystemUser::Name(name))) => {
                self.system_user.get_or_try_init(|| self.user_named(name)).await.copied().map(Some)
            }
        }
    }

    async fn user_named(&self, name: &str) -> Result<CrmId, Failure> {
        let url = path::user_named(&self.reader.session.base, name);
        let list: List = status::judge(&self.reader.session.ask(&Question::unhurried(url)).await?)?;
        let ids: Vec<CrmId> = list.value.iter().filter_map(wire::user).map(|user| user.id).collect();
        match ids[..] {
            [id] => Ok(id),
            _ => {
                let reason =
                    format!("crm.system_user: expected one user with this e-mail or login, found {}", ids.len());
                Err(Failure::Refused { reason })
            }
        }
    }

    async fn means(&self, order: &Order, owner: Option<CrmId>) -> Result<Means<'_>, Failure> {
        let rooms = match &order.action {
            Action::Create { kind, fields, .. } => self.rooms(*kind, fields).await?,
            _ => Rooms::default(),
        };
        Ok(self.means_with(owner, rooms))
    }

    fn means_with(&self, owner: Option<CrmId>, rooms: Rooms) -> Means<'_> {
        Means { names: &self.writing.names, contact_name: self.writing.contact_name.as_deref(), owner, rooms }
    }

    /// Makes what an order's first part makes.
    async fn make(&self, order: &Order) -> Result<Receipt, Failure> {
        let means = self.means(order, self.owner(order).await?).await?;
        let made = made(order, &means)?;
        let receipt = Receipt { id: made.id.to_string(), whole: made.completed.is_none() };
        let url = path::one(&self.reader.session.base, made.set, made.id);
        let nameless = matches!(made.set, "contacts" | "leads") && made.body.get("lastname").is_none();
        let reply = self.reader.session.ask(&Question::make(url, made.body)).await?;
        if status::is_there_already(&reply) {
            return Ok(receipt);
        }
        match status::written(&reply) {
            Ok(()) => Ok(receipt),
            Err(Failure::Refused { reason }) if nameless => {
                let hint = "where the organization demands a last name, the setting crm.contact_name gives one";
                Err(Failure::Refused { reason: format!("{reason} ({hint})") })
            }
            Err(failure) => Err(failure),
        }
    }

    /// Sets the state of an activity. One that is in it already is what was wanted, whatever the vendor says to a second
    /// time.
    async fn set_state(&self, set: &str, id: CrmId, body: serde_json::Value) -> Result<(), Failure> {
        let wanted = body.get(path::STATE).and_then(serde_json::Value::as_i64);
        let url = path::one(&self.reader.session.base, set, id);
        let reply = self.reader.session.ask(&Question::change(url, body)).await?;
        let failure = match status::written(&reply) {
            Err(failure) if status::write_refused(&reply) => failure,
            other => return other,
        };
        match self.state(set, id).await? {
            state if state.is_some() && state == wanted => Ok(()),
            _ => Err(failure),
        }
    }

    async fn state(&self, set: &str, id: CrmId) -> Result<Option<i64>, Failure> {
        let row = self.stored(set, id, &[path::STATE]).await?;
        Ok(row.and_then(|row| row.get(path::STATE).and_then(serde_json::Value::as_i64)))
    }

    /// These columns of a record; `None` where it is not there.
    async fn stored(&self, set: &str, id: CrmId, columns: &[&str]) -> Result<Option<Row>, Failure> {
        let url = path::columns_of(&self.reader.session.base, set, id, columns);
        let reply = self.reader.session.ask(&Question::unhurried(url)).await?;
        if status::is_gone(&reply) {
            return Ok(None);
        }
        status::judge(&reply).map(Some)
    }

    /// Writes to a record that is there.
    async fn change(&self, set: &str, id: CrmId, body: serde_json::Value) -> Result<(), Failure> {
        let url = path::one(&self.reader.session.base, set, id);
        status::written(&self.reader.session.ask(&Question::change(url, body)).await?)
    }

    /// What an update has to write onto the entity of this part. `None`: nothing.
    async fn update(&self, order: &Order, link: &Link) -> Result<Option<serde_json::Value>, Failure> {
        let Action::Update { fields, .. } = &order.action else { return Ok(None) };
        let (kind, means) = (link.kind, self.means_with(None, self.rooms(link.kind, fields).await?));
        let update = Update { kind, order, means: &means, custom: &self.reader.custom };
        let columns = update.columns();
        if columns.is_empty() {
            return Ok(None);
        }
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let stored = self.stored(path::table(kind).set, link.id, &columns).await?;
        let changes = update.changes(&stored.ok_or_else(|| gone(kind.word(), link.id))?);
        Ok((!changes.is_empty()).then(|| changes.into()))
    }

    /// The thing that is amended, its id, and what comes next.
    async fn amendment(&self, order: &Order, parts: usize) -> Result<(&'static str, CrmId, Step), Failure> {
        let Action::Amend { id, to } = &order.action else { return Err(no_part()) };
        let id = CrmId::parse(id).ok_or_else(|| order::refused("expected the id of what was made, found none"))?;
        let thing = Thing::of(to, order, &self.writing.names)?;
        let stored = self.stored(thing.set, id, &thing.columns()).await?.ok_or_else(|| gone(to.word(), id))?;
        Ok((thing.set, id, thing.next(&stored, parts)?))
    }

    async fn amend(&self, order: &Order, parts: usize) -> Result<Receipt, Failure> {
        let (set, id, step) = self.amendment(order, parts).await?;
        let whole = match step {
            Step::Done => true,
            Step::Open(body) => {
                self.set_state(set, id, body).await?;
                false
            }
            Step::Write(body, whole) => {
                self.change(set, id, body).await?;
                whole
            }
            Step::Close(status) => {
                self.set_state(set, id, order::completion(status)).await?;
                true
            }
        };
        Ok(Receipt { id: id.to_string(), whole })
    }
}

/// The entity that is written by the part after these, and whether it is the last.
fn updated<'a>(order: &'a Order, parts: &[String]) -> Result<(&'a Link, bool), Failure> {
    let link = order.on.get(parts.len()).ok_or_else(no_part)?;
    Ok((link, parts.len() + 1 == order.on.len()))
}

/// Where and how the second part of an order completes what the first one made.
fn completion(order: &Order, parts: &[String]) -> Option<(&'static str, i64)> {
    match (&order.action, parts.len()) {
        (Action::Task { completed: true, .. }, 1) => Some((path::TASKS, path::TASK_COMPLETED)),
        (Action::Call { .. }, 1) => Some((path::PHONE_CALLS, order::call_status(order.call.direction))),
        _ => None,
    }
}

/// The set of what the first part makes.
fn made_in(action: &Action) -> Option<(&'static str, bool)> {
    match action {
        Action::Create { kind, .. } => Some((path::table(*kind).set, true)),
        Action::Task { completed, .. } => Some((path::TASKS, !completed)),
        Action::Call { .. } => Some((path::PHONE_CALLS, false)),
        Action::Note { .. } => Some((path::NOTES, true)),
        Action::Update { .. } | Action::Amend { .. } => None,
    }
}

fn no_part() -> Failure {
    order::refused("expected another part of the order, found none")
}

fn gone(what: &str, id: CrmId) -> Failure {
    Failure::Refused { reason: format!("the {what} {id} is not in the CRM any more, or not the application's to see") }
}

#[async_trait]
impl Writer for Scribe {
    /// # Cost
    /// See [`SmartCrm::look_for`].
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        self.reader.look_for(look, &self.writing.names).await
    }

    /// # Cost
    /// One request. An update and an amendment read first; a name in `crm.system_user` is asked for once; a state that the
    /// vendor will not set again is read.
    async fn perform(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure> {
        match &order.action {
            Action::Amend { .. } => self.amend(order, parts.len()).await,
            Action::Update { .. } => {
                let (link, whole) = updated(order, parts)?;
                if let Some(body) = self.update(order, link).await? {
                    self.change(path::table(link.kind).set, link.id, body).await?;
                }
                Ok(Receipt { id: link.id.to_string(), whole })
            }
            _ if parts.is_empty() => self.make(order).await,
            _ => {
                let (set, status) = completion(order, parts).ok_or_else(no_part)?;
                let id = order::id(order);
                self.set_state(set, id, order::completion(status)).await?;
                Ok(Receipt { id: id.to_string(), whole: true })
            }
        }
    }

    /// Reads by id, from the database: nothing of this vendor's lags.
    ///
    /// # Cost
    /// One request.
    async fn find(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure> {
        let id = order::id(order);
        match &order.action {
            Action::Amend { .. } => {
                let (_, id, step) = self.amendment(order, parts.len()).await?;
                let receipt = |whole| Some(Receipt { id: id.to_string(), whole });
                Ok(match step {
                    Step::Done => receipt(true),
                    Step::Close(_) if parts.len() < 2 => receipt(false),
                    Step::Open(_) | Step::Write(..) | Step::Close(_) => None,
                })
            }
            Action::Update { .. } => {
                let (link, whole) = updated(order, parts)?;
                let written = self.update(order, link).await?.is_none();
                Ok(written.then(|| Receipt { id: link.id.to_string(), whole }))
            }
            action if parts.is_empty() => {
                let (set, whole) = made_in(action).ok_or_else(no_part)?;
                let key = key(set);
                let found = self.stored(set, id, &[key]).await?;
                Ok(found.map(|_| Receipt { id: id.to_string(), whole }))
            }
            _ => {
                let (set, _) = completion(order, parts).ok_or_else(no_part)?;
                let done = self.state(set, id).await? == Some(path::COMPLETED);
                Ok(done.then(|| Receipt { id: id.to_string(), whole: true }))
            }
        }
    }

    async fn check(&self) -> Result<(), Failure> {
        let url = path::at(&self.reader.session.base, path::WHO_AM_I);
        status::passed(&self.reader.session.ask(&Question::unhurried(url)).await?)
    }

    async fn fields(&self) -> Result<Vec<FieldState>, Failure> {
        self.configured_fields().await
    }

    async fn make_field(&self, field: &FieldState) -> Result<(), Failure> {
        let FieldState { of, name, .. } = field;
        Err(Failure::Refused { reason: format!("the column {name} of {of}: {}", fields::BY_HAND) })
    }
}

/// The column of a set's own id.
fn key(set: &str) -> &'static str {
    match path::TABLES.iter().find(|table| table.set == set) {
        Some(table) => table.id,
        None if set == path::NOTES => "annotationid",
        None => "activityid",
    }
}
