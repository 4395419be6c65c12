//! Writing: one record per request, so that every answer is about one thing. What is written: [`body`]. Looking for what
//! was written although its answer was lost: [`find`].

pub(super) mod body;
mod fields;
mod fill;
mod find;
mod look;
pub(super) mod shape;
pub(super) mod stage;
pub(super) mod text;
pub(super) mod update;

pub(super) use fields::{is_entity, is_written};

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::FieldNames;
use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::writer::{FieldState, Look, Order, Receipt, Writer};
use crate::crm::zoho_crm::{
    api::{Payer, Question},
    path::{self, NOTES},
    read::Zoho,
    status,
    wire::{Rows, Users},
    write::{
        body::{Ground, Row},
        shape::{Shape, Shapes, nothing_of},
        stage::{FirstStage, FirstStages},
        update::What,
    },
};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
};
use crate::outbound::Method;

/// How long a request whose answer was lost may still be at work. What is written is read from the database: there is no
/// lag to wait for besides.
const AT_WORK: Duration = Duration::from_secs(10);

/// The writer of one account.
pub(super) struct Pen {
    zoho: Zoho,
    names: FieldNames,
    contact_name: Option<String>,
    shapes: Shapes,
    stages: FirstStages,
}

impl Pen {
    pub(super) fn new(zoho: Zoho, names: FieldNames, contact_name: Option<String>) -> Self {
        Self { zoho, names, contact_name, shapes: Shapes::default(), stages: FirstStages::default() }
    }

    fn ground<'g>(&'g self, shape: &'g Shape, first: Option<&'g FirstStage>) -> Ground<'g> {
        let now = Timestamp::from_second(self.zoho.api.tools.clock.now_s()).unwrap_or(Timestamp::UNIX_EPOCH);
        Ground { names: &self.names, contact_name: self.contact_name.as_deref(), shape, first, now }
    }

    async fn shape(&self, owner: &str) -> Result<Arc<Shape>, Failure> {
        self.shapes.of(&self.zoho.api, owner).await
    }

    /// Sends what changes something; `mark`: the field by whose uniqueness the vendor may tell that it is there already.
    async fn send(&self, method: Method, url: url::Url, body: Value, mark: Option<&str>) -> Result<u64, Failure> {
        let question = Question::sending(method, url, Some(body));
        status::written(&self.zoho.api.reply_to(Payer::WRITE, &question).await?, mark)
    }

    /// Makes an entity, a task or a call.
    async fn make(&self, order: &Order) -> Result<Receipt, Failure> {
        let unknown = || nothing_of(order.action.word());
        let (owner, module) = body::owner(&order.action).zip(body::module(&order.action)).ok_or_else(unknown)?;
        let shape = self.shape(owner).await?;
        let is_deal = matches!(order.action, Action::Create { kind: Kind::Deal, .. });
        let first = if is_deal { Some(self.stages.of(&self.zoho.api).await?) } else { None };
        let row = body::made(order, &self.ground(&shape, first.as_deref()))?;
        let mark = shape.mark(&self.names, owner).filter(|(_, unique)| *unique).map(|(name, _)| name);
        // The vendor upserts entities only; of tasks and calls a second one with the same mark is refused by its name.
        let upserts = matches!(order.action, Action::Create { .. });
        let base = &self.zoho.api.base;
        let (url, body) = match mark.filter(|_| upserts) {
            Some(mark) => (path::upserted(base, module), json!({"data": [row], "duplicate_check_fields": [mark]})),
            None => (path::made(base, module), json!({ "data": [row] })),
        };
        Ok(whole(self.send(Method::Post, url, body, mark).await?))
    }

    /// Writes a note onto the next of what it hangs on: a note of this vendor's hangs on one.
    async fn make_note(&self, order: &Order, text: &str, parts: &[String]) -> Result<Receipt, Failure> {
        let (link, module) = noted(order, parts)?;
        let row = json!({
            "Note_Content": body::note(order, text, true),
            "Parent_Id": {"module": {"api_name": module}, "id": link.id.to_string()},
        });
        let url = path::made(&self.zoho.api.base, NOTES);
        let id = self.send(Method::Post, url, json!({"data": [row]}), None).await?;
        Ok(Receipt { id: id.to_string(), whole: parts.len() + 1 >= order.on.len() })
    }

    async fn change(&self, module: &str, id: CrmId, row: Row) -> Result<u64, Failure> {
        let CrmId::Number(id) = id else { return Err(no_id(&id.to_string())) };
        let url = path::changed(&self.zoho.api.base, module, id);
        self.send(Method::Put, url, json!({ "data": [row] }), None).await
    }

    /// Brings the recording to something that was made.
    async fn amend(&self, order: &Order, (id, to): (&str, &Action), parts: &[String]) -> Result<Receipt, Failure> {
        let own = CrmId::parse(id).ok_or_else(|| no_id(id));
        let (module, text, mut row) = match to {
            Action::Update { utm, call, client, fields } => {
                let what = What { utm: *utm, call: *call, client: *client, fields };
                return self.update(order, what, parts).await;
            }
            Action::Note { .. } => (NOTES, "Note_Content", Row::new()),
            to => {
                let (owner, module) = body::owner(to).zip(body::module(to)).ok_or_else(|| nothing_of(to.word()))?;
                let shape = self.shape(owner).await?;
                (module, path::DESCRIPTION, body::amended(order, to, &self.ground(&shape, None))?)
            }
        };
        let own = own?;
        if let Some(link) = &order.call.recording {
            row.extend(self.with_link((module, own), text, link).await?);
        }
        if row.is_empty() {
            return Ok(Receipt { id: id.to_owned(), whole: true });
        }
        Ok(whole(self.change(module, own, row).await?))
    }

    /// The text with the link below it, where it has none yet: what people wrote since stays, and so does our mark.
    async fn with_link(&self, (module, id): (&str, CrmId), text: &str, link: &str) -> Result<Row, Failure> {
        let question = Question::page(path::by_id(&self.zoho.api.base, module, &format!("{text},{}", path::ID), &[id]));
        let rows: Option<Rows> = self.zoho.api.ask(Payer::WRITE, &question).await?;
        let row = rows.and_then(|rows| rows.data.into_iter().next());
        let gone = || Failure::Refused { reason: format!("expected {id} of {module}, found that it is there no more") };
        let row = row.ok_or_else(gone)?;
        let stored = row.text(text).unwrap_or_default();
        let added = (!stored.contains(link)).then(|| format!("{stored}\n{link}").trim_start().to_owned());
        Ok(added.map(|added| (text.to_owned(), json!(added))).into_iter().collect())
    }
}

