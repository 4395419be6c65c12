//! Writing. What is written where, and by what it is found again, says the adapter's own page.

mod fields;
mod fill;
mod find;
mod look;
mod request;
mod sought;
mod text;
pub(super) mod told;
mod unsent;
mod update;

#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use crate::config::FieldNames;
use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::quota::Purpose;
use crate::crm::writer::{FieldState, Look, Order, Receipt, Writer};
use crate::crm::zoho_desk::{
    path,
    portal::{NoReply, Question},
    read::{Desk, no_such},
    status,
    wire::List,
    write::{
        request::{Wanted, Words, first, refused},
        sought::Sought,
        told::{Department, Organization, Whole, Written},
        unsent::{MOST_TIMES, Unsent, without},
        update::What,
    },
};
use crate::model::{action::Action, client::Kind, ids::CrmId};
use crate::outbound::Reply;

/// How long a request whose answer was lost may still be under way at the vendor. Lists show at once what was written.
const UNDER_WAY: Duration = Duration::from_secs(10);

/// How long the search may take to show a contact who has an e-mail.
const INDEXED: Duration = Duration::from_secs(60);

/// The writer of one portal.
pub(super) struct DeskWriter {
    desk: Desk,
    names: FieldNames,
    contact_name: Option<String>,
    /// Where tickets, tasks and calls go; empty until it was asked for, and again when it was refused.
    department: Mutex<Option<CrmId>>,
}

impl DeskWriter {
    pub(super) const fn new(desk: Desk, names: FieldNames, contact_name: Option<String>) -> Self {
        Self { desk, names, contact_name, department: Mutex::new(None) }
    }

    fn words(&self, department: Option<CrmId>) -> Words<'_> {
        let now_s = self.desk.portal.tools.clock.now_s();
        let now = jiff::Timestamp::from_second(now_s).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Words { names: &self.names, contact_name: self.contact_name.as_deref(), department, now }
    }

    fn department(&self) -> MutexGuard<'_, Option<CrmId>> {
        self.department.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The department of what the order makes: its ticket's, else the portal's default one, else the first that is
    /// enabled. `None` for what is in none.
    async fn department_of(&self, order: &Order) -> Result<Option<CrmId>, Failure> {
        let ticket = match order.action {
            Action::Task { .. } | Action::Call { .. } => first(&order.on, Kind::Ticket),
            Action::Create { kind: Kind::Ticket, .. } => None,
            _ => return Ok(None),
        };
        if let Some(ticket) = ticket {
            let operation = path::one_of(Kind::Ticket).ok_or_else(|| no_such(Kind::Ticket))?;
            let there: Option<Whole> = self.read_one(operation, &[ticket]).await?;
            let there = there.ok_or_else(|| refused("expected the ticket that it hangs on, found that it is gone"))?;
            return Ok(there.department_id);
        }
        if let Some(known) = *self.department() {
            return Ok(Some(known));
        }
        let url = path::departments(&self.desk.portal.base);
        let question = Question::background(Purpose::Write, path::DEPARTMENTS.cost, url);
        let list: List<Department> = status::judge(&self.desk.portal.reply_to(&question).await?)?;
        let enabled = || list.data.iter().filter(|one| one.is_enabled != Some(false));
        let chosen = enabled().find(|one| one.is_default == Some(true)).or_else(|| enabled().next());
        let chosen = chosen.and_then(|one| one.id);
        *self.department() = chosen;
        Ok(chosen)
    }

    /// Sends a request that writes; what came back.
    async fn write<T: DeserializeOwned + Default>(&self, question: &Question) -> Result<T, Failure> {
        status::judge_write(&self.written(question).await?)
    }

    async fn written(&self, question: &Question) -> Result<Reply, Failure> {
        self.desk.portal.reply_to(question).await.map_err(|none| match none {
            // The vendor has acted: only what it says of it is too much.
            NoReply::TooLarge(failure) => Failure::Unclear { reason: failure.to_string() },
            NoReply::Failed(failure) => failure,
        })
    }

    /// Sends it; without its e-mail where that is another contact's, so that nothing else of it is lost.
    async fn send(&self, wanted: Wanted) -> Result<CrmId, Unsent> {
        if let Some(id) = self.sent(&wanted).await? {
            return Ok(id);
        }
        let mut wanted = wanted;
        wanted.body.as_object_mut().map(|body| body.remove("email"));
        self.sent(&wanted).await?.ok_or_else(|| email_taken().into())
    }

    /// Sends it; `None` where the vendor refuses it since its e-mail is another contact's.
    async fn sent(&self, wanted: &Wanted) -> Result<Option<CrmId>, Unsent> {
        let Wanted { method, operation, ids, body } = wanted;
        let url = path::of_these(&self.desk.portal.base, *operation, ids);
        let reply = self.written(&Question::writing(*method, operation.cost, url, body.clone())).await?;
        if body.get("email").is_some() && status::is_duplicate(&reply, "/email") {
            return Ok(None);
        }
        let why = |failure| Unsent { failure, fields: status::refused_fields(&reply) };
        let written: Written = status::judge_write(&reply).map_err(why)?;
        let nameless = || Failure::Unclear { reason: "expected the id of what was written, found none".to_owned() };
        written.id.map(Some).ok_or_else(|| nameless().into())
    }

    /// The one request of an order that is no update.
    async fn make(&self, order: &Order) -> Result<Receipt, Unsent> {
        let department = self.department_of(order).await?;
        let wanted = self.words(department).request_for(order)?;
        let by_email =
            matches!(&order.action, Action::Create { kind: Kind::Contact, .. }) && order.call.client.is_none();
        let sent = if by_email { self.send_whole(wanted).await } else { self.send(wanted).await };
        if let Err(Unsent { failure: Failure::Refused { .. }, fields }) = &sent
            && (fields.is_empty() || fields.iter().any(|name| name == "departmentId"))
        {
            // It may have been the department, which somebody has switched off.
            *self.department() = None;
        }
        Ok(Receipt { id: sent?.to_string(), whole: true })
    }

    /// Makes a contact who has nothing but an e-mail. Where somebody has that already, it is them: the search did not show
    /// them when it was asked.
    async fn send_whole(&self, wanted: Wanted) -> Result<CrmId, Unsent> {
        if let Some(id) = self.sent(&wanted).await? {
            return Ok(id);
        }
        let email = wanted.body["email"].as_str().unwrap_or_default().to_lowercase();
        let theirs = self.who_have(&Sought::Email(email), Default::default()).await?;
        let unseen = || Failure::Wait {
            reason: "expected nobody with that e-mail, found that a contact has it whom the search does not show yet"
                .to_owned(),
            after: Some(INDEXED),
        };
        theirs.first().map(|contact| contact.id).ok_or_else(|| unseen().into())
    }

    /// Writes it as it is ordered.
    async fn attempt(&self, order: &Order, parts: &[String]) -> Result<Receipt, Unsent> {
        match (What::of(&order.action), &order.action) {
            (Some(what), _) => self.update(order, what, parts).await,
            (None, Action::Amend { .. }) => self.amend(order).await,
            (None, _) => self.make(order).await,
        }
    }

    /// Brings the recording to what was made. What people wrote into its text since stays, and so does our mark.
    async fn amend(&self, order: &Order) -> Result<Receipt, Unsent> {
        let mut wanted = self.words(None).request_for(order)?;
        let id = wanted.ids.last().map(ToString::to_string).unwrap_or_default();
        let there: Option<told::Text> = self.read_one(wanted.operation, &wanted.ids).await?;
        let there = there.ok_or_else(|| refused("expected what is amended, found that it is gone"))?;
        let Some(link) = &order.call.recording else { return Ok(Receipt { id, whole: true }) };
        let added = text::with_link(there.text(), link, is_html(wanted.operation));
        let has_fields = wanted.body.get("cf").is_some();
        if let Some(body) = wanted.body.as_object_mut() {
            let name = if body.contains_key("content") { "content" } else { "description" };
            match &added {
                Some(text) => body.insert(name.to_owned(), text.as_str().into()),
                None => body.remove(name),
            };
        }
        if added.is_some() || has_fields {
            self.send(wanted).await?;
        }
        Ok(Receipt { id, whole: true })
    }

    /// Whether what is amended says it already.
    async fn find_amendment(&self, order: &Order) -> Result<Option<Receipt>, Failure> {
        let Wanted { operation, ids, body, .. } = self.words(None).request_for(order)?;
        let Some(id) = ids.last() else { return Ok(None) };
        let there: Option<told::Text> = self.read_one(operation, &ids).await?;
        let has_link = |there: &told::Text| {
            let link = order.call.recording.as_deref();
            link.is_none_or(|link| text::with_link(there.text(), link, is_html(operation)).is_none())
        };
        let has_it = |there: &told::Text| has_link(there) && there.has_fields(&body["cf"]);
        Ok(there.filter(has_it).map(|_| Receipt { id: id.to_string(), whole: true }))
    }
}

