//! Delta links: what they cover, and where a sweep stands.
//!
//! A link gives what changed since the one before it was given, deletions among it. So one chain of links misses nothing
//! from the moment its first link was given. Of what came before, the vendor does not say whether a link knows it; here it
//! counts as not known.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use url::Url;

use crate::crm::Cursor;
use crate::crm::failure::Failure;
use crate::crm::smart_crm::path::{self, Table};
use crate::model::client::Kind;

/// How long after a reading for a link that did not come to its end the next one begins.
const ANEW_AGAIN: Duration = Duration::from_secs(900);

/// What is known of one table's changes.
#[derive(Debug, Clone)]
struct Chain {
    /// The newest link.
    link: Option<Url>,
    /// Nothing is missed from then on, seconds since 1970 UTC.
    since_s: i64,
    /// There is none yet, or it died: the next sweep reads the whole table, to get one.
    anew: bool,
    /// When a sweep last began to.
    begun: Option<Instant>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { link: None, since_s: 0, anew: true, begun: None }
    }
}

/// The links of every table. Kept in memory only: after a restart the first crawl gives new ones, or the first sweep where
/// none is needed because a snapshot was there.
#[derive(Debug, Default)]
pub(super) struct Chains(Mutex<[Chain; 5]>);

impl Chains {
    /// The newest link of a kind, and from when on it misses nothing.
    pub(super) fn link(&self, kind: Kind) -> Option<(Url, i64)> {
        let chains = self.lock();
        let chain = &chains[kind as usize];
        chain.link.clone().map(|link| (link, chain.since_s))
    }

    /// A first reading ended at `now_s` with this link. A chain that lives is longer than the new one: it is kept.
    pub(super) fn begin(&self, kind: Kind, link: Url, now_s: i64) {
        let chain = &mut self.lock()[kind as usize];
        chain.anew = false;
        if chain.link.is_none() {
            *chain = Chain { link: Some(link), since_s: now_s, anew: false, begun: None };
        }
    }

    /// `from` gave everything that it had, and this link to what comes.
    pub(super) fn go_on(&self, kind: Kind, link: Url) {
        self.lock()[kind as usize].link = Some(link);
    }

    /// The link leads nowhere any more.
    pub(super) fn drop_link(&self, kind: Kind) {
        self.lock()[kind as usize] = Chain::default();
    }

    /// There is no link to be had.
    pub(super) fn give_up(&self, kind: Kind) {
        self.lock()[kind as usize].anew = false;
    }

    /// Whether another link is to be got: says so at once, and where that came to nothing once more after a while.
    pub(super) fn take_anew(&self, kind: Kind) -> bool {
        let chain = &mut self.lock()[kind as usize];
        let due = chain.anew && chain.begun.is_none_or(|begun| begun.elapsed() >= ANEW_AGAIN);
        if due {
            chain.begun = Some(Instant::now());
        }
        due
    }

    /// A panic in a holder leaves one link or another: either may be followed.
    fn lock(&self) -> MutexGuard<'_, [Chain; 5]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a reading of a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In a list.
    Listed(Url),
    /// In a reading of everything that will end with a delta link.
    Tracked(Url),
    /// In what was changed since a time.
    Modified(Url),
    /// In what a delta link gave.
    Delta(Url),
}

impl Place {
    pub(super) fn into_cursor(self) -> Cursor {
        let (word, url) = match &self {
            Self::Listed(url) => ("listed", url),
            Self::Tracked(url) => ("tracked", url),
            Self::Modified(url) => ("modified", url),
            Self::Delta(url) => ("delta", url),
        };
        Cursor(format!("{word} {url}"))
    }

    /// # Errors
    /// [`Failure::Refused`] for what is no cursor of this organization and table.
    pub(super) fn read(cursor: &Cursor, base: &Url, table: &'static Table) -> Result<Self, Failure> {
        let refused = || {
            let found: String = cursor.0.chars().take(40).collect();
            Failure::Refused { reason: format!("expected a cursor of this reader, found {found:?}") }
        };
        let (word, text) = cursor.0.split_once(' ').ok_or_else(refused)?;
        let url = path::link(base, table.set, text).ok_or_else(refused)?;
        match word {
            "listed" => Ok(Self::Listed(url)),
            "tracked" => Ok(Self::Tracked(url)),
            "modified" => Ok(Self::Modified(url)),
            "delta" => Ok(Self::Delta(url)),
            _ => Err(refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::{ANEW_AGAIN, Chains};
    use crate::model::client::Kind;

    #[tokio::test(start_paused = true)]
    async fn a_reading_for_a_link_that_broke_off_is_begun_again_after_a_while() {
        let chains = Chains::default();
        let anew = || chains.take_anew(Kind::Contact);
        assert!(anew(), "there is none yet");
        advance(ANEW_AGAIN - Duration::from_secs(1)).await;
        assert!(!anew(), "the next sweeps go by time alone");
        advance(Duration::from_secs(1)).await;
        assert!(anew());
        chains.begin(Kind::Contact, "https://acme.crm4.dynamics.com/link".parse().expect("a link"), 7);
        advance(ANEW_AGAIN).await;
        assert!(!anew(), "it is there");
        chains.drop_link(Kind::Contact);
        assert!(anew(), "a dead one is replaced at once");
        chains.give_up(Kind::Contact);
        advance(ANEW_AGAIN).await;
        assert!(!anew(), "there is none to be had");
    }
}
