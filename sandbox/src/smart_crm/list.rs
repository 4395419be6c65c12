//! Lists of records: filtered, sorted, in pages. Deleted records are in none.

use std::collections::BTreeSet;

use super::{
    activities::Set,
    filter::{Filter, Op, Place},
    odata::Ask,
    page::{Address, Entry, Mark, Page},
    reply::Refusal,
    row::{Cell, Row},
    schema,
    seed::Part,
    world::World,
};
use crate::kit::{EntityKind, Record, Seed, Source, Walk, key};

/// Digits that lead to few enough clients.
const ENOUGH_OF_A_NUMBER: usize = 7;
/// Comparisons of a text with an end that the vendor makes in a millisecond: no index helps, so it looks at all. A guess.
const TEXTS_PER_MS: u64 = 50_000;

impl World {
    /// A page of a kind.
    pub(super) fn list(&self, kind: EntityKind, ask: &Ask, address: Address<'_>) -> Result<Page, Refusal> {
        let mark = ask.skip.as_ref().map(|text| Mark::read(text, &ask.rest)).transpose()?;
        let table = self.table(kind);
        let wanted = |row: &Row| ask.filter.as_ref().is_none_or(|filter| filter.takes(row));
        let narrowed = ask.filter.as_ref().and_then(|filter| self.narrow(kind, filter));
        let texts = ask.filter.as_ref().map_or(0, Filter::texts);
        let (from, since_s) = (mark.map(|mark| mark.from), ask.filter.as_ref().and_then(Filter::since_s));
        let rows: Box<dyn Iterator<Item = Row>> = match narrowed {
            Some(ids) => {
                let mut rows: Vec<Row> = ids.into_iter().filter_map(|id| table.get(id)).collect();
                rows.sort_unstable_by_key(|row| key(ask.sort, row));
                Box::new(rows.into_iter().filter(move |row| from.is_none_or(|from| key(ask.sort, row) >= from)))
            }
            None => Box::new(table.walk(&Walk { sort: ask.sort, from, since_s, ..Walk::default() })),
        };
        let scanned_ms = texts * table.source().places() / TEXTS_PER_MS;
        let mut page = paged(rows.filter(wanted), ask, mark, (address, self.page));
        page.execution_ms += scanned_ms;
        Ok(page)
    }

    /// The users, who all fit on a page.
    pub(super) fn list_users(&self, ask: &Ask, address: Address<'_>) -> Result<Page, Refusal> {
        self.list_rows(self.users.clone(), ask, address)
    }

    /// Phone calls, tasks or notes.
    pub(super) fn list_side(&self, set: Set, ask: &Ask, address: Address<'_>) -> Result<Page, Refusal> {
        let rows = self.side.iter().filter(|((known, _), _)| *known == set).map(|(_, row)| row.clone());
        self.list_rows(rows.collect(), ask, address)
    }

    fn list_rows(&self, mut rows: Vec<Row>, ask: &Ask, address: Address<'_>) -> Result<Page, Refusal> {
        let mark = ask.skip.as_ref().map(|text| Mark::read(text, &ask.rest)).transpose()?;
        let from = mark.map(|mark| mark.from);
        rows.retain(|row| ask.filter.as_ref().is_none_or(|filter| filter.takes(row)));
        rows.sort_unstable_by_key(|row| key(ask.sort, row));
        rows.retain(|row| from.is_none_or(|from| key(ask.sort, row) >= from));
        Ok(paged(rows.into_iter(), ask, mark, (address, self.page)))
    }

    /// Ids among which all are that a filter takes; `None`: any may be.
    fn narrow(&self, kind: EntityKind, filter: &Filter) -> Option<BTreeSet<u128>> {
        match filter {
            Filter::All(parts) => parts.iter().find_map(|part| self.narrow(kind, part)),
            Filter::Any(parts) => {
                let sets: Option<Vec<_>> = parts.iter().map(|part| self.narrow(kind, part)).collect();
                Some(sets?.into_iter().flatten().collect())
            }
            Filter::Compare(column, Op::Eq, Some(Cell::Id(id))) if column.name == schema::of(kind).key().name => {
                Some(BTreeSet::from([*id]))
            }
            Filter::Compare(column, Op::Eq, Some(Cell::Id(id))) => self.related(kind, column.name, *id),
            Filter::Text(Place::End, _, wanted) => self.by_digits(kind, wanted),
            Filter::Compare(..) | Filter::Text(..) | Filter::Not(_) => None,
        }
    }

