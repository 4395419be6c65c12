//! What is told of a call, in whatever form and order and however often, before every CRM: the call is what it was.

use serde_json::{Value, json};

use crate::calls_late::{ID, answered, entities, somebody_new};
use crate::calls_scene::{Scene, before_each, word};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::changes_stage::TOKEN;
use crate::crm_rows::ROWS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_again_is_known_and_makes_nothing_twice() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(|call| call.recorded(false).repeated());
        let words = scene.tell(&caller).await;
        assert_eq!(words, ["stored", "known", "stored", "known", "stored", "known"], "{}", row.name);
        scene.comes_to(&[&caller]).await;
        // Long after everything was done, too.
        assert!(scene.tell(&caller).await.iter().all(|word| word == "known"), "{}", row.name);
        scene.comes_to(&[&caller]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_told_before_the_beginning_makes_the_same() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(|call| call.recorded(false).backwards());
        let moments = caller.calls[0][0].moments();
        assert_eq!(moments[0].0, "after-call");
        for (moment, told) in &moments {
            scene.stage.tell(moment, told).await;
            // Each is done before the next is told.
            scene.settled().await;
        }
        scene.comes_to(&[&caller]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_beginning_was_never_told_makes_the_same() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(|call| call.recorded(false));
        let (moment, told) = caller.calls[0][0].moments().pop().expect("moments");
        assert_eq!(moment, "after-call");
        scene.stage.tell(moment, &told).await;
        scene.comes_to(&[&caller]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_handed_on_is_one_call_of_the_last_who_spoke() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = answered(|call| call.recorded(false));
        let moments = caller.calls[0][0].moments();
        for (moment, told) in &moments {
            let mut told = told.clone();
            if *moment == "after-call" {
                // A second one took it before it was over.
                let mut handed_on = moments[1].1.clone();
                handed_on["connected_with"] = json!("acme_oksana");
                assert_eq!(word(&scene.stage.tell("pick-up", &handed_on).await), "stored", "{}", row.name);
                told["connected_with"] = json!("acme_oksana");
            }
            scene.stage.tell(moment, &told).await;
            scene.settled().await;
        }
        scene.comes_to(&[&caller]).await;
        let oksana = &scene.crm().employees()[2];
        let held = scene.crm().held();
        let of_call = held.iter().find(|thing| ["call", "task"].contains(&thing.what.as_str())).expect("a call");
        let spoke =
            of_call.owner.as_ref() == Some(oksana) || of_call.on.iter().any(|on| on.what == "user" && on.id == *oksana);
        assert!(spoke, "{}: {of_call:?}", row.name);
        // A lead that was made when the call was taken stays whose it became then.
        let bohdan = &scene.crm().employees()[1];
        let owners: Vec<_> = entities(&scene).into_iter().map(|thing| (thing.what, thing.owner)).collect();
        let whose = if row.name == "zoho-crm" { bohdan } else { oksana };
        let is_whose = |owner: &Option<String>| row.name == "smart-crm" || owner.as_ref() == Some(whose);
        assert!(owners.iter().all(|(_, owner)| is_whose(owner)), "{}: {owners:?}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voicemail_is_a_task_to_call_back_or_the_missed_call_that_it_was() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        let caller = somebody_new(0).with(|caller| ScriptedCall::plain(ID, caller, Ending::Missed));
        for (moment, told) in caller.calls[0][0].moments() {
            let mut told = told;
            if moment == "after-call" {
                told["status"] = json!("VOICEMAIL");
            }
            scene.stage.tell(moment, &told).await;
        }
        scene.comes_to(&[&caller]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobodys_number_comes_to_nothing_and_the_journal_says_so() {
    before_each(async |row| {
        let scene = Scene::of(row, "").await;
        for (nth, number) in ["anonymous", "", "102"].into_iter().enumerate() {
            let told = json!({
                "type": "in", "caller": number, "callee": "380442000000", "status": "NO ANSWER",
                "call_id": format!("ua0_-1731315881.{nth}"),
            });
            assert_eq!(word(&scene.stage.tell("after-call", &told).await), "stored", "{} {number:?}", row.name);
        }
        scene.settled().await;
        let done = scene.entries("done").await;
        assert!(done.len() == 3 && done.iter().all(|entry| entry["outcome"] == "no-client"), "{}: {done:?}", row.name);
        assert!(scene.crm().held().is_empty(), "{}: {:?}", row.name, scene.crm().held());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_understood_in_every_form_in_which_they_may_come() {
    let row = ROWS.iter().find(|row| row.name == "zoho-crm").expect("a row");
    let scene = Scene::of(row, "").await;
    let call = |nth: usize| format!("ua0_-1731315881.{nth}");
    let path = format!("/acme/events/after-call?token={TOKEN}");
    let fields =
        |nth| format!("type=in&caller=38050111000{nth}&callee=380442000000&status=NO+ANSWER&call_id={}", call(nth));
    let nested = |nth| {
        let call_id = call(nth);
        json!({"call": {"id": call_id, "call_id": call_id, "type": "in"}, "caller": format!("38050111000{nth}"),
            "callee": "380442000000", "status": "NO ANSWER"})
        .to_string()
    };
    let form = "application/x-www-form-urlencoded";
    let told = [
        ("GET", format!("{path}&{}", fields(1)), "", String::new()),
        ("POST", path.clone(), form, fields(2)),
        ("POST", path.clone(), "application/json", nested(3)),
        ("PUT", path.clone(), form, fields(4)),
        ("PUT", path.clone(), "application/json", nested(5)),
    ];
    for (method, target, content_type, body) in &told {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = scene.stage.edge(&request).await;
        let answer: Value = serde_json::from_str(&heard.body).expect("JSON");
        assert_eq!((heard.status, word(&answer).as_str()), (200, "stored"), "{method} {content_type}");
    }
    let caller = |nth: usize| {
        Caller::new(&format!("38050111000{nth}"), false, 0)
            .with(|caller| ScriptedCall::plain(&call(nth), caller, Ending::Missed))
    };
    let callers: Vec<Caller> = (1..=5).map(caller).collect();
    scene.comes_to(&callers.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_understood_is_kept_whole_and_answered_as_configured() {
    before_each(async |row| {
        let scene = Scene::of(row, "events.unreadable_status = 422").await;
        let body = "{\"call_id\": \"ua0_-1731315881.1\", \"caller\": ";
        let request = format!(
            "POST /acme/events/after-call?token={TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = scene.stage.edge(&request).await;
        let answer: Value = serde_json::from_str(&heard.body).expect("JSON");
        assert_eq!((heard.status, word(&answer).as_str()), (422, "unreadable"), "{}: {answer}", row.name);
        scene.settled().await;
        let id = answer["id"].as_str().expect("an id");
        let shown = scene.stage.ops("GET", &format!("/api/journal/{id}"), &Value::Null).await;
        assert!(shown.to_string().contains("ua0_-1731315881.1"), "{}: kept whole: {shown}", row.name);
        assert!(!shown.to_string().contains(TOKEN), "{}: without what opens the door: {shown}", row.name);
        assert!(scene.crm().held().is_empty(), "{}", row.name);
    })
    .await;
}
