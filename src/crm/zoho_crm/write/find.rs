//! Looking for what was made although its answer was lost: in the database, by query and by the lists of a record, never
//! in the search.

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::writer::{Order, Receipt};
use crate::crm::zoho_crm::{
    api::{Payer, Question},
    coql::{self, Query},
    path::{self, ACCOUNT, CONTACT, DESCRIPTION, EMAIL, PHONE, WHAT, WHO},
    status,
    wire::{Row, Rows},
    write::{
        Pen, body, noted,
        shape::{Shape, nothing_of},
        whole,
    },
};
use crate::model::{action::Action, client::Kind};

/// The telephone system's clock and the vendor's may differ, and a call may be longer than it says.
const SLACK_S: i64 = 86_400;
/// Where a call tells no beginning, what was made in the last week is looked at.
const WEEK_S: i64 = 7 * 86_400;
/// Pages of a record's notes that are read.
const MOST_PAGES: u32 = 10;

impl Pen {
    /// The entity, task or call with the order's mark: in its field, where there is one, else at the end of its text.
    pub(super) async fn find_made(&self, order: &Order) -> Result<Option<Receipt>, Failure> {
        let unknown = || nothing_of(order.action.word());
        let (owner, module) = body::owner(&order.action).zip(body::module(&order.action)).ok_or_else(unknown)?;
        let shape = self.shape(owner).await?;
        if let Some((field, _)) = shape.mark(&self.names, owner) {
            let query = coql::with_text(module, field, order.mark.as_str());
            let rows: Option<Rows> =
                self.zoho.api.ask(Payer::WRITE, &Question::query(&self.zoho.api.base, &query)).await?;
            let first = rows.and_then(|rows| rows.data.into_iter().next());
            return first.map(|row| row.id().map(whole)).transpose();
        }
        let since_s = order.call.started.map_or_else(
            || self.zoho.api.tools.clock.now_s().saturating_sub(WEEK_S),
            |at| at.as_second().saturating_sub(SLACK_S),
        );
        let linked = self.linked(order, (owner, &shape))?;
        let linked = linked.as_ref().map(|(field, value)| (field.as_str(), value.as_str()));
        let found = match self.made_since(&coql::made_since(module, linked, since_s)).await? {
            // A field that this account cannot be asked for, encrypted perhaps: everything new is looked at.
            None => self.made_since(&coql::made_since(module, None, since_s)).await?,
            found => found,
        };
        let Some(rows) = found else {
            return Err(Failure::Refused {
                reason: "expected an answer to a query, found that it is refused".to_owned(),
            });
        };
        let marked = |row: &&Row| row.text(DESCRIPTION).is_some_and(|text| text.contains(order.mark.as_str()));
        rows.data.iter().find(marked).map(|row| row.id().map(whole)).transpose()
    }

    /// The field that leads to few records among which the one is that an order makes, and what stands in it: what they
    /// hang on, else the number, the e-mail, the client's id, whichever was written.
    fn linked(&self, order: &Order, (owner, shape): (&str, &Shape)) -> Result<Option<(String, String)>, Failure> {
        let Action::Create { kind: Kind::Lead | Kind::Contact | Kind::Organization, .. } = &order.action else {
            return Ok(hung_on(order));
        };
        let row = body::made(order, &self.ground(shape, None))?;
        let id = shape.named(&self.names, owner, Meaning::ClientId);
        let id = id.filter(|name| shape.field(name).is_some_and(|field| field.holds == "text"));
        let written = |name: &str| Some((name.to_owned(), row.get(name)?.as_str()?.to_owned()));
        Ok([PHONE, EMAIL].into_iter().chain(id).find_map(written))
    }

    /// `None` where the vendor refuses the query.
    async fn made_since(&self, query: &Query) -> Result<Option<Rows>, Failure> {
        let question = Question::query(&self.zoho.api.base, query);
        let reply = self.zoho.api.reply_to(Payer::WRITE, &question).await?;
        if status::query_refused(&reply) {
            return Ok(None);
        }
        let none = || Rows { data: Vec::new(), info: Default::default() };
        Ok(Some(status::judge(&reply)?.unwrap_or_else(none)))
    }

    /// The note with the order's mark on what the next part hangs on.
    pub(super) async fn find_note(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure> {
        let (link, module) = noted(order, parts)?;
        for page in 1..=MOST_PAGES {
            let url = path::notes_of(&self.zoho.api.base, module, link.id, page);
            let Some(rows) = self.zoho.api.ask::<Rows>(Payer::WRITE, &Question::page(url)).await? else { break };
            for row in &rows.data {
                if row.text("Note_Content").is_some_and(|text| text.contains(order.mark.as_str())) {
                    let whole = parts.len() + 1 >= order.on.len();
                    return Ok(Some(Receipt { id: row.id()?.to_string(), whole }));
                }
            }
            if !rows.info.more_records {
                break;
            }
        }
        Ok(None)
    }
}

/// What a task, a call or a deal hangs on: a field, and what stands in it.
fn hung_on(order: &Order) -> Option<(String, String)> {
    let of = |field: &str, kind: Kind| {
        let link = order.on.iter().find(|link| link.kind == kind)?;
        Some((field.to_owned(), link.id.to_string()))
    };
    match &order.action {
        Action::Create { kind: Kind::Deal, .. } => {
            of(CONTACT, Kind::Contact).or_else(|| of(ACCOUNT, Kind::Organization))
        }
        Action::Task { .. } | Action::Call { .. } => of(WHAT, Kind::Lead)
            .or_else(|| of(WHO, Kind::Contact))
            .or_else(|| of(WHAT, Kind::Deal))
            .or_else(|| of(WHAT, Kind::Organization)),
        _ => None,
    }
}
