//! Writing: what a call leaves, and how what was written is found again. What the mark is of each thing stands in
//! [`super`].

pub(super) mod body;
mod fields;
mod find;
pub(super) mod form;
mod text;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::json;

use self::body::{Given, Values, What};
use crate::base::clock::Clock;
use crate::config::{FieldNames, Meaning};
use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    path,
    read::HubSpot,
    send::{Payer, Question},
    status::{self, Made},
    wire::{Answer, Label, Object},
    wrong::{self, MOST_LEFT_OUT},
};
use crate::crm::writer::{FieldState, Look, Order, Receipt, Writer};
use crate::model::{
    action::{Action, Link},
    client::Kind,
};
use crate::outbound::Reply;

/// A reply and what it came to.
type Sent = (Reply, Result<Made, Failure>);

/// Writes into one account.
pub(super) struct Writing {
    hubspot: HubSpot,
    names: FieldNames,
    contact_name: Option<String>,
    clock: Clock,
    /// Types of associations that were asked for; they do not change.
    types: Mutex<HashMap<(What, Kind), u32>>,
}

impl Writing {
    pub(super) fn new(hubspot: HubSpot, names: FieldNames, contact_name: Option<String>) -> Self {
        let clock = hubspot.sender.tools.clock;
        Self { hubspot, names, contact_name, clock, types: Mutex::default() }
    }

    fn base(&self) -> &url::Url {
        &self.hubspot.sender.base
    }

    /// Makes the thing of an order, in one request that the vendor carries out whole or not at all.
    ///
    /// With a mark of its own and nothing to hang on it is made or changed by that mark, whichever is right; the vendor's
    /// batch takes no associations. With something to hang on it is made, and a mark that is there already is refused by
    /// the vendor: then the thing is. What the vendor does not take of a form is left out and the rest sent again: it
    /// made nothing then.
    ///
    /// # Cost
    /// One request, up to three more where something is left out; one more per hour and kind for a deal's or ticket's first
    /// stage, and once for a lead's associations.
    async fn make(&self, order: &Order, what: What) -> Result<Receipt, Failure> {
        let mark_field = what.field(&self.names, Meaning::Mark);
        if mark_field.is_none() && order.on.is_empty() && matches!(what, What::Task | What::Call | What::Note) {
            let reason = "expected something that it hangs on, by which it can be found again, found nothing";
            return Err(Failure::Refused { reason: reason.to_owned() });
        }
        let stage = match what {
            What::Entity(kind) => self.hubspot.own.first_stage(&self.hubspot.sender, Payer::WRITE, kind).await?,
            _ => None,
        };
        let on = self.typed(what, &order.on).await?;
        let now = self.clock.now();
        let (names, contact_name) = (&self.names, self.contact_name.as_deref());
        let mut without = BTreeSet::new();
        let mut tries = 0;
        let made = loop {
            let given = Given { names, contact_name, stage: stage.clone(), now, without: &without };
            let values = body::properties_for(order, &given);
            let (reply, made) = self.send(order, what, &values, &on).await?;
            let is_forms =
                |name: &str| !without.contains(name) && Some(name) != mark_field && form::is_forms(&order.action, name);
            match made {
                Err(Failure::Refused { .. }) if tries < MOST_LEFT_OUT => {
                    let Some(names) = wrong::spared(wrong::wrong(&reply), is_forms) else { break made };
                    wrong::tell(what.object(), &names);
                    without.extend(names);
                    tries += 1;
                }
                made => break made,
            }
        };
        self.receipt(order, what, made).await
    }

    /// One try of [`Self::make`].
    async fn send(&self, order: &Order, what: What, values: &Values, on: &[(Link, u32)]) -> Result<Sent, Failure> {
        let sender = &self.hubspot.sender;
        match what.field(&self.names, Meaning::Mark).filter(|_| order.on.is_empty()) {
            Some(field) => {
                let question =
                    Question::post(path::upsert(self.base(), what.object()), body::upsert(values, field, order));
                let reply = sender.reply_to(Payer::WRITE, &question).await?;
                let made = status::judge_upsert(&reply);
                Ok((reply, made))
            }
            None => {
                let question = Question::post(path::objects(self.base(), what.object()), body::creation(values, on));
                let reply = sender.reply_to(Payer::WRITE, &question).await?;
                let made = status::judge_made(&reply);
                Ok((reply, made))
            }
        }
    }

