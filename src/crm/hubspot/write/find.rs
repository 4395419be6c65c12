//! Finding what was written although its answer was lost.

use std::{collections::BTreeSet, time::Duration};

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    links::associations,
    path,
    send::{Payer, Question},
    status,
    wire::{Answer, Object},
    write::{
        Writing,
        body::{self, Given, What},
        form,
    },
};
use crate::crm::writer::{Order, Receipt};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
};

/// What a search may not show yet.
///
/// # Source
/// The vendor says "a few moments"; its integrators wait a minute after a change.
const INDEX_LAG: Duration = Duration::from_secs(60);
/// How long a request whose answer was lost may still be under way at the vendor: what has no unique mark is not believed
/// missing before.
const UNDER_WAY: Duration = Duration::from_secs(10);

/// What was made minutes ago is among the newest thousand of what hangs on somebody.
const MOST_BATCHES: usize = 10;

impl Writing {
    /// The thing of an order that was made before.
    pub(super) async fn found(&self, order: &Order, what: What) -> Result<Option<Receipt>, Failure> {
        if let Some(field) = what.field(&self.names, Meaning::Mark) {
            return self.by_mark(order, what, field).await;
        }
        if what == What::Entity(Kind::Contact) {
            return self.contact_of(order).await;
        }
        let id = match (what.text(), anchor(order)) {
            (Some(text), Some(link)) => self.by_text(order, (what, text), link).await?,
            (Some(text), None) => self.by_search(order, (what, text)).await?,
            (None, link) => match (what, link) {
                (What::Entity(Kind::Lead), Some(link)) => self.lead_of(order, link).await?,
                _ => None,
            },
        };
        Ok(id.map(|id| Receipt { id: id.to_string(), whole: true }))
    }

    /// When [`Self::found`] shows what was made.
    pub(super) fn shown_after(&self, order: &Order, what: What) -> Duration {
        let marked = what.field(&self.names, Meaning::Mark).is_some();
        match (what, anchor(order)) {
            _ if marked => Duration::ZERO,
            (What::Entity(Kind::Contact), _) | (_, None) => INDEX_LAG,
            (_, Some(_)) => UNDER_WAY,
        }
    }

    /// By the unique property, from the vendor's database.
    pub(super) async fn by_mark(&self, order: &Order, what: What, field: &str) -> Result<Option<Receipt>, Failure> {
        let url = path::by_unique(&self.hubspot.sender.base, what.object(), field, order.mark.as_str());
        let reply = self.hubspot.sender.reply_to(Payer::WRITE, &Question::get(url)).await?;
        if reply.status == status::NOT_THERE {
            return Ok(None);
        }
        let object: Object = status::judge(&reply)?;
        Ok(object.id().map(|id| Receipt { id: id.to_string(), whole: true }))
    }

