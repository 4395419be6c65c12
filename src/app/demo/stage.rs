//! The demo's stage: two stand-ins, a configuration, a data folder, and the service between them.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sandbox::{
    pbx::{Heard, Pbx},
    pipedrive::{Fault, ORGANIZATION_PHONE, Options, Pipedrive},
};
use tokio::runtime::Runtime;

use super::{
    DemoError, DemoOptions,
    calls::{Before, Call},
};
use crate::app::{Overrides, Service};
use crate::directory::{DirectoryStatus, WarmState};

/// What opens both projects' doors.
pub(super) const TOKEN: &str = "demo-token-0123456789";
/// Of every block.
pub(super) const DEADLINE: Duration = Duration::from_millis(800);

/// Clients that are seeded besides the samples.
const CLIENTS: usize = 2_000;
/// How long the warm-up may take.
const PATIENCE: Duration = Duration::from_secs(60);

const PEOPLE: &str = r#"
[[employee]]
name = "Anna"
crm_user = "101"
main = ["acme_anna"]
other = ["380509990001"]
top_manager = true

[[employee]]
name = "Boris"
crm_user = "102"
main = ["acme_boris"]

[[employee]]
name = "Clara"
crm_user = "103"
main = ["+380 67 111 22 33"]

[[employee]]
name = "Denys"
crm_user = "104"
main = ["acme_denys"]
"#;

const BLOCKS: &str = r#"
[block.sales]
priority = ["contact", "organization", "deal"]
answer = "json"
answer_field = "destination"

[block.plain]
priority = ["contact", "organization", "deal"]
answer = "plain"

[block.rpc]
priority = ["contact", "organization", "deal"]
answer = "json-rpc"
answer_field = "destination"

[block.deals]
priority = ["deal", "contact"]
answer = "json-rpc"
answer_field = "destination"

[block.deals-only]
priority = ["deal"]
answer = "plain"

[block.on]
priority = ["contact", "deal"]
answer = "json"
answer_field = "destination"
on_unassigned = "next_entity"

[block.night]
priority = ["contact"]
answer = "plain"
miss_destination = "231146"
"#;

/// What is set up; taken down when dropped.
pub(super) struct Stage {
    runtime: Runtime,
    crms: [(&'static str, Pipedrive); 2],
    service: Service,
    folder: Folder,
}

impl Stage {
    /// Sets everything up; returns while the warm-up is under way.
    pub(super) fn set(options: DemoOptions) -> Result<Self, DemoError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let stand_in =
            |seed| runtime.block_on(Pipedrive::start(Options { clients: CLIENTS, seed, ..Options::default() }));
        let crms = [("acme", stand_in(1)?), ("bistro", stand_in(2)?)];
        // The first list that a crawl asks for: bistro's warm-up never gets anywhere.
        crms[1].1.stage_fault(Fault::hang().on("/api/v2/deals"));
        let folder = Folder::new()?;
        for (name, crm) in &crms {
            folder.write_project(name, &crm.base_url())?;
        }
        let overrides = Overrides {
            config: Some(folder.0.join("config")),
            edge: Some(options.edge),
            ops: Some(options.ops),
            data: Some(folder.0.join("data")),
        };
        let service = Service::start(&overrides, Arc::new(environment()))?;
        Ok(Self { runtime, crms, service, folder })
    }

    pub(super) const fn edge(&self) -> SocketAddr {
        self.service.edge()
    }

    pub(super) const fn ops(&self) -> SocketAddr {
        self.service.ops()
    }

    pub(super) fn crms(&self) -> impl Iterator<Item = (&'static str, &Pipedrive)> {
        self.crms.iter().map(|(name, crm)| (*name, crm))
    }

    /// Waits until acme's directory is complete.
    pub(super) fn warmed(&self) -> Result<DirectoryStatus, DemoError> {
        let exchange = self.service.exchange();
        let line = exchange.line("acme").ok_or(DemoError::Cold(Duration::ZERO))?;
        let mut progress = line.directory.warm_progress();
        let warm = async {
            tokio::time::timeout(PATIENCE, progress.wait_for(|run| run.state == WarmState::Done)).await.is_ok()
        };
        if self.runtime.block_on(warm) { Ok(line.directory.status()) } else { Err(DemoError::Cold(PATIENCE)) }
    }

    /// Places one call.
    pub(super) fn place(&self, call: &Call) -> io::Result<Heard> {
        if call.before == Before::Hangs {
            let of_project = |(name, _): &(&'static str, &Pipedrive)| *name == call.project;
            if let Some((_, crm)) = self.crms().find(of_project) {
                crm.stage_fault(Fault::hang());
            }
        }
        self.runtime.block_on(Pbx::new(self.edge()).ask(&call.ask()))
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
        for (_, crm) in &self.crms {
            self.runtime.block_on(crm.stop());
        }
        drop(self.folder);
        Ok(())
    }
}

fn environment() -> BTreeMap<String, String> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    [set("DEMO_TOKEN", TOKEN), set("DEMO_CRM", &Options::default().api_token), set("PREDIAL__LOG__FILTER", "error")]
        .into()
}

/// A folder of the demo's own; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("predial-demo-{}", std::process::id()));
        fs::create_dir_all(path.join("config/projects"))?;
        Ok(Self(path))
    }

    fn write_project(&self, name: &str, base_url: &str) -> io::Result<()> {
        let path: &Path = &self.0.join(format!("config/projects/{name}.toml"));
        let text = format!(
            "token = {{ env = \"DEMO_TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\n\
             [crm]\nkind = \"pipedrive\"\nbase_url = \"{base_url}\"\ntoken = {{ env = \"DEMO_CRM\" }}\n\
             quota = {{ daily = 300000 }}\n\n[crm.fields]\nphone = [\"{ORGANIZATION_PHONE}\"]\n{PEOPLE}{BLOCKS}"
        );
        fs::write(path, text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is a few files in the system's folder for such.
        let _removed = fs::remove_dir_all(&self.0);
    }
}
