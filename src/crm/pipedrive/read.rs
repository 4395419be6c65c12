//! Reading: a page of the crawl, what changed since, one live question, the users.

mod archived;

use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    account::{Account, Question},
    path::{self, Operation, Part},
    read::archived::{ARCHIVED_EVERY, Place, Turn},
    status,
    wire::{Deal, Envelope, Found, Hit, Lead, Organization, Person, User},
};
use crate::crm::quota::{Pace, Purpose};
use crate::crm::{CrmUser, Cursor, Page, Reader, Record};
use crate::model::action::Link;
use crate::model::ids::CrmId;
use crate::model::{client::Kind, phone::PhoneKey};

/// The reader of one account.
pub(super) struct Pipedrive {
    pub(super) account: Account,
    phone_fields: Vec<String>,
    /// The same, as a request names them.
    custom_fields: String,
    archived_deals: Turn,
    archived_leads: Turn,
}

impl Pipedrive {
    pub(super) fn new(account: Account, phone_fields: Vec<String>) -> Self {
        let custom_fields = phone_fields.join(",");
        let (archived_deals, archived_leads) = (Turn::default(), Turn::default());
        Self { account, phone_fields, custom_fields, archived_deals, archived_leads }
    }

    /// What a sweep without much to say costs, the rarer look among the archived spread over the sweeps.
    fn sweep_cost(&self) -> u64 {
        let organizations = if self.phone_fields.is_empty() { 0 } else { path::ORGANIZATIONS.cost };
        let archived = path::ARCHIVED_DEALS.cost + path::ARCHIVED_LEADS.cost;
        let each = path::PERSONS.cost + organizations + path::DEALS.cost + path::LEADS.cost;
        each + archived.div_ceil(u64::from(ARCHIVED_EVERY))
    }

