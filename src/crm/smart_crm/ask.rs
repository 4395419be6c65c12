//! The live question: who carries a number, and what is open of theirs.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;
use url::Url;

use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    path::{self, Table},
    read::SmartCrm,
    session::Question,
    status,
    wire::{self, List},
};
use crate::model::ids::CrmId;
use crate::model::{client::Kind, phone::PhoneKey};

/// Contacts and accounts whose opportunities, incidents and leads are asked for: a longer address might be refused.
const MOST_OWNERS: usize = 40;

impl SmartCrm {
    /// Contacts, accounts and leads whose stored text ends in one of the renderings, at once; then, at once, the
    /// opportunities, incidents and leads of the contacts and accounts found.
    ///
    /// # Errors
    /// As any question; the first failure is the answer's.
    ///
    /// # Cost
    /// Three requests, up to six where somebody was found. Each of the first three looks at every open record of its table:
    /// no index helps a question about an end.
    pub(super) async fn ask_about(&self, number: PhoneKey, patience: Duration) -> Result<Vec<Record>, Failure> {
        let until = Instant::now() + patience;
        let endings = path::endings(number);
        let ending = |table| self.found(table, path::ending(&self.session.base, table, &self.custom, &endings), until);
        let (contacts, accounts, leads) =
            tokio::try_join!(ending(&path::CONTACT), ending(&path::ACCOUNT), ending(&path::LEAD))?;
        let ids = |records: &[Record]| records.iter().take(MOST_OWNERS / 2).map(|record| record.id).collect::<Vec<_>>();
        let (contact_ids, account_ids) = (ids(&contacts), ids(&accounts));
        let mut records: Vec<Record> = contacts.into_iter().chain(accounts).chain(leads).collect();
        if !contact_ids.is_empty() || !account_ids.is_empty() {
            records.extend(self.belonging(&contact_ids, &account_ids, until).await?);
        }
        let mut seen: BTreeSet<(Kind, CrmId)> = BTreeSet::new();
        records.retain(|record| seen.insert((record.kind, record.id)));
        Ok(records)
    }

    async fn belonging(&self, contacts: &[CrmId], accounts: &[CrmId], until: Instant) -> Result<Vec<Record>, Failure> {
        let of = |table| self.found(table, path::belonging(&self.session.base, table, contacts, accounts), until);
        let (deals, tickets, leads) = tokio::try_join!(of(&path::OPPORTUNITY), of(&path::INCIDENT), of(&path::LEAD))?;
        Ok(deals.into_iter().chain(tickets).chain(leads).collect())
    }

    async fn found(&self, table: &'static Table, url: Url, until: Instant) -> Result<Vec<Record>, Failure> {
        let question = Question::live(url, until.saturating_duration_since(Instant::now()));
        let list: List = status::judge(&self.session.ask(&question).await?)?;
        if list.next.is_some() {
            tracing::debug!(table = table.logical, "more was found than a live question looks at");
        }
        Ok(list.value.iter().filter_map(|row| wire::record(row, table, &self.custom)).collect())
    }
}
