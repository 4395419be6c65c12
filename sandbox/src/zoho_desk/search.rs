//! Lists, which read the database, and searches, which read an index that lags behind it.
//!
//! A number is compared as it was typed, whole: nothing is normalised. Whether the vendor's own search does is nowhere
//! said, so the harder guess.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::{
    ask::{How, Search, Span},
    record::{Contact, Entry, Firm, Made, Ticket},
    route::Module,
    seed::Seed,
    wire::{CONTACT_PHONE, Telling},
    world::World,
};
use crate::kit::{Record, Sort, Source, Table, Walk, key};

/// Fewer digits lead to too many places of the seed: everything is looked at.
const LEAST_DIGITS: usize = 7;
/// The vendor's words for a field in which nothing stands, and for one in which something does.
const EMPTY: &str = "${empty}";
const NOT_EMPTY: &str = "${notempty}";

/// A page: its records, and how many there are as far as the vendor looked.
pub(super) struct Found {
    pub(super) data: Vec<Value>,
    pub(super) count: usize,
}

impl World {
    /// The page of a search; `now`: what the index has seen.
    pub(super) fn search(&self, module: Module, search: &Search, now: Duration) -> Found {
        match module {
            Module::Contacts => {
                let ids = self.contacts_by_number(search);
                let tell = |contact: &Contact| self.contact_json(contact, Telling::Found);
                page(&self.contacts, search, Candidates { ids, now }, contact_fits, tell)
            }
            Module::Accounts => {
                let ids = self.firms_by_number(search);
                let tell = |firm: &Firm| self.firm_json(firm, Telling::Found);
                page(&self.firms, search, Candidates { ids, now }, firm_fits, tell)
            }
            Module::Tickets => {
                let of = |ids: Option<&Vec<u64>>, tickets: fn(&Self, u64) -> BTreeSet<u64>| {
                    ids.map(|ids| ids.iter().flat_map(|&id| tickets(self, id)).collect())
                };
                let by_account = of(search.accounts.as_ref(), Self::tickets_of_firm);
                let ids = of(search.contacts.as_ref(), Self::tickets_of).or(by_account);
                let tell = |ticket: &Ticket| self.ticket_json(ticket, Telling::Found);
                page(&self.tickets, search, Candidates { ids, now }, ticket_fits, tell)
            }
        }
    }

    /// The page of a list.
    pub(super) fn list(&self, module: Module, how: How) -> Vec<Value> {
        match module {
            Module::Contacts => {
                part(&self.contacts, how).iter().map(|one| self.contact_json(one, Telling::Listed)).collect()
            }
            Module::Accounts => part(&self.firms, how).iter().map(|one| self.firm_json(one, Telling::Listed)).collect(),
            Module::Tickets => {
                part(&self.tickets, how).iter().map(|one| self.ticket_json(one, Telling::Listed)).collect()
            }
        }
    }

    /// How many a list holds.
    pub(super) fn count(&self, module: Module) -> usize {
        match module {
            Module::Contacts => all(&self.contacts, &Walk::default()).count(),
            Module::Accounts => all(&self.firms, &Walk::default()).count(),
            Module::Tickets => all(&self.tickets, &Walk::default()).count(),
        }
    }

    /// The tickets of a contact, from the database, the one created last first.
    pub(super) fn listed_tickets_of(&self, contact: u64, how: How) -> Vec<Value> {
        let tickets = self.tickets_of(contact).into_iter().filter_map(|id| self.tickets.get(id));
        let mut tickets: Vec<Ticket> =
            tickets.filter(|ticket| ticket.contact == Some(contact) && !ticket.hidden()).collect();
        tickets.sort_unstable_by_key(|ticket| std::cmp::Reverse(key(Sort::AddTime, ticket)));
        let part = tickets.iter().skip(how.from).take(how.limit);
        part.map(|ticket| self.ticket_json(ticket, Telling::Listed)).collect()
    }

