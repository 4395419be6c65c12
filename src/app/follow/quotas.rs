//! What the accounts of the projects in force spend: kept on disk, and shown.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::Follow;
use crate::crm::quota::QuotaView;

/// After a crash, what was spent in this time at the most is counted as not spent.
const STORE_DAYS_EVERY: Duration = Duration::from_secs(60);

impl Follow {
    /// Stores every minute what accounts have spent today, until told to stop.
    pub(crate) async fn keep_days(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(STORE_DAYS_EVERY)).await.is_some() {
            let follow = Arc::clone(&self);
            let _stored = tokio::task::spawn_blocking(move || follow.store_days()).await;
        }
    }

    /// Stores what accounts have spent today.
    ///
    /// # Cost
    /// Waits for the disk: not for a runtime's thread.
    pub(crate) fn store_days(&self) {
        let days = self.tending().accounts.days();
        days.store(self.means.clock.now().as_millisecond());
    }

    /// The quota of a project's account.
    pub(crate) fn quota(&self, project: &str) -> Option<QuotaView> {
        self.tending().directories.get(project).map(|tended| tended.ledger.snapshot())
    }
}
