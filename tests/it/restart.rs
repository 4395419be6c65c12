//! What survives the end of the process, and what an operator does with it.

use std::{path::Path, process::Stdio};

use sandbox::pipedrive::{Change, Item, Options, Pipedrive};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::cli::ran;
use crate::whole_stage::{Heard, ProjectFile, TOKEN, Whole, ask_at, deploy, environment};

const BLOCKS: &str = "[block.sales]\npriority = [\"contact\", \"deal\"]\nanswer = \"plain\"\n";

/// The service as a process of its own.
struct Process {
    child: Child,
    edge: String,
    ops: String,
}

impl Process {
    async fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_predial"));
        let (config, data) = (folder.join("config"), folder.join("data"));
        command.arg("serve").arg("--config").arg(config).arg("--data").arg(data);
        command.args(["--edge", "127.0.0.1:0", "--ops", "127.0.0.1:0"]).envs(environment());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("a program that runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).await.expect("text");
        let opened = line.trim_end().strip_prefix("edge=http://").and_then(|line| line.split_once(" ops=http://"));
        let (edge, ops) = opened.unwrap_or_else(|| panic!("edge=http://… ops=http://…, found {line:?}"));
        let (edge, ops) = (edge.to_owned(), ops.to_owned());
        Self { child, edge, ops }
    }

