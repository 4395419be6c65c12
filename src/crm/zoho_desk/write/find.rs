//! Whether something was made although its answer was lost.
//!
//! Lists read the database, and so does one thing by its id; the search reads an index that lags, and is asked only where
//! a list is too long to be read to the call's beginning. A list tells neither the mark's field nor the description: who
//! may be it is read by its id.

use serde_json::Value;
use url::Url;

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::quota::Purpose;
use crate::crm::writer::{Order, Receipt};
use crate::crm::zoho_desk::{
    path::{self, Newest, NumberField, Operation},
    portal::Question,
    read::no_such,
    status,
    wire::List,
    write::{
        DeskWriter,
        request::{self, first, refused},
        told::{Comment, Listed, Maybe, Whole},
    },
};
use crate::model::{action::Action, client::Kind, ids::CrmId};

/// How far the vendor's clock may be behind ours: what was made after the call began may be stamped before it.
const BEHIND_S: i64 = 600;
/// What a call that does not say when it began is taken for.
const LONG_AGO_S: i64 = 7 * 86_400;
/// Pages of a list that are read back to the call's beginning.
const MOST_PAGES: usize = 10;
/// Records of a page that the next one reads again: something may have gone in between.
const OVERLAP: usize = 10;
/// Things that may be it, each of them read.
const MOST_CANDIDATES: usize = 50;

/// Where something that was made is listed, and how it is read by itself.
struct Lists {
    list: Url,
    cost: u64,
    newest: Newest,
    limit: usize,
    one: Operation,
}

impl DeskWriter {
    /// What the order made, by its mark.
    pub(super) async fn find_made(&self, order: &Order) -> Result<Option<Receipt>, Failure> {
        if let Action::Note { .. } = order.action {
            return self.find_comment(order).await;
        }
        let (owner, lists) = self.lists(order)?;
        let (mut candidates, whole) = self.candidates(order, &lists).await?;
        if !whole {
            candidates.extend(self.searched(order).await?);
        }
        if candidates.len() > MOST_CANDIDATES {
            return Err(unsure("more that may be it than can be read"));
        }
        for id in candidates {
            let there: Option<Whole> = self.read_one(lists.one, &[id]).await?;
            if there.is_some_and(|there| self.is_marked(&there, owner, order)) {
                return Ok(Some(Receipt { id: id.to_string(), whole: true }));
            }
        }
        Ok(None)
    }

    fn is_marked(&self, there: &Whole, owner: &str, order: &Order) -> bool {
        let mark = order.mark.as_str();
        let in_field = self.names.of(owner, Meaning::Mark).is_some_and(|name| there.custom(name) == mark);
        in_field || there.description.as_deref().is_some_and(|text| text.contains(mark))
    }

    fn lists(&self, order: &Order) -> Result<(&'static str, Lists), Failure> {
        let base = &self.desk.portal.base;
        let lists = |operation: Operation, ids: &[CrmId], one| Lists {
            list: path::of_these(base, operation, ids),
            cost: operation.cost,
            newest: Newest::Created,
            limit: path::PAGE,
            one,
        };
        let ticket = first(&order.on, Kind::Ticket);
        Ok(match &order.action {
            Action::Create { kind: Kind::Ticket, .. } => {
                let contact =
                    first(&order.on, Kind::Contact).ok_or_else(|| refused("expected a contact, found none"))?;
                let one = path::one_of(Kind::Ticket).ok_or_else(|| no_such(Kind::Ticket))?;
                ("ticket", Lists { newest: Newest::AsItIs, ..lists(path::TICKETS_OF_CONTACT, &[contact], one) })
            }
            Action::Create { kind, .. } => {
                let known = path::list_of(*kind).zip(path::one_of(*kind)).ok_or_else(|| no_such(*kind))?;
                (request::of(*kind), lists(known.0, &[], known.1))
            }
            Action::Task { .. } => match ticket {
                Some(ticket) => ("task", lists(path::TASKS_OF_TICKET, &[ticket], path::TASK)),
                None => ("task", lists(path::TASKS_LIST, &[], path::TASK)),
            },
            Action::Call { .. } => {
                let of_call = match ticket {
                    Some(ticket) => lists(path::CALLS_OF_TICKET, &[ticket], path::CALL),
                    None => lists(path::CALLS_LIST, &[], path::CALL),
                };
                ("call", Lists { limit: path::CALLS_PAGE, ..of_call })
            }
            _ => return Err(refused("expected something that is made, found something else")),
        })
    }

    /// Those of a list that were made since the call and may be it; and whether it was read that far.
    async fn candidates(&self, order: &Order, lists: &Lists) -> Result<(Vec<CrmId>, bool), Failure> {
        let now_s = self.desk.portal.tools.clock.now_s();
        let since_s = order.call.started.map_or(now_s - LONG_AGO_S, jiff::Timestamp::as_second) - BEHIND_S;
        // In an order that nobody describes the end of a list is the only end.
        let in_order = lists.newest != Newest::AsItIs;
        let mut candidates = Vec::new();
        let wanted = self.contact_of(order)?;
        for page in 0..MOST_PAGES {
            let from = page * (lists.limit - OVERLAP);
            let url = path::listed(lists.list.clone(), lists.newest, from, lists.limit);
            let Some(listed) = self.list::<Listed>(lists.cost, url).await? else { return Ok((candidates, true)) };
            let past = listed.iter().any(|one| one.created_s().is_some_and(|at| at < since_s));
            let last = listed.len() < lists.limit || in_order && past;
            let recent =
                |one: &&Listed| one.created_s().is_none_or(|at| at >= since_s) && may_be(order, wanted.as_ref(), one);
            for id in listed.iter().filter(recent).filter_map(|one| one.id) {
                if !candidates.contains(&id) {
                    candidates.push(id);
                }
            }
            if last {
                return Ok((candidates, true));
            }
        }
        Ok((candidates, false))
    }

