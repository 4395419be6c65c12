//! What is told of a call when something was done for it already, before every CRM: it reaches what the call made, and
//! whom it was written onto.

use sandbox::kit::Thing;
use serde_json::{Value, json};

use crate::calls_scene::{Scene, before_each, setup, word};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::changes_stage::Setup;
use crate::crm_rows::Row;

/// The one call of most tests.
pub(crate) const ID: &str = "ua0_-1731315881.1";

/// Somebody new whose client an employee becomes.
pub(crate) fn somebody_new(employee: usize) -> Caller {
    Caller::new("380501110001", false, employee)
}

/// Somebody new, and their call, which was answered.
pub(crate) fn answered(call: impl Fn(ScriptedCall) -> ScriptedCall) -> Caller {
    somebody_new(1).with(|caller| call(ScriptedCall::plain(ID, caller, Ending::Answered)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_comes_late_reaches_what_the_call_made() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(|call| call.recorded(true));
        let moments = caller.calls[0][0].moments();
        let (late, before) = moments.split_last().expect("moments");
        for (moment, told) in before {
            scene.stage.tell(moment, told).await;
        }
        scene.settled().await;
        let link = caller.calls[0][0].recording.as_deref().expect("a link");
        let says = |scene: &Scene| format!("{:?}", scene.crm().held()).replace("&amp;", "&").contains(link);
        assert!(!says(&scene), "{}: nobody knew of it yet", row.name);
        assert_eq!(word(&scene.stage.tell(late.0, &late.1).await), "stored", "{}", row.name);
        scene.comes_to(&[&caller]).await;
    })
    .await;
}

/// With fields for what a call says of itself, on whatever may have some.
fn with_fields(row: &Row, project: &'static str) -> Setup {
    let crm = match row.name {
        "hubspot" => {
            "fields = { mark = \"pbx_mark\", recording = \"pbx_recording\", call_status = \"pbx_status\", \
             utm_source = \"pbx_source\" }"
        }
        "pipedrive" => {
            "fields = { mark = \"Made by\", recording = \"Call recording\", call_status = \"Call ended\", \
             utm_source = \"Came from\" }"
        }
        "zoho-crm" => {
            "fields = { mark = \"PBX_Mark\", recording = \"PBX_Recording\", call_status = \"PBX_Status\", \
             utm_source = \"PBX_Source\" }"
        }
        "zoho-desk" => {
            "fields = { mark = \"cf_pbx_mark\", recording = \"cf_pbx_recording\", call_status = \"cf_pbx_status\", \
             utm_source = \"cf_pbx_source\" }"
        }
        // Those are the columns that this organization has.
        _ => {
            "fields = { recording = \"new_recording\", call_status = \"new_call_status\", \
             utm_source = \"new_utm_source\" }"
        }
    };
    Setup { crm, ..setup(row, project) }
}

/// The clients' own that were made.
pub(crate) fn entities(scene: &Scene) -> Vec<Thing> {
    let of_client = |thing: &Thing| ["contact", "lead", "deal", "ticket"].contains(&thing.what.as_str());
    scene.crm().held().into_iter().filter(|thing| !thing.seeded && of_client(thing)).collect()
}

