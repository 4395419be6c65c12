//! What comes after an entry was given up: a later moment of the call makes what the earlier one could not, nothing is hung
//! on nobody, and whichever is tried again makes nothing twice.

use std::collections::BTreeMap;

use sandbox::kit::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::calls_scene::{Scene, before_each, word};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::crm_rows::ROWS;

const ID: &str = "ua0_-1731315881.1";

/// CRMs whose matrix makes the client before the call is over.
const MADE_EARLY: [&str; 2] = ["zoho-crm", "smart-crm"];

async fn scene(crm: &str) -> Scene {
    Scene::of(ROWS.iter().find(|row| row.name == crm).expect("a row"), "").await
}

fn somebody_new() -> Caller {
    Caller::new("380501110001", false, 1)
        .with(|caller| ScriptedCall::plain(ID, caller, Ending::Answered).recorded(false))
}

/// The CRM refuses to make the client, so many times.
fn refuse_clients(scene: &Scene, times: u32) {
    let (method, path, body) = match scene.name() {
        "zoho-crm" => (
            "POST",
            "/crm/v8/Leads",
            r#"{"data":[{"code":"INVALID_DATA","status":"error","message":"the name is poisoned","details":{}}]}"#,
        ),
        _ => {
            ("PATCH", "/api/data/v9.2/contacts", r#"{"error":{"code":"0x80040265","message":"the name is poisoned"}}"#)
        }
    };
    let kind = FaultKind::Status { status: 400, headers: BTreeMap::new(), body: body.to_owned() };
    scene.crm().stage_fault(Fault::new(kind).times(times).with_method(method).on(path));
}

async fn retry(scene: &Scene, id: &Value) {
    let target = format!("/api/journal/{}/retry", id.as_str().expect("an id"));
    let heard = scene.stage.ops("POST", &target, &Value::Null).await;
    assert_eq!(heard["retried"], 1, "{}: {heard}", scene.name());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_was_refused_once_is_made_by_the_next_moment_and_not_again_by_a_retry() {
    for crm in MADE_EARLY {
        let (scene, caller) = (scene(crm).await, somebody_new());
        refuse_clients(&scene, 1);
        for (moment, told) in caller.calls[0][0].moments() {
            assert_eq!(word(&scene.stage.tell(moment, &told).await), "stored", "{crm} {moment}");
            scene.settled().await;
        }
        let dead = scene.entries("dead").await;
        assert_eq!(dead.len(), 1, "{crm}: {dead:?}");
        scene.holds(&[&caller]);
        retry(&scene, &dead[0]["id"]).await;
        scene.comes_to(&[&caller]).await;
        assert_eq!(scene.count("dead").await, 0, "{crm}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_client_is_refused_nothing_is_hung_on_nobody_and_all_is_done_once_it_is_not() {
    for (crm, first_alone) in MADE_EARLY.into_iter().flat_map(|crm| [(crm, true), (crm, false)]) {
        let (scene, caller) = (scene(crm).await, somebody_new());
        refuse_clients(&scene, 9);
        for (moment, told) in caller.calls[0][0].moments() {
            scene.stage.tell(moment, &told).await;
        }
        scene.settled().await;
        let dead = scene.entries("dead").await;
        assert!(dead.len() >= 2, "{crm}: {dead:?}");
        let told = |entry: &Value| entry["error"].as_str().is_some_and(|said| said.contains("the name is poisoned"));
        assert!(dead.iter().all(told), "{crm}: each in the CRM's words: {dead:?}");
        assert!(scene.crm().held().iter().all(|thing| thing.seeded), "{crm}: {:?}", scene.crm().held());
        scene.crm().clear_faults();
        if first_alone {
            // The oldest first, and the others when it is done.
            for entry in dead.iter().rev() {
                retry(&scene, &entry["id"]).await;
                scene.settled().await;
            }
        } else {
            let all = scene.stage.ops("POST", "/api/journal/retry", &json!({"state": "dead"})).await;
            assert_eq!(all["retried"], dead.len(), "{crm}: {all}");
        }
        scene.comes_to(&[&caller]).await;
        assert_eq!(scene.count("dead").await, 0, "{crm}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_is_written_by_the_amendment_of_the_call_and_not_again_by_a_retry() {
    before_each(async |row| {
        let mut scene = Scene::of(row, "").await;
        let caller =
            Caller::new("380501110003", true, 2).with(|caller| ScriptedCall::plain(ID, caller, Ending::Missed));
        scene.knows(&[&caller]);
        scene.refuses_the_next();
        scene.tell(&caller).await;
        scene.settled().await;
        let dead = scene.entries("dead").await;
        assert_eq!(dead.len(), 1, "{}: {dead:?}", row.name);
        // The end is told again, and says a little more.
        let (moment, mut told) = caller.calls[0][0].moments().pop().expect("moments");
        told["utm_content"] = json!("banner");
        assert_eq!(word(&scene.stage.tell(moment, &told).await), "stored", "{}", row.name);
        scene.comes_to(&[&caller]).await;
        retry(&scene, &dead[0]["id"]).await;
        scene.comes_to(&[&caller]).await;
        assert_eq!(scene.count("dead").await, 0, "{}", row.name);
        let target = format!("/api/journal/{}", dead[0]["id"].as_str().expect("an id"));
        let shown = scene.stage.ops("GET", &target, &Value::Null).await;
        let steps = shown["steps"].as_array().expect("steps").iter();
        let said: Vec<&str> = steps
            .filter(|step| step["state"] == "skipped")
            .map(|step| step["error"].as_str().expect("a reason"))
            .collect();
        assert!(!said.is_empty(), "{}: {shown}", row.name);
        assert!(said.iter().all(|said| said.starts_with("done with entry ")), "{}: {said:?}", row.name);
    })
    .await;
}
