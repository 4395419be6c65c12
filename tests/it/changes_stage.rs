//! The whole service before any of the stand-ins, reachable for what they deliver: one row for each CRM.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use predial::app::{Overrides, Service};
use sandbox::kit::StandIn;
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};
use tempfile::TempDir;

use crate::crm_rows::{Row, Started, crm_section, employees};
use crate::whole_stage::{Heard, ask_at, ask_bytes_at};

/// What opens the project's doors but one.
pub(crate) const TOKEN: &str = "acme-token-0123456789";
/// What opens the door of changes.
pub(crate) const CHANGES: &str = "acme-changes-0123456789";
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a project is configured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Whether the outside reaches the service.
    pub(crate) public: bool,
    /// `crm.sweep_s`
    pub(crate) sweep_s: u64,
    /// What opens the door of changes.
    pub(crate) changes: &'static str,
    /// Further lines of `[crm]`.
    pub(crate) crm: &'static str,
    /// Further lines of the project.
    pub(crate) project: &'static str,
    /// Lines of `[ringostat]`.
    pub(crate) ringostat: &'static str,
    /// `journal.workers`, so many clients at once.
    pub(crate) workers: usize,
}

impl Default for Setup {
    /// Reachable, and no sweep for a day: what is noticed was told.
    fn default() -> Self {
        Self { public: true, sweep_s: 86_400, changes: CHANGES, crm: "", project: "", ringostat: "", workers: 4 }
    }
}

/// The service and the CRM of a row.
pub(crate) struct Stage {
    pub(crate) row: &'static Row,
    pub(crate) started: Started,
    service: Option<Service>,
    public: SocketAddr,
    folder: TempDir,
    _reserved: Socket,
}

impl Stage {
    /// Warmed, and where the outside reaches it with its webhooks in place.
    pub(crate) async fn of(row: &'static Row, setup: Setup) -> Self {
        let started = (row.start)(0).await;
        let (reserved, public) = reserved();
        let folder = TempDir::new().expect("a folder");
        write(folder.path(), row, &*started.crm, setup, public);
        let mut stage = Self { row, started, service: None, public, folder, _reserved: reserved };
        stage.start(setup).await;
        if let Some(by_hand) = stage.started.by_hand.as_ref().filter(|_| setup.public) {
            by_hand(&stage.door().replace(CHANGES, setup.changes));
        }
        stage.until("the directory is complete", |view| view["directory"]["absent_is_known"] == true).await;
        if setup.public {
            let stands = |view: &Value| matches!(view["webhooks"]["state"].as_str(), Some("standing" | "by_hand"));
            stage.until("the webhooks stand", stands).await;
        }
        stage
    }

    async fn start(&mut self, setup: Setup) {
        let overrides = Overrides {
            config: Some(self.config()),
            edge: Some(self.public),
            ops: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            data: Some(self.folder.path().join("data")),
        };
        let service = tokio::task::spawn_blocking(move || Service::start(&overrides, Arc::new(environment(setup))));
        let service = service.await.expect("no panic").unwrap_or_else(|error| panic!("{}: {error:?}", self.row.name));
        self.service = Some(service);
    }

    /// Stops it and starts it again on the same folders.
    pub(crate) async fn restart(&mut self, setup: Setup) {
        let service = self.service.take().expect("running");
        let stopped = tokio::task::spawn_blocking(move || service.stop()).await;
        stopped.expect("no panic").expect("stopped in order");
        self.start(setup).await;
    }

    /// The same, with nothing left of what it had stored.
    pub(crate) async fn restart_without_memory(&mut self, setup: Setup) {
        let service = self.service.take().expect("running");
        let stopped = tokio::task::spawn_blocking(move || service.stop()).await;
        stopped.expect("no panic").expect("stopped in order");
        std::fs::remove_dir_all(self.folder.path().join("data")).expect("a folder of data");
        self.start(setup).await;
        self.until("the directory is complete", |view| view["directory"]["absent_is_known"] == true).await;
    }

