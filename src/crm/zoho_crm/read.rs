//! Reading: a page of the crawl, what changed since, records by id, the users. One live question: [`live`].

mod live;
mod place;

use std::{sync::Arc, sync::atomic::AtomicBool, time::Duration};

use async_trait::async_trait;

use crate::crm::failure::Failure;
use crate::crm::quota::Pace;
use crate::crm::zoho_crm::{
    api::{Api, Payer, Question},
    coql::{self, Query, Since},
    path::{self, credits},
    read::place::{DELETED_EVERY, Place, Turn},
    schema::{Need, Schema, Slot},
    wire::{Deletions, Fields, Row, Rows, Users},
};
use crate::crm::{CrmUser, Cursor, Page, Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

/// Pages of deletions that one sweep follows.
const MOST_DELETED_PAGES: u32 = 10;
/// Pages of users that are followed.
const MOST_USER_PAGES: u32 = 50;

/// The reader of one account.
pub(super) struct Zoho {
    pub(super) api: Api,
    pub(super) phone_fields: Vec<String>,
    /// One for each kind, in the order of [`Kind::ALL`].
    schemas: [Slot; 5],
    deleted: [Turn; 5],
    /// Whether the vendor refused to compare numbers in a query: then its search is asked.
    by_search: AtomicBool,
}

impl Zoho {
    pub(super) fn new(api: Api, phone_fields: Vec<String>) -> Self {
        let (schemas, deleted) = (Default::default(), Default::default());
        Self { api, phone_fields, schemas, deleted, by_search: AtomicBool::new(false) }
    }

    /// What is known of a module. Read again when it is too old for who asks; what was known before serves where that
    /// fails.
    async fn schema(&self, kind: Kind, payer: Payer, need: Need) -> Result<Arc<Schema>, Failure> {
        let module = module(kind)?;
        let slot = &self.schemas[kind as usize];
        if let Some(schema) = slot.known(need) {
            return Ok(schema);
        }
        let _turn = slot.turn().await;
        if let Some(schema) = slot.known(need) {
            return Ok(schema);
        }
        let question = Question::page(path::fields(&self.api.base, module));
        match (self.api.ask::<Fields>(payer, &question).await, slot.known(Need::Anything)) {
            (Ok(fields), _) => {
                let fields = fields.unwrap_or(Fields { fields: Vec::new() });
                let schema = Arc::new(Schema::of(kind, &fields, &self.phone_fields));
                slot.note(Arc::clone(&schema));
                Ok(schema)
            }
            (Err(failure), Some(schema)) => {
                tracing::debug!(%failure, module, "the fields were not read again; those known before serve");
                Ok(schema)
            }
            (Err(failure), None) => Err(failure),
        }
    }

    async fn query(&self, payer: Payer, query: &Query) -> Result<Option<Rows>, Failure> {
        self.api.ask(payer, &Question::query(&self.api.base, query)).await
    }

    /// Records of rows; a deal in a stage that nobody has heard of is a reason to read the stages again.
    async fn records_of(&self, kind: Kind, rows: &[Row], schema: Arc<Schema>) -> Result<Vec<Record>, Failure> {
        let mut schema = schema;
        if kind == Kind::Deal && rows.iter().any(|row| row.stage().is_some_and(|stage| schema.is_unknown(stage))) {
            schema = self.schema(kind, Payer::SWEEP, Need::Fresh).await?;
            let unknown = rows.iter().filter_map(Row::stage).find(|stage| schema.is_unknown(stage));
            if let Some(stage) = unknown {
                tracing::debug!(stage, "a stage that is in no list counts as open");
            }
        }
        rows.iter().map(|row| row.record(kind, &schema)).collect()
    }

    /// A page of what changed, and where the next one is.
    async fn changed(&self, kind: Kind, begun_s: i64, since: Since) -> Result<Page, Failure> {
        let schema = self.schema(kind, Payer::SWEEP, Need::Believed).await?;
        let query = coql::changed(&schema.select, module(kind)?, since);
        let Some(rows) = self.query(Payer::SWEEP, &query).await? else {
            return Ok(Page::of(Vec::new(), self.after_changed(kind, begun_s)));
        };
        let records = self.records_of(kind, &rows.data, schema).await?;
        let full = rows.data.len() >= usize::try_from(query.rows).unwrap_or(usize::MAX);
        let last = rows.data.last().filter(|_| full || rows.info.more_records);
        let next = match last {
            Some(row) => {
                let next = Since { at_s: row.modified_s(), behind: Some(row.id()?) };
                if (next.at_s, next.behind) <= (since.at_s, since.behind) {
                    return Err(repeated());
                }
                Some(Place::Changed { begun_s, since: next }.into_cursor())
            }
            None => self.after_changed(kind, begun_s),
        };
        Ok(Page::of(records, next))
    }

    /// After what changed: leads that were converted, which queries leave out; then what was deleted, if it is its turn.
    fn after_changed(&self, kind: Kind, begun_s: i64) -> Option<Cursor> {
        if kind == Kind::Lead {
            return Some(Place::Converted { begun_s, token: None }.into_cursor());
        }
        self.or_deleted(kind, begun_s)
    }

    async fn converted(&self, kind: Kind, begun_s: i64, token: Option<&str>) -> Result<Page, Failure> {
        if kind != Kind::Lead {
            return Err(place::no_place("converted"));
        }
        let schema = self.schema(kind, Payer::SWEEP, Need::Believed).await?;
        let url = path::converted(&self.api.base, &schema.listed(), token);
        let rows: Option<Rows> = self.api.ask(Payer::SWEEP, &Question::page_since(url, begun_s)).await?;
        let rows = rows.unwrap_or(Rows { data: Vec::new(), info: Default::default() });
        let mut records = self.records_of(kind, &rows.data, schema).await?;
        // They were asked for by being converted, whether the answer says so again or not.
        records.iter_mut().for_each(|lead| lead.open = false);
        let next = rows.info.next_page_token.filter(|_| rows.info.more_records && !rows.data.is_empty());
        if next.is_some() && next.as_deref() == token {
            return Err(repeated());
        }
        let next = next.map(|token| Place::Converted { begun_s, token: Some(token) }.into_cursor());
        Ok(Page::of(records, next.or_else(|| self.or_deleted(kind, begun_s))))
    }

    fn or_deleted(&self, kind: Kind, begun_s: i64) -> Option<Cursor> {
        let looked_s = self.api.tools.clock.now_s();
        let due = self.deleted[kind as usize].due(begun_s);
        due.map(|since_s| Place::Deleted { since_s, looked_s, page: 1 }.into_cursor())
    }

    async fn deletions(&self, kind: Kind, since_s: i64, looked_s: i64, page: u32) -> Result<Page, Failure> {
        let url = path::deleted(&self.api.base, module(kind)?, page);
        let found: Option<Deletions> = self.api.ask(Payer::SWEEP, &Question::page_since(url, since_s)).await?;
        let (records, more): (Vec<Record>, bool) = match found {
            Some(found) => (
                found.data.iter().filter_map(|deletion| deletion.record(kind)).collect(),
                found.info.more_records && !found.data.is_empty(),
            ),
            None => (Vec::new(), false),
        };
        if more && page < MOST_DELETED_PAGES {
            let next = Place::Deleted { since_s, looked_s, page: page + 1 };
            return Ok(Page::of(records, Some(next.into_cursor())));
        }
        if more {
            tracing::warn!(%kind, page, "more was deleted than is read; the rest is noticed by the next full crawl");
        }
        self.deleted[kind as usize].done(looked_s);
        Ok(Page::of(records, None))
    }

    pub(super) async fn by_ids(&self, kind: Kind, ids: &[CrmId], payer: Payer) -> Result<Vec<Record>, Failure> {
        let module = module(kind)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let schema = self.schema(kind, payer, Need::Believed).await?;
        let question = Question::page(path::by_id(&self.api.base, module, &schema.listed(), ids));
        match self.api.ask::<Rows>(payer, &question).await? {
            Some(rows) => self.records_of(kind, &rows.data, schema).await,
            None => Ok(Vec::new()),
        }
    }

    async fn users_who(&self, active: bool) -> Result<Vec<CrmUser>, Failure> {
        let mut users = Vec::new();
        for page in 1..=MOST_USER_PAGES {
            let question = Question::page(path::users(&self.api.base, active, page));
            let Some(found) = self.api.ask::<Users>(Payer::CRAWL, &question).await? else { break };
            let more = found.info.more_records && !found.users.is_empty();
            users.extend(found.users.into_iter().filter_map(|user| user.user(active)));
            if !more {
                break;
            }
        }
        Ok(users)
    }
}

#[async_trait]
impl Reader for Zoho {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Lead, Kind::Organization, Kind::Contact]
    }

    /// A sweep without much to say: a short query for each of four modules, one list of converted leads, and what was
    /// deleted of each module spread over the sweeps.
    fn sweep_every(&self, pace: Pace) -> Duration {
        let kinds = 4;
        let each = kinds * credits::query(path::FEW_ROWS) + credits::PAGE;
        let deleted = (kinds * credits::PAGE).div_ceil(u64::from(DELETED_EVERY));
        self.api.tools.ledger.sweep_interval(each + deleted, pace)
    }

    /// # Cost
    /// 3 credits for up to 2,000 records; with the first page one more for the fields.
    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let behind = place::behind(cursor)?;
        let need = if cursor.is_none() { Need::Fresh } else { Need::Believed };
        let schema = self.schema(kind, Payer::CRAWL, need).await?;
        let stages = if kind == Kind::Deal { schema.closed_stages() } else { Vec::new() };
        let query = coql::behind(&schema.select, module(kind)?, behind, &stages);
        let Some(rows) = self.query(Payer::CRAWL, &query).await? else { return Ok(Page::default()) };
        let ids: Vec<u64> = rows.data.iter().map(Row::id).collect::<Result<_, _>>()?;
        let full = rows.data.len() >= usize::try_from(query.rows).unwrap_or(usize::MAX);
        let last = ids.iter().max().copied().filter(|_| full || rows.info.more_records);
        if last.is_some_and(|last| last <= behind) {
            return Err(repeated());
        }
        let records = self.records_of(kind, &rows.data, schema).await?;
        Ok(Page::of_open(records, last.map(|last| Cursor(last.to_string()))))
    }

    /// # Cost
    /// 1 credit where little changed, 3 for each further 2,000; leads 1 more for the converted ones; every fourth time 1
    /// for what was deleted.
    async fn changes(&self, kind: Kind, since_s: i64, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        module(kind)?;
        match Place::read(cursor, since_s)? {
            Place::Changed { begun_s, since } => self.changed(kind, begun_s, since).await,
            Place::Converted { begun_s, token } => self.converted(kind, begun_s, token.as_deref()).await,
            Place::Deleted { since_s, looked_s, page } => self.deletions(kind, since_s, looked_s, page).await,
        }
    }

    /// # Cost
    /// 1 credit for up to 100 of them.
    async fn records(&self, kind: Kind, ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        self.by_ids(kind, ids, Payer::SWEEP).await
    }

    /// Up to 200 leads, contacts and accounts each, and 200 deals of theirs; what is beyond is not asked for.
    ///
    /// # Cost
    /// 3 credits, 1 more where somebody was found; 9 to 19 where the vendor's search is asked instead.
    async fn ask(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure> {
        self.ask_live(number, Payer::live(patience)).await
    }

    /// # Cost
    /// 2 credits of the crawls' share for up to 200 users of either sort.
    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        let mut users = self.users_who(true).await?;
        users.extend(self.users_who(false).await?);
        Ok(users)
    }
}

fn module(kind: Kind) -> Result<&'static str, Failure> {
    path::module(kind).ok_or_else(|| Failure::Refused { reason: format!("Zoho CRM has no {kind}s") })
}

fn repeated() -> Failure {
    Failure::Unclear { reason: "expected the next page, found the one before again".to_owned() }
}
