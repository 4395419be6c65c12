//! The whole service before any of the stand-ins, reachable for what they deliver: one row for each CRM.

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use predial::app::{Overrides, Service};
use sandbox::{
    hubspot::{self, HubSpot},
    kit::{Entity, EntityKind, StandIn},
    pipedrive::{self, Pipedrive},
    smart_crm::{self, SmartCrm},
    zoho_crm::{self, ZohoCrm},
    zoho_desk::{self, Desk},
};
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};
use tempfile::TempDir;

use crate::whole_stage::{Heard, ask_at};

/// What opens the project's doors but one.
pub(crate) const TOKEN: &str = "acme-token-0123456789";
/// What opens the door of changes.
pub(crate) const CHANGES: &str = "acme-changes-0123456789";
/// Clients beside the named cases.
const CLIENTS: usize = 20;
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A CRM that was started, and what only it can do.
pub(crate) struct Started {
    pub(crate) crm: Arc<dyn StandIn>,
    /// Has it tell of changes at an address, where that is entered by hand.
    by_hand: Option<Entered>,
    /// How long what is asked for by its date of change does not show a change yet, at the longest.
    pub(crate) lag: Duration,
    /// Merges the first contact into the second.
    pub(crate) merge: Merging,
}

type Entered = Box<dyn Fn(&str) + Send + Sync>;
type Merging = Box<dyn Fn(&str, &str) + Send + Sync>;
type Starting = Pin<Box<dyn Future<Output = Started> + Send>>;

