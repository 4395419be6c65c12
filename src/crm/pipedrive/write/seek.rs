//! Who has this e-mail, or this id at the site's counter: shown by the search, believed from the database.

use std::collections::BTreeSet;

use crate::crm::MOST_REREAD;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    account::Question,
    path::{self, Part},
    status,
    wire::{Envelope, Found, Hit},
    write::{
        Pen,
        request::{LONGEST_TEXT, shortened},
        seen::Seen,
    },
};
use crate::crm::quota::Purpose;
use crate::crm::writer::Look;
use crate::model::{action::Link, client::Kind, ids::CrmId};

/// A term that the vendor can be asked for, at most, in bytes: no e-mail and no value of a custom field is longer.
const LONGEST_TERM: usize = 1_024;

impl Pen {
    /// Persons who have the e-mail; persons and leads whose field holds the client id.
    ///
    /// # Cost
    /// 20 tokens each; where somebody is found 10 for persons, and 2 for each lead.
    pub(super) async fn holders(&self, look: &Look) -> Result<BTreeSet<Link>, Failure> {
        let mut holders = BTreeSet::new();
        if let Some(email) = &look.email {
            let has = |seen: &Seen, _| seen.has_email(email);
            holders.extend(self.holding(email, "email", &[Kind::Contact], has).await?);
        }
        let Some(id) = &look.client_id else { return Ok(holders) };
        let contacts = self.fields.client_id(self.account(), Kind::Contact).await?;
        // A field that is named for all may be one that deals do not have.
        let leads = match self.fields.client_id(self.account(), Kind::Lead).await {
            Err(Failure::Refused { .. }) => None,
            key => key?,
        };
        let kept = shortened(id, LONGEST_TEXT);
        let key = |kind| if kind == Kind::Lead { leads.as_deref() } else { contacts.as_deref() };
        let kinds: Vec<Kind> = [Kind::Contact, Kind::Lead].into_iter().filter(|kind| key(*kind).is_some()).collect();
        let has = |seen: &Seen, kind| key(kind).is_some_and(|key| seen.custom(key) == kept);
        holders.extend(self.holding(&kept, "custom_fields", &kinds, has).await?);
        Ok(holders)
    }

    async fn holding(
        &self,
        term: &str,
        field: &str,
        kinds: &[Kind],
        has: impl Fn(&Seen, Kind) -> bool + Send + Sync,
    ) -> Result<Vec<Link>, Failure> {
        let term = term.trim();
        if term.is_empty() || term.len() > LONGEST_TERM || kinds.is_empty() {
            return Ok(Vec::new());
        }
        let url = path::exactly(&self.account().base, term, kinds, field);
        let question = Question::background(Purpose::Write, path::SEARCH, url);
        let answer: Envelope<Found> = self.account().ask_for(question).await?;
        let hits = answer.data.unwrap_or_default().items.into_iter().filter_map(Hit::record);
        let (leads, persons): (Vec<Link>, Vec<Link>) = hits
            .filter(|hit| kinds.contains(&hit.kind))
            .map(|hit| Link { kind: hit.kind, id: hit.id })
            .partition(|link| link.kind == Kind::Lead);
        let mut holders = Vec::new();
        for some in persons.chunks(MOST_REREAD) {
            let seen = self.persons_again(some).await?;
            let held = seen.iter().filter(|seen| !seen.is_gone() && has(seen, Kind::Contact));
            let ids = held.filter_map(|seen| CrmId::parse(&seen.id().ok()?));
            holders.extend(ids.map(|id| Link { kind: Kind::Contact, id }).filter(|link| some.contains(link)));
        }
        for lead in leads {
            let question = Question::background(Purpose::Write, path::LEAD, path::lead(&self.account().base, lead.id));
            let reply = self.account().reply_to(&question).await?;
            if !status::says_gone(&reply) {
                let answer: Envelope<Seen> = status::judge(&reply)?;
                holders.extend(answer.data.filter(|seen| has(seen, Kind::Lead)).map(|_| lead));
            }
        }
        Ok(holders)
    }

    async fn persons_again(&self, some: &[Link]) -> Result<Vec<Seen>, Failure> {
        let ids = some.iter().map(|link| link.id.to_string()).collect::<Vec<_>>().join(",");
        let url = path::part(&self.account().base, path::PERSONS, Part { ids: Some(&ids), ..Part::default() });
        let question = Question::background(Purpose::Write, path::PERSONS, url);
        let answer: Envelope<Vec<Seen>> = self.account().ask_for(question).await?;
        Ok(answer.data.unwrap_or_default())
    }
}
