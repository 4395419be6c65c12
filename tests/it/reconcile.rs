//! Calls whose events are lost on purpose, read from Ringostat's list afterwards, before every CRM: it then holds what it
//! holds where nothing was lost, and each thing once, whatever is told or read again.

use std::collections::BTreeMap;

use sandbox::kit::Thing;
use serde_json::{Value, json};

use crate::calls_scene::{Scene, before_each, word};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::crm_rows::Row;
use crate::reconcile_stage::{asking, began_s, list, listed, reconciled, ringostat};

/// Those who call: who is known and who is not, calls that end in every way, some recorded. Whoever is new calls once: what
/// a second call of theirs makes depends on whether the first was told before.
fn callers(began_s: i64) -> Vec<Caller> {
    let mut nth = 0;
    let mut callers = Vec::new();
    for place in 0..16_usize {
        let existing = place.is_multiple_of(2);
        let mut caller = Caller::new(&format!("38050222{place:04}"), existing, 1 + place % 3);
        for of_caller in 0..if existing { 2 } else { 1 } {
            let ending = match (place / 2 + of_caller) % 3 {
                0 => Ending::Answered,
                1 => Ending::Missed,
                _ if existing => Ending::Made,
                _ => Ending::Answered,
            };
            nth += 1;
            if !existing && ending == Ending::Missed {
                caller.employee = 0;
            }
            caller = caller.with(|caller| {
                let call = ScriptedCall::plain(&format!("ua0_-{}.{nth:08}", began_s + nth * 60), caller, ending);
                if ending != Ending::Missed && nth % 2 == 0 { call.recorded(nth % 4 == 0) } else { call }
            });
        }
        callers.push(caller);
    }
    callers
}

/// Tells of all calls but every tenth event; says how many events were left out, and how many of them were ends.
async fn tell(scene: &Scene, callers: &[Caller], losing: bool) -> (usize, usize) {
    let (mut lost, mut ends, mut nth) = (0, 0, 0);
    for call in callers.iter().flat_map(|caller| caller.calls.iter().flatten()) {
        for (moment, told) in call.moments() {
            nth += 1;
            if losing && nth % 10 == 5 {
                lost += 1;
                ends += usize::from(moment.starts_with("after-"));
                continue;
            }
            assert_eq!(word(&scene.stage.tell(moment, &told).await), "stored", "{}", scene.name());
        }
        // One call after the other, as they were.
        scene.settled().await;
    }
    (lost, ends)
}

/// What the CRM holds, ids apart: each thing with what it hangs on by name instead of by id.
fn held(scene: &Scene) -> Vec<String> {
    let held = scene.crm().held();
    let number = |thing: &Thing| thing.numbers.first().cloned();
    // Who was there has whatever id was the next when they were entered.
    let there = scene.there.iter().map(|(id, number)| (("contact".to_owned(), id.clone()), number.clone()));
    let mut names: BTreeMap<(String, String), String> = there.collect();
    for thing in &held {
        let name = number(thing).unwrap_or_else(|| format!("{} {}", thing.title, thing.state.as_deref().unwrap_or("")));
        names.insert((thing.what.clone(), thing.id.clone()), name);
    }
    let told = |thing: &Thing| {
        let on = |on: &sandbox::kit::Reference| {
            let is_here = matches!(on.what.as_str(), "user" | "address");
            let name = names.get(&(on.what.clone(), on.id.clone())).cloned();
            (
                on.what.clone(),
                on.role.clone(),
                if is_here { on.id.clone() } else { name.unwrap_or_else(|| on.id.clone()) },
            )
        };
        let mut on: Vec<_> = thing.on.iter().map(on).collect();
        on.sort();
        let mut thing = thing.clone();
        // Who is made while they are still called says what was known by then: other moments may have been lost before it.
        if matches!((scene.name(), thing.what.as_str()), ("smart-crm", "contact") | ("zoho-crm", "lead")) {
            thing.text.clear();
        }
        (thing.id, thing.on) = (String::new(), Vec::new());
        // The activity that Pipedrive makes of a call has an id of its own.
        thing.fields.remove("activity_id");
        format!("{on:?} {thing:?}")
    };
    let mut all: Vec<String> = held.iter().map(told).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenth_of_the_events_lost_and_reconciled_leaves_what_a_run_without_the_loss_leaves() {
    before_each(async |row: &'static Row| {
        let callers = callers(began_s());
        let everybody: Vec<&Caller> = callers.iter().collect();
        let api = ringostat().await;
        list(&api, &everybody);
        let mut scenes = Vec::new();
        for losing in [false, true] {
            let mut scene = Scene::with(row, asking(row, &api, false)).await;
            scene.knows(&everybody.iter().copied().filter(|caller| caller.existing).collect::<Vec<_>>());
            let (lost, ends) = tell(&scene, &callers, losing).await;
            assert_eq!(lost >= 4 && ends >= 2 && ends < lost, losing, "{lost} lost, {ends} of them ends");
            let calls = callers.iter().flat_map(|caller| caller.calls.iter().flatten()).count();
            if losing {
                assert_ne!(held(&scene), held(&scenes[0]), "{}: nothing was missing", row.name);
            }
            let run = reconciled(&scene).await;
            let counts = ["read", "appended", "in_progress", "requests"].map(|name| run[name].as_u64());
            assert_eq!(run["state"], "done", "{}: {run}", row.name);
            assert_eq!(counts[0], Some(calls as u64), "{}: {run}", row.name);
            let amended = run["amended"].as_u64();
            let found = counts[1].zip(amended).map(|(appended, amended)| appended + amended);
            assert_eq!(found.is_some_and(|found| found >= 2), losing, "{}: {run}", row.name);
            assert_eq!((counts[2], counts[3]), (Some(0), Some(1)), "{}: {run}", row.name);
            scene.holds(&everybody);
            scenes.push(scene);
        }
        let (without, with) = (held(&scenes[0]), held(&scenes[1]));
        let apart = |one: &[String], other: &[String]| one.iter().filter(|it| !other.contains(it)).cloned().collect();
        let (lost, more): (Vec<String>, Vec<String>) = (apart(&without, &with), apart(&with, &without));
        let (lost, more): (Vec<_>, Vec<_>) = (lost.iter().take(3).collect(), more.iter().take(3).collect());
        assert!(lost.is_empty() && more.is_empty(), "{}: lost {lost:#?}\nmore {more:#?}", row.name);
        assert_eq!(without, with, "{}", row.name);
    })
    .await;
}

