//! What the service's log says, and how often.

use std::{fs::File, process::Stdio, time::Duration};

use sandbox::pipedrive::{Options, Pipedrive};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::whole_stage::{ProjectFile, TOKEN, ask_at, deploy, environment};

const BLOCKS: &str = "[block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_user_who_is_no_employee_is_told_once_and_not_per_call_or_crawl() {
    let folder = TempDir::new().expect("a folder");
    let crm = Pipedrive::start(Options { clients: 0, ..Options::default() }).await.expect("a stand-in");
    let mut file = ProjectFile::new(crm.base_url(), BLOCKS);
    file.employees.retain(|(user, _)| *user != "104");
    deploy(folder.path(), 0, &[("acme", &file)]);
    let log = folder.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_predial"));
    command
        .arg("serve")
        .arg("--config")
        .arg(folder.path().join("config"))
        .arg("--data")
        .arg(folder.path().join("data"));
    command.args(["--edge", "127.0.0.1:0", "--ops", "127.0.0.1:0"]).envs(environment());
    command.env("PREDIAL__LOG__FILTER", "info").env("PREDIAL__LOG__FORMAT", "json");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log).expect("a file")).kill_on_drop(true);
    let mut child = command.spawn().expect("a program that runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).await.expect("text");
    let opened = line.trim_end().strip_prefix("edge=http://").and_then(|line| line.split_once(" ops=http://"));
    let (edge, ops) = opened.unwrap_or_else(|| panic!("edge=http://… ops=http://…, found {line:?}"));
    let at = async |door: &str, head: &str, body: &str| {
        let request = format!(
            "{head} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        ask_at(door.parse().expect("an address"), &request).await
    };
    let until = async |head: &str, wanted: &str| {
        let began = std::time::Instant::now();
        while !at(ops, head, "").await.body.contains(wanted) {
            assert!(began.elapsed() < Duration::from_secs(30), "{wanted} was not seen");
            // A process of its own: its time cannot be paused, only polled.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until("GET /api/projects/acme", "\"absent_is_known\":true").await;
    until("GET /api/projects/acme", "\"unmatched_users\":[\"").await;
    // Petro's client: his calls are misses, and nobody says so again.
    let shared = crm.sample("shared").expect("a sample").number;
    for _ in 0..3 {
        let heard = at(edge, &format!("GET /acme/route/sales?token={TOKEN}&caller={shared}"), "").await;
        assert_eq!((heard.status, heard.body.as_str()), (200, ""));
        at(ops, "POST /api/projects/acme/warm", "{\"full\":true}").await;
        until("GET /api/projects/acme/warm", "\"state\":\"done\"").await;
        assert_eq!(at(ops, "POST /api/reload", "").await.status, 200);
    }
    child.kill().await.expect("killed");
    let log = std::fs::read_to_string(log).expect("a log");
    let told: Vec<_> = log.lines().filter(|line| line.contains("CRM users who are no employee")).collect();
    let one = |line: &str| line.contains("\"WARN\"") && line.contains("acme") && line.contains("104");
    assert!(told.len() == 1 && one(told[0]), "expected one line about 104, found {told:?} in {log}");
}