/// What the next note hangs on.
fn noted(order: &Order, parts: &[String]) -> Result<(Link, &'static str), Failure> {
    let link = order.on.get(parts.len()).copied();
    link.and_then(|link| Some((link, path::module(link.kind)?))).ok_or_else(|| Failure::Refused {
        reason: "expected something that a note can hang on, found nothing of the kind".to_owned(),
    })
}

fn whole(id: u64) -> Receipt {
    Receipt { id: id.to_string(), whole: true }
}

fn no_id(id: &str) -> Failure {
    Failure::Refused {
        reason: format!("expected an id in digits, found {:?}", id.chars().take(40).collect::<String>()),
    }
}

#[async_trait]
impl Writer for Pen {
    /// # Cost
    /// As a live question; 1 credit more for every kind of what is known.
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        self.look_for(look).await
    }

    /// # Cost
    /// 1 credit, and now and then 1 to 3 for what the module is made of; for UTM marks and the client's own data 1 more.
    async fn perform(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure> {
        match &order.action {
            Action::Create { .. } | Action::Task { .. } | Action::Call { .. } => self.make(order).await,
            Action::Note { text } => self.make_note(order, text, parts).await,
            Action::Update { utm, call, client, fields } => {
                let what = What { utm: *utm, call: *call, client: *client, fields };
                self.update(order, what, parts).await
            }
            Action::Amend { id, to } => self.amend(order, (id, to), parts).await,
        }
    }

    /// What is only written again is never found: to write it once more does the same.
    ///
    /// # Cost
    /// 1 credit; without a field for the mark up to 3, of notes 1 for each 200.
    async fn find(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure> {
        match &order.action {
            Action::Note { .. } => self.find_note(order, parts).await,
            Action::Update { .. } | Action::Amend { .. } => Ok(None),
            Action::Create { .. } | Action::Task { .. } | Action::Call { .. } => self.find_made(order).await,
        }
    }

    fn settles_within(&self, order: &Order, _parts: &[String]) -> Duration {
        match order.action {
            Action::Update { .. } | Action::Amend { .. } => Duration::ZERO,
            _ => AT_WORK,
        }
    }

    /// # Cost
    /// 1 credit.
    async fn check(&self) -> Result<(), Failure> {
        let question = Question::page(path::users(&self.zoho.api.base, true, 1));
        self.zoho.api.ask::<Users>(Payer::WRITE, &question).await.map(drop)
    }

    /// # Cost
    /// 1 credit for each of six modules.
    async fn fields(&self) -> Result<Vec<FieldState>, Failure> {
        self.field_states().await
    }

    /// # Cost
    /// 2 credits.
    async fn make_field(&self, field: &FieldState) -> Result<(), Failure> {
        self.make_configured(field).await
    }
}
