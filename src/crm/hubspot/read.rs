//! Reading: a page of the crawl, what changed since, records again, the users.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    links::{Associations, associations},
    path,
    place::Place,
    send::{Payer, Question, Sender},
    stages::{Own, Stages},
    status,
    wire::{Answer, Object, Owner, Paging},
};
use crate::crm::quota::Pace;
use crate::crm::{CrmUser, Cursor, Links, Page, Reader, Record};
use crate::model::ids::CrmId;
use crate::model::{client::Kind, phone::PhoneKey};

/// What a quiet sweep costs: a search of each kind, and what a few changes belong to.
const SWEEP_COST: u64 = 5 + 3;
/// More pages of owners than any account has.
const MOST_OWNERS: usize = 1_000;

/// The reader of one account.
pub(super) struct HubSpot {
    pub(super) sender: Sender,
    pub(super) phone_fields: Vec<String>,
    pub(super) own: Arc<Own>,
}

impl HubSpot {
    pub(super) fn new(sender: Sender, phone_fields: Vec<String>, own: Arc<Own>) -> Self {
        Self { sender, phone_fields, own }
    }

    /// The records of a list, with what they belong to: the list tells it, but for a record that belongs to very many.
    async fn listed(&self, payer: Payer, kind: Kind, objects: &[Object]) -> Result<Vec<Record>, Failure> {
        let stages = self.own.stages(&self.sender, payer, kind).await?;
        let (mut contacts, mut organizations) = (Associations::new(), Associations::new());
        for &to in path::belongs_to(kind) {
            let known = if to == Kind::Contact { &mut contacts } else { &mut organizations };
            let mut untold = Vec::new();
            for object in objects {
                match (object.id(), object.linked(to)) {
                    (Some(id), Some(links)) => drop(known.insert(id, links)),
                    (Some(id), None) => untold.push(id),
                    (None, _) => {}
                }
            }
            known.extend(associations(&self.sender, payer, (path::object(kind), path::object(to)), &untold).await?);
        }
        Ok(self.joined(kind, objects, &stages, (contacts, organizations)))
    }

    /// The records of a search or a batch, which say nothing of what they belong to.
    pub(super) async fn bare(&self, payer: Payer, kind: Kind, objects: &[Object]) -> Result<Vec<Record>, Failure> {
        let stages = self.own.stages(&self.sender, payer, kind).await?;
        let (mut contacts, mut organizations) = (Associations::new(), Associations::new());
        let ids: Vec<CrmId> = objects.iter().filter_map(Object::id).collect();
        for &to in path::belongs_to(kind) {
            let links = associations(&self.sender, payer, (path::object(kind), path::object(to)), &ids).await?;
            if to == Kind::Contact { contacts = links } else { organizations = links }
        }
        Ok(self.joined(kind, objects, &stages, (contacts, organizations)))
    }

    /// Objects as records, with what they belong to.
    pub(super) fn joined(
        &self,
        kind: Kind,
        objects: &[Object],
        stages: &Arc<Stages>,
        (contacts, organizations): (Associations, Associations),
    ) -> Vec<Record> {
        let links = |of: &Associations, id: CrmId| of.get(&id).cloned().unwrap_or_default();
        let record = |object: &Object| {
            let record = object.record(kind, &self.phone_fields, stages.is_open(kind, object))?;
            let (contacts, organizations): (Links, Links) =
                (links(&contacts, record.id), links(&organizations, record.id));
            Some(Record { contacts, organizations, ..record })
        };
        objects.iter().filter_map(record).collect()
    }

    /// Records by their ids. One that was merged into another answers with the other's: it is gone.
    pub(super) async fn batch(&self, payer: Payer, kind: Kind, ids: &[CrmId]) -> Result<Vec<Object>, Failure> {
        let mut objects = Vec::new();
        for chunk in ids.chunks(path::BATCH) {
            let body = path::batch_body(kind, &self.phone_fields, chunk);
            let question = Question::post(path::batch(&self.sender.base, path::object(kind)), body);
            let reply = self.sender.reply_to(payer, &question).await?;
            if kind == Kind::Lead && status::says_without(&reply) {
                return Ok(objects);
            }
            let answer: Answer<Object> = status::judge_batch(&reply)?;
            objects
                .extend(answer.results.into_iter().filter(|object| object.id().is_some_and(|id| chunk.contains(&id))));
        }
        Ok(objects)
    }