    pub(crate) fn crm(&self) -> &dyn StandIn {
        &*self.started.crm
    }

    fn service(&self) -> &Service {
        self.service.as_ref().expect("running")
    }

    /// Puts another configuration in force.
    pub(crate) async fn reload(&self, setup: Setup) {
        write(self.folder.path(), self.row, self.crm(), setup, self.public);
        let request = "POST /api/reload HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        let heard = ask_at(self.service().ops(), request).await;
        assert_eq!(heard.status, 200, "{}", heard.body);
    }

    /// Who is responsible for a caller: where to, and how it is known.
    pub(crate) async fn ask(&self, caller: &str) -> (String, String) {
        let target = format!("/acme/route/sales?token={TOKEN}&caller={caller}");
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nx-predial-trace: 1\r\nConnection: close\r\n\r\n");
        let heard = self.edge(&request).await;
        assert_eq!(heard.status, 200, "{}: {}", self.row.name, heard.body);
        (heard.body, heard.source)
    }

    /// Something at the door of changes, by who knows this token.
    pub(crate) async fn deliver(&self, token: &str, method: &str, body: &str) -> u16 {
        let length = body.len();
        let request = format!(
            "{method} /acme/crm-changes?token={token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        self.edge(&request).await.status
    }

    /// Where the CRM is told to deliver.
    pub(crate) fn door(&self) -> String {
        format!("http://{}/acme/crm-changes?token={CHANGES}", self.public)
    }

    /// The folder of the configuration.
    pub(crate) fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("config")
    }

    /// Whatever is sent to the telephone system's door.
    pub(crate) async fn edge(&self, request: &str) -> Heard {
        ask_at(self.service().edge(), request).await
    }

    /// The same, whatever the body is written in.
    pub(crate) async fn edge_bytes(&self, request: &[u8]) -> Heard {
        ask_bytes_at(self.service().edge(), request).await
    }

    /// The project as operators see it.
    pub(crate) async fn view(&self) -> Value {
        let request = "GET /api/projects/acme HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        serde_json::from_str(&ask_at(self.service().ops(), request).await.body).expect("JSON")
    }

    /// Tells of a call as the telephone system does; gives the answer.
    pub(crate) async fn tell(&self, moment: &str, told: &Value) -> Value {
        let body = told.to_string();
        let request = format!(
            "POST /acme/events/{moment}?token={TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = self.edge(&request).await;
        assert_eq!(heard.status, 200, "{}: {}", self.row.name, heard.body);
        serde_json::from_str(&heard.body).expect("JSON")
    }

    /// Sends a form as a site's script does; gives the word of the answer.
    pub(crate) async fn form(&self, form: &Value) -> String {
        let body = form.to_string();
        let request = format!(
            "POST /acme/forms?token={TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = self.edge(&request).await;
        assert_eq!(heard.status, 200, "{}: {}", self.row.name, heard.body);
        let heard: Value = serde_json::from_str(&heard.body).expect("JSON");
        heard["status"].as_str().expect("a word").to_owned()
    }

    /// Where operators ask.
    pub(crate) fn ops_address(&self) -> SocketAddr {
        self.service().ops()
    }

    /// Asks the operators' door, with a body where there is one.
    pub(crate) async fn ops(&self, method: &str, target: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = ask_at(self.service().ops(), &request).await;
        serde_json::from_str(&heard.body).unwrap_or_else(|error| panic!("{target}: {error}: {}", heard.body))
    }

    /// Waits until nothing is left to be done in the journal.
    pub(crate) async fn settled(&self) {
        let open = ["received", "planned", "leased", "later"];
        let none = |view: &Value| open.iter().all(|state| view["journal"]["by_state"][state].is_null());
        self.until("the journal is worked off", none).await;
    }

    /// A counter's value.
    pub(crate) async fn counted(&self, name: &str) -> u64 {
        let request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        let text = ask_at(self.service().ops(), request).await.body;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}{{project=\"acme\"}} ")));
        line.unwrap_or_else(|| panic!("no {name}")).parse().expect("a number")
    }

