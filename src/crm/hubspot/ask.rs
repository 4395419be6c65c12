//! One live question, in three rounds at the most: who carries the number, what hangs on them, what that is.
//!
//! The vendor searches one kind at a time and only what has the number itself; what a contact or company is associated
//! with it tells by ids alone, and records by ids again kind by kind. The requests of a round go out together, so that a
//! question takes three round trips, whatever it finds.

use futures_util::future::try_join_all;

use crate::config::FieldNames;
use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    links::{Associations, associations},
    path,
    read::HubSpot,
    seek::Wanted,
    send::{Payer, Question},
    status,
    wire::{Answer, Object},
};
use crate::crm::writer::Look;
use crate::model::ids::CrmId;
use crate::model::{client::Kind, phone::PhoneKey};

/// What has a number of its own.
const CARRIERS: [Kind; 2] = [Kind::Contact, Kind::Organization];
/// What hangs on it.
const HANGING: [Kind; 3] = [Kind::Deal, Kind::Ticket, Kind::Lead];

impl HubSpot {
    /// Everything that carries `number` or hangs on what does; of each kind the hundred with the highest ids.
    ///
    /// # Cost
    /// Two searches. Where somebody is found, three requests for what hangs on the contacts, three for the companies, and
    /// one for each kind of it: eleven at the most, and one more before the account's tickets' stages were read.
    pub(super) async fn asked(&self, number: PhoneKey, payer: Payer) -> Result<Vec<Record>, Failure> {
        let carriers = try_join_all(CARRIERS.map(|kind| self.carriers(kind, number, payer))).await?;
        self.with_hanging(&carriers, payer).await
    }

    /// Carriers, in the order of their kinds, and what hangs on them.
    async fn with_hanging(&self, carriers: &[Vec<Object>], payer: Payer) -> Result<Vec<Record>, Failure> {
        let ids: Vec<Vec<CrmId>> = carriers.iter().map(|found| found.iter().filter_map(Object::id).collect()).collect();
        let mut records = Vec::new();
        for (kind, found) in CARRIERS.into_iter().zip(carriers) {
            let stages = self.own.stages(&self.sender, payer, kind).await?;
            records.extend(self.joined(kind, found, &stages, Default::default()));
        }
        let pairs = CARRIERS.into_iter().zip(&ids).filter(|(_, ids)| !ids.is_empty());
        let pairs = pairs.flat_map(|(from, ids)| HANGING.into_iter().map(move |to| (from, to, ids)));
        let hanging = try_join_all(pairs.map(|(from, to, ids)| async move {
            let ends = (path::object(from), path::object(to));
            Ok::<_, Failure>((from, to, associations(&self.sender, payer, ends, ids).await?))
        }));
        let hanging = hanging.await?;
        let read = HANGING.map(|kind| self.hanging(kind, &hanging, payer));
        records.extend(try_join_all(read).await?.into_iter().flatten());
        Ok(records)
    }

    /// What is open under a number and of what is known, each as the vendor's database has it: who is found is read again
    /// by id, because the index may not have heard yet that they are gone.
    ///
    /// # Cost
    /// As [`Self::asked`]; one request more for contacts and one for companies, and one to three for each other kind that
    /// is known and hangs on none of them. By e-mail or client id: a search of contacts and one of leads, and a request
    /// for each where somebody is found.
    pub(super) async fn looked(&self, look: &Look, names: &FieldNames, payer: Payer) -> Result<Vec<Record>, Failure> {
        let mut carriers = Vec::new();
        for kind in CARRIERS {
            let mut ids: Vec<CrmId> = known(look, kind).collect();
            if let Some(number) = look.number {
                ids.extend(self.carriers(kind, number, payer).await?.iter().filter_map(Object::id));
            }
            let mut found = self.again(kind, ids, payer).await?;
            self.add_holders(kind, (look, names), &mut found, payer).await?;
            carriers.push(found);
        }
        let mut records = self.with_hanging(&carriers, payer).await?;
        for kind in HANGING {
            let ids: Vec<CrmId> = known(look, kind).filter(|id| !is_among(&records, kind, *id)).collect();
            let mut objects = self.again(kind, ids, payer).await?;
            self.add_holders(kind, (look, names), &mut objects, payer).await?;
            objects.retain(|object| object.id().is_some_and(|id| !is_among(&records, kind, id)));
            if !objects.is_empty() {
                records.extend(self.bare(payer, kind, &objects).await?);
            }
        }
        records.retain(|record| record.open);
        Ok(records)
    }

    /// Who of a kind has the e-mail or the client id, beside those who were found already.
    async fn add_holders(
        &self,
        kind: Kind,
        (look, names): (&Look, &FieldNames),
        found: &mut Vec<Object>,
        payer: Payer,
    ) -> Result<(), Failure> {
        for wanted in Wanted::of(look, names, kind) {
            for holder in self.holders(kind, wanted, payer).await? {
                if !found.iter().any(|known| known.id() == holder.id()) {
                    found.push(holder);
                }
            }
        }
        Ok(())
    }

    async fn again(&self, kind: Kind, mut ids: Vec<CrmId>, payer: Payer) -> Result<Vec<Object>, Failure> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() { Ok(Vec::new()) } else { self.batch(payer, kind, &ids).await }
    }

    /// Who of a kind carries a number, as the index has it.
    pub(super) async fn carriers(&self, kind: Kind, number: PhoneKey, payer: Payer) -> Result<Vec<Object>, Failure> {
        let body = path::carriers(kind, &self.phone_fields, number, &self.own.properties(kind));
        let question = Question::search(path::search(&self.sender.base, path::object(kind)), body);
        let answer: Answer<Object> = status::judge(&self.sender.reply_to(payer, &question).await?)?;
        Ok(answer.results)
    }

    /// The records of one kind that hang on the carriers.
    async fn hanging(
        &self,
        kind: Kind,
        found: &[(Kind, Kind, Associations)],
        payer: Payer,
    ) -> Result<Vec<Record>, Failure> {
        let turned = |from: Kind| {
            let mut turned = Associations::new();
            for (_, _, associations) in found.iter().filter(|(of, to, _)| *of == from && *to == kind) {
                for (&carrier, ids) in associations {
                    ids.iter().for_each(|&id| turned.entry(id).or_default().push(carrier));
                }
            }
            turned
        };
        let (contacts, organizations) = (turned(Kind::Contact), turned(Kind::Organization));
        let mut ids: Vec<CrmId> = contacts.keys().chain(organizations.keys()).copied().collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.dedup();
        ids.truncate(path::BATCH);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (objects, stages) =
            tokio::try_join!(self.batch(payer, kind, &ids), self.own.stages(&self.sender, payer, kind))?;
        Ok(self.joined(kind, &objects, &stages, (contacts, organizations)))
    }
}

fn is_among(records: &[Record], kind: Kind, id: CrmId) -> bool {
    records.iter().any(|record| (record.kind, record.id) == (kind, id))
}

fn known(look: &Look, kind: Kind) -> impl Iterator<Item = CrmId> {
    look.known.iter().filter(move |link| link.kind == kind).map(|link| link.id)
}
