//! One service before many stand-ins: a project for each of them, so that what befalls one CRM is seen beside all others.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use predial::app::{Overrides, Service};
use sandbox::kit::StandIn;
use serde_json::Value;
use tempfile::TempDir;

use crate::changes_stage::TOKEN;
use crate::crm_rows::{Row, Started, crm_section, employees};
use crate::whole_stage::{Heard, ask_at};

/// What a call waits for at the most.
pub(crate) const DEADLINE: Duration = Duration::from_millis(400);
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a door is asked by those who wait: many wait at once.
const EVERY: Duration = Duration::from_millis(400);

/// A project and its CRM.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) row: &'static Row,
    pub(crate) started: Started,
    /// Rows of `[crm]` that say who asks.
    pub(crate) credentials: &'static str,
    /// `crm.sweep_s`
    pub(crate) sweep_s: u64,
    /// Further lines of `[crm]`.
    pub(crate) crm_lines: String,
    /// The kinds of the block `sales`.
    pub(crate) priority: &'static str,
}

impl Member {
    /// A project of this name before a stand-in of its own; it sweeps as often as can be configured.
    pub(crate) async fn new(name: String, row: &'static Row, credentials: &'static str) -> Self {
        let started = (row.start)(0).await;
        let (crm_lines, priority) = (String::new(), "\"contact\", \"organization\"");
        Self { name, row, started, credentials, sweep_s: 10, crm_lines, priority }
    }

    pub(crate) fn crm(&self) -> &dyn StandIn {
        &*self.started.crm
    }

    /// What is absent is a fact no longer than until the next sweep.
    fn text(&self) -> String {
        let Self { sweep_s, crm_lines, .. } = self;
        format!(
            "token = {{ env = \"ACME_TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\n{}sweep_s = {sweep_s}\n\
             absent_max_age_s = {sweep_s}\n{crm_lines}\n\n{}[block.sales]\npriority = [{}]\nanswer = \"plain\"\n\
             deadline_ms = {}\n",
            crm_section(self.row, self.crm(), self.credentials),
            employees(self.crm()),
            self.priority,
            DEADLINE.as_millis(),
        )
    }
}

/// The service.
pub(crate) struct Troop {
    service: Option<Service>,
    folder: TempDir,
}

impl Troop {
    /// Starts it before them and does not wait for their warm-ups.
    pub(crate) async fn before(members: &[&Member]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let projects = folder.path().join("config/projects");
        std::fs::create_dir_all(&projects).expect("a folder");
        for member in members {
            std::fs::write(projects.join(format!("{}.toml", member.name)), member.text()).expect("written");
        }
        let service = Some(started(folder.path().into()).await);
        Self { service, folder }
    }

    /// Stops it and starts it again on the same folders.
    pub(crate) async fn restart(&mut self) {
        let service = self.service.take().expect("running");
        let stopped = tokio::task::spawn_blocking(move || service.stop()).await;
        stopped.expect("no panic").expect("stopped in order");
        self.service = Some(started(self.folder.path().into()).await);
    }

    fn service(&self) -> &Service {
        self.service.as_ref().expect("running")
    }

    /// Who is responsible for a caller of a project, and how long the answer took.
    pub(crate) async fn ask(&self, project: &str, caller: &str) -> (Heard, Duration) {
        let target = format!("/{project}/route/sales?token={TOKEN}&caller={caller}");
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nx-predial-trace: 1\r\nConnection: close\r\n\r\n");
        let began = Instant::now();
        (ask_at(self.service().edge(), &request).await, began.elapsed())
    }

    /// The generations of a project's directory on disk, newest first: why and when each was made.
    pub(crate) async fn generations(&self, project: &str) -> Vec<(String, String)> {
        let heard = self.ops("GET", &format!("/api/projects/{project}/snapshots"), "").await;
        let listed: Value = serde_json::from_str(&heard.body).expect("JSON");
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("?").to_owned();
        let all = listed["snapshots"].as_array().unwrap_or_else(|| panic!("a list, found {listed}"));
        all.iter().map(|one| (text(one, "why"), text(one, "at"))).collect()
    }

    /// At the operators' door.
    pub(crate) async fn ops(&self, method: &str, path: &str, body: &str) -> Heard {
        self.ops_as("application/json", &format!("{method} {path}"), body).await
    }