    /// Records of a kind that may belong to another record: where the seed has them, and whatever was changed.
    fn related(&self, kind: EntityKind, column: &str, id: u128) -> Option<BTreeSet<u128>> {
        if !column.starts_with("_parent") && !column.starts_with("_customerid") && !column.starts_with("_primary") {
            return None;
        }
        let contact = self.table(EntityKind::Contact).source().place(id).map(|place| place..place + 1);
        let firm = || self.table(EntityKind::Organization).source().place(id).map(Seed::clients_of);
        let clients = contact.or_else(firm).unwrap_or(0..0);
        let part = self.table(kind).source();
        let places = match kind {
            EntityKind::Deal => Seed::deals_of(&clients),
            EntityKind::Ticket | EntityKind::Contact => clients,
            EntityKind::Lead | EntityKind::Organization => return None,
        };
        let seeded = places.filter(|&place| place < part.places()).map(|place| part.id(place));
        Some(seeded.chain(self.table(kind).changed_ids()).collect())
    }

    /// Records of a kind whose numbers may end so.
    fn by_digits(&self, kind: EntityKind, wanted: &str) -> Option<BTreeSet<u128>> {
        let digits: Vec<u8> = wanted.bytes().filter(u8::is_ascii_digit).collect();
        if digits.len() < ENOUGH_OF_A_NUMBER {
            return None;
        }
        let part: &Part = self.table(kind).source();
        let places = match kind {
            EntityKind::Contact => part.seed.clients_by_digits(&digits)?,
            EntityKind::Organization => part.seed.organizations_by_digits(&digits)?,
            EntityKind::Lead => {
                let clients = part.seed.clients_by_digits(&digits)?.into_iter();
                clients.flat_map(|place| Seed::leads_of(&(place..place + 1))).collect()
            }
            EntityKind::Deal | EntityKind::Ticket => return None,
        };
        let seeded = places.into_iter().filter(|&place| place < part.places()).map(|place| part.id(place));
        Some(seeded.chain(self.table(kind).changed_ids()).collect())
    }
}

/// The first page of these rows, with a link to the next where there are more.
fn paged(
    rows: impl Iterator<Item = Row>,
    ask: &Ask,
    mark: Option<Mark>,
    (address, most): (Address<'_>, usize),
) -> Page {
    let size = ask.preferences.page_size(most);
    let (size, linked) = ask.top.map_or((size, true), |top| (top.min(size), top > size));
    let mut rows = rows.peekable();
    let entries: Vec<Entry> = rows.by_ref().take(size).map(Entry::Row).collect();
    let page = mark.map_or(1, |mark| mark.page) + 1;
    let next = rows.peek().filter(|_| linked).map(|row| {
        let mark = Mark::new(page, key(ask.sort, row), &ask.rest);
        address.link(&ask.rest, "$skiptoken", &mark.text())
    });
    let execution_ms = 2 + entries.len() as u64 / 100;
    Page { entries, next, delta: None, is_delta: false, execution_ms }
}

/// Makes a page odd; `begun` is where it began, and the id of its first record.
pub(super) fn made_odd(page: &mut Page, how: &str, ask: &Ask, address: Address<'_>) {
    let first = page.entries.iter().find_map(|entry| match entry {
        Entry::Row(row) => Some(key(ask.sort, row)),
        Entry::Deleted(_) => None,
    });
    let Some(first) = first else { return };
    let link = |from| {
        let mark = Mark::new(2, from, &ask.rest);
        address.link(&ask.rest, "$skiptoken", &mark.text())
    };
    match how {
        "short_page" => {
            let half = page.entries.len() / 2;
            if let Some(Entry::Row(row)) = page.entries.get(half) {
                page.next = Some(link((key(ask.sort, row).0, row.id())));
                page.entries.truncate(half);
                page.delta = None;
            }
        }
        // As if there were no more.
        "cut_page" => {
            page.entries.truncate(page.entries.len().div_ceil(2));
            page.next = None;
        }
        // The first page comes again, and the rest after it.
        "twice" if ask.skip.is_some() => {}
        "twice" | "endless" => {
            page.next = Some(link(first));
            page.delta = None;
        }
        "foreign_link" => {
            page.next = Some(link(first).replacen("http://127.0.0.1", "http://crm.example", 1));
            page.delta = None;
        }
        _ => {}
    }
}
