//! What of a call is written, and when it is not, before every CRM: recordings told by another moment, calls among
//! employees, a project's own texts, clients made by hand meanwhile, and a right that is missing for one thing alone.

use std::{collections::BTreeMap, time::Instant};

use sandbox::kit::{Fault, FaultKind, Neutral};
use serde_json::{Value, json};

use crate::calls_scene::{PATIENCE, Scene, before_each, setup, word};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::{NAMES, ROWS};

const ID: &str = "ua0_-1731315881.1";
const NEW: &str = "380501110001";
const THERE: &str = "380501110003";

fn answered(recorded_late: bool) -> Caller {
    Caller::new(NEW, false, 1).with(|caller| ScriptedCall::plain(ID, caller, Ending::Answered).recorded(recorded_late))
}

/// How often the link stands in what the CRM holds, in a text or in a field of its own.
fn links(scene: &Scene, link: &str) -> Vec<usize> {
    let held = scene.crm().held();
    let texts = held.iter().map(|thing| format!("{} {}", thing.title, thing.text).replace("&amp;", "&"));
    // A link in HTML stands there twice and is one.
    let again = format!("href=\"{link}\"");
    texts.map(|text| text.matches(link).count() - text.matches(&again).count()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_another_moment_tells_of_is_attached_once_whoever_tells_of_it_again() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(true);
        let link = caller.calls[0][0].recording.clone().expect("a link");
        let moments = caller.calls[0][0].moments();
        let (amended, before) = moments.split_last().expect("moments");
        for (moment, told) in before {
            scene.stage.tell(moment, told).await;
        }
        scene.settled().await;
        // By a moment of another kind and under another name.
        let rated = json!({"call_id": ID, "call_type": "in", "record_link": link, "rating": 5});
        assert_eq!(word(&scene.stage.tell("rating", &rated).await), "stored", "{}", row.name);
        scene.comes_to(&[&caller]).await;
        let after_one = links(&scene, &link);
        assert!(after_one.iter().all(|&times| times <= 1), "{}: {after_one:?}", row.name);
        // And again by the end itself, amended, and by another rating.
        assert_eq!(word(&scene.stage.tell(amended.0, &amended.1).await), "stored", "{}", row.name);
        let rated = json!({"call_id": ID, "call_type": "in", "call_recording": link, "rating": 4});
        assert_eq!(word(&scene.stage.tell("rating", &rated).await), "stored", "{}", row.name);
        scene.comes_to(&[&caller]).await;
        assert_eq!(links(&scene, &link), after_one, "{}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_told_with_the_pick_up_comes_with_what_the_end_writes_and_once() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(true);
        let link = caller.calls[0][0].recording.clone().expect("a link");
        for (moment, mut told) in caller.calls[0][0].moments() {
            if moment == "pick-up" {
                told["recording"] = json!(link);
            }
            scene.stage.tell(moment, &told).await;
            scene.settled().await;
        }
        scene.comes_to(&[&caller]).await;
        assert!(links(&scene, &link).iter().all(|&times| times <= 1), "{}: {:?}", row.name, scene.crm().held());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_from_one_employee_to_another_comes_to_nothing_and_the_journal_says_so() {
    before_each(async |row| {
        let ringostat = "recording_hosts = [\"recordings.example\"]\n\n[[employee]]\nname = \"ihor\"\ncrm_user = \"nobody\"\n\
                         main = [\"acme_ihor\"]\nother = [\"380671112299\"]\n";
        let stage = Stage::of(row, Setup { ringostat, ..setup(row, "") }).await;
        let told = |direction: &str, nth: usize| {
            let mut told = json!({
                "type": direction, "status": "ANSWERED", "dialog": 20, "connected_with": "acme_bohdan",
                "call_id": format!("ua0_-1731315881.{nth}"), "caller": "380671112299", "callee": "380442000000",
            });
            if direction == "out" {
                (told["caller"], told["callee"]) = (json!("acme_bohdan"), json!("067 111-22-99"));
            }
            told
        };
        for (nth, (moment, direction)) in [("after-call", "in"), ("after-outgoing", "out")].into_iter().enumerate() {
            assert_eq!(word(&stage.tell(moment, &told(direction, nth)).await), "stored", "{} {moment}", row.name);
        }
        stage.settled().await;
        let listed = stage.ops("GET", "/api/journal?project=acme", &Value::Null).await;
        let entries = listed["entries"].as_array().expect("entries");
        let ended = |entry: &Value| entry["state"] == "done" && entry["outcome"] == "no-client";
        assert!(entries.len() == 2 && entries.iter().all(ended), "{}: {listed}", row.name);
        assert!(stage.crm().held().is_empty(), "{}: {:?}", row.name, stage.crm().held());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projects_own_task_text_is_written_as_it_stands_with_what_is_known_of_the_call() {
    let row = "scenario.override.own = { when = { direction = \"in\", result = \"missed\" }, do = [{ at = \"after-call\", \
               task = { state = \"open\", owner = \"top\", subject = \"Call {{ call.caller }} & <ask> 'why'\", \
               text = \"Waited {{ call.wait_s }} s on {{ call.company }}; {{ call.utm_source }} €\\nsecond line\" } }] }";
    before_each(async |crm| {
        let mut scene = Scene::of(crm, row).await;
        let caller = Caller::new(THERE, true, 2).with(|caller| ScriptedCall::plain(ID, caller, Ending::Missed));
        scene.knows(&[&caller]);
        scene.tell(&caller).await;
        scene.settled().await;
        let held = scene.crm().held();
        let tasks: Vec<_> = held.iter().filter(|thing| thing.what == "task").collect();
        let [task] = tasks[..] else { panic!("{}: expected one task, found {held:?}", crm.name) };
        let plain = |text: &str| {
            let entities =
                [("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#x27;", "'"), ("&quot;", "\""), ("&amp;", "&")];
            entities.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
        };
        let (title, text) = (plain(&task.title), plain(&task.text));
        assert!(title.contains(&format!("Call +{THERE} & <ask> 'why'")), "{}: {task:?}", crm.name);
        assert!(text.contains("Waited 12 s on 380442000000; google €"), "{}: {task:?}", crm.name);
        assert!(text.contains("second line"), "{}: {task:?}", crm.name);
    })
    .await;
}

/// What makes a client in this CRM, and nothing that reads: method, path, and the vendor's word for a right that is
/// missing.
fn making(scene: &Scene) -> (&'static str, &'static str, &'static str) {
    match scene.name() {
        "hubspot" => (
            "POST",
            "/crm/objects/2026-03/deals",
            r#"{"status":"error","category":"MISSING_SCOPES","message":"this module is not yours"}"#,
        ),
        "pipedrive" => ("POST", "/api/v2/persons", r#"{"success":false,"error":"this module is not yours"}"#),
        "zoho-crm" => (
            "POST",
            "/crm/v8/Leads",
            r#"{"code":"NO_PERMISSION","status":"error","message":"this module is not yours","details":{}}"#,
        ),
        "zoho-desk" => {
            ("POST", "/api/v1/contacts", r#"{"errorCode":"FORBIDDEN","message":"this module is not yours"}"#)
        }
        _ => (
            "PATCH",
            "/api/data/v9.2/contacts",
            r#"{"error":{"code":"0x80040220","message":"this module is not yours"}}"#,
        ),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_for_one_thing_holds_up_that_entry_and_not_the_project() {
    before_each(async |row| {
        let mut scene = Scene::of(row, "").await;
        let there =
            Caller::new(THERE, true, 2).with(|caller| ScriptedCall::plain("ua0_-1731315881.3", caller, Ending::Missed));
        scene.knows(&[&there]);
        let (method, path, body) = making(&scene);
        let kind = FaultKind::Status { status: 403, headers: BTreeMap::new(), body: body.to_owned() };
        scene.crm().stage_fault(Fault::new(kind).with_method(method).on(path));
        let new = answered(false);
        scene.tell(&new).await;
        let held_up = |view: &Value| {
            let count = |state: &str| view["journal"]["by_state"][state].as_u64().unwrap_or(0);
            count("later") + count("dead") > 0
        };
        scene.stage.until("it is held up", held_up).await;
        scene.tell(&there).await;
        let began = Instant::now();
        let ended = |entry: &Value| entry["call_id"] == "ua0_-1731315881.3" && entry["moment"] == "after-call";
        while !scene.entries("done").await.iter().any(ended) {
            assert!(began.elapsed() < PATIENCE, "{}: the others do not go on", row.name);
            tokio::task::yield_now().await;
        }
        let view = scene.stage.view().await;
        assert_eq!(view["journal"]["paused_by"], Value::Null, "{}: {view}", row.name);
        let listed = scene.stage.ops("GET", "/api/journal?project=acme", &Value::Null).await;
        let mut told =
            listed["entries"].as_array().expect("entries").iter().filter_map(|entry| entry["error"].as_str());
        assert!(told.any(|said| said.contains("this module is not yours")), "{}: {listed}", row.name);
        // Given the right, it is done, by itself or by an operator's word.
        scene.crm().clear_faults();
        scene.settled().await;
        scene.stage.ops("POST", "/api/journal/retry", &json!({"state": "dead"})).await;
        scene.comes_to(&[&new, &there]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whom_somebody_enters_while_the_plan_waits_is_taken_and_not_made_again() {
    // HubSpot searches by the path that also makes, and Zoho CRM makes a lead, which nobody enters here.
    for crm in ["pipedrive", "zoho-desk", "smart-crm"] {
        let scene = Scene::of(ROWS.iter().find(|row| row.name == crm).expect("a row"), "").await;
        let (method, path, _) = making(&scene);
        scene.crm().stage_fault(Fault::status(503).with_method(method).on(path));
        let caller = answered(false);
        scene.tell(&caller).await;
        scene.stage.until("it is planned and waits", |view| view["journal"]["by_state"]["later"] == 1).await;
        let (phones, owner_id) = (vec![format!("+{NEW}")], scene.crm().employees()[1].clone());
        let entered = Neutral::CreateContact { name: "Entered by hand".to_owned(), phones, owner_id };
        let entered = scene.crm().change_neutral(entered).expect("a contact").expect("a record");
        scene.crm().advance(std::time::Duration::from_secs(60));
        scene.crm().clear_faults();
        scene.settled().await;
        let held = scene.crm().held();
        let made =
            held.iter().find(|thing| thing.what == "contact" && thing.title != "Entered by hand" && !thing.seeded);
        assert!(made.is_none_or(|made| made.id == entered.id), "{crm}: {held:?}");
        let hung = held.iter().filter(|thing| ["call", "task"].contains(&thing.what.as_str()));
        let on_it = |on: &sandbox::kit::Reference| on.what == "contact" && on.id == entered.id;
        assert!(hung.clone().count() > 0 && hung.clone().all(|thing| thing.on.iter().any(on_it)), "{crm}: {held:?}");
        assert_eq!(scene.count("dead").await, 0, "{crm}, {}", NAMES[1]);
    }
}
