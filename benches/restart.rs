//! How long a start takes with so many numbers on disk, from the process's start to ready: `cargo bench --bench restart`.
//!
//! The service is the real program, its CRM a port where nobody listens. Behind `--` may stand how many numbers and how many
//! starts; the median counts, and above the bound the bench fails.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench that cannot be set up ends there; it prints")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use predial::base::clock::Clock;
use predial::base::metric::Metrics;
use predial::config::{self, CrmSection, Overrides};
use predial::crm::failure::Failure;
use predial::crm::quota::{Ledger, Limits, Pace};
use predial::crm::{CrmUser, Cursor, Matching, Page, Reader, Record};
use predial::directory::{Directory, Feed, Keeping, Origin, Parts, Shelf, WarmRequest, WarmState, Why};
use predial::model::client::{Kind, KindSet};
use predial::model::ids::CrmId;
use predial::model::phone::{NumberReader, PhoneKey};

/// Nobody listens on the port of *discard*.
/// The numbers that the bound is of, and the bound.
const NUMBERS: u64 = 1_000_000;
const MOST_S: f64 = 5.0;
const CRM: &str = "http://127.0.0.1:9";
const FIRST: u64 = 380_670_000_000;
const PAGE: u64 = 1_000;
const PROJECT: &str = "token = { env = \"ACME_TOKEN\" }
timezone = \"Europe/Kyiv\"
country = \"UA\"

[crm]
kind = \"pipedrive\"
base_url = \"http://127.0.0.1:9\"
token = { env = \"ACME_TOKEN\" }

[[employee]]
name = \"Anna\"
crm_user = \"101\"
main = [\"acme_anna\"]
top_manager = true

[block.sales]
priority = [\"contact\", \"deal\"]
answer = \"plain\"
";

/// As many contacts as numbers, every fourth with an open deal.
struct Crm(u64);

#[async_trait]
impl Reader for Crm {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Lead, Kind::Deal, Kind::Organization, Kind::Contact]
    }

    fn sweep_every(&self, _: Pace) -> Duration {
        Duration::from_secs(60)
    }

    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        if matches!(kind, Kind::Lead | Kind::Organization) {
            return Ok(Page::default());
        }
        let from = cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
        let to = self.0.min(from + PAGE);
        let records = (from..to).filter_map(|client| record(kind, client)).collect();
        Ok(Page::of(records, (to < self.0).then(|| Cursor(to.to_string()))))
    }

    async fn changes(&self, _kind: Kind, _since_s: i64, _cursor: Option<&Cursor>) -> Result<Page, Failure> {
        Ok(Page::default())
    }

    async fn records(&self, _kind: Kind, _ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn ask(&self, _number: PhoneKey, _patience: Duration) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        Ok(vec![CrmUser { id: CrmId::Number(101), email: None, phone: None, extension: None, active: true }])
    }
}

fn record(kind: Kind, client: u64) -> Option<Record> {
    let deal = kind == Kind::Deal && client.is_multiple_of(4);
    (kind == Kind::Contact || deal).then(|| Record {
        kind,
        id: CrmId::Number(client + 1),
        numbers: if deal { Vec::new() } else { vec![format!("+{}", FIRST + client)] },
        name: (!deal).then(|| format!("Oleksandra Petrenko {client}")),
        owner: Some(CrmId::Number(101)),
        open: true,
        created_s: 1_700_000_000,
        updated_s: 1_700_000_000,
        contacts: deal.then_some(CrmId::Number(client + 1)).into_iter().collect(),
        organizations: Vec::new().into(),
    })
}

