//! Change tracking: the first reading, which gives a delta link, and what a delta link gives.
//!
//! # Source
//! Microsoft's page on change tracking: seven days, no `$filter`, `$orderby` or `$top`, what was deleted after what was
//! changed, the empty list where nothing was. Guesses, each the harder one: the first reading's link knows nothing from
//! before its last page; every page of the first reading must ask for tracking, or there is no link at its end; a change of
//! the table itself kills every link (seen by users of the same versions for metadata).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    odata::Ask,
    page::{Address, Entry, Mark, Page},
    reply::Refusal,
    schema,
    world::World,
};
use crate::kit::{EntityKind, Moment};

/// One change, by the version that it made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logged {
    pub(super) kind: EntityKind,
    pub(super) id: u128,
}

/// What stands in a `$deltatoken`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    version: u64,
    at: Duration,
}

impl Token {
    fn text(self) -> String {
        format!("{}!{}", self.version, self.at.as_millis())
    }

    fn read(text: &str) -> Option<Self> {
        let (version, at_ms) = text.split_once('!')?;
        Some(Self { version: version.parse().ok()?, at: Duration::from_millis(at_ms.parse().ok()?) })
    }
}

impl World {
    /// The version of the account: how many changes there were.
    fn version(&self) -> u64 {
        self.log.len() as u64
    }

    fn delta_link(&self, ask: &Ask, address: Address<'_>, now: Moment) -> String {
        let token = Token { version: self.version(), at: now.vendor };
        address.link(&ask.rest, "$deltatoken", &token.text())
    }

    /// A page of the first reading: everything, whatever state it is in.
    pub(super) fn tracked(
        &self,
        kind: EntityKind,
        ask: &Ask,
        address: Address<'_>,
        now: Moment,
    ) -> Result<Page, Refusal> {
        if !self.tracking.contains(&kind) {
            return Err(Refusal::not_tracked(schema::of(kind).logical));
        }
        let mut page = self.list(kind, ask, address)?;
        if page.next.is_none() {
            page.delta = Some(self.delta_link(ask, address, now));
        }
        Ok(page)
    }

    /// What changed since a delta link.
    pub(super) fn changed(
        &self,
        kind: EntityKind,
        ask: &Ask,
        address: Address<'_>,
        now: Moment,
    ) -> Result<Page, Refusal> {
        if !self.tracking.contains(&kind) {
            return Err(Refusal::not_tracked(schema::of(kind).logical));
        }
        let text = ask.delta.as_deref().unwrap_or_default();
        let malformed = || Refusal::malformed("The delta token is not valid.");
        let token = Token::read(text).filter(|token| token.version <= self.version()).ok_or_else(malformed)?;
        let dead = now.vendor > token.at + self.delta_life;
        if dead || self.reshaped.get(&kind).is_some_and(|&version| version > token.version) {
            return Err(Refusal::expired());
        }
        let rest = format!("{}&$deltatoken={text}", ask.rest);
        let mark = ask.skip.as_ref().map(|skip| Mark::read(skip, &rest)).transpose()?;
        let after = mark.map_or(token.version, |mark| u64::try_from(mark.from.0).unwrap_or(0));
        let begin = usize::try_from(after).unwrap_or(usize::MAX);
        let mut latest: BTreeMap<u128, u64> = BTreeMap::new();
        for (version, logged) in (1..).zip(&self.log).skip(begin).filter(|(_, logged)| logged.kind == kind) {
            latest.insert(logged.id, version);
        }
        // What is there still comes first, what is gone last.
        let table = self.table(kind);
        let is_gone = |id: &u128| table.get(*id).is_none();
        let mut order: Vec<(bool, u64, u128)> =
            latest.iter().map(|(id, version)| (is_gone(id), *version, *id)).collect();
        order.sort_unstable();
        let size = ask.preferences.page_size(self.page);
        // A page is cut by version, so that its mark says which changes were seen.
        let mut versions: Vec<u64> = order.iter().map(|(_, version, _)| *version).collect();
        versions.sort_unstable();
        let cut = versions.get(size).copied();
        let shown: BTreeSet<u64> = versions.into_iter().take(size).collect();
        let entry = |(gone, _, id): &(bool, u64, u128)| match table.get(*id) {
            Some(row) if !gone => Entry::Row(row),
            _ => Entry::Deleted(*id),
        };
        let entries: Vec<Entry> = order.iter().filter(|(_, version, _)| shown.contains(version)).map(entry).collect();
        let next = cut.map(|cut| {
            let mark = Mark::new(2, (i64::try_from(cut - 1).unwrap_or(0), 0), &rest);
            let skip = mark.text();
            let link = address.link(&ask.rest, "$deltatoken", text);
            let skip = percent_encoding::utf8_percent_encode(&skip, percent_encoding::NON_ALPHANUMERIC);
            format!("{link}&$skiptoken={skip}")
        });
        let delta = if next.is_none() { Some(self.delta_link(ask, address, now)) } else { None };
        let execution_ms = 2 + entries.len() as u64 / 100;
        Ok(Page { entries, next, delta, is_delta: true, execution_ms })
    }
}
