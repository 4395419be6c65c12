//! `predial serve` as a process of its own: doors, lock, signals, exit codes.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::cli::{ACME, Left, configured, left, ran};
use crate::ops_stage::asked;
use crate::small_disk::SmallDisk;
use crate::whole_stage::ask_at;

/// A service that runs.
pub(crate) struct Served {
    process: Child,
    pub(crate) edge: String,
    pub(crate) ops: String,
}

impl Served {
    /// Starts on this configuration's folder and `data`, and waits until both doors are open.
    pub(crate) async fn open(project: &str, data: &Path) -> (tempfile::TempDir, Self) {
        let (folder, mut command) = configured(project, "serve");
        command.args(doors(data)).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("a program that runs");
        let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).await.expect("text");
        let opened = line.trim_end().strip_prefix("edge=http://").and_then(|line| line.split_once(" ops=http://"));
        let (edge, ops) = opened.unwrap_or_else(|| panic!("edge=http://… ops=http://…, found {line:?}"));
        let (edge, ops) = (edge.to_owned(), ops.to_owned());
        (folder, Self { process, edge, ops })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id().expect("a process that runs")
    }

    /// What the process holds of the machine's memory.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a process");
        let row = status.lines().find_map(|row| row.strip_prefix("VmRSS:")).expect("what is resident");
        row.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Asks the operators' door, with a body where there is one; the answer has this status.
    pub(crate) async fn operate(&self, status: u16, (method, target): (&str, &str), body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = ask_at(self.ops.parse().expect("an address"), &request).await;
        assert_eq!(heard.status, status, "{target}: {}", heard.body);
        serde_json::from_str(&heard.body).expect("JSON")
    }

    async fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.pid());
        let sent = tokio::process::Command::new("sh").args(["-c", &kill]).status().await.expect("a shell");
        assert!(sent.success(), "{kill}");
    }

    async fn ended(mut self) -> Option<i32> {
        self.process.wait().await.expect("an end").code()
    }

    pub(crate) async fn signalled(self, signal: &str) -> Option<i32> {
        self.signal(signal).await;
        self.ended().await
    }

    async fn get(&self, door: &str, path: &str) -> crate::ops_stage::Reply {
        let address = door.parse().expect("an address");
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        asked(address, &request).await
    }

    async fn reload(&self) -> crate::ops_stage::Reply {
        let address = self.ops.parse().expect("an address");
        let head = "POST /api/reload HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
        asked(address, &format!("{head}content-length: 0\r\n\r\n")).await
    }
}

fn doors(data: &Path) -> [&str; 6] {
    ["--edge", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", data.to_str().expect("a name in UTF-8")]
}

/// Serves where it must not come to it.
async fn refused(project: &str, arguments: &[&str]) -> Left {
    let (_folder, mut command) = configured(project, "serve");
    command.args(arguments);
    left(command).await
}

#[tokio::test]
async fn serve_opens_both_doors_and_ends_in_order_at_sigterm() {
    let data = tempfile::tempdir().expect("a folder");
    let (_folder, served) = Served::open(ACME, data.path()).await;
    let ready = served.get(&served.ops, "/ready").await;
    assert_eq!((ready.status, &ready.json()["edge"]), (200, &serde_json::json!("open")), "{ready:?}");
    let unknown = served.get(&served.edge, "/acme/route/sales?token=wrong").await;
    assert_eq!(unknown.status, 401, "{unknown:?}");
    let metrics = served.get(&served.ops, "/metrics").await;
    let counted = r#"predial_requests_unauthorised_total{project="acme"} 1"#;
    assert!(metrics.body.lines().any(|line| line == counted), "{}", metrics.body);
    assert_eq!(served.signalled("TERM").await, Some(0));
}

#[tokio::test]
async fn a_second_service_on_one_data_folder_is_two_and_names_the_first() {
    let data = tempfile::tempdir().expect("a folder");
    let (_folder, first) = Served::open(ACME, data.path()).await;
    let second = refused(ACME, &doors(data.path())).await;
    assert_eq!((second.code, second.out.as_str()), (Some(2), ""), "{second:?}");
    assert!(second.err.contains(&format!("found it held by process {} since ", first.pid())), "{}", second.err);
    assert!(second.err.contains(&data.path().display().to_string()), "{}", second.err);
    assert_eq!(first.get(&first.ops, "/live").await.status, 200, "the first goes on");
    first.signalled("KILL").await;
    let (_folder, third) = Served::open(ACME, data.path()).await;
    assert_eq!(third.signalled("INT").await, Some(0), "a crash locks nobody out");
}

#[tokio::test]
async fn a_refused_configuration_is_two_with_its_problems() {
    let data = tempfile::tempdir().expect("a folder");
    let bad = ACME.replace("country = \"UA\"", "country = \"Ukraine\"").replace("top_manager = true", "");
    let found = refused(&bad, &doors(data.path())).await;
    assert_eq!((found.code, found.out.as_str()), (Some(2), ""), "{found:?}");
    assert!(found.err.contains("acme.toml:4: ") && found.err.contains("top_manager"), "{}", found.err);
    assert!(!data.path().join("lock").exists(), "nothing was touched");
}

#[tokio::test]
async fn an_ops_door_beyond_loopback_without_a_token_is_two() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path().to_str().expect("a name in UTF-8");
    let found = refused(ACME, &["--edge", "127.0.0.1:0", "--ops", "0.0.0.0:0", "--data", data]).await;
    assert_eq!((found.code, found.out.as_str()), (Some(2), ""), "{found:?}");
    assert!(found.err.contains("ops.token") && found.err.contains("0.0.0.0:0"), "{}", found.err);
}