/// Fills a directory and writes it where the service will find it; gives the size of the file.
fn write(data: &Path, numbers: u64) -> u64 {
    let work = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let folder = data.join("directory/acme");
    let origin = Origin {
        adapter: "pipedrive".to_owned(),
        account: CRM.to_owned(),
        country: "UA".to_owned(),
        phone_fields: Vec::new(),
        matching: "whole".to_owned(),
    };
    let process = config::examine(None, &std::collections::BTreeMap::new(), &Overrides::default()).settings.process;
    let directory = Directory::new(Parts {
        project: "acme".into(),
        feed: Feed {
            reader: Arc::new(Crm(numbers)),
            section: CrmSection { max_numbers: u64::MAX, ..CrmSection::of_kind("pipedrive") },
            ledger: Arc::new(Ledger::new(Limits::NONE, Clock::System)),
            timezone: jiff::tz::TimeZone::UTC,
        },
        kinds: KindSet::of(&[Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal]),
        matching: Matching::Whole,
        numbers: NumberReader::new("UA").expect("a country"),
        live: process.live,
        clock: Clock::System,
        work: work.handle().clone(),
        metrics: Metrics::new().project("acme"),
        keeping: Some(Keeping {
            shelf: Shelf::new(folder.clone(), 1),
            origin,
            every: Duration::from_secs(86_400),
            catch_up: Duration::from_secs(86_400),
        }),
    });
    let state = work.block_on(async {
        directory.warm(WarmRequest { full: true, force: false }).expect("none under way");
        let mut progress = directory.warm_progress();
        progress.wait_for(|run| run.state != WarmState::Running).await.expect("a progress").clone()
    });
    assert_eq!(state.state, WarmState::Done, "{state:?}");
    let began = Instant::now();
    let name = directory.save(Why::Crawl).expect("written").expect("something to write");
    let bytes = fs::metadata(folder.join(format!("{name}.snapshot"))).expect("a file").len();
    println!("written    {numbers} numbers, {bytes} bytes, in {:.2} s", began.elapsed().as_secs_f64());
    bytes
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("an open door");
    let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-predial-trace: 1\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    reply
}

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // As a crash: nothing is written that the next start would find instead.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// One start: seconds until ready, and the memory it then takes, in KiB.
fn start(folder: &Path, numbers: u64) -> (f64, u64) {
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_predial"));
    command.arg("serve").arg("--config").arg(folder.join("config")).arg("--data").arg(folder.join("data"));
    command.args(["--edge", "127.0.0.1:0", "--ops", "127.0.0.1:0"]).stdin(Stdio::null());
    command.env("ACME_TOKEN", "acme-token-0123456789").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut service = Service(command.spawn().expect("the program"));
    let mut line = String::new();
    BufReader::new(service.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("text");
    let opened = line.trim_end().strip_prefix("edge=http://").and_then(|line| line.split_once(" ops=http://"));
    let (edge, ops) = opened.expect("edge=http://… ops=http://…");
    let ready = get(ops, "/ready?project=acme");
    assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");
    let took = began.elapsed().as_secs_f64();
    for client in [0, numbers / 2, numbers - 1] {
        let target = format!("/acme/route/sales?token=acme-token-0123456789&caller={}", FIRST + client);
        let answer = get(edge, &target);
        assert!(answer.ends_with("\r\n\r\nacme_anna") && answer.contains("x-predial-source: directory"), "{answer}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", service.0.id())).unwrap_or_default();
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    (took, resident.unwrap_or(0))
}

fn main() {
    // Cargo adds words of its own.
    let mut given = env::args().filter_map(|argument| argument.parse().ok());
    let (numbers, runs): (u64, u64) = (given.next().unwrap_or(NUMBERS), given.next().unwrap_or(7));
    let folder = tempfile::tempdir().expect("a folder");
    let projects = folder.path().join("config/projects");
    fs::create_dir_all(&projects).expect("a folder");
    fs::write(projects.join("acme.toml"), PROJECT).expect("written");
    let bytes = write(&folder.path().join("data"), numbers);
    let mut took = Vec::new();
    for _ in 0..runs {
        let (seconds, resident_kib) = start(folder.path(), numbers);
        println!("ready      {seconds:.2} s, {} bytes of memory a number", resident_kib * 1024 / numbers);
        took.push(seconds);
    }
    took.sort_by(f64::total_cmp);
    let median = took.get(took.len() / 2).copied().unwrap_or_default();
    println!(
        "median     {median:.2} s from start to ready, {:.1} bytes on disk a number",
        bytes as f64 / numbers as f64
    );
    if numbers <= NUMBERS && median > MOST_S {
        println!("MISSED     expected at most {MOST_S} s from start to ready");
        std::process::exit(1);
    }
}
