//! Looking a client up for a writer: by number as a live question does, by e-mail or by the site's id to the letter.

use crate::config::{FieldNames, Meaning};
use crate::crm::failure::Failure;
use crate::crm::smart_crm::{
    ask::Asker,
    path::{self, Table},
    read::SmartCrm,
    wire::{self, Row},
};
use crate::crm::writer::Look;
use crate::crm::{MOST_REREAD, Record};
use crate::model::{client::Kind, ids::CrmId};

/// What a client is looked for by, at most, in the vendor's units: no e-mail is longer, and no address would take much more.
const LONGEST: usize = 320;

/// What whoever is answered has, to the letter: the vendor's own comparison looks past case, accents and blanks at the end.
#[derive(Debug)]
struct Having<'a> {
    wanted: &'a str,
    columns: Vec<&'a str>,
    /// Whether case counts.
    cased: bool,
}

impl<'a> Having<'a> {
    /// Everything that a look asks whoever is of this kind to have one of. Nobody has what is empty, or no text that a
    /// column could hold.
    fn all(look: &'a Look, names: &'a FieldNames, of: Kind) -> Vec<Self> {
        let sound = |text: &&str| {
            !text.trim().is_empty() && text.encode_utf16().count() <= LONGEST && !text.chars().any(char::is_control)
        };
        let email = look.email.as_deref().filter(sound);
        let email = email.map(|wanted| Self { wanted: wanted.trim(), columns: path::EMAILS.to_vec(), cased: false });
        let column = names.of(of.word(), Meaning::ClientId);
        let id = look.client_id.as_deref().filter(sound).zip(column);
        let id = id.map(|(wanted, column)| Self { wanted, columns: vec![column], cased: true });
        email.into_iter().chain(id).collect()
    }

    fn has(&self, row: &Row) -> bool {
        let stored = self.columns.iter().filter_map(|column| row.get(*column)?.as_str());
        stored.into_iter().any(|text| match self.cased {
            true => text == self.wanted,
            false => text.trim().to_lowercase() == self.wanted.to_lowercase(),
        })
    }
}

impl SmartCrm {
    /// What is open under the number, the e-mail or the client's id, and of what is known, for a writer. By e-mail and id only
    /// those are answered who have it now, whatever was believed, and what hangs on them.
    ///
    /// # Cost
    /// By number as a live question's, by the others two requests and three for what hangs on whoever was found; and one for
    /// each kind among what is known. No index need help: contacts are few where comparisons are of whole texts.
    pub(super) async fn look_for(&self, look: &Look, names: &FieldNames) -> Result<Vec<Record>, Failure> {
        let asker = Asker::unhurried();
        let mut records = match look.number {
            Some(number) => self.carriers(number, asker).await?,
            None => Vec::new(),
        };
        if look.email.is_none() && look.client_id.is_none() {
            for table in path::TABLES {
                records.extend(self.known(look, table, asker).await?);
            }
            return self.with_belonging(records, asker).await;
        }
        for table in [&path::CONTACT, &path::LEAD] {
            for having in Having::all(look, names, table.kind) {
                records.extend(self.who_have(look, table, &having, asker).await?);
            }
        }
        let contacts: Vec<CrmId> =
            records.iter().filter(|record| record.kind == Kind::Contact).map(|record| record.id).collect();
        if !contacts.is_empty() {
            for table in [&path::OPPORTUNITY, &path::INCIDENT] {
                let mut known = self.known(look, table, asker).await?;
                known.retain(|record| record.contacts.iter().any(|id| contacts.contains(id)));
                records.extend(known);
            }
        }
        self.with_belonging(records, asker).await
    }

    /// What is known of a kind and open, read again.
    async fn known(&self, look: &Look, table: &'static Table, asker: Asker) -> Result<Vec<Record>, Failure> {
        let mut records = Vec::new();
        for ids in known_ids(look, table.kind).chunks(MOST_REREAD) {
            let url = path::records(&self.session.base, table, &self.custom, ids);
            records.extend(self.found(table, url, asker).await?.into_iter().filter(|record| record.open));
        }
        Ok(records)
    }

    /// Who of a kind is open and has it: found by the vendor, or known before.
    async fn who_have(
        &self,
        look: &Look,
        table: &'static Table,
        having: &Having<'_>,
        asker: Asker,
    ) -> Result<Vec<Record>, Failure> {
        let (base, columns) = (&self.session.base, &having.columns);
        let mut rows =
            self.rows(table, path::having(base, table, &self.custom, (columns, having.wanted)), asker).await?;
        for ids in known_ids(look, table.kind).chunks(MOST_REREAD) {
            let url = path::with_columns(path::records(base, table, &self.custom, ids), columns);
            rows.extend(self.rows(table, url, asker).await?);
        }
        let found = rows.iter().filter(|row| having.has(row));
        let found = found.filter_map(|row| wire::record(row, table, &self.custom));
        Ok(found.filter(|record| record.open).collect())
    }
}

fn known_ids(look: &Look, kind: Kind) -> Vec<CrmId> {
    look.known.iter().filter(|link| link.kind == kind).map(|link| link.id).collect()
}
