//! The service from start to stop: configuration, lock, runtimes, directories, both doors.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::{
    follow::{Follow, Means},
    lock::{DataLock, LockError},
    log,
    operations::Assembly,
    record::{ROOM, Record},
    runtime::{EdgeThreads, give_way, make_room},
    watch::Watch,
};
use crate::base::{clock::Clock, environment::Environment, metric::Metrics, problem::Problem};
use crate::config::{self, Instead, ProcessSettings};
use crate::journal::{
    Journal, Offices,
    store::{LateStore, OpenError},
};
use crate::ops;
use crate::outbound::{Bounds, BuildError, Outbound};
use crate::project::{self, Configured, Current};
use crate::routing::{Exchange, Notes};
use crate::server::Door;

/// How often a journal that found no room is tried to be opened again.
const OPENED_AGAIN_EVERY: Duration = Duration::from_secs(60);
/// How often the journal is tidied.
const TIDIED_EVERY: Duration = Duration::from_secs(3_600);
/// How long writes under way may take at the end.
const FINISHED_WITHIN: Duration = Duration::from_secs(5);

/// What the command line says over the configuration.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--edge`
    pub edge: Option<SocketAddr>,
    /// `--ops`
    pub ops: Option<SocketAddr>,
    /// `--data`
    pub data: Option<PathBuf>,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has these problems.
    #[error("expected a configuration without problems, found {}", .0.len())]
    Configuration(Vec<Problem>),
    /// The data folder could not be taken.
    #[error("the data folder was not taken")]
    Lock(#[from] LockError),
    /// The edge door could not be opened.
    #[error("expected to listen on {address} (edge.listen)")]
    Edge {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The ops door could not be opened.
    #[error("the ops door was not opened")]
    Ops(#[from] ops::BindError),
    /// The journal could not be opened.
    #[error("the calls' journal was not opened")]
    Journal(#[from] OpenError),
    /// The HTTP client could not be made.
    #[error("the client that asks CRMs could not be made")]
    Outbound(#[from] BuildError),
    /// The operating system refused something.
    #[error("the operating system refused {what}")]
    System {
        /// What was wanted.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// A running service. Dropped without [`Service::stop`], its doors close at once.
pub struct Service {
    edge: Option<EdgeThreads>,
    edge_address: SocketAddr,
    ops_address: SocketAddr,
    follow: Arc<Follow>,
    draining: Arc<AtomicBool>,
    stop: CancellationToken,
    work: Option<Runtime>,
    journal: Arc<Journal>,
    record: Arc<Record>,
    _lock: DataLock,
}

/// SIGTERM and SIGINT, listened to.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Overrides {
    /// Reads, checks and compiles a configuration with what the command line says over it.
    ///
    /// # Errors
    /// Every problem of every floor, by file and row, each once.
    pub(super) fn configured(&self, environment: &dyn Environment) -> Result<Configured, Vec<Problem>> {
        let configured = self.examined(environment, None);
        if configured.problems.is_empty() { Ok(configured) } else { Err(configured.problems) }
    }

    /// The same, refused or not, with a text in the place of a project's file.
    pub(super) fn examined(&self, environment: &dyn Environment, instead: Option<Instead<'_>>) -> Configured {
        let over = config::Overrides { edge: self.edge, ops: self.ops, data: self.data.clone() };
        project::configure_instead(self.config.as_deref(), environment, (&over, instead))
    }

    /// A project's file, as problems name it.
    pub(super) fn project_file(&self, project: &str) -> Option<String> {
        self.config.as_deref().map(|dir| config::project_file(dir, project))
    }
}

impl Service {
    /// Starts everything. Once it returns, both doors are open; directories fill in the background.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left running.
    ///
    /// # Cost
    /// Blocks for the length of reading files and binding sockets: not for a runtime's thread.
    pub fn start(overrides: &Overrides, environment: Arc<dyn Environment + Send + Sync>) -> Result<Self, StartError> {
        let configured = overrides.configured(&*environment).map_err(StartError::Configuration)?;
        let process = configured.settings.process.clone();
        log::start(&process).map_err(|problem| StartError::Configuration(vec![problem]))?;
        let lock = DataLock::take(&process.data, Clock::System.now())?;
        make_room(process.edge.max_connections).map_err(system("to tell its limit of descriptors"))?;
        let work = work_runtime(&process).map_err(system("a runtime"))?;
        let stop = CancellationToken::new();
        let offices = Arc::new(Current::new(Arc::default()));
        let (journal, store) = journal(&process, &offices, &work)?;
        let means = means(overrides, environment, (&process, &work), (&offices, &journal))?;
        let follow = Follow::new(means, stop.clone());
        follow.put_in_force(configured);
        let record = Record::new(process.data.clone(), follow.notes(), follow.current());
        record.open();
        let edge = open_edge(&process, &follow, &journal)?;
        let draining = Arc::new(AtomicBool::new(false));
        let ops_address = open_ops((&process, &work), (&follow, &journal, &store, &record), &draining, &stop)?;
        let watch = {
            let _inside = work.enter();
            Watch::new(overrides.config.as_deref())
        };
        work.spawn(watch.reload(Arc::clone(&follow), stop.clone()));
        work.spawn(Arc::clone(&follow).keep_days(stop.clone()));
        work.spawn(open_late(store, Arc::clone(&journal), stop.clone()));
        work.spawn(tidy(Arc::clone(&journal), stop.clone()));
        work.spawn(Arc::clone(&record).keep(stop.clone()));
        work.spawn(Arc::clone(&record).tidy(stop.clone()));
        follow.doors_are_open();
        let edge_address = edge.address();
        let (edge, work) = (Some(edge), Some(work));
        Ok(Self { edge, edge_address, ops_address, follow, draining, stop, work, journal, record, _lock: lock })
    }

    /// Where the telephone system asks.
    #[must_use]
    pub const fn edge(&self) -> SocketAddr {
        self.edge_address
    }

    /// Where operators ask.
    #[must_use]
    pub const fn ops(&self) -> SocketAddr {
        self.ops_address
    }

    /// What is in force.
    #[must_use]
    pub fn exchange(&self) -> Arc<Exchange> {
        self.follow.current().load_full()
    }

    /// Reads the configuration again.
    ///
    /// # Errors
    /// Every problem found; what was in force stays.
    pub fn reload(&self) -> Result<(), Vec<Problem>> {
        self.follow.reload().map(drop)
    }

    /// Listens to SIGTERM and SIGINT from now on. Before anybody is told that the service is up: a supervisor may end it
    /// at once, and a signal that nobody listens to kills.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub fn listen_for_signals(&self) -> io::Result<Signals> {
        let _inside = self.work.as_ref().map(Runtime::enter);
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for a signal that came, or comes, since it was listened to.
    pub fn wait_for(&self, mut signals: Signals) {
        let Some(work) = &self.work else { return };
        work.block_on(async {
            tokio::select! { _ = signals.terminate.recv() => {} _ = signals.interrupt.recv() => {} }
        });
    }

    /// Waits for SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub fn wait_for_signal(&self) -> io::Result<()> {
        self.wait_for(self.listen_for_signals()?);
        Ok(())
    }

    /// Closes the edge door, lets the calls under way be answered, stops everything else and writes a snapshot of
    /// every directory.
    ///
    /// # Errors
    /// What ended an edge thread before it was told to stop.
    ///
    /// # Cost
    /// Blocks, for `edge.drain` at the longest and the time that writing every directory takes: not for a runtime's thread.
    pub fn stop(mut self) -> io::Result<()> {
        self.draining.store(true, Ordering::Release);
        let Some(edge) = self.edge.take() else { return Ok(()) };
        edge.stop();
        let joined = edge.join();
        // Nothing changes any more while it is written.
        self.stop.cancel();
        if let Some(work) = &self.work {
            // What is cut is noted as unclear, and the next process looks for it.
            work.block_on(self.journal.drain(FINISHED_WITHIN));
            // A disk that hangs holds nobody up.
            let written = async { tokio::time::timeout(FINISHED_WITHIN, self.record.write_out()).await };
            if work.block_on(written).is_err() {
                tracing::warn!("what the last calls were answered was not written in time");
            }
        }
        self.follow.save_all();
        joined
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(edge) = self.edge.take() {
            edge.stop();
        }
        self.stop.cancel();
        self.follow.store_days();
        if let Some(work) = self.work.take() {
            work.shutdown_background();
        }
    }
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::System { what, source }
}

fn work_runtime(process: &ProcessSettings) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(process.work_threads).thread_name("work").on_thread_start(give_way);
    builder.enable_all().build()
}

/// The journal in the data folder, and its store. Nobody works on it before a project is in force. A full disk does not
/// keep calls from being answered: the journal is opened once there is room.
fn journal(
    process: &ProcessSettings,
    offices: &Arc<Current<Offices>>,
    work: &Runtime,
) -> Result<(Arc<Journal>, Arc<LateStore>), StartError> {
    let store = Arc::new(LateStore::open(&process.data)?);
    let with = (Clock::System, work.handle().clone());
    let kept = Arc::clone(&store);
    Ok((Arc::new(Journal::new(kept, Arc::clone(offices), process.journal.clone(), with)), store))
}

/// Opens a journal that found no room, once there is some, until told to stop.
async fn open_late(store: Arc<LateStore>, journal: Arc<Journal>, stop: CancellationToken) {
    while !store.is_open() {
        if stop.run_until_cancelled(tokio::time::sleep(OPENED_AGAIN_EVERY)).await.is_none() {
            return;
        }
        let again = Arc::clone(&store);
        match tokio::task::spawn_blocking(move || again.try_again()).await {
            Ok(Ok(())) => {
                tracing::warn!("the journal is open: what is told of calls is stored from now on");
                journal.wake_all();
            }
            Ok(Err(error)) => tracing::error!(%error, "the journal is still not open"),
            Err(error) => tracing::error!(%error, "the journal is still not open"),
        }
    }
}

/// Removes what the journal has kept long enough, until told to stop.
async fn tidy(journal: Arc<Journal>, stop: CancellationToken) {
    loop {
        match journal.tidy().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "entries of the journal have been kept long enough"),
            Err(error) => tracing::error!(%error, "the journal could not be tidied"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(TIDIED_EVERY)).await.is_none() {
            return;
        }
    }
}

fn means(
    overrides: &Overrides,
    environment: Arc<dyn Environment + Send + Sync>,
    (process, work): (&ProcessSettings, &Runtime),
    (offices, journal): (&Arc<Current<Offices>>, &Arc<Journal>),
) -> Result<Means, StartError> {
    let outbound = &process.outbound;
    let bounds = Bounds {
        connect_timeout: outbound.connect_timeout,
        request_timeout: outbound.request_timeout,
        max_body_bytes: outbound.max_body_bytes,
    };
    Ok(Means {
        overrides: overrides.clone(),
        environment,
        process: process.clone(),
        outbound: Outbound::new(&bounds)?,
        clock: Clock::System,
        work: work.handle().clone(),
        metrics: Arc::new(Metrics::new()),
        notes: Arc::new(Notes::new(ROOM)),
        offices: Arc::clone(offices),
        journal: Some(Arc::clone(journal)),
    })
}

fn open_edge(process: &ProcessSettings, follow: &Follow, journal: &Arc<Journal>) -> Result<EdgeThreads, StartError> {
    let address = process.edge.listen;
    let door = Door::new(follow.current(), process, follow.metrics().process(), Clock::System);
    let door = door.with_inboxes(follow.inboxes()).with_journal(Arc::clone(journal)).with_notes(follow.notes());
    EdgeThreads::start(&Arc::new(door), address, process.edge.threads)
        .map_err(|source| StartError::Edge { address, source })
}

fn open_ops(
    (process, work): (&ProcessSettings, &Runtime),
    (follow, journal, store, record): (&Arc<Follow>, &Arc<Journal>, &Arc<LateStore>, &Arc<Record>),
    draining: &Arc<AtomicBool>,
    stop: &CancellationToken,
) -> Result<SocketAddr, StartError> {
    let token = process.ops.token.clone();
    let listener = work.block_on(ops::bind(process.ops.listen, token.is_some()))?;
    let address = listener.local_addr().map_err(system("to tell the ops door's address"))?;
    let router = ops::router(ops::Parts {
        operations: Arc::new(Assembly {
            follow: Arc::clone(follow),
            draining: Arc::clone(draining),
            journal: Arc::clone(journal),
            store: Arc::clone(store),
            record: Arc::clone(record),
        }),
        metrics: follow.metrics(),
        token,
        reserve: process.live.reserve,
        stop: stop.clone(),
    });
    work.spawn(ops::serve(listener, router, stop.clone()));
    Ok(address)
}