#[tokio::test]
async fn an_edge_address_that_cannot_be_had_is_one_and_named() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path().to_str().expect("a name in UTF-8");
    // An address of the documentation's network: no machine has it.
    let found = refused(ACME, &["--edge", "192.0.2.1:8080", "--ops", "127.0.0.1:0", "--data", data]).await;
    assert_eq!((found.code, found.out.as_str()), (Some(1), ""), "{found:?}");
    assert!(found.err.contains("192.0.2.1:8080") && found.err.contains("because:"), "{}", found.err);
}

#[tokio::test]
async fn a_reload_by_the_ops_door_takes_all_or_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let (folder, served) = Served::open(ACME, data.path()).await;
    let projects = folder.path().join("projects");
    std::fs::write(projects.join("bistro.toml"), ACME.replace("[block.sales]", "[block.tables]")).expect("a file");
    let done = served.reload().await;
    assert_eq!((done.status, &done.json()["projects"]), (200, &serde_json::json!(["acme", "bistro"])), "{done:?}");
    std::fs::write(projects.join("acme.toml"), ACME.replace("Anna", "Hanna")).expect("a file");
    std::fs::write(projects.join("bistro.toml"), ACME.replace("contact", "client")).expect("a file");
    let refused = served.reload().await;
    assert_eq!((refused.status, refused.refusal().as_str()), (422, "configuration_refused"), "{refused:?}");
    let problem = &refused.json()["error"]["problems"][0];
    assert!(problem["file"].as_str().is_some_and(|file| file.ends_with("bistro.toml")), "{problem}");
    assert_eq!(problem["row"], 18, "{problem}");
    let bistro = served.get(&served.ops, "/api/projects/bistro").await.json();
    assert_eq!(bistro["blocks"], serde_json::json!(["tables"]), "what was in force stays");
    assert_eq!(served.signalled("TERM").await, Some(0));
}

/// Asks until it is so; fails when that takes longer than anything here may.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let asked = async { while !is_so().await {} };
    tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap_or_else(|_| panic!("expected {what}"));
}

