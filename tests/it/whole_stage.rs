//! The whole service in process, on port 0, before a stand-in of Pipedrive.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use predial::app::{Overrides, Service};
use sandbox::pipedrive::{Fault, ORGANIZATION_PHONE, Options, Pipedrive};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What opens the project's doors.
pub(crate) const TOKEN: &str = "acme-token-0123456789";

/// The service, the CRM it asks, and the folder both are configured from.
pub(crate) struct Whole {
    pub(crate) crm: Pipedrive,
    service: Option<Service>,
    folder: TempDir,
    deployments: AtomicU32,
}

/// What a project's file says.
#[derive(Debug, Clone)]
pub(crate) struct ProjectFile {
    pub(crate) base_url: String,
    /// The variable that holds the CRM's token: `PIPEDRIVE`, or `PIPEDRIVE_REFUSED`, which the stand-in does not accept.
    pub(crate) crm_token: &'static str,
    pub(crate) quota_daily: u64,
    /// Further lines of `[crm]`.
    pub(crate) crm: &'static str,
    /// `crm_user` and name; the first one is the top manager.
    pub(crate) employees: Vec<(&'static str, &'static str)>,
    pub(crate) blocks: String,
}

/// What a telephone system hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) source: String,
    pub(crate) entity: Option<String>,
    pub(crate) body: String,
}

impl Whole {
    /// Starts both and does not wait for the warm-up.
    pub(crate) async fn start(options: Options, blocks: &str) -> Self {
        Self::before(Pipedrive::start(options).await.expect("a stand-in"), blocks).await
    }

    /// Starts both, the CRM with a fault from its first request on.
    pub(crate) async fn start_before(fault: Fault, options: Options, blocks: &str) -> Self {
        let crm = Pipedrive::start(options).await.expect("a stand-in");
        crm.stage_fault(fault);
        Self::before(crm, blocks).await
    }

    async fn before(crm: Pipedrive, blocks: &str) -> Self {
        let file = ProjectFile::new(crm.base_url(), blocks);
        Self::of(crm, &file).await
    }

    /// Starts the service before a CRM, with `acme` as its file says.
    pub(crate) async fn of(crm: Pipedrive, file: &ProjectFile) -> Self {
        let folder = TempDir::new().expect("a folder");
        deploy(folder.path(), 0, &[("acme", file)]);
        let service = Some(started(folder.path()).await);
        Self { crm, service, folder, deployments: AtomicU32::new(1) }
    }

    /// Starts both and waits until the directory is complete.
    pub(crate) async fn warmed(options: Options, blocks: &str) -> Self {
        let whole = Self::start(options, blocks).await;
        whole.until_warm("acme").await;
        whole
    }

    /// Stops the service and starts it again on the same folders.
    pub(crate) async fn restart(&mut self) {
        let service = self.service.take().expect("running");
        let stopped = tokio::task::spawn_blocking(move || service.stop()).await;
        stopped.expect("no panic").expect("stopped in order");
        self.service = Some(started(self.folder.path()).await);
    }

    pub(crate) fn service(&self) -> &Service {
        self.service.as_ref().expect("running")
    }

    /// The folder of the configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes the project's file anew.
    pub(crate) fn rewrite_project(&self, base_url: &str, blocks: &str) {
        write(&self.config(), &[("acme", &ProjectFile::new(base_url.to_owned(), blocks))]);
    }

    /// Puts another configuration in the place of the whole one and reloads; gives the report.
    ///
    /// The folder is another one from one moment to the next, as deployments do it, and no file in the old one changes:
    /// the reload is this one and never the watcher's.
    pub(crate) async fn deploy(&self, projects: &[(&str, &ProjectFile)]) -> Value {
        deploy(self.folder.path(), self.deployments.fetch_add(1, Ordering::Relaxed), projects);
        let heard = self.ops_post("/api/reload", "").await;
        assert_eq!(heard.status, 200, "{}", heard.body);
        serde_json::from_str(&heard.body).expect("JSON")
    }

    /// Waits until the project's directory is complete and fresh.
    pub(crate) async fn until_warm(&self, project: &str) {
        self.wait_for(&format!("/api/projects/{project}"), |body| body.contains("\"absent_is_known\":true")).await;
    }

    /// Has a warm-up run to its end; gives its last progress.
    pub(crate) async fn warm(&self, project: &str, wanted: &str) -> Value {
        let path = format!("/api/projects/{project}/warm");
        let started = self.ops_post(&path, wanted).await;
        assert_eq!(started.status, 202, "{}", started.body);
        let started: Value = serde_json::from_str(&started.body).expect("JSON");
        let told = |body: &str| serde_json::from_str::<Value>(body).expect("JSON");
        let ended = |body: &str| told(body)["id"] == started["id"] && told(body)["state"] != "running";
        told(&self.wait_for(&path, ended).await)
    }

    /// A project as operators see it.
    pub(crate) async fn view(&self, project: &str) -> Value {
        serde_json::from_str(&self.ops(&format!("/api/projects/{project}")).await.body).expect("JSON")
    }

    /// Asks `acme` who is responsible, by a connection of its own.
    pub(crate) async fn ask(&self, block: &str, caller: &str) -> Heard {
        self.ask_of("acme", block, caller).await
    }