/// What is one CRM's and no other's.
pub(crate) struct Row {
    /// `crm.kind`
    pub(crate) name: &'static str,
    /// What proves who asks, as lines of `[crm]`.
    credentials: &'static str,
    /// Enough for a sweep every few seconds, where the vendor does not say itself what there is.
    quota: &'static str,
    start: fn() -> Starting,
    /// What somebody who knows the token and nothing else is told for a body that the CRM did not send.
    pub(crate) forged: (&'static str, u16),
    /// What somebody who knows the token is told for looking whether anybody is there.
    pub(crate) probe: u16,
    /// Where a merged contact's number leads: to the owner of the one that stays, Oksana, or nowhere where that one keeps
    /// its own numbers alone.
    pub(crate) merged: &'static str,
}

/// Every CRM that has webhooks.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "pipedrive",
        credentials: "token = { env = \"SECRET\" }",
        quota: "quota = { daily = 10000000 }",
        start: || Box::pin(pipedrive()),
        // Nothing is signed: whoever knows the token is believed, and makes us read again what is there anyway.
        forged: (r#"{"meta": {"entity": "person", "entity_id": "1", "action": "delete"}, "data": null}"#, 200),
        probe: 200,
        merged: "acme_oksana",
    },
    Row {
        name: "hubspot",
        credentials: "token = { env = \"SECRET\" }\nclient_secret = { env = \"APP\" }",
        quota: "",
        start: || Box::pin(hubspot()),
        forged: (r#"[{"subscriptionType": "contact.deletion", "objectId": 1, "occurredAt": 1}]"#, 401),
        probe: 401,
        merged: "acme_oksana",
    },
    Row {
        name: "zoho-crm",
        credentials: "client_id = \"sandbox-client\"\nclient_secret = { env = \"APP\" }\nrefresh_token = { env = \"REFRESH\" }",
        quota: "quota = { daily = 10000000 }",
        start: || Box::pin(zoho_crm()),
        forged: (
            r#"{"module": "Contacts", "ids": ["1"], "operation": "delete", "channel_id": "1", "token": "x"}"#,
            401,
        ),
        probe: 200,
        merged: "",
    },
    Row {
        name: "zoho-desk",
        credentials: "client_id = \"sandbox-client\"\nclient_secret = { env = \"APP\" }\nrefresh_token = { env = \"REFRESH\" }\n\
                      org_id = \"PORTAL\"",
        quota: "quota = { daily = 1075000 }",
        start: || Box::pin(zoho_desk()),
        forged: (r#"[{"eventType": "Contact_Delete", "payload": {"id": "1"}}]"#, 401),
        probe: 200,
        merged: "",
    },
    Row {
        name: "smart-crm",
        credentials: "tenant = \"TENANT\"\nclient_id = \"CLIENT\"\nclient_secret = { env = \"APP\" }",
        quota: "quota = { daily = 10000000 }",
        start: || Box::pin(smart_crm()),
        forged: (r#"{"MessageName": "Delete", "PrimaryEntityName": "contact"}"#, 200),
        probe: 200,
        merged: "acme_oksana",
    },
];

async fn pipedrive() -> Started {
    let options = pipedrive::Options { clients: CLIENTS, ..pipedrive::Options::default() };
    let crm = Arc::new(Pipedrive::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let person = |id: &str| pipedrive::Item::Person(id.parse().expect("an id"));
        let (loser, winner) = (person(loser), person(winner));
        merging.change(pipedrive::Change::Merge { loser, winner }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

async fn hubspot() -> Started {
    let options = hubspot::Options { clients: CLIENTS, ..hubspot::Options::default() };
    let lag = options.limits.index_lag;
    let crm = Arc::new(HubSpot::start(options).await.expect("a stand-in"));
    let (merging, told) = (Arc::clone(&crm), Arc::clone(&crm));
    let merge = move |loser: &str, winner: &str| {
        let contact = |id: &str| hubspot::Item { kind: EntityKind::Contact, id: id.parse().expect("an id") };
        let (loser, winner) = (contact(loser), contact(winner));
        merging.change(hubspot::Change::Merge { loser, winner }).expect("merged");
    };
    let by_hand = move |url: &str| {
        told.change(hubspot::Change::TellAt { url: Some(url.to_owned()) }).expect("entered");
    };
    Started { crm, by_hand: Some(Box::new(by_hand)), lag, merge: Box::new(merge) }
}

async fn zoho_crm() -> Started {
    let options = zoho_crm::Options { clients: CLIENTS, ..zoho_crm::Options::default() };
    let crm = Arc::new(ZohoCrm::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let contact = |id: &str| zoho_crm::Item { module: zoho_crm::Module::Contacts, id: id.parse().expect("an id") };
        let (loser, winner) = (contact(loser), contact(winner));
        merging.change(zoho_crm::Change::Merge { loser, winner }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

async fn zoho_desk() -> Started {
    // Credits for a sweep every few seconds: the vendor says what is left, so it is not enough to configure more.
    let options = zoho_desk::Options { clients: CLIENTS, agents: 2_000, ..zoho_desk::Options::default() };
    let crm = Arc::new(Desk::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let (loser_id, winner_id) = (loser.parse().expect("an id"), winner.parse().expect("an id"));
        merging.change(zoho_desk::Change::Merge { loser_id, winner_id }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

async fn smart_crm() -> Started {
    let options = smart_crm::Options { clients: CLIENTS, ..smart_crm::Options::default() };
    let crm = Arc::new(SmartCrm::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let contact = |id: &str| Entity::new(EntityKind::Contact, id);
        let (loser, winner) = (contact(loser), contact(winner));
        merging.change(smart_crm::Change::Merge { loser, winner }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

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
}

impl Default for Setup {
    /// Reachable, and no sweep for a day: what is noticed was told.
    fn default() -> Self {
        Self { public: true, sweep_s: 86_400, changes: CHANGES, crm: "", project: "" }
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
        let started = (row.start)().await;
        let (reserved, public) = reserved();
        let folder = TempDir::new().expect("a folder");
        write(folder.path(), row, &*started.crm, setup, public);
        let overrides = Overrides {
            config: Some(folder.path().join("config")),
            edge: Some(public),
            ops: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            data: Some(folder.path().join("data")),
        };
        let service = tokio::task::spawn_blocking(move || Service::start(&overrides, Arc::new(environment(setup))));
        let service = service.await.expect("no panic").unwrap_or_else(|error| panic!("{}: {error:?}", row.name));
        let stage = Self { row, started, service: Some(service), public, folder, _reserved: reserved };
        if let Some(by_hand) = stage.started.by_hand.as_ref().filter(|_| setup.public) {
            by_hand(&format!("http://{public}/acme/crm-changes?token={}", setup.changes));
        }
        stage.until("the directory is complete", |view| view["directory"]["absent_is_known"] == true).await;
        if setup.public {
            let stands = |view: &Value| matches!(view["webhooks"]["state"].as_str(), Some("standing" | "by_hand"));
            stage.until("the webhooks stand", stands).await;
        }
        stage
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

    async fn edge(&self, request: &str) -> Heard {
        ask_at(self.service().edge(), request).await
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
        let began = Instant::now();
        loop {
            let view = self.view().await;
            if wanted(&view) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{}: {what}: {view}", self.row.name);
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
fn reserved() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a socket");
    socket.set_reuse_address(true).expect("an option");
    socket.set_reuse_port(true).expect("an option");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    let address = socket.local_addr().expect("an address").as_socket().expect("of IP");
    (socket, address)
}

fn environment(setup: Setup) -> BTreeMap<String, String> {
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
    ]
    .into()
}

/// Another token of the door of changes.
pub(crate) const OTHER_CHANGES: &str = "acme-other-changes-0123456789";

fn write(folder: &Path, row: &Row, crm: &dyn StandIn, setup: Setup, public: SocketAddr) {
    let variable = if setup.changes == CHANGES { "ACME_CHANGES" } else { "ACME_OTHER_CHANGES" };
    let public = if setup.public { format!("public_url = \"http://{public}\"\n") } else { String::new() };
    let credentials = row
        .credentials
        .replace("TENANT", smart_crm::TENANT)
        .replace("PORTAL", &zoho_desk::Options::default().org_id.to_string())
        .replace("CLIENT", &smart_crm::Options::default().app.client_id);
    let auth =
        if credentials.contains("client_id") { format!("auth_url = \"{}\"\n", crm.auth_url()) } else { String::new() };
    let mut text = format!(
        "token = {{ env = \"ACME_TOKEN\" }}\ntokens.changes = {{ env = \"{variable}\" }}\n{public}{}\n\
         timezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\n\
         [crm]\nkind = \"{}\"\nbase_url = \"{}\"\n{auth}{credentials}\nsweep_s = {}\n{}\n{}\n\n",
        setup.project,
        row.name,
        crm.base_url(),
        setup.sweep_s,
        row.quota,
        setup.crm,
    );
    for (at, (id, name)) in crm.employees().iter().zip(["anna", "bohdan", "oksana", "petro"]).enumerate() {
        let top = if at == 0 { "top_manager = true\n" } else { "" };
        write!(text, "[[employee]]\nname = \"{name}\"\ncrm_user = \"{id}\"\nmain = [\"acme_{name}\"]\n{top}\n")
            .expect("text");
    }
    text += "[block.sales]\npriority = [\"contact\", \"organization\"]\nanswer = \"plain\"\n";
    let projects = folder.join("config/projects");
    std::fs::create_dir_all(&projects).expect("a folder");
    std::fs::write(projects.join("acme.toml"), text).expect("written");
}