/// Somebody new whose call nobody told of.
fn unheard() -> Caller {
    Caller::new("380502220001", false, 1).with(|caller| {
        ScriptedCall::plain(&format!("ua0_-{}.00000001", began_s()), caller, Ending::Answered).recorded(false)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_written_once_however_often_it_is_reconciled_and_told_after_all() {
    before_each(async |row: &'static Row| {
        let api = ringostat().await;
        let scene = Scene::with(row, asking(row, &api, false)).await;
        let caller = unheard();
        list(&api, &[&caller]);
        let run = reconciled(&scene).await;
        assert_eq!((&run["appended"], &run["known"]), (&json!(1), &json!(0)), "{}: {run}", row.name);
        scene.comes_to(&[&caller]).await;
        let before = scene.crm().held();
        let again = reconciled(&scene).await;
        assert_eq!((&again["appended"], &again["known"]), (&json!(0), &json!(1)), "{}: {again}", row.name);
        assert_eq!(scene.crm().held(), before, "{}", row.name);
        // Ringostat gets through after all, with all of it, and once more by hand.
        for expected in ["stored", "known"] {
            assert!(scene.tell(&caller).await.iter().all(|word| word == expected), "{}", row.name);
            scene.comes_to(&[&caller]).await;
            assert_eq!(scene.crm().held(), before, "{}", row.name);
        }
        assert_eq!(reconciled(&scene).await["known"], 1, "{}", row.name);
        check_mark(&scene, &caller.calls[0][0].id).await;
    })
    .await;
}

/// The entry says that it was read from the list, when, and what stood there.
async fn check_mark(scene: &Scene, call_id: &str) {
    let entries = scene.entries("done").await;
    let reconciled: Vec<&Value> = entries.iter().filter(|entry| entry["reconciled"].is_string()).collect();
    let [entry] = reconciled[..] else { panic!("{}: expected one, found {entries:?}", scene.name()) };
    assert_eq!((&entry["call_id"], &entry["moment"]), (&json!(call_id), &json!("after-call")));
    let path = format!("/api/journal/{}", entry["id"].as_str().expect("an id"));
    let shown = scene.stage.ops("GET", &path, &Value::Null).await;
    assert_eq!(shown["raw"]["reconciled"]["list"], "GET /calls/list", "{shown}");
    assert_eq!(shown["raw"]["reconciled"]["at"], entry["reconciled"], "{shown}");
    assert_eq!(shown["raw"]["row"]["uniqueid"], call_id, "{shown}");
    assert_eq!(scene.stage.counted("predial_reconciled_calls_total").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_ends_between_two_runs_is_written_by_the_second_and_its_recording_by_the_third() {
    before_each(async |row: &'static Row| {
        let api = ringostat().await;
        let scene = Scene::with(row, asking(row, &api, false)).await;
        let caller = unheard();
        let over = listed(&caller.calls[0][0]);
        let mut states = [over.clone(), over.clone(), over];
        states[0].fields["disposition"] = json!("IN PROGRESS");
        for state in &mut states[..2] {
            state.fields["recording_wav"] = Value::Null;
        }
        let mut counts = Vec::new();
        for state in states {
            api.change(sandbox::ringostat_api::Change::Calls { calls: vec![state] }).expect("listed");
            let run = reconciled(&scene).await;
            counts.push(["in_progress", "appended", "amended"].map(|name| run[name].as_u64().unwrap_or(9)));
        }
        assert_eq!(counts, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "{}", row.name);
        scene.comes_to(&[&caller]).await;
    })
    .await;
}
