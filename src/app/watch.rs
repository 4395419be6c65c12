//! Notices that the configuration changed: by its files, or by SIGHUP.

use std::{path::Path, sync::Arc, time::Duration};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::follow::Follow;

/// How long files must have been left alone: an editor writes, renames and touches in one go, a deployment writes
/// several.
const SETTLED: Duration = Duration::from_millis(300);

/// Watches a folder for as long as it is held.
pub(crate) struct Watch {
    _watcher: Option<RecommendedWatcher>,
    /// Listened to from the beginning: a SIGHUP that nobody listens to kills.
    hang_up: Option<Signal>,
    changed: Arc<Notify>,
}

impl Watch {
    /// Watches `folder` and what is below it. Where the system cannot, SIGHUP and the ops door still reload. Called
    /// inside the runtime that [`Watch::reload`] will run on.
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let changed = Arc::new(Notify::new());
        let watcher = folder.and_then(|folder| match watcher(folder, &changed) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "the configuration is not watched");
                None
            }
        });
        let hang_up = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::warn!(%error, "SIGHUP is not listened to, and kills"))
            .ok();
        Self { _watcher: watcher, hang_up, changed }
    }

    /// Reloads at every change and at SIGHUP, until `stop`.
    pub(crate) async fn reload(mut self, follow: Arc<Follow>, stop: CancellationToken) {
        let mut hang_up = self.hang_up.take();
        loop {
            tokio::select! {
                () = self.changed.notified() => self.settled().await,
                () = hung_up(&mut hang_up) => {}
                () = stop.cancelled() => return,
            }
            let follow = Arc::clone(&follow);
            // Reads files: not for a runtime's thread.
            let _logged_by_reload = tokio::task::spawn_blocking(move || follow.reload_and_log()).await;
        }
    }

    async fn settled(&self) {
        while tokio::time::timeout(SETTLED, self.changed.notified()).await.is_ok() {}
    }
}

async fn hung_up(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

fn watcher(folder: &Path, changed: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let tell = Arc::clone(changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the files is an event too, and must not lead to reading them again.
        if !matches!(&event, Ok(event) if matches!(event.kind, EventKind::Access(_))) {
            tell.notify_one();
        }
    })?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(watcher)
}
