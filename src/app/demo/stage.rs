//! The demo's stage: stand-ins, a configuration, a data folder, and the service between them.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sandbox::{
    kit::{Entity, Fault, Neutral, OpenEntity},
    pbx::{Heard, Pbx},
    ringostat_api::{self, RingostatApi},
};
use tokio::runtime::Runtime;

use super::{
    DemoError, DemoOptions,
    accounts::{self, Account},
    calls::{Before, Call},
    told::Told,
};
use crate::app::{Overrides, Service};
use crate::directory::{DirectoryStatus, WarmRequest, WarmState};

/// What opens both projects' doors.
pub(super) const TOKEN: &str = "demo-token-0123456789";
/// Of every block.
pub(super) const DEADLINE: Duration = Duration::from_millis(800);

/// Longer than any stand-in's search lags behind.
const INDEXED: Duration = Duration::from_secs(120);
/// How long a warm-up may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is set up; taken down when dropped.
pub(super) struct Stage {
    runtime: Runtime,
    accounts: Vec<Account>,
    recordings: RingostatApi,
    service: Service,
    folder: Folder,
}

/// A call that was told of.
pub(super) struct Followed {
    /// What was told, and what it must leave.
    pub(super) told: Told,
    /// Ringostat's id of it.
    pub(super) call_id: String,
    /// The client's number.
    pub(super) number: String,
    /// What the CRM had of the client before.
    pub(super) client: Vec<OpenEntity>,
    /// Where the audio lies.
    pub(super) recording: String,
}

impl Stage {
    /// Sets everything up; returns while the warm-up is under way.
    pub(super) fn set(options: DemoOptions) -> Result<Self, DemoError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let accounts = runtime.block_on(accounts::open())?;
        let recordings = runtime.block_on(RingostatApi::start(ringostat_api::Options::default()))?;
        let folder = Folder::new()?;
        for account in &accounts {
            folder.write_project(account)?;
        }
        let overrides = Overrides {
            config: Some(folder.0.join("config")),
            edge: Some(options.edge),
            ops: Some(options.ops),
            data: Some(folder.0.join("data")),
        };
        let service = Service::start(&overrides, Arc::new(accounts::environment()))?;
        Ok(Self { runtime, accounts, recordings, service, folder })
    }

    pub(super) const fn edge(&self) -> SocketAddr {
        self.service.edge()
    }

    pub(super) const fn ops(&self) -> SocketAddr {
        self.service.ops()
    }

    pub(super) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Where recordings are had that are fetched.
    pub(super) fn recordings(&self) -> String {
        self.recordings.base_url()
    }

    /// Waits for the outside.
    pub(super) fn hear<T>(&self, heard: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        self.runtime.block_on(heard)
    }

    /// The account behind a project.
    fn account(&self, project: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.project == project)
    }

    /// Waits until a project's directory is complete.
    pub(super) fn warmed(&self, project: &str) -> Result<DirectoryStatus, DemoError> {
        let exchange = self.service.exchange();
        let line = exchange.line(project).ok_or(DemoError::Cold(Duration::ZERO))?;
        let mut progress = line.directory.warm_progress();
        let warm = async {
            tokio::time::timeout(PATIENCE, progress.wait_for(|run| run.state == WarmState::Done)).await.is_ok()
        };
        if self.runtime.block_on(warm) { Ok(line.directory.status()) } else { Err(DemoError::Cold(PATIENCE)) }
    }

    /// Places one call.
    pub(super) fn place(&self, call: &Call) -> Result<Heard, DemoError> {
        if let Some(account) = self.account(call.project) {
            match call.before {
                Before::Nothing => {}
                Before::Hangs => account.crm.stage_fault(Fault::hang()),
                Before::OwnerChanges => self.change_owner(account)?,
            }
        }
        Ok(self.runtime.block_on(Pbx::new(self.edge()).ask(&call.ask()))?)
    }

    /// Gives the sample contact to Boris and lets the service ask what changed, as it does every minute.
    fn change_owner(&self, account: &Account) -> Result<(), DemoError> {
        let contact = account.crm.sample("contact").and_then(|sample| sample.open.into_iter().next());
        let contact = contact.ok_or_else(|| io::Error::other("expected the sample contact, found none"))?;
        let [_, boris, ..] = account.crm.employees();
        let entity = Entity { kind: contact.kind, id: contact.id };
        let change = Neutral::SetOwner { entity, owner_id: boris };
        account.crm.change_neutral(change).map_err(io::Error::other)?;
        // The vendor's search is told of a change some seconds later, and the clock of its changes goes by seconds.
        account.crm.advance(INDEXED);
        let exchange = self.service.exchange();
        let line = exchange.line(account.project).ok_or(DemoError::Cold(Duration::ZERO))?;
        let id = line.directory.warm(WarmRequest::default()).unwrap_or_else(|running| running.id);
        let mut progress = line.directory.warm_progress();
        let swept = progress.wait_for(|run| run.id > id || (run.id == id && run.state != WarmState::Running));
        let swept = async { tokio::time::timeout(PATIENCE, swept).await.is_ok() };
        if self.runtime.block_on(swept) { Ok(()) } else { Err(DemoError::Cold(PATIENCE)) }
    }

    /// A call to be placed by hand.
    pub(super) fn sample_command(&self) -> String {
        format!("curl 'http://{}/acme/route/sales?token={TOKEN}&caller=380442001001'", self.edge())
    }

    pub(super) fn wait_for_signal(&self) -> io::Result<()> {
        self.service.wait_for_signal()
    }

    /// Takes everything down: the calls under way first, then the stand-ins, then the files.
    pub(super) fn strike(self) -> io::Result<()> {
        self.service.stop()?;
        for account in &self.accounts {
            self.runtime.block_on(account.crm.stop());
        }
        self.runtime.block_on(self.recordings.stop());
        drop(self.folder);
        Ok(())
    }
}

/// A folder of the demo's own; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("predial-demo-{}", std::process::id()));
        fs::create_dir_all(path.join("config/projects"))?;
        Ok(Self(path))
    }

    fn write_project(&self, account: &Account) -> io::Result<()> {
        let path: &Path = &self.0.join(format!("config/projects/{}.toml", account.project));
        fs::write(path, account.file())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is a few files in the system's folder for such.
        let _removed = fs::remove_dir_all(&self.0);
    }
}
