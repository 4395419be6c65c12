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
    wire::{self, List, Row},
};
use crate::model::ids::CrmId;
use crate::model::{client::Kind, phone::PhoneKey};

/// Contacts and accounts whose opportunities, incidents and leads are asked for: a longer address might be refused.
const MOST_OWNERS: usize = 40;

/// Who asks: a call until then, or a writer, which pays for itself and has time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    live_until: Option<Instant>,
}

impl Asker {
    /// A writer.
    pub(super) const fn unhurried() -> Self {
        Self { live_until: None }
    }
}

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
        let asker = Asker { live_until: Some(Instant::now() + patience) };
        let carriers = self.carriers(number, asker).await?;
        self.with_belonging(carriers, asker).await
    }

    pub(super) async fn carriers(&self, number: PhoneKey, asker: Asker) -> Result<Vec<Record>, Failure> {
        let endings = path::endings(number);
        let ending = |table| self.found(table, path::ending(&self.session.base, table, &self.custom, &endings), asker);
        let (contacts, accounts, leads) =
            tokio::try_join!(ending(&path::CONTACT), ending(&path::ACCOUNT), ending(&path::LEAD))?;
        Ok(contacts.into_iter().chain(accounts).chain(leads).collect())
    }

    /// The records and what hangs on the contacts and accounts among them, each once.
    pub(super) async fn with_belonging(&self, mut records: Vec<Record>, asker: Asker) -> Result<Vec<Record>, Failure> {
        let ids = |kind| {
            let of = records.iter().filter(move |record| record.kind == kind).map(|record| record.id);
            of.take(MOST_OWNERS / 2).collect::<Vec<_>>()
        };
        let (contacts, accounts) = (ids(Kind::Contact), ids(Kind::Organization));
        if !contacts.is_empty() || !accounts.is_empty() {
            records.extend(self.belonging(&contacts, &accounts, asker).await?);
        }
        let mut seen: BTreeSet<(Kind, CrmId)> = BTreeSet::new();
        records.retain(|record| seen.insert((record.kind, record.id)));
        Ok(records)
    }

    async fn belonging(&self, contacts: &[CrmId], accounts: &[CrmId], asker: Asker) -> Result<Vec<Record>, Failure> {
        let of = |table| self.found(table, path::belonging(&self.session.base, table, contacts, accounts), asker);
        let (deals, tickets, leads) = tokio::try_join!(of(&path::OPPORTUNITY), of(&path::INCIDENT), of(&path::LEAD))?;
        Ok(deals.into_iter().chain(tickets).chain(leads).collect())
    }

    pub(super) async fn found(&self, table: &'static Table, url: Url, asker: Asker) -> Result<Vec<Record>, Failure> {
        let rows = self.rows(table, url, asker).await?;
        Ok(rows.iter().filter_map(|row| wire::record(row, table, &self.custom)).collect())
    }

    pub(super) async fn rows(&self, table: &'static Table, url: Url, asker: Asker) -> Result<Vec<Row>, Failure> {
        let question = match asker.live_until {
            Some(until) => Question::live(url, until.saturating_duration_since(Instant::now())),
            None => Question::unhurried(url),
        };
        let list: List = status::judge(&self.session.ask(&question).await?)?;
        if list.next.is_some() {
            tracing::debug!(table = table.logical, "more was found than a live question looks at");
        }
        Ok(list.value)
    }
}
