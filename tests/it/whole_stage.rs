//! The whole service in process, on port 0, before a stand-in of Pipedrive.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use predial::app::{Overrides, Service};
use sandbox::pipedrive::{ORGANIZATION_PHONE, Options, Pipedrive};
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
}

/// What a telephone system hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) source: String,
    pub(crate) entity: Option<String>,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

impl Whole {
    /// Starts both and does not wait for the warm-up.
    pub(crate) async fn start(options: Options, blocks: &str) -> Self {
        let crm = Pipedrive::start(options).await.expect("a stand-in");
        let folder = TempDir::new().expect("a folder");
        write_project(folder.path(), &crm.base_url(), blocks);
        let overrides = Overrides {
            config: Some(folder.path().join("config")),
            edge: Some(any_port()),
            ops: Some(any_port()),
            data: Some(folder.path().join("data")),
        };
        let service = tokio::task::spawn_blocking(move || Service::start(&overrides, Arc::new(environment())));
        let service = service.await.expect("no panic").unwrap_or_else(|error| panic!("{error:?}"));
        Self { crm, service: Some(service), folder }
    }

    /// Starts both and waits until the directory is complete.
    pub(crate) async fn warmed(options: Options, blocks: &str) -> Self {
        let whole = Self::start(options, blocks).await;
        whole.wait_for("/api/projects/acme", |body| body.contains("\"absent_is_known\":true")).await;
        whole
    }

    pub(crate) fn service(&self) -> &Service {
        self.service.as_ref().expect("running")
    }

    /// The folder of the configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Writes the project's file anew.
    pub(crate) fn rewrite_project(&self, base_url: &str, blocks: &str) {
        write_project(self.folder.path(), base_url, blocks);
    }

    /// Asks who is responsible, by a connection of its own.
    pub(crate) async fn ask(&self, block: &str, caller: &str) -> Heard {
        let target = format!("/acme/route/{block}?token={TOKEN}&caller={caller}");
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
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    let took = began.elapsed();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {reply:?}"));
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
    Heard {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"),
        source: header("x-predial-source").unwrap_or_default(),
        entity: header("x-predial-entity"),
        body: body.to_owned(),
        took,
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn environment() -> BTreeMap<String, String> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    [
        set("ACME_TOKEN", TOKEN),
        set("PIPEDRIVE", "sandbox-token"),
        set("PREDIAL__EDGE__THREADS", "1"),
        set("PREDIAL__LOG__FILTER", "off"),
    ]
    .into()
}

fn write_project(folder: &Path, base_url: &str, blocks: &str) {
    let projects = folder.join("config/projects");
    std::fs::create_dir_all(&projects).expect("a folder");
    let employees: String = [(101, "anna"), (102, "boris"), (103, "clara"), (104, "denys")]
        .map(|(id, name)| {
            let top = if id == 101 { "top_manager = true\n" } else { "" };
            format!("[[employee]]\nname = \"{name}\"\ncrm_user = \"{id}\"\nmain = [\"acme_{name}\"]\nother = [\"acme_{name}_home\"]\n{top}\n")
        })
        .concat();
    let text = format!(
        "token = {{ env = \"ACME_TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\n\
         [crm]\nkind = \"pipedrive\"\nbase_url = \"{base_url}\"\ntoken = {{ env = \"PIPEDRIVE\" }}\n\
         quota = {{ daily = 1000000 }}\n\n[crm.fields]\nphone = [\"{ORGANIZATION_PHONE}\"]\n\n{employees}{blocks}"
    );
    std::fs::write(projects.join("acme.toml"), text).expect("written");
}
