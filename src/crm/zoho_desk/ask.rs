//! One live question: everything about a number.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::crm::Record;
use crate::crm::failure::Failure;
use crate::crm::quota::Purpose;
use crate::crm::zoho_desk::{
    path::{self, NumberField, Whose},
    portal::Question,
    read::{Desk, no_such},
    status,
    wire::{Account, Contact, List, Ticket, Wire},
};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

/// A country's code has at most so many digits.
const LONGEST_CODE: usize = 3;
/// Digits that must agree for somebody's tickets to be asked for, all there are where there are fewer; whether it is the
/// number is the directory's to say.
const AGREEING: usize = 9;
const LEAST_AGREEING: usize = 6;

impl Desk {
    /// Contacts by their phone and by their mobile and accounts by their phone, at the same time; then the tickets of those
    /// that were found. At most 100 of each, the one created last first.
    ///
    /// # Cost
    /// Three searches, and one more where a contact was found, and where an account was: 9 to 15 credits.
    pub(super) async fn ask_for(
        &self,
        purpose: Purpose,
        number: PhoneKey,
        patience: Duration,
    ) -> Result<Vec<Record>, Failure> {
        let until = Instant::now() + patience;
        let texts = renderings(number);
        let by =
            |kind, field| path::search_of(kind).map(|search| path::by_number(&self.portal.base, search, field, &texts));
        let asked = (
            by(Kind::Contact, NumberField::Phone).ok_or_else(|| no_such(Kind::Contact))?,
            by(Kind::Contact, NumberField::Mobile).ok_or_else(|| no_such(Kind::Contact))?,
            by(Kind::Organization, NumberField::Phone).ok_or_else(|| no_such(Kind::Organization))?,
        );
        let (by_phone, by_mobile, accounts) = tokio::try_join!(
            self.found::<Contact>(purpose, asked.0, patience),
            self.found::<Contact>(purpose, asked.1, patience),
            self.found::<Account>(purpose, asked.2, patience),
        )?;
        let mut contacts = by_phone;
        for contact in by_mobile {
            if contacts.iter().all(|known| known.id != contact.id) {
                contacts.push(contact);
            }
        }
        let left = || until.saturating_duration_since(Instant::now());
        let (of_contacts, of_accounts) = tokio::try_join!(
            self.tickets(purpose, (Whose::Contact, carriers(&contacts, number)), left()),
            self.tickets(purpose, (Whose::Account, carriers(&accounts, number)), left()),
        )?;
        let mut found = contacts;
        found.extend(accounts);
        found.extend(of_contacts);
        for ticket in of_accounts {
            if found.iter().all(|known| (known.kind, known.id) != (ticket.kind, ticket.id)) {
                found.push(ticket);
            }
        }
        Ok(found)
    }

    /// The tickets of these, none asked for where there is nobody.
    async fn tickets(
        &self,
        purpose: Purpose,
        (whose, ids): (Whose, Vec<CrmId>),
        patience: Duration,
    ) -> Result<Vec<Record>, Failure> {
        let until = Instant::now() + patience;
        let mut tickets = Vec::new();
        for some in ids.chunks(path::MOST_VALUES) {
            let left = until.saturating_duration_since(Instant::now());
            let url = path::tickets_of(&self.portal.base, whose, some);
            tickets.extend(self.found::<Ticket>(purpose, url, left).await?);
        }
        Ok(tickets)
    }

    async fn found<T: Wire>(&self, purpose: Purpose, url: Url, patience: Duration) -> Result<Vec<Record>, Failure> {
        let question = Question::within(patience, purpose, path::LIVE_SEARCH.cost, url);
        let list: List<T> = status::judge(&self.portal.reply_to(&question).await?)?;
        Ok(list.data.into_iter().filter_map(|one| one.record(&self.fields)).collect())
    }
}

/// The ways to type a number that one search asks for together: the whole number with `+`, without and with `00`, and what
/// is left of it without a country's code, with a 0 before it and without. Codes have one to three digits: all three are
/// tried, a text that is nobody's number costs nothing.
///
/// # Source
/// A parameter takes up to 30 values; that this holds for numbers is what the description says, nobody has seen it. Whether
/// texts are compared as typed is nowhere said: taken so.
pub(super) fn renderings(number: PhoneKey) -> Vec<String> {
    /// What is shorter is no number that a country has inside.
    const LEAST: usize = 6;
    let digits = number.digits().to_string();
    let mut texts = vec![format!("+{digits}"), digits.clone(), format!("00{digits}")];
    for code in 1..=LONGEST_CODE.min(digits.len().saturating_sub(LEAST)) {
        let inside = &digits[code..];
        texts.extend([format!("0{inside}"), inside.to_owned()]);
    }
    let mut once = Vec::with_capacity(texts.len());
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

/// Those of the found who have a number that ends like `number`.
pub(super) fn carriers(found: &[Record], number: PhoneKey) -> Vec<CrmId> {
    let whole = number.digits().to_string();
    let tail = &whole[whole.len().saturating_sub(AGREEING)..];
    let carries = |text: &String| {
        let typed: String = text.chars().filter(char::is_ascii_digit).collect();
        let shorter = typed.len().min(tail.len());
        shorter >= LEAST_AGREEING && tail.ends_with(&typed[typed.len() - shorter..])
    };
    found.iter().filter(|one| one.numbers.iter().any(carries)).map(|one| one.id).collect()
}
