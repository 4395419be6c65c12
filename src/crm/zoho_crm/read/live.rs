//! One live question: who carries a number now.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::crm::failure::Failure;
use crate::crm::zoho_crm::{
    api::{Payer, Question},
    coql, number, path,
    read::{Zoho, module},
    schema::{Need, Schema},
    status,
    wire::Rows,
};
use crate::crm::{MOST_REREAD, Record};
use crate::model::{action::Link, client::Kind, ids::CrmId, phone::PhoneKey};

/// What carries numbers of its own.
const CARRIERS: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Organization];

impl Zoho {
    /// Everything open that carries a number: three questions at once, and one for the deals of whoever was found.
    pub(super) async fn ask_live(&self, number: PhoneKey, payer: Payer) -> Result<Vec<Record>, Failure> {
        self.look_up(Some(number), &[], payer).await
    }

    /// The same with what else is known of them, by id, and its deals.
    pub(in crate::crm::zoho_crm) async fn look_up(
        &self,
        number: Option<PhoneKey>,
        known: &[Link],
        payer: Payer,
    ) -> Result<Vec<Record>, Failure> {
        let mut found = match number {
            Some(number) => self.carriers(number, payer).await?,
            None => Vec::new(),
        };
        for kind in Kind::ALL.into_iter().filter(|&kind| path::module(kind).is_some()) {
            let has = |link: &&Link| found.iter().any(|record| (record.kind, record.id) == (link.kind, link.id));
            let of_kind = known.iter().filter(|link| link.kind == kind && !has(link));
            let mut ids: Vec<CrmId> = of_kind.map(|link| link.id).collect();
            ids.sort_unstable();
            ids.dedup();
            for ids in ids.chunks(MOST_REREAD) {
                found.extend(self.by_ids(kind, ids, payer).await?);
            }
        }
        found.retain(|record| record.open);
        let deals = self.deals_of(&found, payer).await?;
        let new = |deal: &Record| !found.iter().any(|record| (record.kind, record.id) == (deal.kind, deal.id));
        let deals: Vec<Record> = deals.into_iter().filter(|deal| deal.open && new(deal)).collect();
        found.extend(deals);
        Ok(found)
    }

    async fn carriers(&self, number: PhoneKey, payer: Payer) -> Result<Vec<Record>, Failure> {
        match self.by_query(number, payer).await? {
            Some(found) => Ok(found),
            None => self.by_search(number, payer).await,
        }
    }

    /// `None` where the vendor does not compare numbers in queries.
    async fn by_query(&self, number: PhoneKey, payer: Payer) -> Result<Option<Vec<Record>>, Failure> {
        if self.by_search.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let pieces = number::pieces(number);
        let [one, two, three] = CARRIERS.map(|kind| self.query_number(kind, &pieces, payer));
        let (one, two, three) = tokio::try_join!(one, two, three)?;
        let Some(found) = [one, two, three].into_iter().collect::<Option<Vec<_>>>() else {
            if !self.by_search.swap(true, Ordering::Relaxed) {
                tracing::warn!("the CRM does not compare numbers in queries; from now on its search is asked");
            }
            return Ok(None);
        };
        Ok(Some(found.into_iter().flatten().collect()))
    }

    async fn query_number(&self, kind: Kind, pieces: &[String], payer: Payer) -> Result<Option<Vec<Record>>, Failure> {
        let schema = self.schema(kind, payer, Need::Anything).await?;
        if schema.numbers().is_empty() {
            return Ok(Some(Vec::new()));
        }
        let query = coql::with_number(&schema.select, module(kind)?, schema.numbers(), pieces);
        let reply = self.api.reply_to(payer, &Question::query(&self.api.base, &query)).await?;
        if status::query_refused(&reply) {
            return Ok(None);
        }
        let rows: Option<Rows> = status::judge(&reply)?;
        self.read(kind, rows, &schema).map(Some)
    }

    /// The vendor's own search, with one way of writing the number after the other until somebody is found.
    async fn by_search(&self, number: PhoneKey, payer: Payer) -> Result<Vec<Record>, Failure> {
        for term in number::terms(number) {
            let [one, two, three] = CARRIERS.map(|kind| self.search(kind, &term, payer));
            let (one, two, three) = tokio::try_join!(one, two, three)?;
            let found: Vec<Record> = [one, two, three].into_iter().flatten().collect();
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    async fn search(&self, kind: Kind, term: &str, payer: Payer) -> Result<Vec<Record>, Failure> {
        let schema = self.schema(kind, payer, Need::Anything).await?;
        let url = path::search(&self.api.base, module(kind)?, &schema.listed(), term);
        let rows = self.api.ask(payer, &Question::search(url)).await?;
        self.read(kind, rows, &schema)
    }

    async fn deals_of(&self, found: &[Record], payer: Payer) -> Result<Vec<Record>, Failure> {
        let ids = |kind: Kind| found.iter().filter(|record| record.kind == kind).map(|record| record.id).collect();
        let (contacts, accounts): (Vec<CrmId>, Vec<CrmId>) = (ids(Kind::Contact), ids(Kind::Organization));
        if contacts.is_empty() && accounts.is_empty() {
            return Ok(Vec::new());
        }
        let schema = self.schema(Kind::Deal, payer, Need::Anything).await?;
        let Some(query) = coql::deals_of(&schema.select, &contacts, &accounts) else { return Ok(Vec::new()) };
        let rows = self.query(payer, &query).await?;
        self.read(Kind::Deal, rows, &schema)
    }

    fn read(&self, kind: Kind, rows: Option<Rows>, schema: &Arc<Schema>) -> Result<Vec<Record>, Failure> {
        let rows = rows.map(|rows| rows.data).unwrap_or_default();
        rows.iter().map(|row| row.record(kind, schema)).collect()
    }
}
