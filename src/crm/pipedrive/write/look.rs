//! A fresh look at whom a call is about.

use std::collections::{BTreeMap, BTreeSet};

use crate::crm::failure::Failure;
use crate::crm::pipedrive::{path, write::Pen};
use crate::crm::quota::Purpose;
use crate::crm::writer::Look;
use crate::crm::{MOST_REREAD, Record};
use crate::model::{action::Link, client::Kind, ids::CrmId};

/// Persons and organizations whose deals and leads are read, at most: more of one number are not one client.
const MOST_OWNERS: usize = 10;

impl Pen {
    /// The search shows persons and organizations; they and those that are known are read by id, and what hangs on them
    /// from the lists of deals and leads. Nothing of the search itself is believed: it lags.
    pub(super) async fn looked(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        let mut wanted: BTreeMap<Kind, BTreeSet<CrmId>> = BTreeMap::new();
        for link in &look.known {
            wanted.entry(link.kind).or_default().insert(link.id);
        }
        for link in self.holders(look).await? {
            wanted.entry(link.kind).or_default().insert(link.id);
        }
        if let Some(number) = look.number {
            let end = path::term(number);
            let ends_so = |text: &String| text.chars().filter(char::is_ascii_digit).collect::<String>().contains(&end);
            for hit in self.reader.found(Purpose::Write, number, None).await? {
                let owns = matches!(hit.kind, Kind::Contact | Kind::Organization);
                if owns && hit.numbers.iter().any(ends_so) {
                    wanted.entry(hit.kind).or_default().insert(hit.id);
                }
            }
        }
        let mut found: BTreeMap<(Kind, CrmId), Record> = BTreeMap::new();
        let mut keep = |records: Vec<Record>| {
            found.extend(records.into_iter().map(|record| ((record.kind, record.id), record)));
        };
        let mut owners = Vec::new();
        for kind in [Kind::Organization, Kind::Contact] {
            let ids = wanted.remove(&kind).unwrap_or_default();
            let records = self.read_again(kind, ids).await?;
            owners.extend(records.iter().filter(|record| record.open).map(|record| Link { kind, id: record.id }));
            keep(records);
        }
        for &whose in owners.iter().rev().take(MOST_OWNERS) {
            let records = self.reader.open_of(Purpose::Write, whose).await?;
            for record in &records {
                if let Some(ids) = wanted.get_mut(&record.kind) {
                    ids.remove(&record.id);
                }
            }
            keep(records);
        }
        for (kind, ids) in wanted {
            keep(self.read_again(kind, ids).await?);
        }
        Ok(found.into_values().filter(|record| record.open).collect())
    }

    async fn read_again(&self, kind: Kind, ids: BTreeSet<CrmId>) -> Result<Vec<Record>, Failure> {
        let ids: Vec<CrmId> = ids.into_iter().collect();
        let mut records = Vec::new();
        for some in ids.chunks(MOST_REREAD) {
            records.extend(self.reader.records_for(Purpose::Write, kind, some).await?);
        }
        Ok(records)
    }
}