    async fn ops(&self, path: &str) -> (u16, Value) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        let heard = ask_at(self.ops.parse().expect("an address"), &request).await;
        (heard.status, serde_json::from_str(&heard.body).expect("JSON"))
    }

    async fn ask(&self, caller: &str) -> Heard {
        let request = format!(
            "GET /acme/route/sales?token={TOKEN}&caller={caller} HTTP/1.1\r\nHost: x\r\nx-predial-trace: 1\r\n\
             Connection: close\r\n\r\n"
        );
        ask_at(self.edge.parse().expect("an address"), &request).await
    }

    /// Waits for the snapshot of the first full crawl.
    async fn until_written(&self) {
        let began = std::time::Instant::now();
        while self.ops("/api/projects/acme").await.1["directory"]["snapshot"]["newest"].is_null() {
            assert!(began.elapsed() < std::time::Duration::from_secs(30), "no snapshot was written");
            // A process of its own: its time cannot be paused, only polled.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// As a crash or the kernel ends it: nothing can be written any more.
    async fn killed(mut self) {
        self.child.kill().await.expect("killed");
    }
}

fn told(heard: &Heard) -> (u16, &str, &str) {
    (heard.status, &heard.body, &heard.source)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_it_answers_although_the_crm_is_down() {
    let folder = TempDir::new().expect("a folder");
    let crm = Pipedrive::start(Options { clients: 200, ..Options::default() }).await.expect("a stand-in");
    deploy(folder.path(), 0, &[("acme", &ProjectFile::new(crm.base_url(), BLOCKS))]);
    let first = Process::start(folder.path()).await;
    first.until_written().await;
    let known = crm.sample("contact").expect("a sample").number;
    let answered = first.ask(known).await;
    assert_eq!(told(&answered), (200, "acme_anna", "directory"));
    first.killed().await;
    crm.stop().await;

    let second = Process::start(folder.path()).await;
    assert_eq!(told(&second.ask(known).await), told(&answered), "before any CRM was reached");
    let (status, ready) = second.ops("/ready?project=acme").await;
    assert_eq!((status, &ready["projects"]["acme"]), (200, &json!("snapshot")), "{ready}");
    let (_, view) = second.ops("/api/projects/acme").await;
    let snapshot = &view["directory"]["snapshot"];
    assert_eq!((&view["state"], &snapshot["answering"]), (&json!("snapshot"), &json!(true)), "{view}");
    assert!(snapshot["restored"]["age_s"].as_i64().is_some_and(|age| (0..300).contains(&age)), "{view}");
    assert_eq!(view["directory"]["absent_is_known"], json!(false), "{view}");
    let unknown = second.ask("380999999999").await;
    assert_eq!((unknown.status, unknown.body.as_str()), (200, ""));
    assert_ne!(unknown.source, "absent", "nobody has told since the start");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_the_disk_was_full_leaves_what_was_written_before() {
    let folder = TempDir::new().expect("a folder");
    let crm = Pipedrive::start(Options { clients: 20, ..Options::default() }).await.expect("a stand-in");
    deploy(folder.path(), 0, &[("acme", &ProjectFile::new(crm.base_url(), BLOCKS))]);
    let kept = folder.path().join("data/directory/acme");
    std::fs::create_dir_all(&kept).expect("a folder");
    std::os::unix::fs::symlink("/dev/full", kept.join("writing.part")).expect("a link");
    let first = Process::start(folder.path()).await;
    let began = std::time::Instant::now();
    let failing = loop {
        let failing = first.ops("/api/projects/acme").await.1["directory"]["snapshot"]["failing"].clone();
        if !failing.is_null() {
            break failing;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "a full disk was not told");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert!(failing.as_str().is_some_and(|reason| reason.contains("No space left on device")), "{failing}");
    let known = crm.sample("contact").expect("a sample").number;
    assert_eq!(told(&first.ask(known).await), (200, "acme_anna", "directory"), "calls do not notice");
    first.killed().await;
    let second = Process::start(folder.path()).await;
    second.until_written().await;
    assert_eq!(told(&second.ask(known).await), (200, "acme_anna", "directory"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_in_order_it_goes_on_with_what_it_knew_and_makes_no_crawl() {
    let mut whole = Whole::warmed(Options { clients: 50, ..Options::default() }, BLOCKS).await;
    whole.crm.forget_asked();
    whole.restart().await;
    let known = whole.crm.sample("contact").expect("a sample").number;
    assert_eq!(told(&whole.ask("sales", known).await), (200, "acme_anna", "directory"));
    whole.until_warm("acme").await;
    let view = whole.view("acme").await;
    assert_eq!(
        (&view["state"], &view["directory"]["snapshot"]["answering"]),
        (&json!("warm"), &json!(false)),
        "{view}"
    );
    assert_eq!(view["warm"]["state"], json!("never"), "{view}");
    let asked = whole.crm.asked();
    let persons: Vec<_> = asked.iter().filter(|asked| asked.path.ends_with("/persons")).collect();
    let crawled: Vec<_> = persons.iter().filter(|asked| !asked.query.contains("updated_since")).collect();
    assert!(!persons.is_empty(), "what changed since was asked for");
    assert_eq!(crawled.len(), 0, "{crawled:?}");
}

/// The generations, newest first, by what they were made for.
async fn whys(whole: &Whole) -> Vec<(String, String)> {
    let listed: Value = serde_json::from_str(&whole.ops("/api/projects/acme/snapshots").await.body).expect("JSON");
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("?").to_owned();
    let all = listed["snapshots"].as_array().unwrap_or_else(|| panic!("a list, found {listed}"));
    all.iter().map(|one| (text(one, "why"), text(one, "at"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_brings_back_what_a_forced_crawl_took_and_can_be_undone() {
    let mut whole = Whole::warmed(Options { clients: 50, ..Options::default() }, BLOCKS).await;
    let snapshots = "/api/projects/acme/snapshots";
    whole.wait_for(snapshots, |body| body.contains("\"why\":\"crawl\"")).await;
    let good = whys(&whole).await[0].1.clone();
    whole.crm.change(Change::Delete { item: Item::Person(1) }).expect("a person");
    assert_eq!(whole.warm("acme", "{\"full\":true,\"force\":true}").await["state"], "done");
    let known = whole.crm.sample("contact").expect("a sample").number;
    assert_eq!(told(&whole.ask("sales", known).await), (200, "", "absent"));

    let held = whole.view("acme").await["directory"]["numbers"].clone();

    let ops = format!("http://{}", whole.service().ops());
    let arguments = ["--project", "acme", "--ops", &ops];
    let listed = ran(&[&["snapshot", "list"][..], &arguments].concat()).await;
    assert!(listed.code == Some(0) && listed.out.contains(&good), "{listed:?}");
    let back = ran(&[&["snapshot", "rollback", "--at", &good][..], &arguments].concat()).await;
    assert!(back.code == Some(0) && back.out.contains("to undo"), "{back:?}");
    assert_eq!(told(&whole.ask("sales", known).await), (200, "acme_anna", "directory"));
    let made = whys(&whole).await;
    let whys_of: Vec<_> = made.iter().map(|(why, _)| why.as_str()).take(2).collect();
    assert_eq!(whys_of, ["rollback", "before-rollback"], "{made:?}");

    // A restart begins with what was rolled back to.
    whole.restart().await;
    assert_eq!(told(&whole.ask("sales", known).await), (200, "acme_anna", "directory"));
    let undo = json!({ "at": made[1].1 }).to_string();
    let undone = whole.ops_post("/api/projects/acme/rollback", &undo).await;
    assert_eq!(undone.status, 200, "{}", undone.body);
    let undone: Value = serde_json::from_str(&undone.body).expect("JSON");
    // Not by a call: it would ask the CRM, whose search lags behind.
    assert_eq!(undone["numbers"], held, "as it was before the rollback");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_cannot_be_done_changes_nothing_and_says_why() {
    let whole = Whole::warmed(Options { clients: 0, ..Options::default() }, BLOCKS).await;
    whole.wait_for("/api/projects/acme/snapshots", |body| body.contains("\"why\":\"crawl\"")).await;
    let at = whys(&whole).await[0].1.clone();
    let path = whole.data().join(format!("directory/acme/{at}.snapshot"));
    let mut bytes = std::fs::read(&path).expect("a snapshot");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let cases = [
        (json!({ "at": at }), 409, "snapshot_damaged"),
        (json!({ "at": "2001-01-01T00:00:00Z" }), 404, "unknown_snapshot"),
        (json!({ "at": "../../lock" }), 404, "unknown_snapshot"),
        (json!({ "to": at }), 400, "bad_request"),
    ];
    let known = whole.crm.sample("contact").expect("a sample").number;
    for (body, status, code) in cases {
        let refused = whole.ops_post("/api/projects/acme/rollback", &body.to_string()).await;
        assert!(refused.status == status && refused.body.contains(code), "{body}: {} {}", refused.status, refused.body);
        assert_eq!(told(&whole.ask("sales", known).await), (200, "acme_anna", "directory"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_cannot_be_read_are_told_as_json_as_a_table_and_by_the_command() {
    let whole = Whole::warmed(Options { clients: 0, ..Options::default() }, BLOCKS).await;
    let person = Change::CreatePerson {
        name: "Formula".to_owned(),
        phones: vec!["=1+1 call me".to_owned(), "0671112299".to_owned()],
        owner_id: 101,
        org_id: None,
    };
    whole.crm.change(person).expect("a person");
    assert_eq!(whole.warm("acme", "{\"full\":true}").await["state"], "done");
    let told: Value = serde_json::from_str(&whole.ops("/api/projects/acme/numbers").await.body).expect("JSON");
    let count = whole.view("acme").await["directory"]["unreadable_numbers"].clone();
    assert_eq!((&told["total"], &told["beyond"]), (&count, &json!(0)), "{told}");
    let texts: Vec<_> = told["numbers"].as_array().expect("a list").iter().map(|it| it["text"].clone()).collect();
    assert!(texts.contains(&json!("=1+1 call me")), "{told}");
    let table = whole.ops_table("/api/projects/acme/numbers").await;
    assert!(table.body.starts_with("kind,id,text,why\n") && table.body.contains(",'=1+1 call me,"), "{}", table.body);
    let printed = ran(&["numbers", "--project", "acme", "--ops", &format!("http://{}", whole.service().ops())]).await;
    assert_eq!((printed.code, printed.out.as_str(), printed.err.as_str()), (Some(0), table.body.as_str(), ""));
}