    /// One page of those who are there, or of those who left.
    async fn owners(&self, archived: bool, after: Option<&str>) -> Result<(Vec<CrmUser>, Option<String>), Failure> {
        let url = path::owners(&self.sender.base, archived, after);
        let reply = self.sender.reply_to(Payer::CRAWL, &Question::get(url)).await?;
        let answer: Answer<Owner> = status::judge(&reply)?;
        let next = further(answer.paging, after)?;
        Ok((answer.results.into_iter().filter_map(Owner::user).collect(), next))
    }
}

/// Where the next page begins.
///
/// # Errors
/// [`Failure::Unclear`] where that is where this one began: it would be read for ever.
fn further(paging: Option<Paging>, before: Option<&str>) -> Result<Option<String>, Failure> {
    let next = paging.and_then(Paging::after).filter(|next| !next.is_empty());
    if next.is_some() && next.as_deref() == before {
        return Err(Failure::Unclear { reason: "expected the next page's cursor, found the same again".to_owned() });
    }
    Ok(next)
}

#[async_trait]
impl Reader for HubSpot {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Ticket, Kind::Lead, Kind::Organization, Kind::Contact]
    }

    fn sweep_every(&self, pace: Pace) -> Duration {
        self.sender.tools.ledger.sweep_interval(SWEEP_COST, pace)
    }

    /// Leads are there on some plans only: an account without them has none.
    ///
    /// # Cost
    /// One request for up to 100 records.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        if cursor.is_none() {
            self.own.look_for_properties(&self.sender, Payer::CRAWL, kind, &self.phone_fields).await?;
        }
        let after = cursor.map(|Cursor(at)| at.as_str());
        let url = path::list(&self.sender.base, kind, &self.phone_fields, after);
        let reply = self.sender.reply_to(Payer::CRAWL, &Question::get(url)).await?;
        if kind == Kind::Lead && status::says_without(&reply) {
            tracing::warn!("this HubSpot account has no leads, or its token may not see them");
            return Ok(Page::default());
        }
        let answer: Answer<Object> = status::judge(&reply)?;
        let next = further(answer.paging, after)?;
        let records = self.listed(Payer::CRAWL, kind, &answer.results).await?;
        Ok(Page::of_open(records, next.map(Cursor)))
    }

    /// Archived and merged ones are not among them: the vendor's search does not know them any more.
    ///
    /// # Cost
    /// One search for up to 200 records, and one request per hundred deals, tickets or leads and kind that they belong to.
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let place = Place::read(since_s, cursor)?;
        if cursor.is_none() {
            self.own.look_for_properties(&self.sender, Payer::SWEEP, kind, &self.phone_fields).await?;
        }
        let body = match place {
            Place::Since { ms } => path::since(kind, &self.phone_fields, ms),
            Place::Within { ms, behind } => path::within(kind, &self.phone_fields, ms, behind),
        };
        let question = Question::search(path::search(&self.sender.base, path::object(kind)), body);
        let reply = self.sender.reply_to(Payer::SWEEP, &question).await?;
        if kind == Kind::Lead && status::says_without(&reply) {
            return Ok(Page::default());
        }
        let answer: Answer<Object> = status::judge(&reply)?;
        let next = place.after(kind, &answer.results, path::SEARCH_PAGE)?;
        let records = self.bare(Payer::SWEEP, kind, &answer.results).await?;
        Ok(Page::of(records, next.map(Place::into_cursor)))
    }

    /// # Cost
    /// One request for up to 100 of them, three for deals, tickets and leads.
    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        let objects = self.batch(Payer::SWEEP, kind, ids).await?;
        self.bare(Payer::SWEEP, kind, &objects).await
    }

    /// # Cost
    /// Two searches where nobody carries the number; see `ask`.
    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure> {
        self.asked(number, Payer::live(patience)).await
    }

    /// # Cost
    /// Two requests of the crawls' share, and one more per hundred users.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        let mut users: Vec<CrmUser> = Vec::new();
        for archived in [false, true] {
            let mut after = None;
            for _ in 0..MOST_OWNERS {
                let (page, next) = self.owners(archived, after.as_deref()).await?;
                users.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(users)
    }
}
