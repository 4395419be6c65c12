//! Reading: a page of the crawl, what changed since, records again, the users.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use url::Url;

use crate::crm::failure::Failure;
use crate::crm::quota::{Pace, Purpose};
use crate::crm::smart_crm::{
    delta::{Chains, Place},
    path::{self, Custom, Table},
    session::{COST, Question, Session},
    status,
    wire::{self, List, Row},
};
use crate::crm::{CrmUser, Cursor, Page, Reader, Record};
use crate::model::ids::CrmId;
use crate::model::{client::Kind, phone::PhoneKey};

/// More pages of users than anybody has.
const MOST_USER_PAGES: usize = 100;

/// The reader of one organization.
#[derive(Debug)]
pub(super) struct SmartCrm {
    pub(super) session: Arc<Session>,
    pub(super) custom: Custom,
    chains: Chains,
}

impl SmartCrm {
    pub(super) fn new(session: Arc<Session>, custom: Custom) -> Self {
        Self { session, custom, chains: Chains::default() }
    }

    fn now_s(&self) -> i64 {
        self.session.tools.clock.now_s()
    }

    fn records_of(&self, rows: &[Row], table: &'static Table) -> Vec<Record> {
        let now_s = self.now_s();
        let read = |row: &Row| match wire::deleted(row) {
            Some(id) => Some(wire::gone(id, table, now_s)),
            None => wire::record(row, table, &self.custom),
        };
        rows.iter().filter_map(read).collect()
    }

    /// The link to the next page.
    ///
    /// # Errors
    /// [`Failure::Refused`] where it leads elsewhere: it would be followed with a token. [`Failure::Unclear`] where it leads
    /// to the page that gave it.
    fn next(&self, list: &List, set: &str, asked: &Url) -> Result<Option<Url>, Failure> {
        let Some(text) = &list.next else { return Ok(None) };
        let Some(url) = path::link(&self.session.base, set, text) else {
            let reason = format!("expected a next page of {set} in the same organization, found a link elsewhere");
            return Err(Failure::Refused { reason });
        };
        if url == *asked {
            let reason = "expected the next page's link, found the same again".to_owned();
            return Err(Failure::Unclear { reason });
        }
        Ok(Some(url))
    }

    /// A page of a reading of everything, and where the next one is. The last one begins a chain of delta links.
    async fn tracked(&self, purpose: Purpose, table: &'static Table, url: Url) -> Result<Option<Page>, Failure> {
        let question = Question::tracked(purpose, url.clone());
        let reply = self.session.ask(&question).await?;
        if status::tracking_refused(&reply) {
            let reason = status::words(&reply);
            tracing::info!(
                table = table.logical,
                reason,
                "changes of a table are not tracked: sweeps go by modifiedon"
            );
            self.chains.give_up(table.kind);
            return Ok(None);
        }
        let list: List = status::judge(&reply)?;
        let next = self.next(&list, table.set, &url)?;
        let link = list.delta.as_deref().and_then(|text| path::link(&self.session.base, table.set, text));
        match (&next, link) {
            // What changed within this very second may have come after the page was made.
            (None, Some(link)) => self.chains.begin(table.kind, link, self.now_s().saturating_add(1)),
            // Nor would another reading end with one.
            (None, None) => self.chains.give_up(table.kind),
            (Some(_), _) => {}
        }
        let records = self.records_of(&list.value, table);
        Ok(Some(Page::of(records, next.map(|url| Place::Tracked(url).into_cursor()))))
    }

    /// A page of a list that is not tracked, and the link to the next.
    async fn listed(
        &self,
        purpose: Purpose,
        table: &'static Table,
        url: Url,
    ) -> Result<(Vec<Record>, Option<Url>), Failure> {
        let reply = self.session.ask(&Question::background(purpose, url.clone())).await?;
        let list: List = status::judge(&reply)?;
        let next = self.next(&list, table.set, &url)?;
        Ok((self.records_of(&list.value, table), next))
    }

    /// A page of what was changed since a time. After the last: what else the sweep has to look at.
    async fn modified(&self, table: &'static Table, url: Url) -> Result<Page, Failure> {
        let (records, next) = self.listed(Purpose::Sweep, table, url).await?;
        let next = match (next, self.chains.link(table.kind)) {
            (Some(url), _) => Some(Place::Modified(url)),
            (None, Some((link, _))) => Some(Place::Delta(link)),
            (None, None) if self.chains.take_anew(table.kind) => {
                Some(Place::Tracked(path::list(&self.session.base, table, &self.custom, false)))
            }
            (None, None) => None,
        };
        Ok(Page::of(records, next.map(Place::into_cursor)))
    }