    /// The contact that an order makes.
    fn contact_of(&self, order: &Order) -> Result<Option<Value>, Failure> {
        match &order.action {
            Action::Create { kind: Kind::Contact, .. } => Ok(Some(self.words(None).request_for(order)?.body)),
            _ => Ok(None),
        }
    }

    /// Who has the number, or the e-mail, where the list of contacts is too long. The index has seen what is behind so many others.
    async fn searched(&self, order: &Order) -> Result<Vec<CrmId>, Failure> {
        let wanted = self.contact_of(order)?.unwrap_or_default();
        let base = &self.desk.portal.base;
        let search = path::search_of(Kind::Contact).ok_or_else(|| no_such(Kind::Contact))?;
        let url = match (wanted["phone"].as_str(), wanted["email"].as_str()) {
            (Some(phone), _) => path::by_number(base, search, NumberField::Phone, &[phone.to_owned()]),
            (None, Some(email)) => path::by_email(base, email),
            (None, None) => return Err(unsure("a list that is too long to be read back to the call")),
        };
        let found = self.list::<Listed>(search.cost, url).await?.unwrap_or_default();
        Ok(found.into_iter().filter_map(|one| one.id).collect())
    }

    async fn find_comment(&self, order: &Order) -> Result<Option<Receipt>, Failure> {
        let (kind, on) = request::noted(order)?;
        let operation = if kind == Kind::Ticket { path::TICKET_COMMENTS_LIST } else { path::CONTACT_COMMENTS_LIST };
        let list = path::of_these(&self.desk.portal.base, operation, &[on]);
        for page in 0..MOST_PAGES {
            let from = page * (path::PAGE - OVERLAP);
            let url = path::listed(list.clone(), Newest::Commented, from, path::PAGE);
            let Some(comments) = self.list::<Comment>(operation.cost, url).await? else { return Ok(None) };
            let ours = |one: &&Comment| one.content.as_deref().is_some_and(|text| text.contains(order.mark.as_str()));
            if let Some(id) = comments.iter().find(ours).and_then(|one| one.id) {
                return Ok(Some(Receipt { id: id.to_string(), whole: true }));
            }
            if comments.len() < path::PAGE {
                return Ok(None);
            }
        }
        Err(unsure("more comments than can be read"))
    }

    /// A page of a list; `None` where what it is a list of is gone.
    pub(super) async fn list<T: serde::de::DeserializeOwned>(
        &self,
        cost: u64,
        url: Url,
    ) -> Result<Option<Vec<T>>, Failure> {
        let question = Question::background(Purpose::Write, cost, url);
        let reply = self.desk.portal.reply_to(&question).await?;
        if status::says_gone(&reply) {
            return Ok(None);
        }
        let list: List<T> = status::judge(&reply)?;
        Ok(Some(list.data))
    }

    /// One thing by itself; `None` where it is gone.
    pub(super) async fn read_one<T: serde::de::DeserializeOwned>(
        &self,
        operation: Operation,
        ids: &[CrmId],
    ) -> Result<Option<T>, Failure> {
        let url = path::of_these(&self.desk.portal.base, operation, ids);
        let reply = self.desk.portal.reply_to(&Question::background(Purpose::Write, operation.cost, url)).await?;
        if status::says_gone(&reply) {
            return Ok(None);
        }
        let one: Maybe<T> = status::judge(&reply)?;
        Ok(one.0)
    }
}

/// Whether what a list tells does not say otherwise. Subjects are not compared: the vendor may have changed a letter.
/// `wanted`: what a contact was to be.
fn may_be(order: &Order, wanted: Option<&Value>, one: &Listed) -> bool {
    let digits = |text: Option<&str>| text.unwrap_or_default().chars().filter(char::is_ascii_digit).collect::<String>();
    match (&order.action, wanted) {
        (_, Some(wanted)) => {
            let phone =
                wanted["phone"].as_str().is_none_or(|phone| digits(Some(phone)) == digits(one.phone.as_deref()));
            // Without its e-mail it was made where another contact has that.
            let other = one.email.as_deref().filter(|email| !email.is_empty()).zip(wanted["email"].as_str());
            phone && other.is_none_or(|(there, wanted)| there.to_lowercase() == wanted.to_lowercase())
        }
        (Action::Create { .. }, None) => true,
        _ => first(&order.on, Kind::Contact).is_none_or(|contact| one.contact_id == Some(contact)),
    }
}

fn unsure(found: &str) -> Failure {
    Failure::Unclear { reason: format!("expected to find whether it was made, found {found}") }
}