    /// A page of a v2 list.
    async fn part<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        operation: Operation,
        part: Part<'_>,
    ) -> Result<(Vec<T>, Option<String>), Failure> {
        let url = path::part(&self.account.base, operation, part);
        let answer: Envelope<Vec<T>> = self.account.ask_for(Question::background(purpose, operation, url)).await?;
        let next = answer.additional_data.next_cursor.filter(|next| !next.is_empty());
        if next.is_some() && next.as_deref() == part.cursor {
            let reason = "expected the next page's cursor, found the same again".to_owned();
            return Err(Failure::Unclear { reason });
        }
        Ok((answer.data.unwrap_or_default(), next))
    }

    /// Their custom fields are not named: a key that is no person's might be refused, and without names all come.
    async fn persons(&self, purpose: Purpose, part: Part<'_>) -> Result<Page, Failure> {
        let (persons, next) = self.part::<Person>(purpose, path::PERSONS, part).await?;
        let records = persons.into_iter().map(|person| person.record(&self.phone_fields)).collect();
        Ok(Page::of(records, next.map(Cursor)))
    }

    /// Without number fields no organization has a number: nothing is asked, and the kind is complete at once.
    async fn organizations(&self, purpose: Purpose, part: Part<'_>) -> Result<Page, Failure> {
        if self.phone_fields.is_empty() {
            return Ok(Page::default());
        }
        let part = Part { custom_fields: Some(&self.custom_fields), ..part };
        let (found, next) = self.part::<Organization>(purpose, path::ORGANIZATIONS, part).await?;
        let records = found.into_iter().map(|organization| organization.record(&self.phone_fields)).collect();
        Ok(Page::of(records, next.map(Cursor)))
    }

    async fn deals(&self, purpose: Purpose, operation: Operation, part: Part<'_>) -> Result<Page, Failure> {
        let (deals, next) = self.part::<Deal>(purpose, operation, part).await?;
        Ok(Page::of(deals.into_iter().map(Deal::record).collect(), next.map(Cursor)))
    }

    /// A page of leads from position `start`, and where the next one begins.
    async fn leads(&self, question: Question, start: u64) -> Result<(Vec<Record>, Option<u64>), Failure> {
        let answer: Envelope<Vec<Lead>> = self.account.ask_for(question).await?;
        let more = answer.additional_data.more();
        let leads = answer.data.unwrap_or_default();
        let came = u64::try_from(leads.len()).unwrap_or(u64::MAX);
        let step = if came > 2 * path::LEADS_OVERLAP { came - path::LEADS_OVERLAP } else { came };
        let next = (more && step > 0).then(|| start.saturating_add(step));
        Ok((leads.into_iter().filter_map(Lead::record).collect(), next))
    }

    /// Leads have no list by ids.
    async fn leads_by_id(&self, purpose: Purpose, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        let mut leads = Vec::new();
        for &id in ids {
            let question = Question::background(purpose, path::LEAD, path::lead(&self.account.base, id));
            let reply = self.account.reply_to(&question).await?;
            if !status::says_gone(&reply) {
                let answer: Envelope<Lead> = status::judge(&reply)?;
                leads.extend(answer.data.and_then(Lead::record));
            }
        }
        Ok(leads)
    }

    /// What [`Reader::records`] says, paid for as `purpose`.
    pub(super) async fn records_for(
        &self,
        purpose: Purpose,
        kind: Kind,
        ids: &[CrmId],
    ) -> Result<Vec<Record>, Failure> {
        let named = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let part = Part { ids: Some(&named), ..Part::default() };
        match kind {
            Kind::Contact => Ok(self.persons(purpose, part).await?.records),
            Kind::Organization => {
                let (found, _) = self.part::<Organization>(purpose, path::ORGANIZATIONS, part).await?;
                Ok(found.into_iter().map(|firm| firm.record(&self.phone_fields)).collect())
            }
            Kind::Deal => {
                let part = Part { status: Some(path::ANY_STATUS), ..part };
                let listed = self.deals(purpose, path::DEALS, part).await?.records;
                if listed.len() >= ids.len() {
                    return Ok(listed);
                }
                let archived = self.deals(purpose, path::ARCHIVED_DEALS, part).await?.records;
                Ok(listed.into_iter().chain(archived).collect())
            }
            Kind::Lead => self.leads_by_id(purpose, ids).await,
            Kind::Ticket => Err(no_such(kind)),
        }
    }

    /// What [`Reader::ask`] says, paid for as `purpose`.
    pub(super) async fn found(
        &self,
        purpose: Purpose,
        number: PhoneKey,
        patience: Option<Duration>,
    ) -> Result<Vec<Record>, Failure> {
        let url = path::search(&self.account.base, &path::term(number), !self.phone_fields.is_empty());
        let question = Question::background(purpose, path::SEARCH, url);
        let question = Question { patience: patience.unwrap_or(question.patience), ..question };
        let answer: Envelope<Found> = self.account.ask_for(question).await?;
        let found = answer.data.unwrap_or_default();
        Ok(found.items.into_iter().chain(found.related_items).filter_map(Hit::record).collect())
    }

    /// Open deals and leads of a person or an organization, from the database: one page of each.
    pub(super) async fn open_of(&self, purpose: Purpose, whose: Link) -> Result<Vec<Record>, Failure> {
        let base = &self.account.base;
        let deals = Question::background(purpose, path::DEALS, path::open_deals_of(base, whose));
        let deals: Envelope<Vec<Deal>> = self.account.ask_for(deals).await?;
        let leads = Question::background(purpose, path::LEADS, path::leads_of(base, whose));
        let (leads, _) = self.leads(leads, 0).await?;
        Ok(deals.data.unwrap_or_default().into_iter().map(Deal::record).chain(leads).collect())
    }

    /// Leads that changed, first those that are not archived, then at every so many sweeps those that are.
    async fn changed_leads(&self, since_s: i64, place: Place) -> Result<Page, Failure> {
        match place {
            Place::Listed(at) => {
                let start = position(&at)?;
                let url = path::leads(&self.account.base, Some(since_s), start);
                let question = Question::background(Purpose::Sweep, path::LEADS, url);
                let (records, next) = self.leads(question, start).await?;
                let next = next.map(|next| Place::Listed(next.to_string()));
                Ok(Page::of(records, self.or_archived(next, &self.archived_leads, since_s)))
            }
            Place::Archived { since_s, begun_s, at } => {
                let start = position(&at)?;
                let url = path::archived_leads(&self.account.base, start);
                let question = Question::background(Purpose::Sweep, path::ARCHIVED_LEADS, url);
                let (mut records, next) = self.leads(question, start).await?;
                // The one changed last comes first: after one that is too old all are.
                let reached_the_known = records.iter().any(|lead| lead.updated_s < since_s);
                records.retain(|lead| lead.updated_s >= since_s);
                let next = next.filter(|_| !reached_the_known);
                let next = next.map(|next| Place::Archived { since_s, begun_s, at: next.to_string() });
                Ok(Page::of(records, self.or_done(next, &self.archived_leads, begun_s)))
            }
        }
    }

    /// Deals that changed, whatever became of them; archived ones at every so many sweeps.
    async fn changed_deals(&self, since_s: i64, place: Place) -> Result<Page, Failure> {
        let (operation, since_s, at, begun_s) = match &place {
            Place::Listed(at) => (path::DEALS, since_s, at, None),
            Place::Archived { since_s, begun_s, at } => (path::ARCHIVED_DEALS, *since_s, at, Some(*begun_s)),
        };
        let cursor = (!at.is_empty()).then_some(at.as_str());
        let part = Part { since_s: Some(since_s), status: Some(path::ANY_STATUS), cursor, ..Part::default() };
        let page = self.deals(Purpose::Sweep, operation, part).await?;
        let next = page.next.map(|Cursor(at)| match begun_s {
            None => Place::Listed(at),
            Some(begun_s) => Place::Archived { since_s, begun_s, at },
        });
        let next = match begun_s {
            None => self.or_archived(next, &self.archived_deals, since_s),
            Some(begun_s) => self.or_done(next, &self.archived_deals, begun_s),
        };
        Ok(Page::of(page.records, next))
    }

    /// After the last page of what is listed: on to the archived ones, if it is their turn.
    fn or_archived(&self, next: Option<Place>, turn: &Turn, since_s: i64) -> Option<Cursor> {
        let archived = || {
            let begun_s = self.account.tools.clock.now_s();
            turn.due(since_s).map(|since_s| Place::Archived { since_s, begun_s, at: String::new() })
        };
        next.or_else(archived).map(Place::into_cursor)
    }

    /// After the last page of the archived ones: remembers how far they are known.
    fn or_done(&self, next: Option<Place>, turn: &Turn, begun_s: i64) -> Option<Cursor> {
        if next.is_none() {
            turn.done(begun_s);
        }
        next.map(Place::into_cursor)
    }
}

