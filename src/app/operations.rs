//! What the operators' door cannot do by itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;

use super::{follow::Follow, record::Record};
use crate::base::problem::Problem;
use crate::crm::quota::QuotaView;
use crate::journal::{
    Journal, Office, Range, ReconcileProgress, Refused,
    store::{LateStore, decisions::Decisions},
};
use crate::ops::{
    AsIf, ChangedFile, EdgeState, MatrixText, Operations, ReloadReport, RollbackRefused, RolledBack, TryRefused,
    WebhooksView,
};
use crate::pbx::StaffStatus;
use crate::routing::Exchange;
use crate::scenario::Matrix;

/// The assembly, as operators meet it. Made once the edge door is open.
pub(crate) struct Assembly {
    pub(crate) follow: Arc<Follow>,
    pub(crate) draining: Arc<AtomicBool>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) store: Arc<LateStore>,
    pub(crate) record: Arc<Record>,
}

#[async_trait]
impl Operations for Assembly {
    fn exchange(&self) -> Arc<Exchange> {
        self.follow.current().load_full()
    }

    fn quota(&self, project: &str) -> Option<QuotaView> {
        self.follow.quota(project)
    }

    fn webhooks(&self, project: &str) -> Option<WebhooksView> {
        self.follow.webhooks(project)
    }

    fn staff(&self, project: &str) -> Option<StaffStatus> {
        self.follow.staff(project)
    }

    fn journal(&self) -> Option<Arc<Journal>> {
        Some(Arc::clone(&self.journal))
    }

    fn journal_is_open(&self) -> bool {
        self.store.is_open()
    }

    async fn decisions(&self) -> Option<Arc<Decisions>> {
        self.record.whole().await
    }

    fn office(&self, project: &str) -> Option<Arc<Office>> {
        self.follow.offices().load().of(project).cloned()
    }

    fn reconcile(&self, project: &str, range: Range) -> Option<Result<u64, Refused>> {
        self.follow.reconcile(project, range)
    }

    fn reconciling(&self, project: &str) -> Option<ReconcileProgress> {
        self.follow.reconciling(project)
    }

    async fn matrix(&self, project: &str, text: Option<MatrixText>) -> Result<Arc<Matrix>, Vec<Problem>> {
        let (follow, name) = (Arc::clone(&self.follow), project.to_owned());
        // Reads files: not for a runtime's thread.
        let matrix = tokio::task::spawn_blocking(move || follow.matrix(&name, text.as_ref()));
        matrix.await.unwrap_or_else(|error| Err(vec![Problem::new(project, 0, error.to_string())]))
    }

    fn edge(&self) -> EdgeState {
        if self.draining.load(Ordering::Acquire) { EdgeState::Draining } else { EdgeState::Open }
    }

    async fn reload(&self) -> Result<ReloadReport, Vec<Problem>> {
        let follow = Arc::clone(&self.follow);
        // Reads files: not for a runtime's thread.
        let reload = tokio::task::spawn_blocking(move || follow.reload_and_log());
        reload.await.unwrap_or_else(|error| Err(vec![Problem::new("reload", 0, error.to_string())]))
    }

    async fn as_if(&self, project: &str, changed: Option<ChangedFile>) -> Result<AsIf, TryRefused> {
        let (follow, project) = (Arc::clone(&self.follow), project.to_owned());
        // Reads files: not for a runtime's thread.
        let read = tokio::task::spawn_blocking(move || follow.as_if(&project, changed.as_ref()));
        read.await.unwrap_or_else(|error| Err(TryRefused::BrokenOff(error.to_string())))
    }

    async fn roll_back(&self, project: &str, at: Option<String>) -> Result<RolledBack, RollbackRefused> {
        let (follow, project) = (Arc::clone(&self.follow), project.to_owned());
        // Reads and writes a file of every client: not for a runtime's thread.
        let rolled = tokio::task::spawn_blocking(move || follow.roll_back(&project, at.as_deref()));
        rolled.await.unwrap_or_else(|error| Err(RollbackRefused::BrokenOff(error.to_string())))
    }
}
