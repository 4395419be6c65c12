//! A fresh look at somebody who has left no number: by their e-mail, or by their id at the site's counter.
//!
//! What stands in the fields is compared again here, exactly: how the vendor compares is its own matter, and a stranger
//! must not be taken for the client.

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::writer::Look;
use crate::crm::zoho_crm::{
    api::{Payer, Question},
    coql, path, status,
    wire::{Row, Rows},
    write::{Pen, body, shape::nothing_of},
};
use crate::crm::{MOST_REREAD, Record};
use crate::model::{action::Link, client::Kind, ids::CrmId};

/// Who has e-mails and ids of their own.
const CARRIERS: [Kind; 2] = [Kind::Contact, Kind::Lead];
/// E-mail fields of a module that are looked at: a query takes two conditions for each.
const MOST_EMAILS: usize = 12;

/// What somebody is looked for by.
#[derive(Debug, Clone, Copy)]
enum Sought<'l> {
    Email(&'l str),
    ClientId(&'l str),
}

impl Sought<'_> {
    const fn text(&self) -> &str {
        match self {
            Self::Email(text) | Self::ClientId(text) => text,
        }
    }

    /// Whether one of these fields holds it.
    fn is_in(&self, row: &Row, fields: &[String]) -> bool {
        let holds = |text: &str| match self {
            Self::Email(email) => text.trim().to_lowercase() == email.to_lowercase(),
            Self::ClientId(id) => text.trim() == *id,
        };
        fields.iter().filter_map(|field| row.text(field)).any(holds)
    }
}

impl Pen {
    /// # Cost
    /// By number as a live question; by e-mail or client id 1 credit for contacts and leads each, 1 more of each for whom is
    /// found or known, 1 for their deals.
    pub(super) async fn look_for(&self, look: &Look) -> Result<Vec<Record>, Failure> {
        let sought = match (&look.number, &look.email, &look.client_id) {
            (None, Some(email), _) => Sought::Email(email.trim()),
            (None, None, Some(id)) => Sought::ClientId(id.trim()),
            _ => return self.zoho.look_up(look.number, &look.known, Payer::WRITE).await,
        };
        if sought.text().is_empty() {
            return Ok(Vec::new());
        }
        let mut carriers = Vec::new();
        for kind in CARRIERS {
            let known = look.known.iter().filter(|link| link.kind == kind).map(|link| link.id).collect();
            carriers.extend(self.carriers(kind, sought, known).await?.into_iter().map(|id| Link { kind, id }));
        }
        let mut found = self.zoho.look_up(None, &carriers, Payer::WRITE).await?;
        self.add_known(&mut found, &look.known).await?;
        Ok(found)
    }

    /// Those of a kind who have it now, among them those of the known.
    async fn carriers(&self, kind: Kind, sought: Sought<'_>, known: Vec<CrmId>) -> Result<Vec<CrmId>, Failure> {
        let module = path::module(kind).ok_or_else(|| nothing_of(kind.word()))?;
        let fields = self.fields_of(kind, sought).await?;
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        // What the vendor takes into no field can stand in none: what was made for it is theirs all the same.
        if matches!(sought, Sought::Email(email) if !body::is_email(email)) {
            return Ok(known);
        }
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        let folded = matches!(sought, Sought::Email(_));
        let query = coql::holding(module, &names, sought.text(), folded);
        let reply = self.zoho.api.reply_to(Payer::WRITE, &Question::query(&self.zoho.api.base, &query)).await?;
        let has_it = |rows: Option<Rows>| -> Result<Vec<CrmId>, Failure> {
            let rows = rows.map(|rows| rows.data).unwrap_or_default();
            rows.iter().filter(|row| sought.is_in(row, &fields)).map(|row| row.id().map(CrmId::Number)).collect()
        };
        let (mut ids, mut read) = (Vec::new(), known);
        match (sought, status::query_refused(&reply)) {
            // E-mails that are encrypted cannot be compared in a query.
            (Sought::Email(email), true) => read.extend(self.searched(module, email).await?),
            // Of ids nothing else can be asked: who is known is found, and everything else of the form is written.
            (Sought::ClientId(_), true) => {
                tracing::warn!(kind = kind.word(), field = names.join(","), "Zoho CRM cannot be asked for client ids");
            }
            _ => ids = has_it(status::judge(&reply)?)?,
        }
        read.retain(|id| !ids.contains(id));
        read.sort_unstable();
        read.dedup();
        for some in read.chunks(MOST_REREAD) {
            let fields = format!("{},{}", names.join(","), path::ID);
            let question = Question::page(path::by_id(&self.zoho.api.base, module, &fields, some));
            ids.extend(has_it(self.zoho.api.ask(Payer::WRITE, &question).await?)?);
        }
        Ok(ids)
    }

    /// The fields that it may stand in.
    async fn fields_of(&self, kind: Kind, sought: Sought<'_>) -> Result<Vec<String>, Failure> {
        let shape = self.shape(kind.word()).await?;
        Ok(match sought {
            Sought::Email(_) => shape.of_type("email").take(MOST_EMAILS).map(str::to_owned).collect(),
            // Nobody has what their field cannot hold.
            Sought::ClientId(id) => {
                let named = shape.named(&self.names, kind.word(), Meaning::ClientId);
                let named = named.filter(|name| shape.field(name).is_some_and(|field| field.holds == "text"));
                named.filter(|name| body::holds_id(id, name, &shape)).map(str::to_owned).into_iter().collect()
            }
        })
    }

    /// The vendor's own search, whose index lags: whoever it shows is read again.
    async fn searched(&self, module: &str, email: &str) -> Result<Vec<CrmId>, Failure> {
        let question = Question::search(path::search_email(&self.zoho.api.base, module, email));
        let rows: Option<Rows> = self.zoho.api.ask(Payer::WRITE, &question).await?;
        let rows = rows.map(|rows| rows.data).unwrap_or_default();
        rows.iter().map(|row| row.id().map(CrmId::Number)).collect()
    }

    /// Organizations and deals that are known, where they hang on those who were found.
    async fn add_known(&self, found: &mut Vec<Record>, known: &[Link]) -> Result<(), Failure> {
        for kind in [Kind::Organization, Kind::Deal] {
            let has = |link: &&Link| found.iter().any(|one| (one.kind, one.id) == (link.kind, link.id));
            let new = known.iter().filter(|link| link.kind == kind && !has(link)).map(|link| link.id);
            let new: Vec<CrmId> = new.collect();
            if found.is_empty() || new.is_empty() {
                continue;
            }
            let mut records = self.zoho.by_ids(kind, &new, Payer::WRITE).await?;
            records.retain(|record| record.open && hangs_on(record, found));
            found.extend(records);
        }
        Ok(())
    }
}

/// Whether a record belongs to one of these, or one of these to it.
fn hangs_on(record: &Record, found: &[Record]) -> bool {
    let is = |kind: Kind, id: &CrmId| found.iter().any(|one| (one.kind, one.id) == (kind, *id));
    match record.kind {
        Kind::Organization => {
            found.iter().any(|one| one.kind == Kind::Contact && one.organizations.contains(&record.id))
        }
        _ if record.contacts.is_empty() => record.organizations.iter().any(|id| is(Kind::Organization, id)),
        _ => record.contacts.iter().any(|id| is(Kind::Contact, id)),
    }
}