    /// Asks a project who is responsible, by a connection of its own.
    pub(crate) async fn ask_of(&self, project: &str, block: &str, caller: &str) -> Heard {
        let target = format!("/{project}/route/{block}?token={TOKEN}&caller={caller}");
        ask_at(
            self.service().edge(),
            &format!("GET {target} HTTP/1.1\r\nHost: x\r\nx-predial-trace: 1\r\nConnection: close\r\n\r\n"),
        )
        .await
    }

    /// A `GET` at the ops door.
    pub(crate) async fn ops(&self, path: &str) -> Heard {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        ask_at(self.service().ops(), &request).await
    }

    /// A `GET` of a table at the ops door.
    pub(crate) async fn ops_table(&self, path: &str) -> Heard {
        let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/csv\r\nConnection: close\r\n\r\n");
        ask_at(self.service().ops(), &head).await
    }

    /// A `DELETE` at the ops door.
    pub(crate) async fn ops_delete(&self, path: &str) -> Heard {
        let request = format!("DELETE {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        ask_at(self.service().ops(), &request).await
    }

    /// A `POST` of JSON at the ops door.
    pub(crate) async fn ops_post(&self, path: &str, body: &str) -> Heard {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        ask_at(self.service().ops(), &request).await
    }

    /// Asks the ops door until the body is as wanted.
    pub(crate) async fn wait_for(&self, path: &str, wanted: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let body = self.ops(path).await.body;
            if wanted(&body) {
                return body;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{path} is still {body}");
            // A whole service on its own runtimes: its time cannot be paused, only polled.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            // Joins the edge threads: not for a runtime's thread.
            std::thread::spawn(move || service.stop());
        }
    }
}

pub(crate) async fn ask_at(address: SocketAddr, request: &str) -> Heard {
    ask_bytes_at(address, request.as_bytes()).await
}

/// The same, whatever the body is written in.
pub(crate) async fn ask_bytes_at(address: SocketAddr, request: &[u8]) -> Heard {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {reply:?}"));
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
    Heard {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"),
        source: header("x-predial-source").unwrap_or_default(),
        entity: header("x-predial-entity"),
        body: body.to_owned(),
    }
}

async fn started(folder: &Path) -> Service {
    let overrides = Overrides {
        config: Some(folder.join("config")),
        edge: Some(any_port()),
        ops: Some(any_port()),
        data: Some(folder.join("data")),
    };
    let service = tokio::task::spawn_blocking(move || Service::start(&overrides, Arc::new(environment())));
    service.await.expect("no panic").unwrap_or_else(|error| panic!("{error:?}"))
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(crate) fn environment() -> BTreeMap<String, String> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    [
        set("ACME_TOKEN", TOKEN),
        set("PIPEDRIVE", "sandbox-token"),
        set("PIPEDRIVE_REFUSED", "a-token-of-yesterday"),
        set("RINGOSTAT", "sandbox-ringostat-key"),
        set("RINGOSTAT_REFUSED", "a-key-of-yesterday"),
        set("PREDIAL__EDGE__THREADS", "1"),
        set("PREDIAL__LOG__FILTER", "off"),
    ]
    .into()
}

impl ProjectFile {
    /// The usual one.
    pub(crate) fn new(base_url: String, blocks: &str) -> Self {
        Self {
            base_url,
            crm_token: "PIPEDRIVE",
            quota_daily: 1_000_000,
            crm: "",
            employees: vec![("101", "anna"), ("102", "boris"), ("103", "clara"), ("104", "denys")],
            blocks: blocks.to_owned(),
        }
    }

    fn text(&self) -> String {
        let Self { base_url, crm_token, quota_daily, crm, employees, blocks } = self;
        let mut text = format!(
            "token = {{ env = \"ACME_TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\n\
             [crm]\nkind = \"pipedrive\"\nbase_url = \"{base_url}\"\ntoken = {{ env = \"{crm_token}\" }}\n\
             quota = {{ daily = {quota_daily} }}\n{crm}\n\n[crm.fields]\nphone = [\"{ORGANIZATION_PHONE}\"]\n\n"
        );
        for (at, (crm_user, name)) in employees.iter().enumerate() {
            let top = if at == 0 { "top_manager = true\n" } else { "" };
            text += &format!(
                "[[employee]]\nname = \"{name}\"\ncrm_user = \"{crm_user}\"\nmain = [\"acme_{name}\"]\n\
                 other = [\"acme_{name}_home\"]\n{top}\n"
            );
        }
        text + blocks
    }
}

/// Writes a whole configuration beside the one there is, and makes it the one that `config` is.
pub(crate) fn deploy(folder: &Path, number: u32, projects: &[(&str, &ProjectFile)]) {
    let (release, link) = (folder.join(format!("config-{number}")), folder.join("config-next"));
    write(&release, projects);
    symlink(&release, &link).expect("a link");
    std::fs::rename(&link, folder.join("config")).expect("put in place");
}

fn write(config: &Path, projects: &[(&str, &ProjectFile)]) {
    let folder = config.join("projects");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, file) in projects {
        std::fs::write(folder.join(format!("{name}.toml")), file.text()).expect("written");
    }
}
