//! What may befall the writing of a call, before every CRM: afterwards it holds what it must, once.

use sandbox::kit::Fault;
use serde_json::json;

use crate::calls_put_off::LONG;
use crate::calls_scene::{Scene, before_each, setup};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::crm_rows::{ROWS, Row};

const NEW: &str = "380501110001";
const MISSED: &str = "380501110002";
const THERE: &str = "380501110003";

/// Somebody new who is answered, somebody new who is not, and somebody who was there and does both.
fn three() -> [Caller; 3] {
    let call = |id, ending| move |caller: &Caller| ScriptedCall::plain(id, caller, ending);
    [
        Caller::new(NEW, false, 1)
            .with(|caller| ScriptedCall::plain("ua0_-1731315881.1", caller, Ending::Answered).recorded(false)),
        Caller::new(MISSED, false, 0).with(call("ua0_-1731315881.2", Ending::Missed)),
        Caller::new(THERE, true, 2)
            .with(call("ua0_-1731315881.3", Ending::Missed))
            .with(call("ua0_-1731315881.4", Ending::Answered)),
    ]
}

/// Tells of the three while these faults befall the CRM; gives the scene.
async fn while_it_befalls(row: &'static Row, faults: impl Fn(&Scene)) -> Scene {
    let mut scene = Scene::of(row, "").await;
    let callers = three();
    scene.knows(&[&callers[2]]);
    faults(&scene);
    for caller in &callers {
        scene.tell(caller).await;
    }
    scene.comes_to(&[&callers[0], &callers[1], &callers[2]]).await;
    scene
}

/// Whatever the three make was made while it was befallen by this.
fn befell_all_that_is_made(scene: &Scene, faults: &[&str]) {
    for fault in faults {
        assert_eq!(scene.unmet(fault), Vec::<&str>::new(), "{}: {fault} was not met there", scene.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_answer_was_lost_is_found_and_not_done_again() {
    before_each(async |row| {
        let scene = while_it_befalls(row, |scene| scene.stage_on_writes(&Fault::answer_lost().times(2))).await;
        befell_all_that_is_made(&scene, &["answer_lost"]);
    })
    .await;
}

/// Two answers of each of these ways of saying that it is too much, whatever is asked, and one to all that is made.
fn storm(scene: &Scene, among: impl Fn(&str) -> bool) {
    let ways: Vec<&str> = scene.crm().rate_limits().iter().copied().filter(|how| among(how)).collect();
    assert!(!ways.is_empty(), "{}: a way of saying it", scene.name());
    for how in ways {
        scene.crm().stage_fault(Fault::rate_limit(how).times(2));
        scene.stage_on_writes(&Fault::rate_limit(how).times(1));
    }
}

/// What a vendor does not explain: each pause after it is twice the one before, so that two are half a minute.
const UNEXPLAINED: [(&str, &str); 3] = [("pipedrive", "bare"), ("hubspot", "bare"), ("hubspot", "migration")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_too_much_is_waited_out_in_each_of_the_vendors_ways() {
    before_each(async |row| {
        let longer = UNEXPLAINED.iter().chain(&LONG).filter(|(crm, _)| *crm == row.name).map(|(_, how)| *how);
        let longer: Vec<&str> = longer.collect();
        let in_seconds = |how: &str| !longer.contains(&how);
        let scene = while_it_befalls(row, |scene| storm(scene, in_seconds)).await;
        befell_all_that_is_made(&scene, &["rate_limit"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_that_the_vendor_does_not_explain_is_waited_out_too() {
    let each = UNEXPLAINED.map(|(crm, how)| {
        let row = ROWS.iter().find(|row| row.name == crm).expect("a CRM");
        while_it_befalls(row, move |scene| storm(scene, |one| one == how))
    });
    for scene in futures_util::future::join_all(each).await {
        befell_all_that_is_made(&scene, &["rate_limit"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crm_in_trouble_is_tried_again_until_it_is_well() {
    before_each(async |row| {
        let faults = |scene: &Scene| {
            scene.stage_on_writes(&Fault::status(500).times(2));
            scene.stage_on_writes(&Fault::status(503).times(2));
            scene.stage_on_writes(&Fault::reset().times(1));
        };
        befell_all_that_is_made(&while_it_befalls(row, faults).await, &["status", "reset"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_crm_refuses_is_a_dead_letter_in_its_words_and_holds_up_nobody() {
    before_each(async |row| {
        let mut scene = Scene::of(row, "").await;
        let [_, other, there] = three();
        scene.knows(&[&there]);
        let calls = there.calls.clone();
        let first = Caller { calls: calls[..1].to_vec(), ..there.clone() };
        scene.refuses_the_next();
        scene.tell(&first).await;
        scene.settled().await;
        let dead = scene.entries("dead").await;
        assert_eq!(dead.len(), 1, "{}: {dead:?}", row.name);
        let said = dead[0]["error"].as_str().unwrap_or_default();
        assert!(said.contains("the subject is poisoned"), "{}: {said}", row.name);
        // Somebody else's call goes on, and the next one of the same client.
        let later = Caller { calls: calls[1..].to_vec(), ..there.clone() };
        scene.tell(&other).await;
        scene.tell(&later).await;
        scene.settled().await;
        assert_eq!(scene.count("dead").await, 1, "{}: the others went on", row.name);
        scene.holds(&[&other, &later]);
        // Mended, it is done as if nothing had been.
        let target = format!("/api/journal/{}/retry", dead[0]["id"].to_string().trim_matches('"'));
        scene.stage.ops("POST", &target, &serde_json::Value::Null).await;
        scene.comes_to(&[&other, &there]).await;
        assert_eq!(scene.count("dead").await, 0, "{}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_is_done_as_it_was_decided_although_the_matrix_changed() {
    before_each(async |row| {
        let mut scene = Scene::of(row, "").await;
        let [_, other, there] = three();
        scene.knows(&[&there]);
        let first = Caller { calls: there.calls[..1].to_vec(), ..there.clone() };
        scene.stage_on_tasks(Fault::status(503));
        scene.tell(&first).await;
        scene.stage.until("it is planned and waits", |view| view["journal"]["by_state"]["later"] == 1).await;
        let waiting = scene.entries("later").await;
        assert!(waiting.iter().any(|entry| !entry["row"].is_null()), "{}: {waiting:?}", row.name);
        // From now on a missed call comes to nothing.
        let scenarios = scene.stage.config().join("scenarios");
        std::fs::create_dir_all(&scenarios).expect("a folder");
        let nothing = "[[row]]\nid = \"nothing\"\nwhen = { direction = \"in\" }\n";
        std::fs::write(scenarios.join("nothing.toml"), nothing).expect("written");
        scene.stage.reload(setup(row, "scenario = \"nothing\"")).await;
        scene.crm().clear_faults();
        scene.tell(&other).await;
        scene.comes_to(&[&first]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_of_somebody_new_at_the_same_moment_make_one_client() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = Caller::new(NEW, false, 1)
            .with(|caller| ScriptedCall::plain("ua0_-1731315881.1", caller, Ending::Answered))
            .with(|caller| ScriptedCall::plain("ua0_-1731315881.2", caller, Ending::Answered));
        let [first, second] = [caller.calls[0][0].moments(), caller.calls[1][0].moments()];
        for (one, other) in first.iter().zip(&second) {
            let told = tokio::join!(scene.stage.tell(one.0, &one.1), scene.stage.tell(other.0, &other.1));
            assert_eq!((&told.0["status"], &told.1["status"]), (&json!("stored"), &json!("stored")), "{}", row.name);
        }
        scene.comes_to(&[&caller]).await;
    })
    .await;
}
