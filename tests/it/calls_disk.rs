//! The disk is full: nothing is acknowledged that is not stored, calls are answered as ever, and it goes on by itself when
//! there is room.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use sandbox::kit::StandIn;

use crate::calls_process::{Deployed, Life, worked_off};
use crate::changes_stage::{Setup, TOKEN};
use crate::crm_rows::ROWS;
use crate::rows_stage::Telling;
use crate::small_disk::SmallDisk;
use crate::whole_stage::ask_at;

const PATIENCE: Duration = Duration::from_secs(60);

/// Calls are answered as ever.
async fn is_answered(deployed: &Deployed, known: &str) {
    let request =
        format!("GET /acme/route/sales?token={TOKEN}&caller={known} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let heard = ask_at(deployed.edge, &request).await;
    assert_eq!((heard.status, heard.body.as_str()), (200, "acme_anna"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_events_are_refused_calls_are_answered_and_it_goes_on_when_there_is_room() {
    let test = "calls_disk::on_a_full_disk_events_are_refused_calls_are_answered_and_it_goes_on_when_there_is_room";
    let Some(disk) = SmallDisk::mount("4m", test) else { return };
    let row = ROWS.iter().find(|row| row.name == "hubspot").expect("a row");
    let crm: Arc<dyn StandIn> = (row.start)(0).await.crm;
    let setup = Setup { public: false, ..Setup::default() };
    let deployed = Deployed::before(row, &*crm, setup, Some(disk.path()));
    let life = deployed.start().await;
    life.until("the directory is complete", PATIENCE, |view| view["directory"]["absent_is_known"] == true).await;
    let sample = crm.sample("contact").expect("a sample");
    let known = sample.number;
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![0; 1_500 << 10]).expect("room at first");

    // Nothing comes of a client's ringing but that it is kept; it is told at length.
    let told = |n: usize| {
        let id = format!("ua0_-1731315881.{n:08}");
        let telling =
            Telling { call_id: &id, number: known, direction: "in", status: "ANSWERED", by: None, recording: None };
        let mut after = telling.moments().remove(0).1;
        after["note"] = serde_json::json!("x".repeat(20_000));
        (id, after)
    };
    let mut acknowledged = Vec::new();
    let refused = loop {
        let (id, moment) = told(acknowledged.len());
        let (status, answer) = deployed.tell("before-call", &moment).await.expect("an answer");
        if status != 200 {
            break (status, answer);
        }
        acknowledged.push(id);
        assert!(acknowledged.len() < 1_000, "expected the disk to be full by now");
    };
    assert_eq!(refused.0, 503, "{refused:?}");
    assert!(!acknowledged.is_empty());
    for n in 5_000..5_005 {
        let (status, answer) = deployed.tell("before-call", &told(n).1).await.expect("an answer");
        assert_eq!(status, 503, "it is still full: {answer}");
    }
    is_answered(&deployed, known).await;

    // What calls are answered finds no room either, by and by: that is counted, and they are answered.
    let began = Instant::now();
    while !dropped(&life).await {
        assert!(began.elapsed() < PATIENCE, "expected answers that are not recorded");
        is_answered(&deployed, known).await;
    }

    fs::remove_file(&ballast).expect("removed");
    let (id, moment) = told(6_000);
    deployed.insist("before-call", &moment).await;
    acknowledged.push(id);
    life.until("the journal is worked off", PATIENCE, worked_off).await;
    life.killed().await;
    let life = deployed.start().await;
    let mut stored = stored(&life).await;
    stored.sort_unstable();
    acknowledged.sort_unstable();
    assert_eq!(stored, acknowledged, "what was acknowledged, and nothing else");
    let left = fs::metadata(disk.path().join("journal.sqlite")).expect("the file").len();
    println!("{} events acknowledged on a disk of 4 MiB, {left} bytes of journal", acknowledged.len());
    life.killed().await;
}

/// Whether answers to calls could not be recorded.
async fn dropped(life: &Life) -> bool {
    let head = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let metrics = ask_at(life.ops, head).await.body;
    let name = "predial_decisions_dropped_total{project=\"acme\"} ";
    let counted = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{metrics}"));
    counted != "0"
}

/// The calls that the journal knows.
async fn stored(life: &Life) -> Vec<String> {
    let listed = life.ops("GET", "/api/journal?project=acme&limit=1000", "").await;
    let entries = listed["entries"].as_array().expect("entries");
    entries.iter().map(|entry| entry["call_id"].as_str().expect("a call").to_owned()).collect()
}