    /// One record from the database: a contact in the trash is told as such, others in the trash are gone.
    pub(super) fn one(&self, module: Module, id: u64) -> Option<Value> {
        match module {
            Module::Contacts => self.contacts.get(id).map(|contact| self.contact_json(&contact, Telling::Whole)),
            Module::Accounts => {
                let firm = self.firms.get(id).filter(|firm| !firm.trashed)?;
                Some(self.firm_json(&firm, Telling::Whole))
            }
            Module::Tickets => {
                let ticket = self.tickets.get(id).filter(|ticket| !ticket.trashed)?;
                Some(self.ticket_json(&ticket, Telling::Whole))
            }
        }
    }

    fn contacts_by_number(&self, search: &Search) -> Option<BTreeSet<u64>> {
        let changed = || self.contacts.changed_ids();
        if let Some(emails) = &search.email {
            let places = emails.iter().filter_map(|email| self.seed.client_by_email(email));
            return Some(places.map(|place| Source::<Contact>::id(&self.seed, place)).chain(changed()).collect());
        }
        let custom = search.custom.as_ref().filter(|(name, _)| name == CONTACT_PHONE).map(|(_, values)| values);
        if search.custom.as_ref().is_some_and(|(name, values)| name != CONTACT_PHONE && !values.contains(&EMPTY.into()))
        {
            // The seed fills no other.
            return Some(changed().collect());
        }
        let values = search.phone.as_ref().or(search.mobile.as_ref()).or(custom)?;
        let places = places(values, |digits| self.seed.clients_by_digits(digits))?;
        let seeded = places.into_iter().map(|place| Source::<Contact>::id(&self.seed, place));
        Some(seeded.chain(self.contacts.changed_ids()).collect())
    }

    fn firms_by_number(&self, search: &Search) -> Option<BTreeSet<u64>> {
        let places = places(search.phone.as_ref()?, |digits| self.seed.organizations_by_digits(digits))?;
        let seeded = places.into_iter().map(|place| Source::<Firm>::id(&self.seed, place));
        Some(seeded.chain(self.firms.changed_ids()).collect())
    }
}

/// Places whose typed numbers may be one of the values; `None` where that cannot be told from their digits.
fn places(values: &[String], find: impl Fn(&[u8]) -> Option<Vec<u64>>) -> Option<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    for value in values {
        let digits: Vec<u8> = value.bytes().filter(u8::is_ascii_digit).collect();
        let tail = &digits[digits.len().saturating_sub(9)..];
        if tail.len() < LEAST_DIGITS || value.contains('*') {
            return None;
        }
        found.extend(find(tail)?);
    }
    Some(found)
}

fn contact_fits(search: &Search, contact: &Contact) -> bool {
    let custom = match &search.custom {
        Some((name, values)) if name == CONTACT_PHONE => is_one_of(contact.second_phone.as_deref(), values),
        _ => custom_fits(search, &contact.made),
    };
    custom
        && search.email.as_ref().is_none_or(|values| has_email(contact, values))
        && search.phone.as_ref().is_none_or(|values| is_one_of(contact.phone.as_deref(), values))
        && search.mobile.as_ref().is_none_or(|values| is_one_of(contact.mobile.as_deref(), values))
        && links(search.accounts.as_ref(), contact.account)
}

/// Whether one of the e-mails begins so: how the vendor compares them is nowhere said, and this is looser than it needs to
/// be.
fn has_email(contact: &Contact, values: &[String]) -> bool {
    let second = contact.made.others.get("secondaryEmail");
    let own = contact.email.iter().chain(second).map(|email| email.to_lowercase());
    own.into_iter().any(|email| values.iter().any(|value| email.starts_with(value.trim_end_matches('*'))))
}

fn firm_fits(search: &Search, firm: &Firm) -> bool {
    search.phone.as_ref().is_none_or(|values| is_one_of(firm.phone.as_deref(), values))
        && custom_fits(search, &firm.made)
}

fn ticket_fits(search: &Search, ticket: &Ticket) -> bool {
    links(search.contacts.as_ref(), ticket.contact)
        && links(search.accounts.as_ref(), ticket.account)
        && search.phone.is_none()
        && custom_fits(search, &ticket.made)
}

fn custom_fits(search: &Search, made: &Made) -> bool {
    search.custom.as_ref().is_none_or(|(name, values)| is_one_of(made.cf.get(name).map(String::as_str), values))
}

