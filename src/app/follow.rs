//! Keeps the exchange in step with the configuration, the CRMs' users and the staff lists: the only writer of what is in
//! force.
//!
//! A reload is all or nothing. What a project reads from its CRM decides whether its directory outlives a reload; a
//! block, a token or an employee changed empties nothing.

mod as_if;
mod contact_book;
mod generations;
mod leaving;
mod offices;
mod quotas;
mod reconcile;
mod staff;
mod webhooks;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch};
use tokio_util::sync::CancellationToken;

use self::{
    contact_book::ContactBooks, offices::Fetchers, reconcile::Reconcilers, staff::StaffLists, webhooks::Webhooks,
};
use super::{accounts::Accounts, run::Overrides};
use crate::base::{
    clock::Clock,
    environment::Environment,
    metric::{Metrics, ProcessCount, ProcessLevel},
    problem::Problem,
};
use crate::config::ProcessSettings;
use crate::crm::writer::Writer;
use crate::crm::{CrmUser, Prepared, Tools, quota::Ledger};
use crate::directory::{Directory, Feed, Parts, Shelf};
use crate::journal::{Journal, Offices};
use crate::ops::ReloadReport;
use crate::outbound::Outbound;
use crate::project::{Configured, Current, People, Project};
use crate::routing::{Exchange, Line, Notes};
use crate::server::Inboxes;

/// What a follower works with.
pub(crate) struct Means {
    /// Where the configuration stands, and what the command line says over it.
    pub(crate) overrides: Overrides,
    /// The environment it refers to.
    pub(crate) environment: Arc<dyn Environment + Send + Sync>,
    /// The settings in force when the process started.
    pub(crate) process: ProcessSettings,
    /// The one HTTP client.
    pub(crate) outbound: Outbound,
    /// The time.
    pub(crate) clock: Clock,
    /// The runtime of everything that is not a call.
    pub(crate) work: Handle,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Where calls leave what they were answered.
    pub(crate) notes: Arc<Notes>,
    /// What the journal's workers meet.
    pub(crate) offices: Arc<Current<Offices>>,
    /// The journal; tests of what is put in force have none.
    pub(crate) journal: Option<Arc<Journal>>,
}

/// Keeps what is in force.
pub(crate) struct Follow {
    means: Means,
    current: Arc<Current<Exchange>>,
    /// Held while files are read and put in force: of two reloads at once the one that read older files must not win.
    reloading: Mutex<()>,
    /// Where the edge door leaves what CRMs deliver.
    inboxes: Arc<Current<Inboxes>>,
    /// Whether the doors are open.
    opened: watch::Sender<bool>,
    /// Held for every swap: two writers at once would lose one of two changes.
    tending: Mutex<Tending>,
    stop: CancellationToken,
}

/// What is kept beside what is in force.
struct Tending {
    directories: BTreeMap<Box<str>, Tended>,
    staff: StaffLists,
    reconcilers: Reconcilers,
    contact_books: ContactBooks,
    webhooks: Webhooks,
    accounts: Accounts,
    fetchers: Fetchers,
    /// Where the directories are kept on disk; a project that comes back finds its own.
    shelves: BTreeMap<Box<str>, Arc<Shelf>>,
}

/// A directory that nobody keeps fresh yet.
struct Made {
    directory: Arc<Directory>,
    ledger: Arc<Ledger>,
    writer: Option<Arc<dyn Writer>>,
}

/// Users who are named in one line of the log.
const MOST_NAMED: usize = 20;

/// What a project's CRM is read with, the quota it spends, and what it is written with.
type Fed = (Feed, Arc<Ledger>, Option<Arc<dyn Writer>>);

type Users = watch::Receiver<Arc<[CrmUser]>>;

/// What belongs to one directory.
struct Tended {
    directory: Arc<Directory>,
    /// What its reader was made from.
    prepared: Arc<dyn Prepared>,
    ledger: Arc<Ledger>,
    /// Writes what calls leave; `None` for a CRM that nothing is written to.
    writer: Option<Arc<dyn Writer>>,
    stop: CancellationToken,
}

impl Follow {
    /// A follower with nothing in force.
    pub(crate) fn new(means: Means, stop: CancellationToken) -> Arc<Self> {
        let current = Arc::new(Current::new(Arc::new(Exchange::default())));
        let accounts = Accounts::open(&means.process.data);
        let (staff, webhooks, fetchers) = (StaffLists::default(), Webhooks::default(), Fetchers::default());
        let (directories, shelves, reconcilers) = (BTreeMap::new(), BTreeMap::new(), Reconcilers::default());
        let contact_books = ContactBooks::default();
        let tending = Tending { directories, staff, reconcilers, contact_books, webhooks, accounts, fetchers, shelves };
        let tending = Mutex::new(tending);
        let (inboxes, opened) = (Arc::new(Current::new(Arc::default())), watch::Sender::new(false));
        Arc::new(Self { means, current, reloading: Mutex::default(), inboxes, opened, tending, stop })
    }

