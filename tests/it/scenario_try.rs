//! `predial scenario try` before a whole service: past calls through a changed matrix, and nothing is touched by it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::changes_stage::Stage;
use crate::cli::{Left, ran};
use crate::rows_stage::{NEW, Telling, stage};

const MATRIX: &str = include_str!("../../config/scenarios/pipedrive.toml");
/// Kept from being told as it stands.
const MASKED: &str = "+38044*****07";

/// A service before Pipedrive, that three calls were told to: two answered and one nobody answered.
async fn after_calls() -> Stage {
    let stage = stage("pipedrive", "").await;
    for (nth, status) in ["ANSWERED", "NO ANSWER", "ANSWERED"].into_iter().enumerate() {
        let call_id = format!("ua0_-1731315881.{nth}");
        let by = (status == "ANSWERED").then_some("acme_bohdan");
        let telling = Telling { call_id: &call_id, number: NEW, direction: "in", status, by, recording: None };
        stage.tell("after-call", &telling.after()).await;
        stage.settled().await;
    }
    stage.tell("before-call", &json!({"call_id": "ua0_-1731315881.9", "caller": NEW, "type": "in"})).await;
    stage.settled().await;
    stage
}

/// What must be as it was: everything that the journal says of its entries, and what the CRM was asked.
async fn untouched(stage: &Stage) -> (Value, Value, usize) {
    let listed = stage.ops("GET", "/api/journal?project=acme&limit=100", &Value::Null).await;
    let first = listed["entries"][0]["id"].as_str().expect("an entry").to_owned();
    let shown = stage.ops("GET", &format!("/api/journal/{first}"), &Value::Null).await;
    (listed, shown, stage.crm().held().len())
}

