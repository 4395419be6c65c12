//! Reconciling by itself after a start, and what Ringostat may answer in the place of its list.

use sandbox::{
    kit::{Fault, FaultKind},
    ringostat_api::{Change, RingostatApi},
};
use serde_json::{Value, json};

use crate::calls_scene::Scene;
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::changes_stage::Setup;
use crate::cli::ran;
use crate::crm_rows::{ROWS, Row};
use crate::reconcile_stage::{asking, began_s, ended, list, listed, reconciled, ringostat};

const TARGET: &str = "/api/projects/acme/reconcile";

fn pipedrive() -> &'static Row {
    ROWS.iter().find(|row| row.name == "pipedrive").expect("a row")
}

async fn scene(api: &RingostatApi) -> Scene {
    Scene::with(pipedrive(), asking(pipedrive(), api, false)).await
}

/// Somebody new who called so many seconds ago.
fn caller(ago_s: i64) -> Caller {
    let id = format!("ua0_-{}.00000001", jiff::Timestamp::now().as_second() - ago_s);
    Caller::new("380502220001", false, 1).with(|caller| ScriptedCall::plain(&id, caller, Ending::Answered))
}

/// Writes into the file that the service is to find, as if it had been reconciled until then.
fn reconciled_until(scene: &Scene, ago_s: i64) {
    let journal = scene.stage.config().parent().expect("a folder").join("data/journal.sqlite");
    let db = rusqlite::Connection::open(journal).expect("a journal");
    let at_ms = (jiff::Timestamp::now().as_second() - ago_s) * 1_000;
    let changed = db.execute("UPDATE reconciled SET since_ms = ?1, until_ms = ?1", [at_ms]).expect("written");
    assert_eq!(changed, 1, "it was noted at the first start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_start_the_gap_is_read_by_itself_and_nothing_from_before_the_first_time() {
    let api = ringostat().await;
    let setup: Setup = asking(pipedrive(), &api, true);
    let mut scene = Scene::with(pipedrive(), setup).await;
    let caller = caller(3_600);
    list(&api, &[&caller]);
    // Noted at the first start, when nothing is read.
    scene
        .stage
        .until("the first start is noted", |_| {
            let journal = scene.stage.config().parent().expect("a folder").join("data/journal.sqlite");
            let db = rusqlite::Connection::open(journal).expect("a journal");
            db.query_row("SELECT count(*) FROM reconciled", [], |row| row.get::<_, i64>(0)).expect("read") == 1
        })
        .await;
    scene.stage.restart(setup).await;
    scene.stage.until("it runs", |view| view["state"].is_string()).await;
    assert!(api.asked().iter().all(|asked| asked.path != "/calls/list"), "the call began before the first time");

    reconciled_until(&scene, 86_400);
    scene.stage.restart(setup).await;
    let run = ended(&scene, &json!(1)).await;
    assert_eq!(
        (&run["state"], &run["automatic"], &run["appended"]),
        (&json!("done"), &json!(true), &json!(1)),
        "{run}"
    );
    scene.comes_to(&[&caller]).await;
    assert_eq!(scene.stage.counted("predial_reconciliations_done_total").await, 1);

    // The next start reads from where this one ended, with an overlap: the call is known.
    scene.stage.restart(setup).await;
    let run = ended(&scene, &json!(1)).await;
    assert_eq!((&run["known"], &run["appended"]), (&json!(1), &json!(0)), "{run}");
    scene.comes_to(&[&caller]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_reconciled_while_the_project_is_off_is_stored_until_it_is_on() {
    let api = ringostat().await;
    let scene = scene(&api).await;
    let caller = caller(3_600);
    list(&api, &[&caller]);
    scene.stage.ops("POST", "/api/projects/acme/pause", &json!({})).await;
    assert_eq!(reconciled(&scene).await["appended"], 1);
    assert_eq!((scene.count("stored").await, scene.crm().held().len()), (1, 0));
    scene.stage.ops("POST", "/api/projects/acme/resume", &json!({"send_stored": true})).await;
    scene.comes_to(&[&caller]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_in_the_place_of_a_list_ends_the_run_and_what_passes_by_itself_does_not() {
    let api = ringostat().await;
    let scene = scene(&api).await;
    let caller = caller(3_600);
    list(&api, &[&caller]);
    for (fault, words, requests) in [
        (Fault::new(FaultKind::TokenExpired).times(1), "Ringostat does not accept the key: status 403", 1),
        (Fault::oddity("incorrect_field").times(1), "Ringostat refused: status 200: incorrect field: uniqueid", 1),
        (Fault::oddity("no_list").times(4), "expected a list of calls, found JSON that is no array", 4),
        (Fault::new(FaultKind::Garbage).times(4), "Ringostat's answer was lost", 4),
    ] {
        api.stage_fault(fault);
        let run = reconciled(&scene).await;
        assert_eq!((&run["state"], &run["requests"]), (&json!("failed"), &json!(requests)), "{run}");
        assert!(run["reason"].as_str().is_some_and(|reason| reason.contains(words)), "{words}: {run}");
    }
    assert_eq!(scene.stage.counted("predial_reconciliations_failed_total").await, 4);
    assert_eq!(scene.crm().held().len(), 0);
    for fault in
        [Fault::rate_limit("retry_after").times(1), Fault::status(503).times(1), Fault::new(FaultKind::Reset).times(1)]
    {
        api.stage_fault(fault);
    }
    api.forget_asked();
    let run = reconciled(&scene).await;
    assert_eq!((&run["state"], &run["waits"], &run["appended"]), (&json!("done"), &json!(3), &json!(1)), "{run}");
    assert!(run["seconds"].as_f64() >= Some(2.0), "as long as it was told to wait: {run}");
    assert!(api.asked().iter().all(|asked| !asked.query.contains("sandbox-token")), "the key is in no address");
    scene.comes_to(&[&caller]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_shows_the_figures_and_the_door_says_what_is_wrong_with_a_question() {
    let api = ringostat().await;
    let scene = scene(&api).await;
    let caller = caller(3_600);
    let mut under_way = listed(&caller.calls[0][0]);
    under_way.uniqueid = format!("ua0_-{}.00000002", began_s());
    under_way.fields["disposition"] = json!("CALLING");
    list(&api, &[&caller]);
    api.change(Change::Calls { calls: vec![under_way] }).expect("listed");
    let ops = format!("http://{}", scene.stage.ops_address());
    let day_ago = jiff::Timestamp::from_second(began_s() - 80_000).expect("a time").to_string();
    let now = jiff::Timestamp::now().to_string();
    let line = ["reconcile", "--project", "acme", "--from", &day_ago, "--to", &now, "--ops", &ops];
    let left = ran(&line).await;
    assert_eq!(left.code, Some(0), "{left:?}");
    let figures =
        "run 1 of acme: 2 read, 0 known, 1 in progress, 1 appended, 0 amended, 0 unreadable; 1 requests, 1 windows";
    assert!(left.out.starts_with(&format!("done: {figures}")), "{left:?}");
    scene.comes_to(&[&caller]).await;
    let listed = ran(&["journal", "list", "--project", "acme", "--ops", &ops]).await;
    assert!(listed.out.contains("after-call (reconciled)"), "{listed:?}");
    let failed = ran(&["reconcile", "--project", "acme", "--from", "soon", "--to", &now, "--ops", &ops]).await;
    assert!(failed.code == Some(1) && failed.err.contains("2026-11-20T09:00:00Z"), "{failed:?}");
    for (body, code, words) in [
        (json!({}), "bad_request", "one of them missing"),
        (json!({ "from": now, "to": day_ago }), "bad_request", "expected a time that is past"),
        (json!({ "from": "2020-01-01", "to": now }), "bad_request", "retention_days"),
    ] {
        let refused = scene.stage.ops("POST", TARGET, &body).await;
        assert_eq!(refused["error"]["code"], code, "{refused}");
        assert!(refused["error"]["message"].as_str().is_some_and(|message| message.contains(words)), "{refused}");
    }
    let without = Scene::of(pipedrive(), "").await;
    for method in ["GET", "POST"] {
        let body = if method == "GET" { Value::Null } else { json!({ "from": day_ago, "to": now }) };
        let refused = without.stage.ops(method, TARGET, &body).await;
        assert_eq!(refused["error"]["code"], "no_account", "{refused}");
    }
}