    /// At the operators' door, for an answer of this type.
    pub(crate) async fn ops_as(&self, accept: &str, line: &str, body: &str) -> Heard {
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        ask_at(self.service().ops(), &request).await
    }

    /// How many answers of a project left after their deadline, by the service's own clock.
    pub(crate) async fn overruns(&self, project: &str) -> u64 {
        self.counted("predial_deadline_overruns_total", project).await
    }

    /// A counter of a project.
    pub(crate) async fn counted(&self, name: &str, project: &str) -> u64 {
        let heard = self.ops("GET", "/metrics", "").await;
        let counted = format!("{name}{{project=\"{project}\"}} ");
        let found = heard.body.lines().find_map(|row| row.strip_prefix(&counted)?.parse().ok());
        found.unwrap_or_else(|| panic!("expected {counted}in the metrics"))
    }

    /// A project as operators see it.
    pub(crate) async fn view(&self, project: &str) -> Value {
        let heard = self.ops("GET", &format!("/api/projects/{project}"), "").await;
        serde_json::from_str(&heard.body).expect("JSON")
    }

    /// Waits until a project is as wanted.
    pub(crate) async fn until(&self, project: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let view = self.view(project).await;
            if wanted(&view) {
                return view;
            }
            assert!(began.elapsed() < PATIENCE, "{project}: {what}: {view}");
            // A whole service on its own runtimes: its time cannot be paused, only polled.
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Waits until a project's directory is complete and fresh.
    pub(crate) async fn until_warm(&self, project: &str) -> Value {
        self.until(project, "it is warm", |view| view["state"] == "warm").await
    }

    /// Begins a warm-up; waits until it ends or `enough` of it is seen; gives the project's view then.
    pub(crate) async fn warm(&self, project: &str, wanted: &str, enough: impl Fn(&Value) -> bool) -> Value {
        let heard = self.ops("POST", &format!("/api/projects/{project}/warm"), wanted).await;
        assert_eq!(heard.status, 202, "{project}: {}", heard.body);
        let run: Value = serde_json::from_str(&heard.body).expect("JSON");
        let ended = |view: &Value| view["warm"]["id"] != run["id"] || view["warm"]["state"] != "running";
        self.until(project, "a warm-up ends", |view| ended(view) || enough(&view["warm"])).await
    }

    /// Waits until a caller is answered like this.
    pub(crate) async fn until_answered(&self, project: &str, caller: &str, destination: &str) -> Heard {
        let began = Instant::now();
        loop {
            let heard = self.ask(project, caller).await.0;
            if heard.body == destination {
                return heard;
            }
            assert!(began.elapsed() < PATIENCE, "{project}: expected {destination:?}, found {heard:?}");
            tokio::time::sleep(EVERY).await;
        }
    }
}

impl Drop for Troop {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            // Joins the edge threads: not for a runtime's thread.
            std::thread::spawn(move || service.stop());
        }
    }
}

async fn started(folder: PathBuf) -> Service {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let overrides = Overrides {
        config: Some(folder.join("config")),
        edge: Some(any),
        ops: Some(any),
        data: Some(folder.join("data")),
    };
    let service = tokio::task::spawn_blocking(move || Service::start(&overrides, Arc::new(environment())));
    service.await.expect("no panic").unwrap_or_else(|error| panic!("{error:?}"))
}

/// Short times, so that what goes wrong is over soon.
fn environment() -> BTreeMap<String, String> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    [
        set("ACME_TOKEN", TOKEN),
        set("SECRET", "sandbox-token"),
        set("APP", "sandbox-secret"),
        set("REFRESH", "sandbox-refresh"),
        set("PREDIAL__EDGE__THREADS", "1"),
        set("PREDIAL__LOG__FILTER", "off"),
        set("PREDIAL__OUTBOUND__CONNECT_TIMEOUT_MS", "1000"),
        set("PREDIAL__OUTBOUND__REQUEST_TIMEOUT_MS", "3000"),
        set("PREDIAL__LIVE__RESERVE_MS", "50"),
        set("PREDIAL__LIVE__BREAKER_FAILURES", "3"),
        set("PREDIAL__LIVE__BREAKER_OPEN_MS", "1000"),
        set("PREDIAL__LIVE__NEGATIVE_TTL_S", "1"),
    ]
    .into()
}