#[tokio::test]
async fn sighup_reads_the_configuration_again_secrets_outside_its_folder_among_it() {
    let data = tempfile::tempdir().expect("a folder");
    // Nobody watches this folder: what changes in it is noticed by the signal alone.
    let secrets = tempfile::tempdir().expect("a folder");
    let secret = secrets.path().join("token");
    std::fs::write(&secret, "the-first-token-of-acme").expect("a file");
    let by_file = format!("token = {{ file = {secret:?} }}");
    let (_folder, served) =
        Served::open(&ACME.replace(r#"token = { env = "ACME_TOKEN" }"#, &by_file), data.path()).await;
    let opens = async |token: &str| {
        served.get(&served.edge, &format!("/acme/route/sales?token={token}&caller=0671112233")).await.status == 200
    };
    assert!(opens("the-first-token-of-acme").await);
    std::fs::write(&secret, "the-second-token-of-acme").expect("a file");
    assert!(!opens("the-second-token-of-acme").await, "nothing was signalled yet");
    served.signal("HUP").await;
    until("the second token to open the door", || opens("the-second-token-of-acme")).await;
    assert!(!opens("the-first-token-of-acme").await, "the first token still opens the door");
    assert_eq!(served.signalled("TERM").await, Some(0));
}

#[tokio::test]
async fn sigterm_takes_no_more_calls_and_answers_the_one_under_way() {
    let data = tempfile::tempdir().expect("a folder");
    let (_folder, served) = Served::open(ACME, data.path()).await;
    let mut call = TcpStream::connect(&served.edge).await.expect("a door");
    let head = "POST /acme/route/sales?token=0123456789abcdef0123 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 23\r\nexpect: 100-continue\r\n\r\n";
    call.write_all(head.as_bytes()).await.expect("an open connection");
    let mut under_way = [0; 25];
    call.read_exact(&mut under_way).await.expect("leave to go on");
    assert_eq!(&under_way, b"HTTP/1.1 100 Continue\r\n\r\n");
    served.signal("TERM").await;
    until("the edge door to close", async || TcpStream::connect(&served.edge).await.is_err()).await;
    call.write_all(br#"{"caller":"0671112233"}"#).await.expect("a connection that is still open");
    let mut answer = String::new();
    call.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"destination":""}"#), "{answer}");
    assert_eq!(served.ended().await, Some(0));
}

#[tokio::test]
async fn explain_asks_the_service_that_runs() {
    let data = tempfile::tempdir().expect("a folder");
    let (_folder, served) = Served::open(ACME, data.path()).await;
    let ops = format!("http://{}", served.ops);
    let arguments = ["explain", "--project", "acme", "--block", "sales", "--caller", "0671112233", "--ops", &ops];
    let miss = ran(&arguments).await;
    assert_eq!(miss.code, Some(3), "{miss:?}");
    assert!(miss.out.contains("looked up  380671112233: not known"), "{}", miss.out);
    assert_eq!(served.signalled("TERM").await, Some(0));
}

#[tokio::test]
async fn the_demo_shows_the_main_job_and_ends() {
    let shown = ran(&["demo", "--once", "--edge", "127.0.0.1:0", "--ops", "127.0.0.1:0"]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("edge=http://127.0.0.1:"), "{}", shown.out);
    let warm = shown.out.lines().filter(|line| line.starts_with("Project ") && line.contains(" is warm: "));
    let mut crms = vec!["Pipedrive", "HubSpot", "Zoho CRM", "Zoho Desk", "SMART CRM"];
    for line in warm {
        let at = crms.iter().position(|crm| line.contains(&format!(" open records of {crm}, ")));
        crms.remove(at.unwrap_or_else(|| panic!("expected one of {crms:?}, found {line:?}")));
        assert!(!line.contains(": 0 numbers"), "{line:?}");
    }
    assert!(crms.is_empty(), "{crms:?} did not get warm: {}", shown.out);
    for holds in HOLDS {
        let words: Vec<_> = holds.split(' ').collect();
        let found = shown.out.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().starts_with(&words));
        assert!(found, "expected {holds:?} in {}", shown.out);
    }
    assert!(!shown.out.contains("WRONG"), "{}", shown.out);
}

#[tokio::test]
async fn a_full_disk_at_the_start_keeps_no_call_from_being_answered() {
    let test = "cli_serve::a_full_disk_at_the_start_keeps_no_call_from_being_answered";
    let Some(disk) = SmallDisk::mount("256k", test) else { return };
    let mut ballast = std::fs::File::create(disk.path().join("ballast")).expect("a file");
    while std::io::Write::write(&mut ballast, &[0; 4096]).is_ok_and(|written| written > 0) {}
    let (_folder, served) = Served::open(ACME, disk.path()).await;
    let call = "token=0123456789abcdef0123&caller=380671112233&call_id=call-1";
    let answered = served.get(&served.edge, &format!("/acme/route/sales?{call}")).await;
    assert_eq!((answered.status, answered.body.as_str()), (200, r#"{"destination":""}"#), "{answered:?}");
    let told = served.get(&served.edge, &format!("/acme/events/after-call?{call}&status=ANSWERED")).await;
    assert_eq!((told.status, told.body.as_str()), (503, r#"{"status":"not-stored"}"#), "{told:?}");
    let ready = served.get(&served.ops, "/ready").await;
    assert_eq!((ready.status, &ready.json()["journal_is_open"]), (503, &serde_json::json!(false)), "{ready:?}");
    let listed = served.get(&served.ops, "/api/journal").await;
    assert_eq!((listed.status, listed.refusal().as_str()), (503, "journal_failed"), "{listed:?}");
    served.signalled("TERM").await;
}

/// What the demo shows that each CRM holds, a line or two of each: row, client, what, whose, on what.
const HOLDS: &[&str] = &[
    "pd-in-ok-new 380442002001 deal Boris contact",
    "pd-out-ok 48221001016 call Denys contact",
    "hs-in-miss-old 380442001019 task Clara contact+deal open",
    "zc-vm-new 380442002004 task Anna lead open",
    "zd-in-ok-contact-other 380442001001 task Denys contact completed",
    "sm-in-ok-new 380442002001 contact",
];
