//! One worker at an entry, whatever the clock says: a clock that jumps ahead ends leases of workers that are at work, and
//! two requests of one step under way at once could both be carried out.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::store::EntryId;

/// The entries that are worked on in this process.
#[derive(Debug, Default)]
pub(super) struct Turns(watch::Sender<BTreeSet<EntryId>>);

/// A turn at an entry, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    entry: EntryId,
}

impl Turns {
    /// The turn at an entry, once whoever is at it has ended. That one's lease was over, so it notes nothing any more; what
    /// it sent is unclear and is looked for.
    pub(super) async fn at(&self, entry: EntryId) -> Turn<'_> {
        let mut seen = self.0.subscribe();
        while !self.0.send_if_modified(|taken| taken.insert(entry)) {
            // The sender is this value's own, so the wait ends only when the entry is free.
            if seen.wait_for(|taken| !taken.contains(&entry)).await.is_err() {
                break;
            }
        }
        Turn { turns: self, entry }
    }
}

impl Turns {
    /// Whether somebody is at an entry now.
    pub(super) fn is_taken(&self, entry: EntryId) -> bool {
        self.0.borrow().contains(&entry)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.0.send_modify(|taken| {
            taken.remove(&self.entry);
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::Turns;
    use crate::journal::store::EntryId;

    #[tokio::test]
    async fn a_second_worker_waits_for_the_first_to_end_and_nobody_else() {
        let turns = Turns::default();
        let first = turns.at(EntryId(1)).await;
        let mut second = Box::pin(turns.at(EntryId(1)));
        assert!(second.as_mut().now_or_never().is_none(), "the first is at it");
        assert!(turns.is_taken(EntryId(1)) && !turns.is_taken(EntryId(2)));
        drop(turns.at(EntryId(2)).await);
        assert!(second.as_mut().now_or_never().is_none(), "another one's end is not the first one's");
        drop(first);
        let second = second.await;
        drop(second);
        drop(turns.at(EntryId(1)).await);
    }
}