    /// What is in force, for the doors.
    pub(crate) fn current(&self) -> Arc<Current<Exchange>> {
        Arc::clone(&self.current)
    }

    /// Where the edge door leaves what CRMs deliver.
    pub(crate) fn inboxes(&self) -> Arc<Current<Inboxes>> {
        Arc::clone(&self.inboxes)
    }

    /// Where calls leave what they were answered.
    pub(crate) fn notes(&self) -> Arc<Notes> {
        Arc::clone(&self.means.notes)
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.means.metrics)
    }

    /// Reads the configuration again and puts it in force as a whole.
    ///
    /// # Errors
    /// Every problem found; what was in force stays.
    pub(crate) fn reload(self: &Arc<Self>) -> Result<ReloadReport, Vec<Problem>> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let process = self.means.metrics.process();
        let configured = self.means.overrides.configured(&*self.means.environment);
        let outcome = configured.map(|configured| self.put_in_force(configured));
        process.count(if outcome.is_ok() { ProcessCount::ReloadsDone } else { ProcessCount::ReloadsRefused });
        outcome
    }

    /// As [`Follow::reload`], with the outcome in the log.
    ///
    /// # Errors
    /// As [`Follow::reload`].
    pub(crate) fn reload_and_log(self: &Arc<Self>) -> Result<ReloadReport, Vec<Problem>> {
        let outcome = self.reload();
        match &outcome {
            Ok(reloaded) => {
                let (projects, emptied) = (reloaded.projects.len(), reloaded.emptied.len());
                tracing::info!(projects, emptied, "configuration reloaded");
            }
            Err(problems) => {
                for problem in problems {
                    tracing::error!(%problem, "configuration refused");
                }
            }
        }
        outcome
    }

    /// Puts a configuration in force.
    pub(super) fn put_in_force(self: &Arc<Self>, configured: Configured) -> ReloadReport {
        let Configured { settings, projects, warnings, .. } = configured;
        for warning in &warnings {
            tracing::warn!(%warning, "configuration");
        }
        if settings.process != self.means.process {
            tracing::warn!("settings of the process changed: they take effect at the next start");
        }
        // Before anybody has to wait for the swap: reading a million clients from the disk takes a second.
        let mut made = self.make_missing(&projects);
        let mut tending = self.tending();
        let before = self.current.load_full();
        let mut report = ReloadReport::default();
        let mut lines = Vec::with_capacity(projects.len());
        for project in projects {
            report.projects.push(project.name.to_string());
            let old = before.line(&project.name);
            if old.is_none() {
                report.added.push(project.name.to_string());
            }
            let kept = old.filter(|line| line.project.crm.same_directory_as(&project.crm));
            let directory = match kept {
                Some(line) => {
                    if !line.project.crm.says_the_same_as(&project.crm) {
                        self.adopt(&mut tending, &project, &line.directory);
                    }
                    Arc::clone(&line.directory)
                }
                None => {
                    if old.is_some() {
                        report.emptied.push(project.name.to_string());
                    }
                    let made = made.remove(&project.name).unwrap_or_else(|| self.make(&mut tending, &project));
                    self.begin(&mut tending, &project, made)
                }
            };
            let users = Arc::clone(&directory.users().borrow());
            self.tend_webhooks(&mut tending, &project);
            self.tend_reconciler(&mut tending, &project);
            self.tend_contact_book(&mut tending, &project);
            let project = self.with_staff(&mut tending, project);
            lines.push(self.line(project, directory, &users));
        }
        let exchange = Exchange::new(lines);
        let in_force = report.projects.len();
        self.means.metrics.process().set(ProcessLevel::ProjectsInForce, in_force.try_into().unwrap_or(i64::MAX));
        for line in before.lines().filter(|line| exchange.line(&line.project.name).is_none()) {
            report.removed.push(line.project.name.to_string());
            self.means.metrics.forget(&line.project.name);
            if let Some(tended) = tending.end(&line.project.name) {
                self.give_up(tended);
            }
        }
        tending.accounts.are_spent_by(exchange.lines().map(|line| line.project.crm.prepared.account()));
        self.bring_in_force(&mut tending, exchange);
        self.inboxes.store(Arc::new(tending.webhooks.inboxes()));
        report
    }

    /// Makes a project's directory; nothing is asked of its CRM yet.
    fn make(&self, tending: &mut Tending, project: &Project) -> Made {
        let (feed, ledger, writer) = self.feed(tending, project);
        let directory = Directory::new(Parts {
            project: project.name.clone(),
            feed,
            kinds: project.crm.adapter.kinds,
            matching: project.crm.adapter.matching,
            numbers: project.numbers.clone(),
            live: self.means.process.live.clone(),
            clock: self.means.clock,
            work: self.means.work.clone(),
            metrics: self.means.metrics.project(&project.name),
            keeping: Some(self.keeping(tending, project)),
        });
        Made { directory, ledger, writer }
    }

    /// Begins to keep a directory fresh, in the place of the one the project had.
    fn begin(self: &Arc<Self>, tending: &mut Tending, project: &Project, made: Made) -> Arc<Directory> {
        let Made { directory, ledger, writer } = made;
        let stop = self.stop.child_token();
        // Before anything can change them: a receiver made later would take the first users for seen.
        let users = directory.users();
        let matching =
            Arc::clone(self).match_users(project.name.clone(), Arc::downgrade(&directory), users, stop.clone());
        self.means.work.spawn(matching);
        self.means.work.spawn(Arc::clone(&directory).keep_fresh(stop.clone()));
        let prepared = Arc::clone(&project.crm.prepared);
        let tended = Tended { directory: Arc::clone(&directory), prepared, ledger, writer, stop };
        if let Some(old) = tending.directories.insert(project.name.clone(), tended) {
            self.give_up(old);
        }
        directory
    }

    /// Lets a directory go on with what changed in its project's `[crm]`.
    fn adopt(&self, tending: &mut Tending, project: &Project, directory: &Directory) {
        let (feed, ledger, writer) = self.feed(tending, project);
        directory.adopt(feed);
        if let Some(tended) = tending.directories.get_mut(&project.name) {
            (tended.ledger, tended.prepared) = (ledger, Arc::clone(&project.crm.prepared));
            tended.writer = writer;
        }
    }

    fn feed(&self, tending: &mut Tending, project: &Project) -> Fed {
        let ledger = tending.accounts.ledger(project, self.means.clock);
        let (outbound, tokens) = (self.means.outbound.clone(), tending.accounts.tokens.clone());
        let tools = Tools { outbound, ledger: Arc::clone(&ledger), tokens, clock: self.means.clock };
        let writer = project.crm.prepared.writer(tools.clone());
        let reader = project.crm.prepared.reader(tools);
        let feed = Feed {
            reader,
            section: project.crm.section.clone(),
            ledger: Arc::clone(&ledger),
            timezone: project.timezone.clone(),
        };
        (feed, ledger, writer)
    }

    /// Stops what a directory has running, and holds it until no call reads it any more: a million numbers are not to be
    /// freed on a thread that calls are answered on.
    fn give_up(&self, tended: Tended) {
        tended.stop.cancel();
        let directory = tended.directory;
        self.means.work.spawn(async move {
            let last = Arc::clone(&directory);
            // Waits for a snapshot that is being written.
            let _closed = tokio::task::spawn_blocking(move || last.close_snapshots()).await;
            while Arc::strong_count(&directory) > 1 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let _freed = tokio::task::spawn_blocking(move || drop(directory)).await;
        });
    }

    fn line(&self, project: Arc<Project>, directory: Arc<Directory>, users: &[CrmUser]) -> Arc<Line> {
        let people = Arc::new(People::match_users(&project.employees, users, &project.numbers));
        let metrics = self.means.metrics.project(&project.name);
        let number = self.means.notes.number(&project);
        let line = Arc::new(Line { number, project, directory, people, metrics });
        self.means.notes.know(&line);
        line
    }

    /// Matches the CRM's users with the employees anew whenever the CRM's users change.
    async fn match_users(
        self: Arc<Self>,
        name: Box<str>,
        directory: Weak<Directory>,
        mut users: Users,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                changed = users.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            let known = users.borrow_and_update().clone();
            let Some(directory) = directory.upgrade() else { return };
            self.meet(&name, &directory, &known);
        }
    }

    fn meet(&self, name: &str, directory: &Arc<Directory>, users: &[CrmUser]) {
        let mut tending = self.tending();
        if !tending.directories.get(name).is_some_and(|tended| Arc::ptr_eq(&tended.directory, directory)) {
            return;
        }
        let before = self.current.load_full();
        let Some(line) = before.line(name) else { return };
        let met = self.line(Arc::clone(&line.project), Arc::clone(directory), users);
        if met.people.is_empty() && !line.people.is_empty() {
            // All employees at once: a permission that was taken away, not a company that was left by everybody.
            tracing::error!(
                project = name,
                users = users.len(),
                "no CRM user is an employee any more; the matches held stay"
            );
            return;
        }
        let strangers = met.people.unmatched();
        // Once for each of them, not once per call, nor at every change of their colleagues.
        let new = strangers.iter().filter(|user| !line.people.unmatched().contains(user));
        let named: Vec<_> = new.clone().take(MOST_NAMED).map(ToString::to_string).collect();
        if !named.is_empty() {
            let (count, users) = (new.count(), named.join(", "));
            tracing::warn!(project = name, count, users, "CRM users who are no employee: their clients' calls go on");
        }
        self.replace(&mut tending, &before, &met);
    }

    /// Puts a line in the place of the one that its project had. With `tending` held.
    fn replace(&self, tending: &mut Tending, before: &Exchange, line: &Arc<Line>) {
        let others = before.lines().filter(|other| other.project.name != line.project.name).cloned();
        self.bring_in_force(tending, Exchange::new(others.chain([Arc::clone(line)])));
    }

    fn tending(&self) -> MutexGuard<'_, Tending> {
        self.tending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