    /// A page of what a delta link gives. One that is dead leads back to `modifiedon`.
    async fn delta(&self, table: &'static Table, url: Url, since_s: i64) -> Result<Page, Failure> {
        let reply = self.session.ask(&Question::background(Purpose::Sweep, url.clone())).await?;
        if status::link_is_dead(&reply) {
            let reason = status::words(&reply);
            tracing::info!(table = table.logical, reason, "a delta link is dead: this sweep goes by modifiedon");
            self.chains.drop_link(table.kind);
            let url = path::modified(&self.session.base, table, &self.custom, since_s);
            return Ok(Page::of(Vec::new(), Some(Place::Modified(url).into_cursor())));
        }
        let list: List = status::judge(&reply)?;
        let next = self.next(&list, table.set, &url)?;
        let link = list.delta.as_deref().and_then(|text| path::link(&self.session.base, table.set, text));
        if let (None, Some(link)) = (&next, link) {
            self.chains.go_on(table.kind, link);
        }
        let records = self.records_of(&list.value, table);
        Ok(Page::of(records, next.map(|url| Place::Delta(url).into_cursor())))
    }

    fn foreign(cursor: &Cursor) -> Failure {
        let found: String = cursor.0.chars().take(40).collect();
        Failure::Refused { reason: format!("expected a cursor of this question, found {found:?}") }
    }
}

#[async_trait]
impl Reader for SmartCrm {
    /// Leads before contacts, too: one that has no number of its own is found through its contact.
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Ticket, Kind::Lead, Kind::Organization, Kind::Contact]
    }

    /// A quiet sweep asks once per table.
    fn sweep_every(&self, pace: Pace) -> Duration {
        self.session.tools.ledger.sweep_interval(COST * path::TABLES.len() as u64, pace)
    }

    /// # Cost
    /// One request for up to 5,000 records. Where a table is tracked, what is closed comes along and is left out here; where
    /// it is not, its first page costs two.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let (table, base) = (path::table(kind), &self.session.base);
        let place = match cursor {
            Some(cursor) => Place::read(cursor, base, table)?,
            None => Place::Tracked(path::list(base, table, &self.custom, false)),
        };
        let url = match place {
            Place::Tracked(url) => match self.tracked(Purpose::Crawl, table, url).await? {
                Some(page) => return Ok(Page::of_open(page.records, page.next)),
                None => path::list(base, table, &self.custom, true),
            },
            Place::Listed(url) => url,
            Place::Modified(_) | Place::Delta(_) => return Err(cursor.map_or_else(unreachable_place, Self::foreign)),
        };
        let (records, next) = self.listed(Purpose::Crawl, table, url).await?;
        Ok(Page::of_open(records, next.map(|url| Place::Listed(url).into_cursor())))
    }

    /// # Cost
    /// One request where nothing much changed; two where a delta link does not reach back to `since_s`.
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let (table, base) = (path::table(kind), &self.session.base);
        let place = match (cursor, self.chains.link(kind)) {
            (Some(cursor), _) => Place::read(cursor, base, table)?,
            (None, Some((link, from_s))) if from_s <= since_s => Place::Delta(link),
            (None, _) => Place::Modified(path::modified(base, table, &self.custom, since_s)),
        };
        match place {
            Place::Modified(url) => self.modified(table, url).await,
            Place::Delta(url) => self.delta(table, url, since_s).await,
            Place::Tracked(url) => Ok(self.tracked(Purpose::Sweep, table, url).await?.unwrap_or_default()),
            Place::Listed(_) => Err(cursor.map_or_else(unreachable_place, Self::foreign)),
        }
    }

    /// # Cost
    /// One request for up to a hundred.
    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let table = path::table(kind);
        let url = path::records(&self.session.base, table, &self.custom, ids);
        let (records, _) = self.listed(Purpose::Sweep, table, url).await?;
        Ok(records)
    }

    /// See [`crate::crm::smart_crm::ask`].
    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure> {
        self.ask_about(number, patience).await
    }

    /// # Cost
    /// One request of the crawls' share for up to 5,000 users.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        let mut users = Vec::new();
        let mut next = Some(path::users(&self.session.base));
        for _ in 0..MOST_USER_PAGES {
            let Some(url) = next else { break };
            let reply = self.session.ask(&Question::background(Purpose::Crawl, url.clone())).await?;
            let list: List = status::judge(&reply)?;
            users.extend(list.value.iter().filter_map(wire::user));
            next = self.next(&list, path::USERS_SET, &url)?;
        }
        Ok(users)
    }
}

/// A question without a cursor begins at a place of its own.
fn unreachable_place() -> Failure {
    Failure::Refused { reason: "expected a cursor of this question, found none".to_owned() }
}
