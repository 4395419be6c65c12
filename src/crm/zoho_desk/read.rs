//! Reading: a page of the crawl, what changed since, records by id, the agents.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::crm::failure::Failure;
use crate::crm::quota::{Pace, Purpose};
use crate::crm::zoho_desk::{
    path::{self, Axis, Operation},
    portal::{NoReply, Portal, Question},
    status,
    window::{BEGINNING_S, LIMITS, Place},
    wire::{Account, Agent, Contact, List, Ticket, Wire},
};
use crate::crm::{CrmUser, Cursor, Page, Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

/// How far the search's index may lag behind what people do. The vendor gives no figure; what lags more is noticed by
/// webhook, else at the next full crawl.
pub(super) const LAG_S: i64 = 300;
/// How far the vendor's clock may be ahead of ours.
const AHEAD_S: i64 = 600;
/// Records read by id at the same time; the ledger has the last word.
const AT_ONCE: usize = 3;
/// More agents than anybody has: a list that does not end is not followed further.
const MOST_AGENT_PAGES: usize = 100;

/// The reader of one portal.
pub(super) struct Desk {
    pub(super) portal: Portal,
    /// Further number fields, by their API names.
    pub(super) fields: Vec<String>,
}

impl Desk {
    pub(super) const fn new(portal: Portal, fields: Vec<String>) -> Self {
        Self { portal, fields }
    }

    /// A page from `place`, and where the next one begins. A page larger than a reply may be is asked for in parts.
    async fn stretch(
        &self,
        purpose: Purpose,
        kind: Kind,
        place: Place,
    ) -> Result<(Vec<Record>, Option<Place>), Failure> {
        match kind {
            Kind::Contact => self.stretch_of::<Contact>(purpose, kind, place).await,
            Kind::Organization => self.stretch_of::<Account>(purpose, kind, place).await,
            Kind::Ticket => self.stretch_of::<Ticket>(purpose, kind, place).await,
            Kind::Deal | Kind::Lead => Err(no_such(kind)),
        }
    }

    async fn stretch_of<T: Wire>(
        &self,
        purpose: Purpose,
        kind: Kind,
        place: Place,
    ) -> Result<(Vec<Record>, Option<Place>), Failure> {
        let search = path::search_of(kind).ok_or_else(|| no_such(kind))?;
        let mut too_large = None;
        for limit in LIMITS {
            let stretch = place.stretch(limit);
            let url = path::stretch(&self.portal.base, search, &stretch);
            let reply = match self.portal.reply_to(&Question::background(purpose, search.cost, url)).await {
                Ok(reply) => reply,
                Err(NoReply::TooLarge(failure)) => {
                    too_large = Some(failure);
                    continue;
                }
                Err(NoReply::Failed(failure)) => return Err(failure),
            };
            let list: List<T> = status::judge(&reply)?;
            let seconds: Vec<i64> = list.data.iter().filter_map(|one| one.second(stretch.order)).collect();
            if seconds.len() < list.data.len() {
                let reason =
                    "expected every record to say when it was made and changed, found some that do not".to_owned();
                return Err(Failure::Unclear { reason });
            }
            let next = place.next(&seconds, limit, list.count)?;
            return Ok((list.data.into_iter().filter_map(|one| one.record(&self.fields)).collect(), next));
        }
        Err(too_large.unwrap_or_else(|| no_such(kind)))
    }

    /// One record, from the database; `None` where it is gone.
    async fn one(
        &self,
        purpose: Purpose,
        (kind, operation): (Kind, Operation),
        id: CrmId,
    ) -> Result<Option<Record>, Failure> {
        let url = path::one(&self.portal.base, operation, id);
        let reply = self.portal.reply_to(&Question::background(purpose, operation.cost, url)).await?;
        if status::says_gone(&reply) {
            return Ok(None);
        }
        match kind {
            Kind::Contact => there::<Contact>(status::judge(&reply)?, &self.fields),
            Kind::Organization => there::<Account>(status::judge(&reply)?, &self.fields),
            _ => there::<Ticket>(status::judge(&reply)?, &self.fields),
        }
    }

    /// Records by id, whoever pays.
    pub(super) async fn records_for(
        &self,
        purpose: Purpose,
        kind: Kind,
        ids: &[CrmId],
    ) -> Result<Vec<Record>, Failure> {
        let operation = path::one_of(kind).ok_or_else(|| no_such(kind))?;
        let each = stream::iter(ids.to_vec()).map(|id| self.one(purpose, (kind, operation), id)).buffered(AT_ONCE);
        let records: Vec<Option<Record>> = each.try_collect().await?;
        Ok(records.into_iter().flatten().collect())
    }

    /// The agents of a status, page by page.
    async fn agents(&self, status: &str) -> Result<Vec<CrmUser>, Failure> {
        let mut agents = Vec::new();
        for page in 0..MOST_AGENT_PAGES {
            let url = path::agents(&self.portal.base, status, page * path::AGENTS_PAGE);
            let question = Question::background(Purpose::Crawl, path::AGENTS.cost, url);
            let list: List<Agent> = status::judge(&self.portal.reply_to(&question).await?)?;
            let last = list.data.len() < path::AGENTS_PAGE;
            agents.extend(list.data.into_iter().filter_map(Agent::user));
            if last {
                break;
            }
        }
        Ok(agents)
    }
}

#[async_trait]
impl Reader for Desk {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Ticket, Kind::Organization, Kind::Contact]
    }

    /// A quiet sweep is one search of each kind.
    fn sweep_every(&self, pace: Pace) -> Duration {
        let kinds = [Kind::Ticket, Kind::Organization, Kind::Contact];
        let each = kinds.into_iter().filter_map(path::search_of).map(|search| search.cost).sum();
        self.portal.tools.ledger.sweep_interval(each, pace)
    }

    /// # Cost
    /// 3 credits for up to 100 records, closed tickets among them though they are left out.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        path::search_of(kind).ok_or_else(|| no_such(kind))?;
        let place = match cursor {
            Some(cursor) => Place::read(cursor, Axis::Created)?,
            None => Place::first(Axis::Created, BEGINNING_S, self.portal.tools.clock.now_s() + AHEAD_S),
        };
        let (records, next) = self.stretch(Purpose::Crawl, kind, place).await?;
        Ok(Page::of_open(records, next.map(Place::into_cursor)))
    }

    /// Looks back further than asked, see [`LAG_S`].
    ///
    /// # Cost
    /// As [`Reader::page`].
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        path::search_of(kind).ok_or_else(|| no_such(kind))?;
        let place = match cursor {
            Some(cursor) => Place::read(cursor, Axis::Modified)?,
            None => {
                let from_s = since_s.saturating_sub(LAG_S).max(BEGINNING_S);
                let until_s = self.portal.tools.clock.now_s().max(from_s) + AHEAD_S;
                Place::first(Axis::Modified, from_s, until_s)
            }
        };
        let (records, next) = self.stretch(Purpose::Sweep, kind, place).await?;
        Ok(Page::of(records, next.map(Place::into_cursor)))
    }

    /// # Cost
    /// A credit each: the search, which would find a hundred for three, lags.
    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        self.records_for(Purpose::Sweep, kind, ids).await
    }

    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure> {
        self.ask_for(Purpose::Live, number, patience).await
    }

    /// # Cost
    /// 3 credits of the crawls' share for up to 200 agents who work there, as much for those who left.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        let mut agents = self.agents("ACTIVE").await?;
        let left = self.agents("DISABLED").await?.into_iter().map(|agent| CrmUser { active: false, ..agent });
        agents.extend(left);
        Ok(agents)
    }
}

/// A record that is not in the trash.
fn there<T: Wire>(one: Maybe<T>, fields: &[String]) -> Result<Option<Record>, Failure> {
    Ok(one.0.filter(|one| !one.gone()).and_then(|one| one.record(fields)))
}

pub(super) fn no_such(kind: Kind) -> Failure {
    Failure::Refused { reason: format!("Zoho Desk has no {kind}s") }
}

/// One record, or nothing.
#[derive(serde::Deserialize)]
#[serde(transparent, bound = "T: Wire")]
struct Maybe<T: Wire>(Option<T>);

impl<T: Wire> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}