    /// Waits until the project is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) {
        self.until_within(PATIENCE, what, wanted).await;
    }

    /// The same with another patience.
    pub(crate) async fn until_within(&self, patience: Duration, what: &str, wanted: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        loop {
            let view = self.view().await;
            if wanted(&view) {
                return;
            }
            assert!(began.elapsed() < patience, "{}: {what}: {view}", self.row.name);
            // A whole service on its own runtimes: its time cannot be paused, only polled.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Asks for a caller until the answer is this; says how long it took.
    pub(crate) async fn answered(&self, caller: &str, destination: &str) -> Duration {
        let began = Instant::now();
        loop {
            let (found, source) = self.ask(caller).await;
            if found == destination {
                return began.elapsed();
            }
            let late = began.elapsed() >= PATIENCE;
            assert!(!late, "{}: expected {destination:?}, found {found:?} by {source}", self.row.name);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            // Joins the edge threads: not for a runtime's thread.
            std::thread::spawn(move || service.stop());
        }
    }
}

/// A port that is kept for the service, which can be told to the CRM before the service listens there. Nobody listens at
/// this end: connections go to the other.
pub(crate) fn reserved() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a socket");
    socket.set_reuse_address(true).expect("an option");
    socket.set_reuse_port(true).expect("an option");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    let address = socket.local_addr().expect("an address").as_socket().expect("of IP");
    (socket, address)
}

pub(crate) fn environment(setup: Setup) -> BTreeMap<String, String> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    [
        set("ACME_TOKEN", TOKEN),
        set("ACME_CHANGES", setup.changes),
        set("ACME_OTHER_CHANGES", OTHER_CHANGES),
        set("SECRET", "sandbox-token"),
        set("APP", "sandbox-secret"),
        set("REFRESH", "sandbox-refresh"),
        set("PREDIAL__EDGE__THREADS", "1"),
        set("PREDIAL__LOG__FILTER", "off"),
        // What failed is tried again soon: tests wait for it.
        set("PREDIAL__JOURNAL__FIRST_RETRY_S", "1"),
        set("PREDIAL__JOURNAL__LONGEST_RETRY_S", "2"),
        set("PREDIAL__JOURNAL__PROBE_S", "1"),
        set("PREDIAL__JOURNAL__WORKERS", &setup.workers.to_string()),
    ]
    .into()
}

/// Another token of the door of changes.
pub(crate) const OTHER_CHANGES: &str = "acme-other-changes-0123456789";

pub(crate) fn write(folder: &Path, row: &Row, crm: &dyn StandIn, setup: Setup, public: SocketAddr) {
    let variable = if setup.changes == CHANGES { "ACME_CHANGES" } else { "ACME_OTHER_CHANGES" };
    let public = if setup.public { format!("public_url = \"http://{public}\"\n") } else { String::new() };
    let mut text = format!(
        "token = {{ env = \"ACME_TOKEN\" }}
tokens.changes = {{ env = \"{variable}\" }}
{public}{}
\
         timezone = \"Europe/Kyiv\"
country = \"UA\"

{}sweep_s = {}
{}

{}",
        setup.project,
        crm_section(row, crm, row.credentials),
        setup.sweep_s,
        setup.crm,
        employees(crm),
    );
    if !setup.ringostat.is_empty() {
        text += &format!(
            "[ringostat]
{}
",
            setup.ringostat
        );
    }
    text += "[block.sales]\npriority = [\"contact\", \"organization\"]\nanswer = \"plain\"\n";
    let projects = folder.join("config/projects");
    std::fs::create_dir_all(&projects).expect("a folder");
    std::fs::write(projects.join("acme.toml"), text).expect("written");
}
