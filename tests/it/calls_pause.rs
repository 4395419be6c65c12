//! Credentials that are withdrawn and come back, before every CRM: writing pauses and goes on by itself, and what came
//! meanwhile is sent or kept as the project says.

use serde_json::Value;

use crate::calls_scene::{PATIENCE, Scene, before_each, word};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::crm_rows::Row;

/// Somebody who was there and called before, and somebody who calls while the CRM accepts nothing.
fn two() -> [Caller; 2] {
    [("380501110001", "ua0_-1731315881.1"), ("380501110002", "ua0_-1731315881.2")].map(|(number, id)| {
        Caller::new(number, true, 1).with(|caller| ScriptedCall::plain(id, caller, Ending::Answered).recorded(false))
    })
}

/// Pauses with one call under way and one that comes then, and gives the credentials back.
async fn paused_and_resumed(row: &'static Row, project: &'static str) -> (Scene, [Caller; 2]) {
    let mut scene = Scene::of(row, project).await;
    let callers = two();
    scene.knows(&[&callers[0], &callers[1]]);
    scene.withdraw();
    // Its end alone: with more to tell, the pause could be noticed between two moments and the later one be kept.
    let (moment, told) = callers[0].calls[0][0].moments().pop().expect("moments");
    assert_eq!(word(&scene.stage.tell(moment, &told).await), "stored", "{}", row.name);
    let paused = |view: &Value| view["journal"]["paused_by"] == "credentials";
    scene.stage.until("writing pauses", paused).await;
    // What was on its way before it was noticed stays workable; what comes from now on is kept.
    assert!(scene.tell(&callers[1]).await.iter().all(|word| word == "stored"), "{}", row.name);
    assert_eq!(scene.count("stored").await, callers[1].calls[0][0].moments().len() as u64, "{}", row.name);
    assert!(scene.crm().held().iter().all(|thing| thing.seeded), "{}: nothing could be written", row.name);
    scene.give_back();
    // Where a token was refused, none is asked for again within a minute: the vendor counts them.
    let goes_on = |view: &Value| view["journal"]["paused_by"].is_null();
    scene.stage.until_within(PATIENCE, "writing goes on", goes_on).await;
    scene.settled().await;
    (scene, callers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_while_the_credentials_were_withdrawn_is_kept_and_sent_when_somebody_says_so() {
    before_each(async |row| {
        let (scene, [first, second]) = paused_and_resumed(row, "").await;
        scene.holds(&[&first]);
        assert_eq!(scene.count("stored").await, 3, "{}: kept", row.name);
        scene.stage.ops("POST", "/api/projects/acme/resume", &serde_json::json!({"send_stored": true})).await;
        scene.comes_to(&[&first, &second]).await;
        assert_eq!(scene.count("stored").await, 0, "{}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_sent_by_itself_where_the_project_wants_it() {
    before_each(async |row| {
        let (scene, [first, second]) = paused_and_resumed(row, "resend_after_pause = true").await;
        scene.comes_to(&[&first, &second]).await;
        assert_eq!(scene.count("stored").await, 0, "{}", row.name);
    })
    .await;
}