fn links(asked: Option<&Vec<u64>>, linked: Option<u64>) -> bool {
    asked.is_none_or(|ids| linked.is_some_and(|id| ids.contains(&id)))
}

fn is_one_of(typed: Option<&str>, values: &[String]) -> bool {
    let stands = typed.is_some_and(|typed| !typed.is_empty());
    if values.iter().any(|value| (value == EMPTY && !stands) || (value == NOT_EMPTY && stands)) {
        return true;
    }
    let Some(typed) = typed.map(str::to_lowercase) else { return false };
    values.iter().any(|value| value.strip_suffix('*').map_or_else(|| typed == *value, |begin| typed.starts_with(begin)))
}

/// Where a search looks.
struct Candidates {
    /// Only there, where that is known.
    ids: Option<BTreeSet<u64>>,
    /// What the index has seen.
    now: Duration,
}

fn page<R: Entry>(
    table: &Table<R, Seed>,
    search: &Search,
    candidates: Candidates,
    fits: impl Fn(&Search, &R) -> bool,
    tell: impl Fn(&R) -> Value,
) -> Found
where
    Seed: Source<R>,
{
    let How { from, limit, sort, descending } = search.how;
    let within = |span: Option<Span>, at: i64| span.is_none_or(|(first, last)| first <= at && at <= last);
    let wanted = |record: &R| {
        !record.hidden()
            && within(search.created, record.add_s())
            && within(search.modified, record.update_s())
            && search.ids.as_ref().is_none_or(|ids| ids.contains(&record.id()))
            && fits(search, record)
    };
    let named = candidates.ids.or_else(|| search.ids.as_ref().map(|ids| ids.iter().copied().collect()));
    let Some(ids) = named else {
        // A walk ends where the page does: `count` is then no more than a promise that there are more.
        let walk = walk_of(search);
        let past = |record: &R| match (sort, descending) {
            (Sort::AddTime, false) => search.created.is_some_and(|(_, last)| record.add_s() > last),
            _ => false,
        };
        let mut records = table.walk_indexed(&walk, candidates.now).take_while(|one| !past(one)).filter(wanted);
        let data: Vec<Value> = records.by_ref().skip(from).take(limit).map(|record| tell(&record)).collect();
        let count = from + data.len() + usize::from(records.next().is_some());
        return Found { data, count };
    };
    let mut records: Vec<R> =
        ids.into_iter().filter_map(|id| table.indexed(id, candidates.now)).filter(wanted).collect();
    records.sort_unstable_by_key(|record| key(sort, record));
    if descending {
        records.reverse();
    }
    let data = records.iter().skip(from).take(limit).map(tell).collect();
    Found { data, count: records.len() }
}

fn walk_of<R: Record<Id = u64>>(search: &Search) -> Walk<R> {
    let How { sort, descending, .. } = search.how;
    let from = match (sort, search.created) {
        (Sort::AddTime, Some((first, _))) if !descending => Some((first, 0)),
        _ => None,
    };
    let (since_s, until_s) = search.modified.map_or((None, None), |(first, last)| (Some(first), Some(last + 1)));
    Walk { sort, descending, from, since_s, until_s, places: None }
}

fn all<'a, R: Entry>(table: &'a Table<R, Seed>, walk: &Walk<R>) -> impl Iterator<Item = R> + use<'a, R>
where
    Seed: Source<R>,
{
    table.walk(walk).filter(|record| !record.hidden())
}

/// A part of a list: positions, which move when something before them goes.
fn part<R: Entry>(table: &Table<R, Seed>, how: How) -> Vec<R>
where
    Seed: Source<R>,
{
    let walk = Walk { sort: how.sort, descending: how.descending, ..Walk::default() };
    all(table, &walk).skip(how.from).take(how.limit).collect()
}

/// `{"data": […]}`, of a search with its count.
pub(super) fn envelope(data: &[Value], count: Option<usize>) -> Vec<u8> {
    let body = match count {
        Some(count) => json!({"data": data, "count": count}),
        None => json!({"data": data}),
    };
    body.to_string().into_bytes()
}