async fn tried(stage: &Stage, matrix: Option<&str>) -> Left {
    let ops = format!("http://{}", stage.ops_address());
    let mut arguments: Vec<String> =
        ["scenario", "try", "--project", "acme", "--since", "7d", "--ops", &ops].map(str::to_owned).to_vec();
    let file: PathBuf = stage.config().join("tried.matrix");
    if let Some(text) = matrix {
        std::fs::write(&file, text).expect("written");
        arguments.extend(["--matrix".to_owned(), file.display().to_string()]);
    }
    let before = untouched(stage).await;
    stage.crm().forget_asked();
    let left = ran(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let asked: Vec<_> = stage.crm().asked().into_iter().map(|asked| asked.path).collect();
    assert!(asked.is_empty(), "the CRM was asked: {asked:?}");
    assert_eq!(untouched(stage).await, before, "something was touched");
    left
}

/// The matrix with a row's part changed.
fn changed(from: &str, to: &str) -> String {
    assert!(MATRIX.contains(from), "{from}");
    MATRIX.replace(from, to)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_matrix_differs_in_nothing_and_a_changed_one_in_what_was_changed() {
    let stage = after_calls().await;
    for matrix in [None, Some(MATRIX)] {
        let same = tried(&stage, matrix).await;
        assert_eq!(same.code, Some(0), "{same:?}");
        let lines: Vec<&str> = same.out.lines().collect();
        assert_eq!(lines.last(), Some(&"3 calls compared, 1 not over; nothing was written"), "{same:?}");
        assert!(lines.iter().all(|line| !line.contains(MASKED)), "{same:?}");
        assert!(lines.contains(&"pd-in-ok-new -> pd-in-ok-new: 1 calls, 0 of them differ"), "{same:?}");
    }
    // Another owner of what is made, for a new client.
    let owner = changed("contact = { owner = \"answered\" }", "contact = { owner = \"top\" }");
    let left = tried(&stage, Some(&owner)).await;
    let lines: Vec<&str> = left.out.lines().filter(|line| line.contains(MASKED)).collect();
    let expected = format!(
        "2024-11-11 11:04:41  {MASKED}  ua0_-1731315881.0  pd-in-ok-new -> pd-in-ok-new  contact: owner 101, now 102"
    );
    assert_eq!(lines, [expected.as_str()], "{left:?}");
    assert!(!left.out.contains(NEW), "{left:?}");
    // The row is gone, and another decides or none does.
    let gone =
        changed("id = \"pd-in-ok-new\"\nwhen = { ", "id = \"pd-in-ok-new\"\nwhen = { answered_by = \"unknown\", ");
    let left = tried(&stage, Some(&gone)).await;
    assert!(left.out.contains("pd-in-ok-new -> no row  no call; no contact; no deal"), "{left:?}");
    assert!(left.out.contains("pd-in-ok-new -> no row: 1 calls, 1 of them differ"), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_text_of_a_task_and_when_it_is_due_are_told_line_by_line() {
    let stage = after_calls().await;
    let own = "[[row]]\nid = \"first\"\nwhen = { result = \"missed\" }\n[[row.do]]\nat = \"after-call\"\ntask = { state = \
               \"open\", owner = \"top\", due = \"1h\", subject = \"Ring {{ call.caller }}\" }\n";
    let left = tried(&stage, Some(&format!("{own}{MATRIX}"))).await;
    let line = left.out.lines().find(|line| line.contains("ua0_-1731315881.1 ")).expect("a line");
    let words =
        ["-> first  no call", "task-open: owner 101, now 102", "task-open: subject \"Ring +380442001007\"", "due "];
    for words in words {
        assert!(line.contains(words), "{words}: {line}");
    }
    let later = own.replace("1h", "2h");
    let differs = tried(&stage, Some(&format!("{later}{MATRIX}"))).await;
    assert_ne!(differs.out, left.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_matrix_that_is_refused_is_two_with_every_problem_by_file_and_row() {
    let stage = after_calls().await;
    let bad = MATRIX.replacen("at = \"after-call\"", "at = \"later\"", 1).replacen("deal = {", "ticket = {", 1);
    let refused = tried(&stage, Some(&bad.replacen("at = \"later\"", "at = \"after-call\"", 1))).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.out.contains("tried.matrix:") && refused.out.contains("found ticket"), "{refused:?}");
    let refused = tried(&stage, Some(&bad)).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.out.contains("tried.matrix:8: ") && refused.out.contains("later"), "{refused:?}");
    let body = json!({ "since": "7d", "matrix": { "file": "x.toml", "text": "[[row]]\n" } });
    let told = stage.ops("POST", "/api/projects/acme/scenario/try", &body).await;
    assert_eq!(told["error"]["code"], "matrix_refused", "{told}");
    assert!(told["error"]["problems"][0]["row"].is_u64(), "{told}");
    for body in [json!({}), json!({ "since": "long ago" })] {
        let told = stage.ops("POST", "/api/projects/acme/scenario/try", &body).await;
        assert_eq!(told["error"]["code"], "bad_request", "{told}");
    }
}

/// The folder is watched, and what is written there is in force a moment later: it is asked before that, as often as it
/// takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_file_what_lies_in_the_folder_and_is_not_in_force_yet_is_tried() {
    let stage = after_calls().await;
    let file = stage.config().join("projects/acme.toml");
    let on = std::fs::read_to_string(&file).expect("a project");
    let off = on.replacen("timezone =", "scenario.off = [\"pd-in-ok-new\"]\ntimezone =", 1);
    let asked = json!({ "since": "7d" });
    for _ in 0..50 {
        for (text, expected) in [(&off, [Some("pd-in-ok-new"), None]), (&on, [None, Some("pd-in-ok-new")])] {
            std::fs::write(&file, text).expect("written");
            let told = stage.ops("POST", "/api/projects/acme/scenario/try", &asked).await;
            let calls = told["calls"].as_array().unwrap_or_else(|| panic!("{told}"));
            let Some(call) = calls.iter().find(|call| call["call_id"] == "ua0_-1731315881.0") else { continue };
            assert_eq!(["before", "after"].map(|name| call[name].as_str()), expected, "{told}");
            return;
        }
    }
    panic!("nothing differed before it was in force");
}