fn email_taken() -> Failure {
    refused("expected an e-mail of their own, found that another contact has it")
}

/// A ticket's description is HTML; of a task's and a call's nobody says so, and our comments say that they are not.
fn is_html(operation: path::Operation) -> bool {
    path::one_of(Kind::Ticket) == Some(operation)
}

#[async_trait]
impl Writer for DeskWriter {
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        self.look_for(look).await
    }

    /// # Cost
    /// 1 credit; 1 more where it hangs on a ticket, sets UTM marks or the client's own data, or its e-mail is another
    /// contact's; 3 once for the departments. The same again, at most five times, where values of a form are refused.
    async fn perform(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure> {
        let mut order = Cow::Borrowed(order);
        for again in 1..=MOST_TIMES {
            match self.attempt(&order, parts).await {
                Ok(receipt) => return Ok(receipt),
                Err(unsent) => order = Cow::Owned(without(&order, unsent, again == MOST_TIMES)?),
            }
        }
        Ok(self.attempt(&order, parts).await?)
    }

    /// # Cost
    /// 3 credits a page of a list, 1 for each thing that may be it.
    async fn find(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure> {
        match (What::of(&order.action), &order.action) {
            (Some(what), _) => self.find_update(order, what, parts).await,
            (None, Action::Amend { .. }) => self.find_amendment(order).await,
            (None, _) => self.find_made(order).await,
        }
    }

    fn settles_within(&self, _: &Order, _: &[String]) -> Duration {
        UNDER_WAY
    }

    /// # Cost
    /// 1 credit.
    async fn check(&self) -> Result<(), Failure> {
        let url = path::at(&self.desk.portal.base, path::ORGANIZATIONS);
        let question = Question::background(Purpose::Write, path::ORGANIZATIONS.cost, url);
        let list: List<Organization> = status::judge(&self.desk.portal.reply_to(&question).await?)?;
        let ours = |one: &Organization| one.id.is_some_and(|id| id.to_string() == self.desk.portal.org_id);
        if list.data.iter().any(ours) {
            return Ok(());
        }
        let reason = "expected the portal of crm.org_id among those of the credentials, found others".to_owned();
        Err(Failure::Credentials { reason })
    }

    async fn fields(&self) -> Result<Vec<FieldState>, Failure> {
        self.field_states().await
    }

    async fn make_field(&self, field: &FieldState) -> Result<(), Failure> {
        self.make_one(field).await
    }
}
