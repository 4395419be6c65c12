//! The service, in a process of its own, configured as an operator would.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use predial::base::environment::{Environment, ProcessEnvironment};
use tokio::time::{Instant, sleep};

use crate::{
    beside::FIELD,
    case::{Case, LimitsOf},
    crawling::{self, Crawls},
    crm::{Crm, Listening, destinations},
    failed::Failed,
    http,
    measure::{Answers, Server},
    process::Process,
    question::Book,
    report::tell,
    vendor::Vendor,
};

/// Until both its doors are open.
const START: Duration = Duration::from_secs(30);
/// Until it has read a CRM of some hundred thousand clients at the vendor's pace.
const WARM: Duration = Duration::from_secs(900);
/// Until it notices that the CRM's lists are no longer answered.
const STALE: Duration = Duration::from_secs(120);
/// Between two looks at its state.
const LOOK: Duration = Duration::from_millis(20);
/// Since it answers from what was on its disk: so long at the most.
const RESTORED: Duration = Duration::from_secs(60);

/// What is asked, up to the token.
const PATH: &str = "/acme/route/sales?token=load-token";
/// What is asked for a card, up to the token.
const CARD: &str = "/acme/card?token=load-token";
/// Secrets are references; these are what they refer to. Of a stand-in, so no secrets.
const SECRETS: [(&str, &str); 3] =
    [("LOAD_TOKEN", "load-token"), ("LOAD_CLIENT_SECRET", "sandbox-secret"), ("LOAD_REFRESH", "sandbox-refresh")];

/// The service, running.
#[derive(Debug)]
pub struct Service {
    process: Process,
    edge: SocketAddr,
    ops: SocketAddr,
    started: Instant,
}

/// What is known of a project, as `/ready` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Complete and fresh.
    Warm,
    /// Complete once, not fresh: what is not known is asked.
    Stale,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Stale => "stale",
        }
    }
}

