//! Whether what a crawl did not find is gone.
//!
//! A list may leave records out that are there: half a page with a cursor for the next looks like any other page. So what
//! a crawl did not see is asked for by id before it is taken out, and a crawl that would take out too much is refused.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::{
    Directory, Feed,
    apply::From,
    crawl::{Ending, SWEEPING, Step},
};
use crate::base::metric::Count;
use crate::crm::MOST_REREAD;
use crate::model::{client::Kind, ids::CrmId};

/// So few numbers may always be lost, unless they are all there were: of three clients one may well be deleted.
const FEW: u64 = 3;
/// Records of a kind that are asked for by id after one crawl. Of more, so many evenly spread ones speak for all.
const MOST_ASKED_FOR: usize = 2 * MOST_REREAD;

impl Directory {
    /// Asks for what the crawl numbered `crawl` did not see. Gives what is to stay although it was neither seen nor found:
    /// because the CRM could not be asked, or because others turned out to be there and not all were asked for, or some of
    /// those that were not found when they were asked for were found then.
    ///
    /// # Cost
    /// Of the sweeps' share, what three hundred records of each kind cost by id, at most; nothing where all were seen.
    pub(super) async fn ask_for_unseen(&self, crawl: u32, began: Instant) -> BTreeSet<(Kind, CrmId)> {
        let mut staying = BTreeSet::new();
        for kind in self.kinds.iter() {
            staying.extend(self.unseen_to_stay(kind, crawl, began).await.into_iter().map(|id| (kind, id)));
        }
        staying
    }

    async fn unseen_to_stay(&self, kind: Kind, crawl: u32, began: Instant) -> Vec<CrmId> {
        let unseen = self.records().unseen(kind, crawl);
        let step = unseen.len().div_ceil(MOST_ASKED_FOR).max(1);
        let wanted: Vec<_> = unseen.iter().copied().step_by(step).collect();
        let (mut asked, mut gone, mut there, mut failed) = (BTreeSet::<CrmId>::new(), Vec::new(), 0, false);
        for ids in wanted.chunks(MOST_REREAD) {
            let Some(found) = self.look_for(kind, ids, began).await else {
                failed = true;
                break;
            };
            there += found.values().filter(|&&open| open).count();
            gone.extend(ids.iter().copied().filter(|id| !found.contains_key(id)));
            asked.extend(ids);
        }
        if there == 0 && !failed {
            return Vec::new();
        }
        let doubted = if there > 0 { self.doubtful(kind, gone, began).await } else { Vec::new() };
        tracing::warn!(
            project = %self.project, %kind, unseen = unseen.len(), asked = asked.len(), there, doubted = doubted.len(),
            "a crawl did not find all that is there"
        );
        unseen.into_iter().filter(|id| !asked.contains(id)).chain(doubted).collect()
    }

    /// Those of `gone` that are not to be believed gone. Whoever leaves out of a list what is there may leave it out of an
    /// answer by id, too: then who was not found is found when asked for once more.
    async fn doubtful(&self, kind: Kind, gone: Vec<CrmId>, began: Instant) -> Vec<CrmId> {
        let again = &gone[..gone.len().min(MOST_REREAD)];
        if again.is_empty() {
            return Vec::new();
        }
        match self.look_for(kind, again, began).await {
            Some(found) if found.is_empty() => Vec::new(),
            _ => gone,
        }
    }

    /// Which of these are there, and whether they are open. Some CRMs answer for one that was merged with the one that it
    /// became: that is somebody else. `None`: the CRM could not be asked.
    async fn look_for(&self, kind: Kind, ids: &[CrmId], began: Instant) -> Option<BTreeMap<CrmId, bool>> {
        let answer = self.patiently(Some(began), SWEEPING, |reader| async move { reader.records(kind, ids).await });
        let found = answer.await.ok()?;
        self.metrics.add(Count::RecordsReread, ids.len() as u64);
        self.apply(&found, From::Sweep);
        Some(found.iter().filter(|record| ids.contains(&record.id)).map(|record| (record.id, record.open)).collect())
    }

    pub(super) fn guard_against_shrinking(&self, feed: &Feed, crawl: u32, force: bool) -> Step<()> {
        let records = self.records();
        let (lost, held) = (records.numbers_lost(crawl) as u64, records.numbers() as u64);
        // A right that was taken away empties a kind: its records have no numbers of their own as a rule.
        let vanished = |kind: &Kind| {
            let open = records.open_of(*kind);
            open as u64 > FEW && records.unseen(*kind, crawl).len() == open
        };
        if let Some(kind) = self.kinds.iter().find(vanished).filter(|_| !force) {
            let held = records.open_of(kind);
            return Err(Ending::refused(format!(
                "expected a crawl to find {kind}s, found none where {held} are held; nothing was taken out, --force accepts it"
            )));
        }
        let percent = u64::from(feed.section.shrink_guard_percent);
        let few = lost <= FEW && lost < held;
        if force || few || lost * 100 <= held * percent {
            return Ok(());
        }
        Err(Ending::refused(format!(
            "expected a crawl to lose at most {percent} % of the numbers (crm.shrink_guard_percent), found {lost} of {held}; \
             nothing was taken out, --force accepts it"
        )))
    }
}