    /// By the mark in the text of what hangs on the same, from the vendor's database; the newest first.
    async fn by_text(&self, order: &Order, (what, text): (What, &str), link: Link) -> Result<Option<CrmId>, Failure> {
        let hanging = self.hanging(what, link).await?;
        for chunk in hanging.chunks(path::BATCH).take(MOST_BATCHES) {
            let objects = self.texts(what, text, chunk).await?;
            let marked =
                |object: &&Object| object.property(text).is_some_and(|told| told.contains(order.mark.as_str()));
            if let Some(id) = objects.iter().find(marked).and_then(Object::id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Ids of what hangs on a record, the newest first.
    async fn hanging(&self, what: What, link: Link) -> Result<Vec<CrmId>, Failure> {
        let ends = (path::object(link.kind), what.object());
        let found = associations(&self.hubspot.sender, Payer::WRITE, ends, &[link.id]).await?;
        let mut ids: Vec<CrmId> = found.into_values().flatten().collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    async fn texts(&self, what: What, name: &str, ids: &[CrmId]) -> Result<Vec<Object>, Failure> {
        let sender = &self.hubspot.sender;
        let question = Question::post(path::batch(&sender.base, what.object()), path::texts_body(&[name], ids));
        let answer: Answer<Object> = status::judge_batch(&sender.reply_to(Payer::WRITE, &question).await?)?;
        Ok(answer.results)
    }

    /// By the mark in the text, from the index.
    async fn by_search(&self, order: &Order, (what, text): (What, &str)) -> Result<Option<CrmId>, Failure> {
        let sender = &self.hubspot.sender;
        let question =
            Question::search(path::search(&sender.base, what.object()), path::marked(text, order.mark.as_str()));
        let answer: Answer<Object> = status::judge(&sender.reply_to(Payer::WRITE, &question).await?)?;
        let marked = answer
            .results
            .iter()
            .filter(|object| object.property(text).is_some_and(|told| told.contains(order.mark.as_str())));
        Ok(marked.filter_map(Object::id).max())
    }

    /// A lead has no text: it is the one of this name that the client got since the call began.
    async fn lead_of(&self, order: &Order, link: Link) -> Result<Option<CrmId>, Failure> {
        let Action::Create { kind, title, .. } = &order.action else { return Ok(None) };
        let hanging = self.hanging(What::Entity(*kind), link).await?;
        let title = super::text::title(title);
        let Some(newest) = hanging.chunks(path::BATCH).next() else { return Ok(None) };
        let objects = self.texts(What::Entity(*kind), path::LEAD_NAME, newest).await?;
        let ours = objects.iter().filter(|lead| {
            let named = title.is_empty() || lead.property(path::LEAD_NAME).is_some_and(|name| name == title);
            named && self.is_of_this_call(order, lead)
        });
        Ok(ours.filter_map(Object::id).max())
    }

    /// A contact has no text either: it is the one with the number that came since the call began. Where it was made by
    /// somebody else meanwhile, it is the client all the same.
    async fn by_number(&self, order: &Order) -> Result<Option<CrmId>, Failure> {
        let Some(number) = order.call.client else { return Ok(None) };
        let wanted = number.digits().to_string();
        let contacts = self.hubspot.carriers(Kind::Contact, number, Payer::WRITE).await?;
        let ours = contacts.iter().filter(|contact| {
            let typed = path::numbers(Kind::Contact).iter().filter_map(|name| contact.property(name));
            typed.map(|typed| digits(&typed)).any(|typed| typed == wanted) && self.is_of_this_call(order, contact)
        });
        Ok(ours.filter_map(Object::id).max())
    }

    /// The contact of an order: by its number, else by its e-mail or client id, else by its name. One that had the e-mail
    /// before is the client, too, since the vendor takes an e-mail once, and gets what it does not have yet.
    async fn contact_of(&self, order: &Order) -> Result<Option<Receipt>, Failure> {
        if let Some(id) = self.by_number(order).await? {
            return Ok(Some(Receipt { id: id.to_string(), whole: true }));
        }
        for wanted in form::sought(order, &self.names) {
            let holders = self.hubspot.holders(Kind::Contact, wanted, Payer::WRITE).await?;
            let ours = holders.iter().filter(|contact| self.is_of_this_call(order, contact));
            if let Some(id) = ours.filter_map(Object::id).max() {
                return Ok(Some(Receipt { id: id.to_string(), whole: true }));
            }
            if let Some(id) = holders.iter().filter(|_| wanted.is_unique()).find_map(Object::id) {
                return Ok(Some(Receipt { id: id.to_string(), whole: false }));
            }
        }
        Ok(self.by_name(order).await?.map(|id| Receipt { id: id.to_string(), whole: true }))
    }

    /// What has neither number nor e-mail is the contact of exactly this name that came since the form did and has the same
    /// client id or none, and neither of them either. Two of one name at one time, of whom nothing else is known, are taken
    /// for one.
    async fn by_name(&self, order: &Order) -> Result<Option<CrmId>, Failure> {
        let (None, Some(came)) = (order.call.client, order.call.started) else { return Ok(None) };
        let without = BTreeSet::from([path::EMAIL.to_owned()]);
        let (names, contact_name) = (&self.names, self.contact_name.as_deref());
        let given = Given { names, contact_name, stage: None, now: self.clock.now(), without: &without };
        let values = body::properties_for(order, &given);
        let names = path::names(Kind::Contact);
        let named = names.iter().find_map(|name| Some((*name, values.get(*name)?.as_str())));
        let Some(named) = named else { return Ok(None) };
        let client_id = What::Entity(Kind::Contact).field(&self.names, Meaning::ClientId);
        let numbers = path::numbers(Kind::Contact).iter().copied();
        let told: Vec<&str> = names.iter().copied().chain(numbers).chain([path::EMAIL]).chain(client_id).collect();
        let sender = &self.hubspot.sender;
        let body = path::holders_since(named, came.as_millisecond(), &told);
        let question = Question::search(path::search(&sender.base, path::object(Kind::Contact)), body);
        let answer: Answer<Object> = status::judge(&sender.reply_to(Payer::WRITE, &question).await?)?;
        let ours = answer.results.iter().filter(|contact| {
            let same = told.iter().all(|name| contact.property(name).as_ref() == values.get(*name));
            same && self.is_of_this_call(order, contact)
        });
        Ok(ours.filter_map(Object::id).max())
    }

    /// Made since the call began; of a call without a beginning, whenever.
    fn is_of_this_call(&self, order: &Order, object: &Object) -> bool {
        let began = order.call.started.map_or(i64::MIN, |started| started.as_millisecond());
        object.created_ms().is_none_or(|created| created >= began)
    }
}

/// What a thing is looked for by: what it hangs on.
fn anchor(order: &Order) -> Option<Link> {
    order.on.first().copied()
}

/// The digits of what somebody typed.
pub(super) fn digits(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_digit).collect()
}