impl Service {
    /// Starts the service in front of `crm`.
    ///
    /// # Errors
    /// [`Failed`]: its program is missing, or it refuses to start.
    pub async fn start(folder: &Path, case: &Case, crm: &Crm) -> Result<Self, Failed> {
        let config = folder.join("config");
        let projects = config.join("projects");
        fs::create_dir_all(&projects)
            .and_then(|()| fs::write(projects.join("acme.toml"), project(case, crm.vendor, &crm.listening)))
            .map_err(Failed::system("the service's configuration"))?;
        let mut command = Command::new(program()?);
        command.arg("serve").args(["--edge", "127.0.0.1:0", "--ops", "127.0.0.1:0"]);
        command.arg("--config").arg(&config).arg("--data").arg(folder.join("data"));
        command.envs(SECRETS);
        let started = Instant::now();
        let (process, line) = Process::start("predial serve", command, &folder.join("service.log"), START).await?;
        let door = |name: &str| {
            let found = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.parse().ok());
            found.ok_or_else(|| Failed::unexpected(format!("{name}ADDRESS"), line.clone()))
        };
        Ok(Self { edge: door("edge=http://")?, ops: door("ops=http://")?, process, started })
    }

    /// Waits until it has read the whole CRM; says how long that took since its start.
    ///
    /// # Errors
    /// [`Failed`] when it does not get there.
    pub async fn warm(&self) -> Result<f64, Failed> {
        self.wait_for(State::Warm, WARM).await?;
        Ok(self.started.elapsed().as_secs_f64())
    }

    /// Waits until it no longer takes what it does not know for absent.
    ///
    /// # Errors
    /// [`Failed`] when it goes on believing itself fresh.
    pub async fn stale(&self) -> Result<(), Failed> {
        self.wait_for(State::Stale, STALE).await
    }

    async fn wait_for(&self, state: State, patience: Duration) -> Result<(), Failed> {
        let until = Instant::now() + patience;
        let mut told = Instant::now();
        loop {
            let ready = self.ready("/ready").await?.json();
            let found = ready["projects"]["acme"].as_str().unwrap_or("nothing").to_owned();
            if found == state.word() {
                return Ok(());
            }
            if Instant::now() >= until {
                let expected = format!("the project to be {} within {} s", state.word(), patience.as_secs());
                return Err(Failed::unexpected(expected, format!("{found}: {}", self.progress().await)));
            }
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                tell(&format!("  {found}, waiting for {}: {}", state.word(), self.progress().await));
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until it answers for the project, be it from a snapshot; says how long that took since its start.
    ///
    /// # Errors
    /// [`Failed`] when it does not get there.
    pub async fn answering(&self) -> Result<f64, Failed> {
        let until = Instant::now() + RESTORED;
        loop {
            let reply = self.ready("/ready?project=acme").await?;
            if reply.status == 200 {
                return Ok(self.started.elapsed().as_secs_f64());
            }
            if Instant::now() >= until {
                let expected = format!("the project to be answered for within {} s", RESTORED.as_secs());
                return Err(Failed::unexpected(expected, String::from_utf8_lossy(&reply.body)));
            }
            sleep(LOOK).await;
        }
    }

    async fn ready(&self, path: &str) -> Result<http::Reply, Failed> {
        http::get(self.ops, path).await.map_err(Failed::system(format!("asking {path}")))
    }

    /// How long the crawl took that ended last.
    ///
    /// # Errors
    /// [`Failed`] when none has ended well.
    pub async fn last_crawl(&self) -> Result<Duration, Failed> {
        crawling::last(self.ops).await
    }

    /// Has one full crawl after the other run, until told to stop.
    ///
    /// # Errors
    /// [`Failed`] when the first does not begin.
    pub async fn keep_crawling(&self) -> Result<Crawls, Failed> {
        Crawls::begin(self.ops).await
    }

    async fn progress(&self) -> String {
        let reply = http::get(self.ops, "/api/projects/acme/warm").await;
        reply.map_or_else(|error| error.to_string(), |reply| String::from_utf8_lossy(&reply.body).into_owned())
    }

    /// The headers of its answers, but for those that hyper adds to every server's, so that a bare server can send the
    /// same.
    ///
    /// # Errors
    /// [`Failed`] when it does not answer 200.
    pub async fn headers(&self, book: &Book) -> Result<Vec<(String, String)>, Failed> {
        let caller = book.known.first().map_or(1, |known| known.caller);
        let path = format!("{PATH}&caller={caller}");
        let reply = http::get(self.edge, &path).await.map_err(Failed::system("asking the service"))?;
        if reply.status != 200 {
            return Err(Failed::unexpected("an answer", format!("status {}", reply.status)));
        }
        let own =
            reply.headers.iter().filter(|(name, _)| !["date", "connection", "content-length"].contains(&name.as_str()));
        Ok(own.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect())
    }

    /// The telephone system's door.
    #[must_use]
    pub const fn edge(&self) -> SocketAddr {
        self.edge
    }

    /// The operators' door.
    #[must_use]
    pub const fn ops(&self) -> SocketAddr {
        self.ops
    }

    /// As it is measured.
    #[must_use]
    pub const fn server(&self) -> Server<'_> {
        self.server_as("service")
    }

    /// As it is measured under another name, where it is compared with itself.
    #[must_use]
    pub const fn server_as(&self, name: &'static str) -> Server<'_> {
        let (process, address) = (&self.process, self.edge);
        Server { name, address, path: PATH, process, answers: Answers::Json(FIELD) }
    }

    /// Its cards, as they are measured.
    #[must_use]
    pub const fn cards(&self) -> Server<'_> {
        let (process, address) = (&self.process, self.edge);
        Server { name: "service", address, path: CARD, process, answers: Answers::Moved }
    }

    /// Ends it.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// The service's program: built now where cargo runs us, so that it is never an old one; else the one beside ours.
fn program() -> Result<PathBuf, Failed> {
    let own = std::env::current_exe().map_err(Failed::system("the harness's own program"))?;
    let program = own.with_file_name(format!("predial{}", std::env::consts::EXE_SUFFIX));
    if let Some(cargo) = ProcessEnvironment.get("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "predial", "--bin", "predial"]);
        build.args((!cfg!(debug_assertions)).then_some("--release"));
        let status = build.status().map_err(Failed::system("building the service"))?;
        if !status.success() {
            return Err(Failed::unexpected("cargo to build the service", status.to_string()));
        }
    }
    if program.is_file() {
        return Ok(program);
    }
    let expected = format!("the service's program at {} (cargo build --release -p predial)", program.display());
    Err(Failed::unexpected(expected, "none"))
}

/// The project's file.
///
/// Sweeps are as frequent as they may be, so that a CRM that stops answering is noticed soon.
fn project(case: &Case, vendor: &Vendor, crm: &Listening) -> String {
    let mut text = format!(
        r#"token = {{ env = "LOAD_TOKEN" }}
timezone = "Europe/Kyiv"
country = "UA"

[crm]
kind = "{kind}"
base_url = "http://{address}"
auth_url = "{auth_url}"
{rows}sweep_s = {sweep_s}
absent_max_age_s = {absent_s}
quota = {{ {quota} }}
{fields}

[block.sales]
priority = {priority:?}
answer = "json"
answer_field = "{FIELD}"
deadline_ms = {deadline_ms}
"#,
        kind = vendor.name,
        address = crm.address,
        auth_url = crm.auth_url,
        rows = vendor.rows,
        sweep_s = case.crm.sweep_s,
        absent_s = case.crm.sweep_s * 2,
        quota = quota(case.crm.limits),
        fields =
            vendor.further_numbers.map(|field| format!("fields = {{ phone = [\"{field}\"] }}\n")).unwrap_or_default(),
        priority = vendor.priority,
        deadline_ms = case.deadline.as_millis(),
    );
    for (place, (destination, user)) in destinations().iter().zip(&crm.employees).enumerate() {
        let top = if place == 0 { "top_manager = true\n" } else { "" };
        text.push_str(&format!(
            "\n[[employee]]\nname = \"Employee {user}\"\ncrm_user = \"{user}\"\nmain = [\"{destination}\"]\n{top}"
        ));
    }
    text
}

/// `crm.quota`: a day that no case spends; and where nobody limits anything, bursts that none reaches.
const fn quota(limits: LimitsOf) -> &'static str {
    match limits {
        LimitsOf::Vendor => "daily = 1000000000",
        // Ten at a time are what every vendor's setting takes.
        LimitsOf::Nobody => "daily = 1000000000, burst = 1000000, in_flight = 10",
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::Path};

    use super::{SECRETS, project};
    use crate::{case::Case, crm::Listening, vendor::VENDORS};

    #[test]
    fn the_services_configuration_has_no_problem() {
        let cases = Case::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")).expect("cases");
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("projects")).expect("a folder");
        let environment: BTreeMap<_, _> = SECRETS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let crm = Listening {
            address: ([127, 0, 0, 1], 8080).into(),
            auth_url: "http://127.0.0.1:8080/oauth/token".to_owned(),
            employees: ["1", "2", "3", "4"].map(str::to_owned),
        };
        for (case, vendor) in cases.iter().flat_map(|case| VENDORS.iter().map(move |vendor| (case, vendor))) {
            let text = project(case, vendor, &crm);
            fs::write(folder.path().join("projects/acme.toml"), text).expect("a file");
            let settings = predial::config::read(Some(folder.path()), &environment).expect("no problem");
            let block = &settings.projects[0].blocks["sales"];
            assert_eq!(block.value.deadline, case.deadline, "{} {}", case.name, vendor.name);
            predial::project::compile(&settings).expect("no problem of the CRM's");
        }
    }
}