#[async_trait]
impl Reader for Pipedrive {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Lead, Kind::Organization, Kind::Contact]
    }

    fn sweep_every(&self, pace: Pace) -> Duration {
        self.account.tools.ledger.sweep_interval(self.sweep_cost(), pace)
    }

    /// # Cost
    /// One request for up to 500 records: 10 tokens, leads 20.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let part = Part { cursor: cursor.map(|Cursor(at)| at.as_str()), ..Part::default() };
        match kind {
            Kind::Contact => self.persons(Purpose::Crawl, part).await,
            Kind::Organization => self.organizations(Purpose::Crawl, part).await,
            Kind::Deal => {
                let part = Part { status: Some(path::OPEN), ..part };
                self.deals(Purpose::Crawl, path::DEALS, part).await
            }
            Kind::Lead => {
                let start = position(part.cursor.unwrap_or_default())?;
                let url = path::leads(&self.account.base, None, start);
                let question = Question::background(Purpose::Crawl, path::LEADS, url);
                let (records, next) = self.leads(question, start).await?;
                Ok(Page::of(records, next.map(|next| Cursor(next.to_string()))))
            }
            Kind::Ticket => Err(no_such(kind)),
        }
    }

    /// # Cost
    /// As [`Reader::page`]; every fourth time deals and leads also look among the archived, for 20 and 40 tokens.
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let part = Part { since_s: Some(since_s), cursor: cursor.map(|Cursor(at)| at.as_str()), ..Part::default() };
        match kind {
            Kind::Contact => self.persons(Purpose::Sweep, part).await,
            Kind::Organization => self.organizations(Purpose::Sweep, part).await,
            Kind::Deal => self.changed_deals(since_s, Place::read(cursor)?).await,
            Kind::Lead => self.changed_leads(since_s, Place::read(cursor)?).await,
            Kind::Ticket => Err(no_such(kind)),
        }
    }

    /// # Cost
    /// 10 tokens for up to 100 of them; deals twice that and more, since archived ones stand in a list of their own; 2
    /// tokens a lead.
    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        if kind == Kind::Organization && self.phone_fields.is_empty() {
            return Ok(Vec::new());
        }
        self.records_for(Purpose::Sweep, kind, ids).await
    }

    /// Up to 100 finds and, for each, its 100 newest deals and leads; what is beyond is not asked for.
    ///
    /// # Cost
    /// One search: 20 tokens.
    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure> {
        self.found(Purpose::Live, number, Some(patience)).await
    }

    /// # Cost
    /// 20 tokens of the crawls' share.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        let question = Question::background(Purpose::Crawl, path::USERS, path::users(&self.account.base));
        let answer: Envelope<Vec<User>> = self.account.ask_for(question).await?;
        Ok(answer.data.unwrap_or_default().into_iter().map(User::user).collect())
    }
}

pub(super) fn no_such(kind: Kind) -> Failure {
    Failure::Refused { reason: format!("Pipedrive has no {kind}s") }
}

/// Where among the leads a page begins; nothing is the beginning.
fn position(at: &str) -> Result<u64, Failure> {
    if at.is_empty() {
        return Ok(0);
    }
    at.parse().map_err(|_| no_place(at))
}

fn no_place(at: &str) -> Failure {
    Failure::Refused { reason: format!("expected a cursor of this reader, found {at:?}") }
}
