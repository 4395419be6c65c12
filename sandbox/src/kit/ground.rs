//! What a stand-in stands on, and shares with its server: address, clock, staged faults, log, deliveries.

use std::sync::Mutex;

use tokio::{runtime::Handle, task::JoinSet};

use super::{clock::Clock, fault::Stage, hooks::Hooks, lock, log::Log, vendor::Basics};

/// A stand-in's ground. The locks are never held across a wait.
#[derive(Debug)]
pub struct Ground {
    /// `http://127.0.0.1:PORT`
    pub base_url: String,
    /// The stand-in's time.
    pub clock: Clock,
    /// What it delivers to others.
    pub hooks: Hooks,
    pub(crate) keep_replies: bool,
    pub(crate) stage: Mutex<Stage>,
    pub(crate) log: Mutex<Log>,
    runtime: Handle,
    tasks: Mutex<JoinSet<()>>,
}

impl Ground {
    /// The ground of a stand-in on the runtime this is called on.
    pub(crate) fn new(basics: &Basics, base_url: String) -> Self {
        Self {
            base_url,
            clock: Clock::start(basics.speed, basics.still),
            hooks: Hooks::default(),
            keep_replies: basics.keep_replies,
            stage: Mutex::default(),
            log: Mutex::default(),
            runtime: Handle::current(),
            tasks: Mutex::default(),
        }
    }

    /// Runs a task that ends when the stand-in does, from wherever this is called: changes are made by threads without
    /// a runtime, too.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(task, &self.runtime);
    }

    /// Ends every task that was spawned.
    pub(crate) async fn end_tasks(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.shutdown().await;
    }
}