/// In how many of its fields a thing has exactly this.
fn fields_with(thing: &Thing, value: &str) -> usize {
    thing.fields.values().filter(|field| *field == value).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_comes_late_reaches_the_clients_own_field() {
    before_each(async |row| {
        let scene = Scene::with(row, with_fields(row, "")).await;
        let caller = answered(|call| call.recorded(true));
        let link = caller.calls[0][0].recording.clone().expect("a link");
        let moments = caller.calls[0][0].moments();
        let (late, before) = moments.split_last().expect("moments");
        for (moment, told) in before {
            scene.stage.tell(moment, told).await;
        }
        scene.settled().await;
        let made = entities(&scene);
        assert!(!made.is_empty() && made.iter().all(|thing| fields_with(thing, &link) == 0), "{}: {made:?}", row.name);
        for again in ["stored", "known"] {
            assert_eq!(word(&scene.stage.tell(late.0, &late.1).await), again, "{}", row.name);
            scene.comes_to(&[&caller]).await;
            let told = entities(&scene);
            assert!(told.iter().all(|thing| fields_with(thing, &link) == 1), "{}: {told:?}", row.name);
            assert_eq!(told.len(), made.len(), "{}: {told:?}", row.name);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voicemail_that_comes_late_reaches_the_task_that_is_open() {
    before_each(async |row| {
        for setup in [setup(row, ""), with_fields(row, "")] {
            let scene = Scene::with(row, setup).await;
            let caller = somebody_new(0).with(|caller| ScriptedCall::plain(ID, caller, Ending::Missed));
            let link = "https://app.ringostat.com/recordings/voicemail.ogg?token=t0ken";
            // Whoever is to call back reads the task; where there is none, the missed call.
            let to_read = |scene: &Scene| {
                let held = scene.crm().held();
                let of = |what: &str| held.iter().filter(|thing| thing.what == what).cloned().collect::<Vec<_>>();
                let tasks = of("task");
                if tasks.is_empty() { of("call") } else { tasks }
            };
            for (moment, mut told) in caller.calls[0][0].moments() {
                if moment == "after-call" {
                    told["status"] = json!("VOICEMAIL");
                }
                scene.stage.tell(moment, &told).await;
                scene.settled().await;
                if moment != "after-call" {
                    continue;
                }
                let before = to_read(&scene);
                assert!(before.len() == 1 && !format!("{before:?}").contains(link), "{}: {before:?}", row.name);
                told["recording_wav"] = json!(link);
                assert_eq!(word(&scene.stage.tell(moment, &told).await), "stored", "{}", row.name);
                scene.comes_to(&[&caller]).await;
                let after = to_read(&scene);
                let said = format!("{after:?}").replace("&amp;", "&");
                assert!(after.len() == 1 && said.contains(link), "{}: {after:?}", row.name);
                assert_eq!((&after[0].id, &after[0].state), (&before[0].id, &before[0].state), "{}", row.name);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_end_says_reaches_what_was_made_when_the_call_was_taken() {
    // No matrix of ours makes all of it so early in every CRM.
    let early = "scenario.override.early = { when = { direction = \"in\", client = \"new\" }, do = [\
                 { at = \"pick-up\", contact = { owner = \"answered\" } }] }";
    before_each(async |row| {
        let scene = Scene::with(row, with_fields(row, early)).await;
        let caller = answered(|call| call.recorded(true));
        let call = &caller.calls[0][0];
        let link = call.recording.clone().expect("a link");
        for (nth, (moment, told)) in call.moments().into_iter().enumerate() {
            assert_eq!(word(&scene.stage.tell(moment, &told).await), "stored", "{} {moment}", row.name);
            scene.settled().await;
            let made = entities(&scene);
            assert_eq!(made.len(), usize::from(nth > 0), "{} {moment}: {made:?}", row.name);
            let Some(contact) = made.first() else { continue };
            // The pick-up knows neither, the end both, and the recording comes after it.
            let known = ["google", "ANSWERED", &link].map(|value| fields_with(contact, value));
            let expected = [[0, 0, 0], [1, 1, 0], [1, 1, 1]][nth - 1];
            assert_eq!(known, expected, "{} {moment}: {contact:?}", row.name);
        }
        let names = step_names(&scene).await;
        assert_eq!(names, ["contact", "contact-recording", "contact-told"], "{}", row.name);
        assert_eq!(scene.count("dead").await, 0, "{}", row.name);
    })
    .await;
}

/// The names of all steps, sorted.
async fn step_names(scene: &Scene) -> Vec<String> {
    let mut names = Vec::new();
    for entry in scene.entries("done").await {
        let id = entry["id"].to_string();
        let target = format!("/api/journal/{}", id.trim_matches('"'));
        let shown = scene.stage.ops("GET", &target, &Value::Null).await;
        let steps = shown["steps"].as_array().expect("steps");
        names.extend(steps.iter().map(|step| step["name"].as_str().expect("a name").to_owned()));
    }
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_end_that_is_told_again_says_reaches_the_client_who_was_there() {
    // Not every matrix of ours writes onto clients that are there.
    let onto = "scenario.override.onto = { when = { client = \"existing\" }, do = [\
                { at = \"after-call\", update = { utm = true, call = true } }] }";
    before_each(async |row| {
        let mut scene = Scene::with(row, with_fields(row, onto)).await;
        let caller = Caller::new("380501110003", true, 2)
            .with(|caller| ScriptedCall::plain(ID, caller, Ending::Answered).recorded(false));
        scene.knows(&[&caller]);
        let call = &caller.calls[0][0];
        let link = call.recording.clone().expect("a link");
        let (moment, told) = call.moments().pop().expect("moments");
        let mut unrecorded = told.clone();
        unrecorded["recording_wav"] = Value::Null;
        let mut bare = unrecorded.clone();
        bare["status"] = json!("REPEATED");
        let members = bare.as_object_mut().expect("an object");
        members.retain(|key, _| !key.starts_with("utm_"));
        // What the first does not say comes with the second and the third; the last says the same, and nothing is written.
        let all = [
            (&bare, "stored", [1, 0, 0, 0]),
            (&unrecorded, "stored", [0, 1, 1, 0]),
            (&told, "stored", [0, 1, 1, 1]),
            (&told, "known", [0, 1, 1, 1]),
        ];
        for (told, word_of_it, expected) in all {
            assert_eq!(word(&scene.stage.tell(moment, told).await), word_of_it, "{}", row.name);
            scene.settled().await;
            // Nobody else's was written.
            let clients = there(&scene);
            let [client] = &clients[..] else { panic!("{}: expected one, found {clients:?}", row.name) };
            let known = ["REPEATED", "google", "ANSWERED", &link].map(|value| fields_with(client, value));
            assert_eq!(known, expected, "{}: {client:?}", row.name);
        }
        assert_eq!(step_names(&scene).await, ["update", "update-recording", "update-told"], "{}", row.name);
        assert_eq!(scene.count("dead").await, 0, "{}", row.name);
        assert_eq!(entities(&scene), Vec::new(), "{}: nobody new", row.name);
    })
    .await;
}

/// The clients who were there before.
fn there(scene: &Scene) -> Vec<Thing> {
    scene.crm().held().into_iter().filter(|thing| thing.seeded && thing.what == "contact").collect()
}
