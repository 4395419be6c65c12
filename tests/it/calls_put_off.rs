//! What a vendor calls too much for longer than a test lasts, said to what writes: what the call left waits in the journal
//! until then, with the vendor's words, and is done once. A service that is started anew asks again.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sandbox::kit::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::calls_scene::{PATIENCE, Scene, setup};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::crm_rows::ROWS;

/// The ways of saying it, by CRM: until a day is over, or for minutes.
pub(crate) const LONG: [(&str, &str); 6] = [
    ("hubspot", "daily"),
    ("pipedrive", "cloudflare"),
    ("zoho-crm", "credits"),
    ("zoho-crm", "token"),
    ("zoho-crm", "token-200"),
    ("zoho-desk", "day_spent"),
];
/// No wait of ours in these tests is as long.
const LONGER_S: i64 = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_off_for_long_waits_with_the_vendors_words_and_is_done_once() {
    join_all(LONG.map(async |(crm, how)| {
        let row = ROWS.iter().find(|row| row.name == crm).expect("a CRM");
        let mut scene = Scene::of(row, "").await;
        let caller = Caller::new("380501110001", false, 0)
            .with(|caller| ScriptedCall::plain("ua0_-1731315881.1", caller, Ending::Missed));
        befall(&scene, how);
        scene.tell(&caller).await;
        let waiting = put_off(&scene).await;
        let told = |entry: &Value| entry["error"].as_str().is_some_and(|said| said.len() > 20);
        assert!(waiting.iter().all(told), "{crm} {how}: {waiting:?}");
        let new = |scene: &Scene| scene.crm().held().iter().filter(|thing| !thing.seeded).count();
        assert_eq!(new(&scene), 0, "{crm} {how}: {:?}", scene.crm().held());
        // Calls are answered meanwhile.
        let known = scene.crm().sample("contact").expect("a sample").number;
        assert_eq!(scene.stage.ask(known).await, ("acme_anna".to_owned(), "directory".to_owned()), "{crm} {how}");

        scene.crm().clear_faults();
        scene.stage.restart(setup(row, "")).await;
        assert_eq!(scene.count("later").await, waiting.len() as u64, "{crm} {how}: none is lost");
        scene.stage.ops("POST", "/api/journal/retry", &json!({ "project": "acme", "state": "later" })).await;
        scene.comes_to(&[&caller]).await;
        assert_eq!(scene.count("dead").await, 0, "{crm} {how}");
    }))
    .await;
}

/// Waits until what waits is put off for long; gives it. A vendor that names no time is believed by the second try.
async fn put_off(scene: &Scene) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let waiting = scene.entries("later").await;
        let soon = jiff::Timestamp::now().as_second() + LONGER_S;
        let is_long = |entry: &Value| {
            let until = entry["not_before"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
            until.is_some_and(|until| until.as_second() > soon)
        };
        if !waiting.is_empty() && waiting.iter().all(is_long) {
            return waiting;
        }
        assert!(began.elapsed() < PATIENCE, "{}: expected it to be put off, found {waiting:?}", scene.name());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whatever the call makes is answered so; of tokens it is said to who needs one.
fn befall(scene: &Scene, how: &str) {
    let limit = Fault::rate_limit(how);
    if how.starts_with("token") {
        scene.crm().stage_fault(limit.on("/oauth"));
        scene.crm().stage_fault(Fault::new(FaultKind::TokenExpired));
    } else {
        scene.stage_on_writes(&limit);
    }
}