    /// What came of it. Where the vendor refused a mark that is there, the thing was made before.
    async fn receipt(&self, order: &Order, what: What, made: Result<Made, Failure>) -> Result<Receipt, Failure> {
        match made {
            // Another contact has the e-mail: that is the client. What it does not have yet it gets next.
            Ok(Made::There(id)) if what == What::Entity(Kind::Contact) => {
                Ok(Receipt { id: id.to_string(), whole: false })
            }
            Ok(Made::New(id) | Made::There(id)) => Ok(Receipt { id: id.to_string(), whole: true }),
            Err(refused @ Failure::Refused { .. }) => {
                if let What::Entity(kind) = what {
                    // A stage that is gone is one reason; the next try reads them again.
                    self.hubspot.own.forget_stages(kind);
                }
                match what.field(&self.names, Meaning::Mark) {
                    Some(field) => match self.by_mark(order, what, field).await {
                        Ok(Some(receipt)) => Ok(receipt),
                        _ => Err(refused),
                    },
                    None => Err(refused),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    /// What it hangs on, each with the type of its association.
    async fn typed(&self, what: What, on: &[Link]) -> Result<Vec<(Link, u32)>, Failure> {
        let mut typed = Vec::with_capacity(on.len());
        for link in on {
            typed.push((*link, self.association(what, link.kind).await?));
        }
        Ok(typed)
    }

    /// The type of an association; those that are nowhere written down are asked for, the main one before the plain one.
    async fn association(&self, what: What, to: Kind) -> Result<u32, Failure> {
        let known = || self.types.lock().unwrap_or_else(PoisonError::into_inner).get(&(what, to)).copied();
        if let Some(type_id) = what.association(to).or_else(known) {
            return Ok(type_id);
        }
        let question = Question::get(path::labels(self.base(), what.object(), path::object(to)));
        let answer: Answer<Label> = status::judge(&self.hubspot.sender.reply_to(Payer::WRITE, &question).await?)?;
        let own = || answer.results.iter().filter(|label| label.is_vendors());
        let main = own().find(|label| label.is_main()).or_else(|| own().find(|label| label.is_plain()));
        let type_id = main.or_else(|| own().next()).map(|label| label.type_id).ok_or_else(|| {
            let reason = format!("expected a type of association from {} to {to}, found none", what.object());
            Failure::Refused { reason }
        })?;
        self.types.lock().unwrap_or_else(PoisonError::into_inner).insert((what, to), type_id);
        Ok(type_id)
    }

    /// Changes properties of something that is there.
    async fn change(&self, object: &str, id: &str, values: &Values) -> Result<(), Failure> {
        let question = Question::patch(path::one(self.base(), object, id, &[]), json!({"properties": values}));
        status::judge_write::<Object>(&self.hubspot.sender.reply_to(Payer::WRITE, &question).await?).map(drop)
    }

    /// Properties of one record, as it is in the vendor's database.
    async fn read(&self, object: &str, id: &str, names: &[&str]) -> Result<Object, Failure> {
        let question = Question::get(path::one(self.base(), object, id, names));
        status::judge(&self.hubspot.sender.reply_to(Payer::WRITE, &question).await?)
    }

    /// Brings the recording to what was made. What people wrote into its text since stays, and so does our mark.
    async fn amend(&self, order: &Order, id: &str, to: &Action) -> Result<(), Failure> {
        let Some((what, mut values)) = body::amended(to, &order.call, &self.names) else { return Ok(()) };
        if let (Some(name), Some(link)) = (what.text(), &order.call.recording)
            && let Some(wanted) = values.remove(name)
            && text::holds(&wanted, link)
        {
            let stored = self.read(what.object(), id, &[name]).await?.property(name).unwrap_or_default();
            if !text::holds(&stored, link) {
                let added = if what.is_html() { text::added_html } else { text::added };
                values.insert(name.to_owned(), added(&stored, link));
            }
        }
        if !values.is_empty() {
            self.change(what.object(), id, &values).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Writer for Writing {
    /// # Cost
    /// As a live question, and one request for those that were found and each kind that is known.
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        self.hubspot.looked(look, &self.names, Payer::WRITE).await
    }

    async fn perform(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure> {
        match (&order.action, parts.last()) {
            (Action::Update { .. }, _) => self.update(order, parts.len()).await,
            (Action::Amend { id, to }, _) => {
                self.amend(order, id, to).await?;
                Ok(Receipt { id: id.clone(), whole: true })
            }
            (Action::Create { kind: Kind::Contact, .. }, Some(id)) => self.join(order, id).await,
            (_, Some(id)) => Ok(Receipt { id: id.clone(), whole: true }),
            (action, None) => match What::of(action) {
                Some(what) => self.make(order, what).await,
                None => Err(Failure::Refused { reason: format!("expected what is made, found {}", action.word()) }),
            },
        }
    }

    /// What only changes something is not looked for: the same again changes nothing.
    async fn find(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure> {
        match What::of(&order.action) {
            Some(what) if parts.is_empty() => self.found(order, what).await,
            _ => Ok(None),
        }
    }

    fn settles_within(&self, order: &Order, parts: &[String]) -> Duration {
        match What::of(&order.action) {
            Some(what) if parts.is_empty() => self.shown_after(order, what),
            _ => Duration::ZERO,
        }
    }

    /// # Cost
    /// One request.
    async fn check(&self) -> Result<(), Failure> {
        let question = Question::get(path::any_contact(self.base()));
        status::judge::<Answer<Object>>(&self.hubspot.sender.reply_to(Payer::WRITE, &question).await?).map(drop)
    }

    async fn fields(&self) -> Result<Vec<FieldState>, Failure> {
        self.field_states().await
    }

    async fn make_field(&self, field: &FieldState) -> Result<(), Failure> {
        self.made_field(field).await
    }
}
