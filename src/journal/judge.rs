//! Whose call it is: what is open under the client's number, from memory or looked up afresh.

use serde::{Deserialize, Serialize};

use super::office::Office;
use crate::crm::failure::Failure;
use crate::crm::writer::{Look, Writer};
use crate::crm::{Matching, Record};
use crate::model::{
    action::Link,
    client::{Kind, KindSet, RESPONSIBLE_ORDER, Via},
    ids::CrmId,
    phone::PhoneKey,
};
use crate::scenario::Client;

/// How a call was judged at its first stored moment. Kept with the call: what it makes itself does not make its client an
/// existing one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judged {
    /// What was open under the number.
    pub(super) held: Vec<Held>,
    /// Whether the CRM itself was asked, not memory.
    pub(super) fresh: bool,
}

/// An open entity of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    /// What it is.
    pub(super) kind: Kind,
    /// Its id.
    pub(super) id: CrmId,
    /// Its owner.
    pub(super) owner: Option<CrmId>,
    /// When it was created, seconds since 1970 UTC.
    pub(super) created_s: i64,
}

impl Judged {
    /// Whether the client was there.
    #[must_use]
    pub(super) const fn client(&self) -> Client {
        if self.held.is_empty() { Client::New } else { Client::Existing }
    }

    /// The kinds of what they had.
    #[must_use]
    pub(super) fn has(&self) -> KindSet {
        self.held.iter().fold(KindSet::NONE, |has, held| has.with(held.kind))
    }

    /// The entity of a kind that counts: the one created last, then the highest id.
    #[must_use]
    pub(super) fn of_kind(&self, kind: Kind) -> Option<&Held> {
        self.held.iter().filter(|held| held.kind == kind).max_by_key(|held| (held.created_s, held.id))
    }

    /// Who is responsible: the owner of the open deal, ticket or lead where there is one, else the contact's, else the
    /// organization's. `None` also where that entity has none.
    #[must_use]
    pub(super) fn responsible(&self) -> Option<CrmId> {
        RESPONSIBLE_ORDER.into_iter().find_map(|kind| self.of_kind(kind))?.owner
    }
}

/// What memory holds of a number; `None` where it knows nobody, which may mean that it does not know.
pub(super) fn remembered(office: &Office, number: PhoneKey) -> Option<Judged> {
    let directory = &office.directory;
    let known = directory.known(number).or_else(|| directory.known(directory.alike(number)?))?;
    let counted = known.entities().iter().filter(|entity| entity.via != Via::Organization);
    let held: Vec<Held> = counted
        .map(|entity| Held { kind: entity.kind, id: entity.id, owner: entity.owner, created_s: entity.created_s })
        .collect();
    (!held.is_empty()).then_some(Judged { held, fresh: false })
}

/// What a client is looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sought {
    /// Their number.
    Number(PhoneKey),
    /// Their e-mail.
    Email(String),
    /// Their id at the site's counter.
    ClientId(String),
}

impl Sought {
    /// What the journal knows them by.
    pub(super) fn who(&self) -> String {
        match self {
            Self::Number(number) => number.digits().to_string(),
            Self::Email(email) => format!("email:{email}"),
            Self::ClientId(id) => format!("client-id:{id}"),
        }
    }
}

/// What the CRM has of somebody who has left no number. `made` as for [`looked_up`].
pub(super) async fn sought(writer: &dyn Writer, by: &Sought, made: Vec<Link>) -> Result<Judged, Failure> {
    let look = match by {
        Sought::Number(number) => Look::by_number(*number),
        Sought::Email(email) => Look::by_email(email),
        Sought::ClientId(id) => Look::by_client_id(id),
    };
    let mut held: Vec<Held> = Vec::new();
    // Whoever is answered has it, whole; what else is answered hangs on them.
    for record in writer.look(&Look { known: made, ..look }).await?.iter().filter(|record| record.open) {
        let Record { kind, id, owner, created_s, .. } = *record;
        if !held.iter().any(|held| (held.kind, held.id) == (kind, id)) {
            held.push(Held { kind, id, owner, created_s });
        }
    }
    Ok(Judged { held, fresh: true })
}

/// What the CRM has of a number now. `made` is what the journal made for the number lately: the CRM's search may not show
/// it yet.
pub(super) async fn looked_up(
    office: &Office,
    writer: &dyn Writer,
    number: PhoneKey,
    made: Vec<Link>,
) -> Result<Judged, Failure> {
    let mut known = made;
    if let Some(remembered) = remembered(office, number) {
        known.extend(remembered.held.iter().map(|held| Link { kind: held.kind, id: held.id }));
    }
    known.sort_unstable();
    known.dedup();
    let records = writer.look(&Look { number: Some(number), known, ..Look::default() }).await?;
    Ok(Judged { held: held_of(office, number, &records), fresh: true })
}

/// The open records that carry the number by the CRM's own rule, and what hangs on a contact among them. As for whoever
/// asks who is responsible, who has the whole number goes before who has its end alone.
fn held_of(office: &Office, number: PhoneKey, records: &[Record]) -> Vec<Held> {
    let numbers = &office.project.numbers;
    let open: Vec<&Record> = records.iter().filter(|record| record.open).collect();
    let carriers = |is_meant: &dyn Fn(&PhoneKey) -> bool| -> Vec<&Record> {
        let carries = |record: &&Record| {
            record.numbers.iter().any(|text| numbers.stored_all(text).is_ok_and(|keys| keys.iter().any(is_meant)))
        };
        open.iter().copied().filter(carries).collect()
    };
    let mut found = carriers(&|key| *key == number);
    if found.is_empty() && office.project.crm.adapter.matching == Matching::LastNine {
        found = carriers(&|key| key.last_nine().is_some() && key.last_nine() == number.last_nine());
    }
    let carries = |record: &Record| found.iter().any(|carrier| carrier.kind == record.kind && carrier.id == record.id);
    let is_contact = |id: &CrmId| found.iter().any(|carrier| carrier.kind == Kind::Contact && carrier.id == *id);
    let hangs = |record: &Record| record.numbers.is_empty() && record.contacts.iter().any(is_contact);
    let mut held: Vec<Held> = Vec::new();
    for record in open.iter().filter(|record| carries(record) || hangs(record)) {
        let Record { kind, id, owner, created_s, .. } = **record;
        if !held.iter().any(|held| (held.kind, held.id) == (kind, id)) {
            held.push(Held { kind, id, owner, created_s });
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::{Held, Judged};
    use crate::model::{client::Kind, ids::CrmId};

    fn held(kind: Kind, id: u64, owner: Option<u64>, created_s: i64) -> Held {
        Held { kind, id: CrmId::Number(id), owner: owner.map(CrmId::Number), created_s }
    }

    #[test]
    fn the_deals_owner_is_responsible_before_the_contacts_even_where_the_deal_has_none() {
        let contact = held(Kind::Contact, 1, Some(101), 10);
        let responsible = |held: Vec<Held>| Judged { held, fresh: true }.responsible();
        assert_eq!(responsible(vec![contact]), Some(CrmId::Number(101)));
        assert_eq!(responsible(vec![contact, held(Kind::Deal, 2, Some(102), 5)]), Some(CrmId::Number(102)));
        assert_eq!(responsible(vec![contact, held(Kind::Deal, 2, None, 5)]), None);
        let two = vec![contact, held(Kind::Deal, 9, Some(103), 20), held(Kind::Deal, 12, Some(104), 15)];
        assert_eq!(responsible(two), Some(CrmId::Number(103)));
    }
}
