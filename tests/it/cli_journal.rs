//! `predial journal`, `pause`, `resume` and `crm setup` as processes of their own, before a whole service.

use serde_json::json;

use crate::changes_stage::{Setup, Stage};
use crate::cli::{Left, ran};
use crate::crm_rows::ROWS;
use crate::rows_stage::{Telling, fields};

/// A client no CRM knows.
const NEW: &str = "380442001007";

/// Names of fields that no account has yet.
const UNMADE: &str = "fields = { utm_source = \"Predial source\", mark = \"Predial mark\" }";

async fn stage() -> Stage {
    staged(fields("pipedrive")).await
}

async fn staged(fields: &'static str) -> Stage {
    let row = ROWS.iter().find(|row| row.name == "pipedrive").expect("a CRM");
    Stage::of(row, Setup { public: false, crm: fields, ..Setup::default() }).await
}

async fn told(stage: &Stage, line: &str) -> Left {
    let ops = format!("http://{}", stage.ops_address());
    let arguments: Vec<&str> = line.split(' ').chain(["--ops", &ops]).collect();
    ran(&arguments).await
}

async fn good(stage: &Stage, line: &str) -> String {
    let left = told(stage, line).await;
    assert_eq!(left.code, Some(0), "{line}: {left:?}");
    left.out
}

/// Tells of the end of a call; gives the entry's number.
async fn tell(stage: &Stage, call_id: &str) -> String {
    let by = Some("acme_bohdan");
    let telling = Telling { call_id, number: NEW, direction: "in", status: "ANSWERED", by, recording: None };
    let heard = stage.tell("after-call", &telling.after()).await;
    heard["id"].as_str().unwrap_or_else(|| panic!("an id, found {heard}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_up_is_one_while_a_field_is_missing_and_zero_once_all_are_made() {
    let stage = staged(UNMADE).await;
    let missing = told(&stage, "crm setup --project acme").await;
    assert_eq!(missing.code, Some(1), "{missing:?}");
    let row = missing.out.lines().find(|line| line.contains("Predial source")).expect("a row of the field");
    assert!(row.contains("utm_source") && row.ends_with("missing"), "{row}");
    assert!(missing.err.contains("--create"), "{}", missing.err);
    let made = good(&stage, "crm setup --project acme --create").await;
    assert!(made.lines().skip(1).all(|line| line.ends_with("made")), "{made}");
    let there = good(&stage, "crm setup --project acme").await;
    assert_eq!(there, made.replace("  made\n", "  there\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_stores_what_is_told_and_the_end_of_it_sends_that_where_it_is_said() {
    let stage = stage().await;
    good(&stage, "pause --project acme --reason moving").await;
    assert_eq!(stage.view().await["journal"]["paused_reason"], "moving");
    tell(&stage, "call-1").await;
    let kept = good(&stage, "resume --project acme --keep-stored").await;
    assert_eq!(kept, "acme is on; 0 stored entries are sent\n");
    assert_eq!(stage.view().await["journal"]["by_state"], json!({"stored": 1}));
    assert_eq!(good(&stage, "resume --project acme").await, "acme was on already; 0 stored entries are sent\n");
    let sent = good(&stage, "resume --project acme --send-stored").await;
    assert_eq!(sent, "acme was on already; 1 stored entry is sent\n");
    stage.settled().await;
    assert_eq!(stage.view().await["journal"]["by_state"], json!({"done": 1}));
    for command in ["pause", "resume"] {
        let refused = told(&stage, &format!("{command} --project nobody")).await;
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.err.contains("unknown_project"), "{}", refused.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_a_table_newest_first_and_says_where_it_goes_on() {
    let stage = stage().await;
    assert_eq!(good(&stage, "journal list").await, "no entries\n");
    good(&stage, "pause --project acme").await;
    let (first, second) = (tell(&stage, "call-1").await, tell(&stage, "call-2").await);
    let table = good(&stage, "journal list --project acme --state stored").await;
    let cells: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(cells[0][..6], ["id", "received", "project", "moment", "call", "state"], "{table}");
    let of = |row: &[&str]| [row[0], row[2], row[3], row[4], row[5]].map(str::to_owned);
    let expected = |id: &str, call: &str| [id, "acme", "after-call", call, "stored"].map(str::to_owned);
    assert_eq!([of(&cells[1]), of(&cells[2])], [expected(&second, "call-2"), expected(&first, "call-1")], "{table}");
    let page = told(&stage, "journal list --limit 1").await;
    assert!(page.out.contains("call-2") && !page.out.contains("call-1"), "{page:?}");
    assert!(page.err.contains(&format!("--after {second}")), "{page:?}");
    let rest = good(&stage, &format!("journal list --limit 5 --after {second}")).await;
    assert!(rest.contains("call-1") && !rest.contains("call-2"), "{rest}");
    let refused = told(&stage, "journal list --state asleep").await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("bad_request") && refused.err.contains("unreadable"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_reads_as_what_was_told_how_it_was_judged_and_what_was_done() {
    let stage = stage().await;
    let id = tell(&stage, "call-1").await;
    stage.settled().await;
    let shown = good(&stage, &format!("journal show --id {id}")).await;
    for line in [
        format!("entry      {id}: after-call of acme"),
        "call       call-1".to_owned(),
        "row        pd-in-ok-new".to_owned(),
        "judged     a new client, by the CRM".to_owned(),
    ] {
        assert!(shown.lines().any(|found| found == line), "expected {line:?}, found:\n{shown}");
    }
    assert!(shown.contains("status ANSWERED"), "{shown}");
    assert!(shown.contains("in the CRM, sent ") && shown.contains("order: action create.kind contact"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
    let lost = told(&stage, "journal show --id 999999").await;
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.err.contains("unknown_entry"), "{}", lost.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_dropped_and_tried_again_by_number_and_by_state() {
    let stage = stage().await;
    good(&stage, "pause --project acme").await;
    let (first, second) = (tell(&stage, "call-1").await, tell(&stage, "call-2").await);
    good(&stage, &format!("journal drop --id {first}")).await;
    let twice = told(&stage, &format!("journal drop --id {first}")).await;
    assert_eq!(twice.code, Some(1), "{twice:?}");
    assert!(twice.err.contains("wrong_state") && twice.err.contains("dropped"), "{}", twice.err);
    assert_eq!(good(&stage, &format!("journal retry --id {first}")).await, "1 entry is tried again\n");
    let none = good(&stage, "journal retry --state stored --project nobody").await;
    assert_eq!(none, "0 entries are tried again\n");
    assert_eq!(good(&stage, "journal retry --state stored --project acme").await, "1 entry is tried again\n");
    good(&stage, "resume --project acme --keep-stored").await;
    stage.settled().await;
    let done = good(&stage, "journal list --state done").await;
    assert!(done.contains("call-1") && done.contains("call-2"), "{done}");
    let again = told(&stage, &format!("journal retry --id {second}")).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("wrong_state"), "{}", again.err);
}
