//! A fresh look at somebody who has left no number: by their e-mail, or by their id at the site's counter.
//!
//! How the vendor's search compares is nowhere said, and it lags: whoever it shows is compared here, exactly, as it shows
//! them and again as they are now.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use crate::config::Meaning;
use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::writer::Look;
use crate::crm::zoho_desk::{
    path,
    read::no_such,
    wire::{Contact, Wire},
    write::{
        DeskWriter, fill,
        look::known_of,
        text,
        told::{Person, shaped},
    },
};
use crate::model::{client::Kind, ids::CrmId};

/// What somebody is looked for by.
#[derive(Debug, Clone)]
pub(super) enum Sought {
    Email(String),
    /// The field, and what stands in it.
    Custom(String, String),
}

impl Sought {
    fn is_in(&self, person: &Person) -> bool {
        match self {
            Self::Email(email) => person.emails().any(|own| own.trim().to_lowercase() == *email),
            Self::Custom(field, text) => person.custom(field) == text,
        }
    }

    /// Where it is asked for; `None` for what cannot be asked for.
    fn url(&self, base: &Url) -> Option<Url> {
        match self {
            Self::Email(email) => fill::is_email(email).then(|| path::by_email(base, email)),
            Self::Custom(field, text) => Some(path::by_custom(base, field, &askable(text)?)),
        }
    }
}

/// What a text is asked for as. A comma, a star and the vendor's own words in braces would ask for something else: what is
/// before them and a star finds the text among others, where that is three letters at the least.
fn askable(text: &str) -> Option<String> {
    const LEAST: usize = 3;
    let end = text.find([',', '*']).into_iter().chain(text.find("${")).min();
    match end.map(|end| text[..end].trim_end()) {
        None => Some(text.to_owned()),
        Some(begin) if begin.chars().count() >= LEAST => Some(format!("{begin}*")),
        Some(_) => None,
    }
}

impl DeskWriter {
    /// What a look is for, if not for a number. `None`: for nothing, or for what nobody can have.
    pub(super) fn sought(&self, look: &Look) -> Option<Sought> {
        if let Some(email) = &look.email {
            return Some(Sought::Email(email.trim().to_lowercase())).filter(|_| !email.trim().is_empty());
        }
        let id = text::line(look.client_id.as_ref()?, text::CUSTOM);
        let field = self.names.of("contact", Meaning::ClientId)?;
        (!id.is_empty()).then(|| Sought::Custom(field.to_owned(), id))
    }

    /// The contacts who have it and what hangs on them.
    ///
    /// # Cost
    /// 3 credits, 1 for everything that is found or known, 3 for each contact's tickets.
    pub(super) async fn look_otherwise(&self, look: &Look, sought: &Sought) -> Result<Vec<Record>, Failure> {
        let mut records = self.who_have(sought, known_of(look, Kind::Contact)).await?;
        let contacts: BTreeSet<CrmId> = records.iter().map(|one| one.id).collect();
        let mut tickets = known_of(look, Kind::Ticket);
        for &contact in &contacts {
            tickets.extend(self.open_tickets_of(contact).await?);
        }
        let mut organizations = known_of(look, Kind::Organization);
        organizations.retain(|id| records.iter().any(|one| one.organizations.contains(id)));
        let mut hanging = self.read(Kind::Organization, organizations).await?;
        let theirs = |ticket: &Record| ticket.contacts.iter().any(|contact| contacts.contains(contact));
        hanging.extend(self.read(Kind::Ticket, tickets).await?.into_iter().filter(theirs));
        records.extend(hanging.into_iter().filter(|record| record.open));
        Ok(records)
    }

    /// The contacts who have it now, among them those of the known.
    pub(super) async fn who_have(&self, sought: &Sought, known: BTreeSet<CrmId>) -> Result<Vec<Record>, Failure> {
        let mut ids = known;
        if let Some(url) = sought.url(&self.desk.portal.base) {
            let found = self.list::<Person>(path::LIVE_SEARCH.cost, url).await?.unwrap_or_default();
            ids.extend(found.iter().filter(|person| sought.is_in(person)).filter_map(|person| person.id));
        }
        // What the vendor takes into no field can stand in none: what was made for it is theirs all the same.
        let unheld = matches!(sought, Sought::Email(email) if !fill::is_email(email));
        let operation = path::one_of(Kind::Contact).ok_or_else(|| no_such(Kind::Contact))?;
        let mut records = Vec::new();
        for id in ids {
            let Some(there) = self.read_one::<Value>(operation, &[id]).await? else { continue };
            if unheld || sought.is_in(&Person::of(&there)?) {
                let contact = shaped::<Contact>(there)?;
                records.extend(contact.record(&self.desk.fields).filter(|record| record.open));
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::askable;

    #[test]
    fn what_would_ask_for_something_else_is_asked_for_by_its_beginning_or_not_at_all() {
        assert_eq!(askable("GA1.2.3").as_deref(), Some("GA1.2.3"));
        assert_eq!(askable("abc,def").as_deref(), Some("abc*"));
        assert_eq!(askable("abc*").as_deref(), Some("abc*"));
        assert_eq!(askable("abcd${empty}").as_deref(), Some("abcd*"));
        for never in ["ab,c", "*", ",", "${notempty}", "a ,b"] {
            assert_eq!(askable(never), None, "{never}");
        }
    }
}
