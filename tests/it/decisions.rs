//! What calls were answered is recorded beside their way: there after a restart, erased to the last byte, and never a
//! reason for a call to be answered otherwise.

use std::{fs, path::Path, sync::Arc};

use predial::app::runtime::EdgeThreads;
use predial::base::{clock::Clock, metric::Count};
use predial::routing::{Line, Notes};
use sandbox::pipedrive::Options;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::ran;
use crate::edge_client::{Client, get, path};
use crate::edge_desk::{Behind, KNOWN, NOBODY};
use crate::stage_settings::{ANNA, process};
use crate::whole_stage::{ProjectFile, Whole};

const BLOCKS: &str = "
[block.sales]
priority = [\"contact\", \"organization\", \"deal\"]
answer = \"plain\"

[block.deals]
priority = [\"deal\", \"contact\"]
answer = \"plain\"
miss_destination = \"231146\"
";

fn few() -> Options {
    Options { clients: 50, ..Options::default() }
}

fn number(whole: &Whole, sample: &str) -> &'static str {
    whole.crm.sample(sample).expect(sample).number
}

async fn listed(whole: &Whole, query: &str) -> Vec<Value> {
    let heard = whole.ops(&format!("/api/projects/acme/decisions{query}")).await;
    assert_eq!(heard.status, 200, "{}", heard.body);
    let told: Value = serde_json::from_str(&heard.body).expect("JSON");
    told["decisions"].as_array().expect("a list").clone()
}

/// Whether the record holds a number, as SQLite writes it.
fn holds(data: &Path, number: &str) -> bool {
    let number: u64 = number.parse().expect("digits");
    let bytes = &number.to_be_bytes()[2..];
    let files = fs::read_dir(data).expect("a folder").map(|entry| entry.expect("an entry"));
    let ours = files.filter(|entry| entry.file_name().to_string_lossy().starts_with("decisions.sqlite"));
    ours.map(|entry| fs::read(entry.path()).expect("a file")).any(|file| file.windows(6).any(|six| six == bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_call_was_answered_is_recorded_with_its_names_and_survives_a_restart_and_a_reload() {
    let mut whole = Whole::warmed(few(), BLOCKS).await;
    let (known, absent) = (number(&whole, "contact"), number(&whole, "absent"));
    assert_eq!(whole.ask("sales", &format!("%2B{known}")).await.body, "acme_anna");
    assert_eq!(whole.ask("deals", absent).await.body, "231146");
    assert_eq!(whole.ask("sales", "anonymous").await.source, "unreadable");
    // Still in the ring, and the configuration that its places point into has gone.
    let file = ProjectFile {
        employees: vec![("999", "zoe"), ("101", "anna")],
        ..ProjectFile::new(whole.crm.base_url(), &BLOCKS.replace("block.deals", "block.a").replace("sales", "zz"))
    };
    whole.deploy(&[("acme", &file)]).await;
    let all = listed(&whole, "").await;
    let told = |decision: &Value| {
        let mut told = decision.clone();
        let at = told.as_object_mut().expect("an object").remove("at");
        assert!(at.is_some_and(|at| at.as_str().is_some_and(|at| at.starts_with("20"))), "{decision}");
        told
    };
    assert_eq!(
        all.iter().map(told).collect::<Vec<_>>(),
        [
            json!({"block": "sales", "caller": null, "outcome": "miss", "reason": "expected a number, found a hidden caller",
                "employee": null, "destination": null, "source": "unreadable", "entity": null, "id": null}),
            json!({"block": "deals", "caller": absent, "outcome": "miss", "destination": "231146", "employee": null,
                "reason": "no open entity of the block's kinds carries the number", "source": "absent", "entity": null,
                "id": null}),
            json!({"block": "sales", "caller": known, "outcome": "hit", "reason": null, "employee": "anna",
                "destination": "acme_anna", "source": "directory", "entity": "contact", "id": all[2]["id"]}),
        ]
    );
    assert!(all[2]["id"].is_string());
    // What is in the ring when the service is stopped is written.
    assert_eq!(whole.ask("zz", known).await.body, "acme_anna");
    whole.restart().await;
    let one = listed(&whole, &format!("?caller=0{}&limit=1", &known[3..])).await;
    assert_eq!((one.len(), &one[0]["block"]), (1, &json!("zz")));
    assert_eq!(listed(&whole, "").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_number_is_gone_from_the_file_and_the_others_are_not() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let (known, other) = (number(&whole, "contact"), number(&whole, "organization"));
    for caller in [known, other, known] {
        assert_eq!(whole.ask("sales", caller).await.status, 200);
    }
    assert_eq!(listed(&whole, "").await.len(), 3);
    assert!(holds(&whole.data(), known) && holds(&whole.data(), other));
    let ops = format!("http://{}", whole.service().ops());
    let national = format!("0{}", &known[3..]);
    let gone = ran(&["route", "forget", "--project", "acme", "--caller", &national, "--ops", &ops]).await;
    assert_eq!((gone.code, gone.out.as_str()), (Some(0), "2 calls are no longer recorded\n"), "{gone:?}");
    assert!(!holds(&whole.data(), known) && holds(&whole.data(), other));
    assert_eq!(listed(&whole, "").await.len(), 1);
    let all = whole.ops_delete("/api/projects/acme/decisions").await;
    assert_eq!(all.body, r#"{"erased":1,"overwritten":true}"#);
    assert!(!holds(&whole.data(), other));
    for (path, status) in
        [("acme/decisions?caller=12", 400), ("acme/decisions?callers=1", 400), ("beta/decisions", 404)]
    {
        assert_eq!(whole.ops_delete(&format!("/api/projects/{path}")).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_days_nothing_is_recorded_and_what_there_is_goes() {
    let mut whole = Whole::warmed(few(), BLOCKS).await;
    let known = number(&whole, "contact");
    whole.ask("sales", known).await;
    assert_eq!(listed(&whole, "").await.len(), 1);
    let file = whole.config().join("projects/acme.toml");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, format!("decisions_days = 0\n{text}")).expect("written");
    assert_eq!(whole.ops_post("/api/reload", "").await.status, 200);
    assert_eq!(whole.ask("sales", known).await.body, "acme_anna");
    assert_eq!(listed(&whole, "").await.len(), 1, "the call after the reload is not recorded");
    whole.restart().await;
    whole.wait_for("/api/projects/acme/decisions", |body| body == r#"{"decisions":[]}"#).await;
}

#[test]
fn a_full_ring_is_counted_and_the_call_answered_all_the_same() {
    let work = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("work");
    let behind = work.block_on(Behind::cold(&process(), Clock::System, work.handle()).warm());
    let edge = EdgeThreads::start(&behind.door, process().edge.listen, 1).expect("an address");
    let ask = |caller: &str| {
        let mut client = Client::connect(edge.address());
        client.send(get(&path("plain", caller)));
        client.rest()
    };
    // Nobody takes anything out: two thousand fit.
    for _ in 0..2_000 {
        assert!(ask(KNOWN).ends_with(ANNA));
    }
    assert_eq!(behind.metrics.counted(Count::DecisionsDropped), 0);
    for _ in 0..3 {
        assert!(ask(KNOWN).ends_with(ANNA));
        assert!(ask(NOBODY).ends_with("\r\n\r\n"));
    }
    assert_eq!(behind.metrics.counted(Count::DecisionsDropped), 6);
    let taken = behind.notes.take(10_000);
    assert_eq!(taken.len(), 2_000);
    let first = &taken[0];
    assert_eq!((&*first.project.name, first.block(), first.employee()), ("acme", Some("plain"), Some("Anna")));
    assert_eq!(
        (first.destination(), first.number().map(|key| key.digits().to_string())),
        (Some(ANNA), Some(KNOWN.to_owned()))
    );
    edge.stop();
    edge.join().expect("a good end");
}

#[test]
fn a_line_is_known_until_what_was_pushed_through_it_has_been_taken_out_and_no_longer() {
    let work = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("work");
    let behind = work.block_on(Behind::cold(&process(), Clock::System, work.handle()).warm());
    let of = behind.exchange.load_full().line("acme").cloned().expect("a line");
    let notes = Notes::new(10);
    let number = notes.number(&of.project);
    let line = Arc::new(Line {
        number,
        project: Arc::clone(&of.project),
        directory: Arc::clone(&of.directory),
        people: Arc::clone(&of.people),
        metrics: Arc::clone(&of.metrics),
    });
    notes.know(&line);
    let block = line.project.block("plain").expect("a block");
    let predial::routing::Recalled::Decided(verdict) = predial::routing::recall(&line, block, Some(KNOWN)) else {
        panic!("known")
    };
    let held = Arc::strong_count(&line.project);
    notes.note(&line, block, (&verdict, Instant::now()));
    notes.note(&line, block, (&verdict, Instant::now()));
    let project = Arc::clone(&line.project);
    drop(line);
    assert_eq!(notes.take(1).len(), 1);
    assert_eq!(notes.take(5).len(), 1, "it is out of force, and was not forgotten before the ring was empty");
    assert_eq!(Arc::strong_count(&project), held - 1, "nothing of it is kept");
    assert!(notes.take(5).is_empty());
}
